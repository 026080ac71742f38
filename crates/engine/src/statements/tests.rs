//! Statements as the worker makes them, and as a process leaves them that dies.
//!
//! `STATEMENT=full cargo nextest run --release -p engine statement_needs --no-capture` makes one of a million rows.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command as Process;

use domain::ledger::postings;
use domain::{
    AttemptId, Brand, BrandId, CaptureMode, CardFacts, CardId, CardSummary, ChallengeWindow, Checkout, CheckoutId,
    Command, Currency, Customer, Dialect, Event, Expiry, Fees, Flow, KeyId, Line, Means, MerchantId, Mode, Money,
    Outcome, Payment, PaymentId, Recorded, Redirects, Submission, Terms,
};
use store::{CheckoutRecord, PaymentWrite};

use super::*;
use crate::Reach;
use crate::workers::tests::{START, engine, node};

fn caller(number: u128) -> Credential {
    let id = Uuid::from_u128(number);
    Credential { key_id: KeyId::new(id), merchant_id: MerchantId::new(id), mode: Mode::Test, entity: None }
}

fn asked(format: StatementFormat) -> NewStatement {
    let filter = StatementFilter::default();
    NewStatement { format, time_zone: "Asia/Kuala_Lumpur".to_owned(), query: String::new(), filter }
}

async fn create(engine: &Engine, caller: Credential) -> Statement {
    engine.create_statement(caller, asked(StatementFormat::Csv), |_| None).await.expect("written").expect("room")
}

/// Everything that waits is made.
async fn work(engine: &Engine) {
    engine.advance(Duration::ZERO).await.expect("worked");
}

/// The names in the folder of statements.
fn names(dir: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(dir.join("statements")) else { return BTreeSet::new() };
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
}

/// A checkout of 9.54 MYR that was paid at once, by number, with everything written down that belongs to it.
fn taken(caller: Credential, number: u128) -> Changeset {
    let (merchant_id, mode) = (caller.merchant_id, caller.mode);
    let currency = Currency::parse("MYR").expect("a currency");
    let amount = Money::new(954, currency).expect("an amount");
    let (checkout_id, payment_id) =
        (CheckoutId::new(Uuid::from_u128(u128::MAX - number)), PaymentId::new(Uuid::from_u128(number)));
    let terms = Terms {
        payment_id,
        merchant_id,
        mode,
        checkout_id,
        amount,
        capture: CaptureMode::Automatic,
        due: None,
        single_attempt: false,
        save_card: false,
        hold_max: None,
        captured_after: None,
        fees: Fees { basis_points: 150, ..Fees::default() },
    };
    let brand_id = BrandId::new(Uuid::from_u128(4));
    let checkout = Checkout {
        id: checkout_id,
        merchant_id,
        mode,
        brand_id,
        payment_id,
        dialect: Dialect::Purchases,
        public_id: None,
        order_key: None,
        created_at: START,
        seller: "Kedai".to_owned(),
        language: "en".to_owned(),
        language_chosen: false,
        time_zone: "UTC".to_owned(),
        reference: format!("ORD-{number} by 4444 3333 2222 1111"),
        notes: String::new(),
        lines: vec![Line { name: "Tea".to_owned(), quantity: 10_000, unit_price: 954, total: 954, ..Line::default() }],
        debt: 0,
        customer: Customer { email: "ada@example.com".to_owned(), full_name: "=Ada".to_owned(), ..Customer::default() },
        customer_id: None,
        customer_named: false,
        asks_details: vec![],
        redirects: Redirects::default(),
        callback: None,
        brands: None,
        methods: vec![],
        stated: domain::Stated::default(),
        token: None,
        tender: None,
    };
    let attempt_id = AttemptId::new(Uuid::from_u128(number));
    let card = CardSummary {
        brand: Brand::Visa,
        masked: "444433******1111".to_owned(),
        expiry: Expiry { year: 2028, month: 8 },
        holder: String::new(),
    };
    let submission = Submission {
        attempt_id,
        acquirer: "test".to_owned(),
        means: Means::Card { card, card_id: CardId::new(Uuid::from_u128(1)) },
        part: None,
        token: None,
        flow: Flow::HostedPage,
        payer_ip: None,
        save_card: false,
        window: ChallengeWindow::Full,
        deadline: START,
    };
    let outcome = Outcome::Approved { amount, acquirer_reference: "A".to_owned(), facts: CardFacts::default() };
    let mut payment = Payment::open(terms.clone());
    let mut events = vec![Recorded { version: 1, at: START, event: Event::Opened(terms) }];
    let mut lines = vec![];
    for command in [Command::Submit(submission), Command::Settle { attempt_id, outcome }] {
        for event in payment.decide(&command).expect("it fits") {
            payment.apply(&event);
            lines.extend(postings(&event).into_iter().map(|posting| (payment.version, posting)));
            events.push(Recorded { version: payment.version, at: START, event });
        }
    }
    Changeset {
        checkout: Some(Box::new(CheckoutRecord { checkout, document: "{}".to_owned() })),
        payment: Some(PaymentWrite { expected_version: 0, payment, brand_id, events, postings: lines }),
        ..Changeset::default()
    }
}

async fn fill(engine: &Engine, caller: Credential, numbers: std::ops::Range<u128>) {
    let mut sent = vec![];
    for number in numbers {
        sent.push(tokio::spawn(engine.0.store.commit(taken(caller, number))));
        if sent.len() == 1_000 {
            for committed in sent.drain(..) {
                assert_eq!(Committed::Done, committed.await.expect("it ends").expect("written"));
            }
        }
    }
    for committed in sent {
        assert_eq!(Committed::Done, committed.await.expect("it ends").expect("written"));
    }
}

#[tokio::test]
async fn a_cancel_stops_what_is_being_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let engine = engine(dir.path()).await;
    let statement = create(&engine, caller(1)).await;
    let begins = Step { status: StatementStatus::Processing, began_at: Some(START), ..Step::of(&statement) };
    let begun = engine.step_statement(&statement, begins).await.expect("written").expect("as it was");
    let cancelled =
        engine.cancel_statement(caller(1), statement.id, |_| None).await.expect("written").expect("in time");
    assert_eq!(
        (StatementStatus::Cancelled, Some(START), None),
        (cancelled.status, cancelled.finished_at, cancelled.file)
    );
    assert!(matches!(engine.write_statement(&begun).await, Ok(Written::Unwanted)));
    assert_eq!(BTreeSet::new(), names(dir.path()), "nothing is left of it");
    assert_eq!(None, engine.cancel_statement(caller(1), statement.id, |_| None).await.expect("readable"), "it is over");
    work(&engine).await;
    assert_eq!(cancelled, engine.statement(caller(1), statement.id).await.expect("there"), "nobody makes it any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_cancel_comes_there_is_a_file_or_it_is_cancelled() {
    let dir = tempfile::tempdir().expect("a directory");
    let engine = engine(dir.path()).await;
    fill(&engine, caller(1), 1..3_000).await;
    for turn in 0_u64..30 {
        let statement = create(&engine, caller(1)).await;
        let id = statement.id;
        let making = {
            let engine = engine.clone();
            tokio::spawn(async move { engine.make_statement(statement).await })
        };
        tokio::time::sleep(Duration::from_millis(turn * 3)).await;
        let cancelled = engine.cancel_statement(caller(1), id, |_| None).await.expect("readable");
        making.await.expect("it ends").expect("made");
        let after = engine.statement(caller(1), id).await.expect("there");
        let has_file = names(dir.path()).contains(&format!("{id}.csv"));
        let expected = if cancelled.is_some() { StatementStatus::Cancelled } else { StatementStatus::Success };
        assert_eq!((expected, cancelled.is_none()), (after.status, has_file), "turn {turn}");
        assert_eq!(has_file, after.file.is_some(), "turn {turn}");
    }
    assert!(names(dir.path()).iter().all(|name| !name.ends_with(".new")), "no drafts are left");
}

#[tokio::test]
async fn a_process_that_died_leaves_it_to_the_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let folder = dir.path().join("statements");
    let first = engine(dir.path()).await;
    fill(&first, caller(1), 1..4).await;
    let statement = create(&first, caller(1)).await;
    let begins = Step { status: StatementStatus::Processing, began_at: Some(START), ..Step::of(&statement) };
    first.step_statement(&statement, begins).await.expect("written").expect("as it was");
    // Half a draft, a file that got its name before anybody could say so, and one of a statement that is over.
    std::fs::create_dir_all(&folder).expect("made");
    let over = create(&first, caller(1)).await;
    first.cancel_statement(caller(1), over.id, |_| None).await.expect("written");
    for name in [format!("{}.new", statement.id), format!("{}.csv", statement.id), format!("{}.csv", over.id)] {
        std::fs::write(folder.join(name), "date,ty").expect("written");
    }
    first.close().await;
    drop(first);
    let next = engine(dir.path()).await;
    assert_eq!(BTreeSet::new(), names(dir.path()), "nothing of it is offered");
    work(&next).await;
    let made = next.statement(caller(1), statement.id).await.expect("there");
    assert_eq!(StatementStatus::Success, made.status);
    let link = made.file.expect("a file");
    let download = next.statement_download(link.token).await.expect("there");
    let text = std::fs::read_to_string(&download.path).expect("readable");
    assert_eq!(4, text.lines().count(), "the columns and three payments");
    assert!(text.contains("ORD-3 by ") && !text.contains("4444 3333"), "numbers of cards are masked: {text}");
    assert_eq!(BTreeSet::from([format!("{}.csv", statement.id)]), names(dir.path()));
    next.close().await;
    drop(next);
    let last = engine(dir.path()).await;
    assert!(last.statement_download(link.token).await.is_ok(), "a file that is there stays");
}

#[tokio::test]
async fn what_cannot_be_made_is_an_error_and_others_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let engine = engine(dir.path()).await;
    std::fs::write(dir.path().join("statements"), "no folder").expect("written");
    let statement = create(&engine, caller(1)).await;
    work(&engine).await;
    let failed = engine.statement(caller(1), statement.id).await.expect("there");
    assert_eq!((StatementStatus::Error, None), (failed.status, failed.file));
    assert!(failed.finished_at.is_some());
    std::fs::remove_file(dir.path().join("statements")).expect("removed");
    let statement = create(&engine, caller(1)).await;
    work(&engine).await;
    assert_eq!(StatementStatus::Success, engine.statement(caller(1), statement.id).await.expect("there").status);
}

#[tokio::test]
async fn a_merchant_may_ask_for_so_many_and_others_have_their_turn() {
    let dir = tempfile::tempdir().expect("a directory");
    let engine = engine(dir.path()).await;
    for _ in 0..STATEMENTS_MAX {
        create(&engine, caller(1)).await;
    }
    let more = engine.create_statement(caller(1), asked(StatementFormat::Csv), |_| None).await.expect("readable");
    assert_eq!(None, more);
    let other = create(&engine, caller(2)).await;
    assert_eq!(2, engine.statements_step().await.expect("readable"), "one of each");
    work(&engine).await;
    assert_eq!(StatementStatus::Success, engine.statement(caller(2), other.id).await.expect("there").status);
    let all = engine.statements(caller(1), None, STATEMENTS_MAX).await.expect("readable");
    assert!(all.iter().all(|statement| statement.status == StatementStatus::Success));
}

/// Names the directory to the process that makes the statement.
const MADE: &str = "STATEMENT_MADE";

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Makes statements of everything in a process of its own; the most memory it had, in KiB.
fn peak_of_making(dir: &Path, rows: u128) -> u64 {
    let again = Process::new(std::env::current_exe().expect("this program"))
        .args(["statements::tests::a_statement_needs_no_more_for_more_rows", "--exact", "--nocapture"])
        .env(MADE, dir)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&[again.stdout, again.stderr].concat()).into_owned();
    let (_, found) = said.split_once("made: ").expect(&said);
    let found = found.lines().next().unwrap_or_default();
    let mut numbers = found.split_whitespace().map(|word| word.parse::<u64>().expect("a number"));
    let [made, peak] = [(); 2].map(|()| numbers.next().expect("two numbers"));
    assert_eq!(rows, u128::from(made), "{said}");
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_statement_needs_no_more_for_more_rows() {
    if let Some(dir) = std::env::var_os(MADE) {
        let dir = Path::new(&dir);
        let seed = u64::from(std::process::id());
        let engine = node(dir, store::Store::open(dir).expect("a store"), seed, Reach::Public).await;
        let mut rows = 0;
        for format in [StatementFormat::Xlsx, StatementFormat::Csv] {
            let statement =
                engine.create_statement(caller(1), asked(format), |_| None).await.expect("written").expect("room");
            work(&engine).await;
            let made = engine.statement(caller(1), statement.id).await.expect("there");
            let download = engine.statement_download(made.file.expect("a file").token).await.expect("there");
            let file = std::fs::File::open(download.path).expect("readable");
            if format == StatementFormat::Csv {
                rows = io::BufRead::lines(io::BufReader::new(file)).count() - 1;
            }
        }
        println!("made: {rows} {}", peak());
        return;
    }
    let is_full = std::env::var("STATEMENT").is_ok_and(|size| size == "full");
    let (few, many) = if is_full { (100_000, 1_000_000) } else { (5_000, 20_000) };
    let dir = tempfile::tempdir().expect("a directory");
    let filling = engine(dir.path()).await;
    fill(&filling, caller(1), 1..few + 1).await;
    filling.close().await;
    drop(filling);
    let peak_of_few = peak_of_making(dir.path(), few);
    let filling = engine(dir.path()).await;
    fill(&filling, caller(1), few + 1..many + 1).await;
    filling.close().await;
    drop(filling);
    let peak_of_many = peak_of_making(dir.path(), many);
    println!("a statement of {few} rows had {peak_of_few} KiB at most, of {many} rows {peak_of_many} KiB");
    assert!(peak_of_many < peak_of_few + 6 * 1024, "{peak_of_few} KiB for {few}, {peak_of_many} KiB for {many}");
}
