//! Warnings: it is noted, once, when every try at one of a merchant's addresses has failed for a day, and the merchant is
//! written to where mail can be sent. Its address stays as it is: whoever wants to be told no more says so.

use std::time::Duration;

use domain::{DeliveryId, MerchantId, Mode, Timestamp};
use store::{Changeset, Delivery, DestinationRecord, Endpoint, Warning};

use crate::mail::{self, Letter, Sheet, is_mail_address};
use crate::{Engine, Error};

/// For how long nothing has arrived before its merchant is told (checkout-ux 17.3).
const FAILING: Duration = Duration::from_hours(24);
/// Whose name mail to merchants bears.
const GATEWAY: &str = "Tollgate";
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
        if !self.0.post.is_open() || !is_mail_address(&to) {
            return Ok(None);
        }
        let days = failing.failing_since.map_or(0, |since| now.since(since).as_secs() / 86_400);
        let days = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        let Self(inner) = self;
        let (id, mode) = (DeliveryId::new(inner.env.ordered_id()), failed.mode.as_str());
        let title = "Your server does not take our notifications".to_owned();
        let sheet = Sheet {
            language: "en".to_owned(),
            sender: GATEWAY.to_owned(),
            heading: title.clone(),
            paragraphs: vec![
                format!("Nothing that we sent to your server has arrived for {days}."),
                "What could not be delivered is tried again by its schedule and then given up; nothing is lost. Look at \
                 what was answered, and send it again when your server works."
                    .to_owned(),
            ],
            facts: vec![
                ("Address".to_owned(), called.to_owned()),
                ("Mode".to_owned(), mode.to_owned()),
                ("Tries that failed".to_owned(), failing.failures.to_string()),
            ],
            link: Some((
                "What was sent there, for your secret key".to_owned(),
                format!("{}/tollgate/v1/deliveries?destination={}", inner.public_url, failing.destination),
            )),
            ..Sheet::default()
        };
        let letter = Letter {
            from: GATEWAY.to_owned(),
            to: to.clone(),
            cc: vec![],
            reply_to: String::new(),
            subject: title,
            sheet,
        };
        let body = mail::compose(&letter, &inner.sender, (id, now))?;
        Ok(Some(Delivery {
            id,
            endpoint: Endpoint::Mail { to },
            body: Some(body),
            attempts: 0,
            due_at: now,
            created_at: now,
            ..failed.clone()
        }))
    }
}
