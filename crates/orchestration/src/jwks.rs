//! The keys that redirection tokens and webhooks are signed with (orchestration-api 2.7).

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::{ApiError, json};
use crate::routes::Api;

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// The current key, and those it has replaced lately.
    keys: Vec<Key>,
}

/// A public key.
#[derive(Debug, Serialize, ToSchema)]
struct Key {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    /// The modulus, base64url.
    n: String,
    /// The exponent, base64url.
    e: String,
}

/// `GET /v2/signing-jwks`
pub(crate) async fn keys(State(api): State<Api>) -> Result<Response, ApiError> {
    let keys = api.engine.jwks().await?.into_iter();
    let keys = keys.map(|key| Key { kty: "RSA", usage: "sig", alg: "RS256", kid: key.kid, n: key.n, e: key.e });
    let mut response = json(&KeySet { keys: keys.collect() });
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
