//! The ticket's head: a stage between its curtains with the ghost light on, as dots.
//!
//! Drawn as grey first, then turned into dots by ordered dithering (Bayer, 8 x 8), which thermal
//! heads print evenly.

use super::escpos::Raster;

/// Dots across the head of an 80 mm printer.
pub const WIDTH: i32 = 576;
const HEIGHT: i32 = 264;

/// Where the bare bulb hangs that theatres leave on overnight.
const BULB: (f64, f64) = (288.0, 112.0);
const FLOOR: f64 = 228.0;

/// The picture above the ticket's text.
pub fn stage() -> Raster {
    dither(WIDTH, HEIGHT, |x, y| grey(f64::from(x), f64::from(y)))
}

/// A dashed line across the paper.
pub fn perforation() -> Raster {
    dither(WIDTH, 3, |x, _| if x % 16 < 9 { 0.0 } else { 1.0 })
}

/// A heavy line over a light one, `inset` dots from both edges.
pub fn rule(inset: i32) -> Raster {
    dither(WIDTH, 7, |x, y| {
        let within = x >= inset && x < WIDTH - inset;
        if within && (y < 3 || y == 6) {
            0.0
        } else {
            1.0
        }
    })
}

/// How light a point is, 0 black to 1 white.
fn grey(x: f64, y: f64) -> f64 {
    // Everything but the light is the same on the left and on the right.
    let side = (x - 288.0).abs();
    if let Some(tone) = valance(side, y) {
        return tone;
    }
    if let Some(tone) = curtain(side, y) {
        return tone;
    }
    if let Some(tone) = ghost_light(x, y) {
        return tone;
    }
    if y >= FLOOR {
        return floor(x, y);
    }
    backdrop(x, y)
}

/// The swags along the top, with a fringe.
fn valance(side: f64, y: f64) -> Option<f64> {
    const SWAG: f64 = 96.0;
    let within = (side + SWAG / 2.0).rem_euclid(SWAG) / SWAG;
    let hang = (within * std::f64::consts::PI).sin();
    let hem = 20.0 + 38.0 * hang;
    if y < 7.0 {
        return Some(0.0);
    }
    if y > hem + 9.0 {
        return None;
    }
    if y > hem {
        // Fringe: single threads below the hem.
        return Some(if (side as i64) % 4 < 2 { 0.0 } else { 1.0 });
    }
    if y > hem - 5.0 {
        return Some(if y > hem - 3.0 { 0.0 } else { 0.95 });
    }
    // Folds follow the swag's own curve.
    let depth = (y - 7.0) / (hem - 7.0);
    let fold = (depth * 4.5 * std::f64::consts::PI + hang).sin();
    Some(0.28 + 0.27 * fold * hang.max(0.25) + 0.1 * hang)
}

/// The house curtain, gathered at a tie-back on either side.
fn curtain(side: f64, y: f64) -> Option<f64> {
    const TIE: f64 = 150.0;
    let inner = if y < TIE {
        // Swings outwards from the middle down to the tie-back.
        let down = (y / TIE).clamp(0.0, 1.0);
        116.0 + 112.0 * down.powf(1.9)
    } else {
        // And falls straight, spreading a little.
        let down = ((y - TIE) / (FLOOR + 14.0 - TIE)).clamp(0.0, 1.0);
        228.0 - 36.0 * down.sqrt()
    };
    if side < inner || y > FLOOR + 14.0 {
        return None;
    }
    if (y - TIE).abs() < 6.0 {
        return Some(if (y - TIE).abs() < 4.0 { 0.95 } else { 0.0 });
    }
    if side < inner + 2.5 {
        return Some(0.0);
    }
    let across = (side - inner) / (288.0 - inner);
    let folds = (across * 5.5 * std::f64::consts::TAU).cos();
    Some((0.34 - 0.34 * folds - 0.12 * across).clamp(0.0, 0.9))
}

/// A bulb in its cage on a stand, in the middle of the stage.
fn ghost_light(x: f64, y: f64) -> Option<f64> {
    let from_bulb = (x - BULB.0).hypot((y - BULB.1) * 0.88);
    let across = (x - BULB.0).abs();
    if from_bulb < 19.0 {
        let filament = across < 7.0 && (y - BULB.1 - 1.0 - 3.0 * (x * 0.9).sin()).abs() < 1.3;
        let stem = (across - 7.0).abs() < 0.8 && y > BULB.1 && y < BULB.1 + 19.0;
        return Some(if filament || stem || from_bulb > 16.6 {
            0.0
        } else {
            1.0
        });
    }
    let base = FLOOR + 8.0;
    if across < 9.0 && (BULB.1 + 20.0..BULB.1 + 34.0).contains(&y) {
        return Some(if (y as i64) % 4 == 0 { 1.0 } else { 0.0 });
    }
    if across < 2.6 && (BULB.1 + 34.0..base).contains(&y) {
        return Some(0.0);
    }
    let foot = (across / 34.0).hypot((y - base) / 5.5);
    (foot < 1.0).then_some(if foot > 0.8 || y > base { 0.0 } else { 0.35 })
}

/// Boards running to the back, lit around the foot of the light.
fn floor(x: f64, y: f64) -> f64 {
    let depth = (y - FLOOR) / (f64::from(HEIGHT) - FLOOR);
    if y < FLOOR + 2.0 {
        return 0.0;
    }
    let board = ((x - 288.0) / (0.55 + 0.75 * depth) / 46.0).rem_euclid(1.0);
    if board < 0.05 {
        return 0.0;
    }
    let pool = ((x - 288.0) / 230.0).hypot((y - FLOOR - 10.0) / 32.0);
    (1.05 - 0.5 * pool).clamp(0.18, 1.0)
}

/// The dark house, lightened around the bulb, with long and short rays in turn.
fn backdrop(x: f64, y: f64) -> f64 {
    const RAYS: f64 = 20.0;
    let from_bulb = (x - BULB.0).hypot(y - BULB.1);
    let turns = (y - BULB.1).atan2(x - BULB.0) / std::f64::consts::TAU * RAYS;
    let off_ray = (turns - turns.round()).abs() / RAYS * std::f64::consts::TAU * from_bulb;
    let reach = if turns.round().rem_euclid(2.0) < 0.5 {
        112.0
    } else {
        78.0
    };
    let half_width = 3.4 * (1.0 - from_bulb / reach);
    if from_bulb > 27.0 && off_ray < half_width {
        return 1.0;
    }
    (0.96 - from_bulb / 250.0).clamp(0.16, 1.0)
}

/// Dots wherever the grey is darker than the pattern's threshold there.
fn dither(width: i32, height: i32, grey: impl Fn(i32, i32) -> f64) -> Raster {
    let mut dots = Vec::with_capacity((width / 8 * height) as usize);
    for y in 0..height {
        for first in (0..width).step_by(8) {
            let byte = (0..8).fold(0_u8, |byte, bit| {
                let x = first + bit;
                byte << 1 | u8::from(grey(x, y) < threshold(x, y))
            });
            dots.push(byte);
        }
    }
    Raster {
        width_bytes: u16::try_from(width / 8).expect("no head is that wide"),
        rows: u16::try_from(height).expect("no ticket is that long"),
        dots,
    }
}

/// The Bayer matrix of order 3, as fractions strictly between 0 and 1.
fn threshold(x: i32, y: i32) -> f64 {
    let mut rank = 0;
    for bit in 0..3 {
        let (across, down) = (x >> bit & 1, y >> bit & 1);
        rank = rank << 2 | (across ^ down) << 1 | down;
    }
    (f64::from(rank) + 0.5) / 64.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of_black(picture: &Raster) -> f64 {
        let black: u32 = picture.dots.iter().map(|byte| byte.count_ones()).sum();
        f64::from(black) / (picture.dots.len() as f64 * 8.0)
    }

    #[test]
    fn the_stage_fills_the_head_and_spares_it() {
        let picture = stage();
        assert_eq!(usize::from(picture.width_bytes) * 8, WIDTH as usize);
        assert_eq!(
            picture.dots.len(),
            usize::from(picture.width_bytes) * usize::from(picture.rows)
        );
        let black = share_of_black(&picture);
        assert!((0.2..0.6).contains(&black), "{black} of the dots are black");
    }

    #[test]
    fn a_grey_of_one_half_blackens_half_of_the_dots() {
        let black = share_of_black(&dither(64, 64, |_, _| 0.5));
        assert!((black - 0.5).abs() < 0.001, "{black}");
    }
}
