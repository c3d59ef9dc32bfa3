//! All of a state in one file: a gzipped tar of `manifest.json`, `journal.log` and `items`. Not sled's own files, which are good only as a
//! whole and only for sled. Every part has a checksum, and everything is checked before anything is restored.

use crate::model::Time;
use crate::store::folder::file_names::{JOURNAL, RESTORING};
use crate::store::folder::regular::{named, private, reading};
use crate::store::{Error, ItemKind, Journal, PendingChanges, State, StateInfo, StateUrl};
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// How the archive itself is laid out.
const LAYOUT: u32 = 1;

const MANIFEST: &str = "manifest.json";
const ITEMS: &str = "items";

/// A manifest is some hundred bytes; what claims to be larger is none.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;

/// A state is at ease up to some 500 MB; what claims to be so much larger was not made by nayose.
const ITEMS_BYTES_MAX: u64 = 16 << 30;
const JOURNAL_BYTES_MAX: u64 = 1 << 30;
/// A line of the journal is some hundred bytes, and is read into memory as a whole.
const LINE_BYTES_MAX: usize = 16 << 20;
/// What may follow the last part: its padding and the end of a tar.
const END_BYTES_MAX: u64 = 64 << 10;

/// Of a member's name in a message.
const NAME_SHOWN_MAX: usize = 100;

/// What is restored with one commit.
const CHUNK_BYTES: usize = 4 << 20;
/// What is read of the journal at once.
const PIECE_BYTES: usize = 64 << 10;

/// An item's kind, and the lengths of its key and value, before these themselves.
const ITEM_HEAD: usize = 9;

const BLOCK: usize = 512;

/// What is in a backup. It stands first in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveManifest {
    pub layout: u32,
    /// The version of nayose that made it.
    pub nayose: String,
    pub made_at: String,
    /// Of the items' values.
    pub format_version: u32,
    /// Of the manifests and the normaliser that the items were made with.
    pub fingerprint: String,
    pub items: u64,
    pub items_bytes: u64,
    pub items_blake3: String,
    pub journal_bytes: u64,
    pub journal_blake3: String,
}

fn head(kind: ItemKind, key: &[u8], value: &[u8]) -> [u8; ITEM_HEAD] {
    let mut head = [kind; ITEM_HEAD];
    head[1..5].copy_from_slice(&(key.len() as u32).to_be_bytes());
    head[5..].copy_from_slice(&(value.len() as u32).to_be_bytes());
    head
}

/// Writes all of a state and its journal to a new file. Nothing may be committed meanwhile.
pub fn write(state: &State, journal: &Journal, made_at: Time, path: &Path) -> Result<ArchiveManifest, Error> {
    let doing = "write the backup";
    let journal = journal.content()?;
    let (mut hash, mut items, mut items_bytes) = (blake3::Hasher::new(), 0, 0);
    state.for_each_item(|kind, key, value| {
        hash.update(&head(kind, key, value)).update(key).update(value);
        items += 1;
        items_bytes += (ITEM_HEAD + key.len() + value.len()) as u64;
    })?;
    let info = state.info();
    let manifest = ArchiveManifest {
        layout: LAYOUT,
        nayose: env!("CARGO_PKG_VERSION").into(),
        made_at: made_at.rfc3339(),
        format_version: info.format_version,
        fingerprint: blake3::Hash::from_bytes(info.fingerprint).to_hex().to_string(),
        items,
        items_bytes,
        items_blake3: hash.finalize().to_hex().to_string(),
        journal_bytes: journal.len() as u64,
        journal_blake3: blake3::hash(&journal).to_hex().to_string(),
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(Error::files(path, doing))?;
    let mut out = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::files(path, doing)(e.into()))?;
    let mut written = part(&mut out, MANIFEST, &text, made_at).and_then(|()| part(&mut out, JOURNAL, &journal, made_at));
    written = written.and_then(|()| out.write_all(&tar_head(ITEMS, items_bytes, made_at)?));
    state.for_each_item(|kind, key, value| {
        if written.is_ok() {
            written = [&head(kind, key, value)[..], key, value].into_iter().try_for_each(|part| out.write_all(part));
        }
    })?;
    let ended = written.and_then(|()| out.write_all(&padding(items_bytes))).and_then(|()| out.write_all(&[0; 2 * BLOCK]));
    let file = ended.and_then(|()| out.finish()).and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
    file.and_then(|file| file.sync_all()).map_err(Error::files(path, doing))?;
    Ok(manifest)
}

fn part(out: &mut impl Write, name: &str, bytes: &[u8], at: Time) -> io::Result<()> {
    out.write_all(&tar_head(name, bytes.len() as u64, at)?)?;
    out.write_all(bytes)?;
    out.write_all(&padding(bytes.len() as u64))
}

fn tar_head(name: &str, bytes: u64, at: Time) -> io::Result<[u8; BLOCK]> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime((at.0 / 1000).max(0) as u64);
    header.set_cksum();
    Ok(*header.as_bytes())
}

fn padding(bytes: u64) -> Vec<u8> {
    vec![0; (BLOCK - (bytes % BLOCK as u64) as usize) % BLOCK]
}

/// Opens a backup where the state put it.
pub fn open(path: &Path) -> Result<File, Error> {
    reading(path).map_err(Error::files(path, "read the backup"))
}

/// Reads a whole backup, open at its path, and compares it with its checksums.
pub fn verify(file: &File, path: &Path) -> Result<ArchiveManifest, Error> {
    read(file, path, &mut |_| Ok(()), &mut |_, _, _| Ok(()))
}

type EachItem<'a> = dyn FnMut(ItemKind, &[u8], &[u8]) -> Result<(), Error> + 'a;

/// Reads a backup to its end, from its beginning; the journal is told piece by piece. What is told before an error may be wrong.
///
/// Whoever made the file may have made it to do harm: nothing is taken into memory, or read on, because of a size that it claims.
fn read(
    file: &File,
    path: &Path,
    journal: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    each: &mut EachItem<'_>,
) -> Result<ArchiveManifest, Error> {
    let damaged = |why: String| Error::Backup { path: path.to_path_buf(), why };
    let bent = |error: io::Error| damaged(error.to_string());
    let mut file = file;
    file.rewind().map_err(Error::files(path, "read the backup"))?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    // Raw: names in entries of their own, which GNU tar and pax know, would be read whole, however long.
    let mut entries = archive.entries().map_err(bent)?.raw(true);
    let mut next = |name: &str, bytes_max: u64| {
        let entry = entries.next().transpose().map_err(bent)?.ok_or_else(|| damaged(format!("it ends before {name}")))?;
        let found = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if found != name || !entry.header().entry_type().is_file() {
            return Err(damaged(format!("{found:?} stands where {name} belongs")));
        }
        if entry.size() > bytes_max {
            return Err(damaged(format!("{name} claims {} bytes, and may have {bytes_max}", entry.size())));
        }
        Ok(entry)
    };
    let mut text = Vec::new();
    next(MANIFEST, MANIFEST_BYTES_MAX)?.read_to_end(&mut text).map_err(bent)?;
    let manifest: ArchiveManifest = serde_json::from_slice(&text).map_err(|e| damaged(format!("{MANIFEST}: {e}")))?;
    if manifest.layout > LAYOUT {
        return Err(Error::NewerFormat { found: format!("backup {}", manifest.layout), ours: format!("backup {LAYOUT}") });
    }
    let (found, hash) = pieces(&mut next(JOURNAL, manifest.journal_bytes.min(JOURNAL_BYTES_MAX))?, &bent, journal)?;
    if (found, &hash) != (manifest.journal_bytes, &manifest.journal_blake3) {
        return Err(damaged(format!("{JOURNAL} is not what was backed up")));
    }
    let mut entry = next(ITEMS, manifest.items_bytes.min(ITEMS_BYTES_MAX))?;
    let (mut hash, mut items) = (blake3::Hasher::new(), 0);
    let mut left = entry.size();
    while left > 0 {
        let mut head = [0; ITEM_HEAD];
        entry.read_exact(&mut head).map_err(bent)?;
        let length = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let (key, value) = (length(1), length(5));
        if (ITEM_HEAD + key + value) as u64 > left || value > super::ITEM_BYTES_MAX || key > super::ITEM_KEY_BYTES_MAX {
            return Err(damaged(format!("item {items} claims {} bytes", key + value)));
        }
        let mut item = vec![0; key + value];
        entry.read_exact(&mut item).map_err(bent)?;
        hash.update(&head).update(&item);
        let (key, value) = item.split_at(key);
        each(head[0], key, value)?;
        left -= (ITEM_HEAD + item.len()) as u64;
        items += 1;
    }
    if (items, hash.finalize().to_hex().to_string()) != (manifest.items, manifest.items_blake3.clone()) {
        return Err(damaged("the items are not what was backed up".into()));
    }
    drop(entry);
    // Another program would take it for a part of the backup, and nothing vouches for it.
    if let Some(extra) = entries.next() {
        let name = String::from_utf8_lossy(&extra.map_err(bent)?.path_bytes()).chars().take(NAME_SHOWN_MAX).collect::<String>();
        return Err(damaged(format!("{name:?} is in it too, which nayose did not put there; restore a backup as `nayose backup` made it")));
    }
    // The end of the compressed stream has a checksum of its own.
    let mut end = Vec::new();
    archive.into_inner().take(END_BYTES_MAX).read_to_end(&mut end).map_err(bent)?;
    if end.len() as u64 == END_BYTES_MAX || end.iter().any(|byte| *byte != 0) {
        return Err(damaged("it goes on behind its end".into()));
    }
    Ok(manifest)
}

/// The journal's pieces, its length and its hash.
fn pieces(
    from: &mut impl Read,
    bent: &dyn Fn(io::Error) -> Error,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(u64, String), Error> {
    let (mut hash, mut bytes, mut line) = (blake3::Hasher::new(), 0, 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = from.read(&mut piece).map_err(bent)?;
        let piece = &piece[..length];
        if piece.is_empty() {
            return Ok((bytes, hash.finalize().to_hex().to_string()));
        }
        line = piece.iter().rposition(|b| *b == b'\n').map_or(line + length, |at| length - 1 - at);
        if line > LINE_BYTES_MAX {
            return Err(bent(io::Error::other(format!("{JOURNAL} has a line of more than {LINE_BYTES_MAX} bytes"))));
        }
        hash.update(piece);
        each(piece)?;
        bytes += length as u64;
    }
}

/// Restores a backup into a folder that is empty or not there yet. `stays` says which items; `more` are added. A folder in which this was
/// broken off is refused by every other command.
pub fn restore(
    path: &Path,
    url: &StateUrl,
    info: StateInfo,
    stays: impl Fn(ItemKind) -> bool,
    more: Vec<(ItemKind, Vec<u8>, Vec<u8>)>,
) -> Result<ArchiveManifest, Error> {
    let file = named(path).map_err(Error::files(path, "read the backup"))?;
    let manifest = verify(&file, path)?;
    if manifest.format_version > info.format_version {
        return Err(Error::NewerFormat { found: manifest.format_version.to_string(), ours: info.format_version.to_string() });
    }
    let Some(dir) = url.folder() else { return Err(Error::BadUrl { url: "memory:".into(), why: "it cannot hold a backup".into() }) };
    let io = |doing| Error::files(dir, doing);
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("create the state folder"))?;
    if fs::read_dir(dir).map_err(io("read the state folder"))?.next().is_some() {
        return Err(Error::NotEmpty { dir: dir.to_path_buf() });
    }
    let (mark, journal_path) = (dir.join(RESTORING), dir.join(JOURNAL));
    private(&mark).and_then(|f| f.sync_all()).map_err(io("write to the state folder"))?;
    let (state, _) = State::open_restoring(dir, info)?;
    // Items of an older form are of no use; the journal gives back what cannot be read again.
    let usable = manifest.format_version == info.format_version;
    let mut changes = PendingChanges { put: more, delete: Vec::new() };
    let mut bytes = 0;
    let mut journal = private(&journal_path).map_err(io("write the journal"))?;
    read(&file, path, &mut |piece| journal.write_all(piece).map_err(io("write the journal")), &mut |kind, key, value| {
        if usable && stays(kind) {
            changes.put.push((kind, key.to_vec(), value.to_vec()));
            bytes += key.len() + value.len();
        }
        if bytes < CHUNK_BYTES {
            return Ok(());
        }
        bytes = 0;
        state.commit(std::mem::take(&mut changes))
    })?;
    journal.sync_all().map_err(io("write the journal"))?;
    state.commit(changes)?;
    drop(state);
    fs::remove_file(&mark).and_then(|()| File::open(dir)?.sync_all()).map_err(io("finish the state folder"))?;
    Ok(manifest)
}

#[cfg(test)]
mod tests;
