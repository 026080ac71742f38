//! An acquirer's settlement file, version 1: comma-separated records, described in `docs/reconciliation.md`.
//!
//! It is read line by line, so that its length costs no memory. A file is good or refused as a whole: a [`Reader`] that
//! came to its end has counted its lines and added them up.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind, Read};

use aws_lc_rs::digest::{Context, SHA256};
use csv::{Position, StringRecord};
use domain::{Currency, LineKind, Mode, Money, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The version that is read and written.
const VERSION: &str = "1";
/// No record is longer than this.
const RECORD_BYTES_MAX: usize = 1_024;
/// Ids, references and names are not longer than this.
const TEXT_CHARS_MAX: usize = 64;

const AGAIN: &str = "ask the acquirer for the whole file again";
const CORRECTED: &str = "ask the acquirer for a corrected file under a new id";

/// A day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        Self(moment.to_zoned(TimeZone::UTC).date())
    }

    /// Reads `2026-11-20`, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| text.parse().ok().map(Self))?
    }

    /// Its midnight.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        let midnight = self.0.to_zoned(TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_microsecond());
        Timestamp::from_micros(midnight)
    }

    /// The midnight at its end.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        self.0.tomorrow().map_or(Timestamp::from_micros(i64::MAX), |next| Self(next).begins())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its id; the acquirer gives each file another one.
    pub id: String,
    /// Whose it is.
    pub acquirer: String,
    /// Its world.
    pub mode: Mode,
    /// The first day it covers.
    pub first: Day,
    /// The last one: its business day.
    pub last: Day,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, one more each.
    pub number: u32,
    /// What it is about.
    pub kind: LineKind,
    /// What we called it.
    pub reference: String,
    /// What the acquirer calls it.
    pub acquirer_reference: String,
    /// How much, before the fee.
    pub amount: Money,
    /// What the acquirer keeps for it.
    pub fee: Money,
    /// When it was cleared.
    pub cleared_on: Day,
    /// When it reached the bank.
    pub settled_on: Day,
}

impl Line {
    /// What reaches the bank: minor units, negative when the acquirer keeps it.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.kind.signed(self.amount) - self.fee.minor()
    }
}

/// How many lines a file has in a currency, and what they come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub lines: u32,
    /// What reaches the bank, in minor units.
    pub net: i64,
}

/// Why a file is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the file: {what}; {remedy}")]
pub struct Refused {
    /// The line of the file, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Reads a file from its header to its end.
pub struct Reader<R: Read> {
    records: csv::Reader<Guarded<R>>,
    record: StringRecord,
    header: Header,
    count: u32,
    totals: BTreeMap<Currency, Total>,
    is_over: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open(read: R) -> Result<Self, Refused> {
        let guarded = Guarded { read, digest: Context::new(&SHA256), unbroken: 0 };
        let records = csv::ReaderBuilder::new().has_headers(false).flexible(true).quoting(false).from_reader(guarded);
        let nothing = Day(Date::constant(1970, 1, 1));
        let header =
            Header { id: String::new(), acquirer: String::new(), mode: Mode::Test, first: nothing, last: nothing };
        let record = StringRecord::new();
        let mut reader = Self { records, record, header, count: 0, totals: BTreeMap::new(), is_over: false };
        reader.advance()?;
        reader.header = reader.read_header()?;
        Ok(reader)
    }

    /// What the file says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next line; `None` once all of them are read and the file ends as it says.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn line(&mut self) -> Result<Option<Line>, Refused> {
        if self.is_over {
            return Ok(None);
        }
        self.advance()?;
        match self.record.get(0) {
            Some("line") => {
                let line = self.read_line()?;
                self.count = line.number;
                let total = self.totals.entry(line.amount.currency()).or_default();
                total.lines += 1;
                match total.net.checked_add(line.net()) {
                    Some(net) => total.net = net,
                    None => return Err(self.refuse("the lines come to more than 64 bits", CORRECTED)),
                }
                Ok(Some(line))
            }
            Some("total" | "end") => {
                self.read_totals()?;
                self.is_over = true;
                Ok(None)
            }
            _ => Err(self.refuse("no record of the kind line, total or end", CORRECTED)),
        }
    }

    /// How many lines were read.
    pub const fn lines(&self) -> u32 {
        self.count
    }

    /// What the lines read so far come to.
    pub const fn totals(&self) -> &BTreeMap<Currency, Total> {
        &self.totals
    }

    /// SHA-256 of the file, once its end was read.
    pub fn hash(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.records.into_inner().digest.finish().as_ref());
        hash
    }

    /// The next record.
    fn advance(&mut self) -> Result<(), Refused> {
        match self.records.read_record(&mut self.record) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let line = self.records.position().line();
                let what = "the file breaks off before its end record".to_owned();
                Err(Refused { line, what, remedy: AGAIN })
            }
            Err(error) => {
                let line = error.position().map_or_else(|| self.records.position().line(), Position::line);
                let what = match error.kind() {
                    csv::ErrorKind::Utf8 { .. } => "bytes that are no UTF-8".to_owned(),
                    _ => error.to_string(),
                };
                Err(Refused { line, what, remedy: AGAIN })
            }
        }
    }

    fn refuse(&self, what: impl Into<String>, remedy: &'static str) -> Refused {
        let line = self.record.position().map_or(1, Position::line);
        Refused { line, what: what.into(), remedy }
    }

    /// The fields of the record after its kind, if there are so many.
    fn fields<const N: usize>(&self) -> Result<[&str; N], Refused> {
        let mut fields = [""; N];
        if self.record.len() != N + 1 {
            let what = format!("a record of {} fields where {} are expected", self.record.len(), N + 1);
            return Err(self.refuse(what, AGAIN));
        }
        for (field, text) in fields.iter_mut().zip(self.record.iter().skip(1)) {
            *field = text;
        }
        Ok(fields)
    }

    fn read_header(&self) -> Result<Header, Refused> {
        if self.record.get(0) != Some("file") {
            return Err(self.refuse("it does not begin with a file record", "give a settlement file, version 1"));
        }
        match self.record.get(1) {
            Some(VERSION) => {}
            other => {
                let what = format!("version {} of the format is not known", other.unwrap_or_default());
                return Err(self.refuse(what, "ask the acquirer for version 1, or take a newer release"));
            }
        }
        let [_, id, acquirer, mode, first, last] = self.fields()?;
        let mode = Mode::parse(mode).ok_or_else(|| self.refuse("a mode is test or live", CORRECTED))?;
        let header = Header {
            id: self.name("id", id)?,
            acquirer: self.name("acquirer", acquirer)?,
            mode,
            first: self.day("first day", first)?,
            last: self.day("last day", last)?,
        };
        if header.last < header.first {
            return Err(self.refuse("its last day is before its first", CORRECTED));
        }
        Ok(header)
    }

    fn read_line(&self) -> Result<Line, Refused> {
        let [number, kind, reference, acquirer_reference, amount, currency, fee, cleared_on, settled_on] =
            self.fields()?;
        let expected = self.count.saturating_add(1);
        if number != expected.to_string() {
            let what = format!("number {number} where {expected} is expected: lines are lost, doubled or out of order");
            return Err(self.refuse(what, AGAIN));
        }
        let kind = LineKind::parse(kind).ok_or_else(|| {
            self.refuse(format!("{kind} is no capture, refund, chargeback or chargeback_reversal"), CORRECTED)
        })?;
        let currency = Currency::parse(currency)
            .ok_or_else(|| self.refuse(format!("{currency} is no ISO 4217 currency"), CORRECTED))?;
        let (amount, fee) = (self.money("amount", amount, currency)?, self.money("fee", fee, currency)?);
        if amount.is_zero() {
            return Err(self.refuse("an amount of nothing", CORRECTED));
        }
        if fee.minor() > amount.minor() {
            return Err(self.refuse("a fee above the amount", CORRECTED));
        }
        let line = Line {
            number: expected,
            kind,
            reference: self.name("reference", reference)?,
            acquirer_reference: self.name("acquirer's reference", acquirer_reference)?,
            amount,
            fee,
            cleared_on: self.day("day of clearing", cleared_on)?,
            settled_on: self.day("day of settlement", settled_on)?,
        };
        if line.settled_on < line.cleared_on {
            return Err(self.refuse("it is settled before it is cleared", CORRECTED));
        }
        Ok(line)
    }

    /// The totals, from the record that was read last, the end, and nothing after it.
    fn read_totals(&mut self) -> Result<(), Refused> {
        let mut left = self.totals.clone();
        while self.record.get(0) == Some("total") {
            let [currency, lines, net] = self.fields()?;
            let total = Currency::parse(currency).and_then(|currency| left.remove(&currency));
            let Some(total) = total else {
                return Err(self.refuse(format!("a total of {currency}, of which there is no line left"), CORRECTED));
            };
            if (lines, net) != (total.lines.to_string().as_str(), total.net.to_string().as_str()) {
                let what = format!(
                    "a total of {lines} lines and {net} {currency}, and its lines are {} and come to {}",
                    total.lines, total.net
                );
                return Err(self.refuse(what, CORRECTED));
            }
            self.advance()?;
        }
        if let Some(currency) = left.keys().next() {
            return Err(self.refuse(format!("no total of {}", currency.code()), CORRECTED));
        }
        if self.record.get(0) != Some("end") {
            return Err(self.refuse("no record of the kind total or end", CORRECTED));
        }
        let [count] = self.fields()?;
        if count != self.count.to_string() {
            return Err(self.refuse(format!("{count} lines are promised and {} are there", self.count), AGAIN));
        }
        let at = self.records.position().line();
        match self.records.read_record(&mut self.record) {
            Ok(false) => Ok(()),
            Ok(true) | Err(_) => {
                Err(Refused { line: at, what: "something after the end record".into(), remedy: AGAIN })
            }
        }
    }

    fn name(&self, field: &str, text: &str) -> Result<String, Refused> {
        let fits = (1..=TEXT_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if fits {
            return Ok(text.to_owned());
        }
        let what = format!("its {field} is not 1 to {TEXT_CHARS_MAX} letters, digits, hyphens, underscores and points");
        Err(self.refuse(what, CORRECTED))
    }

    fn money(&self, field: &str, text: &str, currency: Currency) -> Result<Money, Refused> {
        let is_plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let money = text.parse().ok().filter(|_| is_plain).and_then(|minor| Money::new(minor, currency));
        money.ok_or_else(|| self.refuse(format!("its {field}, {text}, is no whole number of minor units"), CORRECTED))
    }

    fn day(&self, field: &str, text: &str) -> Result<Day, Refused> {
        Day::parse(text)
            .ok_or_else(|| self.refuse(format!("its {field}, {text}, is no day such as 2026-11-20"), CORRECTED))
    }
}

/// Adds up what is read, and refuses records that never end.
struct Guarded<R> {
    read: R,
    digest: Context,
    /// Bytes since the last end of a line.
    unbroken: usize,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        self.digest.update(bytes);
        for byte in bytes {
            self.unbroken = if *byte == b'\n' { 0 } else { self.unbroken + 1 };
            if self.unbroken > RECORD_BYTES_MAX {
                let words = format!("a record of more than {RECORD_BYTES_MAX} bytes");
                return Err(io::Error::new(ErrorKind::InvalidData, words));
            }
        }
        Ok(count)
    }
}

/// A whole file.
#[must_use]
pub fn write(header: &Header, lines: &[Line]) -> String {
    let Header { id, acquirer, mode, first, last } = header;
    let mut text = format!("file,{VERSION},{id},{acquirer},{},{first},{last}\n", mode.as_str());
    let mut totals: BTreeMap<Currency, Total> = BTreeMap::new();
    for line in lines {
        let Line { number, kind, reference, acquirer_reference, amount, fee, cleared_on, settled_on } = line;
        let (currency, amount, fee) = (amount.currency(), amount.minor(), fee.minor());
        // A string takes whatever is written.
        let _ = writeln!(
            text,
            "line,{number},{},{reference},{acquirer_reference},{amount},{},{fee},{cleared_on},{settled_on}",
            kind.as_str(),
            currency.code()
        );
        let total = totals.entry(currency).or_default();
        total.lines += 1;
        total.net += line.net();
    }
    for (currency, Total { lines, net }) in totals {
        let _ = writeln!(text, "total,{},{lines},{net}", currency.code());
    }
    let _ = writeln!(text, "end,{}", lines.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
file,1,F-1,test,test,2026-11-20,2026-11-21
line,1,capture,0190-a,000001,954,MYR,10,2026-11-20,2026-11-21
line,2,refund,0190-b,000002,200,MYR,0,2026-11-20,2026-11-21
line,3,capture,0190-c,000003,500,JPY,5,2026-11-20,2026-11-21
total,JPY,1,495
total,MYR,2,744
end,3
";

    fn read(text: &str) -> Result<(Header, Vec<Line>), Refused> {
        let mut reader = Reader::open(text.as_bytes())?;
        let mut lines = vec![];
        while let Some(line) = reader.line()? {
            lines.push(line);
        }
        Ok((reader.header().clone(), lines))
    }

    #[test]
    fn what_is_written_is_read() {
        let (header, lines) = read(GOOD).expect("a good file");
        assert_eq!((Mode::Test, "2026-11-21"), (header.mode, header.last.to_string().as_str()));
        assert_eq!(vec![944, -200, 495], lines.iter().map(Line::net).collect::<Vec<_>>());
        let written = write(&header, &lines);
        assert_eq!((header, lines), read(&written).expect("our own"));
        let empty = "file,1,F-2,test,live,2026-11-20,2026-11-20\nend,0\n";
        assert_eq!(vec![] as Vec<Line>, read(empty).expect("a day without money").1);
    }

    /// Each fault is named with its line and a remedy.
    #[test]
    fn a_file_that_is_not_whole_is_refused() {
        let cases = [
            ("", "", 1, "breaks off"),
            ("end,3\n", "", 7, "breaks off"),
            ("total,MYR,2,744\nend,3\n", "", 6, "breaks off"),
            ("file,1,", "file,2,", 1, "version 2"),
            ("file,1,", "line,1,", 1, "does not begin"),
            (",test,test,", ",test,prod,", 1, "test or live"),
            ("2026-11-21\nline,1", "2026-11-19\nline,1", 1, "before its first"),
            (",954,MYR", ",9.54,MYR", 2, "no whole number"),
            (",954,MYR", ",-954,MYR", 2, "no whole number"),
            (",954,MYR", ",9223372036854775808,MYR", 2, "no whole number"),
            (",954,MYR", ",0,MYR", 2, "nothing"),
            (",954,MYR", ",954,XXX", 2, "no ISO 4217"),
            (",954,MYR,10,", ",954,MYR,955,", 2, "above the amount"),
            ("capture,0190-a", "captured,0190-a", 2, "no capture"),
            ("0190-a", "0190 a", 2, "reference"),
            ("0190-a", "", 2, "reference"),
            ("2026-11-20,2026-11-21\nline,2", "2026-11-22,2026-11-21\nline,2", 2, "before it is cleared"),
            ("2026-11-20,2026-11-21\nline,2", "2026-11-31,2026-11-30\nline,2", 2, "no day"),
            ("line,2,", "line,3,", 3, "out of order"),
            ("line,2,refund,0190-b,000002,200,MYR,0,2026-11-20,2026-11-21\n", "", 3, "out of order"),
            ("total,MYR,2,744", "total,MYR,2,745", 6, "come to 744"),
            ("total,MYR,2,744", "total,MYR,3,744", 6, "lines are 2"),
            ("total,MYR,2,744\n", "", 6, "no total of MYR"),
            ("total,MYR,2,744\n", "total,MYR,2,744\ntotal,MYR,2,744\n", 7, "no line left"),
            ("end,3\n", "end,4\n", 7, "4 lines are promised"),
            ("end,3\n", "end,3\nend,3\n", 8, "after the end"),
            ("000003,500,JPY,5", "000003,500,JPY", 4, "9 fields"),
            ("total,JPY", "sum,JPY", 5, "no record"),
        ];
        for (from, to, line, what) in cases {
            let text = if from.is_empty() { String::new() } else { GOOD.replacen(from, to, 1) };
            assert!(from.is_empty() || text != GOOD, "{from}");
            let refused = read(&text).expect_err(what);
            assert_eq!(line, refused.line, "{refused}");
            assert!(refused.what.contains(what) && !refused.remedy.is_empty(), "{what}: {refused}");
        }
        let endless = format!("{GOOD}{}", "x".repeat(10_000));
        assert!(read(&endless).is_err(), "a record that never ends");
    }

    #[test]
    fn every_byte_counts_in_the_hash() {
        let hash = |text: &str| {
            let mut reader = Reader::open(text.as_bytes()).expect("a header");
            while reader.line().expect("a line").is_some() {}
            reader.hash()
        };
        assert_eq!(hash(GOOD), hash(GOOD));
        assert_ne!(hash(GOOD), hash(&GOOD.replace("000003", "000004")));
    }
}
