//! The orchestration API from outside (orchestration-api 1; security D1, I1, K1, K2, T1).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::{self, Answer, request};
use crate::dialects::{self, Dialect, JSON, call, made};
use crate::gateway::{Gateway, Place};
use crate::oracle;

const UNKNOWN: &str = "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01";
const SESSIONS: &str = "/payment/v2/client-sessions";
const PAYMENTS: &str = "/payment/v2/payments";
/// As large as an order can be, so that it is never paid.
const ENDLESS: i64 = 999_999_999_999;

/// A session, and a payment of which 400000 of 900000 are captured.
struct Things {
    entity: String,
    session: String,
    payment: Value,
}

fn asked(entity: &str, amount: i64) -> Value {
    json!({
        "entity_id": entity, "amount": amount, "currency": "EUR",
        "order": { "reference": "SO-1", "net_amount": ENDLESS },
        "shopper_redirection_url": "https://shop.example/back",
    })
}

fn paid_by_gift_card(entity: &str, amount: i64) -> Value {
    let mut body = asked(entity, amount);
    body["split"] = json!([{ "partner": "illicado", "method": "giftcard", "amount": amount }]);
    body
}

fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

impl Dialect for Things {
    const NAME: &'static str = "orchestration";
    const TOKENS: &'static str = "/oauth/token";
    const READ: &'static str = "/payment/v2/payments/{id}";
    const WORDS: &'static str = "detail";

    fn acts_for(own: &Value) -> Vec<&str> {
        vec!["--entity", own["entity_id"].as_str().unwrap()]
    }

    fn make(gateway: &Gateway<'_>, token: &str) -> Self {
        let entity = dialects::own::<Self>(gateway)["entity_id"].as_str().unwrap().to_owned();
        let session = id(&made(gateway, token, SESSIONS, &asked(&entity, 100)));
        let payment = made(gateway, token, PAYMENTS, &paid_by_gift_card(&entity, 900_000));
        assert_eq!("AUTHORIZED", payment["authorization"]["status"], "{payment}");
        let captures = format!("{PAYMENTS}/{}/captures", id(&payment));
        Self { entity, session, payment: made(gateway, token, &captures, &json!({ "amount": 400_000 })) }
    }

    fn unknown(&self) -> Self {
        Self { entity: self.entity.clone(), session: UNKNOWN.into(), payment: json!({ "id": UNKNOWN }) }
    }

    fn fill(&self, path: &str) -> String {
        let named = if path.starts_with(SESSIONS) { self.session.clone() } else { id(&self.payment) };
        path.replace("{id}", &named)
    }

    fn body(&self, path: &str) -> Value {
        match path {
            SESSIONS | "/payment/v2/eligible-solutions" => asked(&self.entity, 100),
            PAYMENTS => paid_by_gift_card(&self.entity, 100),
            path if path.ends_with("/abort") => json!({}),
            _ => json!({ "amount": 1 }),
        }
    }

    fn refuses(answer: &Answer, path: &str) -> bool {
        let body = answer.json();
        let path = path.split('?').next().unwrap();
        answer.header("content-type") == Some("application/problem+json")
            && body["status"] == answer.status
            && body["type"].as_str().is_some_and(|text| text.starts_with("urn:eu.purse:"))
            && body["title"].is_string()
            && body["detail"].is_string()
            && body["instance"] == path.strip_prefix("/payment").unwrap_or(path)
    }

    fn check(&self, gateway: &Gateway<'_>, token: &str, path: &str, taken: usize) {
        let now = call(gateway, token, "GET", &self.fill(Self::READ), "").json();
        for kind in ["captures", "refunds", "voids"] {
            let more = if path.ends_with(kind) { taken } else { 0 };
            let before = self.payment[kind].as_array().unwrap().len();
            assert_eq!(before + more, now[kind].as_array().unwrap().len(), "{path} {kind}");
        }
        let session = call(gateway, token, "GET", &format!("{SESSIONS}/{}", self.session), "").json();
        let expected = if path.ends_with("/abort") && taken > 0 { "ABORTED" } else { "CREATED" };
        assert!(session["status"].as_str().unwrap().starts_with(expected), "{path}: {session}");
    }
}

fn token(gateway: &Gateway<'_>, client: &Value) -> String {
    dialects::token::<Things>(gateway, client)
}

fn own_token(gateway: &Gateway<'_>) -> String {
    token(gateway, &dialects::own::<Things>(gateway))
}

/// Tokens of another merchant, of another entity of the same one, and of the same entity in the other mode; and an entity
/// of each of the first two.
fn strangers(place: &Place, gateway: &Gateway<'_>) -> (Vec<String>, [Value; 2]) {
    let other = gateway.control("POST", "/merchants", &Value::Null)["orchestration"].clone();
    let merchant = place.merchant();
    let sibling =
        place.administer(&["entity", "create", "--merchant", &merchant, "--name", "Tea Rome", "--currency", "EUR"]);
    let sibling = sibling["entity"].as_str().unwrap();
    let beside = dialects::client::<Things>(place, "test", &["--entity", sibling]);
    let live = dialects::client::<Things>(place, "live", &Things::acts_for(&dialects::own::<Things>(gateway)));
    let tokens = [&other, &beside, &live].map(|client| token(gateway, client)).to_vec();
    (tokens, [other["entity_id"].clone(), json!(sibling)])
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
    let own_token = own_token(&gateway);
    let things = Things::make(&gateway, &own_token);
    let (strangers, entities) = strangers(&place, &gateway);
    let rows = dialects::strangers_find_nothing(&place, &gateway, &things, (&own_token, &strangers));
    assert_eq!(6, rows);

    // Nobody begins anything for an entity that is not theirs.
    let payments = place.count("payments");
    for path in [SESSIONS, PAYMENTS, "/payment/v2/eligible-solutions"] {
        let asked = |token: &str, entity: &Value| {
            let mut body = things.body(path);
            body["entity_id"] = entity.clone();
            let answer = call(&gateway, token, "POST", path, &body.to_string());
            assert!(Things::refuses(&answer, path), "{path}: {}", answer.text());
            (answer.status, answer.json()["detail"].clone())
        };
        let nobodys = asked(&own_token, &json!(UNKNOWN));
        assert_eq!(403, nobodys.0, "{path}");
        for entity in &entities {
            assert_eq!(nobodys, asked(&own_token, entity), "{path}");
        }
        for stranger in &strangers[..2] {
            assert_eq!(nobodys, asked(stranger, &json!(things.entity)), "{path}");
        }
    }
    assert_eq!(payments, place.count("payments"));
}

/// What was paid with is charged again by nobody who does not reach the entity that it was given to.
#[test]
fn anothers_card_is_not_charged() {
    let place = Place::new();
    let gateway = place.start();
    let own_token = own_token(&gateway);
    let entity = dialects::own::<Things>(&gateway)["entity_id"].as_str().unwrap().to_owned();
    let card =
        json!({ "pan": "4111111111111111", "card_holder_name": "A. Test", "expiry_month": 9, "expiry_year": 40 });
    let path = format!("/v1/tenants/{entity}/forms/secure-fields");
    let form = made(&gateway, "", &path, &json!({ "cvv": "123", "card": card }))["form_token"].clone();
    let mut body = asked(&entity, 100);
    body["browser"] = json!({});
    body["split"] = json!([{
        "partner": "dalenys", "method": "creditcard", "amount": 100, "vault_form_token": form, "save_token": true,
    }]);
    let payment = made(&gateway, &own_token, PAYMENTS, &body);
    assert_eq!("AUTHORIZED", payment["authorization"]["status"], "{payment}");
    let leg = &payment["authorization"]["partner_transactions"][0];
    let (strangers, entities) = strangers(&place, &gateway);
    for (name, value) in [
        ("parent_payment_id", &payment["id"]),
        ("parent_partner_transaction_id", &leg["id"]),
        ("parent_partner_token", &leg["partner_token"]),
        ("parent_partner_reference", &leg["partner_reference"]),
        ("wallet_token", &leg["partner_token"]),
    ] {
        let mut charged = |token: &str, entity: &Value, value: &Value| {
            body["entity_id"] = entity.clone();
            body["split"] = json!([{ "partner": "dalenys", "method": "creditcard", "amount": 100, name: value }]);
            let answer = call(&gateway, token, "POST", PAYMENTS, &body.to_string());
            (answer.status, answer.text())
        };
        for (stranger, entity) in strangers.iter().zip(&entities) {
            let nobodys = charged(stranger, entity, &json!(UNKNOWN));
            assert_eq!(400, nobodys.0, "{name}: {}", nobodys.1);
            assert!(nobodys.1.contains(&format!("/split/0/{name}")), "{}", nobodys.1);
            assert_eq!(nobodys, charged(stranger, entity, value), "{name}: as if it were not there");
        }
    }
    let lines = gateway.control("GET", "/acquirer/transactions", &Value::Null);
    assert_eq!(1, lines.as_array().unwrap().len(), "{lines}");
}

#[test]
fn every_field_of_every_body_takes_hostile_values() {
    let place = Place::new();
    dialects::hostile_values_break_nothing::<Things>(&place, &place.start());
}

/// What a client heard of one number: the payment's id and the capture's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Heard {
    payment: Option<String>,
    capture: Option<String>,
}

/// A keyed call.
fn keyed(address: SocketAddr, token: &str, path: &str, key: &str, body: &Value) -> Option<Answer> {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), JSON, ("x-idempotency-key", key)];
    client::exchange(address, &request("POST", path, &headers, body.to_string().as_bytes())).ok()
}

/// Each key makes one payment and one capture, whatever the client heard before the process was killed; the acquirer's
/// own book says so too.
#[test]
fn a_key_survives_a_kill() {
    let place = Place::new();
    let mut gateway = place.start();
    let own_token = own_token(&gateway);
    let entity = dialects::own::<Things>(&gateway)["entity_id"].as_str().unwrap().to_owned();
    let pay = |address, number: u32| {
        let mut body = paid_by_gift_card(&entity, 100);
        body["order"]["reference"] = json!(format!("SO-{number}"));
        keyed(address, &own_token, PAYMENTS, &format!("pay-{number}"), &body)
    };
    let capture = |address, number: u32, payment: &str| {
        let path = format!("{PAYMENTS}/{payment}/captures");
        keyed(address, &own_token, &path, &format!("capture-{number}"), &json!({ "amount": 100 }))
    };
    let captured = |payment: &Value| payment["captures"][0]["id"].as_str().unwrap().to_owned();
    let send = |address, number: u32, heard: &mut Heard| {
        let paid = pay(address, number)?;
        assert_eq!(200, paid.status, "{}", paid.text());
        let payment = heard.payment.insert(id(&paid.json())).clone();
        let taken = capture(address, number, &payment)?;
        assert_eq!(200, taken.status, "{}", taken.text());
        heard.capture = Some(captured(&taken.json()));
        Some(())
    };
    // The id of what a key made; whoever never heard of it may make it now.
    let made_by = |answer: &Answer, heard: Option<&String>, of: &dyn Fn(&Value) -> String| {
        let made = match answer.status {
            409 => answer.json()["resource_id"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned(),
            200 => of(&answer.json()),
            other => panic!("{other} {}", answer.text()),
        };
        assert!(answer.status == 409 || heard.is_none(), "{heard:?} was made twice: {}", answer.text());
        assert!(heard.is_none_or(|heard| *heard == made), "{heard:?}, then {made}");
        made
    };
    let next = AtomicU32::new(0);
    let mut payments: BTreeMap<u32, String> = BTreeMap::new();
    for _ in 0..3 {
        let heard = dialects::until_killed(gateway, &next, send);
        gateway = place.start();
        for (number, heard) in heard {
            let repeated = pay(gateway.address, number).expect("an answer");
            let payment = made_by(&repeated, heard.payment.as_ref(), &id);
            payments.insert(number, payment.clone());
            let taken = capture(gateway.address, number, &payment).expect("an answer");
            // What came of a leg that was cut off is asked later; a refusal leaves the key free.
            if taken.status == 400 {
                assert_eq!(None, heard.capture, "{}", taken.text());
                continue;
            }
            made_by(&taken, heard.capture.as_ref(), &captured);
        }
        assert_eq!(u64::from(next.load(Ordering::SeqCst)), place.count("payments"));
    }
    gateway.advance(2 * 86_400);
    let late_token = self::own_token(&gateway);
    let mut taken = 0;
    for (number, payment) in &payments {
        let path = format!("{PAYMENTS}/{payment}");
        let now = call(&gateway, &late_token, "GET", &path, "").json();
        let is_authorized = now["authorization"]["status"] == "AUTHORIZED";
        let captures = format!("{path}/captures");
        let again =
            keyed(gateway.address, &late_token, &captures, &format!("capture-{number}"), &json!({ "amount": 100 }));
        let status = again.expect("an answer").status;
        assert!(if is_authorized { matches!(status, 200 | 409) } else { status == 400 }, "{status}: {now}");
        let now = call(&gateway, &late_token, "GET", &path, "").json();
        let captures = now["captures"].as_array().unwrap_or_else(|| panic!("{now}"));
        assert_eq!(usize::from(is_authorized), captures.len(), "{now}");
        taken += captures.iter().filter(|capture| capture["status"] == "SUCCESS").count();
    }
    assert_eq!(taken, oracle::taken(&gateway), "the acquirer's book and the payments disagree");
    assert!(taken > 60, "{taken}");
    assert_eq!(0, place.count("tries"), "nothing is in doubt");
    let (code, text) = place.audit();
    assert_eq!(0, code, "{text}");
}
