//! Reads a request or an invitation out of a photo of its QR code.
//!
//! A photo comes from a camera, or from whoever got hold of a form: its size is bounded before a pixel
//! of it is unpacked, one is unpacked at a time, and where a decoder gives up in a panic, that is an
//! answer like any other.
//!
//! - Standard: ISO/IEC 18004, "QR code bar code symbology specification".

use super::texts::T;
use crate::page::File;
use crate::problem::{Kind, Problem};
use image::imageops::thumbnail;
use image::{GrayImage, ImageError, ImageFormat, ImageReader, Limits};
use rqrr::PreparedImage;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Cursor;
use tokio::sync::Semaphore;

/// Gives the text of the one code in what was sent with a form; nothing if no photo was chosen.
pub(super) async fn sent(file: File) -> Result<Option<String>, Problem> {
    match file {
        File::Nothing => Ok(None),
        File::Whole(photo) => read(photo).await.map(Some),
        File::TooLarge => Err(PhotoError::TooLarge.into()),
    }
}

/// Gives the text of the one code in a photo.
async fn read(photo: Vec<u8>) -> Result<String, Problem> {
    let _turn = UNPACKING.acquire().await;
    let found = tokio::task::spawn_blocking(move || text(&photo)).await;
    found.unwrap_or(Err(PhotoError::NoPhoto)).map_err(Problem::from)
}

/// Why nothing is read from a photo. The person who sent it can do something about each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhotoError {
    /// Nothing was sent.
    Nothing,
    /// More bytes than are read.
    TooLarge,
    /// It is another kind of file, or damaged.
    NoPhoto,
    /// More pixels than are unpacked.
    TooFine,
    /// There is none, or it is too small or too dark to be seen.
    NoCode,
    /// One was seen, and it does not read.
    Blurred,
    /// Nobody knows which of them is meant.
    Several,
}

impl From<PhotoError> for Problem {
    fn from(error: PhotoError) -> Self {
        let (why, hint) = match error {
            PhotoError::Nothing => (T.photo_no_none, T.photo_nothing),
            PhotoError::TooLarge => (T.photo_no_large, T.photo_smaller),
            PhotoError::NoPhoto => (T.photo_no_kind, T.photo_kinds),
            PhotoError::TooFine => (T.photo_no_fine, T.photo_smaller),
            PhotoError::NoCode => (T.photo_no_code, T.photo_closer),
            PhotoError::Blurred => (T.photo_no_clear, T.photo_still),
            PhotoError::Several => (T.photo_no_single, T.photo_alone),
        };
        Self::new(Kind::Invalid, T.photo_unread).because(why).hint(hint)
    }
}

/// Finds the one code in the bytes of a photo.
pub(super) fn text(photo: &[u8]) -> Result<String, PhotoError> {
    if photo.is_empty() {
        return Err(PhotoError::Nothing);
    }
    let whole = unpacked(photo)?;
    let mut blurred = false;
    for photo in sizes(&whole) {
        let seen = codes(&photo);
        blurred |= seen.blurred;
        let mut texts = seen.texts.into_iter();
        match (texts.next(), texts.next()) {
            (Some(text), None) => return Ok(text),
            (Some(_), Some(_)) => return Err(PhotoError::Several),
            (None, _) => {}
        }
    }
    Err(if blurred { PhotoError::Blurred } else { PhotoError::NoCode })
}

fn unpacked(photo: &[u8]) -> Result<GrayImage, PhotoError> {
    let format = image::guess_format(photo).map_err(|_| PhotoError::NoPhoto)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(PhotoError::NoPhoto);
    }
    let reader = || ImageReader::with_format(Cursor::new(photo), format);
    let (width, height) = reader().into_dimensions().map_err(|_| PhotoError::NoPhoto)?;
    if u64::from(width).saturating_mul(u64::from(height)) > MOST_PIXELS {
        return Err(PhotoError::TooFine);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = reader();
    reader.limits(limits);
    let whole = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => PhotoError::TooFine,
        _ => PhotoError::NoPhoto,
    })?;
    Ok(whole.into_luma8())
}

/// Gives the photo in the sizes a code is looked for at.
fn sizes(whole: &GrayImage) -> impl Iterator<Item = Cow<'_, GrayImage>> {
    let longer = whole.width().max(whole.height());
    let smaller = SIDES
        .into_iter()
        .filter(move |side| *side == WHOLE || *side < longer)
        .map(|side| smaller(whole, side));
    let area = u64::from(whole.width()).saturating_mul(u64::from(whole.height()));
    let is_screen = area <= MOST_OF_A_SCREEN;
    smaller.chain(is_screen.then(|| Cow::Owned(doubled(whole))))
}

/// Gives the photo with each pixel twice as wide and high: on a screen a square of a fine code has two or
/// three of them, which is less than what is looked for.
fn doubled(whole: &GrayImage) -> GrayImage {
    let twice = |length: u32| length.saturating_mul(2);
    GrayImage::from_fn(twice(whole.width()), twice(whole.height()), |x, y| {
        whole.get_pixel_checked(x / 2, y / 2).copied().unwrap_or(image::Luma([u8::MAX]))
    })
}

/// Gives the photo so that its longer side is at most `side` pixels.
fn smaller(whole: &GrayImage, side: u32) -> Cow<'_, GrayImage> {
    let (width, height) = whole.dimensions();
    let longer = width.max(height);
    if side >= longer {
        return Cow::Borrowed(whole);
    }
    let scaled = |length: u32| {
        let scaled = u64::from(length).saturating_mul(u64::from(side)) / u64::from(longer.max(1));
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    Cow::Owned(thumbnail(whole, scaled(width), scaled(height)))
}

/// What codes are seen.
struct Seen {
    texts: BTreeSet<String>,
    /// Whether one is there that does not read.
    blurred: bool,
}

fn codes(photo: &GrayImage) -> Seen {
    let (width, height) = photo.dimensions();
    let size = |length: u32| usize::try_from(length).unwrap_or_default();
    let shade = |x: usize, y: usize| {
        let place = |at: usize| u32::try_from(at).unwrap_or_default();
        photo.get_pixel_checked(place(x), place(y)).map_or(u8::MAX, |pixel| pixel.0[0])
    };
    let mut prepared = PreparedImage::prepare_from_greyscale(size(width), size(height), shade);
    let mut seen = Seen { texts: BTreeSet::new(), blurred: false };
    for code in prepared.detect_grids() {
        match code.decode() {
            Ok((_, text)) => seen.texts.extend([text]),
            Err(_) => seen.blurred = true,
        }
    }
    seen
}

/// One photo at a time: each takes up to a few hundred megabytes for a moment.
static UNPACKING: Semaphore = Semaphore::const_new(1);
/// A phone's camera takes 12 to 24 million.
const MOST_PIXELS: u64 = 25_000_000;
/// Bytes a decoder may take for the pixels.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
/// The sizes a code is looked for at: what is a square of the code and what is noise of the camera is
/// told apart best in a photo that is not too fine.
const SIDES: [u32; 3] = [1600, WHOLE, 700];
const WHOLE: u32 = u32::MAX;
/// Pixels of a long page on a large screen; twice as wide and high it still is no larger than a photo.
const MOST_OF_A_SCREEN: u64 = 6_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, Luma, Rgb, RgbImage};
    use proptest::prelude::*;
    use qrcode::{Color, EcLevel, QrCode};

    /// Draws codes beside each other on a wall, `scale` pixels to a square.
    fn wall(width: u32, height: u32, scale: u32, texts: &[&str]) -> RgbImage {
        let mut wall = RgbImage::from_pixel(width, height, Rgb([200, 190, 180]));
        let mut left = 40;
        for text in texts {
            let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
            let (side, colors) = (code.width() as u32, code.to_colors());
            let edge = 4 * scale;
            for (x, y) in (0..side * scale + 2 * edge)
                .flat_map(|x| (0..side * scale + 2 * edge).map(move |y| (x, y)))
            {
                let inside =
                    |at: u32| at.checked_sub(edge).map(|at| at / scale).filter(|at| *at < side);
                let dark = inside(x)
                    .zip(inside(y))
                    .is_some_and(|(x, y)| colors[(y * side + x) as usize] == Color::Dark);
                wall.put_pixel(left + x, 60 + y, Rgb(if dark { [20, 20, 25] } else { [250; 3] }));
            }
            left += side * scale + 2 * edge + 60;
        }
        wall
    }

    fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn challenge() -> String {
        format!("countersign:challenge:{}", "eyJub25jZSI6Ik1ERXlNelEx".repeat(18))
    }

    #[test]
    fn a_code_is_read_from_a_photo_a_screenshot_and_out_of_a_corner() {
        let text = challenge();
        let texts = [text.as_str()];
        for (name, picture) in [
            ("a screenshot", file(wall(1280, 900, 4, &texts), ImageFormat::Png)),
            ("a photo", file(wall(2400, 1800, 9, &texts), ImageFormat::Jpeg)),
            ("a photo of a room", file(wall(4000, 3000, 5, &texts), ImageFormat::Jpeg)),
            (
                "one that was turned",
                file(image::imageops::rotate90(&wall(1280, 900, 4, &texts)), ImageFormat::Jpeg),
            ),
        ] {
            assert_eq!(super::text(&picture).as_deref(), Ok(text.as_str()), "{name}");
        }
    }

    #[test]
    fn each_photo_without_one_code_says_what_is_wrong_with_it() {
        let one = wall(900, 600, 6, &["countersign"]);
        let mut torn = one.clone();
        for (x, y) in (120..190).flat_map(|x| (140..190).map(move |y| (x, y))) {
            torn.put_pixel(x, y, Rgb([20, 20, 25]));
        }
        let jpeg = file(one, ImageFormat::Jpeg);
        for (photo, expected) in [
            (Vec::new(), PhotoError::Nothing),
            (b"countersign:challenge:abc".to_vec(), PhotoError::NoPhoto),
            (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), PhotoError::NoPhoto),
            (jpeg[..40].to_vec(), PhotoError::NoPhoto),
            (file(wall(900, 600, 6, &[]), ImageFormat::Jpeg), PhotoError::NoCode),
            (file(wall(900, 600, 6, &["one", "two"]), ImageFormat::Png), PhotoError::Several),
            (file(torn, ImageFormat::Png), PhotoError::Blurred),
            (
                file(GrayImage::from_pixel(6000, 5000, Luma([255])), ImageFormat::Png),
                PhotoError::TooFine,
            ),
        ] {
            assert_eq!(text(&photo), Err(expected));
        }
    }

    /// An invitation fills a code of a hundred squares and more, which a page has room for at two and a bit.
    #[test]
    fn a_fine_code_is_read_from_a_long_page() {
        let text = format!("countersign:invite:{}", "g4VkZGVtbwQMGQOEGQEs".repeat(40));
        let drawn = wall(1400, 1400, 8, &[text.as_str()]);
        let (width, height) = (drawn.width() * 9 / 32, drawn.height() * 9 / 32);
        let nearest = image::imageops::FilterType::Nearest;
        let drawn = image::imageops::resize(&drawn, width, height, nearest);
        let mut page = RgbImage::from_pixel(1280, 3000, Rgb([250, 250, 245]));
        image::imageops::replace(&mut page, &drawn, 300, 2500);
        let photo = file(page, ImageFormat::Png);
        assert_eq!(super::text(&photo).as_deref(), Ok(text.as_str()));
    }

    #[test]
    fn the_same_code_twice_is_one_request() {
        let photo = file(wall(900, 600, 6, &["one", "one"]), ImageFormat::Png);
        assert_eq!(text(&photo).as_deref(), Ok("one"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever bytes come, there is an answer, and never a request nobody drew.
        #[test]
        fn noise_is_no_request(mut noise in prop::collection::vec(any::<u8>(), 0..2000), kind in 0..3_usize) {
            let start: &[u8] = [&b""[..], &[0xFF, 0xD8, 0xFF, 0xE0], &[0x89, b'P', b'N', b'G', 13, 10, 26, 10]][kind];
            noise.splice(..0, start.iter().copied());
            prop_assert!(text(&noise).is_err());
        }

        /// A damaged photo has the code it had, or none.
        #[test]
        fn a_damaged_photo_never_says_something_else(
            png: bool,
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        ) {
            let format = if png { ImageFormat::Png } else { ImageFormat::Jpeg };
            let mut photo = file(wall(400, 300, 4, &["countersign"]), format);
            for (at, byte) in hits {
                let at = at.index(photo.len());
                photo[at] = byte;
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            if let Ok(found) = runtime.block_on(read(photo)) {
                prop_assert_eq!(found, "countersign");
            }
        }
    }
}
