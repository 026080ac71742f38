//! Clients of the purchases dialect and the cards they left (purchases-api 2.5, 3.2, 3.7).

use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{App, GOOD, ask, codes, id, request};
use crate::callbacks::{OK, Receiver};

async fn call(app: &App, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answer = app.api(method, path, &app.merchant.secret_key, body.to_string()).await;
    let shown = if answer.text().is_empty() { Value::Null } else { answer.json() };
    (answer.status, shown)
}

async fn make(app: &App, body: Value) -> Value {
    let (status, made) = call(app, Method::POST, "/clients/", body).await;
    assert_eq!(201, status, "{made}");
    made
}

/// The ids of a list.
async fn listed(app: &App, query: &str) -> Vec<String> {
    let page = app.get(&format!("/clients/?{query}")).await.json();
    page["results"].as_array().unwrap().iter().map(|client| id(client).to_owned()).collect()
}

#[tokio::test]
async fn a_client_is_made_read_changed_and_deleted() {
    let app = App::new().await;
    let said = json!({
        "email": "Ada@example.com", "phone": "+44 45643564564", "full_name": "Ada", "country": "Malaysia", "cc": ["bob@example.com"],
        "personal_code": 5, "shipping_city": "Ipoh", "email_string": "misspelt", "id": "mine", "client_type": "x",
    });
    let made = make(&app, said).await;
    assert_eq!(
        json!(["client", app.now(), app.now()]),
        json!(["type", "created_on", "updated_on"].map(|name| made[name].clone()))
    );
    assert_eq!(
        json!(["Ada@example.com", "MY", "5", "Ipoh", null, ""]),
        json!(
            ["email", "country", "personal_code", "shipping_city", "client_type", "bank_code"]
                .map(|name| made[name].clone())
        )
    );
    assert_eq!(
        json!([{ "method": "email", "options": {} }, { "method": "text_message", "options": {} }]),
        made["delivery_methods"]
    );
    let path = format!("/clients/{}/", id(&made));
    assert_eq!((200, made.clone()), call(&app, Method::GET, &path, json!(null)).await);

    app.advance(60).await;
    let (status, changed) = call(&app, Method::PATCH, &path, json!({ "phone": "", "full_name": "Ada L." })).await;
    let mut expected = made.clone();
    for (name, value) in [("phone", json!("")), ("full_name", json!("Ada L.")), ("updated_on", json!(app.now()))] {
        expected[name] = value;
    }
    expected["delivery_methods"] = json!([{ "method": "email", "options": {} }]);
    assert_eq!((200, &expected), (status, &changed), "what was not said stays");
    assert_eq!((200, changed.clone()), call(&app, Method::PATCH, &path, json!([])).await);

    let methods = json!([{ "method": "text_message", "options": { "custom_message": "Hi" } }]);
    let whole = json!({ "email": "ada@example.com", "delivery_methods": methods });
    let (status, replaced) = call(&app, Method::PUT, &path, whole).await;
    assert_eq!(
        (200, json!(["", "", [], methods])),
        (status, json!(["full_name", "country", "cc", "delivery_methods"].map(|name| replaced[name].clone()))),
        "what is left out is not kept"
    );
    let (_, kept) = call(&app, Method::PATCH, &path, json!({ "city": "Ipoh" })).await;
    assert_eq!(methods, kept["delivery_methods"]);

    assert_eq!((204, Value::Null), call(&app, Method::DELETE, &path, json!(null)).await);
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(404, call(&app, method, &path, json!({})).await.0);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_client_is_said_at_its_place() {
    let app = App::new().await;
    let path = format!("/clients/{}/", id(&make(&app, json!({ "email": "ada@example.com" })).await));
    for (said, expected) in [
        (json!({}), "email required"),
        (json!({ "email": null }), "email null"),
        (json!({ "email": "" }), "email blank"),
        (json!({ "email": "ada" }), "email invalid"),
        (json!({ "email": "a@example.com", "country": "Atlantis" }), "country invalid_choice"),
        (json!({ "email": "a@example.com", "phone": "0".repeat(33), "cc": ["x"] }), "cc invalid, phone max_length"),
        (json!({ "email": "a@example.com", "category": null, "full_name": null }), "full_name null"),
        (json!("text"), "__all__ invalid"),
    ] {
        for (method, path) in [(Method::POST, "/clients/"), (Method::PUT, path.as_str())] {
            let refused = app.api(method.clone(), path, &app.merchant.secret_key, said.to_string()).await;
            assert_eq!(format!("400 {expected}"), codes(&refused), "{method} {said}");
        }
        if said != json!({}) {
            let refused = app.api(Method::PATCH, &path, &app.merchant.secret_key, said.to_string()).await;
            assert_eq!(format!("400 {expected}"), codes(&refused), "PATCH {said}");
        }
    }
    assert_eq!(1, listed(&app, "").await.len());
}

#[tokio::test]
async fn clients_are_looked_for_and_the_first_hit_has_the_email() {
    let app = App::new().await;
    let ada = id(&make(&app, json!({ "email": "ada@example.com", "personal_code": "7" })).await).to_owned();
    app.advance(1).await;
    let other =
        id(&make(&app, json!({ "email": "bob@example.com", "legal_name": "ADA@example.com & Sons" })).await).to_owned();
    app.advance(1).await;
    let twin = id(&make(&app, json!({ "email": "ADA@example.com" })).await).to_owned();
    assert_eq!(vec![&twin, &other, &ada], listed(&app, "time=1").await.iter().collect::<Vec<_>>());
    assert_eq!(vec![&twin, &ada, &other], listed(&app, "q=Ada@example.com").await.iter().collect::<Vec<_>>());
    assert_eq!(vec![&ada], listed(&app, "personal_code=7").await.iter().collect::<Vec<_>>());
    assert_eq!(Vec::<String>::new(), listed(&app, "q=nobody").await);
    // Page by page, the filter with it.
    let at =
        |address: &Value| address.as_str().unwrap().strip_prefix("http://pay.example.com/api/v1").unwrap().to_owned();
    let mut page = app.get("/clients/?q=ada@example.com&page_size=1").await.json();
    let mut walked = vec![];
    loop {
        walked.push(id(&page["results"][0]).to_owned());
        if page["next"].is_null() {
            break;
        }
        page = app.get(&at(&page["next"])).await.json();
    }
    assert_eq!(vec![twin, ada, other.clone()], walked);
    let back = app.get(&at(&page["previous"])).await.json();
    assert_eq!(walked[1], id(&back["results"][0]));
}

#[tokio::test]
async fn a_purchase_for_an_email_finds_the_client_that_has_it_now() {
    let app = App::new().await;
    let ada = make(&app, json!({ "email": "ADA@example.com", "full_name": "From the list" })).await;
    let purchase = app.purchase(json!({})).await;
    assert_eq!(
        (&ada["id"], "Ada Example"),
        (&purchase["client_id"], purchase["client"]["full_name"].as_str().unwrap()),
        "what was typed stays of the purchase"
    );
    let of_client = |client: &str| {
        let mut order = app.order(json!({ "client_id": client }));
        order.as_object_mut().unwrap().remove("client");
        order
    };
    let named = app.post("/purchases/", &of_client(id(&ada))).await.json();
    assert_eq!("From the list", named["client"]["full_name"]);
    call(&app, Method::PATCH, &format!("/clients/{}/", id(&ada)), json!({ "email": "new@example.com" })).await;
    let made = app.purchase(json!({})).await["client_id"].clone();
    assert_ne!(ada["id"], made, "nobody has it any more");
    assert_eq!(made, app.purchase(json!({})).await["client_id"]);
    assert_eq!(204, call(&app, Method::DELETE, &format!("/clients/{}/", id(&ada)), json!(null)).await.0);
    assert_eq!("400 client_id does_not_exist", codes(&app.post("/purchases/", &of_client(id(&ada))).await));
    assert_eq!(ada["id"], app.show(id(&purchase)).await["client_id"], "the purchase keeps what it knows");
}

#[tokio::test]
async fn saved_cards_are_listed_and_forgotten_with_the_purchases_that_saved_them() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let webhook = json!({ "title": "x", "callback": shop.url("/"), "events": ["purchase.recurring_token_deleted"] });
    assert_eq!(201, app.post("/webhooks/", &webhook).await.status);
    let mut tokens = vec![];
    for _ in 0..3 {
        tokens.push(app.paid(GOOD, json!({ "force_recurring": true })).await);
        app.advance(1).await;
    }
    let client = app.show(&tokens[0]).await["client_id"].as_str().unwrap().to_owned();
    let path = format!("/clients/{client}/recurring_tokens/");
    let list = || async { app.get(&path).await.json() };
    let shown = list().await;
    let ids: Vec<_> = shown["results"].as_array().unwrap().iter().map(|token| id(token).to_owned()).collect();
    assert_eq!(tokens.iter().rev().cloned().collect::<Vec<_>>(), ids);
    let first = &shown["results"][2];
    assert_eq!(
        json!(["client_recurring_token", "card", "visa 444433******1111"]),
        json!(["type", "payment_method", "description"].map(|name| first[name].clone()))
    );
    assert_eq!(*first, app.get(&format!("{path}{}/", tokens[0])).await.json());
    let page = app.get(&format!("{path}?page_size=2")).await.json();
    assert_eq!(2, page["results"].as_array().unwrap().len());
    let next = page["next"].as_str().unwrap().strip_prefix("http://pay.example.com/api/v1").unwrap().to_owned();
    assert_eq!(tokens[0], id(&app.get(&next).await.json()["results"][0]));

    let of_first = format!("{path}{}/", tokens[0]);
    assert_eq!((204, Value::Null), call(&app, Method::DELETE, &of_first, json!(null)).await);
    assert_eq!(
        (404, 404),
        (app.get(&of_first).await.status, call(&app, Method::DELETE, &of_first, json!(null)).await.0)
    );
    assert_eq!(json!(false), app.show(&tokens[0]).await["is_recurring_token"]);
    // Seen from the other side.
    assert_eq!(200, app.act(&tokens[1], "delete_recurring_token", "").await.status);
    assert_eq!(404, app.get(&format!("{path}{}/", tokens[1])).await.status);
    assert_eq!(1, list().await["results"].as_array().unwrap().len());

    // With the client goes the last one.
    assert_eq!(204, call(&app, Method::DELETE, &format!("/clients/{client}/"), json!(null)).await.0);
    assert_eq!(404, app.get(&path).await.status);
    let paid = app.show(&tokens[2]).await;
    assert_eq!((json!(false), json!("paid")), (paid["is_recurring_token"].clone(), paid["status"].clone()));
    let charged = app.purchase_id(json!({})).await;
    let body = json!({ "recurring_token": tokens[2] }).to_string();
    assert_eq!("400 __all__ invalid_recurring_token", codes(&app.act(&charged, "charge", &body).await));
    app.advance(0).await;
    let mut told: Vec<_> = shop.heard().iter().map(|heard| heard.json()["id"].as_str().unwrap().to_owned()).collect();
    told.sort_unstable();
    tokens.sort_unstable();
    assert_eq!(tokens, told, "each once");
    app.audit();
}

#[tokio::test]
async fn a_repeat_with_the_same_key_makes_no_second_client() {
    let app = App::new().await;
    let create = |body: Value| {
        let mut create =
            request(Method::POST, "/api/v1/clients/", &app.merchant.secret_key, "application/json", body.to_string());
        create.headers_mut().insert("idempotency-key", "once".parse().unwrap());
        ask(&app.router, create)
    };
    let refused = create(json!({})).await;
    assert_eq!(400, refused.status, "what was refused leaves the key free");
    let (first, again) =
        tokio::join!(create(json!({ "email": "a@example.com" })), create(json!({ "email": "a@example.com" })));
    assert_eq!((201, first.text()), (again.status, again.text()));
    assert_eq!("400 __all__ idempotency_key_reuse", codes(&create(json!({ "email": "b@example.com" })).await));
    assert_eq!(1, listed(&app, "").await.len());
}

#[tokio::test]
async fn changes_at_once_are_all_kept() {
    let app = App::new().await;
    let path = format!("/clients/{}/", id(&make(&app, json!({ "email": "ada@example.com" })).await));
    let fields = ["phone", "full_name", "city", "state", "zip_code", "legal_name", "brand_name", "tax_number"];
    let mut changes = JoinSet::new();
    for name in fields {
        let body = json!({ name: "x" }).to_string();
        let (router, key) = (app.router.clone(), app.merchant.secret_key.clone());
        let change = request(Method::PATCH, &format!("/api/v1{path}"), &key, "application/json", body);
        changes.spawn(async move { ask(&router, change).await.status });
    }
    assert!(changes.join_all().await.iter().all(|status| *status == 200));
    let shown = app.get(&path).await.json();
    assert!(fields.iter().all(|name| shown[name] == "x"), "{shown}");
}
