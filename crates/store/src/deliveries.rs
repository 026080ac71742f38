//! Deliveries: notifications on their way. Some go in order per checkout, in the checkout's lane; others wait for nobody
//! and have no lane ([`Endpoint::is_in_order`]).
//!
//! Of a lane only those of the oldest open event wait for their time, side by side; those of later events are queued
//! behind them, out of the index of what is due, and move up when the last of these arrived or was given up. So a
//! merchant that does not answer costs a few due rows per checkout, however many notifications pile up. Whose turn it is
//! among those that are due is said in `destinations.rs`.
//!
//! A worker takes what it sends, for a while: that is the delivery's due time moved to the end of the lease. Who dies
//! with it leaves it to others then.
//!
//! [`Endpoint::is_in_order`]: crate::Endpoint::is_in_order

use aws_lc_rs::digest;
use domain::{CheckoutId, DeliveryId, MerchantId, Mode, Notice, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::{Delivered, Lease, Listeners, Resent, Told};
use crate::destinations::{self, Destination, Openings};
use crate::documents::{self, EndpointDoc};
use crate::error::Error;
use crate::records::{Backlog, Beside, Delivery, DeliveryRecord, DeliveryState, DeliveryTry, Place};
use crate::row::{Cells, Id, all, execute, first};
use crate::{health, subscriptions, tries, webhooks};

/// Writes a notification, or those of everybody who listens; whether there was any.
pub(crate) fn tell(connection: &Connection, told: &Told) -> Result<bool, Error> {
    match told {
        Told::To(delivery) => insert(connection, delivery).map(|()| true),
        Told::Announced(announcement) => match announcement.to {
            Listeners::Subscribers => subscriptions::announce(connection, announcement),
            Listeners::Webhooks => webhooks::announce(connection, announcement),
        },
    }
}

pub(crate) fn insert(connection: &Connection, delivery: &Delivery) -> Result<(), Error> {
    let Delivery {
        id,
        merchant_id,
        mode,
        checkout_id,
        payment_id,
        version,
        notice,
        endpoint,
        body,
        attempts,
        due_at,
        created_at,
    } = delivery;
    let lane = endpoint.is_in_order().then(|| checkout_id.bytes());
    let destination = delivery.destination();
    let endpoint = documents::text(&EndpointDoc::from(endpoint.clone()))?;
    let is_behind = match lane {
        Some(lane) => is_behind(connection, lane, *version, *notice)?,
        None => false,
    };
    execute(
        connection,
        "insert into deliveries (id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint,
         destination, body, state, lane, attempts, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            checkout_id.bytes(),
            payment_id.bytes(),
            version,
            notice.as_str(),
            endpoint,
            destination.bytes(),
            body,
            if is_behind { "queued" } else { "waiting" },
            lane,
            attempts,
            due_at.micros(),
            created_at.micros()
        ],
    )?;
    Ok(())
}

/// Whether what tells of this event waits for what is in the lane already: for all but those of the same event that go
/// now.
fn is_behind(connection: &Connection, lane: [u8; 16], version: u32, notice: Notice) -> Result<bool, Error> {
    if first(connection, FIRST_QUEUED, [lane], |_| Ok(()))?.is_some() {
        return Ok(true);
    }
    let going = first(connection, GOING, [lane], event_of)?;
    Ok(going.is_some_and(|going| going != (version, notice)))
}

/// The event that a row tells of: its version in the journal, and what is told of it.
fn event_of(row: &Row<'_>) -> Result<(u32, Notice), Error> {
    let cells = Cells::new("deliveries", row);
    Ok((cells.get(1, "version")?, cells.word(2, "notice", Notice::parse)?))
}

const GOING: &str = "select position, version, notice from deliveries where lane = $1 and state = 'waiting' limit 1";
const FIRST_QUEUED: &str = "select position, version, notice from deliveries where lane = $1 and state = 'queued'
     order by position limit 1";
const GO: &str = "update deliveries set state = 'waiting'
     where lane = $1 and state = 'queued' and version = $2 and notice = $3";

/// A worker takes those that are due and that nobody else took.
pub(crate) fn lease(connection: &Connection, lease: &Lease) -> Result<(), Error> {
    let Lease { worker, ids, at, until } = lease;
    for id in ids {
        execute(
            connection,
            "update deliveries set worker = $1, due_at = $2 where id = $3 and state = 'waiting' and due_at <= $4",
            params![worker.as_bytes(), until.micros(), id.bytes(), at.micros()],
        )?;
    }
    Ok(())
}

/// Ends every lease: nobody else has this store open, so whoever had them is gone.
pub(crate) fn nobody_works(connection: &Connection) -> Result<(), Error> {
    execute(
        connection,
        "update deliveries set due_at = coalesce(tried_at, created_at), worker = null where worker is not null",
        [],
    )?;
    Ok(())
}

/// Writes down what became of a try. That it arrived is taken from anybody while it is open, that it failed only from
/// whoever has it; the log has every try. A body that arrived is not kept.
pub(crate) fn record(connection: &Connection, delivered: &Delivered) -> Result<(), Error> {
    let Delivered { id, worker, body, attempts, next, success, status, at, .. } = delivered;
    let found = first(connection, TRIED, [id.bytes()], |row| {
        let cells = Cells::new("deliveries", row);
        let destination = Destination::from_bytes(cells.get(2, "destination")?);
        Ok((cells.get::<i64>(0, "position")?, cells.get::<Option<[u8; 16]>>(1, "lane")?, destination))
    })?;
    let Some((position, lane, destination)) = found else { return Ok(()) };
    tries::insert(connection, position, delivered)?;
    if let Some(is_there) = delivered.is_there {
        health::count(connection, destination, position, is_there, *at)?;
    }
    let (state, kept) = match (success, next) {
        (true, _) => ("delivered", None),
        (false, None) => ("given_up", body.as_ref()),
        (false, Some(_)) => ("waiting", body.as_ref()),
    };
    let hash = body.as_ref().map(|body| digest::digest(&digest::SHA256, body.as_bytes()));
    let changed = execute(
        connection,
        "update deliveries set body = $1, body_hash = $2, attempts = $3, state = $4, status = $5, tried_at = $6,
         due_at = coalesce($7, $6), worker = null where position = $8 and state = 'waiting' and ($9 or worker = $10)",
        params![
            kept,
            hash.as_ref().map(AsRef::as_ref),
            attempts,
            state,
            status,
            at.micros(),
            next.map(Timestamp::micros),
            position,
            success,
            worker.as_bytes()
        ],
    )?;
    match lane {
        Some(lane) if changed == 1 && state != "waiting" => move_up(connection, lane),
        Some(_) | None => Ok(()),
    }
}

const TRIED: &str = "select position, lane, destination from deliveries where id = $1";

/// Its receiver has it, in its own words, whether it was still being told or was given up.
pub(crate) fn acknowledge(connection: &Connection, id: DeliveryId) -> Result<(), Error> {
    execute(
        connection,
        "update deliveries set state = 'delivered', body = null, worker = null
         where id = $1 and lane is null and state in ('waiting', 'given_up')",
        [id.bytes()],
    )?;
    Ok(())
}

/// Those that wait for their time and that no worker has go now.
pub(crate) fn hurry(connection: &Connection, ids: &[DeliveryId], now: Timestamp) -> Result<(), Error> {
    for id in ids {
        execute(
            connection,
            "update deliveries set due_at = $1 where id = $2 and state = 'waiting' and worker is null and due_at > $1",
            params![now.micros(), id.bytes()],
        )?;
    }
    Ok(())
}

/// Sends one again that is over: in its lane's turn, by the schedule from its beginning.
pub(crate) fn resend(connection: &Connection, resent: &Resent) -> Result<(), Error> {
    let Resent { id, body, at } = resent;
    let lane = first(
        connection,
        "update deliveries set state = 'queued', body = coalesce($1, body), attempts = 0, due_at = $2
         where id = $3 and state in ('delivered', 'given_up') returning id, lane",
        params![body, at.micros(), id.bytes()],
        |row| Cells::new("deliveries", row).get::<Option<[u8; 16]>>(1, "lane"),
    )?;
    match lane {
        Some(Some(lane)) => move_up(connection, lane),
        Some(None) => {
            execute(connection, "update deliveries set state = 'waiting' where id = $1", [id.bytes()])?;
            Ok(())
        }
        None => Ok(()),
    }
}

/// Those of the oldest event that is queued in a lane go next, unless some are still going.
fn move_up(connection: &Connection, lane: [u8; 16]) -> Result<(), Error> {
    if first(connection, GOING, [lane], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    if let Some((version, notice)) = first(connection, FIRST_QUEUED, [lane], event_of)? {
        execute(connection, GO, params![lane, version, notice.as_str()])?;
    }
    Ok(())
}

impl Store {
    /// The deliveries that may start now: due, not under way, destinations in turns, each destination's earliest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn due_deliveries(&self, now: Timestamp, openings: Openings) -> Result<Vec<DeliveryId>, Error> {
        self.read(move |connection| destinations::choose(connection, now, &openings)).await
    }

    /// Those of these that a lease gave to this worker until then.
    ///
    /// # Errors
    /// When something broke.
    pub async fn leased(&self, lease: Lease) -> Result<Vec<Delivery>, Error> {
        self.read(move |connection| {
            let Lease { worker, ids, at: _, until } = lease;
            let mut leased = Vec::new();
            for id in ids {
                let delivery = first(
                    connection,
                    "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts,
                     due_at, created_at from deliveries
                     where id = $1 and state = 'waiting' and worker = $2 and due_at = $3",
                    params![id.bytes(), worker.as_bytes(), until.micros()],
                    parse,
                );
                match delivery {
                    Ok(delivery) => leased.extend(delivery),
                    // One that cannot be read keeps nobody else back.
                    Err(error @ Error::Corrupt { .. }) => tracing::error!(%error, "a notification cannot be read"),
                    Err(error) => return Err(error),
                }
            }
            Ok(leased)
        })
        .await
    }

    /// When the first delivery after `now` is due.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_delivery(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, due_at from deliveries where state = 'waiting' and due_at > $1 order by due_at limit 1",
                [now.micros()],
                |row| Cells::new("deliveries", row).time(1, "due_at"),
            )
        })
        .await
    }

    /// What is still to be told. It reads an index of all of it: for who looks now and then.
    ///
    /// # Errors
    /// When something broke.
    pub async fn backlog(&self, now: Timestamp) -> Result<Backlog, Error> {
        self.read(move |connection| {
            let count = |sql| first(connection, sql, [], |row| Cells::new("deliveries", row).get::<i64>(0, "count"));
            let waiting = count("select count(*) from deliveries where state = 'waiting'")?.unwrap_or(0);
            let queued = count("select count(*) from deliveries where state = 'queued'")?.unwrap_or(0);
            let failing = count("select count(*) from destinations where warned_at is not null")?.unwrap_or(0);
            let oldest_due = first(
                connection,
                "select id, due_at from deliveries where state = 'waiting' and due_at <= $1 order by due_at limit 1",
                [now.micros()],
                |row| Cells::new("deliveries", row).time(1, "due_at"),
            )?;
            let counted = |count: i64| u64::try_from(count).unwrap_or(0);
            Ok(Backlog { open: counted(waiting + queued), oldest_due, failing: counted(failing) })
        })
        .await
    }

    /// The delivery to this merchant in this mode that has this id.
    ///
    /// # Errors
    /// When something broke.
    pub async fn delivery(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: DeliveryId,
    ) -> Result<Option<DeliveryRecord>, Error> {
        self.read(move |connection| {
            first(connection, ONE, params![id.bytes(), merchant_id.bytes(), mode.as_str()], parse_record)
        })
        .await
    }

    /// What was told to a destination, newest first: at most `most`, those before a position and only what was given up if
    /// said.
    ///
    /// # Errors
    /// When something broke.
    pub async fn deliveries_to(
        &self,
        destination: Destination,
        is_given_up: bool,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        self.read(move |connection| {
            let sql = if is_given_up { LOG_OF_GIVEN_UP } else { LOG };
            all(connection, sql, params![destination.bytes(), before.unwrap_or(i64::MAX), most], parse_record)
        })
        .await
    }

    /// Those that wait for their time at a destination and that no worker has, at most `most`.
    ///
    /// # Errors
    /// When something broke.
    pub async fn waiting_at(
        &self,
        destination: Destination,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<DeliveryId>, Error> {
        self.read(move |connection| {
            all(connection, WAITING_AT, params![destination.bytes(), now.micros(), most], |row| {
                Cells::new("deliveries", row).id(0, "id")
            })
        })
        .await
    }

    /// Those that were told to a destination in a time and given up, oldest first, at most `most`.
    ///
    /// # Errors
    /// When something broke.
    pub async fn given_up(
        &self,
        destination: Destination,
        since: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<DeliveryId>, Error> {
        self.read(move |connection| {
            all(connection, GIVEN_UP, params![destination.bytes(), since.micros(), until.micros(), most], |row| {
                Cells::new("deliveries", row).id(0, "id")
            })
        })
        .await
    }

    /// Every try of a delivery, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn tries(&self, id: DeliveryId) -> Result<Vec<DeliveryTry>, Error> {
        self.read(move |connection| tries::of(connection, id)).await
    }

    /// What was told of a checkout and what became of it, newest first: at most `most`, and those beside a position.
    ///
    /// # Errors
    /// When something broke.
    pub async fn deliveries(
        &self,
        checkout_id: CheckoutId,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        self.read(move |connection| {
            let (is_newer, Place { at, .. }) = Beside::direction(beside);
            let sql = if is_newer { OF_CHECKOUT_NEWER } else { OF_CHECKOUT };
            let mut found = all(connection, sql, params![checkout_id.bytes(), at.micros(), most], parse_record)?;
            if is_newer {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }
}

/// A statement that reads [`DeliveryRecord`]s.
macro_rules! records {
    ($rest:literal) => {
        concat!(
            "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts, due_at,
             created_at, state, status, tried_at, body_hash, worker, position from deliveries ",
            $rest
        )
    };
}

const ONE: &str = records!("where id = $1 and merchant_id = $2 and mode = $3");
const LOG: &str = records!("where destination = $1 and position < $2 order by position desc limit $3");
const LOG_OF_GIVEN_UP: &str =
    records!("where destination = $1 and position < $2 and state = 'given_up' order by position desc limit $3");
const OF_CHECKOUT: &str = records!(
    "where payment_id = (select payment_id from checkouts where id = $1) and checkout_id = $1 and position < $2
     order by position desc limit $3"
);
const OF_CHECKOUT_NEWER: &str = records!(
    "where payment_id = (select payment_id from checkouts where id = $1) and checkout_id = $1 and position > $2
     order by position limit $3"
);
const GIVEN_UP: &str = "select id from deliveries where destination = $1 and state = 'given_up'
     and created_at >= $2 and created_at <= $3 order by created_at limit $4";
const WAITING_AT: &str = "select id from deliveries
     where destination = $1 and state = 'waiting' and due_at > $2 and worker is null limit $3";

fn parse(row: &Row<'_>) -> Result<Delivery, Error> {
    let cells = Cells::new("deliveries", row);
    Ok(Delivery {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        checkout_id: cells.id(3, "checkout_id")?,
        payment_id: cells.id(4, "payment_id")?,
        version: cells.get(5, "version")?,
        notice: cells.word(6, "notice", Notice::parse)?,
        endpoint: cells.document::<EndpointDoc>(7, "endpoint")?.into(),
        body: cells.get(8, "body")?,
        attempts: cells.get(9, "attempts")?,
        due_at: cells.time(10, "due_at")?,
        created_at: cells.time(11, "created_at")?,
    })
}

fn parse_record(row: &Row<'_>) -> Result<DeliveryRecord, Error> {
    let cells = Cells::new("deliveries", row);
    Ok(DeliveryRecord {
        delivery: parse(row)?,
        state: cells.word(12, "state", DeliveryState::parse)?,
        status: cells.get(13, "status")?,
        tried_at: cells.time_or_none(14, "tried_at")?,
        body_hash: cells.get(15, "body_hash")?,
        is_under_way: cells.get::<Option<[u8; 16]>>(16, "worker")?.is_some(),
        position: cells.get(17, "position")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    /// No statement of the writer, and none that a merchant can ask for, reads more than it needs.
    #[test]
    fn every_look_goes_by_an_index() {
        let mut connection = Connection::open_in_memory().expect("a database");
        schema::migrate(&mut connection).expect("a schema");
        for (sql, index) in [
            (GOING, "INDEX deliveries_going (lane=?)"),
            (FIRST_QUEUED, "INDEX deliveries_queued (lane=?)"),
            (GO, "INDEX deliveries_queued (lane=?)"),
            (LOG, "INDEX deliveries_of_destination (destination=? AND position<?)"),
            (LOG_OF_GIVEN_UP, "INDEX deliveries_given_up (destination=? AND position<?)"),
            (OF_CHECKOUT, "INDEX deliveries_of_payment (payment_id=?"),
            (OF_CHECKOUT_NEWER, "INDEX deliveries_of_payment (payment_id=?"),
            (GIVEN_UP, "INDEX deliveries_given_up_by_time (destination=? AND created_at>? AND created_at<?)"),
            (WAITING_AT, "INDEX deliveries_turns (destination=? AND due_at>?)"),
            (TRIED, "INDEX sqlite_autoindex_deliveries_1 (id=?)"),
        ] {
            let mut statement = connection.prepare(&format!("explain query plan {sql}")).expect("a plan");
            let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            let plan: Vec<String> = rows.collect::<Result<_, _>>().expect("a plan");
            assert!(plan[0].contains(index), "{sql}: {plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql} sorts: {plan:?}");
        }
    }
}
