//! What was written of a field to a person's records, and what stood there before: what is still kept for `undo` tells it.

use crate::engine::history::written::WrittenRecord;
use crate::model::{Name, RecordId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Whoever asks waits for it: so many of the newest writes are looked through.
pub(super) const LOOKED_THROUGH_MAX: usize = 50_000;

/// Writes that are told of one field.
pub(super) const TOLD_MAX: usize = 20;

/// A write of the field to one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastWrite {
    pub at: String,
    pub record: String,
    /// What stood there.
    pub old: Json,
    pub new: Json,
    /// By which it was written; `undo` where it was set back.
    pub rule: String,
    /// As `undo` takes it.
    pub run: String,
}

/// What a batch wrote of a field to these records.
pub(super) fn writes_of<'b>(
    field: &'b Name,
    ids: &'b [RecordId],
    at: Time,
    run: &'b str,
    batch: &'b [WrittenRecord],
) -> impl Iterator<Item = PastWrite> + 'b {
    let of_them = batch.iter().filter(|written| ids.contains(&written.record));
    of_them.flat_map(move |written| {
        written.fields.iter().filter(|f| f.field == *field).map(move |f| PastWrite {
            at: at.rfc3339(),
            record: written.record.to_string(),
            old: f.old.to_json(),
            new: f.new.to_json(),
            rule: f.rule.to_string(),
            run: run.to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::history::written::WrittenField;
    use crate::model::Value;

    #[test]
    fn only_this_field_of_these_records_is_told() {
        let wrote = |field: &str, old: Value| WrittenField {
            field: field.into(),
            old,
            new: Value::Int(10),
            rule: "precedence.toml:3".into(),
            files: Vec::new(),
        };
        let of = |id: &str, fields: Vec<WrittenField>| WrittenRecord { record: id.parse().unwrap(), fields };
        let batch = [
            of("crm:person:1", vec![wrote("title", Value::text("Chief")), wrote("score", Value::Int(99))]),
            of("crm:person:2", vec![wrote("score", Value::Empty)]),
        ];
        let ids = ["crm:person:1".parse().unwrap(), "ma:person:1".parse().unwrap()];
        let told: Vec<PastWrite> = writes_of(&"score".into(), &ids, Time(0), "r_1", &batch).collect();
        let want = PastWrite {
            at: "1970-01-01T00:00:00Z".into(),
            record: "crm:person:1".into(),
            old: 99.into(),
            new: 10.into(),
            rule: "precedence.toml:3".into(),
            run: "r_1".into(),
        };
        assert_eq!(told, [want]);
    }
}
