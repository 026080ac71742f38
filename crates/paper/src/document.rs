//! What a document says, before anybody knows where it will stand.

use crate::Length;

/// A document: a title and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What a reader shows in its window.
    pub title: String,
    /// Above everything on the first page.
    pub heading: String,
    /// BCP 47.
    pub language: String,
    /// Whether it is read from right to left; then its columns are, too.
    pub right_to_left: bool,
    /// What it is printed on.
    pub sheet: Sheet,
    /// Stands across each page in large pale letters.
    pub watermark: Option<String>,
    /// Stands at the foot of each page, beside its number.
    pub foot: String,
    /// In reading order.
    pub blocks: Vec<Block>,
}

/// A size of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// 210 by 297 mm.
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

impl Sheet {
    /// Width and height.
    pub(crate) const fn size(self) -> (Length, Length) {
        match self {
            Self::A4 => (595_276, 841_890),
            Self::Letter => (612_000, 792_000),
        }
    }
}

/// A part of a document. Each text in it runs in the direction of its first letter, whatever stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Words in a frame, side by side.
    Stamps(Vec<String>),
    /// A heading.
    Heading(String),
    /// A text; a line feed in it begins a new line.
    Text(String),
    /// Short texts under headings, side by side.
    Columns(Vec<Column>),
    /// Names and what they stand for.
    Facts(Vec<Fact>),
    /// Rows below a head that is repeated on each page.
    Table(Table),
    /// Named amounts, at the end of the line.
    Sums(Vec<Fact>),
    /// A text that leads somewhere.
    Link {
        /// What is read.
        text: String,
        /// Where it leads.
        url: String,
    },
}

/// One of several columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Its lines; each is wrapped where it is too long.
    pub lines: Vec<String>,
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub value: String,
    /// Whether it is the one that is looked for.
    pub strong: bool,
}

/// A table whose first column names the rows and is as wide as the others leave it; these stand at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name of each column.
    pub head: Vec<String>,
    /// A cell for each column.
    pub rows: Vec<Vec<String>>,
}
