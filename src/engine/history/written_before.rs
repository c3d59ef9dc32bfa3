//! Batches of field writes as former formats keep them: up to format 5 without the rules, up to format 7 without the files.

use super::written::{WrittenField, WrittenRecord};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, RecordId, Value};
use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;

/// Up to format 5.
pub(in crate::engine) const FORMER_WRITTEN: Kind<Vec<WrittenBefore<FieldBefore>>> = Kind::new(Tag::FormerWritten);
/// In formats 6 and 7.
pub(in crate::engine) const WRITTEN_BY_RULE: Kind<Vec<WrittenBefore<FieldByRule>>> = Kind::new(Tag::WrittenByRule);

/// The fields of one write to one record.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct WrittenBefore<F> {
    record: RecordId,
    fields: Vec<F>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct FieldBefore {
    field: Name,
    old: Value,
    new: Value,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct FieldByRule {
    field: Name,
    old: Value,
    new: Value,
    rule: Name,
}

impl From<FieldBefore> for WrittenField {
    fn from(FieldBefore { field, old, new }: FieldBefore) -> WrittenField {
        WrittenField { field, old, new, rule: "".into(), files: Vec::new() }
    }
}

impl From<FieldByRule> for WrittenField {
    fn from(FieldByRule { field, old, new, rule }: FieldByRule) -> WrittenField {
        WrittenField { field, old, new, rule, files: Vec::new() }
    }
}

impl<F: Into<WrittenField>> From<WrittenBefore<F>> for WrittenRecord {
    fn from(before: WrittenBefore<F>) -> WrittenRecord {
        WrittenRecord { record: before.record, fields: before.fields.into_iter().map(F::into).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::items::encode;

    #[test]
    fn what_a_former_version_wrote_can_still_be_undone_but_not_by_what_it_did_not_keep() {
        let record: RecordId = "ma:person:1".parse().unwrap();
        let (field, old, new) = (Name::from("title"), Value::Empty, Value::text("Chief"));
        let wanted = |rule: &str| {
            let field = WrittenField { field: field.clone(), old: old.clone(), new: new.clone(), rule: rule.into(), files: Vec::new() };
            [WrittenRecord { record: record.clone(), fields: vec![field] }]
        };
        let before = FieldBefore { field: field.clone(), old: old.clone(), new: new.clone() };
        let bytes = encode(&vec![WrittenBefore { record: record.clone(), fields: vec![before] }]);
        let read: Vec<WrittenRecord> = FORMER_WRITTEN.read("a batch", &bytes).unwrap().into_iter().map(WrittenRecord::from).collect();
        assert_eq!(read, wanted(""));
        let by_rule = FieldByRule { field: field.clone(), old: old.clone(), new: new.clone(), rule: "precedence.toml:3".into() };
        let bytes = encode(&vec![WrittenBefore { record: record.clone(), fields: vec![by_rule] }]);
        let read: Vec<WrittenRecord> = WRITTEN_BY_RULE.read("a batch", &bytes).unwrap().into_iter().map(WrittenRecord::from).collect();
        assert_eq!(read, wanted("precedence.toml:3"));
    }
}
