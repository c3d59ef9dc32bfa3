//! Batches of field writes as formats up to 5 keep them: without the rules.

use super::written::{WrittenField, WrittenRecord};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, RecordId, Value};
use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;

/// The same up to format 5.
pub(in crate::engine) const FORMER_WRITTEN: Kind<Vec<WrittenBefore>> = Kind::new(Tag::FormerWritten);

/// The fields of one write to one record.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct WrittenBefore {
    record: RecordId,
    fields: Vec<FieldBefore>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct FieldBefore {
    field: Name,
    old: Value,
    new: Value,
}

impl From<WrittenBefore> for WrittenRecord {
    fn from(before: WrittenBefore) -> WrittenRecord {
        let field = |f: FieldBefore| WrittenField { field: f.field, old: f.old, new: f.new, rule: "".into() };
        WrittenRecord { record: before.record, fields: before.fields.into_iter().map(field).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::items::encode;

    #[test]
    fn what_a_former_version_wrote_can_still_be_undone_but_not_by_rule() {
        let record: RecordId = "ma:person:1".parse().unwrap();
        let field = FieldBefore { field: "title".into(), old: Value::Empty, new: Value::text("Chief") };
        let bytes = encode(&vec![WrittenBefore { record: record.clone(), fields: vec![field] }]);
        let read: Vec<WrittenRecord> = FORMER_WRITTEN.read("a batch", &bytes).unwrap().into_iter().map(WrittenRecord::from).collect();
        let field = WrittenField { field: "title".into(), old: Value::Empty, new: Value::text("Chief"), rule: "".into() };
        assert_eq!(read, [WrittenRecord { record, fields: vec![field] }]);
    }
}
