//! What is counted, and how Prometheus reads it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::MatchedPath;
use hyper::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the latency buckets, in seconds: fine below 50 ms, where answers should be, and up to the 10 s a page
/// may wait for an acquirer.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Everything the process counts.
pub struct Metrics {
    registry: Mutex<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { registry: Mutex::new(Registry::with_prefix("tollgate")) }
    }
}

impl Metrics {
    /// Lets somebody add what they count. At start only.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All of it in the OpenMetrics text format.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if prometheus_client::encoding::text::encode(&mut text, &registry).is_err() {
            tracing::error!("the metrics could not be written out");
        }
        text
    }
}

/// What is counted about requests and connections.
pub struct HttpMetrics {
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    connections: Gauge,
    refused: Family<RefusedLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Route,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    limit: &'static str,
}

impl HttpMetrics {
    /// Adds them to `metrics`.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Arc<Self> {
        let http = Self {
            requests: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
            connections: Gauge::default(),
            refused: Family::default(),
        };
        metrics.register(|registry| {
            let help = "Time from a request's head to its answer's, by method, route pattern and class of status";
            registry.register("http_request_duration_seconds", help, http.requests.clone());
            registry.register("http_connections", "Connections open", http.connections.clone());
            let help = "Connections refused, by the limit that was reached";
            registry.register("http_connections_refused", help, http.refused.clone());
        });
        Arc::new(http)
    }

    pub(crate) fn answered(&self, method: &Method, route: &Route, status: StatusCode, took: Duration) {
        let labels = RequestLabels { method: method_label(method), route: route.clone(), status: class(status) };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn connected(&self) {
        self.connections.inc();
    }

    pub(crate) fn disconnected(&self) {
        self.connections.dec();
    }

    pub(crate) fn refused(&self, limit: &'static str) {
        self.refused.get_or_create(&RefusedLabels { limit }).inc();
    }
}

/// The pattern of the route that answered, such as `/purchases/{id}/`; never what a caller made up.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(crate) Option<MatchedPath>);

impl Route {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        EncodeLabelValue::encode(&self.as_str(), encoder)
    }
}

/// A caller may invent methods, but no label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_written_out() {
        let metrics = Metrics::default();
        let http = HttpMetrics::new(&metrics);
        http.connected();
        http.refused("total");
        http.answered(&Method::POST, &Route(None), StatusCode::NOT_FOUND, Duration::from_millis(3));
        http.answered(&Method::from_bytes(b"MADEUP").unwrap(), &Route(None), StatusCode::OK, Duration::ZERO);
        let text = metrics.encode();
        for line in [
            r#"tollgate_http_request_duration_seconds_count{method="POST",route="none",status="4xx"} 1"#,
            r#"tollgate_http_request_duration_seconds_bucket{le="0.0025",method="POST",route="none",status="4xx"} 0"#,
            r#"tollgate_http_request_duration_seconds_bucket{le="0.005",method="POST",route="none",status="4xx"} 1"#,
            r#"tollgate_http_request_duration_seconds_count{method="other",route="none",status="2xx"} 1"#,
            "tollgate_http_connections 1",
            r#"tollgate_http_connections_refused_total{limit="total"} 1"#,
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
