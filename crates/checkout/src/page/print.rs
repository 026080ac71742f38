//! The same documents on paper. Nothing is said here that the page does not say.

use paper::{Block, Column, Fact, Table};

use super::document::Document;
use super::order::LineView;
use super::unturned;
use crate::texts;
use crate::words::Message;

impl Document {
    /// As a document to be printed. Links lead to `public_url`, where the pages lie.
    #[must_use]
    pub(crate) fn print(&self, public_url: &str) -> paper::Document {
        let say = |message: &Message| self.words.say(message);
        let test = self.frame.test.then(|| say(&texts::TEST_MARK));
        let mut blocks = vec![Block::Stamps([say(&self.stamp)].into_iter().chain(test.clone()).collect())];

        let column = |heading: &Message, lines: &[String]| Column { heading: say(heading), lines: lines.to_vec() };
        let mut parties = vec![column(&texts::FROM, &self.from)];
        if !self.to.is_empty() {
            parties.push(column(&texts::TO, &self.to));
        }
        blocks.push(Block::Columns(parties));
        let fact = |(name, value): &(Message, String)| Fact { name: say(name), value: value.clone(), strong: false };
        blocks.push(Block::Facts(self.facts.iter().map(fact).collect()));

        if !self.lines.is_empty() {
            blocks.push(Block::Table(self.table()));
        }
        let sums = self.sums.iter();
        let sums = sums.map(|row| Fact { name: row.label.clone(), value: row.amount.clone(), strong: row.strong });
        blocks.push(Block::Sums(sums.collect()));
        if !self.notes.is_empty() {
            blocks.extend([Block::Heading(say(&texts::NOTES)), Block::Text(self.notes.clone())]);
        }
        // A paper has one thing to do, if any.
        if let Some(link) = self.links.iter().find(|link| link.primary) {
            blocks.push(Block::Link { text: link.text.clone(), url: format!("{public_url}{}", link.href) });
        }
        paper::Document {
            title: unturned(&self.frame.title).into_owned(),
            heading: say(&self.heading),
            language: self.words.language.code().to_owned(),
            right_to_left: self.words.language.direction() == "rtl",
            sheet: self.sheet,
            watermark: test,
            foot: self.frame.title.clone(),
            blocks,
        }
    }

    /// Without the columns in which nothing stands.
    fn table(&self) -> Table {
        type Cell = fn(&LineView) -> Option<&String>;
        let columns: [(Message, Cell); 6] = [
            (texts::ITEM, |line| Some(&line.name)),
            (texts::QUANTITY, |line| Some(&line.quantity)),
            (texts::UNIT_PRICE, |line| Some(&line.unit_price)),
            (texts::DISCOUNT, |line| line.discount.as_ref()),
            (texts::TAX, |line| line.tax.as_ref()),
            (texts::TOTAL, |line| Some(&line.total)),
        ];
        let used: Vec<_> =
            columns.into_iter().filter(|(_, cell)| self.lines.iter().any(|line| cell(line).is_some())).collect();
        let row = |line: &LineView| used.iter().map(|(_, cell)| cell(line).cloned().unwrap_or_default()).collect();
        Table {
            head: used.iter().map(|(name, _)| self.words.say(name)).collect(),
            rows: self.lines.iter().map(row).collect(),
        }
    }
}
