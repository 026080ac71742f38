//! The routes of the dialect, who may take them, and what they have in common.
//!
//! They stand at `/payment/v2` and at `/v2` (orchestration-api 1.1). The order of checks: the token, the API key if one is
//! sent, the idempotency key, the body, what it is about, then how that stands.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use domain::{BrandId, Dialect, Mode};
use engine::{Brand, Credential, Engine};
use tollgate_http::body;
use tollgate_http::caller::Caller;
use tollgate_http::path::{self, behind};
use tollgate_http::rate::{RateLimiter, Settings, bucket};
use tollgate_http::{bearer, content, oauth};

use crate::errors::{self, ApiError};
use crate::fields::{self, Shape};
use crate::{card_forms, jwks, operations, payments, sessions, token};

/// Cards that one address may hand in: 20 a second, 1,000 at once.
const CARD_FORMS: Settings = Settings { interval: Duration::from_millis(50), burst: 1_000, keys_max: 100_000 };
/// An API body (security D2).
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) public_url: String,
    limiter: RateLimiter,
    /// For what needs no token, by address.
    by_address: RateLimiter,
    test_limits: bool,
}

impl std::ops::Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// Limits bind in live mode; in test mode only when asked to.
    pub(crate) fn limit(&self, caller: Credential) -> Result<(), ApiError> {
        let (_, bucket) = caller.key_id.uuid().as_u64_pair();
        match self.limiter.check(bucket, self.engine.env().now()) {
            Err(retry) if caller.mode == Mode::Live || self.test_limits => Err(ApiError::RateLimited(retry.0)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What needs no token is limited for each address, in every mode: it takes room.
    pub(crate) fn limit_address(&self, request: &Request) -> Result<(), ApiError> {
        let address = request.extensions().get().map(|Caller(address)| *address);
        let within = self.by_address.check(bucket(address), self.engine.env().now());
        within.map_err(|retry| ApiError::RateLimited(retry.0))
    }

    /// The entity a call is for, if its caller may begin payments for it.
    pub(crate) async fn entity(&self, caller: Credential, id: BrandId) -> Result<Arc<Brand>, ApiError> {
        let entity = self.engine.covers(caller, id).await?;
        entity.ok_or(ApiError::Forbidden("The token does not reach this entity."))
    }
}

/// Every route of the dialect.
pub fn router(engine: Engine, public_url: &str, test_limits: bool) -> Router {
    let limiter = RateLimiter::new(Settings::default());
    let by_address = RateLimiter::new(CARD_FORMS);
    let api = Api(Arc::new(Inner { engine, public_url: public_url.to_owned(), limiter, by_address, test_limits }));
    let guarded = [
        ("/client-sessions", post(sessions::create)),
        ("/client-sessions/{id}", get(sessions::read)),
        ("/client-sessions/{id}/abort", post(sessions::abort)),
        ("/payments", post(payments::create)),
        ("/payments/{id}", get(payments::read)),
        // As the published samples print it (10, 14).
        ("/payment/{id}", get(payments::read)),
        ("/payments/{id}/captures", post(operations::capture)),
        ("/payments/{id}/refunds", post(operations::refund)),
        ("/payments/{id}/voids", post(operations::void)),
        ("/eligible-solutions", post(sessions::eligible)),
    ];
    let open = [("/signing-jwks", get(jwks::keys)), ("/oauth/token", post(token::issue))];
    let authenticated = behind(guarded)
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(api.clone(), authenticate));
    let version = behind(open).method_not_allowed_fallback(not_allowed).merge(authenticated);
    Router::new()
        .nest("/payment/v2", version.clone())
        .nest("/v2", version)
        .merge(behind([("/oauth/token", post(token::issue))]).method_not_allowed_fallback(not_allowed))
        .nest("/v1/tenants", card_forms::routes().fallback(unknown).method_not_allowed_fallback(not_allowed))
        .with_state(api)
        .layer(middleware::from_fn(errors::envelope))
}

/// Whether a path is this dialect's.
#[must_use]
pub fn owns(path: &str) -> bool {
    path::is_below(path, &["/payment/v2", "/v2", "/oauth", "/v1/tenants"])
}

async fn unknown() -> ApiError {
    ApiError::NotFound
}

async fn not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// To get past here is to have been authenticated and within the limits.
async fn authenticate(
    State(api): State<Api>,
    headers: HeaderMap,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let secret = bearer::bearer(&headers).ok_or(ApiError::Unauthorized(false))?;
    let known = api.engine.authenticate_token(Dialect::Orchestration, secret).await?;
    let (caller, _) = known.ok_or(ApiError::Unauthorized(true))?;
    api.limit(caller)?;
    if let Some(key) = oauth::api_key(&headers)
        && !api.engine.owns_api_key(caller, key).await?
    {
        return Err(ApiError::Forbidden("The x-api-key is not one of this account."));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who calls: to hold one is to have been authenticated.
pub(crate) struct Called(pub(crate) Credential);

impl FromRequestParts<Api> for Called {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        parts.extensions.get().copied().map(Self).ok_or(ApiError::Unauthorized(false))
    }
}

/// What a path names; what cannot be an id names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: FromId> FromRequestParts<Api> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Ok(Path(named)) = Path::<String>::from_request_parts(parts, api).await else {
            return Err(ApiError::NotFound);
        };
        T::from_id(&named.to_ascii_lowercase()).map(Self).ok_or(ApiError::NotFound)
    }
}

/// An id as it stands in a path.
pub(crate) trait FromId: Sized {
    fn from_id(text: &str) -> Option<Self>;
}

impl FromId for domain::CheckoutId {
    fn from_id(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl FromId for domain::PaymentId {
    fn from_id(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Reads a JSON body. Without one its content type says nothing.
pub(crate) async fn read<T>(request: Request, shape: Shape<T>) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, BODY_BYTES_MAX).await?;
    if !body.is_empty() && !content::is_json(&parts.headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(fields::read(&body, shape)?)
}

/// The path of a call from `/v2` on, whichever mount it came by.
pub(crate) fn path_of(request: &Request) -> (Method, String) {
    let path = request.uri().path().trim_end_matches('/');
    (request.method().clone(), path.strip_prefix("/payment").unwrap_or(path).to_owned())
}
