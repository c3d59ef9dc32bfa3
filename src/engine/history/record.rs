//! What a run writes, kept for `undo` with what was there before.

use super::written::{RunWritten, WRITTEN, WrittenKey, WrittenRecord};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::ledger::items::encode_in_parts;
use crate::model::Time;

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
            let key = WrittenKey { at: now, run: (*self.run).into(), number: self.written.next, records: part.len() };
            self.ledger.put_encoded(WRITTEN, key.to_bytes(), bytes);
            self.written.next += 1;
            self.written.records += key.records;
            self.written.kept.insert(key, ());
        }
        for key in self.written.outdated(now) {
            self.ledger.delete(WRITTEN, key.to_bytes());
        }
    }

    /// What a run wrote since a time, in order.
    pub fn written_by(&mut self, run: &str, since: Option<Time>) -> Result<Vec<WrittenRecord>, Error> {
        // What is kept is read from the store.
        self.commit()?;
        let keys: Vec<&WrittenKey> = self.written.kept.keys().filter(|k| *k.run == *run && since.is_none_or(|t| k.at >= t)).collect();
        let mut all = Vec::new();
        for key in keys {
            if let Some(mut records) = self.ledger.get(WRITTEN, &key.to_bytes())? {
                // What another instance of a system was told stands in none of this one's records.
                records.retain(|r| self.instance_since(&r.record.system).is_none_or(|since| key.at >= since));
                all.extend(records);
            }
        }
        Ok(all)
    }
}
