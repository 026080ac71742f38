//! What a shop that speaks the card payments API does: a token before every call, then the call.

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::app::{Answer, App, Merchant, ask, request};

/// A request id nobody else has used.
pub(crate) fn request_id(number: u32) -> String {
    format!("6b0a2c1e-7f3d-4e5a-9c8b-{number:012x}")
}

/// `POST /oauth2/token` with these credentials by Basic.
pub(crate) fn token_request(client_id: &str, client_secret: &str, form: &str) -> Request<Body> {
    let mut request = request(Method::POST, "/oauth2/token", "", "application/x-www-form-urlencoded", form.to_owned());
    let basic = format!("Basic {}", STANDARD.encode(format!("{client_id}:{client_secret}")));
    request.headers_mut().insert(header::AUTHORIZATION, basic.parse().unwrap());
    request
}

/// What an error says, after a look at its envelope (1.5).
pub(crate) fn message(answer: &Answer, status: u16) -> String {
    assert_eq!(status, answer.status, "{}", answer.text());
    let body = answer.json();
    assert_eq!("application/json", answer.header("content-type"));
    assert_eq!(status, u16::try_from(body["status"].as_u64().unwrap()).unwrap());
    assert_eq!(5, body.as_object().unwrap().len(), "{body}");
    for name in ["timestamp", "error", "path"] {
        assert!(body[name].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    body["message"].as_str().unwrap().to_owned()
}

impl App {
    /// A new token for everything.
    pub(crate) async fn card_token(&self, merchant: &Merchant) -> String {
        self.card_token_for(merchant, "").await
    }

    pub(crate) async fn card_token_for(&self, merchant: &Merchant, scope: &str) -> String {
        let form = format!("grant_type=client_credentials&scope={scope}");
        let answer = ask(&self.router, token_request(&merchant.client_id, &merchant.client_secret, &form)).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A call of the shop's, with a new token as shops do it. A body of nothing is sent as nothing.
    pub(crate) async fn card(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.card_as(&self.merchant, method, path, body).await
    }

    pub(crate) async fn card_as(&self, merchant: &Merchant, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.card_token(merchant).await;
        ask(&self.router, card_request(&token, method, path, body)).await
    }

    /// The same with a `Payer-Request-ID`.
    pub(crate) async fn card_once(&self, id: &str, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.card_token(&self.merchant).await;
        let mut request = card_request(&token, method, path, body);
        request.headers_mut().insert("payer-request-id", id.parse().unwrap());
        ask(&self.router, request).await
    }
}

/// Shops send the content type with every call, body or not (1.3).
pub(crate) fn card_request(token: &str, method: Method, path: &str, body: &Value) -> Request<Body> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(method, path, token, "application/json", body)
}
