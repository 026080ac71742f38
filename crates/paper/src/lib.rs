//! Documents on paper: words in, a PDF out that can be read, searched, copied and heard.
//!
//! A [`Document`] says what stands there and what it is; [`pdf`] sets it in the fonts that lie in `fonts/`, breaks it into
//! pages and writes it as PDF/UA-1: tagged, with a title and a language. The same document gives the same bytes.
//! Nothing here knows of payments, reads a clock or a file, or fails because of what a merchant wrote: a character that
//! no font has is shown as a replacement and stays itself for whoever copies it.
//!
//! `layout` makes pages of blocks, `setting` lines of texts, `fonts` glyphs of characters; `writing` speaks to krilla.

mod document;
mod fonts;
mod layout;
mod setting;
mod writing;

pub use document::{Block, Column, Document, Fact, Sheet, Table};
pub use writing::{Error, pdf};

/// Thousandths of a point, of which 72 make an inch: pages are set in whole numbers.
type Length = i32;
