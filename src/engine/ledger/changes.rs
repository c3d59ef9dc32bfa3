//! What changed and is to become durable: items of the store, lines of the journal. Nothing is, before [`Ledger::commit`].

use super::durable::{Disk, Pending};
use super::items::{UnreadableItem, encode};
use super::kind::{Kind, Single, Tag};
use crate::model::Time;
use crate::store::{Entry, Journal, State, What};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A commit is made when this many items wait for it, and at the end of each pass. Each costs some milliseconds of disk, whatever it holds;
/// so many items are about a megabyte of memory, and of reading that a crash repeats.
const COMMIT_ITEMS: usize = 4_000;
/// Or so many bytes: far fewer than the store takes at once.
const COMMIT_BYTES: usize = 8 << 20;

/// Why something did not become durable, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Item(#[from] UnreadableItem),
    /// Of an earlier failure; its own text.
    #[error("{0}")]
    Halted(String),
}

/// What waits for the next commit, and the disk that it goes to.
#[derive(Debug)]
pub struct Ledger {
    items: Pending,
    lines: Vec<Entry>,
    disk: Arc<Disk>,
    /// Our own state failed: nothing is written any more.
    halted: Option<String>,
}

impl Ledger {
    pub fn new(state: State, journal: Journal) -> Ledger {
        Ledger { items: Pending::default(), lines: Vec::new(), disk: Arc::new(Disk::new(state, journal)), halted: None }
    }

    /// Writes an item with the next commit.
    pub fn put<T: Serialize>(&mut self, kind: Kind<T>, key: Vec<u8>, value: &T) {
        self.put_encoded(kind, key, encode(value));
    }

    /// The same with a value that the caller has encoded: a record, or a part of a list too long for one item.
    pub fn put_encoded<T>(&mut self, kind: Kind<T>, key: Vec<u8>, value: Vec<u8>) {
        self.items.put(kind.byte(), key, value);
    }

    /// Removes an item with the next commit.
    pub fn delete<T>(&mut self, kind: Kind<T>, key: Vec<u8>) {
        self.items.delete(kind.byte(), key);
    }

    /// Writes an item of which there is one.
    pub fn set<T: Serialize>(&mut self, single: Single<T>, value: &T) {
        let (tag, key, value) = single.item(value);
        self.items.put(tag, key, value);
    }

    /// Removes an item of which there is one.
    pub fn unset<T>(&mut self, single: Single<T>) {
        self.items.delete(Tag::Single as u8, single.key().into());
    }

    /// Adds a line to the journal, with the next commit and before its items.
    pub fn journal(&mut self, at: Time, what: What) {
        self.lines.push(Entry { at, what });
    }

    /// An item as it was committed last.
    pub fn get<T: DeserializeOwned>(&self, kind: Kind<T>, key: &[u8]) -> Result<Option<T>, LedgerError> {
        let Some(value) = self.disk.state().get(kind.byte(), key)? else { return Ok(None) };
        Ok(Some(kind.read(&String::from_utf8_lossy(key), &value)?))
    }

    /// All items of a kind, with their keys, as they were committed last.
    pub fn all<T: DeserializeOwned>(&self, kind: Kind<T>) -> Result<Vec<(Vec<u8>, T)>, LedgerError> {
        read_all(self.disk.state(), kind)
    }

    /// The item of which there is one, as it was committed last.
    pub fn single<T: DeserializeOwned>(&self, single: Single<T>) -> Result<Option<T>, LedgerError> {
        read_single(self.disk.state(), single)
    }

    /// The same; what another version of this program wrote, and this one cannot read, is as if it were not there.
    pub fn single_if_readable<T: DeserializeOwned>(&self, single: Single<T>) -> Result<Option<T>, LedgerError> {
        match self.single(single) {
            Err(LedgerError::Item(_)) => Ok(None),
            read => read,
        }
    }

    /// The store, to be read.
    pub fn state(&self) -> &State {
        self.disk.state()
    }

    /// Goes on in another store. What waits, and what was committed, is not in it.
    pub fn move_to(&mut self, state: State, journal: Journal) {
        self.disk = Arc::new(Disk::new(state, journal));
    }

    /// Something with the journal, while nobody writes.
    pub fn with_journal<T>(&self, work: impl FnOnce(&mut Journal) -> T) -> T {
        self.disk.with_journal(work)
    }

    /// How many items and lines wait for the next commit.
    pub fn uncommitted(&self) -> usize {
        self.items.len() + self.lines.len()
    }

    /// Whether so much waits that it is time for a commit.
    pub fn holds_much(&self) -> bool {
        self.uncommitted() >= COMMIT_ITEMS || self.items.bytes() >= COMMIT_BYTES
    }

    /// Makes all that waits durable: the journal first, then the store, at once.
    pub fn commit(&mut self) -> Result<(), LedgerError> {
        let disk = self.hand_over()?;
        disk.keep().map_err(|error| self.disk_failed(error))
    }

    /// Hands all that waits over to be made durable: it is once [`Disk::keep`] has returned.
    pub fn hand_over(&mut self) -> Result<Arc<Disk>, LedgerError> {
        if let Some(why) = &self.halted {
            return Err(LedgerError::Halted(why.clone()));
        }
        self.disk.hand_over(&mut self.lines, &mut self.items);
        Ok(self.disk.clone())
    }

    /// Why nothing is written any more, if it is so.
    pub fn halted(&self) -> Option<&str> {
        self.halted.as_deref()
    }

    /// From now on nothing is written: what is in memory is not what is kept.
    pub fn halt(&mut self, why: &str) {
        self.halted.get_or_insert_with(|| why.to_string());
    }

    /// The disk failed. The first failure says why, later ones only that there was one.
    pub fn disk_failed(&mut self, error: crate::store::Error) -> LedgerError {
        match &self.halted {
            Some(why) => LedgerError::Halted(why.clone()),
            None => {
                self.halted = Some(error.to_string());
                error.into()
            }
        }
    }
}

/// All items of a kind, with their keys, in a store that is not taken over yet.
pub fn read_all<T: DeserializeOwned>(state: &State, kind: Kind<T>) -> Result<Vec<(Vec<u8>, T)>, LedgerError> {
    let (mut all, mut failed) = (Vec::new(), None);
    state.for_each_item(|byte, key, value| {
        if byte == kind.byte() {
            match kind.read(&key.escape_ascii().to_string(), value) {
                Ok(value) => all.push((key.to_vec(), value)),
                Err(error) => failed = Some(error),
            }
        }
    })?;
    failed.map_or(Ok(all), |error| Err(error.into()))
}

/// The item of which there is one, in a store that is not taken over yet.
pub fn read_single<T: DeserializeOwned>(state: &State, single: Single<T>) -> Result<Option<T>, LedgerError> {
    let Some(value) = state.get(Tag::Single as u8, single.key().as_bytes())? else { return Ok(None) };
    Ok(Some(single.read(&value)?))
}

#[cfg(test)]
pub(in crate::engine) mod tests {
    use super::*;
    use crate::store::StateInfo;

    const HELD: Kind<Vec<String>> = Kind::new(Tag::Held);
    const COUNT: Single<u32> = Single::new("count");

    /// Of an empty state without a disk.
    pub(in crate::engine) fn ledger() -> Ledger {
        let (state, _) = State::in_memory(StateInfo { format_version: 1, fingerprint: [0; 32] });
        let (journal, _) = Journal::open(&state, |_| ()).unwrap();
        Ledger::new(state, journal)
    }

    #[test]
    fn nothing_is_kept_before_the_commit_and_then_the_last_of_each() {
        let mut ledger = ledger();
        ledger.put(HELD, b"a".into(), &vec!["old".to_string()]);
        ledger.put(HELD, b"a".into(), &vec!["new".to_string()]);
        ledger.set(COUNT, &7);
        ledger.journal(Time(1), What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() });
        assert_eq!((ledger.uncommitted(), ledger.get(HELD, b"a").unwrap()), (3, None));
        ledger.commit().unwrap();
        assert_eq!((ledger.get(HELD, b"a").unwrap(), ledger.single(COUNT).unwrap()), (Some(vec!["new".to_string()]), Some(7)));
        let mut lines = 0;
        ledger.with_journal(|journal| journal.for_each(|_| lines += 1)).unwrap();
        assert_eq!((ledger.uncommitted(), lines), (0, 1));
        ledger.delete(HELD, b"a".into());
        ledger.unset(COUNT);
        ledger.commit().unwrap();
        assert_eq!((ledger.get(HELD, b"a").unwrap(), ledger.single(COUNT).unwrap()), (None, None));
    }

    #[test]
    fn after_a_halt_nothing_is_committed_and_the_first_reason_is_told() {
        let mut ledger = ledger();
        let failed = || crate::store::Error::Broken { why: "the disk is full".into() };
        assert!(matches!(ledger.disk_failed(failed()), LedgerError::Store(_)));
        assert!(matches!(ledger.disk_failed(failed()), LedgerError::Halted(_)));
        ledger.halt("something else");
        assert!(ledger.halted().is_some_and(|why| why.contains("the disk is full")));
        ledger.set(COUNT, &7);
        assert!(matches!(ledger.commit(), Err(LedgerError::Halted(_))));
        assert_eq!(ledger.single(COUNT).unwrap(), None);
    }
}
