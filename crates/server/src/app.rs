//! The whole, put together: engine, dialect, pages and the server's own routes. `tollgate serve`, the tests and the
//! benchmarks all run this.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acquirer::TestAcquirer;
use anyhow::Context as _;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::{Checkout, Dialect, Event, Notice, Recorded, Timestamp};
use engine::{
    Audience, CheckoutRecord, Engine, Fingerprints, Narrator, Parts, Post, Reach, RootKey, Sender, Shown, Smtp, WayBack,
};
use env::Env;
use store::Store;
use tollgate_http::metrics::{HttpMetrics, Metrics};

use crate::config::PublicUrl;
use crate::{docs, mailbox, management, operations, sandbox};

/// What an app is put together from.
pub struct AppOptions<'a> {
    /// Time and chance.
    pub env: Env,
    /// Where the store and the test acquirer's book lie.
    pub data: &'a Path,
    /// An opened store; the one of the directory when there is none.
    pub store: Option<Store>,
    /// The key that wraps every data key.
    pub root_key: RootKey,
    /// Where links lead.
    pub public_url: PublicUrl,
    /// The control API's token; a sandbox exactly when there is one.
    pub control_token: Option<String>,
    /// Whether rate limits bind in test mode.
    pub test_limits: bool,
    /// Whether the main listener serves `/metrics`.
    pub metrics: bool,
    /// How long a card payment may be held before it is taken.
    pub authorization_max: Duration,
    /// How long after a capture the test acquirer pays a card payment out.
    pub settles_after: Duration,
    /// Host and port of a test acquirer that runs alone; `None` is one in this process.
    pub test_acquirer: Option<&'a str>,
    /// What takes mail. Without it a sandbox writes mail into a folder, and any other gateway sends none.
    pub mail: Option<MailOptions>,
}

/// What takes mail, and who it is from.
pub struct MailOptions {
    /// The operator's mail server.
    pub server: Smtp,
    /// Who every mail is from.
    pub sender: Sender,
}

/// The folder in the data directory into which a sandbox writes mail.
const OUTBOX: &str = "mail";

/// The whole gateway, not yet listening.
pub struct App {
    /// Carries commands out.
    pub engine: Engine,
    /// Every route.
    pub router: Router,
    /// Everything that is counted.
    pub metrics: Arc<Metrics>,
    /// What is counted of connections.
    pub http_metrics: Arc<HttpMetrics>,
}

impl App {
    /// Opens the data and puts everything together. Workers start with [`Engine::start_workers`].
    ///
    /// # Errors
    /// The store or the book cannot be opened, or the root key is not theirs.
    pub async fn open(options: AppOptions<'_>) -> anyhow::Result<Self> {
        let AppOptions {
            env,
            data,
            store,
            root_key,
            public_url,
            control_token,
            test_limits,
            metrics,
            authorization_max,
            settles_after,
            test_acquirer,
            mail,
        } = options;
        let store = match store {
            Some(store) => store,
            None => Store::open(data).with_context(|| format!("the store in {} cannot be opened", data.display()))?,
        };
        let test_acquirer = match test_acquirer {
            Some(authority) => TestAcquirer::at(authority, env.clone()),
            None => TestAcquirer::open(data, env.clone())
                .with_context(|| format!("the test acquirer's book in {} cannot be opened", data.display()))?,
        };
        // Whose mail goes to a server has no folder of it to show.
        let outbox = (control_token.is_some() && mail.is_none()).then(|| data.join(OUTBOX));
        let (post, sender) = match mail {
            Some(MailOptions { server, sender }) => (Post::Server(server), sender),
            None => (outbox.clone().map_or(Post::Nowhere, Post::Outbox), Sender::of_host(public_url.as_str())?),
        };
        let engine = Engine::open(Parts {
            env,
            store,
            root_key,
            test_acquirer: test_acquirer.settling_after(settles_after),
            reach: if control_token.is_some() { Reach::PublicAndLoopback } else { Reach::Public },
            narrator: narrator(&public_url),
            public_url: public_url.as_str().to_owned(),
            statements: Some(data.join("statements")),
            letters: Arc::new(checkout::Letters::new(public_url.as_str())),
            post,
            sender,
            authorization_max,
            test_limits,
            simulated: None,
        })
        .await
        .context("the gateway's own secrets cannot be opened; is this the key the data was made with?")?;

        let counted = Arc::new(Metrics::default());
        counted.register(|registry| engine.register_metrics(registry));
        let http_metrics = HttpMetrics::new(&counted);

        let router = dialects_and_pages(&engine, &public_url, test_limits)
            .merge(management::router(engine.clone(), test_limits))
            .merge(operations::router(engine.clone(), metrics.then(|| Arc::clone(&counted))))
            .merge(docs::router(public_url.as_str()))
            .merge(sandbox::router(engine.clone(), &public_url, control_token.as_deref()))
            .merge(outbox.map_or_else(Router::new, mailbox::router))
            .fallback(|| async { not_found() });
        Ok(Self { engine, router, metrics: counted, http_metrics })
    }
}

/// What merchants and payers reach.
pub(crate) fn dialects_and_pages(engine: &Engine, public_url: &PublicUrl, test_limits: bool) -> Router {
    let url = public_url.as_str();
    Router::new()
        .merge(card_payments::router(engine.clone(), url, test_limits))
        .merge(orchestration::router(engine.clone(), url, test_limits))
        .merge(purchases::router(engine.clone(), url, test_limits))
        .merge(checkout::router(engine.clone(), url))
}

/// Tells of what each dialect made.
pub(crate) fn narrator(public_url: &PublicUrl) -> Arc<dyn Narrator> {
    Arc::new(Narrators {
        purchases: purchases::Narrator::new(public_url.as_str()),
        orchestration: orchestration::Narrator::new(public_url.as_str()),
    })
}

/// Each dialect tells of what it made.
struct Narrators {
    purchases: purchases::Narrator,
    orchestration: orchestration::Narrator,
}

impl Narrators {
    fn of(&self, checkout: &Checkout) -> &dyn Narrator {
        match checkout.dialect {
            Dialect::Purchases => &self.purchases,
            Dialect::CardPayments => &card_payments::Narrator,
            Dialect::Orchestration => &self.orchestration,
        }
    }
}

impl Narrator for Narrators {
    fn audience(&self, shown: &Shown, event: &Event, notice: Notice) -> Audience {
        self.of(&shown.record.checkout).audience(shown, event, notice)
    }

    fn body(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        notice: Notice,
        fingerprints: &Fingerprints,
    ) -> Result<String, String> {
        self.of(&record.checkout).body(record, history, notice, fingerprints)
    }

    fn way_back(
        &self,
        record: &CheckoutRecord,
        history: &[Recorded],
        now: Timestamp,
    ) -> Result<Option<WayBack>, String> {
        self.of(&record.checkout).way_back(record, history, now)
    }

    fn invoice_message(&self, record: &CheckoutRecord) -> Result<String, String> {
        self.of(&record.checkout).invoice_message(record)
    }
}

/// An unknown path that belongs to no dialect.
fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "Nothing is here.\n").into_response()
}

/// What a caller gets when no route answers (400, 414 and 415 for what none takes, 500 after a panic), in the shape of
/// the dialect whose path it is; a payer's in a language of theirs.
#[must_use]
pub fn refuse(status: StatusCode, uri: &Uri, languages: Option<&HeaderValue>, now: Timestamp) -> Response {
    if card_payments::owns(uri.path()) {
        return card_payments::refuse(status, uri.path(), now);
    }
    if orchestration::owns(uri.path()) {
        return orchestration::refuse(status, uri.path());
    }
    if uri.path().starts_with("/api/v1/") {
        return purchases::refuse(status);
    }
    if ["/p/", "/card/", "/entities/", "/embed/", "/acs/"].iter().any(|pages| uri.path().starts_with(pages)) {
        return checkout::refuse(status, uri, languages);
    }
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{status}\n")).into_response()
}
