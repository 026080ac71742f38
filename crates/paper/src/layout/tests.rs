use super::*;
use crate::document::Sheet;

const EDGE: (Length, Length) = (595_276, 841_890);

fn of(blocks: Vec<Block>, right_to_left: bool) -> Pages {
    let document = Document {
        title: "Receipt 1".into(),
        heading: "Receipt".into(),
        language: "en".into(),
        right_to_left,
        sheet: Sheet::A4,
        watermark: None,
        foot: "id".into(),
        blocks,
    };
    pages(Fonts::get().expect("fonts"), &document)
}

/// Text, left and right edge, baseline, mark.
type Placed = (String, Length, Length, Length, Mark);

fn placed(page: &[Item]) -> Vec<Placed> {
    let placed = page.iter().filter_map(|item| match item {
        Item::Text { line, left, baseline, mark } => {
            let text: String = line.runs.iter().map(|run| run.text.as_str()).collect();
            Some((text, *left + line.hangs, *left + line.hangs + line.width, *baseline, *mark))
        }
        Item::Rule { .. } | Item::Frame(_) | Item::Link { .. } | Item::Watermark(_) => None,
    });
    placed.collect()
}

fn find<'a>(all: &'a [Placed], text: &str) -> &'a Placed {
    all.iter().find(|(found, ..)| found == text).unwrap_or_else(|| panic!("{text} is not in {all:?}"))
}

fn table(rows: usize) -> Block {
    let row = |n| vec![format!("Item {n}"), format!("{n}"), format!("EUR {n}.00")];
    Block::Table(Table {
        head: ["What", "Quantity", "Sum"].map(str::to_owned).to_vec(),
        rows: (1..=rows).map(row).collect(),
    })
}

#[test]
fn a_table_goes_on_below_its_head_and_no_row_is_lost_or_doubled() {
    let pages = of(vec![table(90)], false);
    assert!(pages.pages.len() > 2, "{}", pages.pages.len());
    for (at, page) in pages.pages.iter().enumerate() {
        let texts = placed(page);
        let (.., mark) = find(&texts, "Quantity");
        assert_eq!(at > 0, *mark == Mark::Repeated, "the first head is read, the others are only seen");
        assert_eq!(Mark::Foot, find(&texts, &format!("{} / {}", at + 1, pages.pages.len())).4);
        let lowest = texts.iter().filter(|(.., mark)| *mark != Mark::Foot).map(|(_, _, _, y, _)| *y).max();
        assert!(lowest < Some(EDGE.1 - BOTTOM), "{lowest:?}");
    }
    let all: Vec<Placed> = pages.pages.iter().flat_map(|page| placed(page)).collect();
    let names: Vec<&str> =
        all.iter().filter(|(text, ..)| text.starts_with("Item ")).map(|(text, ..)| text.as_str()).collect();
    assert_eq!((1..=90).map(|n| format!("Item {n}")).collect::<Vec<_>>(), names);
}

#[test]
fn numbers_end_below_each_other_and_names_begin_so() {
    let pages = of(vec![table(12)], false);
    let texts = texts_of(&pages);
    for text in ["Sum", "EUR 1.00", "EUR 10.00"] {
        assert_eq!(EDGE.0 - MARGIN, find(&texts, text).2, "{text}");
    }
    for text in ["What", "Item 1", "Item 12"] {
        assert_eq!(MARGIN, find(&texts, text).1, "{text}");
    }
    assert_eq!(find(&texts, "Item 3").3, find(&texts, "EUR 3.00").3, "on one line");
}

fn texts_of(pages: &Pages) -> Vec<Placed> {
    placed(&pages.pages[0])
}

#[test]
fn from_right_to_left_everything_is_mirrored() {
    let (left, right) = (of(vec![table(2)], false), of(vec![table(2)], true));
    for (text, from, to, ..) in texts_of(&left) {
        let mirrored = texts_of(&right);
        let (_, other_from, other_to, ..) = find(&mirrored, &text);
        assert_eq!((EDGE.0 - to, EDGE.0 - from), (*other_from, *other_to), "{text}");
    }
}

#[test]
fn a_row_higher_than_a_page_is_parted_and_loses_nothing() {
    let words: Vec<String> = (0..3_000).map(|n| format!("w{n}")).collect();
    let row = vec![words.join(" "), "1".into()];
    let head = vec!["What".into(), "Quantity".into()];
    let pages = of(vec![Block::Table(Table { head, rows: vec![row] })], false);
    assert!(pages.pages.len() > 2);
    let all: String = pages.pages.iter().flat_map(|page| placed(page)).map(|(text, ..)| format!("{text} ")).collect();
    let seen: Vec<&str> = all.split_whitespace().filter(|word| word.starts_with('w')).collect();
    assert_eq!(words, seen);
}

#[test]
fn a_long_text_goes_on_over_the_pages_in_one_paragraph() {
    let pages = of(vec![Block::Heading("Notes".into()), Block::Text("line\n".repeat(200))], false);
    let lines: Vec<Placed> =
        pages.pages.iter().flat_map(|page| placed(page)).filter(|(text, ..)| text == "line").collect();
    assert_eq!(200, lines.len());
    assert!(pages.pages.len() > 2);
    assert!(lines.iter().all(|line| line.4 == lines[0].4));
}

#[test]
fn a_heading_does_not_stand_alone_at_the_end_of_a_page() {
    for rows in 1..40 {
        let pages = of(vec![table(rows), Block::Heading("Notes".into()), Block::Text("Thanks".into())], false);
        let page_of =
            |text: &str| pages.pages.iter().position(|page| placed(page).iter().any(|(found, ..)| found == text));
        assert_eq!(page_of("Notes"), page_of("Thanks"), "after {rows} rows");
    }
}

#[test]
fn an_empty_cell_is_a_cell() {
    let head = vec!["What".into(), "Discount".into()];
    let pages = of(vec![Block::Table(Table { head, rows: vec![vec!["Item".into(), String::new()]] })], false);
    let marked: Vec<Mark> = texts_of(&pages).into_iter().map(|(.., mark)| mark).collect();
    for leaf in 0..pages.leaves {
        assert!(marked.contains(&Mark::Leaf(leaf)), "{leaf} of {marked:?}");
    }
}

#[test]
fn what_is_read_is_a_tree_of_headings_and_tables() {
    let facts = vec![Fact { name: "Paid".into(), value: "today".into(), strong: false }];
    let column = Column { heading: "From".into(), lines: vec!["ACME".into()] };
    let pages = of(vec![Block::Columns(vec![column]), Block::Facts(facts), table(1)], false);
    insta::assert_snapshot!(pages.structure.iter().map(|node| told(node, 0)).collect::<String>(), @r#"
    Title("Receipt")
      0
    Heading("From")
      1
    Paragraph
      2
    Table
      Body
        Row
          RowHeader
            3
          Cell
            4
    Table
      Head
        Row
          ColumnHeader
            5
          ColumnHeader
            6
          ColumnHeader
            7
      Body
        Row
          RowHeader
            8
          Cell
            9
          Cell
            10
    "#);
}

fn told(node: &Node, depth: usize) -> String {
    match node {
        Node::Leaf(leaf) => format!("{}{leaf}\n", "  ".repeat(depth)),
        Node::Group(role, children) => {
            let children: String = children.iter().map(|child| told(child, depth + 1)).collect();
            format!("{}{role:?}\n{children}", "  ".repeat(depth))
        }
    }
}

#[test]
fn a_link_covers_its_text() {
    let pages = of(vec![Block::Link { text: "Pay".into(), url: "https://pay.example/p/".into() }], false);
    let link = pages.pages[0].iter().find_map(|item| match item {
        Item::Link { area, url, leaf, .. } => Some((*area, url.as_str(), Mark::Leaf(*leaf))),
        Item::Text { .. } | Item::Rule { .. } | Item::Frame(_) | Item::Watermark(_) => None,
    });
    let (area, url, mark) = link.expect("a link");
    let texts = texts_of(&pages);
    let (_, left, right, baseline, of) = find(&texts, "Pay");
    assert_eq!(("https://pay.example/p/", *of), (url, mark));
    assert_eq!((*left, *right), (area.left, area.left + area.width));
    assert!(area.top < *baseline && *baseline < area.top + area.height);
}
