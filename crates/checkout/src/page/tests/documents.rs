//! What invoices and receipts say, on the page and on paper.

use paper::{Block, Fact, Sheet};

use super::*;

/// What a document says on paper, in reading order.
fn printed(document: &Document) -> String {
    let facts =
        |facts: &[Fact]| facts.iter().map(|fact| format!("{}: {}\n", fact.name, fact.value)).collect::<String>();
    let print = document.print("https://pay.example.com");
    let blocks = print.blocks.iter().map(|block| match block {
        Block::Stamps(words) => format!("[{}]\n", words.join("] [")),
        Block::Heading(text) => format!("# {text}\n"),
        Block::Text(text) => format!("{text}\n"),
        Block::Columns(columns) => {
            columns.iter().map(|column| format!("{}: {}\n", column.heading, column.lines.join(", "))).collect()
        }
        Block::Facts(all) | Block::Sums(all) => facts(all),
        Block::Table(table) => {
            [&table.head].into_iter().chain(&table.rows).map(|row| format!("| {} |\n", row.join(" | "))).collect()
        }
        Block::Link { text, url } => format!("<{text}> {url}\n"),
    });
    format!("# {}\n{}", print.heading, blocks.collect::<String>())
}

fn paid_receipt(story: &Story) -> Document {
    story.read(|subject| crate::page::receipt(subject, &issuer()).expect("paid"))
}

fn invoice_of(story: &Story) -> Document {
    story.read(|subject| crate::page::invoice(subject, &issuer()))
}

fn refund_of(story: &Story, refund: u128) -> Option<Document> {
    story.read(|subject| refund_receipt(subject, &issuer(), OperationId::new(Uuid::from_u128(refund))))
}

#[test]
fn an_invoice_on_paper_says_what_its_page_says() {
    let story = Story::new().shop(test_mode).shop(redirects).terms(due(2, false));
    insta::assert_snapshot!(printed(&invoice_of(&story)), @r"
    # Invoice
    [To be paid] [TEST]
    From: Kedai Kopi Seri, Seri Trading Sdn. Bhd., 1 Jalan Besar, 50000 Kuala Lumpur, MY, Registration no. 202001000001, Tax no. W10-1808-32000001
    To: Ann Lee
    Invoice no.: ORDER-1042
    Issued: 3 March 2027
    Due: 14:30, 5 March 2027 (Kuala Lumpur time)
    Payment id: 6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01
    | Item | Quantity | Unit price | Discount | Tax | Total |
    | House blend, 1 kg | 2 | RM 20.00 | −RM 2.00 | 6% | RM 40.28 |
    | Paper filters | 0.5 | RM 23.44 |  |  | RM 11.72 |
    Subtotal: RM 49.72
    Tax 6%: RM 2.28
    Total: RM 52.00
    # Notes from the seller
    Collect at the counter.
    Bring your order number.
    <Pay RM 52.00> https://pay.example.com/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/
    ");
}

#[test]
fn a_receipt_on_paper_says_what_its_page_says() {
    insta::assert_snapshot!(printed(&paid_receipt(&refunded(Story::new(), 700))), @r"
    # Receipt
    [Partly refunded]
    From: Kedai Kopi Seri, Seri Trading Sdn. Bhd., 1 Jalan Besar, 50000 Kuala Lumpur, MY, Registration no. 202001000001, Tax no. W10-1808-32000001
    To: Ann Lee
    Paid: 14:30, 3 March 2027 (Kuala Lumpur time)
    Card: Visa ending 1111
    Bank reference: a-1
    Reference: ORDER-1042
    Payment id: 6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01
    | Item | Quantity | Unit price | Discount | Tax | Total |
    | House blend, 1 kg | 2 | RM 20.00 | −RM 2.00 | 6% | RM 40.28 |
    | Paper filters | 0.5 | RM 23.44 |  |  | RM 11.72 |
    Subtotal: RM 49.72
    Tax 6%: RM 2.28
    Total: RM 52.00
    Refunded 4 March 2027: −RM 7.00
    Paid after refunds: RM 45.00
    # Notes from the seller
    Collect at the counter.
    Bring your order number.
    ");
}

#[test]
fn each_refund_has_a_receipt_of_its_own_and_nothing_else_has() {
    let story = refunded(Story::new(), 700).later(86_400).operation(2, OperationKind::Refund, None);
    let page = paid_receipt(&story).page();
    for (n, day) in [(1, "4 March 2027"), (2, "5 March 2027")] {
        let link = format!("/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/refunds/{}/", Uuid::from_u128(n));
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        says(&page, &format!("Refund receipt, {day}"));
    }
    let first = refund_of(&story, 1).expect("given back");
    says(&first.page(), "Charged RM 52.00 Refunded RM 7.00 Paid after refunds RM 45.00");
    insta::assert_snapshot!(printed(&refund_of(&story, 2).expect("given back")), @r"
    # Refund receipt
    [Refunded]
    From: Kedai Kopi Seri, Seri Trading Sdn. Bhd., 1 Jalan Besar, 50000 Kuala Lumpur, MY, Registration no. 202001000001, Tax no. W10-1808-32000001
    To: Ann Lee
    Refunded on: 14:30, 5 March 2027 (Kuala Lumpur time)
    Card: Visa ending 1111
    Bank reference: a-1
    Reference: ORDER-1042
    Payment id: 6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01
    Refund id: 00000000-0000-0000-0000-000000000002
    Charged: RM 52.00
    Refunded: RM 45.00
    Paid after refunds: RM 0.00
    ");
    assert!(refund_of(&story, 3).is_none());
    assert!(refund_of(&Story::new().approved(), 1).is_none());
    let voided = Story::new().terms(hold).approved().operation(1, OperationKind::Void, None);
    assert!(refund_of(&voided, 1).is_none(), "nothing was taken, so nothing was given back");
}

/// The names and amounts below the lines.
fn sums(story: &Story) -> String {
    let print = invoice_of(story).print("");
    let sums = print.blocks.into_iter().find_map(|block| match block {
        Block::Sums(sums) => Some(sums),
        Block::Stamps(_)
        | Block::Heading(_)
        | Block::Text(_)
        | Block::Columns(_)
        | Block::Facts(_)
        | Block::Table(_)
        | Block::Link { .. } => None,
    });
    sums.expect("sums").into_iter().map(|sum| format!("{} {}; ", sum.name, sum.value)).collect()
}

#[test]
fn tax_is_told_by_its_rate_and_adds_up() {
    let line = |unit_price, quantity, discount, tax_percent, total| Line {
        unit_price,
        quantity,
        discount,
        tax_percent,
        total,
        ..Line::default()
    };
    let of = |lines: Vec<Line>| {
        let total = lines.iter().map(|line| line.total).sum();
        sums(&Story::new().shop(|c| c.lines = lines).terms(|t| t.amount = ringgit(total)))
    };
    assert_eq!("Total RM 10.00; ", of(vec![line(1_000, 10_000, 0, 0, 1_000)]));
    assert_eq!(
        "Subtotal RM 30.00; Tax 6% RM 1.20; Tax 19% RM 1.90; Total RM 33.10; ",
        of(vec![line(1_000, 20_000, 0, 600, 2_120), line(1_100, 10_000, 100, 1_900, 1_190)])
    );
    // A third of a piece: 3.33 and 6 % of that.
    assert_eq!("Subtotal RM 3.33; Tax 6% RM 0.20; Total RM 3.53; ", of(vec![line(1_000, 3_333, 0, 600, 353)]));
    let fixed = Line { total_override: Some(1_060), ..line(5, 10_000, 0, 600, 1_060) };
    assert_eq!("Subtotal RM 10.00; Tax 6% RM 0.60; Total RM 10.60; ", of(vec![fixed]));
}

#[test]
fn a_debt_and_an_adjustment_stand_between_the_lines_and_the_total() {
    let story = Story::new().shop(|c| c.debt = -500);
    assert_eq!(
        "Subtotal RM 49.72; Tax 6% RM 2.28; Credit \u{2212}RM 5.00; Adjustment by the seller RM 5.00; Total RM 52.00; ",
        sums(&story)
    );
}

#[test]
fn what_the_seller_states_is_shown_as_given_and_marked_and_changes_no_total() {
    let stated =
        Stated { issued: "2027-02-28".to_owned(), subtotal: Some(4_800), tax: Some(-100), discount: Some(300) };
    let story = Story::new().shop(|c| c.stated = stated);
    assert_eq!(
        "Subtotal (as stated by the seller) RM 48.00; Discount (as stated by the seller) RM 3.00; \
         Tax (as stated by the seller) \u{2212}RM 1.00; Total RM 52.00; ",
        sums(&story)
    );
    says(&invoice_of(&story).page(), "Issued 28 February 2027");
    let day = |issued: &str| Story::new().shop(|c| c.stated.issued = issued.to_owned());
    says(&invoice_of(&day("")).page(), "Issued 3 March 2027");
}

#[test]
fn a_quantity_has_its_four_decimals() {
    let story = Story::new().shop(|c| c.lines[0].quantity = 12_345);
    assert!(printed(&invoice_of(&story)).contains("| House blend, 1 kg | 1.2345 |"));
}

#[test]
fn an_invoice_names_the_accounts_it_can_be_paid_to() {
    let accounts = vec![("MY12 3456".to_owned(), "MBBEMYKL".to_owned()), ("7890".to_owned(), String::new())];
    let issuer = Issuer { accounts, ..issuer() };
    let document = Story::new().read(|subject| crate::page::invoice(subject, &issuer));
    let all = "Bank account number: MY12 3456\nBank code: MBBEMYKL\nBank account number: 7890\nPayment id: ";
    assert!(printed(&document).contains(all), "{}", printed(&document));
}

#[test]
fn a_receipt_names_what_paid_and_how_the_acquirer_knows_it() {
    let mut submission = Story::new().submission();
    submission.means = Means::Redirect(RedirectMethod::Bank);
    let story = Story::new().does(&Command::Submit(submission)).settle(approval());
    says(&paid_receipt(&story).page(), "Payment method Bank transfer Bank reference a-1");
    says(&paid_receipt(&Story::new().approved()).page(), "Card Visa ending 1111 Bank reference a-1");
    let elsewhere = Story::new().does(&Command::MarkPaid(NOW));
    does_not_say(&paid_receipt(&elsewhere).page(), "Bank reference");
}

#[test]
fn test_mode_is_written_across_the_page_and_the_paper() {
    let test = paid_receipt(&Story::new().shop(test_mode).approved());
    assert!(test.page().contains("data-mark=\"TEST\""));
    assert_eq!(Some("TEST"), test.print("").watermark.as_deref());
    let live = paid_receipt(&Story::new().approved());
    assert!(!live.page().contains("data-mark"));
    assert_eq!(None, live.print("").watermark);
}

#[test]
fn paper_is_that_of_the_sellers_country() {
    let sheet = |country: &str| {
        let issuer = Issuer { country: country.to_owned(), ..issuer() };
        Story::new().read(|subject| crate::page::invoice(subject, &issuer)).print("").sheet
    };
    assert_eq!([Sheet::A4, Sheet::Letter, Sheet::A4], [sheet("MY"), sheet("US"), sheet("")]);
}

#[test]
fn every_page_links_its_pdf_in_its_language() {
    let mut story = refunded(Story::new(), 700);
    story.lang = Some(Language::German);
    story.words = Words::new(Language::German);
    let link = "/p/6f0d2f0e-1a55-4d0c-9c0e-6f2f0d3b7a01/";
    let refund = format!("refunds/{}/receipt.pdf", Uuid::from_u128(1));
    for (document, file) in [
        (invoice_of(&story), "invoice.pdf"),
        (paid_receipt(&story), "receipt.pdf"),
        (refund_of(&story, 1).expect("given back"), refund.as_str()),
    ] {
        let page = document.page();
        assert!(page.contains(&format!("href=\"{link}{file}?lang=de\"")), "{file}: {page}");
    }
}

#[test]
fn in_every_language_every_document_can_be_printed() {
    for language in Language::ALL {
        let story = refunded(Story::new().shop(test_mode).reading(language), 700);
        for document in [invoice_of(&story), paid_receipt(&story), refund_of(&story, 1).expect("given back")] {
            let print = document.print("https://pay.example.com");
            assert_eq!(language.code(), print.language);
            assert_eq!(language == Language::Arabic, print.right_to_left);
            let bytes = paper::pdf(&print).expect("printed");
            assert!(bytes.starts_with(b"%PDF-1.7") && bytes.len() <= 200 * 1024, "{language:?}: {}", bytes.len());
        }
    }
}

#[test]
fn what_is_hostile_on_a_page_is_harmless_on_paper() {
    let document = hostile().approved().read(|subject| crate::page::receipt(subject, &hostile_issuer()).expect("paid"));
    let said = printed(&document);
    assert!(!said.contains(PAN) && !said.contains("4444 3333 2222 1111"), "{said}");
    let print = document.print("");
    assert!(!print.title.contains('\u{202e}'), "{}", print.title);
    assert!(paper::pdf(&print).is_ok());
}
