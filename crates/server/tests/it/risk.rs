//! Card testing: limits, retry rules, lists and scores (security R1, R2, T5). Limits bind in test mode here because they
//! are switched on.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::Method;
use domain::risk::{ListKind, Listed, Policy, Rule, RuleName};
use domain::{CheckoutId, MerchantId, Mode};
use serde_json::{Value, json};
use tollgate_http::caller::Caller;

use crate::app::{Answer, App, Form, GOOD, Merchant, ask, card, request, story, submission, tries};

const LOST: &str = "4000009900410005";
const LATER_DECLINED: &str = "4000009900009104";
const LATER_DEAD: &str = "4000009900009302";
const DAY: u64 = 86_400;
const BANK: &str =
    "Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.";
const CLOSED: &str = "This payment can no longer be made here.";

/// A number of the grammar of test cards (checkout-ux 20).
pub(crate) fn pan(prefix: &str, tt: u32, rr: u32, ff: u32, v: u32) -> String {
    let body = format!("{prefix}{tt:02}{rr:02}{ff:02}{v}");
    let double = |(at, digit): (usize, u8)| {
        let digit = u32::from(digit - b'0');
        if at % 2 == 1 { digit } else { digit * 2 - if digit > 4 { 9 } else { 0 } }
    };
    let sum: u32 = body.bytes().rev().enumerate().map(double).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Declined with 05; `v` tells ten of them apart.
fn declined(v: u32) -> String {
    pan("40000099", 0, 5, 0, v % 10)
}

impl App {
    /// Posts a card from an address; the clock moves as far as the answer needs.
    pub(crate) async fn try_card(&self, id: &str, form: &Form<'_>, ip: &str) -> Answer {
        let mut post = submission(id, form.body(&self.token(id)));
        let ip: IpAddr = ip.parse().unwrap();
        post.extensions_mut().insert(Caller(ip));
        let router = self.router.clone();
        let waiting = tokio::spawn(async move { ask(&router, post).await });
        self.let_time_pass(|| waiting.is_finished()).await;
        waiting.await.unwrap()
    }

    /// Moves the clock from wake to wake until something is done.
    pub(crate) async fn let_time_pass(&self, is_done: impl Fn() -> bool) {
        let clock = self.engine.env().clock();
        while !is_done() {
            clock.quiet().await;
            match clock.next_wake() {
                Some(next) if clock.is_quiet() => clock.move_to(next),
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// The status of a new purchase after one try with this card.
    async fn tried(&self, number: &str, ip: &str) -> String {
        let id = self.purchase_id(json!({})).await;
        self.try_card(&id, &card(number), ip).await;
        self.status(&id).await
    }

    /// The code of the newest try.
    async fn code(&self, id: &str) -> String {
        tries(&self.show(id).await)[0].split_once(' ').unwrap().1.to_owned()
    }

    async fn purchase_of(&self, merchant: &Merchant) -> String {
        let order = json!({
            "brand_id": merchant.brand_id, "client": { "email": "bo@example.com" },
            "purchase": { "products": [{ "name": "Tea", "price": 954 }] },
        });
        let made = self.api(Method::POST, "/purchases/", &merchant.secret_key, order.to_string()).await;
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn status_of(&self, merchant: &Merchant, id: &str) -> String {
        let shown = self.api(Method::GET, &format!("/purchases/{id}/"), &merchant.secret_key, "").await;
        shown.json()["status"].as_str().unwrap().to_owned()
    }

    /// How many authorizations the acquirer saw.
    async fn authorizations(&self) -> usize {
        self.book().await.iter().filter(|line| line.starts_with("authorize")).count()
    }

    pub(crate) async fn counted(&self, metric: &str) -> u64 {
        let text = self.page("/metrics").await.text();
        let line = text.lines().find(|line| line.starts_with(&format!("tollgate_{metric}")));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    fn merchant_id(&self) -> MerchantId {
        MerchantId::parse(&self.merchant.id).unwrap()
    }

    async fn list(&self, mode: Mode, kind: ListKind, value: &str) {
        let listed = Listed { kind, value: value.to_owned() };
        assert!(self.engine.list(self.merchant_id(), mode, listed).await.unwrap());
    }
}

/// An address for each number.
pub(crate) fn address(number: usize) -> String {
    format!("198.51.{}.{}", number / 250, number % 250)
}

#[tokio::test]
async fn ten_tries_per_purchase_and_then_it_is_blocked() {
    let app = App::with_test_limits().await;
    let id = app.purchase_id(json!({ "failure_redirect": "https://shop.example.com/no" })).await;
    for number in 0..10 {
        assert!(app.link(&id).await.has_form(), "{number} tries are not too many");
        app.try_card(&id, &card(&declined(number)), &address(0)).await;
        assert_eq!("do_not_honour", app.code(&id).await);
    }
    let blocked = app.show(&id).await;
    assert_eq!("blocked", blocked["status"]);
    assert!(story(&blocked).ends_with("pending_execute error blocked"), "{}", story(&blocked));
    let page = app.link(&id).await;
    assert!(!page.has_form() && page.words().contains(CLOSED), "{}", page.words());
    assert!(page.words().contains(BANK), "the last failure stands there too");
    let result = app.page(&format!("/p/{id}/result/")).await;
    assert!(result.text().contains("https://shop.example.com/no") && !result.text().contains("Try again"));

    let late = app.try_card(&id, &card(GOOD), &address(1)).await;
    assert_eq!((303, format!("/p/{id}/").as_str()), (late.status, late.header("location")));
    assert_eq!(10, tries(&app.show(&id).await).len(), "no try is written down any more");
    assert_eq!(10, app.authorizations().await);
    let paid = app.act(&id, "mark_as_paid", "{}").await;
    assert_eq!((200, json!("paid")), (paid.status, paid.json()["status"].clone()), "the merchant may end it");
    app.audit();
}

#[tokio::test]
async fn a_check_for_nothing_may_be_tried_five_times_and_a_single_attempt_once() {
    let app = App::with_test_limits().await;
    let check = json!({ "skip_capture": true, "purchase": { "total_override": 0 } });
    let id = app.purchase_id(check).await;
    for number in 0..5 {
        app.try_card(&id, &card(&declined(number)), &address(0)).await;
    }
    assert_eq!("blocked", app.status(&id).await);
    assert!(!app.link(&id).await.has_form());
    let once = app.purchase_id(json!({ "purchase": { "single_attempt": true } })).await;
    app.try_card(&once, &card(&declined(7)), &address(1)).await;
    assert_eq!("cancelled", app.status(&once).await);
    app.audit();
}

#[tokio::test]
async fn five_declines_of_a_card_here_and_ten_overall_survive_a_restart() {
    let app = App::with_test_limits().await;
    let number = declined(1);
    for decline in 0..5 {
        assert_eq!("error", app.tried(&number, &address(decline)).await);
    }
    let id = app.purchase_id(json!({})).await;
    app.try_card(&id, &card(&number), &address(5)).await;
    assert_eq!(("blocked".to_owned(), "antifraud_general".to_owned()), (app.status(&id).await, app.code(&id).await));
    let error = app.show(&id).await["transaction_data"]["attempts"][0]["error"].clone();
    assert_eq!("Blocked before it was sent: too many tries have failed.", error["message"], "the merchant sees it");
    assert_eq!("error", app.tried(&declined(2), &address(6)).await, "another card is tried");

    let other = app.another_merchant().await;
    for decline in 0..5 {
        let id = app.purchase_of(&other).await;
        app.try_card(&id, &card(&number), &address(10 + decline)).await;
        assert_eq!("error", app.status_of(&other, &id).await, "counted per merchant");
    }
    let third = app.another_merchant().await;
    let id = app.purchase_of(&third).await;
    app.try_card(&id, &card(&number), &address(20)).await;
    assert_eq!("blocked", app.status_of(&third, &id).await, "ten overall");
    assert_eq!(11, app.authorizations().await);

    app.advance(3_600).await;
    app.engine.close().await;
    let app = App::again_with_test_limits(app.leave()).await;
    assert_eq!("blocked", app.tried(&number, &address(30)).await, "a restart forgets no decline");
    app.advance(DAY - 3_600).await;
    assert_eq!("error", app.tried(&number, &address(31)).await, "a day later it is tried again");
    app.audit();
}

#[tokio::test]
async fn three_wrong_codes_block_the_card_everywhere_for_a_day() {
    let app = App::with_test_limits().await;
    for tried in 0..3 {
        let id = app.purchase_id(json!({})).await;
        app.try_card(&id, &Form { cvc: "999", ..card(GOOD) }, &address(tried)).await;
        assert_eq!("validation_cvc_invalid", app.code(&id).await);
    }
    let other = app.another_merchant().await;
    let id = app.purchase_of(&other).await;
    app.try_card(&id, &card(GOOD), &address(3)).await;
    assert_eq!("blocked", app.status_of(&other, &id).await, "the right code is too late");
    assert_eq!(3, app.authorizations().await);
    app.advance(DAY).await;
    assert_eq!("paid", app.tried(GOOD, &address(4)).await);
    app.audit();
}

#[tokio::test]
async fn twenty_tries_from_one_address_within_ten_minutes_over_all_merchants() {
    let app = App::with_test_limits().await;
    let other = app.another_merchant().await;
    let (here, there) = ("203.0.113.77", "2001:db8:1:2::1");
    let began = app.now();
    for tried in 0..20 {
        let id = if tried % 2 == 0 { app.purchase_id(json!({})).await } else { app.purchase_of(&other).await };
        app.try_card(&id, &card(GOOD), here).await;
        let id = app.purchase_id(json!({})).await;
        app.try_card(&id, &card(GOOD), there).await;
    }
    assert_eq!(40, app.approvals_kept().await);
    for (ip, status) in [
        (here, "blocked"),
        (there, "blocked"),
        ("::ffff:203.0.113.77", "blocked"),
        ("2001:db8:1:2:ffff::9", "blocked"),
        ("203.0.113.78", "paid"),
        ("2001:db8:1:3::1", "paid"),
    ] {
        assert_eq!(status, app.tried(GOOD, ip).await, "{ip}");
    }
    app.advance(u64::try_from(began + 599 - app.now()).unwrap()).await;
    assert_eq!("blocked", app.tried(GOOD, here).await);
    assert_eq!(began + 600, app.now(), "an answer that says no takes a second");
    assert_eq!("paid", app.tried(GOOD, here).await, "who was refused is not held longer for it");
    app.audit();
}

#[tokio::test]
async fn a_bin_whose_cards_are_mostly_declined_is_asked_about_and_then_paused() {
    let app = App::with_test_limits().await;
    let good = pan("40000099", 0, 0, 0, 3);
    // 31 of 50 are declined: 62 %.
    for tried in 0..50 {
        let number = if tried < 19 { pan("40000099", 0, 0, 0, tried % 10) } else { pan("40000099", 0, tried, 0, 1) };
        let status = app.tried(&number, &address(tried as usize)).await;
        assert!(["paid", "error", "blocked"].contains(&status.as_str()), "{tried}: {status}");
    }
    assert_eq!(50, app.authorizations().await, "nobody was stopped before there were fifty");
    let id = app.purchase_id(json!({})).await;
    let answer = app.try_card(&id, &card(&good), &address(50)).await;
    assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"), "the payer's bank is asked");
    assert_eq!(50, app.authorizations().await);
    app.answer_bank(&id, "verify", "1234").await;
    assert_eq!("paid", app.status(&id).await, "and an honest payer pays");
    assert_eq!("paid", app.tried("5200009900000009", &address(51)).await, "other cards are as they were");
    assert_eq!(0, app.counted("card_testing_alerts_total").await);

    // Nobody answers for the cards of a tester: above 85 %, none of them is taken.
    let mut number = 100;
    while app.counted("card_testing_alerts_total").await == 0 {
        number += 1;
        assert!(number < 200, "no alert");
        let id = app.purchase_id(json!({})).await;
        let tested = pan("40000099", 0, number % 90 + 1, 0, 2);
        let answer = app.try_card(&id, &card(&tested), &address(number as usize)).await;
        assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"));
        app.answer_bank(&id, "cancel", "").await;
    }
    assert_eq!(1, app.counted(r#"card_testing_alerts_total{kind="bin_paused"}"#).await);
    assert_eq!("blocked", app.tried(&good, &address(300)).await);
    assert_eq!("paid", app.tried("5200009900000009", &address(301)).await);
    app.advance(600).await;
    let id = app.purchase_id(json!({})).await;
    let answer = app.try_card(&id, &card(&good), &address(302)).await;
    assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"), "ten minutes later banks are asked again");
    assert_eq!(53, app.authorizations().await, "50, one who was asked, and two with other cards");
}

#[tokio::test]
async fn what_was_declined_for_good_is_not_sent_again() {
    let app = App::with_test_limits().await;
    assert_eq!("error", app.tried(LOST, &address(0)).await);
    let again = app.purchase_id(json!({})).await;
    let page = app.try_card(&again, &card(LOST), &address(1)).await;
    assert_eq!(303, page.status);
    assert_eq!("decline_irregular_transaction_pattern", app.code(&again).await);
    let dearer = app.purchase_id(json!({ "purchase": { "total_override": 955 } })).await;
    app.try_card(&dearer, &card(LOST), &address(2)).await;
    assert_eq!("lost_card", app.code(&dearer).await, "another amount is another payment");
    let other = app.another_merchant().await;
    let id = app.purchase_of(&other).await;
    app.try_card(&id, &card(LOST), &address(3)).await;
    assert_eq!("error", app.status_of(&other, &id).await, "and so is another merchant's");
    app.advance(60 * DAY).await;
    assert_eq!("blocked", app.tried(LOST, &address(4)).await, "for good is for good");
    assert_eq!(3, app.authorizations().await);
    app.audit();
}

impl App {
    /// A purchase that keeps this card.
    async fn keeping(&self, number: &str) -> String {
        let id = self.purchase_id(json!({ "force_recurring": true })).await;
        self.try_card(&id, &card(number), "203.0.113.200").await;
        assert_eq!("paid", self.status(&id).await);
        id
    }

    /// Charges a kept card by the API: status and code of the purchase.
    async fn charged(&self, token: &str, changes: Value) -> (u16, String, String) {
        let id = self.purchase_id(changes).await;
        let answer = self.act(&id, "charge", &json!({ "recurring_token": token }).to_string()).await;
        (answer.status, self.status(&id).await, self.code(&id).await)
    }
}

#[tokio::test]
async fn a_kept_card_is_charged_again_as_often_as_the_schemes_allow() {
    let app = App::with_test_limits().await;
    let token = app.keeping(LATER_DECLINED).await;
    let kept = app.authorizations().await;
    let soft = (400, "error".to_owned(), "insufficient_funds".to_owned());
    let blocked = (400, "blocked".to_owned(), "decline_irregular_transaction_pattern".to_owned());
    for charge in 0..10 {
        assert_eq!(soft, app.charged(&token, json!({})).await, "{charge}");
    }
    assert_eq!(blocked, app.charged(&token, json!({})).await, "ten a day");
    assert_eq!(kept + 10, app.authorizations().await);
    for _ in 0..5 {
        app.advance(DAY).await;
        assert_eq!(soft, app.charged(&token, json!({})).await);
    }
    app.advance(DAY).await;
    assert_eq!(blocked, app.charged(&token, json!({})).await, "fifteen in thirty days");
    assert_eq!(kept + 15, app.authorizations().await);
    app.advance(24 * DAY).await;
    assert_eq!(soft, app.charged(&token, json!({})).await, "the first ten are thirty days ago");

    let dead = app.keeping(LATER_DEAD).await;
    let gone = (400, "error".to_owned(), "recurring_token_expired".to_owned());
    assert_eq!(gone, app.charged(&dead, json!({})).await);
    assert_eq!(blocked, app.charged(&dead, json!({})).await, "46 is for good");
    assert_eq!(gone, app.charged(&dead, json!({ "purchase": { "total_override": 1_000 } })).await);
    app.audit();
}

#[tokio::test]
async fn a_blocked_charge_is_the_same_answer_under_the_same_key() {
    let app = App::with_test_limits().await;
    let dead = app.keeping(LATER_DEAD).await;
    app.charged(&dead, json!({})).await;
    let id = app.purchase_id(json!({})).await;
    let body = json!({ "recurring_token": dead }).to_string();
    let first = app.act_keyed(&id, "charge", "key-1", &body).await;
    let again = app.act_keyed(&id, "charge", "key-1", &body).await;
    assert_eq!((400, "purchase_charge_error".to_owned()), first.refusal());
    assert_eq!(first.body, again.body);
    assert_eq!(vec!["recurring_execute decline_irregular_transaction_pattern"], tries(&app.show(&id).await));
}

/// What we refuse and what a bank refuses: the same page, byte for byte, after the same time.
#[tokio::test]
async fn a_refusal_of_ours_cannot_be_told_from_a_banks() {
    let app = App::with_test_limits().await;
    app.list(Mode::Test, ListKind::Email, "eve@example.com").await;
    let mut seen = vec![];
    // A bank that answers at once, our list, and again both with a bank that takes its time.
    let slow = pan("40000099", 0, 5, 9, 0);
    for (number, email) in [
        (declined(1), "ada@example.com"),
        (GOOD.to_owned(), "eve@example.com"),
        (slow.clone(), "ada@example.com"),
        (GOOD.to_owned(), "eve@example.com"),
    ] {
        let id = app.purchase_id(json!({ "client": { "email": email } })).await;
        let began = app.engine.env().now();
        let answer = app.try_card(&id, &card(&number), "203.0.113.5").await;
        let took = app.engine.env().now().since(began);
        let page = app.page(answer.header("location")).await.text().replace(&id, "ID");
        seen.push((took, app.status(&id).await, page));
    }
    assert_eq!(["error", "blocked", "error", "blocked"], [0, 1, 2, 3].map(|at: usize| seen[at].1.as_str()));
    assert_eq!(Duration::from_secs(1), seen[0].0);
    assert_eq!(seen[0].0, seen[1].0);
    assert_eq!((Duration::from_secs(8), seen[2].0), (seen[2].0, seen[3].0));
    assert!(seen.iter().all(|(_, _, page)| *page == seen[0].2), "the same to the byte");

    let began = app.engine.env().now();
    assert_eq!("paid", app.tried(GOOD, "203.0.113.6").await);
    assert_eq!(began, app.engine.env().now(), "an approval waits for nothing");
}

#[tokio::test]
async fn in_test_mode_limits_only_count() {
    let app = App::new().await;
    let id = app.purchase_id(json!({})).await;
    for number in 0..12 {
        app.pay(&id, &card(&declined(number % 2))).await;
    }
    assert_eq!((12, "error".to_owned()), (app.authorizations().await, app.status(&id).await));
    app.engine.close().await;
    // The same data where limits bind: what was counted holds.
    let app = App::again_with_test_limits(app.leave()).await;
    assert_eq!("blocked", app.tried(&declined(0), &address(1)).await);
    app.try_card(&id, &card(GOOD), &address(2)).await;
    assert_eq!("paid", app.status(&id).await, "and a purchase that was not closed then is open for one that pays");
}

#[tokio::test]
async fn lists_bind_in_their_own_mode_and_name_all_there_is() {
    let app = App::new().await;
    let merchant_id = app.merchant_id();
    let client = json!({ "client": { "email": "Eve@Example.com", "country": "FR" } });
    let kept = app.paid(GOOD, client.clone()).await;
    let id = CheckoutId::parse(&kept).unwrap();
    let key = app.engine.card_key(merchant_id, Mode::Test, id, None).await.unwrap().to_string();
    for (kind, value, code) in [
        (ListKind::Card, key.as_str(), "blacklisted_tx"),
        (ListKind::Email, "eve@example.com", "blacklisted_tx"),
        (ListKind::Network, "203.0.113.0/24", "blacklisted_tx"),
        (ListKind::Country, "FR", "blacklisted_tx_issuing_country"),
        // What the bank said of the card that was paid with.
        (ListKind::Country, "US", "blacklisted_tx_issuing_country"),
        (ListKind::Bin, "444433", "blacklisted_tx"),
    ] {
        app.list(Mode::Live, kind, value).await;
        app.paid(GOOD, client.clone()).await;
        app.list(Mode::Test, kind, value).await;
        let id = app.purchase_id(client.clone()).await;
        let page = app.pay(&id, &card(GOOD)).await;
        assert!(page.words().contains(BANK), "{value}: {}", page.words());
        assert_eq!(("blocked".to_owned(), code.to_owned()), (app.status(&id).await, app.code(&id).await), "{value}");
        let listed = Listed { kind, value: value.to_owned() };
        assert!(app.engine.unlist(merchant_id, Mode::Test, listed.clone()).await.unwrap());
        assert!(!app.engine.unlist(merchant_id, Mode::Test, listed).await.unwrap(), "gone is gone");
    }
    app.paid(GOOD, client).await;
    app.audit();
}

#[tokio::test]
async fn a_score_blocks_from_the_merchants_threshold_on_and_says_why() {
    let app = App::with_test_limits().await;
    let merchant_id = app.merchant_id();
    let elsewhere = json!({ "client": { "country": "FR", "shipping_country": "MY" } });
    let id = app.purchase_id(elsewhere.clone()).await;
    app.try_card(&id, &card(GOOD), &address(0)).await;
    assert_eq!("paid", app.status(&id).await, "by default that is not enough");

    let mut policy = Policy::new(30, 50);
    policy.set(Rule { name: RuleName::ShippingCountry, limit: 0, each: 35, most: 35 });
    policy.set(Rule { name: RuleName::CardCountry, limit: 0, each: 15, most: 15 });
    app.engine.set_risk_policy(merchant_id, Mode::Test, policy.clone()).await.unwrap();
    let id = app.purchase_id(elsewhere.clone()).await;
    app.try_card(&id, &card(GOOD), &address(1)).await;
    assert_eq!("blacklisted_tx_risk_score", app.code(&id).await);
    let blocked = app.engine.blocked_tries(merchant_id, Mode::Test, CheckoutId::parse(&id).unwrap()).await.unwrap();
    let assessment = blocked[0].1.assessment.as_ref().unwrap();
    let reasons: Vec<_> = assessment.findings.iter().map(|found| (found.value, found.points)).collect();
    assert_eq!((50, vec![(1, 15), (1, 35)]), (assessment.score, reasons));

    policy.block_at = 51;
    app.engine.set_risk_policy(merchant_id, Mode::Test, policy).await.unwrap();
    let id = app.purchase_id(elsewhere).await;
    let answer = app.try_card(&id, &card(GOOD), &address(2)).await;
    assert_eq!(format!("/p/{id}/challenge/"), answer.header("location"), "from the lower threshold the bank is asked");
    let other = app.another_merchant().await;
    let id = app.purchase_of(&other).await;
    app.try_card(&id, &card(GOOD), &address(3)).await;
    assert_eq!("paid", app.status_of(&other, &id).await, "another merchant's rules are its own");
}

#[tokio::test]
async fn many_tries_at_once_find_each_other() {
    let app = App::with_test_limits().await;
    let number = declined(4);
    let mut posts = vec![];
    for from in 0..12 {
        let id = app.purchase_id(json!({})).await;
        let mut post = submission(&id, card(&number).body(&app.token(&id)));
        post.extensions_mut().insert(Caller(address(from).parse().unwrap()));
        posts.push(post);
    }
    let router = app.router.clone();
    let waiting: Vec<_> = posts
        .into_iter()
        .map(|post| {
            let router = router.clone();
            tokio::spawn(async move { ask(&router, post).await.status })
        })
        .collect();
    app.let_time_pass(|| waiting.iter().all(tokio::task::JoinHandle::is_finished)).await;
    assert_eq!(5, app.authorizations().await, "no more than one after the other");
    let direct = request(Method::GET, "/healthz", "", "", "");
    assert_eq!(200, ask(&app.router, direct).await.status);
    app.audit();
}
