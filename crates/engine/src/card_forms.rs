//! Cards that were handed in ahead of a payment: by secure fields for one payment of an entity, within twelve minutes
//! (orchestration-api 3.7), or by embedded fields for one checkout, within ten (checkout-ux 15). They lie in this
//! process's memory and nowhere else, verification code and all.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{BrandId, Checkout, CheckoutId, Timestamp};

use crate::checkouts::Shown;
use crate::payments::{CardEntry, Visit};
use crate::{Engine, Error};

/// Cards that wait at once; they lie in memory.
const FORMS_MAX: usize = 100_000;
/// Of those, what one entity's page may hand in, so that none takes all the room.
const FORMS_OF_AN_ENTITY_MAX: usize = 10_000;

/// How long a card waits for a payment of its entity.
pub const CARD_FORM_LIFE: Duration = Duration::from_secs(12 * 60);
/// How long a card waits for the payment of its checkout.
const EMBEDDED_CARD_LIFE: Duration = Duration::from_secs(10 * 60);

/// The cards, by their tokens.
#[derive(Default)]
pub(crate) struct CardForms(Mutex<Forms>);

#[derive(Default)]
struct Forms {
    by_token: HashMap<String, Form>,
    ends: BTreeSet<(Timestamp, String)>,
    by_entity: HashMap<BrandId, usize>,
}

struct Form {
    entity: BrandId,
    /// The only one it pays, if it was handed in for one.
    checkout: Option<CheckoutId>,
    until: Timestamp,
    entry: CardEntry,
}

impl CardForms {
    /// Those that are still good.
    fn at(&self, now: Timestamp) -> MutexGuard<'_, Forms> {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while forms.ends.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, token)) = forms.ends.pop_first() {
                forms.remove(&token);
            }
        }
        forms
    }
}

impl Forms {
    /// Whether there was room for it.
    fn put(&mut self, token: &str, form: Form) -> bool {
        let count = self.by_entity.get(&form.entity).copied().unwrap_or(0);
        if count >= FORMS_OF_AN_ENTITY_MAX || self.by_token.len() >= FORMS_MAX {
            return false;
        }
        *self.by_entity.entry(form.entity).or_default() += 1;
        self.ends.insert((form.until, token.to_owned()));
        self.by_token.insert(token.to_owned(), form);
        true
    }

    fn take(&mut self, token: &str, entity: BrandId, checkout: Option<CheckoutId>) -> Option<CardEntry> {
        let form = self.by_token.get(token)?;
        if form.entity != entity || form.checkout != checkout {
            return None;
        }
        self.remove(token)
    }

    fn remove(&mut self, token: &str) -> Option<CardEntry> {
        let Form { entity, until, entry, .. } = self.by_token.remove(token)?;
        self.ends.remove(&(until, token.to_owned()));
        if let Some(count) = self.by_entity.get_mut(&entity) {
            *count -= 1;
        }
        self.by_entity.retain(|_, count| *count > 0);
        Some(entry)
    }
}

impl Engine {
    /// Keeps a card for one payment of this entity; the token has 32 characters. `None` while too many wait.
    #[must_use]
    pub fn hand_in_card(&self, entity: BrandId, entry: CardEntry) -> Option<String> {
        let now = self.0.env.now();
        let token = URL_SAFE_NO_PAD.encode(self.0.env.bytes::<24>());
        let form = Form { entity, checkout: None, until: now.plus(CARD_FORM_LIFE), entry };
        self.0.card_forms.at(now).put(&token, form).then_some(token)
    }

    /// The card that was handed in for this entity; `None` for a token that is none, or is not good any more.
    #[must_use]
    pub fn take_card(&self, entity: BrandId, token: &str) -> Option<CardEntry> {
        self.0.card_forms.at(self.0.env.now()).take(token, entity, None)
    }

    /// Keeps a card for the payment of this checkout; one that is paid by tender takes it as one of its entity's. The token
    /// of any other is a form's one-time token as well, so that whoever pays with it twice pays once. `None` while too many
    /// wait.
    ///
    /// # Errors
    /// [`Error::Used`] when `page` is no form token of this checkout, or too old.
    pub fn hand_in_card_for(&self, checkout: &Checkout, page: &str, entry: CardEntry) -> Result<Option<String>, Error> {
        if !self.is_form_token(checkout.id, page) {
            return Err(Error::Used);
        }
        if checkout.tender.is_some() {
            return Ok(self.hand_in_card(checkout.brand_id, entry));
        }
        let now = self.0.env.now();
        let token = self.form_token(checkout.id);
        let until = now.plus(EMBEDDED_CARD_LIFE);
        let form = Form { entity: checkout.brand_id, checkout: Some(checkout.id), until, entry };
        Ok(self.0.card_forms.at(now).put(&token, form).then_some(token))
    }

    /// Pays a checkout with the card that was handed in for it, as [`Engine::pay_by_card`] does; the visit's token names
    /// the card. A repeat shows how the payment stands.
    ///
    /// # Errors
    /// [`Error::Used`] for a token that is none of this checkout or is not good any more; as [`Engine::pay_by_card`].
    pub async fn pay_by_card_handed_in(&self, before: &Shown, visit: Visit) -> Result<Shown, Error> {
        let checkout = &before.record.checkout;
        let Some(token) = visit.form_token.as_deref().filter(|token| self.is_form_token(checkout.id, token)) else {
            return Err(Error::Used);
        };
        // A second click waits for the first.
        let _turn = self.0.turns.wait(format!("card {token}")).await;
        let entry = self.0.card_forms.at(self.0.env.now()).take(token, checkout.brand_id, Some(checkout.id));
        match entry {
            Some(entry) => self.pay_by_card(before, entry, visit).await,
            None if self.is_used(before, &visit).await? => self.wait_for_try(checkout.id).await,
            None => Err(Error::Used),
        }
    }
}
