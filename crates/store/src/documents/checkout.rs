//! Checkouts and customers.

use domain::{
    Address, Brand, BrandId, Callback, Checkout, CheckoutId, Customer, CustomerId, Dialect, Line, LocalMethod,
    MerchantId, Mode, Offer, OfferKind, PaymentId, PublicId, Redirects, Stated, TenderTerms, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::word::AsWord;
use super::{is_default, word};

/// The part of a checkout that lies in columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckoutColumns {
    pub(crate) id: CheckoutId,
    pub(crate) merchant_id: MerchantId,
    pub(crate) mode: Mode,
    pub(crate) dialect: Dialect,
    pub(crate) public_id: Option<PublicId>,
    pub(crate) payment_id: PaymentId,
    pub(crate) created_at: Timestamp,
}

/// The rest of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckoutDoc {
    #[serde(with = "word")]
    brand: BrandId,
    seller: String,
    language: String,
    #[serde(default, skip_serializing_if = "is_default")]
    language_chosen: bool,
    time_zone: String,
    #[serde(default, skip_serializing_if = "is_default")]
    reference: String,
    #[serde(default, skip_serializing_if = "is_default")]
    notes: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<StoredLine>,
    #[serde(default, skip_serializing_if = "is_default")]
    debt: i64,
    #[serde(default, with = "StatedDoc", skip_serializing_if = "is_default")]
    stated: Stated,
    #[serde(default, with = "CustomerFields", skip_serializing_if = "is_default")]
    customer: Customer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_id: Option<AsWord<CustomerId>>,
    #[serde(default, skip_serializing_if = "is_default")]
    customer_named: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    asks_details: Vec<String>,
    #[serde(default, with = "RedirectsDoc", skip_serializing_if = "is_default")]
    redirects: Redirects,
    /// The address; all there is to a callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brands: Option<Vec<AsWord<Brand>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    methods: Vec<AsWord<LocalMethod>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<AsWord<CheckoutId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tender: Option<TenderDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_key: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenderDoc {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    offers: Vec<OfferDoc>,
    #[serde(default, skip_serializing_if = "is_default")]
    asks_payer: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    reusable: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    order_total: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferDoc {
    partner: String,
    method: String,
    #[serde(with = "word")]
    kind: OfferKind,
    #[serde(default, skip_serializing_if = "is_default")]
    uses_max: Option<u8>,
    #[serde(default, skip_serializing_if = "is_default")]
    amount_min: i64,
}

impl From<TenderTerms> for TenderDoc {
    fn from(TenderTerms { offers, asks_payer, reusable, order_total }: TenderTerms) -> Self {
        let written = |Offer { partner, method, kind, uses_max, amount_min }| OfferDoc {
            partner,
            method,
            kind,
            uses_max,
            amount_min,
        };
        Self { offers: offers.into_iter().map(written).collect(), asks_payer, reusable, order_total }
    }
}

impl From<TenderDoc> for TenderTerms {
    fn from(TenderDoc { offers, asks_payer, reusable, order_total }: TenderDoc) -> Self {
        let read = |OfferDoc { partner, method, kind, uses_max, amount_min }| Offer {
            partner,
            method,
            kind,
            uses_max,
            amount_min,
        };
        Self { offers: offers.into_iter().map(read).collect(), asks_payer, reusable, order_total }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct StoredLine(#[serde(with = "LineDoc")] Line);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Line", deny_unknown_fields)]
struct LineDoc {
    name: String,
    quantity: i64,
    #[serde(rename = "price", default, skip_serializing_if = "is_default")]
    unit_price: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    discount: i64,
    #[serde(rename = "tax", default, skip_serializing_if = "is_default")]
    tax_percent: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    category: String,
    #[serde(default, skip_serializing_if = "is_default")]
    total_override: Option<i64>,
    total: i64,
}

/// A customer's details, all there is to the document of a customer's row.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CustomerDoc(#[serde(with = "CustomerFields")] pub(crate) Customer);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Customer", deny_unknown_fields)]
struct CustomerFields {
    #[serde(default, skip_serializing_if = "is_default")]
    email: String,
    #[serde(default, skip_serializing_if = "is_default")]
    phone: String,
    #[serde(default, skip_serializing_if = "is_default")]
    full_name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    personal_code: String,
    #[serde(default, with = "AddressDoc", skip_serializing_if = "is_default")]
    billing: Address,
    #[serde(default, with = "AddressDoc", skip_serializing_if = "is_default")]
    shipping: Address,
    #[serde(default, skip_serializing_if = "is_default")]
    legal_name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    brand_name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    registration_number: String,
    #[serde(default, skip_serializing_if = "is_default")]
    tax_number: String,
    #[serde(default, skip_serializing_if = "is_default")]
    bank_account: String,
    #[serde(default, skip_serializing_if = "is_default")]
    bank_code: String,
    #[serde(default, skip_serializing_if = "is_default")]
    cc: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    bcc: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Address", deny_unknown_fields)]
struct AddressDoc {
    #[serde(rename = "street", default, skip_serializing_if = "is_default")]
    street_address: String,
    #[serde(default, skip_serializing_if = "is_default")]
    city: String,
    #[serde(default, skip_serializing_if = "is_default")]
    state: String,
    #[serde(rename = "zip", default, skip_serializing_if = "is_default")]
    zip_code: String,
    #[serde(default, skip_serializing_if = "is_default")]
    country: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Stated", deny_unknown_fields)]
struct StatedDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    issued: String,
    #[serde(default, skip_serializing_if = "is_default")]
    subtotal: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    tax: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    discount: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Redirects", deny_unknown_fields)]
struct RedirectsDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    success: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    cancel: Option<String>,
}

impl CheckoutDoc {
    /// Takes a checkout apart.
    pub(crate) fn split(checkout: Checkout) -> (CheckoutColumns, Self) {
        let Checkout {
            id,
            merchant_id,
            mode,
            brand_id: brand,
            payment_id,
            dialect,
            public_id,
            order_key,
            created_at,
            seller,
            language,
            language_chosen,
            time_zone,
            reference,
            notes,
            lines,
            debt,
            stated,
            customer,
            customer_id,
            customer_named,
            asks_details,
            redirects,
            callback,
            brands,
            methods,
            token,
            tender,
        } = checkout;
        let columns = CheckoutColumns { id, merchant_id, mode, dialect, public_id, payment_id, created_at };
        let document = Self {
            brand,
            seller,
            language,
            language_chosen,
            time_zone,
            reference,
            notes,
            lines: lines.into_iter().map(StoredLine).collect(),
            debt,
            stated,
            customer,
            customer_id: customer_id.map(AsWord),
            customer_named,
            asks_details,
            redirects,
            callback: callback.map(|Callback { url }| url),
            brands: brands.map(|brands| brands.into_iter().map(AsWord).collect()),
            methods: methods.into_iter().map(AsWord).collect(),
            token: token.map(AsWord),
            tender: tender.map(Into::into),
            order_key,
        };
        (columns, document)
    }

    /// Puts it together again.
    pub(crate) fn join(self, columns: CheckoutColumns) -> Checkout {
        let CheckoutColumns { id, merchant_id, mode, dialect, public_id, payment_id, created_at } = columns;
        Checkout {
            id,
            merchant_id,
            mode,
            brand_id: self.brand,
            payment_id,
            dialect,
            public_id,
            order_key: self.order_key,
            created_at,
            seller: self.seller,
            language: self.language,
            language_chosen: self.language_chosen,
            time_zone: self.time_zone,
            reference: self.reference,
            notes: self.notes,
            lines: self.lines.into_iter().map(|StoredLine(line)| line).collect(),
            debt: self.debt,
            stated: self.stated,
            customer: self.customer,
            customer_id: self.customer_id.map(|AsWord(id)| id),
            customer_named: self.customer_named,
            asks_details: self.asks_details,
            redirects: self.redirects,
            callback: self.callback.map(|url| Callback { url }),
            brands: self.brands.map(|brands| brands.into_iter().map(|AsWord(brand)| brand).collect()),
            methods: self.methods.into_iter().map(|AsWord(method)| method).collect(),
            token: self.token.map(|AsWord(token)| token),
            tender: self.tender.map(Into::into),
        }
    }
}
