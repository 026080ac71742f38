//! Log lines: structured, with ids, and without what must not be there (security T4).

use std::borrow::Cow;
use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::{LogFormat, LogLevel};

/// Starts logging to standard error.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(Masked);
    // A second start, as tests make it, keeps the first.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(false).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// The last filter: whatever a line holds, card numbers and keys in it are masked.
struct Masked;

impl<'a> MakeWriter<'a> for Masked {
    type Writer = MaskedLine;

    fn make_writer(&'a self) -> MaskedLine {
        MaskedLine
    }
}

struct MaskedLine;

impl Write for MaskedLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(mask_line(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A line without card numbers and without API keys.
fn mask_line(line: &str) -> Cow<'_, str> {
    let line = domain::mask_numbers(line);
    if !line.contains("sk_test_") && !line.contains("sk_live_") {
        return line;
    }
    let mut masked = String::with_capacity(line.len());
    let mut rest = line.as_ref();
    while let Some(at) = [rest.find("sk_test_"), rest.find("sk_live_")].into_iter().flatten().min() {
        let (before, key) = rest.split_at(at + "sk_test_".len());
        masked.push_str(before);
        masked.push_str("***");
        rest = key.trim_start_matches(|character: char| character.is_ascii_alphanumeric());
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_card_numbers_are_masked() {
        assert_eq!("a plain line", mask_line("a plain line"));
        assert_eq!("key sk_test_***, card ************1111", mask_line("key sk_test_abcDEF123, card 4444333322221111"));
        assert_eq!("sk_live_*** sk_test_***", mask_line("sk_live_x sk_test_y"));
    }
}
