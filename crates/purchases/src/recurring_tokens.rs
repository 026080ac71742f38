//! The cards a client left, as tokens (purchases-api 2.5, 3.7). A token is the purchase that kept the card.

use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use engine::{Credential, Error, LeftCard, Place};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clients;
use crate::page::{Asked, Envelope};
use crate::routes::{Api, ApiError, json, parse_id, written};

/// A token (3.7).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientRecurringToken)]
pub(crate) struct TokenOut {
    /// The purchase that kept the card; what `recurring_token` of a charge names.
    #[schema(format = "uuid")]
    id: String,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "client_recurring_token")]
    kind: &'static str,
    /// Unix seconds.
    created_on: i64,
    updated_on: i64,
    #[schema(value_type = String, example = "card")]
    payment_method: &'static str,
    /// The card's brand and what may be shown of its number.
    description: String,
}

/// A page of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientRecurringTokens {
    /// Newest first.
    results: Vec<TokenOut>,
    /// The address of what is older.
    next: Option<String>,
    /// The address of what is newer.
    previous: Option<String>,
}

fn show(left: &LeftCard) -> TokenOut {
    let LeftCard { token, created_at, card } = left;
    TokenOut {
        id: token.to_string(),
        kind: "client_recurring_token",
        created_on: created_at.seconds(),
        updated_on: created_at.seconds(),
        payment_method: "card",
        description: format!("{} {}", card.brand.as_str(), card.masked),
    }
}

pub(crate) async fn index(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let client = clients::find(&api, caller, &id).await?;
    let page = Asked::of(&uri).page()?;
    let found = api.0.engine.left_cards(caller, client.id, page.beside, page.size + 1).await?;
    let place = |left: &LeftCard| Place { rank: 0, at: left.created_at, id: left.token.uuid() };
    let path = format!("{}/api/v1/clients/{}/recurring_tokens/", api.0.links.public_url, client.id);
    let Envelope { results, next, previous } = page.envelope(found, place, &path, &[]);
    let results = results.iter().map(show).collect();
    Ok(json(StatusCode::OK, written(Some(&ClientRecurringTokens { results, next, previous }))?))
}

pub(crate) async fn read_one(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path((id, token)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let client = clients::find(&api, caller, &id).await?;
    let left = api.0.engine.left_card(caller, client.id, parse_id(&token)?).await?;
    Ok(json(StatusCode::OK, written(Some(&show(&left)))?))
}

/// The same as deleting the token of the purchase (2.5).
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path((id, token)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let client = clients::find(&api, caller, &id).await?;
    let left = api.0.engine.left_card(caller, client.id, parse_id(&token)?).await?;
    match api.0.engine.forget_card(caller, left.token, |_| None).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        // Somebody else deleted it meanwhile.
        Err(Error::Refused(_)) => Err(ApiError::NotFound),
        Err(error) => Err(error.into()),
    }
}
