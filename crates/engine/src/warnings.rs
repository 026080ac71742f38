//! Warnings: it is noted, once, when every try at one of a merchant's addresses has failed for a day, and the merchant is
//! written to where mail can be sent. Its address stays as it is: whoever wants to be told no more says so.

use std::time::Duration;

use domain::{DeliveryId, MerchantId, Mode, Timestamp};
use store::{Changeset, Delivery, DestinationRecord, Endpoint, Warning};

use crate::mail::{self, Letter};
use crate::{Engine, Error};

/// For how long nothing has arrived before its merchant is told (checkout-ux 17.3).
const FAILING: Duration = Duration::from_hours(24);
/// Looked at by one step.
const BATCH: u32 = 64;

impl Engine {
    /// Notes what has been failing for a day now, and answers how many.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn warnings_step(&self) -> Result<usize, Error> {
        let now = self.0.env.now();
        let failing = self.0.store.unwarned(now.minus(FAILING), BATCH).await?;
        let count = failing.len();
        for (merchant_id, mode, failing) in failing {
            self.warn(merchant_id, mode, failing, now).await?;
        }
        Ok(count)
    }

    /// When there is something to note next.
    pub(crate) async fn next_warning(&self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.store.next_unwarned().await?.map(|since| since.plus(FAILING)))
    }

    async fn warn(
        &self,
        merchant_id: MerchantId,
        mode: Mode,
        failing: DestinationRecord,
        now: Timestamp,
    ) -> Result<(), Error> {
        let called = match failing.webhook_id {
            None => failing.origin.clone(),
            Some(id) => self.0.store.webhook(merchant_id, mode, id).await?.map_or(String::new(), |webhook| webhook.url),
        };
        let failed = self.0.store.deliveries_to(failing.destination, false, None, 1).await?.pop();
        let letter = match failed {
            Some(failed) => self.warning(&failed.delivery, &failing, &called, now).await?,
            None => None,
        };
        let is_told = letter.is_some();
        tracing::warn!(%merchant_id, destination = %failing.destination, is_told, "every try has failed for a day");
        let warning = Warning { destination: failing.destination, letter, at: now };
        self.0.store.commit(Changeset { warning: Some(Box::new(warning)), ..Changeset::default() }).await?;
        Ok(())
    }

    /// The mail, where there is an address and mail can be sent.
    async fn warning(
        &self,
        failed: &Delivery,
        failing: &DestinationRecord,
        called: &str,
        now: Timestamp,
    ) -> Result<Option<Delivery>, Error> {
        let to = self.merchant(failed.merchant_id).await?.email.clone();
        if to.is_empty() || self.0.outbox.is_none() {
            return Ok(None);
        }
        let days = failing.failing_since.map_or(0, |since| now.since(since).as_secs() / 86_400);
        let days = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        let letter = Letter {
            from: "Tollgate".to_owned(),
            to,
            cc: vec![],
            bcc: vec![],
            subject: "Your server does not take our notifications".to_owned(),
            text: format!(
                "Nothing that we sent in {mode} mode to\n\n    {called}\n\nhas arrived for {days}: {failures} tries failed.\n\n\
                 What could not be delivered is tried again by its schedule and then given up; nothing is lost. Look at \
                 what was answered, and send it again when your server works, with\n\n    \
                 GET {url}/tollgate/v1/deliveries?destination={destination}\n",
                mode = failed.mode.as_str(),
                failures = failing.failures,
                url = self.0.public_url,
                destination = failing.destination,
            ),
        };
        let body = mail::compose(&letter, &self.mail_domain())?;
        Ok(Some(Delivery {
            id: DeliveryId::new(self.0.env.ordered_id()),
            endpoint: Endpoint::Mail,
            body: Some(body),
            attempts: 0,
            due_at: now,
            created_at: now,
            ..failed.clone()
        }))
    }
}
