//! A store in memory for simulations: the same writer, schema and statements, without threads. What its disk does to each
//! commit, the simulation says.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Notify;

use crate::audit::{self, AuditReport};
use crate::changeset::Committed;
use crate::error::Error;
use crate::schema;
use crate::store::keep_statements;
use crate::writer::{Answer, Prepared, Writer};

/// A simulated disk.
pub trait Disk: Send + Sync {
    /// Decides what becomes of the commit that is sent now; `of_payment` is one of a payment's events.
    fn commit(&self, of_payment: bool) -> CommitFate;

    /// What the caller waits for before it hears what was committed or read.
    fn turn(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFate {
    /// It is written, unless a guard refuses it.
    Written,
    /// The same, and nobody hears of it.
    AnswerLost,
    /// It is not written, and nobody knows that.
    NotWritten,
    /// Somebody else was faster.
    Stale,
}

pub(crate) struct InMemory {
    writer: Mutex<Writer>,
    disk: Arc<dyn Disk>,
}

impl InMemory {
    pub(crate) fn open(image: Option<&[u8]>, disk: Arc<dyn Disk>, deliveries: Arc<Notify>) -> Result<Self, Error> {
        let mut connection = Connection::open_in_memory()?;
        if let Some(image) = image {
            connection.deserialize_read_exact("main", image, image.len(), false)?;
        }
        keep_statements(&connection);
        schema::migrate(&mut connection)?;
        Ok(Self { writer: Mutex::new(Writer::new(connection, deliveries)?), disk })
    }

    pub(crate) fn image(&self) -> Result<Vec<u8>, Error> {
        Ok(self.writer().connection().serialize("main")?.to_vec())
    }

    /// Written when this returns; heard of when the disk says so.
    pub(crate) fn commit(&self, change: Prepared) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let fate = self.disk.commit(change.is_of_payment());
        let answer = match fate {
            CommitFate::Written => self.writer().write_one(change),
            CommitFate::AnswerLost => self.writer().write_one(change).and(Err(Error::Closed)),
            CommitFate::NotWritten => Err(Error::Closed),
            CommitFate::Stale => Ok(Committed::Stale),
        };
        let turn = self.disk.turn();
        Box::pin(async move {
            turn.await;
            answer
        })
    }

    pub(crate) async fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let found = read(self.writer().connection());
        self.disk.turn().await;
        found
    }

    pub(crate) fn audit(&self) -> Result<AuditReport, Error> {
        audit::run(self.writer().connection())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
