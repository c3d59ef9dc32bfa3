//! The journal: lines of what cannot be polled again, one behind the other. First the journal, then the store; replay is idempotent.
//!
//! A line is the CRC-32 of the JSON as 8 hex digits, a space, the JSON. Old lines that nothing hangs on are folded (`compact`).

pub mod blocks;
mod compact;
pub mod entry;
mod file;
pub(in crate::store) mod in_memory;
mod line;
mod text;

use self::compact::Folding;
use self::line::{JournalLine, line, understand};
use crate::model::{Time, counted};
use crate::store::database::JournalLines;
use crate::store::{Entry, Error, State};

/// Refusals, approvals and outcomes as they happened. One writer: it is opened through the state, whose lock it stands under.
#[derive(Debug)]
pub struct Journal {
    lines: Box<dyn JournalLines>,
    /// Why nothing is taken any more: after a failed write its end is not known.
    broken: Option<String>,
    /// How long it was when it was last folded, or nothing could be.
    folded: u64,
}

/// Below this length nothing is folded: it is read in a fraction of a second.
const FOLD_FROM_BYTES: u64 = 4 << 20;

/// What reading the journal came upon, other than entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalNotes {
    pub entries: u64,
    /// Lines (from 1) that are not what was written. They stay in it.
    pub damaged_lines: Vec<u64>,
    /// Lines of a kind that this version does not know. They stay in it.
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
        let (lines, loss) = state.journal().open()?;
        let broken = state.is_looked_at().then(|| Error::OnlyLookedAt.to_string());
        let journal = Journal { lines, broken, folded: 0 };
        let notes = journal.for_each(each)?;
        Ok((journal, JournalNotes { torn_bytes: loss.torn_bytes, missing_bytes: loss.missing_bytes, ..notes }))
    }

    /// On disk when it returns. After a failure nothing more is taken.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), Error> {
        self.check()?;
        let mut lines = Vec::new();
        for entry in entries {
            lines.extend_from_slice(line(entry).map_err(unwritable)?.as_bytes());
        }
        if lines.is_empty() {
            return Ok(());
        }
        let done = self.lines.append(&lines);
        self.note(done)
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// Whether it has grown so much that folding its old lines may be worth reading it.
    pub fn is_long(&self) -> bool {
        self.bytes() >= FOLD_FROM_BYTES.max(self.folded * 2)
    }

    /// Folds the old lines: what is left says the same of all that anyone asks of the journal (see `compact.rs`).
    pub fn fold(&mut self, now: Time) -> Result<(), Error> {
        self.check()?;
        let mut folding = Folding::at(now);
        self.lines.read(&mut |line| folding.take(line))?;
        if let Some(lines) = folding.folded().map_err(unwritable)? {
            let done = self.lines.replace(&lines);
            self.note(done)?;
        }
        self.folded = self.bytes();
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        self.broken.as_ref().map_or(Ok(()), |why| Err(Error::Broken { why: why.clone() }))
    }

    /// How a write ended.
    fn note(&mut self, done: Result<(), Error>) -> Result<(), Error> {
        self.broken = done.as_ref().err().map(ToString::to_string);
        done
    }

    /// All of it as it lies there, for a backup.
    pub fn content(&self) -> Result<Vec<u8>, Error> {
        let mut content = Vec::with_capacity(usize::try_from(self.bytes()).unwrap_or_default());
        self.lines.read(&mut |line| {
            content.extend_from_slice(line);
            content.push(b'\n');
        })?;
        Ok(content)
    }

    /// Reads it again from the start, as `export journal` does.
    pub fn for_each(&self, mut each: impl FnMut(Entry)) -> Result<JournalNotes, Error> {
        let mut notes = JournalNotes::default();
        let mut number = 0;
        self.lines.read(&mut |line| {
            number += 1;
            match understand(line) {
                JournalLine::Entry(entry) => {
                    notes.entries += 1;
                    each(*entry);
                }
                JournalLine::Unknown => notes.unknown += 1,
                JournalLine::Damaged => notes.damaged_lines.push(number),
            }
        })?;
        Ok(notes)
    }
}

/// Text and numbers only: an entry is always JSON.
fn unwritable(error: serde_json::Error) -> Error {
    Error::Broken { why: error.to_string() }
}
