//! Digests of what is wanted, as the state keeps them.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A digest of what is wanted in a lane, never 0.
pub fn digest(of: &impl Hash) -> u64 {
    // Its keys are fixed: the digest lies in the state.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() | 1
}
