//! Clients of all three dialects, each with a diary: it writes down what it is about to ask, and what it was told, and
//! syncs both, so that whatever happens to anybody else, what was told is known (security X4).

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use auditor::{Fact, Seen, Told};
use env::Env;
use serde_json::{Value, json};

use crate::client::{Answer, exchange, form, request};
use crate::gateway::{card_fields, token};
use crate::power::below;

/// How long to wait before somebody who is not there is asked again.
const PAUSE: Duration = Duration::from_millis(5);
/// How often a purchase is asked for under one key until somebody answers.
const TRIES_MAX: usize = 400;
const PRICE: i64 = 450;

/// Cards of the purchases API: good ones, refusals, and what goes wrong at once (checkout-ux 20).
const CARDS: [&str; 12] = [
    "4444333322221111",
    "4000009900000004",
    "4444333322221111",
    "4000009900000004",
    "4000009900050009", // declined
    "4000009900000400", // the line breaks, approved
    "4000009900000608", // HTTP 500, approved
    "4000009900007108", // garbled, approved
    "4000009900007306", // another amount
    "4000009900008106", // never sent
    "4000009900005102", // half
    "4000009900000707", // pending 10 s
];
/// Cards whose captures and refunds go wrong.
const HELD_CARDS: [&str; 5] =
    ["4444333322221111", "4444333322221111", "4000009900001309", "4000009900001408", "4000009900002406"];
const GIFT_CARD: &str = "6000000000002000";
const LEG_CARDS: [&str; 3] = ["4111111111111111", "4111111111111111", "4000000000000002"];

/// Where everybody is, and who they are there.
pub(crate) struct Shop<'s> {
    pub(crate) gateway: SocketAddr,
    pub(crate) credentials: &'s Value,
    /// Where purchases call back.
    pub(crate) callback: &'s str,
    /// How many requests were answered.
    pub(crate) answers: &'s AtomicUsize,
    pub(crate) stop: &'s AtomicBool,
}

/// One client, at work until it is told to stop.
pub(crate) struct Shopper<'s> {
    shop: &'s Shop<'s>,
    chance: Env,
    diary: File,
    name: usize,
    orders: usize,
    /// Bearer tokens of the dialects that speak OAuth, once they were given.
    tokens: [Option<String>; 2],
    /// A purchase whose card was kept.
    kept: Option<String>,
}

/// What a diary tells in the end.
#[derive(Default)]
pub(crate) struct Diary {
    pub(crate) told: Vec<Told>,
    /// References of orders that were asked for, however often.
    pub(crate) once: Vec<String>,
    pub(crate) asked: usize,
    /// Answers that nobody should get.
    pub(crate) odd: Vec<String>,
}

impl<'s> Shopper<'s> {
    pub(crate) fn new(shop: &'s Shop<'s>, name: usize, folder: &Path, chance: Env) -> Self {
        let diary = File::create(diary_of(folder, name)).unwrap();
        Self { shop, chance, diary, name, orders: 0, tokens: [None, None], kept: None }
    }

    /// One story after the other.
    pub(crate) fn work(mut self) {
        while !self.shop.stop.load(Ordering::Relaxed) {
            // A story ends early when somebody does not answer; what was told until then stays true.
            let ended = match below(&self.chance, 8) {
                0 | 1 => self.pay(),
                2 => self.hold(),
                3 => self.charge(),
                4 => self.cancel(),
                5 | 6 => self.link(),
                _ => self.tender(),
            };
            if ended.is_none() {
                std::thread::sleep(PAUSE);
            }
        }
    }

    fn note(&mut self, line: &Value) {
        writeln!(self.diary, "{line}").unwrap();
        self.diary.sync_data().unwrap();
    }

    fn told(&mut self, checkout: &str, fact: &str, minor: i64) {
        self.note(&json!({ "told": { "checkout": checkout, "fact": fact, "minor": minor } }));
    }

    fn pick<'c>(&self, cards: &[&'c str]) -> &'c str {
        cards[below(&self.chance, cards.len())]
    }

    /// Asks once. Nobody may answer, or not know yet; what breaks on the other side is nobody's answer.
    fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        self.note(&json!({ "asks": format!("{method} {target}") }));
        let answer = exchange(self.shop.gateway, &request(method, target, headers, body)).ok()?;
        self.shop.answers.fetch_add(1, Ordering::Relaxed);
        if answer.status == 500 {
            self.note(&json!({ "odd": format!("{method} {target}: {} {}", answer.status, answer.text()) }));
        }
        (answer.status < 500).then_some(answer)
    }

    fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        self.ask("POST", target, &[("content-type", "application/x-www-form-urlencoded")], &form(fields))
    }

    fn call(&mut self, bearer: &str, method: &str, target: &str, body: &Value, key: Option<&str>) -> Option<Answer> {
        let bearer = format!("Bearer {bearer}");
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, target, &headers, body.as_bytes())
    }

    // Purchases.

    fn purchases(&mut self, method: &str, path: &str, body: &Value, key: Option<&str>) -> Option<Answer> {
        let bearer = self.shop.credentials["purchases"]["secret_key"].as_str().unwrap().to_owned();
        self.call(&bearer, method, &format!("/api/v1/purchases{path}"), body, key)
    }

    /// Makes a purchase under a key of its own, however often that takes.
    fn order(&mut self, changes: &Value) -> Option<String> {
        self.orders += 1;
        let reference = format!("shopper-{}-order-{}", self.name, self.orders);
        let mut order = json!({
            "brand_id": self.shop.credentials["purchases"]["brand_id"], "client": { "email": "ada@example.com" },
            "purchase": { "products": [{ "name": "Tea", "price": PRICE }] }, "reference": reference,
            "success_callback": self.shop.callback,
            "success_redirect": "https://shop.example/ok", "failure_redirect": "https://shop.example/no",
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            order[name] = value.clone();
        }
        self.note(&json!({ "once": reference }));
        for _ in 0..TRIES_MAX {
            match self.purchases("POST", "/", &order, Some(&reference)) {
                Some(answer) if answer.status == 201 => {
                    let id = answer.json()["id"].as_str()?.to_owned();
                    self.note(&json!({ "told": { "checkout": id, "fact": "made", "key": reference } }));
                    return Some(id);
                }
                Some(answer) => {
                    self.note(&json!({ "odd": format!("{}: {}", answer.status, answer.text()) }));
                    return None;
                }
                None if self.shop.stop.load(Ordering::Relaxed) => return None,
                None => std::thread::sleep(PAUSE),
            }
        }
        None
    }

    /// What a purchase looks like now is what was told of it.
    fn look(&mut self, id: &str) -> Option<Value> {
        let shown = self.purchases("GET", &format!("/{id}/"), &Value::Null, None)?.json();
        let Seen { captured, refunded, .. } = seen_purchase(id, &shown);
        match shown["status"].as_str()? {
            "hold" => self.told(id, "authorized", PRICE),
            "paid" => self.told(id, "captured", captured),
            "refunded" => self.told(id, "refunded", refunded),
            "released" => self.told(id, "released", PRICE),
            "cancelled" => self.told(id, "ended", 0),
            _ => {}
        }
        Some(shown)
    }

    fn act(&mut self, id: &str, action: &str, body: &Value) -> Option<Value> {
        self.purchases("POST", &format!("/{id}/{action}/"), body, None)?;
        self.look(id)
    }

    fn pays_with(&mut self, id: &str, card: &str) -> Option<Value> {
        if below(&self.chance, 2) == 0 {
            self.post(&format!("/p/{id}/direct_post/"), &card_fields(card))?;
        } else {
            let page = self.ask("GET", &format!("/p/{id}/"), &[], b"")?;
            let token = token(&page)?;
            self.post(&format!("/p/{id}/"), &[&[("attempt", token.as_str())], &card_fields(card)[..]].concat())?;
        }
        self.look(id)
    }

    fn pay(&mut self) -> Option<()> {
        let keeps = below(&self.chance, 3) == 0;
        let id = self.order(&if keeps { json!({ "force_recurring": true }) } else { json!({}) })?;
        let card = self.pick(&CARDS);
        let mut shown = self.pays_with(&id, card)?;
        if shown["status"] == "error" {
            shown = self.pays_with(&id, self.pick(&CARDS))?;
        }
        if shown["status"] == "paid" && keeps {
            self.kept = Some(id.clone());
        }
        if shown["status"] == "paid" && below(&self.chance, 2) == 0 {
            self.act(&id, "refund", &json!({ "amount": 1 + below(&self.chance, 450) }))?;
        }
        Some(())
    }

    fn hold(&mut self) -> Option<()> {
        let id = self.order(&json!({ "skip_capture": true }))?;
        let card = self.pick(&HELD_CARDS);
        if self.pays_with(&id, card)?["status"] != "hold" {
            return Some(());
        }
        if below(&self.chance, 3) == 0 {
            self.act(&id, "release", &Value::Null)?;
        } else {
            let shown = self.act(&id, "capture", &json!({ "amount": 1 + below(&self.chance, 450) }))?;
            if shown["status"] == "paid" {
                self.act(&id, "refund", &Value::Null)?;
            }
        }
        Some(())
    }

    fn charge(&mut self) -> Option<()> {
        let Some(kept) = self.kept.clone() else { return self.pay() };
        let id = self.order(&json!({}))?;
        self.act(&id, "charge", &json!({ "recurring_token": kept }))?;
        Some(())
    }

    fn cancel(&mut self) -> Option<()> {
        let id = self.order(&json!({}))?;
        self.act(&id, "cancel", &Value::Null)?;
        Some(())
    }

    // Dialects that speak OAuth.

    /// The token, given anew when there is none.
    fn token_of(&mut self, dialect: usize, name: &str, path: &str) -> Option<String> {
        if let Some(token) = &self.tokens[dialect] {
            return Some(token.clone());
        }
        let client = &self.shop.credentials[name];
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client["client_id"].as_str().unwrap()),
            ("client_secret", client["client_secret"].as_str().unwrap()),
        ];
        let granted = self.post(path, &fields)?;
        let token = granted.json()["access_token"].as_str()?.to_owned();
        self.tokens[dialect] = Some(token.clone());
        Some(token)
    }

    fn card_payments(&mut self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let token = self.token_of(0, "card_payments", "/oauth2/token")?;
        let answer = self.call(&token, method, &format!("/api/v2/payments{path}"), body, None)?;
        if answer.status == 401 {
            self.tokens[0] = None;
            return None;
        }
        Some(answer)
    }

    fn look_at_link(&mut self, id: u64) -> Option<()> {
        let payment = self.card_payments("GET", &format!("/{id}"), &Value::Null)?.json()["payment"].clone();
        for (fact, member) in [
            ("authorized", "authorizedAmount"),
            ("captured", "capturedAmount"),
            ("released", "releasedAmount"),
            ("refunded", "refundedAmount"),
        ] {
            self.told(&id.to_string(), fact, payment[member].as_i64()?);
        }
        if payment["status"] == "CANCELLED" {
            self.told(&id.to_string(), "ended", 0);
        }
        Some(())
    }

    fn link(&mut self) -> Option<()> {
        let link =
            json!({ "amount": 10_000, "currencyCode": "SEK", "redirectOnSuccessURL": "https://shop.example/thanks" });
        let made = self.card_payments("POST", "/cards/direct", &link)?.json();
        let id = made["paymentId"].as_u64()?;
        self.told(&id.to_string(), "made", 0);
        let secret = made["url"].as_str()?.trim_end_matches('/').rsplit('/').next()?.to_owned();
        let page = self.ask("GET", &format!("/card/{secret}/"), &[], b"")?;
        let token = token(&page)?;
        let card = self.pick(&CARDS);
        self.post(&format!("/card/{secret}/"), &[&[("attempt", token.as_str())], &card_fields(card)[..]].concat())?;
        self.look_at_link(id)?;
        match below(&self.chance, 3) {
            0 => self.card_payments("PUT", &format!("/{id}/cards/cancel"), &Value::Null)?,
            1 => self.card_payments("POST", &format!("/{id}/cards/capture"), &json!({ "amount": 4_000 }))?,
            _ => self.card_payments("POST", &format!("/{id}/cards/capture"), &json!({ "amount": 10_000 }))?,
        };
        self.look_at_link(id)
    }

    fn orchestration(&mut self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let token = self.token_of(1, "orchestration", "/oauth/token")?;
        let answer = self.call(&token, method, &format!("/payment/v2/payments{path}"), body, None)?;
        if answer.status == 401 {
            self.tokens[1] = None;
            return None;
        }
        Some(answer)
    }

    fn told_of_tender(&mut self, payment: &Value) -> Option<()> {
        let id = payment["id"].as_str()?.to_owned();
        for (fact, member) in [
            ("captured", "total_captured"),
            ("released", "total_voided"),
            ("refunded", "total_refunded"),
            ("authorized", "total_authorized"),
        ] {
            self.told(&id, fact, payment["amounts"][member].as_i64()?);
        }
        Some(())
    }

    fn tender(&mut self) -> Option<()> {
        let entity = self.shop.credentials["orchestration"]["entity_id"].as_str()?.to_owned();
        let number = self.pick(&LEG_CARDS);
        let card = json!({ "pan": number, "card_holder_name": "A. Test", "expiry_month": 9, "expiry_year": 31 });
        let typed = json!({ "cvv": "123", "card": card }).to_string();
        let path = format!("/v1/tenants/{entity}/forms/secure-fields");
        let handed = self.ask("POST", &path, &[("content-type", "application/json")], typed.as_bytes())?.json();
        self.orders += 1;
        let reference = format!("shopper-{}-order-{}", self.name, self.orders);
        let gift = json!({ "card": { "number": GIFT_CARD, "csc": "123" } });
        let body = json!({
            "entity_id": entity, "amount": 4_299, "currency": "EUR",
            "shopper_redirection_url": "https://shop.example/back", "browser": { "user_agent": "Mozilla/5.0" },
            "order": { "reference": reference, "net_amount": 4_299 },
            "split": [
                { "partner": "illicado", "method": "giftcard", "amount": 2_000, "payment_data": gift },
                { "partner": "dalenys", "method": "creditcard", "amount": 2_299, "vault_form_token": handed["form_token"] },
            ],
        });
        let made = self.orchestration("POST", "", &body)?;
        let payment = made.json();
        let id = payment["id"].as_str()?.to_owned();
        self.told(&id, "made", 0);
        if payment["authorization"]["status"] != "AUTHORIZED" {
            return Some(());
        }
        self.told_of_tender(&payment)?;
        let captured = json!({ "amount": 1_000 + below(&self.chance, 3_000) });
        let steps: &[(&str, Value)] = match below(&self.chance, 3) {
            0 => &[("voids", Value::Null)],
            1 => &[("captures", captured)],
            _ => &[("captures", captured), ("refunds", json!({ "amount": 500 })), ("voids", json!({ "amount": 200 }))],
        };
        for (operation, body) in steps {
            let answer = self.orchestration("POST", &format!("/{id}/{operation}"), body)?;
            if answer.status == 200 {
                self.told_of_tender(&answer.json())?;
            }
        }
        Some(())
    }
}

fn diary_of(folder: &Path, name: usize) -> PathBuf {
    folder.join(format!("diary-{name}"))
}

/// Reads a diary as it lies on the disk.
pub(crate) fn read_diary(folder: &Path, name: usize) -> Diary {
    let mut diary = Diary::default();
    for line in std::fs::read_to_string(diary_of(folder, name)).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["asks"].is_string() {
            diary.asked += 1;
        }
        diary.once.extend(line["once"].as_str().map(str::to_owned));
        diary.odd.extend(line["odd"].as_str().map(str::to_owned));
        let told = &line["told"];
        let Some(fact) = told["fact"].as_str() else { continue };
        let minor = told["minor"].as_i64().unwrap_or(0);
        let fact = match fact {
            "made" => Fact::Made { key: told["key"].as_str().map(str::to_owned) },
            "authorized" => Fact::Authorized(minor),
            "captured" => Fact::Captured(minor),
            "released" => Fact::Released(minor),
            "refunded" => Fact::Refunded(minor),
            "ended" => Fact::Ended,
            odd => panic!("nobody writes {odd}"),
        };
        diary.told.push(Told { checkout: told["checkout"].as_str().unwrap().to_owned(), fact });
    }
    diary
}

/// How a purchase looks.
fn seen_purchase(id: &str, shown: &Value) -> Seen {
    let captured = shown["payment"]["amount"].as_i64().unwrap_or(0);
    let refunded = captured - shown["refundable_amount"].as_i64().unwrap_or(0);
    let held = if shown["status"] == "hold" { PRICE } else { 0 };
    Seen { checkout: id.to_owned(), currency: "MYR".to_owned(), captured, refunded, held }
}

/// How everything looks to its merchant in the end.
pub(crate) fn look_around(shop: &Shop<'_>, told: &[Told]) -> Vec<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let mut shopper = Shopper::new(shop, 0, folder.path(), Env::real());
    let made = told.iter().filter(|told| matches!(told.fact, Fact::Made { .. }));
    made.filter_map(|told| {
        let id = told.checkout.as_str();
        let seen = |currency: &str, [captured, refunded, held]: [i64; 3]| Seen {
            checkout: id.to_owned(),
            currency: currency.to_owned(),
            captured,
            refunded,
            held,
        };
        if matches!(told.fact, Fact::Made { key: Some(_) }) {
            let shown = shopper.purchases("GET", &format!("/{id}/"), &Value::Null, None)?;
            return (shown.status == 200).then(|| seen_purchase(id, &shown.json()));
        }
        if id.contains('-') {
            let payment = shopper.orchestration("GET", &format!("/{id}"), &Value::Null)?.json();
            let amount = |name: &str| payment["amounts"][name].as_i64();
            let (captured, refunded) = (amount("total_captured")?, amount("total_refunded")?);
            return Some(seen("EUR", [captured, refunded, amount("available_to_capture")?]));
        }
        let payment = shopper.card_payments("GET", &format!("/{id}"), &Value::Null)?.json()["payment"].clone();
        let amount = |name: &str| payment[name].as_i64();
        let (captured, refunded) = (amount("capturedAmount")?, amount("refundedAmount")?);
        Some(seen("SEK", [captured, refunded, amount("authorizedAmount")? - captured - amount("releasedAmount")?]))
    })
    .collect()
}
