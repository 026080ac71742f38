//! Brands of merchants.

use domain::{BrandId, Logo, LogoId, MerchantId, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::{self, BrandDoc};
use crate::error::Error;
use crate::records::Brand;
use crate::row::{Cells, Id, all, execute, first};

pub(crate) fn insert(connection: &Connection, brand: &Brand) -> Result<(), Error> {
    let document = documents::text(&BrandDoc::new(brand))?;
    let Brand { id, merchant_id, parent, api_key, created_at, revoked_at, .. } = brand;
    execute(
        connection,
        "insert into brands (id, merchant_id, parent, api_key, document, created_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            id.bytes(),
            merchant_id.bytes(),
            parent.map(Id::bytes),
            api_key,
            document,
            created_at.micros(),
            revoked_at.map(Timestamp::micros)
        ],
    )?;
    Ok(())
}

/// What it is called and how it looks; nothing else of a brand changes.
pub(crate) fn update(connection: &Connection, brand: &Brand) -> Result<(), Error> {
    let document = documents::text(&BrandDoc::new(brand))?;
    execute(connection, "update brands set document = $1 where id = $2", params![document, brand.id.bytes()])?;
    Ok(())
}

/// The same picture twice is one.
pub(crate) fn insert_logo(connection: &Connection, id: LogoId, logo: &Logo) -> Result<(), Error> {
    execute(
        connection,
        "insert into logos (name, picture) values ($1, $2) on conflict do nothing",
        params![id.to_string(), logo.bytes()],
    )?;
    Ok(())
}

/// The first revocation counts.
pub(crate) fn revoke(connection: &Connection, id: BrandId, at: Timestamp) -> Result<(), Error> {
    execute(
        connection,
        "update brands set revoked_at = $1 where id = $2 and revoked_at is null",
        params![at.micros(), id.bytes()],
    )?;
    Ok(())
}

impl Store {
    /// A brand of this merchant.
    ///
    /// # Errors
    /// When something broke.
    pub async fn brand(&self, merchant_id: MerchantId, id: BrandId) -> Result<Option<Brand>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, parent, api_key, document, created_at, revoked_at from brands
                 where merchant_id = $1 and id = $2",
                [merchant_id.bytes(), id.bytes()],
                parse,
            )
        })
        .await
    }

    /// A brand, whoever's it is: for what payers' browsers do with its public id.
    ///
    /// # Errors
    /// When something broke.
    pub async fn brand_of_anybody(&self, id: BrandId) -> Result<Option<Brand>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, parent, api_key, document, created_at, revoked_at from brands where id = $1",
                [id.bytes()],
                parse,
            )
        })
        .await
    }

    /// Every brand of a merchant, oldest first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn brands(&self, merchant_id: MerchantId) -> Result<Vec<Brand>, Error> {
        self.read(move |connection| {
            all(
                connection,
                "select id, merchant_id, parent, api_key, document, created_at, revoked_at from brands
                 where merchant_id = $1 order by position",
                [merchant_id.bytes()],
                parse,
            )
        })
        .await
    }
}

impl Store {
    /// The brand that this public key names, revoked or not, of any merchant.
    ///
    /// # Errors
    /// When something broke.
    pub async fn brand_by_api_key(&self, api_key: &str) -> Result<Option<Brand>, Error> {
        let api_key = api_key.to_owned();
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, parent, api_key, document, created_at, revoked_at from brands
                 where api_key = $1",
                [api_key],
                parse,
            )
        })
        .await
    }

    /// A logo; whose it is does not matter, every payer of that shop sees it.
    ///
    /// # Errors
    /// When something broke.
    pub async fn logo(&self, id: LogoId) -> Result<Option<Vec<u8>>, Error> {
        self.read(move |connection| {
            first(connection, "select picture from logos where name = $1", [id.to_string()], |row| {
                Cells::new("logos", row).get(0, "picture")
            })
        })
        .await
    }
}

fn parse(row: &Row<'_>) -> Result<Brand, Error> {
    let cells = Cells::new("brands", row);
    let document: BrandDoc = cells.document(4, "document")?;
    Ok(Brand {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        parent: cells.id_or_none(2, "parent")?,
        api_key: cells.get(3, "api_key")?,
        currency: document.currency,
        currencies: document.currencies(),
        exchanges: document.exchanges(),
        direct_post: document.direct_post,
        embed_origins: document.embed_origins(),
        look: document.look(),
        name: document.name,
        website: document.website,
        support_email: document.support_email,
        language: document.language,
        time_zone: document.time_zone,
        created_at: cells.time(5, "created_at")?,
        revoked_at: cells.time_or_none(6, "revoked_at")?,
    })
}
