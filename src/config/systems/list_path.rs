//! Where a list is.

use super::settings::Outside;
use crate::config::document::TomlEntry;
use std::path::PathBuf;

/// Where a list is; nothing is looked at yet, as lists come and go.
pub fn place(entry: &TomlEntry, outside: &Outside) -> Option<PathBuf> {
    let text = entry.filled_text()?;
    let path = outside.folder.join(text);
    let folders = path.parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default();
    if folders.contains(['*', '?']) || text.ends_with('/') || path.file_name().is_none() {
        entry.report(
            format!("{text:?} names no file"),
            "expected a file, or a pattern of files of one folder, as \"inbox/cards/*.xlsx\"; a relative path begins at the config folder",
        );
        return None;
    }
    Some(path)
}
