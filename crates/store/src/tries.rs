//! Tries: the log of what became of each call, and the beginning of what was answered.

use std::time::Duration;

use domain::DeliveryId;
use rusqlite::{Connection, params};

use crate::changeset::Delivered;
use crate::error::Error;
use crate::records::DeliveryTry;
use crate::row::{Cells, Id, all, execute};

/// Tries that are read of one delivery. Only sending it again and again makes more.
const SHOWN_MAX: u32 = 100;

/// One more try of the delivery at this position.
pub(crate) fn insert(connection: &Connection, delivery: i64, delivered: &Delivered) -> Result<(), Error> {
    let Delivered { status, error, answer, at, took, .. } = delivered;
    execute(
        connection,
        "insert into delivery_tries (delivery, number, ended_at, millis, status, error, answer)
         select $1, 1 + coalesce(max(number), 0), $2, $3, $4, $5, $6 from delivery_tries where delivery = $1",
        params![delivery, at.micros(), u32::try_from(took.as_millis()).unwrap_or(u32::MAX), status, error, answer],
    )?;
    Ok(())
}

/// The last tries of a delivery, oldest first.
pub(crate) fn of(connection: &Connection, id: DeliveryId) -> Result<Vec<DeliveryTry>, Error> {
    let mut tries = all(
        connection,
        "select delivery, number, ended_at, millis, status, error, answer from delivery_tries
         where delivery = (select position from deliveries where id = $1) order by number desc limit $2",
        params![id.bytes(), SHOWN_MAX],
        |row| {
            let cells = Cells::new("delivery_tries", row);
            Ok(DeliveryTry {
                number: cells.get(1, "number")?,
                ended_at: cells.time(2, "ended_at")?,
                took: Duration::from_millis(u64::from(cells.get::<u32>(3, "millis")?)),
                status: cells.get(4, "status")?,
                error: cells.get(5, "error")?,
                answer: cells.get(6, "answer")?,
            })
        },
    )?;
    tries.reverse();
    Ok(tries)
}
