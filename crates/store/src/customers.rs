//! Payers that merchants know: those that purchases made, one for an email, and those that merchants made, of which
//! several may have the same.

use domain::{CustomerId, MerchantId, Mode, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::changeset::CustomerWrite;
use crate::documents::{self, CustomerDoc};
use crate::error::Error;
use crate::records::{Beside, CustomerRecord, Place};
use crate::row::{Cells, Id, all, execute, first};

/// A customer ready to be written.
pub(crate) struct CustomerRow {
    id: CustomerId,
    merchant_id: MerchantId,
    mode: Mode,
    version: u32,
    email: Option<String>,
    personal_code: String,
    search: String,
    document: String,
    extra: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl CustomerRow {
    pub(crate) fn new(record: CustomerRecord) -> Result<Self, Error> {
        let CustomerRecord { id, merchant_id, mode, version, details, extra, created_at, updated_at } = record;
        let searched =
            [&details.email, &details.full_name, &details.legal_name, &details.personal_code, &details.phone];
        let search = searched.map(|text| text.to_lowercase()).join("\n");
        let email = (!details.email.is_empty()).then(|| details.email.to_lowercase());
        let personal_code = details.personal_code.clone();
        let document = documents::text(&CustomerDoc(details))?;
        Ok(Self {
            id,
            merchant_id,
            mode,
            version,
            email,
            personal_code,
            search,
            document,
            extra,
            created_at,
            updated_at,
        })
    }

    /// Whether another purchase made a customer of this email.
    pub(crate) fn is_taken(&self, connection: &Connection) -> Result<bool, Error> {
        let taken = first(
            connection,
            "select id from customers where merchant_id = $1 and mode = $2 and inline_email = $3",
            params![self.merchant_id.bytes(), self.mode.as_str(), self.email],
            |_| Ok(()),
        )?;
        Ok(taken.is_some())
    }

    /// Writes what a purchase made.
    pub(crate) fn insert(&self, connection: &Connection) -> Result<(), Error> {
        self.insert_as(connection, self.email.as_deref())
    }

    fn insert_as(&self, connection: &Connection, inline_email: Option<&str>) -> Result<(), Error> {
        let Self {
            id,
            merchant_id,
            mode,
            version,
            email,
            personal_code,
            search,
            document,
            extra,
            created_at,
            updated_at,
        } = self;
        execute(
            connection,
            "insert into customers (id, merchant_id, mode, version, email, inline_email, personal_code, search, document,
             extra, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            params![
                id.bytes(),
                merchant_id.bytes(),
                mode.as_str(),
                version,
                email,
                inline_email,
                personal_code,
                search,
                document,
                extra,
                created_at.micros(),
                updated_at.micros()
            ],
        )?;
        Ok(())
    }

    fn update(&self, connection: &Connection) -> Result<(), Error> {
        let Self { id, version, email, personal_code, search, document, extra, updated_at, .. } = self;
        execute(
            connection,
            "update customers set version = $1, email = $2,
             inline_email = case when inline_email = $2 then inline_email end, personal_code = $3, search = $4,
             document = $5, extra = $6, updated_at = $7 where id = $8",
            params![version, email, personal_code, search, document, extra, updated_at.micros(), id.bytes()],
        )?;
        Ok(())
    }
}

/// Whether whoever wants to change a customer saw it as it is.
pub(crate) fn is_current(connection: &Connection, write: &CustomerWrite) -> Result<bool, Error> {
    match write {
        CustomerWrite::Add(_) | CustomerWrite::Remove(..) => Ok(true),
        CustomerWrite::Change(record) => {
            let version =
                first(connection, "select id, version from customers where id = $1", [record.id.bytes()], |row| {
                    Cells::new("customers", row).get::<u32>(1, "version")
                })?;
            Ok(version.is_some_and(|version| version + 1 == record.version))
        }
    }
}

pub(crate) fn write(connection: &Connection, write: &CustomerWrite) -> Result<(), Error> {
    match write {
        CustomerWrite::Add(record) => CustomerRow::new(record.clone())?.insert_as(connection, None),
        CustomerWrite::Change(record) => CustomerRow::new(record.clone())?.update(connection),
        CustomerWrite::Remove(merchant_id, mode, id) => {
            execute(
                connection,
                "delete from customers where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), id.bytes()],
            )?;
            Ok(())
        }
    }
}

/// Which customers are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those with this text in their email, names, personal code or phone, in whatever case; those whose email it is come
    /// first.
    pub text: Option<String>,
    /// Those with exactly this personal code.
    pub personal_code: Option<String>,
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
                "select id, merchant_id, mode, version, document, extra, created_at, updated_at from customers
                 where merchant_id = $1 and mode = $2 and id = $3",
                params![merchant_id.bytes(), mode.as_str(), id.bytes()],
                parse,
            )
        })
        .await
    }

    /// The oldest customer of this merchant and mode with this email, which is given in lower case.
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
        self.read(move |connection| {
            first(
                connection,
                "select id, merchant_id, mode, version, document, extra, created_at, updated_at from customers
                 where merchant_id = $1 and mode = $2 and email = $3 order by position limit 1",
                params![merchant_id.bytes(), mode.as_str(), email],
                parse,
            )
        })
        .await
    }

    /// The customers of a merchant in a mode that are wanted, newest first: at most `most`, and those beside a place. A text
    /// is looked for in every one of them.
    ///
    /// # Errors
    /// When something broke.
    pub async fn customers(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        wanted: Wanted,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<CustomerRecord>, Error> {
        self.read(move |connection| {
            let (is_newer, Place { rank, at, id }) = Beside::direction(beside);
            let Wanted { text, personal_code } = wanted;
            let text = text.map(|text| text.to_lowercase());
            let pattern = text.as_deref().map(containing);
            let sql = if is_newer { NEWER } else { OLDER };
            let params = params![
                merchant_id.bytes(),
                mode.as_str(),
                pattern,
                personal_code,
                text,
                rank,
                at.micros(),
                id.as_bytes(),
                most
            ];
            let mut found = all(connection, sql, params, parse)?;
            if is_newer {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }
}

/// Anything with this text in it, for `like`.
fn containing(text: &str) -> String {
    let literal = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{literal}%")
}

const OLDER: &str = "select id, merchant_id, mode, version, document, extra, created_at, updated_at from customers
     where merchant_id = $1 and mode = $2 and ($3 is null or search like $3 escape '!')
     and ($4 is null or personal_code = $4) and (coalesce(email = $5, 0), created_at, id) < ($6, $7, $8)
     order by coalesce(email = $5, 0) desc, created_at desc, id desc limit $9";
const NEWER: &str = "select id, merchant_id, mode, version, document, extra, created_at, updated_at from customers
     where merchant_id = $1 and mode = $2 and ($3 is null or search like $3 escape '!')
     and ($4 is null or personal_code = $4) and (coalesce(email = $5, 0), created_at, id) > ($6, $7, $8)
     order by coalesce(email = $5, 0), created_at, id limit $9";

fn parse(row: &Row<'_>) -> Result<CustomerRecord, Error> {
    let cells = Cells::new("customers", row);
    let CustomerDoc(details) = cells.document(4, "document")?;
    Ok(CustomerRecord {
        id: cells.id(0, "id")?,
        merchant_id: cells.id(1, "merchant_id")?,
        mode: cells.mode(2, "mode")?,
        version: cells.get(3, "version")?,
        details,
        extra: cells.get(5, "extra")?,
        created_at: cells.time(6, "created_at")?,
        updated_at: cells.time(7, "updated_at")?,
    })
}
