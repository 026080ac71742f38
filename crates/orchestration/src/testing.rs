//! Payments as the core makes them, for tests: commands in, a journal and what is shown of it out.

use std::time::Duration;

use domain::{
    AttemptId, Authentication, AuthenticationIds, Brand, BrandId, CaptureMode, CardFacts, CardId, CardSummary,
    Challenge, ChallengeWindow, Checkout, CheckoutId, Command, Customer, DeclineReason, Dialect, Due, Event, Expiry,
    Fees, Flow, Leg, Means, MerchantId, Mode, Money, OperationId, OperationKind, OperationOutcome, Order, Outcome,
    Payment, PaymentId, Recorded, Redirects, Refusal, Stated, Submission, Terms, Timestamp, TransStatus,
};
use engine::{CheckoutRecord, Fingerprints, Shown};
use serde_json::{Value, json};

use crate::document::SessionDocument;
use crate::fields::read;
use crate::payment_view::{PaymentFacts, payment};
use crate::samples::{self, with};
use crate::session;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_746_172_800);
pub(crate) const PUBLIC_URL: &str = "https://pay.example";

/// An id of a test's.
pub(crate) fn id(number: u128) -> String {
    format!("0c7e0000-0000-7000-8000-{number:012x}")
}

pub(crate) fn attempt(number: u128) -> AttemptId {
    AttemptId::parse(&id(number)).expect("an id")
}

pub(crate) fn operation(number: u128) -> OperationId {
    OperationId::parse(&id(number)).expect("an id")
}

fn parts(first: u128) -> Vec<OperationId> {
    (0..10).map(|number| operation(first * 0x1000 + number)).collect()
}

pub(crate) fn money(minor: i64) -> Money {
    Money::new(minor, domain::Currency::parse("EUR").expect("a currency")).expect("an amount")
}

pub(crate) fn card() -> Means {
    let card = CardSummary {
        brand: Brand::Visa,
        masked: "491699******2017".into(),
        expiry: Expiry { year: 2029, month: 9 },
        holder: "A. Test".into(),
    };
    Means::Card { card, card_id: CardId::parse(&id(0x701)).expect("an id") }
}

pub(crate) fn gift() -> Means {
    Means::GiftCard { masked: "600000******2000".into() }
}

pub(crate) fn leg(number: u128, means: Means, amount: i64) -> Leg {
    let (partner, method) = match &means {
        Means::Card { .. } => ("dalenys", "creditcard"),
        Means::GiftCard { .. } => ("illicado", "giftcard"),
        Means::Redirect(_) | Means::Local(_) => ("paypal", "wallet"),
    };
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
            deadline: START.plus(Duration::from_secs(30)),
        },
        partner: partner.into(),
        method: method.into(),
        asks_bank: false,
        asks_payer: false,
    }
}

pub(crate) fn approved(amount: i64) -> Outcome {
    let facts = CardFacts { country: "FR".into(), ..CardFacts::default() };
    Outcome::Approved { amount: money(amount), acquirer_reference: "A4232036332".into(), facts }
}

pub(crate) fn declined(reason: DeclineReason) -> Outcome {
    Outcome::Declined { reason, facts: CardFacts::default() }
}

/// What a bank said after it asked the payer.
pub(crate) fn authentication(status: TransStatus, cancel: &str) -> Authentication {
    Authentication {
        ids: ids(),
        status,
        reason: String::new(),
        cancel: cancel.to_owned(),
        eci: "05".into(),
        cavv: String::new(),
        challenged: true,
    }
}

pub(crate) fn challenge() -> Challenge {
    Challenge { ids: ids(), acs_url: "https://acs.example/".into() }
}

fn ids() -> AuthenticationIds {
    let id = |number| attempt(number).uuid();
    AuthenticationIds { server: id(0x3d0), directory: id(0x3d1), acs: id(0x3d2) }
}

/// What follows on the outcome of a leg, as one with it.
pub(crate) fn settle(number: u128, outcome: Outcome) -> Vec<Command> {
    vec![
        Command::Settle { attempt_id: attempt(number), outcome },
        Command::NextLeg { deadline: START.plus(Duration::from_secs(60)), begins: true },
        Command::CaptureByItself { operation_id: operation(0x90), parts: parts(0x90), due: false },
    ]
}

pub(crate) fn order(number: u128, kind: OperationKind, amount: Option<i64>) -> Order {
    let amount = amount.map(money);
    Order { amount, parts: parts(number), ..Order::new(operation(number), kind) }
}

/// What the card of [`card`] is recognised by.
pub(crate) fn fingerprints() -> Fingerprints {
    [(CardId::parse(&id(0x701)).expect("an id"), "mG/7oNfg".to_owned())].into_iter().collect()
}

/// A session and its payment.
pub(crate) struct Story {
    pub(crate) checkout: Checkout,
    pub(crate) document: SessionDocument,
    pub(crate) history: Vec<Recorded>,
    pub(crate) payment: Payment,
    now: Timestamp,
}

impl Story {
    /// A session of this amount, as the published one is asked for, but for some members.
    pub(crate) fn of(amount: i64, captured_after: Option<Duration>, changes: &Value) -> Self {
        let order = json!({ "reference": "SO-77", "net_amount": amount, "tax_amount": 716 });
        let body = with(samples::session(), &json!({ "/amount": amount, "/order": order }));
        let body = with(body, changes);
        let document: SessionDocument = read(body.to_string().as_bytes(), session::create).expect("read").into();
        let terms = Terms {
            payment_id: PaymentId::parse(&id(0x01)).expect("an id"),
            merchant_id: MerchantId::parse(&id(0x02)).expect("an id"),
            mode: Mode::Test,
            checkout_id: CheckoutId::parse(&id(0xc1)).expect("an id"),
            amount: money(amount),
            capture: CaptureMode::Manual,
            due: Some(Due { at: START.plus(Duration::from_secs(1_800)), strict: true }),
            single_attempt: true,
            save_card: false,
            hold_max: None,
            captured_after,
            fees: Fees::default(),
        };
        let checkout = Checkout {
            id: terms.checkout_id,
            merchant_id: terms.merchant_id,
            mode: terms.mode,
            brand_id: BrandId::parse(&document.entity_id).expect("an id"),
            payment_id: terms.payment_id,
            dialect: Dialect::Orchestration,
            public_id: None,
            order_key: None,
            created_at: START,
            seller: "Acme".into(),
            language: "fr".into(),
            language_chosen: true,
            time_zone: "UTC".into(),
            reference: "SO-77".into(),
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
            brands: None,
            methods: vec![],
            token: None,
            tender: None,
        };
        let opened = Recorded { version: 1, at: START, event: Event::Opened(terms.clone()) };
        Self { checkout, document, history: vec![opened], payment: Payment::open(terms), now: START }
    }

    /// A session of these legs, submitted.
    pub(crate) fn begun(legs: Vec<Leg>) -> Self {
        let amount = legs.iter().filter_map(Leg::amount).map(Money::minor).sum();
        let mut story = Self::of(amount, None, &json!({}));
        story.does(&[Command::Tender(legs)]).expect("begins");
        story
    }

    /// A gift card of 2000 and a card of 2299, both authorized.
    pub(crate) fn authorized() -> Self {
        let mut story = Self::begun(vec![leg(0xa1, gift(), 2_000), leg(0xa2, card(), 2_299)]);
        story.does(&settle(0xa1, approved(2_000))).expect("pays");
        story.does(&settle(0xa2, approved(2_299))).expect("pays");
        story
    }

    /// Carries commands out as one, a second after what was before: all of them, or none.
    pub(crate) fn does(&mut self, commands: &[Command]) -> Result<Vec<Event>, Refusal> {
        let (mut payment, mut happened) = (self.payment.clone(), vec![]);
        for command in commands {
            for event in payment.decide(command)? {
                payment.apply(&event);
                happened.push(event);
            }
        }
        self.now = self.now.plus(Duration::from_secs(1));
        let at = self.now;
        let versions = self.payment.version + 1..;
        self.history.extend(versions.zip(happened.iter().cloned()).map(|(version, event)| Recorded {
            version,
            at,
            event,
        }));
        self.payment = payment;
        Ok(happened)
    }

    /// An operation, with what becomes of each of its parts.
    pub(crate) fn operates(&mut self, order: Order, outcomes: &[OperationOutcome]) {
        let sent = self.does(&[Command::Operate(order)]).expect("is sent");
        let parts = sent.iter().filter_map(|event| match event {
            Event::OperationSent(operation) => Some(operation.id),
            _ => None,
        });
        for (operation_id, outcome) in parts.zip(outcomes.iter().cycle()) {
            let outcome = *outcome;
            self.does(&[Command::SettleOperation { operation_id, outcome }]).expect("is settled");
        }
    }

    pub(crate) fn record(&self) -> CheckoutRecord {
        CheckoutRecord { checkout: self.checkout.clone(), document: self.document.to_json().expect("JSON") }
    }

    pub(crate) fn shown(&self) -> Shown {
        Shown::of(self.record(), self.history.clone()).expect("an opening")
    }

    /// The payment as it is answered.
    pub(crate) fn view(&self) -> Value {
        self.view_of(&self.history).expect("a payment")
    }

    pub(crate) fn view_of(&self, history: &[Recorded]) -> Option<Value> {
        let facts = PaymentFacts {
            checkout: &self.checkout,
            document: &self.document,
            history,
            public_url: PUBLIC_URL,
            fingerprints: &fingerprints(),
        };
        payment(&facts).expect("a view").map(|view| serde_json::to_value(&view).expect("JSON"))
    }
}
