//! The built-in test acquirer: what stands at the other end of the wire, with a book of its own. What happens to a
//! card is written in its number ([`cards`]); what happened is in the book ([`book`]). The banks that ask the payer are
//! beside it and keep nothing ([`directory`]).
//!
//! It behaves like the real ones where it matters: a reference has one effect however often it is sent, a reversal of
//! what was never seen is a success and forbids what comes later, and what it approved it can be asked about.
//!
//! It is in this process or in one of its own ([`host`], [`remote`]). Either way the book decides at once, and whoever
//! asked does the waiting, by its own clock ([`Played`]).

mod cards;
mod gift_cards;
mod redirects;
mod wire;

mod book;

mod host;
mod remote;

mod directory;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{AttemptId, Expiry, Mode, Pan, Report, Timestamp};
use env::Env;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use directory::{AcsAnswer, AcsBehaviour, AcsOutcome, AcsView, Directory};
pub use host::Host;
pub use redirects::{RedirectChoice, RedirectView};
pub(crate) use wire::TestProtocol;

use crate::protocol::{CardRules, HttpRequest, HttpResponse, Method};
use crate::settlement::{self, Day, Header};
use crate::transport::Delivery;
use book::{Attempt, Book, Means, Operated, Operation, OperationOrder, Order, Received, Taken, Trouble, Undone};
use cards::{Answering, Judgement, Presented, Travel, Twist};
use gift_cards::GiftCard;
use remote::{Caller, Remote};
use wire::{AUTHORIZATIONS, AuthorizationIn, AuthorizationOut, FactsOut, NO_RECORD, NotFoundOut, REVERSAL, ReversalIn};
use wire::{BALANCE, BY_GIFT_CARD, BY_REDIRECT, BalanceOut, GiftCardAuthorizationIn, ReadingIn};
use wire::{OPERATIONS, OperationIn, OperationOut, Rules, Status};

/// What it is called in attempts, in routing and in its files.
pub(crate) const NAME: &str = "test";
/// References longer than this are refused.
const REFERENCE_CHARS_MAX: usize = 64;
/// Merchant data longer than this is refused.
const MERCHANT_DATA_BYTES_MAX: usize = 256;
/// How long after a capture its money is paid out, unless told otherwise (card-payments-api 5.4).
const SETTLES_AFTER: Duration = Duration::from_hours(24);

/// The test acquirer. Clones are the same one.
#[derive(Clone)]
pub struct TestAcquirer {
    way: Way,
    env: Env,
    settles_after: Duration,
}

/// Where it is.
#[derive(Clone)]
enum Way {
    Here(Desk),
    There(Remote),
}

/// Where requests are judged and written down.
#[derive(Clone)]
struct Desk {
    book: Book,
    env: Env,
}

/// What becomes of a request. It is decided; what is left is to wait for it.
enum Played {
    Answered(HttpResponse),
    /// It comes twice.
    AnsweredTwice(HttpResponse),
    /// Nothing comes.
    Silent,
    /// It arrived, and the connection breaks.
    Reset,
    /// It never left.
    NotSent,
    /// There is an answer after so long.
    Later(Duration, Recall),
}

/// What is asked for again when its time has come.
#[derive(Clone, Serialize, Deserialize)]
struct Recall {
    reference: String,
    answering: Answering,
}

/// A line of the test acquirer's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The attempt or operation it belongs to.
    pub reference: String,
    /// What was done.
    pub kind: Kind,
    /// Minor units: what was approved, or what was asked when it was declined.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Whether money moved.
    pub outcome: Verdict,
    /// When it was decided.
    pub at: Timestamp,
}

/// What was done. Money taken at once is an authorization and a capture; what a capture leaves of the reservation is a
/// void with the capture's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Authorize,
    Capture,
    Void,
    Refund,
    Reversal,
}

impl Kind {
    /// As the book and its readers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Reversal => "reversal",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Authorize, Self::Capture, Self::Void, Self::Refund, Self::Reversal];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Verdict {
    Approved,
    Declined,
}

impl Verdict {
    /// As the book and its readers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Approved, Self::Declined].into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// What the acquirer tells later, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDue {
    /// The attempt.
    pub reference: AttemptId,
    /// The capture it is about: an operation, or the attempt itself; empty for a decision.
    pub capture: String,
    /// What happened.
    pub report: Reported,
    /// What the authorization said of itself.
    pub merchant_data: String,
    /// When it is told.
    pub at: Timestamp,
}

/// What happened when nobody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// The payer's decision on the acquirer's page is final; an inquiry tells which.
    Decided,
    /// Something became of taken money.
    Taken(Report),
}

/// Why the book cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or its writer cannot be had.
    #[error("the file of the test acquirer's book")]
    File(#[source] std::io::Error),
    /// The database refuses.
    #[error("the test acquirer's book")]
    Book(#[source] Box<redb::Error>),
    /// A row that we never write.
    #[error("a row of the test acquirer's book")]
    Json(#[source] serde_json::Error),
    /// A line of the journal that we never write.
    #[error("line {sequence} of the test acquirer's journal is corrupt")]
    Corrupt {
        /// Which line.
        sequence: u64,
    },
    /// It is closed.
    #[error("the test acquirer is closed")]
    Closed,
    /// It runs alone, and does not answer.
    #[error("the test acquirer does not answer")]
    Unreachable,
}

macro_rules! book_errors {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Error {
            fn from(error: redb::$error) -> Self {
                Self::Book(Box::new(error.into()))
            }
        }
    )*};
}

book_errors!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

impl TestAcquirer {
    /// Opens `acquirer.db` in `dir`, or makes it with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be had or is no book of ours.
    pub fn open(dir: &Path, env: Env) -> Result<Self, Error> {
        let desk = Desk { book: Book::open(dir, env.clone())?, env: env.clone() };
        Ok(Self { way: Way::Here(desk), env, settles_after: SETTLES_AFTER })
    }

    /// The one that runs alone at this host and port ([`Host`]). Whether it is there shows when it is asked.
    #[must_use]
    pub fn at(authority: &str, env: Env) -> Self {
        Self { way: Way::There(Remote::new(authority)), env, settles_after: SETTLES_AFTER }
    }

    /// A test acquirer whose book is in memory, for simulations: it needs no thread.
    ///
    /// # Errors
    /// When the book cannot be made.
    pub fn in_memory(env: Env) -> Result<Self, Error> {
        let desk = Desk { book: Book::in_memory(env.clone())?, env: env.clone() };
        Ok(Self { way: Way::Here(desk), env, settles_after: SETTLES_AFTER })
    }

    /// Pays the money of a capture out so long after it, with the APIs that want to hear of it.
    #[must_use]
    pub fn settling_after(self, settles_after: Duration) -> Self {
        Self { settles_after, ..self }
    }

    /// The whole book, oldest first.
    ///
    /// # Errors
    /// When it is closed or cannot be read.
    pub async fn transactions(&self) -> Result<Vec<Transaction>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.journal().await,
            Way::There(remote) => remote.transactions(self.caller()).await,
        }
    }

    /// The settlement file of what happened from `from` until before `until`, as far as it has happened by now. The same
    /// book gives the same file, another one a file of another id.
    ///
    /// # Errors
    /// When it is closed or cannot be read.
    pub async fn settlement_file(&self, from: Timestamp, until: Timestamp) -> Result<String, Error> {
        match &self.way {
            Way::Here(desk) => desk.settlement_file(from, until).await,
            Way::There(remote) => remote.settlement_file(self.caller(), from, until).await,
        }
    }

    /// The reports of what happened by `now`, oldest first, until they are acknowledged; so many at a time.
    ///
    /// # Errors
    /// When it is closed or cannot be read.
    pub async fn due_reports(&self, now: Timestamp) -> Result<Vec<ReportDue>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.due_reports(now).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.due_reports(self.caller(), now).await,
        }
    }

    /// Tells that a report is written down here and need not be told again. Durable when it returns.
    ///
    /// # Errors
    /// When it is closed or cannot be written.
    pub async fn acknowledge(&self, report: ReportDue) -> Result<(), Error> {
        match &self.way {
            Way::Here(desk) => desk.book.acknowledge(report).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.acknowledge(self.caller(), &report).await,
        }
    }

    /// Tells that a report cannot be written down yet and is to be told again at `again`. Durable when it returns.
    ///
    /// # Errors
    /// When it is closed or cannot be written.
    pub async fn postpone(&self, report: ReportDue, again: Timestamp) -> Result<(), Error> {
        match &self.way {
            Way::Here(desk) => desk.book.postpone(report, again).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.postpone(self.caller(), &report, again).await,
        }
    }

    /// Called whenever one more report is planned: the next one may be sooner than it was.
    #[must_use]
    pub fn planned(&self) -> &Notify {
        match &self.way {
            Way::Here(desk) => desk.book.planned(),
            Way::There(remote) => remote.planned(),
        }
    }

    /// When the next report is due, or was; as far as it is known by now.
    ///
    /// # Errors
    /// When it is closed or cannot be read.
    pub async fn next_report(&self) -> Result<Option<Timestamp>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.next_report().await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.next_report(self.caller()).await,
        }
    }

    /// Lets go of the file, after what was accepted is written.
    pub async fn close(&self) {
        match &self.way {
            Way::Here(desk) => desk.book.close().await,
            Way::There(_) => {}
        }
    }

    /// What the network would carry. The caller hangs up at `until`.
    ///
    /// One sleep at a time, never in a race with other work: so the clock always knows whether this is at work.
    pub async fn handle(&self, request: HttpRequest, until: Timestamp) -> Delivery {
        let mut played = match &self.way {
            Way::Here(desk) => desk.play(request, self.settles_after).await,
            Way::There(remote) => remote.play(self.caller(), request).await,
        };
        loop {
            let (moment, recall) = match played {
                Played::Answered(response) => return Delivery::Answered(response),
                Played::AnsweredTwice(response) => return Delivery::AnsweredTwice(response),
                Played::Reset => return Delivery::Lost,
                Played::NotSent => return Delivery::Refused,
                Played::Silent => (until, None),
                Played::Later(after, recall) => (self.env.now().plus(after).min(until), Some(recall)),
            };
            self.env.clock().sleep_until(moment).await;
            let Some(recall) = recall.filter(|_| moment < until) else { return Delivery::Lost };
            played = match &self.way {
                Way::Here(desk) => desk.recall(recall).await,
                Way::There(remote) => remote.recall(self.caller(), &recall).await,
            };
        }
    }

    /// Who asks, for one that is elsewhere.
    fn caller(&self) -> Caller {
        Caller { now: self.env.now(), settles_after: self.settles_after }
    }
}

impl Desk {
    async fn settlement_file(&self, from: Timestamp, until: Timestamp) -> Result<String, Error> {
        let until = until.min(self.env.now().plus(Duration::from_micros(1)));
        let lines = self.book.settlement(from, until).await?;
        let last = Day::of(Timestamp::from_micros(until.micros() - 1));
        let first = Day::of(from).min(last);
        let header = Header { id: String::new(), acquirer: NAME.to_owned(), mode: Mode::Test, first, last };
        let digest = digest(&SHA256, settlement::write(&header, &lines).as_bytes());
        let id = digest.as_ref().iter().take(4).fold(format!("{NAME}-{first}-{last}-"), |mut id, byte| {
            // A string takes whatever is written.
            let _ = write!(id, "{byte:02x}");
            id
        });
        Ok(settlement::write(&Header { id, ..header }, &lines))
    }

    /// Decides what becomes of a request; only the network is left to be played.
    async fn play(&self, request: HttpRequest, settles_after: Duration) -> Played {
        for (path, kind) in OPERATIONS {
            if let Some(rest) = request.path.strip_prefix(path) {
                return match (request.method, rest) {
                    (Method::Post, "") => self.operate(kind, &request.body).await,
                    (Method::Get, rest) => match rest.strip_prefix('/').and_then(reference) {
                        Some(reference) => self.inquire_operation(reference).await,
                        None => refused(404),
                    },
                    (Method::Post, _) => refused(404),
                };
            }
        }
        if request.path == BALANCE && request.method == Method::Post {
            return self.read_gift_card(&request.body).await;
        }
        let path = request.path.strip_prefix(AUTHORIZATIONS).map(|rest| (request.method, rest));
        match path {
            Some((Method::Post, "")) => self.authorize(request, settles_after).await,
            Some((Method::Post, BY_GIFT_CARD)) => self.authorize_with_gift_card(&request.body).await,
            Some((Method::Post, BY_REDIRECT)) => self.take(self.by_redirect(&request.body)).await,
            Some((Method::Get, rest)) => match rest.strip_prefix('/').and_then(reference) {
                Some(reference) => self.inquire(reference).await,
                None => refused(404),
            },
            Some((Method::Post, rest)) => {
                let named = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix(REVERSAL)).and_then(reference);
                match named {
                    Some(reference) => self.reverse(reference, &request.body).await,
                    None => refused(404),
                }
            }
            None => refused(404),
        }
    }

    async fn authorize(&self, request: HttpRequest, settles_after: Duration) -> Played {
        let judged = judge(&request.body, self.env.now(), settles_after);
        // The card number is not needed any more.
        drop(request);
        let Some((order, judgement)) = judged else { return refused(400) };
        let Some(order) = order else {
            return match judgement.fault.request {
                Travel::Refused => Played::NotSent,
                Travel::Lost | Travel::Arrives(_) => Played::Silent,
            };
        };
        let reference = order.reference.clone();
        let Taken { attempt, first } = match self.book.authorize(order).await {
            Ok(taken) => taken,
            Err(trouble) => return broken(trouble),
        };
        // A repeat is answered soundly, as soon as it can have arrived.
        let answering = if first { judgement.fault.answer } else { Answering::AtOnce };
        let waits = answering == Answering::WhenDecided;
        let moment = |order: &Received| if waits { order.decided_at } else { order.arrives_at };
        let answered_at = Timestamp::from_micros(attempt.order.as_ref().map_or(0, moment));
        let now = self.env.now();
        if answered_at > now {
            return Played::Later(answered_at.since(now), Recall { reference, answering });
        }
        answer(answering, authorization(reference, &attempt, Asked::ToAuthorize))
    }

    /// The answer to an authorization that was to come later.
    async fn recall(&self, Recall { reference, answering }: Recall) -> Played {
        match self.book.look(reference.clone()).await {
            Ok(Some(attempt)) => answer(answering, authorization(reference, &attempt, Asked::ToAuthorize)),
            // It was taken: whatever is wrong now, nobody may say that it was not.
            Ok(None) | Err(_) => Played::Reset,
        }
    }

    /// Takes an order without a card: nothing goes wrong on its way.
    async fn take(&self, order: Option<Order>) -> Played {
        let Some(order) = order else { return refused(400) };
        let reference = order.reference.clone();
        match self.book.authorize(order).await {
            Ok(Taken { attempt, .. }) => respond(200, &authorization(reference, &attempt, Asked::ToAuthorize)),
            Err(trouble) => broken(trouble),
        }
    }

    async fn authorize_with_gift_card(&self, body: &[u8]) -> Played {
        let Ok(request) = serde_json::from_slice::<GiftCardAuthorizationIn<'_>>(body) else { return refused(400) };
        let currency = request.currency.into_owned();
        let (code, printed, account) = match GiftCard::of(request.number) {
            None => (cards::INVALID_NUMBER, 0, None),
            Some(card) => match self.account(&card, request.number, &currency).await {
                Ok(account) if card.pays => (cards::APPROVED, card.printed, account),
                Ok(account) => (cards::DO_NOT_HONOUR, card.printed, account),
                Err(trouble) => return broken(trouble),
            },
        };
        let (capture, means) = (request.capture, Means::GiftCard { printed, account });
        let merchant_data = request.merchant_data.into_owned();
        let order =
            order_without_card(&request.reference, request.amount, currency, capture, code, means, merchant_data);
        self.take(order).await
    }

    /// Where it is kept what was spent of a gift card, if it is.
    async fn account(&self, card: &GiftCard, number: &str, currency: &str) -> Result<Option<String>, Trouble> {
        if !card.is_account {
            return Ok(None);
        }
        self.book.account(number, currency, || self.env.bytes()).await.map(Some)
    }

    async fn read_gift_card(&self, body: &[u8]) -> Played {
        let Ok(reading) = serde_json::from_slice::<ReadingIn<'_>>(body) else { return refused(400) };
        let currency = reading.currency.into_owned();
        let refuse =
            |code: &str, currency| respond(200, &BalanceOut { response_code: code.to_owned(), balance: 0, currency });
        let Some(card) = GiftCard::of(reading.number) else { return refuse(cards::INVALID_NUMBER, currency) };
        if !gift_cards::is_code_right(reading.code) {
            return refuse(cards::DO_NOT_HONOUR, currency);
        }
        let spent = match self.account(&card, reading.number, &currency).await {
            Ok(Some(account)) => self.book.spent(account).await,
            Ok(None) => Ok(0),
            Err(trouble) => Err(trouble),
        };
        match spent {
            Ok(spent) => {
                let response_code = cards::APPROVED.to_owned();
                respond(200, &BalanceOut { response_code, balance: card.printed - spent, currency })
            }
            Err(trouble) => broken(trouble),
        }
    }

    async fn inquire(&self, reference: String) -> Played {
        let known = match self.book.look(reference.clone()).await {
            Ok(known) => known,
            Err(trouble) => return broken(trouble),
        };
        let now = self.env.now();
        match known.filter(|attempt| attempt.is_seen(now)) {
            Some(attempt) if attempt.is_mute(now) => refused(503),
            Some(attempt) => respond(200, &authorization(reference, &attempt, Asked::WhatBecame)),
            None => respond(404, &NotFoundOut { reference, response_code: NO_RECORD.to_owned() }),
        }
    }

    async fn reverse(&self, reference: String, body: &[u8]) -> Played {
        let Ok(reversal) = serde_json::from_slice::<ReversalIn<'_>>(body) else { return refused(400) };
        let currency = reversal.currency.into_owned();
        match self.book.reverse(reference.clone(), reversal.amount, currency).await {
            Ok(Undone::Done(attempt)) => respond(200, &authorization(reference, &attempt, Asked::WhatBecame)),
            Ok(Undone::Other) => refused(409),
            Ok(Undone::Silent) => Played::Silent,
            Err(trouble) => broken(trouble),
        }
    }

    async fn operate(&self, kind: Kind, body: &[u8]) -> Played {
        let Some(order) = operation_order(kind, body) else { return refused(400) };
        let reference = order.reference.clone();
        match self.book.operate(order).await {
            Ok(Operated::Known(operation)) => respond(200, &operation_out(reference, operation)),
            Ok(Operated::Silent) => Played::Silent,
            Ok(Operated::Garbled) => garbled(),
            Ok(Operated::Other) => refused(409),
            Err(trouble) => broken(trouble),
        }
    }

    async fn inquire_operation(&self, reference: String) -> Played {
        match self.book.look_at_operation(reference.clone()).await {
            Ok(Some(operation)) if operation.is_mute(self.env.now()) => refused(503),
            Ok(Some(operation)) => respond(200, &operation_out(reference, operation)),
            Ok(None) => respond(404, &NotFoundOut { reference, response_code: NO_RECORD.to_owned() }),
            Err(trouble) => broken(trouble),
        }
    }
}

/// Puts the answer on the wire, as the fault would have it.
fn answer(answering: Answering, out: AuthorizationOut) -> Played {
    match answering {
        Answering::AtOnce | Answering::WhenDecided => respond(200, &out),
        Answering::Twice => match respond(200, &out) {
            Played::Answered(response) => Played::AnsweredTwice(response),
            other => other,
        },
        Answering::Never => Played::Silent,
        Answering::Reset => Played::Reset,
        Answering::ServerError => refused(500),
        Answering::Garbled => garbled(),
        Answering::OtherPayment => {
            respond(200, &AuthorizationOut { reference: "00000000-0000-7000-8000-000000000000".to_owned(), ..out })
        }
        Answering::WrongAmount => {
            let amount = out.amount.saturating_add(100);
            respond(200, &AuthorizationOut { amount, approved_amount: amount, ..out })
        }
        Answering::WrongCurrency => {
            let currency = if out.currency == "EUR" { "USD" } else { "EUR" };
            respond(200, &AuthorizationOut { currency: currency.to_owned(), ..out })
        }
    }
}

impl Attempt {
    /// Whether the acquirer has heard of it, be it by its reversal.
    fn is_seen(&self, now: Timestamp) -> bool {
        self.reversed || self.order.as_ref().is_some_and(|order| order.arrives_at <= now.micros())
    }

    /// Whether nobody can be asked about it.
    fn is_mute(&self, now: Timestamp) -> bool {
        self.order
            .as_ref()
            .is_some_and(|order| now < Timestamp::from_micros(order.arrives_at).plus(cards::mute(order.fault)))
    }
}

/// What an answer is about.
#[derive(Clone, Copy)]
enum Asked {
    ToAuthorize,
    WhatBecame,
}

fn authorization(reference: String, attempt: &Attempt, asked: Asked) -> AuthorizationOut {
    let waits_at = attempt.order.as_ref().and_then(Received::waits_at);
    let (status, code, approved) = match (&attempt.order, attempt.reversed, asked) {
        (_, true, Asked::ToAuthorize) => (Status::Declined, Some(cards::REVERSED_BEFORE), 0),
        (_, true, Asked::WhatBecame) => (Status::Reversed, None, 0),
        (Some(order), false, _) if order.booked && order.approved_by_code() => {
            (Status::Approved, Some(order.code.as_str()), order.approved)
        }
        (Some(order), false, _) if order.booked => (Status::Declined, Some(order.code.as_str()), 0),
        (Some(_), false, Asked::ToAuthorize) if waits_at.is_some() => (Status::Redirect, None, 0),
        (Some(_) | None, false, _) => (Status::Pending, None, 0),
    };
    let card = match attempt.order.as_ref().map(|order| &order.means) {
        // What the test mode of purchases-api 6.4 says about every card.
        Some(Means::Card { .. }) | None => {
            FactsOut { kind: "credit".to_owned(), issuer: String::new(), country: "US".to_owned() }
        }
        Some(Means::GiftCard { .. } | Means::Redirect(_)) => FactsOut::default(),
    };
    AuthorizationOut {
        reference,
        status,
        response_code: code.map(str::to_owned),
        amount: attempt.amount,
        approved_amount: approved,
        currency: attempt.currency.clone(),
        acquirer_reference: format!("{:012}", attempt.number),
        card,
        page: waits_at.filter(|_| status == Status::Redirect).map(str::to_owned),
    }
}

fn operation_out(reference: String, operation: Operation) -> OperationOut {
    let Operation { number, kind, original, amount, currency, code, .. } = operation;
    let status = match code.as_deref() {
        None => Status::Pending,
        Some(cards::APPROVED) => Status::Approved,
        Some(_) => Status::Declined,
    };
    OperationOut {
        reference,
        kind: kind.as_str().to_owned(),
        original,
        status,
        response_code: code,
        amount,
        currency,
        acquirer_reference: format!("{number:012}"),
    }
}

/// Reads a capture, void or refund; `None` is one nobody can read.
fn operation_order(kind: Kind, body: &[u8]) -> Option<OperationOrder> {
    let request: OperationIn<'_> = serde_json::from_slice(body).ok()?;
    let order = OperationOrder {
        reference: reference(&request.reference)?,
        kind,
        original: reference(&request.original)?,
        amount: request.amount,
        currency: request.currency.into_owned(),
        keeps_rest: request.keeps_rest,
        asked: cards::asked_for(&request.note),
    };
    (order.amount >= 0 && order.currency.len() == 3).then_some(order)
}

/// Reads an authorization and judges its card. `None` is a request nobody can read; no order is one that does not
/// arrive.
fn judge(body: &[u8], now: Timestamp, settles_after: Duration) -> Option<(Option<Order>, Judgement)> {
    let request: AuthorizationIn<'_> = serde_json::from_slice(body).ok()?;
    let reference = reference(&request.reference)?;
    if !fits(request.amount, &request.currency, &request.merchant_data) {
        return None;
    }
    let card = &request.card;
    let expiry = Expiry { year: card.expiry_year, month: card.expiry_month };
    let pan = Pan::parse(card.number).ok()?;
    let rules = match request.rules {
        Rules::Purchases => CardRules::Purchases,
        Rules::CardPayments => CardRules::CardPayments,
        Rules::Orchestration => CardRules::Orchestration,
    };
    let presented = Presented {
        pan: &pan,
        cvc: card.cvc,
        expiry,
        authentication: request.authentication.as_ref(),
        initiated_by: request.initiated_by,
        rules,
    };
    let judgement = cards::judge(&presented, now);
    let travels = match judgement.fault.request {
        Travel::Arrives(after) => after,
        Travel::Lost | Travel::Refused => return Some((None, judgement)),
    };
    let order = Order {
        reference,
        amount: request.amount,
        currency: request.currency.into_owned(),
        capture: request.capture,
        code: judgement.code.to_owned(),
        twist: judgement.fault.decision,
        masked: pan.masked(),
        fault: judgement.number,
        travels,
        thinks: judgement.fault.thinks,
        settles_after: match rules {
            CardRules::Purchases | CardRules::Orchestration => None,
            CardRules::CardPayments => Some(settles_after),
        },
        merchant_data: request.merchant_data.into_owned(),
        means: Means::Card { heeds_notes: rules == CardRules::Orchestration },
    };
    Some((Some(order), judgement))
}

/// An order that is judged at once and never told of again; `None` when it does not fit.
fn order_without_card(
    reference_of: &str,
    amount: i64,
    currency: String,
    capture: bool,
    code: &str,
    means: Means,
    merchant_data: String,
) -> Option<Order> {
    let reference = reference(reference_of).filter(|_| fits(amount, &currency, &merchant_data))?;
    Some(Order {
        reference,
        amount,
        currency,
        capture,
        code: code.to_owned(),
        twist: Twist::None,
        masked: String::new(),
        fault: 0,
        travels: Duration::ZERO,
        thinks: Duration::ZERO,
        settles_after: None,
        merchant_data,
        means,
    })
}

fn fits(amount: i64, currency: &str, merchant_data: &str) -> bool {
    amount >= 0 && currency.len() == 3 && merchant_data.len() <= MERCHANT_DATA_BYTES_MAX
}

/// A reference is short and made of letters, digits and hyphens.
fn reference(text: &str) -> Option<String> {
    let fits = (1..=REFERENCE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| text.to_owned())
}

fn respond(status: u16, out: &impl Serialize) -> Played {
    match serde_json::to_vec(out) {
        Ok(body) => Played::Answered(HttpResponse { status, body }),
        Err(_) => refused(500),
    }
}

/// A status and nothing else.
fn refused(status: u16) -> Played {
    Played::Answered(HttpResponse { status, body: Vec::new() })
}

/// A yes that breaks off.
fn garbled() -> Played {
    Played::Answered(HttpResponse { status: 200, body: b"{\"status\":\"approved\",\xff\xfe".to_vec() })
}

fn broken(trouble: Trouble) -> Played {
    match trouble {
        Trouble::Closed => Played::NotSent,
        Trouble::Failed => refused(500),
    }
}
