//! Orders: what merchants sell. What may happen to one is its dialect's to say; here it is written down.

use store::{Changeset, Committed, IdempotencyWrite, Order, OrderWrite};

use crate::credentials::Credential;
use crate::{Engine, Error};

impl Engine {
    /// Makes an order. `key` is the idempotency key that is used up with it.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::Store`].
    pub async fn create_order(
        &self,
        caller: Credential,
        document: &str,
        key: Option<&IdempotencyWrite>,
    ) -> Result<Order, Error> {
        loop {
            let order = Order {
                number: self.draw_order_number(),
                merchant_id: caller.merchant_id,
                mode: caller.mode,
                version: 1,
                document: document.to_owned(),
                created_at: self.0.env.now(),
            };
            // A number that is taken is drawn again.
            if self.write_order(0, order.clone(), key).await? {
                return Ok(order);
            }
        }
    }

    /// Positive and below 2^53, so that no JSON reader rounds it (card-payments-api 1.3).
    fn draw_order_number(&self) -> u64 {
        (u64::from_be_bytes(self.0.env.bytes()) >> 11).max(1)
    }

    /// A merchant's order.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn order(&self, caller: Credential, number: u64) -> Result<Order, Error> {
        self.0.store.order(caller.merchant_id, caller.mode, number).await?.ok_or(Error::NotFound)
    }

    /// Changes an order: `change` answers its new document, `None` when it stays as it is, or why not. `key` as in
    /// [`Engine::create_order`], used up unless it says no.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Used`]; [`Error::Store`].
    pub async fn change_order<No>(
        &self,
        caller: Credential,
        number: u64,
        key: Option<&IdempotencyWrite>,
        change: impl Fn(&Order) -> Result<Option<String>, No>,
    ) -> Result<Result<Order, No>, Error> {
        loop {
            let order = self.order(caller, number).await?;
            let document = match change(&order) {
                Ok(Some(document)) => document,
                Ok(None) => {
                    if let Some(key) = key {
                        self.use_key(key).await?;
                    }
                    return Ok(Ok(order));
                }
                Err(no) => return Ok(Err(no)),
            };
            let next = Order { version: order.version + 1, document, ..order };
            if self.write_order(next.version - 1, next.clone(), key).await? {
                return Ok(Ok(next));
            }
        }
    }

    /// `false` when somebody was faster.
    async fn write_order(
        &self,
        expected_version: u32,
        order: Order,
        key: Option<&IdempotencyWrite>,
    ) -> Result<bool, Error> {
        let order = Some(Box::new(OrderWrite { expected_version, order }));
        let change = Changeset { order, idempotency: key.cloned(), ..Changeset::default() };
        match self.0.store.commit(change).await? {
            Committed::Done => Ok(true),
            Committed::Stale | Committed::OrderPaid => Ok(false),
            Committed::KeyUsed => Err(Error::Used),
        }
    }

    /// Uses an idempotency key up for a call that changes nothing.
    ///
    /// # Errors
    /// [`Error::Used`] when it was used meanwhile; [`Error::Store`].
    pub async fn use_key(&self, key: &IdempotencyWrite) -> Result<(), Error> {
        let change = Changeset { idempotency: Some(key.clone()), ..Changeset::default() };
        match self.0.store.commit(change).await? {
            Committed::Done | Committed::Stale | Committed::OrderPaid => Ok(()),
            Committed::KeyUsed => Err(Error::Used),
        }
    }

    /// Lets an idempotency key be used again: what it was used for came to nothing.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn free_key(&self, key: &IdempotencyWrite) -> Result<(), Error> {
        let change = Changeset { freed: Some(Box::new(key.clone())), ..Changeset::default() };
        self.0.store.commit(change).await?;
        Ok(())
    }
}
