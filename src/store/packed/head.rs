//! The head of a state: what a commit says of the whole, compared at open.

/// Stored with every commit, under [`HEAD_KEY`]; packs from `next` on do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Head {
    /// How many commits this folder has seen.
    pub commit: u64,
    /// The number of the next pack.
    pub next: u64,
    /// Items that are there, to be compared at open.
    pub items: u64,
    /// A sum over all items and where they lie, to be compared at open.
    pub digest: u64,
}

pub(in crate::store) const HEAD_KEY: &[u8] = b"h";

impl Head {
    pub(in crate::store) fn to_bytes(self) -> Vec<u8> {
        let mut bytes: Vec<u8> = [self.commit, self.next, self.items, self.digest].iter().flat_map(|n| n.to_be_bytes()).collect();
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    pub(in crate::store) fn from_bytes(bytes: &[u8]) -> Option<Head> {
        let (numbers, sum) = bytes.split_at_checked(32)?;
        if sum != crc32fast::hash(numbers).to_be_bytes() {
            return None;
        }
        let number = |i: usize| numbers.get(i * 8..i * 8 + 8)?.try_into().ok().map(u64::from_be_bytes);
        Some(Head { commit: number(0)?, next: number(1)?, items: number(2)?, digest: number(3)? })
    }
}
