//! Which card a leg charges again: what its parent pointers lead to (orchestration-api 5.6).

use domain::{AttemptId, AttemptStatus, CardId, CheckoutId};
use engine::{Credential, Shown};
use tollgate_http::json::Json;

use crate::errors::ApiError;
use crate::payment::{Parent, SplitItem};
use crate::routes::Api;
use crate::session::Asked;
use crate::{payments, sessions};

/// A card that is charged again.
pub(crate) struct Charged {
    pub(crate) partner: String,
    pub(crate) method: String,
    pub(crate) card_id: CardId,
    /// Where it was paid with, as far as that is known.
    pub(crate) token: Option<CheckoutId>,
}

/// What a leg leads to; `None` when it reuses nothing. `at` is the leg's JSON Pointer.
pub(crate) async fn charged(
    api: &Api,
    caller: Credential,
    asked: &Asked,
    leg: &SplitItem,
    at: &str,
) -> Result<Option<Charged>, ApiError> {
    let charged = match (&leg.parent, &leg.wallet_token) {
        (Some(parent), _) => by_parent(api, caller, asked, parent, at).await?,
        (None, Some(token)) => saved(api, caller, token, at).await?,
        (None, None) => return Ok(None),
    };
    for (sent, inherited, name) in
        [(&leg.partner, &charged.partner, "partner"), (&leg.method, &charged.method, "method")]
    {
        if sent.as_ref().is_some_and(|sent| sent != inherited) {
            return Err(ApiError::wrong(&format!("{at}/{name}"), format!("The parent's {name} is {inherited}.")));
        }
    }
    Ok(Some(charged))
}

async fn by_parent(
    api: &Api,
    caller: Credential,
    asked: &Asked,
    parent: &Parent,
    at: &str,
) -> Result<Charged, ApiError> {
    let attempt_id = match &parent.partner_transaction_id {
        Some(id) => Some(AttemptId::parse(id).map_err(|_| unknown(at, "parent_partner_transaction_id"))?),
        None => None,
    };
    if let Some(payment_id) = parent.payment_id {
        let shown = match payments::find(api, caller, payment_id).await {
            Err(ApiError::NotFound) => return Err(unknown(at, "parent_payment_id")),
            found => found?,
        };
        return of_payment(&shown, asked, attempt_id, at, "parent_payment_id");
    }
    if let Some(attempt_id) = attempt_id {
        let name = "parent_partner_transaction_id";
        let checkout_id = api.engine.reusable_leg(caller, attempt_id).await?.ok_or_else(|| unknown(at, name))?;
        let shown = reached(api, caller, checkout_id, at, name).await?;
        return of_payment(&shown, asked, Some(attempt_id), at, name);
    }
    if let Some(token) = &parent.partner_token {
        let name = "parent_partner_token";
        let (attempt_id, shown) = by_card(api, caller, token, at, name).await?;
        return of_payment(&shown, asked, Some(attempt_id), at, name);
    }
    let name = "parent_partner_reference";
    let reference = match &parent.partner_reference {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.clone(),
        Some(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) | None => return Err(unknown(at, name)),
    };
    // A reference that was read as a number has lost the zeros it began with.
    let padded = format!("{reference:0>12}");
    let mut found = api.engine.reusable_leg_by_reference(caller, &reference).await?;
    if found.is_none() {
        found = api.engine.reusable_leg_by_reference(caller, &padded).await?;
    }
    let (attempt_id, checkout_id) = found.ok_or_else(|| unknown(at, name))?;
    let shown = reached(api, caller, checkout_id, at, name).await?;
    of_payment(&shown, asked, Some(attempt_id), at, name)
}

/// The reusable leg of an earlier payment: the one that is named, or the only one.
fn of_payment(
    shown: &Shown,
    asked: &Asked,
    named: Option<AttemptId>,
    at: &str,
    pointer: &str,
) -> Result<Charged, ApiError> {
    let wrong = |detail: &str| Err(ApiError::wrong(&format!("{at}/{pointer}"), detail));
    let payment = &shown.payment;
    let is_reusable = shown.record.checkout.tender.as_ref().is_some_and(|tender| tender.reusable);
    if !is_reusable {
        return wrong("The parent payment was made without allow_future_usage.");
    }
    if payment.terms.amount.currency() != asked.amount.currency() {
        return wrong("The parent payment is in another currency.");
    }
    let approved = |id| payment.attempt(id).is_ok_and(|attempt| attempt.status == AttemptStatus::Approved);
    let is_paid = payment.legs.iter().all(|leg| approved(leg.submission.attempt_id));
    if !is_paid {
        return wrong("The parent payment is not AUTHORIZED.");
    }
    let mut reusable = payment
        .legs
        .iter()
        .filter(|leg| named.is_none_or(|named| leg.submission.attempt_id == named))
        .filter_map(|leg| leg.submission.card_id().map(|card_id| (leg, card_id)));
    match (reusable.next(), reusable.next()) {
        (Some((leg, card_id)), None) => Ok(Charged {
            partner: leg.partner.clone(),
            method: leg.method.clone(),
            card_id,
            token: Some(shown.record.checkout.id),
        }),
        (None, _) => wrong("Nothing of the parent payment can be charged again."),
        (Some(_), Some(_)) => Err(ApiError::wrong(
            &format!("{at}/parent_partner_transaction_id"),
            "The parent payment has more than one leg that can be charged again: name one.",
        )),
    }
}

async fn reached(api: &Api, caller: Credential, id: CheckoutId, at: &str, pointer: &str) -> Result<Shown, ApiError> {
    match sessions::reached(api, caller, api.engine.read(caller, id).await?).await {
        Err(ApiError::NotFound) => Err(unknown(at, pointer)),
        found => found,
    }
}

/// Where a card was paid with last, by the partner's token of it, which is our own id of it.
async fn by_card(
    api: &Api,
    caller: Credential,
    token: &str,
    at: &str,
    pointer: &str,
) -> Result<(AttemptId, Shown), ApiError> {
    let card_id = CardId::parse(token).map_err(|_| unknown(at, pointer))?;
    let found = api.engine.reusable_leg_by_card(caller, card_id).await?;
    let (attempt_id, checkout_id) = found.ok_or_else(|| unknown(at, pointer))?;
    Ok((attempt_id, reached(api, caller, checkout_id, at, pointer).await?))
}

/// A card that its payer had saved, and pays with again.
async fn saved(api: &Api, caller: Credential, token: &str, at: &str) -> Result<Charged, ApiError> {
    let (attempt_id, shown) = by_card(api, caller, token, at, "wallet_token").await?;
    let leg = shown.payment.leg(attempt_id).ok_or_else(|| unknown(at, "wallet_token"))?;
    let card_id = leg.submission.card_id().ok_or_else(|| unknown(at, "wallet_token"))?;
    Ok(Charged { partner: leg.partner.clone(), method: leg.method.clone(), card_id, token: None })
}

fn unknown(at: &str, pointer: &str) -> ApiError {
    ApiError::wrong(&format!("{at}/{pointer}"), "There is no such payment that could be charged again.")
}
