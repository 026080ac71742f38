//! What captures, voids and refunds look like on this wire: each as a whole, with a transaction for each leg that it draws
//! on (orchestration-api 3.15, 4.3).

use domain::{
    AttemptId, AttemptStatus, DeclineReason, Event, Leg, OperationId, OperationKind, Payment, Recorded, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::authorization::fine;
use crate::formats;
use crate::order::OperationOrder;
use crate::outcomes::{self, OperationStatus};
use crate::transactions::{self, PartnerTransaction, TransactionStatus};

/// A capture, void or refund as it is answered.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.15")]
pub(crate) struct Operation {
    #[schema(format = "uuid")]
    id: String,
    /// Minor units.
    amount: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    triggered_by: TriggeredBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_reference: Option<String>,
    status: OperationStatus,
    partner_transactions: Vec<PartnerTransaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OperationOrder>,
}

/// Who wanted an operation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TriggeredBy {
    /// The merchant.
    Merchant,
    /// What was agreed: it happened by itself.
    System,
}

/// The part of an operation that one leg carries.
pub(crate) struct Part<'a> {
    /// Its own id.
    id: String,
    /// The id of the whole.
    of: String,
    pub(crate) kind: OperationKind,
    attempt_id: AttemptId,
    pub(crate) amount: i64,
    pub(crate) status: domain::OperationStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    reason: Option<DeclineReason>,
    automatic: bool,
    note: &'a str,
    document: &'a str,
}

/// Every part of every operation, oldest first.
pub(crate) fn parts<'a>(payment: &'a Payment, history: &'a [Recorded]) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = vec![];
    for Recorded { at, event, .. } in history {
        match event {
            Event::OperationSent(operation) => {
                let (Ok(attempt_id), Ok(ended)) = (payment.attempt_of(operation), payment.operation(operation.id))
                else {
                    continue;
                };
                let of = operation.part.as_ref().map_or(operation.id, |part| part.of);
                parts.push(Part {
                    id: operation.id.to_string(),
                    of: of.to_string(),
                    kind: operation.kind,
                    attempt_id,
                    amount: operation.amount.minor(),
                    status: ended.status,
                    created_at: *at,
                    updated_at: *at,
                    reason: None,
                    automatic: operation.part.as_ref().is_some_and(|part| part.automatic),
                    note: &operation.note,
                    document: operation.part.as_ref().map_or("", |part| &part.document),
                });
            }
            Event::OperationFailed { operation_id, reason } => {
                change(&mut parts, *operation_id, *at, Some(*reason));
            }
            Event::OperationUnknown { operation_id }
            | Event::Captured { operation_id: Some(operation_id), .. }
            | Event::Voided { operation_id: Some(operation_id), .. }
            | Event::Refunded { operation_id, .. } => change(&mut parts, *operation_id, *at, None),
            Event::Released { attempt_id, amount } if is_forgotten(payment, *attempt_id) => parts.push(Part {
                id: nobodys(attempt_id.to_string()),
                of: nobodys(payment.terms.payment_id.to_string()),
                kind: OperationKind::Void,
                attempt_id: *attempt_id,
                amount: amount.minor(),
                status: domain::OperationStatus::Done,
                created_at: *at,
                updated_at: *at,
                reason: None,
                automatic: true,
                note: "",
                document: "",
            }),
            _ => {}
        }
    }
    parts
}

fn change(parts: &mut [Part<'_>], operation_id: OperationId, at: Timestamp, reason: Option<DeclineReason>) {
    let id = operation_id.to_string();
    if let Some(part) = parts.iter_mut().find(|part| part.id == id) {
        part.updated_at = at;
        part.reason = reason;
    }
}

/// Whether what the leg still held was given back without anybody's word: the acquirer forgot it. It is shown as a void,
/// so that the amounts add up. What a tender that came to nothing gives back is none (5.3).
fn is_forgotten(payment: &Payment, attempt_id: AttemptId) -> bool {
    payment.attempt(attempt_id).is_ok_and(|attempt| attempt.status == AttemptStatus::Approved)
}

/// An id for what has none of its own, always the same: that of what it is about, in version 8 (RFC 9562 5.8). It happens
/// once at most, when nothing else is under way.
fn nobodys(mut id: String) -> String {
    id.replace_range(14..15, "8");
    id
}

/// The operations of one kind, oldest first.
///
/// # Errors
/// When the order of one cannot be read.
pub(crate) fn operations(
    payment: &Payment,
    parts: &[Part<'_>],
    wanted: OperationKind,
) -> Result<Vec<Operation>, serde_json::Error> {
    let mut wholes: Vec<(&str, Vec<&Part<'_>>)> = vec![];
    for part in parts.iter().filter(|part| part.kind == wanted) {
        match wholes.iter_mut().find(|(of, _)| *of == part.of) {
            Some((_, parts)) => parts.push(part),
            None => wholes.push((&part.of, vec![part])),
        }
    }
    wholes.into_iter().map(|(of, own)| operation(payment, parts, of, &own)).collect()
}

fn operation(
    payment: &Payment,
    all: &[Part<'_>],
    id: &str,
    parts: &[&Part<'_>],
) -> Result<Operation, serde_json::Error> {
    let document = parts.iter().map(|part| part.document).find(|document| !document.is_empty());
    let note = parts.iter().map(|part| part.note).find(|note| !note.is_empty());
    let created_at = parts.iter().map(|part| part.created_at).min().unwrap_or(Timestamp::from_micros(0));
    let updated_at = parts.iter().map(|part| part.updated_at).max().unwrap_or(created_at);
    Ok(Operation {
        id: id.to_owned(),
        amount: parts.iter().map(|part| part.amount).sum(),
        created_at: formats::time(created_at),
        updated_at: formats::time(updated_at),
        triggered_by: match parts.iter().any(|part| part.automatic) {
            true => TriggeredBy::System,
            false => TriggeredBy::Merchant,
        },
        merchant_reference: note.map(str::to_owned),
        status: status(parts),
        partner_transactions: parts
            .iter()
            .filter_map(|part| Some(transaction(payment.leg(part.attempt_id)?, part, remaining(all, part))))
            .collect(),
        order: document.map(serde_json::from_str).transpose()?,
    })
}

/// The status of the whole (4.3).
fn status(parts: &[&Part<'_>]) -> OperationStatus {
    use domain::OperationStatus::{Done, Failed, Sent, Unknown};
    let any = |status| parts.iter().any(|part| part.status == status);
    match (any(Sent), any(Unknown), any(Failed), any(Done)) {
        (true, ..) => OperationStatus::Pending,
        (false, true, ..) => OperationStatus::Uncertain,
        (false, false, true, true) => OperationStatus::Conflict,
        (false, false, true, false) => OperationStatus::Failure,
        (false, false, false, _) => OperationStatus::Success,
    }
}

fn transaction(leg: &Leg, part: &Part<'_>, remaining_amount: i64) -> PartnerTransaction {
    let (status, partner_status, partner_status_description) = match (part.status, part.reason) {
        (domain::OperationStatus::Done, _) => {
            (OperationStatus::Success, fine(&leg.submission.means), outcomes::SUCCEEDED)
        }
        (domain::OperationStatus::Sent, _) => (OperationStatus::Pending, "pending", outcomes::WAITING),
        (domain::OperationStatus::Unknown, _) => (OperationStatus::Uncertain, "unknown", outcomes::UNCERTAIN),
        (domain::OperationStatus::Failed, Some(reason)) => {
            (OperationStatus::Failure, reason.as_str(), outcomes::description(reason))
        }
        (domain::OperationStatus::Failed, None) => (OperationStatus::Failure, "failed", outcomes::TECHNICAL),
    };
    PartnerTransaction {
        id: part.id.clone(),
        created_at: formats::time(part.created_at),
        updated_at: formats::time(part.updated_at),
        status: TransactionStatus::Operation(status),
        amount: part.amount,
        remaining_amount,
        partner: leg.partner.clone(),
        method: leg.method.clone(),
        partner_token: transactions::token(&leg.submission.means),
        // The acquirer knows it by the id that we gave it.
        partner_reference: Some(part.id.clone()),
        partner_status,
        partner_status_description,
        card: None,
    }
}

/// What may still be refunded of a captured part: refunds draw on the captures of their leg from the oldest on (4.4, 10,
/// 42).
fn remaining(all: &[Part<'_>], part: &Part<'_>) -> i64 {
    let is_done = |part: &Part<'_>| part.status == domain::OperationStatus::Done;
    if part.kind != OperationKind::Capture || !is_done(part) {
        return 0;
    }
    let of_leg = |kind| move |other: &&Part<'_>| other.kind == kind && other.attempt_id == part.attempt_id;
    let refunds = all.iter().filter(of_leg(OperationKind::Refund));
    let refunded: i64 =
        refunds.filter(|other| other.status != domain::OperationStatus::Failed).map(|other| other.amount).sum();
    let captures = all.iter().filter(of_leg(OperationKind::Capture)).filter(|other| is_done(other));
    let before: i64 = captures.take_while(|other| other.id != part.id).map(|other| other.amount).sum();
    part.amount - (refunded - before).clamp(0, part.amount)
}
