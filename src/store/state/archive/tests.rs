//! Backups that were made to do harm.

use super::*;
use crate::store::{ApprovalScope, Entry, What};
use std::path::PathBuf;
use tempfile::TempDir;

const INFO: StateInfo = StateInfo { format_version: 1, fingerprint: [1; 32] };

/// An entry of a tar: its type, its name, the size that it claims, and what is really there.
type Part<'a> = (tar::EntryType, &'a str, u64, Vec<u8>);

struct Scene {
    folder: TempDir,
    good: PathBuf,
    manifest: ArchiveManifest,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let (state, _) = State::open(&StateUrl::Sled(folder.path().join("data")), INFO).unwrap();
        state.commit(PendingChanges { put: vec![(1, b"key".to_vec(), b"value".to_vec())], delete: Vec::new() }).unwrap();
        let (mut journal, _) = Journal::open(&state, |_| ()).unwrap();
        let what = What::FirstContact { system: "ma".into(), scope: ApprovalScope::All, by: "tests".into() };
        journal.append(&[Entry { at: Time(1), what }]).unwrap();
        let good = folder.path().join("good.tar.gz");
        let manifest = write(&state, &journal, Time(2), &good).unwrap();
        Scene { folder, good, manifest }
    }

    fn crafted(&self, parts: &[Part], end: usize) -> PathBuf {
        let path = self.folder.path().join("crafted.tar.gz");
        let mut out = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        for (kind, name, size, bytes) in parts {
            let mut header = tar::Header::new_gnu();
            header.set_path(name).unwrap();
            header.set_entry_type(*kind);
            header.set_size(*size);
            header.set_cksum();
            out.write_all(header.as_bytes()).unwrap();
            out.write_all(bytes).unwrap();
            out.write_all(&padding(bytes.len() as u64)).unwrap();
        }
        out.write_all(&vec![0; end]).unwrap();
        out.finish().unwrap().sync_all().unwrap();
        path
    }

    /// The entries of the good one.
    fn good_parts(&self) -> Vec<Part<'static>> {
        let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(File::open(&self.good).unwrap())));
        let entries = archive.entries().unwrap().map(Result::unwrap);
        let named = entries.zip([MANIFEST, JOURNAL, ITEMS]).map(|(mut entry, name)| {
            assert_eq!(entry.path().unwrap(), Path::new(name));
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (tar::EntryType::Regular, name, bytes.len() as u64, bytes)
        });
        named.collect()
    }

    /// Why it is not restored; nothing may be left of it.
    fn refused(&self, path: &Path) -> String {
        let to = self.folder.path().join("restored");
        let said = restore(path, &StateUrl::Sled(to.clone()), INFO, |_| true, Vec::new()).expect_err("it was restored").to_string();
        assert!(!to.exists(), "it left something: {said}");
        said
    }

    fn manifest(&self, journal_bytes: u64) -> Part<'static> {
        let bytes = serde_json::to_vec(&ArchiveManifest { journal_bytes, ..self.manifest.clone() }).unwrap();
        (tar::EntryType::Regular, MANIFEST, bytes.len() as u64, bytes)
    }
}

#[test]
fn a_good_one_is_restored() {
    let scene = Scene::new();
    let to = StateUrl::Sled(scene.folder.path().join("restored"));
    assert_eq!(restore(&scene.good, &to, INFO, |_| true, Vec::new()).unwrap(), scene.manifest);
    let (state, loaded) = State::open(&to, INFO).unwrap();
    assert_eq!(loaded.items, 1);
    let mut entries = 0;
    Journal::open(&state, |_| entries += 1).unwrap();
    assert_eq!(entries, 1);
}

#[test]
fn sizes_that_are_only_claimed_are_not_believed() {
    let scene = Scene::new();
    let regular = tar::EntryType::Regular;
    let huge = 8 << 30;
    // More than the manifest says, and a manifest that says as much.
    for said in [scene.manifest.journal_bytes, huge] {
        let path = scene.crafted(&[scene.manifest(said), (regular, JOURNAL, huge, Vec::new())], 1024);
        let why = scene.refused(&path);
        assert!(why.contains("journal.log claims 8589934592 bytes"), "{why}");
    }
    let path = scene.crafted(&[(regular, MANIFEST, huge, Vec::new())], 1024);
    assert!(scene.refused(&path).contains("manifest.json claims"), "{}", scene.refused(&path));
}

#[test]
fn names_and_headers_in_entries_of_their_own_are_not_read() {
    let scene = Scene::new();
    for kind in [tar::EntryType::GNULongName, tar::EntryType::GNULongLink, tar::EntryType::XHeader, tar::EntryType::XGlobalHeader] {
        for name in ["././@LongLink", MANIFEST] {
            let path = scene.crafted(&[(kind, name, 1 << 40, Vec::new()), scene.manifest(0)], 1024);
            assert!(scene.refused(&path).contains("stands where manifest.json belongs"), "{kind:?}: {}", scene.refused(&path));
        }
    }
}

#[test]
fn a_line_without_end_and_an_end_without_end_are_refused() {
    let scene = Scene::new();
    let zeros = vec![0; LINE_BYTES_MAX + 1];
    let (regular, size) = (tar::EntryType::Regular, zeros.len() as u64);
    let path = scene.crafted(&[scene.manifest(size), (regular, JOURNAL, size, zeros)], 1024);
    assert!(scene.refused(&path).contains("has a line of more than"), "{}", scene.refused(&path));

    let parts = scene.good_parts();
    let path = scene.crafted(&parts, 64 << 20);
    assert!(scene.refused(&path).contains("goes on behind its end"), "{}", scene.refused(&path));
    let path = scene.crafted(&parts, 1024);
    assert!(verify(&named(&path).unwrap(), &path).is_ok());
}

#[test]
fn a_member_that_does_not_belong_to_it_is_named_and_refused() {
    let scene = Scene::new();
    let parts = scene.good_parts();
    for (kind, name) in [(tar::EntryType::Regular, "items"), (tar::EntryType::Regular, "evil.sh"), (tar::EntryType::Directory, "more")] {
        let extra = [(kind, name, 0, Vec::new())];
        let path = scene.crafted(&[parts.clone(), extra.to_vec()].concat(), 1024);
        let why = scene.refused(&path);
        assert!(why.contains(&format!("{name:?} is in it too")), "{why}");
    }
    // Nor behind the end, where only some programs look.
    let mut bytes = Vec::new();
    GzDecoder::new(BufReader::new(File::open(&scene.good).unwrap())).read_to_end(&mut bytes).unwrap();
    bytes.extend(tar_head("evil.sh", 0, Time(2)).unwrap());
    let path = scene.folder.path().join("longer.tar.gz");
    let mut out = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    out.write_all(&bytes).and_then(|()| out.finish()).unwrap();
    assert!(scene.refused(&path).contains("goes on behind its end"), "{}", scene.refused(&path));
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let scene = Scene::new();
    let pipe = scene.folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), scene.folder.path()] {
        assert!(scene.refused(path).contains("no regular file"), "{}", scene.refused(path));
    }
}
