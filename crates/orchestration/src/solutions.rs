//! The ways to pay, each at its partner, and which of them a session may use (orchestration-api 3.16, 8.2, 8.4).

use domain::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::AMOUNT_MAX;

/// What kind of thing is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Family {
    /// A card.
    Card,
    /// A gift card, for a part or all of it.
    GiftCard,
    /// A wallet, on a page of the partner's.
    Wallet,
    /// A loan, on a page of the lender's.
    PayLater,
    /// A transfer, on a page of the payer's bank.
    Bank,
}

impl Family {
    /// Whether it takes what the others leave: at most one of these pays (5.1).
    #[must_use]
    pub(crate) const fn is_primary(self) -> bool {
        match self {
            Self::Card | Self::Wallet | Self::PayLater | Self::Bank => true,
            Self::GiftCard => false,
        }
    }

    /// Whether it can be charged again without its payer (5.6).
    #[must_use]
    pub(crate) const fn is_registrable(self) -> bool {
        match self {
            Self::Card => true,
            Self::GiftCard | Self::Wallet | Self::PayLater | Self::Bank => false,
        }
    }
}

/// A way to pay at a partner.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// Who takes it.
    pub partner: &'static str,
    /// What is paid with.
    pub method: &'static str,
    /// What kind of thing that is.
    pub family: Family,
    /// How often it may be used in one session; as often as one likes without.
    pub uses_max: Option<usize>,
    /// The least it takes, in minor units.
    pub amount_min: i64,
    /// Where it takes only this currency.
    pub currency: Option<&'static str>,
}

/// All there are, in the order in which payers are shown them.
pub(crate) const SOLUTIONS: [Solution; 6] = [
    solution("dalenys", "creditcard", Family::Card),
    solution("illicado", "giftcard", Family::GiftCard),
    Solution { uses_max: Some(2), ..solution("easy2play", "giftcard", Family::GiftCard) },
    solution("paypal", "wallet", Family::Wallet),
    Solution { amount_min: 10_000, currency: Some("EUR"), ..solution("oney", "cb3x", Family::PayLater) },
    Solution { currency: Some("EUR"), ..solution("adyen", "ideal", Family::Bank) },
];

const fn solution(partner: &'static str, method: &'static str, family: Family) -> Solution {
    Solution { partner, method, family, uses_max: None, amount_min: 1, currency: None }
}

impl Solution {
    /// The way to pay of this name.
    #[must_use]
    pub(crate) fn find(partner: &str, method: &str) -> Option<&'static Self> {
        SOLUTIONS.iter().find(|solution| solution.partner == partner && solution.method == method)
    }

    /// Whether it takes this amount, as a whole or as a part. Nothing at all only verifies what can be charged later,
    /// and what takes the remainder of such a payment must be able to.
    #[must_use]
    pub(crate) fn takes(&self, amount: Money, allow_future_usage: bool) -> bool {
        let is_registrable = self.family.is_registrable();
        let in_bounds = if amount.is_zero() {
            allow_future_usage && is_registrable
        } else {
            (self.amount_min..=AMOUNT_MAX).contains(&amount.minor())
        };
        let serves_later = !allow_future_usage || is_registrable || !self.family.is_primary();
        in_bounds && serves_later && self.currency.is_none_or(|code| code == amount.currency().code())
    }
}

/// What a session of this amount may be paid with.
#[must_use]
pub(crate) fn eligible(amount: Money, allow_future_usage: bool) -> Vec<&'static Solution> {
    SOLUTIONS.iter().filter(|solution| solution.takes(amount, allow_future_usage)).collect()
}

/// A way to pay, as it is named on the wire and in documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct SolutionName {
    /// Who takes it.
    pub partner: String,
    /// What is paid with.
    pub method: String,
}

impl From<&Solution> for SolutionName {
    fn from(solution: &Solution) -> Self {
        Self { partner: solution.partner.to_owned(), method: solution.method.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use domain::Currency;

    use super::*;

    fn check(minor: i64, currency: &str, allow_future_usage: bool, expected: &str) {
        let money = Money::new(minor, Currency::parse(currency).expect("a currency")).expect("an amount");
        let names: Vec<&str> = eligible(money, allow_future_usage).iter().map(|solution| solution.partner).collect();
        assert_eq!(expected, names.join(" "), "{money}");
    }

    #[test]
    fn amount_currency_and_later_use_decide() {
        check(12_000, "EUR", false, "dalenys illicado easy2play paypal oney adyen");
        check(10_000, "EUR", false, "dalenys illicado easy2play paypal oney adyen");
        check(9_999, "EUR", false, "dalenys illicado easy2play paypal adyen");
        check(12_000, "JPY", false, "dalenys illicado easy2play paypal");
        check(12_000, "EUR", true, "dalenys illicado easy2play");
        check(0, "EUR", true, "dalenys");
        check(0, "EUR", false, "");
    }

    #[test]
    fn names_are_found() {
        for solution in &SOLUTIONS {
            assert_eq!(Some(solution), Solution::find(solution.partner, solution.method));
        }
        assert_eq!(None, Solution::find("dalenys", "giftcard"));
    }
}
