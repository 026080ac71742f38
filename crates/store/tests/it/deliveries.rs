//! Deliveries go out in order per checkout.

use domain::{DeliveryId, Mode, Notice};
use store::{
    Backlog, Changeset, CheckoutRecord, Delivered, Delivery, DeliveryRecord, DeliveryState, Endpoint, Hurried, Resent,
    Store, Told, Warning,
};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{
    MERCHANT, OTHER, WORKER, at, checkout, checkout_id, delivery, done, failed, open, openings, take, tried,
};

async fn write(store: &Store, payment: u128, number: u128, seconds: i64) {
    tell(store, vec![delivery(payment, number, seconds)]).await;
}

async fn tell(store: &Store, deliveries: Vec<Delivery>) {
    let told = deliveries.into_iter().map(Told::To).collect();
    done(store, Changeset { told, ..Changeset::default() }).await;
}

/// Oldest first.
async fn told_of(store: &Store, payment: u128) -> Vec<DeliveryRecord> {
    let mut log = store.deliveries(checkout_id(payment), None, 100).await.expect("readable");
    log.reverse();
    log
}

/// A worker takes it and is answered.
async fn answer(store: &Store, id: DeliveryId, attempts: u32, next: Option<i64>, status: u16) {
    take(store, WORKER, vec![id], 100).await;
    let body = Some("the bytes".to_owned());
    let success = status == 200;
    let heard = Delivered { body, success, status, error: String::new(), ..failed(id, attempts, next) };
    tried(store, Delivered { is_there: Some(success), ..heard }).await;
}

async fn due(store: &Store, seconds: i64) -> Vec<DeliveryId> {
    store.due_deliveries(at(seconds), openings(10)).await.expect("readable")
}

#[tokio::test]
async fn later_ones_wait_for_earlier_ones() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in [1, 2] {
        let record = CheckoutRecord { checkout: checkout(number), document: "{}".to_owned() };
        done(&store, Changeset { checkout: Some(Box::new(record)), ..Changeset::default() }).await;
    }
    let (first, second, third) = (delivery(1, 1, 0).id, delivery(1, 2, 1).id, delivery(1, 3, 2).id);
    let other = delivery(2, 1, 1).id;
    write(&store, 1, 1, 0).await;
    write(&store, 1, 2, 1).await;
    write(&store, 2, 1, 1).await;
    write(&store, 1, 3, 2).await;

    assert_eq!(vec![first], due(&store, 0).await);
    assert_eq!(vec![first, other], due(&store, 9).await, "one of each checkout, earliest first");
    assert_eq!(Some(at(0)), store.next_delivery(at(-1)).await.expect("readable"));
    assert_eq!(vec![first], store.due_deliveries(at(9), openings(1)).await.expect("readable"));

    assert_eq!(Some(at(1)), store.next_delivery(at(0)).await.expect("readable"), "what is due is not ahead");
    let backlog = |now| {
        let store = store.clone();
        async move { store.backlog(at(now)).await.expect("readable") }
    };
    assert_eq!(
        Backlog { open: 4, oldest_due: Some(at(0)), failing: 0 },
        backlog(9).await,
        "those behind others are counted too"
    );
    assert_eq!(Backlog { open: 4, oldest_due: None, failing: 0 }, backlog(-1).await);

    answer(&store, first, 1, Some(60), 500).await;
    assert_eq!(vec![other], due(&store, 59).await, "the second waits for the first, which waits for its next try");
    let again = take(&store, WORKER, vec![first, second], 60).await;
    let again: Vec<_> = again.iter().map(|one| (one.id, one.attempts, one.body.as_deref())).collect();
    assert_eq!(vec![(first, 1, Some("the bytes"))], again, "nobody takes what is queued");

    answer(&store, first, 2, None, 200).await;
    assert_eq!(vec![second, other], due(&store, 60).await, "the second moved up");
    answer(&store, second, 1, None, 404).await;
    assert_eq!(vec![other, third], due(&store, 60).await, "one that is given up holds up nobody");
    // Told twice, by two workers say: the second telling changes nothing.
    answer(&store, second, 2, Some(70), 500).await;
    assert_eq!(vec![other, third], due(&store, 99).await);
    answer(&store, other, 1, None, 200).await;
    answer(&store, third, 1, None, 200).await;
    assert_eq!(None, store.next_delivery(at(-1)).await.expect("readable"));
    assert_eq!(Backlog { open: 0, oldest_due: None, failing: 0 }, backlog(99).await);

    let log = told_of(&store, 1).await;
    let shown: Vec<_> =
        log.iter().map(|one| (one.delivery.id, one.state, one.delivery.attempts, one.status, one.tried_at)).collect();
    let expected = vec![
        (first, DeliveryState::Delivered, 2, Some(200), Some(at(2))),
        (second, DeliveryState::GivenUp, 1, Some(404), Some(at(1))),
        (third, DeliveryState::Delivered, 1, Some(200), Some(at(1))),
    ];
    assert_eq!(expected, shown);
    let bodies: Vec<_> = log.iter().map(|one| one.delivery.body.as_deref()).collect();
    assert_eq!(vec![None, Some("the bytes"), None], bodies, "what arrived is not kept");

    // A new one after all are over waits for nobody.
    write(&store, 1, 4, 80).await;
    assert_eq!(Some(at(80)), store.next_delivery(at(79)).await.expect("readable"));
    let log = told_of(&store, 1).await;
    assert_eq!((DeliveryState::Open, None), (log[3].state, log[3].status));
}

#[tokio::test]
async fn a_try_without_a_body_leaves_none() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let record = CheckoutRecord { checkout: checkout(1), document: "{}".to_owned() };
    done(&store, Changeset { checkout: Some(Box::new(record)), ..Changeset::default() }).await;
    write(&store, 1, 1, 0).await;
    let id = delivery(1, 1, 0).id;
    take(&store, WORKER, vec![id], 0).await;
    tried(&store, failed(id, 1, Some(60))).await;
    assert_eq!(Vec::<DeliveryId>::new(), due(&store, 59).await);
    let again = take(&store, WORKER, vec![id], 60).await;
    assert_eq!(vec![(1, None)], again.into_iter().map(|one| (one.attempts, one.body)).collect::<Vec<_>>());
    tried(&store, failed(id, 2, None)).await;
    let log = told_of(&store, 1).await;
    assert_eq!((DeliveryState::GivenUp, Some(0), None), (log[0].state, log[0].status, log[0].delivery.body.clone()));
}

#[tokio::test]
async fn those_of_one_event_go_together_and_the_next_event_waits_for_all_of_them() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let of = |number, version, notice| Delivery { version, notice, ..delivery(1, number, 0) };
    // Captured and paid are told of one journal event, to a callback and two webhooks.
    let told = vec![
        of(1, 4, Notice::Captured),
        of(2, 4, Notice::Captured),
        of(3, 4, Notice::Paid),
        of(4, 4, Notice::Paid),
        of(5, 4, Notice::Paid),
    ];
    let ids: Vec<_> = told.iter().map(|one| one.id).collect();
    tell(&store, told).await;
    tell(&store, vec![of(6, 5, Notice::Refunded)]).await;
    let ids = [ids, vec![delivery(1, 6, 0).id]].concat();
    assert_eq!(ids[..2], due(&store, 0).await, "side by side");
    answer(&store, ids[1], 1, None, 200).await;
    assert_eq!(ids[..1], due(&store, 0).await, "one of them is still to arrive");
    answer(&store, ids[0], 8, None, 500).await;
    assert_eq!(ids[2..5], due(&store, 200).await, "given up is over too");
    for id in [ids[3], ids[2]] {
        answer(&store, id, 1, None, 200).await;
    }
    assert_eq!(ids[4..5], due(&store, 200).await);

    // What is sent again waits its turn, and then those of its event go before what came after it.
    done(&store, Changeset { resent: vec![again(ids[0], None)], ..Changeset::default() }).await;
    assert_eq!(ids[4..5], due(&store, 300).await, "behind what is going");
    answer(&store, ids[4], 1, None, 200).await;
    assert_eq!(ids[..1], due(&store, 300).await);
    answer(&store, ids[0], 1, None, 200).await;
    assert_eq!(ids[5..], due(&store, 300).await);
}

fn again(id: DeliveryId, body: Option<&str>) -> Resent {
    Resent { id, body: body.map(str::to_owned), at: at(300) }
}

#[tokio::test]
async fn what_is_over_is_sent_again_from_the_beginning_and_its_log_goes_on() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in [1, 2] {
        write(&store, number, 1, 0).await;
    }
    let (lost, arrived) = (delivery(1, 1, 0).id, delivery(2, 1, 0).id);
    answer(&store, lost, 8, None, 500).await;
    answer(&store, arrived, 1, None, 200).await;
    let destination = delivery(1, 1, 0).destination();
    assert_eq!(vec![lost], store.given_up(destination, at(0), at(0), 10).await.expect("readable"));
    assert_eq!(Vec::<DeliveryId>::new(), store.given_up(destination, at(1), at(9), 10).await.expect("readable"));
    let log = async |is_given_up, before, most| {
        let found = store.deliveries_to(destination, is_given_up, before, most).await.expect("readable");
        found.into_iter().map(|one| (one.delivery.id, one.position)).collect::<Vec<_>>()
    };
    let all = log(false, None, 10).await;
    assert_eq!(vec![arrived, lost], all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "newest first");
    assert_eq!(all[1..], log(false, Some(all[0].1), 10).await);
    assert_eq!(all[..1], log(false, None, 1).await);
    assert_eq!(all[1..], log(true, None, 10).await);

    let resent = vec![again(lost, None), again(arrived, Some("the bytes"))];
    done(&store, Changeset { resent, ..Changeset::default() }).await;
    let sent = take(&store, WORKER, due(&store, 300).await, 300).await;
    let sent: Vec<_> = sent.iter().map(|one| (one.id, one.attempts, one.body.as_deref())).collect();
    assert_eq!(vec![(lost, 0, Some("the bytes")), (arrived, 0, Some("the bytes"))], sent);
    answer(&store, lost, 1, None, 200).await;
    let tries = store.tries(lost).await.expect("readable");
    let tries: Vec<_> = tries.iter().map(|one| (one.number, one.status)).collect();
    assert_eq!(vec![(1, 500), (2, 200)], tries);
    let found = store.delivery(MERCHANT, Mode::Test, lost).await.expect("readable").expect("there");
    assert_eq!((None, true), (found.delivery.body, found.body_hash.is_some()), "its hash is kept");

    // One that is open is not touched.
    let before = store.delivery(MERCHANT, Mode::Test, arrived).await.expect("readable");
    done(&store, Changeset { resent: vec![again(arrived, None)], ..Changeset::default() }).await;
    assert_eq!(before, store.delivery(MERCHANT, Mode::Test, arrived).await.expect("readable"));
}

#[tokio::test]
async fn one_worker_has_a_delivery_until_its_lease_ends() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    write(&store, 1, 1, 0).await;
    let (id, other) = (delivery(1, 1, 0).id, Uuid::from_u128(0xE000_0002));
    assert_eq!(1, take(&store, WORKER, vec![id], 0).await.len());
    assert!(take(&store, other, vec![id], 59).await.is_empty());
    assert!(due(&store, 59).await.is_empty());
    assert_eq!(Some(at(60)), store.next_delivery(at(0)).await.expect("readable"), "who looks then finds it");
    assert_eq!(1, take(&store, other, vec![id], 60).await.len());

    // The first comes back: that it failed is not taken from it, that it arrived is.
    tried(&store, failed(id, 1, None)).await;
    let state = async || store.delivery(MERCHANT, Mode::Test, id).await.expect("readable").expect("there");
    assert_eq!((DeliveryState::Open, true), (state().await.state, state().await.is_under_way));
    tried(&store, Delivered { success: true, status: 200, ..failed(id, 1, None) }).await;
    assert_eq!((DeliveryState::Delivered, false), (state().await.state, state().await.is_under_way));
    tried(&store, Delivered { worker: other, ..failed(id, 1, Some(99)) }).await;
    assert_eq!(DeliveryState::Delivered, state().await.state);
    let tries = store.tries(id).await.expect("readable");
    assert_eq!(vec![0, 200, 0], tries.iter().map(|one| one.status).collect::<Vec<_>>(), "the log has all of them");
}

/// What its receiver acknowledges while it is being called.
#[tokio::test]
async fn a_try_is_logged_and_counted_whatever_became_of_the_delivery_meanwhile() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let url = "https://shop.example/hook".to_owned();
    let told = Delivery { endpoint: Endpoint::Subscription { topic: "PAID".to_owned(), url }, ..delivery(1, 1, 0) };
    let (id, destination) = (told.id, told.destination());
    tell(&store, vec![told]).await;
    take(&store, WORKER, vec![id], 0).await;
    done(&store, Changeset { acknowledged: Some(id), ..Changeset::default() }).await;
    tried(&store, Delivered { status: 200, is_there: Some(true), ..failed(id, 1, Some(60)) }).await;
    let found = store.delivery(MERCHANT, Mode::Test, id).await.expect("readable").expect("there");
    assert_eq!(DeliveryState::Delivered, found.state);
    assert_eq!(1, store.tries(id).await.expect("readable").len());
    let health = store.destination(MERCHANT, Mode::Test, destination).await.expect("readable").expect("called");
    assert_eq!((Some(at(1)), None), (health.delivered_at, health.failing_since));
}

#[tokio::test]
async fn what_waits_may_be_hurried_and_what_is_under_way_not() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in [1, 2] {
        write(&store, number, 1, 100).await;
    }
    let (one, two) = (delivery(1, 1, 0).id, delivery(2, 1, 0).id);
    take(&store, WORKER, vec![two], 100).await;
    let destination = delivery(1, 1, 0).destination();
    assert_eq!(vec![one], store.waiting_at(destination, at(10), 9).await.expect("readable"));
    let hurried = Some(Hurried { ids: vec![one, two], at: at(10) });
    done(&store, Changeset { hurried, ..Changeset::default() }).await;
    assert_eq!(vec![one], due(&store, 10).await);
    assert!(store.waiting_at(destination, at(10), 9).await.expect("readable").is_empty());
}

#[tokio::test]
async fn a_process_that_starts_takes_over_at_once() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    write(&store, 1, 1, 0).await;
    let id = delivery(1, 1, 0).id;
    assert_eq!(1, take(&store, WORKER, vec![id], 5).await.len());
    store.close().await.expect("closed");
    let store = Store::open(dir.path()).expect("a store");
    assert_eq!(vec![id], due(&store, 5).await, "nobody else has the store: who had it is gone");
}

#[tokio::test]
async fn it_is_known_since_when_nothing_arrives_and_its_merchant_is_told_once() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in 1..=4 {
        write(&store, number, 1, 0).await;
    }
    let destination = delivery(1, 1, 0).destination();
    let health = async || store.destination(MERCHANT, Mode::Test, destination).await.expect("readable");
    assert_eq!(None, health().await, "never called");
    answer(&store, delivery(1, 1, 0).id, 1, None, 200).await;
    answer(&store, delivery(2, 1, 0).id, 2, None, 500).await;
    answer(&store, delivery(3, 1, 0).id, 3, None, 404).await;
    let found = health().await.expect("called");
    assert_eq!((Some(at(1)), Some(at(3))), (found.delivered_at, found.failed_at));
    assert_eq!((Some(at(2)), 2, None), (found.failing_since, found.failures, found.warned_at));
    assert_eq!("https://shop.example", found.origin);
    assert_eq!(vec![found], store.destinations(MERCHANT, Mode::Test, None, 9).await.expect("readable"));
    for (merchant, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        assert_eq!(None, store.destination(merchant, mode, destination).await.expect("readable"));
        assert!(store.destinations(merchant, mode, None, 9).await.expect("readable").is_empty());
    }
    let warn = async |number| {
        let letter = Some(Delivery {
            endpoint: Endpoint::Mail { to: "ada@example.com".to_owned() },
            body: Some("a mail".to_owned()),
            ..delivery(9, number, 400)
        });
        let warning = Some(Box::new(Warning { destination, letter, at: at(400) }));
        done(&store, Changeset { warning, ..Changeset::default() }).await;
    };
    warn(1).await;
    warn(2).await;
    assert_eq!(vec![delivery(9, 1, 0).id, delivery(4, 1, 0).id], due(&store, 400).await, "one mail");
    assert_eq!(Some(at(400)), health().await.expect("called").warned_at);
    answer(&store, delivery(4, 1, 0).id, 1, None, 200).await;
    let found = health().await.expect("called");
    assert_eq!((None, 0, None), (found.failing_since, found.failures, found.warned_at), "it works again");
    warn(3).await;
    assert_eq!(vec![delivery(9, 1, 0).id], due(&store, 400).await, "nothing to warn of");
}
