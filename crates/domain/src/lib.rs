//! What a payment may do: no I/O, no clock, no randomness, nobody's JSON.
//!
//! Words used everywhere: a *checkout* is what a payer is asked to pay and how; a *payment* is its money side; an
//! *attempt* is one try at one acquirer. [`Payment::decide`] is the only place that says no, [`Payment::apply`]
//! cannot fail, and [`ledger::postings`] says what an event means in debits and credits.

mod ids;
mod money;
mod time;

mod card;
mod gift_card;
mod text;

mod answer;
mod attempt;
mod checkout;
mod command;
mod doubt;
mod event;
mod local;
mod look;
mod operation;
mod origin;
mod payment;
mod reconciliation;
mod tender;

mod authentication;
mod decline;

pub mod risk;

pub mod ledger;
mod notice;
mod transaction;

pub use attempt::{Attempt, AttemptStatus, CardFacts, Flow, Outcome, PaidBy, Submission};
pub use authentication::{
    Authentication, AuthenticationFailure, AuthenticationIds, Challenge, ChallengeWindow, TransStatus,
};
pub use card::{Bin, Brand, CardSummary, Cvc, Expiry, ExpiryError, Pan, PanError, mask};
pub use checkout::{Address, Callback, Checkout, Customer, Dialect, Line, Redirects, Stated};
pub use command::{Command, OperationOutcome, Order, Report};
pub use decline::{BlockedBy, CardField, DeclineReason, FieldFault};
pub use doubt::{DOUBT_MAX, Doubt, InDoubt, SaidByHand, Verdict, doubts};
pub use event::Event;
pub use gift_card::GiftCardNumber;
pub use ids::{
    AttemptId, BrandId, CardId, CheckoutId, CustomerId, DeliveryId, DifferenceId, IdError, KeyId, MerchantId,
    OperationId, PaymentId, PublicId, StatementId, WebhookId,
};
pub use local::{Bank, LocalMeans, LocalMethod};
pub use look::{Colour, Logo, LogoId, Look, Palette, TooAlike};
pub use money::{Currency, Exchange, Fees, Money, Reserve};
pub use notice::{Notice, notices};
pub use operation::{Operation, OperationKind, OperationStatus, Part};
pub use origin::Origin;
pub use payment::{CaptureMode, Due, Payment, Recorded, Refusal, State, Terms};
pub use reconciliation::{
    Adjusted, Difference, DifferenceEvent, DifferenceKind, DifferenceState, Ending, Found, GRACE, HOUSE, Judgement,
    LineKind, LineOf, Matched, Movement, MovementStatus, Paid, Remedy, Whose,
};
pub use risk::RefusedTry;
pub use tender::{LEGS_MAX, Leg, Means, Offer, OfferKind, Party, RedirectMethod, TenderTerms};
pub use text::mask_numbers;
pub use time::{Mode, Timestamp};
pub use transaction::{Transaction, TransactionKind};
