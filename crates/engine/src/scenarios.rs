//! What merchants and payers live through with payments that are captured later, on a real store and the test
//! acquirer's book, with a clock that stands still.

mod doubts;
mod tenders;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acquirer::{AcsAnswer, AcsOutcome, Answer, CardData, CardRules, Initiator, Request, Source, TestAcquirer};
use domain::{
    AttemptId, Brand, BrandId, CaptureMode, CardFacts, CardId, ChallengeWindow, Checkout, CheckoutId, Command,
    Currency, Customer, Cvc, Dialect, Due, Event, Expiry, Fees, Flow, KeyId, Means, MerchantId, Mode, Money,
    OperationKind, Pan, PaymentId, PublicId, Recorded, Redirects, Refusal, State, Stated, Submission, Terms, Timestamp,
    TransStatus,
};
use env::Env;
use store::{CheckoutRecord, Store};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::checkouts::Asking;
use crate::workers::tests::{Mute, START};
use crate::{
    Answered, CardEntry, Credential, Engine, Error, NewCheckout, Opened, Operate, Parts, RootKey, Shown, StoredCard,
    Visit, hold_ends, needs_verification, question,
};

const GOOD: &str = "4000009900000004";
/// A challenge, then the acquirer holds its approval back for 5 s (card-payments-api 6).
const RACE: &str = "4000000000040008";
const LINK_LIFE: Duration = Duration::from_secs(31 * 86_400);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_hours(168);

struct Desk {
    engine: Engine,
    store: Store,
    caller: Credential,
}

impl Desk {
    async fn open(dir: &Path) -> Self {
        Self::seeded(dir, 1).await
    }

    async fn seeded(dir: &Path, seed: u64) -> Self {
        let env = Env::still(START, seed);
        let store = Store::open(dir).expect("a store");
        // The thread of the process before may still be letting go of the book.
        let book = loop {
            match TestAcquirer::open(dir, env.clone()) {
                Ok(book) => break book,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let parts = Parts {
            store: store.clone(),
            root_key: RootKey::parse(&RootKey::make(&Env::still(START, 7))).expect("a key"),
            test_acquirer: book,
            reach: crate::Reach::Public,
            narrator: Arc::new(Mute),
            public_url: "http://pay.example.com".to_owned(),
            statements: None,
            letters: Arc::new(Mute),
            post: crate::Post::Nowhere,
            sender: crate::Sender::of_host("http://pay.example.com").expect("an address"),
            authorization_max: WEEK,
            env,
            test_limits: false,
            simulated: None,
        };
        let engine = Engine::open(parts).await.expect("an engine");
        let id = Uuid::from_u128(2);
        let caller =
            Credential { key_id: KeyId::new(id), merchant_id: MerchantId::new(id), mode: Mode::Test, entity: None };
        Self { engine, store, caller }
    }

    fn now(&self) -> Timestamp {
        self.engine.env().now()
    }

    fn terms(&self, minor: i64) -> Terms {
        let env = self.engine.env();
        Terms {
            payment_id: PaymentId::new(env.ordered_id()),
            merchant_id: self.caller.merchant_id,
            mode: self.caller.mode,
            checkout_id: CheckoutId::new(env.random_id()),
            amount: Money::new(minor, Currency::parse("SEK").expect("a currency")).expect("an amount"),
            capture: CaptureMode::Manual,
            due: Some(Due { at: env.now().plus(LINK_LIFE), strict: true }),
            single_attempt: false,
            save_card: minor == 0,
            hold_max: Some(self.engine.authorization_max()),
            captured_after: None,
            fees: Fees::default(),
        }
    }

    fn new_checkout(&self, terms: Terms, public_id: PublicId, token: Option<CheckoutId>) -> NewCheckout {
        let now = self.now();
        let checkout = Checkout {
            id: terms.checkout_id,
            merchant_id: terms.merchant_id,
            mode: terms.mode,
            brand_id: BrandId::new(Uuid::from_u128(4)),
            payment_id: terms.payment_id,
            dialect: Dialect::CardPayments,
            public_id: Some(public_id),
            order_key: None,
            tender: None,
            created_at: now,
            seller: "Example AB".to_owned(),
            language: "sv".to_owned(),
            language_chosen: true,
            time_zone: "UTC".to_owned(),
            reference: String::new(),
            notes: String::new(),
            lines: vec![],
            debt: 0,
            stated: Stated::default(),
            customer: Customer::default(),
            customer_id: None,
            customer_named: false,
            asks_details: vec![],
            redirects: Redirects::default(),
            callback: None,
            brands: terms.save_card.then(|| vec![Brand::Visa, Brand::Mastercard]),
            methods: vec![],
            token,
        };
        NewCheckout {
            record: CheckoutRecord { checkout, document: "{}".to_owned() },
            opened: Recorded { version: 1, at: now, event: Event::Opened(terms.clone()) },
            terms,
            customer: None,
            idempotency: None,
        }
    }

    /// A link for 10.00 SEK, or for keeping a card when it is for nothing.
    async fn link_for(&self, minor: i64) -> CheckoutId {
        let new = self.new_checkout(self.terms(minor), self.engine.draw_number(), None);
        let id = new.terms.checkout_id;
        assert_eq!(Opened::Done, self.engine.open_checkout(new).await.expect("opened"));
        id
    }

    async fn link(&self) -> CheckoutId {
        self.link_for(1_000).await
    }

    async fn show(&self, id: CheckoutId) -> Shown {
        self.engine.read(self.caller, id).await.expect("it exists")
    }

    /// Does something as an activity of the clock, until all that is left is to wait.
    async fn start<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let clock = self.engine.env().clock();
        let started = tokio::spawn(clock.activity(work));
        tokio::task::yield_now().await;
        clock.quiet().await;
        started
    }

    async fn submit(&self, id: CheckoutId, number: &str) -> JoinHandle<Result<Shown, Error>> {
        let engine = self.engine.clone();
        let number = number.to_owned();
        self.start(async move {
            let before = engine.show(id).await?;
            engine.pay_by_card(&before, entry(&number), visit()).await
        })
        .await
    }

    /// The payer answers the bank's question.
    async fn answer(&self, id: CheckoutId, status: TransStatus) -> JoinHandle<Result<Shown, Error>> {
        let shown = self.show(id).await;
        let acs = question(&shown).expect("a question").challenge.ids.acs;
        let engine = self.engine.clone();
        self.start(async move {
            let answered = engine.act_at_test_bank(acs, AcsAnswer::Choose(status)).await;
            let Some(AcsOutcome::Done { cres, .. }) = answered else { panic!("{answered:?}") };
            engine.return_from_bank(id, &cres).await
        })
        .await
    }

    async fn abort(&self, id: CheckoutId) -> Result<Shown, Error> {
        self.engine.abort(self.caller, id, |_| None).await
    }

    async fn advance(&self, ahead: Duration) {
        self.engine.advance(ahead).await.expect("moved");
    }

    async fn pay(&self, id: CheckoutId, number: &str) -> Shown {
        let paying = self.submit(id, number).await;
        self.advance(Duration::from_secs(11)).await;
        paying.await.expect("no panic").expect("paid")
    }

    async fn operate(&self, id: CheckoutId, asked: Operate) -> String {
        let before = self.show(id).await;
        let (engine, caller) = (self.engine.clone(), self.caller);
        let operating = self.start(async move { engine.operate(caller, &before, asked, None).await }).await;
        self.advance(Duration::from_secs(9)).await;
        match operating.await.expect("no panic") {
            Ok(operated) => format!("{:?}: {}", operated.answered, in_words(&operated.shown)),
            Err(error) => error.to_string(),
        }
    }

    async fn capture_part(&self, id: CheckoutId, minor: i64) -> String {
        let all = Operate::all(OperationKind::Capture);
        self.operate(id, Operate { amount: Some(minor), keeps_rest: true, ..all }).await
    }

    /// What the acquirer holds or has taken for one payment, by its own book.
    async fn held_at_acquirer(&self, shown: &Shown) -> i64 {
        self.held_by(&self.book().await, shown)
    }

    async fn book(&self) -> HashMap<String, i64> {
        let mut by_reference = HashMap::new();
        for line in self.engine.acquirer_transactions().await.expect("the book") {
            let sign = match (line.kind, line.outcome) {
                (acquirer::Kind::Authorize, acquirer::Verdict::Approved) => 1,
                (acquirer::Kind::Void | acquirer::Kind::Reversal, acquirer::Verdict::Approved) => -1,
                _ => 0,
            };
            *by_reference.entry(line.reference).or_insert(0) += sign * line.amount;
        }
        by_reference
    }

    #[expect(clippy::unused_self, reason = "it reads as a question to the desk")]
    fn held_by(&self, book: &HashMap<String, i64>, shown: &Shown) -> i64 {
        let payment = &shown.payment;
        let attempts = payment.attempts.iter().map(|attempt| attempt.id.to_string());
        let operations = payment.operations.iter().map(|operation| operation.id.to_string());
        attempts.chain(operations).filter_map(|reference| book.get(&reference)).sum()
    }

    async fn audit(&self) {
        let report = self.store.audit().await.expect("it can be read");
        assert_eq!(Vec::<String>::new(), report.broken);
    }
}

fn entry(number: &str) -> CardEntry {
    let pan = Pan::parse(number).expect("a card");
    CardEntry {
        brand: pan.brand(),
        pan,
        cvc: Cvc::parse("987"),
        expiry: Expiry { year: 2030, month: 12 },
        holder: "Ada Example".to_owned(),
        save: false,
    }
}

fn visit() -> Visit {
    Visit { flow: Flow::HostedPage, payer_ip: None, form_token: None, details: None, window: ChallengeWindow::Full }
}

fn in_words(shown: &Shown) -> String {
    let payment = &shown.payment;
    let mut words = payment.state.name().to_owned();
    for (name, amount) in [
        ("authorized", payment.authorized),
        ("captured", payment.captured),
        ("voided", payment.voided),
        ("refunded", payment.refunded),
        ("settled", payment.settled),
    ] {
        if !amount.is_zero() {
            write!(words, ", {name} {}", amount.minor()).expect("writes");
        }
    }
    words
}

/// The events of one payment since its opening.
fn events(shown: &Shown) -> String {
    let names: Vec<_> = shown.history.iter().skip(1).map(|recorded| recorded.event.name()).collect();
    names.join(" ")
}

#[tokio::test]
async fn a_link_that_is_cancelled_before_anybody_pays_is_dead() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    assert_eq!("cancelled", in_words(&desk.abort(id).await.expect("cancelled")));
    assert_eq!("cancelled", in_words(&desk.abort(id).await.expect("a repeat changes nothing")));
    let paying = desk.submit(id, GOOD).await;
    assert!(matches!(paying.await.expect("no panic"), Err(Error::Refused(Refusal::WrongState { .. }))));
    let paid = desk.link().await;
    assert_eq!("authorized, authorized 1000", in_words(&desk.pay(paid, GOOD).await));
    assert!(matches!(desk.abort(paid).await, Err(Error::Refused(_))), "R1: the authorization was first");
    assert_eq!("authorized, authorized 1000", in_words(&desk.show(paid).await));
    desk.audit().await;
}

#[tokio::test]
async fn what_is_cancelled_while_the_bank_asks_never_goes_to_the_acquirer() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    for status in [TransStatus::Authenticated, TransStatus::NotAuthenticated] {
        let id = desk.link().await;
        let paying = desk.submit(id, RACE).await;
        let asked = paying.await.expect("no panic").expect("a question");
        let asked = question(&asked).expect("a question");
        let (attempt_id, acs) = (asked.attempt_id, asked.challenge.ids.acs);
        assert_eq!("cancelled", in_words(&desk.abort(id).await.expect("cancelled")));
        let answered = desk.engine.act_at_test_bank(acs, AcsAnswer::Choose(status)).await;
        let Some(AcsOutcome::Done { cres, .. }) = answered else { panic!("{answered:?}") };
        let back = desk.engine.return_from_bank(id, &cres).await.expect("shown");
        assert_eq!("cancelled", in_words(&back), "the payer goes where failures go");
        desk.advance(HOUR).await;
        assert_eq!("authentication_started challenged cancelled declined", events(&desk.show(id).await));
        let book = desk.book().await;
        assert_eq!(None, book.get(&attempt_id.to_string()), "R3: the acquirer never heard of it");
    }
    desk.audit().await;
}

#[tokio::test]
async fn an_approval_that_comes_after_the_cancel_is_released_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    desk.submit(id, RACE).await.await.expect("no panic").expect("a question");
    let back = desk.answer(id, TransStatus::Authenticated).await;
    assert!(!back.is_finished(), "the acquirer holds the answer");
    assert_eq!("cancelled", in_words(&desk.abort(id).await.expect("cancelled")));
    assert_eq!(0, desk.held_at_acquirer(&desk.show(id).await).await);
    desk.advance(Duration::from_secs(5)).await;
    assert_eq!("cancelled", back.await.expect("no panic").expect("shown").payment.state.name());
    let shown = desk.show(id).await;
    assert_eq!("cancelled, authorized 1000, voided 1000", in_words(&shown), "R6");
    assert_eq!(
        "authentication_started challenged authenticated cancelled authorized operation_sent voided",
        events(&shown)
    );
    assert_eq!(0, desk.held_at_acquirer(&shown).await);
    for refused in [OperationKind::Capture, OperationKind::Refund] {
        let said = desk.operate(id, Operate::all(refused)).await;
        assert_eq!(format!("cannot {} when cancelled", refused.name()), said, "R7");
    }
    let released = desk.engine.release(desk.caller, &shown, None).await.expect("R7: it is done");
    assert_eq!(Answered::Done, released.answered);
    assert!(desk.abort(id).await.is_ok());
    desk.advance(2 * HOUR).await;
    assert_eq!("cancelled, authorized 1000, voided 1000", in_words(&desk.show(id).await));
    let deliveries = desk.store.deliveries(id, None, 1).await.expect("readable");
    assert!(deliveries.is_empty(), "nobody is told");
    desk.audit().await;
}

/// Every card of checkout-ux 20 that can race a cancel: what its payment is at the end, an hour after the cancel.
#[tokio::test]
async fn whatever_races_a_cancel_nothing_is_held_an_hour_later() {
    let gone = "cancelled, authorized 1000, voided 1000";
    for (number, abort_after, expected) in [
        ("4000009900000103", 1, gone),        // the answer is lost
        ("4000009900000202", 1, "cancelled"), // the request is lost
        ("4000009900000301", 1, gone),        // 45 s late
        ("4000009900000301", 33, gone),
        ("4000009900000400", 1, gone),        // a reset after it was sent
        ("4000009900000608", 1, gone),        // HTTP 500, but approved
        ("4000009900000707", 1, gone),        // pending, then approved
        ("4000009900000806", 1, "cancelled"), // pending, then declined
        ("4000009900000905", 1, gone),        // slow
        ("4000009900004105", 1, gone),        // nobody can be asked for five minutes
        ("4000009900007108", 1, gone),        // garbled
        ("4000009900000905", 7, gone),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let desk = Desk::open(dir.path()).await;
        let id = desk.link().await;
        let paying = desk.submit(id, number).await;
        desk.advance(Duration::from_secs(abort_after)).await;
        assert_eq!("cancelled", in_words(&desk.abort(id).await.expect(number)), "{number}");
        desk.advance(HOUR).await;
        let shown = desk.show(id).await;
        assert_eq!(expected, in_words(&shown), "{number}: {}", events(&shown));
        assert_eq!(0, desk.held_at_acquirer(&shown).await, "{number}: {}", events(&shown));
        paying.await.expect("no panic").expect(number);
        desk.audit().await;
    }
}

#[tokio::test]
async fn a_release_that_fails_is_repeated_each_minute_and_never_dropped() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    // These cards are approved at once: the cancel comes first all the same, because the answer is written down late.
    let mut cancelled = vec![];
    for number in ["4000009900003107", "4000009900003206"] {
        let id = desk.link().await;
        let before = desk.show(id).await;
        let attempt_id = desk.sent(id, number).await;
        desk.abort(id).await.expect("cancelled");
        let answer = Answer::Approved {
            amount: before.payment.terms.amount,
            acquirer_reference: "1".to_owned(),
            facts: CardFacts::default(),
        };
        let asking = Asking::Merchant(desk.caller.merchant_id, Mode::Test, id);
        desk.engine.settle(asking, &before.payment, attempt_id, answer, None).await.expect("settled");
        cancelled.push(id);
    }
    let (thrice, always) = (cancelled[0], cancelled[1]);
    desk.advance(Duration::from_secs(65)).await;
    assert_eq!("cancelled, authorized 1000", in_words(&desk.show(thrice).await), "lost twice by now");
    desk.advance(Duration::from_secs(3 * 60)).await;
    assert_eq!("cancelled, authorized 1000, voided 1000", in_words(&desk.show(thrice).await));
    desk.advance(3 * HOUR).await;
    let shown = desk.show(always).await;
    assert_eq!("cancelled, authorized 1000", in_words(&shown));
    assert_eq!(1, shown.payment.operations.len(), "the same reference each time");
    desk.audit().await;
}

impl Desk {
    /// A card that the acquirer approved, as if its answer were still on the way.
    async fn sent(&self, id: CheckoutId, number: &str) -> AttemptId {
        let shown = self.show(id).await;
        let CardEntry { pan, cvc, expiry, holder, .. } = entry(number);
        let attempt_id = AttemptId::new(self.engine.env().ordered_id());
        let submission = Submission {
            attempt_id,
            acquirer: "test".to_owned(),
            means: Means::Card { card: entry(number).summary(), card_id: CardId::new(self.engine.env().ordered_id()) },
            part: None,
            token: None,
            flow: Flow::HostedPage,
            payer_ip: None,
            save_card: false,
            window: ChallengeWindow::Full,
            deadline: self.now().plus(Duration::from_secs(30)),
        };
        self.engine.run(Asking::Payer(id), &Command::Submit(submission), |_, _| {}).await.expect("sent");
        let request = Request::Authorize {
            reference: attempt_id,
            amount: shown.payment.terms.amount,
            capture: false,
            source: Source::Card {
                card: CardData { pan: &pan, cvc: cvc.as_ref(), expiry, holder: &holder },
                authentication: None,
                initiated_by: Initiator::Payer,
                rules: CardRules::CardPayments,
            },
            merchant_data: "",
        };
        self.engine.0.test_acquirer.ask(request).await;
        attempt_id
    }
}

#[tokio::test]
async fn a_hold_is_given_back_when_its_time_is_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let (untouched, in_part, waiting) = (desk.link().await, desk.link().await, desk.link().await);
    for id in [untouched, in_part] {
        desk.pay(id, GOOD).await;
    }
    // Its capture is pending for ten seconds when its time comes.
    desk.pay(waiting, "4000009900001408").await;
    let end = hold_ends(&desk.show(waiting).await).expect("an end");
    assert_eq!("Done: captured, authorized 1000, captured 400", desk.capture_part(in_part, 400).await);
    let until = |seconds: u64| end.since(desk.now()).saturating_sub(Duration::from_secs(seconds));
    desk.advance(until(4)).await;
    let taking = desk.capture_part(waiting, 300).await;
    assert_eq!("Pending: authorized, authorized 1000", taking);
    assert_eq!("the reservation has ended", desk.capture_part(waiting, 300).await);
    assert_eq!("the reservation has ended", desk.capture_part(in_part, 1).await);
    desk.advance(HOUR).await;
    for (id, expected) in [
        (untouched, "voided, authorized 1000, voided 1000"),
        (in_part, "captured, authorized 1000, captured 400, voided 600, settled 400"),
        (waiting, "captured, authorized 1000, captured 300, voided 700"),
    ] {
        let shown = desk.show(id).await;
        assert_eq!(expected, in_words(&shown), "{}", events(&shown));
        assert_eq!(shown.payment.captured.minor(), desk.held_at_acquirer(&shown).await, "the acquirer was asked");
    }
    assert_eq!(None, desk.store.next_timer().await.expect("readable").filter(|next| *next < desk.now()));
    desk.audit().await;
}

/// A hold without a term of ours is forgotten by the acquirer; what is under way at that moment decides first.
#[tokio::test]
async fn what_the_acquirer_forgets_waits_for_what_is_under_way() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = {
        let terms = Terms { hold_max: None, ..desk.terms(1_000) };
        let new = desk.new_checkout(terms, desk.engine.draw_number(), None);
        let id = new.terms.checkout_id;
        desk.engine.open_checkout(new).await.expect("opened");
        id
    };
    // Its captures are never answered, and never arrive the first time.
    desk.pay(id, "4000009900001200").await;
    desk.advance(Duration::from_secs(30 * 86_400 - 60)).await;
    assert_eq!("Pending: authorized, authorized 1000", desk.capture_part(id, 400).await);
    desk.advance(Duration::from_secs(120)).await;
    assert_eq!("authorized, authorized 1000", in_words(&desk.show(id).await), "the capture is in doubt");
    desk.advance(HOUR).await;
    let shown = desk.show(id).await;
    assert_eq!("voided, authorized 1000, voided 1000", in_words(&shown), "{}", events(&shown));
    assert_eq!(0, desk.held_at_acquirer(&shown).await);
    desk.audit().await;
}

#[tokio::test]
async fn captures_are_settled_a_day_later_each_by_itself() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    desk.pay(id, GOOD).await;
    desk.capture_part(id, 400).await;
    desk.advance(2 * HOUR).await;
    let all = Operate::all(OperationKind::Capture);
    assert_eq!("Done: captured, authorized 1000, captured 1000", desk.operate(id, all).await);
    let refund = Operate { amount: Some(300), ..Operate::all(OperationKind::Refund) };
    assert!(desk.operate(id, refund).await.starts_with("Done"));
    desk.advance(Duration::from_secs(22 * 3_600)).await;
    assert!(in_words(&desk.show(id).await).ends_with("settled 400"), "{}", in_words(&desk.show(id).await));
    desk.advance(2 * HOUR).await;
    assert!(in_words(&desk.show(id).await).ends_with("settled 700"), "what was refunded is not paid out");
    desk.audit().await;
}

#[tokio::test]
async fn a_link_lives_31_days_to_the_second() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let (idle, tried, paid, asked, failing) =
        (desk.link().await, desk.link().await, desk.link().await, desk.link().await, desk.link().await);
    let end = desk.now().plus(LINK_LIFE);
    desk.pay(paid, GOOD).await;
    // X3, X8: what ends without money does not extend it.
    desk.engine.view(tried).await.expect("viewed");
    assert_eq!("open", in_words(&desk.pay(tried, "4000000000020000").await));
    desk.advance(end.since(desk.now()).saturating_sub(Duration::from_secs(60))).await;
    // X9: what is under way at the deadline may finish.
    for id in [asked, failing] {
        let shown = desk.submit(id, RACE).await.await.expect("no panic").expect("a question");
        let acs = question(&shown).expect("a question").challenge.ids.acs;
        desk.engine.act_at_test_bank(acs, AcsAnswer::Resend).await.expect("the payer is at the bank's page");
    }
    desk.advance(Duration::from_secs(59)).await;
    assert_eq!("open", in_words(&desk.show(idle).await), "X7");
    assert_eq!("open", in_words(&desk.show(tried).await));
    desk.engine.env().clock().move_to(end);
    assert_eq!("expired", in_words(&desk.show(idle).await), "X11: seen before the timer fires");
    desk.advance(Duration::from_secs(1)).await;
    assert_eq!("expired", in_words(&desk.show(tried).await));
    assert_eq!("voided", desk.show(paid).await.payment.state.name(), "X10: only its hold has ended");
    for id in [asked, failing] {
        assert_eq!("in_flight", in_words(&desk.show(id).await));
    }
    desk.answer(failing, TransStatus::NotAuthenticated).await.await.expect("no panic").expect("shown");
    let failed = desk.show(failing).await;
    assert_eq!("expired", in_words(&failed));
    assert_eq!("authentication_started challenged not_authenticated declined expired", events(&failed), "in one step");
    let back = desk.answer(asked, TransStatus::Authenticated).await;
    desk.advance(Duration::from_secs(6)).await;
    let back = back.await.expect("no panic").expect("paid");
    assert_eq!("authorized, authorized 1000", in_words(&back), "{}", events(&back));
    let paying = desk.submit(idle, GOOD).await;
    assert!(matches!(paying.await.expect("no panic"), Err(Error::Refused(_))), "X12");
    assert_eq!("expired", in_words(&desk.abort(idle).await.expect("X12: nothing to cancel")));
    desk.audit().await;
}

#[tokio::test]
async fn a_try_that_nobody_comes_back_to_ends_and_so_does_its_link() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.link().await;
    desk.advance(LINK_LIFE.saturating_sub(Duration::from_secs(60))).await;
    desk.submit(id, RACE).await.await.expect("no panic").expect("a question");
    desk.advance(Duration::from_secs(599)).await;
    assert_eq!("in_flight", in_words(&desk.show(id).await));
    desk.advance(Duration::from_secs(2)).await;
    let history = desk.store.history(desk.caller.merchant_id, Mode::Test, desk.show(id).await.payment.terms.payment_id);
    let last = history.await.expect("readable").pop().map(|recorded| recorded.event.name());
    assert_eq!(Some("expired"), last, "by the timer, in one step with the try");
}

impl Desk {
    /// A card kept by a link of its own.
    async fn stored(&self, number: &str) -> CheckoutId {
        let id = self.link_for(0).await;
        assert_eq!(StoredCard::Initiated, StoredCard::of(&self.show(id).await, self.now()));
        self.pay(id, number).await;
        id
    }

    async fn charge(&self, token: CheckoutId) -> (CheckoutId, Result<Answered, Error>) {
        let new = self.new_checkout(self.terms(4_900), self.engine.draw_number(), Some(token));
        let id = new.terms.checkout_id;
        let (engine, caller) = (self.engine.clone(), self.caller);
        let charging = self.start(Box::pin(async move { engine.charge_stored(caller, new).await })).await;
        self.advance(Duration::from_secs(9)).await;
        (id, charging.await.expect("no panic").map(|operated| operated.answered))
    }
}

#[tokio::test]
async fn a_kept_card_is_charged_again_and_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let token = desk.link_for(0).await;
    assert!(matches!(desk.charge(token).await.1, Err(Error::NoToken)), "not before it is kept");
    desk.pay(token, "4000000000020000").await;
    assert_eq!(StoredCard::Failed, StoredCard::of(&desk.show(token).await, desk.now()));
    let amex = desk.submit(token, "378282246310005").await.await.expect("no panic");
    assert!(amex.is_ok_and(|shown| shown.payment.is_payable()), "only Visa and Mastercard are kept");
    desk.pay(token, "4111111111111111").await;
    assert_eq!(StoredCard::Ready, StoredCard::of(&desk.show(token).await, desk.now()));
    for _ in 0..2 {
        let (id, answered) = desk.charge(token).await;
        assert_eq!(Answered::Done, answered.expect("charged"));
        assert_eq!("authorized, authorized 4900", in_words(&desk.show(id).await));
        assert_eq!("attempt_sent authorized", events(&desk.show(id).await));
    }
    let foreign = Credential { merchant_id: MerchantId::new(Uuid::from_u128(9)), ..desk.caller };
    let new = desk.new_checkout(desk.terms(100), desk.engine.draw_number(), Some(token));
    assert!(matches!(desk.engine.charge_stored(foreign, new).await, Err(Error::NoToken)));
    let refused = desk.stored("4000000000070013").await;
    let (id, answered) = desk.charge(refused).await;
    assert_eq!(Answered::Refused, answered.expect("answered"));
    assert!(!needs_verification(&desk.show(id).await));
    let slow = desk.stored("4000009900000707").await;
    desk.advance(Duration::from_secs(20)).await;
    let (id, answered) = desk.charge(slow).await;
    assert_eq!(Answered::Pending, answered.expect("answered"));
    assert_eq!("in_flight", in_words(&desk.show(id).await));
    desk.advance(Duration::from_secs(40)).await;
    assert_eq!("authorized, authorized 4900", in_words(&desk.show(id).await));
    let expires = Timestamp::from_seconds(1_925_121_600);
    desk.advance(expires.since(desk.now())).await;
    let shown = desk.show(token).await;
    assert_eq!(StoredCard::Expired, StoredCard::of(&shown, desk.now()), "the card is past its date");
    assert!(events(&shown).ends_with("authorized card_forgetting card_forgotten"), "its number is not kept longer");
    assert!(matches!(desk.charge(token).await.1, Err(Error::NoToken)));
    desk.audit().await;
}

#[tokio::test]
async fn a_charge_that_needs_the_payer_waits_for_them_on_its_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let token = desk.stored("4000000000070005").await;
    assert_eq!(StoredCard::Ready, StoredCard::of(&desk.show(token).await, desk.now()));
    let verify = async |id: CheckoutId| {
        let engine = desk.engine.clone();
        let paying = desk.start(async move {
            let before = engine.show(id).await?;
            engine.pay_by_stored_card(&before, visit()).await
        });
        paying.await.await.expect("no panic").expect("shown")
    };
    for (status, expected) in
        [(TransStatus::Authenticated, "authorized, authorized 4900"), (TransStatus::NotAuthenticated, "open")]
    {
        let (id, answered) = desk.charge(token).await;
        assert_eq!(Answered::Refused, answered.expect("answered"));
        assert!(needs_verification(&desk.show(id).await));
        let other = desk.submit(id, GOOD).await.await.expect("no panic");
        assert!(matches!(other, Err(Error::NoToken)), "no other card pays it");
        assert!(question(&verify(id).await).is_some(), "the bank asks");
        let back = desk.answer(id, status).await.await.expect("no panic").expect("shown");
        assert_eq!(expected, in_words(&back));
    }
    // A merchant may want the payer to be asked from the start; a scheme stands in for a bank that takes no part.
    let plain = desk.stored(GOOD).await;
    let new = desk.new_checkout(desk.terms(4_900), desk.engine.draw_number(), Some(plain));
    let id = new.terms.checkout_id;
    desk.engine.open_checkout(new).await.expect("opened");
    assert_eq!("authorized, authorized 4900", in_words(&verify(id).await));
    assert_eq!("authentication_started authenticated authorized", events(&desk.show(id).await));
    // R8.
    let (id, _) = desk.charge(token).await;
    verify(id).await;
    assert_eq!("cancelled", in_words(&desk.abort(id).await.expect("cancelled")));
    desk.audit().await;
}

#[tokio::test]
async fn a_public_id_is_drawn_again_when_it_is_taken() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let public_id = desk.engine.draw_number();
    let first = desk.new_checkout(desk.terms(100), public_id, None);
    let id = first.terms.checkout_id;
    assert_eq!(Opened::Done, desk.engine.open_checkout(first).await.expect("opened"));
    let second = desk.new_checkout(desk.terms(100), public_id, None);
    assert_eq!(Opened::Stale, desk.engine.open_checkout(second).await.expect("judged"));
    assert_ne!(public_id, desk.engine.draw_number());
    assert_eq!(id, desk.engine.find(desk.caller, public_id).await.expect("found").record.checkout.id);
    let other_mode = Credential { mode: Mode::Live, ..desk.caller };
    assert!(matches!(desk.engine.find(other_mode, public_id).await, Err(Error::NotFound)));
}

/// Chance for a simulation: the same seed, the same numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A cancel against an authorization, a thousand times, at moments that a seed chooses: exactly one of them wins each
/// time, and an hour later nothing is held for whoever cancelled, by our books and by the acquirer's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cancels_race_as_many_authorizations() {
    const CARDS: [&str; 14] = [
        GOOD,
        RACE,
        RACE,
        "4000009900000103",
        "4000009900000202",
        "4000009900000301",
        "4000009900000400",
        "4000009900000608",
        "4000009900000707",
        "4000009900000806",
        "4000009900000905",
        "4000009900004105",
        "4000009900005102",
        "4000009920000000",
    ];
    const RACES: usize = 1_000;
    const AT_ONCE: usize = 50;
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Arc::new(Desk::open(dir.path()).await);
    let clock = Arc::clone(desk.engine.env().clock());
    let mut dice = Dice(20_261_120);
    let mut ended = Vec::with_capacity(RACES);
    while ended.len() < RACES {
        let mut racing = Vec::with_capacity(AT_ONCE);
        for _ in 0..AT_ONCE {
            let id = desk.link().await;
            let card = CARDS[usize::try_from(dice.below(14)).expect("small")];
            // Before the question, with the approval, and while nobody knows.
            let within = if dice.below(3) == 0 { 60 } else { 12 };
            let (answers_after, cancels_after) = (dice.below(8), dice.below(within));
            racing.push((id, card, answers_after, cancels_after));
        }
        let mut tasks = vec![];
        let mut cancels = vec![];
        for (id, card, answers_after, cancels_after) in racing {
            let payer = Arc::clone(&desk);
            let begun = desk.now();
            tasks.push(tokio::spawn(clock.activity(async move {
                let engine = &payer.engine;
                let before = engine.show(id).await.expect("shown");
                let Ok(shown) = engine.pay_by_card(&before, entry(card), visit()).await else { return };
                let Some(acs) = question(&shown).map(|asked| asked.challenge.ids.acs) else { return };
                engine.env().clock().sleep_until(begun.plus(Duration::from_secs(answers_after))).await;
                let answered = engine.act_at_test_bank(acs, AcsAnswer::Choose(TransStatus::Authenticated)).await;
                if let Some(AcsOutcome::Done { cres, .. }) = answered {
                    engine.return_from_bank(id, &cres).await.expect("shown");
                }
            })));
            let merchant = Arc::clone(&desk);
            cancels.push((
                id,
                card,
                tokio::spawn(clock.activity(async move {
                    let at = begun.plus(Duration::from_secs(cancels_after));
                    merchant.engine.env().clock().sleep_until(at).await;
                    merchant.abort(id).await
                })),
            ));
        }
        desk.advance(Duration::from_secs(75)).await;
        for task in tasks {
            task.await.expect("no panic");
        }
        for (id, card, cancel) in cancels {
            ended.push((id, card, cancel.await.expect("no panic")));
        }
    }
    desk.advance(HOUR).await;
    let book = desk.book().await;
    let (mut cancelled, mut authorized, mut late) = (0, 0, 0);
    for (id, card, cancel) in ended {
        let shown = desk.show(id).await;
        let story = format!("{card}: {}", events(&shown));
        let held = desk.held_by(&book, &shown);
        assert_eq!(shown.payment.held().minor(), held, "the books agree: {story}");
        match (cancel, shown.payment.state) {
            (Ok(_), State::Cancelled) => {
                assert_eq!(0, held, "{story}");
                cancelled += 1;
                late += u32::from(!shown.payment.authorized.is_zero());
            }
            (Err(Error::Refused(_)), State::Authorized) => {
                assert_eq!(1_000, held, "{story}");
                authorized += 1;
            }
            (cancel, state) => panic!("both or neither won: {cancel:?} {state:?} {story}"),
        }
    }
    assert!(cancelled > 100 && authorized > 100 && late > 50, "{cancelled} {authorized} {late}: no race");
    desk.audit().await;
}

/// A process that dies between the approval and the release leaves a timer behind.
#[test]
fn a_release_survives_the_end_of_the_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    let first = runtime();
    let id = first.block_on(async {
        let desk = Desk::open(dir.path()).await;
        let id = desk.link().await;
        desk.submit(id, RACE).await.await.expect("no panic").expect("a question");
        desk.answer(id, TransStatus::Authenticated).await;
        desk.abort(id).await.expect("cancelled");
        // Nobody hears the acquirer's answer.
        id
    });
    first.shutdown_background();
    let second = runtime();
    second.block_on(async {
        let desk = Desk::seeded(dir.path(), 2).await;
        assert_eq!("cancelled", in_words(&desk.show(id).await));
        desk.advance(HOUR).await;
        let shown = desk.show(id).await;
        assert_eq!("cancelled, authorized 1000, voided 1000", in_words(&shown), "{}", events(&shown));
        assert_eq!(0, desk.held_at_acquirer(&shown).await);
        desk.audit().await;
    });
    second.shutdown_background();
}
