//! What is written is what is read, to whom it belongs and to nobody else.

use domain::risk::CardKey;
use domain::{
    BrandId, CardId, Checkout, Colour, Currency, Customer, CustomerId, Exchange, Fees, KeyId, Line, LogoId, Look,
    MerchantId, Mode, Origin, Palette, Redirects, Reserve, Stated,
};
use rusqlite::Connection;
use store::{
    AdminWrite, ApiKey, BankAccount, Brand, CardRow, Changeset, CheckoutRecord, Company, CustomerRecord, Error,
    Merchant, Sealed, SigningKey, Store,
};
use tempfile::tempdir;
use uuid::Uuid;

use crate::samples::{MERCHANT, OTHER, at, card, checkout, checkout_id, customer, done, open, pay, payment_id};

fn text(name: &str) -> String {
    format!("{name} \"é\" 漢 \\ \n")
}

fn sealed() -> Sealed {
    Sealed { key_id: "k1".to_owned(), wrapped_key: vec![1, 2], ciphertext: vec![3, 0, 255] }
}

#[tokio::test]
async fn merchants_brands_and_keys() {
    let dir = tempdir().expect("a directory");
    let store = Store::open(dir.path()).expect("a store");
    let full = Merchant {
        id: MERCHANT,
        company: Company {
            legal_name: text("legal"),
            registration_number: text("registration"),
            tax_number: text("tax"),
            street_address: text("street"),
            city: text("city"),
            zip_code: text("zip"),
            country: "MY".to_owned(),
            bank_accounts: vec![
                BankAccount { account: "MY12".to_owned(), code: "BIC".to_owned() },
                BankAccount::default(),
            ],
        },
        fees: Fees { basis_points: 150, fixed: 20, reserve: Reserve { basis_points: 1_000, days: 3 } },
        email: "boss@example.com".to_owned(),
        created_at: at(1),
        revoked_at: None,
    };
    let bare = Merchant {
        id: OTHER,
        company: Company::default(),
        fees: Fees::default(),
        email: String::new(),
        created_at: at(2),
        revoked_at: Some(at(3)),
    };
    let brand = Brand {
        id: BrandId::new(Uuid::from_u128(5)),
        merchant_id: MERCHANT,
        parent: None,
        api_key: "ak_5".to_owned(),
        name: text("brand"),
        website: "https://shop.example".to_owned(),
        support_email: "help@shop.example".to_owned(),
        currency: Currency::parse("MYR").expect("a currency"),
        currencies: Some(vec![Currency::parse("JPY").expect("a currency")]),
        exchanges: vec![
            Exchange::new(
                Currency::parse("EUR").expect("a currency"),
                Currency::parse("MYR").expect("a currency"),
                "4.71",
            )
            .expect("a rate"),
        ],
        language: "ms".to_owned(),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
        direct_post: true,
        embed_origins: vec![Origin::parse("https://shop.example:8443").expect("an origin")],
        look: Look {
            palette: Palette::new(Colour::parse("#0b6e4f").expect("a colour"), Colour::GROUND).ok(),
            logo: LogoId::parse("0123456789abcdef0123456789abcdef.png"),
        },
        created_at: at(1),
        revoked_at: None,
    };
    let plain = Brand {
        id: BrandId::new(Uuid::from_u128(6)),
        parent: Some(brand.id),
        api_key: "ak_6".to_owned(),
        website: String::new(),
        support_email: String::new(),
        currencies: None,
        exchanges: vec![],
        direct_post: false,
        embed_origins: vec![],
        look: Look::default(),
        ..brand.clone()
    };
    let (id, api_key) = (BrandId::new(Uuid::from_u128(7)), "ak_7".to_owned());
    let none = Brand { id, api_key, currencies: Some(vec![]), ..plain.clone() };
    let key = ApiKey {
        id: KeyId::new(Uuid::from_u128(8)),
        merchant_id: MERCHANT,
        mode: Mode::Live,
        prefix: "abcdefgh".to_owned(),
        hash: [9; 32],
        created_at: at(1),
        revoked_at: None,
    };
    let signing = SigningKey {
        owner: MERCHANT.uuid(),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        generation: 1,
        made_at: at(1),
        public_pem: text("pem"),
        private: sealed(),
    };
    let admin = vec![
        AdminWrite::Merchant(full.clone()),
        AdminWrite::Merchant(bare.clone()),
        AdminWrite::Brand(brand.clone()),
        AdminWrite::Brand(plain.clone()),
        AdminWrite::Brand(none.clone()),
        AdminWrite::Key(key.clone()),
        AdminWrite::SigningKey(signing.clone()),
    ];
    done(&store, Changeset { admin, ..Changeset::default() }).await;

    assert_eq!(vec![full.clone(), bare], store.merchants().await.expect("readable"));
    assert_eq!(Some(full.clone()), store.merchant(MERCHANT).await.expect("readable"));
    assert_eq!(None, store.merchant(MerchantId::new(Uuid::from_u128(99))).await.expect("readable"));
    assert_eq!(Some(plain.clone()), store.brand_by_api_key("ak_6").await.expect("readable"));
    assert_eq!(None, store.brand_by_api_key("ak_8").await.expect("readable"));
    let twin = Brand { id: BrandId::new(Uuid::from_u128(9)), ..plain.clone() };
    let twin = Changeset { admin: vec![AdminWrite::Brand(twin)], ..Changeset::default() };
    assert!(store.commit(twin).await.is_err(), "a public key names one brand");
    assert_eq!(vec![brand.clone(), plain, none], store.brands(MERCHANT).await.expect("readable"));
    assert_eq!(Some(brand.clone()), store.brand(MERCHANT, brand.id).await.expect("readable"));
    assert_eq!(None, store.brand(OTHER, brand.id).await.expect("readable"));
    assert_eq!(vec![key.clone()], store.api_keys_by_prefix("abcdefgh").await.expect("readable"));
    assert_eq!(vec![key.clone()], store.api_keys(MERCHANT).await.expect("readable"));
    assert!(store.api_keys(OTHER).await.expect("readable").is_empty());
    assert_eq!(Some(signing.clone()), store.signing_key(MERCHANT.uuid(), Mode::Test).await.expect("readable"));
    assert_eq!(None, store.signing_key(MERCHANT.uuid(), Mode::Live).await.expect("readable"));

    let newer = SigningKey { public_pem: "new".to_owned(), generation: 2, made_at: at(9), ..signing };
    let admin = vec![
        AdminWrite::RevokeMerchant(MERCHANT, at(10)),
        AdminWrite::RevokeMerchant(MERCHANT, at(20)),
        AdminWrite::RevokeBrand(brand.id, at(11)),
        AdminWrite::RevokeKey(key.id, at(12)),
        AdminWrite::SigningKey(newer.clone()),
    ];
    done(&store, Changeset { admin, ..Changeset::default() }).await;
    let merchant = store.merchant(MERCHANT).await.expect("readable").expect("it is there");
    assert_eq!(Some(at(10)), merchant.revoked_at, "the first revocation counts");
    let brand = store.brand(MERCHANT, brand.id).await.expect("readable").expect("it is there");
    assert_eq!(Some(at(11)), brand.revoked_at);
    assert_eq!(Some(at(12)), store.api_keys(MERCHANT).await.expect("readable")[0].revoked_at);
    assert_eq!(Some(newer), store.signing_key(MERCHANT.uuid(), Mode::Test).await.expect("readable"));
}

#[tokio::test]
async fn checkouts_customers_and_cards() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    let full = CheckoutRecord { checkout: checkout(1), document: text("document") };
    let bare = CheckoutRecord {
        checkout: Checkout {
            reference: String::new(),
            notes: String::new(),
            lines: vec![Line::default()],
            debt: 0,
            stated: Stated::default(),
            customer: Customer::default(),
            customer_id: None,
            redirects: Redirects::default(),
            callback: None,
            brands: None,
            methods: vec![],
            ..checkout(2)
        },
        document: String::new(),
    };
    let nothing = CheckoutRecord {
        checkout: Checkout { lines: vec![], brands: Some(vec![]), ..checkout(3) },
        document: String::new(),
    };
    let records = [full, bare, nothing];
    for record in &records {
        done(&store, Changeset { checkout: Some(Box::new(record.clone())), ..Changeset::default() }).await;
    }
    for record in &records {
        let id = record.checkout.id;
        assert_eq!(Some(record), store.checkout(id).await.expect("readable").as_ref());
        assert_eq!(Some(record), store.merchant_checkout(MERCHANT, Mode::Test, id).await.expect("readable").as_ref());
        assert_eq!(None, store.merchant_checkout(OTHER, Mode::Test, id).await.expect("readable"));
        assert_eq!(None, store.merchant_checkout(MERCHANT, Mode::Live, id).await.expect("readable"));
    }

    let everything = Customer {
        personal_code: text("code"),
        shipping: domain::Address {
            street_address: text("street"),
            city: text("city"),
            state: text("state"),
            zip_code: text("zip"),
            country: "MY".to_owned(),
        },
        legal_name: text("legal"),
        brand_name: text("brand"),
        registration_number: text("registration"),
        tax_number: text("tax"),
        bank_account: text("account"),
        bank_code: text("bank"),
        bcc: vec![text("bcc"), String::new()],
        ..customer()
    };
    let record = CustomerRecord {
        id: CustomerId::new(Uuid::from_u128(3)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        version: 1,
        details: everything,
        extra: text("extra"),
        created_at: at(4),
        updated_at: at(5),
    };
    let row = CardRow {
        id: CardId::new(Uuid::from_u128(4)),
        merchant_id: MERCHANT,
        mode: Mode::Test,
        sealed: sealed(),
        fingerprint: [5; 32],
        card_key: CardKey::new([6; 16]),
        summary: domain::CardSummary { holder: String::new(), ..card() },
        created_at: at(5),
    };
    done(&store, Changeset { customer: Some(record.clone()), card: Some(row.clone()), ..Changeset::default() }).await;
    assert_eq!(Some(record.clone()), store.customer(MERCHANT, Mode::Test, record.id).await.expect("readable"));
    assert_eq!(None, store.customer(MERCHANT, Mode::Live, record.id).await.expect("readable"));
    assert_eq!(None, store.customer(OTHER, Mode::Test, record.id).await.expect("readable"));
    assert_eq!(Some(row.clone()), store.card(MERCHANT, Mode::Test, row.id).await.expect("readable"));
    assert_eq!(None, store.card(MERCHANT, Mode::Live, row.id).await.expect("readable"));
    assert_eq!(None, store.card(OTHER, Mode::Test, row.id).await.expect("readable"));
}

#[tokio::test]
async fn histories_belong_to_one_merchant_and_mode() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    pay(&store, 1).await;
    let (record, history) = store
        .merchant_checkout_with_history(MERCHANT, Mode::Test, checkout_id(1))
        .await
        .expect("readable")
        .expect("it is there");
    assert_eq!((checkout(1), r#"{"own":1}"#), (record.checkout.clone(), record.document.as_str()));
    let shown: Vec<_> = history.iter().map(|one| (one.version, one.at, one.event.name())).collect();
    let expected =
        vec![(1, at(0), "opened"), (2, at(1), "attempt_sent"), (3, at(2), "authorized"), (4, at(2), "captured")];
    assert_eq!(expected, shown);
    assert_eq!(history, store.history(MERCHANT, Mode::Test, payment_id(1)).await.expect("readable"));
    assert_eq!(Some((record, history)), store.checkout_with_history(checkout_id(1)).await.expect("readable"));
    for (merchant_id, mode) in [(OTHER, Mode::Test), (MERCHANT, Mode::Live)] {
        assert!(store.history(merchant_id, mode, payment_id(1)).await.expect("readable").is_empty());
        let found = store.merchant_checkout_with_history(merchant_id, mode, checkout_id(1)).await;
        assert_eq!(None, found.expect("readable"));
    }
    assert_eq!(None, store.checkout_with_history(checkout_id(2)).await.expect("readable"));
}

#[tokio::test]
async fn a_row_nobody_wrote_is_corrupt() {
    let dir = tempdir().expect("a directory");
    let store = open(dir.path()).await;
    pay(&store, 1).await;
    let raw = Connection::open(dir.path().join("tollgate.db")).expect("a database");
    for (edit, table, column) in [
        ("update checkouts set dialect = 'invoices'", "checkouts", "dialect"),
        ("update checkouts set dialect = 'purchases', checkout = '{}'", "checkouts", "checkout"),
    ] {
        raw.execute(edit, []).expect("it can be edited");
        match store.checkout(checkout_id(1)).await {
            Err(Error::Corrupt { table: found, column: named, key }) => {
                assert_eq!((table, column, checkout_id(1).to_string()), (found, named, key));
            }
            other => panic!("{edit}: {other:?}"),
        }
    }
    for event in [r#""vanished""#, r#"{"viewed":1}"#, "", r#"{"captured":{"attempt":"x"}}"#] {
        raw.execute("update journal set event = $1 where version = 2", [event]).expect("it can be edited");
        let history = store.history(MERCHANT, Mode::Test, payment_id(1)).await;
        assert!(matches!(history, Err(Error::Corrupt { table: "journal", column: "event", .. })), "{event}");
    }
}
