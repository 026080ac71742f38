//! Amounts as a payer reads them. Digits after the point are those of ISO 4217, never those of a locale library
//! (checkout-ux 11). Shown amounts are never read back.

use domain::{Currency, Money};

use crate::words::Language;

/// `RM 1,234.50`, `€9.54`, `¥500`, `KWD 1.250`.
#[must_use]
pub(crate) fn amount(amount: Money, language: Language) -> String {
    signed(amount.minor(), amount.currency(), language)
}

/// The same for minor units that may be negative: a discount, a credit.
#[must_use]
pub(crate) fn signed(minor: i64, currency: Currency, language: Language) -> String {
    match language {
        Language::English
        | Language::Malay
        | Language::French
        | Language::German
        | Language::Swedish
        | Language::Spanish
        | Language::Polish
        | Language::Arabic
        | Language::Chinese => {
            let minus = if minor < 0 { "\u{2212}" } else { "" };
            let symbol = symbol(currency);
            // A word needs a space before the digits, a sign does not.
            let space = if symbol.ends_with(|last: char| last.is_ascii_alphabetic()) { " " } else { "" };
            let number = number(minor.unsigned_abs(), currency.exponent());
            format!("{minus}{symbol}{space}{number}")
        }
    }
}

/// A number with a fixed count of digits after the point, zeros at the end left out: quantities and percentages.
#[must_use]
pub(crate) fn decimal(value: i64, digits: u32) -> String {
    let text = number(value.unsigned_abs(), digits);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let minus = if value < 0 { "\u{2212}" } else { "" };
    format!("{minus}{text}")
}

/// Whole units in groups of three, then the digits after the point.
fn number(minor: u64, exponent: u32) -> String {
    let unit = 10_u64.pow(exponent);
    let whole = (minor / unit).to_string();
    let mut text = String::with_capacity(whole.len() * 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if exponent > 0 {
        let width = exponent as usize;
        text.push_str(&format!(".{:0width$}", minor % unit));
    }
    text
}

/// What stands before the number. Dollars, yen and rupees say whose they are where more than one country could be
/// meant; a currency without an entry shows its code.
fn symbol(currency: Currency) -> &'static str {
    match currency.code() {
        "MYR" => "RM",
        "EUR" => "€",
        "USD" => "US$",
        "GBP" => "£",
        "SGD" => "S$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "CAD" => "CA$",
        "HKD" => "HK$",
        "TWD" => "NT$",
        "BRL" => "R$",
        "JPY" => "¥",
        "CNY" => "CN¥",
        "KRW" => "₩",
        "INR" => "₹",
        "IDR" => "Rp",
        "THB" => "฿",
        "PHP" => "₱",
        "VND" => "₫",
        "ILS" => "₪",
        "UAH" => "₴",
        "NGN" => "₦",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(minor: i64, code: &str) -> String {
        signed(minor, Currency::parse(code).expect("a currency"), Language::English)
    }

    #[test]
    fn amounts_in_english() {
        let rows = [
            (5_200, "MYR"),
            (0, "MYR"),
            (5, "MYR"),
            (123_450, "MYR"),
            (100_000_000, "MYR"),
            (-250, "MYR"),
            (954, "EUR"),
            (1_999, "USD"),
            (1_999, "SGD"),
            (1_050, "GBP"),
            (500, "JPY"),
            (1_234_567, "KRW"),
            (123_450, "HUF"),
            (1_250, "KWD"),
            (5, "BHD"),
            (1_500_000, "IDR"),
            (99_999, "CHF"),
            (i64::MAX, "MYR"),
            (i64::MIN, "JPY"),
        ];
        let shown: Vec<String> =
            rows.iter().map(|(minor, code)| format!("{minor} {code}: {}", shown(*minor, code))).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        5200 MYR: RM 52.00
        0 MYR: RM 0.00
        5 MYR: RM 0.05
        123450 MYR: RM 1,234.50
        100000000 MYR: RM 1,000,000.00
        -250 MYR: −RM 2.50
        954 EUR: €9.54
        1999 USD: US$19.99
        1999 SGD: S$19.99
        1050 GBP: £10.50
        500 JPY: ¥500
        1234567 KRW: ₩1,234,567
        123450 HUF: HUF 1,234.50
        1250 KWD: KWD 1.250
        5 BHD: BHD 0.005
        1500000 IDR: Rp 15,000.00
        99999 CHF: CHF 999.99
        9223372036854775807 MYR: RM 92,233,720,368,547,758.07
        -9223372036854775808 JPY: −¥9,223,372,036,854,775,808
        ");
    }

    #[test]
    fn quantities_lose_their_zeros_and_nothing_else() {
        for (value, digits, text) in [
            (10_000, 4, "1"),
            (25_000, 4, "2.5"),
            (1, 4, "0.0001"),
            (1_000_000, 4, "100"),
            (123_456_780_000, 4, "12,345,678"),
            (600, 2, "6"),
            (625, 2, "6.25"),
            (0, 2, "0"),
        ] {
            assert_eq!(text, decimal(value, digits));
        }
    }

    #[test]
    fn money_shows_its_own_currency() {
        let money = Money::new(5_200, Currency::parse("MYR").expect("a currency")).expect("not negative");
        assert_eq!("RM 52.00", amount(money, Language::English));
    }
}
