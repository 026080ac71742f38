//! Merchants.

use domain::{MerchantId, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::{self, MerchantDoc};
use crate::error::Error;
use crate::records::Merchant;
use crate::row::{Cells, Id, all, execute, first};

pub(crate) fn insert(connection: &Connection, merchant: &Merchant) -> Result<(), Error> {
    let Merchant { id, company, fees, email, created_at, revoked_at } = merchant;
    let document = documents::text(&MerchantDoc { company: company.clone(), fees: *fees, email: email.clone() })?;
    execute(
        connection,
        "insert into merchants (id, document, created_at, revoked_at) values ($1, $2, $3, $4)",
        params![id.bytes(), document, created_at.micros(), revoked_at.map(Timestamp::micros)],
    )?;
    Ok(())
}

/// The first revocation counts.
pub(crate) fn revoke(connection: &Connection, id: MerchantId, at: Timestamp) -> Result<(), Error> {
    execute(
        connection,
        "update merchants set revoked_at = $1 where id = $2 and revoked_at is null",
        params![at.micros(), id.bytes()],
    )?;
    Ok(())
}

impl Store {
    /// A merchant.
    ///
    /// # Errors
    /// When something broke.
    pub async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, document, created_at, revoked_at from merchants where id = $1",
                [id.bytes()],
                parse,
            )
        })
        .await
    }

    /// Every merchant, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn merchants(&self) -> Result<Vec<Merchant>, Error> {
        self.read(|connection| {
            all(connection, "select id, document, created_at, revoked_at from merchants order by position", [], parse)
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<Merchant, Error> {
    let cells = Cells::new("merchants", row);
    let MerchantDoc { company, fees, email } = cells.document(1, "document")?;
    Ok(Merchant {
        id: cells.id(0, "id")?,
        company,
        fees,
        email,
        created_at: cells.time(2, "created_at")?,
        revoked_at: cells.time_or_none(3, "revoked_at")?,
    })
}
