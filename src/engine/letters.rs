//! Dead letters: writes that the target refused for good, until someone retries or drops them.

use super::engine::{Engine, Error};
use super::world::Idx;
use crate::model::{RecordId, Time};
use crate::store::{Entry, What};
use serde::{Deserialize, Serialize};

/// One write that was given up, or a block that is refused again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub record: String,
    pub op: String,
    pub attempts: u8,
    pub why: String,
    /// A block is never given up: it goes on being tried.
    pub given_up: bool,
}

/// Why a dead letter could not be dropped or retried.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("no write to {0} waits among the dead letters; `nayose deadletters list` shows them")]
    Unknown(String),
    #[error("{0}: a hold can't be dropped: it is tried until the system takes it. Mend what the system says: {1}")]
    Hold(String, String),
    #[error(transparent)]
    State(#[from] Error),
}

impl Engine {
    /// All writes that were refused, those still tried included.
    pub fn letters(&self) -> Vec<Letter> {
        let mut letters = Vec::new();
        for system in self.systems.values() {
            for (idx, lanes) in system.outbox.iter() {
                let Some(failure) = self.world.slot(*idx).target.as_ref().and_then(|t| t.failure.as_ref()) else { continue };
                if failure.attempts == 0 {
                    continue;
                }
                let op = if lanes.protective {
                    "hold"
                } else if lanes.release {
                    "release"
                } else {
                    "update"
                };
                letters.push(Letter {
                    record: self.world.slot(*idx).id.to_string(),
                    op: op.into(),
                    attempts: failure.attempts,
                    why: failure.why.clone(),
                    given_up: failure.dead,
                });
            }
        }
        letters
    }

    /// Lets refused writes be tried again now: one, or all of them.
    pub fn retry_letters(&mut self, record: Option<&str>, now: Time) -> Result<usize, Refused> {
        let places = self.letter_places(record)?;
        for idx in &places {
            if let Some(failure) = self.world.slot_mut(*idx).target.as_mut().and_then(|t| t.failure.as_mut()) {
                (failure.dead, failure.retry_at) = (false, now);
            }
            self.keep_target(*idx);
        }
        self.commit()?;
        Ok(places.len())
    }

    /// Gives up the fields of a refused write: they are parked until another value is wanted. A hold can't be dropped.
    pub fn drop_letter(&mut self, record: &str, now: Time) -> Result<usize, Refused> {
        let places = self.letter_places(Some(record))?;
        for idx in &places {
            let shown = self.world.record(*idx);
            let due = self.due(*idx, &shown, now);
            let why = self.world.slot(*idx).target.as_ref().and_then(|t| t.failure.as_ref()).map(|f| f.why.clone()).unwrap_or_default();
            if due.protective.is_some() {
                return Err(Refused::Hold(record.to_string(), why));
            }
            if let Some(target) = self.world.slot_mut(*idx).target.as_mut() {
                target.failure = None;
                for (name, value) in due.update.map(|u| u.fields).unwrap_or_default() {
                    target.park(&name, value);
                }
            }
            self.keep_target(*idx);
            self.journal_pending.push(Entry { at: now, what: What::DeadLetterDropped { record: shown.id.clone() } });
            self.dirty.insert(*idx);
        }
        self.reconcile(now);
        self.commit()?;
        Ok(places.len())
    }

    fn letter_places(&self, record: Option<&str>) -> Result<Vec<Idx>, Refused> {
        let refused = |idx: &Idx| self.world.slot(*idx).target.as_ref().is_some_and(|t| t.failure.as_ref().is_some_and(|f| f.attempts > 0));
        let Some(text) = record else {
            return Ok(self.systems.values().flat_map(|s| s.outbox.keys().copied()).filter(refused).collect());
        };
        let idx = RecordId::of_known_system(text).and_then(|id| self.world.find(&id)).filter(refused);
        idx.map(|i| vec![i]).ok_or_else(|| Refused::Unknown(text.to_string()))
    }
}
