//! Keys: those merchants call us with, and those we sign with.

use domain::{KeyId, MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

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

/// Whether a key pair comes right after the one that its owner has.
pub(crate) fn is_next(connection: &Connection, key: &SigningKey) -> Result<bool, Error> {
    let generation = first(
        connection,
        "select owner, generation from signing_keys where owner = $1 and mode = $2",
        params![key.owner.as_bytes(), key.mode.as_str()],
        |row| Cells::new("signing_keys", row).get::<u32>(1, "generation"),
    )?;
    Ok(generation.is_some_and(|generation| generation + 1 == key.generation))
}

/// Replaces its owner's key pair of that mode, if there is one.
pub(crate) fn put_signing_key(connection: &Connection, key: &SigningKey) -> Result<(), Error> {
    let SigningKey { owner, merchant_id, mode, generation, made_at, public_pem, private } = key;
    let Sealed { key_id, wrapped_key, ciphertext } = private;
    execute(
        connection,
        "insert into signing_keys (owner, mode, merchant_id, generation, made_at, public_pem, key_id, wrapped_key,
         ciphertext) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (owner, mode) do update set generation = excluded.generation, made_at = excluded.made_at,
         public_pem = excluded.public_pem, key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
         ciphertext = excluded.ciphertext",
        params![
            owner.as_bytes(),
            mode.as_str(),
            merchant_id.bytes(),
            generation,
            made_at.micros(),
            public_pem,
            key_id,
            wrapped_key,
            ciphertext
        ],
    )?;
    Ok(())
}

/// Its owner is gone.
pub(crate) fn remove_signing_key(connection: &Connection, owner: Uuid) -> Result<(), Error> {
    execute(connection, "delete from signing_keys where owner = $1", [owner.as_bytes()])?;
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

    /// The key pair that signs for a merchant, or for a webhook of one.
    ///
    /// # Errors
    /// When something broke.
    pub async fn signing_key(&self, owner: Uuid, mode: Mode) -> Result<Option<SigningKey>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select owner, merchant_id, mode, generation, made_at, public_pem, key_id, wrapped_key, ciphertext
                 from signing_keys where owner = $1 and mode = $2",
                params![owner.as_bytes(), mode.as_str()],
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
        owner: Uuid::from_bytes(cells.get(0, "owner")?),
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        generation: cells.get(3, "generation")?,
        made_at: cells.time(4, "made_at")?,
        public_pem: cells.get(5, "public_pem")?,
        private: Sealed {
            key_id: cells.get(6, "key_id")?,
            wrapped_key: cells.get(7, "wrapped_key")?,
            ciphertext: cells.get(8, "ciphertext")?,
        },
    })
}
