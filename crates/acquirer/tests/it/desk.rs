//! A test acquirer with its clock and its directory, and what is asked of it in words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acquirer::{Acquirer, Answer, CardData, CardRules, Host, Initiator, Request, Source, TestAcquirer};
use domain::{
    AttemptId, Authentication, AuthenticationIds, CardFacts, Currency, Cvc, DeclineReason, Expiry, Money, OperationId,
    OperationKind, Pan, Timestamp, TransStatus,
};
use env::Env;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// 20 November 2026, 00:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_795_132_800);
pub(crate) const GOOD: &str = "4000 0099 0000 0004";

/// What every authorization says of itself.
pub(crate) const MERCHANT_DATA: &str = "order \"7\"";

/// A test acquirer with its clock and its directory.
pub(crate) struct Desk {
    pub(crate) dir: TempDir,
    pub(crate) env: Env,
    pub(crate) book: TestAcquirer,
    pub(crate) acquirer: Arc<Acquirer>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::at(tempfile::tempdir().expect("a directory"), Env::still(START, 7))
    }

    /// A test acquirer that runs alone, with a clock that only its callers move; it is reached over HTTP. How often is
    /// counted beside it.
    pub(crate) async fn elsewhere() -> (Self, Arc<AtomicUsize>) {
        let (dir, env) = (tempfile::tempdir().expect("a directory"), Env::still(START, 7));
        let host = Host::open(dir.path(), Env::still(START, 8)).expect("a book");
        let connections = Arc::<AtomicUsize>::default();
        let book = TestAcquirer::at(&serve(host, Arc::clone(&connections)).await, env.clone());
        let acquirer = Arc::new(Acquirer::test(book.clone(), env.clone()));
        (Self { dir, env, book, acquirer }, connections)
    }

    pub(crate) fn at(dir: TempDir, env: Env) -> Self {
        let book = TestAcquirer::open(dir.path(), env.clone()).expect("a book");
        let acquirer = Arc::new(Acquirer::test(book.clone(), env.clone()));
        Self { dir, env, book, acquirer }
    }

    /// What is closed and opened again knows nothing but the file.
    pub(crate) async fn reopened(self) -> Self {
        self.book.close().await;
        let Self { dir, env, .. } = self;
        Self::at(dir, env)
    }

    pub(crate) fn attempt(&self) -> AttemptId {
        AttemptId::new(self.env.ordered_id())
    }

    pub(crate) fn operation(&self) -> OperationId {
        OperationId::new(self.env.ordered_id())
    }

    /// Starts asking, as an activity of the clock.
    pub(crate) fn start(&self, card: Card, reference: AttemptId) -> JoinHandle<Answer> {
        let acquirer = Arc::clone(&self.acquirer);
        tokio::spawn(self.env.clock().activity(async move { card.authorize(&acquirer, reference).await }))
    }

    /// The same, for what needs no card.
    pub(crate) fn start_asking(&self, request: Request<'static>) -> JoinHandle<Answer> {
        let acquirer = Arc::clone(&self.acquirer);
        tokio::spawn(self.env.clock().activity(async move { acquirer.ask(request).await }))
    }

    /// Moves the clock as far as it takes to get an answer.
    pub(crate) async fn finish<T>(&self, asking: JoinHandle<T>) -> T {
        loop {
            self.env.clock().quiet().await;
            if asking.is_finished() {
                return asking.await.expect("an answer");
            }
            match self.env.clock().next_wake() {
                Some(at) => self.env.clock().move_to(at),
                // Its work is done; the runtime has yet to say so.
                None => tokio::task::yield_now().await,
            }
        }
    }

    pub(crate) async fn ask(&self, request: Request<'static>) -> Answer {
        self.finish(self.start_asking(request)).await
    }

    pub(crate) async fn authorize(&self, card: Card, reference: AttemptId) -> Answer {
        self.finish(self.start(card, reference)).await
    }

    /// 10.01 MYR reserved on a card.
    pub(crate) async fn authorized(&self, number: &str) -> AttemptId {
        let reference = self.attempt();
        let answer = self.authorize(card(number), reference).await;
        assert!(matches!(answer, Answer::Approved { .. }), "{number}: {answer:?}");
        reference
    }

    /// 10.01 MYR taken from a card.
    pub(crate) async fn taken(&self, number: &str) -> AttemptId {
        let reference = self.attempt();
        let answer = self.authorize(Card { capture: true, ..card(number) }, reference).await;
        assert!(matches!(answer, Answer::Approved { .. }), "{number}: {answer:?}");
        reference
    }

    /// An operation with a reference of its own, in words.
    pub(crate) async fn operate(&self, kind: OperationKind, original: AttemptId, minor: i64) -> String {
        in_words(&self.ask(operation(kind, self.operation(), original, minor)).await)
    }

    /// A capture that leaves the rest reserved, in words.
    pub(crate) async fn capture_part(&self, original: AttemptId, minor: i64) -> String {
        let (reference, amount) = (self.operation(), myr(minor));
        in_words(&self.ask(Request::Capture { reference, original, amount, keeps_rest: true, note: "" }).await)
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.env.clock().move_to(self.env.now().plus(Duration::from_secs(seconds)));
    }

    pub(crate) async fn inquire(&self, reference: AttemptId) -> Answer {
        self.ask(Request::Inquire { reference, amount: myr(1_001) }).await
    }

    pub(crate) async fn reverse(&self, reference: AttemptId) -> Answer {
        self.ask(Request::Reverse { reference, amount: myr(1_001) }).await
    }

    /// What the book says about one attempt: kind, outcome, amount and seconds since the start.
    pub(crate) async fn booked(&self, reference: AttemptId) -> String {
        let lines = self.book.transactions().await.expect("the book");
        let lines = lines.iter().filter(|line| line.reference == reference.to_string());
        let words = lines.map(|line| {
            let (kind, outcome, after) = (line.kind.as_str(), line.outcome.as_str(), line.at.since(START).as_secs());
            format!("{kind} {outcome} {} {} +{after}s", line.amount, line.currency)
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// What the whole book says, authorizations left out.
    pub(crate) async fn operated(&self) -> String {
        let lines = self.book.transactions().await.expect("the book");
        let lines = lines.iter().filter(|line| line.kind != acquirer::Kind::Authorize);
        let words = lines.map(|line| format!("{} {} {}", line.kind.as_str(), line.outcome.as_str(), line.amount));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Serves on a port of its own; host and port.
async fn serve(host: Host, connections: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let host = host.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let host = host.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = Zeroizing::new(body.collect().await?.to_bytes().to_vec());
                    let answer = host.answer(hyper::Request::from_parts(head, body)).await;
                    Ok::<_, hyper::Error>(answer.map(|body| Full::new(Bytes::from(body))))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A card as a payer types it, for 10.01 MYR.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) cvc: Option<&'static str>,
    pub(crate) expiry: Expiry,
    pub(crate) capture: bool,
    pub(crate) amount: Money,
    pub(crate) authentication: Option<Authentication>,
    pub(crate) initiated_by: Initiator,
    pub(crate) rules: CardRules,
}

pub(crate) fn card(number: &str) -> Card {
    let number = number.replace(' ', "");
    let cvc = Some(if number.starts_with("34") { "1234" } else { "123" });
    let expiry = Expiry { year: 2030, month: 12 };
    let (amount, initiated_by) = (myr(1_001), Initiator::Payer);
    let rules = CardRules::Purchases;
    Card { number, cvc, expiry, capture: false, amount, authentication: None, initiated_by, rules }
}

/// The kept card, charged by the merchant.
pub(crate) fn kept(number: &str) -> Card {
    Card { cvc: None, initiated_by: Initiator::Merchant, ..card(number) }
}

/// What a bank would say of a card it has authenticated.
pub(crate) fn authentication(number: &str) -> Authentication {
    let env = Env::still(START, 11);
    let ids = AuthenticationIds { server: env.random_id(), directory: env.random_id(), acs: env.random_id() };
    let eci = if number.starts_with('5') { "02" } else { "05" }.to_owned();
    let cavv = "AAECAwQFBgcICQoLDA0ODxAREhM=".to_owned();
    let (status, reason, cancel) = (TransStatus::Authenticated, String::new(), String::new());
    Authentication { ids, status, reason, cancel, eci, cavv, challenged: true }
}

impl Card {
    pub(crate) async fn authorize(self, acquirer: &Acquirer, reference: AttemptId) -> Answer {
        self.heard(acquirer, reference).await.0
    }

    /// The answer, and what came once more.
    pub(crate) async fn heard(self, acquirer: &Acquirer, reference: AttemptId) -> (Answer, Option<Answer>) {
        let pan = Pan::parse(&self.number).expect("a card number");
        let cvc = self.cvc.map(|cvc| Cvc::parse(cvc).expect("a code"));
        let card = CardData { pan: &pan, cvc: cvc.as_ref(), expiry: self.expiry, holder: "Nurul \"Ally\" Aina" };
        let Self { amount, capture, initiated_by, rules, .. } = self;
        let source = Source::Card { card, authentication: self.authentication.as_ref(), initiated_by, rules };
        acquirer.hear(Request::Authorize { reference, amount, capture, source, merchant_data: MERCHANT_DATA }).await
    }
}

pub(crate) fn operation(
    kind: OperationKind,
    reference: OperationId,
    original: AttemptId,
    minor: i64,
) -> Request<'static> {
    noted(kind, reference, original, minor, "")
}

/// An operation with the merchant's own reference for it.
pub(crate) fn noted(
    kind: OperationKind,
    reference: OperationId,
    original: AttemptId,
    minor: i64,
    note: &'static str,
) -> Request<'static> {
    let amount = myr(minor);
    match kind {
        OperationKind::Capture => Request::Capture { reference, original, amount, keeps_rest: false, note },
        OperationKind::Void => Request::Void { reference, original, amount, note },
        OperationKind::Refund => Request::Refund { reference, original, amount, note },
    }
}

pub(crate) fn inquiry(
    kind: OperationKind,
    reference: OperationId,
    original: AttemptId,
    minor: i64,
) -> Request<'static> {
    Request::InquireOperation { reference, original, kind, amount: myr(minor) }
}

pub(crate) fn myr(minor: i64) -> Money {
    Money::new(minor, Currency::parse("MYR").expect("a currency")).expect("an amount")
}

pub(crate) fn facts() -> CardFacts {
    CardFacts { kind: "credit".to_owned(), issuer: String::new(), country: "US".to_owned() }
}

pub(crate) fn approved(number: &str) -> Answer {
    Answer::Approved { amount: myr(1_001), acquirer_reference: number.to_owned(), facts: facts() }
}

pub(crate) fn declined(reason: DeclineReason) -> Answer {
    Answer::Declined { reason, facts: facts() }
}

pub(crate) fn in_words(answer: &Answer) -> String {
    match answer {
        Answer::Approved { amount, .. } => format!("approved {}", amount.minor()),
        Answer::Declined { reason, .. } => reason.as_str().to_owned(),
        Answer::Pending => "pending".to_owned(),
        Answer::Redirect { .. } => "redirect".to_owned(),
        Answer::NotFound => "not found".to_owned(),
        Answer::Reversed => "reversed".to_owned(),
        Answer::NotSent => "not sent".to_owned(),
        Answer::Unknown => "unknown".to_owned(),
    }
}

/// One of the grammar's numbers.
pub(crate) fn with_check_digit(digits: &str) -> String {
    let full = ('0'..='9').map(|check| format!("{digits}{check}")).find(|number| Pan::parse(number).is_ok());
    full.expect("one of ten fits")
}
