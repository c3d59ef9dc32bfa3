//! What the records of a person have in common.

use crate::link;
use crate::model::{Address, Record};

/// All addresses that a person's records bear or bore.
pub fn addresses(records: &[Record]) -> Vec<Address> {
    let mut all: Vec<Address> = records.iter().flat_map(link::spread_keys).collect();
    all.sort();
    all.dedup();
    all
}
