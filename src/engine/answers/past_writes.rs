//! What was written into a field lately.

use crate::engine::history::record::WrittenThen;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A write of nayose's into a field of a record; kept for 30 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastWrite {
    pub at: String,
    pub record: String,
    /// What the record showed before.
    pub old: Json,
    pub new: Json,
    /// `FILE:LINE` of the rule, or `undo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    pub run: String,
}

impl From<WrittenThen> for PastWrite {
    fn from(then: WrittenThen) -> PastWrite {
        let WrittenThen { at, run, record, written } = then;
        PastWrite {
            at: at.rfc3339(),
            record: record.to_string(),
            old: written.old.to_json(),
            new: written.new.to_json(),
            rule: (!written.rule.is_empty()).then(|| written.rule.to_string()),
            run: run.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::history::written::WrittenField;
    use crate::model::{Time, Value};

    #[test]
    fn what_a_former_version_kept_names_no_rule() {
        for (rule, told) in [("precedence.toml:3", Some("precedence.toml:3")), ("undo", Some("undo")), ("", None)] {
            let written = WrittenField { field: "title".into(), old: Value::Empty, new: Value::Text("Chief".into()), rule: rule.into() };
            let then = WrittenThen { at: Time(0), run: "r_1".into(), record: "ma:person:1".parse().unwrap(), written };
            let past = PastWrite::from(then);
            assert_eq!(past.rule.as_deref(), told);
            assert_eq!((past.at.as_str(), past.old, past.new), ("1970-01-01T00:00:00Z", Json::Null, Json::from("Chief")));
        }
    }
}
