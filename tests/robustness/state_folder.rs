//! The state folder as the outer world treats it: killed processes, bent and cut files, two openers, a torn journal.
//! The test binary is its own victim: `victim` below runs only in child processes.

#![allow(clippy::disallowed_methods, reason = "real processes and files take real time")]

use nayose::model::Time;
use nayose::store::{ApprovalScope, Entry, Error, Journal, Loaded, PendingChanges, State, StateInfo, StateUrl, What};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const INFO: StateInfo = StateInfo { format_version: 1, fingerprint: [1; 32] };
const VICTIM: &str = "NAYOSE_TEST_VICTIM";

fn open(dir: &Path) -> Result<(State, Loaded), Error> {
    State::open(&StateUrl::Sled(dir.to_path_buf()), INFO)
}

fn content(state: &State) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut found = BTreeMap::new();
    state.for_each_item(|_, key, value| assert!(found.insert(key.to_vec(), value.to_vec()).is_none())).unwrap();
    found
}

/// Commit `n` of the victim: 30 of 400 items, each of which says in which commit it was written.
fn step(n: u64) -> PendingChanges {
    let key = |i: u64| format!("crm:person:{}", (n * 7 + i * 13) % 400).into_bytes();
    PendingChanges {
        put: (0..30).map(|i| (1, key(i), format!("{n:08}{}", "x".repeat(200)).into_bytes())).collect(),
        delete: vec![(1, key(31))],
    }
}

fn after(steps: u64) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut model = BTreeMap::new();
    for n in 1..=steps {
        let PendingChanges { put, delete } = step(n);
        delete.iter().for_each(|(_, key)| drop(model.remove(key)));
        put.into_iter().for_each(|(_, key, value)| drop(model.insert(key, value)));
    }
    model
}

#[test]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let (state, _) = open(Path::new(&dir)).unwrap();
    let (mut journal, _) = Journal::open(&state, |_| {}).unwrap();
    let first: u64 = state.get(2, b"n").unwrap().map_or(1, |n| u64::from_be_bytes(n.try_into().unwrap()) + 1);
    for n in first.. {
        journal.append(&[contact(n as i64)]).unwrap();
        let mut changes = step(n);
        changes.put.push((2, b"n".to_vec(), n.to_be_bytes().to_vec()));
        state.commit(changes).unwrap();
        println!("ack {n}");
    }
}

fn contact(at: i64) -> Entry {
    Entry { at: Time(at), what: What::FirstContact { system: "ma".into(), scope: ApprovalScope::All, by: "名".repeat(20) } }
}

/// kill -9 while it commits, ten times over one folder: what was acknowledged is there, and nothing is there by half.
#[test]
fn killed_while_committing() {
    let dir = tempfile::tempdir().unwrap();
    let mut acked = 0u64;
    for round in 0..10 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state_folder::victim", "--nocapture"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let goal = acked + 5 + round * 3;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let number = |line: String| line.rsplit_once("ack ").map(|(_, n)| n.parse::<u64>().unwrap());
        while acked < goal {
            acked = number(lines.next().expect("the victim ended").unwrap()).unwrap_or(acked);
        }
        child.kill().unwrap();
        acked = lines.map_while(Result::ok).filter_map(number).last().unwrap_or(acked);
        child.wait().unwrap();

        let (state, loaded) = open(dir.path()).unwrap();
        assert_eq!(loaded.rebuilt, None);
        let mut journalled = 0;
        let (_, notes) = Journal::open(&state, |entry| journalled = entry.at.0 as u64).unwrap();
        assert!(notes.damaged_lines.is_empty());
        let mut found = content(&state);
        let there = u64::from_be_bytes(found.remove(b"n".as_slice()).unwrap().try_into().unwrap());
        assert!(there >= acked, "round {round}: {acked} was acknowledged, {there} is there");
        assert!(journalled >= there, "the journal comes first");
        assert!(found == after(there), "round {round}: commit {there} is not whole");
        acked = there;
    }
}

#[test]
fn one_holder() {
    let dir = tempfile::tempdir().unwrap();
    let held = open(dir.path()).unwrap();
    let Err(Error::Locked { pid, .. }) = open(dir.path()) else { panic!("opened twice") };
    assert_eq!(pid, Some(std::process::id()));
    drop(held);
    assert!(!open(dir.path()).unwrap().1.fresh);
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("sled"), mode("sled/db"), mode("lock"), mode("commits")], [0o700, 0o700, 0o600, 0o600, 0o600]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The sled panics that this provokes are printed by the test harness; they are the point.
#[test]
fn bent_and_cut_files_are_harmless_or_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let original = dir.path().join("original");
    let (state, _) = open(&original).unwrap();
    (1..=60).for_each(|n| state.commit(step(n)).unwrap());
    let want = content(&state);
    drop(state);
    let bytes = fs::metadata(original.join("sled/db")).unwrap().len();
    let (mut harmless, mut aside) = (0, 0);
    let bends = (0..24u64).map(|i| (i * 7919 * 131 % bytes, false));
    let cuts = (0..8u64).map(|i| (bytes * i / 8, true));
    for (case, (at, cut)) in bends.chain(cuts).enumerate() {
        let dir = dir.path().join(format!("case{case}"));
        copy(&original, &dir);
        let path = dir.join("sled/db");
        if cut {
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(at).unwrap();
        } else {
            let mut all = fs::read(&path).unwrap();
            all.iter_mut().skip(at as usize).take(16).for_each(|byte| *byte = !*byte);
            fs::write(&path, all).unwrap();
        }
        let (state, loaded) = open(&dir).unwrap();
        match loaded.rebuilt {
            None => {
                assert!(content(&state) == want, "case {case}: read wrong without a word");
                harmless += 1;
            }
            Some(rebuilt) => {
                assert!(loaded.fresh && content(&state).is_empty());
                assert!(rebuilt.aside.unwrap().join("db").exists() && !rebuilt.why.is_empty());
                aside += 1;
            }
        }
        // It works on, and stays in order.
        state.commit(step(1)).unwrap();
        let now = content(&state);
        drop(state);
        let (state, loaded) = open(&dir).unwrap();
        assert!(loaded.rebuilt.is_none() && content(&state) == now, "case {case}");
    }
    println!("{harmless} harmless, {aside} moved aside");
    assert!(aside > 0);
}

/// Someone put an older copy of the store in its place, or took it away: it opens well, but is not what was acknowledged.
#[test]
fn a_store_gone_back_in_time_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (home, old) = (dir.path().join("home"), dir.path().join("old"));
    drop(open(&home).unwrap().0.commit(step(1)));
    copy(&home.join("sled"), &old);
    drop(open(&home).unwrap().0.commit(step(2)));
    fs::remove_dir_all(home.join("sled")).unwrap();
    copy(&old, &home.join("sled"));
    let rebuilt = open(&home).unwrap().1.rebuilt.unwrap();
    assert_eq!(rebuilt.aside, Some(home.join("sled.damaged-1")));
    assert!(rebuilt.why.contains("went back"), "{}", rebuilt.why);
    fs::remove_dir_all(home.join("sled")).unwrap();
    let rebuilt = open(&home).unwrap().1.rebuilt.unwrap();
    assert_eq!(rebuilt.aside, None);
    assert_eq!(open(&home).unwrap().1.rebuilt, None);
}

#[test]
fn a_state_that_is_no_folder_is_an_error_not_damage() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    assert!(matches!(open(&dir.path().join("file")), Err(Error::Files { .. })));
    assert!(!StateUrl::Sled(dir.path().join("none")).exists());
}

fn journal(dir: &Path) -> (Journal, nayose::store::JournalNotes, Vec<i64>) {
    let mut seen = Vec::new();
    let (state, _) = open(dir).unwrap();
    let (journal, notes) = Journal::open(&state, |entry| seen.push(entry.at.0)).unwrap();
    (journal, notes, seen)
}

#[test]
fn journals_torn_bent_and_newer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.log");
    let (mut log, notes, _) = journal(dir.path());
    assert_eq!(notes, Default::default());
    log.append(&[contact(1), contact(2)]).unwrap();
    log.append(&[contact(3)]).unwrap();
    assert_eq!(log.for_each(|_| {}).unwrap().entries, 3);
    let whole = fs::read(&path).unwrap();
    let line = whole.len() / 3;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    // The last line was not acknowledged, and is cut anywhere: the two before it stay, and the next line does not run into it.
    let forget_length = || fs::remove_file(dir.path().join("commits")).unwrap();
    for cut in [2 * line + 1, 2 * line + 9, 3 * line - 10, 3 * line - 2] {
        fs::write(&path, &whole[..cut]).unwrap();
        forget_length();
        let (mut log, notes, seen) = journal(dir.path());
        assert_eq!((seen.as_slice(), notes.torn_bytes), ([1, 2].as_slice(), (cut - 2 * line) as u64), "cut at {cut}");
        log.append(&[contact(4)]).unwrap();
        assert_eq!(journal(dir.path()).2, [1, 2, 4]);
    }
    // The same of a line that was acknowledged is no crash's work: told, and left.
    fs::write(&path, &whole).unwrap();
    drop(journal(dir.path()));
    for (cut, damaged, missing) in [(3 * line - 10, vec![3], 10), (2 * line, vec![], line as u64), (0, vec![], whole.len() as u64)] {
        fs::write(&path, &whole[..cut]).unwrap();
        let (mut log, notes, _) = journal(dir.path());
        assert_eq!((notes.damaged_lines.clone(), notes.torn_bytes, notes.missing_bytes), (damaged, 0, missing), "cut at {cut}");
        assert!(!notes.notes().is_empty());
        log.append(&[contact(5)]).unwrap();
        let (_, notes, seen) = journal(dir.path());
        assert_eq!((notes.missing_bytes, seen.last()), (0, Some(&5)));
        fs::write(&path, &whole).unwrap();
        drop(journal(dir.path()));
    }
    for at in [3 * line - 1, 3 * line - 20] {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        fs::write(&path, &bent).unwrap();
        assert_eq!(journal(dir.path()).1.damaged_lines, [3], "the last line, bent at {at}, was taken for torn");
        assert_eq!(fs::read(&path).unwrap()[..bent.len()], bent[..]);
    }
    // Only the newline is missing: the entry is whole, and kept.
    fs::write(&path, &whole[..3 * line - 1]).unwrap();
    journal(dir.path()).0.append(&[contact(4)]).unwrap();
    assert_eq!(journal(dir.path()).2, [1, 2, 3, 4]);

    // A bent line in the middle is told, skipped and left; zeros at the end, as a power cut leaves them, are cut.
    let mut bent = whole.clone();
    bent[line + 20] ^= 1;
    bent.extend([0; 100]);
    fs::write(&path, &bent).unwrap();
    forget_length();
    let (_, notes, seen) = journal(dir.path());
    assert_eq!((seen, notes.damaged_lines.as_slice(), notes.torn_bytes), (vec![1, 3], [2].as_slice(), 100));
    assert_eq!(notes.notes().len(), 2);
    assert_eq!(fs::read(&path).unwrap().len(), whole.len());

    // A kind of a later version.
    let json = r#"{"at":9,"what":"pinned","record":"crm:person:1"}"#;
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(file, "{:08x} {json}", crc32fast::hash(json.as_bytes())).unwrap();
    let (mut log, notes, _) = journal(dir.path());
    assert_eq!(notes.unknown, 1);
    log.append(&[contact(5)]).unwrap();
    assert_eq!(journal(dir.path()).2, [1, 3, 5]);
    assert!(fs::read_to_string(&path).unwrap().contains("pinned"));
}

/// It went on into the file that was moved away, and behind a hole in one that was cut: nobody noticed before the next start.
#[test]
fn a_journal_that_is_cut_or_moved_while_it_is_written_to_is_told() {
    type Harm = fn(&Path);
    let cut: Harm = |path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
    let moved: Harm = |path| fs::rename(path, path.with_extension("old")).unwrap();
    let replaced: Harm = |path| {
        let text = fs::read(path).unwrap();
        moved_then(path, &text);
    };
    let says = ["wrote to it or cut it: it has 0 bytes", "moved it away", "put another in its place"];
    for (harm, says) in [cut, moved, replaced].into_iter().zip(says) {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, ..) = journal(dir.path());
        log.append(&[contact(1)]).unwrap();
        harm(&dir.path().join("journal.log"));
        let told = log.append(&[contact(2)]).unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
    }
}

fn moved_then(path: &Path, text: &[u8]) {
    fs::rename(path, path.with_extension("old")).unwrap();
    fs::write(path, text).unwrap();
}

/// Folding keeps what counts, leaves a file of the same name and mode, and the journal goes on in it; a folding that was broken off before
/// its last step left the old file.
#[test]
fn a_long_journal_is_folded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.log");
    let refusal = |n: i64| {
        let record = format!("ma:person:{n}").parse().unwrap();
        Entry { at: Time(n), what: What::Refusal { record, address: None, topic: None, seen_at: Time(n) } }
    };
    let dropped = |n: i64| Entry { at: Time(n), what: What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() } };
    let (state, _) = open(dir.path()).unwrap();
    let (mut log, _) = Journal::open(&state, |_| {}).unwrap();
    log.append(&[contact(1), refusal(2), refusal(3)]).unwrap();
    log.append(&(10..60_000).map(dropped).collect::<Vec<_>>()).unwrap();
    assert!(log.is_long());
    let now = Time(100 * 86_400_000);
    log.append(&[dropped(now.0 - 1000)]).unwrap();
    log.fold(now).unwrap();
    assert!(!log.is_long() && fs::metadata(&path).unwrap().len() == log.bytes() && log.bytes() < 1000);
    log.append(&[refusal(4)]).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop((log, state));
    fs::write(dir.path().join("journal.new"), "half a jou").unwrap();
    let (_, notes, seen) = journal(dir.path());
    assert_eq!((notes.missing_bytes, notes.notes().len(), seen), (0, 0, vec![1, 2, 3, now.0 - 1000, 4]));
    assert!(!dir.path().join("journal.new").exists());
    // The new file bears the name, and the length was forgotten, but not yet noted anew: the same.
    fs::remove_file(dir.path().join("commits")).unwrap();
    assert_eq!(journal(dir.path()).1.notes().len(), 0);
}

/// `NAYOSE_MEASURE=1 cargo test --test robustness measure -- --nocapture`
#[test]
fn measure() {
    if std::env::var_os("NAYOSE_MEASURE").is_none() {
        return println!("skipped: set NAYOSE_MEASURE=1");
    }
    let dir = tempfile::tempdir_in(std::env::current_dir().unwrap().join("target")).unwrap();
    let (state, _) = open(dir.path()).unwrap();
    let memory = || {
        fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let value = |n: u64| n.to_string().repeat(300).into_bytes()[..300].to_vec();
    let batch = |from: u64, stride: u64| PendingChanges {
        put: (0..1000).map(|i| (1, format!("crm:person:{:010}", (from + i * stride) % 350_000).into_bytes(), value(from + i))).collect(),
        delete: vec![],
    };
    let timed = |what: &str, run: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        run();
        println!("{what}: {:.2} s; {}", start.elapsed().as_secs_f64(), memory());
    };
    println!("before: {}", memory());
    timed("350 commits of 1,000 new items", &mut || (0..350).for_each(|n| state.commit(batch(n * 1000, 1)).unwrap()));
    println!("on disk: {} MB", state.size_on_disk().unwrap() >> 20);
    timed("350 commits of 1,000 scattered rewrites", &mut || (0..350).for_each(|n| state.commit(batch(n * 17, 349)).unwrap()));
    println!("on disk: {} MB", state.size_on_disk().unwrap() >> 20);
    timed("1,000 commits of one item", &mut || {
        (0..1000).for_each(|n| state.commit(PendingChanges { put: vec![batch(n * 333, 1).put[0].clone()], delete: vec![] }).unwrap());
    });
    timed("close", &mut || ());
    drop(state);
    let mut opened = None;
    timed("open", &mut || opened = Some(open(dir.path()).unwrap()));
    let (state, loaded) = opened.unwrap();
    assert_eq!((loaded.items, loaded.rebuilt), (350_000, None));
    timed("read all", &mut || state.for_each_item(|_, _, _| {}).unwrap());
}
