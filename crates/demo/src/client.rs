//! The shop's HTTP client: one call, one connection, to the address where the gateway listens. That address is this
//! machine's own, so no TLS is spoken.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the gateway lets a call wait for an acquirer.
const PATIENCE: Duration = Duration::from_secs(20);
/// No answer of the gateway is longer, in bytes.
const ANSWER_MAX: usize = 512 * 1024;

/// Calls the gateway.
pub(crate) struct Client {
    to: SocketAddr,
    host: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Why nothing was.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Nobody listens.
    #[error("there is no connection to the gateway")]
    Connect,
    /// The call is none, or the connection broke.
    #[error("the connection broke before the answer was whole")]
    Broken,
    /// Too slow.
    #[error("there was no answer in time")]
    TimedOut,
}

impl Client {
    /// `host` is what the gateway is called by browsers.
    pub(crate) fn new(to: SocketAddr, host: String) -> Self {
        Self { to, host }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(
        &self,
        method: &Method,
        target: &str,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<Answer, Unanswered> {
        timeout(PATIENCE, self.exchange(method, target, headers, body)).await.map_err(|_| Unanswered::TimedOut)?
    }

    async fn exchange(
        &self,
        method: &Method,
        target: &str,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<Answer, Unanswered> {
        let mut request = Request::builder().method(method).uri(target).header(HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = request.body(Full::new(body)).map_err(|_| Unanswered::Broken)?;
        let stream = TcpStream::connect(self.to).await.map_err(|_| Unanswered::Connect)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unanswered::Broken)?;
        // It ends with the sender.
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.map_err(|_| Unanswered::Broken)?.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await.map_err(|_| Unanswered::Broken)?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), body })
    }
}

impl Answer {
    /// Whether it worked.
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body; null when it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
