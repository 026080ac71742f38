//! The schema: numbered migrations, forward only, run at start.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

/// What brings a store from one schema to the next; the first makes schema 1. A migration that was released never
/// changes.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_first.sql")];

/// Brings the store to the newest schema, one durable transaction per migration.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    connection.execute_batch("create table if not exists schema_version (version integer not null) strict")?;
    let found = version(connection)?;
    for (number, migration) in (1_u32..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.execute("delete from schema_version", [])?;
        transaction.execute("insert into schema_version (version) values ($1)", [number])?;
        transaction.commit()?;
        tracing::info!(schema = number, "the store has a new schema");
    }
    Ok(())
}

/// The schema of the store, 0 for an empty one.
///
/// # Errors
/// [`Error::TooNew`] when this program does not know it.
pub(crate) fn version(connection: &Connection) -> Result<u32, Error> {
    let found = connection.query_row("select version from schema_version", [], |row| row.get(0)).optional()?;
    let found = found.unwrap_or(0);
    let supported = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > supported {
        return Err(Error::TooNew { found, supported });
    }
    Ok(found)
}
