//! Customers that merchants make, change, look for and delete.

use domain::{Customer, CustomerId, Mode};
use store::{Beside, Changeset, Committed, CustomerRecord, CustomerWrite, KeptCard, Place, Store, Wanted};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{MERCHANT, OTHER, at, checkout_id, customer_record, done, open};

async fn commit(store: &Store, write: CustomerWrite) -> Committed {
    let change = Changeset { customer_write: Some(Box::new(write)), ..Changeset::default() };
    store.commit(change).await.expect("written")
}

fn made(number: u128, seconds: i64, details: Customer) -> CustomerRecord {
    CustomerRecord { details, created_at: at(seconds), ..customer_record(number, "") }
}

async fn list(store: &Store, wanted: Wanted, beside: Option<Beside>, most: u32) -> Vec<CustomerId> {
    let found = store.customers(MERCHANT, Mode::Test, wanted, beside, most).await.expect("readable");
    found.into_iter().map(|record| record.id).collect()
}

#[tokio::test]
async fn a_customer_is_changed_under_the_eyes_of_its_reader_only_and_deleted() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let record = customer_record(1, "Siti@example.com");
    assert_eq!(Committed::Done, commit(&store, CustomerWrite::Add(record.clone())).await);
    assert_eq!(Committed::Done, commit(&store, CustomerWrite::Add(customer_record(2, "siti@example.com"))).await);
    let by_email = async |email| store.customer_by_email(MERCHANT, Mode::Test, email).await.expect("readable");
    assert_eq!(Some(record.clone()), by_email("siti@example.com").await, "the oldest");

    let details = Customer { email: "new@example.com".to_owned(), ..Customer::default() };
    let changed = CustomerRecord { version: 2, details, extra: "[]".to_owned(), updated_at: at(9), ..record.clone() };
    assert_eq!(Committed::Done, commit(&store, CustomerWrite::Change(changed.clone())).await);
    assert_eq!(Committed::Stale, commit(&store, CustomerWrite::Change(changed.clone())).await);
    assert_eq!(Some(changed.clone()), by_email("new@example.com").await);
    assert_eq!(customer_record(2, "").id, by_email("siti@example.com").await.expect("the other").id);

    for (merchant, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        commit(&store, CustomerWrite::Remove(merchant, mode, record.id)).await;
    }
    assert!(by_email("new@example.com").await.is_some(), "not theirs");
    commit(&store, CustomerWrite::Remove(MERCHANT, Mode::Test, record.id)).await;
    assert_eq!(None, by_email("new@example.com").await);
    let card = KeptCard {
        merchant_id: MERCHANT,
        mode: Mode::Test,
        customer_id: record.id,
        checkout_id: checkout_id(1),
        created_at: at(9),
    };
    done(&store, Changeset { kept_card: Some(card), ..Changeset::default() }).await;
    let kept = store.kept_since(MERCHANT, Mode::Test, record.id, checkout_id(1)).await.expect("readable");
    assert_eq!(None, kept, "who is deleted keeps nothing");
}

/// What a purchase made is found by its email until it has another one; then a purchase makes another.
#[tokio::test]
async fn an_email_that_is_given_up_is_free() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let inline =
        |number| Changeset { customer: Some(customer_record(number, "a@example.com")), ..Changeset::default() };
    done(&store, inline(1)).await;
    assert_eq!(Committed::Stale, store.commit(inline(2)).await.expect("answered"));
    let same = CustomerRecord { version: 2, ..customer_record(1, "A@example.com") };
    commit(&store, CustomerWrite::Change(same)).await;
    assert_eq!(Committed::Stale, store.commit(inline(2)).await.expect("answered"), "still the same");
    let other = CustomerRecord { version: 3, ..customer_record(1, "b@example.com") };
    commit(&store, CustomerWrite::Change(other)).await;
    done(&store, inline(2)).await;
    let again = CustomerRecord { version: 4, ..customer_record(1, "a@example.com") };
    assert_eq!(Committed::Done, commit(&store, CustomerWrite::Change(again)).await, "two may have it");
}

#[tokio::test]
async fn a_text_is_found_wherever_it_stands_and_an_email_first() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let of = |details: fn(&mut Customer)| {
        let mut customer = Customer::default();
        details(&mut customer);
        customer
    };
    let all = [
        made(1, 1, of(|c| c.email = "ada@example.com".into())),
        made(2, 2, of(|c| c.full_name = "Ada@Example.com \u{c9}mile".into())),
        made(3, 3, of(|c| c.legal_name = "100% Tea_Ltd".into())),
        made(4, 4, of(|c| c.personal_code = "P-77".into())),
        made(5, 5, of(|c| c.phone = "+60 12 345".into())),
        CustomerRecord { merchant_id: OTHER, ..made(6, 6, of(|c| c.email = "ada@example.com".into())) },
    ];
    for record in &all {
        commit(&store, CustomerWrite::Add(record.clone())).await;
    }
    let id = |number: usize| all[number - 1].id;
    let find = async |text: &str| {
        let text = Some(text.to_owned());
        list(&store, Wanted { text, ..Wanted::default() }, None, 9).await
    };
    assert_eq!(vec![id(1), id(2)], find("ADA@example.COM").await, "whose email it is comes before the newer one");
    assert_eq!(vec![id(2), id(1)], find("ada").await);
    assert_eq!(vec![id(2)], find("\u{e9}mile").await);
    assert_eq!(vec![id(3)], find("0% t").await);
    assert_eq!(vec![id(3)], find("tea_l").await);
    assert_eq!(Vec::<CustomerId>::new(), find("a%l").await, "a sign is a sign");
    assert_eq!((vec![id(5)], vec![id(4)]), (find("12 3").await, find("p-7").await));
    let code = |code: &str| Wanted { personal_code: Some(code.to_owned()), ..Wanted::default() };
    assert_eq!(vec![id(4)], list(&store, code("P-77"), None, 9).await);
    assert_eq!(Vec::<CustomerId>::new(), list(&store, code("P-7"), None, 9).await, "the whole of it");

    assert_eq!(vec![id(5), id(4)], list(&store, Wanted::default(), None, 2).await);
    let place = |number: i64| Place { rank: 0, at: at(number), id: id(usize::try_from(number).expect("small")).uuid() };
    let older = list(&store, Wanted::default(), Some(Beside::Older(place(4))), 2).await;
    assert_eq!(vec![id(3), id(2)], older);
    let newer = list(&store, Wanted::default(), Some(Beside::Newer(place(2))), 2).await;
    assert_eq!(vec![id(4), id(3)], newer);
    let behind_exact = Some(Beside::Older(Place { rank: 1, at: at(1), id: Uuid::from_u128(0xC001) }));
    let ada = Wanted { text: Some("ada@example.com".to_owned()), ..Wanted::default() };
    assert_eq!(vec![id(2)], list(&store, ada, behind_exact, 9).await);
}
