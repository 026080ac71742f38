//! What the book will tell by itself, and when.

use domain::{AttemptId, Currency, Money, Report, Timestamp};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::super::{Error, ReportDue, Reported, cards};
use super::{Attempt, Pages, REPORTS_MAX, Received, micros};

/// What is told later, as it lies in the file.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Decided,
    ChargedBack,
    /// Minor units of one capture.
    Settled(i64),
}

impl Pages<'_> {
    /// Plans what will be told of the money that a capture took.
    pub(super) fn expect_reports(
        &mut self,
        reference: &str,
        capture: &str,
        order: &Received,
        amount: i64,
        taken_at: i64,
    ) -> Result<(), Error> {
        let charged_back = cards::charged_back_after(order.fault).map(|after| (micros(after), Told::ChargedBack));
        let settled = order.settles_after.map(|after| (after, Told::Settled(amount)));
        for (after, told) in charged_back.into_iter().chain(settled) {
            self.plan(taken_at.saturating_add(after), reference, capture, told)?;
        }
        Ok(())
    }

    /// Plans that the payer's decision will be told.
    pub(super) fn expect_decision(&mut self, reference: &str, decided_at: i64) -> Result<(), Error> {
        self.plan(decided_at, reference, "", Told::Decided)
    }

    fn plan(&mut self, at: i64, reference: &str, capture: &str, told: Told) -> Result<(), Error> {
        let told = serde_json::to_vec(&told).map_err(Error::Json)?;
        self.reports.insert((at, reference, capture), told.as_slice())?;
        self.plans = true;
        self.changed = true;
        Ok(())
    }

    /// What is to be told by `until`, oldest first. Nobody takes back what was given back before, or hears how a payer
    /// decided on what was undone.
    pub(super) fn due_reports(&mut self, until: Timestamp) -> Result<Vec<ReportDue>, Error> {
        let mut rows = Vec::new();
        for row in self.reports.iter()? {
            let (key, told) = row?;
            let (at, reference, capture) = key.value();
            if at > until.micros() || rows.len() == REPORTS_MAX {
                break;
            }
            let told: Told = serde_json::from_slice(told.value()).map_err(Error::Json)?;
            rows.push((at, reference.to_owned(), capture.to_owned(), told));
        }
        let mut due = Vec::new();
        for (at, reference, capture, told) in rows {
            let attempt = self.find(&reference)?;
            let report = attempt.as_ref().and_then(|attempt| told.of(attempt));
            match (AttemptId::parse(&reference), attempt, report) {
                (Ok(reference), Some(attempt), Some(report)) => due.push(ReportDue {
                    reference,
                    capture,
                    report,
                    merchant_data: attempt.order.map(|order| order.merchant_data).unwrap_or_default(),
                    at: Timestamp::from_micros(at),
                }),
                (Ok(_) | Err(_), _, _) => {
                    self.reports.remove((at, reference.as_str(), capture.as_str()))?;
                    self.changed = true;
                }
            }
        }
        Ok(due)
    }

    pub(super) fn forget_report(&mut self, report: &ReportDue) -> Result<(), Error> {
        let reference = report.reference.to_string();
        let known = self.reports.remove((report.at.micros(), reference.as_str(), report.capture.as_str()))?.is_some();
        self.changed |= known;
        Ok(())
    }

    /// Nothing when it was acknowledged meanwhile.
    pub(super) fn postpone_report(&mut self, report: &ReportDue, again: i64) -> Result<(), Error> {
        let (reference, capture) = (report.reference.to_string(), report.capture.as_str());
        let key = (report.at.micros(), reference.as_str(), capture);
        let Some(told) = self.reports.remove(key)?.map(|told| told.value().to_vec()) else { return Ok(()) };
        self.reports.insert((again, reference.as_str(), capture), told.as_slice())?;
        self.changed = true;
        Ok(())
    }
}

impl Told {
    /// As it is told of this attempt, if it still is.
    fn of(self, attempt: &Attempt) -> Option<Reported> {
        match self {
            Self::Decided => (!attempt.reversed).then_some(Reported::Decided),
            Self::ChargedBack | Self::Settled(_) if attempt.refundable() == 0 => None,
            Self::ChargedBack => Some(Reported::Taken(Report::ChargedBack)),
            Self::Settled(amount) => {
                let part = Money::new(amount, Currency::parse(&attempt.currency)?)?;
                Some(Reported::Taken(Report::SettledPart(part)))
            }
        }
    }
}
