//! What an acquirer's answer makes of a try, by how far it got (security U5, U7). The table of all moves is in the tests.

use crate::attempt::{Attempt, AttemptStatus, CardFacts, Outcome};
use crate::event::Event;
use crate::ids::AttemptId;
use crate::payment::{CaptureMode, Payment, Refusal, State};

impl Payment {
    /// What an answer means, by how far its try got. A repeated answer changes nothing.
    pub(crate) fn settle(&self, attempt_id: AttemptId, outcome: &Outcome) -> Result<Vec<Event>, Refusal> {
        let attempt = self.attempt(attempt_id)?;
        Ok(match (attempt.status, outcome) {
            (
                AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected,
                Outcome::Approved { amount, acquirer_reference, facts },
            ) => {
                if *amount == attempt.amount && self.may_accept(attempt_id) {
                    self.approved(attempt, acquirer_reference, facts)
                } else {
                    // A part is not what was asked for, and what was paid otherwise is not paid again: it is given back
                    // (security U5, U7).
                    vec![Event::ReversalSent { attempt_id }]
                }
            }
            (
                AttemptStatus::Sent
                | AttemptStatus::Unknown
                | AttemptStatus::Redirected
                | AttemptStatus::Authenticating,
                Outcome::Declined { reason, facts },
            ) => self.failed(Event::Declined { attempt_id, reason: *reason, facts: facts.clone() }),
            (AttemptStatus::Sent | AttemptStatus::Unknown, Outcome::Redirected { url }) => {
                vec![Event::Redirected { attempt_id, url: url.clone() }]
            }
            (AttemptStatus::Sent, Outcome::Unknown) => vec![Event::AttemptUnknown { attempt_id }],
            // We were told no, or that it was undone, and later yes: nobody waits for this money any more.
            (AttemptStatus::Declined | AttemptStatus::Reversed, Outcome::Approved { .. }) => {
                vec![Event::ReversalSent { attempt_id }]
            }
            // It was a leg of a tender that came to nothing.
            (AttemptStatus::Reversing, Outcome::ReversalAcknowledged)
                if !attempt.held().is_zero() && !self.is_in_flight(attempt_id) =>
            {
                vec![Event::Released { attempt_id, amount: attempt.held() }]
            }
            (AttemptStatus::Reversing, Outcome::ReversalAcknowledged) => self.reversed(attempt_id),
            (AttemptStatus::Unknown, Outcome::Unknown)
            | (AttemptStatus::Sent | AttemptStatus::Unknown, Outcome::Pending | Outcome::ReversalAcknowledged)
            | (
                AttemptStatus::Redirected,
                Outcome::Pending | Outcome::Unknown | Outcome::Redirected { .. } | Outcome::ReversalAcknowledged,
            )
            | (
                AttemptStatus::Authenticating,
                Outcome::Approved { .. }
                | Outcome::Pending
                | Outcome::Redirected { .. }
                | Outcome::Unknown
                | Outcome::ReversalAcknowledged,
            )
            | (
                AttemptStatus::Declined,
                Outcome::Declined { .. }
                | Outcome::Pending
                | Outcome::Redirected { .. }
                | Outcome::Unknown
                | Outcome::ReversalAcknowledged,
            )
            | (
                AttemptStatus::Reversing,
                Outcome::Approved { .. }
                | Outcome::Declined { .. }
                | Outcome::Pending
                | Outcome::Redirected { .. }
                | Outcome::Unknown,
            )
            | (AttemptStatus::Approved, _)
            | (
                AttemptStatus::Reversed,
                Outcome::Declined { .. }
                | Outcome::Pending
                | Outcome::Redirected { .. }
                | Outcome::Unknown
                | Outcome::ReversalAcknowledged,
            ) => vec![],
        })
    }

    /// Whether an approval of this try is still of use: it is the one that is waited for, or its payment was cancelled
    /// meanwhile and gives back what it reserves (card-payments-api 3.4).
    fn may_accept(&self, attempt_id: AttemptId) -> bool {
        let gives_back = self.state == State::Cancelled && self.terms.capture == CaptureMode::Manual;
        self.is_in_flight(attempt_id) || gives_back
    }

    /// The try was undone.
    pub(crate) fn reversed(&self, attempt_id: AttemptId) -> Vec<Event> {
        let reversed = Event::Reversed { attempt_id };
        if self.is_in_flight(attempt_id) { self.failed(reversed) } else { vec![reversed] }
    }

    /// Whether an outcome that was just heard is the opposite of what the acquirer said before, as this payment's journal
    /// tells: somebody should ask it (security U7).
    #[must_use]
    pub fn is_contradicted<'e>(
        &self,
        journal: impl IntoIterator<Item = &'e Event>,
        attempt_id: AttemptId,
        outcome: &Outcome,
    ) -> bool {
        let Ok(attempt) = self.attempt(attempt_id) else { return false };
        match outcome {
            Outcome::Approved { .. } if attempt.status == AttemptStatus::Reversing => {
                journal.into_iter().any(|event| match event {
                    Event::Declined { attempt_id: of, .. } | Event::Reversed { attempt_id: of } => *of == attempt_id,
                    _ => false,
                })
            }
            Outcome::Declined { .. } | Outcome::ReversalAcknowledged => attempt.status == AttemptStatus::Approved,
            Outcome::Approved { .. } | Outcome::Pending | Outcome::Redirected { .. } | Outcome::Unknown => false,
        }
    }

    fn approved(&self, attempt: &Attempt, acquirer_reference: &str, facts: &CardFacts) -> Vec<Event> {
        let (attempt_id, amount) = (attempt.id, attempt.amount);
        let authorized = Event::Authorized {
            attempt_id,
            amount,
            acquirer_reference: acquirer_reference.to_owned(),
            facts: facts.clone(),
        };
        match self.terms.capture {
            CaptureMode::Automatic => {
                let fee = self.terms.fees.on(amount);
                vec![authorized, Event::Captured { attempt_id, operation_id: None, amount, fee }]
            }
            CaptureMode::Manual => vec![authorized],
        }
    }
}
