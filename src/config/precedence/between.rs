//! What rules ask of one another, and of what is written: nothing may go round.

use super::groups::written_in_part;
use crate::config::System;
use crate::config::document::TomlEntry;
use crate::merge::rules::{FieldRule, Precedence, Strategy};
use crate::model::Name;

/// The rules, each with its entry in the file.
pub(super) struct Between<'e, 'a> {
    pub(super) precedence: &'e Precedence,
    pub(super) entries: &'e [TomlEntry<'a>],
    pub(super) default: Option<&'e TomlEntry<'a>>,
}

impl Between<'_, '_> {
    /// Reports what goes round, and what follows a field that has no record to follow.
    pub(super) fn report(&self, systems: &[System]) {
        self.circles();
        let own = self.precedence.fields.iter().map(|(name, rule)| (Some(name), rule));
        for (name, rule) in own.chain(self.precedence.default.iter().map(|rule| (None, rule))) {
            let Some(entry) = self.entry(name) else { continue };
            rule.leading_fields().for_each(|leading| self.follows(entry, leading));
        }
        self.sums(systems);
        written_in_part(self.precedence, self.entries, systems);
    }

    /// Where the rule of a field stands; `None`: that of all others.
    fn entry(&self, name: Option<&Name>) -> Option<&TomlEntry<'_>> {
        let group = name.and_then(|name| self.precedence.fields.get(name)?.group.as_ref().map(|group| &group.name));
        let own = group.or(name).and_then(|name| self.entries.iter().find(|entry| *entry.key == **name));
        own.or(self.default)
    }

    fn circles(&self) {
        let Some(circle) = self.precedence.circle() else { return };
        let Some(entry) = circle.iter().filter_map(|name| self.entry(Some(name))).min_by_key(|entry| entry.at.start) else { return };
        let asked = circle.iter().skip(1).chain(circle.first());
        let said: Vec<String> = circle.iter().zip(asked).map(|(name, asked)| format!("{name} asks for {asked}")).collect();
        entry.sheet.report(
            entry.key_at.clone(),
            format!("the conditions go round in a circle: {}", said.join(", ")),
            "let one of them ask for something else; a condition may ask for its own field, which is then the value by its first part",
        );
    }

    /// What is followed must be a field whose value is some record's.
    fn follows(&self, entry: &TomlEntry, leading: &Name) {
        let has_record =
            |strategy: &Strategy| !matches!(strategy, Strategy::Sum(_) | Strategy::Union(_) | Strategy::Never | Strategy::Account(_));
        let said = match self.precedence.rule(leading) {
            None => format!("{leading:?} has no rule, so nothing can follow it"),
            Some(rule) if rule.leading_fields().next().is_some() => format!("{leading:?} follows another field itself"),
            Some(rule) if !rule.strategies().any(has_record) => {
                format!("{leading:?} is no single record's value, so nothing can follow it")
            }
            Some(_) => return,
        };
        entry.sheet.report(
            entry.key_at.clone(),
            said,
            "expected a field whose rule names systems: from, fill, only, newest, oldest, first, max, min or most",
        );
    }

    /// A sum that is written to one of the systems that it is made of would grow with every round.
    fn sums(&self, systems: &[System]) {
        let adds = |rule: &FieldRule, system: &Name| rule.strategies().any(|s| matches!(s, Strategy::Sum(all) if all.contains(system)));
        for system in systems {
            for field in &system.writes.fields {
                let Some(rule) = self.precedence.rule(field).filter(|rule| adds(rule, system.name())) else { continue };
                let Some(entry) = self.entry(self.precedence.fields.contains_key(field).then_some(field)) else { continue };
                let said = format!("{rule} is written to {}, which is one of those that are added", system.name());
                let hint = format!("take {field:?} out of [systems.{}] writes, or {} out of the sum", system.name(), system.name());
                entry.sheet.report(entry.key_at.clone(), said, hint);
            }
        }
    }
}
