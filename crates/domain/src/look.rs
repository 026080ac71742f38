//! How a shop's pages look: two colours and a logo.
#![allow(clippy::float_arithmetic, reason = "light is measured here, and no money")]

use std::fmt;

/// A colour of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour([u8; 3]);

impl Colour {
    const WHITE: Self = Self([0xff; 3]);
    /// Text, and text that matters less, as the stylesheet of the pages has them.
    const INK: Self = Self([0x17, 0x1a, 0x21]);
    const SOFT: Self = Self([0x54, 0x5b, 0x69]);
    /// Of buttons and links, where a shop does not say otherwise.
    pub const ACCENT: Self = Self([0x1d, 0x4e, 0xd8]);
    /// Behind everything, where a shop does not say otherwise.
    pub const GROUND: Self = Self([0xf3, 0xf5, 0xf9]);

    /// Reads six hexadecimal digits, with or without `#` before them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// How well one is read on the other, 1 to 21 (WCAG 2.2).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of a shop's pages; every text on them can be read (checkout-ux 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Palette {
    accent: Colour,
    ground: Colour,
}

/// Two colours are too much alike.
#[derive(Debug, Clone, PartialEq)]
pub struct TooAlike {
    what: &'static str,
    one: Colour,
    other: Colour,
    found: f64,
    needed: f64,
}

impl fmt::Display for TooAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, one, other, found, needed } = self;
        // Never rounded up to what would be enough.
        let found = (found * 100.0).floor() / 100.0;
        write!(f, "{what}, {one} on {other}, has a contrast of {found:.2}:1; at least {needed}:1 is needed")
    }
}

impl std::error::Error for TooAlike {}

impl Palette {
    /// Buttons, links and marks of choice are of one colour; behind everything is the other.
    ///
    /// # Errors
    /// When text would have less contrast than 4.5:1, or a control less than 3:1.
    pub fn new(accent: Colour, ground: Colour) -> Result<Self, TooAlike> {
        const TEXT: f64 = 4.5;
        const CONTROL: f64 = 3.0;
        for (what, one, other, needed) in [
            ("the text of a button", Colour::WHITE, accent, TEXT),
            ("text", Colour::INK, ground, TEXT),
            ("smaller text", Colour::SOFT, ground, TEXT),
            ("a link", accent, ground, TEXT),
            ("the edge of a chosen field", accent, Colour::WHITE, CONTROL),
        ] {
            let found = one.contrast(other);
            if found < needed {
                return Err(TooAlike { what, one, other, found, needed });
            }
        }
        Ok(Self { accent, ground })
    }

    /// Of buttons, links and marks of choice.
    #[must_use]
    pub const fn accent(self) -> Colour {
        self.accent
    }

    /// Behind everything.
    #[must_use]
    pub const fn ground(self) -> Colour {
        self.ground
    }
}

/// Which picture: the beginning of the SHA-256 of its bytes, and its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogoId {
    hash: [u8; 16],
    format: LogoFormat,
}

/// Pictures that hold no script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LogoFormat {
    Png,
    Jpeg,
}

impl LogoFormat {
    /// By the first bytes of a file.
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    /// For the `Content-Type` header.
    const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

impl LogoId {
    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, extension) = text.split_once('.')?;
        let format = [LogoFormat::Png, LogoFormat::Jpeg].into_iter().find(|format| format.extension() == extension)?;
        if hash.len() != 32 || !hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        Some(Self { hash: u128::from_str_radix(hash, 16).ok()?.to_be_bytes(), format })
    }

    /// For the `Content-Type` header.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        self.format.media_type()
    }
}

/// As a file's name: `<hash>.png`.
impl fmt::Display for LogoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}.{}", u128::from_be_bytes(self.hash), self.format.extension())
    }
}

/// A picture that may be shown as a logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo(Vec<u8>);

impl Logo {
    /// As much as a page's budget leaves for it (checkout-ux 14).
    pub const BYTES_MAX: usize = 20 * 1024;

    /// Takes a PNG or a JPEG of at most [`Logo::BYTES_MAX`].
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= Self::BYTES_MAX && LogoFormat::of(&bytes).is_some()).then_some(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its name, when `hash` is the beginning of the SHA-256 of its bytes.
    #[must_use]
    pub fn id(&self, hash: [u8; 16]) -> Option<LogoId> {
        Some(LogoId { hash, format: LogoFormat::of(&self.0)? })
    }
}

/// How a shop's pages look; by default as the gateway's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Its colours.
    pub palette: Option<Palette>,
    /// Its logo.
    pub logo: Option<LogoId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).expect(text)
    }

    #[test]
    fn colours_are_six_digits() {
        for text in ["#0b6e4f", "0b6e4f", "#0B6E4F"] {
            assert_eq!("#0b6e4f", colour(text).to_string());
        }
        for text in ["", "#", "#fff", "red", "#0b6e4g", "#0b6e4f0", "##0b6e4f", "+b6e4f", "url(x)"] {
            assert_eq!(None, Colour::parse(text), "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let round = |one, other| (colour(one).contrast(colour(other)) * 100.0).round() / 100.0;
        assert!((21.0 - round("#000000", "#ffffff")).abs() < 0.001);
        assert!((4.54 - round("#767676", "#ffffff")).abs() < 0.001, "the lightest grey that is text on white");
        assert!((1.0 - round("#123456", "#123456")).abs() < 0.001);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_figure() {
        let refused = |accent, ground| {
            Palette::new(colour(accent), colour(ground)).map_err(|error| error.to_string()).expect_err(accent)
        };
        assert_eq!(
            "the text of a button, #ffffff on #ffcc00, has a contrast of 1.51:1; at least 4.5:1 is needed",
            refused("#ffcc00", "#ffffff")
        );
        assert_eq!(
            "text, #171a21 on #333333, has a contrast of 1.37:1; at least 4.5:1 is needed",
            refused("#0b6e4f", "#333333")
        );
        assert!(refused("#0b6e4f", "#999999").starts_with("smaller text, "));
        assert!(refused("#767676", "#f3f5f9").starts_with("a link, "));
        assert!(Palette::new(colour("#0b6e4f"), Colour::GROUND).is_ok());
    }

    #[test]
    fn a_logo_is_named_by_its_bytes() {
        let logo = Logo::new(b"\x89PNG\r\n\x1a\n...".to_vec()).expect("a picture");
        let id = logo.id([0x0a; 16]).expect("a name");
        assert_eq!("0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.png", id.to_string());
        assert_eq!(Some(id), LogoId::parse(&id.to_string()));
        for name in
            ["", "x.png", "0a.png", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.svg", "../../0a0a0a0a0a0a0a0a0a0a0a0a0a.png"]
        {
            assert_eq!(None, LogoId::parse(name), "{name}");
        }
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe0];
        jpeg.resize(Logo::BYTES_MAX, 0);
        assert_eq!("image/jpeg", Logo::new(jpeg.clone()).and_then(|logo| logo.id([1; 16])).expect("one").media_type());
        jpeg.push(0);
        assert_eq!(None, Logo::new(jpeg), "too large");
        assert_eq!(None, Logo::new(b"<svg xmlns='http://www.w3.org/2000/svg'>".to_vec()), "may hold script");
    }
}
