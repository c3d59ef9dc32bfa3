//! The shipped manifests and the engine behind them: against a small server on loopback that answers as it is told, badly too; against the
//! sandbox; and the sandbox itself, which must be as the vendors are.

mod capped;
mod conformance;
mod examples;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/fake/mod.rs"]
mod fake;
mod feed_changes;
mod field_history;
mod fields;
mod files;
mod instance;
mod labels;
mod lists;
mod look_ups;
mod merged_cells;
mod messages;
mod one_id;
mod reading;
mod recording;
mod refusals;
mod sandbox;
mod server;
mod signing;
mod vendors;
mod world;
mod writing;
