//! Invoices by mail, as a sandbox writes them.

use serde_json::{Value, json};

use crate::app::{App, id};

fn mails(app: &App) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(app.data().join("mail")) else { return vec![] };
    let mut mails: Vec<String> =
        folder.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a mail")).collect();
    mails.sort_unstable();
    mails
}

async fn mail(app: &App, id: &str) -> (u16, Value) {
    let answer = app.post(&format!("/purchases/{id}/resend_invoice/"), &json!({})).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_invoice_is_mailed_and_mailed_again() {
    let app = App::new().await;
    let purchase = app
        .purchase(json!({
            "client": { "email": "ada@example.com", "cc": ["boss@example.com"] },
            "reference": "ORD-7",
            "purchase": { "products": [{ "name": "Tea 4444333322221111", "price": 5200 }], "email_message": "Thank you" },
        }))
        .await;
    let id = id(&purchase).to_owned();
    for times in 1..=2 {
        let (status, shown) = mail(&app, &id).await;
        assert_eq!((200, json!("sent")), (status, shown["status"].clone()));
        app.advance(0).await;
        assert_eq!(times, mails(&app).len());
    }
    let mail = mails(&app).remove(0);
    for words in
        ["To: ada@example.com", "Cc: boss@example.com", "ORD-7", "52.00 MYR", "Thank you", &format!("/p/{id}/")]
    {
        assert!(mail.contains(words), "{words} in {mail}");
    }
    assert!(!mail.contains("4444333322221111"), "card numbers are masked in mail");
    let history = app.show(&id).await["status_history"].clone();
    assert_eq!(2, history.as_array().expect("a list").len(), "created, sent; once");
    app.advance(10 * 3_600).await;
    assert_eq!(2, mails(&app).len(), "each is mailed once");
    app.audit();
}

#[tokio::test]
async fn a_repeat_with_the_same_key_mails_once() {
    let app = App::new().await;
    let purchase = app.purchase(json!({})).await;
    let again = async || app.act_keyed(id(&purchase), "resend_invoice", "key-1", "").await;
    let (first, second) = (again().await, again().await);
    assert_eq!((200, first.text()), (second.status, second.text()));
    app.advance(60).await;
    assert_eq!(1, mails(&app).len());
    app.act_keyed(id(&purchase), "resend_invoice", "key-2", "").await;
    app.advance(60).await;
    assert_eq!(2, mails(&app).len(), "another key is another wish");
}

#[tokio::test]
async fn without_an_address_or_a_payable_purchase_nothing_is_mailed() {
    let app = App::new().await;
    let nobody = app.purchase(json!({ "client": { "email": "" } })).await;
    let (status, answer) = mail(&app, id(&nobody)).await;
    assert_eq!(
        (400, "purchase_resend_invoice_error"),
        (status, answer["__all__"][0]["code"].as_str().expect("a code"))
    );
    let ended = app.purchase(json!({})).await;
    app.cancel(id(&ended)).await;
    let (status, answer) = mail(&app, id(&ended)).await;
    let code = answer["__all__"][0]["code"].as_str().expect("a code");
    assert_eq!((400, "purchase_resend_invoice_wrong_status"), (status, code));
    app.advance(60).await;
    assert_eq!(Vec::<String>::new(), mails(&app));
}

#[tokio::test]
async fn what_no_mail_can_go_to_is_refused_at_once() {
    let app = App::new().await;
    let label = "a".repeat(64);
    for client in [
        json!({ "email": format!("ada@{label}.com") }),
        json!({ "email": "ada@example.com", "cc": [format!("ada@{label}.com")] }),
    ] {
        let purchase = app.purchase(json!({ "client": client })).await;
        let (status, answer) = mail(&app, id(&purchase)).await;
        let code = answer["__all__"][0]["code"].as_str().expect("a code");
        assert_eq!((400, "purchase_resend_invoice_error"), (status, code));
        assert_eq!("created", app.status(id(&purchase)).await);
    }
    app.advance(60).await;
    assert_eq!(Vec::<String>::new(), mails(&app));
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_is_tried_again_in_time() {
    let app = App::new().await;
    let outbox = app.data().join("mail");
    std::fs::write(&outbox, "no folder").expect("written");
    let purchase = app.purchase(json!({})).await;
    assert_eq!(200, mail(&app, id(&purchase)).await.0);
    app.advance(0).await;
    std::fs::remove_file(&outbox).expect("removed");
    app.advance(119).await;
    // Longer than a worker rests after a failure.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    app.advance(0).await;
    assert_eq!(0, mails(&app).len(), "not before its time");
    app.advance(1).await;
    assert_eq!(1, mails(&app).len());
}
