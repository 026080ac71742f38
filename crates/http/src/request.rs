//! One request, from its head to its answer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use env::Stopwatch;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ACCEPT_LANGUAGE, CONNECTION, CONTENT_ENCODING, HeaderName, HeaderValue};
use hyper::{StatusCode, Uri};
use tower::Service;
use tracing::Instrument;

use crate::body::TimedBody;
use crate::caller::{self, Caller};
use crate::connection::Connection;
use crate::metrics::Route;
use crate::path::{self, AsSent};
use crate::serve::{Server, Serving};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers one request. The log line has the route's pattern and neither path, query nor bodies: a path may hold a
/// link's secret.
pub(crate) async fn answer(
    server: Arc<Server>,
    connection: Arc<Connection>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Answer>, Infallible> {
    let watch = Stopwatch::start();
    let has_body = !request.body().is_end_stream();
    connection.begin_request(has_body);
    let id = server.serving.env.ordered_id();
    let ip = caller::ip(connection.peer, request.headers(), &server.serving.trusted_proxies);
    let method = request.method().clone();

    let mut request = request.map(|body| {
        if has_body {
            Body::new(TimedBody::new(body, server.serving.limits.body_timeout, Arc::clone(&connection)))
        } else {
            Body::empty()
        }
    });
    if let Some(uri) = path::in_order(request.uri(), server.serving.slash_prefixes) {
        let sent = std::mem::replace(request.uri_mut(), uri);
        request.extensions_mut().insert(AsSent(sent));
    }
    request.extensions_mut().insert(Caller(ip));
    request.extensions_mut().insert(Visit(Arc::clone(&connection)));

    let span = tracing::info_span!("request", %id);
    let mut response = routed(&server, &connection, request).instrument(span.clone()).await;

    let route = Route(connection.take_route());
    let took = watch.elapsed();
    server.serving.metrics.answered(&method, &route, response.status(), took);
    span.in_scope(|| {
        let (route, status) = (route.as_str(), response.status().as_u16());
        tracing::info!(%method, route, status, micros = took.as_micros(), %ip, "answered");
    });
    let mut text = [0; 36];
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response.map(|body| Answer { body, connection }))
}

/// Refuses what no route takes, and passes the rest on.
async fn routed(server: &Server, connection: &Connection, request: Request) -> Response {
    let Serving { refuse, env, .. } = &server.serving;
    if let Some(status) = refused(&server.serving, connection, &request) {
        let mut response = refuse(status, request.uri(), request.headers().get(ACCEPT_LANGUAGE), env.now());
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let uri = request.uri().clone();
    let languages = request.headers().get(ACCEPT_LANGUAGE).cloned();
    call(server, request).await.unwrap_or_else(|Panicked| {
        // Not with what the panic said: it may hold anything. The panic hook decides about that.
        tracing::error!("a request handler panicked");
        refuse(StatusCode::INTERNAL_SERVER_ERROR, &uri, languages.as_ref(), env.now())
    })
}

fn refused(serving: &Serving, connection: &Connection, request: &Request) -> Option<StatusCode> {
    if connection.is_framed_twice(request.headers()) {
        Some(StatusCode::BAD_REQUEST)
    } else if target_bytes(request.uri()) > serving.limits.url_bytes {
        Some(StatusCode::URI_TOO_LONG)
    } else if request.headers().contains_key(CONTENT_ENCODING) {
        Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    } else {
        None
    }
}

fn target_bytes(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |target| target.as_str().len())
}

struct Panicked;

async fn call(server: &Server, request: Request) -> Result<Response, Panicked> {
    let mut app = server.app.clone();
    let mut answer = pin!(async move { app.call(request).await });
    let answered = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(response)),
        Err(_) => Poll::Ready(Err(Panicked)),
    });
    answered.await
}

/// The connection a request came on, for [`note_route`].
#[derive(Clone)]
struct Visit(Arc<Connection>);

/// Runs behind the router, where the route is known, and notes it for the log and the metrics.
pub(crate) fn note_route(request: Request) -> Request {
    if let Some(Visit(connection)) = request.extensions().get() {
        connection.note_route(request.extensions().get::<MatchedPath>().cloned());
    }
    request
}

/// An answer's body. Once it is gone, the connection is idle.
pub(crate) struct Answer {
    body: Body,
    connection: Arc<Connection>,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.end_request();
    }
}
