//! A status that asks for a field which some system reads from where the status is written: such rules can change it with every round.

use crate::config::System;
use crate::config::document::ConfigSheet;
use crate::connector::manifest::{FieldMap, Writes};
use crate::decide::rules::Policy;
use crate::decide::status::{LeadStatus, status};
use crate::merge::rules::Precedence;
use crate::model::expression::{Declared, Facts};
use crate::model::{Name, Value};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// A person field that shows the status which we wrote.
struct StatusAsField<'a> {
    system: &'a Name,
    field: &'a Name,
    /// Ours to the system's, and the system's to what the field makes of it.
    written: &'a BTreeMap<String, String>,
    read: BTreeMap<String, String>,
}

/// Reports statuses that follow each other for ever. `table` is policy.toml.
pub(super) fn report(
    sheet: &ConfigSheet<'_>,
    table: &DeTable<'_>,
    policy: &Policy,
    precedence: &Precedence,
    systems: &[System],
    declared: &Declared,
) {
    for shown in systems.iter().flat_map(|system| fields_with_the_status(system, precedence)) {
        let Some(circle) = circle(policy, &shown, declared) else { continue };
        let Some(key) = circle.first().and_then(|first| place_of(table, first)) else { continue };
        let round = circle.iter().chain(circle.first()).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", then ");
        sheet.report(
            key,
            format!(
                "this status never settles: {} reads person.{} from where it is told the status, so that a person without anything else gets {round} and so on",
                shown.system, shown.field
            ),
            format!("let no status ask for person.{}, or take {} out of its rule in precedence.toml", shown.field, shown.system),
        );
    }
}

/// Where a status stands in policy.toml.
fn place_of(table: &DeTable<'_>, name: &Name) -> Option<std::ops::Range<usize>> {
    let statuses = table.get("status")?.get_ref().as_table()?;
    statuses.get_key_value(&**name).map(|(key, _)| key.span())
}

/// The person fields that a system reads from where the status is written to it, and whose values count.
fn fields_with_the_status<'a>(system: &'a System, precedence: &Precedence) -> Vec<StatusAsField<'a>> {
    let manifest = &system.manifest;
    let Some(Writes { stream, status: Some(written), .. }) = manifest.writes.as_ref().filter(|_| system.writes.status) else {
        return Vec::new();
    };
    let Some(record) = manifest.streams.get(stream).and_then(|s| s.record.as_ref()) else { return Vec::new() };
    let shown_at = record.marks.iter().find(|(mark, how)| mark.name() == "status" && how.prefix.is_none()).map(|(_, how)| &how.path);
    let fields = record.fields.iter().filter(|(_, how)| Some(&how.path().to_string()) == shown_at);
    let counts = |field: &&Name| precedence.rule(field).is_some_and(|rule| rule.asks(system.name()));
    fields
        .filter(|(field, _)| counts(field))
        .map(|(field, how)| StatusAsField {
            system: system.name(),
            field,
            written: &written.map,
            read: match how {
                FieldMap::Path(_) => BTreeMap::new(),
                FieldMap::Full(spec) => spec.map.clone(),
            },
        })
        .collect()
}

/// The statuses, two or more, that follow each other for ever for a person of whom nothing is known but the status itself.
fn circle(policy: &Policy, shown: &StatusAsField<'_>, declared: &Declared) -> Option<Vec<Name>> {
    policy.statuses.iter().find_map(|start| {
        let mut seen: Vec<&Name> = vec![&start.name];
        loop {
            let next = follows(policy, shown, seen.last()?, declared)?;
            match seen.iter().position(|name| *name == next) {
                Some(at) if at + 1 == seen.len() => return None,
                Some(at) => return Some(seen[at..].iter().map(|name| (*name).clone()).collect()),
                None => seen.push(next),
            }
        }
    })
}

/// The status that comes after one was written.
fn follows<'p>(policy: &'p Policy, shown: &StatusAsField<'_>, now: &Name, declared: &Declared) -> Option<&'p Name> {
    let word = shown.written.get(&**now).map_or(&**now, String::as_str);
    // A word that the field's map does not know cannot be read: then nothing follows.
    let value = Value::text(if shown.read.is_empty() { word } else { shown.read.get(word)? });
    let person = |field: &Name| Ok((field == shown.field).then(|| value.clone()));
    match status(policy, &Facts::person(declared, &person, &[], &[])) {
        LeadStatus::Is(rule) => Some(&rule.name),
        LeadStatus::None | LeadStatus::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::StatusRule;
    use crate::model::expression::{Expression, FieldType, Scope};

    #[test]
    fn only_what_goes_round_is_a_circle() {
        let declared =
            Declared { person: [("stage".into(), FieldType::Text), ("score".into(), FieldType::Number)].into(), ..Declared::default() };
        let (system, field): (Name, Name) = ("ma".into(), "stage".into());
        let (as_it_is, words) = (BTreeMap::new(), BTreeMap::from([("lead".to_string(), "New".to_string())]));
        let read_in_part = BTreeMap::from([("New".to_string(), "fresh".to_string())]);
        let read_back = BTreeMap::from([("New", "fresh"), ("recycled", "old")].map(|(word, read)| (word.to_string(), read.to_string())));
        for (statuses, written, read, wanted) in [
            (&[("recycled", "person.stage == 'lead'"), ("lead", "true")][..], &as_it_is, &as_it_is, &["recycled", "lead"][..]),
            // "Never back": what was reached stays.
            (&[("customer", "person.stage == 'customer' || deals.exists(d, d.won)"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
            (&[("recycled", "person.stage == 'lead' || person.stage == 'recycled'"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
            (&[("c", "person.stage == 'b'"), ("b", "person.stage == 'a'"), ("a", "true")], &as_it_is, &as_it_is, &["c", "a", "b"]),
            // By the system's words, and by what the field makes of them.
            (&[("recycled", "person.stage == 'lead'"), ("lead", "true")], &words, &as_it_is, &[]),
            (&[("recycled", "person.stage == 'New'"), ("lead", "true")], &words, &as_it_is, &["recycled", "lead"]),
            (&[("recycled", "person.stage == 'fresh'"), ("lead", "true")], &words, &read_back, &["recycled", "lead"]),
            (&[("recycled", "person.stage == 'fresh'"), ("lead", "true")], &words, &read_in_part, &[]),
            // Whether it goes round hangs on another field.
            (&[("recycled", "person.stage == 'lead' && person.score > 5.0"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
        ] {
            let rules = statuses.iter().map(|(name, when)| StatusRule {
                name: (*name).into(),
                when: Expression::compile(when, Scope::Person, &declared).unwrap(),
                rule: "policy.toml:2".into(),
            });
            let policy = Policy { statuses: rules.collect(), ..Policy::default() };
            let shown = StatusAsField { system: &system, field: &field, written, read: read.clone() };
            let found = circle(&policy, &shown, &declared).unwrap_or_default();
            assert_eq!(found.iter().map(|n| &**n).collect::<Vec<_>>(), wanted, "{statuses:?}");
        }
    }
}
