//! What the journal gives back of a state that was lost.

use crate::decide::standing::HoldNow;
use crate::engine::ledger::kind::Single;
use crate::model::{Name, RecordId, Time};
use crate::store::{Block, Blocks, Cause};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// It is there while everything is being read anew.
pub(in crate::engine) const REBUILDING: Single<Rebuilding> = Single::new("rebuilding");

/// It is there until what is due, once everything was read anew, waits for a person's word.
pub(in crate::engine) const AGREEMENTS_LOST: Single<bool> = Single::new("agreements_lost");

/// Why everything is being read anew. It outlives restarts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rebuilding {
    pub why: String,
    pub since: Time,
}

/// What the journal says of records that the store does not know, until they are seen.
pub type Recovery = HashMap<RecordId, Block>;

/// Which holds of which records the journal has, as hashes: asked at every decision, of everyone who is held.
#[derive(Debug, Default)]
pub struct Journaled {
    by: HashMap<u64, Vec<u64>>,
}

pub(in crate::engine) fn hash<T: Hash + ?Sized>(of: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

pub(in crate::engine) fn cause_hash(hold: &str, cause: &RecordId) -> u64 {
    hash(&(hold, cause))
}

impl Journaled {
    pub fn of(blocks: &Blocks) -> Journaled {
        let mut journaled = Journaled::default();
        for (record, block) in blocks.records() {
            journaled.add(record, block.causes.iter());
        }
        journaled
    }

    pub fn add<'a>(&mut self, record: &RecordId, causes: impl IntoIterator<Item = &'a Cause>) {
        let known = self.by.entry(hash(record)).or_default();
        for cause in causes {
            let hash = cause_hash(&cause.hold, &cause.cause);
            if !known.contains(&hash) {
                known.push(hash);
            }
        }
    }

    /// The record's block was lifted: the journal's lines of it count no more.
    pub fn lifted(&mut self, record: &RecordId) {
        self.by.remove(&hash(record));
    }

    pub fn let_go(&mut self, causes: &[(Name, RecordId)]) {
        let gone: Vec<u64> = causes.iter().map(|(hold, cause)| cause_hash(hold, cause)).collect();
        self.by.values_mut().for_each(|known| known.retain(|h| !gone.contains(h)));
        self.by.retain(|_, known| !known.is_empty());
    }

    pub(in crate::engine) fn has(&self, record: &RecordId, hold: &HoldNow) -> bool {
        self.by.get(&hash(record)).is_some_and(|known| known.contains(&cause_hash(&hold.hold, &hold.cause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ratchet::Reach;
    use crate::decide::standing::{By, Kinds};
    use crate::model::Reason;
    use crate::store::{Entry, What};

    fn cause(hold: &str, cause: &str) -> Cause {
        Cause { hold: hold.into(), cause: cause.parse().unwrap() }
    }

    fn now(of: &Cause) -> HoldNow {
        HoldNow {
            hold: of.hold.as_str().into(),
            cause: of.cause.clone(),
            reach: Reach::Person,
            reason: Reason::CriticalTicket,
            stops: Kinds::default(),
            since: Time(1),
            until: None,
            kept: None,
            by: By::Files,
        }
    }

    #[test]
    fn a_hold_is_in_the_journal_for_its_record_until_the_block_is_lifted_or_the_cause_let_go() {
        let (one, two): (RecordId, RecordId) = ("ma:person:1".parse().unwrap(), "ma:person:2".parse().unwrap());
        let (open, other, vip) = (cause("open_deal", "crm:deal:1"), cause("open_deal", "crm:deal:2"), cause("vip", "crm:deal:1"));
        let mut blocks = Blocks::default();
        for (record, causes) in [(&one, vec![open.clone(), vip.clone()]), (&two, vec![open.clone()])] {
            blocks.take(&Entry { at: Time(1), what: What::Held { record: record.clone(), causes } });
        }
        let mut journaled = Journaled::of(&blocks);
        let has = |journaled: &Journaled| [&one, &two].map(|record| [&open, &other, &vip].map(|c| journaled.has(record, &now(c))));
        assert_eq!(has(&journaled), [[true, false, true], [true, false, false]]);
        journaled.add(&two, [&other, &other]);
        journaled.let_go(&[("open_deal".into(), open.cause.clone())]);
        assert_eq!(has(&journaled), [[false, false, true], [false, true, false]], "of one deal only the hold that was let go");
        journaled.lifted(&one);
        assert_eq!(has(&journaled), [[false; 3], [false, true, false]]);
        journaled.let_go(&[("open_deal".into(), other.cause.clone())]);
        assert!(journaled.by.is_empty(), "nothing stays of whom nothing holds");
    }
}
