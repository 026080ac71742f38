//! What an order has been paid, over all the payments made for it (orchestration-api 3.6).

use domain::{MerchantId, Mode, PaymentId};
use rusqlite::{Connection, params};

use crate::Store;
use crate::changeset::OrderTotal;
use crate::error::Error;
use crate::row::{Id, execute, first};

/// Whether a payment still fits its order.
pub(crate) fn fits(connection: &Connection, order: &OrderTotal) -> Result<bool, Error> {
    let OrderTotal { merchant_id, mode, key, payment_id, amount, total } = order;
    let paid = paid(connection, *merchant_id, *mode, key, Some(*payment_id))?;
    Ok(paid.saturating_add(*amount) <= *total)
}

/// From now on the payment is one of its order's.
pub(crate) fn insert(connection: &Connection, order: &OrderTotal) -> Result<(), Error> {
    let OrderTotal { merchant_id, mode, key, payment_id, .. } = order;
    execute(
        connection,
        "insert into order_payments (merchant_id, mode, order_key, payment_id) values ($1, $2, $3, $4)",
        params![merchant_id.bytes(), mode.as_str(), key, payment_id.bytes()],
    )?;
    Ok(())
}

/// What is being paid counts as paid; what was given back does not.
fn paid(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    key: &str,
    without: Option<PaymentId>,
) -> Result<i64, Error> {
    let without = without.map(Id::bytes);
    let sum = first(
        connection,
        "select coalesce(sum(case
             when payments.state = 'in_flight' then payments.amount
             when payments.state in ('authorized', 'captured', 'voided', 'charged_back')
                 then payments.authorized - payments.voided - payments.refunded
             else 0 end), 0)
         from order_payments join payments on payments.id = order_payments.payment_id
         where order_payments.merchant_id = $1 and order_payments.mode = $2 and order_payments.order_key = $3
             and ($4 is null or payments.id <> $4)",
        params![merchant_id.bytes(), mode.as_str(), key, without],
        |row| Ok(row.get(0)?),
    )?;
    Ok(sum.unwrap_or(0))
}

impl Store {
    /// What was paid, or is being paid, for an order, in minor units; [`domain::Checkout::order_key`] names it.
    ///
    /// # Errors
    /// When something broke.
    pub async fn order_paid(&self, merchant_id: MerchantId, mode: Mode, key: &str) -> Result<i64, Error> {
        let key = key.to_owned();
        self.read(move |connection| paid(connection, merchant_id, mode, &key, None)).await
    }
}
