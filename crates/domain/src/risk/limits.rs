//! The limits of security R1 and the retry rules of R2. A check of a card for nothing counts double: it is what card
//! testers like best.

use std::time::Duration;

use super::Limit;
use crate::decline::DeclineReason;
use crate::event::Event;
use crate::ids::MerchantId;
use crate::money::Money;
use crate::payment::{Payment, State};
use crate::time::Timestamp;

/// Tries to pay one checkout.
pub const CHECKOUT_TRIES: u32 = 10;
/// Tries from one IPv4 address or one IPv6 /64 within [`ADDRESS_SPAN`].
pub const ADDRESS_TRIES: u32 = 20;
/// See [`ADDRESS_TRIES`].
pub const ADDRESS_SPAN: Duration = Duration::from_mins(10);
/// Tries of which the share of declines per BIN and merchant is taken.
pub const BIN_TRIES: u32 = 50;
/// Above so many per cent of declines the payer's bank is asked.
pub const BIN_CHALLENGE_PERCENT: u32 = 60;
/// Above so many per cent of declines no card of the BIN is taken.
pub const BIN_PAUSE_PERCENT: u32 = 85;
/// For so long; then the payer's bank is asked.
pub const BIN_PAUSE: Duration = Duration::from_mins(10);
/// How far back the declines of a card count.
pub const MEMORY: Duration = Duration::from_hours(30 * 24);

const DAY: Duration = Duration::from_hours(24);
const CARD_DECLINES: u32 = 5;
const CARD_DECLINES_OVERALL: u32 = 10;
const WRONG_CODES: u32 = 3;
const RETRIES_TODAY: u32 = 10;
const RETRIES_THIS_MONTH: u32 = 15;

/// How much a try counts.
#[must_use]
pub fn weight(amount: Money) -> u32 {
    if amount.is_zero() { 2 } else { 1 }
}

/// What becomes of a payment that was tried too often.
pub(crate) fn used_up(payment: &Payment) -> Vec<Event> {
    let counted = payment.tries.saturating_mul(weight(payment.terms.amount));
    let is_over = counted >= CHECKOUT_TRIES && payment.state == State::Open && !payment.tries_used_up;
    if is_over { vec![Event::TriesUsedUp] } else { vec![] }
}

/// Whether the card may be sent again after such a decline (security R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It never reached the acquirer, or says nothing of the card.
    Free,
    /// A few times.
    Soft,
    /// Never for the same amount at the same merchant.
    Never,
}

/// Response codes 04, 07, 14, 15, 41, 43, 46 and 57 are for good.
#[must_use]
pub const fn retry(reason: DeclineReason) -> Retry {
    match reason {
        DeclineReason::PickUpCard
        | DeclineReason::InvalidCardNumber
        | DeclineReason::InvalidIssuer
        | DeclineReason::LostCard
        | DeclineReason::StolenCard
        | DeclineReason::TokenDead
        | DeclineReason::NotPermittedToCardholder => Retry::Never,
        DeclineReason::DoNotHonour
        | DeclineReason::InsufficientFunds
        | DeclineReason::ExpiredCard
        | DeclineReason::SuspectedFraud
        | DeclineReason::ExceedsWithdrawalLimit
        | DeclineReason::ExceedsFrequencyLimit
        | DeclineReason::RestrictedCard
        | DeclineReason::SecurityViolation
        | DeclineReason::IssuerUnavailable
        | DeclineReason::AcquirerError
        | DeclineReason::AuthenticationRequired
        | DeclineReason::WrongCvc
        | DeclineReason::WrongExpiry => Retry::Soft,
        DeclineReason::NoAcquirer
        | DeclineReason::ConnectionFailed
        | DeclineReason::TimedOut
        | DeclineReason::AuthenticationFailed
        | DeclineReason::AuthenticationUnavailable
        | DeclineReason::AuthenticationTimedOut
        | DeclineReason::Cancelled
        | DeclineReason::Abandoned
        | DeclineReason::Blocked(_)
        | DeclineReason::Field(..) => Retry::Free,
    }
}

/// Whether such a decline tells on the card, as a card tester's would: trouble of banks and lines does not, nor does a
/// bank that first wants to ask.
#[must_use]
pub const fn tells_on_the_card(reason: DeclineReason) -> bool {
    match reason {
        DeclineReason::IssuerUnavailable | DeclineReason::AcquirerError | DeclineReason::AuthenticationRequired => {
            false
        }
        DeclineReason::AuthenticationFailed => true,
        _ => !matches!(retry(reason), Retry::Free),
    }
}

/// One decline of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decline {
    /// At which merchant.
    pub merchant_id: MerchantId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: DeclineReason,
    /// How much it counts.
    pub weight: u32,
}

/// What is known of a card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardRecord {
    /// Its declines within [`MEMORY`], in any order.
    pub declines: Vec<Decline>,
    /// Whether it was declined for good, for this amount at this merchant.
    pub declined_for_good: bool,
    /// Tries that are under way, each with its merchant: what they come to is counted as a decline until it is known, or
    /// many tries at once would each find none before it.
    pub under_way: Vec<(MerchantId, u32)>,
}

impl CardRecord {
    /// The limits that a try at this merchant finds reached. Those against card testing bind only where a payer gives
    /// the card: a card that is kept was good once.
    #[must_use]
    pub fn reached(&self, merchant_id: MerchantId, by_payer: bool, now: Timestamp) -> Vec<(Limit, u32)> {
        let within = |span: Duration| self.declines.iter().filter(move |decline| now.since(decline.at) < span);
        let waiting = |here: bool| {
            let counted = self.under_way.iter().filter(move |(at, _)| !here || *at == merchant_id);
            sum(counted.map(|(_, weight)| *weight))
        };
        let mut reached = vec![];
        let mut check = |limit: Limit, count: u32, most: u32| {
            if count >= most {
                reached.push((limit, count));
            }
        };
        if by_payer {
            let told = || within(DAY).filter(|decline| tells_on_the_card(decline.reason));
            let here = sum(told().filter(|decline| decline.merchant_id == merchant_id).map(|decline| decline.weight));
            let overall = sum(told().map(|decline| decline.weight));
            check(Limit::CardDeclines, here.saturating_add(waiting(true)), CARD_DECLINES);
            check(Limit::CardDeclinesOverall, overall.saturating_add(waiting(false)), CARD_DECLINES_OVERALL);
            check(Limit::WrongCodes, self.wrong_codes(now), WRONG_CODES);
        }
        let soft = |span: Duration| {
            let counted = within(span).filter(|decline| retry(decline.reason) == Retry::Soft);
            let here = counted.filter(|decline| decline.merchant_id == merchant_id).count();
            u32::try_from(here).unwrap_or(u32::MAX).saturating_add(waiting(true))
        };
        check(Limit::DeclinedForGood, u32::from(self.declined_for_good), 1);
        check(Limit::RetriesToday, soft(DAY), RETRIES_TODAY);
        check(Limit::RetriesThisMonth, soft(MEMORY), RETRIES_THIS_MONTH);
        reached
    }

    /// The most wrong codes that were tried within 24 hours, up to one of the last 24 hours: so a card is blocked for 24
    /// hours from the code that was one too many.
    fn wrong_codes(&self, now: Timestamp) -> u32 {
        let wrong = || self.declines.iter().filter(|decline| decline.reason == DeclineReason::WrongCvc);
        let last = wrong().filter(|decline| now.since(decline.at) < DAY);
        let before = |last: &Decline| {
            let counted = wrong().filter(|decline| decline.at <= last.at && last.at.since(decline.at) < DAY);
            sum(counted.map(|decline| decline.weight))
        };
        last.map(before).max().unwrap_or(0)
    }
}

fn sum(weights: impl Iterator<Item = u32>) -> u32 {
    weights.fold(0, u32::saturating_add)
}
