//! The settlement files that were imported, line by line, and how both sides stand.

use std::collections::HashSet;

use domain::{Currency, DifferenceId, LineKind, Mode, Money, Timestamp};
use rusqlite::{Connection, params};

use crate::Store;
use crate::error::Error;
use crate::movements::MovementState;
use crate::row::{Cells, Id, all, execute, first};

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementFile {
    /// Its id, unique for its acquirer and mode.
    pub id: String,
    /// Whose it is.
    pub acquirer: String,
    /// Its world.
    pub mode: Mode,
    /// Midnight of the first day it covers.
    pub first_day: Timestamp,
    /// Midnight of the last one: its business day.
    pub last_day: Timestamp,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// How many lines it has.
    pub lines: u32,
    /// How many lines it has in each currency, and what reaches the bank with them, in minor units.
    pub totals: Vec<(Currency, u32, i64)>,
}

/// A file that is being imported, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    /// What its lines know it by.
    pub position: i64,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Whether every line was taken.
    pub is_over: bool,
}

/// A line that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementLine {
    /// Of which file: [`KnownFile::position`].
    pub file: i64,
    /// Its number, from 1.
    pub line: u32,
    /// What it is about.
    pub kind: LineKind,
    /// As it is written there.
    pub reference: String,
    /// How much, before the fee.
    pub amount: Money,
    /// What reached the bank, in minor units.
    pub net: i64,
    /// What became of it, unless it says what we say.
    pub difference: Option<DifferenceId>,
}

/// A step of an import.
#[derive(Debug, Clone)]
pub enum SettlementWrite {
    /// A file begins; stale when one of this id did before.
    Begin(SettlementFile, Timestamp),
    /// A line is taken; its key is used when it was before.
    Line(SettlementLine),
    /// Every line of the file at this position was taken.
    End(i64, Timestamp),
}

/// How one side stands, on one day in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// So many of our movements of a kind are in a state.
    Ours(LineKind, MovementState),
    /// So many lines of files with this business day, and what reached the bank with them.
    Theirs,
    /// So many differences are not settled.
    Unsettled,
}

/// A row of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingRow {
    /// In which world.
    pub mode: Mode,
    /// Midnight of the day.
    pub day: Timestamp,
    /// The currency.
    pub currency: Currency,
    /// Of what.
    pub standing: Standing,
    /// How many.
    pub count: i64,
    /// How much, in minor units.
    pub amount: i64,
}

pub(crate) fn is_known(connection: &Connection, file: &SettlementFile) -> Result<bool, Error> {
    let known = first(
        connection,
        "select id from settlement_files where mode = $1 and acquirer = $2 and id = $3",
        params![file.mode.as_str(), file.acquirer, file.id],
        |_| Ok(()),
    )?;
    Ok(known.is_some())
}

pub(crate) fn is_taken(connection: &Connection, line: &SettlementLine) -> Result<bool, Error> {
    let taken = first(
        connection,
        "select file from settlement_lines where file = $1 and line = $2",
        params![line.file, line.line],
        |_| Ok(()),
    )?;
    Ok(taken.is_some())
}

pub(crate) fn write(connection: &Connection, write: &SettlementWrite) -> Result<(), Error> {
    match write {
        SettlementWrite::Begin(file, at) => begin(connection, file, *at),
        SettlementWrite::Line(SettlementLine { file, line, kind, reference, amount, net, difference }) => execute(
            connection,
            "insert into settlement_lines (file, line, kind, reference, currency, amount, net, difference)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                file,
                line,
                kind.as_str(),
                reference,
                amount.currency().code(),
                amount.minor(),
                net,
                difference.map(Id::bytes)
            ],
        )
        .map(|_| ()),
        SettlementWrite::End(position, at) => execute(
            connection,
            "update settlement_files set ended_at = $1 where position = $2",
            params![at.micros(), position],
        )
        .map(|_| ()),
    }
}

fn begin(connection: &Connection, file: &SettlementFile, at: Timestamp) -> Result<(), Error> {
    let SettlementFile { id, acquirer, mode, first_day, last_day, hash, lines, totals } = file;
    execute(
        connection,
        "insert into settlement_files (id, acquirer, mode, first_day, last_day, hash, lines, begun_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![id, acquirer, mode.as_str(), first_day.micros(), last_day.micros(), hash, lines, at.micros()],
    )?;
    let position = connection.last_insert_rowid();
    for (currency, lines, net) in totals {
        execute(
            connection,
            "insert into settlement_totals (file, currency, lines, net) values ($1, $2, $3, $4)",
            params![position, currency.code(), lines, net],
        )?;
    }
    Ok(())
}

impl Store {
    /// The file with this id, if its import began.
    ///
    /// # Errors
    /// When something broke.
    pub async fn settlement_file(&self, mode: Mode, acquirer: &str, id: &str) -> Result<Option<KnownFile>, Error> {
        let (acquirer, id) = (acquirer.to_owned(), id.to_owned());
        self.read(move |connection| {
            first(
                connection,
                "select position, hash, ended_at from settlement_files where mode = $1 and acquirer = $2 and id = $3",
                params![mode.as_str(), acquirer, id],
                |row| {
                    let cells = Cells::new("settlement_files", row);
                    Ok(KnownFile {
                        position: cells.get(0, "position")?,
                        hash: cells.get(1, "hash")?,
                        is_over: cells.time_or_none(2, "ended_at")?.is_some(),
                    })
                },
            )
        })
        .await
    }

    /// The numbers of the lines of a file between two, both included, that were taken.
    ///
    /// # Errors
    /// When something broke.
    pub async fn taken_lines(&self, file: i64, first: u32, last: u32) -> Result<HashSet<u32>, Error> {
        let lines = self.read(move |connection| {
            all(
                connection,
                "select line from settlement_lines where file = $1 and line >= $2 and line <= $3",
                params![file, first, last],
                |row| Cells::new("settlement_lines", row).get(0, "line"),
            )
        });
        Ok(lines.await?.into_iter().collect())
    }

    /// How many lines of a file are differences.
    ///
    /// # Errors
    /// When something broke.
    pub async fn differing_lines(&self, file: i64) -> Result<u32, Error> {
        let count = self.read(move |connection| {
            first(
                connection,
                "select count(*) from settlement_lines where file = $1 and difference is not null",
                [file],
                |row| Cells::new("settlement_lines", row).get(0, "count"),
            )
        });
        Ok(count.await?.unwrap_or(0))
    }

    /// Since when each mode has files: what was moved before nobody expects in one.
    ///
    /// # Errors
    /// When something broke.
    pub async fn reconciled_since(&self) -> Result<Vec<(Mode, Timestamp)>, Error> {
        self.read(|connection| {
            all(connection, "select mode, min(first_day) from settlement_files group by mode", [], |row| {
                let cells = Cells::new("settlement_files", row);
                Ok((cells.mode(0, "mode")?, cells.time(1, "first_day")?))
            })
        })
        .await
    }

    /// How both sides stand, by mode, day and currency.
    ///
    /// # Errors
    /// When something broke.
    pub async fn standings(&self) -> Result<Vec<StandingRow>, Error> {
        self.read(|connection| {
            let mut rows = all(
                connection,
                "select mode, at / 86400000000 as day, currency, kind, state, count(*), sum(amount) from movements
                 group by mode, day, currency, kind, state",
                [],
                |row| {
                    let cells = Cells::new("movements", row);
                    let kind = cells.word(3, "kind", LineKind::parse)?;
                    let standing = Standing::Ours(kind, cells.word(4, "state", MovementState::parse)?);
                    standing_row(&cells, standing, cells.get(5, "count")?, cells.get(6, "amount")?)
                },
            )?;
            rows.extend(all(
                connection,
                "select mode, last_day / 86400000000 as day, currency, sum(settlement_totals.lines), sum(net)
                 from settlement_totals join settlement_files on file = position group by mode, day, currency",
                [],
                |row| {
                    let cells = Cells::new("settlement_totals", row);
                    standing_row(&cells, Standing::Theirs, cells.get(3, "lines")?, cells.get(4, "net")?)
                },
            )?);
            rows.extend(all(
                connection,
                "select mode, day / 86400000000 as on_day, currency, count(*) from differences where state <> 'settled'
                 group by mode, on_day, currency",
                [],
                |row| {
                    let cells = Cells::new("differences", row);
                    standing_row(&cells, Standing::Unsettled, cells.get(3, "count")?, 0)
                },
            )?);
            Ok(rows)
        })
        .await
    }
}

/// A row of `mode, day, currency, ...`.
fn standing_row(cells: &Cells<'_, '_>, standing: Standing, count: i64, amount: i64) -> Result<StandingRow, Error> {
    Ok(StandingRow {
        mode: cells.mode(0, "mode")?,
        day: Timestamp::from_micros(cells.get::<i64>(1, "day")?.saturating_mul(DAY)),
        currency: cells.word(2, "currency", Currency::parse)?,
        standing,
        count,
        amount,
    })
}
