//! Authorizations that their payer confirms on a page: what is asked for, what the page shows, and which banks are up.

use std::borrow::Cow;

use domain::{LocalMeans, Money, RedirectMethod};
use uuid::Uuid;

use super::book::{Means, Order, Page};
use super::wire::{MethodIn, RedirectAuthorizationIn};
use super::{Desk, Error, TestAcquirer, Way, cards, order_without_card};

/// Texts for the page where a payer decides that are longer than this are refused.
const PAGE_TEXT_BYTES_MAX: usize = 4_096;
/// Where those pages lie, under the address that comes with each.
const PAGES: &str = "/acs/pay/";
/// What a lender does not lend less than, in minor units (orchestration-api 8.4).
const LOAN_MIN: i64 = 10_000;

/// What a page of the acquirer's shows to a payer who has to confirm there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectView {
    /// What kind of page it is.
    pub method: RedirectMethod,
    /// Whose page it is, where that was agreed with the payer.
    pub local: Option<LocalMeans>,
    /// Who takes the money.
    pub merchant: String,
    /// How much.
    pub amount: Money,
    /// Where the payer is led after it.
    pub return_url: String,
    /// There is nothing left to decide: somebody did, or it was undone.
    pub decided: bool,
    /// Whether the payer may leave it for later.
    pub may_wait: bool,
}

/// What a payer, or a tester, chooses there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RedirectChoice {
    Approve,
    Refuse,
    Cancel,
    /// It is approved half a minute later, where the page offers that.
    Later,
}

impl TestAcquirer {
    /// What the page with this id shows; `None` for a page that is not there.
    ///
    /// # Errors
    /// When the book is closed or cannot be read.
    pub async fn redirect_view(&self, id: Uuid) -> Result<Option<RedirectView>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.view(id.to_string()).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.view(self.caller(), id).await,
        }
    }

    /// Takes the payer's choice on the page with this id and tells where the payer is led then. The first choice counts,
    /// and none after a reversal. `None` for a page that is not there, or a choice that it does not offer. Durable when
    /// it returns.
    ///
    /// # Errors
    /// When the book is closed or cannot be written.
    pub async fn decide_redirect(&self, id: Uuid, choice: RedirectChoice) -> Result<Option<String>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.decide(id.to_string(), choice).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.decide(self.caller(), id, choice).await,
        }
    }

    /// The banks that take no payments now, each with the method it is a bank of.
    ///
    /// # Errors
    /// When the book is closed or cannot be read.
    pub async fn down_banks(&self) -> Result<Vec<LocalMeans>, Error> {
        match &self.way {
            Way::Here(desk) => desk.book.down_banks().await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.down_banks(self.caller()).await,
        }
    }

    /// From now on a bank takes payments of a method, or none. Durable when it returns.
    ///
    /// # Errors
    /// When the book is closed or cannot be written.
    pub async fn set_bank(&self, bank: LocalMeans, up: bool) -> Result<(), Error> {
        match &self.way {
            Way::Here(desk) => desk.book.set_bank(bank, up).await.map_err(|_| Error::Closed),
            Way::There(remote) => remote.set_bank(self.caller(), bank, up).await,
        }
    }
}

impl Desk {
    /// Reads an authorization that its payer confirms on a page; `None` is one nobody can read.
    pub(super) fn by_redirect(&self, body: &[u8]) -> Option<Order> {
        let request: RedirectAuthorizationIn<'_> = serde_json::from_slice(body).ok()?;
        let texts = [&request.return_url, &request.merchant, &request.page_base];
        if texts.iter().any(|text| text.len() > PAGE_TEXT_BYTES_MAX) {
            return None;
        }
        // A lender that was agreed by name has a least loan of its own, which whoever offers it keeps to.
        let is_named = request.local.is_some();
        let too_little = request.method == MethodIn::PayLater && !is_named && request.amount < LOAN_MIN;
        let local = request.local.map(Cow::into_owned);
        if local.as_deref().is_some_and(|local| LocalMeans::parse(local).is_none()) {
            return None;
        }
        let id = self.env.random_id().to_string();
        let page = Page {
            url: format!("{}{PAGES}{id}", request.page_base.trim_end_matches('/')),
            id,
            method: request.method,
            local,
            return_url: request.return_url.into_owned(),
            merchant: request.merchant.into_owned(),
            decided: true,
        };
        let code = if too_little { cards::NOT_PERMITTED } else { cards::APPROVED };
        let (currency, merchant_data) = (request.currency.into_owned(), request.merchant_data.into_owned());
        let (capture, means) = (request.capture, Means::Redirect(Box::new(page)));
        order_without_card(&request.reference, request.amount, currency, capture, code, means, merchant_data)
    }
}
