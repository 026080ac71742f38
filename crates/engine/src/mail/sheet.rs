//! What a mail says, once: its text and its HTML are made of the same lines and cannot differ.

use std::fmt::Write as _;

use askama::Template;
use domain::Colour;

/// A name, or a word, and what belongs to it: a value, an amount or an address.
pub type Row = (String, String);

/// A mail's words. All of it is text; none of it markup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// For the `lang` attribute.
    pub language: String,
    /// Whether it is read from right to left.
    pub is_from_right: bool,
    /// Says that no money moves, in test mode; else empty.
    pub test_mark: String,
    /// The seller's logo: an https or http address; empty without one.
    pub logo: String,
    /// Whose name stands on top.
    pub sender: String,
    /// Of the button and of links.
    pub accent: Option<Colour>,
    /// What it is about, in one line.
    pub heading: String,
    /// What it says, in sentences.
    pub paragraphs: Vec<String>,
    /// What is to be known.
    pub facts: Vec<Row>,
    /// What it is for, with amounts.
    pub items: Vec<Row>,
    /// What that comes to; the last of them stands out.
    pub sums: Vec<Row>,
    /// What may be done, and where.
    pub button: Option<Row>,
    /// Where more stands.
    pub link: Option<Row>,
    /// Who sends it, in the smallest letters.
    pub footer: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    sheet: &'a Sheet,
    accent: Colour,
    title: &'a str,
}

impl Sheet {
    /// As HTML: styles in attributes, no script, nothing from elsewhere but the logo.
    pub(super) fn html(&self, title: &str) -> String {
        let accent = self.accent.unwrap_or(Colour::ACCENT);
        // Writing into memory does not fail.
        Html { sheet: self, accent, title }.render().unwrap_or_default()
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut block = |lines: Vec<String>| {
            if !lines.is_empty() {
                // Writing into a string cannot fail.
                let _ = writeln!(text, "{}\n", lines.join("\n"));
            }
        };
        let filled = |line: &String| if line.is_empty() { vec![] } else { vec![line.clone()] };
        let rows = |rows: &[Row]| rows.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        block(filled(&self.test_mark));
        block(filled(&self.sender));
        block(filled(&self.heading));
        for paragraph in &self.paragraphs {
            block(vec![paragraph.clone()]);
        }
        block(rows(&self.facts));
        block(rows(&self.items));
        block(rows(&self.sums));
        for (word, address) in self.button.iter().chain(&self.link) {
            block(vec![format!("{word}:"), address.clone()]);
        }
        block(filled(&self.footer));
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}
