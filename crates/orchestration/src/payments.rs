//! Payments: read, and made without a session (orchestration-api 2.4, 2.6).

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::{ChallengeWindow, CheckoutId, Flow, GiftCardNumber, Party, PaymentId, RedirectMethod};
use engine::{Credential, Error, LegSource, NewLeg, Shown, Visit};
use zeroize::Zeroizing;

use crate::errors::{ApiError, json};
use crate::idempotency::Once;
use crate::opening::Opening;
use crate::parents::{self, Charged};
use crate::payment::{self, NewPayment, SplitItem};
use crate::payment_view::{self, PaymentFacts};
use crate::routes::{self, Api, Called, Named};
use crate::sessions;
use crate::solutions::Family;

/// A gift card that a leg does not name: the sandbox has one at hand that is always full (8.4).
const SANDBOX_GIFT_CARD: &str = "6000000000999999";

/// `GET /v2/payments/{id}`
pub(crate) async fn read(
    State(api): State<Api>,
    Called(caller): Called,
    Named(id): Named<PaymentId>,
    request: Request,
) -> Result<Response, ApiError> {
    let shown = find(&api, caller, id).await?;
    // With it the answer is what we know already (1.10).
    let as_stored = request
        .headers()
        .get_all(header::CACHE_CONTROL)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("max-age")));
    let shown = if as_stored { shown } else { api.engine.refresh(caller, shown).await? };
    answer(&api, &shown).await
}

/// `POST /v2/payments`
pub(crate) async fn create(
    State(api): State<Api>,
    Called(caller): Called,
    request: Request,
) -> Result<Response, ApiError> {
    let engine = &api.engine;
    let (once, request) = Once::begin(engine, caller, request).await?;
    let new = routes::read(request, payment::create).await?;
    let entity = api.entity(caller, new.asked.entity_id).await?;
    let mut document = new.document();
    let NewPayment { asked, split, .. } = new;
    let mut charged = vec![];
    for (at, leg) in split.iter().enumerate() {
        charged.push(parents::charged(&api, caller, &asked, leg, &format!("/split/{at}")).await?);
    }
    // What a leg inherits is shown with it.
    for (kept, charged) in document.split.iter_mut().zip(&charged) {
        if let Some(charged) = charged {
            kept.partner = Some(charged.partner.clone());
            kept.method = Some(charged.method.clone());
        }
    }
    let idempotency = |_: CheckoutId, id: PaymentId| once.makes(&id.to_string());
    let is_payer_there = split.iter().any(|leg| leg.parent.is_none());
    let payer_ip = asked.customer.as_ref().and_then(|customer| customer.ip_address.as_ref()?.parse().ok());
    let opening = Opening { engine, caller, entity: &entity, asked: &asked, document, idempotency: &idempotency };
    let checkout = opening.checkout().await?;
    let mut legs = vec![];
    for (at, (leg, charged)) in split.into_iter().zip(charged).enumerate() {
        legs.push(new_leg(&api, entity.id, leg, charged, &format!("/split/{at}"))?);
    }
    let visit = Visit {
        // Whoever charges a card again has no payer at hand.
        flow: if is_payer_there { Flow::DirectPost } else { Flow::Api },
        payer_ip,
        form_token: None,
        details: None,
        window: ChallengeWindow::Full,
    };
    match engine.open_tender(caller, checkout, legs, visit).await {
        Ok(shown) => answer(&api, &shown).await,
        Err(Error::NoToken) => Err(ApiError::wrong("/split", "What is to be charged again is not there any more.")),
        Err(Error::Refused(_)) => Err(ApiError::wrong("/split", "The parts do not make up the payment.")),
        Err(error) => Err(once.failed(engine, caller, error).await),
    }
}

/// What a leg is paid with.
fn new_leg(
    api: &Api,
    entity: domain::BrandId,
    leg: SplitItem,
    charged: Option<Charged>,
    at: &str,
) -> Result<NewLeg, ApiError> {
    let amount = leg.amount.minor();
    let asks_payer = leg.challenge_indicator.asks();
    if let Some(Charged { partner, method, card_id, token }) = charged {
        let by = if leg.wallet_token.is_some() { Party::Payer } else { Party::Merchant };
        let source = LegSource::Kept { card_id, token, by, asks_payer };
        return Ok(NewLeg { partner, method, amount, source });
    }
    let Some(solution) = leg.solution else {
        return Err(ApiError::wrong(at, "This part needs a partner and a method."));
    };
    let source = match solution.family {
        Family::Card => {
            let token = leg.vault_form_token.ok_or_else(|| {
                let detail = "A card is paid with by a vault_form_token, or by a parent.";
                ApiError::wrong(&format!("{at}/vault_form_token"), detail)
            })?;
            let mut entry = api.engine.take_card(entity, &token).ok_or_else(|| {
                let detail = "This token is not known, was used, or is older than 12 minutes.";
                ApiError::wrong(&format!("{at}/vault_form_token"), detail)
            })?;
            entry.save |= leg.save_token;
            LegSource::Card { entry: Box::new(entry), asks_payer }
        }
        Family::GiftCard => {
            let number = leg.gift_card.as_ref().map_or(SANDBOX_GIFT_CARD, |card| card.number());
            let number = GiftCardNumber::parse(number).ok_or_else(|| {
                ApiError::wrong(&format!("{at}/payment_data/card/number"), "This is no gift card number.")
            })?;
            let code = leg.gift_card.as_ref().and_then(|card| card.code());
            LegSource::GiftCard { number, code: code.map(|code| Zeroizing::new(code.to_owned())) }
        }
        Family::Wallet => LegSource::Redirect(RedirectMethod::Wallet),
        Family::PayLater => LegSource::Redirect(RedirectMethod::PayLater),
        Family::Bank => LegSource::Redirect(RedirectMethod::Bank),
    };
    Ok(NewLeg { partner: solution.partner.to_owned(), method: solution.method.to_owned(), amount, source })
}

/// A payment of this dialect, of an entity that the caller acts for.
pub(crate) async fn find(api: &Api, caller: Credential, id: PaymentId) -> Result<Shown, ApiError> {
    let shown = sessions::reached(api, caller, api.engine.find_payment(caller, id).await?).await?;
    // A session that nobody has submitted has none.
    if shown.payment.legs.is_empty() { Err(ApiError::NotFound) } else { Ok(shown) }
}

/// The payment as it stands.
pub(crate) async fn answer(api: &Api, shown: &Shown) -> Result<Response, ApiError> {
    let document = sessions::document(shown)?;
    let fingerprints = api.engine.fingerprints(&shown.record.checkout, &shown.history).await?;
    let facts = PaymentFacts {
        checkout: &shown.record.checkout,
        document: &document,
        history: &shown.history,
        public_url: &api.public_url,
        fingerprints: &fingerprints,
    };
    let view = payment_view::payment(&facts).map_err(|error| {
        tracing::error!(%error, "a payment could not be written");
        ApiError::Internal
    })?;
    let mut response = json(&view.ok_or(ApiError::NotFound)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
