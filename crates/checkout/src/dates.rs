//! Moments as a payer reads them: in the checkout's own time zone, which is always named beside a time of day.

use domain::Timestamp;
use jiff::tz::TimeZone;

/// A time zone and what a payer calls it.
pub(crate) struct Zone {
    zone: TimeZone,
    label: String,
}

impl Zone {
    /// By IANA name; a name nobody knows is UTC, and says so.
    pub(crate) fn named(name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) if name != "UTC" => {
                let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
                Self { zone, label: format!("{city} time") }
            }
            Ok(_) | Err(_) => Self { zone: TimeZone::UTC, label: "UTC".to_owned() },
        }
    }

    /// `3 March 2027`.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.format(at, "%-d %B %Y")
    }

    /// `14:30, 3 March 2027 (Kuala Lumpur time)`.
    pub(crate) fn day_and_time(&self, at: Timestamp) -> String {
        format!("{} ({})", self.format(at, "%H:%M, %-d %B %Y"), self.label)
    }

    /// A moment beyond every calendar shows nothing.
    fn format(&self, at: Timestamp, pattern: &str) -> String {
        jiff::Timestamp::from_microsecond(at.micros())
            .map(|at| at.to_zoned(self.zone.clone()).strftime(pattern).to_string())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-03-03 06:30 UTC.
    const MORNING: Timestamp = Timestamp::from_seconds(1_804_055_400);

    #[test]
    fn times_are_those_of_the_shop() {
        let kuala_lumpur = Zone::named("Asia/Kuala_Lumpur");
        assert_eq!("14:30, 3 March 2027 (Kuala Lumpur time)", kuala_lumpur.day_and_time(MORNING));
        assert_eq!("2 March 2027", Zone::named("Pacific/Pago_Pago").day(MORNING));
    }

    #[test]
    fn an_unknown_zone_is_utc_and_says_so() {
        for name in ["UTC", "", "Nowhere/Land"] {
            assert_eq!("06:30, 3 March 2027 (UTC)", Zone::named(name).day_and_time(MORNING));
        }
        assert_eq!("", Zone::named("UTC").day(Timestamp::from_seconds(i64::MAX)));
    }
}
