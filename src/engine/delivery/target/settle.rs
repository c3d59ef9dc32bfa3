//! How our writes stand in the target: its own forms of them, and what does not stay.

use super::{REWRITES_MAX, Target};
use crate::connector::{Change, PermitChange};
use crate::model::{Mark, Name, Record, Span, Time, Value};
use serde::{Deserialize, Serialize};

/// Written again within this time, a protective write counts as the same again.
const AGAIN_WITHIN: Span = Span::days(1);

/// What was last written of a status or of reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// A digest of what we wrote, 0 if nothing.
    ours: u64,
    /// How often in a row it had to be written again.
    rewrites: u8,
    /// It does not stay: not written again until something else is wanted.
    parked: bool,
}

impl Settled {
    /// It was written.
    pub fn wrote(&mut self, ours: &str) {
        let ours = super::digest(&ours);
        self.rewrites = if self.ours == ours { self.rewrites.saturating_add(1) } else { 0 };
        (self.ours, self.parked) = (ours, false);
    }

    /// Whether this was written before and is not to be written again.
    pub fn leaves_alone(&self, wanted: &str) -> bool {
        self.parked && self.ours == super::digest(&wanted)
    }

    /// Whether this was written last.
    pub fn wrote_last(&self, wanted: &str) -> bool {
        self.ours == super::digest(&wanted)
    }

    pub fn park(&mut self, wanted: &str) {
        (self.ours, self.parked) = (super::digest(&wanted), true);
    }

    pub fn is_parked(&self) -> bool {
        self.parked
    }

    /// Looks at what the target shows. True: it does not stay, and is left alone from now on.
    fn observe(&mut self, shown: &str) -> bool {
        let gives_up = self.rewrites >= REWRITES_MAX && !self.parked && self.ours != super::digest(&shown);
        self.parked |= gives_up;
        gives_up
    }
}

/// How often a block had to be set again, or a permit to be given or withdrawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Again {
    pub times: u8,
    pub last_at: Time,
    /// It was seen to stand since.
    pub seen: bool,
}

impl Again {
    /// It was written.
    pub fn wrote(&mut self, now: Time) {
        self.times = if self.is_once_more(now) { self.times.saturating_add(1) } else { 0 };
        (self.last_at, self.seen) = (now, false);
    }

    /// Whether the same was written lately: if it is wanted once more, it did not stay, and whatever took it away may come again.
    pub fn is_once_more(&self, now: Time) -> bool {
        self.last_at != Time(0) && now.since(self.last_at) < AGAIN_WITHIN
    }

    /// Something takes it away, or it cannot be read there.
    pub fn is_in_vain(&self) -> bool {
        self.times >= REWRITES_MAX
    }
}

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

/// Whether a record shows these reason codes, or the target's form of what we wrote last. A label only tells that there are some.
pub fn shows_why(target: Option<&Target>, record: &Record, wanted: &str) -> bool {
    match record.mark(Mark::Why) {
        Some(Value::Bool(there)) => *there != wanted.is_empty(),
        shown => {
            let shown = shown.unwrap_or(&Value::Empty);
            let written = target.is_some_and(|t| t.why.wrote_last(wanted));
            shown.as_text().unwrap_or_default() == wanted || (written && is_form_of(&Value::text(wanted), shown))
        }
    }
}

/// Whether `shown` is the target's own form of what we wrote: other case, trimmed, cut, or other punctuation.
pub fn is_form_of(ours: &Value, shown: &Value) -> bool {
    let (Some(ours), Some(shown)) = (plain(ours), plain(shown)) else { return false };
    ours == shown || (shown.len() >= 8 && ours.starts_with(&shown))
}

/// The same of reason codes of which nobody knows whether they were written. They are a list: some of ours, each whole, are the list of before
/// and not ours cut short.
pub fn is_form_of_why(ours: &str, shown: &Value) -> bool {
    let codes = |text: &str| text.split(',').filter_map(|code| plain(&Value::text(code))).filter(|c| !c.is_empty()).collect::<Vec<_>>();
    let fewer = shown.as_text().is_some_and(|shown| {
        let (ours, shown) = (codes(ours), codes(shown));
        shown.len() < ours.len() && shown.iter().all(|code| ours.contains(code))
    });
    !fewer && is_form_of(&Value::text(ours), shown)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(t) => Some(t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()),
        Value::Int(i) => Some(i.to_string()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
