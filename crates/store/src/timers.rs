//! Timers. A timer is its own key: the table is a set, so that writing one twice is harmless and taking one off takes
//! exactly that one.

use domain::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::Word;
use crate::error::Error;
use crate::records::{Timer, TimerKind};
use crate::row::{Cells, Id, all, execute, first};

pub(crate) fn insert(connection: &Connection, timer: &Timer) -> Result<(), Error> {
    let Timer { at, kind, merchant_id, mode, payment_id } = timer;
    execute(
        connection,
        "insert into timers (at, payment_id, kind, merchant_id, mode) values ($1, $2, $3, $4, $5)
         on conflict (at, payment_id, kind) do nothing",
        params![at.micros(), payment_id.bytes(), kind.to_word(), merchant_id.bytes(), mode.as_str()],
    )?;
    Ok(())
}

pub(crate) fn delete(connection: &Connection, timer: &Timer) -> Result<(), Error> {
    execute(
        connection,
        "delete from timers where at = $1 and payment_id = $2 and kind = $3",
        params![timer.at.micros(), timer.payment_id.bytes(), timer.kind.to_word()],
    )?;
    Ok(())
}

impl Store {
    /// At most `limit` timers whose time has come, earliest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<Timer>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select payment_id, at, kind, merchant_id, mode from timers where at <= $1
                 order by at, payment_id, kind limit $2",
                params![now.micros(), limit],
                parse,
            )
        })
        .await
    }

    /// When the next timer is due.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|connection| {
            first(connection, "select payment_id, at from timers order by at limit 1", [], |row| {
                Cells::new("timers", row).time(1, "at")
            })
        })
        .await
    }
}

/// A row of `payment_id, at, kind, merchant_id, mode`.
pub(crate) fn parse(row: &Row<'_>) -> Result<Timer, Error> {
    let cells = Cells::new("timers", row);
    Ok(Timer {
        payment_id: cells.id(0, "payment_id")?,
        at: cells.time(1, "at")?,
        kind: cells.word(2, "kind", TimerKind::from_word)?,
        merchant_id: cells.id(3, "merchant_id")?,
        mode: cells.mode(4, "mode")?,
    })
}
