//! What a payment looks like on this wire (orchestration-api 3.10 to 3.19), read from its journal: the same in answers and
//! in webhooks.

use std::collections::BTreeMap;

use domain::{AttemptStatus, Checkout, Event, OperationKind, Payment, Recorded, State};
use engine::Fingerprints;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amounts::{Amounts, Overview};
use crate::authorization::{self, LegStory, Standing};
use crate::document::{SessionDocument, SplitDocument};
use crate::formats;
use crate::operation_view::{self, Operation};
use crate::order::Order;
use crate::outcomes::AuthorizationStatus;
use crate::session::CaptureMode;
use crate::session_view::Link;
use crate::transactions::{self, PartnerTransaction};
use crate::webhook::Webhook;

/// What a payment is shown from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaymentFacts<'a> {
    /// The session it belongs to.
    pub(crate) checkout: &'a Checkout,
    /// What was asked.
    pub(crate) document: &'a SessionDocument,
    /// What happened.
    pub(crate) history: &'a [Recorded],
    /// Where links lead, without a slash at its end.
    pub(crate) public_url: &'a str,
    /// What its cards are recognised by.
    pub(crate) fingerprints: &'a Fingerprints,
}

/// A payment as it is answered.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.10")]
pub(crate) struct PaymentView<'a> {
    #[schema(format = "uuid")]
    id: String,
    /// Grows with each change; the smaller one is older.
    version: u32,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = "uuid")]
    entity_id: &'a str,
    #[schema(format = "uuid")]
    client_session_id: String,
    order_reference: &'a str,
    order: &'a Order,
    /// Minor units.
    amount: i64,
    /// ISO 4217.
    currency: &'a str,
    capture_mode: CaptureMode,
    allow_future_usage: bool,
    amounts: Amounts,
    overview: Overview,
    split: Vec<SplitDocument>,
    authorization: Authorization,
    captures: Vec<Operation>,
    voids: Vec<Operation>,
    refunds: Vec<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<&'a Webhook>,
    /// Where to send the payer, while they have to go somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirection: Option<Link>,
    /// What can be done next.
    links: BTreeMap<&'static str, Link>,
}

/// The authorization, with a transaction for each leg in split order.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.13")]
pub(crate) struct Authorization {
    status: AuthorizationStatus,
    #[schema(format = DateTime)]
    updated_at: String,
    partner_transactions: Vec<PartnerTransaction>,
}

/// The payment as it is answered; `None` before the payer chose how to pay.
///
/// # Errors
/// When the order of an operation cannot be read.
pub(crate) fn payment<'a>(facts: &PaymentFacts<'a>) -> Result<Option<PaymentView<'a>>, serde_json::Error> {
    let PaymentFacts { checkout, document, history, fingerprints, .. } = *facts;
    let folded = Payment::fold(history.iter().map(|recorded| &recorded.event));
    let Some((payment, begun)) = folded.zip(authorization::begun_at(history)) else { return Ok(None) };
    let Some(standing) = authorization::standing(&payment, history) else { return Ok(None) };
    let legs = authorization::legs(&payment, history);
    let status = authorization::of_all(standing, &legs);
    let amounts = Amounts::of(&payment, status);
    let parts = operation_view::parts(&payment, history);
    let operations = |kind| operation_view::operations(&payment, &parts, kind);
    let own = |story: &LegStory<'_>| {
        transactions::authorization(story, standing, remaining(&payment, story, standing), fingerprints)
    };
    Ok(Some(PaymentView {
        id: checkout.payment_id.to_string(),
        version: version(history),
        created_at: formats::time(begun),
        entity_id: &document.entity_id,
        client_session_id: checkout.id.to_string(),
        order_reference: &document.order.reference,
        order: &document.order,
        amount: document.amount,
        currency: &document.currency,
        capture_mode: document.capture_mode,
        allow_future_usage: document.allow_future_usage,
        amounts,
        overview: amounts.overview(),
        split: split(document, &payment),
        authorization: Authorization {
            status,
            updated_at: formats::time(legs.iter().map(|story| story.updated_at).max().unwrap_or(begun)),
            partner_transactions: legs.iter().map(own).collect(),
        },
        captures: operations(OperationKind::Capture)?,
        voids: operations(OperationKind::Void)?,
        refunds: operations(OperationKind::Refund)?,
        webhook: document.webhook.as_ref(),
        redirection: redirection(facts, &payment, &legs),
        links: links(checkout, &amounts),
    }))
}

/// How often what is shown changed, by the journal (4.7). The beginning of a leg shows nothing new: one that has not begun
/// waits as one that was sent does.
fn version(history: &[Recorded]) -> u32 {
    let is_begun = |recorded: &&Recorded| !matches!(recorded.event, Event::TenderBegun(_));
    let shown = history.iter().skip_while(is_begun).filter(|recorded| is_visible(&recorded.event)).count();
    u32::try_from(shown).unwrap_or(u32::MAX)
}

/// Whether an event changes what is shown of a payment.
const fn is_visible(event: &Event) -> bool {
    match event {
        Event::TenderBegun(_)
        | Event::TenderEnded(_)
        | Event::Challenged { .. }
        | Event::Authenticated { .. }
        | Event::AttemptRefused(_)
        | Event::Redirected { .. }
        | Event::Left { .. }
        | Event::AttemptUnknown { .. }
        | Event::Authorized { .. }
        | Event::Captured { .. }
        | Event::Declined { .. }
        | Event::ReversalSent { .. }
        | Event::Reversed { .. }
        | Event::OperationSent(_)
        | Event::OperationFailed { .. }
        | Event::OperationUnknown { .. }
        | Event::Released { .. }
        | Event::Voided { .. }
        | Event::Refunded { .. }
        | Event::ChargedBack { .. }
        | Event::ChargebackReversed { .. } => true,
        Event::Opened(_)
        | Event::Viewed
        | Event::DetailsGiven(_)
        | Event::InvoiceSent
        | Event::Overdue
        | Event::Expired
        // What failed says so itself.
        | Event::Cancelled
        | Event::NotAuthenticated { .. }
        | Event::MarkedPaid { .. }
        | Event::AttemptSent(_)
        | Event::AuthenticationStarted(_)
        | Event::TriesUsedUp
        | Event::SettledByHand(_)
        | Event::CardForgetting
        | Event::CardForgotten
        | Event::Cleared
        | Event::Matched(_)
        | Event::Adjusted(_)
        | Event::Settled { .. } => false,
    }
}

/// The legs as they were sent, with what they inherited; else as they were chosen.
fn split(document: &SessionDocument, payment: &Payment) -> Vec<SplitDocument> {
    let sent = document.split.iter().cloned().map(Some).chain(std::iter::repeat(None));
    let legs = payment.legs.iter().zip(sent).map(|(leg, sent)| SplitDocument {
        partner: Some(leg.partner.clone()),
        method: Some(leg.method.clone()),
        amount: leg.amount().map_or(0, domain::Money::minor),
        ..sent.unwrap_or_default()
    });
    legs.collect()
}

/// What may still be captured or voided of a leg (4.4); nothing of one that came to nothing.
fn remaining(payment: &Payment, story: &LegStory<'_>, standing: Standing) -> i64 {
    match (standing, story.attempt) {
        (Standing::Authorized, Some(attempt)) => payment.available(OperationKind::Capture, attempt).minor(),
        (Standing::Going, _) => story.leg.amount().map_or(0, domain::Money::minor),
        (Standing::Authorized, None) | (Standing::Failed | Standing::Ended(_), _) => 0,
    }
}

/// Where the payer has to go (3.19): to a page of the acquirer's, or to ours, which shows the bank's.
fn redirection(facts: &PaymentFacts<'_>, payment: &Payment, legs: &[LegStory<'_>]) -> Option<Link> {
    let State::InFlight { attempt_id } = payment.state else { return None };
    let waiting = legs.iter().find(|story| story.leg.submission.attempt_id == attempt_id)?;
    match waiting.attempt?.status {
        AttemptStatus::Redirected => waiting.page.map(|url| Link::get(url.to_owned())),
        AttemptStatus::Authenticating if waiting.is_asked => {
            Some(Link::get(format!("{}{}", facts.public_url, facts.checkout.page())))
        }
        AttemptStatus::Authenticating
        | AttemptStatus::Sent
        | AttemptStatus::Unknown
        | AttemptStatus::Approved
        | AttemptStatus::Declined
        | AttemptStatus::Reversing
        | AttemptStatus::Reversed => None,
    }
}

/// What can be done next (1.9).
fn links(checkout: &Checkout, amounts: &Amounts) -> BTreeMap<&'static str, Link> {
    let own = format!("/v2/payments/{}", checkout.payment_id);
    let possible = [
        ("capture", "captures", amounts.available_to_capture),
        ("refund", "refunds", amounts.available_to_refund),
        ("void", "voids", amounts.available_to_void),
    ];
    let possible = possible.into_iter().filter(|(_, _, available)| *available > 0);
    let mut links: BTreeMap<_, _> =
        possible.map(|(relation, path, _)| (relation, Link::post(format!("{own}/{path}")))).collect();
    links.insert("self", Link::get(own));
    links
}

#[cfg(test)]
mod tests;
