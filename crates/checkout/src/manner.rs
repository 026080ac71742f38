//! What differs between the pages of one dialect and another's. Everything else is the same page.

use axum::http::StatusCode;
use domain::Dialect;
use url::Url;

use crate::headers::Framing;
use crate::texts;
use crate::words::Message;

/// How the pages of a dialect behave.
#[derive(Debug)]
pub(crate) struct Manner {
    /// Whose they are.
    pub dialect: Dialect,
    /// Who may draw them inside a page of theirs.
    pub framing: Framing,
    /// Of a link whose payment can no longer be made.
    pub ended: StatusCode,
    /// Whoever opens a link that was paid goes straight on to the merchant, and so does a payer whom the end of it caught
    /// while paying.
    pub leads_on: bool,
    /// The payer may have the card kept.
    pub remembers: bool,
    /// The payer gets a receipt, and mail, from us; else from the merchant alone.
    pub receipts: bool,
}

/// A purchase: a page of its own, with a form that a merchant knows by `checkout_url` (purchases-api 3.1).
const PURCHASE: Manner = Manner {
    dialect: Dialect::Purchases,
    framing: Framing::Ours,
    ended: StatusCode::OK,
    leads_on: false,
    remembers: true,
    receipts: true,
};

/// The card widget of a payment link: in a window or in a frame of the shop's (card-payments-api 4).
const WIDGET: Manner = Manner {
    dialect: Dialect::CardPayments,
    framing: Framing::Anybody,
    ended: StatusCode::GONE,
    leads_on: true,
    remembers: false,
    receipts: true,
};

/// A client session's page: alone or in a frame of the shop's, which it leads its payer back to (orchestration-api 7.5).
const SESSION: Manner = Manner {
    dialect: Dialect::Orchestration,
    framing: Framing::Anybody,
    ended: StatusCode::OK,
    leads_on: true,
    remembers: false,
    receipts: false,
};

impl Manner {
    /// Of the pages of this dialect.
    #[must_use]
    pub(crate) const fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Purchases => &PURCHASE,
            Dialect::CardPayments => &WIDGET,
            Dialect::Orchestration => &SESSION,
        }
    }

    /// What the link back to the merchant says.
    #[must_use]
    pub(crate) fn way_back(&self, host: &str) -> Message {
        match self.dialect {
            Dialect::Purchases => texts::return_to(host),
            Dialect::CardPayments | Dialect::Orchestration => texts::back_to(host),
        }
    }

    /// Of the page at this address of ours.
    #[must_use]
    pub(crate) fn at(address: &str) -> &'static Self {
        let address = Url::parse(address).ok();
        match address.as_ref().and_then(|address| address.path_segments()?.next()) {
            Some("card") => &WIDGET,
            Some("entities") => &SESSION,
            Some(_) | None => &PURCHASE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_its_address() {
        for dialect in [Dialect::Purchases, Dialect::CardPayments, Dialect::Orchestration] {
            let manner = Manner::of(dialect);
            assert_eq!(dialect, manner.dialect);
        }
        let (id, shop) = ("0b8f6b0c-6e0a-4a32-8d2e-4f5d0d7c9a10", "6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a11");
        for (dialect, page) in [
            (Dialect::Purchases, format!("/p/{id}/3ds/")),
            (Dialect::CardPayments, format!("/card/{id}/3ds/")),
            (Dialect::Orchestration, format!("/entities/{shop}/sessions/{id}/3ds/")),
        ] {
            assert_eq!(dialect, Manner::at(&format!("https://pay.example.com{page}")).dialect, "{page}");
        }
        assert_eq!(Dialect::Purchases, Manner::at("").dialect);
    }
}
