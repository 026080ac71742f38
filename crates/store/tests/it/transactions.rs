//! What merchants have and turned over, against a count of its own over their journals.

use std::collections::BTreeMap;

use domain::{
    Brand, BrandId, CaptureMode, CardSummary, Command, Currency, Event, Fees, Flow, Means, Mode, Money, OperationId,
    OperationKind, OperationOutcome, Order, Outcome, Payment, Recorded, Report, Reserve, Submission, Terms, Timestamp,
    TransactionKind,
};
use proptest::prelude::*;
use store::{Changeset, CheckoutRecord, Filter, MerchantBalance, Range, Stands, StatementFilter, StatementLine, Store};
use uuid::Uuid;

use crate::samples::{
    MERCHANT, OTHER, approved, at, attempt_id, card, change, checkout, done, open, opening_with, payment_id,
    submission, terms,
};

const DAY: i64 = 86_400;
const LATER: i64 = 400 * DAY;

fn brand(number: u8) -> BrandId {
    BrandId::new(Uuid::from_u128(0xB00 + u128::from(number)))
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// What somebody does with a payment that was authorized, and how much of what is possible, in per cent.
#[derive(Debug, Clone, Copy)]
enum Step {
    Capture(i64),
    Refund(i64),
    ChargeBack,
    Reverse,
}

/// A payment, and what becomes of it: each step a day or more after the one before.
#[derive(Debug, Clone)]
struct Life {
    brand: u8,
    currency: &'static str,
    amount: i64,
    fees: Fees,
    flow: Flow,
    card: Brand,
    by_token: bool,
    country: &'static str,
    marked: bool,
    steps: Vec<(i64, Step)>,
}

prop_compose! {
    fn lives()(
        brand in 0_u8..3,
        currency in prop::sample::select(vec!["MYR", "EUR", "JPY"]),
        amount in 1_i64..100_000,
        points in 0_u32..500,
        fixed in 0_u32..50,
        reserve in prop::sample::select(vec![0_u32, 1_000, 2_500]),
        days in 1_u32..6,
        flow in prop::sample::select(vec![Flow::HostedPage, Flow::DirectPost, Flow::Api]),
        card in prop::sample::select(vec![Brand::Visa, Brand::Mastercard]),
        country in prop::sample::select(vec!["MY", "SE"]),
        marked in prop::bool::weighted(0.1),
        steps in prop::collection::vec((1_i64..4, prop_oneof![
            4 => (1_i64..=100).prop_map(Step::Capture),
            3 => (1_i64..=100).prop_map(Step::Refund),
            1 => Just(Step::ChargeBack),
            1 => Just(Step::Reverse),
        ]), 0..7),
    ) -> Life {
        let fees = Fees { basis_points: points, fixed, reserve: Reserve { basis_points: reserve, days } };
        Life { brand, currency, amount, fees, flow, card, by_token: flow == Flow::Api, country, marked, steps }
    }
}

impl Life {
    /// A payment of 1000 MYR by a visa card on our page, captured at once.
    fn plain() -> Self {
        Self {
            brand: 0,
            currency: "MYR",
            amount: 1_000,
            fees: Fees::default(),
            flow: Flow::HostedPage,
            card: Brand::Visa,
            by_token: false,
            country: "MY",
            marked: false,
            steps: vec![(0, Step::Capture(100))],
        }
    }

    async fn lived(&self, store: &Store, number: u128) -> Payment {
        self.lived_by(store, number, |_| {}).await
    }

    /// Lives it, with a checkout of its own.
    async fn lived_by(&self, store: &Store, number: u128, edit: impl FnOnce(&mut domain::Checkout)) -> Payment {
        let amount = Money::new(self.amount, currency(self.currency)).expect("not negative");
        let terms = Terms { amount, fees: self.fees, capture: CaptureMode::Manual, due: None, ..terms(number) };
        let (mut opened, mut payment) = opening_with(&terms);
        let mut bought = domain::Checkout { brand_id: brand(self.brand), asks_details: vec![], ..checkout(number) };
        edit(&mut bought);
        opened.checkout = Some(Box::new(CheckoutRecord { checkout: bought, document: "{}".to_owned() }));
        self.write(store, opened).await;
        if self.marked {
            return self.step(store, payment, &Command::MarkPaid(at(1)), 1).await;
        }
        let means = Means::Card {
            card: CardSummary { brand: self.card, ..card() },
            card_id: domain::CardId::new(Uuid::from_u128(0xCA)),
        };
        let token = self.by_token.then(|| crate::samples::checkout_id(number));
        let submitted = Submission { means, token, flow: self.flow, ..submission(number) };
        payment = self.step(store, payment, &Command::Submit(submitted), 1).await;
        let Outcome::Approved { acquirer_reference, mut facts, .. } = approved() else { unreachable!() };
        self.country.clone_into(&mut facts.country);
        let outcome = Outcome::Approved { amount, acquirer_reference, facts };
        payment = self.step(store, payment, &Command::Settle { attempt_id: attempt_id(number), outcome }, 2).await;
        let mut seconds = 3;
        for (number, (days, step)) in (0_u128..).zip(&self.steps) {
            seconds += days * DAY;
            let share = |of: Money, per_cent: i64| Money::new((of.minor() * per_cent + 99) / 100, of.currency());
            let (kind, most) = match step {
                Step::Capture(share) => (OperationKind::Capture, (payment.held(), *share)),
                Step::Refund(share) => (OperationKind::Refund, (payment.refundable(), *share)),
                Step::ChargeBack => {
                    payment = self.step(store, payment, &Command::Report(Report::ChargedBack), seconds).await;
                    continue;
                }
                Step::Reverse => {
                    payment = self.step(store, payment, &Command::Report(Report::ChargebackReversed), seconds).await;
                    continue;
                }
            };
            let operation_id =
                OperationId::new(Uuid::from_u128(payment.terms.payment_id.uuid().as_u128() << 8 | number));
            let order = Order { amount: share(most.0, most.1), keeps_rest: true, ..Order::new(operation_id, kind) };
            payment = self.step(store, payment, &Command::Operate(order), seconds).await;
            let settle = Command::SettleOperation { operation_id, outcome: OperationOutcome::Done };
            payment = self.step(store, payment, &settle, seconds).await;
        }
        payment
    }

    /// What the payment does not allow, is not done.
    async fn step(&self, store: &Store, payment: Payment, command: &Command, seconds: i64) -> Payment {
        if payment.decide(command).is_ok_and(|events| !events.is_empty()) {
            let (change, payment) = change(&payment, command, seconds);
            self.write(store, change).await;
            return payment;
        }
        payment
    }

    async fn write(&self, store: &Store, mut change: Changeset) {
        if let Some(payment) = &mut change.payment {
            payment.brand_id = brand(self.brand);
        }
        done(store, change).await;
    }

    /// What the journal says of it before a moment: gross, fees, and what is kept back then.
    fn counted(&self, history: &[Recorded], before: Timestamp) -> (i64, i64, i64) {
        let (mut gross, mut fees) = (0, 0);
        let (mut captures, mut given_back, mut disputed) = (vec![], 0, 0);
        for recorded in history.iter().filter(|recorded| recorded.at < before) {
            match &recorded.event {
                Event::Captured { amount, fee, .. } => {
                    gross += amount.minor();
                    fees += fee.minor();
                    captures.push((recorded.at, amount.minor(), fee.minor()));
                }
                Event::Refunded { amount, .. } => {
                    gross -= amount.minor();
                    given_back += amount.minor();
                }
                Event::ChargedBack { amount } => {
                    gross -= amount.minor();
                    disputed = amount.minor();
                }
                Event::ChargebackReversed { amount } => {
                    gross += amount.minor();
                    disputed = 0;
                }
                _ => {}
            }
        }
        let mut gone = given_back + disputed;
        let mut reserved = 0;
        for (captured_at, amount, fee) in captures {
            let taken = gone.min(amount);
            gone -= taken;
            let left = amount - taken;
            let lasts = i64::from(self.fees.reserve.days) * DAY;
            if captured_at.seconds() + lasts > before.seconds() {
                let share = (left * i64::from(self.fees.reserve.basis_points) + 5_000) / 10_000;
                reserved += share.min((left - fee).max(0));
            }
        }
        (gross, fees, reserved)
    }
}

async fn balances(store: &Store, filter: Filter, before: Option<Timestamp>, now: Timestamp) -> Vec<MerchantBalance> {
    store.merchant_balances(MERCHANT, Mode::Test, filter, before, now).await.expect("readable")
}

fn of_brand(number: u8) -> Filter {
    Filter { brands: Some(vec![brand(number)]), ..Filter::default() }
}

type Books = BTreeMap<Currency, (i64, i64, i64)>;

fn books(balances: Vec<MerchantBalance>) -> Books {
    let amounts = |balance: MerchantBalance| (balance.currency, (balance.gross, balance.fees, balance.reserved));
    balances.into_iter().map(amounts).filter(|(_, amounts)| *amounts != (0, 0, 0)).collect()
}

fn add(books: &mut Books, currency: Currency, (gross, fees, reserved): (i64, i64, i64)) {
    let sum = books.entry(currency).or_default();
    *sum = (sum.0 + gross, sum.1 + fees, sum.2 + reserved);
}

fn without_nothing(mut books: Books) -> Books {
    books.retain(|_, amounts| *amounts != (0, 0, 0));
    books
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn balances_are_what_the_journals_say_and_brands_add_up(all in prop::collection::vec(lives(), 1..10), cut in 0_i64..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(agree(&all, cut));
    }
}

async fn agree(all: &[Life], cut: i64) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let mut histories = vec![];
    for (number, life) in (1_u128..).zip(all) {
        life.lived(&store, number).await;
        histories.push(store.history(MERCHANT, Mode::Test, payment_id(number)).await.expect("readable"));
    }
    let (cut, later) = (at(cut * DAY), at(LATER));
    for before in [cut, later] {
        let (mut whole, mut by_brand) = (Books::new(), vec![Books::new(); 3]);
        for (life, history) in all.iter().zip(&histories) {
            let counted = life.counted(history, before);
            add(&mut whole, currency(life.currency), counted);
            add(&mut by_brand[usize::from(life.brand)], currency(life.currency), counted);
        }
        let found = books(balances(&store, Filter::default(), Some(before), later).await);
        assert_eq!(without_nothing(whole.clone()), found, "as of {before:?}");
        let mut sum = Books::new();
        for (number, expected) in (0_u8..).zip(by_brand) {
            let found = books(balances(&store, of_brand(number), Some(before), later).await);
            assert_eq!(without_nothing(expected), found, "brand {number} as of {before:?}");
            found.into_iter().for_each(|(currency, amounts)| add(&mut sum, currency, amounts));
        }
        assert_eq!(found, without_nothing(sum), "the brands add up to the whole");
    }
    // The balances of the ledger, and every transaction added up, say the same.
    let now = books(balances(&store, Filter::default(), None, later).await);
    assert_eq!(books(balances(&store, Filter::default(), Some(later), later).await), now);
    for code in ["MYR", "EUR", "JPY"] {
        let filter = Filter { currencies: Some(vec![currency(code)]), ..Filter::default() };
        let turned = |range| store.turnover(MERCHANT, Mode::Test, filter.clone(), range);
        let first = turned(Range { from: None, to: Some(cut) }).await.expect("readable");
        let second = turned(Range { from: Some(cut), to: None }).await.expect("readable");
        let (gross, fees, _) = now.get(&currency(code)).copied().unwrap_or_default();
        let net = |turnover: store::Turnover| turnover.incoming.amount - turnover.outgoing.amount;
        assert_eq!(gross, net(first) + net(second), "{code}");
        assert_eq!(fees, first.incoming.fees + second.incoming.fees, "{code}");
        assert_eq!(0, first.outgoing.fees + second.outgoing.fees);
    }
    let (lines, counted) = (lines(&store, StatementFilter::default()).await, histories.iter().flatten());
    let moved = counted.filter(|recorded| {
        matches!(
            recorded.event,
            Event::Captured { .. }
                | Event::Refunded { .. }
                | Event::ChargedBack { .. }
                | Event::ChargebackReversed { .. }
                | Event::MarkedPaid { .. }
        )
    });
    assert_eq!(moved.count(), lines.len(), "a line for each movement");
    for (code, (gross, fees, _)) in now {
        let of = lines.iter().filter(|line| line.transaction.currency == code);
        assert_eq!(gross - fees, of.map(|line| line.transaction.net()).sum::<i64>(), "the lines add up to the balance");
    }
    let report = Store::audit_dir(dir.path()).expect("readable");
    assert_eq!(Vec::<String>::new(), report.broken);
}

/// Every line, three at a time.
async fn lines(store: &Store, filter: StatementFilter) -> Vec<StatementLine> {
    let (mut all, mut behind) = (vec![], (Timestamp::from_micros(i64::MIN), i64::MIN));
    let last = store.last_transaction().await.expect("readable");
    loop {
        let page = store.statement_lines(MERCHANT, Mode::Test, filter.clone(), (behind, last), 3);
        let (lines, next) = page.await.expect("readable");
        all.extend(lines);
        match next {
            Some(place) => behind = place,
            None => return all,
        }
    }
}

#[tokio::test]
async fn every_currency_there_ever_was_anything_in_is_there_and_no_others() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    assert_eq!(0, balances(&store, Filter::default(), None, at(0)).await.len());
    let life = Life { steps: vec![(0, Step::Capture(100)), (1, Step::Refund(100))], ..Life::plain() };
    life.lived(&store, 1).await;
    Life { currency: "JPY", marked: true, ..Life::plain() }.lived(&store, 2).await;
    let nothing = |code| MerchantBalance { currency: currency(code), gross: 0, fees: 0, reserved: 0 };
    let both = vec![nothing("JPY"), nothing("MYR")];
    for filter in [Filter::default(), of_brand(0), of_brand(7)] {
        assert_eq!(both, balances(&store, filter, None, at(LATER)).await, "paid elsewhere never passed through us");
    }
    let yen = Filter { currencies: Some(vec![currency("JPY")]), ..Filter::default() };
    assert_eq!(vec![nothing("JPY")], balances(&store, yen, None, at(LATER)).await);
    for (merchant, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        for before in [None, Some(at(LATER))] {
            let others = store.merchant_balances(merchant, mode, Filter::default(), before, at(LATER)).await;
            assert_eq!(0, others.expect("readable").len(), "{mode:?}");
        }
    }
}

#[tokio::test]
async fn each_filter_takes_what_fits() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let lives = [
        Life::plain(),
        Life { card: Brand::Mastercard, amount: 20, ..Life::plain() },
        Life { flow: Flow::DirectPost, amount: 300, ..Life::plain() },
        Life { flow: Flow::Api, by_token: true, amount: 4_000, ..Life::plain() },
        Life { country: "SE", amount: 50_000, ..Life::plain() },
        Life { brand: 1, amount: 600_000, ..Life::plain() },
        Life { steps: vec![(0, Step::Capture(100)), (1, Step::Refund(50))], amount: 8_000_000, ..Life::plain() },
    ];
    for (number, life) in (1_u128..).zip(&lives) {
        life.lived(&store, number).await;
    }
    let any = Filter::default;
    for (filter, gross) in [
        (any(), 4_655_320),
        (Filter { methods: Some(vec!["mastercard".to_owned()]), ..any() }, 20),
        (Filter { methods: Some(vec!["mastercard".to_owned(), "visa".to_owned()]), ..any() }, 4_655_320),
        (Filter { flows: Some(vec![Flow::DirectPost, Flow::Api]), ..any() }, 4_300),
        (Filter { flows: Some(vec![]), ..any() }, 0),
        (Filter { by_token: Some(true), ..any() }, 4_000),
        (Filter { by_token: Some(false), ..any() }, 4_651_320),
        (Filter { countries: Some(vec!["SE".to_owned()]), ..any() }, 50_000),
        (of_brand(1), 600_000),
        (Filter { brands: Some(vec![brand(0), brand(1)]), ..any() }, 4_655_320),
        (Filter { kinds: Some(vec![TransactionKind::Refund]), ..any() }, -4_000_000),
        (Filter { by_token: Some(true), countries: Some(vec!["SE".to_owned()]), ..any() }, 0),
    ] {
        let found = balances(&store, filter.clone(), None, at(LATER)).await;
        assert_eq!(vec![gross], found.iter().map(|balance| balance.gross).collect::<Vec<_>>(), "{filter:?}");
    }
}

#[tokio::test]
async fn each_filter_of_a_statement_takes_what_fits() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let life = Life::plain();
    life.lived_by(&store, 1, |checkout| checkout.reference = "ORD-1".to_owned()).await;
    let refunded = Life { steps: vec![(0, Step::Capture(100)), (2, Step::Refund(50))], amount: 20, ..Life::plain() };
    refunded.lived_by(&store, 2, |checkout| checkout.customer.full_name = "Ada Byron".to_owned()).await;
    let disputed = Life { steps: vec![(1, Step::Capture(100)), (1, Step::ChargeBack)], amount: 300, ..Life::plain() };
    disputed.lived_by(&store, 3, |checkout| checkout.lines[0].name = "Green TEA".to_owned()).await;
    Life { marked: true, amount: 4_000, brand: 1, ..Life::plain() }.lived(&store, 4).await;
    let any = StatementFilter::default;
    let range = |from: i64, to: i64| Range { from: Some(at(from)), to: Some(at(to)) };
    let everything = [4_000, 1_000, 20, 300, -10, -300].to_vec();
    for (filter, amounts) in [
        (any(), everything.clone()),
        (StatementFilter { at: range(0, 3), ..any() }, vec![4_000]),
        (StatementFilter { at: range(3, 4), ..any() }, vec![1_000, 20]),
        (StatementFilter { at: range(2 * DAY, LATER), ..any() }, vec![-10, -300]),
        (StatementFilter { paid: range(DAY, LATER), ..any() }, vec![300, -300]),
        (StatementFilter { paid: range(3, 4), ..any() }, vec![1_000, 20, -10]),
        (StatementFilter { updated: range(0, 2 * DAY), ..any() }, vec![4_000, 1_000]),
        (StatementFilter { stands: Some(vec![Stands::Paid]), ..any() }, vec![4_000, 1_000]),
        (StatementFilter { stands: Some(vec![Stands::Refunded]), ..any() }, vec![20, -10]),
        (StatementFilter { stands: Some(vec![Stands::Chargeback]), ..any() }, vec![300, -300]),
        (StatementFilter { stands: Some(vec![]), ..any() }, vec![]),
        (StatementFilter { total_min: Some(300), ..any() }, vec![4_000, 1_000, 300, -300]),
        (StatementFilter { total_min: Some(20), total_max: Some(300), ..any() }, vec![20, 300, -10, -300]),
        (StatementFilter { vouched: Some(false), ..any() }, everything.clone()),
        (StatementFilter { vouched: Some(true), ..any() }, vec![]),
        (StatementFilter { lines: Some(vec!["coffee".to_owned(), "green".to_owned()]), ..any() }, vec![300, -300]),
        (StatementFilter { text: Some("ord-1".to_owned()), ..any() }, vec![1_000]),
        (StatementFilter { text: Some("byron".to_owned()), ..any() }, vec![20, -10]),
        (StatementFilter { text: Some(crate::samples::checkout_id(4).to_string()), ..any() }, vec![4_000]),
        (StatementFilter { filter: of_brand(1), ..any() }, vec![4_000]),
        (
            StatementFilter { filter: Filter { methods: Some(vec![String::new()]), ..Filter::default() }, ..any() },
            vec![4_000],
        ),
    ] {
        let found: Vec<_> = lines(&store, filter.clone()).await.iter().map(|line| line.transaction.amount).collect();
        assert_eq!(amounts, found, "{filter:?}");
    }
    let marked = lines(&store, StatementFilter { filter: of_brand(1), ..any() }).await;
    assert_eq!(0, marked[0].transaction.net(), "what was paid elsewhere is listed, and adds nothing");
}

#[tokio::test]
async fn what_is_written_while_a_statement_is_made_is_not_in_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in 1..=3 {
        Life::plain().lived(&store, number).await;
    }
    let last = store.last_transaction().await.expect("readable");
    let any = StatementFilter::default;
    let start = (Timestamp::from_micros(i64::MIN), i64::MIN);
    let (first, place) = store.statement_lines(MERCHANT, Mode::Test, any(), (start, last), 2).await.expect("readable");
    // One at the same moment, one before it by its clock.
    Life::plain().lived(&store, 4).await;
    Life { marked: true, ..Life::plain() }.lived(&store, 5).await;
    let place = place.expect("more");
    let (rest, end) = store.statement_lines(MERCHANT, Mode::Test, any(), (place, last), 2).await.expect("readable");
    let numbers: Vec<_> = first.iter().chain(&rest).map(|line| line.transaction.payment_id).collect();
    assert_eq!((1..=3).map(payment_id).collect::<Vec<_>>(), numbers);
    assert_eq!(None, end);
}
