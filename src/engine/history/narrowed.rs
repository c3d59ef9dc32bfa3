//! What of a run an undo is about.

use super::written::WrittenField;
use crate::engine::rules::stored_field::BEFORE_THE_EDIT;
use crate::model::{Name, RecordId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What an undo is narrowed to; what is not named is not narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOnly {
    #[serde(default)]
    pub fields: Vec<Name>,
    #[serde(default)]
    pub systems: Vec<Name>,
    /// By an address or a record, as `explain` takes it.
    #[serde(default)]
    pub person: Option<String>,
    /// As the plan named them, `FILE:LINE`.
    #[serde(default)]
    pub rules: Vec<Name>,
    /// The file of a list that the value was out of.
    #[serde(default)]
    pub import: Option<Name>,
}

impl UndoOnly {
    /// Whether a field that was written to a record is of it. `records`: those of the person, if one is named.
    pub(super) fn has(&self, record: &RecordId, written: &WrittenField, records: Option<&BTreeSet<RecordId>>) -> bool {
        let among = |names: &[Name], name: &Name| names.is_empty() || names.contains(name);
        let by_rule = self.rules.is_empty() || self.rules.iter().any(|named| is_named(&written.rule, named));
        let of_person = records.is_none_or(|records| records.contains(record));
        let of_file = self.import.as_ref().is_none_or(|file| written.files.contains(file));
        among(&self.fields, &written.field) && among(&self.systems, &record.system) && by_rule && of_person && of_file
    }

    /// Whether it is about all.
    pub fn is_all(&self) -> bool {
        *self == UndoOnly::default()
    }
}

/// While an edit waits, the rule that counts has another name than the line in the file of before.
fn is_named(rule: &Name, named: &Name) -> bool {
    rule == named || rule.strip_suffix(BEFORE_THE_EDIT) == Some(&**named)
}

/// As it stands on the command line.
impl fmt::Display for UndoOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|name| format!(" --field {name}"));
        let systems = self.systems.iter().map(|name| format!(" --system {name}"));
        let person = self.person.iter().map(|who| format!(" --person {who}"));
        let rules = self.rules.iter().map(|name| format!(" --rule {name}"));
        let import = self.import.iter().map(|file| match file.contains(char::is_whitespace) {
            true => format!(" --import {:?}", &**file),
            false => format!(" --import {file}"),
        });
        import.chain(fields).chain(systems).chain(person).chain(rules).try_for_each(|option| f.write_str(&option))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn written(field: &str, rule: &str, files: &[&str]) -> WrittenField {
        let files = files.iter().map(|file| Name::from(*file)).collect();
        WrittenField { field: field.into(), old: Value::Empty, new: Value::text("1"), rule: rule.into(), files }
    }

    #[test]
    fn what_is_named_narrows_and_what_is_not_does_not() {
        let record = |text: &str| text.parse::<RecordId>().unwrap();
        let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        let hanako: BTreeSet<RecordId> = [record("ma:person:1"), record("crm:person:7")].into();
        for (fields, systems, person, rules, wanted) in [
            (&[][..], &[][..], None, &[][..], [true, true, true, true]),
            (&["title"], &[], None, &[], [true, false, true, true]),
            (&["title", "phone"], &["ma"], None, &[], [true, true, true, false]),
            (&["title"], &["ma"], Some(&hanako), &[], [true, false, false, false]),
            (&[], &[], Some(&hanako), &[], [true, true, false, true]),
            (&["fax"], &[], None, &[], [false; 4]),
            (&[], &[], None, &["precedence.toml:3"], [true, false, true, false]),
            (&[], &["crm"], None, &["precedence.toml:3", "precedence.toml:5"], [false, false, false, true]),
            (&[], &[], None, &["precedence.toml:30"], [false; 4]),
        ] {
            let person_named = person.map(|_| "hanako@acme.example".into());
            let only = UndoOnly { fields: names(fields), systems: names(systems), person: person_named, rules: names(rules), import: None };
            let done = [
                ("ma:person:1", "title", "precedence.toml:3"),
                ("ma:person:1", "phone", "precedence.toml:4"),
                ("ma:person:2", "title", "precedence.toml:3 before the edit"),
                ("crm:person:7", "title", "precedence.toml:5"),
            ];
            assert_eq!(done.map(|(id, field, rule)| only.has(&record(id), &written(field, rule, &[]), person)), wanted, "{only:?}");
            assert_eq!(only.is_all(), fields.is_empty() && systems.is_empty() && person.is_none() && rules.is_empty());
        }
        let (fields, rules) = (names(&["title"]), names(&["precedence.toml:3"]));
        let only = UndoOnly { fields, systems: names(&["ma"]), person: Some("a@b.example".into()), rules, import: None };
        assert_eq!(only.to_string(), " --field title --system ma --person a@b.example --rule precedence.toml:3");
    }

    #[test]
    fn what_a_file_brought_is_told_from_the_rest() {
        let cards = UndoOnly { import: Some("inbox/cards.csv".into()), ..UndoOnly::default() };
        assert!(!cards.is_all());
        let id: RecordId = "ma:person:1".parse().unwrap();
        for (files, is_of_it) in
            [(&[][..], false), (&["inbox/cards.csv"], true), (&["inbox/people.csv", "inbox/cards.csv"], true), (&["cards.csv"], false)]
        {
            assert_eq!(cards.has(&id, &written("phone", "precedence.toml:3", files), None), is_of_it, "{files:?}");
        }
        let named = |file: &str| UndoOnly { import: Some(file.into()), ..UndoOnly::default() }.to_string();
        assert_eq!(
            [named("inbox/名刺.csv"), named("inbox/名刺 10月.csv")],
            [" --import inbox/名刺.csv", " --import \"inbox/名刺 10月.csv\""]
        );
    }
}
