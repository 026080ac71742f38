//! Takes connections in, bounds what each may cost, and lets them go (security D2, D3, D5).
//!
//! One task per connection runs hyper's HTTP/1 on it and looks at it now and then. HTTP/2 is spoken by a proxy in front.
//! When `shutdown` comes, nobody is let in any more, idle connections are closed at once, and requests under way are
//! answered, within a limit of time.

use std::io::{self, Write};
use std::net::{IpAddr, Shutdown};
use std::pin::{self, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use domain::Timestamp;
use env::{Env, Stopwatch};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{StatusCode, Uri};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::MapRequestLayer;

use crate::caller;
use crate::connection::{Connection, Io};
use crate::metrics::HttpMetrics;
use crate::places::{Full, Place, Places};
use crate::request;

/// What a client may cost. The defaults are those of security D2 and D3.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the head of a request to come whole, from its first byte or the connection's beginning.
    pub header_timeout: Duration,
    /// For a request's body to come whole, once it is waited for.
    pub body_timeout: Duration,
    /// For the next request on a connection to begin, and for an answer to be taken on.
    pub idle: Duration,
    /// For requests under way to be answered after a shutdown.
    pub drain: Duration,
    /// Connections from one address (one IPv6 /64); loopback and trusted proxies are excepted.
    pub connections_per_ip: usize,
    /// Connections in all; above, they are answered 503 and closed.
    pub connections_total: usize,
    /// Length of path and query, in bytes; above: 414.
    pub url_bytes: usize,
    /// Length of a request's head, its first line included, in bytes; above: 431.
    pub header_bytes: usize,
    /// Number of a request's headers; above: 431.
    pub header_count: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            drain: Duration::from_secs(30),
            connections_per_ip: 200,
            connections_total: 10_000,
            url_bytes: 4_096,
            header_bytes: 16_384,
            header_count: 64,
        }
    }
}

/// How to serve.
pub struct Serving {
    /// What a client may cost.
    pub limits: Limits,
    /// Who may say the caller's address.
    pub trusted_proxies: Vec<IpNet>,
    /// Below these prefixes, each ending with a slash, a path without a slash at its end is that with it.
    pub slash_prefixes: &'static [&'static str],
    /// Certificate and key, when TLS ends here (security P5: 1.2 and up, AEAD suites only).
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// For the ids of requests.
    pub env: Env,
    /// What is counted.
    pub metrics: Arc<HttpMetrics>,
    /// The answer when there is no other: 500 after a panic, 400, 414 and 415 for what no route takes; in the shape
    /// that the users of this URI read, and where people do, in a language of their `Accept-Language`. Some shapes tell
    /// the time.
    pub refuse: fn(StatusCode, &Uri, Option<&HeaderValue>, Timestamp) -> Response,
}

/// What every connection shares.
pub(crate) struct Server {
    pub(crate) app: Router,
    pub(crate) serving: Serving,
    http: http1::Builder,
    places: Arc<Places>,
    shutdown: CancellationToken,
}

/// How much hyper buffers per connection and direction, in bytes, unless the head may be longer.
const BUFFER_BYTES: usize = 32 * 1024;

/// How long, and how much of, what a client still sends is taken after the last answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// How long to wait after a failed accept, which is for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";

/// Serves `app` until `shutdown`, and until what was under way then is answered.
pub async fn serve(listener: TcpListener, app: Router, options: Serving, shutdown: CancellationToken) {
    let limits = options.limits;
    let mut http = http1::Builder::new();
    http.half_close(true)
        // Kept by the connection's own watch, which tells a slow head from an idle connection.
        .header_read_timeout(None)
        .max_headers(limits.header_count)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(BUFFER_BYTES));
    let server = Arc::new(Server {
        app: app.layer(MapRequestLayer::new(request::note_route)).with_state(()),
        serving: options,
        http,
        places: Arc::new(Places::new(limits.connections_total, limits.connections_per_ip)),
        shutdown: shutdown.clone(),
    });
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some((stream, place)) = admit(&server, stream, peer.ip().to_canonical()) {
                    connections.spawn(connection(Arc::clone(&server), stream, peer.ip().to_canonical(), place));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The client went away before it was let in.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Finds a place for the connection. Without one it is answered and closed right here: accepting goes on, so that those
/// who are let in do not wait behind those who are not, and refusing costs no task.
fn admit(server: &Server, stream: TcpStream, ip: IpAddr) -> Option<(TcpStream, Place)> {
    let excepted = ip.is_loopback() || caller::is_trusted(ip, &server.serving.trusted_proxies);
    match server.places.take(ip, excepted) {
        Ok(place) => {
            // Without it an answer in two pieces may wait for 40 ms; a socket that is gone shows elsewhere.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(full) => {
            server.serving.metrics.refused(match full {
                Full::Total => "total",
                Full::Ip => "ip",
            });
            // A courtesy: the socket is new, so this does not wait, and if it fails the close says the same.
            if let Ok(mut stream) = stream.into_std() {
                let _ = stream.write_all(NO_PLACE);
                let _ = stream.shutdown(Shutdown::Write);
            }
            None
        }
    }
}

/// Counted as open as long as it lives.
struct Open<'a>(&'a HttpMetrics);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream, peer: IpAddr, place: Place) {
    server.serving.metrics.connected();
    let _open = Open(&server.serving.metrics);
    let _place = place;
    let Some(config) = server.serving.tls.clone() else { return speak(&server, stream, peer).await };
    let handshake = TlsAcceptor::from(config).accept(stream);
    // Whoever speaks no TLS, or too slowly, is let go without a word: there is no language for one.
    if let Ok(Ok(stream)) = tokio::time::timeout(server.serving.limits.header_timeout, handshake).await {
        speak(&server, stream, peer).await;
    }
}

/// HTTP/1 on one connection, until it ends.
async fn speak<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(server: &Arc<Server>, stream: S, peer: IpAddr) {
    let limits = &server.serving.limits;
    let connection = Arc::new(Connection::new(peer));
    let service = service_fn(|request| request::answer(Arc::clone(server), Arc::clone(&connection), request));
    let io = TokioIo::new(Io::new(stream, Arc::clone(&connection)));
    let mut http = server.http.serve_connection(io, service);

    // A child of its own, so that connections do not meet at one lock whenever they are woken.
    let shutdown = server.shutdown.child_token();
    let mut shutdown = pin!(shutdown.cancelled());
    let mut leaving: Option<Stopwatch> = None;
    let mut look = pin!(tokio::time::sleep(limits.header_timeout.min(limits.idle)));
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut http => break ended,
            () = &mut shutdown, if leaving.is_none() => {
                leaving = Some(Stopwatch::start());
                pin::Pin::new(&mut http).graceful_shutdown();
                look.set(tokio::time::sleep(limits.drain.min(limits.header_timeout).min(limits.idle)));
            }
            () = &mut look => {
                let drain = leaving.map_or(Some(Duration::MAX), |leaving| limits.drain.checked_sub(leaving.elapsed()));
                match (connection.patience(limits), drain) {
                    (Some(patience), Some(drain)) => look.set(tokio::time::sleep(patience.min(drain))),
                    (None, _) | (_, None) => return,
                }
            }
        }
    };
    if ended.is_err() || connection.is_body_unread() {
        linger(http.into_parts().io.into_inner().into_stream()).await;
    }
}

/// Closes a connection whose client may still be sending. Closed at once, the client would be told of a broken
/// connection and not read the answer that says why.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let rest = async {
        // hyper has done so already, but for some errors.
        let _ = stream.shutdown().await;
        let mut scrap = vec![0; 8 * 1024];
        let mut taken = 0;
        while taken < LINGER_BYTES_MAX {
            match stream.read(&mut scrap).await? {
                0 => break,
                read => taken += read,
            }
        }
        io::Result::Ok(())
    };
    // However it ends, the socket is closed after it.
    let _ = tokio::time::timeout(LINGER, rest).await;
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::metrics::Metrics;

    fn server(connections_per_ip: usize, metrics: &Metrics) -> Server {
        let limits = Limits { connections_per_ip, ..Limits::default() };
        Server {
            app: Router::new(),
            http: http1::Builder::new(),
            places: Arc::new(Places::new(limits.connections_total, limits.connections_per_ip)),
            serving: Serving {
                limits,
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                slash_prefixes: &[],
                tls: None,
                env: Env::real(),
                metrics: HttpMetrics::new(metrics),
                refuse: |status, _, _, _| status.into_response(),
            },
            shutdown: CancellationToken::new(),
        }
    }

    #[tokio::test]
    async fn one_address_gets_so_many_connections_and_no_more() {
        let metrics = Metrics::default();
        let server = server(2, &metrics);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut admitted = Vec::new();
        for (ip, is_let_in) in [
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("127.0.0.1", true),
            ("127.0.0.1", true),
            ("127.0.0.1", true),
            ("10.0.0.1", true),
            ("10.0.0.1", true),
            ("10.0.0.1", true),
        ] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            match admit(&server, stream, ip.parse().unwrap()) {
                Some(place) => {
                    assert!(is_let_in, "{ip}");
                    admitted.push(place);
                }
                None => {
                    assert!(!is_let_in, "{ip}");
                    let mut answer = String::new();
                    client.read_to_string(&mut answer).await.unwrap();
                    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
                }
            }
        }
        assert!(metrics.encode().contains(r#"tollgate_http_connections_refused_total{limit="ip"} 1"#));
    }
}
