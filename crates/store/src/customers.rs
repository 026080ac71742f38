//! Payers that merchants know. An email belongs to one customer per merchant and mode, in whatever case it was
//! written; a unique index settles who is first.

use domain::{CustomerId, MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::documents::{self, CustomerDoc};
use crate::error::Error;
use crate::records::CustomerRecord;
use crate::row::{Cells, Id, execute, first};

/// A customer ready to be written.
pub(crate) struct CustomerRow {
    id: CustomerId,
    merchant_id: MerchantId,
    mode: Mode,
    email: Option<String>,
    document: String,
    created_at: Timestamp,
}

impl CustomerRow {
    pub(crate) fn new(record: CustomerRecord) -> Result<Self, Error> {
        let CustomerRecord { id, merchant_id, mode, details, created_at } = record;
        let email = (!details.email.is_empty()).then(|| details.email.to_lowercase());
        Ok(Self { id, merchant_id, mode, email, document: documents::text(&CustomerDoc(details))?, created_at })
    }

    /// Whether another customer has the email.
    pub(crate) fn is_taken(&self, connection: &Connection) -> Result<bool, Error> {
        match &self.email {
            Some(email) => Ok(by_email(connection, self.merchant_id, self.mode, email)?.is_some()),
            None => Ok(false),
        }
    }

    pub(crate) fn insert(&self, connection: &Connection) -> Result<(), Error> {
        let Self { id, merchant_id, mode, email, document, created_at } = self;
        execute(
            connection,
            "insert into customers (id, merchant_id, mode, inline_email, document, created_at)
             values ($1, $2, $3, $4, $5, $6)",
            params![id.bytes(), merchant_id.bytes(), mode.as_str(), email, document, created_at.micros()],
        )?;
        Ok(())
    }
}

impl Store {
    /// A customer of this merchant and mode.
    ///
    /// # Errors
    /// When something broke.
    pub async fn customer(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        id: CustomerId,
    ) -> Result<Option<CustomerRecord>, Error> {
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, mode, document, created_at from customers
                 where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), id.bytes()],
                parse,
            )
        })
        .await
    }

    /// The customer of this merchant and mode with this email, which is given in lower case.
    ///
    /// # Errors
    /// When something broke.
    pub async fn customer_by_email(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        email: &str,
    ) -> Result<Option<CustomerRecord>, Error> {
        let email = email.to_owned();
        self.read(move |connection| by_email(connection, merchant_id, mode, &email)).await
    }
}

fn by_email(
    connection: &Connection,
    merchant_id: MerchantId,
    mode: Mode,
    email: &str,
) -> Result<Option<CustomerRecord>, Error> {
    first(
        connection,
        "select id, merchant_id, mode, document, created_at from customers
         where merchant_id = $1 and mode = $2 and inline_email = $3",
        params![merchant_id.bytes(), mode.as_str(), email],
        parse,
    )
}

fn parse(row: &Row<'_>) -> Result<CustomerRecord, Error> {
    let cells = Cells::new("customers", row);
    let CustomerDoc(details) = cells.document(3, "document")?;
    Ok(CustomerRecord {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        details,
        created_at: cells.time(4, "created_at")?,
    })
}
