//! Kinds of items in the store.

pub const RECORD: u8 = b'r';
pub const TARGET: u8 = b'T';
/// Up to format 3.
pub const FORMER_TARGET: u8 = b't';
/// Batches of writes under way.
pub const SENT: u8 = b'e';
pub const HELD: u8 = b'h';
pub const STREAM: u8 = b'p';
/// The same in the form of formats 2 and 3.
pub const STREAM_FORMER: u8 = b's';
pub const REFUSAL: u8 = b'f';
/// Rows that could not be read.
pub const DOUBT: u8 = b'd';
/// Rows that concern nobody, as a named person says.
pub const ACCEPTED: u8 = b'q';
/// People who were merged into another.
pub const MERGED: u8 = b'j';
pub const APPROVAL: u8 = b'a';
pub const LET_GO: u8 = b'l';
pub const META: u8 = b'm';
pub const USAGE: u8 = b'u';
/// Who was let go and who waits, by system and direction.
pub const GUARD: u8 = b'g';
/// Batches of field writes with the old values.
pub const WRITTEN: u8 = b'o';
/// Undo plans that were shown.
pub const UNDO: u8 = b'n';
/// Fields on their way back.
pub const SET_BACK: u8 = b'b';
/// Writes that count against a limit for a while.
pub const WENT: u8 = b'w';
/// Which instances of a system are known.
pub const INSTANCE: u8 = b'i';
