//! What the lines of an order add up to (purchases-api 2.1.4, security T6): exact, rounded half up once per line.

/// Quantities count ten-thousandths of a piece.
const QUANTITY_UNIT: i128 = 10_000;
/// Taxes count hundredths of a per cent, of which the whole has this many.
const WHOLE: i128 = 10_000;

/// What decides the price of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Minor units per piece, before tax; not negative.
    pub price: i64,
    /// Ten-thousandths of a piece; not negative.
    pub quantity: i64,
    /// Minor units for the whole line; not negative.
    pub discount: i64,
    /// Hundredths of a per cent, 0 to 10 000.
    pub tax_percent: i64,
    /// The final price in minor units, tax included, when the merchant fixed it.
    pub total_override: Option<i64>,
}

/// Why there is no total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineError {
    /// The discount is more than the price.
    Negative,
    /// More than 64 bits hold.
    TooLarge,
}

/// What one line adds, in minor units. The discount is checked even when the price is fixed (live P25g/h).
///
/// # Errors
/// A [`LineError`].
pub(crate) fn line(line: &Line) -> Result<i64, LineError> {
    // Ten-thousandths of a minor unit. The product of two 63-bit numbers and the difference of a smaller one fit.
    let net = i128::from(line.price) * i128::from(line.quantity) - i128::from(line.discount) * QUANTITY_UNIT;
    if net < 0 {
        return Err(LineError::Negative);
    }
    if let Some(total) = line.total_override {
        return Ok(total);
    }
    let unit = QUANTITY_UNIT * WHOLE;
    let gross = net.checked_mul(WHOLE + i128::from(line.tax_percent)).ok_or(LineError::TooLarge)?;
    let rounded = gross.checked_add(unit / 2).ok_or(LineError::TooLarge)? / unit;
    i64::try_from(rounded).map_err(|_| LineError::TooLarge)
}

/// What the lines add up to, in minor units; `None` beyond 64 bits.
#[must_use]
pub(crate) fn sum(lines: &[i64]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(*line))
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::{Signed, ToPrimitive};
    use proptest::prelude::*;

    use super::*;

    fn a_line(price: i64, quantity: i64) -> Line {
        Line { price, quantity, discount: 0, tax_percent: 0, total_override: None }
    }

    fn total(lines: &[Line], debt: i64) -> Option<i64> {
        let lines: Vec<i64> = lines.iter().map(|one| line(one).expect("a price")).collect();
        sum(&lines)?.checked_add(debt)
    }

    #[test]
    fn the_table_of_the_reference() {
        let tax = |tax_percent, line| Line { tax_percent, ..line };
        let less = |discount, line| Line { discount, ..line };
        for (lines, debt, expected) in [
            (vec![less(1, a_line(100, 15_000))], 0, 149),
            (vec![less(1, a_line(100, 30_000))], 0, 299),
            (vec![less(150, a_line(100, 30_000))], 0, 150),
            (vec![tax(1_000, less(10, a_line(100, 10_000)))], 0, 99),
            (vec![tax(600, less(1, a_line(100, 15_000)))], 0, 158),
            (vec![tax(1_000, a_line(100, 15_550))], 0, 171),
            (vec![tax(600, a_line(10, 10_000)); 2], 0, 22),
            (vec![a_line(100, 15_550); 2], 0, 312),
            (vec![a_line(100, 15_550), a_line(100, 5_000)], 0, 206),
            (vec![Line { total_override: Some(2_500), ..tax(1_000, a_line(100, 10_000)) }], 0, 2_500),
            (vec![tax(600, a_line(10_000, 10_000))], 0, 10_600),
            (vec![a_line(100, 10_000)], -50, 50),
            (vec![a_line(100, 10_050)], 0, 101),
            (vec![tax(600, a_line(450, 20_000))], 0, 954),
        ] {
            assert_eq!(Some(expected), total(&lines, debt), "{lines:?} and {debt}");
        }
    }

    #[test]
    fn a_discount_beyond_the_price_is_refused_even_when_the_price_is_fixed() {
        let line_of = |total_override| Line { discount: 101, total_override, ..a_line(100, 10_000) };
        assert_eq!(Err(LineError::Negative), line(&line_of(None)));
        assert_eq!(Err(LineError::Negative), line(&line_of(Some(2_500))));
    }

    #[test]
    fn the_edges_of_64_bits() {
        assert_eq!(Ok(i64::MAX), line(&a_line(i64::MAX, 10_000)));
        assert_eq!(Err(LineError::TooLarge), line(&a_line(i64::MAX, 10_001)));
        assert_eq!(Err(LineError::TooLarge), line(&a_line(i64::MAX, i64::MAX)));
        assert_eq!(Err(LineError::TooLarge), line(&Line { tax_percent: 10_000, ..a_line(i64::MAX, i64::MAX) }));
        assert_eq!(Ok(7), line(&Line { total_override: Some(7), ..a_line(i64::MAX, i64::MAX) }));
        assert_eq!(Some(i64::MAX), sum(&[i64::MAX - 1, 1]));
        assert_eq!(None, sum(&[i64::MAX, 1]));
        assert_eq!(Some(0), sum(&[]));
    }

    /// The same rule told in rationals of any size.
    fn by_rationals(line: &Line) -> Result<i64, LineError> {
        let ratio = |value: i64, unit: i64| BigRational::new(BigInt::from(value), BigInt::from(unit));
        let net = ratio(line.price, 1) * ratio(line.quantity, 10_000) - ratio(line.discount, 1);
        if net.is_negative() {
            return Err(LineError::Negative);
        }
        if let Some(total) = line.total_override {
            return Ok(total);
        }
        let gross = net * (ratio(1, 1) + ratio(line.tax_percent, 10_000));
        (gross + ratio(1, 2)).floor().to_integer().to_i64().ok_or(LineError::TooLarge)
    }

    fn lines() -> impl Strategy<Value = Line> {
        let amount = || prop_oneof![0..=i64::MAX, 0_i64..100_000, Just(i64::MAX)];
        let quantity = prop_oneof![0..=i64::MAX, 0_i64..1_000_000, Just(10_000), Just(10_001)];
        (amount(), quantity, prop_oneof![Just(0), amount()], 0_i64..=10_000, prop::option::weighted(0.1, amount()))
            .prop_map(|(price, quantity, discount, tax_percent, total_override)| Line {
                price,
                quantity,
                discount,
                tax_percent,
                total_override,
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn as_rationals_say(one in lines()) {
            prop_assert_eq!(by_rationals(&one), line(&one));
        }
    }
}
