//! The journal as a file of the state folder. Its length is noted beside it, so that a file that was cut or replaced is found out.

use super::text::{self, TextEnd};
use crate::store::Error;
use crate::store::database::{JournalLines, JournalLoss, JournalStore};
use crate::store::folder::Folder;
use crate::store::folder::file_names::{JOURNAL, JOURNAL_NEW};
use crate::store::folder::noted::Noted;
use crate::store::folder::regular::{private, reading};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const READ: &str = "read the journal";

/// The file, open to write on at its end. Nothing but a torn end is ever cut off.
#[derive(Debug)]
struct JournalFile {
    /// `None`: it is only looked at, and may not be there.
    file: Option<File>,
    path: PathBuf,
    noted: Arc<Noted>,
    /// Up to here it is read and counted.
    bytes: u64,
}

impl JournalStore for Folder {
    fn open(&self) -> Result<(Box<dyn JournalLines>, JournalLoss), Error> {
        let (file, loss) = if self.is_looked_at() { JournalFile::look(self)? } else { JournalFile::open(self)? };
        Ok((Box::new(file), loss))
    }
}

impl JournalFile {
    fn open(folder: &Folder) -> Result<(JournalFile, JournalLoss), Error> {
        let (path, noted) = (folder.dir().join(JOURNAL), folder.noted().clone());
        // Of a folding that was broken off.
        let _ = fs::remove_file(folder.dir().join(JOURNAL_NEW));
        let mut file = private(&path).map_err(Error::files(&path, "open the journal"))?;
        let (found, end, loss) = found(&file, noted.numbers().journal).map_err(Error::files(&path, READ))?;
        let repair = match end {
            TextEnd::Whole => Ok(()),
            TextEnd::TornAt(at) => file.set_len(at).and_then(|()| file.sync_all()),
            TextEnd::NoNewline => file.seek(SeekFrom::Start(found)).and_then(|_| file.write_all(b"\n")).and_then(|()| file.sync_data()),
        };
        let bytes = repair.and_then(|()| file.seek(SeekFrom::End(0))).map_err(Error::files(&path, "repair the journal's end"))?;
        noted.note_journal(bytes)?;
        folder.sync()?;
        Ok((JournalFile { file: Some(file), path, noted, bytes }, loss))
    }

    /// Leaves the file as it is, torn or not.
    fn look(folder: &Folder) -> Result<(JournalFile, JournalLoss), Error> {
        let (path, noted) = (folder.dir().join(JOURNAL), folder.noted().clone());
        let acknowledged = noted.numbers().journal;
        let (bytes, loss) = match reading(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, JournalLoss { torn_bytes: 0, missing_bytes: acknowledged }),
            opened => {
                let (bytes, _, loss) = opened.and_then(|file| found(&file, acknowledged)).map_err(Error::files(&path, READ))?;
                (bytes - loss.torn_bytes, loss)
            }
        };
        Ok((JournalFile { file: None, path, noted, bytes }, loss))
    }
}

/// Whether the file that is written to is still the one of that name, as long as it was left: a line in one that somebody cut or moved away is no line
/// that the next process reads.
fn is_in_place(file: &File, path: &Path, bytes: u64) -> io::Result<()> {
    let (open, there) = (file.metadata()?, fs::metadata(path));
    let what = match there {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "somebody moved it away".to_string(),
        Err(error) => return Err(error),
        Ok(there) if (there.dev(), there.ino()) != (open.dev(), open.ino()) => "somebody put another in its place".to_string(),
        Ok(there) if there.len() != bytes => {
            format!("somebody else wrote to it or cut it: it has {} bytes and was left with {bytes}", there.len())
        }
        Ok(_) => return Ok(()),
    };
    Err(io::Error::other(format!("{what}; what it lacks is written to it again from the store")))
}

/// How long a journal is, how it ends, and what is not there any more of what was acknowledged.
fn found(file: &File, acknowledged: u64) -> io::Result<(u64, TextEnd, JournalLoss)> {
    let bytes = file.metadata()?.len();
    let end = text::end(file, bytes, acknowledged)?;
    let torn_bytes = if let TextEnd::TornAt(at) = end { bytes - at } else { 0 };
    Ok((bytes, end, JournalLoss { torn_bytes, missing_bytes: acknowledged.saturating_sub(bytes) }))
}

impl JournalLines for JournalFile {
    fn read(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        if self.bytes == 0 {
            return Ok(());
        }
        let file = reading(&self.path).map_err(Error::files(&self.path, READ))?;
        text::lines(BufReader::new(file).take(self.bytes), each).map_err(Error::files(&self.path, READ))
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        let file = self.file.as_mut().ok_or(Error::OnlyLookedAt)?;
        is_in_place(file, &self.path, self.bytes).map_err(Error::files(&self.path, "write the journal"))?;
        file.write_all(lines).and_then(|()| file.sync_data()).map_err(Error::files(&self.path, "write the journal"))?;
        self.bytes += lines.len() as u64;
        self.noted.note_journal(self.bytes)
    }

    fn replace(&mut self, lines: &[u8]) -> Result<(), Error> {
        self.file.as_ref().ok_or(Error::OnlyLookedAt)?;
        self.file = Some(replaced(&self.path, lines, &self.noted)?);
        self.bytes = lines.len() as u64;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Puts a new journal in the place of the old one, at once; its end, to write on. A crash at any point leaves the old file or the new one.
fn replaced(path: &Path, lines: &[u8], noted: &Noted) -> Result<File, Error> {
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
