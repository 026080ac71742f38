//! The key pairs that sign what a merchant is told (purchases-api 5.4): RSA-2048, PKCS#1 v1.5, SHA-256.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{MerchantId, Mode, Timestamp};
use store::SigningKey;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::vault::{Binding, Unsealable, Vault};

/// Something with an RSA key failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The key does not open.
    #[error(transparent)]
    Sealed(#[from] Unsealable),
    /// The library refused, which it has no reason to.
    #[error("the signing library refused a key")]
    Library,
}

/// Whose key pair is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    /// The merchant or the webhook.
    pub(crate) id: Uuid,
    pub(crate) merchant_id: MerchantId,
    pub(crate) mode: Mode,
}

/// Makes and seals a key pair. Takes about a tenth of a second of one core: not for async threads.
pub(crate) fn make(
    vault: &Vault,
    owner: Owner,
    generation: u32,
    made_at: Timestamp,
) -> Result<SigningKey, SigningError> {
    let (pair, private) = generate()?;
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(|_| SigningError::Library)?;
    let Owner { id, merchant_id, mode } = owner;
    let (tenant, object) = (merchant_id.to_string(), id.to_string());
    let private = vault.seal(binding(&tenant, mode, &object), &private)?;
    Ok(SigningKey { owner: id, merchant_id, mode, generation, made_at, public_pem: pem(public.as_ref()), private })
}

/// A new key pair, and its private half as PKCS#8.
pub(crate) fn generate() -> Result<(KeyPair, Zeroizing<Vec<u8>>), SigningError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningError::Library)?;
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| SigningError::Library)?;
    let private = Zeroizing::new(private.as_ref().to_vec());
    Ok((pair, private))
}

/// Opens a stored key pair.
pub(crate) fn open(vault: &Vault, key: &SigningKey) -> Result<KeyPair, SigningError> {
    let (tenant, object) = (key.merchant_id.to_string(), key.owner.to_string());
    let private = vault.open(binding(&tenant, key.mode, &object), &key.private)?;
    KeyPair::from_pkcs8(&private).map_err(|_| SigningError::Library)
}

/// Base64 of [`signature`].
pub(crate) fn sign(pair: &KeyPair, bytes: &[u8]) -> Result<String, SigningError> {
    Ok(STANDARD.encode(signature(pair, bytes)?))
}

/// The signature over exactly these bytes. Takes about 0.3 ms of one core.
pub(crate) fn signature(pair: &KeyPair, bytes: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| SigningError::Library)?;
    Ok(signature)
}

fn binding<'a>(tenant: &'a str, mode: Mode, object: &'a str) -> Binding<'a> {
    Binding { purpose: "callback signature", tenant, mode: mode.as_str(), object, field: "private" }
}

/// PEM with LF newlines and lines of 64, as every client's parser takes it.
fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use domain::Timestamp;
    use env::Env;

    use super::*;
    use crate::vault::RootKey;

    #[test]
    fn what_is_signed_verifies_with_the_published_key() {
        let env = Env::still(Timestamp::from_seconds(0), 3);
        let root = RootKey::parse(&RootKey::make(&env)).expect("a key");
        let vault = Vault::new(root, env);
        let merchant = MerchantId::parse("6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11").expect("an id");
        let owner = Owner { id: merchant.uuid(), merchant_id: merchant, mode: Mode::Test };
        let key = make(&vault, owner, 1, Timestamp::from_seconds(0)).expect("made");
        let pair = open(&vault, &key).expect("opens");
        let signature = STANDARD.decode(sign(&pair, b"the exact bytes").expect("signed")).expect("base64");

        let der: String = key.public_pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(der).expect("base64");
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der);
        assert!(public.verify(b"the exact bytes", &signature).is_ok());
        assert!(public.verify(b"the exact bytez", &signature).is_err());
        assert!(!key.public_pem.contains('\r'));
    }
}
