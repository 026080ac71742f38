//! What an operator's machines ask: alive, ready, and the counts.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::Engine;
use tollgate_http::metrics::{CONTENT_TYPE, Metrics};

/// `/healthz`, `/readyz`, and `/metrics` when it is served here.
pub(crate) fn router(engine: Engine, metrics: Option<Arc<Metrics>>) -> Router {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(engine.clone());
    match metrics {
        Some(metrics) => router.merge(metrics_router(engine, metrics)),
        None => router,
    }
}

/// `/metrics` alone, for a listener of its own.
pub(crate) fn metrics_router(engine: Engine, metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(counts)).with_state((engine, metrics))
}

async fn counts(State((engine, metrics)): State<(Engine, Arc<Metrics>)>) -> impl IntoResponse {
    if let Err(error) = engine.measure().await {
        tracing::error!(%error, "what waits could not be counted");
    }
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.encode())
}

async fn ready(State(engine): State<Engine>) -> Response {
    match engine.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}
