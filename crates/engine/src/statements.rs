//! Statements: lists of transactions that merchants asked for, made into files by a worker, and the links to those.
//!
//! Who acts: a merchant asks, and may think better of it; the worker makes one statement of a merchant at a time, and two
//! in all; a file is thrown away when its time is over. Each step is guarded by the statement's version, so that whoever
//! comes too late finds that out. A process that dies in the middle leaves the statement open: the next one makes it anew.
//! A file has its name, and its statement a link, only when it is whole and durable.

mod columns;
mod file;
mod workbook;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use domain::{StatementId, Timestamp};
use jiff::tz::TimeZone;
use store::{
    Beside, Changeset, Committed, IdempotencyWrite, Statement, StatementFile, StatementFilter, StatementFormat,
    StatementStatus, StatementWrite,
};
use uuid::Uuid;

use crate::credentials::Credential;
use crate::{Causes, Engine, Error};
use file::Draft;

/// How many statements a merchant may have in one mode that are not made yet, or whose files are kept.
pub const STATEMENTS_MAX: u32 = 200;
/// How long a file can be had (checkout-ux 18).
pub const FILE_LIFE: Duration = Duration::from_hours(24);
/// Statements that are made at the same time, each of another merchant.
const AT_ONCE: u32 = 2;
/// Transactions that are read at once; between two pages it is noticed that nobody wants the statement any more.
const PAGE: u32 = 1_000;
/// Files that are thrown away by one step.
const EXPIRED_AT_ONCE: u32 = 64;

/// What a merchant asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement {
    /// What the file is to be.
    pub format: StatementFormat,
    /// IANA name, for its times.
    pub time_zone: String,
    /// What it lists, as it was asked for.
    pub query: String,
    /// What it lists.
    pub filter: StatementFilter,
}

/// A file that may be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementDownload {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is.
    pub format: StatementFormat,
    /// What it is to be called.
    pub name: String,
}

impl Engine {
    /// Asks for a statement; `None` when the merchant has [`STATEMENTS_MAX`]. `kept` is the answer that a repeat under the
    /// same idempotency key gets.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::Store`].
    pub async fn create_statement(
        &self,
        caller: Credential,
        new: NewStatement,
        kept: impl Fn(&Statement) -> Option<IdempotencyWrite>,
    ) -> Result<Option<Statement>, Error> {
        let NewStatement { format, time_zone, query, filter } = new;
        let now = self.0.env.now();
        let statement = Statement {
            id: StatementId::new(self.0.env.ordered_id()),
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            version: 1,
            format,
            time_zone,
            query,
            filter,
            status: StatementStatus::Pending,
            created_at: now,
            updated_at: now,
            began_at: None,
            finished_at: None,
            file: None,
        };
        let idempotency = kept(&statement);
        let write = StatementWrite::Add { statement: statement.clone(), most: STATEMENTS_MAX };
        let change = Changeset { statement: Some(Box::new(write)), idempotency, ..Changeset::default() };
        match self.0.store.commit(change).await? {
            Committed::Done => {
                self.0.workers.statements.notify_one();
                Ok(Some(statement))
            }
            Committed::KeyUsed => Err(Error::Used),
            Committed::Stale | Committed::OrderPaid => Ok(None),
        }
    }

    /// A statement of this merchant in this mode.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn statement(&self, caller: Credential, id: StatementId) -> Result<Statement, Error> {
        self.0.store.statement(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)
    }

    /// The statements of this merchant in this mode, newest first: at most `most`, and those beside another one if said.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn statements(
        &self,
        caller: Credential,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<Statement>, Error> {
        Ok(self.0.store.statements(caller.merchant_id, caller.mode, beside, most).await?)
    }

    /// Ends a statement that is not made yet; `None` when it is over. `kept` is the answer that a repeat under the same
    /// idempotency key gets.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Used`] when the key was used meanwhile; [`Error::Store`].
    pub async fn cancel_statement(
        &self,
        caller: Credential,
        id: StatementId,
        kept: impl Fn(&Statement) -> Option<IdempotencyWrite>,
    ) -> Result<Option<Statement>, Error> {
        loop {
            let statement = self.statement(caller, id).await?;
            if !statement.status.is_open() {
                return Ok(None);
            }
            let over = Step { status: StatementStatus::Cancelled, ..Step::over(&statement, self.0.env.now()) };
            if let Some(cancelled) = self.write_step(&statement, over, &kept).await? {
                return Ok(Some(cancelled));
            }
        }
    }

    /// The file whose link has this token, as long as it can be had.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn statement_download(&self, token: Uuid) -> Result<StatementDownload, Error> {
        let folder = self.0.statements.as_ref().ok_or(Error::NotFound)?;
        let statement = self.0.store.statement_of_link(token).await?.ok_or(Error::NotFound)?;
        let Statement { id, format, file, created_at, .. } = statement;
        if file.is_none_or(|file| file.until <= self.0.env.now()) {
            return Err(Error::NotFound);
        }
        let path = file::path(folder, id, format);
        let name = format!(
            "statement-{}.{}",
            columns::iso(created_at, &TimeZone::UTC).get(..10).unwrap_or_default(),
            format.as_str()
        );
        Ok(StatementDownload { path, format, name })
    }

    /// Throws away what a process left in the folder of statements when it died. Before anybody makes one.
    pub(crate) async fn sweep_statements(&self) -> Result<(), Error> {
        let Some(folder) = self.0.statements.clone() else { return Ok(()) };
        let filed = self.0.store.filed_statements().await?;
        self.on_disk(move || file::sweep(&folder, &filed)).await
    }

    /// Starts to make the statements whose turn it is, throws away the files whose time is over, and answers how many.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn statements_step(&self) -> Result<usize, Error> {
        let underway = &self.0.workers.statements_underway;
        let mut did = 0;
        for statement in self.0.store.expired_statements(self.0.env.now(), EXPIRED_AT_ONCE).await? {
            match self.throw_away(&statement).await {
                Ok(()) => did += 1,
                // Nobody can have it any more, and others go on.
                Err(error) => {
                    tracing::error!(statement = %statement.id, error = %Causes(&error), "a file could not be thrown away");
                }
            }
        }
        // Those that are being made are the oldest of their merchants.
        for statement in self.0.store.open_statements(AT_ONCE).await? {
            let Some(claim) = underway.claim_one_of(statement.merchant_id, AT_ONCE) else { continue };
            did += 1;
            let engine = self.clone();
            let work = async move { engine.make_statement(statement).await };
            self.start_claimed(claim, work, |engine| engine.0.workers.statements.notify_one());
        }
        Ok(did)
    }

    /// The file goes first: a link to nothing is one that is over.
    async fn throw_away(&self, statement: &Statement) -> Result<(), Error> {
        if let Some(folder) = self.0.statements.clone() {
            let path = file::path(&folder, statement.id, statement.format);
            self.on_disk(move || file::remove(&path)).await?;
        }
        let step = Step { file: None, ..Step::of(statement) };
        self.step_statement(statement, step).await?;
        Ok(())
    }

    async fn make_statement(&self, statement: Statement) -> Result<(), Error> {
        let now = self.0.env.now();
        let begins = Step { status: StatementStatus::Processing, began_at: Some(now), ..Step::of(&statement) };
        let Some(begun) = self.step_statement(&statement, begins).await? else { return Ok(()) };
        let written = self.write_statement(&begun).await;
        let now = self.0.env.now();
        let over = match written {
            Ok(Written::Whole) => {
                let file = StatementFile { token: self.0.env.random_id(), until: now.plus(FILE_LIFE) };
                Step { status: StatementStatus::Success, file: Some(file), ..Step::over(&begun, now) }
            }
            Ok(Written::Unwanted) => return Ok(()),
            // The next process makes it anew.
            Err(Error::Stopping) => return Ok(()),
            Err(error) => {
                tracing::error!(statement = %begun.id, error = %Causes(&error), "a statement could not be made");
                Step { status: StatementStatus::Error, ..Step::over(&begun, now) }
            }
        };
        let is_filed = over.file.is_some();
        if self.step_statement(&begun, over).await?.is_none() && is_filed {
            self.throw_away(&begun).await?;
        }
        Ok(())
    }

    /// Writes the file, page by page, of everything that had happened when it began.
    async fn write_statement(&self, begun: &Statement) -> Result<Written, Error> {
        let Statement { id, merchant_id, mode, format, ref time_zone, ref filter, .. } = *begun;
        let Some(folder) = self.0.statements.clone() else { return Err(no_folder()) };
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let mut draft = self.on_disk(move || Draft::begin(&folder, id, format, zone)).await?;
        let last = self.0.store.last_transaction().await?;
        let mut behind = (Timestamp::from_micros(i64::MIN), i64::MIN);
        loop {
            if self.0.stop.is_cancelled() {
                return Err(Error::Stopping);
            }
            let found = self.0.store.statement(merchant_id, mode, id).await?;
            if found.is_none_or(|found| found.version != begun.version) {
                self.on_disk(move || draft.discard()).await?;
                return Ok(Written::Unwanted);
            }
            let (lines, next) =
                self.0.store.statement_lines(merchant_id, mode, filter.clone(), (behind, last), PAGE).await?;
            draft = self
                .on_disk(move || {
                    draft.write(&lines)?;
                    Ok(draft)
                })
                .await?;
            match next {
                Some(place) => behind = place,
                None => break,
            }
        }
        self.on_disk(move || draft.end()).await?;
        Ok(Written::Whole)
    }

    /// Writes down that a statement goes on; `None` when it is not as it was before any more.
    async fn step_statement(&self, before: &Statement, step: Step) -> Result<Option<Statement>, Error> {
        self.write_step(before, step, |_| None).await
    }

    async fn write_step(
        &self,
        before: &Statement,
        step: Step,
        kept: impl Fn(&Statement) -> Option<IdempotencyWrite>,
    ) -> Result<Option<Statement>, Error> {
        let Step { status, began_at, finished_at, file } = step;
        let (version, updated_at) = (before.version + 1, self.0.env.now());
        let statement = Statement { version, updated_at, status, began_at, finished_at, file, ..before.clone() };
        let write = StatementWrite::Change(statement.clone());
        let change =
            Changeset { statement: Some(Box::new(write)), idempotency: kept(&statement), ..Changeset::default() };
        match self.0.store.commit(change).await? {
            Committed::Done => Ok(Some(statement)),
            Committed::KeyUsed => Err(Error::Used),
            Committed::Stale | Committed::OrderPaid => Ok(None),
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.0.env.off_thread(work).await.ok_or(Error::Stopping)?;
        done.map_err(|error| Error::Store(error.into()))
    }
}

/// What became of the file.
enum Written {
    /// It is there.
    Whole,
    /// Nobody wants it any more.
    Unwanted,
}

/// What changes of a statement when it goes on.
struct Step {
    status: StatementStatus,
    began_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    file: Option<StatementFile>,
}

impl Step {
    /// As it is.
    fn of(statement: &Statement) -> Self {
        let Statement { status, began_at, finished_at, file, .. } = *statement;
        Self { status, began_at, finished_at, file }
    }

    /// It is over.
    fn over(statement: &Statement, now: Timestamp) -> Self {
        Self { finished_at: Some(now), file: None, ..Self::of(statement) }
    }
}

/// Nobody said where files may lie, as in a simulation.
fn no_folder() -> Error {
    Error::Store(io::Error::new(io::ErrorKind::Unsupported, "there is no folder for statements").into())
}
