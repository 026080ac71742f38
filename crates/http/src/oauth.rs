//! What the token endpoints of all dialects read and refuse: OAuth2 client credentials (RFC 6749 4.4, 5.2).

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use serde_json::json;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::content;

/// A token request is small (security D2).
pub const BODY_BYTES_MAX: usize = 8 * 1024;

/// Who asks for a token, and for what.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The client's id, as it says.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Zeroizing<String>,
    /// `client_credentials` is the only one there is; see [`TokenRequest::check_grant`].
    pub grant_type: Option<String>,
    /// The scopes it asks for, when it does.
    pub scope: Option<String>,
}

/// Why there is no token (RFC 6749 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// 400: a request nobody can read.
    InvalidRequest(&'static str),
    /// 401: no client, or none of ours.
    InvalidClient,
    /// 400: another way of asking.
    UnsupportedGrantType,
    /// 400: a scope there is not.
    InvalidScope,
    /// 413: a body of more than [`BODY_BYTES_MAX`].
    TooLarge,
    /// 408: a body that did not come.
    TimedOut,
}

impl TokenRequest {
    /// Reads headers and body. Every parameter at most once; an empty one is none.
    ///
    /// # Errors
    /// [`TokenError::InvalidRequest`] for another type of body, a parameter given twice, and credentials in two places;
    /// [`TokenError::InvalidClient`] without credentials.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        if !content::is_form(headers) {
            return Err(TokenError::InvalidRequest("send the request as application/x-www-form-urlencoded"));
        }
        if std::str::from_utf8(body).is_err() {
            return Err(TokenError::InvalidRequest("the request is not UTF-8"));
        }
        let [mut id, mut secret, mut grant_type, mut scope] = [const { None::<String> }; 4];
        for (name, value) in form_urlencoded::parse(body) {
            let parameter = match &*name {
                "client_id" => &mut id,
                "client_secret" => &mut secret,
                "grant_type" => &mut grant_type,
                "scope" => &mut scope,
                _ => continue,
            };
            if parameter.is_some() {
                return Err(TokenError::InvalidRequest("a parameter is given twice"));
            }
            *parameter = Some(value.into_owned());
        }
        let [id, secret, grant_type, scope] =
            [id, secret, grant_type, scope].map(|one| one.filter(|it| !it.is_empty()));
        let secret = secret.map(Zeroizing::new);
        let (client_id, client_secret) = match (basic(headers)?, id, secret) {
            (Some((basic_id, basic_secret)), id, None) if id.as_ref().is_none_or(|id| *id == basic_id) => {
                (basic_id, basic_secret)
            }
            (Some(_), _, _) => {
                return Err(TokenError::InvalidRequest(
                    "say who you are by Basic authentication or in the form, not both",
                ));
            }
            (None, Some(id), Some(secret)) => (id, secret),
            (None, _, _) => return Err(TokenError::InvalidClient),
        };
        Ok(Self { client_id, client_secret, grant_type, scope })
    }

    /// Asked after the client is known to be one.
    ///
    /// # Errors
    /// [`TokenError::InvalidRequest`] without a grant type, [`TokenError::UnsupportedGrantType`] for another one.
    pub fn check_grant(&self) -> Result<(), TokenError> {
        match self.grant_type.as_deref() {
            Some("client_credentials") => Ok(()),
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("grant_type is missing; it is client_credentials")),
        }
    }
}

/// Id and secret of the `Authorization` header; `None` without one. Each is form-encoded by itself (RFC 6749 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, Zeroizing<String>)>, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(TokenError::InvalidRequest("two Authorization headers"));
    }
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let decode = |text: &str| {
            let mut pairs = form_urlencoded::parse(text.as_bytes());
            let (name, value) = pairs.next()?;
            (value.is_empty() && pairs.next().is_none()).then(|| name.into_owned())
        };
        Some((decode(id)?, Zeroizing::new(decode(secret)?)))
    };
    read().map(Some).ok_or(TokenError::InvalidClient)
}

/// The token, as RFC 6749 5.1 shows it.
#[must_use]
pub fn issued(token: &str, expires_in_seconds: u64, scope: &str) -> Response {
    let body = Zeroizing::new(
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in_seconds, "scope": scope })
            .to_string(),
    );
    answer(StatusCode::OK, &body)
}

impl TokenError {
    /// The answer that says so.
    #[must_use]
    pub fn response(self) -> Response {
        let (status, code, description) = match self {
            Self::InvalidRequest(description) => (StatusCode::BAD_REQUEST, "invalid_request", description),
            Self::InvalidClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "the client id or the client secret is not valid")
            }
            Self::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "the only grant type is client_credentials")
            }
            Self::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope", "there is no such scope"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "the request is too large"),
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, "invalid_request", "the request did not come whole"),
        };
        let body = json!({ "error": code, "error_description": description }).to_string();
        let mut response = answer(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\""));
        }
        response
    }
}

/// Never kept by anything on the way (RFC 6749 5.1).
fn answer(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
        (hyper::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn headers(content_type: &str, authorization: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        for value in authorization {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn read(authorization: &[&str], body: &str) -> Result<(String, String), TokenError> {
        let request = TokenRequest::read(&headers(FORM, authorization), body.as_bytes())?;
        request.check_grant()?;
        Ok((request.client_id, request.client_secret.to_string()))
    }

    #[test]
    fn by_basic_or_in_the_form() {
        let ada = Ok(("ada".to_owned(), "s:1".to_owned()));
        let grant = "grant_type=client_credentials";
        assert_eq!(ada, read(&[&basic_of("ada:s:1")], grant));
        assert_eq!(ada, read(&[&basic_of("%61da:s%3A1").replace("Basic", "bAsIc")], grant), "each form-encoded");
        assert_eq!(ada, read(&[], &format!("client_id=ada&client_secret=s%3A1&{grant}&other=1&other=2")));
        assert_eq!(
            ada,
            read(&[&basic_of("ada:s:1")], &format!("client_id=ada&client_secret=&{grant}")),
            "empty is none"
        );
    }

    #[test]
    fn what_is_refused_and_how() {
        let good = basic_of("ada:s");
        let invalid = |result: Result<_, TokenError>| matches!(result, Err(TokenError::InvalidRequest(_)));
        let grant = "grant_type=client_credentials";
        assert!(invalid(read(&[&good], &format!("client_id=ada&client_secret=s&{grant}"))), "both places");
        assert!(invalid(read(&[&good], &format!("client_id=bob&{grant}"))), "two names");
        assert!(invalid(read(&[&good], &format!("{grant}&{grant}"))), "twice");
        assert!(invalid(read(&[&good, &good], grant)));
        assert!(invalid(read(&[&good], "")), "no grant");
        assert!(invalid(
            TokenRequest::read(&headers("application/json", &[&good]), b"{}").map(|_| (String::new(), String::new()))
        ));
        assert_eq!(Err(TokenError::UnsupportedGrantType), read(&[&good], "grant_type=password"));
        for authorization in ["Bearer abc", "Basic", "Basic !!!", &basic_of("ada"), &basic_of("a&b:c"), &basic_of(":s")]
        {
            assert_eq!(Err(TokenError::InvalidClient), read(&[authorization], grant), "{authorization}");
        }
        assert_eq!(Err(TokenError::InvalidClient), read(&[], grant));
        assert_eq!(Err(TokenError::InvalidClient), read(&[], &format!("client_id=ada&{grant}")));
    }

    #[test]
    fn answers_are_those_of_the_rfc() {
        let refused = TokenError::InvalidClient.response();
        assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
        assert_eq!("Basic realm=\"token\"", refused.headers()[WWW_AUTHENTICATE]);
        for response in [refused, TokenError::InvalidScope.response(), issued("t", 3_600, "READ")] {
            assert_eq!("no-store", response.headers()[CACHE_CONTROL]);
        }
    }
}
