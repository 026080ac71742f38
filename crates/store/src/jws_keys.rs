//! The key pairs that the gateway itself signs with.

use domain::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::records::{JwsKey, Sealed};
use crate::row::{Cells, all, execute, first};

/// The name of the key that has not retired.
pub(crate) fn current(connection: &Connection) -> Result<Option<String>, Error> {
    first(connection, "select kid from jws_keys where retired_at is null", [], |row| {
        Cells::new("jws_keys", row).get(0, "kid")
    })
}

/// One retires at the moment the other was made.
pub(crate) fn replace(connection: &Connection, retires: Option<&str>, key: &JwsKey) -> Result<(), Error> {
    let JwsKey { kid, modulus, exponent, private, created_at, retired_at } = key;
    let Sealed { key_id, wrapped_key, ciphertext } = private;
    execute(
        connection,
        "update jws_keys set retired_at = $1 where kid = $2 and retired_at is null",
        params![created_at.micros(), retires],
    )?;
    execute(
        connection,
        "insert into jws_keys (kid, modulus, exponent, key_id, wrapped_key, ciphertext, created_at, retired_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            kid,
            modulus,
            exponent,
            key_id,
            wrapped_key,
            ciphertext,
            created_at.micros(),
            retired_at.map(Timestamp::micros)
        ],
    )?;
    Ok(())
}

impl Store {
    /// Every key pair of the gateway itself, the newest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn jws_keys(&self) -> Result<Vec<JwsKey>, Error> {
        self.read(|connection| {
            all(
                connection,
                "select kid, modulus, exponent, key_id, wrapped_key, ciphertext, created_at, retired_at from jws_keys
                 order by position desc",
                [],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<JwsKey, Error> {
    let cells = Cells::new("jws_keys", row);
    Ok(JwsKey {
        kid: cells.get(0, "kid")?,
        modulus: cells.get(1, "modulus")?,
        exponent: cells.get(2, "exponent")?,
        private: Sealed {
            key_id: cells.get(3, "key_id")?,
            wrapped_key: cells.get(4, "wrapped_key")?,
            ciphertext: cells.get(5, "ciphertext")?,
        },
        created_at: cells.time(6, "created_at")?,
        retired_at: cells.time_or_none(7, "retired_at")?,
    })
}
