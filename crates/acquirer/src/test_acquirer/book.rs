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
//! Card numbers and codes never get here, nor do the numbers of gift cards.

mod gift_cards;
mod operations;
mod pages;
mod redirects;
mod reports;
mod settlement;

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{LocalMeans, Timestamp};
use env::Env;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};

use super::cards::{APPROVED, LaterFault, PARTIALLY_APPROVED, Twist};
use super::{Error, Kind, RedirectChoice, RedirectView, ReportDue, Transaction, Verdict};
use gift_cards::AccountKey;
use pages::Pages;

pub(super) use redirects::Page;

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
/// What was spent of each gift card, in minor units.
const ACCOUNTS: TableDefinition<'_, &str, i64> = TableDefinition::new("accounts");
/// The key by which the accounts are named.
const ACCOUNT_KEY: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("account_key");
/// Where payers decide: the page's id, and the reference of its authorization.
const REDIRECTS: TableDefinition<'_, &str, &str> = TableDefinition::new("redirects");
/// Banks that take no payments now: the method, and after a space the bank.
const DOWN_BANKS: TableDefinition<'_, &str, ()> = TableDefinition::new("down_banks");

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
    /// What it is paid with.
    pub(super) means: Means,
}

/// What an authorization is paid with, as far as the book needs to know.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Means {
    Card {
        /// The merchant's notes may say what becomes of an operation.
        heeds_notes: bool,
    },
    GiftCard {
        /// What is printed on it, in minor units.
        printed: i64,
        /// Where it is kept what was spent of it; none for a card that is always full.
        account: Option<String>,
    },
    Redirect(Box<Page>),
}

impl Means {
    const CARD: Self = Self::Card { heeds_notes: false };

    const fn card() -> Self {
        Self::CARD
    }

    const fn is_card(&self) -> bool {
        matches!(self, Self::Card { heeds_notes: false })
    }
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
    /// What it is paid with.
    #[serde(default = "Means::card", skip_serializing_if = "Means::is_card")]
    pub(super) means: Means,
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
    /// What the merchant's note asks for, if the card heeds notes.
    pub(super) asked: Option<LaterFault>,
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
    /// Until when inquiries are not answered. Microseconds.
    #[serde(default)]
    mute_until: i64,
}

/// What became of the sending of an operation.
pub(super) enum Operated {
    /// It is known, from now on or since before.
    Known(Operation),
    /// It is lost, or its answer is.
    Silent,
    /// It is known from now on, and its answer cannot be read.
    Garbled,
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
    AccountKey([u8; 32], oneshot::Sender<AccountKey>),
    Spent(String, oneshot::Sender<i64>),
    View(String, oneshot::Sender<Option<RedirectView>>),
    Decide(String, RedirectChoice, oneshot::Sender<Option<String>>),
    DownBanks(oneshot::Sender<Vec<LocalMeans>>),
    SetBank(LocalMeans, bool, oneshot::Sender<()>),
    Read(oneshot::Sender<ReadTransaction>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Book {
    writer: Writer,
    planned: Arc<Notify>,
    /// Once it was needed.
    accounts: Arc<OnceLock<AccountKey>>,
}

/// Who writes.
#[derive(Clone)]
enum Writer {
    /// A thread, into a file.
    Thread(mpsc::Sender<Job>),
    /// Whoever asks, into memory.
    Here(Arc<InMemory>),
}

struct InMemory {
    book: Database,
    env: Env,
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
        // Its name survives a power cut too.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::File)?;
        let book = Database::builder().set_cache_size(CACHE_BYTES).create_file(file)?;
        make_tables(&book)?;
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let planned = Arc::new(Notify::new());
        let call = Arc::clone(&planned);
        std::thread::Builder::new()
            .name("acquirer-book".to_owned())
            .spawn(move || write(book, waiting, &env, &call))
            .map_err(Error::File)?;
        Ok(Self { writer: Writer::Thread(jobs), planned, accounts: Arc::default() })
    }

    /// A book that nobody else reads, for simulations: without a file and without a thread.
    pub(super) fn in_memory(env: Env) -> Result<Self, Error> {
        let book = Database::builder().create_with_backend(InMemoryBackend::new())?;
        make_tables(&book)?;
        let writer = Writer::Here(Arc::new(InMemory { book, env }));
        Ok(Self { writer, planned: Arc::default(), accounts: Arc::default() })
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

    /// The account of a gift card's number in a currency. The first one needs a key, made of what `fresh` gives.
    pub(super) async fn account(
        &self,
        number: &str,
        currency: &str,
        fresh: impl FnOnce() -> [u8; 32],
    ) -> Result<String, Trouble> {
        if let Some(key) = self.accounts.get() {
            return Ok(key.account(number, currency));
        }
        let key = self.ask(|done| Job::AccountKey(fresh(), done)).await?;
        Ok(self.accounts.get_or_init(|| key).account(number, currency))
    }

    /// What was spent of an account, in minor units.
    pub(super) async fn spent(&self, account: String) -> Result<i64, Trouble> {
        self.ask(|done| Job::Spent(account, done)).await
    }

    /// What a page shows to a payer.
    pub(super) async fn view(&self, page: String) -> Result<Option<RedirectView>, Trouble> {
        self.ask(|done| Job::View(page, done)).await
    }

    /// A payer decides; where to go then. It is durable when this returns.
    pub(super) async fn decide(&self, page: String, choice: RedirectChoice) -> Result<Option<String>, Trouble> {
        self.ask(|done| Job::Decide(page, choice, done)).await
    }

    /// The banks that take no payments now.
    pub(super) async fn down_banks(&self) -> Result<Vec<LocalMeans>, Trouble> {
        self.ask(Job::DownBanks).await
    }

    /// From now on a bank takes payments, or none. It is durable when this returns.
    pub(super) async fn set_bank(&self, bank: LocalMeans, up: bool) -> Result<(), Trouble> {
        self.ask(|done| Job::SetBank(bank, up, done)).await
    }

    /// The whole journal, oldest first.
    pub(super) async fn journal(&self) -> Result<Vec<Transaction>, Error> {
        self.read(read_journal).await
    }

    /// What happened from `from` until before `until`, as lines of a settlement file.
    pub(super) async fn settlement(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<crate::settlement::Line>, Error> {
        self.read(move |snapshot| settlement::lines(snapshot, from, until)).await
    }

    /// Reads the book as it is now; off the async threads, unless whoever asks writes it, too.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let snapshot = self.ask(Job::Read).await.map_err(|_| Error::Closed)?;
        match self.writer {
            Writer::Thread(_) => {
                tokio::task::spawn_blocking(move || read(&snapshot)).await.map_err(|_| Error::Closed)?
            }
            Writer::Here(_) => read(&snapshot),
        }
    }

    /// Ends the writer and lets go of the file. Orders accepted before are carried out.
    pub(super) async fn close(&self) {
        // It may be closed already.
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Trouble> {
        let (done, answer) = oneshot::channel();
        match &self.writer {
            Writer::Thread(jobs) => jobs.send(job(done)).await.map_err(|_| Trouble::Closed)?,
            Writer::Here(memory) => {
                let replies = write_batch(&memory.book, vec![job(done)], memory.env.now(), &self.planned);
                replies.map_err(|_| Trouble::Failed)?.into_iter().for_each(|reply| reply(&memory.book));
            }
        }
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
    transaction.open_table(ACCOUNTS)?;
    transaction.open_table(ACCOUNT_KEY)?;
    transaction.open_table(REDIRECTS)?;
    transaction.open_table(DOWN_BANKS)?;
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
        accounts: transaction.open_table(ACCOUNTS)?,
        redirects: transaction.open_table(REDIRECTS)?,
        down_banks: transaction.open_table(DOWN_BANKS)?,
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
            Job::AccountKey(fresh, done) => {
                let (key, is_fresh) = AccountKey::keep(&mut transaction.open_table(ACCOUNT_KEY)?, fresh)?;
                pages.changed |= is_fresh;
                replies.push(reply(done, key));
            }
            Job::Spent(account, done) => {
                let spent = pages.spent(&account)?;
                replies.push(reply(done, spent));
            }
            Job::View(page, done) => {
                let view = pages.view(&page)?;
                replies.push(reply(done, view));
            }
            Job::Decide(page, choice, done) => {
                let onward = pages.decide_page(&page, choice)?;
                replies.push(reply(done, onward));
            }
            Job::DownBanks(done) => {
                let down = pages.list_down()?;
                replies.push(reply(done, down));
            }
            Job::SetBank(bank, up, done) => {
                pages.set_bank(bank, up)?;
                replies.push(reply(done, ()));
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
}

impl Operation {
    /// Whether nobody can be asked about it.
    pub(super) fn is_mute(&self, now: Timestamp) -> bool {
        now.micros() < self.mute_until
    }
}

impl Received {
    /// The page where its payer has to decide, as long as it waits.
    pub(super) fn waits_at(&self) -> Option<&str> {
        match &self.means {
            Means::Redirect(page) if !page.decided => Some(&page.url),
            Means::Card { .. } | Means::GiftCard { .. } | Means::Redirect(_) => None,
        }
    }

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
            means: Means::CARD,
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
