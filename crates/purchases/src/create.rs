//! `POST /purchases/` (purchases-api 2.1): the body becomes a [`CreatePurchase`], and with what is known of the brand an
//! [`Order`]. Errors are collected in two stages (2.1.5): first every member by itself, then what they mean together;
//! [`Order::methods`] is the third.

use domain::{
    BrandId, Callback, CaptureMode, Checkout, CheckoutId, Currency, Customer, CustomerId, Dialect, Due, Exchange, Fees,
    Line, LocalMethod, MerchantId, Mode, Money, PaymentId, Redirects, Stated, Terms, Timestamp,
};
use engine::{Brand, COPIES_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::document::{CurrencyConversion, Issuer, PurchaseDocument};
use crate::errors::{FieldErrors, Node, Problem};
use crate::fields::{self, Anything, Bool, Choice, Decimals, Fields, Nested, NestedOrEmpty, Objects, int, list, text};
use crate::formats;
use crate::methods::{self, Method, Needs};
use crate::numbers::Fixed;
use crate::totals::{self, LineError};
use tollgate_http::json::{Json, Object};

/// Lines of one order, at most (security D2).
const PRODUCTS_MAX: usize = 500;
/// Items of a list the reference sets no bound for.
const ITEMS_MAX: usize = 500;
/// Seconds until a purchase without a due time is overdue (10.2 #8).
const DUE_AFTER_SECONDS: i64 = 3_600;
/// The last second of the year 9999; beyond it is a slip, such as milliseconds.
const DUE_MAX: i64 = 253_402_300_799;

/// Who made the purchase, as far as `platform` can say: the documented names and the flow names plugins send
/// (2.1.1, 3.12, 10.2 #25).
const PLATFORMS: &[&str] = &[
    "api",
    "web",
    "ios",
    "android",
    "macos",
    "windows",
    "direct_post",
    "edd",
    "fluentcart",
    "fluentforms",
    "formidableforms",
    "givewp",
    "gohighlevel",
    "gravityforms",
    "hostbill",
    "import",
    "link",
    "magento",
    "opencart",
    "payform",
    "paymattic",
    "perfexcrm",
    "pos",
    "prestashop",
    "server_to_server",
    "shopify",
    "web_office",
    "whmcs",
    "woocommerce",
    "woocommerce_subscriptions",
    "wpcharitable",
    "wpfunnels",
];

/// What the payer may be asked for: the documented names and those of older clients (3.2, 10.2 #38).
const CLIENT_DETAILS: &[&str] = &[
    "email",
    "phone",
    "full_name",
    "personal_code",
    "brand_name",
    "legal_name",
    "registration_number",
    "tax_number",
    "bank_account",
    "bank_code",
    "billing_address",
    "shipping_address",
    "street_address",
    "city",
    "state",
    "zip_code",
    "country",
    "shipping_street_address",
    "shipping_city",
    "shipping_state",
    "shipping_zip_code",
    "shipping_country",
];

/// A body that is right as far as it can be judged by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the reference, 2.1.1")]
pub(crate) struct CreatePurchase {
    pub brand_id: BrandId,
    pub client: Option<Client>,
    pub client_id: Option<CustomerId>,
    pub purchase: Details,
    pub send_receipt: bool,
    pub skip_capture: bool,
    pub force_recurring: bool,
    pub reference: String,
    /// `YYYY-MM-DD`.
    pub issued: Option<String>,
    /// Seconds since 1970.
    pub due: Option<i64>,
    pub payment_method_whitelist: Option<Vec<Method>>,
    pub success_redirect: Option<String>,
    pub failure_redirect: Option<String>,
    pub cancel_redirect: Option<String>,
    pub success_callback: Option<String>,
    pub creator_agent: String,
    pub platform: &'static str,
    pub tags: Vec<String>,
    pub upsell_campaigns: Vec<String>,
    pub referral_campaign_id: Option<String>,
}

/// `client` of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Who pays.
    pub customer: Customer,
    /// How the payer is written to, when the merchant said so.
    pub delivery_methods: Option<Vec<DeliveryMethod>>,
}

/// `purchase` of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the reference, 2.1.2; amounts are minor units")]
pub(crate) struct Details {
    pub products: Vec<totals::Line>,
    /// Names and categories of the products.
    pub labels: Vec<(String, String)>,
    pub currency: Option<Currency>,
    pub language: Option<String>,
    pub notes: String,
    pub debt: i64,
    pub subtotal_override: Option<i64>,
    pub total_tax_override: Option<i64>,
    pub total_discount_override: Option<i64>,
    pub total_override: Option<i64>,
    pub request_client_details: Vec<&'static str>,
    pub timezone: Option<String>,
    pub due_strict: bool,
    pub email_message: String,
    pub shipping_options: Vec<ShippingOption>,
    pub payment_method_details: Object,
    pub has_upsell_products: bool,
    pub single_attempt: bool,
    pub metadata: Object,
}

/// A way the order may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ShippingOption {
    /// The merchant's own name for it.
    pub id: String,
    /// In minor units.
    pub price: i64,
}

/// How a payer is written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct DeliveryMethod {
    /// `email` or `text_message`.
    pub method: String,
    /// Options of the method.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub options: Object,
}

/// A purchase that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// What was asked for.
    pub input: CreatePurchase,
    /// What is to be paid.
    pub total: Money,
    /// What was ordered, when that was another currency.
    pub conversion: Option<CurrencyConversion>,
    /// What each line adds, in minor units.
    pub line_totals: Vec<i64>,
    /// ISO 639-1.
    pub language: String,
    /// Whether it was asked for; else it is the brand's.
    pub language_chosen: bool,
    /// IANA name.
    pub time_zone: String,
    /// Until when it should be paid.
    pub due: Due,
    /// The day on the invoice, `YYYY-MM-DD`.
    pub issued: String,
    /// When it was asked for.
    pub now: Timestamp,
}

/// What the handler adds to an order to make it a purchase.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// Stands in the payer's link.
    pub checkout_id: CheckoutId,
    /// The money side.
    pub payment_id: PaymentId,
    /// Who takes the money.
    pub merchant_id: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// Who pays: the inline client or the record `client_id` names.
    pub customer: Customer,
    /// That record, if there is one.
    pub customer_id: Option<CustomerId>,
    /// The brand's name as payers know it.
    pub seller: String,
    /// Company and brand on the day of the order.
    pub issuer: Issuer,
    /// What the merchant is charged.
    pub fees: Fees,
    /// The number made for this purchase.
    pub reference_generated: String,
    /// The address the request came from.
    pub created_from_ip: String,
    /// Whether the brand lets forms on its own pages post cards to us.
    pub direct_post: bool,
    /// What else than a card may pay it.
    pub methods: Vec<LocalMethod>,
}

impl CreatePurchase {
    /// Reads a body: every member by itself, all errors together.
    ///
    /// # Errors
    /// `parse_error` for what is not JSON, else every error at its place.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, FieldErrors> {
        let body = Json::parse(body).map_err(|_| FieldErrors::parse_error())?;
        fields::read(&body, create_purchase)
    }

    /// Judges the members together and fills in what was left out.
    ///
    /// # Errors
    /// Every error at its place.
    pub(crate) fn complete(mut self, brand: &Brand, now: Timestamp) -> Result<Order, FieldErrors> {
        let mut errors = FieldErrors::default();
        match (&self.client, &self.client_id) {
            (None, None) => errors.add_all(Problem::client_or_id_required()),
            (Some(_), Some(_)) => errors.add_all(Problem::client_or_id_only()),
            (Some(_), None) | (None, Some(_)) => {}
        }
        if self.cancel_redirect.as_deref().is_some_and(formats::has_markup) {
            errors.add("cancel_redirect", Problem::invalid("This address cannot contain < > ' or \"."));
        }
        let due = self.due.unwrap_or_else(|| now.seconds().saturating_add(DUE_AFTER_SECONDS));
        if due <= now.seconds() {
            errors.add("due", Problem::due_not_greater_than_now());
        }
        let currency = self.purchase.currency.unwrap_or(brand.currency);
        if brand.currencies.as_ref().is_some_and(|enabled| !enabled.contains(&currency)) {
            let problem = Problem::invalid_choice("This brand does not take this currency.");
            errors.add_in("purchase", "currency", problem);
        }
        let (mut line_totals, minor) = self.purchase.add_up(&mut errors);
        if minor == Some(0) && !self.skip_capture {
            errors.add_all(Problem::zero_total());
        }
        let Some(mut total) = minor.and_then(|minor| Money::new(minor, currency)).filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        let exchange = brand.exchanges.iter().find(|exchange| exchange.from() == currency);
        let mut conversion = None;
        if let Some(exchange) = exchange {
            conversion = Some(CurrencyConversion {
                original_currency: currency.code().to_owned(),
                original_amount: total.minor(),
                exchange_rate: Json::Number(exchange.rate()),
            });
            total = self.purchase.convert(*exchange, total, &mut line_totals)?;
        }
        let time_zone = self.purchase.timezone.clone().unwrap_or_else(|| brand.time_zone.clone());
        Ok(Order {
            total,
            conversion,
            line_totals,
            language: self.purchase.language.clone().unwrap_or_else(|| brand.language.clone()),
            language_chosen: self.purchase.language.is_some(),
            due: Due { at: Timestamp::from_seconds(due), strict: self.purchase.due_strict },
            issued: self.issued.clone().unwrap_or_else(|| today(now, &time_zone)),
            time_zone,
            now,
            input: self,
        })
    }
}

impl Details {
    /// What each line adds and the total in minor units, which is `None` when something is wrong (2.1.4).
    fn add_up(&self, errors: &mut FieldErrors) -> (Vec<i64>, Option<i64>) {
        let results: Vec<_> = self.products.iter().map(totals::line).collect();
        let wrong: Vec<FieldErrors> = results
            .iter()
            .map(|result| match result {
                Ok(_) => FieldErrors::default(),
                Err(LineError::Negative) => FieldErrors::all(Problem::subtotal_negative()),
                Err(LineError::TooLarge) => FieldErrors::field("price", Problem::max_value(i64::MAX)),
            })
            .collect();
        if wrong.iter().any(|errors| !errors.is_empty()) {
            errors.add_in("purchase", "products", Node::Items(wrong));
            return (vec![], None);
        }
        let lines: Vec<i64> = results.into_iter().flatten().collect();
        // The override is final, the debt is not added to it (10.2 #34).
        if let Some(total) = self.total_override {
            return (lines, Some(total));
        }
        let Some(sum) = totals::sum(&lines) else {
            let too_many = lines.iter().scan(0_i64, |sum, line| {
                *sum = sum.checked_add(*line)?;
                Some(())
            });
            let mut wrong = vec![FieldErrors::default(); lines.len()];
            if let Some(first) = wrong.get_mut(too_many.count()) {
                first.add("price", Problem::max_value(i64::MAX));
            }
            errors.add_in("purchase", "products", Node::Items(wrong));
            return (lines, None);
        };
        let total = sum.checked_add(self.debt);
        match total {
            Some(0..) => {}
            Some(_) => errors.add_in("purchase", "debt", Problem::min_value(-sum)),
            None => errors.add_in("purchase", "debt", Problem::max_value(i64::MAX - sum)),
        }
        (lines, total)
    }
}

impl Details {
    /// Says every amount in what is paid with (10.2 #49). Each is rounded by itself, half up, and the total is that of
    /// the order, so small lines need not add up to it.
    ///
    /// # Errors
    /// When the order is worth nothing, or more than 64 bits hold.
    fn convert(&mut self, exchange: Exchange, total: Money, line_totals: &mut [i64]) -> Result<Money, FieldErrors> {
        let amounts = self
            .products
            .iter_mut()
            .flat_map(|line| [Some(&mut line.price), Some(&mut line.discount), line.total_override.as_mut()])
            .chain([
                Some(&mut self.debt),
                self.subtotal_override.as_mut(),
                self.total_tax_override.as_mut(),
                self.total_discount_override.as_mut(),
                self.total_override.as_mut(),
            ])
            .flatten()
            .chain(self.shipping_options.iter_mut().map(|option| &mut option.price))
            .chain(line_totals);
        let too_large = || {
            let problem = Problem::invalid("Converted, an amount of this order is larger than can be paid.");
            let mut errors = FieldErrors::default();
            errors.add_in("purchase", "currency", problem);
            errors
        };
        for amount in amounts {
            *amount = exchange.convert(*amount).ok_or_else(too_large)?;
        }
        let paid = exchange.convert(total.minor()).ok_or_else(too_large)?;
        if paid == 0 && !total.is_zero() {
            return Err(FieldErrors::all(Problem::zero_total()));
        }
        Money::new(paid, exchange.to()).ok_or_else(too_large)
    }
}

impl Order {
    /// The methods it can be paid with: the offered ones that are listed and can do what is asked (stage 3 of 2.1.5).
    ///
    /// # Errors
    /// `invalid_payment_method_whitelist` when none remains.
    pub(crate) fn methods(&self, offered: &[Method]) -> Result<Vec<Method>, FieldErrors> {
        let needs = Needs {
            currency: self.total.currency(),
            amount: self.total.minor(),
            skip_capture: self.input.skip_capture,
            recurring: self.input.force_recurring,
        };
        let left = methods::remaining(offered, self.input.payment_method_whitelist.as_deref(), &needs);
        if left.is_empty() {
            let problem = Problem::payment_method_whitelist("No payment method is left that can do what is asked.");
            return Err(FieldErrors::field("payment_method_whitelist", problem));
        }
        Ok(left)
    }

    /// The purchase: what every page needs, what the payment is held to, and what only this dialect keeps.
    #[must_use]
    pub(crate) fn open(self, opening: Opening) -> (Checkout, Terms, PurchaseDocument) {
        let Self { input, total, conversion, line_totals, language, language_chosen, time_zone, due, issued, now } =
            self;
        let Opening { checkout_id, payment_id, merchant_id, mode, customer, customer_id, .. } = opening;
        let Details { products, labels, .. } = input.purchase;
        let lines = products
            .into_iter()
            .zip(labels)
            .zip(line_totals)
            .map(|((line, (name, category)), total)| Line {
                name,
                quantity: line.quantity,
                unit_price: line.price,
                discount: line.discount,
                tax_percent: line.tax_percent,
                category,
                total_override: line.total_override,
                total,
            })
            .collect();
        let listed = input.payment_method_whitelist.as_ref();
        let still_needed = input.purchase.request_client_details.iter().filter(|name| !is_filled(&customer, name));
        let document = PurchaseDocument {
            subtotal_override: input.purchase.subtotal_override,
            total_tax_override: input.purchase.total_tax_override,
            total_discount_override: input.purchase.total_discount_override,
            total_override: input.purchase.total_override,
            currency_conversion: conversion,
            request_client_details: still_needed.map(|name| (*name).to_owned()).collect(),
            issued,
            reference: input.reference.clone(),
            reference_generated: opening.reference_generated.clone(),
            send_receipt: input.send_receipt,
            payment_method_whitelist: listed.map(|all| all.iter().map(|method| method.name().to_owned()).collect()),
            creator_agent: input.creator_agent,
            platform: input.platform.to_owned(),
            tags: input.tags,
            upsell_campaigns: input.upsell_campaigns,
            referral_campaign_id: input.referral_campaign_id,
            email_message: input.purchase.email_message,
            shipping_options: input.purchase.shipping_options,
            payment_method_details: input.purchase.payment_method_details,
            has_upsell_products: input.purchase.has_upsell_products,
            metadata: input.purchase.metadata,
            delivery_methods: input.client.and_then(|client| client.delivery_methods),
            issuer: opening.issuer,
            created_from_ip: opening.created_from_ip,
            direct_post: opening.direct_post,
        };
        let stated = Stated {
            issued: input.issued.unwrap_or_default(),
            subtotal: document.subtotal_override,
            tax: document.total_tax_override,
            discount: document.total_discount_override,
        };
        let reference = if input.reference.is_empty() { opening.reference_generated } else { input.reference };
        let checkout = Checkout {
            id: checkout_id,
            merchant_id,
            mode,
            brand_id: input.brand_id,
            payment_id,
            dialect: Dialect::Purchases,
            public_id: None,
            order_key: None,
            tender: None,
            created_at: now,
            seller: opening.seller,
            language,
            language_chosen,
            time_zone,
            reference,
            notes: input.purchase.notes,
            lines,
            debt: input.purchase.debt,
            stated,
            customer,
            customer_id,
            customer_named: input.client_id.is_some(),
            asks_details: document.request_client_details.clone(),
            redirects: Redirects {
                success: input.success_redirect,
                failure: input.failure_redirect,
                cancel: input.cancel_redirect,
            },
            callback: input.success_callback.map(|url| Callback { url }),
            brands: listed.map(|all| all.iter().filter_map(|method| method.brand()).collect()),
            methods: opening.methods,
            token: None,
        };
        let terms = Terms {
            payment_id,
            merchant_id,
            mode,
            checkout_id,
            amount: total,
            capture: if input.skip_capture { CaptureMode::Manual } else { CaptureMode::Automatic },
            due: Some(due),
            single_attempt: input.purchase.single_attempt,
            save_card: input.force_recurring,
            hold_max: None,
            captured_after: None,
            fees: opening.fees,
        };
        (checkout, terms, document)
    }
}

/// Whether a detail the payer would be asked for is known already.
fn is_filled(customer: &Customer, name: &str) -> bool {
    let has_address = |address: &domain::Address| {
        [&address.street_address, &address.city, &address.zip_code, &address.country]
            .iter()
            .all(|part| !part.is_empty())
    };
    let Customer { billing, shipping, .. } = customer;
    let value = match name {
        "email" => &customer.email,
        "phone" => &customer.phone,
        "full_name" => &customer.full_name,
        "personal_code" => &customer.personal_code,
        "brand_name" => &customer.brand_name,
        "legal_name" => &customer.legal_name,
        "registration_number" => &customer.registration_number,
        "tax_number" => &customer.tax_number,
        "bank_account" => &customer.bank_account,
        "bank_code" => &customer.bank_code,
        "billing_address" => return has_address(billing),
        "shipping_address" => return has_address(shipping),
        "street_address" => &billing.street_address,
        "city" => &billing.city,
        "state" => &billing.state,
        "zip_code" => &billing.zip_code,
        "country" => &billing.country,
        "shipping_street_address" => &shipping.street_address,
        "shipping_city" => &shipping.city,
        "shipping_state" => &shipping.state,
        "shipping_zip_code" => &shipping.zip_code,
        "shipping_country" => &shipping.country,
        _ => return false,
    };
    !value.is_empty()
}

/// The day at `now` in a time zone, UTC when the zone is not known any more.
fn today(now: Timestamp, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_second(now.seconds()).map(|at| at.to_zoned(zone).date().to_string()).unwrap_or_default()
}

/// The whole body (2.1.1).
pub(crate) fn create_purchase(f: &mut Fields<'_>) -> Option<CreatePurchase> {
    let brand_id = f.required("brand_id", formats::BRAND_ID, "A brand of the key's company.");
    let purchase = f.required("purchase", Nested(details), "What is paid for.");
    let client = f.nullable("client", NestedOrEmpty(client), "Who pays. Give exactly one of client and client_id.");
    let client_id = f.nullable("client_id", formats::CLIENT_ID, "A client whose details are copied once.");
    // A client object with nothing in it beside a client_id is how some clients write "none".
    let is_nothing = |client: &Client| client_id.is_some() && client.customer == Customer::default();
    let means_nobody = client.as_ref().is_some_and(is_nothing);
    let client = client.filter(|_| !means_nobody);
    // 10.2 #14: an empty address is accepted, a missing one only when the payer will be asked for it.
    let sent_object = |name: &str| match f.given(name) {
        Some(Json::Object(members)) => Some(members),
        Some(_) | None => None,
    };
    let is_asked = match (&purchase, sent_object("purchase").and_then(|sent| sent.get("request_client_details"))) {
        (Some(purchase), _) => purchase.request_client_details.contains(&"email"),
        (None, Some(Json::Array(names))) => names.contains(&Json::String("email".to_owned())),
        (None, Some(_) | None) => false,
    };
    let has_email = |sent: &Object| sent.get("email").is_some_and(|email| *email != Json::Null);
    if sent_object("client").is_some_and(|sent| !has_email(sent)) && !means_nobody && !is_asked {
        f.verdict().add_in("client", "email", Problem::required());
    }
    let send_receipt = f.or("send_receipt", Bool, false, "Whether the payer gets a receipt by email.");
    let skip_capture =
        f.or("skip_capture", Bool, false, "Only reserve the money. With a total of 0, only save the card.");
    let force_recurring = f.or("force_recurring", Bool, false, "Keep the card without asking the payer.");
    let reference = f.or("reference", text(128), String::new(), "The merchant's own reference.");
    let issued = f.nullable("issued", formats::DATE, "The day on the invoice; today when left out.");
    let due = f.nullable(
        "due",
        int(i64::MIN).at_most(DUE_MAX),
        "Until when it should be paid, in unix seconds; an hour from now when left out.",
    );
    let method = fields::parsed(64, Method::parse, "", "").one_of(&Method::NAMES);
    let payment_method_whitelist = f.nullable(
        "payment_method_whitelist",
        list(method, ITEMS_MAX).at_least(1),
        "The only methods it may be paid with.",
    );
    let success_redirect = f.optional("success_redirect", formats::URL, "Where the payer goes after success.");
    let failure_redirect = f.optional("failure_redirect", formats::URL, "Where the payer goes after a failed attempt.");
    let cancel_redirect = f.optional(
        "cancel_redirect",
        formats::URL,
        "Where the payer goes by the return button. None of < > ' \" may stand in it.",
    );
    let success_callback = f.optional("success_callback", formats::URL, "Who is told when it is paid.");
    let creator_agent = f.or("creator_agent", text(32), String::new(), "The software that made the purchase.");
    let platform = f.or("platform", Choice(PLATFORMS), "api", "The kind of software that made the purchase.");
    let tags = f.or("tags", list(text(256), ITEMS_MAX), vec![], "The merchant's own marks.");
    let upsell_campaigns = f.or("upsell_campaigns", list(formats::UUID, ITEMS_MAX), vec![], "Kept and shown.");
    let referral_campaign_id = f.nullable("referral_campaign_id", formats::UUID, "Kept and shown.");
    Some(CreatePurchase {
        brand_id: brand_id?,
        client,
        client_id,
        purchase: purchase?,
        send_receipt,
        skip_capture,
        force_recurring,
        reference,
        issued,
        due,
        payment_method_whitelist,
        success_redirect: success_redirect.flatten(),
        failure_redirect: failure_redirect.flatten(),
        cancel_redirect: cancel_redirect.flatten(),
        success_callback: success_callback.flatten(),
        creator_agent,
        platform,
        tags,
        upsell_campaigns,
        referral_campaign_id,
    })
}

/// `purchase` (2.1.2).
fn details(f: &mut Fields<'_>) -> Option<Details> {
    let products =
        f.required("products", Objects { shape: product, min: 1, max: PRODUCTS_MAX }, "The lines of the order.");
    let currency = f.optional("currency", formats::CURRENCY, "The brand's when left out.");
    let language = f.optional("language", formats::LANGUAGE, "Of checkout and mail; the brand's when left out.");
    let notes = f.or("notes", text(10_000), String::new(), "Shown on the invoice.");
    let debt = f.or("debt", int(i64::MIN), 0, "Added to the total, in minor units; may be negative.");
    let subtotal_override = f.nullable("subtotal_override", int(i64::MIN), "Shown only.");
    let total_tax_override = f.nullable("total_tax_override", int(i64::MIN), "Shown only.");
    let total_discount_override = f.nullable("total_discount_override", int(i64::MIN), "Shown only.");
    let total_override = f.nullable("total_override", int(0), "Replaces the total, in minor units.");
    let request_client_details = f.or(
        "request_client_details",
        list(Choice(CLIENT_DETAILS), CLIENT_DETAILS.len()).unique(),
        vec![],
        "What the payer is asked for. Details given in client are dropped from the list.",
    );
    let timezone = f.optional("timezone", formats::TIME_ZONE, "The brand's when left out.");
    let due_strict = f.or("due_strict", Bool, false, "Whether it cannot be paid after the due time.");
    let email_message = f.or("email_message", text(256), String::new(), "Text of the invoice email.");
    let shipping_options = f.or(
        "shipping_options",
        Objects { shape: shipping_option, min: 0, max: ITEMS_MAX },
        vec![],
        "Ways the order may be sent.",
    );
    let payment_method_details =
        f.or("payment_method_details", Anything { max: 10_000 }, Object::default(), "Extras for single methods.");
    let has_upsell_products = f.or("has_upsell_products", Bool, false, "Kept and shown.");
    let single_attempt = f.or("single_attempt", Bool, false, "The first failed attempt cancels the purchase.");
    let metadata = f.or("metadata", Anything { max: 10_000 }, Object::default(), "The merchant's own data.");
    let (products, labels) =
        products?.into_iter().map(|product| (product.line, (product.name, product.category))).unzip();
    Some(Details {
        products,
        labels,
        currency,
        language,
        notes,
        debt,
        subtotal_override,
        total_tax_override,
        total_discount_override,
        total_override,
        request_client_details,
        timezone,
        due_strict,
        email_message,
        shipping_options,
        payment_method_details,
        has_upsell_products,
        single_attempt,
        metadata,
    })
}

struct Product {
    name: String,
    category: String,
    line: totals::Line,
}

/// A product (2.1.3).
fn product(f: &mut Fields<'_>) -> Option<Product> {
    const QUANTITY: Decimals = Decimals { places: 4, digits: None, max: i64::MAX };
    const PERCENT: Decimals = Decimals { places: 2, digits: Some(5), max: 10_000 };
    let name = f.required("name", text(256).filled(), "What it is.");
    let price = f.required("price", int(0), "Per piece and before tax, in minor units.");
    let quantity = f.or("quantity", QUANTITY, Fixed { value: 10_000, places: 4 }, "Pieces.");
    let discount = f.or("discount", int(0), 0, "For the whole line, in minor units.");
    let tax_percent = f.or("tax_percent", PERCENT, Fixed { value: 0, places: 2 }, "On top of the price.");
    let category = f.or("category", text(256), String::new(), "The merchant's own grouping.");
    let total_override =
        f.nullable("total_price_override", int(0), "The price of the line, tax included, in minor units.");
    Some(Product {
        name: name?,
        category,
        line: totals::Line {
            price: price?,
            quantity: quantity.value,
            discount,
            tax_percent: tax_percent.value,
            total_override,
        },
    })
}

fn shipping_option(f: &mut Fields<'_>) -> Option<ShippingOption> {
    let id = f.required("id", text(128).filled(), "The merchant's own name for it.");
    let price = f.required("price", int(0), "In minor units.");
    Some(ShippingOption { id: id?, price: price? })
}

/// `client` (3.2).
fn client(f: &mut Fields<'_>) -> Option<Client> {
    let email = f.nullable("email", formats::EMAIL_OR_BLANK, "Needed unless request_client_details asks for it.");
    Some(client_with(f, email.unwrap_or_default()))
}

/// What is said of a payer beside the email.
pub(crate) fn client_with(f: &mut Fields<'_>, email: String) -> Client {
    let mut said = |name, max, about| f.or(name, text(max), String::new(), about);
    let phone = said("phone", 32, "In any form.");
    let full_name = said("full_name", 128, "The payer's name.");
    let personal_code = said("personal_code", 32, "A number the payer is known by.");
    let legal_name = said("legal_name", 128, "Of a company.");
    let brand_name = said("brand_name", 128, "Of a company.");
    let registration_number = said("registration_number", 32, "Of a company.");
    let tax_number = said("tax_number", 32, "Of a company.");
    let bank_account = said("bank_account", 34, "An IBAN or a local number.");
    let bank_code = said("bank_code", 11, "A BIC.");
    let mut billing = domain::Address {
        street_address: said("street_address", 128, ""),
        city: said("city", 128, ""),
        state: said("state", 128, ""),
        zip_code: said("zip_code", 32, ""),
        country: String::new(),
    };
    let mut shipping = domain::Address {
        street_address: said("shipping_street_address", 128, ""),
        city: said("shipping_city", 128, ""),
        state: said("shipping_state", 128, ""),
        zip_code: said("shipping_zip_code", 32, ""),
        country: String::new(),
    };
    billing.country = f.or("country", formats::COUNTRY, String::new(), "");
    shipping.country = f.or("shipping_country", formats::COUNTRY, String::new(), "");
    let cc = f.nullable("cc", list(formats::EMAIL, COPIES_MAX), "Who else gets the mail.").unwrap_or_default();
    let bcc =
        f.nullable("bcc", list(formats::EMAIL, COPIES_MAX), "Who else gets the mail, unseen.").unwrap_or_default();
    let delivery_methods = f.optional(
        "delivery_methods",
        Objects { shape: delivery_method, min: 0, max: 2 },
        "How the payer is written to.",
    );
    let customer = Customer {
        email,
        phone,
        full_name,
        personal_code,
        billing,
        shipping,
        legal_name,
        brand_name,
        registration_number,
        tax_number,
        bank_account,
        bank_code,
        cc,
        bcc,
    };
    Client { customer, delivery_methods }
}

fn delivery_method(f: &mut Fields<'_>) -> Option<DeliveryMethod> {
    let method = f.required("method", Choice(&["email", "text_message"]), "");
    let options = f.or("options", Anything { max: 1_000 }, Object::default(), "");
    Some(DeliveryMethod { method: method?.to_owned(), options })
}

#[cfg(test)]
mod tests;
