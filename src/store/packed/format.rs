//! Which formats a state is in, as its store says.

use crate::store::state::loaded::StateInfo;

/// How packs are laid out. Raised when an older nayose could not read them.
pub(in crate::store) const STORE_FORMAT: u32 = 1;

/// Under it: the store's format, the items' format, the fingerprint. Its first 8 bytes stay so in every format.
pub(in crate::store) const FORMAT_KEY: &[u8] = b"f";

pub(in crate::store) fn format_value(info: &StateInfo) -> Vec<u8> {
    [STORE_FORMAT.to_be_bytes().as_slice(), &info.format_version.to_be_bytes(), &info.fingerprint].concat()
}

/// The store's format and the items', whatever follows.
pub(in crate::store) fn versions(value: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| value.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    Some((number(0)?, number(4)?))
}

/// What a value of this program's format says of the items.
pub(in crate::store) fn info(value: &[u8]) -> Option<StateInfo> {
    let (_, format_version) = versions(value)?;
    Some(StateInfo { format_version, fingerprint: value.get(8..)?.try_into().ok()? })
}
