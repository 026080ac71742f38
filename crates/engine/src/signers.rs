//! What signs for a merchant or for one of its webhooks: an RSA key pair, and a secret that receivers know.
//!
//! `X-Signature` says nothing of when it was made, so whoever sees one call could repeat it for ever. Beside it go the
//! headers of Standard Webhooks, whose signature is over the id of the notification and the time of the call as well
//! (security W1). The secret follows from the gateway's own and from how often the key pair was made anew; after that,
//! both the old one and the new one sign for a day.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{DeliveryId, Mode, Timestamp};
use hyper::header::{HeaderName, HeaderValue};
use store::{Changeset, Committed, IdempotencyWrite, SigningKey};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::cache::Cache;
use crate::signing::{Owner, SigningError};
use crate::vault::HashKey;
use crate::{Engine, Error, signing};

/// How long the secret before signs beside the new one.
const BOTH_SIGN: Duration = Duration::from_hours(24);
/// Key pairs that are kept open; about 4 KiB each.
const OPEN_MAX: usize = 4_096;
/// Key pairs that are made at once: each takes a tenth of a second of one core (security D4).
const MADE_AT_ONCE: usize = 1;

/// A key pair, and the secrets beside it.
pub(crate) struct Signer {
    pair: KeyPair,
    secrets: Vec<hmac::Key>,
    /// Until when the second secret signs as well.
    both_until: Timestamp,
}

/// Key pairs that were opened lately, and where new ones are made.
pub(crate) struct Signers {
    open: Cache<(Uuid, Mode), Signer>,
    making: Semaphore,
}

impl Default for Signers {
    fn default() -> Self {
        Self { open: Cache::at_most(OPEN_MAX), making: Semaphore::new(MADE_AT_ONCE) }
    }
}

/// The secret of one generation of an owner's key pair.
fn secret(secrets: &HashKey, owner: Uuid, mode: Mode, generation: u32) -> [u8; 32] {
    secrets.hash(&[b"standard webhooks", owner.as_bytes(), mode.as_str().as_bytes(), &generation.to_be_bytes()])
}

impl Signer {
    fn of(key: &SigningKey, pair: KeyPair, secrets: &HashKey) -> Self {
        let generations = [Some(key.generation), key.generation.checked_sub(1).filter(|before| *before > 0)];
        let secrets = generations
            .into_iter()
            .flatten()
            .map(|generation| hmac::Key::new(hmac::HMAC_SHA256, &secret(secrets, key.owner, key.mode, generation)));
        Self { pair, secrets: secrets.collect(), both_until: key.made_at.plus(BOTH_SIGN) }
    }

    /// `v1,` and a signature for each secret that signs now, with spaces between them.
    fn timed(&self, id: &str, seconds: i64, body: &str, now: Timestamp) -> String {
        let signing = if now < self.both_until { self.secrets.len() } else { 1 };
        let signed = format!("{id}.{seconds}.{body}");
        let of = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, signed.as_bytes())));
        self.secrets.iter().take(signing).map(of).collect::<Vec<_>>().join(" ")
    }
}

impl Engine {
    /// The headers that sign a body, made off the async threads: `X-Signature` where the dialect has it, and those of
    /// Standard Webhooks.
    pub(crate) async fn signatures(
        &self,
        (owner, mode): (Uuid, Mode),
        id: DeliveryId,
        body: &str,
        is_x_signed: bool,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
        let (signer, now) = (self.signer(owner, mode).await?, self.0.env.now());
        // Receivers compare it with a clock that nobody moves.
        let seconds = Timestamp::from_micros(now.micros() - self.0.env.clock().offset()).seconds();
        let (id, body) = (id.to_string(), body.to_owned());
        let signed = self.0.env.off_thread(move || {
            let timed = signer.timed(&id, seconds, &body, now);
            let mut headers =
                vec![("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", timed)];
            if is_x_signed {
                headers.push(("x-signature", signing::sign(&signer.pair, body.as_bytes())?));
            }
            let value = |(name, value): (&'static str, String)| {
                let value = HeaderValue::from_str(&value).map_err(|_| SigningError::Library)?;
                Ok((HeaderName::from_static(name), value))
            };
            headers.into_iter().map(value).collect::<Result<Vec<_>, SigningError>>()
        });
        Ok(signed.await.ok_or(Error::Stopping)??)
    }

    async fn signer(&self, owner: Uuid, mode: Mode) -> Result<Arc<Signer>, Error> {
        let open = &self.0.signers.open;
        if let Some(signer) = open.get(&(owner, mode)) {
            return Ok(signer);
        }
        let generation = open.generation();
        let key = self.0.store.signing_key(owner, mode).await?.ok_or(Error::NotFound)?;
        let engine = self.clone();
        let opening = self.0.env.off_thread(move || {
            let pair = signing::open(&engine.0.vault, &key)?;
            Ok::<_, SigningError>(Arc::new(Signer::of(&key, pair, &engine.0.webhook_secrets)))
        });
        let signer = opening.await.ok_or(Error::Stopping)??;
        open.keep(generation, (owner, mode), Arc::clone(&signer));
        Ok(signer)
    }

    /// The secret of Standard Webhooks of an owner, as receivers are told it: `whsec_` and base64.
    pub(crate) async fn secret_of(&self, owner: Uuid, mode: Mode) -> Result<String, Error> {
        let key = self.0.store.signing_key(owner, mode).await?.ok_or(Error::NotFound)?;
        let secret = secret(&self.0.webhook_secrets, owner, mode, key.generation);
        Ok(format!("whsec_{}", STANDARD.encode(secret)))
    }

    /// A new key pair and a new secret in place of what an owner has; answers the public key. Everything is signed with
    /// the new pair from then on, what is tried again included. `kept` is the answer that a repeat under the same
    /// idempotency key gets.
    pub(crate) async fn rotate(
        &self,
        owner: Owner,
        kept: impl Fn(&str) -> Option<IdempotencyWrite>,
    ) -> Result<String, Error> {
        // One after the other, or all but one would make theirs in vain.
        let _turn = self.0.turns.wait(format!("rotate {} {}", owner.id, owner.mode.as_str())).await;
        loop {
            let key = self.0.store.signing_key(owner.id, owner.mode).await?.ok_or(Error::NotFound)?;
            let next = self.make_key(owner, key.generation + 1).await?;
            let pem = next.public_pem.clone();
            let (signing_key, idempotency) = (Some(Box::new(next)), kept(&pem));
            match self.0.store.commit(Changeset { signing_key, idempotency, ..Changeset::default() }).await? {
                Committed::Done => {
                    self.forget_signer(owner);
                    return Ok(pem);
                }
                Committed::KeyUsed => return Err(Error::Used),
                Committed::Stale | Committed::OrderPaid => {}
            }
        }
    }

    /// An owner that is gone signs no more.
    pub(crate) fn forget_signer(&self, owner: Owner) {
        self.0.signers.open.remove(&(owner.id, owner.mode));
    }

    /// Makes a key pair off the async threads.
    pub(crate) async fn make_key(&self, owner: Owner, generation: u32) -> Result<SigningKey, Error> {
        let _permit = self.0.signers.making.acquire().await.map_err(|_| Error::Stopping)?;
        let (engine, now) = (self.clone(), self.0.env.now());
        let made = self.0.env.off_thread(move || signing::make(&engine.0.vault, owner, generation, now));
        Ok(made.await.ok_or(Error::Stopping)??)
    }
}

#[cfg(test)]
mod tests {
    use domain::MerchantId;

    use super::*;
    use crate::workers::tests::{START, engine};

    #[tokio::test]
    async fn a_rotated_secret_signs_beside_the_new_one_for_a_day() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let merchant = engine.create_merchant(crate::NewMerchant::default()).await.expect("made");
        let (owner, id) = (merchant.id.uuid(), DeliveryId::new(Uuid::from_u128(7)));
        let signed = |now: Timestamp| {
            let engine = engine.clone();
            async move {
                engine.0.env.clock().move_to(now);
                let headers = engine.signatures((owner, Mode::Test), id, "{}", true).await.expect("signed");
                let named = |name: &str| {
                    let found = headers.iter().find(|(found, _)| found == name);
                    found.expect(name).1.to_str().expect("text").to_owned()
                };
                (named("webhook-id"), named("webhook-timestamp"), named("webhook-signature"), named("x-signature"))
            }
        };
        let verify = |secret: &str, seconds: &str| {
            let secret = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            format!("v1,{}", STANDARD.encode(hmac::sign(&key, format!("{id}.{seconds}.{{}}").as_bytes())))
        };
        let first = engine.secret_of(owner, Mode::Test).await.expect("known");
        let (told_id, seconds, signature, x_signature) = signed(START).await;
        assert_eq!((id.to_string(), START.seconds().to_string()), (told_id, seconds.clone()));
        assert_eq!(verify(&first, &seconds), signature);

        let test = Owner { id: owner, merchant_id: MerchantId::new(owner), mode: Mode::Test };
        let pem = engine.rotate(test, |_| None).await.expect("rotated");
        assert_eq!(pem, engine.public_key(merchant.id, Mode::Test).await.expect("known"));
        let second = engine.secret_of(owner, Mode::Test).await.expect("known");
        assert_ne!(first, second);
        let (_, seconds, signature, other) = signed(START.plus(Duration::from_secs(86_399))).await;
        // The clock of a sandbox was moved, those of receivers were not.
        assert_eq!(START.seconds().to_string(), seconds);
        assert_eq!(format!("{} {}", verify(&second, &seconds), verify(&first, &seconds)), signature);
        assert_ne!(x_signature, other, "of the new pair");
        let (_, seconds, signature, _) = signed(START.plus(BOTH_SIGN)).await;
        assert_eq!(verify(&second, &seconds), signature);
        assert_ne!(second, engine.secret_of(owner, Mode::Live).await.expect("known"), "the other mode's is another");
    }
}
