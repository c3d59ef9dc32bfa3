//! A journal in the bytes that a file would have, without a disk: for tests that tear it.

use super::text::{self, TextEnd};
use crate::store::Error;
use crate::store::database::{JournalLines, JournalLoss, JournalStore};
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bytes; they outlive the state that writes to them as a file does. A clone of it is the same bytes.
#[derive(Debug, Default, Clone)]
pub struct JournalBytes(Arc<Mutex<Vec<u8>>>);

impl JournalBytes {
    pub fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // Appending and replacing are all that is done under it, so that it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Vec<u8>> for JournalBytes {
    fn from(bytes: Vec<u8>) -> JournalBytes {
        JournalBytes(Arc::new(Mutex::new(bytes)))
    }
}

fn unreadable(error: io::Error) -> Error {
    Error::files(Path::new("memory:"), "read the journal")(error)
}

impl JournalStore for JournalBytes {
    fn open(&self) -> Result<(Box<dyn JournalLines>, JournalLoss), Error> {
        let mut kept = self.lock();
        let bytes = kept.len() as u64;
        let mut loss = JournalLoss::default();
        match text::end(Cursor::new(kept.as_slice()), bytes, 0).map_err(unreadable)? {
            TextEnd::Whole => {}
            TextEnd::TornAt(at) => {
                loss.torn_bytes = bytes - at;
                kept.truncate(usize::try_from(at).unwrap_or(usize::MAX));
            }
            TextEnd::NoNewline => kept.push(b'\n'),
        }
        Ok((Box::new(self.clone()), loss))
    }
}

impl JournalLines for JournalBytes {
    fn read(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        text::lines(self.lock().as_slice(), each).map_err(unreadable)
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        self.lock().extend_from_slice(lines);
        Ok(())
    }

    fn replace(&mut self, lines: &[u8]) -> Result<(), Error> {
        *self.lock() = lines.to_vec();
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.lock().len() as u64
    }
}
