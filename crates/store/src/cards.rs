//! Cards in the vault. What lies here is sealed; the key is not in the store.

use domain::risk::CardKey;
use domain::{CardId, CardSummary, CheckoutId, CustomerId, MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::{self, CardDoc};
use crate::error::Error;
use crate::records::{Beside, CardRow, KeptCard, Place, Sealed};
use crate::row::{Cells, Id, all, execute, first};

pub(crate) fn insert(connection: &Connection, card: &CardRow) -> Result<(), Error> {
    let CardRow { id, merchant_id, mode, sealed, fingerprint, card_key, summary, created_at } = card;
    let summary = documents::text(&CardDoc::from(summary.clone()))?;
    execute(
        connection,
        "insert into cards (id, merchant_id, mode, key_id, wrapped_key, ciphertext, fingerprint, card_key, summary,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            mode.as_str(),
            sealed.key_id,
            sealed.wrapped_key,
            sealed.ciphertext,
            fingerprint,
            card_key.bytes(),
            summary,
            created_at.micros()
        ],
    )?;
    Ok(())
}

/// Notes that a customer's card may be charged again.
pub(crate) fn keep(connection: &Connection, card: &KeptCard) -> Result<(), Error> {
    let KeptCard { merchant_id, mode, customer_id, checkout_id, created_at } = card;
    execute(
        connection,
        // A customer that was deleted meanwhile keeps nothing.
        "insert into kept_cards (checkout_id, merchant_id, mode, customer_id, created_at)
         select $1, $2, $3, $4, $5 where exists (select 1 from customers where id = $4)
         on conflict (checkout_id) do nothing",
        params![checkout_id.bytes(), merchant_id.bytes(), mode.as_str(), customer_id.bytes(), created_at.micros()],
    )?;
    Ok(())
}

/// Takes a card out of the vault and off its customer's list.
pub(crate) fn forget(connection: &Connection, checkout_id: CheckoutId, id: CardId) -> Result<(), Error> {
    execute(connection, "delete from cards where id = $1", params![id.bytes()])?;
    execute(connection, "delete from kept_cards where checkout_id = $1", params![checkout_id.bytes()])?;
    Ok(())
}

impl Store {
    /// A card of this merchant and mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn card(&self, merchant_id: MerchantId, mode: Mode, id: CardId) -> Result<Option<CardRow>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, mode, key_id, wrapped_key, ciphertext, fingerprint, card_key, summary,
                     created_at
                 from cards where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), id.bytes()],
                parse,
            )
        })
        .await
    }

    /// The checkouts that keep a customer's cards, and since when, newest first: at most `most`, and those beside a place.
    ///
    /// # Errors
    /// When something broke.
    pub async fn kept_cards_page(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        customer_id: CustomerId,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<(CheckoutId, Timestamp)>, Error> {
        self.read(move |connection| {
            let (is_newer, Place { rank: _, at, id }) = Beside::direction(beside);
            let sql = if is_newer {
                "select checkout_id, created_at from kept_cards where merchant_id = $1 and mode = $2 and customer_id = $3
                 and (created_at, checkout_id) > ($4, $5) order by created_at, checkout_id limit $6"
            } else {
                "select checkout_id, created_at from kept_cards where merchant_id = $1 and mode = $2 and customer_id = $3
                 and (created_at, checkout_id) < ($4, $5) order by created_at desc, checkout_id desc limit $6"
            };
            let of = params![merchant_id.bytes(), mode.as_str(), customer_id.bytes(), at.micros(), id.as_bytes(), most];
            let mut found = all(connection, sql, of, |row| {
                let cells = Cells::new("kept_cards", row);
                Ok((cells.id(0, "checkout_id")?, cells.time(1, "created_at")?))
            })?;
            if is_newer {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }

    /// Since when a checkout keeps a card of this customer's.
    ///
    /// # Errors
    /// When something broke.
    pub async fn kept_since(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        customer_id: CustomerId,
        checkout_id: CheckoutId,
    ) -> Result<Option<Timestamp>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select checkout_id, created_at from kept_cards
                 where merchant_id = $1 and mode = $2 and customer_id = $3 and checkout_id = $4",
                params![merchant_id.bytes(), mode.as_str(), customer_id.bytes(), checkout_id.bytes()],
                |row| Cells::new("kept_cards", row).time(1, "created_at"),
            )
        })
        .await
    }

    /// The checkouts that keep a customer's cards, the newest first, ten at most.
    ///
    /// # Errors
    /// When something broke.
    pub async fn kept_cards(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        customer_id: CustomerId,
    ) -> Result<Vec<CheckoutId>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select checkout_id from kept_cards where merchant_id = $1 and mode = $2 and customer_id = $3
                 order by position desc limit 10",
                params![merchant_id.bytes(), mode.as_str(), customer_id.bytes()],
                |row| Cells::new("kept_cards", row).id(0, "checkout_id"),
            )
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<CardRow, Error> {
    let cells = Cells::new("cards", row);
    Ok(CardRow {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        sealed: Sealed {
            key_id: cells.get(3, "key_id")?,
            wrapped_key: cells.get(4, "wrapped_key")?,
            ciphertext: cells.get(5, "ciphertext")?,
        },
        fingerprint: cells.get(6, "fingerprint")?,
        card_key: CardKey::new(cells.get(7, "card_key")?),
        summary: CardSummary::from(cells.document::<CardDoc>(8, "summary")?),
        created_at: cells.time(9, "created_at")?,
    })
}
