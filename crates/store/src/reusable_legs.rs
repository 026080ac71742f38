//! Legs of tenders that may be charged again, by the names their merchants know them by (orchestration-api 5.6).

use domain::{AttemptId, CardId, CheckoutId, MerchantId, Mode};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::error::Error;
use crate::records::ReusableLeg;
use crate::row::{Cells, Id, execute, first};

pub(crate) fn insert(connection: &Connection, leg: &ReusableLeg) -> Result<(), Error> {
    let ReusableLeg { attempt_id, merchant_id, mode, checkout_id, reference, card_id, created_at } = leg;
    execute(
        connection,
        "insert into reusable_legs (attempt_id, merchant_id, mode, checkout_id, reference, card_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            attempt_id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            checkout_id.bytes(),
            reference,
            card_id.bytes(),
            created_at.micros()
        ],
    )?;
    Ok(())
}

impl Store {
    /// Where a leg was paid.
    ///
    /// # Errors
    /// When something broke.
    pub async fn reusable_leg(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        attempt_id: AttemptId,
    ) -> Result<Option<CheckoutId>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select checkout_id from reusable_legs where merchant_id = $1 and mode = $2 and attempt_id = $3",
                params![merchant_id.bytes(), mode.as_str(), attempt_id.bytes()],
                |row| Cells::new("reusable_legs", row).id(0, "checkout_id"),
            )
        })
        .await
    }

    /// The newest leg that the acquirer calls so, and where it was paid.
    ///
    /// # Errors
    /// When something broke.
    pub async fn reusable_leg_by_reference(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        reference: &str,
    ) -> Result<Option<(AttemptId, CheckoutId)>, Error> {
        let reference = reference.to_owned();
        self.read(move |connection| {
            first(
                connection,
                "select attempt_id, checkout_id from reusable_legs
                 where merchant_id = $1 and mode = $2 and reference = $3 order by position desc limit 1",
                params![merchant_id.bytes(), mode.as_str(), reference],
                parse,
            )
        })
        .await
    }

    /// The first leg that was paid with a card, where its payer agreed to it.
    ///
    /// # Errors
    /// When something broke.
    pub async fn reusable_leg_by_card(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        card_id: CardId,
    ) -> Result<Option<(AttemptId, CheckoutId)>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select attempt_id, checkout_id from reusable_legs
                 where merchant_id = $1 and mode = $2 and card_id = $3 order by position limit 1",
                params![merchant_id.bytes(), mode.as_str(), card_id.bytes()],
                parse,
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<(AttemptId, CheckoutId), Error> {
    let cells = Cells::new("reusable_legs", row);
    Ok((cells.id(0, "attempt_id")?, cells.id(1, "checkout_id")?))
}
