//! Printing and logging.

use super::args::Log;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Sets up logs on stderr: info for the daemon, warnings else.
pub fn logging(form: Log, daemon: bool) {
    let level = if daemon { "nayose=info,warn" } else { "nayose=warn,error" };
    let filter = EnvFilter::try_from_env("NAYOSE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match form {
        Log::Json => builder.json().try_init(),
        Log::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    // A second call in one process (the demo's) keeps the first one's form.
    let _ = set;
}

/// Data to stdout. A reader that went away is no error of ours.
pub fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.write_all(b"\n");
}

/// A value as JSON to stdout.
pub fn json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => data(&text),
        Err(error) => problem(&format!("the answer is no JSON: {error}")),
    }
}

/// A message for the reader to stderr.
pub fn problem(text: &str) {
    eprintln!("error: {text}");
}

pub fn note(text: &str) {
    eprintln!("{text}");
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
