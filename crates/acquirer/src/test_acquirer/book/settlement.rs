//! What the book comes to, as lines of a settlement file: each capture and refund that went through, and the
//! chargebacks that followed. What was reversed is not paid for, and has no line.

use std::collections::HashSet;

use domain::{Currency, LineKind, Money, Timestamp};
use redb::{ReadOnlyTable, ReadTransaction};
use serde::de::DeserializeOwned;

use super::super::{Error, Kind, Transaction, Verdict, cards};
use super::{Attempt, BY_REFERENCE, OPERATIONS, Operation, micros, read_journal};
use crate::settlement::{Day, Line};

/// The lines of what happened from `from` until before `until`, in the order in which it happened.
pub(super) fn lines(snapshot: &ReadTransaction, from: Timestamp, until: Timestamp) -> Result<Vec<Line>, Error> {
    let (attempts, operations) = (snapshot.open_table(BY_REFERENCE)?, snapshot.open_table(OPERATIONS)?);
    let settled_on = Day::of(Timestamp::from_micros(until.micros() - 1));
    let is_within = |at: Timestamp| (from..until).contains(&at);
    let mut moved: Vec<(Timestamp, Line)> = vec![];
    let mut charged_back = HashSet::new();
    for transaction in read_journal(snapshot)? {
        let Transaction { reference, kind, amount, currency, outcome, at } = transaction;
        let kind = match (kind, outcome) {
            (Kind::Capture, Verdict::Approved) => LineKind::Capture,
            (Kind::Refund, Verdict::Approved) => LineKind::Refund,
            (Kind::Capture | Kind::Refund, Verdict::Declined)
            | (Kind::Authorize | Kind::Void | Kind::Reversal, Verdict::Approved | Verdict::Declined) => continue,
        };
        let operation: Option<Operation> = look(&operations, &reference)?;
        let original = operation.as_ref().map_or_else(|| reference.clone(), |operation| operation.original.clone());
        let Some(attempt) = look::<Attempt>(&attempts, &original)?.filter(|attempt| !attempt.reversed) else {
            continue;
        };
        let Some(currency) = Currency::parse(&currency) else { continue };
        let number = operation.map_or(attempt.number, |operation| operation.number);
        let line = |kind, at, amount| {
            let amount = Money::new(amount, currency).filter(|amount| !amount.is_zero() && is_within(at))?;
            let line = Line {
                number: 0,
                kind,
                reference: reference.clone(),
                acquirer_reference: format!("{number:012}"),
                amount,
                fee: Money::zero(currency),
                cleared_on: Day::of(at),
                settled_on,
            };
            Some((at, line))
        };
        moved.extend(line(kind, at, amount));
        let fault = attempt.order.as_ref().map_or(0, |order| order.fault);
        if let (LineKind::Capture, Some(after)) = (kind, cards::charged_back_after(fault))
            && charged_back.insert(original)
        {
            let at = Timestamp::from_micros(at.micros().saturating_add(micros(after)));
            moved.extend(line(LineKind::Chargeback, at, attempt.refundable()));
        }
    }
    moved.sort_by_key(|(at, _)| *at);
    let numbered = (1..).zip(moved);
    Ok(numbered.map(|(number, (_, line))| Line { number, ..line }).collect())
}

fn look<T: DeserializeOwned>(
    table: &ReadOnlyTable<&'static str, &'static [u8]>,
    reference: &str,
) -> Result<Option<T>, Error> {
    let row = table.get(reference)?;
    row.map(|row| serde_json::from_slice(row.value()).map_err(Error::Json)).transpose()
}
