//! Payments and what belongs to them, made the way the engine makes them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ledger::postings;
use domain::{
    Address, AttemptId, Brand, BrandId, Callback, CaptureMode, CardFacts, CardId, CardSummary, Checkout, CheckoutId,
    Command, Currency, Customer, CustomerId, DeliveryId, Dialect, Due, Event, Expiry, Fees, Flow, Line, LocalMethod,
    MerchantId, Mode, Money, Notice, Outcome, Payment, PaymentId, PublicId, Recorded, Redirects, Stated, Submission,
    Terms, Timestamp,
};
use store::{
    AdminWrite, Changeset, CheckoutRecord, Committed, Company, CustomerRecord, Delivered, Delivery, Endpoint,
    IdempotencyWrite, Lease, Merchant, Openings, PaymentWrite, Store, Timer, TimerKind,
};
use uuid::Uuid;

pub(crate) const MERCHANT: MerchantId = MerchantId::new(Uuid::from_u128(1));
pub(crate) const OTHER: MerchantId = MerchantId::new(Uuid::from_u128(2));

/// The shop of every checkout.
pub(crate) const BRAND: BrandId = BrandId::new(Uuid::from_u128(0xB));

/// The moment `seconds` after the start of every test.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

pub(crate) fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("MYR").expect("a currency")).expect("not negative")
}

pub(crate) fn payment_id(number: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(0x100_0000 + number))
}

pub(crate) fn checkout_id(number: u128) -> CheckoutId {
    // Random ids do not follow the order of payments.
    CheckoutId::new(Uuid::from_u128(0xF000_0000 - number))
}

pub(crate) fn attempt_id(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(0xA000_0000 + number))
}

pub(crate) fn terms(number: u128) -> Terms {
    Terms {
        payment_id: payment_id(number),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        checkout_id: checkout_id(number),
        amount: money(954),
        capture: CaptureMode::Automatic,
        due: Some(Due { at: at(3_600), strict: true }),
        single_attempt: false,
        save_card: false,
        hold_max: None,
        captured_after: None,
        fees: Fees { basis_points: 150, fixed: 20, ..Fees::default() },
    }
}

pub(crate) fn card() -> CardSummary {
    CardSummary {
        brand: Brand::Visa,
        masked: "444433******1111".to_owned(),
        expiry: Expiry { year: 2028, month: 8 },
        holder: "Siti Aminah".to_owned(),
    }
}

pub(crate) fn submission(number: u128) -> Submission {
    Submission {
        attempt_id: attempt_id(number),
        acquirer: "test".to_owned(),
        means: domain::Means::Card { card: card(), card_id: CardId::new(Uuid::from_u128(0xCA)) },
        part: None,
        token: None,
        flow: Flow::HostedPage,
        payer_ip: Some("203.0.113.7".parse().expect("an address")),
        save_card: false,
        window: domain::ChallengeWindow::Full,
        deadline: at(30),
    }
}

pub(crate) fn approved() -> Outcome {
    Outcome::Approved {
        amount: money(954),
        acquirer_reference: "A-1".to_owned(),
        facts: CardFacts { kind: "credit".to_owned(), issuer: "A Bank".to_owned(), country: "MY".to_owned() },
    }
}

pub(crate) fn customer() -> Customer {
    Customer {
        email: "siti@example.com".to_owned(),
        phone: "+60 12 345 6789".to_owned(),
        full_name: "Siti Aminah".to_owned(),
        billing: Address {
            street_address: "1 Jalan Ampang".to_owned(),
            country: "MY".to_owned(),
            ..Address::default()
        },
        cc: vec!["boss@example.com".to_owned()],
        ..Customer::default()
    }
}

/// A checkout in which everything is set.
pub(crate) fn checkout(number: u128) -> Checkout {
    Checkout {
        id: checkout_id(number),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        brand_id: BRAND,
        payment_id: payment_id(number),
        dialect: Dialect::Purchases,
        order_key: Some("the order".to_owned()),
        tender: Some(domain::TenderTerms {
            offers: vec![domain::Offer {
                partner: "adyen".to_owned(),
                method: "ideal".to_owned(),
                kind: domain::OfferKind::Redirect(domain::RedirectMethod::Bank),
                uses_max: Some(1),
                amount_min: 100,
            }],
            asks_payer: true,
            reusable: true,
            order_total: Some(12_000),
        }),
        public_id: Some(PublicId::Number(u64::try_from(number).expect("a small number") + 1)),
        created_at: at(0),
        seller: "Kedai Kopi".to_owned(),
        language: "en".to_owned(),
        language_chosen: true,
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
        reference: "INV-1".to_owned(),
        notes: "Thank you".to_owned(),
        lines: vec![Line {
            name: "Kopi".to_owned(),
            quantity: 20_000,
            unit_price: 477,
            discount: 1,
            tax_percent: 600,
            category: "drinks".to_owned(),
            total_override: Some(954),
            total: 954,
        }],
        debt: -5,
        stated: Stated {
            issued: "2026-02-03".to_owned(),
            subtotal: Some(1_000),
            tax: Some(-1),
            discount: Some(i64::MIN),
        },
        customer: customer(),
        customer_id: Some(CustomerId::new(Uuid::from_u128(0xC))),
        customer_named: true,
        asks_details: vec!["phone".to_owned()],
        redirects: Redirects {
            success: Some("https://shop.example/ok".to_owned()),
            failure: Some("https://shop.example/no".to_owned()),
            cancel: Some("https://shop.example/back".to_owned()),
        },
        callback: Some(Callback { url: "https://shop.example/hook".to_owned() }),
        brands: Some(vec![Brand::Visa, Brand::Mastercard]),
        methods: vec![LocalMethod::Fpx, LocalMethod::RazerTng],
        token: Some(checkout_id(number + 1)),
    }
}

pub(crate) fn merchant(id: MerchantId) -> Merchant {
    Merchant {
        id,
        company: Company { legal_name: "Kedai Kopi Sdn Bhd".to_owned(), ..Company::default() },
        fees: Fees::default(),
        email: String::new(),
        created_at: at(0),
        revoked_at: None,
    }
}

pub(crate) fn customer_record(number: u128, email: &str) -> CustomerRecord {
    CustomerRecord {
        id: CustomerId::new(Uuid::from_u128(0xC000 + number)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        version: 1,
        details: Customer { email: email.to_owned(), ..Customer::default() },
        extra: String::new(),
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn key_use(key: &str, seconds: i64) -> IdempotencyWrite {
    IdempotencyWrite {
        merchant_id: MERCHANT,
        mode: Mode::Test,
        scope: "POST /purchases/".to_owned(),
        key: key.to_owned(),
        fingerprint: [7; 32],
        status: 201,
        body: "{}".to_owned(),
        at: at(seconds),
        kept_for: Duration::from_hours(24),
    }
}

pub(crate) fn delivery(payment: u128, number: u128, seconds: i64) -> Delivery {
    Delivery {
        id: DeliveryId::new(Uuid::from_u128(0xD000_0000 + payment * 100 + number)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        checkout_id: checkout_id(payment),
        payment_id: payment_id(payment),
        version: u32::try_from(number).expect("small"),
        notice: Notice::Opened,
        endpoint: Endpoint::Callback { url: "https://shop.example/hook".to_owned() },
        body: None,
        attempts: 0,
        due_at: at(seconds),
        created_at: at(seconds),
    }
}

/// A worker.
pub(crate) const WORKER: Uuid = Uuid::from_u128(0xE000_0001);

/// A worker takes deliveries for a minute, and gets those that it may send.
pub(crate) async fn take(store: &Store, worker: Uuid, ids: Vec<DeliveryId>, seconds: i64) -> Vec<Delivery> {
    let lease = Lease { worker, ids, at: at(seconds), until: at(seconds + 60) };
    done(store, Changeset { lease: Some(lease.clone()), ..Changeset::default() }).await;
    store.leased(lease).await.expect("readable")
}

/// A try of the worker's that failed without an answer.
pub(crate) fn failed(id: DeliveryId, attempts: u32, next: Option<i64>) -> Delivered {
    Delivered {
        id,
        worker: WORKER,
        body: None,
        attempts,
        next: next.map(at),
        success: false,
        status: 0,
        error: "no connection".to_owned(),
        answer: String::new(),
        at: at(i64::from(attempts)),
        took: Duration::from_millis(20),
        is_there: Some(false),
    }
}

pub(crate) async fn tried(store: &Store, delivered: Delivered) {
    done(store, Changeset { delivered: Some(Box::new(delivered)), ..Changeset::default() }).await;
}

/// So many calls, whoever is called.
pub(crate) fn openings(calls: usize) -> Openings {
    Openings {
        calls,
        calls_of_failing: calls,
        failing: Arc::default(),
        calls_of_owner: calls,
        calls_of_destination: calls,
        underway: HashSet::new(),
        last: None,
    }
}

pub(crate) fn inquiry(number: u128) -> Timer {
    Timer {
        at: at(31),
        kind: TimerKind::Inquire { attempt_id: attempt_id(number), asked: 0, not_found: 0 },
        merchant_id: MERCHANT,
        mode: Mode::Test,
        payment_id: payment_id(number),
    }
}

/// What opens payment `number`, and the payment then.
pub(crate) fn opening(number: u128) -> (Changeset, Payment) {
    opening_with(&terms(number))
}

/// What opens a payment on these terms, and the payment then.
pub(crate) fn opening_with(terms: &Terms) -> (Changeset, Payment) {
    let payment = Payment::open(terms.clone());
    let event = Event::Opened(payment.terms.clone());
    let write = PaymentWrite {
        expected_version: 0,
        payment: payment.clone(),
        brand_id: BRAND,
        events: vec![Recorded { version: 1, at: at(0), event }],
        postings: vec![],
    };
    (Changeset { payment: Some(write), ..Changeset::default() }, payment)
}

/// What a command makes of a payment, and the payment then.
pub(crate) fn change(payment: &Payment, command: &Command, seconds: i64) -> (Changeset, Payment) {
    let events = payment.decide(command).expect("the command fits");
    let mut next = payment.clone();
    let mut recorded = Vec::new();
    let mut lines = Vec::new();
    for event in events {
        next.apply(&event);
        lines.extend(postings(&event).into_iter().map(|posting| (next.version, posting)));
        recorded.push(Recorded { version: next.version, at: at(seconds), event });
    }
    let write = PaymentWrite {
        expected_version: payment.version,
        payment: next.clone(),
        brand_id: BRAND,
        events: recorded,
        postings: lines,
    };
    (Changeset { payment: Some(write), ..Changeset::default() }, next)
}

/// Commits and expects success.
pub(crate) async fn done(store: &Store, changeset: Changeset) {
    assert_eq!(Committed::Done, store.commit(changeset).await.expect("it can be written"));
}

/// A payment from its opening to the captured money; the checkout and its timers are written as the engine does.
pub(crate) async fn pay(store: &Store, number: u128) -> Payment {
    let payment = submit(store, number).await;
    let settle = Command::Settle { attempt_id: attempt_id(number), outcome: approved() };
    let (mut changeset, payment) = change(&payment, &settle, 2);
    changeset.timers_done = vec![inquiry(number)];
    done(store, changeset).await;
    payment
}

/// A payment whose card was sent to the acquirer.
pub(crate) async fn submit(store: &Store, number: u128) -> Payment {
    let (mut changeset, payment) = opening(number);
    changeset.checkout =
        Some(Box::new(CheckoutRecord { checkout: checkout(number), document: r#"{"own":1}"#.to_owned() }));
    done(store, changeset).await;
    let (mut changeset, payment) = change(&payment, &Command::Submit(submission(number)), 1);
    changeset.timers = vec![inquiry(number)];
    done(store, changeset).await;
    payment
}

/// An empty store with two merchants.
pub(crate) async fn open(dir: &Path) -> Store {
    let store = Store::open(dir).expect("a store");
    let admin = vec![AdminWrite::Merchant(merchant(MERCHANT)), AdminWrite::Merchant(merchant(OTHER))];
    done(&store, Changeset { admin, ..Changeset::default() }).await;
    store
}
