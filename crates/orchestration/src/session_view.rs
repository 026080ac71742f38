//! What a client session looks like on this wire (orchestration-api 2.1 to 2.3, 3.16, 3.17, 7.3, 7.5).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{CheckoutId, Mode, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::customer::Customer;
use crate::document::SessionDocument;
use crate::formats;
use crate::order::Order;
use crate::session::{CaptureMode, IntegrationMode};
use crate::solutions::{Family, Solution, SolutionName};

/// How a session stands (4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SessionStatus {
    /// The payer may still choose.
    Created,
    /// The payer chose; there is a payment, however it ends.
    Submitted,
    /// Ended by the merchant.
    AbortedByMerchant,
    /// Ended by the payer.
    AbortedByCustomer,
    /// It ran out before the payer chose.
    Expired,
}

/// What is known of a session beside its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionFacts<'a> {
    /// The session.
    pub id: CheckoutId,
    /// How it stands.
    pub status: SessionStatus,
    /// The first moment that is too late to submit.
    pub expires_at: Timestamp,
    /// What it led to.
    pub payment_id: Option<PaymentId>,
    /// Whether it could be ended now.
    pub may_abort: bool,
    /// In which world.
    pub mode: Mode,
    /// Where links lead, without a slash at its end.
    pub public_url: &'a str,
    /// For the widget; a session that is told to a webhook has none.
    pub page: Option<PageKeys<'a>>,
}

/// What lets a page show how to pay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageKeys<'a> {
    /// The entity's key for pages; no secret.
    pub api_key: &'a str,
    /// Lets a page act for this session, and for nothing else.
    pub session_token: &'a str,
}

/// A client session as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientSession<'a> {
    #[schema(format = "uuid")]
    id: String,
    status: SessionStatus,
    /// Minor units.
    amount: i64,
    /// ISO 4217.
    currency: &'a str,
    #[schema(format = "uuid")]
    entity_id: &'a str,
    capture_mode: CaptureMode,
    integration_mode: IntegrationMode,
    allow_future_usage: bool,
    order: &'a Order,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a Customer>,
    /// The first moment that is too late to submit.
    #[schema(format = DateTime)]
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    shopper_redirection_url: Option<&'a str>,
    /// For the merchant's page; none for a payment that was made without a session, and none in webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    widget: Option<Widget>,
    /// What it may be paid with.
    eligible_solutions: &'a [SolutionName],
    /// The payment, once the payer chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    payment_id: Option<String>,
    /// Where to send the payer, when the page is ours and still to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirection: Option<Link>,
    /// What can be done next.
    links: BTreeMap<&'static str, Link>,
}

/// What a page needs to show how to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Widget {
    /// To be handed to the script as it is.
    data: String,
    /// The script.
    #[schema(format = "uri")]
    js_url: String,
}

/// An address, and how it is called.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Link {
    /// Where.
    pub href: String,
    /// How.
    pub method: LinkMethod,
}

/// How an address is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum LinkMethod {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// What `widget.data` says in base64, for our own script; it is public.
#[derive(Debug, Serialize)]
struct WidgetData<'a> {
    v: u8,
    api: String,
    session_id: String,
    entity_id: &'a str,
    api_key: &'a str,
    environment: &'static str,
    session_token: &'a str,
    amount: i64,
    currency: &'a str,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    methods: Vec<WidgetMethod<'a>>,
}

/// A way to pay, as the script needs it.
#[derive(Debug, Serialize)]
struct WidgetMethod<'a> {
    partner: &'a str,
    method: &'a str,
    family: Family,
    is_primary: bool,
    amount_min: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses_max: Option<usize>,
}

impl Link {
    /// To be read.
    #[must_use]
    pub(crate) const fn get(href: String) -> Self {
        Self { href, method: LinkMethod::Get }
    }

    /// To be carried out.
    #[must_use]
    pub(crate) const fn post(href: String) -> Self {
        Self { href, method: LinkMethod::Post }
    }
}

/// The session as it is answered.
///
/// # Errors
/// Never; what the widget needs is plain JSON.
pub(crate) fn session<'a>(
    document: &'a SessionDocument,
    facts: &SessionFacts<'_>,
) -> Result<ClientSession<'a>, serde_json::Error> {
    let is_hosted = document.integration_mode == IntegrationMode::HostedPage;
    let is_open = facts.status == SessionStatus::Created;
    Ok(ClientSession {
        id: facts.id.to_string(),
        status: facts.status,
        amount: document.amount,
        currency: &document.currency,
        entity_id: &document.entity_id,
        capture_mode: document.capture_mode,
        integration_mode: document.integration_mode,
        allow_future_usage: document.allow_future_usage,
        order: &document.order,
        customer: document.customer.as_ref(),
        expires_at: formats::time(facts.expires_at),
        shopper_redirection_url: document.shopper_redirection_url.as_deref(),
        widget: match facts.page {
            Some(keys) if !document.is_implicit => Some(widget(document, facts, keys)?),
            Some(_) | None => None,
        },
        eligible_solutions: &document.eligible_solutions,
        payment_id: facts.payment_id.map(|id| id.to_string()),
        redirection: (is_hosted && is_open).then(|| Link::get(hosted_page(document, facts))),
        links: links(document, facts),
    })
}

/// The page of ours on which the payer chooses (7.5).
#[must_use]
pub(crate) fn hosted_page(document: &SessionDocument, facts: &SessionFacts<'_>) -> String {
    format!("{}/entities/{}/sessions/{}", facts.public_url, document.entity_id, facts.id)
}

/// What can be done next (1.9).
fn links(document: &SessionDocument, facts: &SessionFacts<'_>) -> BTreeMap<&'static str, Link> {
    let own = format!("/v2/client-sessions/{}", facts.id);
    let mut links = BTreeMap::new();
    if facts.may_abort {
        links.insert("abort", Link::post(format!("{own}/abort")));
    }
    if let (Some(payment_id), SessionStatus::Submitted) = (facts.payment_id, facts.status) {
        links.insert("payment", Link::get(format!("/v2/payments/{payment_id}")));
    }
    if document.integration_mode == IntegrationMode::HostedPage {
        links.insert("hosted_page", Link::get(hosted_page(document, facts)));
    }
    links.insert("self", Link::get(own));
    links
}

fn widget(
    document: &SessionDocument,
    facts: &SessionFacts<'_>,
    keys: PageKeys<'_>,
) -> Result<Widget, serde_json::Error> {
    let locale = document.customer.as_ref().and_then(|customer| customer.locale.as_deref());
    let known = document.eligible_solutions.iter().filter_map(|name| Solution::find(&name.partner, &name.method));
    let methods = known.map(|solution| WidgetMethod {
        partner: solution.partner,
        method: solution.method,
        family: solution.family,
        is_primary: solution.family.is_primary(),
        amount_min: solution.amount_min,
        uses_max: solution.uses_max,
    });
    let data = WidgetData {
        v: 1,
        api: format!("{}/payment", facts.public_url),
        session_id: facts.id.to_string(),
        entity_id: &document.entity_id,
        api_key: keys.api_key,
        environment: match facts.mode {
            Mode::Test => "sandbox",
            Mode::Live => "production",
        },
        session_token: keys.session_token,
        amount: document.amount,
        currency: &document.currency,
        expires_at: formats::time(facts.expires_at),
        locale,
        methods: methods.collect(),
    };
    Ok(Widget {
        // Padded: clients that cut the padding put it back.
        data: STANDARD.encode(serde_json::to_vec(&data)?),
        js_url: format!("{}/dropin/v3-stable/purse.js", facts.public_url),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::read;
    use crate::samples::{self, with};
    use crate::session as requests;

    const ID: &str = "9753ec77-fc16-4886-92af-c7dcf9b7352d";
    const PAYMENT: &str = "e3a6516b-0ec4-4a5b-92b0-7bb9693e82c1";

    fn facts(status: SessionStatus) -> SessionFacts<'static> {
        SessionFacts {
            id: CheckoutId::parse(ID).expect("an id"),
            status,
            expires_at: Timestamp::from_micros(1_724_575_379_123_000),
            payment_id: None,
            may_abort: matches!(status, SessionStatus::Created),
            mode: Mode::Test,
            public_url: "https://pay.example",
            page: Some(PageKeys { api_key: "key", session_token: "token" }),
        }
    }

    fn document(changes: &Value) -> SessionDocument {
        let body = with(samples::session(), changes);
        read(body.to_string().as_bytes(), requests::create).expect("read").into()
    }

    fn shown(document: &SessionDocument, facts: &SessionFacts<'_>) -> Value {
        serde_json::to_value(session(document, facts).expect("a view")).expect("JSON")
    }

    fn link(href: &str, method: &str) -> Value {
        json!({ "href": href, "method": method })
    }

    #[test]
    fn a_new_session_says_all_there_is() {
        let document = document(&json!({}));
        let shown = shown(&document, &facts(SessionStatus::Created));
        let expected = [
            "allow_future_usage",
            "amount",
            "capture_mode",
            "currency",
            "customer",
            "eligible_solutions",
            "entity_id",
            "expires_at",
            "id",
            "integration_mode",
            "links",
            "order",
            "shopper_redirection_url",
            "status",
            "widget",
        ];
        let mut names: Vec<&str> = shown.as_object().expect("an object").keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(expected.as_slice(), names);
        assert_eq!(json!("2024-08-25T08:42:59.123Z"), shown["expires_at"]);
        assert_eq!(json!("EMBEDDED"), shown["integration_mode"]);
        assert_eq!(json!({ "partner": "dalenys", "method": "creditcard" }), shown["eligible_solutions"][0]);
        assert_eq!(json!("https://pay.example/dropin/v3-stable/purse.js"), shown["widget"]["js_url"]);
        let own = format!("/v2/client-sessions/{ID}");
        let links = json!({ "self": link(&own, "GET"), "abort": link(&format!("{own}/abort"), "POST") });
        assert_eq!(links, shown["links"]);
    }

    #[test]
    fn the_widget_gets_what_it_needs_and_no_secret() {
        let document = document(&json!({ "/webhook/headers/0/values/0": "a-secret" }));
        let shown = shown(&document, &facts(SessionStatus::Created));
        let data = STANDARD.decode(shown["widget"]["data"].as_str().expect("text")).expect("padded base64");
        let data: Value = serde_json::from_slice(&data).expect("JSON");
        let mut expected = json!({
            "v": 1, "api": "https://pay.example/payment", "session_id": ID,
            "entity_id": "5e3a0862-7cc3-4427-92ba-9e1e9595f571", "api_key": "key", "environment": "sandbox",
            "session_token": "token", "amount": 12_000, "currency": "EUR",
            "expires_at": "2024-08-25T08:42:59.123Z", "locale": "fr-FR",
        });
        expected["methods"] = data["methods"].clone();
        assert_eq!(expected, data);
        assert_eq!(
            json!({
                "partner": "easy2play", "method": "giftcard", "family": "GIFT_CARD", "is_primary": false,
                "amount_min": 1, "uses_max": 2,
            }),
            data["methods"][2]
        );
        assert!(!shown.to_string().contains("a-secret") && shown.get("webhook").is_none());
    }

    #[test]
    fn a_submitted_session_leads_to_its_payment() {
        let payment_id = Some(PaymentId::parse(PAYMENT).expect("an id"));
        let document = document(&json!({}));
        let submitted = SessionFacts { payment_id, may_abort: true, ..facts(SessionStatus::Submitted) };
        let shown_then = shown(&document, &submitted);
        assert_eq!(json!(PAYMENT), shown_then["payment_id"]);
        assert_eq!(link(&format!("/v2/payments/{PAYMENT}"), "GET"), shown_then["links"]["payment"]);
        assert!(shown_then["links"].get("abort").is_some());

        let aborted = SessionFacts { payment_id, ..facts(SessionStatus::AbortedByMerchant) };
        let shown_then = shown(&document, &aborted);
        assert_eq!(
            (json!("ABORTED_BY_MERCHANT"), json!(PAYMENT)),
            (shown_then["status"].clone(), shown_then["payment_id"].clone())
        );
        assert_eq!(json!({ "self": link(&format!("/v2/client-sessions/{ID}"), "GET") }), shown_then["links"]);
    }

    #[test]
    fn a_page_of_ours_is_led_to_while_it_can_be_used() {
        let document = document(&json!({ "/integration_mode": "HOSTED_PAGE" }));
        let url = format!("https://pay.example/entities/5e3a0862-7cc3-4427-92ba-9e1e9595f571/sessions/{ID}");
        let created = shown(&document, &facts(SessionStatus::Created));
        assert_eq!(link(&url, "GET"), created["links"]["hosted_page"]);
        assert_eq!(link(&url, "GET"), created["redirection"]);
        let expired = shown(&document, &facts(SessionStatus::Expired));
        assert_eq!(link(&url, "GET"), expired["links"]["hosted_page"]);
        assert!(expired.get("redirection").is_none());
    }

    #[test]
    fn a_session_made_for_a_payment_has_no_widget() {
        let document = SessionDocument { is_implicit: true, ..document(&json!({})) };
        let submitted = shown(&document, &facts(SessionStatus::Submitted));
        assert!(submitted.get("widget").is_none());
    }
}
