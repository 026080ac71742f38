//! A small app behind real sockets on the loopback address, spoken to byte by byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use env::{Env, Stopwatch};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tollgate_http::body::{self, BodyError};
use tollgate_http::caller::Caller;
use tollgate_http::metrics::{HttpMetrics, Metrics};
use tollgate_http::serve::{Limits, Serving, serve};

const BODY_BYTES_MAX: usize = 65_536;

/// More than the sockets' buffers hold.
const LARGE_BYTES: usize = 64 * 1024 * 1024;

/// A server on a port of its own.
struct App {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    /// Lets `/wait` answer.
    go: CancellationToken,
}

impl App {
    async fn new(limits: Limits) -> Self {
        Self::behind(limits, &[]).await
    }

    async fn behind(limits: Limits, trusted_proxies: &[&str]) -> Self {
        let metrics = Arc::new(Metrics::default());
        let serving = Serving {
            limits,
            trusted_proxies: trusted_proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
            slash_prefixes: &["/api/v1/"],
            tls: None,
            env: Env::real(),
            metrics: HttpMetrics::new(&metrics),
            refuse: |status, uri, _, _| (status, format!("refused {}", uri.path())).into_response(),
        };
        let go = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(listener, router(go.clone()), serving, shutdown.clone()));
        Self { address, metrics, shutdown, served, go }
    }

    async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap(), since: Stopwatch::start() }
    }

    async fn connect_from(&self, ip: &str) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(ip.parse().unwrap(), 0)).unwrap();
        Client { stream: socket.connect(self.address).await.unwrap(), since: Stopwatch::start() }
    }

    /// What one request on a connection of its own is answered.
    async fn ask(&self, request: &str) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }
}

fn router(go: CancellationToken) -> Router {
    let api = Router::new()
        .route("/purchases/", post(|RawQuery(query): RawQuery| async move { format!("created {query:?}") }))
        .route("/purchases/{id}/", get(|Path(id): Path<String>| async move { format!("purchase {id}") }));
    Router::new()
        .nest("/api/v1", api)
        .route("/echo", post(echo))
        .route("/form", post(|Form(form): Form<Vec<(String, String)>>| async move { format!("{} fields", form.len()) }))
        .route("/deaf", post(|| async { "did not listen" }))
        .route("/ip", get(|Extension(Caller(ip)): Extension<Caller>| async move { ip.to_string() }))
        .route("/panic", get(panics))
        .route("/large", get(|| async { vec![b'x'; LARGE_BYTES] }))
        .route("/endless", get(|| async { Body::new(Endless) }))
        .route(
            "/wait",
            get(|State(go): State<CancellationToken>| async move {
                go.cancelled().await;
                "waited"
            }),
        )
        .with_state(go)
}

async fn echo(body: Body) -> Response {
    match body::read(body, BODY_BYTES_MAX).await {
        Ok(body) => format!("{} bytes", body.len()).into_response(),
        Err(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(BodyError::TimedOut) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Err(BodyError::Broken) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn panics() -> &'static str {
    tokio::task::yield_now().await;
    panic!("as the test wants");
}

/// An answer without an end, in pieces.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
    }
}

/// One connection.
struct Client {
    stream: TcpStream,
    since: Stopwatch,
}

impl Client {
    async fn send(&mut self, text: &str) {
        // The server may have closed already; what it answered is what counts.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// The head of an answer; or what came before the end.
    async fn head(&mut self) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(b"\r\n\r\n") && self.read(&mut byte).await == 1 {
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    }

    /// One answer that says its length, head and body; or what came before the end.
    async fn answer(&mut self) -> String {
        let mut text = self.head().await;
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut byte = [0];
        for _ in 0..length {
            self.read(&mut byte).await;
            text.push(byte[0].into());
        }
        text
    }

    /// Everything until the server closes, and after how many milliseconds it did.
    async fn rest(&mut self) -> (String, u128) {
        let mut text = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            match self.read(&mut bytes).await {
                0 => return (String::from_utf8_lossy(&text).into_owned(), self.since.elapsed().as_millis()),
                read => text.extend_from_slice(&bytes[..read]),
            }
        }
    }

    /// A connection that was reset is at its end, too.
    async fn read(&mut self, bytes: &mut [u8]) -> usize {
        let read = tokio::time::timeout(Duration::from_secs(5), self.stream.read(bytes)).await;
        read.expect("the server answers or closes").unwrap_or(0)
    }
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn text(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, text)| text)
}

fn quick() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(300),
        idle: Duration::from_millis(2_000),
        ..Limits::default()
    }
}

async fn millis(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Sends `start`, then one byte of `drip` every 20 ms, until the server closes: what it said, and when it closed.
async fn drip(app: &App, start: &str, drip: &str) -> (String, u128) {
    let mut client = app.connect().await;
    client.send(start).await;
    let (mut reader, mut writer) = client.stream.into_split();
    let drip = drip.to_owned();
    let dripping = tokio::spawn(async move {
        for byte in drip.bytes() {
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
            millis(20).await;
        }
        // Held open, so that it is the server that ends it.
        std::future::pending::<()>().await;
    });
    let mut text = Vec::new();
    let mut bytes = [0; 1024];
    let reading = async {
        while let Ok(read @ 1..) = reader.read(&mut bytes).await {
            text.extend_from_slice(&bytes[..read]);
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.expect("the server lets go");
    dripping.abort();
    (String::from_utf8(text).unwrap(), client.since.elapsed().as_millis())
}

#[tokio::test]
async fn slow_heads_are_let_go() {
    let app = App::new(quick()).await;
    let endless = "a".repeat(1_000);
    let (silent, half, dripped, preface) = tokio::join!(
        drip(&app, "", ""),
        drip(&app, "POST /echo HTTP/1.1\r\nHost: a\r\n", ""),
        drip(&app, "GET /ip HTTP/1.1\r\nX-Slow: ", &endless),
        drip(&app, "PRI * HTTP/2.0\r\n", ""),
    );
    for (what, (said, after)) in [("silent", silent), ("half", half), ("dripped", dripped)] {
        assert_eq!("", said, "{what}");
        assert!((150..1_500).contains(&after), "{what}: {after} ms");
    }
    assert!(preface.1 < 1_500, "half an HTTP/2 preface: {} ms", preface.1);
}

#[tokio::test]
async fn slow_bodies_are_answered_408_and_let_go() {
    let app = App::new(quick()).await;
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n";
    let chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let form = "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 5000\r\n\r\na=b";
    let endless = "a".repeat(1_000);
    let endless_chunk = format!("fff\r\n{endless}");
    let (stalled, dripped, chunk_stalled, chunk_dripped, extractor) = tokio::join!(
        drip(&app, head, ""),
        drip(&app, head, &endless),
        drip(&app, chunked, ""),
        drip(&app, chunked, &endless_chunk),
        drip(&app, form, ""),
    );
    for (what, (said, after), expected) in [
        ("stalled", stalled, 408),
        ("dripped", dripped, 408),
        ("chunk stalled", chunk_stalled, 408),
        ("chunk dripped", chunk_dripped, 408),
        ("read by axum's own extractor", extractor, 400),
    ] {
        assert_eq!(expected, status(&said), "{what}: {said}");
        assert!((250..2_000).contains(&after), "{what}: {after} ms");
    }
}

#[tokio::test]
async fn a_handler_that_never_reads_the_body_keeps_no_socket() {
    let app = App::new(quick()).await;
    let (said, after) = drip(&app, "POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", "").await;
    assert_eq!("did not listen", text(&said));
    assert!(after < 2_000, "{after} ms");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_head_timeout_and_not_the_idle_one() {
    let app = App::new(Limits { idle: Duration::from_millis(1_000), ..quick() }).await;
    let mut client = app.connect().await;
    for _ in 0..2 {
        client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!("127.0.0.1", text(&client.answer().await));
        millis(400).await;
    }
    assert_eq!(String::new(), client.rest().await.0);
    let after = client.since.elapsed().as_millis();
    assert!((1_350..3_000).contains(&after), "{after} ms");
}

#[tokio::test]
async fn a_slow_head_on_a_used_connection_is_let_go() {
    let app = App::new(quick()).await;
    let mut client = app.connect().await;
    client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.answer().await;
    client.send("GET").await;
    let (said, after) = client.rest().await;
    assert_eq!("", said);
    assert!((150..1_500).contains(&after), "{after} ms");
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_let_go() {
    for path in ["/large", "/endless"] {
        let app = App::new(Limits { idle: Duration::from_millis(300), ..quick() }).await;
        let mut client = app.connect().await;
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        millis(150).await;
        assert!(app.metrics.encode().contains("tollgate_http_connections 1\n"), "{path}");
        let gone = async {
            while !app.metrics.encode().contains("tollgate_http_connections 0\n") {
                millis(20).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3), gone).await.expect("let go");
        assert!(client.rest().await.0.len() < LARGE_BYTES, "{path}");
    }
}

#[tokio::test]
async fn who_takes_the_answer_slowly_gets_it_whole() {
    let app = App::new(Limits { idle: Duration::from_millis(1_500), ..quick() }).await;
    let mut client = app.connect().await;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut bytes = vec![0; 4 * 1024 * 1024];
    let head = client.head().await;
    assert!(head.contains(&format!("content-length: {LARGE_BYTES}")), "{head}");
    let mut taken = 0;
    while taken < LARGE_BYTES {
        millis(110).await;
        // As much as there is, up to 4 MiB.
        let mut round = 0;
        while round < bytes.len() && taken < LARGE_BYTES {
            let read = client.read(&mut bytes[round..]).await;
            assert!(read > 0, "closed after {taken} bytes");
            round += read;
            taken += read;
        }
    }
    assert!(client.since.elapsed() > Duration::from_millis(1_600), "slowly");
    // And is idle only from then on.
    millis(300).await;
    client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(200, status(&client.answer().await));
}

#[tokio::test]
async fn who_is_refused_while_sending_may_finish_and_read_why() {
    let app = App::new(quick()).await;
    for (head, expected) in [
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 413),
        ("POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
    ] {
        let mut client = app.connect().await;
        client.send(head).await;
        for _ in 0..5 {
            millis(50).await;
            client.stream.write_all(&[b'b'; 1_000]).await.expect("not reset");
        }
        assert_eq!(expected, status(&client.answer().await));
    }
}

#[tokio::test]
async fn a_handler_may_take_its_time() {
    let app = App::new(quick()).await;
    let mut client = app.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    millis(1_000).await;
    app.go.cancel();
    assert_eq!("waited", text(&client.answer().await));
}

#[tokio::test]
async fn a_client_may_close_its_half_and_wait() {
    let app = App::new(quick()).await;
    let mut client = app.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.stream.shutdown().await.unwrap();
    millis(100).await;
    app.go.cancel();
    assert_eq!("waited", text(&client.answer().await));
}

#[tokio::test]
async fn sizes_at_the_limit_and_one_above() {
    let app = App::new(Limits::default()).await;
    let url = |bytes: usize| format!("GET /ip?{} HTTP/1.1\r\nHost: a\r\n\r\n", "q".repeat(bytes - 4));
    assert_eq!(200, status(&app.ask(&url(4_096)).await));
    let refused = app.ask(&url(4_097)).await;
    assert_eq!((414, "refused /ip"), (status(&refused), text(&refused)));

    let head = |bytes: usize| {
        let start = "GET /ip HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4))
    };
    assert_eq!(200, status(&app.ask(&head(16_384)).await));
    assert_eq!(431, status(&app.ask(&head(16_385)).await));
    assert_eq!(431, status(&app.ask(&head(200_000)).await));

    let headers = |count: usize| format!("GET /ip HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert_eq!(200, status(&app.ask(&headers(64)).await));
    assert_eq!(431, status(&app.ask(&headers(65)).await));

    let body = |bytes: usize| {
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n{}", "b".repeat(bytes))
    };
    assert_eq!("65536 bytes", text(&app.ask(&body(65_536)).await));
    assert_eq!(413, status(&app.ask(&body(65_537)).await));
    assert_eq!(413, status(&app.ask(&body(1_000_000)).await), "the answer is read though the body was not");
    let chunked = |bytes: usize| {
        let start = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{start}1\r\nb\r\n{:x}\r\n{}\r\n0\r\n\r\n", bytes - 1, "b".repeat(bytes - 1))
    };
    assert_eq!("65536 bytes", text(&app.ask(&chunked(65_536)).await));
    assert_eq!(413, status(&app.ask(&chunked(65_537)).await));
}

#[tokio::test]
async fn an_encoded_body_is_refused() {
    let app = App::new(Limits::default()).await;
    let answer = app.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((415, "refused /echo"), (status(&answer), text(&answer)));
}

#[tokio::test]
async fn a_length_said_in_two_ways_is_refused() {
    let app = App::new(quick()).await;
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    for headers in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\ncontent-length: 6\r\n",
        "Transfer-Encoding: chunked\r\nCONTENT-LENGTH:6\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip\r\n",
    ] {
        let mut client = app.connect().await;
        client.send(&format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n{chunks}")).await;
        let answers = client.rest().await.0;
        assert_eq!(400, status(&answers), "{headers}: {answers}");
        assert_eq!(1, answers.matches("HTTP/1.1 ").count(), "{headers}: {answers}");
    }
    let version = app.ask(&format!("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")).await;
    assert_eq!(400, status(&version));
}

#[tokio::test]
async fn lengths_are_not_mixed_up_over_a_connections_life() {
    let app = App::new(quick()).await;
    let mut client = app.connect().await;
    for _ in 0..3 {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").await;
        assert_eq!("3 bytes", text(&client.answer().await));
        client
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .await;
        assert_eq!("5 bytes", text(&client.answer().await));
    }
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")
        .await;
    assert_eq!(400, status(&client.rest().await.0));
}

#[tokio::test]
async fn paths_are_put_in_order_and_never_redirected() {
    let app = App::new(Limits::default()).await;
    let ask = async |line: &str| {
        let answer = app.ask(&format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).await;
        format!("{} {}", status(&answer), text(&answer))
    };
    assert_eq!("200 created None", ask("POST /api/v1/purchases/").await);
    assert_eq!("200 created None", ask("POST /api/v1//purchases/").await);
    assert_eq!("200 created Some(\"a=b//c\")", ask("POST /api/v1/purchases?a=b//c").await);
    assert_eq!("200 purchase 7", ask("GET //api/v1/purchases//7").await);
    assert_eq!("200 purchase a b", ask("GET /api/v1/purchases//a%20b").await);
    assert_eq!("404 ", ask("POST /ip/../api/v1/purchases/").await);
    assert_eq!("404 ", ask("POST /api%2Fv1/purchases/").await);
    assert_eq!("404 ", ask("POST /api/v1//purchases%2F").await);
    assert_eq!("404 ", ask("GET /ip/").await);
}

#[tokio::test]
async fn the_callers_address_is_what_a_trusted_proxy_says() {
    let ask = async |app: &App| {
        let answer = app.ask("GET /ip HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 198.51.100.7\r\n\r\n").await;
        text(&answer).to_owned()
    };
    assert_eq!("198.51.100.7", ask(&App::behind(Limits::default(), &["127.0.0.0/8"]).await).await);
    assert_eq!("127.0.0.1", ask(&App::behind(Limits::default(), &["10.0.0.0/8"]).await).await);
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    let app = App::new(Limits::default()).await;
    let mut client = app.connect().await;
    client.send("GET /panic?card HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((500, "refused /panic"), (status(&answer), text(&answer)));
    client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!("127.0.0.1", text(&client.answer().await));
}

#[tokio::test]
async fn every_answer_is_named_and_counted() {
    let app = App::new(Limits::default()).await;
    let mut ids = Vec::new();
    for (line, expected) in [
        ("GET /api/v1/purchases/7/", 200),
        ("GET /api/v1/purchases/8", 200),
        ("GET /nowhere", 404),
        ("GET /panic", 500),
    ] {
        let answer = app.ask(&format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(expected, status(&answer), "{line}");
        ids.push(answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id").to_owned());
    }
    assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'), "{ids:?}");
    ids.dedup();
    assert_eq!(4, ids.len());
    let metrics = app.metrics.encode();
    for count in [
        r#"count{method="GET",route="/api/v1/purchases/{id}/",status="2xx"} 2"#,
        r#"count{method="GET",route="none",status="4xx"} 1"#,
        r#"count{method="GET",route="/panic",status="5xx"} 1"#,
    ] {
        assert!(metrics.contains(count), "{count} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn http_1_0_is_served() {
    let app = App::new(Limits::default()).await;
    let mut client = app.connect().await;
    client.send("GET /ip HTTP/1.0\r\n\r\n").await;
    let (answer, _) = client.rest().await;
    assert_eq!((200, "127.0.0.1"), (status(&answer), text(&answer)));
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way_and_closes_the_rest() {
    let app = App::new(Limits::default()).await;
    let (mut busy, mut idle, mut fresh) = (app.connect().await, app.connect().await, app.connect().await);
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.answer().await;
    millis(50).await;
    let since = Stopwatch::start();
    app.shutdown.cancel();
    assert_eq!("", idle.rest().await.0);
    assert_eq!("", fresh.rest().await.0);
    assert!(since.elapsed() < Duration::from_secs(3), "at once");
    assert!(TcpStream::connect(app.address).await.is_err(), "nobody is let in any more");
    assert!(!app.served.is_finished());
    app.go.cancel();
    let (answer, _) = busy.rest().await;
    assert_eq!("waited", text(&answer));
    assert!(answer.contains("connection: close"), "{answer}");
    tokio::time::timeout(Duration::from_secs(3), app.served).await.expect("done").unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let app = App::new(Limits { drain: Duration::from_millis(200), ..Limits::default() }).await;
    let mut busy = app.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await;
    millis(50).await;
    app.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(3), app.served).await.expect("done").unwrap();
    assert_eq!("", busy.rest().await.0);
}

#[tokio::test]
async fn loopback_has_no_limit_per_address() {
    // All of 127.0.0.0/8 is loopback and excepted; that others are refused is tested beside `admit`.
    let app = App::new(Limits { connections_per_ip: 1, ..Limits::default() }).await;
    let mut clients = Vec::new();
    for ip in ["127.0.0.1", "127.0.0.1", "127.0.0.2"] {
        let mut client = app.connect_from(ip).await;
        client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(ip.parse::<IpAddr>().unwrap().to_string(), text(&client.answer().await));
        clients.push(client);
    }
}

#[tokio::test]
async fn connections_in_all_have_a_limit() {
    let app = App::new(Limits { connections_total: 2, ..Limits::default() }).await;
    let (mut first, mut second) = (app.connect().await, app.connect().await);
    for client in [&mut first, &mut second] {
        client.send("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(200, status(&client.answer().await));
    }
    assert_eq!(503, status(&app.connect().await.rest().await.0));
    assert!(app.metrics.encode().contains(r#"tollgate_http_connections_refused_total{limit="total"} 1"#));
    drop(first);
    millis(100).await;
    let again = app.ask("GET /ip HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(200, status(&again), "a place given back");
}

/// What is logged, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_one_line_per_answer_and_nothing_of_what_was_sent() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let app = App::new(Limits::default()).await;
    let answer = app
        .ask("POST /api/v1/purchases/?private HTTP/1.1\r\nHost: a\r\nX: private\r\nContent-Length: 7\r\n\r\nprivate")
        .await;
    app.ask("GET /api/v1/purchases/private/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
    app.ask("GET /private HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let answered: Vec<_> = lines.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(3, answered.len(), "{lines}");
    for part in ["method=POST", r#"route="/api/v1/purchases/""#, "status=200", "ip=127.0.0.1"] {
        assert!(answered[0].contains(part), "{part} is missing in {lines}");
    }
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id");
    assert!(answered[0].contains(id), "{lines}");
    assert!(answered[1].contains(r#"route="/api/v1/purchases/{id}/""#), "{lines}");
    assert!(!lines.contains("private"), "{lines}");
}
