//! A copy made while the daemon writes, and a state made from it elsewhere.

use super::stage::Stage;
use crate::harness::{SECRETS, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

fn json(world: &World, args: &str) -> serde_json::Value {
    world.run(args).exits(0).json()
}

/// The text of a backup, unpacked.
fn content(file: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(file).unwrap()).read_to_end(&mut text).unwrap();
    text
}

/// Nothing unfinished lies about.
#[track_caller]
fn no_partial(world: &World) {
    for folder in [world.folder().to_path_buf(), world.state_folder()] {
        for name in fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()) {
            assert!(!name.contains(".partial") || name == PLANTED, "{name} was left");
        }
    }
}

/// What a backup beside `copy.tar.gz` was once called on its way.
const PLANTED: &str = "copy.tar.gz.partial";

/// In a folder that others may write to.
#[test]
fn what_others_put_in_a_backup_s_way_is_not_touched() {
    let world = World::running_with(Setup::default(), |handle| {
        person(handle, "Hanako", "Mori", None);
    });
    let at = |name: &str| world.folder().join(name);
    let (file, planted, victim) = (at("copy.tar.gz"), at(PLANTED), at("victim"));
    let plants: [&dyn Fn(); 3] =
        [&|| std::os::unix::fs::symlink(&victim, &planted).unwrap(), &|| fs::write(&planted, "theirs").unwrap(), &|| {
            assert!(std::process::Command::new("mkfifo").arg(&planted).status().unwrap().success())
        }];
    for plant in plants {
        fs::write(&victim, "somebody's").unwrap();
        plant();
        let before = fs::symlink_metadata(&planted).unwrap();
        json(&world, &format!("backup {}", file.display()));
        let (made, after) = (fs::symlink_metadata(&file).unwrap(), fs::symlink_metadata(&planted).unwrap());
        assert!(made.is_file() && made.permissions().mode() & 0o777 == 0o600 && made.nlink() == 1, "{made:?}");
        assert_eq!((before.ino(), before.len()), (after.ino(), after.len()));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "somebody's");
        no_partial(&world);
        fs::remove_file(&file).unwrap();
        fs::remove_file(&planted).unwrap();
    }
    // What is there already stays, whatever it is.
    std::os::unix::fs::symlink(at("nowhere"), &file).unwrap();
    world.run(&format!("backup {}", file.display())).exits(2).says("is there already and is not overwritten");
    assert!(!at("nowhere").exists());
    fs::remove_file(&file).unwrap();
    world.run(&format!("backup {}", at("no-such-folder/copy.tar.gz").display())).exits(2).says("choose another folder");
    no_partial(&world);
}

#[test]
fn a_backup_made_while_run_writes_becomes_the_same_state_elsewhere() {
    let mut stage = Stage::new();
    stage.turn();
    // Slow, so that the copy is made between a write that left and its answer.
    stage.world.fault_on(SandboxSystem::Ma, FaultKind::Slow { ms: 700 }, "/rest/v1/leads.json");
    let world = &stage.world;
    let daemon = world.daemon();
    let before = world.writes().len();
    wait_until("a write is under way", SOON, || world.writes().len() > before);
    let file = world.folder().join("copy.tar.gz");
    let made = json(world, &format!("backup {}", file.display()));
    assert!(made["manifest"]["items"].as_u64().unwrap() > 10 && made["manifest"]["journal_bytes"].as_u64().unwrap() > 100, "{made}");
    world.run(&format!("backup {}", file.display())).exits(2).says("is there already");
    no_partial(world);
    world.run(&format!("restore {}", file.display())).exits(2).says("is not empty");
    wait_until("what was due is written", SOON, || stage.blocked() == stage.expected());
    daemon.stop();
    world.sandbox.handle.clear_faults(SandboxSystem::Ma);

    // Neither secrets nor the config.
    let text = content(&file);
    let has = |part: &str| text.windows(part.len()).any(|w| w == part.as_bytes());
    assert!(has("hanako.mori@acme.example"), "else the next line proves nothing");
    SECRETS.iter().for_each(|secret| assert!(!has(secret), "{secret} is in the backup"));
    assert!(!has("base_url"));

    // Damaged copies are refused, and leave no state.
    let (bytes, bad) = (fs::read(&file).unwrap(), world.folder().join("bad.tar.gz"));
    let home = world.state_folder();
    let old_home = world.folder().join("old");
    fs::rename(&home, &old_home).unwrap();
    let flip = |at: usize| {
        let mut bent = bytes.clone();
        bent[at] ^= 0x10;
        bent
    };
    let places = [12, bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4, bytes.len() - 6].map(flip);
    let cuts = [0, bytes.len() / 2, bytes.len() - 1].map(|at| bytes[..at].to_vec());
    for bent in places.into_iter().chain(cuts) {
        fs::write(&bad, bent).unwrap();
        world.run(&format!("restore {}", bad.display())).exits(2).says("is no backup that can be used");
        assert!(!home.exists(), "a damaged backup left something");
    }
    fs::write(&bad, b"not a backup at all").unwrap();
    world.run(&format!("restore {}", bad.display())).exits(2).says("is no backup that can be used");

    // A restore that was broken off is no state.
    fs::create_dir(&home).unwrap();
    fs::write(home.join("restoring"), "").unwrap();
    world.run("plan").exits(2).says("was broken off; empty the folder");
    fs::remove_file(home.join("restoring")).unwrap();

    json(world, &format!("restore {}", file.display()));
    let because = world.because();
    assert!(because.contains("restored from the backup") && because.contains("Left to read"), "{because}");
    assert_eq!(world.gate(&stage.others[0].email).0, "hold", "allowed before all was read");
    stage.assert_safe("restored");
    let writes = world.writes().len();
    stage.settle("restored");
    let set = world.writes()[writes..].iter().filter(|w| w.fields.contains_key("marketingSuspended")).count();
    assert_eq!(set, 0, "blocks were written again or lifted");
    assert!(!world.because().contains("restored"), "caught up, and still told");
    stage.turn();
    stage.settle("after it was restored");
}
