//! Many at once on one purchase: exactly what one after the other would have done (security I3).

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::app::{Answer, App, GOOD, ask, card, codes, story, submission};
use crate::three_ds::hidden;

const MANY: usize = 50;
const CAPTURE_IS_PENDING: &str = "4000009900001408";
const REFUND_IS_PENDING: &str = "4000009900002406";

/// Asks all of them at the same moment.
async fn all_at_once(app: &App, requests: impl IntoIterator<Item = Request<Body>>) -> Vec<Answer> {
    let requests: Vec<_> = requests.into_iter().collect();
    let start = Arc::new(Barrier::new(requests.len()));
    let mut asked = JoinSet::new();
    for request in requests {
        let (router, start) = (app.router.clone(), Arc::clone(&start));
        asked.spawn(async move {
            start.wait().await;
            ask(&router, request).await
        });
    }
    asked.join_all().await
}

/// The one that was carried out; every other was refused with `code`.
fn one_of(answers: Vec<Answer>, code: &str) -> Answer {
    let (done, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &refused {
        assert_eq!(format!("400 __all__ {code}"), codes(answer));
    }
    assert_eq!(1, done.len());
    done[0].clone()
}

async fn count(app: &App, kind: &str) -> usize {
    app.book().await.iter().filter(|line| line.starts_with(kind)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_capture_of_many() {
    for (number, status) in [(GOOD, "paid"), (CAPTURE_IS_PENDING, "pending_capture")] {
        let app = App::new().await;
        let id = app.hold(number).await;
        let all = (0..MANY).map(|_| app.action(&id, "capture", r#"{"amount":500}"#));
        let done = one_of(all_at_once(&app, all).await, "purchase_capture_wrong_status");
        assert_eq!(json!(status), done.json()["status"]);
        app.advance(60).await;
        assert_eq!("created viewed pending_execute hold pending_capture paid", story(&app.show(&id).await));
        assert_eq!(
            vec!["authorize 954 MYR approved", "capture 500 MYR approved", "void 454 MYR approved"],
            app.book().await
        );
        app.audit();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refund_of_many_that_are_more_than_half() {
    for number in [GOOD, REFUND_IS_PENDING] {
        let app = App::new().await;
        let id = app.paid(number, json!({})).await;
        let all = (0..MANY).map(|_| app.action(&id, "refund", r#"{"amount":572}"#));
        let answers = all_at_once(&app, all).await;
        assert_eq!(1, answers.iter().filter(|answer| answer.status == 200).count());
        assert!(answers.iter().all(|answer| [200, 400].contains(&answer.status)));
        app.advance(60).await;
        assert_eq!(json!(954 - 572), app.show(&id).await["refundable_amount"]);
        assert_eq!(1, count(&app, "refund").await);
        app.audit();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_refunds_are_an_exact_sum() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    let all = (0..MANY).map(|_| app.action(&id, "refund", r#"{"amount":100}"#));
    let answers = all_at_once(&app, all).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((1..=9).contains(&done), "{done}");
    let left = 954 - 100 * done;
    assert_eq!((json!(left), json!("refunded")), {
        let shown = app.show(&id).await;
        (shown["refundable_amount"].clone(), shown["status"].clone())
    });
    assert_eq!(done, count(&app, "refund 100 MYR approved").await);
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_charge_of_many() {
    let app = App::new().await;
    let token = app.paid(GOOD, json!({ "force_recurring": true })).await;
    let id = app.purchase_id(json!({})).await;
    let body = json!({ "recurring_token": token }).to_string();
    let all = (0..MANY).map(|_| app.action(&id, "charge", &body));
    one_of(all_at_once(&app, all).await, "purchase_charge_wrong_status");
    assert_eq!("created pending_charge paid", story(&app.show(&id).await));
    assert_eq!(2, app.approvals_kept().await);
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_that_end_a_purchase() {
    for (action, status) in [("cancel", "cancelled"), ("mark_as_paid", "paid")] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        let all = (0..MANY).map(|_| app.action(&id, action, ""));
        one_of(all_at_once(&app, all).await, &format!("purchase_{action}_wrong_status"));
        assert_eq!(format!("created {status}"), story(&app.show(&id).await));
        app.audit();
    }
    let app = App::new().await;
    let id = app.paid(GOOD, json!({ "force_recurring": true })).await;
    let all = (0..MANY).map(|_| app.action(&id, "delete_recurring_token", ""));
    one_of(all_at_once(&app, all).await, "invalid_recurring_token");
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_against_a_release() {
    let app = App::new().await;
    for _ in 0..10 {
        let id = app.hold(GOOD).await;
        let before = app.book().await.len();
        let all = (0..10).map(|n| app.action(&id, if n % 2 == 0 { "capture" } else { "release" }, ""));
        let answers = all_at_once(&app, all).await;
        assert_eq!(1, answers.iter().filter(|answer| answer.status == 200).count());
        let (status, book) = (app.status(&id).await, app.book().await);
        let expected = if status == "paid" { "capture 954 MYR approved" } else { "void 954 MYR approved" };
        assert!(["paid", "released"].contains(&status.as_str()), "{status}");
        assert_eq!(vec![expected.to_owned()], book[before..]);
    }
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_against_a_chargeback() {
    let app = App::new().await;
    for _ in 0..10 {
        let id = app.paid(GOOD, json!({})).await;
        let refunding = app.action(&id, "refund", "");
        let (refunded, reported) = tokio::join!(all_at_once(&app, [refunding]), app.report(&id, "chargeback"));
        let shown = app.show(&id).await;
        match (refunded[0].status, shown["status"].as_str().unwrap()) {
            // All was given back before, or the bank was told that money is on its way.
            (200, "refunded") => assert_eq!(400, reported.status),
            (400, "chargeback") => assert_eq!(200, reported.status),
            (200, "chargeback") => assert_eq!((json!(0), 200), (shown["refundable_amount"].clone(), reported.status)),
            other => panic!("{other:?}"),
        }
    }
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_against_the_merchant() {
    for action in ["cancel", "mark_as_paid"] {
        let app = App::new().await;
        let mut paid = 0;
        for _ in 0..10 {
            let id = app.purchase_id(json!({})).await;
            let paying = (0..5).map(|_| submission(&id, card(GOOD).body(&app.token(&id))));
            let ending = (0..5).map(|_| app.action(&id, action, ""));
            let answers = all_at_once(&app, paying.zip(ending).flat_map(|(a, b)| [a, b])).await;
            let ended = answers.iter().filter(|answer| answer.status == 200).count();
            let shown = app.show(&id).await;
            if ended == 0 {
                paid += 1;
                assert_eq!("created pending_execute paid", story(&shown));
            } else {
                assert_eq!(1, ended);
                assert!(["created cancelled", "created paid"].contains(&story(&shown).as_str()), "{}", story(&shown));
                assert_eq!(json!([]), shown["transaction_data"]["attempts"], "no card was sent anywhere");
            }
        }
        assert_eq!(paid, app.approvals_kept().await);
        app.audit();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_against_the_payer() {
    let app = App::new().await;
    let token = app.paid(GOOD, json!({ "force_recurring": true })).await;
    let body = json!({ "recurring_token": token }).to_string();
    for turn in 0..10 {
        let id = app.purchase_id(json!({})).await;
        let paying = (0..5).map(|_| submission(&id, card(GOOD).body(&app.token(&id))));
        let charging = (0..5).map(|_| app.action(&id, "charge", &body));
        let answers = all_at_once(&app, paying.zip(charging).flat_map(|(a, b)| [a, b])).await;
        assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1);
        assert_eq!(("paid".to_owned(), turn + 2), (app.status(&id).await, app.approvals_kept().await));
    }
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_of_the_bank_of_many() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card("5555555555554444")).await;
    let cres = app.bank_says_yes(&id).await;
    let answers = all_at_once(&app, (0..MANY).map(|_| App::coming_back(&id, &cres))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await));
    app.audit();

    // A yes against giving up on our page: one of them.
    for _ in 0..10 {
        let before = app.approvals_kept().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card("5555555555554444")).await;
        let creq = hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq");
        let give_up = format!("attempt={}&cancel=on", app.token(&id));
        let post = |path: &str, body: String| {
            crate::app::request(axum::http::Method::POST, path, "", "application/x-www-form-urlencoded", body)
        };
        let saying_yes = post("/acs/challenge", format!("creq={creq}&action=verify&otp=1234"));
        let giving_up = post(&format!("/p/{id}/challenge/"), give_up);
        all_at_once(&app, [saying_yes, giving_up]).await;
        app.engine.env().clock().quiet().await;
        let kept = app.approvals_kept().await - before;
        match app.status(&id).await.as_str() {
            "paid" => assert_eq!(1, kept),
            "error" => assert_eq!(0, kept),
            other => panic!("{other}"),
        }
    }
    app.audit();
}
