//! Deliveries go out in order per checkout.

use domain::DeliveryId;
use store::{Backlog, Changeset, CheckoutRecord, Delivered, DeliveryState, Store};
use tempfile::tempdir;

use crate::samples::{at, checkout, checkout_id, delivery, done, open, openings};

async fn write(store: &Store, payment: u128, number: u128, seconds: i64) {
    let deliveries = vec![delivery(payment, number, seconds)];
    done(store, Changeset { deliveries, ..Changeset::default() }).await;
}

async fn answer(store: &Store, id: DeliveryId, attempts: u32, next: Option<i64>, status: u16) {
    let success = status == 200;
    let delivered = Delivered {
        id,
        body: Some("the bytes".to_owned()),
        attempts,
        next: next.map(at),
        success,
        status,
        at: at(i64::from(attempts)),
    };
    done(store, Changeset { delivered: Some(delivered), ..Changeset::default() }).await;
}

async fn due(store: &Store, seconds: i64) -> Vec<DeliveryId> {
    let due = store.due_deliveries(at(seconds), openings(10)).await.expect("readable");
    due.into_iter().map(|delivery| delivery.id).collect()
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
    assert_eq!(delivery(1, 1, 0), store.due_deliveries(at(9), openings(1)).await.expect("readable")[0]);

    assert_eq!(Some(at(1)), store.next_delivery(at(0)).await.expect("readable"), "what is due is not ahead");
    let backlog = |now| {
        let store = store.clone();
        async move { store.backlog(at(now)).await.expect("readable") }
    };
    assert_eq!(Backlog { open: 4, oldest_due: Some(at(0)) }, backlog(9).await, "those behind others are counted too");
    assert_eq!(Backlog { open: 4, oldest_due: None }, backlog(-1).await);

    answer(&store, first, 1, Some(60), 500).await;
    assert_eq!(vec![other], due(&store, 59).await, "the second waits for the first, which waits for its next try");
    let again = store.due_deliveries(at(60), openings(10)).await.expect("readable").pop().expect("the first");
    assert_eq!((first, 1, Some("the bytes")), (again.id, again.attempts, again.body.as_deref()));

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
    assert_eq!(Backlog { open: 0, oldest_due: None }, backlog(99).await);

    let log = store.deliveries(checkout_id(1)).await.expect("readable");
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
    let log = store.deliveries(checkout_id(1)).await.expect("readable");
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
    let failed = |attempts, next| Delivered {
        id,
        body: None,
        attempts,
        next,
        success: false,
        status: 0,
        at: at(i64::from(attempts)),
    };
    let first = Changeset { delivered: Some(failed(1, Some(at(60)))), ..Changeset::default() };
    done(&store, first).await;
    assert_eq!(Vec::<DeliveryId>::new(), due(&store, 59).await);
    let again = store.due_deliveries(at(60), openings(10)).await.expect("readable").pop().expect("the same");
    assert_eq!((id, 1, None), (again.id, again.attempts, again.body));
    done(&store, Changeset { delivered: Some(failed(2, None)), ..Changeset::default() }).await;
    let log = store.deliveries(checkout_id(1)).await.expect("readable");
    assert_eq!((DeliveryState::GivenUp, Some(0), None), (log[0].state, log[0].status, log[0].delivery.body.clone()));
}
