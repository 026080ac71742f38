//! The log of notifications: who was called, what was sent to them, what they answered; and sending it again.

use aws_lc_rs::digest;
use domain::{CheckoutId, DeliveryId, Timestamp};
use store::{
    Beside, Changeset, DeliveryRecord, DeliveryState, DeliveryTry, Destination, DestinationRecord, Endpoint, Hurried,
    Resent,
};

use crate::credentials::Credential;
use crate::{Engine, Error};

/// What is sent again with one call.
pub const RESEND_MAX: u32 = 1_000;

/// A notification, and every try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The notification.
    pub record: DeliveryRecord,
    /// Oldest first.
    pub tries: Vec<DeliveryTry>,
    /// What is or was sent; `None` before the first try, for mails, and when it cannot be made again.
    pub body: Option<String>,
}

/// Part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Those older than this position.
    pub before: Option<i64>,
    /// At most so many.
    pub most: u32,
}

/// What is to be sent again of what was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// To whom.
    pub destination: Destination,
    /// Written down at this time or later.
    pub since: Timestamp,
    /// And at this time or earlier.
    pub until: Timestamp,
}

/// What became of sending one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It goes now, or in its turn.
    Sent,
    /// It is under way, or waits for an earlier one: it goes by itself.
    Open,
    /// It was a mail, or what was sent then cannot be made again byte for byte.
    Impossible,
}

impl Engine {
    /// Everybody who was ever called for this merchant in this mode, at most `most` of those after `after`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn destinations(
        &self,
        caller: Credential,
        after: Option<Destination>,
        most: u32,
    ) -> Result<Vec<DestinationRecord>, Error> {
        Ok(self.0.store.destinations(caller.merchant_id, caller.mode, after, most).await?)
    }

    /// Somebody who was called for this merchant in this mode.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn destination(&self, caller: Credential, id: Destination) -> Result<DestinationRecord, Error> {
        self.0.store.destination(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)
    }

    /// What was told to somebody, newest first, and only what was given up if said.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody of this merchant in this mode was ever called so; [`Error::Store`].
    pub async fn deliveries_to(
        &self,
        caller: Credential,
        destination: Destination,
        is_given_up: bool,
        page: Page,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        self.destination(caller, destination).await?;
        Ok(self.0.store.deliveries_to(destination, is_given_up, page.before, page.most).await?)
    }

    /// What was told of a checkout, newest first: at most `most`, and those beside a place if said. The time of a place is
    /// the position.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn deliveries_of(
        &self,
        caller: Credential,
        id: CheckoutId,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        self.read(caller, id).await?;
        Ok(self.0.store.deliveries(id, beside, most).await?)
    }

    /// One notification with everything that is known of it.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn logged(&self, caller: Credential, id: DeliveryId) -> Result<Logged, Error> {
        let record = self.0.store.delivery(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)?;
        let tries = self.0.store.tries(id).await?;
        let body = self.sent(&record).await?;
        Ok(Logged { record, tries, body })
    }

    /// Every try of a notification, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn tries(&self, id: DeliveryId) -> Result<Vec<DeliveryTry>, Error> {
        Ok(self.0.store.tries(id).await?)
    }

    /// What was sent, byte for byte: kept, or made again from the journal and compared by its hash. It is another one only
    /// when the program or its public address changed since.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sent(&self, record: &DeliveryRecord) -> Result<Option<String>, Error> {
        let delivery = &record.delivery;
        match (&delivery.body, &delivery.endpoint) {
            (_, Endpoint::Mail { .. }) => Ok(None),
            (Some(body), _) => Ok(Some(body.clone())),
            (None, _) => {
                let Some(hash) = record.body_hash else { return Ok(None) };
                let is_the_same = |body: &String| digest::digest(&digest::SHA256, body.as_bytes()).as_ref() == hash;
                match self.render(delivery).await {
                    Ok(body) => Ok(Some(body).filter(is_the_same)),
                    Err(error @ Error::Store(_)) => Err(error),
                    Err(_) => Ok(None),
                }
            }
        }
    }

    /// Sends one notification again, under the same id and with the same bytes; one that waits for its next try goes now.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn resend(&self, caller: Credential, id: DeliveryId) -> Result<Again, Error> {
        let record = self.0.store.delivery(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)?;
        let at = self.0.env.now();
        match record.state {
            DeliveryState::Open if !record.is_under_way => {
                let hurried = Some(Hurried { ids: vec![id], at });
                self.0.store.commit(Changeset { hurried, ..Changeset::default() }).await?;
                return Ok(Again::Sent);
            }
            DeliveryState::Open | DeliveryState::Queued => return Ok(Again::Open),
            DeliveryState::Delivered | DeliveryState::GivenUp => {}
        }
        let body = self.sent(&record).await?;
        let was_ever_sent = record.body_hash.is_some();
        let has_body = !matches!(record.delivery.endpoint, Endpoint::Subscription { .. });
        if matches!(record.delivery.endpoint, Endpoint::Mail { .. }) || (has_body && was_ever_sent && body.is_none()) {
            return Ok(Again::Impossible);
        }
        let resent = vec![Resent { id, body, at }];
        self.0.store.commit(Changeset { resent, ..Changeset::default() }).await?;
        Ok(Again::Sent)
    }

    /// Sends again what was given up, each in its turn, and answers how many: at most 1,000, the oldest.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody of this merchant in this mode was ever called so; [`Error::Store`].
    pub async fn resend_given_up(&self, caller: Credential, resend: Resend) -> Result<u32, Error> {
        let Resend { destination, since, until } = resend;
        self.destination(caller, destination).await?;
        let (ids, at) = (self.0.store.given_up(destination, since, until, RESEND_MAX).await?, self.0.env.now());
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let resent = ids.into_iter().map(|id| Resent { id, body: None, at }).collect();
        self.0.store.commit(Changeset { resent, ..Changeset::default() }).await?;
        Ok(count)
    }
}
