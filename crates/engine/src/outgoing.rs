//! Calls to addresses that merchants gave us: parsed once, resolved by us, every answer checked, and connected to the
//! very address that was checked (security S1-S3). No proxies, no cookies, nothing reused between merchants.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{DeliveryId, Mode};
use env::Stopwatch;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use rustls::pki_types::ServerName;
use store::Destination;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

mod addresses;
mod lines;
#[cfg(test)]
mod tests;

pub use addresses::Reach;

use addresses::Names;
use lines::{Line, Peer, Resting};

const HOPS_MAX: usize = 5;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    dns: Duration,
    connect: Duration,
    /// For the whole chain of redirects.
    chain: Duration,
    /// For an address that is called once, without redirects.
    one_call: Duration,
    /// For the body of an answer. The answer counts without it.
    body: Duration,
}

const LIMITS: Limits = Limits {
    dns: Duration::from_secs(2),
    connect: Duration::from_secs(10),
    chain: Duration::from_secs(30),
    one_call: Duration::from_secs(10),
    body: Duration::from_secs(2),
};

/// When a call must have ended.
#[derive(Clone, Copy)]
struct Deadline {
    since: Stopwatch,
    after: Duration,
}

impl Deadline {
    fn after(after: Duration) -> Self {
        Self { since: Stopwatch::start(), after }
    }

    fn left(self) -> Duration {
        self.after.saturating_sub(self.since.elapsed())
    }
}

/// What was answered in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    /// The beginning of the body, as text.
    pub(crate) excerpt: String,
}

/// Why a call did not arrive. Merchants read these words; they name no address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Not an address we call.
    #[error("the address is not one we call")]
    Address,
    /// The name has no address.
    #[error("the name does not resolve")]
    Resolve,
    /// The name leads to an address inside a network.
    #[error("the address is not public")]
    NotPublic,
    /// Nobody listens there.
    #[error("no connection")]
    Connect,
    /// The certificate is not good, or no TLS is spoken there.
    #[error("no trusted TLS connection")]
    Tls,
    /// The connection broke.
    #[error("the connection broke before an answer")]
    Broken,
    /// Too slow.
    #[error("no answer in time")]
    TimedOut,
    /// Redirected too often, or to nowhere.
    #[error("redirected too often or to an address we do not call")]
    Redirect,
}

/// The client for calls to merchants.
pub(crate) struct Outgoing {
    tls: TlsConnector,
    reach: Reach,
    names: Names,
    limits: Limits,
    resting: Resting,
    user_agent: HeaderValue,
    /// Answers instead of everybody else.
    receivers: Option<Arc<dyn Receivers>>,
}

/// Everybody who is called, in a simulation.
pub trait Receivers: Send + Sync {
    /// A POST of a body, or a GET without one; the HTTP status of the answer, or `None` when none came.
    fn call(&self, url: &str, headers: &HeaderMap, body: &[u8]) -> Pin<Box<dyn Future<Output = Option<u16>> + Send>>;
}

impl Outgoing {
    pub(crate) fn new(reach: Reach, receivers: Option<Arc<dyn Receivers>>) -> Self {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self {
            tls: trusting(roots),
            reach,
            names: Names::System,
            limits: LIMITS,
            resting: Resting::default(),
            user_agent: HeaderValue::from_static(concat!("Tollgate/", env!("CARGO_PKG_VERSION"))),
            receivers,
        }
    }

    pub(crate) const fn reach(&self) -> Reach {
        self.reach
    }

    /// Asks an address with a token in its query, and nothing else (card-payments-api 5.2). No redirects.
    pub(crate) async fn call_with_token(
        &self,
        to: Destination,
        mode: Mode,
        url: &str,
        token: DeliveryId,
    ) -> Result<Answered, SendError> {
        self.call(to, mode, &with_token(url, token)?, self.request()).await
    }

    /// Posts JSON without a signature (card-payments-api 5.6). No redirects.
    pub(crate) async fn post_once(
        &self,
        to: Destination,
        mode: Mode,
        url: &str,
        body: &str,
    ) -> Result<Answered, SendError> {
        self.post_with(to, mode, url, vec![], body).await
    }

    /// Posts JSON with headers of the caller's; a name that comes twice is sent twice (orchestration-api 6.2). No
    /// redirects.
    pub(crate) async fn post_with(
        &self,
        to: Destination,
        mode: Mode,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: &str,
    ) -> Result<Answered, SendError> {
        let url = Url::parse(url).map_err(|_| SendError::Address)?;
        let mut request = self.request();
        carry_json(&mut request, body);
        for (name, value) in headers {
            request.headers_mut().append(name, value);
        }
        self.call(to, mode, &url, request).await
    }

    /// Posts signed JSON and follows redirects as purchases-api 10.2 #6 says: 301, 302 and 303 become a GET without the body
    /// and its signature, 307 and 308 repeat the POST, to the same host only. Answers with the final answer.
    pub(crate) async fn post_signed(
        &self,
        to: Destination,
        mode: Mode,
        url: &str,
        signatures: Vec<(HeaderName, HeaderValue)>,
        body: &str,
    ) -> Result<Answered, SendError> {
        let deadline = Deadline::after(self.limits.chain);
        let mut url = Url::parse(url).map_err(|_| SendError::Address)?;
        let mut post = true;
        for _ in 0..=HOPS_MAX {
            let mut request = self.request();
            if post {
                carry_json(&mut request, body);
                request.headers_mut().extend(signatures.iter().cloned());
            }
            let (answered, location) = self.send(to, mode, &url, request, deadline).await?;
            let status = answered.status;
            let Some(location) = location.filter(|_| status.is_redirection()) else { return Ok(answered) };
            let next = url.join(&location).map_err(|_| SendError::Redirect)?;
            match status.as_u16() {
                301..=303 => post = false,
                307 | 308 if !post || next.host() == url.host() => {}
                _ => return Err(SendError::Redirect),
            }
            if url.scheme() == "https" && next.scheme() != "https" && self.reach == Reach::Public {
                return Err(SendError::Redirect);
            }
            url = next;
        }
        Err(SendError::Redirect)
    }

    /// A GET of nothing.
    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::new()));
        request.headers_mut().insert(USER_AGENT, self.user_agent.clone());
        request
    }

    async fn call(
        &self,
        to: Destination,
        mode: Mode,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Answered, SendError> {
        let deadline = Deadline::after(self.limits.one_call);
        self.send(to, mode, url, request, deadline).await.map(|(answered, _)| answered)
    }

    /// One hop: judge the address, ask, read a bounded answer. Whoever has sent the head of an answer has answered,
    /// however slow the rest is. Answers with the `Location`, too.
    async fn send(
        &self,
        to: Destination,
        mode: Mode,
        url: &Url,
        mut request: Request<Full<Bytes>>,
        deadline: Deadline,
    ) -> Result<(Answered, Option<String>), SendError> {
        let peer = address(to, url, &mut request)?;
        if mode == Mode::Live && !peer.is_live() {
            return Err(SendError::Address);
        }
        if let Some(receivers) = &self.receivers {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| SendError::Broken)?.to_bytes();
            let status = receivers.call(url.as_str(), &parts.headers, &body).await.ok_or(SendError::Broken)?;
            let status = StatusCode::from_u16(status).map_err(|_| SendError::Broken)?;
            return Ok((Answered { status, excerpt: String::new() }, None));
        }
        let asked = timeout(deadline.left(), self.ask(&peer, request)).await;
        let (line, mut answer) = asked.map_err(|_| SendError::TimedOut)??;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()).map(str::to_owned);
        let (excerpt, may_rest) = lines::read(&mut answer, deadline.left().min(self.limits.body)).await;
        if may_rest {
            self.resting.keep(peer, line);
        }
        Ok((Answered { status: answer.status(), excerpt: shown(&excerpt) }, location))
    }

    /// Asks over a connection that rests, else over a new one. One that broke in silence had been closed by its
    /// receiver, which was not asked.
    async fn ask(&self, peer: &Peer, request: Request<Full<Bytes>>) -> Result<(Line, Response<Incoming>), SendError> {
        if let Some(mut line) = self.resting.take(peer) {
            match line.ask(request.clone()).await {
                Ok(answer) => return Ok((line, answer)),
                Err(_) if line.has_heard() => return Err(SendError::Broken),
                Err(_) => {}
            }
        }
        let mut line = self.open(peer).await?;
        let answer = line.ask(request).await.map_err(|_| SendError::Broken)?;
        Ok((line, answer))
    }

    /// Resolves, checks, and connects to what was checked.
    async fn open(&self, peer: &Peer) -> Result<Line, SendError> {
        let resolved = self.names.resolve(&peer.host, peer.port, self.reach);
        let address = timeout(self.limits.dns, resolved).await.map_err(|_| SendError::Resolve)??;
        let stream =
            timeout(self.limits.connect, TcpStream::connect(address)).await.map_err(|_| SendError::TimedOut)?;
        let stream = stream.map_err(|_| SendError::Connect)?;
        let connected = stream.peer_addr().map_err(|_| SendError::Connect)?.ip();
        if !self.reach.may_call(connected) {
            return Err(SendError::NotPublic);
        }
        // Else a request over TLS waits for a whole round trip more.
        stream.set_nodelay(true).map_err(|_| SendError::Connect)?;
        let line = if peer.tls {
            let name = match &peer.host {
                Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| SendError::Address)?,
                Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
                Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
            };
            Line::over(self.tls.connect(name, stream).await.map_err(|_| SendError::Tls)?).await
        } else {
            Line::over(stream).await
        };
        line.map_err(|_| SendError::Broken)
    }
}

fn trusting(roots: rustls::RootCertStore) -> TlsConnector {
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Who is behind an address; the request is given its path and its host.
fn address(to: Destination, url: &Url, request: &mut Request<Full<Bytes>>) -> Result<Peer, SendError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SendError::Address);
    }
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(SendError::Address),
    };
    let host = url.host().ok_or(SendError::Address)?.to_owned();
    let port = url.port_or_known_default().ok_or(SendError::Address)?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    *request.uri_mut() = path.parse().map_err(|_| SendError::Address)?;
    let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
    request.headers_mut().insert(HOST, HeaderValue::from_str(&authority).map_err(|_| SendError::Address)?);
    Ok(Peer { to, tls, host, port })
}

fn carry_json(request: &mut Request<Full<Bytes>>, body: &str) {
    *request.method_mut() = Method::POST;
    *request.body_mut() = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
}

/// The address with `token` behind whatever query it has, and without its fragment.
fn with_token(url: &str, token: DeliveryId) -> Result<Url, SendError> {
    let mut url = Url::parse(url).map_err(|_| SendError::Address)?;
    url.set_fragment(None);
    url.query_pairs_mut().append_pair("token", &token.to_string());
    Ok(url)
}

/// Bytes as text that may be shown: what is no text and what steers a screen is replaced.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_shown(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
