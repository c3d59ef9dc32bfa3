//! The journal: an append-only file of what cannot be polled again. First the journal, then the store; replay is idempotent.
//!
//! A line is the CRC-32 of the JSON as 8 hex digits, a space, the JSON, a newline. Nothing but a torn end is ever cut off.

use super::folder::{JOURNAL, private};
use super::{Entry, Error, State};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Refusals, approvals and outcomes as they happened. One writer: it is opened through the state, whose lock it stands under.
#[derive(Debug)]
pub struct Journal {
    medium: Medium,
    /// Why nothing is taken any more: after a failed write the file's end is not known.
    broken: Option<String>,
}

#[derive(Debug)]
enum Medium {
    File { file: File, path: PathBuf },
    Memory(JournalBytes),
}

/// A journal without a disk, for tests: it outlives the state that writes to it as a file does.
pub type JournalBytes = Arc<Mutex<Vec<u8>>>;

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
                "the journal is damaged in line {}{more}: what they said is lost unless it is polled again",
                lines.join(", ")
            ));
        }
        if self.unknown > 0 {
            notes.push(format!("{} lines of the journal are of a newer nayose and were passed over", self.unknown));
        }
        if self.torn_bytes > 0 {
            notes.push(format!("the journal's last line ({} bytes) was torn by a crash and cut off", self.torn_bytes));
        }
        notes
    }
}

impl Journal {
    /// Opens the journal of a state and calls `each` with its entries in order.
    pub fn open(state: &State, each: impl FnMut(Entry)) -> Result<(Journal, JournalNotes), Error> {
        let Some(folder) = state.folder() else {
            let bytes = state.journal_bytes();
            let (notes, _) = read(locked(&bytes).as_slice(), each).map_err(Error::files(Path::new(MEMORY), "read the journal"))?;
            return Ok((Journal { medium: Medium::Memory(bytes), broken: None }, notes));
        };
        let opened = Journal::open_file(&folder.dir().join(JOURNAL), each)?;
        folder.sync()?;
        Ok(opened)
    }

    fn open_file(path: &Path, each: impl FnMut(Entry)) -> Result<(Journal, JournalNotes), Error> {
        let mut file = private(path).map_err(Error::files(path, "open the journal"))?;
        let (notes, end) = read(BufReader::new(&file), each).map_err(Error::files(path, "read the journal"))?;
        let repair = match end {
            End::Whole => Ok(()),
            End::TornAt(bytes) => file.set_len(bytes).and_then(|()| file.sync_all()),
            End::NoNewline => file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(b"\n")).and_then(|()| file.sync_data()),
        };
        repair.and_then(|()| file.seek(SeekFrom::End(0))).map_err(Error::files(path, "repair the journal's end"))?;
        Ok((Journal { medium: Medium::File { file, path: path.to_path_buf() }, broken: None }, notes))
    }

    /// On disk when it returns. After a failure nothing more is taken.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), Error> {
        if let Some(why) = &self.broken {
            return Err(Error::Broken { why: why.clone() });
        }
        let mut lines = Vec::new();
        for entry in entries {
            // Text and numbers only: an entry is always JSON.
            let json = serde_json::to_string(entry).map_err(|error| Error::Broken { why: error.to_string() })?;
            lines.extend_from_slice(format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).as_bytes());
        }
        if lines.is_empty() {
            return Ok(());
        }
        match &mut self.medium {
            Medium::Memory(bytes) => locked(bytes).extend(lines),
            Medium::File { file, path } => {
                if let Err(error) = file.write_all(&lines).and_then(|()| file.sync_data()) {
                    self.broken = Some(format!("{}: {error}", path.display()));
                    return Err(Error::files(path, "write the journal")(error));
                }
            }
        }
        Ok(())
    }

    /// Reads it again from the start, as `export journal` does.
    pub fn for_each(&self, each: impl FnMut(Entry)) -> Result<JournalNotes, Error> {
        match &self.medium {
            Medium::Memory(bytes) => {
                read(locked(bytes).as_slice(), each).map(|(notes, _)| notes).map_err(Error::files(Path::new(MEMORY), "read the journal"))
            }
            Medium::File { path, .. } => {
                let doing = "read the journal";
                let file = File::open(path).map_err(Error::files(path, doing))?;
                read(BufReader::new(file), each).map(|(notes, _)| notes).map_err(Error::files(path, doing))
            }
        }
    }
}

const MEMORY: &str = "memory:";

fn locked(bytes: &JournalBytes) -> MutexGuard<'_, Vec<u8>> {
    // Appending is the only thing done under it, so that it is whole.
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the file ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// The last line is whole but for its newline.
    NoNewline,
    /// The last line is not what was to be written; it begins at this byte.
    TornAt(u64),
}

enum Line {
    Entry(Box<Entry>),
    Unknown,
    Damaged,
}

fn understand(line: &[u8]) -> Line {
    let json = line.split_at_checked(8).and_then(|(sum, rest)| {
        let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
        rest.strip_prefix(b" ").filter(|json| crc32fast::hash(json) == sum)
    });
    match json.map(serde_json::from_slice) {
        None => Line::Damaged,
        Some(Ok(entry)) => Line::Entry(Box::new(entry)),
        Some(Err(_)) => Line::Unknown,
    }
}

fn read(mut from: impl BufRead, mut each: impl FnMut(Entry)) -> io::Result<(JournalNotes, End)> {
    let mut notes = JournalNotes::default();
    let (mut at, mut number) = (0u64, 0u64);
    let mut end = End::Whole;
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = from.read_until(b'\n', &mut line)? as u64;
        if bytes == 0 {
            break;
        }
        // A damaged line was not the last one after all.
        if matches!(end, End::TornAt(_)) {
            notes.damaged_lines.push(number);
        }
        number += 1;
        let text = line.strip_suffix(b"\n");
        end = if text.is_some() { End::Whole } else { End::NoNewline };
        match understand(text.unwrap_or(&line)) {
            Line::Entry(entry) => {
                notes.entries += 1;
                each(*entry);
            }
            Line::Unknown => notes.unknown += 1,
            Line::Damaged => {
                end = End::TornAt(at);
                notes.torn_bytes = bytes;
            }
        }
        at += bytes;
    }
    if !matches!(end, End::TornAt(_)) {
        notes.torn_bytes = 0;
    }
    Ok((notes, end))
}
