//! Subscribers are told of what happens while they are subscribed; tokens and orders come and go.

use domain::{BrandId, DeliveryId, Dialect, KeyId, Mode, Notice};
use rusqlite::Connection;
use store::{
    AccessToken, AdminWrite, Announcement, Changeset, Committed, Delivered, DeliveryState, Endpoint, Listeners,
    OauthClient, Order, OrderWrite, Store, Subscription, SubscriptionWrite, Told,
};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{
    MERCHANT, OTHER, WORKER, at, checkout_id, delivery, done, failed, open, openings, payment_id, take, tried,
};

async fn subscribe(store: &Store, merchant_id: domain::MerchantId, topic: &str, url: &str) {
    let (topic, url) = (topic.to_owned(), url.to_owned());
    let add = Subscription { merchant_id, mode: Mode::Test, topic, url, created_at: at(0) };
    done(store, Changeset { subscription: Some(Box::new(SubscriptionWrite::Add(add))), ..Changeset::default() }).await;
}

async fn unsubscribe(store: &Store, topic: &str, url: Option<&str>) {
    let (topic, url) = (topic.to_owned(), url.map(str::to_owned));
    let remove = SubscriptionWrite::Remove { merchant_id: MERCHANT, mode: Mode::Test, topic, url };
    done(store, Changeset { subscription: Some(Box::new(remove)), ..Changeset::default() }).await;
}

async fn announce(store: &Store, topic: &'static str, seed: u8) {
    let announcement = Announcement {
        to: Listeners::Subscribers,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        topic,
        checkout_id: checkout_id(1),
        payment_id: payment_id(1),
        version: 2,
        notice: Notice::Held,
        seed: [seed; 32],
        at: at(7),
    };
    done(store, Changeset { told: vec![Told::Announced(announcement)], ..Changeset::default() }).await;
}

/// Sorted by address, the last first.
async fn due(store: &Store, seconds: i64) -> Vec<(DeliveryId, String)> {
    let mut due = vec![];
    for id in store.due_deliveries(at(seconds), openings(10)).await.expect("readable") {
        due.push(store.delivery(MERCHANT, Mode::Test, id).await.expect("readable").expect("there").delivery);
    }
    let url = |endpoint| match endpoint {
        Endpoint::Subscription { url, .. } => url,
        other => format!("{other:?}"),
    };
    let mut told: Vec<_> = due.into_iter().map(|delivery| (delivery.id, url(delivery.endpoint))).collect();
    told.sort_by(|(_, one), (_, other)| other.cmp(one));
    told
}

#[tokio::test]
async fn an_event_goes_to_whoever_is_subscribed_when_it_is_written() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for url in ["https://a.example/", "https://b.example/", "https://a.example/"] {
        subscribe(&store, MERCHANT, "PAID", url).await;
    }
    subscribe(&store, OTHER, "PAID", "https://other.example/").await;
    subscribe(&store, MERCHANT, "REFUNDED", "https://a.example/").await;
    assert_eq!(3, store.subscriptions(MERCHANT, Mode::Test).await.expect("readable").len());
    assert_eq!(0, store.subscriptions(MERCHANT, Mode::Live).await.expect("readable").len());

    announce(&store, "PAID", 1).await;
    unsubscribe(&store, "PAID", Some("https://b.example/")).await;
    announce(&store, "PAID", 2).await;
    unsubscribe(&store, "PAID", None).await;
    announce(&store, "PAID", 3).await;
    let told = due(&store, 7).await;
    let urls: Vec<&str> = told.iter().map(|(_, url)| url.as_str()).collect();
    assert_eq!(vec!["https://b.example/", "https://a.example/", "https://a.example/"], urls, "each once, at once");
    let mut ids: Vec<_> = told.iter().map(|(id, _)| *id).collect();
    assert!(ids.iter().all(|id| id.uuid().get_version_num() == 4), "random");
    ids.sort();
    ids.dedup();
    assert_eq!(3, ids.len(), "one token per event and address");
}

#[tokio::test]
async fn nobody_waits_for_a_subscriber_and_an_acknowledgement_ends_its_calls() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    subscribe(&store, MERCHANT, "PAID", "https://a.example/").await;
    announce(&store, "PAID", 1).await;
    announce(&store, "PAID", 2).await;
    done(&store, Changeset { told: vec![Told::To(delivery(1, 1, 7))], ..Changeset::default() }).await;
    let told = due(&store, 7).await;
    assert_eq!(3, told.len(), "neither of the first, nor the checkout's own callback of either");
    let first = told[0].0;
    let state = async |id| {
        let found = store.delivery(MERCHANT, Mode::Test, id).await.expect("readable").expect("there");
        (found.state, found.delivery.attempts)
    };
    let heard = |id, next| Delivered { status: 200, error: String::new(), ..failed(id, 1, next) };
    take(&store, WORKER, vec![first, told[1].0], 8).await;
    tried(&store, heard(first, None)).await;
    assert_eq!((DeliveryState::GivenUp, 1), state(first).await);
    for _ in 0..2 {
        done(&store, Changeset { acknowledged: Some(first), ..Changeset::default() }).await;
        assert_eq!((DeliveryState::Delivered, 1), state(first).await, "one that was given up too, and again");
    }
    done(&store, Changeset { acknowledged: Some(told[1].0), ..Changeset::default() }).await;
    tried(&store, heard(told[1].0, Some(60))).await;
    assert_eq!((DeliveryState::Delivered, 0), state(told[1].0).await, "a call under way does not bring it back");
    assert_eq!(1, due(&store, 999).await.len());
    done(&store, Changeset { acknowledged: Some(told[2].0), ..Changeset::default() }).await;
    assert_eq!(DeliveryState::Open, state(told[2].0).await.0, "what goes in order is not acknowledged so");
    for (merchant, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        assert_eq!(None, store.delivery(merchant, mode, first).await.expect("readable"));
    }
}

#[tokio::test]
async fn an_order_changes_under_the_eyes_of_its_reader_only() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let order = |version: u32, document: &str| Order {
        number: 900_017,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        version,
        document: document.to_owned(),
        created_at: at(0),
    };
    let write = async |expected_version, order| {
        let write = Some(Box::new(OrderWrite { expected_version, order }));
        store.commit(Changeset { order: write, ..Changeset::default() }).await.expect("written")
    };
    assert_eq!(Committed::Done, write(0, order(1, "{}")).await);
    assert_eq!(Committed::Stale, write(0, order(1, "[]")).await, "the number is taken");
    assert_eq!(Committed::Done, write(1, order(2, "{\"a\":1}")).await);
    assert_eq!(Committed::Stale, write(1, order(2, "{\"b\":1}")).await);
    let read = async |merchant, mode| store.order(merchant, mode, 900_017).await.expect("readable");
    assert_eq!(Some(order(2, "{\"a\":1}")), read(MERCHANT, Mode::Test).await);
    assert_eq!((None, None), (read(OTHER, Mode::Test).await, read(MERCHANT, Mode::Live).await));
}

#[tokio::test]
async fn tokens_are_known_until_they_expire_and_then_purged() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let id = KeyId::new(Uuid::from_u128(7));
    let client = OauthClient {
        id,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        dialect: Dialect::Orchestration,
        entity: Some(BrandId::new(Uuid::from_u128(5))),
        hash: [7; 32],
        created_at: at(0),
        revoked_at: None,
    };
    let administer = async |write| done(&store, Changeset { admin: vec![write], ..Changeset::default() }).await;
    administer(AdminWrite::Client(client.clone())).await;
    assert_eq!(Some(client.clone()), store.oauth_client(id).await.expect("readable"));
    administer(AdminWrite::RevokeClient(id, at(5))).await;
    administer(AdminWrite::RevokeClient(id, at(6))).await;
    let revoked = OauthClient { revoked_at: Some(at(5)), ..client };
    assert_eq!(vec![revoked], store.oauth_clients(MERCHANT).await.expect("readable"));

    let issue = async |number: u8, seconds: i64| {
        let token = AccessToken {
            hash: [number; 32],
            client_id: id,
            scope: "READ".to_owned(),
            issued_at: at(seconds),
            expires_at: at(seconds + 3_600),
        };
        done(&store, Changeset { access_token: Some(Box::new(token)), ..Changeset::default() }).await;
    };
    for number in 0..50 {
        issue(number, 0).await;
    }
    let known = async |number: u8, seconds| store.access_token([number; 32], at(seconds)).await.expect("readable");
    assert_eq!(Some((id, "READ".to_owned())), known(0, 3_599).await);
    assert_eq!(None, known(0, 3_600).await);
    issue(50, 3_600).await;
    let connection = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    let count: u32 = connection.query_row("select count(*) from access_tokens", [], |row| row.get(0)).expect("a count");
    assert_eq!(1, count);
}
