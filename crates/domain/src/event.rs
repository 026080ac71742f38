//! What happened to a payment.

use crate::attempt::{CardFacts, Submission};
use crate::authentication::{Authentication, AuthenticationFailure, Challenge};
use crate::checkout::Customer;
use crate::decline::DeclineReason;
use crate::doubt::SaidByHand;
use crate::ids::{AttemptId, OperationId};
use crate::money::Money;
use crate::operation::Operation;
use crate::payment::Terms;
use crate::reconciliation::{Adjusted, Matched};
use crate::risk::RefusedTry;
use crate::tender::{Leg, Party};
use crate::time::Timestamp;

/// What happened. Past tense, complete enough to fold a payment from, and never changed once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The first event of every payment.
    Opened(Terms),
    /// The payer saw the page for the first time.
    Viewed,
    /// The payer said who they are; these details stand from now on.
    DetailsGiven(Box<Customer>),
    /// The invoice was mailed.
    InvoiceSent,
    /// The due time passed; it may still be paid.
    Overdue,
    /// The due time passed; it may not be paid any more.
    Expired,
    /// The merchant ended it, or its only try failed.
    Cancelled,
    /// The merchant says it was paid outside the gateway.
    MarkedPaid {
        /// When, by the merchant's word.
        paid_on: Timestamp,
        /// How much.
        amount: Money,
    },
    /// What pays was agreed, part by part; the first part begins with it.
    TenderBegun(Vec<Leg>),
    /// The tender, or the chance to begin one, was ended before it paid.
    TenderEnded(Party),
    /// Written down before the first byte leaves (security U1).
    AttemptSent(Submission),
    /// Written down before the bank is asked; nothing has gone to the acquirer.
    AuthenticationStarted(Submission),
    /// The bank asks the payer.
    Challenged {
        /// The try.
        attempt_id: AttemptId,
        /// The question.
        challenge: Challenge,
    },
    /// The bank has answered; written down before the first byte leaves for the acquirer.
    Authenticated {
        /// The try.
        attempt_id: AttemptId,
        /// What the bank said.
        authentication: Authentication,
        /// When the acquirer's silence becomes doubt.
        deadline: Timestamp,
    },
    /// The payment does not go on; the decline that follows says so to everybody else.
    NotAuthenticated {
        /// The try.
        attempt_id: AttemptId,
        /// Why.
        failure: AuthenticationFailure,
    },
    /// A try that went nowhere.
    AttemptRefused(RefusedTry),
    /// No more tries are taken; the merchant may still end it otherwise.
    TriesUsedUp,
    /// The payer has to confirm it at the acquirer.
    Redirected {
        /// The try.
        attempt_id: AttemptId,
        /// A page of the acquirer's.
        url: String,
    },
    /// Nobody waits any more for what the payer decides on the acquirer's page: it is undone.
    Left {
        /// The try.
        attempt_id: AttemptId,
        /// The payer gave it up, or took too long.
        reason: DeclineReason,
    },
    /// The acquirer was silent or unreadable.
    AttemptUnknown {
        /// The try.
        attempt_id: AttemptId,
    },
    /// Money was reserved, or for nothing: the card was checked.
    Authorized {
        /// The try.
        attempt_id: AttemptId,
        /// How much.
        amount: Money,
        /// The acquirer's own number for it.
        acquirer_reference: String,
        /// About the card.
        facts: CardFacts,
    },
    /// Reserved money was taken.
    Captured {
        /// The try that reserved it.
        attempt_id: AttemptId,
        /// The operation that took it; `None` when it was taken with the authorization.
        operation_id: Option<OperationId>,
        /// How much.
        amount: Money,
        /// What the merchant is charged for it.
        fee: Money,
    },
    /// The issuer or acquirer said no.
    Declined {
        /// The try.
        attempt_id: AttemptId,
        /// Why.
        reason: DeclineReason,
        /// About the card.
        facts: CardFacts,
    },
    /// Written down before the reversal leaves.
    ReversalSent {
        /// The try.
        attempt_id: AttemptId,
    },
    /// The acquirer undid the try, or never had it.
    Reversed {
        /// The try.
        attempt_id: AttemptId,
    },
    /// Written down before the first byte leaves.
    OperationSent(Operation),
    /// The acquirer refused an operation.
    OperationFailed {
        /// Which.
        operation_id: OperationId,
        /// Why.
        reason: DeclineReason,
    },
    /// The acquirer was silent or unreadable about an operation.
    OperationUnknown {
        /// Which.
        operation_id: OperationId,
    },
    /// What a leg had reserved was given back without an operation: with its tender, or forgotten by the acquirer.
    Released {
        /// The leg's try.
        attempt_id: AttemptId,
        /// How much.
        amount: Money,
    },
    /// Reserved money was given back.
    Voided {
        /// The operation that gave it back; `None` when the acquirer forgot the reservation.
        operation_id: Option<OperationId>,
        /// How much.
        amount: Money,
    },
    /// Taken money was given back.
    Refunded {
        /// Which operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// An operator said what became of something in doubt; what follows from it comes after it.
    SettledByHand(SaidByHand),
    /// The kept card is being forgotten.
    CardForgetting,
    /// The kept card is forgotten.
    CardForgotten,
    /// The money is being cleared.
    Cleared,
    /// The money was paid to us.
    Settled {
        /// How much.
        amount: Money,
    },
    /// The payer's bank took the money back.
    ChargedBack {
        /// How much.
        amount: Money,
    },
    /// The bank gave it again.
    ChargebackReversed {
        /// How much.
        amount: Money,
    },
    /// A line of the acquirer's settlement file says what we say.
    Matched(Matched),
    /// What we and the acquirer's files differ in was settled.
    Adjusted(Adjusted),
}

impl Event {
    /// As stored and shown to operators.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Viewed => "viewed",
            Self::DetailsGiven(_) => "details_given",
            Self::InvoiceSent => "invoice_sent",
            Self::Overdue => "overdue",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::MarkedPaid { .. } => "marked_paid",
            Self::TenderBegun(_) => "tender_begun",
            Self::TenderEnded(_) => "tender_ended",
            Self::Redirected { .. } => "redirected",
            Self::Left { .. } => "left",
            Self::OperationUnknown { .. } => "operation_unknown",
            Self::Released { .. } => "released",
            Self::AttemptSent(_) => "attempt_sent",
            Self::AuthenticationStarted(_) => "authentication_started",
            Self::Challenged { .. } => "challenged",
            Self::Authenticated { .. } => "authenticated",
            Self::NotAuthenticated { .. } => "not_authenticated",
            Self::AttemptRefused(_) => "attempt_refused",
            Self::TriesUsedUp => "tries_used_up",
            Self::AttemptUnknown { .. } => "attempt_unknown",
            Self::Authorized { .. } => "authorized",
            Self::Captured { .. } => "captured",
            Self::Declined { .. } => "declined",
            Self::ReversalSent { .. } => "reversal_sent",
            Self::Reversed { .. } => "reversed",
            Self::OperationSent(_) => "operation_sent",
            Self::OperationFailed { .. } => "operation_failed",
            Self::Voided { .. } => "voided",
            Self::Refunded { .. } => "refunded",
            Self::SettledByHand(_) => "settled_by_hand",
            Self::CardForgetting => "card_forgetting",
            Self::CardForgotten => "card_forgotten",
            Self::Cleared => "cleared",
            Self::Settled { .. } => "settled",
            Self::ChargedBack { .. } => "charged_back",
            Self::ChargebackReversed { .. } => "chargeback_reversed",
            Self::Matched(_) => "matched",
            Self::Adjusted(_) => "adjusted",
        }
    }
}
