//! How our writes stand in the target: its own forms of them, and what does not stay.

use super::Target;
use super::again::REWRITES_MAX;
use super::forms::is_form_of;
use crate::connector::{Change, PermitChange};
use crate::model::{Mark, Name, Record, Time, Value};

/// What an observation of a target told about our writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// The field does not stick; it is left alone until the wanted value changes.
    Parked { field: Name },
    /// The status or the reason codes do not stay.
    ParkedMark { mark: Mark },
    /// Someone took our block away, or it did not stick: it is written again.
    BlockLost { times: u8 },
}

impl Target {
    /// Looks at a new observation of the record: learns how the target stores what we wrote, and sees what did not stay.
    /// Returns what an operator should know.
    pub fn observe(&mut self, record: &Record) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        for agreed in &mut self.agreed {
            let shown = record.field(&agreed.field).map_or(&Value::Empty, |f| &f.value);
            if *shown == agreed.theirs {
                if agreed.unseen {
                    agreed.unseen = false;
                }
            } else if agreed.unseen && (shown.is_unreadable() || is_form_of(&agreed.ours, shown)) {
                agreed.theirs = shown.clone();
                agreed.unseen = false;
            } else {
                // Somebody's own value: should ours come back after it, that is their word and no echo.
                agreed.spent = true;
                if agreed.rewrites >= REWRITES_MAX && !agreed.parked {
                    agreed.parked = true;
                    noticed.push(Noticed::Parked { field: agreed.field.clone() });
                }
            }
        }
        let text = |mark| record.mark(mark).and_then(Value::as_text).unwrap_or_default();
        if self.status.observe(text(Mark::Status)) {
            noticed.push(Noticed::ParkedMark { mark: Mark::Status });
        }
        if record.is_blocked() && self.why.observe(text(Mark::Why)) {
            noticed.push(Noticed::ParkedMark { mark: Mark::Why });
        }
        if self.block_ours && record.is_blocked() && self.held_again.times > 0 {
            self.held_again.seen = true;
        }
        if self.block_ours && self.sent.is_none() && record.blocked_in_other_words() {
            // Somebody put their own word in the place of ours: it is their block from now on.
            self.block_ours = false;
        }
        if self.block_ours && self.sent.is_none() && !record.is_blocked() {
            self.block_ours = false;
            noticed.push(Noticed::BlockLost { times: self.held_again.times.saturating_add(1) });
        }
        noticed
    }

    /// Whether a change sets a block, or gives a permit, that was written lately: the mark may mean something else in the target by now.
    pub fn was_written_lately(&self, change: &Change, now: Time) -> bool {
        let holds = change.block == Some(true) || change.permit == Some(PermitChange::Withdrawn);
        let releases = change.block == Some(false) || matches!(change.permit, Some(PermitChange::Until(_)));
        (holds && self.held_again.is_once_more(now)) || (releases && self.released_again.is_once_more(now))
    }

    /// A block of ours that is set again and again, and was not seen to stand since.
    pub fn loses_its_block(&self) -> bool {
        self.held_again.is_in_vain() && !self.held_again.seen
    }
}
