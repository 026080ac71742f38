//! Cards that a merchant's page has handed in ahead of a payment: each good for one payment of its entity, and for twelve
//! minutes (orchestration-api 3.7). They lie in this process's memory and nowhere else, verification code and all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{BrandId, Timestamp};

use crate::Engine;
use crate::payments::CardEntry;

/// Cards that wait at once; they lie in memory.
const FORMS_MAX: usize = 100_000;
/// Of those, what one entity's page may hand in, so that none takes all the room.
const FORMS_OF_AN_ENTITY_MAX: usize = 10_000;

/// How long a card waits for its payment.
pub const CARD_FORM_LIFE: Duration = Duration::from_secs(12 * 60);

/// The cards, by their tokens.
#[derive(Default)]
pub(crate) struct CardForms(Mutex<Forms>);

#[derive(Default)]
struct Forms {
    by_token: HashMap<String, Form>,
    /// In the order in which they end, which is that in which they came.
    ends: VecDeque<(Timestamp, String)>,
    by_entity: HashMap<BrandId, usize>,
}

struct Form {
    entity: BrandId,
    entry: CardEntry,
}

impl CardForms {
    /// Those that are still good.
    fn at(&self, now: Timestamp) -> MutexGuard<'_, Forms> {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, token)) = forms.ends.pop_front_if(|(until, _)| *until <= now) {
            forms.take(&token);
        }
        forms
    }
}

impl Forms {
    fn take(&mut self, token: &str) -> Option<CardEntry> {
        let Form { entity, entry } = self.by_token.remove(token)?;
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
        let mut forms = self.0.card_forms.at(now);
        let count = forms.by_entity.get(&entity).copied().unwrap_or(0);
        if count >= FORMS_OF_AN_ENTITY_MAX || forms.by_token.len() >= FORMS_MAX {
            return None;
        }
        *forms.by_entity.entry(entity).or_default() += 1;
        forms.ends.push_back((now.plus(CARD_FORM_LIFE), token.clone()));
        forms.by_token.insert(token.clone(), Form { entity, entry });
        Some(token)
    }

    /// The card that was handed in for this entity; `None` for a token that is none, or is not good any more.
    #[must_use]
    pub fn take_card(&self, entity: BrandId, token: &str) -> Option<CardEntry> {
        let mut forms = self.0.card_forms.at(self.0.env.now());
        let is_good = forms.by_token.get(token).is_some_and(|form| form.entity == entity);
        if is_good { forms.take(token) } else { None }
    }
}
