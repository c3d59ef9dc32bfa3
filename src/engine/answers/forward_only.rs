//! Records that keep a status under `forward_only`, as `plan` and `explain` tell it.

use super::left_alone::LeftAlone;
use crate::decide::forward_only::KeptStatus;
use crate::engine::assess::assessment::StatusNow;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::model::{Mark, Name, Record, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// So many are shown.
const EXAMPLES_MAX: usize = 5;

/// How many records there are, with some of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusesKept {
    pub records: usize,
    pub examples: Vec<LeftStatus>,
}

/// One record whose status stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftStatus {
    pub record: String,
    pub shows: Json,
    pub not_written: String,
    pub why: String,
}

impl Engine {
    /// All of them; `None`: there are none.
    pub(super) fn statuses_kept(&self, now: Time) -> Option<StatusesKept> {
        let concerned = || self.people.iter().filter(|person| person.undecided.kept_statuses > 0 && !person.members.is_empty());
        let records = concerned().map(|person| usize::from(person.undecided.kept_statuses)).sum();
        let of_one = |idx: &Idx| {
            let (record, merge) = self.look(*idx, now);
            let status = merge.status?;
            let kept = self.keeps_status(&record, &status)?;
            Some(left_status(&record, status.name.as_ref()?, kept))
        };
        let examples = concerned().take(EXAMPLES_MAX).flat_map(|person| person.members.iter().filter_map(of_one)).take(EXAMPLES_MAX);
        (records > 0).then(|| StatusesKept { records, examples: examples.collect() })
    }

    /// The same of one person's records.
    pub(super) fn statuses_left(&self, records: &[Record], status: &StatusNow) -> Vec<LeftAlone> {
        let kept = |record: &Record| Some(left_alone(record, status.name.as_ref()?, self.keeps_status(record, status)?));
        records.iter().filter_map(kept).collect()
    }
}

fn left_status(record: &Record, status: &Name, kept: KeptStatus) -> LeftStatus {
    LeftStatus {
        record: record.id.to_string(),
        shows: record.mark(Mark::Status).map_or(Json::Null, Value::to_json),
        not_written: status.to_string(),
        why: kept.why().into(),
    }
}

fn left_alone(record: &Record, status: &Name, kept: KeptStatus) -> LeftAlone {
    let LeftStatus { record, not_written, why, .. } = left_status(record, status, kept);
    LeftAlone { record, field: Mark::Status.name().into(), not_written: not_written.into(), why, until: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_stays_is_told_with_what_is_there_and_why() {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.set_mark(Mark::Status, Value::text("customer"));
        let told = left_status(&record, &"lead".into(), KeptStatus::Higher);
        assert_eq!((&*told.record, &told.shows, &*told.not_written), ("ma:person:1", &Json::from("customer"), "lead"));
        let alone = left_alone(&record, &"lead".into(), KeptStatus::NotOurs);
        assert_eq!((&*alone.field, alone.not_written, &*alone.why), ("status", Json::from("lead"), KeptStatus::NotOurs.why()));
    }
}
