//! Subscriptions: merchants say where they want to be told of what, fetch what they were told of, and say that they
//! have it. Until they do, [`crate::workers`] tells them again.

use domain::{DeliveryId, Notice, Recorded, Timestamp};
use store::{
    Changeset, CheckoutRecord, Committed, DeliveryState, Endpoint, IdempotencyWrite, Subscription, SubscriptionWrite,
};

use crate::credentials::Credential;
use crate::{Engine, Error};

/// What a subscriber was told of.
#[derive(Debug)]
pub struct Told {
    /// What it subscribed to.
    pub topic: String,
    /// What happened.
    pub notice: Notice,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it said that it has it.
    pub is_acknowledged: bool,
    /// The object it tells of.
    pub record: CheckoutRecord,
    /// Its journal up to what happened, oldest first.
    pub history: Vec<Recorded>,
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
            Committed::Done | Committed::Stale => Ok(()),
            Committed::KeyUsed => Err(Error::Used),
        }
    }

    /// What a subscriber of this merchant was told of under this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn told(&self, caller: Credential, id: DeliveryId) -> Result<Told, Error> {
        let store = &self.0.store;
        let stored = store.delivery(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)?;
        let Endpoint::Subscription { topic, .. } = stored.delivery.endpoint else { return Err(Error::NotFound) };
        let found = store.checkout_with_history(stored.delivery.checkout_id).await?;
        let (record, mut history) = found.ok_or(Error::NotFound)?;
        history.retain(|recorded| recorded.version <= stored.delivery.version);
        let is_acknowledged = stored.state == DeliveryState::Delivered;
        let (notice, at) = (stored.delivery.notice, stored.delivery.created_at);
        Ok(Told { topic, notice, at, is_acknowledged, record, history })
    }

    /// The subscriber has what it was told of under this id: it is told no more.
    ///
    /// # Errors
    /// As [`Engine::told`].
    pub async fn acknowledge(&self, caller: Credential, id: DeliveryId) -> Result<(), Error> {
        let store = &self.0.store;
        let stored = store.delivery(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)?;
        let Endpoint::Subscription { .. } = stored.delivery.endpoint else { return Err(Error::NotFound) };
        if stored.state != DeliveryState::Delivered {
            store.commit(Changeset { acknowledged: Some(id), ..Changeset::default() }).await?;
        }
        Ok(())
    }
}
