//! Deliveries: notifications on their way, strictly in order per checkout.
//!
//! Of the open deliveries of a checkout only the oldest waits for its time; the others are queued behind it, out of
//! the index of what is due, and each moves up when the one before it arrived or was given up. So a merchant that
//! does not answer costs one due row per checkout, however many notifications pile up.

use domain::{CheckoutId, Notice, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::Delivered;
use crate::documents::{self, EndpointDoc};
use crate::error::Error;
use crate::records::{Delivery, DeliveryRecord, DeliveryState};
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
    let endpoint = documents::text(&EndpointDoc::from(endpoint.clone()))?;
    let is_behind = oldest_open(connection, *checkout_id)?.is_some();
    execute(
        connection,
        "insert into deliveries (id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body,
         state, attempts, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            checkout_id.bytes(),
            payment_id.bytes(),
            version,
            notice.as_str(),
            endpoint,
            body,
            if is_behind { "queued" } else { "waiting" },
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
    let checkout_id = first(
        connection,
        "update deliveries set body = $1, attempts = $2, state = $3, status = $4, tried_at = $5,
         due_at = coalesce($6, due_at) where id = $7 and state = 'waiting' returning id, checkout_id",
        params![body, attempts, state, status, at.micros(), next.map(Timestamp::micros), id.bytes()],
        |row| Cells::new("deliveries", row).id::<CheckoutId>(1, "checkout_id"),
    )?;
    let Some(checkout_id) = checkout_id else { return Ok(()) };
    if state != "waiting"
        && let Some(position) = oldest_open(connection, checkout_id)?
    {
        execute(connection, "update deliveries set state = 'waiting' where position = $1", [position])?;
    }
    Ok(())
}

fn oldest_open(connection: &Connection, checkout_id: CheckoutId) -> Result<Option<i64>, Error> {
    first(
        connection,
        "select position from deliveries where checkout_id = $1 and state in ('waiting', 'queued')
         order by position limit 1",
        [checkout_id.bytes()],
        |row| Cells::new("deliveries", row).get(0, "position"),
    )
}

impl Store {
    /// At most `limit` deliveries whose time has come, earliest first: of each checkout the oldest open one, if it is
    /// due. Those under way are among them until [`Delivered`] is written; the one worker knows which these are.
    ///
    /// # Errors
    /// When something broke.
    pub async fn due_deliveries(&self, now: Timestamp, limit: u32) -> Result<Vec<Delivery>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, mode, checkout_id, payment_id, version, notice, endpoint, body, attempts,
                 due_at, created_at from deliveries where state = 'waiting' and due_at <= $1
                 order by due_at, position limit $2",
                params![now.micros(), limit],
                parse,
            )
        })
        .await
    }

    /// When the next delivery is due, those under way included.
    ///
    /// # Errors
    /// When something broke.
    pub async fn next_delivery(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|connection| {
            first(
                connection,
                "select id, due_at from deliveries where state = 'waiting' order by due_at limit 1",
                [],
                |row| Cells::new("deliveries", row).time(1, "due_at"),
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
