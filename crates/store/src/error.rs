//! What can go wrong here.

use std::sync::Arc;

/// Something broke: the disk, the database, or a row nobody here wrote. Nothing in it is for a client to see.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database failed; whether an unfinished commit is durable is unknown.
    #[error("the database failed")]
    Sqlite(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A stored value that is never written.
    #[error("the row {key} of {table} has an unreadable {column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id, as operators see ids.
        key: String,
    },
    /// The store was written by a newer version of the program.
    #[error("the store has schema {found}, this program knows {supported} and older: use a newer one")]
    TooNew {
        /// The schema of the store.
        found: u32,
        /// The newest schema this program knows.
        supported: u32,
    },
    /// The store was closed, or its writer ended.
    #[error("the store is closed")]
    Closed,
    /// The data directory could not be used.
    #[error("the data directory could not be used")]
    Io(#[source] Arc<std::io::Error>),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
