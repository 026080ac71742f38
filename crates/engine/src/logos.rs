//! Logos as merchants send them, made into pictures of our own: decoded within limits, made small enough for a page, and
//! written anew as PNG. What else was in the file, words, places, scripts or a second file, is gone.

use std::io::Cursor;

use domain::Logo;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::FilterType::Triangle;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::{Engine, Error};

/// The most bytes of a file.
pub const LOGO_FILE_BYTES_MAX: usize = 1024 * 1024;
/// The most pixels of a side.
const SIDE_MAX: u32 = 2_048;
/// The most memory of a picture that is being decoded, in bytes: 16 for each of its pixels at the very most.
const DECODED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// A JPEG that is sent in more steps than this means no good: each is work for all of its pixels.
const SCANS_MAX: usize = 32;
/// Into which of these it is fitted, width and height in pixels: the first whose picture is small enough to be sent with
/// every page. One of the last is, whatever it shows.
const BOXES: [(u32, u32); 6] = [(512, 256), (384, 192), (256, 128), (192, 96), (128, 64), (96, 48)];

/// Why a file is no logo.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// Another kind of file.
    #[error("not a PNG, JPEG or WebP picture")]
    Kind,
    /// Too many bytes.
    #[error("larger than {} KiB", LOGO_FILE_BYTES_MAX / 1024)]
    Bytes,
    /// Too many pixels, or steps.
    #[error("more than {SIDE_MAX} pixels wide or high, or too costly to read")]
    Size,
    /// Broken, or cut off.
    #[error("a picture that cannot be read")]
    Broken,
    /// A task was cut off by the end of the process.
    #[error("the gateway is shutting down")]
    Stopping,
}

impl Engine {
    /// Makes a logo of a file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub async fn read_logo(&self, file: Vec<u8>) -> Result<Logo, LogoError> {
        if file.len() > LOGO_FILE_BYTES_MAX {
            return Err(LogoError::Bytes);
        }
        // One at a time: memory stays bounded however many are sent. Nobody closes it.
        let _permit = self.0.logos.acquire().await;
        tokio::task::spawn_blocking(move || read(&file)).await.map_err(|_| LogoError::Stopping)?
    }

    /// The bytes of a logo.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn logo(&self, id: domain::LogoId) -> Result<Vec<u8>, Error> {
        self.0.store.logo(id).await?.ok_or(Error::NotFound)
    }
}

fn read(file: &[u8]) -> Result<Logo, LogoError> {
    let picture = decode(file)?;
    for (width, height) in BOXES {
        let fits = picture.width() <= width && picture.height() <= height;
        let small = if fits { picture.clone() } else { picture.resize(width, height, Triangle) };
        if let Some(logo) = encode(&small).and_then(Logo::new) {
            return Ok(logo);
        }
    }
    Err(LogoError::Size)
}

fn decode(file: &[u8]) -> Result<DynamicImage, LogoError> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| LogoError::Broken)?;
    match reader.format() {
        Some(ImageFormat::Jpeg) if scans(file) > SCANS_MAX => return Err(LogoError::Size),
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) => {}
        _ => return Err(LogoError::Kind),
    }
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let wrong = |error: ImageError| match error {
        ImageError::Limits(_) => LogoError::Size,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => LogoError::Broken,
    };
    let mut decoder = reader.into_decoder().map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    // Not every format is bounded by the limits before it is read.
    if width > SIDE_MAX || height > SIDE_MAX || decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err(LogoError::Size);
    }
    let turned = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    if let Ok(turned) = turned {
        picture.apply_orientation(turned);
    }
    Ok(picture)
}

/// The steps of a JPEG, at most: what looks like the beginning of one inside another counts too.
fn scans(file: &[u8]) -> usize {
    file.windows(2).filter(|pair| *pair == [0xff, 0xda]).count()
}

/// As PNG, without an alpha channel where nothing is seen through.
fn encode(picture: &DynamicImage) -> Option<Vec<u8>> {
    let picture = picture.to_rgba8();
    let is_opaque = picture.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    let picture = DynamicImage::ImageRgba8(picture);
    let written =
        if is_opaque { picture.to_rgb8().write_with_encoder(encoder) } else { picture.write_with_encoder(encoder) };
    written.ok().map(|()| png)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).expect("a file");
        file.into_inner()
    }

    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 1_u32;
        RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([state.to_be_bytes()[0], state.to_be_bytes()[1], state.to_be_bytes()[2]])
        })
        .into()
    }

    fn words(result: Result<Logo, LogoError>) -> String {
        result.map_or_else(|error| error.to_string(), |_| "taken".to_owned())
    }

    #[test]
    fn whatever_it_was_it_becomes_a_small_png() {
        let wide: DynamicImage = RgbImage::from_pixel(1_000, 100, Rgb([10, 110, 79])).into();
        let clear: DynamicImage = RgbaImage::from_pixel(40, 20, Rgba([10, 110, 79, 128])).into();
        for (picture, format, expected) in [
            (&wide, ImageFormat::Png, (512, 51)),
            (&wide, ImageFormat::Jpeg, (512, 51)),
            (&wide, ImageFormat::WebP, (512, 51)),
            (&clear, ImageFormat::Png, (40, 20)),
        ] {
            let logo = read(&file(picture, format)).expect("a logo");
            let shown = image::load_from_memory_with_format(logo.bytes(), ImageFormat::Png).expect("a PNG");
            assert_eq!(expected, (shown.width(), shown.height()), "{format:?}");
        }
        let kept = read(&file(&clear, ImageFormat::Png)).expect("a logo");
        let kept = image::load_from_memory(kept.bytes()).expect("a picture").to_rgba8();
        assert_eq!([10, 110, 79, 128], kept.get_pixel(3, 3).0, "what is seen through stays so");
    }

    #[test]
    fn one_that_is_costly_to_send_is_made_smaller() {
        let logo = read(&file(&noise(512, 256), ImageFormat::Png)).expect("a logo");
        assert!(logo.bytes().len() <= Logo::BYTES_MAX);
        let logo = image::load_from_memory(logo.bytes()).expect("a picture");
        assert_eq!(2 * logo.height(), logo.width());
    }

    #[test]
    fn what_else_was_in_the_file_is_gone() {
        let picture: DynamicImage = RgbImage::from_pixel(10, 10, Rgb([1, 2, 3])).into();
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let mut both = file(&picture, format);
            both.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
            let logo = read(&both).expect("a logo");
            let has_script = logo.bytes().windows(7).any(|bytes| bytes == b"<script");
            assert!(!has_script && logo.bytes().starts_with(b"\x89PNG"), "{format:?}");
        }
    }

    #[test]
    fn what_is_no_picture_within_reason_is_refused() {
        let png = |picture: &DynamicImage| file(picture, ImageFormat::Png);
        let small = png(&noise(50, 50));
        // A header that promises a picture of 60,000 by 60,000.
        let mut bomb = small.clone();
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let tall: DynamicImage = RgbImage::new(1, SIDE_MAX + 1).into();
        let mut steps = file(&noise(8, 8), ImageFormat::Jpeg);
        steps.extend([0xff, 0xda].repeat(SCANS_MAX));
        for (what, file, expected) in [
            ("nothing", vec![], "not a PNG, JPEG or WebP picture"),
            ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "not a PNG, JPEG or WebP picture"),
            ("HTML", b"<!doctype html><script>".to_vec(), "not a PNG, JPEG or WebP picture"),
            ("GIF", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), "not a PNG, JPEG or WebP picture"),
            ("the first bytes", small[..8].to_vec(), "a picture that cannot be read"),
            ("cut off", small[..small.len() / 2].to_vec(), "a picture that cannot be read"),
            ("a bomb", bomb, "more than 2048 pixels wide or high, or too costly to read"),
            ("too tall", png(&tall), "more than 2048 pixels wide or high, or too costly to read"),
            ("many steps", steps, "more than 2048 pixels wide or high, or too costly to read"),
        ] {
            assert_eq!(expected, words(read(&file)), "{what}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = file(&noise(20, 20), format);
            for at in 0..whole.len().min(400) {
                let mut broken = whole.clone();
                broken[at] ^= 0xff;
                let _ = read(&broken);
            }
        }
    }

    /// Of a PNG's chunk.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
        })
    }
}
