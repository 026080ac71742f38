//! What the outside is told of an event; each dialect gives it a name and a body of its own.

use crate::attempt::Flow;
use crate::event::Event;
use crate::ids::{AttemptId, OperationId};
use crate::operation::OperationKind;
use crate::payment::{CaptureMode, Payment, State};

macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Something worth telling.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Notice {
            $($(#[$doc])* $name,)*
        }

        impl Notice {
            /// Every notice, for tables.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// Reads [`Notice::as_str`] back.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|notice| notice.as_str() == text)
            }
        }
    };
}

notices! {
    /// Made.
    Opened = "opened",
    /// Seen by the payer.
    Viewed = "viewed",
    /// A payer submitted what pays.
    Submitted = "submitted",
    /// A payer's try waits for the bank or the acquirer.
    Pending = "pending",
    /// A merchant's charge of a kept card waits for the acquirer.
    ChargePending = "charge_pending",
    /// Money was taken.
    Paid = "paid",
    /// The merchant says it was paid outside the gateway.
    PaidElsewhere = "paid_elsewhere",
    /// Money was reserved.
    Held = "held",
    /// The card was checked and kept.
    Verified = "verified",
    /// The payer is sent the invoice.
    Invoiced = "invoiced",
    /// A try failed.
    Failed = "failed",
    /// Ended unpaid.
    Cancelled = "cancelled",
    /// Its strict due time passed unpaid.
    Expired = "expired",
    /// A capture waits for the acquirer.
    CapturePending = "capture_pending",
    /// Reserved money was taken.
    Captured = "captured",
    /// A capture was refused.
    CaptureFailed = "capture_failed",
    /// A release waits for the acquirer.
    ReleasePending = "release_pending",
    /// Reserved money was given back.
    Released = "released",
    /// A release was refused.
    ReleaseFailed = "release_failed",
    /// A refund waits for the acquirer.
    RefundPending = "refund_pending",
    /// Taken money was given back.
    Refunded = "refunded",
    /// A refund was refused.
    RefundFailed = "refund_failed",
    /// The kept card is being forgotten.
    CardForgetting = "card_forgetting",
    /// The kept card is forgotten.
    CardForgotten = "card_forgotten",
    /// The acquirer paid us.
    Settled = "settled",
    /// The payer's bank took the money back.
    ChargedBack = "charged_back",
    /// The bank gave it again.
    ChargebackReversed = "chargeback_reversed",
}

/// What is told of `event`, which happened to `payment` as it was before; in the order in which it is told.
#[must_use]
pub fn notices(payment: &Payment, event: &Event) -> Vec<Notice> {
    // What a try of a cancelled payment still reserves, and its way back, concern nobody (card-payments-api 3.4).
    let is_unwanted = payment.state == State::Cancelled;
    match event {
        Event::Authorized { .. }
        | Event::OperationSent(_)
        | Event::OperationFailed { .. }
        | Event::OperationUnknown { .. }
        | Event::Voided { .. }
            if is_unwanted =>
        {
            vec![]
        }
        Event::Opened(_) => vec![Notice::Opened],
        // A leg that goes on by way of the bank is the same tender.
        Event::TenderBegun(_) if !payment.legs.is_empty() => vec![],
        Event::TenderBegun(_) => vec![Notice::Submitted],
        // A tender is held with its last leg.
        Event::Authorized { attempt_id, .. }
            if payment.legs.iter().map(|leg| leg.submission.attempt_id).any(|leg| {
                leg != *attempt_id && !payment.is_approved(leg)
            }) =>
        {
            vec![]
        }
        Event::Viewed => vec![Notice::Viewed],
        Event::InvoiceSent => vec![Notice::Invoiced],
        Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) => match submission.flow {
            Flow::HostedPage | Flow::DirectPost => vec![Notice::Pending],
            Flow::Api => vec![Notice::ChargePending],
        },
        Event::Authorized { amount, .. } => match payment.terms.capture {
            CaptureMode::Automatic => vec![],
            CaptureMode::Manual if amount.is_zero() => vec![Notice::Verified],
            CaptureMode::Manual => vec![Notice::Held],
        },
        Event::Captured { operation_id: None, .. } => vec![Notice::Paid],
        Event::MarkedPaid { .. } => vec![Notice::PaidElsewhere],
        Event::Captured { operation_id: Some(_), .. } => vec![Notice::Captured, Notice::Paid],
        Event::AttemptRefused(_) => vec![Notice::Failed],
        // A try that failed or was undone when nobody waited for it any more is no news.
        Event::Declined { attempt_id, .. } | Event::Reversed { attempt_id } if is_awaited(payment, *attempt_id) => {
            vec![Notice::Failed]
        }
        Event::Cancelled | Event::TenderEnded(_) => vec![Notice::Cancelled],
        Event::Expired => vec![Notice::Expired],
        Event::OperationSent(operation) => vec![pending(operation.kind)],
        Event::OperationUnknown { operation_id } => kind(payment, *operation_id).map(pending).into_iter().collect(),
        // What a leg of a tender that came to nothing gives back concerns nobody.
        Event::Released { .. } => match payment.state {
            State::Authorized | State::Captured => vec![Notice::Released],
            State::Open
            | State::InFlight { .. }
            | State::Verified
            | State::Voided
            | State::PaidElsewhere
            | State::ChargedBack
            | State::Cancelled
            | State::Expired => vec![],
        },
        Event::OperationFailed { operation_id, .. } => match kind(payment, *operation_id) {
            Some(OperationKind::Capture) => vec![Notice::CaptureFailed],
            Some(OperationKind::Void) => vec![Notice::ReleaseFailed],
            Some(OperationKind::Refund) => vec![Notice::RefundFailed],
            None => vec![],
        },
        Event::Voided { operation_id, .. } => match operation_id.and_then(|id| kind(payment, id)) {
            // What a capture gives back goes without a word of its own.
            Some(OperationKind::Capture) => vec![],
            Some(OperationKind::Void | OperationKind::Refund) | None => vec![Notice::Released],
        },
        Event::Refunded { .. } => vec![Notice::Refunded],
        Event::CardForgetting => vec![Notice::CardForgetting],
        Event::CardForgotten => vec![Notice::CardForgotten],
        Event::Settled { .. } => vec![Notice::Settled],
        Event::ChargedBack { .. } => vec![Notice::ChargedBack],
        Event::ChargebackReversed { .. } => vec![Notice::ChargebackReversed],
        Event::Declined { .. }
        | Event::Reversed { .. }
        | Event::DetailsGiven(_)
        // Told of with the failure of the last of them.
        | Event::TriesUsedUp
        | Event::Overdue
        | Event::Challenged { .. }
        | Event::Authenticated { .. }
        | Event::NotAuthenticated { .. }
        | Event::Redirected { .. }
        | Event::Left { .. }
        | Event::AttemptUnknown { .. }
        | Event::ReversalSent { .. }
        | Event::SettledByHand(_)
        | Event::Cleared
        | Event::Matched(_)
        | Event::Adjusted(_) => vec![],
    }
}

const fn pending(kind: OperationKind) -> Notice {
    match kind {
        OperationKind::Capture => Notice::CapturePending,
        OperationKind::Void => Notice::ReleasePending,
        OperationKind::Refund => Notice::RefundPending,
    }
}

fn is_awaited(payment: &Payment, attempt_id: AttemptId) -> bool {
    payment.state == State::InFlight { attempt_id }
}

fn kind(payment: &Payment, operation_id: OperationId) -> Option<OperationKind> {
    payment.operation(operation_id).ok().map(|operation| operation.kind)
}
