//! The routes that move money after a purchase was paid, or without its payer: capture, release, refund, charge,
//! mark as paid, delete the token (2.3).

use axum::extract::{Extension, Path, Request, State};
use axum::http::{StatusCode, request};
use axum::response::Response;
use domain::{AttemptId, CheckoutId, OperationId, OperationKind, Refusal};
use engine::{Answered, Credential, Error, IdempotencyWrite, Numbered, Operate, Operated, Shown};
use tollgate_http::body;

use crate::actions;
use crate::errors::FieldErrors;
use crate::refund;
use crate::routes::{self, Api, ApiError, BODY_BYTES_MAX, Inner, Keyed, document, json, parse_id, show, written};

/// A call on a purchase of the caller's, its body read and its turn come.
struct Call {
    id: CheckoutId,
    /// As it was when the call came.
    before: Shown,
    body: axum::body::Bytes,
    keyed: Keyed,
}

impl Call {
    /// The object before the body: a foreign one does not exist, whatever is sent with it. `Err(Ok(..))` is the answer
    /// that the same key got before.
    async fn begin(
        api: &Inner,
        caller: Credential,
        id: &str,
        request: Request,
    ) -> Result<Result<Self, Response>, ApiError> {
        let (parts, body): (request::Parts, _) = request.into_parts();
        let id = parse_id(id)?;
        let before = routes::find(&api.engine, caller, id).await?;
        let body = body::read(body, BODY_BYTES_MAX).await?;
        match Keyed::begin(api, caller, &parts, &body).await? {
            Ok(keyed) => Ok(Ok(Self { id, before, body, keyed })),
            Err(replayed) => Ok(Err(replayed)),
        }
    }

    /// Begins an operation; one that a call with the same key began before is not begun again.
    async fn operate(
        &self,
        api: &Inner,
        caller: Credential,
        kind: OperationKind,
        amount: Option<i64>,
        number: Option<u64>,
    ) -> Result<Operated, Error> {
        match &self.keyed.begun {
            Some(begun) => {
                let begun = OperationId::parse(begun).map_err(|_| Error::NotFound)?;
                api.engine.operated(caller, self.id, begun).await
            }
            None => {
                let asked = Operate { amount, number, ..Operate::all(kind) };
                api.engine.operate(caller, &self.before, asked, self.open_key(api, caller)).await
            }
        }
    }

    /// Charges; see [`Call::operate`].
    async fn charge(&self, api: &Inner, caller: Credential, token: CheckoutId) -> Result<Operated, Error> {
        match &self.keyed.begun {
            Some(begun) => {
                let begun = AttemptId::parse(begun).map_err(|_| Error::NotFound)?;
                api.engine.charged(caller, self.id, begun).await
            }
            None => api.engine.charge(caller, &self.before, token, self.open_key(api, caller)).await,
        }
    }

    /// The key, used up with the first step; the answer comes with the last.
    fn open_key(&self, api: &Inner, caller: Credential) -> Option<IdempotencyWrite> {
        self.keyed.write(api, caller, None, "")
    }

    /// Answers, and keeps the answer under the key.
    async fn answer(
        &self,
        api: &Inner,
        caller: Credential,
        status: StatusCode,
        body: String,
    ) -> Result<Response, ApiError> {
        if let Some(kept) = self.keyed.write(api, caller, Some(status), &body) {
            api.engine.keep_answer(kept).await?;
        }
        Ok(json(status, body))
    }
}

type Called = (State<Api>, Extension<Credential>, Path<String>);

/// Begins a call or returns the answer it got before.
macro_rules! begin {
    ($api:expr, $caller:expr, $id:expr, $request:expr) => {
        match Call::begin(&$api, $caller, &$id, $request).await? {
            Ok(call) => call,
            Err(replayed) => return Ok(replayed),
        }
    };
}

pub(crate) async fn capture(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    let amount = actions::read_capture(&call.body)?;
    match call.operate(&api, caller, OperationKind::Capture, amount, None).await {
        Ok(operated) => call.operated(&api, caller, &operated, FieldErrors::capture_error).await,
        Err(Error::Refused(Refusal::MoreThanLeft { left, .. })) => Err(FieldErrors::capture_above(left.minor()).into()),
        Err(Error::Refused(_)) => Err(FieldErrors::capture_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn release(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    actions::read_nothing(&call.body)?;
    match call.operate(&api, caller, OperationKind::Void, None, None).await {
        Ok(operated) => call.operated(&api, caller, &operated, FieldErrors::release_error).await,
        Err(Error::Refused(_)) => Err(FieldErrors::release_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

/// Answers the Payment when the money is back, and the purchase while it is on its way.
pub(crate) async fn refund(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    let amount = actions::read_refund(&call.body)?;
    let number = api.engine.next_number(caller.merchant_id, caller.mode, Numbered::Refund).await?;
    match call.operate(&api, caller, OperationKind::Refund, amount, Some(number)).await {
        Ok(Operated { answered: Answered::Done, shown, operation_id: Some(operation_id) }) => {
            let made = refund::refund(&shown.record.checkout, &document(&shown)?, &shown.history, operation_id);
            call.answer(&api, caller, StatusCode::OK, written(made.as_ref())?).await
        }
        Ok(operated) => call.operated(&api, caller, &operated, FieldErrors::refund_error).await,
        Err(Error::Refused(Refusal::MoreThanLeft { left, .. })) => Err(FieldErrors::refund_above(left.minor()).into()),
        Err(Error::Refused(Refusal::NothingLeft)) => Err(FieldErrors::refund_not_possible().into()),
        Err(Error::Refused(_)) => Err(FieldErrors::refund_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn charge(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    let token = actions::read_charge(&call.body)?;
    match call.charge(&api, caller, token).await {
        Ok(operated) => call.operated(&api, caller, &operated, FieldErrors::charge_error).await,
        Err(Error::NoToken) => Err(FieldErrors::invalid_recurring_token().into()),
        Err(Error::BrandNotListed) => Err(FieldErrors::card_not_whitelisted().into()),
        Err(Error::Refused(Refusal::NoTriesLeft)) => Err(FieldErrors::charge_error().into()),
        Err(Error::Refused(_)) => Err(FieldErrors::charge_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn mark_as_paid(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    let paid_on = actions::read_mark_as_paid(&call.body, api.engine.env().now())?;
    match api.engine.mark_paid(caller, call.id, paid_on, |shown| call.kept(&api, caller, shown)).await {
        Ok(shown) => Ok(json(StatusCode::OK, show(&shown, &api.links)?)),
        Err(Error::Refused(_)) => Err(FieldErrors::mark_as_paid_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn resend_invoice(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    actions::read_nothing(&call.body)?;
    match api.engine.mail_invoice(caller, call.id, |shown| call.kept(&api, caller, shown)).await {
        Ok(shown) => Ok(json(StatusCode::OK, show(&shown, &api.links)?)),
        Err(Error::NoMail) => Err(FieldErrors::no_mail().into()),
        Err(Error::Refused(_)) => Err(FieldErrors::resend_invoice_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn delete_recurring_token(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    actions::read_nothing(&call.body)?;
    match api.engine.forget_card(caller, call.id, |shown| call.kept(&api, caller, shown)).await {
        Ok(shown) => Ok(json(StatusCode::OK, show(&shown, &api.links)?)),
        Err(Error::Refused(_)) => Err(FieldErrors::invalid_recurring_token().into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn cancel(
    (State(Api(api)), Extension(caller), Path(id)): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let call = begin!(api, caller, id, request);
    actions::read_nothing(&call.body)?;
    match api.engine.cancel(caller, call.id, |shown| call.kept(&api, caller, shown)).await {
        Ok(shown) => Ok(json(StatusCode::OK, show(&shown, &api.links)?)),
        Err(Error::Refused(_)) => Err(FieldErrors::cancel_wrong_status().into()),
        Err(error) => Err(error.into()),
    }
}

impl Call {
    /// The purchase as it stands after the call; 400 when the acquirer refused.
    async fn operated(
        &self,
        api: &Inner,
        caller: Credential,
        operated: &Operated,
        refused: fn() -> FieldErrors,
    ) -> Result<Response, ApiError> {
        match operated.answered {
            // The call that began it is gone: whoever repeats it is told more when more is known.
            Answered::Pending if self.keyed.begun.is_some() => {
                Ok(json(StatusCode::OK, show(&operated.shown, &api.links)?))
            }
            Answered::Done | Answered::Pending => {
                self.answer(api, caller, StatusCode::OK, show(&operated.shown, &api.links)?).await
            }
            Answered::Refused => {
                let body = serde_json::to_string(&refused()).map_err(routes::unwritable)?;
                self.answer(api, caller, StatusCode::BAD_REQUEST, body).await
            }
        }
    }

    /// The purchase as the answer that a repeat gets.
    fn kept(&self, api: &Inner, caller: Credential, shown: &Shown) -> Option<IdempotencyWrite> {
        self.keyed.write(api, caller, Some(StatusCode::OK), &show(shown, &api.links).ok()?)
    }
}
