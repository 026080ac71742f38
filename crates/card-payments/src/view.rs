//! What a payment and a stored card look like on this wire (card-payments-api 2.2 D2, 2.3 S2, 3.1).

use domain::{AttemptId, Brand, Checkout, Event, OperationKind, Payment, PublicId, Recorded, State, Submission};
use engine::StoredCard;
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::LinkDocument;
use crate::formats;

/// How a payment stands (3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PaymentStatus {
    /// Made, not authorized; a declined try does not change that.
    Initiated,
    /// Money is reserved.
    Authorized,
    /// Some was taken, some still may be.
    PartiallyCaptured,
    /// Nothing is left to take.
    FullyCaptured,
    /// Ended before it was authorized, or all of it given back.
    Cancelled,
    /// The link ran out unpaid.
    Expired,
}

/// How a stored card stands (S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StoredStatus {
    /// It may be charged.
    Ready,
    /// No card was stored yet.
    Initiated,
    /// The last try failed; the link can still be used.
    Failed,
    /// The link ran out, or the card's date passed.
    Expired,
}

/// `{"payment": {...}}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentEnvelope {
    /// The payment as it stands.
    pub(crate) payment: PaymentOut,
}

/// A payment as it is answered. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentOut {
    /// Its number.
    pub(crate) id: u64,
    pub(crate) status: PaymentStatus,
    /// What was asked for; never changes.
    amount: i64,
    /// What was reserved; captures and releases do not make it less.
    authorized_amount: i64,
    captured_amount: i64,
    released_amount: i64,
    refunded_amount: i64,
    currency_code: &'static str,
    /// The merchant's own reference; not unique.
    external_payment_reference: Option<String>,
    /// The order it pays for.
    order_id: Option<u64>,
    #[schema(format = DateTime)]
    created_date: String,
    /// When its link runs out.
    #[schema(format = DateTime)]
    expiry_date: Option<String>,
    /// Two letters.
    language_code: String,
    /// Of the card that paid.
    card_brand: Option<&'static str>,
    /// First six and last four digits of the card that paid.
    masked_card_number: Option<String>,
    /// What succeeded, oldest first.
    payment_operations: Vec<OperationOut>,
}

/// Something that was done with the money of a payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationOut {
    operation_id: String,
    r#type: OperationType,
    amount: i64,
    status: Succeeded,
    #[schema(format = DateTime)]
    created_date: String,
    /// The merchant's words for it.
    transaction_description: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
enum OperationType {
    Authorize,
    Capture,
    Release,
    Refund,
}

/// Only what succeeded is listed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
enum Succeeded {
    Succeeded,
}

/// Where a payment stands, in this dialect's words.
#[must_use]
pub(crate) fn status(payment: &Payment) -> PaymentStatus {
    match payment.state {
        // What a cancelled payment still reserves for a moment is nobody's (3.4 R6).
        State::Cancelled | State::Voided => PaymentStatus::Cancelled,
        State::Expired => PaymentStatus::Expired,
        State::Open | State::InFlight { .. } | State::Verified | State::PaidElsewhere => PaymentStatus::Initiated,
        State::Authorized => PaymentStatus::Authorized,
        State::Captured | State::ChargedBack if payment.held().is_zero() => PaymentStatus::FullyCaptured,
        State::Captured | State::ChargedBack => PaymentStatus::PartiallyCaptured,
    }
}

impl From<StoredCard> for StoredStatus {
    fn from(card: StoredCard) -> Self {
        match card {
            StoredCard::Initiated => Self::Initiated,
            StoredCard::Ready => Self::Ready,
            StoredCard::Failed => Self::Failed,
            StoredCard::Expired => Self::Expired,
        }
    }
}

fn submission(history: &[Recorded], id: AttemptId) -> Option<&Submission> {
    history.iter().find_map(|recorded| match &recorded.event {
        Event::AttemptSent(submission) | Event::AuthenticationStarted(submission) if submission.attempt_id == id => {
            Some(submission)
        }
        _ => None,
    })
}

/// The payment as it stands at the end of `history`; `None` for a stored card's link, and for a journal that does not
/// begin with its opening.
#[must_use]
pub(crate) fn payment(checkout: &Checkout, document: &LinkDocument, history: &[Recorded]) -> Option<PaymentOut> {
    let id = number(checkout)?;
    let payment = Payment::fold(history.iter().map(|recorded| &recorded.event))?;
    let card = payment.approved_attempt().ok().and_then(|id| submission(history, id)).and_then(Submission::card);
    Some(PaymentOut {
        id,
        status: status(&payment),
        amount: payment.terms.amount.minor(),
        authorized_amount: payment.authorized.minor(),
        captured_amount: payment.captured.minor(),
        released_amount: payment.voided.minor(),
        refunded_amount: payment.refunded.minor(),
        currency_code: payment.terms.amount.currency().code(),
        external_payment_reference: document.reference.clone(),
        order_id: document.order,
        created_date: formats::time(checkout.created_at),
        expiry_date: payment.terms.due.map(|due| formats::time(due.at)),
        language_code: checkout.language.clone(),
        card_brand: card.map(|card| brand(card.brand)),
        masked_card_number: card.map(|card| card.masked.clone()),
        payment_operations: history.iter().filter_map(|recorded| operation(&payment, recorded)).collect(),
    })
}

/// The number of a payment; a stored card's link has a token instead.
#[must_use]
pub(crate) const fn number(checkout: &Checkout) -> Option<u64> {
    match checkout.public_id {
        Some(PublicId::Number(number)) => Some(number),
        Some(PublicId::Token(_)) | None => None,
    }
}

const fn brand(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "VISA",
        Brand::Mastercard => "MASTERCARD",
        Brand::Amex => "AMEX",
        Brand::Diners => "DINERS",
        Brand::Discover => "DISCOVER",
        Brand::Jcb => "JCB",
        Brand::UnionPay => "UNIONPAY",
        Brand::Maestro => "MAESTRO",
        Brand::CartesBancaires => "CARTES_BANCAIRES",
        Brand::Unknown => "UNKNOWN",
    }
}

/// What an event did with the money. Two things that one operation did have names of their own.
fn operation(payment: &Payment, recorded: &Recorded) -> Option<OperationOut> {
    let (id, r#type, amount) = match &recorded.event {
        Event::Authorized { attempt_id, amount, .. } => (attempt_id.to_string(), OperationType::Authorize, amount),
        Event::Captured { operation_id: Some(id), amount, .. } => (id.to_string(), OperationType::Capture, amount),
        Event::Captured { operation_id: None, attempt_id, amount, .. } => {
            (format!("{attempt_id}-capture"), OperationType::Capture, amount)
        }
        Event::Voided { operation_id: Some(id), amount } => {
            let is_capture = payment.operation(*id).is_ok_and(|done| done.kind == OperationKind::Capture);
            let id = if is_capture { format!("{id}-release") } else { id.to_string() };
            (id, OperationType::Release, amount)
        }
        Event::Voided { operation_id: None, amount } => {
            (format!("{}-release", payment.approved_attempt().ok()?), OperationType::Release, amount)
        }
        Event::Refunded { operation_id, amount } => (operation_id.to_string(), OperationType::Refund, amount),
        _ => return None,
    };
    let note = match &recorded.event {
        Event::Captured { operation_id: Some(id), .. } | Event::Refunded { operation_id: id, .. } => {
            payment.operation(*id).ok().map(|operation| operation.note.clone())
        }
        _ => None,
    };
    Some(OperationOut {
        operation_id: id,
        r#type,
        amount: amount.minor(),
        status: Succeeded::Succeeded,
        created_date: formats::time(recorded.at),
        transaction_description: note.filter(|note| !note.is_empty()),
    })
}
