//! What the records of a person have in common.

use crate::connector::Abilities;
use crate::link;
use crate::model::{Address, Name, Record};

/// Whether records of a stream are written to.
pub fn is_target(abilities: &Abilities, stream: &Name) -> bool {
    abilities.stream.as_ref() == Some(stream)
}

/// All addresses that a person's records bear or bore.
pub fn addresses(records: &[Record]) -> Vec<Address> {
    let mut all: Vec<Address> = records.iter().flat_map(link::spread_keys).collect();
    all.sort();
    all.dedup();
    all
}
