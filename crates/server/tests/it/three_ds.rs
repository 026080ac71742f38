//! The payer's bank is asked first: 3-D Secure from the card form to the money (checkout-ux 9, 20; security B2, B8).

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::app::{Answer, App, Form, card, request, story, tries, until_the_crash};

const CHALLENGED: &str = "5555555555554444";
const SOFT_DECLINE: &str = "4000009900700009";
const TESTER_CHOOSES: &str = "4000009920000000";
const FORM: &str = "application/x-www-form-urlencoded";

/// The value of a hidden field.
pub(crate) fn hidden(answer: &Answer, name: &str) -> String {
    let html = answer.text();
    let (_, rest) =
        html.split_once(&format!(r#"name="{name}" value=""#)).unwrap_or_else(|| panic!("no {name}: {html}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// A CRes with some members changed.
fn changed(cres: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut message: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cres).unwrap()).unwrap();
    change(&mut message);
    URL_SAFE_NO_PAD.encode(message.to_string())
}

impl App {
    /// Types the card in; the bank wants to ask.
    pub(crate) async fn begin_challenge(&self, id: &str, form: &Form<'_>) {
        let token = self.link(id).await.token();
        let answer = self.submit(id, form.body(&token)).await;
        assert_eq!((303, format!("/p/{id}/challenge/").as_str()), (answer.status, answer.header("location")));
    }

    /// Opens the bank's page from ours.
    pub(crate) async fn open_bank(&self, id: &str) -> Answer {
        self.at_bank(id, "", "").await
    }

    /// What the payer does on the bank's page.
    async fn at_bank(&self, id: &str, action: &str, otp: &str) -> Answer {
        let ours = self.page(&format!("/p/{id}/challenge/")).await;
        assert_eq!(200, ours.status, "{}", ours.text());
        let (creq, session) = (hidden(&ours, "creq"), hidden(&ours, "threeDSSessionData"));
        let body = format!("creq={creq}&threeDSSessionData={session}&action={action}&otp={otp}");
        self.ask_form("/acs/challenge", body).await
    }

    pub(crate) async fn ask_form(&self, path: &str, body: String) -> Answer {
        crate::app::ask_a_broken_one(&self.router, request(Method::POST, path, "", FORM, body)).await
    }

    /// The browser brings a CRes back, and is sent on to what became of it, whatever it brought.
    async fn come_back(&self, id: &str, cres: &str) {
        let back = crate::app::ask_a_broken_one(&self.router, Self::coming_back(id, cres)).await;
        assert_eq!(200, back.status);
        assert!(back.text().contains(&format!(r#"href="/p/{id}/result/""#)), "{}", back.text());
        assert!(back.header("content-security-policy").contains("frame-ancestors 'self'"), "it is in the bank's frame");
    }

    /// What is asked of the payer who looks for the result.
    async fn is_asked(&self, id: &str) -> bool {
        let result = self.page(&format!("/p/{id}/result/")).await;
        (result.status, result.header("location")) == (303, &format!("/p/{id}/challenge/"))
    }

    pub(crate) fn coming_back(id: &str, cres: &str) -> Request<Body> {
        let body = format!("cres={cres}&threeDSSessionData=x");
        request(Method::POST, &format!("/p/{id}/3ds/"), "", FORM, body)
    }

    /// The payer knows the code and has not come back yet.
    pub(crate) async fn bank_says_yes(&self, id: &str) -> String {
        hidden(&self.at_bank(id, "verify", "1234").await, "cres")
    }

    /// What the merchant is told of 3-D Secure in the newest try.
    async fn three_d_secure(&self, id: &str) -> Value {
        self.show(id).await["transaction_data"]["attempts"][0]["extra"]["three_d_secure_result"].clone()
    }

    /// Where it stands once what is under way in this process has ended.
    async fn settled_status(&self, id: &str) -> String {
        self.engine.env().clock().quiet().await;
        self.status(id).await
    }

    /// Answers the bank's question and comes back.
    pub(crate) async fn answer_bank(&self, id: &str, action: &str, otp: &str) -> Answer {
        let onward = self.at_bank(id, action, otp).await;
        assert!(
            onward.text().contains(&format!(r#"action="http://pay.example.com/p/{id}/3ds/""#)),
            "{}",
            onward.text()
        );
        self.come_back(id, &hidden(&onward, "cres")).await;
        self.page(&format!("/p/{id}/result/")).await
    }

    pub(crate) async fn pass_challenge(&self, id: &str, number: &str) -> String {
        self.begin_challenge(id, &card(number)).await;
        self.answer_bank(id, "verify", "1234").await;
        self.status(id).await
    }

    /// The try ended without a question to the acquirer, and the payer may try again.
    async fn assert_not_authenticated(&self, id: &str) {
        self.assert_failed_with("3ds_authentication_failed", id).await;
    }

    async fn assert_failed_with(&self, code: &str, id: &str) {
        let shown = self.show(id).await;
        assert_eq!("created viewed pending_execute error", story(&shown));
        assert_eq!(vec![format!("execute {code}")], tries(&shown));
        assert_eq!(json!(false), shown["transaction_data"]["attempts"][0]["extra"]["three_d_secure"]);
        assert_eq!(Vec::<String>::new(), self.book().await, "the acquirer heard nothing");
        let page = self.page(&format!("/p/{id}/result/")).await;
        assert!(page.words().contains("Payment not completed"), "{}", page.words());
        self.audit();
        assert_eq!("paid", self.pass_challenge(id, CHALLENGED).await, "the payer may try again");
        self.audit();
    }
}

#[tokio::test]
async fn a_bank_that_knows_the_payer_asks_nothing() {
    for (number, vouches) in [
        ("4000009910000002", true),
        ("4000009911000001", true),
        // Let through without a question: nobody was authenticated.
        ("4000009915000007", false),
        ("5200009910000007", true),
    ] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.pay(&id, &card(number)).await;
        let shown = app.show(&id).await;
        assert_eq!("created viewed pending_execute paid", story(&shown), "{number}");
        assert_eq!(json!(vouches), shown["transaction_data"]["attempts"][0]["extra"]["three_d_secure"], "{number}");
        assert_eq!(json!(vouches), shown["transaction_data"]["extra"]["three_d_secure"]);
        assert_eq!(vec!["authorize 954 MYR approved", "capture 954 MYR approved"], app.book().await);
        app.audit();
    }
}

#[tokio::test]
async fn a_bank_that_says_no_at_once_is_believed() {
    for number in ["4000009912000000", "4000009913000009", "4000009914000008"] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        let page = app.pay(&id, &card(number)).await;
        assert!(page.text().contains("Try again"), "{number}");
        app.assert_not_authenticated(&id).await;
    }
}

#[tokio::test]
async fn a_payer_who_knows_the_code_pays() {
    for number in [CHALLENGED, TESTER_CHOOSES, "5200009920000005"] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(number)).await;
        let waiting = app.show(&id).await;
        assert_eq!(
            ("created viewed pending_execute".to_owned(), Vec::<String>::new()),
            (story(&waiting), tries(&waiting))
        );
        assert_eq!(Vec::<String>::new(), app.book().await, "not before the bank has said yes");
        let bank = app.open_bank(&id).await;
        assert!(bank.words().contains("RM 9.54") && bank.words().contains(&number[12..]), "{}", bank.words());
        assert!(!bank.text().contains(number));
        let page = app.answer_bank(&id, "verify", "1234").await;
        assert!(page.words().contains("Payment successful"), "{}", page.words());
        let shown = app.show(&id).await;
        assert_eq!("created viewed pending_execute paid", story(&shown));
        assert_eq!(vec!["execute ok"], tries(&shown));
        assert_eq!(json!(true), shown["transaction_data"]["attempts"][0]["extra"]["three_d_secure"]);
        assert_eq!(1, app.approvals_kept().await);
        app.advance(3_600).await;
        assert_eq!("paid", app.status(&id).await);
        app.audit();
    }
    let app = App::new().await;
    let id = app.purchase_id(json!({ "skip_capture": true })).await;
    assert_eq!("hold", app.pass_challenge(&id, CHALLENGED).await);
    assert_eq!("paid", app.act(&id, "capture", r#"{"amount":1}"#).await.json()["status"]);
    app.audit();
}

/// What a CReq says.
fn creq_of(page: &Answer) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(hidden(page, "creq")).unwrap()).unwrap()
}

#[tokio::test]
async fn the_banks_page_is_as_large_as_there_is_room_for() {
    for (more, code, drawn) in [
        ("&window_width=1280", "03", r#"data-width="500" data-height="600""#),
        ("&window_width=414", "02", r#"data-width="390" data-height="400""#),
        ("&window_width=390", "05", ""),
        ("&window_width=320", "05", ""),
        ("&window_width=", "05", ""),
        ("", "05", ""),
    ] {
        for number in [CHALLENGED, SOFT_DECLINE] {
            let app = App::new().await;
            let id = app.purchase_id(json!({})).await;
            app.begin_challenge(&id, &Form { more, ..card(number) }).await;
            let page = app.page(&format!("/p/{id}/challenge/")).await;
            assert_eq!(json!(code), creq_of(&page)["challengeWindowSize"], "{more}");
            assert!(page.text().contains(drawn), "{more}: {}", page.text());
            assert_eq!(!drawn.is_empty(), page.text().contains("data-width"), "{more}");
            let policy = page.header("content-security-policy");
            for directive in ["frame-src 'self' https:;", "form-action 'self' https:;", "frame-ancestors 'none';"] {
                assert!(policy.contains(directive), "{policy}");
            }
            let bank = app.open_bank(&id).await;
            let policy = bank.header("content-security-policy");
            assert!(policy.contains("frame-ancestors 'self'") && policy.contains("form-action 'self'"), "{policy}");
        }
    }
}

#[tokio::test]
async fn the_page_knows_how_much_time_is_left() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    app.open_bank(&id).await;
    for (seconds, warn, end) in [(0, 480, 600), (479, 1, 121), (1, 0, 120), (119, 0, 1)] {
        app.advance(seconds).await;
        let page = app.page(&format!("/p/{id}/challenge/")).await.text();
        assert!(page.contains(&format!(r#"data-warn="{warn}""#)), "{seconds}: {page}");
        assert!(page.contains(&format!(r#"content="{end};url=/p/{id}/result/""#)), "{seconds}: {page}");
    }
    app.advance(1).await;
    assert!(!app.is_asked(&id).await);
    app.assert_not_authenticated(&id).await;
}

#[tokio::test]
async fn three_wrong_codes_are_enough() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    for otp in ["", "0000", "12345"] {
        let bank = app.at_bank(&id, "verify", otp).await;
        assert!(bank.text().contains(r#"name="otp""#), "asked again after {otp:?}");
    }
    app.at_bank(&id, "resend", "").await;
    assert_eq!("pending_execute", app.status(&id).await);
    // The third wrong one; what is right after it comes too late.
    let creq = hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq");
    let onward = app.at_bank(&id, "verify", "9999").await;
    let late = app.ask_form("/acs/challenge", format!("creq={creq}&action=verify&otp=1234")).await;
    assert_eq!(hidden(&onward, "cres"), hidden(&late, "cres"));
    app.come_back(&id, &hidden(&late, "cres")).await;
    app.assert_not_authenticated(&id).await;
}

#[tokio::test]
async fn whoever_gives_up_has_not_paid() {
    for action in ["cancel", "timeout", "N", "U", "R"] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(TESTER_CHOOSES)).await;
        app.answer_bank(&id, action, "").await;
        app.assert_not_authenticated(&id).await;
    }
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(TESTER_CHOOSES)).await;
    app.answer_bank(&id, "Y", "").await;
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn giving_up_on_our_page_needs_our_form() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    let other = app.purchase_id(json!({})).await;
    let path = format!("/p/{id}/challenge/");
    for body in [
        "cancel=on".to_owned(),
        "attempt=x&cancel=on".to_owned(),
        format!("attempt={}&cancel=on", app.token(&other)),
        format!("attempt={}", app.token(&id)),
    ] {
        let answer = app.ask_form(&path, body).await;
        assert_eq!((303, path.as_str()), (answer.status, answer.header("location")));
        assert_eq!("pending_execute", app.status(&id).await);
    }
    let (creq, token) = (hidden(&app.page(&path).await, "creq"), app.page(&path).await.token());
    let answer = app.ask_form(&path, format!("attempt={token}&cancel=on")).await;
    assert_eq!((303, format!("/p/{id}/result/").as_str()), (answer.status, answer.header("location")));
    // The bank's yes comes too late.
    let onward = app.ask_form("/acs/challenge", format!("creq={creq}&action=verify&otp=1234")).await;
    app.come_back(&id, &hidden(&onward, "cres")).await;
    app.assert_not_authenticated(&id).await;

    // And so does the payer, after the bank's yes.
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    let token = app.page(&format!("/p/{id}/challenge/")).await.token();
    app.bank_says_yes(&id).await;
    app.ask_form(&format!("/p/{id}/challenge/"), format!("attempt={token}&cancel=on")).await;
    assert_eq!("paid", app.settled_status(&id).await);
    app.audit();
}

#[tokio::test]
async fn a_bank_that_answers_by_itself() {
    for (number, status) in [("4000009921000009", "paid"), ("4000009922000008", "error"), ("4000009924000006", "error")]
    {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(number)).await;
        let onward = app.open_bank(&id).await;
        app.come_back(&id, &hidden(&onward, "cres")).await;
        assert_eq!(status, app.status(&id).await, "{number}");
        if status == "error" {
            app.assert_not_authenticated(&id).await;
        }
        app.audit();
    }
}

#[tokio::test]
async fn a_payer_who_never_returns_is_given_up_after_ten_minutes() {
    for number in ["4000009923000007", "4000009928000002", CHALLENGED] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(number)).await;
        let bank = app.open_bank(&id).await;
        if number == "4000009928000002" {
            assert_eq!(500, bank.status);
        }
        if number == "4000009923000007" {
            assert!(app.at_bank(&id, "verify", "1234").await.text().contains(r#"name="otp""#), "nothing comes");
        }
        app.advance(599).await;
        assert_eq!("pending_execute", app.status(&id).await, "{number}");
        app.audit_with_open_tries(1);
        app.advance(1).await;
        assert_eq!(json!("U"), app.three_d_secure(&id).await["trans_status"]);
        app.assert_not_authenticated(&id).await;
    }
}

#[tokio::test]
async fn a_browser_that_comes_to_the_bank_after_half_a_minute_comes_too_late() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    app.advance(30).await;
    assert_eq!("pending_execute", app.status(&id).await, "nobody has said anything");
    let onward = app.open_bank(&id).await;
    let said = app.three_d_secure(&id).await;
    assert_eq!(
        (json!("N"), json!("14"), json!("05")),
        (said["trans_status"].clone(), said["trans_status_reason"].clone(), said["challenge_cancel"].clone())
    );
    app.come_back(&id, &hidden(&onward, "cres")).await;
    app.assert_not_authenticated(&id).await;
}

#[tokio::test]
async fn the_browser_may_bring_the_message_twice() {
    for number in ["4000009925000005", CHALLENGED] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(number)).await;
        let onward = app.at_bank(&id, "verify", "1234").await;
        let cres = hidden(&onward, "cres");
        tokio::join!(app.come_back(&id, &cres), app.come_back(&id, &cres), app.come_back(&id, &cres));
        app.come_back(&id, &cres).await;
        assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await), "{number}");
        assert_eq!(2, app.book().await.len());
        app.audit();
    }
}

#[tokio::test]
async fn only_the_banks_own_word_counts() {
    // The browser says yes, the bank says no.
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card("4000009927000003")).await;
    let onward = app.at_bank(&id, "verify", "1234").await;
    assert!(
        URL_SAFE_NO_PAD
            .decode(hidden(&onward, "cres"))
            .unwrap()
            .windows(17)
            .any(|said| said == br#""transStatus":"Y""#)
    );
    app.come_back(&id, &hidden(&onward, "cres")).await;
    app.assert_not_authenticated(&id).await;

    // The payer turns the bank's no into a yes.
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(TESTER_CHOOSES)).await;
    let onward = app.at_bank(&id, "N", "").await;
    let yes = changed(&hidden(&onward, "cres"), |message| message["transStatus"] = json!("Y"));
    app.come_back(&id, &yes).await;
    app.assert_not_authenticated(&id).await;

    // And before the bank has said anything, nobody's word counts.
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(TESTER_CHOOSES)).await;
    let early = changed(&hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq"), |message| {
        message["messageType"] = json!("CRes");
        message["challengeCompletionInd"] = json!("Y");
        message["transStatus"] = json!("Y");
    });
    app.come_back(&id, &early).await;
    assert!(app.is_asked(&id).await);
    assert_eq!(("pending_execute".to_owned(), 0), (app.status(&id).await, app.book().await.len()));
    app.answer_bank(&id, "Y", "").await;
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn a_message_of_another_question_changes_nothing() {
    let app = App::new().await;
    let cheap = app.purchase_id(json!({ "purchase": { "total_override": 1 } })).await;
    let dear = app.purchase_id(json!({})).await;
    app.begin_challenge(&cheap, &card(CHALLENGED)).await;
    app.begin_challenge(&dear, &card(CHALLENGED)).await;
    let dear_creq = hidden(&app.page(&format!("/p/{dear}/challenge/")).await, "creq");
    let cres = app.bank_says_yes(&cheap).await;
    let forged =
        changed(&cres, |message| message["threeDSServerTransID"] = json!("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10"));
    // The dear one's own ids, from its CReq, with the cheap one's yes; and half of each.
    let dressed_up = changed(&dear_creq, |message| {
        message["messageType"] = json!("CRes");
        message["challengeCompletionInd"] = json!("Y");
        message["transStatus"] = json!("Y");
    });
    let theirs = |member: &'static str| {
        let dear: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&dear_creq).unwrap()).unwrap();
        changed(&cres, |message| message[member] = dear[member].clone())
    };
    let (half, other_half) = (theirs("threeDSServerTransID"), theirs("acsTransID"));
    for wrong in [cres.as_str(), &forged, &dressed_up, &half, &other_half, "", "x", &"A".repeat(7_000)] {
        app.come_back(&dear, wrong).await;
        assert!(app.is_asked(&dear).await);
        assert_eq!("pending_execute", app.status(&dear).await);
    }
    app.come_back(&cheap, &cres).await;
    assert_eq!(("paid".to_owned(), "pending_execute".to_owned()), (app.status(&cheap).await, app.status(&dear).await));
    app.come_back(&dear, &cres).await;
    assert_eq!("pending_execute", app.status(&dear).await);
    assert_eq!(vec!["authorize 1 MYR approved", "capture 1 MYR approved"], app.book().await, "and nothing else");
    // A message to nobody.
    let nobody = App::coming_back("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10", &cres);
    assert_eq!(404, crate::app::ask(&app.router, nobody).await.status);
    app.advance(600).await;
    assert_eq!("error", app.status(&dear).await);
    app.audit();
}

#[tokio::test]
async fn a_message_with_a_strangers_acs_id_changes_nothing() {
    // Before the bank has spoken it moves nothing; after that nothing is left to move.
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card("4000009926000004")).await;
    let creq = hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq");
    let foreign = changed(&creq, |message| {
        message["messageType"] = json!("CRes");
        message["challengeCompletionInd"] = json!("Y");
        message["transStatus"] = json!("Y");
        message["acsTransID"] = json!("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10");
    });
    app.come_back(&id, &foreign).await;
    assert_eq!(("pending_execute".to_owned(), 0), (app.status(&id).await, app.book().await.len()));
    let brought = app.bank_says_yes(&id).await;
    let acs = |text: &str| -> Value {
        let message: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        message["acsTransID"].clone()
    };
    assert_ne!(acs(&creq), acs(&brought));
    // The bank itself said yes for this very question.
    assert_eq!("paid", app.settled_status(&id).await);
    let before = app.show(&id).await;
    app.come_back(&id, &brought).await;
    assert_eq!((before, 1), (app.show(&id).await, app.approvals_kept().await));
    app.audit();
}

#[tokio::test]
async fn a_payer_who_closes_the_browser_after_the_banks_yes_has_paid() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    app.bank_says_yes(&id).await;
    assert_eq!("paid", app.settled_status(&id).await);
    app.advance(3_600).await;
    assert_eq!(("paid".to_owned(), 1), (app.status(&id).await, app.approvals_kept().await));
    app.audit();
}

#[tokio::test]
async fn what_came_of_the_bank_is_written_down_and_shown() {
    for (number, action, expected) in [
        ("4000009910000002", "", json!({ "trans_status": "Y", "eci": "05", "challenged": false })),
        ("5200009910000007", "", json!({ "trans_status": "Y", "eci": "02", "challenged": false })),
        ("4000009911000001", "", json!({ "trans_status": "A", "eci": "06", "challenged": false })),
        ("4000009915000007", "", json!({ "trans_status": "I", "eci": "07", "challenged": false })),
        (
            "4000009912000000",
            "",
            json!({ "trans_status": "N", "eci": "07", "challenged": false, "trans_status_reason": "15" }),
        ),
        (
            "4000009913000009",
            "",
            json!({ "trans_status": "U", "eci": "07", "challenged": false, "trans_status_reason": "13" }),
        ),
        (
            "4000009914000008",
            "",
            json!({ "trans_status": "R", "eci": "07", "challenged": false, "trans_status_reason": "11" }),
        ),
        (CHALLENGED, "verify", json!({ "trans_status": "Y", "eci": "02", "challenged": true })),
        (
            TESTER_CHOOSES,
            "N",
            json!({ "trans_status": "N", "eci": "07", "challenged": true, "trans_status_reason": "01" }),
        ),
        (
            TESTER_CHOOSES,
            "U",
            json!({ "trans_status": "U", "eci": "07", "challenged": true, "trans_status_reason": "14" }),
        ),
        (
            TESTER_CHOOSES,
            "cancel",
            json!({ "trans_status": "N", "eci": "07", "challenged": true, "trans_status_reason": "01", "challenge_cancel": "01" }),
        ),
        (
            TESTER_CHOOSES,
            "timeout",
            json!({ "trans_status": "N", "eci": "07", "challenged": true, "trans_status_reason": "14", "challenge_cancel": "04" }),
        ),
    ] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        if action.is_empty() {
            app.pay(&id, &card(number)).await;
        } else {
            app.begin_challenge(&id, &card(number)).await;
            app.answer_bank(&id, action, "1234").await;
        }
        let mut said = app.three_d_secure(&id).await;
        let said = said.as_object_mut().unwrap_or_else(|| panic!("{number}"));
        let ids: Vec<Value> = ["three_ds_server_trans_id", "ds_trans_id", "acs_trans_id"]
            .into_iter()
            .map(|name| said.remove(name).unwrap_or_else(|| panic!("{number}: no {name}")))
            .collect();
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        let vouched = ["Y", "A"].contains(&expected["trans_status"].as_str().unwrap());
        assert_eq!(vouched.then_some(28), said.remove("cavv").map(|cavv| cavv.as_str().unwrap().len()), "{number}");
        assert_eq!(&expected, &Value::Object(said.clone()), "{number} {action}");
        app.audit();
    }
    let app = App::new().await;
    let id = app.paid(crate::app::GOOD, json!({})).await;
    assert_eq!(Value::Null, app.three_d_secure(&id).await, "nobody was asked");
}

#[tokio::test]
async fn a_silent_directory_ends_the_try() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let waiting = app.pay_slowly(&id, &card("4000009930000008")).await;
    app.advance(29).await;
    assert_eq!("pending_execute", app.status(&id).await);
    waiting.await.unwrap();
    app.advance(1).await;
    assert_eq!(json!({ "trans_status": "U", "challenged": false }), app.three_d_secure(&id).await);
    app.assert_failed_with("timeout_3ds_enrollment_check", &id).await;

    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    let waiting = app.pay_slowly(&id, &card("4000009931000007")).await;
    app.advance(10).await;
    waiting.await.unwrap();
    assert_eq!("paid", app.status(&id).await);
    app.audit();
}

#[tokio::test]
async fn a_link_opened_again_leads_to_the_same_question() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card(CHALLENGED)).await;
    let creq = hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq");
    assert_eq!(creq, hidden(&app.link(&id).await, "creq"), "no card form meanwhile");
    assert!(!app.link(&id).await.text().contains("card_number"));
    let result = app.page(&format!("/p/{id}/result/")).await;
    assert_eq!((303, format!("/p/{id}/challenge/").as_str()), (result.status, result.header("location")));
    // Another window's card is not taken, and no action either.
    let answer = app.submit(&id, card("4444333322221111").body(&app.token(&id))).await;
    assert_eq!(409, answer.status);
    assert_eq!(400, app.cancel(&id).await.status);
    assert_eq!(0, app.book().await.len());
    app.answer_bank(&id, "verify", "1234").await;
    assert_eq!("paid", app.status(&id).await);
    let after = app.page(&format!("/p/{id}/challenge/")).await;
    assert_eq!((303, format!("/p/{id}/result/").as_str()), (after.status, after.header("location")));
    app.audit();
}

#[test]
fn a_restart_forgets_the_code_and_ends_the_try() {
    let (home, id, cres) = until_the_crash(async {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(CHALLENGED)).await;
        let creq = hidden(&app.page(&format!("/p/{id}/challenge/")).await, "creq");
        let cres = changed(&creq, |message| {
            message["messageType"] = json!("CRes");
            message["challengeCompletionInd"] = json!("Y");
            message["transStatus"] = json!("Y");
        });
        (app.leave(), id, cres)
    });
    until_the_crash(async {
        let app = App::again(home).await;
        app.come_back(&id, &cres).await;
        assert_eq!(0, app.book().await.len(), "without the code nothing is sent");
        app.advance(600).await;
        app.assert_not_authenticated(&id).await;
    });
}

#[tokio::test]
async fn the_code_is_judged_after_the_bank_and_the_date_before() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &Form { cvc: "999", ..card(CHALLENGED) }).await;
    app.answer_bank(&id, "verify", "1234").await;
    let shown = app.show(&id).await;
    assert_eq!(vec!["execute validation_cvc_invalid"], tries(&shown));
    assert_eq!(json!(true), shown["transaction_data"]["attempts"][0]["extra"]["three_d_secure"]);
    assert_eq!(vec!["authorize 954 MYR declined"], app.book().await);

    // A bank's yes and the issuer's no.
    let id = app.purchase_id(json!({})).await;
    app.begin_challenge(&id, &card("4000009920510008")).await;
    app.answer_bank(&id, "verify", "1234").await;
    assert_eq!(vec!["execute insufficient_funds"], tries(&app.show(&id).await));
    assert_eq!(0, app.approvals_kept().await);
    app.audit();
}

#[tokio::test]
async fn an_issuer_that_wants_the_bank_asked_gets_it_asked() {
    let app = App::new().await;
    let id = app.purchase_id(json!({ "force_recurring": true })).await;
    app.begin_challenge(&id, &card(SOFT_DECLINE)).await;
    let waiting = app.show(&id).await;
    assert_eq!("created viewed pending_execute error pending_execute", story(&waiting));
    assert_eq!(vec!["execute soft_decline_contact_support"], tries(&waiting));
    app.audit_with_open_tries(1);
    app.answer_bank(&id, "verify", "1234").await;
    let paid = app.show(&id).await;
    assert_eq!(
        (json!("paid"), json!(true)),
        (paid["status"].clone(), paid["transaction_data"]["extra"]["three_d_secure"].clone())
    );
    assert_eq!(vec!["execute ok", "execute soft_decline_contact_support"], tries(&paid));
    let book = ["authorize 954 MYR declined", "authorize 954 MYR approved", "capture 954 MYR approved"];
    assert_eq!(book.to_vec(), app.book().await);
    app.advance(3_600).await;
    assert_eq!(paid, app.show(&id).await);
    assert_eq!(200, app.act(&id, "delete_recurring_token", "").await.status, "one card, kept once");
    app.audit();
}

#[tokio::test]
async fn an_issuer_that_wants_the_bank_asked_gets_nothing_without_it() {
    for (action, seconds) in [("cancel", 0), ("", 600)] {
        let app = App::new().await;
        let id = app.purchase_id(json!({})).await;
        app.begin_challenge(&id, &card(SOFT_DECLINE)).await;
        if action == "cancel" {
            app.answer_bank(&id, action, "").await;
        }
        app.advance(seconds).await;
        let shown = app.show(&id).await;
        assert_eq!("created viewed pending_execute error pending_execute error", story(&shown));
        assert_eq!(vec!["execute 3ds_authentication_failed", "execute soft_decline_contact_support"], tries(&shown));
        assert_eq!(vec!["authorize 954 MYR declined"], app.book().await);
        app.audit();
    }
    // Where one try is all there is, it was the one.
    let app = App::new().await;
    let id = app.purchase_id(json!({ "purchase": { "single_attempt": true } })).await;
    app.pay(&id, &card(SOFT_DECLINE)).await;
    assert_eq!("created viewed pending_execute error cancelled", story(&app.show(&id).await));
    assert_eq!(0, app.approvals_kept().await);
    app.advance(3_600).await;
    app.audit();
}
