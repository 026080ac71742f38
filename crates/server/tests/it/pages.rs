//! What a payer's browser is shown (checkout-ux 5-8; security B2-B5).

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::json;

use crate::app::{Answer, App, GOOD, START, ask, ask_a_broken_one, card, request, story, submission};
use crate::three_ds::hidden;

const FORM: &str = "application/x-www-form-urlencoded";
const NOBODY: &str = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";

/// Every header of an answer, a line each, in order.
fn headers(answer: &Answer) -> String {
    let mut lines: Vec<String> =
        answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.retain(|line| !line.starts_with("content-length: "));
    lines.sort();
    lines.join("\n")
}

#[tokio::test]
async fn every_kind_of_answer_has_exactly_its_headers() {
    let app = App::reached_at("https://pay.example.com").await;
    let id = app.purchase_id(json!({})).await;
    let form = app.link(&id).await;
    let style =
        form.text().split_once(r#"<link rel="stylesheet" href=""#).unwrap().1.split_once('"').unwrap().0.to_owned();
    let script = form.text().split_once(r#"<script src=""#).unwrap().1.split_once('"').unwrap().0.to_owned();
    let wrong = app.submit(&id, card("1").body(&form.token())).await;
    let sent = app.submit(&id, card(GOOD).body(&form.token())).await;
    let result = app.page(&format!("/p/{id}/result/")).await;
    let all = [("form", form), ("form with errors", wrong), ("see other", sent), ("result", result.clone())];
    let shown: Vec<String> = all.iter().map(|(kind, answer)| format!("# {kind}\n{}\n", headers(answer))).collect();
    let assets: Vec<String> =
        [style, script].into_iter().map(|path| path.rsplit_once('.').unwrap().1.to_owned() + " " + &path).collect();
    let mut of_assets = vec![];
    for asset in assets {
        let (kind, path) = asset.split_once(' ').unwrap();
        let answer = app.page(path).await;
        assert_eq!(200, answer.status);
        of_assets.push(format!("# {kind}\n{}\n", headers(&answer)));
    }
    insta::assert_snapshot!(shown.join("\n") + "\n" + &of_assets.join("\n"));

    // Every other page is one without a form.
    let big = app.submit(&id, "x".repeat(8 * 1024 + 1)).await;
    let json = ask(&app.router, request(Method::POST, &format!("/p/{id}/"), "", "application/json", "{}")).await;
    for (kind, answer, status) in [
        ("paid", app.link(&id).await, 200),
        ("invoice", app.page(&format!("/p/{id}/invoice/")).await, 200),
        ("receipt", app.page(&format!("/p/{id}/receipt/")).await, 200),
        ("unknown", app.link(NOBODY).await, 404),
        ("unknown asset", app.page("/p/assets/x.css").await, 404),
        ("oversized", big, 413),
        ("wrong type", json, 415),
    ] {
        assert_eq!((status, headers(&result)), (answer.status, headers(&answer)), "{kind}");
    }
}

#[tokio::test]
async fn plain_http_is_not_told_to_insist_on_https() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let form = app.link(&id).await;
    assert_eq!("", form.header("strict-transport-security"));
    assert!(form.header("content-security-policy").contains("form-action 'self'"));
}

#[tokio::test]
async fn a_browser_may_report_what_a_page_tried_and_not_too_often() {
    let app = App::new().await;
    let report =
        |kind: &'static str, body: String| ask(&app.router, request(Method::POST, "/p/reports", "", kind, body));
    let said = r#"[{"type":"csp-violation","body":{"effectiveDirective":"script-src-elem","blockedURL":"inline"}}]"#;
    assert_eq!(204, report("application/reports+json", said.to_owned()).await.status);
    assert_eq!(204, report("application/reports+json", "nonsense".to_owned()).await.status);
    assert_eq!(415, report("text/plain", said.to_owned()).await.status);
    assert_eq!(413, report("application/reports+json", "x".repeat(16 * 1024 + 1)).await.status);
    for _ in 4..10 {
        assert_eq!(204, report("application/reports+json", said.to_owned()).await.status);
    }
    let too_often = report("application/reports+json", said.to_owned()).await;
    assert_eq!((429, "30"), (too_often.status, too_often.header("retry-after")));
    app.advance(30).await;
    assert_eq!(204, report("application/reports+json", said.to_owned()).await.status);
}

#[tokio::test]
async fn the_page_shows_what_is_paid() {
    let app = App::new().await;
    let order = json!({
        "cancel_redirect": "https://shop.example.com/basket?id=7",
        "purchase": { "notes": "Ring twice <script>alert(1)</script>" },
    });
    let id = app.purchase_id(order).await;
    let page = app.link(&id).await;
    let words = page.words();
    for expected in
        ["Sandbox Shop", "Tea", "ORD-7", "Test mode - no money moves", "Return to seller (shop.example.com)", "RM"]
    {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(words.contains("9.54"), "{words}");
    assert!(page.text().contains(r#"href="https://shop.example.com/basket?id=7""#), "nothing is added to it");
    assert_eq!(1, page.text().matches("<script").count(), "ours alone");
    assert!(page.text().contains("<form method=\"post\"") && page.text().contains(&format!("action=\"/p/{id}/\"")));
    let plain = app.purchase_id(json!({})).await;
    assert!(!app.link(&plain).await.text().contains("Return to seller"));
}

#[tokio::test]
async fn a_view_is_noted_once() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    for path in [format!("/p/{id}/"), format!("/p/{id}"), format!("/p/{id}/invoice/")] {
        let head = ask(&app.router, request(Method::HEAD, &path, "", "", "")).await;
        assert_eq!((200, 0), (head.status, head.body.len()), "{path}");
    }
    for path in [format!("/p/{id}/result/"), format!("/p/{id}/receipt/")] {
        let answer = app.page(&path).await;
        assert_eq!(
            (303, format!("/p/{id}/").as_str()),
            (answer.status, answer.header("location")),
            "nothing to tell yet"
        );
    }
    let shown = app.show(&id).await;
    assert_eq!(("created".to_owned(), json!(null)), (story(&shown), shown["viewed_on"].clone()));
    app.advance(10).await;
    app.link(&id).await;
    app.advance(10).await;
    app.link(&id).await;
    app.page(&format!("/p/{id}")).await;
    let shown = app.show(&id).await;
    assert_eq!(("created viewed".to_owned(), json!(START + 10)), (story(&shown), shown["viewed_on"].clone()));

    let billed = app.purchase_id(json!({})).await;
    let invoice = app.page(&format!("/p/{billed}/invoice/")).await;
    assert!(invoice.words().contains("To be paid") && invoice.words().contains("Pay RM"), "{}", invoice.words());
    assert_eq!("created viewed", story(&app.show(&billed).await), "an invoice that is opened was seen");

    let late = app.purchase_id(json!({ "due": app.now() + 1 })).await;
    app.advance(1).await;
    app.link(&late).await;
    let shown = app.show(&late).await;
    assert_eq!(("created overdue".to_owned(), json!(app.now())), (story(&shown), shown["viewed_on"].clone()));
    app.audit();
}

#[tokio::test]
async fn links_that_lead_nowhere_are_all_alike() {
    let app = App::new().await;
    let known = app.link(NOBODY).await;
    assert_eq!(404, known.status);
    assert!(known.words().contains("This payment link does not exist."));
    let upper = app.purchase_id(json!({})).await.to_uppercase();
    for path in [
        "/p/x/".to_owned(),
        "/p/".to_owned() + &"0".repeat(36) + "/",
        format!("/p/{NOBODY}"),
        format!("/p/{NOBODY}/result/"),
        format!("/p/{NOBODY}/invoice/"),
        format!("/p/{NOBODY}/receipt/"),
        format!("/p/{NOBODY}/receipt.pdf"),
        format!("/p/{NOBODY}/invoice.pdf"),
        format!("/p/{NOBODY}/refunds/{NOBODY}/"),
        format!("/p/{NOBODY}/refunds/{NOBODY}/receipt.pdf"),
        format!("/p/{NOBODY}/nothing/"),
        format!("/p/{upper}x/"),
    ] {
        let answer = app.page(&path).await;
        assert_eq!((404, &known.body), (answer.status, &answer.body), "{path}");
    }
    for body in [card(GOOD).body("x"), String::new(), "x".repeat(9_000)] {
        let answer = app.submit(NOBODY, body).await;
        assert_eq!((404, &known.body), (answer.status, &answer.body));
    }
}

#[tokio::test]
async fn every_state_has_its_page() {
    let app = App::new().await;
    let shop = json!({
        "success_redirect": "https://shop.example.com/ok?id=7&x=<",
        "failure_redirect": "https://shop.example.com/no",
    });
    let paid = app.purchase_id(shop.clone()).await;
    let result = app.pay(&paid, &card(GOOD)).await;
    assert!(
        result
            .text()
            .contains(r#"<meta http-equiv="refresh" content="1;url=https://shop.example.com/ok?id=7&#38;x=&#60;">"#),
        "exactly as given: {}",
        result.text()
    );
    assert!(result.words().contains("Payment successful") && result.words().contains("Continue to shop.example.com"));
    let link = app.link(&paid).await;
    assert!(link.words().contains("Payment successful\nPaid on 20 November 2026"), "{}", link.words());
    assert!(!link.text().contains("http-equiv=\"refresh\""), "the link itself leads nowhere: no loop");
    assert!(link.text().contains(&format!("/p/{paid}/receipt/")) && !link.has_form());
    let receipt = app.page(&format!("/p/{paid}/receipt/")).await;
    assert!(
        receipt.words().contains("Receipt")
            && receipt.words().contains("Sandbox Shop Ltd")
            && receipt.words().contains("TEST")
    );

    let failed = app.purchase_id(shop.clone()).await;
    let result = app.pay(&failed, &card("4000009900050009")).await;
    assert!(result.text().contains(r#"content="1;url=https://shop.example.com/no""#), "{}", result.text());
    let link = app.link(&failed).await;
    assert!(link.has_form() && link.text().contains("<title>Error: ") && link.text().contains(r#"role="alert""#));
    assert_eq!(303, app.page(&format!("/p/{failed}/receipt/")).await.status, "nothing was taken");

    let held =
        app.purchase_id(json!({ "skip_capture": true, "success_redirect": "https://shop.example.com/ok" })).await;
    let result = app.pay(&held, &card(GOOD)).await;
    assert!(result.text().contains("1;url=https://shop.example.com/ok"), "a hold is a success");
    assert!(app.link(&held).await.words().contains("Amount reserved, not yet taken"));
    assert_eq!(303, app.page(&format!("/p/{held}/receipt/")).await.status);

    let cancelled = app.purchase_id(shop.clone()).await;
    app.cancel(&cancelled).await;
    let expired = app.purchase_id(json!({ "due": app.now() + 1, "purchase": { "due_strict": true } })).await;
    app.advance(1).await;
    for (id, words) in [
        (&cancelled, "The seller cancelled this payment.\nYou have not been charged."),
        (&expired, "This payment link has expired.\nYou have not been charged.\nContact the seller for a new link."),
    ] {
        let page = app.link(id).await;
        assert!(page.words().contains(words) && !page.has_form(), "{}", page.words());
        assert!(!page.text().contains("refresh"));
        let late = app.submit(id, card(GOOD).body(&app.token(id))).await;
        assert_eq!((303, format!("/p/{id}/").as_str()), (late.status, late.header("location")));
    }
    for (id, stamp) in [
        (&paid, "Paid"),
        (&held, "Reserved, not yet taken"),
        (&cancelled, "Cancelled - not charged"),
        (&expired, "Expired - not charged"),
        (&failed, "To be paid"),
    ] {
        let invoice = app.page(&format!("/p/{id}/invoice/")).await;
        assert!(invoice.words().contains(&format!("\n{stamp}\n")), "{stamp}: {}", invoice.words());
    }
}

#[tokio::test]
async fn the_processing_page_looks_again_less_and_less_often() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let waiting = app.pay_slowly(&id, &card("4000009900000202")).await;
    let mut looks = vec![];
    for seconds in [0, 10, 20, 30, 239] {
        app.advance(seconds).await;
        let page = app.link(&id).await;
        let refresh = page
            .text()
            .split_once(r#"http-equiv="refresh" content=""#)
            .map(|(_, rest)| rest.split_once('"').unwrap().0.to_owned());
        looks.push(refresh.unwrap_or_else(|| "never".into()));
    }
    waiting.await.unwrap();
    assert_eq!(vec!["3", "5", "10", "15", "15"], looks);
    app.advance(1).await;
    let page = app.link(&id).await;
    assert!(!page.text().contains("refresh"), "not for ever");
    assert!(page.words().contains("We will email you."));
}

#[tokio::test]
async fn the_same_form_again_shows_what_came_of_it() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let token = app.link(&id).await.token();
    assert_eq!(303, app.submit(&id, card("4000009900050009").body(&token)).await.status);
    for number in ["4000009900050009", GOOD] {
        let again = app.submit(&id, card(number).body(&token)).await;
        assert_eq!((303, format!("/p/{id}/result/").as_str()), (again.status, again.header("location")));
    }
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute error", story(&shown), "not tried again");
    assert_eq!(1, shown["transaction_data"]["attempts"].as_array().unwrap().len());
    assert_eq!(vec!["authorize 954 MYR declined"], app.book().await);
    // A new form is a new try.
    let fresh = app.link(&id).await.token();
    assert_ne!(token, fresh);
    app.submit(&id, card(GOOD).body(&fresh)).await;
    assert_eq!("paid", app.status(&id).await);
    let late = app.submit(&id, card(GOOD).body(&token)).await;
    assert_eq!(303, late.status);
    assert_eq!(1, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn a_form_is_good_for_a_day_and_never_again() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let (used, unused) = (app.link(&id).await.token(), app.link(&id).await.token());
    assert_eq!(303, app.submit(&id, card("4000009900050009").body(&used)).await.status);
    app.advance(86_400 - 1).await;
    assert_eq!(303, app.submit(&id, card(GOOD).body(&used)).await.status);
    let other = app.purchase_id(json!({})).await;
    app.pay(&other, &card("4000009900050009")).await;
    app.advance(1).await;
    for token in [used, unused] {
        let late = app.submit(&id, card(GOOD).body(&token)).await;
        assert_eq!(422, late.status);
        assert!(late.words().contains("This page was out of date or could not be read. You have not been charged."));
    }
    assert_eq!(0, app.approvals_kept().await);
    app.pay(&id, &card(GOOD)).await;
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn a_double_click_is_one_try_and_both_see_its_end() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let token = app.link(&id).await.token();
    let click = || {
        let (router, request) = (app.router.clone(), submission(&id, card("4000009900000905").body(&token)));
        tokio::spawn(async move { ask(&router, request).await })
    };
    let clicks = [click(), click()];
    while app.engine.env().clock().next_wake().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    // A third one much later, while the first still waits.
    let third = click();
    app.advance(8).await;
    for click in clicks.into_iter().chain([third]) {
        let answer = click.await.unwrap();
        assert_eq!((303, format!("/p/{id}/result/").as_str()), (answer.status, answer.header("location")));
    }
    assert_eq!("created viewed pending_execute paid", story(&app.show(&id).await));
    assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await);
    app.audit();
}

#[tokio::test]
async fn another_window_is_told_so() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let other = app.link(&id).await.token();
    let waiting = app.pay_slowly(&id, &card("4000009900000905")).await;
    let refused = app.submit(&id, card(GOOD).body(&other)).await;
    assert_eq!(409, refused.status);
    assert!(refused.words().contains("This payment is being processed in another window"));
    app.advance(8).await;
    waiting.await.unwrap();
    assert_eq!(1, app.approvals_kept().await);
    // The refused form was not used up, and is too late.
    let late = app.submit(&id, card(GOOD).body(&other)).await;
    assert_eq!((303, format!("/p/{id}/").as_str()), (late.status, late.header("location")));
    assert_eq!(1, app.approvals_kept().await);
}

#[tokio::test]
async fn only_a_form_of_this_page_is_taken() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let others = app.purchase_id(json!({})).await;
    let token = app.link(&id).await.token();
    let flipped = if token.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{flipped}", &token[..token.len() - 1]);
    for bad in [app.token(&others), forged, "0".repeat(64), token[..63].to_owned(), String::new(), "x".repeat(500)] {
        let answer = app.submit(&id, card(GOOD).body(&bad)).await;
        assert_eq!(422, answer.status, "{bad}");
        assert!(answer.words().contains("This page was out of date or could not be read. You have not been charged."));
        assert!(answer.has_form() && answer.token() != token);
    }
    let twice = format!("{}&card_number=4000009900000004", card(GOOD).body(&token));
    assert_eq!(422, app.submit(&id, twice).await.status);
    assert_eq!("created viewed", story(&app.show(&id).await));
    assert_eq!("created", app.status(&others).await);
    assert_eq!(Vec::<String>::new(), app.book().await);
    // None of it used the token up.
    assert_eq!(303, app.submit(&id, card(GOOD).body(&token)).await.status);
    assert_eq!("paid", app.status(&id).await);
}

#[tokio::test]
async fn the_amount_is_ours() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let more =
        "&amount=1&total=1&currency=USD&status=paid&is_test=false&marked_as_paid=true&brand_id=x&purchase%5Btotal%5D=1";
    let token = app.link(&id).await.token();
    let mut request = submission(&id, card(GOOD).body(&token) + more);
    *request.uri_mut() = format!("/p/{id}/?amount=1&currency=USD").parse().unwrap();
    assert_eq!(303, ask(&app.router, request).await.status);
    let shown = app.show(&id).await;
    assert_eq!(
        (json!(954), json!("MYR"), json!(true)),
        (shown["payment"]["amount"].clone(), shown["payment"]["currency"].clone(), shown["is_test"].clone())
    );
    assert_eq!(json!(false), shown["marked_as_paid"]);
    assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await);

    // Where the payer goes is not the query's to say either.
    let other = app.purchase_id(json!({})).await;
    let page = app
        .page(&format!("/p/{other}/?success_redirect=https://evil.example/&cancel_redirect=https://evil.example/"))
        .await;
    assert!(!page.text().contains("evil.example"));
}

#[tokio::test]
async fn a_post_that_is_no_form_is_refused_before_it_is_read() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let token = app.token(&id);
    for content_type in ["", "application/json", "multipart/form-data; boundary=a", "text/plain"] {
        let request = request(Method::POST, &format!("/p/{id}/"), "", content_type, card(GOOD).body(&token));
        let answer = ask(&app.router, request).await;
        assert_eq!(415, answer.status, "{content_type}");
        assert!(answer.words().contains("You have not been charged."));
    }
    let full = card(GOOD).body(&token) + "&x=";
    let full = format!("{full}{}", "x".repeat(8 * 1024 - full.len()));
    assert_eq!(413, app.submit(&id, full.clone() + "x").await.status);
    assert_eq!("created", app.status(&id).await);
    assert_eq!(Vec::<String>::new(), app.book().await);
    assert_eq!(303, app.submit(&id, full).await.status, "to the last byte");
    assert_eq!("paid", app.status(&id).await);
}

#[tokio::test]
async fn pages_take_no_other_method() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    for (method, page) in
        [(Method::DELETE, ""), (Method::PUT, ""), (Method::POST, "result/"), (Method::POST, "invoice/")]
    {
        let answer = ask(&app.router, request(method.clone(), &format!("/p/{id}/{page}"), "", "", "")).await;
        assert_eq!(405, answer.status, "{method} {page}");
        assert!(answer.headers.contains_key(header::ALLOW));
        assert_eq!(("no-store", "nosniff"), (answer.header("cache-control"), answer.header("x-content-type-options")));
    }
    assert_eq!("created", app.status(&id).await);
}

#[tokio::test]
async fn a_page_that_cannot_be_made_promises_nothing() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.pay(&id, &card(GOOD)).await;
    // The store is gone.
    app.engine.close().await;
    for page in ["", "invoice/", "receipt/", "result/"] {
        let request = request(Method::GET, &format!("/p/{id}/{page}"), "", "", "");
        let answer = ask_a_broken_one(&app.router, request).await;
        assert_eq!(500, answer.status, "{page}");
        let words = answer.words();
        assert!(words.contains("Please do not pay again.") && !words.contains("You have not been charged"), "{words}");
    }
}

/// Asks as a browser that likes these languages.
async fn ask_in(app: &App, languages: &str, mut request: Request<Body>) -> Answer {
    if !languages.is_empty() {
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, languages.parse().unwrap());
    }
    ask(&app.router, request).await
}

async fn page_in(app: &App, languages: &str, path: &str) -> Answer {
    ask_in(app, languages, request(Method::GET, path, "", "", "")).await
}

/// The language a page says it is in, which its header says too.
fn language(page: &Answer) -> String {
    let text = page.text();
    let (code, _) = text.split_once("<html lang=\"").unwrap().1.split_once('"').unwrap();
    assert_eq!(code, page.header("content-language"));
    code.to_owned()
}

#[tokio::test]
async fn the_merchant_chooses_the_language_then_the_payer_then_the_browser() {
    let app = App::new().await;
    let open = app.purchase_id(json!({})).await;
    let french = app.purchase_id(json!({ "purchase": { "language": "fr" } })).await;
    let finnish = app.purchase_id(json!({ "purchase": { "language": "fi" } })).await;
    for (id, query, header, expected) in [
        (&open, "", "", "en"),
        (&open, "", "de-CH,de;q=0.9,en;q=0.8", "de"),
        (&open, "", "zh-TW,zh-Hant;q=0.9", "en"),
        (&open, "", "nb-NO,nb;q=0.9,sv;q=0.8", "sv"),
        (&open, "?lang=pl", "de", "pl"),
        (&open, "?lang=zh-CN", "", "zh-Hans"),
        (&open, "?lang=xx", "de", "de"),
        (&open, "?lang=", "", "en"),
        (&open, "?x=1&lang=es&lang=de", "", "es"),
        (&open, "?lang=%ff%00%3C", "ms", "ms"),
        (&french, "", "", "fr"),
        (&french, "?lang=de", "de", "fr"),
        (&finnish, "", "ms", "ms"),
        (&finnish, "", "", "en"),
    ] {
        let page = page_in(&app, header, &format!("/p/{id}/{query}")).await;
        assert_eq!((200, expected), (page.status, language(&page).as_str()), "{query} {header}");
        // Whoever may choose is offered the choice.
        assert_eq!(id != &french, page.text().contains("<nav class=\"languages\""), "{query} {header}");
    }
    assert_eq!("en", app.show(&open).await["purchase"]["language"], "the brand's, as ever");
    assert_eq!("fi", app.show(&finnish).await["purchase"]["language"]);
}

#[tokio::test]
async fn the_language_asked_for_stays_to_the_end() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let form = app.page(&format!("/p/{id}/?lang=ar")).await;
    assert!(form.text().contains("<html lang=\"ar\" dir=\"rtl\">") && form.words().contains("رقم البطاقة"));
    let action = format!("/p/{id}/?lang=ar");
    assert!(form.text().contains(&format!("action=\"{action}\"")));

    let wrong = app.ask_form(&action, card("1").body(&form.token())).await;
    assert_eq!((422, "ar"), (wrong.status, language(&wrong).as_str()));
    assert!(wrong.words().contains("رقم البطاقة قصير جدًا. تحقّق من الأرقام"), "{}", wrong.words());

    let sent = app.ask_form(&action, card("5555555555554444").body(&form.token())).await;
    assert_eq!((303, format!("/p/{id}/challenge/?lang=ar")), (sent.status, sent.header("location").to_owned()));
    let ours = app.page(sent.header("location")).await;
    assert_eq!("ar", language(&ours));
    assert!(ours.words().contains("يطلب مصرفك تأكيد هذه الدفعة"));

    // The bank is another house: it speaks what the browser likes, and gives back what we gave it.
    let (creq, session) = (hidden(&ours, "creq"), hidden(&ours, "threeDSSessionData"));
    let body = format!("creq={creq}&threeDSSessionData={session}&action=verify&otp=1");
    let bank = ask_in(&app, "de,en;q=0.5", request(Method::POST, "/acs/challenge", "", FORM, body)).await;
    assert_eq!("de", language(&bank));
    assert!(bank.words().contains("Dieser Code ist falsch. Noch 2 Versuche"), "{}", bank.words());
    let body = format!("creq={creq}&threeDSSessionData={session}&action=verify&otp=1234");
    let onward = app.ask_form("/acs/challenge", body).await;
    let (cres, session) = (hidden(&onward, "cres"), hidden(&onward, "threeDSSessionData"));
    let back = app.ask_form(&format!("/p/{id}/3ds/"), format!("cres={cres}&threeDSSessionData={session}")).await;
    let onward = format!("/p/{id}/result/?lang=ar");
    assert_eq!((200, "ar"), (back.status, language(&back).as_str()));
    assert!(back.text().contains(&format!("href=\"{onward}\"")), "{}", back.text());

    let result = app.page(&onward).await;
    assert_eq!("ar", language(&result));
    assert!(result.words().contains("تم الدفع بنجاح"), "{}", result.words());
    let receipt = format!("/p/{id}/receipt/?lang=ar");
    assert!(result.text().contains(&format!("href=\"{receipt}\"")));
    let receipt = app.page(&receipt).await;
    assert!(language(&receipt) == "ar" && receipt.text().contains("<bdi>MYR 9.54</bdi>"), "{}", receipt.text());
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn pages_of_nobody_speak_the_payers_language_too() {
    let app = App::new().await;
    for (query, header, expected) in [("", "", "en"), ("", "fr", "fr"), ("?lang=ar", "fr", "ar")] {
        let known = page_in(&app, header, &format!("/p/{NOBODY}/{query}")).await;
        assert_eq!((404, expected), (known.status, language(&known).as_str()));
        for path in ["/p/x/", "/p/0/result/", "/p/nothing/at/all/"] {
            let other = page_in(&app, header, &format!("{path}{query}")).await;
            assert_eq!((404, &known.body), (other.status, &other.body), "{path}");
        }
    }
    let refused = |status, path: &str, languages: Option<&'static str>| {
        let languages = languages.map(HeaderValue::from_static);
        let answer = server::refuse(status, &path.parse().unwrap(), languages.as_ref(), app.engine.env().now());
        answer.headers()["content-language"].to_str().unwrap().to_owned()
    };
    assert_eq!("sv", refused(StatusCode::INTERNAL_SERVER_ERROR, "/p/x/?lang=sv", Some("de")));
    assert_eq!("de", refused(StatusCode::BAD_REQUEST, "/p/x/", Some("de")));
    assert_eq!("en", refused(StatusCode::URI_TOO_LONG, "/p/x/", None));
}
