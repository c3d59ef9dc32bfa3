//! Which formats a state is in, as its store says.

/// How packs are laid out. Raised when an older nayose could not read them.
pub(in crate::store) const STORE_FORMAT: u32 = 1;

/// Under it: the store's format, the items' format, the fingerprint. Its first 8 bytes stay so in every format.
pub(in crate::store) const FORMAT_KEY: &[u8] = b"f";

/// What this program makes of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateInfo {
    /// The format of the items' values; a state of a higher one is refused.
    pub format_version: u32,
    /// A hash of the manifests and the normaliser that observations are made with.
    pub fingerprint: [u8; 32],
}

pub(in crate::store) fn format_value(info: &StateInfo) -> Vec<u8> {
    [STORE_FORMAT.to_be_bytes().as_slice(), &info.format_version.to_be_bytes(), &info.fingerprint].concat()
}
