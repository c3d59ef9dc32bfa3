//! Printing.

use crate::model::{visible, visible_json, visible_line};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::fmt;
use std::io::{IsTerminal, Write};

/// Data to stdout. A reader that went away is no error of ours.
pub fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(visible(text).as_bytes());
    let _ = out.write_all(b"\n");
}

/// One line of data to stdout: a line break within it begins no line of its own.
pub fn line(text: &str) {
    data(&visible_line(text));
}

/// A text of these lines; a line break within one begins no line of its own.
pub fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| visible_line(line)).collect::<Vec<_>>().join("\n")
}

/// Data to stdout as it is, byte by byte, for another program.
pub fn raw(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// A value as JSON to stdout.
pub fn json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => data(&visible_json(&text)),
        Err(error) => problem(&format!("the answer is no JSON: {error}")),
    }
}

/// A message for the reader to stderr.
pub fn problem(text: &str) {
    note(&format!("error: {text}"));
}

/// A message for the reader to stderr, on one line.
pub fn problem_line(text: &str) {
    problem(&visible_line(text));
}

/// One line of a message for the reader to stderr.
pub fn note_line(text: &str) {
    note(&visible_line(text));
}

/// A message for the reader to stderr, without a word before it. Nothing comes of it where nobody can read it: a reader that went away, a disk that is full.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(text));
}

/// The beginning of a text for a column, whose whole is told elsewhere.
pub fn shortened(text: &str) -> String {
    const CHARS: usize = 60;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{} ..", text[..end].trim_end()),
        None => text.to_string(),
    }
}

/// A plain table that knows how wide Japanese text is. Each of its rows is one line.
pub struct Columns(Table);

/// A table without rows.
pub fn table(header: &[&str]) -> Columns {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
    Columns(table)
}

impl Columns {
    /// Adds a row.
    pub fn add_row(&mut self, cells: Vec<String>) {
        self.0.add_row(cells.iter().map(|cell| visible_line(cell)).collect::<Vec<_>>());
    }

    /// The table, line by line.
    pub fn lines(&self) -> Vec<String> {
        self.0.lines().collect()
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A spinner on a terminal, nothing on a pipe.
pub fn progress(what: &'static str) -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_within_a_value_begins_no_line() {
        assert_eq!(
            lines(&["a\nprotection: protecting".into(), "b\r\u{85}\u{2028}c".into()]),
            "a\u{fffd}protection: protecting\nb\u{fffd}\u{fffd}\u{fffd}c"
        );
        let mut table = table(&["record", "why"]);
        table.add_row(vec!["ma:person:1".into(), "no\nma:person:2  fine".into()]);
        let told: Vec<String> = table.lines().iter().map(|line| line.trim().to_string()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].ends_with("no\u{fffd}ma:person:2  fine"), "{told:?}");
        assert_eq!(table.to_string().lines().count(), 2);
    }
}
