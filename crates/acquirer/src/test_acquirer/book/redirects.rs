//! Authorizations that wait for their payer, and the pages where they wait.

use std::time::Duration;

use domain::{Currency, LocalMeans, Money};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::super::cards::{CANCELLED, DO_NOT_HONOUR};
use super::super::wire::MethodIn;
use super::super::{Error, RedirectChoice, RedirectView};
use super::{Attempt, Means, Pages, micros};

/// How long a bank takes that takes its time (orchestration-api 8.4).
const BANK_TAKES: Duration = Duration::from_secs(30);

/// A page where a payer decides.
#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Page {
    /// In its address.
    pub(in super::super) id: String,
    /// All of its address.
    pub(in super::super) url: String,
    pub(in super::super) method: MethodIn,
    /// Which one: `razer_tng`, `fpx MB2U0227`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) local: Option<String>,
    /// Where the payer is led after it.
    pub(in super::super) return_url: String,
    /// Who takes the money.
    pub(in super::super) merchant: String,
    /// The payer has decided, or was not asked.
    pub(in super::super) decided: bool,
}

impl Pages<'_> {
    /// What a page shows.
    pub(super) fn view(&self, id: &str) -> Result<Option<RedirectView>, Error> {
        let Some((_, attempt)) = self.waiting(id)? else { return Ok(None) };
        Ok(view(&attempt))
    }

    /// Decides once; where the payer is led then. `None` for a page that is not there or a choice that is not on it.
    pub(super) fn decide_page(&mut self, id: &str, choice: RedirectChoice) -> Result<Option<String>, Error> {
        let Some((reference, mut attempt)) = self.waiting(id)? else { return Ok(None) };
        let Some(view) = view(&attempt) else { return Ok(None) };
        if view.decided {
            return Ok(Some(view.return_url));
        }
        let Some(mut order) = attempt.order.take() else { return Ok(None) };
        let (refused, takes) = match choice {
            RedirectChoice::Approve => (None, Duration::ZERO),
            RedirectChoice::Refuse => (Some(DO_NOT_HONOUR), Duration::ZERO),
            RedirectChoice::Cancel => (Some(CANCELLED), Duration::ZERO),
            RedirectChoice::Later if view.may_wait => (None, BANK_TAKES),
            RedirectChoice::Later => return Ok(None),
        };
        if let Some(code) = refused {
            code.clone_into(&mut order.code);
            order.approved = 0;
        }
        if let Means::Redirect(page) = &mut order.means {
            page.decided = true;
        }
        order.decided_at = self.now.saturating_add(micros(takes));
        order.booked = order.decided_at <= self.now;
        if order.booked {
            self.book_decision(&reference, &mut attempt, &order, order.decided_at)?;
        } else {
            self.undecided.insert((order.decided_at, reference.as_str()), ())?;
        }
        self.expect_decision(&reference, order.decided_at)?;
        attempt.order = Some(order);
        self.keep(&reference, &attempt)?;
        Ok(Some(view.return_url))
    }

    /// Whether the bank that a page would belong to takes no payments now.
    pub(super) fn is_down(&self, page: &Page) -> Result<bool, Error> {
        let Some(local) = &page.local else { return Ok(false) };
        Ok(self.down_banks.get(local.as_str())?.is_some())
    }

    /// The banks that take no payments now.
    pub(super) fn list_down(&self) -> Result<Vec<LocalMeans>, Error> {
        let mut down = vec![];
        for row in self.down_banks.iter()? {
            down.extend(LocalMeans::parse(row?.0.value()));
        }
        Ok(down)
    }

    /// From now on a bank takes payments, or none.
    pub(super) fn set_bank(&mut self, bank: LocalMeans, up: bool) -> Result<(), Error> {
        let name = bank.to_string();
        if up {
            self.down_banks.remove(name.as_str())?;
        } else {
            self.down_banks.insert(name.as_str(), ())?;
        }
        self.changed = true;
        Ok(())
    }

    /// Whose page it is.
    fn waiting(&self, id: &str) -> Result<Option<(String, Attempt)>, Error> {
        let Some(reference) = self.redirects.get(id)?.map(|row| row.value().to_owned()) else { return Ok(None) };
        Ok(self.find(&reference)?.map(|attempt| (reference, attempt)))
    }
}

fn view(attempt: &Attempt) -> Option<RedirectView> {
    let Means::Redirect(page) = &attempt.order.as_ref()?.means else { return None };
    Some(RedirectView {
        method: page.method.method(),
        local: page.local.as_deref().and_then(LocalMeans::parse),
        merchant: page.merchant.clone(),
        amount: Money::new(attempt.amount, Currency::parse(&attempt.currency)?)?,
        return_url: page.return_url.clone(),
        decided: page.decided || attempt.reversed,
        may_wait: page.method == MethodIn::Bank,
    })
}
