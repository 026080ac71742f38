//! Captures, releases and refunds: written down, sent, answered; and what else a merchant or an acquirer says of a
//! payment that was made.

use std::time::Duration;

use acquirer::{Answer, Initiator, Request};
use domain::{
    AttemptId, AttemptStatus, CardId, CardSummary, ChallengeWindow, CheckoutId, Command, DeclineReason, Event, Flow,
    Means, Money, Operation, OperationId, OperationKind, OperationOutcome, OperationStatus, Order, Pan, Payment,
    Refusal, Report, State, Submission, Terms, Timestamp,
};
use store::{Changeset, Committed, IdempotencyWrite, Timer, TimerKind};

use crate::checkouts::{Asking, Shown, hold_ends, timer};
use crate::credentials::Credential;
use crate::payments::{ACQUIRER_WAIT, CardEntry, Paying, Visit};
use crate::recovery::FIRST_INQUIRY;
use crate::risk::Judged;
use crate::{Causes, Engine, Error};

/// How long an API call waits for an acquirer before it says "pending" (design 5).
pub(crate) const API_WAIT: Duration = Duration::from_secs(8);

/// What became of a call that an acquirer had to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It is done.
    Done,
    /// The acquirer said no; the journal says why.
    Refused,
    /// No answer yet.
    Pending,
}

/// Whether an operation was sent before: the same reference has one effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    First,
    Again,
}

/// How a payment stands after such a call.
#[derive(Debug, Clone)]
pub struct Operated {
    /// The checkout.
    pub shown: Shown,
    /// What became of the call.
    pub answered: Answered,
    /// The operation; none for a charge.
    pub operation_id: Option<OperationId>,
}

/// What a merchant asks for; see [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operate {
    /// What to do.
    pub kind: OperationKind,
    /// How much, in minor units; `None` is all that is left.
    pub amount: Option<i64>,
    /// What a capture leaves of the reservation stays reserved; otherwise it is given back with it.
    pub keeps_rest: bool,
    /// A running number of the dialect's, when it makes one.
    pub number: Option<u64>,
    /// The merchant's words for it; may be empty.
    pub note: String,
    /// Of a tender: the legs it draws on first, in this order.
    pub legs: Vec<AttemptId>,
    /// Of a tender: the dialect's own; may be empty.
    pub document: String,
}

impl Operate {
    /// All that is left.
    #[must_use]
    pub const fn all(kind: OperationKind) -> Self {
        Self {
            kind,
            amount: None,
            keeps_rest: false,
            number: None,
            note: String::new(),
            legs: Vec::new(),
            document: String::new(),
        }
    }
}

impl Engine {
    /// Captures, releases or refunds. `key` is the idempotency key that is used up, still without its answer: the
    /// operation's id stands in its place, for [`Engine::operated`]. Of `before` only what never changes is used.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason; [`Error::NotFound`], [`Error::Store`].
    pub async fn operate(
        &self,
        caller: Credential,
        before: &Shown,
        asked: Operate,
        key: Option<IdempotencyWrite>,
    ) -> Result<Operated, Error> {
        let id = before.record.checkout.id;
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let Operate { kind, amount, keeps_rest, number, note, legs, document } = asked;
        // The worker that gives it back may be a moment late (card-payments-api 3.5).
        if kind == OperationKind::Capture && hold_ends(before).is_some_and(|end| self.0.env.now() >= end) {
            return Err(Refusal::HoldEnded.into());
        }
        let currency = before.payment.terms.amount.currency();
        let amount = match amount {
            Some(minor) => Some(Money::new(minor, currency).ok_or(Refusal::ZeroAmount)?),
            None => None,
        };
        let operation_id = OperationId::new(self.0.env.ordered_id());
        let parts = before.payment.legs.iter().map(|_| OperationId::new(self.0.env.ordered_id())).collect();
        let order = Order { operation_id, kind, amount, keeps_rest, number, note, legs, parts, document };
        let command = Command::Operate(order);
        let sent = self
            .run(asking, &command, |_, change| {
                change.idempotency = key.clone().map(|key| with_id(key, operation_id));
            })
            .await?;
        // Parts of a tender were started when they were written down.
        for part in sent.payment.parts(operation_id).filter(|part| part.part.is_none()) {
            self.start_operation(asking, part.clone(), sent.payment.attempt_of(part)?, Sending::First);
        }
        self.operated(caller, id, operation_id).await
    }

    /// Sends an operation that is written down, in a task of its own.
    pub(crate) fn start_operation(&self, asking: Asking, operation: Operation, original: AttemptId, sending: Sending) {
        let engine = self.clone();
        let operation_id = operation.id;
        self.start(operation_id.uuid(), async move {
            let answer = engine.0.test_acquirer.ask(request(&operation, original)).await;
            if let Err(error) = engine.settle_sent(asking, operation_id, answer, sending).await {
                tracing::error!(%operation_id, error = %Causes(&error), "an answer could not be written down; the inquiry will ask for it");
            }
        });
    }

    /// Writes down what became of an operation that was sent. Silence after a repeat, or no connection this time, says
    /// nothing of what was sent before: the inquiry that watches over that goes on.
    pub(crate) async fn settle_sent(
        &self,
        asking: Asking,
        operation_id: OperationId,
        answer: Answer,
        sending: Sending,
    ) -> Result<(), Error> {
        match (sending, &answer) {
            (Sending::First, _) | (Sending::Again, Answer::Approved { .. } | Answer::Declined { .. }) => {
                self.settle_operation(asking, operation_id, answer, None).await
            }
            (
                Sending::Again,
                Answer::Pending
                | Answer::Redirect { .. }
                | Answer::NotFound
                | Answer::Reversed
                | Answer::NotSent
                | Answer::Unknown,
            ) => Ok(()),
        }
    }

    /// Gives back what is held, now. Of a cancelled payment that is on its way already: it is sent once more, or is done
    /// (card-payments-api 3.4 R7). Otherwise as [`Engine::operate`].
    ///
    /// # Errors
    /// [`Error::Refused`] when nothing is held; [`Error::Used`], [`Error::NotFound`], [`Error::Store`].
    pub async fn release(
        &self,
        caller: Credential,
        before: &Shown,
        key: Option<IdempotencyWrite>,
    ) -> Result<Operated, Error> {
        let id = before.record.checkout.id;
        let refused = match self.operate(caller, before, Operate::all(OperationKind::Void), key.clone()).await {
            Err(Error::Refused(refused)) => refused,
            operated => return operated,
        };
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let shown = self.read(caller, id).await?;
        let payment = &shown.payment;
        if payment.state != State::Cancelled || payment.authorized.is_zero() {
            return Err(refused.into());
        }
        let under_way = payment.pending_operation().cloned();
        if let Some(mut key) = key {
            if let Some(operation) = &under_way {
                key = with_id(key, operation.id);
            }
            let change = Changeset { idempotency: Some(key), ..Changeset::default() };
            if self.0.store.commit(change).await? == Committed::KeyUsed {
                return Err(Error::Used);
            }
        }
        match under_way {
            Some(operation) => {
                let operation_id = operation.id;
                self.start_operation(asking, operation, payment.approved_attempt()?, Sending::Again);
                self.operated(caller, id, operation_id).await
            }
            None => Ok(Operated { shown, answered: Answered::Done, operation_id: None }),
        }
    }

    /// What became of an operation that was begun, waited for up to [`API_WAIT`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn operated(
        &self,
        caller: Credential,
        id: CheckoutId,
        operation_id: OperationId,
    ) -> Result<Operated, Error> {
        let until = self.0.env.now().plus(API_WAIT);
        let begun = self.read(caller, id).await?;
        for part in begun.payment.parts(operation_id) {
            self.wait_for(part.id.uuid(), until.since(self.0.env.now())).await;
        }
        let shown = self.read(caller, id).await?;
        let mut answered = Answered::Refused;
        for part in shown.payment.parts(operation_id) {
            answered = match (part.status, answered) {
                (OperationStatus::Sent | OperationStatus::Unknown, _) | (_, Answered::Pending) => Answered::Pending,
                (OperationStatus::Done, _) | (OperationStatus::Failed, Answered::Done) => Answered::Done,
                (OperationStatus::Failed, Answered::Refused) => Answered::Refused,
            };
        }
        Ok(Operated { shown, answered, operation_id: Some(operation_id) })
    }

    /// Writes down what became of an operation. `asked_by` is the inquiry that asked, if one did.
    pub(crate) async fn settle_operation(
        &self,
        asking: Asking,
        operation_id: OperationId,
        answer: Answer,
        asked_by: Option<&Timer>,
    ) -> Result<(), Error> {
        let outcome = match answer {
            Answer::Approved { .. } => OperationOutcome::Done,
            Answer::Declined { reason, .. } => OperationOutcome::Refused(reason),
            Answer::NotSent => OperationOutcome::Refused(DeclineReason::ConnectionFailed),
            Answer::Pending => OperationOutcome::Pending,
            Answer::Redirect { .. } | Answer::NotFound | Answer::Reversed | Answer::Unknown => {
                OperationOutcome::Unknown
            }
        };
        let command = Command::SettleOperation { operation_id, outcome };
        let now = self.0.env.now();
        self.run(asking, &command, |shown, change| match asked_by {
            Some(asked_by) => change.timers_done.push(asked_by.clone()),
            None => {
                let kind = first_operation_inquiry(operation_id);
                // The watching timer stays while there is doubt, unless a sooner one takes its place.
                let sent_at = shown.history.iter().find_map(|recorded| match &recorded.event {
                    Event::OperationSent(operation) if operation.id == operation_id => Some(recorded.at),
                    _ => None,
                });
                change.timers_done.extend(sent_at.map(|sent_at| watch(&shown.payment, operation_id, sent_at)));
                if matches!(outcome, OperationOutcome::Pending | OperationOutcome::Unknown) {
                    change.timers.push(timer(&shown.payment, kind, now.plus(FIRST_INQUIRY)));
                }
            }
        })
        .await?;
        Ok(())
    }

    /// Charges a kept card: `token` is the checkout that kept it. `key` and `before` as in [`Engine::operate`], with the
    /// try's id, for [`Engine::charged`].
    ///
    /// # Errors
    /// [`Error::NoToken`] when no such card is kept; [`Error::BrandNotListed`] when the checkout does not take it;
    /// [`Error::Refused`], [`Error::NotFound`], [`Error::Store`].
    pub async fn charge(
        &self,
        caller: Credential,
        before: &Shown,
        token: CheckoutId,
        key: Option<IdempotencyWrite>,
    ) -> Result<Operated, Error> {
        let id = before.record.checkout.id;
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let (kept, card_id) = self.kept_card(caller, token).await?;
        // A dialect's tokens are its own.
        if kept.record.checkout.dialect != before.record.checkout.dialect {
            return Err(Error::NoToken);
        }
        let entry = self.open_card(&kept.payment.terms, card_id).await?;
        if !before.record.checkout.takes(entry.brand) {
            return Err(Error::BrandNotListed);
        }
        let attempt_id = AttemptId::new(self.0.env.ordered_id());
        let begin = |change: &mut Changeset| {
            change.idempotency = key.clone().map(|key| IdempotencyWrite { body: attempt_id.to_string(), ..key });
        };
        let visit = Visit::of_nobody();
        if let Judged::Blocked(by, assessment) = self.judge(before, attempt_id, &entry, true, &visit).await? {
            let blocked = self.block(before, attempt_id, &entry, &visit, (by, assessment));
            self.run(asking, &blocked, |_, change| begin(change)).await?;
            return self.charged(caller, id, attempt_id).await;
        }
        let submission = self.merchants_try(attempt_id, &entry, card_id, token);
        let sent = self.run(asking, &Command::Submit(submission), |_, change| begin(change)).await;
        let sent = sent.inspect_err(|_| self.0.risk.withdraw(attempt_id))?;
        self.start_authorization(sent, attempt_id, entry, None, Initiator::Merchant);
        self.charged(caller, id, attempt_id).await
    }

    /// A try with a kept card whose merchant charges it; its payer is not there.
    pub(crate) fn merchants_try(
        &self,
        attempt_id: AttemptId,
        entry: &CardEntry,
        card_id: CardId,
        token: CheckoutId,
    ) -> Submission {
        Submission {
            attempt_id,
            acquirer: self.0.test_acquirer.name().to_owned(),
            means: Means::Card { card: entry.summary(), card_id },
            part: None,
            token: Some(token),
            flow: Flow::Api,
            payer_ip: None,
            save_card: false,
            window: ChallengeWindow::Full,
            deadline: self.0.env.now().plus(ACQUIRER_WAIT),
        }
    }

    /// What became of a charge that was begun, waited for up to [`API_WAIT`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn charged(&self, caller: Credential, id: CheckoutId, attempt_id: AttemptId) -> Result<Operated, Error> {
        self.wait_for(attempt_id.uuid(), API_WAIT).await;
        let shown = self.read(caller, id).await?;
        let answered = match shown.payment.attempt(attempt_id)?.status {
            AttemptStatus::Authenticating
            | AttemptStatus::Sent
            | AttemptStatus::Unknown
            | AttemptStatus::Redirected => Answered::Pending,
            AttemptStatus::Approved => Answered::Done,
            AttemptStatus::Declined | AttemptStatus::Reversing | AttemptStatus::Reversed => Answered::Refused,
        };
        Ok(Operated { shown, answered, operation_id: None })
    }

    /// The checkout that keeps a card, and where the card lies.
    pub(crate) async fn kept_card(&self, caller: Credential, token: CheckoutId) -> Result<(Shown, CardId), Error> {
        let kept = match self.read(caller, token).await {
            Ok(kept) => kept,
            Err(Error::NotFound) => return Err(Error::NoToken),
            Err(error) => return Err(error),
        };
        let card_id =
            kept_submission(&kept.payment, &kept.history).and_then(Submission::card_id).ok_or(Error::NoToken)?;
        Ok((kept, card_id))
    }

    /// Opens a kept card for the acquirer's request and nothing else (security V6).
    pub(crate) async fn open_card(&self, terms: &Terms, id: CardId) -> Result<CardEntry, Error> {
        let row = self.0.store.card(terms.merchant_id, terms.mode, id).await?.ok_or(Error::NoToken)?;
        let pan = self.0.vault.open_card(terms.merchant_id, terms.mode, id, &row.sealed)?;
        let pan = std::str::from_utf8(&pan).ok().and_then(|digits| Pan::parse(digits).ok()).ok_or(Error::NoToken)?;
        Ok(CardEntry {
            pan,
            brand: row.summary.brand,
            cvc: None,
            expiry: row.summary.expiry,
            holder: row.summary.holder,
            save: false,
        })
    }

    /// The cards a payer may pay this checkout with in one click: only when the merchant itself said who the payer is
    /// and the page's address was in no mail (security B9). The newest first, each with its token.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn offered_cards(&self, shown: &Shown) -> Result<Vec<(CheckoutId, CardSummary)>, Error> {
        let checkout = &shown.record.checkout;
        // A mail can be read, and passed on, by others than the payer.
        let was_mailed = shown.history.iter().any(|recorded| matches!(recorded.event, Event::InvoiceSent));
        let is_known = checkout.customer_named && !was_mailed;
        let Some(customer_id) = checkout.customer_id.filter(|_| is_known) else { return Ok(vec![]) };
        let kept_by = self.0.store.kept_cards(checkout.merchant_id, checkout.mode, customer_id).await?;
        let mut offered = vec![];
        for token in kept_by {
            let kept = self.show(token).await?;
            if let Some(card) = kept_submission(&kept.payment, &kept.history).and_then(Submission::card)
                && checkout.takes(card.brand)
            {
                offered.push((token, card.clone()));
            }
        }
        Ok(offered)
    }

    /// Pays a checkout with a card that is offered on its page. Otherwise as [`Engine::pay_by_card`].
    ///
    /// # Errors
    /// [`Error::NoToken`] for a card that was not offered; else as [`Engine::pay_by_card`].
    pub async fn pay_by_offered_card(&self, before: &Shown, token: CheckoutId, visit: Visit) -> Result<Shown, Error> {
        if !self.offered_cards(before).await?.iter().any(|(offered, _)| *offered == token) {
            return Err(Error::NoToken);
        }
        let kept = self.show(token).await?;
        let card_id =
            kept_submission(&kept.payment, &kept.history).and_then(Submission::card_id).ok_or(Error::NoToken)?;
        let entry = self.open_card(&kept.payment.terms, card_id).await?;
        self.pay(before, Paying { entry, kept: Some((token, card_id)), must_ask: false }, visit).await
    }

    /// The merchant says it was paid outside the gateway.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it may be paid; [`Error::NotFound`], [`Error::Store`].
    pub async fn mark_paid(
        &self,
        caller: Credential,
        id: CheckoutId,
        paid_on: Timestamp,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        self.run(asking, &Command::MarkPaid(paid_on), |shown, change| change.idempotency = kept(shown)).await
    }

    /// Forgets the card a checkout keeps: its row goes, its token works no more.
    ///
    /// # Errors
    /// [`Error::Refused`] when none is kept; [`Error::NotFound`], [`Error::Store`].
    pub async fn forget_card(
        &self,
        caller: Credential,
        id: CheckoutId,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let before = self.read(caller, id).await?;
        let card_id = kept_submission(&before.payment, &before.history).and_then(Submission::card_id);
        self.run(asking, &Command::ForgetCard, |shown, change| {
            change.idempotency = kept(shown);
            change.forgotten_card = card_id.map(|card_id| (id, card_id));
        })
        .await
    }

    /// What the acquirer reports of taken money.
    ///
    /// # Errors
    /// [`Error::Refused`] when it does not fit the payment; [`Error::NotFound`], [`Error::Store`].
    pub async fn report(&self, id: CheckoutId, report: Report) -> Result<Shown, Error> {
        self.run(Asking::Payer(id), &Command::Report(report), |_, _| {}).await
    }

    /// Writes the answer of a call under its idempotency key, which was used up without one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn keep_answer(&self, answered: IdempotencyWrite) -> Result<(), Error> {
        let change = Changeset { answered: Some(answered), ..Changeset::default() };
        self.0.store.commit(change).await?;
        Ok(())
    }
}

/// A key that an operation uses up: the operation's id stands where its answer will, behind what the dialect put there.
fn with_id(key: IdempotencyWrite, operation_id: OperationId) -> IdempotencyWrite {
    IdempotencyWrite { body: format!("{}{operation_id}", key.body), ..key }
}

/// What is asked of the acquirer, the same on every repeat.
pub(crate) fn request(operation: &Operation, original: AttemptId) -> Request<'_> {
    let (reference, amount, note) = (operation.id, operation.amount, operation.note.as_str());
    match operation.kind {
        OperationKind::Capture => {
            Request::Capture { reference, original, amount, keeps_rest: operation.keeps_rest, note }
        }
        OperationKind::Void => Request::Void { reference, original, amount, note },
        OperationKind::Refund => Request::Refund { reference, original, amount, note },
    }
}

/// The inquiry that watches over an operation.
pub(crate) fn watch(payment: &Payment, operation_id: OperationId, sent_at: Timestamp) -> Timer {
    timer(payment, first_operation_inquiry(operation_id), sent_at.plus(ACQUIRER_WAIT).plus(FIRST_INQUIRY))
}

const fn first_operation_inquiry(operation_id: OperationId) -> TimerKind {
    TimerKind::InquireOperation { operation_id, asked: 0, not_found: 0 }
}

/// The try whose card a checkout keeps.
pub(crate) fn kept_submission<'a>(payment: &Payment, history: &'a [domain::Recorded]) -> Option<&'a Submission> {
    let kept = payment.kept_card?;
    history.iter().find_map(|recorded| match &recorded.event {
        Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) if submission.attempt_id == kept => {
            Some(submission)
        }
        _ => None,
    })
}
