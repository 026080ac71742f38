//! A brand's settings over Tollgate's own API.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, ask, id, request};

/// A picture of one point, with words behind it.
const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\
      \x00\x00\x00\x0cIDATx\x9cc\xe0\xce\xf3\x07\x00\x01P\x00\xc9\xaa\x16:6\x00\x00\x00\x00IEND\xaeB`\x82<script>";

async fn call(app: &App, method: Method, path: &str, body: impl Into<Body>) -> Answer {
    let asked = request(method, &format!("/tollgate/v1/brands{path}"), &app.merchant.secret_key, "", body);
    ask(&app.router, asked).await
}

async fn change(app: &App, brand: &str, fields: Value) -> (u16, Value) {
    let answer = call(app, Method::PATCH, &format!("/{brand}"), fields.to_string()).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_merchant_reads_and_changes_its_own_brands() {
    let app = App::new().await;
    let brand = app.merchant.brand_id.clone();
    let list = call(&app, Method::GET, "", "").await.json();
    let before = call(&app, Method::GET, &format!("/{brand}"), "").await.json();
    assert_eq!(json!({ "results": [before] }), list);
    let (status, changed) = change(
        &app,
        &brand,
        json!({
            "name": "Fine Tea", "website": "https://tea.example", "support_email": "help@tea.example",
            "currency": "EUR", "currencies": ["MYR"], "language": "de", "time_zone": "Europe/Berlin",
            "colour": "0B6E4F", "ground": "ffffff",
        }),
    )
    .await;
    assert_eq!(200, status, "{changed}");
    let mut expected = before.clone();
    for (name, value) in [
        ("name", json!("Fine Tea")),
        ("website", json!("https://tea.example")),
        ("support_email", json!("help@tea.example")),
        ("currency", json!("EUR")),
        ("currencies", json!(["EUR", "MYR"])),
        ("language", json!("de")),
        ("time_zone", json!("Europe/Berlin")),
        ("colour", json!("#0b6e4f")),
        ("ground", json!("#ffffff")),
    ] {
        expected[name] = value;
    }
    assert_eq!(expected, changed);
    assert_eq!((200, changed.clone()), change(&app, &brand, json!({})).await, "what is absent stays");
    let emptied = json!({ "website": "", "support_email": "", "currencies": [], "colour": "" });
    let (_, emptied) = change(&app, &brand, emptied).await;
    for name in ["currencies", "colour", "ground"] {
        assert_eq!(Value::Null, emptied[name], "{name}");
    }
    assert_eq!((&json!(""), &json!("")), (&emptied["website"], &emptied["support_email"]));
}

#[tokio::test]
async fn answers_to_mail_go_where_the_brand_says() {
    let app = App::new().await;
    change(&app, &app.merchant.brand_id, json!({ "support_email": "help@tea.example", "language": "sv" })).await;
    let logo = call(&app, Method::PUT, &format!("/{}/logo", app.merchant.brand_id), PNG).await.json();
    let purchase = app.purchase(json!({})).await;
    app.post(&format!("/purchases/{}/resend_invoice/", id(&purchase)), &json!({})).await;
    app.advance(0).await;
    let mail = std::fs::read_dir(app.data().join("mail")).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(mail.path()).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&mail).unwrap();
    assert_eq!(Some("help@tea.example"), parsed.reply_to().and_then(|all| all.first()?.address()));
    assert!(parsed.subject().unwrap().starts_with("Faktura från Sandbox Shop"));
    let address = format!("http://pay.example.com/p/logos/{}", logo["logo"].as_str().unwrap());
    let html = parsed.body_html(0).unwrap();
    assert!(html.contains(&format!("src=\"{address}\"")) && html.matches("src=").count() == 1, "{html}");
}

#[tokio::test]
async fn a_wrong_setting_is_told_and_changes_nothing() {
    let app = App::new().await;
    let brand = app.merchant.brand_id.clone();
    let before = call(&app, Method::GET, &format!("/{brand}"), "").await.json();
    for fields in [
        json!({ "name": "Fine", "language": "klingon" }),
        json!({ "name": "" }),
        json!({ "support_email": "a@b.example\r\nBcc: eve@example.com" }),
        json!({ "colour": "#ffcc00" }),
        json!({ "logo": "x" }),
        json!({ "direct_post": true }),
        json!([]),
        json!({ "name": null, "currency": 7 }),
    ] {
        let (status, answer) = change(&app, &brand, fields.clone()).await;
        assert_eq!(400, status, "{fields}: {answer}");
    }
    assert_eq!(413, call(&app, Method::PATCH, &format!("/{brand}"), vec![b' '; 20_000]).await.status);
    assert_eq!(before, call(&app, Method::GET, &format!("/{brand}"), "").await.json());
    let other = app.another_merchant().await;
    for id in [other.brand_id.as_str(), "x", "00000000-0000-4000-8000-000000000000"] {
        assert_eq!(404, change(&app, id, json!({ "name": "Mine" })).await.0, "{id}");
        assert_eq!(404, call(&app, Method::GET, &format!("/{id}"), "").await.status, "{id}");
        assert_eq!(404, call(&app, Method::PUT, &format!("/{id}/logo"), PNG).await.status, "{id}");
        assert_eq!(404, call(&app, Method::DELETE, &format!("/{id}/logo"), "").await.status, "{id}");
    }
}

#[tokio::test]
async fn a_logo_is_made_anew_and_an_old_one_stays_for_old_mails() {
    let app = App::new().await;
    let logo = format!("/{}/logo", app.merchant.brand_id);
    let put = call(&app, Method::PUT, &logo, PNG).await;
    assert_eq!(200, put.status, "{}", put.text());
    let first = format!("/p/logos/{}", put.json()["logo"].as_str().unwrap());
    let shown = app.page(&first).await;
    assert_eq!((200, "image/png"), (shown.status, shown.header("content-type")));
    assert!(shown.body.starts_with(b"\x89PNG") && !shown.body.windows(7).any(|bytes| bytes == b"<script"));
    for (what, file, status) in [
        ("nothing", vec![], 400),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>".to_vec(), 400),
        ("cut off", PNG[..40].to_vec(), 400),
        ("too large", vec![0x89; engine::LOGO_FILE_BYTES_MAX + 1], 413),
    ] {
        let refused = call(&app, Method::PUT, &logo, file).await;
        assert_eq!(status, refused.status, "{what}: {}", refused.text());
    }
    let brand = call(&app, Method::GET, &format!("/{}", app.merchant.brand_id), "").await.json();
    assert_eq!(first, format!("/p/logos/{}", brand["logo"].as_str().unwrap()), "what is refused changes nothing");
    let gone = call(&app, Method::DELETE, &logo, "").await.json();
    assert_eq!(Value::Null, gone["logo"]);
    assert_eq!(200, app.page(&first).await.status);
}
