//! What every database must do, run on each of them, below the state and the journal as they are used.

use super::memory::{ItemsInMemory, LinesInMemory};
use super::{JournalLines, JournalLoss, JournalStore};
use crate::store::folder::Folder;
use crate::store::folder::open::sled_at;
use crate::store::packed::PackedItems;
use crate::store::state::{COMMIT_BYTES_MAX, ITEM_BYTES_MAX, ITEM_KEY_BYTES_MAX};
use crate::store::tests::{INFO, Model, Shared, apply, changes_of, content};
use crate::store::*;
use proptest::prelude::*;

/// Opens one database; what an earlier opening committed is there.
type OpenAgain<'a> = dyn Fn(StateInfo) -> Box<dyn ItemStore> + 'a;

/// How many may have it open at once; only where another can is it found out that one did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Openings {
    One,
    Many,
}

fn packed() -> impl Fn(StateInfo) -> Box<dyn ItemStore> {
    let store = Shared::default();
    move |info| Box::new(PackedItems::open(Box::new(store.clone()), info, None).unwrap().0)
}

fn in_memory() -> impl Fn(StateInfo) -> Box<dyn ItemStore> {
    let table = ItemsInMemory::new(INFO);
    move |_| Box::new(table.opened_again())
}

/// A state on it.
fn opened(open: &OpenAgain<'_>) -> State {
    State::without_folder(open(INFO), INFO)
}

type ItemTold = (ItemKind, Vec<u8>, Vec<u8>);

fn item(kind: ItemKind, key: &str, value: &str) -> ItemTold {
    (kind, key.into(), value.into())
}

fn put(put: Vec<ItemTold>) -> PendingChanges {
    PendingChanges { put, delete: Vec::new() }
}

/// All items in the order in which they are told.
fn listed(state: &State) -> Vec<ItemTold> {
    let mut items = Vec::new();
    state.for_each_item(|kind, key, value| items.push((kind, key.to_vec(), value.to_vec()))).unwrap();
    assert_eq!(state.items(), items.len() as u64);
    for (kind, key, value) in &items {
        assert_eq!(state.get(*kind, key).unwrap().as_ref(), Some(value));
    }
    items
}

/// All that a database must do with items; each part goes on from what the one before it left.
fn conforms(open: &OpenAgain<'_>, openings: Openings) {
    commits_are_read(open);
    the_last_writing_counts(open);
    what_is_too_large_harms_nothing(open);
    what_was_not_written_is_not_there(open);
    if openings == Openings::Many {
        another_writer_is_found_out(open);
    }
    the_note_is_kept(open);
}

fn commits_are_read(open: &OpenAgain<'_>) {
    let state = opened(open);
    assert_eq!((listed(&state), state.get(1, b"a").unwrap()), (Vec::new(), None));
    state.commit(PendingChanges::default()).unwrap();
    // A kind is part of what an item is called; key and value may be empty, and any bytes.
    let items = vec![item(2, "a", "of another kind"), item(1, "a", "1"), item(1, "", "no key"), (1, vec![0, 0xff], vec![0xff, 0])];
    state.commit(put(items.clone())).unwrap();
    state.commit(put(vec![item(0, "empty", "")])).unwrap();
    let all = [items, vec![item(0, "empty", "")]].concat();
    assert_eq!(listed(&state), all);
    assert_eq!((state.get(1, b"b").unwrap(), state.get(3, b"a").unwrap()), (None, None));
    assert!(state.size_on_disk().unwrap() > 0);
    drop(state);
    assert_eq!(listed(&opened(open)), all, "it is durable");
}

/// Deletes come before puts, of two puts the later counts, and what was written anew is told last.
fn the_last_writing_counts(open: &OpenAgain<'_>) {
    let state = opened(open);
    let delete = vec![(1, b"a".to_vec()), (1, b"".to_vec()), (1, vec![0, 0xff]), (9, b"not there".to_vec())];
    let twice = vec![item(1, "b", "old"), item(1, "a", "put again"), item(1, "b", "new"), item(0, "empty", "no more")];
    state.commit(PendingChanges { put: twice, delete }).unwrap();
    let all = [item(2, "a", "of another kind"), item(1, "a", "put again"), item(1, "b", "new"), item(0, "empty", "no more")];
    assert_eq!(listed(&state), all);
    state.commit(put(vec![item(2, "a", "now last")])).unwrap();
    let all = [&all[1..], &[item(2, "a", "now last")]].concat();
    assert_eq!(listed(&state), all);
    drop(state);
    let state = opened(open);
    assert_eq!(listed(&state), all, "in the same order");
    state.commit(PendingChanges { put: Vec::new(), delete: all.into_iter().map(|(kind, key, _)| (kind, key)).collect() }).unwrap();
    assert!(listed(&state).is_empty());
    drop(state);
    assert!(listed(&opened(open)).is_empty(), "deletes are durable");
}

/// The largest goes; what is larger is refused with all of its commit, and the state lives on.
fn what_is_too_large_harms_nothing(open: &OpenAgain<'_>) {
    let state = opened(open);
    let largest = (1, vec![b'k'; ITEM_KEY_BYTES_MAX], (0..ITEM_BYTES_MAX).map(|at| at as u8 ^ (at >> 8) as u8).collect::<Vec<u8>>());
    state.commit(put(vec![item(1, "before", "1"), largest.clone(), item(1, "behind", "2")])).unwrap();
    let wide = |extra: usize| (0..64u8).map(|n| (2, vec![n], vec![n; COMMIT_BYTES_MAX / 64 - 1 + extra])).collect::<Vec<ItemTold>>();
    for (key, value) in [(ITEM_KEY_BYTES_MAX + 1, 1), (1, ITEM_BYTES_MAX + 1)] {
        let refused = state.commit(put(vec![item(1, "before", "overwritten"), (1, vec![b'l'; key], vec![1; value])]));
        assert!(matches!(refused, Err(Error::TooLarge { .. })));
    }
    let delete = vec![(1, b"before".to_vec()), (1, vec![b'k'; ITEM_KEY_BYTES_MAX + 1])];
    assert!(matches!(state.commit(PendingChanges { put: Vec::new(), delete }), Err(Error::TooLarge { .. })));
    assert!(matches!(state.commit(put(wide(1))), Err(Error::TooLarge { .. })));
    assert_eq!(state.broken(), None);
    drop(state);
    let state = opened(open);
    let mut found = listed(&state);
    found.sort();
    assert!(found == [item(1, "before", "1"), item(1, "behind", "2"), largest.clone()], "all or nothing");
    let delete = [b"before".to_vec(), b"behind".to_vec(), largest.1].map(|key| (1, key)).to_vec();
    state.commit(PendingChanges { put: Vec::new(), delete }).unwrap();
}

/// A commit that was put together and dropped breaks the state: nothing of it is there, and no other is taken.
fn what_was_not_written_is_not_there(open: &OpenAgain<'_>) {
    let state = opened(open);
    state.commit(put(vec![item(1, "a", "kept"), item(1, "b", "kept")])).unwrap();
    drop(
        state.prepare(PendingChanges { put: vec![item(1, "a", "lost"), item(1, "c", "lost")], delete: vec![(1, b"b".to_vec())] }).unwrap(),
    );
    for _ in 0..2 {
        assert!(matches!(state.commit(put(vec![item(1, "d", "later")])), Err(Error::Broken { .. })));
    }
    assert!(state.broken().is_some());
    drop(state);
    let state = opened(open);
    assert_eq!((state.broken(), listed(&state)), (None, vec![item(1, "a", "kept"), item(1, "b", "kept")]));
    state.commit(put(vec![item(1, "c", "goes on")])).unwrap();
}

fn another_writer_is_found_out(open: &OpenAgain<'_>) {
    let (first, second) = (opened(open), opened(open));
    first.commit(put(vec![item(1, "a", "the first's")])).unwrap();
    first.commit(put(vec![item(1, "b", "the first's")])).unwrap();
    let theirs = || PendingChanges { put: vec![item(1, "a", "the second's"), item(1, "d", "new")], delete: vec![(1, b"b".to_vec())] };
    assert!(matches!(second.commit(theirs()), Err(Error::ConditionFailed { .. })));
    assert!(matches!(second.commit(theirs()), Err(Error::Broken { .. })), "what it knows is not what is there");
    first.commit(put(vec![item(1, "c", "the first's")])).unwrap();
    let all = ["a", "b", "c"].map(|key| item(1, key, "the first's"));
    assert_eq!((listed(&first), listed(&opened(open))), (all.to_vec(), all.to_vec()));
}

/// Format and fingerprint stay until they are noted anew, whatever is committed, and each for itself.
fn the_note_is_kept(open: &OpenAgain<'_>) {
    let before = listed(&opened(open));
    let noted = |info| open(info).info().unwrap();
    let newer = StateInfo { format_version: INFO.format_version + 1, fingerprint: [9; 32] };
    let state = || State::without_folder(open(newer), newer);
    state().commit(put(vec![item(8, "n", "1")])).unwrap();
    assert_eq!(noted(newer), INFO);
    state().raise_format().unwrap();
    assert_eq!(noted(newer), StateInfo { fingerprint: INFO.fingerprint, ..newer }, "the sweep is still due");
    state().keep_fingerprint().unwrap();
    assert_eq!(noted(newer), newer);
    assert_eq!(listed(&state()), [before, vec![item(8, "n", "1")]].concat());
}

#[test]
fn items_in_packs_conform() {
    conforms(&packed(), Openings::Many);
    let dir = tempfile::tempdir().unwrap();
    let sled = |info| -> Box<dyn ItemStore> {
        let store = sled_at(dir.path().to_path_buf()).unwrap();
        Box::new(PackedItems::open(store, info, None).unwrap().0)
    };
    conforms(&sled, Openings::One);
}

#[test]
fn items_in_memory_conform() {
    conforms(&in_memory(), Openings::Many);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Puts, deletes, large items and reopening at random: what is told is what was said.
    #[test]
    fn a_state_is_a_map(steps in prop::collection::vec((changes_of(12_000), any::<bool>()), 1..40)) {
        for open in [&packed() as &OpenAgain<'_>, &in_memory()] {
            let (mut state, mut model) = (opened(open), Model::new());
            for (changes, reopen) in steps.clone() {
                apply(&mut model, &changes);
                state.commit(changes).unwrap();
                if reopen {
                    state = opened(open);
                }
                prop_assert_eq!(state.items(), model.len() as u64);
                prop_assert_eq!(&content(&state), &model);
                for kind in 0..3 {
                    prop_assert_eq!(state.get(kind, &[5]).unwrap(), model.get(&(kind, vec![5])).cloned());
                }
            }
        }
    }
}

fn read(lines: &dyn JournalLines) -> Vec<Vec<u8>> {
    let (mut read, mut bytes) = (Vec::new(), 0);
    lines
        .read(&mut |line| {
            read.push(line.to_vec());
            bytes += line.len() as u64 + 1;
        })
        .unwrap();
    assert_eq!(lines.bytes(), bytes);
    read
}

/// All that a database must do with the journal's lines.
fn keeps_lines(store: &dyn JournalStore) {
    let opened = || {
        let (lines, loss) = store.open().unwrap();
        assert_eq!(loss, JournalLoss::default(), "nothing is missing of what was written");
        lines
    };
    let mut lines = opened();
    assert!(read(&*lines).is_empty());
    lines.append(b"one\ntwo\n").unwrap();
    lines.append(b"\n").unwrap();
    lines.append(b"\xff\x00 four\n").unwrap();
    let all = [b"one".to_vec(), b"two".to_vec(), b"".to_vec(), b"\xff\x00 four".to_vec()];
    assert_eq!((read(&*lines), read(&*lines)), (all.to_vec(), all.to_vec()), "from the first on, each time");
    drop(lines);
    let mut lines = opened();
    assert_eq!(read(&*lines), all, "they are durable");
    lines.append(b"five\n").unwrap();
    assert_eq!(read(&*lines).last().unwrap(), b"five");

    lines.replace(b"folded\nfive\n").unwrap();
    assert_eq!(read(&*lines), [b"folded", b"five".as_slice()]);
    lines.append(b"six\n").unwrap();
    let all = [b"folded", b"five".as_slice(), b"six"];
    assert_eq!(read(&*lines), all, "it goes on behind what took the others' place");
    drop(lines);
    let mut lines = opened();
    assert_eq!(read(&*lines), all);
    lines.replace(b"").unwrap();
    assert!(read(&*lines).is_empty());
    drop(lines);
    assert!(read(&*opened()).is_empty());
}

#[test]
fn each_journal_keeps_lines() {
    keeps_lines(&LinesInMemory::default());
    keeps_lines(&JournalBytes::default());
    let dir = tempfile::tempdir().unwrap();
    keeps_lines(&Folder::hold(dir.path()).unwrap());
}
