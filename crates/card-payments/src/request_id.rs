//! `Payer-Request-ID`: a call that was handled is not handled again (card-payments-api 1.4). What stands is settled in
//! the transaction of the effect; a call that was refused leaves its id free.

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use domain::{OperationId, OperationStatus, PublicId};
use engine::{Credential, Engine, IdempotencyWrite, Shown, Turn};

use crate::errors::ApiError;

/// The life of a link, and so of an id.
const KEPT: Duration = Duration::from_secs(31 * 86_400);
const HEADER: &str = "payer-request-id";
/// One scope over all paths and methods.
const SCOPE: &str = "Payer-Request-ID";
const UUID_CHARS: usize = 36;

/// The id of a call; `None` for a call without one.
pub(crate) struct RequestId(Option<Known>);

struct Known {
    write: IdempotencyWrite,
    /// Another call with this id is refused until this is dropped.
    _turn: Turn,
}

impl RequestId {
    /// Reads the header; GET has none.
    pub(crate) async fn begin(
        engine: &Engine,
        caller: Credential,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Self, ApiError> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next().filter(|_| !method.is_safe()) else { return Ok(Self(None)) };
        let invalid = || ApiError::Invalid("Payer-Request-ID must be one UUID".to_owned());
        let text = value.to_str().ok().filter(|text| is_uuid(text)).ok_or_else(invalid)?;
        if values.next().is_some() {
            return Err(invalid());
        }
        let key = text.to_ascii_lowercase();
        let turn = engine.try_turn(caller, SCOPE, &key).ok_or(ApiError::Replayed)?;
        let write = IdempotencyWrite {
            merchant_id: caller.merchant_id,
            mode: caller.mode,
            scope: SCOPE.to_owned(),
            key,
            fingerprint: [0; 32],
            status: 0,
            body: String::new(),
            at: engine.env().now(),
            kept_for: KEPT,
        };
        if let Some(used) = engine.used_key(caller, SCOPE, &write.key).await? {
            look_back(engine, caller, &write, &used.body).await?;
        }
        Ok(Self(Some(Known { write, _turn: turn })))
    }

    /// What is written down with the effect.
    pub(crate) fn write(&self) -> Option<IdempotencyWrite> {
        self.0.as_ref().map(|known| known.write.clone())
    }

    /// The same for an operation on a payment, which the engine adds: it may be a while until its end is known.
    pub(crate) fn write_for(&self, before: &Shown) -> Option<IdempotencyWrite> {
        let public_id = before.record.checkout.public_id?;
        self.write().map(|write| IdempotencyWrite { body: format!("{public_id} "), ..write })
    }

    /// The call came to nothing.
    pub(crate) async fn free(&self, engine: &Engine) -> Result<(), ApiError> {
        match &self.0 {
            Some(known) => Ok(engine.free_key(&known.write).await?),
            None => Ok(()),
        }
    }
}

/// What a call came to that used this id up. Only an operation may still fail, and leave it free.
async fn look_back(engine: &Engine, caller: Credential, write: &IdempotencyWrite, body: &str) -> Result<(), ApiError> {
    let Some((payment, operation)) = body.split_once(' ') else { return Err(ApiError::Replayed) };
    let (Ok(payment), Ok(operation)) = (PublicId::parse(payment), OperationId::parse(operation)) else {
        return Err(ApiError::Replayed);
    };
    let shown = engine.find(caller, payment).await?;
    match shown.payment.operation(operation).map(|operation| operation.status) {
        Ok(OperationStatus::Sent | OperationStatus::Unknown) => Err(ApiError::Pending),
        Ok(OperationStatus::Failed) => Ok(engine.free_key(write).await?),
        Ok(OperationStatus::Done) | Err(_) => Err(ApiError::Replayed),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = |byte: u8| byte == b'-' || byte.is_ascii_hexdigit();
    text.len() == UUID_CHARS && lengths == [8, 4, 4, 4, 12] && text.bytes().all(is_hex)
}
