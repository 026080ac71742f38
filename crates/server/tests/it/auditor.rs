//! The auditor itself: it finds nothing in good books, and every damage to one of the three it names by its rule
//! (security X4, X5).

use auditor::{AcquirerKind, AcquirerLine, AcquirerOutcome, Evidence, Fact, Seen, Told, Verdict};
use axum::http::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{App, GOOD, card, id, until_the_crash};
use crate::callbacks::{OK, Receiver};
use crate::card_payments_vectors::link;
use crate::orchestration::gift;

const DECLINED: &str = "4000009900050009";
const HALF_APPROVED: &str = "4000009900005102";
const CAPTURE_LOST: &str = "4000009900001101";
const LINK_CARD: &str = "4111111111111111";
const REFUSED_LEG: &str = "4000000000000002";
/// What an order is for.
const AMOUNT: i64 = 954;
const DAY: u64 = 86_400;

/// A store that nobody has open, and what came from outside it.
struct Case {
    folder: TempDir,
    lines: Vec<AcquirerLine>,
    told: Vec<Told>,
    seen: Vec<Seen>,
    once: Vec<String>,
    disputed: Vec<&'static str>,
    is_drained: bool,
}

impl Case {
    fn open(&self) -> Connection {
        let connection = Connection::open(self.folder.path().join("tollgate.db")).unwrap();
        connection.execute_batch("pragma synchronous = off").unwrap();
        connection
    }

    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(self.folder.path().join("tollgate.db"), folder.path().join("tollgate.db")).unwrap();
        let Self { lines, told, seen, once, disputed, is_drained, .. } = self;
        let (lines, told, seen, once) = (lines.clone(), told.clone(), seen.clone(), once.clone());
        Self { folder, lines, told, seen, once, disputed: disputed.clone(), is_drained: *is_drained }
    }

    fn judge(&self) -> Verdict {
        let Self { lines, told, seen, once, disputed, is_drained, .. } = self;
        let evidence =
            Evidence { acquirer: lines, told, seen, once, disputed, drained: *is_drained, ..Evidence::default() };
        auditor::compare(&self.open(), &evidence).unwrap()
    }

    fn sql(&self, damage: &str) {
        let connection = self.open();
        connection.execute_batch(damage).unwrap();
        assert!(connection.total_changes() > 0, "nothing was damaged: {damage}");
    }
}

fn told(checkout: &str, fact: Fact) -> Told {
    Told { checkout: checkout.to_owned(), fact }
}

fn seen(checkout: &str, currency: &str, [captured, refunded, held]: [i64; 3]) -> Seen {
    Seen { checkout: checkout.to_owned(), currency: currency.to_owned(), captured, refunded, held }
}

/// What the acquirer says.
async fn lines(app: &App) -> Vec<AcquirerLine> {
    serde_json::from_value(Value::Array(app.transactions().await)).unwrap()
}

/// Every way of a payment in every dialect, to its end; the app is closed.
async fn good_case() -> Case {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let hook = json!({ "title": "All", "callback": shop.url("/hook"), "all_events": true });
    assert_eq!(201, app.post("/webhooks/", &hook).await.status);
    app.advance(1).await;
    let (mut told_all, mut seen_all) = (vec![], vec![]);
    let mut note = |checkout: &str, currency: &str, facts: &[Fact], amounts: [i64; 3]| {
        told_all.extend(facts.iter().map(|fact| told(checkout, fact.clone())));
        seen_all.push(seen(checkout, currency, amounts));
    };

    let order = app.order(json!({ "reference": "ORD-once", "success_callback": shop.url("/paid") })).to_string();
    let made = crate::app::ask(&app.router, crate::app::keyed(&app.merchant.secret_key, "once", order)).await.json();
    let paid = id(&made).to_owned();
    app.pay(&paid, &card(DECLINED)).await;
    app.pay(&paid, &card(GOOD)).await;
    let made = Fact::Made { key: Some("once".to_owned()) };
    note(&paid, "MYR", &[made, Fact::Captured(AMOUNT)], [AMOUNT, 0, 0]);

    let held = app.hold(GOOD).await;
    app.act(&held, "capture", &json!({ "amount": 500 }).to_string()).await;
    assert_eq!(200, app.act(&held, "refund", &json!({ "amount": 200 }).to_string()).await.status);
    note(&held, "MYR", &[Fact::Captured(500), Fact::Released(454), Fact::Refunded(200)], [500, 200, 0]);

    let released = app.hold(GOOD).await;
    assert_eq!(200, app.act(&released, "release", "").await.status);
    note(&released, "MYR", &[Fact::Authorized(AMOUNT), Fact::Released(AMOUNT)], [0, 0, 0]);

    let cancelled = app.purchase_id(json!({})).await;
    assert_eq!(200, app.cancel(&cancelled).await.status);
    note(&cancelled, "MYR", &[Fact::Made { key: None }, Fact::Ended], [0, 0, 0]);

    let half = app.purchase_id(json!({})).await;
    app.pay(&half, &card(HALF_APPROVED)).await;
    note(&half, "MYR", &[], [0, 0, 0]);

    let number = app.authorized(&link(10_000), LINK_CARD).await;
    let part = json!({ "amount": 4_000 });
    assert_eq!(200, app.on_payment(Method::POST, number, "cards/capture", &part).await.status);
    note(&number.to_string(), "SEK", &[Fact::Authorized(10_000), Fact::Captured(4_000)], [4_000, 0, 6_000]);

    let split = app.authorized_split("SO-1").await;
    app.operate(&split, "captures", &json!({ "amount": 3_000 })).await;
    app.operate(&split, "voids", &json!({ "amount": 1_299 })).await;
    app.operate(&split, "refunds", &json!({ "amount": 500 })).await;
    let session = split["client_session_id"].as_str().unwrap();
    note(session, "EUR", &[Fact::Captured(3_000), Fact::Refunded(500)], [3_000, 500, 0]);
    let legs = [gift("illicado", "6000000000002000", 2_000), app.card_leg(REFUSED_LEG, 2_299).await];
    let failed = app.split("SO-2", &legs, &Value::Null).await.json();
    note(failed["id"].as_str().unwrap(), "EUR", &[Fact::Made { key: None }], [0, 0, 0]);

    app.advance(2 * DAY).await;
    let lines = lines(&app).await;
    let folder = tempfile::tempdir().unwrap();
    app.engine.close().await;
    std::fs::copy(app.data().join("tollgate.db"), folder.path().join("tollgate.db")).unwrap();
    let once = vec!["ORD-once".to_owned()];
    Case { folder, lines, told: told_all, seen: seen_all, once, disputed: vec![], is_drained: true }
}

/// A capture of which nobody knows yet what became, when the process ends.
fn open_case() -> Case {
    let (home, lines) = until_the_crash(async {
        let app = App::new().await;
        let held = app.hold(CAPTURE_LOST).await;
        let _waiting = app.act_slowly(&held, "capture", "").await;
        let lines = lines(&app).await;
        (app.leave(), lines)
    });
    let folder = tempfile::tempdir().unwrap();
    // The store's writer ends after the runtime; when it has closed the database, all of it is in one file.
    while home.path().join("tollgate.db-wal").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::copy(home.path().join("tollgate.db"), folder.path().join("tollgate.db")).unwrap();
    Case { folder, lines, told: vec![], seen: vec![], once: vec![], disputed: vec![], is_drained: false }
}

enum Damage {
    Sql(&'static str),
    Outside(fn(&mut Case)),
}

fn first(case: &mut Case, kind: AcquirerKind) -> &mut AcquirerLine {
    let approved = |line: &&mut AcquirerLine| line.kind == kind && line.outcome == AcquirerOutcome::Approved;
    case.lines.iter_mut().find(approved).unwrap()
}

const DAMAGES: [(&str, Damage); 53] = [
    (
        "L1",
        Damage::Sql(
            "delete from postings where line = 1",
        ),
    ),
    ("L1", Damage::Sql("update postings set amount = amount + 1 where line = 0")),
    ("L1", Damage::Sql("update postings set currency = 'USD' where line = 0")),
    ("L2", Damage::Sql("update postings set amount = amount * 2")),
    ("L2", Damage::Sql("update postings set account = 'disputed' where account = 'refunded'")),
    ("L2", Damage::Sql("delete from postings where position = (select min(position) from postings)")),
    (
        "L2",
        Damage::Sql(
            "insert into postings select position + 100000, line, currency, account, layer, amount from postings",
        ),
    ),
    ("L2", Damage::Sql("update journal set at = at + 1 where position = 3")),
    ("L2", Damage::Sql("update journal set event = '\"overdue\"' where event = '\"viewed\"'")),
    ("L2", Damage::Sql("update journal set event = '\"unheard_of\"' where position = 3")),
    ("L2", Damage::Sql("delete from journal where position = (select max(position) from journal)")),
    ("L2", Damage::Sql("delete from journal where position = 3")),
    ("L2", Damage::Sql("update journal_heads set position = position - 1")),
    ("L2", Damage::Sql("delete from journal_heads")),
    (
        "L3",
        Damage::Sql(
            "update journal set event = replace(event, '200 MYR', '2000 MYR') where event like '{\"refunded\"%'",
        ),
    ),
    (
        "L3",
        Damage::Sql(
            "update journal set event = replace(event, '500 MYR', '5000 MYR') where event like '{\"captured\"%'",
        ),
    ),
    ("L4", Damage::Sql("update payments set captured = captured + 1 where captured > 0")),
    ("L4", Damage::Sql("update payments set state = 'open' where state = 'captured'")),
    ("L4", Damage::Sql("update payments set state = 'captured' where state = 'cancelled'")),
    ("L6", Damage::Sql("delete from payments where state = 'cancelled'")),
    ("L6", Damage::Sql("delete from checkouts where position = 2")),
    ("L6", Damage::Sql("update payments set version = version + 1")),
    ("L6", Damage::Sql("insert into timers values (1, zeroblob(16), 'due', zeroblob(16), 'test')")),
    (
        "L7",
        Damage::Sql(
            "insert into payments select null, randomblob(16), merchant_id, mode, checkout_id, version, state,
        currency, amount, authorized, captured, voided, refunded, due_at, created_at, updated_at from payments limit 1",
        ),
    ),
    (
        "L7",
        Damage::Sql(
            "update journal set event = '{\"authorized\":{\"attempt\":\"' || json_extract(event, '$.declined.attempt')
        || '\",\"amount\":\"954 MYR\",\"reference\":\"\"}}' where event like '{\"declined\"%'",
        ),
    ),
    ("L8", Damage::Outside(|case| case.lines.retain(|line| line.kind != AcquirerKind::Capture))),
    ("L8", Damage::Outside(|case| case.lines.retain(|line| line.kind != AcquirerKind::Reversal))),
    (
        "L8",
        Damage::Outside(|case| {
            let twice = first(case, AcquirerKind::Authorize).clone();
            case.lines.push(twice);
        }),
    ),
    ("L8", Damage::Outside(|case| first(case, AcquirerKind::Refund).amount += 1)),
    ("L8", Damage::Outside(|case| first(case, AcquirerKind::Void).currency = "USD".to_owned())),
    ("L8", Damage::Outside(|case| first(case, AcquirerKind::Authorize).reference = "nobody".to_owned())),
    ("L8", Damage::Outside(|case| first(case, AcquirerKind::Capture).outcome = AcquirerOutcome::Declined)),
    ("L8", Damage::Outside(|case| case.seen[0].captured += 1)),
    (
        "L5",
        Damage::Outside(|case| case.told.push(told("3f0c0a2e-1111-4111-8111-111111111111", Fact::Made { key: None }))),
    ),
    (
        "L5",
        Damage::Outside(|case| {
            let paid = case.seen[0].checkout.clone();
            case.told.extend([told(&paid, Fact::Refunded(1)), told(&paid, Fact::Ended)]);
        }),
    ),
    ("L9", Damage::Sql("delete from deliveries where notice = 'paid' and endpoint like '{\"callback\"%'")),
    ("L9", Damage::Sql("delete from deliveries where notice = 'refunded'")),
    ("L9", Damage::Sql("update deliveries set version = 99 where notice = 'cancelled'")),
    ("L9", Damage::Sql("update deliveries set state = 'waiting' where notice = 'held'")),
    (
        "L10",
        Damage::Outside(|case| {
            let other = case.seen[1].checkout.clone();
            case.told.push(told(&other, Fact::Made { key: Some("once".to_owned()) }));
        }),
    ),
    ("L11", Damage::Sql("update balances set amount = amount + 1 where account = 'merchant'")),
    ("L12", Damage::Sql("update checkouts set mode = 'live' where position = 2")),
    // An order that was sent again is there twice; something is told twice, or out of order.
    ("L10", Damage::Sql("insert into checkouts select null, randomblob(16), merchant_id, mode, dialect, null, payment_id,
        created_at, checkout, document from checkouts where checkout like '%ORD-once%'")),
    ("L9", Damage::Sql("insert into deliveries select null, randomblob(16), merchant_id, mode, checkout_id, payment_id,
        version, notice, endpoint, destination, body, state, lane, attempts, body_hash, status, tried_at, due_at, worker,
        created_at from deliveries where notice = 'opened'")),
    ("L9", Damage::Sql("update deliveries set version = 1 where version = 3")),
    // Nobody answered that it arrived; nobody tried as often as was promised.
    ("L9", Damage::Sql("update delivery_tries set status = 500")),
    ("L9", Damage::Sql("update deliveries set state = 'given_up' where notice = 'held'")),
    (
        "L3",
        Damage::Sql(
            "update journal set event = replace(event, '200 MYR', '2000 MYR') where event like '{\"operation_sent\"%'",
        ),
    ),
    (
        "L3",
        Damage::Sql(
            "update journal set event = '{\"charged_back\":{\"amount\":\"5000 MYR\"}}' where event = '\"viewed\"'",
        ),
    ),
    (
        "L11",
        Damage::Sql("update journal set event = '{\"settled\":{\"amount\":\"5000 MYR\"}}' where event = '\"viewed\"'"),
    ),
    ("L13", Damage::Sql("delete from timers where kind like 'release%'")),
    // Nobody was told no before the next card was tried.
    ("U2", Damage::Sql("update journal set event = '\"overdue\"' where event like '{\"declined\"%'")),
    ("U9", Damage::Outside(|case| case.disputed.push("444433******1111"))),
];

#[tokio::test]
async fn good_books_agree_and_every_damage_is_named() {
    let good = good_case().await;
    let verdict = good.judge();
    assert_eq!(Vec::<String>::new(), verdict.broken);
    let counted = verdict.counted;
    assert!(counted.payments == 8 && counted.lines > 15 && counted.deliveries > 20 && counted.open == 0, "{counted:?}");
    let mut missed = vec![];
    for (at, (rule, damage)) in DAMAGES.iter().enumerate() {
        let mut case = good.copy();
        match damage {
            Damage::Sql(damage) => case.sql(damage),
            Damage::Outside(damage) => damage(&mut case),
        }
        let broken = case.judge().broken;
        if !broken.iter().any(|sentence| sentence.starts_with(&format!("{rule}: "))) {
            missed.push((at, rule, broken));
        }
    }
    assert!(missed.is_empty(), "not found, or not named: {missed:#?}");
}

#[test]
fn what_is_open_is_in_the_queue() {
    let case = open_case();
    let verdict = case.judge();
    assert_eq!((Vec::<String>::new(), 1), (verdict.broken, verdict.counted.open));
    case.sql("delete from timers");
    let broken = case.judge().broken;
    assert!(broken.iter().any(|sentence| sentence.starts_with("L13: ")), "{broken:#?}");
}
