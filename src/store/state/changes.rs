//! What one commit changes, and how large it may be.

use crate::store::Error;

/// What sort of item: the daemon numbers its own.
pub type ItemKind = u8;

/// An item's value at most: a record with every field filled is some kilobytes.
pub const ITEM_BYTES_MAX: usize = 1 << 20;

/// An item's key at most, so that a deletion always fits into a pack.
pub const ITEM_KEY_BYTES_MAX: usize = 1024;

/// One commit at most: it is built in memory. A page of records is some hundred kilobytes.
pub const COMMIT_BYTES_MAX: usize = 64 << 20;

/// One commit. Deletes happen before puts; of two puts of one item the later counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingChanges {
    pub put: Vec<(ItemKind, Vec<u8>, Vec<u8>)>,
    pub delete: Vec<(ItemKind, Vec<u8>)>,
}

impl PendingChanges {
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }

    /// An error where something of it is larger than may be.
    pub(super) fn check(&self) -> Result<(), Error> {
        let limits = |kind: ItemKind, key: &[u8], value: &[u8]| {
            let what =
                |part: &str| format!("{part} of item {kind}:{}", key.escape_ascii().to_string().chars().take(100).collect::<String>());
            if key.len() > ITEM_KEY_BYTES_MAX {
                return Err(Error::TooLarge { what: what("the key"), bytes: key.len(), limit: ITEM_KEY_BYTES_MAX });
            }
            if value.len() > ITEM_BYTES_MAX {
                return Err(Error::TooLarge { what: what("the value"), bytes: value.len(), limit: ITEM_BYTES_MAX });
            }
            Ok(key.len() + value.len())
        };
        let mut bytes = 0;
        for (kind, key, value) in &self.put {
            bytes += limits(*kind, key, value)?;
        }
        for (kind, key) in &self.delete {
            bytes += limits(*kind, key, &[])?;
        }
        if bytes > COMMIT_BYTES_MAX {
            return Err(Error::TooLarge { what: "one commit".to_string(), bytes, limit: COMMIT_BYTES_MAX });
        }
        Ok(())
    }
}
