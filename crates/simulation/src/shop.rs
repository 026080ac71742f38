//! The clients of a gateway: merchants' servers and payers' browsers, what they ask, and what they remember of what they
//! were told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auditor::{AcquirerKind, Asked, Fact, Seen, Told};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use env::Env;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tollgate_http::caller::Caller;
use tower::ServiceExt as _;

use crate::chance::Chance;
use crate::plan::{Step, What};
use crate::setup::Credentials;
use crate::surroundings::{Surroundings, Waits};

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// How often a client asks again that was not answered.
const TRIES: u32 = 4;

/// What all clients of a run remember.
pub(crate) struct Shop {
    pub(crate) credentials: Credentials,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
pub(crate) struct Remembered {
    /// Ids of purchases.
    pub(crate) purchases: Vec<String>,
    /// Those that keep a card.
    pub(crate) tokens: Vec<String>,
    /// Payment links: number and the secret in the link.
    pub(crate) links: Vec<(u64, String)>,
    /// Tokens of stored cards, and the secrets of the links where they are handed in.
    pub(crate) stored: Vec<(String, String)>,
    /// Ids of payments by tender.
    pub(crate) tenders: Vec<String>,
    pub(crate) told: Vec<Told>,
    pub(crate) seen: Vec<Seen>,
    /// How things stood when somebody last looked.
    standing: BTreeMap<String, Standing>,
    /// Ids of notifications that arrived.
    pub(crate) heard: BTreeSet<String>,
    /// Captures and refunds, each under a key of its own.
    pub(crate) asked: Vec<Asked>,
    /// How far the story of something had gone when an address was last told of it.
    stories: BTreeMap<(String, String), u64>,
    /// What no client may ever be told.
    pub(crate) wrong: Vec<String>,
}

/// What can be done with a payment; minor units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) held: i64,
    pub(crate) refundable: i64,
}

impl Shop {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, remembered: Mutex::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address is told how something stands. It is never told what was before what it was told already (security L9).
    pub(crate) fn hear(&self, url: &str, delivery: Option<String>, body: &[u8]) {
        self.lock().heard.extend(delivery);
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(id) = body["id"].as_str() else { return };
        let history = body["status_history"].as_array().map(|history| history.len() as u64);
        let Some(told) = history.or_else(|| body["version"].as_u64()) else { return };
        let mut remembered = self.lock();
        let before = remembered.stories.insert((url.to_owned(), id.to_owned()), told).unwrap_or(0);
        if told < before {
            remembered.wrong.push(format!("L9: {url} is told {told} of {id} after {before}"));
        }
    }

    /// A capture or a refund is asked for under a key of its own; other actions are not counted.
    pub(crate) fn asked(&self, checkout: &str, action: &str, amount: Option<i64>) {
        let kind = match action {
            "capture" | "cards/capture" => AcquirerKind::Capture,
            "refund" | "cards/refund-and-credit" => AcquirerKind::Refund,
            _ => return,
        };
        self.lock().asked.push(Asked { checkout: checkout.to_owned(), kind, amount });
    }

    pub(crate) fn told(&self, checkout: &str, fact: Fact) {
        self.lock().told.push(Told { checkout: checkout.to_owned(), fact });
    }
}

/// Whoever carries out one step.
pub(crate) struct Client<'s> {
    pub(crate) surroundings: &'s Surroundings,
    /// True time.
    pub(crate) env: &'s Env,
    pub(crate) shop: &'s Shop,
    pub(crate) chance: Chance,
    pub(crate) number: usize,
}

/// What a client was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    location: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The path of where it leads.
    pub(crate) fn leads_to<'a>(&'a self, public_url: &str) -> &'a str {
        self.location.strip_prefix(public_url).unwrap_or(&self.location)
    }

    /// The value of a field of a form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let html = String::from_utf8_lossy(&self.body);
        let (_, rest) = html.split_once(&format!(r#"name="{name}" value=""#))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }
}

/// A request as a client thinks of it.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn form(path: impl Into<String>, body: String) -> Self {
        let headers = vec![("content-type", FORM.to_owned())];
        Self { method: Method::POST, path: path.into(), headers, body }
    }

    pub(crate) fn json(method: Method, path: impl Into<String>, body: &Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Self { method, path: path.into(), headers: vec![("content-type", JSON.to_owned())], body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        if let Ok(uri) = self.path.parse() {
            *request.uri_mut() = uri;
        }
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        if !self.body.is_empty() {
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        request.extensions_mut().insert(Caller(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))));
        request
    }
}

impl<'s> Client<'s> {
    pub(crate) fn of(surroundings: &'s Surroundings, env: &'s Env, shop: &'s Shop, step: &Step) -> Self {
        Self { surroundings, env, shop, chance: Chance::new(step.seed), number: step.number }
    }

    /// Whoever fetches what happened.
    pub(crate) fn subscriber(surroundings: &'s Surroundings, env: &'s Env, shop: &'s Shop) -> Self {
        Self { surroundings, env, shop, chance: Chance::new(0), number: 0 }
    }

    /// Carries out its step.
    pub(crate) async fn act(&self, what: What) {
        match what {
            What::OpenPurchase => self.open_purchase().await,
            What::PayPurchase => self.pay_purchase().await,
            What::ActOnPurchase => self.act_on_purchase().await,
            What::ChargePurchase => self.charge_purchase().await,
            What::OpenLink => self.open_link().await,
            What::PayLink => self.pay_link().await,
            What::ActOnLink => self.act_on_link().await,
            What::ChargeStored => self.charge_stored().await,
            What::Tender => self.tender().await,
            What::ActOnTender => self.act_on_tender().await,
            What::Report => self.report().await,
            What::JumpAhead => {
                let minutes = self.chance.below(200);
                self.surroundings.note(format_args!("#{} the gateway's clock jumps {minutes} minutes", self.number));
                self.surroundings.lock().jump += i64::try_from(minutes).unwrap_or(0) * 60_000_000;
            }
        }
    }

    /// Asks once. `None` when no answer came: then it may or may not have been carried out.
    pub(crate) async fn ask(&self, ask: &Ask) -> Option<Answer> {
        let (door, patience) = {
            let mut shared = self.surroundings.lock();
            (shared.door.clone(), shared.patience())
        };
        let said = format!("#{} {} {}", self.number, ask.method, ask.path);
        let Some(door) = door else {
            self.surroundings.note(format_args!("{said}: nobody is there"));
            return None;
        };
        let (request, surroundings) = (ask.request(), self.surroundings.clone());
        let (waits, answered) = Waits::new(self.surroundings);
        let asked = tokio::spawn(async move {
            let Ok(response) = door.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let Ok(body) = body.collect().await else { return };
            surroundings.turn("before a client is answered").await;
            let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let location = location.unwrap_or_default().to_owned();
            waits.answer(Answer { status: parts.status.as_u16(), location, body: body.to_bytes().to_vec() });
        });
        let heard = match patience {
            None => answered.await.ok(),
            Some(patience) => tokio::select! {
                biased;
                answer = answered => answer.ok(),
                () = self.env.sleep(patience) => {
                    // A server drops what nobody waits for.
                    asked.abort();
                    None
                }
            },
        };
        let status = heard.as_ref().map_or_else(|| "no answer".to_owned(), |answer| answer.status.to_string());
        self.surroundings.note(format_args!("{said}: {status}"));
        let is_calm = self.surroundings.lock().is_calm;
        if let Some(answer) = heard.as_ref().filter(|answer| answer.status >= 500 && is_calm) {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            self.shop.lock().wrong.push(format!("{said} was answered {} with nothing amiss: {text}", answer.status));
        }
        heard
    }

    /// Asks until there is an answer that says something, a few times.
    pub(crate) async fn insist(&self, ask: &Ask) -> Option<Answer> {
        for number in 0..TRIES {
            if let Some(answer) = self.ask(ask).await.filter(|answer| answer.status < 500) {
                return Some(answer);
            }
            self.env.sleep(Duration::from_secs(u64::from(number) * 20 + self.chance.below(10))).await;
        }
        None
    }

    /// A token for one call, as shops fetch it.
    pub(crate) async fn token(&self, path: &str, (id, secret): &(String, String)) -> Option<String> {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let ask = Ask::form(path, "grant_type=client_credentials".to_owned()).with("authorization", basic);
        self.insist(&ask).await?.json()["access_token"].as_str().map(str::to_owned)
    }

    /// One of the things that are known by now.
    pub(crate) fn one<T: Clone>(&self, of: impl FnOnce(&Remembered) -> &Vec<T>) -> Option<T> {
        let remembered = self.shop.lock();
        let known = of(&remembered);
        // Mostly one of the newest: things happen to it while others are still under way.
        let newest = known.len().saturating_sub(5);
        let from = if self.chance.once_in(4) { known } else { known.get(newest..).unwrap_or_default() };
        self.chance.one_of(from).cloned()
    }

    /// Remembers how something stands.
    pub(crate) fn stands(&self, id: &str, standing: Standing) {
        self.shop.lock().standing.insert(id.to_owned(), standing);
    }

    /// How something stood when somebody last looked; nobody who is confused remembers it.
    pub(crate) fn standing(&self, id: &str) -> Standing {
        let known = self.shop.lock().standing.get(id).copied().unwrap_or_default();
        if self.chance.once_in(6) { Standing::default() } else { known }
    }

    /// An amount: mostly a part of this, or all of it; now and then more.
    pub(crate) fn part_of(&self, whole: i64) -> u64 {
        let whole = u64::try_from(whole).unwrap_or(0).max(1);
        match self.chance.below(6) {
            0..=2 => 1 + self.chance.below(whole),
            3..=4 => whole,
            _ => whole + 1 + self.chance.below(whole),
        }
    }

    /// One of the things to do something with: mostly one with money in it.
    pub(crate) fn one_to_act_on<T: Clone>(
        &self,
        of: impl Fn(&Remembered) -> &Vec<T>,
        id: impl Fn(&T) -> String,
    ) -> Option<T> {
        let with_money: Vec<T> = {
            let remembered = self.shop.lock();
            let stands = |one: &&T| remembered.standing.get(&id(one)).is_some_and(|s| s.held + s.refundable > 0);
            of(&remembered).iter().filter(stands).cloned().collect()
        };
        if with_money.is_empty() || self.chance.once_in(4) {
            self.one(of)
        } else {
            self.chance.one_of(&with_money).cloned()
        }
    }

    /// A key under which a call is repeated without a second effect.
    pub(crate) fn key(&self) -> String {
        format!("{:08x}-0000-4000-8000-{:012x}", self.number, self.chance.draw() & 0xffff_ffff_ffff)
    }

    /// A card: mostly a good one, else one with a script of its own (checkout-ux 20).
    pub(crate) fn card(&self) -> &'static str {
        const GOOD: &str = "4444333322221111";
        const SCRIPTED: [&str; 44] = [
            "5555555555554444",
            "4000009900050009",
            "4000009900510002",
            "4000009900700009",
            "4000009910000002",
            "4000009912000000",
            "4000009921000009",
            "4000009922000008",
            "4000009900000103",
            "4000009900000202",
            "4000009900000301",
            "4000009900000400",
            "4000009900000509",
            "4000009900000608",
            "4000009900000707",
            "4000009900000806",
            "4000009900000905",
            "4000009900001101",
            "4000009900001200",
            "4000009900001309",
            "4000009900001408",
            "4000009900002109",
            "4000009900002208",
            "4000009900002307",
            "4000009900002406",
            "4000009900003107",
            "4000009900003206",
            "4000009900004105",
            "4000009900005102",
            "4000009900006100",
            "4000009900007108",
            "4000009900007207",
            "4000009900007306",
            "4000009900007405",
            "4000009900008106",
            "4000009900009104",
            "4000009900009203",
            "4000009900009302",
            "4000009900009401",
            "4000009900910004",
            "4000009900960009",
            "4000009900140008",
            "4000009900540009",
            "4000009920510008",
        ];
        if self.chance.once_in(2) { GOOD } else { self.chance.one_of(&SCRIPTED).copied().unwrap_or(GOOD) }
    }

    /// A payer's browser: opens the page at `base`, types a card in, answers the bank if it asks, and comes back.
    pub(crate) async fn pay_at(&self, base: &str, public_url: &str, card: &str) {
        let Some(page) = self.ask(&Ask::get(base)).await else { return };
        let Some(attempt) = page.field("attempt") else { return };
        let remember = if self.chance.once_in(3) { "&remember_card=on" } else { "" };
        let form = format!(
            "attempt={attempt}&card_number={card}&expires=12%2F30&cvc=123&cardholder_name=Ada+Example{remember}"
        );
        let submit = Ask::form(base, form);
        if self.chance.once_in(8) {
            // A double click.
            let (first, second) = futures_util::future::join(self.ask(&submit), self.ask(&submit)).await;
            for answer in [first, second].into_iter().flatten() {
                self.come_back(base, public_url, &answer).await;
            }
            return;
        }
        let mut posted = self.ask(&submit).await;
        if posted.is_none() && self.chance.once_in(2) {
            // The same page once more.
            posted = self.ask(&submit).await;
        }
        if let Some(answer) = posted {
            self.come_back(base, public_url, &answer).await;
        }
    }

    async fn come_back(&self, base: &str, public_url: &str, posted: &Answer) {
        let led = posted.leads_to(public_url).to_owned();
        if led.is_empty() {
            return;
        }
        let Some(page) = self.ask(&Ask::get(led)).await else { return };
        let page = if page.leads_to(public_url).ends_with("/challenge/") {
            self.ask(&Ask::get(format!("{base}challenge/"))).await
        } else {
            Some(page)
        };
        if let Some(page) = page {
            self.answer_bank(base, public_url, &page).await;
        }
    }

    async fn answer_bank(&self, base: &str, public_url: &str, page: &Answer) {
        let Some(creq) = page.field("creq") else { return };
        let action = ["confirm", "confirm", "cancel"][usize::try_from(self.chance.below(3)).unwrap_or(0)];
        let asked = Ask::form("/acs/challenge", format!("creq={creq}&action={action}&otp=1234"));
        let Some(onward) = self.ask(&asked).await else { return };
        let Some(cres) = onward.field("cres") else { return };
        let Some(back) = self.ask(&Ask::form(format!("{base}3ds/"), format!("cres={cres}"))).await else { return };
        let led = back.leads_to(public_url).to_owned();
        if !led.is_empty() {
            self.ask(&Ask::get(led)).await;
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.env.now()
    }
}
