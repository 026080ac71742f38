//! Keys that may be used once as long as they are kept: a unique index settles who is first.

use std::time::Duration;

use domain::{MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::IdempotencyWrite;
use crate::error::Error;
use crate::records::Idempotent;
use crate::row::{Cells, Id, execute, first};

/// How many rows one purge takes off, so that no batch waits long for it.
const PURGE_MAX: u32 = 512;

/// By how much the newest use moves on between two purges that found little.
const PURGE_EVERY: Duration = Duration::from_secs(1);

/// Whether the key was used and is kept.
pub(crate) fn is_used(connection: &Connection, write: &IdempotencyWrite) -> Result<bool, Error> {
    Ok(used(connection, write.merchant_id, write.mode, &write.scope, &write.key, write.at)?.is_some())
}

/// Keeps a key that is free, in place of a use that is too old to count.
pub(crate) fn insert(connection: &Connection, write: &IdempotencyWrite) -> Result<(), Error> {
    let IdempotencyWrite { merchant_id, mode, scope, key, fingerprint, status, body, at, kept_for } = write;
    free(connection, write)?;
    execute(
        connection,
        "insert into idempotency (merchant_id, mode, scope, key, fingerprint, status, body, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![merchant_id.bytes(), mode.as_str(), scope, key, fingerprint, status, body, at.plus(*kept_for).micros()],
    )?;
    Ok(())
}

/// Lets a key be used again.
pub(crate) fn free(connection: &Connection, write: &IdempotencyWrite) -> Result<(), Error> {
    let IdempotencyWrite { merchant_id, mode, scope, key, .. } = write;
    execute(
        connection,
        "delete from idempotency where merchant_id = $1 and mode = $2 and scope = $3 and key = $4",
        params![merchant_id.bytes(), mode.as_str(), scope, key],
    )?;
    Ok(())
}

/// Writes the answer of a key that was used up without one.
pub(crate) fn answer(connection: &Connection, write: &IdempotencyWrite) -> Result<(), Error> {
    let IdempotencyWrite { merchant_id, mode, scope, key, status, body, .. } = write;
    execute(
        connection,
        "update idempotency set status = $1, body = $2 where merchant_id = $3 and mode = $4 and scope = $5 and key = $6",
        params![status, body, merchant_id.bytes(), mode.as_str(), scope, key],
    )?;
    Ok(())
}

/// Takes off what is old, a little at a time. The time is that of the uses themselves.
#[derive(Clone, Copy)]
pub(crate) struct Purge {
    newest: Timestamp,
    next: Timestamp,
}

impl Purge {
    pub(crate) const fn new() -> Self {
        Self { newest: Timestamp::from_micros(i64::MIN), next: Timestamp::from_micros(i64::MIN) }
    }

    /// A key is used at `at`.
    pub(crate) fn saw(&mut self, at: Timestamp) {
        self.newest = self.newest.max(at);
    }

    /// Purges if it is time to.
    pub(crate) fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        if self.newest < self.next || self.newest == Timestamp::from_micros(i64::MIN) {
            return Ok(());
        }
        let purged = execute(
            connection,
            "delete from idempotency where position in
             (select position from idempotency where expires_at <= $1 order by expires_at limit $2)",
            params![self.newest.micros(), PURGE_MAX],
        )?;
        // As long as there is more to purge, every batch takes its share.
        let found_little = purged < PURGE_MAX as usize;
        self.next = if found_little { self.newest.plus(PURGE_EVERY) } else { self.newest };
        Ok(())
    }
}

impl Store {
    /// What is remembered of a used key of this merchant and mode, if it is kept at `now`.
    ///
    /// # Errors
    /// When something broke.
    pub async fn used_key(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        scope: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Idempotent>, Error> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        self.read(move |connection| used(connection, merchant_id, mode, &scope, &key, now)).await
    }
}

fn used(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    scope: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<Idempotent>, Error> {
    first(
        connection,
        "select key, fingerprint, status, body from idempotency
         where merchant_id = $1 and mode = $2 and scope = $3 and key = $4 and expires_at > $5",
        params![merchant_id.bytes(), mode.as_str(), scope, key, now.micros()],
        parse,
    )
}

fn parse(row: &Row<'_>) -> Result<Idempotent, Error> {
    let cells = Cells::new("idempotency", row);
    Ok(Idempotent {
        fingerprint: cells.get(1, "fingerprint")?,
        status: cells.get(2, "status")?,
        body: cells.get(3, "body")?,
    })
}
