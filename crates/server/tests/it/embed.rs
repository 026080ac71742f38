//! The card fields inside a page of a shop's, as that page and its browser see them (checkout-ux 15).

use axum::http::{Method, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{BrandId, CheckoutId, MerchantId, Origin};
use engine::BrandChange;
use serde_json::{Value, json};

use crate::app::{Answer, App, Form, GOOD, ask, card, request, story, tries};
use crate::card_payments_vectors::DIRECT;
use crate::orchestration::{PAYMENTS, SESSIONS, id};
use crate::three_ds::hidden;

const FORM: &str = "application/x-www-form-urlencoded";
const SHOP: &str = "https://shop.example";
const LOOPBACK: &str = "http://localhost:4000";
const NOBODY: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";
const DECLINED: &str = "4000009900050009";
const CHALLENGED: &str = "5555555555554444";
const SUCCESS: &str = "https://shop.example/thanks?id=7";

impl App {
    async fn registers(&self, origins: &[&str]) {
        let embed_origins = Some(origins.iter().map(|text| Origin::parse(text).unwrap()).collect());
        let (merchant, brand) =
            (MerchantId::parse(&self.merchant.id).unwrap(), BrandId::parse(&self.merchant.brand_id).unwrap());
        let change = BrandChange { embed_origins, ..BrandChange::default() };
        self.engine.update_brand(merchant, brand, change).await.unwrap();
    }

    async fn frame(&self, id: &str) -> Answer {
        self.page(&format!("/embed/v1/{id}?parent={SHOP}")).await
    }

    /// The frame hands this card in.
    async fn hands_in(&self, id: &str, form: &Form<'_>) -> Answer {
        let token = self.frame(id).await.token();
        self.ask_form(&format!("/embed/v1/{id}/card"), form.body(&token)).await
    }

    /// A card that comes from a page which was drawn before.
    async fn hands_in_late(&self, id: &str) -> Answer {
        self.ask_form(&format!("/embed/v1/{id}/card"), card(GOOD).body(&self.token(id))).await
    }

    async fn token_for(&self, id: &str, number: &str) -> String {
        let answer = self.hands_in(id, &card(number)).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// The shop's page pays with this token.
    async fn page_pays(&self, id: &str, origin: &str, token: &str) -> Answer {
        let body = format!("token={token}&window_width=600");
        let mut asked = request(Method::POST, &format!("/embed/v1/{id}/pay"), "", FORM, body);
        asked.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        ask(&self.router, asked).await
    }

    /// The shop's page asks how the payment stands.
    async fn page_looks(&self, id: &str) -> Value {
        let mut asked = request(Method::GET, &format!("/embed/v1/{id}/status"), "", "", "");
        asked.headers_mut().insert(header::ORIGIN, SHOP.parse().unwrap());
        ask(&self.router, asked).await.json()
    }

    async fn pays_in_page(&self, id: &str, number: &str) -> Value {
        let token = self.token_for(id, number).await;
        let paid = self.page_pays(id, SHOP, &token).await;
        assert_eq!((200, SHOP), (paid.status, paid.header("access-control-allow-origin")), "{}", paid.text());
        paid.json()
    }
}

/// Who may draw it, as its policy says.
fn ancestors(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy");
    let (_, rest) = policy.split_once("frame-ancestors ").unwrap_or_else(|| panic!("{policy}"));
    rest.split_once(';').unwrap().0.to_owned()
}

/// Its status and code.
fn coded(answer: &Answer) -> (u16, String) {
    let (status, code, _) = refused(answer);
    (status, code)
}

/// A refusal: its status, its code, and what the payer reads.
fn refused(answer: &Answer) -> (u16, String, String) {
    let error = answer.json()["error"].clone();
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    (answer.status, text("code"), text("message"))
}

#[tokio::test]
async fn only_pages_of_registered_origins_may_draw_the_fields() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let nobodys = app.frame(&id).await;
    assert!(!ancestors(&nobodys).contains(SHOP), "a sandbox lets the payer's own machine in and nobody else");
    assert!(!nobodys.text().contains("data-origin"), "and says nothing to others");
    assert!(ancestors(&nobodys).contains("http://localhost:*") && ancestors(&nobodys).contains("http://127.0.0.1:*"));

    app.registers(&[SHOP, "https://other.example:8443"]).await;
    let frame = app.frame(&id).await;
    assert!(ancestors(&frame).starts_with("https://shop.example https://other.example:8443 "));
    assert!(frame.text().contains(r#"data-origin="https://shop.example""#));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("set-cookie", ""),
        ("x-frame-options", ""),
    ] {
        assert_eq!(value, frame.header(name), "{name}");
    }
    let policy = frame.header("content-security-policy");
    for directive in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'"]
    {
        assert!(policy.contains(&format!("{directive};")), "{directive}: {policy}");
    }
    for stranger in
        ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", "*", ""]
    {
        let frame = app.page(&format!("/embed/v1/{id}?parent={stranger}")).await;
        assert!(!frame.text().contains("data-origin"), "{stranger}");
        assert!(!ancestors(&frame).contains("evil"), "{stranger}");
    }
    // A page that writes the frame by hand is known by what its browser says.
    let mut asked = request(Method::GET, &format!("/embed/v1/{id}"), "", "", "");
    asked.headers_mut().insert(header::REFERER, "https://shop.example/".parse().unwrap());
    assert!(ask(&app.router, asked).await.text().contains(r#"data-origin="https://shop.example""#));
    // Every other page stays as it was.
    assert_eq!("'none'", ancestors(&app.link(&id).await));
    assert_eq!("'none'", ancestors(&app.page(&format!("/embed/v1/{NOBODY}?parent={SHOP}")).await));
}

#[tokio::test]
async fn a_purchase_is_paid_inside_the_shops_page() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({ "success_redirect": SUCCESS })).await;
    assert_eq!("open", app.page_looks(&id).await["status"]);
    let handed = app.hands_in(&id, &card("4444 3333 2222 1111")).await;
    let told = handed.json();
    let members: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(vec!["bin", "brand", "expiry", "last4", "token"], members, "and nothing else");
    assert_eq!(
        (json!("444433"), json!("visa"), json!("12/30"), json!("1111")),
        (told["bin"].clone(), told["brand"].clone(), told["expiry"].clone(), told["last4"].clone())
    );
    assert_eq!("", handed.header("access-control-allow-origin"), "the frame alone reads it");
    assert_eq!("viewed", app.status(&id).await, "nothing was tried yet");
    let paid = app.page_pays(&id, SHOP, told["token"].as_str().unwrap()).await.json();
    let expected = json!({
        "status": "paid", "message": "Payment successful", "retry": false, "redirect": SUCCESS, "challenge": null,
    });
    assert_eq!(expected, paid);
    assert_eq!((expected, "paid".to_owned()), (app.page_looks(&id).await, app.status(&id).await));
    let after = app.frame(&id).await;
    assert!(after.words().contains("Payment successful") && !after.text().contains("card_number"), "{}", after.text());
    app.audit();
}

#[tokio::test]
async fn a_token_pays_once_and_says_the_same_again() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({})).await;
    let token = app.token_for(&id, DECLINED).await;
    // Two clicks at once.
    let (one, two) = tokio::join!(app.page_pays(&id, SHOP, &token), app.page_pays(&id, SHOP, &token));
    assert_eq!((200, one.json()), (one.status, two.json()));
    assert_eq!(("declined", true), (one.json()["status"].as_str().unwrap(), one.json()["retry"].as_bool().unwrap()));
    let message = one.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("You have not been charged."), "{message}");
    assert_eq!(one.json(), app.page_pays(&id, SHOP, &token).await.json());
    assert_eq!(1, tries(&app.show(&id).await).len());
    // Another card, typed into the same frame.
    assert_eq!("paid", app.pays_in_page(&id, GOOD).await["status"]);
    assert_eq!(2, tries(&app.show(&id).await).len());
    app.audit();
}

/// Two windows, each with a card of its own.
#[tokio::test]
async fn two_tokens_of_a_purchase_pay_it_once() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({})).await;
    let (one, two) = (app.token_for(&id, CHALLENGED).await, app.token_for(&id, GOOD).await);
    let three = app.token_for(&id, GOOD).await;
    assert_eq!("challenge", app.page_pays(&id, SHOP, &one).await.json()["status"]);
    let (status, code, message) = refused(&app.page_pays(&id, SHOP, &two).await);
    assert_eq!((409, "in_progress"), (status, code.as_str()));
    assert_eq!("This payment is being processed in another window", message);
    assert_eq!((409, "not_payable".to_owned()), coded(&app.hands_in_late(&id).await), "nor is another card taken");
    app.advance(600).await;
    assert_eq!("declined", app.page_looks(&id).await["status"]);
    assert_eq!((410, "token_expired".to_owned()), coded(&app.page_pays(&id, SHOP, &three).await));
    let (one, two) = (app.token_for(&id, GOOD).await, app.token_for(&id, GOOD).await);
    assert_eq!("paid", app.page_pays(&id, SHOP, &one).await.json()["status"]);
    assert_eq!("paid", app.page_pays(&id, SHOP, &two).await.json()["status"], "by the first");
    assert_eq!(2, tries(&app.show(&id).await).len());
    app.audit();
}

#[tokio::test]
async fn a_token_is_of_one_checkout_and_of_ten_minutes() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let (one, other) = (app.purchase_id(json!({})).await, app.purchase_id(json!({})).await);
    let expired = |answer: Answer| {
        let (status, code, message) = refused(&answer);
        assert_eq!((410, "token_expired"), (status, code.as_str()));
        assert!(message.contains("You have not been charged."), "{message}");
    };
    let token = app.token_for(&one, GOOD).await;
    expired(app.page_pays(&other, SHOP, &token).await);
    expired(app.page_pays(&one, SHOP, "").await);
    expired(app.page_pays(&one, SHOP, &"0".repeat(64)).await);
    // A form of the payer's own page holds no card.
    expired(app.page_pays(&one, SHOP, &app.token(&one)).await);
    app.advance(599).await;
    assert_eq!("paid", app.page_pays(&one, SHOP, &token).await.json()["status"], "nothing of that used it up");
    let late = app.token_for(&other, GOOD).await;
    app.advance(600).await;
    expired(app.page_pays(&other, SHOP, &late).await);
    let lost = app.token_for(&other, GOOD).await;
    // The next process knows no card; that a token was used, it does.
    let app = App::again(app.leave()).await;
    expired(app.page_pays(&other, SHOP, &lost).await);
    assert_eq!("paid", app.page_pays(&one, SHOP, &token).await.json()["status"]);
    assert_eq!(("viewed".to_owned(), 0), (app.status(&other).await, tries(&app.show(&other).await).len()));
    app.audit();
}

#[tokio::test]
async fn the_bank_asks_inside_the_shops_page() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({ "success_redirect": SUCCESS })).await;
    let asked = app.pays_in_page(&id, CHALLENGED).await;
    let challenge = asked["challenge"]["url"].as_str().unwrap().to_owned();
    assert_eq!(
        ("challenge", format!("http://pay.example.com/embed/v1/{id}/challenge/")),
        (asked["status"].as_str().unwrap(), challenge.clone())
    );
    assert_eq!("Your bank's verification", asked["challenge"]["title"]);
    let reloaded = app.frame(&id).await;
    assert!(reloaded.text().contains(&format!(r#"data-challenge="{challenge}""#)), "{}", reloaded.text());

    let ours = app.page(&format!("/embed/v1/{id}/challenge/")).await;
    assert!(ancestors(&ours).starts_with(SHOP), "{}", ancestors(&ours));
    assert!(ours.text().contains(&format!(r#"action="/embed/v1/{id}/challenge/""#)), "to cancel stays in the frame");
    let session_data = hidden(&ours, "threeDSSessionData");
    let body = format!("creq={}&threeDSSessionData={session_data}&action=verify&otp=1234", hidden(&ours, "creq"));
    let bank = app.ask_form("/acs/challenge", body).await;
    assert!(ancestors(&bank).starts_with("'self' https://shop.example"), "{}", ancestors(&bank));
    let body = format!("cres={}&threeDSSessionData={session_data}", hidden(&bank, "cres"));
    let back = app.ask_form(&format!("/p/{id}/3ds/"), body).await;
    assert!(ancestors(&back).starts_with("'self' https://shop.example"), "{}", ancestors(&back));
    assert!(back.text().contains(&format!(r#"data-to="/embed/v1/{id}/result/""#)), "{}", back.text());
    let result = app.page(&format!("/embed/v1/{id}/result/")).await;
    assert!(ancestors(&result).starts_with(SHOP));
    assert!(result.text().contains(&format!(r#"data-to="/p/{id}/result/""#)), "alone it leads on: {}", result.text());
    app.engine.env().clock().quiet().await;
    let ended = app.page_looks(&id).await;
    assert_eq!((json!("paid"), json!(SUCCESS)), (ended["status"].clone(), ended["redirect"].clone()));
    app.audit();
}

#[tokio::test]
async fn a_payer_who_cancels_at_the_bank_may_try_again() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({})).await;
    app.pays_in_page(&id, CHALLENGED).await;
    let path = format!("/embed/v1/{id}/challenge/");
    let token = app.page(&path).await.token();
    let left = app.ask_form(&path, format!("attempt={token}&cancel=on")).await;
    assert_eq!((303, format!("/embed/v1/{id}/result/")), (left.status, left.header("location").to_owned()));
    let stands = app.page_looks(&id).await;
    assert_eq!((json!("declined"), json!(true)), (stands["status"].clone(), stands["retry"].clone()));
    assert_eq!("paid", app.pays_in_page(&id, GOOD).await["status"]);
    app.audit();
}

#[tokio::test]
async fn a_payment_links_card_is_typed_in_the_page_too() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let link = json!({
        "amount": 10_000, "currencyCode": "SEK", "languageCode": "en", "redirectOnSuccessURL": SUCCESS,
        "redirectOnFailURL": "https://shop.example/sorry",
    });
    let made = app.card(Method::POST, DIRECT, &link).await.json();
    let url = made["url"].as_str().unwrap().trim_end_matches('/').to_owned();
    let (_, secret) = url.rsplit_once('/').unwrap();
    assert_eq!("declined", app.pays_in_page(secret, "4000000000020000").await["status"]);
    let paid = app.pays_in_page(secret, GOOD).await;
    assert_eq!((json!("hold"), json!(SUCCESS)), (paid["status"].clone(), paid["redirect"].clone()));
    // Its number is no secret, and no address.
    assert_eq!(404, app.frame(&made["paymentId"].to_string()).await.status);
    app.audit();
}

#[tokio::test]
async fn the_card_of_a_session_is_for_its_merchants_server() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let session = app.shop_post(SESSIONS, &app.session_body("EM-1", &json!({}))).await;
    let session_id = id(&session);
    let token = app.token_for(&session_id, GOOD).await;
    assert_eq!(32, token.len());
    assert_eq!((409, "server_pays".to_owned()), coded(&app.page_pays(&session_id, SHOP, &token).await));
    let leg = json!({ "partner": "dalenys", "method": "creditcard", "amount": 4_299, "vault_form_token": token });
    let paid = app.split("EM-2", std::slice::from_ref(&leg), &json!({})).await;
    assert_eq!(200, paid.status, "{}", paid.text());
    let payment = app.shop_get(&format!("{PAYMENTS}/{}", id(&paid.json()))).await;
    assert!(payment.to_string().contains("AUTHORIZED"), "{payment}");
    assert_eq!(400, app.split("EM-3", &[leg], &json!({})).await.status, "once");
    app.audit();
}

#[tokio::test]
async fn where_no_card_can_be_typed_a_small_page_says_so() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let cancelled = app.purchase_id(json!({})).await;
    app.cancel(&cancelled).await;
    let asks = app.purchase_id(json!({ "purchase": { "request_client_details": ["phone"] } })).await;
    for (id, says) in [
        (&cancelled, "The seller cancelled this payment. You have not been charged."),
        (&asks, "This shop cannot take this payment right now. You have not been charged."),
    ] {
        let frame = app.frame(id).await;
        assert!(frame.words().contains(says), "{}", frame.words());
        assert!(!frame.text().contains("card_number"));
        assert_eq!((409, "not_payable".to_owned()), coded(&app.hands_in_late(id).await));
        assert_eq!("closed", app.page_looks(id).await["status"]);
    }
}

#[tokio::test]
async fn whoever_may_not_embed_can_neither_pay_nor_look() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({})).await;
    let token = app.token_for(&id, GOOD).await;
    for origin in ["https://evil.example", "http://shop.example", "null", "https://shop.example/", "*"] {
        let answer = app.page_pays(&id, origin, &token).await;
        assert_eq!((403, "origin_refused".to_owned()), coded(&answer), "{origin}");
        assert_eq!("", answer.header("access-control-allow-origin"), "{origin}");
    }
    let path = format!("/embed/v1/{id}/pay");
    assert_eq!(403, app.ask_form(&path, format!("token={token}")).await.status, "no page says who it is");
    assert_eq!(403, app.page(&format!("/embed/v1/{id}/status")).await.status);
    // A card is handed in by the frame itself.
    let mut foreign =
        request(Method::POST, &format!("/embed/v1/{id}/card"), "", FORM, card(GOOD).body(&app.token(&id)));
    foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(403, ask(&app.router, foreign).await.status);
    assert_eq!(0, tries(&app.show(&id).await).len());
    assert_eq!("paid", app.page_pays(&id, LOOPBACK, &token).await.json()["status"], "a sandbox's own machine may");
}

#[tokio::test]
async fn a_wrong_card_is_told_field_by_field_and_changes_nothing() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    let id = app.purchase_id(json!({})).await;
    let before = story(&app.show(&id).await);
    let wrong = Form { number: "4444333322221112", expires: "13/30", cvc: "12", holder: "7", more: "" };
    let answer = app.hands_in(&id, &wrong).await;
    assert_eq!(422, answer.status);
    let fields = answer.json()["fields"].clone();
    assert_eq!(json!("Check the card number. One digit may be wrong"), fields["card_number"]);
    assert_eq!(4, fields.as_object().unwrap().len(), "{fields}");
    assert!(!answer.text().contains("4444333322221112"));
    let path = format!("/embed/v1/{id}/card");
    let old = app.ask_form(&path, card(GOOD).body(&app.token(NOBODY))).await;
    assert_eq!((422, "page_expired".to_owned()), coded(&old), "a form of another");
    let twice = app.ask_form(&path, card(GOOD).body(&app.token(&id)) + "&cvc=456").await;
    assert_eq!((422, "page_expired".to_owned()), coded(&twice));
    let long = app.ask_form(&path, "x".repeat(8 * 1024 + 1)).await;
    let typed = ask(&app.router, request(Method::POST, &path, "", "application/json", "{}")).await;
    assert_eq!((413, 415), (long.status, typed.status));
    for path in ["/embed/v1/x", "/embed/v1/x/status", "/embed/v2/x", "/embed/"] {
        assert_eq!(404, app.page(path).await.status, "{path}");
    }
    assert_eq!(405, app.page(&path).await.status);
    let viewed = story(&app.show(&id).await);
    assert!(viewed.starts_with(&before) && viewed.ends_with("viewed"), "{viewed}");
}

#[tokio::test]
async fn a_card_is_kept_only_when_the_payer_wants_it() {
    let app = App::new().await;
    app.registers(&[SHOP]).await;
    for (more, kept) in [("", false), ("&remember_card=on", true)] {
        let id = app.purchase_id(json!({})).await;
        let token = app.hands_in(&id, &Form { more, ..card(GOOD) }).await.json()["token"].as_str().unwrap().to_owned();
        assert_eq!("paid", app.page_pays(&id, SHOP, &token).await.json()["status"]);
        assert_eq!(json!(kept), app.show(&id).await["is_recurring_token"]);
        let shown = app.engine.show(CheckoutId::parse(&id).unwrap()).await.unwrap();
        assert_eq!(1, shown.payment.attempts.len());
    }
}

#[tokio::test]
async fn the_fields_speak_the_payers_language() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let mut labels = vec![];
    for lang in ["ar", "de", "en", "es", "fr", "ms", "pl", "sv", "zh-Hans"] {
        let frame = app.page(&format!("/embed/v1/{id}?lang={lang}")).await;
        assert_eq!((200, lang), (frame.status, frame.header("content-language")));
        let direction = if lang == "ar" { "rtl" } else { "ltr" };
        assert!(frame.text().contains(&format!(r#"<html lang="{lang}" dir="{direction}">"#)), "{lang}");
        let html = frame.text();
        let (_, rest) = html.split_once(r#"<label for="card_number">"#).unwrap();
        labels.push(rest.split_once('<').unwrap().0.to_owned());
        assert!(!frame.text().contains("<footer"), "the page around it has one");
    }
    labels.sort();
    labels.dedup();
    assert_eq!(9, labels.len(), "{labels:?}");
}

/// What a page may hold the loader to is what it gets, and what the documentation tells it to.
#[tokio::test]
async fn the_loader_is_what_its_hash_says() {
    let app = App::new().await;
    let index = app.page("/embed/v1/").await;
    assert_eq!("*", index.header("access-control-allow-origin"));
    let index = index.json();
    let text = |member: &str| index[member].as_str().unwrap().to_owned();
    let loader = app.page(&text("loader")).await;
    assert_eq!((200, "public, max-age=31536000, immutable"), (loader.status, loader.header("cache-control")));
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, &loader.body);
    assert_eq!(format!("sha384-{}", BASE64_STANDARD.encode(hash)), text("integrity"));
    let latest = app.page(&text("latest")).await;
    assert_eq!((&loader.body, "public, max-age=3600"), (&latest.body, latest.header("cache-control")));
    for file in [&loader, &latest, &app.page(&text("types")).await] {
        assert_eq!((200, "*"), (file.status, file.header("access-control-allow-origin")));
        assert_eq!("cross-origin", file.header("cross-origin-resource-policy"));
    }
    let guide = include_str!("../../../../docs/embedded-fields.md");
    let tag = format!(r#"src="http://127.0.0.1:8080{}" integrity="{}""#, text("loader"), text("integrity"));
    assert!(guide.contains(&tag), "docs/embedded-fields.md should say {tag}");
    assert_eq!(404, app.page("/embed/v1/tollgate.0000000000000000.js").await.status);
}
