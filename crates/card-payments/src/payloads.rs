//! What events say (card-payments-api 5.3), and which events a notice becomes (5.4).

use domain::{Checkout, DeclineReason, Event, Notice, PublicId, Recorded};
use engine::{Shown, StoredCard};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::LinkDocument;
use crate::formats;
use crate::orders::{OrderDocument, OrderStatus};
use crate::view::StoredStatus;

/// What is told of a payment.
#[must_use]
pub(crate) fn topics(checkout: &Checkout, notice: Notice) -> &'static [&'static str] {
    match (checkout.public_id, notice) {
        // A card that is past its date is forgotten.
        (Some(PublicId::Token(_)), Notice::Verified | Notice::Failed | Notice::Expired | Notice::CardForgotten) => {
            &["STORED_PAYMENT_DETAILS_UPDATED"]
        }
        (Some(PublicId::Token(_)) | None, _) => &[],
        (Some(PublicId::Number(_)), Notice::Held) => &["CARD_PAYMENT_AUTHORIZED", "PAYMENT_AUTHORIZED"],
        (Some(PublicId::Number(_)), Notice::Failed) => &["CARD_PAYMENT_ERROR"],
        (Some(PublicId::Number(_)), Notice::Settled) => &["CARD_PAYMENT_SETTLED", "PAYMENT_SETTLED"],
        (Some(PublicId::Number(_)), Notice::Refunded) => &["CARD_PAYMENT_REFUNDED"],
        // A cancel, an expiry, a release and a capture are no events.
        (Some(PublicId::Number(_)), _) => &[],
    }
}

/// A charge of a stored card that only waits for its buyer to be asked has not failed (2.3).
#[must_use]
pub(crate) fn waits_for_buyer(checkout: &Checkout, event: &Event) -> bool {
    let is_asked = matches!(event, Event::Declined { reason: DeclineReason::AuthenticationRequired, .. });
    checkout.token.is_some() && is_asked
}

/// Whether `callbackUrl` is told (5.6).
#[must_use]
pub(crate) const fn tells_callback(notice: Notice) -> bool {
    matches!(
        notice,
        Notice::Held | Notice::Verified | Notice::Failed | Notice::Cancelled | Notice::Expired | Notice::CardForgotten
    )
}

/// `{"type", "payload"}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventOut {
    /// What was subscribed to.
    pub(crate) r#type: String,
    /// What happened, as things stood right after it.
    pub(crate) payload: Payload,
}

/// What an event says, by its type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Payload {
    /// Of a payment.
    Payment(PaymentPayload),
    /// Of a stored card.
    Stored(StoredPayload),
}

/// What is said of a payment. What does not belong to the type of event is left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentPayload {
    payment_id: u64,
    /// The acquirer's number of it, when it was authorized.
    remote_id: Option<String>,
    order_id: Option<u64>,
    order_status: Option<OrderStatus>,
    /// The merchant's number of the order.
    order_reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    settlement_date: Option<String>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'static str>,
}

/// What is said of a stored card.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredPayload {
    /// The token.
    stored_payment_details_id: String,
    status: StoredStatus,
}

/// The payload of the event that the journal `then` ends with; `None` when that is no event of this dialect. The order
/// is told as it was at that moment.
#[must_use]
pub(crate) fn payload(then: &Shown, document: &LinkDocument, order: Option<&OrderDocument>) -> Option<Payload> {
    let history = &then.history;
    let told = history.last()?;
    let payment_id = match then.record.checkout.public_id? {
        PublicId::Number(number) => number,
        token @ PublicId::Token(_) => {
            return Some(Payload::Stored(StoredPayload {
                stored_payment_details_id: token.to_string(),
                status: StoredCard::of(then, told.at).into(),
            }));
        }
    };
    let mut payload = PaymentPayload {
        payment_id,
        remote_id: remote_id(history),
        order_id: document.order,
        order_status: order.map(|order| order.status(told.at)),
        order_reference_id: order.map(|order| order.reference(told.at).to_owned()),
        ..PaymentPayload::default()
    };
    match &told.event {
        Event::Settled { .. } => payload.settlement_date = Some(formats::time(told.at)),
        Event::Refunded { amount, .. } => {
            payload.amount = Some(amount.minor());
            payload.currency_code = Some(amount.currency().code());
        }
        event => {
            if let Some(reason) = reason(event) {
                let (code, message) = error(reason);
                payload.error_code = Some(code);
                payload.error_message = Some(message);
            }
        }
    }
    Some(Payload::Payment(payload))
}

/// The acquirer's number of the authorization.
fn remote_id(history: &[Recorded]) -> Option<String> {
    history.iter().find_map(|recorded| match &recorded.event {
        Event::Authorized { acquirer_reference, .. } => Some(acquirer_reference.clone()),
        _ => None,
    })
}

/// Why a try failed, when this says that one did.
const fn reason(event: &Event) -> Option<DeclineReason> {
    match event {
        Event::Declined { reason, .. } => Some(*reason),
        Event::AttemptRefused(refused) => Some(refused.reason),
        Event::Reversed { .. } => Some(DeclineReason::TimedOut),
        _ => None,
    }
}

/// Why the last try failed.
#[must_use]
pub(crate) fn last_failure(history: &[Recorded]) -> Option<DeclineReason> {
    history.iter().rev().find_map(|recorded| reason(&recorded.event))
}

/// A code for programs and a sentence for people (section 6).
#[must_use]
pub(crate) const fn error(reason: DeclineReason) -> (&'static str, &'static str) {
    match reason {
        DeclineReason::InsufficientFunds => ("INSUFFICIENT_FUNDS", "There is not enough money on the card"),
        DeclineReason::ExpiredCard | DeclineReason::WrongExpiry => ("EXPIRED_CARD", "The card has expired"),
        DeclineReason::LostCard | DeclineReason::StolenCard => {
            ("LOST_OR_STOLEN", "The card was reported lost or stolen")
        }
        DeclineReason::AuthenticationFailed
        | DeclineReason::AuthenticationTimedOut
        | DeclineReason::Cancelled
        | DeclineReason::Abandoned => ("AUTHENTICATION_FAILED", "The buyer was not authenticated by the bank"),
        DeclineReason::AuthenticationRequired => {
            ("AUTHENTICATION_REQUIRED", "The bank wants to authenticate the buyer first")
        }
        DeclineReason::AuthenticationUnavailable => {
            ("AUTHENTICATION_UNAVAILABLE", "The bank could not authenticate the buyer")
        }
        DeclineReason::AcquirerError
        | DeclineReason::IssuerUnavailable
        | DeclineReason::ConnectionFailed
        | DeclineReason::NoAcquirer
        | DeclineReason::TimedOut => ("TECHNICAL_ERROR", "The payment could not be made for a technical reason"),
        DeclineReason::DoNotHonour
        | DeclineReason::SuspectedFraud
        | DeclineReason::NotPermittedToCardholder
        | DeclineReason::ExceedsWithdrawalLimit
        | DeclineReason::ExceedsFrequencyLimit
        | DeclineReason::RestrictedCard
        | DeclineReason::SecurityViolation
        | DeclineReason::InvalidCardNumber
        | DeclineReason::InvalidIssuer
        | DeclineReason::WrongCvc
        | DeclineReason::TokenDead
        | DeclineReason::PickUpCard
        | DeclineReason::Blocked(_)
        | DeclineReason::Field(..) => ("DECLINED", "The card was declined"),
    }
}
