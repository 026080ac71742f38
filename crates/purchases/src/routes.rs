//! The routes of the dialect: who calls, what is asked, one call into the engine, the answer.
//!
//! The order of checks is that of purchases-api 1.2: the key, then the method, then the object, then the body.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::{BrandId, CheckoutId, Customer, CustomerId, Dialect, Event, Mode, PaymentId, Recorded};
use engine::{Credential, CustomerRecord, Engine, Error, IdempotencyWrite, NewCheckout, Numbered, Opened, Shown};
use tollgate_http::body::{self, BodyError};
use tollgate_http::caller::Caller;
use tollgate_http::rate::{RateLimiter, Settings};
use tollgate_http::{address, bearer, content, idempotency};

use crate::create::{CreatePurchase, Opening, Order};
use crate::document::{self, PurchaseDocument};
use crate::errors::FieldErrors;
use crate::methods::Method;
use crate::view::{self, Links};
use crate::{
    balance, bank_health, clients, company_statements, methods, operations, payment_methods, recurring_tokens,
    webhook_deliveries, webhooks,
};

/// An API body (security D2).
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Api(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) links: Links,
    limiter: RateLimiter,
    test_limits: bool,
}

/// Every route below `/api/v1`.
pub fn router(engine: Engine, public_url: &str, test_limits: bool) -> Router {
    let links = Links { public_url: public_url.to_owned() };
    let api = Api(Arc::new(Inner { engine, links, limiter: RateLimiter::new(Settings::default()), test_limits }));
    let routes = Router::new()
        .route("/purchases/", post(create))
        .route("/purchases/{id}/", get(read))
        .route("/purchases/{id}/cancel/", post(operations::cancel))
        .route("/purchases/{id}/capture/", post(operations::capture))
        .route("/purchases/{id}/release/", post(operations::release))
        .route("/purchases/{id}/charge/", post(operations::charge))
        .route("/purchases/{id}/refund/", post(operations::refund))
        .route("/purchases/{id}/mark_as_paid/", post(operations::mark_as_paid))
        .route("/purchases/{id}/resend_invoice/", post(operations::resend_invoice))
        .route("/purchases/{id}/delete_recurring_token/", post(operations::delete_recurring_token))
        .route("/payment_methods/", get(payment_methods::index))
        .route("/clients/", get(clients::index).post(clients::create))
        .route(
            "/clients/{id}/",
            get(clients::read_one).put(clients::replace).patch(clients::update).delete(clients::delete),
        )
        .route("/clients/{id}/recurring_tokens/", get(recurring_tokens::index))
        .route(
            "/clients/{id}/recurring_tokens/{purchase_id}/",
            get(recurring_tokens::read_one).delete(recurring_tokens::delete),
        )
        .route("/webhooks/", get(webhooks::index).post(webhooks::create))
        .route("/webhooks/deliveries/", get(webhook_deliveries::index))
        .route(
            "/webhooks/{id}/",
            get(webhooks::read_one).put(webhooks::replace).patch(webhooks::update).delete(webhooks::delete),
        )
        .route("/webhooks/{id}/test/", post(webhooks::test))
        .route("/webhooks/{id}/secret/", get(webhooks::secret))
        .route("/webhooks/{id}/rotate_key/", post(webhooks::rotate_key))
        .route("/public_key/", get(public_key))
        .route("/account/json/balance/", get(balance::balance))
        .route("/account/json/turnover/", get(balance::turnover))
        .route("/company_statements/", get(company_statements::index).post(company_statements::create))
        .route("/company_statements/{id}/", get(company_statements::read_one))
        .route("/company_statements/{id}/cancel/", post(company_statements::cancel))
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .fallback(|| async { ApiError::NotFound })
        .layer(middleware::from_fn_with_state(api.clone(), authenticate))
        .with_state(api.clone());
    let beside = payment_methods::logos().merge(bank_health::router(api.clone())).merge(company_statements::files(api));
    Router::new().nest("/api/v1", routes).merge(beside)
}

/// What a caller gets when no route answers: 400, 414 and 415 for what none takes, 500 after a panic.
#[must_use]
pub fn refuse(status: StatusCode) -> Response {
    let errors = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => FieldErrors::unsupported_media_type(),
        StatusCode::URI_TOO_LONG => FieldErrors::too_large(),
        StatusCode::INTERNAL_SERVER_ERROR => FieldErrors::internal_error(),
        _ => FieldErrors::parse_error(),
    };
    answer(status, &errors)
}

/// Why a call was not carried out, with its status.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400
    Invalid(FieldErrors),
    /// 401
    Unauthenticated,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 408
    TimedOut,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429, with the seconds to wait
    RateLimited(u64),
    /// 500
    Internal,
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Broken => FieldErrors::parse_error().into(),
        }
    }
}

/// What an operation means when the engine says no; refusals are the operation's own to word.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
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
            | Error::Signing(_)
            | Error::Stopping => {
                tracing::error!(error = %engine::Causes(&error), "a call failed");
                Self::Internal
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, errors) = match self {
            Self::Invalid(errors) => return answer(StatusCode::BAD_REQUEST, &errors),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, FieldErrors::authentication_failed()),
            Self::NotFound => (StatusCode::NOT_FOUND, FieldErrors::not_found()),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, FieldErrors::method_not_allowed()),
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, FieldErrors::parse_error()),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, FieldErrors::too_large()),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, FieldErrors::unsupported_media_type()),
            Self::RateLimited(seconds) => {
                let mut response = answer(StatusCode::TOO_MANY_REQUESTS, &FieldErrors::rate_limited());
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                return response;
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, FieldErrors::internal_error()),
        };
        let mut response = answer(status, &errors);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// JSON, never kept by anything on the way.
fn answer(status: StatusCode, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => json(status, bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) fn json(status: StatusCode, bytes: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, bytes.into()).into_response()
}

/// To get past here is to have been authenticated. Limits bind in live mode; in test mode only when asked to.
async fn authenticate(State(Api(api)): State<Api>, headers: HeaderMap, mut request: Request, next: Next) -> Response {
    let Some(secret) = bearer::bearer(&headers) else { return ApiError::Unauthenticated.into_response() };
    let caller = match api.engine.authenticate(secret).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return ApiError::Unauthenticated.into_response(),
        Err(error) => return ApiError::from(error).into_response(),
    };
    let (_, bucket) = caller.key_id.uuid().as_u64_pair();
    let within = api.limiter.check(bucket, api.engine.env().now());
    if let Err(retry) = within
        && (caller.mode == Mode::Live || api.test_limits)
    {
        return ApiError::RateLimited(retry.0).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// How long a repeat with the same idempotency key gets the same answer (10.2 #4).
const KEY_KEPT: Duration = Duration::from_hours(24);
/// The status kept with a key whose call has no answer yet.
const OPEN: u16 = 0;

/// A body that may be kept under an idempotency key (10.2 #4).
pub(crate) struct Keyed {
    /// The key with its scope, and the hash of the body.
    key: Option<(String, String, [u8; 32])>,
    /// The step that a call with this key began, when it did not live to answer.
    pub(crate) begun: Option<String>,
    /// Others with the same key wait until this is dropped.
    _turn: Option<engine::Turn>,
}

impl Keyed {
    /// Waits for its turn and answers what the first call with this key was answered, if there was one.
    pub(crate) async fn begin(
        api: &Inner,
        caller: Credential,
        parts: &request::Parts,
        body: &[u8],
    ) -> Result<Result<Self, Response>, ApiError> {
        let key = idempotency::key(&parts.headers).map_err(|_| FieldErrors::invalid_idempotency_key())?;
        let Some(key) = key else { return Ok(Ok(Self { key: None, begun: None, _turn: None })) };
        let key = hashed(api, &key);
        let scope = format!("{} {}", parts.method, parts.uri.path());
        let turn = api.engine.turn(caller, &scope, &key).await;
        let fingerprint = api.engine.request_fingerprint(body);
        match api.engine.used_key(caller, &scope, &key).await? {
            None => Ok(Ok(Self { key: Some((scope, key, fingerprint)), begun: None, _turn: Some(turn) })),
            Some(used) if used.fingerprint == fingerprint && used.status == OPEN => {
                Ok(Ok(Self { key: Some((scope, key, fingerprint)), begun: Some(used.body), _turn: Some(turn) }))
            }
            Some(used) if used.fingerprint == fingerprint => {
                let status = StatusCode::from_u16(used.status).unwrap_or(StatusCode::OK);
                Ok(Err(json(status, used.body)))
            }
            Some(_) => Err(FieldErrors::idempotency_key_reuse().into()),
        }
    }

    /// What is written down with the effect, so that a repeat finds the answer; with the first step of several there
    /// is none yet.
    pub(crate) fn write(
        &self,
        api: &Inner,
        caller: Credential,
        status: Option<StatusCode>,
        body: &str,
    ) -> Option<IdempotencyWrite> {
        let (scope, key, fingerprint) = self.key.clone()?;
        Some(IdempotencyWrite {
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            scope,
            key,
            fingerprint,
            status: status.map_or(OPEN, |status| status.as_u16()),
            body: body.to_owned(),
            at: api.engine.env().now(),
            kept_for: KEY_KEPT,
        })
    }
}

/// What of a key is written down: nobody says what a caller puts into one, and it must not become a store of card
/// numbers (security I2).
fn hashed(api: &Inner, key: &str) -> String {
    let hash = api.engine.request_fingerprint(format!("idempotency key {key}").as_bytes());
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn create(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    client: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = read_json(&parts, body).await?;
    let keyed = match Keyed::begin(&api, caller, &parts, &body).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let ip = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(client)| client.0);
    loop {
        let input = CreatePurchase::parse(&body)?;
        if let Some(made) = Box::pin(make(&api, caller, ip, input, &keyed)).await? {
            return Ok(json(StatusCode::CREATED, made));
        }
    }
}

/// A body that says that it is JSON.
pub(crate) async fn read_json(parts: &request::Parts, body: Body) -> Result<Bytes, ApiError> {
    if !content::is_json(&parts.headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(body::read(body, BODY_BYTES_MAX).await?)
}

/// Makes the purchase; `None` when its client was made by another call meanwhile and is to be looked up again.
async fn make(
    api: &Inner,
    caller: Credential,
    ip: IpAddr,
    input: CreatePurchase,
    keyed: &Keyed,
) -> Result<Option<String>, ApiError> {
    let engine = &api.engine;
    let now = engine.env().now();
    let brand = brand(engine, caller, input.brand_id).await?;
    if caller.mode == Mode::Live && input.success_callback.as_deref().is_some_and(|url| !address::is_live(url)) {
        return Err(FieldErrors::not_live("success_callback").into());
    }
    let order = input.complete(&brand, now)?;
    let merchant = engine.merchant(caller.merchant_id).await?;
    let (customer, customer_id, new_customer) = customer(engine, caller, &order).await?;
    let methods = order.methods(methods::offered(caller.mode))?;
    let number = engine.next_number(caller.merchant_id, caller.mode, Numbered::Purchase).await?;
    let (checkout, terms, document) = order.open(Opening {
        checkout_id: CheckoutId::new(engine.env().random_id()),
        payment_id: PaymentId::new(engine.env().ordered_id()),
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        customer,
        customer_id,
        seller: brand.name.clone(),
        issuer: issuer(&merchant.company, &brand.website),
        fees: merchant.fees,
        reference_generated: format!("{}{number}", prefix(&brand.name)),
        created_from_ip: ip.to_string(),
        direct_post: brand.direct_post,
        methods: methods.into_iter().filter_map(Method::local).collect(),
    });
    let opened = Recorded { version: 1, at: now, event: Event::Opened(terms.clone()) };
    let history = [opened.clone()];
    let body = view::purchase(&checkout, &document, &history, &api.links);
    let body = written(body.as_ref())?;
    let document = document.to_json().map_err(unwritable)?;
    let idempotency = keyed.write(api, caller, Some(StatusCode::CREATED), &body);
    let record = engine::CheckoutRecord { checkout, document };
    let new = NewCheckout { record, opened, terms, customer: new_customer, idempotency };
    match engine.open_checkout(new).await? {
        Opened::Done => Ok(Some(body)),
        Opened::Stale => Ok(None),
    }
}

pub(crate) async fn brand(engine: &Engine, caller: Credential, id: BrandId) -> Result<Arc<engine::Brand>, ApiError> {
    match engine.brand(caller.merchant_id, id).await {
        Ok(brand) if brand.revoked_at.is_none() => Ok(brand),
        Ok(_) | Err(Error::NotFound) => Err(FieldErrors::unknown_brand().into()),
        Err(error) => Err(error.into()),
    }
}

/// Who pays: the record `client_id` names, or the inline client, whose record is found by its address or made
/// (10.2 #13). A record that was found is not changed by what was typed.
async fn customer(
    engine: &Engine,
    caller: Credential,
    order: &Order,
) -> Result<(Customer, Option<CustomerId>, Option<CustomerRecord>), ApiError> {
    if let Some(id) = order.input.client_id {
        let record = engine.customer(caller, id).await?.ok_or_else(FieldErrors::unknown_client)?;
        return Ok((record.details, Some(id), None));
    }
    let details = order.input.client.as_ref().map(|client| client.customer.clone()).unwrap_or_default();
    if details == Customer::default() {
        return Ok((details, None, None));
    }
    if !details.email.is_empty()
        && let Some(known) = engine.customer_by_email(caller, &details.email.to_lowercase()).await?
    {
        return Ok((details, Some(known.id), None));
    }
    let record = CustomerRecord {
        id: CustomerId::new(engine.env().ordered_id()),
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        version: 1,
        details: details.clone(),
        extra: String::new(),
        created_at: engine.env().now(),
        updated_at: engine.env().now(),
    };
    Ok((details, Some(record.id), Some(record)))
}

/// Company and brand on the day of the order (3.3).
fn issuer(company: &engine::Company, website: &str) -> document::Issuer {
    document::Issuer {
        website: website.to_owned(),
        legal_name: company.legal_name.clone(),
        registration_number: company.registration_number.clone(),
        tax_number: company.tax_number.clone(),
        legal_street_address: company.street_address.clone(),
        legal_country: company.country.clone(),
        legal_city: company.city.clone(),
        legal_zip_code: company.zip_code.clone(),
        bank_accounts: company
            .bank_accounts
            .iter()
            .map(|bank| document::BankAccount { bank_account: bank.account.clone(), bank_code: bank.code.clone() })
            .collect(),
    }
}

/// Two letters of the brand's name before a generated reference, as in `CH8503`.
fn prefix(name: &str) -> String {
    let letters: String =
        name.chars().filter(char::is_ascii_alphabetic).take(2).map(|letter| letter.to_ascii_uppercase()).collect();
    if letters.is_empty() { "TG".to_owned() } else { letters }
}

async fn read(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let shown = find(&api.engine, caller, parse_id(&id)?).await?;
    Ok(json(StatusCode::OK, show(&shown, &api.links)?))
}

/// A purchase; what another dialect made is not found here.
pub(crate) async fn find(engine: &Engine, caller: Credential, id: CheckoutId) -> Result<Shown, ApiError> {
    let shown = engine.read(caller, id).await?;
    if shown.record.checkout.dialect == Dialect::Purchases { Ok(shown) } else { Err(ApiError::NotFound) }
}

async fn public_key(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
) -> Result<Response, ApiError> {
    Ok(answer(StatusCode::OK, &api.engine.public_key(caller.merchant_id, caller.mode).await?))
}

/// An id that cannot be one is one that does not exist (10.2 #47).
pub(crate) fn parse_id(text: &str) -> Result<CheckoutId, ApiError> {
    CheckoutId::parse(text).map_err(|_| ApiError::NotFound)
}

/// The purchase as JSON.
pub(crate) fn show(shown: &Shown, links: &Links) -> Result<String, ApiError> {
    written(view::purchase(&shown.record.checkout, &document(shown)?, &shown.history, links).as_ref())
}

/// What this dialect keeps of a purchase.
pub(crate) fn document(shown: &Shown) -> Result<PurchaseDocument, ApiError> {
    PurchaseDocument::from_json(&shown.record.document).map_err(unwritable)
}

pub(crate) fn written(object: Option<&impl serde::Serialize>) -> Result<String, ApiError> {
    let object = object.ok_or_else(|| {
        tracing::error!("a payment's journal does not tell what it should");
        ApiError::Internal
    })?;
    serde_json::to_string(object).map_err(unwritable)
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
pub(crate) fn unwritable(error: serde_json::Error) -> ApiError {
    tracing::error!(%error, "a purchase's document cannot be read or written");
    ApiError::Internal
}
