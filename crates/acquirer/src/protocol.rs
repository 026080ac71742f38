//! What can be asked of any acquirer, what it can answer, and how a language between the two looks.

use std::fmt;

use domain::{
    AttemptId, Authentication, CardFacts, Currency, Cvc, DeclineReason, Expiry, LocalMeans, Money, OperationId,
    OperationKind, Pan, RedirectMethod,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The language of one kind of acquirer: two pure functions, tested with recorded bytes.
pub trait Protocol: Send + Sync {
    /// What goes over the wire.
    fn encode(&self, request: &Request<'_>) -> HttpRequest;

    /// What came back means. Anything that is not clearly the answer to this request (its reference, amount and
    /// currency) is [`Answer::Unknown`].
    fn decode(&self, request: &Request<'_>, response: &HttpResponse) -> Answer;

    /// The question what is on a gift card, as it goes over the wire.
    fn encode_reading(&self, reading: &Reading<'_>) -> HttpRequest;

    /// What came back means. Anything that is not clearly the answer is [`Balance::NoAnswer`].
    fn decode_reading(&self, reading: &Reading<'_>, response: &HttpResponse) -> Balance;
}

/// What is asked of an acquirer. The reference is our own id of the attempt or operation: the same reference has one
/// effect, however often it is sent, and a repeat gets the first result again.
#[derive(Clone, Copy)]
pub enum Request<'a> {
    /// Reserve money, and take it at once if `capture`.
    Authorize {
        /// The attempt.
        reference: AttemptId,
        /// How much. Nothing asks for a check of the card.
        amount: Money,
        /// Whether the money is taken at once.
        capture: bool,
        /// Where the money comes from.
        source: Source<'a>,
        /// Ours alone: the acquirer keeps it and says it again with what it reports of the attempt.
        merchant_data: &'a str,
    },
    /// What became of an attempt?
    Inquire {
        /// The attempt.
        reference: AttemptId,
        /// What it was for.
        amount: Money,
    },
    /// Undo an attempt, whether or not it arrived.
    Reverse {
        /// The attempt.
        reference: AttemptId,
        /// What it was for.
        amount: Money,
    },
    /// Take reserved money.
    Capture {
        /// The operation.
        reference: OperationId,
        /// The attempt that reserved the money.
        original: AttemptId,
        /// How much.
        amount: Money,
        /// What is left of the reservation stays reserved, for another capture; otherwise it is given back with it.
        keeps_rest: bool,
        /// The merchant's own reference for it; may be empty.
        note: &'a str,
    },
    /// Give a reservation back, or a part of it; the rest stays reserved.
    Void {
        /// The operation.
        reference: OperationId,
        /// The attempt that reserved the money.
        original: AttemptId,
        /// How much of what is reserved.
        amount: Money,
        /// The merchant's own reference for it; may be empty.
        note: &'a str,
    },
    /// Give taken money back.
    Refund {
        /// The operation.
        reference: OperationId,
        /// The attempt that reserved the money.
        original: AttemptId,
        /// How much.
        amount: Money,
        /// The merchant's own reference for it; may be empty.
        note: &'a str,
    },
    /// What became of an operation?
    InquireOperation {
        /// The operation.
        reference: OperationId,
        /// The attempt that reserved the money.
        original: AttemptId,
        /// What was asked.
        kind: OperationKind,
        /// For how much.
        amount: Money,
    },
}

impl Request<'_> {
    /// The attempt or operation it is about.
    #[must_use]
    pub const fn reference(&self) -> Uuid {
        match self {
            Self::Authorize { reference, .. } | Self::Inquire { reference, .. } | Self::Reverse { reference, .. } => {
                reference.uuid()
            }
            Self::Capture { reference, .. }
            | Self::Void { reference, .. }
            | Self::Refund { reference, .. }
            | Self::InquireOperation { reference, .. } => reference.uuid(),
        }
    }

    /// What the attempt or operation is for.
    #[must_use]
    pub const fn amount(&self) -> Money {
        match self {
            Self::Authorize { amount, .. }
            | Self::Inquire { amount, .. }
            | Self::Reverse { amount, .. }
            | Self::Capture { amount, .. }
            | Self::Void { amount, .. }
            | Self::Refund { amount, .. }
            | Self::InquireOperation { amount, .. } => *amount,
        }
    }
}

/// Where the money comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A card.
    Card {
        /// Which.
        card: CardData<'a>,
        /// What the payer's bank said, when it was asked.
        authentication: Option<&'a Authentication>,
        /// Who wants it.
        initiated_by: Initiator,
        /// Which rules for test cards hold.
        rules: CardRules,
    },
    /// A gift card. It pays all that is asked, or nothing.
    GiftCard {
        /// As printed on it, digits only.
        number: &'a str,
    },
    /// The payer confirms on a page of the acquirer's.
    Redirect {
        /// What kind of page.
        method: RedirectMethod,
        /// Which one, where that was agreed with the payer.
        local: Option<LocalMeans>,
        /// Where the payer is led after it.
        return_url: &'a str,
        /// Who takes the money, in words for the payer.
        merchant: &'a str,
        /// Our own public address, under which the page of the test world lies too.
        acs_base: &'a str,
    },
}

/// The question what is on a gift card.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// As printed on it, digits only.
    pub number: &'a str,
    /// The code that belongs to it, if the payer gave one.
    pub code: Option<&'a str>,
    /// In which currency.
    pub currency: Currency,
}

/// What is on a gift card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// So much can be spent.
    Known(Money),
    /// There is no such card, or the code is not the one.
    Refused,
    /// Nobody said.
    NoAnswer,
}

/// Who wants a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The payer is there, types the card and its verification code, and can be asked by the bank.
    Payer,
    /// The payer is there, chooses a kept card without its code, and can be asked by the bank.
    PayerWithKeptCard,
    /// The merchant charges a kept card: no code, nobody to ask.
    Merchant,
}

/// A card as an authorization needs it. Borrowed: whoever holds the number wipes it.
#[derive(Clone, Copy)]
pub struct CardData<'a> {
    /// The number.
    pub pan: &'a Pan,
    /// The verification code, when the payer is there to give it.
    pub cvc: Option<&'a Cvc>,
    /// As typed.
    pub expiry: Expiry,
    /// The name on the card.
    pub holder: &'a str,
}

/// Whose rules for test cards hold (checkout-ux 20). Only the test acquirer looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardRules {
    /// Only numbers of the table; the expiry date is judged first; the CVC is 123, of Amex 1234 (purchases-api 6.4).
    Purchases,
    /// Numbers of the table and those of card-payments-api 6; any expiry date that is not past, any CVC of the right
    /// length.
    CardPayments,
    /// Numbers of the table and those of orchestration-api 8.4; expiry date and CVC as of card payments. A merchant's note
    /// may say what becomes of an operation.
    Orchestration,
}

/// What an acquirer answered. Of an operation it says nothing about the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Money was reserved, and taken if that was asked; or the operation is done.
    Approved {
        /// How much, in the currency of the request; less than asked is a partial approval of an authorization.
        amount: Money,
        /// The acquirer's own number for it.
        acquirer_reference: String,
        /// About the card.
        facts: CardFacts,
    },
    /// The issuer or acquirer said no.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// About the card.
        facts: CardFacts,
    },
    /// The acquirer has it and is still thinking.
    Pending,
    /// The payer has to confirm there first; what came of it is reported, and can be asked.
    Redirect {
        /// The page.
        url: String,
    },
    /// The acquirer has not seen the attempt or operation. It may still be on its way.
    NotFound,
    /// It is undone, or there was nothing to undo; it cannot be approved any more.
    Reversed,
    /// Certainly nothing was sent.
    NotSent,
    /// Money may or may not have moved.
    Unknown,
}

/// A request as bytes.
pub struct HttpRequest {
    /// What to do with the path.
    pub method: Method,
    /// Begins with a slash; holds no secret.
    pub path: String,
    /// May hold a card number: wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
}

/// The body stays out of logs.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// The methods acquirers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
}

/// A response as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Whatever came.
    pub body: Vec<u8>,
}
