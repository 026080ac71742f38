//! Tenders: who goes first, what a failure undoes, how operations spread; and that money holds whatever happens.

use std::fmt::Write as _;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::attempt::{Flow, Outcome};
use crate::authentication::ChallengeWindow;
use crate::card::{Brand, Expiry};
use crate::command::OperationOutcome;
use crate::ids::{CheckoutId, MerchantId, PaymentId};
use crate::ledger::{self, Account, Layer};
use crate::money::{Currency, Fees};
use crate::notice::{Notice, notices};
use crate::payment::{CaptureMode, Terms};
use crate::time::Mode;

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a currency")).expect("an amount")
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

fn operation(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

fn terms(amount: i64, captured_after: Option<Duration>) -> Terms {
    let id = Uuid::from_u128(1);
    Terms {
        payment_id: PaymentId::new(id),
        merchant_id: MerchantId::new(id),
        mode: Mode::Test,
        checkout_id: CheckoutId::new(id),
        amount: money(amount),
        capture: CaptureMode::Manual,
        due: None,
        single_attempt: true,
        save_card: false,
        hold_max: None,
        captured_after,
        fees: Fees::default(),
    }
}

fn card() -> Means {
    let summary = CardSummary {
        brand: Brand::Visa,
        masked: "411111******1111".into(),
        expiry: Expiry { year: 2030, month: 1 },
        holder: String::new(),
    };
    Means::Card { card: summary, card_id: CardId::new(Uuid::from_u128(7)) }
}

fn gift() -> Means {
    Means::GiftCard { masked: "600000******2000".into() }
}

fn leg(number: u128, means: Means, amount: i64) -> Leg {
    Leg {
        submission: Submission {
            attempt_id: attempt(number),
            acquirer: "test".into(),
            means,
            part: Some(money(amount)),
            token: None,
            flow: Flow::HostedPage,
            payer_ip: None,
            save_card: false,
            window: ChallengeWindow::Full,
            deadline: Timestamp::from_seconds(30),
        },
        partner: "partner".into(),
        method: "method".into(),
        asks_bank: false,
        asks_payer: false,
    }
}

fn approved(amount: i64) -> Outcome {
    let acquirer_reference = String::new();
    Outcome::Approved { amount: money(amount), acquirer_reference, facts: CardFacts::default() }
}

fn declined() -> Outcome {
    Outcome::Declined { reason: DeclineReason::DoNotHonour, facts: CardFacts::default() }
}

/// Carries commands out as one, and says what happened.
fn does(payment: &mut Payment, commands: &[Command]) -> Result<Vec<Event>, Refusal> {
    let mut happened = vec![];
    for command in commands {
        for event in payment.decide(command)? {
            payment.apply(&event);
            happened.push(event);
        }
    }
    Ok(happened)
}

fn settle(number: u128, outcome: Outcome) -> [Command; 3] {
    [
        Command::Settle { attempt_id: attempt(number), outcome },
        Command::NextLeg { deadline: Timestamp::from_seconds(60), begins: true },
        Command::CaptureByItself { operation_id: operation(90), parts: parts(90), due: false },
    ]
}

fn parts(first: u128) -> Vec<OperationId> {
    (0..10).map(|number| operation(first * 1_000 + number)).collect()
}

fn order(number: u128, kind: OperationKind, amount: i64) -> Order {
    let parts = parts(number);
    Order { amount: Some(money(amount)), parts, ..Order::new(operation(number), kind) }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

/// A card for 2299 that was named first, a gift card for 2000: both authorized.
fn authorized() -> Payment {
    let mut payment = Payment::open(terms(4_299, None));
    does(&mut payment, &[Command::Tender(vec![leg(1, card(), 2_299), leg(2, gift(), 2_000)])]).expect("begins");
    does(&mut payment, &settle(2, approved(2_000))).expect("the gift card pays");
    does(&mut payment, &settle(1, approved(2_299))).expect("the card pays");
    payment
}

/// The amounts of an operation's parts by the number of their legs, in turn.
fn spread(payment: &mut Payment, order: &Order) -> Result<Vec<(AttemptId, i64)>, Refusal> {
    let events = payment.decide(&Command::Operate(order.clone()))?;
    let mut spread = vec![];
    for event in &events {
        payment.apply(event);
        let Event::OperationSent(operation) = event else { continue };
        spread.push((payment.attempt_of(operation)?, operation.amount.minor()));
        let done = Command::SettleOperation { operation_id: operation.id, outcome: OperationOutcome::Done };
        does(payment, &[done])?;
    }
    Ok(spread)
}

#[test]
fn what_answers_at_once_is_authorized_first_and_the_rest_last() {
    let mut payment = Payment::open(terms(4_299, None));
    let legs = vec![leg(1, card(), 1_299), leg(2, gift(), 2_000), leg(3, gift(), 1_000)];
    let began = does(&mut payment, &[Command::Tender(legs)]).expect("begins");
    assert_eq!(["tender_begun", "attempt_sent"], *names(&began));
    assert_eq!(State::InFlight { attempt_id: attempt(2) }, payment.state);
    assert_eq!(
        ["authorized", "attempt_sent"],
        *names(&does(&mut payment, &settle(2, approved(2_000))).expect("goes on"))
    );
    assert_eq!(State::InFlight { attempt_id: attempt(3) }, payment.state);
    assert_eq!(
        ["authorized", "attempt_sent"],
        *names(&does(&mut payment, &settle(3, approved(1_000))).expect("goes on"))
    );
    assert_eq!(State::InFlight { attempt_id: attempt(1) }, payment.state);
    let before = payment.clone();
    let last = does(&mut payment, &settle(1, approved(1_299))).expect("ends");
    assert_eq!(["authorized"], *names(&last));
    assert_eq!((State::Authorized, money(4_299)), (payment.state, payment.held()));
    assert_eq!([Notice::Held], *notices(&before, &last[0]), "told once, with the last leg");
    assert!(notices(&Payment::open(terms(4_299, None)), &last[0]).contains(&Notice::Held));
}

#[test]
fn a_leg_that_fails_undoes_the_others_and_the_rest_never_begins() {
    let mut payment = Payment::open(terms(4_299, None));
    let legs = vec![leg(1, gift(), 2_000), leg(2, gift(), 1_000), leg(3, card(), 1_299)];
    does(&mut payment, &[Command::Tender(legs)]).expect("begins");
    does(&mut payment, &settle(1, approved(2_000))).expect("goes on");
    let failed = does(&mut payment, &settle(2, declined())).expect("fails");
    assert_eq!(["declined", "reversal_sent", "cancelled"], *names(&failed));
    assert!(payment.attempt(attempt(3)).is_err(), "never begun");
    assert_eq!(money(2_000), payment.held(), "until the acquirer has acknowledged");
    let undone = does(&mut payment, &settle(1, Outcome::ReversalAcknowledged)).expect("is released");
    assert_eq!([Event::Released { attempt_id: attempt(1), amount: money(2_000) }], *undone);
    assert_eq!((State::Cancelled, money(0)), (payment.state, payment.held()));
    assert_eq!(AttemptStatus::Reversed, payment.attempt(attempt(1)).expect("a try").status);
    assert_eq!(Ok(vec![]), does(&mut payment, &settle(1, Outcome::ReversalAcknowledged)), "once");
}

#[test]
fn a_tender_that_is_ended_takes_back_whatever_was_sent() {
    let mut payment = Payment::open(terms(3_000, None));
    does(&mut payment, &[Command::Tender(vec![leg(1, gift(), 2_000), leg(2, card(), 1_000)])]).expect("begins");
    does(&mut payment, &settle(1, approved(2_000))).expect("goes on");
    let ended = does(&mut payment, &[Command::EndTender(Party::Merchant)]).expect("ends");
    assert_eq!(["tender_ended", "reversal_sent", "reversal_sent"], *names(&ended));
    assert_eq!(
        Ok(vec![]),
        does(&mut payment, &settle(2, approved(1_000))),
        "an approval that comes later is undone too"
    );
    does(&mut payment, &settle(2, Outcome::ReversalAcknowledged)).expect("undone");
    does(&mut payment, &settle(1, Outcome::ReversalAcknowledged)).expect("undone");
    assert_eq!((State::Cancelled, money(0)), (payment.state, payment.held()));
    let again = does(&mut payment, &[Command::EndTender(Party::Payer)]);
    assert_eq!(Err(Refusal::WrongState { command: "end the tender", state: "cancelled" }), again);
    let mut paid = authorized();
    assert!(does(&mut paid, &[Command::EndTender(Party::Merchant)]).is_err(), "what was authorized is voided instead");
}

#[test]
fn only_legs_that_make_up_the_payment_are_taken() {
    let payment = Payment::open(terms(3_000, None));
    let bad = [
        vec![],
        vec![leg(1, gift(), 2_999)],
        vec![leg(1, card(), 2_000), leg(2, Means::Redirect(RedirectMethod::Wallet), 1_000)],
        (1..=11).map(|number| leg(number, gift(), if number == 11 { 2_000 } else { 100 })).collect(),
    ];
    for legs in bad {
        assert_eq!(Err(Refusal::BadTender), payment.decide(&Command::Tender(legs.clone())), "{legs:?}");
    }
    let ten = (1..=10).map(|number| leg(number, gift(), 300)).collect();
    assert!(payment.decide(&Command::Tender(ten)).is_ok());
}

/// The worked sequence of orchestration-api 4.4.
#[test]
fn operations_spread_as_the_reference_works_it_out() {
    let mut payment = authorized();
    let (card, gift) = (attempt(1), attempt(2));
    let capture = |number, amount| order(number, OperationKind::Capture, amount);
    let refund = |number, amount| order(number, OperationKind::Refund, amount);
    assert_eq!(Ok(vec![(gift, 2_000), (card, 1_000)]), spread(&mut payment, &capture(10, 3_000)));
    assert_eq!(Ok(vec![(card, 299)]), spread(&mut payment, &order(11, OperationKind::Void, 299)));
    assert_eq!(Ok(vec![(card, 500)]), spread(&mut payment, &refund(12, 500)));
    assert_eq!(Ok(vec![(card, 500), (gift, 500)]), spread(&mut payment, &refund(13, 1_000)));
    assert_eq!(Ok(vec![(card, 1_000)]), spread(&mut payment, &capture(14, 1_000)));
    assert_eq!(Err(Refusal::NothingLeft), spread(&mut payment, &capture(15, 1)));
    let left = Refusal::MoreThanLeft { asked: money(2_501), left: money(2_500) };
    assert_eq!(Err(left), spread(&mut payment, &refund(16, 2_501)));
    assert_eq!((money(4_000), money(299), money(1_500)), (payment.captured, payment.voided, payment.refunded));
}

#[test]
fn legs_that_are_named_are_drawn_on_first() {
    let mut payment = authorized();
    let named = Order { legs: vec![attempt(1)], ..order(10, OperationKind::Capture, 3_000) };
    assert_eq!(Ok(vec![(attempt(1), 2_299), (attempt(2), 701)]), spread(&mut payment, &named));
    let named = Order { legs: vec![attempt(2)], ..order(11, OperationKind::Refund, 1_000) };
    assert_eq!(Ok(vec![(attempt(2), 701), (attempt(1), 299)]), spread(&mut payment, &named));
}

#[test]
fn what_an_operation_may_yet_take_is_set_aside() {
    let mut payment = authorized();
    let capture = Command::Operate(order(10, OperationKind::Capture, 4_000));
    let sent = does(&mut payment, &[capture]).expect("is sent");
    let left = Refusal::MoreThanLeft { asked: money(300), left: money(299) };
    assert_eq!(Err(left), payment.decide(&Command::Operate(order(11, OperationKind::Void, 300))));
    let Some(Event::OperationSent(first)) = sent.first() else { panic!("nothing was sent") };
    let lost = Command::SettleOperation { operation_id: first.id, outcome: OperationOutcome::Unknown };
    assert_eq!(["operation_unknown"], *names(&does(&mut payment, std::slice::from_ref(&lost)).expect("in doubt")));
    assert_eq!(Ok(vec![]), payment.decide(&lost), "once");
    assert!(payment.decide(&Command::Operate(order(11, OperationKind::Void, 300))).is_err(), "doubt keeps it aside");
    let refused = OperationOutcome::Refused(DeclineReason::AcquirerError);
    does(&mut payment, &[Command::SettleOperation { operation_id: first.id, outcome: refused }]).expect("fails");
    assert!(payment.decide(&Command::Operate(order(11, OperationKind::Void, 300))).is_ok(), "a failure gives it back");
}

#[test]
fn what_never_waits_is_captured_with_the_authorization() {
    let mut payment = Payment::open(terms(3_000, None));
    let bank = Means::Redirect(RedirectMethod::Bank);
    does(&mut payment, &[Command::Tender(vec![leg(1, gift(), 2_000), leg(2, bank, 1_000)])]).expect("begins");
    does(&mut payment, &settle(1, approved(2_000))).expect("goes on");
    let url = "https://acquirer.example.com/".to_owned();
    assert_eq!(
        ["redirected"],
        *names(&does(&mut payment, &settle(2, Outcome::Redirected { url })).expect("leads away"))
    );
    let last = does(&mut payment, &settle(2, approved(1_000))).expect("ends");
    assert_eq!(["authorized", "operation_sent"], *names(&last));
    let Some(Event::OperationSent(taken)) = last.last() else { panic!("nothing was sent") };
    assert_eq!((attempt(2), money(1_000)), (payment.attempt_of(taken).expect("a try"), taken.amount));
    assert!(taken.part.as_ref().is_some_and(|part| part.automatic));
}

#[test]
fn what_is_captured_by_itself_takes_all_there_is() {
    let mut payment = Payment::open(terms(3_000, Some(Duration::ZERO)));
    does(&mut payment, &[Command::Tender(vec![leg(1, gift(), 2_000), leg(2, card(), 1_000)])]).expect("begins");
    does(&mut payment, &settle(1, approved(2_000))).expect("goes on");
    let last = does(&mut payment, &settle(2, approved(1_000))).expect("ends");
    assert_eq!(["authorized", "operation_sent", "operation_sent"], *names(&last));
    let later = Some(Duration::from_secs(60));
    let mut payment = Payment { terms: terms(4_299, later), ..authorized() };
    let due = |due| Command::CaptureByItself { operation_id: operation(91), parts: parts(91), due };
    assert_eq!(Ok(vec![]), payment.decide(&due(false)));
    spread(&mut payment, &order(10, OperationKind::Void, 4_000)).expect("most of it is not wanted");
    assert_eq!(["operation_sent"], *names(&does(&mut payment, &[due(true)]).expect("the rest is taken")));
    let mut voided = Payment { terms: terms(4_299, later), ..authorized() };
    spread(&mut voided, &order(10, OperationKind::Void, 4_299)).expect("none of it is wanted");
    assert_eq!((Ok(vec![]), State::Voided), (voided.decide(&due(true)), voided.state));
}

#[test]
fn what_the_acquirer_forgets_is_written_down_for_each_leg() {
    let mut payment = authorized();
    spread(&mut payment, &order(10, OperationKind::Capture, 2_500)).expect("a part is taken");
    let forgotten = does(&mut payment, &[Command::Lapse]).expect("lapses");
    assert_eq!([Event::Released { attempt_id: attempt(1), amount: money(1_799) }], *forgotten);
    assert_eq!((State::Captured, money(0)), (payment.state, payment.held()));
    let mut untouched = authorized();
    does(&mut untouched, &[Command::Lapse]).expect("lapses");
    assert_eq!((State::Voided, money(0)), (untouched.state, untouched.held()));
}

#[test]
fn a_leg_that_nobody_can_begin_any_more_ends_the_tender() {
    let mut payment = Payment::open(terms(3_000, None));
    does(&mut payment, &[Command::Tender(vec![leg(1, gift(), 2_000), leg(2, card(), 1_000)])]).expect("begins");
    let [approved, ..] = settle(1, approved(2_000));
    let next = Command::NextLeg { deadline: Timestamp::from_seconds(60), begins: false };
    let events = does(&mut payment, &[approved, next]).expect("fails");
    assert_eq!(["authorized", "attempt_refused", "reversal_sent", "cancelled"], *names(&events));
    assert_eq!(State::Cancelled, payment.state);
}

#[test]
fn a_leg_whose_issuer_wants_the_bank_to_ask_goes_on_and_keeps_the_others() {
    let mut payment = Payment::open(terms(3_000, None));
    does(&mut payment, &[Command::Tender(vec![leg(1, gift(), 2_000), leg(2, card(), 1_000)])]).expect("begins");
    does(&mut payment, &settle(1, approved(2_000))).expect("goes on");
    let again = leg(3, card(), 1_000).submission;
    let step_up = Command::StepUp { attempt_id: attempt(2), again };
    let events = does(&mut payment, std::slice::from_ref(&step_up)).expect("goes on");
    assert_eq!(["declined", "tender_begun", "authentication_started"], *names(&events));
    assert_eq!((State::InFlight { attempt_id: attempt(3) }, money(2_000)), (payment.state, payment.held()));
    assert_eq!(Ok(vec![]), payment.decide(&step_up), "once");
    let given_up = Command::GiveUp { attempt_id: attempt(3), failure: crate::AuthenticationFailure::Payer };
    let events = does(&mut payment, &[given_up]).expect("fails");
    assert_eq!(["not_authenticated", "declined", "reversal_sent", "cancelled"], *names(&events));
}

#[test]
fn a_tender_with_a_part_that_goes_nowhere_sends_nothing() {
    let mut payment = Payment::open(terms(3_000, None));
    let refused = RefusedTry {
        attempt_id: attempt(2),
        card: None,
        flow: Flow::HostedPage,
        payer_ip: None,
        reason: DeclineReason::NoAcquirer,
        assessment: None,
    };
    let legs = vec![leg(1, gift(), 2_000), leg(2, card(), 1_000)];
    let events = does(&mut payment, &[Command::RefuseTender(legs, refused)]).expect("is written down");
    assert_eq!(["tender_begun", "attempt_refused", "cancelled"], *names(&events));
    assert_eq!(State::Cancelled, payment.state);
}

#[test]
fn banks_take_back_what_their_cards_paid_and_no_gift() {
    let mut payment = authorized();
    spread(&mut payment, &order(10, OperationKind::Capture, 4_000)).expect("is taken");
    spread(&mut payment, &order(11, OperationKind::Refund, 500)).expect("a part goes back");
    let disputed = does(&mut payment, &[Command::Report(crate::Report::ChargedBack)]).expect("is disputed");
    assert_eq!([Event::ChargedBack { amount: money(1_500) }], *disputed);
    let won = does(&mut payment, &[Command::Report(crate::Report::ChargebackReversed)]).expect("is won");
    assert_eq!([Event::ChargebackReversed { amount: money(1_500) }], *won);
    let mut gifts = Payment::open(terms(2_000, Some(Duration::ZERO)));
    does(&mut gifts, &[Command::Tender(vec![leg(1, gift(), 2_000)])]).expect("begins");
    does(&mut gifts, &settle(1, approved(2_000))).expect("pays");
    let captured = gifts.operations.iter().map(|operation| operation.id).collect::<Vec<_>>();
    for operation_id in captured {
        does(&mut gifts, &[Command::SettleOperation { operation_id, outcome: OperationOutcome::Done }]).expect("taken");
    }
    assert!(does(&mut gifts, &[Command::Report(crate::Report::ChargedBack)]).is_err());
}

/// What every command does to a tender in every state, one line each: read the diff when it changes.
#[test]
fn matrix() {
    let begun = |terms: Terms| {
        let mut payment = Payment::open(terms);
        let legs = vec![leg(1, card(), 2_299), leg(2, gift(), 2_000)];
        does(&mut payment, &[Command::Tender(legs)]).expect("begins");
        payment
    };
    let then = |mut payment: Payment, commands: &[Command]| {
        does(&mut payment, commands).expect("happens");
        payment
    };
    let plain = || terms(4_299, None);
    let half = || then(begun(plain()), &settle(2, approved(2_000)));
    let operate = |number, kind, amount| Command::Operate(order(number, kind, amount));
    let done =
        |number: u128| Command::SettleOperation { operation_id: operation(number), outcome: OperationOutcome::Done };
    let captured = || {
        let all = [operate(10, OperationKind::Capture, 4_299), done(10_000), done(10_001)];
        then(authorized(), &all)
    };
    let states = [
        ("open", Payment::open(plain())),
        ("first leg in flight", begun(plain())),
        ("last leg in flight", half()),
        ("last leg in doubt", then(half(), &settle(1, Outcome::Unknown))),
        ("last leg on the acquirer's page", then(half(), &settle(1, Outcome::Redirected { url: String::new() }))),
        ("last leg being undone", then(half(), &[Command::Reverse { attempt_id: attempt(1) }])),
        ("failed, first leg being undone", then(half(), &settle(1, declined()))),
        ("ended by the payer", then(half(), &[Command::EndTender(Party::Payer)])),
        ("authorized", authorized()),
        (
            "authorized, to be captured later",
            Payment { terms: terms(4_299, Some(Duration::from_secs(60))), ..authorized() },
        ),
        ("a part being captured", then(authorized(), &[operate(10, OperationKind::Capture, 2_500)])),
        ("a part voided", then(authorized(), &[operate(10, OperationKind::Void, 299), done(10_000)])),
        ("all voided", then(authorized(), &[operate(10, OperationKind::Void, 4_299), done(10_000), done(10_001)])),
        ("captured", captured()),
        ("a part being refunded", then(captured(), &[operate(11, OperationKind::Refund, 2_500)])),
        ("charged back", then(captured(), &[Command::Report(crate::Report::ChargedBack)])),
    ];
    let legs = || vec![leg(3, card(), 2_299), leg(4, gift(), 2_000)];
    let settles = |number, outcome| Command::Settle { attempt_id: attempt(number), outcome };
    let commands: [(&str, Command); 24] = [
        ("tender", Command::Tender(legs())),
        ("another try", Command::Submit(leg(5, card(), 4_299).submission)),
        ("end", Command::EndTender(Party::Merchant)),
        ("cancel", Command::Cancel),
        ("pass due", Command::PassDue),
        ("next leg", Command::NextLeg { deadline: Timestamp::from_seconds(60), begins: true }),
        ("next leg is forgotten", Command::NextLeg { deadline: Timestamp::from_seconds(60), begins: false }),
        ("step up the card", Command::StepUp { attempt_id: attempt(1), again: leg(6, card(), 2_299).submission }),
        ("card approved", settles(1, approved(2_299))),
        ("card approved by half", settles(1, approved(1_149))),
        ("card declined", settles(1, declined())),
        ("card unknown", settles(1, Outcome::Unknown)),
        ("card undone", settles(1, Outcome::ReversalAcknowledged)),
        ("gift approved", settles(2, approved(2_000))),
        ("gift undone", settles(2, Outcome::ReversalAcknowledged)),
        ("reverse the card", Command::Reverse { attempt_id: attempt(1) }),
        ("capture 4299", operate(20, OperationKind::Capture, 4_299)),
        ("capture 1", operate(20, OperationKind::Capture, 1)),
        ("void 1", operate(20, OperationKind::Void, 1)),
        ("refund 1", operate(20, OperationKind::Refund, 1)),
        ("captures by itself", Command::CaptureByItself { operation_id: operation(21), parts: parts(21), due: false }),
        ("captures when due", Command::CaptureByItself { operation_id: operation(21), parts: parts(21), due: true }),
        ("lapse", Command::Lapse),
        ("charge back", Command::Report(crate::Report::ChargedBack)),
    ];
    let mut matrix = String::new();
    for (name, payment) in states {
        writeln!(matrix, "{name}").expect("writes");
        for (words, command) in &commands {
            let result = match payment.decide(command) {
                Err(refusal) => format!("no: {refusal}"),
                Ok(events) if events.is_empty() => "nothing".into(),
                Ok(events) => names(&events).join(" + "),
            };
            writeln!(matrix, "    {words:<22} {result}").expect("writes");
        }
    }
    insta::assert_snapshot!(matrix);
}

#[derive(Debug, Clone)]
enum Step {
    Settle(usize, Outcome),
    Operate(OperationKind, Option<i64>, Option<usize>),
    SettleOperation(usize, OperationOutcome),
    Plain(Command),
}

fn any_means() -> impl Strategy<Value = Means> {
    prop_oneof![
        Just(card()),
        Just(Means::Redirect(RedirectMethod::Wallet)),
        Just(Means::Redirect(RedirectMethod::PayLater)),
        Just(Means::Redirect(RedirectMethod::Bank)),
    ]
}

fn any_legs() -> impl Strategy<Value = Vec<Leg>> {
    let gifts = proptest::collection::vec(1_i64..5_000, 0..9);
    (gifts, proptest::option::of((any_means(), 1_i64..5_000)), any::<prop::sample::Index>()).prop_filter_map(
        "a tender has a leg",
        |(gifts, primary, place)| {
            let mut legs: Vec<(Means, i64)> = gifts.into_iter().map(|amount| (gift(), amount)).collect();
            if let Some(primary) = primary {
                legs.insert(place.index(legs.len() + 1), primary);
            }
            let legs = (1..).zip(legs).map(|(number, (means, amount))| leg(number, means, amount));
            Some(legs.collect::<Vec<_>>()).filter(|legs| !legs.is_empty())
        },
    )
}

fn any_step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        8 => Just(approved(0)),
        1 => Just(declined()),
        1 => Just(Outcome::Pending),
        1 => Just(Outcome::Redirected { url: String::new() }),
        1 => Just(Outcome::Unknown),
        2 => Just(Outcome::ReversalAcknowledged),
    ];
    let kind = prop_oneof![Just(OperationKind::Capture), Just(OperationKind::Void), Just(OperationKind::Refund)];
    let done = prop_oneof![
        4 => Just(OperationOutcome::Done),
        1 => Just(OperationOutcome::Pending),
        1 => Just(OperationOutcome::Unknown),
        1 => Just(OperationOutcome::Refused(DeclineReason::AcquirerError)),
    ];
    let attempt_id = attempt(1);
    prop_oneof![
        10 => (0_usize..10, outcome).prop_map(|(leg, outcome)| Step::Settle(leg, outcome)),
        8 => (kind, proptest::option::of(1_i64..9_000), proptest::option::of(0_usize..10))
            .prop_map(|(kind, amount, first)| Step::Operate(kind, amount, first)),
        10 => (0_usize..40, done).prop_map(|(number, outcome)| Step::SettleOperation(number, outcome)),
        1 => Just(Step::Plain(Command::EndTender(Party::Payer))),
        1 => Just(Step::Plain(Command::Lapse)),
        1 => Just(Step::Plain(Command::PassDue)),
        1 => Just(Step::Plain(Command::Reverse { attempt_id })),
        1 => any::<bool>().prop_map(|begins| {
            Step::Plain(Command::NextLeg { deadline: Timestamp::from_seconds(9), begins })
        }),
        1 => Just(Step::Plain(Command::CaptureByItself { operation_id: operation(95), parts: parts(95), due: true })),
    ]
}

proptest! {
    #[test]
    fn money_holds_on_every_leg_under_any_commands(
        legs in any_legs(),
        steps in proptest::collection::vec(any_step(), 0..80),
        captured_after in proptest::option::of(0_u64..2),
    ) {
        let total = legs.iter().filter_map(Leg::amount).map(Money::minor).sum();
        let terms = terms(total, captured_after.map(Duration::from_secs));
        let mut journal = vec![Event::Opened(terms.clone())];
        let mut payment = Payment::open(terms);
        journal.extend(does(&mut payment, &[Command::Tender(legs.clone())]).expect("adds up"));
        for (number, step) in (100_u128..).zip(steps) {
            let commands = match step {
                Step::Settle(place, outcome) => {
                    let leg = &legs[place % legs.len()];
                    let attempt_id = leg.submission.attempt_id;
                    let outcome = match outcome {
                        Outcome::Approved { .. } => approved(leg.amount().expect("a part").minor()),
                        other => other,
                    };
                    let number = u128::try_from(place % legs.len()).expect("small") + 1;
                    let is_begun = payment.attempt(attempt_id).is_ok();
                    let mut commands = if is_begun { settle(number, outcome).to_vec() } else { vec![] };
                    // Ids of operations are made fresh.
                    if !payment.operations.is_empty() {
                        commands.truncate(2);
                    }
                    commands
                }
                Step::Operate(kind, amount, first) => {
                    let named = first.map(|place| legs[place % legs.len()].submission.attempt_id);
                    let amount = amount.map(money);
                    vec![Command::Operate(Order { amount, legs: named.into_iter().collect(), ..order(number, kind, 0) })]
                }
                Step::SettleOperation(place, outcome) => match payment.operations.len() {
                    0 => vec![],
                    many => {
                        let operation_id = payment.operations[place % many].id;
                        vec![Command::SettleOperation { operation_id, outcome }]
                    }
                },
                Step::Plain(Command::CaptureByItself { due, .. }) => {
                    vec![Command::CaptureByItself { operation_id: operation(number), parts: parts(number), due }]
                }
                Step::Plain(command) => vec![command],
            };
            for command in commands {
                let before = payment.clone();
                let Ok(events) = payment.decide(&command) else { continue };
                let asked = match &command {
                    Command::Operate(Order { amount: Some(amount), .. }) => Some(*amount),
                    _ => None,
                };
                if let Some(asked) = asked {
                    let spread: i64 = events.iter().map(|event| match event {
                        Event::OperationSent(operation) => operation.amount.minor(),
                        _ => 0,
                    }).sum();
                    prop_assert_eq!(asked.minor(), spread, "the parts are the whole");
                }
                for event in events {
                    payment.apply(&event);
                    journal.push(event);
                }
                prop_assert!(payment.version >= before.version);
            }
            let fold = |of: fn(&Attempt) -> Money| payment.attempts.iter().map(|attempt| of(attempt).minor()).sum::<i64>();
            prop_assert_eq!(payment.authorized.minor(), fold(|attempt| attempt.authorized), "legs make up the payment");
            prop_assert_eq!(payment.captured.minor(), fold(|attempt| attempt.captured));
            prop_assert_eq!(payment.voided.minor(), fold(|attempt| attempt.voided));
            prop_assert_eq!(payment.refunded.minor(), fold(|attempt| attempt.refunded));
            for attempt in &payment.attempts {
                let Attempt { authorized, captured, voided, refunded, amount, .. } = attempt;
                prop_assert!(authorized.minor() <= amount.minor(), "I2 per leg");
                prop_assert!(captured.minor() + voided.minor() <= authorized.minor(), "I2 per leg");
                prop_assert!(refunded.minor() <= captured.minor(), "I2 per leg");
                let aside = |wanted: &[OperationKind]| payment
                    .pending_operations()
                    .filter(|operation| wanted.contains(&operation.kind))
                    .filter(|operation| payment.attempt_of(operation) == Ok(attempt.id))
                    .map(|operation| operation.amount.minor())
                    .sum::<i64>();
                let holds = aside(&[OperationKind::Capture, OperationKind::Void]);
                prop_assert!(holds <= attempt.held().minor() || payment.pending_operations().count() == 0, "4.4");
                prop_assert!(aside(&[OperationKind::Refund]) <= attempt.refundable().minor(), "4.4");
            }
            let is_paid = matches!(payment.state, State::Authorized | State::Captured | State::Voided);
            let all = legs.iter().all(|leg| payment.is_approved(leg.submission.attempt_id));
            prop_assert!(!is_paid || all, "authorized with every leg, or not at all");
            if payment.state == State::Cancelled {
                let kept = payment.attempts.iter().any(|attempt| attempt.status == AttemptStatus::Approved);
                prop_assert!(!kept && payment.captured.is_zero(), "what came to nothing keeps nothing");
            }
            let folded = Payment::fold(&journal);
            prop_assert_eq!(Some(&payment), folded.as_ref(), "I7");
        }
        let balance = |account, layer| -> i64 {
            let postings = journal.iter().flat_map(ledger::postings);
            postings.filter(|p| p.account == account && p.layer == layer).map(|p| p.amount).sum()
        };
        prop_assert_eq!(payment.held().minor(), balance(Account::Acquirer, Layer::Pending));
        prop_assert_eq!(-payment.captured.minor(), balance(Account::Merchant, Layer::Posted));
        prop_assert_eq!(payment.refunded.minor(), balance(Account::Refunded, Layer::Posted));
    }
}
