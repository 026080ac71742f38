//! Moments as a payer reads them: in the checkout's own time zone, which is always named beside a time of day.

use domain::Timestamp;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::texts;
use crate::words::Words;

/// A time zone and what a payer calls it.
pub(crate) struct Zone {
    zone: TimeZone,
    label: String,
    words: Words,
}

impl Zone {
    /// By IANA name; a name nobody knows is UTC, and says so.
    pub(crate) fn named(name: &str, words: Words) -> Self {
        match TimeZone::get(name) {
            Ok(zone) if name != "UTC" => {
                let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
                Self { zone, label: words.say(texts::zone_of(city)), words }
            }
            Ok(_) | Err(_) => Self { zone: TimeZone::UTC, label: "UTC".to_owned(), words },
        }
    }

    /// `3 March 2027`.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.at(at).map(|at| self.day_of(&at)).unwrap_or_default()
    }

    /// `14:30, 3 March 2027 (Kuala Lumpur time)`.
    pub(crate) fn day_and_time(&self, at: Timestamp) -> String {
        let moment = |at: &Zoned| {
            let time = format!("{:02}:{:02}", at.hour(), at.minute());
            self.words.say(texts::moment(time, self.day_of(at), &self.label))
        };
        self.at(at).as_ref().map(moment).unwrap_or_default()
    }

    /// The same for a day of the calendar, `YYYY-MM-DD`, which is in no zone; `None` for what is none.
    pub(crate) fn calendar_day(&self, day: &str) -> Option<String> {
        day.parse().ok().map(|day: Date| self.written(day))
    }

    fn day_of(&self, at: &Zoned) -> String {
        self.written(at.date())
    }

    fn written(&self, date: Date) -> String {
        let [day, month] = [date.day(), date.month()].map(|number| u32::from(number.unsigned_abs()));
        self.words.say(texts::day(day, month, date.year().to_string()))
    }

    /// A moment beyond every calendar shows nothing.
    fn at(&self, at: Timestamp) -> Option<Zoned> {
        let at = jiff::Timestamp::from_microsecond(at.micros()).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

/// `YYYY-MM` where the day ends last, in UTC-12: a card is good until its month is over everywhere.
pub(crate) fn month_in_the_west(now: Timestamp) -> String {
    let west = jiff::tz::offset(-12).to_time_zone();
    let at = jiff::Timestamp::from_microsecond(now.micros()).map(|at| at.to_zoned(west));
    at.map(|at| format!("{:04}-{:02}", at.year(), at.month())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_month_lasts_until_it_is_over_everywhere() {
        let december_noon_utc = 1_796_126_400;
        assert_eq!("2026-11", month_in_the_west(Timestamp::from_seconds(december_noon_utc - 1)));
        assert_eq!("2026-12", month_in_the_west(Timestamp::from_seconds(december_noon_utc)));
    }

    use super::*;
    use crate::language::Language;

    const WORDS: Words = Words::new(Language::English);

    /// 2027-03-03 06:30 UTC.
    const MORNING: Timestamp = Timestamp::from_seconds(1_804_055_400);

    #[test]
    fn times_are_those_of_the_shop() {
        let kuala_lumpur = Zone::named("Asia/Kuala_Lumpur", WORDS);
        assert_eq!("14:30, 3 March 2027 (Kuala Lumpur time)", kuala_lumpur.day_and_time(MORNING));
        assert_eq!("2 March 2027", Zone::named("Pacific/Pago_Pago", WORDS).day(MORNING));
    }

    #[test]
    fn days_and_times_are_written_out_in_every_language() {
        // 2027-08-01 00:05 UTC.
        const AUGUST: Timestamp = Timestamp::from_seconds(1_817_078_700);
        let row = |language: Language| {
            let zone = |name| Zone::named(name, Words::new(language));
            let (first, second) = (zone("Asia/Kuala_Lumpur").day_and_time(MORNING), zone("UTC").day_and_time(AUGUST));
            // The marks that isolate are shown by their absence elsewhere.
            format!("{}: {first}; {second}", language.code()).replace(['\u{200f}', '\u{2068}', '\u{2069}'], "")
        };
        insta::assert_snapshot!(Language::ALL.map(row).join("\n"), @r"
        en: 14:30, 3 March 2027 (Kuala Lumpur time); 00:05, 1 August 2027 (UTC)
        ms: 3 Mac 2027, 14:30 (waktu Kuala Lumpur); 1 Ogos 2027, 00:05 (UTC)
        fr: 3 mars 2027 à 14:30 (heure de Kuala Lumpur); 1er août 2027 à 00:05 (UTC)
        de: 3. März 2027, 14:30 Uhr (Ortszeit Kuala Lumpur); 1. August 2027, 00:05 Uhr (UTC)
        sv: 3 mars 2027 kl. 14:30 (tid i Kuala Lumpur); 1 augusti 2027 kl. 00:05 (UTC)
        es: 3 de marzo de 2027, 14:30 (hora de Kuala Lumpur); 1 de agosto de 2027, 00:05 (UTC)
        pl: 3 marca 2027, 14:30 (czas: Kuala Lumpur); 1 sierpnia 2027, 00:05 (UTC)
        ar: 3 مارس 2027، الساعة 14:30 (بتوقيت Kuala Lumpur); 1 أغسطس 2027، الساعة 00:05 (UTC)
        zh-Hans: 2027年3月3日 14:30（Kuala Lumpur 时间）; 2027年8月1日 00:05（UTC）
        ");
    }

    #[test]
    fn every_month_has_its_own_name() {
        for language in Language::ALL {
            let words = Words::new(language);
            let days: std::collections::HashSet<String> =
                (1..=12).map(|month| words.say(texts::day(20, month, "2027"))).collect();
            assert_eq!(12, days.len(), "{language:?}");
            assert!(days.iter().all(|day| day.contains("20") && day.contains("2027")), "{days:?}");
        }
    }

    #[test]
    fn a_day_of_the_calendar_is_the_same_everywhere() {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            assert_eq!(Some("9 October 2025"), Zone::named(zone, WORDS).calendar_day("2025-10-09").as_deref());
        }
        assert_eq!(None, Zone::named("UTC", WORDS).calendar_day("2025-13-09"));
    }

    #[test]
    fn an_unknown_zone_is_utc_and_says_so() {
        for name in ["UTC", "", "Nowhere/Land"] {
            assert_eq!("06:30, 3 March 2027 (UTC)", Zone::named(name, WORDS).day_and_time(MORNING));
        }
        assert_eq!("", Zone::named("UTC", WORDS).day(Timestamp::from_seconds(i64::MAX)));
    }
}
