//! What of a run an undo is about.

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
}

impl UndoOnly {
    /// Whether a field of a record is of it. `records`: those of the person, if one is named.
    pub(super) fn has(&self, record: &RecordId, field: &Name, records: Option<&BTreeSet<RecordId>>) -> bool {
        let among = |names: &[Name], name: &Name| names.is_empty() || names.contains(name);
        among(&self.fields, field) && among(&self.systems, &record.system) && records.is_none_or(|records| records.contains(record))
    }

    /// Whether it is about all.
    pub fn is_all(&self) -> bool {
        *self == UndoOnly::default()
    }
}

/// As it stands on the command line.
impl fmt::Display for UndoOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|name| format!(" --field {name}"));
        let systems = self.systems.iter().map(|name| format!(" --system {name}"));
        let person = self.person.iter().map(|who| format!(" --person {who}"));
        fields.chain(systems).chain(person).try_for_each(|option| f.write_str(&option))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_narrows_and_what_is_not_does_not() {
        let record = |text: &str| text.parse::<RecordId>().unwrap();
        let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        let hanako: BTreeSet<RecordId> = [record("ma:person:1"), record("crm:person:7")].into();
        for (fields, systems, person, wanted) in [
            (&[][..], &[][..], None, [true, true, true, true]),
            (&["title"], &[], None, [true, false, true, true]),
            (&["title", "phone"], &["ma"], None, [true, true, true, false]),
            (&["title"], &["ma"], Some(&hanako), [true, false, false, false]),
            (&[], &[], Some(&hanako), [true, true, false, true]),
            (&["fax"], &[], None, [false; 4]),
        ] {
            let only = UndoOnly { fields: names(fields), systems: names(systems), person: person.map(|_| "hanako@acme.example".into()) };
            let done = [("ma:person:1", "title"), ("ma:person:1", "phone"), ("ma:person:2", "title"), ("crm:person:7", "title")];
            assert_eq!(done.map(|(id, field)| only.has(&record(id), &field.into(), person)), wanted, "{only:?}");
            assert_eq!(only.is_all(), fields.is_empty() && systems.is_empty() && person.is_none());
        }
        let only = UndoOnly { fields: names(&["title"]), systems: names(&["ma"]), person: Some("a@b.example".into()) };
        assert_eq!(only.to_string(), " --field title --system ma --person a@b.example");
    }
}
