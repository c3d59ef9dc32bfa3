//! How items lie in stored values.
//!
//! A pack is stored under `p` + its number (8 bytes, big-endian) and is never changed, only deleted. It is a CRC-32 over number and
//! body, then the body: either slots one after the other, or (an item too large for a pack) one slot whose value lies in chunks
//! under `c` + number + chunk (2 bytes).
//!
//! slot: kind, key length, key, value length + 1 (0: the item was deleted), value; lengths as LEB128.

use crate::store::Error;
use crate::store::key_value::{KeyRange, StoredPair};
use crate::store::state::changes::ItemKind;

/// A pack is closed before it grows beyond this: ten items of 350 bytes, well below the store's limit for a value.
pub(in crate::store) const PACK_BYTES: usize = 3500;

/// The part of a large item in one stored value.
const CHUNK_BYTES: usize = 4000;

const SLOTS: u8 = 1;
const LARGE: u8 = 2;

/// One item as it lies in a pack; `None` says that it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct PackSlot<'a> {
    pub kind: ItemKind,
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// What a stored pack holds.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Pack<'a> {
    Slots(Vec<PackSlot<'a>>),
    Large { kind: ItemKind, key: &'a [u8], bytes: usize, chunks: u16, crc: u32 },
}

pub(in crate::store) fn pack_key(number: u64) -> Vec<u8> {
    [b"p".as_slice(), &number.to_be_bytes()].concat()
}

/// The pack's number in a key under `p`, or the first part of one under `c`.
pub(in crate::store) fn number_in(key: &[u8]) -> Option<u64> {
    key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes)
}

pub(in crate::store) fn chunk_key(number: u64, chunk: u16) -> Vec<u8> {
    [b"c".as_slice(), &number.to_be_bytes(), &chunk.to_be_bytes()].concat()
}

/// All packs, or all chunks, from a number on.
pub(in crate::store) fn from_number(letter: u8, number: u64) -> KeyRange {
    KeyRange { from: [&[letter], number.to_be_bytes().as_slice()].concat(), to: Some(vec![letter + 1]) }
}

/// Collects slots up to the size of a pack.
#[derive(Debug)]
pub(in crate::store) struct PackWriter {
    /// As it is stored, but for the checksum.
    pack: Vec<u8>,
}

/// What stands before a pack's slots: the checksum and the form.
const HEAD_BYTES: usize = 5;

impl Default for PackWriter {
    fn default() -> PackWriter {
        let mut pack = Vec::with_capacity(HEAD_BYTES + PACK_BYTES);
        pack.extend_from_slice(&[0, 0, 0, 0, SLOTS]);
        PackWriter { pack }
    }
}

impl PackWriter {
    /// Bytes that a slot takes in a pack.
    pub(in crate::store) fn slot_bytes(key: &[u8], value: Option<&[u8]>) -> usize {
        let stored = value.map_or(0, |v| v.len() + 1);
        1 + length_bytes(key.len()) + key.len() + length_bytes(stored) + value.map_or(0, <[u8]>::len)
    }

    pub(in crate::store) fn fits(&self, bytes: usize) -> bool {
        self.pack.len() + bytes <= HEAD_BYTES + PACK_BYTES
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.pack.len() == HEAD_BYTES
    }

    pub(in crate::store) fn push(&mut self, slot: &PackSlot<'_>) {
        self.pack.push(slot.kind);
        put_length(&mut self.pack, slot.key.len());
        self.pack.extend_from_slice(slot.key);
        put_length(&mut self.pack, slot.value.map_or(0, |v| v.len() + 1));
        self.pack.extend_from_slice(slot.value.unwrap_or_default());
    }

    /// The pack as it is stored; the writer is empty again.
    pub(in crate::store) fn close(&mut self, number: u64) -> Vec<u8> {
        seal(number, std::mem::take(self).pack)
    }
}

/// A large item: its pack, and its chunks in order.
pub(in crate::store) fn large(number: u64, kind: ItemKind, key: &[u8], value: &[u8]) -> (Vec<u8>, Vec<StoredPair>) {
    let chunks: Vec<_> = value.chunks(CHUNK_BYTES).enumerate().map(|(i, part)| (chunk_key(number, i as u16), part.to_vec())).collect();
    let mut body = vec![kind];
    put_length(&mut body, key.len());
    body.extend_from_slice(key);
    put_length(&mut body, value.len());
    put_length(&mut body, chunks.len());
    body.extend_from_slice(&crc32fast::hash(value).to_be_bytes());
    (sealed(number, LARGE, &body), chunks)
}

/// Reads a stored pack; anything but what was written is an error.
pub(in crate::store) fn read(number: u64, stored: &[u8]) -> Result<Pack<'_>, Error> {
    read_checked(number, stored).ok_or_else(|| Error::Damaged { why: format!("pack {number} does not hold what was written to it") })
}

fn read_checked(number: u64, stored: &[u8]) -> Option<Pack<'_>> {
    let (sum, rest) = stored.split_at_checked(4)?;
    if sum != checksum(number, rest) {
        return None;
    }
    let (&form, mut body) = rest.split_first()?;
    match form {
        SLOTS => {
            let mut slots = Vec::with_capacity(12);
            while !body.is_empty() {
                let (kind, key) = take_name(&mut body)?;
                let value = match take_length(&mut body)?.checked_sub(1) {
                    Some(bytes) => Some(take(&mut body, bytes)?),
                    None => None,
                };
                slots.push(PackSlot { kind, key, value });
            }
            Some(Pack::Slots(slots))
        }
        LARGE => {
            let (kind, key) = take_name(&mut body)?;
            let bytes = take_length(&mut body)?;
            let chunks = u16::try_from(take_length(&mut body)?).ok()?;
            let crc = u32::from_be_bytes(body.try_into().ok()?);
            Some(Pack::Large { kind, key, bytes, chunks, crc })
        }
        _ => None,
    }
}

fn sealed(number: u64, form: u8, body: &[u8]) -> Vec<u8> {
    seal(number, [&[0, 0, 0, 0, form], body].concat())
}

/// Puts the checksum in its place.
fn seal(number: u64, mut stored: Vec<u8>) -> Vec<u8> {
    let sum = checksum(number, &stored[4..]);
    stored[..4].copy_from_slice(&sum);
    stored
}

/// The number is part of it, so that a pack in another's place is found out.
fn checksum(number: u64, rest: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_be_bytes());
    hasher.update(rest);
    hasher.finalize().to_be_bytes()
}

fn length_bytes(length: usize) -> usize {
    let bits = (usize::BITS - length.leading_zeros()).max(1);
    bits.div_ceil(7) as usize
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn take_length(body: &mut &[u8]) -> Option<usize> {
    let mut length = 0usize;
    for shift in [0, 7, 14, 21, 28] {
        let byte = take(body, 1)?[0];
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(length);
        }
    }
    None
}

fn take<'a>(body: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, rest) = body.split_at_checked(bytes)?;
    *body = rest;
    Some(taken)
}

fn take_name<'a>(body: &mut &'a [u8]) -> Option<(ItemKind, &'a [u8])> {
    let kind = take(body, 1)?[0];
    let bytes = take_length(body)?;
    Some((kind, take(body, bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slots_come_back(items in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..300),
            prop::option::of(prop::collection::vec(any::<u8>(), 0..300))), 0..8), number: u64)
        {
            let mut writer = PackWriter::default();
            let mut bytes = 0;
            let slots: Vec<_> = items.iter().map(|(kind, key, value)| PackSlot { kind: *kind, key, value: value.as_deref() }).collect();
            for slot in &slots {
                bytes += PackWriter::slot_bytes(slot.key, slot.value);
                writer.push(slot);
            }
            let stored = writer.close(number);
            prop_assert_eq!(stored.len(), bytes + HEAD_BYTES, "the size that decides whether a slot fits is the true one");
            prop_assert_eq!(read(number, &stored).unwrap(), Pack::Slots(slots));
            prop_assert!(read(number.wrapping_add(1), &stored).is_err(), "a pack in another's place");
        }

        /// A sum that is right does not make it a pack.
        #[test]
        fn bytes_under_a_right_sum_are_read_or_refused(form in 0u8..4, body in prop::collection::vec(any::<u8>(), 0..200), number: u64) {
            if let Ok(Pack::Slots(slots)) = read(number, &sealed(number, form, &body)) {
                let bytes: usize = slots.iter().map(|s| s.key.len() + s.value.map_or(0, <[u8]>::len)).sum();
                prop_assert!(bytes <= body.len(), "more is read than is there");
            }
        }

        #[test]
        fn any_single_wrong_byte_is_found(at in 0usize..500, with in 1u8..=255) {
            let mut writer = PackWriter::default();
            let value = vec![3; 400];
            writer.push(&PackSlot { kind: 1, key: b"crm:person:1", value: Some(&value) });
            let mut stored = writer.close(7);
            let at = at % stored.len();
            stored[at] ^= with;
            prop_assert!(read(7, &stored).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut stored = bytes.clone();
            let _ = read(7, &bytes);
            // Past the checksum, too.
            stored.splice(0..0, checksum(7, &bytes));
            let _ = read(7, &stored);
        }
    }
}
