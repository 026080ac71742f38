//! How it goes with everybody who was called: since when every try failed, and whether their merchant knows.

use domain::{MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::Warning;
use crate::destinations::{self, Destination};
use crate::documents::EndpointDoc;
use crate::error::Error;
use crate::records::{DestinationRecord, Endpoint};
use crate::row::{Cells, Id, all, execute, first};
use crate::{deliveries, webhooks};

/// One more try of the delivery at this position: it arrived, or it failed. Mails are not counted, who takes them is not
/// the merchant's own.
pub(crate) fn count(
    connection: &Connection,
    destination: Destination,
    delivery: i64,
    arrived: bool,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = if arrived {
        "update destinations set delivered_at = $1, failing_since = null, failures = 0, warned_at = null where id = $2"
    } else {
        "update destinations set failed_at = $1, failing_since = coalesce(failing_since, $1), failures = failures + 1
         where id = $2"
    };
    let update = || execute(connection, sql, params![at.micros(), destination.bytes()]);
    if update()? == 0 && introduce(connection, destination, delivery)? {
        update()?;
    }
    Ok(())
}

/// Somebody who is called for the first time; not who takes mails, nor a webhook that was deleted during the try.
fn introduce(connection: &Connection, destination: Destination, delivery: i64) -> Result<bool, Error> {
    let called = first(
        connection,
        "select position, merchant_id, mode, endpoint from deliveries where position = $1",
        [delivery],
        |row| {
            let cells = Cells::new("deliveries", row);
            let endpoint = cells.document::<EndpointDoc>(3, "endpoint")?.into();
            Ok((cells.id::<MerchantId>(1, "merchant_id")?, cells.mode(2, "mode")?, endpoint))
        },
    )?;
    let Some((merchant_id, mode, endpoint)) = called else { return Ok(false) };
    let (webhook_id, origin) = match endpoint {
        Endpoint::Registered { webhook_id } if !webhooks::exists(connection, webhook_id)? => return Ok(false),
        Endpoint::Registered { webhook_id } => (Some(webhook_id), String::new()),
        Endpoint::Callback { url }
        | Endpoint::Status { url }
        | Endpoint::Subscription { url, .. }
        | Endpoint::Webhook { url, .. } => (None, destinations::origin(&url)),
        Endpoint::Mail { .. } => return Ok(false),
    };
    execute(
        connection,
        "insert into destinations (id, merchant_id, mode, webhook_id, origin, failures)
         values ($1, $2, $3, $4, $5, 0)",
        params![destination.bytes(), merchant_id.bytes(), mode.as_str(), webhook_id.map(Id::bytes), origin],
    )?;
    Ok(true)
}

/// It is somewhere else now, or gone: how it went before means nothing any more.
pub(crate) fn forget(connection: &Connection, destination: Destination) -> Result<(), Error> {
    execute(connection, "delete from destinations where id = $1", [destination.bytes()])?;
    Ok(())
}

/// Writes the warning, unless its merchant knows already, or nothing fails any more.
pub(crate) fn warn(connection: &Connection, warning: &Warning) -> Result<(), Error> {
    let Warning { destination, letter, at } = warning;
    let is_news = execute(
        connection,
        "update destinations set warned_at = $1 where id = $2 and warned_at is null and failing_since is not null",
        params![at.micros(), destination.bytes()],
    )?;
    match letter {
        Some(letter) if is_news == 1 => deliveries::insert(connection, letter),
        Some(_) | None => Ok(()),
    }
}

impl Store {
    /// Those at which every try has failed since `since` or longer, and nobody noticed yet: at most `most`, with whose they
    /// are.
    ///
    /// # Errors
    /// When something broke.
    pub async fn unwarned(
        &self,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<(MerchantId, Mode, DestinationRecord)>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, webhook_id, origin, delivered_at, failed_at, failing_since, failures, warned_at, merchant_id,
                 mode from destinations
                 where failing_since is not null and warned_at is null and failing_since <= $1 limit $2",
                params![since.micros(), most],
                |row| {
                    let cells = Cells::new("destinations", row);
                    Ok((cells.id(8, "merchant_id")?, cells.mode(9, "mode")?, parse(row)?))
                },
            )
        })
        .await
    }

    /// Since when the one has been failing that nobody noticed for longest.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_unwarned(&self) -> Result<Option<Timestamp>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, failing_since from destinations where failing_since is not null and warned_at is null
                 order by failing_since limit 1",
                [],
                |row| Cells::new("destinations", row).time(1, "failing_since"),
            )
        })
        .await
    }

    /// Everybody of a merchant in a mode who was ever called, in no order that means anything: at most `most`, those
    /// after `after` only.
    ///
    /// # Errors
    /// When something broke.
    pub async fn destinations(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        after: Option<Destination>,
        most: u32,
    ) -> Result<Vec<DestinationRecord>, Error> {
        self.read(move |connection| {
            let after = after.map(Destination::bytes).unwrap_or_default();
            all(
                connection,
                "select id, webhook_id, origin, delivered_at, failed_at, failing_since, failures, warned_at
                 from destinations where merchant_id = $1 and mode = $2 and id > $3 order by id limit $4",
                params![merchant_id.bytes(), mode.as_str(), after, most],
                parse,
            )
        })
        .await
    }

    /// One of them; nobody when it was never called, or is another merchant's or the other mode's.
    ///
    /// # Errors
    /// When something broke.
    pub async fn destination(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        destination: Destination,
    ) -> Result<Option<DestinationRecord>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, webhook_id, origin, delivered_at, failed_at, failing_since, failures, warned_at
                 from destinations where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), destination.bytes()],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<DestinationRecord, Error> {
    let cells = Cells::new("destinations", row);
    Ok(DestinationRecord {
        destination: Destination::from_bytes(cells.get(0, "id")?),
        webhook_id: cells.id_or_none(1, "webhook_id")?,
        origin: cells.get(2, "origin")?,
        delivered_at: cells.time_or_none(3, "delivered_at")?,
        failed_at: cells.time_or_none(4, "failed_at")?,
        failing_since: cells.time_or_none(5, "failing_since")?,
        failures: cells.get(6, "failures")?,
        warned_at: cells.time_or_none(7, "warned_at")?,
    })
}
