//! Clients: the payers a merchant knows (purchases-api 2.5, 3.2), and their routes.

use axum::extract::{Extension, Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::CustomerId;
use engine::{Credential, CustomerRecord, Place, Wanted};
use serde::Serialize;
use tollgate_http::json::{Json, Object};
use utoipa::ToSchema;

use crate::create::{Client, DeliveryMethod, client_with};
use crate::errors::FieldErrors;
use crate::fields::{self, Fields};
use crate::formats;
use crate::page::{Asked, Envelope, member};
use crate::routes::{Api, ApiError, Keyed, json, read_json, unwritable, written};
use crate::view::{self, ClientDetails};

/// A client (3.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientOut {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "client")]
    kind: &'static str,
    #[schema(format = "uuid")]
    id: String,
    /// Unix seconds.
    created_on: i64,
    updated_on: i64,
    #[serde(flatten)]
    details: ClientDetails,
}

/// A page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clients {
    /// Newest first; when `q` is an email, those that have it before all others.
    results: Vec<ClientOut>,
    /// The address of what is older.
    next: Option<String>,
    /// The address of what is newer.
    previous: Option<String>,
}

/// A whole client: made, or put in place of what was there.
pub(crate) fn whole(f: &mut Fields<'_>) -> Option<Client> {
    let email = f.required("email", formats::EMAIL_FILLED, "Several clients may have the same.");
    let client = client_with(f, String::new());
    let customer = domain::Customer { email: email?, ..client.customer };
    Some(Client { customer, ..client })
}

/// What changes of a client; what is left out stays.
pub(crate) fn part(f: &mut Fields<'_>) -> Option<Client> {
    let email = f.optional("email", formats::EMAIL_FILLED, "Several clients may have the same.");
    Some(client_with(f, email.unwrap_or_default()))
}

/// How a client is written to, if the merchant said so.
fn delivery_methods(record: &CustomerRecord) -> Option<Vec<DeliveryMethod>> {
    serde_json::from_str(&record.extra).ok()
}

fn show(record: &CustomerRecord) -> ClientOut {
    ClientOut {
        kind: "client",
        id: record.id.to_string(),
        created_on: record.created_at.seconds(),
        updated_on: record.updated_at.seconds(),
        details: view::client(&record.details, delivery_methods(record)),
    }
}

fn answer(status: StatusCode, record: &CustomerRecord) -> Result<Response, ApiError> {
    Ok(json(status, written(Some(&show(record)))?))
}

fn extra(client: &Client) -> Result<String, ApiError> {
    let Some(methods) = &client.delivery_methods else { return Ok(String::new()) };
    serde_json::to_string(methods).map_err(unwritable)
}

fn members(body: &[u8]) -> Result<Json, FieldErrors> {
    Json::parse(body).map_err(|_| FieldErrors::parse_error())
}

fn parse_id(text: &str) -> Result<CustomerId, ApiError> {
    CustomerId::parse(text).map_err(|_| ApiError::NotFound)
}

/// A client of the caller's.
pub(crate) async fn find(api: &Api, caller: Credential, id: &str) -> Result<CustomerRecord, ApiError> {
    api.0.engine.customer(caller, parse_id(id)?).await?.ok_or(ApiError::NotFound)
}

pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    request: Request,
) -> Result<Response, ApiError> {
    let engine = &api.0.engine;
    let (parts, body) = request.into_parts();
    let body = read_json(&parts, body).await?;
    let keyed = match Keyed::begin(&api.0, caller, &parts, &body).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let client = fields::read(&members(&body)?, whole)?;
    let now = engine.env().now();
    let record = CustomerRecord {
        id: CustomerId::new(engine.env().ordered_id()),
        merchant_id: caller.merchant_id,
        mode: caller.mode,
        version: 1,
        extra: extra(&client)?,
        details: client.customer,
        created_at: now,
        updated_at: now,
    };
    let body = written(Some(&show(&record)))?;
    let key = keyed.write(&api.0, caller, Some(StatusCode::CREATED), &body);
    engine.create_customer(record, key).await?;
    Ok(json(StatusCode::CREATED, body))
}

pub(crate) async fn index(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let page = Asked::of(&uri).page()?;
    let filter = |name| member(&uri, name).filter(|value| !value.is_empty());
    let wanted = Wanted { text: filter("q"), personal_code: filter("personal_code") };
    let filters = [("q", wanted.text.as_deref()), ("personal_code", wanted.personal_code.as_deref())];
    let found = api.engine.customers(caller, wanted.clone(), page.beside, page.size + 1).await?;
    let exact = wanted.text.as_deref().map(str::to_lowercase);
    let place = |record: &CustomerRecord| Place {
        rank: u8::from(exact.as_ref() == Some(&record.details.email.to_lowercase())),
        at: record.created_at,
        id: record.id.uuid(),
    };
    let path = format!("{}/api/v1/clients/", api.links.public_url);
    let Envelope { results, next, previous } = page.envelope(found, place, &path, &filters);
    let results = results.iter().map(show).collect();
    Ok(json(StatusCode::OK, written(Some(&Clients { results, next, previous }))?))
}

pub(crate) async fn read_one(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    answer(StatusCode::OK, &find(&api, caller, &id).await?)
}

pub(crate) async fn replace(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    change(&api, caller, &id, request, |_| Object::default()).await
}

pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    change(&api, caller, &id, request, as_said).await
}

/// A client as a merchant would say it.
fn as_said(record: &CustomerRecord) -> Object {
    let methods = delivery_methods(record);
    let mut shown = serde_json::to_value(view::client(&record.details, methods.clone())).unwrap_or_default();
    if let (Some(members), None) = (shown.as_object_mut(), methods) {
        // What is shown where nothing was said is not said.
        members.remove("delivery_methods");
    }
    match Json::parse(shown.to_string().as_bytes()) {
        Ok(Json::Object(members)) => members,
        _ => Object::default(),
    }
}

/// Reads the body over what stays, and writes it over what is there.
async fn change(
    api: &Api,
    caller: Credential,
    id: &str,
    request: Request,
    stays: fn(&CustomerRecord) -> Object,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let mut before = find(api, caller, id).await?;
    let body = read_json(&parts, body).await?;
    loop {
        let said = match members(&body)? {
            Json::Object(said) => Json::Object(said.over(stays(&before))),
            Json::Array(items) if items.is_empty() => Json::Object(stays(&before)),
            other => other,
        };
        let client = fields::read(&said, whole)?;
        let record = CustomerRecord {
            version: before.version + 1,
            extra: extra(&client)?,
            details: client.customer,
            updated_at: api.0.engine.env().now(),
            ..before
        };
        if api.0.engine.change_customer(record.clone()).await? {
            return answer(StatusCode::OK, &record);
        }
        before = find(api, caller, id).await?;
    }
}

pub(crate) async fn delete(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    api.engine.delete_customer(caller, parse_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
