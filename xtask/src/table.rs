//! A plain table: columns as wide as their longest cell, two spaces between them.

/// The rows as text. The first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();

    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Creates one row from values that implement `Display`.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$($cell.to_string()),+] };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up_and_lines_have_no_trailing_spaces() {
        let rows = [row!["step", "result", "seconds"], row!["fmt", "ok", 1], row!["documentation", "failed", 12.5]];
        let expected = "\
step           result  seconds
fmt            ok      1
documentation  failed  12.5
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn width_counts_letters_and_not_bytes() {
        assert_eq!(table(&[row!["é", "x"], row!["ab", "y"]]), "é   x\nab  y\n");
    }

    #[test]
    fn short_rows_and_no_rows_are_fine() {
        assert_eq!(table(&[row!["a"], row!["b", "c"]]), "a\nb  c\n");
        assert_eq!(table(&[]), "");
    }
}
