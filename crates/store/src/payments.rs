//! Payments: the row that searches and sums read, and the version that settles races. What happened is in the journal.

use domain::{CheckoutId, MerchantId, Mode, Money, Payment, PaymentId, Timestamp};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::row::{Id, execute};

/// A payment ready to be written.
pub(crate) struct PaymentRow {
    expected_version: u32,
    id: PaymentId,
    merchant_id: MerchantId,
    mode: Mode,
    checkout_id: CheckoutId,
    version: u32,
    state: &'static str,
    amount: Money,
    authorized: Money,
    captured: Money,
    voided: Money,
    refunded: Money,
    due_at: Option<Timestamp>,
    at: Timestamp,
}

impl PaymentRow {
    /// The row of `payment` after events that happened at `at`.
    pub(crate) fn new(expected_version: u32, payment: &Payment, at: Timestamp) -> Self {
        let Payment { terms, state, version, authorized, captured, voided, refunded, .. } = payment;
        Self {
            expected_version,
            id: terms.payment_id,
            merchant_id: terms.merchant_id,
            mode: terms.mode,
            checkout_id: terms.checkout_id,
            version: *version,
            state: state.name(),
            amount: terms.amount,
            authorized: *authorized,
            captured: *captured,
            voided: *voided,
            refunded: *refunded,
            due_at: terms.due.map(|due| due.at),
            at,
        }
    }

    /// Writes it if the payment still has the version that was read; answers whether it had.
    pub(crate) fn write(&self, connection: &Connection) -> Result<bool, Error> {
        let written = if self.expected_version == 0 { self.insert(connection) } else { self.update(connection) };
        written.map(|rows| rows == 1)
    }

    fn insert(&self, connection: &Connection) -> Result<usize, Error> {
        execute(
            connection,
            "insert into payments (id, merchant_id, mode, checkout_id, version, state, currency, amount, authorized,
             captured, voided, refunded, due_at, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
             on conflict (id) do nothing",
            params![
                self.id.bytes(),
                self.merchant_id.bytes(),
                self.mode.as_str(),
                self.checkout_id.bytes(),
                self.version,
                self.state,
                self.amount.currency().code(),
                self.amount.minor(),
                self.authorized.minor(),
                self.captured.minor(),
                self.voided.minor(),
                self.refunded.minor(),
                self.due_at.map(Timestamp::micros),
                self.at.micros()
            ],
        )
    }

    fn update(&self, connection: &Connection) -> Result<usize, Error> {
        execute(
            connection,
            "update payments set version = $1, state = $2, authorized = $3, captured = $4, voided = $5, refunded = $6,
             updated_at = $7 where merchant_id = $8 and mode = $9 and id = $10 and version = $11",
            params![
                self.version,
                self.state,
                self.authorized.minor(),
                self.captured.minor(),
                self.voided.minor(),
                self.refunded.minor(),
                self.at.micros(),
                self.merchant_id.bytes(),
                self.mode.as_str(),
                self.id.bytes(),
                self.expected_version
            ],
        )
    }
}
