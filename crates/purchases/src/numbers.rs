//! Numbers as callers write them, read exactly: `100`, `"100"`, `120.0`, `"1e2"`, `" 2 "`, `"+2"` (purchases-api 1.3).
//! No float is ever involved.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use crate::errors::Problem;

/// Longer than any number that means something.
const TEXT_MAX: usize = 1_000;

/// A number with a fixed count of digits after the point, in units of its last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// In units of the last digit: with four places, 15000 is 1.5.
    pub value: i64,
    /// Digits after the point.
    pub places: u32,
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.places);
        let (sign, value) = (if self.value < 0 { "-" } else { "" }, self.value.unsigned_abs());
        let width = self.places as usize;
        write!(f, "{sign}{}.{:0width$}", value / unit, value % unit)
    }
}

/// On the wire it is a string with all its places: `"1.0000"`.
impl Serialize for Fixed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A decimal number as written: `digits` × 10^-`scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// Without leading zeros; empty is zero.
    digits: String,
    scale: i64,
}

impl Decimal {
    /// Reads digits with an optional sign, point and exponent, spaces around allowed.
    ///
    /// # Errors
    /// `max_string_length` for an absurdly long text, `invalid` for what is no number.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > TEXT_MAX {
            return Err(Problem::max_string_length(TEXT_MAX));
        }
        Self::read(text.trim()).ok_or_else(|| Problem::invalid("A number is needed here."))
    }

    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        let scale = i64::try_from(fraction.len()).ok()?.saturating_sub(exponent);
        Some(Self { negative, digits, scale })
    }

    /// The same number without zeros that end its fraction.
    pub(crate) fn trimmed(mut self) -> Self {
        if self.digits.is_empty() {
            self.scale = 0;
        }
        while self.scale > 0 && self.digits.ends_with('0') {
            self.digits.pop();
            self.scale -= 1;
        }
        self
    }

    /// Digits after the point, as written.
    pub(crate) fn places(&self) -> i64 {
        self.scale.max(0)
    }

    /// Digits in all, as written.
    pub(crate) fn digit_count(&self) -> i64 {
        let digits = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        digits.saturating_sub(self.scale.min(0)).max(self.scale)
    }

    /// In units of 10^-`places`, when that fits; `scale` must not exceed `places`.
    ///
    /// # Errors
    /// `max_value` or `min_value` when the number lies outside `min..=max`, told in whole units.
    pub(crate) fn within(&self, places: u32, min: i64, max: i64) -> Result<i64, Problem> {
        let unit = 10_i64.pow(places);
        let too_small = || Problem::min_value(min / unit);
        let too_large = || Problem::max_value(max / unit);
        let value = self.units(places);
        let beyond = || if self.negative { too_small() } else { too_large() };
        match value {
            None => Err(beyond()),
            Some(value) if value < min => Err(too_small()),
            Some(value) if value > max => Err(too_large()),
            Some(value) => Ok(value),
        }
    }

    fn units(&self, places: u32) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let shift = u32::try_from(i64::from(places).checked_sub(self.scale)?).ok()?;
        let digits: i128 = self.digits.parse().ok()?;
        let value = digits.checked_mul(10_i128.checked_pow(shift)?)?;
        i64::try_from(if self.negative { -value } else { value }).ok()
    }
}

/// The exponent's digits; one too large to matter sticks to a value just as large.
fn read_exponent(text: &str) -> Option<i64> {
    const ENOUGH: i64 = 1_000_000;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exponent = digits.parse().unwrap_or(ENOUGH).min(ENOUGH);
    Some(if negative { -exponent } else { exponent })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str, places: u32) -> Option<i64> {
        Decimal::parse(text).ok()?.trimmed().units(places)
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, places, value) in [
            ("1", 4, Some(10_000)),
            ("1.5", 4, Some(15_000)),
            (" 2 ", 4, Some(20_000)),
            ("+2", 4, Some(20_000)),
            ("1e2", 4, Some(1_000_000)),
            ("1E+2", 0, Some(100)),
            ("15e-1", 4, Some(15_000)),
            (".5", 4, Some(5_000)),
            ("5.", 0, Some(5)),
            ("-3", 0, Some(-3)),
            ("-0", 0, Some(0)),
            ("0e999999999999", 0, Some(0)),
            ("120.000", 0, Some(120)),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("9223372036854775808", 0, None),
            ("-9223372036854775808", 0, Some(i64::MIN)),
            ("1e400", 0, None),
            ("1e99999999999999999999", 0, None),
        ] {
            assert_eq!(value, units(text, places), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", " ", ".", "-", "+-1", "1 2", "1,5", "0x10", "1e", "e1", "1e1.5", "NaN", "Infinity", "１", "1_0"]
        {
            assert_eq!("invalid", Decimal::parse(text).expect_err(text).code, "{text}");
        }
        assert!(Decimal::parse(&"0".repeat(1_000)).is_ok());
        assert_eq!("max_string_length", Decimal::parse(&"0".repeat(1_001)).expect_err("too long").code);
    }

    #[test]
    fn digits_are_counted_as_written() {
        for (text, digits, places) in
            [("0.000", 3, 3), ("123.45", 5, 2), ("1e2", 3, 0), ("100", 3, 0), ("0", 0, 0), ("0012.5", 3, 1)]
        {
            let number = Decimal::parse(text).expect(text);
            assert_eq!((digits, places), (number.digit_count(), number.places()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn shown_numbers_are_read_back(value in any::<i64>(), places in 1_u32..5) {
            let shown = Fixed { value, places }.to_string();
            prop_assert_eq!(Some(value), units(&shown, places));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE ]{0,30}") {
            let _ = Decimal::parse(&text).map(|number| number.trimmed().within(4, 0, 100));
        }
    }
}
