//! Numbers of the gateway itself.

use rusqlite::Connection;

use crate::Store;
use crate::error::Error;
use crate::row::{Cells, execute, first};

/// How far the sandbox clock was moved only ever grows.
pub(crate) fn put_clock_offset(connection: &Connection, micros: i64) -> Result<(), Error> {
    execute(
        connection,
        "insert into settings (name, value) values ('clock_offset', $1)
         on conflict (name) do update set value = excluded.value where excluded.value > settings.value",
        [micros],
    )?;
    Ok(())
}

impl Store {
    /// How far the sandbox clock was moved, in microseconds; 0 when it never was.
    ///
    /// # Errors
    /// When something broke.
    pub async fn clock_offset(&self) -> Result<i64, Error> {
        self.read(|connection| {
            let offset =
                first(connection, "select name, value from settings where name = 'clock_offset'", [], |row| {
                    Cells::new("settings", row).get(1, "value")
                })?;
            Ok(offset.unwrap_or(0))
        })
        .await
    }
}
