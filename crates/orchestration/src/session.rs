//! What is asked when a client session is made or ended (orchestration-api 2.1, 2.3), and what every payment is asked
//! with, by whichever way.

use domain::{BrandId, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::customer::{self, Customer};
use crate::fields::{AMOUNT, Bool, Choice, CurrencyCode, DELAY, ENTITY_ID, Fields, Nested, URL};
use crate::order::{self, Order};
use crate::solutions::{self, Family};
use crate::three_ds::{self, ChallengeIndicator};
use crate::webhook::{self, Webhook};

/// When the money is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CaptureMode {
    /// When the merchant says so.
    #[default]
    Manual,
    /// With the authorization, or a while after it.
    Automatic,
}

/// Where the payer chooses how to pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum IntegrationMode {
    /// On the merchant's page, in the widget.
    #[default]
    Embedded,
    /// On a page of ours.
    HostedPage,
}

const CAPTURE_MODES: Choice<CaptureMode> =
    Choice(&[("MANUAL", CaptureMode::Manual), ("AUTOMATIC", CaptureMode::Automatic)]);
const INTEGRATION_MODES: Choice<IntegrationMode> =
    Choice(&[("EMBEDDED", IntegrationMode::Embedded), ("HOSTED_PAGE", IntegrationMode::HostedPage)]);

/// What every payment is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Which of the merchant's entities asks.
    pub entity_id: BrandId,
    /// How much; nothing only with [`Asked::allow_future_usage`].
    pub amount: Money,
    /// When it is taken.
    pub capture_mode: CaptureMode,
    /// Whether what is paid with may be charged again without its payer.
    pub allow_future_usage: bool,
    /// What is bought.
    pub order: Order,
    /// Who buys.
    pub customer: Option<Customer>,
    /// What the merchant wants of the payer's bank, as it was said.
    pub challenge_indicator: ChallengeIndicator,
    /// Who is told.
    pub webhook: Option<Webhook>,
}

/// A client session to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSession {
    /// What every payment is asked with; the indicator is the one that holds (10, 26).
    pub asked: Asked,
    /// How many seconds after the authorization it is taken by itself; 0 unless said, and without meaning when the
    /// merchant takes it.
    pub capture_delay_seconds: u64,
    /// Where the payer chooses how to pay.
    pub integration_mode: IntegrationMode,
    /// Where the payer goes in the end.
    pub shopper_redirection_url: String,
}

/// A question what could be paid with (2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Eligibility {
    /// Which of the merchant's entities asks.
    pub entity_id: BrandId,
    /// How much.
    pub amount: Money,
    /// Whether it is to be charged again without its payer.
    pub allow_future_usage: bool,
}

/// Who ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AbortedBy {
    /// The merchant.
    Merchant,
    /// The payer.
    Customer,
}

/// The body of `POST /v2/client-sessions`.
pub(crate) fn create(f: &mut Fields<'_>) -> Option<NewSession> {
    let asked = asked(f);
    let about = "How long after the authorization an automatic capture waits.";
    let capture_delay_seconds = f.optional("capture_delay", DELAY, about).unwrap_or(0);
    let about = "Where the payer chooses how to pay; `EMBEDDED` when left out.";
    let integration_mode = f.optional("integration_mode", INTEGRATION_MODES, about).unwrap_or_default();
    let shopper_redirection_url =
        f.required("shopper_redirection_url", URL, "Where the payer goes in the end, by GET.");
    let mut asked = asked?;
    match asked.challenge_indicator.with_future_usage(asked.allow_future_usage) {
        Some(holds) => asked.challenge_indicator = holds,
        None if offers_card(&asked) => refuse_indicator(f, "/three_ds_authentication_options/challenge_indicator"),
        None => {}
    }
    let shopper_redirection_url = shopper_redirection_url?;
    Some(NewSession { asked, capture_delay_seconds, integration_mode, shopper_redirection_url })
}

fn offers_card(asked: &Asked) -> bool {
    solutions::eligible(asked.amount, asked.allow_future_usage).iter().any(|one| one.family == Family::Card)
}

/// Whoever may charge a card again has let its bank ask (5.6, 10, 26).
pub(crate) fn refuse_indicator(f: &mut Fields<'_>, pointer: &str) {
    f.verdict().refuse(pointer, "With allow_future_usage, CHALLENGE_REQUESTED_BY_MERCHANT is needed here.");
}

/// What every payment is asked with.
pub(crate) fn asked(f: &mut Fields<'_>) -> Option<Asked> {
    let (entity_id, amount) = entity_and_amount(f);
    let capture_mode = f.optional("capture_mode", CAPTURE_MODES, "`MANUAL` when left out.").unwrap_or_default();
    let allow_future_usage = future_usage(f);
    let order = f.required("order", Nested(order::order), "What is bought.");
    let customer = f.optional("customer", Nested(customer::customer), "Who buys.");
    let options = Nested(three_ds::options);
    let challenge_indicator = f.optional("three_ds_authentication_options", options, "").unwrap_or_default();
    let webhook = f.optional("webhook", Nested(webhook::webhook), "Who is told of what happens; nobody without.");
    check_amount(f, amount, allow_future_usage);
    if let (Some(amount), Some(order)) = (amount, &order)
        && amount.minor() > order.net_amount
    {
        f.verdict().refuse("/amount", "The amount must not exceed the order net amount.");
    }
    Some(Asked {
        entity_id: entity_id?,
        amount: amount?,
        capture_mode,
        allow_future_usage,
        order: order?,
        customer,
        challenge_indicator,
        webhook,
    })
}

/// The body of `POST /v2/eligible-solutions`.
pub(crate) fn eligibility(f: &mut Fields<'_>) -> Option<Eligibility> {
    let (entity_id, amount) = entity_and_amount(f);
    let allow_future_usage = future_usage(f);
    f.required("order", Nested(order::order), "What is bought.");
    f.optional("customer", Nested(customer::customer), "Who buys.");
    check_amount(f, amount, allow_future_usage);
    Some(Eligibility { entity_id: entity_id?, amount: amount?, allow_future_usage })
}

fn entity_and_amount(f: &mut Fields<'_>) -> (Option<BrandId>, Option<Money>) {
    let entity_id = f.required("entity_id", ENTITY_ID, "Which of the merchant's entities asks.");
    let amount = f.required("amount", AMOUNT, "Minor units; 0 only with `allow_future_usage`.");
    let currency = f.required("currency", CurrencyCode, "ISO 4217.");
    (entity_id, amount.zip(currency).and_then(|(minor, currency)| Money::new(minor, currency)))
}

fn future_usage(f: &mut Fields<'_>) -> bool {
    f.or("allow_future_usage", Bool, false, "Whether what is paid with may be charged again without its payer.")
}

fn check_amount(f: &mut Fields<'_>, amount: Option<Money>, allow_future_usage: bool) {
    if amount.is_some_and(Money::is_zero) && !allow_future_usage {
        f.verdict().refuse("/amount", "Without allow_future_usage, the amount must be more than 0.");
    }
}

/// The body of `POST /v2/client-sessions/{id}/abort`.
#[allow(clippy::unnecessary_wraps, reason = "a shape")]
pub(crate) fn abort(f: &mut Fields<'_>) -> Option<AbortedBy> {
    const STATUSES: Choice<AbortedBy> = Choice(&[
        ("ABORTED_BY_MERCHANT", AbortedBy::Merchant),
        ("ABORTED_BY_CUSTOMER", AbortedBy::Customer),
        ("AbortedByCustomer", AbortedBy::Customer),
    ]);
    let about = "How the session is to end; `ABORTED_BY_MERCHANT` when left out.";
    Some(f.optional("status", STATUSES, about).unwrap_or(AbortedBy::Merchant))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::read;
    use crate::samples::{pointers, session, with};

    fn check(changes: &Value, expected: &[&str]) {
        assert_eq!(expected, pointers(&with(session(), changes), create), "{changes}");
    }

    #[test]
    fn the_published_request_is_read() {
        let read = read(session().to_string().as_bytes(), create).expect("read");
        assert_eq!("120.00 EUR", read.asked.amount.to_string());
        assert_eq!("https://example.org/redirect?order_id=123456789", read.shopper_redirection_url);
        assert_eq!(ChallengeIndicator::NoChallengeRequested, read.asked.challenge_indicator);
        assert_eq!(CaptureMode::Manual, read.asked.capture_mode);
        assert_eq!(IntegrationMode::Embedded, read.integration_mode);
        let webhook = read.asked.webhook.expect("a webhook");
        assert_eq!("https://www.example.org/payment-hook", webhook.url);
        assert_eq!("x-order-id", webhook.headers[0].name);
    }

    #[test]
    fn what_must_be_there() {
        let expected = ["/entity_id", "/amount", "/currency", "/order", "/shopper_redirection_url"];
        assert_eq!(expected.as_slice(), pointers(&json!({}), create));
        check(
            &json!({ "/order/reference": null, "/order/net_amount": null }),
            &["/order/reference", "/order/net_amount"],
        );
        check(&json!({ "/customer/reference": " " }), &["/customer/reference"]);
        check(&json!({ "/webhook/url": null }), &["/webhook/url"]);
        check(&json!({ "/customer": null, "/webhook": null, "/capture_mode": null, "/unknown": { "a": [1] } }), &[]);
    }

    #[test]
    fn closed_lists_are_closed_and_words_are_words() {
        check(&json!({ "/currency": "MYR" }), &["/currency"]);
        check(&json!({ "/capture_mode": "manual" }), &["/capture_mode"]);
        check(&json!({ "/integration_mode": "POPUP" }), &["/integration_mode"]);
        check(
            &json!({ "/three_ds_authentication_options/challenge_indicator": "MAYBE" }),
            &["/three_ds_authentication_options/challenge_indicator"],
        );
        check(&json!({ "/customer/gender": "OTHER_ONE", "/customer/type": "COMPANY" }), &[]);
        check(&json!({ "/customer/gender": "other" }), &["/customer/gender"]);
        check(&json!({ "/customer/account/age_indicator": "whatever" }), &[]);
    }

    #[test]
    fn every_problem_is_told_where_it_is() {
        check(
            &json!({
                "/order/shipments/0/item_lines/1/quantity": "two",
                "/order/shipments/0/estimated_delivery_date_time": "tomorrow",
                "/order/additional_data/custom_field1": [],
                "/order/billing_address/address_lines/1": 67,
                "/customer/birth_date": "25/08/1995",
                "/customer/ip_address": "localhost",
                "/customer/account/purchase_count_last_day": -1,
            }),
            &[
                "/order/additional_data/custom_field1",
                "/order/billing_address/address_lines/1",
                "/order/shipments/0/estimated_delivery_date_time",
                "/order/shipments/0/item_lines/1/quantity",
                "/customer/birth_date",
                "/customer/ip_address",
                "/customer/account/purchase_count_last_day",
            ],
        );
    }

    #[test]
    fn amounts_have_bounds() {
        check(&json!({ "/amount": 0 }), &["/amount"]);
        check(&json!({ "/amount": 12_001 }), &["/amount"]);
        check(&json!({ "/amount": 11_500, "/order/discount_amount": 500 }), &[]);
        check(&json!({ "/amount": 1_000_000_000_000_i64 }), &["/amount"]);
        check(&json!({ "/amount": 999_999_999_999_i64, "/order/net_amount": 999_999_999_999_i64 }), &[]);
        check(&json!({ "/amount": 12.5 }), &["/amount"]);
    }

    #[test]
    fn lists_and_texts_have_bounds() {
        check(&json!({ "/order/reference": "é".repeat(255) }), &[]);
        check(&json!({ "/order/reference": "é".repeat(256) }), &["/order/reference"]);
        check(&json!({ "/order/shipments": vec![json!({}); 100] }), &[]);
        check(&json!({ "/order/shipments": vec![json!({}); 101] }), &["/order/shipments"]);
        check(&json!({ "/order/shipments/0/item_lines": vec![json!({}); 501] }), &["/order/shipments/0/item_lines"]);
        let url = format!("https://a.example/{}", "x".repeat(2_048));
        check(&json!({ "/shopper_redirection_url": url }), &["/shopper_redirection_url"]);
    }

    #[test]
    fn delays_are_durations() {
        let delay =
            |text: &str| read(with(session(), &json!({ "/capture_delay": text })).to_string().as_bytes(), create);
        assert_eq!(Ok(86_400), delay("PT24H").map(|session| session.capture_delay_seconds));
        check(&json!({ "/capture_delay": "24h" }), &["/capture_delay"]);
        check(&json!({ "/capture_delay": "-PT1H" }), &["/capture_delay"]);
    }

    #[test]
    fn later_use_lets_the_bank_ask() {
        const INDICATOR: &str = "/three_ds_authentication_options/challenge_indicator";
        let holds = |indicator: Value| {
            let body = with(session(), &json!({ "/allow_future_usage": true, INDICATOR: indicator }));
            read(body.to_string().as_bytes(), create).map(|session| session.asked.challenge_indicator)
        };
        assert_eq!(Ok(ChallengeIndicator::ChallengeRequestedByMerchant), holds(Value::Null));
        assert_eq!(Ok(ChallengeIndicator::ChallengeRequestedByMandate), holds(json!("CHALLENGE_REQUESTED_BY_MANDATE")));
        check(&json!({ "/allow_future_usage": true }), &[INDICATOR]);
        check(&json!({ "/allow_future_usage": true, "/amount": 0, INDICATOR: null }), &[]);
    }

    #[test]
    fn a_session_is_ended_by_somebody() {
        let by = |body: &str| read(body.as_bytes(), abort);
        for body in ["", "{}", r#"{"status":"ABORTED_BY_MERCHANT"}"#] {
            assert_eq!(Ok(AbortedBy::Merchant), by(body), "{body}");
        }
        for status in ["ABORTED_BY_CUSTOMER", "AbortedByCustomer"] {
            assert_eq!(Ok(AbortedBy::Customer), by(&json!({ "session_id": "x", "status": status }).to_string()));
        }
        assert_eq!(["/status"].as_slice(), pointers(&json!({ "status": "EXPIRED" }), abort));
    }

    #[test]
    fn what_could_be_paid_with_is_asked_with_less() {
        let body = with(session(), &json!({ "/shopper_redirection_url": null }));
        let asked = read(body.to_string().as_bytes(), eligibility).expect("read");
        assert_eq!((12_000, false), (asked.amount.minor(), asked.allow_future_usage));
        assert_eq!(["/order"].as_slice(), pointers(&with(body, &json!({ "/order": null })), eligibility));
    }
}
