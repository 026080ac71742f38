//! Money: integers in the minor unit of a currency that knows its exponent. Never negative: which way money moves is
//! said by the ledger.

use std::fmt;
use std::time::Duration;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Reads an upper-case ISO 4217 code; funds, metals and test codes are no currencies one can pay in.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        (currency.exponent().is_some() && !matches!(code, "XXX" | "XTS")).then_some(Self(currency))
    }

    /// The three upper-case letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point: 0 for JPY, 2 for MYR, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `None` when `minor` is negative.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Option<Self> {
        if minor < 0 { None } else { Some(Self { minor, currency }) }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Minor units, never negative.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency of the amount.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum; `None` beyond 64 bits.
    ///
    /// # Panics
    /// When the currencies differ, which only a bug can bring about.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        assert_eq!(self.currency, other.currency, "amounts of two currencies added");
        Some(Self { minor: self.minor.checked_add(other.minor)?, ..self })
    }

    /// The difference; `None` when `other` is larger.
    ///
    /// # Panics
    /// When the currencies differ, which only a bug can bring about.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        assert_eq!(self.currency, other.currency, "amounts of two currencies subtracted");
        Self::new(self.minor.checked_sub(other.minor)?, self.currency)
    }
}

/// `9.54 MYR`, `500 JPY`, `1.250 KWD`: for logs, stories and operators; pages format by language.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.currency.code();
        match self.currency.exponent() {
            0 => write!(f, "{} {code}", self.minor),
            digits => {
                let unit = 10_i64.pow(digits);
                let width = digits as usize;
                write!(f, "{}.{:0width$} {code}", self.minor / unit, self.minor % unit)
            }
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many digits after the point an exchange rate may have.
const RATE_PLACES: u32 = 8;

/// What one unit of a currency is worth in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    from: Currency,
    to: Currency,
    /// Hundred-millionths; more than nothing.
    rate: u64,
}

impl Exchange {
    /// A rate between two currencies, such as `4.71`: more than 0, below 1 000 000 000, at most eight digits after the
    /// point.
    #[must_use]
    pub fn new(from: Currency, to: Currency, rate: &str) -> Option<Self> {
        let (whole, fraction) = rate.split_once('.').unwrap_or((rate, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
        };
        if from == to || !digits(whole, 9) || !digits(fraction, RATE_PLACES as usize) {
            return None;
        }
        let rate: u64 = format!("{whole}{fraction:0<width$}", width = RATE_PLACES as usize).parse().ok()?;
        (rate > 0).then_some(Self { from, to, rate })
    }

    /// What is given.
    #[must_use]
    pub const fn from(self) -> Currency {
        self.from
    }

    /// What is got.
    #[must_use]
    pub const fn to(self) -> Currency {
        self.to
    }

    /// The rate without zeros that say nothing: `4.71`, `0.0002`, `110`.
    #[must_use]
    pub fn rate(self) -> String {
        let unit = 10_u64.pow(RATE_PLACES);
        let text = format!("{}.{:0width$}", self.rate / unit, self.rate % unit, width = RATE_PLACES as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Minor units of the one in minor units of the other, half up; `None` beyond 64 bits.
    #[must_use]
    pub fn convert(self, minor: i64) -> Option<i64> {
        // At most 63 + 60 bits: ISO 4217 has exponents up to 4.
        let gets = i128::from(minor) * i128::from(self.rate);
        let up = self.to.exponent().saturating_sub(self.from.exponent());
        let down = 10_i128.pow(RATE_PLACES + self.from.exponent().saturating_sub(self.to.exponent()));
        let gets = gets.checked_mul(10_i128.pow(up))?.checked_add(down / 2)?;
        i64::try_from(gets.div_euclid(down)).ok()
    }
}

/// What a merchant is charged for a captured amount, hundredths of a per cent and a fixed part in minor units, and what
/// of it is kept back for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fees {
    /// Hundredths of a per cent: 150 is 1.5 %.
    pub basis_points: u32,
    /// Minor units of the payment's currency.
    pub fixed: u32,
    /// What is kept back.
    pub reserve: Reserve,
}

impl Fees {
    /// The fee for `amount`, half up, never more than the amount.
    #[must_use]
    pub fn on(self, amount: Money) -> Money {
        let fee = (share(amount, self.basis_points) + i128::from(self.fixed)).min(i128::from(amount.minor));
        Money { minor: i64::try_from(fee).unwrap_or(amount.minor), ..amount }
    }
}

/// What of captured money the merchant cannot withdraw for a time, because it may have to be given back
/// (purchases-api 10.2 #48).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserve {
    /// Hundredths of a per cent: 1000 is 10 %.
    pub basis_points: u32,
    /// How long after the capture.
    pub days: u32,
}

impl Reserve {
    /// How long after a capture money is kept back; `None` when none is.
    #[must_use]
    pub fn lasts(self) -> Option<Duration> {
        let is_set = self.basis_points > 0 && self.days > 0;
        is_set.then(|| Duration::from_hours(24).saturating_mul(self.days))
    }

    /// What is kept back, as long as anything is, of captured money of which `left` was not given back and for which `fee`
    /// was charged: half up, never more than is left after the fee.
    #[must_use]
    pub fn on(self, left: Money, fee: Money) -> Money {
        let after_fee = left.checked_sub(fee).unwrap_or(Money::zero(left.currency));
        let kept = i64::try_from(share(left, self.basis_points)).unwrap_or(i64::MAX);
        Money { minor: kept.min(after_fee.minor), ..left }
    }
}

/// Hundredths of a per cent of an amount, in minor units, half up.
fn share(amount: Money, basis_points: u32) -> i128 {
    (i128::from(amount.minor) * i128::from(basis_points) + 5_000) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(from: &str, to: &str, rate: &str) -> Option<Exchange> {
        let currency = |code| Currency::parse(code).expect(code);
        Exchange::new(currency(from), currency(to), rate)
    }

    #[test]
    fn money_is_converted_half_up_between_exponents() {
        for (from, to, rate, minor, expected) in [
            ("EUR", "MYR", "4.71", 1_000, Some(4_710)),
            ("EUR", "MYR", "4.715", 100, Some(472)),
            ("EUR", "MYR", "4.7149", 100, Some(471)),
            ("EUR", "MYR", "0.5", 1, Some(1)),
            ("EUR", "MYR", "0.5", -1, Some(0)),
            ("EUR", "MYR", "0.5", -3, Some(-1)),
            ("EUR", "MYR", "0.49999999", 1, Some(0)),
            ("EUR", "JPY", "162.35", 1_000, Some(1_624)),
            ("JPY", "EUR", "0.0062", 1_000, Some(620)),
            ("KWD", "MYR", "14.4", 1_250, Some(1_800)),
            ("JPY", "KWD", "0.002", 500, Some(1_000)),
            ("EUR", "MYR", "1", i64::MAX, Some(i64::MAX)),
            ("EUR", "MYR", "1.00000001", i64::MAX, None),
            ("EUR", "MYR", "999999999.99999999", i64::MAX, None),
        ] {
            let exchange = exchange(from, to, rate).expect("a rate");
            assert_eq!(expected, exchange.convert(minor), "{minor} {from} at {rate}");
        }
    }

    #[test]
    fn rates_are_decimals_above_nothing() {
        for (text, shown) in [("4.71", "4.71"), ("110", "110"), ("0.00020000", "0.0002"), ("100.0", "100")] {
            assert_eq!(shown, exchange("EUR", "MYR", text).expect("a rate").rate());
        }
        for wrong in ["", "0", "0.0", "-1", "+1", "1.", ".5", "1e2", "1,5", "0.123456789", "1000000000", "one", "1.2.3"]
        {
            assert_eq!(None, exchange("EUR", "MYR", wrong), "{wrong}");
        }
        assert_eq!(None, exchange("EUR", "EUR", "1"));
    }

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).expect("a currency")).expect("not negative")
    }

    #[test]
    fn exponents_are_those_of_iso_4217() {
        let zero = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
        let three = "BHD IQD JOD KWD LYD OMR TND";
        let two = "MYR EUR USD HUF IDR COP PKR LAK MMK LBP ALL SEK";
        for (codes, exponent) in [(zero, 0), (two, 2), (three, 3)] {
            for code in codes.split(' ') {
                assert_eq!(exponent, Currency::parse(code).expect(code).exponent(), "{code}");
            }
        }
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for code in ["", "myr", "XXX", "XTS", "XAU", "MYRR", "ZZZ"] {
            assert_eq!(None, Currency::parse(code), "{code}");
        }
    }

    #[test]
    fn amounts_read_like_amounts() {
        assert_eq!("9.54 MYR", money(954, "MYR").to_string());
        assert_eq!("500 JPY", money(500, "JPY").to_string());
        assert_eq!("0.005 KWD", money(5, "KWD").to_string());
    }

    #[test]
    fn fees_round_half_up_and_never_exceed_the_amount() {
        let fees = Fees { basis_points: 150, fixed: 20, ..Fees::default() };
        assert_eq!(money(35, "MYR"), fees.on(money(1_000, "MYR")));
        assert_eq!(money(10, "MYR"), fees.on(money(10, "MYR")));
        assert_eq!(money(21, "MYR"), fees.on(money(34, "MYR")), "0.51 rounds up");
    }

    #[test]
    fn a_reserve_rounds_half_up_and_leaves_the_fee() {
        let reserve = Reserve { basis_points: 1_000, days: 3 };
        assert_eq!(Some(Duration::from_hours(72)), reserve.lasts());
        assert_eq!(money(95, "MYR"), reserve.on(money(954, "MYR"), money(34, "MYR")), "95.4");
        assert_eq!(money(96, "MYR"), reserve.on(money(955, "MYR"), money(34, "MYR")), "95.5");
        let all = Reserve { basis_points: 10_000, days: 3 };
        assert_eq!(money(920, "MYR"), all.on(money(954, "MYR"), money(34, "MYR")));
        assert_eq!(money(0, "MYR"), all.on(money(30, "MYR"), money(34, "MYR")), "most of it was given back");
        for nothing in [Reserve { days: 0, ..all }, Reserve { basis_points: 0, ..all }] {
            assert_eq!(None, nothing.lasts());
        }
    }
}
