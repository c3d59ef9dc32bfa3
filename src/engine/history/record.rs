//! What a run writes, kept for `undo` with what was there before.

use super::written::{RunWritten, WRITTEN, Written, WrittenKey, WrittenRecord};
use super::written_before::{FORMER_WRITTEN, WRITTEN_BY_RULE};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::ledger::items::encode_in_parts;
use crate::model::{Name, RecordId, Time};

impl Engine {
    /// The runs whose field writes are kept, oldest first.
    pub fn runs_written(&self) -> Vec<RunWritten> {
        self.written.runs()
    }

    /// Keeps the old and new values of a batch with the commit that marks it as sent: known before it can have an effect.
    pub fn keep_written(&mut self, records: Vec<WrittenRecord>, now: Time) {
        if records.is_empty() {
            return;
        }
        for (part, bytes) in encode_in_parts(&records) {
            let key = self.written.keep(now, &self.run, part.len());
            self.ledger.put_encoded(WRITTEN, key, bytes);
        }
        for key in self.written.outdated(now) {
            self.ledger.delete(WRITTEN, key.to_bytes());
            self.ledger.delete(WRITTEN_BY_RULE, key.to_bytes());
            self.ledger.delete(FORMER_WRITTEN, key.to_bytes());
        }
    }

    /// The rule by which a field of a record is written now, as plans name it.
    pub(in crate::engine) fn rule_of_write(&self, record: &RecordId, field: &Name) -> Name {
        match self.is_set_back(record, field) {
            true => "undo".into(),
            false if self.is_pinned(record, field) => "pin".into(),
            false => self.rules.rules().precedence.rule(field).map_or_else(|| "".into(), |rule| rule.rule.clone()),
        }
    }

    /// What a run wrote since a time, in order.
    pub fn written_by(&mut self, run: &str, since: Option<Time>) -> Result<Vec<WrittenRecord>, Error> {
        let mut all = Vec::new();
        self.each_written(Some(run), since, |record| all.push(record))?;
        Ok(all)
    }

    /// Goes through what a run wrote since a time, or all runs, in order.
    pub(super) fn each_written(
        &mut self,
        run: Option<&str>,
        since: Option<Time>,
        mut with: impl FnMut(WrittenRecord),
    ) -> Result<(), Error> {
        // What is kept is read from the store.
        self.commit()?;
        for key in self.written.keys_of(run, since) {
            self.batch(key)?.into_iter().for_each(&mut with);
        }
        Ok(())
    }

    /// Shows the batches that are kept with their time and run, the newest first, up to so many records. Those of the last moment may not be
    /// committed yet.
    pub(in crate::engine) fn look_back(&self, records_max: usize, mut look: impl FnMut(Time, &str, &[WrittenRecord])) -> Result<(), Error> {
        let mut looked_through = 0;
        for key in self.written.kept.keys().rev() {
            looked_through += key.records;
            if looked_through > records_max {
                break;
            }
            look(key.at, &key.run, &self.batch(key)?);
        }
        Ok(())
    }

    /// A batch as it was committed, of what was told to those instances that are there now.
    fn batch(&self, key: &WrittenKey) -> Result<Vec<WrittenRecord>, Error> {
        let bytes = key.to_bytes();
        let records = if let Some(records) = self.ledger.get(WRITTEN, &bytes)? {
            records
        } else if let Some(by_rule) = self.ledger.get(WRITTEN_BY_RULE, &bytes)? {
            by_rule.into_iter().map(WrittenRecord::from).collect()
        } else {
            let before = self.ledger.get(FORMER_WRITTEN, &bytes)?.unwrap_or_default();
            before.into_iter().map(WrittenRecord::from).collect()
        };
        Ok(told_to_those_that_are_there(records, key.at, |system| self.instance_since(system)))
    }
}

impl Written {
    /// Takes the next batch of a run in, of so many records. Returns the key under which it is kept.
    fn keep(&mut self, at: Time, run: &str, records: usize) -> Vec<u8> {
        let key = WrittenKey { at, run: run.into(), number: self.next, records };
        let bytes = key.to_bytes();
        self.next += 1;
        self.records += key.records;
        self.kept.insert(key, ());
        bytes
    }

    /// A run's batches since a time, or those of all runs, in order.
    fn keys_of<'a>(&'a self, run: Option<&'a str>, since: Option<Time>) -> impl Iterator<Item = &'a WrittenKey> {
        self.kept.keys().filter(move |k| run.is_none_or(|run| *k.run == *run) && since.is_none_or(|t| k.at >= t))
    }
}

/// What another instance of a system was told stands in none of this one's records.
fn told_to_those_that_are_there(
    mut records: Vec<WrittenRecord>,
    at: Time,
    instance_since: impl Fn(&Name) -> Option<Time>,
) -> Vec<WrittenRecord> {
    records.retain(|r| instance_since(&r.record.system).is_none_or(|since| at >= since));
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runs_batches_are_found_in_order_and_again_after_a_restart() {
        let mut written = Written::default();
        let mut again = Written::default();
        for (at, run, records) in [(5, "r_1", 2), (5, "r_1", 3), (7, "r_2", 4), (9, "r_1", 1)] {
            again.restore(&written.keep(Time(at), run, records));
        }
        for written in [&written, &again] {
            for (run, since, found) in [
                (Some("r_1"), None, vec![2, 3, 1]),
                (Some("r_1"), Some(5), vec![2, 3, 1]),
                (Some("r_1"), Some(6), vec![1]),
                (Some("r_2"), None, vec![4]),
                (Some("r_2"), Some(8), vec![]),
                (Some("r_"), None, vec![]),
                (None, None, vec![2, 3, 4, 1]),
                (None, Some(6), vec![4, 1]),
            ] {
                let keys = written.keys_of(run, since.map(Time));
                assert_eq!(keys.map(|k| k.records).collect::<Vec<_>>(), found, "{run:?} {since:?}");
            }
            assert_eq!(written.records, 10);
        }
        assert_eq!(written.kept, again.kept);
        assert_eq!(written.kept.keys().map(|k| k.number).collect::<Vec<_>>(), [0, 1, 2, 3], "each batch has a number of its own");
    }

    #[test]
    fn what_a_former_instance_was_told_is_not_this_ones() {
        let write = |record: &str| WrittenRecord { record: record.parse().unwrap(), fields: Vec::new() };
        let since = |system: &Name| (**system == *"ma").then_some(Time(100));
        for (at, left) in [(99, vec!["crm:person:1"]), (100, vec!["ma:person:1", "crm:person:1"])] {
            let told = told_to_those_that_are_there(vec![write("ma:person:1"), write("crm:person:1")], Time(at), since);
            assert_eq!(told.iter().map(|w| w.record.to_string()).collect::<Vec<_>>(), left, "{at}");
        }
    }
}
