//! Whoever is not the owner reads nothing.

use crate::harness::{Setup, World, person};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `None`: it went away while this looked; the daemon is at work.
fn mode(path: &Path) -> Option<u32> {
    Some(fs::symlink_metadata(path).ok()?.permissions().mode() & 0o777)
}

fn all(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
    found.extend(mode(folder).map(|m| (folder.to_path_buf(), m)));
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all(&entry.path(), found);
        } else {
            found.extend(mode(&entry.path()).map(|m| (entry.path(), m)));
        }
    }
}

#[test]
fn state_files_are_for_the_owner_only() {
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
    });
    let folder = world.state_folder();
    fs::write(folder.join("sled/db"), "not a store at all").unwrap();
    world.sync_until("it is whole again", |w| w.run("plan").code == 0);
    let daemon = world.daemon();
    let backup = world.folder().join("copy.tar.gz");
    world.run(&format!("backup {}", backup.display())).exits(0);
    let mut found = Vec::new();
    all(&folder, &mut found);
    found.extend(mode(&backup).map(|m| (backup.clone(), m)));
    let names: Vec<String> = found.iter().map(|(p, _)| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for name in ["socket", "lock", "commits", "journal.log", "sled", "sled.damaged-1", "db", "conf", "copy.tar.gz"] {
        assert!(names.iter().any(|n| n == name), "{name} is not there: {names:?}");
    }
    for (path, mode) in found {
        let want = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, want, "{}: {mode:o}", path.display());
    }
    daemon.stop();
}
