use domain::{Event, Payment, notices};
use engine::Narrator as _;
use serde_json::Value;

use super::*;
use crate::testing::{App, pretty};

/// What is told of the whole history, in order.
fn told(app: &App) -> Vec<(Notice, Value)> {
    let record = CheckoutRecord { checkout: app.checkout.clone(), document: app.document.to_json().expect("JSON") };
    let narrator = Narrator::new("https://pay.example.com/");
    let Event::Opened(terms) = &app.history[0].event else { panic!("an opening") };
    let mut payment = Payment::open(terms.clone());
    let mut all = vec![];
    for (at, recorded) in app.history.iter().enumerate() {
        for notice in notices(&payment, &recorded.event).into_iter().filter(|notice| event_type(*notice).is_some()) {
            let body = narrator.body(&record, &app.history[..=at], notice, &Fingerprints::default()).expect("a body");
            all.push((notice, serde_json::from_str(&body).expect("JSON")));
        }
        if at > 0 {
            payment.apply(&recorded.event);
        }
    }
    all
}

fn names(app: &App) -> String {
    let named = |body: &Value| body["event_type"].as_str().expect("a name").to_owned();
    told(app).iter().map(|(_, body)| named(body)).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_event_has_its_body() {
    let stories = [
        (
            "sale",
            "view, submit, declined insufficient_funds, submit, approved, settle, refund 300, refused, refund 300, done",
        ),
        ("hold", "remember, approved, capture, refused, capture 300, done, forget"),
        ("hold", "submit, approved, release, refused, release, done"),
        ("verify", "submit, approved"),
        ("sale", "charge, approved, chargeback, chargeback_reversed"),
        ("sale", "mark_paid"),
        ("sale", "cancel"),
    ];
    let mut left: Vec<Notice> = Notice::ALL.to_vec();
    left.retain(|notice| !matches!(notice, Notice::Invoiced | Notice::Expired | Notice::Submitted));
    for (kind, story) in stories {
        let app = App::kind(kind).tell(story);
        for (notice, body) in told(&app) {
            let Some(at) = left.iter().position(|unseen| *unseen == notice) else { continue };
            left.remove(at);
            let shown = if tells_of_a_payment(notice) { body } else { app.changes(&body) };
            insta::assert_snapshot!(notice.as_str(), pretty(&shown));
        }
    }
    assert_eq!(Vec::<Notice>::new(), left, "a body of each");
}

#[test]
fn events_are_told_in_the_order_in_which_they_happen() {
    for (kind, story, expected) in [
        (
            "hold",
            "view, submit, approved, capture, done",
            "purchase.created\npurchase.viewed\npurchase.pending_execute\npurchase.hold\npurchase.pending_capture\n\
             purchase.captured\npurchase.paid",
        ),
        (
            "single",
            "submit, declined",
            "purchase.created\npurchase.pending_execute\npurchase.payment_failure\npurchase.cancelled",
        ),
        (
            "sale",
            "charge, approved, refund, done",
            "purchase.created\npurchase.pending_charge\npurchase.paid\npurchase.pending_refund\npayment.refunded",
        ),
        ("sale", "invoice, details, due, mark_paid", "purchase.created\npurchase.paid"),
    ] {
        assert_eq!(expected, names(&App::kind(kind).tell(story)), "{story}");
    }
}

#[test]
fn a_body_tells_of_the_moment_of_its_event() {
    let status_of = |story: &str, kind: &str| {
        let bodies = told(&App::kind(kind).tell(story));
        let words = bodies.iter().map(|(_, body)| body["status"].as_str().expect("a word").to_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!("created pending_execute error cancelled", status_of("submit, declined", "single"));
    assert_eq!(
        "created pending_execute hold pending_capture hold pending_capture paid paid",
        status_of("submit, approved, capture, refused, capture, done", "hold")
    );
    assert_eq!(
        "created pending_execute paid pending_refund success",
        status_of("submit, approved, refund, done", "sale")
    );
}

#[test]
fn a_token_is_one_until_it_is_deleted() {
    let app = App::kind("sale").tell("remember, approved, forget");
    let bodies = told(&app);
    let last: Vec<_> = bodies.iter().rev().take(3).map(|(_, body)| body["is_recurring_token"].clone()).collect();
    assert_eq!(vec![Value::Bool(false), Value::Bool(true), Value::Bool(true)], last, "deleted, deleting, paid");
}

#[test]
fn no_body_looks_like_a_failure() {
    for (notice, body) in told(&App::kind("sale").tell("submit, declined, submit, approved, refund, done, chargeback"))
    {
        for key in ["errors", "__all__", "error_code"] {
            assert_eq!(None, body.get(key), "{}", notice.as_str());
        }
    }
}

#[test]
fn what_was_never_written_here_is_not_told() {
    let app = App::kind("sale");
    let narrator = Narrator::new("https://pay.example.com/");
    let record = CheckoutRecord { checkout: app.checkout.clone(), document: "{".to_owned() };
    assert!(narrator.body(&record, &app.history, Notice::Opened, &Fingerprints::default()).is_err());
    let record = CheckoutRecord { document: "{}".to_owned(), ..record };
    assert!(narrator.body(&record, &[], Notice::Opened, &Fingerprints::default()).is_err());
    assert!(
        narrator.body(&record, &app.history, Notice::Refunded, &Fingerprints::default()).is_err(),
        "no refund, no Payment"
    );
}
