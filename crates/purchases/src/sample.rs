//! A made-up purchase, for whoever tries whether a webhook works. It is written down nowhere.

use domain::{CheckoutId, Customer, Event, PaymentId, Recorded};
use engine::{Brand, Credential, Engine};
use serde_json::json;

use crate::create::{CreatePurchase, Opening};
use crate::document::Issuer;
use crate::routes::ApiError;
use crate::view::{self, Links};

/// What is told of a purchase that was just made: one with an id of its own that no other call knows.
///
/// # Errors
/// [`ApiError::Internal`] when it cannot be rendered, which it has no reason to.
pub(crate) fn created(engine: &Engine, caller: Credential, brand: &Brand, links: &Links) -> Result<String, ApiError> {
    let now = engine.env().now();
    let asked = json!({
        "brand_id": brand.id.to_string(),
        "client": { "email": "test@example.com" },
        "reference": "TEST",
        "purchase": { "currency": brand.currency.code(), "products": [{ "name": "Test", "price": 100 }] },
    });
    let input = CreatePurchase::parse(asked.to_string().as_bytes())?;
    let customer = Customer { email: "test@example.com".to_owned(), ..Customer::default() };
    let (checkout, terms, document) = input.complete(brand, now)?.open(Opening {
        checkout_id: CheckoutId::new(engine.env().random_id()),
        payment_id: PaymentId::new(engine.env().ordered_id()),
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        customer,
        customer_id: None,
        seller: brand.name.clone(),
        issuer: Issuer::default(),
        fees: domain::Fees::default(),
        reference_generated: "TEST".to_owned(),
        created_from_ip: String::new(),
        direct_post: brand.direct_post,
        methods: vec![],
    });
    let history = [Recorded { version: 1, at: now, event: Event::Opened(terms) }];
    let purchase = view::purchase(&checkout, &document, &history, links).ok_or(ApiError::Internal)?;
    let body = view::event_body(purchase, "purchase.created").map_err(crate::routes::unwritable)?;
    String::from_utf8(body).map_err(|_| ApiError::Internal)
}
