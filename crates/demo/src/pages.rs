//! The shop's pages: what their templates are filled with, and the headers they are sent with.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::catalogue::{Currency, SHELF, Thing};
use crate::order::{Known, Order};
use crate::plan::{Dialect, Drawn, Integration};
use crate::pretty;
use crate::shop::Shop;
use crate::snippets::{self, Code};
use crate::story::{Arrived, Called, Checked, Opens, Step, Story, Verdict, What};

/// Orders that the shelf lists.
const RECENT_MAX: usize = 8;
/// How long after a step without script the page looks for more by itself. Microseconds.
const LIVELY: i64 = 15_000_000;

const STYLE: &str = include_str!("../assets/demo.css");
const SCRIPT: &str = include_str!("../assets/demo.js");
const FIELDS: &str = include_str!("../assets/fields.js");

/// A test card, and what it is for.
struct TestCard {
    number: &'static str,
    about: &'static str,
}

const TEST_CARDS: [TestCard; 6] = [
    TestCard { number: "4444 3333 2222 1111", about: "approved" },
    TestCard { number: "5555 5555 5555 4444", about: "the bank asks: password 1234" },
    TestCard { number: "4000 0099 0005 0009", about: "declined" },
    TestCard { number: "4000 0099 0051 0002", about: "declined: insufficient funds" },
    TestCard { number: "4000 0099 0000 0400", about: "approved, but the line breaks" },
    TestCard { number: "4000 0099 0000 2307", about: "approved; its refund is declined" },
];

/// What every page has.
struct Frame<'a> {
    title: String,
    base: &'a str,
    /// Seconds after which the page is loaded again where no script runs.
    refresh: Option<u8>,
}

#[derive(Template)]
#[template(path = "shelf.html")]
struct Shelf<'a> {
    frame: Frame<'a>,
    form_token: &'a str,
    things: &'static [Thing],
    cards: &'static [TestCard],
    recent: Vec<Recent>,
    strays: Vec<StepView>,
}

struct Recent {
    path: String,
    reference: String,
    name: &'static str,
    way: String,
    price: String,
    standing: &'static str,
    look: &'static str,
}

#[derive(Template)]
#[template(path = "pay.html")]
struct Pay<'a> {
    frame: Frame<'a>,
    order: Head,
    drawn: Drawn,
    url: &'a str,
    code: String,
    keep: bool,
    cards: &'static [TestCard],
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    frame: Frame<'a>,
    form_token: &'a str,
    order: Head,
    trouble: Option<String>,
    pay: Option<String>,
    capture: Option<String>,
    refund: Option<String>,
    refund_half: Option<String>,
    is_kept: bool,
    steps: Vec<StepView>,
}

#[derive(Template)]
#[template(path = "back.html")]
struct Back<'a> {
    frame: Frame<'a>,
    order: Head,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    frame: Frame<'a>,
    words: &'a str,
}

/// The beginning of an order's page.
struct Head {
    id: String,
    reference: String,
    thing: &'static Thing,
    price: String,
    dialect: &'static str,
    way: &'static str,
    standing: &'static str,
    look: &'static str,
    /// The dialect's own word.
    word: String,
    steps: usize,
}

impl Head {
    fn of(order: &Order, known: &Known) -> Self {
        let integration = order.plan.integration;
        let standing = known.facts.standing;
        Self {
            id: order.id.clone(),
            reference: order.reference(),
            thing: order.thing,
            price: order.currency().shown(order.price()),
            dialect: integration.dialect().name(),
            way: integration.name(),
            standing: standing.name(),
            look: standing.look(),
            word: known.facts.word.clone(),
            steps: order.story.read(<[Step]>::len),
        }
    }
}

/// A step as it is shown.
struct StepView {
    number: usize,
    /// Whether the shop called, or was called.
    is_call: bool,
    title: &'static str,
    about: &'static str,
    time: String,
    /// Of a message: what it says has happened.
    tells: String,
    /// Method and path.
    line: String,
    outcome: String,
    look: &'static str,
    headers: Vec<(String, String)>,
    body: String,
    answer: Option<String>,
    /// Of a message: whether it is believed, and why.
    verdict: Option<String>,
    before: Option<&'static str>,
    codes: Vec<Code>,
}

impl StepView {
    fn of(number: usize, step: &Step, shop: &Shop, place: &str) -> Self {
        let time = jiff::Timestamp::from_microsecond(step.at).unwrap_or_default().strftime("%H:%M:%S").to_string();
        match &step.what {
            What::Called(called) => Self::of_call(number, time, called, &shop.merchant.base_url),
            What::Arrived(arrived) => {
                let body = format!("{}{place}/story/{number}", shop.merchant.base_url);
                Self::of_message(number, time, arrived, &shop.merchant.base_url, &body)
            }
        }
    }

    fn of_call(number: usize, time: String, called: &Called, base: &str) -> Self {
        let Called { request, took, outcome } = called;
        let mut headers: Vec<(String, String)> = vec![];
        headers.extend(shown_opener(&request.opens_with).map(|value| ("Authorization".to_owned(), value)));
        headers.extend(request.once.as_ref().map(|once| (once.header.to_owned(), once.value.clone())));
        headers.extend(request.content.kind().map(|kind| ("Content-Type".to_owned(), kind.to_owned())));
        let took = took.as_millis();
        let (shown, look, answer) = match outcome {
            Ok(answered) => {
                let look = if matches!(answered.status, 200..=299) { "good" } else { "bad" };
                (format!("{} · {took} ms", answered.status), look, Some(shown_answer(&answered.body)))
            }
            Err(why) => (format!("{why} · {took} ms"), "bad", None),
        };
        Self {
            number,
            is_call: true,
            title: request.title,
            about: request.about,
            time,
            tells: String::new(),
            line: format!("{} {}", request.method, request.target),
            outcome: shown,
            look,
            headers,
            body: pretty::json(&request.content.text()),
            answer,
            verdict: None,
            before: snippets::before(request),
            codes: snippets::call(request, base),
        }
    }

    fn of_message(number: usize, time: String, arrived: &Arrived, base: &str, body: &str) -> Self {
        let (outcome, look, verdict) = match &arrived.verdict {
            Verdict::Verified(checked) => ("verified".to_owned(), "good", checked_with(checked)),
            Verdict::Refused(why) => {
                let words = format!("Not believed: {why}. It was refused, and changed nothing.");
                ("refused".to_owned(), "bad", words)
            }
            Verdict::Asked => {
                let words = "Nothing is signed here, and nothing is believed: the shop asks with its own credentials.";
                ("unsigned".to_owned(), "plain", words.to_owned())
            }
        };
        Self {
            number,
            is_call: false,
            title: arrived.title,
            about: arrived.about,
            time,
            tells: arrived.tells.chars().take(80).collect(),
            line: format!("{} {}", arrived.method, cut(&arrived.target)),
            outcome,
            look,
            headers: arrived.headers.clone(),
            body: pretty::json(&String::from_utf8_lossy(&arrived.body)),
            answer: None,
            verdict: Some(verdict),
            before: None,
            codes: snippets::verification(arrived, base, body).into_iter().collect(),
        }
    }
}

fn checked_with(checked: &Checked) -> String {
    match checked {
        Checked::CompanyKey { .. } => "X-Signature verified with the key of GET /api/v1/public_key/.".to_owned(),
        Checked::WebhookKey { webhook, .. } => {
            format!("X-Signature verified with the webhook’s own key, GET /api/v1/webhooks/{webhook}/.")
        }
        Checked::Detached { kid, .. } => {
            format!("x-purse-signature verified with key {kid} of GET /payment/v2/signing-jwks.")
        }
        Checked::Token { kid, .. } => {
            format!("purse-redirection-data verified with key {kid} of GET /payment/v2/signing-jwks.")
        }
    }
}

fn shown_opener(opens_with: &Opens) -> Option<String> {
    match opens_with {
        Opens::Public => None,
        Opens::Key(secret) | Opens::Token(secret) => Some(format!("Bearer {}", pretty::shortened(secret))),
        Opens::Client { id, .. } => Some(format!("Basic {}:…", pretty::shortened(id))),
    }
}

/// A token is as good as a secret while it lives.
fn shown_answer(body: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    match answer["access_token"].as_str() {
        Some(token) => pretty::json(&body.replace(token, &pretty::shortened(token))),
        None => pretty::json(body),
    }
}

/// Long addresses carry tokens that nobody reads.
fn cut(target: &str) -> String {
    if target.len() <= 200 { target.to_owned() } else { format!("{}…", &target[..target.floor_char_boundary(200)]) }
}

fn steps(story: &Story, shop: &Shop, place: &str) -> Vec<StepView> {
    story.read(|steps| steps.iter().enumerate().map(|(at, step)| StepView::of(at + 1, step, shop, place)).collect())
}

pub(crate) fn shelf(shop: &Shop) -> Response {
    let recent = shop.orders.newest(RECENT_MAX);
    let page = Shelf {
        frame: frame(shop, "Demo shop"),
        form_token: &shop.form_token,
        things: &SHELF,
        cards: &TEST_CARDS,
        recent: recent.iter().map(recent_order).collect(),
        strays: steps(&shop.strays, shop, "/demo"),
    };
    sent(StatusCode::OK, &page, shop, Framed::No)
}

fn recent_order(order: &Arc<Order>) -> Recent {
    let Head { reference, price, dialect, way, standing, look, .. } = Head::of(order, &order.known());
    let (path, name) = (format!("/demo/orders/{}/", order.id), order.thing.name);
    Recent { path, reference, name, way: format!("{dialect}: {way}"), price, standing, look }
}

pub(crate) fn pay(shop: &Shop, order: &Order, drawn: Drawn, url: &str) -> Response {
    let head = Head::of(order, &order.known());
    let page = Pay {
        frame: frame(shop, format!("Pay for {}", order.thing.name)),
        drawn,
        url,
        code: snippets::page(drawn, url, &shop.merchant.base_url),
        keep: order.plan.keep,
        order: head,
        cards: &TEST_CARDS,
    };
    sent(StatusCode::OK, &page, shop, Framed::No)
}

pub(crate) fn order(shop: &Shop, order: &Order) -> Response {
    let known = order.known();
    let facts = &known.facts;
    let currency = order.currency();
    let is_payable = facts.standing.is_payable() && known.pay_url.is_some();
    let pay = || {
        if order.plan.integration.drawn().is_some() { Some(shop.page(order, "/pay/")) } else { known.pay_url.clone() }
    };
    let some = |amount: i64| (amount > 0).then(|| currency.shown(amount));
    let last = order.story.read(|steps| steps.last().map_or(order.made_at, |step| step.at));
    let is_lively = facts.standing.is_open() || shop.now() - last < LIVELY;
    let head = Head::of(order, &known);
    let page = OrderPage {
        frame: Frame {
            refresh: is_lively.then_some(3),
            ..frame(shop, format!("{}: {}", head.reference, head.standing))
        },
        form_token: &shop.form_token,
        order: head,
        pay: is_payable.then(pay).flatten(),
        capture: some(facts.held),
        refund: some(facts.refundable),
        refund_half: some(facts.refundable / 2),
        is_kept: facts.kept.is_some(),
        steps: steps(&order.story, shop, &format!("/demo/orders/{}", order.id)),
        trouble: known.trouble,
    };
    sent(StatusCode::OK, &page, shop, Framed::No)
}

pub(crate) fn back(shop: &Shop, order: &Order) -> Response {
    let page = Back { frame: frame(shop, "Back at the shop"), order: Head::of(order, &order.known()) };
    sent(StatusCode::OK, &page, shop, Framed::ByTheShop)
}

pub(crate) fn no_order(shop: &Shop) -> Response {
    let words = "There is no such page. Orders live in memory: they are gone when the gateway was started again, and \
                 the oldest go first.";
    problem(shop, StatusCode::NOT_FOUND, words)
}

pub(crate) fn problem(shop: &Shop, status: StatusCode, words: &str) -> Response {
    sent(status, &Problem { frame: frame(shop, "That did not work"), words }, shop, Framed::No)
}

/// How far the story is, for the page's script.
pub(crate) fn news(order: &Order) -> Response {
    let steps = order.story.read(<[Step]>::len);
    let body = json!({ "steps": steps, "standing": order.known().facts.standing.name() }).to_string();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

/// A message's own bytes, to be kept as a file and never drawn as a page.
pub(crate) fn bytes(body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"body.json\""),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

pub(crate) fn asset(file: &str) -> Response {
    let (kind, text) = match file {
        "demo.css" => ("text/css; charset=utf-8", STYLE),
        "demo.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "fields.js" => ("text/javascript; charset=utf-8", FIELDS),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

fn frame(shop: &Shop, title: impl Into<String>) -> Frame<'_> {
    Frame { title: title.into(), base: &shop.merchant.base_url, refresh: None }
}

/// Who may draw a page inside theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framed {
    No,
    /// The page that a payer comes back to inside a frame.
    ByTheShop,
}

/// The page with its headers: it loads, posts to and is framed by nothing but the shop and the gateway, which browsers
/// may know by one name more than this page's own.
fn sent(status: StatusCode, page: &impl Template, shop: &Shop, framed: Framed) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let base = &shop.merchant.base_url;
    let ancestors = match framed {
        Framed::No => "'none'".to_owned(),
        Framed::ByTheShop => format!("'self' {base}"),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self' {base}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' {base}; frame-src 'self' {base}; form-action 'self' {base}; frame-ancestors {ancestors}; base-uri 'none'; \
         require-trusted-types-for 'script'"
    );
    let Ok(policy) = HeaderValue::from_str(&policy) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    ];
    (status, headers, Html(html)).into_response()
}
