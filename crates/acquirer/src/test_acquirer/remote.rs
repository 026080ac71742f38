//! The way to a test acquirer that runs alone: its two ends agree on what is written here, [`super::host`] is the other.
//!
//! What the protocol carries goes over HTTP as it is. Beside it goes the caller's clock, so that a moved clock moves the
//! acquirer too, and what the script of a card does to the network comes back as a word: the waiting is done here, by
//! the caller's clock. Everything else that is asked of the acquirer is an [`Errand`].
//!
//! What really happens to the network is told as it is (security U2): no connection is *not sent*; once a byte may have
//! left, no answer is *lost*.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{AttemptId, Currency, LocalMeans, Money, Report, Timestamp};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use super::wire::MethodIn;
use super::{Error, Kind, Played, Recall, RedirectChoice, RedirectView, ReportDue, Reported, Transaction, Verdict};
use crate::ANSWER_TIME_MAX;
use crate::protocol::{HttpRequest, HttpResponse, Method};

/// Where errands go.
pub(super) const ERRANDS: &str = "/errands";
/// The caller's clock, in microseconds since 1970.
pub(super) const CLOCK: &str = "test-clock";
/// How long after a capture its money is paid out, in microseconds.
pub(super) const SETTLES_AFTER: &str = "test-settles-after";
/// What the network does with an answer: JSON of [`Word`]. Without it the answer is just that.
pub(super) const NETWORK: &str = "test-network";
/// One more report was planned since this was said last.
pub(super) const PLANNED: &str = "test-planned";

/// Connections that rest; more are closed.
const RESTING_MAX: usize = 64;

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) now: Timestamp,
    pub(super) settles_after: Duration,
}

/// What is played instead of an answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Silent,
    Reset,
    NotSent,
    /// The body is an answer with this status, and comes twice.
    Twice(u16),
    /// There is an answer after so many microseconds.
    Later(u64, Recall),
}

/// What is asked beside the protocol.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Errand {
    /// Answered as the protocol's own calls.
    Recall(Recall),
    /// Answered by `[TransactionDoc]`.
    Transactions,
    /// The settlement file from then until before then, in microseconds.
    SettlementFile(i64, i64),
    /// What is to be told by then, in microseconds: `[ReportDoc]`.
    DueReports(i64),
    Acknowledge(ReportDoc),
    /// Told again then, in microseconds.
    Postpone(ReportDoc, i64),
    /// Microseconds, or null.
    NextReport,
    /// A `ViewDoc`, or null.
    View(Uuid),
    /// Where the payer is led, or null.
    Decide(Uuid, ChoiceDoc),
    /// Each as the protocol names it: `fpx MB2U0227`.
    DownBanks,
    SetBank(String, bool),
}

#[derive(Serialize, Deserialize)]
pub(super) struct TransactionDoc {
    reference: String,
    kind: Kind,
    amount: i64,
    currency: String,
    approved: bool,
    at: i64,
}

impl From<Transaction> for TransactionDoc {
    fn from(Transaction { reference, kind, amount, currency, outcome, at }: Transaction) -> Self {
        Self { reference, kind, amount, currency, approved: outcome == Verdict::Approved, at: at.micros() }
    }
}

impl From<TransactionDoc> for Transaction {
    fn from(TransactionDoc { reference, kind, amount, currency, approved, at }: TransactionDoc) -> Self {
        let outcome = if approved { Verdict::Approved } else { Verdict::Declined };
        Self { reference, kind, amount, currency, outcome, at: Timestamp::from_micros(at) }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReportDoc {
    reference: Uuid,
    capture: String,
    what: WhatDoc,
    merchant_data: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhatDoc {
    Decided,
    Cleared,
    Settled,
    SettledPart(i64, String),
    ChargedBack,
    ChargebackReversed,
}

impl From<&ReportDue> for ReportDoc {
    fn from(ReportDue { reference, capture, report, merchant_data, at }: &ReportDue) -> Self {
        let what = match report {
            Reported::Decided => WhatDoc::Decided,
            Reported::Taken(Report::Cleared) => WhatDoc::Cleared,
            Reported::Taken(Report::Settled) => WhatDoc::Settled,
            Reported::Taken(Report::SettledPart(part)) => {
                WhatDoc::SettledPart(part.minor(), part.currency().code().to_owned())
            }
            Reported::Taken(Report::ChargedBack) => WhatDoc::ChargedBack,
            Reported::Taken(Report::ChargebackReversed) => WhatDoc::ChargebackReversed,
        };
        let (capture, merchant_data) = (capture.clone(), merchant_data.clone());
        Self { reference: reference.uuid(), capture, what, merchant_data, at: at.micros() }
    }
}

impl ReportDoc {
    /// `None` is one that nobody writes.
    pub(super) fn report(self) -> Option<ReportDue> {
        let Self { reference, capture, what, merchant_data, at } = self;
        let report = match what {
            WhatDoc::Decided => Reported::Decided,
            WhatDoc::Cleared => Reported::Taken(Report::Cleared),
            WhatDoc::Settled => Reported::Taken(Report::Settled),
            WhatDoc::SettledPart(minor, currency) => {
                Reported::Taken(Report::SettledPart(Money::new(minor, Currency::parse(&currency)?)?))
            }
            WhatDoc::ChargedBack => Reported::Taken(Report::ChargedBack),
            WhatDoc::ChargebackReversed => Reported::Taken(Report::ChargebackReversed),
        };
        let (reference, at) = (AttemptId::new(reference), Timestamp::from_micros(at));
        Some(ReportDue { reference, capture, report, merchant_data, at })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ViewDoc {
    method: MethodIn,
    local: Option<String>,
    merchant: String,
    amount: i64,
    currency: String,
    return_url: String,
    decided: bool,
    may_wait: bool,
}

impl From<RedirectView> for ViewDoc {
    fn from(view: RedirectView) -> Self {
        let RedirectView { method, local, merchant, amount, return_url, decided, may_wait } = view;
        let (amount, currency) = (amount.minor(), amount.currency().code().to_owned());
        let (method, local) = (MethodIn::of(method), local.map(|local| local.to_string()));
        Self { method, local, merchant, amount, currency, return_url, decided, may_wait }
    }
}

impl ViewDoc {
    /// `None` is one that nobody writes.
    fn view(self) -> Option<RedirectView> {
        let Self { method, local, merchant, amount, currency, return_url, decided, may_wait } = self;
        let local = match local {
            Some(local) => Some(LocalMeans::parse(&local)?),
            None => None,
        };
        let amount = Money::new(amount, Currency::parse(&currency)?)?;
        Some(RedirectView { method: method.method(), local, merchant, amount, return_url, decided, may_wait })
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChoiceDoc {
    Approve,
    Refuse,
    Cancel,
    Later,
}

impl From<RedirectChoice> for ChoiceDoc {
    fn from(choice: RedirectChoice) -> Self {
        match choice {
            RedirectChoice::Approve => Self::Approve,
            RedirectChoice::Refuse => Self::Refuse,
            RedirectChoice::Cancel => Self::Cancel,
            RedirectChoice::Later => Self::Later,
        }
    }
}

impl From<ChoiceDoc> for RedirectChoice {
    fn from(choice: ChoiceDoc) -> Self {
        match choice {
            ChoiceDoc::Approve => Self::Approve,
            ChoiceDoc::Refuse => Self::Refuse,
            ChoiceDoc::Cancel => Self::Cancel,
            ChoiceDoc::Later => Self::Later,
        }
    }
}

/// One that runs alone. Clones are the same one.
#[derive(Clone)]
pub(super) struct Remote(Arc<Inner>);

struct Inner {
    /// Host and port.
    authority: String,
    resting: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    planned: Notify,
}

/// Why there is no answer.
enum Unanswered {
    /// Certainly nothing was sent.
    NotSent,
    /// It may have arrived.
    Lost,
}

impl Remote {
    pub(super) fn new(authority: &str) -> Self {
        let (authority, resting, planned) = (authority.to_owned(), Mutex::default(), Notify::new());
        Self(Arc::new(Inner { authority, resting, planned }))
    }

    pub(super) fn planned(&self) -> &Notify {
        &self.0.planned
    }

    /// A request of the protocol.
    pub(super) async fn play(&self, caller: Caller, request: HttpRequest) -> Played {
        let HttpRequest { method, path, body } = request;
        let method = match method {
            Method::Get => hyper::Method::GET,
            Method::Post => hyper::Method::POST,
        };
        // Wiped when it was sent.
        played(self.send(caller, method, &path, Bytes::from_owner(body)).await)
    }

    pub(super) async fn recall(&self, caller: Caller, recall: &Recall) -> Played {
        match self.run(caller, &Errand::Recall(recall.clone())).await {
            // The authorization was sent before.
            Err(Unanswered::NotSent | Unanswered::Lost) => Played::Reset,
            answered => played(answered),
        }
    }

    pub(super) async fn transactions(&self, caller: Caller) -> Result<Vec<Transaction>, Error> {
        let lines: Vec<TransactionDoc> = self.ask(caller, &Errand::Transactions).await?;
        Ok(lines.into_iter().map(Transaction::from).collect())
    }

    pub(super) async fn settlement_file(
        &self,
        caller: Caller,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, Error> {
        self.ask(caller, &Errand::SettlementFile(from.micros(), until.micros())).await
    }

    pub(super) async fn due_reports(&self, caller: Caller, until: Timestamp) -> Result<Vec<ReportDue>, Error> {
        let due: Vec<ReportDoc> = self.ask(caller, &Errand::DueReports(until.micros())).await?;
        due.into_iter().map(ReportDoc::report).collect::<Option<_>>().ok_or(Error::Unreachable)
    }

    pub(super) async fn acknowledge(&self, caller: Caller, report: &ReportDue) -> Result<(), Error> {
        self.ask(caller, &Errand::Acknowledge(report.into())).await
    }

    pub(super) async fn postpone(&self, caller: Caller, report: &ReportDue, again: Timestamp) -> Result<(), Error> {
        self.ask(caller, &Errand::Postpone(report.into(), again.micros())).await
    }

    pub(super) async fn next_report(&self, caller: Caller) -> Result<Option<Timestamp>, Error> {
        let next: Option<i64> = self.ask(caller, &Errand::NextReport).await?;
        Ok(next.map(Timestamp::from_micros))
    }

    pub(super) async fn view(&self, caller: Caller, page: Uuid) -> Result<Option<RedirectView>, Error> {
        let view: Option<ViewDoc> = self.ask(caller, &Errand::View(page)).await?;
        view.map(|view| view.view().ok_or(Error::Unreachable)).transpose()
    }

    pub(super) async fn decide(
        &self,
        caller: Caller,
        page: Uuid,
        choice: RedirectChoice,
    ) -> Result<Option<String>, Error> {
        self.ask(caller, &Errand::Decide(page, choice.into())).await
    }

    pub(super) async fn down_banks(&self, caller: Caller) -> Result<Vec<LocalMeans>, Error> {
        let down: Vec<String> = self.ask(caller, &Errand::DownBanks).await?;
        down.iter().map(|bank| LocalMeans::parse(bank)).collect::<Option<_>>().ok_or(Error::Unreachable)
    }

    pub(super) async fn set_bank(&self, caller: Caller, bank: LocalMeans, up: bool) -> Result<(), Error> {
        self.ask(caller, &Errand::SetBank(bank.to_string(), up)).await
    }

    async fn ask<T: DeserializeOwned>(&self, caller: Caller, errand: &Errand) -> Result<T, Error> {
        match self.run(caller, errand).await {
            Ok(answer) if answer.status() == StatusCode::OK => {
                serde_json::from_slice(answer.body()).map_err(Error::Json)
            }
            Ok(_) | Err(Unanswered::NotSent | Unanswered::Lost) => Err(Error::Unreachable),
        }
    }

    async fn run(&self, caller: Caller, errand: &Errand) -> Result<Response<Bytes>, Unanswered> {
        let body = serde_json::to_vec(errand).map_err(|_| Unanswered::NotSent)?;
        self.send(caller, hyper::Method::POST, ERRANDS, body.into()).await
    }

    /// One call, and its whole answer.
    async fn send(
        &self,
        caller: Caller,
        method: hyper::Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Bytes>, Unanswered> {
        let settles_after = u64::try_from(caller.settles_after.as_micros()).unwrap_or(u64::MAX);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.0.authority)
            .header(CLOCK, caller.now.micros())
            .header(SETTLES_AFTER, settles_after)
            .body(Full::new(body))
            .map_err(|_| Unanswered::NotSent)?;
        let answered = timeout(ANSWER_TIME_MAX, self.exchange(request)).await.unwrap_or(Err(Unanswered::Lost));
        // What was planned is not known without the answer that tells of it.
        if answered.as_ref().map_or(true, |answer| answer.headers().contains_key(PLANNED)) {
            self.0.planned.notify_one();
        }
        answered
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Unanswered> {
        while let Some(mut line) = self.rested() {
            match line.try_send_request(request).await {
                Ok(answer) => return self.read(line, answer).await,
                // It was closed while it rested: none of the request has left.
                Err(mut error) => request = error.take_message().ok_or(Unanswered::Lost)?,
            }
        }
        let stream = TcpStream::connect(&self.0.authority).await.map_err(|_| Unanswered::NotSent)?;
        // Without it a small request waits for the answer to the one before; nothing else depends on it.
        let _ = stream.set_nodelay(true);
        let (mut line, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unanswered::NotSent)?;
        tokio::spawn(connection);
        match line.try_send_request(request).await {
            Ok(answer) => self.read(line, answer).await,
            Err(mut error) => Err(if error.take_message().is_some() { Unanswered::NotSent } else { Unanswered::Lost }),
        }
    }

    async fn read(
        &self,
        line: SendRequest<Full<Bytes>>,
        answer: Response<Incoming>,
    ) -> Result<Response<Bytes>, Unanswered> {
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Unanswered::Lost)?.to_bytes();
        let mut resting = self.0.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < RESTING_MAX {
            resting.push(line);
        }
        Ok(Response::from_parts(head, body))
    }

    /// A connection that was used before and is open, as far as is known.
    fn rested(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut resting = self.0.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|line| !line.is_closed());
        let at = resting.iter().rposition(SendRequest::is_ready)?;
        Some(resting.remove(at))
    }
}

/// What came back, and what the network makes of it.
fn played(answered: Result<Response<Bytes>, Unanswered>) -> Played {
    let answer = match answered {
        Ok(answer) => answer,
        Err(Unanswered::NotSent) => return Played::NotSent,
        Err(Unanswered::Lost) => return Played::Reset,
    };
    match answer.headers().get(NETWORK).map(|word| serde_json::from_slice(word.as_bytes())) {
        None => Played::Answered(HttpResponse { status: answer.status().as_u16(), body: answer.body().to_vec() }),
        Some(Ok(Word::Twice(status))) => Played::AnsweredTwice(HttpResponse { status, body: answer.body().to_vec() }),
        Some(Ok(Word::Silent)) => Played::Silent,
        Some(Ok(Word::NotSent)) => Played::NotSent,
        Some(Ok(Word::Later(after, recall))) => Played::Later(Duration::from_micros(after), recall),
        Some(Ok(Word::Reset) | Err(_)) => Played::Reset,
    }
}
