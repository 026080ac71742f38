//! Orders V2 and where a shop wants to be told, as shops call them (card-payments-api 2.5, 5.1); request ids (1.4).

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, ask, request};
use crate::card_payments::{card_request, message, request_id};

const CALLBACKS: &str = "/api/v1/events/callbacks";

pub(crate) fn order(reference: &str) -> Value {
    json!({
        "currencyCode": "SEK", "purchaseChannel": "ECOMMERCE", "referenceId": reference, "description": "Tea",
        "invoiceCustomer": {
            "customerType": "PRIVATE", "regNumber": null,
            "address": { "city": "Lund", "countryCode": "SE", "emailAddress": "ada@example.com", "companyName": "" },
        },
        "items": [{
            "itemType": "FREEFORM", "position": 1, "articleNumber": 17, "description": "Tea", "quantity": 1, "unit": "pcs",
            "unitPriceExcludingVat": 8_000, "vatPercentage": 2_500,
        }],
        "totalVatAmount": 2_000, "totalVatAmountsGroupedByVatPercentage": [{ "percentage": 2_500, "amount": 2_000 }],
        "totalAmountIncludingVat": 10_000, "totalAmountExcludingVat": 8_000, "roundOff": 0,
    })
}

impl App {
    /// The number of a new order.
    pub(crate) async fn order_id(&self, reference: &str) -> u64 {
        let path = "/api/v2/orders/with-amount-excluding-vat";
        let made = self.card(Method::POST, path, &order(reference)).await;
        assert_eq!(200, made.status, "{}", made.text());
        made.json()["orderId"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn an_order_is_made_changed_approved_and_cancelled() {
    let app = App::new().await;
    let made = app.card(Method::POST, "/api/v2/orders/", &order("W-1042")).await;
    assert_eq!(200, made.status, "{}", made.text());
    assert_eq!(
        ("W-1042", "CREATED"),
        (made.json()["referenceId"].as_str().unwrap(), made.json()["orderStatus"].as_str().unwrap())
    );
    let id = made.json()["orderId"].as_u64().unwrap();
    assert!(id > 0 && id < 1 << 53);

    let status = async |method: Method, path: &str, body: Value| {
        let answer = app.card(method, path, &body).await;
        let body = answer.json();
        (answer.status, body["orderStatus"].as_str().unwrap_or_default().to_owned())
    };
    let of = |status: u16, word: &str| (status, word.to_owned());
    let path = format!("/api/v2/orders/{id}");
    let ex_vat = format!("/api/v2/orders/with-amount-excluding-vat/{id}");
    assert_eq!(of(200, "CREATED"), status(Method::PUT, &ex_vat, order("W-1042b")).await);
    assert_eq!("W-1042c", app.card(Method::PUT, &path, &order("W-1042c")).await.json()["referenceId"]);
    for _ in 0..2 {
        assert_eq!(of(200, "APPROVED"), status(Method::PUT, &format!("{path}/approve"), Value::Null).await);
    }
    assert_eq!(of(400, ""), status(Method::PUT, &path, order("W-1")).await, "only before it is approved");
    for _ in 0..2 {
        assert_eq!(of(200, "CANCELLED"), status(Method::DELETE, &path, Value::Null).await);
    }
    assert_eq!(of(400, ""), status(Method::PUT, &format!("{path}/approve"), Value::Null).await);
}

#[tokio::test]
async fn a_strangers_order_does_not_exist_and_invoices_are_not_spoken() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    let id = app.order_id("W-1").await;
    let wrong = [
        (Method::PUT, format!("/api/v2/orders/{id}"), order("W-2")),
        (Method::PUT, format!("/api/v2/orders/{id}/approve"), Value::Null),
        (Method::DELETE, format!("/api/v2/orders/{id}"), Value::Null),
    ];
    for (method, path, body) in wrong {
        message(&app.card_as(&other, method.clone(), &path, &body).await, 404);
        let unknown = path.replace(&id.to_string(), "900017");
        message(&app.card(method.clone(), &unknown, &body).await, 404);
        for id_that_is_none in ["x", "-1", "1.0", "99999999999999999999"] {
            message(&app.card(method.clone(), &path.replace(&id.to_string(), id_that_is_none), &body).await, 400);
        }
    }
    for (method, path) in [
        (Method::POST, format!("/api/v2/orders/{id}/invoices")),
        (Method::GET, "/api/v2/orders/invoices/?invoiceNumber=1".to_owned()),
        (Method::POST, "/api/v2/orders/invoices/credit/full".to_owned()),
        (Method::GET, "/api/v2/nothing".to_owned()),
        (Method::GET, "/api/v2".to_owned()),
        (Method::GET, "/api/v1/events/callbacks/more".to_owned()),
        (Method::GET, "/api/v1/events".to_owned()),
    ] {
        message(&app.card(method.clone(), &path, &Value::Null).await, 404);
        let unauthenticated = ask(&app.router, request(method, &path, "", "", "")).await;
        message(&unauthenticated, 401);
    }
    message(&app.card(Method::PATCH, &format!("/api/v2/orders/{id}"), &Value::Null).await, 405);
    let preflight = ask(&app.router, request(Method::OPTIONS, "/api/v2/orders", "", "", "")).await;
    assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_empty(), "no CORS");
}

#[tokio::test]
async fn bodies_that_cannot_be() {
    let app = App::new().await;
    let token = app.card_token(&app.merchant).await;
    let send = async |content_type: &str, body: &[u8]| {
        let body = Body::from(body.to_vec());
        ask(&app.router, request(Method::POST, "/api/v2/orders", &token, content_type, body)).await
    };
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        "{",
        "5",
        "[1]",
        "\"text\"",
        "{}",
        &deep,
        r#"{"currencyCode":"SEK"}"#,
        r#"{"currencyCode":"MYR","referenceId":"W-1"}"#,
        r#"{"currencyCode":"SEK","currencyCode":"EUR","referenceId":"W-1"}"#,
        r#"{"currencyCode":"SEK","referenceId":"\ud800"}"#,
        r#"{"currencyCode":"SEK","referenceId":"a\u0000b"}"#,
        r#"{"currencyCode":"SEK","referenceId":"W-1","totalVatAmount":1.5}"#,
        r#"{"currencyCode":"SEK","referenceId":"W-1","totalVatAmount":92233720368547758070}"#,
        r#"{"currencyCode":"SEK","referenceId":"W-1","items":{}}"#,
        r#"{"currencyCode":"SEK","referenceId":"W-1","invoiceCustomer":"Ada"}"#,
    ] {
        let answer = send("application/json", body.as_bytes()).await;
        assert!(!message(&answer, 400).is_empty(), "{body}");
    }
    message(&send("application/json", b"\"\xff\"").await, 400);
    message(&send("text/plain", order("W-1").to_string().as_bytes()).await, 415);
    message(&send("application/json", &vec![b' '; 64 * 1024 + 1]).await, 413);
    assert_eq!(200, send("", order("W-1").to_string().as_bytes()).await.status, "nothing said is JSON");
}

#[tokio::test]
async fn an_address_is_registered_once_however_often() {
    let app = App::new().await;
    let url = "https://shop.example/?wc-api=listener%26more";
    let path = format!("{CALLBACKS}?type=CARD_PAYMENT_AUTHORIZED&url={url}&ignored=1");
    for _ in 0..5 {
        let answer = app.card(Method::POST, &path, &Value::Null).await;
        assert_eq!((204, ""), (answer.status, answer.text().as_str()));
    }
    let more = format!("{CALLBACKS}/?type=CARD_PAYMENT_ERROR&url=http://127.0.0.1:9/hook");
    assert_eq!(204, app.card(Method::POST, &more, &Value::Null).await.status);
    let listed = app.card(Method::GET, CALLBACKS, &Value::Null).await.json();
    let expected = json!({ "callbacks": [
        { "type": "CARD_PAYMENT_AUTHORIZED", "url": "https://shop.example/?wc-api=listener&more" },
        { "type": "CARD_PAYMENT_ERROR", "url": "http://127.0.0.1:9/hook" },
    ]});
    assert_eq!(expected, listed);
    for _ in 0..2 {
        assert_eq!(204, app.card(Method::DELETE, &path, &Value::Null).await.status);
    }
    let all = format!("{CALLBACKS}?type=CARD_PAYMENT_ERROR");
    assert_eq!(
        204,
        app.card(Method::DELETE, &all, &Value::Null).await.status,
        "without an address every one of the type"
    );
    assert_eq!(json!({ "callbacks": [] }), app.card(Method::GET, CALLBACKS, &Value::Null).await.json());
    let long = format!("https://shop.example/{}", "a".repeat(2_048));
    for bad in [
        "",
        "?type=CARD_PAYMENT_ERROR",
        "?url=https://shop.example/",
        "?type=CARD_PAYMENT_PAID&url=https://shop.example/",
        "?type=CARD_PAYMENT_ERROR&url=ftp://shop.example/",
        "?type=CARD_PAYMENT_ERROR&url=https://ada@shop.example/",
        "?type=CARD_PAYMENT_ERROR&url=https://shop.example/%0d%0a",
        "?type=CARD_PAYMENT_ERROR&type=CARD_PAYMENT_ERROR&url=https://shop.example/",
        &format!("?type=CARD_PAYMENT_ERROR&url={long}"),
    ] {
        message(&app.card(Method::POST, &format!("{CALLBACKS}{bad}"), &Value::Null).await, 400);
    }
}

/// V14 and the rules of 1.4, on calls that are one changeset.
#[tokio::test]
async fn a_request_id_is_good_for_one_success() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    let (path, id) = ("/api/v2/orders", request_id(1));
    for bad in ["x", "6b0a2c1e7f3d4e5a9c8b000000000001", "{6b0a2c1e-7f3d-4e5a-9c8b-00000000000}", ""] {
        message(&app.card_once(bad, Method::POST, path, &order("W-1")).await, 400);
    }
    message(&app.card_once(&id, Method::POST, path, &json!({})).await, 400);
    message(&app.card_once(&id, Method::DELETE, "/api/v2/orders/900017", &Value::Null).await, 404);
    let made = app.card_once(&id, Method::POST, path, &order("W-1")).await;
    assert_eq!(200, made.status, "what was refused left it free: {}", made.text());
    let number = made.json()["orderId"].as_u64().unwrap();
    message(&app.card_once(&id, Method::POST, path, &order("W-1")).await, 409);
    message(&app.card_once(&id.to_uppercase(), Method::POST, path, &json!({})).await, 409);
    let approve = format!("/api/v2/orders/{number}/approve");
    message(&app.card_once(&id, Method::PUT, &approve, &Value::Null).await, 409);
    assert_eq!(200, app.card_once(&id, Method::GET, CALLBACKS, &Value::Null).await.status, "GET has none");

    let token = app.card_token(&other).await;
    let mut theirs = card_request(&token, Method::POST, path, &order("W-1"));
    theirs.headers_mut().insert("payer-request-id", id.parse().unwrap());
    assert_eq!(200, ask(&app.router, theirs).await.status, "it is its merchant's");

    // A success that changes nothing uses it up too.
    for (number_of_id, status) in [(2, 200), (2, 409), (3, 200), (3, 409)] {
        assert_eq!(status, app.card_once(&request_id(number_of_id), Method::PUT, &approve, &Value::Null).await.status);
    }
    let subscribe = format!("{CALLBACKS}?type=CARD_PAYMENT_ERROR&url=https://shop.example/");
    for status in [204, 409] {
        assert_eq!(status, app.card_once(&request_id(4), Method::POST, &subscribe, &Value::Null).await.status);
    }
    app.advance(31 * 86_400 - 1).await;
    message(&app.card_once(&id, Method::POST, path, &order("W-1")).await, 409);
    app.advance(1).await;
    assert_eq!(200, app.card_once(&id, Method::POST, path, &order("W-1")).await.status, "31 days later it is free");
}

/// Of many at once with one id one succeeds (security I1).
#[tokio::test]
async fn many_at_once_with_one_request_id_are_one() {
    let app = App::new().await;
    let token = app.card_token(&app.merchant).await;
    let calls = (0..50).map(|_| {
        let mut request = card_request(&token, Method::POST, "/api/v2/orders", &order("W-1"));
        request.headers_mut().insert("payer-request-id", request_id(9).parse().unwrap());
        let router = app.router.clone();
        tokio::spawn(async move { ask(&router, request).await.status })
    });
    let mut statuses = vec![];
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((200, vec![409; 49]), (statuses[0], statuses[1..].to_vec()));
}
