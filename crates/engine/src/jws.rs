//! What the gateway itself signs, whoever is told: JSON web signatures by RS256 (orchestration-api 2.7, 6.3, 7.6). One key
//! signs; those that signed before are published for a while, so that what they signed can still be verified.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use store::{AdminWrite, JwsKey};

use crate::signing::{self, SigningError};
use crate::vault::{Binding, Vault};
use crate::{Engine, Error};

/// How long a key is published after another one took its place.
pub const JWK_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// A key that verifies what the gateway signed (RFC 7517). All of them are RSA and verify RS256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicJwk {
    /// What a signature names it by.
    pub kid: String,
    /// The modulus in base64url.
    pub n: String,
    /// The exponent in base64url.
    pub e: String,
}

/// A key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningJwk {
    /// What a signature names it by.
    pub kid: String,
    /// What it is used for now.
    pub state: JwkState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwkState {
    /// It signs.
    Current,
    /// It signs no more, but is published until then.
    Published(Timestamp),
    /// Nothing.
    Retired,
}

/// Every key, and the opened one that signs.
pub(crate) struct Keys {
    rows: Vec<JwsKey>,
    signer: Arc<Signer>,
}

struct Signer {
    kid: String,
    pair: KeyPair,
}

impl Engine {
    /// The keys that verify what the gateway signs now and signed lately, the newest first.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Signing`], [`Error::Stopping`].
    pub async fn jwks(&self) -> Result<Vec<PublicJwk>, Error> {
        let now = self.0.env.now();
        let keys = self.jws_keys().await?;
        Ok(keys.rows.iter().filter(|key| state(key, now) != JwkState::Retired).map(public).collect())
    }

    /// Every key there ever was, the newest first.
    ///
    /// # Errors
    /// See [`Engine::jwks`].
    pub async fn signing_jwks(&self) -> Result<Vec<SigningJwk>, Error> {
        let now = self.0.env.now();
        let shown =
            |key: &JwsKey| SigningJwk { kid: key.kid.clone(), state: state(key, now), created_at: key.created_at };
        Ok(self.jws_keys().await?.rows.iter().map(shown).collect())
    }

    /// Lets a new key sign; the one before stays published for [`JWK_LIFE`].
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody else did so at the same time; see [`Engine::jwks`].
    pub async fn rotate_signing_jwk(&self) -> Result<SigningJwk, Error> {
        let retires = self.jws_keys().await?.signer.kid.clone();
        let key = self.make_jws_key().await?;
        let shown = SigningJwk { kid: key.kid.clone(), state: JwkState::Current, created_at: key.created_at };
        self.administer(vec![AdminWrite::JwsKey { retires: Some(retires), key }]).await?;
        Ok(shown)
    }

    /// A compact JWS (RFC 7515 3.1) that carries these claims.
    ///
    /// # Errors
    /// See [`Engine::jwks`].
    pub async fn sign_jws(&self, claims: &[u8]) -> Result<String, Error> {
        let (signed, signature) = self.sign_part(claims).await?;
        Ok(format!("{signed}.{signature}"))
    }

    /// A JWS of exactly these bytes that leaves them out: whoever verifies it puts their base64url between the two dots
    /// (RFC 7515, appendix F).
    ///
    /// # Errors
    /// See [`Engine::jwks`].
    pub async fn sign_detached_jws(&self, payload: &[u8]) -> Result<String, Error> {
        let (signed, signature) = self.sign_part(payload).await?;
        let header = signed.split_once('.').map_or(signed.as_str(), |(header, _)| header);
        Ok(format!("{header}..{signature}"))
    }

    /// Header and payload as they are signed, and the signature, made off the async threads.
    async fn sign_part(&self, payload: &[u8]) -> Result<(String, String), Error> {
        let signer = Arc::clone(&self.jws_keys().await?.signer);
        // A name of ours has nothing in it that JSON would write otherwise.
        let header = format!("{{\"kid\":\"{}\",\"alg\":\"RS256\"}}", signer.kid);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signing = self.0.env.off_thread(move || {
            let signature = signing::signature(&signer.pair, signed.as_bytes())?;
            Ok((signed, URL_SAFE_NO_PAD.encode(signature)))
        });
        signing.await.ok_or(Error::Stopping)?
    }

    /// The keys; the first is made when it is needed.
    async fn jws_keys(&self) -> Result<Arc<Keys>, Error> {
        let cache = &self.0.jws;
        loop {
            if let Some(keys) = cache.get(&()) {
                return Ok(keys);
            }
            let generation = cache.generation();
            let rows = self.0.store.jws_keys().await?;
            if let Some(current) = rows.iter().find(|key| key.retired_at.is_none()) {
                let signer = Arc::new(open(&self.0.vault, current)?);
                let keys = Arc::new(Keys { rows, signer });
                cache.keep(generation, (), Arc::clone(&keys));
                return Ok(keys);
            }
            let key = self.make_jws_key().await?;
            match self.administer(vec![AdminWrite::JwsKey { retires: None, key }]).await {
                // Whoever was faster made one: the next look finds it.
                Ok(()) | Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn make_jws_key(&self) -> Result<JwsKey, Error> {
        let engine = self.clone();
        let made = self.0.env.off_thread(move || {
            let env = &engine.0.env;
            make(&engine.0.vault, env.random_id().to_string(), env.now())
        });
        Ok(made.await.ok_or(Error::Stopping)??)
    }
}

/// Makes and seals a key pair. Takes about a tenth of a second of one core: not for async threads.
fn make(vault: &Vault, kid: String, created_at: Timestamp) -> Result<JwsKey, SigningError> {
    let (pair, private) = signing::generate()?;
    let (modulus, exponent) = numbers(pair.public_key().as_ref()).ok_or(SigningError::Library)?;
    let private = vault.seal(binding(&kid), &private)?;
    Ok(JwsKey { kid, modulus: modulus.to_vec(), exponent: exponent.to_vec(), private, created_at, retired_at: None })
}

fn open(vault: &Vault, key: &JwsKey) -> Result<Signer, SigningError> {
    let private = vault.open(binding(&key.kid), &key.private)?;
    let pair = KeyPair::from_pkcs8(&private).map_err(|_| SigningError::Library)?;
    Ok(Signer { kid: key.kid.clone(), pair })
}

fn binding(kid: &str) -> Binding<'_> {
    Binding { purpose: "json web signature", tenant: "", mode: "", object: kid, field: "private" }
}

fn state(key: &JwsKey, now: Timestamp) -> JwkState {
    match key.retired_at.map(|at| at.plus(JWK_LIFE)) {
        None => JwkState::Current,
        Some(until) if now < until => JwkState::Published(until),
        Some(_) => JwkState::Retired,
    }
}

fn public(key: &JwsKey) -> PublicJwk {
    let [n, e] = [&key.modulus, &key.exponent].map(|number| URL_SAFE_NO_PAD.encode(number));
    PublicJwk { kid: key.kid.clone(), n, e }
}

/// Modulus and exponent of an `RSAPublicKey` in DER (RFC 8017, appendix A.1.1), without leading zeros.
fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const INTEGER: u8 = 0x02;
    const SEQUENCE: u8 = 0x30;
    let (numbers, _) = value(SEQUENCE, der)?;
    let (modulus, rest) = value(INTEGER, numbers)?;
    let (exponent, _) = value(INTEGER, rest)?;
    Some((plain(modulus), plain(exponent)))
}

/// A number without its leading zeros.
fn plain(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

/// The content of a DER value that has this tag, and what follows it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, short @ ..=0x7f, rest @ ..] if *found == tag => (usize::from(*short), rest),
        [found, 0x81, length, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x82, high, low, rest @ ..] if *found == tag => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;
    use crate::workers::tests::engine;

    /// Verifies a compact JWS by what is published, as a merchant would; answers its header.
    pub(crate) fn verify(jwks: &[PublicJwk], jws: &str) -> Option<serde_json::Value> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let (signed, signature) = jws.rsplit_once('.')?;
        let (header, _) = signed.split_once('.')?;
        let header: serde_json::Value = serde_json::from_slice(&decode(header)).expect("JSON");
        let jwk = jwks.iter().find(|jwk| header["kid"] == jwk.kid.as_str())?;
        let key = RsaPublicKeyComponents { n: decode(&jwk.n), e: decode(&jwk.e) };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)).ok()?;
        Some(header)
    }

    #[tokio::test]
    async fn what_is_signed_verifies_with_the_published_keys() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        // Both need the first key at once; one is made.
        let (jws, jwks) = tokio::join!(engine.sign_jws(b"{\"a\":1}"), engine.jwks());
        let (jws, jwks) = (jws.expect("signed"), jwks.expect("published"));
        assert_eq!((1, "AQAB", 342), (jwks.len(), jwks[0].e.as_str(), jwks[0].n.len()));
        let header = verify(&jwks, &jws).expect("verifies");
        assert_eq!(serde_json::json!({ "kid": jwks[0].kid, "alg": "RS256" }), header);
        let parts: Vec<&str> = jws.split('.').collect();
        assert_eq!(b"{\"a\":1}".as_slice(), URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url"));

        let detached = engine.sign_detached_jws("caf\u{e9} \n".as_bytes()).await.expect("signed");
        let whole = |payload: &str| detached.replace("..", &format!(".{}.", URL_SAFE_NO_PAD.encode(payload)));
        assert_eq!(3, detached.split('.').count());
        assert!(verify(&jwks, &whole("caf\u{e9} \n")).is_some());
        assert!(verify(&jwks, &whole("caf\u{e9}\n")).is_none(), "other bytes");
    }

    #[tokio::test]
    async fn a_key_that_retired_is_published_for_a_week() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let old = engine.sign_jws(b"{}").await.expect("signed");
        let rotated = engine.rotate_signing_jwk().await.expect("rotated");
        let new = engine.sign_jws(b"{}").await.expect("signed");
        let jwks = engine.jwks().await.expect("published");
        assert_eq!(2, jwks.len());
        assert_eq!(rotated.kid, jwks[0].kid, "the newest first");
        let header = verify(&jwks, &new).expect("verifies");
        assert_eq!(rotated.kid, header["kid"]);
        assert!(verify(&jwks, &old).is_some(), "what was signed before still verifies");
        let until = engine.env().now().plus(JWK_LIFE);
        let states = |all: Vec<SigningJwk>| all.into_iter().map(|key| key.state).collect::<Vec<_>>();
        let listed = engine.signing_jwks().await.expect("listed");
        assert_eq!(vec![JwkState::Current, JwkState::Published(until)], states(listed));

        engine.advance(JWK_LIFE).await.expect("advanced");
        let jwks = engine.jwks().await.expect("published");
        assert_eq!(vec![rotated.kid], jwks.iter().map(|jwk| jwk.kid.clone()).collect::<Vec<_>>());
        assert!(verify(&jwks, &old).is_none());
        let listed = engine.signing_jwks().await.expect("listed");
        assert_eq!(vec![JwkState::Current, JwkState::Retired], states(listed));
    }

    #[test]
    fn numbers_are_read_from_der() {
        let der = [0x30, 0x08, 0x02, 0x02, 0x00, 0xc8, 0x02, 0x02, 0x01, 0x01];
        assert_eq!(Some(([0xc8].as_slice(), [1, 1].as_slice())), numbers(&der));
        for length in 0..der.len() {
            assert_eq!(None, numbers(&der[..length]), "{length}");
        }
        assert_eq!(None, numbers(&[0x31, 0x00]));
    }
}
