//! What rules are read against: the systems, and the fields that they read.

use crate::config::document::TomlEntry;
use crate::config::document::nearest::choices;
use crate::config::systems::offers::Offers;
use crate::connector::manifest::FieldKind;
use crate::model::Name;
use crate::model::expression::Declared;
use std::collections::BTreeSet;
use toml::de::DeValue;

pub(super) struct PrecedenceReader<'o> {
    pub(super) offers: &'o Offers,
    pub(super) declared: &'o Declared,
    /// Whose fields the rules are about.
    pub(super) of: FieldsOf,
    /// The fields that have a rule under `[account]`.
    pub(super) accounts: &'o BTreeSet<Name>,
}

/// Whose fields rules are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldsOf {
    Person,
    Account,
}

impl PrecedenceReader<'_> {
    /// Whether a field may have a rule.
    pub(super) fn known_field(&self, entry: &TomlEntry) -> bool {
        let field = entry.key;
        if let Some(system) = self.offers.consent_in(field).filter(|_| self.of == FieldsOf::Person) {
            let said = format!("{field:?} is the person's own consent in {system}: it has no precedence, the strictest always counts");
            entry.sheet.report(entry.key_at.clone(), said, "take this rule out; consent.toml says what a system's records prove");
            return false;
        }
        if self.offers.complete() && self.readers(field).is_empty() {
            let all = self.offers.declared();
            let (fields, whose) = match self.of {
                FieldsOf::Person => (&all.person, "a person"),
                FieldsOf::Account => (&all.account, "an account"),
            };
            let known = choices(field, fields.keys().map(|k| &**k));
            entry.sheet.report(entry.key_at.clone(), format!("no system reads {field:?} of {whose}"), known);
            return false;
        }
        true
    }

    /// The systems that read a field, with what they read it as.
    fn readers(&self, field: &str) -> Vec<(&str, FieldKind)> {
        match self.of {
            FieldsOf::Person => self.offers.readers(field),
            FieldsOf::Account => self.offers.account_readers(field),
        }
    }

    /// A system that is not in the list yet; one that is there is reported.
    pub(super) fn once(&self, entry: &TomlEntry, seen: &mut Vec<Name>) -> Option<Name> {
        let name = self.system(entry)?;
        if seen.contains(&name) {
            entry.report(format!("{name:?} stands twice in {:?}", entry.key), "a system has one rank; remove one of the two");
            return None;
        }
        seen.push(name.clone());
        Some(name)
    }

    pub(super) fn system(&self, entry: &TomlEntry) -> Option<Name> {
        match entry.value {
            DeValue::String(name) => self.offers.named(entry, name).map(|s| s.name.clone()),
            _ => {
                entry.wrong_kind("a system's name in quotes");
                None
            }
        }
    }

    /// A rule that names only systems that do not read the field would empty it everywhere.
    pub(super) fn some_reader(&self, entry: &TomlEntry, field: Option<&str>, systems: &[Name]) {
        let Some(field) = field else { return };
        let readers = self.readers(field);
        if self.offers.complete() && !systems.is_empty() && !systems.iter().any(|s| readers.iter().any(|(r, _)| **r == **s)) {
            let readers: Vec<&str> = readers.iter().map(|(r, _)| *r).collect();
            let said = format!("{} does not read {field:?}", systems.iter().map(|s| &**s).collect::<Vec<_>>().join(" or "));
            entry.report(said, format!("it is read by {}", readers.join(", ")));
            return;
        }
        let unread: Vec<&str> = systems.iter().map(|s| &**s).filter(|s| !readers.iter().any(|(r, _)| r == s)).collect();
        if self.offers.complete() && !unread.is_empty() {
            let (systems, does) = (unread.join(" and "), if unread.len() == 1 { "does" } else { "do" });
            entry.sheet.note(&entry.at, format!("{systems} {does} not read {field:?}, and counts for nothing in this rule"));
        }
    }

    /// As what the systems read a field; nothing where not all is known.
    pub(super) fn kinds(&self, field: Option<&str>) -> Vec<FieldKind> {
        let readers = field.filter(|_| self.offers.complete()).map(|field| self.readers(field)).unwrap_or_default();
        readers.into_iter().map(|(_, kind)| kind).collect()
    }

    /// That the systems of a rule read the field as one of these kinds.
    pub(super) fn right_type(&self, entry: &TomlEntry, field: Option<&str>, systems: &[Name], (kinds, said): (&[FieldKind], &str)) {
        let Some(field) = field.filter(|_| !kinds.is_empty()) else { return };
        let readers = self.readers(field);
        let wrong = readers.iter().find(|(system, kind)| systems.iter().any(|s| **s == **system) && !kinds.contains(kind));
        if let Some((system, kind)) = wrong {
            let found = kind.word();
            entry.sheet.report(
                entry.key_at.clone(),
                format!("{} needs {said}, and {system} reads {field:?} as {found}", entry.key),
                "expected from = [..]",
            );
        }
    }
}
