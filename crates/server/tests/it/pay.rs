//! Paying by card, and everything that can go wrong on the way (purchases-api 4, 6.1-6.4; security U1-U5).

use serde_json::json;
use tokio::task::JoinSet;

use crate::app::{App, Form, GOOD, Home, ask, card, id, story, submission, until_the_crash};

const BANK: &str =
    "Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.";
const NUMBER: &str = "Check the card number. You have not been charged. Try again, or use another card.";
const NO_ANSWER: &str = "The bank is not answering. You have not been charged. Try again in a few minutes.";
const UNDONE: &str = "The bank did not answer in time, so we cancelled this try. You have not been charged. Try again in \
                      a few minutes.";

#[tokio::test]
async fn a_card_is_charged_once_and_everybody_agrees() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let page = app.pay(&id, &card("4444 3333 2222 1111")).await;
    assert_eq!(200, page.status);
    assert!(page.words().contains("Payment successful\nPaid on 20 November 2026"), "{}", page.words());
    assert!(page.words().contains("Visa ending 1111"));

    let paid = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid", story(&paid));
    assert_eq!((json!(954), json!("MYR")), (paid["payment"]["amount"].clone(), paid["payment"]["currency"].clone()));
    assert_eq!((json!("all"), json!(954)), (paid["refund_availability"].clone(), paid["refundable_amount"].clone()));
    let attempt = &paid["transaction_data"]["attempts"][0];
    assert_eq!(
        (json!("execute"), json!(true), json!(null)),
        (attempt["type"].clone(), attempt["successful"].clone(), attempt["error"].clone())
    );
    assert_eq!(
        (json!(12), json!(30)),
        (attempt["extra"]["expiry_month"].clone(), attempt["extra"]["expiry_year"].clone())
    );
    assert_eq!("444433******1111", attempt["extra"]["masked_pan"]);
    assert_eq!("203.0.113.9", attempt["client_ip"]);
    assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await);
    app.audit();
}

#[tokio::test]
async fn every_brand_of_the_table_is_taken() {
    let app = App::new().await;
    let numbers = [
        "4000009900000004",
        "5200009900000009",
        "2223009900000009",
        "36009900000000",
        "6011009900000006",
        "3530009900000005",
        "6200009900000007",
        "670000990000000002",
        "4000009700000000002",
        "4000009800000005",
        "5200009800000000",
    ];
    for number in numbers {
        let id = app.purchase_id(json!({})).await;
        app.pay(&id, &card(number)).await;
        assert_eq!("paid", app.status(&id).await, "{number}");
    }
    let amex = app.purchase_id(json!({})).await;
    app.pay(&amex, &Form { cvc: "1234", ..card("340099000000001") }).await;
    assert_eq!("paid", app.status(&amex).await);
    assert_eq!(numbers.len() + 1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn of_a_card_with_two_brands_the_payer_chooses_one() {
    let app = App::new().await;
    for (number, wish, brand) in [
        ("4000009800000005", "cartes_bancaires", "cartes_bancaires"),
        ("4000009800000005", "visa", "visa"),
        ("4000009800000005", "mastercard", "visa"),
        ("5200009800000000", "", "mastercard"),
        ("4444333322221111", "cartes_bancaires", "visa"),
    ] {
        let id = app.purchase_id(json!({})).await;
        let token = app.link(&id).await.token();
        app.submit(&id, card(number).body(&token) + "&card_brand=" + wish).await;
        let shown = app.show(&id).await;
        assert_eq!(
            ("paid", brand),
            (shown["status"].as_str().unwrap(), shown["transaction_data"]["extra"]["card_brand"].as_str().unwrap()),
            "{number} {wish}"
        );
    }
}

#[tokio::test]
async fn every_refusal_has_its_code_and_its_words() {
    let app = App::new().await;
    for (number, status, code, words) in [
        ("4000009900050009", "error", "do_not_honour", BANK),
        ("4000009900510002", "error", "insufficient_funds", BANK),
        (
            "4000009900540009",
            "error",
            "expired_card",
            "This card has expired. You have not been charged. Use another card.",
        ),
        ("4000009900410005", "error", "lost_card", BANK),
        ("4000009900430003", "error", "stolen_card", BANK),
        ("4000009900590004", "blocked", "suspected_fraud", BANK),
        ("4000009900570006", "error", "transaction_not_permitted_to_cardholder", BANK),
        ("4000009900610000", "error", "exceeds_withdrawal_limit", BANK),
        ("4000009900650006", "error", "exceeds_frequency_limit", BANK),
        ("4000009900620009", "error", "restricted_card", BANK),
        ("4000009900630008", "blocked", "security_violation", BANK),
        ("4000009900140008", "error", "invalid_card_number", NUMBER),
        ("4000009900150007", "error", "invalid_issuer_number", NUMBER),
        ("4000009900910004", "error", "issuer_not_available", NO_ANSWER),
        ("4000009900960009", "error", "acquirer_internal_error", NO_ANSWER),
        ("4000009900008106", "error", "acquirer_connection_error", NO_ANSWER),
    ] {
        let id = app.purchase_id(json!({})).await;
        let page = app.pay(&id, &card(number)).await;
        let words = format!("Payment not completed\n{words}\n");
        assert!(page.words().contains(&words), "{code}: {}", page.words());
        assert!(page.text().contains("Try again"));
        let shown = app.show(&id).await;
        assert_eq!(format!("created viewed pending_execute {status}"), story(&shown), "{code}");
        assert!(shown["payment"].is_null());
        let attempt = &shown["transaction_data"]["attempts"][0];
        assert_eq!((json!(false), json!(code)), (attempt["successful"].clone(), attempt["error"]["code"].clone()));
        assert_eq!(0, attempt["fee_amount"]);
        assert_eq!(
            format!("http://pay.example.com/p/{id}/"),
            shown["checkout_url"].as_str().unwrap(),
            "it may be paid"
        );
    }
    assert_eq!(0, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn what_must_not_be_revealed_looks_the_same_to_the_byte() {
    let app = App::new().await;
    let mut seen = vec![];
    for number in [
        "4000009900050009",
        "4000009900410005",
        "4000009900430003",
        "4000009900590004",
        "4000009900630008",
        "4000009900510002",
    ] {
        let id = app.purchase_id(json!({})).await;
        let result = app.pay(&id, &card(number)).await.text().replace(&id, "ID");
        let form = app.link(&id).await;
        let form = form.text().replace(&form.token(), "TOKEN").replace(&id, "ID");
        assert!(form.contains(BANK), "{form}");
        let digits = &number[12..];
        assert!(!result.contains(digits) && !form.contains(digits), "nothing of the number comes back");
        seen.push((number, result, form));
    }
    let (_, result, form) = &seen[0];
    for (number, other_result, other_form) in &seen {
        assert_eq!(result, other_result, "{number}");
        assert_eq!(form, other_form, "{number}");
    }
}

#[tokio::test]
async fn after_a_refusal_another_card_is_taken() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.pay(&id, &card("4000009900050009")).await;
    app.advance(30).await;
    app.pay(&id, &card("4000009900510002")).await;
    app.advance(30).await;
    app.pay(&id, &card(GOOD)).await;
    let paid = app.show(&id).await;
    assert_eq!("created viewed pending_execute error pending_execute error pending_execute paid", story(&paid));
    let attempts = paid["transaction_data"]["attempts"].as_array().unwrap();
    let codes: Vec<&str> = attempts.iter().map(|attempt| attempt["error"]["code"].as_str().unwrap_or("none")).collect();
    assert_eq!(vec!["none", "insufficient_funds", "do_not_honour"], codes, "newest first");
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn a_card_that_is_declined_at_first_is_approved_later() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.pay(&id, &card("4000009900009401")).await;
    assert_eq!("error", app.status(&id).await);
    app.pay(&id, &card("4000009900009401")).await;
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn test_mode_takes_one_code_and_only_numbers_of_the_table() {
    let app = App::new().await;
    for (form, code) in [
        (Form { cvc: "999", ..card(GOOD) }, "validation_cvc_invalid"),
        (Form { cvc: "4321", ..card("340099000000001") }, "validation_cvc_invalid"),
        // Passes the check of its digits and has no row.
        (card("4000009900009500"), "invalid_card_number"),
    ] {
        let id = app.purchase_id(json!({})).await;
        app.pay(&id, &form).await;
        let shown = app.show(&id).await;
        assert_eq!(
            ("error", code),
            (
                shown["status"].as_str().unwrap(),
                shown["transaction_data"]["attempts"][0]["error"]["code"].as_str().unwrap()
            )
        );
    }
    assert_eq!(0, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn what_cannot_be_right_is_not_sent_anywhere() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    for (form, words) in [
        (card(""), "Enter your card number"),
        (card("4000009900510003"), "Check the card number. One digit may be wrong"),
        (card("4444333322221112"), "Check the card number. One digit may be wrong"),
        (card("44443333"), "Card number is too short. Check the digits"),
        (Form { expires: "10/26", ..card(GOOD) }, "This card has expired. Use another card"),
        (Form { expires: "13/30", ..card(GOOD) }, "Enter a month from 01 to 12"),
        (Form { expires: "soon", ..card(GOOD) }, "Enter the expiry date as MM/YY, for example 08/28"),
        (Form { expires: "12/60", ..card(GOOD) }, "Check the expiry year"),
        (Form { cvc: "12", ..card(GOOD) }, "Enter the 3-digit security code"),
        (Form { cvc: "1234", ..card(GOOD) }, "Enter the 3-digit security code"),
        (Form { cvc: "123", ..card("340099000000001") }, "Enter the 4-digit security code"),
        (Form { holder: "", ..card(GOOD) }, "Enter the name on the card, using letters only"),
        (Form { holder: GOOD, ..card(GOOD) }, "Enter the name as it appears on the card"),
    ] {
        let answer = app.submit(&id, form.body(&app.token(&id))).await;
        assert_eq!(422, answer.status, "{words}");
        assert!(answer.words().contains(&format!("\n{words}\n")), "{words}: {}", answer.words());
        assert!(answer.text().contains("<title>Error: "));
        let html = answer.text();
        assert!(
            form.number.is_empty() || !html.replace("4444 3333 2222 1111", "").contains(form.number),
            "the number comes back"
        );
        assert!(!html.contains(&format!("value=\"{}\"", form.cvc)), "the code comes back");
    }
    let shown = app.show(&id).await;
    assert_eq!(("created".to_owned(), json!([])), (story(&shown), shown["transaction_data"]["attempts"].clone()));
    assert_eq!(Vec::<String>::new(), app.book().await);
    // This month is good to its last day.
    app.pay(&id, &Form { expires: "11 / 2026", ..card(GOOD) }).await;
    assert_eq!("paid", app.status(&id).await);
}

#[tokio::test]
async fn a_hold_reserves_and_takes_nothing() {
    let app = App::new().await;
    let id = app.purchase_id(json!({ "skip_capture": true })).await;
    assert!(app.link(&id).await.words().contains("\nHold RM 9.54\n"), "{}", app.link(&id).await.words());
    let page = app.pay(&id, &card(GOOD)).await;
    assert!(page.words().contains("Amount reserved, not yet taken"), "{}", page.words());
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute hold", story(&shown));
    assert_eq!((json!(null), json!("none")), (shown["payment"].clone(), shown["refund_availability"].clone()));
    assert_eq!("authorize", shown["transaction_data"]["attempts"][0]["type"]);
    assert_eq!(vec!["authorize 954 MYR approved"], app.book().await);
    app.audit();
}

#[tokio::test]
async fn nothing_to_pay_checks_and_saves_the_card() {
    let app = App::new().await;
    let free = json!({ "skip_capture": true, "purchase": { "total_override": 0 } });
    let id = app.purchase_id(free).await;
    let page = app.pay(&id, &card(GOOD)).await;
    assert!(page.words().contains("Card saved\nNo money was taken."), "{}", page.words());
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute preauthorized", story(&shown));
    assert_eq!((json!(null), json!(true)), (shown["payment"].clone(), shown["is_recurring_token"].clone()));
    assert_eq!(vec!["authorize 0 MYR approved"], app.book().await);
    app.audit();
}

#[tokio::test]
async fn the_card_is_kept_when_the_merchant_says_so() {
    let app = App::new().await;
    let kept = app.purchase_id(json!({ "force_recurring": true })).await;
    assert!(app.link(&kept).await.words().contains("Your card will be saved with"));
    app.pay(&kept, &card(GOOD)).await;
    assert_eq!(
        (json!(true), json!("paid")),
        (app.show(&kept).await["is_recurring_token"].clone(), app.show(&kept).await["status"].clone())
    );
    let not_kept = app.purchase_id(json!({})).await;
    app.pay(&not_kept, &card(GOOD)).await;
    assert_eq!(json!(false), app.show(&not_kept).await["is_recurring_token"]);
    let failed = app.purchase_id(json!({ "force_recurring": true })).await;
    app.pay(&failed, &card("4000009900050009")).await;
    assert_eq!(json!(false), app.show(&failed).await["is_recurring_token"]);
}

#[tokio::test]
async fn a_single_attempt_that_fails_is_the_end() {
    let app = App::new().await;
    let id = app.purchase_id(json!({ "purchase": { "single_attempt": true } })).await;
    let page = app.pay(&id, &card("4000009900050009")).await;
    assert!(page.words().contains(BANK) && page.words().contains("This payment can no longer be made here."));
    assert!(!page.text().contains("Try again"));
    assert_eq!("created viewed pending_execute error cancelled", story(&app.show(&id).await));
    assert!(!app.link(&id).await.has_form());
    let late = app.submit(&id, card(GOOD).body(&app.token(&id))).await;
    assert_eq!((303, format!("/p/{id}/").as_str()), (late.status, late.header("location")));
    assert_eq!(0, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn a_slow_acquirer_is_waited_for() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let waiting = app.pay_slowly(&id, &card("4000009900000905")).await;
    assert_eq!("pending_execute", app.status(&id).await);
    app.audit_with_open_tries(1);
    app.advance(7).await;
    assert!(!waiting.is_finished());
    app.advance(1).await;
    let answer = waiting.await.unwrap();
    assert_eq!((303, format!("/p/{id}/result/").as_str()), (answer.status, answer.header("location")));
    assert_eq!("created viewed pending_execute paid", story(&app.show(&id).await));
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn an_acquirer_that_has_to_think_is_asked_again() {
    for (number, status, approvals) in [("4000009900000707", "paid", 1), ("4000009900000806", "error", 0)] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        let page = app.pay(&id, &card(number)).await;
        assert!(page.words().contains("Processing your payment\nThis can take a moment. Please do not pay again."));
        assert!(page.text().contains(r#"<meta http-equiv="refresh" content="3">"#));
        for seconds in [5, 5, 4] {
            app.advance(seconds).await;
            assert_eq!("pending_execute", app.status(&id).await);
        }
        app.advance(1).await;
        assert_eq!(format!("created viewed pending_execute {status}"), story(&app.show(&id).await));
        assert_eq!(approvals, app.approvals_kept().await);
        app.audit();
    }
}

/// The page while nobody knows, and what the merchant may do meanwhile.
async fn assert_is_in_doubt(app: &App, id: &str) {
    for page in [app.link(id).await, app.page(&format!("/p/{id}/result/")).await] {
        assert_eq!(200, page.status);
        let words = page.words();
        assert!(words.contains("Please do not pay again."), "{words}");
        assert!(!words.contains("You have not been charged") && !words.contains("Try again"), "{words}");
        assert!(!page.has_form());
    }
    let shown = app.show(id).await;
    assert_eq!("created viewed pending_execute", story(&shown));
    assert_eq!(json!([]), shown["transaction_data"]["attempts"], "what has no outcome is not shown");
    assert!(shown["payment"].is_null());
    assert_eq!(format!("http://pay.example.com/p/{id}/invoice/"), shown["checkout_url"].as_str().unwrap());
    assert_eq!((400, "purchase_cancel_wrong_status".to_owned()), app.cancel(id).await.refusal());
    let second = app.submit(id, card(GOOD).body(&app.token(id))).await;
    assert_eq!(409, second.status, "no second try while the first is in doubt");
    assert!(second.words().contains("This payment is being processed in another window"));
    let unreadable = app.submit(id, "x".repeat(9_000)).await;
    assert_eq!(413, unreadable.status);
    assert!(unreadable.words().contains("Please do not pay again."), "{}", unreadable.words());
    assert!(!unreadable.words().contains("You have not been charged"));
}

#[tokio::test]
async fn a_lost_answer_is_found_again() {
    // The number, how long the acquirer keeps us waiting, and when it is known what happened.
    for (number, waits, known_after) in [
        ("4000009900000103", true, 35),
        ("4000009900000301", true, 45),
        ("4000009900000400", false, 5),
        ("4000009900000608", false, 5),
        ("4000009900007108", false, 5),
        ("4000009900007207", false, 5),
        ("4000009900007306", false, 5),
        ("4000009900007405", false, 5),
    ] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        if waits {
            let waiting = app.pay_slowly(&id, &card(number)).await;
            app.advance(10).await;
            assert_eq!(303, waiting.await.unwrap().status, "the page waits ten seconds");
        } else {
            app.pay(&id, &card(number)).await;
        }
        assert_is_in_doubt(&app, &id).await;
        let left = known_after - (app.now() - crate::app::START);
        app.advance(u64::try_from(left - 1).unwrap()).await;
        assert_is_in_doubt(&app, &id).await;
        app.audit_with_open_tries(1);
        app.advance(1).await;
        let shown = app.show(&id).await;
        assert_eq!("created viewed pending_execute paid", story(&shown), "{number}");
        assert_eq!(954, shown["payment"]["amount"]);
        assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await, "{number}");
        assert!(app.link(&id).await.words().contains("Payment successful"));
        app.advance(86_400).await;
        assert_eq!(2, app.book().await.len(), "{number}: nothing happens later");
        app.audit();
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_undone_and_may_be_tried_again() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let waiting = app.pay_slowly(&id, &card("4000009900000202")).await;
    app.advance(30).await;
    waiting.await.unwrap();
    let page = app.link(&id).await;
    assert!(
        page.words()
            .contains("We are checking this payment with your bank\nPlease do not pay again.\nWe will email you.")
    );
    // "Not found" counts from 90 seconds on, and has to be heard twice: at 90 and at 330 seconds.
    for seconds in [59, 1, 239] {
        app.advance(seconds).await;
        assert_is_in_doubt(&app, &id).await;
    }
    app.advance(1).await;
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute error", story(&shown));
    assert_eq!("timeout", shown["transaction_data"]["attempts"][0]["error"]["code"]);
    assert!(app.link(&id).await.words().contains(UNDONE));
    assert_eq!(Vec::<String>::new(), app.book().await, "nothing to give back");
    app.pay(&id, &card(GOOD)).await;
    assert_eq!("paid", app.status(&id).await);
    app.advance(86_400).await;
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn half_of_the_money_is_not_the_money() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.pay(&id, &card("4000009900005102")).await;
    assert_is_in_doubt(&app, &id).await;
    app.advance(0).await;
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute error", story(&shown));
    assert!(shown["payment"].is_null());
    let reversed = vec!["authorize 477 MYR approved", "capture 477 MYR approved", "reversal 477 MYR approved"];
    assert_eq!(reversed, app.book().await);
    assert_eq!(0, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn doubt_outlives_the_due_time() {
    let app = App::new().await;
    let strict = json!({ "due": crate::app::START + 20, "purchase": { "due_strict": true } });
    let strict = app.purchase_id(strict).await;
    let waiting = app.pay_slowly(&strict, &card("4000009900000103")).await;
    app.advance(30).await;
    waiting.await.unwrap();
    assert_is_in_doubt(&app, &strict).await;
    app.advance(5).await;
    assert_eq!("created viewed pending_execute paid", story(&app.show(&strict).await), "begun in time");

    let lost = json!({ "due": app.now() + 20, "purchase": { "due_strict": true } });
    let lost = app.purchase_id(lost).await;
    let waiting = app.pay_slowly(&lost, &card("4000009900000202")).await;
    app.advance(600).await;
    waiting.await.unwrap();
    assert_eq!("created viewed pending_execute error expired", story(&app.show(&lost).await), "then time has its way");
    assert!(app.link(&lost).await.words().contains("This payment link has expired."));

    let late = app.purchase_id(json!({ "due": app.now() + 20 })).await;
    let waiting = app.pay_slowly(&late, &card("4000009900000202")).await;
    app.advance(600).await;
    waiting.await.unwrap();
    assert_eq!("created viewed pending_execute error", story(&app.show(&late).await), "overdue is not returned to");
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn what_is_overdue_may_be_paid_and_what_is_expired_may_not() {
    let app = App::new().await;
    let late = app.purchase_id(json!({})).await;
    let strict = app.purchase_id(json!({ "purchase": { "due_strict": true } })).await;
    app.advance(3_600).await;
    assert!(app.link(&late).await.words().contains("This payment was due 20 November 2026. You can still pay it."));
    app.pay(&late, &card(GOOD)).await;
    assert_eq!("created overdue pending_execute paid", story(&app.show(&late).await));
    let refused = app.submit(&strict, card(GOOD).body(&app.token(&strict))).await;
    assert_eq!((303, format!("/p/{strict}/").as_str()), (refused.status, refused.header("location")));
    assert_eq!("created expired", story(&app.show(&strict).await));
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn fifty_cards_at_once_make_one_payment() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let mut sent = JoinSet::new();
    for _ in 0..50 {
        let (router, request) = (app.router.clone(), submission(&id, card(GOOD).body(&app.token(&id))));
        sent.spawn(async move { ask(&router, request).await });
    }
    for answer in sent.join_all().await {
        assert!(matches!(answer.status, 303 | 409), "{}", answer.status);
    }
    let shown = app.show(&id).await;
    assert_eq!("paid", shown["status"]);
    assert_eq!(1, shown["transaction_data"]["attempts"].as_array().unwrap().len());
    assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await);
    app.audit();
}

#[tokio::test]
async fn a_cancel_and_a_card_never_both_win() {
    let app = App::new().await;
    let (mut paid, mut cancelled) = (0, 0);
    for _ in 0..20 {
        let id = app.purchase_id(json!({})).await;
        let (router, request) = (app.router.clone(), submission(&id, card(GOOD).body(&app.token(&id))));
        let paying = tokio::spawn(async move { ask(&router, request).await });
        let stopped = app.cancel(&id).await;
        paying.await.unwrap();
        match (stopped.status, app.status(&id).await.as_str()) {
            (400, "paid") => paid += 1,
            (200, "cancelled") => cancelled += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((20, paid), (paid + cancelled, app.approvals_kept().await));
    app.audit();
}

#[test]
fn a_crash_loses_no_money() {
    for (number, status, approvals) in
        [("4000009900000103", "paid", 1), ("4000009900000301", "paid", 1), ("4000009900000202", "error", 0)]
    {
        let (home, id): (Home, String) = until_the_crash(async {
            let app = App::new().await;
            let id = app.purchase_id(json!({})).await;
            let waiting = app.pay_slowly(&id, &card(number)).await;
            assert_eq!("pending_execute", app.status(&id).await);
            waiting.abort();
            (app.leave(), id)
        });
        until_the_crash(async {
            let app = App::again(home).await;
            assert_eq!("pending_execute", app.status(&id).await);
            app.audit_with_open_tries(1);
            app.advance(34).await;
            assert_is_in_doubt(&app, &id).await;
            app.advance(1_000).await;
            assert_eq!(format!("created viewed pending_execute {status}"), story(&app.show(&id).await), "{number}");
            assert_eq!(approvals, app.approvals_kept().await);
            app.audit();
        });
    }
}

#[test]
fn the_next_process_goes_on_where_the_last_one_was() {
    let (home, before) = until_the_crash(async {
        let app = App::new().await;
        let made = app.create_with_key("order-7", json!({})).await;
        app.pay(id(&made.json()), &card(GOOD)).await;
        app.advance(500).await;
        (app.leave(), made)
    });
    until_the_crash(async {
        let app = App::again(home).await;
        assert_eq!(crate::app::START + 500, app.now(), "a moved clock stays moved");
        assert_eq!("paid", app.status(id(&before.json())).await);
        assert_eq!(before.body, app.create_with_key("order-7", json!({})).await.body);
        let next = app.purchase(json!({})).await;
        assert_eq!("SA101", next["reference_generated"], "numbers of a block that was lost are not used again");
        assert_eq!(1, app.approvals_kept().await);
        app.audit();
    });
}

#[tokio::test]
async fn only_the_brands_the_merchant_lists_are_taken() {
    let app = App::new().await;
    let id = app.purchase_id(json!({ "payment_method_whitelist": ["mastercard", "maestro"] })).await;
    let page = app.link(&id).await;
    assert!(page.words().contains("\nMastercard\nMaestro\n") && !page.words().contains("Visa"), "{}", page.words());
    let refused = app.submit(&id, card(GOOD).body(&page.token())).await;
    assert_eq!(422, refused.status);
    assert!(refused.words().contains("\nVisa is not accepted here\n"), "{}", refused.words());
    assert_eq!("created viewed", story(&app.show(&id).await));
    app.pay(&id, &card("5200009900000009")).await;
    let paid = app.show(&id).await;
    assert_eq!(
        (json!("paid"), json!("mastercard")),
        (paid["status"].clone(), paid["transaction_data"]["payment_method"].clone())
    );
}
