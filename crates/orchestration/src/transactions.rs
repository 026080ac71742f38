//! What a partner did for a payment: one transaction for each leg of an authorization, capture, void or refund
//! (orchestration-api 3.14).

use domain::{Authentication, Brand, CardSummary, Leg, Means};
use engine::Fingerprints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::authorization::{LegStory, Standing};
use crate::formats;
use crate::outcomes::{AuthorizationStatus, OperationStatus};

/// The version of 3-D Secure that is spoken.
const THREE_DS_VERSION: &str = "2.2.0";

/// What a partner did for one leg.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "the names are those of the reference, 3.14")]
pub(crate) struct PartnerTransaction {
    #[schema(format = "uuid")]
    pub(crate) id: String,
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
    #[schema(format = DateTime)]
    pub(crate) updated_at: String,
    pub(crate) status: TransactionStatus,
    /// Minor units.
    pub(crate) amount: i64,
    /// What may still be captured or voided of an authorization, or refunded of a capture.
    pub(crate) remaining_amount: i64,
    pub(crate) partner: String,
    pub(crate) method: String,
    /// Of a card; may be charged again where that was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partner_token: Option<String>,
    /// The partner's own id, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partner_reference: Option<String>,
    /// The partner's own code.
    pub(crate) partner_status: &'static str,
    /// The same in a word that all partners share.
    pub(crate) partner_status_description: &'static str,
    /// Of an authorization by card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<Card>,
}

/// How a transaction stands: one of an authorization by its words, any other by those of operations.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TransactionStatus {
    /// Of an authorization.
    Authorization(AuthorizationStatus),
    /// Of a capture, void or refund.
    Operation(OperationStatus),
}

/// A card, as it may be shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Card {
    /// Its first six digits.
    bin: String,
    last_four_digits: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_name: Option<String>,
    /// Two digits.
    #[schema(example = "09")]
    expiry_month: String,
    /// Two digits.
    #[schema(example = "29")]
    expiry_year: String,
    /// The issuer's, ISO 3166-1, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<String>,
    /// The same for the same card, whenever it pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    selected_network: Network,
    #[serde(skip_serializing_if = "Option::is_none")]
    three_ds: Option<ThreeDs>,
}

/// The scheme by which a card pays (8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Network {
    CarteBancaire,
    Visa,
    Mastercard,
    AmericanExpress,
    Maestro,
    DinersClub,
    Discover,
    Unionpay,
    Jcb,
    Other,
}

/// What the bank said of the payer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreeDs {
    eci: String,
    version: &'static str,
    flow: ThreeDsFlow,
    #[schema(format = "uuid")]
    ds_transaction_id: String,
    #[schema(format = "uuid")]
    acs_transaction_id: String,
}

/// Whether the bank asked its payer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ThreeDsFlow {
    /// It did.
    Challenge,
    /// It did not.
    Frictionless,
}

/// The authorization of a leg.
pub(crate) fn authorization(
    story: &LegStory<'_>,
    standing: Standing,
    remaining_amount: i64,
    fingerprints: &Fingerprints,
) -> PartnerTransaction {
    let status = story.status(standing);
    let Leg { submission, partner, method, .. } = story.leg;
    let card = match &submission.means {
        Means::Card { card, card_id } => Some(shown(story, card, fingerprints.of(*card_id).map(str::to_owned))),
        Means::GiftCard { .. } | Means::Redirect(_) | Means::Local(_) => None,
    };
    PartnerTransaction {
        id: submission.attempt_id.to_string(),
        created_at: formats::time(story.created_at),
        updated_at: formats::time(story.updated_at),
        status: TransactionStatus::Authorization(status.status),
        amount: story.leg.amount().map_or(0, domain::Money::minor),
        remaining_amount,
        partner: partner.clone(),
        method: method.clone(),
        partner_token: token(&submission.means),
        partner_reference: story.reference.filter(|reference| !reference.is_empty()).map(str::to_owned),
        partner_status: status.code,
        partner_status_description: status.description,
        card,
    }
}

/// What the partner knows the means of payment by: a card in the vault by its id.
pub(crate) fn token(means: &Means) -> Option<String> {
    match means {
        Means::Card { card_id, .. } => Some(card_id.to_string()),
        Means::GiftCard { .. } | Means::Redirect(_) | Means::Local(_) => None,
    }
}

fn shown(story: &LegStory<'_>, card: &CardSummary, fingerprint: Option<String>) -> Card {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Card {
        bin: card.masked.get(..6).unwrap_or_default().to_owned(),
        last_four_digits: card.last4().to_owned(),
        holder_name: said(&card.holder),
        expiry_month: format!("{:02}", card.expiry.month),
        expiry_year: format!("{:02}", card.expiry.year % 100),
        country_code: story.facts.and_then(|facts| said(&facts.country)),
        fingerprint,
        selected_network: network(card.brand),
        three_ds: story.authentication.map(three_ds),
    }
}

fn three_ds(authentication: &Authentication) -> ThreeDs {
    ThreeDs {
        eci: authentication.eci.clone(),
        version: THREE_DS_VERSION,
        flow: if authentication.challenged { ThreeDsFlow::Challenge } else { ThreeDsFlow::Frictionless },
        ds_transaction_id: authentication.ids.directory.to_string(),
        acs_transaction_id: authentication.ids.acs.to_string(),
    }
}

pub(crate) const fn network(brand: Brand) -> Network {
    match brand {
        Brand::Visa => Network::Visa,
        Brand::Mastercard => Network::Mastercard,
        Brand::Amex => Network::AmericanExpress,
        Brand::Diners => Network::DinersClub,
        Brand::Discover => Network::Discover,
        Brand::Jcb => Network::Jcb,
        Brand::UnionPay => Network::Unionpay,
        Brand::Maestro => Network::Maestro,
        Brand::CartesBancaires => Network::CarteBancaire,
        Brand::Unknown => Network::Other,
    }
}
