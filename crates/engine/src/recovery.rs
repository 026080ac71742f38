//! What time does to payments, and what is in doubt: due timers, inquiries, reversals (security 14).
//!
//! Who acts: timers, at their moments or after a restart. Nothing here depends on being in time: a late inquiry finds
//! the same payment and asks the same question.

use std::time::Duration;

use acquirer::{Answer, Request};
use domain::{
    AttemptId, AttemptStatus, AuthenticationFailure, Command, DeclineReason, Event, OperationId, OperationKind,
    OperationStatus, Order, Payment, Recorded, State, Submission, Timestamp,
};
use store::{Changeset, Timer, TimerKind};

use crate::checkouts::{Asking, HOLD_LIFE, authorized_at, timer};
use crate::operations::{Sending, kept_submission};
use crate::payments::ACQUIRER_WAIT;
use crate::tenders::REDIRECT_WAIT;
use crate::{Engine, Error};

/// When to ask after a try in doubt, in seconds since the doubt; then hourly to the end of the day (security U3), and each
/// day from then on, beside the operator who asks by other means ([`crate::doubts`]).
const INQUIRIES: [u64; 5] = [5, 15, 60, 5 * 60, 30 * 60];
/// The first of them.
pub(crate) const FIRST_INQUIRY: Duration = Duration::from_secs(INQUIRIES[0]);
const HOURLY: u64 = 3_600;
/// "Not found" counts only when the request can no longer be on its way, and was heard twice.
const IN_FLIGHT_AFTER_DEADLINE: Duration = Duration::from_secs(60);
const NOT_FOUND_ENOUGH: u32 = 2;
/// A reversal is repeated until it is acknowledged (security U4): each minute of the first hour, then as inquiries are.
const REVERSAL_AGAIN: Duration = Duration::from_secs(60);
const REVERSALS_OFTEN: u32 = 60;
/// What nobody wants is not asked after for longer than this rung of the ladder: it is undone without knowing.
pub(crate) const UNWANTED_RUNGS: u32 = 5;
/// A release that nobody asked for is repeated each minute of the first hour, then hourly (card-payments-api 3.4).
const RELEASE_AGAIN: Duration = Duration::from_secs(60);
const RELEASES_OFTEN: u32 = 60;

impl Engine {
    /// Carries out a due timer of a payment.
    pub(crate) async fn carry_out(&self, due: &Timer) -> Result<(), Error> {
        let history = self.0.store.history(due.merchant_id, due.mode, due.payment_id).await?;
        let Some(payment) = Payment::fold(history.iter().map(|recorded| &recorded.event)) else {
            return self.forget(due).await;
        };
        let asking = Asking::Merchant(due.merchant_id, due.mode, payment.terms.checkout_id);
        match due.kind {
            // What is under way decides first; its end sees that the moment is past.
            TimerKind::Due => self.run_due(asking, due, &Command::PassDue).await,
            TimerKind::Lapse => self.run_due(asking, due, &Command::Lapse).await,
            TimerKind::Capture => self.capture_due(asking, due).await,
            TimerKind::ForgetCard => {
                let card_id = kept_submission(&payment, &history).and_then(Submission::card_id);
                let card = card_id.map(|card_id| (payment.terms.checkout_id, card_id));
                if card.is_none() {
                    return self.forget(due).await;
                }
                self.run(asking, &Command::ForgetCard, |_, change| {
                    change.timers_done.push(due.clone());
                    change.forgotten_card = card;
                })
                .await
                .map(|_| ())
            }
            TimerKind::Release { asked } => self.release_held(asking, due, &payment, &history, asked).await,
            // The payer did not come back from the acquirer's page.
            TimerKind::Abandon { attempt_id } if payment.attempt(attempt_id)?.status == AttemptStatus::Redirected => {
                let reason = DeclineReason::Abandoned;
                let is_leg = !payment.legs.is_empty();
                let reverse = Command::Reverse { attempt_id };
                let command = if is_leg { reverse } else { Command::Leave { attempt_id, reason } };
                self.run_due(asking, due, &command).await
            }
            TimerKind::Abandon { attempt_id } => {
                self.forget_waiting_card(attempt_id);
                let failure = AuthenticationFailure::Abandoned;
                self.run_due(asking, due, &Command::GiveUp { attempt_id, failure }).await
            }
            TimerKind::Inquire { attempt_id, asked, not_found } => match payment.attempt(attempt_id)?.status {
                AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected => {
                    self.inquire(asking, due, &payment, &history, attempt_id, (asked, not_found)).await
                }
                AttemptStatus::Authenticating
                | AttemptStatus::Approved
                | AttemptStatus::Declined
                | AttemptStatus::Reversing
                | AttemptStatus::Reversed => self.forget(due).await,
            },
            TimerKind::Reverse { attempt_id, asked } => match payment.attempt(attempt_id)?.status {
                AttemptStatus::Reversing => self.reverse(asking, due, &payment, &history, attempt_id, asked).await,
                AttemptStatus::Authenticating
                | AttemptStatus::Sent
                | AttemptStatus::Unknown
                | AttemptStatus::Redirected
                | AttemptStatus::Approved
                | AttemptStatus::Declined
                | AttemptStatus::Reversed => self.forget(due).await,
            },
            TimerKind::InquireOperation { operation_id, asked, not_found } => {
                match payment.operation(operation_id)?.status {
                    OperationStatus::Sent | OperationStatus::Unknown => {
                        self.inquire_operation(asking, due, &payment, &history, operation_id, (asked, not_found)).await
                    }
                    OperationStatus::Done | OperationStatus::Failed => self.forget(due).await,
                }
            }
        }
    }

    async fn run_due(&self, asking: Asking, due: &Timer, command: &Command) -> Result<(), Error> {
        self.run(asking, command, |_, change| change.timers_done.push(due.clone())).await?;
        Ok(())
    }

    async fn inquire(
        &self,
        asking: Asking,
        due: &Timer,
        payment: &Payment,
        history: &[Recorded],
        attempt_id: AttemptId,
        (asked, not_found): (u32, u32),
    ) -> Result<(), Error> {
        let attempt = payment.attempt(attempt_id)?;
        let deadline = deadline(history, attempt_id);
        let request = Request::Inquire { reference: attempt_id, amount: attempt.amount };
        let answer = self.0.test_acquirer.ask(request).await;
        let now = self.0.env.now();
        let not_found = match answer {
            Answer::Approved { .. } | Answer::Declined { .. } => {
                self.settle(asking, payment, attempt_id, answer, Some(due)).await?;
                return Ok(());
            }
            // The acquirer undid it by itself: asked to do so again, it says yes.
            Answer::Reversed => return self.run_due(asking, due, &Command::Reverse { attempt_id }).await,
            Answer::NotFound if now >= deadline.plus(IN_FLIGHT_AFTER_DEADLINE) => not_found + 1,
            Answer::NotFound | Answer::Pending | Answer::Redirect { .. } | Answer::NotSent | Answer::Unknown => {
                not_found
            }
        };
        if not_found >= NOT_FOUND_ENOUGH {
            // It never arrived; undone, so that it cannot arrive later (security U4).
            return self.run_due(asking, due, &Command::Reverse { attempt_id }).await;
        }
        // The page where its payer was to confirm was lost with the answer: nobody ever will.
        if matches!(answer, Answer::Pending)
            && attempt.status != AttemptStatus::Redirected
            && is_local(history, attempt_id)
        {
            return self.run_due(asking, due, &Command::Reverse { attempt_id }).await;
        }
        // A tender does not keep what its other legs reserve for longer (orchestration-api 4.1).
        if !payment.legs.is_empty() && now >= deadline.plus(REDIRECT_WAIT) {
            return self.run_due(asking, due, &Command::Reverse { attempt_id }).await;
        }
        let asked = asked + 1;
        if payment.state == State::Cancelled && asked >= UNWANTED_RUNGS {
            return self.run_due(asking, due, &Command::Reverse { attempt_id }).await;
        }
        // A payer who reads the acquirer's page is no doubt.
        if attempt.status != AttemptStatus::Redirected {
            tracing::info!(%attempt_id, asked, "a payment is in doubt; the acquirer is asked again later");
        }
        let next = TimerKind::Inquire { attempt_id, asked, not_found };
        self.ask_again(due, payment, history, attempt_id.uuid(), (next, asked, gap(asked))).await
    }

    async fn reverse(
        &self,
        asking: Asking,
        due: &Timer,
        payment: &Payment,
        history: &[Recorded],
        attempt_id: AttemptId,
        asked: u32,
    ) -> Result<(), Error> {
        let request = Request::Reverse { reference: attempt_id, amount: payment.attempt(attempt_id)?.amount };
        let answer = self.0.test_acquirer.ask(request).await;
        if matches!(answer, Answer::Reversed) {
            self.settle(asking, payment, attempt_id, answer, Some(due)).await?;
            return Ok(());
        }
        tracing::warn!(%attempt_id, asked, "a reversal is not acknowledged; it is repeated");
        if asked == REVERSALS_OFTEN {
            tracing::error!(%attempt_id, payment_id = %due.payment_id, "a reversal is not acknowledged for an hour: ask the acquirer to undo this reference; the repeats go on, each hour");
        }
        let gap = if asked < REVERSALS_OFTEN { REVERSAL_AGAIN } else { Duration::from_secs(HOURLY) };
        let asked = asked + 1;
        let next = TimerKind::Reverse { attempt_id, asked };
        self.ask_again(due, payment, history, attempt_id.uuid(), (next, asked, gap)).await
    }

    /// Gives back what is held for a payment that was cancelled, or for longer than it may be. The next look is written
    /// down before the acquirer is asked, so that a crash costs a minute.
    async fn release_held(
        &self,
        asking: Asking,
        due: &Timer,
        payment: &Payment,
        history: &[Recorded],
        asked: u32,
    ) -> Result<(), Error> {
        if payment.held().is_zero() {
            return self.forget(due).await;
        }
        let now = self.0.env.now();
        if authorized_at(history).is_some_and(|at| now >= at.plus(HOLD_LIFE)) && payment.pending_operation().is_none() {
            return self.run_due(asking, due, &Command::Lapse).await;
        }
        if asked == RELEASES_OFTEN {
            tracing::error!(payment_id = %due.payment_id, "money that must go back is held for an hour more: ask the acquirer to release it; the repeats go on, each hour");
        }
        let gap = if asked < RELEASES_OFTEN { RELEASE_AGAIN } else { Duration::from_secs(HOURLY) };
        let next = timer(payment, TimerKind::Release { asked: asked + 1 }, now.plus(gap));
        let operation = match payment.pending_operation() {
            // The same reference has one effect.
            Some(operation) if operation.kind == OperationKind::Void => {
                self.reschedule(due, next).await?;
                operation.clone()
            }
            // Its end starts this again.
            Some(_) => return self.forget(due).await,
            None => {
                let operation_id = OperationId::new(self.0.env.ordered_id());
                let void = Command::Operate(Order::new(operation_id, OperationKind::Void));
                let sent = self
                    .run(asking, &void, |_, change| {
                        change.timers_done.push(due.clone());
                        change.timers.push(next.clone());
                    })
                    .await;
                match sent {
                    Ok(sent) => sent.payment.operation(operation_id)?.clone(),
                    // Somebody was faster: the timer is still due, and finds what they did.
                    Err(Error::Refused(_)) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
        let original = payment.approved_attempt()?;
        let answer = self.0.test_acquirer.ask(crate::operations::request(&operation, original)).await;
        let sending = if payment.pending_operation().is_some() { Sending::Again } else { Sending::First };
        self.settle_sent(asking, operation.id, answer, sending).await
    }

    /// Asks after an operation; one that never arrived is sent again under the same reference (security U6).
    async fn inquire_operation(
        &self,
        asking: Asking,
        due: &Timer,
        payment: &Payment,
        history: &[Recorded],
        operation_id: OperationId,
        (asked, not_found): (u32, u32),
    ) -> Result<(), Error> {
        let in_flight_until = sent_at(history, operation_id).plus(ACQUIRER_WAIT).plus(IN_FLIGHT_AFTER_DEADLINE);
        let not_found_counts = self.0.env.now() >= in_flight_until;
        let operation = payment.operation(operation_id)?;
        let original = payment.attempt_of(operation)?;
        let request = Request::InquireOperation {
            reference: operation_id,
            original,
            kind: operation.kind,
            amount: operation.amount,
        };
        let mut answer = self.0.test_acquirer.ask(request).await;
        let mut not_found = match answer {
            Answer::NotFound if not_found_counts => not_found + 1,
            _ => not_found,
        };
        if not_found >= NOT_FOUND_ENOUGH {
            not_found = 0;
            answer = self.0.test_acquirer.ask(crate::operations::request(operation, original)).await;
        }
        if matches!(answer, Answer::Approved { .. } | Answer::Declined { .. }) {
            self.settle_operation(asking, operation_id, answer, Some(due)).await?;
            return Ok(());
        }
        let asked = asked + 1;
        let kind = TimerKind::InquireOperation { operation_id, asked, not_found };
        tracing::info!(%operation_id, asked, "an operation is in doubt; the acquirer is asked again later");
        self.ask_again(due, payment, history, operation_id.uuid(), (kind, asked, gap(asked))).await
    }

    async fn forget(&self, due: &Timer) -> Result<(), Error> {
        let change = Changeset { timers_done: vec![due.clone()], ..Changeset::default() };
        self.0.store.commit(change).await?;
        Ok(())
    }

    async fn reschedule(&self, done: &Timer, next: Timer) -> Result<(), Error> {
        let change = Changeset { timers_done: vec![done.clone()], timers: vec![next], ..Changeset::default() };
        self.0.store.commit(change).await?;
        Ok(())
    }
}

/// The inquiry that watches over a call.
pub(crate) const fn first_inquiry(attempt_id: AttemptId) -> TimerKind {
    TimerKind::Inquire { attempt_id, asked: 0, not_found: 0 }
}

/// When it comes: once the acquirer's silence is doubt.
pub(crate) fn first_inquiry_at(history: &[Recorded], attempt_id: AttemptId) -> Timestamp {
    deadline(history, attempt_id).plus(FIRST_INQUIRY)
}

/// Until when the acquirer's answer to this try is awaited: what was written down when it was sent.
fn deadline(history: &[Recorded], attempt_id: AttemptId) -> Timestamp {
    let sent = history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::AttemptSent(submission) if submission.attempt_id == attempt_id => Some(submission.deadline),
        Event::Authenticated { attempt_id: sent, deadline, .. } if *sent == attempt_id => Some(*deadline),
        _ => None,
    });
    sent.unwrap_or(Timestamp::from_micros(0))
}

/// Whether its payer confirms it on a page of the acquirer's.
fn is_local(history: &[Recorded], attempt_id: AttemptId) -> bool {
    history.iter().any(|recorded| match &recorded.event {
        Event::AttemptSent(sent) => sent.attempt_id == attempt_id && sent.local().is_some(),
        _ => false,
    })
}

/// When an operation was written down.
fn sent_at(history: &[Recorded], operation_id: OperationId) -> Timestamp {
    let sent = history
        .iter()
        .find(|recorded| matches!(&recorded.event, Event::OperationSent(operation) if operation.id == operation_id));
    sent.map_or(Timestamp::from_micros(0), |recorded| recorded.at)
}

/// From one inquiry to the next.
fn gap(asked: u32) -> Duration {
    let asked = usize::try_from(asked).unwrap_or(usize::MAX);
    let seconds = match (INQUIRIES.get(asked), INQUIRIES.get(asked.wrapping_sub(1))) {
        (Some(this), Some(last)) => this - last,
        _ => HOURLY,
    };
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inquiries_come_at_the_rungs_of_the_ladder() {
        let mut at = FIRST_INQUIRY;
        let mut rungs = vec![at.as_secs()];
        for asked in 1..8 {
            at += gap(asked);
            rungs.push(at.as_secs());
        }
        assert_eq!(vec![5, 15, 60, 300, 1_800, 5_400, 9_000, 12_600], rungs);
    }
}
