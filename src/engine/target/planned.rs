//! A write as it is shown before it is made.

use super::Op;
use crate::model::Name;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedWrite {
    pub system: Name,
    pub entity: String,
    pub id: String,
    pub op: String,
    pub person: String,
    /// By which people know the person; `None`: no record has one.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    /// What stands against the person, where the write protects.
    pub reasons: Vec<String>,
    pub fields: BTreeMap<String, FieldChange>,
    /// Those of `fields` that the system takes back only in two steps: cleared, then set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared_first: Vec<String>,
}

impl PlannedWrite {
    /// What it is to a reader: a release that lifts no block is a permit.
    pub fn called(&self) -> &str {
        if self.op == Op::Release.name() && !self.fields.contains_key("block") { "permit" } else { &self.op }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldChange {
    pub old: Json,
    pub new: Json,
    pub rule: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_lifts_no_block_is_a_permit_to_a_reader() {
        for (op, field, called) in [
            (Op::Release, "block", "release"),
            (Op::Release, "permit", "permit"),
            (Op::Hold, "permit", "hold"),
            (Op::Hold, "block", "hold"),
            (Op::Update, "phone", "update"),
        ] {
            let change = FieldChange { old: Json::Null, new: Json::Bool(true), rule: "vip".into() };
            let write = PlannedWrite {
                system: "ma".into(),
                entity: "person".into(),
                id: "1".into(),
                op: op.name().into(),
                person: "p".into(),
                name: None,
                address: None,
                reasons: Vec::new(),
                fields: BTreeMap::from([(field.to_string(), change)]),
                cleared_first: Vec::new(),
            };
            assert_eq!(write.called(), called, "{op:?} {field}");
        }
    }
}
