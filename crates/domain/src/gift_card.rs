//! The number of a gift card.

use zeroize::Zeroizing;

/// A gift card's number: 16 to 19 digits, no check digit (orchestration-api 8.4). As a card's it cannot be printed,
/// cloned or serialized by accident, and is wiped when dropped.
#[derive(PartialEq, Eq)]
pub struct GiftCardNumber(Zeroizing<String>);

impl GiftCardNumber {
    /// Reads a number as typed; spaces and hyphens are taken out. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = Zeroizing::new(text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>());
        let fits = (16..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(Self(digits))
    }

    /// The digits, for the acquirer's request and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As it may be shown: the first six and the last four digits.
    #[must_use]
    pub fn masked(&self) -> String {
        let (first, rest) = self.0.split_at(6);
        let (hidden, last) = rest.split_at(rest.len() - 4);
        format!("{first}{}{last}", "*".repeat(hidden.len()))
    }
}

impl std::fmt::Debug for GiftCardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GiftCardNumber(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_masked_and_not_printed() {
        let number = GiftCardNumber::parse("6000 0000 0000 2000").expect("a number");
        assert_eq!(("6000000000002000", "600000******2000".to_owned()), (number.expose(), number.masked()));
        assert_eq!("GiftCardNumber(..)", format!("{number:?}"));
        for text in ["", "600000000000200", "60000000000020001234", "6000 0000 0000 200x", "６０００000000002000"] {
            assert!(GiftCardNumber::parse(text).is_none(), "{text}");
        }
    }
}
