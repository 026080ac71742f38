//! Connections: each carries one call.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use url::Host;

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What is kept of it.
const EXCERPT_BYTES_MAX: usize = 1024;

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) tls: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// An open connection.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    _driver: AbortOnDropHandle<hyper::Result<()>>,
}

impl Line {
    pub(super) async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            // `X-Signature` is spelt so on the wire: some receivers look it up by case (purchases-api 5.4).
            .title_case_headers(true)
            .max_buf_size(16 * 1024)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(connection));
        Ok(Self { sender, _driver: driver })
    }

    /// Sends one request and waits for the head of its answer.
    pub(super) async fn ask(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        self.sender.send_request(request).await
    }
}

/// Reads what is read of an answer, for so long at most: the first of its bytes.
pub(super) async fn read(answer: &mut Response<Incoming>, at_most: Duration) -> Vec<u8> {
    let (mut excerpt, mut read) = (vec![], 0);
    let to_the_end = async {
        while let Some(frame) = answer.body_mut().frame().await {
            let Ok(frame) = frame else { return };
            let data = frame.data_ref().map_or(&[][..], |data| data);
            excerpt.extend(data.iter().take(EXCERPT_BYTES_MAX - excerpt.len()));
            read += data.len();
            if read > ANSWER_BYTES_MAX {
                return;
            }
        }
    };
    // However it ends: what came is what counts.
    let _ = timeout(at_most, to_the_end).await;
    excerpt
}
