//! A payment by tender: up to ten legs, each paid by one method at one acquirer (orchestration-api 5).
//!
//! Legs are authorized one after the other: those that answer at once first, in the order in which they were named, then
//! the one that takes the remainder and may lead its payer away. One that fails ends the tender: what the others
//! reserved goes back. A payment by one card has no legs, and none of this concerns it.

use std::cmp::min_by_key;
use std::time::Duration;

use crate::attempt::{Attempt, AttemptStatus, CardFacts, Submission};
use crate::card::CardSummary;
use crate::command::{Command, Order};
use crate::decline::DeclineReason;
use crate::event::Event;
use crate::ids::{AttemptId, CardId, OperationId};
use crate::local::LocalMeans;
use crate::money::Money;
use crate::operation::{Operation, OperationKind, OperationStatus, Part};
use crate::payment::{Payment, Refusal, State, difference, sum};
use crate::risk::RefusedTry;
use crate::time::Timestamp;

/// Legs a tender may have.
pub const LEGS_MAX: usize = 10;

/// What a checkout that is paid by tender allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TenderTerms {
    /// What it may be paid with, as it was offered when it was made.
    pub offers: Vec<Offer>,
    /// The merchant wants the payer's bank to ask its payer.
    pub asks_payer: bool,
    /// Legs may be charged again by the merchant.
    pub reusable: bool,
    /// What the order is for in all, in minor units, when its payments are added up.
    pub order_total: Option<i64>,
}

/// Something a checkout may be paid with, at the one who takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What the dialect calls whoever takes it.
    pub partner: String,
    /// What the dialect calls what is paid with.
    pub method: String,
    /// What that is.
    pub kind: OfferKind,
    /// How many legs may be paid with it; any number without.
    pub uses_max: Option<u8>,
    /// The least that may be paid with it, in minor units.
    pub amount_min: i64,
}

/// What kind of thing pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferKind {
    /// A card.
    Card,
    /// A gift card.
    GiftCard,
    /// The payer confirms on a page of the acquirer's.
    Redirect(RedirectMethod),
}

/// What a try is paid with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// A card.
    Card {
        /// As it may be shown.
        card: CardSummary,
        /// Where its number lies sealed.
        card_id: CardId,
    },
    /// A gift card, of whose number nothing else is kept.
    GiftCard {
        /// As it may be shown.
        masked: String,
    },
    /// The payer confirms on a page of the acquirer's.
    Redirect(RedirectMethod),
    /// The same, of a purchase, by what its clients call it. Never a leg.
    Local(LocalMeans),
}

/// What the payer confirms on a page of the acquirer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectMethod {
    /// A wallet.
    Wallet,
    /// A loan, or payment in parts.
    PayLater,
    /// A transfer from the payer's bank.
    Bank,
}

impl RedirectMethod {
    /// As stored and spoken.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::PayLater => "pay_later",
            Self::Bank => "bank",
        }
    }

    /// Reads [`RedirectMethod::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Wallet, Self::PayLater, Self::Bank].into_iter().find(|method| method.as_str() == text)
    }
}

impl Means {
    /// The card's brand, or what else it is, in one word.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Card { card, .. } => card.brand.as_str(),
            Self::GiftCard { .. } => "gift_card",
            Self::Redirect(method) => method.as_str(),
            Self::Local(local) => local.method().as_str(),
        }
    }

    /// Whether it answers at once and may carry a part; at most one other leg takes the remainder (orchestration-api 5.1).
    #[must_use]
    pub const fn is_secondary(&self) -> bool {
        match self {
            Self::GiftCard { .. } => true,
            Self::Card { .. } | Self::Redirect(_) | Self::Local(_) => false,
        }
    }

    /// Whether its money is taken with the authorization whatever was agreed (orchestration-api 8.2).
    #[must_use]
    pub const fn is_taken_at_once(&self) -> bool {
        match self {
            Self::Redirect(RedirectMethod::PayLater | RedirectMethod::Bank) => true,
            Self::Card { .. } | Self::GiftCard { .. } | Self::Redirect(RedirectMethod::Wallet) | Self::Local(_) => {
                false
            }
        }
    }

    /// Where it stands among the legs that give back: cards first, gift cards last (orchestration-api 5.4).
    const fn gives_back(&self) -> u8 {
        match self {
            Self::Card { .. } => 0,
            Self::Redirect(_) | Self::Local(_) => 1,
            Self::GiftCard { .. } => 2,
        }
    }
}

impl Submission {
    /// The card it is paid with.
    #[must_use]
    pub const fn card(&self) -> Option<&CardSummary> {
        match &self.means {
            Means::Card { card, .. } => Some(card),
            Means::GiftCard { .. } | Means::Redirect(_) | Means::Local(_) => None,
        }
    }

    /// What else than a card it is paid with, of a purchase.
    #[must_use]
    pub const fn local(&self) -> Option<LocalMeans> {
        match self.means {
            Means::Local(local) => Some(local),
            Means::Card { .. } | Means::GiftCard { .. } | Means::Redirect(_) => None,
        }
    }

    /// Where the number of that card lies sealed.
    #[must_use]
    pub const fn card_id(&self) -> Option<CardId> {
        match self.means {
            Means::Card { card_id, .. } => Some(card_id),
            Means::GiftCard { .. } | Means::Redirect(_) | Means::Local(_) => None,
        }
    }
}

/// One part of a tender, as it was agreed before anything was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Its try; the deadline is that of the first leg until it begins.
    pub submission: Submission,
    /// What the dialect calls whoever takes it; `dalenys`, say.
    pub partner: String,
    /// What the dialect calls what is paid with; `creditcard`, say.
    pub method: String,
    /// Whether the payer's bank is asked before the acquirer.
    pub asks_bank: bool,
    /// Whether the bank is to ask its payer, also when it would not.
    pub asks_payer: bool,
}

impl Leg {
    /// How much of the payment it carries.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        self.submission.part
    }
}

/// Who ended something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The merchant.
    Merchant,
    /// The payer.
    Payer,
}

impl Party {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Payer => "payer",
        }
    }

    /// Reads [`Party::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Merchant, Self::Payer].into_iter().find(|party| party.as_str() == text)
    }
}

impl Payment {
    /// Legs in the order in which they are authorized.
    fn in_turn(&self) -> impl Iterator<Item = &Leg> {
        let of_rank = |secondary| self.legs.iter().filter(move |leg| leg.submission.means.is_secondary() == secondary);
        of_rank(true).chain(of_rank(false))
    }

    /// The leg whose try this is.
    #[must_use]
    pub fn leg(&self, attempt_id: AttemptId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.submission.attempt_id == attempt_id)
    }

    pub(crate) fn is_approved(&self, attempt_id: AttemptId) -> bool {
        self.attempt(attempt_id).is_ok_and(|attempt| attempt.status == AttemptStatus::Approved)
    }

    /// The legs that were approved while others are still awaited.
    pub(crate) fn approved_legs(&self) -> impl Iterator<Item = &Attempt> {
        let is_awaited = matches!(self.state, State::InFlight { .. });
        let is_leg = move |attempt: &&Attempt| is_awaited && self.leg(attempt.id).is_some();
        self.attempts.iter().filter(is_leg).filter(|attempt| attempt.status == AttemptStatus::Approved)
    }

    pub(crate) fn begin_tender(&self, legs: &[Leg]) -> Result<Vec<Event>, Refusal> {
        let nothing = Money::zero(self.terms.amount.currency());
        let total = legs.iter().filter_map(Leg::amount).fold(nothing, sum);
        let primaries = legs.iter().filter(|leg| !leg.submission.means.is_secondary()).count();
        let adds_up = total == self.terms.amount && legs.iter().all(|leg| leg.amount().is_some());
        if !adds_up || primaries > 1 || legs.is_empty() || legs.len() > LEGS_MAX {
            return Err(Refusal::BadTender);
        }
        let begun = Event::TenderBegun(legs.to_vec());
        let mut payment = self.clone();
        payment.apply(&begun);
        let first = payment.in_turn().next().map(begin);
        Ok([begun].into_iter().chain(first).collect())
    }

    /// Begins the next leg once the one before it was approved, or fails when nobody knows any more what it is paid with.
    pub(crate) fn next_leg(&self, deadline: Timestamp, begins: bool) -> Vec<Event> {
        let State::InFlight { attempt_id } = self.state else { return vec![] };
        if !self.is_approved(attempt_id) {
            return vec![];
        }
        let Some(next) = self.waiting_legs().next() else { return vec![] };
        if !begins {
            let Submission { attempt_id, flow, payer_ip, .. } = next.submission;
            let (card, reason) = (next.submission.card().cloned(), DeclineReason::TimedOut);
            return self.failed(Event::AttemptRefused(RefusedTry {
                attempt_id,
                card,
                flow,
                payer_ip,
                reason,
                assessment: None,
            }));
        }
        let submission = Submission { deadline, ..next.submission.clone() };
        vec![begin(&Leg { submission, ..next.clone() })]
    }

    /// The legs that have not begun, in the order in which they will.
    pub fn waiting_legs(&self) -> impl Iterator<Item = &Leg> {
        self.in_turn().filter(|leg| self.attempt(leg.submission.attempt_id).is_err())
    }

    /// The leg gets another try; a repeated or late answer changes nothing.
    pub(crate) fn step_up(&self, attempt_id: AttemptId, again: &Submission) -> Vec<Event> {
        let is_sent = self.attempt(attempt_id).is_ok_and(|attempt| {
            matches!(attempt.status, AttemptStatus::Sent | AttemptStatus::Unknown) && self.leg(attempt_id).is_some()
        });
        if !is_sent {
            return vec![];
        }
        let mut legs = self.legs.clone();
        for leg in legs.iter_mut().filter(|leg| leg.submission.attempt_id == attempt_id) {
            leg.submission = again.clone();
        }
        let (reason, facts) = (DeclineReason::AuthenticationRequired, CardFacts::default());
        vec![
            Event::Declined { attempt_id, reason, facts },
            Event::TenderBegun(legs),
            Event::AuthenticationStarted(again.clone()),
        ]
    }

    /// Ends a tender that nobody wants any more: what was sent is undone, whatever came of it (orchestration-api 4.1).
    pub(crate) fn end_tender(&self, command: &Command, party: Party) -> Result<Vec<Event>, Refusal> {
        match self.state {
            State::Open | State::InFlight { .. } => {}
            State::Authorized
            | State::Verified
            | State::Captured
            | State::Voided
            | State::PaidElsewhere
            | State::ChargedBack
            | State::Cancelled
            | State::Expired => {
                return Err(Refusal::WrongState { command: command.name(), state: self.state.name() });
            }
        }
        let undone = self.attempts.iter().filter_map(|attempt| {
            let attempt_id = attempt.id;
            match attempt.status {
                AttemptStatus::Authenticating => {
                    let (reason, facts) = (DeclineReason::Cancelled, CardFacts::default());
                    Some(Event::Declined { attempt_id, reason, facts })
                }
                AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected | AttemptStatus::Approved => {
                    Some(Event::ReversalSent { attempt_id })
                }
                AttemptStatus::Declined | AttemptStatus::Reversing | AttemptStatus::Reversed => None,
            }
        });
        Ok([Event::TenderEnded(party)].into_iter().chain(undone).collect())
    }

    /// What the acquirer forgot of each leg.
    pub(crate) fn forgotten(&self) -> Vec<Event> {
        // What a tender under way has reserved is not forgotten yet, and what came to nothing is given back anyway.
        if !matches!(self.state, State::Authorized | State::Captured | State::ChargedBack) {
            return vec![];
        }
        let held = self.attempts.iter().filter(|attempt| !attempt.held().is_zero());
        let is_wanted = held.filter(|attempt| attempt.status == AttemptStatus::Approved);
        is_wanted.map(|attempt| Event::Released { attempt_id: attempt.id, amount: attempt.held() }).collect()
    }

    /// What payers' banks can take back: of a tender, what its cards paid.
    pub(crate) fn disputable(&self) -> Money {
        if self.legs.is_empty() {
            return self.refundable();
        }
        let by_card = |attempt: &&Attempt| self.leg(attempt.id).is_some_and(|leg| leg.submission.card().is_some());
        let nothing = Money::zero(self.terms.amount.currency());
        self.attempts.iter().filter(by_card).fold(nothing, |taken, attempt| sum(taken, attempt.refundable()))
    }

    /// How much of a leg an operation may take, what others may yet take set aside (orchestration-api 4.4).
    #[must_use]
    pub fn available(&self, kind: OperationKind, attempt: &Attempt) -> Money {
        let competes = |operation: &&Operation| match (kind, operation.kind) {
            (OperationKind::Capture | OperationKind::Void, OperationKind::Capture | OperationKind::Void)
            | (OperationKind::Refund, OperationKind::Refund) => {
                operation.part.as_ref().is_some_and(|part| part.attempt_id == attempt.id)
            }
            (OperationKind::Capture | OperationKind::Void, OperationKind::Refund)
            | (OperationKind::Refund, OperationKind::Capture | OperationKind::Void) => false,
        };
        let left = match kind {
            OperationKind::Capture | OperationKind::Void => attempt.held(),
            OperationKind::Refund => attempt.refundable(),
        };
        self.pending_operations().filter(competes).fold(left, |left, operation| difference(left, operation.amount))
    }

    /// The approved legs in the order in which an operation draws on them when nobody says otherwise: captures empty gift
    /// cards first; cards are given back to first (orchestration-api 5.4).
    #[must_use]
    pub fn usual_order(&self, kind: OperationKind) -> Vec<&Leg> {
        self.in_order(kind, &[]).into_iter().filter_map(|attempt| self.leg(attempt.id)).collect()
    }

    /// Legs in the order in which an operation draws on them, those that are named first before the others.
    fn in_order(&self, kind: OperationKind, named: &[AttemptId]) -> Vec<&Attempt> {
        let approved = |leg: &Leg| self.attempt(leg.submission.attempt_id).ok();
        let mut legs: Vec<&Leg> = self.legs.iter().collect();
        legs.sort_by_key(|leg| {
            let means = &leg.submission.means;
            let by_kind = match kind {
                OperationKind::Capture => u8::from(!means.is_secondary()),
                OperationKind::Void | OperationKind::Refund => means.gives_back(),
            };
            let place = named.iter().position(|name| *name == leg.submission.attempt_id);
            (place.unwrap_or(usize::MAX), by_kind)
        });
        legs.into_iter().filter_map(approved).filter(|leg| leg.status == AttemptStatus::Approved).collect()
    }

    /// Spreads an operation over the legs. Others may be under way: what they may take is set aside.
    pub(crate) fn operate_on_legs(&self, command: &Command, order: &Order) -> Result<Vec<Event>, Refusal> {
        match (order.kind, self.state) {
            (OperationKind::Capture | OperationKind::Void, State::Authorized | State::Captured)
            | (OperationKind::Refund, State::Captured) => {}
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, State::Voided)
            | (OperationKind::Refund, State::Authorized) => {
                return Err(Refusal::NothingLeft);
            }
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, _) => {
                return Err(Refusal::WrongState { command: command.name(), state: self.state.name() });
            }
        }
        let legs = self.in_order(order.kind, &order.legs);
        self.spread(order, &legs, false)
    }

    /// Captures what is captured by itself: everything once that is due, else the legs that never wait.
    pub(crate) fn capture_by_itself(
        &self,
        operation_id: OperationId,
        parts: &[OperationId],
        due: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let everything = due || self.terms.captured_after == Some(Duration::ZERO);
        let is_first = self.state == State::Authorized && self.operations.is_empty();
        let may_take = matches!(self.state, State::Authorized | State::Captured);
        if self.legs.is_empty() || !(is_first || due && may_take) {
            return Ok(vec![]);
        }
        let mut legs = self.in_order(OperationKind::Capture, &[]);
        let at_once =
            |attempt: &Attempt| self.leg(attempt.id).is_some_and(|leg| leg.submission.means.is_taken_at_once());
        legs.retain(|leg| everything || at_once(leg));
        let order = Order { parts: parts.to_vec(), ..Order::new(operation_id, OperationKind::Capture) };
        match self.spread(&order, &legs, true) {
            Err(Refusal::NothingLeft) => Ok(vec![]),
            spread => spread,
        }
    }

    /// One part for each leg that is drawn on, in turn, until the amount is covered.
    fn spread(&self, order: &Order, legs: &[&Attempt], automatic: bool) -> Result<Vec<Event>, Refusal> {
        let Order { operation_id: of, kind, .. } = *order;
        let nothing = Money::zero(self.terms.amount.currency());
        let left = legs.iter().fold(nothing, |left, leg| sum(left, self.available(kind, leg)));
        if left.is_zero() {
            return Err(Refusal::NothingLeft);
        }
        let asked = order.amount.unwrap_or(left);
        if asked.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        if asked.minor() > left.minor() {
            return Err(Refusal::MoreThanLeft { asked, left });
        }
        let mut wanted = asked;
        let mut document = order.document.clone();
        let mut events = vec![];
        for leg in legs {
            let amount = min_by_key(wanted, self.available(kind, leg), |amount| amount.minor());
            if amount.is_zero() {
                continue;
            }
            wanted = difference(wanted, amount);
            let part = Part { of, attempt_id: leg.id, automatic, document: std::mem::take(&mut document) };
            events.push(Event::OperationSent(Operation {
                id: order.parts.get(events.len()).copied().ok_or(Refusal::BadTender)?,
                kind,
                amount,
                keeps_rest: true,
                number: None,
                note: order.note.clone(),
                part: Some(part),
                status: OperationStatus::Sent,
            }));
        }
        Ok(events)
    }
}

/// Goes to the bank or to the acquirer.
fn begin(leg: &Leg) -> Event {
    let submission = leg.submission.clone();
    if leg.asks_bank { Event::AuthenticationStarted(submission) } else { Event::AttemptSent(submission) }
}

#[cfg(test)]
mod tests;
