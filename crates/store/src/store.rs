//! The store: opening, committing, closing. What can be read is beside each noun.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Notify, oneshot};

use crate::audit::{self, AuditReport};
use crate::changeset::{Changeset, Committed};
use crate::error::Error;
use crate::memory::{Disk, InMemory};
use crate::readers::Readers;
use crate::schema;
use crate::writer::{Answer, Job, Prepared, Writer};

const FILE: &str = "tollgate.db";

/// Only the gateway's own user may look.
const FILE_MODE: u32 = 0o600;

/// Statements each connection keeps prepared; more than there are.
const STATEMENTS_MAX: usize = 128;

/// How long to wait for somebody else's lock: an operator's own `sqlite3`, nobody of ours.
const BUSY: Duration = Duration::from_secs(5);

/// Everything that is written down. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// See [`Store::forgetful`].
    is_forgetful: bool,
}

struct Inner {
    place: Kept,
    deliveries: Arc<Notify>,
}

/// Where everything is kept.
enum Kept {
    OnDisk(OnDisk),
    InMemory(InMemory),
}

struct OnDisk {
    file: PathBuf,
    queue: Mutex<Option<Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
}

impl Store {
    /// Opens the store in `dir`, which exists; makes `tollgate.db` there if need be and brings it to the newest
    /// schema. That no other process writes to it is the caller's care.
    ///
    /// # Errors
    /// [`Error::TooNew`] when a newer program wrote it; others when something broke.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let file = dir.join(FILE);
        // The log files take their mode from this one.
        OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(&file)?;
        std::fs::set_permissions(&file, Permissions::from_mode(FILE_MODE))?;
        File::open(dir)?.sync_all()?;

        let mut connection = connect_to_write(&file)?;
        schema::migrate(&mut connection)?;
        let readers = Readers::open(&file)?;
        let deliveries = Arc::<Notify>::default();
        let writer = Writer::new(connection, Arc::clone(&deliveries))?;
        let (queue, jobs) = channel();
        let writer = thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run(&jobs))?;
        let (queue, writer) = (Mutex::new(Some(queue)), Mutex::new(Some(writer)));
        let place = Kept::OnDisk(OnDisk { file, queue, writer, readers });
        Ok(Self { inner: Arc::new(Inner { place, deliveries }), is_forgetful: false })
    }

    /// A store in memory, as [`Store::image`] left one, or an empty one; for simulations. It has no threads: everything
    /// happens where it is asked for, in the order in which it is asked for.
    ///
    /// # Errors
    /// When the image is none.
    pub fn in_memory(image: Option<&[u8]>, disk: Arc<dyn Disk>) -> Result<Self, Error> {
        let deliveries = Arc::<Notify>::default();
        let place = Kept::InMemory(InMemory::open(image, disk, Arc::clone(&deliveries))?);
        Ok(Self { inner: Arc::new(Inner { place, deliveries }), is_forgetful: false })
    }

    /// Everything that is committed, as the bytes of a database file; nothing of a store on disk.
    ///
    /// # Errors
    /// When something broke.
    pub fn image(&self) -> Result<Option<Vec<u8>>, Error> {
        match &self.inner.place {
            Kept::OnDisk(_) => Ok(None),
            Kept::InMemory(memory) => memory.image().map(Some),
        }
    }

    /// The same store, except that it takes every changeset and writes none: what an endpoint costs without storage,
    /// for benchmarks.
    #[must_use]
    pub fn forgetful(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), is_forgetful: true }
    }

    /// Writes a changeset: all of it or none. It is on its way when this returns, whether or not anybody waits for
    /// the answer, and durable when the answer is [`Committed::Done`].
    ///
    /// # Errors
    /// When something broke; then it may or may not be durable.
    pub fn commit(&self, changeset: Changeset) -> impl Future<Output = Result<Committed, Error>> + Send + use<> {
        let sent = if self.is_forgetful { Ok(Sent::Nowhere) } else { self.send(changeset) };
        async move {
            match sent? {
                Sent::ToWriter(answer) => answer.await.map_err(|_| Error::Closed)?,
                Sent::ToMemory(answer) => answer.await,
                Sent::Nowhere => Ok(Committed::Done),
            }
        }
    }

    fn send(&self, changeset: Changeset) -> Result<Sent, Error> {
        let change = Prepared::new(changeset)?;
        match &self.inner.place {
            Kept::OnDisk(disk) => {
                let (reply, answer) = oneshot::channel();
                let queue = disk.queue.lock().unwrap_or_else(PoisonError::into_inner);
                queue.as_ref().ok_or(Error::Closed)?.send(Job { change, reply }).map_err(|_| Error::Closed)?;
                Ok(Sent::ToWriter(answer))
            }
            Kept::InMemory(memory) => Ok(Sent::ToMemory(memory.commit(change))),
        }
    }

    /// Is called after each commit that wrote notifications.
    #[must_use]
    pub fn deliveries_written(&self) -> Arc<Notify> {
        Arc::clone(&self.inner.deliveries)
    }

    /// Whether it can be read and written.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(schema::version).await?;
        self.commit(Changeset::default()).await.map(|_| ())
    }

    /// Writes what was sent, folds the log into the database, and closes it. Whoever comes later gets
    /// [`Error::Closed`].
    ///
    /// # Errors
    /// [`Error::Closed`] when the writer ended before.
    pub async fn close(&self) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        let closing = tokio::task::spawn_blocking(move || match &inner.place {
            Kept::OnDisk(disk) => {
                drop(disk.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
                disk.readers.close();
                let writer = disk.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
                writer.map_or(Ok(()), JoinHandle::join)
            }
            Kept::InMemory(_) => Ok(()),
        });
        closing.await.map_err(|_| Error::Closed)?.map_err(|_| Error::Closed)
    }

    /// Checks every journal row, posting, balance and payment against the invariants of the design, as they were at
    /// one moment, while the store goes on. Its memory does not grow with the number of payments.
    ///
    /// # Errors
    /// When something broke; what is wrong with the data is in the report.
    pub async fn audit(&self) -> Result<AuditReport, Error> {
        match &self.inner.place {
            Kept::OnDisk(disk) => {
                let file = disk.file.clone();
                // A connection of its own: it would hold up everybody who reads.
                let audit = tokio::task::spawn_blocking(move || audit::run(&connect_to_read(&file)?));
                audit.await.map_err(|_| Error::Closed)?
            }
            Kept::InMemory(memory) => memory.audit(),
        }
    }

    /// [`Store::audit`] of the store in `dir`, whether or not a server is using it. Nothing is written.
    ///
    /// # Errors
    /// When there is none, a newer program wrote it, or something broke.
    pub fn audit_dir(dir: &Path) -> Result<AuditReport, Error> {
        let file = dir.join(FILE);
        std::fs::metadata(&file)?;
        audit::run(&connect_to_read(&file)?)
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.inner.place {
            Kept::OnDisk(disk) => disk.readers.read(read).await,
            Kept::InMemory(memory) => memory.read(read).await,
        }
    }
}

impl Store {
    /// Reads by a connection of its own, for what takes so long that it would hold up everybody who reads.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.inner.place {
            Kept::OnDisk(disk) => {
                let file = disk.file.clone();
                let reading = tokio::task::spawn_blocking(move || read(&connect_to_read(&file)?));
                reading.await.map_err(|_| Error::Closed)?
            }
            Kept::InMemory(memory) => memory.read(read).await,
        }
    }
}

/// Where a changeset went.
enum Sent {
    ToWriter(oneshot::Receiver<Answer>),
    ToMemory(Pin<Box<dyn Future<Output = Answer> + Send>>),
    Nowhere,
}

/// The connection that writes: a write-ahead log, synced at every commit.
fn connect_to_write(file: &Path) -> Result<Connection, Error> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma cache_size = -32768;
         pragma wal_autocheckpoint = 4096;",
    )?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn connect_to_read(file: &Path) -> Result<Connection, Error> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("pragma cache_size = -4096")?;
    schema::version(&connection)?;
    Ok(connection)
}

fn connect(file: &Path, access: OpenFlags) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    keep_statements(&connection);
    Ok(connection)
}

pub(crate) fn keep_statements(connection: &Connection) {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_synced_and_a_reader_cannot_write() {
        let dir = tempfile::tempdir().expect("a directory");
        let _store = Store::open(dir.path()).expect("a store");
        let file = dir.path().join(FILE);
        let writer = connect_to_write(&file).expect("a database");
        let synchronous: u32 = writer.query_row("pragma synchronous", [], |row| row.get(0)).expect("a setting");
        let journal: String = writer.query_row("pragma journal_mode", [], |row| row.get(0)).expect("a setting");
        assert_eq!((2, "wal"), (synchronous, journal.as_str()), "2 is full: the log is synced at every commit");
        let reader = connect_to_read(&file).expect("a database");
        assert!(reader.execute("delete from settings", []).is_err());
    }
}
