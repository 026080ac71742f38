//! Orders V2, as far as card payments lean on them (card-payments-api 2.5): what is sold is kept as the merchant said it,
//! and tells events and receipts of itself.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::Timestamp;
use engine::Order;
use serde::{Deserialize, Serialize};
use tollgate_http::json::Object;
use utoipa::ToSchema;

use crate::errors::{ApiError, json};
use crate::fields::{Choice, CurrencyCode, Fields, Nested, Number, Objects, WHOLE, text};
use crate::routes::{self, Api, Called, Named};

/// Lines of an order (security D2).
const ITEMS_MAX: usize = 500;

/// What is kept of an order. Written as JSON; members that are missing or unknown are no error, so that every version
/// stays readable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OrderDocument {
    /// What the merchant said last.
    said: Object,
    /// The merchant's number of it, each with the microsecond since when.
    references: Vec<(i64, String)>,
    /// In microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<i64>,
    /// In microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<i64>,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OrderStatus {
    /// It may still be changed.
    Created,
    /// It may not be changed any more.
    Approved,
    /// It is off.
    Cancelled,
}

/// An order as it is answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderOut {
    /// To be named by payments.
    order_id: u64,
    /// The merchant's number.
    reference_id: String,
    /// How it stands.
    order_status: OrderStatus,
}

impl OrderDocument {
    pub(crate) fn read(order: &Order) -> Result<Self, ApiError> {
        serde_json::from_str(&order.document).map_err(unreadable)
    }

    fn written(&self) -> Result<String, ApiError> {
        serde_json::to_string(self).map_err(unreadable)
    }

    /// How it stood at a moment.
    pub(crate) fn status(&self, at: Timestamp) -> OrderStatus {
        let was = |since: Option<i64>| since.is_some_and(|since| since <= at.micros());
        match (was(self.cancelled_at), was(self.approved_at)) {
            (true, _) => OrderStatus::Cancelled,
            (false, true) => OrderStatus::Approved,
            (false, false) => OrderStatus::Created,
        }
    }

    /// The merchant's number of it at a moment.
    pub(crate) fn reference(&self, at: Timestamp) -> &str {
        let known = self.references.iter().rev().find(|(since, _)| *since <= at.micros()).or(self.references.first());
        known.map_or("", |(_, reference)| reference)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn unreadable(error: serde_json::Error) -> ApiError {
    tracing::error!(%error, "an order's document cannot be read or written");
    ApiError::Internal
}

fn shown(order: &Order, at: Timestamp) -> Result<Response, ApiError> {
    let document = OrderDocument::read(order)?;
    let (reference_id, order_status) = (document.reference(at).to_owned(), document.status(at));
    Ok(json(StatusCode::OK, &OrderOut { order_id: order.number, reference_id, order_status }))
}

/// What an order says of itself: its reference, and all of it.
type Said = (String, Object);

/// `POST /orders` and `POST /orders/with-amount-excluding-vat`
pub(crate) async fn create(State(api): State<Api>, called: Called, request: Request) -> Result<Response, ApiError> {
    let (reference, said) = routes::read(request, order).await?;
    let now = api.engine.env().now();
    let document = OrderDocument { said, references: vec![(now.micros(), reference)], ..OrderDocument::default() };
    let key = called.request_id.write();
    let made = api.engine.create_order(called.caller, &document.written()?, key.as_ref()).await?;
    shown(&made, now)
}

/// `PUT /orders/{id}` and `PUT /orders/with-amount-excluding-vat/{id}`
pub(crate) async fn update(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    let id = routes::number(&id)?;
    let (reference, said) = routes::read(request, order).await?;
    let now = api.engine.env().now();
    change(&api, called, id, |document| match document.status(now) {
        OrderStatus::Created => {
            let mut next = OrderDocument { said: said.clone(), ..document.clone() };
            if next.reference(now) != reference {
                next.references.push((now.micros(), reference.clone()));
            }
            Ok(Some(next))
        }
        OrderStatus::Approved => Err(ApiError::WrongState("The order is approved and cannot be changed any more")),
        OrderStatus::Cancelled => Err(ApiError::WrongState("The order is cancelled")),
    })
    .await
}

/// `PUT /orders/{id}/approve`; again and again, if need be.
pub(crate) async fn approve(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    let id = routes::number(&id)?;
    routes::read(request, anything).await?;
    let now = api.engine.env().now();
    change(&api, called, id, |document| match document.status(now) {
        OrderStatus::Created => Ok(Some(OrderDocument { approved_at: Some(now.micros()), ..document.clone() })),
        OrderStatus::Approved => Ok(None),
        OrderStatus::Cancelled => Err(ApiError::WrongState("The order is cancelled")),
    })
    .await
}

/// `DELETE /orders/{id}`; again and again, if need be.
pub(crate) async fn cancel(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    let id = routes::number(&id)?;
    routes::read(request, anything).await?;
    let now = api.engine.env().now();
    change(&api, called, id, |document| match document.status(now) {
        OrderStatus::Created | OrderStatus::Approved => {
            Ok(Some(OrderDocument { cancelled_at: Some(now.micros()), ..document.clone() }))
        }
        OrderStatus::Cancelled => Ok(None),
    })
    .await
}

async fn change(
    api: &Api,
    called: Called,
    id: u64,
    change: impl Fn(&OrderDocument) -> Result<Option<OrderDocument>, ApiError>,
) -> Result<Response, ApiError> {
    let key = called.request_id.write();
    let changed = api.engine.change_order(called.caller, id, key.as_ref(), |order| {
        change(&OrderDocument::read(order)?)?.map(|document| document.written()).transpose()
    });
    shown(&changed.await??, api.engine.env().now())
}

/// A body that says nothing: there may be none, and whatever a JSON object holds is ignored.
#[allow(clippy::unnecessary_wraps, reason = "a shape")]
pub(crate) fn anything(_: &mut Fields<'_>) -> Option<()> {
    Some(())
}

/// The body of an order. What its payments do not need is checked for its type and kept.
pub(crate) fn order(f: &mut Fields<'_>) -> Option<Said> {
    let reference = f.required("referenceId", text(255).filled(), "The merchant's number of the order.");
    let currency = f.required("currencyCode", CurrencyCode, "ISO 4217.");
    f.optional("purchaseChannel", text(64), "Such as `ECOMMERCE`.");
    f.optional("description", text(1_000), "");
    f.optional("invoiceCustomer", Nested(customer), "Who is invoiced.");
    f.optional("deliveryCustomer", Nested(customer), "Who gets the goods.");
    f.optional("items", Objects { shape: item, max: ITEMS_MAX }, "What is sold.");
    f.optional("totalVatAmount", WHOLE, "Minor units.");
    let by_rate = Objects { shape: vat, max: ITEMS_MAX };
    f.optional("totalVatAmountsGroupedByVatPercentage", by_rate, "");
    f.optional("totalAmountIncludingVat", WHOLE, "Minor units.");
    f.optional("totalAmountExcludingVat", WHOLE, "Minor units.");
    f.optional("roundOff", WHOLE, "Minor units; may be negative.");
    currency?;
    Some((reference?, f.all()))
}

fn customer(f: &mut Fields<'_>) -> Option<()> {
    f.optional("customerType", Choice(&["ORGANISATION", "PRIVATE"]), "");
    f.optional("regNumber", text(64), "");
    f.optional("address", Nested(address), "");
    Some(())
}

fn address(f: &mut Fields<'_>) -> Option<()> {
    for name in [
        "city",
        "countryCode",
        "emailAddress",
        "firstName",
        "lastName",
        "zipCode",
        "streetAddress1",
        "phoneNumber",
        "companyName",
        "yourReference",
    ] {
        f.optional(name, text(255), "");
    }
    Some(())
}

fn item(f: &mut Fields<'_>) -> Option<()> {
    f.optional("itemType", text(64), "Such as `FREEFORM`.");
    f.optional("position", WHOLE, "");
    f.optional("articleNumber", text(255), "");
    f.optional("description", text(1_000), "");
    f.optional("quantity", Number, "");
    f.optional("unit", text(64), "Such as `pcs`.");
    f.optional("unitPriceExcludingVat", WHOLE, "Minor units.");
    f.optional("unitPrice", WHOLE, "Minor units, VAT included.");
    f.optional("subtotalPrice", WHOLE, "Minor units, VAT included.");
    f.optional("vatPercentage", Number, "Hundredths of a per cent: 2500 is 25 %.");
    Some(())
}

fn vat(f: &mut Fields<'_>) -> Option<()> {
    f.optional("percentage", Number, "Hundredths of a per cent.");
    f.optional("amount", WHOLE, "Minor units.");
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields;

    #[test]
    fn the_body_a_shop_sends_is_read() {
        let body = r#"{"currencyCode":"SEK","purchaseChannel":"ECOMMERCE","referenceId":1042,"description":"","invoiceCustomer":
            {"customerType":"PRIVATE","regNumber":null,"address":{"city":"Lund","countryCode":"SE","companyName":""}},
            "items":[{"itemType":"FREEFORM","position":1,"articleNumber":17,"description":"Tea","quantity":1.5,"unit":"pcs",
            "unitPriceExcludingVat":8000,"vatPercentage":null}],"totalVatAmount":2000,
            "totalVatAmountsGroupedByVatPercentage":[{"percentage":2500,"amount":2000}],"totalAmountIncludingVat":10000,
            "totalAmountExcludingVat":8000,"roundOff":-1,"later":{"field":true}}"#;
        let (reference, said) = fields::read(body.as_bytes(), order).expect("read");
        assert_eq!("1042", reference);
        assert!(said.get("later").is_some(), "kept as it was said");
        assert!(fields::read(br#"{"currencyCode":"SEK","referenceId":"W-1"}"#, order).is_ok());
        for bad in ["{}", r#"{"currencyCode":"SEK","referenceId":"W-1","items":[{"position":"first"}]}"#] {
            assert!(fields::read(bad.as_bytes(), order).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_order_is_told_as_it_was_then() {
        let at = Timestamp::from_micros;
        let document = OrderDocument {
            references: vec![(10, "A".to_owned()), (20, "B".to_owned())],
            approved_at: Some(30),
            cancelled_at: Some(40),
            ..OrderDocument::default()
        };
        let told: Vec<_> = [10, 20, 30, 40].map(|now| (document.reference(at(now)), document.status(at(now)))).to_vec();
        let expected = vec![
            ("A", OrderStatus::Created),
            ("B", OrderStatus::Created),
            ("B", OrderStatus::Approved),
            ("B", OrderStatus::Cancelled),
        ];
        assert_eq!(expected, told);
        let stored = document.written().expect("written");
        assert_eq!(document, serde_json::from_str(&stored).expect("read"));
    }
}
