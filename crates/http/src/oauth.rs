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

use crate::body::{self, BodyError};
use crate::content;

/// A token request is small (security D2).
const BODY_BYTES_MAX: usize = 8 * 1024;

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
    /// 404: an API key beside the credentials that is none of the client's account (orchestration-api 1.5).
    UnknownApiKey,
    /// 413: a body of more than 8 KiB.
    TooLarge,
    /// 408: a body that did not come.
    TimedOut,
}

const NO_FORM: TokenError = TokenError::InvalidRequest("send the request as application/x-www-form-urlencoded");
const TWICE: TokenError = TokenError::InvalidRequest("a parameter is given twice");

/// The body of a token request. It is wiped when dropped: a secret may stand in it.
///
/// # Errors
/// [`TokenError::TooLarge`], [`TokenError::TimedOut`], [`TokenError::InvalidRequest`] for one that broke off.
pub async fn receive(body: Body) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    body::read_secret(body, BODY_BYTES_MAX).await.map_err(|error| match error {
        BodyError::TooLarge => TokenError::TooLarge,
        BodyError::TimedOut => TokenError::TimedOut,
        BodyError::Broken => TokenError::InvalidRequest("the request did not come whole"),
    })
}

/// The `x-api-key` header, if there is one; what cannot be a key reads as one that is nobody's.
#[must_use]
pub fn api_key(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("x-api-key").iter();
    let key = values.next()?.to_str().unwrap_or_default();
    Some(if values.next().is_none() { key } else { "" })
}

impl TokenRequest {
    /// Reads headers and body. Every parameter at most once; an empty one is none.
    ///
    /// # Errors
    /// [`TokenError::InvalidRequest`] for another type of body, a parameter given twice, and credentials in two places;
    /// [`TokenError::InvalidClient`] without credentials.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        if !content::is_form(headers) {
            return Err(NO_FORM);
        }
        Self::read_form(headers, body)
    }

    /// Like [`TokenRequest::read`], but a grant type that is not in the body is looked for in the query, and an empty body
    /// need not say what it is: a client is known that sends all of it so (orchestration-api 1.5). Nothing else in the
    /// query is read; a secret there would stand in logs.
    ///
    /// # Errors
    /// See [`TokenRequest::read`].
    pub fn read_leniently(headers: &HeaderMap, query: Option<&str>, body: &[u8]) -> Result<Self, TokenError> {
        if !content::is_form(headers) && !body.is_empty() {
            return Err(NO_FORM);
        }
        let mut request = Self::read_form(headers, body)?;
        if request.grant_type.is_none() {
            let mut asked = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .filter(|(name, value)| name == "grant_type" && !value.is_empty());
            request.grant_type = asked.next().map(|(_, value)| value.into_owned());
            if asked.next().is_some() {
                return Err(TWICE);
            }
        }
        Ok(request)
    }

    fn read_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
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
                return Err(TWICE);
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

/// The token, as RFC 6749 5.1 shows it; without a scope in a dialect that has none.
#[must_use]
pub fn issued(token: &str, expires_in_seconds: u64, scope: Option<&str>) -> Response {
    let mut body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in_seconds });
    if let Some(scope) = scope {
        body["scope"] = scope.into();
    }
    answer(StatusCode::OK, &Zeroizing::new(body.to_string()))
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
            Self::UnknownApiKey => {
                (StatusCode::NOT_FOUND, "invalid_request", "the x-api-key is none of this client's account")
            }
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

    fn leniently(content_type: Option<&str>, query: &str, body: &str) -> Result<(), TokenError> {
        let mut headers = headers(FORM, &[&basic_of("ada:s:1")]);
        match content_type {
            Some(content_type) => drop(headers.insert(CONTENT_TYPE, content_type.parse().unwrap())),
            None => drop(headers.remove(CONTENT_TYPE)),
        }
        let request = TokenRequest::read_leniently(&headers, Some(query), body.as_bytes())?;
        assert_eq!(("ada", "s:1"), (request.client_id.as_str(), request.client_secret.as_str()));
        request.check_grant()
    }

    #[test]
    fn a_grant_type_in_the_query_will_do_where_it_may() {
        let grant = "grant_type=client_credentials";
        for content_type in [Some(FORM), Some("application/json"), None] {
            assert_eq!(Ok(()), leniently(content_type, grant, ""), "{content_type:?}: an empty body is of no type");
        }
        assert_eq!(Ok(()), leniently(Some(FORM), "", grant));
        assert_eq!(Ok(()), leniently(Some(FORM), "grant_type=password", grant), "the body comes first");
        assert_eq!(Ok(()), leniently(Some(FORM), grant, "grant_type="), "empty is none");
        assert_eq!(Err(TokenError::UnsupportedGrantType), leniently(Some(FORM), grant, "grant_type=password"));
        assert_eq!(Err(TokenError::UnsupportedGrantType), leniently(None, "grant_type=password", ""));
        assert_eq!(Err(NO_FORM), leniently(None, grant, "a=b"));
        assert_eq!(Err(NO_FORM), leniently(Some("application/json"), grant, "{}"));
        assert_eq!(Err(TWICE), leniently(None, &format!("{grant}&{grant}"), ""));
        assert!(matches!(leniently(None, "", ""), Err(TokenError::InvalidRequest(_))), "no grant");
        let secret_in_the_query = Some("client_id=ada&client_secret=s&grant_type=client_credentials");
        let read = TokenRequest::read_leniently(&headers(FORM, &[]), secret_in_the_query, b"");
        assert_eq!(Err(TokenError::InvalidClient), read);
        let form = format!("client_id=ada&client_secret=s&{grant}");
        assert!(TokenRequest::read_leniently(&headers(FORM, &[]), None, form.as_bytes()).is_ok());
    }

    #[test]
    fn an_api_key_is_one_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(None, api_key(&headers));
        headers.insert("x-api-key", HeaderValue::from_static("ak_1"));
        assert_eq!(Some("ak_1"), api_key(&headers));
        headers.append("x-api-key", HeaderValue::from_static("ak_1"));
        assert_eq!(Some(""), api_key(&headers), "which one is meant?");
        headers.insert("x-api-key", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(Some(""), api_key(&headers));
    }

    #[tokio::test]
    async fn a_body_is_received_up_to_its_limit() {
        assert_eq!(b"a=b", receive(Body::from("a=b")).await.unwrap().as_slice());
        assert_eq!(Err(TokenError::TooLarge), receive(Body::from(vec![b'a'; BODY_BYTES_MAX + 1])).await.map(|_| ()));
    }

    #[test]
    fn what_a_token_is_answered_with() {
        assert_eq!(StatusCode::NOT_FOUND, TokenError::UnknownApiKey.response().status());
        let scopes = [None, Some("READ")].map(|scope| {
            let (parts, body) = issued("t", 3_600, scope).into_parts();
            assert_eq!(StatusCode::OK, parts.status);
            body
        });
        let expected = json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3_600 });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let [without, with] = scopes.map(|body| {
            let bytes = runtime.block_on(body::read(body, BODY_BYTES_MAX)).unwrap();
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
        });
        assert_eq!(expected, without);
        assert_eq!("READ", with["scope"]);
    }

    #[test]
    fn answers_are_those_of_the_rfc() {
        let refused = TokenError::InvalidClient.response();
        assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
        assert_eq!("Basic realm=\"token\"", refused.headers()[WWW_AUTHENTICATE]);
        for response in [refused, TokenError::InvalidScope.response(), issued("t", 3_600, None)] {
            assert_eq!("no-store", response.headers()[CACHE_CONTROL]);
        }
    }
}
