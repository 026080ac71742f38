//! L5, L8 and L10: what clients were told is true, and what they see is what the books say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use crate::books::Books;
use crate::story::{Meaning, OperationKind, Progress, Story};
use crate::{AcquirerKind, Asked, Evidence, Fact, Seen, Stories, Told, Verdict};

pub(crate) fn check(books: &Books, stories: &Stories<'_>, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let story = |checkout: &str| books.payment_of(checkout).and_then(|payment| stories.get(&payment));
    for told in evidence.told {
        match story(&told.checkout) {
            Some(story) => fact(story, told, evidence.drained, verdict),
            None => verdict
                .broke(format!("L5: a client was told of {}, which is not there: {:?}", told.checkout, told.fact)),
        }
    }
    for seen in evidence.seen {
        match story(&seen.checkout) {
            Some(story) => compare(story, seen, verdict),
            None => verdict.broke(format!("L5: a client saw {}, which is not there", seen.checkout)),
        }
    }
    keys(books, evidence, verdict);
    let mut of_payment: BTreeMap<Uuid, Vec<&Asked>> = BTreeMap::new();
    for asked in evidence.asked {
        if let Some(payment) = books.payment_of(&asked.checkout) {
            of_payment.entry(payment).or_default().push(asked);
        }
    }
    for (payment, asked) in of_payment {
        if let Some(story) = stories.get(&payment) {
            operations(story, &asked, verdict);
        }
    }
}

/// L10: what was asked for once under its key is done once. Only amounts that were named tell one from the other; the key
/// of what came to nothing may be used again.
fn operations(story: &Story<'_>, asked: &[&Asked], verdict: &mut Verdict) {
    for (kind, begun) in
        [(AcquirerKind::Capture, OperationKind::Capture), (AcquirerKind::Refund, OperationKind::Refund)]
    {
        let of_kind = || asked.iter().filter(|asked| asked.kind == kind);
        let amounts: BTreeSet<i64> = of_kind().filter_map(|asked| asked.amount).collect();
        for minor in amounts {
            let has_effect = |meaning: &Meaning| match meaning {
                Meaning::OperationBegun { operation, kind, leg: None, amount } => {
                    let came_to_nothing = story.operations.get(operation) == Some(&Progress::Ended);
                    *kind == begun && amount.minor == minor && !came_to_nothing
                }
                _ => false,
            };
            let count = story.steps.iter().filter(|step| has_effect(&step.meaning)).count();
            let wanted = of_kind().filter(|asked| asked.amount.is_none_or(|amount| amount == minor)).count();
            if count > wanted {
                verdict.broke(format!(
                    "L10: payment {} had {count} times a {begun:?} of {minor}, and clients asked for {wanted}",
                    story.payment.id
                ));
            }
        }
    }
}

/// L5.
fn fact(story: &Story<'_>, Told { checkout, fact }: &Told, is_drained: bool, verdict: &mut Verdict) {
    let totals = story.totals();
    let (what, told, is) = match fact {
        Fact::Made { .. } => return,
        Fact::Authorized(minor) => ("authorized", *minor, totals.authorized),
        Fact::Captured(minor) => ("captured", *minor, totals.captured),
        Fact::Released(minor) => ("released", *minor, totals.released),
        Fact::Refunded(minor) => ("refunded", *minor, totals.refunded),
        Fact::Ended => {
            // What the acquirer does not answer for is the operator's (L13).
            let is_settled = is_drained && story.open().next().is_none();
            let held = if is_settled { totals.held() } else { 0 };
            if totals.captured != 0 || held != 0 {
                verdict.broke(format!(
                    "L5: a client was told that {checkout} ended unpaid, and {} are captured and {held} held",
                    totals.captured
                ));
            }
            return;
        }
    };
    if is < i128::from(told) {
        verdict.broke(format!("L5: a client was told that {told} of {checkout} are {what}, and {is} are"));
    }
}

/// L8: the merchant's view.
fn compare(story: &Story<'_>, seen: &Seen, verdict: &mut Verdict) {
    if story.open().next().is_some() {
        return;
    }
    let Seen { checkout, currency, captured, refunded, held } = seen;
    let totals = story.totals();
    let views = [captured, refunded, held].map(|minor| i128::from(*minor));
    let books = [totals.captured, totals.refunded, totals.held()];
    if views != books || *currency != story.payment.currency {
        verdict.broke(format!(
            "L8: the merchant sees of {checkout} captured, refunded and held {views:?} {currency}, and the books have \
             {books:?} {}",
            story.payment.currency
        ));
    }
}

/// L10: a key has one effect, and the answer that is kept for it is true; an order that was sent again is there once.
fn keys(books: &Books, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut made: BTreeMap<&str, &str> = BTreeMap::new();
    for Told { checkout, fact } in evidence.told {
        if let Fact::Made { key: Some(key) } = fact
            && let Some(other) = made.insert(key, checkout)
            && other != checkout
        {
            verdict.broke(format!("L10: the key {key} made both {other} and {checkout}"));
        }
    }
    for (key, body) in &books.answers {
        let Ok(answer) = serde_json::from_str::<Value>(body) else { continue };
        let Some(kept) = answer["id"].as_str() else { continue };
        if made.get(key.as_str()).is_some_and(|told| *told != kept) {
            verdict.broke(format!("L10: the answer kept for the key {key} is {kept}, and a client was told another"));
        }
    }
    let mut references: BTreeMap<&str, usize> = BTreeMap::new();
    for checkout in books.checkouts.values() {
        if let Some(reference) = checkout.checkout["reference"].as_str() {
            *references.entry(reference).or_default() += 1;
        }
    }
    for reference in evidence.once {
        let count = references.get(reference.as_str()).copied().unwrap_or(0);
        if count > 1 {
            verdict.broke(format!("L10: the order {reference} was made {count} times"));
        }
    }
}
