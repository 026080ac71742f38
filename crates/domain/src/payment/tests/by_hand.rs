//! What an operator says became of something in doubt (security L13), and what is in doubt.

use super::*;
use crate::doubt::{InDoubt, SaidByHand, doubts};

/// Reads `authorization 1 approved`, `refund 3 done`, ...
pub(super) fn said(line: &str) -> Command {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, number, verdict] = words[..] else { panic!("{line}") };
    let reference = uuid::Uuid::from_u128(number.parse().expect("a number"));
    Command::SettleByHand(SaidByHand {
        what: InDoubt::parse(name, reference).expect("a kind"),
        verdict: Verdict::parse(verdict).expect("a verdict"),
        by: "Ada".into(),
        note: "by telephone".into(),
    })
}

/// Where a payment stands after a story, and what an operator's word makes of it.
fn told(terms: Terms, story: &str, word: &str) -> String {
    let mut payment = Payment::open(terms);
    for line in story.split(", ").filter(|line| !line.is_empty()) {
        for event in payment.decide(&command(line)).expect("the story is allowed") {
            payment.apply(&event);
        }
    }
    match payment.decide(&said(word)) {
        Err(refusal) => format!("no: {refusal}"),
        Ok(events) => {
            events.iter().for_each(|event| payment.apply(event));
            let names: Vec<_> = events.iter().map(Event::name).collect();
            assert!(payment.decide(&said(word)).is_err(), "{word}: said twice");
            format!("{}, {}", names.join(" + "), payment.state.name())
        }
    }
}

fn manual() -> Terms {
    Terms { capture: CaptureMode::Manual, ..terms() }
}

#[test]
fn a_word_does_what_the_acquirers_own_would_have_done() {
    for (story, word, expected) in [
        ("submit 1, unknown 1", "authorization 1 approved", "settled_by_hand + authorized + captured, captured"),
        ("submit 1", "authorization 1 declined", "settled_by_hand + declined, open"),
        ("submit 1, unknown 1", "authorization 1 reversed", "settled_by_hand + reversed, open"),
        ("submit 1, unknown 1, reverse 1", "reversal 1 reversed", "settled_by_hand + reversed, open"),
        // Another card has paid meanwhile.
        (
            "submit 1, declined 1, submit 2, approved 2, approved 1",
            "reversal 1 reversed",
            "settled_by_hand + reversed, captured",
        ),
        ("submit 1, approved 1, refund 3", "refund 3 done", "settled_by_hand + refunded, captured"),
        ("submit 1, approved 1, refund 3", "refund 3 failed", "settled_by_hand + operation_failed, captured"),
    ] {
        assert_eq!(expected, told(terms(), story, word), "{story}: {word}");
    }
    for (story, word, expected) in [
        ("submit 1", "authorization 1 approved", "settled_by_hand + authorized, authorized"),
        ("submit 1, abort", "authorization 1 approved", "settled_by_hand + authorized, cancelled"),
        ("submit 1, abort", "authorization 1 reversed", "settled_by_hand + reversed, cancelled"),
        ("submit 1, approved 1, capture 3 400", "capture 3 done", "settled_by_hand + captured + voided, captured"),
        ("submit 1, approved 1, capture 3", "capture 3 failed", "settled_by_hand + operation_failed, authorized"),
        ("submit 1, approved 1, void 3", "void 3 done", "settled_by_hand + voided, voided"),
    ] {
        assert_eq!(expected, told(manual(), story, word), "{story}: {word}");
    }
    let once = Terms { single_attempt: true, ..terms() };
    assert_eq!(
        "settled_by_hand + reversed + cancelled, cancelled",
        told(once, "submit 1, unknown 1", "authorization 1 reversed")
    );
}

#[test]
fn a_word_that_does_not_fit_changes_nothing() {
    for (story, word, expected) in [
        ("submit 1, unknown 1", "authorization 1 done", "no: no authorization is settled as done"),
        ("submit 1, unknown 1, reverse 1", "reversal 1 approved", "no: no reversal is settled as approved"),
        ("submit 1, approved 1, refund 3", "refund 3 reversed", "no: no refund is settled as reversed"),
        ("submit 1, approved 1", "authorization 1 approved", "no: this authorization is not in doubt"),
        ("submit 1, unknown 1, reverse 1", "authorization 1 approved", "no: this authorization is not in doubt"),
        ("submit 1, unknown 1", "reversal 1 reversed", "no: this reversal is not in doubt"),
        ("authenticate 1", "authorization 1 declined", "no: this authorization is not in doubt"),
        ("submit 1, approved 1, refund 3, done 3", "refund 3 done", "no: this refund is not in doubt"),
        ("submit 1, approved 1, refund 3", "capture 3 done", "no: this capture is not in doubt"),
        ("", "authorization 1 approved", "no: no such attempt"),
    ] {
        assert_eq!(expected, told(terms(), story, word), "{story}: {word}");
    }
}

/// What is in doubt after a story whose steps happen a second apart.
fn in_doubt(story: &str) -> Vec<String> {
    let mut payment = Payment::open(terms());
    let mut history = vec![];
    for (second, line) in (1..).zip(story.split(", ")) {
        for event in payment.decide(&command(line)).expect("the story is allowed") {
            payment.apply(&event);
            history.push(Recorded { version: payment.version, at: Timestamp::from_seconds(second), event });
        }
    }
    let doubts = doubts(&payment, &history);
    doubts.iter().map(|doubt| format!("{} {} {}", doubt.what.name(), doubt.amount, doubt.since.seconds())).collect()
}

#[test]
fn what_was_sent_is_in_doubt_until_it_is_answered() {
    for (story, expected) in [
        ("view, submit 1", vec!["authorization 10.00 EUR 2"]),
        ("submit 1, unknown 1", vec!["authorization 10.00 EUR 1"]),
        ("authenticate 1", vec![]),
        ("authenticate 1, authorize 1", vec!["authorization 10.00 EUR 2"]),
        ("submit 1, unknown 1, reverse 1", vec!["reversal 10.00 EUR 3"]),
        ("submit 1, unknown 1, reverse 1, undone 1, approved 1", vec!["reversal 10.00 EUR 5"]),
        ("submit 1, declined 1", vec![]),
        ("submit 1, approved 1, refund 3 400", vec!["refund 4.00 EUR 3"]),
        ("submit 1, approved 1, refund 3, done 3", vec![]),
        ("submit 1, declined 1, approved 1, submit 2", vec!["reversal 10.00 EUR 3", "authorization 10.00 EUR 4"]),
    ] {
        assert_eq!(expected, in_doubt(story), "{story}");
    }
}
