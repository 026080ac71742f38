//! What a shop is told by events and callbacks (card-payments-api 5), over real sockets.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, ask, request};
use crate::callbacks::{Heard, OK, Receiver};
use crate::card_payments::message;
use crate::card_payments_vectors::{DIRECT, FRICTIONLESS, STORED, link};

const DECLINED: &str = "4000000000020000";
const SORRY: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
/// Ten calls, 4 h 32 min 32 s from the first to the last (5.2).
const CALLS: [i64; 10] = [0, 32, 96, 224, 480, 992, 2_016, 4_064, 8_160, 16_352];
const ALL: [&str; 7] = [
    "CARD_PAYMENT_AUTHORIZED",
    "PAYMENT_AUTHORIZED",
    "CARD_PAYMENT_ERROR",
    "CARD_PAYMENT_REFUNDED",
    "CARD_PAYMENT_SETTLED",
    "PAYMENT_SETTLED",
    "STORED_PAYMENT_DETAILS_UPDATED",
];

/// The token that a call named, behind `before`.
fn token(heard: &Heard, before: &str) -> String {
    heard.path().strip_prefix(before).unwrap_or_else(|| panic!("{heard:?}")).to_owned()
}

impl App {
    pub(crate) async fn subscribe(&self, topic: &str, url: &str) {
        let path = format!("/api/v1/events/callbacks?type={topic}&url={url}");
        assert_eq!(204, self.card(Method::POST, &path, &Value::Null).await.status);
    }

    async fn event(&self, token: &str) -> Value {
        let answer = self.card(Method::GET, &format!("/api/v1/events/{token}"), &Value::Null).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    }

    async fn acknowledge(&self, token: &str) {
        let answer = self.card(Method::GET, &format!("/api/v1/events/{token}/ack"), &Value::Null).await;
        assert_eq!((204, ""), (answer.status, answer.text().as_str()));
    }

    /// Every event a receiver heard of, in the order of their types.
    async fn told(&self, receiver: &Receiver) -> Vec<Value> {
        let mut told = vec![];
        for heard in receiver.heard() {
            told.push(self.event(&token(&heard, "/hook?token=")).await);
        }
        told.sort_by_key(|event| event["type"].as_str().unwrap().to_owned());
        told
    }
}

/// V18: five registrations are one stream; V19: until it is acknowledged, whatever the shop's server says.
#[tokio::test]
async fn v18_v19_one_stream_of_ten_calls_until_it_is_acknowledged() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    for _ in 0..5 {
        app.subscribe("CARD_PAYMENT_AUTHORIZED", &receiver.url("/hook%3Fa%3Db")).await;
    }
    app.authorized(&link(10_000), FRICTIONLESS).await;
    app.advance(20_000).await;
    let heard = receiver.heard();
    assert_eq!(CALLS.to_vec(), heard.iter().map(|heard| heard.at).collect::<Vec<_>>());
    let first = token(&heard[0], "/hook?a=b&token=");
    assert_eq!(36, first.len());
    for call in &heard {
        assert_eq!("GET", call.method());
        assert_eq!(first, token(call, "/hook?a=b&token="), "the same token each time");
    }
    let event = app.event(&first).await;
    assert_eq!("CARD_PAYMENT_AUTHORIZED", event["type"], "readable after the last call");
    app.acknowledge(&first).await;
    app.acknowledge(&first).await;
    message(&app.card(Method::GET, &format!("/api/v1/events/{first}"), &Value::Null).await, 404);
}

/// V20, and that an answer is no acknowledgement nor its lack a reason to stop.
#[tokio::test]
async fn v20_an_acknowledged_event_is_told_no_more() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| SORRY.to_owned()).await;
    app.subscribe("CARD_PAYMENT_AUTHORIZED", &receiver.url("/hook")).await;
    app.authorized(&link(10_000), FRICTIONLESS).await;
    app.advance(40).await;
    assert_eq!(2, receiver.heard().len());
    let token = token(&receiver.heard()[0], "/hook?token=");
    app.acknowledge(&token).await;
    app.advance(20_000).await;
    assert_eq!(2, receiver.heard().len(), "no further calls");
    message(&app.card(Method::GET, &format!("/api/v1/events/{token}"), &Value::Null).await, 404);
}

#[tokio::test]
async fn every_moment_has_its_events_and_nothing_else_does() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    for topic in ALL {
        app.subscribe(topic, &receiver.url("/hook")).await;
    }
    let order = app.order_id("W-1042").await;
    let mut body = link(10_000);
    body["orderId"] = json!(order);
    let (id, checkout) = app.payment_link(&body).await;
    app.types_card(checkout, DECLINED).await.unwrap();
    app.types_card(checkout, FRICTIONLESS).await.unwrap();
    app.advance(1).await;
    let of = |told: &[Value]| told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let told = app.told(&receiver).await;
    assert_eq!(vec!["CARD_PAYMENT_AUTHORIZED", "CARD_PAYMENT_ERROR", "PAYMENT_AUTHORIZED"], of(&told));
    let authorized = &told[0]["payload"];
    assert!(authorized["remoteId"].as_str().is_some_and(|id| !id.is_empty()));
    let expected = json!({
        "paymentId": id, "remoteId": authorized["remoteId"], "orderId": order, "orderStatus": "CREATED",
        "orderReferenceId": "W-1042",
    });
    assert_eq!((&expected, &expected), (authorized, &told[2]["payload"]));
    let error = &told[1]["payload"];
    assert_eq!(("DECLINED", json!(null)), (error["errorCode"].as_str().unwrap(), error["remoteId"].clone()));
    assert!(error["errorMessage"].is_string());

    // What happens later does not change what was told.
    let first = token(&receiver.heard()[1], "/hook?token=");
    let before = app.event(&first).await;
    for heard in receiver.heard() {
        app.acknowledge(&token(&heard, "/hook?token=")).await;
    }
    let quiet = receiver.heard().len();
    assert_eq!(200, app.card(Method::PUT, &format!("/api/v2/orders/{order}/approve"), &Value::Null).await.status);
    assert_eq!(200, app.on_payment(Method::POST, id, "cards/capture", &json!({ "amount": 6_000 })).await.status);
    assert_eq!(200, app.on_payment(Method::PUT, id, "cards/authorize/release", &Value::Null).await.status);
    app.advance(60).await;
    assert_eq!(quiet, receiver.heard().len(), "a capture and a release are no events");
    app.advance(86_400).await;
    assert_eq!(200, app.on_payment(Method::POST, id, "cards/refund", &json!({ "amount": 1_000 })).await.status);
    app.advance(1).await;
    let mut types = vec![];
    for heard in receiver.heard().iter().skip(quiet) {
        let event = app.event(&token(heard, "/hook?token=")).await;
        let payload = &event["payload"];
        match event["type"].as_str().unwrap() {
            "CARD_PAYMENT_REFUNDED" => {
                assert_eq!((json!(1_000), json!("SEK")), (payload["amount"].clone(), payload["currencyCode"].clone()));
            }
            _ => assert_eq!("2026-11-21T", &payload["settlementDate"].as_str().unwrap()[..11], "{payload}"),
        }
        assert_eq!("APPROVED", payload["orderStatus"]);
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    types.sort();
    types.dedup();
    assert_eq!(vec!["CARD_PAYMENT_REFUNDED", "CARD_PAYMENT_SETTLED", "PAYMENT_SETTLED"], types);
    assert_eq!("CREATED", before["payload"]["orderStatus"]);
}

/// An event is rendered as of itself, however late it is fetched (security W3).
#[tokio::test]
async fn an_event_tells_of_its_own_moment() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| SORRY.to_owned()).await;
    app.subscribe("CARD_PAYMENT_AUTHORIZED", &receiver.url("/hook")).await;
    let order = app.order_id("W-1").await;
    let mut body = link(10_000);
    body["orderId"] = json!(order);
    app.authorized(&body, FRICTIONLESS).await;
    app.advance(1).await;
    let token = token(&receiver.heard()[0], "/hook?token=");
    let first = app.event(&token).await;
    app.card(Method::PUT, &format!("/api/v2/orders/{order}"), &crate::card_payments_orders::order("W-2")).await;
    app.card(Method::DELETE, &format!("/api/v2/orders/{order}"), &Value::Null).await;
    app.advance(30 * 86_400).await;
    assert_eq!(first, app.event(&token).await, "and so 30 days later");
    app.advance(86_400).await;
    message(&app.card(Method::GET, &format!("/api/v1/events/{token}"), &Value::Null).await, 404);
    message(&app.card(Method::GET, &format!("/api/v1/events/{token}/ack"), &Value::Null).await, 404);
}

#[tokio::test]
async fn an_event_is_its_merchants_and_goes_to_whoever_was_registered_then() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    let other = app.another_merchant().await;
    app.authorized(&link(10_000), FRICTIONLESS).await;
    app.subscribe("CARD_PAYMENT_AUTHORIZED", &receiver.url("/hook")).await;
    app.advance(60).await;
    assert!(receiver.heard().is_empty(), "not of what happened before");
    app.authorized(&link(10_000), FRICTIONLESS).await;
    app.advance(1).await;
    let path = format!("/api/v1/events/callbacks?type=CARD_PAYMENT_AUTHORIZED&url={}", receiver.url("/hook"));
    assert_eq!(204, app.card(Method::DELETE, &path, &Value::Null).await.status);
    app.authorized(&link(10_000), FRICTIONLESS).await;
    app.advance(1).await;
    assert_eq!(1, receiver.heard().len(), "nor of what happened after");
    let token = token(&receiver.heard()[0], "/hook?token=");
    for path in [format!("/api/v1/events/{token}"), format!("/api/v1/events/{token}/ack")] {
        message(&app.card_as(&other, Method::GET, &path, &Value::Null).await, 404);
        message(&ask(&app.router, request(Method::GET, &path, "", "", "")).await, 401);
        let unknown = path.replace(&token, "3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01");
        message(&app.card(Method::GET, &unknown, &Value::Null).await, 404);
    }
    assert_eq!("CARD_PAYMENT_AUTHORIZED", app.event(&token).await["type"]);
}

#[tokio::test]
async fn a_stored_card_tells_when_it_is_ready_or_not() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    app.subscribe("STORED_PAYMENT_DETAILS_UPDATED", &receiver.url("/hook")).await;
    let body = json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/", "callbackUrl": receiver.url("/status") });
    let made = app.card(Method::POST, STORED, &body).await.json();
    let secret = made["url"].as_str().unwrap().trim_end_matches('/').rsplit('/').next().unwrap();
    let checkout = domain::CheckoutId::parse(secret).unwrap();
    let card_ends = 1_925_035_200; // 1 January 2031, noon: the last day of December is over everywhere
    for (card, status) in [(Some(DECLINED), "FAILED"), (Some(FRICTIONLESS), "READY"), (None, "EXPIRED")] {
        let mut before = receiver.heard().len();
        match card {
            Some(card) => {
                app.types_card(checkout, card).await.unwrap();
            }
            None => {
                app.advance(u64::try_from(card_ends - app.now()).unwrap() - 2).await;
                before = receiver.heard().len();
                app.advance(1).await;
            }
        }
        app.advance(1).await;
        let heard = receiver.heard().split_off(before);
        let event = heard.iter().find(|heard| heard.path().starts_with("/hook")).unwrap();
        let event = app.event(&token(event, "/hook?token=")).await;
        let expected = json!({ "storedPaymentDetailsId": made["token"], "status": status });
        assert_eq!(expected, event["payload"]);
        let callback = heard.iter().find(|heard| heard.path() == "/status").unwrap();
        assert_eq!(json!({ "token": made["token"], "status": status }), callback.json());
    }
}

/// `callbackUrl`: a plain POST that any 2xx ends, otherwise the same ten times; no redirect is followed (5.6).
#[tokio::test]
async fn a_links_own_callback_is_told_how_it_stands() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |heard| match heard.path().as_str() {
        "/ok" => OK.to_owned(),
        "/moved" => "HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => SORRY.to_owned(),
    })
    .await;
    let with = |path: &str| {
        let mut body = link(10_000);
        body["callbackUrl"] = json!(receiver.url(path));
        body
    };
    let (id, checkout) = app.payment_link(&with("/ok")).await;
    app.types_card(checkout, DECLINED).await.unwrap();
    app.types_card(checkout, FRICTIONLESS).await.unwrap();
    let (cancelled, _) = app.payment_link(&with("/ok")).await;
    app.on_payment(Method::PUT, cancelled, "cards/cancel", &Value::Null).await;
    let (expired, _) = app.payment_link(&with("/ok")).await;
    app.advance(31 * 86_400).await;
    let told: Vec<Value> = receiver.heard().iter().map(Heard::json).collect();
    let of = |id: u64, status: &str| json!({ "paymentId": id, "externalPaymentReference": "W-1042", "status": status });
    for expected in [of(id, "INITIATED"), of(id, "AUTHORIZED"), of(cancelled, "CANCELLED"), of(expired, "EXPIRED")] {
        assert_eq!(1, told.iter().filter(|body| **body == expected).count(), "{expected}: {told:?}");
    }
    assert_eq!(4, told.len());
    for path in ["/moved", "/broken"] {
        let before = receiver.heard().len();
        let start = app.now();
        app.authorized(&with(path), FRICTIONLESS).await;
        app.advance(20_000).await;
        let heard = receiver.heard().split_off(before);
        let at: Vec<i64> = heard.iter().map(|heard| heard.at - (start - crate::app::START)).collect();
        assert_eq!(CALLS.to_vec(), at, "{path}");
        assert!(heard.iter().all(|call| call.method() == "POST" && call.path() == path && call.unsigned()));
    }
    message(&app.card(Method::POST, DIRECT, &json!({})).await, 400);
}

/// What an acquirer would report later, in a sandbox.
#[tokio::test]
async fn a_sandbox_settles_and_charges_back_by_number() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let report = async |id: &str, event: &str| {
        let body = json!({ "event": event }).to_string();
        let path = format!("/sandbox/card-payments/{id}/events");
        ask(&app.router, request(Method::POST, &path, "control-token", "application/json", body)).await.status
    };
    assert_eq!(400, report(&id.to_string(), "settle").await, "nothing was captured");
    app.on_payment(Method::POST, id, "cards/capture", &Value::Null).await;
    for event in ["settle", "chargeback", "chargeback_reversed"] {
        assert_eq!(200, report(&id.to_string(), event).await, "{event}");
    }
    assert_eq!((404, 404), (report("900017", "settle").await, report("x", "settle").await));
    app.audit();
}
