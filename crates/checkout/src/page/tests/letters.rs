//! What payers are mailed.

use domain::Notice;
use engine::{Concern, Letter, Letters as _};

use super::*;
use crate::page::Letters;

/// The mail that tells of the last event of a story.
fn mailed(story: &Story, notice: Notice) -> Option<Letter> {
    let payment = story.payment();
    let concern = Concern {
        checkout: &story.checkout,
        payment: &payment,
        history: &story.history,
        notice,
        message: "Thank you for your order.\nCome again.".to_owned(),
        brand: None,
    };
    Letters::new("https://pay.example.com").to_payer(&concern)
}

/// As text, under its subject.
fn shown(letter: &Letter) -> String {
    let Letter { from, to, cc, subject, sheet, .. } = letter;
    let rows = |rows: &[(String, String)]| {
        rows.iter().map(|(name, value)| format!("  {name} | {value}\n")).collect::<String>()
    };
    let lead = |lead: &Option<(String, String)>| {
        lead.as_ref().map(|(word, address)| format!("[{word}] {address}\n")).unwrap_or_default()
    };
    format!(
        "{from} -> {to}, {cc:?} ({}, from {})\n{subject}\n{}{}\n{}\n{}{}{}{}{}{}",
        sheet.language,
        if sheet.is_from_right { "right" } else { "left" },
        if sheet.test_mark.is_empty() { String::new() } else { format!("{}\n", sheet.test_mark) },
        sheet.heading,
        sheet.paragraphs.join("\n"),
        rows(&sheet.facts),
        rows(&sheet.items),
        rows(&sheet.sums),
        lead(&sheet.button),
        lead(&sheet.link),
        sheet.footer,
    )
}

fn of(language: Language) -> Story {
    Story::new().shop(|checkout| {
        checkout.language = language.code().to_owned();
        checkout.customer.cc = vec!["boss@example.com".to_owned()];
    })
}

fn invoiced(language: Language) -> Story {
    let due = Due { at: NOW.plus(Duration::from_secs(86_400)), strict: false };
    of(language).terms(|terms| terms.due = Some(due)).does(&Command::NoteInvoice)
}

fn refunded(language: Language) -> Story {
    of(language).approved().operation(9, OperationKind::Refund, Some(1_200))
}

#[test]
fn every_letter_in_english() {
    let receipt = of(Language::English).approved();
    let all = [
        mailed(&invoiced(Language::English), Notice::Invoiced),
        mailed(&receipt, Notice::Paid),
        mailed(&refunded(Language::English), Notice::Refunded),
    ];
    insta::assert_snapshot!(all.map(|letter| shown(&letter.expect("a letter"))).join("\n\n"));
}

#[test]
fn an_invoice_and_a_refund_in_every_language() {
    let letters = Language::ALL.map(|language| {
        let invoice = mailed(&invoiced(language), Notice::Invoiced).expect("a letter");
        let refund = mailed(&refunded(language), Notice::Refunded).expect("a letter");
        format!("{}\n\n{}", shown(&invoice), shown(&refund))
    });
    // The marks that isolate are no letters.
    insta::assert_snapshot!(letters.join("\n\n").replace(['\u{2068}', '\u{2069}'], ""));
}

#[test]
fn what_nobody_is_mailed_about_has_no_letter() {
    let story = of(Language::English).approved();
    for notice in Notice::ALL {
        let has_letter = matches!(notice, Notice::Invoiced | Notice::Paid | Notice::PaidElsewhere);
        // The last event is no refund.
        assert_eq!(has_letter, mailed(&story, *notice).is_some(), "{notice:?}");
    }
}

#[test]
fn nobodys_words_carry_card_numbers_or_turn_a_letter_around() {
    let hostile = format!("Tea \u{202e}{PAN}\u{2067} \r\nBcc: eve@example.com <b>");
    let story = Story::new()
        .shop(|checkout| {
            checkout.seller = hostile.clone();
            checkout.reference = hostile.clone();
            checkout.lines[0].name = hostile.clone();
            checkout.customer.full_name = hostile.clone();
            checkout.mode = Mode::Test;
        })
        .does(&Command::NoteInvoice);
    let letter = mailed(&story, Notice::Invoiced).expect("a letter");
    let all = shown(&letter);
    assert!(!all.contains(PAN) && !all.contains(['\u{202e}', '\u{2067}', '\r']), "{all}");
    assert!(!letter.subject.contains('\n') && !letter.from.contains('\n'), "{all}");
    assert!(!letter.sheet.test_mark.is_empty(), "{all}");
}

#[test]
fn a_long_order_is_cut_and_its_sum_is_not() {
    let story = Story::new()
        .shop(|checkout| {
            let line = Line { name: "x".repeat(500), total: 10, ..checkout.lines[0].clone() };
            checkout.lines = vec![line; 400];
        })
        .does(&Command::NoteInvoice);
    let sheet = mailed(&story, Notice::Invoiced).expect("a letter").sheet;
    assert_eq!((31, "\u{2026}"), (sheet.items.len(), sheet.items[30].0.as_str()));
    assert_eq!(101, sheet.items[0].0.chars().count());
    assert_eq!(Some(&("Total".to_owned(), "RM 52.00".to_owned())), sheet.sums.last());
}
