//! Aligned columns of plain text.

use std::fmt;

/// A table with a heading; cells are shown as they are given.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Begins with the columns' headings.
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned).to_vec()],
        }
    }

    /// Adds a row of as many cells as there are headings.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.rows[0].len());
        // A line break or a terminal's control code in a name must not tear the table.
        let clean = |cell: String| -> String {
            cell.chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect()
        };
        self.rows.push(cells.map(clean).to_vec());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:width$}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_with_text() {
        let mut table = Table::new(["PRINTER", "STATE"]);
        table.row(["front".to_owned(), "ready".to_owned()]);
        table.row(["über-printer".to_owned(), String::new()]);
        let expected = "PRINTER       STATE\nfront         ready\nüber-printer\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn control_characters_stay_out() {
        let mut table = Table::new(["TITLE"]);
        table.row(["a\nb\u{1b}[2J".to_owned()]);
        assert_eq!(table.to_string(), "TITLE\na b [2J\n");
    }
}
