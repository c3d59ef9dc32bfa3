//! What stands in lists and waits for a person to carry it over.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::model::{Name, Time, counted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
            lines.extend(told(name, self.import_awaited(name).as_ref(), system.by_hand.trouble()));
        }
        lines
    }

    /// Why some of what is due is in no list, by system.
    pub fn in_no_list(&self) -> BTreeMap<Name, String> {
        let told = self.systems.iter().filter_map(|(name, s)| Some((name.clone(), s.by_hand.trouble()?.to_string())));
        told.collect()
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

/// What is so of one system's lists.
fn told(system: &Name, awaited: Option<&ImportAwaited>, trouble: Option<&str>) -> Vec<String> {
    let awaited = awaited.map(|ImportAwaited { since, records, folder }| {
        let people = counted(*records, "person is", "people are");
        format!(
            "{system}: waiting for an import since {since}: {people} in the lists in {folder}, and nothing of it is in force until the tool's own export shows it"
        )
    });
    awaited.into_iter().chain(trouble.map(|why| format!("{system}: not all that is due is in a list: {why}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_wait_and_those_that_are_not_there_are_told_apart() {
        let awaited = ImportAwaited { since: "2026-11-30T09:00:00Z".into(), records: 1, folder: "outbox/ma".into() };
        let line = "ma: waiting for an import since 2026-11-30T09:00:00Z: 1 person is in the lists in outbox/ma, and nothing of it is in \
                    force until the tool's own export shows it";
        assert_eq!(told(&"ma".into(), Some(&awaited), None), [line]);
        let both = told(&"ma".into(), Some(&awaited), Some("no column"));
        assert_eq!(both, [line, "ma: not all that is due is in a list: no column"]);
        assert!(told(&"ma".into(), None, None).is_empty());
    }
}
