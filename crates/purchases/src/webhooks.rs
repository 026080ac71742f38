//! Webhooks: what a merchant says of one, how it is shown, and its routes (purchases-api 2.6, 3.5).

use axum::extract::{Extension, Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::{Mode, WebhookId};
use engine::{Credential, Place, TestSend, Webhook, WebhookFields};
use serde::Serialize;
use tollgate_http::json::Json;
use tollgate_http::{address, body};
use utoipa::ToSchema;

use crate::errors::{FieldErrors, Problem};
use crate::fields::{self, Bool, Choice, Fields, Shape, list, text};
use crate::formats;
use crate::page::{Asked, Envelope};
use crate::routes::{Api, ApiError, BODY_BYTES_MAX, Keyed, json, read_json, written};
use crate::sample;
use crate::status::EVENT_TYPES;

/// What was said of a webhook; `None` was left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    title: Option<String>,
    callback: Option<String>,
    events: Option<Vec<&'static str>>,
    all_events: Option<bool>,
}

/// A whole webhook: made, or put in place of what was there.
pub(crate) fn whole(f: &mut Fields<'_>) -> Option<Said> {
    let title = f.required("title", TITLE, "What the webhook is called.");
    let callback = f.required("callback", CALLBACK, "Where it is told.");
    let events =
        f.optional("events", list(EVENT, EVENT_TYPES.len()).unique(), "What it is told of: at least one event.");
    let all_events = f.or("all_events", Bool, false, "Whether it is told of everything; then `events` is shown empty.");
    Some(Said { title: Some(title?), callback: Some(callback?), events, all_events: Some(all_events) })
}

/// What changes of a webhook; what is left out stays.
pub(crate) fn part(f: &mut Fields<'_>) -> Option<Said> {
    let title = f.optional("title", TITLE, "What the webhook is called.");
    let callback = f.optional("callback", CALLBACK, "Where it is told.");
    let events =
        f.optional("events", list(EVENT, EVENT_TYPES.len()).unique(), "What it is told of: at least one event.");
    let all_events = f.optional("all_events", Bool, "Whether it is told of everything; then `events` is shown empty.");
    Some(Said { title, callback, events, all_events })
}

const TITLE: fields::Text = text(100).filled();
const CALLBACK: fields::Parsed<String> = formats::CALLBACK;
const EVENT: Choice = Choice(EVENT_TYPES);

fn read(body: &[u8], shape: Shape<Said>, mode: Mode) -> Result<Said, FieldErrors> {
    let said = fields::read(&Json::parse(body).map_err(|_| FieldErrors::parse_error())?, shape)?;
    let is_callable = |url: &String| mode == Mode::Test || address::is_live(url);
    if !said.callback.as_ref().is_none_or(is_callable) {
        return Err(FieldErrors::not_live("callback"));
    }
    Ok(said)
}

impl Said {
    /// The webhook as it is from now on; `before` stays where nothing was said.
    ///
    /// # Errors
    /// At `events`, when it would be told of nothing.
    fn over(self, before: Option<&Webhook>) -> Result<WebhookFields, FieldErrors> {
        let Self { title, callback, events, all_events } = self;
        let title = title.or_else(|| before.map(|before| before.title.clone()));
        let url = callback.or_else(|| before.map(|before| before.url.clone()));
        let is_told_all = all_events.unwrap_or_else(|| before.is_some_and(|before| before.topics.is_none()));
        let was_said = events.is_some();
        let said = events.map(|events| events.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let listed = said.or_else(|| before?.topics.clone()).unwrap_or_default();
        if !is_told_all && listed.is_empty() {
            let problem = if was_said { Problem::min_items(1) } else { Problem::required() };
            return Err(FieldErrors::field("events", problem));
        }
        let topics = (!is_told_all).then_some(listed);
        Ok(WebhookFields { title: title.unwrap_or_default(), url: url.unwrap_or_default(), topics })
    }
}

/// A webhook (3.5).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookOut {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "webhook")]
    kind: &'static str,
    #[schema(format = "uuid")]
    id: String,
    /// Unix seconds.
    created_on: i64,
    updated_on: i64,
    title: String,
    callback: String,
    /// Empty when it is told of everything.
    events: Vec<String>,
    all_events: bool,
    /// Verifies `X-Signature` of what it is told: PEM, LF newlines. Changes only when its owner asks.
    public_key: String,
}

impl From<Webhook> for WebhookOut {
    fn from(webhook: Webhook) -> Self {
        let Webhook { id, title, url, topics, public_pem, created_at, updated_at, .. } = webhook;
        Self {
            kind: "webhook",
            id: id.to_string(),
            created_on: created_at.seconds(),
            updated_on: updated_at.seconds(),
            title,
            callback: url,
            all_events: topics.is_none(),
            events: topics.unwrap_or_default(),
            public_key: public_pem,
        }
    }
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    /// Newest first.
    results: Vec<WebhookOut>,
    /// The address of what is older.
    next: Option<String>,
    /// The address of what is newer.
    previous: Option<String>,
}

fn place(webhook: &Webhook) -> Place {
    Place { rank: 0, at: webhook.created_at, id: webhook.id.uuid() }
}

fn parse_id(text: &str) -> Result<WebhookId, ApiError> {
    WebhookId::parse(text).map_err(|_| ApiError::NotFound)
}

pub(crate) async fn create(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = read_json(&parts, body).await?;
    let keyed = match Keyed::begin(&api, caller, &parts, &body).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let fields = read(&body, whole, caller.mode)?.over(None)?;
    let kept = |webhook: &Webhook| {
        let body = written(Some(&WebhookOut::from(webhook.clone()))).ok()?;
        keyed.write(&api, caller, Some(StatusCode::CREATED), &body)
    };
    match api.engine.create_webhook(caller, fields, kept).await? {
        Some(webhook) => show(StatusCode::CREATED, webhook),
        None => Err(FieldErrors::too_many_webhooks(engine::WEBHOOKS_MAX).into()),
    }
}

pub(crate) async fn index(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let page = Asked::of(&uri).page()?;
    let found = api.engine.webhooks(caller, page.beside, page.size + 1).await?;
    let path = format!("{}/api/v1/webhooks/", api.links.public_url);
    let Envelope { results, next, previous } = page.envelope(found, place, &path, &[]);
    let results = results.into_iter().map(WebhookOut::from).collect();
    Ok(json(StatusCode::OK, written(Some(&Webhooks { results, next, previous }))?))
}

pub(crate) async fn read_one(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    show(StatusCode::OK, api.engine.webhook(caller, parse_id(&id)?).await?)
}

pub(crate) async fn replace(
    state: State<Api>,
    caller: Extension<Credential>,
    id: Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    change(state, caller, id, request, Keeps::Nothing).await
}

pub(crate) async fn update(
    state: State<Api>,
    caller: Extension<Credential>,
    id: Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    change(state, caller, id, request, Keeps::WhatIsNotSaid).await
}

/// What a change leaves as it is.
#[derive(Clone, Copy)]
enum Keeps {
    Nothing,
    WhatIsNotSaid,
}

async fn change(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
    keeps: Keeps,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let id = parse_id(&id)?;
    let mut before = api.engine.webhook(caller, id).await?;
    let body = read_json(&parts, body).await?;
    loop {
        let fields = match keeps {
            Keeps::Nothing => read(&body, whole, caller.mode)?.over(None)?,
            Keeps::WhatIsNotSaid => read(&body, part, caller.mode)?.over(Some(&before))?,
        };
        match api.engine.change_webhook(&before, fields).await? {
            Some(webhook) => return show(StatusCode::OK, webhook),
            None => before = api.engine.webhook(caller, id).await?,
        }
    }
}

pub(crate) async fn delete(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    api.engine.remove_webhook(caller, parse_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A new key pair in place of the one that signs for the webhook (security W1); answers it with its new public key.
pub(crate) async fn rotate_key(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let webhook = api.engine.webhook(caller, parse_id(&id)?).await?;
    let body = body::read(body, BODY_BYTES_MAX).await?;
    let keyed = match Keyed::begin(&api, caller, &parts, &body).await? {
        Ok(keyed) => keyed,
        Err(replayed) => return Ok(replayed),
    };
    let with = |pem: &str| WebhookOut::from(Webhook { public_pem: pem.to_owned(), ..webhook.clone() });
    let kept = |pem: &str| keyed.write(&api, caller, Some(StatusCode::OK), &written(Some(&with(pem))).ok()?);
    let pem = api.engine.rotate_key(caller, Some(webhook.id), kept).await?;
    Ok(json(StatusCode::OK, written(Some(&with(&pem)))?))
}

/// What verifies `webhook-signature`; not shown with the webhook itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    /// `whsec_` and base64, as the libraries of Standard Webhooks take it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

pub(crate) async fn secret(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let secret = api.engine.webhook_secret(caller, Some(parse_id(&id)?)).await?;
    Ok(json(StatusCode::OK, written(Some(&WebhookSecret { secret }))?))
}

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// What it was sent as, in `webhook-id`.
    #[schema(format = "uuid")]
    id: String,
    /// Whether the answer was 2xx.
    delivered: bool,
    /// The HTTP status; null without an answer.
    status: Option<u16>,
    /// Why there was none.
    error: Option<String>,
    /// The first KiB of it.
    answer: String,
    duration_ms: u64,
}

/// Calls the webhook now with a made-up purchase, signed as every call; in no log, and never tried again.
pub(crate) async fn test(
    State(Api(api)): State<Api>,
    Extension(caller): Extension<Credential>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let webhook = api.engine.webhook(caller, parse_id(&id)?).await?;
    let brands = api.engine.brands(caller.merchant_id).await?;
    let brand = brands.iter().find(|brand| brand.revoked_at.is_none()).ok_or_else(FieldErrors::unknown_brand)?;
    let body = sample::created(&api.engine, caller, brand, &api.links)?;
    let TestSend { id, status, error, answer, took } = api.engine.test_webhook(&webhook, &body).await?;
    let test = WebhookTest {
        id: id.to_string(),
        delivered: (200..300).contains(&status),
        status: Some(status).filter(|status| *status != 0),
        error: Some(error).filter(|error| !error.is_empty()),
        answer,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(json(StatusCode::OK, written(Some(&test))?))
}

fn show(status: StatusCode, webhook: Webhook) -> Result<Response, ApiError> {
    Ok(json(status, written(Some(&WebhookOut::from(webhook)))?))
}
