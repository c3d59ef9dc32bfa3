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

impl Engine {
    /// Keeps what a batch is about to send, with the commit that comes before it leaves.
    pub fn keep_sent(&mut self, batch: &mut Batch) {
        let slots = batch.places.iter().map(|idx| self.world.slot(*idx));
        let sent: Vec<(&RecordId, &Sent)> = slots.filter_map(|s| Some((&s.id, s.target.as_ref()?.sent.as_ref()?))).collect();
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
        if let Ok(number) = number.try_into().map(u64::from_be_bytes) {
            self.next_sent = self.next_sent.max(number + 1);
        }
        for (record, sent) in sent {
            let Some(idx) = self.world.find(&record) else { continue };
            self.world.slot_mut(idx).target.get_or_insert_default().mark_sent(Sent { unknown: true, ..sent });
            self.lost_with_a_process(idx);
            self.keep_target(idx);
        }
        self.ledger.delete(SENT, number.to_vec());
    }

    /// Takes over what a former process knew of a target, if its record is known.
    pub fn restore_target(&mut self, record: &str, mut target: Target, now: Time) -> Option<Idx> {
        let idx = record.parse::<RecordId>().ok().and_then(|id| self.world.find(&id))?;
        target.take_over(now);
        let awaited = target.sent.is_some();
        self.world.slot_mut(idx).target = Some(Box::new(target));
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
