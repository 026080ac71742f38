//! Payments made without a session: split tender, 3-D Secure, redirects, charges of what was paid with before
//! (orchestration-api 2.6, 5, 8.4).

use axum::http::Method;
use domain::CheckoutId;
use engine::redirects::RedirectChoice;
use engine::three_ds::{AcsAnswer, AcsOutcome};
use serde_json::{Value, json};

use crate::app::{App, ask};
use crate::orchestration::{
    CHALLENGED, FRICTIONLESS, PAYMENTS, REFUSED, SESSIONS, amounts, call, gift, id, keyed, last, legs, problem,
};

pub(crate) fn checkout(payment: &Value) -> CheckoutId {
    CheckoutId::parse(payment["client_session_id"].as_str().unwrap()).unwrap()
}

fn redirect(partner: &str, method: &str, amount: i64) -> Value {
    json!({ "partner": partner, "method": method, "amount": amount })
}

impl App {
    /// What the payer does on the bank's page.
    pub(crate) async fn payer_answers(&self, payment: &Value, answer: AcsAnswer<'_>) -> Option<AcsOutcome> {
        let shown = self.engine.show(checkout(payment)).await.unwrap();
        let question = engine::question(&shown).expect("the bank asks");
        self.engine.act_at_test_bank(question.challenge.ids.acs, answer).await
    }

    /// What the payer does on the page of the acquirer's, and comes back.
    pub(crate) async fn payer_chooses(&self, payment: &Value, choice: RedirectChoice) -> Value {
        let page = payment["redirection"]["href"].as_str().unwrap().rsplit('/').next().unwrap();
        self.engine.decide_at_acquirer(page.parse().unwrap(), choice).await.unwrap().expect("a page");
        self.engine.return_from_acquirer(checkout(payment)).await.unwrap();
        self.payment_now(payment).await
    }
}

#[tokio::test]
async fn a_gift_card_and_a_card_pay_together() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    assert_eq!("0 4299 0 0 0 | 4299 4299 0", amounts(&payment));
    assert_eq!(
        json!({ "consumed": "NOT", "captured": "NOT", "voided": "NOT", "refunded": "NOT" }),
        payment["overview"]
    );
    assert_eq!(
        json!([
            { "partner": "illicado", "method": "giftcard", "amount": 2_000 },
            { "partner": "dalenys", "method": "creditcard", "amount": 2_299 },
        ]),
        payment["split"]
    );
    let card = &payment["authorization"]["partner_transactions"][1]["card"];
    assert_eq!(
        ("411111", "1111", "A. Test"),
        (
            card["bin"].as_str().unwrap(),
            card["last_four_digits"].as_str().unwrap(),
            card["holder_name"].as_str().unwrap(),
        )
    );
    assert_eq!(
        ("09", "31", "VISA"),
        (
            card["expiry_month"].as_str().unwrap(),
            card["expiry_year"].as_str().unwrap(),
            card["selected_network"].as_str().unwrap(),
        )
    );
    assert_eq!("FRICTIONLESS", card["three_ds"]["flow"]);
    assert!(card["fingerprint"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(
        (json!([]), json!([]), json!([])),
        (payment["captures"].clone(), payment["voids"].clone(), payment["refunds"].clone())
    );
    let own = id(&payment);
    assert_eq!(
        json!({
            "self": { "href": format!("/v2/payments/{own}"), "method": "GET" },
            "capture": { "href": format!("/v2/payments/{own}/captures"), "method": "POST" },
            "void": { "href": format!("/v2/payments/{own}/voids"), "method": "POST" },
        }),
        payment["links"]
    );
    assert_eq!(
        vec!["authorize 2000 EUR approved", "authorize 2299 EUR approved"],
        app.book().await,
        "gift cards first"
    );
    for path in [format!("{PAYMENTS}/{own}"), format!("/v2/payments/{own}"), format!("/v2/payment/{own}")] {
        assert_eq!(payment, app.shop_get(&path).await, "{path}");
    }
    let session = app.shop_get(&format!("{SESSIONS}/{}", payment["client_session_id"].as_str().unwrap())).await;
    assert_eq!((json!("SUBMITTED"), json!(own)), (session["status"].clone(), session["payment_id"].clone()));
    assert!(session.get("widget").is_none(), "it was made for a payment");
    app.audit();
}

#[tokio::test]
async fn the_bank_asks_and_its_payer_answers() {
    let app = App::new().await;
    let legs_of = async |reference: &str| {
        let legs = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
        let answer = app.split(reference, &legs, &Value::Null).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    };
    let payment = legs_of("SO-1").await;
    assert_eq!("PENDING: AUTHORIZED 2000, PENDING 2299", legs(&payment));
    assert_eq!("4299 0 0 0 0 | 0 0 0", amounts(&payment));
    let session = payment["client_session_id"].as_str().unwrap();
    let page = format!("http://pay.example.com/entities/{}/sessions/{session}/", app.merchant.orchestration.entity_id);
    assert_eq!(json!({ "href": page, "method": "GET" }), payment["redirection"]);
    assert_eq!(vec!["self"], payment["links"].as_object().unwrap().keys().collect::<Vec<_>>());
    app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    let paid = app.payment_now(&payment).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", legs(&paid));
    assert_eq!("CHALLENGE", paid["authorization"]["partner_transactions"][1]["card"]["three_ds"]["flow"]);
    assert!(paid.get("redirection").is_none());
    assert!(paid["version"].as_u64() > payment["version"].as_u64());

    let payment = legs_of("SO-2").await;
    for _ in 0..3 {
        app.payer_answers(&payment, AcsAnswer::Otp("9999")).await;
    }
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    let refused = app.payment_now(&payment).await;
    assert_eq!("REFUSED: ABORTED 2000, REFUSED 2299", legs(&refused));
    assert_eq!("0 0 0 0 0 | 0 0 0", amounts(&refused));
    assert!(refused["voids"].as_array().unwrap().is_empty(), "a rollback is no void");

    let payment = legs_of("SO-3").await;
    app.payer_answers(&payment, AcsAnswer::Cancel).await;
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    assert_eq!("ABORTED: ABORTED 2000, ABORTED 2299", legs(&app.payment_now(&payment).await));

    let payment = legs_of("SO-4").await;
    app.advance(3_600).await;
    assert_eq!("ABORTED: ABORTED 2000, ABORTED 2299", legs(&app.payment_now(&payment).await), "nobody answered");

    let payment = legs_of("SO-5").await;
    let session = format!("{SESSIONS}/{}", payment["client_session_id"].as_str().unwrap());
    let ended = app.shop_post(&format!("{session}/abort"), &Value::Null).await;
    assert_eq!(
        (json!("ABORTED_BY_MERCHANT"), payment["id"].clone()),
        (ended["status"].clone(), ended["payment_id"].clone())
    );
    assert_eq!("ABORTED: ABORTED 2000, ABORTED 2299", legs(&app.payment_now(&payment).await));
    assert_eq!(2, app.approvals_kept().await, "only the first payment holds anything");
    app.audit();
}

#[tokio::test]
async fn cards_of_the_table_end_as_it_says() {
    let app = App::new().await;
    for (number, status, word) in [
        ("5200009910000007", "AUTHORIZED: AUTHORIZED 1000", "SUCCEEDED"),
        ("378282246310005", "AUTHORIZED: AUTHORIZED 1000", "SUCCEEDED"),
        (REFUSED, "REFUSED: REFUSED 1000", "REJECTED_BANK"),
        ("4000000000009995", "REFUSED: REFUSED 1000", "INSUFFICIENT_FUNDS"),
        ("4000000000000069", "REFUSED: REFUSED 1000", "CARD_EXPIRED"),
        ("4000000000000119", "ERROR: ERROR 1000", "TECHNICAL_ISSUE_TO_CONTACT_PARTNER"),
    ] {
        let legs_in = if number.starts_with('3') {
            let path = format!("/v1/tenants/{}/forms/secure-fields", app.merchant.orchestration.entity_id);
            let card = json!({ "pan": number, "expiry_month": 9, "expiry_year": 2031 });
            let handed = ask(&app.router, call("", Method::POST, &path, &json!({ "cvv": "1234", "card": card }))).await;
            let token = handed.json()["form_token"].clone();
            json!({ "partner": "dalenys", "method": "creditcard", "amount": 1_000, "vault_form_token": token })
        } else {
            app.card_leg(number, 1_000).await
        };
        let payment = app.split(number, &[legs_in], &Value::Null).await.json();
        assert_eq!(status, legs(&payment), "{number}");
        let leg = &payment["authorization"]["partner_transactions"][0];
        assert_eq!(word, leg["partner_status_description"], "{number}");
    }
    app.audit();
}

#[tokio::test]
async fn the_payer_confirms_elsewhere() {
    let app = App::new().await;
    for (leg, choice, status, book) in [
        (
            redirect("paypal", "wallet", 1_000),
            RedirectChoice::Approve,
            "AUTHORIZED: AUTHORIZED 1000",
            "0 1000 0 0 0 | 1000 1000 0",
        ),
        (redirect("paypal", "wallet", 1_000), RedirectChoice::Refuse, "REFUSED: REFUSED 1000", "0 0 0 0 0 | 0 0 0"),
        (redirect("paypal", "wallet", 1_000), RedirectChoice::Cancel, "ABORTED: ABORTED 1000", "0 0 0 0 0 | 0 0 0"),
        (
            redirect("oney", "cb3x", 10_000),
            RedirectChoice::Approve,
            "AUTHORIZED: AUTHORIZED 10000",
            "0 10000 10000 0 0 | 0 0 10000",
        ),
        (
            redirect("adyen", "ideal", 1_000),
            RedirectChoice::Approve,
            "AUTHORIZED: AUTHORIZED 1000",
            "0 1000 1000 0 0 | 0 0 1000",
        ),
        (redirect("adyen", "ideal", 1_000), RedirectChoice::Later, "PENDING: PENDING 1000", "1000 0 0 0 0 | 0 0 0"),
    ] {
        let reference = format!("{leg} {choice:?}").chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let payment = app.split(&reference, &[leg], &Value::Null).await.json();
        assert_eq!("PENDING", payment["authorization"]["status"], "{payment}");
        assert!(payment["redirection"]["href"].as_str().unwrap().starts_with("http://pay.example.com/acs/pay/"));
        let now = app.payer_chooses(&payment, choice).await;
        assert_eq!((status, book), (legs(&now).as_str(), amounts(&now).as_str()), "{choice:?}");
        if choice == RedirectChoice::Later {
            app.advance(30).await;
            let paid = app.payment_now(&payment).await;
            assert_eq!("AUTHORIZED: AUTHORIZED 1000", legs(&paid));
            assert_eq!("SUCCESS 1000: ideal 1000 SUCCESS", last(&paid, "captures"));
            assert_eq!("SYSTEM", paid["captures"][0]["triggered_by"]);
        }
    }
    let too_little = app.split("loan", &[redirect("oney", "cb3x", 9_999)], &Value::Null).await;
    assert_eq!(vec!["/split/0/method".to_owned()], problem(&too_little, 400).1);
    let payment = app.split("left", &[redirect("paypal", "wallet", 1_000)], &Value::Null).await.json();
    app.advance(3_600).await;
    assert_eq!("ABORTED: ABORTED 1000", legs(&app.payment_now(&payment).await), "an hour is enough");
    app.audit();
}

#[tokio::test]
async fn what_is_captured_by_itself() {
    let app = App::new().await;
    let at_once = json!({ "capture_mode": "AUTOMATIC" });
    let legs_in = [gift("illicado", "6000000000002000", 2_000), app.card_leg(FRICTIONLESS, 2_299).await];
    let payment = app.split("SO-1", &legs_in, &at_once).await.json();
    assert_eq!("0 4299 4299 0 0 | 0 0 4299", amounts(&payment), "{payment}");
    assert_eq!("SUCCESS 4299: giftcard 2000 SUCCESS, creditcard 2299 SUCCESS", last(&payment, "captures"));
    assert_eq!("SYSTEM", payment["captures"][0]["triggered_by"]);
    assert_eq!("TOTALLY", payment["overview"]["captured"]);
    app.audit();
}

#[tokio::test]
async fn what_was_paid_with_is_charged_again() {
    let app = App::new().await;
    let reusable = json!({ "allow_future_usage": true });
    let first = app.split("CIT", &[app.card_leg(FRICTIONLESS, 1_000).await], &reusable).await.json();
    assert_eq!("PENDING", first["authorization"]["status"], "the bank has to ask");
    app.payer_answers(&first, AcsAnswer::Otp("1234")).await;
    app.engine.tendered_by_payer(checkout(&first)).await.unwrap();
    let first = app.payment_now(&first).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 1000", legs(&first));
    let leg = &first["authorization"]["partner_transactions"][0];
    let (transaction, token, reference) =
        (leg["id"].clone(), leg["partner_token"].clone(), leg["partner_reference"].clone());
    let named = json!({ "partner": "dalenys", "method": "creditcard" });
    let with = |extra: Value| {
        let mut leg = json!({ "amount": 3_299 });
        for (name, value) in extra.as_object().into_iter().flatten() {
            leg[name] = value.clone();
        }
        leg
    };
    let both = |extra: Value| {
        let mut leg = with(extra);
        leg["partner"] = named["partner"].clone();
        leg["method"] = named["method"].clone();
        leg
    };
    for (place, leg) in [
        with(json!({ "parent_payment_id": id(&first) })),
        with(json!({ "parent_payment_id": id(&first), "parent_partner_transaction_id": transaction })),
        with(json!({ "parent_partner_transaction_id": transaction })),
        both(json!({ "parent_partner_token": token })),
        both(json!({ "parent_partner_reference": reference })),
    ]
    .into_iter()
    .enumerate()
    {
        // As the published sample mixes them: a gift card without a number beside what is charged again.
        let legs_in = [leg.clone(), json!({ "amount": 1_000, "method": "giftcard", "partner": "illicado" })];
        let mut body = app.session_body(&format!("MIT-{place}"), &json!({ "split": legs_in }));
        body.as_object_mut().unwrap().remove("shopper_redirection_url");
        let charged = app.shop_post(PAYMENTS, &body).await;
        assert_eq!("AUTHORIZED: AUTHORIZED 3299, AUTHORIZED 1000", legs(&charged), "{leg}");
        assert_eq!(
            ("dalenys", "creditcard"),
            (charged["split"][0]["partner"].as_str().unwrap(), charged["split"][0]["method"].as_str().unwrap())
        );
        for (name, value) in leg.as_object().unwrap() {
            assert_eq!(*value, charged["split"][0][name], "{name} is shown");
        }
    }
    let once = app.split("ONCE", &[app.card_leg(FRICTIONLESS, 1_000).await], &Value::Null).await.json();
    let stranger = app.another_merchant().await;
    for (leg, pointer) in [
        (with(json!({ "parent_payment_id": id(&once) })), "/split/0/parent_payment_id"),
        (with(json!({ "parent_payment_id": "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10" })), "/split/0/parent_payment_id"),
        (
            with(json!({ "parent_payment_id": id(&first), "partner": "illicado", "method": "giftcard" })),
            "/split/0/partner",
        ),
        (
            both(json!({ "parent_partner_token": "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10" })),
            "/split/0/parent_partner_token",
        ),
        (
            both(json!({ "parent_partner_token": once["authorization"]["partner_transactions"][0]["partner_token"] })),
            "/split/0/parent_partner_token",
        ),
        (both(json!({ "parent_partner_reference": 4_711 })), "/split/0/parent_partner_reference"),
    ] {
        let body = app.session_body("MIT-x", &json!({ "amount": 3_299, "split": [leg] }));
        assert_eq!(vec![pointer.to_owned()], problem(&app.shop(Method::POST, PAYMENTS, &body).await, 400).1, "{body}");
    }
    let mut body = app.session_body(
        "MIT-y",
        &json!({ "amount": 3_299, "split": [with(json!({ "parent_payment_id": id(&first) }))] }),
    );
    body["entity_id"] = json!(stranger.orchestration.entity_id);
    let token = app.orchestration_token(&stranger).await;
    assert_eq!(400, ask(&app.router, call(&token, Method::POST, PAYMENTS, &body)).await.status, "nobody else's");
    let dollars = app.session_body(
        "MIT-z",
        &json!({ "currency": "USD", "amount": 3_299, "split": [with(json!({ "parent_payment_id": id(&first) }))] }),
    );
    assert_eq!(400, app.shop(Method::POST, PAYMENTS, &dollars).await.status, "another currency");
    app.audit();
}

#[tokio::test]
async fn a_card_is_verified_for_later() {
    let app = App::new().await;
    let mut leg = app.card_leg(FRICTIONLESS, 0).await;
    leg["amount"] = json!(0);
    let body = app.session_body("ZERO", &json!({
        "amount": 0, "allow_future_usage": true, "split": [leg], "browser": {}, "order": { "reference": "ZERO", "net_amount": 0 },
    }));
    let payment = app.shop_post(PAYMENTS, &body).await;
    app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
    app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
    let payment = app.payment_now(&payment).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 0", legs(&payment));
    assert_eq!("0 0 0 0 0 | 0 0 0", amounts(&payment));
    assert_eq!(vec!["self"], payment["links"].as_object().unwrap().keys().collect::<Vec<_>>());
    let charge = app.session_body("MIT", &json!({ "split": [{ "amount": 4_299, "parent_payment_id": id(&payment) }] }));
    assert_eq!("AUTHORIZED: AUTHORIZED 4299", legs(&app.shop_post(PAYMENTS, &charge).await));
    app.audit();
}

#[tokio::test]
async fn an_order_is_paid_once() {
    let app = App::new().await;
    let part = async |amount: i64| {
        let leg = app.card_leg(FRICTIONLESS, amount).await;
        let changes = json!({ "order": { "reference": "SO-9", "net_amount": 4_299 } });
        app.split("SO-9", &[leg], &changes).await
    };
    let first = part(3_000).await;
    assert_eq!(200, first.status, "{}", first.text());
    let refused = part(1_300).await;
    assert_eq!(vec!["/amount".to_owned()], problem(&refused, 400).1);
    assert!(refused.json()["detail"].as_str().unwrap().contains("already paid"));
    assert_eq!(200, part(1_299).await.status);
    let session = app.session_body("SO-9", &json!({ "amount": 1 }));
    assert_eq!(vec!["/amount".to_owned()], problem(&app.shop(Method::POST, SESSIONS, &session).await, 400).1);
    app.shop_post(&format!("{PAYMENTS}/{}/voids", id(&first.json())), &json!({ "amount": 1_000 })).await;
    assert_eq!(200, part(1_000).await.status, "what was given back is due again");
    app.audit();
}

#[tokio::test]
async fn a_payment_is_made_once_for_a_key() {
    let app = App::new().await;
    let token = app.orchestration_token(&app.merchant).await;
    let leg = app.card_leg(FRICTIONLESS, 4_299).await;
    let body = app.session_body("SO-1", &json!({ "split": [leg], "browser": {} }));
    let ask_once =
        async || ask(&app.router, keyed(call(&token, Method::POST, PAYMENTS, &body), "x-idempotency-key", "one")).await;
    let made = ask_once().await;
    assert_eq!(200, made.status, "{}", made.text());
    let again = ask_once().await;
    assert_eq!("urn:eu.purse:write-conflict", problem(&again, 409).0);
    assert_eq!(made.json()["id"], again.json()["resource_id"]);
    assert_eq!("/v2/payments", again.json()["instance"]);
    let used = app.session_body("SO-2", &json!({ "split": body["split"], "browser": {} }));
    assert_eq!(
        vec!["/split/0/vault_form_token".to_owned()],
        problem(&app.shop(Method::POST, PAYMENTS, &used).await, 400).1
    );
    let leg = app.card_leg(FRICTIONLESS, 4_299).await;
    app.advance(12 * 60).await;
    let late = app.session_body("SO-2", &json!({ "split": [leg], "browser": {} }));
    assert_eq!(
        vec!["/split/0/vault_form_token".to_owned()],
        problem(&app.shop(Method::POST, PAYMENTS, &late).await, 400).1
    );
}

/// A session that is submitted as its page does it.
#[tokio::test]
async fn a_delayed_capture_comes_by_itself_unless_it_is_not_needed() {
    let app = App::new().await;
    let submitted = async |reference: &str| {
        let delayed = json!({ "capture_mode": "AUTOMATIC", "capture_delay": "PT24H" });
        let session = app.shop_post(SESSIONS, &app.session_body(reference, &delayed)).await;
        let session_id = CheckoutId::parse(session["id"].as_str().unwrap()).unwrap();
        let entity = domain::BrandId::parse(&app.merchant.orchestration.entity_id).unwrap();
        let token = app.hand_in(FRICTIONLESS).await;
        let entry = Box::new(app.engine.take_card(entity, &token).unwrap());
        let leg = engine::NewLeg {
            partner: "dalenys".to_owned(),
            method: "creditcard".to_owned(),
            amount: 4_299,
            source: engine::LegSource::Card { entry, asks_payer: false },
        };
        let before = app.engine.show(session_id).await.unwrap();
        let visit = engine::Visit {
            flow: domain::Flow::HostedPage,
            payer_ip: None,
            form_token: Some(app.engine.form_token(session_id)),
            details: None,
            window: domain::ChallengeWindow::Full,
        };
        app.engine.pay_by_tender(&before, vec![leg], visit).await.unwrap();
        let session = app.shop_get(&format!("{SESSIONS}/{session_id}")).await;
        app.shop_get(&format!("{PAYMENTS}/{}", session["payment_id"].as_str().unwrap())).await
    };
    let waits = submitted("SO-1").await;
    assert_eq!("0 4299 0 0 0 | 4299 4299 0", amounts(&waits));
    let partly = submitted("SO-2").await;
    app.shop_post(&format!("{PAYMENTS}/{}/captures", id(&partly)), &json!({ "amount": 1_000 })).await;
    let voided = submitted("SO-3").await;
    app.shop_post(&format!("{PAYMENTS}/{}/voids", id(&voided)), &Value::Null).await;
    app.advance(86_399).await;
    assert_eq!("0 4299 0 0 0 | 4299 4299 0", amounts(&app.payment_now(&waits).await));
    app.advance(1).await;
    let captured = app.payment_now(&waits).await;
    assert_eq!("0 4299 4299 0 0 | 0 0 4299", amounts(&captured));
    assert_eq!("SYSTEM", captured["captures"][0]["triggered_by"]);
    let partly = app.payment_now(&partly).await;
    assert_eq!("0 4299 4299 0 0 | 0 0 4299", amounts(&partly));
    assert_eq!("SUCCESS 3299: creditcard 3299 SUCCESS", last(&partly, "captures"), "what was left");
    assert_eq!("0 4299 0 4299 0 | 0 0 0", amounts(&app.payment_now(&voided).await));
    app.advance(31 * 86_400).await;
    app.audit();
}

#[tokio::test]
async fn a_payer_pays_again_with_what_was_saved() {
    let app = App::new().await;
    let pay = async |reference: &str, leg: Value| app.split(reference, &[leg], &Value::Null).await;
    let mut saved = app.card_leg(FRICTIONLESS, 1_000).await;
    saved["save_token"] = json!(true);
    let saved = pay("SAVED", saved).await.json();
    let passing = pay("PASSING", app.card_leg(FRICTIONLESS, 1_000).await).await.json();
    let again = |payment: &Value| {
        let token = &payment["authorization"]["partner_transactions"][0]["partner_token"];
        json!({ "partner": "dalenys", "method": "creditcard", "amount": 1_000, "wallet_token": token })
    };
    let paid = pay("AGAIN", again(&saved)).await.json();
    assert_eq!("AUTHORIZED: AUTHORIZED 1000", legs(&paid));
    let card = |payment: &Value| payment["authorization"]["partner_transactions"][0]["card"]["fingerprint"].clone();
    assert_eq!(card(&saved), card(&paid));
    for (leg, pointer) in [
        (again(&passing), "/split/0/wallet_token"),
        (
            json!({
                "partner": "dalenys", "method": "creditcard", "amount": 1_000,
                "parent_partner_token": again(&saved)["wallet_token"],
            }),
            "/split/0/parent_partner_token",
        ),
    ] {
        assert_eq!(vec![pointer.to_owned()], problem(&pay("NO", leg).await, 400).1, "saved for its payer alone");
    }
    app.audit();
}
