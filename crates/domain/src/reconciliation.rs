//! What an acquirer's settlement file says, and what becomes of it where we say otherwise.
//!
//! A *movement* is money of a payment that the file must name: each capture and each refund. A *line* names one of them,
//! or a chargeback of a capture, or its reversal. Where both say the same, the payment's journal says so
//! ([`Matched`]). Where they do not, there is a [`Difference`]: it has a journal of its own in the house's books, what the
//! bank paid for it stands in suspense there, and it is settled by postings, never by a change of what was written
//! (security U9).

use std::time::Duration;

use uuid::Uuid;

use crate::command::{Command, Report};
use crate::event::Event;
use crate::ids::{CheckoutId, DifferenceId, MerchantId, PaymentId};
use crate::ledger::{Account, Layer, Posting};
use crate::money::{Currency, Money};
use crate::payment::{Payment, Refusal, State, difference};
use crate::time::{Mode, Timestamp};

/// Whose the books of differences are: the gateway's own.
pub const HOUSE: MerchantId = MerchantId::new(Uuid::max());

/// How long after it happened a movement may be absent from the acquirer's files (security U9).
pub const GRACE: Duration = Duration::from_hours(48);

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// Money that was taken; the acquirer pays it.
    Capture,
    /// Money that was given back; the acquirer keeps as much of what it pays.
    Refund,
    /// Money of a capture that the payer's bank took back.
    Chargeback,
    /// The bank gave it again.
    ChargebackReversal,
}

impl LineKind {
    /// As in files, and as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::ChargebackReversal => "chargeback_reversal",
        }
    }

    /// Reads [`LineKind::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Capture, Self::Refund, Self::Chargeback, Self::ChargebackReversal];
        all.into_iter().find(|kind| kind.as_str() == text)
    }

    /// `amount` as it reaches the bank: minor units, negative when the acquirer keeps it.
    #[must_use]
    pub const fn signed(self, amount: Money) -> i64 {
        match self {
            Self::Capture | Self::ChargebackReversal => amount.minor(),
            Self::Refund | Self::Chargeback => -amount.minor(),
        }
    }
}

/// Where a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOf {
    /// The file's own id.
    pub file: String,
    /// The line's number in it, from 1.
    pub line: u32,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// What it is about.
    pub kind: LineKind,
    /// The acquirer's reference of a capture or refund; of a chargeback, that of the capture.
    pub reference: Uuid,
    /// How much, before the fee.
    pub amount: Money,
    /// What the acquirer keeps for it, in the same currency.
    pub fee: Money,
    /// Where it stands.
    pub at: LineOf,
}

impl Paid {
    /// What reaches the bank: minor units, negative when the acquirer keeps it.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.kind.signed(self.amount) - self.fee.minor()
    }
}

/// A line said what we say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// What it says.
    pub paid: Paid,
    /// How much of it a report had told before: that is in the bank's balance already.
    pub ahead: Money,
}

/// A difference about a movement was settled: nothing more is expected for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// The difference.
    pub difference_id: DifferenceId,
    /// What kind of movement.
    pub kind: LineKind,
    /// Which.
    pub reference: Uuid,
    /// What we say it is.
    pub amount: Money,
    /// What the bank got for it: minor units of the same currency, negative when the acquirer kept it.
    pub paid: i64,
    /// How much of it a report had told before.
    pub ahead: Money,
    /// Where the gap goes.
    pub remedy: Remedy,
}

/// Where the gap between what we say and what they say goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It is our loss, or our gain.
    WriteOff,
    /// The acquirer owes it to us, or we owe it to the acquirer, and it will be paid.
    Receivable,
}

impl Remedy {
    /// As operators write it, and as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WriteOff => "write_off",
            Self::Receivable => "receivable",
        }
    }

    /// Reads [`Remedy::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::WriteOff, Self::Receivable].into_iter().find(|remedy| remedy.as_str() == text)
    }

    const fn account(self) -> Account {
        match self {
            Self::WriteOff => Account::WrittenOff,
            Self::Receivable => Account::Claimed,
        }
    }
}

/// A capture or refund of a payment, or a line about a chargeback of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// What kind.
    pub kind: LineKind,
    /// As the acquirer knows it.
    pub reference: Uuid,
    /// How much.
    pub amount: Money,
    /// Whether the acquirer's files have it.
    pub status: MovementStatus,
}

/// Whether the acquirer's files have a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementStatus {
    /// Not yet.
    Open,
    /// A line said the same.
    Matched,
    /// A difference about it was settled.
    Adjusted,
}

/// What a line is to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It says what we say.
    Fits,
    /// The payment has no such movement.
    Unknown,
    /// Another line said it before.
    Doubled,
    /// What it is about was settled without it.
    Adjusted,
    /// We say another amount.
    OtherAmount(Money),
    /// We say another currency.
    OtherCurrency(Money),
}

impl Payment {
    /// What a line is to this payment.
    #[must_use]
    pub fn judge(&self, paid: &Paid) -> Judgement {
        let ours = |wanted: LineKind| {
            self.movements.iter().filter(move |known| (known.kind, known.reference) == (wanted, paid.reference))
        };
        let expected = match paid.kind {
            LineKind::Capture | LineKind::Refund => match ours(paid.kind).next() {
                None => return Judgement::Unknown,
                Some(Movement { status: MovementStatus::Matched, .. }) => return Judgement::Doubled,
                Some(Movement { status: MovementStatus::Adjusted, .. }) => return Judgement::Adjusted,
                Some(Movement { status: MovementStatus::Open, amount, .. }) => *amount,
            },
            LineKind::Chargeback | LineKind::ChargebackReversal if ours(LineKind::Capture).next().is_none() => {
                return Judgement::Unknown;
            }
            LineKind::Chargeback => {
                if ours(LineKind::Chargeback).count() > ours(LineKind::ChargebackReversal).count() {
                    return Judgement::Doubled;
                }
                if !matches!(self.state, State::Captured | State::ChargedBack) || self.disputable().is_zero() {
                    return Judgement::Unknown;
                }
                self.disputable()
            }
            LineKind::ChargebackReversal => {
                if ours(LineKind::Chargeback).count() == ours(LineKind::ChargebackReversal).count() {
                    return Judgement::Unknown;
                }
                self.disputable()
            }
        };
        if expected.currency() != paid.amount.currency() {
            Judgement::OtherCurrency(expected)
        } else if expected != paid.amount {
            Judgement::OtherAmount(expected)
        } else {
            Judgement::Fits
        }
    }

    /// The movement with this reference, as long as nothing is known of it from a file.
    #[must_use]
    pub fn open_movement(&self, reference: Uuid) -> Option<&Movement> {
        self.movements.iter().find(|known| known.reference == reference && known.status == MovementStatus::Open)
    }

    /// A capture is settled by its line, as far as no report did that before; a chargeback may be news.
    pub(crate) fn match_line(&self, command: &Command, paid: &Paid) -> Result<Vec<Event>, Refusal> {
        if self.judge(paid) != Judgement::Fits {
            return Err(self.wrong_state(command));
        }
        let mut events = match (paid.kind, self.state) {
            (LineKind::Capture, State::Captured) => {
                let cleared = (!self.cleared).then_some(Event::Cleared);
                let settled = self.report(command, Report::SettledPart(paid.amount))?;
                cleared.into_iter().chain(settled).collect()
            }
            (LineKind::Chargeback, State::Captured) => self.report(command, Report::ChargedBack)?,
            (LineKind::ChargebackReversal, State::ChargedBack) => self.report(command, Report::ChargebackReversed)?,
            (
                LineKind::Capture | LineKind::Refund | LineKind::Chargeback | LineKind::ChargebackReversal,
                State::Open
                | State::InFlight { .. }
                | State::Authorized
                | State::Verified
                | State::Captured
                | State::Voided
                | State::PaidElsewhere
                | State::ChargedBack
                | State::Cancelled
                | State::Expired,
            ) => vec![],
        };
        let mut told = self.clone();
        events.iter().for_each(|event| told.apply(event));
        let ahead = told.told_ahead(paid.kind, paid.amount);
        events.push(Event::Matched(Matched { paid: paid.clone(), ahead }));
        Ok(events)
    }

    /// Settles a movement that no line has matched, if it is one.
    pub(crate) fn adjust(
        &self,
        difference_id: DifferenceId,
        reference: Uuid,
        paid: i64,
        remedy: Remedy,
    ) -> Option<Event> {
        let &Movement { kind, reference, amount, status: _ } = self.open_movement(reference)?;
        let ahead = self.told_ahead(kind, amount);
        Some(Event::Adjusted(Adjusted { difference_id, kind, reference, amount, paid, ahead, remedy }))
    }

    pub(crate) fn close_matched(&mut self, Matched { paid, ahead }: &Matched) {
        let Paid { kind, reference, amount, .. } = *paid;
        self.ahead = difference(self.ahead, *ahead);
        self.close(kind, reference, amount, MovementStatus::Matched);
    }

    pub(crate) fn close_adjusted(&mut self, adjusted: &Adjusted) {
        let Adjusted { kind, reference, amount, ahead, .. } = *adjusted;
        self.ahead = difference(self.ahead, ahead);
        self.close(kind, reference, amount, MovementStatus::Adjusted);
    }

    /// The acquirer's files must name it.
    pub(crate) fn expect(&mut self, kind: LineKind, reference: Uuid, amount: Money) {
        self.movements.push(Movement { kind, reference, amount, status: MovementStatus::Open });
    }

    /// What was not expected, a chargeback say, is over when it is known.
    fn close(&mut self, kind: LineKind, reference: Uuid, amount: Money, status: MovementStatus) {
        let expected = |known: &&mut Movement| {
            (known.kind, known.reference, known.status) == (kind, reference, MovementStatus::Open)
        };
        match self.movements.iter_mut().find(expected) {
            Some(movement) => movement.status = status,
            None => self.movements.push(Movement { kind, reference, amount, status }),
        }
    }

    /// How much of `amount` the bank's balance has already, because a report told of it.
    fn told_ahead(&self, kind: LineKind, amount: Money) -> Money {
        match kind {
            LineKind::Capture if amount.minor() < self.ahead.minor() => amount,
            LineKind::Capture => self.ahead,
            LineKind::Refund | LineKind::Chargeback | LineKind::ChargebackReversal => Money::zero(amount.currency()),
        }
    }
}

/// The postings of a movement that is over: what the bank got, what the acquirer owed, and the gap between them.
pub(crate) fn closing(kind: LineKind, amount: Money, ahead: Money, paid: i64, gap: Account) -> Vec<Posting> {
    let (owed, ahead) = (kind.signed(amount), ahead.minor());
    posted([(Account::Bank, paid - ahead), (Account::Acquirer, ahead - owed), (gap, owed - paid)])
}

impl Matched {
    pub(crate) fn postings(&self) -> Vec<Posting> {
        let Self { paid, ahead } = self;
        closing(paid.kind, paid.amount, *ahead, paid.net(), Account::AcquirerFees)
    }
}

impl Adjusted {
    pub(crate) fn postings(&self) -> Vec<Posting> {
        closing(self.kind, self.amount, self.ahead, self.paid, self.remedy.account())
    }
}

fn posted<const N: usize>(lines: [(Account, i64); N]) -> Vec<Posting> {
    let moved = lines.into_iter().filter(|(_, amount)| *amount != 0);
    moved.map(|(account, amount)| Posting { account, layer: Layer::Posted, amount }).collect()
}

/// In what we and the acquirer differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DifferenceKind {
    /// We took or gave back money, and no file says so within the grace.
    Missing,
    /// A line about something that we do not have, or say did not happen.
    Extra,
    /// A second line about the same.
    Doubled,
    /// Another amount.
    WrongAmount,
    /// Another currency.
    WrongCurrency,
    /// A line that came after the grace.
    Late,
}

impl DifferenceKind {
    /// As operators read it, and as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Doubled => "doubled",
            Self::WrongAmount => "wrong_amount",
            Self::WrongCurrency => "wrong_currency",
            Self::Late => "late",
        }
    }

    /// Reads [`DifferenceKind::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Missing, Self::Extra, Self::Doubled, Self::WrongAmount, Self::WrongCurrency, Self::Late];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In what we differ.
    pub kind: DifferenceKind,
    /// What the line, or the movement, is about.
    pub about: LineKind,
    /// The acquirer's reference, as the line writes it.
    pub reference: String,
    /// The payment it belongs to, where there is one.
    pub payment: Option<Whose>,
    /// The day it belongs to: that of the movement when a line is missing, else the business day of the line's file.
    pub day: Timestamp,
    /// The line's; the movement's, when a line is missing.
    pub currency: Currency,
    /// What we say.
    pub ours: Option<Money>,
    /// What the line says, before the fee.
    pub theirs: Option<Money>,
    /// What reached the bank with the line: minor units, negative when the acquirer kept it.
    pub paid: i64,
    /// Whether that stands in suspense until this is settled.
    pub suspended: bool,
    /// Where the line stands; none when a line is missing.
    pub line: Option<LineOf>,
}

/// The payment that a difference belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    /// Its merchant.
    pub merchant_id: MerchantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Its checkout.
    pub checkout_id: CheckoutId,
}

/// What happened to a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceEvent {
    /// The first event of each.
    Found(Box<Found>),
    /// Somebody looks after it.
    Owned {
        /// Who.
        by: String,
    },
    /// It was settled.
    Settled {
        /// Where the gap goes.
        remedy: Remedy,
        /// By whom.
        by: String,
        /// Why so.
        note: String,
        /// The gap, and what stood in suspense, went to the payment's own books.
        moved: bool,
    },
    /// It explained itself: the line came, or what the line is about became known.
    Explained {
        /// The line, when it is what came.
        line: Option<LineOf>,
    },
}

impl DifferenceEvent {
    /// The postings of this event in the house's books, in the currency of the line.
    #[must_use]
    pub fn postings(&self, found: &Found) -> Vec<Posting> {
        if !found.suspended {
            return vec![];
        }
        let paid = found.paid;
        match self {
            Self::Found(_) => posted([(Account::Bank, paid), (Account::Suspense, -paid)]),
            Self::Owned { .. } => vec![],
            Self::Settled { moved: true, .. } | Self::Explained { .. } => {
                posted([(Account::Suspense, paid), (Account::Bank, -paid)])
            }
            Self::Settled { moved: false, remedy, .. } => {
                posted([(Account::Suspense, paid), (remedy.account(), -paid)])
            }
        }
    }
}

/// Where a difference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DifferenceState {
    /// Nobody looks after it.
    Open,
    /// Somebody does.
    Owned,
    /// It is over.
    Settled,
}

impl DifferenceState {
    /// As operators read it, and as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Owned => "owned",
            Self::Settled => "settled",
        }
    }
}

/// How a difference ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// An operator settled it.
    Settled {
        /// Where the gap went.
        remedy: Remedy,
        /// By whom.
        by: String,
        /// Why so.
        note: String,
    },
    /// It explained itself.
    Explained {
        /// The line that did, if one did.
        line: Option<LineOf>,
    },
}

/// A difference, folded from its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its id.
    pub id: DifferenceId,
    /// In which world.
    pub mode: Mode,
    /// What it is about.
    pub found: Found,
    /// When it was found.
    pub found_at: Timestamp,
    /// Who looks after it.
    pub owner: Option<String>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Events applied so far.
    pub version: u32,
}

impl Difference {
    /// The difference its first event makes.
    #[must_use]
    pub const fn new(id: DifferenceId, mode: Mode, found: Found, found_at: Timestamp) -> Self {
        Self { id, mode, found, found_at, owner: None, ending: None, version: 1 }
    }

    /// Folds a journal; `None` when it does not begin with [`DifferenceEvent::Found`], or begins again.
    #[must_use]
    pub fn fold(
        id: DifferenceId,
        mode: Mode,
        events: impl IntoIterator<Item = (Timestamp, DifferenceEvent)>,
    ) -> Option<Self> {
        let mut events = events.into_iter();
        let (found_at, DifferenceEvent::Found(found)) = events.next()? else { return None };
        let mut difference = Self::new(id, mode, *found, found_at);
        for (_, event) in events {
            if matches!(event, DifferenceEvent::Found(_)) || difference.ending.is_some() {
                return None;
            }
            difference.apply(&event);
        }
        Some(difference)
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> DifferenceState {
        match (&self.ending, &self.owner) {
            (Some(_), _) => DifferenceState::Settled,
            (None, Some(_)) => DifferenceState::Owned,
            (None, None) => DifferenceState::Open,
        }
    }

    /// Somebody looks after it from now on; nothing happens when that is so already. `None` once it is over.
    #[must_use]
    pub fn own(&self, by: &str) -> Option<Vec<DifferenceEvent>> {
        match (&self.ending, &self.owner) {
            (Some(_), _) => None,
            (None, Some(owner)) if owner == by => Some(vec![]),
            (None, Some(_) | None) => Some(vec![DifferenceEvent::Owned { by: by.to_owned() }]),
        }
    }

    /// It is settled; what nobody looked after is looked after by whoever settles it. `moved` as in the event. `None`
    /// once it is over.
    #[must_use]
    pub fn settle(&self, remedy: Remedy, by: &str, note: &str, moved: bool) -> Option<Vec<DifferenceEvent>> {
        let settled = DifferenceEvent::Settled { remedy, by: by.to_owned(), note: note.to_owned(), moved };
        match (&self.ending, &self.owner) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(vec![settled]),
            (None, None) => Some(vec![DifferenceEvent::Owned { by: by.to_owned() }, settled]),
        }
    }

    /// Makes it so.
    pub fn apply(&mut self, event: &DifferenceEvent) {
        self.version += 1;
        match event {
            DifferenceEvent::Found(_) => {}
            DifferenceEvent::Owned { by } => self.owner = Some(by.clone()),
            DifferenceEvent::Settled { remedy, by, note, moved: _ } => {
                self.ending = Some(Ending::Settled { remedy: *remedy, by: by.clone(), note: note.clone() });
            }
            DifferenceEvent::Explained { line } => self.ending = Some(Ending::Explained { line: line.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
