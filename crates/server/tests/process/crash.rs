//! `kill -9` under load: what a client was told is true afterwards, and the books agree (security X4, L1, L5-L8).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::client::{Answer, exchange, form, request};
use crate::gateway::{GOOD_CARD, Gateway, Place, card_fields, token, wait};
use crate::oracle;

const ROUNDS: u64 = 10;
const CLIENTS: usize = 4;

/// What one client was told before the end.
#[derive(Default)]
struct Told {
    /// Purchases it read a 201 for.
    created: BTreeSet<String>,
    /// Of these, those it read as paid.
    paid: BTreeSet<String>,
}

/// Creates and pays until told to stop; after the end nobody answers.
fn shop(address: SocketAddr, key: &str, order: &str, answers: &AtomicU64, stop: &AtomicBool) -> Told {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let ask = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]| -> Option<Answer> {
        let answer = exchange(address, &request(method, target, headers, body)).ok()?;
        answers.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    };
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) {
        let Some(made) = ask("POST", "/api/v1/purchases/", &headers, order.as_bytes()) else { continue };
        assert_eq!(201, made.status, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        told.created.insert(id.clone());
        let Some(page) = ask("GET", &format!("/p/{id}/"), &[], b"") else { continue };
        let token = token(&page).expect("a form");
        let fields = [&[("attempt", token.as_str())], &card_fields(GOOD_CARD)[..]].concat();
        let form_headers = [("content-type", "application/x-www-form-urlencoded")];
        let Some(posted) = ask("POST", &format!("/p/{id}/"), &form_headers, &form(&fields)) else { continue };
        assert_eq!(303, posted.status, "{}", posted.text());
        let Some(shown) = ask("GET", &format!("/api/v1/purchases/{id}/"), &headers, b"") else { continue };
        if shown.json()["status"] == "paid" {
            told.paid.insert(id);
        }
    }
    told
}

#[test]
fn what_was_told_is_true_after_kill_9() {
    let place = Place::new();
    let (mut created, mut paid) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..ROUNDS {
        let gateway = place.start();
        let (key, order) = (gateway.key().to_owned(), gateway.order().to_string());
        let (address, stop, answers) = (gateway.address, AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| shop(address, &key, &order, &answers, &stop))).collect();
            // After so many answers, not after a time: there was a load, and everybody is in the midst of something.
            let worked = wait(|| answers.load(Ordering::Relaxed) >= 150 + 37 * round);
            gateway.kill();
            stop.store(true, Ordering::Relaxed);
            assert!(worked, "no load");
            for client in clients {
                let told = client.join().unwrap();
                created.extend(told.created);
                paid.extend(told.paid);
            }
        });
        let (code, text) = place.audit();
        assert_eq!(0, code, "after round {round}: {text}");
    }
    assert!(created.len() > 300 && paid.len() > 200, "{} created, {} paid: no load", created.len(), paid.len());

    let gateway = place.start();
    // Every doubt is settled by asking; a day is more than the ladder needs.
    gateway.advance(2 * 86_400);
    let mut found_paid = 0;
    for id in &created {
        let shown = gateway.call(gateway.key(), "GET", &format!("/purchases/{id}/"), None);
        assert_eq!(200, shown.status, "{id} was answered 201 and is gone");
        let status = shown.json()["status"].as_str().unwrap().to_owned();
        assert!(!paid.contains(id) || status == "paid", "{id} was read as paid and is {status}");
        found_paid += usize::from(status == "paid");
    }
    // Whoever pays has been told the link, so no purchase is paid that no client knows.
    assert_eq!(found_paid, oracle::taken(&gateway), "the acquirer's book and the purchases disagree");
    let in_doubt = place.count("tries");
    assert_eq!(0, in_doubt, "everything is settled after the clock was moved: {}", place.read("err"));
    assert!(place.count("payments") >= u64::try_from(created.len()).unwrap());
    let lines = gateway.control("GET", "/acquirer/transactions", &Value::Null);
    assert!(lines.as_array().unwrap().len() >= 2 * found_paid);
}

/// A call of the card payments API, with a token of its own.
fn card_payments(gateway: &Gateway<'_>, method: &str, target: &str, body: &Value) -> Answer {
    let client = &gateway.sandbox["card_payments"];
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("client_secret", client["client_secret"].as_str().unwrap()),
    ];
    let asked = [("content-type", "application/x-www-form-urlencoded")];
    let granted = gateway.send("POST", "/oauth2/token", &asked, &form(&fields)).json();
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    gateway.send(method, &format!("/api/v2/payments{target}"), &headers, body.as_bytes())
}

/// The acquirer approved, its answer is lost, the merchant cancels, and the process dies before anybody asks again: the
/// next one finds the authorization and gives it back within the hour (card-payments-api 3.4).
#[test]
fn what_was_cancelled_is_given_back_after_kill_9() {
    let place = Place::new();
    let gateway = place.start();
    let link =
        json!({ "amount": 10_000, "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" });
    let made = card_payments(&gateway, "POST", "/cards/direct", &link).json();
    let id = made["paymentId"].as_u64().unwrap();
    let secret = made["url"].as_str().unwrap().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    let page = gateway.send("GET", &format!("/card/{secret}/"), &[], b"");
    let attempt = token(&page).expect("a form");
    let fields = form(&[&[("attempt", attempt.as_str())], &card_fields("4000009900000103")[..]].concat());
    let form_headers = [("content-type", "application/x-www-form-urlencoded")];
    let (address, posting) = (gateway.address, request("POST", &format!("/card/{secret}/"), &form_headers, &fields));
    let payer = std::thread::spawn(move || drop(exchange(address, &posting)));
    let transactions = |gateway: &Gateway<'_>| gateway.control("GET", "/acquirer/transactions", &Value::Null);
    assert!(wait(|| transactions(&gateway).as_array().is_some_and(|lines| lines.len() == 1)), "the acquirer approves");
    let cancelled = card_payments(&gateway, "PUT", &format!("/{id}/cards/cancel"), &Value::Null);
    assert_eq!((200, ""), (cancelled.status, cancelled.text().as_str()));
    gateway.kill();
    payer.join().unwrap();

    let gateway = place.start();
    gateway.advance(3_600);
    let payment = card_payments(&gateway, "GET", &format!("/{id}"), &Value::Null).json()["payment"].clone();
    assert_eq!("CANCELLED", payment["status"], "{payment}");
    assert_eq!(
        (10_000, 10_000),
        (payment["authorizedAmount"].as_i64().unwrap(), payment["releasedAmount"].as_i64().unwrap())
    );
    let kinds: Vec<_> = transactions(&gateway)
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(["authorize", "void"], *kinds);
    gateway.stop();
    let (code, text) = place.audit();
    assert_eq!(0, code, "{text}");
}
