//! How large a list may be.

/// A larger file is no list.
pub const FILE_BYTES_MAX: usize = 1 << 30;
/// More rows are not taken for a list.
pub const ROWS_MAX: usize = 2_000_000;
/// More columns are another file by mistake.
pub const COLUMNS_MAX: usize = 1_000;
