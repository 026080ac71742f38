//! Where secure fields hand a card in ahead of its payment (orchestration-api 7.4, vault wire). A merchant's page calls
//! them from its payer's browser, so they answer every origin; what they give is good for one payment of the entity, and
//! only its merchant's server can use it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use domain::{Brand, BrandId, Cvc, Expiry, Pan};
use engine::CardEntry;
use serde::{Deserialize, Deserializer, Serialize};
use tollgate_http::fields::Verdict;
use tollgate_http::path::behind;
use tollgate_http::{body, content};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::errors::{ApiError, json};
use crate::problems::Problems;
use crate::routes::Api;
use crate::transactions::{Network, network};

const BODY_BYTES_MAX: usize = 8 * 1024;
const HOLDER_CHARS_MAX: usize = 255;

/// A card, as secure fields send it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CardFormIn {
    /// The verification code, three or four digits.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = String)]
    cvv: Option<Zeroizing<String>>,
    card: Option<CardIn>,
}

/// What stands on the card.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CardIn {
    /// Digits.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = String)]
    pan: Option<Zeroizing<String>>,
    card_holder_name: Option<String>,
    /// 1 to 12.
    expiry_month: Option<u8>,
    /// Two digits, or four.
    expiry_year: Option<u16>,
    /// Whether the payer wants it kept.
    #[serde(default)]
    save_token: bool,
    /// Of a card with two brands: the one to pay under.
    selected_network: Option<Network>,
}

/// A card that was handed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CardFormOut {
    /// The `vault_form_token` of one payment, for twelve minutes.
    form_token: String,
    card: CardOut,
}

/// A text that is wiped when it is dropped.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Zeroizing::new))
}

/// What may be shown of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CardOut {
    /// The first eight digits.
    bin: String,
    last_four_digits: String,
}

/// The routes below `/v1/tenants`.
pub(crate) fn routes() -> Router<Api> {
    behind([("/{tenant}/forms/secure-fields", post(hand_in).options(preflight))])
        .layer(middleware::from_fn(for_every_origin))
}

async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Nothing here goes by cookies, so every page may call.
async fn for_every_origin(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, x-api-key"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

/// `POST /v1/tenants/{tenant}/forms/secure-fields`
async fn hand_in(State(api): State<Api>, Path(tenant): Path<String>, request: Request) -> Result<Response, ApiError> {
    api.limit_address(&request)?;
    let entity = entity(&api, &tenant).await?;
    let form: CardFormIn = read(request).await?;
    let now = api.engine.env().now();
    let mut problems = Problems::default();
    let card = form.card.unwrap_or(CardIn {
        pan: None,
        card_holder_name: None,
        expiry_month: None,
        expiry_year: None,
        save_token: false,
        selected_network: None,
    });
    let pan = card.pan.as_ref().and_then(|pan| Pan::parse(pan).ok());
    let cvc = form.cvv.as_ref().and_then(|cvv| Cvc::parse(cvv));
    let expiry = card.expiry_month.zip(card.expiry_year).and_then(|(month, year)| {
        let year = if year < 100 { year.saturating_add(2_000) } else { year };
        ((1..=12).contains(&month) && year <= 2_099).then_some(Expiry { year, month })
    });
    let holder = card.card_holder_name.unwrap_or_default();
    if pan.is_none() {
        problems.refuse("/card/pan", "This is no card number.");
    }
    if cvc.is_none() {
        problems.refuse("/cvv", "This must be a code of three or four digits.");
    }
    if expiry.is_none_or(|expiry| expiry.is_past(now)) {
        problems.refuse("/card/expiry_month", "This must be a month of a year that is not past.");
    }
    if holder.chars().count() > HOLDER_CHARS_MAX {
        problems.refuse("/card/card_holder_name", "This must be a text of at most 255 characters.");
    }
    let (Some(pan), Some(cvc), Some(expiry)) = (pan, cvc, expiry) else { return Err(problems.into()) };
    let on_card = [Some(pan.brand()), pan.partner()];
    let is_wanted = |brand: &Brand| card.selected_network.is_none_or(|wanted| network(*brand) == wanted);
    let brand = on_card.into_iter().flatten().find(is_wanted);
    let Some(brand) = brand.filter(|_| problems.is_empty()) else {
        if problems.is_empty() {
            problems.refuse("/card/selected_network", "The card is not of this network.");
        }
        return Err(problems.into());
    };
    let masked = pan.masked();
    let out = CardOut {
        bin: pan.bin().to_string(),
        last_four_digits: masked.get(masked.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
    };
    let entry = CardEntry { pan, brand, cvc: Some(cvc), expiry, holder, save: card.save_token };
    let form_token = api.engine.hand_in_card(entity.id, entry).ok_or(ApiError::RateLimited(60))?;
    Ok(json(&CardFormOut { form_token, card: out }))
}

async fn entity(api: &Api, tenant: &str) -> Result<Arc<engine::Brand>, ApiError> {
    let id = BrandId::parse(&tenant.to_ascii_lowercase()).map_err(|_| ApiError::NotFound)?;
    api.engine.entity(id).await?.ok_or(ApiError::NotFound)
}

async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    let body = Zeroizing::new(body::read(body, BODY_BYTES_MAX).await?.to_vec());
    if !content::is_json(&parts.headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    serde_json::from_slice(&body).map_err(|_| ApiError::wrong("", "The body must be a JSON object of the right types."))
}
