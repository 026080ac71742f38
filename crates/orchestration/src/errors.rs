//! Why a call was not carried out, as a problem document (orchestration-api 1.7).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::Error;
use serde::Serialize;
use tollgate_http::body::BodyError;
use tollgate_http::path::AsSent;
use utoipa::ToSchema;

use crate::problems::{Problem, Problems};

/// Why a call was not carried out; each with its status and its words.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400: what was sent cannot be.
    BadRequest(Problems),
    /// 400: it does not fit how things stand. Why.
    InvalidState(String),
    /// 401: no token, or none that works. Whether one was sent.
    Unauthorized(bool),
    /// 403: the token does not reach so far. Why.
    Forbidden(&'static str),
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 408
    TimedOut,
    /// 409: the idempotency key was used before.
    Conflict {
        /// What the first call made.
        resource_id: Option<String>,
        /// The path of the first call, when it was another.
        instance: Option<String>,
    },
    /// 413
    PayloadTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429, with the seconds to wait
    RateLimited(u64),
    /// 500
    Internal,
    /// 503
    Unavailable,
}

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemOut<'a> {
    /// What kind of problem, for programs.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: &'a str,
    /// The path of the request, from `/v2` on.
    instance: &'a str,
    /// Each member of the body that is wrong.
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    errors: &'a [Problem],
    /// What the first call with this idempotency key made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    resource_id: Option<&'a str>,
}

/// What [`envelope`] writes, as it leaves a handler.
#[derive(Clone)]
struct Said {
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<Problem>,
    resource_id: Option<String>,
    instance: Option<String>,
}

impl ApiError {
    /// One member that is wrong, by its JSON Pointer.
    #[must_use]
    pub(crate) fn wrong(pointer: &str, detail: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.refuse(pointer, detail);
        Self::BadRequest(problems)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::InvalidState(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn said(self) -> Said {
        let (kind, title, detail) = words(self.status());
        let said = Said { kind, title, detail: detail.to_owned(), errors: vec![], resource_id: None, instance: None };
        match self {
            Self::BadRequest(problems) => {
                let errors = problems.into_list();
                let detail = match errors.as_slice() {
                    [one] => one.detail.clone(),
                    _ => said.detail,
                };
                Said { detail, errors, ..said }
            }
            Self::InvalidState(detail) => {
                Said { kind: "urn:eu.purse:invalid-state", title: "Invalid state", detail, ..said }
            }
            Self::Forbidden(detail) => Said { detail: detail.to_owned(), ..said },
            Self::Conflict { resource_id, instance } => Said { resource_id, instance, ..said },
            Self::Unauthorized(_)
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::TimedOut
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::RateLimited(_)
            | Self::Internal
            | Self::Unavailable => said,
        }
    }
}

/// Type, title and detail of a status. What has no type of its own is the caller's fault or ours.
fn words(status: StatusCode) -> (&'static str, &'static str, &'static str) {
    const BAD_REQUEST: &str = "urn:eu.purse:bad-request";
    const INTERNAL_ERROR: &str = "urn:eu.purse:internal-error";
    match status {
        StatusCode::BAD_REQUEST => (BAD_REQUEST, "Bad request", "The request cannot be carried out as it is."),
        StatusCode::UNAUTHORIZED => (
            "urn:eu.purse:unauthorized",
            "Unauthorized",
            "A bearer token of /oauth/token is needed, and it works for an hour.",
        ),
        StatusCode::FORBIDDEN => ("urn:eu.purse:forbidden", "Forbidden", "The token does not reach so far."),
        StatusCode::NOT_FOUND => ("urn:eu.purse:not-found", "Not found", "There is no such thing."),
        StatusCode::METHOD_NOT_ALLOWED => (BAD_REQUEST, "Method not allowed", "This path has no such method."),
        StatusCode::REQUEST_TIMEOUT => (BAD_REQUEST, "Request timeout", "The request did not come whole in time."),
        StatusCode::CONFLICT => {
            ("urn:eu.purse:write-conflict", "Idempotency violation", "This idempotency key was used before.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (BAD_REQUEST, "Payload too large", "The request body is too large."),
        StatusCode::URI_TOO_LONG => (BAD_REQUEST, "URI too long", "The address is too long."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (BAD_REQUEST, "Unsupported media type", "Send the body as application/json, not compressed.")
        }
        StatusCode::TOO_MANY_REQUESTS => (BAD_REQUEST, "Too many requests", "Try again later."),
        StatusCode::SERVICE_UNAVAILABLE => (INTERNAL_ERROR, "Service unavailable", "Try again later."),
        status if status.is_client_error() => (BAD_REQUEST, "Bad request", "The request cannot be read."),
        _ => (INTERNAL_ERROR, "Internal server error", "Something went wrong on our side; try again later."),
    }
}

impl From<Problems> for ApiError {
    fn from(problems: Problems) -> Self {
        Self::BadRequest(problems)
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::PayloadTooLarge,
            BodyError::TimedOut => Self::TimedOut,
            BodyError::Broken => Self::wrong("", "The body cannot be read."),
        }
    }
}

/// What a call means when the engine says no; refusals are the call's own to word.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::Stopping => Self::Unavailable,
            Error::Used => Self::Conflict { resource_id: None, instance: None },
            Error::OrderPaid => {
                Self::wrong("/amount", "The amount must not exceed the order net amount minus what is already paid.")
            }
            Error::Refused(_)
            | Error::NoToken
            | Error::BrandNotListed
            | Error::NoMail
            | Error::Mail(_)
            | Error::Stale
            | Error::Store(_)
            | Error::Acquirer(_)
            | Error::Sealed(_)
            | Error::Signing(_) => {
                tracing::error!(error = %engine::Causes(&error), "a call failed");
                Self::Internal
            }
        }
    }
}

/// What a problem document is called (RFC 9457).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The status and the headers; [`envelope`] writes the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let challenge = match &self {
            Self::Unauthorized(false) => Some(HeaderValue::from_static("Bearer")),
            Self::Unauthorized(true) => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            _ => None,
        };
        let retry_after = match &self {
            Self::RateLimited(seconds) => Some(HeaderValue::from(*seconds)),
            _ => None,
        };
        for (name, value) in [(header::WWW_AUTHENTICATE, challenge), (header::RETRY_AFTER, retry_after)] {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        response.extensions_mut().insert(self.said());
        response
    }
}

/// Writes the problem document of whatever went wrong behind it.
pub(crate) async fn envelope(request: Request, next: Next) -> Response {
    let sent = request.extensions().get::<AsSent>();
    let path = sent.map_or(request.uri(), |AsSent(uri)| uri).path().to_owned();
    let mut response = next.run(request).await;
    if let Some(said) = response.extensions_mut().remove::<Said>() {
        let (mut parts, _) = response.into_parts();
        let written = document(parts.status, &said, &path);
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.extend(written.headers().clone());
        response = Response::from_parts(parts, written.into_body());
    }
    response
}

/// What a caller gets when no route answers: 400, 414 and 415 for what none takes, 500 after a panic.
#[must_use]
pub fn refuse(status: StatusCode, path: &str) -> Response {
    let (kind, title, detail) = words(status);
    let said = Said { kind, title, detail: detail.to_owned(), errors: vec![], resource_id: None, instance: None };
    document(status, &said, path)
}

fn document(status: StatusCode, said: &Said, path: &str) -> Response {
    written(status, PROBLEM_JSON, &out(status, said, path))
}

fn out<'a>(status: StatusCode, said: &'a Said, path: &'a str) -> ProblemOut<'a> {
    let path = said.instance.as_deref().unwrap_or(path);
    ProblemOut {
        kind: said.kind,
        title: said.title,
        status: status.as_u16(),
        detail: &said.detail,
        instance: path.strip_prefix("/payment").filter(|rest| rest.starts_with("/v2")).unwrap_or(path),
        errors: &said.errors,
        resource_id: said.resource_id.as_deref(),
    }
}

/// JSON, never kept by anything on the way.
pub(crate) fn json(body: &impl Serialize) -> Response {
    written(StatusCode::OK, "application/json", body)
}

fn written(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(error: ApiError, path: &str, expected: &serde_json::Value) {
        let status = error.status();
        assert_eq!(expected, &serde_json::to_value(out(status, &error.said(), path)).expect("JSON"));
    }

    #[test]
    fn a_used_key_names_what_it_made() {
        let id = "9a14962c-bdcf-49d1-8673-e75dfb48013f".to_owned();
        check(
            ApiError::Conflict { resource_id: Some(id.clone()), instance: None },
            "/payment/v2/payments/7/captures",
            &json!({
                "type": "urn:eu.purse:write-conflict", "title": "Idempotency violation", "status": 409,
                "detail": "This idempotency key was used before.", "instance": "/v2/payments/7/captures",
                "resource_id": id,
            }),
        );
    }

    #[test]
    fn every_wrong_member_is_named() {
        let mut problems = Problems::default();
        problems.refuse("/amount", "Too much.");
        problems.refuse("/order/reference", "This member is required.");
        check(
            ApiError::BadRequest(problems),
            "/v2/payments",
            &json!({
                "type": "urn:eu.purse:bad-request", "title": "Bad request", "status": 400,
                "detail": "The request cannot be carried out as it is.", "instance": "/v2/payments",
                "errors": [
                    { "detail": "Too much.", "pointer": "/amount" },
                    { "detail": "This member is required.", "pointer": "/order/reference" },
                ],
            }),
        );
        check(
            ApiError::wrong("/amount", "Too much."),
            "/payment/v2",
            &json!({
                "type": "urn:eu.purse:bad-request", "title": "Bad request", "status": 400, "detail": "Too much.",
                "instance": "/v2", "errors": [{ "detail": "Too much.", "pointer": "/amount" }],
            }),
        );
    }

    #[test]
    fn paths_outside_are_shown_as_they_are() {
        for (path, shown) in [("/payment", "/payment"), ("/payments/v2", "/payments/v2"), ("/v2/x", "/v2/x")] {
            let (kind, title, detail) = words(StatusCode::NOT_FOUND);
            let not_found = json!({ "type": kind, "title": title, "status": 404, "detail": detail, "instance": shown });
            check(ApiError::NotFound, path, &not_found);
        }
    }

    #[test]
    fn who_must_do_something_is_told_in_a_header() {
        let header_of = |error: ApiError, name| error.into_response().headers().get(name).cloned();
        let challenge = header_of(ApiError::Unauthorized(false), header::WWW_AUTHENTICATE);
        assert_eq!(Some(HeaderValue::from_static("Bearer")), challenge);
        let challenge = header_of(ApiError::Unauthorized(true), header::WWW_AUTHENTICATE);
        assert_eq!(Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")), challenge);
        let wait = header_of(ApiError::RateLimited(7), header::RETRY_AFTER);
        assert_eq!(Some(HeaderValue::from(7)), wait);
        let refused = refuse(StatusCode::URI_TOO_LONG, "/v2/x");
        assert_eq!(Some("application/problem+json"), refused.headers()["content-type"].to_str().ok());
    }
}
