//! What a shop that speaks the orchestration API does.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Answer, App, Merchant, ask, request};

/// Frictionless.
pub(crate) const FRICTIONLESS: &str = "4111111111111111";
/// The bank asks its payer.
pub(crate) const CHALLENGED: &str = "4916994064252017";
pub(crate) const REFUSED: &str = "4000000000000002";
pub(crate) const SESSIONS: &str = "/payment/v2/client-sessions";
pub(crate) const PAYMENTS: &str = "/payment/v2/payments";

/// `POST /oauth/token`, as the reference's real client asks for it: nothing in the body.
pub(crate) fn token_request(merchant: &Merchant) -> Request<Body> {
    let client = &merchant.orchestration;
    let path = "/oauth/token?grant_type=client_credentials";
    let mut request = request(Method::POST, path, "", "application/x-www-form-urlencoded", "");
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.client_id, client.client_secret)));
    request.headers_mut().insert(header::AUTHORIZATION, basic.parse().unwrap());
    request
}

/// A call with a token. A body of nothing is sent as nothing.
pub(crate) fn call(token: &str, method: Method, path: &str, body: &Value) -> Request<Body> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let content_type = if body.is_empty() { "" } else { "application/json" };
    request(method, path, token, content_type, body)
}

pub(crate) fn keyed(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    request
}

/// A problem document: its type, its detail and the pointers of what is wrong.
pub(crate) fn problem(answer: &Answer, status: u16) -> (String, Vec<String>) {
    assert_eq!(status, answer.status, "{}", answer.text());
    assert_eq!("application/problem+json", answer.header("content-type"));
    let body = answer.json();
    assert_eq!(u64::from(status), body["status"].as_u64().unwrap());
    for name in ["type", "title", "detail", "instance"] {
        assert!(body[name].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    assert!(body["instance"].as_str().unwrap().starts_with("/v2/"), "{body}");
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let pointers = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    (body["type"].as_str().unwrap().to_owned(), pointers)
}

/// `authorize_pending total_authorized total_captured total_voided total_refunded`, then what is available to capture,
/// void and refund.
pub(crate) fn amounts(payment: &Value) -> String {
    let amount = |name: &str| payment["amounts"][name].as_i64().unwrap_or_else(|| panic!("{name} in {payment}"));
    format!(
        "{} {} {} {} {} | {} {} {}",
        amount("authorize_pending"),
        amount("total_authorized"),
        amount("total_captured"),
        amount("total_voided"),
        amount("total_refunded"),
        amount("available_to_capture"),
        amount("available_to_void"),
        amount("available_to_refund"),
    )
}

/// The authorization's status, and that of each leg with its amount.
pub(crate) fn legs(payment: &Value) -> String {
    let authorization = &payment["authorization"];
    let legs = authorization["partner_transactions"].as_array().unwrap();
    let legs = legs.iter().map(|leg| format!("{} {}", leg["status"].as_str().unwrap(), leg["amount"]));
    format!("{}: {}", authorization["status"].as_str().unwrap(), legs.collect::<Vec<_>>().join(", "))
}

/// The last operation of a kind: its status, its amount, and its parts by method.
pub(crate) fn last(payment: &Value, kind: &str) -> String {
    let operation = payment[kind].as_array().unwrap().last().unwrap();
    let parts = operation["partner_transactions"].as_array().unwrap();
    let parts = parts.iter().map(|part| {
        format!("{} {} {}", part["method"].as_str().unwrap(), part["amount"], part["status"].as_str().unwrap())
    });
    let status = operation["status"].as_str().unwrap();
    format!("{status} {}: {}", operation["amount"], parts.collect::<Vec<_>>().join(", "))
}

pub(crate) fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

impl App {
    pub(crate) async fn orchestration_token(&self, merchant: &Merchant) -> String {
        let answer = ask(&self.router, token_request(merchant)).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A call of the shop's.
    pub(crate) async fn shop(&self, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.orchestration_token(&self.merchant).await;
        ask(&self.router, call(&token, method, path, body)).await
    }

    pub(crate) async fn shop_get(&self, path: &str) -> Value {
        let answer = self.shop(Method::GET, path, &Value::Null).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    }

    pub(crate) async fn shop_post(&self, path: &str, body: &Value) -> Value {
        let answer = self.shop(Method::POST, path, body).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    }

    pub(crate) async fn payment_now(&self, payment: &Value) -> Value {
        self.shop_get(&format!("{PAYMENTS}/{}", id(payment))).await
    }

    /// An order of its own of 42.99 EUR for every payment, and what a test changes of it.
    pub(crate) fn session_body(&self, reference: &str, changes: &Value) -> Value {
        let mut body = json!({
            "entity_id": self.merchant.orchestration.entity_id, "amount": 4_299, "currency": "EUR",
            "shopper_redirection_url": "https://shop.example/back?order_id=7#thanks",
            "order": { "reference": reference, "net_amount": 4_299, "tax_amount": 716 },
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    /// Hands a card in as secure fields do.
    pub(crate) async fn hand_in(&self, number: &str) -> String {
        let path = format!("/v1/tenants/{}/forms/secure-fields", self.merchant.orchestration.entity_id);
        let card = json!({ "pan": number, "card_holder_name": "A. Test", "expiry_month": 9, "expiry_year": 31 });
        let answer = ask(&self.router, call("", Method::POST, &path, &json!({ "cvv": "123", "card": card }))).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        assert_eq!("*", answer.header("access-control-allow-origin"));
        answer.json()["form_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn card_leg(&self, number: &str, amount: i64) -> Value {
        json!({
            "partner": "dalenys", "method": "creditcard", "amount": amount,
            "vault_form_token": self.hand_in(number).await,
        })
    }

    /// Makes a payment of these legs at once.
    pub(crate) async fn split(&self, reference: &str, legs: &[Value], changes: &Value) -> Answer {
        let sum: i64 = legs.iter().map(|leg| leg["amount"].as_i64().unwrap()).sum();
        let mut body = self.session_body(
            reference,
            &json!({
                "amount": sum, "split": legs, "browser": { "user_agent": "Mozilla/5.0" },
                "order": { "reference": reference, "net_amount": sum },
            }),
        );
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.shop(Method::POST, PAYMENTS, &body).await
    }

    /// A gift card of 20.00 and a card for the rest, authorized: 42.99 EUR.
    pub(crate) async fn authorized_split(&self, reference: &str) -> Value {
        let legs = [gift("illicado", "6000000000002000", 2_000), self.card_leg(FRICTIONLESS, 2_299).await];
        let answer = self.split(reference, &legs, &Value::Null).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        let payment = answer.json();
        assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", legs_of(&payment));
        payment
    }
}

fn legs_of(payment: &Value) -> String {
    legs(payment)
}

pub(crate) fn gift(partner: &str, number: &str, amount: i64) -> Value {
    json!({
        "partner": partner, "method": "giftcard", "amount": amount,
        "payment_data": { "card": { "number": number, "csc": "123" } },
    })
}
