//! How large a list may be.

/// A larger file is no list.
pub const FILE_BYTES_MAX: usize = 1 << 30;
/// More rows are not taken for a list.
pub const ROWS_MAX: usize = 2_000_000;
/// Nor more cells, the empty ones before a row's last counted: a few kilobytes of a workbook can say "row 2,000,000, column 1,000".
pub const CELLS_MAX: usize = 40_000_000;
/// More columns are another file by mistake.
pub const COLUMNS_MAX: usize = 1_000;
