//! Fields that are not written as they should be, for want of a code.

use crate::engine::delivery::without_code::WithoutCode;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::model::{Name, RecordId, counted};
use std::collections::BTreeMap;

/// Values that are told of one field.
const VALUES_TOLD_MAX: usize = 8;

impl Engine {
    /// Fields that are not written as they should be, for want of a code.
    pub fn values_without_code(&self) -> Vec<String> {
        let slots = |idx: Idx| &self.world.slot(idx).id;
        self.systems.iter().flat_map(|(name, system)| told(&system.without_code, name, slots)).collect()
    }
}

/// What is so, field by field, and what to do.
fn told<'w>(found: &WithoutCode, system: &Name, id: impl Fn(Idx) -> &'w RecordId) -> Vec<String> {
    let mut fields: BTreeMap<&Name, (Idx, usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for (idx, values) in found.iter() {
        for (field, value) in values {
            let (_, records, counts) = fields.entry(field).or_insert((idx, 0, BTreeMap::new()));
            *records += 1;
            *counts.entry(value.to_string()).or_default() += 1;
        }
    }
    let line = |(field, (first, records, counts)): (&Name, (Idx, usize, BTreeMap<String, usize>))| {
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let more = match counts.len().saturating_sub(VALUES_TOLD_MAX) {
            0 => String::new(),
            more => format!(" and {more} other values"),
        };
        let values: Vec<String> = counts.iter().take(VALUES_TOLD_MAX).map(|(value, count)| format!("{value:?} ({count})")).collect();
        format!(
            "{system}: {field} is not written to {}, as the connector's map has no code for {}{more}; the first is {}. Add the codes \
             to the map of {field} in the manifest",
            counted(records, "record", "records"),
            values.join(", "),
            id(first)
        )
    };
    fields.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn each_field_is_told_with_its_values_and_a_record_until_they_are_known() {
        let ids: Vec<RecordId> = (0..4).map(|i| format!("ma:person:{i}").parse().unwrap()).collect();
        let industry = |value: &str| ("industry".into(), Value::text(value));
        let mut found = WithoutCode::default();
        found.note(1, &[industry("sold")]);
        found.note(2, &[industry("lent"), ("size".into(), Value::text("big"))]);
        found.note(3, &[industry("lent")]);
        let told = |found: &WithoutCode| super::told(found, &"ma".into(), |idx| &ids[idx as usize]);
        assert_eq!(
            told(&found),
            [
                "ma: industry is not written to 3 records, as the connector's map has no code for \"lent\" (2), \"sold\" (1); the first is \
                 ma:person:1. Add the codes to the map of industry in the manifest",
                "ma: size is not written to 1 record, as the connector's map has no code for \"big\" (1); the first is ma:person:2. Add \
                 the codes to the map of size in the manifest",
            ]
        );
        for idx in 0..4 {
            found.note(idx, &[]);
        }
        assert!(told(&found).is_empty());
    }

    #[test]
    fn many_values_are_told_in_short() {
        let mut found = WithoutCode::default();
        let id: RecordId = "ma:person:1".parse().unwrap();
        (0..10).for_each(|i| found.note(i, &[("industry".into(), Value::text(&i.to_string()))]));
        let told = super::told(&found, &"ma".into(), |_| &id);
        assert!(told[0].contains("\"7\" (1) and 2 other values;"), "{told:?}");
    }
}
