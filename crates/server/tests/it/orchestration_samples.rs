//! Every published sample: each request is taken as it is printed, and every member of the answer that is printed beside
//! it is in ours, with the same type (orchestration-api, source S).

use axum::http::{HeaderValue, Method, header};
use domain::{ChallengeWindow, CheckoutId, Flow, RedirectMethod};
use engine::three_ds::AcsAnswer;
use engine::{LegSource, NewLeg, Visit};
use serde_json::{Value, json};

use crate::app::{App, ask, request};
use crate::orchestration::{CHALLENGED, FRICTIONLESS, PAYMENTS, SESSIONS, id, legs, token_request};

macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../orchestration/src/samples/", $name, ".json")))
            .unwrap()
    };
}

/// Where a published answer has a member that ours lacks, or has with another type.
fn lacking(published: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    let mut inside = |step: &str, published: &Value, ours: Option<&Value>| {
        let at = format!("{at}/{step}");
        match ours {
            Some(ours) => lacking(published, ours, &at, found),
            None => found.push(at),
        }
    };
    match (published, ours) {
        (Value::Object(members), Value::Object(_)) => {
            members.iter().for_each(|(name, value)| inside(name, value, ours.get(name)));
        }
        (Value::Array(items), Value::Array(_)) => {
            items.iter().enumerate().for_each(|(place, item)| inside(&place.to_string(), item, ours.get(place)));
        }
        (Value::Number(published), Value::Number(ours)) if published.is_i64() == ours.is_i64() => {}
        (Value::Bool(_), Value::Bool(_)) | (Value::String(_), Value::String(_)) => {}
        _ => found.push(at.to_owned()),
    }
}

/// Each of `cannot` is a member of the sample that does not apply, and why.
fn check(published: &Value, ours: &Value, cannot: &[(&str, &str)]) {
    let mut found = vec![];
    lacking(published, ours, "", &mut found);
    let cannot: Vec<&str> = cannot.iter().map(|(pointer, _)| *pointer).collect();
    assert_eq!(cannot, found, "{ours:#}");
}

/// A body with other values at some pointers.
fn with(mut body: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    body
}

impl App {
    fn entity(&self) -> Value {
        json!(self.merchant.orchestration.entity_id)
    }

    /// What the page does when its payer chose to pay all of it elsewhere.
    async fn submit_elsewhere(&self, session: &Value) {
        let checkout = CheckoutId::parse(session["id"].as_str().unwrap()).unwrap();
        let shown = self.engine.show(checkout).await.unwrap();
        let leg = NewLeg {
            partner: "paypal".into(),
            method: "wallet".into(),
            amount: session["amount"].as_i64().unwrap(),
            source: LegSource::Redirect(RedirectMethod::Wallet),
        };
        let visit = Visit {
            flow: Flow::HostedPage,
            payer_ip: None,
            form_token: Some(self.engine.form_token(checkout)),
            details: None,
            window: ChallengeWindow::Full,
        };
        self.engine.pay_by_tender(&shown, vec![leg], visit).await.unwrap();
    }

    /// The published request, with this split; the bank asks its payer, who answers.
    async fn paid_as_published(&self, changes: &[(&str, Value)], amount: i64, split: Value) -> Value {
        let own = [("/entity_id", self.entity()), ("/amount", json!(amount)), ("/order/net_amount", json!(amount))];
        let body = with(with(sample!("payment"), &own), &[("/split", split)]);
        let payment = self.shop_post(PAYMENTS, &with(body, changes)).await;
        self.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
        let checkout = CheckoutId::parse(payment["client_session_id"].as_str().unwrap()).unwrap();
        self.engine.tendered_by_payer(checkout).await.unwrap();
        self.payment_now(&payment).await
    }
}

#[tokio::test]
async fn the_token_and_the_keys() {
    let app = App::new().await;
    let in_form = "application/x-www-form-urlencoded";
    let mut asked = request(Method::POST, "/v2/oauth/token", "", in_form, "grant_type=client_credentials");
    let basic: HeaderValue = token_request(&app.merchant).headers()[header::AUTHORIZATION].clone();
    asked.headers_mut().insert(header::AUTHORIZATION, basic);
    let token = ask(&app.router, asked).await.json();
    check(&sample!("answers/token"), &token, &[]);
    assert_eq!((json!("Bearer"), json!(3_600)), (token["token_type"].clone(), token["expires_in"].clone()));

    let keys = ask(&app.router, request(Method::GET, "/v2/signing-jwks", "", "", "")).await;
    let unlike = ("/keys/0/kid", "printed as a number here, as a text in the guides and in every token");
    check(&sample!("answers/signing_jwks"), &keys.json(), &[unlike]);
    assert!(keys.json()["keys"][0]["kid"].is_string());
}

#[tokio::test]
async fn sessions_from_beginning_to_end() {
    let app = App::new().await;
    let body = with(sample!("session"), &[("/entity_id", app.entity())]);
    let made = app.shop_post(SESSIONS, &body).await;
    check(&sample!("answers/session"), &made, &[]);
    for name in ["amount", "currency", "capture_mode", "allow_future_usage", "shopper_redirection_url"] {
        assert_eq!(body[name], made[name], "{name}");
    }
    let offered = made["eligible_solutions"].as_array().unwrap();
    for solution in sample!("answers/session")["eligible_solutions"].as_array().unwrap() {
        assert!(offered.contains(solution), "{solution}");
    }
    let own = format!("{SESSIONS}/{}", id(&made));
    assert_eq!(made["links"], app.shop_get(&own).await["links"]);

    app.submit_elsewhere(&made).await;
    let submitted = app.shop_get(&own).await;
    check(&sample!("answers/session_submitted"), &submitted, &[]);
    assert_eq!("SUBMITTED", submitted["status"]);
    let published = sample!("answers/session_submitted");
    let names = ["id", "payment_id"].map(|name| (published[name].as_str().unwrap(), submitted[name].as_str().unwrap()));
    let links = names.iter().fold(published["links"].to_string(), |links, (theirs, ours)| links.replace(theirs, ours));
    assert_eq!(serde_json::from_str::<Value>(&links).unwrap(), submitted["links"]);

    let ended = app.shop_post(&format!("{own}/abort"), &sample!("abort")).await;
    check(&sample!("answers/session_aborted"), &ended, &[]);
    assert_eq!(
        (json!("ABORTED_BY_MERCHANT"), &submitted["payment_id"]),
        (ended["status"].clone(), &ended["payment_id"])
    );
    assert_eq!(1, ended["links"].as_object().unwrap().len(), "nothing but itself");
    let payment = app.shop_get(&format!("{PAYMENTS}/{}", ended["payment_id"].as_str().unwrap())).await;
    assert_eq!("ABORTED: ABORTED 12000", legs(&payment));
    app.audit();
}

/// The published payment, step by step: a gift card and a card, of which 3000 are captured.
#[tokio::test]
async fn a_payment_of_two_legs() {
    let app = App::new().await;
    let split = with(
        sample!("answers/payment_made"),
        &[("/split/1/vault_form_token", json!(app.hand_in(CHALLENGED).await))],
    )["split"]
        .clone();
    let payment = app.paid_as_published(&[], 4_299, split).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", legs(&payment));
    let captured = app.operate(&payment, "captures", &with(sample!("capture"), &[("/amount", json!(3_000))])).await;
    let read = app.payment_now(&payment).await;
    assert_eq!(captured, read);
    let newer = sample!("answers/payment_made");
    for published in [&newer, &sample!("answers/payment")] {
        check(published, &read, &[]);
        for name in ["amount", "currency", "capture_mode", "amounts", "overview", "split", "voids", "refunds"] {
            assert_eq!(published[name], read[name], "{name}");
        }
        for pointer in [
            "/authorization/status",
            "/authorization/partner_transactions/0/status",
            "/authorization/partner_transactions/0/partner_status",
            "/authorization/partner_transactions/1/partner_status",
            "/authorization/partner_transactions/1/card/selected_network",
            "/authorization/partner_transactions/1/card/three_ds/version",
            "/authorization/partner_transactions/1/card/three_ds/flow",
            "/captures/0/amount",
            "/captures/0/triggered_by",
            "/captures/0/merchant_reference",
            "/captures/0/status",
            "/captures/0/partner_transactions/0/amount",
            "/captures/0/partner_transactions/0/method",
            "/captures/0/partner_transactions/1/amount",
            "/captures/0/partner_transactions/1/method",
        ] {
            // One of the samples is older and says less of 3-D Secure.
            let expected = published.pointer(pointer).or_else(|| newer.pointer(pointer));
            assert_eq!(expected, read.pointer(pointer), "{pointer}");
        }
    }
    app.audit();
}

/// The published request charges an earlier payment again, beside a gift card of which it says nothing. Its parts make up
/// less than the whole, which is taken for a slip (orchestration-api 5.1).
#[tokio::test]
async fn a_charge_without_its_payer() {
    let app = App::new().await;
    let card = json!([{ "partner": "dalenys", "method": "creditcard", "amount": 100, "vault_form_token": app.hand_in(FRICTIONLESS).await }]);
    let reusable = [("/allow_future_usage", json!(true)), ("/order/reference", json!("first"))];
    let first = app.paid_as_published(&reusable, 100, card).await;
    let changes = [
        ("/entity_id", app.entity()),
        ("/split/0/parent_payment_id", first["id"].clone()),
        ("/split/0/amount", json!(11_000)),
    ];
    let body = with(sample!("payment"), &changes);
    let payment = app.shop_post(PAYMENTS, &body).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 11000, AUTHORIZED 1000", legs(&payment));
    check(
        &sample!("answers/payment_made"),
        &payment,
        &[
            ("/authorization/partner_transactions/1/card", "the second part is the gift card here"),
            ("/captures/0", "nothing was captured yet"),
            ("/links/refund", "nothing can be refunded yet"),
        ],
    );
    for (name, value) in body["split"][0].as_object().unwrap() {
        assert_eq!(*value, payment["split"][0][name], "{name}");
    }
    assert_eq!(body["split"][1], payment["split"][1]);
    app.audit();
}

#[tokio::test]
async fn a_capture_a_void_and_a_refund() {
    let app = App::new().await;
    let card = |token: String| json!([{ "partner": "dalenys", "method": "creditcard", "amount": 4_299, "vault_form_token": token }]);
    let published = sample!("answers/payment_captured");
    let hook = json!({
        "url": published["webhook"]["url"], "headers": published["webhook"]["headers"],
        "event_types": ["PAYMENT_CAPTURE", "PAYMENT_REFUND", "PAYMENT_VOID"],
    });
    let changes =
        [("/allow_future_usage", json!(true)), ("/order", published["order"].clone()), ("/webhook", hook.clone())];
    let payment = app.paid_as_published(&changes, 4_299, card(app.hand_in(CHALLENGED).await)).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 4299", legs(&payment));
    let operation = |amount: i64| with(sample!("capture"), &[("/amount", json!(amount))]);
    app.operate(&payment, "captures", &operation(3_000)).await;
    let now = app.operate(&payment, "voids", &operation(299)).await;
    let mut amounts = now["amounts"].clone();
    assert_eq!(Some(json!(0)), amounts.as_object_mut().unwrap().remove("authorize_pending"), "always told");
    assert_eq!(published["amounts"], amounts);

    let now = app.operate(&payment, "refunds", &sample!("capture")).await;
    check(
        &published,
        &now,
        &[
            ("/authorization/partner_transactions/0/partner_additional_data", "the partner said nothing more"),
            ("/redirection", "the payer has nowhere to go any more"),
            ("/split/0/parent_partner_reference", "nothing was charged again"),
            ("/split/0/parent_partner_token", "nothing was charged again"),
            ("/split/0/parent_partner_transaction_id", "nothing was charged again"),
            ("/split/0/parent_payment_id", "nothing was charged again"),
            ("/webhook/event_types", "a text about the list is printed in its place"),
            ("/webhook/headers/0/values/0", "a header is text: a number that was sent is shown as one"),
        ],
    );
    assert_eq!(hook["event_types"], now["webhook"]["event_types"]);
    assert_eq!(json!(["123456789"]), now["webhook"]["headers"][0]["values"]);
    for kind in ["captures", "voids", "refunds"] {
        for name in ["merchant_reference", "order"] {
            assert_eq!(sample!("capture")[name], now[kind][0][name], "{kind} {name}");
        }
    }

    // All four ways of naming what is charged again are shown as they were sent, numbers as numbers.
    let leg = &now["authorization"]["partner_transactions"][0];
    let reference: i64 = leg["partner_reference"].as_str().unwrap().parse().unwrap();
    let again = json!([{
        "partner": "dalenys", "method": "creditcard", "amount": 4_299, "parent_payment_id": now["id"],
        "parent_partner_transaction_id": leg["id"], "parent_partner_token": leg["partner_token"],
        "parent_partner_reference": reference,
    }]);
    let body =
        with(sample!("payment"), &[("/entity_id", app.entity()), ("/amount", json!(4_299)), ("/split", again.clone())]);
    let charged = app.shop_post(PAYMENTS, &body).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 4299", legs(&charged));
    assert_eq!(again, charged["split"]);
    let mut found = vec![];
    lacking(&published["split"], &charged["split"], "", &mut found);
    assert_eq!(Vec::<String>::new(), found);
    app.audit();
}
