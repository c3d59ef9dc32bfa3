//! Digests of what is wanted, as the state keeps them.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A digest of what is wanted in a lane, never 0.
pub fn digest(of: &impl Hash) -> u64 {
    // Its keys are fixed: the digest lies in the state.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They lie in the state: another number would try everything once more that was given up.
    #[test]
    fn a_digest_stays_what_it_is() {
        assert_eq!([digest(&""), digest(&"open_deal_person")], [3_476_900_567_878_811_119, 15_823_412_690_607_402_647]);
    }
}
