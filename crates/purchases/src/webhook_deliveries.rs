//! The log of what was told of a purchase (purchases-api 2.9): each webhook's and the callback's.

use axum::extract::{Extension, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::Timestamp;
use engine::{Credential, DeliveryRecord, DeliveryState, DeliveryTry, Endpoint};
use serde::Serialize;
use tollgate_http::json::Json;
use utoipa::ToSchema;

use crate::errors::{FieldErrors, Problem};
use crate::page::member;
use crate::routes::{self, Api, ApiError, Inner, json, parse_id, written};
use crate::status::event_type;

/// Everything that was told of an object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDeliveries {
    /// Oldest first.
    results: Vec<WebhookDelivery>,
    /// Always null: all of it is here.
    next: Option<String>,
    /// Always null.
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
    if !matches!(member(&uri, "source_type").as_deref(), None | Some("purchase")) {
        let known = "Only purchases can be asked for; what was told of their payments is listed with them.";
        return Err(FieldErrors::field("source_type", Problem::invalid_choice(known)).into());
    }
    let id = member(&uri, "id").ok_or_else(|| FieldErrors::field("id", Problem::required()))?;
    let shown = routes::find(&api.engine, caller, parse_id(&id)?).await?;
    let mut results = vec![];
    for record in api.engine.deliveries_of(caller, shown.record.checkout.id).await? {
        let Some(event) = event_type(record.delivery.notice) else { continue };
        results.push(show(&api, caller, record, event).await?);
    }
    Ok(json(StatusCode::OK, written(Some(&WebhookDeliveries { results, next: None, previous: None }))?))
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
        Endpoint::Status { .. } | Endpoint::Subscription { .. } | Endpoint::Webhook { .. } | Endpoint::Mail => {
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
