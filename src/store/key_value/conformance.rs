//! What every store must do, run on each of them.

use super::VALUE_BYTES_MAX;
use crate::store::*;
use std::ops::ControlFlow;

fn put(pairs: &[(&str, &str)]) -> KeyValueBatch {
    KeyValueBatch { puts: pairs.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect(), ..KeyValueBatch::default() }
}

fn listed(store: &dyn KeyValue, range: &KeyRange) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    store
        .scan(range, &mut |k, v| {
            found.push((text(k), text(v)));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

fn keys(store: &dyn KeyValue, range: &KeyRange) -> Vec<String> {
    listed(store, range).into_iter().map(|(k, _)| k).collect()
}

/// All that a store must do; each part goes on from what the one before it left.
fn conforms(store: &dyn KeyValue) {
    reads_and_scans(store);
    prefixes(store);
    deletes_before_puts(store);
    conditions(store);
    limits(store);
    staging_and_room(store);
    many_values(store);
}

/// Writes `d` if these keys have these values.
fn on(conditions: &[(&str, Option<&str>)]) -> KeyValueBatch {
    let conditions = conditions.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.map(|v| v.as_bytes().to_vec()))).collect();
    KeyValueBatch { conditions, ..put(&[("d", "4")]) }
}

fn sized(bytes: usize) -> KeyValueBatch {
    KeyValueBatch { puts: vec![(b"ok".to_vec(), vec![1]), (b"large".to_vec(), vec![7; bytes])], ..KeyValueBatch::default() }
}

/// Reads of nothing; put, get, many, order of scans, ranges without their end.
fn reads_and_scans(store: &dyn KeyValue) {
    assert_eq!(store.get(b"a").unwrap(), None);
    assert!(keys(store, &KeyRange::all()).is_empty());

    store.commit(put(&[("b", "2"), ("a/2", "y"), ("a", "1"), ("a/1", "x"), ("c", "")])).unwrap();
    assert_eq!(store.get(b"c").unwrap(), Some(Vec::new()), "an empty value is a value");
    assert_eq!(store.many(&[b"b".to_vec(), b"z".to_vec(), b"a".to_vec()]).unwrap(), [Some(b"2".to_vec()), None, Some(b"1".to_vec())]);
    assert_eq!(keys(store, &KeyRange::all()), ["a", "a/1", "a/2", "b", "c"]);
    assert_eq!(keys(store, &KeyRange::prefix(b"a/")), ["a/1", "a/2"]);
    assert_eq!(keys(store, &KeyRange { from: b"a/2".to_vec(), to: Some(b"c".to_vec()) }), ["a/2", "b"]);
    assert!(keys(store, &KeyRange { from: b"c".to_vec(), to: Some(b"a".to_vec()) }).is_empty(), "a backward range is empty");
    let mut seen = 0;
    let mut one = |_: &[u8], _: &[u8]| {
        seen += 1;
        ControlFlow::Break(())
    };
    store.scan(&KeyRange::all(), &mut one).unwrap();
    assert_eq!(seen, 1, "a scan ends when told");
    store
        .scan(&KeyRange::all(), &mut |k, v| {
            assert_eq!(store.get(k).unwrap().as_deref(), Some(v), "a scan may read");
            ControlFlow::Continue(())
        })
        .unwrap();
}

/// Prefixes at the edge of the key space.
fn prefixes(store: &dyn KeyValue) {
    store
        .commit(KeyValueBatch { puts: vec![(vec![0xff, 0xff, 1], vec![1]), (vec![0xfe, 0xff], vec![2])], ..KeyValueBatch::default() })
        .unwrap();
    assert_eq!(listed(store, &KeyRange::prefix(&[0xff, 0xff])).len(), 1);
    assert_eq!(listed(store, &KeyRange::prefix(&[0xfe, 0xff])).len(), 1);
    store
        .commit(KeyValueBatch { deletes: vec![vec![0xff, 0xff, 1], vec![0xfe, 0xff], b"not there".to_vec()], ..KeyValueBatch::default() })
        .unwrap();
}

/// Deletes come before puts; a batch is whole.
fn deletes_before_puts(store: &dyn KeyValue) {
    let both = KeyValueBatch { deletes: vec![b"a".to_vec(), b"b".to_vec()], ..put(&[("b", "3")]) };
    store.commit(both).unwrap();
    assert_eq!(store.many(&[b"a".to_vec(), b"b".to_vec()]).unwrap(), [None, Some(b"3".to_vec())]);
}

/// All conditions must hold, or nothing is written.
fn conditions(store: &dyn KeyValue) {
    for bad in [on(&[("b", Some("2"))]), on(&[("b", Some("3")), ("a", Some("1"))]), on(&[("b", None)])] {
        assert!(matches!(store.commit(bad), Err(Error::ConditionFailed { .. })));
        assert_eq!(store.get(b"d").unwrap(), None);
    }
    store.commit(on(&[("b", Some("3")), ("a", None), ("d", None)])).unwrap();
    assert_eq!(store.get(b"d").unwrap(), Some(b"4".to_vec()));
}

/// The largest value goes, a larger one is refused with its whole batch, and the store lives on.
fn limits(store: &dyn KeyValue) {
    assert!(matches!(store.commit(sized(VALUE_BYTES_MAX + 1)), Err(Error::TooLarge { .. })));
    assert_eq!(store.get(b"ok").unwrap(), None);
    store.commit(sized(VALUE_BYTES_MAX)).unwrap();
    assert_eq!(store.get(b"large").unwrap().map(|v| v.len()), Some(VALUE_BYTES_MAX));
}

fn staging_and_room(store: &dyn KeyValue) {
    // What was staged is there, and by the same conditions and limits.
    store.stage(put(&[("staged", "1")])).unwrap();
    assert_eq!(store.get(b"staged").unwrap(), Some(b"1".to_vec()));
    assert!(matches!(store.stage(on(&[("b", None)])), Err(Error::ConditionFailed { .. })));
    assert!(matches!(store.stage(sized(VALUE_BYTES_MAX + 1)), Err(Error::TooLarge { .. })));

    // Room that was made is there or not, and empty until the commit that it was made for.
    store.make_room(&[b"room", b"more room"]).unwrap();
    assert!(store.many(&[b"room".to_vec(), b"more room".to_vec()]).unwrap().iter().flatten().all(Vec::is_empty));
    store.commit(put(&[("room", "1"), ("more room", "2")])).unwrap();
    assert_eq!(store.many(&[b"room".to_vec(), b"more room".to_vec()]).unwrap(), [Some(b"1".to_vec()), Some(b"2".to_vec())]);
}

/// Many values in one commit.
fn many_values(store: &dyn KeyValue) {
    let many = (0..1000u32).map(|i| (i.to_be_bytes().to_vec(), vec![i as u8; 300])).collect();
    store.commit(KeyValueBatch { puts: many, ..KeyValueBatch::default() }).unwrap();
    assert_eq!(listed(store, &KeyRange { from: vec![0], to: Some(vec![1]) }).len(), 1000);
    assert!(store.size_on_disk().unwrap() > 0);
}

#[test]
fn memory_conforms() {
    conforms(&KeyValueInMemory::new());
}

#[test]
fn sled_conforms_and_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path()).unwrap();
    conforms(&store);
    let before = listed(&store, &KeyRange::all());
    drop(store);
    assert_eq!(listed(&Sled::open(dir.path()).unwrap(), &KeyRange::all()), before);
}

#[test]
fn what_was_staged_is_in_the_files_once_a_later_commit_is() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Sled::open(dir.path()).unwrap();
    store.stage(put(&[("staged", "1")])).unwrap();
    store.commit(put(&[("committed", "2")])).unwrap();
    // As a killed process leaves them: sled writes more when it is closed.
    for file in ["conf", "db"] {
        std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
    }
    assert_eq!(keys(&Sled::open(copy.path()).unwrap(), &KeyRange::all()), ["committed", "staged"]);
}
