//! The addresses below `/demo`: pages for payers, and callbacks for the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use env::Env;
use hyper::Method;
use tollgate_http::body;
use tollgate_http::path::behind;
use url::form_urlencoded;

use crate::catalogue::Thing;
use crate::forms::{BadForm, Form};
use crate::order::Order;
use crate::plan::{Dialect, Integration, Plan};
use crate::purchases::Way;
use crate::shop::{Shop, Trouble};
use crate::story::{Arrived, KEPT_MAX, Story, Verdict, What};
use crate::{Merchant, card_payments, orchestration, pages, purchases};

type Shared = State<Arc<Shop>>;

/// The shop, at `/demo`. `listens_on` is where the gateway takes connections on this machine: the shop calls it there, and
/// is called back there, while browsers use the merchant's base URL.
pub fn router(env: Env, merchant: Merchant, listens_on: SocketAddr) -> Router {
    let callbacks = Router::new()
        .route("/demo/callbacks/purchases", post(webhook))
        .route("/demo/callbacks/purchases/{id}", post(success_callback))
        .route("/demo/callbacks/card-payments", get(event))
        .route("/demo/callbacks/orchestration/{id}", post(payment_webhook));
    behind([
        ("/demo", get(shelf)),
        ("/demo/orders", post(buy)),
        ("/demo/orders/{id}", get(order)),
        ("/demo/orders/{id}/pay", get(pay)),
        ("/demo/orders/{id}/back", get(back)),
        ("/demo/orders/{id}/news", get(news)),
        ("/demo/orders/{id}/{action}", post(act)),
    ])
    .route("/demo/orders/{id}/story/{step}", get(told))
    .route("/demo/assets/{file}", get(asset))
    // Whoever opens a sandbox without knowing where to go begins here.
    .route("/", get(|| async { see_other("/demo/") }))
    .merge(callbacks)
    .with_state(Arc::new(Shop::new(env, merchant, listens_on)))
}

async fn shelf(State(shop): Shared) -> Response {
    pages::shelf(&shop)
}

async fn asset(Path(file): Path<String>) -> Response {
    pages::asset(&file)
}

fn find(shop: &Shop, id: &str) -> Option<Arc<Order>> {
    shop.orders.find(|order| order.id == id)
}

fn see_other(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::CACHE_CONTROL, NO_STORE)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Remembers what went wrong, for the order's page.
fn note(order: &Order, done: Result<(), Trouble>) {
    let trouble = done.err().map(|trouble| trouble.to_string());
    order.learn(|known| known.trouble = trouble);
}

/// The same for what nobody at the page has asked for: what went wrong before is still to be read.
fn note_trouble(order: &Order, done: Result<(), Trouble>) {
    if done.is_err() {
        note(order, done);
    }
}

/// Makes an order of what was picked, opens it at the gateway, and sends the payer to pay.
async fn buy(State(shop): Shared, request: Request) -> Response {
    let form = match Form::read(&shop, request.into_body()).await {
        Ok(form) => form,
        Err(why) => return bad_form(&shop, why),
    };
    let thing = form.field("thing").and_then(Thing::named);
    let integration = form.field("pay").and_then(Integration::named);
    let (Some(thing), Some(integration)) = (thing, integration) else {
        return pages::problem(&shop, StatusCode::BAD_REQUEST, "Pick a thing, and a way to pay.");
    };
    let plan = Plan { integration, hold: form.field("hold").is_some(), keep: form.field("keep").is_some() };
    let order = shop.take(thing, plan);
    note(&order, shop.open(&order).await);
    match order.known().pay_url {
        Some(url) if integration.drawn().is_none() => see_other(&url),
        Some(_) => see_other(&shop.page(&order, "/pay/")),
        None => see_other(&shop.page(&order, "/")),
    }
}

fn bad_form(shop: &Shop, why: BadForm) -> Response {
    match why {
        BadForm::Unreadable => pages::problem(shop, StatusCode::BAD_REQUEST, "The form could not be read."),
        BadForm::NotOurs => {
            let words = "That form is of an earlier run of the shop, or of another site. Nothing was done: go back, \
                         reload the page and try again.";
            pages::problem(shop, StatusCode::FORBIDDEN, words)
        }
    }
}

async fn order(State(shop): Shared, Path(id): Path<String>) -> Response {
    match find(&shop, &id) {
        Some(order) => pages::order(&shop, &order),
        None => pages::no_order(&shop),
    }
}

/// The shop's own page with the form or the frame.
async fn pay(State(shop): Shared, Path(id): Path<String>) -> Response {
    let Some(order) = find(&shop, &id) else { return pages::no_order(&shop) };
    let known = order.known();
    match (known.pay_url, order.plan.integration.drawn()) {
        (Some(url), Some(drawn)) if known.facts.standing.is_payable() => pages::pay(&shop, &order, drawn, &url),
        _ => see_other(&shop.page(&order, "/")),
    }
}

/// The payer comes back, whatever became of the payment: the shop asks.
async fn back(State(shop): Shared, Path(id): Path<String>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let Some(order) = find(&shop, &id) else { return pages::no_order(&shop) };
    let query = query.unwrap_or_default();
    let at = shop.now();
    let word = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "purse-redirection-data");
    let (about, verdict) = match word {
        Some((_, jws)) if order.plan.integration.dialect() == Dialect::Orchestration => {
            let verdict = orchestration::verdict_of_return(&shop, &order, &jws).await;
            ("The browser brings a signed word of how it went. The shop verifies it, and asks all the same.", verdict)
        }
        _ => {
            ("A browser may come with anything, or not at all. So the shop believes nothing, and asks.", Verdict::Asked)
        }
    };
    let target = if query.is_empty() { String::new() } else { format!("?{query}") };
    let arrived = Arrived {
        title: "The payer comes back",
        about,
        tells: String::new(),
        method: Method::GET,
        target: format!("/demo/orders/{}/back{target}", order.id),
        headers: told_headers(&headers),
        body: vec![],
        verdict,
    };
    Shop::tell(&order.story, at, arrived);
    note(&order, shop.ask(&order).await);
    if order.plan.integration.is_framed() { pages::back(&shop, &order) } else { see_other(&shop.page(&order, "/")) }
}

/// How many steps there are, for the script of the order's page.
async fn news(State(shop): Shared, Path(id): Path<String>) -> Response {
    match find(&shop, &id) {
        Some(order) => pages::news(&order),
        None => pages::no_order(&shop),
    }
}

/// The exact bytes of a message, to verify its signature with.
async fn told(State(shop): Shared, Path((id, step)): Path<(String, usize)>) -> Response {
    let Some(order) = find(&shop, &id) else { return pages::no_order(&shop) };
    let body =
        order.story.read(|steps| match step.checked_sub(1).and_then(|at| steps.get(at)).map(|step| &step.what) {
            Some(What::Arrived(arrived)) => Some(arrived.body.clone()),
            Some(What::Called(_)) | None => None,
        });
    match body {
        Some(body) => pages::bytes(body),
        None => pages::no_order(&shop),
    }
}

/// A button of the order's page.
async fn act(State(shop): Shared, Path((id, action)): Path<(String, String)>, request: Request) -> Response {
    let Some(order) = find(&shop, &id) else { return pages::no_order(&shop) };
    if let Err(why) = Form::read(&shop, request.into_body()).await {
        return bad_form(&shop, why);
    }
    let facts = order.known().facts;
    let done = match action.as_str() {
        "ask" => shop.ask(&order).await,
        "capture" => shop.capture(&order).await,
        "release" => shop.release(&order).await,
        "refund" => shop.refund(&order, facts.refundable).await,
        "refund-half" => shop.refund(&order, facts.refundable / 2).await,
        "again" => match facts.kept {
            Some(kept) => return again(&shop, &order, &kept).await,
            None => Err(Trouble::NotOpen),
        },
        _ => return pages::no_order(&shop),
    };
    note(&order, done);
    see_other(&shop.page(&order, "/"))
}

/// The same once more, paid with the card that was kept.
async fn again(shop: &Shop, order: &Order, kept: &str) -> Response {
    let plan = Plan { hold: false, keep: false, ..order.plan };
    let new = shop.take(order.thing, plan);
    note(&new, shop.charge(&new, kept).await);
    see_other(&shop.page(&new, "/"))
}

/// A callback as it came: its headers, and its body.
async fn read(request: Request) -> Result<(Vec<(String, String)>, HeaderMap, Vec<u8>), StatusCode> {
    let (head, content) = request.into_parts();
    let body = body::read(content, KEPT_MAX).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok((told_headers(&head.headers), head.headers, body.to_vec()))
}

/// What is told of headers: enough, and not what a browser says to everybody.
fn told_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let said = headers
        .iter()
        .filter(|(name, _)| ["content-type", "user-agent"].contains(&name.as_str()) || name.as_str().starts_with("x-"));
    said.take(16)
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What a callback is answered: what is not believed is refused.
fn answer(verdict: &Verdict) -> StatusCode {
    match verdict {
        Verdict::Verified(_) | Verdict::Asked => StatusCode::OK,
        Verdict::Refused(_) => StatusCode::UNAUTHORIZED,
    }
}

/// Tells of a callback, and asks the gateway when it is the gateway's.
async fn heard(shop: &Shop, order: &Order, at: i64, arrived: Arrived) -> StatusCode {
    let answer = answer(&arrived.verdict);
    Shop::tell(&order.story, at, arrived);
    if answer.is_success() {
        note_trouble(order, shop.ask(order).await);
    }
    answer
}

/// The callback that a purchase asked for.
async fn success_callback(State(shop): Shared, Path(id): Path<String>, request: Request) -> StatusCode {
    let at = shop.now();
    let Some(order) = find(&shop, &id) else { return StatusCode::OK };
    let (told, headers, body) = match read(request).await {
        Ok(read) => read,
        Err(status) => return status,
    };
    let signature = text(&headers, "x-signature");
    let Some(mut verdict) = purchases::verdict(&shop, Way::SuccessCallback, &body, signature).await else {
        return StatusCode::OK;
    };
    if matches!(verdict, Verdict::Verified(_)) && purchases::about(&body) != order.known().payment {
        verdict = Verdict::Refused("it is about another purchase".to_owned());
    }
    let arrived = Arrived {
        title: "A callback arrives",
        about: "The purchase named this address in success_callback. The signature covers every byte of the body.",
        tells: purchases::tells(&body),
        method: Method::POST,
        target: format!("/demo/callbacks/purchases/{id}"),
        headers: told,
        body,
        verdict,
    };
    heard(&shop, &order, at, arrived).await
}

/// The webhook of the purchases API, which tells of every purchase of the merchant.
async fn webhook(State(shop): Shared, request: Request) -> StatusCode {
    let at = shop.now();
    let (told, headers, body) = match read(request).await {
        Ok(read) => read,
        Err(status) => return status,
    };
    let signature = text(&headers, "x-signature");
    let Some(verdict) = purchases::verdict(&shop, Way::Webhook, &body, signature).await else { return StatusCode::OK };
    let about = purchases::about(&body);
    let order = about.and_then(|id| shop.orders.find(|order| order.known().payment.as_ref() == Some(&id)));
    let arrived = Arrived {
        title: "A webhook is called",
        about: "The shop registered this address once; it is told of every purchase of the merchant.",
        tells: purchases::tells(&body),
        method: Method::POST,
        target: "/demo/callbacks/purchases".to_owned(),
        headers: told,
        body,
        verdict,
    };
    match order {
        Some(order) => heard(&shop, &order, at, arrived).await,
        None => nobodys(&shop, at, arrived),
    }
}

/// What belongs to no order of this run: of other programs with the same credentials, or a forger's.
fn nobodys(shop: &Shop, at: i64, arrived: Arrived) -> StatusCode {
    let answer = answer(&arrived.verdict);
    if !answer.is_success() {
        Shop::tell(&shop.strays, at, arrived);
    }
    answer
}

/// An event of the card payments API: a token, and nothing else.
async fn event(State(shop): Shared, headers: HeaderMap, RawQuery(query): RawQuery) -> StatusCode {
    let at = shop.now();
    let query = query.unwrap_or_default();
    let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    let token = token.map(|(_, token)| token.into_owned()).unwrap_or_default();
    let is_token = (1..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let arrived = |tells, verdict| Arrived {
        title: "An event is called out",
        about: "The shop subscribed this address. The call carries a token: what it means must be fetched.",
        tells,
        method: Method::GET,
        target: format!("/demo/callbacks/card-payments?token={}", token.get(..64).unwrap_or(&token)),
        headers: told_headers(&headers),
        body: vec![],
        verdict,
    };
    if !is_token {
        return nobodys(&shop, at, arrived(String::new(), Verdict::Refused("it carries no token".to_owned())));
    }
    let fetched = Story::default();
    let event = match card_payments::event(&shop, &fetched, &token).await {
        Ok(event) => event,
        Err(Trouble::Refused { .. }) => {
            let why = "the gateway knows no such event".to_owned();
            return nobodys(&shop, at, arrived(String::new(), Verdict::Refused(why)));
        }
        Err(Trouble::Unanswered { .. } | Trouble::Odd(_) | Trouble::NotOpen) => return StatusCode::SERVICE_UNAVAILABLE,
    };
    let Some(order) = card_payments::of_order(&shop, &event) else { return StatusCode::OK };
    card_payments::learn_event(&order, &event);
    Shop::tell(&order.story, at, arrived(event.kind, Verdict::Asked));
    order.story.take_over(&fetched);
    note_trouble(&order, shop.ask(&order).await);
    StatusCode::OK
}

/// The webhook that a session or a payment of the orchestration API named.
async fn payment_webhook(State(shop): Shared, Path(id): Path<String>, request: Request) -> StatusCode {
    let at = shop.now();
    let Some(order) = find(&shop, &id) else { return StatusCode::OK };
    let (told, headers, body) = match read(request).await {
        Ok(read) => read,
        Err(status) => return status,
    };
    let jws = text(&headers, "x-purse-signature");
    let mut verdict = orchestration::verdict(&shop, &order.story, &body, jws).await;
    if matches!(verdict, Verdict::Verified(_)) && !orchestration::is_about(&order, &body) {
        verdict = Verdict::Refused("it is about another order".to_owned());
    }
    let answer = answer(&verdict);
    if answer.is_success() {
        orchestration::learn_told(&order, &body);
    }
    let arrived = Arrived {
        title: "A webhook is called",
        about: "The body is the payment as it stands; its version tells old news from new. The signature covers every byte.",
        tells: text(&headers, "x-purse-event-type").unwrap_or_default().to_owned(),
        method: Method::POST,
        target: format!("/demo/callbacks/orchestration/{id}"),
        headers: told,
        body,
        verdict,
    };
    Shop::tell(&order.story, at, arrived);
    answer
}
