//! Making what changed durable: the journal first, then the store, in the order in which it was handed over. It needs no look at the
//! engine, which goes on meanwhile.

use crate::engine::workers::KEEPING;
use crate::store::{Entry, Error, Journal, PendingChanges, State};
use indexmap::IndexMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Fewer items are put together in less time than it takes to wake a thread.
const WORTH_A_THREAD: usize = 256;

/// What waits for the next commit, in the order in which it came: of several changes to one item the last counts. Records get their places in
/// that order when the state is opened.
#[derive(Debug, Default)]
pub struct Pending {
    items: IndexMap<(u8, Vec<u8>), Option<Vec<u8>>, hashbrown::DefaultHashBuilder>,
    /// Of all keys and values, as a commit counts them.
    bytes: usize,
}

impl Pending {
    pub fn put(&mut self, kind: u8, key: Vec<u8>, value: Vec<u8>) {
        self.change(kind, key, Some(value));
    }

    pub fn delete(&mut self, kind: u8, key: Vec<u8>) {
        self.change(kind, key, None);
    }

    fn change(&mut self, kind: u8, key: Vec<u8>, value: Option<Vec<u8>>) {
        let key_bytes = key.len();
        self.bytes += value.as_ref().map_or(0, Vec::len);
        match self.items.insert((kind, key), value) {
            Some(former) => self.bytes -= former.map_or(0, |value| value.len()),
            None => self.bytes += key_bytes,
        }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Moves all of the other's in, as later ones.
    fn take_from(&mut self, other: &mut Pending) {
        if self.items.is_empty() {
            std::mem::swap(self, other);
        } else {
            other.items.drain(..).for_each(|((kind, key), value)| self.change(kind, key, value));
            other.bytes = 0;
        }
    }

    /// Takes all out; the room is kept for what comes next.
    fn changes(&mut self) -> PendingChanges {
        let mut changes = PendingChanges::default();
        self.bytes = 0;
        for ((kind, key), value) in self.items.drain(..) {
            match value {
                Some(value) => changes.put.push((kind, key, value)),
                None => changes.delete.push((kind, key)),
            }
        }
        changes
    }
}

/// The store and its journal, and what is on its way there.
#[derive(Debug)]
pub struct Disk {
    state: State,
    handed: Mutex<Handed>,
    /// Held by who writes.
    writing: Mutex<Writing>,
}

#[derive(Debug, Default)]
struct Handed {
    entries: Vec<Entry>,
    items: Pending,
}

#[derive(Debug)]
struct Writing {
    journal: Journal,
    /// Empty; its room is used again.
    room: Pending,
    /// After a failed write nothing is written any more: what failed is lost, and what was handed over later builds on it.
    failed: Option<String>,
}

impl Disk {
    pub fn new(state: State, journal: Journal) -> Disk {
        Disk { state, handed: Mutex::default(), writing: Mutex::new(Writing { journal, room: Pending::default(), failed: None }) }
    }

    /// The store, to be read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes changes over. They are durable once [`Disk::keep`] has returned, and lost if it fails.
    pub fn hand_over(&self, entries: &mut Vec<Entry>, items: &mut Pending) {
        if self.state.is_looked_at() {
            // What is made of it in memory is for the answer alone.
            entries.clear();
            *items = Pending::default();
            return;
        }
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        handed.entries.append(entries);
        handed.items.take_from(items);
    }

    /// Makes everything durable that was handed over before the call. Blocks for some milliseconds of disk.
    pub fn keep(&self) -> Result<(), Error> {
        if self.state.is_looked_at() {
            return Ok(());
        }
        let mut writing = self.writing();
        let broken = |why: &String| Err(Error::Broken { why: why.clone() });
        writing.failed.as_ref().map_or(Ok(()), broken)?;
        // Whoever held the lock before may have written it already.
        let entries = {
            let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut handed.items, &mut writing.room);
            std::mem::take(&mut handed.entries)
        };
        // A panic half-way leaves this.
        writing.failed = Some("a commit was broken off".into());
        let done = writing.write(&entries, &self.state);
        writing.failed = done.as_ref().err().map(ToString::to_string);
        done
    }

    /// Something with the journal, while nobody writes.
    pub fn with_journal<T>(&self, work: impl FnOnce(&mut Journal) -> T) -> T {
        work(&mut self.writing().journal)
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // A panic left its mark in `failed`.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    fn write(&mut self, entries: &[Entry], state: &State) -> Result<(), Error> {
        let changes = self.room.changes();
        if entries.is_empty() {
            return state.commit(changes);
        }
        if changes.put.len() < WORTH_A_THREAD {
            self.journal.append(entries)?;
            return state.commit(changes);
        }
        // While the journal goes to its disk the store's part is put together, not yet written.
        let (journaled, prepared) = KEEPING.both(|| self.journal.append(entries), || state.prepare(changes));
        journaled?;
        prepared?.store()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{KeyRange, KeyValue, KeyValueBatch, KeyValueInMemory, StateInfo, What};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    const INFO: StateInfo = StateInfo { format_version: 1, fingerprint: [0; 32] };

    /// A store that can be made to fail.
    #[derive(Debug, Default, Clone)]
    struct Failing(Arc<(KeyValueInMemory, AtomicBool)>);

    impl KeyValue for Failing {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
            self.0.0.get(key)
        }

        fn scan(&self, range: &KeyRange, each: &mut crate::store::key_value::Visitor<'_>) -> Result<(), Error> {
            self.0.0.scan(range, each)
        }

        fn commit(&self, batch: KeyValueBatch) -> Result<(), Error> {
            match self.0.1.load(Ordering::Relaxed) {
                true => Err(Error::Broken { why: "the disk is full".into() }),
                false => self.0.0.commit(batch),
            }
        }

        fn size_on_disk(&self) -> Result<u64, Error> {
            self.0.0.size_on_disk()
        }
    }

    fn opened(store: &Failing) -> Disk {
        let (state, _) = State::open_packed(Box::new(store.clone()), INFO).unwrap();
        let (journal, _) = Journal::open(&state, |_| ()).unwrap();
        Disk::new(state, journal)
    }

    fn one(key: &str, value: Option<&str>) -> Pending {
        let mut items = Pending::default();
        match value {
            Some(value) => items.put(7, key.into(), value.into()),
            None => items.delete(7, key.into()),
        }
        items
    }

    fn hand_over(disk: &Disk, mut items: Pending) {
        disk.hand_over(&mut Vec::new(), &mut items);
        assert!(items.is_empty());
    }

    #[test]
    fn the_bytes_that_wait_are_those_that_a_commit_counts() {
        let mut items = Pending::default();
        let (put, delete) = (Pending::put, Pending::delete);
        put(&mut items, 7, b"a".into(), b"four".into());
        put(&mut items, 7, b"bb".into(), b"x".into());
        put(&mut items, 7, b"a".into(), b"no".into());
        delete(&mut items, 7, b"bb".into());
        delete(&mut items, 7, b"ccc".into());
        assert_eq!(items.bytes(), 3 + 2 + 3);
        let mut later = one("a", Some("longer"));
        later.take_from(&mut items);
        assert_eq!((later.bytes(), items.bytes(), items.len()), (3 + 2 + 3, 0, 0), "what comes later counts");
        assert_eq!(later.changes().put.len(), 1);
        assert_eq!((later.bytes(), later.is_empty()), (0, true));
    }

    #[test]
    fn of_what_was_handed_over_the_later_counts() {
        let disk = opened(&Failing::default());
        hand_over(&disk, one("a", Some("old")));
        hand_over(&disk, one("b", Some("kept")));
        hand_over(&disk, one("b", None));
        hand_over(&disk, one("a", None));
        hand_over(&disk, one("a", Some("new")));
        assert_eq!(disk.state.items(), 0, "nothing is written before it is asked for");
        disk.keep().unwrap();
        let value = |key: &str| disk.state.get(7, key.as_bytes()).unwrap();
        assert_eq!((value("a"), value("b")), (Some(b"new".to_vec()), None));
    }

    #[test]
    fn after_a_failure_nothing_is_written_that_builds_on_what_is_lost() {
        let store = Failing::default();
        let disk = opened(&store);
        hand_over(&disk, one("a", Some("lost")));
        store.0.1.store(true, Ordering::Relaxed);
        assert!(disk.keep().is_err());
        store.0.1.store(false, Ordering::Relaxed);
        let refused = What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() };
        disk.hand_over(&mut vec![Entry { at: crate::model::Time(1), what: refused }], &mut one("b", Some("later")));
        assert!(disk.keep().unwrap_err().to_string().contains("the disk is full"));
        assert_eq!((opened(&store).state.items(), disk.with_journal(|j| j.bytes())), (0, 0));
    }
}
