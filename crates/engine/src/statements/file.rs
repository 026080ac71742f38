//! The files of statements: drafts that are written row by row, and take their names when they are whole and durable.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use domain::StatementId;
use jiff::tz::TimeZone;
use store::{StatementFormat, StatementLine};

use super::columns::{Cell, NAMES, cells, decimal, harmless, iso};
use super::workbook::Workbook;

/// What begins a text file that spreadsheets are to read as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Where a statement's file lies when it is whole.
pub(super) fn path(folder: &Path, id: StatementId, format: StatementFormat) -> PathBuf {
    folder.join(format!("{id}.{}", format.as_str()))
}

/// A file that is being written.
pub(super) struct Draft {
    folder: PathBuf,
    path: PathBuf,
    draft: PathBuf,
    rows: Rows,
}

enum Rows {
    Csv(Box<csv::Writer<BufWriter<File>>>, TimeZone),
    Workbook(Box<Workbook>),
}

impl Draft {
    /// Begins a file anew, whatever was there of it.
    pub(super) fn begin(folder: &Path, id: StatementId, format: StatementFormat, zone: TimeZone) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = path(folder, id, format);
        let draft = folder.join(format!("{id}.new"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        let rows = match format {
            StatementFormat::Csv => {
                let mut file = BufWriter::new(file);
                file.write_all(BYTE_ORDER_MARK.as_bytes())?;
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(NAMES)?;
                Rows::Csv(Box::new(writer), zone)
            }
            StatementFormat::Xlsx => Rows::Workbook(Box::new(Workbook::begin(file, zone)?)),
        };
        Ok(Self { folder: folder.to_owned(), path, draft, rows })
    }

    /// Adds a row for each transaction.
    pub(super) fn write(&mut self, lines: &[StatementLine]) -> io::Result<()> {
        for line in lines {
            let cells = cells(line);
            match &mut self.rows {
                Rows::Csv(writer, zone) => writer.write_record(cells.iter().map(|cell| field(cell, zone)))?,
                Rows::Workbook(workbook) => workbook.write(&cells)?,
            }
        }
        Ok(())
    }

    /// Gives it its name: it survives a power cut from then on, and so does its name.
    pub(super) fn end(self) -> io::Result<()> {
        let file = match self.rows {
            Rows::Csv(writer, _) => {
                let file = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
                file.into_inner().map_err(io::IntoInnerError::into_error)?
            }
            Rows::Workbook(workbook) => workbook.end()?,
        };
        file.sync_all()?;
        std::fs::rename(self.draft, self.path)?;
        File::open(self.folder)?.sync_all()
    }

    /// Throws it away.
    pub(super) fn discard(self) -> io::Result<()> {
        remove(&self.draft)
    }
}

fn field(cell: &Cell, zone: &TimeZone) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Amount(minor, currency) => decimal(*minor, *currency),
        Cell::Whole(number) => number.to_string(),
        Cell::Time(at) => at.map(|at| iso(at, zone)).unwrap_or_default(),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// Removes a file; one that is gone already is as good.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Removes what no statement in `filed` has: drafts and files that a process left when it died.
pub(super) fn sweep(folder: &Path, filed: &[StatementId]) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let is_draft = path.extension().is_some_and(|extension| extension == "new");
        let id = path.file_stem().and_then(|stem| StatementId::parse(stem.to_str()?).ok());
        if is_draft || id.is_none_or(|id| !filed.contains(&id)) {
            remove(&path)?;
        }
    }
    Ok(())
}
