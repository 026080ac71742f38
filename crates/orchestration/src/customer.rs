//! Who buys, and what the merchant knows of the account (orchestration-api 3.1, 3.2).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::{COUNT, DAY, Fields, IP, MOMENT, NAME, Nested, WORD, text};

/// Who buys, as it was said; days and moments in one form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.1")]
pub(crate) struct Customer {
    pub reference: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub national_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
}

/// What the merchant knows of the customer's account, for judging risk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.2")]
pub(crate) struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub creation_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub update_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub password_update_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_count_last_day: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_count_last_six_months: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_count_last_year: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub authentication_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_indicator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_indicator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_change_indicator: Option<String>,
}

/// `customer`
pub(crate) fn customer(f: &mut Fields<'_>) -> Option<Customer> {
    let reference = f.required("reference", NAME.filled(), "The merchant's id of the customer.");
    let customer = Customer {
        reference: String::new(),
        kind: f.optional("type", WORD, "Such as `PERSON`."),
        email: f.optional("email", NAME, ""),
        gender: f.optional("gender", WORD, "Such as `FEMALE`."),
        first_name: f.optional("first_name", NAME, ""),
        middle_name: f.optional("middle_name", NAME, ""),
        last_name: f.optional("last_name", NAME, ""),
        national_identifier: f.optional("national_identifier", NAME, ""),
        birth_date: f.optional("birth_date", DAY, ""),
        ip_address: f.optional("ip_address", IP, "Where the payer's browser is; for 3-D Secure."),
        locale: f.optional("locale", NAME, "Such as `fr-FR`; also the language of the hosted page."),
        account: f.optional("account", Nested(account), "For judging risk."),
    };
    Some(Customer { reference: reference?, ..customer })
}

/// What an indicator says is kept, whatever it is (3.2).
fn account(f: &mut Fields<'_>) -> Option<Account> {
    Some(Account {
        creation_date_time: f.optional("creation_date_time", MOMENT, ""),
        update_date_time: f.optional("update_date_time", MOMENT, ""),
        password_update_date_time: f.optional("password_update_date_time", MOMENT, ""),
        purchase_count_last_day: f.optional("purchase_count_last_day", COUNT, ""),
        purchase_count_last_six_months: f.optional("purchase_count_last_six_months", COUNT, ""),
        purchase_count_last_year: f.optional("purchase_count_last_year", COUNT, ""),
        authentication_method: f.optional("authentication_method", text(64), "Such as `MERCHANT_CREDENTIALS`."),
        authentication_date_time: f.optional("authentication_date_time", MOMENT, ""),
        age_indicator: f.optional("age_indicator", text(64), "Such as `MORE_60_DAYS`."),
        change_indicator: f.optional("change_indicator", text(64), ""),
        password_change_indicator: f.optional("password_change_indicator", text(64), ""),
    })
}
