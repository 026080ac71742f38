//! Captures, voids and refunds in the book. Each is judged at the moment it is decided, against what was moved by then.

use redb::ReadableTable;

use super::super::cards::{self, APPROVED, DO_NOT_HONOUR, FirstAnswer, MALFUNCTION};
use super::super::{Error, Kind, Verdict};
use super::{Attempt, Means, Operated, Operation, OperationOrder, Pages, Received, micros};

impl Pages<'_> {
    pub(super) fn operate(&mut self, order: OperationOrder) -> Result<Operated, Error> {
        let OperationOrder { reference, kind, original, amount, currency, keeps_rest, asked } = order;
        if let Some(known) = self.find_operation(&reference)? {
            let same = known.kind == kind
                && known.original == original
                && known.amount == amount
                && known.currency == currency
                && known.keeps_rest == keeps_rest;
            return Ok(if same { Operated::Known(known) } else { Operated::Other });
        }
        if self.find(&reference)?.is_some() {
            return Ok(Operated::Other);
        }
        let fault = match (self.find(&original)?.and_then(|attempt| attempt.order), asked) {
            (Some(Received { means: Means::Card { heeds_notes: true }, .. }), Some(asked)) => asked,
            (order, _) => cards::later(order.map_or(0, |order| order.fault), kind),
        };
        if fault.lost > 0 && self.count_try(&reference)? <= fault.lost {
            return Ok(Operated::Silent);
        }
        let number = self.next_number()?;
        let declined = fault.declined;
        let mute_until = self.now.saturating_add(micros(fault.mute));
        let mut operation =
            Operation { number, kind, original, amount, currency, keeps_rest, code: None, declined, mute_until };
        let decided_at = self.now.saturating_add(micros(fault.thinks));
        if decided_at <= self.now {
            self.book_operation(&reference, &mut operation, decided_at)?;
        } else {
            self.undecided.insert((decided_at, reference.as_str()), ())?;
        }
        self.keep_operation(&reference, &operation)?;
        Ok(match fault.answer {
            FirstAnswer::Sound => Operated::Known(operation),
            FirstAnswer::Lost => Operated::Silent,
            FirstAnswer::Garbled => Operated::Garbled,
        })
    }

    /// Decides an operation, moves the money and writes it into the journal.
    pub(super) fn book_operation(&mut self, reference: &str, operation: &mut Operation, at: i64) -> Result<(), Error> {
        let Operation { kind, amount, keeps_rest, .. } = *operation;
        let (original, currency) = (operation.original.clone(), operation.currency.clone());
        let mut attempt = self.find(&original)?.filter(|attempt| attempt.currency == currency);
        let released = match &mut attempt {
            Some(attempt) if !operation.declined => attempt.move_money(kind, amount, keeps_rest),
            Some(_) | None => None,
        };
        let (Some(attempt), Some(released)) = (attempt, released) else {
            operation.code = Some(if operation.declined { DO_NOT_HONOUR } else { MALFUNCTION }.to_owned());
            return self.log(reference, kind, amount, &currency, Verdict::Declined, at);
        };
        operation.code = Some(APPROVED.to_owned());
        self.log(reference, kind, amount, &currency, Verdict::Approved, at)?;
        if released > 0 {
            self.log(reference, Kind::Void, released, &currency, Verdict::Approved, at)?;
        }
        let given_back = match kind {
            Kind::Void | Kind::Refund => amount,
            Kind::Capture | Kind::Authorize | Kind::Reversal => released,
        };
        self.give_back(&attempt, given_back)?;
        if let Some(order) = attempt.order.as_ref().filter(|_| kind == Kind::Capture) {
            self.expect_reports(&original, reference, order, amount, at)?;
        }
        self.keep(&original, &attempt)
    }

    pub(super) fn find_operation(&self, reference: &str) -> Result<Option<Operation>, Error> {
        let row = self.operations.get(reference)?;
        row.map(|row| serde_json::from_slice(row.value()).map_err(Error::Json)).transpose()
    }

    pub(super) fn keep_operation(&mut self, reference: &str, operation: &Operation) -> Result<(), Error> {
        let row = serde_json::to_vec(operation).map_err(Error::Json)?;
        self.operations.insert(reference, row.as_slice())?;
        self.changed = true;
        Ok(())
    }
}

impl Attempt {
    /// Takes or gives back, and tells how much of the reservation that released besides; `None` when it does not fit.
    fn move_money(&mut self, kind: Kind, amount: i64, keeps_rest: bool) -> Option<i64> {
        let held = self.held();
        match kind {
            Kind::Capture if (1..=held).contains(&amount) => {
                let released = if keeps_rest { 0 } else { held - amount };
                self.captured += amount;
                self.voided += released;
                Some(released)
            }
            Kind::Void if (1..=held).contains(&amount) => {
                self.voided += amount;
                Some(0)
            }
            Kind::Refund if (1..=self.refundable()).contains(&amount) => {
                self.refunded += amount;
                Some(0)
            }
            Kind::Capture | Kind::Void | Kind::Refund | Kind::Authorize | Kind::Reversal => None,
        }
    }
}
