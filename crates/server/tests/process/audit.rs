//! `tollgate audit`: what it says about good books, bad books and no books.

use std::process::Command;

use crate::gateway::{GOOD_CARD, Place};

/// Changes a closed store behind the gateway's back. The gateway itself has no way to do this.
pub(crate) fn sql(place: &Place, statement: &str) {
    let script = "import sqlite3, sys\n\
                  connection = sqlite3.connect(sys.argv[1])\n\
                  connection.executescript(sys.argv[2])\n\
                  connection.commit()\n";
    let file = place.data().join("tollgate.db");
    let output = Command::new("python3").args(["-c", script]).arg(file).arg(statement).output().expect("python3 runs");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn good_books_are_counted_while_the_server_runs_and_after() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    gateway.purchase(&gateway.order());
    assert_eq!(303, gateway.pay(&id, GOOD_CARD).status);
    assert_eq!("paid", gateway.status(&id));
    let (code, text) = place.audit();
    assert_eq!(0, code, "{text}");
    assert!(text.contains("2 payments") && text.contains("0 broken"), "{text}");
    gateway.stop();
    assert_eq!((0, text), place.audit());
}

#[test]
fn each_damage_is_found_and_named() {
    let place = Place::new();
    let gateway = place.start();
    let id = gateway.purchase(&gateway.order());
    gateway.pay(&id, GOOD_CARD);
    gateway.stop();
    for (damage, repair) in [
        ("update payments set captured = captured + 1", "update payments set captured = captured - 1"),
        ("update balances set amount = amount + 1", "update balances set amount = amount - 1"),
        ("update postings set amount = amount * 2", "update postings set amount = amount / 2"),
        ("update journal set at = at + 1", "update journal set at = at - 1"),
        ("update payments set state = 'open'", "update payments set state = 'captured'"),
    ] {
        sql(&place, damage);
        let (code, text) = place.audit();
        assert_eq!(1, code, "{damage}: {text}");
        assert!(!text.contains(" 0 broken") && text.lines().count() > 1, "{damage}: {text}");
        assert!(text.lines().skip(1).all(|line| !line.is_empty()), "{damage}: {text}");
        sql(&place, repair);
        let (code, text) = place.audit();
        assert_eq!(0, code, "{repair}: {text}");
    }
    sql(&place, "delete from journal where position = (select max(position) from journal)");
    let (code, text) = place.audit();
    assert_eq!(1, code, "a deleted row: {text}");
}

#[test]
fn where_no_books_are_nothing_is_made() {
    let place = Place::new();
    let (code, text) = place.audit();
    assert_eq!(2, code, "{text}");
    assert!(text.contains("--data: "), "{text}");
    assert!(!place.data().exists());
    std::fs::create_dir(place.data()).unwrap();
    std::fs::write(place.data().join("tollgate.db"), b"this is no database, only a file of its name").unwrap();
    let (code, text) = place.audit();
    assert_eq!(2, code, "{text}");
}
