//! The audit is silent about what is true and finds what is not.

use domain::{CaptureMode, Command, Doubt, InDoubt, Mode, Outcome, Terms};
use rusqlite::Connection;
use store::{Changeset, Committed, DoubtWrite, QueuedDoubt, Store, Timer, TimerKind};
use tempfile::{TempDir, tempdir};

use crate::samples::{
    MERCHANT, OTHER, approved, at, attempt_id, change, done, inquiry, money, open, opening, opening_with, pay,
    payment_id, submission, submit, terms,
};

/// Two payments that were paid, one under way, one declined, one reversing, one only opened.
async fn filled() -> (TempDir, Store) {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    pay(&store, 1).await;
    pay(&store, 2).await;
    submit(&store, 3).await;
    let payment = submit(&store, 4).await;
    let declined =
        Outcome::Declined { reason: domain::DeclineReason::InsufficientFunds, facts: domain::CardFacts::default() };
    let settle = |outcome| Command::Settle { attempt_id: attempt_id(4), outcome };
    let (mut changeset, payment) = change(&payment, &settle(declined), 3);
    changeset.timers_done = vec![inquiry(4)];
    done(&store, changeset).await;
    // Told no, later yes: it is undone.
    let (mut changeset, _) = change(&payment, &settle(approved()), 4);
    changeset.timers = vec![Timer { kind: TimerKind::Reverse { attempt_id: attempt_id(4), asked: 0 }, ..inquiry(4) }];
    done(&store, changeset).await;
    done(&store, opening(5).0).await;
    (dir, store)
}

#[tokio::test]
async fn what_is_true_is_counted() {
    let (dir, store) = Box::pin(filled()).await;
    let report = store.audit().await.expect("readable");
    assert_eq!(Vec::<String>::new(), report.broken);
    assert_eq!((2, 5, 15), (report.merchants, report.payments, report.events));
    // Two for each authorization, six for each capture with a fee.
    assert_eq!((16, 6, 2), (report.postings, report.balances, report.open_attempts));
    assert_eq!(report, Store::audit_dir(dir.path()).expect("readable beside a server"));
    store.close().await.expect("it closes");
    assert_eq!(report, Store::audit_dir(dir.path()).expect("readable without one"));
}

#[tokio::test]
async fn every_kind_of_tampering_is_found() {
    let (dir, store) = Box::pin(filled()).await;
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    let payment = payment_id(1).to_string();
    let attempt = attempt_id(3).to_string();
    for (edit, found, id) in [
        ("update postings set amount = amount + 1 where position = 3 and line = 0", "I1: the postings", "row 3"),
        ("update postings set amount = amount * 2 where position = 3", "not those of its event", "row 3"),
        ("update postings set account = 'fees_earned' where position = 3 and line = 0", "I1: the postings", "row 3"),
        ("delete from postings where position = 3", "I1: the postings of journal row 3", "row 3"),
        ("update postings set position = 900 where position = 3", "posting of journal row 900", "no such row"),
        ("update postings set account = 'nobody' where position = 3 and line = 0", "unreadable account", "postings"),
        ("update balances set amount = amount + 1 where account = 'merchant' and layer = 'posted'", "I1: the", "MYR"),
        ("delete from balances where account = 'merchant' and layer = 'posted'", "is missing", "posted"),
        (
            "update journal set event = replace(event, '954 MYR', '955 MYR') where position = 4",
            "breaks at journal row 4",
            "version 4",
        ),
        ("update journal set event = '\"vanished\"' where position = 4", "unreadable event", "row 4"),
        ("update journal set at = at + 1 where position = 2", "breaks at journal row 2", "version 2"),
        ("update journal set hash = zeroblob(32) where position = 2", "breaks at journal row 2", "version 2"),
        ("update journal set hash = zeroblob(3) where position = 2", "unreadable hash", "2"),
        ("delete from journal where position = 2", "has no version 2", "I7"),
        (
            "delete from journal where position = (select max(position) from journal)",
            "ends at journal row 14",
            "left at 15",
        ),
        ("delete from journal", "is gone", "chain"),
        ("update journal_heads set hash = zeroblob(32)", "another hash", "chain"),
        ("delete from journal_heads", "nobody wrote down", "chain"),
        ("update payments set version = version + 1 where position = 1", "another version", payment.as_str()),
        ("update payments set state = 'open' where position = 1", "another state", payment.as_str()),
        ("update payments set captured = 1 where position = 1", "another captured amount", payment.as_str()),
        ("update payments set captured = 999 where position = 1", "I2: payment", payment.as_str()),
        ("update payments set authorized = 999 where position = 1", "I2: payment", payment.as_str()),
        ("update payments set currency = 'EUR' where position = 1", "and its journal in MYR", payment.as_str()),
        ("update payments set merchant_id = zeroblob(16) where position = 1", "another merchant's", payment.as_str()),
        ("update payments set due_at = null where position = 1", "another due time", payment.as_str()),
        ("delete from payments where position = 1", "has a journal and no row", payment.as_str()),
        ("delete from timers", "is open and has no timer", attempt.as_str()),
        (
            "update journal set event = '\"viewed\"' where position = 2",
            "has an outcome and was never sent",
            payment.as_str(),
        ),
        (
            "update journal set event = (select event from journal where position = 3) where position = 4",
            "has two outcomes",
            payment.as_str(),
        ),
        (
            "update journal set event = replace(event, '954 MYR', '955 MYR') where position = 3",
            "I2: by its journal",
            payment.as_str(),
        ),
        (
            "update journal set event = replace(event, 'MYR', 'EUR') where position = 3",
            "its journal in EUR",
            payment.as_str(),
        ),
    ] {
        // A copy of the whole store is edited, so that one edit does not hide another.
        let copy = tempdir().expect("a directory");
        let file = copy.path().join("tollgate.db");
        raw.execute("vacuum into $1", [file.to_str().expect("a path")]).expect("a copy");
        let edited = Connection::open(file).expect("a database").execute(edit, []).expect(edit);
        assert!(edited > 0, "{edit}");
        let broken = Store::audit_dir(copy.path()).expect("readable").broken;
        assert!(broken.iter().any(|one| one.contains(found) && one.contains(id)), "{edit}: {broken:#?}");
    }
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken);
}

#[tokio::test]
async fn an_attempt_sent_twice_is_found() {
    let (dir, store) = Box::pin(filled()).await;
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    raw.execute("update journal set event = (select event from journal where position = 2) where position = 3", [])
        .expect("it can be edited");
    let broken = store.audit().await.expect("readable").broken;
    let id = submission(1).attempt_id.to_string();
    assert!(broken.iter().any(|one| one.contains("was sent twice") && one.contains(&id)), "{broken:#?}");
}

#[tokio::test]
async fn money_that_is_held_for_a_cancelled_payment_needs_a_timer() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let manual = Terms { capture: CaptureMode::Manual, ..terms(1) };
    let (changeset, payment) = opening_with(&manual);
    done(&store, changeset).await;
    let (mut changeset, payment) = change(&payment, &Command::Submit(submission(1)), 1);
    changeset.timers = vec![inquiry(1)];
    done(&store, changeset).await;
    let (changeset, payment) = change(&payment, &Command::Abort, 2);
    done(&store, changeset).await;
    let (mut changeset, payment) =
        change(&payment, &Command::Settle { attempt_id: attempt_id(1), outcome: approved() }, 3);
    let release = Timer { kind: TimerKind::Release { asked: 0 }, ..inquiry(1) };
    changeset.timers_done = vec![inquiry(1)];
    changeset.timers = vec![release.clone()];
    done(&store, changeset).await;
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken);
    done(&store, Changeset { timers_done: vec![release], ..Changeset::default() }).await;
    let broken = store.audit().await.expect("readable").broken;
    assert!(broken[0].contains("is cancelled, 9.54 MYR are held and no timer gives them back"), "{broken:?}");
    let (changeset, _) = change(&payment, &Command::Lapse, 4);
    done(&store, changeset).await;
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken, "nothing is held any more");
}

/// A try that was sent and never answered, and the timer that asks about it next.
async fn in_doubt(store: &Store, next: i64) -> (Timer, QueuedDoubt) {
    let payment = submit(store, 1).await;
    let timer = Timer { at: at(next), ..inquiry(1) };
    done(store, Changeset { timers_done: vec![inquiry(1)], timers: vec![timer.clone()], ..Changeset::default() }).await;
    let since = store.history(MERCHANT, Mode::Test, payment_id(1)).await.expect("readable").last().expect("sent").at;
    let doubt = Doubt { what: InDoubt::Authorization(attempt_id(1)), amount: payment.terms.amount, since };
    let queued = QueuedDoubt { payment_id: payment_id(1), merchant_id: MERCHANT, mode: Mode::Test, doubt, asked: 28 };
    (timer, queued)
}

fn queue(queued: &QueuedDoubt, version: u32) -> Changeset {
    let doubt = Some(Box::new(DoubtWrite { queued: queued.clone(), version }));
    Changeset { doubt, ..Changeset::default() }
}

const DAY: i64 = 86_400;

#[tokio::test]
async fn what_is_in_doubt_for_more_than_a_day_is_in_the_manual_queue() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let (timer, queued) = in_doubt(&store, DAY).await;
    let broken = async || store.audit().await.expect("readable").broken;
    assert_eq!(Vec::<String>::new(), broken().await, "it is asked about in time");
    let reference = attempt_id(1).to_string();
    // Nobody asks again before the day is over.
    let later = Timer { at: at(DAY + 3_600), ..timer.clone() };
    done(&store, Changeset { timers_done: vec![timer], timers: vec![later.clone()], ..Changeset::default() }).await;
    let found = broken().await;
    let expected = "has been in doubt for more than a day and is not in the manual queue";
    assert!(found[0].starts_with("L13: ") && found[0].contains(&reference) && found[0].contains(expected), "{found:?}");
    // By the store's clock the day is over.
    let sooner = Timer { at: at(0), ..later.clone() };
    done(&store, Changeset { timers: vec![sooner], ..Changeset::default() }).await;
    assert_eq!(Vec::<String>::new(), broken().await, "it is due");
    let (opened, other) = opening(2);
    done(&store, opened).await;
    done(&store, change(&other, &Command::View, 2 * DAY).0).await;
    assert!(broken().await[0].contains(expected));
    done(&store, queue(&queued, 2)).await;
    let report = store.audit().await.expect("readable");
    assert_eq!((Vec::new(), 1), (report.broken, report.queued));

    let other = Doubt { amount: money(1), ..queued.doubt };
    done(&store, Changeset { doubts_over: vec![attempt_id(1).uuid()], ..Changeset::default() }).await;
    done(&store, queue(&QueuedDoubt { doubt: other, ..queued.clone() }, 2)).await;
    assert!(broken().await[0].contains("is another one in the manual queue"));
    let what = InDoubt::Authorization(attempt_id(7));
    let doubt = Doubt { what, ..queued.doubt };
    done(&store, queue(&QueuedDoubt { doubt, ..queued }, 2)).await;
    let found = broken().await;
    assert!(found[1].contains("is in the manual queue and not in doubt"), "{found:?}");
}

#[tokio::test]
async fn a_doubt_is_queued_only_as_long_as_nobody_has_answered() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let (_, queued) = in_doubt(&store, DAY).await;
    let reference = queued.doubt.what.reference();
    for version in [1, 3] {
        assert_eq!(Committed::Stale, store.commit(queue(&queued, version)).await.expect("written"), "{version}");
    }
    let elsewhere = QueuedDoubt { merchant_id: OTHER, ..queued.clone() };
    assert_eq!(Committed::Stale, store.commit(queue(&elsewhere, 2)).await.expect("written"));
    assert_eq!(None, store.queued_doubt(reference).await.expect("readable"));

    done(&store, queue(&queued, 2)).await;
    done(&store, queue(&QueuedDoubt { asked: 29, ..queued.clone() }, 2)).await;
    done(&store, queue(&queued, 2)).await;
    let asked_again = QueuedDoubt { asked: 29, ..queued };
    assert_eq!(Some(asked_again.clone()), store.queued_doubt(reference).await.expect("readable"));
    assert_eq!(vec![asked_again], store.queued_doubts().await.expect("readable"));
    assert_eq!(1, store.count_doubts().await.expect("readable"));
    done(&store, Changeset { doubts_over: vec![reference], ..Changeset::default() }).await;
    assert_eq!(0, store.count_doubts().await.expect("readable"));
}

#[tokio::test]
async fn a_long_list_is_cut() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let openings: Vec<_> = (0..1_100).map(|number| store.commit(opening(number).0)).collect();
    for opening in openings {
        opening.await.expect("written");
    }
    done(&store, Changeset::default()).await;
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    raw.execute("update payments set state = 'captured'", []).expect("it can be edited");
    let broken = store.audit().await.expect("readable").broken;
    assert_eq!((1_001, Some("and 100 more")), (broken.len(), broken.last().map(String::as_str)));
}
