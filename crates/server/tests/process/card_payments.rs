//! The card payments API from outside (card-payments-api 1; security D1, I1, K2, T1).

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::{self, Answer, request};
use crate::dialects::{self, Dialect, JSON, call, made};
use crate::gateway::{Gateway, Place};

const UNKNOWN: &str = "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01";

/// A payment, an order and a stored card's token.
struct Things {
    payment: String,
    order: String,
    stored: String,
}

fn link() -> Value {
    json!({ "amount": 10_000, "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" })
}

fn store() -> Value {
    json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" })
}

impl Dialect for Things {
    const NAME: &'static str = "card_payments";
    const TOKENS: &'static str = "/oauth2/token";
    const READ: &'static str = "/api/v2/payments/{paymentId}";
    const WORDS: &'static str = "message";

    fn acts_for(_: &Value) -> Vec<&str> {
        vec![]
    }

    fn make(gateway: &Gateway<'_>, token: &str) -> Self {
        let make = |path: &str, body: Value, name: &str| {
            made(gateway, token, path, &body)[name].to_string().trim_matches('"').to_owned()
        };
        Self {
            payment: make("/api/v2/payments/cards/direct", link(), "paymentId"),
            order: make("/api/v2/orders", json!({ "currencyCode": "SEK", "referenceId": "W-1" }), "orderId"),
            stored: make("/api/v2/payments/cards/stored", store(), "token"),
        }
    }

    fn unknown(&self) -> Self {
        Self { payment: "900017".into(), order: "900017".into(), stored: UNKNOWN.into() }
    }

    /// A token below events is nobody's.
    fn fill(&self, path: &str) -> String {
        let token = if path.starts_with("/api/v1/events") { UNKNOWN } else { &self.stored };
        path.replace("{paymentId}", &self.payment).replace("{orderId}", &self.order).replace("{token}", token)
    }

    fn body(&self, path: &str) -> Value {
        match path {
            path if path.ends_with("/direct") => link(),
            path if path.ends_with("/stored") => store(),
            path if path.ends_with("/stored/authorize") => {
                json!({ "token": self.stored, "amount": 100, "currencyCode": "SEK" })
            }
            path if path.contains("/orders") => json!({ "currencyCode": "SEK", "referenceId": "W-1" }),
            _ => json!({}),
        }
    }

    fn names_a_thing(path: &str) -> bool {
        path.contains('{') || path.ends_with("/stored/authorize")
    }

    fn refuses(answer: &Answer, path: &str) -> bool {
        let body = answer.json();
        body["status"] == answer.status
            && body["message"].is_string()
            && body["path"] == path.split('?').next().unwrap()
    }

    fn check(&self, gateway: &Gateway<'_>, token: &str, _: &str, _: usize) {
        let payment = call(gateway, token, "GET", &self.fill(Self::READ), "").json();
        assert_eq!("INITIATED", payment["payment"]["status"]);
    }
}

#[test]
fn without_a_good_token_nothing_exists() {
    let place = Place::new();
    dialects::nothing_exists_without_a_good_token::<Things>(&place, &place.start());
}

#[test]
fn what_is_not_ones_own_is_not_found() {
    let place = Place::new();
    let gateway = place.start();
    let token = |client: &Value| dialects::token::<Things>(&gateway, client);
    let own_token = token(&dialects::own::<Things>(&gateway));
    let other = token(&gateway.control("POST", "/merchants", &Value::Null)["card_payments"]);
    let live = token(&dialects::client::<Things>(&place, "live", &[]));
    let things = Things::make(&gateway, &own_token);
    let rows = dialects::strangers_find_nothing(&place, &gateway, &things, (&own_token, &[other, live]));
    assert!(rows > 14, "{rows}");
}

#[test]
fn every_field_of_every_body_takes_hostile_values() {
    let place = Place::new();
    dialects::hostile_values_break_nothing::<Things>(&place, &place.start());
}

/// Each id makes one payment, whatever the client heard before the process was killed.
#[test]
fn a_request_id_survives_a_kill() {
    let place = Place::new();
    let mut gateway = place.start();
    let own_token = dialects::token::<Things>(&gateway, &dialects::own::<Things>(&gateway));
    let send = |address, number: u32| {
        let (bearer, id) = (format!("Bearer {own_token}"), format!("6b0a2c1e-7f3d-4e5a-9c8b-{number:012x}"));
        let headers = [("authorization", bearer.as_str()), JSON, ("payer-request-id", id.as_str())];
        let body = link().to_string();
        client::exchange(address, &request("POST", "/api/v2/payments/cards/direct", &headers, body.as_bytes()))
            .ok()
            .map(|answer| answer.status)
    };
    let next = AtomicU32::new(0);
    for _ in 0..3 {
        let heard = dialects::until_killed(gateway, &next, |address, number, heard| {
            *heard = Some(send(address, number)?);
            Some(())
        });
        gateway = place.start();
        for (number, status) in heard {
            assert!(matches!(status, Some(200) | None), "{number}: {status:?}");
            let repeated = send(gateway.address, number).expect("an answer");
            assert!(repeated == 409 || status.is_none() && repeated == 200, "{number}: {status:?}, then {repeated}");
        }
        assert_eq!(u64::from(next.load(Ordering::SeqCst)), place.count("payments"));
    }
}
