//! The journal: an append-only file of what cannot be polled again. First the journal, then the store; replay is idempotent.
//!
//! A line is the CRC-32 of the JSON as 8 hex digits, a space, the JSON, a newline. Nothing but a torn end is ever cut off; old lines that
//! nothing hangs on are folded (`compact`).

pub mod blocks;
mod compact;
pub mod entry;
pub(in crate::store) mod in_memory;
mod line;

use self::compact::Compacted;
use self::in_memory::{JournalBytes, locked};
use self::line::{JournalLine, line, understand};
use crate::model::{Time, counted};
use crate::store::folder::Folder;
use crate::store::folder::file_names::{JOURNAL, JOURNAL_NEW};
use crate::store::folder::noted::Noted;
use crate::store::folder::regular::{private, reading};
use crate::store::{Entry, Error, State};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Refusals, approvals and outcomes as they happened. One writer: it is opened through the state, whose lock it stands under.
#[derive(Debug)]
pub struct Journal {
    medium: Medium,
    /// Why nothing is taken any more: after a failed write the file's end is not known.
    broken: Option<String>,
    /// How long it is.
    bytes: u64,
    /// How long it was when it was last folded, or nothing could be.
    folded: u64,
}

#[derive(Debug)]
enum Medium {
    File { file: File, path: PathBuf, noted: Arc<Noted> },
    Memory(JournalBytes),
}

/// Below this length nothing is folded: it is read in a fraction of a second.
const FOLD_FROM_BYTES: u64 = 4 << 20;

/// What reading the journal came upon, other than entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalNotes {
    pub entries: u64,
    /// Lines (from 1) that are not what was written. They stay in the file.
    pub damaged_lines: Vec<u64>,
    /// Lines of a kind that this version does not know. They stay in the file.
    pub unknown: u64,
    /// The bytes of the last line, which was torn by a crash while it was written, so that nobody was told that it is kept. Cut off.
    pub torn_bytes: u64,
    /// So many bytes fewer than were written and acknowledged: the file was cut, taken away, or replaced by an older one.
    pub missing_bytes: u64,
}

impl JournalNotes {
    /// What an operator should hear, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.damaged_lines.is_empty() {
            let lines: Vec<String> = self.damaged_lines.iter().take(20).map(u64::to_string).collect();
            let more = self.damaged_lines.len().saturating_sub(20);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            notes.push(format!(
                "the journal is damaged in line {}{more}: a refusal or approval there counts only as far as the store or a system still tells it; \
                 a backup of journal.log has the lines",
                lines.join(", ")
            ));
        }
        if self.missing_bytes > 0 {
            notes.push(format!(
                "the journal is {} shorter than it was (cut, taken away or replaced): what its last lines said counts only as far as the \
                 store or a system still tells it",
                counted(self.missing_bytes, "byte", "bytes")
            ));
        }
        if self.unknown > 0 {
            notes.push(format!(
                "{} of a newer nayose and passed over",
                counted(self.unknown, "line of the journal is", "lines of the journal are")
            ));
        }
        if self.torn_bytes > 0 {
            notes.push(format!("the journal's last line ({}) was torn by a crash and cut off", counted(self.torn_bytes, "byte", "bytes")));
        }
        notes
    }
}

impl Journal {
    /// Opens the journal of a state and calls `each` with its entries in order.
    pub fn open(state: &State, each: impl FnMut(Entry)) -> Result<(Journal, JournalNotes), Error> {
        let Some(folder) = state.folder() else {
            let bytes = state.journal_bytes();
            let mut kept = locked(&bytes);
            let (notes, end) = read(kept.as_slice(), 0, each).map_err(Error::files(Path::new(MEMORY), "read the journal"))?;
            match end {
                JournalEnd::Whole => {}
                JournalEnd::TornAt(at) => kept.truncate(usize::try_from(at).unwrap_or(usize::MAX)),
                JournalEnd::NoNewline => kept.push(b'\n'),
            }
            let length = kept.len() as u64;
            drop(kept);
            return Ok((Journal { medium: Medium::Memory(bytes), broken: None, bytes: length, folded: 0 }, notes));
        };
        if state.is_looked_at() {
            return Journal::look(folder, each);
        }
        let opened = Journal::open_file(folder, each)?;
        folder.sync()?;
        Ok(opened)
    }

    fn open_file(folder: &Folder, each: impl FnMut(Entry)) -> Result<(Journal, JournalNotes), Error> {
        let (path, noted) = (folder.dir().join(JOURNAL), folder.noted().clone());
        // Of a folding that was broken off.
        let _ = fs::remove_file(folder.dir().join(JOURNAL_NEW));
        let mut file = private(&path).map_err(Error::files(&path, "open the journal"))?;
        let acknowledged = noted.numbers().journal;
        let found = file.metadata().map_err(Error::files(&path, "read the journal"))?.len();
        let (mut notes, end) = read(BufReader::new(&file), acknowledged, each).map_err(Error::files(&path, "read the journal"))?;
        notes.missing_bytes = acknowledged.saturating_sub(found);
        let repair = match end {
            JournalEnd::Whole => Ok(()),
            JournalEnd::TornAt(bytes) => file.set_len(bytes).and_then(|()| file.sync_all()),
            JournalEnd::NoNewline => file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(b"\n")).and_then(|()| file.sync_data()),
        };
        let bytes = repair.and_then(|()| file.seek(SeekFrom::End(0))).map_err(Error::files(&path, "repair the journal's end"))?;
        noted.note_journal(bytes)?;
        Ok((Journal { medium: Medium::File { file, path, noted }, broken: None, bytes, folded: 0 }, notes))
    }

    /// Reads the file and leaves it as it is, torn or not; nothing is taken.
    fn look(folder: &Folder, each: impl FnMut(Entry)) -> Result<(Journal, JournalNotes), Error> {
        let (path, noted) = (folder.dir().join(JOURNAL), folder.noted().clone());
        let (broken, acknowledged, doing) = (Some(Error::OnlyLookedAt.to_string()), noted.numbers().journal, "read the journal");
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let notes = JournalNotes { missing_bytes: acknowledged, ..JournalNotes::default() };
                return Ok((Journal { medium: Medium::Memory(JournalBytes::default()), broken, bytes: 0, folded: 0 }, notes));
            }
            opened => opened.map_err(Error::files(&path, doing))?,
        };
        let bytes = file.metadata().map_err(Error::files(&path, doing))?.len();
        let (mut notes, _) = read(BufReader::new(&file), acknowledged, each).map_err(Error::files(&path, doing))?;
        notes.missing_bytes = acknowledged.saturating_sub(bytes);
        Ok((Journal { medium: Medium::File { file, path, noted }, broken, bytes, folded: 0 }, notes))
    }

    /// On disk when it returns. After a failure nothing more is taken.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), Error> {
        if let Some(why) = &self.broken {
            return Err(Error::Broken { why: why.clone() });
        }
        let mut lines = Vec::new();
        for entry in entries {
            // Text and numbers only: an entry is always JSON.
            lines.extend_from_slice(line(entry).map_err(|error| Error::Broken { why: error.to_string() })?.as_bytes());
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.bytes += lines.len() as u64;
        match &mut self.medium {
            Medium::Memory(bytes) => locked(bytes).extend(lines),
            Medium::File { file, path, noted } => {
                if let Err(error) = file.write_all(&lines).and_then(|()| file.sync_data()) {
                    self.broken = Some(format!("{}: {error}", path.display()));
                    return Err(Error::files(path, "write the journal")(error));
                }
                noted.note_journal(self.bytes)?;
            }
        }
        Ok(())
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it has grown so much that folding its old lines may be worth reading it.
    pub fn is_long(&self) -> bool {
        self.bytes >= FOLD_FROM_BYTES.max(self.folded * 2)
    }

    /// Folds the old lines: what is left says the same of all that anyone asks of the journal (see `compact.rs`). A crash at any
    /// point leaves the old file or the new one.
    pub fn fold(&mut self, now: Time) -> Result<(), Error> {
        if let Some(why) = &self.broken {
            return Err(Error::Broken { why: why.clone() });
        }
        match &mut self.medium {
            Medium::Memory(bytes) => {
                let mut bytes = locked(bytes);
                let folded = compact::fold(bytes.as_slice(), now).map_err(Error::files(Path::new(MEMORY), "fold the journal"))?;
                if let Compacted::Shorter(lines) = folded {
                    self.bytes = lines.len() as u64;
                    *bytes = lines;
                }
            }
            Medium::File { file, path, noted } => {
                let read = reading(path).and_then(|old| compact::fold(BufReader::new(old), now));
                if let Compacted::Shorter(lines) = read.map_err(Error::files(path, "fold the journal"))? {
                    match replace(path, &lines, noted) {
                        Ok(new) => *file = new,
                        Err(error) => {
                            self.broken = Some(error.to_string());
                            return Err(error);
                        }
                    }
                    self.bytes = lines.len() as u64;
                }
            }
        }
        self.folded = self.bytes;
        Ok(())
    }

    /// All of it as it lies there, for a backup.
    pub fn content(&self) -> Result<Vec<u8>, Error> {
        match &self.medium {
            Medium::Memory(bytes) => Ok(locked(bytes).clone()),
            Medium::File { path, .. } => {
                let mut bytes = Vec::new();
                reading(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(Error::files(path, "read the journal"))?;
                Ok(bytes)
            }
        }
    }

    /// Reads it again from the start, as `export journal` does.
    pub fn for_each(&self, each: impl FnMut(Entry)) -> Result<JournalNotes, Error> {
        match &self.medium {
            Medium::Memory(bytes) => {
                read(locked(bytes).as_slice(), 0, each).map(|(notes, _)| notes).map_err(Error::files(Path::new(MEMORY), "read the journal"))
            }
            Medium::File { path, .. } => {
                let doing = "read the journal";
                let file = reading(path).map_err(Error::files(path, doing))?;
                read(BufReader::new(file), 0, each).map(|(notes, _)| notes).map_err(Error::files(path, doing))
            }
        }
    }
}

const MEMORY: &str = "memory:";

/// Puts a new journal in the place of the old one, at once; its end, to write on.
fn replace(path: &Path, lines: &[u8], noted: &Noted) -> Result<File, Error> {
    let new = path.with_file_name(JOURNAL_NEW);
    let doing = "write the folded journal";
    let mut file = private(&new).map_err(Error::files(&new, doing))?;
    file.set_len(0).and_then(|()| file.write_all(lines)).and_then(|()| file.sync_all()).map_err(Error::files(&new, doing))?;
    // From here to the end a crash may leave either file, so that no length is right.
    noted.forget_journal()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::rename(&new, path).and_then(|()| File::open(folder)?.sync_all()).map_err(Error::files(path, doing))?;
    noted.note_journal(lines.len() as u64)?;
    Ok(file)
}

/// How the file ends.
#[derive(Debug, PartialEq, Eq)]
enum JournalEnd {
    Whole,
    /// The last line is whole but for its newline.
    NoNewline,
    /// The last line is not what was to be written; it begins at this byte.
    TornAt(u64),
}

/// `acknowledged`: up to here (in bytes) it is known to have been written to its end; a damaged line before that was not torn by a crash.
fn read(mut from: impl BufRead, acknowledged: u64, mut each: impl FnMut(Entry)) -> io::Result<(JournalNotes, JournalEnd)> {
    let mut notes = JournalNotes::default();
    let (mut at, mut number) = (0u64, 0u64);
    let mut end = JournalEnd::Whole;
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = from.read_until(b'\n', &mut line)? as u64;
        if bytes == 0 {
            break;
        }
        number += 1;
        let text = line.strip_suffix(b"\n");
        end = if text.is_some() { JournalEnd::Whole } else { JournalEnd::NoNewline };
        match understand(text.unwrap_or(&line)) {
            JournalLine::Entry(entry) => {
                notes.entries += 1;
                each(*entry);
            }
            JournalLine::Unknown => notes.unknown += 1,
            // Lines are written with their newline last: one without it, where nothing was acknowledged, was torn.
            JournalLine::Damaged if text.is_none() && at >= acknowledged => (end, notes.torn_bytes) = (JournalEnd::TornAt(at), bytes),
            JournalLine::Damaged => notes.damaged_lines.push(number),
        }
        at += bytes;
    }
    Ok((notes, end))
}
