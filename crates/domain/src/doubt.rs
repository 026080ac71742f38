//! What an acquirer was asked and has not answered: since when, and what an operator may say became of it (security
//! U3, U4, L13).

use std::time::Duration;

use uuid::Uuid;

use crate::attempt::{Attempt, AttemptStatus, CardFacts, Outcome};
use crate::command::OperationOutcome;
use crate::decline::DeclineReason;
use crate::event::Event;
use crate::ids::{AttemptId, OperationId};
use crate::money::Money;
use crate::operation::OperationKind;
use crate::payment::{Payment, Recorded, Refusal};
use crate::time::Timestamp;

/// What is in doubt for longer than this waits in the manual queue for an operator (security U3, U4).
pub const DOUBT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A question that was asked and not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// What is in doubt.
    pub what: InDoubt,
    /// How much it is about.
    pub amount: Money,
    /// Since when: the moment at which what was sent was written down.
    pub since: Timestamp,
}

/// What is in doubt. Its id is the reference the acquirer knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Whether a try was approved.
    Authorization(AttemptId),
    /// Whether a try was undone.
    Reversal(AttemptId),
    /// Whether a capture, void or refund was done.
    Operation(OperationKind, OperationId),
}

impl InDoubt {
    /// The reference the acquirer knows it by.
    #[must_use]
    pub const fn reference(self) -> Uuid {
        match self {
            Self::Authorization(attempt_id) | Self::Reversal(attempt_id) => attempt_id.uuid(),
            Self::Operation(_, operation_id) => operation_id.uuid(),
        }
    }

    /// As stored and shown to operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorization(_) => "authorization",
            Self::Reversal(_) => "reversal",
            Self::Operation(kind, _) => kind.name(),
        }
    }

    /// Reads [`InDoubt::name`] back, with the reference.
    #[must_use]
    pub fn parse(name: &str, reference: Uuid) -> Option<Self> {
        let (attempt_id, operation_id) = (AttemptId::new(reference), OperationId::new(reference));
        let operation = |kind| Self::Operation(kind, operation_id);
        let all = [
            Self::Authorization(attempt_id),
            Self::Reversal(attempt_id),
            operation(OperationKind::Capture),
            operation(OperationKind::Void),
            operation(OperationKind::Refund),
        ];
        all.into_iter().find(|what| what.name() == name)
    }

    /// What can have become of it.
    #[must_use]
    pub const fn verdicts(self) -> &'static [Verdict] {
        match self {
            Self::Authorization(_) => &[Verdict::Approved, Verdict::Declined, Verdict::Reversed],
            Self::Reversal(_) => &[Verdict::Reversed],
            Self::Operation(..) => &[Verdict::Done, Verdict::Failed],
        }
    }
}

/// What became of something in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The try reserved the money, or took it.
    Approved,
    /// The try was refused.
    Declined,
    /// The try was undone, or never arrived and cannot arrive any more.
    Reversed,
    /// The operation was done.
    Done,
    /// The operation was not done and will not be.
    Failed,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 5] = [Self::Approved, Self::Declined, Self::Reversed, Self::Done, Self::Failed];

    /// As stored and said by operators.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Reversed => "reversed",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads [`Verdict::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// What an operator says, who heard it from the acquirer by other means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidByHand {
    /// About what.
    pub what: InDoubt,
    /// What became of it.
    pub verdict: Verdict,
    /// Who says so.
    pub by: String,
    /// Why: whom they asked, and what they were told.
    pub note: String,
}

/// What a payment waits for an acquirer to answer. A try whose payer reads a page of the acquirer's, or is asked by the
/// bank, is no doubt.
#[must_use]
pub fn doubts(payment: &Payment, history: &[Recorded]) -> Vec<Doubt> {
    let last = |is_it: &dyn Fn(&Event) -> bool| {
        history.iter().rev().find(|recorded| is_it(&recorded.event)).map(|recorded| recorded.at)
    };
    let attempts = payment.attempts.iter().filter_map(|&Attempt { id, status, amount, .. }| {
        let (what, since) = match status {
            AttemptStatus::Sent | AttemptStatus::Unknown => {
                let sent = last(&|event| match event {
                    Event::AttemptSent(submission) => submission.attempt_id == id,
                    Event::Authenticated { attempt_id, .. } => *attempt_id == id,
                    _ => false,
                });
                (InDoubt::Authorization(id), sent?)
            }
            AttemptStatus::Reversing => {
                let sent = last(&|event| matches!(event, Event::ReversalSent { attempt_id } if *attempt_id == id));
                (InDoubt::Reversal(id), sent?)
            }
            AttemptStatus::Authenticating
            | AttemptStatus::Redirected
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversed => return None,
        };
        Some(Doubt { what, amount, since })
    });
    let operations = payment.pending_operations().filter_map(|operation| {
        let since = last(&|event| matches!(event, Event::OperationSent(sent) if sent.id == operation.id))?;
        let what = InDoubt::Operation(operation.kind, operation.id);
        Some(Doubt { what, amount: operation.amount, since })
    });
    attempts.chain(operations).collect()
}

impl Payment {
    /// What an operator says became of something in doubt: who said it is written down, and then what the acquirer's own
    /// word would have made of it. An approval that nobody can use any more is undone.
    pub(crate) fn settle_by_hand(&self, said: &SaidByHand) -> Result<Vec<Event>, Refusal> {
        let SaidByHand { what, verdict, .. } = said;
        if !self.is_in_doubt(*what)? {
            return Err(Refusal::NotInDoubt { what: what.name() });
        }
        let misfit = Refusal::WrongVerdict { what: what.name(), verdict: verdict.as_str() };
        let follows = match *what {
            InDoubt::Authorization(attempt_id) => {
                let facts = CardFacts::default();
                match verdict {
                    Verdict::Approved => {
                        let amount = self.attempt(attempt_id)?.amount;
                        // The acquirer's own number is not known: ours stands in its place.
                        let acquirer_reference = attempt_id.to_string();
                        self.settle(attempt_id, &Outcome::Approved { amount, acquirer_reference, facts })?
                    }
                    Verdict::Declined => {
                        let reason = DeclineReason::DoNotHonour;
                        self.settle(attempt_id, &Outcome::Declined { reason, facts })?
                    }
                    Verdict::Reversed => self.reversed(attempt_id),
                    Verdict::Done | Verdict::Failed => return Err(misfit),
                }
            }
            InDoubt::Reversal(attempt_id) => match verdict {
                Verdict::Reversed => self.settle(attempt_id, &Outcome::ReversalAcknowledged)?,
                Verdict::Approved | Verdict::Declined | Verdict::Done | Verdict::Failed => return Err(misfit),
            },
            InDoubt::Operation(_, operation_id) => {
                let outcome = match verdict {
                    Verdict::Done => OperationOutcome::Done,
                    Verdict::Failed => OperationOutcome::Refused(DeclineReason::AcquirerError),
                    Verdict::Approved | Verdict::Declined | Verdict::Reversed => return Err(misfit),
                };
                self.settle_operation(operation_id, outcome)?
            }
        };
        Ok([Event::SettledByHand(said.clone())].into_iter().chain(follows).collect())
    }

    fn is_in_doubt(&self, what: InDoubt) -> Result<bool, Refusal> {
        Ok(match what {
            InDoubt::Authorization(attempt_id) => {
                matches!(self.attempt(attempt_id)?.status, AttemptStatus::Sent | AttemptStatus::Unknown)
            }
            InDoubt::Reversal(attempt_id) => self.attempt(attempt_id)?.status == AttemptStatus::Reversing,
            InDoubt::Operation(kind, operation_id) => {
                self.pending_operations().any(|operation| operation.id == operation_id && operation.kind == kind)
            }
        })
    }
}
