//! Moments as a payer reads them: in the checkout's own time zone, which is always named beside a time of day.

use domain::Timestamp;
use jiff::Zoned;
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

    fn day_of(&self, at: &Zoned) -> String {
        let month = u32::from(at.month().unsigned_abs());
        self.words.say(texts::day(at.day().to_string(), month, at.year().to_string()))
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
    use crate::words::Language;

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
    fn an_unknown_zone_is_utc_and_says_so() {
        for name in ["UTC", "", "Nowhere/Land"] {
            assert_eq!("06:30, 3 March 2027 (UTC)", Zone::named(name, WORDS).day_and_time(MORNING));
        }
        assert_eq!("", Zone::named("UTC", WORDS).day(Timestamp::from_seconds(i64::MAX)));
    }
}
