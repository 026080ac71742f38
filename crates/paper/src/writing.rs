//! How pages become PDF, by krilla.

#![allow(clippy::float_arithmetic, reason = "lengths become points here and nowhere else")]

use std::num::NonZeroU16;

use krilla::SerializeSettings;
use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{Metadata, TextDirection};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node as TagNode, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};

use crate::Length;
use crate::document::Document;
use crate::fonts::{Face, Fonts};
use crate::layout::{Area, Item, Mark, Node, Pages, Role, pages};
use crate::setting::{Line, Run, cleaned};

/// Why there is no PDF. None of it is a matter of what the document says.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The fonts that the program brings cannot be read.
    #[error("the fonts cannot be read")]
    Fonts,
    /// It cannot be written as PDF/UA-1.
    #[error("the document cannot be written: {0}")]
    Writing(String),
}

/// A line that parts rows, a frame, and what makes letters bold that have no bold font, in points and by the size.
const RULE: f32 = 0.5;
const FRAME: f32 = 1.2;
const BOLD: f32 = 0.03;
/// How light the lines between rows are.
const GREY: u8 = 150;
/// How light the watermark is.
const PALE: u8 = 236;

/// The document as PDF/UA-1. The same document gives the same bytes.
///
/// # Errors
/// [`Error`] says which there are.
pub fn pdf(document: &Document) -> Result<Vec<u8>, Error> {
    let fonts = Fonts::get().ok_or(Error::Fonts)?;
    let pages = pages(fonts, document);
    Writer::new(fonts, document, pages.leaves)?.finish(document, pages)
}

struct Writer<'a> {
    fonts: &'a Fonts,
    document: krilla::Document,
    size: (Length, Length),
    /// What was drawn of each leaf of the structure.
    drawn: Vec<Vec<Identifier>>,
}

fn failed(what: impl std::fmt::Debug) -> Error {
    Error::Writing(format!("{what:?}"))
}

fn points(length: Length) -> f32 {
    length as f32 / 1_000.0
}

fn thousandths(number: i32) -> f32 {
    number as f32 / 1_000.0
}

impl<'a> Writer<'a> {
    fn new(fonts: &'a Fonts, document: &Document, leaves: usize) -> Result<Self, Error> {
        let configuration = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
        let configuration = configuration.map_err(failed)?;
        let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
        Ok(Self {
            fonts,
            document: krilla::Document::new_with(settings),
            size: document.sheet.size(),
            drawn: vec![Vec::new(); leaves],
        })
    }

    fn finish(mut self, document: &Document, pages: Pages) -> Result<Vec<u8>, Error> {
        for page in pages.pages {
            self.page(page)?;
        }
        let mut tree = TagTree::new().with_lang(Some(document.language.clone()));
        tree.children = pages.structure.into_iter().flat_map(|node| self.nodes(node)).collect();
        self.document.set_tag_tree(tree);

        let title = cleaned(&document.title);
        let mut outline = Outline::new();
        let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
        outline.push_child(OutlineNode::new(title.clone(), top));
        self.document.set_outline(outline);

        let direction = if document.right_to_left { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
        let metadata = Metadata::new().title(title).language(document.language.clone()).text_direction(direction);
        self.document.set_metadata(metadata);
        self.document.finish().map_err(failed)
    }

    fn page(&mut self, items: Vec<Item>) -> Result<(), Error> {
        let (width, height) = self.size;
        let settings = PageSettings::from_wh(points(width), points(height)).ok_or_else(|| failed("size"))?;
        let mut page = self.document.start_page_with(settings);
        let mut links = Vec::new();
        let mut surface = page.surface();
        for item in items {
            match item {
                Item::Text { line, left, baseline, mark } => {
                    let drawn = surface.start_tagged(tag(mark));
                    text(self.fonts, &mut surface, &line, (left, baseline));
                    surface.end_tagged();
                    if let Mark::Leaf(leaf) = mark {
                        self.drawn[leaf].push(drawn);
                    }
                }
                Item::Rule { left, top, width } => rule(&mut surface, (left, top), width),
                Item::Frame(area) => frame(&mut surface, area),
                Item::Watermark(line) => watermark(self.fonts, &mut surface, &line, self.size),
                Item::Link { area, url, text, leaf } => links.push((area, url, text, leaf)),
            }
        }
        surface.finish();
        for (area, url, text, leaf) in links {
            let Some(area) = rect(area) else { continue };
            let link = LinkAnnotation::new(area, Target::Action(LinkAction::new(url).into()));
            let drawn = page.add_tagged_annotation(Annotation::new_link(link, Some(text)));
            self.drawn[leaf].push(drawn);
        }
        page.finish();
        Ok(())
    }

    /// A leaf is everything that was drawn of it.
    fn nodes(&mut self, node: Node) -> Vec<TagNode> {
        match node {
            Node::Leaf(leaf) => std::mem::take(&mut self.drawn[leaf]).into_iter().map(TagNode::Leaf).collect(),
            Node::Group(role, children) => {
                let children = children.into_iter().flat_map(|child| self.nodes(child)).collect();
                vec![TagNode::Group(TagGroup::with_children(kind(role), children))]
            }
        }
    }
}

fn kind(role: Role) -> TagKind {
    let level = |level: u16| NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    match role {
        Role::Title(title) => Tag::Hn(level(1), Some(title)).into(),
        Role::Heading(title) => Tag::Hn(level(2), Some(title)).into(),
        Role::Paragraph => Tag::P.into(),
        Role::Link => Tag::Link.into(),
        Role::Table => Tag::Table.into(),
        Role::Head => Tag::THead.into(),
        Role::Body => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Role::Cell => Tag::TD.into(),
    }
}

fn tag(mark: Mark) -> ContentTag<'static> {
    match mark {
        Mark::Leaf(_) => ContentTag::Span(SpanTag::empty()),
        Mark::Repeated => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
        Mark::Foot => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
    }
}

fn grey(light: u8) -> Fill {
    Fill { paint: luma::Color::new(light).into(), ..Fill::default() }
}

fn text(fonts: &Fonts, surface: &mut Surface<'_>, line: &Line, (mut left, baseline): (Length, Length)) {
    let size = points(line.style.size());
    surface.set_fill(Some(grey(0)));
    for run in &line.runs {
        let stroke = Stroke { paint: luma::Color::new(0).into(), width: size * BOLD, ..Stroke::default() };
        surface.set_stroke((run.face == Face::HanBold).then_some(stroke));
        draw(fonts, surface, run, Point::from_xy(points(left), points(baseline)), size, false);
        left += run.width;
    }
    surface.set_stroke(None);
}

fn draw(fonts: &Fonts, surface: &mut Surface<'_>, run: &Run, at: Point, size: f32, outlined: bool) {
    let glyphs: Vec<KrillaGlyph> = run
        .glyphs
        .iter()
        .map(|glyph| {
            let [advance, right, up] = [glyph.advance, glyph.offset.0, glyph.offset.1].map(thousandths);
            KrillaGlyph::new(GlyphId::new(glyph.id), advance, right, up, 0.0, glyph.of.clone(), None)
        })
        .collect();
    if !glyphs.is_empty() {
        surface.draw_glyphs(at, &glyphs, fonts.font(run.face), &run.text, size, outlined);
    }
}

fn rect(area: Area) -> Option<Rect> {
    let Area { left, top, width, height } = area;
    Rect::from_xywh(points(left), points(top), points(width), points(height))
}

/// What is drawn and not read.
fn ornament(surface: &mut Surface<'_>, kind: ArtifactType, draw: impl FnOnce(&mut Surface<'_>)) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
    draw(surface);
    surface.end_tagged();
}

fn rule(surface: &mut Surface<'_>, (left, top): (Length, Length), width: Length) {
    let mut path = PathBuilder::new();
    path.move_to(points(left), points(top));
    path.line_to(points(left + width), points(top));
    outline(surface, path, RULE, GREY);
}

fn frame(surface: &mut Surface<'_>, area: Area) {
    let mut path = PathBuilder::new();
    if let Some(area) = rect(area) {
        path.push_rect(area);
    }
    outline(surface, path, FRAME, 0);
}

fn outline(surface: &mut Surface<'_>, path: PathBuilder, width: f32, light: u8) {
    let Some(path) = path.finish() else { return };
    ornament(surface, ArtifactType::Layout, |surface| {
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { paint: luma::Color::new(light).into(), width, ..Stroke::default() }));
        surface.draw_path(&path);
        surface.set_stroke(None);
    });
}

/// From the lower left to the upper right, in the middle of the page; as shapes, so that a search does not find letters.
fn watermark(fonts: &Fonts, surface: &mut Surface<'_>, line: &Line, (width, height): (Length, Length)) {
    let middle = (points(width) / 2.0, points(height) / 2.0);
    ornament(surface, ArtifactType::Watermark, |surface| {
        surface.push_transform(&Transform::from_rotate_at(-50.0, middle.0, middle.1));
        surface.set_fill(Some(grey(PALE)));
        let (mut left, size) = (middle.0 - points(line.width) / 2.0, points(line.style.size()));
        for run in &line.runs {
            draw(fonts, surface, run, Point::from_xy(left, middle.1 + size * 0.35), size, true);
            left += points(run.width);
        }
        surface.pop();
    });
}
