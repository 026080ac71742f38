//! The fonts, and how characters become glyphs of them.

use std::ops::Range;
use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::{BidiClass, bidi_class};

use crate::Length;

/// One of the fonts of `fonts/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Latin,
    LatinBold,
    Arabic,
    ArabicBold,
    Thai,
    ThaiBold,
    Han,
    /// The same letters, drawn with a stroke: a second file would be as large as all the others.
    HanBold,
}

/// In the order of the variants.
const FILES: [&[u8]; 8] = {
    const HAN: &[u8] = include_bytes!("../fonts/han.otf");
    [
        include_bytes!("../fonts/latin.ttf"),
        include_bytes!("../fonts/latin-bold.ttf"),
        include_bytes!("../fonts/arabic.ttf"),
        include_bytes!("../fonts/arabic-bold.ttf"),
        include_bytes!("../fonts/thai.ttf"),
        include_bytes!("../fonts/thai-bold.ttf"),
        HAN,
        HAN,
    ]
};

/// What takes the place of a character that no font has.
const REPLACEMENT: char = '\u{fffd}';

/// The fonts, ready for use.
pub(crate) struct Fonts(Vec<Loaded>);

struct Loaded {
    shaper: rustybuzz::Face<'static>,
    font: Font,
}

/// A glyph: lengths are in thousandths of the size it is shown in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: i32,
    /// Where it is drawn, off the place where it stands: to the right and up.
    pub(crate) offset: (i32, i32),
    /// The characters it stands for, in the text of its run. The glyphs of one cluster share them.
    pub(crate) of: Range<usize>,
}

impl Fonts {
    /// `None` if one of the files is no font.
    pub(crate) fn get() -> Option<&'static Self> {
        static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(|| {
            let load = |file: &&'static [u8]| {
                let shaper = rustybuzz::Face::from_slice(file, 0)?;
                Some(Loaded { shaper, font: Font::new((*file).into(), 0)? })
            };
            FILES.iter().map(load).collect::<Option<_>>().map(Fonts)
        });
        FONTS.as_ref()
    }

    pub(crate) fn font(&self, face: Face) -> Font {
        self.0[face as usize].font.clone()
    }

    /// The font that shows a character, after a character that was shown in `before`. A space or a mark stays with what
    /// it follows; what no font has is replaced in the first.
    pub(crate) fn face(&self, c: char, before: Option<Face>, bold: bool) -> Face {
        let faces = if bold {
            [Face::LatinBold, Face::ArabicBold, Face::ThaiBold, Face::HanBold]
        } else {
            [Face::Latin, Face::Arabic, Face::Thai, Face::Han]
        };
        let follows = matches!(bidi_class(c), BidiClass::NSM | BidiClass::WS | BidiClass::BN);
        let kept = before.filter(|face| follows && (self.has(*face, c) || is_unseen(c)));
        kept.or_else(|| faces.into_iter().find(|face| self.has(*face, c))).unwrap_or(faces[0])
    }

    fn has(&self, face: Face, c: char) -> bool {
        self.0[face as usize].shaper.glyph_index(c).is_some()
    }

    /// The glyphs of a text in one font and one direction, from left to right.
    pub(crate) fn shape(&self, text: &str, face: Face, right_to_left: bool) -> Vec<Glyph> {
        let shaper = &self.0[face as usize].shaper;
        let mut buffer = UnicodeBuffer::new();
        for (at, c) in text.char_indices().filter(|(_, c)| !turns(*c)) {
            let shown = if self.has(face, c) || is_unseen(c) { c } else { REPLACEMENT };
            buffer.add(shown, u32::try_from(at).unwrap_or(u32::MAX));
        }
        buffer.guess_segment_properties();
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(shaper, &[], buffer);

        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        // What is not drawn belongs to no glyph, or it would be copied with the letter before it.
        let end_of = |start: usize| {
            let next = starts.partition_point(|other| *other <= start);
            let cluster = &text[start..starts.get(next).copied().unwrap_or(text.len())];
            start + cluster.trim_end_matches(turns).len()
        };
        let em = |units: i32| i64::from(units) * 1_000 / i64::from(shaper.units_per_em().max(1));
        let em = |units: i32| i32::try_from(em(units)).unwrap_or_default();
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
        glyphs
            .map(|(info, position)| Glyph {
                id: info.glyph_id,
                advance: em(position.x_advance),
                offset: (em(position.x_offset), em(position.y_offset)),
                of: info.cluster as usize..end_of(info.cluster as usize),
            })
            .collect()
    }
}

/// How wide glyphs are in a size.
pub(crate) fn width(glyphs: &[Glyph], size: Length) -> Length {
    let ems: i64 = glyphs.iter().map(|glyph| i64::from(glyph.advance)).sum();
    Length::try_from(ems * i64::from(size) / 1_000).unwrap_or(Length::MAX)
}

/// What only says in which direction the text around it runs.
pub(crate) fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What joins, parts or picks the letters around it and needs no glyph.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> &'static Fonts {
        Fonts::get().expect("fonts")
    }

    fn shape(text: &str, face: Face, right_to_left: bool) -> Vec<Glyph> {
        fonts().shape(text, face, right_to_left)
    }

    #[test]
    fn each_script_has_its_font() {
        for (text, face) in [
            ("Aé ğ ű ł ß ¡ € ₫ ₱ ฿Ω Ж 1.0% − – … “”", Face::Latin),
            ("ادفع لماذا؟ ،", Face::Arabic),
            ("ใบเสร็จรับเงิน", Face::Thai),
            ("简体中文，付款！繁體カタ", Face::Han),
        ] {
            let mut before = None;
            for c in text.chars().filter(|c| *c != '฿') {
                let found = fonts().face(c, before, false);
                assert!(fonts().has(found, c), "{c}");
                assert_eq!(face, found, "{c}");
                before = Some(found);
            }
        }
    }

    #[test]
    fn spaces_and_marks_stay_with_what_they_follow() {
        assert_eq!(Face::Arabic, fonts().face(' ', Some(Face::Arabic), false));
        assert_eq!(Face::ArabicBold, fonts().face('\u{64e}', Some(Face::ArabicBold), true));
        assert_eq!(Face::Latin, fonts().face('1', Some(Face::Arabic), false));
        assert_eq!(Face::Latin, fonts().face('\u{202f}', Some(Face::Thai), false), "that font has no narrow space");
    }

    #[test]
    fn what_no_font_has_is_replaced_and_stays_itself() {
        let unknown = "a\u{1f600}b";
        let glyphs = shape(unknown, Face::Latin, false);
        let replacement = &shape("\u{fffd}", Face::Latin, false)[0];
        assert_ne!(0, replacement.id, "a glyph of its own, not the font's sign of a missing one");
        assert_eq!((replacement.id, 1..5), (glyphs[1].id, glyphs[1].of.clone()));
    }

    #[test]
    fn arabic_letters_are_joined() {
        let ids = |text| shape(text, Face::Arabic, true).into_iter().map(|glyph| glyph.id).collect::<Vec<_>>();
        let (alone, word) = (ids("ب"), ids("ببب"));
        assert_eq!(3, word.len());
        assert!(word.iter().all(|id| *id != alone[0]), "first, middle and last forms: {word:?}");
    }

    #[test]
    fn a_cluster_knows_its_characters() {
        // Base and mark are one, and stand in the order of the page.
        let glyphs = shape("ที่ดี", Face::Thai, false);
        let spans: Vec<_> = glyphs.iter().map(|glyph| glyph.of.clone()).collect();
        assert_eq!(Some(0), spans.first().map(|span| span.start));
        assert_eq!(Some("ที่ดี".len()), spans.last().map(|span| span.end));
        let arabic = shape("لا", Face::Arabic, true);
        assert!(arabic.iter().all(|glyph| glyph.of.end <= "لا".len() && !glyph.of.is_empty()), "{arabic:?}");
    }

    #[test]
    fn marks_of_direction_are_not_drawn() {
        let spans: Vec<_> = shape("a\u{202e}b\u{2069}", Face::Latin, false).into_iter().map(|glyph| glyph.of).collect();
        assert_eq!(vec![0..1, 4..5], spans);
    }
}
