//! The whole gateway on a loopback port, in a temporary directory.

use std::net::SocketAddr;
use std::time::Duration;

use engine::{Engine, RootKey};
use env::Env;
use server::{App, AppOptions, Credentials, PublicUrl, serving};
use store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tollgate_http::serve::serve;

/// What becomes of what is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storing {
    /// One fsync for every batch, as always.
    Durably,
    /// Changesets are answered and dropped.
    Nothing,
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
    engine: Engine,
    stop: CancellationToken,
    server: JoinHandle<()>,
    _data: TempDir,
}

impl Gateway {
    pub(crate) async fn start(storing: Storing) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let env = Env::real();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let root_key = RootKey::make(&env);
        let open = |store: Option<Store>| {
            let (env, root_key, data) = (env.clone(), root_key.clone(), data.path().to_owned());
            async move {
                App::open(AppOptions {
                    env,
                    data: &data,
                    store,
                    root_key: RootKey::parse(&root_key)?,
                    public_url: PublicUrl::parse(&format!("http://{address}")).map_err(anyhow::Error::msg)?,
                    control_token: Some("bench".into()),
                    test_limits: false,
                    metrics: false,
                    authorization_max: Duration::from_hours(168),
                    settles_after: Duration::from_hours(24),
                    test_acquirer: None,
                    mail: None,
                })
                .await
            }
        };
        let mut app = open(None).await?;
        let credentials = Credentials::make(&app.engine, data.path(), "bench").await?;
        if storing == Storing::Nothing {
            // Made durably, so that the merchant exists; opened again with a store that writes no more.
            app.engine.close().await;
            app = open(Some(Store::open(data.path())?.forgetful())).await?;
        }
        let App { engine, router, http_metrics, .. } = app;
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, serving(env, http_metrics), stop.clone()));
        Ok(Self { address, credentials, engine, stop, server, _data: data })
    }

    pub(crate) fn start_workers(&self) {
        self.engine.start_workers();
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        // However it ends, the figures are known.
        let _ = self.server.await;
        self.engine.close().await;
    }
}
