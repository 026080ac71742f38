//! The purchases API as merchants and their plugins use it (purchases-api 1, 2.1, 2.2, 9).

use axum::http::{Method, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{App, GOOD, START, ask, card, id, keyed, request, story};

const NOBODY: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";

/// What stands at the first field error of an answer: `field code`.
fn field_error(answer: &Value, path: &str) -> String {
    answer.pointer(path).and_then(|problems| problems[0]["code"].as_str()).unwrap_or("nothing").to_owned()
}

/// Every leaf is a list of two strings (quirk 3).
fn assert_is_envelope(node: &Value) {
    match node {
        Value::Object(fields) => fields.values().for_each(assert_is_envelope),
        Value::Array(items) if items.iter().all(|item| item.get("code").is_some()) => {
            for problem in items {
                let problem = problem.as_object().unwrap();
                assert_eq!(2, problem.len(), "{problem:?}");
                assert!(problem["message"].is_string() && problem["code"].is_string(), "{problem:?}");
            }
            assert!(!items.is_empty());
        }
        Value::Array(items) => items.iter().for_each(assert_is_envelope),
        other => panic!("not an envelope: {other}"),
    }
}

#[tokio::test]
async fn a_purchase_is_created_and_read() {
    let app = App::new().await;
    let created = app.create(json!({})).await;
    assert_eq!((201, "application/json"), (created.status, created.header("content-type")));
    assert_eq!("no-store", created.header("cache-control"));
    assert_eq!("nosniff", created.header("x-content-type-options"));
    let made = created.json();
    assert_eq!(954, made["purchase"]["total"]);
    assert_eq!(Some(true), made["is_test"].as_bool(), "plugins compare strictly");
    assert_eq!(json!([{ "status": "created", "timestamp": START }]), made["status_history"]);
    assert_eq!(START + 3_600, made["due"]);
    assert_eq!("203.0.113.9", made["created_from_ip"]);
    assert_eq!(app.merchant.id, made["company_id"].as_str().unwrap());
    assert_eq!(format!("http://pay.example.com/p/{}/", id(&made)), made["checkout_url"].as_str().unwrap());
    assert!(made.get("errors").is_none() && made.get("__all__").is_none(), "plugins take these for a failure");

    let read = app.get(&format!("/purchases/{}/", id(&made))).await;
    assert_eq!(200, read.status);
    assert_eq!(created.body, read.body, "to read is not to view");
    app.audit();
}

#[tokio::test]
async fn strings_are_never_null_and_ids_are_lower_case() {
    let app = App::new().await;
    let made = app.purchase(json!({ "reference": "" })).await;
    for name in
        ["reference", "creator_agent", "success_redirect", "failure_redirect", "cancel_redirect", "success_callback"]
    {
        assert_eq!("", made[name], "{name}");
    }
    for (name, value) in made["client"].as_object().unwrap() {
        let may_be_null = name == "client_type";
        assert!(may_be_null || !value.is_null(), "client.{name} is null");
    }
    for name in ["payment", "viewed_on", "recurring_token", "invoice_url", "payment_method_whitelist"] {
        assert!(made[name].is_null(), "{name}");
    }
    for name in ["id", "client_id", "company_id", "brand_id"] {
        let id = made[name].as_str().unwrap();
        let is_uuid = id.len() == 36 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        assert!(is_uuid, "{name}: {id}");
    }
}

#[tokio::test]
async fn the_key_comes_before_the_method_and_the_method_before_the_object() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let key = app.merchant.secret_key.clone();
    let one = format!("/purchases/{id}/");
    let cancel = format!("/purchases/{NOBODY}/cancel/");
    let nobody = format!("/purchases/{NOBODY}/");
    let revoked_like = key.replace("sk_test_", "sk_live_");
    for bad in ["", "sk_test_nonsense", revoked_like.as_str()] {
        for (method, path) in [
            (Method::GET, "/purchases/"),
            (Method::PUT, one.as_str()),
            (Method::GET, "/nowhere/"),
            (Method::GET, "/public_key/"),
        ] {
            let answer = app.api(method, path, bad, "").await;
            assert_eq!((401, "authentication_failed".to_owned()), answer.refusal(), "{path}");
            assert_eq!("Bearer", answer.header("www-authenticate"));
        }
    }
    for (method, path) in [
        (Method::GET, "/purchases/"),
        (Method::PUT, one.as_str()),
        (Method::PATCH, one.as_str()),
        (Method::DELETE, one.as_str()),
        (Method::DELETE, nobody.as_str()),
        (Method::GET, cancel.as_str()),
        (Method::POST, "/public_key/"),
    ] {
        let answer = app.api(method.clone(), path, &key, "not JSON").await;
        assert_eq!((405, "method_not_allowed".to_owned()), answer.refusal(), "{method} {path}");
    }
    // The object before the body.
    let answer = app.api(Method::POST, &cancel, &key, "not JSON").await;
    assert_eq!((404, "not_found".to_owned()), answer.refusal());
    assert_eq!("created", app.status(&id).await);
}

#[tokio::test]
async fn what_is_not_the_callers_does_not_exist() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let other = app.another_merchant().await;
    let mut bodies = vec![];
    for (key, id) in [
        (&other.secret_key, id.as_str()),
        (&app.merchant.live_secret_key, id.as_str()),
        (&app.merchant.secret_key, NOBODY),
        (&app.merchant.secret_key, "0B8F6B0C"),
        (&app.merchant.secret_key, "%00"),
    ] {
        for (method, path) in
            [(Method::GET, format!("/purchases/{id}/")), (Method::POST, format!("/purchases/{id}/cancel/"))]
        {
            let answer = app.api(method, &path, key, "").await;
            assert_eq!((404, "not_found".to_owned()), answer.refusal(), "{path}");
            bodies.push(answer.body);
        }
    }
    let unknown = app.get("/nowhere/").await;
    assert_eq!((404, "not_found".to_owned()), unknown.refusal());
    assert!(bodies.iter().all(|body| *body == unknown.body), "one body for all of them");
    assert_eq!("created", app.status(&id).await);
}

#[tokio::test]
async fn a_wrong_dialect_is_told_in_words() {
    let app = App::new().await;
    for path in ["/payment/v3/client-sessions", "/api/v3/payments", "/nowhere"] {
        let answer = app.page(path).await;
        assert_eq!((404, "text/plain; charset=utf-8"), (answer.status, answer.header("content-type")), "{path}");
        assert_eq!("Nothing is here.\n", answer.text());
    }
}

#[tokio::test]
async fn what_a_query_says_is_ignored() {
    let app = App::new().await;
    let path = "/purchases/?time=1795132800&amount=1&secret_key=sk_live_x";
    let made = app.post(path, &app.order(json!({}))).await;
    assert_eq!(201, made.status);
    let made = made.json();
    assert_eq!(954, made["purchase"]["total"]);
    let read = app.get(&format!("/purchases/{}/?time=1&q=x", id(&made))).await;
    assert_eq!((200, &made), (read.status, &read.json()));
}

#[tokio::test]
async fn the_body_is_judged_by_its_type_and_size() {
    let app = App::new().await;
    let key = &app.merchant.secret_key;
    let order = app.order(json!({})).to_string();
    let ask = |content_type: &'static str, body: String| {
        ask(&app.router, request(Method::POST, "/api/v1/purchases/", key, content_type, body))
    };
    assert_eq!(201, ask("", order.clone()).await.status);
    assert_eq!(201, ask("application/json; charset=utf-8", order.clone()).await.status);
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        assert_eq!((415, "unsupported_media_type".to_owned()), ask(content_type, order.clone()).await.refusal());
    }
    for broken in ["", "{", "null", "\"text\"", "{\"a\":1}}"] {
        let answer = ask("application/json", broken.to_owned()).await;
        assert_eq!(400, answer.status, "{broken}");
        assert_is_envelope(&answer.json());
    }
    let full = format!("{order}{}", " ".repeat(64 * 1024 - order.len()));
    assert_eq!(201, ask("application/json", full.clone()).await.status);
    assert_eq!((413, "request_too_large".to_owned()), ask("application/json", full + " ").await.refusal());
    let empty = ask("application/json", "[]".to_owned()).await;
    assert_eq!(400, empty.status);
    assert_eq!("required", field_error(&empty.json(), "/brand_id"), "an empty list is an empty object");
}

#[tokio::test]
async fn errors_stand_where_they_belong() {
    let app = App::new().await;
    let lines = |lines: Value| json!({ "purchase": { "products": lines } });
    let tea = json!({ "name": "Tea", "price": 100 });
    for (changes, path, code) in [
        (json!({ "brand_id": null }), "/brand_id", "null"),
        (json!({ "brand_id": "x" }), "/brand_id", "invalid"),
        (json!({ "brand_id": NOBODY }), "/brand_id", "does_not_exist"),
        (json!({ "client": null }), "/__all__", "purchase_client_or_id_required"),
        (json!({ "client_id": NOBODY }), "/__all__", "purchase_client_or_id_only"),
        (json!({ "client": null, "client_id": NOBODY }), "/client_id", "does_not_exist"),
        (json!({ "due": START }), "/due", "due_not_greater_than_now"),
        (json!({ "payment_method_whitelist": [] }), "/payment_method_whitelist", "min_length"),
        (json!({ "payment_method_whitelist": ["card"] }), "/payment_method_whitelist", "invalid_choice"),
        (
            json!({ "payment_method_whitelist": ["razer"] }),
            "/payment_method_whitelist",
            "invalid_payment_method_whitelist",
        ),
        (
            json!({ "payment_method_whitelist": ["fpx"], "skip_capture": true }),
            "/payment_method_whitelist",
            "invalid_payment_method_whitelist",
        ),
        (json!({ "purchase": { "notes": "n".repeat(10_001) } }), "/purchase/notes", "max_length"),
        (json!({ "purchase": { "currency": "XXX" } }), "/purchase/currency", "invalid_choice"),
        (json!({ "purchase": { "total_override": -1 } }), "/purchase/total_override", "min_value"),
        (json!({ "purchase": { "total_override": 0 } }), "/__all__", "purchase_zero_total"),
        (json!({ "client": { "country": "Atlantis" } }), "/client/country", "invalid_choice"),
        (lines(json!([tea, { "name": "Tea", "price": -1 }])), "/purchase/products/1/price", "min_value"),
        (
            lines(json!([tea, { "name": "Tea", "price": 1, "quantity": "1.00001" }])),
            "/purchase/products/1/quantity",
            "max_decimal_places",
        ),
        (
            lines(json!([tea, { "name": "Tea", "price": 1, "tax_percent": "0.000" }])),
            "/purchase/products/1/tax_percent",
            "max_decimal_places",
        ),
        (lines(json!([tea, { "name": "Tea", "price": 1, "category": null }])), "/purchase/products/1/category", "null"),
        (
            lines(json!([tea, { "name": "Tea", "price": 1, "discount": 2 }])),
            "/purchase/products/1/__all__",
            "product_subtotal_negative",
        ),
        (json!({ "cancel_redirect": "https://shop.example.com/'" }), "/cancel_redirect", "invalid"),
        (json!({ "success_redirect": "javascript:alert(1)" }), "/success_redirect", "invalid"),
        (json!({ "success_redirect": "https://ok@evil.example/" }), "/success_redirect", "invalid"),
        (json!({ "success_redirect": "https://ok.example\\@evil.example/" }), "/success_redirect", "invalid"),
        (json!({ "failure_redirect": "//evil.example/" }), "/failure_redirect", "invalid"),
        (json!({ "success_callback": "https://shop.example.com/\tx" }), "/success_callback", "invalid"),
    ] {
        let answer = app.create(changes.clone()).await;
        assert_eq!(400, answer.status, "{changes}");
        let body = answer.json();
        assert_is_envelope(&body);
        if let Some(products) = body.pointer("/purchase/products").and_then(Value::as_array) {
            assert_eq!((2, &json!({})), (products.len(), &products[0]), "one for each line: {body}");
        }
        assert_eq!(code, field_error(&body, path), "{changes}: {body}");
    }
    let both = app.create(json!({ "brand_id": null, "purchase": { "notes": "n".repeat(10_001) } })).await.json();
    assert_eq!(2, both.as_object().unwrap().len(), "reported together: {both}");
}

#[tokio::test]
async fn what_plugins_send_is_read() {
    let app = App::new().await;
    let php = json!({
        "brand_id": app.merchant.brand_id,
        "client": [],
        "client_id": null,
        "purchase": {
            "products": [
                { "name": "Tea", "price": "100", "quantity": " +2 ", "category": 5, "discount": 0.0 },
                { "name": "Cake", "price": 450.0, "quantity": "1e0" },
            ],
            "total": 999_999,
            "due_strict": "1",
            "skip_capture": true,
        },
        "send_receipt": "",
        "force_recurring": 0,
        "reference": 123,
        "due": null,
        "payment_method_whitelist": { "1": "visa", "3": "mastercard" },
        "platform": "woocommerce",
        "status": "paid",
        "is_test": false,
        "marked_as_paid": true,
        "email_string": "x",
    });
    let missing = app.post("/purchases/", &php).await;
    assert_eq!(400, missing.status);
    assert_eq!(
        "purchase_client_or_id_required",
        field_error(&missing.json(), "/__all__"),
        "an empty list is no client"
    );

    let mut php = php;
    php["client"] = json!({ "email": "", "phone": "", "country": "Malaysia", "cc": null });
    let made = app.post("/purchases/", &php).await;
    assert_eq!(201, made.status, "{}", made.text());
    let made = made.json();
    assert_eq!(650, made["purchase"]["total"]);
    assert_eq!("2.0000", made["purchase"]["products"][0]["quantity"]);
    assert_eq!("5", made["purchase"]["products"][0]["category"]);
    assert_eq!(json!(["visa", "mastercard"]), made["payment_method_whitelist"]);
    assert_eq!(("123", "woocommerce"), (made["reference"].as_str().unwrap(), made["platform"].as_str().unwrap()));
    assert_eq!("MY", made["client"]["country"]);
    assert_eq!(json!([]), made["client"]["cc"]);
    // Read-only, misplaced and unknown members change nothing.
    for (name, value) in [
        ("status", json!("created")),
        ("is_test", json!(true)),
        ("marked_as_paid", json!(false)),
        ("skip_capture", json!(false)),
    ] {
        assert_eq!(value, made[name], "{name}");
    }
}

#[tokio::test]
async fn addresses_come_back_as_they_were_given() {
    let app = App::new().await;
    let given = "https://shop.example.com/ok?id=7&wc-api=x#top";
    let made = app.purchase(json!({ "success_redirect": given, "failure_redirect": "http://localhost?x=y" })).await;
    assert_eq!(
        (given, "http://localhost?x=y"),
        (made["success_redirect"].as_str().unwrap(), made["failure_redirect"].as_str().unwrap())
    );
}

#[tokio::test]
async fn one_client_record_for_one_address() {
    let app = App::new().await;
    let first = app.purchase(json!({})).await;
    let again = app.purchase(json!({ "client": { "email": "ADA@example.com", "full_name": "Somebody Else" } })).await;
    assert!(first["client_id"].is_string());
    assert_eq!(first["client_id"], again["client_id"]);
    assert_eq!("Somebody Else", again["client"]["full_name"], "as typed for this purchase");
    let named = app.purchase(json!({ "client": null, "client_id": first["client_id"] })).await;
    assert_eq!("Ada Example", named["client"]["full_name"], "a record that is found is not changed");
    assert_eq!(first["client_id"], named["client_id"]);

    let nameless = app.purchase(json!({ "client": { "email": "", "full_name": "" } })).await;
    assert!(nameless["client_id"].is_null(), "nothing was said of anybody");

    // Another merchant, and the other mode, have never heard of it.
    let other = app.another_merchant().await;
    let order = app.order(json!({ "brand_id": other.brand_id, "client": null, "client_id": first["client_id"] }));
    let foreign = app.api(Method::POST, "/purchases/", &other.secret_key, order.to_string()).await;
    assert_eq!((400, "does_not_exist".to_owned()), (foreign.status, field_error(&foreign.json(), "/client_id")));
    let order = app.order(json!({ "client": null, "client_id": first["client_id"] }));
    let live = app.api(Method::POST, "/purchases/", &app.merchant.live_secret_key, order.to_string()).await;
    assert_eq!((400, "does_not_exist".to_owned()), (live.status, field_error(&live.json(), "/client_id")));
    app.audit();
}

#[tokio::test]
async fn parallel_purchases_of_one_address_share_its_record() {
    let app = App::new().await;
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let order = app.order(json!({})).to_string();
        let request = request(Method::POST, "/api/v1/purchases/", &app.merchant.secret_key, "application/json", order);
        let router = app.router.clone();
        asked.spawn(async move { ask(&router, request).await });
    }
    let answers = asked.join_all().await;
    let ids: Vec<Value> = answers.iter().map(|answer| answer.json()["client_id"].clone()).collect();
    assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn another_merchants_brand_is_no_brand() {
    let app = App::new().await;
    let other = app.another_merchant().await;
    let answer = app.create(json!({ "brand_id": other.brand_id })).await;
    assert_eq!((400, "does_not_exist".to_owned()), (answer.status, field_error(&answer.json(), "/brand_id")));
}

#[tokio::test]
async fn live_mode_has_no_method_and_says_so() {
    let app = App::new().await;
    let order = app.order(json!({})).to_string();
    let answer = app.api(Method::POST, "/purchases/", &app.merchant.live_secret_key, order).await;
    assert_eq!(400, answer.status);
    assert_eq!("invalid_payment_method_whitelist", field_error(&answer.json(), "/payment_method_whitelist"));
}

#[tokio::test]
async fn generated_references_are_unique_and_grow() {
    let app = App::new().await;
    let number = |purchase: &Value| -> u64 {
        purchase["reference_generated"].as_str().unwrap().strip_prefix("SA").unwrap().parse().unwrap()
    };
    let first = number(&app.purchase(json!({})).await);
    let second = number(&app.purchase(json!({})).await);
    assert!(first < second);
    let mut asked = JoinSet::new();
    for _ in 0..50 {
        let order = app.order(json!({})).to_string();
        let request = request(Method::POST, "/api/v1/purchases/", &app.merchant.secret_key, "application/json", order);
        let router = app.router.clone();
        asked.spawn(async move { ask(&router, request).await.json() });
    }
    let mut numbers: Vec<u64> = asked.join_all().await.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(50, numbers.len(), "no two alike");
    assert!(numbers[0] > second);
    assert!(number(&app.purchase(json!({})).await) > numbers[49]);
    // Each merchant counts for itself.
    let other = app.another_merchant().await;
    let order = app.order(json!({ "brand_id": other.brand_id })).to_string();
    let theirs = app.api(Method::POST, "/purchases/", &other.secret_key, order).await;
    assert_eq!(first, number(&theirs.json()));
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_bytes() {
    let app = App::new().await;
    let first = app.create_with_key("order-7", json!({})).await;
    assert_eq!(201, first.status);
    app.pay(id(&first.json()), &card(GOOD)).await;
    app.advance(60).await;
    let again = app.create_with_key("order-7", json!({})).await;
    assert_eq!((201, &first.body), (again.status, &again.body), "as it was answered, not as it is now");
    let quoted = app.create_with_key("\"order-7\"", json!({})).await;
    assert_eq!(first.body, quoted.body, "quotes are not part of a key");

    let other_body = app.create_with_key("order-7", json!({ "reference": "ORD-8" })).await;
    assert_eq!((400, "idempotency_key_reuse".to_owned()), other_body.refusal());
    assert_ne!(id(&first.json()), id(&app.create_with_key("order-8", json!({})).await.json()));
    assert_ne!(id(&first.json()), id(&app.create(json!({})).await.json()), "without a key every call counts");
    app.audit();
}

#[tokio::test]
async fn fifty_parallel_repeats_make_one_purchase() {
    let app = App::new().await;
    let order = app.order(json!({})).to_string();
    let mut asked = JoinSet::new();
    for _ in 0..50 {
        let request = keyed(&app.merchant.secret_key, "order-7", order.clone());
        let router = app.router.clone();
        asked.spawn(async move { ask(&router, request).await });
    }
    let answers = asked.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body));
    let next = app.purchase(json!({})).await;
    assert_eq!("SA2", next["reference_generated"], "one number was taken");
    app.audit();
}

#[tokio::test]
async fn a_refused_call_leaves_its_key_free() {
    let app = App::new().await;
    let refused = app.create_with_key("order-7", json!({ "brand_id": null })).await;
    assert_eq!(400, refused.status);
    let made = app.create_with_key("order-7", json!({})).await;
    assert_eq!(201, made.status);
    for bad in ["", "a b", &"k".repeat(256)] {
        assert_eq!((400, "invalid".to_owned()), app.create_with_key(bad, json!({})).await.refusal(), "{bad}");
    }
}

#[tokio::test]
async fn keys_belong_to_one_merchant_one_mode_and_one_path() {
    let app = App::new().await;
    let mine = app.create_with_key("order-7", json!({})).await.json();
    let other = app.another_merchant().await;
    let order = app.order(json!({ "brand_id": other.brand_id })).to_string();
    let theirs = ask(&app.router, keyed(&other.secret_key, "order-7", order)).await;
    assert_eq!(201, theirs.status);
    assert_ne!(id(&mine), id(&theirs.json()));
    // The other mode is asked anew: it has no method, and says nothing of a used key.
    let order = app.order(json!({})).to_string();
    let live = ask(&app.router, keyed(&app.merchant.live_secret_key, "order-7", order)).await;
    assert_eq!("invalid_payment_method_whitelist", field_error(&live.json(), "/payment_method_whitelist"));

    let mut cancel = keyed(&app.merchant.secret_key, "order-7", "");
    *cancel.uri_mut() = format!("/api/v1/purchases/{}/cancel/", id(&mine)).parse().unwrap();
    let cancelled = ask(&app.router, cancel).await;
    assert_eq!((200, "cancelled"), (cancelled.status, cancelled.json()["status"].as_str().unwrap()));
}

#[tokio::test]
async fn a_repeated_cancel_is_answered_only_under_its_key() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let cancel = |key: &str| {
        let mut request = keyed(&app.merchant.secret_key, key, "");
        *request.uri_mut() = format!("/api/v1/purchases/{id}/cancel/").parse().unwrap();
        let router = app.router.clone();
        async move { ask(&router, request).await }
    };
    let first = cancel("stop").await;
    assert_eq!(200, first.status);
    let again = cancel("stop").await;
    assert_eq!((200, first.body), (again.status, again.body));
    assert_eq!((400, "purchase_cancel_wrong_status".to_owned()), cancel("another").await.refusal());
    assert_eq!((400, "purchase_cancel_wrong_status".to_owned()), app.cancel(&id).await.refusal());
    assert_eq!("created cancelled", story(&app.show(&id).await));
    app.audit();
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let app = App::new().await;
    let first = app.create_with_key("order-7", json!({})).await.json();
    app.advance(86_400 - 1).await;
    assert_eq!(id(&first), id(&app.create_with_key("order-7", json!({})).await.json()));
    app.advance(1).await;
    let later = app.create_with_key("order-7", json!({ "reference": "ORD-8" })).await;
    assert_eq!(201, later.status, "{}", later.text());
    assert_ne!(id(&first), id(&later.json()));
    let repeated = app.create_with_key("order-7", json!({ "reference": "ORD-8" })).await;
    assert_eq!(later.body, repeated.body);
    app.audit();
}

#[tokio::test]
async fn cancel_is_for_what_may_be_paid() {
    let app = App::new().await;
    let opened = app.purchase_id(json!({})).await;
    app.link(&opened).await;
    let declined = app.purchase_id(json!({})).await;
    app.pay(&declined, &card("4000009900050009")).await;
    for (id, expected) in
        [(&opened, "created viewed cancelled"), (&declined, "created viewed pending_execute error cancelled")]
    {
        let answer = app.cancel(id).await;
        assert_eq!((200, expected.to_owned()), (answer.status, story(&answer.json())));
        assert_eq!(format!("http://pay.example.com/p/{id}/invoice/"), answer.json()["checkout_url"].as_str().unwrap());
    }
    let overdue = app.purchase_id(json!({})).await;
    let expired = app.purchase_id(json!({ "purchase": { "due_strict": true } })).await;
    let paid = app.purchase_id(json!({})).await;
    app.pay(&paid, &card(GOOD)).await;
    app.advance(3_600).await;
    assert_eq!("created overdue cancelled", story(&app.cancel(&overdue).await.json()));
    for (id, status) in [(&expired, "expired"), (&paid, "paid")] {
        assert_eq!((400, "purchase_cancel_wrong_status".to_owned()), app.cancel(id).await.refusal());
        assert_eq!(status, app.status(id).await);
    }
    app.audit();
}

#[tokio::test]
async fn the_due_time_counts_to_the_second_and_is_seen_at_once() {
    let app = App::new().await;
    let late = app.purchase_id(json!({ "due": START + 60 })).await;
    let strict = app.purchase_id(json!({ "due": START + 60, "purchase": { "due_strict": true } })).await;
    app.advance(59).await;
    assert_eq!(("created".to_owned(), "created".to_owned()), (app.status(&late).await, app.status(&strict).await));
    // Time passes and no worker has run yet.
    let moment = domain::Timestamp::from_seconds(START + 60);
    app.engine.env().clock().move_to(moment);
    assert_eq!(("overdue".to_owned(), "expired".to_owned()), (app.status(&late).await, app.status(&strict).await));
    assert_eq!(format!("http://pay.example.com/p/{late}/"), app.show(&late).await["checkout_url"].as_str().unwrap());
    assert_eq!(
        format!("http://pay.example.com/p/{strict}/invoice/"),
        app.show(&strict).await["checkout_url"].as_str().unwrap()
    );
    app.audit();
}

#[tokio::test]
async fn the_public_key_is_a_bare_json_string() {
    let app = App::new().await;
    let answer = app.get("/public_key/").await;
    assert_eq!((200, "application/json"), (answer.status, answer.header("content-type")));
    let pem = answer.json();
    let pem = pem.as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"), "{pem}");
    assert!(!pem.contains('\r'));
    assert!(answer.text().contains("-----BEGIN PUBLIC KEY-----\\nMII"), "escaped once");
    let live = app.api(Method::GET, "/public_key/", &app.merchant.live_secret_key, "").await.json();
    assert_ne!(pem, live.as_str().unwrap(), "a pair for each mode");
}

#[tokio::test]
async fn a_revoked_key_and_a_revoked_merchant_end_at_once() {
    let app = App::new().await;
    assert_eq!(405, app.get("/purchases/").await.status);
    let merchant = domain::MerchantId::parse(&app.merchant.id).unwrap();
    let keys = app.engine.keys(merchant).await.unwrap();
    app.engine.revoke_key(merchant, keys[0].id).await.unwrap();
    assert_eq!(401, app.get("/purchases/").await.status);
    let live = &app.merchant.live_secret_key;
    assert_eq!(405, app.api(Method::GET, "/purchases/", live, "").await.status);
    app.engine.revoke_merchant(merchant).await.unwrap();
    assert_eq!(401, app.api(Method::GET, "/purchases/", live, "").await.status);
}

#[tokio::test]
async fn limits_bind_in_test_mode_only_when_asked_to() {
    let free = App::new().await;
    let bound = App::with_test_limits().await;
    for app in [&free, &bound] {
        for _ in 0..300 {
            assert_eq!(405, app.get("/purchases/").await.status);
        }
    }
    assert_eq!(405, free.get("/purchases/").await.status);
    let refused = bound.get("/purchases/").await;
    assert_eq!((429, "rate_limited".to_owned()), refused.refusal());
    assert_eq!("1", refused.header("retry-after"));
    bound.advance(1).await;
    assert_eq!(405, bound.get("/purchases/").await.status);
    // The live key of the same merchant is another caller, and always bound.
    for _ in 0..300 {
        assert_eq!(405, free.api(Method::GET, "/purchases/", &free.merchant.live_secret_key, "").await.status);
    }
    assert_eq!(429, free.api(Method::GET, "/purchases/", &free.merchant.live_secret_key, "").await.status);
}

#[tokio::test]
async fn links_come_from_the_configuration() {
    let app = App::reached_at("https://pay.example.com").await;
    let order = app.order(json!({})).to_string();
    let mut request = request(Method::POST, "/api/v1/purchases/", &app.merchant.secret_key, "application/json", order);
    for (name, value) in
        [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
    {
        request.headers_mut().insert(header::HeaderName::from_static(name), value.parse().unwrap());
    }
    let made = ask(&app.router, request).await;
    assert!(!made.text().contains("evil.example"));
    assert_eq!(
        format!("https://pay.example.com/p/{}/", id(&made.json())),
        made.json()["checkout_url"].as_str().unwrap()
    );
}

/// Over a socket, where paths are put in order.
mod over_a_socket {
    use std::net::SocketAddr;

    use http_body_util::BodyExt;
    use hyper_util::rt::TokioIo;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::*;

    async fn send(address: SocketAddr, mut request: axum::http::Request<axum::body::Body>) -> (u16, Value) {
        request.headers_mut().insert("host", "pay.example.com".parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    #[tokio::test]
    async fn every_path_may_lack_its_slash_or_have_two() {
        let app = App::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let options = server::serving(app.engine.env().clone(), std::sync::Arc::clone(&app.http_metrics));
        let served = tokio::spawn(tollgate_http::serve::serve(listener, app.router.clone(), options, stop.clone()));
        let key = &app.merchant.secret_key;
        let order = app.order(json!({})).to_string();
        for path in ["/api/v1/purchases", "/api/v1//purchases/", "//api/v1/purchases?time=1", "/api/v1/purchases/"] {
            let (status, made) =
                send(address, request(Method::POST, path, key, "application/json", order.clone())).await;
            assert_eq!((201, "127.0.0.1"), (status, made["created_from_ip"].as_str().unwrap()), "{path}");
            let id = id(&made);
            for path in [format!("/api/v1/purchases/{id}"), format!("/api/v1//purchases/{id}/")] {
                let (status, read) = send(address, request(Method::GET, &path, key, "", "")).await;
                assert_eq!((200, &made), (status, &read), "{path}");
            }
            let (status, cancelled) =
                send(address, request(Method::POST, &format!("/api/v1/purchases/{id}/cancel"), key, "", "")).await;
            assert_eq!((200, "cancelled"), (status, cancelled["status"].as_str().unwrap()));
        }
        let (status, _) = send(address, request(Method::GET, "/api/v1/purchases", "", "", "")).await;
        assert_eq!(401, status, "asked by a shop's health check");
        stop.cancel();
        served.await.unwrap();
    }
}
