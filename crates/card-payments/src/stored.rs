//! Stored cards: how one stands, and a charge of it (card-payments-api 2.3 S2, S3).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Currency, DeclineReason, PublicId};
use engine::{Answered, Error, Shown, StoredCard, needs_verification};
use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::{ApiError, json};
use crate::links::{self, Charge, Purpose};
use crate::payloads;
use crate::payments;
use crate::routes::{self, Api, Called, Named};
use crate::view::{PaymentOut, StoredStatus};

/// How a stored card stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredOut {
    status: StoredStatus,
}

/// The answer to a charge of a stored card.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargeOut {
    payment_id: u64,
    /// Whether the buyer must be sent to `verificationUrl` first.
    verification_required: bool,
    /// Where the buyer goes; null when the payment needs nobody.
    verification_url: Option<String>,
    payment: PaymentOut,
}

/// The link that stored a card, or may yet.
async fn find(api: &Api, called: &Called, token: &str) -> Result<Shown, ApiError> {
    let token = PublicId::parse(token).ok().filter(|token| matches!(token, PublicId::Token(_)));
    Ok(api.engine.find(called.caller, token.ok_or(ApiError::NotFound)?).await?)
}

/// `GET /payments/cards/stored/{token}/status`
pub(crate) async fn status(State(api): State<Api>, called: Called, Named(token): Named) -> Result<Response, ApiError> {
    let shown = find(&api, &called, &token).await?;
    let status = StoredCard::of(&shown, api.engine.env().now()).into();
    Ok(json(StatusCode::OK, &StoredOut { status }))
}

/// `POST /payments/cards/stored/authorize`
pub(crate) async fn authorize(State(api): State<Api>, called: Called, request: Request) -> Result<Response, ApiError> {
    let Charge { token, asked, by_buyer } = routes::read(request, links::charge).await?;
    let stored = find(&api, &called, &token).await?;
    let (caller, amount, engine) = (called.caller, asked.money()?, &api.engine);
    if StoredCard::of(&stored, engine.env().now()) != StoredCard::Ready {
        return Err(ApiError::WrongState("The token is not READY"));
    }
    if stored.payment.terms.amount.currency() != amount.currency() {
        return Err(ApiError::Invalid("currencyCode must be that of the stored card".to_owned()));
    }
    let (purpose, key) = (Purpose::Charge(amount, stored.record.checkout.id), called.request_id.write());
    if by_buyer && amount.minor() > unverified_max(amount.currency()) {
        let made = links::open(engine, caller, purpose, asked, key).await?;
        return answer(&api, &engine.read(caller, made.checkout.id).await?, true);
    }
    let mut new = links::prepare(engine, caller, purpose, asked, key).await?;
    let charged = loop {
        match engine.charge_stored(caller, new.clone()).await {
            Ok(charged) => break charged,
            // A number that is taken is drawn again.
            Err(Error::Stale) => links::rename(engine, &mut new),
            Err(Error::NoToken) => return Err(ApiError::WrongState("The token is not READY")),
            Err(error) => return Err(error.into()),
        }
    };
    let needs_verification = needs_verification(&charged.shown);
    // Nobody knows yet: an error would have the shop charge again (1.5).
    if charged.answered != Answered::Refused || needs_verification {
        return answer(&api, &charged.shown, needs_verification);
    }
    // Nobody is told of its link, so nobody can pay it: it ends.
    engine.abort(caller, charged.shown.record.checkout.id, |_| None).await?;
    called.request_id.free(engine).await?;
    let failure = payloads::last_failure(&charged.shown.history).unwrap_or(DeclineReason::DoNotHonour);
    Err(ApiError::WrongState(payloads::error(failure).1))
}

fn answer(api: &Api, shown: &Shown, verification_required: bool) -> Result<Response, ApiError> {
    let payment = payments::out(shown)?;
    let verification_url = verification_required.then(|| api.url(shown.record.checkout.id));
    Ok(json(StatusCode::OK, &ChargeOut { payment_id: payment.id, verification_required, verification_url, payment }))
}

/// The most a buyer may pay with a stored card without being verified: 30 EUR or what comes near it, in minor units.
fn unverified_max(currency: Currency) -> i64 {
    match currency.code() {
        "SEK" | "NOK" => 30_000,
        "DKK" => 22_500,
        "GBP" => 2_500,
        _ => 3_000,
    }
}
