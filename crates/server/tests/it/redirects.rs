//! The page of the test acquirer's where a payer confirms (orchestration-api 8.4).

use acquirer::{Acquirer, Answer, Request, Source, TestAcquirer};
use axum::http::Method;
use domain::RedirectMethod;
use domain::{AttemptId, Currency, Money, Timestamp};
use env::Env;

use crate::app::{App, Home, START, ask, request};

const FORM: &str = "application/x-www-form-urlencoded";
const BACK: &str = "http://pay.example.com/back?leg=1";

/// A process whose acquirer waits for a payer, and the path of the page.
async fn waiting(method: RedirectMethod) -> (App, String) {
    let home = Home::new();
    let env = Env::still(Timestamp::from_seconds(START), 99);
    let book = TestAcquirer::open(home.path(), env.clone()).unwrap();
    let source = Source::Redirect {
        method,
        local: None,
        return_url: BACK,
        merchant: "Kedai Kopi",
        acs_base: "http://pay.example.com",
    };
    let reference = AttemptId::new(env.ordered_id());
    let amount = Money::new(10_001, Currency::parse("MYR").unwrap()).unwrap();
    let asked = Request::Authorize { reference, amount, capture: true, source, merchant_data: "" };
    let Answer::Redirect { url } = Acquirer::test(book.clone(), env).ask(asked).await else { panic!("no page") };
    book.close().await;
    let page = url.strip_prefix("http://pay.example.com").unwrap().to_owned();
    (App::again(home).await, page)
}

impl App {
    async fn choose(&self, page: &str, choice: &str) {
        let body = format!("action={choice}");
        let chosen = ask(&self.router, request(Method::POST, page, "", FORM, body)).await;
        assert_eq!((303, page), (chosen.status, chosen.header("location")), "{choice}");
    }
}

#[tokio::test]
async fn a_payer_confirms_and_is_led_back() {
    for (method, choice, booked) in [
        (RedirectMethod::Wallet, "approve", vec!["authorize 10001 MYR approved", "capture 10001 MYR approved"]),
        (RedirectMethod::PayLater, "refuse", vec!["authorize 10001 MYR declined"]),
        (RedirectMethod::Bank, "cancel", vec!["authorize 10001 MYR declined"]),
    ] {
        let (app, page) = waiting(method).await;
        let asked = app.page(&page).await;
        assert_eq!(200, asked.status);
        for words in ["Confirm your payment", "Kedai Kopi", "RM 100.01"] {
            assert!(asked.words().contains(words), "{}", asked.words());
        }
        assert!(asked.header("content-security-policy").contains("form-action 'self'"));
        assert!(!asked.headers.contains_key("x-frame-options"), "it may be drawn inside ours");
        for nothing in ["", "Y", "approved"] {
            app.choose(&page, nothing).await;
        }
        assert_eq!(Vec::<String>::new(), app.book().await);
        app.choose(&page, choice).await;
        app.choose(&page, "approve").await;
        assert_eq!(booked, app.book().await, "the first choice counts");
        let done = app.page(&page).await;
        assert!(!done.text().contains("<form") && done.text().contains(&format!("href=\"{BACK}\"")), "{}", done.text());
    }
}

#[tokio::test]
async fn a_bank_approves_later() {
    let (app, page) = waiting(RedirectMethod::Bank).await;
    app.choose(&page, "later").await;
    app.advance(29).await;
    assert_eq!(Vec::<String>::new(), app.book().await);
    app.advance(1).await;
    assert_eq!(vec!["authorize 10001 MYR approved", "capture 10001 MYR approved"], app.book().await);
    let (app, page) = waiting(RedirectMethod::Wallet).await;
    app.choose(&page, "later").await;
    assert!(app.page(&page).await.text().contains("<form"), "a wallet does not offer it");
}

#[tokio::test]
async fn a_page_that_is_not_there_is_none() {
    let app = App::new().await;
    for page in ["/acs/pay/0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10", "/acs/pay/x", "/acs/pay/"] {
        assert_eq!(404, app.page(page).await.status, "{page}");
        let posted = ask(&app.router, request(Method::POST, page, "", FORM, "action=approve")).await;
        assert_eq!(404, posted.status, "{page}");
    }
}
