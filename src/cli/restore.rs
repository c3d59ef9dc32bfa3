//! `nayose restore`

use super::args::Common;
use super::{Exit, open, output};
use crate::config::SecretsWanted;
use crate::engine::answers::backup;
use crate::engine::open::info;
use crate::model::counted;
use std::path::Path;

pub fn restore(common: &Common, file: &Path) -> Exit {
    let config = match open::config_with(SecretsWanted::None, common) {
        Ok(config) => config,
        Err(error) => return open::refused(common, &error),
    };
    let folder = open::folder(&config);
    match backup::restore(&config.state, info(&config.rules), file, open::clock()()) {
        Ok(manifest) if common.json => output::json(&serde_json::json!({ "state": folder, "manifest": manifest })),
        Ok(manifest) => {
            output::data(&format!(
                "{} holds the state as of {} ({})",
                folder.display(),
                manifest.made_at,
                counted(manifest.items, "item", "items")
            ));
            output::note(
                "the config is not part of a backup. Only one nayose may write to your systems: stop the one that the backup is of. \
                 Everything is read anew before anything is released; `nayose status` shows what is left to read",
            );
        }
        Err(error) => {
            return common.end(Exit::Refused, &error.to_string());
        }
    }
    Exit::Done
}
