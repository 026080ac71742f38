//! A workbook, Office Open XML, written from its first row to its last: however many rows there are, none is kept in
//! memory. Cells are what they are: numbers, days and words.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use jiff::tz::TimeZone;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::columns::{Cell, NAMES, decimal, harmless, serial_day};

/// A sheet has no more rows than this, the first of which names the columns; then another one begins.
const ROWS_MAX: u32 = 1_048_576;

/// The styles of cells, by their places in `STYLES`.
const PLAIN: u32 = 0;
const HEADING: u32 = 1;
const DAY: u32 = 2;
/// Of amounts without digits after the point; with one, two, three and four digits they follow.
const AMOUNT: u32 = 3;

const STYLES: &str = r##"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="4"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="0.0"/><numFmt numFmtId="166" formatCode="0.000"/><numFmt numFmtId="167" formatCode="0.0000"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="167" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>"##;

const PACKAGE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

const SHEET_BEGINS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"#;

const SHEET_ENDS: &str = "</sheetData></worksheet>";

/// A workbook that is being written.
pub(super) struct Workbook {
    zip: ZipWriter<BufWriter<File>>,
    zone: TimeZone,
    rows_max: u32,
    /// Sheets begun so far.
    sheets: u32,
    /// Rows of the last of them.
    rows: u32,
    /// The row that is being put together.
    xml: String,
}

impl Workbook {
    /// Begins a workbook whose days are told by the clocks of `zone`.
    pub(super) fn begin(file: File, zone: TimeZone) -> io::Result<Self> {
        Self::with_rows_max(file, zone, ROWS_MAX)
    }

    fn with_rows_max(file: File, zone: TimeZone, rows_max: u32) -> io::Result<Self> {
        let zip = ZipWriter::new(BufWriter::new(file));
        let mut workbook = Self { zip, zone, rows_max, sheets: 0, rows: 0, xml: String::new() };
        workbook.begin_sheet()?;
        Ok(workbook)
    }

    /// Writes a row.
    pub(super) fn write(&mut self, cells: &[Cell; NAMES.len()]) -> io::Result<()> {
        if self.rows == self.rows_max {
            self.zip.write_all(SHEET_ENDS.as_bytes())?;
            self.begin_sheet()?;
        }
        self.write_row(|row| cells.iter().for_each(|cell| row.cell(cell)))
    }

    /// Writes what says how the sheets belong together; answers the file.
    pub(super) fn end(mut self) -> io::Result<File> {
        self.zip.write_all(SHEET_ENDS.as_bytes())?;
        let (mut sheets, mut links, mut types) = (String::new(), String::new(), String::new());
        for sheet in 1..=self.sheets {
            let _ = write!(sheets, r#"<sheet name="Statement {sheet}" sheetId="{sheet}" r:id="rId{sheet}"/>"#);
            let _ = write!(
                links,
                r#"<Relationship Id="rId{sheet}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{sheet}.xml"/>"#
            );
            let _ = write!(
                types,
                r#"<Override PartName="/xl/worksheets/sheet{sheet}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"#
            );
        }
        let styles = self.sheets + 1;
        self.part("xl/styles.xml", STYLES)?;
        self.part("xl/workbook.xml", &format!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>"#))?;
        self.part("xl/_rels/workbook.xml.rels", &format!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}<Relationship Id="rId{styles}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#))?;
        self.part("_rels/.rels", PACKAGE)?;
        self.part("[Content_Types].xml", &format!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>{types}</Types>"#))?;
        self.zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        self.rows = 0;
        let name = format!("xl/worksheets/sheet{}.xml", self.sheets);
        self.zip.start_file(name, options())?;
        self.zip.write_all(SHEET_BEGINS.as_bytes())?;
        self.write_row(|row| NAMES.iter().for_each(|name| row.words(name, HEADING)))
    }

    fn write_row(&mut self, fill: impl FnOnce(&mut Row<'_>)) -> io::Result<()> {
        self.rows += 1;
        self.xml.clear();
        let _ = write!(self.xml, r#"<row r="{}">"#, self.rows);
        fill(&mut Row { xml: &mut self.xml, zone: &self.zone, number: self.rows, column: 'A' });
        self.xml.push_str("</row>");
        self.zip.write_all(self.xml.as_bytes())
    }

    fn part(&mut self, name: &str, xml: &str) -> io::Result<()> {
        self.zip.start_file(name, options())?;
        self.zip.write_all(xml.as_bytes())
    }
}

/// A sheet of a million rows is larger than 4 GB before it is compressed; compressing it well takes longer than it is worth.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(2))
        .large_file(true)
}

/// A row that is being put together; there are no more columns than letters.
struct Row<'a> {
    xml: &'a mut String,
    zone: &'a TimeZone,
    number: u32,
    column: char,
}

impl Row<'_> {
    fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Text(text) => self.words(&harmless(text), PLAIN),
            Cell::Amount(minor, currency) => self.number(&decimal(*minor, *currency), AMOUNT + currency.exponent()),
            Cell::Whole(number) => self.number(&number.to_string(), PLAIN),
            Cell::Time(Some(at)) => self.number(&serial_day(*at, self.zone), DAY),
            Cell::Time(None) => self.skip(),
            Cell::Flag(flag) => {
                let (column, number) = (self.column, self.number);
                let _ = write!(self.xml, r#"<c r="{column}{number}" t="b"><v>{}</v></c>"#, u8::from(*flag));
                self.skip();
            }
        }
    }

    fn number(&mut self, number: &str, style: u32) {
        let _ = write!(self.xml, r#"<c r="{}{}" s="{style}"><v>{number}</v></c>"#, self.column, self.number);
        self.skip();
    }

    /// Words; no words are no cell.
    fn words(&mut self, text: &str, style: u32) {
        if !text.is_empty() {
            let (column, number) = (self.column, self.number);
            let _ =
                write!(self.xml, r#"<c r="{column}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">"#);
            escape(text, self.xml);
            self.xml.push_str("</t></is></c>");
        }
        self.skip();
    }

    fn skip(&mut self) {
        self.column = char::from_u32(u32::from(self.column) + 1).unwrap_or(self.column);
    }
}

/// What XML has no words for becomes U+FFFD.
fn escape(text: &str, xml: &mut String) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use domain::{Currency, Timestamp};
    use zip::ZipArchive;

    use super::*;

    fn part(book: &mut ZipArchive<File>, name: &str) -> String {
        let mut text = String::new();
        book.by_name(name).expect(name).read_to_string(&mut text).expect("text");
        text
    }

    fn written(rows: u32, rows_max: u32, cell: &Cell) -> ZipArchive<File> {
        let file = tempfile::tempfile().expect("a file");
        let zone = TimeZone::get("Asia/Kuala_Lumpur").expect("a zone");
        let mut book = Workbook::with_rows_max(file.try_clone().expect("a file"), zone, rows_max).expect("begun");
        for _ in 0..rows {
            book.write(&std::array::from_fn(|_| cell.clone())).expect("written");
        }
        book.end().expect("ended");
        ZipArchive::new(file).expect("an archive")
    }

    #[test]
    fn a_sheet_that_is_full_is_followed_by_another() {
        let mut book = written(5, 3, &Cell::Whole(7));
        let rows = |sheet: &str| sheet.matches("<row ").count();
        let sheets: Vec<_> =
            (1..=3).map(|sheet| rows(&part(&mut book, &format!("xl/worksheets/sheet{sheet}.xml")))).collect();
        assert_eq!(vec![3, 3, 2], sheets, "each begins with the columns");
        let workbook = part(&mut book, "xl/workbook.xml");
        for sheet in 1..=3 {
            assert!(
                workbook.contains(&format!(r#"<sheet name="Statement {sheet}" sheetId="{sheet}" r:id="rId{sheet}"/>"#))
            );
            assert!(part(&mut book, "[Content_Types].xml").contains(&format!("/xl/worksheets/sheet{sheet}.xml")));
            assert!(part(&mut book, "xl/_rels/workbook.xml.rels").contains(&format!("worksheets/sheet{sheet}.xml")));
        }
        assert_eq!(3, workbook.matches("<sheet ").count());
    }

    #[test]
    fn cells_are_what_they_are() {
        let currency = |code| Currency::parse(code).expect("a currency");
        for (cell, xml) in [
            (Cell::Whole(-7), r#"<c r="A2" s="0"><v>-7</v></c>"#),
            (Cell::Amount(-950, currency("MYR")), r#"<c r="A2" s="5"><v>-9.50</v></c>"#),
            (Cell::Amount(950, currency("JPY")), r#"<c r="A2" s="3"><v>950</v></c>"#),
            (Cell::Amount(950, currency("KWD")), r#"<c r="A2" s="6"><v>0.950</v></c>"#),
            (Cell::Flag(true), r#"<c r="A2" t="b"><v>1</v></c>"#),
            (Cell::Time(Some(Timestamp::from_seconds(0))), r#"<c r="A2" s="2"><v>25569.3125000000</v></c>"#),
            (
                Cell::Text("=A&<B>\r\u{1}".to_owned()),
                "<c r=\"A2\" s=\"0\" t=\"inlineStr\"><is><t xml:space=\"preserve\">'=A&amp;&lt;B&gt;&#13;\u{fffd}</t></is></c>",
            ),
        ] {
            let sheet = part(&mut written(1, 9, &cell), "xl/worksheets/sheet1.xml");
            assert!(sheet.contains(&format!(r#"<row r="2">{xml}"#)), "{cell:?}: {sheet}");
        }
        for nothing in [Cell::Time(None), Cell::Text(String::new())] {
            assert!(part(&mut written(1, 9, &nothing), "xl/worksheets/sheet1.xml").contains(r#"<row r="2"></row>"#));
        }
    }
}
