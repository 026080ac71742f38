//! How a payer wants to pay: which API the shop uses, how its page and the gateway's go together, and what else.

use crate::catalogue::Currency;

/// An API of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `/api/v1`
    Purchases,
    /// `/api/v2`
    CardPayments,
    /// `/payment/v2`
    Orchestration,
}

/// How the payer comes to the fields for the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integration {
    PurchaseRedirect,
    PurchaseDirectPost,
    PurchaseFields,
    LinkRedirect,
    LinkFrame,
    SessionRedirect,
    SessionFrame,
}

/// What the shop's own page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// A form of the shop's that posts to the gateway.
    Form,
    /// A form of the shop's with the gateway's card fields in it.
    Fields,
    /// A page of the gateway.
    Frame,
}

/// What the payer chose beside the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) integration: Integration,
    /// The money is reserved now, and taken when the shop says so.
    pub(crate) hold: bool,
    /// The card is kept, to be charged again.
    pub(crate) keep: bool,
}

impl Dialect {
    /// From left to right.
    pub(crate) const ALL: [Self; 3] = [Self::Purchases, Self::CardPayments, Self::Orchestration];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Purchases => "Purchases",
            Self::CardPayments => "Card payments",
            Self::Orchestration => "Orchestration",
        }
    }

    /// Where it is mounted.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Purchases => "/api/v1",
            Self::CardPayments => "/api/v2",
            Self::Orchestration => "/payment/v2",
        }
    }

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Purchases => "One secret key, one call, signed callbacks.",
            Self::CardPayments => "OAuth tokens, links to a card widget, events to fetch.",
            Self::Orchestration => "Client sessions with gift cards, wallets and cards, signed webhooks.",
        }
    }

    /// What the shop asks for when it uses this API.
    pub(crate) const fn currency(self) -> Currency {
        match self {
            Self::Purchases => Currency::Ringgit,
            Self::CardPayments | Self::Orchestration => Currency::Euro,
        }
    }
}

impl Integration {
    /// In the order of the dialects.
    pub(crate) const ALL: [Self; 7] = [
        Self::PurchaseRedirect,
        Self::PurchaseDirectPost,
        Self::PurchaseFields,
        Self::LinkRedirect,
        Self::LinkFrame,
        Self::SessionRedirect,
        Self::SessionFrame,
    ];

    /// The one that a form names.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|integration| integration.word() == word)
    }

    /// In forms.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::PurchaseRedirect => "purchase-redirect",
            Self::PurchaseDirectPost => "purchase-direct-post",
            Self::PurchaseFields => "purchase-fields",
            Self::LinkRedirect => "link-redirect",
            Self::LinkFrame => "link-frame",
            Self::SessionRedirect => "session-redirect",
            Self::SessionFrame => "session-frame",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PurchaseRedirect => "Redirect to the checkout",
            Self::PurchaseDirectPost => "Direct post",
            Self::PurchaseFields => "Fields in the shop’s page",
            Self::LinkRedirect => "Redirect to the link",
            Self::LinkFrame => "Widget in the shop’s page",
            Self::SessionRedirect => "Redirect to the hosted page",
            Self::SessionFrame => "Hosted page in a frame",
        }
    }

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::PurchaseRedirect => "The payer leaves for the gateway’s page and comes back.",
            Self::PurchaseDirectPost => "A form of the shop’s own that posts the card to the gateway.",
            Self::PurchaseFields => "Only the fields are the gateway’s. Needs script.",
            Self::LinkRedirect => "The payer opens the link in place of the shop.",
            Self::LinkFrame => "The link in a frame that tells the shop’s page how it went.",
            Self::SessionRedirect => "Gift cards, wallets, banks and cards on the gateway’s page.",
            Self::SessionFrame => "The same page, without leaving the shop.",
        }
    }

    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::PurchaseRedirect | Self::PurchaseDirectPost | Self::PurchaseFields => Dialect::Purchases,
            Self::LinkRedirect | Self::LinkFrame => Dialect::CardPayments,
            Self::SessionRedirect | Self::SessionFrame => Dialect::Orchestration,
        }
    }

    /// Whether the payer comes back inside a frame.
    pub(crate) const fn is_framed(self) -> bool {
        match self.drawn() {
            Some(Drawn::Frame) => true,
            Some(Drawn::Form | Drawn::Fields) | None => false,
        }
    }

    /// What a page of the shop's own holds, between the shelf and the gateway; `None` where there is no such page.
    pub(crate) const fn drawn(self) -> Option<Drawn> {
        match self {
            Self::PurchaseDirectPost => Some(Drawn::Form),
            Self::PurchaseFields => Some(Drawn::Fields),
            Self::LinkFrame | Self::SessionFrame => Some(Drawn::Frame),
            Self::PurchaseRedirect | Self::LinkRedirect | Self::SessionRedirect => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_name_every_integration() {
        for integration in Integration::ALL {
            assert_eq!(Some(integration), Integration::named(integration.word()));
        }
        assert_eq!(None, Integration::named("cash"));
    }
}
