//! The status machine of section 4, as a pure function of what happened.

use domain::{
    AttemptId, BlockedBy, CaptureMode, CardField, DeclineReason, Event, FieldFault, Flow, Notice, OperationId,
    OperationKind, Payment, State,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a purchase stands, in the words of section 4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "clients are told every status there is, reached today or not")]
pub(crate) enum Status {
    Created,
    Sent,
    Viewed,
    Error,
    Blocked,
    Overdue,
    Expired,
    Cancelled,
    PendingExecute,
    PendingCharge,
    Hold,
    PendingCapture,
    PendingRelease,
    Released,
    Preauthorized,
    Paid,
    Cleared,
    Settled,
    PendingRefund,
    Refunded,
    Chargeback,
}

impl Status {
    /// Whether `checkout_url` is the payment form.
    #[must_use]
    pub(crate) const fn is_payable(self) -> bool {
        match self {
            Self::Created | Self::Sent | Self::Viewed | Self::Error | Self::Blocked | Self::Overdue => true,
            Self::Expired
            | Self::Cancelled
            | Self::PendingExecute
            | Self::PendingCharge
            | Self::Hold
            | Self::PendingCapture
            | Self::PendingRelease
            | Self::Released
            | Self::Preauthorized
            | Self::Paid
            | Self::Cleared
            | Self::Settled
            | Self::PendingRefund
            | Self::Refunded
            | Self::Chargeback => false,
        }
    }
}

/// The status after `event`, which happened to `payment` as it was before and stood at `status`.
#[must_use]
pub(crate) fn after(status: Status, payment: &Payment, event: &Event) -> Status {
    match event {
        Event::Opened(_) => Status::Created,
        // A view after a failure or the due time changes nothing (4.3).
        Event::Viewed => match status {
            Status::Created | Status::Sent => Status::Viewed,
            other => other,
        },
        // An invoice that is mailed again changes nothing (4.2).
        Event::InvoiceSent if status == Status::Created => Status::Sent,
        // What is under way decides, not the clock (4.2).
        Event::Overdue if status.is_payable() => Status::Overdue,
        Event::Expired => Status::Expired,
        Event::Cancelled => Status::Cancelled,
        Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) => match submission.flow {
            Flow::HostedPage | Flow::DirectPost => Status::PendingExecute,
            Flow::Api => Status::PendingCharge,
        },
        Event::AttemptRefused(refused) => failed(refused.reason),
        Event::TriesUsedUp => Status::Blocked,
        Event::Declined { attempt_id, reason, .. } if is_awaited(payment, *attempt_id) => failed(*reason),
        Event::Reversed { attempt_id } if is_awaited(payment, *attempt_id) => Status::Error,
        // With automatic capture the next event says that the money was taken.
        Event::Authorized { amount, .. } => match payment.terms.capture {
            CaptureMode::Automatic => status,
            CaptureMode::Manual if amount.is_zero() => Status::Preauthorized,
            CaptureMode::Manual => Status::Hold,
        },
        Event::Captured { .. } | Event::MarkedPaid { .. } => Status::Paid,
        Event::OperationSent(operation) => match operation.kind {
            OperationKind::Capture => Status::PendingCapture,
            OperationKind::Void => Status::PendingRelease,
            OperationKind::Refund => Status::PendingRefund,
        },
        Event::OperationFailed { operation_id, .. } => match operation(payment, *operation_id) {
            Some(OperationKind::Capture | OperationKind::Void) => Status::Hold,
            Some(OperationKind::Refund) => taken(payment),
            None => status,
        },
        // The rest of a partial capture goes back without a word of its own.
        Event::Voided { .. } if payment.captured.is_zero() => Status::Released,
        Event::Refunded { .. } => Status::Refunded,
        Event::ChargedBack { .. } => Status::Chargeback,
        Event::ChargebackReversed { .. } => taken(payment),
        Event::InvoiceSent
        | Event::TenderBegun(_)
        | Event::TenderEnded(_)
        | Event::Redirected { .. }
        | Event::Left { .. }
        | Event::OperationUnknown { .. }
        | Event::SettledByHand(_)
        | Event::Released { .. }
        | Event::DetailsGiven(_)
        | Event::Overdue
        | Event::Declined { .. }
        | Event::Reversed { .. }
        | Event::Challenged { .. }
        | Event::Authenticated { .. }
        | Event::NotAuthenticated { .. }
        | Event::AttemptUnknown { .. }
        | Event::ReversalSent { .. }
        | Event::Voided { .. }
        | Event::CardForgetting
        | Event::CardForgotten
        // Cleared and settled money stays `paid` here (10.2 #27).
        | Event::Cleared
        | Event::Matched(_)
        | Event::Adjusted(_)
        | Event::Settled { .. } => status,
    }
}

/// Where taken money stands when nothing else is going on: what a failed refund or a reversed chargeback returns to.
fn taken(payment: &Payment) -> Status {
    if payment.refunded.is_zero() { Status::Paid } else { Status::Refunded }
}

/// What the operation does.
pub(crate) fn operation(payment: &Payment, operation_id: OperationId) -> Option<OperationKind> {
    payment.operation(operation_id).ok().map(|operation| operation.kind)
}

/// Whether the payer's try is the one that is waited for.
pub(crate) fn is_awaited(payment: &Payment, attempt_id: AttemptId) -> bool {
    payment.state == State::InFlight { attempt_id }
}

fn failed(reason: DeclineReason) -> Status {
    if is_fraud(reason) { Status::Blocked } else { Status::Error }
}

/// The group "fraud and block" of 11.2.
const fn is_fraud(reason: DeclineReason) -> bool {
    matches!(reason, DeclineReason::SuspectedFraud | DeclineReason::SecurityViolation | DeclineReason::Blocked(_))
}

/// The code of 11.2 and a sentence for the merchant.
#[must_use]
pub(crate) const fn error_of(reason: DeclineReason) -> (&'static str, &'static str) {
    match reason {
        DeclineReason::DoNotHonour => ("do_not_honour", "The bank refused the payment without saying why."),
        DeclineReason::InsufficientFunds => ("insufficient_funds", "There is not enough money on the card."),
        DeclineReason::ExpiredCard => ("expired_card", "The card has expired."),
        DeclineReason::LostCard => ("lost_card", "The card was reported lost."),
        DeclineReason::StolenCard => ("stolen_card", "The card was reported stolen."),
        DeclineReason::SuspectedFraud => ("suspected_fraud", "The bank suspects fraud."),
        DeclineReason::NotPermittedToCardholder => {
            ("transaction_not_permitted_to_cardholder", "The card may not be used for this kind of payment.")
        }
        DeclineReason::ExceedsWithdrawalLimit => ("exceeds_withdrawal_limit", "The amount is above the card's limit."),
        DeclineReason::ExceedsFrequencyLimit => ("exceeds_frequency_limit", "The card was used too often."),
        DeclineReason::RestrictedCard => ("restricted_card", "The card is restricted."),
        DeclineReason::SecurityViolation => ("security_violation", "The payment was stopped by a security check."),
        // The list has no code of its own for it.
        DeclineReason::PickUpCard => ("restricted_card", "The card's bank wants the card to be kept."),
        DeclineReason::InvalidCardNumber => ("invalid_card_number", "The card number is not valid."),
        DeclineReason::InvalidIssuer => ("invalid_issuer_number", "There is no such card issuer."),
        DeclineReason::IssuerUnavailable => ("issuer_not_available", "The card's bank could not be reached."),
        DeclineReason::AcquirerError => ("acquirer_internal_error", "The acquirer could not process the payment."),
        DeclineReason::AuthenticationRequired => {
            ("soft_decline_contact_support", "The bank wants the payer to authenticate first.")
        }
        DeclineReason::WrongCvc => ("validation_cvc_invalid", "The card verification code was refused."),
        DeclineReason::WrongExpiry => ("validation_expires_invalid", "The expiry date was refused."),
        DeclineReason::NoAcquirer => ("no_matching_terminal", "No acquirer takes this card."),
        DeclineReason::ConnectionFailed => {
            ("acquirer_connection_error", "The acquirer could not be reached. Nothing was sent.")
        }
        DeclineReason::TimedOut => ("timeout", "The acquirer did not answer in time. The attempt was undone."),
        DeclineReason::AuthenticationFailed => {
            ("3ds_authentication_failed", "The payer was not authenticated by the card's bank.")
        }
        DeclineReason::AuthenticationUnavailable => {
            ("3ds_authentication_failed", "The card's bank could not authenticate the payer.")
        }
        DeclineReason::AuthenticationTimedOut => (
            "timeout_3ds_enrollment_check",
            "The card scheme did not answer in time. Nothing was sent to the acquirer.",
        ),
        DeclineReason::Cancelled => ("do_not_honour", "The payment was cancelled before it was sent."),
        DeclineReason::Abandoned => ("payment_expired", "The payer did not decide in time. The attempt was undone."),
        DeclineReason::TokenDead => ("recurring_token_expired", "The saved card can no longer be charged."),
        DeclineReason::Blocked(by) => match by {
            BlockedBy::ListedCountry => {
                ("blacklisted_tx_issuing_country", "Blocked before it was sent: the country is on the block list.")
            }
            BlockedBy::Listed => {
                ("blacklisted_tx", "Blocked before it was sent: the card or the payer is on the block list.")
            }
            BlockedBy::Retries => (
                "decline_irregular_transaction_pattern",
                "Blocked before it was sent: after its earlier declines this card may not be tried again now.",
            ),
            BlockedBy::Limits => ("antifraud_general", "Blocked before it was sent: too many tries have failed."),
            BlockedBy::Score => {
                ("blacklisted_tx_risk_score", "Blocked before it was sent: its risk score is too high.")
            }
        },
        DeclineReason::Field(field, fault) => field_error(field, fault),
    }
}

/// The same of a payer who confirms at a bank, a wallet or a lender, which say less than a card's issuer (6.4).
#[must_use]
pub(crate) const fn error_elsewhere(reason: DeclineReason) -> (&'static str, &'static str) {
    match reason {
        DeclineReason::Cancelled => ("user_cancelled", "The payer cancelled the payment."),
        DeclineReason::DoNotHonour => ("general_transaction_error", "The payment was refused."),
        reason => error_of(reason),
    }
}

/// The codes of 6.5 for a field of a form.
const fn field_error(field: CardField, fault: FieldFault) -> (&'static str, &'static str) {
    match (field, fault) {
        (CardField::Holder, FieldFault::Missing) => {
            ("validation_cardholder_name_not_provided", "The cardholder's name is missing.")
        }
        (CardField::Holder, FieldFault::TooLong) => {
            ("validation_cardholder_name_too_long", "The cardholder's name is too long.")
        }
        (CardField::Holder, FieldFault::Invalid) => {
            ("validation_cardholder_name_invalid", "The cardholder's name is not valid.")
        }
        (CardField::Number, FieldFault::Missing) => {
            ("validation_card_number_not_provided", "The card number is missing.")
        }
        (CardField::Number, FieldFault::TooLong) => ("validation_card_number_too_long", "The card number is too long."),
        (CardField::Number, FieldFault::Invalid) => ("validation_card_number_invalid", "The card number is not valid."),
        (CardField::Expiry, FieldFault::Missing) => ("validation_expires_not_provided", "The expiry date is missing."),
        (CardField::Expiry, FieldFault::TooLong) => ("validation_expires_too_long", "The expiry date is too long."),
        (CardField::Expiry, FieldFault::Invalid) => ("validation_expires_invalid", "The expiry date is not valid."),
        (CardField::Cvc, FieldFault::Missing) => {
            ("validation_cvc_not_provided", "The card verification code is missing.")
        }
        (CardField::Cvc, FieldFault::TooLong) => ("validation_cvc_too_long", "The card verification code is too long."),
        (CardField::Cvc, FieldFault::Invalid) => ("validation_cvc_invalid", "The card verification code is not valid."),
    }
}

/// Every event a webhook may be told of (5.1). Those of billing and of payouts happen once there is billing and there
/// are payouts.
pub(crate) const EVENT_TYPES: &[&str] = &[
    "purchase.created",
    "purchase.viewed",
    "purchase.pending_execute",
    "purchase.pending_charge",
    "purchase.paid",
    "purchase.payment_failure",
    "purchase.cancelled",
    "purchase.hold",
    "purchase.pending_capture",
    "purchase.captured",
    "purchase.capture_failure",
    "purchase.pending_release",
    "purchase.released",
    "purchase.release_failure",
    "purchase.preauthorized",
    "purchase.pending_recurring_token_delete",
    "purchase.recurring_token_deleted",
    "purchase.subscription_charge_failure",
    "purchase.pending_refund",
    "purchase.refund_failure",
    "purchase.settled",
    "payment.refunded",
    "payment.charged_back",
    "payment.chargeback_reversed",
    "billing_template_client.subscription_billing_cancelled",
    "payout.created",
    "payout.pending",
    "payout.failed",
    "payout.success",
];

/// The name of an event on the wire (5.1); `None` for what no webhook tells.
#[must_use]
pub(crate) const fn event_type(notice: Notice) -> Option<&'static str> {
    Some(match notice {
        Notice::Opened => "purchase.created",
        Notice::Viewed => "purchase.viewed",
        Notice::Pending => "purchase.pending_execute",
        Notice::ChargePending => "purchase.pending_charge",
        Notice::Paid | Notice::PaidElsewhere => "purchase.paid",
        Notice::Held => "purchase.hold",
        Notice::Verified => "purchase.preauthorized",
        Notice::Invoiced | Notice::Expired | Notice::Submitted => return None,
        Notice::Failed => "purchase.payment_failure",
        Notice::Cancelled => "purchase.cancelled",
        Notice::CapturePending => "purchase.pending_capture",
        Notice::Captured => "purchase.captured",
        Notice::CaptureFailed => "purchase.capture_failure",
        Notice::ReleasePending => "purchase.pending_release",
        Notice::Released => "purchase.released",
        Notice::ReleaseFailed => "purchase.release_failure",
        Notice::RefundPending => "purchase.pending_refund",
        Notice::Refunded => "payment.refunded",
        Notice::RefundFailed => "purchase.refund_failure",
        Notice::CardForgetting => "purchase.pending_recurring_token_delete",
        Notice::CardForgotten => "purchase.recurring_token_deleted",
        Notice::Settled => "purchase.settled",
        Notice::ChargedBack => "payment.charged_back",
        Notice::ChargebackReversed => "payment.chargeback_reversed",
    })
}

/// Whether the body of an event is a Payment; all others tell of a Purchase (5.1).
#[must_use]
pub(crate) const fn tells_of_a_payment(notice: Notice) -> bool {
    matches!(notice, Notice::Refunded | Notice::ChargedBack | Notice::ChargebackReversed)
}

#[cfg(test)]
mod tests;
