//! What stands in lists and waits for a person to carry it over.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::model::{Name, Time, counted};
use serde::{Deserialize, Serialize};

/// Lists of one system that were not seen to be carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportAwaited {
    pub since: String,
    pub records: usize,
    /// The folder that the lists lie in.
    pub folder: String,
}

/// A record of which something stands in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InList {
    pub record: String,
    pub since: String,
}

impl Engine {
    /// Of a system that is written to by lists: since when one waits to be imported.
    pub(super) fn import_awaited(&self, system: &Name) -> Option<ImportAwaited> {
        let (since, records) = self.waits_for_import(system)?;
        let folder = self.systems.get(system)?.connected.abilities().by_hand.as_deref()?.to_string();
        Some(ImportAwaited { since: since.rfc3339(), records, folder })
    }

    /// What an operator should know of lists: those that wait, and those that could not be written.
    pub(super) fn lists_told(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, system) in self.systems.iter() {
            if let Some(ImportAwaited { since, records, folder }) = self.import_awaited(name) {
                let people = counted(records, "person is", "people are");
                lines.push(format!(
                    "{name}: waiting for an import since {since}: {people} in the lists in {folder}, and nothing of it is in force until the tool's own export shows it"
                ));
            }
            lines.extend(system.by_hand.trouble().map(|why| format!("{name}: not all that is due is in a list: {why}")));
        }
        lines
    }

    /// Of a person's records, those of which something stands in a list.
    pub(super) fn in_lists(&self, members: &[Idx]) -> Vec<InList> {
        let told = members.iter().filter_map(|idx| {
            let slot = self.world.slot(*idx);
            let system = self.systems.get(&slot.id.system).filter(|s| s.outbox.contains_key(idx))?;
            system.connected.abilities().by_hand.as_deref()?;
            let since: Time = self.targets.listed(*idx)?.waits_since()?;
            Some(InList { record: slot.id.to_string(), since: since.rfc3339() })
        });
        told.collect()
    }
}
