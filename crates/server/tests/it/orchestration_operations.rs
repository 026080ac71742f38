//! Captures, refunds and voids over legs (orchestration-api 2.5, 4.3 to 4.7, 5.4, 5.5, 8.4).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, ask};
use crate::orchestration::{FRICTIONLESS, PAYMENTS, amounts, call, gift, id, keyed, last, problem};

impl App {
    pub(crate) async fn operate(&self, payment: &Value, operation: &str, body: &Value) -> Value {
        self.shop_post(&format!("{PAYMENTS}/{}/{operation}", id(payment)), body).await
    }

    async fn refused(&self, payment: &Value, operation: &str, body: &Value) -> (String, Vec<String>) {
        let path = format!("{PAYMENTS}/{}/{operation}", id(payment));
        problem(&self.shop(Method::POST, &path, body).await, 400)
    }
}

/// The worked sequence of 4.4.
#[tokio::test]
async fn the_worked_sequence_of_the_reference() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    for (operation, amount, expected, parts) in [
        (
            "captures",
            3_000,
            "0 4299 3000 0 0 | 1299 1299 3000",
            "SUCCESS 3000: giftcard 2000 SUCCESS, creditcard 1000 SUCCESS",
        ),
        ("voids", 299, "0 4299 3000 299 0 | 1000 1000 3000", "SUCCESS 299: creditcard 299 SUCCESS"),
        ("refunds", 500, "0 4299 3000 299 500 | 1000 1000 2500", "SUCCESS 500: creditcard 500 SUCCESS"),
        (
            "refunds",
            1_000,
            "0 4299 3000 299 1500 | 1000 1000 1500",
            "SUCCESS 1000: creditcard 500 SUCCESS, giftcard 500 SUCCESS",
        ),
        ("captures", 1_000, "0 4299 4000 299 1500 | 0 0 2500", "SUCCESS 1000: creditcard 1000 SUCCESS"),
    ] {
        let before = app.payment_now(&payment).await["version"].as_u64();
        let after = app.operate(&payment, operation, &json!({ "amount": amount })).await;
        assert_eq!((expected, parts), (amounts(&after).as_str(), last(&after, operation).as_str()));
        assert!(after["version"].as_u64() > before);
        assert_eq!("MERCHANT", after[operation].as_array().unwrap().last().unwrap()["triggered_by"]);
    }
    let now = app.payment_now(&payment).await;
    assert_eq!(
        json!({ "consumed": "TOTALLY", "captured": "PARTIALLY", "voided": "PARTIALLY", "refunded": "PARTIALLY" }),
        now["overview"]
    );
    assert!(now["links"].get("capture").is_none() && now["links"].get("void").is_none());
    assert!(now["links"].get("refund").is_some());
    for (operation, amount) in [("captures", 1), ("voids", 1), ("refunds", 2_501)] {
        let (kind, pointers) = app.refused(&payment, operation, &json!({ "amount": amount })).await;
        assert_eq!(("urn:eu.purse:bad-request", vec!["/amount".to_owned()]), (kind.as_str(), pointers), "{operation}");
    }
    assert_eq!(
        vec![
            "authorize 2000 EUR approved",
            "authorize 2299 EUR approved",
            "capture 2000 EUR approved",
            "capture 1000 EUR approved",
            "void 299 EUR approved",
            "refund 500 EUR approved",
            "refund 500 EUR approved",
            "refund 500 EUR approved",
            "capture 1000 EUR approved",
        ],
        app.book().await
    );
    app.audit();
}

#[tokio::test]
async fn an_operation_is_kept_and_shown_whole() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let order = json!({
        "shipments": [{ "net_amount": 10, "item_lines": [{ "type": "PHYSICAL", "sku_reference": "S", "quantity": 1, "net_amount": 10 }] }],
        "additional_data": { "custom_field1": "custom value", "custom_field2": 123 },
    });
    let body = json!({ "amount": 10, "order": order, "merchant_reference": "CAP#1223445" });
    let captured = app.operate(&payment, "captures", &body).await;
    let capture = &captured["captures"][0];
    assert_eq!((&json!("CAP#1223445"), &order), (&capture["merchant_reference"], &capture["order"]));
    let part = &capture["partner_transactions"][0];
    for name in [
        "id",
        "created_at",
        "updated_at",
        "status",
        "amount",
        "partner",
        "method",
        "partner_reference",
        "partner_status",
        "partner_status_description",
        "remaining_amount",
    ] {
        assert!(part.get(name).is_some(), "{name} in {part}");
    }
    let all = app.operate(&payment, "captures", &Value::Null).await;
    assert_eq!(
        "SUCCESS 4289: giftcard 1990 SUCCESS, creditcard 2299 SUCCESS",
        last(&all, "captures"),
        "nothing said is everything"
    );
    for body in [json!({ "amount": 0 }), json!({ "amount": -1 }), json!({ "amount": "1" }), json!({ "amount": 1.5 })] {
        assert_eq!(vec!["/amount".to_owned()], app.refused(&payment, "refunds", &body).await.1, "{body}");
    }
    app.audit();
}

#[tokio::test]
async fn merchants_say_which_legs_go_first() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let cards = json!([{ "partner": "*", "method": "creditcard" }, { "partner": "*", "method": "*" }]);
    for name in ["priority", "priorities", "processing_priority"] {
        let captured = app.operate(&payment, "captures", &json!({ "amount": 500, name: cards })).await;
        assert_eq!("SUCCESS 500: creditcard 500 SUCCESS", last(&captured, "captures"), "{name}");
    }
    let gifts = json!([{ "partner": "illicado", "method": "giftcard" }]);
    let captured = app.operate(&payment, "captures", &json!({ "amount": 2_100, "priority": gifts })).await;
    assert_eq!("SUCCESS 2100: giftcard 2000 SUCCESS, creditcard 100 SUCCESS", last(&captured, "captures"));
    let refunded = app.operate(&payment, "refunds", &json!({ "amount": 2_100, "priority": gifts })).await;
    assert_eq!("SUCCESS 2100: giftcard 2000 SUCCESS, creditcard 100 SUCCESS", last(&refunded, "refunds"));
    app.audit();
}

#[tokio::test]
async fn partners_that_wait_fail_or_say_nothing() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let pending =
        app.operate(&payment, "captures", &json!({ "amount": 2_500, "merchant_reference": "SIM_PENDING 1" })).await;
    assert_eq!("PENDING 2500: giftcard 2000 SUCCESS, creditcard 500 PENDING", last(&pending, "captures"));
    assert_eq!("0 4299 2000 0 0 | 1799 1799 2000", amounts(&pending), "set aside at once");
    assert_eq!("PARTIALLY", pending["overview"]["captured"]);
    app.advance(5).await;
    let done = app.payment_now(&payment).await;
    assert_eq!("SUCCESS 2500: giftcard 2000 SUCCESS, creditcard 500 SUCCESS", last(&done, "captures"));
    let failed =
        app.operate(&payment, "captures", &json!({ "amount": 500, "merchant_reference": "SIM_FAILURE" })).await;
    assert_eq!("FAILURE 500: creditcard 500 FAILURE", last(&failed, "captures"));
    assert_eq!("0 4299 2500 0 0 | 1799 1799 2500", amounts(&failed), "a failure gives it back");
    let conflict =
        app.operate(&payment, "refunds", &json!({ "amount": 2_500, "merchant_reference": "SIM_FAILURE" })).await;
    assert_eq!("CONFLICT 2500: creditcard 500 FAILURE, giftcard 2000 SUCCESS", last(&conflict, "refunds"));
    assert_eq!("0 4299 2500 0 2000 | 1799 1799 500", amounts(&conflict));
    let doubt = app.operate(&payment, "voids", &json!({ "amount": 799, "merchant_reference": "SIM_UNCERTAIN" })).await;
    assert_eq!("UNCERTAIN 799: creditcard 799 UNCERTAIN", last(&doubt, "voids"));
    assert_eq!("0 4299 2500 0 2000 | 1000 1000 500", amounts(&doubt), "doubt keeps it aside");
    app.advance(3_600).await;
    let known = app.payment_now(&payment).await;
    assert_eq!("SUCCESS 799: creditcard 799 SUCCESS", last(&known, "voids"));
    assert_eq!("0 4299 2500 799 2000 | 1000 1000 500", amounts(&known));
    app.audit();
}

#[tokio::test]
async fn a_read_asks_partners_unless_it_is_told_not_to() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let body = json!({ "amount": 2_500, "merchant_reference": "SIM_UNCERTAIN" });
    app.operate(&payment, "captures", &body).await;
    app.advance(0).await;
    let token = app.orchestration_token(&app.merchant).await;
    let own = format!("{PAYMENTS}/{}", id(&payment));
    let as_stored = async |value: &str| {
        ask(&app.router, keyed(call(&token, Method::GET, &own, &Value::Null), "cache-control", value)).await
    };
    let stored = as_stored("max-age=3600").await;
    assert_eq!("no-store", stored.header("cache-control"));
    assert_eq!(stored.json(), as_stored("max-age=0").await.json());
    app.audit_with_open_tries(1);
}

#[tokio::test]
async fn a_repeat_moves_no_money() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let token = app.orchestration_token(&app.merchant).await;
    let path = format!("{PAYMENTS}/{}/captures", id(&payment));
    let ask_once = async |path: &str, body: &Value| {
        ask(&app.router, keyed(call(&token, Method::POST, path, body), "x-idempotency-key", "key-1")).await
    };
    assert_eq!(400, ask_once(&path, &json!({ "amount": 5_000 })).await.status, "a refusal has not used the key");
    let captured = ask_once(&path, &json!({ "amount": 1_000 })).await;
    assert_eq!(200, captured.status, "{}", captured.text());
    let capture_id = captured.json()["captures"][0]["id"].clone();
    let unprefixed = path.strip_prefix("/payment").unwrap();
    for path in [path.as_str(), unprefixed] {
        let again = ask_once(path, &json!({ "amount": 1_000 })).await;
        assert_eq!("urn:eu.purse:write-conflict", problem(&again, 409).0);
        let again = again.json();
        assert_eq!("Idempotency violation", again["title"]);
        assert_eq!(unprefixed, again["instance"]);
        assert_eq!(capture_id, again["resource_id"]);
    }
    let other_path = format!("{PAYMENTS}/{}/voids", id(&payment));
    assert_eq!(200, ask_once(&other_path, &json!({ "amount": 1 })).await.status, "another call");
    assert_eq!("0 4299 1000 1 0 | 3298 3298 1000", amounts(&app.payment_now(&payment).await));
    app.audit();
}

#[tokio::test]
async fn captures_at_once_never_take_more_than_there_is() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let token = app.orchestration_token(&app.merchant).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..12 {
        let kind = if number % 3 == 0 { "voids" } else { "captures" };
        let path = format!("{PAYMENTS}/{}/{kind}", id(&payment));
        let (router, token) = (app.router.clone(), token.clone());
        calls.spawn(async move {
            ask(&router, call(&token, Method::POST, &path, &json!({ "amount": 1_000 }))).await.status
        });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!([vec![200; 4], vec![400; 8]].concat(), statuses, "four times a thousand fit into 4299");
    let now = app.payment_now(&payment).await;
    assert_eq!(Some(299), now["amounts"]["available_to_capture"].as_i64());
    app.audit();
}

#[tokio::test]
async fn only_an_authorized_payment_has_operations() {
    let app = App::new().await;
    let legs = [app.card_leg("4000000000000002", 1_000).await];
    let refused = app.split("SO-1", &legs, &Value::Null).await.json();
    for operation in ["captures", "refunds", "voids"] {
        let (kind, _) = app.refused(&refused, operation, &json!({ "amount": 1 })).await;
        assert_eq!("urn:eu.purse:invalid-state", kind, "{operation}");
    }
    let legs = [gift("illicado", "6000000000002000", 2_000), app.card_leg(FRICTIONLESS, 100).await];
    let payment = app.split("SO-2", &legs, &Value::Null).await.json();
    assert_eq!(
        vec!["/amount".to_owned()],
        app.refused(&payment, "refunds", &json!({ "amount": 1 })).await.1,
        "nothing was taken"
    );
    let voided = app.operate(&payment, "voids", &Value::Null).await;
    assert_eq!("0 2100 0 2100 0 | 0 0 0", amounts(&voided));
    assert_eq!("AUTHORIZED", voided["authorization"]["status"]);
    assert_eq!(vec!["/amount".to_owned()], app.refused(&payment, "captures", &json!({ "amount": 1 })).await.1);
    let stranger = app.another_merchant().await;
    let token = app.orchestration_token(&stranger).await;
    let path = format!("{PAYMENTS}/{}/refunds", id(&payment));
    assert_eq!(404, ask(&app.router, call(&token, Method::POST, &path, &json!({ "amount": 1 }))).await.status);
    app.audit();
}

#[tokio::test]
async fn the_sandbox_reports_what_an_acquirer_would() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let report = async |id: String, event: &str| {
        let path = format!("/sandbox/payments/{id}/events");
        let body = json!({ "event": event }).to_string();
        let answer =
            ask(&app.router, crate::app::request(Method::POST, &path, crate::app::CONTROL, "application/json", body))
                .await;
        (answer.status, answer.json()["state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(400, report(id(&payment), "chargeback").await.0, "nothing was taken");
    app.operate(&payment, "captures", &json!({ "amount": 3_000 })).await;
    assert_eq!((200, "captured".to_owned()), report(id(&payment), "settle").await);
    assert_eq!((200, "charged_back".to_owned()), report(id(&payment), "chargeback").await);
    assert_eq!("0 4299 3000 0 0 | 0 0 0", amounts(&app.payment_now(&payment).await), "until that is settled");
    let session = payment["client_session_id"].as_str().unwrap().to_owned();
    assert_eq!((200, "captured".to_owned()), report(session, "chargeback_reversed").await);
    assert_eq!("0 4299 3000 0 0 | 1299 1299 3000", amounts(&app.payment_now(&payment).await));
    app.audit();
}

#[tokio::test]
async fn one_key_at_once_is_one_operation() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let token = app.orchestration_token(&app.merchant).await;
    let path = format!("{PAYMENTS}/{}/captures", id(&payment));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (router, token, path) = (app.router.clone(), token.clone(), path.clone());
        calls.spawn(async move {
            let call = keyed(call(&token, Method::POST, &path, &Value::Null), "x-idempotency-key", "all of it");
            ask(&router, call).await.status
        });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!([vec![200; 1], vec![409; 39]].concat(), statuses);
    assert_eq!("0 4299 4299 0 0 | 0 0 4299", amounts(&app.payment_now(&payment).await));
    let file = std::fs::read(app.data().join("tollgate.db")).unwrap();
    let wal = std::fs::read(app.data().join("tollgate.db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"all of it");
    assert!(!holds(&file) && !holds(&wal), "nobody says what is in a key");
    app.audit();
}

#[tokio::test]
async fn many_at_once_with_one_key_are_one() {
    let app = App::new().await;
    let payment = app.authorized_split("SO-77").await;
    let token = app.orchestration_token(&app.merchant).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let path = format!("{PAYMENTS}/{}/captures", id(&payment));
        let (router, token) = (app.router.clone(), token.clone());
        calls.spawn(async move {
            ask(
                &router,
                keyed(call(&token, Method::POST, &path, &json!({ "amount": 100 })), "x-idempotency-key", "one"),
            )
            .await
        });
    }
    let answers = calls.join_all().await;
    let now = app.payment_now(&payment).await;
    assert_eq!(1, now["captures"].as_array().unwrap().len());
    assert_eq!(1, answers.iter().filter(|answer| answer.status == 200).count());
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!("urn:eu.purse:write-conflict", problem(refused, 409).0);
        assert_eq!(now["captures"][0]["id"], refused.json()["resource_id"]);
    }
    app.audit();
}
