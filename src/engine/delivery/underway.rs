//! Which writes are under way, a batch an item: on disk before a batch leaves, so that whoever finds the state after a crash reads back what
//! nobody told us of. What became of a batch lets its item go, in the commit that keeps the outcomes.

use super::deliver::Batch;
use crate::engine::engine::Engine;
use crate::engine::ledger::changes::{LedgerError, read_all};
use crate::engine::ledger::items::encode_in_parts;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::place::Idx;
use crate::engine::target::{Sent, Target};
use crate::model::{RecordId, Time};
use crate::store::State;

/// Batches of writes under way, by their number.
pub(in crate::engine) const SENT: Kind<StoredUnderway> = Kind::new(Tag::Sent);

/// A batch's writes, or a part of them if they are long, as they lie in the store under a number (8 bytes, big-endian).
pub type StoredUnderway = Vec<(RecordId, Sent)>;

fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// The next number, where an item lies under this one.
fn next_after(next: u64, key: &[u8]) -> u64 {
    key.try_into().map_or(next, |number| next.max(u64::from_be_bytes(number) + 1))
}

impl Engine {
    /// Keeps what a batch is about to send, with the commit that comes before it leaves.
    pub fn keep_sent(&mut self, batch: &mut Batch) {
        let sent = batch.places.iter().filter_map(|idx| Some((&self.world.slot(*idx).id, self.targets.sent(*idx)?)));
        let sent: Vec<(&RecordId, &Sent)> = sent.collect();
        let first = self.next_sent;
        for (_, bytes) in encode_in_parts(&sent) {
            self.ledger.put_encoded(SENT, key(self.next_sent), bytes);
            self.next_sent += 1;
        }
        batch.sent = first..self.next_sent;
    }

    /// Each of its writes is accounted for, in its target.
    pub fn let_sent_go(&mut self, batch: &Batch) {
        batch.sent.clone().for_each(|number| self.ledger.delete(SENT, key(number)));
    }

    /// Takes over what a former process left under way: from the next commit on the targets themselves say so.
    pub fn restore_sent(&mut self, number: &[u8], sent: StoredUnderway) {
        self.next_sent = next_after(self.next_sent, number);
        for (record, sent) in sent {
            let Some(idx) = self.world.find(&record) else { continue };
            self.targets.restore_sent(idx, sent);
            self.lost_with_a_process(idx);
            self.keep_target(idx);
        }
        self.ledger.delete(SENT, number.to_vec());
    }

    /// Takes over what a former process knew of a target, if its record is known.
    pub fn restore_target(&mut self, record: &str, target: Target, now: Time) -> Option<Idx> {
        let idx = record.parse::<RecordId>().ok().and_then(|id| self.world.find(&id))?;
        let awaited = self.targets.restore(idx, &self.world.slot(idx).id.system, target, now);
        if awaited {
            self.lost_with_a_process(idx);
        }
        Some(idx)
    }

    fn lost_with_a_process(&mut self, idx: Idx) {
        let system = self.world.slot(idx).id.system.clone();
        if let Some(system) = self.systems.get_mut(&system) {
            system.channel.lost_answer(idx, "the answer was lost with a former process".into());
        }
    }
}

/// The records that are written to according to a state's items.
pub fn on_disk(state: &State) -> Result<Vec<RecordId>, LedgerError> {
    Ok(read_all(state, SENT)?.into_iter().flat_map(|(_, sent)| sent).map(|(record, _)| record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::engine::ledger::changes::tests::ledger;

    #[test]
    fn a_number_is_never_given_twice_also_after_a_restart() {
        for (next, key, then) in [
            (0, key(0), 1),
            (0, key(256), 257),
            (300, key(256), 300),
            // An item of no such kind.
            (7, b"x".to_vec(), 7),
        ] {
            assert_eq!(next_after(next, &key), then, "{next} {key:?}");
        }
        assert!(key(2) < key(256), "in the store's order");
    }

    #[test]
    fn what_was_kept_before_it_left_is_found_by_whoever_opens_the_state() {
        let mut ledger = ledger();
        let sent: Vec<(RecordId, Sent)> = (1..=3)
            .map(|i| {
                let mut target = Target::default();
                target.send(&Change { block: Some(true), ..Change::default() }, Time(i));
                (format!("ma:person:{i}").parse().unwrap(), target.sent.unwrap())
            })
            .collect();
        // As `keep_sent` has them: by reference.
        let (first, second) = sent.split_at(2);
        for (number, batch) in [(4, first), (5, second)] {
            let batch: Vec<(&RecordId, &Sent)> = batch.iter().map(|(record, sent)| (record, sent)).collect();
            encode_in_parts(&batch).into_iter().for_each(|(_, bytes)| ledger.put_encoded(SENT, key(number), bytes));
        }
        ledger.commit().unwrap();
        assert_eq!(ledger.get(SENT, &key(5)).unwrap().as_deref(), Some(second));
        let records: Vec<String> = on_disk(ledger.state()).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(records, ["ma:person:1", "ma:person:2", "ma:person:3"]);
        ledger.delete(SENT, key(4));
        ledger.commit().unwrap();
        assert_eq!(on_disk(ledger.state()).unwrap().len(), 1, "its outcome is booked");
    }
}
