//! A status that asks for a field which some system reads from where the status is written: such rules can change it with every round.

use crate::config::System;
use crate::config::document::ConfigSheet;
use crate::config::statuses;
use crate::connector::manifest::{FieldMap, Writes};
use crate::decide::rules::Policy;
use crate::decide::status::{LeadStatus, first_true};
use crate::merge::rules::Precedence;
use crate::model::expression::{Declared, Facts};
use crate::model::{Name, Time, Value};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// A person field that shows the status which we wrote.
struct StatusAsField<'a> {
    system: &'a Name,
    field: &'a Name,
    /// Ours to the system's, and the system's to what the field makes of it.
    written: BTreeMap<String, String>,
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
        let Some(key) = circle.first().and_then(|first| statuses::place_of(table, first)) else { continue };
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

/// The person fields that a system reads from where the status is written to it, and whose values count.
fn fields_with_the_status<'a>(system: &'a System, precedence: &Precedence) -> Vec<StatusAsField<'a>> {
    let manifest = &system.manifest;
    let Some(Writes { stream, status: Some(written), .. }) = manifest.writes.as_ref().filter(|_| system.writes.status) else {
        return Vec::new();
    };
    let Some(record) = manifest.streams.get(stream).and_then(|s| s.record.as_ref()) else { return Vec::new() };
    let shown_at = record.marks.iter().find(|(mark, how)| mark.name() == "status" && how.prefix.is_none()).map(|(_, how)| &how.path);
    let fields = record.fields.iter().filter(|(_, how)| Some(&how.path().to_string()) == shown_at);
    let counts = |field: &&Name| precedence.may_ask(field, system.name());
    fields
        .filter(|(field, _)| counts(field))
        .map(|(field, how)| StatusAsField {
            system: system.name(),
            field,
            written: written.map.iter().chain(&system.settings.status_words).map(|(ours, theirs)| (ours.clone(), theirs.clone())).collect(),
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
    // What one system holds is no evidence of another's.
    let facts = [Facts::person(declared, &person, &[], &[], Time(0)), Facts::person(declared, &|_| Ok(None), &[], &[], Time(0))];
    let seen_by = |by: Option<&Name>| &facts[usize::from(by.is_some_and(|by| by != shown.system))];
    match first_true(&policy.statuses, |rule| rule.when.test(seen_by(rule.by.as_ref()))) {
        LeadStatus::Is(rule) => Some(&rule.name),
        LeadStatus::None | LeadStatus::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests;
