//! Keys: those merchants call us with, and those we sign with.

use domain::{KeyId, MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::records::{ApiKey, Sealed, SigningKey};
use crate::row::{Cells, Id, all, execute, first};

pub(crate) fn insert(connection: &Connection, key: &ApiKey) -> Result<(), Error> {
    let ApiKey { id, merchant_id, mode, prefix, hash, created_at, revoked_at } = key;
    execute(
        connection,
        "insert into api_keys (id, merchant_id, mode, prefix, hash, created_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            prefix,
            hash,
            created_at.micros(),
            revoked_at.map(Timestamp::micros)
        ],
    )?;
    Ok(())
}

/// The first revocation counts.
pub(crate) fn revoke(connection: &Connection, id: KeyId, at: Timestamp) -> Result<(), Error> {
    execute(
        connection,
        "update api_keys set revoked_at = $1 where id = $2 and revoked_at is null",
        params![at.micros(), id.bytes()],
    )?;
    Ok(())
}

/// Replaces the merchant's key pair of that mode, if there is one.
pub(crate) fn put_signing_key(connection: &Connection, key: &SigningKey) -> Result<(), Error> {
    let SigningKey { merchant_id, mode, public_pem, private: Sealed { key_id, wrapped_key, ciphertext } } = key;
    execute(
        connection,
        "insert into signing_keys (merchant_id, mode, public_pem, key_id, wrapped_key, ciphertext)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (merchant_id, mode) do update set public_pem = excluded.public_pem, key_id = excluded.key_id,
         wrapped_key = excluded.wrapped_key, ciphertext = excluded.ciphertext",
        params![merchant_id.bytes(), mode.as_str(), public_pem, key_id, wrapped_key, ciphertext],
    )?;
    Ok(())
}

impl Store {
    /// The keys, mostly one, whose secret begins with `prefix`, of any merchant, revoked or not.
    ///
    /// # Errors
    /// When something broke.
    pub async fn api_keys_by_prefix(&self, prefix: &str) -> Result<Vec<ApiKey>, Error> {
        let prefix = prefix.to_owned();
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, mode, prefix, hash, created_at, revoked_at from api_keys
                 where prefix = $1 order by position",
                [prefix],
                parse,
            )
        })
        .await
    }

    /// Every key of a merchant, revoked or not, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn api_keys(&self, merchant_id: MerchantId) -> Result<Vec<ApiKey>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, mode, prefix, hash, created_at, revoked_at from api_keys
                 where merchant_id = $1 order by position",
                [merchant_id.bytes()],
                parse,
            )
        })
        .await
    }

    /// The key pair that signs what a merchant is told.
    ///
    /// # Errors
    /// When something broke.
    pub async fn signing_key(&self, merchant_id: MerchantId, mode: Mode) -> Result<Option<SigningKey>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select merchant_id, mode, public_pem, key_id, wrapped_key, ciphertext from signing_keys
                 where merchant_id = $1 and mode = $2",
                params![merchant_id.bytes(), mode.as_str()],
                parse_signing_key,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<ApiKey, Error> {
    let cells = Cells::new("api_keys", row);
    Ok(ApiKey {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        prefix: cells.get(3, "prefix")?,
        hash: cells.get(4, "hash")?,
        created_at: cells.time(5, "created_at")?,
        revoked_at: cells.time_or_none(6, "revoked_at")?,
    })
}

fn parse_signing_key(row: &Row<'_>) -> Result<SigningKey, Error> {
    let cells = Cells::new("signing_keys", row);
    Ok(SigningKey {
        merchant_id: cells.id(0, "merchant_id")?,
        mode: cells.mode(1, "mode")?,
        public_pem: cells.get(2, "public_pem")?,
        private: Sealed {
            key_id: cells.get(3, "key_id")?,
            wrapped_key: cells.get(4, "wrapped_key")?,
            ciphertext: cells.get(5, "ciphertext")?,
        },
    })
}
