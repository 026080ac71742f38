//! Mail to payers, as a sandbox writes it and shows it.

use axum::http::{Method, header};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

use crate::app::{Answer, App, GOOD, ask, id, request};

fn mails(app: &App) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(app.data().join("mail")) else { return vec![] };
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort_unstable();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
}

/// A mail taken apart.
struct Read {
    to: String,
    subject: String,
    reply_to: String,
    text: String,
    html: String,
}

fn read(mail: &str) -> Read {
    let parsed = MessageParser::default().parse(mail).expect("a mail");
    let kinds: Vec<_> = parsed.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
    assert_eq!(["alternative", "plain", "html"], kinds[..], "{mail}");
    assert!(mail.len() <= 100 * 1024, "{} bytes", mail.len());
    let reply_to = parsed.reply_to().and_then(|all| all.first()?.address()).unwrap_or_default();
    Read {
        to: parsed.header("Delivered-To").and_then(|to| to.as_text()).unwrap_or_default().to_owned(),
        subject: parsed.subject().expect("a subject").to_owned(),
        reply_to: reply_to.to_owned(),
        text: parsed.body_text(0).expect("text").into_owned(),
        html: parsed.body_html(0).expect("html").into_owned(),
    }
}

fn read_all(app: &App) -> Vec<Read> {
    mails(app).iter().map(|mail| read(mail)).collect()
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
        assert_eq!(2 * times, mails(&app).len(), "one for each who gets it");
    }
    let read = read_all(&app);
    let mut went_to: Vec<_> = read.iter().map(|mail| mail.to.as_str()).collect();
    went_to.sort_unstable();
    assert_eq!(["ada@example.com", "ada@example.com", "boss@example.com", "boss@example.com"], went_to[..]);
    let mail = &read[0];
    assert_eq!(("Invoice from Sandbox Shop: RM 52.00", "merchant@example.com"), (&*mail.subject, &*mail.reply_to));
    let page = format!("http://pay.example.com/p/{id}/");
    for words in ["Sandbox Shop asks you to pay RM 52.00", "ORD-7", "Thank you", &page, &format!("{page}invoice/")] {
        assert!(mail.text.contains(words) && mail.html.contains(words), "{words} in {} and {}", mail.text, mail.html);
    }
    assert!(!mail.text.contains("4444333322221111") && !mail.html.contains("4444333322221111"), "numbers are masked");
    let history = app.show(&id).await["status_history"].clone();
    assert_eq!(2, history.as_array().expect("a list").len(), "created, sent; once");
    app.advance(10 * 3_600).await;
    assert_eq!(4, mails(&app).len(), "each is mailed once");
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
async fn a_receipt_goes_to_whoever_is_to_get_one() {
    let app = App::new().await;
    app.paid(GOOD, json!({})).await;
    app.advance(60).await;
    assert_eq!(0, mails(&app).len(), "the merchant did not ask for receipts");

    let id = app.paid(GOOD, json!({ "send_receipt": true })).await;
    app.advance(60).await;
    let receipt = read_all(&app).remove(0);
    assert_eq!("Receipt from Sandbox Shop: RM 9.54", receipt.subject);
    let page = format!("http://pay.example.com/p/{id}/receipt/");
    for words in ["You paid RM 9.54 to Sandbox Shop", "Visa", "1111", "ORD-7", &page, "Test mode - no money moves"] {
        assert!(receipt.text.contains(words) && receipt.html.contains(words), "{words} in {}", receipt.text);
    }
    for secret in [GOOD, "123"] {
        assert!(!receipt.text.replace(&id, "").contains(secret), "{}", receipt.text);
    }
    let refunded = app.act(&id, "refund", r#"{"amount":100}"#).await;
    assert_eq!(200, refunded.status, "{}", refunded.text());
    app.advance(60).await;
    let refund = read_all(&app).remove(1);
    assert_eq!("Refund from Sandbox Shop: RM 1.00", refund.subject);
    for words in ["Sandbox Shop gave RM 1.00 back to you", &page, "RM 8.54"] {
        assert!(refund.text.contains(words) && refund.html.contains(words), "{words} in {}", refund.text);
    }
    let elsewhere = app.purchase_id(json!({ "send_receipt": true })).await;
    assert_eq!(200, app.act(&elsewhere, "mark_as_paid", "{}").await.status);
    // Nobody can be mailed who has no address, or one that is none.
    app.paid(GOOD, json!({ "send_receipt": true, "client": { "email": "" } })).await;
    app.advance(10 * 86_400).await;
    let subjects: Vec<_> = read_all(&app).into_iter().map(|mail| mail.subject).collect();
    assert_eq!(3, subjects.len(), "{subjects:?}");
    assert_eq!("Receipt from Sandbox Shop: RM 9.54", subjects[2]);
    app.audit();
}

#[tokio::test]
async fn an_order_of_any_length_fits_into_a_mail() {
    let app = App::new().await;
    let names = ["茶".repeat(256), "\u{1f375}".repeat(256)];
    let products: Vec<_> = (0..40).map(|at| json!({ "name": names[at % 2], "price": 100 })).collect();
    let purchase = app.purchase(json!({ "purchase": { "products": products, "language": "zh" } })).await;
    assert_eq!(200, mail(&app, id(&purchase)).await.0);
    app.advance(0).await;
    let read = read_all(&app).remove(0);
    assert!(read.html.contains("lang=\"zh-Hans\"") && read.text.contains("RM 40.00"), "{}", read.text);
}

#[tokio::test]
async fn the_most_who_get_copies_is_ten() {
    let app = App::new().await;
    let copies = |count: usize| (0..count).map(|at| format!("a{at}@example.com")).collect::<Vec<_>>();
    for (cc, bcc, status) in [(10, 10, 201), (11, 0, 400), (0, 11, 400)] {
        let client = json!({ "client": { "email": "ada@example.com", "cc": copies(cc), "bcc": copies(bcc) } });
        assert_eq!(status, app.create(client).await.status, "{cc} and {bcc}");
    }
}

async fn page(app: &App, path: &str, accept: &str) -> Answer {
    let mut asked = request(Method::GET, path, "", "", "");
    asked.headers_mut().insert(header::ACCEPT, accept.parse().expect("a header"));
    ask(&app.router, asked).await
}

#[tokio::test]
async fn mail_is_read_on_a_page_of_the_sandbox() {
    let app = App::new().await;
    assert!(page(&app, "/sandbox/mail", "text/html").await.words().contains("Nothing was mailed yet."));
    let hostile = "<script>alert(1)</script>\u{202e}";
    for name in ["Tea", hostile] {
        let purchase = app
            .purchase(json!({ "purchase": { "products": [{ "name": name, "price": 100 }], "email_message": name } }))
            .await;
        mail(&app, id(&purchase)).await;
        app.advance(60).await;
    }
    let list = page(&app, "/sandbox/mail", "text/html").await;
    assert!(list.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    assert!(list.words().contains("Invoice from Sandbox Shop: RM 1.00"));
    let all = page(&app, "/sandbox/mail", "application/json").await.json();
    let (newest, older) = (&all["results"][0], &all["results"][1]);
    assert_eq!((2, &Value::Null), (all["results"].as_array().expect("a list").len(), &all["next_before"]));
    assert!(newest["at"].as_str() > older["at"].as_str(), "newest first: {all}");
    assert_eq!("ada@example.com", newest["to"]);

    let one = format!("/sandbox/mail/{}", newest["id"].as_str().expect("an id"));
    let shown = page(&app, &one, "text/html").await;
    assert!(!shown.text().contains("<script"), "{}", shown.text());
    assert!(shown.text().contains("<iframe class=\"mail\" sandbox="), "{}", shown.text());
    let drawn = page(&app, &format!("{one}/html"), "text/html").await;
    assert!(drawn.text().contains("&#60;script&#62;") && !drawn.text().contains("<script"), "{}", drawn.text());
    let policy = drawn.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
    let source = page(&app, &format!("{one}/source"), "text/html").await;
    assert_eq!("text/plain; charset=utf-8", source.header("content-type"));
    assert!(source.text().starts_with("Delivered-To: ada@example.com\r\n"));
    let json = page(&app, &one, "application/json").await.json();
    assert_eq!(json!(["ada@example.com"]), json["addressed_to"]);
    assert!(json["text"].as_str().expect("text").contains("<script>"), "text is text: {json}");

    let older_page = format!("/sandbox/mail?before={}", newest["id"].as_str().expect("an id"));
    let rest = page(&app, &older_page, "application/json").await.json();
    assert_eq!(json!([older]), rest["results"]);
    for (path, status) in [
        ("/sandbox/mail/00000000-0000-0000-0000-000000000000", 404),
        ("/sandbox/mail/..%2f..%2fkeys", 404),
        ("/sandbox/mail/x/html", 404),
        ("/sandbox/mail?before=x", 400),
    ] {
        assert_eq!(status, page(&app, path, "text/html").await.status, "{path}");
    }
}

#[tokio::test]
async fn what_a_stranger_put_into_the_folder_hurts_nobody() {
    let app = App::new().await;
    let purchase = app.purchase(json!({})).await;
    mail(&app, id(&purchase)).await;
    app.advance(0).await;
    let folder = app.data().join("mail");
    let name = |number: u32| folder.join(format!("ffffffff-0000-0000-0000-{number:012}.eml"));
    std::fs::write(folder.join("notes.txt"), "x").expect("written");
    std::fs::write(name(1), [0xff, 0xfe, 0x00]).expect("written");
    std::fs::write(name(2), "Subject: <b>x</b>\r\nContent-Type: text/html\r\n\r\n<script>1</script>").expect("written");
    std::fs::write(name(3), vec![b'a'; 2 * 1024 * 1024]).expect("written");
    let list = page(&app, "/sandbox/mail", "text/html").await;
    assert_eq!(200, list.status);
    assert!(list.text().contains("Invoice from") && !list.text().contains("<b>"), "{}", list.text());
    let hostile = page(&app, "/sandbox/mail/ffffffff-0000-0000-0000-000000000002/html", "text/html").await;
    assert!(hostile.header("content-security-policy").contains("; sandbox allow-popups"), "drawn without scripts");
    assert_eq!(404, page(&app, "/sandbox/mail/ffffffff-0000-0000-0000-000000000003", "text/html").await.status);
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
async fn nobodys_mailbox_is_filled() {
    let app = App::with_test_limits().await;
    let purchase = app.purchase(json!({})).await;
    for _ in 0..10 {
        assert_eq!(200, mail(&app, id(&purchase)).await.0);
    }
    app.advance(86_399).await;
    assert_eq!(400, mail(&app, id(&purchase)).await.0);
    app.advance(1).await;
    assert_eq!(200, mail(&app, id(&purchase)).await.0);
    app.advance(0).await;
    assert_eq!(11, mails(&app).len());
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
