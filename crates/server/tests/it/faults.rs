//! Every fault of the test cards (checkout-ux 20), reached by its number from each API: what the merchant sees and what
//! stands in the acquirer's book, right after and 26 hours later (security U2, U4-U7).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use domain::{CheckoutId, State};
use engine::Shown;
use engine::three_ds::AcsAnswer;
use serde_json::{Value, json};
use store::Store;

use crate::app::{Answer, App, GOOD, ask, card, id, request, story};
use crate::card_payments::card_request;
use crate::card_payments_vectors::{CHARGE, DIRECT, STORED, link};
use crate::orchestration::{PAYMENTS, call};
use crate::orchestration_payments::checkout;
use crate::risk::pan;

const FORM: &str = "application/x-www-form-urlencoded";
const LATER: u64 = 26 * 3_600;

/// FF, what goes wrong, what meets it; then what the merchant sees of it in each API and what stands in the book: right
/// after, and 26 hours later where that is something else. 9.54 are reserved; a refund comes after a capture.
const FAULTS: &str = "
01 answer lost                | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
02 request lost               | pay       | pending_execute -> error    | INITIATED                    | PENDING -> ERROR                 | nothing
03 approval 45 s late         | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | nothing -> authorize
04 reset, approved            | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
05 answer twice               | pay       | hold                        | AUTHORIZED                   | AUTHORIZED                       | authorize
06 HTTP 500, approved         | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
07 pending, approved          | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | nothing -> authorize
08 pending, declined          | pay       | pending_execute -> error    | INITIATED                    | PENDING -> REFUSED               | nothing -> authorize!
09 slow, approved             | pay       | hold                        | AUTHORIZED                   | PENDING/AUTHORIZED -> AUTHORIZED | authorize
10 held back 5 s, approved    | pay       | hold                        | AUTHORIZED                   | AUTHORIZED                       | authorize
11 capture's answer lost      | capture   | pending_capture -> paid     | AUTHORIZED -> FULLY_CAPTURED | PENDING -> SUCCESS               | authorize capture
12 capture lost               | capture   | pending_capture -> paid     | AUTHORIZED -> FULLY_CAPTURED | PENDING -> SUCCESS               | authorize -> authorize capture
13 capture declined           | capture   | hold                        | AUTHORIZED                   | FAILURE                          | authorize capture!
14 capture pending            | capture   | pending_capture -> paid     | AUTHORIZED -> FULLY_CAPTURED | PENDING -> SUCCESS               | authorize -> authorize capture
21 refund's answer lost       | refund    | pending_refund -> refunded  | FULLY_CAPTURED -> REFUNDED   | PENDING -> SUCCESS               | authorize capture refund
22 refund lost                | refund    | pending_refund -> refunded  | FULLY_CAPTURED -> REFUNDED   | PENDING -> SUCCESS               | authorize capture -> authorize capture refund
23 refund declined            | refund    | paid                        | FULLY_CAPTURED               | FAILURE                          | authorize capture refund!
24 refund pending             | refund    | pending_refund -> refunded  | FULLY_CAPTURED -> REFUNDED   | PENDING -> SUCCESS               | authorize capture -> authorize capture refund
31 reversal fails three times | void      | pending_release -> released | AUTHORIZED -> CANCELLED      | PENDING -> SUCCESS               | authorize -> authorize void
32 reversal fails always      | void      | pending_release             | AUTHORIZED                   | PENDING -> UNCERTAIN             | authorize
33 release declined           | void      | hold                        | AUTHORIZED                   | FAILURE                          | authorize void!
41 lost, inquiry down 5 min   | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
42 lost, inquiry down 30 h    | pay       | pending_execute             | INITIATED                    | PENDING -> ERROR                 | authorize -> authorize/authorize reversal
51 half is approved           | pay       | error                       | INITIATED                    | ERROR                            | authorize 477 reversal 477
61 charged back after 60 s    | capture   | paid -> chargeback          | FULLY_CAPTURED               | SUCCESS                          | authorize capture
71 garbled answer             | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
72 answer for another payment | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
73 wrong amount in answer     | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
74 wrong currency in answer   | pay       | pending_execute -> hold     | INITIATED -> AUTHORIZED      | PENDING -> AUTHORIZED            | authorize
81 connection refused         | pay       | error                       | INITIATED                    | ERROR                            | nothing
91 later charges decline      | charge    | error                       | refused                      | REFUSED                          | keep authorize!
92 later charges need 3DS     | charge    | error                       | INITIATED                    | REFUSED                          | keep authorize!
93 token dead                 | charge    | error                       | refused                      | REFUSED                          | keep authorize!
94 first decline, then not    | pay again | hold                        | AUTHORIZED                   | AUTHORIZED                       | authorize! authorize
";

/// Whose merchant lives through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Purchases,
    CardPayments,
    Orchestration,
}

/// A payment of 9.54 and the card that pays it.
struct Walk {
    app: App,
    api: Api,
    number: String,
    /// What the merchant calls the payment.
    payment: String,
    /// What stands in the payer's link.
    checkout: String,
}

impl Walk {
    async fn new(api: Api, number: String) -> Self {
        Self { app: App::new().await, api, number, payment: String::new(), checkout: String::new() }
    }

    /// The answer to a request, however long the acquirer takes; what falls due meanwhile happens.
    async fn ask(&self, request: Request<Body>) -> Answer {
        let (done, clock) = (Arc::new(AtomicBool::new(false)), self.app.engine.env().clock());
        let (router, ended): (Router, _) = (self.app.router.clone(), Arc::clone(&done));
        let asking = tokio::spawn(clock.activity(async move {
            let answer = ask(&router, request).await;
            ended.store(true, Ordering::SeqCst);
            answer
        }));
        loop {
            clock.quiet().await;
            // Who waits for a call that has ended has yet to hear of it.
            tokio::time::sleep(Duration::from_millis(2)).await;
            if done.load(Ordering::SeqCst) {
                let answer = asking.await.unwrap();
                // What is due at once is done at once.
                self.app.advance(0).await;
                return answer;
            }
            if clock.is_quiet() {
                self.app.advance(1).await;
            }
        }
    }

    async fn card_call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.app.card_token(&self.app.merchant).await;
        self.ask(card_request(&token, method, path, body)).await
    }

    async fn shop_call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.app.orchestration_token(&self.app.merchant).await;
        self.ask(call(&token, method, path, body)).await
    }

    async fn shown(&self) -> Shown {
        self.app.engine.show(CheckoutId::parse(&self.checkout).unwrap()).await.unwrap()
    }

    /// The payer types a card in.
    async fn type_in(&self, number: &str) -> Answer {
        let form = card(number).body(&self.app.token(&self.checkout));
        let page = self.shown().await.record.checkout.page();
        self.ask(request(Method::POST, &page, "", FORM, form)).await
    }

    /// Reserves the money, or keeps the card where nothing but that is wanted. What the merchant sees then.
    async fn pay(&mut self, keeps: bool) -> String {
        match self.api {
            Api::Purchases => {
                if self.payment.is_empty() {
                    let due = self.app.now() + 7 * 86_400;
                    let order = json!({ "skip_capture": true, "force_recurring": keeps, "due": due });
                    self.payment = self.app.purchase_id(order).await;
                    self.checkout.clone_from(&self.payment);
                }
                self.type_in(&self.number).await;
                self.view().await
            }
            Api::CardPayments => {
                if self.payment.is_empty() {
                    let (path, mut body) = if keeps {
                        (STORED, json!({ "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/" }))
                    } else {
                        (DIRECT, link(954))
                    };
                    body["languageCode"] = json!("en");
                    let made = self.app.card(Method::POST, path, &body).await.json();
                    let secret = made["url"].as_str().unwrap().strip_prefix("http://pay.example.com/card/").unwrap();
                    self.checkout = secret.trim_end_matches('/').to_owned();
                    self.payment =
                        if keeps { made["token"].as_str().unwrap().to_owned() } else { made["paymentId"].to_string() };
                }
                self.type_in(&self.number).await;
                if keeps { String::new() } else { self.view().await }
            }
            Api::Orchestration => {
                let reference = format!("SO-{}", self.app.now());
                let body = self.app.session_body(
                    &reference,
                    &json!({
                        "amount": 954, "split": [self.app.card_leg(&self.number, 954).await], "browser": {},
                        "order": { "reference": reference, "net_amount": 954 }, "allow_future_usage": keeps,
                    }),
                );
                let payment = self.shop_call(Method::POST, PAYMENTS, &body).await.json();
                id(&payment).clone_into(&mut self.payment);
                self.checkout = checkout(&payment).to_string();
                if keeps {
                    // Who lets a card be kept is asked by the bank.
                    self.app.payer_answers(&payment, AcsAnswer::Otp("1234")).await;
                    self.app.engine.tendered_by_payer(checkout(&payment)).await.unwrap();
                }
                orchestration_view(&payment)
            }
        }
    }

    /// The merchant charges the card again that was kept.
    async fn charge(&mut self) -> String {
        match self.api {
            Api::Purchases => {
                let token = std::mem::take(&mut self.payment);
                let due = self.app.now() + 7 * 86_400;
                self.payment = self.app.purchase_id(json!({ "skip_capture": true, "due": due })).await;
                let body = json!({ "recurring_token": token }).to_string();
                self.ask(self.app.action(&self.payment, "charge", &body)).await;
                self.view().await
            }
            Api::CardPayments => {
                let body = json!({
                    "token": self.payment, "amount": 954, "currencyCode": "SEK", "externalPaymentReference": "R-7",
                    "redirectOnFailURL": "https://shop.example/", "redirectOnSuccessURL": "https://shop.example/",
                });
                let charged = self.card_call(Method::POST, CHARGE, &body).await;
                if charged.status != 200 {
                    return "refused".to_owned();
                }
                self.payment = charged.json()["paymentId"].to_string();
                self.view().await
            }
            Api::Orchestration => {
                let leg = json!({ "amount": 954, "parent_payment_id": self.payment });
                let order = json!({ "reference": "MIT", "net_amount": 954 });
                let body = self.app.session_body("MIT", &json!({ "amount": 954, "split": [leg], "order": order }));
                let payment = self.shop_call(Method::POST, PAYMENTS, &body).await.json();
                id(&payment).clone_into(&mut self.payment);
                orchestration_view(&payment)
            }
        }
    }

    /// Captures, releases or refunds all of it.
    async fn operate(&self, what: &str) -> String {
        match self.api {
            Api::Purchases => {
                let action = if what == "void" { "release" } else { what };
                self.ask(self.app.action(&self.payment, action, "")).await;
                self.view().await
            }
            Api::CardPayments => {
                let (method, path) = match what {
                    "capture" => (Method::POST, "capture"),
                    "refund" => (Method::POST, "refund-and-credit"),
                    "void" => (Method::PUT, "authorize/release"),
                    other => panic!("{other}"),
                };
                let body = if what == "refund" { json!({ "amount": 954 }) } else { Value::Null };
                let path = format!("/api/v2/payments/{}/cards/{path}", self.payment);
                self.card_call(method, &path, &body).await;
                self.view().await
            }
            Api::Orchestration => {
                let path = format!("{PAYMENTS}/{}/{what}s", self.payment);
                orchestration_view(&self.shop_call(Method::POST, &path, &json!({ "amount": 954 })).await.json())
            }
        }
    }

    /// What the merchant sees now.
    async fn view(&self) -> String {
        match self.api {
            Api::Purchases => self.app.status(&self.payment).await,
            Api::CardPayments => {
                let payment = self.app.payment(self.payment.parse().unwrap()).await;
                let refunded = payment["refundedAmount"].as_i64().unwrap();
                let status = payment["status"].as_str().unwrap();
                if refunded == 954 { "REFUNDED".to_owned() } else { status.to_owned() }
            }
            Api::Orchestration => {
                let path = format!("{PAYMENTS}/{}", self.payment);
                orchestration_view(&self.shop_call(Method::GET, &path, &Value::Null).await.json())
            }
        }
    }

    /// The acquirer's book: what was done, and how much where it is not everything; `!` is a no. What only kept the card
    /// is `keep`, whether it was for nothing or not.
    async fn book(&self, keeps: bool) -> String {
        let lines = self.app.book().await;
        let mut words: Vec<_> = lines
            .iter()
            .map(|line| {
                let [kind, amount, _, outcome] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
                let amount = if amount == "954" { String::new() } else { format!(" {amount}") };
                format!("{kind}{amount}{}", if outcome == "approved" { "" } else { "!" })
            })
            .collect();
        if keeps {
            assert!(["authorize", "authorize 0"].contains(&words[0].as_str()), "{words:?}");
            "keep".clone_into(&mut words[0]);
        }
        if words.is_empty() { "nothing".to_owned() } else { words.join(" ") }
    }

    /// While nobody knows what became of the try, its payer is told so on the page and tries nothing else.
    async fn assert_do_not_pay_again(&self, name: &str) {
        let shown = self.shown().await;
        let State::InFlight { .. } = shown.payment.state else { return };
        let home = shown.record.checkout.page();
        for page in [home.clone(), format!("{home}result/")] {
            let page = self.app.page(&page).await;
            let words = page.words();
            assert_eq!(200, page.status, "{name}: {words}");
            assert!(words.to_lowercase().contains("do not pay again"), "{name}: {words}");
            assert!(!page.has_form() && !words.contains("Try again"), "{name}: {words}");
            assert!(!words.contains("not been charged"), "{name}: {words}");
        }
        let before = self.book(false).await;
        let second = self.type_in(GOOD).await;
        let expected = match self.api {
            Api::Purchases | Api::CardPayments => 409,
            // Led to how it stands.
            Api::Orchestration => 303,
        };
        assert_eq!(expected, second.status, "{name}: {}", second.words());
        assert_eq!(before, self.book(false).await, "{name}: nothing else is sent");
        assert_eq!(shown.payment.attempts, self.shown().await.payment.attempts, "{name}");
    }
}

fn orchestration_view(payment: &Value) -> String {
    let of = |kind: &str| payment[kind].as_array().unwrap_or_else(|| panic!("{payment}")).last().cloned();
    let last = of("refunds").or(of("voids")).or(of("captures")).unwrap_or(payment["authorization"].clone());
    last["status"].as_str().unwrap().to_owned()
}

/// Right after, and later: `now -> later`, or the same twice.
fn times(cell: &str) -> (&str, &str) {
    cell.split_once("->").map_or((cell.trim(), cell.trim()), |(now, later)| (now.trim(), later.trim()))
}

async fn walk_through(line: &str, api: Api) {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [fault, meets, purchases, card_payments, orchestration, book] = cells[..] else { panic!("{line}") };
    let (ff, _) = fault.split_once(' ').unwrap();
    let view = match api {
        Api::Purchases => purchases,
        Api::CardPayments => card_payments,
        Api::Orchestration => orchestration,
    };
    let name = format!("{fault}, {api:?}");
    let mut walk = Walk::new(api, pan("40000099", 0, 0, ff.parse().unwrap(), 0)).await;
    let keeps = meets == "charge";
    let paid = walk.pay(keeps).await;
    let now = match meets {
        "pay" => paid,
        "pay again" => walk.pay(keeps).await,
        "charge" => walk.charge().await,
        "refund" => {
            walk.operate("capture").await;
            walk.operate(meets).await
        }
        operation => walk.operate(operation).await,
    };
    assert!(times(view).0.split('/').any(|expected| expected == now), "{name}: {now}");
    assert_eq!(times(book).0, walk.book(keeps).await, "{name}");
    if meets == "pay" {
        walk.assert_do_not_pay_again(&name).await;
    }
    // Only what was certainly not sent may be tried elsewhere.
    let not_sent = walk.app.counted("acquirer_answers_total{outcome=\"not_sent\"}").await;
    assert_eq!(u64::from(ff == "81"), not_sent, "{name}");

    walk.app.advance(LATER).await;
    let later = if now == "refused" { now } else { walk.view().await };
    assert_eq!(times(view).1, later, "{name}");
    let booked = walk.book(keeps).await;
    assert!(times(book).1.split('/').any(|expected| expected == booked), "{name}: {booked}");
    let report = Store::audit_dir(walk.app.data()).unwrap();
    assert_eq!(Vec::<String>::new(), report.broken, "{name}");
    // What is still in doubt then waits for an operator.
    let queued: Vec<_> =
        walk.app.engine.doubts().await.unwrap().iter().map(|queued| queued.doubt.what.name()).collect();
    let expected = match (ff, api) {
        ("32", _) => vec!["void"],
        // A tender is undone before it has held its payer's money for long.
        ("42", Api::Purchases | Api::CardPayments) => vec!["authorization"],
        _ => vec![],
    };
    assert_eq!((&expected, expected.len()), (&queued, usize::try_from(report.open_attempts).unwrap()), "{name}");
}

fn rows() -> impl Iterator<Item = &'static str> {
    FAULTS.lines().filter(|line| !line.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_from_purchases() {
    for row in rows() {
        walk_through(row, Api::Purchases).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_from_card_payments() {
    for row in rows() {
        walk_through(row, Api::CardPayments).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_from_orchestration() {
    for row in rows() {
        walk_through(row, Api::Orchestration).await;
    }
}

/// How a card reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    HostedPage,
    DirectPost,
    Charge,
}

impl Walk {
    /// The same card once more, in its own way.
    async fn send(&self, way: Way, token: &str) -> Answer {
        match way {
            Way::HostedPage => self.type_in(&self.number).await,
            Way::DirectPost => {
                let path = format!("/p/{}/direct_post/", self.payment);
                let form = format!("cardholder_name=Ada+Example&card_number={}&expires=12%2F30&cvc=123", self.number);
                self.ask(request(Method::POST, &path, "", FORM, form)).await
            }
            Way::Charge => {
                let body = json!({ "recurring_token": token }).to_string();
                self.ask(self.app.action(&self.payment, "charge", &body)).await
            }
        }
    }

    /// Authorizations that the acquirer has booked, or will.
    async fn authorizations(&self) -> usize {
        self.book(false).await.split(' ').filter(|word| word.starts_with("authorize")).count()
    }
}

/// Security U2: whatever is lost, in whatever way the card came, nothing else is sent as long as nobody knows what became
/// of it. A card that was never approved (02, 81) is not kept, and so not charged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_twice_while_nobody_knows() {
    for (ff, later) in [(1, "hold"), (2, "error"), (3, "hold"), (4, "hold"), (6, "hold"), (41, "hold"), (81, "error")] {
        for way in [Way::HostedPage, Way::DirectPost, Way::Charge] {
            if way == Way::Charge && later == "error" {
                continue;
            }
            let name = format!("{ff:02}, {way:?}");
            let mut walk = Walk::new(Api::Purchases, pan("40000099", 0, 0, ff, 0)).await;
            let mut token = String::new();
            if way == Way::Charge {
                walk.pay(true).await;
                walk.app.advance(3_600).await;
                assert_eq!("hold", walk.view().await, "{name}: the card is kept");
                token = std::mem::take(&mut walk.payment);
            }
            let due = walk.app.now() + 7 * 86_400;
            let redirects =
                json!({ "success_redirect": "https://shop.example/", "failure_redirect": "https://shop.example/" });
            let mut order = json!({ "skip_capture": true, "due": due });
            order.as_object_mut().unwrap().extend(redirects.as_object().unwrap().clone());
            walk.payment = walk.app.purchase_id(order).await;
            walk.checkout.clone_from(&walk.payment);
            walk.send(way, &token).await;
            let pending = if way == Way::Charge { "pending_charge" } else { "pending_execute" };
            let known = ff == 81;
            assert_eq!(if known { "error" } else { pending }, walk.view().await, "{name}");
            walk.assert_do_not_pay_again(&name).await;
            let before = walk.authorizations().await;
            if known {
                // Certainly nothing was sent: another card may be tried at once.
                GOOD.clone_into(&mut walk.number);
                walk.send(way, &token).await;
                assert_eq!(("hold".to_owned(), 1), (walk.view().await, walk.authorizations().await), "{name}");
                continue;
            }
            for way in [Way::HostedPage, Way::DirectPost] {
                walk.send(way, &token).await;
            }
            if way == Way::Charge {
                assert_eq!(400, walk.send(way, &token).await.status, "{name}");
            }
            assert_eq!(before, walk.authorizations().await, "{name}: nothing else was sent");
            assert_eq!(pending, walk.view().await, "{name}");
            walk.app.advance(LATER).await;
            assert_eq!(later, walk.view().await, "{name}");
            let kept = usize::from(later == "hold") + usize::from(way == Way::Charge);
            assert_eq!(kept, walk.app.approvals_kept().await, "{name}");
            walk.app.audit();
        }
    }
}

/// What happens while an approval is late.
#[derive(Debug, Clone, Copy)]
enum Race {
    /// The strict due time passes.
    Due,
    /// The merchant cancels.
    Cancel,
    /// The merchant cancels a link, which also ends what is under way.
    CancelLink,
    /// Another card is tried.
    OtherCard,
}

/// Security U5: nobody pays twice, and nobody has paid who was told that it failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_approval_races_with_the_clock_the_merchant_and_another_card() {
    for (ff, known_after) in [(3, 45), (7, 15)] {
        for moment in [1, 6, 14, 16, 44, 46] {
            for race in [Race::Due, Race::Cancel, Race::CancelLink, Race::OtherCard] {
                let name = format!("{ff:02}, {race:?} after {moment} s");
                let api = if matches!(race, Race::CancelLink) { Api::CardPayments } else { Api::Purchases };
                let mut walk = Walk::new(api, pan("40000099", 0, 0, ff, 0)).await;
                let started = walk.app.now();
                if matches!(race, Race::Due) {
                    let strict = json!({ "due": started + moment, "purchase": { "due_strict": true } });
                    walk.payment = walk.app.purchase_id(strict).await;
                    walk.checkout.clone_from(&walk.payment);
                }
                walk.pay(false).await;
                let passed = walk.app.now() - started;
                walk.app.advance(u64::try_from((moment - passed).max(0)).unwrap()).await;
                let moment = walk.app.now() - started;
                let is_known = moment >= known_after;
                let (mut cancelled, mut tried) = (false, false);
                match race {
                    Race::Due => {}
                    Race::Cancel => cancelled = walk.app.cancel(&walk.payment).await.status == 200,
                    Race::CancelLink => {
                        let path = format!("/api/v2/payments/{}/cards/cancel", walk.payment);
                        cancelled = walk.card_call(Method::PUT, &path, &Value::Null).await.status == 200;
                        assert_eq!(!is_known, cancelled, "{name}: whoever was first");
                    }
                    Race::OtherCard => tried = walk.type_in(GOOD).await.status == 303 && !is_known,
                }
                assert!(!tried, "{name}: another card was taken while the first one may still pay");
                walk.app.advance(LATER).await;
                let payment = walk.shown().await.payment;
                let (kept, expected) = match payment.state {
                    State::Captured => (1, "authorize capture"),
                    State::Authorized => (1, "authorize"),
                    State::Cancelled => (0, "authorize void"),
                    other => panic!("{name}: {}", other.name()),
                };
                assert_eq!(cancelled, payment.state == State::Cancelled, "{name}");
                assert_eq!(expected, walk.book(false).await, "{name}");
                let held = payment.held().minor() + payment.captured.minor();
                assert_eq!(kept * 954, held, "{name}");
                assert_eq!(1, payment.attempts.len(), "{name}");
                if matches!(api, Api::Purchases) {
                    let story = story(&walk.app.show(&walk.payment).await);
                    assert!(!story.contains("error") && !story.contains("expired"), "{name}: {story}");
                }
                walk.app.audit();
            }
        }
    }
}
