//! Whether a try looks like somebody trying out cards (security R1, R2): facts in, a score with its reasons out.
//!
//! Three kinds of reasons. *Limits* are the gateway's own and hold for every merchant ([`limits`]). *Lists* are what an
//! operator never wants to see. *Rules* are data: each adds points, a merchant's operator may read and set them, and
//! from [`Policy::challenge_at`] points on the payer's bank is asked, from [`Policy::block_at`] on nobody is.
//!
//! Everything here is a pure function: the same facts under the same policy give the same score, and no fact that gets
//! worse makes a score better.

pub mod limits;
mod windows;

use std::fmt;
use std::net::IpAddr;

use crate::attempt::Flow;
use crate::card::CardSummary;
use crate::decline::{BlockedBy, DeclineReason};
use crate::ids::AttemptId;

pub use windows::{LastTries, Usual};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$item_doc])* $item,)*
        }

        impl $name {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// As stored, and as operators know it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $word,)*
                }
            }

            /// Reads the word back.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}

words! {
    /// A limit of the gateway itself.
    Limit {
        /// The card was declined too often at this merchant within a day.
        CardDeclines = "card_declines",
        /// The card was declined too often within a day, at whichever merchants.
        CardDeclinesOverall = "card_declines_overall",
        /// Wrong verification codes were tried with the card within a day.
        WrongCodes = "wrong_codes",
        /// Too many tries from one address within ten minutes, over all merchants.
        AddressTries = "address_tries",
        /// Nearly all tries with cards of this BIN at this merchant were declined: none is taken for a while.
        BinPaused = "bin_paused",
        /// Most tries with cards of this BIN at this merchant were declined: the payer's bank is asked.
        BinChallenged = "bin_challenged",
        /// The card was declined for good, for the same amount at the same merchant.
        DeclinedForGood = "declined_for_good",
        /// The card was declined too often at this merchant to be tried again today.
        RetriesToday = "retries_today",
        /// The card was declined too often at this merchant to be tried again this month.
        RetriesThisMonth = "retries_this_month",
    }
}

words! {
    /// What a rule looks at. Of each, more is worse.
    RuleName {
        /// Tries with this card within an hour, at whichever merchants.
        CardTries = "card_tries",
        /// Failed or blocked tries from this address within ten minutes, at whichever merchants.
        AddressFailures = "address_failures",
        /// Failed or blocked tries to pay this checkout.
        CheckoutFailures = "checkout_failures",
        /// Per cent of the last tries with cards of this BIN at this merchant that were declined, once there are ten.
        BinDeclines = "bin_declines",
        /// Per cent of the last hundred tries at this merchant that failed or were blocked.
        MerchantFailures = "merchant_failures",
        /// How many times the merchant's usual amount this is, once twenty payments tell what is usual.
        Amount = "amount",
        /// 1 when the card is of another country than the payer's address.
        CardCountry = "card_country",
        /// 1 when the goods go to another country than the payer's address.
        ShippingCountry = "shipping_country",
    }
}

words! {
    /// What an operator may list, so that it is never taken.
    ListKind {
        /// A card, by its fingerprint.
        Card = "card",
        /// A payer's mail address.
        Email = "email",
        /// A network, or one address.
        Network = "network",
        /// A country, of the card or of the payer's address.
        Country = "country",
        /// The first digits of card numbers.
        Bin = "bin",
    }
}

/// What a card is counted by: a keyed hash of mode and number. It is the gateway's own and no merchant ever sees it
/// (security V4); 32 hexadecimal digits where operators do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardKey([u8; 16]);

impl CardKey {
    /// Wraps a hash.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The hash inside.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads the hexadecimal form, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardKey({self})")
    }
}

/// Something an operator never wants to see, in the one form in which it is compared: a mail address in lower case, a
/// network as CIDR, a country as two capitals, a BIN as four to eight digits, a card by its [`CardKey`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listed {
    /// What it is.
    pub kind: ListKind,
    /// Which.
    pub value: String,
}

/// When a rule adds points: `each` for every one its fact is above `limit`, `most` at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it looks at.
    pub name: RuleName,
    /// What is still ordinary.
    pub limit: u32,
    /// Points for each one above.
    pub each: u32,
    /// Points at most; none switches the rule off.
    pub most: u32,
}

impl Rule {
    /// No number of a rule and no threshold is larger.
    pub const MAX: u32 = 1_000_000;

    const fn points(self, value: u32) -> u32 {
        let points = value.saturating_sub(self.limit).saturating_mul(self.each);
        if points < self.most { points } else { self.most }
    }
}

/// What a merchant's operator decides, per mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// From so many points on the payer's bank is asked.
    pub challenge_at: u32,
    /// From so many points on the try goes nowhere; at least 1.
    pub block_at: u32,
    /// A rule for each name, in the order of [`RuleName::ALL`].
    rules: Vec<Rule>,
}

impl Default for Policy {
    /// While a merchant is not under attack these rules bind nobody before the limits do; under attack, whoever has
    /// failed before must prove who they are, and whoever goes on failing is blocked.
    fn default() -> Self {
        Self::new(60, 100)
    }
}

const fn default_rule(name: RuleName) -> Rule {
    let (limit, each, most) = match name {
        RuleName::CardTries => (5, 2, 10),
        RuleName::AddressFailures | RuleName::CheckoutFailures => (0, 6, 18),
        RuleName::BinDeclines => (60, 10, 10),
        RuleName::MerchantFailures => (70, 55, 55),
        RuleName::Amount => (10, 2, 10),
        RuleName::CardCountry => (0, 8, 8),
        RuleName::ShippingCountry => (0, 4, 4),
    };
    Rule { name, limit, each, most }
}

impl Policy {
    /// The default rules with other thresholds.
    #[must_use]
    pub fn new(challenge_at: u32, block_at: u32) -> Self {
        Self { challenge_at, block_at, rules: RuleName::ALL.iter().map(|name| default_rule(*name)).collect() }
    }

    /// A rule for each name, in the order of [`RuleName::ALL`].
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Puts a rule in the place of the one with its name.
    pub fn set(&mut self, rule: Rule) {
        if let Some(known) = self.rules.iter_mut().find(|known| known.name == rule.name) {
            *known = rule;
        }
    }

    /// Rules that are not as they are by default, in order.
    pub fn changed(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| **rule != default_rule(rule.name))
    }
}

/// What is known of a try before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each is explained at the rule with its name")]
pub struct Facts {
    pub card_tries: u32,
    pub address_failures: u32,
    pub checkout_failures: u32,
    pub bin_declines: u32,
    pub merchant_failures: u32,
    pub amount: u32,
    pub card_country_differs: bool,
    pub shipping_country_differs: bool,
    /// Limits that were reached, with what was counted.
    pub limits: Vec<(Limit, u32)>,
    /// Lists that name something of the try.
    pub listed: Vec<ListKind>,
}

impl Facts {
    /// What a rule looks at.
    #[must_use]
    pub fn value(&self, name: RuleName) -> u32 {
        match name {
            RuleName::CardTries => self.card_tries,
            RuleName::AddressFailures => self.address_failures,
            RuleName::CheckoutFailures => self.checkout_failures,
            RuleName::BinDeclines => self.bin_declines,
            RuleName::MerchantFailures => self.merchant_failures,
            RuleName::Amount => self.amount,
            RuleName::CardCountry => u32::from(self.card_country_differs),
            RuleName::ShippingCountry => u32::from(self.shipping_country_differs),
        }
    }
}

/// Where a reason comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Ground {
    Limit(Limit),
    Listed(ListKind),
    Rule(RuleName),
}

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Where it comes from.
    pub ground: Ground,
    /// What was counted; 1 for what cannot be counted.
    pub value: u32,
    /// What it adds to the score.
    pub points: u32,
}

/// The score of a try and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assessment {
    /// The sum of the points.
    pub score: u32,
    /// What added to it, limits first, then lists, then rules.
    pub findings: Vec<Finding>,
}

/// A try that went nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedTry {
    /// Made for this try.
    pub attempt_id: AttemptId,
    /// The card, when it could be read.
    pub card: Option<CardSummary>,
    /// How the card came.
    pub flow: Flow,
    /// The payer's address, if known.
    pub payer_ip: Option<IpAddr>,
    /// Why it went nowhere.
    pub reason: DeclineReason,
    /// The score that blocked it, and what it is made of.
    pub assessment: Option<Assessment>,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It goes its way.
    Pass,
    /// The payer's bank is asked, whatever the card says.
    Challenge,
    /// It goes nowhere.
    Block(BlockedBy),
}

impl Assessment {
    /// Adds everything up.
    #[must_use]
    pub fn of(facts: &Facts, policy: &Policy) -> Self {
        let limits = facts.limits.iter().map(|(limit, value)| {
            let points = match limit {
                Limit::BinChallenged => 0,
                Limit::CardDeclines
                | Limit::CardDeclinesOverall
                | Limit::WrongCodes
                | Limit::AddressTries
                | Limit::BinPaused
                | Limit::DeclinedForGood
                | Limit::RetriesToday
                | Limit::RetriesThisMonth => policy.block_at,
            };
            Finding { ground: Ground::Limit(*limit), value: *value, points }
        });
        let listed = facts.listed.iter().map(|kind| Finding {
            ground: Ground::Listed(*kind),
            value: 1,
            points: policy.block_at,
        });
        let rules = policy.rules.iter().map(|rule| {
            let value = facts.value(rule.name);
            Finding { ground: Ground::Rule(rule.name), value, points: rule.points(value) }
        });
        let rules = rules.filter(|finding| finding.points > 0);
        let findings: Vec<Finding> = limits.chain(listed).chain(rules).collect();
        let score = findings.iter().fold(0, |sum: u32, finding| sum.saturating_add(finding.points));
        Self { score, findings }
    }

    /// What becomes of the try.
    #[must_use]
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        let challenged = Ground::Limit(Limit::BinChallenged);
        if self.score >= policy.block_at {
            Verdict::Block(self.blocked_by())
        } else if self.score >= policy.challenge_at || self.findings.iter().any(|found| found.ground == challenged) {
            Verdict::Challenge
        } else {
            Verdict::Pass
        }
    }

    /// The reason that weighs most, in the merchant's words.
    fn blocked_by(&self) -> BlockedBy {
        let by = self.findings.iter().map(|finding| match finding.ground {
            Ground::Listed(ListKind::Country) => BlockedBy::ListedCountry,
            Ground::Listed(ListKind::Card | ListKind::Email | ListKind::Network | ListKind::Bin) => BlockedBy::Listed,
            Ground::Limit(Limit::DeclinedForGood | Limit::RetriesToday | Limit::RetriesThisMonth) => BlockedBy::Retries,
            Ground::Limit(
                Limit::CardDeclines
                | Limit::CardDeclinesOverall
                | Limit::WrongCodes
                | Limit::AddressTries
                | Limit::BinPaused,
            ) => BlockedBy::Limits,
            Ground::Limit(Limit::BinChallenged) | Ground::Rule(_) => BlockedBy::Score,
        });
        by.min().unwrap_or(BlockedBy::Score)
    }
}

#[cfg(test)]
mod tests;
