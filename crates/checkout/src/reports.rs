//! What browsers report of our pages' policy: something on a page asked for what the page does not allow (security P7).

use std::time::Duration;

use serde::Deserialize;
use tollgate_http::rate::{RateLimiter, Settings};
use url::Url;

/// A report is small, and a browser sends few at once.
pub(crate) const REPORT_BYTES_MAX: usize = 16 * 1024;
/// More of one delivery than anybody reads.
const REPORTS_MAX: usize = 5;

/// Ten deliveries in five minutes from one address.
pub(crate) fn limiter() -> RateLimiter {
    RateLimiter::new(Settings { interval: Duration::from_secs(30), burst: 10, keys_max: 100_000 })
}

/// What was not allowed, and by which directive. Nothing else of a report is kept: an address may carry what was stolen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The directive's name.
    pub directive: String,
    /// An origin, or a word like `inline`.
    pub blocked: String,
}

#[derive(Deserialize)]
struct ReportIn {
    #[serde(rename = "type")]
    kind: String,
    body: BodyIn,
}

#[derive(Deserialize)]
struct BodyIn {
    #[serde(rename = "effectiveDirective", default)]
    directive: String,
    #[serde(rename = "blockedURL", default)]
    blocked: String,
}

/// Reads a delivery; what is no report of ours is left out.
pub(crate) fn read(body: &[u8]) -> Vec<Violation> {
    let reports: Vec<ReportIn> = serde_json::from_slice(body).unwrap_or_default();
    reports
        .into_iter()
        .filter(|report| report.kind == "csp-violation")
        .take(REPORTS_MAX)
        .map(|ReportIn { body, .. }| Violation {
            directive: word(&body.directive),
            blocked: match Url::parse(&body.blocked) {
                Ok(url) => url.origin().ascii_serialization(),
                Err(_) => word(&body.blocked),
            },
        })
        .collect()
}

/// Letters and hyphens, at most forty.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(directive: &str, blocked: &str) -> String {
        format!(
            r#"{{"type":"csp-violation","age":1,"url":"https://pay.example.com/p/x/","user_agent":"y",
               "body":{{"effectiveDirective":"{directive}","blockedURL":"{blocked}","sample":"z"}}}}"#
        )
    }

    #[test]
    fn only_what_was_blocked_is_kept() {
        let one = report("script-src-elem", "https://evil.example/x.js?n=4444333322221111");
        let other = report("style-src\\n4444333322221111", "inline");
        let violations = read(format!("[{one},{other}]").as_bytes());
        let kept: Vec<(&str, &str)> =
            violations.iter().map(|found| (found.directive.as_str(), found.blocked.as_str())).collect();
        assert_eq!([("script-src-elem", "https://evil.example"), ("style-src", "inline")], kept.as_slice());
    }

    #[test]
    fn what_is_no_report_is_left_out() {
        for body in ["", "{}", "[]", "[1]", r#"[{"type":"deprecation","body":{}}]"#, "[{\"type\":\"csp-violation\"}]"] {
            assert_eq!(Vec::<Violation>::new(), read(body.as_bytes()), "{body}");
        }
        let many = vec![report("x", "inline"); 100].join(",");
        assert_eq!(REPORTS_MAX, read(format!("[{many}]").as_bytes()).len());
    }
}
