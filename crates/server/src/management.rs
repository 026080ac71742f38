//! Tollgate's own API, at `/tollgate/v1`: what no dialect has words for. Whoever has a secret key of a merchant sees there
//! what the merchant was told, by whatever dialect, what its servers answered, and has it sent again; and sees and changes
//! the settings of its brands (`brands.rs`).

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, body::Bytes};
use domain::{CheckoutId, DeliveryId, Mode, Timestamp};
use engine::{
    Again, Beside, Credential, DeliveryRecord, DeliveryState, DeliveryTry, Destination, DestinationRecord, Endpoint,
    Engine, Error, Logged, Page, Place, RESEND_MAX, Resend,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_http::bearer;
use tollgate_http::body::{self, BodyError};
use tollgate_http::rate::{RateLimiter, Settings};
use url::form_urlencoded;

use crate::brands;

use std::sync::Arc;

const BODY_BYTES_MAX: usize = 4 * 1024;
/// The most in one answer.
const PAGE_MAX: u32 = 100;
/// Unless asked otherwise.
const PAGE: u32 = 25;

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) engine: Engine,
    limiter: Arc<RateLimiter>,
    test_limits: bool,
}

/// `/tollgate/v1/...`
pub(crate) fn router(engine: Engine, test_limits: bool) -> Router {
    let api = Api { engine, limiter: Arc::new(RateLimiter::new(Settings::default())), test_limits };
    let routes = Router::new()
        .route("/destinations", get(destinations))
        .route("/destinations/{id}", get(destination))
        .route("/deliveries", get(deliveries))
        .route("/deliveries/resend", post(resend_given_up))
        .route("/deliveries/{id}", get(delivery))
        .route("/deliveries/{id}/resend", post(resend))
        .merge(brands::routes())
        .route("/signing-key", get(signing_key))
        .route("/signing-key/rotate", post(rotate))
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .fallback(|| async { Problem::NotFound })
        .layer(middleware::from_fn_with_state(api.clone(), authenticate))
        .with_state(api);
    Router::new().nest("/tollgate/v1", routes)
}

/// Why a call was not carried out: a problem document (RFC 9457).
pub(crate) enum Problem {
    BadRequest(&'static str),
    /// The same, with what was sent.
    Wrong(String),
    Unauthorized,
    NotFound,
    MethodNotAllowed,
    Conflict(&'static str),
    TooLarge,
    TooMany(u64),
    Internal,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if matches!(error, Error::NotFound) {
            return Self::NotFound;
        }
        tracing::error!(error = %engine::Causes(&error), "a call failed");
        Self::Internal
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut | BodyError::Broken => Self::BadRequest("The body did not arrive as a whole."),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, detail) = match &self {
            Self::BadRequest(why) => (StatusCode::BAD_REQUEST, *why),
            Self::Wrong(why) => (StatusCode::BAD_REQUEST, why.as_str()),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Send a secret key as `Authorization: Bearer sk_...`."),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such object."),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "The path has no such method."),
            Self::Conflict(why) => (StatusCode::CONFLICT, *why),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "Too many requests. Try again later."),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Try again later."),
        };
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({ "title": title, "status": status.as_u16(), "detail": detail });
        let mut response = answer(status, &body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            Self::TooMany(seconds) => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
            }
            _ => {}
        }
        response
    }
}

pub(crate) fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body.to_string()).into_response()
}

async fn authenticate(State(api): State<Api>, headers: HeaderMap, mut request: Request, next: Next) -> Response {
    let Some(secret) = bearer::bearer(&headers) else { return Problem::Unauthorized.into_response() };
    let caller = match api.engine.authenticate(secret).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return Problem::Unauthorized.into_response(),
        Err(error) => return Problem::from(error).into_response(),
    };
    let (_, bucket) = caller.key_id.uuid().as_u64_pair();
    if let Err(retry) = api.limiter.check(bucket, api.engine.env().now())
        && (caller.mode == Mode::Live || api.test_limits)
    {
        return Problem::TooMany(retry.0).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// What the query of a list says; unknown members are ignored.
#[derive(Default)]
struct Asked {
    destination: Option<String>,
    object: Option<String>,
    state: Option<String>,
    before: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

impl Asked {
    fn of(uri: &Uri) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let member = match &*name {
                "destination" => &mut asked.destination,
                "object" => &mut asked.object,
                "state" => &mut asked.state,
                "before" => &mut asked.before,
                "after" => &mut asked.after,
                "limit" => &mut asked.limit,
                _ => continue,
            };
            *member = Some(value.into_owned());
        }
        asked
    }

    fn before(&self) -> Result<Option<i64>, Problem> {
        let Some(before) = &self.before else { return Ok(None) };
        before.parse().map(Some).map_err(|_| Problem::BadRequest("`before` is what `next_before` of an answer said."))
    }

    fn limit(&self) -> Result<u32, Problem> {
        let Some(limit) = &self.limit else { return Ok(PAGE) };
        let limit = limit.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
        limit.ok_or(Problem::BadRequest("`limit` is a number from 1 to 100."))
    }
}

/// Takes off what was read beyond the limit: whether there was more.
fn cut<T>(found: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = found.len() > limit;
    found.truncate(limit);
    goes_on
}

fn destination_id(text: &str) -> Result<Destination, Problem> {
    Destination::parse(text).ok_or(Problem::NotFound)
}

async fn destinations(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::of(&uri);
    let after = asked.after.as_deref().map(destination_id).transpose()?;
    let limit = asked.limit()?;
    let mut found = api.engine.destinations(caller, after, limit + 1).await?;
    let goes_on = cut(&mut found, limit);
    let next = found.last().filter(|_| goes_on).map(|last| last.destination.to_string());
    let mut results = vec![];
    for record in &found {
        results.push(show_destination(&api.engine, caller, record).await?);
    }
    Ok(answer(StatusCode::OK, &json!({ "results": results, "next_after": next })))
}

async fn destination(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = destination_id(&id)?;
    let record = api.engine.destination(caller, id).await?;
    Ok(answer(StatusCode::OK, &show_destination(&api.engine, caller, &record).await?))
}

async fn show_destination(engine: &Engine, caller: Credential, record: &DestinationRecord) -> Result<Value, Problem> {
    let DestinationRecord {
        destination,
        webhook_id,
        origin,
        delivered_at,
        failed_at,
        failing_since,
        failures,
        warned_at,
    } = record;
    let address = match webhook_id {
        None => Some(origin.clone()),
        Some(id) => match engine.webhook(caller, *id).await {
            Ok(webhook) => Some(webhook.url),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
    };
    Ok(json!({
        "id": destination.to_string(),
        "address": address,
        "webhook_id": webhook_id.map(|id| id.to_string()),
        "state": if failing_since.is_some() { "failing" } else { "working" },
        "failing_since": failing_since.map(time),
        "failures": failures,
        "marked_at": warned_at.map(time),
        "delivered_at": delivered_at.map(time),
        "failed_at": failed_at.map(time),
    }))
}

async fn deliveries(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::of(&uri);
    let (limit, before) = (asked.limit()?, asked.before()?);
    let is_given_up = match asked.state.as_deref() {
        None => false,
        Some("given_up") => true,
        Some(_) => return Err(Problem::BadRequest("`state` is given_up, or is left out.")),
    };
    let mut found = match (&asked.destination, &asked.object) {
        (Some(destination), None) => {
            let page = Page { before, most: limit + 1 };
            api.engine.deliveries_to(caller, destination_id(destination)?, is_given_up, page).await?
        }
        (None, Some(object)) if !is_given_up => {
            let id = CheckoutId::parse(object).map_err(|_| Problem::NotFound)?;
            let place = |position| Place { rank: 0, at: Timestamp::from_micros(position), id: id.uuid() };
            let beside = before.map(|position| Beside::Older(place(position)));
            api.engine.deliveries_of(caller, id, beside, limit + 1).await?
        }
        (None, Some(_)) => return Err(Problem::BadRequest("`state` goes with `destination`.")),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::BadRequest("Give either `destination` or `object`: whose deliveries?"));
        }
    };
    let goes_on = cut(&mut found, limit);
    let next = found.last().filter(|_| goes_on).map(|last| last.position);
    let results: Vec<_> = found.iter().map(show).collect();
    Ok(answer(StatusCode::OK, &json!({ "results": results, "next_before": next })))
}

async fn delivery(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Logged { record, tries, body } = api.engine.logged(caller, delivery_id(&id)?).await?;
    let mut shown = show(&record);
    shown["tries"] = tries.iter().map(show_try).collect();
    shown["body"] = body.into();
    Ok(answer(StatusCode::OK, &shown))
}

async fn resend(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = delivery_id(&id)?;
    match api.engine.resend(caller, id).await? {
        Again::Sent => {
            let Logged { record, .. } = api.engine.logged(caller, id).await?;
            Ok(answer(StatusCode::ACCEPTED, &show(&record)))
        }
        Again::Open => Err(Problem::Conflict("It is under way, or waits for an earlier one: it goes by itself.")),
        Again::Impossible => Err(Problem::Conflict("What was sent then cannot be made again byte for byte.")),
    }
}

/// Which of what was given up is sent again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResendBody {
    destination: String,
    since: String,
    until: Option<String>,
}

async fn resend_given_up(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    request: Request,
) -> Result<Response, Problem> {
    let body: Bytes = body::read(request.into_body(), BODY_BYTES_MAX).await?;
    let wanted = "A JSON object with `destination`, `since` and, if need be, `until` is needed.";
    let body: ResendBody = serde_json::from_slice(&body).map_err(|_| Problem::BadRequest(wanted))?;
    let resend = Resend {
        destination: destination_id(&body.destination)?,
        since: parse_time(&body.since)?,
        until: body.until.as_deref().map_or_else(|| Ok(api.engine.env().now()), parse_time)?,
    };
    let resent = api.engine.resend_given_up(caller, resend).await?;
    Ok(answer(StatusCode::ACCEPTED, &json!({ "resent": resent, "more": resent == RESEND_MAX })))
}

/// What signs callbacks, and webhooks of dialects that have no keys of their own.
async fn signing_key(State(api): State<Api>, Extension(caller): Extension<Credential>) -> Result<Response, Problem> {
    let public_key = api.engine.public_key(caller.merchant_id, caller.mode).await?;
    let secret = api.engine.webhook_secret(caller, None).await?;
    Ok(answer(StatusCode::OK, &json!({ "public_key": public_key, "secret": secret })))
}

async fn rotate(State(api): State<Api>, Extension(caller): Extension<Credential>) -> Result<Response, Problem> {
    api.engine.rotate_key(caller, None, |_| None).await?;
    signing_key(State(api), Extension(caller)).await
}

fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    DeliveryId::parse(text).map_err(|_| Problem::NotFound)
}

fn state_name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Open => "waiting",
        DeliveryState::Queued => "queued",
        DeliveryState::Delivered => "delivered",
        DeliveryState::GivenUp => "given_up",
    }
}

fn show(record: &DeliveryRecord) -> Value {
    let delivery = &record.delivery;
    let (kind, address) = match &delivery.endpoint {
        Endpoint::Callback { url } => ("callback", Some(url.as_str())),
        Endpoint::Status { url } => ("status", Some(url.as_str())),
        Endpoint::Subscription { url, .. } => ("subscription", Some(url.as_str())),
        Endpoint::Webhook { url, .. } => ("webhook", Some(url.as_str())),
        Endpoint::Registered { .. } => ("registered_webhook", None),
        Endpoint::Mail { .. } => ("mail", None),
    };
    let waits = record.state == DeliveryState::Open;
    json!({
        "id": delivery.id.to_string(),
        "destination": delivery.destination().to_string(),
        "object": delivery.checkout_id.to_string(),
        "kind": kind,
        "address": address,
        "event": delivery.notice.as_str(),
        "state": state_name(record.state),
        "under_way": record.is_under_way,
        "attempts": delivery.attempts,
        "status": record.status.filter(|status| *status != 0),
        "created_at": time(delivery.created_at),
        "tried_at": record.tried_at.map(time),
        "next_try_at": (waits && !record.is_under_way).then(|| time(delivery.due_at)),
    })
}

fn show_try(tried: &DeliveryTry) -> Value {
    let DeliveryTry { number, ended_at, took, status, error, answer } = tried;
    json!({
        "number": number,
        "ended_at": time(*ended_at),
        "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "status": Some(*status).filter(|status| *status != 0),
        "error": Some(error).filter(|error| !error.is_empty()),
        "answer": answer,
    })
}

/// RFC 3339, UTC.
fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_string()).unwrap_or_default()
}

fn parse_time(text: &str) -> Result<Timestamp, Problem> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    at.map(|at| Timestamp::from_micros(at.as_microsecond()))
        .map_err(|_| Problem::BadRequest("A time is written as in 2026-01-31T12:00:00Z."))
}
