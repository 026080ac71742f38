//! Statements and rows. A row is parsed, not trusted.

use domain::{
    AttemptId, BrandId, CardId, CheckoutId, CustomerId, DeliveryId, DifferenceId, KeyId, MerchantId, Mode, PaymentId,
    StatementId, Timestamp, WebhookId,
};
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{CachedStatement, Connection, Params, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::Error;

/// An id as it lies in a row.
pub(crate) trait Id: Sized {
    /// Its 16 bytes.
    fn bytes(self) -> [u8; 16];
    /// From its 16 bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Id for $name {
            fn bytes(self) -> [u8; 16] {
                self.uuid().into_bytes()
            }

            fn from_bytes(bytes: [u8; 16]) -> Self {
                Self::new(Uuid::from_bytes(bytes))
            }
        }
    )*};
}

ids! { AttemptId BrandId CardId CheckoutId CustomerId DeliveryId DifferenceId KeyId MerchantId PaymentId StatementId WebhookId }

/// A statement, prepared once per connection. Parameters are `$1`, `$2` ... as in PostgreSQL; SQLite takes these for
/// names and numbers them as they appear, so they have to appear in order.
pub(crate) fn statement<'c>(connection: &'c Connection, sql: &'static str) -> Result<CachedStatement<'c>, Error> {
    let statement = connection.prepare_cached(sql)?;
    #[cfg(debug_assertions)]
    for number in 1..=statement.parameter_count() {
        let name = format!("${number}");
        debug_assert_eq!(Some(name.as_str()), statement.parameter_name(number), "parameters appear in order: {sql}");
    }
    Ok(statement)
}

/// Runs a statement; answers how many rows it changed.
pub(crate) fn execute(connection: &Connection, sql: &'static str, params: impl Params) -> Result<usize, Error> {
    Ok(statement(connection, sql)?.execute(params)?)
}

/// Every row of a query.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
    parse: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    each(connection, sql, params, |row| {
        found.push(parse(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Every row of a query, one after the other: however many there are, one is in memory.
pub(crate) fn each(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
    mut take: impl FnMut(&Row<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut statement = statement(connection, sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

/// The first row of a query.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
    parse: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut statement = statement(connection, sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(parse).transpose()
}

/// A row of one table, whose first column is what operators know the row by.
pub(crate) struct Cells<'r, 's> {
    table: &'static str,
    row: &'r Row<'s>,
}

impl<'r, 's> Cells<'r, 's> {
    pub(crate) const fn new(table: &'static str, row: &'r Row<'s>) -> Self {
        Self { table, row }
    }

    /// A plain value.
    pub(crate) fn get<T: FromSql>(&self, at: usize, column: &'static str) -> Result<T, Error> {
        self.row.get(at).map_err(|_| self.corrupt(column))
    }

    /// An id.
    pub(crate) fn id<T: Id>(&self, at: usize, column: &'static str) -> Result<T, Error> {
        self.get(at, column).map(T::from_bytes)
    }

    /// An id that may be missing.
    pub(crate) fn id_or_none<T: Id>(&self, at: usize, column: &'static str) -> Result<Option<T>, Error> {
        Ok(self.get::<Option<[u8; 16]>>(at, column)?.map(T::from_bytes))
    }

    /// A moment.
    pub(crate) fn time(&self, at: usize, column: &'static str) -> Result<Timestamp, Error> {
        self.get(at, column).map(Timestamp::from_micros)
    }

    /// A moment that may not have come.
    pub(crate) fn time_or_none(&self, at: usize, column: &'static str) -> Result<Option<Timestamp>, Error> {
        Ok(self.get::<Option<i64>>(at, column)?.map(Timestamp::from_micros))
    }

    /// A word of a known list.
    pub(crate) fn word<T>(
        &self,
        at: usize,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        self.text(at, column).and_then(|text| parse(text).ok_or_else(|| self.corrupt(column)))
    }

    /// Test or live.
    pub(crate) fn mode(&self, at: usize, column: &'static str) -> Result<Mode, Error> {
        self.word(at, column, Mode::parse)
    }

    /// A JSON document.
    pub(crate) fn document<T: DeserializeOwned>(&self, at: usize, column: &'static str) -> Result<T, Error> {
        self.text(at, column).and_then(|text| serde_json::from_str(text).map_err(|_| self.corrupt(column)))
    }

    /// The error that names this row.
    pub(crate) fn corrupt(&self, column: &'static str) -> Error {
        let key = match self.row.get_ref(0) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Blob(bytes)) => Uuid::from_slice(bytes).map_or_else(|_| "?".to_owned(), |id| id.to_string()),
            Ok(ValueRef::Null | ValueRef::Real(_)) | Err(_) => "?".to_owned(),
        };
        Error::Corrupt { table: self.table, column, key }
    }

    fn text(&self, at: usize, column: &'static str) -> Result<&str, Error> {
        self.row.get_ref(at).ok().and_then(|value| value.as_str().ok()).ok_or_else(|| self.corrupt(column))
    }
}
