//! The hosted page of a client session (orchestration-api 7.5): gift cards and one more means of payment, and the way back
//! to the merchant whatever becomes of them.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::app::{Answer, App, ask, card, request};
use crate::orchestration::{CHALLENGED, FRICTIONLESS, PAYMENTS, REFUSED, SESSIONS, id, legs};
use crate::three_ds::hidden;

const FORM: &str = "application/x-www-form-urlencoded";
const GIFT: &str = "6000000000002000";
/// Can be read, and not be paid with.
const BAD_GIFT: &str = "6001000000002000";
const BACK: &str = "https://shop.example/back?order_id=7&purse-redirection-data=";

/// A payer at the page of a session.
struct Payer {
    app: App,
    session: String,
    path: String,
}

impl Payer {
    async fn new(changes: Value) -> Self {
        Self::at(App::new().await, changes).await
    }

    async fn at(app: App, changes: Value) -> Self {
        let mut body = app.session_body("SO-7", &json!({ "integration_mode": "HOSTED_PAGE" }));
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let session = app.shop_post(SESSIONS, &body).await;
        let page = session["redirection"]["href"].as_str().unwrap();
        let path = format!("{}/", page.strip_prefix("http://pay.example.com").unwrap());
        Self { session: id(&session), path, app }
    }

    /// 120.00 EUR, for which every way to pay is offered.
    async fn of_much() -> Self {
        let order = json!({ "reference": "SO-8", "net_amount": 12_000 });
        Self::new(json!({ "amount": 12_000, "order": order })).await
    }

    async fn open(&self, page: &str) -> Answer {
        let answer = self.app.page(&format!("{}{page}", self.path)).await;
        assert!(!answer.headers.contains_key("x-frame-options"));
        if answer.status == 200 {
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("frame-ancestors *") && policy.contains("default-src 'none'"), "{policy}");
        }
        answer
    }

    async fn post(&self, page: &str, body: String) -> Answer {
        ask(&self.app.router, request(Method::POST, &format!("{}{page}", self.path), "", FORM, body)).await
    }

    /// Adds a gift card to the page.
    async fn add(&self, page: &Answer, number: &str, code: &str) -> Answer {
        let fields = format!("{}gift_kind=illicado%2Fgiftcard&gift_number={number}&gift_code={code}", gifts(page));
        self.post("gift-cards/", fields).await
    }

    /// Pays from this page with this means and these fields of it.
    async fn pay(&self, page: &Answer, method: &str, fields: &str) -> Answer {
        let (token, method) = (page.token(), method.replace('/', "%2F"));
        self.post("", format!("attempt={token}&method={method}&{}{fields}", gifts(page))).await
    }

    async fn pay_by_card(&self, page: &Answer, number: &str) -> Answer {
        let fields = card(number).body("").split_once('&').unwrap().1.to_owned();
        self.pay(page, "dalenys/creditcard", &fields).await
    }

    /// The page after a post that went through.
    async fn follow(&self, posted: &Answer) -> Answer {
        assert_eq!(303, posted.status, "{}", posted.text());
        self.app.page(posted.header("location")).await
    }

    async fn status(&self) -> String {
        let session = self.app.shop_get(&format!("{SESSIONS}/{}", self.session)).await;
        session["status"].as_str().unwrap().to_owned()
    }

    /// The authorization and its legs, as the merchant reads them.
    async fn legs(&self) -> String {
        let session = self.app.shop_get(&format!("{SESSIONS}/{}", self.session)).await;
        let payment = session["payment_id"].as_str().unwrap().to_owned();
        legs(&self.app.shop_get(&format!("{PAYMENTS}/{payment}")).await)
    }

    /// Approvals that were not given back, once all is done that needs no time.
    async fn kept(&self) -> usize {
        self.app.engine.env().clock().quiet().await;
        self.app.approvals_kept().await
    }

    /// Where a reload leads once there is nothing left to do here.
    async fn led_back(&self, claims: &str) {
        let again = self.open("").await;
        assert_eq!((303, claims.to_owned()), (again.status, said(again.header("location"))));
    }

    /// To the partner's page, and what the payer chooses on it; answers where the browser goes then.
    async fn choose(&self, led: &Answer, choice: &str) -> String {
        let page = goes_on_to(led);
        let page = page.strip_prefix("http://pay.example.com").unwrap();
        let decided = ask(&self.app.router, request(Method::POST, page, "", FORM, format!("action={choice}"))).await;
        let after = self.app.page(decided.header("location")).await;
        goes_on_to(&after).strip_prefix("http://pay.example.com").unwrap().to_owned()
    }
}

/// The sealed gift cards of a page, as the next post carries them.
fn gifts(page: &Answer) -> String {
    let html = page.text();
    // Each form has all of them.
    let form = html.split("<form").find(|form| form.contains(r#"name="gift""#)).unwrap_or_default();
    let tokens = form.split(r#"name="gift" value=""#).skip(1).map(|rest| rest.split('"').next().unwrap());
    tokens.map(|token| format!("gift={token}&")).collect()
}

/// Where a page goes on to by itself.
fn goes_on_to(page: &Answer) -> String {
    assert_eq!(200, page.status, "{}", page.text());
    let html = page.text();
    let (_, rest) = html.split_once("data-to=\"").unwrap_or_else(|| panic!("it stays: {html}"));
    rest.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&")
}

/// What the signed token in the merchant's address says.
fn said(url: &str) -> String {
    let token = url.strip_prefix(BACK).unwrap_or_else(|| panic!("not the merchant's: {url}"));
    let token = token.strip_suffix("#thanks").unwrap_or_else(|| panic!("no fragment: {url}"));
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let word = |name: &str| claims[name].as_str().unwrap_or("-").to_owned();
    format!("{} {}", word("client_session_status"), word("authorization_status"))
}

fn says(page: &Answer, words: &str) {
    assert!(page.words().replace('\n', " ").contains(words), "{words:?} is missing in {}", page.words());
}

#[tokio::test]
async fn a_card_that_passes_pays_and_leads_to_the_merchant() {
    let payer = Payer::of_much().await;
    let page = payer.open("").await;
    for words in ["€120.00", "Card", "PayPal", "Oney", "iDEAL", "Add a gift card", "Cancel this payment", "SO-8"] {
        says(&page, words);
    }
    assert_eq!(200, payer.app.page(payer.path.trim_end_matches('/')).await.status, "without the slash");
    let paid = payer.pay_by_card(&page, FRICTIONLESS).await;
    let after = payer.follow(&paid).await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&after)));
    assert_eq!("AUTHORIZED: AUTHORIZED 12000", payer.legs().await);
    payer.led_back("SUBMITTED AUTHORIZED").await;
    payer.app.audit();
}

#[tokio::test]
async fn a_card_that_is_typed_wrong_is_not_sent() {
    let payer = Payer::new(json!({})).await;
    let page = payer.open("").await;
    for (number, words) in
        [("4111111111111112", "Check the card number. One digit may be wrong"), ("", "Enter your card number")]
    {
        let again = payer.pay_by_card(&page, number).await;
        assert_eq!(422, again.status);
        says(&again, words);
        assert!(again.text().contains(r#"value="Ada Example""#), "what is no secret stays");
        assert!(!again.text().contains("4111111111111112") && !again.text().contains(r#"value="123""#));
    }
    let expired = payer.pay(&page, "dalenys/creditcard", "card_number=4111111111111111&expires=01%2F20&cvc=123").await;
    says(&expired, "This card has expired. Use another card");
    assert_eq!("CREATED", payer.status().await);
    assert_eq!(Vec::<String>::new(), payer.app.book().await);
}

#[tokio::test]
async fn a_card_that_is_refused_leads_to_the_merchant_as_well() {
    let payer = Payer::new(json!({})).await;
    let paid = payer.pay_by_card(&payer.open("").await, REFUSED).await;
    let after = payer.follow(&paid).await;
    says(&after, "Payment not completed");
    says(&after, "You have not been charged.");
    assert_eq!("SUBMITTED REFUSED", said(&goes_on_to(&after)));
    payer.led_back("SUBMITTED REFUSED").await;
}

#[tokio::test]
async fn the_bank_asks_the_payer_below_the_page() {
    for (code, status) in [("1234", "AUTHORIZED"), ("0000", "REFUSED")] {
        let payer = Payer::new(json!({})).await;
        let paid = payer.pay_by_card(&payer.open("").await, CHALLENGED).await;
        assert_eq!((303, format!("{}challenge/", payer.path).as_str()), (paid.status, paid.header("location")));
        let challenge = payer.follow(&paid).await;
        says(&payer.open("").await, "Your bank asks you to confirm this payment");
        assert_eq!(303, payer.open("result/").await.status, "back to the question");
        let creq = hidden(&challenge, "creq");
        let mut bank = Answer { body: "".into(), ..challenge.clone() };
        for _ in 0..3 {
            let body = format!("creq={creq}&threeDSSessionData=x&otp={code}&action=verify");
            bank = ask(&payer.app.router, request(Method::POST, "/acs/challenge", "", FORM, body)).await;
            if bank.text().contains(r#"name="cres""#) {
                break;
            }
        }
        let cres = hidden(&bank, "cres");
        assert!(bank.text().contains(&format!("{}3ds/", payer.path)), "{}", bank.text());
        let returned = payer.post("3ds/", format!("cres={cres}")).await;
        assert_eq!(200, returned.status);
        let after = payer.open("result/").await;
        assert_eq!(format!("SUBMITTED {status}"), said(&goes_on_to(&after)));
        payer.led_back(&format!("SUBMITTED {status}")).await;
    }
}

#[tokio::test]
async fn a_payer_gives_up_at_the_bank() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    let challenge = payer.follow(&payer.pay_by_card(&page, CHALLENGED).await).await;
    let token = hidden(&challenge, "attempt");
    let given_up = payer.post("challenge/", format!("attempt={token}&cancel=on")).await;
    let after = payer.follow(&given_up).await;
    assert_eq!(0, payer.kept().await);
    says(&after, "What was reserved on your gift cards is given back.");
    assert!(said(&goes_on_to(&after)).starts_with("SUBMITTED "));
    assert!(payer.legs().await.contains("ABORTED 2000"), "{}", payer.legs().await);
}

#[tokio::test]
async fn a_gift_card_pays_a_part_and_a_card_the_rest() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, "6000+0000+0000+2000", "123").await;
    assert_eq!(200, page.status, "{}", page.text());
    for words in ["600000******2000", "€20.00", "Left to pay €22.99", "Pay €22.99", "Remove"] {
        says(&page, words);
    }
    assert!(!page.text().contains(GIFT), "only its seal");
    let paid = payer.pay_by_card(&page, FRICTIONLESS).await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&payer.follow(&paid).await)));
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", payer.legs().await);
    payer.app.audit();
}

#[tokio::test]
async fn gift_cards_pay_all_of_it() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    let page = payer.add(&page, "6000000000005000", "123").await;
    says(&page, "Your gift cards cover the whole amount.");
    says(&page, "Pay €42.99");
    for gone in [r#"name="card_number""#, r#"name="method""#, r#"name="gift_number""#] {
        assert!(!page.text().contains(gone), "{gone}");
    }
    let paid = payer.pay(&page, "", "").await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&payer.follow(&paid).await)));
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", payer.legs().await);
}

#[tokio::test]
async fn a_gift_card_that_cannot_be_used_says_why() {
    let payer = Payer::of_much().await;
    let empty = payer.open("").await;
    for (number, code, words) in [
        ("600000", "123", "Enter the gift card number: 16 to 19 digits"),
        (GIFT, "", "Enter the code of the gift card"),
        (GIFT, "999", "Check number and code. This gift card was not found"),
        ("6000000000000000", "123", "There is nothing left on this gift card"),
    ] {
        let again = payer.add(&empty, number, code).await;
        assert_eq!(422, again.status, "{words}");
        says(&again, words);
        assert!(again.text().contains("<details class=\"order gift-add\" open>"), "where it can be seen");
        assert!(!again.text().contains(&format!("value=\"{number}\"")));
    }
    let one = payer.add(&empty, GIFT, "123").await;
    says(&payer.add(&one, GIFT, "123").await, "You have already added this gift card");
    let mut page = one.clone();
    for serial in 1..3 {
        let body =
            format!("{}gift_kind=easy2play%2Fgiftcard&gift_number=60000{serial}0000001000&gift_code=123", gifts(&page));
        page = payer.post("gift-cards/", body).await;
        assert_eq!(200, page.status);
    }
    let third = format!("{}gift_kind=easy2play%2Fgiftcard&gift_number=6000030000001000&gift_code=123", gifts(&page));
    says(&payer.post("gift-cards/", third).await, "No more gift cards of this kind can be used for this payment");
    let fewer = payer.post("gift-cards/", format!("{}remove=0", gifts(&page))).await;
    says(&fewer, "Left to pay €100.00");
    assert!(!fewer.words().contains("600000******2000"), "it was taken off");
    let nobodys = payer.post("gift-cards/", "gift_kind=nobody%2Fgiftcard&gift_number=1&gift_code=1".to_owned()).await;
    says(&nobodys, "This page was out of date. You have not been charged. Try again.");
    assert_eq!(303, payer.open("gift-cards/").await.status);
}

#[tokio::test]
async fn codes_of_gift_cards_are_not_to_be_guessed() {
    const REFUSED: &str = "Check number and code. This gift card was not found";
    for (app, bound) in [(App::with_test_limits().await, true), (App::new().await, false)] {
        let payer = Payer::at(app, json!({})).await;
        let page = payer.open("").await;
        // What was read is no guess.
        assert_eq!(200, payer.add(&page, GIFT, "123").await.status);
        for code in 0..10 {
            says(&payer.add(&page, GIFT, &format!("99{code}")).await, REFUSED);
        }
        let right = payer.add(&page, GIFT, "123").await;
        if bound {
            says(&right, REFUSED);
        } else {
            assert_eq!(200, right.status, "{}", right.text());
        }
    }
}

#[tokio::test]
async fn there_is_room_for_ten() {
    let payer = Payer::of_much().await;
    let mut page = payer.open("").await;
    for serial in 0..9 {
        page = payer.add(&page, &format!("60001{serial}0000001000"), "123").await;
        assert_eq!(200, page.status, "{}", page.text());
    }
    says(&payer.add(&page, "6000190000001000", "123").await, "No more gift cards can be used for this payment");
    let tenth = payer.add(&page, "6000190000005000", "123").await;
    says(&tenth, "Your gift cards cover the whole amount.");
    let paid = payer.pay(&tenth, "", "").await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&payer.follow(&paid).await)));
    assert_eq!(10, payer.legs().await.matches("AUTHORIZED ").count());
}

#[tokio::test]
async fn a_gift_card_of_another_session_is_none() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    let Payer { app, .. } = payer;
    let other = Payer::at(app, json!({ "order": { "reference": "SO-9", "net_amount": 4_299 } })).await;
    let moved = other.post("gift-cards/", format!("{}remove=9", gifts(&page))).await;
    assert_eq!(422, moved.status);
    says(&moved, "This page was out of date.");
    assert!(!moved.words().contains("600000******2000"));
    let token = other.open("").await.token();
    let paid = other.post("", format!("attempt={token}&{}method=paypal%2Fwallet", gifts(&page))).await;
    assert_eq!(422, paid.status, "and nothing is paid with less than was shown");
    assert_eq!("CREATED", other.status().await);
}

#[tokio::test]
async fn gift_cards_of_a_page_outlive_the_process_and_not_the_day() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    let payer = Payer { app: App::again(payer.app.leave()).await, ..payer };
    let paid = payer.pay_by_card(&page, FRICTIONLESS).await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&payer.follow(&paid).await)));
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", payer.legs().await);

    let token = gifts(&page).trim_start_matches("gift=").trim_end_matches('&').to_owned();
    let shown = payer.app.engine.show(domain::CheckoutId::parse(&payer.session).unwrap()).await.unwrap();
    assert!(payer.app.engine.open_gift_card(&shown, &token).is_some());
    payer.app.advance(86_400).await;
    assert!(payer.app.engine.open_gift_card(&shown, &token).is_none());
}

#[tokio::test]
async fn a_gift_card_that_was_used_elsewhere_is_shown_as_it_is_now() {
    let payer = Payer::new(json!({})).await;
    let number = "6000123456002000";
    let page = payer.add(&payer.open("").await, number, "123").await;
    let app = &payer.app;
    let spent = app.split("SO-20", &[crate::orchestration::gift("illicado", number, 500)], &Value::Null).await;
    assert_eq!(200, spent.status, "{}", spent.text());
    let again = payer.pay_by_card(&page, FRICTIONLESS).await;
    assert_eq!(422, again.status);
    says(&again, "The balance of a gift card has changed. You have not been charged.");
    says(&again, "Left to pay €27.99");
    let paid = payer.pay_by_card(&again, FRICTIONLESS).await;
    assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&payer.follow(&paid).await)));
    assert_eq!("AUTHORIZED: AUTHORIZED 1500, AUTHORIZED 2799", payer.legs().await);
}

#[tokio::test]
async fn what_a_gift_card_reserved_goes_back_when_another_is_refused() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    let page = payer.add(&page, BAD_GIFT, "123").await;
    let paid = payer.pay_by_card(&page, FRICTIONLESS).await;
    let after = payer.follow(&paid).await;
    for words in [
        "A gift card was not accepted. You have not been charged.",
        "What was reserved on your gift cards is given back.",
    ] {
        says(&after, words);
    }
    assert_eq!("SUBMITTED REFUSED", said(&goes_on_to(&after)));
    assert_eq!("REFUSED: ABORTED 2000, REFUSED 2000, ABORTED 299", payer.legs().await);
    assert_eq!(0, payer.kept().await);
}

#[tokio::test]
async fn a_wallet_asks_the_payer_on_a_page_of_its_own() {
    for (choice, status) in [("approve", "AUTHORIZED"), ("refuse", "REFUSED"), ("cancel", "ABORTED")] {
        let payer = Payer::new(json!({})).await;
        let page = payer.add(&payer.open("").await, GIFT, "123").await;
        let led = payer.follow(&payer.pay(&page, "paypal/wallet", "").await).await;
        assert!(goes_on_to(&led).starts_with("http://pay.example.com/acs/pay/"), "{}", led.text());
        let stays = payer.open("").await;
        says(&stays, "The payment waits for you there. You have not been charged yet.");
        assert!(!stays.text().contains("data-to=") && stays.text().contains("cancel/"));
        let back = payer.choose(&led, choice).await;
        assert_eq!(format!("{}return/", payer.path), back);
        let returned = payer.app.page(&back).await;
        let after = payer.follow(&returned).await;
        assert_eq!(format!("SUBMITTED {status}"), said(&goes_on_to(&after)), "{choice}");
        payer.led_back(&format!("SUBMITTED {status}")).await;
        let kept = if choice == "approve" { 2 } else { 0 };
        assert_eq!(kept, payer.kept().await, "{choice}");
    }
}

#[tokio::test]
async fn a_lender_and_a_bank_ask_as_well() {
    for (method, house) in [("oney/cb3x", "Test lender"), ("adyen/ideal", "Test bank")] {
        let payer = Payer::of_much().await;
        let page = payer.open("").await;
        let led = payer.follow(&payer.pay(&page, method, "").await).await;
        let partner = goes_on_to(&led);
        says(&payer.app.page(partner.strip_prefix("http://pay.example.com").unwrap()).await, house);
        let back = payer.choose(&led, "approve").await;
        let after = payer.follow(&payer.app.page(&back).await).await;
        assert_eq!("SUBMITTED AUTHORIZED", said(&goes_on_to(&after)), "{method}");
    }
}

#[tokio::test]
async fn what_takes_no_less_is_not_offered_for_the_rest() {
    let payer = Payer::of_much().await;
    let page = payer.add(&payer.open("").await, "6000000000003000", "123").await;
    assert!(!page.words().contains("Oney"), "a loan of less than 100.00");
    assert_eq!(422, payer.pay(&page, "oney/cb3x", "").await.status);
    let fewer = payer.post("gift-cards/", format!("{}remove=0", gifts(&page))).await;
    says(&fewer, "Oney");
}

#[tokio::test]
async fn a_bank_that_takes_its_time_sends_the_payer_back_meanwhile() {
    let payer = Payer::of_much().await;
    let led = payer.follow(&payer.pay(&payer.open("").await, "adyen/ideal", "").await).await;
    let back = payer.choose(&led, "later").await;
    let pending = payer.app.page(&back).await;
    says(&pending, "Please do not pay again");
    assert_eq!("SUBMITTED PENDING", said(&goes_on_to(&pending)));
    payer.app.advance(31).await;
    assert_eq!("AUTHORIZED: AUTHORIZED 12000", payer.legs().await);
    payer.led_back("SUBMITTED AUTHORIZED").await;
}

#[tokio::test]
async fn a_payer_cancels_before_and_while_paying() {
    let payer = Payer::new(json!({})).await;
    let token = payer.open("").await.token();
    assert_eq!(303, payer.post("cancel/", "attempt=nonsense".to_owned()).await.status);
    assert_eq!("CREATED", payer.status().await, "only by the page's own form");
    let after = payer.follow(&payer.post("cancel/", format!("attempt={token}")).await).await;
    says(&after, "You cancelled this payment.");
    says(&after, "You have not been charged.");
    assert_eq!("ABORTED_BY_CUSTOMER -", said(&goes_on_to(&after)));
    payer.led_back("ABORTED_BY_CUSTOMER -").await;

    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, GIFT, "123").await;
    payer.follow(&payer.pay(&page, "paypal/wallet", "").await).await;
    let token = payer.open("").await.token();
    let after = payer.follow(&payer.post("cancel/", format!("attempt={token}")).await).await;
    says(&after, "What was reserved on your gift cards is given back.");
    assert_eq!("ABORTED_BY_CUSTOMER ABORTED", said(&goes_on_to(&after)));
    assert_eq!(0, payer.kept().await);
    let late = payer.post("cancel/", format!("attempt={token}")).await;
    assert_eq!((303, format!("{}result/", payer.path).as_str()), (late.status, late.header("location")));
}

#[tokio::test]
async fn a_session_that_ran_out_or_was_ended_leads_to_the_merchant() {
    let payer = Payer::new(json!({})).await;
    let page = payer.open("").await;
    payer.app.advance(30 * 60).await;
    payer.led_back("EXPIRED -").await;
    let late = payer.pay_by_card(&page, FRICTIONLESS).await;
    let after = payer.follow(&late).await;
    says(&after, "This payment link has expired.");
    assert_eq!("EXPIRED -", said(&goes_on_to(&after)));
    let late = payer.add(&page, GIFT, "123").await;
    assert_eq!((303, format!("{}result/", payer.path).as_str()), (late.status, late.header("location")));
    assert_eq!(Vec::<String>::new(), payer.app.book().await);

    let payer = Payer::new(json!({})).await;
    payer.app.shop_post(&format!("{SESSIONS}/{}/abort", payer.session), &json!({})).await;
    payer.led_back("ABORTED_BY_MERCHANT -").await;
}

#[tokio::test]
async fn a_form_that_is_posted_twice_pays_once() {
    let payer = Payer::new(json!({})).await;
    let page = payer.add(&payer.open("").await, "6000123456002000", "123").await;
    let (one, other) = tokio::join!(payer.pay_by_card(&page, FRICTIONLESS), payer.pay_by_card(&page, FRICTIONLESS));
    let later = payer.pay_by_card(&page, FRICTIONLESS).await;
    for answer in [one, other, later] {
        assert_eq!((303, format!("{}result/", payer.path).as_str()), (answer.status, answer.header("location")));
    }
    assert_eq!(2, payer.kept().await);
    assert_eq!("AUTHORIZED: AUTHORIZED 2000, AUTHORIZED 2299", payer.legs().await);
    payer.app.audit();
}

#[tokio::test]
async fn a_form_of_another_session_does_not_pay() {
    let payer = Payer::new(json!({})).await;
    let page = payer.open("").await;
    let other = Payer::at(payer.app, json!({ "order": { "reference": "SO-9", "net_amount": 4_299 } })).await;
    let again = other.pay_by_card(&page, FRICTIONLESS).await;
    assert_eq!(422, again.status);
    says(&again, "This page was out of date. You have not been charged. Try again.");
    assert_eq!("CREATED", other.status().await);
}

#[tokio::test]
async fn what_leads_nowhere_is_not_found() {
    let payer = Payer::new(json!({})).await;
    let nobody = "0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10";
    let entity = payer.app.merchant.orchestration.entity_id.clone();
    let unknown = payer.app.page(&format!("/entities/{entity}/sessions/{nobody}/")).await;
    let shop = payer.app.purchase_id(json!({})).await;
    for path in [
        format!("/entities/{nobody}/sessions/{}/", payer.session),
        format!("/entities/x/sessions/{}/", payer.session),
        format!("/entities/{entity}/sessions/{shop}/"),
        format!("/entities/{entity}/sessions/{}/nothing", payer.session),
        format!("/entities/{nobody}/sessions/{}/result/", payer.session),
        format!("/p/{}/", payer.session),
        format!("/card/{}/", payer.session),
        format!("/entities/{entity}"),
    ] {
        let answer = payer.app.page(&path).await;
        assert_eq!((404, unknown.text()), (answer.status, answer.text()), "{path}");
    }
    assert_eq!("CREATED", payer.status().await);
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_session() {
    let customer = json!({ "reference": "C-1", "locale": "fr-FR", "email": "ada@example.com" });
    let payer = Payer::new(json!({ "customer": customer })).await;
    let page = payer.open("?lang=de").await;
    assert_eq!("fr", page.header("content-language"));
    says(&page, "Comment souhaitez-vous payer ?");
    assert!(!page.text().contains("class=\"languages\""), "the merchant chose");
}
