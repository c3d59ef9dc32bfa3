//! Kinds of items in the store, each with the type that an item of it holds. A kind is declared beside its type, in the room that owns it.

use super::items::{UnreadableItem, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// By which kinds are told apart in the store: no tag ever changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    Record = b'r',
    Target = b'Y',
    /// In format 6.
    OnePermitTarget = b'y',
    /// Up to format 3.
    FormerTarget = b't',
    /// In formats 4 and 5.
    UntimedTarget = b'T',
    /// Batches of writes under way.
    Sent = b'e',
    Held = b'h',
    Stream = b'p',
    /// The same in the form of formats 2 and 3.
    FormerStream = b's',
    Refusal = b'f',
    /// Rows that could not be read.
    Doubt = b'd',
    /// Rows that concern nobody, as a named person says.
    Accepted = b'q',
    /// People who were merged into another.
    Merged = b'j',
    Approval = b'a',
    LetGo = b'l',
    /// Items of which there is one: see [`Single`].
    Single = b'm',
    Usage = b'u',
    /// Who was let go and who waits, by system and direction.
    Guard = b'g',
    /// Batches of field writes with the old values, the rules and the files that they were out of.
    Written = b'X',
    /// The same in formats 6 and 7: without the files.
    WrittenByRule = b'W',
    /// The same up to format 5: without the rules.
    FormerWritten = b'o',
    /// Undo plans that were shown.
    Undo = b'U',
    /// The same without the file that they are about: not read any more.
    UndoOfRun = b'K',
    /// The same without the rules that they were narrowed to: not read any more.
    FormerUndo = b'k',
    /// The same without anything that they were narrowed to: not read any more.
    FirstUndo = b'n',
    /// Fields on their way back.
    SetBack = b'b',
    /// Writes that count against a limit for a while.
    Went = b'w',
    /// Which instances of a system are known.
    Instance = b'i',
    /// Codes in people's records that no map knows.
    UnknownCodes = b'c',
    /// Values that a named person pinned.
    Pin = b'P',
    /// What lists that a person carries over said of a record.
    Listed = b'L',
    /// Records of which a row was passed over, and that were not seen since.
    PassedOver = b'v',
}

/// All of them.
const TAGS: [Tag; 32] = [
    Tag::Record,
    Tag::Target,
    Tag::OnePermitTarget,
    Tag::FormerTarget,
    Tag::UntimedTarget,
    Tag::Sent,
    Tag::Held,
    Tag::Stream,
    Tag::FormerStream,
    Tag::Refusal,
    Tag::Doubt,
    Tag::Accepted,
    Tag::Merged,
    Tag::Approval,
    Tag::LetGo,
    Tag::Single,
    Tag::Usage,
    Tag::Guard,
    Tag::Written,
    Tag::WrittenByRule,
    Tag::FormerWritten,
    Tag::Undo,
    Tag::UndoOfRun,
    Tag::FormerUndo,
    Tag::FirstUndo,
    Tag::SetBack,
    Tag::Went,
    Tag::Instance,
    Tag::UnknownCodes,
    Tag::Pin,
    Tag::Listed,
    Tag::PassedOver,
];

impl Tag {
    /// `None`: a kind that this version does not know.
    pub fn of(byte: u8) -> Option<Tag> {
        TAGS.into_iter().find(|tag| *tag as u8 == byte)
    }
}

/// A kind of items that hold a `T`, each under a key of its own.
#[derive(Debug)]
pub struct Kind<T> {
    tag: Tag,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Kind<T> {
        *self
    }
}

impl<T> Copy for Kind<T> {}

impl<T> Kind<T> {
    pub const fn new(tag: Tag) -> Kind<T> {
        Kind { tag, holds: PhantomData }
    }

    pub(in crate::engine) const fn byte(self) -> u8 {
        self.tag as u8
    }
}

impl<T: DeserializeOwned> Kind<T> {
    /// Reads an item's value. `key` is for the error.
    pub fn read(self, key: &str, value: &[u8]) -> Result<T, UnreadableItem> {
        decode(key, value)
    }
}

/// An item of which there is one, under a fixed key.
#[derive(Debug)]
pub struct Single<T> {
    key: &'static str,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for Single<T> {
    fn clone(&self) -> Single<T> {
        *self
    }
}

impl<T> Copy for Single<T> {}

impl<T> Single<T> {
    pub const fn new(key: &'static str) -> Single<T> {
        Single { key, holds: PhantomData }
    }

    pub fn key(self) -> &'static str {
        self.key
    }
}

impl<T: Serialize> Single<T> {
    /// As it lies in the store: its tag, key and value.
    pub(in crate::engine) fn item(self, value: &T) -> (u8, Vec<u8>, Vec<u8>) {
        (Tag::Single as u8, self.key.into(), encode(value))
    }
}

impl<T: DeserializeOwned> Single<T> {
    /// Reads its value.
    pub fn read(self, value: &[u8]) -> Result<T, UnreadableItem> {
        decode(self.key, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_known_by_its_byte_alone() {
        for tag in TAGS {
            assert_eq!(Tag::of(tag as u8), Some(tag));
        }
        assert_eq!(Tag::of(b'?'), None);
    }

    #[test]
    fn what_was_not_written_as_such_a_kind_is_told_by_its_key() {
        const NUMBERS: Kind<Vec<u32>> = Kind::new(Tag::Held);
        let value = super::super::items::encode(&vec![1_u32, 2]);
        assert_eq!(NUMBERS.read("crm:person:1", &value).unwrap(), [1, 2]);
        let error = NUMBERS.read("crm:person:1", &value[..2]).unwrap_err().to_string();
        assert!(error.contains("crm:person:1"), "{error}");
    }
}
