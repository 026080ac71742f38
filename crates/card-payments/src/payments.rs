//! What may be asked of a payment: how it stands, capture, cancel, release, refund (card-payments-api 2.2 D2-D7).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{OperationKind, PublicId, Refusal};
use engine::{Answered, Error, Operate, Operated, Shown};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::LinkDocument;
use crate::errors::{ApiError, json};
use crate::fields::{AMOUNT, Bool, Fields, text};
use crate::orders::anything;
use crate::routes::{self, Api, Called, Named, empty};
use crate::view::{self, PaymentEnvelope, PaymentOut};

/// The answer to a capture.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaptureOut {
    payment_id: u64,
    /// The buyer's receipt; null without an order.
    receipt_url: Option<String>,
    /// The buyer's receipt, to print; null without an order.
    receipt_pdf_url: Option<String>,
    payment: PaymentOut,
}

/// What is asked of a capture.
#[derive(Debug)]
pub(crate) struct Capture {
    amount: Option<i64>,
    releases_rest: bool,
    note: String,
}

/// What is asked of a refund.
#[derive(Debug)]
pub(crate) struct Refund {
    amount: Option<i64>,
    note: String,
}

/// The body of D3.
pub(crate) fn capture_body(f: &mut Fields<'_>) -> Option<Capture> {
    let amount = f.optional("amount", AMOUNT, "Minor units; all that is left when left out.");
    let releases_rest =
        f.optional("releaseRemainingFunds", Bool, "Give back what this leaves; otherwise it may still be captured.");
    let note = f.optional("transactionDescription", text(1_000), "The merchant's words for it.").unwrap_or_default();
    Some(Capture { amount, releases_rest: releases_rest.unwrap_or(false), note })
}

/// The body of D6 and D7.
pub(crate) fn refund_body(f: &mut Fields<'_>) -> Option<Refund> {
    let amount = f.optional("amount", AMOUNT, "Minor units; all that is left when left out.");
    let note = f.optional("transactionDescription", text(1_000), "The merchant's words for it.").unwrap_or_default();
    Some(Refund { amount, note })
}

/// The payment a number in a path names.
pub(crate) async fn find(api: &Api, called: &Called, id: &str) -> Result<Shown, ApiError> {
    Ok(api.engine.find(called.caller, PublicId::Number(routes::number(id)?)).await?)
}

/// The payment as it is answered.
pub(crate) fn out(shown: &Shown) -> Result<PaymentOut, ApiError> {
    let document = LinkDocument::read(&shown.record.document)?;
    view::payment(&shown.record.checkout, &document, &shown.history).ok_or_else(|| {
        tracing::error!(checkout_id = %shown.record.checkout.id, "a payment's journal does not tell what it should");
        ApiError::Internal
    })
}

/// `GET /payments/{id}`
pub(crate) async fn read(State(api): State<Api>, called: Called, Named(id): Named) -> Result<Response, ApiError> {
    let shown = find(&api, &called, &id).await?;
    Ok(json(StatusCode::OK, &PaymentEnvelope { payment: out(&shown)? }))
}

/// `POST /payments/{id}/cards/capture`
pub(crate) async fn capture(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    routes::number(&id)?;
    let Capture { amount, releases_rest, note } = routes::read(request, capture_body).await?;
    let before = find(&api, &called, &id).await?;
    let asked = Operate { amount, keeps_rest: !releases_rest, note, ..Operate::all(OperationKind::Capture) };
    let shown =
        operate(&api, &called, &before, asked, "The payment is not authorized, so nothing can be captured").await?;
    let payment = out(&shown)?;
    let has_order = LinkDocument::read(&shown.record.document)?.order.is_some();
    let receipt = |page| has_order.then(|| format!("{}{page}", api.url(shown.record.checkout.id)));
    let (receipt_url, receipt_pdf_url) = (receipt("receipt/"), receipt("receipt.pdf"));
    let captured = CaptureOut { payment_id: payment.id, receipt_url, receipt_pdf_url, payment };
    Ok(json(StatusCode::OK, &captured))
}

/// `POST /payments/{id}/cards/refund` and `POST /payments/{id}/cards/refund-and-credit`: there is no invoice to credit.
pub(crate) async fn refund(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    routes::number(&id)?;
    let Refund { amount, note } = routes::read(request, refund_body).await?;
    let before = find(&api, &called, &id).await?;
    let asked = Operate { amount, note, ..Operate::all(OperationKind::Refund) };
    let shown = operate(&api, &called, &before, asked, "Nothing was captured, so nothing can be refunded").await?;
    Ok(json(StatusCode::OK, &PaymentEnvelope { payment: out(&shown)? }))
}

/// `PUT /payments/{id}/cards/cancel` and its aliases
pub(crate) async fn cancel(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    routes::number(&id)?;
    routes::read(request, anything).await?;
    let before = find(&api, &called, &id).await?;
    let kept = |_: &Shown| called.request_id.write();
    match api.engine.abort(called.caller, before.record.checkout.id, kept).await {
        Ok(_) => Ok(empty(StatusCode::OK)),
        Err(Error::Refused(_)) => Err(ApiError::WrongState("Payment has already been authorized")),
        Err(error) => Err(error.into()),
    }
}

/// `PUT /payments/{id}/cards/authorize/release`
pub(crate) async fn release(
    State(api): State<Api>,
    called: Called,
    Named(id): Named,
    request: Request,
) -> Result<Response, ApiError> {
    routes::number(&id)?;
    routes::read(request, anything).await?;
    let before = find(&api, &called, &id).await?;
    let key = called.request_id.write_for(&before);
    let operated = api.engine.release(called.caller, &before, key).await;
    ended(&api, &called, operated, "Nothing is reserved, so nothing can be released").await?;
    Ok(empty(StatusCode::OK))
}

async fn operate(
    api: &Api,
    called: &Called,
    before: &Shown,
    asked: Operate,
    wrong_state: &'static str,
) -> Result<Shown, ApiError> {
    let key = called.request_id.write_for(before);
    let operated = api.engine.operate(called.caller, before, asked, key).await;
    ended(api, called, operated, wrong_state).await
}

/// The payment after an operation that succeeded. One that was refused leaves its request id free; one that nobody knows
/// the end of keeps it until somebody does (1.4, 1.5).
async fn ended(
    api: &Api,
    called: &Called,
    operated: Result<Operated, Error>,
    wrong_state: &'static str,
) -> Result<Shown, ApiError> {
    let operated = match operated {
        Ok(operated) => operated,
        Err(Error::Refused(Refusal::MoreThanLeft { left, .. })) => {
            return Err(ApiError::Invalid(format!("amount is more than the {} that are left", left.minor())));
        }
        Err(Error::Refused(Refusal::OperationInFlight)) => return Err(ApiError::Pending),
        Err(Error::Refused(Refusal::HoldEnded)) => {
            return Err(ApiError::WrongState("The money was reserved for as long as it may be, and went back"));
        }
        Err(Error::Refused(_)) => return Err(ApiError::WrongState(wrong_state)),
        Err(error) => return Err(error.into()),
    };
    match operated.answered {
        Answered::Done => Ok(operated.shown),
        Answered::Pending => Err(ApiError::Pending),
        Answered::Refused => {
            called.request_id.free(&api.engine).await?;
            Err(ApiError::WrongState("The acquirer refused; the payment is as it was"))
        }
    }
}
