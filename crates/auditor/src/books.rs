//! The tables as they lie there: nothing is judged here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row};
use serde_json::Value;
use uuid::Uuid;

/// Everything that is compared, of one moment.
pub(crate) struct Books {
    pub(crate) checkouts: BTreeMap<Uuid, CheckoutRow>,
    pub(crate) payments: BTreeMap<Uuid, PaymentRow>,
    /// By position.
    pub(crate) journal: Vec<JournalRow>,
    /// Where each merchant's chain ends: the last position and its hash.
    pub(crate) heads: BTreeMap<Uuid, (i64, Vec<u8>)>,
    /// By the position of the journal row they belong to.
    pub(crate) postings: BTreeMap<i64, Vec<PostingRow>>,
    pub(crate) balances: BTreeMap<BalanceName, i64>,
    /// What will be done, and to which payment.
    pub(crate) timers: BTreeMap<Uuid, Vec<String>>,
    /// What waits for an operator.
    pub(crate) manual: BTreeSet<Uuid>,
    /// By position.
    pub(crate) deliveries: Vec<DeliveryRow>,
    pub(crate) webhooks: Vec<WebhookRow>,
    /// Kept answers of keys: the key, and the body.
    pub(crate) answers: Vec<(String, String)>,
    /// What clients call things by, and whose payment that is.
    names: HashMap<String, Uuid>,
}

/// Merchant, mode, currency, account and layer.
pub(crate) type BalanceName = (Uuid, String, String, String, String);

pub(crate) struct CheckoutRow {
    pub(crate) id: Uuid,
    pub(crate) merchant: Uuid,
    pub(crate) mode: String,
    pub(crate) dialect: String,
    pub(crate) public_id: Option<String>,
    pub(crate) payment: Uuid,
    pub(crate) checkout: Value,
    pub(crate) document: Value,
}

pub(crate) struct PaymentRow {
    pub(crate) id: Uuid,
    pub(crate) merchant: Uuid,
    pub(crate) mode: String,
    pub(crate) checkout: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) voided: i64,
    pub(crate) refunded: i64,
}

pub(crate) struct JournalRow {
    pub(crate) position: i64,
    pub(crate) payment: Uuid,
    pub(crate) version: i64,
    pub(crate) merchant: Uuid,
    pub(crate) mode: String,
    /// Microseconds.
    pub(crate) at: i64,
    pub(crate) event: String,
    pub(crate) hash: Vec<u8>,
}

#[derive(PartialEq)]
pub(crate) struct PostingRow {
    pub(crate) currency: String,
    pub(crate) account: String,
    pub(crate) layer: String,
    pub(crate) amount: i64,
}

pub(crate) struct DeliveryRow {
    pub(crate) id: Uuid,
    pub(crate) merchant: Uuid,
    pub(crate) mode: String,
    pub(crate) payment: Uuid,
    pub(crate) version: i64,
    pub(crate) notice: String,
    pub(crate) endpoint: Value,
    pub(crate) state: String,
    /// Those of one lane go one after the other.
    pub(crate) lane: Option<Vec<u8>>,
    /// When its first try ended, in microseconds.
    pub(crate) first_try: Option<i64>,
    /// When the first good one did.
    pub(crate) arrived: Option<i64>,
    /// How often it was tried.
    pub(crate) tries: i64,
}

pub(crate) struct WebhookRow {
    pub(crate) id: Uuid,
    pub(crate) merchant: Uuid,
    pub(crate) mode: String,
    /// It is told of everything since.
    pub(crate) updated_at: i64,
    pub(crate) is_of_everything: bool,
}

impl Books {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        // One snapshot for all that follows.
        let snapshot = connection.unchecked_transaction()?;
        let mut timers: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for (payment, kind) in
            all(&snapshot, "select payment_id, kind from timers", |row| Ok((id(row, 0)?, row.get(1)?)))?
        {
            timers.entry(payment).or_default().push(kind);
        }
        let mut postings: BTreeMap<i64, Vec<PostingRow>> = BTreeMap::new();
        let select = "select position, currency, account, layer, amount from postings order by position, line";
        for (position, posting) in all(&snapshot, select, |row| Ok((row.get(0)?, posting(row)?)))? {
            postings.entry(position).or_default().push(posting);
        }
        let checkouts: BTreeMap<Uuid, CheckoutRow> = all(
            &snapshot,
            "select id, merchant_id, mode, dialect, public_id, payment_id, checkout, document from checkouts",
            checkout,
        )?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
        let named = checkouts.values().flat_map(|row| {
            let ids = [row.id, row.payment].map(|id| id.to_string());
            ids.into_iter().chain(row.public_id.clone()).map(|name| (name, row.payment))
        });
        let names = named.collect();
        Ok(Self {
            checkouts,
            names,
            payments: all(
                &snapshot,
                "select id, merchant_id, mode, checkout_id, version, state, currency, amount, authorized, captured,
                 voided, refunded from payments",
                payment,
            )?
            .into_iter()
            .map(|row| (row.id, row))
            .collect(),
            journal: all(
                &snapshot,
                "select position, payment_id, version, merchant_id, mode, at, event, hash from journal order by position",
                journal,
            )?,
            heads: all(&snapshot, "select merchant_id, position, hash from journal_heads", |row| {
                Ok((id(row, 0)?, (row.get(1)?, row.get(2)?)))
            })?
            .into_iter()
            .collect(),
            postings,
            balances: all(
                &snapshot,
                "select merchant_id, mode, currency, account, layer, amount from balances",
                |row| Ok(((id(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?), row.get(5)?)),
            )?
            .into_iter()
            .collect(),
            timers,
            manual: all(&snapshot, "select reference from doubts", |row| id(row, 0))?.into_iter().collect(),
            deliveries: all(
                &snapshot,
                "select id, merchant_id, mode, payment_id, version, notice, endpoint, state, lane,
                 (select min(ended_at) from delivery_tries where delivery = deliveries.position),
                 (select min(ended_at) from delivery_tries
                  where delivery = deliveries.position and status between 200 and 299),
                 (select count(*) from delivery_tries where delivery = deliveries.position)
                 from deliveries order by position",
                delivery,
            )?,
            webhooks: all(
                &snapshot,
                "select id, merchant_id, mode, updated_at, topics is null from webhooks",
                |row| {
                    Ok(WebhookRow {
                        id: id(row, 0)?,
                        merchant: id(row, 1)?,
                        mode: row.get(2)?,
                        updated_at: row.get(3)?,
                        is_of_everything: row.get(4)?,
                    })
                },
            )?,
            answers: all(&snapshot, "select key, body from idempotency", |row| Ok((row.get(0)?, row.get(1)?)))?,
        })
    }

    /// The payment of what a client calls so: a checkout by its public name or id, or a payment by its id.
    pub(crate) fn payment_of(&self, name: &str) -> Option<Uuid> {
        self.names.get(name).copied()
    }
}

fn all<T>(connection: &Connection, select: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut statement = connection.prepare(select)?;
    statement.query_map([], read)?.collect()
}

fn id(row: &Row<'_>, column: usize) -> Result<Uuid> {
    let bytes: Vec<u8> = row.get(column)?;
    Uuid::from_slice(&bytes).map_err(|error| Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
}

fn json(row: &Row<'_>, column: usize) -> Result<Value> {
    let text: String = row.get(column)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn checkout(row: &Row<'_>) -> Result<CheckoutRow> {
    Ok(CheckoutRow {
        id: id(row, 0)?,
        merchant: id(row, 1)?,
        mode: row.get(2)?,
        dialect: row.get(3)?,
        public_id: row.get(4)?,
        payment: id(row, 5)?,
        checkout: json(row, 6)?,
        document: json(row, 7)?,
    })
}

fn payment(row: &Row<'_>) -> Result<PaymentRow> {
    Ok(PaymentRow {
        id: id(row, 0)?,
        merchant: id(row, 1)?,
        mode: row.get(2)?,
        checkout: id(row, 3)?,
        version: row.get(4)?,
        state: row.get(5)?,
        currency: row.get(6)?,
        amount: row.get(7)?,
        authorized: row.get(8)?,
        captured: row.get(9)?,
        voided: row.get(10)?,
        refunded: row.get(11)?,
    })
}

fn journal(row: &Row<'_>) -> Result<JournalRow> {
    Ok(JournalRow {
        position: row.get(0)?,
        payment: id(row, 1)?,
        version: row.get(2)?,
        merchant: id(row, 3)?,
        mode: row.get(4)?,
        at: row.get(5)?,
        event: row.get(6)?,
        hash: row.get(7)?,
    })
}

fn posting(row: &Row<'_>) -> Result<PostingRow> {
    Ok(PostingRow { currency: row.get(1)?, account: row.get(2)?, layer: row.get(3)?, amount: row.get(4)? })
}

fn delivery(row: &Row<'_>) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: id(row, 0)?,
        merchant: id(row, 1)?,
        mode: row.get(2)?,
        payment: id(row, 3)?,
        version: row.get(4)?,
        notice: row.get(5)?,
        endpoint: json(row, 6)?,
        state: row.get(7)?,
        lane: row.get(8)?,
        first_try: row.get(9)?,
        arrived: row.get(10)?,
        tries: row.get(11)?,
    })
}
