//! Secrets of the gateway itself, sealed.

use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::records::Sealed;
use crate::row::{Cells, execute, first};

/// Whether there is one already.
pub(crate) fn exists(connection: &Connection, name: &str) -> Result<bool, Error> {
    Ok(first(connection, "select 1 from secrets where name = $1", [name], |_| Ok(()))?.is_some())
}

pub(crate) fn insert(connection: &Connection, name: &str, sealed: &Sealed) -> Result<(), Error> {
    let Sealed { key_id, wrapped_key, ciphertext } = sealed;
    execute(
        connection,
        "insert into secrets (name, key_id, wrapped_key, ciphertext) values ($1, $2, $3, $4)",
        params![name, key_id, wrapped_key, ciphertext],
    )?;
    Ok(())
}

impl Store {
    /// A secret of the gateway itself.
    ///
    /// # Errors
    /// When something broke.
    pub async fn secret(&self, name: &'static str) -> Result<Option<Sealed>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select name, key_id, wrapped_key, ciphertext from secrets where name = $1",
                [name],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<Sealed, Error> {
    let cells = Cells::new("secrets", row);
    Ok(Sealed {
        key_id: cells.get(1, "key_id")?,
        wrapped_key: cells.get(2, "wrapped_key")?,
        ciphertext: cells.get(3, "ciphertext")?,
    })
}
