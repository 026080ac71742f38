//! How a text becomes lines: cleaned, turned where it runs from right to left, wrapped, shaped.

use std::ops::Range;

use unicode_bidi::{Level, ParagraphBidiInfo};
use unicode_linebreak::linebreaks;

use crate::Length;
use crate::fonts::{Face, Fonts, Glyph, turns, width};

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Title,
    Body,
    Strong,
    Small,
    /// Across the page.
    Watermark,
}

impl Style {
    pub(crate) const fn size(self) -> Length {
        match self {
            Self::Title => 20_000,
            Self::Body | Self::Strong => 9_500,
            Self::Small => 8_000,
            Self::Watermark => 150_000,
        }
    }

    /// From one line to the next.
    pub(crate) const fn leading(self) -> Length {
        self.size() * 7 / 5
    }

    pub(crate) const fn is_bold(self) -> bool {
        match self {
            Self::Title | Self::Strong | Self::Watermark => true,
            Self::Body | Self::Small => false,
        }
    }
}

/// A line, ready to be put somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) style: Style,
    /// From left to right.
    pub(crate) runs: Vec<Run>,
    /// What is seen of it.
    pub(crate) width: Length,
    /// How far left of what is seen the first run begins: the spaces at the end of a line that runs to the left.
    pub(crate) hangs: Length,
}

impl Line {
    /// Nothing, as high as a line.
    pub(crate) const fn empty(style: Style) -> Self {
        Self { style, runs: Vec::new(), width: 0, hangs: 0 }
    }
}

/// A piece of a line in one font and one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) face: Face,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) width: Length,
}

/// The lines of a text, none wider than `room` unless one letter is. A text without letters has no line.
pub(crate) fn lines(fonts: &Fonts, text: &str, style: Style, room: Length) -> Vec<Line> {
    let is_break = |c: char| matches!(c, '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let paragraphs = text.trim().split(is_break).map(cleaned);
    paragraphs.flat_map(|paragraph| Setter::new(fonts, &paragraph, style).lines(room)).collect()
}

/// The width of a text on one line.
pub(crate) fn natural_width(fonts: &Fonts, text: &str, style: Style) -> Length {
    lines(fonts, text, style, Length::MAX).iter().map(|line| line.width).max().unwrap_or_default()
}

/// Without what is no text: a reader must be able to say of each character what it is (PDF/UA-1, 7.21.7).
pub(crate) fn cleaned(text: &str) -> String {
    let is_nothing =
        |c: char| c.is_control() || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{fffe}' | '\u{ffff}');
    text.replace(['\t', '\n'], " ").replace(is_nothing, "")
}

struct Setter<'a> {
    fonts: &'a Fonts,
    text: &'a str,
    style: Style,
    bidi: ParagraphBidiInfo<'a>,
}

impl<'a> Setter<'a> {
    /// A text runs as its first letter does.
    fn new(fonts: &'a Fonts, text: &'a str, style: Style) -> Self {
        Self { fonts, text, style, bidi: ParagraphBidiInfo::new(text, None) }
    }

    fn lines(&self, room: Length) -> Vec<Line> {
        let mut lines = Vec::new();
        // The line so far, and its width with the spaces at its end.
        let (mut line, mut line_width) = (0..0, 0_i32);
        for mut word in self.words() {
            let seen = self.width(self.seen(&word));
            if line_width.saturating_add(seen) > room && !line.is_empty() {
                lines.push(self.line(line));
                (line, line_width) = (word.start..word.start, 0);
            }
            if seen > room {
                for cut in self.cuts(&word, room) {
                    lines.push(self.line(word.start..cut));
                    word.start = cut;
                }
                line.start = word.start;
            }
            line.end = word.end;
            line_width = line_width.saturating_add(self.width(word));
        }
        if !line.is_empty() {
            lines.push(self.line(line));
        }
        lines
    }

    /// What may not be parted, with the spaces that follow it.
    fn words(&self) -> impl Iterator<Item = Range<usize>> {
        linebreaks(self.text).scan(0, |start, (end, _)| {
            let word = *start..end;
            *start = end;
            Some(word)
        })
    }

    /// Where a word that is too long for a line is cut: between letters with their marks, as late as there is room.
    fn cuts(&self, word: &Range<usize>, room: Length) -> Vec<usize> {
        // Where each letter ends, and how wide it is.
        let mut letters: Vec<(usize, Length)> = Vec::new();
        for piece in self.pieces(self.seen(word)) {
            let mut glyphs = self.shape(&piece);
            glyphs.sort_by_key(|glyph| glyph.of.start);
            for glyph in glyphs {
                let (end, wide) = (piece.span.start + glyph.of.end, width(&[glyph], self.style.size()));
                match letters.last_mut() {
                    Some((last, sum)) if *last == end => *sum += wide,
                    Some(_) | None => letters.push((end, wide)),
                }
            }
        }
        let (mut cuts, mut line_width, mut before) = (Vec::new(), 0, word.start);
        for (end, wide) in letters {
            if line_width + wide > room && line_width > 0 {
                cuts.push(before);
                line_width = 0;
            }
            line_width += wide;
            before = end;
        }
        cuts
    }

    /// A part of the text without the spaces at its end.
    fn seen(&self, span: &Range<usize>) -> Range<usize> {
        span.start..span.start + self.text[span.clone()].trim_end().len()
    }

    fn width(&self, span: Range<usize>) -> Length {
        let pieces = self.pieces(span);
        pieces.iter().map(|piece| width(&self.shape(piece), self.style.size())).fold(0, Length::saturating_add)
    }

    fn line(&self, span: Range<usize>) -> Line {
        let seen = self.seen(&span);
        let mut pieces = self.pieces(seen.clone());
        // The spaces at its end are drawn, so that words do not run together when they are read aloud (UAX 9, L1).
        let mut spaces = self.pieces(seen.end..span.end);
        spaces.iter_mut().for_each(|piece| piece.level = self.bidi.paragraph_level);
        pieces.append(&mut spaces);
        let levels: Vec<Level> = pieces.iter().map(|piece| piece.level).collect();
        let runs = ParagraphBidiInfo::reorder_visual(&levels).into_iter().map(|at| {
            let piece = &pieces[at];
            let glyphs = self.shape(piece);
            let width = width(&glyphs, self.style.size());
            Run { face: piece.face, text: self.text[piece.span.clone()].to_owned(), glyphs, width }
        });
        let runs: Vec<Run> = runs.collect();
        let whole = runs.iter().map(|run| run.width).fold(0, Length::saturating_add);
        let spaces = self.width(seen.end..span.end);
        let hangs = if self.bidi.paragraph_level.is_rtl() { spaces } else { 0 };
        Line { style: self.style, runs, width: whole - spaces, hangs }
    }

    fn shape(&self, piece: &Piece) -> Vec<Glyph> {
        self.fonts.shape(&self.text[piece.span.clone()], piece.face, piece.level.is_rtl())
    }

    /// A part of the text in its own order, cut where the font or the direction changes.
    fn pieces(&self, span: Range<usize>) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, c) in self.text[span.clone()].char_indices() {
            let at = span.start + at;
            let before = pieces.last().map(|piece| piece.face);
            let face = match before {
                Some(before) if turns(c) => before,
                Some(_) | None => self.fonts.face(c, before, self.style.is_bold()),
            };
            let (level, end) = (self.bidi.levels[at], at + c.len_utf8());
            match pieces.last_mut() {
                Some(last) if last.face == face && last.level == level => last.span.end = end,
                Some(_) | None => pieces.push(Piece { span: at..end, face, level }),
            }
        }
        pieces
    }
}

struct Piece {
    span: Range<usize>,
    face: Face,
    level: Level,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fonts() -> &'static Fonts {
        Fonts::get().expect("fonts")
    }

    fn set(text: &str, room: Length) -> Vec<Line> {
        lines(fonts(), text, Style::Body, room)
    }

    /// The text of each line as it stands there, from left to right.
    fn texts(text: &str, room: Length) -> Vec<String> {
        set(text, room).iter().map(|line| line.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn words_are_wrapped_and_keep_their_spaces() {
        assert_eq!(
            vec!["The quick brown ", "fox jumps over ", "the lazy dog"],
            texts("The quick brown fox jumps over the lazy dog", 75_000)
        );
        assert_eq!(vec!["one", "two"], texts("one\ntwo", 75_000));
        assert_eq!(vec!["one", "two"], texts(" one\r\ntwo \n", 75_000));
        assert!(texts(" \n ", 75_000).is_empty());
    }

    #[test]
    fn a_long_word_is_cut_where_the_room_ends_and_loses_no_letter() {
        let word = "a".repeat(100);
        let lines = texts(&format!("begin {word} end"), 75_000);
        assert_eq!(format!("begin {word} end"), lines.concat());
        assert!(lines.len() > 5, "{lines:?}");
        assert!(set(&word, 75_000).iter().all(|line| line.width <= 75_000));
        // What follows the last part stands beside it.
        assert!(
            lines.last().expect("a line").ends_with(" end") && lines.last() != Some(&" end".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn han_is_wrapped_between_characters_but_not_before_a_stop() {
        let lines = texts("我们已经收到您的付款，谢谢。我们已经收到您的付款，谢谢。", 60_000);
        assert!(lines.len() > 3 && lines.iter().all(|line| !line.starts_with(['，', '。'])), "{lines:?}");
    }

    #[test]
    fn thai_is_cut_between_letters_and_their_marks() {
        let text = "ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่ที่";
        for line in texts(text, 40_000) {
            assert!(line.starts_with('ท'), "{line:?} begins with a mark");
        }
    }

    #[test]
    fn numbers_and_names_stand_in_order_in_a_text_that_runs_to_the_left() {
        // "Receipt 123 of ACME", read from the right.
        let line = &set("إيصال 123 من ACME", Length::MAX)[0];
        let runs: Vec<&str> = line.runs.iter().map(|run| run.text.trim()).filter(|run| !run.is_empty()).collect();
        assert_eq!(vec!["ACME", "من", "123", "إيصال"], runs);
    }

    #[test]
    fn a_text_that_turns_others_around_turns_only_itself() {
        let line = &set("abc\u{202e}def", Length::MAX)[0];
        let [first, second] = line.runs.as_slice() else { panic!("{line:?}") };
        assert_eq!("abc", first.text.trim_end_matches('\u{202e}'));
        assert!(second.text.ends_with("def"));
        assert_eq!(3, second.glyphs.len());
        assert!(second.glyphs[0].of.start > second.glyphs[2].of.start, "it runs to the left");
    }

    #[test]
    fn spaces_at_the_end_hang_on_the_side_to_which_the_text_runs() {
        let arabic = &set("ادفع المبلغ كله الآن", 40_000)[0];
        let latin = &set("pay the whole amount now", 40_000)[0];
        assert!(arabic.hangs > 0 && arabic.width <= 40_000);
        assert_eq!(0, latin.hangs);
        let drawn: Length = arabic.runs.iter().map(|run| run.width).sum();
        assert_eq!(drawn, arabic.width + arabic.hangs);
    }

    proptest! {
        #[test]
        fn whatever_is_written_can_be_set_and_nothing_is_lost(text in "\\PC{0,60}|[a-zא-ת أ-ي0-9\u{200d}\u{202e}\u{fe0f}一-三]{0,60}", room in 1_000..200_000) {
            let set = lines(fonts(), &text, Style::Strong, room);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !cleaned(&c.to_string()).is_empty()).count();
            let drawn: usize = set.iter().flat_map(|line| &line.runs).map(|run| letters(&run.text)).sum();
            prop_assert_eq!(letters(&text), drawn);
            for line in &set {
                prop_assert!(line.width <= room || line.runs.iter().map(|run| run.text.chars().count()).sum::<usize>() <= 24, "{:?}", line);
            }
        }
    }
}
