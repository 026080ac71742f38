//! Whether a message is the gateway's: RSA over SHA-256, as a detached base64 signature (purchases-api 5.4) or as a JSON
//! web signature (orchestration-api 6.3, 7.6).

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// Why a message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    /// There is no signature.
    #[error("it carries no signature")]
    Missing,
    /// It is not of the right form.
    #[error("its signature cannot be read")]
    Unreadable,
    /// Its key is not published.
    #[error("its signature names a key that the gateway does not publish")]
    UnknownKey,
    /// Somebody else made it, or the message was changed.
    #[error("its signature is not the gateway’s")]
    Wrong,
}

/// Checks an `X-Signature` over exactly these bytes with a PEM key.
pub(crate) fn check(pem: &str, body: &[u8], signature: Option<&str>) -> Result<(), Doubt> {
    let signature = STANDARD.decode(signature.ok_or(Doubt::Missing)?).map_err(|_| Doubt::Unreadable)?;
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(der).map_err(|_| Doubt::UnknownKey)?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der);
    key.verify(body, &signature).map_err(|_| Doubt::Wrong)
}

/// A published key (RFC 7517).
#[derive(Debug, Clone)]
pub(crate) struct Jwk {
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Jwk {
    /// The RSA keys of a key set.
    pub(crate) fn of_set(set: &Value) -> Vec<Self> {
        let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str()?).ok();
        let keys = set["keys"].as_array().into_iter().flatten();
        keys.filter_map(|key| {
            let kid = key["kid"].as_str()?.to_owned();
            Some(Self { kid, modulus: bytes(&key["n"])?, exponent: bytes(&key["e"])? })
        })
        .collect()
    }
}

/// Checks a JWS that leaves its payload out; the name of the key.
pub(crate) fn check_detached(keys: &[Jwk], jws: Option<&str>, body: &[u8]) -> Result<String, Doubt> {
    let (header, payload, signature) = parts(jws.ok_or(Doubt::Missing)?)?;
    if !payload.is_empty() {
        return Err(Doubt::Unreadable);
    }
    check_parts(keys, header, &URL_SAFE_NO_PAD.encode(body), signature)
}

/// Checks a JWS that carries its claims; the name of the key, and the claims.
pub(crate) fn check_compact(keys: &[Jwk], jws: &str) -> Result<(String, Value), Doubt> {
    let (header, payload, signature) = parts(jws)?;
    let kid = check_parts(keys, header, payload, signature)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Doubt::Unreadable)?;
    Ok((kid, serde_json::from_slice(&claims).map_err(|_| Doubt::Unreadable)?))
}

fn parts(jws: &str) -> Result<(&str, &str, &str), Doubt> {
    let (header, rest) = jws.split_once('.').ok_or(Doubt::Unreadable)?;
    let (payload, signature) = rest.split_once('.').ok_or(Doubt::Unreadable)?;
    Ok((header, payload, signature))
}

fn check_parts(keys: &[Jwk], header: &str, payload: &str, signature: &str) -> Result<String, Doubt> {
    let decoded = URL_SAFE_NO_PAD.decode(header).map_err(|_| Doubt::Unreadable)?;
    let named: Value = serde_json::from_slice(&decoded).map_err(|_| Doubt::Unreadable)?;
    // A signature does not choose how it is checked.
    if named["alg"] != "RS256" {
        return Err(Doubt::Unreadable);
    }
    let key = keys.iter().find(|key| named["kid"] == key.kid.as_str()).ok_or(Doubt::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Doubt::Unreadable)?;
    let public = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
    let signed = format!("{header}.{payload}");
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).map_err(|_| Doubt::Wrong)?;
    Ok(key.kid.clone())
}
