//! Statements in the store: read back as written, found in pages, changed by whoever saw them last.

use domain::{BrandId, Currency, Flow, Mode, StatementId, TransactionKind};
use store::{
    Beside, Changeset, Committed, Filter, Place, Range, Stands, Statement, StatementFile, StatementFilter,
    StatementFormat, StatementStatus, StatementWrite, Store,
};
use uuid::Uuid;

use crate::samples::{MERCHANT, OTHER, at, open};

const MOST: u32 = 5;

fn statement(number: u128) -> Statement {
    Statement {
        id: StatementId::new(Uuid::from_u128(number)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        version: 1,
        format: StatementFormat::Csv,
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
        query: "currency=MYR".to_owned(),
        filter: StatementFilter::default(),
        status: StatementStatus::Pending,
        created_at: at(i64::try_from(number).expect("a number")),
        updated_at: at(i64::try_from(number).expect("a number")),
        began_at: None,
        finished_at: None,
        file: None,
    }
}

async fn write(store: &Store, write: StatementWrite) -> Committed {
    let change = Changeset { statement: Some(Box::new(write)), ..Changeset::default() };
    store.commit(change).await.expect("it can be written")
}

async fn add(store: &Store, statement: Statement) -> Committed {
    write(store, StatementWrite::Add { statement, most: MOST }).await
}

async fn read(store: &Store, number: u128) -> Option<Statement> {
    let id = StatementId::new(Uuid::from_u128(number));
    store.statement(MERCHANT, Mode::Test, id).await.expect("readable")
}

#[tokio::test]
async fn a_statement_is_read_back_with_everything_it_lists() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let range = |from, to| Range { from: Some(at(from)), to: Some(at(to)) };
    let filter = StatementFilter {
        filter: Filter {
            currencies: Some(vec![Currency::parse("MYR").expect("a currency")]),
            brands: Some(vec![BrandId::new(Uuid::from_u128(7))]),
            methods: Some(vec!["visa".to_owned(), String::new()]),
            flows: Some(vec![Flow::Api, Flow::HostedPage]),
            countries: Some(vec!["MY".to_owned()]),
            kinds: Some(TransactionKind::ALL.to_vec()),
            by_token: Some(false),
        },
        at: range(1, 2),
        paid: Range { from: None, to: Some(at(3)) },
        updated: range(4, 5),
        vouched: Some(true),
        stands: Some(vec![Stands::Paid, Stands::Refunded, Stands::Chargeback]),
        total_min: Some(0),
        total_max: Some(i64::MAX),
        lines: Some(vec!["tea".to_owned()]),
        text: Some("=1".to_owned()),
    };
    let none = StatementFilter { stands: Some(vec![]), ..StatementFilter::default() };
    for (number, filter) in [(1, filter), (2, none), (3, StatementFilter::default())] {
        let made = Statement { filter, ..statement(number) };
        assert_eq!(Committed::Done, add(&store, made.clone()).await);
        assert_eq!(Some(made), read(&store, number).await);
    }
    let first = statement(1).id;
    for (merchant, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        assert_eq!(None, store.statement(merchant, mode, first).await.expect("readable"), "{mode:?}");
        assert_eq!(0, store.statements(merchant, mode, None, 9).await.expect("readable").len());
    }
}

#[tokio::test]
async fn whoever_comes_too_late_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    add(&store, statement(1)).await;
    let until = at(90);
    let file = StatementFile { token: Uuid::from_u128(0xF11E), until };
    let success = Statement {
        version: 2,
        status: StatementStatus::Success,
        began_at: Some(at(5)),
        finished_at: Some(at(6)),
        updated_at: at(6),
        file: Some(file),
        ..statement(1)
    };
    let cancelled = Statement { version: 2, status: StatementStatus::Cancelled, ..statement(1) };
    assert_eq!(Committed::Done, write(&store, StatementWrite::Change(success.clone())).await);
    assert_eq!(Committed::Stale, write(&store, StatementWrite::Change(cancelled)).await);
    assert_eq!(Some(success.clone()), read(&store, 1).await);
    assert_eq!(Some(success.clone()), store.statement_of_link(file.token).await.expect("readable"));
    assert_eq!(None, store.statement_of_link(Uuid::from_u128(1)).await.expect("readable"));
    assert_eq!(vec![success.id], store.filed_statements().await.expect("readable"));
    assert_eq!(Some(until), store.next_statement_expiry().await.expect("readable"));
    assert_eq!(0, store.expired_statements(at(89), 9).await.expect("readable").len());
    assert_eq!(vec![success], store.expired_statements(until, 9).await.expect("readable"));
}

#[tokio::test]
async fn a_merchant_has_so_many_and_each_waits_for_its_turn() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in 1..=u128::from(MOST) {
        assert_eq!(Committed::Done, add(&store, statement(number)).await);
    }
    assert_eq!(Committed::Stale, add(&store, statement(6)).await, "one more than there may be");
    assert_eq!(Committed::Done, add(&store, Statement { merchant_id: OTHER, ..statement(7) }).await);
    assert_eq!(Committed::Done, add(&store, Statement { mode: Mode::Live, ..statement(8) }).await);
    let ids = |statements: Vec<Statement>| statements.iter().map(|one| one.id.uuid().as_u128()).collect::<Vec<_>>();
    let turn = || async { ids(store.open_statements(9).await.expect("readable")) };
    assert_eq!(vec![1, 7], turn().await, "of each merchant the oldest");
    let over = Statement { version: 2, status: StatementStatus::Cancelled, ..statement(1) };
    write(&store, StatementWrite::Change(over)).await;
    assert_eq!(vec![2, 7], turn().await);
    assert_eq!(Committed::Done, add(&store, statement(6)).await, "there is room again");
    let pages = |beside| store.statements(MERCHANT, Mode::Test, beside, 2);
    assert_eq!(vec![6, 5], ids(pages(None).await.expect("readable")), "newest first");
    let place = |number: u128| Place { rank: 0, at: statement(number).created_at, id: statement(number).id.uuid() };
    assert_eq!(vec![4, 3], ids(pages(Some(Beside::Older(place(5)))).await.expect("readable")));
    assert_eq!(vec![5, 4], ids(pages(Some(Beside::Newer(place(3)))).await.expect("readable")));
}
