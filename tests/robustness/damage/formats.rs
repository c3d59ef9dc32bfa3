//! A state of a former and of a later age.

use super::Row;
use super::stage::{Stage, copy};
use nayose::engine::open::FORMAT_VERSION;
use nayose::store::{Error, PendingChanges, State, StateInfo, StateUrl};
use serde_json::Value;
use std::fs;
use std::path::Path;

pub fn rows() -> Vec<Row> {
    let mut stage = Stage::new();
    let (newer, former) = (newer(&stage), former(&stage));
    vec![former, older(&mut stage), newer]
}

fn make(folder: &Path, format_version: u32) -> Vec<u8> {
    let (state, _) = State::open(&StateUrl::Sled(folder.to_path_buf()), StateInfo { format_version, fingerprint: [7; 32] }).unwrap();
    // Of which this nayose can make nothing.
    let put = (0..50u8).map(|i| (b'r', vec![i], vec![i; 40])).collect();
    state.commit(PendingChanges { put, delete: vec![] }).unwrap();
    drop(state);
    fs::read(folder.join("journal.log")).unwrap()
}

/// The journal as the first nayose wrote it: outcomes without the block and the causes, and no lines of holds.
fn former_lines(journal: &str) -> String {
    let mut lines = String::new();
    for line in journal.lines() {
        let mut entry: Value = serde_json::from_str(&line[9..]).unwrap();
        let what = entry.as_object_mut().unwrap();
        if what["what"] == "held" {
            continue;
        }
        what.remove("block");
        what.remove("causes");
        let json = entry.to_string();
        lines.push_str(&format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())));
    }
    lines
}

/// What came since are items of a new kind.
fn former(stage: &Stage) -> Row {
    let (world, folder) = (&stage.world, stage.world.state_folder());
    let open = |format_version| State::open(&StateUrl::Sled(folder.clone()), StateInfo { format_version, fingerprint: [7; 32] });
    let mut changes = PendingChanges::default();
    open(FORMAT_VERSION).unwrap().0.for_each_item(|kind, key, value| changes.put.push((kind, key.to_vec(), value.to_vec()))).unwrap();
    let items = changes.put.len() as u64;
    fs::remove_dir_all(folder.join("sled")).unwrap();
    fs::remove_file(folder.join("commits")).unwrap();
    open(FORMAT_VERSION - 1).unwrap().0.commit(changes).unwrap();
    let before = stage.blocked();
    let because = world.because();
    assert!(!because.contains("older nayose") && !folder.join("sled.damaged-1").exists(), "{because}");
    stage.assert_safe("the format before");
    world.sync().exits(0);
    stage.assert_safe("the format before");
    assert_eq!(stage.blocked(), before);
    assert!(matches!(open(FORMAT_VERSION - 1), Err(Error::NewerFormat { .. })), "an older nayose would not know of all of it");
    assert!(open(FORMAT_VERSION).unwrap().1.items >= items);
    let refused: Vec<_> = stage.refused.iter().map(|p| world.gate(&p.email).0).collect();
    assert!(refused.iter().all(|d| d == "deny"), "{refused:?}");
    assert_eq!(world.status()["systems"]["ma"]["approved"], "all");
    Row {
        damage: "state of the format before".into(),
        times: 1,
        seen: "read as it is".into(),
        refusals: format!("{} of {0}", refused.len()),
        approvals: "1 of 1".into(),
        widened: 0,
    }
}

fn older(stage: &mut Stage) -> Row {
    let (world, folder) = (&stage.world, stage.world.state_folder());
    let journal = fs::read_to_string(folder.join("journal.log")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("journal.log"), former_lines(&journal)).unwrap();
    make(&folder, 0);
    let before = stage.blocked();
    let because = world.because();
    assert!(because.contains("written by an older nayose, in format 0"), "{because}");
    assert!(!folder.join("sled.damaged-1").exists(), "who only looks moves nothing");
    stage.assert_safe("older format");
    world.sync().exits(0);
    assert!(folder.join("sled.damaged-1/db").exists());
    world.sync().exits(0);
    stage.assert_safe("older format");
    assert_eq!(stage.blocked(), before, "a block whose line does not say what it was for was released, or another set");
    assert!(!world.because().contains("format 0"), "caught up, and still told");
    assert_eq!(world.status()["systems"]["ma"]["approved"], "all");
    let refused: Vec<_> = stage.refused.iter().map(|p| world.gate(&p.email).0).collect();
    assert!(refused.iter().all(|d| d == "deny"), "{refused:?}");
    // Blocks of a former age end only by a person's word.
    stage.turn();
    stage.world.sync_until("the new deal is blocked", |w| stage.expected().iter().all(|l| w.blocked(*l)));
    stage.world.sync().exits(0);
    let world = &stage.world;
    let waits = world.status()["waiting"].to_string();
    assert!(before.is_subset(&stage.blocked()) && waits.contains("before_rebuild"), "{waits}");
    Row {
        damage: "state of an older format, journal of that age".into(),
        times: 1,
        seen: "told, set aside, rebuilt; blocks without a known cause wait for `approve`".into(),
        refusals: format!("{} of {0}", refused.len()),
        approvals: "1 of 1".into(),
        widened: 0,
    }
}

fn newer(stage: &Stage) -> Row {
    let (world, folder) = (&stage.world, stage.world.state_folder());
    let good = world.folder().join("good");
    copy(&folder, &good);
    fs::remove_dir_all(folder.join("sled")).unwrap();
    fs::remove_file(folder.join("commits")).unwrap();
    let journal = make(&folder, 99);
    for command in ["status", "plan", "sync"] {
        world.run(command).exits(2).says("written by a newer nayose");
    }
    assert_eq!(fs::read(folder.join("journal.log")).unwrap(), journal);
    assert!(!folder.join("sled.damaged-1").exists());
    let (state, loaded) = State::open(&StateUrl::Sled(folder.clone()), StateInfo { format_version: 99, fingerprint: [7; 32] }).unwrap();
    assert_eq!((loaded.items, loaded.rebuilt), (50, None), "touched");
    drop(state);
    fs::remove_dir_all(&folder).unwrap();
    copy(&good, &folder);
    Row {
        damage: "state of a newer format".into(),
        times: 3,
        seen: "refused with exit 2, untouched".into(),
        refusals: "untouched".into(),
        approvals: "untouched".into(),
        widened: 0,
    }
}
