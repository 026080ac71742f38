//! Another merchant's object, and the other mode's, does not exist (invariant I8; security T1, K1).
//!
//! The table below has one row for every operation of the published document, and a row without an operation, or an
//! operation without a row, fails. So does a path parameter that no row says how to fill.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::gateway::{Gateway, Place};

/// What an operation gives to somebody who has a good key and asks for what is not theirs.
enum Stranger {
    /// The same 404 for every id that is not theirs.
    NotFound,
    /// It has no id: each credential gets its own.
    OwnThing,
    /// It makes something of the brand it names, which must be theirs.
    OwnBrand,
}

/// One operation: method, path, body, and what strangers get.
struct Row {
    method: &'static str,
    path: &'static str,
    body: fn(&Gateway<'_>) -> Option<Value>,
    stranger: Stranger,
}

const ROWS: [Row; 37] = [
    Row { method: "POST", path: "/purchases/", body: |g| Some(g.order()), stranger: Stranger::OwnBrand },
    Row { method: "GET", path: "/purchases/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/cancel/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/capture/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/release/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/refund/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/mark_as_paid/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/purchases/{id}/resend_invoice/", body: |_| None, stranger: Stranger::NotFound },
    Row {
        method: "POST",
        path: "/purchases/{id}/delete_recurring_token/",
        body: |_| None,
        stranger: Stranger::NotFound,
    },
    Row {
        method: "POST",
        path: "/purchases/{id}/charge/",
        body: |_| Some(json!({ "recurring_token": RANDOM_ID })),
        stranger: Stranger::NotFound,
    },
    Row { method: "GET", path: "/public_key/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/payment_methods/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "POST", path: "/clients/", body: |_| Some(client()), stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/clients/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/clients/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "PUT", path: "/clients/{id}/", body: |_| Some(client()), stranger: Stranger::NotFound },
    Row { method: "PATCH", path: "/clients/{id}/", body: |_| Some(client()), stranger: Stranger::NotFound },
    Row { method: "DELETE", path: "/clients/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "GET", path: "/clients/{id}/recurring_tokens/", body: |_| None, stranger: Stranger::NotFound },
    Row {
        method: "GET",
        path: "/clients/{id}/recurring_tokens/{purchase_id}/",
        body: |_| None,
        stranger: Stranger::NotFound,
    },
    Row {
        method: "DELETE",
        path: "/clients/{id}/recurring_tokens/{purchase_id}/",
        body: |_| None,
        stranger: Stranger::NotFound,
    },
    Row { method: "POST", path: "/webhooks/", body: |_| Some(webhook()), stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/webhooks/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/webhooks/deliveries/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/webhooks/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "PUT", path: "/webhooks/{id}/", body: |_| Some(webhook()), stranger: Stranger::NotFound },
    Row { method: "PATCH", path: "/webhooks/{id}/", body: |_| Some(webhook()), stranger: Stranger::NotFound },
    Row { method: "DELETE", path: "/webhooks/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/webhooks/{id}/test/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "GET", path: "/webhooks/{id}/secret/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/webhooks/{id}/rotate_key/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "GET", path: "/account/json/balance/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/account/json/turnover/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "POST", path: "/company_statements/", body: |_| Some(statement()), stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/company_statements/", body: |_| None, stranger: Stranger::OwnThing },
    Row { method: "GET", path: "/company_statements/{id}/", body: |_| None, stranger: Stranger::NotFound },
    Row { method: "POST", path: "/company_statements/{id}/cancel/", body: |_| None, stranger: Stranger::NotFound },
];

fn statement() -> Value {
    json!({ "format": "csv", "timezone": "UTC" })
}

/// A statement of whoever has the key.
fn asked(gateway: &Gateway<'_>, key: &str) -> Value {
    let made = gateway.call(key, "POST", "/company_statements/", Some(&statement()));
    assert_eq!(201, made.status, "{}", made.text());
    made.json()
}

fn client() -> Value {
    json!({ "email": "eve@example.com" })
}

/// A client of whoever has the key.
fn known(gateway: &Gateway<'_>, key: &str) -> Value {
    let made = gateway.call(key, "POST", "/clients/", Some(&client()));
    assert_eq!(201, made.status, "{}", made.text());
    made.json()
}

/// The path with an id in every place for one.
fn filled(row: &Row, id: &str) -> String {
    row.path.replace("{id}", id).replace("{purchase_id}", id)
}

fn webhook() -> Value {
    json!({ "title": "Ours now", "callback": "https://shop.example/", "all_events": true })
}

/// A webhook of whoever has the key.
fn registered(gateway: &Gateway<'_>, key: &str) -> Value {
    let made = gateway.call(key, "POST", "/webhooks/", Some(&webhook()));
    assert_eq!(201, made.status, "{}", made.text());
    made.json()
}

const RANDOM_ID: &str = "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01";
const MALFORMED_IDS: [&str; 6] =
    ["1", "not-an-id", "3f0c0a2e5b1d4c6a9e8f7d2b4a6c8e01", "%00", "..%2f", "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e0%C3%A9"];

/// `METHOD /path` of every operation in the document.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("operations").keys();
            methods
                .filter(|method| matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete"))
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

/// What a client can tell apart: everything but the request's own id and the date.
fn visible(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date")).cloned();
    (answer.status, headers.collect(), answer.text())
}

struct Keys {
    /// The other merchant's, in test and in live mode.
    other: String,
    other_live: String,
    other_brand: String,
    /// The merchant's own, in live mode.
    live: String,
    revoked: String,
}

/// A second merchant, and the first one's live and revoked keys.
fn keys(gateway: &Gateway<'_>) -> Keys {
    let place = gateway.place;
    let other = gateway.control("POST", "/merchants", &Value::Null);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let own = place.merchant();
    let make = |mode: &str| place.administer(&["key", "create", "--merchant", &own, "--mode", mode]);
    let (live, revoked) = (make("live"), make("test"));
    assert_eq!(200, gateway.call(&text(&revoked["secret"]), "GET", "/public_key/", None).status, "it worked once");
    place.administer(&["key", "revoke", "--merchant", &own, revoked["key"].as_str().unwrap()]);
    Keys {
        other: text(&other["purchases"]["secret_key"]),
        other_live: text(&other["purchases"]["live_secret_key"]),
        other_brand: text(&other["purchases"]["brand_id"]),
        live: text(&live["secret"]),
        revoked: text(&revoked["secret"]),
    }
}

#[test]
fn every_operation_has_a_row() {
    let place = Place::new();
    let gateway = place.start();
    let document = gateway.send("GET", "/openapi/purchases.json", &[], b"").json();
    let rows: BTreeSet<String> = ROWS.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    assert_eq!(operations(&document), rows, "left: the document; right: the rows of this test");
    for row in &ROWS {
        let parameters = row.path.matches('{').count();
        assert!(!filled(row, "x").contains('{'), "{}: a parameter that no id fills", row.path);
        assert_eq!(parameters > 0, matches!(row.stranger, Stranger::NotFound), "{}", row.path);
    }
}

#[test]
fn without_a_good_key_nothing_exists() {
    let place = Place::new();
    let gateway = place.start();
    let keys = keys(&gateway);
    let id = gateway.purchase(&gateway.order());
    let own = gateway.key().to_owned();
    let payments = place.count("payments");
    let flipped = if own.ends_with('a') { "b" } else { "a" };
    let typo = format!("{}{flipped}", &own[..own.len() - 1]);
    let control = gateway.sandbox["control"]["token"].as_str().unwrap().to_owned();
    let bearer = |key: &str| vec![("authorization".to_owned(), format!("Bearer {key}"))];
    let bad = [
        ("no key", Vec::<(String, String)>::new(), String::new()),
        ("garbage", bearer("garbage"), String::new()),
        ("an empty key", bearer(""), String::new()),
        ("a key of the right form", bearer(&typo), String::new()),
        ("a revoked key", bearer(&keys.revoked), String::new()),
        ("the control token", bearer(&control), String::new()),
        ("another scheme", vec![("authorization".to_owned(), format!("Basic {own}"))], String::new()),
        ("the key alone", vec![("authorization".to_owned(), own.clone())], String::new()),
        ("two keys", [bearer(&own), bearer(&keys.other)].concat(), String::new()),
        ("another header", vec![("x-api-key".to_owned(), own.clone())], String::new()),
        ("the key in the query", vec![], format!("?api_key={own}&key={own}&access_token={own}&token={own}")),
    ];
    for row in &ROWS {
        let mut answers = vec![];
        for (what, headers, query) in &bad {
            for given in [id.as_str(), RANDOM_ID, MALFORMED_IDS[0]] {
                let target = format!("/api/v1{}{query}", filled(row, given));
                let mut headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                headers.push(("content-type", "application/json"));
                let body = (row.body)(&gateway).map(|body| body.to_string()).unwrap_or_default();
                let answer = gateway.send(row.method, &target, &headers, body.as_bytes());
                assert_eq!(401, answer.status, "{} {target}, {what}", row.method);
                assert_eq!(Some("Bearer"), answer.header("www-authenticate"), "{what}");
                answers.push(visible(&answer));
            }
        }
        answers.dedup();
        assert_eq!(1, answers.len(), "{}: {answers:?}", row.path);
    }
    assert_eq!("created", gateway.status(&id));
    assert_eq!(payments, place.count("payments"));
}

#[test]
fn what_is_not_ones_own_is_not_found() {
    let place = Place::new();
    let gateway = place.start();
    let keys = keys(&gateway);
    let id = gateway.purchase(&gateway.order());
    let theirs = {
        let mut order = gateway.order();
        order["brand_id"] = json!(keys.other_brand);
        let made = gateway.call(&keys.other, "POST", "/purchases/", Some(&order));
        assert_eq!(201, made.status, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let (own_webhook, their_webhook) = (registered(&gateway, gateway.key()), registered(&gateway, &keys.other));
    let (own_client, their_client) = (known(&gateway, gateway.key()), known(&gateway, &keys.other));
    let (own_statement, their_statement) = (asked(&gateway, gateway.key()), asked(&gateway, &keys.other));
    let (payments, events) = (place.count("payments"), place.count("events"));
    for row in ROWS.iter().filter(|row| matches!(row.stranger, Stranger::NotFound)) {
        let mut answers = vec![];
        let (own, foreign) = match row.path.split('/').nth(1) {
            Some("webhooks") => (&own_webhook["id"], &their_webhook["id"]),
            Some("clients") => (&own_client["id"], &their_client["id"]),
            Some("company_statements") => (&own_statement["id"], &their_statement["id"]),
            _ => (&json!(id), &json!(theirs)),
        };
        let (id, theirs) = (own.as_str().unwrap(), foreign.as_str().unwrap());
        for (key, foreign) in [
            (gateway.key(), theirs),
            (keys.live.as_str(), id),
            (keys.other.as_str(), id),
            (keys.other_live.as_str(), id),
            (keys.other_live.as_str(), theirs),
        ] {
            // Limits bind in live mode.
            let is_live = key == keys.live || key == keys.other_live;
            let malformed = if is_live { &MALFORMED_IDS[..1] } else { &MALFORMED_IDS[..] };
            for given in [&[foreign, RANDOM_ID], malformed].concat() {
                let answer = gateway.call(key, row.method, &filled(row, given), (row.body)(&gateway).as_ref());
                answers.push((given.to_owned(), visible(&answer)));
                // A body decides nothing about what does not exist.
                if row.method == "POST" {
                    let path = filled(row, given);
                    let answer = gateway.call(key, row.method, &path, Some(&json!({ "amount": [] })));
                    answers.push((given.to_owned(), visible(&answer)));
                }
            }
        }
        for (given, answer) in &answers {
            assert_eq!(404, answer.0, "{} with {given}", row.path);
            assert_eq!(&answers[0].1, answer, "{} with {given}", row.path);
        }
    }
    assert_eq!("created", gateway.status(&id));
    assert_eq!((payments, events), (place.count("payments"), place.count("events")), "nothing was changed");
    for (key, webhook) in [(gateway.key(), own_webhook), (keys.other.as_str(), their_webhook)] {
        let path = format!("/webhooks/{}/", webhook["id"].as_str().unwrap());
        assert_eq!(webhook, gateway.call(key, "GET", &path, None).json());
        assert_eq!(json!([webhook]), gateway.call(key, "GET", "/webhooks/", None).json()["results"], "each its own");
    }
    for (key, client) in [(gateway.key(), own_client), (keys.other.as_str(), their_client)] {
        let path = format!("/clients/{}/", client["id"].as_str().unwrap());
        assert_eq!(client, gateway.call(key, "GET", &path, None).json());
        assert_eq!(
            json!([client]),
            gateway.call(key, "GET", "/clients/?q=EVE@", None).json()["results"],
            "each its own"
        );
    }
    for (key, statement) in [(gateway.key(), own_statement), (keys.other.as_str(), their_statement)] {
        let listed = gateway.call(key, "GET", "/company_statements/", None).json();
        assert_eq!(1, listed["results"].as_array().unwrap().len(), "each its own");
        assert_eq!(statement["id"], listed["results"][0]["id"]);
        assert_ne!("cancelled", listed["results"][0]["status"], "{listed}");
    }
    for list in ["/webhooks/", "/clients/", "/company_statements/"] {
        assert_eq!(json!([]), gateway.call(&keys.live, "GET", list, None).json()["results"]);
    }
}

#[test]
fn a_brand_or_a_client_of_somebody_else_is_unknown() {
    let place = Place::new();
    let gateway = place.start();
    let keys = keys(&gateway);
    let made = gateway.call(gateway.key(), "POST", "/purchases/", Some(&gateway.order())).json();
    let client = made["client_id"].as_str().expect("the client has a record").to_owned();
    let with = |brand: &str, client: Option<&str>| {
        let mut order = gateway.order();
        order["brand_id"] = json!(brand);
        if let Some(client) = client {
            order["client_id"] = json!(client);
            order.as_object_mut().unwrap().remove("client");
        }
        order
    };
    let payments = place.count("payments");
    let create = |key: &str, order: &Value| gateway.call(key, "POST", "/purchases/", Some(order));

    let strange: Vec<_> = [gateway.brand(), RANDOM_ID].map(|b| visible(&create(&keys.other, &with(b, None)))).to_vec();
    assert_eq!(400, strange[0].0, "{strange:?}");
    assert_eq!(strange[0], strange[1], "another merchant's brand reads like none");

    let own = keys.other_brand.as_str();
    let strange: Vec<_> =
        [client.as_str(), RANDOM_ID].map(|c| visible(&create(&keys.other, &with(own, Some(c))))).to_vec();
    assert_eq!(400, strange[0].0, "{strange:?}");
    assert_eq!(strange[0], strange[1], "another merchant's client reads like none");

    // The other mode's client, with a brand that both modes share.
    let strange: Vec<_> =
        [client.as_str(), RANDOM_ID].map(|c| visible(&create(&keys.live, &with(gateway.brand(), Some(c))))).to_vec();
    assert_eq!(400, strange[0].0, "{strange:?}");
    assert_eq!(strange[0], strange[1], "the other mode's client reads like none");

    assert_eq!(payments, place.count("payments"));
    assert_eq!(201, create(gateway.key(), &with(gateway.brand(), Some(&client))).status, "one's own is known");
}

#[test]
fn an_idempotency_key_is_its_merchants_and_its_modes() {
    let place = Place::new();
    let gateway = place.start();
    let keys = keys(&gateway);
    let body = gateway.order().to_string();
    let create = |key: &str| {
        let bearer = format!("Bearer {key}");
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "one")];
        gateway.send("POST", "/api/v1/purchases/", &headers, body.as_bytes())
    };
    let first = create(gateway.key());
    assert_eq!(201, first.status, "{}", first.text());
    let payments = place.count("payments");
    assert_eq!(first.text(), create(gateway.key()).text(), "one's own is replayed");
    for stranger in [&keys.other, &keys.live, &keys.other_live] {
        let answer = create(stranger);
        assert_eq!(400, answer.status, "{}", answer.text());
        assert!(!answer.text().contains(first.json()["id"].as_str().unwrap()));
    }
    assert_eq!(401, create(&keys.revoked).status);
    assert_eq!(payments, place.count("payments"));
}

#[test]
fn each_credential_has_its_own_public_key() {
    let place = Place::new();
    let gateway = place.start();
    let keys = keys(&gateway);
    let mut seen: Vec<String> = [gateway.key(), &keys.live, &keys.other, &keys.other_live]
        .map(|key| gateway.call(key, "GET", "/public_key/", None).text())
        .to_vec();
    seen.sort();
    seen.dedup();
    assert_eq!(4, seen.len(), "one per merchant and mode");
}

/// A payer's link is its whole secret: a wrong one leads to one and the same page, whatever it looks like.
#[test]
fn a_wrong_link_is_one_page() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    let events = place.count("events");
    let mut answers = vec![];
    for wrong in [&[RANDOM_ID], &MALFORMED_IDS[..]].concat() {
        for page in ["", "/", "/result", "/result/", "/invoice/", "/receipt/", "/invoice.pdf", "/receipt.pdf"] {
            let answer = gateway.send("GET", &format!("/p/{wrong}{page}"), &[], b"");
            answers.push((format!("GET {wrong}{page}"), visible(&answer)));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = gateway.send("POST", &format!("/p/{wrong}/"), &headers, b"attempt=1");
        answers.push((format!("POST {wrong}"), visible(&answer)));
    }
    for page in ["/nothing", "/result/more"] {
        answers.push((format!("GET {page}"), visible(&gateway.send("GET", &format!("/p/{id}{page}"), &[], b""))));
    }
    for (what, answer) in &answers {
        assert_eq!(404, answer.0, "{what}");
        assert_eq!(&answers[0].1, answer, "{what}");
    }
    assert_eq!(events, place.count("events"));
}

/// A link's id says nothing of when it was made or of its neighbours (security T2).
#[test]
fn public_ids_are_random() {
    let place = Place::new();
    let gateway = place.start();
    let ids: Vec<String> = (0..64).map(|_| gateway.purchase(&gateway.order())).collect();
    let bits = |id: &String| u128::from_str_radix(&id.replace('-', ""), 16).expect("a UUID");
    let (mut ones, mut zeros) = (0, 0);
    for id in &ids {
        assert_eq!(
            (Some('4'), true),
            (id.chars().nth(14), matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b')),
            "{id}"
        );
        ones |= bits(id);
        zeros |= !bits(id);
    }
    // In 64 ids a random bit is both; that one of 122 is not has a chance below 2^-56.
    assert_eq!(122, (ones & zeros).count_ones(), "every bit but version and variant");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
}

/// The control API answers its own token and nothing else.
#[test]
fn the_sandbox_is_controlled_by_its_token_only() {
    let place = Place::new();
    let gateway = place.start();
    let token = gateway.sandbox["control"]["token"].as_str().unwrap().to_owned();
    for (method, path) in [("GET", "clock"), ("POST", "clock"), ("GET", "acquirer/transactions"), ("POST", "merchants")]
    {
        for key in ["", "garbage", gateway.key(), &token[1..], &format!("{token}0")] {
            let bearer = format!("Bearer {key}");
            let answer = gateway.send(method, &format!("/sandbox/{path}"), &[("authorization", &bearer)], b"");
            assert_eq!(401, answer.status, "{method} {path} with {key}");
        }
        let answer = gateway.send(method, &format!("/sandbox/{path}?token={token}"), &[], b"");
        assert_eq!(401, answer.status, "{method} {path} with the token in the query");
    }
}
