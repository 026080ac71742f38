//! Links to the card form: what is asked for when one is made (card-payments-api 2.2 D1, 2.3 S1, S3), and the making.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{
    Brand, BrandId, Callback, CaptureMode, Checkout, CheckoutId, Currency, Customer, Dialect, Due, Event, Line, Mode,
    Money, PaymentId, PublicId, Recorded, Redirects, Stated, Terms,
};
use engine::{CheckoutRecord, Credential, Engine, IdempotencyWrite, NewCheckout, Opened};
use serde::Serialize;
use tollgate_http::address;
use utoipa::ToSchema;

use crate::document::LinkDocument;
use crate::errors::{ApiError, json};
use crate::fields::{AMOUNT, CALLBACK_URL, Choice, CurrencyCode, Fields, Language, OrderNumber, URL, text};
use crate::orders::{OrderDocument, OrderStatus};
use crate::routes::{self, Api, Called};
use crate::view;

/// The life of a link, from the moment it is made (3.3 X7).
const LINK_LIFE: Duration = Duration::from_secs(31 * 86_400);
/// The only cards that may be charged again (2.3).
const STORED_BRANDS: [Brand; 2] = [Brand::Visa, Brand::Mastercard];

/// The answer to a new link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkOut {
    /// Open it by redirect or in an iframe; it works for 31 days.
    url: String,
    /// For status, capture, cancel, release and refund.
    payment_id: u64,
    /// Always null; clients read it.
    #[schema(value_type = Option<String>)]
    token: (),
}

/// The answer to a new link that stores a card.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreLinkOut {
    /// Open it by redirect or in an iframe; it works for 31 days.
    url: String,
    /// Names the card from now on.
    token: String,
}

/// What every link has.
#[derive(Debug)]
pub(crate) struct Page {
    currency: Currency,
    redirects: Redirects,
    language: Option<String>,
    callback: Option<String>,
}

/// What is asked of a new payment.
#[derive(Debug)]
pub(crate) struct Asked {
    amount: i64,
    page: Page,
    order: Option<u64>,
    reference: Option<String>,
}

/// What is asked of a charge of a stored card.
#[derive(Debug)]
pub(crate) struct Charge {
    pub(crate) token: String,
    pub(crate) asked: Asked,
    pub(crate) by_buyer: bool,
}

/// What a new link is for.
pub(crate) enum Purpose {
    /// To be paid.
    Pay(Money),
    /// To be paid with a stored card.
    Charge(Money, CheckoutId),
    /// To store a card.
    Store(Currency),
}

/// The body of D1.
pub(crate) fn direct(f: &mut Fields<'_>) -> Option<Asked> {
    asked(f, true)
}

fn asked(f: &mut Fields<'_>, needs_success: bool) -> Option<Asked> {
    let amount = f.required("amount", AMOUNT, "Minor units.");
    let page = page(f, needs_success);
    let order = f.optional("orderId", OrderNumber, "The order it pays for; then a capture answers receipt addresses.");
    let reference = f.optional("externalPaymentReference", text(255), "The merchant's own reference; not unique.");
    Some(Asked { amount: amount?, page: page?, order, reference })
}

/// The body of S1.
pub(crate) fn store(f: &mut Fields<'_>) -> Option<Page> {
    page(f, true)
}

fn page(f: &mut Fields<'_>, needs_success: bool) -> Option<Page> {
    let currency = f.required("currencyCode", CurrencyCode, "ISO 4217.");
    let about = "Where the buyer goes when it is done.";
    let success = if needs_success {
        f.required("redirectOnSuccessURL", URL, about).map(Some)
    } else {
        Some(f.optional("redirectOnSuccessURL", URL, about))
    };
    let failure =
        f.optional("redirectOnFailURL", URL, "Where the buyer goes after a failed try; back to the shop without.");
    let back = f.optional("backToShopURL", URL, "Where Back leads; there is none without.");
    let language = f.optional("languageCode", Language, "");
    let callback = f.optional("callbackUrl", CALLBACK_URL, "Told by a POST how the payment stands.");
    let redirects = Redirects { success: success?, failure: failure.or_else(|| back.clone()), cancel: back };
    Some(Page { currency: currency?, redirects, language, callback })
}

/// The body of S3.
pub(crate) fn charge(f: &mut Fields<'_>) -> Option<Charge> {
    let token = f.required("token", text(64).filled(), "The stored card.");
    let asked = asked(f, false);
    let about = "What the buyer agreed to.";
    f.optional("subsequentPaymentType", Choice(&["RECURRING", "UNSCHEDULED"]), about);
    let by = f.optional(
        "initiatedBy",
        Choice(&["MERCHANT", "BUYER"]),
        "Who asks for this payment; the merchant unless said.",
    );
    Some(Charge { token: token?, asked: asked?, by_buyer: by == Some("BUYER") })
}

/// `POST /payments/cards/direct`
pub(crate) async fn create(State(api): State<Api>, called: Called, request: Request) -> Result<Response, ApiError> {
    let asked = routes::read(request, direct).await?;
    let purpose = Purpose::Pay(asked.money()?);
    let made = open(&api.engine, called.caller, purpose, asked, called.request_id.write()).await?;
    let payment_id = view::number(&made.checkout).ok_or(ApiError::Internal)?;
    Ok(json(StatusCode::OK, &LinkOut { url: api.url(made.checkout.id), payment_id, token: () }))
}

/// `POST /payments/cards/stored`
pub(crate) async fn create_store(
    State(api): State<Api>,
    called: Called,
    request: Request,
) -> Result<Response, ApiError> {
    let page = routes::read(request, store).await?;
    let purpose = Purpose::Store(page.currency);
    let asked = Asked { amount: 0, page, order: None, reference: None };
    let made = open(&api.engine, called.caller, purpose, asked, called.request_id.write()).await?;
    let token = made.checkout.public_id.ok_or(ApiError::Internal)?.to_string();
    Ok(json(StatusCode::OK, &StoreLinkOut { url: api.url(made.checkout.id), token }))
}

impl Asked {
    pub(crate) fn money(&self) -> Result<Money, ApiError> {
        Money::new(self.amount, self.page.currency).ok_or(ApiError::Internal)
    }
}

/// Makes a link; `key` is the request id that is used up with it.
pub(crate) async fn open(
    engine: &Engine,
    caller: Credential,
    purpose: Purpose,
    asked: Asked,
    key: Option<IdempotencyWrite>,
) -> Result<CheckoutRecord, ApiError> {
    let mut new = prepare(engine, caller, purpose, asked, key).await?;
    // A name that is taken is drawn again.
    while engine.open_checkout(new.clone()).await? == Opened::Stale {
        rename(engine, &mut new);
    }
    Ok(new.record)
}

/// Another number, or another token.
pub(crate) fn rename(engine: &Engine, new: &mut NewCheckout) {
    let name = &mut new.record.checkout.public_id;
    *name = Some(match name {
        Some(PublicId::Token(_)) => PublicId::Token(engine.env().random_id()),
        Some(PublicId::Number(_)) | None => engine.draw_number(),
    });
}

/// A link that is not written down yet.
pub(crate) async fn prepare(
    engine: &Engine,
    caller: Credential,
    purpose: Purpose,
    asked: Asked,
    key: Option<IdempotencyWrite>,
) -> Result<NewCheckout, ApiError> {
    let Asked { page, order, reference, .. } = asked;
    let callback_may_be = caller.mode == Mode::Test || page.callback.as_deref().is_none_or(address::is_live);
    if !callback_may_be {
        let message = "callbackUrl must be an https address with a name and port 443 in live mode";
        return Err(ApiError::Invalid(message.to_owned()));
    }
    if let Some(order) = order {
        check_order(engine, caller, order).await?;
    }
    let merchant = engine.merchant(caller.merchant_id).await?;
    let brands = engine.brands(caller.merchant_id).await?;
    let brand = brands.iter().find(|brand| brand.revoked_at.is_none());
    let (amount, save_card, token) = match purpose {
        Purpose::Pay(amount) => (amount, false, None),
        Purpose::Charge(amount, token) => (amount, false, Some(token)),
        Purpose::Store(currency) => (Money::zero(currency), true, None),
    };
    let taken = match (purpose, caller.mode) {
        (Purpose::Pay(_), Mode::Test) => vec![Brand::Visa, Brand::Mastercard, Brand::Amex],
        (Purpose::Pay(_), Mode::Live) | (Purpose::Charge(..) | Purpose::Store(_), _) => STORED_BRANDS.to_vec(),
    };
    let name = reference.clone().filter(|reference| !reference.is_empty());
    let line = Line {
        name: name.clone().unwrap_or_else(|| "Payment".to_owned()),
        quantity: 10_000,
        unit_price: amount.minor(),
        total: amount.minor(),
        ..Line::default()
    };
    let now = engine.env().now();
    let document = LinkDocument { order, reference }.written()?;
    let checkout = Checkout {
        id: CheckoutId::new(engine.env().random_id()),
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        brand_id: brand.map_or(BrandId::new(caller.merchant_id.uuid()), |brand| brand.id),
        payment_id: PaymentId::new(engine.env().ordered_id()),
        dialect: Dialect::CardPayments,
        order_key: None,
        tender: None,
        public_id: Some(if save_card { PublicId::Token(engine.env().random_id()) } else { engine.draw_number() }),
        created_at: now,
        seller: brand.map_or_else(|| merchant.company.legal_name.clone(), |brand| brand.name.clone()),
        language_chosen: page.language.is_some(),
        language: page.language.unwrap_or_else(|| "en".to_owned()),
        time_zone: brand.map_or_else(|| "UTC".to_owned(), |brand| brand.time_zone.clone()),
        reference: name.unwrap_or_default(),
        notes: String::new(),
        lines: if amount.is_zero() { vec![] } else { vec![line] },
        debt: 0,
        stated: Stated::default(),
        customer: Customer::default(),
        customer_id: None,
        customer_named: false,
        asks_details: vec![],
        redirects: page.redirects,
        callback: page.callback.map(|url| Callback { url }),
        brands: Some(taken),
        methods: vec![],
        token,
    };
    let terms = Terms {
        payment_id: checkout.payment_id,
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        checkout_id: checkout.id,
        amount,
        capture: CaptureMode::Manual,
        due: Some(Due { at: now.plus(LINK_LIFE), strict: true }),
        single_attempt: false,
        save_card,
        captured_after: None,
        hold_max: (!amount.is_zero()).then(|| engine.authorization_max()),
        fees: merchant.fees,
    };
    Ok(NewCheckout {
        record: CheckoutRecord { checkout, document },
        opened: Recorded { version: 1, at: now, event: Event::Opened(terms.clone()) },
        terms,
        customer: None,
        idempotency: key,
    })
}

/// The order exists and is not off.
async fn check_order(engine: &Engine, caller: Credential, number: u64) -> Result<(), ApiError> {
    let order = match engine.order(caller, number).await {
        Ok(order) => order,
        Err(engine::Error::NotFound) => return Err(ApiError::Invalid("orderId names no order".to_owned())),
        Err(error) => return Err(error.into()),
    };
    match OrderDocument::read(&order)?.status(engine.env().now()) {
        OrderStatus::Created | OrderStatus::Approved => Ok(()),
        OrderStatus::Cancelled => Err(ApiError::WrongState("The order is cancelled")),
    }
}
