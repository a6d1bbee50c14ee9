//! Pictures of tickets, read back dot by dot and held against each other.

use std::path::Path;

use anyhow::Context as _;

/// A picture in ink and paper, cropped to its ink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inked {
    width: usize,
    rows: Vec<Vec<bool>>,
}

impl Inked {
    /// Reads a PNG; shades under half are ink.
    ///
    /// # Errors
    /// When it is not a PNG, or bare.
    pub fn read(png: &[u8]) -> anyhow::Result<Self> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().context("read a PNG")?;
        let mut buffer = vec![
            0;
            reader
                .output_buffer_size()
                .context("a picture of some size")?
        ];
        let frame = reader.next_frame(&mut buffer)?;
        let samples = frame.color_type.samples();
        let width = frame.width as usize;
        let rows: Vec<Vec<bool>> = buffer[..frame.buffer_size()]
            .chunks(frame.line_size)
            .map(|row| {
                row.chunks(samples)
                    .take(width)
                    .map(|dot| dot[0] < 128)
                    .collect()
            })
            .collect();
        Self::cropped(&rows).context("the picture is bare")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or as [`Inked::read`].
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let png = std::fs::read(path).with_context(|| path.display().to_string())?;
        Self::read(&png).with_context(|| path.display().to_string())
    }

    fn cropped(rows: &[Vec<bool>]) -> Option<Self> {
        let inked = |row: &Vec<bool>| row.contains(&true);
        let top = rows.iter().position(inked)?;
        let bottom = rows.iter().rposition(inked)?;
        let left = rows
            .iter()
            .filter_map(|row| row.iter().position(|dot| *dot))
            .min()?;
        let right = rows
            .iter()
            .filter_map(|row| row.iter().rposition(|dot| *dot))
            .max()?;
        Some(Self {
            width: right - left + 1,
            rows: rows[top..=bottom]
                .iter()
                .map(|row| row[left..=right].to_vec())
                .collect(),
        })
    }

    /// Dots across and down.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.rows.len())
    }

    /// Of the dots inked in either, how many are inked in one alone, per cent; both laid corner on corner.
    #[must_use]
    pub fn difference_percent(&self, other: &Self) -> f64 {
        let dot = |picture: &Self, x: usize, y: usize| {
            picture
                .rows
                .get(y)
                .and_then(|row| row.get(x))
                .copied()
                .unwrap_or(false)
        };
        let (mut either, mut one) = (0_u64, 0_u64);
        for y in 0..self.rows.len().max(other.rows.len()) {
            for x in 0..self.width.max(other.width) {
                let (a, b) = (dot(self, x, y), dot(other, x, y));
                either += u64::from(a || b);
                one += u64::from(a != b);
            }
        }
        100.0 * one as f64 / either.max(1) as f64
    }
}
