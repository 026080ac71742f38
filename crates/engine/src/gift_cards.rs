//! Gift cards between two posts of a page: what was read of one goes with the page, sealed, and is written down nowhere.
//! So it lives as long as the page does, on every node, and across a restart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{CheckoutId, GiftCardNumber, Money, Terms, Timestamp};
use store::Sealed;
use zeroize::Zeroizing;

use crate::payments::FORM_GOOD;
use crate::vault::Binding;
use crate::{Balance, Engine, Error, Shown};

/// A gift card whose balance was read. Its code is not kept.
#[derive(Debug)]
pub struct ReadGiftCard {
    /// What the dialect calls whoever takes it.
    pub partner: String,
    /// What the dialect calls what is paid with.
    pub method: String,
    /// Its number.
    pub number: GiftCardNumber,
    /// What was on it.
    pub balance: Money,
}

/// Readings at one checkout that may be refused; whoever tries more is guessing codes (security R1).
const REFUSED_MAX: u32 = 10;
/// How long they are remembered; no checkout is open for longer.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Refused readings, by checkout; in memory only.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<HashMap<CheckoutId, (Timestamp, u32)>>);

impl Guesses {
    /// Whether one more reading may be tried. It counts as refused until it is taken back, so that many at once are not
    /// more than many in turn.
    fn add(&self, now: Timestamp, id: CheckoutId) -> bool {
        let mut guesses = self.lock();
        guesses.retain(|_, (since, _)| since.plus(REMEMBERED) > now);
        let (_, count) = guesses.entry(id).or_insert((now, 0));
        let fits = *count < REFUSED_MAX;
        *count += u32::from(fits);
        fits
    }

    fn take_back(&self, id: CheckoutId) {
        if let Entry::Occupied(mut entry) = self.lock().entry(id) {
            let (_, count) = entry.get_mut();
            *count = count.saturating_sub(1);
            if *count == 0 {
                entry.remove();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CheckoutId, (Timestamp, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// What is on a gift card; `code` is the one that belongs to it. Where limits bind, a checkout at which too many were
    /// refused is refused all others.
    pub async fn gift_card_balance(&self, shown: &Shown, number: &GiftCardNumber, code: Option<&str>) -> Balance {
        let Terms { checkout_id, mode, amount, .. } = shown.payment.terms;
        let guesses = self.0.risk.binds(mode).then_some(&self.0.guesses);
        if guesses.is_some_and(|guesses| !guesses.add(self.0.env.now(), checkout_id)) {
            return Balance::Refused;
        }
        let balance = self.0.test_acquirer.gift_card_balance(number.expose(), code, amount.currency()).await;
        if let Some(guesses) = guesses
            && balance != Balance::Refused
        {
            guesses.take_back(checkout_id);
        }
        balance
    }

    /// The card as text for a form of this checkout, which nobody else reads and no other checkout takes.
    ///
    /// # Errors
    /// [`Error::Sealed`] when the cipher refuses, which it has no reason to.
    pub fn seal_gift_card(&self, shown: &Shown, card: &ReadGiftCard) -> Result<String, Error> {
        let made = self.0.env.now().micros();
        let ReadGiftCard { partner, method, number, balance } = card;
        let plain = Zeroizing::new(format!("{made}\n{partner}\n{method}\n{}\n{}", balance.minor(), number.expose()));
        let Sealed { key_id, wrapped_key, ciphertext } =
            bound(shown, |binding| self.0.vault.seal(binding, plain.as_bytes()))?;
        Ok(format!("{key_id}.{}.{}", URL_SAFE_NO_PAD.encode(wrapped_key), URL_SAFE_NO_PAD.encode(ciphertext)))
    }

    /// Reads [`Engine::seal_gift_card`] back; `None` for what was not made for this checkout, or too long ago.
    #[must_use]
    pub fn open_gift_card(&self, shown: &Shown, token: &str) -> Option<ReadGiftCard> {
        let mut parts = token.split('.');
        let (key_id, wrapped_key, ciphertext) = (parts.next()?, parts.next()?, parts.next()?);
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let (wrapped_key, ciphertext) = (decode(wrapped_key)?, decode(ciphertext)?);
        let sealed = Sealed { key_id: key_id.to_owned(), wrapped_key, ciphertext };
        let plain = bound(shown, |binding| self.0.vault.open(binding, &sealed)).ok()?;
        let mut lines = std::str::from_utf8(&plain).ok()?.split('\n');
        let made = Timestamp::from_micros(lines.next()?.parse().ok()?);
        if made.plus(FORM_GOOD) <= self.0.env.now() {
            return None;
        }
        Some(ReadGiftCard {
            partner: lines.next()?.to_owned(),
            method: lines.next()?.to_owned(),
            balance: Money::new(lines.next()?.parse().ok()?, shown.payment.terms.amount.currency())?,
            number: GiftCardNumber::parse(lines.next()?)?,
        })
    }
}

/// What such a text is bound to.
fn bound<T>(shown: &Shown, with: impl FnOnce(Binding<'_>) -> T) -> T {
    let checkout = &shown.record.checkout;
    let (tenant, object) = (checkout.merchant_id.to_string(), checkout.id.to_string());
    with(Binding {
        purpose: "gift card",
        tenant: &tenant,
        mode: checkout.mode.as_str(),
        object: &object,
        field: "form",
    })
}
