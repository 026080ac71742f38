//! What merchants have, and what they turned over: added up from the ledger when somebody asks.

use domain::Timestamp;
use store::{Filter, MerchantBalance, Range, Turnover};
use tokio::sync::Semaphore;

use crate::credentials::Credential;
use crate::{Engine, Error};

/// Sums that may take long are made so many at once, of all merchants.
const SUMS_AT_ONCE: usize = 2;

/// Where sums are waited for.
pub(crate) fn sums() -> Semaphore {
    Semaphore::new(SUMS_AT_ONCE)
}

impl Engine {
    /// What a merchant has in each currency it ever had anything in, as far as it stems from what `filter` takes: now, or
    /// from all that happened before a moment.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn merchant_balances(
        &self,
        caller: Credential,
        filter: Filter,
        before: Option<Timestamp>,
    ) -> Result<Vec<MerchantBalance>, Error> {
        let is_read_at_once = before.is_none() && filter.is_of_currencies_only();
        let _turn = match is_read_at_once {
            true => None,
            false => Some(self.0.sums.acquire().await.map_err(|_| Error::Stopping)?),
        };
        let now = self.0.env.now();
        Ok(self.0.store.merchant_balances(caller.merchant_id, caller.mode, filter, before, now).await?)
    }

    /// What of what `filter` takes went to a merchant, and from it, within a stretch of time.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn turnover(&self, caller: Credential, filter: Filter, range: Range) -> Result<Turnover, Error> {
        let _turn = self.0.sums.acquire().await.map_err(|_| Error::Stopping)?;
        Ok(self.0.store.turnover(caller.merchant_id, caller.mode, filter, range).await?)
    }
}
