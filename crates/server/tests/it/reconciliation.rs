//! The acquirer's settlement file against the ledger (security U9): what differs is found, owned and settled, and the bank
//! has what the files say, at every moment.

use std::collections::BTreeMap;

use acquirer::settlement::{self, Day, Header, Line, Reader};
use axum::http::Method;
use domain::{Currency, Difference, DifferenceKind, DifferenceState, Ending, LineKind, Mode, Money, Remedy};
use engine::{ImportError, Imported, MovementState, Standing};
use serde_json::{Value, json};

use crate::app::{App, CONTROL, GOOD, START, ask, card, request};
use crate::callbacks::{OK, Receiver};
use crate::card_payments_vectors::{FRICTIONLESS, link};
use crate::risk::pan;

const DAY: u64 = 86_400;
/// In a test card's number (checkout-ux 20): the payer's bank takes the money back.
const CHARGED_BACK: u32 = 61;
/// The acquirer's answer cannot be read.
const GARBLED: u32 = 71;

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).unwrap()).unwrap()
}

/// A reference that we never gave.
fn strange(number: u128) -> String {
    format!("00000000-0000-0000-0000-{number:012x}")
}

/// A file, taken apart.
#[derive(Clone)]
struct Sheet {
    header: Header,
    lines: Vec<Line>,
}

impl Sheet {
    fn of(text: &str) -> Self {
        let mut reader = Reader::open(text.as_bytes()).unwrap();
        let mut lines = vec![];
        while let Some(line) = reader.line().unwrap() {
            lines.push(line);
        }
        Self { header: reader.header().clone(), lines }
    }

    /// The same as another file.
    fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.header.id);
        self
    }

    /// The same business days later.
    fn after(mut self, days: i64) -> Self {
        let later = |day: Day| Day::of(day.begins().plus(std::time::Duration::from_hours(24 * days.unsigned_abs())));
        self.header.first = later(self.header.first);
        self.header.last = later(self.header.last);
        self
    }

    fn text(&self) -> String {
        let numbered = (1..).zip(&self.lines).map(|(number, line)| Line { number, ..line.clone() });
        settlement::write(&self.header, &numbered.collect::<Vec<_>>())
    }
}

/// A line about something that nobody here knows.
fn stranger(number: u128, amount: Money, day: Day) -> Line {
    Line {
        number: 0,
        kind: LineKind::Capture,
        reference: strange(number),
        acquirer_reference: "X-1".to_owned(),
        amount,
        fee: Money::zero(amount.currency()),
        cleared_on: day,
        settled_on: day,
    }
}

impl App {
    /// What the test acquirer has to say of today, or of `query`.
    async fn settlement(&self, query: &str) -> String {
        let path = format!("/sandbox/acquirer/settlement{query}");
        let answer = ask(&self.router, request(Method::GET, &path, CONTROL, "", "")).await;
        assert_eq!(
            (200, "text/csv; charset=utf-8"),
            (answer.status, answer.header("content-type")),
            "{}",
            answer.text()
        );
        answer.text()
    }

    async fn import_text(&self, text: &str) -> Result<Imported, ImportError> {
        let file = self.data().join("settlement.csv");
        std::fs::write(&file, text).unwrap();
        self.engine.import_settlement(&file).await
    }

    /// Imports it, audits, and answers how many of its lines differ.
    async fn import(&self, sheet: &Sheet) -> u32 {
        let imported = self.import_text(&sheet.text()).await.unwrap();
        assert!(!imported.is_known);
        self.audit();
        imported.differences
    }

    async fn unsettled(&self) -> Vec<Difference> {
        self.engine.differences(true, 1_000).await.unwrap()
    }

    /// Each is owned, then settled; the books balance after each.
    async fn settle_all(&self) -> Vec<DifferenceKind> {
        let mut kinds = vec![];
        for difference in self.unsettled().await {
            let owned = self.engine.own_difference(difference.id, "ada").await.unwrap().unwrap();
            assert_eq!((DifferenceState::Owned, Some("ada")), (owned.state(), owned.owner.as_deref()));
            self.audit();
            let remedy = if kinds.len() % 2 == 0 { Remedy::WriteOff } else { Remedy::Receivable };
            let settled = self.engine.settle_difference(difference.id, remedy, "bob", "asked them").await.unwrap();
            assert_eq!(DifferenceState::Settled, settled.unwrap().state());
            self.audit();
            let again = self.engine.settle_difference(difference.id, remedy, "bob", "asked them").await.unwrap();
            assert_eq!(None, again, "once");
            kinds.push(difference.found.kind);
        }
        kinds
    }

    /// How many of our movements are in each state.
    async fn movements(&self) -> BTreeMap<&'static str, i64> {
        let mut states = BTreeMap::new();
        for row in self.engine.standings().await.unwrap() {
            if let Standing::Ours(_, state) = row.standing {
                *states.entry(state.as_str()).or_default() += row.count;
            }
        }
        states
    }

    /// What the bank got by all files, in a currency.
    async fn paid_by_files(&self, code: &str) -> i64 {
        let rows = self.engine.standings().await.unwrap();
        let theirs = rows.iter().filter(|row| row.standing == Standing::Theirs && row.currency.code() == code);
        theirs.map(|row| row.amount).sum()
    }
}

/// U9: six of six are found, owned and settled, and the books balance after each.
#[tokio::test]
async fn what_differs_is_found_owned_and_settled() {
    let app = App::new().await;
    for _ in 0..8 {
        app.paid(GOOD, json!({})).await;
    }
    let whole = Sheet::of(&app.settlement("").await);
    assert_eq!(8, whole.lines.len());
    let mut sheet = whole.clone().named("F-1");
    let (never, late) = (sheet.lines.remove(0), sheet.lines.remove(0));
    sheet.lines.push(sheet.lines[0].clone());
    sheet.lines[1].amount = money(900, "MYR");
    sheet.lines[2].amount = money(954, "USD");
    sheet.lines[3].fee = money(14, "MYR");
    sheet.lines.push(stranger(77, money(5_000, "EUR"), sheet.header.last));
    assert_eq!(4, app.import(&sheet).await);
    let kinds: Vec<_> = app.unsettled().await.iter().map(|difference| difference.found.kind).collect();
    for kind in
        [DifferenceKind::Doubled, DifferenceKind::WrongAmount, DifferenceKind::WrongCurrency, DifferenceKind::Extra]
    {
        assert_eq!(1, kinds.iter().filter(|found| **found == kind).count(), "{kind:?} in {kinds:?}");
    }
    assert_eq!(BTreeMap::from([("differs", 2), ("matched", 4), ("open", 2)]), app.movements().await);
    app.advance(2 * DAY).await;
    app.audit();
    let missing: Vec<_> = app
        .unsettled()
        .await
        .into_iter()
        .filter(|difference| difference.found.kind == DifferenceKind::Missing)
        .collect();
    let references = |lines: &[&Line]| {
        let mut references: Vec<_> = lines.iter().map(|line| line.reference.clone()).collect();
        references.sort();
        references
    };
    let mut missed: Vec<_> = missing.iter().map(|difference| difference.found.reference.clone()).collect();
    missed.sort();
    assert_eq!(references(&[&never, &late]), missed, "48 hours later nothing is unexplained");
    assert!(!app.movements().await.contains_key("open"));

    // A line that is late explains what was missing; nobody has to do anything.
    let days_later = Sheet { lines: vec![late.clone()], ..whole.clone() }.named("F-2").after(3);
    assert_eq!(1, app.import(&days_later).await);
    let all = app.engine.differences(false, 1_000).await.unwrap();
    let about_late: Vec<_> = all.iter().filter(|difference| difference.found.reference == late.reference).collect();
    assert_eq!(2, about_late.len());
    for difference in about_late {
        assert!(
            matches!(&difference.ending, Some(Ending::Explained { line: Some(at) }) if at.file == "F-2"),
            "{difference:?}"
        );
    }

    let mut settled = app.settle_all().await;
    settled.sort_by_key(|kind| kind.as_str());
    let expected = [
        DifferenceKind::Doubled,
        DifferenceKind::Extra,
        DifferenceKind::Missing,
        DifferenceKind::WrongAmount,
        DifferenceKind::WrongCurrency,
    ];
    assert_eq!(expected.to_vec(), settled);
    assert_eq!(BTreeMap::from([("adjusted", 3), ("matched", 5)]), app.movements().await);

    // What was missing and settled comes after all: that is a difference, too.
    let after_all = Sheet { lines: vec![never], ..whole }.named("F-3").after(3);
    assert_eq!(1, app.import(&after_all).await);
    assert_eq!(vec![DifferenceKind::Late], app.settle_all().await);
    assert_eq!(0, app.counted("reconciliation_differences_open").await);
    app.advance(30 * DAY).await;
    assert_eq!(Vec::<Difference>::new(), app.unsettled().await);
    app.audit();
}

/// Captures in parts, refunds and legs of three dialects, in one file.
#[tokio::test]
async fn payments_of_all_dialects_match_line_by_line() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    let callback = |path: &str| json!({ "success_callback": receiver.url(path) });
    app.paid(GOOD, callback("/paid")).await;
    let refunded = app.paid(GOOD, json!({})).await;
    assert_eq!(200, app.act(&refunded, "refund", r#"{"amount": 300}"#).await.status);
    let part = app.hold(GOOD).await;
    assert_eq!(200, app.act(&part, "capture", r#"{"amount": 600}"#).await.status);
    app.hold(GOOD).await;

    for topic in ["CARD_PAYMENT_SETTLED", "PAYMENT_SETTLED"] {
        app.subscribe(topic, &receiver.url(&format!("/{topic}"))).await;
    }
    let payment = app.authorized(&link(10_000), FRICTIONLESS).await;
    app.on_payment(Method::POST, payment, "cards/capture", &Value::Null).await;

    let split = app.authorized_split("SO-1").await;
    app.operate(&split, "captures", &json!({ "amount": 3_000 })).await;
    app.operate(&split, "refunds", &json!({ "amount": 500 })).await;
    app.operate(&split, "captures", &json!({ "amount": 1_000 })).await;

    let file = app.settlement("").await;
    assert_eq!(file, app.settlement("").await, "the same book gives the same file");
    let sheet = Sheet::of(&file);
    let lines: Vec<_> = sheet.lines.iter().map(|line| (line.kind, line.amount.to_string())).collect();
    let (capture, refund) = (LineKind::Capture, LineKind::Refund);
    let expected = [
        (capture, "9.54 MYR"),
        (capture, "9.54 MYR"),
        (refund, "3.00 MYR"),
        (capture, "6.00 MYR"),
        (capture, "100.00 SEK"),
        (capture, "20.00 EUR"),
        (capture, "10.00 EUR"),
        (refund, "5.00 EUR"),
        (capture, "10.00 EUR"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(kind, amount)| (kind, amount.to_owned())).collect();
    assert_eq!(expected, lines);
    assert_eq!(0, app.import(&sheet).await);
    assert_eq!(BTreeMap::from([("matched", 9)]), app.movements().await);
    let paid = [app.paid_by_files("MYR").await, app.paid_by_files("EUR").await, app.paid_by_files("SEK").await];
    assert_eq!([2_208, 3_500, 10_000], paid);

    // The same file changes nothing, nor does the acquirer's own report of what the file has settled.
    let again = app.import_text(&file).await.unwrap();
    assert!(again.is_known && again.differences == 0, "{again:?}");
    app.advance(3 * DAY).await;
    app.audit();
    assert_eq!(Vec::<Difference>::new(), app.unsettled().await);
    let told = |part: &str| receiver.heard().iter().filter(|heard| heard.path().starts_with(part)).count();
    assert_eq!(10, told("/CARD_PAYMENT_SETTLED"), "one event, told until it is acknowledged");
    assert_eq!(10, told("/PAYMENT_SETTLED"));
    assert_eq!(1, told("/paid"));
}

/// A report told first: the line says it again, and changes neither the balance nor what merchants hear.
#[tokio::test]
async fn a_line_after_a_report_settles_nothing_twice() {
    let app = App::new().await;
    let receiver = Receiver::start(app.engine.env().clone(), |_| OK.to_owned()).await;
    app.subscribe("CARD_PAYMENT_SETTLED", &receiver.url("/settled")).await;
    let payment = app.authorized(&link(10_000), FRICTIONLESS).await;
    app.on_payment(Method::POST, payment, "cards/capture", &Value::Null).await;
    let purchase = app.paid(GOOD, json!({})).await;
    assert_eq!(200, app.report(&purchase, "clear").await.status);
    assert_eq!(200, app.report(&purchase, "settle").await.status);
    let file = app.settlement("").await;
    app.advance(DAY + 20_000).await;
    assert_eq!(10, receiver.heard().len(), "the report is told");
    app.audit();
    assert_eq!(0, app.import(&Sheet::of(&file)).await);
    app.advance(3 * DAY).await;
    app.audit();
    assert_eq!(10, receiver.heard().len(), "and the line is not");
    let settlement = &app.show(&purchase).await["transaction_data"]["extra"]["settlement"];
    let settled_on = settlement["settled_on"].as_i64();
    assert_eq!(Some(START), settled_on, "{}", app.show(&purchase).await);
}

/// The sandbox's own word for a chargeback, and a card whose bank takes the money back, are both in order.
#[tokio::test]
async fn a_chargeback_is_matched_whoever_told_it_first() {
    let app = App::new().await;
    let id = app.paid(&pan("40000099", 0, 0, CHARGED_BACK, 0), json!({})).await;
    app.advance(DAY).await;
    assert_eq!("chargeback", app.status(&id).await);
    let sheet = Sheet::of(&app.settlement("?from=2026-11-20&to=2026-11-21").await);
    assert_eq!(
        vec![LineKind::Capture, LineKind::Chargeback],
        sheet.lines.iter().map(|line| line.kind).collect::<Vec<_>>()
    );
    assert_eq!(0, app.import(&sheet).await);
    assert_eq!(0, app.paid_by_files("MYR").await);

    let id = app.paid(GOOD, json!({})).await;
    let capture = Sheet::of(&app.settlement("?from=2026-11-21").await);
    let mut chargeback = capture.lines[0].clone();
    chargeback.kind = LineKind::Chargeback;
    let lines = vec![capture.lines[0].clone()];
    assert_eq!(0, app.import(&Sheet { lines, ..capture.clone() }.named("F-2")).await);
    assert_eq!(0, app.import(&Sheet { lines: vec![chargeback.clone()], ..capture.clone() }.named("F-3")).await);
    assert_eq!("chargeback", app.status(&id).await, "the file is the first to tell");
    assert_eq!(1, app.import(&Sheet { lines: vec![chargeback], ..capture }.named("F-4")).await, "doubled");
}

#[tokio::test]
async fn a_file_that_is_refused_changes_nothing() {
    let app = App::new().await;
    app.paid(GOOD, json!({})).await;
    app.paid(GOOD, json!({})).await;
    let good = app.settlement("").await;
    let before = app.engine.standings().await.unwrap();
    let swapped = {
        let mut lines: Vec<_> = good.lines().collect();
        lines.swap(1, 2);
        lines.join("\n")
    };
    let torn = good[..good.len() - 8].to_owned();
    for bad in [
        String::new(),
        torn,
        swapped,
        good.replacen("file,1,", "file,2,", 1),
        good.replacen(",954,", ",9.54,", 1),
        good.replacen("total,MYR,2,1908", "total,MYR,2,1909", 1),
        good.replacen(",test,test,", ",other,test,", 1),
    ] {
        let refused = app.import_text(&bad).await.unwrap_err();
        assert!(matches!(&refused, ImportError::Refused(refused) if refused.line > 0), "{refused}");
    }
    assert_eq!(before, app.engine.standings().await.unwrap());
    assert_eq!(Vec::<Difference>::new(), app.unsettled().await);

    assert_eq!(0, app.import(&Sheet::of(&good)).await);
    let after = app.engine.standings().await.unwrap();
    let same_name = good.replacen(",954,MYR,0,", ",954,MYR,1,", 1).replacen("1908", "1907", 1);
    let refused = app.import_text(&same_name).await.unwrap_err().to_string();
    assert!(refused.contains("was imported before"), "{refused}");
    assert_eq!(after, app.engine.standings().await.unwrap());
    app.audit();
}

/// A live file knows nothing of test payments (security L12).
#[tokio::test]
async fn test_and_live_never_meet() {
    let app = App::new().await;
    app.paid(GOOD, json!({})).await;
    let mut sheet = Sheet::of(&app.settlement("").await).named("L-1");
    sheet.header.mode = Mode::Live;
    assert_eq!(1, app.import(&sheet).await);
    let found = app.unsettled().await;
    assert_eq!((Mode::Live, DifferenceKind::Extra, None), (found[0].mode, found[0].found.kind, found[0].found.payment));
    app.advance(5 * DAY).await;
    assert_eq!(BTreeMap::from([("open", 1)]), app.movements().await, "and nobody misses it in a live file");
    app.settle_all().await;
}

/// What is in doubt is extra until it is known: then the line and the capture explain each other.
#[tokio::test]
async fn a_line_about_what_is_in_doubt_explains_itself() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.pay(&id, &card(&pan("40000099", 0, 0, GARBLED, 0))).await;
    let sheet = Sheet::of(&app.settlement("").await);
    assert_eq!(1, app.import_text(&sheet.text()).await.unwrap().differences);
    app.audit_with_open_tries(1);
    let found = app.unsettled().await.remove(0).found;
    assert_eq!((DifferenceKind::Extra, None), (found.kind, found.payment));
    app.advance(DAY).await;
    assert_eq!("paid", app.status(&id).await);
    app.audit();
    assert_eq!((1, BTreeMap::from([("open", 1)])), (app.unsettled().await.len(), app.movements().await));
    app.advance(2 * DAY).await;
    assert_eq!((0, BTreeMap::from([("matched", 1)])), (app.unsettled().await.len(), app.movements().await));
    app.audit();
}

/// Somebody pulls the plug in the middle: what was taken stays, what is left is taken the next time, and nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_broke_off_goes_on_where_it_ended() {
    let app = App::new().await;
    app.paid(GOOD, json!({})).await;
    let mut sheet = Sheet::of(&app.settlement("").await).named("F-1");
    let day = sheet.header.last;
    sheet.lines.extend((0..3_000).map(|number| stranger(number, money(100, "EUR"), day)));
    let text = sheet.text();
    let file = app.data().join("settlement.csv");
    std::fs::write(&file, &text).unwrap();
    let engine = app.engine.clone();
    let importing = tokio::spawn(async move { engine.import_settlement(&file).await });
    while app.engine.differences(true, 300).await.unwrap().len() < 300 {
        assert!(!importing.is_finished(), "too fast to be broken off");
        tokio::task::yield_now().await;
    }
    importing.abort();
    let _ = importing.await;
    let taken = app.unsettled().await.len();
    assert!((300..3_000).contains(&taken), "{taken}");
    app.audit();
    let app = App::again(app.leave()).await;
    let imported = app.import_text(&text).await.unwrap();
    assert_eq!((3_001, 3_000, false), (imported.lines, imported.differences, imported.is_known));
    assert_eq!(3_000, app.engine.differences(true, 10_000).await.unwrap().len());
    assert_eq!(BTreeMap::from([("matched", 1)]), app.movements().await);
    app.audit();
    assert!(app.import_text(&text).await.unwrap().is_known);
    assert_eq!(3_000, app.engine.differences(true, 10_000).await.unwrap().len());
}

/// What becomes of a line on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Corruption {
    None,
    Lost,
    Doubled,
    OtherAmount,
    OtherCurrency,
    OtherReference,
    Fee,
}

/// Small and the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Random books and random faults: each is found, nothing else is, and the audit knows the bank by the files.
#[tokio::test]
async fn whatever_happens_to_a_file_is_found_and_nothing_else() {
    for seed in 0..6 {
        let (app, mut chance) = (App::new().await, Chance(seed));
        for _ in 0..12 {
            let amount = 100 + chance.below(10_000);
            let id = app.paid(GOOD, json!({ "purchase": { "total_override": amount } })).await;
            if chance.below(3) == 0 {
                let body = json!({ "amount": 1 + chance.below(99) }).to_string();
                assert_eq!(200, app.act(&id, "refund", &body).await.status);
            }
            if chance.below(4) == 0 {
                app.report(&id, "settle").await;
            }
        }
        let whole = Sheet::of(&app.settlement("").await);
        let mut expected: BTreeMap<&str, u32> = BTreeMap::new();
        let mut differs = |kind: DifferenceKind| *expected.entry(kind.as_str()).or_default() += 1;
        let mut lines = vec![];
        for (number, line) in (1_u128..).zip(&whole.lines) {
            let corruption = [
                Corruption::None,
                Corruption::Lost,
                Corruption::Doubled,
                Corruption::OtherAmount,
                Corruption::OtherCurrency,
                Corruption::OtherReference,
                Corruption::Fee,
            ][usize::try_from(chance.below(7)).unwrap()];
            let mut line = line.clone();
            match corruption {
                Corruption::None => {}
                Corruption::Lost => {
                    differs(DifferenceKind::Missing);
                    continue;
                }
                Corruption::Doubled => {
                    differs(DifferenceKind::Doubled);
                    lines.push(line.clone());
                }
                Corruption::OtherAmount => {
                    differs(DifferenceKind::WrongAmount);
                    line.amount = money(line.amount.minor() + 1 + i64::try_from(chance.below(500)).unwrap(), "MYR");
                }
                Corruption::OtherCurrency => {
                    differs(DifferenceKind::WrongCurrency);
                    line.amount = money(line.amount.minor(), "JPY");
                    line.fee = money(0, "JPY");
                }
                Corruption::OtherReference => {
                    differs(DifferenceKind::Extra);
                    differs(DifferenceKind::Missing);
                    line.reference = strange(number);
                }
                Corruption::Fee => line.fee = money(i64::try_from(chance.below(2)).unwrap(), "MYR"),
            }
            lines.push(line);
        }
        // The order of lines means nothing.
        for at in (1..lines.len()).rev() {
            lines.swap(at, usize::try_from(chance.below(u64::try_from(at).unwrap() + 1)).unwrap());
        }
        let sheet = Sheet { lines, ..whole }.named("F-1");
        let net: i64 = sheet.lines.iter().filter(|line| line.amount.currency().code() == "MYR").map(Line::net).sum();
        app.import(&sheet).await;
        assert_eq!(net, app.paid_by_files("MYR").await);
        app.advance(2 * DAY).await;
        app.audit();
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        for difference in app.unsettled().await {
            *found.entry(difference.found.kind.as_str()).or_default() += 1;
        }
        assert_eq!(expected, found, "seed {seed}");
        app.settle_all().await;
        let states = app.movements().await;
        assert!(!states.contains_key(MovementState::Open.as_str()) && !states.contains_key("differs"), "{states:?}");
    }
}
