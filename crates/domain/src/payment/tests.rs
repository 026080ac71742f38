//! Stories, the state x command matrix, and what must hold after any sequence of commands.

mod answers;
mod by_hand;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::RefusedTry;
use crate::attempt::{Flow, Outcome};
use crate::authentication::ChallengeWindow;
use crate::card::CardSummary;
use crate::card::{Brand, Expiry};
use crate::doubt::Verdict;
use crate::ids::CardId;
use crate::ledger::{self, Account, Layer};
use crate::tender::Means;
use crate::{
    Authentication, AuthenticationFailure, AuthenticationIds, CardField, Challenge, Currency, FieldFault, MerchantId,
    TransStatus,
};

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a currency")).expect("not negative")
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(uuid::Uuid::from_u128(number))
}

fn terms() -> Terms {
    let id = uuid::Uuid::from_u128(1);
    Terms {
        payment_id: PaymentId::new(id),
        merchant_id: MerchantId::new(id),
        mode: Mode::Test,
        checkout_id: CheckoutId::new(id),
        amount: money(1_000),
        capture: CaptureMode::Automatic,
        due: Some(Due { at: Timestamp::from_seconds(100), strict: false }),
        single_attempt: false,
        save_card: false,
        hold_max: None,
        captured_after: None,
        fees: Fees::default(),
    }
}

fn submission(number: u128) -> Submission {
    Submission {
        attempt_id: attempt(number),
        acquirer: "test".into(),
        means: Means::Card {
            card: CardSummary {
                brand: Brand::Visa,
                masked: "444433******1111".into(),
                expiry: Expiry { year: 2030, month: 1 },
                holder: String::new(),
            },
            card_id: CardId::new(uuid::Uuid::from_u128(number)),
        },
        part: None,
        token: None,
        flow: Flow::HostedPage,
        payer_ip: None,
        save_card: false,
        window: ChallengeWindow::Full,
        deadline: Timestamp::from_seconds(30),
    }
}

fn refused(number: u128) -> RefusedTry {
    RefusedTry {
        attempt_id: attempt(number),
        card: None,
        flow: Flow::DirectPost,
        payer_ip: None,
        reason: DeclineReason::Field(CardField::Cvc, FieldFault::Missing),
        assessment: None,
    }
}

fn operation(number: u128) -> OperationId {
    OperationId::new(uuid::Uuid::from_u128(number))
}

fn ids() -> AuthenticationIds {
    let id = uuid::Uuid::from_u128(3);
    AuthenticationIds { server: id, directory: id, acs: id }
}

fn authentication() -> Authentication {
    Authentication {
        ids: ids(),
        status: TransStatus::Authenticated,
        reason: String::new(),
        cancel: String::new(),
        eci: "05".into(),
        cavv: String::new(),
        challenged: true,
    }
}

fn approved(amount: i64) -> Outcome {
    Outcome::Approved { amount: money(amount), acquirer_reference: "A1".into(), facts: CardFacts::default() }
}

fn declined() -> Outcome {
    Outcome::Declined { reason: DeclineReason::DoNotHonour, facts: CardFacts::default() }
}

/// The amount of `capture 1 600`, if there is one.
fn words_left(line: &str) -> String {
    line.split_whitespace().nth(2).unwrap_or_default().to_owned()
}

fn operate(kind: OperationKind, number: u128, amount: &str) -> Command {
    let amount = amount.parse().ok().map(money);
    Command::Operate(Order { amount, ..Order::new(operation(number), kind) })
}

/// Reads `submit 1`, `approved 1`, `approved 1 500`, `view`, ...
fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let verb = words.next().expect("a verb");
    let number: u128 = words.next().map_or(1, |number| number.parse().expect("a number"));
    let amount: i64 = words.next().map_or(1_000, |amount| amount.parse().expect("an amount"));
    let settle = |outcome| Command::Settle { attempt_id: attempt(number), outcome };
    match verb {
        "view" => Command::View,
        "due" => Command::PassDue,
        "cancel" => Command::Cancel,
        "abort" => Command::Abort,
        "submit" => Command::Submit(submission(number)),
        "refuse" => Command::Refuse(refused(number)),
        "limit" => Command::LimitTries,
        "authenticate" => Command::Authenticate(submission(number)),
        "ask" => Command::Ask {
            attempt_id: attempt(number),
            challenge: Challenge { ids: ids(), acs_url: "https://acs.example.com".into() },
        },
        "authorize" => Command::Authorize {
            attempt_id: attempt(number),
            authentication: authentication(),
            deadline: Timestamp::from_seconds(30),
        },
        "give_up" => Command::GiveUp { attempt_id: attempt(number), failure: AuthenticationFailure::Abandoned },
        "capture" => operate(OperationKind::Capture, number, &words_left(line)),
        "part" => match operate(OperationKind::Capture, number, &words_left(line)) {
            Command::Operate(order) => Command::Operate(Order { keeps_rest: true, ..order }),
            other => other,
        },
        "void" => operate(OperationKind::Void, number, ""),
        "refund" => operate(OperationKind::Refund, number, &words_left(line)),
        "done" => Command::SettleOperation { operation_id: operation(number), outcome: OperationOutcome::Done },
        "lost" => Command::SettleOperation { operation_id: operation(number), outcome: OperationOutcome::Unknown },
        "refused" => Command::SettleOperation {
            operation_id: operation(number),
            outcome: OperationOutcome::Refused(DeclineReason::AcquirerError),
        },
        "lapse" => Command::Lapse,
        "forget" => Command::ForgetCard,
        "mark" => Command::MarkPaid(Timestamp::from_seconds(5)),
        "mail" => Command::NoteInvoice,
        "clear" => Command::Report(Report::Cleared),
        "settle" => Command::Report(Report::Settled),
        "settle_part" => Command::Report(Report::SettledPart(money(words_left(line).parse().expect("an amount")))),
        "dispute" => Command::Report(Report::ChargedBack),
        "win" => Command::Report(Report::ChargebackReversed),
        "approved" => settle(approved(amount)),
        "declined" => settle(declined()),
        "pending" => settle(Outcome::Pending),
        "unknown" => settle(Outcome::Unknown),
        "undone" => settle(Outcome::ReversalAcknowledged),
        "reverse" => Command::Reverse { attempt_id: attempt(number) },
        "led_away" => settle(Outcome::Redirected { url: "https://acquirer.example.com/".into() }),
        "leave" => Command::Leave { attempt_id: attempt(number), reason: DeclineReason::Cancelled },
        other => panic!("{other} is no command"),
    }
}

/// Plays a story and compares, line by line, what became of it.
fn check(terms: Terms, story: &str, expected: &str) {
    let mut payment = Payment::open(terms);
    let mut told = String::new();
    for line in story.lines().map(str::trim) {
        match payment.decide(&command(line)) {
            Err(refusal) => writeln!(told, "{line}: {refusal}").expect("writes"),
            Ok(events) => {
                let names: Vec<_> = events.iter().map(Event::name).collect();
                events.iter().for_each(|event| payment.apply(event));
                let happened = if names.is_empty() { "nothing".to_owned() } else { names.join(" + ") };
                writeln!(told, "{line}: {happened}, {}", payment.state.name()).expect("writes");
            }
        }
    }
    let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(expected, told);
}

#[test]
fn a_card_is_declined_and_another_pays() {
    check(
        terms(),
        "view
         view
         submit 1
         submit 2
         cancel
         declined 1
         declined 1
         submit 2
         approved 2
         approved 2
         submit 3
         cancel",
        "view: viewed, open
         view: nothing, open
         submit 1: attempt_sent, in_flight
         submit 2: a payment is being processed
         cancel: cannot cancel when in_flight
         declined 1: declined, open
         declined 1: nothing, open
         submit 2: attempt_sent, in_flight
         approved 2: authorized + captured, captured
         approved 2: nothing, captured
         submit 3: already paid
         cancel: cannot cancel when captured",
    );
}

#[test]
fn a_payer_who_leaves_the_acquirers_page_may_pay_otherwise_once_the_try_is_undone() {
    check(
        terms(),
        "submit 1
         leave 1
         led_away 1
         pending 1
         submit 2
         cancel
         leave 1
         leave 1
         approved 1
         declined 1
         submit 2
         undone 1
         approved 1
         leave 1
         submit 2
         led_away 2
         approved 2
         leave 2",
        "submit 1: attempt_sent, in_flight
         leave 1: nothing, in_flight
         led_away 1: redirected, in_flight
         pending 1: nothing, in_flight
         submit 2: a payment is being processed
         cancel: cannot cancel when in_flight
         leave 1: left + reversal_sent, in_flight
         leave 1: nothing, in_flight
         approved 1: nothing, in_flight
         declined 1: nothing, in_flight
         submit 2: a payment is being processed
         undone 1: reversed, open
         approved 1: reversal_sent, open
         leave 1: nothing, open
         submit 2: attempt_sent, in_flight
         led_away 2: redirected, in_flight
         approved 2: authorized + captured, captured
         leave 2: nothing, captured",
    );
}

#[test]
fn silence_is_doubt_and_never_a_decline() {
    check(
        terms(),
        "submit 1
         unknown 1
         unknown 1
         cancel
         submit 2
         pending 1
         approved 1",
        "submit 1: attempt_sent, in_flight
         unknown 1: attempt_unknown, in_flight
         unknown 1: nothing, in_flight
         cancel: cannot cancel when in_flight
         submit 2: a payment is being processed
         pending 1: nothing, in_flight
         approved 1: authorized + captured, captured",
    );
}

#[test]
fn a_try_the_acquirer_never_saw_is_undone_before_the_next() {
    check(
        terms(),
        "submit 1
         unknown 1
         reverse 1
         reverse 1
         submit 2
         approved 1
         undone 1
         undone 1
         submit 2
         approved 2",
        "submit 1: attempt_sent, in_flight
         unknown 1: attempt_unknown, in_flight
         reverse 1: reversal_sent, in_flight
         reverse 1: nothing, in_flight
         submit 2: a payment is being processed
         approved 1: nothing, in_flight
         undone 1: reversed, open
         undone 1: nothing, open
         submit 2: attempt_sent, in_flight
         approved 2: authorized + captured, captured",
    );
}

#[test]
fn an_approval_after_a_decline_is_undone_whatever_happened_since() {
    check(
        terms(),
        "submit 1
         declined 1
         submit 2
         approved 2
         approved 1
         undone 1",
        "submit 1: attempt_sent, in_flight
         declined 1: declined, open
         submit 2: attempt_sent, in_flight
         approved 2: authorized + captured, captured
         approved 1: reversal_sent, captured
         undone 1: reversed, captured",
    );
}

#[test]
fn half_an_approval_is_undone() {
    check(
        terms(),
        "submit 1
         approved 1 500
         undone 1
         submit 2",
        "submit 1: attempt_sent, in_flight
         approved 1 500: reversal_sent, in_flight
         undone 1: reversed, open
         submit 2: attempt_sent, in_flight",
    );
}

#[test]
fn due_times_warn_or_end() {
    check(
        terms(),
        "due
         due
         submit 1
         declined 1
         due",
        "due: overdue, open
         due: nothing, open
         submit 1: attempt_sent, in_flight
         declined 1: declined, open
         due: nothing, open",
    );
    check(
        Terms { due: Some(Due { at: Timestamp::from_seconds(100), strict: true }), ..terms() },
        "submit 1
         due
         declined 1
         due
         submit 2
         cancel
         approved 1",
        "submit 1: attempt_sent, in_flight
         due: nothing, in_flight
         declined 1: declined, open
         due: expired, expired
         submit 2: cannot submit when expired
         cancel: cannot cancel when expired
         approved 1: reversal_sent, expired",
    );
}

#[test]
fn one_try_only() {
    check(
        Terms { single_attempt: true, ..terms() },
        "refuse 1
         submit 2",
        "refuse 1: attempt_refused + cancelled, cancelled
         submit 2: cannot submit when cancelled",
    );
}

#[test]
fn ten_tries_where_tries_are_limited() {
    let play = |payment: &mut Payment, command: Command| {
        let events = payment.decide(&command)?;
        events.iter().for_each(|event| payment.apply(event));
        Ok::<_, Refusal>(events.iter().map(Event::name).collect::<Vec<_>>().join(" + "))
    };
    // What ten tries are for nothing: a check of a card counts double.
    for (amount, most) in [(1_000, 10), (0, 5)] {
        let mut payment = Payment::open(Terms { amount: money(amount), capture: CaptureMode::Manual, ..terms() });
        for number in 0..most {
            assert_eq!(Ok(String::new()), play(&mut payment, Command::LimitTries), "{number} tries are not too many");
            assert_eq!(Ok("attempt_sent".into()), play(&mut payment, Command::Submit(submission(number))));
            assert_eq!(Ok(String::new()), play(&mut payment, Command::LimitTries), "one under way may succeed");
            let settle = Command::Settle { attempt_id: attempt(number), outcome: declined() };
            assert_eq!(Ok("declined".into()), play(&mut payment, settle));
        }
        assert_eq!(Ok("tries_used_up".into()), play(&mut payment, Command::LimitTries));
        assert_eq!(Ok(String::new()), play(&mut payment, Command::LimitTries), "once");
        for tried in
            [Command::Submit(submission(99)), Command::Authenticate(submission(99)), Command::Refuse(refused(99))]
        {
            assert_eq!(Err(Refusal::NoTriesLeft), play(&mut payment, tried));
        }
        assert_eq!(State::Open, payment.state, "the merchant may still end it");
        assert_eq!(Ok("cancelled".into()), play(&mut payment, Command::Cancel));
    }
}

#[test]
fn a_try_that_goes_on_by_way_of_the_bank_is_one() {
    let mut payment = Payment::open(terms());
    let required = Outcome::Declined { reason: DeclineReason::AuthenticationRequired, facts: CardFacts::default() };
    let settle = Command::Settle { attempt_id: attempt(1), outcome: required };
    for command in [Command::Submit(submission(1)), settle, Command::Authenticate(submission(2))] {
        payment.decide(&command).expect("allowed").iter().for_each(|event| payment.apply(event));
    }
    assert_eq!((1, 2), (payment.tries, payment.attempts.len()));
}

#[test]
fn held_and_verified() {
    check(
        Terms { capture: CaptureMode::Manual, ..terms() },
        "submit 1
         approved 1",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized",
    );
    check(
        Terms { capture: CaptureMode::Manual, amount: money(0), ..terms() },
        "submit 1
         approved 1 0",
        "submit 1: attempt_sent, in_flight
         approved 1 0: authorized, verified",
    );
}

#[test]
fn a_hold_is_captured_in_part_and_refunded_to_nothing() {
    check(
        Terms { capture: CaptureMode::Manual, ..terms() },
        "submit 1
         approved 1
         capture 1 1001
         capture 1 0
         refund 1
         capture 1 600
         void 2
         done 1
         done 1
         capture 3
         refund 4 700
         refund 4 200
         refund 5
         refused 4
         refund 6 200
         done 6
         refund 7
         lost 7
         done 7
         refund 8",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         capture 1 1001: 10.01 EUR is more than the 10.00 EUR left
         capture 1 0: an amount of zero
         refund 1: cannot refund when authorized
         capture 1 600: operation_sent, authorized
         void 2: an operation is being processed
         done 1: captured + voided, captured
         done 1: nothing, captured
         capture 3: cannot capture when captured
         refund 4 700: 7.00 EUR is more than the 6.00 EUR left
         refund 4 200: operation_sent, captured
         refund 5: an operation is being processed
         refused 4: operation_failed, captured
         refund 6 200: operation_sent, captured
         done 6: refunded, captured
         refund 7: operation_sent, captured
         lost 7: nothing, captured
         done 7: refunded, captured
         refund 8: nothing is left to give back",
    );
}

#[test]
fn a_hold_is_given_back_or_forgotten() {
    let manual = || Terms { capture: CaptureMode::Manual, ..terms() };
    check(
        manual(),
        "submit 1
         approved 1
         void 1
         lapse
         refused 1
         void 2
         done 2
         capture 3
         void 4",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         void 1: operation_sent, authorized
         lapse: nothing, authorized
         refused 1: operation_failed, authorized
         void 2: operation_sent, authorized
         done 2: voided, voided
         capture 3: cannot capture when voided
         void 4: cannot void when voided",
    );
    check(
        manual(),
        "submit 1
         approved 1
         lapse
         lapse",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         lapse: voided, voided
         lapse: nothing, voided",
    );
}

#[test]
fn a_hold_is_captured_piece_by_piece() {
    let manual = || Terms { capture: CaptureMode::Manual, ..terms() };
    check(
        manual(),
        "submit 1
         approved 1
         part 1 400
         done 1
         part 2 601
         refund 3 401
         refund 3 150
         done 3
         part 4 300
         capture 5 100
         refused 4
         part 6 300
         done 6
         void 7
         lapse
         done 7
         capture 8
         void 9
         refund 10
         done 10
         refund 11",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         part 1 400: operation_sent, authorized
         done 1: captured, captured
         part 2 601: 6.01 EUR is more than the 6.00 EUR left
         refund 3 401: 4.01 EUR is more than the 4.00 EUR left
         refund 3 150: operation_sent, captured
         done 3: refunded, captured
         part 4 300: operation_sent, captured
         capture 5 100: an operation is being processed
         refused 4: operation_failed, captured
         part 6 300: operation_sent, captured
         done 6: captured, captured
         void 7: operation_sent, captured
         lapse: nothing, captured
         done 7: voided, captured
         capture 8: cannot capture when captured
         void 9: cannot void when captured
         refund 10: operation_sent, captured
         done 10: refunded, captured
         refund 11: nothing is left to give back",
    );
    check(
        manual(),
        "submit 1
         approved 1
         part 1 400
         done 1
         capture 2 100
         done 2
         settle_part 0 400
         settle_part 0 400
         settle_part 0 400
         capture 3",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         part 1 400: operation_sent, authorized
         done 1: captured, captured
         capture 2 100: operation_sent, captured
         done 2: captured + voided, captured
         settle_part 0 400: settled, captured
         settle_part 0 400: settled, captured
         settle_part 0 400: nothing, captured
         capture 3: cannot capture when captured",
    );
    check(
        manual(),
        "submit 1
         approved 1
         part 1 400
         done 1
         dispute
         capture 2
         void 3
         done 3
         win
         refund 4",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         part 1 400: operation_sent, authorized
         done 1: captured, captured
         dispute: charged_back, charged_back
         capture 2: cannot capture when charged_back
         void 3: operation_sent, charged_back
         done 3: voided, charged_back
         win: chargeback_reversed, captured
         refund 4: operation_sent, captured",
    );
    check(
        manual(),
        "submit 1
         approved 1
         part 1 400
         done 1
         lapse
         lapse",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         part 1 400: operation_sent, authorized
         done 1: captured, captured
         lapse: voided, captured
         lapse: nothing, captured",
    );
}

#[test]
fn a_cancelled_payment_gives_back_what_its_try_still_reserves() {
    let manual = || Terms { capture: CaptureMode::Manual, ..terms() };
    // R3: nothing was sent, and nothing is.
    check(
        manual(),
        "authenticate 1
         ask 1
         cancel
         abort
         abort
         authorize 1
         approved 1
         submit 2
         give_up 1",
        "authenticate 1: authentication_started, in_flight
         ask 1: challenged, in_flight
         cancel: cannot cancel when in_flight
         abort: cancelled + declined, cancelled
         abort: nothing, cancelled
         authorize 1: nothing, cancelled
         approved 1: reversal_sent, cancelled
         submit 2: cannot submit when cancelled
         give_up 1: nothing, cancelled",
    );
    // R4, R7: what was on its way is reserved, never taken, and given back.
    check(
        manual(),
        "submit 1
         abort
         unknown 1
         approved 1
         approved 1
         capture 2
         refund 2
         void 3
         abort
         refused 3
         void 4
         done 4
         void 5",
        "submit 1: attempt_sent, in_flight
         abort: cancelled, cancelled
         unknown 1: attempt_unknown, cancelled
         approved 1: authorized, cancelled
         approved 1: nothing, cancelled
         capture 2: cannot capture when cancelled
         refund 2: cannot refund when cancelled
         void 3: operation_sent, cancelled
         abort: nothing, cancelled
         refused 3: operation_failed, cancelled
         void 4: operation_sent, cancelled
         done 4: voided, cancelled
         void 5: cannot void when cancelled",
    );
    // What the acquirer declines, never saw, or approves in part ends as it would have.
    check(
        manual(),
        "submit 1
         abort
         declined 1",
        "submit 1: attempt_sent, in_flight
         abort: cancelled, cancelled
         declined 1: declined, cancelled",
    );
    check(
        Terms { single_attempt: true, ..manual() },
        "submit 1
         abort
         unknown 1
         reverse 1
         approved 1
         undone 1",
        "submit 1: attempt_sent, in_flight
         abort: cancelled, cancelled
         unknown 1: attempt_unknown, cancelled
         reverse 1: reversal_sent, cancelled
         approved 1: nothing, cancelled
         undone 1: reversed, cancelled",
    );
    check(
        manual(),
        "submit 1
         abort
         approved 1 500
         undone 1",
        "submit 1: attempt_sent, in_flight
         abort: cancelled, cancelled
         approved 1 500: reversal_sent, cancelled
         undone 1: reversed, cancelled",
    );
    // R1: whoever is first wins.
    check(
        manual(),
        "submit 1
         approved 1
         abort",
        "submit 1: attempt_sent, in_flight
         approved 1: authorized, authorized
         abort: cannot abort when authorized",
    );
    check(
        terms(),
        "submit 1
         abort",
        "submit 1: attempt_sent, in_flight
         abort: cannot abort when in_flight",
    );
}

#[test]
fn the_way_back_of_what_nobody_wanted_is_told_to_nobody() {
    let told = |story: &str| {
        let mut payment = Payment::open(Terms { capture: CaptureMode::Manual, ..terms() });
        let mut told = vec![];
        for line in story.split(", ") {
            for event in payment.decide(&command(line)).expect("the story is allowed") {
                told.extend(crate::notices(&payment, &event).into_iter().map(crate::Notice::as_str));
                payment.apply(&event);
            }
        }
        told.join(" ")
    };
    assert_eq!("pending cancelled", told("submit 1, abort, approved 1, void 2, refused 2, void 3, done 3"));
    assert_eq!("pending cancelled", told("authenticate 1, ask 1, abort, authorize 1"));
    assert_eq!("pending cancelled", told("submit 1, abort, declined 1"));
    assert_eq!(
        "pending held capture_pending captured paid release_pending released",
        told("submit 1, approved 1, part 2 400, done 2, void 3, done 3")
    );
    assert_eq!("pending held capture_pending captured paid", told("submit 1, approved 1, capture 2 400, done 2"));
}

#[test]
fn the_bank_asks_the_payer_first() {
    check(
        terms(),
        "authenticate 1
         submit 2
         approved 1
         ask 1
         authorize 1
         authorize 1
         ask 1
         approved 1",
        "authenticate 1: authentication_started, in_flight
         submit 2: a payment is being processed
         approved 1: nothing, in_flight
         ask 1: challenged, in_flight
         authorize 1: authenticated, in_flight
         authorize 1: nothing, in_flight
         ask 1: nothing, in_flight
         approved 1: authorized + captured, captured",
    );
    check(
        terms(),
        "authenticate 1
         ask 1
         declined 1
         authorize 1
         submit 2",
        "authenticate 1: authentication_started, in_flight
         ask 1: challenged, in_flight
         declined 1: declined, open
         authorize 1: nothing, open
         submit 2: attempt_sent, in_flight",
    );
}

#[test]
fn what_went_on_to_the_acquirer_is_not_given_up() {
    check(
        terms(),
        "authenticate 1
         ask 1
         give_up 1
         authorize 1
         give_up 1
         authenticate 2
         authorize 2
         give_up 2
         approved 2
         give_up 2",
        "authenticate 1: authentication_started, in_flight
         ask 1: challenged, in_flight
         give_up 1: not_authenticated + declined, open
         authorize 1: nothing, open
         give_up 1: nothing, open
         authenticate 2: authentication_started, in_flight
         authorize 2: authenticated, in_flight
         give_up 2: nothing, in_flight
         approved 2: authorized + captured, captured
         give_up 2: nothing, captured",
    );
    check(
        Terms { single_attempt: true, ..terms() },
        "authenticate 1
         give_up 1",
        "authenticate 1: authentication_started, in_flight
         give_up 1: not_authenticated + declined + cancelled, cancelled",
    );
}

#[test]
fn paid_outside_disputed_and_settled() {
    check(
        terms(),
        "mail
         mark
         refund 1
         submit 1
         mark",
        "mail: invoice_sent, open
         mark: marked_paid, paid_elsewhere
         refund 1: nothing is left to give back
         submit 1: already paid
         mark: cannot mark paid when paid_elsewhere",
    );
    check(
        terms(),
        "submit 1
         dispute
         approved 1
         clear
         settle
         settle
         dispute
         refund 1
         win
         refund 1 400
         done 1
         forget",
        "submit 1: attempt_sent, in_flight
         dispute: cannot report when in_flight
         approved 1: authorized + captured, captured
         clear: cleared, captured
         settle: settled, captured
         settle: nothing, captured
         dispute: charged_back, charged_back
         refund 1: cannot refund when charged_back
         win: chargeback_reversed, captured
         refund 1 400: operation_sent, captured
         done 1: refunded, captured
         forget: no card is kept",
    );
}

/// What every command does in every state, one line each: read the diff when it changes.
#[test]
fn matrix() {
    let manual = || Terms { capture: CaptureMode::Manual, ..terms() };
    let strict = || Terms { due: Some(Due { at: Timestamp::from_seconds(100), strict: true }), ..terms() };
    let tried = ["refuse 1"; limits::CHECKOUT_TRIES as usize];
    let used_up: Vec<&str> = tried.into_iter().chain(["limit"]).collect();
    let states: [(&str, Terms, &[&str]); 21] = [
        ("open", terms(), &[]),
        ("open after a decline", terms(), &["submit 1", "declined 1"]),
        ("open, its tries used up", terms(), &used_up),
        ("in flight", terms(), &["submit 1"]),
        ("in doubt", terms(), &["submit 1", "unknown 1"]),
        ("being undone", terms(), &["submit 1", "unknown 1", "reverse 1"]),
        ("authenticating", terms(), &["authenticate 1"]),
        ("authorized", manual(), &["submit 1", "approved 1"]),
        ("being captured", manual(), &["submit 1", "approved 1", "capture 1"]),
        ("being voided", manual(), &["submit 1", "approved 1", "void 1"]),
        ("voided", manual(), &["submit 1", "approved 1", "void 1", "done 1"]),
        ("verified", Terms { amount: money(0), ..manual() }, &["submit 1", "approved 1 0"]),
        ("captured", terms(), &["submit 1", "approved 1"]),
        ("captured in part", manual(), &["submit 1", "approved 1", "part 1 400", "done 1"]),
        ("cancelled and held", manual(), &["submit 1", "abort", "approved 1"]),
        ("being refunded", terms(), &["submit 1", "approved 1", "refund 1"]),
        ("refunded", terms(), &["submit 1", "approved 1", "refund 1", "done 1"]),
        ("charged back", terms(), &["submit 1", "approved 1", "dispute"]),
        ("paid elsewhere", terms(), &["mark"]),
        ("cancelled", terms(), &["submit 1", "declined 1", "cancel"]),
        ("expired", strict(), &["submit 1", "declined 1", "due"]),
    ];
    let commands = [
        "view",
        "due",
        "cancel",
        "abort",
        "submit 2",
        "refuse 2",
        "approved 1",
        "approved 1 1",
        "declined 1",
        "give_up 1",
        "pending 1",
        "unknown 1",
        "undone 1",
        "reverse 1",
        "approved 9",
    ];
    let mut matrix = String::new();
    for (name, terms, story) in states {
        let mut payment = Payment::open(terms);
        for line in story {
            for event in payment.decide(&command(line)).expect("the story is allowed") {
                payment.apply(&event);
            }
        }
        writeln!(matrix, "{name}").expect("writes");
        for line in commands {
            let result = match payment.decide(&command(line)) {
                Err(refusal) => format!("no: {refusal}"),
                Ok(events) if events.is_empty() => "nothing".into(),
                Ok(events) => events.iter().map(Event::name).collect::<Vec<_>>().join(" + "),
            };
            writeln!(matrix, "    {line:<13} {result}").expect("writes");
        }
    }
    insta::assert_snapshot!(matrix);
}

fn any_command() -> impl Strategy<Value = Command> {
    let number = 1_u128..4;
    prop_oneof![
        Just(Command::View),
        Just(Command::PassDue),
        Just(Command::Cancel),
        Just(Command::Abort),
        Just(Command::LimitTries),
        number.clone().prop_map(|number| Command::Submit(submission(number))),
        number.clone().prop_map(|number| Command::Refuse(refused(number))),
        number.clone().prop_map(|number| Command::Authenticate(submission(number))),
        number.clone().prop_map(|number| command(&format!("authorize {number}"))),
        (4_u128..20, 0_usize..3, proptest::option::of(0_i64..1_100), any::<bool>()).prop_map(
            |(number, kind, amount, keeps_rest)| {
                let kind = [OperationKind::Capture, OperationKind::Void, OperationKind::Refund][kind];
                let amount = amount.map(money);
                Command::Operate(Order { amount, keeps_rest, ..Order::new(operation(number), kind) })
            }
        ),
        (4_u128..20, 0_usize..3).prop_map(|(number, outcome)| Command::SettleOperation {
            operation_id: operation(number),
            outcome: [
                OperationOutcome::Done,
                OperationOutcome::Unknown,
                OperationOutcome::Refused(DeclineReason::AcquirerError),
            ][outcome],
        }),
        Just(Command::Lapse),
        Just(Command::MarkPaid(Timestamp::from_seconds(1))),
        (0_usize..5, 1_i64..1_100).prop_map(|(report, part)| Command::Report(
            [
                Report::Cleared,
                Report::Settled,
                Report::SettledPart(money(part)),
                Report::ChargedBack,
                Report::ChargebackReversed,
            ][report]
        )),
        number.clone().prop_map(|number| Command::Reverse { attempt_id: attempt(number) }),
        number.clone().prop_map(|number| command(&format!("leave {number}"))),
        (1_u128..20, 0_usize..5, 0_usize..5).prop_map(|(number, name, verdict)| {
            let name = ["authorization", "reversal", "capture", "void", "refund"][name];
            by_hand::said(&format!("{name} {number} {}", Verdict::ALL[verdict].as_str()))
        }),
        (
            number,
            prop_oneof![
                Just(approved(1_000)),
                Just(approved(500)),
                Just(declined()),
                Just(Outcome::Pending),
                Just(Outcome::Unknown),
                Just(Outcome::Redirected { url: "https://acquirer.example.com/".into() }),
                Just(Outcome::ReversalAcknowledged),
            ]
        )
            .prop_map(|(number, outcome)| Command::Settle { attempt_id: attempt(number), outcome }),
    ]
}

proptest! {
    #[test]
    fn money_holds_under_any_commands(
        commands in proptest::collection::vec(any_command(), 0..60),
        manual in any::<bool>(),
        strict in any::<bool>(),
        single_attempt in any::<bool>(),
    ) {
        let capture = if manual { CaptureMode::Manual } else { CaptureMode::Automatic };
        let due = Some(Due { at: Timestamp::from_seconds(100), strict });
        let terms = Terms { capture, due, single_attempt, fees: Fees { basis_points: 150, fixed: 3, ..Fees::default() }, ..terms() };
        let mut payment = Payment::open(terms.clone());
        let mut journal = vec![Event::Opened(terms)];
        let mut used = std::collections::HashSet::new();
        for command in commands {
            // Ids of tries are made fresh: the same one is never submitted twice.
            let fresh = match &command {
                Command::Submit(submission) | Command::Authenticate(submission) => {
                    used.insert(submission.attempt_id.uuid())
                }
                Command::Refuse(refused) => used.insert(refused.attempt_id.uuid()),
                Command::Operate(order) => used.insert(order.operation_id.uuid()),
                _ => true,
            };
            if !fresh {
                continue;
            }
            let Ok(events) = payment.decide(&command) else { continue };
            for event in events {
                for layer in [Layer::Pending, Layer::Posted] {
                    let sum: i64 = ledger::postings(&event).iter().filter(|p| p.layer == layer).map(|p| p.amount).sum();
                    prop_assert_eq!(0, sum, "I1: {:?}", event);
                }
                payment.apply(&event);
                journal.push(event);
            }
            let Payment { captured, voided, authorized, refunded, .. } = &payment;
            prop_assert!(captured.minor() + voided.minor() <= authorized.minor(), "I2");
            prop_assert!(refunded.minor() <= captured.minor(), "I2");
            let pending = payment.operations.iter().filter(|operation| operation.status == OperationStatus::Sent);
            prop_assert!(pending.count() <= 1, "one operation at a time");
            let held_in = matches!(
                payment.state,
                State::Authorized | State::Captured | State::ChargedBack | State::Cancelled
            );
            prop_assert!(held_in || payment.held().is_zero(), "what is held can be given back");
            prop_assert!(payment.state != State::Cancelled || payment.captured.is_zero(), "cancelled is never taken");
            prop_assert!(payment.authorized.minor() <= payment.terms.amount.minor(), "I2: authorized at most once");
            let folded = Payment::fold(&journal);
            prop_assert_eq!(Some(&payment), folded.as_ref(), "I7");
        }
        let balance = |account, layer| -> i64 {
            let postings = journal.iter().flat_map(ledger::postings);
            postings.filter(|p| p.account == account && p.layer == layer).map(|p| p.amount).sum()
        };
        prop_assert_eq!(-payment.captured.minor(), balance(Account::Merchant, Layer::Posted));
        prop_assert_eq!(payment.refunded.minor(), balance(Account::Refunded, Layer::Posted));
        prop_assert_eq!(payment.settled.minor(), balance(Account::Bank, Layer::Posted));
        prop_assert_eq!(payment.held().minor(), balance(Account::Acquirer, Layer::Pending));
        prop_assert_eq!(-payment.held().minor(), balance(Account::Merchant, Layer::Pending));
        let disputed = if payment.state == State::ChargedBack { payment.refundable().minor() } else { 0 };
        prop_assert_eq!(disputed, balance(Account::Disputed, Layer::Posted));
        let approvals = payment.attempts.iter().filter(|attempt| attempt.status == AttemptStatus::Approved).count();
        prop_assert!(approvals <= 1, "L7: at most one try is accepted");
    }

    #[test]
    fn what_is_decided_twice_happens_once(story in proptest::collection::vec(any_command(), 0..20)) {
        let mut payment = Payment::open(terms());
        for command in story {
            let Ok(events) = payment.decide(&command) else { continue };
            events.iter().for_each(|event| payment.apply(event));
            if let Command::Settle { .. } | Command::Reverse { .. } | Command::View | Command::SettleOperation { .. } =
                command
            {
                prop_assert_eq!(Ok(vec![]), payment.decide(&command), "{:?} repeated", command);
            }
        }
    }
}
