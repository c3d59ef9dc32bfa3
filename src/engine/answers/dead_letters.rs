//! Dead letters: writes that did not land. What is not protective is given up after some refusals, until someone retries or drops it.

use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::place::Idx;
use crate::engine::target::{FailureCause, Op};
use crate::model::{RecordId, Time};
use crate::store::What;
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
    /// When it is tried again at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
}

/// Why a dead letter could not be dropped or retried.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterRefused {
    #[error("no write to {0} waits among the dead letters; `nayose deadletters list` shows them")]
    Unknown(String),
    #[error("{0}: a hold can't be dropped: it is tried until the system takes it. Mend what the system says: {1}")]
    Hold(String, String),
    #[error(transparent)]
    State(#[from] Error),
}

impl Engine {
    /// All writes that did not land, those still tried included: one for each lane of a record.
    pub fn letters(&self) -> Vec<Letter> {
        let mut letters = Vec::new();
        for idx in self.systems.values().flat_map(|s| s.outbox.keys()) {
            let slot = self.world.slot(*idx);
            for (op, failure) in slot.target.iter().flat_map(|t| t.failures.as_deref()).flat_map(|f| f.all()) {
                if failure.cause == FailureCause::NotSent {
                    continue;
                }
                letters.push(Letter {
                    record: slot.id.to_string(),
                    op: op.name().into(),
                    attempts: failure.attempts,
                    why: failure.why.to_string(),
                    given_up: failure.dead,
                    retry_at: (!failure.dead).then(|| failure.retry_at.rfc3339()),
                });
            }
        }
        letters
    }

    /// Lets writes that failed be tried again now: of one record, or of all.
    pub fn retry_letters(&mut self, record: Option<&str>, now: Time) -> Result<usize, DeadLetterRefused> {
        let places = self.letter_places(record)?;
        for idx in &places {
            if let Some(failures) = self.world.slot_mut(*idx).target.as_mut().and_then(|t| t.failures.as_mut()) {
                failures.retry(now);
            }
            self.keep_target(*idx);
        }
        self.commit()?;
        Ok(places.len())
    }

    /// Gives up the fields of a refused write: they are parked until another value is wanted. A hold can't be dropped.
    pub fn drop_letter(&mut self, record: &str, now: Time) -> Result<usize, DeadLetterRefused> {
        let places = self.letter_places(Some(record))?;
        for idx in &places {
            let shown = self.world.record(*idx);
            let due = self.due(*idx, &shown, now);
            let failed = |op| self.world.slot(*idx).target.as_deref().and_then(|t| t.failure(op));
            if let Some(failure) = failed(Op::Hold).filter(|_| due.protective.is_some()) {
                return Err(DeadLetterRefused::Hold(record.to_string(), failure.why.to_string()));
            }
            if let Some(target) = self.world.slot_mut(*idx).target.as_mut() {
                target.failures = None;
                let update = due.update.unwrap_or_default();
                for (name, value) in update.fields {
                    target.park(&name, value);
                }
                if let Some(status) = update.status {
                    let words = self.systems.get(&shown.id.system).map(|s| &s.words);
                    target.status.park(words.and_then(|w| w.get(&status.to)).map_or(&*status.to, |word| word));
                }
            }
            self.keep_target(*idx);
            self.ledger.journal(now, What::DeadLetterDropped { record: shown.id.clone() });
            self.dirty.insert(*idx);
        }
        self.reconcile(now);
        self.commit()?;
        Ok(places.len())
    }

    fn letter_places(&self, record: Option<&str>) -> Result<Vec<Idx>, DeadLetterRefused> {
        let failed = |idx: &Idx| self.world.slot(*idx).target.as_ref().is_some_and(|t| t.failures.is_some());
        let Some(text) = record else {
            return Ok(self.systems.values().flat_map(|s| s.outbox.keys().copied()).filter(failed).collect());
        };
        let idx = RecordId::of_known_system(text).and_then(|id| self.world.find(&id)).filter(failed);
        idx.map(|i| vec![i]).ok_or_else(|| DeadLetterRefused::Unknown(text.to_string()))
    }
}
