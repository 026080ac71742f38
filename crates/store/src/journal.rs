//! The journal: every event that ever happened to a payment, in one chain of hashes per merchant, so that a changed or
//! missing row is found.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
use domain::ledger::Posting;
use domain::{Currency, DifferenceEvent, MerchantId, Mode, PaymentId, Recorded, Timestamp};
use rusqlite::{Connection, params};

use crate::Store;
use crate::documents::{self, DifferenceEventDoc, EventDoc, Owner};
use crate::error::Error;
use crate::row::{Cells, Id, all, execute, first};
use crate::transactions::TransactionWrite;

/// SHA-256 of a row and everything before it in its chain.
pub(crate) type Hash = [u8; 32];

/// What the first row of a chain follows.
pub(crate) const NOTHING: Hash = [0; 32];

/// The one chain per merchant of this engine.
pub(crate) const NODE: u32 = 0;

/// Heads remembered between batches; beyond that all are forgotten and read again.
const HEADS_MAX: usize = 10_000;

/// An event ready to be written, with its postings.
pub(crate) struct Entry {
    pub(crate) owner: Owner,
    version: u32,
    at: Timestamp,
    event: String,
    /// Of the payment, and so of the postings.
    pub(crate) currency: Currency,
    pub(crate) postings: Vec<Posting>,
    /// What it moved, if it moved anything of the merchant's.
    pub(crate) transaction: Option<TransactionWrite>,
}

impl Entry {
    pub(crate) fn new(
        owner: Owner,
        recorded: Recorded,
        currency: Currency,
        postings: Vec<Posting>,
        transaction: Option<TransactionWrite>,
    ) -> Result<Self, Error> {
        let Recorded { version, at, event } = recorded;
        Ok(Self {
            owner,
            version,
            at,
            event: documents::text(&EventDoc::from(event))?,
            currency,
            postings,
            transaction,
        })
    }
}

impl Entry {
    /// An event of a difference's journal.
    pub(crate) fn difference(
        owner: Owner,
        version: u32,
        at: Timestamp,
        event: DifferenceEvent,
        currency: Currency,
        postings: Vec<Posting>,
    ) -> Result<Self, Error> {
        let event = documents::text(&DifferenceEventDoc::from(event))?;
        Ok(Self { owner, version, at, event, currency, postings, transaction: None })
    }
}

/// The writer's end of the journal.
#[derive(Clone)]
pub(crate) struct Journal {
    next: i64,
    heads: HashMap<MerchantId, Head>,
}

/// The last row of a chain.
#[derive(Clone, Copy)]
struct Head {
    position: i64,
    hash: Hash,
    is_written: bool,
}

impl Journal {
    /// Where the journal ends.
    pub(crate) fn open(connection: &Connection) -> Result<Self, Error> {
        let last = first(connection, "select position from journal order by position desc limit 1", [], |row| {
            Cells::new("journal", row).get::<i64>(0, "position")
        })?;
        Ok(Self { next: last.unwrap_or(0) + 1, heads: HashMap::new() })
    }

    /// Writes a row; answers its position.
    pub(crate) fn append(&mut self, connection: &Connection, entry: &Entry) -> Result<i64, Error> {
        let Entry { owner, version, at, event, .. } = entry;
        let previous = match self.heads.get(&owner.merchant_id) {
            Some(head) => head.hash,
            None => stored_head(connection, owner.merchant_id)?.unwrap_or(NOTHING),
        };
        let position = self.next;
        let hash = chained(&previous, *owner, *version, *at, event);
        execute(
            connection,
            "insert into journal (position, payment_id, version, merchant_id, mode, at, event, hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                position,
                owner.payment_id.bytes(),
                version,
                owner.merchant_id.bytes(),
                owner.mode.as_str(),
                at.micros(),
                event,
                hash
            ],
        )?;
        self.next = position + 1;
        self.heads.insert(owner.merchant_id, Head { position, hash, is_written: false });
        Ok(position)
    }

    /// Writes down where the chains of this batch end.
    pub(crate) fn write_heads(&mut self, connection: &Connection) -> Result<(), Error> {
        for (merchant_id, head) in self.heads.iter_mut().filter(|(_, head)| !head.is_written) {
            execute(
                connection,
                "insert into journal_heads (merchant_id, node, position, hash) values ($1, $2, $3, $4)
                 on conflict (merchant_id, node) do update set position = excluded.position, hash = excluded.hash",
                params![merchant_id.bytes(), NODE, head.position, head.hash],
            )?;
            head.is_written = true;
        }
        if self.heads.len() > HEADS_MAX {
            self.heads.clear();
        }
        Ok(())
    }
}

/// The hash of a row that follows the row with the hash `previous`. Every part but the last has a fixed length.
pub(crate) fn chained(previous: &Hash, owner: Owner, version: u32, at: Timestamp, event: &str) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(previous);
    context.update(&owner.merchant_id.bytes());
    context.update(owner.mode.as_str().as_bytes());
    context.update(&owner.payment_id.bytes());
    context.update(&version.to_be_bytes());
    context.update(&at.micros().to_be_bytes());
    context.update(event.as_bytes());
    let mut hash = NOTHING;
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The events of a payment, oldest first.
pub(crate) fn history(connection: &Connection, owner: Owner) -> Result<Vec<Recorded>, Error> {
    all(
        connection,
        "select payment_id, version, at, event from journal
         where merchant_id = $1 and mode = $2 and payment_id = $3 order by version",
        params![owner.merchant_id.bytes(), owner.mode.as_str(), owner.payment_id.bytes()],
        |row| {
            let cells = Cells::new("journal", row);
            let event: EventDoc = cells.document(3, "event")?;
            Ok(Recorded { version: cells.get(1, "version")?, at: cells.time(2, "at")?, event: event.into_event(owner) })
        },
    )
}

fn stored_head(connection: &Connection, merchant_id: MerchantId) -> Result<Option<Hash>, Error> {
    first(
        connection,
        "select merchant_id, hash from journal_heads where merchant_id = $1 and node = $2",
        params![merchant_id.bytes(), NODE],
        |row| Cells::new("journal_heads", row).get(1, "hash"),
    )
}

impl Store {
    /// Everything that happened to a payment of this merchant and mode, oldest first; empty when there is none.
    ///
    /// # Errors
    /// When something broke.
    pub async fn history(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        payment_id: PaymentId,
    ) -> Result<Vec<Recorded>, Error> {
        self.read(move |connection| history(connection, Owner { payment_id, merchant_id, mode })).await
    }
}
