//! Cards that a merchant's page has handed in ahead of a payment: each good for one payment of its entity, and for twelve
//! minutes (orchestration-api 3.7). They lie in this process's memory and nowhere else, verification code and all.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{BrandId, Timestamp};

use crate::Engine;
use crate::payments::CardEntry;

/// Cards that wait at once; they lie in memory.
const FORMS_MAX: usize = 100_000;

/// How long a card waits for its payment.
pub const CARD_FORM_LIFE: Duration = Duration::from_secs(12 * 60);

/// The cards, by their tokens.
#[derive(Default)]
pub(crate) struct CardForms(Mutex<HashMap<String, Form>>);

struct Form {
    until: Timestamp,
    entity: BrandId,
    entry: CardEntry,
}

impl CardForms {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Form>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Keeps a card for one payment of this entity; the token has 32 characters. `None` while too many wait.
    #[must_use]
    pub fn hand_in_card(&self, entity: BrandId, entry: CardEntry) -> Option<String> {
        let now = self.0.env.now();
        let token = URL_SAFE_NO_PAD.encode(self.0.env.bytes::<24>());
        let mut forms = self.0.card_forms.lock();
        // They are looked through only when there is no room.
        if forms.len() >= FORMS_MAX {
            forms.retain(|_, form| form.until > now);
        }
        if forms.len() >= FORMS_MAX {
            return None;
        }
        forms.insert(token.clone(), Form { until: now.plus(CARD_FORM_LIFE), entity, entry });
        Some(token)
    }

    /// The card that was handed in for this entity; `None` for a token that is none, or is not good any more.
    #[must_use]
    pub fn take_card(&self, entity: BrandId, token: &str) -> Option<CardEntry> {
        let now = self.0.env.now();
        let mut forms = self.0.card_forms.lock();
        let is_good = forms.get(token).is_some_and(|form| form.entity == entity && form.until > now);
        if is_good { forms.remove(token).map(|form| form.entry) } else { None }
    }
}
