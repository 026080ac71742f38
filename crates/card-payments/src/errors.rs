//! Why a call was not carried out, in this dialect's envelope (card-payments-api 1.5).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use engine::{Engine, Error};
use serde::Serialize;
use tollgate_http::body::BodyError;
use tollgate_http::path::AsSent;
use utoipa::ToSchema;

use crate::formats;

/// Why a call was not carried out; each with its status and its words.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400: what was sent cannot be.
    Invalid(String),
    /// 400: it does not fit how things stand.
    WrongState(&'static str),
    /// 401: no token, or none that works. Whether one was sent.
    Unauthenticated(bool),
    /// 403: the token may not do this; which scope may.
    Forbidden(&'static str),
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 408
    TimedOut,
    /// 409: this `Payer-Request-ID` was used, or is being used.
    Replayed,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429, with the seconds to wait
    RateLimited(u64),
    /// 500
    Internal,
    /// 503: the acquirer's word is still to come.
    Pending,
}

/// The envelope of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorOut<'a> {
    /// When, in UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The HTTP status.
    status: u16,
    /// What the status is called.
    error: &'a str,
    /// What is wrong, for people.
    message: &'a str,
    /// The path of the request.
    path: &'a str,
}

/// What [`envelope`] says, as it leaves a handler.
#[derive(Clone)]
struct Problem(String);

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::WrongState(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Replayed => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Pending => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(self) -> String {
        match self {
            Self::Invalid(message) => message,
            Self::WrongState(message) => message.to_owned(),
            Self::Forbidden(scope) => format!("The token needs the scope {scope}"),
            other => words(other.status()).to_owned(),
        }
    }
}

/// What is said where the status says it all.
fn words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request cannot be read",
        StatusCode::UNAUTHORIZED => "A bearer token of /oauth2/token is needed, and it works for an hour",
        StatusCode::NOT_FOUND => "There is no such thing",
        StatusCode::METHOD_NOT_ALLOWED => "This path has no such method",
        StatusCode::REQUEST_TIMEOUT => "The request did not come whole in time",
        StatusCode::CONFLICT => "This Payer-Request-ID was used before, or its request is still running",
        StatusCode::PAYLOAD_TOO_LARGE => "The request body is too large",
        StatusCode::URI_TOO_LONG => "The address is too long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Send the body as application/json, not compressed",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests; try again later",
        StatusCode::SERVICE_UNAVAILABLE => {
            "The acquirer has not answered yet; nothing is sent twice, and GET of the payment shows the result"
        }
        _ => "Something went wrong on our side; try again later",
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Broken => Self::Invalid("The request body cannot be read".to_owned()),
        }
    }
}

/// What a call means when the engine says no; refusals are the call's own to word.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::Used => Self::Replayed,
            Error::Refused(_)
            | Error::NoToken
            | Error::OrderPaid
            | Error::BrandNotListed
            | Error::NoMail
            | Error::Mail(_)
            | Error::Stale
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

/// The status and the headers; [`envelope`] writes the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let challenge = match &self {
            Self::Unauthenticated(false) => Some(HeaderValue::from_static("Bearer")),
            Self::Unauthenticated(true) => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            Self::Forbidden(scope) => {
                HeaderValue::from_str(&format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")).ok()
            }
            _ => None,
        };
        let retry_after = match &self {
            Self::RateLimited(seconds) => Some(HeaderValue::from(*seconds)),
            _ => None,
        };
        let mut response = status.into_response();
        let headers = [(header::WWW_AUTHENTICATE, challenge), (header::RETRY_AFTER, retry_after)];
        for (name, value) in headers {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        response.extensions_mut().insert(Problem(self.message()));
        response
    }
}

/// Writes the envelope of whatever went wrong behind it.
pub(crate) async fn envelope(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let sent = request.extensions().get::<AsSent>();
    let path = sent.map_or(request.uri(), |AsSent(uri)| uri).path().to_owned();
    let mut response = next.run(request).await;
    if let Some(Problem(message)) = response.extensions_mut().remove() {
        let (mut parts, _) = response.into_parts();
        let written = problem(parts.status, &message, &path, engine.env().now());
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.extend(written.headers().clone());
        response = Response::from_parts(parts, written.into_body());
    }
    response
}

/// What a caller gets when no route answers: 400, 414 and 415 for what none takes, 500 after a panic.
#[must_use]
pub fn refuse(status: StatusCode, path: &str, now: Timestamp) -> Response {
    problem(status, words(status), path, now)
}

fn problem(status: StatusCode, message: &str, path: &str, now: Timestamp) -> Response {
    let error = status.canonical_reason().unwrap_or_default();
    let out = ErrorOut { timestamp: formats::time(now), status: status.as_u16(), error, message, path };
    json(status, &out)
}

/// JSON, never kept by anything on the way.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, headers, Body::from(bytes)).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
