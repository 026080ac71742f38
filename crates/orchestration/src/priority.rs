//! Which legs an operation draws on first, when the merchant says so (orchestration-api 5.5).

use crate::fields::{Fields, NAME};
use crate::solutions::SolutionName;

/// Stands for every partner, or every method.
const ANY: &str = "*";

/// An entry of a priority list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preference(SolutionName);

/// An entry of a priority list, as it is sent.
pub(crate) fn preference(f: &mut Fields<'_>) -> Option<Preference> {
    let partner = f.required("partner", NAME.filled(), "`*` is every partner.");
    let method = f.required("method", NAME.filled(), "`*` is every method.");
    Some(Preference(SolutionName { partner: partner?, method: method? }))
}

impl Preference {
    fn is_rest(&self) -> bool {
        self.0.partner == ANY && self.0.method == ANY
    }

    fn names(&self, leg: &SolutionName) -> bool {
        let fits = |wanted: &str, given: &str| wanted == ANY || wanted == given;
        fits(&self.0.partner, &leg.partner) && fits(&self.0.method, &leg.method)
    }
}

/// Puts legs, given in the usual order, in the order of a list: each entry takes every leg it names that none before it
/// took; `*`/`*` takes those that no other entry names; what is left follows in the usual order.
#[must_use]
pub(crate) fn ordered<L>(legs: Vec<L>, name: impl Fn(&L) -> SolutionName, list: &[Preference]) -> Vec<L> {
    let rank = |leg: &L| {
        let leg = name(leg);
        let by_name = list.iter().position(|entry| !entry.is_rest() && entry.names(&leg));
        by_name.or_else(|| list.iter().position(Preference::is_rest)).unwrap_or(list.len())
    };
    let mut legs = legs;
    // The sort is stable: legs of one entry stay in the usual order.
    legs.sort_by_cached_key(rank);
    legs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> SolutionName {
        let (partner, method) = text.split_once('/').expect(text);
        SolutionName { partner: partner.to_owned(), method: method.to_owned() }
    }

    fn check(legs: &str, list: &str, expected: &str) {
        let list: Vec<Preference> = list.split_whitespace().map(|entry| Preference(named(entry))).collect();
        let legs = ordered(legs.split_whitespace().collect(), |leg| named(leg), &list);
        assert_eq!(expected, legs.join(" "));
    }

    #[test]
    fn entries_take_legs_in_turn() {
        let usual = "illicado/giftcard easy2play/giftcard dalenys/creditcard";
        check(usual, "", usual);
        // The published example: cards, then everything else, then illicado.
        check(usual, "*/creditcard */* illicado/giftcard", "dalenys/creditcard easy2play/giftcard illicado/giftcard");
        check(usual, "easy2play/*", "easy2play/giftcard illicado/giftcard dalenys/creditcard");
        check(usual, "dalenys/creditcard */giftcard", "dalenys/creditcard illicado/giftcard easy2play/giftcard");
        check(usual, "*/giftcard illicado/giftcard", usual);
        check(usual, "*/* */* paypal/wallet", usual);
    }

    fn entry() -> impl Strategy<Value = Preference> {
        ("[ab*]", "[xy*]").prop_map(|(partner, method)| Preference(SolutionName { partner, method }))
    }

    fn leg() -> impl Strategy<Value = SolutionName> {
        ("[abc]", "[xyz]").prop_map(|(partner, method)| SolutionName { partner, method })
    }

    /// The rules as they are written, one entry after the other.
    fn told(legs: &[SolutionName], list: &[Preference]) -> Vec<usize> {
        let mut placed: Vec<usize> = vec![];
        for entry in list {
            let is_named_otherwise = |leg: &SolutionName| list.iter().any(|other| !other.is_rest() && other.names(leg));
            for (at, leg) in legs.iter().enumerate() {
                let takes = if entry.is_rest() { !is_named_otherwise(leg) } else { entry.names(leg) };
                if takes && !placed.contains(&at) {
                    placed.push(at);
                }
            }
        }
        for at in 0..legs.len() {
            if !placed.contains(&at) {
                placed.push(at);
            }
        }
        placed
    }

    proptest! {
        #[test]
        fn the_order_is_the_one_told(
            legs in prop::collection::vec(leg(), 0..8),
            list in prop::collection::vec(entry(), 0..6),
        ) {
            let numbers: Vec<usize> = (0..legs.len()).collect();
            let order = ordered(numbers, |at| legs[*at].clone(), &list);
            prop_assert_eq!(told(&legs, &list), order);
        }
    }
}
