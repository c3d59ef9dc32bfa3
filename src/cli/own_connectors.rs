//! The user's own folder of connectors.

use super::args::Common;
use std::path::PathBuf;

/// The folder that systems.toml names, as far as it names one; the rest of the config need not be right.
pub fn own_folder(common: &Common) -> Option<PathBuf> {
    let text = std::fs::read_to_string(common.config.join("systems.toml")).ok()?;
    let table: toml::Table = toml::from_str(&text).ok()?;
    Some(common.config.join(table.get("connectors")?.as_str()?))
}
