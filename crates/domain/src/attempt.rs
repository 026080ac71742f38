//! A try at one acquirer: as it was written down, how far it got, what became of it, and what it reserved.

use std::net::IpAddr;

use crate::authentication::ChallengeWindow;
use crate::decline::DeclineReason;
use crate::ids::{AttemptId, CheckoutId};
use crate::money::Money;
use crate::payment::{difference, sum};
use crate::tender::Means;
use crate::time::Timestamp;

/// One try at one acquirer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The reference the acquirer knows it by.
    pub id: AttemptId,
    /// How far it got.
    pub status: AttemptStatus,
    /// Whether its card is kept when it is approved.
    pub keeps_card: bool,
    /// What it is for: all of the payment, or a leg's part.
    pub amount: Money,
    /// Reserved by it.
    pub authorized: Money,
    /// Taken of that.
    pub captured: Money,
    /// Given back of what was reserved.
    pub voided: Money,
    /// Given back of what was taken.
    pub refunded: Money,
    /// What it pays with.
    pub paid_by: PaidBy,
}

/// What a try pays with, as reports ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaidBy {
    /// The card's brand, or what else it is; empty when that is not known.
    pub method: &'static str,
    /// How it came; `None` for a try that went nowhere.
    pub flow: Option<Flow>,
    /// Whether a kept card was charged.
    pub by_token: bool,
    /// The card's, ISO 3166-1 alpha-2; empty when not said.
    pub country: String,
    /// Whether the bank vouches for the payer.
    pub vouched: bool,
}

impl Attempt {
    pub(crate) fn new(id: AttemptId, status: AttemptStatus, amount: Money) -> Self {
        let nothing = Money::zero(amount.currency());
        Self {
            id,
            status,
            keeps_card: false,
            amount,
            authorized: nothing,
            captured: nothing,
            voided: nothing,
            refunded: nothing,
            paid_by: PaidBy::default(),
        }
    }

    /// Reserved, not taken and not given back.
    #[must_use]
    pub fn held(&self) -> Money {
        difference(self.authorized, sum(self.captured, self.voided))
    }

    /// Taken and not given back.
    #[must_use]
    pub fn refundable(&self) -> Money {
        difference(self.captured, self.refunded)
    }
}

/// How far a try got (security U7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptStatus {
    /// The payer is asked by the bank; nothing was sent to the acquirer.
    Authenticating,
    /// Durable before the first byte left; no answer yet.
    Sent,
    /// No answer, or one nobody can read: money may or may not have moved.
    Unknown,
    /// The payer confirms it on a page of the acquirer's.
    Redirected,
    /// The acquirer reserved or took the money.
    Approved,
    /// The issuer or acquirer said no, or we did before asking.
    Declined,
    /// We asked the acquirer to undo it and have no answer yet.
    Reversing,
    /// The acquirer undid it.
    Reversed,
}

/// A try, as it is written down before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Made for this try; the acquirer's reference.
    pub attempt_id: AttemptId,
    /// Which acquirer takes it.
    pub acquirer: String,
    /// What it is paid with.
    pub means: Means,
    /// How much of the payment, when it is a leg; all of it otherwise.
    pub part: Option<Money>,
    /// The checkout whose kept card this is, when the merchant charges it.
    pub token: Option<CheckoutId>,
    /// How the card came.
    pub flow: Flow,
    /// The payer's address, if known.
    pub payer_ip: Option<IpAddr>,
    /// Whether the card is kept when it pays.
    pub save_card: bool,
    /// How large the bank's page may be, should it ask the payer.
    pub window: ChallengeWindow,
    /// When the acquirer's silence becomes doubt.
    pub deadline: Timestamp,
}

/// How a card reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Our own page.
    HostedPage,
    /// A form on the merchant's page that posts to us.
    DirectPost,
    /// The merchant's call with a kept card.
    Api,
}

/// What an acquirer said about the card itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardFacts {
    /// `credit` or `debit`; empty when not said.
    pub kind: String,
    /// The bank's name; empty when not said.
    pub issuer: String,
    /// ISO 3166-1 alpha-2; empty when not said.
    pub country: String,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Money was reserved (and taken, when capture is automatic).
    Approved {
        /// How much the acquirer says it approved.
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
    /// The payer has to confirm it there first.
    Redirected {
        /// A page of the acquirer's.
        url: String,
    },
    /// No answer, or one nobody can read.
    Unknown,
    /// The acquirer undid it, or never had it.
    ReversalAcknowledged,
}
