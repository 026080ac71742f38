//! The routes of the dialect, who may take them, and what they have in common.
//!
//! The order of checks is that of card-payments-api 1.4: the token, then the request id, then the body, then what it is
//! about, then how that stands.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, post, put};
use domain::{CheckoutId, Dialect, Mode};
use engine::{Credential, Engine};
use tollgate_http::bearer;
use tollgate_http::body;
use tollgate_http::content;
use tollgate_http::path::{self, behind};
use tollgate_http::rate::{RateLimiter, Settings};

use crate::errors::{self, ApiError};
use crate::fields::{self, Shape};
use crate::request_id::RequestId;
use crate::{events, links, orders, payments, stored, token};

/// An API body (security D2).
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    public_url: String,
    limiter: RateLimiter,
    test_limits: bool,
}

impl std::ops::Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// Where a buyer opens a link; the secret of it is the checkout's id.
    pub(crate) fn url(&self, id: CheckoutId) -> String {
        format!("{}/card/{id}/", self.public_url)
    }

    /// Limits bind in live mode; in test mode only when asked to.
    pub(crate) fn limit(&self, caller: Credential) -> Result<(), ApiError> {
        let (_, bucket) = caller.key_id.uuid().as_u64_pair();
        match self.limiter.check(bucket, self.engine.env().now()) {
            Err(retry) if caller.mode == Mode::Live || self.test_limits => Err(ApiError::RateLimited(retry.0)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Every route of the dialect.
pub fn router(engine: Engine, public_url: &str, test_limits: bool) -> Router {
    let limiter = RateLimiter::new(Settings::default());
    let api = Api(Arc::new(Inner { engine: engine.clone(), public_url: public_url.to_owned(), limiter, test_limits }));
    let payments = [
        ("/payments/cards/direct", post(links::create)),
        ("/payments/cards/direct/{id}/cancel", put(payments::cancel)),
        ("/payments/cards/stored", post(links::create_store)),
        ("/payments/cards/stored/authorize", post(stored::authorize)),
        ("/payments/cards/stored/{token}/status", get(stored::status)),
        ("/payments/{id}", get(payments::read)),
        ("/payments/{id}/cancel", put(payments::cancel)),
        ("/payments/{id}/cards/cancel", put(payments::cancel)),
        ("/payments/{id}/cards/capture", post(payments::capture)),
        ("/payments/{id}/cards/authorize/release", put(payments::release)),
        ("/payments/{id}/cards/refund", post(payments::refund)),
        ("/payments/{id}/cards/refund-and-credit", post(payments::refund)),
    ];
    let orders = [
        ("/orders", post(orders::create)),
        ("/orders/with-amount-excluding-vat", post(orders::create)),
        ("/orders/with-amount-excluding-vat/{id}", put(orders::update)),
        ("/orders/{id}", put(orders::update).delete(orders::cancel)),
        ("/orders/{id}/approve", put(orders::approve)),
        // Invoices are not spoken.
        ("/orders/invoices", any(unknown)),
    ];
    let events = [
        ("/callbacks", get(events::list).post(events::subscribe).delete(events::unsubscribe)),
        ("/{token}", get(events::read)),
        ("/{token}/ack", get(events::acknowledge)),
    ];
    let token = behind([("/oauth2/token", post(token::issue))]).fallback(unknown);
    let authenticated = |routes: Router<Api>| {
        routes
            .fallback(unknown)
            .method_not_allowed_fallback(not_allowed)
            .layer(middleware::from_fn_with_state(api.clone(), authenticate))
    };
    Router::new()
        .nest("/api/v2", authenticated(behind(payments).merge(behind(orders))))
        .nest("/api/v1/events", authenticated(behind(events)))
        .merge(token.method_not_allowed_fallback(not_allowed))
        .with_state(api.clone())
        .layer(middleware::from_fn_with_state(engine, errors::envelope))
}

/// Whether a path is this dialect's.
#[must_use]
pub fn owns(path: &str) -> bool {
    path::is_below(path, &["/api/v2", "/api/v1/events", "/oauth2"])
}

async fn unknown() -> ApiError {
    ApiError::NotFound
}

async fn not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// To get past here is to have been authenticated, in scope and within the limits.
async fn authenticate(
    State(api): State<Api>,
    method: Method,
    headers: HeaderMap,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let secret = bearer::bearer(&headers).ok_or(ApiError::Unauthenticated(false))?;
    let known = api.engine.authenticate_token(Dialect::CardPayments, secret).await?;
    let (caller, scope) = known.ok_or(ApiError::Unauthenticated(true))?;
    api.limit(caller)?;
    let needed = if method.is_safe() { token::READ } else { token::WRITE };
    if !scope.split(' ').any(|given| given == needed) {
        return Err(ApiError::Forbidden(needed));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who calls, and by which request id: to hold one is to have been authenticated, and not to be a repeat.
pub(crate) struct Called {
    pub(crate) caller: Credential,
    pub(crate) request_id: RequestId,
}

impl FromRequestParts<Api> for Called {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let caller: Credential = *parts.extensions.get().ok_or(ApiError::Unauthenticated(false))?;
        let request_id = RequestId::begin(&api.engine, caller, &parts.method, &parts.headers).await?;
        Ok(Self { caller, request_id })
    }
}

/// What a path names.
pub(crate) struct Named(pub(crate) String);

impl FromRequestParts<Api> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, api).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(_) => Err(ApiError::Invalid("The path is not UTF-8".to_owned())),
        }
    }
}

/// Reads a JSON body. Without one its content type says nothing (1.3).
pub(crate) async fn read<T>(request: Request, shape: Shape<T>) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, BODY_BYTES_MAX).await?;
    if !body.is_empty() && !content::is_json(&parts.headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    fields::read(&body, shape)
}

/// A number in a path; what is none is not even looked up (1.5).
pub(crate) fn number(text: &str) -> Result<u64, ApiError> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|_| is_plain);
    number
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| ApiError::Invalid("The id in the path must be a whole number".to_owned()))
}

/// Done, and nothing to say.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
