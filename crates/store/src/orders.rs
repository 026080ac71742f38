//! Orders: what merchants sell, as they said it.

use domain::{MerchantId, Mode};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::OrderWrite;
use crate::error::Error;
use crate::records::Order;
use crate::row::{Cells, Id, execute, first};

/// Whether a new order's number is free, or a known order is as it was read.
pub(crate) fn is_current(connection: &Connection, write: &OrderWrite) -> Result<bool, Error> {
    let stored = first(
        connection,
        "select number, version from orders where number = $1",
        [number(write.order.number)],
        |row| Cells::new("orders", row).get::<u32>(1, "version"),
    )?;
    Ok(stored.unwrap_or(0) == write.expected_version)
}

pub(crate) fn put(connection: &Connection, write: &OrderWrite) -> Result<(), Error> {
    let Order { number: given, merchant_id, mode, version, document, created_at } = &write.order;
    execute(
        connection,
        "insert into orders (number, merchant_id, mode, version, document, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (number) do update set version = excluded.version, document = excluded.document",
        params![number(*given), merchant_id.bytes(), mode.as_str(), version, document, created_at.micros()],
    )?;
    Ok(())
}

/// No number that is given out is beyond.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// The order of this merchant and mode that has this number.
    ///
    /// # Errors
    /// When something broke.
    pub async fn order(&self, merchant_id: MerchantId, mode: Mode, given: u64) -> Result<Option<Order>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select number, merchant_id, mode, version, document, created_at from orders
                 where number = $1 and merchant_id = $2 and mode = $3",
                params![number(given), merchant_id.bytes(), mode.as_str()],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<Order, Error> {
    let cells = Cells::new("orders", row);
    Ok(Order {
        number: u64::try_from(cells.get::<i64>(0, "number")?).map_err(|_| cells.corrupt("number"))?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        version: cells.get(3, "version")?,
        document: cells.get(4, "document")?,
        created_at: cells.time(5, "created_at")?,
    })
}
