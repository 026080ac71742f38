//! Texts that stand for something else: ids, addresses, places, languages, days (purchases-api 1.3, security B4).

use celes::Country;
use domain::{BrandId, CheckoutId, Currency, CustomerId};
use jiff::civil::Date;
use tollgate_http::address;

use crate::errors::Problem;
use crate::fields::{Parsed, parsed};

/// Characters of a hyphenated id.
const UUID_LEN: usize = 36;

/// A brand's id.
pub(crate) const BRAND_ID: Parsed<BrandId> = parsed(UUID_LEN, brand_id, "uuid", "");
/// A client's id.
pub(crate) const CLIENT_ID: Parsed<CustomerId> = parsed(UUID_LEN, client_id, "uuid", "");
/// The id of a purchase that saved a card.
pub(crate) const RECURRING_TOKEN: Parsed<CheckoutId> = parsed(UUID_LEN, checkout_id, "uuid", "");
/// Any id, kept as lower-case text.
pub(crate) const UUID: Parsed<String> = parsed(UUID_LEN, uuid, "uuid", "");
/// An email address, or nothing.
pub(crate) const EMAIL_OR_BLANK: Parsed<String> = parsed(254, email_or_blank, "email", "May be empty.");
/// An email address.
pub(crate) const EMAIL: Parsed<String> = parsed(254, email, "email", "");
/// An email address, where an empty one is another mistake than a wrong one.
pub(crate) const EMAIL_FILLED: Parsed<String> = parsed(254, email_filled, "email", "");
/// A web address, or nothing.
pub(crate) const URL: Parsed<Option<String>> = parsed(500, url, "uri", URL_RULE);
/// A web address.
pub(crate) const CALLBACK: Parsed<String> = parsed(500, callback, "uri", CALLBACK_RULE);
/// A country, or nothing.
pub(crate) const COUNTRY: Parsed<String> =
    parsed(128, country, "", "The two-letter code of ISO 3166-1 or the English name, kept as the code. May be empty.");
/// A currency.
pub(crate) const CURRENCY: Parsed<Currency> = parsed(16, currency, "", "ISO 4217, three upper-case letters.");
/// A language.
pub(crate) const LANGUAGE: Parsed<String> = parsed(16, language, "", "ISO 639-1, two letters.");
/// A time zone.
pub(crate) const TIME_ZONE: Parsed<String> = parsed(64, time_zone, "", "A name of the IANA time zone database.");
/// A day.
pub(crate) const DATE: Parsed<String> = parsed(16, date, "date", "");

const URL_RULE: &str = "An absolute http or https address with a host and without a user name, spaces, control characters and backslashes. May be empty.";

const CALLBACK_RULE: &str = "An absolute http or https address with a host and without a user name, spaces, control characters and backslashes; in live mode https, a name and port 443.";

fn not_an_id() -> Problem {
    Problem::invalid("A UUID is needed here.")
}

fn brand_id(text: &str) -> Result<BrandId, Problem> {
    BrandId::parse(text).map_err(|_| not_an_id())
}

fn client_id(text: &str) -> Result<CustomerId, Problem> {
    CustomerId::parse(text).map_err(|_| not_an_id())
}

fn checkout_id(text: &str) -> Result<CheckoutId, Problem> {
    CheckoutId::parse(text).map_err(|_| not_an_id())
}

fn uuid(text: &str) -> Result<String, Problem> {
    // Any id type reads the hyphenated form; what it names does not matter here.
    BrandId::parse(text).map(|id| id.to_string()).map_err(|_| not_an_id())
}

fn email_or_blank(text: &str) -> Result<String, Problem> {
    if text.is_empty() { Ok(String::new()) } else { email(text) }
}

fn email_filled(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() { Err(Problem::blank()) } else { email(text) }
}

/// One `@`, a local part of the usual characters, and a domain with a point in it.
fn email(text: &str) -> Result<String, Problem> {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let is_good = text.split_once('@').is_some_and(|(local, domain)| {
        let local_is_good = (1..=64).contains(&local.len())
            && local.chars().all(is_local)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        local_is_good && (domain == "localhost" || domain.contains('.')) && domain.split('.').all(is_label)
    });
    if is_good { Ok(text.to_owned()) } else { Err(Problem::invalid("A valid email address is needed here.")) }
}

fn url(text: &str) -> Result<Option<String>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    if address::is_web(text) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::invalid("An absolute http or https address is needed here."))
    }
}

fn callback(text: &str) -> Result<String, Problem> {
    if text.is_empty() {
        return Err(Problem::blank());
    }
    url(text)?.ok_or_else(Problem::blank)
}

/// What a return address may not hold (purchases-api 2.1.1 `cancel_redirect`).
pub(crate) fn has_markup(url: &str) -> bool {
    url.contains(['<', '>', '\'', '"'])
}

fn country(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let by_code = if text.len() == 2 { Country::from_alpha2(text).ok() } else { None };
    let code = by_code.or_else(|| country_by_name(text)).map(|country| country.alpha2.to_owned());
    code.ok_or_else(|| Problem::invalid_choice("This is no country we know. Give its two-letter code."))
}

/// By the English name, whatever its case, spaces and punctuation; `Korea, Republic of` is `Republic of Korea`.
fn country_by_name(text: &str) -> Option<Country> {
    let straight = text.split_once(',').map_or_else(|| text.to_owned(), |(last, first)| format!("{first}{last}"));
    let name: String =
        straight.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(plain).collect();
    let short = name.strip_prefix("the").unwrap_or(&name);
    match short {
        "usa" => return Country::from_alpha2("us").ok(),
        "uk" => return Country::from_alpha2("gb").ok(),
        _ => {}
    }
    let long = format!("the{short}");
    let names = [name.as_str(), short, long.as_str()];
    let by_name = names.iter().find_map(|name| Country::from_name(name).ok());
    by_name.or_else(|| names.iter().find_map(|name| Country::from_alias(name).ok()))
}

/// Letters as English keyboards have them.
fn plain(c: char) -> char {
    match c {
        'å' | 'ã' | 'á' | 'à' => 'a',
        'ç' => 'c',
        'é' | 'è' => 'e',
        'í' => 'i',
        'ô' | 'ó' => 'o',
        'ü' => 'u',
        other => other,
    }
}

fn currency(text: &str) -> Result<Currency, Problem> {
    Currency::parse(text).ok_or_else(|| Problem::invalid_choice("This is no currency we know."))
}

fn language(text: &str) -> Result<String, Problem> {
    let code = text.to_ascii_lowercase();
    let known = isolang::Language::from_639_1(&code).is_some();
    if known {
        Ok(code)
    } else {
        Err(Problem::invalid_choice("This is no language we know. Give its two-letter code."))
    }
}

fn time_zone(text: &str) -> Result<String, Problem> {
    let zone = jiff::tz::TimeZone::get(text).ok();
    let name = zone.as_ref().and_then(|zone| zone.iana_name()).map(ToOwned::to_owned);
    name.ok_or_else(|| Problem::invalid_choice("This is no time zone we know."))
}

fn date(text: &str) -> Result<String, Problem> {
    let has_shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let is_day = has_shape && text.parse::<Date>().is_ok();
    if is_day { Ok(text.to_owned()) } else { Err(Problem::invalid("A day is needed here, as YYYY-MM-DD.")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn countries_by_code_and_by_name() {
        for (text, code) in [
            ("", ""),
            ("MY", "MY"),
            ("my", "MY"),
            ("Malaysia", "MY"),
            ("malaysia", "MY"),
            ("MALAYSIA", "MY"),
            ("Singapore", "SG"),
            ("United States", "US"),
            ("United States of America", "US"),
            ("USA", "US"),
            ("UK", "GB"),
            ("Iran, Islamic Republic of", "IR"),
            ("United Kingdom", "GB"),
            ("Great Britain", "GB"),
            ("Vietnam", "VN"),
            ("Viet Nam", "VN"),
            ("South Korea", "KR"),
            ("Korea, Republic of", "KR"),
            ("Russia", "RU"),
            ("Türkiye", "TR"),
            ("Turkey", "TR"),
            ("Côte d'Ivoire", "CI"),
            ("Ivory Coast", "CI"),
            ("Netherlands", "NL"),
            ("The Netherlands", "NL"),
            ("Philippines", "PH"),
            ("Brunei", "BN"),
            ("Brunei Darussalam", "BN"),
            ("Hong Kong", "HK"),
            ("Macau", "MO"),
            ("Macao", "MO"),
            ("Taiwan", "TW"),
            ("Laos", "LA"),
            ("Czech Republic", "CZ"),
            ("Czechia", "CZ"),
            ("Samoa", "WS"),
            ("Swaziland", "SZ"),
            ("Eswatini", "SZ"),
            ("Myanmar", "MM"),
            ("Burma", "MM"),
            ("Syria", "SY"),
            ("Tanzania", "TZ"),
            ("Bolivia", "BO"),
            ("Venezuela", "VE"),
            ("Iran", "IR"),
            ("Moldova", "MD"),
            ("Macedonia", "MK"),
            ("North Macedonia", "MK"),
            ("Palestine", "PS"),
            ("Vatican City", "VA"),
            ("Cape Verde", "CV"),
            ("Cabo Verde", "CV"),
            ("East Timor", "TL"),
            ("Timor-Leste", "TL"),
            ("Congo", "CG"),
            ("Democratic Republic of the Congo", "CD"),
            ("United Arab Emirates", "AE"),
            ("Åland Islands", "AX"),
            ("Réunion", "RE"),
            ("Curaçao", "CW"),
            ("Saint Martin", "MF"),
            ("Kosovo", "XK"),
            ("Indonesia", "ID"),
            ("Thailand", "TH"),
            ("Germany", "DE"),
            ("Latvia", "LV"),
            ("Sao Tome and Principe", "ST"),
            ("Falkland Islands", "FK"),
            ("British Virgin Islands", "VG"),
            ("US Virgin Islands", "VI"),
        ] {
            assert_eq!(Ok(code.to_owned()), country(text), "{text}");
        }
        for text in ["Atlantis", "XX", "MYS", "1", "M", "MY MY", "ZZ"] {
            assert_eq!("invalid_choice", country(text).expect_err(text).code, "{text}");
        }
    }

    #[test]
    fn web_addresses() {
        for text in [
            "https://shop.example.com/ok?id=7#top",
            "http://localhost?x=y",
            "http://success",
            "HTTP://Example.com",
            "https://example.com:8443/a'b",
            "http://127.0.0.1:9000/callback",
            "http://[::1]/",
            "https://müller.example/",
            "https://example.com/?next=http://user@elsewhere/",
        ] {
            assert_eq!(Ok(Some(text.to_owned())), url(text), "{text}");
        }
        for text in [
            "shop.example.com",
            "//example.com",
            "/ok",
            "ftp://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "http:example.com",
            "http:/example.com",
            "http://",
            "http:///example.com",
            "http://?x",
            "http://user@example.com",
            "http://user:secret@example.com/",
            "http://@example.com",
            "http://exa mple.com",
            "http://example.com/a b",
            " http://example.com",
            "http://example.com ",
            "ht\ttp://example.com",
            "http://example.com/\ta",
            "http://example.com/\r\nSet-Cookie: a=b",
            "http://example.com\\@evil.example",
            "http:\\\\example.com",
            "http://example.com/\u{7f}",
            "http://example.com/\u{a0}",
            "http://example.com/\u{2028}",
            "http://exa%zzmple.com",
            "http://example.com:99999/",
        ] {
            assert_eq!("invalid", url(text).expect_err(text).code, "{text:?}");
        }
        assert_eq!(Ok(None), url(""));
    }

    #[test]
    fn email_addresses() {
        for text in
            ["ada@example.com", "ada+tag@sub.example.co.uk", "o'brien@example.com", "a@localhost", "ü@exämple.de"]
        {
            assert_eq!(Ok(text.to_owned()), email(text), "{text}");
        }
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "ada@example",
            "ada@@example.com",
            "ada@exam ple.com",
            "ada@example..com",
            ".ada@example.com",
            "ada@example.com\n",
            "ada@-example.com",
            "<ada@example.com>",
            "ada@example.com,bob@example.com",
        ] {
            assert_eq!("invalid", email(text).expect_err(text).code, "{text:?}");
        }
    }

    #[test]
    fn languages_zones_currencies_and_days() {
        assert_eq!(Ok("ms".to_owned()), language("ms"));
        assert_eq!(Ok("en".to_owned()), language("EN"));
        assert_eq!(Ok("Asia/Kuala_Lumpur".to_owned()), time_zone("Asia/Kuala_Lumpur"));
        assert_eq!(Ok("UTC".to_owned()), time_zone("UTC"));
        assert_eq!(Ok("2025-10-09".to_owned()), date("2025-10-09"));
        for text in ["", "eng", "xx", "e", "en-GB", "é"] {
            assert_eq!("invalid_choice", language(text).expect_err(text).code, "{text}");
        }
        for text in ["", "Asia/Atlantis", "../../etc/passwd", "/etc/localtime", "+08:00"] {
            assert_eq!("invalid_choice", time_zone(text).expect_err(text).code, "{text}");
        }
        for text in ["", "myr", "XXX", "MYRR", "RM"] {
            assert_eq!("invalid_choice", currency(text).expect_err(text).code, "{text}");
        }
        for text in ["", "2025-02-29", "2025-13-01", "20251009", "2025-10-09T00:00:00", "09.10.2025", "-02025-1-1"] {
            assert_eq!("invalid", date(text).expect_err(text).code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (country(&text), url(&text), email(&text), language(&text), time_zone(&text), date(&text), uuid(&text));
        }
    }
}
