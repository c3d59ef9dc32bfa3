//! `nayose connector new NAME`

use super::args::Common;
use super::own_connectors::own_folder;
use super::{Exit, output};
use crate::connector::new;
use serde_json::json;

/// The folder of connectors beside the config, where systems.toml names none.
const FOLDER: &str = "connectors";

pub fn new(common: &Common, name: &str) -> Exit {
    let own = own_folder(common);
    let connectors = own.clone().unwrap_or_else(|| common.config.join(FOLDER));
    let folder = match new::make(name, &connectors) {
        Ok(folder) => folder,
        Err(why) => return common.end(Exit::Refused, &why.to_string()),
    };
    let mut next = Vec::new();
    if own.is_none() {
        next.push(format!("put {FOLDER} = {FOLDER:?} at the top of systems.toml, above the first table"));
    }
    next.push(format!("make {} your system's, with answers of it in examples/; docs/connectors.md goes with you", folder.display()));
    next.push(format!("run `nayose connector test {name}` after each step"));
    if common.json {
        output::json(&json!({ "connector": name, "folder": folder.display().to_string(), "next": next }));
    } else {
        output::line(&format!("{} is made, and passes its tests as it stands. Now:", folder.display()));
        next.iter().for_each(|step| output::line(&format!("- {step}")));
    }
    Exit::Done
}
