//! Clients and their tokens (card-payments-api 1.2; security K1-K3).

use axum::http::Method;
use domain::{Dialect, KeyId, MerchantId, Mode};
use serde_json::Value;

use crate::app::{App, Merchant, ask, request};
use crate::card_payments::{card_request, message, token_request};

const GRANT: &str = "grant_type=client_credentials";
const CALLBACKS: &str = "/api/v1/events/callbacks";

async fn read(app: &App, token: &str) -> u16 {
    ask(&app.router, card_request(token, Method::GET, CALLBACKS, &Value::Null)).await.status
}

/// A client of the same merchant in live mode.
async fn live_client(app: &App, merchant: &Merchant) -> Merchant {
    let id = MerchantId::parse(&merchant.id).unwrap();
    let (client, secret) = app.engine.create_client(id, Dialect::CardPayments, Mode::Live, None).await.unwrap();
    Merchant { client_id: client.id.to_string(), client_secret: secret.to_string(), ..merchant.clone() }
}

#[tokio::test]
async fn a_token_is_given_by_basic_and_in_the_form() {
    let app = App::new().await;
    let Merchant { client_id, client_secret, .. } = &app.merchant;
    let by_basic = ask(&app.router, token_request(client_id, client_secret, GRANT)).await;
    let form = format!("{GRANT}&client_id={client_id}&client_secret={client_secret}");
    let form_type = "application/x-www-form-urlencoded";
    let in_form = ask(&app.router, request(Method::POST, "/oauth2/token/", "", form_type, form)).await;
    let mut tokens = vec![];
    for answer in [by_basic, in_form] {
        assert_eq!(200, answer.status, "{}", answer.text());
        assert_eq!("no-store", answer.header("cache-control"));
        let body = answer.json();
        assert_eq!(("Bearer", 3_600), (body["token_type"].as_str().unwrap(), body["expires_in"].as_i64().unwrap()));
        assert_eq!("READ WRITE", body["scope"]);
        assert!(body.get("refresh_token").is_none());
        tokens.push(body["access_token"].as_str().unwrap().to_owned());
    }
    assert_ne!(tokens[0], tokens[1]);
    for token in &tokens {
        assert_eq!(200, read(&app, token).await, "the second did not end the first");
    }
}

#[tokio::test]
async fn what_is_refused_at_the_token_endpoint() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    let Merchant { client_id, client_secret, .. } = &app.merchant;
    let secret = |secret: &str| (client_id.clone(), secret.to_owned());
    for (id, secret) in [
        secret(""),
        secret("wrong"),
        secret(&other.client_secret),
        secret(&client_secret.replace("cs_test_", "cs_live_")),
        (other.client_id.clone(), client_secret.clone()),
        ("nobody".to_owned(), client_secret.clone()),
        (app.merchant.id.clone(), app.merchant.secret_key.clone()),
    ] {
        let answer = ask(&app.router, token_request(&id, &secret, GRANT)).await;
        assert_eq!((401, "invalid_client"), (answer.status, answer.json()["error"].as_str().unwrap()), "{id}");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        assert_eq!("no-store", answer.header("cache-control"));
    }
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&client_secret=x", "invalid_request"),
        ("grant_type=client_credentials&scope=ADMIN", "invalid_scope"),
    ] {
        let answer = ask(&app.router, token_request(client_id, client_secret, form)).await;
        assert_eq!((400, error), (answer.status, answer.json()["error"].as_str().unwrap()), "{form}");
    }
    let long = ask(&app.router, token_request(client_id, client_secret, &"x".repeat(9_000))).await;
    assert_eq!(413, long.status);
    let get = ask(&app.router, request(Method::GET, "/oauth2/token", "", "", "")).await;
    message(&get, 405);
}

#[tokio::test]
async fn a_token_works_for_an_hour_and_only_in_the_header() {
    let app = App::new().await;
    let token = app.card_token(&app.merchant).await;
    app.advance(3_599).await;
    assert_eq!(200, read(&app, &token).await);
    let in_query = format!("{CALLBACKS}?access_token={token}");
    let answer = ask(&app.router, request(Method::GET, &in_query, "", "", "")).await;
    message(&answer, 401);
    assert_eq!("Bearer", answer.header("www-authenticate"));
    app.advance(1).await;
    let answer = ask(&app.router, card_request(&token, Method::GET, CALLBACKS, &Value::Null)).await;
    message(&answer, 401);
    assert_eq!("Bearer error=\"invalid_token\"", answer.header("www-authenticate"));
}

#[tokio::test]
async fn reading_and_writing_are_two_scopes() {
    let app = App::new().await;
    let reads = app.card_token_for(&app.merchant, "READ").await;
    let writes = app.card_token_for(&app.merchant, "WRITE").await;
    let subscribe = format!("{CALLBACKS}?type=CARD_PAYMENT_AUTHORIZED&url=https://shop.example/hook");
    for (token, method, path, status) in [
        (&reads, Method::GET, CALLBACKS, 200),
        (&reads, Method::POST, subscribe.as_str(), 403),
        (&writes, Method::GET, CALLBACKS, 403),
        (&writes, Method::POST, subscribe.as_str(), 204),
    ] {
        let answer = ask(&app.router, card_request(token, method.clone(), path, &Value::Null)).await;
        assert_eq!(status, answer.status, "{method} {path}");
        if status == 403 {
            message(&answer, 403);
            assert!(answer.header("www-authenticate").starts_with("Bearer error=\"insufficient_scope\""));
        }
    }
}

#[tokio::test]
async fn a_revoked_client_is_dead_and_so_are_its_tokens() {
    let app = App::new().await;
    let token = app.card_token(&app.merchant).await;
    assert_eq!(200, read(&app, &token).await);
    let (merchant, client) = (MerchantId::parse(&app.merchant.id), KeyId::parse(&app.merchant.client_id));
    app.engine.revoke_client(merchant.unwrap(), client.unwrap()).await.unwrap();
    assert_eq!(401, read(&app, &token).await);
    let Merchant { client_id, client_secret, .. } = &app.merchant;
    assert_eq!(401, ask(&app.router, token_request(client_id, client_secret, GRANT)).await.status);

    let other = app.another_merchant().await;
    let token = app.card_token(&other).await;
    app.engine.revoke_merchant(MerchantId::parse(&other.id).unwrap()).await.unwrap();
    assert_eq!(401, read(&app, &token).await, "nor is a revoked merchant's");
}

/// A credential of one dialect is none in another, and neither mode is the other (design 6; security T1).
#[tokio::test]
async fn each_credential_opens_its_own_dialect_and_mode() {
    let app = App::new().await;
    let token = app.card_token(&app.merchant).await;
    let subscribe = format!("{CALLBACKS}?type=CARD_PAYMENT_ERROR&url=https://shop.example/hook");
    assert_eq!(204, app.card(Method::POST, &subscribe, &Value::Null).await.status);
    for foreign in [app.merchant.secret_key.as_str(), app.merchant.live_secret_key.as_str(), "garbage", "control-token"]
    {
        assert_eq!(401, read(&app, foreign).await, "{foreign}");
    }
    assert_eq!(401, app.api(Method::GET, "/public_key/", &token, "").await.status);

    let live = live_client(&app, &app.merchant).await;
    for merchant in [live, app.another_merchant().await] {
        let answer = app.card_as(&merchant, Method::GET, CALLBACKS, &Value::Null).await;
        assert_eq!((200, 0), (answer.status, answer.json()["callbacks"].as_array().unwrap().len()));
    }
}

/// 300 at once for each client, its tokens together and those it asks for included; in test mode only when asked to
/// (security R3).
#[tokio::test]
async fn limits_bind_each_client() {
    for (app, allowed) in [(App::with_test_limits().await, 299), (App::new().await, 400)] {
        let token = app.card_token(&app.merchant).await;
        let mut read_count = 0;
        for _ in 0..400 {
            let answer = ask(&app.router, card_request(&token, Method::GET, CALLBACKS, &Value::Null)).await;
            if answer.status == 429 {
                message(&answer, 429);
                assert_eq!("1", answer.header("retry-after"));
            } else {
                read_count += 1;
            }
        }
        assert_eq!(allowed, read_count);
        let other = app.another_merchant().await;
        assert_eq!(200, read(&app, &app.card_token(&other).await).await, "others are not held up");
    }
}
