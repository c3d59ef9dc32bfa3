//! Codes that nobody can read: told for as long as records show them.

use super::without_code::ValuesByField;
use crate::engine::engine::Engine;
use crate::model::{Name, Record, counted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A code in one record that its connector's map does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeShown {
    pub record: String,
    pub code: String,
}

impl Engine {
    /// Those of each system.
    fn codes_by_system(&self) -> BTreeMap<&Name, ValuesByField<'_>> {
        let mut systems: BTreeMap<&Name, ValuesByField<'_>> = BTreeMap::new();
        for (idx, codes) in self.unknown_codes.iter().filter(|(idx, _)| !self.world.record(*idx).is_gone()) {
            let of = systems.entry(&self.world.slot(idx).id.system).or_default();
            codes.iter().for_each(|(field, code)| of.add(idx, field, code.to_string()));
        }
        systems
    }

    /// Which codes of which fields, and what to do.
    pub(super) fn codes_told(&self) -> Vec<String> {
        let line = |system: &Name, field: &Name, of: &super::without_code::Values| {
            let (holds, first) = (if of.records == 1 { "holds a code" } else { "hold codes" }, &self.world.slot(of.first).id);
            format!(
                "{system}: {field} of {} {holds} that the connector's map does not know: {}; the first is {first}. What stands there counts \
                 for nothing and is not written over. Add the codes to the map of {field} in the manifest",
                counted(of.records, "record", "records"),
                of.in_short(),
            )
        };
        let systems = self.codes_by_system();
        systems.iter().flat_map(|(system, fields)| fields.iter().map(|(field, of)| line(system, field, of))).collect()
    }

    /// How many fields of a system's records hold one.
    pub fn unknown_codes_of(&self, system: &Name) -> usize {
        self.codes_by_system().get(system).map_or(0, |fields| fields.iter().map(|(_, of)| of.records).sum())
    }

    /// Those of one field of a person's records.
    pub(super) fn codes_shown(&self, field: &Name, records: &[Record]) -> Vec<CodeShown> {
        let mut shown = Vec::new();
        for record in records {
            let codes = self.world.find(&record.id).map_or(&[][..], |idx| self.unknown_codes.of(idx));
            let of_field = codes.iter().filter(|(name, _)| name == field);
            shown.extend(of_field.map(|(_, code)| CodeShown { record: record.id.to_string(), code: code.to_string() }));
        }
        shown
    }
}
