//! Checkouts: made, shown, and the one path by which their payments change.

use std::time::Duration;

use domain::{
    CaptureMode, CheckoutId, Command, Customer, Dialect, Due, Event, MerchantId, Mode, Notice, OperationId,
    OperationKind, Payment, PaymentId, PublicId, Recorded, State, Submission, Terms, Timestamp, ledger, notices,
};
use store::{
    Changeset, CheckoutRecord, Committed, CustomerRecord, IdempotencyWrite, Idempotent, KeptCard, PaymentWrite, Timer,
    TimerKind,
};

use crate::authentication::{abandon, abandoned};
use crate::credentials::Credential;
use crate::doubts::{ask_at_once, may_be_queued, over};
use crate::operations::{kept_submission, watch};
use crate::recovery::{FIRST_INQUIRY, first_inquiry};
use crate::risk::counted;
use crate::tenders::{REDIRECT_WAIT, reusable_leg};
use crate::turns::Turn;
use crate::{Engine, Error, telling};

/// After this the acquirer forgets a reservation (purchases-api 10.2 #18).
pub(crate) const HOLD_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// A checkout, its payment, and how it came to be so.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The checkout and its dialect's document.
    pub record: CheckoutRecord,
    /// The payment's journal, oldest first.
    pub history: Vec<Recorded>,
    /// The journal folded.
    pub payment: Payment,
}

impl Shown {
    /// Folds a journal; `None` when it does not begin with its opening.
    #[must_use]
    pub fn of(record: CheckoutRecord, history: Vec<Recorded>) -> Option<Self> {
        let payment = Payment::fold(history.iter().map(|recorded| &recorded.event))?;
        Some(Self { record, history, payment })
    }

    /// Who pays: what the payer said last, or the merchant at first.
    #[must_use]
    pub fn customer(&self) -> &Customer {
        let given = self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::DetailsGiven(customer) => Some(&**customer),
            _ => None,
        });
        given.unwrap_or(&self.record.checkout.customer)
    }
}

/// What a dialect hands in to be made.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    /// The checkout and the dialect's document.
    pub record: CheckoutRecord,
    /// The first event of its payment; [`Event::Opened`].
    pub opened: Recorded,
    /// What the payment is, folded from that event.
    pub terms: Terms,
    /// A customer made along with it.
    pub customer: Option<CustomerRecord>,
    /// The idempotency key this answers.
    pub idempotency: Option<IdempotencyWrite>,
}

/// What became of a new checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It exists.
    Done,
    /// Its customer was made, or its public id taken, by somebody else meanwhile: look again, draw again.
    Stale,
}

/// Who asks for a checkout, and so what exists for them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asking {
    /// Whoever holds the link.
    Payer(CheckoutId),
    /// A merchant sees its own, in the mode of its key.
    Merchant(MerchantId, Mode, CheckoutId),
    /// The same, by the name that the dialect's clients use.
    Named(MerchantId, Mode, PublicId),
    /// The same, by the payment's own id.
    Paid(MerchantId, Mode, PaymentId),
}

impl Engine {
    /// Makes a checkout and opens its payment.
    ///
    /// # Errors
    /// [`Error::Used`] when its idempotency key was used meanwhile; [`Error::Store`].
    pub async fn open_checkout(&self, new: NewCheckout) -> Result<Opened, Error> {
        let NewCheckout { record, opened, terms, customer, idempotency } = new;
        let payment = Payment::open(terms);
        let due = payment.terms.due.map(|due| due_timer(&payment, due));
        let mut change = Changeset { customer, timers: due.into_iter().collect(), idempotency, ..Changeset::default() };
        let shown = Shown { record, history: vec![opened], payment };
        for Recorded { version, at, event } in &shown.history {
            self.tell(&shown, event, (*version, Notice::Opened), *at, &mut change);
        }
        let Shown { record, history: events, payment } = shown;
        let brand_id = record.checkout.brand_id;
        change.checkout = Some(Box::new(record));
        change.payment = Some(PaymentWrite { expected_version: 0, payment, brand_id, events, postings: vec![] });
        self.commit_opening(change).await
    }

    pub(crate) async fn commit_opening(&self, change: Changeset) -> Result<Opened, Error> {
        match self.0.store.commit(change).await? {
            Committed::Done => Ok(Opened::Done),
            Committed::Stale => Ok(Opened::Stale),
            Committed::KeyUsed => Err(Error::Used),
            Committed::OrderPaid => Err(Error::OrderPaid),
        }
    }

    /// A checkout as whoever holds its link sees it now.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn show(&self, id: CheckoutId) -> Result<Shown, Error> {
        self.current(Asking::Payer(id)).await
    }

    /// A checkout as its merchant sees it now.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's and for the other mode's; [`Error::Store`].
    pub async fn read(&self, caller: Credential, id: CheckoutId) -> Result<Shown, Error> {
        self.current(Asking::Merchant(caller.merchant_id, caller.mode, id)).await
    }

    /// A checkout as its merchant sees it now, by what the dialect's clients call it.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub async fn find(&self, caller: Credential, public_id: PublicId) -> Result<Shown, Error> {
        self.current(Asking::Named(caller.merchant_id, caller.mode, public_id)).await
    }

    /// A checkout as its merchant sees it now, by the id of its payment.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub async fn find_payment(&self, caller: Credential, payment_id: PaymentId) -> Result<Shown, Error> {
        self.current(Asking::Paid(caller.merchant_id, caller.mode, payment_id)).await
    }

    /// A number for a new checkout; [`Opened::Stale`] says that it is taken.
    #[must_use]
    pub fn draw_number(&self) -> PublicId {
        PublicId::number(self.0.env.bytes())
    }

    /// The payer opened the page: noted once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn view(&self, id: CheckoutId) -> Result<Shown, Error> {
        self.run(Asking::Payer(id), &Command::View, |_, _| {}).await
    }

    /// The merchant ends a checkout unpaid. `kept` is the answer that a repeat under the same idempotency key gets.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it may be paid; [`Error::NotFound`], [`Error::Store`].
    pub async fn cancel(
        &self,
        caller: Credential,
        id: CheckoutId,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        self.run(asking, &Command::Cancel, |shown, change| change.idempotency = kept(shown)).await
    }

    /// The merchant ends a checkout unpaid, also while its payer is paying: nothing more goes to the acquirer, and what it
    /// may still approve is given back within the hour (card-payments-api 3.4). Nothing happens to one that ended unpaid
    /// before. `kept` as in [`Engine::cancel`].
    ///
    /// # Errors
    /// [`Error::Refused`] once it was authorized; [`Error::NotFound`], [`Error::Store`].
    pub async fn abort(
        &self,
        caller: Credential,
        id: CheckoutId,
        kept: impl Fn(&Shown) -> Option<IdempotencyWrite>,
    ) -> Result<Shown, Error> {
        let asking = Asking::Merchant(caller.merchant_id, caller.mode, id);
        let shown = self
            .run(asking, &Command::Abort, |shown, change| {
                change.idempotency = kept(shown);
                change.timers.extend(ask_at_once(shown, self.0.env.now()));
                if let Some(attempt) = shown.payment.attempts.last() {
                    change.timers_done.extend(abandoned(shown, attempt.id));
                }
            })
            .await?;
        if let Some(attempt) = shown.payment.attempts.last() {
            self.forget_waiting_card(attempt.id);
        }
        Ok(shown)
    }

    /// Waits for its turn among the calls with the same idempotency key.
    pub async fn turn(&self, caller: Credential, scope: &str, key: &str) -> Turn {
        let Credential { merchant_id, mode, .. } = caller;
        self.0.turns.wait(format!("{merchant_id} {} {scope} {key}", mode.as_str())).await
    }

    /// Takes the turn among the calls with the same idempotency key; `None` while another one is under way.
    #[must_use]
    pub fn try_turn(&self, caller: Credential, scope: &str, key: &str) -> Option<Turn> {
        let Credential { merchant_id, mode, .. } = caller;
        self.0.turns.take(format!("{merchant_id} {} {scope} {key}", mode.as_str()))
    }

    /// What an idempotency key was used for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn used_key(&self, caller: Credential, scope: &str, key: &str) -> Result<Option<Idempotent>, Error> {
        Ok(self.0.store.used_key(caller.merchant_id, caller.mode, scope, key, self.0.env.now()).await?)
    }

    /// A keyed hash of a request's body, to tell a repeat from another request (security I2).
    #[must_use]
    pub fn request_fingerprint(&self, body: &[u8]) -> [u8; 32] {
        self.0.requests.hash(&[body])
    }

    /// Reads, and lets time that has passed take effect first: what is overdue or expired is seen at once.
    pub(crate) async fn current(&self, asking: Asking) -> Result<Shown, Error> {
        let shown = self.load(asking).await?;
        if !due_passed(&shown.payment, self.0.env.now()) {
            return Ok(shown);
        }
        self.run(asking, &Command::PassDue, |_, _| {}).await
    }

    pub(crate) async fn load(&self, asking: Asking) -> Result<Shown, Error> {
        let store = &self.0.store;
        let found = match asking {
            Asking::Payer(id) => store.checkout_with_history(id).await?,
            Asking::Merchant(merchant, mode, id) => store.merchant_checkout_with_history(merchant, mode, id).await?,
            Asking::Named(merchant, mode, public_id) => {
                store.public_checkout_with_history(merchant, mode, public_id).await?
            }
            Asking::Paid(merchant, mode, payment_id) => {
                store.paid_checkout_with_history(merchant, mode, payment_id).await?
            }
        };
        let (record, history) = found.ok_or(Error::NotFound)?;
        Shown::of(record, history).ok_or(Error::NotFound)
    }

    /// The one path by which a payment changes. `beside` adds what belongs with the command, seeing what the command made
    /// of the payment; it may be called more than once.
    pub(crate) async fn run(
        &self,
        asking: Asking,
        command: &Command,
        beside: impl Fn(&Shown, &mut Changeset),
    ) -> Result<Shown, Error> {
        self.run_all(asking, std::slice::from_ref(command), beside).await
    }

    /// Several commands as one: all of them happen, or none.
    pub(crate) async fn run_all(
        &self,
        asking: Asking,
        commands: &[Command],
        beside: impl Fn(&Shown, &mut Changeset),
    ) -> Result<Shown, Error> {
        loop {
            let mut shown = self.load(asking).await?;
            let now = self.0.env.now();
            // A due time that has passed takes effect before anything else is decided.
            let mut events = vec![];
            let mut payment = shown.payment.clone();
            if due_passed(&payment, now) {
                events = payment.decide(&Command::PassDue)?;
                events.iter().for_each(|event| payment.apply(event));
            }
            let overdue = events.len();
            let mut refusal = None;
            for command in commands {
                match payment.decide(command) {
                    Ok(more) => {
                        more.iter().for_each(|event| payment.apply(event));
                        events.extend(more);
                    }
                    Err(no) => {
                        events.truncate(overdue);
                        refusal = Some(no);
                        break;
                    }
                }
            }
            // A strict due time waited for what was under way: when that ends without money, it takes effect.
            if refusal.is_none() && due_passed(&payment, now) {
                let more = payment.decide(&Command::PassDue)?;
                more.iter().for_each(|event| payment.apply(event));
                events.extend(more);
            }
            if refusal.is_none() && self.0.risk.binds(payment.terms.mode) {
                events.extend(payment.decide(&Command::LimitTries)?);
            }
            let known = shown.history.len();
            let mut change = self.changeset(&mut shown, events, now);
            if refusal.is_none() {
                beside(&shown, &mut change);
            }
            let wakes_timers = !change.timers.is_empty();
            match if change.is_empty() { Committed::Done } else { self.0.store.commit(change).await? } {
                Committed::Done => {}
                Committed::Stale => continue,
                Committed::KeyUsed => return Err(Error::Used),
                Committed::OrderPaid => return Err(Error::OrderPaid),
            }
            self.learn(&shown, &shown.history[known..]);
            if !shown.payment.legs.is_empty() {
                self.carry_on(asking, &shown, known);
            }
            if wakes_timers {
                self.0.workers.timers.notify_one();
            }
            return match refusal {
                Some(refusal) => Err(refusal.into()),
                None => Ok(shown),
            };
        }
    }

    /// Applies events to `shown` and gathers everything they write: journal, postings, notifications, timers.
    pub(crate) fn changeset(&self, shown: &mut Shown, events: Vec<Event>, now: Timestamp) -> Changeset {
        let mut change = Changeset::default();
        if events.is_empty() {
            return change;
        }
        let expected_version = shown.payment.version;
        let queued = may_be_queued(shown, now);
        let (mut recorded, mut postings) = (vec![], vec![]);
        for event in events {
            let told = notices(&shown.payment, &event);
            change.declines.extend(counted(shown, &event, now));
            shown.payment.apply(&event);
            let version = shown.payment.version;
            postings.extend(ledger::postings(&event).into_iter().map(|posting| (version, posting)));
            told.into_iter().for_each(|notice| self.tell(shown, &event, (version, notice), now, &mut change));
            self.timers(shown, &event, now, &mut change);
            if let Event::Authorized { attempt_id, .. } = &event
                && shown.payment.kept_card == Some(*attempt_id)
            {
                change.kept_card = kept_card(shown, now);
            }
            change.reusable_legs.extend(reusable_leg(shown, &event, now));
            recorded.push(Recorded { version, at: now, event });
        }
        telling::up_to(&mut change, shown.payment.version);
        shown.history.extend(recorded.iter().cloned());
        change.doubts_over = over(&queued, shown);
        let (payment, brand_id) = (shown.payment.clone(), shown.record.checkout.brand_id);
        change.payment = Some(PaymentWrite { expected_version, payment, brand_id, events: recorded, postings });
        change
    }

    /// Timers an event starts or makes moot.
    fn timers(&self, shown: &Shown, event: &Event, now: Timestamp, change: &mut Changeset) {
        let payment = &shown.payment;
        match event {
            // Who watches over a call is written down with it, before its first byte leaves.
            Event::AttemptSent(Submission { attempt_id, deadline, .. })
            | Event::Authenticated { attempt_id, deadline, .. } => {
                change.timers.push(timer(payment, first_inquiry(*attempt_id), deadline.plus(FIRST_INQUIRY)));
            }
            Event::AuthenticationStarted(submission) => change.timers.push(abandon(payment, submission)),
            Event::OperationSent(operation) => change.timers.push(watch(payment, operation.id, now)),
            Event::Captured { operation_id: Some(operation_id), .. } | Event::OperationFailed { operation_id, .. } => {
                change.timers.extend(hold_waited(shown, *operation_id, now));
            }
            Event::Refunded { operation_id, .. } | Event::Voided { operation_id: Some(operation_id), .. } => {
                change.timers.extend(hold_waited(shown, *operation_id, now));
            }
            Event::Redirected { attempt_id, .. } => {
                let kind = TimerKind::Abandon { attempt_id: *attempt_id };
                change.timers.push(timer(payment, kind, now.plus(REDIRECT_WAIT)));
            }
            Event::ReversalSent { attempt_id } => {
                let kind = TimerKind::Reverse { attempt_id: *attempt_id, asked: 0 };
                change.timers.push(timer(payment, kind, now));
            }
            Event::Overdue
            | Event::Expired
            | Event::Cancelled
            | Event::TenderEnded(_)
            | Event::MarkedPaid { .. }
            | Event::Authorized { .. } => {
                if let Some(due) = payment.terms.due {
                    change.timers_done.push(due_timer(payment, due));
                }
                change.timers.extend(expiry(shown, event));
                // A tender is held with its last leg; what it came to nothing with goes back with each try.
                let is_whole = payment.legs.is_empty() || payment.state == State::Authorized;
                let is_held = matches!(event, Event::Authorized { amount, .. } if !amount.is_zero()) && is_whole;
                if is_held && payment.terms.capture == CaptureMode::Manual {
                    change.timers.push(timer(payment, TimerKind::Lapse, now.plus(HOLD_LIFE)));
                    // Nobody wants it, or it may be held only for so long.
                    let held_for =
                        if payment.state == State::Cancelled { Some(Duration::ZERO) } else { payment.terms.hold_max };
                    let release = held_for.map(|held_for| now.plus(held_for));
                    change.timers.extend(release.map(|at| timer(payment, TimerKind::Release { asked: 0 }, at)));
                    // What is captured at once is captured with it.
                    let later = payment.terms.captured_after.filter(|after| !after.is_zero());
                    change.timers.extend(later.map(|after| timer(payment, TimerKind::Capture, now.plus(after))));
                }
            }
            Event::Opened(_)
            | Event::Viewed
            | Event::DetailsGiven(_)
            | Event::InvoiceSent
            | Event::TenderBegun(_)
            | Event::OperationUnknown { .. }
            | Event::SettledByHand(_)
            | Event::Released { .. }
            | Event::Challenged { .. }
            | Event::NotAuthenticated { .. }
            | Event::AttemptRefused(_)
            | Event::TriesUsedUp
            | Event::AttemptUnknown { .. }
            | Event::Left { .. }
            | Event::Captured { operation_id: None, .. }
            | Event::Declined { .. }
            | Event::Reversed { .. }
            | Event::Voided { operation_id: None, .. }
            | Event::CardForgetting
            | Event::CardForgotten
            | Event::Cleared
            | Event::Matched(_)
            | Event::Adjusted(_)
            | Event::Settled { .. }
            | Event::ChargedBack { .. }
            | Event::ChargebackReversed { .. } => {}
        }
    }
}

/// The entry of a kept card on its customer's list, when the customer is known.
fn kept_card(shown: &Shown, now: Timestamp) -> Option<KeptCard> {
    let checkout = &shown.record.checkout;
    Some(KeptCard {
        merchant_id: checkout.merchant_id,
        mode: checkout.mode,
        customer_id: checkout.customer_id?,
        checkout_id: checkout.id,
        created_at: now,
    })
}

/// When the money of a payment was reserved.
pub(crate) fn authorized_at(history: &[Recorded]) -> Option<Timestamp> {
    let authorized = history.iter().find(|recorded| matches!(recorded.event, Event::Authorized { .. }));
    authorized.map(|recorded| recorded.at)
}

/// Until when the money of a payment may be taken; `None` when nothing is reserved, or nobody but the acquirer ends it.
#[must_use]
pub fn hold_ends(shown: &Shown) -> Option<Timestamp> {
    Some(authorized_at(&shown.history)?.plus(shown.payment.terms.hold_max?))
}

/// What was to end the hold while an operation was under way, and waited for it.
fn hold_waited(shown: &Shown, ended: OperationId, now: Timestamp) -> Vec<Timer> {
    let payment = &shown.payment;
    if payment.held().is_zero() {
        return vec![];
    }
    let forgotten = authorized_at(&shown.history).map(|at| (at.plus(HOLD_LIFE), TimerKind::Lapse));
    // A release that failed is tried again by its own timer.
    let was_release = payment.operation(ended).is_ok_and(|operation| operation.kind == OperationKind::Void);
    let released = hold_ends(shown).filter(|_| !was_release).map(|at| (at, TimerKind::Release { asked: 0 }));
    let waited = forgotten.into_iter().chain(released).filter(|(at, _)| *at <= now);
    waited.map(|(_, kind)| timer(payment, kind, now)).collect()
}

/// What ends a card kept by a link of its own: one that is past its date is of no use to anybody (card-payments-api 2.3).
fn expiry(shown: &Shown, event: &Event) -> Option<Timer> {
    let Event::Authorized { attempt_id, .. } = event else { return None };
    let is_link = shown.record.checkout.dialect == Dialect::CardPayments;
    let kept =
        kept_submission(&shown.payment, &shown.history).filter(|kept| is_link && kept.attempt_id == *attempt_id)?;
    Some(timer(&shown.payment, TimerKind::ForgetCard, kept.card()?.expiry.ends()))
}

/// What happens at a payment's due time.
pub(crate) fn due_timer(payment: &Payment, due: Due) -> Timer {
    timer(payment, TimerKind::Due, due.at)
}

pub(crate) fn timer(payment: &Payment, kind: TimerKind, at: Timestamp) -> Timer {
    let Terms { merchant_id, mode, payment_id, .. } = payment.terms;
    Timer { at, kind, merchant_id, mode, payment_id }
}

/// Whether a due time passed that has not taken effect yet.
fn due_passed(payment: &Payment, now: Timestamp) -> bool {
    let waiting = matches!(payment.state, State::Open | State::InFlight { .. });
    waiting
        && payment.terms.due.is_some_and(|due| now >= due.at)
        && !payment.decide(&Command::PassDue).is_ok_and(|events| events.is_empty())
}
