//! Cards: numbers and codes that cannot be printed, cloned or written down by accident (security P1, P2, V5).

use std::fmt;

use zeroize::Zeroize;

use crate::time::Timestamp;

/// A card number. It has no `Clone`, no `Display` and a `Debug` that says nothing, and is wiped when dropped.
pub struct Pan {
    digits: [u8; 19],
    len: u8,
}

/// Why a text is no card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanError {
    /// Nothing was given.
    Empty,
    /// Something other than digits, spaces and hyphens.
    NotDigits,
    /// Fewer digits than any card of this brand has.
    TooShort,
    /// More digits than any card of this brand has.
    TooLong,
    /// The check digit does not fit: most likely a typo.
    Luhn,
}

impl Pan {
    /// Reads a number as people type it: digits of any script's usual forms, spaces and hyphens allowed.
    ///
    /// # Errors
    /// What is wrong with it, for the message beside the field.
    pub fn parse(text: &str) -> Result<Self, PanError> {
        let mut pan = Self { digits: [0; 19], len: 0 };
        let mut count = 0_usize;
        for character in text.trim().chars() {
            if matches!(character, ' ' | '-' | '\u{a0}' | '\u{2009}' | '\u{202f}') {
                continue;
            }
            let digit = ascii_digit(character).ok_or(PanError::NotDigits)?;
            if let Some(slot) = pan.digits.get_mut(count) {
                *slot = digit;
            }
            count += 1;
        }
        if count == 0 {
            return Err(PanError::Empty);
        }
        pan.len = u8::try_from(count.min(19)).unwrap_or(19);
        let (shortest, longest) = pan.brand().lengths();
        if count < shortest {
            return Err(PanError::TooShort);
        }
        if count > longest {
            return Err(PanError::TooLong);
        }
        if !luhn(pan.bytes().iter().copied()) {
            return Err(PanError::Luhn);
        }
        Ok(pan)
    }

    /// The digits, for the acquirer's request and the vault's seal; nobody else has a reason to look.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The brand by its prefix.
    #[must_use]
    pub fn brand(&self) -> Brand {
        Brand::of(self.bytes())
    }

    /// The other brand of a co-badged card: its payer chooses between the two (EU 2015/751, article 8).
    #[must_use]
    pub fn partner(&self) -> Option<Brand> {
        CO_BADGED.iter().find(|(prefix, _)| self.expose().starts_with(prefix)).map(|(_, partner)| *partner)
    }

    /// The first eight digits: whose card it is, not which.
    #[must_use]
    pub fn bin(&self) -> Bin {
        Bin(self.bytes().iter().take(8).fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// First six and last four, the only truncation there is.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(self.expose())
    }

    fn bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }
}

/// The first eight digits of a card number: its issuer and kind of card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bin(u32);

impl fmt::Display for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

impl Drop for Pan {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pan(***)")
    }
}

/// The one masking function: first six and last four of a number, stars between; a number too short for that shows
/// its last four only (security P2).
#[must_use]
pub fn mask(digits: &str) -> String {
    let len = digits.len();
    let shown_first = if len >= 13 { 6 } else { 0 };
    let shown_last = if len > 4 { 4 } else { 0 };
    digits
        .char_indices()
        .map(|(at, digit)| if at < shown_first || at >= len - shown_last { digit } else { '*' })
        .collect()
}

/// A card verification code. It lives as long as one authorization and in memory only; no `Clone`, no `Display`.
pub struct Cvc {
    digits: [u8; 4],
    len: u8,
}

impl Cvc {
    /// Reads three or four digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut cvc = Self { digits: [0; 4], len: 0 };
        for character in text.trim().chars() {
            *cvc.digits.get_mut(usize::from(cvc.len))? = ascii_digit(character)?;
            cvc.len += 1;
        }
        (cvc.len >= 3).then_some(cvc)
    }

    /// The digits, for the acquirer's request.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Drop for Cvc {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Cvc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cvc(***)")
    }
}

/// The last month in which a card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    /// All four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

/// Why a text is no expiry date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryError {
    /// Nothing was given.
    Empty,
    /// Not a month and a year.
    Unreadable,
    /// A month of 00 or above 12.
    Month,
}

impl Expiry {
    /// Reads `8/28`, `08/28`, `0828`, `082028`, `08/2028`, `08 - 28`.
    ///
    /// # Errors
    /// What is wrong with it, for the message beside the field.
    pub fn parse(text: &str) -> Result<Self, ExpiryError> {
        let text: String = text.trim().chars().filter(|c| !c.is_whitespace()).collect();
        if text.is_empty() {
            return Err(ExpiryError::Empty);
        }
        let digits = |part: &str| -> Option<String> { part.chars().map(|c| ascii_digit(c).map(char::from)).collect() };
        let (month, year) = match text.split_once(['/', '-']) {
            Some((month, year)) => (digits(month), digits(year)),
            None => {
                let all = digits(&text).ok_or(ExpiryError::Unreadable)?;
                if all.len() != 4 && all.len() != 6 {
                    return Err(ExpiryError::Unreadable);
                }
                (Some(all[..2].to_owned()), Some(all[2..].to_owned()))
            }
        };
        let month = month.filter(|m| matches!(m.len(), 1 | 2)).ok_or(ExpiryError::Unreadable)?;
        let year = year.filter(|y| matches!(y.len(), 2 | 4)).ok_or(ExpiryError::Unreadable)?;
        let month: u8 = month.parse().map_err(|_| ExpiryError::Unreadable)?;
        let full: u16 = year.parse().map_err(|_| ExpiryError::Unreadable)?;
        if !(1..=12).contains(&month) {
            return Err(ExpiryError::Month);
        }
        // Two digits: 00-79 are 20xx (checkout-ux 5).
        let year = match (year.len(), full) {
            (2, 0..=79) => 2000 + full,
            (2, _) => 1900 + full,
            (_, full) => full,
        };
        Ok(Self { year, month })
    }

    /// Whether the month is over everywhere on earth: a card is good to the last day of its month, and the day is
    /// taken in UTC-12.
    #[must_use]
    pub fn is_past(self, now: Timestamp) -> bool {
        let (year, month) = year_and_month(now.seconds() - 12 * 3600);
        (i64::from(self.year), i64::from(self.month)) < (year, month)
    }

    /// The first moment at which it is past.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        let (year, month) = match self.month {
            12 => (i64::from(self.year) + 1, 1),
            month => (i64::from(self.year), i64::from(month) + 1),
        };
        Timestamp::from_seconds(first_day(year, month) * 86_400 + 12 * 3600)
    }

    /// More than twenty years ahead: surely a typo.
    #[must_use]
    pub fn is_far(self, now: Timestamp) -> bool {
        i64::from(self.year) > year_and_month(now.seconds()).0 + 20
    }
}

/// The days from 1970 to the first of a month, by the same reckoning as [`year_and_month`].
fn first_day(year: i64, month: i64) -> i64 {
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * shifted + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

/// The civil year and month of a moment in UTC, by the usual reckoning in eras of 400 years.
fn year_and_month(seconds: i64) -> (i64, i64) {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month)
}

/// Beginnings of numbers with two brands. Of real cards an acquirer's own tables know; these are the test cards.
const CO_BADGED: [(&str, Brand); 2] = [("40000098", Brand::CartesBancaires), ("52000098", Brand::CartesBancaires)];

/// Who issued the plastic's logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Brand {
    Visa,
    Mastercard,
    Amex,
    Diners,
    Discover,
    Jcb,
    UnionPay,
    Maestro,
    /// Always the second brand of a Visa or Mastercard.
    CartesBancaires,
    /// No brand we know: never a reason to refuse.
    Unknown,
}

impl Brand {
    /// Every brand that has a name.
    pub const ALL: [Self; 9] = [
        Self::Visa,
        Self::Mastercard,
        Self::Amex,
        Self::Diners,
        Self::Discover,
        Self::Jcb,
        Self::UnionPay,
        Self::Maestro,
        Self::CartesBancaires,
    ];

    /// By the prefixes of checkout-ux 4, the longest first.
    #[must_use]
    pub fn of(digits: &[u8]) -> Self {
        let prefix = |len: usize| -> u32 {
            digits
                .get(..len)
                .map_or(0, |head| head.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
        };
        match (prefix(1), prefix(2), prefix(3), prefix(4)) {
            (.., 2221..=2720) => Self::Mastercard,
            (.., 3528..=3589 | 2131 | 1800) => Self::Jcb,
            (.., 6011) => Self::Discover,
            (.., 5018) => Self::Maestro,
            (_, _, 300..=305, _) => Self::Diners,
            (_, _, 644..=649, _) => Self::Discover,
            (_, _, 620..=629 | 810..=817, _) => Self::UnionPay,
            (_, 51..=55, ..) => Self::Mastercard,
            (_, 34 | 37, ..) => Self::Amex,
            (_, 36 | 38 | 39, ..) => Self::Diners,
            (_, 65, ..) => Self::Discover,
            (_, 56..=59 | 63 | 67, ..) => Self::Maestro,
            (4, ..) => Self::Visa,
            _ => Self::Unknown,
        }
    }

    /// The name the purchases dialect and the store use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Diners => "diners",
            Self::Discover => "discover",
            Self::Jcb => "jcb",
            Self::UnionPay => "unionpay",
            Self::Maestro => "maestro",
            Self::CartesBancaires => "cartes_bancaires",
            Self::Unknown => "unknown",
        }
    }

    /// Reads [`Brand::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Unknown]).find(|brand| brand.as_str() == text)
    }

    /// The name on the logo.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Visa => "Visa",
            Self::Mastercard => "Mastercard",
            Self::Amex => "American Express",
            Self::Diners => "Diners Club",
            Self::Discover => "Discover",
            Self::Jcb => "JCB",
            Self::UnionPay => "UnionPay",
            Self::Maestro => "Maestro",
            Self::CartesBancaires => "Cartes Bancaires",
            Self::Unknown => "Card",
        }
    }

    /// Digits of its verification code.
    #[must_use]
    pub const fn cvc_len(self) -> usize {
        match self {
            Self::Amex => 4,
            _ => 3,
        }
    }

    /// The shortest and the longest number.
    const fn lengths(self) -> (usize, usize) {
        match self {
            Self::Visa => (16, 19),
            Self::Mastercard | Self::CartesBancaires => (16, 16),
            Self::Amex => (15, 15),
            Self::Diners => (14, 19),
            Self::Discover | Self::Jcb => (16, 19),
            Self::UnionPay => (14, 19),
            Self::Maestro | Self::Unknown => (12, 19),
        }
    }
}

/// What may be known about a card by everybody who may see the payment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CardSummary {
    /// The brand by prefix.
    pub brand: Brand,
    /// First six and last four, stars between.
    pub masked: String,
    /// As typed; an acquirer judges it.
    pub expiry: Expiry,
    /// The name on the card as typed; empty when none was asked.
    pub holder: String,
}

impl CardSummary {
    /// The last four digits.
    #[must_use]
    pub fn last4(&self) -> &str {
        self.masked.get(self.masked.len().saturating_sub(4)..).unwrap_or_default()
    }
}

/// Whether digits pass the Luhn check.
pub(crate) fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            match (at % 2, digit) {
                (0, digit) => digit,
                (_, 0..=4) => digit * 2,
                (..) => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// 0-9 from ASCII, full-width, Arabic-Indic or Persian digits (checkout-ux 11).
fn ascii_digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let value = match code {
        0x30..=0x39 => code - 0x30,
        0xFF10..=0xFF19 => code - 0xFF10,
        0x0660..=0x0669 => code - 0x0660,
        0x06F0..=0x06F9 => code - 0x06F0,
        _ => return None,
    };
    u8::try_from(value).ok().map(|value| b'0' + value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for text in [
            "4444333322221111",
            "4444 3333 2222 1111",
            " 4444-3333-2222-1111 ",
            "٤٤٤٤٣٣٣٣٢٢٢٢١١١١",
            "４４４４333322221111",
        ] {
            assert_eq!("4444333322221111", Pan::parse(text).expect(text).expose());
        }
    }

    #[test]
    fn wrong_numbers_say_what_is_wrong() {
        for (text, error) in [
            ("", PanError::Empty),
            ("  ", PanError::Empty),
            ("4444a", PanError::NotDigits),
            ("4444 3333", PanError::TooShort),
            ("4444 3333 2222 1111 2222", PanError::TooLong),
            ("44443333222211114444333322221111", PanError::TooLong),
            ("4444 3333 2222 1112", PanError::Luhn),
            ("4000 0099 0051 0003", PanError::Luhn),
        ] {
            assert_eq!(error, Pan::parse(text).expect_err(text), "{text}");
        }
    }

    #[test]
    fn brands_by_prefix() {
        for (number, brand) in [
            ("4444333322221111", Brand::Visa),
            ("5200009900000009", Brand::Mastercard),
            ("2223009900000009", Brand::Mastercard),
            ("340099000000001", Brand::Amex),
            ("36009900000000", Brand::Diners),
            ("6011009900000006", Brand::Discover),
            ("3530009900000005", Brand::Jcb),
            ("6200009900000007", Brand::UnionPay),
            ("670000990000000002", Brand::Maestro),
            ("4000009700000000002", Brand::Visa),
        ] {
            assert_eq!(brand, Pan::parse(number).expect(number).brand(), "{number}");
        }
    }

    #[test]
    fn a_co_badged_card_has_two_brands() {
        let brands = |number| {
            let pan = Pan::parse(number).expect(number);
            (pan.brand(), pan.partner())
        };
        assert_eq!((Brand::Visa, Some(Brand::CartesBancaires)), brands("4000009800000005"));
        assert_eq!((Brand::Mastercard, Some(Brand::CartesBancaires)), brands("5200009800000000"));
        assert_eq!((Brand::Visa, None), brands("4444333322221111"));
    }

    #[test]
    fn expiry_dates_are_read_as_browsers_fill_them() {
        for text in ["8/28", "08/28", "0828", "082028", "08/2028", "08 - 28"] {
            assert_eq!(Ok(Expiry { year: 2028, month: 8 }), Expiry::parse(text), "{text}");
        }
        assert_eq!(Err(ExpiryError::Month), Expiry::parse("13/28"));
        assert_eq!(Err(ExpiryError::Month), Expiry::parse("00/28"));
        for text in ["8", "828", "ab/cd", "08/2", "08/20 28x", "123/28"] {
            assert_eq!(Err(ExpiryError::Unreadable), Expiry::parse(text), "{text}");
        }
    }

    #[test]
    fn a_card_is_good_to_the_last_day_of_its_month_everywhere() {
        let expiry = Expiry { year: 2026, month: 11 };
        let december_noon_utc = Timestamp::from_seconds(1_796_126_400);
        assert!(!expiry.is_past(Timestamp::from_seconds(december_noon_utc.seconds() - 1)));
        assert!(expiry.is_past(december_noon_utc));
    }

    #[test]
    fn a_card_ends_at_the_first_moment_at_which_it_is_past() {
        for year in [1999, 2000, 2023, 2024, 2026, 2100, 9999] {
            for month in 1..=12 {
                let expiry = Expiry { year, month };
                let end = expiry.ends();
                assert!(expiry.is_past(end), "{expiry:?}");
                assert!(!expiry.is_past(Timestamp::from_micros(end.micros() - 1)), "{expiry:?}");
            }
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let pan = Pan::parse("4444333322221111").expect("a card");
        let cvc = Cvc::parse("123").expect("a code");
        assert_eq!("Pan(***) Cvc(***)", format!("{pan:?} {cvc:?}"));
    }

    proptest! {
        #[test]
        fn masks_show_first_six_and_last_four(digits in "[0-9]{12,19}") {
            let masked = mask(&digits);
            let shown = masked.chars().filter(|c| *c != '*').count();
            prop_assert_eq!(masked.len(), digits.len());
            prop_assert!(shown <= 10);
            prop_assert!(masked.ends_with(&digits[digits.len() - 4..]));
            prop_assert!(digits.len() < 13 || masked.starts_with(&digits[..6]));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (Pan::parse(&text).is_ok(), Cvc::parse(&text).is_some(), Expiry::parse(&text));
            let _ = crate::mask_numbers(&text);
        }
    }
}
