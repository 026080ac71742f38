//! Captures, refunds and voids (orchestration-api 2.5, 5.4, 5.5).

use axum::extract::{Request, State};
use axum::response::Response;
use domain::{OperationKind, PaymentId, Refusal};
use engine::{Error, Operate};

use crate::errors::ApiError;
use crate::idempotency::Once;
use crate::operation::{self, NewOperation};
use crate::payments;
use crate::priority;
use crate::routes::{self, Api, Called, Named};
use crate::solutions::SolutionName;

/// `POST /v2/payments/{id}/captures`
pub(crate) async fn capture(
    api: State<Api>,
    called: Called,
    id: Named<PaymentId>,
    request: Request,
) -> Result<Response, ApiError> {
    operate(api, called, id, request, OperationKind::Capture).await
}

/// `POST /v2/payments/{id}/refunds`
pub(crate) async fn refund(
    api: State<Api>,
    called: Called,
    id: Named<PaymentId>,
    request: Request,
) -> Result<Response, ApiError> {
    operate(api, called, id, request, OperationKind::Refund).await
}

/// `POST /v2/payments/{id}/voids`
pub(crate) async fn void(
    api: State<Api>,
    called: Called,
    id: Named<PaymentId>,
    request: Request,
) -> Result<Response, ApiError> {
    operate(api, called, id, request, OperationKind::Void).await
}

async fn operate(
    State(api): State<Api>,
    Called(caller): Called,
    Named(id): Named<PaymentId>,
    request: Request,
    kind: OperationKind,
) -> Result<Response, ApiError> {
    let engine = &api.engine;
    let (once, request) = Once::begin(engine, caller, request).await?;
    let NewOperation { amount, order, merchant_reference, priority } = routes::read(request, operation::create).await?;
    let shown = payments::find(&api, caller, id).await?;
    let mut legs = shown.payment.usual_order(kind);
    if !priority.is_empty() {
        let name = |leg: &&domain::Leg| SolutionName { partner: leg.partner.clone(), method: leg.method.clone() };
        legs = priority::ordered(legs, name, &priority);
    }
    let document = order.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
        tracing::error!(%error, "an operation's order could not be written");
        ApiError::Internal
    })?;
    let asked = Operate {
        amount,
        keeps_rest: true,
        note: merchant_reference.unwrap_or_default(),
        legs: legs.iter().map(|leg| leg.submission.attempt_id).collect(),
        document: document.unwrap_or_default(),
        ..Operate::all(kind)
    };
    match engine.operate(caller, &shown, asked, once.operates()).await {
        Ok(operated) => payments::answer(&api, &operated.shown).await,
        Err(Error::Refused(refusal)) => Err(refused(kind, refusal)),
        Err(error) => Err(once.failed(engine, caller, error).await),
    }
}

/// What cannot be done changes nothing (2.5).
fn refused(kind: OperationKind, refusal: Refusal) -> ApiError {
    let name = match kind {
        OperationKind::Capture => "available_to_capture",
        OperationKind::Void => "available_to_void",
        OperationKind::Refund => "available_to_refund",
    };
    match refusal {
        Refusal::MoreThanLeft { asked, left } => {
            let (asked, left) = (asked.minor(), left.minor());
            ApiError::wrong("/amount", format!("The amount {asked} must not exceed {name}, which is {left}."))
        }
        Refusal::NothingLeft | Refusal::ZeroAmount => {
            ApiError::wrong("/amount", format!("Nothing can be done: {name} is 0."))
        }
        Refusal::WrongState { .. }
        | Refusal::InFlight
        | Refusal::OperationInFlight
        | Refusal::AlreadyPaid
        | Refusal::NoCard
        | Refusal::NoTriesLeft
        | Refusal::UnknownAttempt
        | Refusal::UnknownOperation
        | Refusal::NotInDoubt { .. }
        | Refusal::WrongVerdict { .. }
        | Refusal::BadTender
        | Refusal::HoldEnded => {
            ApiError::InvalidState("Only a payment whose authorization is AUTHORIZED has operations.".to_owned())
        }
    }
}
