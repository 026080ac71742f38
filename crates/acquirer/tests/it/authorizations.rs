//! Authorizations, inquiries and reversals, through [`acquirer::Acquirer::ask`].

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use acquirer::{Answer, CardRules, Error, Initiator, Kind, Request, Verdict};
use domain::{Currency, DeclineReason, Expiry, Money};
use env::Env;

use crate::desk::*;

/// Every number of checkout-ux 20, in its order, and what its authorization does: the answer, how long it took, what an
/// inquiry says after a minute if that is something else, and what becomes of it once the bank has authenticated the
/// payer.
const CARDS: &str = "
4444 3333 2222 1111: approved 1001
5555 5555 5555 4444: authentication_required, authenticated approved 1001
4000 0099 0000 0004: approved 1001
4000 0099 0005 0009: do_not_honour
4000 0099 0051 0002: insufficient_funds
4000 0099 0054 0009: expired_card
4000 0099 0041 0005: lost_card
4000 0099 0043 0003: stolen_card
4000 0099 0059 0004: suspected_fraud
4000 0099 0057 0006: not_permitted_to_cardholder
4000 0099 0061 0000: exceeds_withdrawal_limit
4000 0099 0065 0006: exceeds_frequency_limit
4000 0099 0062 0009: restricted_card
4000 0099 0063 0008: security_violation
4000 0099 0014 0008: invalid_card_number
4000 0099 0015 0007: invalid_issuer
4000 0099 0091 0004: issuer_unavailable
4000 0099 0096 0009: acquirer_error
4000 0099 0070 0009: authentication_required, authenticated approved 1001
4000 0099 2051 0008: authentication_required, authenticated insufficient_funds
4000 0099 1000 0002: authentication_required, authenticated approved 1001
4000 0099 1100 0001: authentication_required, authenticated approved 1001
4000 0099 1200 0000: authentication_required, authenticated approved 1001
4000 0099 1300 0009: authentication_required, authenticated approved 1001
4000 0099 1400 0008: authentication_required, authenticated approved 1001
4000 0099 1500 0007: authentication_required, authenticated approved 1001
4000 0099 2000 0000: authentication_required, authenticated approved 1001
4000 0099 2100 0009: authentication_required, authenticated approved 1001
4000 0099 2200 0008: authentication_required, authenticated approved 1001
4000 0099 2300 0007: authentication_required, authenticated approved 1001
4000 0099 2400 0006: authentication_required, authenticated approved 1001
4000 0099 2500 0005: authentication_required, authenticated approved 1001
4000 0099 2600 0004: authentication_required, authenticated approved 1001
4000 0099 2700 0003: authentication_required, authenticated approved 1001
4000 0099 2800 0002: authentication_required, authenticated approved 1001
4000 0099 3000 0008: authentication_required, authenticated approved 1001
4000 0099 3100 0007: authentication_required, authenticated approved 1001
4000 0099 0000 0103: unknown after 30 s, later approved 1001
4000 0099 0000 0202: unknown after 30 s, later not found
4000 0099 0000 0301: unknown after 30 s, later approved 1001
4000 0099 0000 0400: unknown, later approved 1001
4000 0099 0000 0509: approved 1001
4000 0099 0000 0608: unknown, later approved 1001
4000 0099 0000 0707: pending, later approved 1001
4000 0099 0000 0806: pending, later do_not_honour
4000 0099 0000 0905: approved 1001 after 8 s
4000 0099 0000 1101: approved 1001
4000 0099 0000 1200: approved 1001
4000 0099 0000 1309: approved 1001
4000 0099 0000 1408: approved 1001
4000 0099 0000 2109: approved 1001
4000 0099 0000 2208: approved 1001
4000 0099 0000 2307: approved 1001
4000 0099 0000 2406: approved 1001
4000 0099 0000 3107: approved 1001
4000 0099 0000 3206: approved 1001
4000 0099 0000 4105: unknown after 30 s
4000 0099 0000 5102: approved 501
4000 0099 0000 6100: approved 1001
4000 0099 0000 7108: unknown, later approved 1001
4000 0099 0000 7207: unknown, later approved 1001
4000 0099 0000 7306: unknown, later approved 1001
4000 0099 0000 7405: unknown, later approved 1001
4000 0099 0000 8106: not sent, later not found
4000 0099 0000 9104: approved 1001
4000 0099 0000 9203: approved 1001
4000 0099 0000 9302: approved 1001
4000 0099 0000 9401: do_not_honour
5200 0099 0000 0009: approved 1001
2223 0099 0000 0009: approved 1001
3400 9900 0000 001: approved 1001
3600 9900 0000 00: approved 1001
6011 0099 0000 0006: approved 1001
3530 0099 0000 0005: approved 1001
6200 0099 0000 0007: approved 1001
6700 0099 0000 0000 02: approved 1001
4000 0097 0000 0000 002: approved 1001
4000 0098 0000 0005: approved 1001
5200 0098 0000 0000: approved 1001
5200 0099 1000 0007: authentication_required, authenticated approved 1001
5200 0099 2000 0005: authentication_required, authenticated approved 1001
";

/// The numbers and what they do.
pub(crate) fn cards() -> impl Iterator<Item = (&'static str, &'static str)> {
    CARDS.lines().filter_map(|line| line.split_once(": "))
}

#[tokio::test]
async fn every_card_does_what_its_number_says() {
    check_cards(&Desk::new()).await;
}

/// Every card of the table at this desk.
pub(crate) async fn check_cards(desk: &Desk) {
    assert_eq!(81, cards().count());
    for (number, expected) in cards() {
        let reference = desk.attempt();
        let begun = desk.env.now();
        let mut seen = in_words(&desk.authorize(card(number), reference).await);
        let took = desk.env.now().since(begun).as_secs();
        desk.advance(60 - took);
        let later = in_words(&desk.inquire(reference).await);
        let changed = if later == seen { String::new() } else { format!(", later {later}") };
        if took > 0 {
            seen.push_str(&format!(" after {took} s"));
        }
        let mut seen = seen + &changed;
        if seen == "authentication_required" {
            let card = Card { authentication: Some(authentication(number)), ..card(number) };
            let said = desk.authorize(card, desk.attempt()).await;
            seen.push_str(&format!(", authenticated {}", in_words(&said)));
        }
        assert_eq!(expected, seen, "{number}");
        // What the book says is what an inquiry says, and no card is approved twice.
        let lines = desk.book.transactions().await.expect("the book");
        let mine: Vec<_> = lines.into_iter().filter(|line| line.reference == reference.to_string()).collect();
        let booked = match later.as_str() {
            "not found" => vec![],
            // Nobody can be asked for some minutes.
            "unknown" => vec![(Verdict::Approved, 1_001)],
            "approved 501" => vec![(Verdict::Approved, 501)],
            "approved 1001" => vec![(Verdict::Approved, 1_001)],
            _ => vec![(Verdict::Declined, 1_001)],
        };
        assert_eq!(booked, outcomes(&mine), "{number}");
    }
}

fn outcomes(lines: &[acquirer::Transaction]) -> Vec<(Verdict, i64)> {
    lines.iter().map(|line| (line.outcome, line.amount)).collect()
}

#[tokio::test]
async fn numbers_outside_the_table_are_no_cards() {
    let desk = Desk::new();
    // A length the grammar does not have, a TT without a row, an RR without a row, a fault without a row.
    for (number, answer) in [
        (with_check_digit("400000990000000000"), DeclineReason::InvalidCardNumber),
        (with_check_digit("400000994000000"), DeclineReason::InvalidCardNumber),
        (with_check_digit("400000990080000"), DeclineReason::DoNotHonour),
        (with_check_digit("400000990010000"), DeclineReason::DoNotHonour),
        (with_check_digit("400000990094000"), DeclineReason::DoNotHonour),
        (with_check_digit("400000990000990"), DeclineReason::InvalidCardNumber),
    ] {
        assert_eq!(declined(answer), desk.authorize(card(&number), desk.attempt()).await, "{number}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_order() {
    let desk = Desk::new();
    let november = Expiry { year: 2026, month: 11 };
    let october = Expiry { year: 2026, month: 10 };
    let nowhere = with_check_digit("400000990000990");
    for (number, expiry, cvc, answer) in [
        (GOOD, november, Some("123"), approved("000000000001")),
        (GOOD, october, Some("999"), declined(DeclineReason::WrongExpiry)),
        (GOOD, november, Some("999"), declined(DeclineReason::WrongCvc)),
        (GOOD, november, Some("1234"), declined(DeclineReason::WrongCvc)),
        (GOOD, november, None, declined(DeclineReason::WrongCvc)),
        ("4000 0099 0051 0002", november, Some("999"), declined(DeclineReason::WrongCvc)),
        ("4000 0099 0051 0002", november, Some("123"), declined(DeclineReason::InsufficientFunds)),
        // The code comes after the authentication, the expiry date before it.
        ("5555 5555 5555 4444", november, Some("999"), declined(DeclineReason::AuthenticationRequired)),
        ("5555 5555 5555 4444", october, Some("123"), declined(DeclineReason::WrongExpiry)),
        ("3400 990000 00001", november, Some("123"), declined(DeclineReason::WrongCvc)),
        // No such card, and nothing else matters.
        (&nowhere, october, None, declined(DeclineReason::InvalidCardNumber)),
    ] {
        let card = Card { cvc, expiry, ..card(number) };
        assert_eq!(answer, desk.authorize(card, desk.attempt()).await, "{number} {expiry:?} {cvc:?}");
    }
}

#[tokio::test]
async fn money_taken_at_once_is_an_authorization_and_a_capture() {
    let desk = Desk::new();
    let (taken, refused) = (desk.attempt(), desk.attempt());
    desk.authorize(Card { capture: true, ..card(GOOD) }, taken).await;
    desk.authorize(Card { capture: true, ..card("4000 0099 0051 0002") }, refused).await;
    assert_eq!("authorize approved 1001 MYR +0s, capture approved 1001 MYR +0s", desk.booked(taken).await);
    assert_eq!("authorize declined 1001 MYR +0s", desk.booked(refused).await);
}

#[tokio::test]
async fn a_reference_has_one_effect() {
    let desk = Desk::new();
    let (yes, no) = (desk.attempt(), desk.attempt());
    assert_eq!(approved("000000000001"), desk.authorize(card(GOOD), yes).await);
    assert_eq!(approved("000000000001"), desk.authorize(card("4000 0099 0051 0002"), yes).await, "the first result");
    let funds = declined(DeclineReason::InsufficientFunds);
    assert_eq!(funds, desk.authorize(card("4000 0099 0051 0002"), no).await);
    assert_eq!(funds, desk.authorize(card(GOOD), no).await, "the first result");
    assert_eq!(2, desk.book.transactions().await.expect("the book").len());
}

#[tokio::test]
async fn a_repeat_for_another_amount_is_no_answer() {
    let desk = Desk::new();
    let reference = desk.attempt();
    desk.authorize(card(GOOD), reference).await;
    for amount in [myr(1_002), Money::new(1_001, Currency::parse("EUR").expect("a currency")).expect("an amount")] {
        assert_eq!(Answer::Unknown, desk.acquirer.ask(Request::Inquire { reference, amount }).await);
        assert_eq!(Answer::Unknown, desk.acquirer.ask(Request::Reverse { reference, amount }).await);
    }
    assert_eq!("authorize approved 1001 MYR +0s", desk.booked(reference).await, "and nothing was undone");
}

#[tokio::test]
async fn a_lost_answer_is_found_by_asking() {
    let desk = Desk::new();
    let reference = desk.attempt();
    let asking = desk.start(card("4000 0099 0000 0103"), reference);
    desk.env.clock().quiet().await;
    assert_eq!(Some(START.plus(Duration::from_secs(30))), desk.env.clock().next_wake(), "30 s and not longer");
    desk.env.clock().move_to(START.plus(Duration::from_secs(30)));
    assert_eq!(Answer::Unknown, asking.await.expect("an answer"));
    assert_eq!(approved("000000000001"), desk.inquire(reference).await);
    assert_eq!("authorize approved 1001 MYR +0s", desk.booked(reference).await);
    assert_eq!(approved("000000000001"), desk.authorize(card("4000 0099 0000 0103"), reference).await, "sent again");
}

#[tokio::test]
async fn a_pending_one_is_decided_in_its_own_time() {
    let desk = Desk::new();
    let (yes, no) = (desk.attempt(), desk.attempt());
    assert_eq!(Answer::Pending, desk.authorize(Card { capture: true, ..card("4000 0099 0000 0707") }, yes).await);
    assert_eq!(Answer::Pending, desk.authorize(card("4000 0099 0000 0806"), no).await);
    desk.advance(9);
    assert_eq!(Answer::Pending, desk.inquire(yes).await);
    assert_eq!("", desk.booked(yes).await);
    desk.advance(11);
    assert_eq!("authorize approved 1001 MYR +10s, capture approved 1001 MYR +10s", desk.booked(yes).await);
    assert_eq!("authorize declined 1001 MYR +10s", desk.booked(no).await);
    assert_eq!(approved("000000000001"), desk.inquire(yes).await);
    assert_eq!(declined(DeclineReason::DoNotHonour), desk.inquire(no).await);
}

#[tokio::test]
async fn a_slow_one_is_waited_for() {
    let desk = Desk::new();
    let reference = desk.attempt();
    let asking = desk.start(card("4000 0099 0000 0905"), reference);
    desk.env.clock().quiet().await;
    assert_eq!(Some(START.plus(Duration::from_secs(8))), desk.env.clock().next_wake());
    assert_eq!(Answer::Pending, desk.inquire(reference).await);
    assert!(!asking.is_finished());
    desk.advance(8);
    desk.env.clock().quiet().await;
    assert!(asking.is_finished(), "the clock waits for the answer to be dealt with");
    assert_eq!(approved("000000000001"), asking.await.expect("an answer"));
}

#[tokio::test]
async fn what_is_reversed_while_somebody_waits_is_not_approved() {
    let desk = Desk::new();
    let reference = desk.attempt();
    let asking = desk.start(card("4000 0099 0000 0905"), reference);
    desk.env.clock().quiet().await;
    assert_eq!(Answer::Reversed, desk.reverse(reference).await);
    desk.advance(8);
    assert_eq!(declined(DeclineReason::DoNotHonour), asking.await.expect("an answer"));
    assert_eq!("authorize declined 1001 MYR +8s", desk.booked(reference).await);
}

#[tokio::test]
async fn a_late_approval_is_not_seen_before_it_arrives() {
    let desk = Desk::new();
    let (kept, undone) = (desk.attempt(), desk.attempt());
    let late = "4000 0099 0000 0301";
    let (first, second) = (desk.start(card(late), kept), desk.start(card(late), undone));
    desk.env.clock().quiet().await;
    desk.advance(30);
    assert_eq!(Answer::Unknown, first.await.expect("an answer"));
    assert_eq!(Answer::Unknown, second.await.expect("an answer"));
    assert_eq!(Answer::NotFound, desk.inquire(kept).await, "it is still on its way");
    assert_eq!(Answer::Reversed, desk.reverse(undone).await);
    desk.advance(15);
    assert_eq!(approved("000000000001"), desk.inquire(kept).await);
    assert_eq!("authorize approved 1001 MYR +45s", desk.booked(kept).await);
    assert_eq!(Answer::Reversed, desk.inquire(undone).await);
    assert_eq!("authorize declined 1001 MYR +45s", desk.booked(undone).await, "it came too late");
}

#[tokio::test]
async fn a_reversal_undoes_what_was_approved_once() {
    let desk = Desk::new();
    let reference = desk.attempt();
    desk.authorize(Card { capture: true, ..card(GOOD) }, reference).await;
    assert_eq!(Answer::Reversed, desk.reverse(reference).await);
    assert_eq!(Answer::Reversed, desk.reverse(reference).await);
    assert_eq!(Answer::Reversed, desk.inquire(reference).await);
    assert_eq!(
        "authorize approved 1001 MYR +0s, capture approved 1001 MYR +0s, reversal approved 1001 MYR +0s",
        desk.booked(reference).await,
    );
    assert_eq!(declined(DeclineReason::DoNotHonour), desk.authorize(card(GOOD), reference).await, "never again");
}

#[tokio::test]
async fn a_reversal_of_what_was_never_seen_forbids_it() {
    let desk = Desk::new();
    let reference = desk.attempt();
    assert_eq!(Answer::NotFound, desk.inquire(reference).await);
    assert_eq!(Answer::Reversed, desk.reverse(reference).await);
    let desk = desk.reopened().await;
    assert_eq!(Answer::Reversed, desk.inquire(reference).await);
    assert_eq!(declined(DeclineReason::DoNotHonour), desk.authorize(card(GOOD), reference).await);
    assert_eq!("authorize declined 1001 MYR +0s", desk.booked(reference).await);
}

#[tokio::test]
async fn a_reversal_of_a_decline_moves_nothing() {
    let desk = Desk::new();
    let reference = desk.attempt();
    desk.authorize(card("4000 0099 0051 0002"), reference).await;
    assert_eq!(Answer::Reversed, desk.reverse(reference).await);
    assert_eq!("authorize declined 1001 MYR +0s", desk.booked(reference).await);
}

#[tokio::test]
async fn a_card_that_is_declined_once_is_remembered() {
    let desk = Desk::new();
    let number = "4000 0099 0000 9401";
    assert_eq!(declined(DeclineReason::DoNotHonour), desk.authorize(card(number), desk.attempt()).await);
    let desk = desk.reopened().await;
    assert_eq!(approved("000000000002"), desk.authorize(card(number), desk.attempt()).await);
    assert_eq!(approved("000000000003"), desk.authorize(card(number), desk.attempt()).await);
}

#[tokio::test]
async fn the_book_survives_a_restart() {
    let desk = Desk::new();
    let (done, pending) = (desk.attempt(), desk.attempt());
    desk.authorize(card(GOOD), done).await;
    desk.authorize(card("4000 0099 0000 0707"), pending).await;
    let before = desk.book.transactions().await.expect("the book");
    let mode = std::fs::metadata(desk.dir.path().join("acquirer.db")).expect("the file").permissions().mode();
    assert_eq!(0o600, mode & 0o777);
    let desk = desk.reopened().await;
    assert_eq!(before, desk.book.transactions().await.expect("the book"));
    assert_eq!(approved("000000000001"), desk.inquire(done).await);
    assert_eq!(Answer::Pending, desk.inquire(pending).await);
    desk.advance(10);
    let desk = desk.reopened().await;
    assert_eq!("authorize approved 1001 MYR +10s", desk.booked(pending).await, "due while nobody was there");
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let desk = Desk::new();
    let reference = desk.attempt();
    assert_eq!(approved("000000000001"), desk.authorize(card(GOOD), reference).await);
    // A copy of the file in use is what a crash leaves.
    let left = tempfile::tempdir().expect("a directory");
    std::fs::copy(desk.dir.path().join("acquirer.db"), left.path().join("acquirer.db")).expect("a copy");
    let after = Desk::at(left, Env::still(START, 8));
    assert_eq!(approved("000000000001"), after.inquire(reference).await);
    assert_eq!("authorize approved 1001 MYR +0s", after.booked(reference).await);
}

#[tokio::test]
async fn one_card_is_answered_twice_and_has_one_line_in_the_book() {
    let desk = Desk::new();
    let twice = "4000 0099 0000 0509";
    for number in [twice, GOOD] {
        let reference = desk.attempt();
        let (answer, again) = card(number).heard(&desk.acquirer, reference).await;
        assert!(matches!(answer, Answer::Approved { .. }), "{answer:?}");
        assert_eq!((number == twice).then_some(answer), again, "{number}");
        assert_eq!("authorize approved 1001 MYR +0s", desk.booked(reference).await);
        // A repeat is answered once.
        assert_eq!(None, card(number).heard(&desk.acquirer, reference).await.1);
    }
}

#[tokio::test]
async fn a_fault_on_the_way_does_not_change_what_the_issuer_says() {
    let desk = Desk::new();
    let (lost, pending) = (desk.attempt(), desk.attempt());
    assert_eq!(Answer::Unknown, desk.authorize(card(&with_check_digit("400000990051010")), lost).await);
    assert_eq!(declined(DeclineReason::InsufficientFunds), desk.inquire(lost).await);
    assert_eq!(Answer::Pending, desk.authorize(card(&with_check_digit("400000990051070")), pending).await);
    desk.advance(10);
    assert_eq!(declined(DeclineReason::InsufficientFunds), desk.inquire(pending).await);
}

#[tokio::test]
async fn a_closed_book_takes_nothing() {
    let desk = Desk::new();
    desk.book.close().await;
    desk.book.close().await;
    assert_eq!(Answer::NotSent, desk.authorize(card(GOOD), desk.attempt()).await);
    assert!(matches!(desk.book.transactions().await, Err(Error::Closed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_each_booked_once() {
    let desk = Desk::new();
    let references: Vec<_> = (0..400).map(|_| desk.attempt()).collect();
    // Each twice, as a network would.
    let asked: Vec<_> = references.iter().chain(&references).map(|id| desk.start(card(GOOD), *id)).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.expect("an answer"));
    }
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Approved { .. })));
    assert_eq!(answers[..400], answers[400..], "both got the one result");
    let lines = desk.book.transactions().await.expect("the book");
    assert_eq!(400, lines.len());
    assert!(lines.iter().all(|line| line.kind == Kind::Authorize && line.outcome == Verdict::Approved));
}

#[tokio::test]
async fn no_card_number_and_no_code_is_in_the_file() {
    let desk = Desk::new();
    let numbers: Vec<_> = cards().map(|(number, _)| number.replace(' ', "")).collect();
    for number in &numbers {
        let reference = desk.attempt();
        let card = Card { cvc: Some("9876"), ..card(number) };
        desk.authorize(card, reference).await;
        desk.authorize(self::card(number), desk.attempt()).await;
        desk.reverse(reference).await;
    }
    desk.book.close().await;
    let file = std::fs::read(desk.dir.path().join("acquirer.db")).expect("the file");
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("authorize"), "the search finds what is there");
    for number in &numbers {
        assert!(!holds(number), "{number}");
        assert!(!holds(&number[..12]), "the first twelve of {number}");
    }
    for secret in ["9876", "Nurul", "cvc", "holder"] {
        assert!(!holds(secret), "{secret}");
    }
}

/// The numbers that only the card payments API knows (card-payments-api 6): the answer to the payer, once the bank has
/// authenticated them if need be, and to a merchant's charge of the kept card if that is something else.
const CARD_PAYMENTS: &str = "
4111 1111 1111 1111: authenticated approved 1001
5200 0099 1000 0007: authenticated approved 1001
5555 5555 5555 4444: authenticated approved 1001
4000 0000 0001 0001: authenticated approved 1001
5200 0000 0001 0006: authenticated approved 1001
3782 822463 10005: approved 1001
4000 0000 0002 0000: do_not_honour
4000 0000 0002 0018: insufficient_funds
4000 0000 0002 0026: expired_card
4000 0000 0002 0034: lost_card
4000 0000 0003 0009: authenticated approved 1001
4000 0000 0003 0017: authenticated approved 1001
4000 0000 0004 0008: authenticated approved 1001 after 5 s
4000 0000 0005 0007: approved 1001
4000 0000 0005 0015: approved 1001
4000 0000 0006 0006: acquirer_error
4000 0000 0007 0005: approved 1001, kept authentication_required
5200 0000 0007 0000: approved 1001, kept authentication_required
4000 0000 0007 0013: approved 1001, kept insufficient_funds
4000 0099 0000 0004: approved 1001
4000 0099 0051 0002: insufficient_funds
";

#[tokio::test]
async fn the_card_payments_api_has_numbers_of_its_own() {
    let desk = Desk::new();
    let of_card_payments = |number: &str| Card { rules: CardRules::CardPayments, cvc: Some("987"), ..card(number) };
    let mut seen = String::from("\n");
    for (number, _) in CARD_PAYMENTS.lines().filter_map(|line| line.split_once(": ")) {
        let amex = number.starts_with('3');
        let card = || Card { cvc: Some(if amex { "9876" } else { "987" }), ..of_card_payments(number) };
        let mut begun = desk.env.now();
        let mut words = in_words(&desk.authorize(card(), desk.attempt()).await);
        if words == "authentication_required" {
            let authenticated = Card { authentication: Some(authentication(number)), ..card() };
            begun = desk.env.now();
            words = format!("authenticated {}", in_words(&desk.authorize(authenticated, desk.attempt()).await));
        }
        let took = desk.env.now().since(begun).as_secs();
        let took = if took > 0 { format!(" after {took} s") } else { String::new() };
        let later = Card { cvc: None, initiated_by: Initiator::Merchant, ..card() };
        let kept = match in_words(&desk.authorize(later, desk.attempt()).await) {
            same if words.ends_with(&same) => String::new(),
            other => format!(", kept {other}"),
        };
        seen.push_str(&format!("{number}: {words}{took}{kept}\n"));
    }
    assert_eq!(CARD_PAYMENTS, seen);
    for (card, reason) in [
        (card("4111 1111 1111 1111"), "invalid_card_number"),
        (of_card_payments(&with_check_digit("411111111111112")), "invalid_card_number"),
        (Card { cvc: Some("1234"), ..of_card_payments(GOOD) }, "wrong_cvc"),
        (Card { cvc: None, ..of_card_payments(GOOD) }, "wrong_cvc"),
        (Card { expiry: Expiry { year: 2026, month: 10 }, ..of_card_payments(GOOD) }, "expired_card"),
    ] {
        assert_eq!(reason, in_words(&desk.authorize(card, desk.attempt()).await));
    }
}
