//! What is wanted of a person's records and not written for now, and why.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::target::{ParkedPart, Target};
use crate::model::{Mark, Name, RecordId, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A field, the status or reason codes that are not written for now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeftAlone {
    pub record: String,
    pub field: String,
    pub not_written: Json,
    pub why: String,
    /// When it is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Engine {
    /// What is not written to these records of one person, whose status it is.
    pub(super) fn left_alone(&self, members: &[Idx], status: Option<&str>, now: Time) -> Vec<LeftAlone> {
        let now = self.trusted_now(now);
        let of_one = |idx: &Idx| {
            let id = &self.world.slot(*idx).id;
            let without_code = self.systems.get(&id.system).map_or(&[][..], |system| system.without_code.of(*idx));
            left_alone(id, self.targets.of(*idx), without_code, status, now)
        };
        members.iter().flat_map(of_one).collect()
    }
}

/// What is not written to a record for now; `status` is the person's, of which the target keeps only a digest.
fn left_alone(
    record: &RecordId,
    target: Option<&Target>,
    without_code: &[(Name, Value)],
    status: Option<&str>,
    now: Time,
) -> Vec<LeftAlone> {
    let parked = |part: ParkedPart<'_>| {
        let of_marks = if part.what == Mark::Status.name() { Json::from(status) } else { Json::Null };
        LeftAlone {
            record: record.to_string(),
            field: part.what.to_string(),
            not_written: part.ours.map_or(of_marks, Value::to_json),
            why: part.parked.why().into(),
            until: part.parked.until().map(Time::rfc3339),
        }
    };
    let codeless = |(field, value): &(Name, Value)| LeftAlone {
        record: record.to_string(),
        field: field.to_string(),
        not_written: value.to_json(),
        why: NO_CODE.into(),
        until: None,
    };
    target.into_iter().flat_map(|t| t.parked(now)).map(parked).chain(without_code.iter().map(codeless)).collect()
}

/// Why a value that has no code in its system is not written.
pub const NO_CODE: &str = "the connector's map has no code for it; add one to the map of the field in the manifest";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::target::Agreed;

    #[test]
    fn only_what_is_parked_or_has_no_code_is_told_as_left_alone() {
        let mut target = Target { agreed: vec![Agreed::new("title".into(), Value::text("CEO"))], ..Target::default() };
        target.park(&"phone".into(), Value::text("1"));
        target.status.park("Lead");
        let without_code = [("industry".into(), Value::text("sold"))];
        let left = |target| {
            let left = left_alone(&"ma:person:1".parse().unwrap(), target, &without_code, Some("lead"), Time(9)).into_iter();
            left.map(|l| (l.field, l.not_written, l.why)).collect::<Vec<_>>()
        };
        let why = "it was undone, or its write was dropped; it is written when another value is wanted".to_string();
        let phone = ("phone".to_string(), Json::from("1"), why.clone());
        let industry = ("industry".to_string(), Json::from("sold"), NO_CODE.to_string());
        assert_eq!(left(Some(&target)), [phone, ("status".into(), Json::from("lead"), why), industry.clone()]);
        assert_eq!(left(None), [industry]);
    }
}
