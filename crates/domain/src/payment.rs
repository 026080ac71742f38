//! A payment: what may be asked of it ([`Payment::decide`]) and what happened to it ([`Payment::apply`]).
//!
//! Who acts: pages, APIs, acquirer answers and workers, all through `decide`; the order of their arrival is settled by
//! the version the store guards. Correctness does not depend on timers firing in time: a late timer finds the same
//! state and decides the same.

use std::time::Duration;

use crate::attempt::{Attempt, AttemptStatus, CardFacts, PaidBy, Submission};
use crate::command::{Command, OperationOutcome, Order, Report};
use crate::decline::DeclineReason;
use crate::event::Event;
use crate::ids::{AttemptId, CheckoutId, MerchantId, OperationId, PaymentId};
use crate::money::{Fees, Money};
use crate::operation::{Operation, OperationKind, OperationStatus};
use crate::reconciliation::{LineKind, Movement};
use crate::risk::limits;
use crate::tender::Leg;
use crate::time::{Mode, Timestamp};

/// What was agreed when the payment was opened. Never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The payment's id.
    pub payment_id: PaymentId,
    /// Who takes the money.
    pub merchant_id: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// What the payer sees.
    pub checkout_id: CheckoutId,
    /// What is to be paid. Nothing, with manual capture, asks for a check of the card only.
    pub amount: Money,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// Until when it should be paid.
    pub due: Option<Due>,
    /// One failed try ends it.
    pub single_attempt: bool,
    /// The card is kept without asking the payer.
    pub save_card: bool,
    /// How long after its authorization money may be held; what is not taken by then is given back. `None` leaves it to
    /// the acquirer, which forgets it.
    pub hold_max: Option<Duration>,
    /// How long after the authorization of a tender all of it is captured by itself; `None` leaves that to the merchant.
    pub captured_after: Option<Duration>,
    /// What the merchant is charged for captured money.
    pub fees: Fees,
}

/// When authorized money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// With the authorization.
    Automatic,
    /// When the merchant says so.
    Manual,
}

/// Until when a payment should be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The first moment that is too late.
    pub at: Timestamp,
    /// Whether it cannot be paid afterwards.
    pub strict: bool,
}

/// Where a payment stands. Amounts are facts beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// May be paid: nothing was tried, or every try failed.
    Open,
    /// A try was sent to the acquirer and its outcome is not known.
    InFlight {
        /// The try.
        attempt_id: AttemptId,
    },
    /// Money is reserved, not taken.
    Authorized,
    /// The card was checked and kept, no money moved.
    Verified,
    /// Money was taken. How much is still held, and how much was given back, are amounts, not states.
    Captured,
    /// What was reserved was given back, nothing was taken.
    Voided,
    /// The merchant says it was paid outside the gateway.
    PaidElsewhere,
    /// The payer's bank took the money back.
    ChargedBack,
    /// The merchant ended it unpaid, or its only try failed. What a try that was under way still reserves is given back
    /// (card-payments-api 3.4).
    Cancelled,
    /// Its strict due time passed unpaid.
    Expired,
}

impl State {
    /// As stored and shown to operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InFlight { .. } => "in_flight",
            Self::Authorized => "authorized",
            Self::Verified => "verified",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::PaidElsewhere => "paid_elsewhere",
            Self::ChargedBack => "charged_back",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// An event in its place in the payment's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// 1 for the first event of the payment, then one more each.
    pub version: u32,
    /// When it was written down.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Why we say no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A try is under way and its outcome is not known.
    #[error("a payment is being processed")]
    InFlight,
    /// A capture, void or refund is under way and its outcome is not known.
    #[error("an operation is being processed")]
    OperationInFlight,
    /// It was paid, reserved or verified before.
    #[error("already paid")]
    AlreadyPaid,
    /// More than there is.
    #[error("{asked} is more than the {left} left")]
    MoreThanLeft {
        /// What was asked for.
        asked: Money,
        /// What there is.
        left: Money,
    },
    /// Nothing at all.
    #[error("an amount of zero")]
    ZeroAmount,
    /// Everything was given back before, or it cannot be given back here.
    #[error("nothing is left to give back")]
    NothingLeft,
    /// No card is kept.
    #[error("no card is kept")]
    NoCard,
    /// It was tried too often.
    #[error("no more tries are taken")]
    NoTriesLeft,
    /// It does not fit the state.
    #[error("cannot {command} when {state}")]
    WrongState {
        /// What was asked.
        command: &'static str,
        /// Where the payment stands.
        state: &'static str,
    },
    /// No such try.
    #[error("no such attempt")]
    UnknownAttempt,
    /// No such operation.
    #[error("no such operation")]
    UnknownOperation,
    /// No question about it is open: the acquirer has answered, or was never asked.
    #[error("this {what} is not in doubt")]
    NotInDoubt {
        /// What was named.
        what: &'static str,
    },
    /// It cannot have become of such a thing.
    #[error("no {what} is settled as {verdict}")]
    WrongVerdict {
        /// What is in doubt.
        what: &'static str,
        /// What was said.
        verdict: &'static str,
    },
    /// The legs do not add up to what is to be paid, are too many, or two of them take the remainder.
    #[error("the parts do not make up the payment")]
    BadTender,
    /// The money was held as long as it may be.
    #[error("the reservation has ended")]
    HoldEnded,
}

/// The money side of a checkout, folded from its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What was agreed.
    pub terms: Terms,
    /// Where it stands.
    pub state: State,
    /// Events applied so far.
    pub version: u32,
    /// Whether the payer saw the page.
    pub viewed: bool,
    /// Whether the due time was noticed to have passed.
    pub overdue: bool,
    /// Tries so far; one that went on by way of the bank, because the issuer wanted it so, is one.
    pub tries: u32,
    /// Whether it was tried too often.
    pub tries_used_up: bool,
    /// The legs of its tender, in the order in which they were named; none for a payment by one card.
    pub legs: Vec<Leg>,
    /// Every try, oldest first.
    pub attempts: Vec<Attempt>,
    /// Every capture, void and refund, oldest first.
    pub operations: Vec<Operation>,
    /// The try whose card may be charged again.
    pub kept_card: Option<AttemptId>,
    /// Reserved in all.
    pub authorized: Money,
    /// Taken in all.
    pub captured: Money,
    /// Reservations given back in all.
    pub voided: Money,
    /// Taken money given back in all.
    pub refunded: Money,
    /// What was told to be paid to us, by reports and by the acquirer's files.
    pub settled: Money,
    /// What of that was told by reports, and no line of a file has said yet.
    pub ahead: Money,
    /// Whether it was told that its money is being cleared.
    pub cleared: bool,
    /// What the acquirer's files must name, and what they have named, oldest first.
    pub movements: Vec<Movement>,
}

impl Payment {
    /// The payment its first event makes.
    #[must_use]
    pub fn open(terms: Terms) -> Self {
        let nothing = Money::zero(terms.amount.currency());
        Self {
            terms,
            state: State::Open,
            version: 1,
            viewed: false,
            overdue: false,
            tries: 0,
            tries_used_up: false,
            legs: Vec::new(),
            attempts: Vec::new(),
            operations: Vec::new(),
            kept_card: None,
            authorized: nothing,
            captured: nothing,
            voided: nothing,
            refunded: nothing,
            settled: nothing,
            ahead: nothing,
            cleared: false,
            movements: Vec::new(),
        }
    }

    /// Folds a journal; `None` when it does not begin with [`Event::Opened`].
    #[must_use]
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let Some(Event::Opened(terms)) = events.next() else { return None };
        let mut payment = Self::open(terms.clone());
        for event in events {
            payment.apply(event);
        }
        Some(payment)
    }

    /// Says no, or what happens.
    ///
    /// # Errors
    /// A [`Refusal`], and nothing happens.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::View => Ok(if self.viewed { vec![] } else { vec![Event::Viewed] }),
            Command::PassDue => Ok(self.pass_due()),
            Command::LimitTries => Ok(limits::used_up(self)),
            Command::Settle { attempt_id, outcome } => self.settle(*attempt_id, outcome),
            Command::Reverse { attempt_id } => self.reverse(*attempt_id),
            Command::Leave { attempt_id, reason } => self.leave(*attempt_id, *reason),
            Command::Ask { attempt_id, challenge } => {
                let (attempt_id, challenge) = (*attempt_id, challenge.clone());
                self.while_authenticating(attempt_id, || vec![Event::Challenged { attempt_id, challenge }])
            }
            Command::Authorize { attempt_id, authentication, deadline } => {
                let (attempt_id, authentication) = (*attempt_id, authentication.clone());
                let deadline = *deadline;
                self.while_authenticating(attempt_id, || {
                    vec![Event::Authenticated { attempt_id, authentication, deadline }]
                })
            }
            // What went on to the acquirer is not given up: only the acquirer's word ends it.
            Command::GiveUp { attempt_id, failure } => {
                let (attempt_id, failure) = (*attempt_id, failure.clone());
                self.while_authenticating(attempt_id, || {
                    let (reason, facts) = (failure.reason(), CardFacts::default());
                    let mut events = vec![Event::NotAuthenticated { attempt_id, failure }];
                    events.extend(self.failed(Event::Declined { attempt_id, reason, facts }));
                    events
                })
            }
            Command::SettleOperation { operation_id, outcome } => self.settle_operation(*operation_id, *outcome),
            Command::SettleByHand(said) => self.settle_by_hand(said),
            Command::Operate(order) => self.operate(command, order),
            Command::Lapse => Ok(match self.pending_operation() {
                None if !self.legs.is_empty() => self.forgotten(),
                None if !self.held().is_zero() => vec![Event::Voided { operation_id: None, amount: self.held() }],
                _ => vec![],
            }),
            Command::Abort => self.abort(command),
            Command::EndTender(party) => self.end_tender(command, *party),
            Command::NextLeg { deadline, begins } => Ok(self.next_leg(*deadline, *begins)),
            Command::StepUp { attempt_id, again } => Ok(self.step_up(*attempt_id, again)),
            Command::CaptureByItself { operation_id, parts, due } => self.capture_by_itself(*operation_id, parts, *due),
            Command::ForgetCard => match self.kept_card {
                Some(_) => Ok(vec![Event::CardForgetting, Event::CardForgotten]),
                None => Err(Refusal::NoCard),
            },
            Command::Report(report) => self.report(command, *report),
            Command::Match(paid) => self.match_line(command, paid),
            Command::Adjust { difference_id, reference, paid, remedy } => {
                let adjusted = self.adjust(*difference_id, *reference, *paid, *remedy);
                adjusted.map(|event| vec![event]).ok_or_else(|| self.wrong_state(command))
            }
            Command::NoteInvoice
            | Command::GiveDetails(_)
            | Command::Cancel
            | Command::MarkPaid(_)
            | Command::Submit(_)
            | Command::Tender(_)
            | Command::RefuseTender(..)
            | Command::Authenticate(_)
            | Command::Refuse(_) => self.while_payable(command),
        }
    }

    /// What may be asked as long as nothing was paid and nobody is paying.
    fn while_payable(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let paying = matches!(
            command,
            Command::Submit(_)
                | Command::Tender(_)
                | Command::RefuseTender(..)
                | Command::Authenticate(_)
                | Command::Refuse(_)
                | Command::GiveDetails(_)
        );
        match self.state {
            State::Open if paying && self.tries_used_up => return Err(Refusal::NoTriesLeft),
            State::Open => {}
            State::InFlight { .. } if paying => return Err(Refusal::InFlight),
            State::Captured | State::Authorized | State::Verified | State::PaidElsewhere if paying => {
                return Err(Refusal::AlreadyPaid);
            }
            State::InFlight { .. }
            | State::Authorized
            | State::Verified
            | State::Captured
            | State::Voided
            | State::PaidElsewhere
            | State::ChargedBack
            | State::Cancelled
            | State::Expired => return Err(self.wrong_state(command)),
        }
        Ok(match command {
            Command::NoteInvoice => vec![Event::InvoiceSent],
            Command::GiveDetails(customer) => vec![Event::DetailsGiven(customer.clone())],
            Command::Cancel => vec![Event::Cancelled],
            Command::MarkPaid(paid_on) => vec![Event::MarkedPaid { paid_on: *paid_on, amount: self.terms.amount }],
            Command::Submit(submission) => vec![Event::AttemptSent(submission.clone())],
            Command::Tender(legs) => self.begin_tender(legs)?,
            Command::RefuseTender(legs, refused) => {
                let begun = Event::TenderBegun(legs.clone());
                [begun].into_iter().chain(self.failed(Event::AttemptRefused(refused.clone()))).collect()
            }
            Command::Authenticate(submission) => vec![Event::AuthenticationStarted(submission.clone())],
            Command::Refuse(refused) => self.failed(Event::AttemptRefused(refused.clone())),
            _ => vec![],
        })
    }

    /// Exactly one of this and the acquirer's approval wins; the version that the store guards says which.
    fn abort(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match self.state {
            State::Open => Ok(vec![Event::Cancelled]),
            State::InFlight { attempt_id } if self.terms.capture == CaptureMode::Manual => {
                let mut events = vec![Event::Cancelled];
                // Nothing has gone to the acquirer, and nothing will.
                if self.attempt(attempt_id)?.status == AttemptStatus::Authenticating {
                    let (reason, facts) = (DeclineReason::Cancelled, CardFacts::default());
                    events.push(Event::Declined { attempt_id, reason, facts });
                }
                Ok(events)
            }
            State::Cancelled | State::Expired => Ok(vec![]),
            State::InFlight { .. }
            | State::Authorized
            | State::Verified
            | State::Captured
            | State::Voided
            | State::PaidElsewhere
            | State::ChargedBack => Err(self.wrong_state(command)),
        }
    }

    fn pass_due(&self) -> Vec<Event> {
        match (self.state, self.terms.due) {
            (State::Open, Some(Due { strict: true, .. })) => vec![Event::Expired],
            // What is under way may still succeed: a strict due time waits for the outcome.
            (State::Open | State::InFlight { .. }, Some(Due { strict: false, .. })) if !self.overdue => {
                vec![Event::Overdue]
            }
            _ => vec![],
        }
    }

    fn reverse(&self, attempt_id: AttemptId) -> Result<Vec<Event>, Refusal> {
        Ok(match self.attempt(attempt_id)?.status {
            AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Redirected => {
                vec![Event::ReversalSent { attempt_id }]
            }
            AttemptStatus::Authenticating
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversing
            | AttemptStatus::Reversed => vec![],
        })
    }

    /// Once the payer has left, only what the acquirer says of the reversal counts.
    fn leave(&self, attempt_id: AttemptId, reason: DeclineReason) -> Result<Vec<Event>, Refusal> {
        Ok(match self.attempt(attempt_id)?.status {
            AttemptStatus::Redirected => vec![Event::Left { attempt_id, reason }, Event::ReversalSent { attempt_id }],
            AttemptStatus::Authenticating
            | AttemptStatus::Sent
            | AttemptStatus::Unknown
            | AttemptStatus::Approved
            | AttemptStatus::Declined
            | AttemptStatus::Reversing
            | AttemptStatus::Reversed => vec![],
        })
    }

    /// A repeated or late answer of the bank changes nothing.
    fn while_authenticating(
        &self,
        attempt_id: AttemptId,
        events: impl FnOnce() -> Vec<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        Ok(match self.attempt(attempt_id)?.status {
            AttemptStatus::Authenticating => events(),
            _ => vec![],
        })
    }

    pub(crate) fn failed(&self, event: Event) -> Vec<Event> {
        let mut events = vec![event];
        // The legs that were approved before it go back (orchestration-api 5.3).
        events.extend(self.approved_legs().map(|leg| Event::ReversalSent { attempt_id: leg.id }));
        if self.terms.single_attempt && self.state != State::Cancelled {
            events.push(Event::Cancelled);
        }
        events
    }

    /// One operation at a time: what is asked for meanwhile would be decided on amounts nobody knows.
    fn operate(&self, command: &Command, order: &Order) -> Result<Vec<Event>, Refusal> {
        let Order { operation_id, kind, amount, keeps_rest, number, ref note, .. } = *order;
        if !self.legs.is_empty() {
            return self.operate_on_legs(command, order);
        }
        let is_held = !self.held().is_zero();
        let left = match (kind, self.state) {
            (OperationKind::Capture | OperationKind::Void, State::Authorized) => self.held(),
            (OperationKind::Capture, State::Captured) if is_held => self.held(),
            // What nobody wants, or may take, any more can still be given back.
            (OperationKind::Void, State::Captured | State::ChargedBack | State::Cancelled) if is_held => self.held(),
            (OperationKind::Refund, State::Captured) => self.refundable(),
            (OperationKind::Refund, State::PaidElsewhere) => return Err(Refusal::NothingLeft),
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, _) => {
                return Err(self.wrong_state(command));
            }
        };
        if self.pending_operation().is_some() {
            return Err(Refusal::OperationInFlight);
        }
        if left.is_zero() {
            return Err(Refusal::NothingLeft);
        }
        let amount = amount.unwrap_or(left);
        if amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        if amount.minor() > left.minor() {
            return Err(Refusal::MoreThanLeft { asked: amount, left });
        }
        let (note, status) = (note.clone(), OperationStatus::Sent);
        let part = None;
        let sent = Operation { id: operation_id, kind, amount, keeps_rest, number, note, part, status };
        Ok(vec![Event::OperationSent(sent)])
    }

    /// What became of an operation; a repeated answer changes nothing.
    pub(crate) fn settle_operation(
        &self,
        operation_id: OperationId,
        outcome: OperationOutcome,
    ) -> Result<Vec<Event>, Refusal> {
        let operation = self.operation(operation_id)?;
        let amount = operation.amount;
        let operation_id = Some(operation_id);
        Ok(match (operation.status, outcome) {
            (OperationStatus::Sent | OperationStatus::Unknown, OperationOutcome::Done) => match operation.kind {
                OperationKind::Capture => {
                    let attempt_id = self.attempt_of(operation)?;
                    let captured =
                        Event::Captured { attempt_id, operation_id, amount, fee: self.terms.fees.on(amount) };
                    match self.held().checked_sub(amount) {
                        Some(rest) if !rest.is_zero() && !operation.keeps_rest => {
                            vec![captured, Event::Voided { operation_id, amount: rest }]
                        }
                        _ => vec![captured],
                    }
                }
                OperationKind::Void => vec![Event::Voided { operation_id, amount }],
                OperationKind::Refund => vec![Event::Refunded { operation_id: operation.id, amount }],
            },
            (OperationStatus::Sent | OperationStatus::Unknown, OperationOutcome::Refused(reason)) => {
                vec![Event::OperationFailed { operation_id: operation.id, reason }]
            }
            (OperationStatus::Sent, OperationOutcome::Unknown) if operation.part.is_some() => {
                vec![Event::OperationUnknown { operation_id: operation.id }]
            }
            (
                OperationStatus::Sent | OperationStatus::Unknown,
                OperationOutcome::Pending | OperationOutcome::Unknown,
            )
            | (OperationStatus::Done | OperationStatus::Failed, _) => vec![],
        })
    }

    pub(crate) fn report(&self, command: &Command, report: Report) -> Result<Vec<Event>, Refusal> {
        let amount = self.refundable();
        match (self.state, report) {
            (State::Captured, Report::Cleared) => Ok(vec![Event::Cleared]),
            (State::Captured, Report::Settled) => Ok(match amount.checked_sub(self.settled) {
                Some(owed) if !owed.is_zero() => vec![Event::Settled { amount: owed }],
                _ => vec![],
            }),
            (State::Captured, Report::SettledPart(part)) => Ok(match amount.checked_sub(self.settled) {
                Some(owed) if !owed.is_zero() => {
                    vec![Event::Settled { amount: if part.minor() < owed.minor() { part } else { owed } }]
                }
                _ => vec![],
            }),
            (State::Captured, Report::ChargedBack) if self.pending_operation().is_some() => {
                Err(Refusal::OperationInFlight)
            }
            // Nothing of it was paid by a card.
            (State::Captured, Report::ChargedBack) if !self.legs.is_empty() && self.disputable().is_zero() => {
                Err(self.wrong_state(command))
            }
            (State::Captured, Report::ChargedBack) => Ok(vec![Event::ChargedBack { amount: self.disputable() }]),
            (State::ChargedBack, Report::ChargebackReversed) => {
                Ok(vec![Event::ChargebackReversed { amount: self.disputable() }])
            }
            (
                _,
                Report::Cleared
                | Report::Settled
                | Report::SettledPart(_)
                | Report::ChargedBack
                | Report::ChargebackReversed,
            ) => Err(self.wrong_state(command)),
        }
    }

    pub(crate) const fn wrong_state(&self, command: &Command) -> Refusal {
        Refusal::WrongState { command: command.name(), state: self.state.name() }
    }

    /// Makes it so. Cannot fail: what it is given has already happened.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        match event {
            Event::Opened(_)
            | Event::DetailsGiven(_)
            | Event::InvoiceSent
            | Event::SettledByHand(_)
            | Event::CardForgetting => {}
            Event::Cleared => self.cleared = true,
            Event::Viewed => self.viewed = true,
            Event::Overdue => self.overdue = true,
            Event::Expired => {
                self.overdue = true;
                self.state = State::Expired;
            }
            Event::Cancelled | Event::TenderEnded(_) => self.state = State::Cancelled,
            Event::TenderBegun(legs) => self.legs.clone_from(legs),
            Event::MarkedPaid { .. } => self.state = State::PaidElsewhere,
            Event::AttemptSent(submission) => self.begin(submission, AttemptStatus::Sent),
            Event::AuthenticationStarted(submission) => self.begin(submission, AttemptStatus::Authenticating),
            Event::Challenged { .. } | Event::NotAuthenticated { .. } | Event::Left { .. } => {}
            Event::Authenticated { attempt_id, authentication, .. } => {
                self.mark(*attempt_id, AttemptStatus::Sent);
                let vouched = authentication.status.vouches();
                self.on_attempt(*attempt_id, |attempt| attempt.paid_by.vouched = vouched);
            }
            Event::TriesUsedUp => self.tries_used_up = true,
            Event::AttemptRefused(refused) => {
                self.tries = self.tries.saturating_add(1);
                let amount = self.terms.amount;
                self.attempts.push(Attempt::new(refused.attempt_id, AttemptStatus::Declined, amount));
            }
            Event::Redirected { attempt_id, .. } => self.mark(*attempt_id, AttemptStatus::Redirected),
            Event::AttemptUnknown { attempt_id } => self.mark(*attempt_id, AttemptStatus::Unknown),
            Event::Authorized { attempt_id, amount, facts, .. } => {
                self.mark(*attempt_id, AttemptStatus::Approved);
                self.authorized = sum(self.authorized, *amount);
                self.on_attempt(*attempt_id, |attempt| {
                    attempt.authorized = sum(attempt.authorized, *amount);
                    attempt.paid_by.country.clone_from(&facts.country);
                });
                // It came too late to change anything: what it reserves goes back.
                if self.state == State::Cancelled {
                    return;
                }
                // A tender is authorized with its last leg.
                if self.legs.iter().any(|leg| !self.is_approved(leg.submission.attempt_id)) {
                    return;
                }
                self.state = if amount.is_zero() { State::Verified } else { State::Authorized };
                if self.attempts.iter().any(|attempt| attempt.id == *attempt_id && attempt.keeps_card) {
                    self.kept_card = Some(*attempt_id);
                }
            }
            Event::Captured { attempt_id, operation_id, amount, .. } => {
                self.captured = sum(self.captured, *amount);
                self.on_attempt(*attempt_id, |attempt| attempt.captured = sum(attempt.captured, *amount));
                self.state = State::Captured;
                let reference = operation_id.map_or(attempt_id.uuid(), OperationId::uuid);
                self.expect(LineKind::Capture, reference, *amount);
                self.end(*operation_id, OperationStatus::Done);
            }
            Event::Declined { attempt_id, reason, .. } => {
                if *reason == DeclineReason::AuthenticationRequired {
                    self.tries = self.tries.saturating_sub(1);
                }
                self.mark(*attempt_id, AttemptStatus::Declined);
                self.reopen(*attempt_id);
            }
            Event::ReversalSent { attempt_id } => self.mark(*attempt_id, AttemptStatus::Reversing),
            Event::Reversed { attempt_id } => {
                self.mark(*attempt_id, AttemptStatus::Reversed);
                self.reopen(*attempt_id);
            }
            Event::OperationSent(operation) => self.operations.push(operation.clone()),
            Event::OperationFailed { operation_id, .. } => self.end(Some(*operation_id), OperationStatus::Failed),
            Event::OperationUnknown { operation_id } => self.end(Some(*operation_id), OperationStatus::Unknown),
            Event::Voided { operation_id, amount } => {
                if let Some(attempt_id) = self.attempt_operated(*operation_id) {
                    self.on_attempt(attempt_id, |attempt| attempt.voided = sum(attempt.voided, *amount));
                }
                self.give_back(*amount);
                self.end(*operation_id, OperationStatus::Done);
            }
            Event::Released { attempt_id, amount } => {
                self.on_attempt(*attempt_id, |attempt| {
                    attempt.voided = sum(attempt.voided, *amount);
                    if attempt.status == AttemptStatus::Reversing {
                        attempt.status = AttemptStatus::Reversed;
                    }
                });
                self.give_back(*amount);
            }
            Event::Refunded { operation_id, amount } => {
                self.refunded = sum(self.refunded, *amount);
                if let Some(attempt_id) = self.attempt_operated(Some(*operation_id)) {
                    self.on_attempt(attempt_id, |attempt| attempt.refunded = sum(attempt.refunded, *amount));
                }
                self.expect(LineKind::Refund, operation_id.uuid(), *amount);
                self.end(Some(*operation_id), OperationStatus::Done);
            }
            Event::CardForgotten => self.kept_card = None,
            Event::Settled { amount } => {
                self.settled = sum(self.settled, *amount);
                self.ahead = sum(self.ahead, *amount);
            }
            Event::ChargedBack { .. } => self.state = State::ChargedBack,
            Event::ChargebackReversed { .. } => self.state = State::Captured,
            Event::Matched(matched) => self.close_matched(matched),
            Event::Adjusted(adjusted) => self.close_adjusted(adjusted),
        }
    }

    /// Whether it may be paid now, one way or another.
    #[must_use]
    pub fn is_payable(&self) -> bool {
        self.state == State::Open
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

    /// The operation whose outcome is not known; the first of them, of which only a payment by tender can have more.
    #[must_use]
    pub fn pending_operation(&self) -> Option<&Operation> {
        self.pending_operations().next()
    }

    /// Every operation whose outcome is not known, oldest first.
    pub fn pending_operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations
            .iter()
            .filter(|operation| matches!(operation.status, OperationStatus::Sent | OperationStatus::Unknown))
    }

    /// Whether the outcome of something that was sent is still to come.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        matches!(self.state, State::InFlight { .. }) || self.pending_operation().is_some()
    }

    /// The try with this id.
    ///
    /// # Errors
    /// [`Refusal::UnknownAttempt`].
    pub fn attempt(&self, attempt_id: AttemptId) -> Result<&Attempt, Refusal> {
        self.attempts.iter().find(|attempt| attempt.id == attempt_id).ok_or(Refusal::UnknownAttempt)
    }

    /// The operation with this id.
    ///
    /// # Errors
    /// [`Refusal::UnknownOperation`].
    pub fn operation(&self, operation_id: OperationId) -> Result<&Operation, Refusal> {
        self.operations.iter().find(|operation| operation.id == operation_id).ok_or(Refusal::UnknownOperation)
    }

    /// The parts of an operation, as the merchant knows it; the operation itself, when it has none.
    pub fn parts(&self, operation_id: OperationId) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(move |operation| match &operation.part {
            Some(part) => part.of == operation_id,
            None => operation.id == operation_id,
        })
    }

    /// The try an operation is about.
    ///
    /// # Errors
    /// [`Refusal::UnknownAttempt`].
    pub fn attempt_of(&self, operation: &Operation) -> Result<AttemptId, Refusal> {
        match &operation.part {
            Some(part) => Ok(part.attempt_id),
            None => self.approved_attempt(),
        }
    }

    /// The try that was approved; there is one at most, unless it is a tender.
    ///
    /// # Errors
    /// [`Refusal::UnknownAttempt`].
    pub fn approved_attempt(&self) -> Result<AttemptId, Refusal> {
        let approved = self.attempts.iter().find(|attempt| attempt.status == AttemptStatus::Approved);
        approved.map(|attempt| attempt.id).ok_or(Refusal::UnknownAttempt)
    }

    pub(crate) fn is_in_flight(&self, attempt_id: AttemptId) -> bool {
        self.state == State::InFlight { attempt_id }
    }

    fn begin(&mut self, submission: &Submission, status: AttemptStatus) {
        let attempt_id = submission.attempt_id;
        self.tries = self.tries.saturating_add(1);
        let amount = submission.part.unwrap_or(self.terms.amount);
        // A check of a card is made to keep it; a kept one is kept already.
        let is_check = self.terms.amount.is_zero() && submission.token.is_none();
        let keeps_card = submission.save_card || is_check;
        let paid_by = PaidBy {
            method: submission.means.method(),
            flow: Some(submission.flow),
            by_token: submission.token.is_some(),
            ..PaidBy::default()
        };
        self.attempts.push(Attempt { keeps_card, paid_by, ..Attempt::new(attempt_id, status, amount) });
        self.state = State::InFlight { attempt_id };
    }

    fn reopen(&mut self, attempt_id: AttemptId) {
        if self.is_in_flight(attempt_id) {
            self.state = State::Open;
        }
    }

    fn mark(&mut self, attempt_id: AttemptId, status: AttemptStatus) {
        self.on_attempt(attempt_id, |attempt| attempt.status = status);
    }

    fn on_attempt(&mut self, attempt_id: AttemptId, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == attempt_id) {
            change(attempt);
        }
    }

    /// The try an operation was about; without one, the acquirer forgot the only reservation there is.
    pub(crate) fn attempt_operated(&self, operation_id: Option<OperationId>) -> Option<AttemptId> {
        match operation_id {
            Some(operation_id) => self.operation(operation_id).and_then(|operation| self.attempt_of(operation)).ok(),
            None => self.approved_attempt().ok(),
        }
    }

    fn give_back(&mut self, amount: Money) {
        self.voided = sum(self.voided, amount);
        let was_wanted = matches!(self.state, State::Authorized | State::Captured);
        if was_wanted && self.captured.is_zero() && self.held().is_zero() {
            self.state = State::Voided;
        }
    }

    fn end(&mut self, operation_id: Option<OperationId>, status: OperationStatus) {
        let ended = self.operations.iter_mut().find(|operation| Some(operation.id) == operation_id);
        if let Some(operation) = ended {
            operation.status = status;
        }
    }
}

/// A payment never authorizes, captures or gives back more than its terms, which fit.
pub(crate) fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(a)
}

pub(crate) fn difference(a: Money, b: Money) -> Money {
    a.checked_sub(b).unwrap_or(Money::zero(a.currency()))
}

#[cfg(test)]
mod tests;
