//! How a session, made by itself or for a payment, becomes a checkout of the core.

use std::time::Duration;

use domain::{
    CaptureMode as Capture, Checkout, CheckoutId, Customer as Payer, Dialect, Due, Event, Line, Mode, Offer, OfferKind,
    PaymentId, Recorded, RedirectMethod, Redirects, Stated, TenderTerms, Terms,
};
use engine::{Brand, CheckoutRecord, Credential, Engine, IdempotencyWrite, NewCheckout};
use tollgate_http::address;

use crate::customer::Customer;
use crate::document::SessionDocument;
use crate::errors::ApiError;
use crate::order::{Address, Order};
use crate::session::{Asked, CaptureMode};
use crate::solutions::{Family, Solution};

/// The life of a session (10, 11).
const SESSION_LIFE: Duration = Duration::from_secs(30 * 60);

/// What a new checkout is made from.
pub(crate) struct Opening<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) caller: Credential,
    pub(crate) entity: &'a Brand,
    pub(crate) asked: &'a Asked,
    pub(crate) document: SessionDocument,
    pub(crate) idempotency: &'a (dyn Fn(CheckoutId, PaymentId) -> Option<IdempotencyWrite> + Send + Sync),
}

impl Opening<'_> {
    /// Checks what only the whole can tell, and makes the checkout.
    pub(crate) async fn checkout(self) -> Result<NewCheckout, ApiError> {
        let Self { engine, caller, entity, asked, document, idempotency } = self;
        let is_callable = |url: &str| caller.mode == Mode::Test || address::is_live(url);
        if asked.webhook.as_ref().is_some_and(|webhook| !is_callable(&webhook.url)) {
            return Err(ApiError::wrong("/webhook/url", "In live mode this must be an https address with a name."));
        }
        let order_key = format!("{}:{}:{}", entity.id, asked.amount.currency().code(), asked.order.reference);
        let paid = engine.order_paid(caller, &order_key).await?;
        if asked.amount.minor() > asked.order.net_amount.saturating_sub(paid) {
            return Err(engine::Error::OrderPaid.into());
        }
        let merchant = engine.merchant(caller.merchant_id).await?;
        let now = engine.env().now();
        let redirect = document.shopper_redirection_url.clone();
        let is_implicit = document.is_implicit;
        let locale = asked.customer.as_ref().and_then(|customer| customer.locale.as_deref());
        let language = locale.and_then(language_of);
        let known = document.eligible_solutions.iter().filter_map(|name| Solution::find(&name.partner, &name.method));
        let captured_after = match asked.capture_mode {
            CaptureMode::Automatic => Some(Duration::from_secs(document.capture_delay_seconds)),
            CaptureMode::Manual => None,
        };
        let checkout = Checkout {
            id: CheckoutId::new(engine.env().random_id()),
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            brand_id: entity.id,
            payment_id: PaymentId::new(engine.env().ordered_id()),
            dialect: Dialect::Orchestration,
            public_id: None,
            order_key: Some(order_key),
            created_at: now,
            seller: entity.name.clone(),
            language_chosen: language.is_some(),
            language: language.unwrap_or_else(|| entity.language.clone()),
            time_zone: entity.time_zone.clone(),
            reference: asked.order.reference.clone(),
            notes: String::new(),
            lines: lines(&asked.order),
            debt: 0,
            stated: Stated::default(),
            customer: payer(asked.customer.as_ref(), &asked.order),
            customer_id: None,
            customer_named: false,
            asks_details: vec![],
            redirects: Redirects { success: redirect.clone(), failure: redirect.clone(), cancel: redirect },
            callback: None,
            brands: None,
            methods: vec![],
            token: None,
            tender: Some(TenderTerms {
                offers: known.map(offer).collect(),
                asks_payer: document.challenge_indicator.asks(),
                reusable: asked.allow_future_usage,
                order_total: Some(asked.order.net_amount),
            }),
        };
        let terms = Terms {
            payment_id: checkout.payment_id,
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            checkout_id: checkout.id,
            amount: asked.amount,
            // Legs are captured by operations, also when nobody asks for them.
            capture: Capture::Manual,
            due: (!is_implicit).then(|| Due { at: now.plus(SESSION_LIFE), strict: true }),
            single_attempt: true,
            save_card: false,
            hold_max: None,
            captured_after,
            fees: merchant.fees,
        };
        let document = document.to_json().map_err(|error| {
            tracing::error!(%error, "a session's document could not be written");
            ApiError::Internal
        })?;
        Ok(NewCheckout {
            idempotency: idempotency(checkout.id, checkout.payment_id),
            record: CheckoutRecord { checkout, document },
            opened: Recorded { version: 1, at: now, event: Event::Opened(terms.clone()) },
            terms,
            customer: None,
        })
    }
}

/// The first part of `fr-FR`, of `fr_FR` and of `fr`.
fn language_of(locale: &str) -> Option<String> {
    let language = locale.split(['-', '_']).next()?.to_ascii_lowercase();
    (language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(language)
}

fn offer(solution: &Solution) -> Offer {
    Offer {
        partner: solution.partner.to_owned(),
        method: solution.method.to_owned(),
        kind: match solution.family {
            Family::Card => OfferKind::Card,
            Family::GiftCard => OfferKind::GiftCard,
            Family::Wallet => OfferKind::Redirect(RedirectMethod::Wallet),
            Family::PayLater => OfferKind::Redirect(RedirectMethod::PayLater),
            Family::Bank => OfferKind::Redirect(RedirectMethod::Bank),
        },
        uses_max: solution.uses_max.and_then(|uses| u8::try_from(uses).ok()),
        amount_min: solution.amount_min,
    }
}

/// What the page shows of the order.
fn lines(order: &Order) -> Vec<Line> {
    let shipments = order.shipments.iter().flatten();
    let items = shipments.flat_map(|shipment| shipment.item_lines.iter().flatten());
    items
        .map(|item| Line {
            name: item.name.clone().or_else(|| item.sku_reference.clone()).unwrap_or_default(),
            quantity: item.quantity.unwrap_or(1).saturating_mul(10_000),
            unit_price: item.unit_gross_price.unwrap_or(0),
            total: item.net_amount.unwrap_or(0),
            ..Line::default()
        })
        .collect()
}

fn payer(customer: Option<&Customer>, order: &Order) -> Payer {
    let billing = order.billing_address.clone().unwrap_or_default();
    let Address { address_lines, city, postal_code, country_code, province_code, .. } = billing.clone();
    let street = address_lines.unwrap_or_default().join(", ");
    let mut payer = Payer {
        full_name: full_name(billing.first_name, billing.last_name),
        phone: billing.phone_number.or(billing.mobile_phone_number).unwrap_or_default(),
        billing: domain::Address {
            street_address: street,
            city: city.unwrap_or_default(),
            state: province_code.unwrap_or_default(),
            zip_code: postal_code.unwrap_or_default(),
            country: country_code.unwrap_or_default(),
        },
        ..Payer::default()
    };
    if let Some(customer) = customer {
        payer.email = customer.email.clone().unwrap_or_default();
        let name = full_name(customer.first_name.clone(), customer.last_name.clone());
        if !name.is_empty() {
            payer.full_name = name;
        }
    }
    payer
}

fn full_name(first: Option<String>, last: Option<String>) -> String {
    [first, last].into_iter().flatten().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_language() {
        for (locale, language) in
            [("fr-FR", Some("fr")), ("fr_FR", Some("fr")), ("FR", Some("fr")), ("fra", None), ("", None), ("1x", None)]
        {
            assert_eq!(language, language_of(locale).as_deref(), "{locale}");
        }
    }
}
