//! The card payments API from outside: nobody gets what is not theirs, nothing hostile breaks it, and a request id holds
//! whatever happens to the process (card-payments-api 1; security D1, I1, K2, T1).

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::bad_input::{fields, hostile, with};
use crate::client::{self, Answer, request};
use crate::gateway::{Gateway, Place, wait};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const UNKNOWN: &str = "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01";

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    /// Of its body; null when it reads none.
    schema: Value,
}

fn operations(gateway: &Gateway<'_>) -> (Value, Vec<Operation>) {
    let document = gateway.send("GET", "/openapi/card_payments.json", &[], b"").json();
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = operation.pointer("/requestBody/content/application~1json/schema").cloned();
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                schema: schema.unwrap_or(Value::Null),
            });
        }
    }
    found.retain(|operation| operation.path != "/oauth2/token");
    assert!(found.len() > 20, "{}", found.len());
    (document, found)
}

/// A new token of a client.
fn token(gateway: &Gateway<'_>, client: &Value) -> String {
    let text = |name: &str| client[name].as_str().unwrap();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        text("client_id"),
        text("client_secret")
    );
    let answer = gateway.send("POST", "/oauth2/token", &[FORM], form.as_bytes());
    assert_eq!(200, answer.status, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn own(gateway: &Gateway<'_>) -> Value {
    gateway.sandbox["card_payments"].clone()
}

fn call(gateway: &Gateway<'_>, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    gateway.send(method, path, &[("authorization", bearer.as_str()), JSON], body.as_bytes())
}

fn link() -> Value {
    json!({ "amount": 10_000, "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" })
}

/// A payment, an order and a stored card's token.
struct Things {
    payment: String,
    order: String,
    stored: String,
}

impl Things {
    fn make(gateway: &Gateway<'_>, token: &str) -> Self {
        let make = |path: &str, body: Value, name: &str| {
            let answer = call(gateway, token, "POST", path, &body.to_string());
            assert_eq!(200, answer.status, "{path}: {}", answer.text());
            answer.json()[name].to_string().trim_matches('"').to_owned()
        };
        let store = json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" });
        Self {
            payment: make("/api/v2/payments/cards/direct", link(), "paymentId"),
            order: make("/api/v2/orders", json!({ "currencyCode": "SEK", "referenceId": "W-1" }), "orderId"),
            stored: make("/api/v2/payments/cards/stored", store, "token"),
        }
    }

    /// The path with what it names filled in. A token below events is nobody's.
    fn fill(&self, path: &str) -> String {
        let token = if path.starts_with("/api/v1/events") { UNKNOWN } else { &self.stored };
        path.replace("{paymentId}", &self.payment).replace("{orderId}", &self.order).replace("{token}", token)
    }

    /// A body that its operation takes.
    fn body(&self, path: &str) -> Value {
        match path {
            path if path.ends_with("/direct") => link(),
            path if path.ends_with("/stored") => {
                json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" })
            }
            path if path.ends_with("/stored/authorize") => {
                json!({ "token": self.stored, "amount": 100, "currencyCode": "SEK" })
            }
            path if path.contains("/orders") => json!({ "currencyCode": "SEK", "referenceId": "W-1" }),
            _ => json!({}),
        }
    }
}

fn is_envelope(answer: &Answer, path: &str) -> bool {
    let body = answer.json();
    body["status"] == answer.status && body["message"].is_string() && body["path"] == path.split('?').next().unwrap()
}

#[test]
fn without_a_good_token_nothing_exists() {
    let place = Place::new();
    let gateway = place.start();
    let own_token = token(&gateway, &own(&gateway));
    let things = Things::make(&gateway, &own_token);
    let merchant = {
        let kept = std::fs::read(place.data().join("keys/sandbox.json")).unwrap();
        serde_json::from_slice::<Value>(&kept).unwrap()["merchant_id"].as_str().unwrap().to_owned()
    };
    let made = place.administer(&[
        "client",
        "create",
        "--merchant",
        &merchant,
        "--dialect",
        "card_payments",
        "--mode",
        "test",
    ]);
    let revoked = token(&gateway, &made);
    assert_eq!(200, call(&gateway, &revoked, "GET", "/api/v1/events/callbacks", "").status, "it worked once");
    place.administer(&["client", "revoke", "--merchant", &merchant, made["client_id"].as_str().unwrap()]);
    let listed = place.administer(&["client", "list", "--merchant", &merchant]);
    assert_eq!(2, listed.as_array().unwrap().iter().filter(|one| one["dialect"] == "card_payments").count());
    assert!(listed[0].get("client_secret").is_none(), "shown once");
    let secret = own(&gateway)["client_secret"].as_str().unwrap().to_owned();
    let control = gateway.sandbox["control"]["token"].as_str().unwrap().to_owned();
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let bad = [
        ("nothing", vec![]),
        ("garbage", bearer("garbage")),
        ("a token of the right form", bearer(&format!("{}a", &own_token[..own_token.len() - 1]))),
        ("a revoked client's", bearer(&revoked)),
        ("another dialect's key", bearer(gateway.key())),
        ("the client's secret", bearer(&secret)),
        ("the control token", bearer(&control)),
        ("another scheme", vec![("authorization", format!("Basic {own_token}"))]),
        ("two tokens", [bearer(&own_token), bearer(&own_token)].concat()),
    ];
    let payments = place.count("payments");
    for Operation { method, path, .. } in operations(&gateway).1 {
        let filled = things.fill(&path);
        for (what, headers) in &bad {
            let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            headers.push(JSON);
            let target = format!("{filled}?access_token={own_token}");
            let answer = gateway.send(&method, &target, &headers, things.body(&path).to_string().as_bytes());
            assert_eq!(401, answer.status, "{method} {path}, {what}: {}", answer.text());
            assert!(is_envelope(&answer, &filled), "{method} {path}: {}", answer.text());
            assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{what}");
        }
    }
    assert_eq!(payments, place.count("payments"));
    let log = place.printed();
    assert!(!log.contains(&own_token) && !log.contains(&revoked), "no token in the log");
}

#[test]
fn what_is_not_ones_own_is_not_found() {
    let place = Place::new();
    let gateway = place.start();
    let own_token = token(&gateway, &own(&gateway));
    let things = Things::make(&gateway, &own_token);
    let other = token(&gateway, &gateway.control("POST", "/merchants", &Value::Null)["card_payments"]);
    let kept = std::fs::read(place.data().join("keys/sandbox.json")).unwrap();
    let merchant = serde_json::from_slice::<Value>(&kept).unwrap()["merchant_id"].as_str().unwrap().to_owned();
    let live = place.administer(&[
        "client",
        "create",
        "--merchant",
        &merchant,
        "--dialect",
        "card_payments",
        "--mode",
        "live",
    ]);
    let live = token(&gateway, &live);
    let events = place.count("events");
    let mut rows = 0;
    for Operation { method, path, .. } in operations(&gateway).1 {
        let names_a_token = path.ends_with("/stored/authorize");
        if !path.contains('{') && !names_a_token {
            continue;
        }
        rows += 1;
        let body = things.body(&path).to_string();
        let unknown = Things { payment: "900017".into(), order: "900017".into(), stored: UNKNOWN.into() };
        let strange = |token: &str, things: &Things| {
            let body = if names_a_token { things.body(&path).to_string() } else { body.clone() };
            let filled = things.fill(&path);
            let answer = call(&gateway, token, &method, &filled, &body);
            assert!(is_envelope(&answer, &filled), "{method} {path}: {}", answer.text());
            (answer.status, answer.json()["message"].clone())
        };
        let nobodys = strange(&own_token, &unknown);
        assert_eq!(404, nobodys.0, "{method} {path}");
        for stranger in [&other, &live] {
            assert_eq!(nobodys, strange(stranger, &things), "{method} {path}: as if it were not there");
        }
    }
    assert!(rows > 14, "{rows}");
    assert_eq!(events, place.count("events"), "nothing was changed");
}

#[test]
fn every_field_of_every_body_takes_hostile_values() {
    let place = Place::new();
    let gateway = place.start();
    let own_token = token(&gateway, &own(&gateway));
    let things = Things::make(&gateway, &own_token);
    let (document, operations) = operations(&gateway);
    let (mut tried, mut taken) = (0, 0);
    for Operation { method, path, schema } in &operations {
        let mut ways = vec![];
        fields(&document, schema, &[], &mut ways);
        ways.sort();
        ways.dedup();
        for way in &ways {
            for text in hostile() {
                let body = with(&things.body(path), way, &text);
                let filled = things.fill(path);
                let answer = call(&gateway, &own_token, method, &filled, &body);
                let shown: String = body.chars().take(300).collect();
                tried += 1;
                match answer.status {
                    200 => taken += 1,
                    400 | 404 | 413 => assert!(is_envelope(&answer, &filled), "{path} {shown}: {}", answer.text()),
                    other => panic!("{method} {path} {way:?} {shown}: {other} {}", answer.text()),
                }
            }
        }
    }
    assert!(tried > 2_000 && taken > 0 && taken < tried, "{taken} of {tried}");
    assert_eq!(200, gateway.send("GET", "/readyz", &[], b"").status);
    let payment = call(&gateway, &own_token, "GET", &format!("/api/v2/payments/{}", things.payment), "").json();
    assert_eq!("INITIATED", payment["payment"]["status"]);
    let (code, text) = place.audit();
    assert_eq!(0, code, "{text}");
}

/// Each id makes one payment, whatever the client heard before the process was killed.
#[test]
fn a_request_id_survives_a_kill() {
    let place = Place::new();
    let mut gateway = place.start();
    let own_token = token(&gateway, &own(&gateway));
    let id = |number: u32| format!("6b0a2c1e-7f3d-4e5a-9c8b-{number:012x}");
    let send = |address, number: u32| {
        let (bearer, id) = (format!("Bearer {own_token}"), id(number));
        let headers = [("authorization", bearer.as_str()), JSON, ("payer-request-id", id.as_str())];
        let body = link().to_string();
        client::exchange(address, &request("POST", "/api/v2/payments/cards/direct", &headers, body.as_bytes()))
    };
    let mut sent = 0;
    for _ in 0..3 {
        let (next, stop) = (AtomicU32::new(sent), AtomicBool::new(false));
        let address = gateway.address;
        let heard: Vec<(u32, Option<u16>)> = std::thread::scope(|scope| {
            let (next, stop, send) = (&next, &stop, &send);
            let clients: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(move || {
                        let mut heard = vec![];
                        while !stop.load(Ordering::SeqCst) {
                            let number = next.fetch_add(1, Ordering::SeqCst);
                            heard.push((number, send(address, number).ok().map(|answer| answer.status)));
                        }
                        heard
                    })
                })
                .collect();
            assert!(wait(|| next.load(Ordering::SeqCst) > sent + 40));
            gateway.kill();
            stop.store(true, Ordering::SeqCst);
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        sent = next.load(Ordering::SeqCst);
        gateway = place.start();
        for (number, status) in heard {
            assert!(matches!(status, Some(200) | None), "{number}: {status:?}");
            let repeated = send(gateway.address, number).expect("an answer").status;
            assert!(repeated == 409 || status.is_none() && repeated == 200, "{number}: {status:?}, then {repeated}");
        }
        assert_eq!(u64::from(sent), place.count("payments"));
    }
}
