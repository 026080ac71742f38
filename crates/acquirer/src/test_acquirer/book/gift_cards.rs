//! What was spent of gift cards. An account is known by a keyed hash of its number, and the key lies in the book: so the
//! number itself is not there.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use redb::{ReadableTable, Table};

use super::super::Error;
use super::{Attempt, Means, Pages};

/// Under which name the key lies.
const KEY: &str = "gift card accounts";

/// Hashes numbers into accounts.
#[derive(Clone)]
pub(super) struct AccountKey(hmac::Key);

impl AccountKey {
    fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The kept key, or `fresh` from now on; and whether it is that.
    pub(super) fn keep(
        keys: &mut Table<'_, &'static str, &'static [u8]>,
        fresh: [u8; 32],
    ) -> Result<(Self, bool), Error> {
        if let Some(kept) = keys.get(KEY)? {
            return Ok((Self::new(kept.value()), false));
        }
        keys.insert(KEY, fresh.as_slice())?;
        Ok((Self::new(&fresh), true))
    }

    /// The account of a number in a currency.
    pub(super) fn account(&self, number: &str, currency: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(number.as_bytes());
        format!("{currency} {}", BASE64_STANDARD_NO_PAD.encode(context.sign()))
    }
}

impl Pages<'_> {
    /// What was spent of an account, in minor units: approved, and not given back.
    pub(super) fn spent(&self, account: &str) -> Result<i64, Error> {
        Ok(self.accounts.get(account)?.map_or(0, |spent| spent.value()))
    }

    /// Spends what was approved.
    pub(super) fn spend(&mut self, means: &Means, amount: i64) -> Result<(), Error> {
        self.move_account(means, amount)
    }

    /// Puts back what was approved and is not wanted.
    pub(super) fn give_back(&mut self, attempt: &Attempt, amount: i64) -> Result<(), Error> {
        match &attempt.order {
            Some(order) => self.move_account(&order.means, -amount),
            None => Ok(()),
        }
    }

    fn move_account(&mut self, means: &Means, by: i64) -> Result<(), Error> {
        let Means::GiftCard { account: Some(account), .. } = means else { return Ok(()) };
        let spent = self.spent(account)? + by;
        self.accounts.insert(account.as_str(), spent)?;
        self.changed = true;
        Ok(())
    }
}
