//! A gateway of its own for each test, and what merchants and payers do with it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, header};
use domain::{CheckoutId, Timestamp};
use engine::{Engine, RootKey};
use env::Env;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::{AppOptions, MailOptions, PublicUrl};
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tollgate_http::caller::Caller;
use tower::ServiceExt;

/// 20 November 2026, midnight UTC.
pub(crate) const START: i64 = 1_795_132_800;
/// Approved, no 3-D Secure.
pub(crate) const GOOD: &str = "4444333322221111";
pub(crate) const CONTROL: &str = "control-token";

/// A merchant with one brand and a key for each mode.
#[derive(Clone)]
pub(crate) struct Merchant {
    pub(crate) id: String,
    pub(crate) brand_id: String,
    pub(crate) secret_key: String,
    pub(crate) live_secret_key: String,
    /// Its client of the card payments API.
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Its client of the orchestration API.
    pub(crate) orchestration: OrchestrationClient,
}

/// What a client of the orchestration API has in hand.
#[derive(Clone)]
pub(crate) struct OrchestrationClient {
    pub(crate) entity_id: String,
    pub(crate) api_key: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// What outlives a process: the data, the root key, and what the merchant wrote down.
pub(crate) struct Home {
    data: TempDir,
    root_key: String,
    merchant: Option<Merchant>,
    starts: u64,
}

impl Home {
    pub(crate) fn new() -> Self {
        let env = Env::still(Timestamp::from_seconds(START), 1);
        let root_key = RootKey::make(&env).to_string();
        Self { data: TempDir::new().unwrap(), root_key, merchant: None, starts: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        self.data.path()
    }
}

pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    pub(crate) http_metrics: std::sync::Arc<tollgate_http::metrics::HttpMetrics>,
    pub(crate) merchant: Merchant,
    home: Home,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The one code of an error that belongs to no field, and its status.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let problems = body["__all__"].as_array().unwrap_or_else(|| panic!("no __all__: {body}"));
        assert_eq!(1, problems.len(), "{body}");
        (self.status, problems[0]["code"].as_str().unwrap().to_owned())
    }

    /// The page without markup, one line for what is between two tags.
    pub(crate) fn words(&self) -> String {
        let html = self.text();
        let mut words = String::new();
        for piece in html.split('<').skip(1) {
            let text = piece.split_once('>').map_or("", |(_, text)| text).trim();
            if !text.is_empty() {
                words.push_str(text);
                words.push('\n');
            }
        }
        words
    }

    /// Whether a card can be typed in.
    pub(crate) fn has_form(&self) -> bool {
        self.text().contains("<form")
    }

    /// The one-time token of the form.
    pub(crate) fn token(&self) -> String {
        let html = self.text();
        let (_, rest) = html.split_once(r#"name="attempt" value=""#).unwrap_or_else(|| panic!("no form: {html}"));
        rest.split_once('"').unwrap().0.to_owned()
    }
}

/// A card as typed, with what else stands in the form.
#[derive(Clone)]
pub(crate) struct Form<'a> {
    pub(crate) number: &'a str,
    pub(crate) expires: &'a str,
    pub(crate) cvc: &'a str,
    pub(crate) holder: &'a str,
    pub(crate) more: &'a str,
}

/// A card that is right in all but its number, which says what happens.
pub(crate) fn card(number: &str) -> Form<'_> {
    Form { number, expires: "12/30", cvc: "123", holder: "Ada Example", more: "" }
}

impl Form<'_> {
    pub(crate) fn body(&self, token: &str) -> String {
        let Self { number, expires, cvc, holder, more } = self;
        let (number, holder) = (number.replace(' ', "+"), holder.replace(' ', "+"));
        let expires = expires.replace('/', "%2F");
        format!("attempt={token}&card_number={number}&expires={expires}&cvc={cvc}&cardholder_name={holder}{more}")
    }
}

/// `a` with the members of `b` over it, objects member by member.
fn merge(a: &mut Value, b: Value) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in b {
                merge(a.entry(name).or_insert(Value::Null), value);
            }
        }
        (a, b) => *a = b,
    }
}

pub(crate) fn id(purchase: &Value) -> &str {
    purchase["id"].as_str().unwrap()
}

/// The statuses a purchase went through, oldest first.
pub(crate) fn story(purchase: &Value) -> String {
    let steps = purchase["status_history"].as_array().unwrap();
    steps.iter().map(|step| step["status"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::reached_at("http://pay.example.com").await
    }

    pub(crate) async fn reached_at(public_url: &str) -> Self {
        Self::open(Home::new(), public_url, false, None).await
    }

    pub(crate) async fn with_test_limits() -> Self {
        Self::open(Home::new(), "http://pay.example.com", true, None).await
    }

    /// The next process on the same data.
    pub(crate) async fn again(home: Home) -> Self {
        Self::open(home, "http://pay.example.com", false, None).await
    }

    /// A process that has a mail server.
    pub(crate) async fn mailing(home: Home, mail: MailOptions) -> Self {
        Self::open(home, "http://pay.example.com", false, Some(mail)).await
    }

    /// The next process on the same data, where limits bind.
    pub(crate) async fn again_with_test_limits(home: Home) -> Self {
        Self::open(home, "http://pay.example.com", true, None).await
    }

    async fn open(mut home: Home, public_url: &str, test_limits: bool, mut mail: Option<MailOptions>) -> Self {
        home.starts += 1;
        let env = Env::still(Timestamp::from_seconds(START), home.starts);
        let mut tries = 0;
        let app = loop {
            let opened = server::App::open(AppOptions {
                env: env.clone(),
                data: home.path(),
                store: None,
                root_key: RootKey::parse(&home.root_key).unwrap(),
                public_url: PublicUrl::parse(public_url).unwrap(),
                control_token: Some(CONTROL.to_owned()),
                test_limits,
                metrics: true,
                authorization_max: Duration::from_hours(168),
                settles_after: Duration::from_hours(24),
                test_acquirer: None,
                mail: mail.take(),
            })
            .await;
            match opened {
                Ok(app) => break app,
                // The threads of the process before may still be letting go of their files.
                Err(_) if home.starts > 1 && tries < 500 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => panic!("{error:#}"),
            }
        };
        let server::App { engine, router, http_metrics, .. } = app;
        let merchant = match &home.merchant {
            Some(merchant) => merchant.clone(),
            None => make_merchant(&router).await,
        };
        home.merchant = Some(merchant.clone());
        Self { engine, router, http_metrics, merchant, home }
    }

    /// Ends without closing anything; what still runs ends with its runtime.
    pub(crate) fn leave(self) -> Home {
        self.home
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        self.home.path()
    }

    pub(crate) async fn another_merchant(&self) -> Merchant {
        make_merchant(&self.router).await
    }

    // A merchant.

    pub(crate) async fn api(&self, method: Method, path: &str, key: &str, body: impl Into<Body>) -> Answer {
        ask(&self.router, request(method, &format!("/api/v1{path}"), key, "application/json", body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api(Method::GET, path, &self.merchant.secret_key, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.api(Method::POST, path, &self.merchant.secret_key, body.to_string()).await
    }

    /// The order most tests begin with, 9.54 MYR, and what a test changes of it.
    pub(crate) fn order(&self, changes: Value) -> Value {
        let mut order = json!({
            "brand_id": self.merchant.brand_id,
            "client": { "email": "ada@example.com", "full_name": "Ada Example" },
            "purchase": { "products": [{ "name": "Tea", "price": 450, "quantity": "2", "tax_percent": "6" }] },
            "reference": "ORD-7",
        });
        merge(&mut order, changes);
        order
    }

    pub(crate) async fn create(&self, changes: Value) -> Answer {
        self.post("/purchases/", &self.order(changes)).await
    }

    pub(crate) async fn create_with_key(&self, idempotency_key: &str, changes: Value) -> Answer {
        let body = self.order(changes).to_string();
        ask(&self.router, keyed(&self.merchant.secret_key, idempotency_key, body)).await
    }

    pub(crate) async fn purchase(&self, changes: Value) -> Value {
        let answer = self.create(changes).await;
        assert_eq!(201, answer.status, "{}", answer.text());
        answer.json()
    }

    /// The id of a purchase nobody has opened.
    pub(crate) async fn purchase_id(&self, changes: Value) -> String {
        id(&self.purchase(changes).await).to_owned()
    }

    pub(crate) async fn show(&self, id: &str) -> Value {
        let answer = self.get(&format!("/purchases/{id}/")).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        answer.json()
    }

    pub(crate) async fn status(&self, id: &str) -> String {
        self.show(id).await["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn cancel(&self, id: &str) -> Answer {
        self.post(&format!("/purchases/{id}/cancel/"), &json!({})).await
    }

    /// One of the actions of a purchase, with any body.
    pub(crate) async fn act(&self, id: &str, action: &str, body: &str) -> Answer {
        ask(&self.router, self.action(id, action, body)).await
    }

    /// The same with an `Idempotency-Key`.
    pub(crate) async fn act_keyed(&self, id: &str, action: &str, idempotency_key: &str, body: &str) -> Answer {
        let mut request = self.action(id, action, body);
        request.headers_mut().insert("idempotency-key", idempotency_key.parse().unwrap());
        ask(&self.router, request).await
    }

    pub(crate) fn action(&self, id: &str, action: &str, body: &str) -> Request<Body> {
        let uri = format!("/api/v1/purchases/{id}/{action}/");
        request(Method::POST, &uri, &self.merchant.secret_key, "application/json", body.to_owned())
    }

    /// An action whose acquirer keeps us waiting.
    pub(crate) async fn act_slowly(&self, id: &str, action: &str, body: &str) -> JoinHandle<Answer> {
        self.wait_slowly(self.action(id, action, body)).await
    }

    /// A purchase that was paid with this card.
    pub(crate) async fn paid(&self, number: &str, changes: Value) -> String {
        let id = self.purchase_id(changes).await;
        self.pay(&id, &card(number)).await;
        assert_eq!("paid", self.status(&id).await);
        id
    }

    /// 9.54 MYR of this card, reserved.
    pub(crate) async fn hold(&self, number: &str) -> String {
        let id = self.purchase_id(json!({ "skip_capture": true })).await;
        self.pay(&id, &card(number)).await;
        assert_eq!("hold", self.status(&id).await);
        id
    }

    // A payer.

    pub(crate) async fn page(&self, path: &str) -> Answer {
        ask(&self.router, request(Method::GET, path, "", "", "")).await
    }

    pub(crate) async fn link(&self, id: &str) -> Answer {
        self.page(&format!("/p/{id}/")).await
    }

    /// A form's token without a look at the page.
    pub(crate) fn token(&self, id: &str) -> String {
        self.engine.form_token(CheckoutId::parse(id).unwrap())
    }

    pub(crate) async fn submit(&self, id: &str, body: String) -> Answer {
        ask(&self.router, submission(id, body)).await
    }

    /// Opens the link, types the card in, and looks at what comes after.
    pub(crate) async fn pay(&self, id: &str, form: &Form<'_>) -> Answer {
        let token = self.link(id).await.token();
        let answer = self.submit(id, form.body(&token)).await;
        assert_eq!((303, format!("/p/{id}/result/").as_str()), (answer.status, answer.header("location")));
        self.page(answer.header("location")).await
    }

    /// Opens the link and types the card in; returns when the acquirer keeps us waiting.
    pub(crate) async fn pay_slowly(&self, id: &str, form: &Form<'_>) -> JoinHandle<Answer> {
        let token = self.link(id).await.token();
        self.wait_slowly(submission(id, form.body(&token))).await
    }

    /// Asks what somebody keeps us waiting for; returns when all that is left to do is to wait.
    pub(crate) async fn wait_slowly(&self, request: Request<Body>) -> JoinHandle<Answer> {
        let router = self.router.clone();
        let waiting = tokio::spawn(async move { ask(&router, request).await });
        let clock = self.engine.env().clock();
        while clock.next_wake().is_none() {
            assert!(!waiting.is_finished(), "the acquirer did not keep us waiting");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        clock.quiet().await;
        waiting
    }

    // The sandbox.

    pub(crate) fn now(&self) -> i64 {
        self.engine.env().now().seconds()
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        let body = json!({ "advance_seconds": seconds }).to_string();
        let before = self.now();
        let answer =
            ask(&self.router, request(Method::POST, "/sandbox/clock", CONTROL, "application/json", body)).await;
        assert_eq!(200, answer.status, "{}", answer.text());
        assert_eq!(before + i64::try_from(seconds).unwrap(), self.now());
    }

    /// What the acquirer reports of a purchase.
    pub(crate) async fn report(&self, id: &str, event: &str) -> Answer {
        let body = json!({ "event": event }).to_string();
        let path = format!("/sandbox/purchases/{id}/events");
        ask(&self.router, request(Method::POST, &path, CONTROL, "application/json", body)).await
    }

    /// The test acquirer's own book, a line each: what, how much, whether.
    pub(crate) async fn book(&self) -> Vec<String> {
        let lines = self.transactions().await;
        let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        let line = |line: &Value| {
            let (kind, currency, outcome) = (word(line, "kind"), word(line, "currency"), word(line, "outcome"));
            format!("{kind} {} {currency} {outcome}", line["amount"])
        };
        lines.iter().map(line).collect()
    }

    pub(crate) async fn transactions(&self) -> Vec<Value> {
        let answer = ask(&self.router, request(Method::GET, "/sandbox/acquirer/transactions", CONTROL, "", "")).await;
        assert_eq!(200, answer.status);
        answer.json().as_array().unwrap().clone()
    }

    /// Approvals that were not given back.
    pub(crate) async fn approvals_kept(&self) -> usize {
        let book = self.transactions().await;
        let is = |line: &Value, kind: &str| line["kind"] == kind && line["outcome"] == "approved";
        let reversed =
            |line: &Value| book.iter().any(|other| is(other, "reversal") && other["reference"] == line["reference"]);
        book.iter().filter(|line| is(line, "authorize") && !reversed(line)).count()
    }

    /// The books balance, and nothing is in doubt but what the test says.
    pub(crate) fn audit_with_open_tries(&self, open: u64) {
        let report = Store::audit_dir(self.home.path()).unwrap();
        assert_eq!(Vec::<String>::new(), report.broken);
        assert_eq!(open, report.open_attempts);
        assert!(report.payments > 0, "nothing was audited");
    }

    pub(crate) fn audit(&self) {
        self.audit_with_open_tries(0);
    }
}

async fn make_merchant(router: &Router) -> Merchant {
    let made = ask(router, request(Method::POST, "/sandbox/merchants", CONTROL, "", "")).await;
    assert_eq!(201, made.status, "{}", made.text());
    let made = made.json();
    let entry = |name: &str| made["purchases"][name].as_str().unwrap().to_owned();
    Merchant {
        id: made["merchant_id"].as_str().unwrap().to_owned(),
        brand_id: entry("brand_id"),
        secret_key: entry("secret_key"),
        live_secret_key: entry("live_secret_key"),
        client_id: made["card_payments"]["client_id"].as_str().unwrap().to_owned(),
        client_secret: made["card_payments"]["client_secret"].as_str().unwrap().to_owned(),
        orchestration: {
            let entry = |name: &str| made["orchestration"][name].as_str().unwrap().to_owned();
            OrchestrationClient {
                entity_id: entry("entity_id"),
                api_key: entry("api_key"),
                client_id: entry("client_id"),
                client_secret: entry("client_secret"),
            }
        },
    }
}

/// A request from 203.0.113.9. Empty text is no header.
pub(crate) fn request(
    method: Method,
    uri: &str,
    bearer: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    if !bearer.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    }
    if !content_type.is_empty() {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(Caller(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))));
    request
}

/// A create with an `Idempotency-Key`.
pub(crate) fn keyed(key: &str, idempotency_key: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request(Method::POST, "/api/v1/purchases/", key, "application/json", body);
    request.headers_mut().insert("idempotency-key", idempotency_key.parse().unwrap());
    request
}

pub(crate) fn submission(id: &str, body: String) -> Request<Body> {
    request(Method::POST, &format!("/p/{id}/"), "", "application/x-www-form-urlencoded", body)
}

pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let answer = ask_a_broken_one(router, request).await;
    assert_ne!(500, answer.status, "{}", answer.text());
    answer
}

/// Asks where something may have broken.
pub(crate) async fn ask_a_broken_one(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Runs as one process that ends without warning.
pub(crate) fn until_the_crash<T>(process: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let left = runtime.block_on(process);
    // What was under way ends in the middle.
    drop(runtime);
    left
}

/// The codes of an answer: `status place code`, in order.
pub(crate) fn codes(answer: &Answer) -> String {
    let body = answer.json();
    let of = |(place, problems): (&String, &Value)| {
        let problems = problems.as_array().unwrap_or_else(|| panic!("no refusal: {body}"));
        let codes = problems.iter().map(|problem| problem["code"].as_str().unwrap());
        format!("{place} {}", codes.collect::<Vec<_>>().join("+"))
    };
    let codes = body.as_object().unwrap().iter().map(of).collect::<Vec<_>>().join(", ");
    format!("{} {codes}", answer.status)
}

/// The tries of a purchase, newest first: `type code`.
pub(crate) fn tries(purchase: &Value) -> Vec<String> {
    let attempts = purchase["transaction_data"]["attempts"].as_array().unwrap();
    let told = |attempt: &Value| {
        let code = attempt["error"]["code"].as_str().unwrap_or("ok");
        assert_eq!(attempt["error"].is_null(), attempt["successful"] == true, "{attempt}");
        format!("{} {code}", attempt["type"].as_str().unwrap())
    };
    attempts.iter().map(told).collect()
}
