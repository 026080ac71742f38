//! Which methods there are (purchases-api 2.4, 3.9).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, codes};

async fn ask(app: &App, query: &str) -> Value {
    let answer = app.get(&format!("/payment_methods/?brand_id={}&{query}", app.merchant.brand_id)).await;
    assert_eq!(200, answer.status, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn what_can_be_paid_with_is_listed_with_names_and_logos() {
    let app = App::new().await;
    let shown = ask(&app, "currency=MYR&amount=1000&language=de&time=1").await;
    let cards = json!(["visa", "mastercard", "maestro"]);
    assert_eq!((&cards, &cards), (&shown["available_payment_methods"], &shown["card_methods"]));
    assert_eq!(
        (json!({ "any": ["card"] }), json!({ "any": "Other" })),
        (shown["by_country"].clone(), shown["country_names"].clone())
    );
    let names = json!({ "visa": "Visa", "mastercard": "Mastercard", "maestro": "Maestro", "card": "Karte" });
    assert_eq!(names, shown["names"]);
    for path in shown["logos"].as_object().unwrap().values() {
        let logo = app.page(path.as_str().unwrap()).await;
        assert_eq!((200, "image/svg+xml"), (logo.status, logo.header("content-type")));
        assert!(logo.text().starts_with("<svg ") && !logo.text().contains("<script"));
    }
    assert_eq!(404, app.page("/methods/paypal.svg").await.status);
    for filter in
        ["amount=200&recurring=true", "skip_capture=true", "preauthorization=true", "recurring=1", "country=MY"]
    {
        assert_eq!(cards, ask(&app, &format!("currency=EUR&{filter}")).await["available_payment_methods"], "{filter}");
    }
    // What is listed can be whitelisted, and a purchase with it can be made.
    let listed = app.create(json!({ "payment_method_whitelist": shown["available_payment_methods"] })).await;
    assert_eq!(201, listed.status);
}

#[tokio::test]
async fn a_key_and_a_brand_that_do_not_fit_together_are_told_so() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    for (query, expected) in [
        (format!("brand_id={}&currency=MYR", other.brand_id), "brand_id does_not_exist"),
        ("currency=MYR".to_owned(), "brand_id required"),
        ("brand_id=x&currency=XXQ&amount=-1".to_owned(), "amount invalid, brand_id invalid, currency invalid_choice"),
        (format!("brand_id={}", app.merchant.brand_id), "currency required"),
    ] {
        assert_eq!(format!("400 {expected}"), codes(&app.get(&format!("/payment_methods/?{query}")).await));
    }
    // Live mode has no acquirers yet.
    let path = format!("/payment_methods/?brand_id={}&currency=MYR", app.merchant.brand_id);
    let live = app.api(Method::GET, &path, &app.merchant.live_secret_key, "").await.json();
    let nothing = json!({});
    assert_eq!(
        (json!([]), &nothing, &nothing),
        (live["available_payment_methods"].clone(), &live["by_country"], &live["logos"])
    );
}
