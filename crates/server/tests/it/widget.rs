//! The card widget: the pages of a payment link, in a window or in a frame of the shop's (card-payments-api 4).

use axum::http::Method;
use domain::CheckoutId;
use serde_json::{Value, json};

use crate::app::{Answer, App, Form, card, request};
use crate::card_payments_vectors::{CHARGE, DIRECT, STORED};
use crate::three_ds::hidden;

const VISA: &str = "4444333322221111";
const MASTERCARD: &str = "5200009900000009";
const AMEX: &str = "378282246310005";
const DECLINES: &str = "4000000000020000";
const CHALLENGED: &str = "5555555555554444";
const LATER_ASKS_BANK: &str = "4000000000070005";
const SUCCESS: &str = "https://shop.example/thanks?a=1&b=%20#c";
const FAILURE: &str = "https://shop.example/sorry";
const BACK: &str = "https://shop.example/cart";
/// 31 days, in seconds.
const LINK_LIFE: u64 = 31 * 86_400;

/// Where a link leads; an empty place is none.
struct Link {
    keeps: bool,
    failure: &'static str,
    back: &'static str,
}

/// 100.00 SEK.
const LINK: Link = Link { keeps: false, failure: FAILURE, back: BACK };
/// A link that keeps a card.
const STORE: Link = Link { keeps: true, ..LINK };

impl Link {
    fn body(&self) -> Value {
        let mut body = json!({ "currencyCode": "SEK", "languageCode": "en", "redirectOnSuccessURL": SUCCESS });
        for (name, url) in [("redirectOnFailURL", self.failure), ("backToShopURL", self.back)] {
            if !url.is_empty() {
                body[name] = json!(url);
            }
        }
        if !self.keeps {
            body["amount"] = json!(10_000);
            body["externalPaymentReference"] = json!("W-1042");
        }
        body
    }
}

/// The secret in a link.
fn secret(url: &Value) -> String {
    let path = url.as_str().unwrap().strip_prefix("http://pay.example.com/card/").unwrap();
    path.trim_end_matches('/').to_owned()
}

impl App {
    async fn widget_link(&self, link: Link) -> String {
        let path = if link.keeps { STORED } else { DIRECT };
        let made = self.card(Method::POST, path, &link.body()).await;
        assert_eq!(200, made.status, "{}", made.text());
        secret(&made.json()["url"])
    }

    async fn link_shown(&self, id: &str) -> engine::Shown {
        self.engine.show(CheckoutId::parse(id).unwrap()).await.unwrap()
    }

    async fn state(&self, id: &str) -> &'static str {
        self.link_shown(id).await.payment.state.name()
    }

    async fn widget(&self, id: &str, page: &str) -> Answer {
        let answer = self.page(&format!("/card/{id}/{page}")).await;
        framed(&answer);
        answer
    }

    async fn type_card(&self, id: &str, form: &Form<'_>) -> Answer {
        let body = form.body(&self.widget(id, "").await.token());
        self.ask_form(&format!("/card/{id}/"), body).await
    }

    /// Pays as far as the page that says what became of it.
    async fn pay_link(&self, id: &str, number: &str) -> Answer {
        let answer = self.type_card(id, &card(number)).await;
        assert_eq!((303, format!("/card/{id}/result/").as_str()), (answer.status, answer.header("location")));
        self.widget(id, "result/").await
    }

    /// The bank asks; answers its question and comes back.
    async fn confirm_link(&self, id: &str, action: &str) -> Answer {
        let ours = self.widget(id, "challenge/").await;
        let body = format!("creq={}&action={action}&otp=1234", hidden(&ours, "creq"));
        let onward = self.ask_form("/acs/challenge", body).await;
        framed(&onward);
        let path = format!("/card/{id}/3ds/");
        assert!(onward.text().contains(&format!(r#"action="http://pay.example.com{path}""#)), "{}", onward.text());
        let back = self.ask_form(&path, format!("cres={}", hidden(&onward, "cres"))).await;
        framed(&back);
        assert!(back.text().contains(&format!(r#"href="/card/{id}/result/" target="_self""#)), "it stays in the frame");
        self.engine.env().clock().quiet().await;
        self.widget(id, "result/").await
    }

    async fn cancels(&self, id: &str) {
        let number = self.link_shown(id).await.record.checkout.public_id.unwrap();
        let path = format!("/api/v2/payments/{number}/cards/cancel");
        assert_eq!(200, self.card(Method::PUT, &path, &Value::Null).await.status);
    }
}

/// Anybody may frame it; nothing of it is kept or told to others, and it keeps nothing in the browser.
fn framed(answer: &Answer) {
    if answer.status == 303 || answer.status == 302 {
        return;
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-ancestors *;"), "{policy}");
    assert_eq!("no-referrer", answer.header("referrer-policy"));
    assert_eq!("no-store", answer.header("cache-control"));
    assert_eq!("cross-origin", answer.header("cross-origin-resource-policy"));
    for absent in ["x-frame-options", "set-cookie"] {
        assert_eq!("", answer.header(absent));
    }
}

/// Goes on to this address by itself, and tells the page around it so.
fn leads_to(answer: &Answer, url: &str, news: &str) {
    assert_eq!(200, answer.status, "{}", answer.text());
    let page = answer.text().replace("&#38;", "&");
    assert!(page.contains(&format!(r#"<noscript><meta http-equiv="refresh" content="1;url={url}">"#)), "{page}");
    assert!(page.contains(&format!(r#"data-to="{url}""#)) && page.contains(&format!(r#"href="{url}""#)), "{page}");
    assert!(page.contains(&format!(r#"data-news="{news}""#)), "{page}");
    assert!(page.contains(r#"data-origin="https://shop.example""#), "{page}");
}

#[tokio::test]
async fn a_link_is_paid_and_leads_to_the_shop() {
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    let page = app.widget(&id, "").await;
    assert_eq!(200, page.status);
    for words in ["100.00", "W-1042", "Back to shop.example"] {
        assert!(page.words().contains(words), "{words}: {}", page.words());
    }
    assert!(page.text().contains(&format!(r#"href="{BACK}""#)));
    assert!(!page.text().contains("remember_card"), "nothing is kept here");
    let number = app.link_shown(&id).await.record.checkout.public_id.unwrap();
    assert!(page.text().contains(&format!(r#"data-payment="{number}""#)), "{}", page.text());
    leads_to(&app.pay_link(&id, VISA).await, SUCCESS, "SUCCESS");
    assert_eq!("authorized", app.state(&id).await);
    // Opened again, it leads on at once; a form that comes too late, by a page.
    let again = app.widget(&id, "").await;
    assert_eq!((302, SUCCESS), (again.status, again.header("location")));
    let late = app.ask_form(&format!("/card/{id}/"), card(VISA).body(&app.token(&id))).await;
    assert_eq!((303, format!("/card/{id}/result/").as_str()), (late.status, late.header("location")));
    assert_eq!(1, app.approvals_kept().await);
    // Without a slash, too.
    assert_eq!(302, app.page(&format!("/card/{id}")).await.status);
    app.audit();
}

#[tokio::test]
async fn a_link_that_was_not_paid_may_be_paid_again() {
    for number in [DECLINES, "4000000000030009"] {
        let app = App::new().await;
        let id = app.widget_link(LINK).await;
        leads_to(&app.pay_link(&id, number).await, FAILURE, "FAIL");
        let page = app.widget(&id, "").await;
        assert!(page.text().contains("card_number") && page.words().contains("You have not been charged"));
        leads_to(&app.pay_link(&id, VISA).await, SUCCESS, "SUCCESS");
        app.audit();
    }
    // With nowhere to go, the page itself says so.
    let app = App::new().await;
    let id = app.widget_link(Link { failure: "", back: "", ..LINK }).await;
    assert!(!app.widget(&id, "").await.words().contains("Back to"), "no way back");
    let failed = app.pay_link(&id, DECLINES).await;
    assert!(
        failed.text().contains(r#"data-news="FAIL""#) && !failed.text().contains("http-equiv"),
        "{}",
        failed.text()
    );
    assert!(failed.text().contains(&format!(r#"href="/card/{id}/""#)), "{}", failed.text());
    leads_to(&app.pay_link(&id, VISA).await, SUCCESS, "SUCCESS");
}

#[tokio::test]
async fn a_form_that_is_wrong_is_no_try() {
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    let answer = app.type_card(&id, &Form { cvc: "12", ..card(VISA) }).await;
    framed(&answer);
    assert_eq!(422, answer.status);
    assert!(app.link_shown(&id).await.payment.attempts.is_empty());
    let kept = app.widget_link(STORE).await;
    let answer = app.type_card(&kept, &Form { cvc: "1234", ..card(AMEX) }).await;
    assert_eq!(422, answer.status, "only Visa and Mastercard are kept");
    assert!(answer.words().contains("American Express is not accepted here"), "{}", answer.words());
    assert!(app.link_shown(&kept).await.payment.attempts.is_empty());
    leads_to(&app.pay_link(&kept, MASTERCARD).await, SUCCESS, "SUCCESS");
}

#[tokio::test]
async fn the_bank_asks_inside_the_frame() {
    for (action, url, news, state) in [
        ("verify", SUCCESS, "SUCCESS", "authorized"),
        ("cancel", FAILURE, "FAIL", "open"),
        ("N", FAILURE, "FAIL", "open"),
    ] {
        let app = App::new().await;
        let id = app.widget_link(LINK).await;
        let answer = app.type_card(&id, &card(CHALLENGED)).await;
        assert_eq!((303, format!("/card/{id}/challenge/").as_str()), (answer.status, answer.header("location")));
        let page = app.widget(&id, "challenge/").await;
        let policy = page.header("content-security-policy");
        assert!(policy.contains("frame-src 'self' https:; form-action 'self' https:;"), "{policy}");
        leads_to(&app.confirm_link(&id, action).await, url, news);
        assert_eq!(state, app.state(&id).await);
        app.audit();
    }
    // And our own way out of it.
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    app.type_card(&id, &card(CHALLENGED)).await;
    let token = app.widget(&id, "challenge/").await.token();
    app.ask_form(&format!("/card/{id}/challenge/"), format!("attempt={token}&cancel=on")).await;
    leads_to(&app.widget(&id, "result/").await, FAILURE, "FAIL");
}

#[tokio::test]
async fn a_cancelled_link_is_gone() {
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    let token = app.widget(&id, "").await.token();
    app.cancels(&id).await;
    let opened = app.widget(&id, "").await;
    let submitted = app.ask_form(&format!("/card/{id}/"), card(VISA).body(&token)).await;
    for answer in [opened, submitted] {
        framed(&answer);
        assert_eq!(410, answer.status);
        assert!(!answer.has_form() && answer.text().contains(&format!(r#"href="{BACK}""#)), "{}", answer.text());
    }
    let result = app.widget(&id, "result/").await;
    assert_eq!((303, format!("/card/{id}/").as_str()), (result.status, result.header("location")));
    assert_eq!(0, app.book().await.len());
    app.audit();
}

#[tokio::test]
async fn a_link_cancelled_while_the_bank_asks_leads_to_where_failures_go() {
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    app.type_card(&id, &card(CHALLENGED)).await;
    let creq = hidden(&app.widget(&id, "challenge/").await, "creq");
    app.cancels(&id).await;
    let onward = app.ask_form("/acs/challenge", format!("creq={creq}&action=verify&otp=1234")).await;
    app.ask_form(&format!("/card/{id}/3ds/"), format!("cres={}", hidden(&onward, "cres"))).await;
    leads_to(&app.widget(&id, "result/").await, FAILURE, "FAIL");
    assert_eq!(410, app.widget(&id, "").await.status, "the link itself is gone");
    assert_eq!(("cancelled", 0), (app.state(&id).await, app.book().await.len()));
    app.audit();
}

#[tokio::test]
async fn a_link_that_ran_out_is_gone() {
    let app = App::new().await;
    let idle = app.widget_link(LINK).await;
    let tried = app.widget_link(LINK).await;
    app.pay_link(&tried, DECLINES).await;
    app.advance(LINK_LIFE - 1).await;
    assert_eq!(200, app.widget(&idle, "").await.status);
    app.advance(1).await;
    for id in [idle, tried] {
        let page = app.widget(&id, "").await;
        assert_eq!(410, page.status);
        assert!(!page.has_form() && page.words().contains("expired"), "{}", page.words());
    }
    app.audit();
}

#[tokio::test]
async fn two_windows_pay_once() {
    let app = App::new().await;
    let id = app.widget_link(LINK).await;
    app.type_card(&id, &card(CHALLENGED)).await;
    let second = app.ask_form(&format!("/card/{id}/"), card(VISA).body(&app.token(&id))).await;
    framed(&second);
    assert_eq!(409, second.status);
    leads_to(&app.confirm_link(&id, "verify").await, SUCCESS, "SUCCESS");
    assert_eq!(1, app.approvals_kept().await);
}

#[tokio::test]
async fn a_card_is_kept_by_a_link_of_its_own() {
    for (number, asks) in [(VISA, false), (CHALLENGED, true)] {
        let app = App::new().await;
        let id = app.widget_link(STORE).await;
        let page = app.widget(&id, "").await;
        assert!(
            page.words().contains("Save card") && page.words().contains("No money is taken now"),
            "{}",
            page.words()
        );
        assert!(page.text().contains(r#"data-payment="""#), "it is no payment");
        let result = match asks {
            true => {
                app.type_card(&id, &card(number)).await;
                app.confirm_link(&id, "verify").await
            }
            false => app.pay_link(&id, number).await,
        };
        leads_to(&result, SUCCESS, "SUCCESS");
        assert_eq!("verified", app.state(&id).await);
        assert_eq!(302, app.widget(&id, "").await.status);
        app.audit();
    }
}

#[tokio::test]
async fn a_kept_card_is_confirmed_with_the_bank_and_nothing_is_typed() {
    let app = App::new().await;
    let kept = app.widget_link(STORE).await;
    app.pay_link(&kept, LATER_ASKS_BANK).await;
    let token = app.link_shown(&kept).await.record.checkout.public_id.unwrap();
    let mut order = LINK.body();
    order["token"] = json!(token.to_string());
    let charged = app.card(Method::POST, CHARGE, &order).await.json();
    assert_eq!(json!(true), charged["verificationRequired"]);
    let id = secret(&charged["verificationUrl"]);
    let page = app.widget(&id, "").await;
    for absent in ["card_number", "cvc", "role=\"alert\""] {
        assert!(!page.text().contains(absent), "{absent}: {}", page.text());
    }
    for words in ["100.00", "Visa ending 0005", "Back to shop.example"] {
        assert!(page.words().contains(words), "{words}: {}", page.words());
    }
    let path = format!("/card/{id}/");
    for body in ["".to_owned(), "attempt=x".to_owned(), format!("attempt={}", app.token(&kept))] {
        assert_eq!(422, app.ask_form(&path, body).await.status, "not a form of this page");
    }
    // A card that is typed is not taken.
    for (action, url, news, state) in
        [("cancel", FAILURE, "FAIL", "open"), ("verify", SUCCESS, "SUCCESS", "authorized")]
    {
        let form = Form { more: "&window_width=1280", ..card(VISA) };
        let answer = app.ask_form(&path, form.body(&app.widget(&id, "").await.token())).await;
        assert_eq!((303, format!("/card/{id}/challenge/").as_str()), (answer.status, answer.header("location")));
        assert!(app.widget(&id, "challenge/").await.text().contains(r#"data-width="500""#));
        leads_to(&app.confirm_link(&id, action).await, url, news);
        assert_eq!(state, app.state(&id).await);
        if action == "cancel" {
            assert!(app.widget(&id, "").await.text().contains("role=\"alert\""), "it says what went wrong");
        }
    }
    app.audit();
}

#[tokio::test]
async fn the_pages_of_one_dialect_are_not_those_of_another() {
    let app = App::new().await;
    let link = app.widget_link(LINK).await;
    let purchase = app.purchase_id(json!({})).await;
    let nobody = app.page("/card/0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10/").await;
    assert_eq!(404, nobody.status);
    for page in ["", "result/", "challenge/", "receipt/", "receipt.pdf"] {
        let wrong = app.page(&format!("/card/{purchase}/{page}")).await;
        assert_eq!((404, nobody.text()), (wrong.status, wrong.text()), "{page}");
        assert_eq!(404, app.page(&format!("/p/{link}/{page}")).await.status, "{page}");
    }
    for page in ["invoice/", "invoice.pdf", "direct_post/"] {
        assert_eq!(404, app.page(&format!("/card/{link}/{page}")).await.status, "{page}");
        assert_eq!(404, app.page(&format!("/p/{link}/{page}")).await.status, "{page}");
    }
    for path in [format!("/p/{link}/"), format!("/card/{purchase}/")] {
        assert_eq!(404, app.ask_form(&path, card(VISA).body("x")).await.status);
    }
    assert_eq!(
        ("created".to_owned(), false),
        (app.status(&purchase).await, app.link_shown(&link).await.payment.viewed)
    );
    // Neither is opened by a link checker.
    let head = crate::app::ask(&app.router, request(Method::HEAD, &format!("/card/{link}/"), "", "", "")).await;
    assert_eq!((200, false), (head.status, app.link_shown(&link).await.payment.viewed));
}
