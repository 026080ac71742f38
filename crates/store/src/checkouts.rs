//! Checkouts, alone or with what happened to their payments: every page and every look at a payment reads both.

use domain::{CheckoutId, Dialect, MerchantId, Mode, PaymentId, PublicId, Recorded};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::{self, CheckoutColumns, CheckoutDoc, Owner};
use crate::error::Error;
use crate::journal;
use crate::records::CheckoutRecord;
use crate::row::{Cells, Id, execute, first};

/// A checkout ready to be written.
pub(crate) struct CheckoutRow {
    columns: CheckoutColumns,
    checkout: String,
    document: String,
}

impl CheckoutRow {
    pub(crate) fn new(record: CheckoutRecord) -> Result<Self, Error> {
        let (columns, checkout) = CheckoutDoc::split(record.checkout);
        Ok(Self { columns, checkout: documents::text(&checkout)?, document: record.document })
    }

    /// Whether its public id is another checkout's.
    pub(crate) fn is_taken(&self, connection: &Connection) -> Result<bool, Error> {
        let Some(public_id) = self.columns.public_id else { return Ok(false) };
        Ok(named(connection, public_id)?.is_some())
    }

    pub(crate) fn insert(&self, connection: &Connection) -> Result<(), Error> {
        let Self { columns, checkout, document } = self;
        let CheckoutColumns { id, merchant_id, mode, dialect, public_id, payment_id, created_at } = columns;
        execute(
            connection,
            "insert into checkouts (id, merchant_id, mode, dialect, public_id, payment_id, created_at, checkout,
             document) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                id.bytes(),
                merchant_id.bytes(),
                mode.as_str(),
                dialect.as_str(),
                public_id.map(|public_id| public_id.to_string()),
                payment_id.bytes(),
                created_at.micros(),
                checkout,
                document
            ],
        )?;
        Ok(())
    }
}

impl Store {
    /// A checkout by its id alone, which nobody can guess: for the payer's pages only.
    ///
    /// # Errors
    /// When something broke.
    pub async fn checkout(&self, id: CheckoutId) -> Result<Option<CheckoutRecord>, Error> {
        self.read(move |connection| by_id(connection, id)).await
    }

    /// [`Store::checkout`] and the history of its payment, oldest event first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn checkout_with_history(
        &self,
        id: CheckoutId,
    ) -> Result<Option<(CheckoutRecord, Vec<Recorded>)>, Error> {
        self.read(move |connection| with_history(connection, by_id(connection, id)?)).await
    }

    /// A checkout of this merchant and mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn merchant_checkout(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: CheckoutId,
    ) -> Result<Option<CheckoutRecord>, Error> {
        self.read(move |connection| of_merchant(connection, merchant_id, mode, id)).await
    }

    /// [`Store::merchant_checkout`] and the history of its payment, oldest event first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn merchant_checkout_with_history(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: CheckoutId,
    ) -> Result<Option<(CheckoutRecord, Vec<Recorded>)>, Error> {
        self.read(move |connection| with_history(connection, of_merchant(connection, merchant_id, mode, id)?)).await
    }

    /// The checkout of this merchant and mode that its dialect's clients call so, and the history of its payment, oldest
    /// event first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn public_checkout_with_history(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        public_id: PublicId,
    ) -> Result<Option<(CheckoutRecord, Vec<Recorded>)>, Error> {
        self.read(move |connection| {
            let record = first(
                connection,
                "select id, merchant_id, mode, dialect, payment_id, created_at, checkout, document, public_id from checkouts where merchant_id = $1 and mode = $2 and public_id = $3",
                params![merchant_id.bytes(), mode.as_str(), public_id.to_string()],
                parse,
            )?;
            with_history(connection, record)
        })
        .await
    }
}

impl Store {
    /// The checkout of this merchant and mode whose payment this is, and what happened to it, oldest event first.
    ///
    /// # Errors
    /// When something broke.
    pub async fn paid_checkout_with_history(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        payment_id: PaymentId,
    ) -> Result<Option<(CheckoutRecord, Vec<Recorded>)>, Error> {
        self.read(move |connection| {
            let record = first(
                connection,
                "select id, merchant_id, mode, dialect, payment_id, created_at, checkout, document, public_id from checkouts
                 where id = (select checkout_id from payments where merchant_id = $1 and mode = $2 and id = $3)",
                params![merchant_id.bytes(), mode.as_str(), payment_id.bytes()],
                parse,
            )?;
            with_history(connection, record)
        })
        .await
    }

    /// The checkout that its dialect's clients call so, whoever's it is.
    ///
    /// # Errors
    /// When something broke.
    pub async fn checkout_named(&self, public_id: PublicId) -> Result<Option<CheckoutId>, Error> {
        self.read(move |connection| named(connection, public_id)).await
    }
}

impl Store {
    /// The checkout whose payment this is, whoever's it is.
    ///
    /// # Errors
    /// When something broke.
    pub async fn checkout_of_payment(&self, payment_id: PaymentId) -> Result<Option<CheckoutId>, Error> {
        self.read(move |connection| {
            first(connection, "select checkout_id from payments where id = $1", [payment_id.bytes()], |row| {
                Cells::new("payments", row).id(0, "checkout_id")
            })
        })
        .await
    }
}

fn named(connection: &Connection, public_id: PublicId) -> Result<Option<CheckoutId>, Error> {
    first(connection, "select id from checkouts where public_id = $1", [public_id.to_string()], |row| {
        Cells::new("checkouts", row).id(0, "id")
    })
}

fn by_id(connection: &Connection, id: CheckoutId) -> Result<Option<CheckoutRecord>, Error> {
    first(
        connection,
        "select id, merchant_id, mode, dialect, payment_id, created_at, checkout, document, public_id from checkouts
         where id = $1",
        [id.bytes()],
        parse,
    )
}

pub(crate) fn of_merchant(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    id: CheckoutId,
) -> Result<Option<CheckoutRecord>, Error> {
    first(
        connection,
        "select id, merchant_id, mode, dialect, payment_id, created_at, checkout, document, public_id from checkouts
         where merchant_id = $1 and mode = $2 and id = $3",
        params![merchant_id.bytes(), mode.as_str(), id.bytes()],
        parse,
    )
}

fn with_history(
    connection: &Connection,
    record: Option<CheckoutRecord>,
) -> Result<Option<(CheckoutRecord, Vec<Recorded>)>, Error> {
    let Some(record) = record else { return Ok(None) };
    let owner = Owner {
        payment_id: record.checkout.payment_id,
        merchant_id: record.checkout.merchant_id,
        mode: record.checkout.mode,
    };
    let history = journal::history(connection, owner)?;
    Ok(Some((record, history)))
}

fn parse(row: &Row<'_>) -> Result<CheckoutRecord, Error> {
    let cells = Cells::new("checkouts", row);
    let columns = CheckoutColumns {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        dialect: cells.word(3, "dialect", Dialect::parse)?,
        payment_id: cells.id(4, "payment_id")?,
        created_at: cells.time(5, "created_at")?,
        public_id: match cells.get::<Option<String>>(8, "public_id")? {
            Some(text) => Some(PublicId::parse(&text).map_err(|_| cells.corrupt("public_id"))?),
            None => None,
        },
    };
    let document: CheckoutDoc = cells.document(6, "checkout")?;
    Ok(CheckoutRecord { checkout: document.join(columns), document: cells.get(7, "document")? })
}
