//! The test acquirer's book: what became of each reference, and a journal of what happened, oldest first. It shares
//! nothing with the ledger, so that comparing the two means something (security X4).
//!
//! Who acts: one thread writes. It takes every order that waits, writes them in one transaction with one fsync, and
//! only then answers each. Before that it books what was waiting for its moment and is due by now; nothing needs to
//! run at that moment itself, so a restart loses nothing.
//!
//! An operation is judged at the moment it is decided, against what was moved by then: so nothing is ever taken that
//! was not reserved, or given back that was not taken, whatever comes in whatever order.
//!
//! Card numbers and codes never get here.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{AttemptId, Currency, Money, Report, Timestamp};
use env::Env;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};

use super::cards::{self, APPROVED, DO_NOT_HONOUR, MALFUNCTION, PARTIALLY_APPROVED, Twist};
use super::{Error, Kind, ReportDue, Transaction, Verdict};

/// Its name in the data directory (design 6).
const FILE: &str = "acquirer.db";
/// The book is written far more often than read.
const CACHE_BYTES: usize = 16 << 20;
/// Orders that may wait for the writer; more have to wait to be let in.
const QUEUE_MAX: usize = 1_024;
/// Orders in one transaction.
const BATCH_MAX: usize = 512;
/// Reports told at once.
const REPORTS_MAX: usize = 256;
/// What is not taken by then is not held any more.
const HOLD_LASTS: Duration = Duration::from_secs(30 * 86_400);

/// What happened, by its place in time.
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");
/// What is known of each authorization.
const BY_REFERENCE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("by_reference");
/// What is known of each capture, void and refund. No reference is in both tables.
const OPERATIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("operations");
/// Decisions to come, and holds that will lapse: the moment in microseconds, and whose.
const UNDECIDED: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("undecided");
/// What is to be told: the moment in microseconds, of which authorization, and of which capture; and what it is.
const REPORTS: TableDefinition<'_, (i64, &str, &str), &[u8]> = TableDefinition::new("reports");
/// How often something was tried whose script asks for it: a card by its masked number, a request by its reference.
const TRIES: TableDefinition<'_, &str, u64> = TableDefinition::new("tries");

/// An authorization as the writer needs it.
pub(super) struct Order {
    pub(super) reference: String,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) capture: bool,
    /// What the issuer says.
    pub(super) code: String,
    /// What it makes of an approval.
    pub(super) twist: Twist,
    /// First six and last four.
    pub(super) masked: String,
    /// The card's FF, for what comes later.
    pub(super) fault: u8,
    /// How long it is on its way.
    pub(super) travels: Duration,
    /// How long the issuer thinks.
    pub(super) thinks: Duration,
    /// How long after a capture its money is paid out, if that is told.
    pub(super) settles_after: Option<Duration>,
    /// Said again with every report.
    pub(super) merchant_data: String,
}

/// All that is known of one authorization.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// The acquirer's own number.
    pub(super) number: u64,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    /// Undone, or forbidden before it came.
    pub(super) reversed: bool,
    /// Absent as long as only its reversal came.
    pub(super) order: Option<Received>,
    /// Minor units taken.
    #[serde(default)]
    pub(super) captured: i64,
    /// Minor units of the reservation given back.
    #[serde(default)]
    pub(super) voided: i64,
    /// Minor units taken and given back.
    #[serde(default)]
    pub(super) refunded: i64,
}

/// An authorization that was sent, with the decision it meets.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Received {
    pub(super) capture: bool,
    pub(super) code: String,
    /// Minor units, 0 when declined.
    pub(super) approved: i64,
    /// When it arrives; nobody has seen it before. Microseconds.
    pub(super) arrives_at: i64,
    /// When it is decided. Microseconds.
    pub(super) decided_at: i64,
    /// It is decided, and the journal says so.
    pub(super) booked: bool,
    /// The card's FF.
    #[serde(default)]
    pub(super) fault: u8,
    /// How long after a capture its money is paid out, in microseconds, if that is told.
    #[serde(default)]
    pub(super) settles_after: Option<i64>,
    /// Said again with every report.
    #[serde(default)]
    pub(super) merchant_data: String,
}

/// A capture, void or refund as the writer needs it.
pub(super) struct OperationOrder {
    pub(super) reference: String,
    pub(super) kind: Kind,
    /// The reference of the authorization.
    pub(super) original: String,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    /// What a capture leaves stays reserved.
    pub(super) keeps_rest: bool,
}

/// All that is known of one operation.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Operation {
    /// The acquirer's own number.
    pub(super) number: u64,
    pub(super) kind: Kind,
    /// The reference of the authorization.
    pub(super) original: String,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    /// What a capture leaves stays reserved.
    #[serde(default)]
    keeps_rest: bool,
    /// Absent until it is decided, and the journal says so.
    pub(super) code: Option<String>,
    /// The script wants a no.
    declined: bool,
}

/// What became of the sending of an operation.
pub(super) enum Operated {
    /// It is known, from now on or since before.
    Known(Operation),
    /// It is lost, or its answer is.
    Silent,
    /// Its reference is that of something else.
    Other,
}

/// What became of an order.
pub(super) struct Taken {
    pub(super) attempt: Attempt,
    /// Its reference was not known before.
    pub(super) first: bool,
}

/// What became of a reversal.
pub(super) enum Undone {
    /// It is undone, or cannot happen any more.
    Done(Attempt),
    /// It is for another amount than the authorization, or for something else.
    Other,
    /// It never arrived.
    Silent,
}

/// What is told later, as it lies in the file.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    ChargedBack,
    /// Minor units of one capture.
    Settled(i64),
}

/// A line of the journal as it lies in the file.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    reference: &'a str,
    kind: &'a str,
    amount: i64,
    currency: &'a str,
    outcome: &'a str,
    at: i64,
}

enum Job {
    Authorize(Order, oneshot::Sender<Taken>),
    Look(String, oneshot::Sender<Option<Attempt>>),
    Reverse { reference: String, amount: i64, currency: String, done: oneshot::Sender<Undone> },
    Operate(OperationOrder, oneshot::Sender<Operated>),
    LookAtOperation(String, oneshot::Sender<Option<Operation>>),
    DueReports(Timestamp, oneshot::Sender<Vec<ReportDue>>),
    Acknowledge(ReportDue, oneshot::Sender<()>),
    Postpone(ReportDue, Timestamp, oneshot::Sender<()>),
    NextReport(oneshot::Sender<Option<Timestamp>>),
    Read(oneshot::Sender<ReadTransaction>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Book {
    jobs: mpsc::Sender<Job>,
    planned: Arc<Notify>,
}

/// Why the book does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was closed before: nothing was written.
    Closed,
    /// It may or may not have been written.
    Failed,
}

impl Book {
    /// Opens or makes the book in `dir` and starts its writer.
    pub(super) fn open(dir: &Path, env: Env) -> Result<Self, Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::File)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(FILE))
            .map_err(Error::File)?;
        let book = Database::builder().set_cache_size(CACHE_BYTES).create_file(file)?;
        make_tables(&book)?;
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let planned = Arc::new(Notify::new());
        let call = Arc::clone(&planned);
        std::thread::Builder::new()
            .name("acquirer-book".to_owned())
            .spawn(move || write(book, waiting, &env, &call))
            .map_err(Error::File)?;
        Ok(Self { jobs, planned })
    }

    /// Takes an authorization, or finds what became of its reference. It is durable when this returns.
    pub(super) async fn authorize(&self, order: Order) -> Result<Taken, Trouble> {
        self.ask(|done| Job::Authorize(order, done)).await
    }

    /// What is known of a reference.
    pub(super) async fn look(&self, reference: String) -> Result<Option<Attempt>, Trouble> {
        self.ask(|done| Job::Look(reference, done)).await
    }

    /// Undoes what came or forbids what comes. It is durable when this returns.
    pub(super) async fn reverse(&self, reference: String, amount: i64, currency: String) -> Result<Undone, Trouble> {
        self.ask(|done| Job::Reverse { reference, amount, currency, done }).await
    }

    /// Takes a capture, void or refund, or finds what became of its reference. It is durable when this returns.
    pub(super) async fn operate(&self, order: OperationOrder) -> Result<Operated, Trouble> {
        self.ask(|done| Job::Operate(order, done)).await
    }

    /// What is known of an operation.
    pub(super) async fn look_at_operation(&self, reference: String) -> Result<Option<Operation>, Trouble> {
        self.ask(|done| Job::LookAtOperation(reference, done)).await
    }

    /// What is to be told by `now`, oldest first.
    pub(super) async fn due_reports(&self, now: Timestamp) -> Result<Vec<ReportDue>, Trouble> {
        self.ask(|done| Job::DueReports(now, done)).await
    }

    /// Told. It is durable when this returns.
    pub(super) async fn acknowledge(&self, report: ReportDue) -> Result<(), Trouble> {
        self.ask(|done| Job::Acknowledge(report, done)).await
    }

    /// To be told again. It is durable when this returns.
    pub(super) async fn postpone(&self, report: ReportDue, again: Timestamp) -> Result<(), Trouble> {
        self.ask(|done| Job::Postpone(report, again, done)).await
    }

    /// Called when there is more to tell.
    pub(super) fn planned(&self) -> &Notify {
        &self.planned
    }

    /// When there is something to tell.
    pub(super) async fn next_report(&self) -> Result<Option<Timestamp>, Trouble> {
        self.ask(Job::NextReport).await
    }

    /// The whole journal, oldest first.
    pub(super) async fn journal(&self) -> Result<Vec<Transaction>, Error> {
        let snapshot = self.ask(Job::Read).await.map_err(|_| Error::Closed)?;
        tokio::task::spawn_blocking(move || read_journal(&snapshot)).await.map_err(|_| Error::Closed)?
    }

    /// Ends the writer and lets go of the file. Orders accepted before are carried out.
    pub(super) async fn close(&self) {
        // It may be closed already.
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Trouble> {
        let (done, answer) = oneshot::channel();
        self.jobs.send(job(done)).await.map_err(|_| Trouble::Closed)?;
        answer.await.map_err(|_| Trouble::Failed)
    }
}

fn make_tables(book: &Database) -> Result<(), Error> {
    let mut transaction = book.begin_write()?;
    transaction.set_quick_repair(true);
    transaction.open_table(JOURNAL)?;
    transaction.open_table(BY_REFERENCE)?;
    transaction.open_table(OPERATIONS)?;
    transaction.open_table(UNDECIDED)?;
    transaction.open_table(REPORTS)?;
    transaction.open_table(TRIES)?;
    Ok(transaction.commit()?)
}

fn read_journal(snapshot: &ReadTransaction) -> Result<Vec<Transaction>, Error> {
    let table = snapshot.open_table(JOURNAL)?;
    let mut transactions = Vec::new();
    for row in table.iter()? {
        let (sequence, line) = row?;
        transactions.push(Transaction::parse(line.value()).ok_or(Error::Corrupt { sequence: sequence.value() })?);
    }
    Ok(transactions)
}

impl Transaction {
    fn parse(line: &[u8]) -> Option<Self> {
        let line: Line<'_> = serde_json::from_slice(line).ok()?;
        Some(Self {
            reference: line.reference.to_owned(),
            kind: Kind::parse(line.kind)?,
            amount: line.amount,
            currency: line.currency.to_owned(),
            outcome: Verdict::parse(line.outcome)?,
            at: Timestamp::from_micros(line.at),
        })
    }
}

/// Runs after the transaction that it tells of is durable.
type Reply = Box<dyn FnOnce(&Database)>;

/// The writer thread: ends when it is told to, or when nobody is left to ask it, and tells how many transactions it
/// took.
fn write(book: Database, mut jobs: mpsc::Receiver<Job>, env: &Env, planned: &Notify) -> u64 {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    let mut transactions = 0;
    while jobs.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let (mut orders, mut closing) = (Vec::with_capacity(batch.len()), Vec::new());
        for job in batch.drain(..) {
            match job {
                Job::Close(done) => closing.push(done),
                other => orders.push(other),
            }
        }
        transactions += 1;
        match write_batch(&book, orders, env.now(), planned) {
            Ok(replies) => replies.into_iter().for_each(|reply| reply(&book)),
            // Whoever asked learns it from the reply that never comes.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the test acquirer's book cannot be written");
            }
        }
        if !closing.is_empty() {
            drop(book);
            // Those who asked may be gone.
            for done in closing {
                let _ = done.send(());
            }
            break;
        }
    }
    transactions
}

fn write_batch(book: &Database, jobs: Vec<Job>, now: Timestamp, planned: &Notify) -> Result<Vec<Reply>, Error> {
    let mut transaction = book.begin_write()?;
    // Without it, opening after a crash reads the whole file.
    transaction.set_quick_repair(true);
    let mut replies: Vec<Reply> = Vec::new();
    let mut pages = Pages {
        journal: transaction.open_table(JOURNAL)?,
        by_reference: transaction.open_table(BY_REFERENCE)?,
        operations: transaction.open_table(OPERATIONS)?,
        undecided: transaction.open_table(UNDECIDED)?,
        reports: transaction.open_table(REPORTS)?,
        tries: transaction.open_table(TRIES)?,
        now: now.micros(),
        changed: false,
        plans: false,
    };
    pages.book_due()?;
    for job in jobs {
        match job {
            Job::Authorize(order, done) => {
                // Nobody hears of a reference that is taken by an operation.
                if let Some(taken) = pages.authorize(&order)? {
                    replies.push(reply(done, taken));
                }
            }
            Job::Look(reference, done) => {
                let known = pages.find(&reference)?;
                replies.push(reply(done, known));
            }
            Job::Reverse { reference, amount, currency, done } => {
                let undone = pages.reverse(&reference, amount, currency)?;
                replies.push(reply(done, undone));
            }
            Job::Operate(order, done) => {
                let operated = pages.operate(order)?;
                replies.push(reply(done, operated));
            }
            Job::LookAtOperation(reference, done) => {
                let known = pages.find_operation(&reference)?;
                replies.push(reply(done, known));
            }
            Job::DueReports(until, done) => {
                let due = pages.due_reports(until)?;
                replies.push(reply(done, due));
            }
            Job::Acknowledge(report, done) => {
                pages.forget_report(&report)?;
                replies.push(reply(done, ()));
            }
            Job::Postpone(report, again, done) => {
                pages.postpone_report(&report, again.micros())?;
                replies.push(reply(done, ()));
            }
            Job::NextReport(done) => {
                let next = pages.reports.first()?.map(|(key, _)| Timestamp::from_micros(key.value().0));
                replies.push(reply(done, next));
            }
            Job::Read(done) => replies.push(Box::new(move |book| {
                if let Ok(snapshot) = book.begin_read() {
                    drop(done.send(snapshot));
                }
            })),
            Job::Close(_) => {}
        }
    }
    let (changed, plans) = (pages.changed, pages.plans);
    drop(pages);
    // A commit is durable when it returns; one without changes is not worth an fsync.
    if changed {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    if plans {
        planned.notify_one();
    }
    Ok(replies)
}

/// Who asked may be gone.
fn reply<T: 'static>(done: oneshot::Sender<T>, answer: T) -> Reply {
    Box::new(move |_| {
        let _ = done.send(answer);
    })
}

/// The tables of one transaction.
struct Pages<'t> {
    journal: Table<'t, u64, &'static [u8]>,
    by_reference: Table<'t, &'static str, &'static [u8]>,
    operations: Table<'t, &'static str, &'static [u8]>,
    undecided: Table<'t, (i64, &'static str), ()>,
    reports: Table<'t, (i64, &'static str, &'static str), &'static [u8]>,
    tries: Table<'t, &'static str, u64>,
    now: i64,
    changed: bool,
    /// There is one more report to come.
    plans: bool,
}

impl Pages<'_> {
    fn authorize(&mut self, order: &Order) -> Result<Option<Taken>, Error> {
        if self.find_operation(&order.reference)?.is_some() {
            return Ok(None);
        }
        let known = self.find(&order.reference)?;
        let mut attempt = match known {
            Some(attempt) if attempt.order.is_some() => return Ok(Some(Taken { attempt, first: false })),
            // Its reversal was faster.
            Some(attempt) => attempt,
            None => Attempt::new(self.next_number()?, order.amount, order.currency.clone()),
        };
        let (code, approved) = self.decide(order)?;
        let arrives_at = self.now.saturating_add(micros(order.travels));
        let decided_at = arrives_at.saturating_add(micros(order.thinks));
        let booked = decided_at <= self.now;
        let fault = order.fault;
        let (capture, merchant_data) = (order.capture, order.merchant_data.clone());
        let settles_after = order.settles_after.map(micros);
        let received =
            Received { capture, code, approved, arrives_at, decided_at, booked, fault, settles_after, merchant_data };
        if booked {
            self.book_decision(&order.reference, &mut attempt, &received, decided_at)?;
        } else {
            self.undecided.insert((decided_at, order.reference.as_str()), ())?;
        }
        attempt.order = Some(received);
        self.keep(&order.reference, &attempt)?;
        Ok(Some(Taken { attempt, first: true }))
    }

    /// The acquirer's own number for what comes next.
    fn next_number(&self) -> Result<u64, Error> {
        Ok(self.by_reference.len()? + self.operations.len()? + 1)
    }

    /// The response code and the amount approved.
    fn decide(&mut self, order: &Order) -> Result<(String, i64), Error> {
        if order.code != APPROVED {
            return Ok((order.code.clone(), 0));
        }
        Ok(match order.twist {
            Twist::None => (APPROVED.to_owned(), order.amount),
            Twist::Declined => (DO_NOT_HONOUR.to_owned(), 0),
            Twist::FirstDeclined if self.count_try(&order.masked)? == 1 => (DO_NOT_HONOUR.to_owned(), 0),
            Twist::FirstDeclined => (APPROVED.to_owned(), order.amount),
            Twist::Half => match order.amount - order.amount / 2 {
                half if half < order.amount => (PARTIALLY_APPROVED.to_owned(), half),
                // One or nothing has no half.
                whole => (APPROVED.to_owned(), whole),
            },
        })
    }

    /// Counts one more try of a card or of a request and tells which it is.
    fn count_try(&mut self, key: &str) -> Result<u64, Error> {
        let before = self.tries.get(key)?.map_or(0, |tries| tries.value());
        self.tries.insert(key, before + 1)?;
        self.changed = true;
        Ok(before + 1)
    }

    fn operate(&mut self, order: OperationOrder) -> Result<Operated, Error> {
        let OperationOrder { reference, kind, original, amount, currency, keeps_rest } = order;
        if let Some(known) = self.find_operation(&reference)? {
            let same = known.kind == kind
                && known.original == original
                && known.amount == amount
                && known.currency == currency
                && known.keeps_rest == keeps_rest;
            return Ok(if same { Operated::Known(known) } else { Operated::Other });
        }
        if self.find(&reference)?.is_some() {
            return Ok(Operated::Other);
        }
        let number = self.find(&original)?.and_then(|attempt| attempt.order).map_or(0, |order| order.fault);
        let fault = cards::later(number, kind);
        if fault.lost > 0 && self.count_try(&reference)? <= fault.lost {
            return Ok(Operated::Silent);
        }
        let number = self.next_number()?;
        let declined = fault.declined;
        let mut operation = Operation { number, kind, original, amount, currency, keeps_rest, code: None, declined };
        let decided_at = self.now.saturating_add(micros(fault.thinks));
        if decided_at <= self.now {
            self.book_operation(&reference, &mut operation, decided_at)?;
        } else {
            self.undecided.insert((decided_at, reference.as_str()), ())?;
        }
        self.keep_operation(&reference, &operation)?;
        Ok(if fault.silent { Operated::Silent } else { Operated::Known(operation) })
    }

    /// Decides an operation, moves the money and writes it into the journal.
    fn book_operation(&mut self, reference: &str, operation: &mut Operation, at: i64) -> Result<(), Error> {
        let Operation { kind, amount, keeps_rest, .. } = *operation;
        let (original, currency) = (operation.original.clone(), operation.currency.clone());
        let mut attempt = self.find(&original)?.filter(|attempt| attempt.currency == currency);
        let released = match &mut attempt {
            Some(attempt) if !operation.declined => attempt.move_money(kind, amount, keeps_rest),
            Some(_) | None => None,
        };
        let (Some(attempt), Some(released)) = (attempt, released) else {
            operation.code = Some(if operation.declined { DO_NOT_HONOUR } else { MALFUNCTION }.to_owned());
            return self.log(reference, kind, amount, &currency, Verdict::Declined, at);
        };
        operation.code = Some(APPROVED.to_owned());
        self.log(reference, kind, amount, &currency, Verdict::Approved, at)?;
        if released > 0 {
            self.log(reference, Kind::Void, released, &currency, Verdict::Approved, at)?;
        }
        if let Some(order) = attempt.order.as_ref().filter(|_| kind == Kind::Capture) {
            self.expect_reports(&original, reference, order, amount, at)?;
        }
        self.keep(&original, &attempt)
    }

    /// Plans what will be told of the money that a capture took.
    fn expect_reports(
        &mut self,
        reference: &str,
        capture: &str,
        order: &Received,
        amount: i64,
        taken_at: i64,
    ) -> Result<(), Error> {
        let charged_back = cards::charged_back_after(order.fault).map(|after| (micros(after), Told::ChargedBack));
        let settled = order.settles_after.map(|after| (after, Told::Settled(amount)));
        for (after, told) in charged_back.into_iter().chain(settled) {
            let told = serde_json::to_vec(&told).map_err(Error::Json)?;
            self.reports.insert((taken_at.saturating_add(after), reference, capture), told.as_slice())?;
            self.plans = true;
        }
        Ok(())
    }

    /// Nobody takes back what was given back before.
    fn due_reports(&mut self, until: Timestamp) -> Result<Vec<ReportDue>, Error> {
        let mut rows = Vec::new();
        for row in self.reports.iter()? {
            let (key, told) = row?;
            let (at, reference, capture) = key.value();
            if at > until.micros() || rows.len() == REPORTS_MAX {
                break;
            }
            let told: Told = serde_json::from_slice(told.value()).map_err(Error::Json)?;
            rows.push((at, reference.to_owned(), capture.to_owned(), told));
        }
        let mut due = Vec::new();
        for (at, reference, capture, told) in rows {
            let taken = self.find(&reference)?.filter(|attempt| attempt.refundable() > 0);
            let report = taken.as_ref().and_then(|attempt| told.in_currency(&attempt.currency));
            match (AttemptId::parse(&reference), taken, report) {
                (Ok(reference), Some(attempt), Some(report)) => due.push(ReportDue {
                    reference,
                    capture,
                    report,
                    merchant_data: attempt.order.map(|order| order.merchant_data).unwrap_or_default(),
                    at: Timestamp::from_micros(at),
                }),
                (Ok(_) | Err(_), _, _) => {
                    self.reports.remove((at, reference.as_str(), capture.as_str()))?;
                    self.changed = true;
                }
            }
        }
        Ok(due)
    }

    fn forget_report(&mut self, report: &ReportDue) -> Result<(), Error> {
        let reference = report.reference.to_string();
        let known = self.reports.remove((report.at.micros(), reference.as_str(), report.capture.as_str()))?.is_some();
        self.changed |= known;
        Ok(())
    }

    /// Nothing when it was acknowledged meanwhile.
    fn postpone_report(&mut self, report: &ReportDue, again: i64) -> Result<(), Error> {
        let (reference, capture) = (report.reference.to_string(), report.capture.as_str());
        let key = (report.at.micros(), reference.as_str(), capture);
        let Some(told) = self.reports.remove(key)?.map(|told| told.value().to_vec()) else { return Ok(()) };
        self.reports.insert((again, reference.as_str(), capture), told.as_slice())?;
        self.changed = true;
        Ok(())
    }

    fn reverse(&mut self, reference: &str, amount: i64, currency: String) -> Result<Undone, Error> {
        if self.find_operation(reference)?.is_some() {
            return Ok(Undone::Other);
        }
        let mut attempt = match self.find(reference)? {
            Some(attempt) if attempt.amount != amount || attempt.currency != currency => {
                return Ok(Undone::Other);
            }
            Some(attempt) if attempt.reversed => return Ok(Undone::Done(attempt)),
            Some(attempt) => attempt,
            None => Attempt::new(self.next_number()?, amount, currency),
        };
        let fault = cards::later(attempt.order.as_ref().map_or(0, |order| order.fault), Kind::Reversal);
        if fault.lost > 0 && self.count_try(reference)? <= fault.lost {
            return Ok(Undone::Silent);
        }
        // Only what was approved, and was not given back before, is money to give back; what is still undecided will
        // find itself reversed.
        let approved = attempt.order.as_ref().filter(|order| order.booked && order.approved_by_code());
        if let Some(left) = approved.map(|order| order.approved - attempt.voided - attempt.refunded) {
            // A checked card is worth a line, money given back before is not.
            if left > 0 || attempt.amount == 0 {
                self.log(reference, Kind::Reversal, left, &attempt.currency, Verdict::Approved, self.now)?;
            }
        }
        attempt.reversed = true;
        self.keep(reference, &attempt)?;
        Ok(Undone::Done(attempt))
    }

    /// Books every decision whose moment has come, in the order of those moments.
    fn book_due(&mut self) -> Result<(), Error> {
        while let Some((at, reference)) = self.next_due()? {
            self.undecided.remove((at, reference.as_str()))?;
            self.changed = true;
            if let Some(mut operation) = self.find_operation(&reference)? {
                self.book_operation(&reference, &mut operation, at)?;
                self.keep_operation(&reference, &operation)?;
                continue;
            }
            let Some(mut attempt) = self.find(&reference)? else { continue };
            let Some(mut order) = attempt.order.take() else { continue };
            if order.booked {
                attempt.order = Some(order);
                self.book_lapse(&reference, &mut attempt, at)?;
                continue;
            }
            self.book_decision(&reference, &mut attempt, &order, at)?;
            order.booked = true;
            attempt.order = Some(order);
            self.keep(&reference, &attempt)?;
        }
        Ok(())
    }

    fn next_due(&self) -> Result<Option<(i64, String)>, Error> {
        let first = self.undecided.first()?;
        Ok(first.and_then(|(key, _)| {
            let (at, reference) = key.value();
            (at <= self.now).then(|| (at, reference.to_owned()))
        }))
    }

    /// What was held for so long and never taken is given back.
    fn book_lapse(&mut self, reference: &str, attempt: &mut Attempt, at: i64) -> Result<(), Error> {
        let held = attempt.held();
        if held > 0 {
            attempt.voided += held;
            self.log(reference, Kind::Void, held, &attempt.currency, Verdict::Approved, at)?;
            self.keep(reference, attempt)?;
        }
        Ok(())
    }

    /// What is reversed by then is not approved any more.
    fn book_decision(
        &mut self,
        reference: &str,
        attempt: &mut Attempt,
        order: &Received,
        at: i64,
    ) -> Result<(), Error> {
        if attempt.reversed || !order.approved_by_code() {
            return self.log(reference, Kind::Authorize, attempt.amount, &attempt.currency, Verdict::Declined, at);
        }
        self.log(reference, Kind::Authorize, order.approved, &attempt.currency, Verdict::Approved, at)?;
        // A check of the card takes nothing.
        if order.capture && order.approved > 0 {
            self.log(reference, Kind::Capture, order.approved, &attempt.currency, Verdict::Approved, at)?;
            attempt.captured = order.approved;
            self.expect_reports(reference, reference, order, order.approved, at)?;
        } else if order.approved > 0 {
            self.undecided.insert((at.saturating_add(micros(HOLD_LASTS)), reference), ())?;
        }
        Ok(())
    }

    fn log(
        &mut self,
        reference: &str,
        kind: Kind,
        amount: i64,
        currency: &str,
        outcome: Verdict,
        at: i64,
    ) -> Result<(), Error> {
        let line = Line { reference, kind: kind.as_str(), amount, currency, outcome: outcome.as_str(), at };
        let line = serde_json::to_vec(&line).map_err(Error::Json)?;
        let last = self.journal.last()?.map_or(0, |(sequence, _)| sequence.value());
        self.journal.insert(last + 1, line.as_slice())?;
        self.changed = true;
        Ok(())
    }

    fn find(&self, reference: &str) -> Result<Option<Attempt>, Error> {
        let row = self.by_reference.get(reference)?;
        row.map(|row| serde_json::from_slice(row.value()).map_err(Error::Json)).transpose()
    }

    fn keep(&mut self, reference: &str, attempt: &Attempt) -> Result<(), Error> {
        let row = serde_json::to_vec(attempt).map_err(Error::Json)?;
        self.by_reference.insert(reference, row.as_slice())?;
        self.changed = true;
        Ok(())
    }
}

impl Pages<'_> {
    fn find_operation(&self, reference: &str) -> Result<Option<Operation>, Error> {
        let row = self.operations.get(reference)?;
        row.map(|row| serde_json::from_slice(row.value()).map_err(Error::Json)).transpose()
    }

    fn keep_operation(&mut self, reference: &str, operation: &Operation) -> Result<(), Error> {
        let row = serde_json::to_vec(operation).map_err(Error::Json)?;
        self.operations.insert(reference, row.as_slice())?;
        self.changed = true;
        Ok(())
    }
}

impl Attempt {
    fn new(number: u64, amount: i64, currency: String) -> Self {
        Self { number, amount, currency, reversed: false, order: None, captured: 0, voided: 0, refunded: 0 }
    }

    /// Reserved, not taken and not given back.
    fn held(&self) -> i64 {
        let approved = self.order.as_ref().filter(|order| !self.reversed && order.booked && order.approved_by_code());
        approved.map_or(0, |order| order.approved - self.captured - self.voided)
    }

    /// Taken and not given back.
    fn refundable(&self) -> i64 {
        if self.reversed { 0 } else { self.captured - self.refunded }
    }

    /// Takes or gives back, and tells how much of the reservation that released besides; `None` when it does not fit.
    fn move_money(&mut self, kind: Kind, amount: i64, keeps_rest: bool) -> Option<i64> {
        let held = self.held();
        match kind {
            Kind::Capture if (1..=held).contains(&amount) => {
                let released = if keeps_rest { 0 } else { held - amount };
                self.captured += amount;
                self.voided += released;
                Some(released)
            }
            // A void gives all of it back.
            Kind::Void if held > 0 && amount == held => {
                self.voided += amount;
                Some(0)
            }
            Kind::Refund if (1..=self.refundable()).contains(&amount) => {
                self.refunded += amount;
                Some(0)
            }
            Kind::Capture | Kind::Void | Kind::Refund | Kind::Authorize | Kind::Reversal => None,
        }
    }
}

impl Told {
    fn in_currency(self, currency: &str) -> Option<Report> {
        Some(match self {
            Self::ChargedBack => Report::ChargedBack,
            Self::Settled(amount) => Report::SettledPart(Money::new(amount, Currency::parse(currency)?)?),
        })
    }
}

impl Received {
    pub(super) fn approved_by_code(&self) -> bool {
        self.code == APPROVED || self.code == PARTIALLY_APPROVED
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(reference: &str) -> Order {
        Order {
            reference: reference.to_owned(),
            amount: 954,
            currency: "MYR".to_owned(),
            capture: false,
            code: APPROVED.to_owned(),
            twist: Twist::None,
            masked: String::new(),
            fault: 0,
            travels: Duration::ZERO,
            thinks: Duration::ZERO,
            settles_after: None,
            merchant_data: String::new(),
        }
    }

    #[test]
    fn what_waits_is_written_in_one_transaction() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::create(dir.path().join(FILE)).expect("a file");
        make_tables(&database).expect("tables");
        let env = Env::still(Timestamp::from_seconds(1_795_132_800), 7);
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let mut answers = Vec::new();
        for number in 0..BATCH_MAX + 100 {
            let (done, answer) = oneshot::channel();
            jobs.try_send(Job::Authorize(order(&number.to_string()), done)).expect("room");
            answers.push(answer);
        }
        drop(jobs);
        assert_eq!(2, write(database, waiting, &env, &Notify::new()), "a full batch and the rest");
        for mut answer in answers {
            assert!(answer.try_recv().expect("an answer").first);
        }
    }

    #[test]
    fn nobody_is_answered_before_it_is_durable() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::create(dir.path().join(FILE)).expect("a file");
        make_tables(&database).expect("tables");
        let (done, mut answer) = oneshot::channel();
        let jobs = vec![Job::Authorize(order("one"), done)];
        let replies = write_batch(&database, jobs, Timestamp::from_seconds(1), &Notify::new()).expect("written");
        assert!(answer.try_recv().is_err(), "the answer waits for the commit");
        let journal = read_journal(&database.begin_read().expect("a snapshot")).expect("the journal");
        assert_eq!(1, journal.len());
        replies.into_iter().for_each(|reply| reply(&database));
        assert!(answer.try_recv().is_ok());
    }
}
