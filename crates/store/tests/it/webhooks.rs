//! Webhooks are registered, changed and ended, and told of what they picked.

use domain::{Mode, Notice, WebhookId};
use store::{
    Announcement, Beside, Changeset, Committed, Endpoint, Listeners, Place, Sealed, SigningKey, Store, Told, Webhook,
    WebhookWrite,
};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{MERCHANT, OTHER, at, checkout_id, done, open, openings, payment_id};

fn webhook(number: u128, topics: Option<&[&str]>) -> Webhook {
    Webhook {
        id: WebhookId::new(Uuid::from_u128(number)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        version: 1,
        title: format!("Number {number}"),
        url: "https://shop.example/hook".to_owned(),
        topics: topics.map(|topics| topics.iter().map(|topic| (*topic).to_owned()).collect()),
        public_pem: format!("pem {number}"),
        created_at: at(1),
        updated_at: at(1),
    }
}

fn key(of: &Webhook) -> SigningKey {
    SigningKey {
        owner: of.id.uuid(),
        merchant_id: of.merchant_id,
        mode: of.mode,
        generation: 1,
        made_at: at(1),
        public_pem: of.public_pem.clone(),
        private: Sealed { key_id: String::new(), wrapped_key: vec![1], ciphertext: vec![2] },
    }
}

async fn commit(store: &Store, write: WebhookWrite) -> Committed {
    let change = Changeset { webhook: Some(Box::new(write)), ..Changeset::default() };
    store.commit(change).await.expect("written")
}

async fn add(store: &Store, webhook: &Webhook, most: u32) -> Committed {
    commit(store, WebhookWrite::Add { webhook: webhook.clone(), key: key(webhook), most }).await
}

#[tokio::test]
async fn a_webhook_is_read_back_until_it_ends() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let (first, second) = (webhook(1, Some(&["paid", "viewed"])), webhook(2, None));
    assert_eq!(Committed::Done, add(&store, &first, 2).await);
    assert_eq!(Committed::Done, add(&store, &second, 2).await);
    assert_eq!(Committed::Stale, add(&store, &webhook(3, None), 2).await, "there may be two");
    let other = Webhook { merchant_id: OTHER, ..webhook(4, None) };
    assert_eq!(Committed::Done, add(&store, &other, 2).await, "another merchant's are not counted");
    let read = async |id, merchant, mode| store.webhook(merchant, mode, id).await.expect("readable");
    assert_eq!(Some(first.clone()), read(first.id, MERCHANT, Mode::Test).await);
    assert_eq!(None, read(first.id, OTHER, Mode::Test).await);
    assert_eq!(None, read(first.id, MERCHANT, Mode::Live).await);

    let changed = Webhook { version: 2, topics: None, title: "New".to_owned(), updated_at: at(9), ..first.clone() };
    assert_eq!(Committed::Done, commit(&store, WebhookWrite::Change(changed.clone())).await);
    assert_eq!(Committed::Stale, commit(&store, WebhookWrite::Change(changed.clone())).await, "somebody was faster");
    assert_eq!(Some(changed), read(first.id, MERCHANT, Mode::Test).await);

    commit(&store, WebhookWrite::Remove(OTHER, Mode::Test, first.id)).await;
    commit(&store, WebhookWrite::Remove(MERCHANT, Mode::Live, first.id)).await;
    assert!(read(first.id, MERCHANT, Mode::Test).await.is_some(), "not theirs");
    assert!(store.signing_key(first.id.uuid(), Mode::Test).await.expect("readable").is_some());
    commit(&store, WebhookWrite::Remove(MERCHANT, Mode::Test, first.id)).await;
    assert_eq!(None, read(first.id, MERCHANT, Mode::Test).await);
    assert_eq!(None, store.signing_key(first.id.uuid(), Mode::Test).await.expect("readable"));
}

#[tokio::test]
async fn a_key_pair_is_replaced_by_the_next_one_only() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let first = webhook(1, None);
    add(&store, &first, 9).await;
    let next = |generation: u32| {
        let key = SigningKey { generation, made_at: at(5), public_pem: format!("{generation}"), ..key(&first) };
        Changeset { signing_key: Some(Box::new(key)), ..Changeset::default() }
    };
    for (generation, expected) in [(1, Committed::Stale), (2, Committed::Done), (2, Committed::Stale)] {
        assert_eq!(expected, store.commit(next(generation)).await.expect("written"), "{generation}");
    }
    let read = store.webhook(MERCHANT, Mode::Test, first.id).await.expect("readable").expect("there");
    assert_eq!("2", read.public_pem);
}

#[tokio::test]
async fn pages_begin_beside_a_webhook_whatever_is_made_meanwhile() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in 1..=5 {
        add(&store, &webhook(number, None), 99).await;
    }
    add(&store, &Webhook { merchant_id: OTHER, ..webhook(6, None) }, 99).await;
    let page = async |beside, most| {
        let found = store.webhooks(MERCHANT, Mode::Test, beside, most).await.expect("readable");
        found.into_iter().map(|one| one.id.uuid().as_u128()).collect::<Vec<_>>()
    };
    let id = |number| WebhookId::new(Uuid::from_u128(number));
    let place = |number| Place { rank: 0, at: at(1), id: Uuid::from_u128(number) };
    assert_eq!(vec![5, 4, 3, 2, 1], page(None, 9).await);
    assert_eq!(vec![5, 4], page(None, 2).await);
    assert_eq!(vec![3, 2], page(Some(Beside::Older(place(4))), 2).await);
    assert_eq!(vec![4, 3], page(Some(Beside::Newer(place(2))), 2).await, "the nearest, newest first");
    add(&store, &webhook(7, None), 99).await;
    commit(&store, WebhookWrite::Remove(MERCHANT, Mode::Test, id(4))).await;
    assert_eq!(vec![3, 2], page(Some(Beside::Older(place(4))), 2).await);
}

#[tokio::test]
async fn each_is_told_of_what_it_picked() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let of = |number, topics| Webhook { ..webhook(number, topics) };
    for hook in [
        of(1, Some(&["paid", "viewed"][..])),
        of(2, None),
        of(3, Some(&["viewed"][..])),
        Webhook { mode: Mode::Live, ..of(4, None) },
        Webhook { merchant_id: OTHER, ..of(5, None) },
    ] {
        add(&store, &hook, 9).await;
    }
    let announcement = Announcement {
        to: Listeners::Webhooks,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        topic: "paid",
        checkout_id: checkout_id(1),
        payment_id: payment_id(1),
        version: 2,
        notice: Notice::Paid,
        seed: [7; 32],
        at: at(7),
    };
    let called = store.deliveries_written();
    done(&store, Changeset { told: vec![Told::Announced(announcement)], ..Changeset::default() }).await;
    called.notified().await;
    let mut told = vec![];
    for id in store.due_deliveries(at(7), openings(9)).await.expect("readable") {
        let found = store.delivery(MERCHANT, Mode::Test, id).await.expect("readable").expect("there");
        let Endpoint::Registered { webhook_id } = found.delivery.endpoint else { panic!("a webhook") };
        told.push(webhook_id.uuid().as_u128());
    }
    told.sort_unstable();
    assert_eq!(vec![1, 2], told);
}
