//! A rule for several fields, `address = { group = ["street", "city", "zip"], from = [..] }`: all come from one record.

use super::reader::PrecedenceReader;
use crate::config::System;
use crate::config::document::TomlEntry;
use crate::merge::rules::{FieldGroup, FieldRule, Precedence, Strategy};
use crate::model::Name;
use std::collections::BTreeSet;
use toml::de::DeValue;

/// What is expected of how a group's record is found.
const OF_RECORDS: &str = "expected from, fill, only, newest or oldest";

/// Whether an entry of `[person]` is a rule for several fields.
pub(super) fn is_group(entry: &TomlEntry) -> bool {
    matches!(entry.value, DeValue::Table(table) if table.iter().any(|(key, _)| key.get_ref() == "group"))
}

impl PrecedenceReader<'_> {
    /// The rule of each of a group's fields. `entries`: all of `[person]`; `grouped`: fields of groups that stand before it, with its own in
    /// the end.
    pub(super) fn group_rules(&self, entry: &TomlEntry, entries: &[TomlEntry], grouped: &mut Vec<Name>) -> Vec<(Name, FieldRule)> {
        let Some(rule) = self.rule(entry, None) else { return Vec::new() };
        let Some(group) = self.group(entry, entries, grouped) else { return Vec::new() };
        grouped.extend(group.fields.iter().cloned());
        let systems: Vec<Name> = rule.strategies().flat_map(Strategy::systems).cloned().collect::<BTreeSet<_>>().into_iter().collect();
        group.fields.iter().for_each(|field| self.readers_of_part(entry, field, &systems));
        let group = std::sync::Arc::new(group);
        group.fields.iter().map(|field| (field.clone(), FieldRule { group: Some(group.clone()), ..rule.clone() })).collect()
    }

    /// What `group` says. `None`: it is no group, which is reported.
    fn group(&self, entry: &TomlEntry, entries: &[TomlEntry], grouped: &[Name]) -> Option<FieldGroup> {
        let DeValue::Table(table) = entry.value else { return None };
        let mut is_right = true;
        if self.offers.complete() && self.declared.person.contains_key(entry.key) {
            let said = format!("{:?} is a field that systems read, and a group has a name of its own", entry.key);
            entry.sheet.report(
                entry.key_at.clone(),
                said,
                format!("call it otherwise, as {}_group; its fields stand in `group`", entry.key),
            );
            is_right = false;
        }
        let list = entry.within(table, "group")?;
        let mut fields: Vec<Name> = Vec::new();
        for item in list.list()? {
            let Some(name) = item.filled_text() else {
                is_right = false;
                continue;
            };
            let said = if fields.iter().any(|field| **field == *name) {
                Some((format!("{name:?} stands twice in {:?}", entry.key), "remove one of the two"))
            } else if grouped.iter().any(|field| **field == *name) {
                Some((format!("{name:?} is in another group, too"), "a field has one rule: take it out of one of the two"))
            } else if entries.iter().any(|other| other.key == name && !is_group(other)) {
                Some((
                    format!("{name:?} has a rule of its own, too"),
                    "a field has one rule: take that out, or take the field out of the group",
                ))
            } else {
                None
            };
            is_right &= said.is_none() && self.known_field(&TomlEntry { key: name, key_at: item.at.clone(), ..item.clone() });
            said.into_iter().for_each(|(said, hint)| item.report(said, hint));
            fields.push(name.into());
        }
        if let [one] = &fields[..] {
            let hint = format!("name the fields that go with it, or write a rule of {one:?} alone: {one} = [..]");
            list.report("one field is no group", hint);
            is_right = false;
        }
        is_right.then(|| FieldGroup { name: entry.key.into(), fields })
    }

    /// What is found must be a record, not a value.
    pub(super) fn finds_a_record(&self, entry: &TomlEntry, strategy: &Strategy) -> bool {
        let is = match strategy {
            Strategy::Order(_) | Strategy::Fill(_) | Strategy::Only(_) | Strategy::Newest(_) | Strategy::Oldest(_) | Strategy::Never => {
                true
            }
            Strategy::First(_) | Strategy::Max(_) | Strategy::Min(_) | Strategy::Any(_) | Strategy::All(_) | Strategy::Most(_) => false,
            Strategy::Sum(_) | Strategy::Union(_) | Strategy::Other(_) | Strategy::Account(_) => false,
        };
        if !is {
            let said = format!("the rule of {:?} finds one value, and a group has several", entry.key);
            entry.sheet.report(entry.key_at.clone(), said, OF_RECORDS);
        }
        is
    }

    /// That some system of the rule reads a field of the group; what one does not read, it leaves alone.
    fn readers_of_part(&self, entry: &TomlEntry, field: &str, systems: &[Name]) {
        if !self.offers.complete() || systems.is_empty() {
            return;
        }
        let readers = self.offers.readers(field);
        let (reading, not): (Vec<&Name>, Vec<&Name>) = systems.iter().partition(|system| readers.iter().any(|(r, _)| **r == ***system));
        let said = not.iter().map(|system| &***system).collect::<Vec<_>>();
        if reading.is_empty() {
            let read_by: Vec<&str> = readers.iter().map(|(r, _)| *r).collect();
            entry.report(format!("{} does not read {field:?}", said.join(" or ")), format!("it is read by {}", read_by.join(", ")));
        } else if !not.is_empty() {
            let does = if said.len() == 1 { "does" } else { "do" };
            let said = said.join(" and ");
            let group = entry.key;
            entry.sheet.note(&entry.at, format!("{said} {does} not read {field:?}: where the {group} is theirs, {field} stays as it is"));
        }
    }
}

/// Reports systems that are written some fields of a group and not the others: their records would be mixed out of two.
pub(super) fn written_in_part(precedence: &Precedence, entries: &[TomlEntry], systems: &[System]) {
    let groups = precedence.fields.iter().filter_map(|(name, rule)| rule.group.as_ref().filter(|group| group.fields.first() == Some(name)));
    for group in groups {
        let Some(entry) = entries.iter().find(|entry| *entry.key == *group.name) else { continue };
        for system in systems {
            let (written, not): (Vec<&Name>, Vec<&Name>) = group.fields.iter().partition(|field| system.writes.fields.contains(field));
            let can = |field: &&&Name| system.manifest.writes.as_ref().is_some_and(|writes| writes.fields.contains_key(&****field));
            let missing: Vec<&str> = not.iter().filter(can).map(|field| &***field).collect();
            let Some(one) = written.first().filter(|_| !missing.is_empty()) else { continue };
            let (name, missing) = (system.name(), missing.join(" and "));
            let said = format!("{name} is written {one:?} and not {missing:?}: the {} there would be mixed out of two", group.name);
            entry.report(said, format!("put {missing:?} into writes of [systems.{name}], or take {one:?} out there"));
        }
    }
}
