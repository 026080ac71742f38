use proptest::prelude::*;

use super::*;
use crate::ids::{AttemptId, OperationId};
use crate::ledger;
use crate::money::Fees;
use crate::payment::{CaptureMode, Terms};

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).expect("a currency")).expect("not negative")
}

fn myr(minor: i64) -> Money {
    money(minor, "MYR")
}

fn payment(captures: &[i64]) -> Payment {
    let mut payment = Payment::open(Terms {
        payment_id: PaymentId::new(Uuid::from_u128(1)),
        merchant_id: MerchantId::new(Uuid::from_u128(2)),
        mode: Mode::Test,
        checkout_id: CheckoutId::new(Uuid::from_u128(3)),
        amount: myr(captures.iter().sum()),
        capture: CaptureMode::Manual,
        due: None,
        single_attempt: false,
        save_card: false,
        hold_max: None,
        captured_after: None,
        fees: Fees::default(),
    });
    let attempt_id = AttemptId::new(Uuid::from_u128(100));
    for (number, amount) in (101..).zip(captures) {
        let operation_id = Some(OperationId::new(Uuid::from_u128(number)));
        payment.apply(&Event::Captured { attempt_id, operation_id, amount: myr(*amount), fee: myr(0) });
    }
    payment
}

fn refund(number: u128, amount: i64) -> Event {
    Event::Refunded { operation_id: OperationId::new(Uuid::from_u128(number)), amount: myr(amount) }
}

fn paid(kind: LineKind, number: u128, amount: Money, fee: i64) -> Paid {
    let fee = Money::new(fee, amount.currency()).expect("not negative");
    Paid { kind, reference: Uuid::from_u128(number), amount, fee, at: LineOf { file: "F-1".to_owned(), line: 1 } }
}

/// A payment, and what its postings come to.
struct Books {
    payment: Payment,
    postings: Vec<Posting>,
}

impl Books {
    fn of(payment: Payment) -> Self {
        Self { payment, postings: vec![] }
    }

    fn happen(&mut self, events: &[Event]) {
        for event in events {
            let postings = ledger::postings(event);
            assert_eq!(0, postings.iter().map(|posting| posting.amount).sum::<i64>(), "I1: {event:?}");
            self.postings.extend(postings);
            self.payment.apply(event);
        }
    }

    fn run(&mut self, command: &Command) -> String {
        match self.payment.decide(command) {
            Ok(events) => {
                self.happen(&events);
                events.iter().map(Event::name).collect::<Vec<_>>().join(" ")
            }
            Err(refusal) => refusal.to_string(),
        }
    }

    fn balance(&self, account: Account) -> i64 {
        self.postings.iter().filter(|posting| posting.account == account).map(|posting| posting.amount).sum()
    }
}

#[test]
fn a_line_settles_what_no_report_told() {
    let mut books = Books::of(payment(&[600, 400]));
    let capture = |number, amount| Command::Match(paid(LineKind::Capture, number, myr(amount), 6));
    assert_eq!("cleared settled matched", books.run(&capture(101, 600)));
    assert_eq!((594, 6), (books.balance(Account::Bank), books.balance(Account::AcquirerFees)));
    assert_eq!("settled", books.run(&Command::Report(Report::Settled)), "the other capture");
    assert_eq!("matched", books.run(&capture(102, 400)), "it was told before");
    assert_eq!((988, -1_000), (books.balance(Account::Bank), books.balance(Account::Acquirer)));
    assert_eq!("", books.run(&Command::Report(Report::Settled)), "nothing is left");
    assert_eq!("cannot match when captured", books.run(&capture(102, 400)));
}

/// A report that knew of the refund paid less than the capture's line says: that is no second settlement to tell of.
#[test]
fn a_refund_before_the_files_is_told_once() {
    let mut books = Books::of(payment(&[1_000]));
    books.happen(&[refund(201, 300)]);
    assert_eq!("settled", books.run(&Command::Report(Report::Settled)));
    assert_eq!(700, books.balance(Account::Bank));
    assert_eq!("cleared matched", books.run(&Command::Match(paid(LineKind::Capture, 101, myr(1_000), 0))));
    assert_eq!(1_000, books.balance(Account::Bank));
    assert_eq!("matched", books.run(&Command::Match(paid(LineKind::Refund, 201, myr(300), 0))));
    assert_eq!((700, 0), (books.balance(Account::Bank), books.payment.ahead.minor()));
}

#[test]
fn a_chargeback_may_be_news() {
    let mut books = Books::of(payment(&[1_000]));
    let line = |kind| Command::Match(paid(kind, 101, myr(1_000), 0));
    for (kind, events) in [
        (LineKind::Chargeback, "charged_back matched"),
        (LineKind::Chargeback, "cannot match when charged_back"),
        (LineKind::ChargebackReversal, "chargeback_reversed matched"),
        (LineKind::ChargebackReversal, "cannot match when captured"),
        (LineKind::Chargeback, "charged_back matched"),
        (LineKind::Capture, "matched"),
    ] {
        assert_eq!(events, books.run(&line(kind)), "{kind:?}");
    }
    assert_eq!(
        (0, -1_000),
        (books.balance(Account::Bank), books.balance(Account::Acquirer) + books.balance(Account::Bank))
    );
}

#[test]
fn a_line_is_judged_by_kind_reference_amount_and_currency() {
    let mut payment = payment(&[600, 400]);
    let judge = |payment: &Payment, kind, number, amount| payment.judge(&paid(kind, number, amount, 0));
    assert_eq!(Judgement::Fits, judge(&payment, LineKind::Capture, 101, myr(600)));
    assert_eq!(Judgement::OtherAmount(myr(600)), judge(&payment, LineKind::Capture, 101, myr(599)));
    assert_eq!(Judgement::OtherCurrency(myr(600)), judge(&payment, LineKind::Capture, 101, money(600, "USD")));
    assert_eq!(Judgement::Unknown, judge(&payment, LineKind::Capture, 100, myr(600)), "the try took nothing itself");
    assert_eq!(Judgement::Unknown, judge(&payment, LineKind::Refund, 101, myr(600)));
    assert_eq!(Judgement::Unknown, judge(&payment, LineKind::ChargebackReversal, 101, myr(600)));
    let adjust = Command::Adjust {
        difference_id: DifferenceId::new(Uuid::from_u128(9)),
        reference: Uuid::from_u128(101),
        paid: 0,
        remedy: Remedy::WriteOff,
    };
    for event in payment.decide(&adjust).expect("open") {
        payment.apply(&event);
    }
    assert_eq!(Judgement::Adjusted, judge(&payment, LineKind::Capture, 101, myr(600)));
    assert!(payment.decide(&adjust).is_err(), "once");
}

/// What the gap of each difference is, and where it goes.
#[test]
fn a_difference_is_settled_by_postings_that_balance() {
    for (paid, ahead, expected) in [
        // What the bank gets, what the acquirer owes less, what is lost.
        (0, 0, (0, -1_000, 1_000)),
        (900, 0, (900, -1_000, 100)),
        (1_100, 0, (1_100, -1_000, -100)),
        (0, 1_000, (-1_000, 0, 1_000)),
    ] {
        let mut books = Books::of(payment(&[1_000]));
        if ahead > 0 {
            books.run(&Command::Report(Report::Settled));
        }
        let before = (books.balance(Account::Bank), books.balance(Account::Acquirer));
        let (reference, remedy) = (Uuid::from_u128(101), Remedy::WriteOff);
        let difference_id = DifferenceId::new(Uuid::from_u128(9));
        assert_eq!("adjusted", books.run(&Command::Adjust { difference_id, reference, paid, remedy }));
        let bank = books.balance(Account::Bank) - before.0;
        let acquirer = books.balance(Account::Acquirer) - before.1;
        assert_eq!(expected, (bank, acquirer, books.balance(Account::WrittenOff)), "{paid} {ahead}");
    }
}

fn suspended() -> Found {
    Found {
        kind: DifferenceKind::Extra,
        about: LineKind::Capture,
        reference: "unknown".to_owned(),
        payment: None,
        day: Timestamp::from_seconds(0),
        currency: Currency::parse("MYR").expect("a currency"),
        ours: None,
        theirs: Some(myr(500)),
        paid: 490,
        suspended: true,
        line: Some(LineOf { file: "F-1".to_owned(), line: 1 }),
    }
}

#[test]
fn what_nobody_owns_is_owned_by_who_settles_it_and_ends_once() {
    let found = suspended();
    let mut difference = Difference::new(DifferenceId::new(Uuid::from_u128(9)), Mode::Test, found.clone(), found.day);
    let events = difference.settle(Remedy::Receivable, "ada", "they will take it back", false).expect("open");
    events.iter().for_each(|event| difference.apply(event));
    assert_eq!(
        (DifferenceState::Settled, Some("ada"), 3),
        (difference.state(), difference.owner.as_deref(), difference.version)
    );
    assert_eq!(None, difference.own("bob"));
    assert_eq!(None, difference.settle(Remedy::WriteOff, "bob", "again", false));
    let first = DifferenceEvent::Found(Box::new(found.clone()));
    let journal: Vec<_> = [first].into_iter().chain(events).map(|event| (found.day, event)).collect();
    assert_eq!(Some(difference.clone()), Difference::fold(difference.id, difference.mode, journal.clone()));
    let ended = journal.clone().into_iter().chain([(found.day, DifferenceEvent::Explained { line: None })]);
    assert_eq!(None, Difference::fold(difference.id, difference.mode, ended), "nothing follows the end");
    let balance = |account| -> i64 {
        let postings = journal.iter().flat_map(|(_, event)| event.postings(&found));
        postings.filter(|posting| posting.account == account).map(|posting| posting.amount).sum()
    };
    let balances = [Account::Bank, Account::Suspense, Account::Claimed].map(balance);
    assert_eq!([490, 0, -490], balances, "the bank keeps it, and we owe it");
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Refund(i64),
    Report,
    Line { movement: usize, fee: i64 },
    Chargeback(bool),
    Adjust { movement: usize, paid: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..200).prop_map(Step::Refund),
        Just(Step::Report),
        (0_usize..6, 0_i64..5).prop_map(|(movement, fee)| Step::Line { movement, fee }),
        any::<bool>().prop_map(Step::Chargeback),
        (0_usize..6, -50_i64..500).prop_map(|(movement, paid)| Step::Adjust { movement, paid }),
    ]
}

proptest! {
    /// Whatever comes in whatever order: the bank has what lines paid and what reports told ahead of them.
    #[test]
    fn the_bank_is_lines_and_what_was_told_ahead(
        captures in proptest::collection::vec(1_i64..500, 1..4),
        steps in proptest::collection::vec(any_step(), 0..20),
    ) {
        let mut books = Books::of(payment(&captures));
        let mut lines = 0;
        for (number, step) in (1_000_u128..).zip(steps) {
            let movement = |at: usize| books.payment.movements.get(at).cloned();
            match step {
                Step::Refund(amount) if amount <= books.payment.refundable().minor() => {
                    books.happen(&[refund(number, amount)]);
                }
                Step::Refund(_) => {}
                Step::Report => {
                    books.run(&Command::Report(Report::Settled));
                }
                Step::Line { movement: at, fee } => {
                    let Some(Movement { kind, reference, amount, .. }) = movement(at) else { continue };
                    let line = paid(kind, reference.as_u128(), amount, fee.min(amount.minor()));
                    let net = line.net();
                    let fits = books.payment.judge(&line) == Judgement::Fits;
                    let events = books.run(&Command::Match(line));
                    prop_assert_eq!(fits, events.ends_with("matched"), "{}", events);
                    lines += if fits { net } else { 0 };
                }
                Step::Chargeback(reversed) => {
                    let kind = if reversed { LineKind::ChargebackReversal } else { LineKind::Chargeback };
                    let line = paid(kind, 101, books.payment.disputable(), 0);
                    let net = line.net();
                    let events = books.run(&Command::Match(line));
                    lines += if events.ends_with("matched") { net } else { 0 };
                }
                Step::Adjust { movement: at, paid } => {
                    let Some(Movement { reference, .. }) = movement(at) else { continue };
                    let (difference_id, remedy) = (DifferenceId::new(Uuid::from_u128(number)), Remedy::WriteOff);
                    let events = books.run(&Command::Adjust { difference_id, reference, paid, remedy });
                    lines += if events == "adjusted" { paid } else { 0 };
                }
            }
            prop_assert_eq!(lines + books.payment.ahead.minor(), books.balance(Account::Bank));
        }
    }
}
