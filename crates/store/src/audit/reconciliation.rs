//! I10: what stands in the bank is what the acquirers' files say, and what reports told ahead of them. The journals of
//! differences are folded as those of payments are, and each gives its row; movements follow from payments; a file that
//! was imported has the lines that it promised.

use std::collections::HashMap;

use domain::ledger::{Account, Layer};
use domain::{
    Currency, Difference, DifferenceEvent, DifferenceId, DifferenceKind, Event, Found, HOUSE, LineKind, Matched, Mode,
    MovementStatus, Payment, PaymentId,
};
use rusqlite::{Connection, Row};

use super::{Audit, Line, PostingLine};
use crate::documents::DifferenceEventDoc;
use crate::error::Error;
use crate::movements::MovementState;
use crate::row::{Cells, statement};

/// What payments and differences come to. Grows with differences and currencies, not with payments.
#[derive(Default)]
pub(super) struct Tally {
    /// Every difference by its journal, until its row is seen.
    differences: HashMap<DifferenceId, Difference>,
    /// What each was found to be, for its postings.
    found: HashMap<PaymentId, Found>,
    /// Told by reports, and in no file yet.
    ahead: HashMap<(Mode, Currency), i128>,
    /// How many lines the journals know, and what reached the bank with them.
    lines: HashMap<(Mode, Currency), (i64, i128)>,
    /// How many movements there are, and how much.
    movements: HashMap<MovementsOf, (i64, i128)>,
}

/// How many rows, and what they come to.
type Sum = (Mode, Currency, i64, i64);

type MovementsOf = (Mode, Currency, LineKind, MovementStatus);

fn count(tally: &mut (i64, i128), amount: i64, sign: i64) {
    tally.0 += sign;
    tally.1 += i128::from(amount) * i128::from(sign);
}

/// Whether a journal row is the house's.
pub(super) fn is_house(line: &Line) -> bool {
    line.owner.merchant_id == HOUSE
}

fn event(line: &Line) -> Option<DifferenceEvent> {
    serde_json::from_str::<DifferenceEventDoc>(&line.text).ok().map(DifferenceEvent::from)
}

impl Audit {
    /// Takes a payment into the sums.
    pub(super) fn tally<'e>(&mut self, payment: &Payment, events: impl Iterator<Item = &'e Event>) {
        let (mode, currency) = (payment.terms.mode, payment.terms.amount.currency());
        let tally = &mut self.tally;
        *tally.ahead.entry((mode, currency)).or_default() += i128::from(payment.ahead.minor());
        for event in events {
            if let Event::Matched(Matched { paid, .. }) = event {
                count(tally.lines.entry((mode, currency)).or_default(), paid.net(), 1);
            }
        }
        for movement in &payment.movements {
            match movement.kind {
                LineKind::Capture | LineKind::Refund => {
                    let key = (mode, currency, movement.kind, movement.status);
                    count(tally.movements.entry(key).or_default(), movement.amount.minor(), 1);
                }
                LineKind::Chargeback | LineKind::ChargebackReversal => {}
            }
        }
    }

    /// Folds the journal of a difference.
    pub(super) fn difference(&mut self, id: PaymentId, lines: &[Line]) {
        let mut events = Vec::with_capacity(lines.len());
        for (expected, line) in (1_u32..).zip(lines) {
            if line.version != expected {
                self.broken(format!("I10: the journal of difference {id} has no version {expected}"));
                return;
            }
            // An unreadable event is told of when the books are checked.
            let Some(event) = event(line) else { return };
            events.push((line.at, event));
        }
        let Some(mode) = lines.first().map(|line| line.owner.mode) else { return };
        let difference_id = DifferenceId::new(id.uuid());
        let Some(difference) = Difference::fold(difference_id, mode, events.iter().cloned()) else {
            self.broken(format!(
                "I10: the journal of difference {id} does not begin with its finding, or goes on after its end"
            ));
            return;
        };
        let found = &difference.found;
        if found.suspended {
            let lines = self.tally.lines.entry((mode, found.currency)).or_default();
            count(lines, found.paid, 1);
            // The payment's journal has the line from then on.
            if events.iter().any(|(_, event)| matches!(event, DifferenceEvent::Explained { .. })) {
                count(lines, found.paid, -1);
            }
        }
        self.tally.found.insert(id, found.clone());
        self.tally.differences.insert(difference_id, difference);
    }

    /// I1 of a row of the house's journal.
    pub(super) fn house_entry(&mut self, line: &Line, written: &[PostingLine]) {
        let (position, id) = (line.position, line.owner.payment_id);
        let Some(event) = event(line) else {
            self.broken(format!("the row {position} of journal (difference {id}) has an unreadable event"));
            return;
        };
        // What has no sound beginning was told of before.
        let Some(found) = self.tally.found.get(&id) else { return };
        let is_expected = event
            .postings(found)
            .into_iter()
            .map(|posting| (found.currency, posting.account, posting.layer, posting.amount))
            .eq(written.iter().map(|line| (line.currency, line.account, line.layer, line.amount)));
        if !is_expected {
            self.broken(format!(
                "I1: the postings of journal row {position} (difference {id}, version {}) are not those of its event",
                line.version
            ));
        }
    }

    /// I10, once all journals and postings were read.
    pub(super) fn reconciliation(&mut self, connection: &Connection) -> Result<(), Error> {
        self.bank(connection)?;
        self.movements(connection)?;
        self.difference_rows(connection)?;
        self.files(connection)
    }

    fn bank(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut lines: HashMap<(Mode, Currency), (i64, i128)> = HashMap::new();
        let mut statement = statement(
            connection,
            "select mode, currency, count(*), sum(net) from settlement_lines join settlement_files on file = position
             group by mode, currency",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some((mode, currency, count, net)) = self.readable(parse_sum(row))? else { continue };
            lines.insert((mode, currency), (count, i128::from(net)));
        }
        let mut bank: HashMap<(Mode, Currency), i128> = HashMap::new();
        for (key, sum) in self.sums.iter().filter(|(key, _)| (key.account, key.layer) == (Account::Bank, Layer::Posted))
        {
            *bank.entry((key.mode, key.currency)).or_default() += sum;
        }
        let tally = std::mem::take(&mut self.tally.lines);
        let ahead = std::mem::take(&mut self.tally.ahead);
        let mut keys: Vec<_> =
            lines.keys().chain(bank.keys()).chain(tally.keys()).chain(ahead.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let (name, of) =
                (format!("{} {}", key.0.as_str(), key.1.code()), |map: &HashMap<_, _>| map.get(&key).copied());
            let (in_files, known) = (of(&lines).unwrap_or_default(), of(&tally).unwrap_or_default());
            if in_files != known {
                self.broken(format!(
                    "I10: {name}: the files have {} lines that come to {}, the journals {} that come to {}",
                    in_files.0, in_files.1, known.0, known.1
                ));
            }
            let (bank, ahead) = (bank.get(&key).copied().unwrap_or(0), ahead.get(&key).copied().unwrap_or(0));
            if bank != in_files.1 + ahead {
                self.broken(format!(
                    "I10: {name}: the bank has {bank}, the files say {} and reports told {ahead} ahead of them",
                    in_files.1
                ));
            }
        }
        Ok(())
    }

    fn movements(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut known = std::mem::take(&mut self.tally.movements);
        let mut written: HashMap<MovementsOf, (i64, i128)> = HashMap::new();
        let mut statement = statement(
            connection,
            "select mode, currency, count(*), sum(amount), kind, state from movements
             group by mode, currency, kind, state",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(((mode, currency, count, sum), kind, state)) = self.readable(parse_movements(row))? else {
                continue;
            };
            // Whether a difference is about it is no business of the payment.
            let status = match state {
                MovementState::Open | MovementState::Differs => MovementStatus::Open,
                MovementState::Matched => MovementStatus::Matched,
                MovementState::Adjusted => MovementStatus::Adjusted,
            };
            let tally = written.entry((mode, currency, kind, status)).or_default();
            tally.0 += count;
            tally.1 += i128::from(sum);
        }
        for (key, (count, sum)) in written {
            if known.remove(&key) != Some((count, sum)) {
                self.broken(format!("I10: the movements {} are not those of the payments", movements_of(key)));
            }
        }
        for key in known.into_keys() {
            self.broken(format!("I10: the movements {} are missing", movements_of(key)));
        }
        Ok(())
    }

    fn difference_rows(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut statement = statement(
            connection,
            "select id, mode, kind, state, owner, reference, currency, day, version, found_at from differences",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.report.differences += 1;
            let cells = Cells::new("differences", row);
            let Some(id) = self.readable(cells.id::<DifferenceId>(0, "id"))? else { continue };
            let Some(difference) = self.tally.differences.remove(&id) else {
                self.broken(format!("I10: difference {id} has a row and no journal"));
                continue;
            };
            let Some(is_same) = self.readable(is_same(&cells, &difference))? else { continue };
            if !is_same {
                self.broken(format!("I10: difference {id} is another one than its journal says"));
            }
        }
        for id in std::mem::take(&mut self.tally.differences).into_keys() {
            self.broken(format!("I10: difference {id} has a journal and no row"));
        }
        Ok(())
    }

    /// What was imported whole is as the file promised, in each currency.
    fn files(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut statement = statement(
            connection,
            "select settlement_files.id from settlement_files where ended_at is not null and (
             lines <> (select count(*) from settlement_lines where file = position)
             or exists (select 1 from settlement_totals as total where total.file = position and (total.lines, net) <>
                 (select count(*), coalesce(sum(line.net), 0) from settlement_lines as line
                  where line.file = position and line.currency = total.currency))
             or lines <> (select coalesce(sum(total.lines), 0) from settlement_totals as total
                 where total.file = position))",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = Cells::new("settlement_files", row).get::<String>(0, "id");
            if let Some(id) = self.readable(id)? {
                self.broken(format!("I10: the lines of settlement file {id} are not those that it promised"));
            }
        }
        Ok(())
    }
}

fn is_same(cells: &Cells<'_, '_>, difference: &Difference) -> Result<bool, Error> {
    let Difference { mode, found, found_at, owner, version, .. } = difference;
    Ok(cells.mode(1, "mode")? == *mode
        && cells.word(2, "kind", DifferenceKind::parse)? == found.kind
        && cells.get::<String>(3, "state")? == difference.state().as_str()
        && cells.get::<Option<String>>(4, "owner")? == *owner
        && cells.get::<String>(5, "reference")? == found.reference
        && cells.word(6, "currency", Currency::parse)? == found.currency
        && cells.time(7, "day")? == found.day
        && cells.get::<u32>(8, "version")? == *version
        && cells.time(9, "found_at")? == *found_at)
}

fn movements_of((mode, currency, kind, status): MovementsOf) -> String {
    let status = match status {
        MovementStatus::Open => "that no line has matched",
        MovementStatus::Matched => "that a line has matched",
        MovementStatus::Adjusted => "that were adjusted",
    };
    format!("of kind {} {status} ({}, {})", kind.as_str(), mode.as_str(), currency.code())
}

/// A row of `mode, currency, count, sum`.
fn parse_sum(row: &Row<'_>) -> Result<Sum, Error> {
    let cells = Cells::new("settlement_lines", row);
    let currency = cells.word(1, "currency", Currency::parse)?;
    Ok((cells.mode(0, "mode")?, currency, cells.get(2, "count")?, cells.get(3, "net")?))
}

fn parse_movements(row: &Row<'_>) -> Result<(Sum, LineKind, MovementState), Error> {
    let cells = Cells::new("movements", row);
    Ok((parse_sum(row)?, cells.word(4, "kind", LineKind::parse)?, cells.word(5, "state", MovementState::parse)?))
}
