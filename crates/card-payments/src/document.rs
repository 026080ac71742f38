//! What this dialect keeps of a link beside the checkout and the terms of its payment. Written once, as JSON, when the
//! link is made. Members that are missing or unknown are no error, so every version stays readable.

use serde::{Deserialize, Serialize};

use crate::errors::ApiError;

/// The dialect's own part of a link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LinkDocument {
    /// The order it pays for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<u64>,
    /// What the merchant calls it; not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
}

impl LinkDocument {
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        Self::parse(text).map_err(unreadable)
    }

    pub(crate) fn written(&self) -> Result<String, ApiError> {
        serde_json::to_string(self).map_err(unreadable)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn unreadable(error: serde_json::Error) -> ApiError {
    tracing::error!(%error, "a link's document cannot be read or written");
    ApiError::Internal
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form ever written: lines are added here, never changed.
    #[test]
    fn every_version_stays_readable() {
        for (written, document) in [
            ("{}", LinkDocument::default()),
            (
                r#"{"order":7,"reference":"W-1042"}"#,
                LinkDocument { order: Some(7), reference: Some("W-1042".to_owned()) },
            ),
        ] {
            assert_eq!(document, LinkDocument::parse(written).expect(written));
            assert_eq!(written, document.written().expect("written"));
        }
        assert!(LinkDocument::parse(r#"{"later":true}"#).is_ok());
    }
}
