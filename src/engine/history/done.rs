//! What writes of a run, or out of a file, did to each field.

use super::written::{WrittenField, WrittenRecord};
use crate::model::{Name, RecordId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What they did to one field of one record.
#[derive(Debug, PartialEq)]
pub(super) struct Done {
    /// Before the first of them.
    pub(super) old: Value,
    /// By the last.
    pub(super) new: Value,
}

/// Takes writes in, in order.
#[derive(Debug, Default)]
pub(super) struct AllDone {
    fields: BTreeMap<(RecordId, Name), Done>,
    /// Others that were written since end a series: what stood there in between is what it found.
    in_series: bool,
    ended: BTreeSet<(RecordId, Name)>,
}

impl AllDone {
    /// Of each field all that counts.
    pub(super) fn whole() -> AllDone {
        AllDone::default()
    }

    /// Of each field only the last writes that count without another between them.
    pub(super) fn last_series() -> AllDone {
        AllDone { in_series: true, ..AllDone::default() }
    }

    /// Takes in those fields of a write that count.
    pub(super) fn take(&mut self, written: WrittenRecord, counts: impl Fn(&RecordId, &WrittenField) -> bool) {
        for field in written.fields {
            let does_count = counts(&written.record, &field);
            let key = (written.record.clone(), field.field);
            if !does_count {
                if self.in_series && self.fields.contains_key(&key) {
                    self.ended.insert(key);
                }
                continue;
            }
            if self.ended.remove(&key) {
                self.fields.remove(&key);
            }
            let known = self.fields.entry(key).or_insert(Done { old: field.old, new: Value::Empty });
            known.new = field.new;
        }
    }

    pub(super) fn fields(self) -> BTreeMap<(RecordId, Name), Done> {
        self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(record: &str, field: &str, old: &str, new: &str, file: &str) -> WrittenRecord {
        let files = Some(file).filter(|file| !file.is_empty()).map(Name::from).into_iter().collect();
        let rule = "precedence.toml:2".into();
        let field = WrittenField { field: field.into(), old: Value::text(old), new: Value::text(new), rule, files };
        WrittenRecord { record: record.parse().unwrap(), fields: vec![field] }
    }

    fn told(done: AllDone) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_text().unwrap_or_default().to_string();
        let fields = done.fields();
        fields.iter().map(|((record, field), d)| (format!("{record} {field}"), text(&d.old), text(&d.new))).collect()
    }

    fn expected(done: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        done.iter().map(|(field, old, new)| (field.to_string(), old.to_string(), new.to_string())).collect()
    }

    #[test]
    fn of_several_writes_to_a_field_the_first_old_and_the_last_new_value_count() {
        let mut done = AllDone::whole();
        for written in [
            write("ma:person:1", "phone", "1", "2", ""),
            write("ma:person:1", "title", "a", "b", ""),
            write("ma:person:1", "phone", "2", "3", ""),
            write("ma:person:2", "phone", "8", "9", ""),
            write("ma:person:1", "phone", "0", "4", ""),
        ] {
            done.take(written, |_, _| true);
        }
        assert_eq!(
            told(done),
            expected(&[("ma:person:1 phone", "1", "4"), ("ma:person:1 title", "a", "b"), ("ma:person:2 phone", "8", "9")])
        );
    }

    /// What the CRM said in between is not undone with what a file says.
    #[test]
    fn what_was_written_between_two_versions_of_a_file_is_what_the_second_found() {
        let of_cards = |_: &RecordId, field: &WrittenField| field.files.contains(&"cards.csv".into());
        let of = |writes: &[(&str, &str, &str)]| {
            let mut done = AllDone::last_series();
            writes.iter().for_each(|(old, new, file)| done.take(write("ma:person:1", "phone", old, new, file), of_cards));
            told(done)
        };
        let phone = "ma:person:1 phone";
        assert_eq!(of(&[("1", "2", "cards.csv"), ("2", "3", "cards.csv")]), expected(&[(phone, "1", "3")]), "two versions");
        assert_eq!(of(&[("1", "2", "cards.csv"), ("2", "3", ""), ("3", "4", "cards.csv")]), expected(&[(phone, "3", "4")]));
        assert_eq!(of(&[("1", "2", "cards.csv"), ("2", "3", "")]), expected(&[(phone, "1", "2")]), "a later write went over it");
        assert_eq!(of(&[("1", "2", ""), ("2", "3", "")]), expected(&[]));
    }
}
