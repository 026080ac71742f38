//! Statements: lists of transactions that merchants asked for, made one after the other, and the links to their files.

use domain::{MerchantId, Mode, StatementId, Timestamp};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::Store;
use crate::changeset::StatementWrite;
use crate::documents::{self, StatementFilterDoc};
use crate::error::Error;
use crate::filter::StatementFilter;
use crate::records::{Beside, Place};
use crate::row::{Cells, Id, all, execute, first};

/// A list of transactions that a merchant asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: StatementId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// In which world.
    pub mode: Mode,
    /// 1 at first, then one more with each change.
    pub version: u32,
    /// What its file is.
    pub format: StatementFormat,
    /// IANA name, for its times.
    pub time_zone: String,
    /// What it lists, as it was asked for.
    pub query: String,
    /// What it lists.
    pub filter: StatementFilter,
    /// How far it is.
    pub status: StatementStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When somebody began to make it, last.
    pub began_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The link to its file, as long as there is one.
    pub file: Option<StatementFile>,
}

/// The link to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementFile {
    /// Whoever knows it may have the file.
    pub token: Uuid,
    /// The first moment at which nobody may.
    pub until: Timestamp,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFormat {
    /// Comma-separated values.
    Csv,
    /// A workbook, Office Open XML.
    Xlsx,
}

impl StatementFormat {
    /// As stored; also how its file's name ends.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// Reads [`StatementFormat::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx].into_iter().find(|format| format.as_str() == text)
    }
}

/// How far a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementStatus {
    /// It waits for its turn.
    Pending,
    /// It is being made.
    Processing,
    /// It was made; the file is kept for a time.
    Success,
    /// The merchant did not want it any more.
    Cancelled,
    /// It could not be made.
    Error,
}

impl StatementStatus {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
        }
    }

    /// Reads [`StatementStatus::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Pending, Self::Processing, Self::Success, Self::Cancelled, Self::Error];
        all.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether it is still to be made.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Processing => true,
            Self::Success | Self::Cancelled | Self::Error => false,
        }
    }
}

/// Whether the write may be made: one more may be added, or whoever wants to make it saw the newest version.
pub(crate) fn is_current(connection: &Connection, write: &StatementWrite) -> Result<bool, Error> {
    match write {
        StatementWrite::Add { statement, most } => {
            let kept = first(
                connection,
                "select count(*) from statements where merchant_id = $1 and mode = $2
                 and (status in ('pending', 'processing') or token is not null)",
                params![statement.merchant_id.bytes(), statement.mode.as_str()],
                |row| Cells::new("statements", row).get::<u32>(0, "count"),
            )?;
            Ok(kept.unwrap_or(0) < *most)
        }
        StatementWrite::Change(statement) => {
            let version =
                first(connection, "select id, version from statements where id = $1", [statement.id.bytes()], |row| {
                    Cells::new("statements", row).get::<u32>(1, "version")
                })?;
            Ok(version.is_some_and(|version| version + 1 == statement.version))
        }
    }
}

pub(crate) fn write(connection: &Connection, write: &StatementWrite) -> Result<(), Error> {
    match write {
        StatementWrite::Add { statement, most: _ } => insert(connection, statement),
        StatementWrite::Change(statement) => {
            let Statement { id, version, status, updated_at, began_at, finished_at, file, .. } = statement;
            execute(
                connection,
                "update statements set version = $1, status = $2, updated_at = $3, began_at = $4, finished_at = $5,
                 token = $6, file_until = $7 where id = $8",
                params![
                    version,
                    status.as_str(),
                    updated_at.micros(),
                    began_at.map(Timestamp::micros),
                    finished_at.map(Timestamp::micros),
                    file.map(|file| file.token.into_bytes()),
                    file.map(|file| file.until.micros()),
                    id.bytes()
                ],
            )?;
            Ok(())
        }
    }
}

fn insert(connection: &Connection, statement: &Statement) -> Result<(), Error> {
    let Statement { id, merchant_id, mode, version, format, time_zone, query, filter, status, .. } = statement;
    execute(
        connection,
        "insert into statements (id, merchant_id, mode, version, format, time_zone, query, filter, status, created_at,
         updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            version,
            format.as_str(),
            time_zone,
            query,
            documents::text(&StatementFilterDoc::from(filter.clone()))?,
            status.as_str(),
            statement.created_at.micros()
        ],
    )?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, merchant_id, mode, version, format, time_zone, query, filter, status, created_at, updated_at,
             began_at, finished_at, token, file_until from statements ",
            $rest
        )
    };
}

impl Store {
    /// A statement of a merchant in a mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn statement(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: StatementId,
    ) -> Result<Option<Statement>, Error> {
        self.read(move |connection| {
            let of = params![merchant_id.bytes(), mode.as_str(), id.bytes()];
            first(connection, select!("where merchant_id = $1 and mode = $2 and id = $3"), of, parse)
        })
        .await
    }

    /// The statement whose file somebody knows the link to.
    ///
    /// # Errors
    /// When something broke.
    pub async fn statement_of_link(&self, token: Uuid) -> Result<Option<Statement>, Error> {
        self.read(move |connection| first(connection, select!("where token = $1"), [token.into_bytes()], parse)).await
    }

    /// The statements of a merchant in a mode, newest first: at most `most`, and those older, or newer, than another.
    ///
    /// # Errors
    /// When something broke.
    pub async fn statements(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<Statement>, Error> {
        self.read(move |connection| {
            let (is_newer, Place { rank: _, at, id }) = Beside::direction(beside);
            let beside = params![merchant_id.bytes(), mode.as_str(), at.micros(), id.as_bytes(), most];
            let mut found = all(connection, if is_newer { NEWER } else { OLDER }, beside, parse)?;
            if is_newer {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }

    /// Of each merchant the statement that is to be made next: those that wait for longest, at most `most`.
    ///
    /// # Errors
    /// When something broke.
    pub async fn open_statements(&self, most: u32) -> Result<Vec<Statement>, Error> {
        self.read(move |connection| all(connection, OPEN, [most], parse)).await
    }

    /// At most `most` statements whose files may not be had any more.
    ///
    /// # Errors
    /// When something broke.
    pub async fn expired_statements(&self, now: Timestamp, most: u32) -> Result<Vec<Statement>, Error> {
        self.read(move |connection| {
            let sql = select!("where token is not null and file_until <= $1 order by file_until limit $2");
            all(connection, sql, params![now.micros(), most], parse)
        })
        .await
    }

    /// When the next file may not be had any more.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_statement_expiry(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|connection| {
            let sql = "select min(file_until) from statements where token is not null";
            Ok(first(connection, sql, [], |row| Cells::new("statements", row).time_or_none(0, "file_until"))?.flatten())
        })
        .await
    }

    /// Every statement that has a file.
    ///
    /// # Errors
    /// When something broke.
    pub async fn filed_statements(&self) -> Result<Vec<StatementId>, Error> {
        self.read(|connection| {
            all(connection, "select id from statements where token is not null", [], |row| {
                Cells::new("statements", row).id(0, "id")
            })
        })
        .await
    }
}

const OLDER: &str = select!(
    "where merchant_id = $1 and mode = $2 and (created_at, id) < ($3, $4) order by created_at desc, id desc limit $5"
);
const NEWER: &str =
    select!("where merchant_id = $1 and mode = $2 and (created_at, id) > ($3, $4) order by created_at, id limit $5");
const OPEN: &str = select!(
    "where position in (select min(position) from statements where status in ('pending', 'processing')
     group by merchant_id) order by position limit $1"
);

fn parse(row: &Row<'_>) -> Result<Statement, Error> {
    let cells = Cells::new("statements", row);
    let filter: StatementFilterDoc = cells.document(7, "filter")?;
    let file = match (cells.get::<Option<[u8; 16]>>(13, "token")?, cells.time_or_none(14, "file_until")?) {
        (Some(token), Some(until)) => Some(StatementFile { token: Uuid::from_bytes(token), until }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(cells.corrupt("token")),
    };
    Ok(Statement {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        version: cells.get(3, "version")?,
        format: cells.word(4, "format", StatementFormat::parse)?,
        time_zone: cells.get(5, "time_zone")?,
        query: cells.get(6, "query")?,
        filter: filter.into(),
        status: cells.word(8, "status", StatementStatus::parse)?,
        created_at: cells.time(9, "created_at")?,
        updated_at: cells.time(10, "updated_at")?,
        began_at: cells.time_or_none(11, "began_at")?,
        finished_at: cells.time_or_none(12, "finished_at")?,
        file,
    })
}
