//! What is bought, as the merchant says it: checked for its types, kept whole and shown again (orchestration-api 3.3 to
//! 3.6). Sums inside an order are not judged: those of the published samples do not add up either.

use serde::{Deserialize, Serialize};
use tollgate_http::json::{Json, Object};
use utoipa::ToSchema;

use crate::fields::{AMOUNT, Additional, Bool, COUNT, DIFFERENCE, Fields, MOMENT, NAME, Nested, Number, WORD, list};

/// Shipments of an order (10, 40).
const SHIPMENTS_MAX: usize = 100;
/// Lines of a shipment, and lines of an address; the limit of a body rules.
const LINES_MAX: usize = 500;

/// An order. Amounts are minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.3")]
pub(crate) struct Order {
    pub reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub additional_data: Option<Object>,
    /// All that is to be paid for it, taxes included (3.6).
    pub net_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipments: Option<Vec<Shipment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discounts: Option<Vec<Discount>>,
}

/// What an operation is for: the part of an order it concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.3")]
pub(crate) struct OperationOrder {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipments: Option<Vec<OperationShipment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub additional_data: Option<Object>,
}

/// What is sent together, of what an operation concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.3")]
pub(crate) struct OperationShipment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_lines: Option<Vec<ItemLine>>,
}

/// What is sent together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.4")]
pub(crate) struct Shipment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_quickness: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_method_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub estimated_delivery_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_lines: Option<Vec<ItemLine>>,
}

/// Who is billed, or where something goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.4")]
pub(crate) struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_lines: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_point_name: Option<String>,
}

/// A line of a shipment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.5")]
pub(crate) struct ItemLine {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_gross_price: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_amount: Option<i64>,
    /// In percent, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub tax_rate: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_marketplace_seller: Option<bool>,
}

/// What made an order cheaper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.3")]
pub(crate) struct Discount {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_reference: Option<String>,
}

/// `order`
pub(crate) fn order(f: &mut Fields<'_>) -> Option<Order> {
    let reference = f.required("reference", NAME.filled(), "The merchant's id of the order.");
    let additional_data = f.optional("additional_data", Additional, "The merchant's own members.");
    let net_amount = f.required("net_amount", AMOUNT, "All that is to be paid, taxes included; minor units.");
    let order = Order {
        reference: String::new(),
        additional_data,
        net_amount: 0,
        discount_amount: f.optional("discount_amount", DIFFERENCE, ""),
        tax_amount: f.optional("tax_amount", DIFFERENCE, "What of it is tax."),
        billing_address: f.optional("billing_address", Nested(address), ""),
        shipments: f.optional("shipments", list(Nested(shipment), SHIPMENTS_MAX), ""),
        discounts: f.optional("discounts", list(Nested(discount), LINES_MAX), ""),
    };
    Some(Order { reference: reference?, net_amount: net_amount?, ..order })
}

/// `order` of an operation
pub(crate) fn operation_order(f: &mut Fields<'_>) -> Option<OperationOrder> {
    Some(OperationOrder {
        shipments: f.optional("shipments", list(Nested(operation_shipment), SHIPMENTS_MAX), ""),
        additional_data: f.optional("additional_data", Additional, "The merchant's own members."),
    })
}

fn operation_shipment(f: &mut Fields<'_>) -> Option<OperationShipment> {
    Some(OperationShipment {
        net_amount: f.optional("net_amount", DIFFERENCE, ""),
        item_lines: f.optional("item_lines", list(Nested(item_line), LINES_MAX), ""),
    })
}

fn shipment(f: &mut Fields<'_>) -> Option<Shipment> {
    Some(Shipment {
        net_amount: f.optional("net_amount", DIFFERENCE, ""),
        delivery_type: f.optional("delivery_type", WORD, "Such as `EXTERNAL_PICKUP`."),
        delivery_quickness: f.optional("delivery_quickness", WORD, "Such as `REGULAR`."),
        delivery_method_reference: f.optional("delivery_method_reference", NAME, ""),
        estimated_delivery_date_time: f.optional("estimated_delivery_date_time", MOMENT, ""),
        shipping_address: f.optional("shipping_address", Nested(address), ""),
        item_lines: f.optional("item_lines", list(Nested(item_line), LINES_MAX), ""),
    })
}

fn address(f: &mut Fields<'_>) -> Option<Address> {
    Some(Address {
        company_name: f.optional("company_name", NAME, ""),
        gender: f.optional("gender", WORD, ""),
        first_name: f.optional("first_name", NAME, ""),
        middle_name: f.optional("middle_name", NAME, ""),
        last_name: f.optional("last_name", NAME, ""),
        address_lines: f.optional("address_lines", list(NAME, LINES_MAX), ""),
        city: f.optional("city", NAME, ""),
        postal_code: f.optional("postal_code", NAME, ""),
        country_code: f.optional("country_code", NAME, "ISO 3166-1, two letters."),
        province_code: f.optional("province_code", NAME, "ISO 3166-2."),
        phone_number: f.optional("phone_number", NAME, ""),
        mobile_phone_number: f.optional("mobile_phone_number", NAME, ""),
        work_phone_number: f.optional("work_phone_number", NAME, ""),
        delivery_point_name: f.optional("delivery_point_name", NAME, ""),
    })
}

fn item_line(f: &mut Fields<'_>) -> Option<ItemLine> {
    Some(ItemLine {
        kind: f.optional("type", WORD, "Such as `PHYSICAL`."),
        sku_reference: f.optional("sku_reference", NAME, ""),
        name: f.optional("name", NAME, ""),
        brand: f.optional("brand", NAME, ""),
        unit_gross_price: f.optional("unit_gross_price", DIFFERENCE, ""),
        net_amount: f.optional("net_amount", DIFFERENCE, ""),
        discount_amount: f.optional("discount_amount", DIFFERENCE, ""),
        quantity: f.optional("quantity", COUNT, ""),
        tax_amount: f.optional("tax_amount", DIFFERENCE, ""),
        tax_rate: f.optional("tax_rate", Number, "In percent."),
        seller_reference: f.optional("seller_reference", NAME, ""),
        seller_name: f.optional("seller_name", NAME, ""),
        is_marketplace_seller: f.optional("is_marketplace_seller", Bool, ""),
    })
}

fn discount(f: &mut Fields<'_>) -> Option<Discount> {
    Some(Discount {
        net_amount: f.optional("net_amount", DIFFERENCE, ""),
        tax_amount: f.optional("tax_amount", DIFFERENCE, ""),
        coupon_code: f.optional("coupon_code", NAME, ""),
        seller_reference: f.optional("seller_reference", NAME, ""),
    })
}
