//! Split tender when things go wrong: each leg at each step, lost answers, and a process that ends in the middle. The
//! acquirer's own book says what was kept (orchestration-api 5.1 to 5.4).

use engine::three_ds::AcsAnswer;
use serde_json::{Value, json};

use crate::app::App;
use crate::orchestration::{CHALLENGED, FRICTIONLESS, REFUSED, SESSIONS, amounts, gift, last, legs, problem};

/// Balances read fine, authorizations are refused.
const REFUSED_GIFT: &str = "6001000000002000";

/// What the acquirer's book leaves held or taken, by its own lines: approved, less what was given back.
async fn kept(app: &App) -> i64 {
    let mut kept = 0;
    let mut reversed = 0;
    for line in app.book().await {
        let mut words = line.split(' ');
        let (Some(kind), Some(amount), _, Some(outcome)) = (words.next(), words.next(), words.next(), words.next())
        else {
            panic!("{line}");
        };
        let amount: i64 = amount.parse().unwrap();
        match (kind, outcome) {
            ("authorize", "approved") => kept += amount,
            ("void" | "refund", "approved") => kept -= amount,
            ("reversal", "approved") => reversed += amount,
            _ => {}
        }
    }
    kept - reversed
}

#[tokio::test]
async fn whichever_leg_fails_nothing_is_kept() {
    let app = App::new().await;
    for legs_in_all in 2_usize..=10 {
        for failing in 0..legs_in_all {
            let mut split = vec![];
            for place in 0..legs_in_all - 1 {
                let number =
                    if place == failing { REFUSED_GIFT.to_owned() } else { format!("60000000{place:02}002000") };
                let number = number.replacen("60000000", "6000000000", 1);
                let number = if place == failing { REFUSED_GIFT.to_owned() } else { number };
                split.push(gift("illicado", &number, 100));
            }
            let card = if failing == legs_in_all - 1 { REFUSED } else { FRICTIONLESS };
            // The card is named first and authorized last.
            split.insert(0, app.card_leg(card, 1_000).await);
            let answer = app.split(&format!("{legs_in_all}-{failing}"), &split, &Value::Null).await;
            assert_eq!(200, answer.status, "{}", answer.text());
            let payment = answer.json();
            let statuses: Vec<&str> = payment["authorization"]["partner_transactions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|leg| leg["status"].as_str().unwrap())
                .collect();
            let refused = if failing == legs_in_all - 1 { 0 } else { failing + 1 };
            let expected: Vec<&str> =
                (0..legs_in_all).map(|place| if place == refused { "REFUSED" } else { "ABORTED" }).collect();
            assert_eq!(expected, statuses, "{legs_in_all} legs, {failing} fails");
            assert_eq!("REFUSED", payment["authorization"]["status"]);
            assert_eq!("0 0 0 0 0 | 0 0 0", amounts(&payment));
            assert!(payment["voids"].as_array().unwrap().is_empty());
        }
    }
    assert_eq!(0, kept(&app).await);
    app.audit();
}

#[tokio::test]
async fn only_what_fits_is_taken() {
    let app = App::new().await;
    let gifts = |count: i64| {
        (0..count).map(|place| gift("illicado", &format!("60000000000020{place:02}"), 100)).collect::<Vec<_>>()
    };
    let card = app.card_leg(FRICTIONLESS, 1_000).await;
    let mut eleven = gifts(10);
    eleven.push(card.clone());
    for (split, pointer) in [
        (eleven, "/split"),
        (vec![card.clone(), json!({ "partner": "paypal", "method": "wallet", "amount": 1 })], "/split"),
        (vec![gift("illicado", "6000000000002000", 1), gift("illicado", "6000000000002000", 1)], "/split"),
        (vec![json!({ "partner": "nobody", "method": "creditcard", "amount": 1 })], "/split/0/method"),
        (vec![json!({ "partner": "dalenys", "method": "creditcard", "amount": 1 })], "/split/0/vault_form_token"),
    ] {
        let answer = app.split("SO-1", &split, &Value::Null).await;
        assert_eq!(vec![pointer.to_owned()], problem(&answer, 400).1, "{split:?}");
    }
    let wrong_sum = app.split("SO-1", &[card], &json!({ "amount": 999 })).await;
    assert!(problem(&wrong_sum, 400).1.contains(&"/split".to_owned()));
    assert!(app.book().await.is_empty());
    for (number, code, status) in [
        ("6000000000002000", "124", "REFUSED: REFUSED 2000"),
        ("6000000000001999", "123", "REFUSED: REFUSED 2000"),
        ("6000000000002000", "123", "AUTHORIZED: AUTHORIZED 2000"),
    ] {
        let mut leg = gift("illicado", number, 2_000);
        leg["payment_data"]["card"]["csc"] = json!(code);
        let payment = app.split(&format!("{number}{code}"), &[leg], &Value::Null).await.json();
        assert_eq!(status, legs(&payment), "{number} {code}");
    }
    app.audit();
}

/// Faults of the test-card table, on the card leg of a split.
#[tokio::test]
async fn answers_of_the_card_leg_are_lost() {
    let app = App::new().await;
    for (number, at_once, later) in [
        // done, answer lost
        ("4000009900000103", "PENDING: AUTHORIZED 2000, PENDING 2299", "AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299"),
        // request lost
        ("4000009900000202", "PENDING: AUTHORIZED 2000, PENDING 2299", "ERROR: ABORTED 2000, ERROR 2299"),
        // HTTP 500 but approved
        ("4000009900000608", "PENDING: AUTHORIZED 2000, PENDING 2299", "AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299"),
        // approved by half
        ("4000009900005102", "", "ERROR: ABORTED 2000, ERROR 2299"),
        // nothing was sent
        ("4000009900008106", "ERROR: ABORTED 2000, ERROR 2299", "ERROR: ABORTED 2000, ERROR 2299"),
        // the bank must be asked first, and is
        ("4000009900700009", "PENDING: AUTHORIZED 2000, PENDING 2299", "ABORTED: ABORTED 2000, ABORTED 2299"),
    ] {
        let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(number, 2_299).await];
        let asking = tokio::spawn({
            let body = app.session_body(
                number,
                &json!({
                    "split": split, "browser": {}, "order": { "reference": number, "net_amount": 4_299 },
                }),
            );
            let (router, token) = (app.router.clone(), app.orchestration_token(&app.merchant).await);
            async move {
                let call =
                    crate::orchestration::call(&token, axum::http::Method::POST, crate::orchestration::PAYMENTS, &body);
                crate::app::ask(&router, call).await
            }
        });
        while !asking.is_finished() {
            app.advance(1).await;
            tokio::task::yield_now().await;
        }
        let answer = asking.await.unwrap();
        assert_eq!(200, answer.status, "{number}: {}", answer.text());
        let payment = answer.json();
        if !at_once.is_empty() {
            assert_eq!(at_once, legs(&payment), "{number}");
        }
        app.advance(3_700).await;
        assert_eq!(later, legs(&app.payment_now(&payment).await), "{number}");
    }
    assert_eq!(2 * 4_299, kept(&app).await);
    app.audit();
}

#[tokio::test]
async fn operations_of_the_card_leg_are_lost() {
    let app = App::new().await;
    for (number, operation, later) in [
        ("4000009900001101", "captures", "SUCCESS 4299: giftcard 2000 SUCCESS, creditcard 2299 SUCCESS"),
        ("4000009900001200", "captures", "SUCCESS 4299: giftcard 2000 SUCCESS, creditcard 2299 SUCCESS"),
        ("4000009900001309", "captures", "CONFLICT 4299: giftcard 2000 SUCCESS, creditcard 2299 FAILURE"),
        ("4000009900001408", "captures", "SUCCESS 4299: giftcard 2000 SUCCESS, creditcard 2299 SUCCESS"),
        ("4000009900002109", "refunds", "SUCCESS 4299: creditcard 2299 SUCCESS, giftcard 2000 SUCCESS"),
        ("4000009900002307", "refunds", "CONFLICT 4299: creditcard 2299 FAILURE, giftcard 2000 SUCCESS"),
    ] {
        let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(number, 2_299).await];
        let payment = app.split(number, &split, &Value::Null).await.json();
        assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", legs(&payment), "{number}");
        if operation == "refunds" {
            app.operate(&payment, "captures", &Value::Null).await;
        }
        let path = format!("{}/{}/{operation}", crate::orchestration::PAYMENTS, crate::orchestration::id(&payment));
        let (router, token) = (app.router.clone(), app.orchestration_token(&app.merchant).await);
        let asking = tokio::spawn(async move {
            let call = crate::orchestration::call(&token, axum::http::Method::POST, &path, &Value::Null);
            crate::app::ask(&router, call).await
        });
        while !asking.is_finished() {
            app.advance(1).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(200, asking.await.unwrap().status, "{number}");
        app.advance(3_700).await;
        assert_eq!(later, last(&app.payment_now(&payment).await, operation), "{number}");
    }
    app.audit();
}

/// The card's code was in the memory of the process that is gone.
#[tokio::test]
async fn a_process_that_ends_between_two_legs_keeps_nothing() {
    let app = App::new().await;
    let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
    let payment = app.split("SO-1", &split, &Value::Null).await.json();
    assert_eq!("PENDING: AUTHORIZED 2000, PENDING 2299", legs(&payment));
    let app = App::again(app.leave()).await;
    app.advance(3_600).await;
    let ended = app.payment_now(&payment).await;
    assert_eq!("ABORTED: ABORTED 2000, ABORTED 2299", legs(&ended));
    assert_eq!(0, kept(&app).await);
    let session = app.shop_get(&format!("{SESSIONS}/{}", payment["client_session_id"].as_str().unwrap())).await;
    assert_eq!("SUBMITTED", session["status"], "it stays so for ever");
    app.audit();
}

/// Real accounts are spent once, whoever asks at the same time.
#[tokio::test]
async fn a_gift_card_is_not_spent_twice() {
    let app = App::new().await;
    let mut asking = tokio::task::JoinSet::new();
    for place in 0..8 {
        let body = app.session_body(
            &format!("SO-{place}"),
            &json!({
                "amount": 1_500, "split": [gift("illicado", "6000123456002000", 1_500)],
            }),
        );
        let (router, token) = (app.router.clone(), app.orchestration_token(&app.merchant).await);
        asking.spawn(async move {
            let call =
                crate::orchestration::call(&token, axum::http::Method::POST, crate::orchestration::PAYMENTS, &body);
            crate::app::ask(&router, call).await.json()["authorization"]["status"].as_str().unwrap().to_owned()
        });
    }
    let mut statuses = asking.join_all().await;
    statuses.sort();
    assert_eq!([vec!["AUTHORIZED"; 1], vec!["REFUSED"; 7]].concat(), statuses);
    assert_eq!(1_500, kept(&app).await);
    app.audit();
}

#[tokio::test]
async fn an_abort_races_the_bank() {
    let app = App::new().await;
    for place in 0..30_u64 {
        let split = [gift("illicado", "6000000000002000", 2_000), app.card_leg(CHALLENGED, 2_299).await];
        let payment = app.split(&format!("SO-{place}"), &split, &Value::Null).await.json();
        let path = format!("{SESSIONS}/{}/abort", payment["client_session_id"].as_str().unwrap());
        let (router, token) = (app.router.clone(), app.orchestration_token(&app.merchant).await);
        let abort = tokio::spawn(async move {
            for _ in 0..place {
                tokio::task::yield_now().await;
            }
            let call = crate::orchestration::call(&token, axum::http::Method::POST, &path, &Value::Null);
            crate::app::ask(&router, call).await.status
        });
        app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
        let status = abort.await.unwrap();
        app.advance(61).await;
        let now = app.payment_now(&payment).await;
        let expected = match status {
            200 => "ABORTED: ABORTED 2000, ABORTED 2299",
            400 => "AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299",
            other => panic!("{other}"),
        };
        assert_eq!(expected, legs(&now), "{place}");
        if status == 400 {
            app.operate(&now, "voids", &Value::Null).await;
        }
    }
    assert_eq!(0, kept(&app).await);
    app.audit();
}
