//! What was written into fields and what stood there before: kept for a while, for `undo`.

use crate::connector::WriteOp;
use crate::engine::assess::assessment::Merge;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, Record, RecordId, Span, Time, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Batches of field writes with the old values, by their [`WrittenKey`].
pub(in crate::engine) const WRITTEN: Kind<Vec<WrittenRecord>> = Kind::new(Tag::Written);

/// A mistake that nobody saw for a month is not undone by a command.
const KEPT_FOR: Span = Span::days(30);
/// Writes to records that are kept: about 60 MB on disk.
const RECORDS_MAX: usize = 500_000;

/// The fields of one write to one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenRecord {
    pub record: RecordId,
    pub fields: Vec<WrittenField>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenField {
    pub field: Name,
    /// What the target showed; nothing is `Empty`.
    pub old: Value,
    pub new: Value,
    /// By which it was written, as plans name it; empty in what a former version kept.
    pub rule: Name,
    /// The files of lists that it was out of; none in what a former version kept.
    pub files: Vec<Name>,
}

impl WrittenRecord {
    /// `merge`: what the rules made of the person; `rule`: by which a field is written.
    pub fn of(op: &WriteOp, shown: &Record, merge: &Merge, rule: impl Fn(&Name) -> Name) -> WrittenRecord {
        let old = |name: &Name| shown.field_of(name).map_or(Value::Empty, |f| f.value.clone());
        let field = |(name, new): &(Name, Value)| {
            let (old, rule) = (old(name), rule(name));
            WrittenField { files: merge.files_of(name, &old, new), field: name.clone(), old, new: new.clone(), rule }
        };
        let fields = op.change.fields.iter().map(field);
        WrittenRecord { record: op.record.clone(), fields: fields.collect() }
    }
}

/// The key of one batch of writes, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WrittenKey {
    pub(in crate::engine) at: Time,
    pub(in crate::engine) run: Box<str>,
    /// From 0 in each run: shows whether its beginning is still kept.
    pub(in crate::engine) number: u64,
    pub(in crate::engine) records: usize,
}

impl WrittenKey {
    pub(in crate::engine) fn to_bytes(&self) -> Vec<u8> {
        format!("{}/{}/{}/{}", self.at.0, self.run, self.number, self.records).into_bytes()
    }

    fn parse(text: &str) -> Option<WrittenKey> {
        let mut parts = text.split('/');
        let at = Time(parts.next()?.parse().ok()?);
        Some(WrittenKey { at, run: parts.next()?.into(), number: parts.next()?.parse().ok()?, records: parts.next()?.parse().ok()? })
    }
}

/// The batches that are kept. Their values lie in the store alone.
#[derive(Debug, Default)]
pub struct Written {
    pub(super) kept: BTreeMap<WrittenKey, ()>,
    pub(in crate::engine) records: usize,
    pub(in crate::engine) next: u64,
}

/// A run with field writes that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunWritten {
    pub run: String,
    pub from: String,
    pub to: String,
    pub records: usize,
    /// Its beginning is still kept.
    pub complete: bool,
}

impl Written {
    /// Takes a kept batch's key in at open.
    pub fn restore(&mut self, key: &[u8]) {
        if let Some(key) = std::str::from_utf8(key).ok().and_then(WrittenKey::parse) {
            self.records += key.records;
            self.kept.insert(key, ());
        }
    }

    /// The runs, oldest first.
    pub fn runs(&self) -> Vec<RunWritten> {
        let mut runs: Vec<RunWritten> = Vec::new();
        for key in self.kept.keys() {
            match runs.iter_mut().find(|r| *r.run == *key.run) {
                Some(run) => {
                    run.records += key.records;
                    run.to = key.at.rfc3339();
                    run.complete |= key.number == 0;
                }
                None => runs.push(RunWritten {
                    run: key.run.to_string(),
                    from: key.at.rfc3339(),
                    to: key.at.rfc3339(),
                    records: key.records,
                    complete: key.number == 0,
                }),
            }
        }
        runs
    }

    /// Makes room: what is too old or too much.
    pub(super) fn outdated(&mut self, now: Time) -> Vec<WrittenKey> {
        let mut dropped = Vec::new();
        while let Some((key, ())) = self.kept.first_key_value() {
            if key.at >= now.minus(KEPT_FOR) && self.records <= RECORDS_MAX {
                break;
            }
            let key = key.clone();
            self.kept.remove(&key);
            self.records -= key.records;
            dropped.push(key);
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(at: i64, number: u64, records: usize) -> WrittenKey {
        WrittenKey { at: Time(at), run: "r_1".into(), number, records }
    }

    #[test]
    fn a_month_is_kept_and_not_more_than_so_many() {
        let day = Span::days(1).0;
        for (what, kept, now, left) in [
            ("young", vec![key(0, 0, 5)], 30 * day, vec![0]),
            ("old", vec![key(0, 0, 5), key(2 * day, 1, 5)], 31 * day, vec![1]),
            ("many", vec![key(0, 0, RECORDS_MAX), key(1, 1, 1)], 2, vec![1]),
            ("just enough", vec![key(0, 0, RECORDS_MAX - 1), key(1, 1, 1)], 2, vec![0, 1]),
        ] {
            let mut written = Written::default();
            kept.iter().for_each(|k| written.restore(&k.to_bytes()));
            let dropped = written.outdated(Time(now)).len();
            assert_eq!(written.kept.keys().map(|k| k.number).collect::<Vec<_>>(), left, "{what}");
            assert_eq!(dropped + left.len(), kept.len(), "{what}");
            assert_eq!(written.records, written.kept.keys().map(|k| k.records).sum::<usize>(), "{what}");
        }
    }

    #[test]
    fn a_run_whose_beginning_is_not_kept_says_so() {
        let mut written = Written::default();
        [key(5, 1, 2), key(9, 2, 3)].iter().for_each(|k| written.restore(&k.to_bytes()));
        let runs = written.runs();
        assert_eq!((runs.len(), runs[0].records, runs[0].complete), (1, 5, false));
    }
}
