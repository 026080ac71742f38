//! The test acquirer that runs alone, behind HTTP: every call goes to its one host.

use acquirer::Host;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tollgate_http::body;

/// The protocol's requests are a few hundred bytes long.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Everything it answers.
pub(crate) fn router(host: Host) -> Router {
    Router::new().fallback(answer).with_state(host)
}

async fn answer(State(host): State<Host>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match body::read_secret(body, BODY_BYTES_MAX).await {
        Ok(body) => host.answer(Request::from_parts(head, body)).await.map(Body::from),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
