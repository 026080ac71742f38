//! Captures, voids, refunds, charges of kept cards and what the acquirer reports later.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acquirer::{Answer, CardRules, Initiator, Kind, ReportDue, Reported, Request, Transaction, Verdict};
use domain::{
    AttemptId, CardFacts, Currency, DeclineReason, Expiry, Money, OperationId, OperationKind, Report, Timestamp,
    TransStatus,
};
use env::Env;

use crate::authorizations::cards;
use crate::desk::*;

use OperationKind::{Capture, Refund, Void};

#[tokio::test]
async fn an_operation_says_nothing_about_the_card() {
    let desk = Desk::new();
    let original = desk.authorized(GOOD).await;
    let reference = desk.operation();
    let done = Answer::Approved {
        amount: myr(1_001),
        acquirer_reference: "000000000002".to_owned(),
        facts: CardFacts::default(),
    };
    assert_eq!(done, desk.ask(operation(Capture, reference, original, 1_001)).await);
    assert_eq!(done, desk.ask(inquiry(Capture, reference, original, 1_001)).await);
    let no = Answer::Declined { reason: DeclineReason::AcquirerError, facts: CardFacts::default() };
    assert_eq!(no, desk.ask(operation(Capture, desk.operation(), original, 1_001)).await, "it was taken before");
}

#[tokio::test]
async fn a_partial_capture_gives_the_rest_back() {
    let desk = Desk::new();
    let original = desk.authorized(GOOD).await;
    let reference = desk.operation();
    assert_eq!("approved 600", in_words(&desk.ask(operation(Capture, reference, original, 600)).await));
    assert_eq!("capture approved 600, void approved 401", desk.operated().await);
    let lines = desk.book.transactions().await.expect("the book");
    assert!(lines[1..].iter().all(|line| line.reference == reference.to_string()));
    assert_eq!("acquirer_error", desk.operate(Capture, original, 401).await, "a capture is final");
    assert_eq!("acquirer_error", desk.operate(Void, original, 401).await);
    assert_eq!("approved 250", desk.operate(Refund, original, 250).await);
    assert_eq!("acquirer_error", desk.operate(Refund, original, 351).await);
    assert_eq!("approved 350", desk.operate(Refund, original, 350).await);
    assert_eq!("acquirer_error", desk.operate(Refund, original, 1).await);
}

#[tokio::test]
async fn a_reservation_is_taken_piece_by_piece() {
    let desk = Desk::new();
    let original = desk.authorized(GOOD).await;
    assert_eq!("approved 400", desk.capture_part(original, 400).await);
    assert_eq!("acquirer_error", desk.capture_part(original, 602).await);
    assert_eq!("acquirer_error", desk.operate(Refund, original, 401).await);
    assert_eq!("approved 400", desk.operate(Refund, original, 400).await, "while the rest is reserved");
    assert_eq!("approved 200", desk.capture_part(original, 200).await);
    assert_eq!("acquirer_error", desk.operate(Void, original, 402).await);
    assert_eq!("approved 300", desk.operate(Void, original, 300).await, "a part of the rest");
    assert_eq!("approved 101", desk.operate(Void, original, 101).await);
    assert_eq!("acquirer_error", desk.capture_part(original, 1).await);
    assert_eq!("approved 200", desk.operate(Refund, original, 200).await);
    let desk = Desk::new();
    let original = desk.authorized(GOOD).await;
    let (reference, amount) = (desk.operation(), myr(400));
    let part = |keeps_rest| Request::Capture { reference, original, amount, keeps_rest, note: "" };
    assert_eq!("approved 400", in_words(&desk.ask(part(true)).await));
    assert_eq!("approved 400", in_words(&desk.ask(part(true)).await), "once, however often it is asked");
    assert_eq!("unknown", in_words(&desk.ask(part(false)).await), "that is another one");
    assert_eq!("capture approved 400", desk.operated().await);
    desk.advance(30 * 86_400);
    desk.authorized(GOOD).await;
    assert_eq!("capture approved 400, void approved 601", desk.operated().await, "what is not taken lapses");
}

#[tokio::test]
async fn each_capture_of_card_payments_is_settled_a_day_later() {
    let desk = Desk::new();
    let original = desk.attempt();
    desk.authorize(Card { rules: CardRules::CardPayments, ..card(GOOD) }, original).await;
    let told = async |desk: &Desk| {
        let due = desk.book.due_reports(desk.env.now()).await.expect("the book");
        let told = due.iter().map(|due| match due.report {
            Reported::Taken(Report::SettledPart(amount)) => amount.minor(),
            other => panic!("{other:?}"),
        });
        (told.collect::<Vec<_>>(), due)
    };
    desk.capture_part(original, 400).await;
    desk.capture_part(original, 300).await;
    desk.advance(3_600);
    desk.capture_part(original, 100).await;
    desk.advance(82_799);
    assert_eq!((vec![], vec![]), told(&desk).await);
    desk.advance(1);
    let (amounts, due) = told(&desk).await;
    assert_eq!(700, amounts.iter().sum::<i64>(), "{amounts:?}");
    assert_eq!(2, due.len(), "each capture by itself");
    desk.book.postpone(due[0].clone(), desk.env.now().plus(Duration::from_secs(300))).await.expect("the book");
    desk.book.acknowledge(due[1].clone()).await.expect("the book");
    assert_eq!((vec![], vec![]), told(&desk).await);
    desk.advance(3_600);
    assert_eq!(2, told(&desk).await.1.len(), "the one that was put off and the last one");
    let purchase = desk.taken(GOOD).await;
    desk.advance(86_400);
    assert!(told(&desk).await.1.iter().all(|due| due.reference != purchase), "the other API hears nothing");
}

/// What is asked of 10.01 MYR that are reserved or taken, and does not fit.
#[tokio::test]
async fn what_does_not_fit_moves_nothing() {
    for (taken, kind, minor) in [
        (false, Capture, 1_002),
        (false, Capture, 0),
        (false, Capture, i64::MAX),
        (false, Void, 1_002),
        (false, Void, 0),
        (false, Refund, 1),
        (true, Capture, 1),
        (true, Void, 1_001),
        (true, Refund, 1_002),
        (true, Refund, 0),
    ] {
        let desk = Desk::new();
        let original = if taken { desk.taken(GOOD).await } else { desk.authorized(GOOD).await };
        let before = desk.operated().await;
        assert_eq!("acquirer_error", desk.operate(kind, original, minor).await, "{taken} {kind:?} {minor}");
        let comma = if taken { ", " } else { "" };
        assert_eq!(format!("{before}{comma}{} declined {minor}", kind.name()), desk.operated().await);
        // And what fits still does.
        let (kind, minor) = if taken { (Refund, 1_001) } else { (Capture, 1_001) };
        assert_eq!("approved 1001", desk.operate(kind, original, minor).await);
    }
}

#[tokio::test]
async fn nothing_is_done_to_what_was_not_approved() {
    let desk = Desk::new();
    let (never, refused, reversed, pending) = (desk.attempt(), desk.attempt(), desk.attempt(), desk.attempt());
    desk.authorize(card("4000 0099 0051 0002"), refused).await;
    desk.authorize(card(GOOD), reversed).await;
    desk.reverse(reversed).await;
    desk.authorize(card("4000 0099 0000 0707"), pending).await;
    for original in [never, refused, reversed, pending] {
        for kind in [Capture, Void, Refund] {
            assert_eq!("acquirer_error", desk.operate(kind, original, 1_001).await);
        }
    }
    desk.advance(10);
    assert_eq!("approved 1001", desk.operate(Void, pending, 1_001).await, "now it is approved");
    let half = desk.authorized("4000 0099 0000 5102").await;
    assert_eq!("acquirer_error", desk.operate(Capture, half, 502).await);
    assert_eq!("approved 501", desk.operate(Capture, half, 501).await);
}

#[tokio::test]
async fn another_currency_is_not_taken() {
    let desk = Desk::new();
    let original = desk.authorized(GOOD).await;
    let amount = Money::new(1_001, Currency::parse("EUR").expect("a currency")).expect("an amount");
    let answer =
        desk.ask(Request::Capture { reference: desk.operation(), original, amount, keeps_rest: false, note: "" }).await;
    assert_eq!("acquirer_error", in_words(&answer));
    assert_eq!("approved 1001", desk.operate(Capture, original, 1_001).await);
}

#[tokio::test]
async fn the_same_reference_gets_the_first_result() {
    let mut desk = Desk::new();
    let original = desk.taken(GOOD).await;
    let (yes, no) = (desk.operation(), desk.operation());
    for _ in 0..3 {
        assert_eq!("acquirer_error", in_words(&desk.ask(operation(Refund, no, original, 1_002)).await));
        assert_eq!("approved 600", in_words(&desk.ask(operation(Refund, yes, original, 600)).await));
        assert_eq!("approved 600", in_words(&desk.ask(inquiry(Refund, yes, original, 600)).await));
        desk = desk.reopened().await;
    }
    assert_eq!("capture approved 1001, refund declined 1002, refund approved 600", desk.operated().await);
}

#[tokio::test]
async fn a_reference_of_something_else_is_no_answer() {
    let desk = Desk::new();
    let (original, other) = (desk.taken(GOOD).await, desk.taken(GOOD).await);
    let reference = desk.operation();
    desk.ask(operation(Refund, reference, original, 600)).await;
    let before = desk.book.transactions().await.expect("the book");
    let of_attempt = OperationId::new(original.uuid());
    let of_operation = AttemptId::new(reference.uuid());
    for request in [
        operation(Refund, reference, original, 601),
        operation(Refund, reference, other, 600),
        operation(Capture, reference, original, 600),
        inquiry(Refund, reference, original, 601),
        inquiry(Refund, reference, other, 600),
        inquiry(Capture, reference, original, 600),
        operation(Refund, of_attempt, original, 1),
        Request::Reverse { reference: of_operation, amount: myr(600) },
    ] {
        let (reference, amount) = (request.reference(), request.amount());
        assert_eq!(Answer::Unknown, desk.ask(request).await, "{reference} {amount}");
    }
    assert_eq!(Answer::Unknown, desk.authorize(card(GOOD), of_operation).await);
    assert_eq!(before, desk.book.transactions().await.expect("the book"), "and nothing moved");
}

/// What FF does to an operation: the first answer and how long it took, an inquiry, the same request again, an inquiry
/// ten seconds later, and what the book says in the end.
const FAULTS: &str = "
capture 4000 0099 0000 1101: unknown after 30 s, approved 1001, approved 1001, approved 1001: capture approved 1001
capture 4000 0099 0000 1200: unknown after 30 s, not found, approved 1001, approved 1001: capture approved 1001
capture 4000 0099 0000 1309: do_not_honour, do_not_honour, do_not_honour, do_not_honour: capture declined 1001
capture 4000 0099 0000 1408: pending, pending, pending, approved 1001: capture approved 1001
capture 4000 0099 0000 2109: approved 1001, approved 1001, approved 1001, approved 1001: capture approved 1001
void 4000 0099 0000 1101: approved 1001, approved 1001, approved 1001, approved 1001: void approved 1001
void 4000 0099 0000 3206: unknown after 30 s, not found, unknown, not found: 
void 4000 0099 0000 3305: do_not_honour, do_not_honour, do_not_honour, do_not_honour: void declined 1001
refund 4000 0099 0000 2109: unknown after 30 s, approved 1001, approved 1001, approved 1001: refund approved 1001
refund 4000 0099 0000 2208: unknown after 30 s, not found, approved 1001, approved 1001: refund approved 1001
refund 4000 0099 0000 2307: do_not_honour, do_not_honour, do_not_honour, do_not_honour: refund declined 1001
refund 4000 0099 0000 2406: pending, pending, pending, approved 1001: refund approved 1001
refund 4000 0099 0000 1309: approved 1001, approved 1001, approved 1001, approved 1001: refund approved 1001
";

#[tokio::test]
async fn every_fault_of_an_operation_is_found_out() {
    for restarts in [false, true] {
        for line in FAULTS.lines().filter(|line| !line.is_empty()) {
            let mut parts = line.split(": ");
            let (what, steps, booked) = (parts.next(), parts.next(), parts.next());
            let (kind, number) = what.and_then(|what| what.split_once(' ')).expect("an operation and a card");
            let kind = [Capture, Void, Refund].into_iter().find(|known| known.name() == kind).expect("an operation");
            let mut desk = Desk::new();
            let original = if kind == Refund { desk.taken(number).await } else { desk.authorized(number).await };
            let reference = desk.operation();
            let begun = desk.env.now();
            let mut seen = vec![in_words(&desk.ask(operation(kind, reference, original, 1_001)).await)];
            match desk.env.now().since(begun).as_secs() {
                0 => {}
                took => seen[0].push_str(&format!(" after {took} s")),
            }
            if restarts {
                desk = desk.reopened().await;
            }
            seen.push(in_words(&desk.ask(inquiry(kind, reference, original, 1_001)).await));
            if restarts {
                desk = desk.reopened().await;
            }
            seen.push(in_words(&desk.ask(operation(kind, reference, original, 1_001)).await));
            desk.advance(10);
            if restarts {
                desk = desk.reopened().await;
            }
            seen.push(in_words(&desk.ask(inquiry(kind, reference, original, 1_001)).await));
            assert_eq!(steps, Some(seen.join(", ").as_str()), "{line}");
            let journal = desk.operated().await;
            let journal = if kind == Refund { journal.replacen("capture approved 1001", "", 1) } else { journal };
            assert_eq!(booked.unwrap_or_default(), journal.trim_start_matches(", "), "{line}");
        }
    }
}

#[tokio::test]
async fn a_reversal_that_fails_three_times_is_taken_the_fourth() {
    let mut desk = Desk::new();
    let (reversed, voided) =
        (desk.authorized("4000 0099 0000 3107").await, desk.authorized("4000 0099 0000 3107").await);
    let void = desk.operation();
    for _ in 0..3 {
        let begun = desk.env.now();
        assert_eq!(Answer::Unknown, desk.reverse(reversed).await);
        assert_eq!(30, desk.env.now().since(begun).as_secs());
        assert_eq!("approved 1001", in_words(&desk.inquire(reversed).await), "it stands");
        assert_eq!(Answer::Unknown, desk.ask(operation(Void, void, voided, 1_001)).await);
        assert_eq!(Answer::NotFound, desk.ask(inquiry(Void, void, voided, 1_001)).await);
        desk = desk.reopened().await;
    }
    assert_eq!("", desk.operated().await);
    assert_eq!(Answer::Reversed, desk.reverse(reversed).await);
    assert_eq!(Answer::Reversed, desk.reverse(reversed).await);
    assert_eq!("approved 1001", in_words(&desk.ask(operation(Void, void, voided, 1_001)).await));
    assert_eq!("reversal approved 1001, void approved 1001", desk.operated().await);
}

#[tokio::test]
async fn a_reversal_that_always_fails_undoes_nothing() {
    let desk = Desk::new();
    let original = desk.authorized("4000 0099 0000 3206").await;
    for _ in 0..8 {
        assert_eq!(Answer::Unknown, desk.reverse(original).await);
    }
    assert_eq!("", desk.operated().await);
    assert_eq!("approved 1001", desk.operate(Capture, original, 1_001).await, "the money is still held");
}

#[tokio::test]
async fn nobody_can_be_asked_for_five_minutes() {
    let mut desk = Desk::new();
    let original = desk.attempt();
    assert_eq!(Answer::Unknown, desk.authorize(card("4000 0099 0000 4105"), original).await);
    for seconds in [0, 30, 120, 119] {
        desk.advance(seconds);
        desk = desk.reopened().await;
        assert_eq!(Answer::Unknown, desk.inquire(original).await);
    }
    desk.advance(1);
    assert_eq!(approved("000000000001"), desk.inquire(original).await, "five minutes after it was sent");
    assert_eq!("authorize approved 1001 MYR +0s", desk.booked(original).await);
}

#[tokio::test]
async fn what_is_pending_is_judged_when_it_is_decided() {
    let desk = Desk::new();
    let original = desk.authorized("4000 0099 0000 1408").await;
    let (first, second) = (desk.operation(), desk.operation());
    assert_eq!(Answer::Pending, desk.ask(operation(Capture, first, original, 1_001)).await);
    desk.advance(5);
    assert_eq!(Answer::Pending, desk.ask(operation(Capture, second, original, 1_001)).await);
    desk.advance(10);
    assert_eq!("approved 1001", in_words(&desk.ask(inquiry(Capture, first, original, 1_001)).await));
    assert_eq!("acquirer_error", in_words(&desk.ask(inquiry(Capture, second, original, 1_001)).await));
    let lines = desk.book.transactions().await.expect("the book");
    let after: Vec<_> = lines.iter().map(|line| (line.kind, line.outcome, line.at.since(START).as_secs())).collect();
    let (yes, no) = (Verdict::Approved, Verdict::Declined);
    assert_eq!(vec![(Kind::Authorize, yes, 0), (Kind::Capture, yes, 10), (Kind::Capture, no, 15)], after);

    let original = desk.authorized("4000 0099 0000 1408").await;
    let capture = desk.operation();
    desk.ask(operation(Capture, capture, original, 1_001)).await;
    assert_eq!(Answer::Reversed, desk.reverse(original).await);
    desk.advance(10);
    assert_eq!(
        "acquirer_error",
        in_words(&desk.ask(inquiry(Capture, capture, original, 1_001)).await),
        "undone before"
    );
}

#[tokio::test]
async fn a_reversal_gives_back_what_is_left() {
    let desk = Desk::new();
    let (some, none) = (desk.taken(GOOD).await, desk.authorized(GOOD).await);
    desk.operate(Refund, some, 400).await;
    desk.operate(Void, none, 1_001).await;
    assert_eq!(Answer::Reversed, desk.reverse(some).await);
    assert_eq!(Answer::Reversed, desk.reverse(none).await);
    let expected = "capture approved 1001, refund approved 400, void approved 1001, reversal approved 601";
    assert_eq!(expected, desk.operated().await);
    assert_eq!("acquirer_error", desk.operate(Refund, some, 1).await, "nothing is left to give back");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_takes_the_money() {
    let desk = Desk::new();
    for _ in 0..20 {
        let original = desk.authorized(GOOD).await;
        let requests = (0..8).map(|turn| {
            let kind = if turn % 2 == 0 { Capture } else { Void };
            operation(kind, desk.operation(), original, 1_001)
        });
        let asked: Vec<_> = requests.map(|request| desk.start_asking(request)).collect();
        let mut won = 0;
        for answer in asked {
            match in_words(&answer.await.expect("an answer")).as_str() {
                "approved 1001" => won += 1,
                answer => assert_eq!("acquirer_error", answer),
            }
        }
        assert_eq!(1, won);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_refund_at_once_is_one() {
    let desk = Desk::new();
    let original = desk.taken(GOOD).await;
    let reference = desk.operation();
    let asked: Vec<_> = (0..20).map(|_| desk.start_asking(operation(Refund, reference, original, 100))).collect();
    for answer in asked {
        assert_eq!("approved 100", in_words(&answer.await.expect("an answer")));
    }
    assert_eq!("capture approved 1001, refund approved 100", desk.operated().await);
}

#[tokio::test]
async fn a_check_of_the_card_takes_nothing() {
    let desk = Desk::new();
    for capture in [false, true] {
        let reference = desk.attempt();
        let checked = Card { amount: myr(0), capture, ..card(GOOD) };
        assert_eq!("approved 0", in_words(&desk.authorize(checked, reference).await));
        assert_eq!("authorize approved 0 MYR +0s", desk.booked(reference).await);
        assert_eq!("acquirer_error", desk.operate(Capture, reference, 0).await);
        assert_eq!("acquirer_error", desk.operate(Void, reference, 0).await);
    }
    let refused = Card { amount: myr(0), ..card("4000 0099 0051 0002") };
    assert_eq!("insufficient_funds", in_words(&desk.authorize(refused, desk.attempt()).await));
}

#[tokio::test]
async fn a_merchant_charges_a_kept_card_without_its_code() {
    let desk = Desk::new();
    for (number, to_payer, to_merchant) in [
        (GOOD, "approved 1001", "approved 1001"),
        ("4000 0099 0000 9104", "approved 1001", "insufficient_funds"),
        ("4000 0099 0000 9203", "approved 1001", "authentication_required"),
        ("4000 0099 0000 9302", "approved 1001", "token_dead"),
        ("4000 0099 0051 0002", "insufficient_funds", "insufficient_funds"),
        ("4000 0099 2000 0000", "authentication_required", "approved 1001"),
        ("5555 5555 5555 4444", "authentication_required", "approved 1001"),
        ("4000 0099 0070 0009", "authentication_required", "authentication_required"),
    ] {
        assert_eq!(to_payer, in_words(&desk.authorize(card(number), desk.attempt()).await), "{number}");
        for _ in 0..2 {
            assert_eq!(to_merchant, in_words(&desk.authorize(kept(number), desk.attempt()).await), "{number}");
        }
    }
    let past = Card { expiry: Expiry { year: 2026, month: 10 }, ..kept(GOOD) };
    assert_eq!("expired_card", in_words(&desk.authorize(past, desk.attempt()).await));
    let uncoded = Card { cvc: None, ..card(GOOD) };
    assert_eq!("wrong_cvc", in_words(&desk.authorize(uncoded, desk.attempt()).await), "the payer must give it");
}

#[tokio::test]
async fn a_payer_who_chooses_a_kept_card_types_no_code_and_can_be_asked() {
    let desk = Desk::new();
    let said = authentication("4");
    for (number, unasked, asked) in [
        (GOOD, "approved 1001", "approved 1001"),
        ("4000 0099 0000 9104", "insufficient_funds", "insufficient_funds"),
        ("4000 0099 0000 9203", "authentication_required", "approved 1001"),
        ("4000 0099 0000 9302", "token_dead", "token_dead"),
        ("4000 0099 0051 0002", "insufficient_funds", "insufficient_funds"),
        ("4000 0099 2000 0000", "authentication_required", "approved 1001"),
        ("4000 0099 0070 0009", "authentication_required", "approved 1001"),
    ] {
        let card = Card { initiated_by: Initiator::PayerWithKeptCard, ..kept(number) };
        assert_eq!(unasked, in_words(&desk.authorize(card.clone(), desk.attempt()).await), "{number}");
        let card = Card { authentication: Some(said.clone()), ..card };
        assert_eq!(asked, in_words(&desk.authorize(card, desk.attempt()).await), "{number}");
    }
    let past =
        Card { expiry: Expiry { year: 2026, month: 10 }, initiated_by: Initiator::PayerWithKeptCard, ..kept(GOOD) };
    assert_eq!("expired_card", in_words(&desk.authorize(past, desk.attempt()).await));
}

#[tokio::test]
async fn only_a_good_authentication_helps() {
    let desk = Desk::new();
    let good = || authentication("4");
    for (said, answer) in [
        (None, "authentication_required"),
        (Some(good()), "approved 1001"),
        (Some(domain::Authentication { eci: "02".to_owned(), ..good() }), "authentication_required"),
        (Some(domain::Authentication { eci: String::new(), ..good() }), "authentication_required"),
        (Some(domain::Authentication { cavv: String::new(), ..good() }), "authentication_required"),
        (Some(domain::Authentication { cavv: "AAEC".to_owned(), ..good() }), "authentication_required"),
        (Some(domain::Authentication { cavv: "\"\u{1}not base64".to_owned(), ..good() }), "authentication_required"),
        (Some(domain::Authentication { status: TransStatus::NotAuthenticated, ..good() }), "authentication_required"),
        (Some(domain::Authentication { status: TransStatus::Rejected, ..good() }), "authentication_required"),
        (Some(domain::Authentication { status: TransStatus::Attempted, ..good() }), "authentication_required"),
    ] {
        for number in ["4000 0099 2000 0000", "4000 0099 0070 0009"] {
            let card = Card { authentication: said.clone(), ..card(number) };
            assert_eq!(answer, in_words(&desk.authorize(card, desk.attempt()).await), "{number} {said:?}");
        }
    }
    let late = Card { authentication: Some(good()), cvc: Some("999"), ..card("4000 0099 2000 0000") };
    assert_eq!("wrong_cvc", in_words(&desk.authorize(late.clone(), desk.attempt()).await), "after the bank");
    let past = Card { expiry: Expiry { year: 2026, month: 10 }, authentication: None, ..late };
    assert_eq!("wrong_expiry", in_words(&desk.authorize(past, desk.attempt()).await), "before the bank");
}

#[tokio::test]
async fn money_is_charged_back_a_minute_after_it_was_taken() {
    let mut desk = Desk::new();
    let at_once = desk.taken("4000 0099 0000 6100").await;
    let later = desk.authorized("4000 0099 0000 6100").await;
    let voided = desk.authorized("4000 0099 0000 6100").await;
    let refunded = desk.taken("4000 0099 0000 6100").await;
    desk.taken(GOOD).await;
    desk.operate(Void, voided, 1_001).await;
    desk.operate(Refund, refunded, 1_001).await;
    let taking = desk.operation();
    let due = |reference: AttemptId, seconds| {
        let at = Timestamp::from_seconds(START.seconds() + seconds);
        let capture = if reference == later { taking.to_string() } else { reference.to_string() };
        ReportDue {
            reference,
            capture,
            report: Reported::Taken(Report::ChargedBack),
            merchant_data: MERCHANT_DATA.to_owned(),
            at,
        }
    };
    desk.advance(10);
    desk.ask(operation(Capture, taking, later, 500)).await;
    assert_eq!(Some(due(at_once, 60).at), desk.book.next_report().await.expect("the book"));
    desk.advance(49);
    assert_eq!(Vec::<ReportDue>::new(), desk.book.due_reports(desk.env.now()).await.expect("the book"));
    desk.advance(1);
    for _ in 0..2 {
        assert_eq!(vec![due(at_once, 60)], desk.book.due_reports(desk.env.now()).await.expect("the book"));
        desk = desk.reopened().await;
    }
    for _ in 0..2 {
        desk.book.acknowledge(due(at_once, 60)).await.expect("the book");
        assert_eq!(Some(due(later, 70).at), desk.book.next_report().await.expect("the book"));
        desk = desk.reopened().await;
    }
    desk.advance(3_600);
    assert_eq!(vec![due(later, 70)], desk.book.due_reports(desk.env.now()).await.expect("the book"));
    desk.book.postpone(due(later, 70), due(later, 9_000).at).await.expect("the book");
    assert_eq!(Vec::<ReportDue>::new(), desk.book.due_reports(desk.env.now()).await.expect("the book"));
    desk = desk.reopened().await;
    assert_eq!(Some(due(later, 9_000).at), desk.book.next_report().await.expect("the book"));
    desk.book.acknowledge(due(later, 9_000)).await.expect("the book");
    desk.book.postpone(due(later, 9_000), due(later, 9_500).at).await.expect("the book");
    assert_eq!(None, desk.book.next_report().await.expect("the book"));
    desk.book.close().await;
    assert!(desk.book.next_report().await.is_err());
}

/// Whatever is asked in whatever order, with faults and restarts: the book never goes below nothing, a reference has
/// one effect, and what was answered is what is booked.
#[tokio::test]
async fn the_books_sums_hold_after_anything() {
    let numbers = [
        GOOD,
        "4000 0099 0000 0707",
        "4000 0099 0000 1101",
        "4000 0099 0000 1200",
        "4000 0099 0000 1408",
        "4000 0099 0000 2109",
        "4000 0099 0000 2208",
        "4000 0099 0000 2406",
        "4000 0099 0000 3107",
        "4000 0099 0000 3206",
        "4000 0099 0000 5102",
        "4000 0099 0000 6100",
    ];
    let mut moved = HashMap::<&str, usize>::new();
    for seed in 0..10 {
        let chance = Env::still(START, seed);
        let pick = |below: usize| usize::from(u16::from_le_bytes(chance.bytes())) % below;
        let mut desk = Desk::new();
        let mut originals = Vec::new();
        for number in numbers {
            let reference = desk.attempt();
            desk.authorize(Card { capture: pick(2) == 0, ..card(number) }, reference).await;
            originals.push(reference);
        }
        let mut sent: Vec<(OperationKind, OperationId, AttemptId, i64)> = Vec::new();
        let mut said = HashMap::<OperationId, String>::new();
        for _ in 0..100 {
            let original = originals[pick(originals.len())];
            match pick(12) {
                0 => drop(desk.reverse(original).await),
                1 => desk.advance(u64::from(pick(15) as u16)),
                2 => desk = desk.reopened().await,
                turn => {
                    let (kind, reference, original, minor) = match sent.get(pick(sent.len().max(1))) {
                        Some(before) if turn < 6 => *before,
                        _ => {
                            let kind = [Capture, Void, Refund][pick(3)];
                            let minor = [1_001, 1_001, 1_002, 501, 100, 0][pick(6)];
                            (kind, desk.operation(), original, minor)
                        }
                    };
                    sent.push((kind, reference, original, minor));
                    let request = match pick(3) {
                        0 => inquiry(kind, reference, original, minor),
                        _ => operation(kind, reference, original, minor),
                    };
                    let answer = in_words(&desk.ask(request).await);
                    if answer.starts_with("approved") || answer == "acquirer_error" {
                        let first = said.entry(reference).or_insert_with(|| answer.clone());
                        assert_eq!(*first, answer, "seed {seed}: a result never changes");
                    }
                }
            }
        }
        desk.advance(60);
        let lines = desk.book.transactions().await.expect("the book");
        for (reference, answer) in &said {
            let mine: Vec<_> = lines.iter().filter(|line| line.reference == reference.to_string()).collect();
            let yes = mine[0].outcome == Verdict::Approved;
            assert_eq!(yes, answer.starts_with("approved"), "seed {seed} {reference}");
        }
        for original in originals {
            let operations: Vec<_> = sent.iter().filter(|(_, _, of, _)| *of == original).map(|sent| sent.1).collect();
            check_sums(seed, original, &operations, &lines, &mut moved);
        }
    }
    for kind in ["authorize", "capture", "void", "refund", "reversal"] {
        assert!(moved[kind] > 10, "{kind} happened only {} times", moved[kind]);
    }
}

fn check_sums(
    seed: u64,
    original: AttemptId,
    operations: &[OperationId],
    lines: &[Transaction],
    moved: &mut HashMap<&str, usize>,
) {
    let (mut authorized, mut captured, mut voided, mut refunded, mut reversed) = (0, 0, 0, 0, 0);
    let mut seen = Vec::new();
    let is_mine = |line: &&Transaction| {
        line.reference == original.to_string() || operations.iter().any(|id| id.to_string() == line.reference)
    };
    for line in lines.iter().filter(is_mine) {
        let place = (line.reference.as_str(), line.kind.as_str());
        assert!(!seen.contains(&place), "seed {seed}: {place:?} twice");
        seen.push(place);
        if line.outcome == Verdict::Declined {
            continue;
        }
        *moved.entry(line.kind.as_str()).or_default() += 1;
        match line.kind {
            Kind::Authorize => authorized += line.amount,
            Kind::Capture => captured += line.amount,
            Kind::Void => voided += line.amount,
            Kind::Refund => refunded += line.amount,
            Kind::Reversal => reversed += line.amount,
        }
        // At every moment, not only in the end.
        assert!(captured + voided <= authorized, "seed {seed}: {place:?}");
        assert!(refunded <= captured, "seed {seed}: {place:?}");
        assert!(reversed <= authorized - voided - refunded, "seed {seed}: {place:?}");
    }
}

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_card_number_and_no_code_is_logged_or_kept() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || sink.clone()).finish());
    let desk = Desk::new();
    for (number, _) in cards() {
        let reference = desk.attempt();
        let said = Some(authentication(number));
        desk.authorize(Card { cvc: Some("9876"), authentication: said.clone(), ..card(number) }, reference).await;
        desk.reverse(reference).await;
        let reference = desk.attempt();
        desk.authorize(Card { authentication: said, ..card(number) }, reference).await;
        for kind in [Capture, Refund, Void] {
            desk.operate(kind, reference, 500).await;
        }
        desk.authorize(kept(number), desk.attempt()).await;
    }
    desk.book.close().await;
    let file = std::fs::read(desk.dir.path().join("acquirer.db")).expect("the file");
    let logged = log.0.lock().expect("not poisoned").clone();
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&file, "capture") && holds(&logged, "does not fit"), "the search finds what is there");
    for bytes in [&file, &logged] {
        for (number, _) in cards() {
            let number = number.replace(' ', "");
            assert!(!holds(bytes, &number[..12]), "the first twelve of {number}");
        }
        for secret in ["9876", "Nurul", "cvc", "AAECAwQFBgcICQoLDA0ODxAREhM="] {
            assert!(!holds(bytes, secret), "{secret}");
        }
    }
}
