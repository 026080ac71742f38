//! The languages of the pages, and which of them a payer gets (checkout-ux 11).

use unic_langid::LanguageIdentifier;

/// A language a page can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `en`, and what a payer gets of whose wishes we know nothing.
    English,
    /// `ms`
    Malay,
    /// `fr`
    French,
    /// `de`
    German,
    /// `sv`
    Swedish,
    /// `es`
    Spanish,
    /// `pl`
    Polish,
    /// `ar`, from right to left, with Latin digits.
    Arabic,
    /// `zh-Hans`
    Chinese,
}

impl Language {
    /// In the order of the variants.
    pub(crate) const ALL: [Self; 9] = [
        Self::English,
        Self::Malay,
        Self::French,
        Self::German,
        Self::Swedish,
        Self::Spanish,
        Self::Polish,
        Self::Arabic,
        Self::Chinese,
    ];

    /// The language of a tag such as `de`, `fr_CA` or `zh-Hans-SG`, if the pages have it. Another script is another
    /// language: nobody who asks for traditional characters gets simplified ones.
    #[must_use]
    pub(crate) fn of(tag: &str) -> Option<Self> {
        // What follows a single letter asks for a calendar and the like.
        let extension = tag.split(['-', '_']).position(|subtag| subtag.len() == 1);
        let plain: Vec<&str> = tag.split(['-', '_']).take(extension.unwrap_or(usize::MAX)).collect();
        let tag: LanguageIdentifier = plain.join("-").parse().ok()?;

        let region = tag.region.as_ref().map(|region| region.as_str());
        let script = match (tag.script.as_ref().map(|script| script.as_str()), tag.language.as_str()) {
            (Some(script), _) => script,
            (None, "zh") if matches!(region, Some("TW" | "HK" | "MO")) => "Hant",
            (None, "zh") => "Hans",
            (None, "ar") => "Arab",
            (None, _) => "Latn",
        };
        match (tag.language.as_str(), script) {
            ("en", "Latn") => Some(Self::English),
            ("ms", "Latn") => Some(Self::Malay),
            ("fr", "Latn") => Some(Self::French),
            ("de", "Latn") => Some(Self::German),
            ("sv", "Latn") => Some(Self::Swedish),
            ("es", "Latn") => Some(Self::Spanish),
            ("pl", "Latn") => Some(Self::Polish),
            ("ar", "Arab") => Some(Self::Arabic),
            ("zh", "Hans") => Some(Self::Chinese),
            _ => None,
        }
    }

    /// What an `Accept-Language` header likes best among the languages of the pages.
    #[must_use]
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let mut best = None;
        for entry in header.split(',').take(ENTRIES_MAX) {
            let mut parts = entry.split(';').map(str::trim);
            let language = parts.next().and_then(Self::of);
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1_000), thousandths);
            if let (Some(language), Some(weight)) = (language, weight)
                && weight > best.map_or(0, |(weight, _)| weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// For the `lang` attribute, `Content-Language` and `?lang=`.
    #[must_use]
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Malay => "ms",
            Self::French => "fr",
            Self::German => "de",
            Self::Swedish => "sv",
            Self::Spanish => "es",
            Self::Polish => "pl",
            Self::Arabic => "ar",
            Self::Chinese => "zh-Hans",
        }
    }

    /// What its speakers call it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Malay => "Bahasa Melayu",
            Self::French => "Français",
            Self::German => "Deutsch",
            Self::Swedish => "Svenska",
            Self::Spanish => "Español",
            Self::Polish => "Polski",
            Self::Arabic => "العربية",
            Self::Chinese => "简体中文",
        }
    }

    /// For the `dir` attribute.
    #[must_use]
    pub(crate) const fn direction(self) -> &'static str {
        match self {
            Self::Arabic => "rtl",
            Self::English
            | Self::Malay
            | Self::French
            | Self::German
            | Self::Swedish
            | Self::Spanish
            | Self::Polish
            | Self::Chinese => "ltr",
        }
    }

    /// Its words.
    #[must_use]
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../locales/en.ftl"),
            Self::Malay => include_str!("../locales/ms.ftl"),
            Self::French => include_str!("../locales/fr.ftl"),
            Self::German => include_str!("../locales/de.ftl"),
            Self::Swedish => include_str!("../locales/sv.ftl"),
            Self::Spanish => include_str!("../locales/es.ftl"),
            Self::Polish => include_str!("../locales/pl.ftl"),
            Self::Arabic => include_str!("../locales/ar.ftl"),
            Self::Chinese => include_str!("../locales/zh-Hans.ftl"),
        }
    }
}

/// Nobody likes more languages than that.
const ENTRIES_MAX: usize = 64;

/// `0.8` is 800; `None` for what is no weight. Digits behind the third do not count (RFC 9110 12.4.2).
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if !matches!(whole, "0" | "1") || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let decimals = format!("{decimals:0<3}").get(..3)?.parse::<u32>().ok()?;
    Some((whole.parse::<u32>().ok()? * 1_000 + decimals).min(1_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(language: Option<Language>) -> &'static str {
        language.map_or("-", Language::code)
    }

    #[test]
    fn a_tag_leads_to_the_language_its_reader_reads() {
        for (tag, expected) in [
            ("en", "en"),
            ("EN", "en"),
            ("en-GB", "en"),
            ("de-AT", "de"),
            ("de_CH", "de"),
            ("de-DE-1996", "de"),
            ("de-DE-u-co-phonebk", "de"),
            ("de-x-private", "de"),
            ("fr_FR", "fr"),
            ("es-419", "es"),
            ("pl", "pl"),
            ("sv-FI", "sv"),
            ("ms-MY", "ms"),
            ("ms-Arab", "-"),
            ("ar-EG", "ar"),
            ("ar-Latn", "-"),
            ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-Hans", "zh-Hans"),
            ("zh-Hans-HK", "zh-Hans"),
            ("zh-TW", "-"),
            ("zh-HK", "-"),
            ("zh-MO", "-"),
            ("zh-Hant", "-"),
            ("zh-Hant-CN", "-"),
            ("nb", "-"),
            ("no", "-"),
            ("id", "-"),
            ("se", "-"),
            ("xx", "-"),
            ("*", "-"),
            ("", "-"),
            ("-", "-"),
            ("i-klingon", "-"),
            ("german", "-"),
            ("<script>", "-"),
        ] {
            assert_eq!(expected, code(Language::of(tag)), "{tag}");
        }
    }

    #[test]
    fn every_language_is_found_by_its_own_code() {
        for language in Language::ALL {
            assert_eq!(Some(language), Language::of(language.code()));
        }
    }

    #[test]
    fn the_header_names_the_best_language_we_have() {
        for (header, expected) in [
            ("de", "de"),
            ("de-CH,de;q=0.9,en;q=0.8", "de"),
            ("nb-NO,nb;q=0.9,sv;q=0.8,en;q=0.7", "sv"),
            ("en;q=0.5, fr;q=0.7", "fr"),
            ("en;q=0.7, fr;q=0.7", "en"),
            ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"),
            ("zh-TW,zh-Hant;q=0.9,ms;q=0.8", "ms"),
            ("ar;q=0, pl;q=0.001", "pl"),
            ("pl ; q=0.3 , es ; q=0.4", "es"),
            ("fr;q=1.0,de;q=1", "fr"),
            ("fr;q=0.9999,de;q=1", "de"),
            ("fr;q=9,de;q=0.1", "de"),
            ("fr;q=x,de;q=-1", "-"),
            ("*", "-"),
            ("", "-"),
            (",,;;q", "-"),
        ] {
            assert_eq!(expected, code(Language::accepted(header)), "{header}");
        }
        assert_eq!("-", code(Language::accepted(&("xx,".repeat(64) + "de"))));
    }

    proptest! {
        #[test]
        fn nothing_a_browser_sends_is_an_error(text in "\\PC{0,40}", header in "[a-z*;=q0-9., -]{0,60}") {
            let _ = (Language::of(&text), Language::accepted(&text), Language::accepted(&header));
        }
    }
}
