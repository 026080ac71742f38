//! The vault: an envelope for everything that must not be readable where it rests.
//!
//! Each record has a random data key of its own; the data key is wrapped by the root key, which is never in the store.
//! Both seals are AES-256-GCM and bound to what they are for, whose it is and where it lies (security V1, V2), so that
//! a row moved to another place does not open there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use domain::{CardId, MerchantId, Mode, Pan};
use env::Env;
use store::Sealed;
use zeroize::{Zeroize, Zeroizing};

/// The layout of a sealed record and of what it is bound to.
const VERSION: &str = "1";
const NONCE_BYTES: usize = 12;

/// The key that wraps every data key. It comes from a file or a variable, is wiped when dropped and cannot be printed.
pub struct RootKey {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// Why a text is no root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// Not 64 hexadecimal digits.
    #[error("the key must be 64 hexadecimal digits (32 random bytes), for example from: openssl rand -hex 32")]
    Form,
    /// All alike or counted up: nobody drew this at random.
    #[error("the key is not random; make one with: openssl rand -hex 32")]
    Weak,
}

impl RootKey {
    /// Reads 64 hexadecimal digits, white space around them allowed.
    ///
    /// # Errors
    /// [`RootKeyError`] for another form, and for keys nobody drew at random.
    pub fn parse(text: &str) -> Result<Self, RootKeyError> {
        let text = text.trim();
        if text.len() != 64 {
            return Err(RootKeyError::Form);
        }
        let mut bytes = Zeroizing::new([0_u8; 32]);
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |at: usize| char::from(digits[at]).to_digit(16).ok_or(RootKeyError::Form);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| RootKeyError::Form)?;
        }
        let mut distinct = bytes.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let counted = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == bytes[1].wrapping_sub(bytes[0]));
        let weak = distinct.len() < 12 || counted;
        distinct.zeroize();
        if weak {
            return Err(RootKeyError::Weak);
        }
        let check = digest::digest(&digest::SHA256, &[b"tollgate root key ".as_slice(), &bytes[..]].concat());
        Ok(Self { id: hex(&check.as_ref()[..8]), bytes })
    }

    /// A new one, as text for a key file.
    #[must_use]
    pub fn make(env: &Env) -> Zeroizing<String> {
        Zeroizing::new(hex(&env.bytes::<32>()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a sealed record is bound to.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a> {
    /// What kind of record it is.
    pub(crate) purpose: &'static str,
    /// Whose it is; empty for the gateway's own.
    pub(crate) tenant: &'a str,
    /// Its world; empty for the gateway's own.
    pub(crate) mode: &'a str,
    /// Its row.
    pub(crate) object: &'a str,
    /// Its column.
    pub(crate) field: &'static str,
}

impl Binding<'_> {
    /// Each part with its length before it, so that no two bindings read alike.
    fn bytes(&self, layer: &str, key_id: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(160);
        for part in [layer, self.purpose, self.tenant, self.mode, self.object, self.field, VERSION, key_id] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// The record does not open: another key, another place, or changed bytes. Which of them is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed record does not open with this key")]
pub struct Unsealable;

/// Seals and opens. Only the acquirer's sender opens card numbers (security V6).
pub(crate) struct Vault {
    root: RootKey,
    env: Env,
}

impl Vault {
    /// A vault under one root key.
    #[must_use]
    pub(crate) const fn new(root: RootKey, env: Env) -> Self {
        Self { root, env }
    }

    /// Seals `plain` for one place.
    ///
    /// # Errors
    /// [`Unsealable`] when the cipher refuses, which it has no reason to.
    pub(crate) fn seal(&self, binding: Binding<'_>, plain: &[u8]) -> Result<Sealed, Unsealable> {
        let data_key = Zeroizing::new(self.env.bytes::<32>());
        Ok(Sealed {
            key_id: self.root.id.clone(),
            wrapped_key: self.encrypt(&self.root.bytes, &binding.bytes("key", &self.root.id), &data_key[..])?,
            ciphertext: self.encrypt(&data_key, &binding.bytes("data", &self.root.id), plain)?,
        })
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub(crate) fn open(&self, binding: Binding<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        if sealed.key_id != self.root.id {
            return Err(Unsealable);
        }
        let data_key = decrypt(&self.root.bytes, &binding.bytes("key", &sealed.key_id), &sealed.wrapped_key)?;
        let data_key = Zeroizing::new(<[u8; 32]>::try_from(&data_key[..]).map_err(|_| Unsealable)?);
        decrypt(&data_key, &binding.bytes("data", &sealed.key_id), &sealed.ciphertext)
    }

    fn encrypt(&self, key: &[u8; 32], bound_to: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let nonce = self.env.bytes::<NONCE_BYTES>();
        let mut sealed = Vec::with_capacity(NONCE_BYTES + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        let mut body = Zeroizing::new(plain.to_vec());
        let tag = cipher(key)?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut body[..])
            .map_err(|_| Unsealable)?;
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

fn decrypt(key: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
    let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(Unsealable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
    let mut body = Zeroizing::new(body.to_vec());
    let plain = cipher(key)?.open_in_place(nonce, Aad::from(bound_to), &mut body).map_err(|_| Unsealable)?.len();
    body.truncate(plain);
    Ok(body)
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, Unsealable> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Unsealable)
}

/// Where a card number lies.
pub(crate) fn card_binding<'a>(tenant: &'a str, mode: Mode, card: &'a str) -> Binding<'a> {
    Binding { purpose: "card", tenant, mode: mode.as_str(), object: card, field: "number" }
}

impl Vault {
    /// Seals a card number for its row.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub(crate) fn seal_card(
        &self,
        merchant: MerchantId,
        mode: Mode,
        id: CardId,
        pan: &Pan,
    ) -> Result<Sealed, Unsealable> {
        self.seal(card_binding(&merchant.to_string(), mode, &id.to_string()), pan.expose().as_bytes())
    }

    /// Opens a card number of its row.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub(crate) fn open_card(
        &self,
        merchant: MerchantId,
        mode: Mode,
        id: CardId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        self.open(card_binding(&merchant.to_string(), mode, &id.to_string()), sealed)
    }
}

/// A key for keyed hashes, wiped when dropped.
pub(crate) struct HashKey(hmac::Key);

impl HashKey {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// HMAC-SHA256 over length-prefixed parts.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    const KEY: &str = "8f1d3c5a7b9e0f2d4c6a8b1e3f5d7c9a0b2e4f6d8c1a3b5e7f9d0c2a4b6e8f13";

    fn vault(key: &str) -> Vault {
        Vault::new(RootKey::parse(key).expect("a key"), Env::still(Timestamp::from_seconds(0), 7))
    }

    fn place() -> Binding<'static> {
        Binding { purpose: "card", tenant: "a", mode: "test", object: "1", field: "number" }
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let vault = vault(KEY);
        let sealed = vault.seal(place(), b"secret").expect("sealed");
        assert_eq!(b"secret", &vault.open(place(), &sealed).expect("opens")[..]);
        for other in [
            Binding { purpose: "key", ..place() },
            Binding { tenant: "b", ..place() },
            Binding { mode: "live", ..place() },
            Binding { object: "2", ..place() },
            Binding { field: "name", ..place() },
        ] {
            assert_eq!(Err(Unsealable), vault.open(other, &sealed).map(|_| ()));
        }
    }

    #[test]
    fn every_flipped_byte_and_every_cut_fails_closed() {
        let vault = vault(KEY);
        let sealed = vault.seal(place(), b"4444333322221111").expect("sealed");
        for at in 0..sealed.ciphertext.len() {
            let mut bad = sealed.clone();
            bad.ciphertext[at] ^= 1;
            assert!(vault.open(place(), &bad).is_err(), "byte {at} of the ciphertext");
            bad.ciphertext.truncate(at);
            assert!(vault.open(place(), &bad).is_err(), "cut at {at}");
        }
        for at in 0..sealed.wrapped_key.len() {
            let mut bad = sealed.clone();
            bad.wrapped_key[at] ^= 1;
            assert!(vault.open(place(), &bad).is_err(), "byte {at} of the wrapped key");
        }
    }

    #[test]
    fn a_part_of_one_record_does_not_fit_another() {
        let vault = vault(KEY);
        let (one, two) = (vault.seal(place(), b"one").expect("sealed"), vault.seal(place(), b"two").expect("sealed"));
        let mixed = Sealed { wrapped_key: two.wrapped_key, ..one };
        assert!(vault.open(place(), &mixed).is_err());
    }

    #[test]
    fn bad_root_keys_are_refused() {
        for (text, error) in [
            ("", RootKeyError::Form),
            ("8f1d", RootKeyError::Form),
            (&KEY.replace('8', "g"), RootKeyError::Form),
            (&"00".repeat(32), RootKeyError::Weak),
            (&"ab".repeat(32), RootKeyError::Weak),
            ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", RootKeyError::Weak),
        ] {
            assert_eq!(Some(error), RootKey::parse(text).err(), "{text}");
        }
    }
}
