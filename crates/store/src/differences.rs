//! Differences between an acquirer's files and the books. What happened to one is in a journal of its own, in the
//! house's chain; the row says where it stands.

use domain::{Difference, DifferenceEvent, DifferenceId, HOUSE, Mode, PaymentId, Timestamp};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::Store;
use crate::documents::{DifferenceEventDoc, Owner};
use crate::error::Error;
use crate::journal::Entry;
use crate::movements;
use crate::row::{Cells, Id, all, execute, first};

/// What happened to a difference, guarded by the version that was read.
#[derive(Debug, Clone)]
pub struct DifferenceWrite {
    /// The version the decision was made on; 0 for a new one.
    pub expected_version: u32,
    /// The difference after the events.
    pub difference: Difference,
    /// What happened.
    pub events: Vec<DifferenceEvent>,
    /// When.
    pub at: Timestamp,
    /// The movement that it is about from now on; stale when a line or another difference has it.
    pub claims: Option<Uuid>,
}

/// The same with its documents as text.
pub(crate) struct DifferenceRow {
    pub(crate) write: DifferenceWrite,
    pub(crate) entries: Vec<Entry>,
}

impl DifferenceRow {
    pub(crate) fn new(write: DifferenceWrite) -> Result<Self, Error> {
        let (found, owner) = (&write.difference.found, owner(write.difference.id, write.difference.mode));
        let numbered = (write.expected_version + 1..).zip(&write.events);
        let entries = numbered
            .map(|(version, event)| {
                let postings = event.postings(found);
                Entry::difference(owner, version, write.at, event.clone(), found.currency, postings)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { write, entries })
    }

    /// Whether nobody was faster.
    pub(crate) fn is_current(&self, connection: &Connection) -> Result<bool, Error> {
        let DifferenceWrite { expected_version, difference, claims, .. } = &self.write;
        if let Some(reference) = claims
            && !movements::is_open(connection, *reference)?
        {
            return Ok(false);
        }
        let version =
            first(connection, "select id, version from differences where id = $1", [difference.id.bytes()], |row| {
                Cells::new("differences", row).get::<u32>(1, "version")
            })?;
        Ok(version.unwrap_or(0) == *expected_version)
    }

    pub(crate) fn write(&self, connection: &Connection) -> Result<(), Error> {
        let DifferenceWrite { difference, claims, .. } = &self.write;
        let Difference { id, mode, found, found_at, owner, version, .. } = difference;
        execute(
            connection,
            "insert into differences (id, mode, kind, state, owner, reference, currency, day, version, found_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (id) do update set state = excluded.state, owner = excluded.owner, version = excluded.version",
            params![
                id.bytes(),
                mode.as_str(),
                found.kind.as_str(),
                difference.state().as_str(),
                owner,
                found.reference,
                found.currency.code(),
                found.day.micros(),
                version,
                found_at.micros()
            ],
        )?;
        if let Some(reference) = claims {
            movements::claim(connection, *reference)?;
        }
        Ok(())
    }
}

/// Whose journal a difference's is.
fn owner(id: DifferenceId, mode: Mode) -> Owner {
    Owner { payment_id: PaymentId::new(id.uuid()), merchant_id: HOUSE, mode }
}

impl Store {
    /// A difference.
    ///
    /// # Errors
    /// When something broke.
    pub async fn difference(&self, id: DifferenceId) -> Result<Option<Difference>, Error> {
        self.read(move |connection| {
            let mode = first(connection, "select id, mode from differences where id = $1", [id.bytes()], known)?;
            mode.map(|(id, mode)| fold(connection, id, mode)).transpose()
        })
        .await
    }

    /// At most `limit` differences, oldest first; only those that are not settled, or all.
    ///
    /// # Errors
    /// When something broke.
    pub async fn differences(&self, only_unsettled: bool, limit: u32) -> Result<Vec<Difference>, Error> {
        self.read(move |connection| {
            let sql = if only_unsettled {
                "select id, mode from differences where state <> 'settled' order by position limit $1"
            } else {
                "select id, mode from differences order by position limit $1"
            };
            let rows = all(connection, sql, [limit], known)?;
            rows.into_iter().map(|(id, mode)| fold(connection, id, mode)).collect()
        })
        .await
    }

    /// The unsettled differences about a reference, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn unsettled_about(&self, mode: Mode, reference: String) -> Result<Vec<Difference>, Error> {
        self.read(move |connection| {
            let rows = all(
                connection,
                "select id, mode from differences where mode = $1 and reference = $2 and state <> 'settled'
                 order by position",
                params![mode.as_str(), reference],
                known,
            )?;
            rows.into_iter().map(|(id, mode)| fold(connection, id, mode)).collect()
        })
        .await
    }

    /// How many differences are not settled.
    ///
    /// # Errors
    /// When something broke.
    pub async fn count_unsettled(&self) -> Result<i64, Error> {
        let count = self.read(|connection| {
            first(connection, "select count(*) from differences where state <> 'settled'", [], |row| {
                Cells::new("differences", row).get(0, "count")
            })
        });
        Ok(count.await?.unwrap_or(0))
    }
}

fn known(row: &Row<'_>) -> Result<(DifferenceId, Mode), Error> {
    let cells = Cells::new("differences", row);
    Ok((cells.id(0, "id")?, cells.mode(1, "mode")?))
}

fn fold(connection: &Connection, id: DifferenceId, mode: Mode) -> Result<Difference, Error> {
    let events = all(
        connection,
        "select payment_id, at, event from journal where payment_id = $1 order by version",
        [id.bytes()],
        |row| {
            let cells = Cells::new("journal", row);
            let event: DifferenceEventDoc = cells.document(2, "event")?;
            Ok((cells.time(1, "at")?, DifferenceEvent::from(event)))
        },
    )?;
    Difference::fold(id, mode, events).ok_or_else(|| Error::Corrupt {
        table: "differences",
        column: "journal",
        key: id.to_string(),
    })
}
