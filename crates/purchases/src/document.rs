//! What this dialect keeps of a purchase beside the checkout and the terms of its payment. Written once, as JSON, at
//! creation. Defaults are left out; members that are missing or unknown are no error, so every version stays readable.

use serde::{Deserialize, Serialize};

use crate::create::{DeliveryMethod, ShippingOption};
use tollgate_http::json::{Json, Object};

/// The dialect's own part of a purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 2.1.1 and 2.1.2; amounts are minor units")]
pub(crate) struct PurchaseDocument {
    #[serde(skip_serializing_if = "is_default")]
    pub subtotal_override: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub total_tax_override: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub total_discount_override: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub total_override: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub currency_conversion: Option<CurrencyConversion>,
    /// As named by the merchant, without what was known already.
    #[serde(skip_serializing_if = "is_default")]
    pub request_client_details: Vec<String>,
    /// `YYYY-MM-DD`
    #[serde(skip_serializing_if = "is_default")]
    pub issued: String,
    /// As given; empty when none was.
    #[serde(skip_serializing_if = "is_default")]
    pub reference: String,
    #[serde(skip_serializing_if = "is_default")]
    pub reference_generated: String,
    #[serde(skip_serializing_if = "is_default")]
    pub send_receipt: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub payment_method_whitelist: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_default")]
    pub creator_agent: String,
    #[serde(skip_serializing_if = "is_default")]
    pub platform: String,
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub upsell_campaigns: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub referral_campaign_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub email_message: String,
    #[serde(skip_serializing_if = "is_default")]
    pub shipping_options: Vec<ShippingOption>,
    #[serde(skip_serializing_if = "is_default")]
    pub payment_method_details: Object,
    #[serde(skip_serializing_if = "is_default")]
    pub has_upsell_products: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: Object,
    #[serde(skip_serializing_if = "is_default")]
    pub delivery_methods: Option<Vec<DeliveryMethod>>,
    /// Company and brand on the day of the order.
    #[serde(skip_serializing_if = "is_default")]
    pub issuer: Issuer,
    /// Empty when not known.
    #[serde(skip_serializing_if = "is_default")]
    pub created_from_ip: String,
    /// Whether forms of the merchant's own may post cards.
    #[serde(skip_serializing_if = "is_default")]
    pub direct_post: bool,
}

/// What was ordered before it was converted into what is paid (3.1, 10.2 #49).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CurrencyConversion {
    /// ISO 4217.
    pub original_currency: String,
    /// The total in minor units of that currency.
    pub original_amount: i64,
    /// What one unit of it was worth.
    #[schema(value_type = f64)]
    pub exchange_rate: Json,
}

/// Who sells, besides the brand's name, which the checkout keeps. Absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.3")]
pub(crate) struct Issuer {
    #[serde(skip_serializing_if = "is_default")]
    pub website: String,
    #[serde(skip_serializing_if = "is_default")]
    pub legal_name: String,
    #[serde(skip_serializing_if = "is_default")]
    pub registration_number: String,
    #[serde(skip_serializing_if = "is_default")]
    pub tax_number: String,
    #[serde(skip_serializing_if = "is_default")]
    pub legal_street_address: String,
    #[serde(skip_serializing_if = "is_default")]
    pub legal_country: String,
    #[serde(skip_serializing_if = "is_default")]
    pub legal_city: String,
    #[serde(skip_serializing_if = "is_default")]
    pub legal_zip_code: String,
    #[serde(skip_serializing_if = "is_default")]
    pub bank_accounts: Vec<BankAccount>,
}

/// An account that invoices name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct BankAccount {
    /// IBAN or local number, at most 34 characters.
    pub bank_account: String,
    /// BIC, at most 11 characters.
    pub bank_code: String,
}

impl PurchaseDocument {
    /// As stored.
    ///
    /// # Errors
    /// Never for a document made from a body that was read.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads what was stored, by this version or any before.
    ///
    /// # Errors
    /// For what this dialect never wrote.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_nothing_stored() {
        assert_eq!("{}", PurchaseDocument::default().to_json().expect("JSON"));
        assert_eq!(PurchaseDocument::default(), PurchaseDocument::from_json("{}").expect("a document"));
    }

    #[test]
    fn other_versions_are_read() {
        let text = r#"{"reference":"ORD-7","of_tomorrow":[1],"metadata":{"weight":1.10,"id":12345678901234567890123}}"#;
        let document = PurchaseDocument::from_json(text).expect("a document");
        assert_eq!("ORD-7", document.reference);
        assert_eq!(
            r#"{"reference":"ORD-7","metadata":{"weight":1.10,"id":12345678901234567890123}}"#,
            document.to_json().expect("JSON")
        );
    }
}
