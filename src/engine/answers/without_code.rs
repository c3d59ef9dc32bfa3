//! Fields that are not written as they should be, for want of a code, or as their system does not take the word.

use crate::engine::delivery::without_code::WithoutCode;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::system::SystemState;
use crate::model::{Name, RecordId, counted};
use std::collections::BTreeMap;

/// Values that are told of one field.
const VALUES_TOLD_MAX: usize = 8;

impl Engine {
    /// Fields that are not written as they should be, for want of a code, or as their system does not take the word.
    pub fn values_without_code(&self) -> Vec<String> {
        let slots = |idx: Idx| &self.world.slot(idx).id;
        let of = |(name, system): (&Name, &SystemState)| {
            told(&system.without_code, name, slots).into_iter().chain(system.connected.taken().told(name)).collect::<Vec<_>>()
        };
        self.systems.iter().flat_map(of).collect()
    }
}

/// Values that are told together, by field.
#[derive(Debug, Default)]
pub(super) struct ValuesByField<'f>(BTreeMap<&'f Name, Values>);

/// Those of one field.
#[derive(Debug)]
pub(super) struct Values {
    /// The first record that has one, and how many do.
    pub(super) first: Idx,
    pub(super) records: usize,
    last: Option<Idx>,
    counts: BTreeMap<String, usize>,
}

impl<'f> ValuesByField<'f> {
    /// Adds a value of a record; those of one record come one after another.
    pub(super) fn add(&mut self, idx: Idx, field: &'f Name, value: String) {
        let of = self.0.entry(field).or_insert(Values { first: idx, records: 0, last: None, counts: BTreeMap::new() });
        of.records += usize::from(of.last.replace(idx) != Some(idx));
        *of.counts.entry(value).or_default() += 1;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'f Name, &Values)> {
        self.0.iter().map(|(field, of)| (*field, of))
    }
}

impl Values {
    /// The most frequent, each with its number.
    pub(super) fn in_short(&self) -> String {
        let mut counts: Vec<(&String, &usize)> = self.counts.iter().collect();
        counts.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let more = match counts.len().saturating_sub(VALUES_TOLD_MAX) {
            0 => String::new(),
            more => format!(" and {more} other values"),
        };
        let values: Vec<String> = counts.iter().take(VALUES_TOLD_MAX).map(|(value, count)| format!("{value:?} ({count})")).collect();
        format!("{}{more}", values.join(", "))
    }
}

/// What is so, field by field, and what to do.
fn told<'w>(found: &WithoutCode, system: &Name, id: impl Fn(Idx) -> &'w RecordId) -> Vec<String> {
    let mut fields = ValuesByField::default();
    for (idx, values) in found.iter() {
        values.iter().for_each(|(field, value)| fields.add(idx, field, value.to_string()));
    }
    let line = |(field, of): (&Name, &Values)| {
        format!(
            "{system}: {field} is not written to {}, as the connector's map has no code for {}; the first is {}. Add the codes \
             to the map of {field} in the manifest",
            counted(of.records, "record", "records"),
            of.in_short(),
            id(of.first)
        )
    };
    fields.iter().map(line).collect()
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
