//! Who is told of what happens, and how they are called (orchestration-api 3.9, 6.1, 6.2).

use serde::{Deserialize, Serialize};
use tollgate_http::fields::Kind;
use tollgate_http::json::Json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::fields::{Choice, Fields, Nested, Parsed, URL, list};
use crate::problems::Problems;

/// Headers of a call, and values of one.
const HEADERS_MAX: usize = 20;

/// What may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EventType {
    /// A session was submitted, ended by somebody, or ran out.
    ClientSession,
    /// An authorization ended, well or not.
    PaymentAuthorization,
    /// A capture began, or stands differently.
    PaymentCapture,
    /// A refund began, or stands differently.
    PaymentRefund,
    /// A void began, or stands differently.
    PaymentVoid,
}

impl EventType {
    /// As it is spoken.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSession => "CLIENT_SESSION",
            Self::PaymentAuthorization => "PAYMENT_AUTHORIZATION",
            Self::PaymentCapture => "PAYMENT_CAPTURE",
            Self::PaymentRefund => "PAYMENT_REFUND",
            Self::PaymentVoid => "PAYMENT_VOID",
        }
    }
}

const EVENT_TYPES: Choice<EventType> = Choice(&[
    (EventType::ClientSession.as_str(), EventType::ClientSession),
    (EventType::PaymentAuthorization.as_str(), EventType::PaymentAuthorization),
    (EventType::PaymentCapture.as_str(), EventType::PaymentCapture),
    (EventType::PaymentRefund.as_str(), EventType::PaymentRefund),
    (EventType::PaymentVoid.as_str(), EventType::PaymentVoid),
]);

/// Who is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Webhook {
    /// Where the calls go.
    pub url: String,
    /// What is told; everything when nothing is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_types: Vec<EventType>,
    /// What each call carries. The values may be secret: sessions do not show them, payments do (3.10).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
}

/// A header of each call, sent once for each value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Header {
    /// In lower case.
    pub name: String,
    /// Each is text without line breaks.
    pub values: Vec<String>,
}

impl Webhook {
    /// Whether this is told.
    #[must_use]
    pub(crate) fn wants(&self, event_type: EventType) -> bool {
        self.event_types.is_empty() || self.event_types.contains(&event_type)
    }
}

/// `webhook`
pub(crate) fn webhook(f: &mut Fields<'_>) -> Option<Webhook> {
    let url = f.required("url", URL, "Called by POST.");
    let types = list(EVENT_TYPES, EVENT_TYPES.0.len());
    let event_types = f.optional("event_types", types, "What is told; everything when nothing is named.");
    let headers = f.optional("headers", list(Nested(header), HEADERS_MAX), "What each call carries.");
    Some(Webhook { url: url?, event_types: event_types.unwrap_or_default(), headers: headers.unwrap_or_default() })
}

fn header(f: &mut Fields<'_>) -> Option<Header> {
    let name = f.required("name", HEADER_NAME, "");
    let values = f.required("values", list(HeaderValue, HEADERS_MAX), "The header is sent once for each.");
    Some(Header { name: name?, values: values? })
}

/// The name of a header that is not ours to say.
const HEADER_NAME: Parsed<String> = Parsed::new(
    255,
    header_name,
    "The name of a header that concerns neither the body nor the connection, nor is one of ours,",
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
);

fn header_name(text: &str) -> Option<String> {
    const RESERVED: [&str; 14] = [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "user-agent",
    ];
    let name = text.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_name = !name.is_empty() && name.bytes().all(is_token);
    let is_ours = RESERVED.contains(&name.as_str()) || name.starts_with("x-purse-");
    (is_name && !is_ours).then_some(name)
}

/// The value of a header: text, a number, or yes or no, sent as text.
struct HeaderValue;

/// Characters of a header's value.
const VALUE_MAX: usize = 2_048;

impl Kind<Problems> for HeaderValue {
    type Value = String;

    fn read(&self, json: &Json) -> Result<String, Problems> {
        let text = match json {
            Json::String(text) | Json::Number(text) => text.clone(),
            Json::Bool(value) => value.to_string(),
            Json::Null | Json::Array(_) | Json::Object(_) => {
                return Err(Problems::here("A text, a number, or true or false is needed here."));
            }
        };
        if text.len() > VALUE_MAX || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(Problems::here(format!(
                "At most {VALUE_MAX} characters of printable ASCII, without line breaks, are allowed here."
            )));
        }
        Ok(text)
    }

    fn schema(&self) -> Schema {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]))
            .max_length(Some(VALUE_MAX))
            .pattern(Some("^[ -~]*$"))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields::read;

    fn pointers(webhook_sent: &serde_json::Value) -> Vec<String> {
        match read(webhook_sent.to_string().as_bytes(), webhook) {
            Ok(_) => vec![],
            Err(problems) => problems.into_list().into_iter().map(|problem| problem.pointer).collect(),
        }
    }

    #[test]
    fn scalars_are_sent_as_text() {
        let sent = json!({
            "url": "https://www.example.org/payment-hook?order_id=123456789",
            "event_types": ["PAYMENT_VOID"],
            "headers": [{ "name": "X-Order-Id", "values": [123_456_789, "a b", true] }],
        });
        let read = read(sent.to_string().as_bytes(), webhook).expect("read");
        let values = ["123456789", "a b", "true"].map(str::to_owned).to_vec();
        assert_eq!(vec![Header { name: "x-order-id".to_owned(), values }], read.headers);
        assert!(read.wants(EventType::PaymentVoid) && !read.wants(EventType::PaymentCapture));
        assert!(Webhook::default().wants(EventType::ClientSession), "nothing named is everything");
    }

    #[test]
    fn headers_that_are_ours_are_refused() {
        for name in ["Host", "content-length", "TE", "x-purse-signature", "a b", "a:b", "", "a\r\nb", "é"] {
            let sent = json!({ "url": "https://a.example/", "headers": [{ "name": name, "values": [] }] });
            assert_eq!(vec!["/headers/0/name"], pointers(&sent), "{name}");
        }
        for value in [json!("a\r\nb"), json!("a\nb"), json!("\t"), json!("é"), json!(null), json!([]), json!({})] {
            let sent = json!({ "url": "https://a.example/", "headers": [{ "name": "a", "values": ["b", value] }] });
            assert_eq!(vec!["/headers/0/values/1"], pointers(&sent), "{value}");
        }
    }

    #[test]
    fn only_what_can_be_told() {
        let sent = json!({ "url": "/hook", "event_types": ["PAYMENT_CAPTURE", "payment.updated"] });
        assert_eq!(vec!["/url", "/event_types/1"], pointers(&sent));
        assert_eq!(vec!["/url"], pointers(&json!({})));
        assert_eq!(
            vec!["/event_types"],
            pointers(&json!({ "url": "https://a.example/", "event_types": "PAYMENT_VOID" }))
        );
        for (word, event_type) in EVENT_TYPES.0 {
            assert_eq!(format!("{word:?}"), serde_json::to_string(event_type).expect("JSON"));
        }
    }
}
