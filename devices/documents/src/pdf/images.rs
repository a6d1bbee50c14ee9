//! The pictures in a page, counted before one of them is unpacked: a few bytes can say that they are 60,000
//! pixels on a side.
//!
//! Pictures in patterns and in the content itself are not counted; the process this runs in has limits of
//! memory and time for these.

use std::collections::HashSet;

use hayro::hayro_syntax::object::{Dict, Name, Object, Stream};
use hayro::hayro_syntax::page::Page;

use super::PdfError;
use crate::setup::Limits;

/// Pixels of a picture may be this many times those of a page: a scan is finer than a print head.
const FINER: u64 = 2;
/// Pictures and forms of one page that are looked at.
const LOOKED_AT_MAX: usize = 5_000;

/// Checks the size of each picture in a page and in the forms it draws.
pub(super) fn check(page: &Page<'_>, number: u32, limits: &Limits) -> Result<(), PdfError> {
    let mut waiting = vec![page.resources().x_objects.clone()];
    let mut seen = HashSet::new();
    while let Some(x_objects) = waiting.pop() {
        let names: Vec<Name<'_>> = x_objects.keys().collect();
        for name in names {
            // What is drawn twice is looked at once, which also ends circles.
            if let Some(object) = x_objects.get_ref(&name)
                && !seen.insert((object.obj_number, object.gen_number))
            {
                continue;
            }
            if seen.len() > LOOKED_AT_MAX {
                return Err(PdfError::TooMuchInPage { page: number });
            }
            let Some(stream) = x_objects.get::<Stream<'_>>(&name) else {
                continue;
            };
            let dict = stream.dict();
            check_picture(dict, number, limits)?;
            if let Some(mask) = dict.get::<Stream<'_>>(b"SMask".as_slice()) {
                check_picture(mask.dict(), number, limits)?;
            }
            let inner = dict.get::<Dict<'_>>(b"Resources".as_slice());
            waiting.extend(inner.and_then(|dict| dict.get::<Dict<'_>>(b"XObject".as_slice())));
        }
    }
    Ok(())
}

fn check_picture(dict: &Dict<'_>, number: u32, limits: &Limits) -> Result<(), PdfError> {
    let side = |key: &[u8]| {
        let pixels = dict.get::<Object<'_>>(key).and_then(Object::into_f32);
        // Floating point is cut to what there is room for, and to 0 below.
        pixels.map_or(0, |pixels| pixels as u64)
    };
    let (width, height) = (side(b"Width"), side(b"Height"));
    if width.saturating_mul(height) <= limits.pixels_max * FINER {
        return Ok(());
    }
    Err(PdfError::ImageTooLarge {
        page: number,
        width,
        height,
        pixels_max: limits.pixels_max * FINER,
    })
}
