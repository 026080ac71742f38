//! Opening, closing, and opening again.

use std::os::unix::fs::PermissionsExt;

use domain::Mode;
use rusqlite::Connection;
use store::{Changeset, Error, Store};
use tempfile::tempdir;

use crate::samples::{MERCHANT, checkout_id, open, opening, pay, payment_id};

#[tokio::test]
async fn what_was_written_is_there_after_closing() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let payment = pay(&store, 1).await;
    store.ping().await.expect("it works");
    store.close().await.expect("it closes");
    store.close().await.expect("closing twice is harmless");
    assert!(matches!(store.commit(Changeset::default()).await, Err(Error::Closed)));
    assert!(matches!(store.merchants().await, Err(Error::Closed)));
    assert!(store.ping().await.is_err());
    assert!(!dir.path().join("tollgate.db-wal").exists(), "the log is folded into the database");

    let store = Store::open(dir.path()).expect("a store");
    let (record, history) = store.checkout_with_history(checkout_id(1)).await.expect("readable").expect("it is there");
    assert_eq!(payment_id(1), record.checkout.payment_id);
    let folded = domain::Payment::fold(history.iter().map(|one| &one.event)).expect("a payment");
    assert_eq!(payment, folded);
    // The chain and the balances go on where they were left.
    pay(&store, 2).await;
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken);
}

#[tokio::test]
async fn only_its_own_user_may_look() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    pay(&store, 1).await;
    for file in ["tollgate.db", "tollgate.db-wal", "tollgate.db-shm"] {
        let mode = std::fs::metadata(dir.path().join(file)).expect("a file").permissions().mode();
        assert_eq!(0o600, mode & 0o777, "{file}");
    }
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_alone() {
    let dir = tempdir().expect("a directory");
    open(dir.path()).await.close().await.expect("it closes");
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    raw.execute("update schema_version set version = 7", []).expect("it can be edited");
    for refused in [Store::open(dir.path()).map(|_| ()), Store::audit_dir(dir.path()).map(|_| ())] {
        assert!(matches!(refused, Err(Error::TooNew { found: 7, supported: 1 })));
    }
    let version: u32 = raw.query_row("select version from schema_version", [], |row| row.get(0)).expect("a row");
    assert_eq!(7, version);
}

#[tokio::test]
async fn what_is_committed_is_seen_at_once_and_reading_does_not_block_writing() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    // Somebody reads for long.
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    let count = "select count(*) from payments";
    raw.execute_batch("begin").expect("a snapshot");
    assert_eq!(0, raw.query_row(count, [], |row| row.get::<_, u32>(0)).expect("a count"));
    for number in 0..200 {
        assert!(store.commit(opening(number).0).await.is_ok());
        assert_eq!(1, store.history(MERCHANT, Mode::Test, payment_id(number)).await.expect("readable").len());
    }
    assert_eq!(0, raw.query_row(count, [], |row| row.get::<_, u32>(0)).expect("a count"), "its snapshot stands");
}

#[test]
fn there_is_nothing_to_audit_where_no_store_is() {
    let dir = tempdir().expect("a directory");
    assert!(matches!(Store::audit_dir(dir.path()), Err(Error::Io(_))));
    assert!(Store::open(&dir.path().join("missing")).is_err());
}
