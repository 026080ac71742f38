//! The test acquirer's own small JSON API, as its two ends see it.
//!
//! | Call | Means |
//! |---|---|
//! | `POST /authorizations` | authorize, or answer again what became of a known reference |
//! | `GET /authorizations/{reference}` | what became of it |
//! | `POST /authorizations/{reference}/reversal` | undo it, seen or not |
//! | `POST /captures`, `/voids`, `/refunds` | do that to an authorization, or answer again |
//! | `GET /captures/{reference}`, `/voids/...`, `/refunds/...` | what became of it |

use std::borrow::Cow;

use domain::{AttemptId, Authentication, CardFacts, Money, OperationId, OperationKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Kind, cards};
use crate::protocol::{Answer, CardData, CardRules, HttpRequest, HttpResponse, Initiator, Method, Protocol, Request};

/// Where authorizations are.
pub(super) const AUTHORIZATIONS: &str = "/authorizations";
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
}

/// How an authorization or an operation stands; only an authorization is reversed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Approved,
    Declined,
    Pending,
    Reversed,
}

/// What the issuer says about the card itself.
#[derive(Serialize, Deserialize)]
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
            Request::Authorize { .. } => HttpRequest {
                method: Method::Post,
                path: AUTHORIZATIONS.to_owned(),
                body: authorization(request).unwrap_or_default(),
            },
            Request::Inquire { reference, .. } => get(format!("{AUTHORIZATIONS}/{reference}")),
            Request::Reverse { reference, amount } => HttpRequest {
                method: Method::Post,
                path: format!("{AUTHORIZATIONS}/{reference}{REVERSAL}"),
                body: json(&ReversalIn { amount: amount.minor(), currency: amount.currency().code().into() }, 64),
            },
            Request::Capture { reference, original, amount, keeps_rest } => {
                post(Kind::Capture, *reference, *original, *amount, *keeps_rest)
            }
            Request::Void { reference, original, amount } => post(Kind::Void, *reference, *original, *amount, false),
            Request::Refund { reference, original, amount } => {
                post(Kind::Refund, *reference, *original, *amount, false)
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
            (200, Request::Void { reference, original, amount }) => {
                operated(Kind::Void, *reference, *original, *amount, &response.body)
            }
            (200, Request::Refund { reference, original, amount }) => {
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

fn post(kind: Kind, reference: OperationId, original: AttemptId, amount: Money, keeps_rest: bool) -> HttpRequest {
    let body = OperationIn {
        reference: reference.to_string().into(),
        original: original.to_string().into(),
        amount: amount.minor(),
        currency: amount.currency().code().into(),
        keeps_rest,
    };
    HttpRequest { method: Method::Post, path: operations(kind).to_owned(), body: json(&body, 256) }
}

/// The body of an authorization; there is none for anything else.
fn authorization(request: &Request<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let Request::Authorize { reference, amount, capture, card, authentication, initiated_by, rules, merchant_data } =
        request
    else {
        return None;
    };
    let CardData { pan, cvc, expiry, holder } = card;
    let body = AuthorizationIn {
        reference: reference.to_string().into(),
        amount: amount.minor(),
        currency: amount.currency().code().into(),
        capture: *capture,
        initiated_by: match initiated_by {
            Initiator::Payer => InitiatorIn::Payer,
            Initiator::PayerWithKeptCard => InitiatorIn::PayerWithKeptCard,
            Initiator::Merchant => InitiatorIn::Merchant,
        },
        rules: match rules {
            CardRules::Purchases => Rules::Purchases,
            CardRules::CardPayments => Rules::CardPayments,
        },
        card: CardIn {
            number: pan.expose(),
            cvc: cvc.map(|cvc| cvc.expose()),
            expiry_year: expiry.year,
            expiry_month: expiry.month,
            holder: (*holder).into(),
        },
        authentication: authentication.map(said),
        merchant_data: (*merchant_data).into(),
    };
    // JSON makes at most six bytes of one.
    let said_len = authentication.map_or(0, |said| 256 + 6 * (said.eci.len() + said.cavv.len()));
    Some(json(&body, 512 + 6 * (holder.len() + merchant_data.len()) + said_len))
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
        (Request::Inquire { .. } | Request::Reverse { .. }, Status::Reversed) => Some(Answer::Reversed),
        // It was asked to approve or to undo, and speaks of something else.
        (Request::Authorize { .. }, Status::Reversed)
        | (_, Status::Approved | Status::Declined | Status::Pending | Status::Reversed) => None,
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
        (Status::Approved | Status::Declined | Status::Pending | Status::Reversed, _) => None,
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
mod tests {
    use domain::{Currency, Cvc, DeclineReason, Expiry, Pan};

    use super::*;

    const REFERENCE: &str = "01938a1b-0000-7000-8000-00000000000a";
    const APPROVED: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","status":"approved","response_code":"00","amount":954,"approved_amount":954,"currency":"MYR","acquirer_reference":"000000000001","card":{"type":"credit","issuer":"","country":"US"}}"#;
    const NOT_FOUND: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","response_code":"25"}"#;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).expect("a currency")).expect("an amount")
    }

    fn reference() -> AttemptId {
        AttemptId::parse(REFERENCE).expect("an id")
    }

    fn inquiry() -> Request<'static> {
        Request::Inquire { reference: reference(), amount: money(954, "MYR") }
    }

    fn reversal() -> Request<'static> {
        Request::Reverse { reference: reference(), amount: money(954, "MYR") }
    }

    /// Hands an authorization of 9.54 MYR to `look`.
    fn with_authorization<T>(cvc: Option<&str>, holder: &str, look: impl FnOnce(Request<'_>) -> T) -> T {
        let pan = Pan::parse("4444 3333 2222 1111").expect("a card");
        let cvc = cvc.map(|cvc| Cvc::parse(cvc).expect("a code"));
        let card = CardData { pan: &pan, cvc: cvc.as_ref(), expiry: Expiry { year: 2030, month: 1 }, holder };
        look(Request::Authorize {
            reference: reference(),
            amount: money(954, "MYR"),
            capture: true,
            card,
            authentication: None,
            initiated_by: Initiator::Payer,
            rules: CardRules::Purchases,
            merchant_data: "",
        })
    }

    fn sent(request: &Request<'_>) -> (Method, String, String) {
        let http = TestProtocol.encode(request);
        (http.method, http.path.clone(), String::from_utf8(http.body.to_vec()).expect("text"))
    }

    fn decoded(request: &Request<'_>, status: u16, body: &str) -> Answer {
        TestProtocol.decode(request, &HttpResponse { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn requests_as_bytes() {
        let authorization = with_authorization(Some("123"), "N \"Ally\" A", |request| sent(&request));
        assert_eq!(
            (
                Method::Post,
                "/authorizations".to_owned(),
                r#"{"reference":"01938a1b-0000-7000-8000-00000000000a","amount":954,"currency":"MYR","capture":true,"initiated_by":"payer","rules":"purchases","card":{"number":"4444333322221111","cvc":"123","expiry_year":2030,"expiry_month":1,"holder":"N \"Ally\" A"}}"#
                    .to_owned()
            ),
            authorization
        );
        let without_code = with_authorization(None, "", |request| sent(&request)).2;
        assert!(!without_code.contains("cvc"), "{without_code}");
        assert_eq!((Method::Get, format!("/authorizations/{REFERENCE}"), String::new()), sent(&inquiry()));
        assert_eq!(
            (
                Method::Post,
                format!("/authorizations/{REFERENCE}/reversal"),
                r#"{"amount":954,"currency":"MYR"}"#.to_owned()
            ),
            sent(&reversal())
        );
    }

    #[test]
    fn the_buffer_of_a_card_number_never_grows() {
        let holder = "\u{1}".repeat(400);
        with_authorization(Some("123"), &holder, |request| {
            let body = TestProtocol.encode(&request).body;
            assert!(body.len() > 2_400, "every character was written in six");
            assert_eq!(512 + 6 * 400, body.capacity());
        });
    }

    #[test]
    fn requests_print_without_their_body() {
        let printed = with_authorization(Some("123"), "", |request| format!("{:?}", TestProtocol.encode(&request)));
        assert_eq!(r#"HttpRequest { method: Post, path: "/authorizations", .. }"#, printed);
    }

    #[test]
    fn answers_that_fit() {
        let facts = || CardFacts { kind: "credit".to_owned(), issuer: String::new(), country: "US".to_owned() };
        let approved = |minor| Answer::Approved {
            amount: money(minor, "MYR"),
            acquirer_reference: "000000000001".to_owned(),
            facts: facts(),
        };
        assert_eq!(approved(954), with_authorization(None, "", |request| decoded(&request, 200, APPROVED)));
        assert_eq!(approved(954), decoded(&inquiry(), 200, APPROVED));
        let partial =
            APPROVED.replace(r#""00""#, r#""10""#).replace(r#""approved_amount":954"#, r#""approved_amount":477"#);
        assert_eq!(approved(477), decoded(&inquiry(), 200, &partial));
        let no = APPROVED
            .replace(r#""approved_amount":954"#, r#""approved_amount":0"#)
            .replace("approved\",", "declined\",");
        for (code, reason) in [
            ("51", DeclineReason::InsufficientFunds),
            ("80", DeclineReason::WrongExpiry),
            ("1A", DeclineReason::AuthenticationRequired),
            ("77", DeclineReason::DoNotHonour),
        ] {
            let no = no.replace(r#""00""#, &format!("{code:?}"));
            assert_eq!(Answer::Declined { reason, facts: facts() }, decoded(&inquiry(), 200, &no), "{code}");
        }
        let pending = no.replace("declined", "pending").replace(r#""response_code":"00","#, "");
        assert_eq!(Answer::Pending, decoded(&inquiry(), 200, &pending));
        let reversed = pending.replace("pending", "reversed");
        assert_eq!(Answer::Reversed, decoded(&inquiry(), 200, &reversed));
        assert_eq!(Answer::Reversed, decoded(&reversal(), 200, &reversed));
        assert_eq!(Answer::NotFound, decoded(&inquiry(), 404, NOT_FOUND));
    }

    const OPERATION: &str = "01938a1b-0000-7000-8000-00000000000b";
    const CAPTURED: &str = r#"{"reference":"01938a1b-0000-7000-8000-00000000000b","kind":"capture","original":"01938a1b-0000-7000-8000-00000000000a","status":"approved","response_code":"00","amount":954,"currency":"MYR","acquirer_reference":"000000000002"}"#;

    /// A capture, void and refund of 9.54 MYR, and the inquiries about them.
    fn operation_requests() -> [(&'static str, Request<'static>, Request<'static>); 3] {
        let operation = OperationId::parse(OPERATION).expect("an id");
        let (original, amount) = (reference(), money(954, "MYR"));
        let inquiry = |kind| Request::InquireOperation { reference: operation, original, kind, amount };
        [
            (
                "capture",
                Request::Capture { reference: operation, original, amount, keeps_rest: false },
                inquiry(OperationKind::Capture),
            ),
            ("void", Request::Void { reference: operation, original, amount }, inquiry(OperationKind::Void)),
            ("refund", Request::Refund { reference: operation, original, amount }, inquiry(OperationKind::Refund)),
        ]
    }

    #[test]
    fn operations_as_bytes() {
        let body = r#"{"reference":"01938a1b-0000-7000-8000-00000000000b","original":"01938a1b-0000-7000-8000-00000000000a","amount":954,"currency":"MYR"}"#;
        for (kind, request, inquiry) in operation_requests() {
            assert_eq!((Method::Post, format!("/{kind}s"), body.to_owned()), sent(&request));
            assert_eq!((Method::Get, format!("/{kind}s/{OPERATION}"), String::new()), sent(&inquiry));
            assert_eq!(OPERATION, request.reference().to_string());
        }
        let (reference, original) = (OperationId::parse(OPERATION).expect("an id"), reference());
        let part = Request::Capture { reference, original, amount: money(954, "MYR"), keeps_rest: true };
        let body = body.replace("\"MYR\"", "\"MYR\",\"keeps_rest\":true");
        assert_eq!((Method::Post, "/captures".to_owned(), body), sent(&part));
    }

    #[test]
    fn an_authentication_as_bytes() {
        let id = |last| uuid::Uuid::from_u128(last);
        let ids = domain::AuthenticationIds { server: id(1), directory: id(2), acs: id(3) };
        let (status, cavv) = (domain::TransStatus::Authenticated, "AAECAwQFBgcICQoLDA0ODxAREhM=".to_owned());
        let (reason, cancel) = (String::new(), String::new());
        let said = Authentication { ids, status, reason, cancel, eci: "05".to_owned(), cavv, challenged: true };
        let pan = Pan::parse("4444 3333 2222 1111").expect("a card");
        let holder = "\u{1}".repeat(45);
        let body = TestProtocol
            .encode(&Request::Authorize {
                reference: reference(),
                amount: money(i64::MAX, "MYR"),
                capture: false,
                card: CardData { pan: &pan, cvc: None, expiry: Expiry { year: 2030, month: 12 }, holder: &holder },
                authentication: Some(&said),
                initiated_by: Initiator::Merchant,
                rules: CardRules::Purchases,
                merchant_data: "\u{1}order 7",
            })
            .body;
        let text = String::from_utf8(body.to_vec()).expect("text");
        let end = r#""authentication":{"server_trans_id":"00000000-0000-0000-0000-000000000001","ds_trans_id":"00000000-0000-0000-0000-000000000002","acs_trans_id":"00000000-0000-0000-0000-000000000003","status":"Y","eci":"05","cavv":"AAECAwQFBgcICQoLDA0ODxAREhM="},"merchant_data":"\u0001order 7"}"#;
        assert!(text.ends_with(end), "{text}");
        assert!(text.contains(r#""initiated_by":"merchant""#), "{text}");
        assert_eq!(512 + 6 * (45 + 8) + 256 + 6 * 30, body.capacity(), "the buffer never grew");
    }

    #[test]
    fn answers_to_operations() {
        let requests = operation_requests();
        let all = || requests.iter().flat_map(|(kind, request, inquiry)| [(*kind, request), (*kind, inquiry)]);
        let facts = CardFacts::default;
        for (kind, request) in all() {
            let yes = CAPTURED.replace("capture", kind);
            let approved = Answer::Approved {
                amount: money(954, "MYR"),
                acquirer_reference: "000000000002".to_owned(),
                facts: facts(),
            };
            assert_eq!(approved, decoded(request, 200, &yes), "{kind}");
            let no = yes.replace("approved", "declined").replace(r#""00""#, r#""96""#);
            let declined = Answer::Declined { reason: DeclineReason::AcquirerError, facts: facts() };
            assert_eq!(declined, decoded(request, 200, &no), "{kind}");
            let pending = yes.replace("approved", "pending").replace(r#""response_code":"00","#, "");
            assert_eq!(Answer::Pending, decoded(request, 200, &pending), "{kind}");
            for (other, _) in all() {
                if other != kind {
                    assert_eq!(Answer::Unknown, decoded(request, 200, &CAPTURED.replace("capture", other)));
                }
            }
            for (from, to) in [
                ("00b\"", "00c\""),
                ("00a\"", "00c\""),
                ("954", "955"),
                ("954", "\"954\""),
                ("MYR", "EUR"),
                ("\"00\"", "\"10\""),
                ("\"00\"", "\"51\""),
                ("\"response_code\":\"00\",", ""),
                ("approved", "declined"),
                ("approved", "pending"),
                ("approved", "reversed"),
                ("approved", "settled"),
            ] {
                assert!(yes.contains(from), "{from}");
                assert_eq!(Answer::Unknown, decoded(request, 200, &yes.replace(from, to)), "{kind} {from} {to}");
            }
            for status in [201, 302, 404, 409, 500, 503] {
                assert_eq!(Answer::Unknown, decoded(request, status, &yes), "{kind} {status}");
            }
            for end in 0..yes.len() {
                assert_eq!(Answer::Unknown, decoded(request, 200, &yes[..end]), "{kind} cut at {end}");
            }
            assert_eq!(Answer::Unknown, decoded(request, 200, APPROVED), "an authorization's answer");
            assert_eq!(Answer::Unknown, decoded(request, 404, NOT_FOUND), "{kind}: it names another");
        }
        let not_found = NOT_FOUND.replace("00a\"", "00b\"");
        for (kind, request, inquiry) in &requests {
            assert_eq!(Answer::NotFound, decoded(inquiry, 404, &not_found), "{kind}");
            assert_eq!(Answer::Unknown, decoded(request, 404, &not_found), "{kind}: nobody asked");
        }
        assert_eq!(Answer::Unknown, decoded(&inquiry(), 200, CAPTURED), "an operation's answer");
    }

    #[test]
    fn everything_else_is_unknown() {
        let other = |from: &str, to: &str| {
            assert!(APPROVED.contains(from), "{from}");
            APPROVED.replace(from, to)
        };
        for (status, body) in [
            (200, String::new()),
            (200, "null".to_owned()),
            (200, "<html>approved</html>".to_owned()),
            (500, APPROVED.to_owned()),
            (404, APPROVED.to_owned()),
            (302, APPROVED.to_owned()),
            (404, "not found".to_owned()),
            (404, NOT_FOUND.replace("00a\"", "00b\"")),
            (404, NOT_FOUND.replace("25", "00")),
            (200, NOT_FOUND.to_owned()),
            (200, other("00a\"", "00b\"")),
            (200, other("\"amount\":954", "\"amount\":9540")),
            (200, other("\"amount\":954", "\"amount\":\"954\"")),
            (200, other("\"approved_amount\":954", "\"approved_amount\":9540")),
            (200, other("\"approved_amount\":954", "\"approved_amount\":477")),
            (200, other("\"approved_amount\":954", "\"approved_amount\":-954")),
            (200, other("MYR", "EUR")),
            (200, other("\"00\"", "\"10\"")),
            (200, other("\"00\"", "\"51\"")),
            (200, other("\"status\":\"approved\"", "\"status\":\"declined\"")),
            (200, other("\"status\":\"approved\"", "\"status\":\"authorised\"")),
        ] {
            assert_eq!(Answer::Unknown, decoded(&inquiry(), status, &body), "{status} {body}");
        }
        for end in 0..APPROVED.len() {
            assert_eq!(Answer::Unknown, decoded(&inquiry(), 200, &APPROVED[..end]), "cut at {end}");
        }
        let reversed = APPROVED.replace("\"approved\"", "\"reversed\"");
        with_authorization(None, "", |request| {
            assert_eq!(Answer::Unknown, decoded(&request, 200, &reversed), "nobody asked to undo it");
            assert_eq!(Answer::Unknown, decoded(&request, 404, NOT_FOUND), "nobody asked what became of it");
        });
        assert_eq!(Answer::Unknown, decoded(&reversal(), 200, APPROVED), "it is not undone");
        assert_eq!(Answer::Unknown, decoded(&reversal(), 404, NOT_FOUND), "a reversal is always taken");
    }
}
