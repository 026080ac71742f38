//! What a commit promises.

use domain::risk::CardKey;
use domain::{Checkout, Command, MerchantId, Mode, PublicId};
use store::{
    AdminWrite, CardRow, Changeset, CheckoutRecord, Committed, CounterWrite, Error, JwsKey, Sealed, Store, Timer,
    TimerKind,
};
use tempfile::tempdir;

use crate::samples::{
    MERCHANT, OTHER, approved, at, attempt_id, change, checkout, checkout_id, customer_record, done, inquiry, key_use,
    merchant, money, open, opening, opening_with, pay, payment_id, submit, terms,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_all_durable() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let commits: Vec<_> = (0..500).map(|number| tokio::spawn(store.commit(opening(number).0))).collect();
    for commit in commits {
        assert_eq!(Committed::Done, commit.await.expect("no panic").expect("it can be written"));
    }
    // Not closed: what was answered is there for whoever opens the file next.
    let reopened = Store::open(dir.path()).expect("a store");
    for number in 0..500 {
        assert_eq!(1, reopened.history(MERCHANT, Mode::Test, payment_id(number)).await.expect("readable").len());
    }
    let report = reopened.audit().await.expect("it can be read");
    assert_eq!((500, 500, Vec::<String>::new()), (report.payments, report.events, report.broken));
}

#[tokio::test]
async fn a_caller_that_went_away_does_not_stop_the_write() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    drop(store.commit(opening(1).0));
    store.close().await.expect("it closes");
    let store = Store::open(dir.path()).expect("a store");
    assert_eq!(1, store.history(MERCHANT, Mode::Test, payment_id(1)).await.expect("readable").len());
}

#[tokio::test]
async fn a_stale_version_is_refused_and_its_neighbours_are_not() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let (changeset, payment) = opening(1);
    done(&store, changeset).await;

    // Sent together, so most likely in one batch.
    let mut second = change(&payment, &Command::Cancel, 2).0;
    second.idempotency = Some(key_use("second", 2));
    second.timers = vec![inquiry(1)];
    let answers = tokio::join!(
        store.commit(change(&payment, &Command::View, 1).0),
        store.commit(second),
        store.commit(opening(2).0),
        store.commit(opening(1).0),
    );
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"), "another event came first");
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(Committed::Stale, answers.3.expect("decided"), "there is a payment with this id");

    let history = store.history(MERCHANT, Mode::Test, payment_id(1)).await.expect("readable");
    assert_eq!(vec!["opened", "viewed"], history.iter().map(|one| one.event.name()).collect::<Vec<_>>());
    assert_eq!(
        None,
        store.used_key(MERCHANT, Mode::Test, "POST /purchases/", "second", at(2)).await.expect("readable")
    );
    assert_eq!(None, store.next_timer().await.expect("readable"), "a stale changeset leaves nothing");
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken);
}

#[tokio::test]
async fn a_change_in_the_name_of_another_merchant_is_stale() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let (changeset, mut payment) = opening(1);
    done(&store, changeset).await;
    payment.terms.merchant_id = OTHER;
    let theirs = store.commit(change(&payment, &Command::Cancel, 1).0).await;
    assert_eq!(Committed::Stale, theirs.expect("decided"));
}

#[tokio::test]
async fn what_no_guard_foresees_fails_alone() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let payment = submit(&store, 1).await;
    let settle = Command::Settle { attempt_id: attempt_id(1), outcome: approved() };

    let mut twice = change(&payment, &settle, 2).0;
    twice.checkout = Some(Box::new(CheckoutRecord {
        checkout: Checkout { public_id: None, ..checkout(1) },
        document: String::new(),
    }));
    let answers = tokio::join!(
        store.commit(opening(2).0),
        store.commit(twice),
        store.commit(opening(3).0),
        store.commit(change(&payment, &Command::View, 2).0),
    );
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert!(matches!(answers.1, Err(Error::Sqlite(_))), "a checkout with this id exists");
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(Committed::Done, answers.3.expect("written"), "the failed one did not touch the payment");
    assert!(store.balances(MERCHANT, Mode::Test).await.expect("readable").is_empty(), "nor the books");

    pay(&store, 4).await;
    let report = store.audit().await.expect("readable");
    assert_eq!((4, Vec::<String>::new()), (report.payments, report.broken));
}

#[tokio::test]
async fn a_balance_beyond_64_bits_fails_alone() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let mut largest = Vec::new();
    for number in [1, 2] {
        let (changeset, payment) =
            opening_with(&domain::Terms { amount: money(i64::MAX), fees: domain::Fees::default(), ..terms(number) });
        done(&store, changeset).await;
        let submit = Command::Submit(crate::samples::submission(number));
        let (mut changeset, payment) = change(&payment, &submit, 1);
        changeset.timers = vec![inquiry(number)];
        done(&store, changeset).await;
        let domain::Outcome::Approved { acquirer_reference, facts, .. } = approved() else { panic!("it is approved") };
        let outcome = domain::Outcome::Approved { amount: money(i64::MAX), acquirer_reference, facts };
        largest.push(change(&payment, &Command::Settle { attempt_id: attempt_id(number), outcome }, 2).0);
    }
    let second = largest.pop().expect("two");
    let first = largest.pop().expect("two");
    let answers = tokio::join!(store.commit(first), store.commit(second), store.commit(opening(3).0));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert!(matches!(answers.1, Err(Error::Corrupt { table: "balances", .. })));
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(Vec::<String>::new(), store.audit().await.expect("readable").broken);
}

#[tokio::test]
async fn a_key_is_used_once() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let with_key = |number: u128, key: &str| {
        let mut changeset = opening(number).0;
        changeset.idempotency = Some(key_use(key, 0));
        changeset
    };
    let answers = tokio::join!(
        store.commit(with_key(1, "one")),
        store.commit(with_key(2, "one")),
        store.commit(with_key(3, "two")),
    );
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::KeyUsed, answers.1.expect("decided"));
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(Committed::KeyUsed, store.commit(with_key(1, "one")).await.expect("decided"), "before it is stale");
    assert!(store.history(MERCHANT, Mode::Test, payment_id(2)).await.expect("readable").is_empty());

    let used =
        store.used_key(MERCHANT, Mode::Test, "POST /purchases/", "one", at(0)).await.expect("readable").expect("used");
    assert_eq!(([7; 32], 201, "{}"), (used.fingerprint, used.status, used.body.as_str()));
    for (merchant_id, mode, scope) in [
        (OTHER, Mode::Test, "POST /purchases/"),
        (MERCHANT, Mode::Live, "POST /purchases/"),
        (MERCHANT, Mode::Test, "POST /clients/"),
    ] {
        assert_eq!(None, store.used_key(merchant_id, mode, scope, "one", at(0)).await.expect("readable"));
    }
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    const DAY: i64 = 86_400;
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let use_key = async |key: &str, seconds: i64| {
        let idempotency = Some(key_use(key, seconds));
        store.commit(Changeset { idempotency, ..Changeset::default() }).await.expect("written")
    };
    use_key("alone", 0).await;
    let known = async |seconds| {
        let known = store.used_key(MERCHANT, Mode::Test, "POST /purchases/", "alone", at(seconds)).await;
        known.expect("readable").is_some()
    };
    assert_eq!((true, false), (known(DAY - 1).await, known(DAY).await), "to the second, though nothing was purged");
    assert_eq!(Committed::KeyUsed, use_key("alone", DAY - 1).await);
    assert_eq!(Committed::Done, use_key("alone", DAY).await);
    assert_eq!(Committed::KeyUsed, use_key("alone", 2 * DAY - 1).await);

    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let use_key = async |key: &str, seconds: i64| {
        let idempotency = Some(key_use(key, seconds));
        store.commit(Changeset { idempotency, ..Changeset::default() }).await.expect("written")
    };
    use_key("old", 0).await;
    use_key("younger", 10).await;
    use_key("next day", DAY + 5).await;
    assert_eq!(Committed::KeyUsed, use_key("younger", DAY + 5).await, "it is kept for 24 hours");
    assert_eq!(Committed::Done, use_key("old", DAY + 5).await, "it is not kept for ever");
    use_key("later", DAY + 20).await;
    assert_eq!(Committed::Done, use_key("younger", DAY + 20).await);
}

#[tokio::test]
async fn counters_and_emails_are_settled_by_who_is_first() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let count = |expected: u64| {
        let counter =
            Some(CounterWrite { merchant_id: MERCHANT, mode: Mode::Test, name: "order", expected, next: expected + 1 });
        store.commit(Changeset { counter, ..Changeset::default() })
    };
    assert_eq!(0, store.counter(MERCHANT, Mode::Test, "order").await.expect("readable"));
    let answers = tokio::join!(count(0), count(0), count(1));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"));
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(2, store.counter(MERCHANT, Mode::Test, "order").await.expect("readable"));
    assert_eq!(0, store.counter(MERCHANT, Mode::Live, "order").await.expect("readable"));

    let add = |number: u128, email: &str| {
        let customer = Some(customer_record(number, email));
        store.commit(Changeset { customer, ..Changeset::default() })
    };
    let answers = tokio::join!(add(1, "Siti@Example.com"), add(2, "siti@example.COM"), add(3, ""), add(4, ""));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"));
    assert_eq!(Committed::Done, answers.2.expect("written"));
    assert_eq!(Committed::Done, answers.3.expect("written"), "nobody's email is everybody's");
    let found = store.customer_by_email(MERCHANT, Mode::Test, "siti@example.com").await.expect("readable");
    assert_eq!(Some(customer_record(1, "Siti@Example.com")), found, "as it was written");
    assert_eq!(None, store.customer_by_email(MERCHANT, Mode::Live, "siti@example.com").await.expect("readable"));
    assert_eq!(None, store.customer_by_email(OTHER, Mode::Test, "siti@example.com").await.expect("readable"));
}

#[tokio::test]
async fn a_public_id_names_one_checkout_of_one_merchant_and_mode() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let opened = |number: u128, public_id: Option<PublicId>| {
        let record = |checkout| CheckoutRecord { checkout, document: "{}".to_owned() };
        let checkout = Some(Box::new(record(Checkout { public_id, ..checkout(number) })));
        store.commit(Changeset { checkout, ..opening(number).0 })
    };
    let named = PublicId::Number(900_017);
    let token = PublicId::Token(uuid::Uuid::from_u128(3));
    let answers = tokio::join!(opened(1, Some(named)), opened(2, Some(named)), opened(3, Some(token)));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"));
    assert_eq!(Committed::Done, answers.2.expect("written"));
    for number in [4, 5] {
        assert_eq!(Committed::Done, opened(number, None).await.expect("written"), "no name is everybody's");
    }
    let found = async |merchant, mode, public_id| {
        let found = store.public_checkout_with_history(merchant, mode, public_id).await.expect("readable");
        found.map(|(record, history)| (record.checkout.id, history.len()))
    };
    assert_eq!(Some((checkout_id(1), 1)), found(MERCHANT, Mode::Test, named).await);
    assert_eq!(Some((checkout_id(3), 1)), found(MERCHANT, Mode::Test, token).await);
    assert_eq!(None, found(OTHER, Mode::Test, named).await);
    assert_eq!(None, found(MERCHANT, Mode::Live, named).await);
    assert_eq!(None, found(MERCHANT, Mode::Test, PublicId::Number(7)).await);
    let refused = store.history(MERCHANT, Mode::Test, payment_id(2)).await.expect("readable");
    assert!(refused.is_empty(), "nothing of what was refused is written");
}

#[tokio::test]
async fn a_secret_is_made_once() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let sealed = |byte: u8| Sealed { key_id: "k1".to_owned(), wrapped_key: vec![byte], ciphertext: vec![byte; 3] };
    let put = |byte: u8| {
        let admin = vec![AdminWrite::Secret("pepper", sealed(byte)), AdminWrite::ClockOffset(i64::from(byte))];
        store.commit(Changeset { admin, ..Changeset::default() })
    };
    let answers = tokio::join!(put(1), put(2));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"));
    assert_eq!(Some(sealed(1)), store.secret("pepper").await.expect("readable"));
    assert_eq!(None, store.secret("salt").await.expect("readable"));
    assert_eq!(1, store.clock_offset().await.expect("readable"));
    let back = vec![AdminWrite::ClockOffset(0)];
    done(&store, Changeset { admin: back, ..Changeset::default() }).await;
    assert_eq!(1, store.clock_offset().await.expect("readable"), "the clock never goes back");
}

#[tokio::test]
async fn a_key_of_the_gateway_takes_the_place_of_the_one_that_was_seen() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let key = |kid: &str, seconds: i64| JwsKey {
        kid: kid.to_owned(),
        modulus: vec![200, 0, 1],
        exponent: vec![1, 0, 1],
        private: Sealed { key_id: "k1".to_owned(), wrapped_key: vec![1], ciphertext: vec![2, 0, 255] },
        created_at: at(seconds),
        retired_at: None,
    };
    let put = |retires: Option<&str>, key: &JwsKey| {
        let write = AdminWrite::JwsKey { retires: retires.map(str::to_owned), key: key.clone() };
        store.commit(Changeset { admin: vec![write], ..Changeset::default() })
    };
    let (first, second) = (key("a", 1), key("b", 2));
    assert_eq!(Committed::Stale, put(Some("z"), &first).await.expect("decided"), "there is none to retire");
    let answers = tokio::join!(put(None, &first), put(None, &key("c", 1)));
    assert_eq!(Committed::Done, answers.0.expect("written"));
    assert_eq!(Committed::Stale, answers.1.expect("decided"), "there is one already");
    assert_eq!(vec![first.clone()], store.jws_keys().await.expect("readable"));
    assert_eq!(Committed::Done, put(Some("a"), &second).await.expect("written"));
    assert_eq!(Committed::Stale, put(Some("a"), &key("d", 3)).await.expect("decided"), "it retired before");
    let retired = JwsKey { retired_at: Some(at(2)), ..first };
    assert_eq!(vec![second, retired], store.jws_keys().await.expect("readable"));
}

#[tokio::test]
async fn timers_are_a_set_in_order_of_time() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let timer = |seconds: i64, kind: TimerKind| Timer {
        at: at(seconds),
        kind,
        merchant_id: MERCHANT,
        mode: Mode::Test,
        payment_id: payment_id(1),
    };
    let asked = |asked: u32| TimerKind::Inquire { attempt_id: attempt_id(1), asked, not_found: 0 };
    let all = vec![
        timer(30, TimerKind::Due),
        timer(20, asked(1)),
        timer(10, asked(0)),
        timer(25, TimerKind::Reverse { attempt_id: attempt_id(1), asked: 3 }),
    ];
    for _ in 0..2 {
        done(&store, Changeset { timers: all.clone(), ..Changeset::default() }).await;
    }
    assert_eq!(Some(at(10)), store.next_timer().await.expect("readable"));
    let due = store.due_timers(at(25), 10).await.expect("readable");
    assert_eq!(vec![all[2].clone(), all[1].clone(), all[3].clone()], due);
    assert_eq!(1, store.due_timers(at(25), 1).await.expect("readable").len());

    let timers_done = vec![timer(10, asked(0)), timer(20, TimerKind::Due)];
    done(&store, Changeset { timers_done, ..Changeset::default() }).await;
    assert_eq!(3, store.due_timers(at(99), 10).await.expect("readable").len(), "exactly the one that was done");
}

#[tokio::test]
async fn balances_add_up() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    for number in 1..=3 {
        pay(&store, number).await;
    }
    let balances = store.balances(MERCHANT, Mode::Test).await.expect("readable");
    let shown: Vec<_> = balances
        .into_iter()
        .map(|(currency, account, layer, amount)| (currency.code(), account.as_str(), layer.as_str(), amount))
        .collect();
    // 1.5 % of 9.54 is 0.14, and 0.20: three times 0.34.
    let expected = vec![
        ("MYR", "acquirer", "pending", 0),
        ("MYR", "acquirer", "posted", 3 * 954),
        ("MYR", "fees_charged", "posted", 3 * 34),
        ("MYR", "fees_earned", "posted", -3 * 34),
        ("MYR", "merchant", "pending", 0),
        ("MYR", "merchant", "posted", -3 * 954),
    ];
    assert_eq!(expected, shown);
    assert!(store.balances(MERCHANT, Mode::Live).await.expect("readable").is_empty());
    assert!(store.balances(OTHER, Mode::Test).await.expect("readable").is_empty());
}

#[tokio::test]
async fn a_forgetful_store_writes_nothing() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    done(&store.forgetful(), opening(1).0).await;
    assert!(store.history(MERCHANT, Mode::Test, payment_id(1)).await.expect("readable").is_empty());
    assert_eq!(2, store.forgetful().merchants().await.expect("readable").len(), "it reads as any other");
}

#[tokio::test]
async fn a_card_with_a_used_id_is_an_error() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let card = || CardRow {
        id: domain::CardId::new(uuid::Uuid::from_u128(9)),
        merchant_id: MerchantId::new(uuid::Uuid::from_u128(1)),
        mode: Mode::Test,
        sealed: Sealed { key_id: String::new(), wrapped_key: vec![], ciphertext: vec![] },
        fingerprint: [0; 32],
        card_key: CardKey::new([0; 16]),
        summary: crate::samples::card(),
        created_at: at(0),
    };
    done(&store, Changeset { card: Some(card()), ..Changeset::default() }).await;
    assert!(store.commit(Changeset { card: Some(card()), ..Changeset::default() }).await.is_err());
    let again = vec![AdminWrite::Merchant(merchant(MERCHANT))];
    assert!(store.commit(Changeset { admin: again, ..Changeset::default() }).await.is_err());
}
