//! A capture, void or refund: as it was written down, and how far it got.

use crate::ids::{AttemptId, OperationId};
use crate::money::Money;

/// A capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The reference the acquirer knows it by, the same on every repeat.
    pub id: OperationId,
    /// What is done.
    pub kind: OperationKind,
    /// How much, in the payment's currency.
    pub amount: Money,
    /// What a capture leaves of the reservation stays reserved.
    pub keeps_rest: bool,
    /// A running number of the dialect's, when it makes one.
    pub number: Option<u64>,
    /// The merchant's words for it; may be empty.
    pub note: String,
    /// Of a payment by tender: what this is a part of.
    pub part: Option<Part>,
    /// How far it got.
    pub status: OperationStatus,
}

/// An operation on a tender spreads over its legs: what all its parts share, and the leg of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The operation as the merchant knows it.
    pub of: OperationId,
    /// The leg.
    pub attempt_id: AttemptId,
    /// Nobody asked for it: the payment captures by itself.
    pub automatic: bool,
    /// The dialect's own, kept with the first part; may be empty.
    pub document: String,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Takes reserved money; what is left of the reservation is given back with it, or kept.
    Capture,
    /// Gives back what is left of the reservation.
    Void,
    /// Gives taken money back.
    Refund,
}

impl OperationKind {
    /// As stored and shown to operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// How far an operation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationStatus {
    /// Durable before the first byte left; no final answer yet.
    Sent,
    /// No answer, or one nobody can read: it may or may not be done. Only of payments by tender, which show it.
    Unknown,
    /// Done.
    Done,
    /// The acquirer refused it.
    Failed,
}
