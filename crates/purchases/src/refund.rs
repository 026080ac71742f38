//! The Payment object (purchases-api 3.6): money that was given back to the payer, or that the payer's bank took or
//! returned. It is a view of one event of the purchase's journal and never changes afterwards.

use domain::{Checkout, Event, Mode, Money, Operation, OperationId, Recorded, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::PurchaseDocument;
use crate::view::{self, ClientDetails, Extra, PaymentDetails, Story};

/// A refund, a chargeback or its reversal (3.6, 10.2 #30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct Payment {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "payment")]
    pub kind: &'static str,
    #[schema(format = "uuid")]
    pub id: String,
    /// Unix seconds, as are all times.
    pub created_on: i64,
    pub updated_on: i64,
    #[schema(value_type = String, example = "success")]
    pub status: &'static str,
    pub client: PaymentClient,
    pub payment: PaymentDetails,
    /// The purchase.
    pub related_to: RelatedPurchase,
    pub transaction_data: PaymentTransaction,
    pub reference: String,
    /// The refund's own number; empty for what is no refund.
    pub reference_generated: String,
    #[schema(format = "uuid")]
    pub company_id: String,
    #[schema(format = "uuid")]
    pub brand_id: String,
    pub user_id: Option<String>,
    pub is_test: bool,
    /// As in `payment`.
    pub fee_amount: i64,
    #[schema(value_type = String, example = "none")]
    pub refund_availability: &'static str,
    #[schema(value_type = Object)]
    pub account_extra: Nothing,
    pub account_fx_rate: Option<String>,
    pub account_fx_currency: Option<String>,
    pub account_fx_buy_amount: Option<i64>,
    #[schema(value_type = Option<Object>)]
    pub currency_conversion: Option<()>,
    pub audit_log_entries: Vec<String>,
    /// In callbacks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "payment.refunded")]
    pub event_type: Option<&'static str>,
}

/// `{}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Nothing {}

/// The payer, as the purchase knows them (3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct PaymentClient {
    #[schema(format = "uuid")]
    pub client_id: Option<String>,
    /// The first word of the full name.
    pub first_name: String,
    /// The rest of the full name.
    pub last_name: String,
    #[serde(flatten)]
    pub details: ClientDetails,
}

/// The purchase the money belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct RelatedPurchase {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "purchase")]
    pub kind: &'static str,
    #[schema(format = "uuid")]
    pub id: String,
    /// The merchant's own, or else the generated one.
    pub reference: String,
}

/// How the purchase was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct PaymentTransaction {
    pub payment_method: String,
    #[schema(value_type = String, example = "payform")]
    pub flow: &'static str,
    /// ISO 3166-1 alpha-2; empty when not known.
    pub country: String,
    pub extra: Extra,
}

/// The refund `operation_id` made; `None` when the history knows of no such refund.
#[must_use]
pub(crate) fn refund(
    checkout: &Checkout,
    document: &PurchaseDocument,
    history: &[Recorded],
    operation_id: OperationId,
) -> Option<Payment> {
    let at = history.iter().position(
        |recorded| matches!(&recorded.event, Event::Refunded { operation_id: id, .. } if *id == operation_id),
    )?;
    last(checkout, document, history.get(..=at)?)
}

/// What the last event of `history` moved; `None` when it is no refund, chargeback or reversal.
#[must_use]
pub(crate) fn last(checkout: &Checkout, document: &PurchaseDocument, history: &[Recorded]) -> Option<Payment> {
    let Recorded { at, event, .. } = history.last()?;
    let reference = reference(document);
    let story = Story::told(history)?;
    match event {
        Event::Refunded { operation_id, amount } => {
            let (asked_at, operation) = sent(history, *operation_id)?;
            let moved = Moved {
                id: operation_id.to_string(),
                payment_type: "refund",
                is_outgoing: true,
                description: format!("Refund: {reference}"),
                reference_generated: operation.number.map(|number| number.to_string()).unwrap_or_default(),
                amount: *amount,
                created_on: asked_at,
                at: *at,
            };
            Some(payment(checkout, document, story, moved))
        }
        Event::ChargedBack { amount } | Event::ChargebackReversed { amount } => {
            let is_outgoing = matches!(event, Event::ChargedBack { .. });
            let name = if is_outgoing { "Chargeback" } else { "Chargeback reversed" };
            let moved = Moved {
                // A bank's doing has no number of its own; what is disputed is the payment itself.
                id: checkout.payment_id.to_string(),
                payment_type: "custom",
                is_outgoing,
                description: format!("{name}: {reference}"),
                reference_generated: String::new(),
                amount: *amount,
                created_on: *at,
                at: *at,
            };
            Some(payment(checkout, document, story, moved))
        }
        _ => None,
    }
}

/// A callback's body: the object with the name of the event beside its members (5.2).
///
/// # Errors
/// Never for a payment made here.
pub(crate) fn event_body(payment: Payment, event_type: &'static str) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Payment { event_type: Some(event_type), ..payment })
}

/// Longest description there is (3.1.2).
const DESCRIPTION_MAX: usize = 256;

/// Money that went one way or the other.
struct Moved {
    id: String,
    payment_type: &'static str,
    is_outgoing: bool,
    description: String,
    reference_generated: String,
    amount: Money,
    created_on: Timestamp,
    at: Timestamp,
}

fn payment(checkout: &Checkout, document: &PurchaseDocument, story: Story, moved: Moved) -> Payment {
    let customer = story.customer.as_ref().unwrap_or(&checkout.customer);
    let (first_name, last_name) = names(&customer.full_name);
    let transaction_data = match story.won {
        Some(won) => PaymentTransaction {
            payment_method: won.payment_method,
            flow: won.flow,
            country: won.country,
            extra: match won.extra {
                Extra::Card(card) => {
                    Extra::Card(view::CardExtra { amount: Some(moved.amount.minor()), settlement: None, ..card })
                }
                Extra::Local(local) => {
                    Extra::Local(view::LocalExtra { amount: Some(moved.amount.minor()), settlement: None, ..local })
                }
                Extra::Nothing {} => Extra::Nothing {},
            },
        },
        None => PaymentTransaction {
            payment_method: String::new(),
            flow: "payform",
            country: String::new(),
            extra: Extra::Nothing {},
        },
    };
    let details = PaymentDetails {
        is_outgoing: moved.is_outgoing,
        description: moved.description.chars().take(DESCRIPTION_MAX).collect(),
        ..PaymentDetails::new(moved.payment_type, moved.amount, 0, moved.at)
    };
    Payment {
        kind: "payment",
        id: moved.id,
        created_on: moved.created_on.seconds(),
        updated_on: moved.at.seconds(),
        status: "success",
        client: PaymentClient {
            client_id: checkout.customer_id.map(|id| id.to_string()),
            first_name,
            last_name,
            details: view::client(customer, document.delivery_methods.clone()),
        },
        related_to: RelatedPurchase {
            kind: "purchase",
            id: checkout.id.to_string(),
            reference: reference(document).to_owned(),
        },
        transaction_data,
        reference: String::new(),
        reference_generated: moved.reference_generated,
        company_id: checkout.merchant_id.to_string(),
        brand_id: checkout.brand_id.to_string(),
        user_id: None,
        is_test: checkout.mode == Mode::Test,
        fee_amount: details.fee_amount,
        payment: details,
        refund_availability: "none",
        account_extra: Nothing {},
        account_fx_rate: None,
        account_fx_currency: None,
        account_fx_buy_amount: None,
        currency_conversion: None,
        audit_log_entries: vec![],
        event_type: None,
    }
}

/// The operation as it was asked for, and when.
fn sent(history: &[Recorded], operation_id: OperationId) -> Option<(Timestamp, Operation)> {
    history.iter().find_map(|recorded| match &recorded.event {
        Event::OperationSent(operation) if operation.id == operation_id => Some((recorded.at, operation.clone())),
        _ => None,
    })
}

/// The merchant's own reference, or else the generated one (10.2 #42).
fn reference(document: &PurchaseDocument) -> &str {
    if document.reference.is_empty() { &document.reference_generated } else { &document.reference }
}

/// The first word of a name and the rest.
fn names(full_name: &str) -> (String, String) {
    let (first, rest) = full_name.trim().split_once(char::is_whitespace).unwrap_or((full_name.trim(), ""));
    (first.to_owned(), rest.trim().to_owned())
}
