//! Transactions: what moved a merchant's money, one for each event that did. How much is in the event's postings.

use uuid::Uuid;

use crate::attempt::PaidBy;
use crate::event::Event;
use crate::payment::Payment;

/// What kind of movement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// Money was taken from a payer.
    Payment,
    /// The merchant gave some of it back.
    Refund,
    /// The payer's bank took it back.
    Chargeback,
    /// The bank gave it again.
    ChargebackReversal,
    /// The merchant got it outside the gateway: nothing passed through us.
    MarkedPaid,
}

impl TransactionKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Payment, Self::Refund, Self::Chargeback, Self::ChargebackReversal, Self::MarkedPaid];

    /// As stored, and as merchants read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::ChargebackReversal => "chargeback_reversal",
            Self::MarkedPaid => "marked_as_paid",
        }
    }

    /// Reads [`TransactionKind::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What an event of a payment moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What kind of movement it is.
    pub kind: TransactionKind,
    /// What the acquirer knows it by; the payment's own id where no acquirer was asked.
    pub reference: Uuid,
    /// What it was paid with; of a payment by tender, that leg.
    pub paid_by: PaidBy,
}

impl Payment {
    /// What an event of this payment moved, read when it had been applied; `None` when it moved nothing of the merchant's.
    #[must_use]
    pub fn transaction(&self, event: &Event) -> Option<Transaction> {
        let own = self.terms.payment_id.uuid();
        let (kind, reference, attempt_id) = match event {
            Event::Captured { attempt_id, operation_id, .. } => {
                let reference = operation_id.map_or(attempt_id.uuid(), |operation_id| operation_id.uuid());
                (TransactionKind::Payment, reference, Some(*attempt_id))
            }
            Event::Refunded { operation_id, .. } => {
                (TransactionKind::Refund, operation_id.uuid(), self.attempt_operated(Some(*operation_id)))
            }
            Event::ChargedBack { .. } => (TransactionKind::Chargeback, own, self.approved_attempt().ok()),
            Event::ChargebackReversed { .. } => {
                (TransactionKind::ChargebackReversal, own, self.approved_attempt().ok())
            }
            Event::MarkedPaid { .. } => (TransactionKind::MarkedPaid, own, None),
            Event::Opened(_)
            | Event::Viewed
            | Event::DetailsGiven(_)
            | Event::InvoiceSent
            | Event::Overdue
            | Event::Expired
            | Event::Cancelled
            | Event::TenderBegun(_)
            | Event::TenderEnded(_)
            | Event::AttemptSent(_)
            | Event::AuthenticationStarted(_)
            | Event::Challenged { .. }
            | Event::Authenticated { .. }
            | Event::NotAuthenticated { .. }
            | Event::AttemptRefused(_)
            | Event::TriesUsedUp
            | Event::Redirected { .. }
            | Event::Left { .. }
            | Event::AttemptUnknown { .. }
            | Event::Authorized { .. }
            | Event::Declined { .. }
            | Event::ReversalSent { .. }
            | Event::Reversed { .. }
            | Event::OperationSent(_)
            | Event::OperationFailed { .. }
            | Event::OperationUnknown { .. }
            | Event::Released { .. }
            | Event::Voided { .. }
            | Event::SettledByHand(_)
            | Event::CardForgetting
            | Event::CardForgotten
            | Event::Cleared
            | Event::Settled { .. }
            | Event::Matched(_)
            | Event::Adjusted(_) => return None,
        };
        let attempt = attempt_id.and_then(|attempt_id| self.attempt(attempt_id).ok());
        Some(Transaction {
            kind,
            reference,
            paid_by: attempt.map(|attempt| attempt.paid_by.clone()).unwrap_or_default(),
        })
    }
}
