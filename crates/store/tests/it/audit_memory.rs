//! What an audit remembers does not grow with the payments.
//!
//! `AUDIT=full cargo nextest run --release -p store audit_memory --no-capture` asks with a million.

use std::path::Path;
use std::process::Command as Process;

use domain::{CaptureMode, Command, Payment, Terms};
use store::{Changeset, CheckoutRecord, Store, Timer, TimerKind};

use crate::samples::{approved, attempt_id, change, checkout, inquiry, open, opening_with, submission, terms};

/// Names the directory to the process that audits it.
const AUDITED: &str = "AUDITED";
/// Payments under way at once while a store is filled.
const WAVE: u128 = 1_000;

/// Writes payments with these numbers: of four one is under way and three are held, all of them with a timer.
async fn fill(store: &Store, numbers: std::ops::Range<u128>) {
    let mut begin = numbers.start;
    while begin < numbers.end {
        let wave = begin..numbers.end.min(begin + WAVE);
        let opened = wave.clone().map(|number| {
            let (change, payment) = opening_with(&Terms { capture: CaptureMode::Manual, ..terms(number) });
            let record = CheckoutRecord { checkout: checkout(number), document: r#"{"own":1}"#.to_owned() };
            (number, Changeset { checkout: Some(Box::new(record)), ..change }, payment)
        });
        let opened = all_done(store, opened).await;
        let sent = opened.into_iter().map(|(number, payment)| {
            let (sent, payment) = change(&payment, &Command::Submit(submission(number)), 1);
            (number, Changeset { timers: vec![inquiry(number)], ..sent }, payment)
        });
        let sent = all_done(store, sent).await;
        let held = sent.into_iter().filter(|(number, _)| number % 4 > 0).map(|(number, payment)| {
            let settle = Command::Settle { attempt_id: attempt_id(number), outcome: approved() };
            let (held, payment) = change(&payment, &settle, 2);
            let timers = vec![Timer { kind: TimerKind::Lapse, ..inquiry(number) }];
            (number, Changeset { timers, timers_done: vec![inquiry(number)], ..held }, payment)
        });
        all_done(store, held).await;
        begin = wave.end;
    }
}

/// Commits all of them at once.
async fn all_done(store: &Store, changes: impl Iterator<Item = (u128, Changeset, Payment)>) -> Vec<(u128, Payment)> {
    let sent: Vec<_> =
        changes.map(|(number, change, payment)| (number, payment, tokio::spawn(store.commit(change)))).collect();
    let mut all = vec![];
    for (number, payment, committed) in sent {
        let committed = committed.await.expect("it ends").expect("it can be written");
        assert_eq!(store::Committed::Done, committed);
        all.push((number, payment));
    }
    all
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Audits so many payments or more in a process of its own; the most memory it had, in KiB.
fn peak_of_audit(dir: &Path, payments: u128) -> u64 {
    let again = Process::new(std::env::current_exe().expect("this program"))
        .args(["audit_memory::an_audit_needs_no_more_for_more_payments", "--exact", "--nocapture"])
        .env(AUDITED, dir)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    let (_, found) = said.split_once("audited: ").expect(&said);
    let mut numbers = found.split_whitespace().map(|word| word.parse::<u64>().expect("a number"));
    let [audited, broken, peak] = [(); 3].map(|()| numbers.next().expect("three numbers"));
    assert!(u128::from(audited) >= payments && broken == 0, "{said}");
    peak
}

#[tokio::test]
async fn an_audit_needs_no_more_for_more_payments() {
    if let Some(dir) = std::env::var_os(AUDITED) {
        let report = Store::audit_dir(Path::new(&dir)).expect("readable");
        println!("audited: {} {} {}", report.payments, report.broken.len(), peak());
        return;
    }
    let is_full = std::env::var("AUDIT").is_ok_and(|size| size == "full");
    let (few, many) = if is_full { (100_000, 1_000_000) } else { (10_000, 40_000) };
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    fill(&store, 1..few + 1).await;
    let peak_of_few = peak_of_audit(dir.path(), few);
    fill(&store, few + 1..many + 1).await;
    // The store goes on while it is audited.
    let path = dir.path().to_owned();
    let auditing = tokio::task::spawn_blocking(move || peak_of_audit(&path, many));
    let mut next = many + 1;
    while !auditing.is_finished() {
        fill(&store, next..next + 100).await;
        next += 100;
    }
    let peak_of_many = auditing.await.expect("it ends");
    println!(
        "the audit of {few} payments had {peak_of_few} KiB at most, of {many} and more while {} were added {peak_of_many} KiB",
        next - many - 1
    );
    // What SQLite keeps of the file and to sort with has bounds of its own, which few payments may not reach.
    assert!(peak_of_many < peak_of_few + 6 * 1024, "{peak_of_few} KiB for {few}, {peak_of_many} KiB for {many}");
    store.close().await.expect("it closes");
}
