//! The routes a payer's browser meets: `/p/{id}/`, `/card/{id}/` and `/entities/{entity_id}/sessions/{id}/`, and what
//! belongs to them. The pages are the same; how they behave in each dialect, its [`Manner`] says.
//!
//! A card is posted, then a 303 leads to the result page: a refresh reads the state anew and posts nothing. From there
//! the payer goes to the merchant by a page that refreshes itself, because browsers apply the card page's `form-action`
//! to every redirect that follows the post (checkout-ux 8).

mod acquirer;
mod bank;
mod documents;
mod embed;
mod methods;
mod sessions;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use domain::{
    AttemptId, BrandId, ChallengeWindow, Checkout, CheckoutId, Dialect, Flow, LogoId, Refusal, State as PaymentState,
};
use engine::three_ds;
use engine::{CardEntry, Engine, Error, Shown, Visit};
use tollgate_http::body::{self, BodyError};
use tollgate_http::caller::Caller;
use tollgate_http::content;
use tollgate_http::rate::{RateLimiter, RetryAfter};

use crate::direct_post::{self, Unusable};
use crate::form::{Asked, CardForm, Entry, FormErrors, SavedCard};
use crate::headers::{self, Framing, Headers, Kind};
use crate::language::Language;
use crate::manner::Manner;
use crate::page::{self, Broken, ChallengeForm, PayPage, Stage, Subject};
use crate::reports::{self, Violation};
use crate::words::{Message, Words};
use crate::{assets, form, texts};

/// A card form is small (security D2).
const FORM_BYTES_MAX: usize = 8 * 1024;

#[derive(Clone)]
struct Site {
    engine: Engine,
    manner: &'static Manner,
    https: bool,
    reports: Arc<RateLimiter>,
    printer: Arc<documents::Printer>,
}

/// Where a page lies, as its address says.
#[derive(serde::Deserialize)]
struct Place {
    /// Whose session it is, where the address names that.
    entity_id: Option<String>,
    id: String,
}

/// The site as one request meets it.
struct Pages {
    engine: Engine,
    manner: &'static Manner,
    https: bool,
    wish: Wish,
    asked: methods::Asked,
    /// For a page of the shop's around these.
    embedded: bool,
}

impl FromRequestParts<Site> for Pages {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        let wish = Wish::of(&parts.uri, parts.headers.get(header::ACCEPT_LANGUAGE));
        let asked = methods::Asked::of(parts);
        let (engine, manner, https) = (site.engine.clone(), site.manner, site.https);
        Ok(Self { engine, manner, https, wish, asked, embedded: false })
    }
}

/// Every route below `/p/`, `/card/`, `/entities/`, `/embed/v1/` and `/acs/`.
pub fn router(engine: Engine, public_url: &str) -> Router {
    let site = Site {
        engine,
        manner: Manner::of(Dialect::Purchases),
        https: public_url.starts_with("https:"),
        reports: Arc::new(reports::limiter()),
        printer: Arc::new(documents::Printer::new(public_url)),
    };
    let widget = Site { manner: Manner::of(Dialect::CardPayments), ..site.clone() };
    let session = Site { manner: Manner::of(Dialect::Orchestration), ..site.clone() };
    let every = [
        ("/{id}", get(show).post(pay)),
        ("/{id}/result", get(result)),
        ("/{id}/challenge", get(challenge).post(give_up)),
        ("/{id}/3ds", get(back_from_bank).post(return_from_bank)),
        ("/{id}/receipt", get(documents::receipt)),
        ("/{id}/receipt.pdf", get(documents::receipt_print)),
        ("/{id}/refunds/{refund}", get(documents::refund)),
        ("/{id}/refunds/{refund}/receipt.pdf", get(documents::refund_print)),
    ];
    let purchases = [
        ("/{id}/direct_post", get(show_directly).post(pay_directly)),
        ("/{id}/invoice", get(documents::invoice)),
        ("/{id}/invoice.pdf", get(documents::invoice_print)),
        ("/{id}/return", get(methods::back_from_acquirer)),
        ("/{id}/leave", get(methods::to_page).post(methods::leave)),
    ];
    let files = Router::new()
        .route("/assets/{name}", get(asset))
        .route("/logos/{name}", get(logo))
        .route("/reports", post(report));
    let purchases = with_and_without_slash(files, every.iter().chain(&purchases));
    let links = with_and_without_slash(Router::new(), &every);
    let hosted = with_and_without_slash(
        Router::new(),
        &[
            ("/{entity_id}/sessions/{id}", get(sessions::show).post(sessions::pay)),
            ("/{entity_id}/sessions/{id}/gift-cards", get(sessions::to_page).post(sessions::change_gift_cards)),
            ("/{entity_id}/sessions/{id}/cancel", get(sessions::to_page).post(sessions::cancel)),
            ("/{entity_id}/sessions/{id}/result", get(sessions::result)),
            ("/{entity_id}/sessions/{id}/return", get(sessions::back_from_partner)),
            ("/{entity_id}/sessions/{id}/challenge", get(challenge).post(give_up)),
            ("/{entity_id}/sessions/{id}/3ds", get(back_from_bank).post(return_from_bank)),
        ],
    );
    let embedded = with_and_without_slash(
        Router::new().route("/tollgate.js", get(embed::loader)).route("/tollgate.d.ts", get(embed::types)),
        &[
            ("/{id}", get(embed::fields)),
            ("/{id}/card", post(embed::hand_in)),
            ("/{id}/pay", post(embed::pay)),
            ("/{id}/status", get(embed::status)),
            ("/{id}/challenge", get(embed::challenge).post(embed::give_up)),
            ("/{id}/result", get(embed::result)),
        ],
    );
    let bank = Router::new()
        .route("/challenge", post(bank::ask))
        .route("/pay/{id}", get(acquirer::ask).post(acquirer::decide));
    let whole = |router: Router<Site>, site: Site| {
        router.fallback(unknown).method_not_allowed_fallback(not_allowed).with_state(site)
    };
    Router::new()
        .nest("/p", whole(purchases, site.clone()))
        .nest("/card", whole(links, widget))
        .nest("/entities", whole(hosted, session))
        .route("/embed/v1/", get(embed::index).with_state(site.clone()))
        .nest("/embed/v1", whole(embedded, site.clone()))
        .nest("/acs", whole(bank, site))
}

fn with_and_without_slash<'a>(
    router: Router<Site>,
    routes: impl IntoIterator<Item = &'a (&'static str, MethodRouter<Site>)>,
) -> Router<Site> {
    routes.into_iter().fold(router, |router, (path, handler)| {
        router.route(path, handler.clone()).route(&format!("{path}/"), handler.clone())
    })
}

/// What a payer gets when no page can be made: 500 after a panic, 400, 413, 414 and 415 for what no page takes. In the
/// language of `uri` and the `Accept-Language` header.
#[must_use]
pub fn refuse(status: StatusCode, uri: &Uri, languages: Option<&HeaderValue>) -> Response {
    let broken = if status == StatusCode::INTERNAL_SERVER_ERROR { Broken::Unsure } else { Broken::NotCharged };
    let words = Wish::of(uri, languages).words();
    answer(status, headers::page(Kind::Status, Framing::Ours, false), words, page::broken(words, broken))
}

fn answer(status: StatusCode, headers: Headers, words: Words, html: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_LANGUAGE, words.language.code())];
    let mut response = (status, kind, html).into_response();
    add(&mut response, headers);
    response
}

/// The languages a request asks for.
#[derive(Clone, Copy)]
struct Wish {
    /// By `?lang=`: the payer's own choice, or the merchant's that made the link.
    asked: Option<Language>,
    /// By the browser.
    accepted: Option<Language>,
}

impl Wish {
    fn of(uri: &Uri, languages: Option<&HeaderValue>) -> Self {
        let query = uri.query().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        let languages = languages.and_then(|header| header.to_str().ok());
        Self { asked: asked.and_then(|(_, tag)| Language::of(&tag)), accepted: languages.and_then(Language::accepted) }
    }

    /// For a page that belongs to no checkout.
    fn words(self) -> Words {
        Words::new(self.asked.or(self.accepted).unwrap_or(Language::English))
    }

    /// What the merchant chose comes first and what its brand is set to last (checkout-ux 11).
    fn words_for(self, checkout: &Checkout) -> Words {
        let chosen = page::chosen(checkout);
        let brand = Language::of(&checkout.language);
        Words::new(chosen.or(self.asked).or(self.accepted).or(brand).unwrap_or(Language::English))
    }
}

fn add(response: &mut Response, headers: Headers) {
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
}

impl Pages {
    fn headers(&self, kind: Kind) -> Headers {
        headers::page(kind, self.manner.framing, self.https)
    }

    /// The checkout with this id, if it is one of these pages'.
    async fn find(&self, place: &Place) -> Result<Shown, Response> {
        let Ok(id) = CheckoutId::parse(&place.id) else { return Err(self.unknown()) };
        let is_of = |entity: &String, brand: BrandId| BrandId::parse(entity).is_ok_and(|named| named == brand);
        let is_here = |checkout: &Checkout| {
            checkout.dialect == self.manner.dialect
                && place.entity_id.as_ref().is_none_or(|entity| is_of(entity, checkout.brand_id))
        };
        match self.engine.show(id).await {
            Ok(shown) if is_here(&shown.record.checkout) => Ok(shown),
            Ok(_) => Err(self.unknown()),
            Err(error) => Err(self.failed(&error, Broken::Unsure)),
        }
    }

    /// The same for somebody who opens a page of it: the first time is noted. A link checker's HEAD is no view.
    async fn open(&self, place: &Place, method: &Method) -> Result<Shown, Response> {
        let shown = self.find(place).await?;
        if shown.payment.viewed || method == Method::HEAD {
            return Ok(shown);
        }
        self.engine.view(shown.record.checkout.id).await.map_err(|error| self.failed(&error, Broken::Unsure))
    }

    fn page(&self, status: StatusCode, words: Words, html: String) -> Response {
        answer(status, self.headers(Kind::Status), words, html)
    }

    /// The same body for every id that does not lead anywhere.
    fn unknown(&self) -> Response {
        let words = self.wish.words();
        self.page(StatusCode::NOT_FOUND, words, page::unknown_link(words))
    }

    fn broken(&self, status: StatusCode, broken: Broken) -> Response {
        let words = self.wish.words();
        self.page(status, words, page::broken(words, broken))
    }

    fn failed(&self, error: &Error, broken: Broken) -> Response {
        match error {
            Error::NotFound => self.unknown(),
            Error::Stopping => self.broken(StatusCode::SERVICE_UNAVAILABLE, Broken::Busy),
            Error::Refused(_)
            | Error::NoToken
            | Error::OrderPaid
            | Error::BrandNotListed
            | Error::NoMail
            | Error::Mail(_)
            | Error::Stale
            | Error::Used
            | Error::Store(_)
            | Error::Acquirer(_)
            | Error::Sealed(_)
            | Error::Signing(_) => {
                tracing::error!(error = %engine::Causes(error), "a page could not be made");
                self.broken(StatusCode::INTERNAL_SERVER_ERROR, broken)
            }
        }
    }

    async fn subject<'a>(&self, shown: &'a Shown) -> Subject<'a> {
        let checkout = &shown.record.checkout;
        // A page that looks like any other is better than none.
        let brand = self.engine.brand(checkout.merchant_id, checkout.brand_id).await;
        Subject {
            look: brand.map(|brand| brand.look).unwrap_or_default(),
            checkout: &shown.record.checkout,
            payment: &shown.payment,
            history: &shown.history,
            now: self.engine.env().now(),
            words: self.wish.words_for(&shown.record.checkout),
            lang: self.wish.asked,
            embedded: self.embedded,
        }
    }

    /// Leads to another page of the same checkout.
    fn see_other(&self, checkout: &Checkout, page: &str) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        if let Ok(location) = HeaderValue::from_str(&page::link_from(checkout, page, self.wish.asked, self.embedded)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        add(&mut response, self.headers(Kind::Status));
        response
    }

    /// The form, or what stands there instead.
    async fn form_or_state(&self, shown: &Shown, errors: Option<FormErrors>) -> Response {
        if engine::question(shown).is_some() {
            return self.challenge(shown).await;
        }
        let subject = self.subject(shown).await;
        if subject.stage() == Stage::AtPartner && subject.checkout.dialect == Dialect::Purchases {
            return self.away(shown).await;
        }
        if let Some(html) = page::at_link(subject) {
            let status = if subject.is_over() { self.manner.ended } else { StatusCode::OK };
            return self.page(status, subject.words, html);
        }
        let checkout = &shown.record.checkout;
        if checkout.token.is_some() {
            return self.verification(shown, StatusCode::OK, None).await;
        }
        let saved = match self.saved_cards(shown).await {
            Ok(saved) => saved,
            Err(error) => return self.failed(&error, Broken::NotCharged),
        };
        let token = self.engine.form_token(checkout.id);
        let methods = self.methods(checkout).await;
        let mut page =
            PayPage::new(subject, &token).details(&checkout.asks_details).saved_cards(saved).methods(methods);
        let terms = &shown.payment.terms;
        if self.manner.remembers && !terms.save_card && !terms.amount.is_zero() {
            page = page.offer_to_remember();
        }
        let (status, page) = match errors {
            Some(errors) => (StatusCode::UNPROCESSABLE_ENTITY, page.after(errors)),
            None => (StatusCode::OK, page),
        };
        answer(status, self.headers(Kind::Card), subject.words, page.render())
    }

    /// The page of a payment that one kept card pays, once its payer was asked by the bank.
    async fn verification(&self, shown: &Shown, status: StatusCode, problem: Option<Message>) -> Response {
        let token = self.engine.form_token(shown.record.checkout.id);
        let subject = self.subject(shown).await;
        answer(status, self.headers(Kind::Card), subject.words, page::verify(subject, &token, problem))
    }

    /// What a payer meets whose form was good and is not paid with.
    async fn not_paid(&self, id: CheckoutId, error: &Error) -> Response {
        match error {
            Error::Refused(Refusal::InFlight) => match self.engine.show(id).await {
                Ok(shown) => {
                    let subject = self.subject(&shown).await;
                    self.page(StatusCode::CONFLICT, subject.words, page::processing_elsewhere(subject))
                }
                Err(error) => self.failed(&error, Broken::Unsure),
            },
            // Paid, cancelled or expired meanwhile: the page says which.
            Error::Refused(_) => self.too_late(id).await,
            error => self.failed(error, Broken::Unsure),
        }
    }

    /// What a payer meets whose post came too late.
    async fn too_late(&self, id: CheckoutId) -> Response {
        match self.engine.show(id).await {
            Ok(shown) if self.manner.leads_on => match self.subject(&shown).await.onward() {
                // A page of its own leads on: a redirect would be held against the form (checkout-ux 8).
                Some(_) => self.see_other(&shown.record.checkout, "result/"),
                None => self.form_or_state(&shown, None).await,
            },
            Ok(shown) => self.see_other(&shown.record.checkout, ""),
            Err(error) => self.failed(&error, Broken::Unsure),
        }
    }

    /// Cards the payer may choose in one click; there are some only when the merchant said who the payer is.
    async fn saved_cards(&self, shown: &Shown) -> Result<Vec<SavedCard>, Error> {
        let now = self.engine.env().now();
        let offered = self.engine.offered_cards(shown).await?;
        let saved = offered.into_iter().map(|(token, card)| SavedCard {
            token,
            brand: card.brand,
            last4: card.last4().to_owned(),
            expiry: card.expiry,
            expired: card.expiry.is_past(now),
        });
        Ok(saved.collect())
    }

    /// The page that leads to the payer's bank.
    async fn challenge(&self, shown: &Shown) -> Response {
        let checkout = &shown.record.checkout;
        let Some(question) = engine::question(shown) else { return self.see_other(checkout, "result/") };
        let form = ChallengeForm {
            acs_url: &question.challenge.acs_url,
            creq: &three_ds::creq(&question.challenge.ids, question.window),
            session_data: &session_data(question.attempt_id, self.wish.asked, self.embedded),
            window: question.window,
            until: question.asked_at.plus(engine::CHALLENGE_WAIT),
            attempt: &self.engine.form_token(checkout.id),
        };
        let subject = self.subject(shown).await;
        let html = page::challenge(subject, &form);
        answer(StatusCode::OK, self.headers(Kind::Challenge), subject.words, html)
    }

    /// Where a payer goes after a card was taken: to the bank's question, or to what became of it.
    fn after_card(&self, shown: &Shown) -> Response {
        let page = if engine::question(shown).is_some() { "challenge/" } else { "result/" };
        self.see_other(&shown.record.checkout, page)
    }

    /// A post nobody could read: how the payment stands, or that nothing was sent.
    async fn unread(&self, shown: &Shown, status: StatusCode) -> Response {
        let subject = self.subject(shown).await;
        let html = page::at_link(subject).unwrap_or_else(|| page::broken(subject.words, Broken::NotCharged));
        self.page(status, subject.words, html)
    }
}

/// Opens the page.
async fn show(pages: Pages, Path(place): Path<Place>, method: Method, caller: Option<Extension<Caller>>) -> Response {
    let shown = match pages.open(&place, &method).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    if pages.manner.leads_on
        && let Some(url) = pages.subject(&shown).await.onward()
    {
        return found(url);
    }
    if let Some(answer) = pages.jump(&shown, &method, caller).await {
        return answer;
    }
    pages.form_or_state(&shown, None).await
}

/// Opens the page at the address of a form of the merchant's, where its query has no effect (purchases-api 6.5).
async fn show_directly(mut pages: Pages, place: Path<Place>, method: Method) -> Response {
    pages.asked = methods::Asked::default();
    show(pages, place, method, None).await
}

/// A posted form, or the status that says why there is none.
async fn read_form(request: Request) -> Result<zeroize::Zeroizing<Vec<u8>>, StatusCode> {
    if !content::is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    body::read_secret(request.into_body(), FORM_BYTES_MAX).await.map_err(|error| match error {
        BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TimedOut => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    })
}

/// Takes a card. Everything but the form's own fields is ignored: the amount is ours (security B5).
async fn pay(pages: Pages, Path(place): Path<Place>, caller: Option<Extension<Caller>>, request: Request) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let id = shown.record.checkout.id;
    let bytes = match read_form(request).await {
        Ok(bytes) => bytes,
        Err(status) => return pages.unread(&shown, status).await,
    };
    if shown.record.checkout.token.is_some() {
        return pay_with_kept_card(&pages, &shown, caller, &bytes).await;
    }
    let saved = match pages.saved_cards(&shown).await {
        Ok(saved) => saved,
        Err(error) => return pages.failed(&error, Broken::NotCharged),
    };
    let checkout = &shown.record.checkout;
    let offered = pages.offered(checkout).await;
    let asked = Asked {
        accepted: checkout.brands.as_deref(),
        details: &checkout.asks_details,
        customer: pages.subject(&shown).await.customer(),
        saved: &saved,
        takes_cards: checkout.takes_cards(),
        methods: Some(&offered),
    };
    let posted = match form::read(&bytes, pages.engine.env().now(), &asked) {
        Ok(posted) => posted,
        Err(errors) => return pages.form_or_state(&shown, Some(errors)).await,
    };
    let visit = Visit {
        flow: Flow::HostedPage,
        payer_ip: caller.map(|Extension(caller)| caller.0),
        form_token: Some(posted.attempt),
        details: posted.customer,
        window: posted.window,
    };
    let paid = match posted.entry {
        Entry::Card(card) => pages.engine.pay_by_card(&shown, entry(checkout, card), visit).await,
        Entry::Saved(token) => pages.engine.pay_by_offered_card(&shown, token, visit).await,
        Entry::Local(means) => return methods::pay(&pages, &shown, means, visit).await,
    };
    match paid {
        Ok(shown) => pages.after_card(&shown),
        // Not a form of this checkout, or no form of ours: shown anew, and nothing was sent.
        Err(Error::Used | Error::NoToken) => pages.form_or_state(&shown, Some(FormErrors::unreadable())).await,
        Err(error) => pages.not_paid(id, &error).await,
    }
}

/// Lets the bank ask about the kept card that pays this payment, and no other (card-payments-api 2.3).
async fn pay_with_kept_card(pages: &Pages, shown: &Shown, caller: Option<Extension<Caller>>, bytes: &[u8]) -> Response {
    let [token, width] = form::fields(bytes, ["attempt", "window_width"]);
    let visit = Visit {
        flow: Flow::HostedPage,
        payer_ip: caller.map(|Extension(caller)| caller.0),
        form_token: Some(token.to_string()),
        details: None,
        window: form::window(&width),
    };
    let again = |problem| pages.verification(shown, StatusCode::UNPROCESSABLE_ENTITY, Some(problem));
    match pages.engine.pay_by_stored_card(shown, visit).await {
        Ok(shown) => pages.after_card(&shown),
        Err(Error::Used) => again(texts::VERIFY_AGAIN).await,
        Err(Error::NoToken) => again(texts::DECLINED_SAVED).await,
        Err(error) => pages.not_paid(shown.record.checkout.id, &error).await,
    }
}

fn entry(checkout: &Checkout, card: CardForm) -> CardEntry {
    let CardForm { pan, wish, cvc, expiry, holder, remember } = card;
    let brand = checkout.brand_of(&pan, wish);
    CardEntry { pan, brand, cvc: Some(cvc), expiry, holder, save: remember }
}

/// Takes a card from a form on the merchant's own page (purchases-api 6.5). The form is theirs, so the payer is
/// answered by a redirect whatever happens, and what is wrong is a failed payment.
async fn pay_directly(
    pages: Pages,
    Path(place): Path<Place>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let id = shown.record.checkout.id;
    let checkout = &shown.record.checkout;
    let (Some(success), Some(failure)) = (&checkout.redirects.success, &checkout.redirects.failure) else {
        return pages.unknown();
    };
    match pages.engine.brand(checkout.merchant_id, checkout.brand_id).await {
        Ok(brand) if brand.direct_post && checkout.asks_details.is_empty() => {}
        Ok(_) => return pages.unknown(),
        Err(error) => return pages.failed(&error, Broken::NotCharged),
    }
    let visit = Visit {
        flow: Flow::DirectPost,
        payer_ip: caller.map(|Extension(caller)| caller.0),
        form_token: None,
        details: None,
        window: ChallengeWindow::Full,
    };
    let posted = match read_form(request).await {
        Ok(bytes) => direct_post::read(&bytes),
        // Nothing arrived that could be a try.
        Err(StatusCode::REQUEST_TIMEOUT | StatusCode::BAD_REQUEST) => return found(failure),
        Err(_) => direct_post::read(b""),
    };
    let paid = match posted {
        Ok(card) => pages.engine.pay_by_card(&shown, entry(checkout, card), visit).await,
        Err(Unusable { reason, card }) => match pages.engine.refuse(id, card, reason, &visit).await {
            Ok(()) => return found(failure),
            Err(error) => Err(error),
        },
    };
    match paid {
        Ok(shown) => match shown.payment.state {
            PaymentState::Captured | PaymentState::Authorized | PaymentState::Verified => found(success),
            PaymentState::InFlight { .. } => pages.after_card(&shown),
            PaymentState::Open
            | PaymentState::Voided
            | PaymentState::PaidElsewhere
            | PaymentState::ChargedBack
            | PaymentState::Cancelled
            | PaymentState::Expired => found(failure),
        },
        // Another try is under way: its outcome decides where the payer goes.
        Err(Error::Refused(Refusal::InFlight)) => pages.see_other(checkout, "result/"),
        // Not payable any more: no try is recorded (10.2 #43).
        Err(Error::Refused(_)) => found(failure),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// To the merchant, by a plain 302: the form was on the merchant's page, so its policy decides (checkout-ux 8).
fn found(url: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(location) = HeaderValue::from_bytes(url.as_bytes()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page between the card form and the bank's own.
async fn challenge(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.find(&place).await {
        Ok(shown) => pages.challenge(&shown).await,
        Err(answer) => answer,
    }
}

/// The payer cancels on our page.
async fn give_up(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    match pages.find(&place).await {
        Ok(shown) => cancel_at(&pages, &shown.record.checkout, request).await,
        Err(answer) => answer,
    }
}

async fn cancel_at(pages: &Pages, checkout: &Checkout, request: Request) -> Response {
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, ["attempt", "cancel"]));
    let Ok([token, cancel]) = posted else { return pages.see_other(checkout, "challenge/") };
    if cancel.is_empty() {
        return pages.see_other(checkout, "challenge/");
    }
    match pages.engine.cancel_challenge(checkout.id, &token).await {
        Ok(_) => pages.see_other(checkout, "result/"),
        Err(Error::Used) => pages.see_other(checkout, "challenge/"),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The bank sends the browser back by a cross-site post: no cookie and no token of ours can come with it. It only wakes
/// us (security B2, B8). What is answered is the same whatever came: a small page that goes on to what became of it, out
/// of the frame that the bank's page was in.
async fn return_from_bank(mut pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    let id = match pages.find(&place).await {
        Ok(shown) => shown.record.checkout.id,
        Err(answer) => return answer,
    };
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, ["cres", "threeDSSessionData"]));
    let [cres, session_data] = posted.unwrap_or_default();
    pages.wish.asked = pages.wish.asked.or_else(|| language_of(&session_data));
    pages.embedded = is_embedded(&session_data);
    match pages.engine.return_from_bank(id, &cres).await {
        Ok(shown) => {
            let subject = pages.subject(&shown).await;
            let back = answer(StatusCode::OK, pages.headers(Kind::Return), subject.words, page::returned(subject));
            pages.let_shop_in(back, &shown.record.checkout).await
        }
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// What the bank gives back as it is: the try, the language the payer asked for, and whether all this is in a page of the
/// shop's. The way to the bank and back keeps nothing else of ours.
fn session_data(attempt_id: AttemptId, asked: Option<Language>, embedded: bool) -> String {
    let language = asked.map_or("", Language::code);
    match (asked, embedded) {
        (None, false) => attempt_id.to_string(),
        (Some(_), false) => format!("{attempt_id}.{language}"),
        (None | Some(_), true) => format!("{attempt_id}.{language}.embedded"),
    }
}

fn language_of(session_data: &str) -> Option<Language> {
    Language::of(session_data.split('.').nth(1)?)
}

fn is_embedded(session_data: &str) -> bool {
    session_data.split('.').nth(2) == Some("embedded")
}

/// Somebody opened the address of the return by hand.
async fn back_from_bank(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.find(&place).await {
        Ok(shown) => pages.see_other(&shown.record.checkout, ""),
        Err(answer) => answer,
    }
}

/// The bank's page is framed wherever the page leading to it may be (security B3).
fn bank_headers(pages: &Pages, return_url: &str) -> Headers {
    headers::page(Kind::Bank, Manner::at(return_url).framing, pages.https)
}

/// What became of the last try.
async fn result(pages: Pages, Path(place): Path<Place>) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let checkout = &shown.record.checkout;
    if engine::question(&shown).is_some() {
        return pages.see_other(checkout, "challenge/");
    }
    let untried = shown.payment.attempts.is_empty();
    if untried && (shown.payment.state == PaymentState::Open || pages.manner.leads_on) {
        return pages.see_other(checkout, "");
    }
    let subject = pages.subject(&shown).await;
    if subject.stage() == Stage::AtPartner {
        return pages.see_other(checkout, "");
    }
    pages.page(StatusCode::OK, subject.words, page::after_try(subject))
}

/// A shop's logo. Its name is made of its bytes.
async fn logo(pages: Pages, Path(name): Path<String>) -> Response {
    let Some(id) = LogoId::parse(&name) else { return pages.unknown() };
    match pages.engine.logo(id).await {
        Ok(picture) => {
            let mut response = ([(header::CONTENT_TYPE, id.media_type())], picture).into_response();
            add(&mut response, headers::asset(pages.https));
            response
        }
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

async fn asset(pages: Pages, Path(name): Path<String>) -> Response {
    if let Some(style) = assets::theme(&name) {
        let mut response = ([(header::CONTENT_TYPE, assets::CSS)], style).into_response();
        add(&mut response, headers::asset(pages.https));
        return response;
    }
    let Some(asset) = assets::find(&format!("/p/assets/{name}")) else { return pages.unknown() };
    let mut response = ([(header::CONTENT_TYPE, asset.content_type)], asset.body.as_slice()).into_response();
    add(&mut response, headers::asset(pages.https));
    response
}

/// A browser says what a page tried that its policy does not allow. Whatever it says, nobody is told anything.
async fn report(State(site): State<Site>, caller: Option<Extension<Caller>>, request: Request) -> Response {
    let bucket = tollgate_http::rate::bucket(caller.map(|Extension(caller)| caller.0));
    let status = match site.reports.check(bucket, site.engine.env().now()) {
        Err(RetryAfter(seconds)) => {
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            add(&mut response, headers::page(Kind::Status, site.manner.framing, site.https));
            return response;
        }
        Ok(()) if !content::is_json(request.headers()) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Ok(()) => match body::read(request.into_body(), reports::REPORT_BYTES_MAX).await {
            Err(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Err(BodyError::TimedOut) => StatusCode::REQUEST_TIMEOUT,
            Err(BodyError::Broken) => StatusCode::BAD_REQUEST,
            Ok(bytes) => {
                for Violation { directive, blocked } in reports::read(&bytes) {
                    tracing::warn!(directive, blocked, "a browser kept a payer's page from doing what it may not");
                }
                StatusCode::NO_CONTENT
            }
        },
    };
    let mut response = status.into_response();
    add(&mut response, headers::page(Kind::Status, site.manner.framing, site.https));
    response
}

/// Whether money was taken is not known here, so nothing is said of it.
async fn not_allowed(pages: Pages) -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    add(&mut response, pages.headers(Kind::Status));
    response
}

async fn unknown(pages: Pages) -> Response {
    pages.unknown()
}
