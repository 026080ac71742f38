//! The log of what was told of a purchase (purchases-api 2.9): each webhook's and the callback's.

use axum::extract::{Extension, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::Timestamp;
use engine::{Credential, DeliveryRecord, DeliveryState, DeliveryTry, Endpoint, Place};
use serde::Serialize;
use tollgate_http::json::Json;
use utoipa::ToSchema;

use crate::errors::{FieldErrors, Problem};
use crate::page::{Asked, Envelope, member};
use crate::routes::{self, Api, ApiError, Inner, json, parse_id, written};
use crate::status::event_type;

const PURCHASE: &str = "purchase";

/// What may be asked for. Of the others there are none yet.
pub(crate) const SOURCE_TYPES: [&str; 3] = [PURCHASE, "payout", "billing_template_client"];

/// What was told of an object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDeliveries {
    /// Newest first.
    results: Vec<WebhookDelivery>,
    /// The address of what is older.
    next: Option<String>,
    /// The address of what is newer.
    previous: Option<String>,
}

/// One notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    /// The same for every try; also in the header `webhook-id`.
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "date-time")]
    created_on: String,
    /// Null until it arrived.
    #[schema(format = "date-time")]
    delivered_on: Option<String>,
    /// Tries so far.
    attempts: usize,
    /// Newest first.
    delivery_attempts: Vec<DeliveryAttempt>,
    /// Empty for a webhook that was deleted.
    url: String,
    event: String,
    /// What is sent; null before the first try.
    #[schema(value_type = Option<Object>)]
    payload: Option<Json>,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryAttempt {
    #[schema(format = "date-time")]
    attempted_on: String,
    /// Empty when it arrived.
    error_message: String,
}

pub(crate) async fn index(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let source_type = member(&uri, "source_type");
    if source_type.as_ref().is_some_and(|asked| !SOURCE_TYPES.contains(&asked.as_str())) {
        let known = "Ask for a purchase; what was told of its payments is listed with it.";
        return Err(FieldErrors::field("source_type", Problem::invalid_choice(known)).into());
    }
    let id = member(&uri, "id").ok_or_else(|| FieldErrors::field("id", Problem::required()))?;
    let page = Asked::of(&uri).page()?;
    if source_type.as_deref().is_some_and(|asked| asked != PURCHASE) {
        let nothing = WebhookDeliveries { results: vec![], next: None, previous: None };
        return Ok(json(StatusCode::OK, written(Some(&nothing))?));
    }
    let shown = routes::find(&api.engine, caller, parse_id(&id)?).await?;
    let found = api.engine.deliveries_of(caller, shown.record.checkout.id, page.beside, page.size + 1).await?;
    let filters = [("id", Some(id.as_str())), ("source_type", source_type.as_deref())];
    let path = format!("{}/api/v1/webhooks/deliveries/", api.links.public_url);
    let Envelope { results, next, previous } = page.envelope(found, place, &path, &filters);
    let mut shown = vec![];
    for record in results {
        // Mails are told to payers.
        let is_told = matches!(record.delivery.endpoint, Endpoint::Callback { .. } | Endpoint::Registered { .. });
        if let (true, Some(event)) = (is_told, event_type(record.delivery.notice)) {
            shown.push(show(&api, caller, record, event).await?);
        }
    }
    Ok(json(StatusCode::OK, written(Some(&WebhookDeliveries { results: shown, next, previous }))?))
}

/// Where one stands among all.
fn place(record: &DeliveryRecord) -> Place {
    Place { rank: 0, at: Timestamp::from_micros(record.position), id: record.delivery.id.uuid() }
}

async fn show(
    api: &Inner,
    caller: Credential,
    record: DeliveryRecord,
    event: &str,
) -> Result<WebhookDelivery, ApiError> {
    let url = match &record.delivery.endpoint {
        Endpoint::Callback { url } => url.clone(),
        Endpoint::Registered { webhook_id } => match api.engine.webhook(caller, *webhook_id).await {
            Ok(webhook) => webhook.url,
            Err(engine::Error::NotFound) => String::new(),
            Err(error) => return Err(error.into()),
        },
        Endpoint::Status { .. } | Endpoint::Subscription { .. } | Endpoint::Webhook { .. } | Endpoint::Mail { .. } => {
            String::new()
        }
    };
    let tries = api.engine.tries(record.delivery.id).await?;
    let sent = api.engine.sent(&record).await?;
    let payload = sent.and_then(|body| Json::parse(body.as_bytes()).ok());
    let is_delivered = record.state == DeliveryState::Delivered;
    Ok(WebhookDelivery {
        id: record.delivery.id.to_string(),
        created_on: time(record.delivery.created_at),
        delivered_on: record.tried_at.filter(|_| is_delivered).map(time),
        attempts: tries.len(),
        delivery_attempts: tries.iter().rev().map(attempt).collect(),
        url,
        event: event.to_owned(),
        payload,
    })
}

fn attempt(tried: &DeliveryTry) -> DeliveryAttempt {
    let error_message = match (tried.error.as_str(), tried.status) {
        ("", 200..=299) => String::new(),
        ("", status) => format!("HTTP {status}"),
        (error, _) => error.to_owned(),
    };
    DeliveryAttempt { attempted_on: time(tried.ended_at), error_message }
}

/// RFC 3339, UTC, whole seconds.
fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).map(|at| at.to_string()).unwrap_or_default()
}
