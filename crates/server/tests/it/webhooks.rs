//! Webhooks of the purchases dialect: registered, changed and ended (purchases-api 2.6), and what they are told (5).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, GOOD, ask, card, codes, request};
use crate::callbacks::{Heard, OK, Receiver, SORRY, minutes, verifies};

async fn register(app: &App, body: Value) -> Value {
    let made = app.post("/webhooks/", &body).await;
    assert_eq!(201, made.status, "{}", made.text());
    made.json()
}

async fn all_events(app: &App, url: &str) -> Value {
    register(app, json!({ "title": "All", "callback": url, "all_events": true })).await
}

fn id(webhook: &Value) -> &str {
    webhook["id"].as_str().unwrap()
}

async fn call(app: &App, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answer = app.api(method, path, &app.merchant.secret_key, body.to_string()).await;
    let shown = if answer.text().is_empty() { Value::Null } else { answer.json() };
    (answer.status, shown)
}

/// The names of the events, in the order in which they came.
fn events(heard: &[Heard]) -> Vec<String> {
    heard.iter().map(|heard| heard.json()["event_type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_webhook_is_made_read_changed_and_deleted() {
    let app = App::new().await;
    let events = json!(["payment.refunded", "purchase.paid"]);
    let made = register(
        &app,
        json!({ "title": "Refunds", "callback": "https://shop.example/hook", "events": events, "id": "mine", "public_key": "x" }),
    )
    .await;
    assert_eq!(
        (json!("webhook"), &events, json!(false)),
        (made["type"].clone(), &made["events"], made["all_events"].clone())
    );
    assert!(made["public_key"].as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----\nMIIB"));
    assert_eq!(json!(app.now()), made["created_on"]);
    let path = format!("/webhooks/{}/", id(&made));
    assert_eq!((200, made.clone()), call(&app, Method::GET, &path, json!(null)).await);

    app.advance(60).await;
    let (status, changed) = call(&app, Method::PATCH, &path, json!({ "title": "Money back" })).await;
    let mut expected = made.clone();
    expected["title"] = json!("Money back");
    expected["updated_on"] = json!(app.now());
    assert_eq!((200, &expected), (status, &changed));
    let (_, all) = call(&app, Method::PATCH, &path, json!({ "all_events": true })).await;
    assert_eq!((json!([]), json!(true)), (all["events"].clone(), all["all_events"].clone()));
    let refused =
        app.api(Method::PATCH, &path, &app.merchant.secret_key, json!({ "all_events": false }).to_string()).await;
    assert_eq!("400 events required", codes(&refused), "which events, then?");

    let whole = json!({ "title": "New", "callback": "http://localhost:1?x=y", "events": { "1": "purchase.viewed" } });
    let (status, replaced) = call(&app, Method::PUT, &path, whole).await;
    assert_eq!(
        (200, json!(["purchase.viewed"]), json!(false)),
        (status, replaced["events"].clone(), replaced["all_events"].clone())
    );
    assert_eq!((&made["id"], &made["public_key"]), (&replaced["id"], &replaced["public_key"]), "for its life");
    let missing = app.api(Method::PUT, &path, &app.merchant.secret_key, json!({ "title": "x" }).to_string()).await;
    assert_eq!("400 callback required", codes(&missing), "what is left out is not kept");

    assert_eq!((204, Value::Null), call(&app, Method::DELETE, &path, json!(null)).await);
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(404, call(&app, method, &path, json!({})).await.0);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_said_at_its_place() {
    let app = App::new().await;
    let good = json!({ "title": "Good", "callback": "https://shop.example/", "events": ["purchase.paid"] });
    for (member, value, expected) in [
        ("title", json!(null), "title null"),
        ("title", json!(" "), "title blank"),
        ("title", json!("x".repeat(101)), "title max_length"),
        ("callback", json!(""), "callback blank"),
        ("callback", json!("ftp://shop.example/"), "callback invalid"),
        ("callback", json!("https://user@shop.example/"), "callback invalid"),
        ("callback", json!(format!("https://shop.example/{}", "x".repeat(480))), "callback max_length"),
        ("events", json!([]), "events min_length"),
        ("events", json!("purchase.paid"), "events invalid"),
        ("events", json!(["purchase.paid", "purchase.paid"]), "events invalid"),
        ("events", json!(["purchase.payment_failed"]), "events invalid_choice"),
        ("all_events", json!("maybe"), "all_events invalid"),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let refused = app.post("/webhooks/", &body).await;
        assert_eq!(format!("400 {expected}"), codes(&refused), "{body}");
    }
    let nothing = app.post("/webhooks/", &json!([])).await;
    assert_eq!("400 callback required, title required", codes(&nothing));
    let untold = app.post("/webhooks/", &json!({ "title": "x", "callback": "https://shop.example/" })).await;
    assert_eq!("400 events required", codes(&untold));
    let made = register(
        &app,
        json!({ "title": 5, "callback": "http://success", "all_events": "1", "events": ["purchase.paid"] }),
    )
    .await;
    assert_eq!(
        (json!("5"), json!([])),
        (made["title"].clone(), made["events"].clone()),
        "told of everything: none is shown"
    );
    // A live one must be behind TLS.
    let live = &app.merchant.live_secret_key;
    let plain = json!({ "title": "x", "callback": "http://shop.example/", "all_events": true }).to_string();
    let refused = app.api(Method::POST, "/webhooks/", live, plain).await;
    assert_eq!("400 callback invalid", codes(&refused));
    let tls = json!({ "title": "x", "callback": "https://shop.example/", "all_events": true }).to_string();
    assert_eq!(201, app.api(Method::POST, "/webhooks/", live, tls).await.status);
    assert_eq!(1, app.get("/webhooks/").await.json()["results"].as_array().unwrap().len(), "test and live never meet");
}

#[tokio::test]
async fn a_list_is_walked_by_its_own_addresses() {
    let app = App::new().await;
    for number in 0..5 {
        register(&app, json!({ "title": number, "callback": "https://shop.example/", "all_events": true })).await;
        app.advance(1).await;
    }
    let titles = |page: &Value| {
        let results = page["results"].as_array().unwrap().iter();
        results.map(|one| one["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>().concat()
    };
    let at =
        |address: &Value| address.as_str().unwrap().strip_prefix("http://pay.example.com/api/v1").unwrap().to_owned();
    let whole = app.get("/webhooks/?time=1&cursor=").await.json();
    assert_eq!(("43210".to_owned(), &Value::Null, &Value::Null), (titles(&whole), &whole["next"], &whole["previous"]));
    let first = app.get("/webhooks/?page_size=2").await.json();
    assert_eq!(("43".to_owned(), &Value::Null), (titles(&first), &first["previous"]));
    // What comes and goes meanwhile moves nothing.
    let gone = first["results"][1]["id"].as_str().unwrap();
    call(&app, Method::DELETE, &format!("/webhooks/{gone}/"), json!(null)).await;
    register(&app, json!({ "title": "x", "callback": "https://shop.example/", "all_events": true })).await;
    let second = app.get(&at(&first["next"])).await.json();
    assert_eq!("21", titles(&second));
    let third = app.get(&at(&second["next"])).await.json();
    assert_eq!(("0".to_owned(), &Value::Null), (titles(&third), &third["next"]));
    let back = app.get(&at(&third["previous"])).await.json();
    assert_eq!(("21".to_owned(), second["next"].clone()), (titles(&back), back["next"].clone()));
    let newest = app.get(&at(&back["previous"])).await.json();
    assert_eq!(("x4".to_owned(), &Value::Null), (titles(&newest), &newest["previous"]));
    for (query, code) in [("cursor=x", "cursor invalid"), ("page_size=101", "page_size max_value")] {
        assert_eq!(format!("400 {code}"), codes(&app.get(&format!("/webhooks/?{query}")).await));
    }
}

#[tokio::test]
async fn each_webhook_is_told_what_it_picked_signed_with_its_own_key() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let all = all_events(&app, &shop.url("/all")).await;
    let some =
        json!({ "title": "Some", "callback": shop.url("/some?a=b"), "events": ["purchase.paid", "payment.refunded"] });
    let some = register(&app, some).await;
    assert_ne!(all["public_key"], some["public_key"]);
    let id = app.purchase_id(json!({ "skip_capture": true, "success_callback": shop.url("/callback") })).await;
    app.pay(&id, &card(GOOD)).await;
    app.act(&id, "capture", "").await;
    app.act(&id, "refund", "{\"amount\":100}").await;
    app.advance(0).await;
    let heard = shop.heard();
    let at = |path: &str| heard.iter().filter(|heard| heard.path() == path).cloned().collect::<Vec<_>>();
    let expected = [
        "purchase.created",
        "purchase.viewed",
        "purchase.pending_execute",
        "purchase.hold",
        "purchase.pending_capture",
        "purchase.captured",
        "purchase.paid",
        "purchase.pending_refund",
        "payment.refunded",
    ];
    assert_eq!(expected.to_vec(), events(&at("/all")));
    assert_eq!(vec!["purchase.paid", "payment.refunded"], events(&at("/some?a=b")));
    assert_eq!(vec!["purchase.paid"], events(&at("/callback")));
    let company = app.get("/public_key/").await.json();
    for (path, key) in [("/all", &all["public_key"]), ("/some?a=b", &some["public_key"]), ("/callback", &company)] {
        for heard in at(path) {
            let signature = heard.header("X-Signature").expect("spelt so on the wire");
            assert!(verifies(key.as_str().unwrap(), &heard.body, signature), "{path}");
            assert_eq!(Some("application/json"), heard.header("Content-Type"));
        }
    }
    // A snapshot of the moment, status included; a Payment where money went back.
    let statuses: Vec<_> = at("/all").iter().map(|heard| heard.json()["status"].as_str().unwrap().to_owned()).collect();
    let of_moments = [
        "created",
        "viewed",
        "pending_execute",
        "hold",
        "pending_capture",
        "paid",
        "paid",
        "pending_refund",
        "success",
    ];
    assert_eq!(of_moments.to_vec(), statuses);
    assert_eq!("payment", at("/all")[8].json()["type"]);
    assert_eq!(id, at("/all")[8].json()["related_to"]["id"].as_str().unwrap());
    app.audit();
}

#[tokio::test]
async fn everything_told_of_an_event_arrives_before_the_next_event() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        let is_late = heard.path() == "/late" && heard.json()["event_type"] == "purchase.created" && heard.at < 480;
        if is_late { SORRY } else { OK }.into()
    })
    .await;
    all_events(&app, &shop.url("/late")).await;
    all_events(&app, &shop.url("/good")).await;
    let first = app.purchase_id(json!({})).await;
    app.cancel(&first).await;
    let second = app.purchase_id(json!({})).await;
    app.advance(0).await;
    let told = |heard: &[Heard], id: &str| {
        let of = heard.iter().filter(|heard| heard.json()["id"] == id);
        let mut told: Vec<_> = of
            .map(|heard| (heard.at / 60, heard.path(), heard.json()["event_type"].as_str().unwrap().to_owned()))
            .collect();
        told.sort();
        told
    };
    let entry = |minute: i64, path: &str, event: &str| (minute, path.to_owned(), format!("purchase.{event}"));
    let now = vec![entry(0, "/good", "created"), entry(0, "/late", "created")];
    assert_eq!(now, told(&shop.heard(), &first), "side by side; what came next waits");
    assert_eq!(now, told(&shop.heard(), &second), "other purchases do not");
    app.advance(8 * 60).await;
    let expected = vec![
        entry(0, "/good", "created"),
        entry(0, "/late", "created"),
        entry(2, "/late", "created"),
        entry(8, "/good", "cancelled"),
        entry(8, "/late", "cancelled"),
        entry(8, "/late", "created"),
    ];
    assert_eq!(expected, told(&shop.heard(), &first));
    let ids = |path: &str| {
        let of = shop.heard().into_iter().filter(|heard| heard.path() == path && heard.json()["id"] == first);
        of.map(|heard| (heard.values("webhook-id")[0].to_owned(), heard.body)).collect::<Vec<_>>()
    };
    let late = ids("/late");
    assert_eq!((&late[0], &late[1]), (&late[1], &late[2]), "the same id and the same bytes");
    assert_ne!(late[0].0, late[3].0);
}

#[tokio::test]
async fn a_webhook_that_moves_is_told_there_and_one_that_is_deleted_nothing_more() {
    let app = App::new().await;
    let shop =
        Receiver::start(app.engine.env().clone(), |heard| if heard.path() == "/old" { SORRY } else { OK }.into()).await;
    let moving = all_events(&app, &shop.url("/old")).await;
    let ending = all_events(&app, &shop.url("/old")).await;
    let purchase = app.purchase_id(json!({})).await;
    app.advance(0).await;
    assert_eq!(2, shop.heard().len());
    call(&app, Method::PATCH, &format!("/webhooks/{}/", id(&moving)), json!({ "callback": shop.url("/new") })).await;
    app.cancel(&purchase).await;
    call(&app, Method::DELETE, &format!("/webhooks/{}/", id(&ending)), json!(null)).await;
    // At once: what waited for its next try at the old address, and what waited behind the deleted one.
    app.advance(0).await;
    let heard = shop.heard();
    assert_eq!(vec!["/old", "/old", "/new", "/new"], heard.iter().map(Heard::path).collect::<Vec<_>>());
    assert!(verifies(moving["public_key"].as_str().unwrap(), &heard[2].body, heard[2].header("X-Signature").unwrap()));
    app.advance(10 * 86_400).await;
    assert_eq!(4, shop.heard().len());
    assert_eq!((0, 0), (app.counted("notifications_open").await, app.counted("notifications_given_up").await));
}

#[tokio::test]
async fn keys_change_when_they_are_asked_to() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let webhook = all_events(&app, &shop.url("/hook")).await;
    let path = format!("/webhooks/{}/", id(&webhook));
    let secret = app.get(&format!("{path}secret/")).await.json();
    assert!(secret["secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(!webhook.to_string().contains(secret["secret"].as_str().unwrap()));
    let (status, rotated) = call(&app, Method::POST, &format!("{path}rotate_key/"), json!(null)).await;
    assert_eq!(200, status);
    assert_ne!(webhook["public_key"], rotated["public_key"]);
    assert_eq!(rotated, app.get(&path).await.json());
    // Once for a key; many at once are one after the other.
    let rotate = |idempotency_key: Option<&str>| {
        let target = format!("/api/v1{path}rotate_key/");
        let mut rotate = request(Method::POST, &target, &app.merchant.secret_key, "application/json", "");
        if let Some(key) = idempotency_key {
            rotate.headers_mut().insert("idempotency-key", key.parse().unwrap());
        }
        ask(&app.router, rotate)
    };
    let (one, two, three) = tokio::join!(rotate(Some("once")), rotate(Some("once")), rotate(None));
    assert_eq!((one.text(), 200), (two.text(), three.status));
    assert_ne!(one.json()["public_key"], three.json()["public_key"]);
    let rotated = app.get(&path).await.json();
    app.purchase_id(json!({})).await;
    app.advance(0).await;
    let heard = &shop.heard()[0];
    let signature = heard.header("X-Signature").unwrap();
    assert!(verifies(rotated["public_key"].as_str().unwrap(), &heard.body, signature));
    assert!(!verifies(webhook["public_key"].as_str().unwrap(), &heard.body, signature));
    assert_eq!(2, heard.values("webhook-signature")[0].split(' ').count(), "the old secret and the new one");
    assert_ne!(secret, app.get(&format!("{path}secret/")).await.json());
}

#[tokio::test]
async fn a_test_is_answered_with_what_came_of_it() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        if heard.path() == "/bad" {
            "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nno route\n".into()
        } else {
            OK.into()
        }
    })
    .await;
    let good =
        register(&app, json!({ "title": "x", "callback": shop.url("/good"), "events": ["purchase.paid"] })).await;
    let (status, tested) = call(&app, Method::POST, &format!("/webhooks/{}/test/", id(&good)), json!(null)).await;
    assert_eq!(
        (200, json!(true), json!(200)),
        (status, tested["delivered"].clone(), tested["status"].clone()),
        "{tested}"
    );
    let heard = shop.heard().remove(0);
    assert!(verifies(good["public_key"].as_str().unwrap(), &heard.body, heard.header("X-Signature").unwrap()));
    assert_eq!(tested["id"], heard.values("webhook-id")[0]);
    let told = heard.json();
    assert_eq!(
        ("purchase.created", "created", true),
        (told["event_type"].as_str().unwrap(), told["status"].as_str().unwrap(), told["is_test"].as_bool().unwrap())
    );
    assert_eq!(404, app.get(&format!("/purchases/{}/", told["id"].as_str().unwrap())).await.status, "it is made up");

    let bad = register(&app, json!({ "title": "x", "callback": shop.url("/bad"), "all_events": true })).await;
    let (_, tested) = call(&app, Method::POST, &format!("/webhooks/{}/test/", id(&bad)), json!(null)).await;
    assert_eq!(
        (json!(false), json!(404), json!("no route\n")),
        (tested["delivered"].clone(), tested["status"].clone(), tested["answer"].clone())
    );
    let inside = register(&app, json!({ "title": "x", "callback": "http://10.0.0.1/", "all_events": true })).await;
    let (_, tested) = call(&app, Method::POST, &format!("/webhooks/{}/test/", id(&inside)), json!(null)).await;
    assert_eq!((json!(null), json!("the address is not public")), (tested["status"].clone(), tested["error"].clone()));
    app.advance(10 * 86_400).await;
    assert_eq!(2, shop.heard().len(), "never tried again");
}

#[tokio::test]
async fn a_purchases_deliveries_are_listed_as_they_were_sent() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| if heard.at < 120 { SORRY } else { OK }.into()).await;
    all_events(&app, &shop.url("/hook")).await;
    let purchase = app.purchase_id(json!({})).await;
    app.cancel(&purchase).await;
    app.advance(0).await;
    let list = |id: String| {
        let app = &app;
        async move { app.get(&format!("/webhooks/deliveries/?id={id}&source_type=purchase")).await.json() }
    };
    let shown = list(purchase.clone()).await;
    let [cancelled, created] = &shown["results"].as_array().unwrap()[..] else { panic!("two") };
    assert_eq!((json!(null), json!(1)), (created["delivered_on"].clone(), created["attempts"].clone()));
    assert_eq!("HTTP 500", created["delivery_attempts"][0]["error_message"]);
    assert_eq!((json!(0), json!(null)), (cancelled["attempts"].clone(), cancelled["payload"].clone()), "not made yet");
    app.advance(120).await;
    let shown = list(purchase.clone()).await;
    let [cancelled, created] = &shown["results"].as_array().unwrap()[..] else { panic!("two") };
    assert_eq!((json!(2), json!(shop.url("/hook"))), (created["attempts"].clone(), created["url"].clone()));
    assert_eq!(
        ["", "HTTP 500"].map(|error| json!(error)).to_vec(),
        created["delivery_attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["error_message"].clone())
            .collect::<Vec<_>>(),
        "newest first"
    );
    let heard = shop.heard();
    assert_eq!(vec![0, 2, 2], minutes(&heard));
    for (listed, heard) in [(created, &heard[1]), (cancelled, &heard[2])] {
        assert_eq!(heard.json(), listed["payload"], "also when it arrived long ago");
        assert_eq!(
            (&heard.json()["event_type"], heard.values("webhook-id")[0]),
            (&listed["event"], listed["id"].as_str().unwrap())
        );
    }
    for (query, expected) in [("", "id required"), ("id=x&source_type=payment", "source_type invalid_choice")] {
        assert_eq!(format!("400 {expected}"), codes(&app.get(&format!("/webhooks/deliveries/?{query}")).await));
    }
    assert_eq!(404, app.get("/webhooks/deliveries/?id=x").await.status);
    assert_eq!(json!([]), app.get("/webhooks/deliveries/?id=x&source_type=payout").await.json()["results"]);
    let other = app.another_merchant().await;
    let path = format!("/webhooks/deliveries/?id={purchase}");
    assert_eq!(404, app.api(Method::GET, &path, &other.secret_key, "").await.status);
    let first = app.get(&format!("{path}&page_size=1")).await.json();
    assert_eq!("purchase.cancelled", first["results"][0]["event"]);
    let next = first["next"].as_str().unwrap().strip_prefix("http://pay.example.com/api/v1").unwrap().to_owned();
    let second = app.get(&next).await.json();
    assert_eq!(("purchase.created", &Value::Null), (second["results"][0]["event"].as_str().unwrap(), &second["next"]));
}

#[tokio::test]
async fn a_repeat_with_the_same_key_makes_no_second_webhook() {
    let app = App::new().await;
    let body = json!({ "title": "Once", "callback": "https://shop.example/", "all_events": true });
    let create = || {
        let mut create =
            request(Method::POST, "/api/v1/webhooks/", &app.merchant.secret_key, "application/json", body.to_string());
        create.headers_mut().insert("idempotency-key", "once".parse().unwrap());
        ask(&app.router, create)
    };
    let (first, again) = tokio::join!(create(), create());
    assert_eq!((201, 201), (first.status, again.status));
    assert_eq!(first.text(), again.text());
    assert_eq!(1, app.get("/webhooks/").await.json()["results"].as_array().unwrap().len());
}

/// Forms that are no address of ours, in every place that takes one; and inner addresses, which may be written down in
/// test mode and are never called (security S1, S4).
#[tokio::test]
async fn an_address_that_is_none_is_refused_wherever_it_is_set_and_an_inner_one_is_never_called() {
    let app = App::new().await;
    let good = json!({ "title": "x", "callback": "https://shop.example/", "all_events": true });
    let webhook = register(&app, good.clone()).await;
    let path = format!("/webhooks/{}/", id(&webhook));
    let places = |url: &str| {
        let mut whole = good.clone();
        whole["callback"] = json!(url);
        [
            (Method::POST, "/webhooks/".to_owned(), whole.clone()),
            (Method::PUT, path.clone(), whole),
            (Method::PATCH, path.clone(), json!({ "callback": url })),
            (Method::POST, "/purchases/".to_owned(), app.order(json!({ "success_callback": url }))),
        ]
    };
    for url in [
        "//shop.example/",
        "shop.example",
        "https:shop.example",
        "https:///shop.example",
        "https://",
        "https://:443/",
        "https://shop.example@10.0.0.1/",
        "https://user:word@shop.example/",
        "https://shop.example\\@10.0.0.1/",
        "http:\\\\10.0.0.1/",
        "https://shop.exa\tmple/",
        "https://shop.example/\n",
        " https://shop.example/",
        "https://[::1/",
        "https://shop.example:99999/",
        "file:///etc/passwd",
        "gopher://10.0.0.1/",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "data:text/plain,x",
    ] {
        for (method, path, body) in places(url) {
            let answer = app.api(method.clone(), &path, &app.merchant.secret_key, body.to_string()).await;
            assert_eq!(400, answer.status, "{method} {path} {url:?}");
        }
    }
    for url in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.0.1:8080/",
        "http://0x0a000001/",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://167772161/",
    ] {
        let (_, changed) = call(&app, Method::PATCH, &path, json!({ "callback": url })).await;
        assert_eq!(url, changed["callback"]);
        let (_, tested) = call(&app, Method::POST, &format!("{path}test/"), json!(null)).await;
        assert_eq!(
            json!([null, "the address is not public", ""]),
            json!(["status", "error", "answer"].map(|name| tested[name].clone())),
            "{url}"
        );
    }
    let purchase = app.purchase_id(json!({ "success_callback": "http://10.0.0.1/" })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(0).await;
    let told = app.get(&format!("/webhooks/deliveries/?id={purchase}")).await.json();
    let first = told["results"].as_array().unwrap().last().unwrap();
    assert_eq!("the address is not public", first["delivery_attempts"][0]["error_message"]);
}
