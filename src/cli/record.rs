//! `nayose connector try SYSTEM --record DIR`: each way of reading is asked once, and the answers are kept, made harmless.

use super::open;
use crate::config::System;
use crate::connector::network::Network;
use crate::connector::recording::asked::ask_each_way;
use crate::connector::recording::kept;
use crate::connector::recording::taken::ListeningWay;
use crate::connector::transport::Wire;
use crate::connector::{Connector, RestConnector};
use crate::model::{Name, ShortText, Span};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Changes are asked for since so long ago.
const CHANGES_OF: Span = Span::days(7);
/// Records that are asked for by their ids, and deals whose people are.
pub const BY_ID: usize = 3;

/// A system's connector, and who listens to it.
pub struct Recorder {
    pub connector: RestConnector,
    listener: Arc<ListeningWay>,
    system: System,
    folder: PathBuf,
}

impl Recorder {
    /// `Err`: nothing can be kept there, or of this system, and why.
    pub fn new(folder: &Path, system: &System, network: &Network) -> Result<Recorder, String> {
        if system.settings.lists.is_some() {
            return Err("a list is a file: there is nothing that it answers to be kept".to_string());
        }
        kept::is_free(folder).map_err(|e| e.to_string())?;
        let wire = Wire::of(network).map_err(|e| format!("no HTTPS: {e}"))?;
        let listener = Arc::new(ListeningWay::new(wire.transport, system.manifest.limits.answer_bytes_max));
        let wire = Wire { transport: listener.clone(), timer: wire.timer };
        let connector = RestConnector::over(wire, network, &system.manifest, &system.settings, open::clock());
        let connector = connector.map_err(|why| why.join("; "))?;
        Ok(Recorder { connector, listener, system: system.clone(), folder: folder.to_path_buf() })
    }

    /// Asks what was not asked yet, and writes the files. `seen`: ids of each stream's first records. `Err`: nothing was written, and why.
    pub async fn keep(&self, seen: &BTreeMap<Name, Vec<ShortText>>) -> Result<Json, String> {
        ask_each_way(&self.connector, seen, open::wall().minus(CHANGES_OF)).await;
        let taken = self.listener.taken(self.connector.address());
        let salt = open::wall().0.unsigned_abs() as usize;
        let files = kept::files(&self.system.manifest, &self.system.settings, &taken, salt).map_err(|e| e.to_string())?;
        kept::write(&self.folder, &files).map_err(|e| e.to_string())?;
        Ok(json!({ "folder": self.folder.display().to_string(), "exchanges": files.len() - 1 }))
    }
}
