//! Subscriptions: merchants say where they want to be told of what, fetch what they were told of, and say that they
//! have it. Until they do, [`crate::workers`] tells them again.

use std::time::Duration;

use domain::DeliveryId;
use store::{
    Changeset, Committed, DeliveryRecord, DeliveryState, Endpoint, IdempotencyWrite, Subscription, SubscriptionWrite,
};

use crate::checkouts::Shown;
use crate::credentials::Credential;
use crate::{Engine, Error};

/// How long what a subscriber was told of can be fetched and acknowledged (card-payments-api 5.2).
const READABLE: Duration = Duration::from_secs(31 * 86_400);

/// What a subscriber was told of.
#[derive(Debug)]
pub struct Told {
    /// What it subscribed to.
    pub topic: String,
    /// Everything as it stood right after what happened.
    pub then: Shown,
}

impl Engine {
    /// Where a merchant wants to be told of what, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn subscriptions(&self, caller: Credential) -> Result<Vec<Subscription>, Error> {
        Ok(self.0.store.subscriptions(caller.merchant_id, caller.mode).await?)
    }

    /// From now on `url` is told of `topic`. `key` is the idempotency key that is used up with it.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::Store`].
    pub async fn subscribe(
        &self,
        caller: Credential,
        topic: &str,
        url: &str,
        key: Option<IdempotencyWrite>,
    ) -> Result<(), Error> {
        let subscription = Subscription {
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            topic: topic.to_owned(),
            url: url.to_owned(),
            created_at: self.0.env.now(),
        };
        self.write_subscription(SubscriptionWrite::Add(subscription), key).await
    }

    /// From now on `url` is not told of `topic`, or no address is. `key` as in [`Engine::subscribe`].
    ///
    /// # Errors
    /// As [`Engine::subscribe`].
    pub async fn unsubscribe(
        &self,
        caller: Credential,
        topic: &str,
        url: Option<&str>,
        key: Option<IdempotencyWrite>,
    ) -> Result<(), Error> {
        let write = SubscriptionWrite::Remove {
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            topic: topic.to_owned(),
            url: url.map(str::to_owned),
        };
        self.write_subscription(write, key).await
    }

    async fn write_subscription(&self, write: SubscriptionWrite, key: Option<IdempotencyWrite>) -> Result<(), Error> {
        let change = Changeset { subscription: Some(Box::new(write)), idempotency: key, ..Changeset::default() };
        match self.0.store.commit(change).await? {
            Committed::Done | Committed::Stale | Committed::OrderPaid => Ok(()),
            Committed::KeyUsed => Err(Error::Used),
        }
    }

    /// What a subscriber of this merchant was told of under this id, until it says that it has it.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's, and 31 days later; [`Error::Store`].
    pub async fn told(&self, caller: Credential, id: DeliveryId) -> Result<Told, Error> {
        let (stored, topic) = self.announced(caller, id).await?;
        if stored.state == DeliveryState::Delivered {
            return Err(Error::NotFound);
        }
        let found = self.0.store.checkout_with_history(stored.delivery.checkout_id).await?;
        let (record, mut history) = found.ok_or(Error::NotFound)?;
        history.retain(|recorded| recorded.version <= stored.delivery.version);
        Ok(Told { topic, then: Shown::of(record, history).ok_or(Error::NotFound)? })
    }

    /// The subscriber has what it was told of under this id: it is told no more. Again and again, if need be.
    ///
    /// # Errors
    /// [`Error::NotFound`] as [`Engine::told`]; [`Error::Store`].
    pub async fn acknowledge(&self, caller: Credential, id: DeliveryId) -> Result<(), Error> {
        let (stored, _) = self.announced(caller, id).await?;
        if stored.state != DeliveryState::Delivered {
            self.0.store.commit(Changeset { acknowledged: Some(id), ..Changeset::default() }).await?;
        }
        Ok(())
    }

    async fn announced(&self, caller: Credential, id: DeliveryId) -> Result<(DeliveryRecord, String), Error> {
        let stored = self.0.store.delivery(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)?;
        let is_over = self.0.env.now() >= stored.delivery.created_at.plus(READABLE);
        match &stored.delivery.endpoint {
            Endpoint::Subscription { topic, .. } if !is_over => {
                let topic = topic.clone();
                Ok((stored, topic))
            }
            _ => Err(Error::NotFound),
        }
    }
}
