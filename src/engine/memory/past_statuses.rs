//! The changes of their person's status that records remember.

use crate::model::{PastStatus, Record, Span, Time};
use std::cmp::Reverse;

/// So many changes of one record are remembered.
const CHANGES_MAX: usize = 20;

/// As long as what was written into fields is kept.
const KEPT_FOR: Span = Span::days(30);

/// Remembers a change with a record that is told the status; what is too old or too much is forgotten.
pub fn note(record: &mut Record, change: PastStatus) {
    let changes = &mut record.memory.statuses;
    let now = change.at;
    changes.push(change);
    changes.retain(|change| is_kept(change, now));
    let too_many = changes.len().saturating_sub(CHANGES_MAX);
    changes.drain(..too_many);
}

/// The changes that some of a person's records remember, the newest first.
pub fn all<'r>(records: impl IntoIterator<Item = &'r Record>, now: Time) -> Vec<&'r PastStatus> {
    let mut all: Vec<&PastStatus> = records.into_iter().flat_map(|record| &record.memory.statuses).filter(|c| is_kept(c, now)).collect();
    all.sort_by_key(|change| Reverse(change.at));
    // Twins were told the same.
    let mut told: Vec<&PastStatus> = Vec::new();
    for change in all {
        if !told.contains(&change) {
            told.push(change);
        }
    }
    told.truncate(CHANGES_MAX);
    told
}

fn is_kept(change: &PastStatus, now: Time) -> bool {
    change.at >= now.minus(KEPT_FOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(day: i64, to: &str) -> PastStatus {
        let at = Time(0).plus(Span::days(day));
        PastStatus { at, from: Some("lead".into()), to: Some(to.into()), rule: Some("policy.toml:4".into()), because: Vec::new() }
    }

    #[test]
    fn the_last_twenty_of_a_month_are_remembered() {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        note(&mut record, change(1, "mql"));
        note(&mut record, change(31, "sql"));
        let days = |record: &Record| record.memory.statuses.iter().map(|c| c.at.0 / Span::days(1).0).collect::<Vec<_>>();
        assert_eq!(days(&record), [1, 31]);
        note(&mut record, change(32, "mql"));
        assert_eq!(days(&record), [31, 32]);
        (0..30).for_each(|_| note(&mut record, change(33, "sql")));
        assert_eq!(days(&record), [33; CHANGES_MAX]);
    }

    #[test]
    fn what_twins_were_told_is_told_once_and_the_newest_comes_first() {
        let mut records = ["ma:person:1", "ma:person:2"].map(|id| Record::new(id.parse().unwrap()));
        for record in &mut records {
            note(record, change(5, "mql"));
        }
        note(&mut records[1], change(7, "sql"));
        let told =
            |day: i64| all(&records, Time(0).plus(Span::days(day))).iter().map(|c| c.to.clone().unwrap().to_string()).collect::<Vec<_>>();
        assert_eq!(told(8), ["sql", "mql"]);
        assert_eq!(told(36), ["sql"]);
        assert_eq!(told(38), Vec::<String>::new());
    }
}
