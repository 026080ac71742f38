//! What an event means in debits and credits: one arm each, and one line each in `docs/ledger.md`.
//!
//! Two layers, as in two-phase transfers: *pending* money is promised, *posted* money has moved. The postings of one
//! event sum to zero per layer, so a balance is a sum and nothing else.

use crate::event::Event;
use crate::money::Money;

/// Whose balance. Each exists per merchant, mode and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What the acquirer owes for this merchant.
    Acquirer,
    /// What was taken for the merchant and is owed to it, before fees.
    Merchant,
    /// What of it was given back to payers.
    Refunded,
    /// What of it payers' banks took back.
    Disputed,
    /// What the acquirer has paid to us.
    Bank,
    /// What payers paid to the merchant outside the gateway.
    PaidElsewhere,
    /// The other side of that: the merchant has it.
    HeldByMerchant,
    /// What the merchant was charged.
    FeesCharged,
    /// What we earned from it.
    FeesEarned,
    /// What the acquirer kept for its work.
    AcquirerFees,
    /// What the acquirer paid or kept without our knowing why.
    Suspense,
    /// What of that, or of what it should have paid, is our loss or gain.
    WrittenOff,
    /// What of that the acquirer still owes us, or we owe it.
    Claimed,
}

impl Account {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acquirer => "acquirer",
            Self::Merchant => "merchant",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
            Self::Bank => "bank",
            Self::PaidElsewhere => "paid_elsewhere",
            Self::HeldByMerchant => "held_by_merchant",
            Self::FeesCharged => "fees_charged",
            Self::FeesEarned => "fees_earned",
            Self::AcquirerFees => "acquirer_fees",
            Self::Suspense => "suspense",
            Self::WrittenOff => "written_off",
            Self::Claimed => "claimed",
        }
    }

    /// Reads [`Account::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::Acquirer,
            Self::Merchant,
            Self::Refunded,
            Self::Disputed,
            Self::Bank,
            Self::PaidElsewhere,
            Self::HeldByMerchant,
            Self::FeesCharged,
            Self::FeesEarned,
            Self::AcquirerFees,
            Self::Suspense,
            Self::WrittenOff,
            Self::Claimed,
        ];
        all.into_iter().find(|account| account.as_str() == text)
    }
}

/// Promised or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Held by an authorization.
    Pending,
    /// Moved.
    Posted,
}

impl Layer {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
        }
    }

    /// Reads [`Layer::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "pending" => Some(Self::Pending),
            "posted" => Some(Self::Posted),
            _ => None,
        }
    }
}

/// One line in the books: debits are positive, credits negative, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Whose balance changes.
    pub account: Account,
    /// Promised or moved.
    pub layer: Layer,
    /// By how much, in minor units of the payment's currency.
    pub amount: i64,
}

/// The postings of one event; empty for events that move nothing.
#[must_use]
pub fn postings(event: &Event) -> Vec<Posting> {
    match event {
        Event::Authorized { amount, .. } => pair(Layer::Pending, Account::Acquirer, Account::Merchant, *amount),
        Event::Captured { amount, fee, .. } => {
            let mut postings = pair(Layer::Pending, Account::Merchant, Account::Acquirer, *amount);
            postings.extend(pair(Layer::Posted, Account::Acquirer, Account::Merchant, *amount));
            postings.extend(pair(Layer::Posted, Account::FeesCharged, Account::FeesEarned, *fee));
            postings
        }
        Event::Voided { amount, .. } | Event::Released { amount, .. } => {
            pair(Layer::Pending, Account::Merchant, Account::Acquirer, *amount)
        }
        Event::Refunded { amount, .. } => pair(Layer::Posted, Account::Refunded, Account::Acquirer, *amount),
        Event::ChargedBack { amount } => pair(Layer::Posted, Account::Disputed, Account::Acquirer, *amount),
        Event::ChargebackReversed { amount } => pair(Layer::Posted, Account::Acquirer, Account::Disputed, *amount),
        Event::Settled { amount } => pair(Layer::Posted, Account::Bank, Account::Acquirer, *amount),
        Event::MarkedPaid { amount, .. } => {
            pair(Layer::Posted, Account::PaidElsewhere, Account::HeldByMerchant, *amount)
        }
        Event::Matched(matched) => matched.postings(),
        Event::Adjusted(adjusted) => adjusted.postings(),
        Event::Opened(_)
        | Event::Viewed
        | Event::DetailsGiven(_)
        | Event::InvoiceSent
        | Event::Overdue
        | Event::Expired
        | Event::Cancelled
        | Event::TenderBegun(_)
        | Event::TenderEnded(_)
        | Event::Redirected { .. }
        | Event::Left { .. }
        | Event::OperationUnknown { .. }
        | Event::SettledByHand(_)
        | Event::AttemptSent(_)
        | Event::AuthenticationStarted(_)
        | Event::Challenged { .. }
        | Event::Authenticated { .. }
        | Event::NotAuthenticated { .. }
        | Event::AttemptRefused(_)
        | Event::TriesUsedUp
        | Event::AttemptUnknown { .. }
        | Event::Declined { .. }
        | Event::ReversalSent { .. }
        | Event::Reversed { .. }
        | Event::OperationSent(_)
        | Event::OperationFailed { .. }
        | Event::CardForgetting
        | Event::CardForgotten
        | Event::Cleared => vec![],
    }
}

fn pair(layer: Layer, debit: Account, credit: Account, amount: Money) -> Vec<Posting> {
    if amount.is_zero() {
        return vec![];
    }
    let amount = amount.minor();
    vec![Posting { account: debit, layer, amount }, Posting { account: credit, layer, amount: -amount }]
}
