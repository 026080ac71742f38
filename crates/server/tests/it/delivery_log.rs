//! Tollgate's own API at `/tollgate/v1`: the log of what merchants were told, by whatever dialect, and sending it again.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, GOOD, ask, card, id, request};
use crate::callbacks::{OK, Receiver, SORRY, minutes, verifies};

struct Log<'a> {
    app: &'a App,
    key: &'a str,
}

impl<'a> Log<'a> {
    fn of(app: &'a App) -> Self {
        Self { app, key: &app.merchant.secret_key }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let asked = request(method, &format!("/tollgate/v1{path}"), self.key, "application/json", body);
        let answer = ask(&self.app.router, asked).await;
        (answer.status, answer.json())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, shown) = self.call(Method::GET, path, &Value::Null).await;
        assert_eq!(200, status, "{path}: {shown}");
        shown
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, &body).await
    }

    /// The one destination there is.
    async fn destination(&self) -> Value {
        let all = self.get("/destinations").await;
        assert_eq!((1, &Value::Null), (all["results"].as_array().unwrap().len(), &all["next_after"]), "{all}");
        all["results"][0].clone()
    }

    async fn deliveries(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/deliveries?{query}")).await["results"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn what_was_sent_what_was_answered_and_what_comes_next_can_be_read() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |heard| {
        if heard.at < 120 { "HTTP/1.1 503 Busy\r\ncontent-length: 5\r\n\r\nlater".into() } else { OK.into() }
    })
    .await;
    let purchase = app.purchase_id(json!({ "success_callback": shop.url("/hook?secret=1") })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(0).await;
    let log = Log::of(&app);
    let destination = log.destination().await;
    let origin = shop.url("");
    assert_eq!((json!(origin), json!(null)), (destination["address"].clone(), destination["webhook_id"].clone()));
    assert_eq!(("failing", 1), (destination["state"].as_str().unwrap(), destination["failures"].as_i64().unwrap()));
    assert_eq!(destination["failing_since"], destination["failed_at"]);

    let told = log.deliveries(&format!("object={purchase}")).await;
    assert_eq!(told, log.deliveries(&format!("destination={}", id(&destination))).await);
    assert_eq!(1, told.len());
    assert_eq!(
        json!(["callback", "paid", "waiting", 1, 503, false]),
        json!(["kind", "event", "state", "attempts", "status", "under_way"].map(|name| told[0][name].clone()))
    );
    let waits = |value: &Value| value["next_try_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(app.now() + 120, waits(&told[0]));

    app.advance(120).await;
    let shown = log.get(&format!("/deliveries/{}", id(&told[0]))).await;
    assert_eq!((json!("delivered"), json!(null)), (shown["state"].clone(), shown["next_try_at"].clone()));
    let tries = shown["tries"].as_array().unwrap();
    assert_eq!(
        json!([[1, 503, null, "later"], [2, 200, null, ""]]),
        json!(
            tries
                .iter()
                .map(|one| ["number", "status", "error", "answer"].map(|name| one[name].clone()))
                .collect::<Vec<_>>()
        )
    );
    assert!(tries.iter().all(|one| one["duration_ms"].as_u64().unwrap() < 60_000));
    assert_eq!(shop.heard()[1].body, shown["body"].as_str().unwrap().as_bytes(), "what arrived is made again");
    let destination = log.destination().await;
    assert_eq!(
        ("working", json!(null)),
        (destination["state"].as_str().unwrap(), destination["failing_since"].clone())
    );
    assert_eq!(destination, log.get(&format!("/destinations/{}", id(&destination))).await);
}

#[tokio::test]
async fn one_is_sent_again_with_the_same_id_and_bytes() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let purchase = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(0).await;
    // What happens later changes nothing of what is sent again.
    app.act(&purchase, "refund", "").await;
    app.advance(3_600).await;
    let log = Log::of(&app);
    let told = log.deliveries(&format!("object={purchase}")).await;
    let path = format!("/deliveries/{}/resend", id(&told[0]));
    assert_eq!(202, log.post(&path, Value::Null).await.0);
    app.advance(0).await;
    let heard = shop.heard();
    assert_eq!(vec![0, 60], minutes(&heard));
    assert_eq!(heard[0].body, heard[1].body);
    assert_eq!(heard[0].values("webhook-id"), heard[1].values("webhook-id"));
    assert_eq!("paid", heard[1].json()["status"]);
    let key = app.get("/public_key/").await.json();
    assert!(verifies(key.as_str().unwrap(), &heard[1].body, heard[1].header("X-Signature").unwrap()));
    let shown = log.get(&format!("/deliveries/{}", id(&told[0]))).await;
    assert_eq!(2, shown["tries"].as_array().unwrap().len());
    app.advance(10 * 86_400).await;
    assert_eq!(2, shop.heard().len());
    app.audit();
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_in_order() {
    let app = App::new().await;
    let shop =
        Receiver::start(app.engine.env().clone(), |heard| if heard.at < 86_400 * 9 { SORRY } else { OK }.into()).await;
    let webhook = json!({ "title": "x", "callback": shop.url("/"), "all_events": true });
    let webhook = app.post("/webhooks/", &webhook).await.json();
    let start = jiff::Timestamp::from_second(app.now()).unwrap().to_string();
    let purchase = app.purchase_id(json!({})).await;
    app.cancel(&purchase).await;
    app.advance(2_000).await;
    let later = jiff::Timestamp::from_second(app.now()).unwrap().to_string();
    app.advance(1).await;
    let other = app.purchase_id(json!({})).await;
    app.advance(10 * 86_400).await;
    assert_eq!(3, app.counted("notifications_given_up").await);
    let log = Log::of(&app);
    let destination = log.destination().await;
    assert_eq!(
        (webhook["id"].clone(), json!(shop.url("/"))),
        (destination["webhook_id"].clone(), destination["address"].clone())
    );
    let given_up = format!("destination={}&state=given_up", id(&destination));
    assert_eq!(3, log.deliveries(&given_up).await.len());
    let before = shop.heard().len();

    let resend = json!({ "destination": id(&destination), "since": start, "until": later });
    assert_eq!((202, json!({ "resent": 2, "more": false })), log.post("/deliveries/resend", resend.clone()).await);
    app.advance(0).await;
    let heard = shop.heard().split_off(before);
    let told: Vec<_> =
        heard.iter().map(|heard| (heard.json()["event_type"].clone(), heard.json()["id"].clone())).collect();
    assert_eq!(
        vec![(json!("purchase.created"), json!(purchase)), (json!("purchase.cancelled"), json!(purchase))],
        told
    );
    assert_eq!(
        (202, json!({ "resent": 0, "more": false })),
        log.post("/deliveries/resend", resend).await,
        "they arrived"
    );
    let left = log.deliveries(&given_up).await;
    assert_eq!((1, &json!(other)), (left.len(), &left[0]["object"]));
    app.audit();
}

#[tokio::test]
async fn a_merchant_is_told_once_when_nothing_arrives_for_a_day() {
    let app = App::new().await;
    let shop =
        Receiver::start(app.engine.env().clone(), |heard| if heard.at < 86_400 * 9 { SORRY } else { OK }.into()).await;
    for _ in 0..3 {
        let purchase = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
        app.pay(&purchase, &card(GOOD)).await;
    }
    let mails = || std::fs::read_dir(app.data().join("mail")).map_or(0, Iterator::count);
    app.advance(86_399).await;
    assert_eq!(0, mails());
    assert_eq!(0, app.counted("notification_destinations_failing").await);
    // Whether or not anything is tried then.
    app.advance(1).await;
    assert_eq!(1, mails());
    assert_eq!(1, app.counted("notification_destinations_failing").await);
    app.advance(86_400 * 3).await;
    assert_eq!(1, mails());
    let mail = std::fs::read_dir(app.data().join("mail")).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(mail.path()).unwrap();
    let destination = Log::of(&app).destination().await;
    assert!(!destination["marked_at"].is_null());
    for words in ["To: merchant@example.com", &shop.url(""), id(&destination)] {
        assert!(mail.replace("=\r\n", "").contains(words), "{words} in {mail}");
    }
    // It works again, and fails again.
    app.advance(86_400 * 6).await;
    let purchase = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(0).await;
    assert!(Log::of(&app).destination().await["marked_at"].is_null());
    assert_eq!(1, mails());
}

#[tokio::test]
async fn whoever_is_not_the_merchant_sees_nothing() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| SORRY.into()).await;
    let purchase = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(10 * 86_400).await;
    let own = Log::of(&app);
    let (destination, delivery) =
        (own.destination().await, own.deliveries(&format!("object={purchase}")).await.remove(0));
    let resend = json!({ "destination": id(&destination), "since": "2020-01-01T00:00:00Z" });
    let calls = [
        (Method::GET, format!("/destinations/{}", id(&destination)), Value::Null),
        (Method::GET, format!("/deliveries?destination={}", id(&destination)), Value::Null),
        (Method::GET, format!("/deliveries?object={purchase}"), Value::Null),
        (Method::GET, format!("/deliveries/{}", id(&delivery)), Value::Null),
        (Method::POST, format!("/deliveries/{}/resend", id(&delivery)), Value::Null),
        (Method::POST, "/deliveries/resend".to_owned(), resend),
        (Method::GET, "/deliveries?destination=3f0c0a2e-5b1d-4c6a-9e8f-7d2b4a6c8e01".to_owned(), Value::Null),
        (Method::GET, "/deliveries/x".to_owned(), Value::Null),
        (Method::GET, "/nothing".to_owned(), Value::Null),
    ];
    let other = app.another_merchant().await;
    for (key, expected) in [
        (&other.secret_key, 404),
        (&app.merchant.live_secret_key, 404),
        (&"sk_test_none".to_owned(), 401),
        (&String::new(), 401),
    ] {
        let stranger = Log { app: &app, key };
        for (method, path, body) in &calls {
            let (status, shown) = stranger.call(method.clone(), path, body).await;
            assert_eq!(expected, status, "{method} {path}: {shown}");
        }
    }
    let stranger = Log { app: &app, key: &other.secret_key };
    assert_eq!(json!([]), stranger.get("/destinations").await["results"]);
    app.advance(60).await;
    assert_eq!(8, shop.heard().len(), "nothing was sent again");
    let key = own.get("/signing-key").await;
    assert_eq!(app.get("/public_key/").await.json(), key["public_key"]);
    assert_ne!(key, stranger.get("/signing-key").await);
    assert_ne!(key, own.post("/signing-key/rotate", Value::Null).await.1);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_reason() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| SORRY.into()).await;
    let purchase = app.purchase_id(json!({ "success_callback": shop.url("/") })).await;
    app.pay(&purchase, &card(GOOD)).await;
    app.advance(0).await;
    let log = Log::of(&app);
    let (destination, delivery) =
        (log.destination().await, log.deliveries(&format!("object={purchase}")).await.remove(0));
    let destination = id(&destination);
    for query in [
        "".to_owned(),
        format!("destination={destination}&object={purchase}"),
        format!("destination={destination}&state=lost"),
        format!("object={purchase}&state=given_up"),
        format!("destination={destination}&limit=0"),
        format!("destination={destination}&limit=101"),
        format!("destination={destination}&before=x"),
    ] {
        let (status, shown) = log.call(Method::GET, &format!("/deliveries?{query}"), &Value::Null).await;
        assert_eq!((400, json!(400)), (status, shown["status"].clone()), "{query}");
        assert!(shown["detail"].as_str().unwrap().len() > 10);
    }
    for body in [
        json!({}),
        json!([]),
        json!({ "destination": destination, "since": "yesterday" }),
        json!({ "destination": destination, "since": "2026-01-01T00:00:00Z", "more": 1 }),
    ] {
        assert_eq!(400, log.post("/deliveries/resend", body).await.0);
    }
    assert_eq!(
        202,
        log.post(&format!("/deliveries/{}/resend", id(&delivery)), Value::Null).await.0,
        "it need not wait"
    );
    app.advance(0).await;
    assert_eq!(vec![0, 0], minutes(&shop.heard()));
    assert_eq!(405, log.call(Method::DELETE, "/destinations", &Value::Null).await.0);
}
