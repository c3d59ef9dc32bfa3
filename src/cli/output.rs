//! Printing.

use crate::model::{visible, visible_json};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Data to stdout. A reader that went away is no error of ours.
pub fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(visible(text).as_bytes());
    let _ = out.write_all(b"\n");
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

/// The same without the word. Nothing comes of it where nobody can read it: a reader that went away, a disk that is full.
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

/// A plain table that knows how wide Japanese text is.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
    table
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
