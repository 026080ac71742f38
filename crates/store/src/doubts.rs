//! The manual queue: what no acquirer has answered for a day (security L13). A row is there as long as what it names is in
//! doubt: it comes with the question that was not answered in time, and goes with the events that answer it.

use domain::{Currency, Doubt, InDoubt, Money};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::Store;
use crate::changeset::DoubtWrite;
use crate::error::Error;
use crate::records::QueuedDoubt;
use crate::row::{Cells, Id, all, execute, first};

/// Whether the payment still stands as it did when the acquirer was asked; it may have answered meanwhile.
pub(crate) fn is_current(connection: &Connection, write: &DoubtWrite) -> Result<bool, Error> {
    let QueuedDoubt { payment_id, merchant_id, mode, .. } = &write.queued;
    let version = first(
        connection,
        "select version from payments where merchant_id = $1 and mode = $2 and id = $3",
        params![merchant_id.bytes(), mode.as_str(), payment_id.bytes()],
        |row| Cells::new("payments", row).get::<u32>(0, "version"),
    )?;
    Ok(version == Some(write.version))
}

/// Puts a doubt into the queue, or writes down that it was asked about once more.
pub(crate) fn queue(connection: &Connection, queued: &QueuedDoubt) -> Result<(), Error> {
    let QueuedDoubt { payment_id, merchant_id, mode, doubt: Doubt { what, amount, since }, asked } = queued;
    execute(
        connection,
        "insert into doubts (reference, kind, payment_id, merchant_id, mode, currency, amount, since, asked)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (reference) do update set asked = max(asked, excluded.asked)",
        params![
            what.reference().into_bytes(),
            what.name(),
            payment_id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            amount.currency().code(),
            amount.minor(),
            since.micros(),
            asked
        ],
    )?;
    Ok(())
}

/// It is in doubt no more.
pub(crate) fn end(connection: &Connection, reference: Uuid) -> Result<(), Error> {
    execute(connection, "delete from doubts where reference = $1", [reference.into_bytes()])?;
    Ok(())
}

/// Everything in the queue, the oldest first.
pub(crate) fn queued(connection: &Connection) -> Result<Vec<QueuedDoubt>, Error> {
    all(
        connection,
        "select reference, kind, payment_id, merchant_id, mode, currency, amount, since, asked from doubts
         order by since, reference",
        [],
        parse,
    )
}

impl Store {
    /// Everything in the manual queue, the oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn queued_doubts(&self) -> Result<Vec<QueuedDoubt>, Error> {
        self.read(queued).await
    }

    /// What the manual queue says of a reference, if it is there.
    ///
    /// # Errors
    /// When something broke.
    pub async fn queued_doubt(&self, reference: Uuid) -> Result<Option<QueuedDoubt>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select reference, kind, payment_id, merchant_id, mode, currency, amount, since, asked from doubts
                 where reference = $1",
                [reference.into_bytes()],
                parse,
            )
        })
        .await
    }

    /// How much is in the manual queue.
    ///
    /// # Errors
    /// When something broke.
    pub async fn count_doubts(&self) -> Result<u64, Error> {
        let count = self
            .read(|connection| {
                first(connection, "select count(*) from doubts", [], |row| {
                    Cells::new("doubts", row).get::<i64>(0, "count")
                })
            })
            .await?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }
}

/// A row of `reference, kind, payment_id, merchant_id, mode, currency, amount, since, asked`.
fn parse(row: &Row<'_>) -> Result<QueuedDoubt, Error> {
    let cells = Cells::new("doubts", row);
    let reference = Uuid::from_bytes(cells.get(0, "reference")?);
    let currency = cells.word(5, "currency", Currency::parse)?;
    let amount = Money::new(cells.get(6, "amount")?, currency).ok_or_else(|| cells.corrupt("amount"))?;
    Ok(QueuedDoubt {
        payment_id: cells.id(2, "payment_id")?,
        merchant_id: cells.id(3, "merchant_id")?,
        mode: cells.mode(4, "mode")?,
        doubt: Doubt {
            what: cells.word(1, "kind", |kind| InDoubt::parse(kind, reference))?,
            amount,
            since: cells.time(7, "since")?,
        },
        asked: cells.get(8, "asked")?,
    })
}
