//! Counters, such as the last number a merchant gave an order.

use domain::{MerchantId, Mode};
use rusqlite::{Connection, params};

use crate::Store;
use crate::changeset::CounterWrite;
use crate::error::Error;
use crate::row::{Cells, Id, execute, first};

/// Whether the counter still shows what was read.
pub(crate) fn is_current(connection: &Connection, write: &CounterWrite) -> Result<bool, Error> {
    Ok(value(connection, write.merchant_id, write.mode, write.name)? == write.expected)
}

pub(crate) fn put(connection: &Connection, write: &CounterWrite) -> Result<(), Error> {
    let CounterWrite { merchant_id, mode, name, expected: _, next } = write;
    let next = i64::try_from(*next).unwrap_or(i64::MAX);
    execute(
        connection,
        "insert into counters (merchant_id, mode, name, value) values ($1, $2, $3, $4)
         on conflict (merchant_id, mode, name) do update set value = excluded.value",
        params![merchant_id.bytes(), mode.as_str(), name, next],
    )?;
    Ok(())
}

impl Store {
    /// What a counter shows; 0 before its first use.
    ///
    /// # Errors
    /// When something broke.
    pub async fn counter(&self, merchant_id: MerchantId, mode: Mode, name: &'static str) -> Result<u64, Error> {
        self.read(move |connection| value(connection, merchant_id, mode, name)).await
    }
}

fn value(connection: &Connection, merchant_id: MerchantId, mode: Mode, name: &str) -> Result<u64, Error> {
    let shown = first(
        connection,
        "select name, value from counters where merchant_id = $1 and mode = $2 and name = $3",
        params![merchant_id.bytes(), mode.as_str(), name],
        |row| {
            let cells = Cells::new("counters", row);
            u64::try_from(cells.get::<i64>(1, "value")?).map_err(|_| cells.corrupt("value"))
        },
    )?;
    Ok(shown.unwrap_or(0))
}
