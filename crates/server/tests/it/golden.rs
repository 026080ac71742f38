//! The whole Purchase object in every status that can be reached today. Ids follow from the seed.

use serde_json::{Value, json};

use crate::app::{App, GOOD, card};

async fn check(app: &App, id: &str, status: &str) {
    app.advance(60).await;
    let shown = app.show(id).await;
    assert_eq!(status, shown["status"]);
    insta::assert_snapshot!(status, serde_json::to_string_pretty(&shown).unwrap());
}

/// With a little of everything in it.
fn order(changes: &Value) -> Value {
    let mut order = json!({
        "client": { "phone": "+60123456789", "country": "Malaysia", "cc": ["bob@example.com"] },
        "purchase": {
            "products": [
                { "name": "Tea", "price": 450, "quantity": "2", "tax_percent": "6" },
                { "name": "Cake", "price": 1_250, "quantity": "0.5", "discount": 25, "category": "sweets" },
            ],
            "notes": "thanks",
            "metadata": { "shop": "7" },
        },
        "success_redirect": "https://shop.example.com/ok",
        "failure_redirect": "https://shop.example.com/no",
        "creator_agent": "WooCommerce: 1.9.2",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value.as_object() {
            Some(members) => {
                for (member, value) in members {
                    order[name][member] = value.clone();
                }
            }
            None => order[name] = value.clone(),
        }
    }
    order
}

#[tokio::test]
async fn created() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    check(&app, &id, "created").await;
}

#[tokio::test]
async fn viewed() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.link(&id).await;
    check(&app, &id, "viewed").await;
}

#[tokio::test]
async fn error() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.pay(&id, &card("4000009900510002")).await;
    check(&app, &id, "error").await;
}

#[tokio::test]
async fn blocked() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.pay(&id, &card("4000009900590004")).await;
    check(&app, &id, "blocked").await;
}

#[tokio::test]
async fn pending_execute() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    let waiting = app.pay_slowly(&id, &card("4000009900000202")).await;
    check(&app, &id, "pending_execute").await;
    waiting.await.unwrap();
}

#[tokio::test]
async fn paid() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.pay(&id, &card("4000009900050009")).await;
    app.advance(60).await;
    app.pay(&id, &card(GOOD)).await;
    check(&app, &id, "paid").await;
}

#[tokio::test]
async fn hold() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({ "skip_capture": true }))).await;
    app.pay(&id, &card(GOOD)).await;
    check(&app, &id, "hold").await;
}

#[tokio::test]
async fn preauthorized() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({ "skip_capture": true, "purchase": { "total_override": 0 } }))).await;
    app.pay(&id, &card(GOOD)).await;
    check(&app, &id, "preauthorized").await;
}

#[tokio::test]
async fn cancelled() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.cancel(&id).await;
    check(&app, &id, "cancelled").await;
}

#[tokio::test]
async fn overdue() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({}))).await;
    app.advance(3_600).await;
    check(&app, &id, "overdue").await;
}

#[tokio::test]
async fn expired() {
    let app = App::new().await;
    let id = app.purchase_id(order(&json!({ "purchase": { "due_strict": true } }))).await;
    app.advance(3_600).await;
    check(&app, &id, "expired").await;
}
