//! What may be asked of a payment, and what is learned of what was asked of others.

use uuid::Uuid;

use crate::attempt::{Outcome, Submission};
use crate::authentication::{Authentication, AuthenticationFailure, Challenge};
use crate::checkout::Customer;
use crate::decline::DeclineReason;
use crate::doubt::SaidByHand;
use crate::ids::{AttemptId, DifferenceId, OperationId};
use crate::money::Money;
use crate::operation::OperationKind;
use crate::reconciliation::{Paid, Remedy};
use crate::risk::RefusedTry;
use crate::tender::{Leg, Party};
use crate::time::Timestamp;

/// What may be asked of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The payer opened the page.
    View,
    /// The payer said who they are.
    GiveDetails(Box<Customer>),
    /// The invoice was mailed.
    NoteInvoice,
    /// The due time passed.
    PassDue,
    /// The merchant ends it, unless a try is under way.
    Cancel,
    /// The merchant ends it, also while a try is under way: one that was not sent to the acquirer never will be, and what
    /// the acquirer may still approve is given back. Only for payments that are captured later (card-payments-api 3.4).
    Abort,
    /// The merchant says it was paid outside the gateway, at this moment.
    MarkPaid(Timestamp),
    /// A card is submitted and goes to the acquirer.
    Submit(Submission),
    /// What pays is submitted, part by part.
    Tender(Vec<Leg>),
    /// What pays is submitted, and one part of it is not sent anywhere: none is.
    RefuseTender(Vec<Leg>, RefusedTry),
    /// The next leg of a tender begins, if one waits for that.
    NextLeg {
        /// When the acquirer's silence becomes doubt.
        deadline: Timestamp,
        /// What it is paid with is still known; otherwise the tender fails.
        begins: bool,
    },
    /// The issuer declined a leg until its bank has asked the payer: the same leg goes on by way of the bank.
    StepUp {
        /// The leg's try.
        attempt_id: AttemptId,
        /// The try that takes its place.
        again: Submission,
    },
    /// A tender, or the chance to begin one, is ended before it has paid.
    EndTender(Party),
    /// What is captured by itself is captured, if there is anything.
    CaptureByItself {
        /// Made for it.
        operation_id: OperationId,
        /// Made for its parts, one for each leg; the acquirer's references.
        parts: Vec<OperationId>,
        /// The agreed time has passed: everything is taken.
        due: bool,
    },
    /// A card is submitted whose bank wants to hear of it first.
    Authenticate(Submission),
    /// The bank wants to ask the payer.
    Ask {
        /// The try.
        attempt_id: AttemptId,
        /// The question.
        challenge: Challenge,
    },
    /// The bank has answered: the payment goes to the acquirer.
    Authorize {
        /// The try.
        attempt_id: AttemptId,
        /// What the bank said.
        authentication: Authentication,
        /// When the acquirer's silence becomes doubt.
        deadline: Timestamp,
    },
    /// The bank said no, or nobody waits for its answer any more.
    GiveUp {
        /// The try.
        attempt_id: AttemptId,
        /// Why.
        failure: AuthenticationFailure,
    },
    /// A card was submitted that is not sent anywhere.
    Refuse(RefusedTry),
    /// Tries are limited where this is asked, after whatever else was asked (security R1).
    LimitTries,
    /// Somebody learned what became of a try.
    Settle {
        /// The try.
        attempt_id: AttemptId,
        /// What became of it.
        outcome: Outcome,
    },
    /// The acquirer does not know the try; it is undone so that it cannot arrive late.
    Reverse {
        /// The try.
        attempt_id: AttemptId,
    },
    /// The payer gives up on the acquirer's page, or took too long there: the try is undone.
    Leave {
        /// The try.
        attempt_id: AttemptId,
        /// Which of the two.
        reason: DeclineReason,
    },
    /// A capture, void or refund.
    Operate(Order),
    /// Somebody learned what became of an operation.
    SettleOperation {
        /// Which.
        operation_id: OperationId,
        /// What became of it.
        outcome: OperationOutcome,
    },
    /// An operator learned what became of something in doubt.
    SettleByHand(SaidByHand),
    /// The acquirer forgot the reservation.
    Lapse,
    /// The kept card is forgotten.
    ForgetCard,
    /// The acquirer reports what happened to taken money.
    Report(Report),
    /// A line of the acquirer's settlement file says what we say.
    Match(Paid),
    /// A difference about a movement is settled. How much of it was told ahead, the payment knows.
    Adjust {
        /// The difference.
        difference_id: DifferenceId,
        /// The movement.
        reference: Uuid,
        /// What the bank got for it: minor units, negative when the acquirer kept it.
        paid: i64,
        /// Where the gap goes.
        remedy: Remedy,
    },
}

/// A capture, void or refund that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Made for it; the acquirer's reference.
    pub operation_id: OperationId,
    /// What to do.
    pub kind: OperationKind,
    /// How much; `None` is all that is left. A void gives everything back.
    pub amount: Option<Money>,
    /// What a capture leaves of the reservation stays reserved; otherwise it is given back with it.
    pub keeps_rest: bool,
    /// A running number of the dialect's, when it makes one.
    pub number: Option<u64>,
    /// The merchant's words for it; may be empty.
    pub note: String,
    /// Of a tender: the legs it draws on first, in this order; those not named follow in the usual order.
    pub legs: Vec<AttemptId>,
    /// Of a tender: made for its parts, one for each leg; the acquirer's references.
    pub parts: Vec<OperationId>,
    /// Of a tender: the dialect's own; may be empty.
    pub document: String,
}

impl Order {
    /// All of it, in no words and without a number.
    #[must_use]
    pub const fn new(operation_id: OperationId, kind: OperationKind) -> Self {
        Self {
            operation_id,
            kind,
            amount: None,
            keeps_rest: false,
            number: None,
            note: String::new(),
            legs: Vec::new(),
            parts: Vec::new(),
            document: String::new(),
        }
    }
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationOutcome {
    /// Done.
    Done,
    /// The acquirer refused it.
    Refused(DeclineReason),
    /// The acquirer has it and is still thinking.
    Pending,
    /// No answer, or one nobody can read.
    Unknown,
}

/// What an acquirer reports of taken money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It is being cleared.
    Cleared,
    /// All of it was paid to us.
    Settled,
    /// So much of it was paid to us.
    SettledPart(Money),
    /// The payer's bank took it back.
    ChargedBack,
    /// The bank gave it again.
    ChargebackReversed,
}

impl Command {
    /// For logs and refusals.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::View => "view",
            Self::GiveDetails(_) => "give details",
            Self::NoteInvoice => "note invoice",
            Self::PassDue => "pass due",
            Self::Cancel => "cancel",
            Self::Abort => "abort",
            Self::MarkPaid(_) => "mark paid",
            Self::Submit(_) => "submit",
            Self::Tender(_) => "submit a tender",
            Self::RefuseTender(..) => "refuse a tender",
            Self::StepUp { .. } => "go on by way of the bank",
            Self::NextLeg { .. } => "begin the next leg",
            Self::EndTender(_) => "end the tender",
            Self::CaptureByItself { .. } => "capture by itself",
            Self::Authenticate(_) => "authenticate",
            Self::Ask { .. } => "ask",
            Self::Authorize { .. } => "authorize",
            Self::GiveUp { .. } => "give up",
            Self::Refuse(_) => "refuse",
            Self::LimitTries => "limit tries",
            Self::Settle { .. } => "settle",
            Self::Reverse { .. } => "reverse",
            Self::Leave { .. } => "leave",
            Self::Operate(order) => order.kind.name(),
            Self::SettleOperation { .. } => "settle operation",
            Self::SettleByHand(_) => "settle by hand",
            Self::Lapse => "lapse",
            Self::ForgetCard => "forget card",
            Self::Report(_) => "report",
            Self::Match(_) => "match",
            Self::Adjust { .. } => "adjust",
        }
    }
}
