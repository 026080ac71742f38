//! The acceptance vectors of card-payments-api 6 and the call sequences of 2.4, as a shop and a buyer live them.

use axum::http::Method;
use domain::{ChallengeWindow, CheckoutId, Cvc, Expiry, Flow, Pan, TransStatus};
use engine::three_ds::{AcsAnswer, AcsOutcome};
use engine::{CardEntry, Shown, Visit};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::app::{Answer, App};
use crate::callbacks::{OK, Receiver};
use crate::card_payments::{message, request_id};
use crate::card_payments_orders::order;

pub(crate) const DIRECT: &str = "/api/v2/payments/cards/direct";
pub(crate) const STORED: &str = "/api/v2/payments/cards/stored";
pub(crate) const CHARGE: &str = "/api/v2/payments/cards/stored/authorize";
/// Visa, frictionless.
pub(crate) const FRICTIONLESS: &str = "4111111111111111";
const CHALLENGED: &str = "4000000000010001";
const DECLINED: &str = "4000000000020000";
/// Challenge, then approved after 5 s.
const RACE: &str = "4000000000040008";
const CAPTURE_REFUSED: &str = "4000000000050007";
const REFUND_REFUSED: &str = "4000000000050015";
const DAY: u64 = 86_400;

pub(crate) fn link(amount: i64) -> Value {
    json!({
        "amount": amount, "currencyCode": "SEK", "externalPaymentReference": "W-1042", "languageCode": "sv", "orderId": null,
        "backToShopURL": "https://shop.example/cart", "redirectOnFailURL": "https://shop.example/failed",
        "redirectOnSuccessURL": "https://shop.example/thanks",
    })
}

fn store_link() -> Value {
    json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" })
}

fn charge(token: &str) -> Value {
    json!({
        "token": token, "amount": 4_900, "currencyCode": "SEK", "externalPaymentReference": "R-7",
        "redirectOnFailURL": "https://shop.example/failed", "redirectOnSuccessURL": "https://shop.example/thanks",
    })
}

/// The checkout whose secret stands in a link.
fn checkout(url: &Value) -> CheckoutId {
    let path = url.as_str().unwrap().strip_prefix("http://pay.example.com/card/").unwrap();
    CheckoutId::parse(path.trim_end_matches('/')).unwrap()
}

/// `STATUS captured released refunded`, the story of its operations behind it.
fn stands(payment: &Value) -> String {
    let operations = payment["paymentOperations"].as_array().unwrap();
    let story: Vec<String> =
        operations.iter().map(|one| format!("{} {}", one["type"].as_str().unwrap(), one["amount"])).collect();
    let amount = |name: &str| payment[name].as_i64().unwrap();
    format!(
        "{} authorized {} captured {} released {} refunded {}: {}",
        payment["status"].as_str().unwrap(),
        amount("authorizedAmount"),
        amount("capturedAmount"),
        amount("releasedAmount"),
        amount("refundedAmount"),
        story.join(", ")
    )
}

impl App {
    /// A new link: its payment's number and its checkout.
    pub(crate) async fn payment_link(&self, body: &Value) -> (u64, CheckoutId) {
        let made = self.card(Method::POST, DIRECT, body).await;
        assert_eq!(200, made.status, "{}", made.text());
        let made = made.json();
        assert_eq!(Some(&Value::Null), made.get("token"), "an explicit null");
        (made["paymentId"].as_u64().unwrap(), checkout(&made["url"]))
    }

    /// `GET /payments/{id}`
    pub(crate) async fn payment(&self, id: u64) -> Value {
        let shown = self.card(Method::GET, &format!("/api/v2/payments/{id}"), &Value::Null).await;
        assert_eq!(200, shown.status, "{}", shown.text());
        shown.json()["payment"].clone()
    }

    pub(crate) async fn stands(&self, id: u64) -> String {
        stands(&self.payment(id).await)
    }

    pub(crate) async fn on_payment(&self, method: Method, id: u64, what: &str, body: &Value) -> Answer {
        self.card(method, &format!("/api/v2/payments/{id}/{what}"), body).await
    }

    async fn capture(&self, id: u64, body: Value) -> Answer {
        self.on_payment(Method::POST, id, "cards/capture", &body).await
    }

    async fn refund(&self, id: u64, body: Value) -> Answer {
        self.on_payment(Method::POST, id, "cards/refund-and-credit", &body).await
    }

    async fn cancel_link(&self, id: u64) -> Answer {
        self.on_payment(Method::PUT, id, "cards/cancel", &Value::Null).await
    }

    async fn release(&self, id: u64) -> Answer {
        self.on_payment(Method::PUT, id, "cards/authorize/release", &Value::Null).await
    }

    /// The buyer types a card in.
    pub(crate) async fn types_card(&self, id: CheckoutId, number: &str) -> Result<Shown, engine::Error> {
        let before = self.engine.view(id).await?;
        let pan = Pan::parse(number).unwrap();
        let entry = CardEntry {
            brand: pan.brand(),
            pan,
            cvc: Some(Cvc::parse(if number.starts_with('3') { "1234" } else { "123" }).unwrap()),
            expiry: Expiry { year: 2_030, month: 12 },
            holder: "Ada Example".to_owned(),
            save: false,
        };
        let form_token = Some(self.engine.form_token(id));
        let visit =
            Visit { flow: Flow::HostedPage, payer_ip: None, form_token, details: None, window: ChallengeWindow::Full };
        self.engine.pay_by_card(&before, entry, visit).await
    }

    /// What the buyer's bank says; the buyer has not come back yet.
    async fn answer_of_bank(&self, id: CheckoutId, answer: AcsAnswer<'_>) -> String {
        let shown = self.engine.show(id).await.unwrap();
        let acs = engine::question(&shown).expect("the bank asks").challenge.ids.acs;
        match self.engine.act_at_test_bank(acs, answer).await {
            Some(AcsOutcome::Done { cres, .. }) => cres,
            other => panic!("the bank is not done: {}", other.is_some()),
        }
    }

    /// What the buyer's bank says, and the buyer comes back with it.
    async fn bank_says(&self, id: CheckoutId, answer: AcsAnswer<'_>) -> Shown {
        let cres = self.answer_of_bank(id, answer).await;
        self.engine.return_from_bank(id, &cres).await.unwrap()
    }

    /// A payment that was authorized with this card.
    pub(crate) async fn authorized(&self, body: &Value, card: &str) -> u64 {
        let (id, checkout) = self.payment_link(body).await;
        self.types_card(checkout, card).await.unwrap();
        assert_eq!("AUTHORIZED", self.payment(id).await["status"]);
        id
    }

    /// A stored card's token.
    async fn stored(&self, card: &str) -> String {
        let made = self.card(Method::POST, STORED, &store_link()).await;
        assert_eq!(200, made.status, "{}", made.text());
        let token = made.json()["token"].as_str().unwrap().to_owned();
        self.types_card(checkout(&made.json()["url"]), card).await.unwrap();
        token
    }

    async fn stored_status(&self, token: &str) -> String {
        let answer = self.card(Method::GET, &format!("{STORED}/{token}/status"), &Value::Null).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()["status"].as_str().unwrap().to_owned()
    }

    /// A call whose acquirer keeps us waiting.
    async fn call_slowly(&self, method: Method, path: &str, body: &Value) -> JoinHandle<Answer> {
        let token = self.card_token(&self.merchant).await;
        self.wait_slowly(crate::card_payments::card_request(&token, method, path, body)).await
    }
}

#[tokio::test]
async fn v1_a_link_is_made() {
    let app = App::new().await;
    let (id, _) = app.payment_link(&link(10_000)).await;
    assert!(id > 0 && id < 1 << 53);
    let payment = app.payment(id).await;
    assert_eq!("INITIATED authorized 0 captured 0 released 0 refunded 0: ", stands(&payment));
    for (name, value) in [
        ("id", json!(id)),
        ("amount", json!(10_000)),
        ("currencyCode", json!("SEK")),
        ("externalPaymentReference", json!("W-1042")),
        ("orderId", json!(null)),
        ("createdDate", json!("2026-11-20T00:00:00Z")),
        ("expiryDate", json!("2026-12-21T00:00:00Z")),
        ("languageCode", json!("sv")),
        ("cardBrand", json!(null)),
        ("maskedCardNumber", json!(null)),
    ] {
        assert_eq!(Some(&value), payment.get(name), "{name}");
    }
}

#[tokio::test]
async fn v2_a_frictionless_card_is_authorized() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let payment = app.payment(id).await;
    assert_eq!("AUTHORIZED authorized 10000 captured 0 released 0 refunded 0: AUTHORIZE 10000", stands(&payment));
    assert_eq!(
        ("VISA", "411111******1111"),
        (payment["cardBrand"].as_str().unwrap(), payment["maskedCardNumber"].as_str().unwrap())
    );
    let first = &payment["paymentOperations"][0];
    assert!(first["operationId"].is_string() && first["createdDate"] == "2026-11-20T00:00:00Z", "{first}");
    assert_eq!(vec!["authorize 10000 SEK approved"], app.book().await);
}

#[tokio::test]
async fn v3_a_capture_without_a_body_takes_everything() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let captured = app.capture(id, Value::Null).await;
    assert_eq!(200, captured.status, "{}", captured.text());
    let body = captured.json();
    assert_eq!((Some(&Value::Null), Some(&Value::Null)), (body.get("receiptUrl"), body.get("receiptPdfUrl")));
    assert_eq!(json!(id), body["paymentId"]);
    let expected =
        "FULLY_CAPTURED authorized 10000 captured 10000 released 0 refunded 0: AUTHORIZE 10000, CAPTURE 10000";
    assert_eq!((expected, expected), (stands(&body["payment"]).as_str(), app.stands(id).await.as_str()));
    message(&app.capture(id, json!({})).await, 400);
    app.audit();
}

#[tokio::test]
async fn v4_several_captures_up_to_what_is_held() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let part = app
        .capture(id, json!({ "amount": 4_000, "releaseRemainingFunds": false, "transactionDescription": "half" }))
        .await;
    assert_eq!(200, part.status, "{}", part.text());
    let part = &part.json()["payment"];
    let expected =
        "PARTIALLY_CAPTURED authorized 10000 captured 4000 released 0 refunded 0: AUTHORIZE 10000, CAPTURE 4000";
    assert_eq!(expected, stands(part));
    assert_eq!("half", part["paymentOperations"][1]["transactionDescription"]);
    message(&app.capture(id, json!({ "amount": 6_001 })).await, 400);
    assert_eq!(200, app.capture(id, json!({ "amount": null, "transactionDescription": "" })).await.status);
    let expected = "FULLY_CAPTURED authorized 10000 captured 10000 released 0 refunded 0: AUTHORIZE 10000, CAPTURE 4000, CAPTURE 6000";
    assert_eq!(expected, app.stands(id).await);
    assert_eq!(
        vec!["authorize 10000 SEK approved", "capture 4000 SEK approved", "capture 6000 SEK approved"],
        app.book().await
    );
    app.audit();
}

#[tokio::test]
async fn a_capture_may_give_the_rest_back() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    assert_eq!(200, app.capture(id, json!({ "amount": 4_000, "releaseRemainingFunds": true })).await.status);
    let expected = "FULLY_CAPTURED authorized 10000 captured 4000 released 6000 refunded 0: AUTHORIZE 10000, CAPTURE 4000, RELEASE 6000";
    assert_eq!(expected, app.stands(id).await);
    let operations = app.payment(id).await["paymentOperations"].clone();
    assert_ne!(operations[1]["operationId"], operations[2]["operationId"]);
    message(&app.capture(id, json!({ "amount": 1 })).await, 400);
    app.audit();
}

#[tokio::test]
async fn v5_more_than_is_held_captures_nothing() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    for amount in [json!(10_001), json!(0), json!(-1), json!(1.5), json!("100"), json!(i64::MAX)] {
        message(&app.capture(id, json!({ "amount": amount })).await, 400);
    }
    assert_eq!("AUTHORIZED authorized 10000 captured 0 released 0 refunded 0: AUTHORIZE 10000", app.stands(id).await);
}

#[tokio::test]
async fn v6_with_an_order_there_is_a_receipt() {
    let app = App::new().await;
    let order = app.order_id("W-1042").await;
    let mut body = link(10_000);
    body["orderId"] = json!(order);
    let id = app.authorized(&body, FRICTIONLESS).await;
    let captured = app.capture(id, Value::Null).await.json();
    for (name, page, kind) in
        [("receiptUrl", "/receipt/", "text/html; charset=utf-8"), ("receiptPdfUrl", "/receipt.pdf", "application/pdf")]
    {
        let url = captured[name].as_str().unwrap();
        assert!(url.starts_with("http://pay.example.com/card/") && url.ends_with(page), "{url}");
        let answer = app.page(url.strip_prefix("http://pay.example.com").unwrap()).await;
        assert_eq!((200, kind), (answer.status, answer.header("content-type")), "{url}");
    }
    assert_eq!(json!(order), captured["payment"]["orderId"]);
}

#[tokio::test]
async fn v7_a_cancelled_link_refuses_its_buyer() {
    let app = App::new().await;
    for path in ["cards/cancel", "cancel", ""] {
        let (id, checkout) = app.payment_link(&link(10_000)).await;
        let path = match path {
            "" => format!("/api/v2/payments/cards/direct/{id}/cancel"),
            path => format!("/api/v2/payments/{id}/{path}"),
        };
        for _ in 0..2 {
            let cancelled = app.card(Method::PUT, &path, &Value::Null).await;
            assert_eq!((200, ""), (cancelled.status, cancelled.text().as_str()), "empty, and so again");
        }
        assert_eq!("CANCELLED", app.payment(id).await["status"]);
        assert!(app.types_card(checkout, FRICTIONLESS).await.is_err());
        message(&app.capture(id, Value::Null).await, 400);
        message(&app.release(id).await, 400);
    }
    assert!(app.book().await.is_empty());
}

#[tokio::test]
async fn v8_what_is_authorized_is_not_cancelled() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let refused = message(&app.cancel_link(id).await, 400);
    assert_eq!("Payment has already been authorized", refused);
    assert_eq!("AUTHORIZED", app.payment(id).await["status"]);
    app.capture(id, Value::Null).await;
    message(&app.cancel_link(id).await, 400);
    app.refund(id, json!({ "amount": 10_000 })).await;
    message(&app.cancel_link(id).await, 400);
}

#[tokio::test]
async fn v9a_cancelled_during_the_challenge_nothing_is_sent() {
    let app = App::new().await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.types_card(checkout, CHALLENGED).await.unwrap();
    assert_eq!("INITIATED", app.payment(id).await["status"]);
    assert_eq!(200, app.cancel_link(id).await.status);
    let shown = app.engine.show(checkout).await.unwrap();
    assert!(engine::question(&shown).is_none(), "nobody is asked any more");
    app.advance(3_600).await;
    assert_eq!("CANCELLED authorized 0 captured 0 released 0 refunded 0: ", app.stands(id).await);
    assert!(app.book().await.is_empty(), "no acquirer call");
}

#[tokio::test]
async fn v9b_an_authorization_that_lands_after_the_cancel_goes_back() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    app.subscribe("CARD_PAYMENT_AUTHORIZED", &receiver.url("/hook")).await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.types_card(checkout, RACE).await.unwrap();
    let engine = app.engine.clone();
    let cres = app.answer_of_bank(checkout, AcsAnswer::Choose(TransStatus::Authenticated)).await;
    let approving = tokio::spawn(async move { engine.return_from_bank(checkout, &cres).await });
    while app.engine.env().clock().next_wake().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(200, app.cancel_link(id).await.status, "the acquirer holds its answer");
    assert_eq!("CANCELLED", app.payment(id).await["status"]);
    app.advance(60 * 60).await;
    approving.await.unwrap().unwrap();
    let expected = "CANCELLED authorized 10000 captured 0 released 10000 refunded 0: AUTHORIZE 10000, RELEASE 10000";
    assert_eq!(expected, app.stands(id).await);
    message(&app.capture(id, Value::Null).await, 400);
    message(&app.refund(id, json!({ "amount": 1 })).await, 400);
    assert_eq!(200, app.release(id).await.status, "it is done already");
    assert!(receiver.heard().is_empty(), "no authorized event");
    app.audit();
}

#[tokio::test]
async fn v10_a_link_lives_31_days_to_the_second() {
    let app = App::new().await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.advance(31 * DAY - 1).await;
    assert_eq!("INITIATED", app.payment(id).await["status"]);
    app.advance(1).await;
    assert_eq!("EXPIRED", app.payment(id).await["status"]);
    assert!(app.types_card(checkout, FRICTIONLESS).await.is_err());
    message(&app.capture(id, Value::Null).await, 400);
    message(&app.release(id).await, 400);
    assert_eq!(200, app.cancel_link(id).await.status, "and stays expired");
    assert_eq!("EXPIRED", app.payment(id).await["status"]);
    let (alive, checkout) = app.payment_link(&link(10_000)).await;
    app.advance(31 * DAY - 1).await;
    app.types_card(checkout, FRICTIONLESS).await.unwrap();
    assert_eq!("AUTHORIZED", app.payment(alive).await["status"]);
}

#[tokio::test]
async fn v11_looking_and_failing_extend_nothing() {
    let app = App::new().await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.engine.view(checkout).await.unwrap();
    app.advance(10 * DAY).await;
    app.types_card(checkout, DECLINED).await.unwrap();
    assert_eq!("INITIATED", app.payment(id).await["status"], "a declined buyer may try again");
    app.advance(21 * DAY).await;
    assert_eq!("EXPIRED", app.payment(id).await["status"]);
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.types_card(checkout, DECLINED).await.unwrap();
    app.advance(10 * DAY).await;
    app.types_card(checkout, FRICTIONLESS).await.unwrap();
    assert_eq!("AUTHORIZED", app.payment(id).await["status"]);
}

#[tokio::test]
async fn v12_what_is_under_way_at_the_deadline_may_succeed() {
    let app = App::new().await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.advance(31 * DAY - 10).await;
    app.types_card(checkout, CHALLENGED).await.unwrap();
    app.advance(20).await;
    assert_eq!("INITIATED", app.payment(id).await["status"], "not while it is under way");
    app.bank_says(checkout, AcsAnswer::Choose(TransStatus::Authenticated)).await;
    assert_eq!("AUTHORIZED", app.payment(id).await["status"]);
}

#[tokio::test]
async fn v13_what_fails_after_the_deadline_has_expired() {
    let app = App::new().await;
    let (id, checkout) = app.payment_link(&link(10_000)).await;
    app.advance(31 * DAY - 10).await;
    app.types_card(checkout, CHALLENGED).await.unwrap();
    app.advance(20).await;
    app.bank_says(checkout, AcsAnswer::Cancel).await;
    assert_eq!("EXPIRED", app.payment(id).await["status"]);
}

#[tokio::test]
async fn v14_the_same_request_id_twice_is_one_payment() {
    let app = App::new().await;
    let id = request_id(14);
    assert_eq!(200, app.card_once(&id, Method::POST, DIRECT, &link(10_000)).await.status);
    message(&app.card_once(&id, Method::POST, DIRECT, &link(10_000)).await, 409);
}

#[tokio::test]
async fn v15_a_stored_card_is_charged_again_and_again() {
    let app = App::new().await;
    for card in [FRICTIONLESS, "5200009910000007"] {
        let token = app.stored(card).await;
        assert!(
            token.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-'),
            "{token}"
        );
        assert_eq!("READY", app.stored_status(&token).await);
        let mut numbers = vec![];
        for _ in 0..3 {
            let charged = app.card(Method::POST, CHARGE, &charge(&token)).await;
            assert_eq!(200, charged.status, "{}", charged.text());
            let body = charged.json();
            assert_eq!(
                (json!(false), Some(&Value::Null)),
                (body["verificationRequired"].clone(), body.get("verificationUrl"))
            );
            assert_eq!("AUTHORIZED", body["payment"]["status"]);
            assert!(body["payment"]["paymentOperations"][0]["operationId"].is_string());
            numbers.push(body["paymentId"].as_u64().unwrap());
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(3, numbers.len(), "a new payment each time");
        assert_eq!(
            200,
            app.capture(numbers[0], json!({ "amount": 4_900, "releaseRemainingFunds": true })).await.status
        );
        assert_eq!(200, app.release(numbers[1]).await.status);
        assert_eq!("CANCELLED", app.payment(numbers[1]).await["status"]);
    }
    app.audit();
}

#[tokio::test]
async fn v16_a_token_without_a_card_is_not_charged() {
    let app = App::new().await;
    let made = app.card(Method::POST, STORED, &store_link()).await.json();
    let token = made["token"].as_str().unwrap().to_owned();
    assert_eq!("INITIATED", app.stored_status(&token).await);
    message(&app.card(Method::POST, CHARGE, &charge(&token)).await, 400);
    app.types_card(checkout(&made["url"]), DECLINED).await.unwrap();
    assert_eq!("FAILED", app.stored_status(&token).await);
    message(&app.card(Method::POST, CHARGE, &charge(&token)).await, 400);
    app.advance(31 * DAY).await;
    assert_eq!("EXPIRED", app.stored_status(&token).await);
    for unknown in ["3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01", "900017", "nothing"] {
        message(&app.card(Method::POST, CHARGE, &charge(unknown)).await, 404);
        message(&app.card(Method::GET, &format!("{STORED}/{unknown}/status"), &Value::Null).await, 404);
    }
}

#[tokio::test]
async fn a_charge_that_is_declined_is_an_error_and_leaves_no_link() {
    let app = App::new().await;
    let token = app.stored("4000000000070013").await;
    assert_eq!("READY", app.stored_status(&token).await);
    for _ in 0..2 {
        let id = request_id(16);
        message(&app.card_once(&id, Method::POST, CHARGE, &charge(&token)).await, 400);
    }
    let mut euros = charge(&token);
    euros["currencyCode"] = json!("EUR");
    message(&app.card(Method::POST, CHARGE, &euros).await, 400);
    let mut nothing = charge(&token);
    nothing["amount"] = json!(0);
    message(&app.card(Method::POST, CHARGE, &nothing).await, 400);
    app.audit();
}

#[tokio::test]
async fn a_buyer_who_must_be_verified_is_sent_to_a_page() {
    let app = App::new().await;
    let token = app.stored(FRICTIONLESS).await;
    let mut by_buyer = charge(&token);
    by_buyer["initiatedBy"] = json!("BUYER");
    by_buyer["subsequentPaymentType"] = json!("UNSCHEDULED");
    by_buyer["amount"] = json!(30_000);
    assert_eq!(json!(false), app.card(Method::POST, CHARGE, &by_buyer).await.json()["verificationRequired"]);
    by_buyer["amount"] = json!(30_001);
    let to_verify = app.card(Method::POST, CHARGE, &by_buyer).await.json();
    let always = app.stored("4000000000070005").await;
    let asked = app.card(Method::POST, CHARGE, &charge(&always)).await.json();
    for answer in [to_verify, asked] {
        assert_eq!(json!(true), answer["verificationRequired"], "{answer}");
        checkout(&answer["verificationUrl"]);
        assert_eq!(
            ("INITIATED", json!([])),
            (answer["payment"]["status"].as_str().unwrap(), answer["payment"]["paymentOperations"].clone())
        );
        let id = answer["paymentId"].as_u64().unwrap();
        assert_eq!(200, app.cancel_link(id).await.status);
        assert_eq!("CANCELLED", app.payment(id).await["status"]);
    }
}

#[tokio::test]
async fn v17_an_order_is_named_by_number_or_text() {
    let app = App::new().await;
    let number = app.order_id("W-1").await;
    let named = async |order_id: Value| {
        let mut body = link(10_000);
        body["orderId"] = order_id;
        app.card(Method::POST, DIRECT, &body).await
    };
    for order_id in [json!(number), json!(number.to_string())] {
        let made = named(order_id).await;
        assert_eq!(200, made.status, "{}", made.text());
        assert_eq!(json!(number), app.payment(made.json()["paymentId"].as_u64().unwrap()).await["orderId"]);
    }
    for order_id in [json!(null), json!("")] {
        assert_eq!(200, named(order_id).await.status);
    }
    let other = app.another_merchant().await;
    let theirs = app.card_as(&other, Method::POST, "/api/v2/orders", &order("W-1")).await.json()["orderId"].clone();
    for order_id in [json!(900_017), theirs, json!("W-1"), json!(-1), json!([])] {
        message(&named(order_id).await, 400);
    }
    assert_eq!(200, app.card(Method::DELETE, &format!("/api/v2/orders/{number}"), &Value::Null).await.status);
    assert_eq!("The order is cancelled", message(&named(json!(number)).await, 400));
}

#[tokio::test]
async fn v21_content_type_without_a_body_is_fine_and_v22_refunds_without_an_order() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    message(&app.refund(id, json!({ "amount": 1 })).await, 400);
    app.capture(id, json!({ "amount": 8_000 })).await;
    assert_eq!(200, app.release(id).await.status);
    let part = app.refund(id, json!({ "amount": 3_000, "transactionDescription": "None" })).await;
    assert_eq!(200, part.status, "{}", part.text());
    let expected = "FULLY_CAPTURED authorized 10000 captured 8000 released 2000 refunded 3000: \
                    AUTHORIZE 10000, CAPTURE 8000, RELEASE 2000, REFUND 3000";
    assert_eq!(expected, stands(&part.json()["payment"]));
    message(&app.refund(id, json!({ "amount": 5_001 })).await, 400);
    assert_eq!(200, app.on_payment(Method::POST, id, "cards/refund", &json!({})).await.status, "all that is left");
    message(&app.refund(id, json!({})).await, 400);
    assert_eq!(json!(8_000), app.payment(id).await["refundedAmount"]);
    app.audit();
}

#[tokio::test]
async fn what_the_acquirer_refuses_changes_nothing() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), CAPTURE_REFUSED).await;
    for _ in 0..2 {
        let capture = format!("/api/v2/payments/{id}/cards/capture");
        let refused = app.card_once(&request_id(20), Method::POST, &capture, &Value::Null).await;
        message(&refused, 400);
    }
    assert_eq!("AUTHORIZED", app.payment(id).await["status"], "and the request id is free");
    let id = app.authorized(&link(10_000), REFUND_REFUSED).await;
    assert_eq!(200, app.capture(id, Value::Null).await.status);
    message(&app.refund(id, json!({ "amount": 1_000 })).await, 400);
    assert_eq!(json!(0), app.payment(id).await["refundedAmount"]);
    app.audit();
}

#[tokio::test]
async fn held_too_long_the_rest_goes_back() {
    let app = App::new().await;
    let (untouched, in_part) =
        (app.authorized(&link(10_000), FRICTIONLESS).await, app.authorized(&link(10_000), FRICTIONLESS).await);
    app.capture(in_part, json!({ "amount": 4_000 })).await;
    app.advance(7 * DAY).await;
    message(&app.capture(untouched, Value::Null).await, 400);
    assert_eq!(
        "CANCELLED authorized 10000 captured 0 released 10000 refunded 0: AUTHORIZE 10000, RELEASE 10000",
        app.stands(untouched).await
    );
    let expected = "FULLY_CAPTURED authorized 10000 captured 4000 released 6000 refunded 0: AUTHORIZE 10000, CAPTURE 4000, RELEASE 6000";
    assert_eq!(expected, app.stands(in_part).await);
}

#[tokio::test]
async fn a_strangers_payment_does_not_exist() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    let (id, _) = app.payment_link(&link(10_000)).await;
    let token = app.stored(FRICTIONLESS).await;
    for (method, path, body) in [
        (Method::GET, format!("/api/v2/payments/{id}"), Value::Null),
        (Method::POST, format!("/api/v2/payments/{id}/cards/capture"), json!({})),
        (Method::PUT, format!("/api/v2/payments/{id}/cards/cancel"), Value::Null),
        (Method::PUT, format!("/api/v2/payments/{id}/cards/authorize/release"), Value::Null),
        (Method::POST, format!("/api/v2/payments/{id}/cards/refund"), json!({})),
        (Method::POST, format!("/api/v2/payments/{id}/cards/refund-and-credit"), json!({})),
        (Method::GET, format!("{STORED}/{token}/status"), Value::Null),
        (Method::POST, CHARGE.to_owned(), charge(&token)),
    ] {
        message(&app.card_as(&other, method.clone(), &path, &body).await, 404);
        if path.contains(&id.to_string()) {
            message(&app.card(method.clone(), &path.replace(&id.to_string(), "900017"), &body).await, 404);
            message(&app.card(method.clone(), &path.replace(&id.to_string(), "x"), &body).await, 400);
        }
    }
    assert_eq!("INITIATED", app.payment(id).await["status"]);
    assert_eq!("READY", app.stored_status(&token).await);
}

#[tokio::test]
async fn links_that_cannot_be() {
    let app = App::new().await;
    for (member, value) in [
        ("amount", json!(0)),
        ("amount", json!(-1)),
        ("amount", json!(1.5)),
        ("amount", json!("100")),
        ("amount", json!(null)),
        ("currencyCode", json!("MYR")),
        ("currencyCode", json!("sek")),
        ("currencyCode", json!(null)),
        ("redirectOnSuccessURL", json!("")),
        ("redirectOnSuccessURL", json!(null)),
        ("redirectOnSuccessURL", json!("/thanks")),
        ("redirectOnFailURL", json!("javascript:alert(1)")),
        ("backToShopURL", json!("https://shop.example/\n")),
        ("backToShopURL", json!(format!("https://shop.example/{}", "a".repeat(2_048)))),
        ("callbackUrl", json!(format!("https://shop.example/{}", "a".repeat(512)))),
        ("externalPaymentReference", json!("x".repeat(256))),
    ] {
        let mut body = link(10_000);
        body[member] = value.clone();
        assert!(message(&app.card(Method::POST, DIRECT, &body).await, 400).contains(member), "{member}: {value}");
    }
    let lenient = json!({
        "amount": 1, "currencyCode": "EUR", "redirectOnSuccessUrl": "https://shop.example/?a=b#c", "redirectOnFailURL": "",
        "languageCode": "Klingon", "unknown": { "field": [1] },
    });
    let made = app.card(Method::POST, &format!("{DIRECT}/?uiVersion=V1"), &lenient).await;
    assert_eq!(200, made.status, "{}", made.text());
}

/// Direct, with an order (2.4).
#[tokio::test]
async fn a_shops_checkout_from_order_to_refund() {
    let app = App::new().await;
    let order_id = app.order_id("W-1042").await;
    app.subscribe("CARD_PAYMENT_AUTHORIZED", "https://shop.example/?wc-api=payer").await;
    let mut body = link(10_000);
    body["orderId"] = json!(order_id.to_string());
    let (id, checkout) = app.payment_link(&body).await;
    app.types_card(checkout, DECLINED).await.unwrap();
    app.types_card(checkout, FRICTIONLESS).await.unwrap();
    assert_eq!("AUTHORIZED", app.payment(id).await["status"], "on the success page");
    let approve = format!("/api/v2/orders/{order_id}/approve");
    assert_eq!(200, app.card(Method::PUT, &approve, &Value::Null).await.status);
    let left =
        app.payment(id).await["amount"].as_i64().unwrap() - app.payment(id).await["capturedAmount"].as_i64().unwrap();
    let captured =
        app.capture(id, json!({ "amount": left, "releaseRemainingFunds": true, "transactionDescription": "" })).await;
    assert_eq!((200, "FULLY_CAPTURED"), (captured.status, captured.json()["payment"]["status"].as_str().unwrap()));
    assert_eq!(200, app.refund(id, json!({ "amount": 10_000, "transactionDescription": "None" })).await.status);
    assert_eq!(
        vec![
            "authorize 10000 SEK declined",
            "authorize 10000 SEK approved",
            "capture 10000 SEK approved",
            "refund 10000 SEK approved"
        ],
        app.book().await
    );
    app.audit();
}

/// A shop order that is cancelled before anything was captured (2.4).
#[tokio::test]
async fn a_released_payment_is_cancelled() {
    let app = App::new().await;
    let id = app.authorized(&link(10_000), FRICTIONLESS).await;
    let released = app.release(id).await;
    assert_eq!((200, ""), (released.status, released.text().as_str()));
    let expected = "CANCELLED authorized 10000 captured 0 released 10000 refunded 0: AUTHORIZE 10000, RELEASE 10000";
    assert_eq!(expected, app.stands(id).await);
    message(&app.release(id).await, 400);
    message(&app.capture(id, Value::Null).await, 400);
    message(&app.cancel_link(id).await, 400);
}

/// The acquirer is silent for 8 s: 503, the amount stays reserved, a repeat sends nothing, the result shows (1.5).
#[tokio::test]
async fn a_silent_acquirer_is_503_and_the_result_shows_later() {
    let app = App::new().await;
    // The fault of card 1101: the capture is done and its answer lost.
    let id = app.authorized(&link(10_000), "4000009900001101").await;
    let capture = format!("/api/v2/payments/{id}/cards/capture");
    let waiting = app.call_slowly(Method::POST, &capture, &json!({ "amount": 4_000 })).await;
    app.advance(8).await;
    message(&waiting.await.unwrap(), 503);
    message(&app.capture(id, json!({ "amount": 4_000 })).await, 503);
    assert_eq!("AUTHORIZED", app.payment(id).await["status"]);
    app.advance(3_600).await;
    assert_eq!("PARTIALLY_CAPTURED", app.payment(id).await["status"]);
    assert_eq!(json!(4_000), app.payment(id).await["capturedAmount"]);
    assert_eq!(1, app.book().await.iter().filter(|line| line.starts_with("capture ")).count(), "sent once");
    app.audit();
}
