//! Payers that a merchant knows, and the cards they left with it.

use domain::{CardSummary, CheckoutId, CustomerId, Submission, Timestamp};
use store::{Beside, Changeset, Committed, CustomerRecord, CustomerWrite, IdempotencyWrite, Wanted};

use crate::checkouts::Shown;
use crate::credentials::Credential;
use crate::operations::kept_submission;
use crate::{Engine, Error};

/// A card that a customer left.
#[derive(Debug, Clone)]
pub struct LeftCard {
    /// The checkout that kept it: its token.
    pub token: CheckoutId,
    /// Since when.
    pub created_at: Timestamp,
    /// What may be shown of it.
    pub card: CardSummary,
}

impl Engine {
    /// A merchant's customer.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn customer(&self, caller: Credential, id: CustomerId) -> Result<Option<CustomerRecord>, Error> {
        Ok(self.0.store.customer(caller.merchant_id, caller.mode, id).await?)
    }

    /// A merchant's oldest customer with this address, in lower case.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn customer_by_email(&self, caller: Credential, email: &str) -> Result<Option<CustomerRecord>, Error> {
        Ok(self.0.store.customer_by_email(caller.merchant_id, caller.mode, email).await?)
    }

    /// The wanted ones of a merchant's customers: at most `most`, and those beside a place if said.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn customers(
        &self,
        caller: Credential,
        wanted: Wanted,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<CustomerRecord>, Error> {
        Ok(self.0.store.customers(caller.merchant_id, caller.mode, wanted, beside, most).await?)
    }

    /// Writes down a new customer. `key` is the idempotency key that is used up with it.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::Store`].
    pub async fn create_customer(&self, record: CustomerRecord, key: Option<IdempotencyWrite>) -> Result<(), Error> {
        match self.write_customer(CustomerWrite::Add(record), key).await? {
            Committed::KeyUsed => Err(Error::Used),
            Committed::Done | Committed::Stale | Committed::OrderPaid => Ok(()),
        }
    }

    /// Changes a customer; whether it was still as it was before.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn change_customer(&self, record: CustomerRecord) -> Result<bool, Error> {
        Ok(self.write_customer(CustomerWrite::Change(record), None).await? == Committed::Done)
    }

    /// Deletes a customer and forgets the cards it left; what was bought keeps what it knows. A process that dies on the way
    /// has forgotten some of the cards, and whoever repeats it the others.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn delete_customer(&self, caller: Credential, id: CustomerId) -> Result<(), Error> {
        self.customer(caller, id).await?.ok_or(Error::NotFound)?;
        let left = self.0.store.kept_cards_page(caller.merchant_id, caller.mode, id, None, u32::MAX).await?;
        for (token, _) in left {
            match self.forget_card(caller, token, |_| None).await {
                // Refused: somebody else forgot it meanwhile.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.write_customer(CustomerWrite::Remove(caller.merchant_id, caller.mode, id), None).await?;
        Ok(())
    }

    async fn write_customer(&self, write: CustomerWrite, key: Option<IdempotencyWrite>) -> Result<Committed, Error> {
        let change = Changeset { customer_write: Some(Box::new(write)), idempotency: key, ..Changeset::default() };
        Ok(self.0.store.commit(change).await?)
    }

    /// The cards that a customer left, newest first: at most `most`, and those beside a place if said.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn left_cards(
        &self,
        caller: Credential,
        id: CustomerId,
        beside: Option<Beside>,
        most: u32,
    ) -> Result<Vec<LeftCard>, Error> {
        self.customer(caller, id).await?.ok_or(Error::NotFound)?;
        let kept = self.0.store.kept_cards_page(caller.merchant_id, caller.mode, id, beside, most).await?;
        let mut left = vec![];
        for (token, created_at) in kept {
            left.extend(card_of(&self.read(caller, token).await?).map(|card| LeftCard { token, created_at, card }));
        }
        Ok(left)
    }

    /// One of them, by its token.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn left_card(&self, caller: Credential, id: CustomerId, token: CheckoutId) -> Result<LeftCard, Error> {
        let since = self.0.store.kept_since(caller.merchant_id, caller.mode, id, token).await?;
        let created_at = since.ok_or(Error::NotFound)?;
        let card = card_of(&self.read(caller, token).await?).ok_or(Error::NotFound)?;
        Ok(LeftCard { token, created_at, card })
    }
}

fn card_of(kept: &Shown) -> Option<CardSummary> {
    kept_submission(&kept.payment, &kept.history).and_then(Submission::card).cloned()
}
