//! Amounts as a payer reads them. Digits after the point are those of ISO 4217, never those of a locale library
//! (checkout-ux 11). Shown amounts are never read back.

use domain::{Currency, Money};

use crate::language::Language;

/// In English `RM 1,234.50`, in German `1.234,50 EUR`.
#[must_use]
pub(crate) fn amount(amount: Money, language: Language) -> String {
    signed(amount.minor(), amount.currency(), language)
}

/// The same for minor units that may be negative: a discount, a credit.
#[must_use]
pub(crate) fn signed(minor: i64, currency: Currency, language: Language) -> String {
    let minus = if minor < 0 { MINUS } else { "" };
    let shape = shape(language);
    let number = number(minor.unsigned_abs(), currency.exponent(), &shape);
    let symbol = symbol(currency, language);
    match shape.symbol {
        // A word needs a space before the digits, a sign does not.
        Place::Before if symbol.ends_with(|last: char| last.is_ascii_alphabetic()) => {
            format!("{minus}{symbol} {number}")
        }
        Place::Before => format!("{minus}{symbol}{number}"),
        Place::After => format!("{minus}{number}{NO_BREAK}{symbol}"),
    }
}

/// A number with a fixed count of digits after the mark, zeros at the end left out: quantities.
#[must_use]
pub(crate) fn decimal(value: i64, digits: u32, language: Language) -> String {
    let shape = shape(language);
    let text = number(value.unsigned_abs(), digits, &shape);
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches(shape.mark) } else { &text };
    let minus = if value < 0 { MINUS } else { "" };
    format!("{minus}{text}")
}

/// Hundredths of a per cent: `6%`, in German `6 %`.
#[must_use]
pub(crate) fn percent(hundredths: i64, language: Language) -> String {
    format!("{}{}", decimal(hundredths, 2, language), shape(language).percent)
}

const MINUS: &str = "\u{2212}";
const NO_BREAK: &str = "\u{a0}";
const NARROW: &str = "\u{202f}";

/// How a language writes numbers. All of ours use Latin digits.
struct Shape {
    /// Between groups of three.
    group: &'static str,
    /// Numbers with fewer whole digits have no groups.
    grouped_from: usize,
    /// Before the decimals.
    mark: char,
    symbol: Place,
    /// After a percentage, with the space before it.
    percent: &'static str,
}

enum Place {
    Before,
    After,
}

/// As CLDR has it, but for the count of decimals, which is ISO 4217's.
const fn shape(language: Language) -> Shape {
    let english = Shape { group: ",", grouped_from: 4, mark: '.', symbol: Place::Before, percent: "%" };
    match language {
        Language::English | Language::Malay | Language::Chinese => english,
        // Before the number when it is isolated, as amounts are: read from the right, the number comes first.
        Language::Arabic => english,
        Language::French => {
            Shape { group: NARROW, grouped_from: 4, mark: ',', symbol: Place::After, percent: "\u{202f}%" }
        }
        Language::German => Shape { group: ".", grouped_from: 4, mark: ',', symbol: Place::After, percent: "\u{a0}%" },
        Language::Swedish => {
            Shape { group: NO_BREAK, grouped_from: 4, mark: ',', symbol: Place::After, percent: "\u{a0}%" }
        }
        Language::Spanish => Shape { group: ".", grouped_from: 5, mark: ',', symbol: Place::After, percent: "\u{a0}%" },
        Language::Polish => Shape { group: NO_BREAK, grouped_from: 5, mark: ',', symbol: Place::After, percent: "%" },
    }
}

/// Whole units in groups of three, then the digits after the mark.
fn number(minor: u64, exponent: u32, shape: &Shape) -> String {
    let unit = 10_u64.pow(exponent);
    let whole = (minor / unit).to_string();
    let mut text = String::with_capacity(whole.len() * 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && whole.len() >= shape.grouped_from && (whole.len() - at).is_multiple_of(3) {
            text.push_str(shape.group);
        }
        text.push(digit);
    }
    if exponent > 0 {
        let width = exponent as usize;
        text.push_str(&format!("{}{:0width$}", shape.mark, minor % unit));
    }
    text
}

/// What a language calls a currency. A sign is used where it can mean one country's money only; else the code.
fn symbol(currency: Currency, language: Language) -> &'static str {
    match (language, currency.code()) {
        (Language::Chinese, "CNY") => "¥",
        (Language::Chinese, "JPY") => "JP¥",
        (Language::English | Language::Malay | Language::Chinese, code) => sign(code),
        (Language::French | Language::Swedish | Language::Spanish | Language::Polish, "EUR") => "€",
        (Language::Swedish, "SEK") => "kr",
        (Language::Polish, "PLN") => "zł",
        (
            Language::French
            | Language::German
            | Language::Swedish
            | Language::Spanish
            | Language::Polish
            | Language::Arabic,
            code,
        ) => code,
    }
}

/// Dollars, yen and rupees say whose they are where more than one country could be meant; a currency without an entry
/// shows its code.
fn sign(code: &'static str) -> &'static str {
    match code {
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

    /// No-break spaces made visible: `_` for the plain one, `'` for the narrow one.
    fn visible(text: &str) -> String {
        text.replace(NO_BREAK, "_").replace(NARROW, "'")
    }

    #[test]
    fn amounts_in_every_language() {
        let rows = [
            (123_450, "MYR"),
            (-250, "MYR"),
            (123_450, "EUR"),
            (12_345_678, "EUR"),
            (1_999, "USD"),
            (123_450, "SEK"),
            (123_450, "PLN"),
            (123_450, "CNY"),
            (1_234, "JPY"),
            (123_450, "HUF"),
            (1_234_567, "KWD"),
            (1_500_000, "IDR"),
        ];
        let row = |language: Language| {
            let amounts: Vec<String> = rows
                .iter()
                .map(|(minor, code)| signed(*minor, Currency::parse(code).expect("a currency"), language))
                .collect();
            let numbers = format!("{}; {}", decimal(123_456_700, 4, language), percent(625, language));
            visible(&format!("{}: {}; {numbers}", language.code(), amounts.join("; ")))
        };
        insta::assert_snapshot!(Language::ALL.map(row).join("\n"), @r"
        en: RM 1,234.50; −RM 2.50; €1,234.50; €123,456.78; US$19.99; SEK 1,234.50; PLN 1,234.50; CN¥1,234.50; ¥1,234; HUF 1,234.50; KWD 1,234.567; Rp 15,000.00; 12,345.67; 6.25%
        ms: RM 1,234.50; −RM 2.50; €1,234.50; €123,456.78; US$19.99; SEK 1,234.50; PLN 1,234.50; CN¥1,234.50; ¥1,234; HUF 1,234.50; KWD 1,234.567; Rp 15,000.00; 12,345.67; 6.25%
        fr: 1'234,50_MYR; −2,50_MYR; 1'234,50_€; 123'456,78_€; 19,99_USD; 1'234,50_SEK; 1'234,50_PLN; 1'234,50_CNY; 1'234_JPY; 1'234,50_HUF; 1'234,567_KWD; 15'000,00_IDR; 12'345,67; 6,25'%
        de: 1.234,50_MYR; −2,50_MYR; 1.234,50_EUR; 123.456,78_EUR; 19,99_USD; 1.234,50_SEK; 1.234,50_PLN; 1.234,50_CNY; 1.234_JPY; 1.234,50_HUF; 1.234,567_KWD; 15.000,00_IDR; 12.345,67; 6,25_%
        sv: 1_234,50_MYR; −2,50_MYR; 1_234,50_€; 123_456,78_€; 19,99_USD; 1_234,50_kr; 1_234,50_PLN; 1_234,50_CNY; 1_234_JPY; 1_234,50_HUF; 1_234,567_KWD; 15_000,00_IDR; 12_345,67; 6,25_%
        es: 1234,50_MYR; −2,50_MYR; 1234,50_€; 123.456,78_€; 19,99_USD; 1234,50_SEK; 1234,50_PLN; 1234,50_CNY; 1234_JPY; 1234,50_HUF; 1234,567_KWD; 15.000,00_IDR; 12.345,67; 6,25_%
        pl: 1234,50_MYR; −2,50_MYR; 1234,50_€; 123_456,78_€; 19,99_USD; 1234,50_SEK; 1234,50_zł; 1234,50_CNY; 1234_JPY; 1234,50_HUF; 1234,567_KWD; 15_000,00_IDR; 12_345,67; 6,25%
        ar: MYR 1,234.50; −MYR 2.50; EUR 1,234.50; EUR 123,456.78; USD 19.99; SEK 1,234.50; PLN 1,234.50; CNY 1,234.50; JPY 1,234; HUF 1,234.50; KWD 1,234.567; IDR 15,000.00; 12,345.67; 6.25%
        zh-Hans: RM 1,234.50; −RM 2.50; €1,234.50; €123,456.78; US$19.99; SEK 1,234.50; PLN 1,234.50; ¥1,234.50; JP¥1,234; HUF 1,234.50; KWD 1,234.567; Rp 15,000.00; 12,345.67; 6.25%
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
            assert_eq!(text, decimal(value, digits, Language::English));
        }
    }

    #[test]
    fn money_shows_its_own_currency() {
        let money = Money::new(5_200, Currency::parse("MYR").expect("a currency")).expect("not negative");
        assert_eq!("RM 52.00", amount(money, Language::English));
    }
}
