//! The card fields inside a page of a shop's: `/embed/v1/{id}` and what belongs to it (checkout-ux 15).
//!
//! The frame hands a card in and gets a token; the page around it pays with that token, from one of the origins that are
//! registered for the brand. No digit of the card is ever within that page's reach. What it is told afterwards is read
//! from the payment.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Extension, Path, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::{Checkout, CheckoutId, Flow, Origin, Refusal};
use engine::{Brand, CardEntry, Error, Shown, Visit};
use serde::Serialize;
use serde_json::{Value, json};
use tollgate_http::caller::Caller;
use url::Url;

use super::{Pages, Place, add, answer, entry, read_form};
use crate::form::{self, Asked, Entry, Field, FormErrors};
use crate::headers::{self, Framing, Kind};
use crate::manner::Manner;
use crate::page::{self, Broken, EmbedPage, Standing};
use crate::words::{Message, Words};
use crate::{assets, texts};

/// What the payer's own machine serves, as a frame policy names it.
const LOOPBACK: &str = "http://localhost:* http://*.localhost:* http://127.0.0.1:* https://localhost:* https://*.localhost:* https://127.0.0.1:*";
/// How long a browser may keep the loader without its version in the path, in seconds.
const LOADER_KEPT: &str = "public, max-age=3600";

/// What the fields are of.
struct Found {
    pages: Pages,
    shown: Shown,
    brand: Arc<Brand>,
}

/// What goes wrong, by the name that the shop's page gets.
struct Problem {
    status: StatusCode,
    code: &'static str,
    text: Message,
}

impl Problem {
    const fn new(status: StatusCode, code: &'static str, text: Message) -> Self {
        Self { status, code, text }
    }
}

impl Pages {
    /// The checkout of any dialect; its pages behave as that dialect's do.
    async fn embedding(mut self, place: &Place) -> Result<Found, (Self, Error)> {
        let Ok(id) = CheckoutId::parse(&place.id) else { return Err((self, Error::NotFound)) };
        let shown = match self.engine.show(id).await {
            Ok(shown) => shown,
            Err(error) => return Err((self, error)),
        };
        let checkout = &shown.record.checkout;
        let brand = match self.engine.brand(checkout.merchant_id, checkout.brand_id).await {
            Ok(brand) => brand,
            Err(error) => return Err((self, error)),
        };
        self.manner = Manner::of(checkout.dialect);
        self.embedded = true;
        Ok(Found { pages: self, shown, brand })
    }

    /// Lets the shop's pages draw this one inside themselves, if they drew the one that led here.
    pub(super) async fn let_shop_in(&self, mut response: Response, checkout: &Checkout) -> Response {
        if self.embedded
            && self.manner.framing == Framing::Ours
            && let Ok(brand) = self.engine.brand(checkout.merchant_id, checkout.brand_id).await
        {
            let shops = self.ancestors(&brand);
            if !shops.is_empty() {
                headers::let_in(&mut response, &format!("'self' {shops}"));
            }
        }
        response
    }

    /// The pages that may draw the fields, as a frame policy names them; empty for nobody.
    fn ancestors(&self, brand: &Brand) -> String {
        let registered = brand.embed_origins.iter().map(Origin::as_str);
        let loopback = self.engine.embeds_loopback().then_some(LOOPBACK);
        registered.chain(loopback).collect::<Vec<_>>().join(" ")
    }

    /// JSON for a script.
    fn json(&self, status: StatusCode, body: &impl Serialize) -> Response {
        let text = serde_json::to_string(body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], text).into_response();
        add(&mut response, headers::page(Kind::Status, Framing::Ours, self.https));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
        response
    }

    fn problem(&self, words: Words, Problem { status, code, text }: Problem) -> Response {
        self.json(status, &json!({ "error": { "code": code, "message": words.say(text) } }))
    }

    /// The same as JSON.
    fn failed_as_json(&self, error: &Error) -> Response {
        self.problem(self.wish.words(), failure(error))
    }
}

fn failure(error: &Error) -> Problem {
    match error {
        Error::NotFound => Problem::new(StatusCode::NOT_FOUND, "unknown", texts::UNKNOWN_BODY),
        Error::Stopping => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", texts::BUSY_PAGE_BODY),
        Error::Used => Problem::new(StatusCode::GONE, "token_expired", texts::FORM_UNREADABLE),
        Error::Refused(_) | Error::NoToken => Problem::new(StatusCode::CONFLICT, "not_payable", texts::CLOSED),
        Error::OrderPaid
        | Error::BrandNotListed
        | Error::NoMail
        | Error::Mail(_)
        | Error::Stale
        | Error::Store(_)
        | Error::Acquirer(_)
        | Error::Sealed(_)
        | Error::Signing(_) => {
            tracing::error!(error = %engine::Causes(error), "a card in a shop's page could not be paid with");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", texts::BROKEN_UNSURE)
        }
    }
}

impl Found {
    fn page(&self, kind: Kind, words: Words, html: String) -> Response {
        let headers = headers::page(kind, Framing::Ours, self.pages.https);
        let mut response = answer(StatusCode::OK, headers, words, html);
        headers::let_in(&mut response, &self.pages.ancestors(&self.brand));
        response
    }

    async fn problem(&self, problem: Problem) -> Response {
        self.pages.problem(self.pages.subject(&self.shown).await.words, problem)
    }

    async fn standing(&self, shown: &Shown) -> Response {
        let subject = self.pages.subject(shown).await;
        self.pages.json(StatusCode::OK, &Standing::of(&subject, self.pages.engine.public_url()))
    }

    /// Whether the caller is a page that may draw the fields, and what lets that page read the answer.
    fn caller(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let said = headers.get(header::ORIGIN)?;
        let origin = Origin::parse(said.to_str().ok()?)?;
        self.pages.engine.may_embed(&self.brand, &origin).then(|| said.clone())
    }
}

/// Lets a page of this origin read the answer.
fn readable_by(mut response: Response, origin: HeaderValue) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    response
}

/// The origin of the page around this one: what its address says, or else what the browser does.
fn parent(uri: &Uri, headers: &HeaderMap) -> Option<Origin> {
    let query = uri.query().unwrap_or_default();
    let said = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "parent");
    let origin = match said {
        Some((_, origin)) => origin,
        None => {
            let referrer = headers.get(header::REFERER)?.to_str().ok()?;
            Cow::from(Url::parse(referrer).ok()?.origin().ascii_serialization())
        }
    };
    Origin::parse(&origin)
}

/// `GET /embed/v1/{id}`: the fields, or what stands there instead.
pub(super) async fn fields(
    pages: Pages,
    Path(place): Path<Place>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(loader) = versioned_loader(&pages, &place.id) {
        return loader;
    }
    let mut found = match pages.embedding(&place).await {
        Ok(found) => found,
        Err((pages, error)) => return pages.failed(&error, Broken::NotCharged),
    };
    if !found.shown.payment.viewed && method != Method::HEAD {
        found.shown = match found.pages.engine.view(found.shown.record.checkout.id).await {
            Ok(shown) => shown,
            Err(error) => return found.pages.failed(&error, Broken::NotCharged),
        };
    }
    let parent = parent(&uri, &headers).filter(|origin| found.pages.engine.may_embed(&found.brand, origin));
    let token = found.pages.engine.form_token(found.shown.record.checkout.id);
    let subject = found.pages.subject(&found.shown).await;
    let base = found.pages.engine.public_url();
    let html = EmbedPage::new(subject, &token, parent.as_ref().map(Origin::as_str), base).render();
    found.page(Kind::Card, subject.words, html)
}

/// What the frame gets for a card.
#[derive(Serialize)]
struct Token {
    token: String,
    brand: &'static str,
    last4: String,
    /// The first six digits.
    bin: String,
    /// `MM/YY`.
    expiry: String,
}

/// `POST /embed/v1/{id}/card`: the frame hands a card in, and nobody else may.
pub(super) async fn hand_in(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    let found = match pages.embedding(&place).await {
        Ok(found) => found,
        Err((pages, error)) => return pages.failed_as_json(&error),
    };
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return found.problem(Problem::new(StatusCode::FORBIDDEN, "origin_refused", texts::FORM_UNREADABLE)).await;
    }
    let subject = found.pages.subject(&found.shown).await;
    if !subject.takes_embedded_card() {
        return found.problem(Problem::new(StatusCode::CONFLICT, "not_payable", texts::CLOSED)).await;
    }
    let body = match read_form(request).await {
        Ok(body) => body,
        Err(status) => return found.problem(Problem::new(status, "unreadable", texts::FORM_UNREADABLE)).await,
    };
    let checkout = &found.shown.record.checkout;
    let asked = Asked {
        accepted: checkout.brands.as_deref(),
        details: &[],
        customer: subject.customer(),
        saved: &[],
        takes_cards: true,
        methods: None,
    };
    let posted = match form::read(&body, found.pages.engine.env().now(), &asked) {
        Ok(posted) => posted,
        Err(errors) => return found.wrong(errors).await,
    };
    let Entry::Card(card) = posted.entry else { return found.wrong(FormErrors::unreadable()).await };
    let card = entry(checkout, card);
    let card = CardEntry { save: card.save && found.pages.manner.remembers, ..card };
    let (masked, expiry, brand) = (card.pan.masked(), card.expiry, card.brand);
    let out = |token| Token {
        token,
        brand: brand.as_str(),
        last4: masked.get(masked.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        bin: masked.get(..6).unwrap_or_default().to_owned(),
        expiry: format!("{:02}/{:02}", expiry.month, expiry.year % 100),
    };
    match found.pages.engine.hand_in_card_for(checkout, &posted.attempt, card) {
        Ok(Some(token)) => found.pages.json(StatusCode::OK, &out(token)),
        Ok(None) => found.problem(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", texts::BUSY_PAGE_BODY)).await,
        Err(Error::Used) => found.wrong(FormErrors::unreadable()).await,
        Err(error) => found.problem(failure(&error)).await,
    }
}

impl Found {
    /// What is wrong with each field; a page that is too old, or was never ours, is wrong as a whole.
    async fn wrong(&self, errors: FormErrors) -> Response {
        let words = self.pages.subject(&self.shown).await.words;
        if errors.errors.iter().any(|error| error.field == Field::Whole) {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page_expired", texts::FORM_UNREADABLE);
            return self.pages.problem(words, problem);
        }
        let named = |error: &form::FieldError| (error.field.name().to_owned(), words.say(&error.message).into());
        let fields: serde_json::Map<String, Value> = errors.errors.iter().map(named).collect();
        let error = json!({ "code": "invalid", "message": words.say(texts::SUMMARY_TITLE) });
        self.pages.json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": error, "fields": fields }))
    }
}

/// `POST /embed/v1/{id}/pay`: the shop's page pays with what the frame got.
pub(super) async fn pay(
    pages: Pages,
    Path(place): Path<Place>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Response {
    let found = match pages.embedding(&place).await {
        Ok(found) => found,
        Err((pages, error)) => return pages.failed_as_json(&error),
    };
    let Some(origin) = found.caller(request.headers()) else {
        return found.problem(Problem::new(StatusCode::FORBIDDEN, "origin_refused", texts::FORM_UNREADABLE)).await;
    };
    let paid = found.pay(caller.map(|Extension(caller)| caller), request).await;
    readable_by(paid, origin)
}

impl Found {
    async fn pay(&self, caller: Option<Caller>, request: Request) -> Response {
        let body = match read_form(request).await {
            Ok(body) => body,
            Err(status) => return self.problem(Problem::new(status, "unreadable", texts::FORM_UNREADABLE)).await,
        };
        if !self.pages.subject(&self.shown).await.is_paid_in_page() {
            return self.problem(Problem::new(StatusCode::CONFLICT, "server_pays", texts::CLOSED)).await;
        }
        let [token, width] = form::fields(&body, ["token", "window_width"]);
        let visit = Visit {
            flow: Flow::HostedPage,
            payer_ip: caller.map(|caller| caller.0),
            form_token: Some(token.to_string()),
            details: None,
            window: form::window(&width),
        };
        match self.pages.engine.pay_by_card_handed_in(&self.shown, visit).await {
            Ok(shown) => self.standing(&shown).await,
            Err(Error::Refused(Refusal::InFlight)) => {
                self.problem(Problem::new(StatusCode::CONFLICT, "in_progress", texts::ELSEWHERE)).await
            }
            // Paid, cancelled or expired meanwhile.
            Err(error @ Error::Refused(_)) => match self.pages.engine.show(self.shown.record.checkout.id).await {
                Ok(shown) => self.standing(&shown).await,
                Err(_) => self.problem(failure(&error)).await,
            },
            Err(error) => self.problem(failure(&error)).await,
        }
    }
}

/// `GET /embed/v1/{id}/status`: how the payment stands, for the page around the fields.
pub(super) async fn status(pages: Pages, Path(place): Path<Place>, headers: HeaderMap) -> Response {
    let found = match pages.embedding(&place).await {
        Ok(found) => found,
        Err((pages, error)) => return pages.failed_as_json(&error),
    };
    match found.caller(&headers) {
        Some(origin) => readable_by(found.standing(&found.shown).await, origin),
        None => found.problem(Problem::new(StatusCode::FORBIDDEN, "origin_refused", texts::FORM_UNREADABLE)).await,
    }
}

/// The bank's question, for a frame of the shop's.
pub(super) async fn challenge(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.embedding(&place).await {
        Ok(Found { pages, shown, brand }) => {
            let mut response = pages.challenge(&shown).await;
            headers::let_in(&mut response, &pages.ancestors(&brand));
            response
        }
        Err((pages, error)) => pages.failed(&error, Broken::Unsure),
    }
}

/// The payer cancels there.
pub(super) async fn give_up(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    match pages.embedding(&place).await {
        Ok(Found { pages, shown, .. }) => super::cancel_at(&pages, &shown.record.checkout, request).await,
        Err((pages, error)) => pages.failed(&error, Broken::Unsure),
    }
}

/// What follows it.
pub(super) async fn result(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.embedding(&place).await {
        Ok(found) => {
            let subject = found.pages.subject(&found.shown).await;
            found.page(Kind::Status, subject.words, page::returned_to_shop(subject))
        }
        Err((pages, error)) => pages.failed(&error, Broken::Unsure),
    }
}

/// `GET /embed/v1/`: where the loader is, and the hash that a page may hold it to.
pub(super) async fn index(pages: Pages) -> Response {
    let index = json!({
        "loader": assets::LOADER.path,
        "integrity": assets::LOADER.integrity,
        "latest": "/embed/v1/tollgate.js",
        "types": "/embed/v1/tollgate.d.ts",
    });
    for_everybody(pages.json(StatusCode::OK, &index))
}

/// `GET /embed/v1/tollgate.js`
pub(super) async fn loader(pages: Pages) -> Response {
    file(&pages, assets::LOADER.content_type, &assets::LOADER.body, LOADER_KEPT)
}

/// `GET /embed/v1/tollgate.d.ts`
pub(super) async fn types(pages: Pages) -> Response {
    file(&pages, "application/typescript; charset=utf-8", assets::LOADER_TYPES.as_bytes(), LOADER_KEPT)
}

/// The loader by the path that has its version; it never changes there.
fn versioned_loader(pages: &Pages, name: &str) -> Option<Response> {
    let loader = &*assets::LOADER;
    let is_it = loader.path.strip_prefix("/embed/v1/") == Some(name);
    is_it.then(|| file(pages, loader.content_type, &loader.body, "public, max-age=31536000, immutable"))
}

fn file(pages: &Pages, content_type: &'static str, body: &'static [u8], kept: &'static str) -> Response {
    let mut response = ([(header::CONTENT_TYPE, content_type)], body).into_response();
    add(&mut response, headers::asset(pages.https));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    for_everybody(response)
}

/// A page that holds a script to its hash has to ask for it by CORS.
fn for_everybody(response: Response) -> Response {
    readable_by(response, HeaderValue::from_static("*"))
}
