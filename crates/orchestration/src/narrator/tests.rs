//! Who is told of what, and in which words.

use domain::{Command, DeclineReason, OperationKind, OperationOutcome, Outcome, Party, Payment, notices};
use engine::Narrator as _;
use serde_json::{Value, json};

use super::*;
use crate::testing::{PUBLIC_URL, Story, approved, attempt, card, declined, fingerprints, gift, leg, order, settle};

/// What is told of the events of a story from `known` on, event by event.
fn told(story: &Story, known: usize) -> Vec<String> {
    let narrator = Narrator::new(PUBLIC_URL);
    let mut all = vec![];
    for at in known..story.history.len() {
        let before = Payment::fold(story.history.iter().take(at).map(|recorded| &recorded.event)).expect("an opening");
        let event = &story.history[at].event;
        let shown = Shown::of(story.record(), story.history[..=at].to_vec()).expect("an opening");
        for notice in notices(&before, event) {
            for endpoint in narrator.audience(&shown, event, notice).endpoints {
                let Endpoint::Webhook { event_types, .. } = endpoint else { panic!("no webhook") };
                all.push(event_types.join("+"));
            }
        }
    }
    all
}

/// A session that tells of everything, or of some things only.
fn session(event_types: &[&str]) -> Story {
    Story::of(4_299, None, &json!({ "/webhook": { "url": "https://shop.example/hook", "event_types": event_types } }))
}

/// What is told of one command after another.
fn check(story: &mut Story, commands: &[Command], expected: &[&str]) {
    let known = story.history.len();
    story.does(commands).expect("happens");
    assert_eq!(expected, told(story, known), "{commands:?}");
}

fn submitted(event_types: &[&str]) -> Story {
    let mut story = session(event_types);
    let legs = vec![leg(0xa1, gift(), 2_000), leg(0xa2, card(), 2_299)];
    story.does(&[Command::Tender(legs)]).expect("begins");
    story
}

#[test]
fn each_change_has_its_name() {
    let mut story = session(&[]);
    check(&mut story, &[Command::View], &[]);
    let legs = vec![leg(0xa1, gift(), 2_000), leg(0xa2, card(), 2_299)];
    check(&mut story, &[Command::Tender(legs)], &["CLIENT_SESSION"]);
    check(&mut story, &settle(0xa1, approved(2_000)), &[]);
    check(&mut story, &settle(0xa2, approved(2_299)), &["PAYMENT_AUTHORIZATION"]);
    for (number, kind, name) in [
        (1, OperationKind::Capture, "PAYMENT_CAPTURE"),
        (2, OperationKind::Void, "PAYMENT_VOID"),
        (3, OperationKind::Refund, "PAYMENT_REFUND"),
    ] {
        check(&mut story, &[Command::Operate(order(number, kind, Some(500)))], &[name]);
        let operation_id = story.payment.operations.last().expect("an operation").id;
        for outcome in [OperationOutcome::Unknown, OperationOutcome::Done] {
            check(&mut story, &[Command::SettleOperation { operation_id, outcome }], &[name]);
        }
    }
    check(&mut story, &[Command::Operate(order(4, OperationKind::Capture, Some(500)))], &["PAYMENT_CAPTURE"]);
    let operation_id = story.payment.operations.last().expect("an operation").id;
    let outcome = OperationOutcome::Refused(DeclineReason::AcquirerError);
    check(&mut story, &[Command::SettleOperation { operation_id, outcome }], &["PAYMENT_CAPTURE"]);
}

#[test]
fn an_end_is_told_once() {
    let mut refused = submitted(&[]);
    refused.does(&settle(0xa1, approved(2_000))).expect("goes on");
    check(&mut refused, &settle(0xa2, declined(DeclineReason::DoNotHonour)), &["PAYMENT_AUTHORIZATION"]);
    check(&mut refused, &settle(0xa1, Outcome::ReversalAcknowledged), &[]);
    let both = "CLIENT_SESSION+PAYMENT_AUTHORIZATION";
    check(&mut submitted(&[]), &[Command::EndTender(Party::Merchant)], &[both]);
    check(&mut session(&[]), &[Command::EndTender(Party::Payer)], &["CLIENT_SESSION"]);
    check(&mut session(&[]), &[Command::PassDue], &["CLIENT_SESSION"]);
    let mut late = submitted(&[]);
    late.does(&[Command::EndTender(Party::Merchant)]).expect("ends");
    check(&mut late, &[Command::Settle { attempt_id: attempt(0xa1), outcome: approved(2_000) }], &[]);
}

#[test]
fn only_what_is_wanted_is_told() {
    check(
        &mut submitted(&["PAYMENT_AUTHORIZATION"]),
        &[Command::EndTender(Party::Merchant)],
        &["PAYMENT_AUTHORIZATION"],
    );
    check(&mut submitted(&["PAYMENT_VOID"]), &[Command::EndTender(Party::Merchant)], &[]);
    let mut silent = Story::of(4_299, None, &json!({ "/webhook": null }));
    check(&mut silent, &[Command::EndTender(Party::Merchant)], &[]);
}

#[test]
fn the_call_carries_what_the_merchant_named() {
    let headers = json!([{ "name": "X-Order", "values": [1, "b"] }]);
    let webhook = json!({ "url": "https://shop.example/hook", "headers": headers });
    let mut story = Story::of(4_299, None, &json!({ "/webhook": webhook }));
    let happened = story.does(&[Command::PassDue]).expect("ends");
    let audience = Narrator::new(PUBLIC_URL).audience(&story.shown(), &happened[0], Notice::Expired);
    let expected = Endpoint::Webhook {
        url: "https://shop.example/hook".into(),
        headers: vec![("x-order".into(), vec!["1".into(), "b".into()])],
        event_types: vec!["CLIENT_SESSION".into()],
    };
    assert_eq!(vec![expected], audience.endpoints);
}

fn body(story: &Story) -> Value {
    let narrator = Narrator::new(PUBLIC_URL);
    let body = narrator.body(&story.record(), &story.history, Notice::Held, &fingerprints()).expect("a body");
    serde_json::from_str(&body).expect("JSON")
}

#[test]
fn the_body_is_what_whoever_asks_is_answered() {
    let story = Story::authorized();
    assert_eq!(story.view(), body(&story));
    let mut ended = session(&[]);
    ended.does(&[Command::EndTender(Party::Merchant)]).expect("ends");
    let told = body(&ended);
    assert_eq!(json!("ABORTED_BY_MERCHANT"), told["status"]);
    assert_eq!(json!("2025-05-02T08:30:00.000Z"), told["expires_at"]);
    assert!(told.get("amounts").is_none() && told.get("widget").is_none() && told.get("webhook").is_none());
}

#[test]
fn what_cannot_be_read_is_said_to_the_operator() {
    let story = Story::authorized();
    let broken = CheckoutRecord { document: "{".into(), ..story.record() };
    let narrator = Narrator::new(PUBLIC_URL);
    assert!(narrator.body(&broken, &story.history, Notice::Held, &fingerprints()).is_err());
    assert!(narrator.body(&story.record(), &[], Notice::Held, &fingerprints()).is_err());
    assert!(narrator.way_back(&broken, &story.history, crate::testing::START).is_err());
    assert!(narrator.invoice_message(&story.record()).is_err());
}
