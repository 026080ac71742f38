//! What the journal says happened to each payment, as far as money, tries and endings go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use crate::books::{Books, CheckoutRow, JournalRow, PaymentRow};
use crate::{Stories, Verdict};

/// Money of one event: minor units and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) minor: i64,
    pub(crate) currency: String,
}

/// What an event of the journal means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Opened {
        checkout: Uuid,
        amount: Amount,
        is_automatic: bool,
        /// It may be held for a time only, which the gateway ends.
        is_held_for_a_time: bool,
    },
    TenderBegun {
        legs: Vec<Uuid>,
    },
    TryBegun {
        attempt: Uuid,
        part: Option<Amount>,
        /// The number of the card, masked.
        card: Option<String>,
    },
    TryRefused {
        attempt: Uuid,
    },
    Authorized {
        attempt: Uuid,
        amount: Amount,
    },
    Declined {
        attempt: Uuid,
    },
    ReversalSent {
        attempt: Uuid,
    },
    Reversed {
        attempt: Uuid,
    },
    Released {
        attempt: Uuid,
        amount: Amount,
    },
    OperationBegun {
        operation: Uuid,
        kind: OperationKind,
        leg: Option<Uuid>,
        amount: Amount,
    },
    OperationFailed {
        operation: Uuid,
    },
    Captured {
        attempt: Uuid,
        operation: Option<Uuid>,
        amount: Amount,
        fee: Amount,
    },
    Voided {
        operation: Option<Uuid>,
        amount: Amount,
    },
    Refunded {
        operation: Uuid,
        amount: Amount,
    },
    MarkedPaid {
        amount: Amount,
    },
    Settled {
        amount: Amount,
    },
    ChargedBack {
        amount: Amount,
    },
    ChargebackReversed {
        amount: Amount,
    },
    Cancelled,
    /// Moves no money and ends nothing.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Capture,
    Void,
    Refund,
}

/// An event in its place.
pub(crate) struct Step<'b> {
    pub(crate) row: &'b JournalRow,
    pub(crate) meaning: Meaning,
}

/// How far a try or an operation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It was sent, or is about to be, and nobody knows what became of it.
    Open,
    /// It is being undone.
    Reversing,
    /// It was approved, or done.
    Done,
    /// It came to nothing, or was undone.
    Ended,
}

/// What is told of a payment by its own journal.
pub(crate) struct Story<'b> {
    pub(crate) payment: &'b PaymentRow,
    pub(crate) checkout: Option<&'b CheckoutRow>,
    pub(crate) steps: Vec<Step<'b>>,
    /// The tries that went, or may have gone, to the acquirer.
    pub(crate) tries: BTreeMap<Uuid, Progress>,
    pub(crate) operations: BTreeMap<Uuid, Progress>,
    /// The tries of its tender; none for a payment by one card.
    pub(crate) legs: BTreeSet<Uuid>,
}

impl Story<'_> {
    /// Tries and operations whose outcome, or whose undoing, is not known.
    pub(crate) fn open(&self) -> impl Iterator<Item = Uuid> {
        let all = self.tries.iter().chain(&self.operations);
        all.filter(|(_, progress)| match progress {
            Progress::Open | Progress::Reversing => true,
            Progress::Done | Progress::Ended => false,
        })
        .map(|(id, _)| *id)
    }

    pub(crate) fn is_open(&self, reference: Uuid) -> bool {
        self.open().any(|open| open == reference)
    }

    /// The first try that was approved; of a payment by one card the only one.
    pub(crate) fn approved(&self) -> Option<Uuid> {
        self.steps.iter().find_map(|step| match step.meaning {
            Meaning::Authorized { attempt, .. } => Some(attempt),
            _ => None,
        })
    }

    /// How much had moved by the end of each step, and of which version that was.
    pub(crate) fn running(&self) -> impl Iterator<Item = (i64, Totals)> {
        let mut totals = Totals::default();
        self.steps.iter().map(move |step| {
            totals.add(&step.meaning);
            (step.row.version, totals)
        })
    }

    pub(crate) fn totals(&self) -> Totals {
        self.running().last().map(|(_, totals)| totals).unwrap_or_default()
    }
}

/// Minor units that moved in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) authorized: i128,
    pub(crate) captured: i128,
    pub(crate) released: i128,
    pub(crate) refunded: i128,
    /// Taken back by banks, less what they gave again.
    pub(crate) disputed: i128,
    /// Paid out to us.
    pub(crate) settled: i128,
    /// Paid outside the gateway, by the merchant's word.
    pub(crate) elsewhere: i128,
}

impl Totals {
    pub(crate) const fn held(self) -> i128 {
        self.authorized - self.captured - self.released
    }

    fn add(&mut self, meaning: &Meaning) {
        match meaning {
            Meaning::Authorized { amount, .. } => self.authorized += i128::from(amount.minor),
            Meaning::Captured { amount, .. } => self.captured += i128::from(amount.minor),
            Meaning::Voided { amount, .. } | Meaning::Released { amount, .. } => {
                self.released += i128::from(amount.minor);
            }
            Meaning::Refunded { amount, .. } => self.refunded += i128::from(amount.minor),
            Meaning::ChargedBack { amount } => self.disputed += i128::from(amount.minor),
            Meaning::ChargebackReversed { amount } => self.disputed -= i128::from(amount.minor),
            Meaning::Settled { amount } => self.settled += i128::from(amount.minor),
            Meaning::MarkedPaid { amount } => self.elsewhere += i128::from(amount.minor),
            Meaning::Opened { .. }
            | Meaning::TenderBegun { .. }
            | Meaning::TryBegun { .. }
            | Meaning::TryRefused { .. }
            | Meaning::Declined { .. }
            | Meaning::ReversalSent { .. }
            | Meaning::Reversed { .. }
            | Meaning::OperationBegun { .. }
            | Meaning::OperationFailed { .. }
            | Meaning::Cancelled
            | Meaning::Other => {}
        }
    }
}

/// Tells the stories of all payments. A row that cannot be read, or that belongs to no payment, is told of.
pub(crate) fn stories<'b>(books: &'b Books, verdict: &mut Verdict) -> Stories<'b> {
    let mut stories: Stories<'b> = books
        .payments
        .values()
        .map(|payment| {
            let checkout = books.checkouts.get(&payment.checkout);
            let empty = Story {
                payment,
                checkout,
                steps: vec![],
                tries: BTreeMap::new(),
                operations: BTreeMap::new(),
                legs: BTreeSet::new(),
            };
            (payment.id, empty)
        })
        .collect();
    for row in &books.journal {
        let Some(story) = stories.get_mut(&row.payment) else {
            verdict.broke(format!(
                "L6: journal row {} belongs to payment {}, which is not there",
                row.position, row.payment
            ));
            continue;
        };
        match meaning(&row.event) {
            Some(meaning) => story.steps.push(Step { row, meaning }),
            None => {
                verdict.broke(format!("L2: journal row {} of payment {} cannot be read", row.position, row.payment));
            }
        }
    }
    for story in stories.values_mut() {
        story.steps.sort_by_key(|step| step.row.version);
        follow(story);
    }
    stories
}

fn follow(story: &mut Story<'_>) {
    let Story { steps, tries, operations, legs, .. } = story;
    for step in steps {
        match &step.meaning {
            Meaning::TenderBegun { legs: begun } => legs.extend(begun),
            Meaning::TryBegun { attempt, .. } => {
                tries.insert(*attempt, Progress::Open);
            }
            Meaning::TryRefused { attempt } | Meaning::Declined { attempt } | Meaning::Reversed { attempt } => {
                tries.insert(*attempt, Progress::Ended);
            }
            Meaning::ReversalSent { attempt } => {
                tries.insert(*attempt, Progress::Reversing);
            }
            // Only a leg that was being undone ends with it; one whose hold lapsed stays approved.
            Meaning::Released { attempt, .. } => {
                if tries.get(attempt) == Some(&Progress::Reversing) {
                    tries.insert(*attempt, Progress::Ended);
                }
            }
            Meaning::Authorized { attempt, .. } => {
                tries.insert(*attempt, Progress::Done);
            }
            Meaning::OperationBegun { operation, .. } => {
                operations.insert(*operation, Progress::Open);
            }
            Meaning::OperationFailed { operation } => {
                operations.insert(*operation, Progress::Ended);
            }
            Meaning::Captured { operation, .. } | Meaning::Voided { operation, .. } => {
                operations.extend(operation.map(|operation| (operation, Progress::Done)));
            }
            Meaning::Refunded { operation, .. } => {
                operations.insert(*operation, Progress::Done);
            }
            Meaning::Opened { .. }
            | Meaning::MarkedPaid { .. }
            | Meaning::Settled { .. }
            | Meaning::ChargedBack { .. }
            | Meaning::ChargebackReversed { .. }
            | Meaning::Cancelled
            | Meaning::Other => {}
        }
    }
}

/// Reads an event: a name, or an object with one member of that name. `None` is one that nobody wrote.
pub(crate) fn meaning(text: &str) -> Option<Meaning> {
    let event: Value = serde_json::from_str(text).ok()?;
    let (name, body) = match &event {
        Value::String(name) => (name.as_str(), &Value::Null),
        Value::Object(members) if members.len() == 1 => {
            members.iter().next().map(|(name, body)| (name.as_str(), body))?
        }
        _ => return None,
    };
    let attempt = || uuid(&body["attempt"]);
    let operation = || uuid(&body["operation"]);
    let amount = || amount(&body["amount"]);
    Some(match name {
        "opened" => Meaning::Opened {
            checkout: uuid(&body["checkout"])?,
            amount: amount()?,
            is_automatic: body["capture"].as_str().is_none_or(|mode| mode == "automatic"),
            is_held_for_a_time: body["hold_max"].is_u64(),
        },
        "tender_begun" => {
            let legs = body.as_array()?.iter().map(|leg| uuid(&leg["submission"]["attempt"]));
            Meaning::TenderBegun { legs: legs.collect::<Option<_>>()? }
        }
        "attempt_sent" | "authentication_started" => {
            let card = body["card"]["masked"].as_str().map(str::to_owned);
            Meaning::TryBegun { attempt: attempt()?, part: self::amount(&body["part"]), card }
        }
        "attempt_refused" => Meaning::TryRefused { attempt: attempt()? },
        "authorized" => Meaning::Authorized { attempt: attempt()?, amount: amount()? },
        "declined" => Meaning::Declined { attempt: attempt()? },
        "reversal_sent" => Meaning::ReversalSent { attempt: attempt()? },
        "reversed" => Meaning::Reversed { attempt: attempt()? },
        "released" => Meaning::Released { attempt: attempt()?, amount: amount()? },
        "operation_sent" => Meaning::OperationBegun {
            operation: operation()?,
            kind: match body["kind"].as_str()? {
                "capture" => OperationKind::Capture,
                "void" => OperationKind::Void,
                "refund" => OperationKind::Refund,
                _ => return None,
            },
            leg: uuid(&body["part"]["attempt"]),
            amount: amount()?,
        },
        "operation_failed" => Meaning::OperationFailed { operation: operation()? },
        "captured" => Meaning::Captured {
            attempt: attempt()?,
            operation: operation(),
            amount: amount()?,
            fee: self::amount(&body["fee"])?,
        },
        "voided" => Meaning::Voided { operation: operation(), amount: amount()? },
        "refunded" => Meaning::Refunded { operation: operation()?, amount: amount()? },
        "marked_paid" => Meaning::MarkedPaid { amount: amount()? },
        "settled" => Meaning::Settled { amount: amount()? },
        "charged_back" => Meaning::ChargedBack { amount: amount()? },
        "chargeback_reversed" => Meaning::ChargebackReversed { amount: amount()? },
        "cancelled" | "tender_ended" => Meaning::Cancelled,
        "viewed" | "details_given" | "invoice_sent" | "overdue" | "expired" | "challenged" | "authenticated"
        | "not_authenticated" | "tries_used_up" | "redirected" | "left" | "attempt_unknown" | "operation_unknown"
        | "settled_by_hand" | "matched" | "adjusted" | "card_forgetting" | "card_forgotten" | "cleared" => {
            Meaning::Other
        }
        _ => return None,
    })
}

fn uuid(value: &Value) -> Option<Uuid> {
    Uuid::parse_str(value.as_str()?).ok()
}

/// `954 MYR`
fn amount(value: &Value) -> Option<Amount> {
    let (minor, currency) = value.as_str()?.split_once(' ')?;
    Some(Amount { minor: minor.parse().ok()?, currency: currency.to_owned() })
}
