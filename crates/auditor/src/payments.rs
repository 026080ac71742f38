//! L3, L4, L6, L7, L12 and L13: each payment in itself, with its checkout, and with what banks took back (U9).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, PaymentRow};
use crate::story::{Amount, Meaning, OperationKind, Progress, Step, Story, Totals};
use crate::{Evidence, Stories, Verdict};

pub(crate) fn check(books: &Books, stories: &Stories<'_>, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut of_checkout: BTreeMap<Uuid, Uuid> = BTreeMap::new();
    for (id, story) in stories {
        if let Some(other) = of_checkout.insert(story.payment.checkout, *id) {
            verdict.broke(format!("L7: checkout {} has two payments, {other} and {id}", story.payment.checkout));
        }
        whole(story, verdict);
        amounts(story, verdict);
        promises(story, verdict);
        returns(story, verdict);
        state(story, evidence.drained, verdict);
        one_success(story, verdict);
        queue(books, story, evidence.drained, verdict);
        if evidence.drained {
            disputes(story, evidence.disputed, verdict);
        }
    }
    for checkout in books.checkouts.values() {
        if !stories.contains_key(&checkout.payment) {
            verdict.broke(format!("L6: checkout {} is there and its payment {} is not", checkout.id, checkout.payment));
        }
    }
    for payment in books.timers.keys() {
        if !stories.contains_key(payment) {
            verdict.broke(format!("L6: there is a timer of payment {payment}, which is not there"));
        }
    }
}

/// L6: a payment is there with its checkout, its opening and all its versions, or not at all. L12: of one mode.
fn whole(story: &Story<'_>, verdict: &mut Verdict) {
    let PaymentRow { id, merchant, mode, checkout, version, currency, amount, .. } = story.payment;
    match story.checkout {
        None => verdict.broke(format!("L6: payment {id} is there and its checkout {checkout} is not")),
        Some(row) if (row.merchant, &row.mode) != (*merchant, mode) => {
            verdict.broke(format!("L12: payment {id} and its checkout {checkout} are of two merchants or modes"));
        }
        Some(row) if row.payment != *id => {
            verdict.broke(format!("L6: checkout {checkout} of payment {id} names payment {}", row.payment));
        }
        Some(_) => {}
    }
    let versions = story.steps.iter().map(|step| step.row.version);
    if !versions.eq(1..=*version) {
        verdict.broke(format!("L6: the journal of payment {id} does not have the versions 1 to {version}"));
    }
    let opened = Amount { minor: *amount, currency: currency.clone() };
    match story.steps.first().map(|step| &step.meaning) {
        Some(Meaning::Opened { checkout: of, amount, .. }) if of == checkout && *amount == opened => {}
        Some(_) | None => {
            verdict.broke(format!(
                "L6: the journal of payment {id} does not begin with its opening for {amount} {currency}"
            ));
        }
    }
    let other =
        story.steps.iter().filter_map(|step| amount_of(&step.meaning)).find(|found| found.currency != *currency);
    if let Some(found) = other {
        verdict.broke(format!("L12: payment {id} is in {currency} and something of it in {}", found.currency));
    }
}

fn amount_of(meaning: &Meaning) -> Option<&Amount> {
    match meaning {
        Meaning::Opened { amount, .. }
        | Meaning::Authorized { amount, .. }
        | Meaning::Released { amount, .. }
        | Meaning::OperationBegun { amount, .. }
        | Meaning::Captured { amount, .. }
        | Meaning::Voided { amount, .. }
        | Meaning::Refunded { amount, .. }
        | Meaning::MarkedPaid { amount }
        | Meaning::Settled { amount }
        | Meaning::ChargedBack { amount }
        | Meaning::ChargebackReversed { amount } => Some(amount),
        Meaning::TryBegun { part, .. } => part.as_ref(),
        Meaning::TenderBegun { .. }
        | Meaning::TryRefused { .. }
        | Meaning::Declined { .. }
        | Meaning::ReversalSent { .. }
        | Meaning::Reversed { .. }
        | Meaning::OperationFailed { .. }
        | Meaning::Cancelled
        | Meaning::Other => None,
    }
}

/// L3: at every moment captured + released <= authorized and refunded <= captured, and never more than was asked for.
fn amounts(story: &Story<'_>, verdict: &mut Verdict) {
    let id = story.payment.id;
    for (version, totals) in story.running() {
        let Totals { authorized, captured, released, refunded, .. } = totals;
        let taken_or_held = totals.held() + captured;
        if totals.held() < 0 || refunded > captured || taken_or_held > i128::from(story.payment.amount) {
            verdict.broke(format!(
                "L3: at version {version} payment {id} has captured {captured}, released {released} and refunded \
                 {refunded} of authorized {authorized} of {}",
                story.payment.amount
            ));
            return;
        }
    }
}

/// What may still be asked of a try: what was asked already is set aside, also while nobody knows what becomes of it.
#[derive(Default)]
struct Left {
    held: i128,
    taken: i128,
}

/// L3, before the acquirer says so: no operation begins that would take or give back more than the others leave.
fn promises(story: &Story<'_>, verdict: &mut Verdict) {
    let id = story.payment.id;
    let mut left: BTreeMap<Uuid, Left> = BTreeMap::new();
    let mut begun: BTreeMap<Uuid, (OperationKind, Uuid, i128)> = BTreeMap::new();
    let alone = story.approved();
    for step in &story.steps {
        match &step.meaning {
            Meaning::Authorized { attempt, amount } => {
                left.entry(*attempt).or_default().held += i128::from(amount.minor);
            }
            Meaning::Captured { attempt, operation, amount, .. } => {
                let of_try = left.entry(*attempt).or_default();
                of_try.taken += i128::from(amount.minor);
                if operation.is_none() {
                    of_try.held -= i128::from(amount.minor);
                }
            }
            Meaning::OperationBegun { operation, kind, leg, amount } => {
                let Some(attempt) = leg.or(alone) else { continue };
                let amount = i128::from(amount.minor);
                begun.insert(*operation, (*kind, attempt, amount));
                let of_try = left.entry(attempt).or_default();
                let rest = match kind {
                    OperationKind::Capture | OperationKind::Void => &mut of_try.held,
                    OperationKind::Refund => &mut of_try.taken,
                };
                *rest -= amount;
                if *rest < 0 {
                    verdict.broke(format!(
                        "L3: operation {operation} of payment {id} asks for {amount} of try {attempt}, and others leave {}",
                        *rest + amount
                    ));
                    return;
                }
            }
            Meaning::OperationFailed { operation } => {
                let Some((kind, attempt, amount)) = begun.get(operation) else { continue };
                let of_try = left.entry(*attempt).or_default();
                match kind {
                    OperationKind::Capture | OperationKind::Void => of_try.held += amount,
                    OperationKind::Refund => of_try.taken += amount,
                }
            }
            // What a release gives back was set aside when it began; what a final capture leaves was not.
            Meaning::Voided { operation, amount } => {
                let of = operation.and_then(|operation| begun.get(&operation));
                let attempt = of.map(|(_, attempt, _)| *attempt).or(alone);
                if let Some(attempt) = attempt
                    && of.is_none_or(|(kind, ..)| *kind == OperationKind::Capture)
                {
                    left.entry(attempt).or_default().held -= i128::from(amount.minor);
                }
            }
            Meaning::Released { attempt, amount } => {
                left.entry(*attempt).or_default().held -= i128::from(amount.minor);
            }
            Meaning::Opened { .. }
            | Meaning::TenderBegun { .. }
            | Meaning::TryBegun { .. }
            | Meaning::TryRefused { .. }
            | Meaning::Declined { .. }
            | Meaning::ReversalSent { .. }
            | Meaning::Reversed { .. }
            | Meaning::Refunded { .. }
            | Meaning::MarkedPaid { .. }
            | Meaning::Settled { .. }
            | Meaning::ChargedBack { .. }
            | Meaning::ChargebackReversed { .. }
            | Meaning::Cancelled
            | Meaning::Other => {}
        }
    }
}

/// L3 and L11: banks take back no more than was taken and not refunded, and no more is paid out than was taken.
fn returns(story: &Story<'_>, verdict: &mut Verdict) {
    let id = story.payment.id;
    for (version, totals) in story.running() {
        let Totals { captured, refunded, disputed, settled, .. } = totals;
        if disputed < 0 || refunded + disputed > captured {
            verdict.broke(format!(
                "L3: at version {version} {disputed} of payment {id} are disputed, of {captured} captured and {refunded} \
                 refunded"
            ));
            return;
        }
        if settled > captured {
            verdict.broke(format!(
                "L11: at version {version} {settled} of payment {id} are paid out, of {captured} captured"
            ));
            return;
        }
    }
}

/// U9: the bank of such a card takes back what was taken of it and not refunded; the books know.
fn disputes(story: &Story<'_>, disputed: &[&str], verdict: &mut Verdict) {
    let approved = story.approved();
    let is_disputed = story.steps.iter().any(|step| match &step.meaning {
        Meaning::TryBegun { attempt, card: Some(card), .. } => {
            Some(*attempt) == approved && disputed.contains(&card.as_str())
        }
        _ => false,
    });
    let is_known = story.steps.iter().any(|step| matches!(step.meaning, Meaning::ChargedBack { .. }));
    let totals = story.totals();
    // A report waits as long as something is under way; what was refunded meanwhile is taken back by nobody.
    if is_disputed && !is_known && totals.captured > totals.refunded && story.open().next().is_none() {
        verdict.broke(format!(
            "U9: the bank took back what payment {} captured, and nobody wrote it down",
            story.payment.id
        ));
    }
}

/// L4: the row of a payment says what its journal adds up to.
fn state(story: &Story<'_>, is_drained: bool, verdict: &mut Verdict) {
    let PaymentRow { id, state, authorized, captured, voided, refunded, .. } = story.payment;
    let totals = story.totals();
    let written = [authorized, captured, voided, refunded].map(|minor| i128::from(*minor));
    if written != [totals.authorized, totals.captured, totals.released, totals.refunded] {
        verdict.broke(format!("L4: the amounts of payment {id} are {written:?} and its journal adds up to {totals:?}"));
    }
    let Totals { disputed, elsewhere, .. } = totals;
    let (is_taken, is_held) = (totals.captured > 0, totals.held() > 0);
    // A tender under way may hold a part, and so may a cancelled payment until it is given back; whatever nobody answers
    // for is the operator's.
    let may_hold = !is_drained || !is_held || story.open().next().is_some();
    let fits = match state.as_str() {
        "captured" => is_taken && disputed == 0,
        // All of it may have been given back before: then nothing is left to dispute.
        "charged_back" => is_taken && (disputed > 0 || totals.refunded == totals.captured),
        "authorized" => !is_taken && is_held,
        "voided" => !is_taken && !is_held && totals.authorized > 0,
        "paid_elsewhere" => !is_taken && !is_held && elsewhere > 0,
        "verified" => !is_taken && !is_held && story.payment.amount == 0,
        "open" | "expired" | "cancelled" => !is_taken && may_hold,
        "in_flight" => !is_taken && (!is_drained || story.open().next().is_some()),
        _ => false,
    };
    if !fits || (elsewhere > 0 && state != "paid_elsewhere") || (disputed > 0 && state != "charged_back") {
        verdict.broke(format!(
            "L4: payment {id} is {state} with captured {}, held {}, disputed {disputed}, paid elsewhere {elsewhere}",
            totals.captured,
            totals.held()
        ));
    }
}

/// L7: one try pays, unless it is the legs of one tender; none is approved twice. U2: none begins while nobody knows what
/// became of another.
fn one_success(story: &Story<'_>, verdict: &mut Verdict) {
    let id = story.payment.id;
    let (mut approved, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for step in &story.steps {
        match &step.meaning {
            Meaning::TryBegun { attempt, .. } => {
                if let Some(other) = unknown.first() {
                    verdict.broke(format!(
                        "U2: try {attempt} of payment {id} began while nobody knew what became of try {other}"
                    ));
                }
                unknown.insert(*attempt);
            }
            Meaning::Authorized { attempt, .. } => {
                unknown.remove(attempt);
                if !approved.insert(*attempt) {
                    verdict.broke(format!("L7: try {attempt} of payment {id} was approved twice"));
                }
            }
            Meaning::Declined { attempt } | Meaning::ReversalSent { attempt } | Meaning::Reversed { attempt } => {
                unknown.remove(attempt);
            }
            Meaning::Opened { .. }
            | Meaning::TenderBegun { .. }
            | Meaning::TryRefused { .. }
            | Meaning::Released { .. }
            | Meaning::OperationBegun { .. }
            | Meaning::OperationFailed { .. }
            | Meaning::Captured { .. }
            | Meaning::Voided { .. }
            | Meaning::Refunded { .. }
            | Meaning::MarkedPaid { .. }
            | Meaning::Settled { .. }
            | Meaning::ChargedBack { .. }
            | Meaning::ChargebackReversed { .. }
            | Meaning::Cancelled
            | Meaning::Other => {}
        }
    }
    let alone = approved.iter().filter(|attempt| !story.legs.contains(attempt)).count();
    if alone > 1 || (alone == 1 && approved.len() > 1) {
        verdict.broke(format!("L7: payment {id} succeeded {} times, by the tries {approved:?}", approved.len()));
    }
}

/// L13: whatever is not known yet is in the queue of what is asked again; after a day in the operator's as well.
fn queue(books: &Books, story: &Story<'_>, is_drained: bool, verdict: &mut Verdict) {
    let id = story.payment.id;
    let timers = books.timers.get(&id).map(Vec::as_slice).unwrap_or_default();
    for open in story.open() {
        let name = open.to_string();
        if !timers.iter().any(|kind| kind.contains(&name)) {
            verdict.broke(format!("L13: {open} of payment {id} is open and nothing will ask after it"));
        }
        if is_drained && !books.manual.contains(&open) {
            verdict
                .broke(format!("L13: {open} of payment {id} has been open for more than a day and no operator knows"));
        }
    }
    let is_undone = |attempt: &Uuid| story.tries.get(attempt) != Some(&Progress::Done);
    let is_released = timers.iter().any(|kind| kind.starts_with("release")) || story.tries.keys().all(is_undone);
    if story.payment.state == "cancelled" && story.totals().held() > 0 && !is_released {
        verdict.broke(format!("L13: payment {id} is cancelled, holds money, and nothing will give it back"));
    }
    let is_held = matches!(story.payment.state.as_str(), "authorized" | "captured") && story.totals().held() > 0;
    let ends =
        matches!(story.steps.first(), Some(Step { meaning: Meaning::Opened { is_held_for_a_time: true, .. }, .. }));
    // An operation that is under way starts it again at its end.
    if is_held && ends && story.open().next().is_none() && !timers.iter().any(|kind| kind.starts_with("release")) {
        verdict.broke(format!("L13: payment {id} may hold money for a time only, and nothing will end that"));
    }
}
