//! How moments and durations are read and written (orchestration-api 1.3).

use domain::Timestamp;
use jiff::{Span, SpanRelativeTo};

/// The latest an automatic capture may be put off: no reservation lasts longer.
const DELAY_SECONDS_MAX: i64 = 29 * 86_400;

/// ISO 8601 in UTC, to the millisecond.
#[must_use]
pub(crate) fn time(at: Timestamp) -> String {
    let millis = at.micros().div_euclid(1_000);
    written(jiff::Timestamp::from_millisecond(millis).unwrap_or_default())
}

/// A moment with any offset, as [`time`] writes it.
#[must_use]
pub(crate) fn moment(text: &str) -> Option<String> {
    // `Z`, or an offset in numbers; the name of a place would be more than the format allows.
    text.parse().ok().filter(|_| !text.contains('[')).map(written)
}

/// Seconds of a duration such as `PT24H` or `P7D`; `None` when it is none, negative, or longer than money is reserved.
#[must_use]
pub(crate) fn seconds(text: &str) -> Option<u64> {
    // Years and months have no fixed length.
    let is_iso = text.trim_start_matches(['+', '-']).starts_with('P');
    let span: Span = text.parse().ok().filter(|_| is_iso)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let seconds = Some(duration.as_secs()).filter(|seconds| (0..=DELAY_SECONDS_MAX).contains(seconds));
    seconds.filter(|_| !duration.is_negative()).and_then(|seconds| u64::try_from(seconds).ok())
}

fn written(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!("2025-03-19T15:27:06.759Z", time(Timestamp::from_micros(1_742_398_026_759_999)));
        assert_eq!("2025-03-19T15:27:06.000Z", time(Timestamp::from_seconds(1_742_398_026)));
    }

    #[test]
    fn moments_are_read_with_any_offset() {
        for (text, read) in [
            ("2017-06-15T15:30:00+02:00", "2017-06-15T13:30:00.000Z"),
            ("2020-08-25T10:42:59.123+02:00", "2020-08-25T08:42:59.123Z"),
            ("2019-08-24T14:15:22Z", "2019-08-24T14:15:22.000Z"),
            ("2020-01-01T00:00:00-05:30", "2020-01-01T05:30:00.000Z"),
        ] {
            assert_eq!(Some(read), moment(text).as_deref(), "{text}");
        }
        for bad in
            ["", "2020-01-01", "2020-01-01T00:00:00", "2020-13-01T00:00:00Z", "2020-01-01T00:00:00Z[UTC]", "soon"]
        {
            assert_eq!(None, moment(bad), "{bad}");
        }
    }

    #[test]
    fn durations_have_a_fixed_length() {
        for (text, read) in
            [("PT24H", 86_400), ("P1D", 86_400), ("PT0S", 0), ("P1W", 604_800), ("PT1H30M", 5_400), ("PT0.5S", 0)]
        {
            assert_eq!(Some(read), seconds(text), "{text}");
        }
        for bad in ["", "P", "24H", "1 day", "-PT1S", "PT-1S", "-PT0.5S", "P1M", "P1Y", "P32D", "P99999999D"] {
            assert_eq!(None, seconds(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_itself(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let text = time(Timestamp::from_micros(micros));
            prop_assert_eq!(Some(text.clone()), moment(&text));
        }

        #[test]
        fn no_text_is_too_much(text in "[-+PT0-9YMWDHS:Z.]{0,24}") {
            let _ = (moment(&text), seconds(&text));
        }
    }
}
