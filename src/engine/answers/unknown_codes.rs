//! Codes that nobody can read: told for as long as records show them.

use super::without_code::{Values, ValuesByField};
use crate::engine::engine::Engine;
use crate::model::{Name, Record, RecordId, counted};
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
        let systems = self.codes_by_system();
        systems
            .iter()
            .flat_map(|(system, fields)| fields.iter().map(|(field, of)| told(system, field, of, &self.world.slot(of.first).id)))
            .collect()
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

/// What is so, and what to do.
fn told(system: &Name, field: &Name, of: &Values, first: &RecordId) -> String {
    let holds = if of.records == 1 { "holds a code" } else { "hold codes" };
    format!(
        "{system}: {field} of {} {holds} that the connector's map does not know: {}; the first is {first}. What stands there counts for nothing \
         and is not written over. Add the codes to the map of {field} in the manifest",
        counted(of.records, "record", "records"),
        of.in_short(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_with_its_codes_and_the_first_record() {
        let field: Name = "industry".into();
        let mut values = ValuesByField::default();
        for (idx, code) in [(1, "98"), (1, "99"), (2, "99")] {
            values.add(idx, &field, code.into());
        }
        let (_, of) = values.iter().next().unwrap();
        let told = told(&"ma".into(), &field, of, &"ma:person:1".parse().unwrap());
        let begins = "ma: industry of 2 records hold codes that the connector's map does not know: \"99\" (2), \"98\" (1); the first is ma:person:1.";
        assert!(told.starts_with(begins), "{told}");
    }
}
