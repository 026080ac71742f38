//! Events: where a merchant wants to be told of what, and that it has what it was told of (card-payments-api 5).

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::{DeliveryId, Mode};
use engine::{Subscription, Told};
use serde::Serialize;
use tollgate_http::address;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::document::LinkDocument;
use crate::errors::{ApiError, json};
use crate::orders::{self, OrderDocument};
use crate::payloads::{self, EventOut};
use crate::routes::{self, Api, Called, Named, empty};

/// What there is to be told of (5.3). What no card payment tells of is known, and never told.
pub(crate) const TYPES: [&str; 14] = [
    "BANK_ID_STATUS_UPDATED",
    "CARD_PAYMENT_AUTHORIZED",
    "CARD_PAYMENT_ERROR",
    "CARD_PAYMENT_REFUNDED",
    "CARD_PAYMENT_SETTLED",
    "CREDIT_USED",
    "INVOICE_CREATED",
    "INVOICE_FINALISED",
    "INVOICE_PAYMENT_RECEIVED",
    "PAYMENT_AUTHORIZED",
    "PAYMENT_SETTLED",
    "STORED_PAYMENT_DETAILS_UPDATED",
    "SWISH_STATUS_UPDATED",
    "WRITE_OFF_PAYMENT_CREATED",
];
/// The longest address, in characters.
pub(crate) const URL_CHARS_MAX: usize = 2_048;
/// Addresses of one merchant in one mode, all types together: each costs a call per event.
const SUBSCRIPTIONS_MAX: usize = 200;

/// Every address that is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallbacksOut {
    callbacks: Vec<CallbackOut>,
}

/// One address that is told of one type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallbackOut {
    /// What it is told of.
    r#type: String,
    /// Where it is.
    url: String,
}

/// `GET /events/callbacks`
pub(crate) async fn list(State(api): State<Api>, called: Called) -> Result<Response, ApiError> {
    let callbacks = api.engine.subscriptions(called.caller).await?.into_iter();
    let callbacks = callbacks.map(|Subscription { topic, url, .. }| CallbackOut { r#type: topic, url }).collect();
    Ok(json(StatusCode::OK, &CallbacksOut { callbacks }))
}

/// `POST /events/callbacks?type=&url=`; again and again, if need be.
pub(crate) async fn subscribe(
    State(api): State<Api>,
    called: Called,
    uri: Uri,
    request: Request,
) -> Result<Response, ApiError> {
    routes::read(request, orders::anything).await?;
    let Asked { topic, url } = Asked::read(&uri)?;
    let url = url.ok_or_else(|| ApiError::Invalid("url is required in the query".to_owned()))?;
    let may_be_called = called.caller.mode == Mode::Test || address::is_live(&url);
    if url.chars().count() > URL_CHARS_MAX || !address::is_web(&url) || !may_be_called {
        let live = if may_be_called { "" } else { "; in live mode https, port 443, and a name" };
        let wanted =
            format!("url must be an absolute http or https address of at most {URL_CHARS_MAX} characters{live}");
        return Err(ApiError::Invalid(wanted));
    }
    let known = api.engine.subscriptions(called.caller).await?;
    let is_known = known.iter().any(|known| known.topic == topic && known.url == url);
    if !is_known && known.len() >= SUBSCRIPTIONS_MAX {
        return Err(ApiError::WrongState("Too many addresses are registered; remove one first"));
    }
    api.engine.subscribe(called.caller, topic, &url, called.request_id.write()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `DELETE /events/callbacks?type=&url=`; without an address every one of the type.
pub(crate) async fn unsubscribe(
    State(api): State<Api>,
    called: Called,
    uri: Uri,
    request: Request,
) -> Result<Response, ApiError> {
    routes::read(request, orders::anything).await?;
    let Asked { topic, url } = Asked::read(&uri)?;
    api.engine.unsubscribe(called.caller, topic, url.as_deref(), called.request_id.write()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `GET /events/{token}`: what happened, as things stood then, until it is acknowledged.
pub(crate) async fn read(State(api): State<Api>, called: Called, Named(token): Named) -> Result<Response, ApiError> {
    let token = DeliveryId::parse(&token).map_err(|_| ApiError::NotFound)?;
    let Told { topic, then } = api.engine.told(called.caller, token).await?;
    let document = LinkDocument::read(&then.record.document)?;
    let order = match document.order {
        Some(number) => Some(OrderDocument::read(&api.engine.order(called.caller, number).await?)?),
        None => None,
    };
    let payload = payloads::payload(&then, &document, order.as_ref()).ok_or(ApiError::NotFound)?;
    Ok(json(StatusCode::OK, &EventOut { r#type: topic, payload }))
}

/// `GET /events/{token}/ack`; again and again, if need be.
pub(crate) async fn acknowledge(
    State(api): State<Api>,
    called: Called,
    Named(token): Named,
) -> Result<Response, ApiError> {
    let token = DeliveryId::parse(&token).map_err(|_| ApiError::NotFound)?;
    api.engine.acknowledge(called.caller, token).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What the query says. Other parameters are ignored.
#[derive(Debug)]
struct Asked {
    topic: &'static str,
    url: Option<String>,
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let invalid = |message: &str| ApiError::Invalid(message.to_owned());
        let (mut topic, mut url) = (None, None);
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let parameter = match &*name {
                "type" => &mut topic,
                "url" => &mut url,
                _ => continue,
            };
            if parameter.replace(value.into_owned()).is_some() {
                return Err(invalid("A query parameter is given twice"));
            }
        }
        let topic = topic.ok_or_else(|| invalid("type is required in the query"))?;
        let known = TYPES.iter().find(|known| **known == topic);
        let topic = known.ok_or_else(|| ApiError::Invalid(format!("type must be one of {}", TYPES.join(", "))))?;
        Ok(Self { topic, url: url.filter(|url| !url.is_empty()) })
    }
}
