//! Purchases paid by what is no card: banks, wallets and a lender (purchases-api 3.9, 6.2, 6.4).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, CONTROL, GOOD, START, ask, card, id, request, story, submission};
use crate::callbacks::{OK, Receiver};

const FORM: &str = "application/x-www-form-urlencoded";
const MAYBANK: &str = "method=fpx&fpx_bank_code=MB2U0227";

/// Every method that is no card, as a form chooses it.
const METHODS: [&str; 13] = [
    "fpx",
    "fpx_b2b1",
    "mpgs_google_pay",
    "mpgs_apple_pay",
    "razer_atome",
    "razer_grabpay",
    "razer_maybankqr",
    "razer_shopeepay",
    "razer_tng",
    "shopee_pay",
    "duitnow_qr",
    "dnqr",
    "crypto_coin",
];

impl App {
    /// 20.00 MYR, enough for every method.
    async fn twenty(&self, changes: Value) -> String {
        let mut order = json!({ "purchase": { "products": [{ "name": "Tea", "price": 2_000 }] } });
        for (name, value) in changes.as_object().unwrap() {
            match value.as_object() {
                Some(members) => members.iter().for_each(|(member, value)| order[name][member] = value.clone()),
                None => order[name] = value.clone(),
            }
        }
        self.purchase_id(order).await
    }

    /// Chooses on our page; the path of the acquirer's.
    async fn choose_method(&self, id: &str, choice: &str) -> String {
        let token = self.link(id).await.token();
        let posted = self.submit(id, format!("attempt={token}&{choice}")).await;
        assert_eq!(303, posted.status, "{}", posted.text());
        page_of(posted.header("location"))
    }

    /// Decides on the acquirer's page and comes back: the page after that.
    async fn decide_there(&self, id: &str, page: &str, action: &str) -> Answer {
        let body = format!("action={action}");
        let chosen = ask(&self.router, request(Method::POST, page, "", FORM, body)).await;
        assert_eq!(303, chosen.status);
        let done = self.page(page).await;
        assert!(done.text().contains(&format!("http://pay.example.com/p/{id}/return/")), "{}", done.text());
        self.page(&format!("/p/{id}/return/")).await
    }

    async fn set_bank(&self, body: &str) -> Answer {
        let path = "/sandbox/acquirer/banks";
        ask(&self.router, request(Method::POST, path, CONTROL, "application/json", body.to_owned())).await
    }

    /// Where a GET of the link with this query leads, and its status.
    async fn opened(&self, id: &str, query: &str) -> (u16, String) {
        let opened = self.page(&format!("/p/{id}/?{query}")).await;
        (opened.status, opened.header("location").to_owned())
    }

    async fn attempt(&self, id: &str) -> Value {
        self.show(id).await["transaction_data"]["attempts"][0].clone()
    }
}

fn page_of(location: &str) -> String {
    let page = location.strip_prefix("http://pay.example.com").unwrap_or_else(|| panic!("{location:?}"));
    assert!(page.starts_with("/acs/pay/"), "{page}");
    page.to_owned()
}

fn choice(method: &str) -> String {
    let bank = match method {
        "fpx" => "&fpx_bank_code=MB2U0227",
        "fpx_b2b1" => "&fpx_b2b1_bank_code=PBB0234",
        _ => "",
    };
    format!("method={method}{bank}")
}

#[tokio::test]
async fn every_method_is_walked_to_the_end() {
    let app = App::new().await;
    for method in METHODS {
        let id = app
            .twenty(json!({
                "payment_method_whitelist": [method],
                "success_redirect": "https://shop.example.com/ok?id=7",
            }))
            .await;
        let form = app.link(&id).await;
        assert!(!form.text().contains("card_number") && form.text().contains(method), "{method}: {}", form.text());
        let page = app.choose_method(&id, &choice(method)).await;
        let away = app.show(&id).await;
        assert_eq!(
            ("pending_execute", json!([])),
            (away["status"].as_str().unwrap(), away["transaction_data"]["attempts"].clone())
        );
        let there = app.page(&page).await;
        assert!(there.words().contains("RM 20.00"), "{method}: {}", there.words());
        let back = app.decide_there(&id, &page, "approve").await;
        assert_eq!((303, format!("/p/{id}/result/").as_str()), (back.status, back.header("location")));
        let result = app.page(back.header("location")).await;
        assert!(result.text().contains("content=\"1;url=https://shop.example.com/ok?id=7\""), "{}", result.text());
        let paid = app.show(&id).await;
        assert_eq!("created viewed pending_execute paid", story(&paid), "{method}");
        let data = &paid["transaction_data"];
        assert_eq!((&json!(method), &json!("payform")), (&data["payment_method"], &data["flow"]));
        let attempt = &data["attempts"][0];
        assert_eq!(
            (&json!("execute"), &json!(true), &json!(method), &json!(null), &json!("203.0.113.9")),
            (
                &attempt["type"],
                &attempt["successful"],
                &attempt["payment_method"],
                &attempt["error"],
                &attempt["client_ip"]
            )
        );
        assert_eq!(
            (2_000, json!(false)),
            (paid["payment"]["amount"].as_i64().unwrap(), paid["can_chargeback"].clone())
        );
    }
    assert_eq!(13, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn the_bank_goes_with_the_payment_and_is_shown() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    assert!(app.page(&page).await.words().contains("Maybank2u"));
    app.decide_there(&id, &page, "approve").await;
    let paid = app.show(&id).await;
    let extra = json!({ "bank_code": "MB2U0227", "bank_name": "Maybank2u" });
    assert_eq!(
        ("fpx", &extra),
        (paid["transaction_data"]["payment_method"].as_str().unwrap(), &paid["transaction_data"]["extra"])
    );
    assert!(app.page(&format!("/p/{id}/receipt/")).await.words().contains("FPX, Maybank2u"));
    assert!(app.link(&id).await.words().contains("FPX, Maybank2u"));
    let business = app.twenty(json!({})).await;
    let page = app.choose_method(&business, &choice("fpx_b2b1")).await;
    assert!(app.page(&page).await.words().contains("Public Bank PB enterprise"));
}

#[tokio::test]
async fn refused_and_cancelled_there_is_failed_here_and_may_be_tried_again() {
    let app = App::new().await;
    let id = app.twenty(json!({ "failure_redirect": "https://shop.example.com/no" })).await;
    for (action, code, words) in [
        ("refuse", "general_transaction_error", "The payment was not approved."),
        ("cancel", "user_cancelled", "You did not confirm the payment."),
    ] {
        let page = app.choose_method(&id, "method=razer_tng").await;
        let back = app.decide_there(&id, &page, action).await;
        let result = app.page(back.header("location")).await;
        assert!(
            result.words().contains(words) && result.words().contains("You have not been charged."),
            "{}",
            result.words()
        );
        assert!(result.text().contains("content=\"1;url=https://shop.example.com/no\""));
        let attempt = app.attempt(&id).await;
        assert_eq!((&json!(false), &json!(code)), (&attempt["successful"], &attempt["error"]["code"]));
        assert_eq!("error", app.status(&id).await);
        assert!(app.link(&id).await.words().contains(words), "the form says it too");
    }
    app.pay(&id, &card(GOOD)).await;
    assert_eq!(
        "created viewed pending_execute error pending_execute error pending_execute paid",
        story(&app.show(&id).await)
    );
    assert_eq!(1, app.approvals_kept().await);
    let once = app.twenty(json!({ "purchase": { "single_attempt": true } })).await;
    let page = app.choose_method(&once, "method=razer_tng").await;
    app.decide_there(&once, &page, "cancel").await;
    assert_eq!("cancelled", app.status(&once).await);
    app.audit();
}

#[tokio::test]
async fn whoever_does_not_come_back_within_an_hour_may_try_again() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    app.advance(3_599).await;
    assert_eq!("pending_execute", app.status(&id).await);
    assert_eq!(400, app.cancel(&id).await.status, "a late approval never meets a cancelled purchase");
    app.advance(1).await;
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute error", story(&shown));
    assert_eq!("payment_expired", shown["transaction_data"]["attempts"][0]["error"]["code"]);
    assert!(app.link(&id).await.words().contains("The payment was not confirmed in time"));
    // The page of the acquirer is closed for good.
    let body = "action=approve";
    ask(&app.router, request(Method::POST, &page, "", FORM, body)).await;
    app.advance(60).await;
    assert_eq!((0, "error".to_owned()), (app.approvals_kept().await, app.status(&id).await));
    app.pay(&id, &card(GOOD)).await;
    assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await));
    app.audit();
}

#[tokio::test]
async fn a_bank_that_takes_its_time_is_waited_for() {
    let app = App::new().await;
    let shop = Receiver::start(app.engine.env().clone(), |_| OK.into()).await;
    let id = app
        .twenty(json!({
            "due": START + 20, "purchase": { "due_strict": true }, "success_callback": shop.url("/callback"),
        }))
        .await;
    let page = app.choose_method(&id, MAYBANK).await;
    let back = app.decide_there(&id, &page, "later").await;
    assert_eq!(200, back.status);
    assert!(back.words().contains("This payment is not confirmed yet") && !back.has_form(), "{}", back.words());
    assert!(back.text().contains("http-equiv=\"refresh\" content=\"3\""), "{}", back.text());
    app.advance(29).await;
    assert_eq!("pending_execute", app.status(&id).await, "it was begun in time");
    app.advance(1).await;
    let paid = app.show(&id).await;
    assert_eq!("created viewed pending_execute paid", story(&paid), "nobody had to look");
    app.advance(0).await;
    let mut told = shop.heard()[0].json();
    assert_eq!(Some(json!("purchase.paid")), told.as_object_mut().unwrap().remove("event_type"));
    assert_eq!((1, paid), (shop.heard().len(), told));
    let back = app.page(&format!("/p/{id}/return/")).await;
    assert_eq!(format!("/p/{id}/result/"), back.header("location"));
    app.audit();
}

#[tokio::test]
async fn the_report_decides_when_the_browser_stays_away() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, "method=crypto_coin").await;
    ask(&app.router, request(Method::POST, &page, "", FORM, "action=approve")).await;
    app.advance(1).await;
    assert_eq!("paid", app.status(&id).await);
    // What a browser brings proves nothing.
    let other = app.twenty(json!({})).await;
    app.choose_method(&other, "method=crypto_coin").await;
    app.page(&format!("/p/{other}/return/?status=paid")).await;
    assert_eq!("pending_execute", app.status(&other).await);
}

#[tokio::test]
async fn while_away_the_link_leads_on_or_back() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    let away = app.link(&id).await;
    for words in ["Confirm this payment on the next page", "Continue to Maybank2u", "Choose another way to pay"] {
        assert!(away.words().contains(words), "{}", away.words());
    }
    assert!(away.text().contains(&page) && !away.text().contains("http-equiv"), "nobody is led away by opening it");
    let leave = async |token: &str| {
        let path = format!("/p/{id}/leave/");
        ask(&app.router, request(Method::POST, &path, "", FORM, format!("attempt={token}"))).await
    };
    leave("0000").await;
    assert_eq!("pending_execute", app.status(&id).await, "no form of ours");
    assert_eq!(303, app.page(&format!("/p/{id}/leave/")).await.status);
    let left = leave(&away.token()).await;
    assert_eq!((303, format!("/p/{id}/").as_str()), (left.status, left.header("location")));
    let shown = app.show(&id).await;
    assert_eq!("created viewed pending_execute error", story(&shown));
    assert_eq!("user_cancelled", shown["transaction_data"]["attempts"][0]["error"]["code"]);
    // It was undone there before anything else may be tried here.
    ask(&app.router, request(Method::POST, &page, "", FORM, "action=approve")).await;
    let form = app.link(&id).await;
    assert!(form.text().contains("card_number") && form.words().contains("You did not confirm the payment."));
    let page = app.choose_method(&id, "method=razer_grabpay").await;
    app.decide_there(&id, &page, "approve").await;
    assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await));
    app.audit();
}

#[tokio::test]
async fn who_gives_up_after_the_bank_said_yes_has_paid() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    let token = app.link(&id).await.token();
    ask(&app.router, request(Method::POST, &page, "", FORM, "action=approve")).await;
    ask(&app.router, request(Method::POST, &format!("/p/{id}/leave/"), "", FORM, format!("attempt={token}"))).await;
    assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await));
}

#[tokio::test]
async fn one_purchase_is_one_attempt_however_often_it_is_posted() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let (token, other) = (app.link(&id).await.token(), app.token(&id));
    let first = app.submit(&id, format!("attempt={token}&{MAYBANK}")).await;
    let again = app.submit(&id, format!("attempt={token}&{MAYBANK}")).await;
    assert_eq!(
        (303, first.header("location")),
        (again.status, again.header("location")),
        "the same form, the same page"
    );
    // Another window, another method, a card, and a link that would jump.
    for body in [format!("attempt={other}&method=razer_tng"), card(GOOD).body(&other)] {
        let refused = app.submit(&id, body).await;
        assert_eq!(409, refused.status, "{}", refused.text());
        assert!(refused.words().contains("another window"));
    }
    assert_eq!((200, String::new()), app.opened(&id, "preferred=razer_tng").await, "it says where the payer is");
    assert_eq!(
        1,
        app.show(&id).await["status_history"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|s| s["status"] == "pending_execute")
            .count()
    );

    // Two at once.
    let both = app.twenty(json!({})).await;
    let posts = ["method=razer_tng", "method=razer_grabpay"].map(|choice| {
        let (router, body) = (app.router.clone(), format!("attempt={}&{choice}", app.token(&both)));
        let post = submission(&both, body);
        tokio::spawn(async move { ask(&router, post).await.status })
    });
    let mut statuses = vec![];
    for post in posts {
        statuses.push(post.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(vec![303, 409], statuses);
    let jumps = ["preferred=razer_tng", "preferred=razer_tng"].map(|query| {
        let (router, path) = (app.router.clone(), format!("/p/{both}/?{query}"));
        tokio::spawn(async move { ask(&router, request(Method::GET, &path, "", "", "")).await.status })
    });
    for jump in jumps {
        assert!(matches!(jump.await.unwrap(), 200 | 302));
    }
    app.audit_with_open_tries(2);
}

#[tokio::test]
async fn a_bank_must_be_chosen_and_be_up() {
    let app = App::new().await;
    let down = app.set_bank(r#"{"method": "fpx", "bank": "MB2U0227", "up": false}"#).await;
    assert_eq!((200, json!(false)), (down.status, down.json()["fpx"]["MB2U0227"].clone()));
    for bad in [
        "",
        "{}",
        r#"{"method": "fpx", "bank": "MB2U0228", "up": false}"#,
        r#"{"method": "razer_tng", "bank": "MB2U0227", "up": false}"#,
        r#"{"method": "fpx", "bank": "MB2U0227", "up": 1}"#,
    ] {
        assert_eq!(400, app.set_bank(bad).await.status, "{bad}");
    }
    for (path, code, expected) in [
        ("/health_check/fpx_b2c", "MB2U0227", "B"),
        ("/health_check/fpx_b2c/", "MBB0228", "A"),
        ("/health_check/fpx_b2b1", "MBB0228", "A"),
        ("/health_check/fpx_b2b1/", "PBB0234", "A"),
    ] {
        let health = app.page(path).await;
        assert_eq!((200, "application/json"), (health.status, health.header("content-type")), "{path}");
        let banks = health.json();
        assert_eq!(expected, banks[code], "{path}");
        assert_eq!(if path.contains("b2c") { 21 } else { 22 }, banks.as_object().unwrap().len());
    }
    assert_eq!(404, app.page("/health_check/other").await.status);
    let id = app.twenty(json!({})).await;
    let form = app.link(&id).await;
    assert!(
        form.text().contains(r#"<option value=MB2U0227 disabled>Maybank2u (not available now)"#),
        "{}",
        form.text()
    );
    for (choice, words) in [
        (MAYBANK, "This bank takes no payments right now."),
        ("method=fpx&fpx_bank_code=", "Choose your bank"),
        ("method=fpx&fpx_bank_code=MB2U0228", "Choose your bank"),
    ] {
        let token = app.link(&id).await.token();
        let refused = app.submit(&id, format!("attempt={token}&{choice}")).await;
        assert_eq!(422, refused.status, "{choice}");
        assert!(
            refused.words().contains(words) && refused.text().contains("fpx_bank_code-error"),
            "{}",
            refused.text()
        );
    }
    assert_eq!("viewed", app.status(&id).await, "nothing was tried");
    app.set_bank(r#"{"method": "fpx", "bank": "MB2U0227", "up": true}"#).await;
    assert_eq!("A", app.page("/health_check/fpx_b2c").await.json()["MB2U0227"]);
    app.choose_method(&id, MAYBANK).await;
}

#[tokio::test]
async fn only_what_may_pay_is_offered() {
    let app = App::new().await;
    let offers = async |changes: Value| {
        let id = app.twenty(changes).await;
        let html = app.link(&id).await.text();
        let offered = METHODS.into_iter().filter(|method| html.contains(&format!("value=\"{method}\"")));
        let card = html.contains("card_number").then_some("card");
        card.into_iter().chain(offered).collect::<Vec<_>>().join(" ")
    };
    // Of two ways to the same wallet, one.
    let all = "card fpx fpx_b2b1 mpgs_google_pay mpgs_apple_pay razer_atome razer_grabpay razer_maybankqr razer_shopeepay razer_tng duitnow_qr crypto_coin";
    assert_eq!(all, offers(json!({})).await);
    assert_eq!("card", offers(json!({ "skip_capture": true })).await);
    assert_eq!("card", offers(json!({ "force_recurring": true })).await);
    assert_eq!("card fpx", offers(json!({ "payment_method_whitelist": ["visa", "fpx"] })).await);
    assert_eq!("dnqr shopee_pay", {
        let mut found: Vec<_> = offers(json!({ "payment_method_whitelist": ["dnqr", "shopee_pay"] }))
            .await
            .split(' ')
            .map(str::to_owned)
            .collect();
        found.sort_unstable();
        found.join(" ")
    });
    let euros = json!({ "purchase": { "currency": "EUR" } });
    assert_eq!("card mpgs_google_pay mpgs_apple_pay crypto_coin", offers(euros).await);
    // What is not offered is not taken, and neither is a card where none is.
    let cards = app.twenty(json!({ "payment_method_whitelist": ["visa"] })).await;
    let token = app.link(&cards).await.token();
    assert_eq!(422, app.submit(&cards, format!("attempt={token}&method=razer_tng")).await.status);
    let wallet = app.purchase(json!({ "payment_method_whitelist": ["razer_tng"], "success_redirect": "https://shop.example.com/ok", "failure_redirect": "https://shop.example.com/no" })).await;
    assert_eq!(Value::Null, wallet["direct_post_url"]);
    let token = app.link(id(&wallet)).await.token();
    assert_eq!(422, app.submit(id(&wallet), card(GOOD).body(&token)).await.status);
    assert_eq!("viewed", app.status(id(&wallet)).await);
}

#[tokio::test]
async fn a_preferred_method_is_gone_to_at_once() {
    let app = App::new().await;
    for (query, method, bank) in [
        ("preferred=razer_grabpay", "razer_grabpay", ""),
        ("preferred=razer_grabpay&razer_bank_code=GrabPay", "razer_grabpay", ""),
        ("preferred=razer&razer_bank_code=TNG-EWALLET", "razer_tng", ""),
        ("preferred=razer&razer_bank_code=GrabPay", "razer_grabpay", ""),
        ("preferred=razer&razer_bank_code=ShopeePay", "razer_shopeepay", ""),
        ("preferred=razer&razer_bank_code=MB2U_QRPay-Push", "razer_maybankqr", ""),
        ("preferred=razer&razer_bank_code=Atome", "razer_atome", ""),
        ("preferred=fpx&fpx_bank_code=MB2U0227", "fpx", "MB2U0227"),
        ("preferred=fpx_b2b1&fpx_bank_code=PBB0234", "fpx_b2b1", "PBB0234"),
        ("preferred=dnqr", "dnqr", ""),
        ("preferred=shopee_pay", "shopee_pay", ""),
        ("lang=ms&preferred=crypto_coin&x=1", "crypto_coin", ""),
    ] {
        let id = app.twenty(json!({})).await;
        let (status, location) = app.opened(&id, query).await;
        assert_eq!(302, status, "{query}");
        let page = page_of(&location);
        // A repeat leads to the same page and begins nothing.
        assert_eq!((302, location), app.opened(&id, query).await, "{query}");
        app.decide_there(&id, &page, "approve").await;
        let paid = app.show(&id).await;
        assert_eq!("created viewed pending_execute paid", story(&paid), "the view comes first: {query}");
        let data = &paid["transaction_data"];
        assert_eq!(
            (method, bank),
            (data["payment_method"].as_str().unwrap(), data["extra"]["bank_code"].as_str().unwrap_or_default()),
            "{query}"
        );
        assert_eq!(200, app.opened(&id, query).await.0, "it shows that it is paid");
    }
    let only = app.twenty(json!({ "payment_method_whitelist": ["duitnow_qr"] })).await;
    assert_eq!(302, app.opened(&only, "preferred=dnqr").await.0, "two names of one thing");
    app.audit_with_open_tries(1);
}

#[tokio::test]
async fn what_cannot_be_gone_to_at_once_is_shown() {
    let app = App::new().await;
    app.set_bank(r#"{"method": "fpx", "bank": "BSN0601", "up": false}"#).await;
    for (query, chosen) in [
        ("preferred=fpx", "fpx"),
        ("preferred=fpx&fpx_bank_code=MB2U0228", "fpx"),
        ("preferred=fpx&fpx_bank_code=BSN0601", "fpx"),
        ("preferred=fpx_b2b1&fpx_bank_code=MB2U0227", "fpx_b2b1"),
        ("active=razer_grabpay", "razer_grabpay"),
        ("active=fpx&fpx_bank_code=MB2U0227", "fpx"),
        ("preferred=card", "card"),
        ("preferred=visa", "card"),
        ("preferred=razer", "card"),
        ("preferred=razer&razer_bank_code=Boost", "card"),
        ("preferred=paypal", "card"),
        ("preferred=", "card"),
        ("fpx_bank_code=MB2U0227", "card"),
    ] {
        let id = app.twenty(json!({})).await;
        let shown = app.page(&format!("/p/{id}/?{query}")).await;
        assert_eq!(200, shown.status, "{query}");
        let data = if chosen == "card" { " data-card" } else { "" };
        let checked = format!("value=\"{chosen}\"{data} checked");
        assert!(shown.text().contains(&checked), "{query}: {}", shown.text());
        assert_eq!("viewed", app.status(&id).await, "{query}");
    }
    let id = app.twenty(json!({})).await;
    let preselected = app.page(&format!("/p/{id}/?active=fpx&fpx_bank_code=MB2U0227")).await;
    assert!(preselected.text().contains("<option value=MB2U0227 selected>"));
    // Not allowed, or something is left to say.
    let cards = app.twenty(json!({ "payment_method_whitelist": ["visa"] })).await;
    assert_eq!(200, app.opened(&cards, "preferred=razer_tng").await.0);
    let asks = app.twenty(json!({ "purchase": { "request_client_details": ["phone"] } })).await;
    assert_eq!(200, app.opened(&asks, "preferred=razer_tng").await.0);
    let token = app.link(&asks).await.token();
    let posted = app.submit(&asks, format!("attempt={token}&method=razer_tng&phone=%2B60123456789")).await;
    assert_eq!(303, posted.status, "{}", posted.text());
    assert_eq!("+60123456789", app.show(&asks).await["client"]["phone"]);
    let told = app
        .twenty(json!({ "client": { "phone": "+60123456789" }, "purchase": { "request_client_details": ["phone"] } }))
        .await;
    assert_eq!(302, app.opened(&told, "preferred=razer_tng").await.0, "it is known already");
}

#[tokio::test]
async fn whoever_does_not_look_begins_nothing() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let path = format!("/p/{id}/?preferred=razer_tng");
    let head = ask(&app.router, request(Method::HEAD, &path, "", "", "")).await;
    assert_eq!((200, "created".to_owned()), (head.status, app.status(&id).await));
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
        let mut ahead = request(Method::GET, &path, "", "", "");
        ahead.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(200, ask(&app.router, ahead).await.status, "{name}");
        assert_eq!("viewed", app.status(&id).await);
    }
    assert_eq!(302, app.opened(&id, "preferred=razer_tng").await.0);
    for state in ["cancel", "expire"] {
        let ended = app.twenty(json!({ "due": app.now() + 60, "purchase": { "due_strict": true } })).await;
        if state == "cancel" {
            app.cancel(&ended).await;
        } else {
            app.advance(61).await;
        }
        let before = app.status(&ended).await;
        assert_eq!(200, app.opened(&ended, "preferred=razer_tng").await.0, "{before}");
        assert_eq!(before, app.status(&ended).await);
    }
    assert_eq!(Vec::<String>::new(), app.book().await);
}

#[tokio::test]
async fn what_was_paid_without_a_card_is_given_back() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    app.decide_there(&id, &page, "approve").await;
    let refund = app.act(&id, "refund", r#"{"amount": 500}"#).await;
    assert_eq!(200, refund.status, "{}", refund.text());
    let refund = refund.json();
    assert_eq!(
        ("fpx", 500),
        (refund["transaction_data"]["payment_method"].as_str().unwrap(), refund["payment"]["amount"].as_i64().unwrap())
    );
    assert_eq!(
        json!({ "bank_code": "MB2U0227", "bank_name": "Maybank2u", "amount": 500 }),
        refund["transaction_data"]["extra"]
    );
    assert_eq!(1_500, app.show(&id).await["refundable_amount"]);
    assert_eq!(200, app.act(&id, "refund", "{}").await.status);
    let shown = app.show(&id).await;
    assert_eq!(("refunded", 0), (shown["status"].as_str().unwrap(), shown["refundable_amount"].as_i64().unwrap()));
    let kinds: Vec<_> =
        shown["transaction_data"]["attempts"].as_array().unwrap().iter().map(|a| a["type"].as_str().unwrap()).collect();
    assert_eq!(vec!["refund", "refund", "execute"], kinds);
    assert_eq!("refund 1500 MYR approved", app.book().await.last().unwrap());
    app.audit();
}

#[tokio::test]
async fn the_whole_object_while_away_and_when_paid() {
    let app = App::new().await;
    let id = app.twenty(json!({})).await;
    let page = app.choose_method(&id, MAYBANK).await;
    app.advance(60).await;
    insta::assert_snapshot!("fpx_pending_execute", serde_json::to_string_pretty(&app.show(&id).await).unwrap());
    app.decide_there(&id, &page, "cancel").await;
    let page = app.choose_method(&id, "method=razer_grabpay").await;
    app.advance(60).await;
    app.decide_there(&id, &page, "approve").await;
    insta::assert_snapshot!("wallet_paid", serde_json::to_string_pretty(&app.show(&id).await).unwrap());
}
