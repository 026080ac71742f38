//! L8: the acquirer's book and the ledger, 1:1 by reference, with one amount and one currency. What the acquirer
//! approved and nobody wants is reversed. U1: it knows nothing that was not written down here before.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::story::{Meaning, Story};
use crate::{AcquirerKind, AcquirerLine, AcquirerOutcome, Evidence, Stories, Verdict};

/// A line that the ledger wants to find in the acquirer's book.
struct Wanted<'s> {
    /// Either will do: what nobody wants any more is reversed, or lapses.
    kinds: &'static [AcquirerKind],
    reference: Uuid,
    minor: i64,
    currency: &'s str,
}

pub(crate) fn check(stories: &Stories<'_>, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut owners: BTreeMap<String, &Story<'_>> = BTreeMap::new();
    for story in stories.values() {
        for reference in story.tries.keys().chain(story.operations.keys()) {
            owners.insert(reference.to_string(), story);
        }
    }
    let mut lines: BTreeMap<&str, Vec<&AcquirerLine>> = BTreeMap::new();
    for line in evidence.acquirer {
        if !owners.contains_key(&line.reference) {
            verdict.broke(format!(
                "L8: the acquirer has a {} for {}, which nobody here sent",
                name(line.kind),
                line.reference
            ));
        }
        if line.outcome == AcquirerOutcome::Approved {
            lines.entry(&line.reference).or_default().push(line);
        }
    }
    for story in stories.values() {
        for wanted in story.steps.iter().filter_map(|step| wanted(story, &step.meaning)) {
            let reference = wanted.reference.to_string();
            let found = lines.get_mut(reference.as_str()).and_then(|lines| {
                let at = lines.iter().position(|line| {
                    wanted.kinds.contains(&line.kind)
                        && (line.amount, line.currency.as_str()) == (wanted.minor, wanted.currency)
                })?;
                Some(lines.remove(at))
            });
            if found.is_none() {
                let Wanted { kinds, minor, currency, .. } = wanted;
                let kinds: Vec<_> = kinds.iter().copied().map(name).collect();
                verdict.broke(format!(
                    "L8: the ledger has a {} of {minor} {currency} for {reference} (payment {}) and the acquirer has not",
                    kinds.join(" or "),
                    story.payment.id
                ));
            }
        }
    }
    for (reference, left) in lines {
        let Some(story) = owners.get(reference) else { continue };
        let is_open = Uuid::parse_str(reference).is_ok_and(|reference| story.is_open(reference));
        // What is under way may be further there than here, and a hold lapses there first.
        let may_differ = is_open || (!evidence.drained && left.iter().all(|line| line.kind == AcquirerKind::Void));
        if !left.is_empty() && !may_differ && !is_undone(&left) {
            let lines: Vec<_> =
                left.iter().map(|line| format!("{} {} {}", name(line.kind), line.amount, line.currency)).collect();
            verdict.broke(format!(
                "L8: the acquirer has {} for {reference} (payment {}) and the ledger has not",
                lines.join(", "),
                story.payment.id
            ));
        }
    }
}

/// Whether these are an approval that nobody wanted, and the reversal of all of it.
fn is_undone(lines: &[&AcquirerLine]) -> bool {
    let sum = |kind| lines.iter().filter(|line| line.kind == kind).map(|line| i128::from(line.amount)).sum::<i128>();
    let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
    let is_one = count(AcquirerKind::Authorize) == 1 && count(AcquirerKind::Capture) <= 1;
    is_one
        && count(AcquirerKind::Refund) == 0
        && sum(AcquirerKind::Authorize) == sum(AcquirerKind::Reversal) + sum(AcquirerKind::Void)
        && lines.iter().all(|line| line.currency == lines[0].currency)
}

/// The line in which the acquirer has what an event of the ledger says it did.
fn wanted<'s>(story: &'s Story<'_>, meaning: &'s Meaning) -> Option<Wanted<'s>> {
    const AUTHORIZE: &[AcquirerKind] = &[AcquirerKind::Authorize];
    const CAPTURE: &[AcquirerKind] = &[AcquirerKind::Capture];
    const VOID: &[AcquirerKind] = &[AcquirerKind::Void];
    const REFUND: &[AcquirerKind] = &[AcquirerKind::Refund];
    const UNDO: &[AcquirerKind] = &[AcquirerKind::Reversal, AcquirerKind::Void];
    let (kinds, reference, amount) = match meaning {
        Meaning::Authorized { attempt, amount } => (AUTHORIZE, *attempt, amount),
        Meaning::Captured { attempt, operation, amount, .. } => (CAPTURE, operation.unwrap_or(*attempt), amount),
        Meaning::Voided { operation: Some(operation), amount } => (VOID, *operation, amount),
        // The hold lapsed: the acquirer has it under the try that was approved.
        Meaning::Voided { operation: None, amount } => (VOID, story.approved()?, amount),
        Meaning::Released { attempt, amount } => (UNDO, *attempt, amount),
        Meaning::Refunded { operation, amount } => (REFUND, *operation, amount),
        Meaning::Opened { .. }
        | Meaning::TenderBegun { .. }
        | Meaning::TryBegun { .. }
        | Meaning::TryRefused { .. }
        | Meaning::Declined { .. }
        | Meaning::ReversalSent { .. }
        | Meaning::Reversed { .. }
        | Meaning::OperationBegun { .. }
        | Meaning::OperationFailed { .. }
        | Meaning::MarkedPaid { .. }
        | Meaning::Settled { .. }
        | Meaning::ChargedBack { .. }
        | Meaning::ChargebackReversed { .. }
        | Meaning::Cancelled
        | Meaning::Other => return None,
    };
    Some(Wanted { kinds, reference, minor: amount.minor, currency: &amount.currency })
}

const fn name(kind: AcquirerKind) -> &'static str {
    match kind {
        AcquirerKind::Authorize => "authorize",
        AcquirerKind::Capture => "capture",
        AcquirerKind::Void => "void",
        AcquirerKind::Refund => "refund",
        AcquirerKind::Reversal => "reversal",
    }
}
