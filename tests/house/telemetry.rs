//! What is logged and counted is said in one room.

use crate::tree::{File, code, fail_if_any, source, tree};
use regex::Regex;

/// Lines that log or count by themselves. `use` of what would let them do so is one, too.
fn raw_lines(file: &File) -> Vec<String> {
    let raw = Regex::new(r"(?:^|[^\w:])(?:::)?(?:tracing|metrics)::[\w{*]+").unwrap();
    let hits = code(&file.text).filter_map(|(number, line)| raw.find(line).map(|hit| (number, hit.as_str().trim().to_string())));
    hits.map(|(number, hit)| format!("{}:{number}: {hit}", file.path)).collect()
}

#[test]
fn only_telemetry_logs_and_counts() {
    let files = tree();
    let elsewhere = source(&files).filter(|f| !f.path.starts_with("src/telemetry/"));
    fail_if_any(
        elsewhere.flat_map(raw_lines).collect(),
        "make it an event in src/telemetry, in the file of its subject, and call its `emit`",
    );
}

#[test]
fn the_rule_finds_what_it_forbids() {
    let found = |text: &str| raw_lines(&File { path: "src/daemon/a.rs".into(), text: text.into() }).len();
    for forbidden in [
        "tracing::info!(count, \"written\");",
        "Err(error) => tracing::debug!(%error, \"x\"),",
        "use tracing::warn;",
        "use tracing::{error, info};",
        "    ::tracing::error!(\"x\");",
        "metrics::counter!(\"nayose_x_total\").increment(1);",
        "use metrics::gauge;",
    ] {
        assert_eq!(found(forbidden), 1, "{forbidden}");
    }
    for allowed in [
        "// as tracing::info! does",
        "use crate::telemetry::reading::StreamRead;",
        "use tracing_subscriber::EnvFilter;",
        "route(\"/metrics\", get(api::metrics))",
        "self.metrics.text()",
        "mod metrics;",
        "log::begin(form)",
    ] {
        assert_eq!(found(allowed), 0, "{allowed}");
    }
}
