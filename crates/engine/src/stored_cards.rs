//! Cards that are kept by a link of their own and charged later (card-payments-api 2.3).
//!
//! A charge opens a payment of its own. When the issuer wants its bank to ask the payer first, or the merchant does,
//! the payment stays open and its page asks; it takes no other card ([`domain::Checkout::token`]).

use acquirer::Initiator;
use domain::{
    AttemptId, AttemptStatus, CardId, CheckoutId, Command, DeclineReason, Event, Payment, State, Submission, Timestamp,
};

use crate::checkouts::{Opened, Shown};
use crate::credentials::Credential;
use crate::operations::{Operated, kept_submission};
use crate::payments::{CardEntry, Paying, Visit};
use crate::risk::Judged;
use crate::{Engine, Error, NewCheckout};

/// How a link that keeps a card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredCard {
    /// No card is kept yet.
    Initiated,
    /// It may be charged.
    Ready,
    /// The last try failed; another one may follow.
    Failed,
    /// The link ran out, the card is past its date, or it is kept no longer.
    Expired,
}

impl StoredCard {
    /// As of `now`.
    #[must_use]
    pub fn of(shown: &Shown, now: Timestamp) -> Self {
        let payment = &shown.payment;
        match payment.state {
            State::Open => match payment.attempts.last().map(|attempt| attempt.status) {
                Some(AttemptStatus::Declined | AttemptStatus::Reversed) => Self::Failed,
                Some(
                    AttemptStatus::Authenticating
                    | AttemptStatus::Sent
                    | AttemptStatus::Unknown
                    | AttemptStatus::Redirected
                    | AttemptStatus::Approved
                    | AttemptStatus::Reversing,
                )
                | None => Self::Initiated,
            },
            State::InFlight { .. } => Self::Initiated,
            State::Authorized
            | State::Verified
            | State::Captured
            | State::Voided
            | State::PaidElsewhere
            | State::ChargedBack
            | State::Cancelled
            | State::Expired => match kept_submission(payment, &shown.history).and_then(Submission::card) {
                Some(card) if !card.expiry.is_past(now) => Self::Ready,
                Some(_) | None => Self::Expired,
            },
        }
    }
}

/// Whether a payment waits for its payer to be asked by the bank: its charge was declined for want of that.
#[must_use]
pub fn needs_verification(shown: &Shown) -> bool {
    let declined = shown.history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Declined { reason, .. } => Some(*reason),
        _ => None,
    });
    shown.record.checkout.token.is_some()
        && shown.payment.is_payable()
        && declined == Some(DeclineReason::AuthenticationRequired)
}

impl Engine {
    /// Opens a payment and charges it to the card that its checkout's token names, both written down together; waits as
    /// [`Engine::charged`]. Whether the payer must be asked, [`needs_verification`] says.
    ///
    /// # Errors
    /// [`Error::NoToken`] when no such card is ready; [`Error::BrandNotListed`] when the checkout does not take it;
    /// [`Error::Stale`] when its public id is taken; [`Error::Used`] when its idempotency key was used;
    /// [`Error::Refused`], [`Error::Store`].
    pub async fn charge_stored(&self, caller: Credential, new: NewCheckout) -> Result<Operated, Error> {
        let NewCheckout { record, opened, terms, customer, idempotency } = new;
        let checkout = &record.checkout;
        let (id, token) = (checkout.id, checkout.token.ok_or(Error::NoToken)?);
        let (card_id, entry) = self.stored_card(caller, checkout, token).await?;
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        let now = self.0.env.now();
        let payment = Payment::open(terms);
        let due = payment.terms.due.map(|due| crate::checkouts::due_timer(&payment, due));
        let mut shown = Shown { record: record.clone(), history: vec![opened.clone()], payment };
        let visit = Visit::of_nobody();
        let judged = Box::pin(self.judge(&shown, attempt_id, &entry, true, &visit)).await?;
        let is_blocked = matches!(judged, Judged::Blocked(..));
        let decided = shown.payment.decide(&match judged {
            Judged::Goes { .. } => Command::Submit(self.merchants_try(attempt_id, &entry, card_id, token)),
            Judged::Blocked(by, why) => self.block(&shown, attempt_id, &entry, &visit, (by, why)),
        })?;
        let mut change = self.changeset(&mut shown, decided, now);
        if let Some(write) = &mut change.payment {
            write.expected_version = 0;
            write.events.insert(0, opened);
        }
        change.timers.extend(due);
        change.checkout = Some(Box::new(record));
        change.customer = customer;
        change.idempotency = idempotency;
        let committed = self.commit_opening(change).await.inspect_err(|_| self.0.risk.withdraw(attempt_id))?;
        match committed {
            Opened::Done => {}
            Opened::Stale => {
                self.0.risk.withdraw(attempt_id);
                return Err(Error::Stale);
            }
        }
        if !is_blocked {
            self.start_authorization(shown, attempt_id, entry, None, Initiator::Merchant);
        }
        Box::pin(self.charged(caller, id, attempt_id)).await
    }

    /// The payer lets their bank be asked about the card that the checkout's token names, and pays with it. Otherwise as
    /// [`Engine::pay_by_card`].
    ///
    /// # Errors
    /// [`Error::NoToken`] when no such card is ready; else as [`Engine::pay_by_card`].
    pub async fn pay_by_stored_card(&self, before: &Shown, visit: Visit) -> Result<Shown, Error> {
        let checkout = &before.record.checkout;
        let token = checkout.token.ok_or(Error::NoToken)?;
        let kept = self.show(token).await.map_err(|error| match error {
            Error::NotFound => Error::NoToken,
            other => other,
        })?;
        let (card_id, entry) = self.ready_card(&kept).await?;
        self.pay(before, Paying { entry, kept: Some((token, card_id)), must_ask: true }, visit).await
    }

    async fn stored_card(
        &self,
        caller: Credential,
        checkout: &domain::Checkout,
        token: CheckoutId,
    ) -> Result<(CardId, CardEntry), Error> {
        let (kept, _) = self.kept_card(caller, token).await?;
        if kept.record.checkout.dialect != checkout.dialect {
            return Err(Error::NoToken);
        }
        let (card_id, entry) = self.ready_card(&kept).await?;
        if !checkout.takes(entry.brand) {
            return Err(Error::BrandNotListed);
        }
        Ok((card_id, entry))
    }

    async fn ready_card(&self, kept: &Shown) -> Result<(CardId, CardEntry), Error> {
        if StoredCard::of(kept, self.0.env.now()) != StoredCard::Ready {
            return Err(Error::NoToken);
        }
        let card_id =
            kept_submission(&kept.payment, &kept.history).and_then(Submission::card_id).ok_or(Error::NoToken)?;
        Ok((card_id, self.open_card(&kept.payment.terms, card_id).await?))
    }
}
