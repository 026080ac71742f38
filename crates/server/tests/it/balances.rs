//! What a merchant has and what it turned over, through the API (purchases-api 2.8, 3.10, 3.11).

use axum::http::Method;
use domain::{Currency, Fees, MerchantId, Mode, Reserve};
use engine::{NewBrand, NewMerchant};
use serde_json::{Value, json};

use crate::app::{App, GOOD, START, card, codes, id};

const DAY: u64 = 86_400;

/// A merchant that is charged 1.5 % and 20, and for three days cannot have a tenth of what it took; with another brand.
pub(crate) async fn charged(app: &mut App) -> String {
    let reserve = Reserve { basis_points: 1_000, days: 3 };
    let fees = Fees { basis_points: 150, fixed: 20, reserve };
    let made = app.engine.create_merchant(NewMerchant { fees, ..NewMerchant::default() }).await.unwrap();
    let (_, secret) = app.engine.create_key(made.id, Mode::Test).await.unwrap();
    app.merchant.id = made.id.to_string();
    app.merchant.secret_key = secret.to_string();
    app.merchant.brand_id = brand(app, made.id, "Tea").await;
    brand(app, made.id, "Coffee").await
}

async fn brand(app: &App, merchant_id: MerchantId, name: &str) -> String {
    let new = NewBrand {
        merchant_id,
        parent: None,
        name: name.to_owned(),
        website: String::new(),
        currency: Currency::parse("MYR").unwrap(),
        currencies: None,
        exchanges: vec![],
        language: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        direct_post: false,
        embed_origins: vec![],
        palette: None,
        logo: None,
        support_email: String::new(),
    };
    app.engine.create_brand(new).await.unwrap().id.to_string()
}

impl App {
    async fn balance(&self, query: &str) -> Value {
        let answer = self.get(&format!("/account/json/balance/{query}")).await;
        assert_eq!(200, answer.status, "{query}: {}", answer.text());
        answer.json()
    }

    async fn turnover(&self, query: &str) -> Value {
        let answer = self.get(&format!("/account/json/turnover/{query}")).await;
        assert_eq!(200, answer.status, "{query}: {}", answer.text());
        answer.json()
    }
}

/// gross, balance, available, reserved, outgoing, fees
fn amounts(balance: &Value) -> [i64; 6] {
    let names = ["gross_balance", "balance", "available_balance", "reserved", "pending_outgoing", "fee_sell"];
    assert_eq!(names.len(), balance.as_object().unwrap().len(), "{balance}");
    names.map(|name| balance[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_balance_follows_what_happens_to_the_money() {
    let mut app = App::new().await;
    charged(&mut app).await;
    assert_eq!(json!({}), app.balance("").await, "nothing ever was");
    let paid = app.paid(GOOD, json!({})).await;
    assert_eq!([954, 920, 825, 95, 0, 34], amounts(&app.balance("").await["MYR"]));
    app.advance(DAY).await;
    assert_eq!(200, app.act(&paid, "refund", r#"{"amount":454}"#).await.status);
    assert_eq!([500, 466, 416, 50, 0, 34], amounts(&app.balance("").await["MYR"]), "a tenth of what is left");
    app.report(&paid, "chargeback").await;
    assert_eq!([0, -34, -34, 0, 0, 34], amounts(&app.balance("").await["MYR"]), "below nothing");
    app.report(&paid, "chargeback_reversed").await;
    assert_eq!([500, 466, 416, 50, 0, 34], amounts(&app.balance("").await["MYR"]));
    app.advance(2 * DAY).await;
    assert_eq!([500, 466, 466, 0, 0, 34], amounts(&app.balance("").await["MYR"]), "three days after the capture");
    // What was before is still known.
    let as_of = async |days: i64| app.balance(&format!("?from={}", START + days * 86_400)).await["MYR"].clone();
    assert_eq!([954, 920, 825, 95, 0, 34], amounts(&as_of(1).await));
    assert_eq!([500, 466, 416, 50, 0, 34], amounts(&as_of(2).await));
    assert_eq!([500, 466, 466, 0, 0, 34], amounts(&as_of(3).await));
    assert_eq!([0; 6], amounts(&as_of(0).await));
    app.audit();
}

#[tokio::test]
async fn what_is_kept_back_is_what_purchases_say() {
    let mut app = App::new().await;
    charged(&mut app).await;
    let mut ids = vec![];
    for price in [1, 450, 99_999] {
        let order = json!({ "purchase": { "products": [{ "name": "Tea", "price": price }] } });
        ids.push(app.paid(GOOD, order).await);
        app.advance(3_600).await;
    }
    ids.push(app.hold(GOOD).await);
    assert_eq!(200, app.act(&ids[3], "capture", r#"{"amount":500}"#).await.status);
    assert_eq!(200, app.act(&ids[2], "refund", r#"{"amount":33333}"#).await.status);
    let marked = app.purchase_id(json!({})).await;
    assert_eq!(200, app.act(&marked, "mark_as_paid", "").await.status);
    ids.push(marked);
    for hours in [0_u64, 70, 71, 72, 73] {
        let ahead = START + i64::try_from(hours * 3_600).unwrap() - app.now();
        if let Ok(ahead) = u64::try_from(ahead) {
            app.advance(ahead).await;
        }
        let (mut pending, mut net) = (0, 0);
        for id in &ids {
            let payment = app.show(id).await["payment"].clone();
            let of = |name: &str| payment[name].as_i64().unwrap();
            assert_eq!(of("amount"), of("net_amount") + of("fee_amount") + of("pending_amount"), "{payment}");
            assert_eq!(of("pending_amount") > 0, payment["pending_unfreeze_on"].is_i64(), "{payment}");
            net += of("net_amount");
            if let Some(until) = payment["pending_unfreeze_on"].as_i64() {
                assert_eq!(of("paid_on") + 3 * 86_400, until);
                pending += if until > app.now() { of("pending_amount") } else { 0 };
            }
        }
        assert!(net > 0);
        assert_eq!(pending, app.balance("").await["MYR"]["reserved"], "{hours} hours");
    }
}

#[tokio::test]
async fn a_balance_is_asked_by_much_and_a_plugin_by_a_filter_there_is_not() {
    let mut app = App::new().await;
    let coffee = charged(&mut app).await;
    app.paid(GOOD, json!({})).await;
    app.paid("5200009900000009", json!({ "brand_id": coffee, "purchase": { "currency": "EUR" } })).await;
    let all = app.balance("").await;
    assert_eq!(["EUR", "MYR"], all.as_object().unwrap().keys().collect::<Vec<_>>()[..]);
    let brand = app.merchant.brand_id.clone();
    assert_eq!(all, app.balance(&format!("?brand_id={brand}")).await, "as WHMCS asks (quirk 37)");
    assert_eq!(json!({ "MYR": all["MYR"] }), app.balance("?currency=MYR").await);
    let with_yen = app.balance("?currency=MYR&currency=JPY").await;
    assert_eq!((&all["MYR"], [0; 6]), (&with_yen["MYR"], amounts(&with_yen["JPY"])), "what is asked for is there");
    for (query, gross) in [
        (format!("?brand={brand}"), [0, 954]),
        (format!("?brand={coffee}"), [954, 0]),
        (format!("?brand={brand}&brand={coffee}"), [954, 954]),
        ("?payment_method=mastercard".to_owned(), [954, 0]),
        ("?payment_method=visa&flow=payform".to_owned(), [0, 954]),
        ("?flow=api".to_owned(), [0, 0]),
        ("?tokenized=false".to_owned(), [954, 954]),
        ("?product=refund&product=purchase".to_owned(), [954, 954]),
        ("?product=refund".to_owned(), [0, 0]),
        (format!("?terminal_uid={brand}"), [0, 0]),
        ("?country=FR".to_owned(), [0, 0]),
    ] {
        let found = app.balance(&query).await;
        assert_eq!(gross, ["EUR", "MYR"].map(|code| found[code]["gross_balance"].as_i64().unwrap()), "{query}");
    }
    for (query, refusal) in [
        ("?currency=myr", "400 currency invalid_choice"),
        ("?from=now", "400 from invalid"),
        ("?brand=1&tokenized=maybe", "400 brand invalid, tokenized invalid"),
    ] {
        assert_eq!(refusal, codes(&app.get(&format!("/account/json/balance/{query}")).await));
    }
    let stranger = app.another_merchant().await;
    for key in [&stranger.secret_key, &stranger.live_secret_key] {
        let answer = app.api(Method::GET, "/account/json/balance/", key, "").await;
        assert_eq!(json!({}), answer.json(), "each its own");
    }
}

#[tokio::test]
async fn a_turnover_counts_what_went_both_ways() {
    let mut app = App::new().await;
    charged(&mut app).await;
    let first = app.paid(GOOD, json!({})).await;
    app.advance(DAY).await;
    let second = app.paid(GOOD, json!({})).await;
    assert_eq!(200, app.act(&second, "refund", r#"{"amount":54}"#).await.status);
    app.report(&first, "chargeback").await;
    let marked = id(&app.purchase(json!({})).await).to_owned();
    app.act(&marked, "mark_as_paid", "").await;
    let side = |turnover: i64, fees: i64, count: u64| json!({ "turnover": turnover, "fee_sell": fees, "count": { "all": count } });
    let expected = |incoming: Value, outgoing: Value| json!({ "incoming": incoming, "outgoing": outgoing });
    let whole = expected(side(1_908, 68, 2), side(1_008, 0, 2));
    assert_eq!(whole, app.turnover("?currency=MYR").await);
    let noon = START + 43_200;
    assert_eq!(expected(side(954, 34, 1), side(0, 0, 0)), app.turnover(&format!("?currency=MYR&to={noon}")).await);
    assert_eq!(
        expected(side(954, 34, 1), side(1_008, 0, 2)),
        app.turnover(&format!("?currency=MYR&from={noon}")).await
    );
    let (from, to) = (START, START + 86_400);
    let query = format!("?currency=MYR&from={from}&to={to}");
    assert_eq!(expected(side(954, 34, 1), side(0, 0, 0)), app.turnover(&query).await, "its first moment, not its last");
    assert_eq!(expected(side(0, 0, 0), side(54, 0, 1)), app.turnover("?currency=MYR&product=refund").await);
    assert_eq!(expected(side(0, 0, 0), side(0, 0, 0)), app.turnover("?currency=EUR").await);
    for (query, refusal) in [
        ("", "400 currency required"),
        ("?currency=MYR&currency=EUR", "400 currency invalid"),
        ("?currency=MYR&from=1&from=2", "400 from invalid"),
    ] {
        assert_eq!(refusal, codes(&app.get(&format!("/account/json/turnover/{query}")).await));
    }
    app.pay(&app.purchase_id(json!({})).await, &card(GOOD)).await;
}
