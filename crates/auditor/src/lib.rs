//! The auditor: compares what a merchant was told, the gateway's books and the acquirer's book, and names what does not
//! agree by the rules of security X4 (L1 to L13).
//!
//! It shares no code with the gateway. It reads the tables and the journal's JSON by itself, and its rules are written
//! from the requirements and `docs/ledger.md`: a mistake in the engine is not repeated here. It is for tests: the whole
//! store is read into memory.

mod acquirer;
mod books;
mod deliveries;
mod ledger;
mod payments;
mod story;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde::Deserialize;

use books::Books;
use story::Story;

/// What came from outside the gateway's books.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'e> {
    /// The acquirer's whole book, oldest first.
    pub acquirer: &'e [AcquirerLine],
    /// What clients were told, in any order.
    pub told: &'e [Told],
    /// How each checkout looks to its merchant in the end; only payments with nothing under way are compared.
    pub seen: &'e [Seen],
    /// References of orders of which one checkout exists at most, however often it was asked for.
    pub once: &'e [String],
    /// Ids of the notifications that receivers heard, if all of them were listened to.
    pub heard: Option<&'e BTreeSet<String>>,
    /// Every capture and refund that a client asked for, once each, however often it was sent under its key. Those of
    /// checkouts that are not named are not compared.
    pub asked: &'e [Asked],
    /// Cards, as the journal shows them, whose banks take the money back soon after it was taken.
    pub disputed: &'e [&'e str],
    /// The gateway's clock was set back while it was not running: moments do not tell what came first.
    pub clock_went_back: bool,
    /// Nothing is under way any more: every delivery had its tries, and a day was waited for every doubt.
    pub drained: bool,
}

/// A line of the acquirer's book, as `GET /sandbox/acquirer/transactions` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AcquirerLine {
    /// The try or the operation it belongs to.
    pub reference: String,
    /// What was done.
    pub kind: AcquirerKind,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Whether money moved.
    pub outcome: AcquirerOutcome,
}

/// What an acquirer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum AcquirerKind {
    Authorize,
    Capture,
    Void,
    Refund,
    Reversal,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum AcquirerOutcome {
    Approved,
    Declined,
}

/// One thing that a client was told with a 2xx, or that its merchant was called about. It stays true (L5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What the client calls it: the id of a checkout or of its payment.
    pub checkout: String,
    /// What it was told of it.
    pub fact: Fact,
}

/// What a client can be told; amounts are minor units of the payment's currency, and at least so much stays true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// It was made, under this idempotency key if there was one: the same key never makes another (L10).
    Made {
        /// The key.
        key: Option<String>,
    },
    /// So much was reserved or taken at once.
    Authorized(i64),
    /// So much was taken.
    Captured(i64),
    /// So much was given back before it was taken.
    Released(i64),
    /// So much was given back after it was taken.
    Refunded(i64),
    /// It ended unpaid: nothing is held or taken in the end.
    Ended,
}

/// A capture or refund that a client asked for under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the client calls the checkout.
    pub checkout: String,
    /// Which of the two.
    pub kind: AcquirerKind,
    /// Minor units; `None` is all there is.
    pub amount: Option<i64>,
}

/// How a checkout looks to its merchant; minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What the client calls it.
    pub checkout: String,
    /// ISO 4217.
    pub currency: String,
    /// Taken in all, what was given back again included.
    pub captured: i64,
    /// Given back of it.
    pub refunded: i64,
    /// Reserved and not taken.
    pub held: i64,
}

/// What the auditor found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What does not hold: a sentence each, which begins with the rule and names ids. Empty is good.
    pub broken: Vec<String>,
    /// What was compared.
    pub counted: Counted,
}

/// How much was compared, so that an empty comparison is seen as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Payments of the store.
    pub payments: usize,
    /// Rows of its journal.
    pub events: usize,
    /// Lines of the acquirer's book.
    pub lines: usize,
    /// Notifications.
    pub deliveries: usize,
    /// Things that clients were told or saw.
    pub told: usize,
    /// Tries and operations whose outcome is not known; each has its place in the queue of what is asked again.
    pub open: usize,
}

impl Verdict {
    fn broke(&mut self, sentence: String) {
        self.broken.push(sentence);
    }
}

/// The store in a file's bytes, in memory.
///
/// # Errors
/// When they are no database.
pub fn open(image: &[u8]) -> rusqlite::Result<Connection> {
    let mut books = Connection::open_in_memory()?;
    books.deserialize_read_exact("main", image, image.len(), true)?;
    Ok(books)
}

/// Compares the three books. What `books` sees is one moment: the server may go on.
///
/// # Errors
/// When the tables cannot be read; what is wrong in them is in the verdict.
pub fn compare(books: &Connection, evidence: &Evidence<'_>) -> rusqlite::Result<Verdict> {
    let books = Books::read(books)?;
    let mut verdict = Verdict::default();
    let stories = story::stories(&books, &mut verdict);
    ledger::check(&books, &stories, &mut verdict);
    payments::check(&books, &stories, evidence, &mut verdict);
    acquirer::check(&stories, evidence, &mut verdict);
    deliveries::check(&books, &stories, evidence, &mut verdict);
    told::check(&books, &stories, evidence, &mut verdict);
    verdict.counted = Counted {
        payments: books.payments.len(),
        events: books.journal.len(),
        lines: evidence.acquirer.len(),
        deliveries: books.deliveries.len(),
        told: evidence.told.len() + evidence.seen.len(),
        open: stories.values().map(|story| story.open().count()).sum(),
    };
    Ok(verdict)
}

/// The stories of all payments, by the payment's id.
type Stories<'b> = BTreeMap<uuid::Uuid, Story<'b>>;
