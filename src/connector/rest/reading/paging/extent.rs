//! How much a listing comes to before it is taken for one that has no end: a server may give new rows for ever.

use serde::{Deserialize, Serialize};

/// Pages of one listing at most, over all its windows and breaks: a hundred thousand pages of a hundred are ten million records.
pub const PAGES_MAX: usize = 100_000;
/// Rows of one listing at most: where pages are larger, the records would fill the memory long before.
const ROWS_MAX: usize = 10_000_000;

/// What came of one listing, in all its windows, and before it was broken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingExtent {
    pages: usize,
    rows: usize,
}

impl ListingExtent {
    /// One more page, with so many rows. `Err`: it is more than any listing has.
    pub fn grows(&mut self, rows: usize) -> Result<(), String> {
        self.pages += 1;
        self.rows += rows;
        if self.pages >= PAGES_MAX {
            return Err(format!("{PAGES_MAX} pages and no end"));
        }
        if self.rows > ROWS_MAX {
            return Err(format!("more than {ROWS_MAX} rows and no end"));
        }
        Ok(())
    }
}
