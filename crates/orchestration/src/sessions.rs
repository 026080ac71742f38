//! Client sessions: made, read, ended; and what could be paid with (orchestration-api 2.1 to 2.3, 2.8).

use axum::extract::{Request, State};
use axum::response::Response;
use domain::{CheckoutId, Dialect, Mode, Money, Party, Refusal};
use engine::{Credential, Shown};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::SessionDocument;
use crate::errors::{ApiError, json};
use crate::idempotency::Once;
use crate::opening::Opening;
use crate::routes::{self, Api, Called, Named};
use crate::session::{self, AbortedBy};
use crate::session_view::{self, PageKeys, SessionFacts, SessionStatus};
use crate::solutions::{self, SolutionName};
use crate::status;

/// What could be paid with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Eligible {
    /// Minor units.
    amount: i64,
    /// ISO 4217.
    currency: &'static str,
    /// Ways to pay.
    eligible_solutions: Vec<SolutionName>,
}

/// `POST /v2/client-sessions`
pub(crate) async fn create(
    State(api): State<Api>,
    Called(caller): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let engine = &api.engine;
    let (once, request) = Once::begin(engine, caller, request).await?;
    let new = routes::read(request, session::create).await?;
    let entity = api.entity(caller, new.asked.entity_id).await?;
    let asked = new.asked.clone();
    let document =
        SessionDocument { eligible_solutions: offered(caller, asked.amount, asked.allow_future_usage), ..new.into() };
    if document.eligible_solutions.is_empty() {
        return Err(ApiError::wrong("/amount", "There is no way to pay this amount, in this currency, for this use."));
    }
    let idempotency = |id: CheckoutId, _| once.makes(&id.to_string());
    let opening = Opening { engine, caller, entity: &entity, asked: &asked, document, idempotency: &idempotency };
    let checkout = opening.checkout().await?;
    let id = checkout.record.checkout.id;
    if let Err(error) = engine.open_checkout(checkout).await {
        return Err(once.failed(engine, caller, error).await);
    }
    answer(&api, &engine.read(caller, id).await?).await
}

/// `GET /v2/client-sessions/{id}`
pub(crate) async fn read(
    State(api): State<Api>,
    Called(caller): Called,
    Named(id): Named<CheckoutId>,
) -> Result<Response, ApiError> {
    answer(&api, &find(&api, caller, id).await?).await
}

/// `POST /v2/client-sessions/{id}/abort`
pub(crate) async fn abort(
    State(api): State<Api>,
    Called(caller): Called,
    Named(id): Named<CheckoutId>,
    request: Request,
) -> Result<Response, ApiError> {
    let (once, request) = Once::begin(&api.engine, caller, request).await?;
    let party = match routes::read(request, session::abort).await? {
        AbortedBy::Merchant => Party::Merchant,
        AbortedBy::Customer => Party::Payer,
    };
    find(&api, caller, id).await?;
    match api.engine.end_tender(caller, id, |_| once.makes(&id.to_string()), party).await {
        Ok(shown) => answer(&api, &shown).await,
        Err(engine::Error::Refused(Refusal::WrongState { .. })) => {
            let shown = find(&api, caller, id).await?;
            let detail = match status::status(&shown.history) {
                SessionStatus::Submitted => "The payment of this session has ended: void or refund it instead.",
                SessionStatus::Created
                | SessionStatus::AbortedByMerchant
                | SessionStatus::AbortedByCustomer
                | SessionStatus::Expired => "This session has ended.",
            };
            Err(ApiError::InvalidState(detail.to_owned()))
        }
        Err(error) => Err(once.failed(&api.engine, caller, error).await),
    }
}

/// `POST /v2/eligible-solutions`
pub(crate) async fn eligible(
    State(api): State<Api>,
    Called(caller): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = routes::read(request, session::eligibility).await?;
    api.entity(caller, asked.entity_id).await?;
    Ok(json(&Eligible {
        amount: asked.amount.minor(),
        currency: asked.amount.currency().code(),
        eligible_solutions: offered(caller, asked.amount, asked.allow_future_usage),
    }))
}

/// Live mode has no acquirers yet that a configuration could name.
fn offered(caller: Credential, amount: Money, allow_future_usage: bool) -> Vec<SolutionName> {
    match caller.mode {
        Mode::Live => vec![],
        Mode::Test => solutions::eligible(amount, allow_future_usage).into_iter().map(SolutionName::from).collect(),
    }
}

/// A session of this dialect, of an entity that the caller acts for.
async fn find(api: &Api, caller: Credential, id: CheckoutId) -> Result<Shown, ApiError> {
    reached(api, caller, api.engine.read(caller, id).await?).await
}

/// What another dialect made, or another entity's, is not there.
pub(crate) async fn reached(api: &Api, caller: Credential, shown: Shown) -> Result<Shown, ApiError> {
    let checkout = &shown.record.checkout;
    let is_ours = checkout.dialect == Dialect::Orchestration;
    if is_ours && api.engine.reaches(caller, checkout.brand_id).await?.is_some() {
        return Ok(shown);
    }
    Err(ApiError::NotFound)
}

/// What was kept of a session.
pub(crate) fn document(shown: &Shown) -> Result<SessionDocument, ApiError> {
    SessionDocument::from_json(&shown.record.document).map_err(|error| {
        tracing::error!(%error, checkout_id = %shown.record.checkout.id, "a session's document cannot be read");
        ApiError::Internal
    })
}

async fn answer(api: &Api, shown: &Shown) -> Result<Response, ApiError> {
    let checkout = &shown.record.checkout;
    let document = document(shown)?;
    let entity = api.engine.brand(checkout.merchant_id, checkout.brand_id).await?;
    let session_token = api.engine.form_token(checkout.id);
    let facts = SessionFacts {
        id: checkout.id,
        status: status::status(&shown.history),
        expires_at: shown.payment.terms.due.map_or(checkout.created_at, |due| due.at),
        payment_id: (!shown.payment.legs.is_empty()).then_some(checkout.payment_id),
        may_abort: status::may_abort(&shown.payment),
        mode: checkout.mode,
        public_url: &api.public_url,
        page: Some(PageKeys { api_key: &entity.api_key, session_token: &session_token }),
    };
    let view = session_view::session(&document, &facts).map_err(|error| {
        tracing::error!(%error, "a session could not be written");
        ApiError::Internal
    })?;
    Ok(json(&view))
}
