//! Declines that are counted, and what operators decide.

use domain::risk::limits::Decline;
use domain::risk::{CardKey, ListKind, Listed, Policy, Rule, RuleName};
use domain::{CardId, DeclineReason, MerchantId, Mode};
use rusqlite::Connection;
use store::{AdminWrite, CardRow, Changeset, DeclineWrite, ListRow, Sealed, Store};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{MERCHANT, OTHER, at, card, done, money, open};

const KEY: CardKey = CardKey::new([7; 16]);
const CARD: CardId = CardId::new(Uuid::from_u128(1));
const DAY: i64 = 86_400;

/// A card in the vault.
async fn keep(store: &Store, id: CardId, card_key: CardKey) {
    let row = CardRow {
        id,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        sealed: Sealed { key_id: String::new(), wrapped_key: vec![], ciphertext: vec![] },
        fingerprint: [0; 32],
        card_key,
        summary: card(),
        created_at: at(0),
    };
    done(store, Changeset { card: Some(row), ..Changeset::default() }).await;
}

fn decline(merchant_id: MerchantId, seconds: i64, reason: DeclineReason) -> Decline {
    Decline { merchant_id, at: at(seconds), reason, weight: 1 }
}

async fn count(store: &Store, card_id: CardId, decline: Decline, for_good: bool) {
    let for_good = for_good.then(|| money(954));
    let declines = vec![DeclineWrite { card_id, decline, for_good }];
    done(store, Changeset { declines, ..Changeset::default() }).await;
}

#[tokio::test]
async fn declines_are_found_by_the_card_whichever_row_it_has() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let again = CardId::new(Uuid::from_u128(2));
    let another = CardId::new(Uuid::from_u128(3));
    keep(&store, CARD, KEY).await;
    keep(&store, again, KEY).await;
    keep(&store, another, CardKey::new([8; 16])).await;
    count(&store, CARD, decline(MERCHANT, 1, DeclineReason::DoNotHonour), false).await;
    count(&store, again, decline(OTHER, 2, DeclineReason::LostCard), true).await;
    count(&store, another, decline(MERCHANT, 3, DeclineReason::LostCard), true).await;
    // A card that is forgotten is nobody's any more.
    count(&store, CardId::new(Uuid::from_u128(9)), decline(MERCHANT, 4, DeclineReason::LostCard), true).await;

    let record = store.card_record(KEY, OTHER, money(954), at(10)).await.expect("readable");
    let expected = vec![decline(OTHER, 2, DeclineReason::LostCard), decline(MERCHANT, 1, DeclineReason::DoNotHonour)];
    assert_eq!((expected, true), (record.declines, record.declined_for_good));
    for (merchant_id, amount) in [(MERCHANT, money(954)), (OTHER, money(955))] {
        let record = store.card_record(KEY, merchant_id, amount, at(10)).await.expect("readable");
        assert!(!record.declined_for_good, "another merchant or another amount");
    }
}

#[tokio::test]
async fn declines_are_forgotten_after_thirty_days_and_those_for_good_are_not() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    keep(&store, CARD, KEY).await;
    for seconds in 0..20 {
        count(&store, CARD, decline(MERCHANT, seconds, DeclineReason::LostCard), true).await;
    }
    let seen = |now| {
        let store = store.clone();
        async move { store.card_record(KEY, MERCHANT, money(954), at(now)).await.expect("readable") }
    };
    assert_eq!(20, seen(30 * DAY - 1).await.declines.len());
    assert_eq!(10, seen(30 * DAY + 9).await.declines.len());
    assert!(seen(300 * DAY).await.declined_for_good);
    // What is counted later takes the old rows away, a few at a time.
    for later in 0..3 {
        count(&store, CARD, decline(MERCHANT, 31 * DAY + later, DeclineReason::LostCard), true).await;
    }
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    let rows = |table: &str| -> u32 {
        raw.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).expect("a count")
    };
    assert_eq!((3, 1), (rows("declines"), rows("declines_for_good")));
}

#[tokio::test]
async fn policies_and_lists_are_of_one_merchant_and_mode() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    assert_eq!(Policy::default(), store.risk_policy(MERCHANT, Mode::Live).await.expect("readable"));
    let mut policy = Policy::new(60, 70);
    policy.set(Rule { name: RuleName::Amount, limit: 3, each: 30, most: 60 });
    let listed = |kind, value: &str| Listed { kind, value: value.to_owned() };
    let row = |kind, value: &str, seconds| ListRow {
        merchant_id: MERCHANT,
        mode: Mode::Live,
        listed: listed(kind, value),
        created_at: at(seconds),
    };
    let rows = [row(ListKind::Email, "eve@example.com", 1), row(ListKind::Network, "203.0.113.0/24", 2)];
    let mut admin = vec![AdminWrite::RiskPolicy(MERCHANT, Mode::Live, policy.clone())];
    admin.extend(rows.iter().cloned().map(AdminWrite::List));
    admin.push(AdminWrite::List(row(ListKind::Email, "eve@example.com", 3)));
    done(&store, Changeset { admin, ..Changeset::default() }).await;
    assert_eq!(policy, store.risk_policy(MERCHANT, Mode::Live).await.expect("readable"));
    assert_eq!(rows.to_vec(), store.risk_list(MERCHANT, Mode::Live).await.expect("readable"), "once is enough");
    for (merchant_id, mode) in [(MERCHANT, Mode::Test), (OTHER, Mode::Live)] {
        assert_eq!(Policy::default(), store.risk_policy(merchant_id, mode).await.expect("readable"));
        assert!(store.risk_list(merchant_id, mode).await.expect("readable").is_empty());
    }
    let admin = vec![
        AdminWrite::RiskPolicy(MERCHANT, Mode::Live, Policy::default()),
        AdminWrite::Unlist(MERCHANT, Mode::Live, listed(ListKind::Email, "eve@example.com")),
        AdminWrite::Unlist(MERCHANT, Mode::Live, listed(ListKind::Country, "XX")),
    ];
    done(&store, Changeset { admin, ..Changeset::default() }).await;
    assert_eq!(Policy::default(), store.risk_policy(MERCHANT, Mode::Live).await.expect("readable"));
    assert_eq!(rows[1..].to_vec(), store.risk_list(MERCHANT, Mode::Live).await.expect("readable"));
}
