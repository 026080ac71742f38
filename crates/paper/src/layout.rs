//! How blocks become pages: rows of cells, from the top of a page to its end, none parted that fits on one.
//!
//! What stands where says nothing of what it is: each line is marked with the leaf of the structure that it belongs to,
//! and the tree of [`Node`]s keeps the order in which a document is read.

use crate::Length;
use crate::document::{Block, Column, Document, Fact, Table};
use crate::fonts::Fonts;
use crate::setting::{Line, Style, cleaned, lines, natural_width};

/// A document in pages.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) pages: Vec<Vec<Item>>,
    pub(crate) structure: Vec<Node>,
    /// How many there are.
    pub(crate) leaves: usize,
}

/// Something on a page; what is drawn only is no part of the structure. Lengths are from its upper left corner.
#[derive(Debug)]
pub(crate) enum Item {
    Text {
        line: Line,
        left: Length,
        baseline: Length,
        mark: Mark,
    },
    Rule {
        left: Length,
        top: Length,
        width: Length,
    },
    Frame(Area),
    /// An area that leads to an address; part of the structure beside its text.
    Link {
        area: Area,
        url: String,
        text: String,
        leaf: usize,
    },
    Watermark(Line),
}

/// A part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: Length,
    pub(crate) top: Length,
    pub(crate) width: Length,
    pub(crate) height: Length,
}

/// What a line is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The structure of the document.
    Leaf(usize),
    /// Nothing that is read: the head of a table once more.
    Repeated,
    /// Nothing that is read: the foot of a page.
    Foot,
}

/// The structure of the document, in reading order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Group(Role, Vec<Self>),
    Leaf(usize),
}

/// What a group is (ISO 32000-1, 14.8.4).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Title(String),
    Heading(String),
    Paragraph,
    Link,
    Table,
    Head,
    Body,
    Row,
    ColumnHeader,
    RowHeader,
    Cell,
}

const MARGIN: Length = 48_000;
/// Where the lines of a page end, from its lower edge, and where its foot stands.
const BOTTOM: Length = 64_000;
const FOOT: Length = 36_000;
/// Between columns.
const GAP: Length = 12_000;
/// Above a block, and inside of frames and rows.
const SPACE: Length = 16_000;
const PADDING: Length = 4_000;
/// A column with a number in it gets no more, and a list of sums stands in so much.
const COLUMN_MAX: Length = 96_000;
const SUMS: Length = 280_000;

/// Sets a document.
pub(crate) fn pages(fonts: &Fonts, document: &Document) -> Pages {
    let mut layout = Layout {
        fonts,
        size: document.sheet.size(),
        right_to_left: document.right_to_left,
        watermark: document.watermark.as_deref(),
        pages: Vec::new(),
        y: 0,
        structure: Vec::new(),
        leaves: 0,
    };
    layout.turn();
    layout.title(&document.heading);
    for block in &document.blocks {
        match block {
            Block::Stamps(words) => layout.stamps(words),
            Block::Heading(text) => layout.heading(text),
            Block::Text(text) => layout.text(text),
            Block::Columns(columns) => layout.columns(columns),
            Block::Facts(facts) => layout.facts(facts),
            Block::Table(table) => layout.table(table),
            Block::Sums(sums) => layout.sums(sums),
            Block::Link { text, url } => layout.link(text, url),
        }
    }
    layout.foot(&document.foot);
    Pages { pages: layout.pages, structure: layout.structure, leaves: layout.leaves }
}

struct Layout<'a> {
    fonts: &'a Fonts,
    size: (Length, Length),
    right_to_left: bool,
    watermark: Option<&'a str>,
    pages: Vec<Vec<Item>>,
    /// How far the last page is filled.
    y: Length,
    structure: Vec<Node>,
    leaves: usize,
}

/// Cells side by side. It stays together where it can.
struct Row {
    above: Length,
    cells: Vec<Cell>,
    /// Whether a line parts it from the next.
    ruled: bool,
}

#[derive(Clone)]
struct Cell {
    /// From where lines start, in the direction in which the document is read.
    start: Length,
    room: Length,
    at_end: bool,
    lines: Vec<(Mark, Line)>,
    framed: bool,
    /// Where it leads, and what is read of it.
    link: Option<(String, String)>,
}

impl Row {
    fn height(&self) -> Length {
        let padding = if self.ruled { 2 * PADDING } else { 0 };
        self.cells.iter().map(Cell::height).max().unwrap_or_default() + padding
    }

    /// Takes away what there is room for; at least a line of each cell, so that there is an end to it.
    fn take(&mut self, room: Length) -> Self {
        let taken = |cell: &mut Cell| {
            let mut height = 0;
            let fits = cell.lines.iter().take_while(|(_, line)| {
                height += line.style.leading();
                height <= room
            });
            let fits = fits.count().max(1).min(cell.lines.len());
            let rest = cell.lines.split_off(fits);
            Cell { lines: std::mem::replace(&mut cell.lines, rest), ..cell.clone() }
        };
        Self { above: 0, cells: self.cells.iter_mut().map(taken).collect(), ruled: false }
    }

    /// Once more, for eyes only.
    fn repeated(&self) -> Self {
        let again = |cell: &Cell| {
            let lines = cell.lines.iter().map(|(_, line)| (Mark::Repeated, line.clone())).collect();
            Cell { lines, ..cell.clone() }
        };
        Self { above: 0, cells: self.cells.iter().map(again).collect(), ruled: self.ruled }
    }
}

impl Cell {
    fn height(&self) -> Length {
        self.lines.iter().map(|(_, line)| line.style.leading()).sum()
    }

    fn width(&self) -> Length {
        self.lines.iter().map(|(_, line)| line.width).max().unwrap_or_default()
    }
}

impl Layout<'_> {
    const fn room(&self) -> Length {
        self.size.0 - 2 * MARGIN
    }

    const fn bottom(&self) -> Length {
        self.size.1 - BOTTOM
    }

    /// Begins a page.
    fn turn(&mut self) {
        let mark = self.watermark.map(|text| lines(self.fonts, text, Style::Watermark, Length::MAX));
        self.pages.push(mark.into_iter().flatten().map(Item::Watermark).collect());
        self.y = MARGIN;
    }

    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn leaf(&mut self) -> usize {
        self.leaves += 1;
        self.leaves - 1
    }

    /// A text as the only leaf of a group.
    fn cell(&mut self, text: &str, style: Style, start: Length, room: Length) -> (Cell, Node) {
        let leaf = self.leaf();
        let mut lines = lines(self.fonts, text, style, room);
        if lines.is_empty() {
            // A cell of a table is there even if nothing stands in it.
            lines.push(Line::empty(style));
        }
        let lines = lines.into_iter().map(|line| (Mark::Leaf(leaf), line)).collect();
        (Cell { start, room, at_end: false, lines, framed: false, link: None }, Node::Leaf(leaf))
    }

    /// Puts rows where there is room for them, below a head that each further page has again.
    fn place(&mut self, rows: Vec<Row>, head: Option<&Row>) {
        for mut row in rows {
            if self.y + row.above + row.height() > self.bottom() && self.y > MARGIN {
                self.turn_below(head);
                row.above = 0;
            }
            while row.height() > self.bottom() - self.y {
                let room = self.bottom() - self.y - 2 * PADDING;
                let part = row.take(room);
                self.draw(part);
                if row.cells.iter().all(|cell| cell.lines.is_empty()) {
                    break;
                }
                self.turn_below(head);
            }
            self.draw(row);
        }
    }

    fn turn_below(&mut self, head: Option<&Row>) {
        self.turn();
        if let Some(head) = head {
            self.draw(head.repeated());
        }
    }

    fn draw(&mut self, row: Row) {
        self.y += row.above;
        let height = row.height();
        let padding = if row.ruled { PADDING } else { 0 };
        for cell in row.cells {
            let wide = cell.width();
            let start = if cell.at_end { cell.start + cell.room - wide } else { cell.start };
            let area = Area { left: self.left(start, wide), top: self.y + padding, width: wide, height: cell.height() };
            if cell.framed {
                let frame = Area {
                    left: area.left - PADDING,
                    top: area.top - PADDING / 2,
                    width: area.width + 2 * PADDING,
                    height: area.height + PADDING,
                };
                self.put(Item::Frame(frame));
            }
            let mut top = area.top;
            for (mark, line) in cell.lines {
                if let (Some((url, text)), Mark::Leaf(leaf)) = (&cell.link, mark) {
                    let area = Area { top, height: line.style.leading(), ..area };
                    self.put(Item::Link { area, url: url.clone(), text: text.clone(), leaf });
                }
                let start = if cell.at_end { cell.start + cell.room - line.width } else { cell.start };
                let baseline = top + line.style.size() * 21 / 20;
                top += line.style.leading();
                let left = self.left(start, line.width) - line.hangs;
                self.put(Item::Text { line, left, baseline, mark });
            }
        }
        self.y += height;
        if row.ruled {
            self.put(Item::Rule { left: MARGIN, top: self.y, width: self.room() });
        }
    }

    /// The left edge of what is so wide and starts there.
    const fn left(&self, start: Length, width: Length) -> Length {
        if self.right_to_left { self.size.0 - MARGIN - start - width } else { MARGIN + start }
    }

    fn title(&mut self, text: &str) {
        let (cell, leaf) = self.cell(text, Style::Title, 0, self.room());
        self.structure.push(Node::Group(Role::Title(cleaned(text)), vec![leaf]));
        self.place(vec![Row { above: 0, cells: vec![cell], ruled: false }], None);
    }

    fn heading(&mut self, text: &str) {
        let (cell, leaf) = self.cell(text, Style::Strong, 0, self.room());
        self.structure.push(Node::Group(Role::Heading(cleaned(text)), vec![leaf]));
        // With a line of what follows.
        let follows = Row { above: 0, cells: vec![cell.clone()], ruled: false }.height();
        if self.y + SPACE + 2 * follows > self.bottom() {
            self.turn();
        }
        self.place(vec![Row { above: SPACE, cells: vec![cell], ruled: false }], None);
    }

    fn text(&mut self, text: &str) {
        let (cell, leaf) = self.cell(text, Style::Body, 0, self.room());
        self.structure.push(Node::Group(Role::Paragraph, vec![leaf]));
        let row = |line| Row { above: 0, cells: vec![Cell { lines: vec![line], ..cell.clone() }], ruled: false };
        let rows = cell.lines.iter().cloned().map(row).collect();
        self.place(rows, None);
    }

    fn stamps(&mut self, words: &[String]) {
        let mut cells: Vec<Cell> = Vec::new();
        for word in words {
            let start = cells.last().map_or(PADDING, |last| last.start + last.room + GAP);
            let (mut cell, leaf) = self.cell(word, Style::Strong, start, (self.room() - start - PADDING).max(GAP));
            (cell.framed, cell.room) = (true, cell.width());
            cells.push(cell);
            self.structure.push(Node::Group(Role::Paragraph, vec![leaf]));
        }
        self.place(vec![Row { above: SPACE / 2, cells, ruled: false }], None);
    }

    fn columns(&mut self, columns: &[Column]) {
        let count = Length::try_from(columns.len().max(1)).unwrap_or(Length::MAX);
        let room = (self.room() - GAP * (count - 1)) / count;
        let mut cells = Vec::new();
        let mut start = 0;
        for Column { heading, lines } in columns {
            let (mut cell, leaf) = self.cell(heading, Style::Strong, start, room);
            self.structure.push(Node::Group(Role::Heading(cleaned(heading)), vec![leaf]));
            for line in lines {
                let (more, leaf) = self.cell(line, Style::Body, start, room);
                cell.lines.extend(more.lines);
                self.structure.push(Node::Group(Role::Paragraph, vec![leaf]));
            }
            cells.push(cell);
            start += room + GAP;
        }
        self.place(vec![Row { above: SPACE, cells, ruled: false }], None);
    }

    fn facts(&mut self, facts: &[Fact]) {
        let style = |fact: &Fact| if fact.strong { Style::Strong } else { Style::Body };
        let widest = facts.iter().map(|fact| natural_width(self.fonts, &fact.name, style(fact))).max();
        let names = widest.unwrap_or_default().min(self.room() * 2 / 5);
        let values = (names + GAP, self.room() - names - GAP);
        self.named(facts, (0, names), values, false);
    }

    fn sums(&mut self, sums: &[Fact]) {
        let start = self.room() - SUMS;
        let widest = sums.iter().map(|sum| natural_width(self.fonts, &sum.value, Style::Strong)).max();
        let amounts = widest.unwrap_or_default().min(SUMS / 2);
        let names = SUMS - amounts - GAP;
        self.named(sums, (start, names), (start + names + GAP, amounts), true);
    }

    /// A table of two columns, each a start and a width: the first names the second.
    fn named(&mut self, facts: &[Fact], names: (Length, Length), values: (Length, Length), at_end: bool) {
        let (mut rows, mut body) = (Vec::new(), Vec::new());
        for fact in facts {
            let style = if fact.strong { Style::Strong } else { Style::Body };
            let (name, name_leaf) = self.cell(&fact.name, style, names.0, names.1);
            let (mut value, value_leaf) = self.cell(&fact.value, style, values.0, values.1);
            value.at_end = at_end;
            let above = if rows.is_empty() { SPACE } else { PADDING / 2 };
            rows.push(Row { above, cells: vec![name, value], ruled: false });
            let header = Node::Group(Role::RowHeader, vec![name_leaf]);
            body.push(Node::Group(Role::Row, vec![header, Node::Group(Role::Cell, vec![value_leaf])]));
        }
        if !body.is_empty() {
            self.structure.push(Node::Group(Role::Table, vec![Node::Group(Role::Body, body)]));
        }
        self.place(rows, None);
    }

    fn table(&mut self, table: &Table) {
        let columns = self.columns_of(table);
        let (head_cells, head_nodes) = self.row(&table.head, &columns, Style::Strong, |_| Role::ColumnHeader);
        let (mut rows, mut body) = (Vec::new(), Vec::new());
        for row in &table.rows {
            let role = |at| if at == 0 { Role::RowHeader } else { Role::Cell };
            let (cells, nodes) = self.row(row, &columns, Style::Body, role);
            rows.push(Row { above: 0, cells, ruled: true });
            body.push(Node::Group(Role::Row, nodes));
        }
        let head_row = Node::Group(Role::Head, vec![Node::Group(Role::Row, head_nodes)]);
        self.structure.push(Node::Group(Role::Table, vec![head_row, Node::Group(Role::Body, body)]));

        let head = Row { above: SPACE, cells: head_cells, ruled: true };
        let first = rows.first().map_or(0, |row| row.height().min(self.bottom() / 2));
        if self.y + SPACE + head.height() + first > self.bottom() {
            self.turn();
        }
        let again = head.repeated();
        self.place(vec![head], None);
        self.place(rows, Some(&again));
    }

    fn row(
        &mut self,
        texts: &[String],
        columns: &[(Length, Length)],
        style: Style,
        role: impl Fn(usize) -> Role,
    ) -> (Vec<Cell>, Vec<Node>) {
        let cells = texts.iter().zip(columns).enumerate().map(|(at, (text, (start, room)))| {
            let (mut cell, leaf) = self.cell(text, style, *start, *room);
            cell.at_end = at > 0;
            (cell, Node::Group(role(at), vec![leaf]))
        });
        cells.unzip()
    }

    /// Where each column starts and how wide it is: the first has what the others leave.
    fn columns_of(&self, table: &Table) -> Vec<(Length, Length)> {
        let widest = |at: usize| {
            let of = |cells: &Vec<String>, style| {
                cells.get(at).map_or(0, |text| natural_width(self.fonts, text, style)).min(COLUMN_MAX)
            };
            let rows = table.rows.iter().map(|row| of(row, Style::Body)).max().unwrap_or_default();
            rows.max(of(&table.head, Style::Strong))
        };
        let others: Vec<Length> = (1..table.head.len()).map(widest).collect();
        let taken: Length = others.iter().map(|width| width + GAP).sum();
        let first = (self.room() - taken).max(COLUMN_MAX);
        let mut start = 0;
        let starts = [first].into_iter().chain(others).map(|width| {
            let column = (start, width);
            start += width + GAP;
            column
        });
        starts.collect()
    }

    fn link(&mut self, text: &str, url: &str) {
        let (mut cell, leaf) = self.cell(text, Style::Strong, PADDING, self.room() - 2 * PADDING);
        (cell.link, cell.framed) = (Some((url.to_owned(), cleaned(text))), true);
        let link = Node::Group(Role::Link, vec![leaf]);
        self.structure.push(Node::Group(Role::Paragraph, vec![link]));
        self.place(vec![Row { above: SPACE, cells: vec![cell], ruled: false }], None);
    }

    /// Once it is known how many pages there are.
    fn foot(&mut self, text: &str) {
        let count = self.pages.len();
        let baseline = self.size.1 - FOOT;
        for page in 0..count {
            let number = lines(self.fonts, &format!("{} / {count}", page + 1), Style::Small, self.room());
            let words = lines(self.fonts, text, Style::Small, self.room() - COLUMN_MAX);
            let placed = words.into_iter().take(1).map(|line| (0, line));
            let numbers = number.into_iter().map(|line| (self.room() - line.width, line));
            let items: Vec<Item> = placed
                .chain(numbers)
                .map(|(start, line)| {
                    let left = self.left(start, line.width) - line.hangs;
                    Item::Text { line, left, baseline, mark: Mark::Foot }
                })
                .collect();
            self.pages[page].extend(items);
        }
    }
}

#[cfg(test)]
mod tests;
