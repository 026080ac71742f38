//! Secrets that merchants call with: made, shown once, recognised by a hash (security K1).

use aws_lc_rs::digest;
use domain::{BrandId, KeyId, MerchantId, Mode};
use env::Env;
use store::ApiKey;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 is just above 2^256.
const SECRET_CHARS: usize = 43;
/// 62^33 is above 2^196.
const PUBLIC_CHARS: usize = 33;
const CHECK_CHARS: usize = 6;
const PREFIX_CHARS: usize = 10;

/// Who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// The key that was shown, or the client whose token was.
    pub key_id: KeyId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its world.
    pub mode: Mode,
    /// The brand it acts for, with all below it; `None` is every brand. See [`crate::Engine::covers`].
    pub entity: Option<BrandId>,
}

/// A new API key: `sk_test_` or `sk_live_` and so on.
pub(crate) fn make_secret(env: &Env, mode: Mode) -> Zeroizing<String> {
    make(env, scheme(mode))
}

/// A new secret: its scheme, 43 random base62 characters and a checksum that lets leak scanners find it.
pub(crate) fn make(env: &Env, scheme: &str) -> Zeroizing<String> {
    let mut secret = Zeroizing::new(String::with_capacity(64));
    secret.push_str(scheme);
    push_random(&mut secret, env, SECRET_CHARS);
    let check = checksum(&secret);
    secret.push_str(&check);
    secret
}

/// A new public key of a brand: it names and opens nothing, and has at most 36 characters (orchestration-api 1.5).
pub(crate) fn make_public(env: &Env) -> String {
    let mut key = "ak_".to_owned();
    push_random(&mut key, env, PUBLIC_CHARS);
    key
}

fn push_random(text: &mut String, env: &Env, chars: usize) {
    let mut left = chars;
    while left > 0 {
        for byte in env.bytes::<64>() {
            // 248 is the largest multiple of 62 in a byte: every character is equally likely.
            if left > 0 && byte < 248 {
                text.push(char::from(ALPHABET[usize::from(byte % 62)]));
                left -= 1;
            }
        }
    }
}

const fn scheme(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "sk_test_",
        Mode::Live => "sk_live_",
    }
}

fn checksum(body: &str) -> String {
    let hash = digest::digest(&digest::SHA256, body.as_bytes());
    let mut number = hash.as_ref()[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (0..CHECK_CHARS)
        .map(|_| {
            let digit = usize::try_from(number % 62).unwrap_or(0);
            number /= 62;
            char::from(ALPHABET[digit])
        })
        .collect()
}

/// The stored side of a secret.
pub(crate) struct Parsed {
    pub(crate) mode: Mode,
    pub(crate) prefix: String,
    pub(crate) hash: [u8; 32],
}

/// Reads an API key; `None` for anything that none of ours can be.
pub(crate) fn parse(secret: &str) -> Option<Parsed> {
    let mode = [Mode::Test, Mode::Live].into_iter().find(|mode| secret.starts_with(scheme(*mode)))?;
    let hash = hash(secret, scheme(mode))?;
    let rest = &secret[scheme(mode).len()..];
    Some(Parsed { mode, prefix: rest[..PREFIX_CHARS].to_owned(), hash })
}

/// SHA-256 of a secret of this scheme; `None` for anything that none of ours can be.
pub(crate) fn hash(secret: &str, scheme: &str) -> Option<[u8; 32]> {
    let rest = secret.strip_prefix(scheme)?;
    let well_formed = rest.len() == SECRET_CHARS + CHECK_CHARS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !well_formed {
        return None;
    }
    let (body, check) = secret.split_at(secret.len() - CHECK_CHARS);
    if checksum(body) != check {
        return None;
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    Some(hash)
}

/// The credential among stored keys that this secret is.
pub(crate) fn matching(keys: &[ApiKey], parsed: &Parsed) -> Option<Credential> {
    keys.iter()
        .filter(|key| bool::from(key.hash.ct_eq(&parsed.hash)))
        .find(|key| key.mode == parsed.mode && key.revoked_at.is_none())
        .map(|key| Credential { key_id: key.id, merchant_id: key.merchant_id, mode: key.mode, entity: None })
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn secrets_have_their_form_and_a_checksum() {
        let env = Env::still(Timestamp::from_seconds(0), 1);
        let secret = make_secret(&env, Mode::Test);
        assert_eq!(8 + 43 + 6, secret.len());
        let parsed = parse(&secret).expect("reads its own");
        assert_eq!((Mode::Test, 10), (parsed.mode, parsed.prefix.len()));
        let mut typo = secret.to_string();
        let last = typo.pop().expect("not empty");
        typo.push(if last == 'a' { 'b' } else { 'a' });
        for bad in [typo.as_str(), "", "sk_test_", &secret[..20], &secret.replace("sk_test_", "sk_live_"), "Bearer x"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert_ne!(*secret, *make_secret(&env, Mode::Test));
    }
}
