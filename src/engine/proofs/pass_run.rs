//! A pass over a stream, from its begin: what it is told, and what it brings along.

use crate::connector::{Pass, Shown};
use crate::model::{Name, RecordId, ShortText, Time};
use std::collections::BTreeMap;

/// What a pass is told at its begin and brings along.
#[derive(Debug, Clone)]
pub struct PassRun {
    pub system: Name,
    pub stream: Name,
    pub pass: Pass,
    /// When it began, by our clock; of a sweep that goes on, when that was begun.
    pub began: Time,
    /// The same by the system's clock.
    pub began_there: Time,
    pub epoch: u32,
    /// Of the system's instance, as `Engine::instance_number`.
    pub instance: u32,
    /// It showed an id that another stream's record has.
    pub clashed: bool,
    pub read: u64,
    /// What a sweep that goes on had read before.
    pub read_before: u64,
    pub changed: u64,
    /// The last moment before this pass at which the stream was read.
    pub(crate) seen_until: Option<Time>,
    /// Rows that were kept out; those of them that are new; and those that were too many.
    pub unread: u64,
    pub(crate) unread_new: u64,
    pub(crate) unread_beyond: usize,
    /// The newest change that this pass saw.
    pub newest: Option<Time>,
    /// Deals that it told to name somebody, and those that did before and name nobody now.
    pub(crate) naming: usize,
    pub(crate) emptied: usize,
    /// It proves the people of its deals along with them.
    pub carries_people: bool,
    /// Deals that this pass showed changed, without all of their people.
    pub deals_without_people: Vec<ShortText>,
    /// What its rows showed of the fields that something rests on.
    pub shown: Shown,
    /// When the rows of its last page were so, where they are of another time than the asking.
    pub shown_at: Option<Time>,
    /// Records that were known before, and show a no that nobody knew of.
    pub(in crate::engine) newly_refused: usize,
    /// Records without an opt-out field that no row of it has shown so far.
    pub(in crate::engine) lacking: BTreeMap<RecordId, Vec<ShortText>>,
    /// It asks for the people of some deals only, which another pass showed without.
    pub follows: Option<Follows>,
}

impl PassRun {
    /// Whether a feed was begun at a moment that had not come there yet, as its first answer tells: what changes until then is hidden from it.
    pub(in crate::engine) fn begins_ahead(&self) -> bool {
        matches!(&self.pass, Pass::Resume { cursor: None, since } if *since > self.began_there)
    }
}

/// What reading the people of some deals is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// The pass before would have proved the people along with its deals, as of then: it does once these are read.
    pub proves_at: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_begins_ahead_only_where_it_has_no_cursor_and_is_later_than_their_clock() {
        let feed = |cursor: Option<&str>, since: i64| Pass::Resume { cursor: cursor.map(Box::from), since: Time(since) };
        for (pass, want) in [
            (feed(None, 100), false),
            (feed(None, 101), true),
            // Where a cursor goes on from, the system knows by itself.
            (feed(Some("k1"), 101), false),
            (Pass::Sweep, false),
        ] {
            let run = PassRun { began_there: Time(100), ..PassRun::new(&"crm".into(), &"tickets".into(), pass.clone(), Time(900)) };
            assert_eq!(run.begins_ahead(), want, "{pass:?}");
        }
    }
}
