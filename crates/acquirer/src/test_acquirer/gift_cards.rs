//! The test gift cards (orchestration-api 8.4): 16 to 19 digits without a check digit. They begin with 6000, or with 6001
//! when they can be read but not paid with; the last six digits are what is printed on them, in minor units of whatever
//! currency is asked.
//!
//! The digits between are a serial number. One of nothing but zeros is always full, so that a tester can use it again
//! and again; any other is an account, and what was spent of it is in the book.

/// The code of every gift card.
const CODE: &str = "123";
/// The beginning of those that pay.
const PAYING: &str = "6000";
/// The beginning of those that only can be read.
const REFUSED: &str = "6001";
/// Digits of the balance.
const BALANCE_LEN: usize = 6;

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GiftCard {
    /// What is printed on it, in minor units.
    pub(super) printed: i64,
    /// Whether it can be paid with.
    pub(super) pays: bool,
    /// Whether what is spent is gone.
    pub(super) is_account: bool,
}

impl GiftCard {
    /// Reads a number; `None` for one that is no gift card.
    pub(super) fn of(number: &str) -> Option<Self> {
        let fits = (16..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let (beginning, rest) = number.split_at_checked(PAYING.len()).filter(|_| fits)?;
        let pays = match beginning {
            PAYING => true,
            REFUSED => false,
            _ => return None,
        };
        let (serial, printed) = rest.split_at_checked(rest.len().checked_sub(BALANCE_LEN)?)?;
        Some(Self { printed: printed.parse().ok()?, pays, is_account: serial.bytes().any(|digit| digit != b'0') })
    }
}

/// A code that is not given is not wrong.
pub(super) fn is_code_right(code: Option<&str>) -> bool {
    code.is_none_or(|code| code == CODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_what_it_is() {
        let card = |printed, pays, is_account| Some(GiftCard { printed, pays, is_account });
        assert_eq!(card(2_000, true, false), GiftCard::of("6000000000002000"));
        assert_eq!(card(2_000, true, true), GiftCard::of("6000123456002000"));
        assert_eq!(card(999_999, false, true), GiftCard::of("6001000000001999999"));
        for none in [
            "",
            "600000000000200",
            "60000000000000002000",
            "6002000000002000",
            "4111111111111111",
            "600000000000200x",
            "6000 0000 0000 2000",
            "60001234é0020000",
        ] {
            assert_eq!(None, GiftCard::of(none), "{none}");
        }
    }
}
