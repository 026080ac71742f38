//! The test acquirer's own small JSON API, as its two ends see it.
//!
//! | Call | Means |
//! |---|---|
//! | `POST /authorizations` | authorize with a card, or answer again what became of a known reference |
//! | `POST /authorizations/gift-card`, `/authorizations/redirect` | the same with a gift card, or by the payer on a page |
//! | `GET /authorizations/{reference}` | what became of it |
//! | `POST /authorizations/{reference}/reversal` | undo it, seen or not |
//! | `POST /captures`, `/voids`, `/refunds` | do that to an authorization, or answer again |
//! | `GET /captures/{reference}`, `/voids/...`, `/refunds/...` | what became of it |
//! | `POST /gift-cards/balance` | what is on a gift card |

use std::borrow::Cow;

use domain::{AttemptId, Authentication, CardFacts, Cvc, Money, OperationId, OperationKind, RedirectMethod};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Kind, cards};
use crate::protocol::{Answer, Balance, CardData, CardRules, HttpRequest, HttpResponse, Initiator, Method, Protocol};
use crate::protocol::{Reading, Request, Source};

/// Where authorizations are.
pub(super) const AUTHORIZATIONS: &str = "/authorizations";
/// Where those with a gift card are sent.
pub(super) const BY_GIFT_CARD: &str = "/gift-card";
/// Where those are sent that the payer confirms on a page.
pub(super) const BY_REDIRECT: &str = "/redirect";
/// Where gift cards are read.
pub(super) const BALANCE: &str = "/gift-cards/balance";
/// What follows a reference to undo it.
pub(super) const REVERSAL: &str = "/reversal";
/// Where operations are.
pub(super) const OPERATIONS: [(&str, Kind); 3] =
    [("/captures", Kind::Capture), ("/voids", Kind::Void), ("/refunds", Kind::Refund)];

/// `POST /authorizations`. Borrowed from the bytes of the request, so that the card number is not copied.
#[derive(Serialize, Deserialize)]
pub(super) struct AuthorizationIn<'a> {
    #[serde(borrow)]
    pub(super) reference: Cow<'a, str>,
    /// Minor units.
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    pub(super) capture: bool,
    pub(super) initiated_by: InitiatorIn,
    /// Whose rules for test cards hold.
    pub(super) rules: Rules,
    #[serde(borrow)]
    pub(super) card: CardIn<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    pub(super) authentication: Option<AuthenticationIn<'a>>,
    /// Said again with every report.
    #[serde(borrow, skip_serializing_if = "is_empty", default)]
    pub(super) merchant_data: Cow<'a, str>,
}

/// `POST /authorizations/gift-card`. No `Debug`: it holds the number.
#[derive(Serialize, Deserialize)]
pub(super) struct GiftCardAuthorizationIn<'a> {
    #[serde(borrow)]
    pub(super) reference: Cow<'a, str>,
    /// Minor units.
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    pub(super) capture: bool,
    pub(super) number: &'a str,
    /// Said again with every report.
    #[serde(borrow, skip_serializing_if = "is_empty", default)]
    pub(super) merchant_data: Cow<'a, str>,
}

/// `POST /authorizations/redirect`.
#[derive(Serialize, Deserialize)]
pub(super) struct RedirectAuthorizationIn<'a> {
    #[serde(borrow)]
    pub(super) reference: Cow<'a, str>,
    /// Minor units.
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    pub(super) capture: bool,
    pub(super) method: MethodIn,
    /// Which one: `razer_tng`, `fpx MB2U0227`.
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    pub(super) local: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) return_url: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) merchant: Cow<'a, str>,
    /// Under which address the page lies.
    #[serde(borrow)]
    pub(super) page_base: Cow<'a, str>,
    /// Said again with every report.
    #[serde(borrow, skip_serializing_if = "is_empty", default)]
    pub(super) merchant_data: Cow<'a, str>,
}

/// [`RedirectMethod`] on the wire and in the book.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MethodIn {
    Wallet,
    PayLater,
    Bank,
}

/// `POST /gift-cards/balance`. No `Debug`: it holds the number.
#[derive(Serialize, Deserialize)]
pub(super) struct ReadingIn<'a> {
    pub(super) number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) code: Option<&'a str>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
}

/// What is on a gift card.
#[derive(Serialize, Deserialize)]
pub(super) struct BalanceOut {
    /// ISO 8583.
    pub(super) response_code: String,
    /// Minor units, 0 when it is refused.
    pub(super) balance: i64,
    pub(super) currency: String,
}

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// [`Initiator`] on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InitiatorIn {
    Payer,
    PayerWithKeptCard,
    Merchant,
}

/// [`Authentication`] on the wire.
#[derive(Serialize, Deserialize)]
pub(super) struct AuthenticationIn<'a> {
    #[serde(borrow)]
    pub(super) server_trans_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) ds_trans_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) acs_trans_id: Cow<'a, str>,
    /// The letter of `transStatus`.
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) eci: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) cavv: Cow<'a, str>,
}

/// A card on the wire. No `Debug`: it holds the number.
#[derive(Serialize, Deserialize)]
pub(super) struct CardIn<'a> {
    pub(super) number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) cvc: Option<&'a str>,
    pub(super) expiry_year: u16,
    pub(super) expiry_month: u8,
    #[serde(borrow)]
    pub(super) holder: Cow<'a, str>,
}

/// [`CardRules`] on the wire.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rules {
    Purchases,
    CardPayments,
    Orchestration,
}

/// `POST /authorizations/{reference}/reversal`.
#[derive(Serialize, Deserialize)]
pub(super) struct ReversalIn<'a> {
    /// Minor units.
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
}

/// `POST /captures`, `/voids`, `/refunds`.
#[derive(Serialize, Deserialize)]
pub(super) struct OperationIn<'a> {
    #[serde(borrow)]
    pub(super) reference: Cow<'a, str>,
    /// The reference of the authorization.
    #[serde(borrow)]
    pub(super) original: Cow<'a, str>,
    /// Minor units.
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    /// What a capture leaves stays reserved.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) keeps_rest: bool,
    /// The merchant's own reference for it.
    #[serde(borrow, skip_serializing_if = "is_empty", default)]
    pub(super) note: Cow<'a, str>,
}

/// What is known of an operation.
#[derive(Serialize, Deserialize)]
pub(super) struct OperationOut {
    pub(super) reference: String,
    pub(super) kind: String,
    pub(super) original: String,
    pub(super) status: Status,
    /// ISO 8583; absent while there is no decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) response_code: Option<String>,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) acquirer_reference: String,
}

/// What is known of an authorization.
#[derive(Serialize, Deserialize)]
pub(super) struct AuthorizationOut {
    pub(super) reference: String,
    pub(super) status: Status,
    /// ISO 8583; absent while there is no decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) response_code: Option<String>,
    /// As asked, in minor units.
    pub(super) amount: i64,
    pub(super) approved_amount: i64,
    pub(super) currency: String,
    pub(super) acquirer_reference: String,
    pub(super) card: FactsOut,
    /// The page where the payer has to confirm it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) page: Option<String>,
}

/// How an authorization or an operation stands; only an authorization waits for its payer or is reversed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Approved,
    Declined,
    Pending,
    Redirect,
    Reversed,
}

/// What the issuer says about the card itself.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct FactsOut {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) issuer: String,
    pub(super) country: String,
}

/// The answer, with status 404, to an inquiry about what never arrived.
#[derive(Serialize, Deserialize)]
pub(super) struct NotFoundOut {
    pub(super) reference: String,
    /// Always 25, "unable to locate record".
    pub(super) response_code: String,
}

/// "Unable to locate record."
pub(super) const NO_RECORD: &str = "25";

/// The test acquirer's language.
pub(crate) struct TestProtocol;

impl Protocol for TestProtocol {
    fn encode(&self, request: &Request<'_>) -> HttpRequest {
        match request {
            Request::Authorize { reference, amount, capture, source, merchant_data } => authorization(
                Common { reference: *reference, amount: *amount, capture: *capture, merchant_data },
                source,
            ),
            Request::Inquire { reference, .. } => get(format!("{AUTHORIZATIONS}/{reference}")),
            Request::Reverse { reference, amount } => HttpRequest {
                method: Method::Post,
                path: format!("{AUTHORIZATIONS}/{reference}{REVERSAL}"),
                body: json(&ReversalIn { amount: amount.minor(), currency: amount.currency().code().into() }, 64),
            },
            Request::Capture { reference, original, amount, keeps_rest, note } => {
                post(Kind::Capture, *reference, *original, *amount, *keeps_rest, note)
            }
            Request::Void { reference, original, amount, note } => {
                post(Kind::Void, *reference, *original, *amount, false, note)
            }
            Request::Refund { reference, original, amount, note } => {
                post(Kind::Refund, *reference, *original, *amount, false, note)
            }
            Request::InquireOperation { reference, kind, .. } => {
                get(format!("{}/{reference}", operations(Kind::of(*kind))))
            }
        }
    }

    fn decode(&self, request: &Request<'_>, response: &HttpResponse) -> Answer {
        let answer = match (response.status, request) {
            (200, Request::Authorize { .. } | Request::Inquire { .. } | Request::Reverse { .. }) => {
                known(request, &response.body)
            }
            (200, Request::Capture { reference, original, amount, .. }) => {
                operated(Kind::Capture, *reference, *original, *amount, &response.body)
            }
            (200, Request::Void { reference, original, amount, .. }) => {
                operated(Kind::Void, *reference, *original, *amount, &response.body)
            }
            (200, Request::Refund { reference, original, amount, .. }) => {
                operated(Kind::Refund, *reference, *original, *amount, &response.body)
            }
            (200, Request::InquireOperation { reference, original, kind, amount }) => {
                operated(Kind::of(*kind), *reference, *original, *amount, &response.body)
            }
            (404, Request::Inquire { .. } | Request::InquireOperation { .. }) => {
                serde_json::from_slice::<NotFoundOut>(&response.body)
                    .ok()
                    .filter(|out| out.reference == request.reference().to_string() && out.response_code == NO_RECORD)
                    .map(|_| Answer::NotFound)
            }
            _ => None,
        };
        answer.unwrap_or(Answer::Unknown)
    }

    fn encode_reading(&self, reading: &Reading<'_>) -> HttpRequest {
        let Reading { number, code, currency } = *reading;
        let body = ReadingIn { number, code, currency: currency.code().into() };
        let capacity = 128 + 6 * (number.len() + code.map_or(0, str::len));
        HttpRequest { method: Method::Post, path: BALANCE.to_owned(), body: json(&body, capacity) }
    }

    fn decode_reading(&self, reading: &Reading<'_>, response: &HttpResponse) -> Balance {
        let out = serde_json::from_slice::<BalanceOut>(&response.body).ok().filter(|_| response.status == 200);
        let Some(out) = out.filter(|out| out.currency == reading.currency.code()) else { return Balance::NoAnswer };
        match (out.response_code.as_str(), Money::new(out.balance, reading.currency)) {
            (cards::APPROVED, Some(balance)) => Balance::Known(balance),
            (cards::INVALID_NUMBER | cards::DO_NOT_HONOUR, Some(nothing)) if nothing.is_zero() => Balance::Refused,
            _ => Balance::NoAnswer,
        }
    }
}

impl MethodIn {
    pub(super) const fn of(method: RedirectMethod) -> Self {
        match method {
            RedirectMethod::Wallet => Self::Wallet,
            RedirectMethod::PayLater => Self::PayLater,
            RedirectMethod::Bank => Self::Bank,
        }
    }

    pub(super) const fn method(self) -> RedirectMethod {
        match self {
            Self::Wallet => RedirectMethod::Wallet,
            Self::PayLater => RedirectMethod::PayLater,
            Self::Bank => RedirectMethod::Bank,
        }
    }
}

impl Kind {
    /// What the acquirer calls an operation.
    fn of(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Capture => Self::Capture,
            OperationKind::Void => Self::Void,
            OperationKind::Refund => Self::Refund,
        }
    }
}

fn operations(kind: Kind) -> &'static str {
    OPERATIONS.iter().find(|(_, known)| *known == kind).map_or("", |(path, _)| path)
}

fn get(path: String) -> HttpRequest {
    HttpRequest { method: Method::Get, path, body: Zeroizing::default() }
}

fn post(
    kind: Kind,
    reference: OperationId,
    original: AttemptId,
    amount: Money,
    keeps_rest: bool,
    note: &str,
) -> HttpRequest {
    let body = OperationIn {
        reference: reference.to_string().into(),
        original: original.to_string().into(),
        amount: amount.minor(),
        currency: amount.currency().code().into(),
        keeps_rest,
        note: note.into(),
    };
    let body = json(&body, 256 + 6 * note.len());
    HttpRequest { method: Method::Post, path: operations(kind).to_owned(), body }
}

/// What every authorization says.
#[derive(Clone, Copy)]
struct Common<'a> {
    reference: AttemptId,
    amount: Money,
    capture: bool,
    merchant_data: &'a str,
}

fn authorization(common: Common<'_>, source: &Source<'_>) -> HttpRequest {
    let Common { reference, amount, capture, merchant_data } = common;
    let currency = amount.currency();
    let (rest, body) = match source {
        Source::Card { card, authentication, initiated_by, rules } => {
            ("", by_card(common, card, *authentication, *initiated_by, *rules))
        }
        Source::GiftCard { number } => {
            let body = GiftCardAuthorizationIn {
                reference: reference.to_string().into(),
                amount: amount.minor(),
                currency: currency.code().into(),
                capture,
                number,
                merchant_data: merchant_data.into(),
            };
            (BY_GIFT_CARD, json(&body, 256 + 6 * (number.len() + merchant_data.len())))
        }
        Source::Redirect { method, local, return_url, merchant, acs_base } => {
            let body = RedirectAuthorizationIn {
                reference: reference.to_string().into(),
                amount: amount.minor(),
                currency: currency.code().into(),
                capture,
                method: MethodIn::of(*method),
                local: local.map(|local| local.to_string().into()),
                return_url: (*return_url).into(),
                merchant: (*merchant).into(),
                page_base: (*acs_base).into(),
                merchant_data: merchant_data.into(),
            };
            (BY_REDIRECT, json(&body, 1_024))
        }
    };
    HttpRequest { method: Method::Post, path: format!("{AUTHORIZATIONS}{rest}"), body }
}

fn by_card(
    common: Common<'_>,
    card: &CardData<'_>,
    authentication: Option<&Authentication>,
    initiated_by: Initiator,
    rules: CardRules,
) -> Zeroizing<Vec<u8>> {
    let Common { reference, amount, capture, merchant_data } = common;
    let CardData { pan, cvc, expiry, holder } = *card;
    let body = AuthorizationIn {
        reference: reference.to_string().into(),
        amount: amount.minor(),
        currency: amount.currency().code().into(),
        capture,
        initiated_by: match initiated_by {
            Initiator::Payer => InitiatorIn::Payer,
            Initiator::PayerWithKeptCard => InitiatorIn::PayerWithKeptCard,
            Initiator::Merchant => InitiatorIn::Merchant,
        },
        rules: match rules {
            CardRules::Purchases => Rules::Purchases,
            CardRules::CardPayments => Rules::CardPayments,
            CardRules::Orchestration => Rules::Orchestration,
        },
        card: CardIn {
            number: pan.expose(),
            cvc: cvc.map(Cvc::expose),
            expiry_year: expiry.year,
            expiry_month: expiry.month,
            holder: holder.into(),
        },
        authentication: authentication.map(said),
        merchant_data: merchant_data.into(),
    };
    // JSON makes at most six bytes of one.
    let said_len = authentication.map_or(0, |said| 256 + 6 * (said.eci.len() + said.cavv.len()));
    json(&body, 512 + 6 * (holder.len() + merchant_data.len()) + said_len)
}

fn said(authentication: &Authentication) -> AuthenticationIn<'_> {
    let Authentication { ids, status, reason: _, cancel: _, eci, cavv, challenged: _ } = authentication;
    AuthenticationIn {
        server_trans_id: ids.server.to_string().into(),
        ds_trans_id: ids.directory.to_string().into(),
        acs_trans_id: ids.acs.to_string().into(),
        status: status.letter().to_string().into(),
        eci: eci.as_str().into(),
        cavv: cavv.as_str().into(),
    }
}

/// Writes JSON into a buffer that is large enough from the start: a growing one would leave copies behind that nobody
/// wipes.
fn json(body: &impl Serialize, capacity: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    // Writing to memory cannot fail, and neither can the writing of these types; were it otherwise, the acquirer
    // would refuse the stump.
    let _ = serde_json::to_writer(&mut *bytes, body);
    bytes
}

/// The answer in a body, if it is one to this request.
fn known(request: &Request<'_>, body: &[u8]) -> Option<Answer> {
    let out: AuthorizationOut = serde_json::from_slice(body).ok()?;
    let asked = request.amount();
    let fits = out.reference == request.reference().to_string()
        && out.amount == asked.minor()
        && out.currency == asked.currency().code();
    if !fits {
        return None;
    }
    match (request, out.status) {
        (Request::Authorize { .. } | Request::Inquire { .. }, Status::Approved) => approved(asked, out),
        (Request::Authorize { .. } | Request::Inquire { .. }, Status::Declined) => declined(out),
        (Request::Authorize { .. } | Request::Inquire { .. }, Status::Pending) => Some(Answer::Pending),
        (Request::Authorize { source: Source::Redirect { .. }, .. }, Status::Redirect) => {
            let is_page = |url: &String| url.starts_with("https://") || url.starts_with("http://");
            out.page.filter(is_page).map(|url| Answer::Redirect { url })
        }
        (Request::Inquire { .. } | Request::Reverse { .. }, Status::Reversed) => Some(Answer::Reversed),
        // It was asked to approve or to undo, and speaks of something else.
        (Request::Authorize { .. }, Status::Redirect | Status::Reversed)
        | (_, Status::Approved | Status::Declined | Status::Pending | Status::Redirect | Status::Reversed) => None,
    }
}

/// The answer in a body, if it is one about this operation.
fn operated(kind: Kind, reference: OperationId, original: AttemptId, amount: Money, body: &[u8]) -> Option<Answer> {
    let out: OperationOut = serde_json::from_slice(body).ok()?;
    let fits = out.reference == reference.to_string()
        && out.kind == kind.as_str()
        && out.original == original.to_string()
        && out.amount == amount.minor()
        && out.currency == amount.currency().code();
    let facts = CardFacts::default();
    match (out.status, out.response_code.as_deref()) {
        _ if !fits => None,
        (Status::Approved, Some(cards::APPROVED)) => {
            Some(Answer::Approved { amount, acquirer_reference: out.acquirer_reference, facts })
        }
        // It says no and yes.
        (Status::Declined, Some(cards::APPROVED | cards::PARTIALLY_APPROVED)) => None,
        (Status::Declined, Some(code)) => Some(Answer::Declined { reason: cards::reason(code), facts }),
        (Status::Pending, None) => Some(Answer::Pending),
        (Status::Approved | Status::Declined | Status::Pending | Status::Redirect | Status::Reversed, _) => None,
    }
}

fn approved(asked: Money, out: AuthorizationOut) -> Option<Answer> {
    let amount = Money::new(out.approved_amount, asked.currency())?;
    let fits = match out.response_code?.as_str() {
        cards::APPROVED => amount == asked,
        cards::PARTIALLY_APPROVED => !amount.is_zero() && amount.minor() < asked.minor(),
        _ => false,
    };
    fits.then(|| Answer::Approved { amount, acquirer_reference: out.acquirer_reference, facts: out.card.into() })
}

fn declined(out: AuthorizationOut) -> Option<Answer> {
    match out.response_code?.as_str() {
        // It says no and yes.
        cards::APPROVED | cards::PARTIALLY_APPROVED => None,
        code => {
            (out.approved_amount == 0).then(|| Answer::Declined { reason: cards::reason(code), facts: out.card.into() })
        }
    }
}

impl From<FactsOut> for CardFacts {
    fn from(out: FactsOut) -> Self {
        Self { kind: out.kind, issuer: out.issuer, country: out.country }
    }
}

#[cfg(test)]
mod tests;
