//! A payment: what may be asked of it ([`Payment::decide`]) and what happened to it ([`Payment::apply`]).
//!
//! Who acts: pages, APIs, acquirer answers and workers, all through `decide`; the order of their arrival is settled by
//! the version the store guards. Correctness does not depend on timers firing in time: a late timer finds the same
//! state and decides the same.

use std::net::IpAddr;
use std::time::Duration;

use crate::authentication::ChallengeWindow;
use crate::card::CardSummary;
use crate::command::{Command, OperationOutcome, Order, Report};
use crate::decline::DeclineReason;
use crate::event::Event;
use crate::ids::{AttemptId, CardId, CheckoutId, MerchantId, OperationId, PaymentId};
use crate::money::{Fees, Money};
use crate::risk::limits;
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

/// One try at one acquirer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The reference the acquirer knows it by.
    pub id: AttemptId,
    /// How far it got.
    pub status: AttemptStatus,
    /// Whether its card is kept when it is approved.
    pub keeps_card: bool,
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
    /// The acquirer reserved or took the money.
    Approved,
    /// The issuer or acquirer said no, or we did before asking.
    Declined,
    /// We asked the acquirer to undo it and have no answer yet.
    Reversing,
    /// The acquirer undid it.
    Reversed,
}

/// A capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The reference the acquirer knows it by, the same on every repeat.
    pub id: OperationId,
    /// What is done.
    pub kind: OperationKind,
    /// How much, in the payment's currency.
    pub amount: Money,
    /// What a capture leaves of the reservation stays reserved.
    pub keeps_rest: bool,
    /// A running number of the dialect's, when it makes one.
    pub number: Option<u64>,
    /// The merchant's words for it; may be empty.
    pub note: String,
    /// How far it got.
    pub status: OperationStatus,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Takes reserved money; what is left of the reservation is given back with it, or kept.
    Capture,
    /// Gives back what is left of the reservation.
    Void,
    /// Gives taken money back.
    Refund,
}

impl OperationKind {
    /// As stored and shown to operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// How far an operation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationStatus {
    /// Durable before the first byte left; no final answer yet.
    Sent,
    /// Done.
    Done,
    /// The acquirer refused it.
    Failed,
}

/// A try, as it is written down before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Made for this try; the acquirer's reference.
    pub attempt_id: AttemptId,
    /// Which acquirer takes it.
    pub acquirer: String,
    /// The card as it may be shown.
    pub card: CardSummary,
    /// Where the number lies sealed.
    pub card_id: CardId,
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
    /// No answer, or one nobody can read.
    Unknown,
    /// The acquirer undid it, or never had it.
    ReversalAcknowledged,
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
    /// What the last settlement paid to us.
    pub settled: Money,
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
            attempts: Vec::new(),
            operations: Vec::new(),
            kept_card: None,
            authorized: nothing,
            captured: nothing,
            voided: nothing,
            refunded: nothing,
            settled: nothing,
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
            Command::Operate(order) => self.operate(command, order),
            Command::Lapse => Ok(match self.pending_operation() {
                None if !self.held().is_zero() => vec![Event::Voided { operation_id: None, amount: self.held() }],
                _ => vec![],
            }),
            Command::Abort => self.abort(command),
            Command::ForgetCard => match self.kept_card {
                Some(_) => Ok(vec![Event::CardForgetting, Event::CardForgotten]),
                None => Err(Refusal::NoCard),
            },
            Command::Report(report) => self.report(command, *report),
            Command::NoteInvoice
            | Command::GiveDetails(_)
            | Command::Cancel
            | Command::MarkPaid(_)
            | Command::Submit(_)
            | Command::Authenticate(_)
            | Command::Refuse(_) => self.while_payable(command),
        }
    }

    /// What may be asked as long as nothing was paid and nobody is paying.
    fn while_payable(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let paying = matches!(
            command,
            Command::Submit(_) | Command::Authenticate(_) | Command::Refuse(_) | Command::GiveDetails(_)
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
            AttemptStatus::Sent | AttemptStatus::Unknown => vec![Event::ReversalSent { attempt_id }],
            AttemptStatus::Authenticating
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

    /// What an answer means, by how far its try got. A repeated answer changes nothing.
    fn settle(&self, attempt_id: AttemptId, outcome: &Outcome) -> Result<Vec<Event>, Refusal> {
        let status = self.attempt(attempt_id)?.status;
        Ok(match (status, outcome) {
            (AttemptStatus::Sent | AttemptStatus::Unknown, Outcome::Approved { amount, acquirer_reference, facts }) => {
                if *amount == self.terms.amount {
                    self.approved(attempt_id, acquirer_reference, facts)
                } else {
                    // A part is not what was asked for: it is given back (security U7).
                    vec![Event::ReversalSent { attempt_id }]
                }
            }
            (
                AttemptStatus::Sent | AttemptStatus::Unknown | AttemptStatus::Authenticating,
                Outcome::Declined { reason, facts },
            ) => self.failed(Event::Declined { attempt_id, reason: *reason, facts: facts.clone() }),
            (AttemptStatus::Sent, Outcome::Unknown) => vec![Event::AttemptUnknown { attempt_id }],
            // We were told no, and later yes: nobody waits for this money any more.
            (AttemptStatus::Declined, Outcome::Approved { .. }) => vec![Event::ReversalSent { attempt_id }],
            (AttemptStatus::Reversing, Outcome::ReversalAcknowledged) if self.is_in_flight(attempt_id) => {
                self.failed(Event::Reversed { attempt_id })
            }
            (AttemptStatus::Reversing, Outcome::ReversalAcknowledged) => vec![Event::Reversed { attempt_id }],
            (AttemptStatus::Unknown, Outcome::Unknown)
            | (AttemptStatus::Sent | AttemptStatus::Unknown, Outcome::Pending | Outcome::ReversalAcknowledged)
            | (
                AttemptStatus::Authenticating,
                Outcome::Approved { .. } | Outcome::Pending | Outcome::Unknown | Outcome::ReversalAcknowledged,
            )
            | (
                AttemptStatus::Declined,
                Outcome::Declined { .. } | Outcome::Pending | Outcome::Unknown | Outcome::ReversalAcknowledged,
            )
            | (
                AttemptStatus::Reversing,
                Outcome::Approved { .. } | Outcome::Declined { .. } | Outcome::Pending | Outcome::Unknown,
            )
            | (AttemptStatus::Approved | AttemptStatus::Reversed, _) => vec![],
        })
    }

    fn approved(&self, attempt_id: AttemptId, acquirer_reference: &str, facts: &CardFacts) -> Vec<Event> {
        let amount = self.terms.amount;
        let authorized = Event::Authorized {
            attempt_id,
            amount,
            acquirer_reference: acquirer_reference.to_owned(),
            facts: facts.clone(),
        };
        match self.terms.capture {
            CaptureMode::Automatic => {
                let fee = self.terms.fees.on(amount);
                vec![authorized, Event::Captured { attempt_id, operation_id: None, amount, fee }]
            }
            CaptureMode::Manual => vec![authorized],
        }
    }

    fn failed(&self, event: Event) -> Vec<Event> {
        let ends = self.terms.single_attempt && self.state != State::Cancelled;
        if ends { vec![event, Event::Cancelled] } else { vec![event] }
    }

    /// One operation at a time: what is asked for meanwhile would be decided on amounts nobody knows.
    fn operate(&self, command: &Command, order: &Order) -> Result<Vec<Event>, Refusal> {
        let Order { operation_id, kind, amount, keeps_rest, number, ref note } = *order;
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
        Ok(vec![Event::OperationSent(Operation { id: operation_id, kind, amount, keeps_rest, number, note, status })])
    }

    /// What became of an operation; a repeated answer changes nothing.
    fn settle_operation(&self, operation_id: OperationId, outcome: OperationOutcome) -> Result<Vec<Event>, Refusal> {
        let operation = self.operation(operation_id)?;
        let amount = operation.amount;
        let operation_id = Some(operation_id);
        Ok(match (operation.status, outcome) {
            (OperationStatus::Sent, OperationOutcome::Done) => match operation.kind {
                OperationKind::Capture => {
                    let attempt_id = self.approved_attempt()?;
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
            (OperationStatus::Sent, OperationOutcome::Refused(reason)) => {
                vec![Event::OperationFailed { operation_id: operation.id, reason }]
            }
            (OperationStatus::Sent, OperationOutcome::Unknown)
            | (OperationStatus::Done | OperationStatus::Failed, _) => vec![],
        })
    }

    fn report(&self, command: &Command, report: Report) -> Result<Vec<Event>, Refusal> {
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
            (State::Captured, Report::ChargedBack) => Ok(vec![Event::ChargedBack { amount }]),
            (State::ChargedBack, Report::ChargebackReversed) => Ok(vec![Event::ChargebackReversed { amount }]),
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

    const fn wrong_state(&self, command: &Command) -> Refusal {
        Refusal::WrongState { command: command.name(), state: self.state.name() }
    }

    /// Makes it so. Cannot fail: what it is given has already happened.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        match event {
            Event::Opened(_) | Event::DetailsGiven(_) | Event::InvoiceSent | Event::CardForgetting | Event::Cleared => {
            }
            Event::Viewed => self.viewed = true,
            Event::Overdue => self.overdue = true,
            Event::Expired => {
                self.overdue = true;
                self.state = State::Expired;
            }
            Event::Cancelled => self.state = State::Cancelled,
            Event::MarkedPaid { .. } => self.state = State::PaidElsewhere,
            Event::AttemptSent(submission) => self.begin(submission, AttemptStatus::Sent),
            Event::AuthenticationStarted(submission) => self.begin(submission, AttemptStatus::Authenticating),
            Event::Challenged { .. } | Event::NotAuthenticated { .. } => {}
            Event::Authenticated { attempt_id, .. } => self.mark(*attempt_id, AttemptStatus::Sent),
            Event::TriesUsedUp => self.tries_used_up = true,
            Event::AttemptRefused(refused) => {
                self.tries = self.tries.saturating_add(1);
                self.attempts.push(Attempt {
                    id: refused.attempt_id,
                    status: AttemptStatus::Declined,
                    keeps_card: false,
                });
            }
            Event::AttemptUnknown { attempt_id } => self.mark(*attempt_id, AttemptStatus::Unknown),
            Event::Authorized { attempt_id, amount, .. } => {
                self.mark(*attempt_id, AttemptStatus::Approved);
                self.authorized = sum(self.authorized, *amount);
                // It came too late to change anything: what it reserves goes back.
                if self.state == State::Cancelled {
                    return;
                }
                self.state = if amount.is_zero() { State::Verified } else { State::Authorized };
                if self.attempts.iter().any(|attempt| attempt.id == *attempt_id && attempt.keeps_card) {
                    self.kept_card = Some(*attempt_id);
                }
            }
            Event::Captured { operation_id, amount, .. } => {
                self.captured = sum(self.captured, *amount);
                self.state = State::Captured;
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
            Event::Voided { operation_id, amount } => {
                self.voided = sum(self.voided, *amount);
                if self.captured.is_zero() && self.state != State::Cancelled {
                    self.state = State::Voided;
                }
                self.end(*operation_id, OperationStatus::Done);
            }
            Event::Refunded { operation_id, amount } => {
                self.refunded = sum(self.refunded, *amount);
                self.end(Some(*operation_id), OperationStatus::Done);
            }
            Event::CardForgotten => self.kept_card = None,
            Event::Settled { amount } => self.settled = sum(self.settled, *amount),
            Event::ChargedBack { .. } => self.state = State::ChargedBack,
            Event::ChargebackReversed { .. } => self.state = State::Captured,
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
        self.authorized
            .checked_sub(self.captured)
            .and_then(|held| held.checked_sub(self.voided))
            .unwrap_or(self.nothing())
    }

    /// Taken and not given back.
    #[must_use]
    pub fn refundable(&self) -> Money {
        self.captured.checked_sub(self.refunded).unwrap_or(self.nothing())
    }

    /// The operation whose outcome is not known; there is one at most.
    #[must_use]
    pub fn pending_operation(&self) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.status == OperationStatus::Sent)
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

    /// The try that was approved; there is one at most.
    ///
    /// # Errors
    /// [`Refusal::UnknownAttempt`].
    pub fn approved_attempt(&self) -> Result<AttemptId, Refusal> {
        let approved = self.attempts.iter().find(|attempt| attempt.status == AttemptStatus::Approved);
        approved.map(|attempt| attempt.id).ok_or(Refusal::UnknownAttempt)
    }

    fn nothing(&self) -> Money {
        Money::zero(self.terms.amount.currency())
    }

    fn is_in_flight(&self, attempt_id: AttemptId) -> bool {
        self.state == State::InFlight { attempt_id }
    }

    fn begin(&mut self, submission: &Submission, status: AttemptStatus) {
        let attempt_id = submission.attempt_id;
        self.tries = self.tries.saturating_add(1);
        // A check of a card is made to keep it; a kept one is kept already.
        let is_check = self.terms.amount.is_zero() && submission.token.is_none();
        self.attempts.push(Attempt { id: attempt_id, status, keeps_card: submission.save_card || is_check });
        self.state = State::InFlight { attempt_id };
    }

    fn reopen(&mut self, attempt_id: AttemptId) {
        if self.is_in_flight(attempt_id) {
            self.state = State::Open;
        }
    }

    fn mark(&mut self, attempt_id: AttemptId, status: AttemptStatus) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == attempt_id) {
            attempt.status = status;
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
fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(a)
}

#[cfg(test)]
mod tests;
