//! Money that moves after a purchase was paid, or without its payer: capture, release, refund, mark as paid, and what
//! the acquirer reports (purchases-api 2.3, 4, 5; security U5-U7).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, GOOD, START, ask, card, codes, id, keyed, request, story, tries, until_the_crash};
use crate::callbacks::{OK, Receiver};

const CAPTURE_TIMES_OUT: &str = "4000009900001101";
const CAPTURE_IS_LOST: &str = "4000009900001200";
const CAPTURE_IS_DECLINED: &str = "4000009900001309";
const RELEASE_IS_DECLINED: &str = "4000009900003305";
const CAPTURE_IS_PENDING: &str = "4000009900001408";
const REFUND_TIMES_OUT: &str = "4000009900002109";
const REFUND_IS_LOST: &str = "4000009900002208";
const REFUND_IS_DECLINED: &str = "4000009900002307";
const REFUND_IS_PENDING: &str = "4000009900002406";
const CHARGED_BACK: &str = "4000009900006100";
const VOID_FAILS_THRICE: &str = "4000009900003107";
const VOID_FAILS_ALWAYS: &str = "4000009900003206";

const NOBODY: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";
const MONTH: u64 = 30 * 86_400;

/// What is left of a payment, as the merchant reads it: taken, refundable, whether.
fn money(purchase: &Value) -> (Value, Value, Value) {
    (
        purchase["payment"]["amount"].clone(),
        purchase["refundable_amount"].clone(),
        purchase["refund_availability"].clone(),
    )
}

/// The lines of the book after the payment itself.
async fn later(app: &App) -> Vec<String> {
    let book = app.book().await;
    let first = book.iter().position(|line| !line.starts_with("authorize")).unwrap_or(book.len());
    book[first..].to_vec()
}

#[tokio::test]
async fn a_hold_is_captured() {
    for body in ["", "{}", "[]", "null", r#"{"amount":null}"#, r#"{"amount":954}"#, r#"{"amount":"954"}"#] {
        let app = App::new().await;
        let id = app.hold(GOOD).await;
        let answer = app.act(&id, "capture", body).await;
        assert_eq!(200, answer.status, "{body}: {}", answer.text());
        let paid = answer.json();
        assert_eq!("created viewed pending_execute hold pending_capture paid", story(&paid));
        assert_eq!(money(&paid), (json!(954), json!(954), json!("all")));
        assert_eq!(vec!["capture ok", "authorize ok"], tries(&paid));
        let capture = &paid["transaction_data"]["attempts"][0];
        assert_eq!(
            ("", "444433******1111"),
            (capture["client_ip"].as_str().unwrap(), capture["extra"]["masked_pan"].as_str().unwrap())
        );
        assert_eq!(answer.json(), app.show(&id).await, "the answer is how it stands");
        assert_eq!(vec!["capture 954 MYR approved"], later(&app).await);
        app.audit();
    }
}

#[tokio::test]
async fn a_part_is_captured_once_and_the_rest_goes_back() {
    let app = App::new().await;
    let id = app.hold(GOOD).await;
    let paid = app.act(&id, "capture", r#"{"amount":600}"#).await.json();
    assert_eq!(money(&paid), (json!(600), json!(600), json!("all")));
    assert_eq!(json!(954), paid["purchase"]["total"], "what was ordered stays");
    assert_eq!(vec!["capture 600 MYR approved", "void 354 MYR approved"], later(&app).await);
    for body in ["", r#"{"amount":354}"#, r#"{"amount":1}"#] {
        assert_eq!("400 __all__ purchase_capture_wrong_status", codes(&app.act(&id, "capture", body).await));
    }
    assert_eq!("400 __all__ purchase_release_wrong_status", codes(&app.act(&id, "release", "").await));
    assert_eq!(paid, app.show(&id).await, "a refusal changes nothing");
    assert_eq!(2, later(&app).await.len());
    let more = app.act(&id, "refund", r#"{"amount":601}"#).await;
    assert_eq!("400 __all__ purchase_refund_not_possible, amount max_value", codes(&more));
    assert_eq!(200, app.act(&id, "refund", "").await.status);
    assert_eq!(money(&app.show(&id).await), (json!(600), json!(0), json!("none")));
    assert_eq!("refund 600 MYR approved", later(&app).await[2]);
    app.audit();
}

#[tokio::test]
async fn an_amount_is_at_least_one_and_at_most_what_is_there() {
    let app = App::new().await;
    let held = app.hold(GOOD).await;
    let paid = app.paid(GOOD, json!({})).await;
    let before = (app.show(&held).await, app.show(&paid).await);
    for (amount, code) in [
        ("0", "min_value"),
        ("-5", "min_value"),
        ("1.5", "invalid"),
        (r#""abc""#, "invalid"),
        ("{}", "invalid"),
        ("99999999999999999999", "max_value"),
    ] {
        let body = format!(r#"{{"amount":{amount}}}"#);
        assert_eq!(format!("400 amount {code}"), codes(&app.act(&held, "capture", &body).await), "{amount}");
        let refused = format!("400 __all__ purchase_refund_not_possible, amount {code}");
        assert_eq!(refused, codes(&app.act(&paid, "refund", &body).await), "{amount}");
    }
    assert_eq!("400 amount max_value", codes(&app.act(&held, "capture", r#"{"amount":955}"#).await));
    assert_eq!(
        "400 __all__ purchase_refund_not_possible, amount max_value",
        codes(&app.act(&paid, "refund", r#"{"amount":955}"#).await)
    );
    for action in ["capture", "release", "refund", "charge", "mark_as_paid", "delete_recurring_token", "cancel"] {
        assert_eq!("400 __all__ parse_error", codes(&app.act(&held, action, "{").await), "{action}");
    }
    assert_eq!(before, (app.show(&held).await, app.show(&paid).await));
    // The body is read before the status is looked at.
    assert_eq!("400 amount min_value", codes(&app.act(&paid, "capture", r#"{"amount":0}"#).await));
    app.audit();
}

#[tokio::test]
async fn only_a_hold_is_captured_or_released() {
    let app = App::new().await;
    let open = app.purchase_id(json!({})).await;
    let paid = app.paid(GOOD, json!({})).await;
    let cancelled = app.purchase_id(json!({})).await;
    app.cancel(&cancelled).await;
    let released = app.hold(GOOD).await;
    let answer = app.act(&released, "release", "").await.json();
    assert_eq!("created viewed pending_execute hold pending_release released", story(&answer));
    assert_eq!(vec!["release ok", "authorize ok"], tries(&answer));
    assert_eq!(money(&answer), (json!(null), json!(0), json!("none")));
    let checked = app.purchase_id(json!({ "skip_capture": true, "purchase": { "total_override": 0 } })).await;
    app.pay(&checked, &card(GOOD)).await;
    for id in [&open, &paid, &cancelled, &released, &checked] {
        for action in ["capture", "release"] {
            let refused = format!("400 __all__ purchase_{action}_wrong_status");
            assert_eq!(refused, codes(&app.act(id, action, "").await));
        }
    }
    assert_eq!(1, app.book().await.iter().filter(|line| *line == "void 954 MYR approved").count());
    app.audit();
}

#[tokio::test]
async fn only_taken_money_is_refunded() {
    let app = App::new().await;
    let open = app.purchase_id(json!({})).await;
    let held = app.hold(GOOD).await;
    let released = app.hold(GOOD).await;
    app.act(&released, "release", "").await;
    for id in [&open, &held, &released] {
        for body in ["", r#"{"amount":1}"#] {
            assert_eq!("400 __all__ purchase_refund_wrong_status", codes(&app.act(id, "refund", body).await));
        }
    }
    app.audit();
}

#[tokio::test]
async fn money_goes_back_until_nothing_is_left() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    let mut ids = vec![];
    for (amount, left) in [(400, 554), (554, 0)] {
        let made = app.act(&id, "refund", &json!({ "amount": amount }).to_string()).await;
        assert_eq!(200, made.status, "{}", made.text());
        let made = made.json();
        assert_eq!(("payment", "success"), (made["type"].as_str().unwrap(), made["status"].as_str().unwrap()));
        assert_eq!(
            (json!(amount), json!("MYR")),
            (made["payment"]["amount"].clone(), made["payment"]["currency"].clone())
        );
        assert_eq!(json!(true), made["payment"]["is_outgoing"]);
        assert_eq!(
            (json!("purchase"), json!(id)),
            (made["related_to"]["type"].clone(), made["related_to"]["id"].clone())
        );
        ids.push(made["id"].as_str().unwrap().to_owned());
        let shown = app.show(&id).await;
        let whether = if left == 0 { "none" } else { "all" };
        assert_eq!(money(&shown), (json!(954), json!(left), json!(whether)));
        assert_eq!("refunded", shown["status"]);
        let step = shown["status_history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(json!({ "type": "payment", "id": made["id"] }), step["related_object"], "{step}");
    }
    assert_ne!(ids[0], ids[1]);
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid pending_refund refunded pending_refund refunded", story(&shown));
    assert_eq!(vec!["refund ok", "refund ok", "execute ok"], tries(&shown));
    for body in ["", r#"{"amount":1}"#, r#"{"amount":954}"#] {
        assert_eq!("400 __all__ purchase_refund_not_possible", codes(&app.act(&id, "refund", body).await));
    }
    assert_eq!(
        vec!["capture 954 MYR approved", "refund 400 MYR approved", "refund 554 MYR approved"],
        later(&app).await
    );
    app.audit();
}

#[tokio::test]
async fn what_the_acquirer_still_thinks_about_settles_by_the_clock() {
    let app = App::new().await;
    let id = app.hold(CAPTURE_IS_PENDING).await;
    let answer = app.act(&id, "capture", r#"{"amount":600}"#).await;
    assert_eq!((200, json!("pending_capture")), (answer.status, answer.json()["status"].clone()));
    for (action, body) in [("capture", ""), ("release", ""), ("refund", ""), ("cancel", ""), ("mark_as_paid", "")] {
        let refused = format!("400 __all__ purchase_{action}_wrong_status");
        assert_eq!(refused, codes(&app.act(&id, action, body).await));
    }
    app.advance(9).await;
    assert_eq!(("pending_capture".to_owned(), 0), (app.status(&id).await, later(&app).await.len()));
    app.advance(60).await;
    let paid = app.show(&id).await;
    assert_eq!("created viewed pending_execute hold pending_capture paid", story(&paid));
    assert_eq!(vec!["capture 600 MYR approved", "void 354 MYR approved"], later(&app).await);
    app.audit();

    let app = App::new().await;
    let id = app.paid(REFUND_IS_PENDING, json!({})).await;
    let answer = app.act(&id, "refund", r#"{"amount":600}"#).await;
    assert_eq!((200, json!("purchase")), (answer.status, answer.json()["type"].clone()), "no Payment yet");
    assert_eq!(money(&answer.json()), (json!(954), json!(954), json!("none")));
    assert_eq!("pending_refund", answer.json()["status"]);
    for (action, body) in
        [("capture", ""), ("release", ""), ("refund", r#"{"amount":1}"#), ("cancel", ""), ("mark_as_paid", "")]
    {
        let refused = format!("400 __all__ purchase_{action}_wrong_status");
        assert_eq!(refused, codes(&app.act(&id, action, body).await));
    }
    assert_eq!(400, app.report(&id, "chargeback").await.status, "not while money is on its way");
    app.advance(60).await;
    let refunded = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid pending_refund refunded", story(&refunded));
    assert_eq!(money(&refunded), (json!(954), json!(354), json!("all")));
    assert_eq!(vec!["capture 954 MYR approved", "refund 600 MYR approved"], later(&app).await);
    app.audit();
}

#[tokio::test]
async fn a_lost_answer_or_request_moves_money_once() {
    for (number, action, pending, done) in [
        (CAPTURE_TIMES_OUT, "capture", "pending_capture", "paid"),
        (CAPTURE_IS_LOST, "capture", "pending_capture", "paid"),
        (REFUND_TIMES_OUT, "refund", "pending_refund", "refunded"),
        (REFUND_IS_LOST, "refund", "pending_refund", "refunded"),
        (VOID_FAILS_THRICE, "release", "pending_release", "released"),
    ] {
        let app = App::new().await;
        let id = if action == "refund" { app.paid(number, json!({})).await } else { app.hold(number).await };
        let before = app.book().await.len();
        let waiting = app.act_slowly(&id, action, "").await;
        app.advance(7).await;
        assert!(!waiting.is_finished(), "{number}: it is waited for");
        app.advance(1).await;
        let answer = waiting.await.unwrap();
        assert_eq!((200, pending), (answer.status, answer.json()["status"].as_str().unwrap()), "{number}");
        assert_eq!(format!("400 __all__ purchase_{action}_wrong_status"), codes(&app.act(&id, action, "").await));
        app.advance(6 * 3_600).await;
        assert_eq!(done, app.status(&id).await, "{number}");
        let kind = if action == "release" { "void" } else { action };
        assert_eq!(vec![format!("{kind} 954 MYR approved")], app.book().await[before..], "{number}");
        app.advance(3 * MONTH).await;
        assert_eq!((done.to_owned(), before + 1), (app.status(&id).await, app.book().await.len()));
        app.audit();
    }
}

#[tokio::test]
async fn a_void_that_never_arrives_stays_pending_and_is_repeated() {
    let app = App::new().await;
    let id = app.hold(VOID_FAILS_ALWAYS).await;
    let waiting = app.act_slowly(&id, "release", "").await;
    app.advance(8).await;
    assert_eq!("pending_release", waiting.await.unwrap().json()["status"]);
    app.advance(2 * 86_400).await;
    assert_eq!("pending_release", app.status(&id).await);
    assert_eq!("400 __all__ purchase_capture_wrong_status", codes(&app.act(&id, "capture", "").await));
    assert_eq!(vec!["authorize 954 MYR approved"], app.book().await);
    app.audit_with_open_tries(1);
}

#[tokio::test]
async fn what_the_acquirer_refuses_is_told_and_changes_nothing() {
    for (number, action, amount, back, first) in [
        (CAPTURE_IS_DECLINED, "capture", Some(500), "hold", "authorize"),
        (RELEASE_IS_DECLINED, "release", None, "hold", "authorize"),
        (REFUND_IS_DECLINED, "refund", Some(500), "paid", "execute"),
    ] {
        let app = App::new().await;
        let id = if action == "refund" { app.paid(number, json!({})).await } else { app.hold(number).await };
        let before = money(&app.show(&id).await);
        let answer = app.act(&id, action, &json!({ "amount": amount }).to_string()).await;
        assert_eq!(format!("400 __all__ purchase_{action}_error"), codes(&answer));
        let shown = app.show(&id).await;
        assert_eq!(format!("created viewed pending_execute {back} pending_{action} {back}"), story(&shown));
        assert_eq!(before, money(&shown));
        let [failed, paid] = &tries(&shown)[..] else { panic!("{shown}") };
        assert_eq!(&format!("{first} ok"), paid);
        assert!(failed.starts_with(action) && !failed.ends_with("ok"), "{failed}");
        assert_eq!(json!(""), shown["transaction_data"]["attempts"][0]["client_ip"]);
        let (kind, amount) = (if action == "release" { "void" } else { action }, amount.unwrap_or(954));
        assert!(app.book().await.contains(&format!("{kind} {amount} MYR declined")), "{:?}", app.book().await);
        // What is left may still be done.
        let done = |action: &'static str| async { app.act(&id, action, "").await.json()["status"].clone() };
        match action {
            "capture" => assert_eq!("released", done("release").await),
            "release" => assert_eq!("paid", done("capture").await),
            _ => assert_eq!(format!("400 __all__ purchase_{action}_error"), codes(&app.act(&id, action, "").await)),
        }
        app.audit();
    }
}

#[tokio::test]
async fn a_hold_lapses_after_thirty_days() {
    let app = App::new().await;
    let id = app.hold(GOOD).await;
    app.advance(MONTH - 1).await;
    assert_eq!("hold", app.status(&id).await);
    app.advance(1).await;
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute hold released", story(&shown));
    assert_eq!("400 __all__ purchase_capture_wrong_status", codes(&app.act(&id, "capture", "").await));
    assert_eq!(vec!["void 954 MYR approved"], later(&app).await, "at the acquirer too");
    app.audit();

    // On the last second it may still be captured.
    let id = app.hold(GOOD).await;
    app.advance(MONTH - 1).await;
    assert_eq!("paid", app.act(&id, "capture", "").await.json()["status"]);
    app.advance(MONTH).await;
    assert_eq!("paid", app.status(&id).await);
    assert_eq!(Some("capture 954 MYR approved"), later(&app).await.last().map(String::as_str));
    app.audit();
}

#[tokio::test]
async fn a_purchase_is_marked_as_paid() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    for (body, paid_on) in [("", START), ("{}", START), (r#"{"paid_on":1795000000}"#, 1_795_000_000), ("[]", START)] {
        let id = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
        let answer = app.act(&id, "mark_as_paid", body).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        let paid = answer.json();
        assert_eq!(("created paid".to_owned(), json!(true)), (story(&paid), paid["marked_as_paid"].clone()));
        assert_eq!(json!("custom"), paid["payment"]["payment_type"]);
        assert_eq!(
            (json!(954), json!(0), json!(paid_on)),
            (
                paid["payment"]["amount"].clone(),
                paid["payment"]["fee_amount"].clone(),
                paid["payment"]["paid_on"].clone()
            )
        );
        assert_eq!(json!("none"), paid["refund_availability"]);
        assert_eq!("400 __all__ purchase_refund_not_possible", codes(&app.act(&id, "refund", "").await));
        assert_eq!("400 __all__ purchase_mark_as_paid_wrong_status", codes(&app.act(&id, "mark_as_paid", "").await));
        assert!(!app.link(&id).await.has_form(), "nothing is left to pay");
    }
    let id = app.purchase_id(json!({})).await;
    let future = json!({ "paid_on": START + 1 }).to_string();
    assert_eq!("400 paid_on max_value", codes(&app.act(&id, "mark_as_paid", &future).await));
    assert_eq!("created", app.status(&id).await);
    for id in [app.paid(GOOD, json!({})).await, app.hold(GOOD).await] {
        assert_eq!("400 __all__ purchase_mark_as_paid_wrong_status", codes(&app.act(&id, "mark_as_paid", "").await));
    }
    app.advance(86_400).await;
    assert_eq!(0, shop.heard().len(), "the merchant said so itself");
    app.audit();
}

#[tokio::test]
async fn money_is_settled_once() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    assert_eq!(200, app.report(&id, "clear").await.status);
    assert_eq!("paid", app.status(&id).await);
    assert_eq!(json!(null), app.show(&id).await["transaction_data"]["extra"]["settlement"]);
    app.advance(60).await;
    assert_eq!(200, app.report(&id, "settle").await.status);
    let settled = app.show(&id).await;
    assert_eq!(json!({ "settled_on": START + 60 }), settled["transaction_data"]["extra"]["settlement"]);
    assert_eq!("created viewed pending_execute paid", story(&settled));
    app.advance(60).await;
    assert_eq!(200, app.report(&id, "settle").await.status);
    assert_eq!(settled, app.show(&id).await, "there is nothing left to settle");
    app.audit();
    assert_eq!(200, app.act(&id, "refund", r#"{"amount":100}"#).await.status);
    assert_eq!("refunded", app.status(&id).await);
    app.audit();
    let open = app.purchase_id(json!({})).await;
    for event in ["clear", "settle", "chargeback", "chargeback_reversed"] {
        assert_eq!(400, app.report(&open, event).await.status, "{event}");
    }
    assert_eq!(404, app.report(NOBODY, "settle").await.status);
}

#[tokio::test]
async fn a_chargeback_takes_what_is_left_and_may_be_reversed() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    app.act(&id, "refund", r#"{"amount":100}"#).await;
    assert_eq!(200, app.report(&id, "chargeback").await.status);
    assert_eq!("chargeback", app.status(&id).await);
    assert_eq!("none", app.show(&id).await["refund_availability"]);
    app.audit();
    assert_eq!("400 __all__ purchase_refund_wrong_status", codes(&app.act(&id, "refund", "").await));
    assert_eq!(400, app.report(&id, "chargeback").await.status);
    assert_eq!(200, app.report(&id, "chargeback_reversed").await.status);
    assert_eq!(400, app.report(&id, "chargeback_reversed").await.status);
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid pending_refund refunded chargeback refunded", story(&shown));
    assert_eq!(money(&shown), (json!(954), json!(854), json!("all")));
    assert_eq!(200, app.act(&id, "refund", "").await.status);
    app.audit();
}

#[tokio::test]
async fn a_chargeback_comes_by_itself_a_minute_after_the_money_was_taken() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let id = app.paid(CHARGED_BACK, json!({ "success_callback": shop.url("/paid") })).await;
    let held = app.hold(CHARGED_BACK).await;
    let refunded = app.paid(CHARGED_BACK, json!({})).await;
    app.act(&refunded, "refund", "").await;
    app.advance(59).await;
    assert_eq!(("paid", "hold"), (app.status(&id).await.as_str(), app.status(&held).await.as_str()));
    app.act(&held, "capture", r#"{"amount":600}"#).await;
    app.advance(1).await;
    assert_eq!(("chargeback", "paid"), (app.status(&id).await.as_str(), app.status(&held).await.as_str()));
    assert_eq!("created viewed pending_execute paid chargeback", story(&app.show(&id).await));
    app.audit();
    app.advance(86_400).await;
    assert_eq!(("chargeback", "refunded"), (app.status(&held).await.as_str(), app.status(&refunded).await.as_str()));
    let heard: Vec<Value> = shop.heard().iter().map(|heard| heard.json()["event_type"].clone()).collect();
    assert_eq!(vec![json!("purchase.paid")], heard, "a checkout's own callback hears of money taken only");
    app.audit();
}

#[tokio::test]
async fn with_workers_a_chargeback_is_heard_without_asking() {
    let app = App::new().await;
    app.engine.start_workers();
    let id = app.paid(CHARGED_BACK, json!({})).await;
    let clock = app.engine.env().clock();
    let due = app.engine.env().now().plus(std::time::Duration::from_secs(60));
    // The clock goes only where somebody sleeps until.
    for _ in 0..5_000 {
        if app.status(&id).await == "chargeback" {
            return;
        }
        if let Some(next) = clock.next_wake().filter(|next| *next <= due) {
            clock.move_to(next);
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("nobody heard of the chargeback");
}

#[tokio::test]
async fn an_action_with_a_key_is_carried_out_once() {
    let app = App::new().await;
    let open = app.purchase_id(json!({})).await;
    let cancelled = app.purchase_id(json!({})).await;
    let (held, released, paid) = (app.hold(GOOD).await, app.hold(GOOD).await, app.paid(GOOD, json!({})).await);
    let token = app.paid(GOOD, json!({ "force_recurring": true })).await;
    let charged = app.purchase_id(json!({})).await;
    let charge = json!({ "recurring_token": token }).to_string();
    for (id, action, body) in [
        (&held, "capture", r#"{"amount":600}"#),
        (&released, "release", ""),
        (&paid, "refund", r#"{"amount":100}"#),
        (&charged, "charge", charge.as_str()),
        (&open, "mark_as_paid", ""),
        (&cancelled, "cancel", ""),
        (&token, "delete_recurring_token", ""),
    ] {
        let first = app.act_keyed(id, action, "key-1", body).await;
        assert_eq!(200, first.status, "{action}: {}", first.text());
        let (shown, book) = (app.show(id).await, app.book().await);
        app.advance(60).await;
        let again = app.act_keyed(id, action, "key-1", body).await;
        assert_eq!((200, &first.body), (again.status, &again.body), "{action}");
        let other = app.act_keyed(id, action, "key-1", r#"{"amount":1,"paid_on":1}"#).await;
        assert_eq!("400 __all__ idempotency_key_reuse", codes(&other), "{action}");
        assert_eq!((shown, book), (app.show(id).await, app.book().await), "{action}");
    }
    // A refusal leaves the key free.
    let id = app.hold(GOOD).await;
    assert_eq!("400 amount max_value", codes(&app.act_keyed(&id, "capture", "key-2", r#"{"amount":955}"#).await));
    assert_eq!(200, app.act_keyed(&id, "capture", "key-2", r#"{"amount":954}"#).await.status);
    let id = app.purchase_id(json!({ "skip_capture": true })).await;
    assert_eq!(400, app.act_keyed(&id, "capture", "key-3", "").await.status);
    app.pay(&id, &card(GOOD)).await;
    assert_eq!("paid", app.act_keyed(&id, "capture", "key-3", "").await.json()["status"]);
    app.audit();
}

#[tokio::test]
async fn a_key_remembers_that_the_acquirer_refused_or_was_slow() {
    let app = App::new().await;
    let id = app.hold(CAPTURE_IS_DECLINED).await;
    let first = app.act_keyed(&id, "capture", "key-1", "").await;
    let shown = app.show(&id).await;
    let again = app.act_keyed(&id, "capture", "key-1", "").await;
    assert_eq!((400, &first.body), (again.status, &again.body));
    assert_eq!(shown, app.show(&id).await, "nothing was tried again");

    let id = app.paid(REFUND_IS_PENDING, json!({})).await;
    let first = app.act_keyed(&id, "refund", "key-1", "").await;
    assert_eq!("pending_refund", first.json()["status"]);
    app.advance(60).await;
    let again = app.act_keyed(&id, "refund", "key-1", "").await;
    assert_eq!((200, &first.body), (again.status, &again.body));
    assert_eq!(1, app.book().await.iter().filter(|line| line.starts_with("refund")).count());
    app.audit();
}

#[tokio::test]
async fn twins_with_one_key_get_one_answer() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    let body = r#"{"amount":100}"#;
    let (a, b, c) = tokio::join!(
        app.act_keyed(&id, "refund", "key-1", body),
        app.act_keyed(&id, "refund", "key-1", body),
        app.act_keyed(&id, "refund", "key-1", body)
    );
    assert_eq!((200, 200, 200), (a.status, b.status, c.status), "{}", a.text());
    assert!(a.body == b.body && b.body == c.body);
    assert_eq!(json!(854), app.show(&id).await["refundable_amount"]);
    app.audit();
}

#[tokio::test]
async fn the_shop_is_called_back_once_for_money_taken() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let held = app.purchase_id(json!({ "skip_capture": true, "success_callback": shop.url("/captured") })).await;
    app.pay(&held, &card(GOOD)).await;
    app.advance(60).await;
    assert_eq!(0, shop.heard().len(), "a hold takes nothing");
    app.act(&held, "capture", r#"{"amount":600}"#).await;
    let token = app.paid(GOOD, json!({ "force_recurring": true })).await;
    let charged = app.purchase_id(json!({ "success_callback": shop.url("/charged") })).await;
    app.act(&charged, "charge", &json!({ "recurring_token": token }).to_string()).await;
    let slow = app.purchase_id(json!({ "skip_capture": true, "success_callback": shop.url("/slow") })).await;
    app.pay(&slow, &card(CAPTURE_IS_PENDING)).await;
    app.act(&slow, "capture", "").await;
    let released = app.purchase_id(json!({ "skip_capture": true, "success_callback": shop.url("/no") })).await;
    app.pay(&released, &card(GOOD)).await;
    app.act(&released, "release", "").await;
    for id in [&held, &charged] {
        app.act(id, "refund", "").await;
    }
    app.advance(86_400).await;
    let mut heard: Vec<(String, Value, Value)> = shop
        .heard()
        .iter()
        .map(|heard| (heard.path(), heard.json()["event_type"].clone(), heard.json()["status"].clone()))
        .collect();
    heard.sort_by(|a, b| a.0.cmp(&b.0));
    let told = |path: &str| (path.to_owned(), json!("purchase.paid"), json!("paid"));
    assert_eq!(vec![told("/captured"), told("/charged"), told("/slow")], heard);
}

#[tokio::test]
async fn what_is_not_mine_does_not_exist() {
    let app = App::new().await;
    let (held, paid) = (app.hold(GOOD).await, app.paid(GOOD, json!({ "force_recurring": true })).await);
    let before = (app.show(&held).await, app.show(&paid).await, app.book().await);
    let stranger = app.another_merchant().await;
    let token = json!({ "recurring_token": paid }).to_string();
    for action in ["capture", "release", "refund", "charge", "mark_as_paid", "delete_recurring_token", "cancel"] {
        for id in [held.as_str(), paid.as_str(), NOBODY, "7"] {
            for key in [&stranger.secret_key, &stranger.live_secret_key, &app.merchant.live_secret_key] {
                // Whatever is sent with it.
                for body in ["", "{", r#"{"amount":0}"#, token.as_str()] {
                    let path = format!("/purchases/{id}/{action}/");
                    let answer = app.api(Method::POST, &path, key, body.to_owned()).await;
                    assert_eq!("404 __all__ not_found", codes(&answer), "{action} {body}");
                }
            }
        }
        let unknown = app.api(Method::POST, &format!("/purchases/{held}/{action}/"), "nobody", "").await;
        assert_eq!(401, unknown.status);
        let read = app.get(&format!("/purchases/{held}/{action}/")).await;
        assert_eq!(405, read.status, "{action}");
    }
    assert_eq!(before, (app.show(&held).await, app.show(&paid).await, app.book().await));
    app.audit();
}

#[tokio::test]
async fn a_key_belongs_to_one_action_of_one_purchase() {
    let app = App::new().await;
    let (a, b) = (app.paid(GOOD, json!({})).await, app.paid(GOOD, json!({})).await);
    let first = app.act_keyed(&a, "refund", "one", "").await.json();
    let second = app.act_keyed(&b, "refund", "one", "").await.json();
    assert_eq!((json!(a), json!(b)), (first["related_to"]["id"].clone(), second["related_to"]["id"].clone()));
    let made = ask(&app.router, keyed(&app.merchant.secret_key, "one", app.order(json!({})).to_string())).await;
    assert_eq!((201, json!("created")), (made.status, made.json()["status"].clone()));
    assert_eq!("cancelled", app.act_keyed(id(&made.json()), "cancel", "one", "").await.json()["status"]);
    let form = request(Method::POST, &format!("/api/v1/purchases/{a}/refund/"), &app.merchant.secret_key, "", "");
    assert_eq!(
        "400 __all__ purchase_refund_not_possible",
        codes(&ask(&app.router, form).await),
        "a body needs no type"
    );
}

#[test]
fn a_restart_finds_out_what_became_of_an_operation() {
    for (number, action, done) in [(CAPTURE_TIMES_OUT, "capture", "paid"), (REFUND_IS_LOST, "refund", "refunded")] {
        let (home, id, before) = until_the_crash(async {
            let app = App::new().await;
            let id = if action == "refund" { app.paid(number, json!({})).await } else { app.hold(number).await };
            let before = app.book().await.len();
            let _waiting = app.act_slowly(&id, action, r#"{"amount":600}"#).await;
            (app.leave(), id, before)
        });
        until_the_crash(async {
            let app = App::again(home).await;
            assert_eq!(format!("pending_{action}"), app.status(&id).await);
            app.advance(6 * 3_600).await;
            assert_eq!(done, app.status(&id).await);
            let book = app.book().await;
            let moved = book[before..].iter().filter(|line| *line == &format!("{action} 600 MYR approved")).count();
            assert_eq!(1, moved, "{book:?}");
            app.audit();
        });
    }
}

#[test]
fn a_key_whose_process_ended_is_not_carried_out_again() {
    let (home, id) = until_the_crash(async {
        let app = App::new().await;
        let id = app.paid(REFUND_TIMES_OUT, json!({})).await;
        let mut request = app.action(&id, "refund", r#"{"amount":600}"#);
        request.headers_mut().insert("idempotency-key", "key-1".parse().unwrap());
        let _waiting = app.wait_slowly(request).await;
        (app.leave(), id)
    });
    until_the_crash(async {
        let app = App::again(home).await;
        let again = app.act_keyed(&id, "refund", "key-1", r#"{"amount":600}"#).await;
        assert_eq!((200, json!("pending_refund")), (again.status, again.json()["status"].clone()));
        app.advance(6 * 3_600).await;
        assert_eq!(json!(354), app.show(&id).await["refundable_amount"]);
        let again = app.act_keyed(&id, "refund", "key-1", r#"{"amount":600}"#).await;
        let answer = (again.status, again.json()["type"].clone(), again.json()["status"].clone());
        assert_eq!((200, json!("payment"), json!("success")), answer, "what it would have been answered");
        assert_eq!(again.text(), app.act_keyed(&id, "refund", "key-1", r#"{"amount":600}"#).await.text());
        assert_eq!(json!(354), app.show(&id).await["refundable_amount"], "given back once");
        assert_eq!(1, app.book().await.iter().filter(|line| line.starts_with("refund")).count());
        app.audit();
    });
}
