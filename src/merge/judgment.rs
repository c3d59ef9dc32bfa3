//! What is judged, and what comes of it.

use super::candidate::Candidate;
use super::group::GroupOffers;
use super::rules::RulePart;
use crate::model::{Name, RecordId, Time, Value};
use std::borrow::Cow;

/// What a field's value hangs on beside its rule and its candidates.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    pub part: RulePart,
    pub unread: UnreadSystems<'a>,
    /// Of a part that follows another field, or is the account's, and of a group's rule.
    pub leader: Leader<'a>,
    pub now: Time,
}

/// What became of the field that another one follows, or of the account's.
#[derive(Debug, Clone, PartialEq)]
pub enum Leader<'a> {
    /// It has no value, or one that is put together of several.
    Nothing,
    Unknown(Unknown),
    /// Its value is from a record. `rivals`: those that keep their own.
    Record {
        from: &'a RecordId,
        rivals: Vec<&'a RecordId>,
    },
    /// Of a part that is the account's: what that has.
    Account(Winner<'a>),
    /// Of a group's rule: what records hold of all its fields.
    Group(GroupOffers<'a>),
}

impl<'a> Leader<'a> {
    pub fn of(judged: Result<Option<Winner<'a>>, Unknown>) -> Leader<'a> {
        match judged {
            Ok(Some(Winner { from: Some(from), rivals, .. })) => Leader::Record { from, rivals },
            Ok(_) => Leader::Nothing,
            Err(unknown) => Leader::Unknown(unknown),
        }
    }

    /// Of a field of the account.
    pub fn of_account(judged: Result<Option<Winner<'a>>, Unknown>) -> Leader<'a> {
        match judged {
            Ok(Some(winner)) => Leader::Account(winner),
            Ok(None) => Leader::Nothing,
            Err(unknown) => Leader::Unknown(unknown),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Winner<'a> {
    pub value: Cow<'a, Value>,
    /// The record it is from; none of what is put together of several.
    pub from: Option<&'a RecordId>,
    /// Records with another value that counts as much, of which nobody knows whether it is the newer one: the order decided; or with one that
    /// would go before it if somebody typed it, of which nobody knows that. In them it is left as it is.
    pub rivals: Vec<&'a RecordId>,
}

/// What a field comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgment<'a> {
    Wins(Winner<'a>),
    /// Nothing counts: the field is left alone, which is not the same as a winner that is `Empty`.
    Nothing,
    /// It cannot be known: the field is left alone.
    Unknown(Unknown),
}

/// Why a field cannot be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    #[error("the rule's condition cannot be told")]
    Condition,
    #[error("the value that would win cannot be read")]
    Unreadable,
    #[error("a system that counts before it, or as much, was not read to its end")]
    NotRead,
    #[error("the sum is larger than a number can be")]
    TooLarge,
}

/// Systems of which there may be more records of a person, or other values, than are at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnreadSystems<'a> {
    /// Never read to their end in this state: nothing rests on what they do not show.
    pub never: &'a [Name],
    /// Not read to their end lately: no field falls to a system that ranks below them.
    pub stale: &'a [Name],
}

impl<'a> UnreadSystems<'a> {
    /// Where nothing counts but what one system holds.
    pub fn only(self, system: &Name) -> UnreadSystems<'a> {
        let only = |all: &'a [Name]| all.iter().position(|name| name == system).map_or(&all[..0], |at| &all[at..=at]);
        UnreadSystems { never: only(self.never), stale: only(self.stale) }
    }
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub won: bool,
    pub why: &'static str,
}

impl<'a> Judgment<'a> {
    pub fn winner(self) -> Option<Winner<'a>> {
        if let Judgment::Wins(winner) = self { Some(winner) } else { None }
    }

    /// The winner, if something counts.
    pub fn known(self) -> Result<Option<Winner<'a>>, Unknown> {
        match self {
            Judgment::Wins(winner) => Ok(Some(winner)),
            Judgment::Nothing => Ok(None),
            Judgment::Unknown(unknown) => Err(unknown),
        }
    }
}

/// Why a candidate that goes before all others does not win: what it says cannot be read.
pub const UNREADABLE: &str = "cannot be read";
/// What its system made of our write, or what somebody typed there.
pub const DOUBTFUL: &str = "our own write in another form, or typed";
/// The same: a relay brought it, and nothing says that it is news.
pub const COPY: &str = "a copy, no news";
/// Why a copy does not count at all.
pub(super) const TYPED_ELSEWHERE: &str = "a copy, and a person typed another";
/// The same: not all was read that might go before it.
pub const WAITS: &str = "waits until what counts before it, or as much, is read to its end";

/// Who listens to the reasons.
pub(super) trait Listener {
    fn tell(&mut self, candidate: usize, won: bool, why: &'static str);
}

/// Of candidates among which one that counts cannot be read, none wins. `passed` says why the one of a place does not count.
pub(super) fn beside_unreadable<'a>(
    candidates: &[Candidate<'_>],
    passed: impl Fn(usize) -> Option<&'static str>,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    for (i, candidate) in candidates.iter().enumerate() {
        let beside = if candidate.value.is_unreadable() { UNREADABLE } else { "beside one that cannot be read" };
        listener.tell(i, false, passed(i).unwrap_or(beside));
    }
    Judgment::Unknown(Unknown::Unreadable)
}
