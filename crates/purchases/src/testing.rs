//! A purchase whose story is told in words, for tests.

use domain::{
    AttemptId, Authentication, AuthenticationIds, Brand, BrandId, CardFacts, CardId, CardSummary, Challenge, Checkout,
    CheckoutId, Command, Currency, Customer, CustomerId, DeclineReason, Event, Expiry, Fees, Flow, Means, MerchantId,
    Mode, Money, OperationId, OperationKind, OperationOutcome, Order, Outcome, Payment, PaymentId, Recorded, Refusal,
    RefusedTry, Report, Submission, Timestamp, TransStatus,
};
use serde_json::{Value, json};

use crate::create::{CreatePurchase, Opening};
use crate::document::{Issuer, PurchaseDocument};
use crate::status::{self, Status};
use crate::view::{self, Links, Purchase};

/// When every purchase is made.
pub(crate) const START: i64 = 1_760_000_000;

/// The id of another purchase whose card was kept.
pub(crate) const TOKEN: &str = "7f1f0a52-3f57-4f0e-8d2b-0a8c1d9e5b60";

/// The request of the reference's composed example, 11.3.
const EXAMPLE: &str = r#"{"brand_id":"6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11",
 "client":{"email":"ada@example.com","full_name":"Ada Example"},
 "purchase":{"currency":"MYR","products":[{"name":"Tea","price":450,"quantity":"2","tax_percent":"6"}],"notes":"thanks"},
 "reference":"ORD-7","success_redirect":"https://shop.example.com/ok","failure_redirect":"https://shop.example.com/no"}"#;

/// A shop that takes every currency, ringgit unless told otherwise.
pub(crate) fn brand() -> engine::Brand {
    engine::Brand {
        id: BrandId::parse("6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11").expect("an id"),
        merchant_id: MerchantId::parse("a3f1d6aa-0d7a-4f41-9c3b-9f61b0c4d001").expect("an id"),
        parent: None,
        api_key: "ak_0123456789".to_owned(),
        name: "Shop".to_owned(),
        website: String::new(),
        support_email: String::new(),
        currency: Currency::parse("MYR").expect("ringgit"),
        currencies: None,
        exchanges: vec![],
        language: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        direct_post: true,
        embed_origins: vec![],
        look: domain::Look::default(),
        created_at: Timestamp::from_seconds(START),
        revoked_at: None,
    }
}

/// A purchase and what happens to it, ten seconds apart.
pub(crate) struct App {
    pub checkout: Checkout,
    pub document: PurchaseDocument,
    pub payment: Payment,
    pub history: Vec<Recorded>,
    attempts: u8,
    operations: u8,
}

impl App {
    fn new(body: &str) -> Self {
        let at = Timestamp::from_seconds(START);
        let order = CreatePurchase::parse(body.as_bytes()).expect("a body").complete(&brand(), at).expect("an order");
        let customer = order.input.client.clone().expect("a client").customer;
        let (checkout, terms, document) = order.open(Opening {
            checkout_id: CheckoutId::parse("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10").expect("an id"),
            payment_id: PaymentId::parse("9c4d1b52-5d60-4f6a-8f5e-6b1a0e4f7b22").expect("an id"),
            merchant_id: MerchantId::parse("a3f1d6aa-0d7a-4f41-9c3b-9f61b0c4d001").expect("an id"),
            mode: Mode::Test,
            customer,
            customer_id: CustomerId::parse("5d2b0cf8-1f0b-4c4e-b1b3-1d6f0a9b2c33").ok(),
            seller: "Shop".to_owned(),
            issuer: Issuer { legal_name: "Shop Ltd".to_owned(), ..Issuer::default() },
            fees: Fees { basis_points: 150, fixed: 20, ..Fees::default() },
            reference_generated: "PG12".to_owned(),
            created_from_ip: "203.0.113.9".to_owned(),
            direct_post: true,
            methods: vec![],
        });
        let payment = Payment::open(terms.clone());
        let history = vec![Recorded { version: 1, at, event: Event::Opened(terms) }];
        Self { checkout, document, payment, history, attempts: 0, operations: 0 }
    }

    /// The composed example of the reference.
    pub(crate) fn example() -> Self {
        Self::new(EXAMPLE)
    }

    /// The example with members of the body replaced.
    pub(crate) fn with(members: &Value) -> Self {
        let mut body: Value = serde_json::from_str(EXAMPLE).expect("JSON");
        for (pointer, value) in members.as_object().expect("an object") {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            body.pointer_mut(parent).expect(pointer)[name] = value.clone();
        }
        Self::new(&body.to_string())
    }

    /// The example as one of the kinds of purchase there are.
    pub(crate) fn kind(name: &str) -> Self {
        Self::with(&match name {
            "sale" => json!({}),
            "hold" => json!({"/skip_capture": true}),
            "verify" => {
                json!({"/skip_capture": true, "/purchase/products": [{"name": "Card check", "price": 0}]})
            }
            "strict" => json!({"/purchase/due_strict": true}),
            "single" => json!({"/purchase/single_attempt": true}),
            other => panic!("no kind of purchase is {other}"),
        })
    }

    /// What is told happens, line by line or separated by commas.
    pub(crate) fn tell(mut self, story: &str) -> Self {
        for line in story.split([',', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
            self.act(line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        }
        self
    }

    /// One thing that is asked.
    pub(crate) fn act(&mut self, line: &str) -> Result<(), Refusal> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let command = self.command(word, rest);
        self.go(&command)
    }

    pub(crate) fn go(&mut self, command: &Command) -> Result<(), Refusal> {
        let at = Timestamp::from_seconds(START + 10 * i64::try_from(self.history.len()).expect("small"));
        for event in self.payment.decide(command)? {
            self.payment.apply(&event);
            self.history.push(Recorded { version: self.payment.version, at, event });
        }
        Ok(())
    }

    fn command(&mut self, word: &str, rest: &str) -> Command {
        let attempt_id = self.attempt_id();
        let reason = || DeclineReason::parse(rest).unwrap_or(DeclineReason::DoNotHonour);
        let amount = || rest.parse().ok().and_then(|minor| Money::new(minor, self.payment.terms.amount.currency()));
        let settle = |outcome| Command::Settle { attempt_id, outcome };
        let operated = |outcome| Command::SettleOperation { operation_id: self.operation_id(), outcome };
        match word {
            "view" => Command::View,
            "details" => Command::GiveDetails(Box::new(Customer {
                email: "eve@example.com".to_owned(),
                full_name: "Eve van Example".to_owned(),
                ..Customer::default()
            })),
            "invoice" => Command::NoteInvoice,
            "due" => Command::PassDue,
            "cancel" => Command::Cancel,
            "mark_paid" => Command::MarkPaid(Timestamp::from_seconds(START - 86_400)),
            "submit" => Command::Submit(self.submission(Flow::HostedPage)),
            "remember" => Command::Submit(Submission { save_card: true, ..self.submission(Flow::HostedPage) }),
            "post" => Command::Submit(self.submission(Flow::DirectPost)),
            "charge" => Command::Submit(self.submission(Flow::Api)),
            "authenticate" => Command::Authenticate(self.submission(Flow::HostedPage)),
            "ask" => Command::Ask {
                attempt_id,
                challenge: Challenge { ids: ids(), acs_url: "https://acs.example.com/".to_owned() },
            },
            "authenticated" => Command::Authorize {
                attempt_id,
                authentication: Authentication {
                    ids: ids(),
                    status: TransStatus::parse(rest).unwrap_or(TransStatus::Authenticated),
                    reason: String::new(),
                    cancel: String::new(),
                    eci: "05".to_owned(),
                    cavv: String::new(),
                    challenged: true,
                },
                deadline: Timestamp::from_seconds(START + 1_000),
            },
            "refuse" => {
                let reason = reason();
                let submission = self.submission(Flow::DirectPost);
                let Submission { attempt_id, flow, payer_ip, .. } = submission;
                let is_readable = !matches!(reason, DeclineReason::Field(..));
                Command::Refuse(RefusedTry {
                    attempt_id,
                    card: submission.card().cloned().filter(|_| is_readable),
                    flow,
                    payer_ip,
                    reason,
                    assessment: None,
                })
            }
            "approved" => settle(Outcome::Approved {
                amount: self.payment.terms.amount,
                acquirer_reference: "T-1".to_owned(),
                facts: facts(),
            }),
            "declined" => settle(Outcome::Declined { reason: reason(), facts: facts() }),
            "silence" => settle(Outcome::Unknown),
            "reverse" => Command::Reverse { attempt_id },
            "undone" => settle(Outcome::ReversalAcknowledged),
            "capture" => self.operate(OperationKind::Capture, amount()),
            "release" => self.operate(OperationKind::Void, None),
            "refund" => self.operate(OperationKind::Refund, amount()),
            "done" => operated(OperationOutcome::Done),
            "refused" => operated(OperationOutcome::Refused(DeclineReason::AcquirerError)),
            "thinking" => operated(OperationOutcome::Unknown),
            "lapse" => Command::Lapse,
            "forget" => Command::ForgetCard,
            "clear" => Command::Report(Report::Cleared),
            "settle" => Command::Report(Report::Settled),
            "chargeback" => Command::Report(Report::ChargedBack),
            "chargeback_reversed" => Command::Report(Report::ChargebackReversed),
            other => panic!("nothing is called {other}"),
        }
    }

    fn operate(&mut self, kind: OperationKind, amount: Option<Money>) -> Command {
        self.operations += 1;
        let number = (kind == OperationKind::Refund).then(|| 145 + u64::from(self.operations));
        Command::Operate(Order { amount, number, ..Order::new(self.operation_id(), kind) })
    }

    /// The newest try.
    pub(crate) fn attempt_id(&self) -> AttemptId {
        AttemptId::parse(&format!("00000000-0000-7000-8000-000000000{:03}", self.attempts)).expect("an id")
    }

    /// The newest operation.
    pub(crate) fn operation_id(&self) -> OperationId {
        OperationId::parse(&format!("00000000-0000-7000-9000-000000000{:03}", self.operations)).expect("an id")
    }

    fn submission(&mut self, flow: Flow) -> Submission {
        self.attempts += 1;
        Submission {
            attempt_id: self.attempt_id(),
            acquirer: "test".to_owned(),
            means: Means::Card {
                card: CardSummary {
                    brand: Brand::Visa,
                    masked: "444433******1111".to_owned(),
                    expiry: Expiry { year: 2030, month: 4 },
                    holder: "Ada Example".to_owned(),
                },
                card_id: CardId::parse("11111111-1111-4111-8111-111111111111").expect("an id"),
            },
            part: None,
            token: (flow == Flow::Api).then(|| CheckoutId::parse(TOKEN).expect("an id")),
            flow,
            payer_ip: "203.0.113.9".parse().ok(),
            save_card: self.payment.terms.save_card && flow != Flow::Api,
            window: domain::ChallengeWindow::Full,
            deadline: Timestamp::from_seconds(START + 1_000),
        }
    }

    pub(crate) fn purchase(&self) -> Purchase {
        let links = Links { public_url: "https://pay.example.com/".to_owned() };
        view::purchase(&self.checkout, &self.document, &self.history, &links).expect("a history")
    }

    pub(crate) fn shown(&self) -> Value {
        serde_json::to_value(self.purchase()).expect("JSON")
    }

    pub(crate) fn status(&self) -> Value {
        self.shown()["status"].clone()
    }

    /// The statuses it went through.
    pub(crate) fn path(&self) -> String {
        let shown = self.shown();
        let steps = shown["status_history"].as_array().expect("a list").iter();
        steps.map(|step| step["status"].as_str().expect("a word")).collect::<Vec<_>>().join(" ")
    }

    /// The status after every event of the history, with the event's name.
    pub(crate) fn steps(&self) -> Vec<(Status, &'static str)> {
        let Event::Opened(terms) = &self.history[0].event else { panic!("an opening") };
        let (mut payment, mut status) = (Payment::open(terms.clone()), Status::Created);
        let mut steps = vec![(status, "opened")];
        for recorded in &self.history[1..] {
            status = status::after(status, &payment, &recorded.event);
            payment.apply(&recorded.event);
            steps.push((status, recorded.event.name()));
        }
        steps
    }

    /// The members of `shown` that differ from the purchase as it was created.
    pub(crate) fn changes(&self, shown: &Value) -> Value {
        let links = Links { public_url: "https://pay.example.com/".to_owned() };
        let before = view::purchase(&self.checkout, &self.document, &self.history[..1], &links).expect("a history");
        let before = serde_json::to_value(before).expect("JSON");
        let members = shown.as_object().expect("an object").iter();
        let changed = members.filter(|(name, value)| before[name.as_str()] != **value);
        Value::Object(changed.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

pub(crate) fn facts() -> CardFacts {
    CardFacts { kind: "credit".to_owned(), issuer: String::new(), country: "US".to_owned() }
}

fn ids() -> AuthenticationIds {
    // Any ids: they are shown nowhere here.
    let uuid = CheckoutId::parse(TOKEN).expect("an id").uuid();
    AuthenticationIds { server: uuid, directory: uuid, acs: uuid }
}

pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}
