//! Cards from forms on merchants' own pages (purchases-api 6.5).

use axum::http::Method;
use domain::{BrandId, Currency, MerchantId};
use engine::NewBrand;
use serde_json::{Value, json};

use crate::app::{Answer, App, GOOD, ask, request, story, tries};
use crate::three_ds::hidden;

const SUCCESS: &str = "https://shop.example.com/done?id=7&x=%20#end";
const FAILURE: &str = "https://shop.example.com/failed?id=7";
const FORM: &str = "application/x-www-form-urlencoded";

const NAME: &str = "cardholder_name=Ada+Example";
const NUMBER: &str = "card_number=4444333322221111";
const EXPIRES: &str = "expires=12%2F30";
const CVC: &str = "cvc=123";

fn redirects() -> Value {
    json!({ "success_redirect": SUCCESS, "failure_redirect": FAILURE })
}

fn number(number: &str) -> String {
    format!("{NAME}&card_number={number}&{EXPIRES}&{CVC}")
}

/// Where the payer is sent.
fn led(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("location"))
}

impl App {
    async fn direct(&self, changes: Value) -> String {
        let mut order = redirects();
        for (name, value) in changes.as_object().unwrap() {
            order[name] = value.clone();
        }
        self.purchase_id(order).await
    }

    async fn post_directly(&self, id: &str, body: &str) -> Answer {
        let url = self.show(id).await["direct_post_url"].as_str().map(str::to_owned);
        let path = url.map_or(format!("/p/{id}/direct_post/"), |url| url.replace("http://pay.example.com", ""));
        self.ask_form(&path, body.to_owned()).await
    }
}

#[tokio::test]
async fn a_card_is_taken_and_the_payer_goes_home() {
    let app = App::new().await;
    for body in [
        number(GOOD),
        number("4444+3333+2222+1111"),
        format!("{}&_token=abc&amount=1&status=paid&remember_card=off&preferred=fpx", number(GOOD)),
    ] {
        let id = app.direct(json!({})).await;
        assert_eq!(
            json!(format!("http://pay.example.com/p/{id}/direct_post/")),
            app.show(&id).await["direct_post_url"]
        );
        let answer = app.post_directly(&id, &body).await;
        assert_eq!((302, SUCCESS), led(&answer), "{body}: exactly as given");
        let shown = app.show(&id).await;
        assert_eq!("created pending_execute paid", story(&shown), "nobody looked at our page");
        assert_eq!(
            (json!("direct_post"), json!("direct_post")),
            (shown["transaction_data"]["flow"].clone(), shown["transaction_data"]["attempts"][0]["flow"].clone())
        );
        assert_eq!((vec!["execute ok".to_owned()], json!(false)), (tries(&shown), shown["is_recurring_token"].clone()));
        assert_eq!(json!("203.0.113.9"), shown["transaction_data"]["attempts"][0]["client_ip"]);
        assert_eq!(json!(954), shown["payment"]["amount"]);
    }
    let kept = app.direct(json!({ "skip_capture": true })).await;
    let answer = app.post_directly(&kept, &format!("{}&remember_card=on", number(GOOD))).await;
    assert_eq!((302, SUCCESS), led(&answer));
    assert_eq!(
        (json!("hold"), json!(true)),
        (app.show(&kept).await["status"].clone(), app.show(&kept).await["is_recurring_token"].clone())
    );
    let forced = app.direct(json!({ "force_recurring": true })).await;
    app.post_directly(&forced, &format!("{}&remember_card=off", number(GOOD))).await;
    assert_eq!(json!(true), app.show(&forced).await["is_recurring_token"]);
    app.audit();
}

#[tokio::test]
async fn a_declined_card_leads_to_the_other_address() {
    let app = App::new().await;
    for (card, status, code) in
        [("4000009900510002", "error", "insufficient_funds"), ("4000009900590004", "blocked", "suspected_fraud")]
    {
        let id = app.direct(json!({})).await;
        let answer = app.post_directly(&id, &number(card)).await;
        assert_eq!((302, FAILURE), led(&answer));
        let shown = app.show(&id).await;
        assert_eq!(format!("created pending_execute {status}"), story(&shown));
        assert_eq!(vec![format!("execute {code}")], tries(&shown));
    }
    app.audit();
}

#[tokio::test]
async fn a_card_the_purchase_does_not_take_is_not_sent() {
    let app = App::new().await;
    let id = app.direct(json!({ "payment_method_whitelist": ["mastercard"] })).await;
    assert_eq!((302, FAILURE), led(&app.post_directly(&id, &number(GOOD)).await));
    assert_eq!(json!("no_matching_terminal"), app.show(&id).await["transaction_data"]["attempts"][0]["error"]["code"]);
    assert!(app.book().await.is_empty());
    app.audit();
}

#[tokio::test]
async fn what_is_wrong_with_a_field_is_a_failed_payment() {
    let app = App::new().await;
    let long = "Ada+".repeat(8);
    for (body, code) in [
        (String::new(), "validation_cardholder_name_not_provided"),
        (format!("{NUMBER}&{EXPIRES}&{CVC}"), "validation_cardholder_name_not_provided"),
        (format!("cardholder_name={long}&{NUMBER}&{EXPIRES}&{CVC}"), "validation_cardholder_name_too_long"),
        (format!("cardholder_name=Ada7&{NUMBER}&{EXPIRES}&{CVC}"), "validation_cardholder_name_invalid"),
        (format!("{NAME}&{EXPIRES}&{CVC}"), "validation_card_number_not_provided"),
        (format!("{NAME}&card_number=44443333222211114444&{EXPIRES}&{CVC}"), "validation_card_number_too_long"),
        (format!("{NAME}&card_number=4444333322221112&{EXPIRES}&{CVC}"), "validation_card_number_invalid"),
        (format!("{NAME}&{NUMBER}&{CVC}"), "validation_expires_not_provided"),
        (format!("{NAME}&{NUMBER}&expires=12%2F2030&{CVC}"), "validation_expires_too_long"),
        (format!("{NAME}&{NUMBER}&expires=13%2F30&{CVC}"), "validation_expires_invalid"),
        (format!("{NAME}&{NUMBER}&expires=10%2F26&{CVC}"), "validation_expires_invalid"),
        (format!("{NAME}&{NUMBER}&{EXPIRES}"), "validation_cvc_not_provided"),
        (format!("{NAME}&{NUMBER}&{EXPIRES}&cvc=12345"), "validation_cvc_too_long"),
        (format!("{NAME}&{NUMBER}&{EXPIRES}&cvc=12a"), "validation_cvc_invalid"),
        (format!("{NAME}&{NUMBER}&{EXPIRES}&cvc=999"), "validation_cvc_invalid"),
        (format!("{NAME}&{NUMBER}&{EXPIRES}&cvc=123&cvc=123"), "validation_cvc_invalid"),
    ] {
        let id = app.direct(json!({})).await;
        let answer = app.post_directly(&id, &body).await;
        assert_eq!((302, FAILURE), led(&answer), "{code}");
        let shown = app.show(&id).await;
        assert_eq!(json!("error"), shown["status"], "{code}");
        assert_eq!(vec![format!("execute {code}")], tries(&shown));
        assert_eq!(json!("direct_post"), shown["transaction_data"]["attempts"][0]["flow"]);
        // The payer may correct it.
        assert_eq!((302, SUCCESS), led(&app.post_directly(&id, &number(GOOD)).await));
    }
    app.audit();
}

#[tokio::test]
async fn what_cannot_be_paid_any_more_is_not_tried() {
    let app = App::new().await;
    let (paid, cancelled, expired) = (
        app.direct(json!({})).await,
        app.direct(json!({})).await,
        app.direct(json!({ "due": app.now() + 60, "purchase": { "due_strict": true } })).await,
    );
    app.post_directly(&paid, &number(GOOD)).await;
    app.cancel(&cancelled).await;
    app.advance(61).await;
    assert_eq!("expired", app.status(&expired).await);
    let book = app.book().await;
    for id in [&paid, &cancelled, &expired] {
        let before = app.show(id).await;
        for body in [number(GOOD), String::new()] {
            assert_eq!((302, FAILURE), led(&app.ask_form(&format!("/p/{id}/direct_post/"), body).await));
        }
        assert_eq!(before, app.show(id).await, "no try is recorded");
    }
    assert_eq!(book, app.book().await);
    app.audit();
}

#[tokio::test]
async fn it_is_there_only_where_it_can_be_answered() {
    let app = App::new().await;
    let one = app.purchase_id(json!({ "success_redirect": SUCCESS })).await;
    let other = app.purchase_id(json!({ "failure_redirect": FAILURE })).await;
    let asks = app.direct(json!({ "purchase": { "request_client_details": ["phone"] } })).await;
    let off = app
        .engine
        .create_brand(NewBrand {
            merchant_id: MerchantId::parse(&app.merchant.id).unwrap(),
            parent: None,
            name: "Without".to_owned(),
            website: String::new(),
            support_email: String::new(),
            currency: Currency::parse("MYR").unwrap(),
            currencies: None,
            exchanges: vec![],
            language: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            direct_post: false,
            embed_origins: vec![],
            palette: None,
            logo: None,
        })
        .await
        .unwrap();
    assert_ne!(off.id, BrandId::parse(&app.merchant.brand_id).unwrap());
    let without = app.direct(json!({ "brand_id": off.id.to_string() })).await;
    for id in [&one, &other, &asks, &without] {
        let before = app.show(id).await;
        assert_eq!(json!(null), before["direct_post_url"], "{before}");
        let answer = app.ask_form(&format!("/p/{id}/direct_post/"), number(GOOD)).await;
        assert_eq!(404, answer.status);
        assert_eq!(before, app.show(id).await);
    }
    assert_eq!(404, app.ask_form("/p/0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10/direct_post/", number(GOOD)).await.status);
    assert_eq!(0, app.book().await.len());
}

#[tokio::test]
async fn whoever_opens_it_sees_a_form() {
    let app = App::new().await;
    let id = app.direct(json!({})).await;
    let page = app.page(&format!("/p/{id}/direct_post/?preferred=fpx&s2s=false")).await;
    assert_eq!(200, page.status);
    assert!(page.text().contains("card_number"));
    let answer = app.submit(&id, crate::app::card(GOOD).body(&page.token())).await;
    assert_eq!(303, answer.status);
    assert_eq!("paid", app.status(&id).await);
}

#[tokio::test]
async fn a_post_nobody_can_read_is_a_failed_payment_too() {
    let app = App::new().await;
    let id = app.direct(json!({})).await;
    let path = format!("/p/{id}/direct_post/");
    for (content_type, body) in [("application/json", "{}".to_owned()), (FORM, "x".repeat(9 * 1024))] {
        let answer = ask(&app.router, request(Method::POST, &path, "", content_type, body)).await;
        assert_eq!((302, FAILURE), led(&answer));
    }
    assert_eq!("error", app.status(&id).await);
    assert_eq!(0, app.book().await.len());
}

#[tokio::test]
async fn the_bank_may_ask_in_between() {
    for (otp, status, target) in [("1234", "paid", SUCCESS), ("0000", "error", FAILURE)] {
        let app = App::new().await;
        let id = app.direct(json!({})).await;
        let answer = app.post_directly(&id, &number("5555555555554444")).await;
        assert_eq!((303, format!("/p/{id}/challenge/").as_str()), led(&answer));
        assert_eq!("pending_execute", app.status(&id).await);
        // Posted again meanwhile, it leads to where the outcome will be.
        let again = app.post_directly(&id, &number(GOOD)).await;
        assert_eq!((303, format!("/p/{id}/result/").as_str()), led(&again));
        let ours = app.page(&format!("/p/{id}/challenge/")).await;
        let body = format!("creq={}&threeDSSessionData=x&action=verify&otp={otp}", hidden(&ours, "creq"));
        let mut onward = app.ask_form("/acs/challenge", body.clone()).await;
        while onward.text().contains(r#"name="otp""#) {
            onward = app.ask_form("/acs/challenge", body.clone()).await;
        }
        let back = app.ask_form(&format!("/p/{id}/3ds/"), format!("cres={}", hidden(&onward, "cres"))).await;
        assert!(back.status == 200 && back.text().contains(&format!("/p/{id}/result/")), "{}", back.text());
        let shown = app.show(&id).await;
        assert_eq!(format!("created pending_execute {status}"), story(&shown));
        let page = app.page(&format!("/p/{id}/result/")).await;
        assert!(page.text().replace("&#38;", "&").replace("&amp;", "&").contains(target), "{}", page.text());
        app.audit();
    }
}
