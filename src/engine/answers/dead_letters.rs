//! Dead letters: writes that did not land. What is not protective is given up after some refusals, until someone retries or drops it.

use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::place::Idx;
use crate::engine::rules::connected::SystemWords;
use crate::engine::target::{Due, FailureCause, Op, Target};
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
            letters.extend(self.targets.of(*idx).iter().flat_map(|target| letters_of(&self.world.slot(*idx).id, target)));
        }
        letters
    }

    /// Lets writes that failed be tried again now: of one record, or of all.
    pub fn retry_letters(&mut self, record: Option<&str>, now: Time) -> Result<usize, DeadLetterRefused> {
        let places = self.letter_places(record)?;
        for idx in &places {
            if let Some(failures) = self.targets.of_mut(*idx).and_then(|t| t.failures.as_mut()) {
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
            if let Some(target) = self.targets.of_mut(*idx) {
                let words = self.systems.get(&shown.id.system).map(|s| s.connected.words());
                give_up(target, due, words).map_err(|why| DeadLetterRefused::Hold(record.to_string(), why))?;
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
        let failed = |idx: &Idx| self.targets.of(*idx).is_some_and(|t| t.failures.is_some());
        let Some(text) = record else {
            return Ok(self.systems.values().flat_map(|s| s.outbox.keys().copied()).filter(failed).collect());
        };
        let idx = RecordId::of_known_system(text).and_then(|id| self.world.find(&id)).filter(failed);
        idx.map(|i| vec![i]).ok_or_else(|| DeadLetterRefused::Unknown(text.to_string()))
    }
}

/// The writes to one record that did not land: not those that never left, which say nothing of the record.
fn letters_of(record: &RecordId, target: &Target) -> impl Iterator<Item = Letter> {
    let failures = target.failures.iter().flat_map(|f| f.all()).filter(|(_, failure)| failure.cause != FailureCause::NotSent);
    failures.map(|(op, failure)| Letter {
        record: record.to_string(),
        op: op.name().into(),
        attempts: failure.attempts,
        why: failure.why.to_string(),
        given_up: failure.dead,
        retry_at: (!failure.dead).then(|| failure.retry_at.rfc3339()),
    })
}

/// Parks what is due of fields and status, and forgets what failed. A hold that was refused and is still due stays: the error says why it was.
fn give_up(target: &mut Target, due: Due, words: Option<&SystemWords>) -> Result<(), String> {
    if let Some(failure) = target.failure(Op::Hold).filter(|_| due.protective.is_some()) {
        return Err(failure.why.to_string());
    }
    target.failures = None;
    let update = due.update.unwrap_or_default();
    for (name, value) in update.fields {
        target.park(&name, value);
    }
    if let Some(status) = update.status {
        target.status.park(words.map_or(&*status.to, |words| words.of(&status.to)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Change, StatusChange};
    use crate::engine::rules::connected::SystemWords;
    use crate::engine::target::{Failure, Failures};
    use crate::model::Value;

    fn failed(op: Op, failure: Failure) -> Target {
        let mut failures = Failures::default();
        failures.set(op, failure);
        Target { failures: Some(Box::new(failures)), ..Target::default() }
    }

    fn refused(why: &str) -> Failure {
        let mut failure = Failure::new(FailureCause::Refused, why);
        (failure.attempts, failure.retry_at) = (5, Time(60_000));
        failure
    }

    #[test]
    fn a_write_that_was_given_up_has_no_next_try_and_one_that_never_left_is_no_letter() {
        let id = "ma:person:1".parse().unwrap();
        let letters = |failure| letters_of(&id, &failed(Op::Update, failure)).collect::<Vec<_>>();
        let tried = letters(refused("too long"));
        assert_eq!((tried[0].op.as_str(), tried[0].attempts, tried[0].given_up), ("update", 5, false));
        assert_eq!((tried[0].record.as_str(), tried[0].why.as_str()), ("ma:person:1", "too long"));
        assert_eq!(tried[0].retry_at.as_deref(), Some("1970-01-01T00:01:00Z"));
        let mut dead = refused("too long");
        dead.dead = true;
        let dead = letters(dead);
        assert_eq!((dead[0].given_up, &dead[0].retry_at), (true, &None));
        for (cause, listed) in
            [(FailureCause::NotSent, 0), (FailureCause::NotCarriedOut, 1), (FailureCause::Undone, 1), (FailureCause::Refused, 1)]
        {
            assert_eq!(letters(Failure::new(cause, "")).len(), listed, "{cause:?}");
        }
    }

    #[test]
    fn a_refused_hold_that_is_still_due_is_never_dropped() {
        let hold = || Some(Change { block: Some(true), ..Change::default() });
        let mut target = failed(Op::Hold, refused("no such field"));
        let before = target.clone();
        assert_eq!(give_up(&mut target, Due { protective: hold(), ..Due::default() }, None), Err("no such field".into()));
        assert_eq!(target, before);
        assert_eq!(give_up(&mut target, Due::default(), None), Ok(()), "nobody is to be held any more");
        assert!(target.failures.is_none());
        let mut target = failed(Op::Update, refused("too long"));
        assert_eq!(give_up(&mut target, Due { protective: hold(), ..Due::default() }, None), Ok(()), "the hold was not refused");
    }

    #[test]
    fn what_was_dropped_is_left_alone_until_something_else_is_wanted() {
        let update = Change {
            fields: vec![("phone".into(), Value::text("1"))],
            status: Some(StatusChange { to: "customer".into(), from: None }),
            ..Change::default()
        };
        let due = || Due { update: Some(update.clone()), ..Due::default() };
        let words = SystemWords::from(std::collections::BTreeMap::from([("customer".into(), "Kunde".into())]));
        let mut target = failed(Op::Update, refused("too long"));
        target.status.wrote("Kunde");
        give_up(&mut target, due(), Some(&words)).unwrap();
        let parked: Vec<_> = target.parked(Time(9)).map(|p| (p.what, p.ours)).collect();
        assert_eq!(parked, [("phone", Some(&Value::text("1"))), ("status", None)]);
        assert!(target.status.leaves_alone("Kunde", Time(9)) && !target.status.leaves_alone("Gast", Time(9)));
        let mut target = Target::default();
        give_up(&mut target, due(), None).unwrap();
        assert!(target.status.leaves_alone("customer", Time(9)), "a system without a word for it is told ours");
    }
}
