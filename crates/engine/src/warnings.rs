//! Warnings: a merchant is told, once, when every try at one of its addresses has failed for a day. Its address stays as
//! it is: whoever wants to be told no more says so.

use std::time::Duration;

use domain::{DeliveryId, Timestamp};
use store::{Changeset, Delivery, DestinationRecord, Endpoint, Warning};

use crate::mail::{self, Letter};
use crate::{Engine, Error};

/// For how long nothing has arrived before its merchant is told (checkout-ux 17.3).
const FAILING: Duration = Duration::from_hours(24);

impl Engine {
    /// After a try that failed: tells the merchant, if it is time and it was not told yet.
    pub(crate) async fn warn_of(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Error> {
        let Delivery { merchant_id, mode, .. } = *delivery;
        let found = self.0.store.destination(merchant_id, mode, delivery.destination()).await?;
        let is_time = |record: &DestinationRecord| {
            record.warned_at.is_none() && record.failing_since.is_some_and(|since| since.plus(FAILING) <= now)
        };
        let Some(failing) = found.filter(is_time) else { return Ok(()) };
        let called = match failing.webhook_id {
            None => failing.origin.clone(),
            Some(id) => match self.0.store.webhook(merchant_id, mode, id).await? {
                Some(webhook) => webhook.url,
                None => return Ok(()),
            },
        };
        let letter = self.warning(delivery, &failing, &called, now).await?;
        tracing::warn!(%merchant_id, destination = %failing.destination, "every try has failed for a day; its merchant is told");
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
