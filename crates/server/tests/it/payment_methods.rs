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
    assert_eq!(cards, shown["card_methods"]);
    let malaysian = json!([
        "fpx",
        "fpx_b2b1",
        "razer_atome",
        "razer_grabpay",
        "razer_maybankqr",
        "razer_shopeepay",
        "razer_tng",
        "shopee_pay",
        "duitnow_qr",
        "dnqr",
    ]);
    let everywhere = json!(["card", "mpgs_google_pay", "mpgs_apple_pay", "crypto_coin"]);
    assert_eq!(json!({ "any": everywhere, "MY": malaysian }), shown["by_country"]);
    assert_eq!(json!({ "any": "Andere", "MY": "Malaysia" }), shown["country_names"]);
    let available = shown["available_payment_methods"].as_array().unwrap();
    assert_eq!((17, Some(&json!("razer"))), (available.len(), available.last()));
    for (method, name) in [("visa", "Visa"), ("card", "Karte"), ("fpx", "FPX"), ("razer_tng", "Touch 'n Go")] {
        assert_eq!(name, shown["names"][method]);
    }
    assert_eq!(18, shown["logos"].as_object().unwrap().len());
    for (method, path) in shown["logos"].as_object().unwrap() {
        assert!(shown["names"][method].is_string(), "{method}");
        let logo = app.page(path.as_str().unwrap()).await;
        assert_eq!((200, "image/svg+xml"), (logo.status, logo.header("content-type")));
        assert!(
            logo.text().starts_with("<svg ") && logo.text().ends_with("</svg>\n") | logo.text().ends_with("</svg>")
        );
        assert!(!logo.text().contains("<script"));
    }
    assert_eq!(404, app.page("/methods/paypal.svg").await.status);
    // What is listed can be whitelisted, and a purchase with it can be made; `razer` is a name for several.
    let listed: Vec<_> = available.iter().filter(|method| *method != "razer").collect();
    let listed = app.create(json!({ "payment_method_whitelist": listed })).await;
    assert_eq!(201, listed.status);
}

#[tokio::test]
async fn what_is_asked_for_leaves_out_what_cannot_do_it() {
    let app = App::new().await;
    let cards = "visa mastercard maestro";
    let everywhere = "visa mastercard maestro mpgs_google_pay mpgs_apple_pay crypto_coin";
    for (query, expected) in [
        ("currency=EUR", everywhere),
        ("currency=EUR&recurring=1&country=MY", everywhere),
        ("currency=MYR&country=SG", everywhere),
        (
            "currency=MYR&amount=14",
            "visa mastercard maestro mpgs_google_pay mpgs_apple_pay razer_grabpay razer_maybankqr razer_shopeepay razer_tng shopee_pay crypto_coin razer",
        ),
        ("currency=MYR&amount=200&recurring=true", cards),
        ("currency=MYR&skip_capture=true", cards),
        ("currency=MYR&preauthorization=true", cards),
    ] {
        let shown = ask(&app, query).await;
        let mut found: Vec<_> =
            shown["available_payment_methods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let mut expected: Vec<_> = expected.split(' ').collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(expected, found, "{query}");
    }
    let abroad = ask(&app, "currency=MYR&country=SG&language=ar").await;
    assert_eq!(vec!["any"], abroad["by_country"].as_object().unwrap().keys().collect::<Vec<_>>());
    assert_eq!("\u{623}\u{62e}\u{631}\u{649}", abroad["country_names"]["any"]);
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
