//! How times are written.

use domain::Timestamp;

/// ISO 8601 in UTC, to the millisecond (card-payments-api 1.3).
#[must_use]
pub(crate) fn time(at: Timestamp) -> String {
    let millis = at.micros().div_euclid(1_000);
    jiff::Timestamp::from_millisecond(millis).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!("2025-01-10T09:15:00Z", time(Timestamp::from_seconds(1_736_500_500)));
        assert_eq!("2025-01-10T09:15:00.25Z", time(Timestamp::from_micros(1_736_500_500_250_999)));
    }
}
