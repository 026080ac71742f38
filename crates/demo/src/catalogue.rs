//! What the shop sells.

/// A thing on the shelf. Prices are minor units.
#[derive(Debug)]
pub(crate) struct Thing {
    /// In forms.
    pub(crate) word: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    ringgit: i64,
    euros: i64,
    /// A drawing of ours, as an `svg` element.
    pub(crate) drawing: &'static str,
}

/// A currency of the shop. Both have two digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Currency {
    /// Malaysian ringgit, the sandbox brand's own.
    Ringgit,
    /// For the APIs that take few currencies.
    Euro,
}

impl Currency {
    /// ISO 4217.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Ringgit => "MYR",
            Self::Euro => "EUR",
        }
    }

    /// An amount of minor units as people write it.
    pub(crate) fn shown(self, minor: i64) -> String {
        let sign = match self {
            Self::Ringgit => "RM\u{a0}",
            Self::Euro => "€",
        };
        format!("{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

/// The shelf, from left to right.
pub(crate) static SHELF: [Thing; 4] = [
    Thing {
        word: "tea",
        name: "Morning oolong",
        about: "A tin of 100 g, half fermented, half awake.",
        ringgit: 2_400,
        euros: 520,
        drawing: include_str!("../assets/tea.svg"),
    },
    Thing {
        word: "mug",
        name: "Enamel mug",
        about: "Falls, rings, and is picked up again.",
        ringgit: 3_900,
        euros: 850,
        drawing: include_str!("../assets/mug.svg"),
    },
    Thing {
        word: "pot",
        name: "Stoneware pot",
        about: "Holds four cups and one conversation.",
        ringgit: 12_900,
        euros: 2_800,
        drawing: include_str!("../assets/pot.svg"),
    },
    Thing {
        word: "biscuits",
        name: "Ginger biscuits",
        about: "A small bag, for small sums.",
        ringgit: 450,
        euros: 100,
        drawing: include_str!("../assets/biscuits.svg"),
    },
];

impl Thing {
    /// The thing that a form names.
    pub(crate) fn named(word: &str) -> Option<&'static Self> {
        SHELF.iter().find(|thing| thing.word == word)
    }

    /// What it costs, in minor units.
    pub(crate) const fn price(&self, currency: Currency) -> i64 {
        match currency {
            Currency::Ringgit => self.ringgit,
            Currency::Euro => self.euros,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_money() {
        assert_eq!("RM\u{a0}129.00", Currency::Ringgit.shown(12_900));
        assert_eq!("€5.05", Currency::Euro.shown(505));
    }

    #[test]
    fn each_thing_has_a_name_of_its_own_and_a_drawing() {
        for thing in &SHELF {
            assert_eq!(Some(thing.name), Thing::named(thing.word).map(|found| found.name));
            assert!(thing.drawing.starts_with("<svg ") && thing.drawing.contains("aria-hidden=\"true\""));
            assert!(thing.price(Currency::Ringgit) > thing.price(Currency::Euro));
        }
        assert!(Thing::named("").is_none());
    }
}
