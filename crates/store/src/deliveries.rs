//! Deliveries: notifications on their way. Some go strictly in order per checkout, each in the checkout's lane; others
//! wait for nobody and have no lane ([`Endpoint::is_in_order`]).
//!
//! Of the open deliveries of a lane only the oldest waits for its time; the others are queued behind it, out of
//! the index of what is due, and each moves up when the one before it arrived or was given up. So a merchant that
//! does not answer costs one due row per checkout, however many notifications pile up. Whose turn it is among those
//! that are due is said in `destinations.rs`.
//!
//! [`Endpoint::is_in_order`]: crate::Endpoint::is_in_order

use domain::{CheckoutId, DeliveryId, MerchantId, Mode, Notice, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::Delivered;
use crate::destinations::{self, Openings};
use crate::documents::{self, EndpointDoc};
use crate::error::Error;
use crate::records::{Backlog, Delivery, DeliveryRecord, DeliveryState};
use crate::row::{Cells, Id, all, execute, first};

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
        Some(lane) => oldest_open(connection, lane)?.is_some(),
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

/// Writes down what became of a try; nothing when the delivery is over already. A body that arrived is not kept.
pub(crate) fn record(connection: &Connection, delivered: &Delivered) -> Result<(), Error> {
    let Delivered { id, body, attempts, next, success, status, at } = delivered;
    let (state, body) = match (success, next) {
        (true, _) => ("delivered", None),
        (false, None) => ("given_up", body.as_ref()),
        (false, Some(_)) => ("waiting", body.as_ref()),
    };
    let lane = first(
        connection,
        "update deliveries set body = $1, attempts = $2, state = $3, status = $4, tried_at = $5,
         due_at = coalesce($6, due_at) where id = $7 and state = 'waiting' returning id, lane",
        params![body, attempts, state, status, at.micros(), next.map(Timestamp::micros), id.bytes()],
        |row| Cells::new("deliveries", row).get::<Option<[u8; 16]>>(1, "lane"),
    )?;
    let Some(Some(lane)) = lane else { return Ok(()) };
    if state != "waiting"
        && let Some(position) = oldest_open(connection, lane)?
    {
        execute(connection, "update deliveries set state = 'waiting' where position = $1", [position])?;
    }
    Ok(())
}

/// Its receiver has it, in its own words, whether it was still being told or was given up.
pub(crate) fn acknowledge(connection: &Connection, id: DeliveryId) -> Result<(), Error> {
    execute(
        connection,
        "update deliveries set state = 'delivered', body = null
         where id = $1 and lane is null and state in ('waiting', 'given_up')",
        [id.bytes()],
    )?;
    Ok(())
}

fn oldest_open(connection: &Connection, lane: [u8; 16]) -> Result<Option<i64>, Error> {
    first(
        connection,
        "select position from deliveries where lane = $1 and state in ('waiting', 'queued')
         order by position limit 1",
        [lane],
        |row| Cells::new("deliveries", row).get(0, "position"),
    )
}

impl Store {
    /// The deliveries that may start now: due, not under way, destinations in turns, each destination's earliest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn due_deliveries(&self, now: Timestamp, openings: Openings) -> Result<Vec<Delivery>, Error> {
        self.read(move |connection| {
            let mut due = Vec::new();
            for position in destinations::choose(connection, now, &openings)? {
                due.extend(first(
                    connection,
                    "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts,
                     due_at, created_at from deliveries where position = $1 and state = 'waiting'",
                    [position],
                    parse,
                )?);
            }
            Ok(due)
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
            let open =
                first(connection, "select count(*) from deliveries where state in ('waiting', 'queued')", [], |row| {
                    Cells::new("deliveries", row).get::<i64>(0, "state")
                })?;
            let oldest_due = first(
                connection,
                "select id, due_at from deliveries where state = 'waiting' and due_at <= $1 order by due_at limit 1",
                [now.micros()],
                |row| Cells::new("deliveries", row).time(1, "due_at"),
            )?;
            Ok(Backlog { open: open.and_then(|open| u64::try_from(open).ok()).unwrap_or(0), oldest_due })
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
            first(
                connection,
                "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts,
                 due_at, created_at, state, status, tried_at from deliveries
                 where id = $1 and merchant_id = $2 and mode = $3",
                params![id.bytes(), merchant_id.bytes(), mode.as_str()],
                parse_record,
            )
        })
        .await
    }

    /// Every delivery of a checkout, oldest first, and what became of it.
    ///
    /// # Errors
    /// When something broke.
    pub async fn deliveries(&self, checkout_id: CheckoutId) -> Result<Vec<DeliveryRecord>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts,
                 due_at, created_at, state, status, tried_at from deliveries
                 where payment_id = (select payment_id from checkouts where id = $1) and checkout_id = $1
                 order by position",
                [checkout_id.bytes()],
                parse_record,
            )
        })
        .await
    }
}

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
        state: cells.word(12, "state", |state| match state {
            "waiting" | "queued" => Some(DeliveryState::Open),
            "delivered" => Some(DeliveryState::Delivered),
            "given_up" => Some(DeliveryState::GivenUp),
            _ => None,
        })?,
        status: cells.get(13, "status")?,
        tried_at: cells.time_or_none(14, "tried_at")?,
    })
}
