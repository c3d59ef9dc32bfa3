//! The state against a model, on stores that fail at any point.

use crate::model::Time;
use crate::store::key_value::{BATCH_VALUES_ADVISED, Visitor};
use crate::store::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) const INFO: StateInfo = StateInfo { format_version: 3, fingerprint: [7; 32] };

pub(super) type Model = BTreeMap<(ItemKind, Vec<u8>), Vec<u8>>;

/// A store that outlives the state on it, and fails from a given commit on: before it writes, or after.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    map: Arc<KeyValueInMemory>,
    commits: Arc<AtomicUsize>,
    fails_at: Option<(usize, bool)>,
}

impl KeyValue for Shared {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.map.get(key)
    }
    fn scan(&self, range: &KeyRange, each: &mut Visitor<'_>) -> Result<(), Error> {
        self.map.scan(range, each)
    }
    fn commit(&self, batch: KeyValueBatch) -> Result<(), Error> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        match self.fails_at {
            Some((at, wrote)) if number >= at => {
                if wrote && number == at {
                    self.map.commit(batch)?;
                }
                Err(Error::Broken { why: "told to fail".into() })
            }
            _ => self.map.commit(batch),
        }
    }
    fn make_room(&self, keys: &[&[u8]]) -> Result<(), Error> {
        // As a store may do it, and a crash may leave it.
        let puts = keys.iter().map(|key| (key.to_vec(), Vec::new())).collect();
        self.map.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })
    }
    fn size_on_disk(&self) -> Result<u64, Error> {
        self.map.size_on_disk()
    }
}

fn open(store: &Shared) -> (State, Loaded) {
    State::open_packed(Box::new(store.clone()), INFO).unwrap()
}

pub(super) fn content(state: &State) -> Model {
    let mut found = Model::new();
    state.for_each_item(|kind, key, value| assert_eq!(found.insert((kind, key.to_vec()), value.to_vec()), None, "told twice")).unwrap();
    found
}

pub(super) fn apply(model: &mut Model, changes: &PendingChanges) {
    for (kind, key) in &changes.delete {
        model.remove(&(*kind, key.clone()));
    }
    for (kind, key, value) in &changes.put {
        model.insert((*kind, key.clone()), value.clone());
    }
}

pub(super) fn changes_of(max_bytes: usize) -> impl Strategy<Value = PendingChanges> {
    let value = prop_oneof![8 => 0..200usize, 2 => 0..3600usize, 1 => 3400..max_bytes];
    let put = (0u8..3, 0u8..30, value, any::<u8>());
    let puts = prop::collection::vec(put, 0..20);
    let deletes = prop::collection::vec((0u8..3, 0u8..30), 0..8);
    (puts, deletes).prop_map(|(puts, deletes)| PendingChanges {
        put: puts.into_iter().map(|(kind, key, bytes, with)| (kind, vec![key], vec![with; bytes])).collect(),
        delete: deletes.into_iter().map(|(kind, key)| (kind, vec![key])).collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A commit that breaks off at any of its batches is there wholly or not at all, and what it left is cleared away.
    #[test]
    fn a_commit_is_whole(before in changes_of(5_000), at in 0usize..6, wrote: bool, after in changes_of(5_000)) {
        let store = Shared::default();
        let (state, _) = open(&store);
        let mut old = Model::new();
        let size = |i: u32| if i.is_multiple_of(50) { 30_000 } else { 1700 };
        let wide = |with: u8| PendingChanges { put: (0..400u32).map(|i| (9, i.to_be_bytes().to_vec(), vec![with; size(i)])).collect(), delete: vec![] };
        for changes in [before, wide(1)] {
            apply(&mut old, &changes);
            state.commit(changes).unwrap();
        }
        let mut new = old.clone();
        let changes = wide(2);
        apply(&mut new, &changes);
        let failing = Shared { fails_at: Some((store.commits.load(Ordering::SeqCst) + at, wrote)), ..store.clone() };
        let (state, _) = open(&failing);
        let result = state.commit(changes);
        if result.is_err() {
            let refused = state.commit(wide(3));
            prop_assert!(matches!(refused, Err(Error::Broken { .. })), "a broken state takes no more");
        }
        let (state, _) = open(&store);
        let mut found = content(&state);
        prop_assert!(found == old && result.is_err() || found == new, "neither the old nor the new");
        apply(&mut found, &after);
        state.commit(after).unwrap();
        prop_assert_eq!(&content(&open(&store).0), &found);
        let leftovers = store.map.size_on_disk().unwrap();
        let live: usize = found.iter().map(|(key, value)| key.1.len() + value.len()).sum();
        prop_assert!(leftovers < 3 * live as u64 + 100_000, "{leftovers} bytes for {live}");
    }
}

#[test]
fn a_wide_commit_goes_in_several_batches() {
    let store = Shared::default();
    let (state, _) = open(&store);
    let put = (0..400u32).map(|i| (9, i.to_be_bytes().to_vec(), vec![1; 1700])).collect();
    state.commit(PendingChanges { put, delete: vec![] }).unwrap();
    // Else `a_commit_is_whole` proves nothing.
    assert_eq!(store.commits.load(Ordering::SeqCst), 1 + 200 / BATCH_VALUES_ADVISED);
}

/// Random rewrites, in large and in single commits, and items that come and go: the store stays within a small multiple of what counts.
#[test]
fn garbage_is_bounded() {
    for (rounds, at_once) in [(200u64, 200u64), (4000, 1)] {
        let store = Shared::default();
        let (state, _) = open(&store);
        let mut random = 1u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random >> 33
        };
        let item = |n: u64| (1, format!("crm:person:{n}").into_bytes(), vec![b'x'; 250 + (n % 100) as usize]);
        state.commit(PendingChanges { put: (0..2000).map(item).collect(), delete: vec![] }).unwrap();
        let fresh = store.size_on_disk().unwrap();
        let mut most = 0;
        for round in 0..rounds {
            let put = (0..at_once).map(|_| item(next() % 2000)).chain([(2, round.to_be_bytes().to_vec(), vec![1; 40])]).collect();
            let delete = if round > 0 { vec![(2, (round - 1).to_be_bytes().to_vec())] } else { vec![] };
            state.commit(PendingChanges { put, delete }).unwrap();
            most = most.max(store.size_on_disk().unwrap());
        }
        assert!(most < fresh * 5 / 2, "{at_once} at once: {fresh} bytes became {most}");
        let before = content(&state);
        assert_eq!(before.len(), 2001);
        assert_eq!(content(&open(&store).0), before);
    }
}

/// Large items lie in chunks beside their pack, which count, too.
#[test]
fn garbage_of_large_items_is_bounded() {
    let store = Shared::default();
    let (state, _) = open(&store);
    for round in 0..100u8 {
        state.commit(PendingChanges { put: vec![(1, b"large".to_vec(), vec![round; 100_000])], delete: vec![] }).unwrap();
        let bytes = store.size_on_disk().unwrap();
        assert!(bytes < 1_500_000, "{bytes} bytes in round {round}");
    }
    assert_eq!(content(&open(&store).0).len(), 1);
}

#[test]
fn items_that_go_leave_the_store() {
    let store = Shared::default();
    let (state, _) = open(&store);
    let key = |n: u32| n.to_be_bytes().to_vec();
    state.commit(PendingChanges { put: (0..20_000).map(|n| (1, key(n), vec![1; 300])).collect(), delete: vec![] }).unwrap();
    state.commit(PendingChanges { put: vec![], delete: (0..20_000).map(|n| (1, key(n))).collect() }).unwrap();
    for _ in 0..80 {
        state.commit(PendingChanges { put: vec![(2, vec![1], vec![1])], delete: vec![] }).unwrap();
    }
    let bytes = store.size_on_disk().unwrap();
    assert!(bytes < 1_500_000, "{bytes} bytes for one item");
    assert_eq!(content(&open(&store).0).len(), 1);
}

/// sled alone writes three times as much: it splits a node of 17 values in halves, and writes them anew.
#[test]
fn a_large_commit_is_written_about_once() {
    let dir = tempfile::tempdir().unwrap();
    let (state, _) = State::open(&StateUrl::Sled(dir.path().to_path_buf()), INFO).unwrap();
    let items: Vec<_> = (0..30_000u32).map(|n| (1, n.to_be_bytes().to_vec(), vec![n as u8; 300])).collect();
    for some in items.chunks(5_000) {
        state.commit(PendingChanges { put: some.to_vec(), delete: vec![] }).unwrap();
    }
    let (bytes, on_disk) = (items.len() as u64 * 308, state.size_on_disk().unwrap());
    assert!(on_disk < bytes * 3 / 2, "{on_disk} bytes for {bytes}");
    drop(state);
    let (state, loaded) = State::open(&StateUrl::Sled(dir.path().to_path_buf()), INFO).unwrap();
    assert_eq!((loaded.items, content(&state).len()), (30_000, 30_000));
    assert_eq!(std::fs::read_dir(dir.path().join("sled/blobs")).map_or(0, Iterator::count), 0, "sled does not sync these");
}

/// Lines that are not written.
#[derive(Debug, Default)]
struct FullDisk {
    asked: Arc<AtomicUsize>,
}

impl FullDisk {
    fn refuse(&self) -> Result<(), Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(Error::Broken { why: "told to fail".into() })
    }
}

impl JournalStore for FullDisk {
    fn open(&self) -> Result<(Box<dyn JournalLines>, JournalLoss), Error> {
        Ok((Box::new(FullDisk { asked: self.asked.clone() }), JournalLoss::default()))
    }
}

impl JournalLines for FullDisk {
    fn read(&self, _: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        Ok(())
    }
    fn append(&mut self, _: &[u8]) -> Result<(), Error> {
        self.refuse()
    }
    fn replace(&mut self, _: &[u8]) -> Result<(), Error> {
        self.refuse()
    }
    fn bytes(&self) -> u64 {
        0
    }
}

fn approval(at: i64) -> Entry {
    Entry { at: Time(at), what: What::FirstContact { system: "ma".into(), scope: ApprovalScope::Holds, by: "approve".into() } }
}

/// Its end is not known then: a line behind it could be lost with it.
#[test]
fn after_a_failed_write_the_journal_takes_no_more() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (state, _) = State::in_memory(INFO);
    let (mut journal, _) = Journal::open(&state.with_journal(FullDisk { asked: asked.clone() }), |_| ()).unwrap();
    journal.append(&[]).unwrap();
    for _ in 0..2 {
        assert!(matches!(journal.append(&[approval(1)]), Err(Error::Broken { .. })));
        assert!(matches!(journal.fold(Time(2)), Err(Error::Broken { .. })));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A line appended to the torn one would be lost with it.
#[test]
fn a_journal_in_memory_mends_its_torn_end() {
    let journal = JournalBytes::default();
    let opened = || {
        let mut seen = Vec::new();
        let (state, _) = State::in_memory(INFO);
        let (journal, notes) = Journal::open(&state.with_journal(journal.clone()), |entry| seen.push(entry.at.0)).unwrap();
        (journal, notes, seen)
    };
    opened().0.append(&[approval(1), approval(2)]).unwrap();
    let length = journal.lock().len();
    journal.lock().truncate(length - 20);
    let (mut torn, notes, _) = opened();
    assert!(notes.torn_bytes > 0);
    torn.append(&[approval(3)]).unwrap();
    journal.lock().pop();
    // Whole but for its newline.
    opened().0.append(&[approval(4)]).unwrap();
    assert_eq!(opened().2, [1, 3, 4]);
}

#[test]
fn formats_and_fingerprints() {
    let store = Shared::default();
    let at = |info: StateInfo| State::open_packed(Box::new(store.clone()), info);
    assert!(at(INFO).unwrap().1.fresh);
    let other = StateInfo { fingerprint: [8; 32], ..INFO };
    for _ in 0..2 {
        assert!(at(other).unwrap().1.fingerprint_changed, "until it is kept");
    }
    let newer = StateInfo { format_version: 4, ..other };
    let (state, loaded) = at(newer).unwrap();
    assert_eq!((loaded.format_version, loaded.fingerprint_changed), (3, true));
    state.keep_fingerprint().unwrap();
    assert!(!at(newer).unwrap().1.fingerprint_changed);
    let raised = StateInfo { format_version: 5, fingerprint: [9; 32] };
    let (state, loaded) = at(raised).unwrap();
    assert_eq!((loaded.format_version, loaded.fingerprint_changed), (4, true));
    state.raise_format().unwrap();
    drop(state);
    assert!(matches!(at(newer), Err(Error::NewerFormat { .. })));
    assert_eq!(at(raised).map(|(_, l)| (l.format_version, l.fingerprint_changed)).unwrap(), (5, true), "the sweep is still due");
    let error = at(INFO).unwrap_err().to_string();
    assert!(error.contains("written by a newer nayose") && error.contains("1.5") && error.contains("1.3"), "{error}");
}

/// One pack lost, or an older one in a newer one's place: said, not read.
#[test]
fn lost_and_stale_packs_are_found() {
    let store = Shared::default();
    let (state, _) = open(&store);
    let keys = |from: u8| (from..from + 40).map(|i| (1, vec![i], vec![i; 300])).collect();
    state.commit(PendingChanges { put: keys(0), delete: vec![] }).unwrap();
    // Rewrites some of it; the older copies still lie in their packs.
    state
        .commit(PendingChanges { put: vec![(1, vec![3], vec![9; 300]), (1, vec![13], vec![9; 300])], delete: vec![(1, vec![25])] })
        .unwrap();
    let mut packs = Vec::new();
    store
        .scan(&KeyRange::prefix(b"p"), &mut |key, value| {
            packs.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(packs.len() >= 4);
    for (key, value) in packs {
        store.map.commit(KeyValueBatch { deletes: vec![key.clone()], ..KeyValueBatch::default() }).unwrap();
        let error = State::open_packed(Box::new(store.clone()), INFO).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        let mut bent = value.clone();
        bent[200.min(value.len() - 1)] ^= 1;
        store.map.commit(KeyValueBatch { puts: vec![(key.clone(), bent)], ..KeyValueBatch::default() }).unwrap();
        assert!(matches!(State::open_packed(Box::new(store.clone()), INFO), Err(Error::Damaged { .. })));
        store.map.commit(KeyValueBatch { puts: vec![(key, value)], ..KeyValueBatch::default() }).unwrap();
        open(&store);
    }
}
