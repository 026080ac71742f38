//! Tokens and client sessions of the orchestration API (orchestration-api 1.5 to 1.9, 2.1 to 2.3, 4.1).

use axum::http::{Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{App, ask, request};
use crate::orchestration::{PAYMENTS, SESSIONS, call, id, keyed, problem, token_request};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn tokens_are_given_in_every_way_clients_ask() {
    let app = App::new().await;
    let client = app.merchant.orchestration.clone();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.client_id, client.client_secret)));
    let in_form = format!("client_id={}&client_secret={}", client.client_id, client.client_secret);
    for path in ["/oauth/token", "/v2/oauth/token", "/payment/v2/oauth/token", "/oauth/token/"] {
        for (query, body, by_header) in [
            ("?grant_type=client_credentials", String::new(), true),
            ("", "grant_type=client_credentials".to_owned(), true),
            ("", format!("grant_type=client_credentials&{in_form}"), false),
        ] {
            let mut request = request(Method::POST, &format!("{path}{query}"), "", FORM, body);
            if by_header {
                request.headers_mut().insert(header::AUTHORIZATION, basic.parse().unwrap());
            }
            let answer = ask(&app.router, keyed(request, "x-api-key", &client.api_key)).await;
            assert_eq!(200, answer.status, "{path}{query}: {}", answer.text());
            assert_eq!("no-store", answer.header("cache-control"));
            let token = answer.json();
            assert_eq!(Some(3_600), token["expires_in"].as_u64());
            assert_eq!("Bearer", token["token_type"]);
            assert_eq!(3, token.as_object().unwrap().len(), "{token}");
        }
    }
    let unknown_key = keyed(token_request(&app.merchant), "x-api-key", "ak_of_nobody");
    assert_eq!(404, ask(&app.router, unknown_key).await.status);
    let mut wrong = token_request(&app.merchant);
    let bad = format!("Basic {}", STANDARD.encode(format!("{}:no", client.client_id)));
    wrong.headers_mut().insert(header::AUTHORIZATION, bad.parse().unwrap());
    let refused = ask(&app.router, wrong).await;
    assert_eq!((401, "invalid_client"), (refused.status, refused.json()["error"].as_str().unwrap()));
    assert!(refused.header("www-authenticate").starts_with("Basic"));
}

#[tokio::test]
async fn without_a_token_that_reaches_nothing_exists() {
    let app = App::new().await;
    let nobody = ask(&app.router, call("", Method::GET, &format!("{SESSIONS}/x"), &Value::Null)).await;
    assert_eq!("urn:eu.purse:unauthorized", problem(&nobody, 401).0);
    let stranger = app.another_merchant().await;
    let session = app.shop_post(SESSIONS, &app.session_body("SO-1", &Value::Null)).await;
    let token = app.orchestration_token(&stranger).await;
    let own = format!("{SESSIONS}/{}", id(&session));
    assert_eq!(
        "urn:eu.purse:not-found",
        problem(&ask(&app.router, call(&token, Method::GET, &own, &Value::Null)).await, 404).0
    );
    let body = app.session_body("SO-2", &Value::Null);
    let answer = ask(&app.router, call(&token, Method::POST, SESSIONS, &body)).await;
    assert_eq!("urn:eu.purse:forbidden", problem(&answer, 403).0, "another merchant's entity");
    let mine = app.orchestration_token(&app.merchant).await;
    let foreign_key = keyed(call(&mine, Method::GET, &own, &Value::Null), "x-api-key", &stranger.orchestration.api_key);
    assert_eq!("urn:eu.purse:forbidden", problem(&ask(&app.router, foreign_key).await, 403).0);
    let own_key = keyed(call(&mine, Method::GET, &own, &Value::Null), "x-api-key", &app.merchant.orchestration.api_key);
    assert_eq!(200, ask(&app.router, own_key).await.status);
    let card_token = app.card_token(&app.merchant).await;
    assert_eq!(401, ask(&app.router, call(&card_token, Method::GET, &own, &Value::Null)).await.status);
}

#[tokio::test]
async fn a_session_is_made_read_and_echoed() {
    let app = App::new().await;
    let body = app.session_body("SO-77", &json!({
        "integration_mode": "HOSTED_PAGE", "customer": { "reference": "C-1", "locale": "fr-FR", "email": "ada@example.com" },
    }));
    for mount in [SESSIONS, "/v2/client-sessions", "/payment/v2/client-sessions/"] {
        let session = app.shop_post(mount, &body).await;
        assert_eq!("CREATED", session["status"]);
        for name in
            ["amount", "currency", "entity_id", "order", "customer", "shopper_redirection_url", "integration_mode"]
        {
            assert_eq!(body[name], session[name], "{name}");
        }
        assert_eq!((&json!("MANUAL"), &json!(false)), (&session["capture_mode"], &session["allow_future_usage"]));
        assert!(session.get("payment_id").is_none() && session.get("webhook").is_none());
        let own = id(&session);
        assert_eq!(format!("/v2/client-sessions/{own}"), session["links"]["self"]["href"].as_str().unwrap());
        let page = format!("http://pay.example.com/entities/{}/sessions/{own}", app.merchant.orchestration.entity_id);
        assert_eq!(page, session["links"]["hosted_page"]["href"].as_str().unwrap());
        assert_eq!(json!({ "href": page, "method": "GET" }), session["redirection"]);
        let read = app.shop_get(&format!("{SESSIONS}/{own}")).await;
        for name in ["id", "status", "order", "expires_at", "eligible_solutions", "links"] {
            assert_eq!(session[name], read[name], "{name}");
        }
        assert_eq!(Some(&json!("2026-11-20T00:30:00.000Z")), session.get("expires_at"));
    }
}

#[tokio::test]
async fn a_session_runs_out_and_can_be_ended() {
    let app = App::new().await;
    let session = app.shop_post(SESSIONS, &app.session_body("SO-1", &Value::Null)).await;
    let own = format!("{SESSIONS}/{}", id(&session));
    assert!(session["links"].get("abort").is_some());
    let ended = app.shop_post(&format!("{own}/abort"), &json!({ "status": "ABORTED_BY_MERCHANT" })).await;
    assert_eq!("ABORTED_BY_MERCHANT", ended["status"]);
    assert_eq!(vec!["self"], ended["links"].as_object().unwrap().keys().collect::<Vec<_>>());
    let again = app.shop(Method::POST, &format!("{own}/abort"), &Value::Null).await;
    assert_eq!("urn:eu.purse:invalid-state", problem(&again, 400).0);
    for (word, status) in [("ABORTED_BY_CUSTOMER", "ABORTED_BY_CUSTOMER"), ("AbortedByCustomer", "ABORTED_BY_CUSTOMER")]
    {
        let session = app.shop_post(SESSIONS, &app.session_body("SO-2", &Value::Null)).await;
        let path = format!("{SESSIONS}/{}/abort", id(&session));
        let wrong = app.shop(Method::POST, &path, &json!({ "status": "PAID" })).await;
        assert_eq!(vec!["/status".to_owned()], problem(&wrong, 400).1);
        assert_eq!(status, app.shop_post(&path, &json!({ "status": word })).await["status"]);
    }
    let session = app.shop_post(SESSIONS, &app.session_body("SO-3", &Value::Null)).await;
    let own = format!("{SESSIONS}/{}", id(&session));
    app.advance(1_799).await;
    assert_eq!("CREATED", app.shop_get(&own).await["status"]);
    app.advance(1).await;
    let expired = app.shop_get(&own).await;
    assert_eq!("EXPIRED", expired["status"]);
    assert!(expired["links"].get("abort").is_none());
    assert_eq!(400, app.shop(Method::POST, &format!("{own}/abort"), &Value::Null).await.status);
    let nothing = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";
    for path in [format!("{SESSIONS}/{nothing}"), format!("{SESSIONS}/x"), format!("{PAYMENTS}/{nothing}")] {
        assert_eq!("urn:eu.purse:not-found", problem(&app.shop(Method::GET, &path, &Value::Null).await, 404).0);
    }
    app.audit();
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_where_it_stands() {
    let app = App::new().await;
    let entity = app.merchant.orchestration.entity_id.clone();
    for (changes, pointer) in [
        (json!({ "amount": 4_300 }), "/amount"),
        (json!({ "amount": 0 }), "/amount"),
        (json!({ "amount": "4299" }), "/amount"),
        (json!({ "currency": "KWD" }), "/currency"),
        (json!({ "capture_mode": "LATER" }), "/capture_mode"),
        (json!({ "capture_mode": "AUTOMATIC", "capture_delay": "P30D" }), "/capture_delay"),
        (json!({ "integration_mode": "POPUP" }), "/integration_mode"),
        (json!({ "shopper_redirection_url": "/back" }), "/shopper_redirection_url"),
        (json!({ "webhook": { "url": "https://shop.example/h", "event_types": ["PAID"] } }), "/webhook/event_types/0"),
        (json!({ "order": { "net_amount": 4_299 } }), "/order/reference"),
        (json!({ "entity_id": "x" }), "/entity_id"),
    ] {
        let answer = app.shop(Method::POST, SESSIONS, &app.session_body("SO-1", &changes)).await;
        assert_eq!(vec![pointer.to_owned()], problem(&answer, 400).1, "{changes}");
    }
    let broken = ask(
        &app.router,
        request(Method::POST, SESSIONS, &app.orchestration_token(&app.merchant).await, "application/json", "{"),
    )
    .await;
    assert_eq!("urn:eu.purse:bad-request", problem(&broken, 400).0);
    let none = app.shop(Method::POST, "/payment/v2/eligible-solutions", &json!({
        "entity_id": entity, "amount": 4_999, "currency": "EUR", "order": { "reference": "X", "net_amount": 4_999 },
    })).await;
    let names: Vec<String> = none.json()["eligible_solutions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{}/{}", one["partner"].as_str().unwrap(), one["method"].as_str().unwrap()))
        .collect();
    let expected = ["dalenys/creditcard", "illicado/giftcard", "easy2play/giftcard", "paypal/wallet", "adyen/ideal"];
    assert_eq!(expected.as_slice(), names, "a loan needs more");
}

#[tokio::test]
async fn a_repeat_is_told_what_the_first_call_made() {
    let app = App::new().await;
    let ask_with = async |body: &Value| {
        let token = app.orchestration_token(&app.merchant).await;
        ask(&app.router, keyed(call(&token, Method::POST, SESSIONS, body), "x-idempotency-key", "one")).await
    };
    let wrong = app.session_body("SO-1", &json!({ "amount": -1 }));
    assert_eq!(400, ask_with(&wrong).await.status);
    let made = ask_with(&app.session_body("SO-1", &Value::Null)).await;
    assert_eq!(200, made.status, "what was refused has not used its key");
    let again = ask_with(&wrong).await;
    let (kind, _) = problem(&again, 409);
    assert_eq!("urn:eu.purse:write-conflict", kind);
    assert_eq!("/v2/client-sessions", again.json()["instance"]);
    assert_eq!(made.json()["id"], again.json()["resource_id"]);
    app.advance(7 * 86_400).await;
    assert_eq!(200, ask_with(&app.session_body("SO-2", &Value::Null)).await.status, "seven days later");
}

/// What is made here is not found by the other dialects, whoever asks.
#[tokio::test]
async fn a_session_is_no_purchase() {
    let app = App::new().await;
    let session = id(&app.shop_post(SESSIONS, &app.session_body("SO-1", &Value::Null)).await);
    assert_eq!(404, app.get(&format!("/purchases/{session}/")).await.status);
    for action in
        ["cancel", "release", "capture", "charge", "refund", "mark_as_paid", "resend_invoice", "delete_recurring_token"]
    {
        let body = json!({ "recurring_token": session }).to_string();
        let answer = app.act(&session, action, &body).await;
        assert_eq!(404, answer.status, "{action}: {}", answer.text());
    }
    let purchase = app.purchase_id(json!({})).await;
    let charge = app.act(&purchase, "charge", &json!({ "recurring_token": session }).to_string()).await;
    assert_eq!(400, charge.status, "{}", charge.text());
    assert_eq!(404, app.shop(Method::GET, &format!("{SESSIONS}/{purchase}"), &Value::Null).await.status);
    assert_eq!("CREATED", app.shop_get(&format!("{SESSIONS}/{session}")).await["status"]);
}

#[tokio::test]
async fn limits_bind_each_client() {
    for (app, allowed) in [(App::with_test_limits().await, 299), (App::new().await, 400)] {
        let token = app.orchestration_token(&app.merchant).await;
        let mut unknown = 0;
        for _ in 0..400 {
            let read = call(&token, Method::GET, &format!("{SESSIONS}/x"), &Value::Null);
            let answer = ask(&app.router, read).await;
            if answer.status == 429 {
                problem(&answer, 429);
                assert_eq!("1", answer.header("retry-after"));
            } else {
                problem(&answer, 404);
                unknown += 1;
            }
        }
        assert_eq!(allowed, unknown);
        let other = app.another_merchant().await;
        let read = call(&app.orchestration_token(&other).await, Method::GET, &format!("{SESSIONS}/x"), &Value::Null);
        assert_eq!(404, ask(&app.router, read).await.status, "others are not held up");
    }
}

#[tokio::test]
async fn what_is_no_call_of_the_api_is_a_problem_too() {
    let app = App::new().await;
    let token = app.orchestration_token(&app.merchant).await;
    let body = app.session_body("SO-1", &Value::Null).to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    let json = "application/json";
    for (method, path, content_type, body, status) in [
        (Method::POST, SESSIONS, json, padded(64 * 1024), 200),
        (Method::POST, SESSIONS, json, padded(64 * 1024 + 1), 413),
        (Method::POST, SESSIONS, "text/plain", body.clone(), 415),
        (Method::POST, SESSIONS, json, "{\"amount\":1,\"amount\":2}".to_owned(), 400),
        (Method::GET, SESSIONS, "", String::new(), 405),
        (Method::PUT, "/v2/payments", json, body.clone(), 405),
        (Method::GET, "/v2/payments/not-an-id", "", String::new(), 404),
        (Method::GET, "/v2/payment-links", "", String::new(), 404),
        (Method::GET, "/payment/v2/nothing", "", String::new(), 404),
    ] {
        let answer = ask(&app.router, request(method.clone(), path, &token, content_type, body)).await;
        assert_eq!(status, answer.status, "{method} {path}: {}", answer.text());
        if status != 200 {
            problem(&answer, status);
        }
    }
}
