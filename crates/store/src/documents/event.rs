//! Events of the journal. One arm each way, so that a new event stops the build until it can be stored.

use std::net::IpAddr;
use std::time::Duration;

use domain::risk::{Assessment, Finding};
use domain::{
    AttemptId, Authentication, AuthenticationFailure, AuthenticationIds, Brand, CaptureMode, CardFacts, CardId,
    CardSummary, Challenge, ChallengeWindow, CheckoutId, DeclineReason, Due, Event, Expiry, Fees, Flow, InDoubt, Leg,
    LocalMeans, Means, MerchantId, Mode, Money, Operation, OperationId, OperationKind, OperationStatus, Part, Party,
    PaymentId, RedirectMethod, RefusedTry, SaidByHand, Submission, Terms, Timestamp, TransStatus, Verdict,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::checkout::CustomerDoc;
use super::merchant::FeesDoc;
use super::reconciliation::{AdjustedDoc, MatchedDoc};
use super::word::AsWord;
use super::{is_default, word};

/// Whose journal an event is in; columns of the row, not of the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) payment_id: PaymentId,
    pub(crate) merchant_id: MerchantId,
    pub(crate) mode: Mode,
}

/// `"viewed"`, `{"opened":{...}}` ...: an event by its name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum EventDoc {
    Opened(TermsDoc),
    Viewed,
    DetailsGiven(Box<CustomerDoc>),
    InvoiceSent,
    Overdue,
    Expired,
    Cancelled,
    TenderBegun(Vec<LegDoc>),
    TenderEnded(AsWord<Party>),
    MarkedPaid {
        paid_on: i64,
        #[serde(with = "word")]
        amount: Money,
    },
    AttemptSent(SubmissionDoc),
    AuthenticationStarted(SubmissionDoc),
    Challenged {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(flatten)]
        ids: IdsDoc,
        acs_url: String,
    },
    Authenticated {
        #[serde(with = "word")]
        attempt: AttemptId,
        authentication: AuthenticationDoc,
        deadline: i64,
    },
    NotAuthenticated {
        #[serde(with = "word")]
        attempt: AttemptId,
        why: FailureDoc,
    },
    AttemptRefused(RefusedDoc),
    TriesUsedUp,
    Redirected {
        #[serde(with = "word")]
        attempt: AttemptId,
        url: String,
    },
    Left {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(with = "word")]
        reason: DeclineReason,
    },
    AttemptUnknown {
        #[serde(with = "word")]
        attempt: AttemptId,
    },
    Authorized {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(with = "word")]
        amount: Money,
        reference: String,
        #[serde(default, with = "FactsDoc", skip_serializing_if = "is_default")]
        facts: CardFacts,
    },
    Captured {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<AsWord<OperationId>>,
        #[serde(with = "word")]
        amount: Money,
        #[serde(with = "word")]
        fee: Money,
    },
    Declined {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(with = "word")]
        reason: DeclineReason,
        #[serde(default, with = "FactsDoc", skip_serializing_if = "is_default")]
        facts: CardFacts,
    },
    ReversalSent {
        #[serde(with = "word")]
        attempt: AttemptId,
    },
    Reversed {
        #[serde(with = "word")]
        attempt: AttemptId,
    },
    OperationSent {
        #[serde(with = "word")]
        operation: OperationId,
        #[serde(with = "word")]
        kind: OperationKind,
        #[serde(with = "word")]
        amount: Money,
        #[serde(default, skip_serializing_if = "is_default")]
        keeps_rest: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
        #[serde(default, skip_serializing_if = "is_default")]
        note: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<PartDoc>,
    },
    OperationUnknown {
        #[serde(with = "word")]
        operation: OperationId,
    },
    Released {
        #[serde(with = "word")]
        attempt: AttemptId,
        #[serde(with = "word")]
        amount: Money,
    },
    OperationFailed {
        #[serde(with = "word")]
        operation: OperationId,
        #[serde(with = "word")]
        reason: DeclineReason,
    },
    Voided {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<AsWord<OperationId>>,
        #[serde(with = "word")]
        amount: Money,
    },
    Refunded {
        #[serde(with = "word")]
        operation: OperationId,
        #[serde(with = "word")]
        amount: Money,
    },
    SettledByHand {
        #[serde(with = "word")]
        what: InDoubt,
        #[serde(with = "word")]
        verdict: Verdict,
        by: String,
        note: String,
    },
    CardForgetting,
    CardForgotten,
    Cleared,
    Settled {
        #[serde(with = "word")]
        amount: Money,
    },
    ChargedBack {
        #[serde(with = "word")]
        amount: Money,
    },
    ChargebackReversed {
        #[serde(with = "word")]
        amount: Money,
    },
    Matched(MatchedDoc),
    Adjusted(AdjustedDoc),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegDoc {
    submission: SubmissionDoc,
    partner: String,
    method: String,
    #[serde(default, skip_serializing_if = "is_default")]
    asks_bank: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    asks_payer: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartDoc {
    #[serde(with = "word")]
    of: OperationId,
    #[serde(with = "word")]
    attempt: AttemptId,
    #[serde(default, skip_serializing_if = "is_default")]
    automatic: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    document: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdsDoc {
    server_id: Uuid,
    directory_id: Uuid,
    acs_id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AuthenticationDoc {
    #[serde(flatten)]
    ids: IdsDoc,
    #[serde(with = "word")]
    status: TransStatus,
    #[serde(default, skip_serializing_if = "is_default")]
    reason: String,
    #[serde(default, skip_serializing_if = "is_default")]
    cancel: String,
    eci: String,
    #[serde(default, skip_serializing_if = "is_default")]
    cavv: String,
    #[serde(default, skip_serializing_if = "is_default")]
    challenged: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureDoc {
    Bank(AuthenticationDoc),
    NoAnswer,
    Payer,
    Abandoned,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedDoc {
    #[serde(with = "word")]
    attempt: AttemptId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<CardDoc>,
    #[serde(with = "word")]
    flow: Flow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(with = "word")]
    reason: DeclineReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assessment: Option<AssessmentDoc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssessmentDoc {
    score: u32,
    findings: Vec<AsWord<Finding>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsDoc {
    #[serde(with = "word")]
    checkout: CheckoutId,
    #[serde(with = "word")]
    amount: Money,
    /// Left out when automatic.
    #[serde(default = "automatic", with = "word", skip_serializing_if = "is_automatic")]
    capture: CaptureMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<DueDoc>,
    #[serde(default, skip_serializing_if = "is_default")]
    single_attempt: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    save_card: bool,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold_max: Option<u64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    captured_after: Option<u64>,
    #[serde(default, with = "FeesDoc", skip_serializing_if = "is_default")]
    fees: Fees,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DueDoc {
    at: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    strict: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SubmissionDoc {
    #[serde(with = "word")]
    attempt: AttemptId,
    acquirer: String,
    #[serde(flatten)]
    means: MeansDoc,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<AsWord<Money>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<AsWord<CheckoutId>>,
    #[serde(with = "word")]
    flow: Flow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "is_default")]
    save_card: bool,
    #[serde(default, with = "word", skip_serializing_if = "is_default")]
    window: ChallengeWindow,
    deadline: i64,
}

/// What a try is paid with, among the other members of the try.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum MeansDoc {
    Card {
        card: CardDoc,
        #[serde(with = "word")]
        card_id: CardId,
    },
    GiftCard {
        gift_card: String,
    },
    Redirect {
        #[serde(with = "word")]
        redirect: RedirectMethod,
    },
    Local {
        #[serde(with = "word")]
        local: LocalMeans,
    },
}

/// A card as it may be shown.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardDoc {
    #[serde(with = "word")]
    brand: Brand,
    masked: String,
    #[serde(with = "word")]
    expiry: Expiry,
    #[serde(default, skip_serializing_if = "is_default")]
    holder: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CardFacts", deny_unknown_fields)]
struct FactsDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    kind: String,
    #[serde(default, skip_serializing_if = "is_default")]
    issuer: String,
    #[serde(default, skip_serializing_if = "is_default")]
    country: String,
}

const fn automatic() -> CaptureMode {
    CaptureMode::Automatic
}

fn is_automatic(capture: &CaptureMode) -> bool {
    *capture == automatic()
}

impl From<Event> for EventDoc {
    fn from(event: Event) -> Self {
        match event {
            Event::Opened(terms) => Self::Opened(terms.into()),
            Event::Viewed => Self::Viewed,
            Event::Overdue => Self::Overdue,
            Event::Expired => Self::Expired,
            Event::Cancelled => Self::Cancelled,
            Event::TenderBegun(legs) => Self::TenderBegun(legs.into_iter().map(Into::into).collect()),
            Event::TenderEnded(party) => Self::TenderEnded(AsWord(party)),
            Event::Redirected { attempt_id: attempt, url } => Self::Redirected { attempt, url },
            Event::Left { attempt_id: attempt, reason } => Self::Left { attempt, reason },
            Event::OperationUnknown { operation_id: operation } => Self::OperationUnknown { operation },
            Event::Released { attempt_id: attempt, amount } => Self::Released { attempt, amount },
            Event::AttemptSent(submission) => Self::AttemptSent(submission.into()),
            Event::DetailsGiven(customer) => Self::DetailsGiven(Box::new(CustomerDoc(*customer))),
            Event::InvoiceSent => Self::InvoiceSent,
            Event::MarkedPaid { paid_on, amount } => Self::MarkedPaid { paid_on: paid_on.micros(), amount },
            Event::AuthenticationStarted(submission) => Self::AuthenticationStarted(submission.into()),
            Event::Challenged { attempt_id: attempt, challenge: Challenge { ids, acs_url } } => {
                Self::Challenged { attempt, ids: ids.into(), acs_url }
            }
            Event::Authenticated { attempt_id: attempt, authentication, deadline } => {
                Self::Authenticated { attempt, authentication: authentication.into(), deadline: deadline.micros() }
            }
            Event::NotAuthenticated { attempt_id: attempt, failure } => {
                Self::NotAuthenticated { attempt, why: failure.into() }
            }
            Event::AttemptRefused(refused) => Self::AttemptRefused(refused.into()),
            Event::TriesUsedUp => Self::TriesUsedUp,
            Event::AttemptUnknown { attempt_id: attempt } => Self::AttemptUnknown { attempt },
            Event::Authorized { attempt_id: attempt, amount, acquirer_reference: reference, facts } => {
                Self::Authorized { attempt, amount, reference, facts }
            }
            Event::Captured { attempt_id: attempt, operation_id, amount, fee } => {
                Self::Captured { attempt, operation: operation_id.map(AsWord), amount, fee }
            }
            Event::Declined { attempt_id: attempt, reason, facts } => Self::Declined { attempt, reason, facts },
            Event::ReversalSent { attempt_id: attempt } => Self::ReversalSent { attempt },
            Event::Reversed { attempt_id: attempt } => Self::Reversed { attempt },
            // The status of an operation follows from the events after it.
            Event::OperationSent(Operation { id, kind, amount, keeps_rest, number, note, part, status: _ }) => {
                let part = part.map(Into::into);
                Self::OperationSent { operation: id, kind, amount, keeps_rest, number, note, part }
            }
            Event::OperationFailed { operation_id: operation, reason } => Self::OperationFailed { operation, reason },
            Event::Voided { operation_id, amount } => Self::Voided { operation: operation_id.map(AsWord), amount },
            Event::Refunded { operation_id: operation, amount } => Self::Refunded { operation, amount },
            Event::SettledByHand(SaidByHand { what, verdict, by, note }) => {
                Self::SettledByHand { what, verdict, by, note }
            }
            Event::CardForgetting => Self::CardForgetting,
            Event::CardForgotten => Self::CardForgotten,
            Event::Cleared => Self::Cleared,
            Event::Settled { amount } => Self::Settled { amount },
            Event::ChargedBack { amount } => Self::ChargedBack { amount },
            Event::ChargebackReversed { amount } => Self::ChargebackReversed { amount },
            Event::Matched(matched) => Self::Matched(matched.into()),
            Event::Adjusted(adjusted) => Self::Adjusted(adjusted.into()),
        }
    }
}

impl EventDoc {
    /// The event, in the journal of `owner`.
    pub(crate) fn into_event(self, owner: Owner) -> Event {
        match self {
            Self::Opened(terms) => Event::Opened(terms.into_terms(owner)),
            Self::Viewed => Event::Viewed,
            Self::Overdue => Event::Overdue,
            Self::Expired => Event::Expired,
            Self::Cancelled => Event::Cancelled,
            Self::TenderBegun(legs) => Event::TenderBegun(legs.into_iter().map(Into::into).collect()),
            Self::TenderEnded(AsWord(party)) => Event::TenderEnded(party),
            Self::Redirected { attempt: attempt_id, url } => Event::Redirected { attempt_id, url },
            Self::Left { attempt: attempt_id, reason } => Event::Left { attempt_id, reason },
            Self::OperationUnknown { operation: operation_id } => Event::OperationUnknown { operation_id },
            Self::Released { attempt: attempt_id, amount } => Event::Released { attempt_id, amount },
            Self::AttemptSent(submission) => Event::AttemptSent(submission.into()),
            Self::DetailsGiven(document) => Event::DetailsGiven(Box::new(document.0)),
            Self::InvoiceSent => Event::InvoiceSent,
            Self::MarkedPaid { paid_on, amount } => {
                Event::MarkedPaid { paid_on: Timestamp::from_micros(paid_on), amount }
            }
            Self::AuthenticationStarted(submission) => Event::AuthenticationStarted(submission.into()),
            Self::Challenged { attempt: attempt_id, ids, acs_url } => {
                Event::Challenged { attempt_id, challenge: Challenge { ids: ids.into(), acs_url } }
            }
            Self::Authenticated { attempt: attempt_id, authentication, deadline } => Event::Authenticated {
                attempt_id,
                authentication: authentication.into(),
                deadline: Timestamp::from_micros(deadline),
            },
            Self::NotAuthenticated { attempt: attempt_id, why } => {
                Event::NotAuthenticated { attempt_id, failure: why.into() }
            }
            Self::AttemptRefused(refused) => Event::AttemptRefused(refused.into()),
            Self::TriesUsedUp => Event::TriesUsedUp,
            Self::AttemptUnknown { attempt: attempt_id } => Event::AttemptUnknown { attempt_id },
            Self::Authorized { attempt: attempt_id, amount, reference: acquirer_reference, facts } => {
                Event::Authorized { attempt_id, amount, acquirer_reference, facts }
            }
            Self::Captured { attempt: attempt_id, operation, amount, fee } => {
                Event::Captured { attempt_id, operation_id: operation.map(|AsWord(id)| id), amount, fee }
            }
            Self::Declined { attempt: attempt_id, reason, facts } => Event::Declined { attempt_id, reason, facts },
            Self::ReversalSent { attempt: attempt_id } => Event::ReversalSent { attempt_id },
            Self::Reversed { attempt: attempt_id } => Event::Reversed { attempt_id },
            Self::OperationSent { operation: id, kind, amount, keeps_rest, number, note, part } => {
                let (part, status) = (part.map(Into::into), OperationStatus::Sent);
                Event::OperationSent(Operation { id, kind, amount, keeps_rest, number, note, part, status })
            }
            Self::OperationFailed { operation: operation_id, reason } => {
                Event::OperationFailed { operation_id, reason }
            }
            Self::Voided { operation, amount } => {
                Event::Voided { operation_id: operation.map(|AsWord(id)| id), amount }
            }
            Self::Refunded { operation: operation_id, amount } => Event::Refunded { operation_id, amount },
            Self::SettledByHand { what, verdict, by, note } => {
                Event::SettledByHand(SaidByHand { what, verdict, by, note })
            }
            Self::CardForgetting => Event::CardForgetting,
            Self::CardForgotten => Event::CardForgotten,
            Self::Cleared => Event::Cleared,
            Self::Settled { amount } => Event::Settled { amount },
            Self::ChargedBack { amount } => Event::ChargedBack { amount },
            Self::ChargebackReversed { amount } => Event::ChargebackReversed { amount },
            Self::Matched(matched) => Event::Matched(matched.into()),
            Self::Adjusted(adjusted) => Event::Adjusted(adjusted.into()),
        }
    }
}

impl From<Terms> for TermsDoc {
    fn from(terms: Terms) -> Self {
        let Terms {
            payment_id: _,
            merchant_id: _,
            mode: _,
            checkout_id: checkout,
            amount,
            capture,
            due,
            single_attempt,
            save_card,
            hold_max,
            captured_after,
            fees,
        } = terms;
        let due = due.map(|Due { at, strict }| DueDoc { at: at.micros(), strict });
        let [hold_max, captured_after] = [hold_max, captured_after].map(|time| time.map(|time| time.as_secs()));
        Self { checkout, amount, capture, due, single_attempt, save_card, hold_max, captured_after, fees }
    }
}

impl TermsDoc {
    fn into_terms(self, owner: Owner) -> Terms {
        let Self {
            checkout: checkout_id,
            amount,
            capture,
            due,
            single_attempt,
            save_card,
            hold_max,
            captured_after,
            fees,
        } = self;
        let Owner { payment_id, merchant_id, mode } = owner;
        let due = due.map(|DueDoc { at, strict }| Due { at: Timestamp::from_micros(at), strict });
        let [hold_max, captured_after] = [hold_max, captured_after].map(|time| time.map(Duration::from_secs));
        Terms {
            payment_id,
            merchant_id,
            mode,
            checkout_id,
            amount,
            capture,
            due,
            single_attempt,
            save_card,
            hold_max,
            captured_after,
            fees,
        }
    }
}

impl From<Leg> for LegDoc {
    fn from(Leg { submission, partner, method, asks_bank, asks_payer }: Leg) -> Self {
        Self { submission: submission.into(), partner, method, asks_bank, asks_payer }
    }
}

impl From<LegDoc> for Leg {
    fn from(LegDoc { submission, partner, method, asks_bank, asks_payer }: LegDoc) -> Self {
        Self { submission: submission.into(), partner, method, asks_bank, asks_payer }
    }
}

impl From<Part> for PartDoc {
    fn from(Part { of, attempt_id: attempt, automatic, document }: Part) -> Self {
        Self { of, attempt, automatic, document }
    }
}

impl From<PartDoc> for Part {
    fn from(PartDoc { of, attempt: attempt_id, automatic, document }: PartDoc) -> Self {
        Self { of, attempt_id, automatic, document }
    }
}

impl From<Means> for MeansDoc {
    fn from(means: Means) -> Self {
        match means {
            Means::Card { card, card_id } => Self::Card { card: card.into(), card_id },
            Means::GiftCard { masked } => Self::GiftCard { gift_card: masked },
            Means::Redirect(redirect) => Self::Redirect { redirect },
            Means::Local(local) => Self::Local { local },
        }
    }
}

impl From<MeansDoc> for Means {
    fn from(document: MeansDoc) -> Self {
        match document {
            MeansDoc::Card { card, card_id } => Self::Card { card: card.into(), card_id },
            MeansDoc::GiftCard { gift_card } => Self::GiftCard { masked: gift_card },
            MeansDoc::Redirect { redirect } => Self::Redirect(redirect),
            MeansDoc::Local { local } => Self::Local(local),
        }
    }
}

impl From<Submission> for SubmissionDoc {
    fn from(submission: Submission) -> Self {
        let Submission {
            attempt_id: attempt,
            acquirer,
            means,
            part,
            token,
            flow,
            payer_ip: ip,
            save_card,
            window,
            deadline,
        } = submission;
        let (means, part, token) = (means.into(), part.map(AsWord), token.map(AsWord));
        let deadline = deadline.micros();
        Self { attempt, acquirer, means, part, token, flow, ip, save_card, window, deadline }
    }
}

impl From<SubmissionDoc> for Submission {
    fn from(document: SubmissionDoc) -> Self {
        let SubmissionDoc {
            attempt: attempt_id,
            acquirer,
            means,
            part,
            token,
            flow,
            ip: payer_ip,
            save_card,
            window,
            deadline,
        } = document;
        let deadline = Timestamp::from_micros(deadline);
        let (means, part, token) = (means.into(), part.map(|AsWord(part)| part), token.map(|AsWord(token)| token));
        Self { attempt_id, acquirer, means, part, token, flow, payer_ip, save_card, window, deadline }
    }
}

impl From<CardSummary> for CardDoc {
    fn from(CardSummary { brand, masked, expiry, holder }: CardSummary) -> Self {
        Self { brand, masked, expiry, holder }
    }
}

impl From<CardDoc> for CardSummary {
    fn from(CardDoc { brand, masked, expiry, holder }: CardDoc) -> Self {
        Self { brand, masked, expiry, holder }
    }
}

impl From<AuthenticationIds> for IdsDoc {
    fn from(AuthenticationIds { server, directory, acs }: AuthenticationIds) -> Self {
        Self { server_id: server, directory_id: directory, acs_id: acs }
    }
}

impl From<IdsDoc> for AuthenticationIds {
    fn from(IdsDoc { server_id, directory_id, acs_id }: IdsDoc) -> Self {
        Self { server: server_id, directory: directory_id, acs: acs_id }
    }
}

impl From<Authentication> for AuthenticationDoc {
    fn from(Authentication { ids, status, reason, cancel, eci, cavv, challenged }: Authentication) -> Self {
        Self { ids: ids.into(), status, reason, cancel, eci, cavv, challenged }
    }
}

impl From<AuthenticationDoc> for Authentication {
    fn from(AuthenticationDoc { ids, status, reason, cancel, eci, cavv, challenged }: AuthenticationDoc) -> Self {
        Self { ids: ids.into(), status, reason, cancel, eci, cavv, challenged }
    }
}

impl From<AuthenticationFailure> for FailureDoc {
    fn from(failure: AuthenticationFailure) -> Self {
        match failure {
            AuthenticationFailure::Bank(authentication) => Self::Bank(authentication.into()),
            AuthenticationFailure::NoAnswer => Self::NoAnswer,
            AuthenticationFailure::Payer => Self::Payer,
            AuthenticationFailure::Abandoned => Self::Abandoned,
        }
    }
}

impl From<FailureDoc> for AuthenticationFailure {
    fn from(document: FailureDoc) -> Self {
        match document {
            FailureDoc::Bank(authentication) => Self::Bank(authentication.into()),
            FailureDoc::NoAnswer => Self::NoAnswer,
            FailureDoc::Payer => Self::Payer,
            FailureDoc::Abandoned => Self::Abandoned,
        }
    }
}

impl From<RefusedTry> for RefusedDoc {
    fn from(RefusedTry { attempt_id: attempt, card, flow, payer_ip: ip, reason, assessment }: RefusedTry) -> Self {
        let assessment = assessment.map(|Assessment { score, findings }| AssessmentDoc {
            score,
            findings: findings.into_iter().map(AsWord).collect(),
        });
        Self { attempt, card: card.map(Into::into), flow, ip, reason, assessment }
    }
}

impl From<RefusedDoc> for RefusedTry {
    fn from(RefusedDoc { attempt: attempt_id, card, flow, ip: payer_ip, reason, assessment }: RefusedDoc) -> Self {
        let assessment = assessment.map(|AssessmentDoc { score, findings }| Assessment {
            score,
            findings: findings.into_iter().map(|AsWord(finding)| finding).collect(),
        });
        Self { attempt_id, card: card.map(Into::into), flow, payer_ip, reason, assessment }
    }
}
