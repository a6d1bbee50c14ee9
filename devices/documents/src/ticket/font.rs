//! The fonts: which glyphs a text needs, how wide they are, and their outlines fitted to the dots.
//!
//! They are the fonts hayro embeds for the standard fonts of PDF (PDFium's, BSD licence), so that a
//! ticket needs no font of the machine it is printed on, and looks alike everywhere.

use std::sync::OnceLock;

use hayro::hayro_interpret::font::StandardFont;
use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape};
use skrifa::{DrawMemory, Font, GlyphId, HintOptions, PathSink, RasterTarget, ScalerFont};

use super::accents::{Spot, parts};
use super::element::{Family, Style};
use super::kerning::kerning;

/// Every size of the fonts counts in these.
const UNITS_PER_EM: f64 = 1000.0;
/// Tried in this order for what a font lacks: Greek, arrows, suits; stars, hands, scissors.
const FALLBACKS: [usize; 2] = [12, 13];
const FACES: [StandardFont; 14] = [
    StandardFont::Helvetica,
    StandardFont::HelveticaBold,
    StandardFont::HelveticaOblique,
    StandardFont::HelveticaBoldOblique,
    StandardFont::TimesRoman,
    StandardFont::TimesBold,
    StandardFont::TimesItalic,
    StandardFont::TimesBoldItalic,
    StandardFont::Courier,
    StandardFont::CourierBold,
    StandardFont::CourierOblique,
    StandardFont::CourierBoldOblique,
    StandardFont::Symbol,
    StandardFont::ZapfDingBats,
];

/// The font of a face, read once.
fn font(face: usize) -> Option<&'static Font> {
    static FONTS: [OnceLock<Option<Font>>; FACES.len()] = [const { OnceLock::new() }; FACES.len()];
    let read = || {
        let (data, index) = FACES.get(face)?.get_font_data();
        Font::new(data, index)
    };
    FONTS.get(face)?.get_or_init(read).as_ref()
}

fn face(family: Family, style: Style) -> usize {
    let family = match family {
        Family::Sans => 0,
        Family::Serif => 4,
        Family::Mono => 8,
    };
    let style = match style {
        Style::Regular => 0,
        Style::Bold => 1,
        Style::Italic => 2,
        Style::BoldItalic => 3,
    };
    family + style
}

/// A glyph of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Glyph {
    face: usize,
    id: GlyphId,
}

impl Glyph {
    fn of(face: usize, character: char) -> Option<Self> {
        let id = font(face)?.charmap().map_unicode(character)?;
        (id.to_u32() != 0).then_some(Self { face, id })
    }

    /// Its width in ems.
    fn advance(self) -> f64 {
        let units = font(self.face).map_or(0.0, |font| font.glyph_metrics().h_advance(self.id));
        f64::from(units) / UNITS_PER_EM
    }
}

/// What is drawn for a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    One(Glyph),
    Composed {
        base: Glyph,
        accent: Glyph,
        spot: Spot,
    },
    /// An empty box: no font has it.
    Missing,
}

/// A font in a style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Face(usize);

impl Face {
    pub(super) fn new(family: Family, style: Style) -> Self {
        Self(face(family, style))
    }

    /// Whether some font has a character, or the parts to make it of.
    pub(super) fn has(self, character: char) -> bool {
        self.find(character) != Drawn::Missing
    }

    fn find(self, character: char) -> Drawn {
        let character = match character {
            '\t' | '\n' | '\r' | '\u{202f}' | '\u{2009}' => ' ',
            '\u{2010}' | '\u{2011}' => '-',
            // Drawn like eth, which the fonts have.
            'Đ' => 'Ð',
            other => other,
        };
        if let Some(glyph) = Glyph::of(self.0, character) {
            return Drawn::One(glyph);
        }
        let own_or_other = |character| {
            let faces = [self.0].into_iter().chain(FALLBACKS);
            faces
                .into_iter()
                .find_map(|face| Glyph::of(face, character))
        };
        let composed = parts(character).and_then(|(base, accent, spot)| {
            Some(Drawn::Composed {
                base: own_or_other(base)?,
                accent: Glyph::of(self.0, accent)?,
                spot,
            })
        });
        let fallback = || own_or_other(character).map(Drawn::One);
        composed.or_else(fallback).unwrap_or(Drawn::Missing)
    }

    fn advance_of(drawn: Drawn) -> f64 {
        /// Width of the box for a missing character.
        const BOX: f64 = 0.6;
        match drawn {
            Drawn::One(glyph) => glyph.advance(),
            Drawn::Composed { base, accent, spot } => match spot {
                Spot::Beside => base.advance() + accent.advance() * 0.3,
                _ => base.advance(),
            },
            Drawn::Missing => BOX,
        }
    }

    /// What is drawn for each character, and where it starts in ems.
    fn starts(self, text: &str, tracking_em: f64) -> impl Iterator<Item = (Drawn, f64)> {
        // Characters of one width stay in their columns.
        let is_kerned = !(8..12).contains(&self.0);
        let mut x = 0.0;
        let mut before = None;
        text.chars().map(move |character| {
            let drawn = self.find(character);
            if let Some(before) = before.filter(|_| is_kerned) {
                x += kerning(before, character);
            }
            before = Some(character);
            let start = x;
            x += Self::advance_of(drawn) + tracking_em;
            (drawn, start)
        })
    }

    /// The width of a text in ems.
    pub(super) fn advance(self, text: &str, tracking_em: f64) -> f64 {
        let last = self.starts(text, tracking_em).last();
        last.map_or(0.0, |(drawn, start)| start + Self::advance_of(drawn))
    }

    /// The outlines of a text, y down, its baseline from the origin to the right; each glyph starts at
    /// a whole dot, so that a letter looks the same wherever it stands.
    pub(super) fn outlines(self, text: &str, size_dots: f64, tracking_em: f64) -> Vec<BezPath> {
        let mut pens = Pens::new(size_dots);
        let mut outlines = Vec::new();
        for (drawn, start) in self.starts(text, tracking_em) {
            let outline = pens.outline(drawn);
            if !outline.is_empty() {
                let x = (start * size_dots).round();
                outlines.push(Affine::translate((x, 0.0)) * outline);
            }
        }
        outlines
    }
}

/// Scalers of the faces one text needs.
struct Pens {
    size_dots: f64,
    scalers: Vec<(usize, ScalerFont)>,
}

impl Pens {
    fn new(size_dots: f64) -> Self {
        Self {
            size_dots,
            scalers: Vec::new(),
        }
    }

    fn outline(&mut self, drawn: Drawn) -> BezPath {
        match drawn {
            Drawn::One(glyph) => self.glyph(glyph),
            Drawn::Missing => {
                let edge = |em: f64| (em * self.size_dots).round();
                let (left, right, top) = (edge(0.06), edge(0.54), -edge(0.7));
                let line = edge(0.05).max(1.0);
                let outer = Rect::new(left, top, right, 0.0);
                let mut path = outer.to_path(0.1);
                // The other way round, so that it is a hole.
                let inner = outer.inset(-line);
                path.move_to((inner.x0, inner.y0));
                path.line_to((inner.x0, inner.y1));
                path.line_to((inner.x1, inner.y1));
                path.line_to((inner.x1, inner.y0));
                path.close_path();
                path
            }
            Drawn::Composed { base, accent, spot } => {
                let mut path = self.glyph(base);
                let mark = self.glyph(accent);
                let (on, of) = (path.bounding_box(), mark.bounding_box());
                let middle = on.center().x - of.center().x;
                // Accents are made to stand over small letters.
                let x_height = Glyph::of(accent.face, 'x')
                    .map_or(0.0, |glyph| self.glyph(glyph).bounding_box().min_y());
                let shift = match spot {
                    Spot::Above => (middle, (on.min_y() - x_height).min(0.0)),
                    Spot::Below if of.max_y() > 0.0 && of.min_y() >= -0.01 * self.size_dots => {
                        (middle, 0.0)
                    }
                    // A comma hangs below its letter.
                    Spot::Below => (middle, 0.05 * self.size_dots - of.min_y()),
                    Spot::BelowRight => (on.max_x() - of.max_x(), 0.0),
                    Spot::Beside => (on.max_x() - of.min_x() - 0.02 * self.size_dots, 0.0),
                    Spot::Through => {
                        let high = if on.min_y() < x_height * 1.1 {
                            0.8
                        } else {
                            0.5
                        };
                        (middle, on.min_y() * high - of.center().y)
                    }
                };
                let whole = Point::new(shift.0.round(), shift.1.round());
                path.extend(Affine::translate(whole.to_vec2()) * mark);
                path
            }
        }
    }

    fn glyph(&mut self, glyph: Glyph) -> BezPath {
        let Some(scaler) = self.scaler(glyph.face) else {
            return BezPath::new();
        };
        let mut path = Path(BezPath::new());
        if let Some(outline) = scaler.outline(glyph.id) {
            // An outline that cannot be read draws nothing; these fonts are our own and tested.
            let _drawn = outline.draw(DrawMemory::Scratch, &mut path);
        }
        Affine::FLIP_Y * path.0
    }

    fn scaler(&mut self, face: usize) -> Option<&ScalerFont> {
        let known = self.scalers.iter().position(|(known, _)| *known == face);
        let index = match known {
            Some(index) => index,
            None => {
                let options = HintOptions::interpreter().with_target(RasterTarget::Mono);
                let scaler =
                    ScalerFont::hinted(font(face)?.clone(), self.size_dots as f32, options);
                self.scalers.push((face, scaler));
                self.scalers.len() - 1
            }
        };
        self.scalers.get(index).map(|(_, scaler)| scaler)
    }
}

struct Path(BezPath);

impl PathSink for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to((x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to((x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to((cx, cy), (x, y));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.curve_to((cx0, cy0), (cx1, cy1), (x, y));
    }

    fn close(&mut self) {
        self.0.close_path();
    }
}
