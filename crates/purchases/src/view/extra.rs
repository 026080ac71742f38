//! What is shown of the means of payment (purchases-api 3.4).

use domain::LocalMeans;
use serde::Serialize;
use tollgate_http::openapi::named;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::three_d_secure::ThreeDSecure;

/// What is known of the means of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Extra {
    /// A card.
    Card(CardExtra),
    /// A bank, a wallet or a lender.
    Local(LocalExtra),
    /// Nothing yet.
    Nothing {},
}

impl PartialSchema for Extra {
    /// Any of them: nothing, and a card too, is also what a payment without a card may show.
    fn schema() -> RefOr<Schema> {
        let any = AnyOfBuilder::new().item(named("CardExtra")).item(named("LocalExtra"));
        any.description(Some("What is known of the means of payment; nothing yet is an empty object.")).into()
    }
}

impl ToSchema for Extra {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((CardExtra::name().into_owned(), CardExtra::schema()));
        schemas.push((LocalExtra::name().into_owned(), LocalExtra::schema()));
        CardExtra::schemas(schemas);
        LocalExtra::schemas(schemas);
    }
}

/// A card as it may be shown (3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference")]
pub(crate) struct CardExtra {
    /// First six and last four digits, stars between.
    pub masked_pan: String,
    #[schema(value_type = String, example = "visa")]
    pub card_brand: &'static str,
    /// `credit`, `debit`, or empty when not known.
    pub card_type: String,
    pub card_issuer: String,
    pub card_issuer_country: String,
    pub cardholder_name: String,
    pub expiry_month: u8,
    /// Two digits.
    pub expiry_year: u16,
    /// Whether the bank vouches for the payer.
    pub three_d_secure: bool,
    /// There when 3-D Secure was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub three_d_secure_result: Option<Box<ThreeDSecure>>,
    /// In a refund: how much was given back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<i64>,
    /// There once the money was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settlement: Option<Settlement>,
}

/// What is known of a payment without a card: nothing in test mode (3.4), but the bank the payer chose and what became of
/// the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct LocalExtra {
    /// By which FPX knows it; an addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "MB2U0227")]
    pub bank_code: Option<&'static str>,
    /// By which its customers know it; an addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "Maybank2u")]
    pub bank_name: Option<&'static str>,
    /// In a refund: how much was given back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<i64>,
    /// There once the money was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settlement: Option<Settlement>,
}

impl LocalExtra {
    pub(super) fn of(means: LocalMeans) -> Self {
        let bank = means.bank();
        Self {
            bank_code: bank.map(|bank| bank.code),
            bank_name: bank.map(|bank| bank.name),
            amount: None,
            settlement: None,
        }
    }
}

/// When the acquirer paid the money out (3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct Settlement {
    pub settled_on: i64,
}
