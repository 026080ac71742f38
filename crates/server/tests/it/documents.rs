//! Invoices and receipts, as pages and as PDF: who gets which, and when (checkout-ux 17).

use serde_json::{Value, json};

use crate::app::{Answer, App, GOOD, card};

/// Whether it is a PDF that is shown, under a name of our own, and neither kept nor found by anybody.
fn is_pdf(answer: &Answer, name: &str) {
    assert_eq!((200, "application/pdf"), (answer.status, answer.header("content-type")), "{}", answer.text());
    assert!(answer.body.starts_with(b"%PDF-1.7"));
    assert!(answer.body.len() <= 200 * 1024, "{}", answer.body.len());
    assert_eq!(format!("inline; filename=\"{name}\""), answer.header("content-disposition"));
    assert_eq!(
        ("no-store", "noindex, nofollow", "nosniff"),
        (answer.header("cache-control"), answer.header("x-robots-tag"), answer.header("x-content-type-options"))
    );
}

fn contains(answer: &Answer, what: &str) -> bool {
    answer.body.windows(what.len()).any(|window| window == what.as_bytes())
}

/// The ids of what was given back, as the receipt links them.
async fn refunds(app: &App, id: &str) -> Vec<String> {
    let receipt = app.page(&format!("/p/{id}/receipt/")).await.text();
    let links = receipt.split("/refunds/").skip(1).filter_map(|rest| rest.split_once("/\""));
    links.map(|(id, _)| id.to_owned()).collect()
}

#[tokio::test]
async fn a_receipt_exists_once_money_was_taken() {
    let app = App::new().await;
    let open = app.purchase_id(json!({})).await;
    let failed = app.purchase_id(json!({})).await;
    app.pay(&failed, &card("4000009900050009")).await;
    let held = app.hold(GOOD).await;
    let unknown = app.page("/p/0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10/").await;
    for id in [&open, &failed, &held] {
        let answer = app.page(&format!("/p/{id}/receipt.pdf")).await;
        assert_eq!((404, &unknown.body), (answer.status, &answer.body));
        is_pdf(&app.page(&format!("/p/{id}/invoice.pdf")).await, &format!("invoice-{id}.pdf"));
    }
    app.act(&held, "capture", "").await;
    let paid = app.paid(GOOD, json!({})).await;
    for id in [&held, &paid] {
        is_pdf(&app.page(&format!("/p/{id}/receipt.pdf")).await, &format!("receipt-{id}.pdf"));
        // For good.
        is_pdf(&app.page(&format!("/p/{id}/invoice.pdf")).await, &format!("invoice-{id}.pdf"));
    }
}

#[tokio::test]
async fn each_refund_has_its_receipt_and_no_other_checkout_has() {
    let app = App::new().await;
    let (id, other) = (app.paid(GOOD, json!({})).await, app.paid(GOOD, json!({})).await);
    assert!(refunds(&app, &id).await.is_empty());
    for amount in [100, 200] {
        assert_eq!(200, app.act(&id, "refund", &json!({ "amount": amount }).to_string()).await.status);
    }
    let refunds = refunds(&app, &id).await;
    assert_eq!(2, refunds.len());
    for (refund, amount) in refunds.iter().zip(["RM 1.00", "RM 2.00"]) {
        let page = app.page(&format!("/p/{id}/refunds/{refund}/")).await;
        assert_eq!(200, page.status);
        assert!(page.words().contains(&format!("Refunded\n{amount}\n")), "{}", page.words());
        assert!(page.words().contains(refund));
        is_pdf(&app.page(&format!("/p/{id}/refunds/{refund}/receipt.pdf")).await, &format!("refund-{id}.pdf"));
        for wrong in [format!("/p/{other}/refunds/{refund}/"), format!("/p/{id}/refunds/{refund}x/")] {
            assert_eq!(404, app.page(&wrong).await.status, "{wrong}");
            assert_eq!(404, app.page(&format!("{wrong}receipt.pdf")).await.status, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_pdf_is_in_the_language_of_its_page_and_the_same_each_time() {
    let app = App::new().await;
    let id = app.paid(GOOD, json!({})).await;
    let path = format!("/p/{id}/receipt.pdf");
    for language in ["en", "ms", "fr", "de", "sv", "es", "pl", "ar", "zh-Hans"] {
        let answer = app.page(&format!("{path}?lang={language}")).await;
        assert_eq!(language, answer.header("content-language"));
        assert!(contains(&answer, &format!("/Lang({language})")), "{language}");
        assert_eq!(answer.body, app.page(&format!("{path}?lang={language}")).await.body, "{language}");
    }
}

#[tokio::test]
async fn an_invoice_says_what_its_seller_states() {
    let app = App::new().await;
    let stated = json!({
        "issued": "2025-10-09",
        "purchase": { "subtotal_override": 900, "total_tax_override": 50, "total_discount_override": 5 },
    });
    let id = app.purchase_id(stated).await;
    let words = app.page(&format!("/p/{id}/invoice/")).await.words();
    for said in [
        "Issued\n9 October 2025\n",
        "Subtotal (as stated by the seller)\nRM 9.00\n",
        "Discount (as stated by the seller)\nRM 0.05\n",
        "Tax (as stated by the seller)\nRM 0.50\n",
        "Total\nRM 9.54\n",
    ] {
        assert!(words.contains(said), "{said} in {words}");
    }
    // What is charged stays what the lines come to.
    app.pay(&id, &card(GOOD)).await;
    assert_eq!(json!(954), app.show(&id).await["payment"]["amount"]);
}

#[tokio::test]
async fn opening_the_pdf_of_an_invoice_is_a_view() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    assert_eq!(Value::Null, app.show(&id).await["viewed_on"]);
    app.page(&format!("/p/{id}/invoice.pdf")).await;
    assert_ne!(Value::Null, app.show(&id).await["viewed_on"]);
}
