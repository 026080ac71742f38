//! Calls to addresses that merchants gave us: parsed once, resolved by us, every answer checked, and connected to the
//! very address that was checked (security S1-S3). No proxies, no cookies, nothing reused between merchants.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::DeliveryId;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

const DNS: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(10);
/// For the whole chain of redirects.
const TOTAL: Duration = Duration::from_secs(30);
/// For an address that is called once, without redirects.
const ONE_CALL: Duration = Duration::from_secs(10);
const HOPS_MAX: usize = 5;
/// Of an answer nobody reads.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Which addresses a process may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Public addresses and this machine: a sandbox.
    PublicAndLoopback,
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
    user_agent: HeaderValue,
}

impl Outgoing {
    pub(crate) fn new(reach: Reach) -> Self {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            reach,
            user_agent: HeaderValue::from_static(concat!("Tollgate/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Asks an address with a token in its query, and nothing else (card-payments-api 5.2). No redirects.
    pub(crate) async fn call_with_token(&self, url: &str, token: DeliveryId) -> Result<StatusCode, SendError> {
        let url = with_token(url, token)?;
        timeout(ONE_CALL, self.send(&url, self.request()))
            .await
            .map_err(|_| SendError::TimedOut)?
            .map(|(status, _)| status)
    }

    /// Posts JSON without a signature (card-payments-api 5.6). No redirects.
    pub(crate) async fn post_once(&self, url: &str, body: &str) -> Result<StatusCode, SendError> {
        let url = Url::parse(url).map_err(|_| SendError::Address)?;
        let mut request = self.request();
        carry_json(&mut request, body);
        timeout(ONE_CALL, self.send(&url, request)).await.map_err(|_| SendError::TimedOut)?.map(|(status, _)| status)
    }

    /// Posts JSON with headers of the caller's; a name that comes twice is sent twice (orchestration-api 6.2). No
    /// redirects.
    pub(crate) async fn post_with(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: &str,
    ) -> Result<StatusCode, SendError> {
        let url = Url::parse(url).map_err(|_| SendError::Address)?;
        let mut request = self.request();
        carry_json(&mut request, body);
        for (name, value) in headers {
            request.headers_mut().append(name, value);
        }
        timeout(ONE_CALL, self.send(&url, request)).await.map_err(|_| SendError::TimedOut)?.map(|(status, _)| status)
    }

    /// A GET of nothing.
    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::new()));
        request.headers_mut().insert(USER_AGENT, self.user_agent.clone());
        request
    }

    /// Posts signed JSON and follows redirects as purchases-api 10.2 #6 says: 301, 302 and 303 become a GET without the body
    /// and its signature, 307 and 308 repeat the POST, to the same host only. Answers the final status.
    pub(crate) async fn post_signed(
        &self,
        url: &str,
        signatures: Vec<(HeaderName, HeaderValue)>,
        body: &str,
    ) -> Result<StatusCode, SendError> {
        timeout(TOTAL, self.follow(url, signatures, body)).await.map_err(|_| SendError::TimedOut)?
    }

    async fn follow(
        &self,
        url: &str,
        signatures: Vec<(HeaderName, HeaderValue)>,
        body: &str,
    ) -> Result<StatusCode, SendError> {
        let mut url = Url::parse(url).map_err(|_| SendError::Address)?;
        let mut post = true;
        for _ in 0..=HOPS_MAX {
            let mut request = self.request();
            if post {
                carry_json(&mut request, body);
                request.headers_mut().extend(signatures.iter().cloned());
            }
            let (status, location) = self.send(&url, request).await?;
            let Some(location) = location.filter(|_| status.is_redirection()) else { return Ok(status) };
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

    /// One hop: parse, resolve, check, connect to what was checked, send, read a bounded answer.
    async fn send(
        &self,
        url: &Url,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Option<String>), SendError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SendError::Address);
        }
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(SendError::Address),
        };
        let host = url.host().ok_or(SendError::Address)?;
        let port = url.port_or_known_default().ok_or(SendError::Address)?;
        let address = self.resolve(&host, port).await?;

        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        *request.uri_mut() = path.parse().map_err(|_| SendError::Address)?;
        let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        request.headers_mut().insert(HOST, HeaderValue::from_str(&authority).map_err(|_| SendError::Address)?);

        let stream = timeout(CONNECT, TcpStream::connect(address)).await.map_err(|_| SendError::TimedOut)?;
        let stream = stream.map_err(|_| SendError::Connect)?;
        let peer = stream.peer_addr().map_err(|_| SendError::Connect)?.ip();
        if !self.may_call(peer) {
            return Err(SendError::NotPublic);
        }
        if tls {
            let name = match &host {
                Host::Domain(name) => ServerName::try_from((*name).to_owned()).map_err(|_| SendError::Address)?,
                Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
                Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
            };
            let stream = self.tls.connect(name, stream).await.map_err(|_| SendError::Tls)?;
            exchange(TokioIo::new(stream), request).await
        } else {
            exchange(TokioIo::new(stream), request).await
        }
    }

    /// Every answer of the resolver must be one we may call; the first is the one we connect to.
    async fn resolve(&self, host: &Host<&str>, port: u16) -> Result<SocketAddr, SendError> {
        let addresses: Vec<SocketAddr> = match host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Domain(name) => timeout(DNS, tokio::net::lookup_host((*name, port)))
                .await
                .map_err(|_| SendError::Resolve)?
                .map_err(|_| SendError::Resolve)?
                .collect(),
        };
        if !addresses.iter().all(|address| self.may_call(address.ip())) {
            return Err(SendError::NotPublic);
        }
        addresses.first().copied().ok_or(SendError::Resolve)
    }

    fn may_call(&self, ip: IpAddr) -> bool {
        is_public(ip) || (self.reach == Reach::PublicAndLoopback && is_loopback(ip))
    }
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

/// Sends one request over one connection and reads at most [`ANSWER_BYTES_MAX`] of the answer.
async fn exchange<T>(io: TokioIo<T>, request: Request<Full<Bytes>>) -> Result<(StatusCode, Option<String>), SendError>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        // `X-Signature` is spelt so on the wire: some receivers look it up by case (purchases-api 5.4).
        .title_case_headers(true)
        .max_buf_size(16 * 1024)
        .handshake(io)
        .await
        .map_err(|_| SendError::Broken)?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let mut response = sender.send_request(request).await.map_err(|_| SendError::Broken)?;
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok()).map(str::to_owned);
        let status = response.status();
        let mut read = 0;
        while let Some(Ok(frame)) = response.body_mut().frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok((status, location))
    };
    let answer = answer.await;
    connection.abort();
    answer
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }
}

/// Whether an address is one of the public internet (the lists of security S2).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let s = ip.segments();
    let blocked = s[..6] == [0; 6]                              // ::/96
        || s[..6] == [0x64, 0xff9b, 0, 0, 0, 0]                 // NAT64
        || s[..3] == [0x64, 0xff9b, 1]
        || s[..4] == [0x100, 0, 0, 0]
        || (s[0] == 0x2001 && s[1] < 0x200)                     // 2001::/23
        || (s[0] == 0x2001 && s[1] == 0xdb8)
        || s[0] == 0x2002                                       // 6to4
        || (s[0] == 0x3fff && s[1] < 0x1000)
        || s[0] == 0x5f00
        || s[0] & 0xfe00 == 0xfc00
        || s[0] & 0xffc0 == 0xfe80
        || s[0] & 0xffc0 == 0xfec0
        || s[0] & 0xff00 == 0xff00;
    !blocked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_addresses_are_not_public() {
        let inner = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 \
                     192.88.99.1 192.168.1.1 198.18.0.1 198.19.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 \
                     255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 \
                     2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1";
        for ip in inner.split_whitespace() {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2001:4860::8888", "::ffff:1.1.1.1"]
        {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }

    #[test]
    fn the_token_comes_last_and_nothing_else_changes() {
        let token = DeliveryId::new(uuid::Uuid::from_u128(7));
        for (url, expected) in [
            ("https://shop.example", "https://shop.example/?token=T"),
            ("https://shop.example/hook", "https://shop.example/hook?token=T"),
            ("https://shop.example/hook?", "https://shop.example/hook?token=T"),
            ("https://shop.example/hook?a=b%20c&d=e+f#top", "https://shop.example/hook?a=b%20c&d=e+f&token=T"),
            ("https://shop.example/hook#top", "https://shop.example/hook?token=T"),
        ] {
            assert_eq!(expected.replace('T', &token.to_string()), with_token(url, token).expect(url).as_str(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_public_process_never_dials_inside() {
        let outgoing = Outgoing::new(Reach::Public);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        for host in [
            "127.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "localhost",
            "localhost.",
        ] {
            let url = format!("http://{host}:{port}/");
            let signature = (HeaderName::from_static("x-signature"), HeaderValue::from_static("s"));
            let answer = outgoing.post_signed(&url, vec![signature], "{}").await;
            assert!(matches!(answer, Err(SendError::NotPublic | SendError::Resolve)), "{url}: {answer:?}");
        }
        let dialled = timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(dialled.is_err(), "nobody connected");
    }
}
