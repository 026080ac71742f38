//! Cards that are kept, charged, offered and forgotten (purchases-api 2.3, 7; security B9).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, Form, GOOD, START, card, codes, story, tries};

const LATER_DECLINED: &str = "4000009900009104";
const LATER_ASKS_BANK: &str = "4000009900009203";
const LATER_DEAD: &str = "4000009900009302";
const SLOW: &str = "4000009900000905";
const CHALLENGED: &str = "5555555555554444";
const MASTERCARD: &str = "5200009900000009";
const NOBODY: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";

fn by(token: &str) -> String {
    json!({ "recurring_token": token }).to_string()
}

impl App {
    /// A purchase that keeps this card.
    async fn kept(&self, number: &str) -> String {
        self.paid(number, json!({ "force_recurring": true })).await
    }

    /// A new purchase, and what came of charging it.
    async fn charge(&self, token: &str, changes: Value) -> (String, Answer) {
        let id = self.purchase_id(changes).await;
        let answer = self.act(&id, "charge", &by(token)).await;
        (id, answer)
    }

    /// The form with the one-time token and one of the cards it offers.
    async fn pay_with_offered(&self, id: &str, token: &str) -> Answer {
        let attempt = self.link(id).await.token();
        self.submit(id, format!("attempt={attempt}&saved_card={token}")).await
    }
}

#[tokio::test]
async fn a_card_is_kept_in_three_ways() {
    let app = App::new().await;
    let remembered = app.purchase_id(json!({})).await;
    app.pay(&remembered, &Form { more: "&remember_card=on", ..card(GOOD) }).await;
    let forced = app.kept(GOOD).await;
    let checked = app.purchase_id(json!({ "skip_capture": true, "purchase": { "total_override": 0 } })).await;
    app.pay(&checked, &card(GOOD)).await;
    let held = app.purchase_id(json!({ "skip_capture": true, "force_recurring": true })).await;
    app.pay(&held, &card(GOOD)).await;
    for token in [&remembered, &forced, &checked, &held] {
        assert_eq!(json!(true), app.show(token).await["is_recurring_token"]);
        let (id, answer) = app.charge(token, json!({})).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        let paid = answer.json();
        assert_eq!("created pending_charge paid", story(&paid));
        assert_eq!((json!(token), json!(false)), (paid["recurring_token"].clone(), paid["is_recurring_token"].clone()));
        assert_eq!(vec!["recurring_execute ok"], tries(&paid));
        let attempt = &paid["transaction_data"]["attempts"][0];
        assert_eq!((json!("api"), json!("")), (attempt["flow"].clone(), attempt["client_ip"].clone()));
        assert_eq!(json!("444433******1111"), attempt["extra"]["masked_pan"]);
        assert_eq!(
            (json!("purchase"), json!(954)),
            (paid["payment"]["payment_type"].clone(), paid["payment"]["amount"].clone())
        );
        assert_eq!(paid, app.show(&id).await);
        // What was charged is no token itself.
        assert_eq!("400 __all__ invalid_recurring_token", codes(&app.charge(&id, json!({})).await.1));
    }
    assert_eq!(8, app.approvals_kept().await);
    for off in ["", "&remember_card=off", "&remember_card=ON", "&remember_card=true"] {
        let id = app.purchase_id(json!({})).await;
        app.pay(&id, &Form { more: off, ..card(GOOD) }).await;
        assert_eq!(json!(false), app.show(&id).await["is_recurring_token"], "{off}");
    }
    app.audit();
}

#[tokio::test]
async fn a_charge_may_reserve_only() {
    let app = App::new().await;
    let token = app.kept(GOOD).await;
    let (id, answer) = app.charge(&token, json!({ "skip_capture": true })).await;
    assert_eq!((200, "created pending_charge hold".to_owned()), (answer.status, story(&answer.json())));
    assert_eq!("authorize 954 MYR approved", app.book().await[2]);
    assert_eq!(3, app.book().await.len());
    assert_eq!("paid", app.act(&id, "capture", "").await.json()["status"]);
    app.audit();
}

#[tokio::test]
async fn a_token_must_be_one_before_anything_else() {
    let app = App::new().await;
    let good = app.kept(GOOD).await;
    let (not_kept, unpaid) =
        (app.paid(GOOD, json!({})).await, app.purchase_id(json!({ "force_recurring": true })).await);
    let deleted = app.kept(GOOD).await;
    assert_eq!(200, app.act(&deleted, "delete_recurring_token", "").await.status);
    let stranger = app.another_merchant().await;
    let bodies = [
        by(NOBODY),
        by(&not_kept),
        by(&unpaid),
        by(&deleted),
        by("7"),
        by(""),
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"{"recurring_token":null}"#.to_owned(),
        r#"{"recurring_token":7}"#.to_owned(),
    ];
    let open = app.purchase_id(json!({})).await;
    for id in [&open, &not_kept] {
        for body in &bodies {
            assert_eq!("400 __all__ invalid_recurring_token", codes(&app.act(id, "charge", body).await), "{body}");
        }
    }
    // A foreign one.
    let order = app.order(json!({ "brand_id": stranger.brand_id })).to_string();
    let theirs = app.api(Method::POST, "/purchases/", &stranger.secret_key, order).await.json();
    let path = format!("/purchases/{}/charge/", theirs["id"].as_str().unwrap());
    let answer = app.api(Method::POST, &path, &stranger.secret_key, by(&good)).await;
    assert_eq!("400 __all__ invalid_recurring_token", codes(&answer));
    assert_eq!(
        ("created".to_owned(), json!([])),
        (story(&app.show(&open).await), app.show(&open).await["transaction_data"]["attempts"].clone())
    );
    assert_eq!("400 __all__ purchase_charge_wrong_status", codes(&app.act(&not_kept, "charge", &by(&good)).await));
    assert_eq!("400 __all__ purchase_charge_wrong_status", codes(&app.act(&good, "charge", &by(&good)).await));
    assert_eq!("paid", app.act(&open, "charge", &by(&good.to_uppercase())).await.json()["status"]);
    app.audit();
}

#[tokio::test]
async fn a_kept_card_that_is_declined_says_why() {
    for (number, code) in [
        (LATER_DECLINED, "insufficient_funds"),
        (LATER_ASKS_BANK, "soft_decline_contact_support"),
        (LATER_DEAD, "recurring_token_expired"),
    ] {
        let app = App::new().await;
        let token = app.kept(number).await;
        let (id, answer) = app.charge(&token, json!({})).await;
        assert_eq!("400 __all__ purchase_charge_error", codes(&answer), "never one that makes shops forget the card");
        let shown = app.show(&id).await;
        assert_eq!("created pending_charge error", story(&shown));
        assert_eq!(vec![format!("recurring_execute {code}")], tries(&shown));
        assert_eq!((json!(null), json!(null)), (shown["payment"].clone(), shown["recurring_token"].clone()));
        assert_eq!("400 __all__ purchase_charge_error", codes(&app.act(&id, "charge", &by(&token)).await));
        assert_eq!(2, tries(&app.show(&id).await).len(), "it may be tried again");
        // Or with another card, or by the payer.
        let other = app.kept(GOOD).await;
        assert_eq!("paid", app.act(&id, "charge", &by(&other)).await.json()["status"]);
        let (id, _) = app.charge(&token, json!({})).await;
        app.pay(&id, &card(GOOD)).await;
        assert_eq!("created pending_charge error pending_execute paid", story(&app.show(&id).await));
        app.audit();
    }
}

#[tokio::test]
async fn a_declined_charge_may_be_the_only_one() {
    let app = App::new().await;
    let token = app.kept(LATER_DECLINED).await;
    let (id, answer) = app.charge(&token, json!({ "purchase": { "single_attempt": true } })).await;
    assert_eq!("400 __all__ purchase_charge_error", codes(&answer));
    assert_eq!("created pending_charge error cancelled", story(&app.show(&id).await));
    assert_eq!("400 __all__ purchase_charge_wrong_status", codes(&app.act(&id, "charge", &by(&token)).await));
    app.audit();
}

#[tokio::test]
async fn a_slow_charge_is_pending() {
    let app = App::new().await;
    let token = app.purchase_id(json!({ "force_recurring": true })).await;
    let paying = app.pay_slowly(&token, &card(SLOW)).await;
    app.advance(8).await;
    paying.await.unwrap();
    let id = app.purchase_id(json!({})).await;
    let charging = app.act_slowly(&id, "charge", &by(&token)).await;
    for action in ["cancel", "mark_as_paid", "charge"] {
        let refused = codes(&app.act(&id, action, &by(&token)).await);
        assert_eq!(format!("400 __all__ purchase_{action}_wrong_status"), refused);
    }
    assert!(!app.link(&id).await.has_form());
    app.advance(8).await;
    let answer = charging.await.unwrap();
    assert_eq!(200, answer.status);
    assert!(
        ["paid", "pending_charge"].contains(&answer.json()["status"].as_str().unwrap()),
        "it ends in the same moment"
    );
    assert_eq!("created pending_charge paid", story(&app.show(&id).await));
    assert_eq!(2, app.approvals_kept().await);

    // One whose answer never comes is found again.
    let token = app.purchase_id(json!({ "force_recurring": true })).await;
    let paying = app.pay_slowly(&token, &card("4000009900000103")).await;
    app.advance(3_600).await;
    paying.await.unwrap();
    assert_eq!("paid", app.status(&token).await);
    let id = app.purchase_id(json!({})).await;
    let charging = app.act_slowly(&id, "charge", &by(&token)).await;
    app.advance(8).await;
    assert_eq!("pending_charge", charging.await.unwrap().json()["status"]);
    app.audit_with_open_tries(1);
    app.advance(3_600).await;
    assert_eq!("created pending_charge paid", story(&app.show(&id).await));
    assert_eq!(4, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn a_charge_takes_only_cards_of_the_list() {
    let app = App::new().await;
    let token = app.kept(GOOD).await;
    let (id, answer) = app.charge(&token, json!({ "payment_method_whitelist": ["mastercard"] })).await;
    assert_eq!("400 __all__ invalid_payment_method_whitelist", codes(&answer));
    assert_eq!(
        ("created".to_owned(), json!([])),
        (story(&app.show(&id).await), app.show(&id).await["transaction_data"]["attempts"].clone())
    );
    let (_, answer) = app.charge(&token, json!({ "payment_method_whitelist": ["mastercard", "visa"] })).await;
    assert_eq!("paid", answer.json()["status"]);
    app.audit();
}

#[tokio::test]
async fn a_card_past_its_date_is_not_charged() {
    let app = App::new().await;
    let token = app.purchase_id(json!({ "force_recurring": true })).await;
    app.pay(&token, &Form { expires: "11/26", ..card(GOOD) }).await;
    app.advance(11 * 86_400 + 12 * 3_600 - 1).await;
    assert_eq!("paid", app.charge(&token, json!({})).await.1.json()["status"], "the last second of its month on earth");
    app.advance(1).await;
    let (id, answer) = app.charge(&token, json!({})).await;
    assert_eq!("400 __all__ purchase_charge_error", codes(&answer));
    assert_eq!(vec!["recurring_execute expired_card"], tries(&app.show(&id).await));
    app.audit();
}

#[tokio::test]
async fn a_token_is_deleted_for_good() {
    let app = App::new().await;
    let token = app.kept(GOOD).await;
    let before = app.show(&token).await;
    let answer = app.act(&token, "delete_recurring_token", "").await;
    assert_eq!((200, json!(false)), (answer.status, answer.json()["is_recurring_token"].clone()));
    assert_eq!((&before["status"], &before["payment"]), (&answer.json()["status"], &answer.json()["payment"]));
    for _ in 0..2 {
        let again = codes(&app.act(&token, "delete_recurring_token", "").await);
        assert_eq!("400 __all__ invalid_recurring_token", again);
    }
    let never = app.paid(GOOD, json!({})).await;
    assert_eq!("400 __all__ invalid_recurring_token", codes(&app.act(&never, "delete_recurring_token", "").await));
    assert_eq!("400 __all__ invalid_recurring_token", codes(&app.charge(&token, json!({})).await.1));
    // The payment itself is as it was.
    assert_eq!(200, app.act(&token, "refund", "").await.status);
    app.audit();
}

#[tokio::test]
async fn kept_cards_are_offered_only_to_a_payer_the_merchant_named() {
    let app = App::new().await;
    let visa = app.kept(GOOD).await;
    let mastercard = app.kept(MASTERCARD).await;
    let client = app.show(&visa).await["client_id"].as_str().unwrap().to_owned();
    assert_eq!(json!(client), app.show(&mastercard).await["client_id"]);
    // The same address typed by whoever came first proves nothing.
    let inline = app.purchase_id(json!({})).await;
    assert_eq!(json!(client), app.show(&inline).await["client_id"]);
    assert!(!app.link(&inline).await.text().contains("saved_card"));
    let answer = app.pay_with_offered(&inline, &visa).await;
    assert_eq!(422, answer.status);
    assert_eq!("viewed", app.status(&inline).await);

    let named = json!({ "client": null, "client_id": client });
    let id = app.purchase_id(named.clone()).await;
    let page = app.link(&id).await;
    let (first, second) = (page.text().find(&mastercard).unwrap(), page.text().find(&visa).unwrap());
    assert!(first < second, "the newest first");
    assert!(page.words().contains("1111") && !page.text().contains(GOOD), "{}", page.words());
    for not_offered in [NOBODY, &inline, &id, "x"] {
        let answer = app.pay_with_offered(&id, not_offered).await;
        assert_eq!(422, answer.status, "{not_offered}");
    }
    let answer = app.pay_with_offered(&id, &visa).await;
    assert_eq!((303, format!("/p/{id}/result/").as_str()), (answer.status, answer.header("location")));
    let paid = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid", story(&paid));
    assert_eq!(vec!["execute ok"], tries(&paid));
    assert_eq!(json!("203.0.113.9"), paid["transaction_data"]["attempts"][0]["client_ip"]);
    assert_eq!(
        (json!("444433******1111"), json!(false)),
        (paid["transaction_data"]["extra"]["masked_pan"].clone(), paid["is_recurring_token"].clone())
    );

    // Not what the purchase does not take, and not what was deleted.
    let listed =
        app.purchase_id(json!({ "client": null, "client_id": client, "payment_method_whitelist": ["visa"] })).await;
    assert!(!app.link(&listed).await.text().contains(&mastercard));
    assert_eq!(422, app.pay_with_offered(&listed, &mastercard).await.status);
    // A mail may be read by others.
    let mailed = app.purchase_id(named.clone()).await;
    assert!(app.link(&mailed).await.text().contains(&visa));
    assert_eq!(200, app.act(&mailed, "resend_invoice", "").await.status);
    assert!(!app.link(&mailed).await.text().contains("saved_card"));
    assert_eq!(422, app.pay_with_offered(&mailed, &visa).await.status);
    app.act(&visa, "delete_recurring_token", "").await;
    let id = app.purchase_id(named).await;
    assert!(!app.link(&id).await.text().contains(&visa) && app.link(&id).await.text().contains(&mastercard));
    assert_eq!(422, app.pay_with_offered(&id, &visa).await.status);
    app.audit();
}

#[tokio::test]
async fn a_card_of_somebody_else_is_refused_on_the_page() {
    let app = App::new().await;
    let ada = app.kept(GOOD).await;
    let bob = app.paid(MASTERCARD, json!({ "client": { "email": "bob@example.com" }, "force_recurring": true })).await;
    let client = app.show(&bob).await["client_id"].clone();
    assert_ne!(client, app.show(&ada).await["client_id"]);
    let id = app.purchase_id(json!({ "client": null, "client_id": client })).await;
    let page = app.link(&id).await;
    assert!(page.text().contains(&bob) && !page.text().contains(&ada));
    let before = app.book().await;
    let answer = app.pay_with_offered(&id, &ada).await;
    assert_eq!(422, answer.status);
    assert_eq!((json!([]), before), (app.show(&id).await["transaction_data"]["attempts"].clone(), app.book().await));
    let answer = app.pay_with_offered(&id, &bob).await;
    assert_eq!(303, answer.status);
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn a_kept_card_of_a_bank_that_asks_is_asked_for_again_when_the_payer_is_there() {
    let app = App::new().await;
    let token = app.purchase_id(json!({ "force_recurring": true })).await;
    assert_eq!("paid", app.pass_challenge(&token, CHALLENGED).await);
    assert_eq!(START, app.now());
    let client = app.show(&token).await["client_id"].clone();
    // The merchant's own charge asks nobody.
    assert_eq!("paid", app.charge(&token, json!({})).await.1.json()["status"]);
    let id = app.purchase_id(json!({ "client": null, "client_id": client })).await;
    let answer = app.pay_with_offered(&id, &token).await;
    assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"));
    app.answer_bank(&id, "verify", "1234").await;
    assert_eq!("created viewed pending_execute paid", story(&app.show(&id).await));
    assert_eq!(3, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn a_payer_who_chooses_a_kept_card_is_asked_by_a_bank_that_wants_it_where_a_merchant_is_refused() {
    let app = App::new().await;
    let token = app.kept(LATER_ASKS_BANK).await;
    let client = app.show(&token).await["client_id"].clone();
    let (charged, answer) = app.charge(&token, json!({})).await;
    assert_eq!("400 __all__ purchase_charge_error", codes(&answer));
    assert_eq!(vec!["recurring_execute soft_decline_contact_support"], tries(&app.show(&charged).await));
    let named = json!({ "client": null, "client_id": client });
    for (action, story_after) in [
        ("verify", "created viewed pending_execute error pending_execute paid"),
        ("cancel", "created viewed pending_execute error pending_execute error"),
    ] {
        let id = app.purchase_id(named.clone()).await;
        let before = app.approvals_kept().await;
        let answer = app.pay_with_offered(&id, &token).await;
        assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"));
        app.answer_bank(&id, action, "1234").await;
        let shown = app.show(&id).await;
        assert_eq!(story_after, story(&shown));
        let paid = usize::from(action == "verify");
        assert_eq!(before + paid, app.approvals_kept().await);
        assert_eq!(json!(paid == 1), shown["transaction_data"]["attempts"][0]["extra"]["three_d_secure"]);
    }
    app.audit();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_against_the_deletion_of_its_token() {
    let app = App::new().await;
    for _ in 0..10 {
        let token = app.kept(GOOD).await;
        let id = app.purchase_id(json!({})).await;
        let before = app.approvals_kept().await;
        let body = by(&token);
        let (deleted, charge) =
            tokio::join!(app.act(&token, "delete_recurring_token", ""), app.act(&id, "charge", &body));
        assert_eq!(200, deleted.status);
        if charge.status != 200 {
            assert_eq!("400 __all__ invalid_recurring_token", codes(&charge));
        }
        let taken = app.approvals_kept().await - before;
        assert_eq!((charge.status == 200, taken), (app.status(&id).await == "paid", usize::from(charge.status == 200)));
        assert_eq!("400 __all__ invalid_recurring_token", codes(&app.charge(&token, json!({})).await.1));
    }
    app.audit();
}
