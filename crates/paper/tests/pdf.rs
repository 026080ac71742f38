//! What others find in the file. How readers show it, `browser/papers.test.mjs` asks them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::hash::{DefaultHasher, Hash, Hasher};

use paper::{Block, Column, Document, Fact, Sheet, Table, pdf};
use proptest::prelude::*;

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned(), strong: false }
}

fn document(text: &str, rows: usize) -> Document {
    let row = |n: usize| vec![format!("{text} {n}"), "1.5".to_owned(), String::new(), "EUR 12.00".to_owned()];
    Document {
        title: "Receipt".to_owned(),
        heading: "Receipt".to_owned(),
        language: "de".to_owned(),
        right_to_left: false,
        sheet: Sheet::A4,
        watermark: Some("TEST".to_owned()),
        foot: "3f0c0a2e-1111-4111-8111-111111111111".to_owned(),
        blocks: vec![
            Block::Stamps(vec!["Paid".to_owned(), text.to_owned()]),
            Block::Columns(vec![Column {
                heading: "From".to_owned(),
                lines: vec![text.to_owned(), "Paris".to_owned()],
            }]),
            Block::Facts(vec![fact("Paid", text)]),
            Block::Table(Table {
                head: ["Item", "Quantity", "Discount", "Total"].map(str::to_owned).to_vec(),
                rows: (0..rows).map(row).collect(),
            }),
            Block::Sums(vec![fact("Total", "EUR 12.00")]),
            Block::Heading("Notes".to_owned()),
            Block::Text(text.to_owned()),
            Block::Link { text: "Pay".to_owned(), url: "https://pay.example/p/1/".to_owned() },
        ],
    }
}

const SCRIPTS: &str = "Müller Łódź Ωμέγα Жук شكرًا جزيلا 简体中文繁體 ขอบคุณ \u{1f600}";

fn count(bytes: &[u8], what: &str) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what.as_bytes()).count()
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let bytes = pdf(&document(SCRIPTS, 3)).unwrap();
    assert!(bytes == pdf(&document(SCRIPTS, 3)).unwrap());
    assert!(bytes != pdf(&document(SCRIPTS, 4)).unwrap());
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // On every machine. It changes with the fonts, the layout and krilla: look at the pages then.
    insta::assert_snapshot!(format!("{} bytes, {:016x}", bytes.len(), hasher.finish()), @"34468 bytes, 3535fb7bc3b0b1f6");
}

#[test]
fn the_file_says_what_everything_in_it_is() {
    let bytes = pdf(&document("Tea", 5)).unwrap();
    for (what, times) in [
        ("/Type/StructTreeRoot", 1),
        ("/Marked true", 1),
        ("/Lang(de)", 2),
        ("/S/H1/", 1),
        ("/S/H2/", 2),
        ("/S/Table/", 3),
        ("/S/TR/", 1 + 5 + 2),
        // The head, the first cell of each row, and what names a fact or a sum.
        ("/S/TH/", 4 + 5 + 2),
        ("/S/TD/", 3 * 5 + 2),
        ("/Scope/Column", 4),
        ("/S/Link/", 1),
        ("/DisplayDocTitle true", 1),
        ("/ToUnicode", 2),
        ("/FontFile2", 2),
        ("pdfuaid:part", 2),
    ] {
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(times, count(&bytes, what), "{what} in {text}");
    }
}

#[test]
fn many_lines_in_every_script_stay_small() {
    let bytes = pdf(&document(SCRIPTS, 200)).unwrap();
    assert!(bytes.len() <= 200 * 1024, "{}", bytes.len());
}

#[test]
fn what_a_merchant_writes_breaks_nothing() {
    for text in [
        "",
        " ",
        "\u{0}\u{7}\u{1b}",
        "\u{feff}\u{fffe}\u{ffff}",
        "\u{e000}\u{10ffff}",
        "\u{202e}abc",
        "\u{301}",
        "a\u{200d}\u{fe0f}",
        "(\\)<<>>]",
        "\u{2029}x",
    ] {
        assert!(pdf(&document(text, 2)).is_ok(), "{text:?}");
    }
    assert!(pdf(&document(&"word".repeat(2_500), 1)).is_ok());
    let nothing = Document { blocks: Vec::new(), watermark: None, foot: String::new(), ..document("", 0) };
    assert!(pdf(&nothing).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn nothing_anybody_writes_is_an_error(text in any::<String>(), right_to_left: bool) {
        let written = Document { right_to_left, ..document(&text, 2) };
        prop_assert!(pdf(&written).is_ok());
    }
}
