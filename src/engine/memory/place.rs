//! Places in the columns of memory: of records, and of people.

/// A record's place; never reused while the process lives.
pub type Idx = u32;

/// A person's place in the engine's list of people; `NOBODY` for records that are no person's.
pub type PersonIdx = u32;

pub const NOBODY: PersonIdx = u32::MAX;
