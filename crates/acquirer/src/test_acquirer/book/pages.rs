//! The book's tables, and what one order does to them: authorizations, reversals and what falls due.

use redb::{ReadableTable, ReadableTableMetadata, Table};

use super::super::cards::{
    self, APPROVED, DO_NOT_HONOUR, INSUFFICIENT_FUNDS, ISSUER_UNAVAILABLE, PARTIALLY_APPROVED, Twist,
};
use super::super::{Error, Kind, Verdict};
use super::{Attempt, HOLD_LASTS, Line, Means, Order, Received, Taken, Undone, micros};

/// The tables of one transaction.
pub(super) struct Pages<'t> {
    pub(super) journal: Table<'t, u64, &'static [u8]>,
    pub(super) by_reference: Table<'t, &'static str, &'static [u8]>,
    pub(super) operations: Table<'t, &'static str, &'static [u8]>,
    pub(super) undecided: Table<'t, (i64, &'static str), ()>,
    pub(super) reports: Table<'t, (i64, &'static str, &'static str), &'static [u8]>,
    pub(super) tries: Table<'t, &'static str, u64>,
    pub(super) accounts: Table<'t, &'static str, i64>,
    pub(super) redirects: Table<'t, &'static str, &'static str>,
    pub(super) down_banks: Table<'t, &'static str, ()>,
    pub(super) now: i64,
    pub(super) changed: bool,
    /// There is one more report to come.
    pub(super) plans: bool,
}

impl Pages<'_> {
    pub(super) fn authorize(&mut self, order: &Order) -> Result<Option<Taken>, Error> {
        if self.find_operation(&order.reference)?.is_some() {
            return Ok(None);
        }
        let known = self.find(&order.reference)?;
        let mut attempt = match known {
            Some(attempt) if attempt.order.is_some() => return Ok(Some(Taken { attempt, first: false })),
            // Its reversal was faster.
            Some(attempt) => attempt,
            None => Attempt::new(self.next_number()?, order.amount, order.currency.clone()),
        };
        let (code, approved) = self.decide(order)?;
        let arrives_at = self.now.saturating_add(micros(order.travels));
        let mut received = Received {
            capture: order.capture,
            code,
            approved,
            arrives_at,
            decided_at: arrives_at.saturating_add(micros(order.thinks)),
            booked: false,
            fault: order.fault,
            settles_after: order.settles_after.map(micros),
            merchant_data: order.merchant_data.clone(),
            means: order.means.clone(),
        };
        match &mut received.means {
            // Only the payer decides.
            Means::Redirect(page) if received.code == APPROVED && !attempt.reversed => {
                self.redirects.insert(page.id.as_str(), order.reference.as_str())?;
                page.decided = false;
                received.decided_at = i64::MAX;
            }
            Means::Card { .. } | Means::GiftCard { .. } | Means::Redirect(_) if received.decided_at <= self.now => {
                received.booked = true;
                self.book_decision(&order.reference, &mut attempt, &received, received.decided_at)?;
            }
            Means::Card { .. } | Means::GiftCard { .. } | Means::Redirect(_) => {
                self.undecided.insert((received.decided_at, order.reference.as_str()), ())?;
            }
        }
        attempt.order = Some(received);
        self.keep(&order.reference, &attempt)?;
        Ok(Some(Taken { attempt, first: true }))
    }

    /// The acquirer's own number for what comes next.
    pub(super) fn next_number(&self) -> Result<u64, Error> {
        Ok(self.by_reference.len()? + self.operations.len()? + 1)
    }

    /// The response code and the amount approved.
    fn decide(&mut self, order: &Order) -> Result<(String, i64), Error> {
        if order.code != APPROVED {
            return Ok((order.code.clone(), 0));
        }
        if let Means::GiftCard { printed, account } = &order.means {
            let spent = account.as_ref().map_or(Ok(0), |account| self.spent(account))?;
            if order.amount > printed - spent {
                return Ok((INSUFFICIENT_FUNDS.to_owned(), 0));
            }
        }
        if let Means::Redirect(page) = &order.means
            && self.is_down(page)?
        {
            return Ok((ISSUER_UNAVAILABLE.to_owned(), 0));
        }
        Ok(match order.twist {
            Twist::None => (APPROVED.to_owned(), order.amount),
            Twist::Declined => (DO_NOT_HONOUR.to_owned(), 0),
            Twist::FirstDeclined if self.count_try(&order.masked)? == 1 => (DO_NOT_HONOUR.to_owned(), 0),
            Twist::FirstDeclined => (APPROVED.to_owned(), order.amount),
            Twist::Half => match order.amount - order.amount / 2 {
                half if half < order.amount => (PARTIALLY_APPROVED.to_owned(), half),
                // One or nothing has no half.
                whole => (APPROVED.to_owned(), whole),
            },
        })
    }

    /// Counts one more try of a card or of a request and tells which it is.
    pub(super) fn count_try(&mut self, key: &str) -> Result<u64, Error> {
        let before = self.tries.get(key)?.map_or(0, |tries| tries.value());
        self.tries.insert(key, before + 1)?;
        self.changed = true;
        Ok(before + 1)
    }

    pub(super) fn reverse(&mut self, reference: &str, amount: i64, currency: String) -> Result<Undone, Error> {
        if self.find_operation(reference)?.is_some() {
            return Ok(Undone::Other);
        }
        let mut attempt = match self.find(reference)? {
            Some(attempt) if attempt.amount != amount || attempt.currency != currency => {
                return Ok(Undone::Other);
            }
            Some(attempt) if attempt.reversed => return Ok(Undone::Done(attempt)),
            Some(attempt) => attempt,
            None => Attempt::new(self.next_number()?, amount, currency),
        };
        let fault = cards::later(attempt.order.as_ref().map_or(0, |order| order.fault), Kind::Reversal);
        if fault.lost > 0 && self.count_try(reference)? <= fault.lost {
            return Ok(Undone::Silent);
        }
        // Only what was approved, and was not given back before, is money to give back; what is still undecided will
        // find itself reversed.
        let approved = attempt.order.as_ref().filter(|order| order.booked && order.approved_by_code());
        if let Some(left) = approved.map(|order| order.approved - attempt.voided - attempt.refunded) {
            // A checked card is worth a line, money given back before is not.
            if left > 0 || attempt.amount == 0 {
                self.log(reference, Kind::Reversal, left, &attempt.currency, Verdict::Approved, self.now)?;
            }
            self.give_back(&attempt, left)?;
        }
        attempt.reversed = true;
        self.keep(reference, &attempt)?;
        Ok(Undone::Done(attempt))
    }

    /// Books every decision whose moment has come, in the order of those moments.
    pub(super) fn book_due(&mut self) -> Result<(), Error> {
        while let Some((at, reference)) = self.next_due()? {
            self.undecided.remove((at, reference.as_str()))?;
            self.changed = true;
            if let Some(mut operation) = self.find_operation(&reference)? {
                self.book_operation(&reference, &mut operation, at)?;
                self.keep_operation(&reference, &operation)?;
                continue;
            }
            let Some(mut attempt) = self.find(&reference)? else { continue };
            let Some(mut order) = attempt.order.take() else { continue };
            if order.booked {
                attempt.order = Some(order);
                self.book_lapse(&reference, &mut attempt, at)?;
                continue;
            }
            self.book_decision(&reference, &mut attempt, &order, at)?;
            order.booked = true;
            attempt.order = Some(order);
            self.keep(&reference, &attempt)?;
        }
        Ok(())
    }

    fn next_due(&self) -> Result<Option<(i64, String)>, Error> {
        let first = self.undecided.first()?;
        Ok(first.and_then(|(key, _)| {
            let (at, reference) = key.value();
            (at <= self.now).then(|| (at, reference.to_owned()))
        }))
    }

    /// What was held for so long and never taken is given back.
    fn book_lapse(&mut self, reference: &str, attempt: &mut Attempt, at: i64) -> Result<(), Error> {
        let held = attempt.held();
        if held > 0 {
            attempt.voided += held;
            self.log(reference, Kind::Void, held, &attempt.currency, Verdict::Approved, at)?;
            self.give_back(attempt, held)?;
            self.keep(reference, attempt)?;
        }
        Ok(())
    }

    /// What is reversed by then is not approved any more.
    pub(super) fn book_decision(
        &mut self,
        reference: &str,
        attempt: &mut Attempt,
        order: &Received,
        at: i64,
    ) -> Result<(), Error> {
        if attempt.reversed || !order.approved_by_code() {
            return self.log(reference, Kind::Authorize, attempt.amount, &attempt.currency, Verdict::Declined, at);
        }
        self.log(reference, Kind::Authorize, order.approved, &attempt.currency, Verdict::Approved, at)?;
        self.spend(&order.means, order.approved)?;
        // A check of the card takes nothing.
        if order.capture && order.approved > 0 {
            self.log(reference, Kind::Capture, order.approved, &attempt.currency, Verdict::Approved, at)?;
            attempt.captured = order.approved;
            self.expect_reports(reference, reference, order, order.approved, at)?;
        } else if order.approved > 0 {
            self.undecided.insert((at.saturating_add(micros(HOLD_LASTS)), reference), ())?;
        }
        Ok(())
    }

    pub(super) fn log(
        &mut self,
        reference: &str,
        kind: Kind,
        amount: i64,
        currency: &str,
        outcome: Verdict,
        at: i64,
    ) -> Result<(), Error> {
        let line = Line { reference, kind: kind.as_str(), amount, currency, outcome: outcome.as_str(), at };
        let line = serde_json::to_vec(&line).map_err(Error::Json)?;
        let last = self.journal.last()?.map_or(0, |(sequence, _)| sequence.value());
        self.journal.insert(last + 1, line.as_slice())?;
        self.changed = true;
        Ok(())
    }

    pub(super) fn find(&self, reference: &str) -> Result<Option<Attempt>, Error> {
        let row = self.by_reference.get(reference)?;
        row.map(|row| serde_json::from_slice(row.value()).map_err(Error::Json)).transpose()
    }

    pub(super) fn keep(&mut self, reference: &str, attempt: &Attempt) -> Result<(), Error> {
        let row = serde_json::to_vec(attempt).map_err(Error::Json)?;
        self.by_reference.insert(reference, row.as_slice())?;
        self.changed = true;
        Ok(())
    }
}
