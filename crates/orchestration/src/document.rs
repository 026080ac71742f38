//! What this dialect keeps of a session and its payment beside the checkout and the terms of the payment. Written once,
//! as JSON, when it is made. Members that are missing or unknown are no error, so every version stays readable.

use serde::{Deserialize, Serialize};
use tollgate_http::json::Json;
use utoipa::ToSchema;

use crate::customer::Customer;
use crate::order::Order;
use crate::payment::{Browser, NewPayment, SplitItem};
use crate::session::{Asked, CaptureMode, IntegrationMode, NewSession};
use crate::solutions::{self, SolutionName};
use crate::three_ds::ChallengeIndicator;
use crate::webhook::Webhook;

/// The dialect's own part of a session, made by itself or for a payment (orchestration-api 5.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SessionDocument {
    /// Whether it was made for a payment that needs none: it has no widget.
    #[serde(skip_serializing_if = "is_default")]
    pub is_implicit: bool,
    /// A lower-case UUID.
    pub entity_id: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When the money is taken.
    #[serde(skip_serializing_if = "is_default")]
    pub capture_mode: CaptureMode,
    /// How long after the authorization it is taken by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub capture_delay_seconds: u64,
    /// Where the payer chooses how to pay.
    #[serde(skip_serializing_if = "is_default")]
    pub integration_mode: IntegrationMode,
    /// Whether what is paid with may be charged again without its payer.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_future_usage: bool,
    /// Where the payer goes in the end.
    #[serde(skip_serializing_if = "is_default")]
    pub shopper_redirection_url: Option<String>,
    /// What is bought.
    pub order: Order,
    /// Who buys.
    #[serde(skip_serializing_if = "is_default")]
    pub customer: Option<Customer>,
    /// What the merchant wants of the payer's bank.
    #[serde(skip_serializing_if = "is_default")]
    pub challenge_indicator: ChallengeIndicator,
    /// Who is told.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook: Option<Webhook>,
    /// What it may be paid with, as it was when it was made.
    #[serde(skip_serializing_if = "is_default")]
    pub eligible_solutions: Vec<SolutionName>,
    /// The payer's browser, as the merchant told of it.
    #[serde(skip_serializing_if = "is_default")]
    pub browser: Option<Browser>,
    /// The legs, as they were sent.
    #[serde(skip_serializing_if = "is_default")]
    pub split: Vec<SplitDocument>,
}

/// A leg as it was sent, without what only its authorization needs (3.7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.7")]
pub(crate) struct SplitDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Minor units.
    pub amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub parent_payment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub parent_partner_transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_partner_token: Option<String>,
    /// A text or a number, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub parent_partner_reference: Option<Json>,
}

impl From<NewSession> for SessionDocument {
    fn from(session: NewSession) -> Self {
        let eligible = solutions::eligible(session.asked.amount, session.asked.allow_future_usage);
        Self {
            capture_delay_seconds: session.capture_delay_seconds,
            integration_mode: session.integration_mode,
            shopper_redirection_url: Some(session.shopper_redirection_url),
            eligible_solutions: eligible.into_iter().map(SolutionName::from).collect(),
            ..session.asked.into()
        }
    }
}

impl From<Asked> for SessionDocument {
    fn from(asked: Asked) -> Self {
        Self {
            entity_id: asked.entity_id.to_string(),
            amount: asked.amount.minor(),
            currency: asked.amount.currency().code().to_owned(),
            capture_mode: asked.capture_mode,
            allow_future_usage: asked.allow_future_usage,
            order: asked.order,
            customer: asked.customer,
            challenge_indicator: asked.challenge_indicator,
            webhook: asked.webhook,
            ..Self::default()
        }
    }
}

impl NewPayment {
    /// What is kept of it; what it is paid with is not.
    #[must_use]
    pub(crate) fn document(&self) -> SessionDocument {
        let known = self.split.iter().filter_map(|leg| leg.solution);
        SessionDocument {
            is_implicit: true,
            shopper_redirection_url: self.shopper_redirection_url.clone(),
            eligible_solutions: known.map(SolutionName::from).collect(),
            browser: self.browser.clone(),
            split: self.split.iter().map(SplitDocument::from).collect(),
            ..self.asked.clone().into()
        }
    }
}

impl From<&SplitItem> for SplitDocument {
    fn from(leg: &SplitItem) -> Self {
        let parent = leg.parent.clone().unwrap_or_default();
        Self {
            partner: leg.partner.clone(),
            method: leg.method.clone(),
            amount: leg.amount.minor(),
            parent_payment_id: parent.payment_id.map(|id| id.to_string()),
            parent_partner_transaction_id: parent.partner_transaction_id,
            parent_partner_token: parent.partner_token,
            parent_partner_reference: parent.partner_reference,
        }
    }
}

impl SessionDocument {
    /// As stored.
    ///
    /// # Errors
    /// Never for a document made from a body that was read.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads what was stored, by this version or any before.
    ///
    /// # Errors
    /// For what this dialect never wrote.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::read;
    use crate::payment;
    use crate::samples::{self, with};
    use crate::session;

    /// The moments of a document in UTC, as they are echoed.
    fn in_utc(json: &mut Value) {
        match json {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if name.ends_with("date_time") => {
                            *text = crate::formats::moment(text).expect("a moment");
                        }
                        other => in_utc(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(in_utc),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn stored(document: &SessionDocument) -> Value {
        let text = document.to_json().expect("JSON");
        assert_eq!(document, &SessionDocument::from_json(&text).expect("a document"));
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn a_session_is_kept_whole() {
        let mut sent = samples::session();
        let read = read(sent.to_string().as_bytes(), session::create).expect("read");
        let kept = stored(&read.into());
        in_utc(&mut sent);
        for name in ["order", "customer", "entity_id", "amount", "currency", "shopper_redirection_url", "webhook"] {
            assert_eq!(sent[name], kept[name], "{name}");
        }
        assert_eq!(json!("NO_CHALLENGE_REQUESTED"), kept["challenge_indicator"]);
        assert_eq!(6, kept["eligible_solutions"].as_array().expect("a list").len());
    }

    #[test]
    fn an_order_is_kept_whole_in_every_published_form() {
        let order = samples::full_order();
        let mut sent = with(samples::session(), &json!({ "/order": order, "/amount": 4_299 }));
        let read = read(sent.to_string().as_bytes(), session::create).expect("read");
        in_utc(&mut sent);
        assert_eq!(sent["order"], serde_json::to_value(&read.asked.order).expect("JSON"));
    }

    #[test]
    fn a_payment_is_kept_without_what_it_is_paid_with() {
        let leg = json!({
            "amount": 1_000, "partner": "illicado", "method": "giftcard",
            "payment_data": { "card": { "number": "6000000000002000", "csc": "123" } },
        });
        let mut sent = with(samples::payment(), &json!({ "/split/0/amount": 11_000, "/split/1": leg }));
        let read = read(sent.to_string().as_bytes(), payment::create).expect("read");
        let kept = stored(&read.document());
        in_utc(&mut sent);
        for name in ["order", "customer", "browser", "shopper_redirection_url"] {
            assert_eq!(sent[name], kept[name], "{name}");
        }
        assert_eq!(json!({ "amount": 1_000, "partner": "illicado", "method": "giftcard" }), kept["split"][1]);
        assert_eq!(sent["split"][0], kept["split"][0]);
        assert!(!kept.to_string().contains("6000000000002000"));
    }

    /// Every form ever written: lines are added here, never changed.
    #[test]
    fn every_version_stays_readable() {
        let first = r#"{"entity_id":"5e3a0862-7cc3-4427-92ba-9e1e9595f571","amount":4299,"currency":"EUR","order":{"reference":"SO-77","additional_data":{"weight":1.10},"net_amount":4299}}"#;
        let document = SessionDocument::from_json(first).expect("a document");
        assert_eq!("SO-77", document.order.reference);
        assert_eq!(first, document.to_json().expect("JSON"));
        assert_eq!(
            SessionDocument::default(),
            SessionDocument::from_json(r#"{"of_tomorrow":[1]}"#).expect("a document")
        );
    }
}
