//! What we know of one record that we write to: what was agreed, what is under way, and what is wanted next. Pure.

use crate::config::System;
use crate::connector::{Abilities, Change, PermitChange, StatusChange};
use crate::model::{Mark, Name, Record, Span, Time, Value};
use serde::{Deserialize, Serialize};

mod handover;

/// After this many rewrites of one value that did not stay, the field is parked.
const REWRITES_MAX: u8 = 3;
/// After this many rejections in a row a write becomes a dead letter (a block never does: it is tried for ever, ever more slowly).
pub const ATTEMPTS_MAX: u8 = 5;

/// A target record's side of the outbox.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Target {
    /// By field: what we last wrote and what the target made of it.
    pub agreed: Vec<Agreed>,
    /// The block that the record shows was set by us.
    pub block_ours: bool,
    /// The permit was set by us.
    pub permit_ours: bool,
    /// Sent, outcome not recorded yet.
    pub sent: Option<Sent>,
    pub failure: Option<Failure>,
    /// When the last write to this record was acknowledged: what was read before says nothing of it.
    pub acknowledged_at: Option<Time>,
    /// The block was seen gone after we set it, that often: an alarm, and the second projection.
    pub block_lost: u8,
}

/// What was last agreed about one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    pub field: Name,
    pub ours: Value,
    /// What the target stored: equal, or its own form of it.
    pub theirs: Value,
    /// The next observation shows how the target stores it.
    pub unseen: bool,
    /// How often in a row the same value had to be written again.
    pub rewrites: u8,
    /// It does not stick: not written again until the wanted value changes.
    pub parked: bool,
}

/// A write whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    pub at: Time,
    pub fields: Vec<(Name, Value)>,
    pub block: Option<bool>,
    /// `Some(None)`: withdrawn.
    pub permit: Option<Option<Time>>,
    pub why: Option<String>,
    pub status: Option<Name>,
    /// Whether the block was ours before this write.
    pub ours_before: bool,
    /// The answer was lost: read back before anything else goes to this record.
    pub unknown: bool,
}

/// A write that the target refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub attempts: u8,
    pub retry_at: Time,
    pub why: String,
    /// Given up until someone retries it: only for what is not protective.
    pub dead: bool,
    /// The refused write held a block beside other parts: the block goes alone next time.
    pub alone: bool,
}

/// What reconcile wants of a record, whatever it shows now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    pub block: bool,
    /// The reason codes behind the block, joined by commas.
    pub why: String,
    /// Where the system works with permits.
    pub permit: PermitWish,
    /// Our status, and the target's own word for it.
    pub status: Option<(Name, Box<str>)>,
    /// Winners of the merge for fields that the config lets us write here.
    pub fields: Vec<(Name, Value)>,
}

/// What is wanted of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PermitWish {
    /// Nothing can be said yet: not every stream was ever proved.
    #[default]
    Leave,
    /// May be mailed until then.
    Until(Time),
    Withdraw,
}

/// What the config lets us write into this system.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    pub block: bool,
    pub permit: bool,
    pub why: bool,
    pub status: bool,
    pub lease: Span,
}

impl Allowed {
    pub fn by(system: &System, able: &Abilities) -> Allowed {
        let hold = system.writes.hold;
        Allowed {
            block: hold && system.block && able.block,
            permit: hold && system.permit.is_some() && able.permit,
            why: hold && system.why.is_some() && able.why,
            status: system.writes.status && able.status,
            lease: system.lease,
        }
    }
}

/// A write as it should go out now, by direction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Due {
    /// Lowers mailability.
    pub protective: Option<Change>,
    /// Raises it.
    pub release: Option<Change>,
    /// Neither.
    pub update: Option<Change>,
}

impl Due {
    pub fn is_empty(&self) -> bool {
        self.protective.is_none() && self.release.is_none() && self.update.is_none()
    }
}

/// Compares what is wanted with what the record shows.
pub fn due(target: Option<&Target>, record: &Record, wanted: &Wanted, allowed: &Allowed, abilities: &Abilities, now: Time) -> Due {
    let mut due = Due::default();
    if allowed.block {
        let shown = record.is_blocked();
        let ours = target.is_some_and(|t| t.block_ours) && !record.blocked_in_other_words();
        let why_shown = record.mark(Mark::Why).and_then(Value::as_text).unwrap_or_default();
        if wanted.block && !shown {
            let change = due.protective.get_or_insert_default();
            change.block = Some(true);
            if allowed.why && why_shown != wanted.why {
                change.why = Some(wanted.why.clone());
            }
        } else if wanted.block && ours && allowed.why && why_shown != wanted.why {
            due.update.get_or_insert_default().why = Some(wanted.why.clone());
        } else if !wanted.block && shown && ours {
            // What a marketer suspended stays suspended: only our own block is lifted.
            let change = due.release.get_or_insert_default();
            change.block = Some(false);
            if allowed.why && !why_shown.is_empty() {
                change.why = Some(String::new());
            }
        }
    }
    if allowed.permit {
        permit(&mut due, record, wanted, allowed, abilities, now);
    }
    if allowed.status
        && let Some((status, word)) = &wanted.status
    {
        let shown = record.mark(Mark::Status).and_then(Value::as_text);
        if shown != Some(word) {
            due.update.get_or_insert_default().status = Some(StatusChange { to: status.clone(), from: shown.map(Into::into) });
        }
    }
    for (name, value) in &wanted.fields {
        let shown = record.field_of(name).map(|f| &f.value);
        if shown == Some(value) || (shown.is_none() && value.is_empty()) {
            continue;
        }
        if let Some(agreed) = target.and_then(|t| t.agreed.iter().find(|a| a.field == *name))
            && agreed.ours == *value
            && (agreed.parked || shown == Some(&agreed.theirs))
        {
            continue;
        }
        due.update.get_or_insert_default().fields.push((name.clone(), value.clone()));
    }
    due
}

fn permit(due: &mut Due, record: &Record, wanted: &Wanted, allowed: &Allowed, abilities: &Abilities, now: Time) {
    let shown = record.mark(Mark::Permit);
    let stands = permit_stands(record, now);
    let until = match wanted.permit {
        PermitWish::Leave => return,
        PermitWish::Until(until) if until > now => until,
        PermitWish::Until(_) | PermitWish::Withdraw => {
            if stands {
                due.protective.get_or_insert_default().permit = Some(PermitChange::Withdrawn);
            }
            return;
        }
    };
    // Renewed when half of the lease is gone, so that renewals spread and a stop of ours lets permits run out.
    let renew = match shown {
        Some(Value::Time(shown)) if abilities.permit_ends => shown.0 - now.0 < allowed.lease.0 / 2 && until > *shown,
        Some(Value::Unreadable) => true,
        _ => !stands,
    };
    if renew {
        due.release.get_or_insert_default().permit = Some(PermitChange::Until(until));
    }
}

/// Whether a record shows a permit that counts now.
pub fn permit_stands(record: &Record, now: Time) -> bool {
    match record.mark(Mark::Permit) {
        Some(Value::Bool(on)) => *on,
        // The system may well read what we cannot.
        Some(Value::Unreadable) => true,
        Some(Value::Time(until)) => *until > now,
        _ => false,
    }
}

impl Target {
    /// Marks a change as sent.
    pub fn send(&mut self, change: &Change, at: Time) {
        let sent = Sent {
            at,
            fields: change.fields.clone(),
            block: change.block,
            permit: change.permit.as_ref().map(|p| match p {
                PermitChange::Until(t) => Some(*t),
                PermitChange::Withdrawn => None,
            }),
            why: change.why.clone(),
            status: change.status.as_ref().map(|s| s.to.clone()),
            ours_before: self.block_ours,
            unknown: false,
        };
        self.mark_sent(sent);
    }

    /// The same for one that was sent by a former process.
    pub fn mark_sent(&mut self, sent: Sent) {
        // From now on it may be there, and it would be ours: known before it is sent, so that a crash cannot make it look foreign.
        self.block_ours |= sent.block == Some(true);
        self.permit_ours |= matches!(sent.permit, Some(Some(_)));
        self.sent = Some(sent);
    }

    /// Books an applied write, and lays what was sent over the record as we know it. `word` is the status in the target's words.
    pub fn applied(&mut self, record: &mut Record, word: Option<Box<str>>, permit_ends: bool, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        self.failure = None;
        self.acknowledged_at = Some(now);
        for (name, value) in sent.fields {
            record.set(&name, value.clone(), now);
            match self.agreed.iter_mut().find(|a| a.field == name) {
                Some(agreed) => {
                    agreed.rewrites = if agreed.ours == value { agreed.rewrites.saturating_add(1) } else { 0 };
                    agreed.parked = false;
                    (agreed.ours, agreed.theirs, agreed.unseen) = (value.clone(), value, true);
                }
                None => {
                    self.agreed.push(Agreed { field: name, ours: value.clone(), theirs: value, unseen: true, rewrites: 0, parked: false })
                }
            }
        }
        if let Some(on) = sent.block {
            record.set_mark(Mark::Block, Value::Bool(on));
            self.block_ours = on;
        }
        if let Some(until) = sent.permit {
            record.set_mark(
                Mark::Permit,
                match until {
                    Some(until) if permit_ends => Value::Time(until),
                    Some(_) => Value::Bool(true),
                    None if permit_ends => Value::Empty,
                    None => Value::Bool(false),
                },
            );
            self.permit_ours = until.is_some();
        }
        if let Some(why) = sent.why {
            record.set_mark(Mark::Why, Value::text(&why));
        }
        if let Some(word) = word {
            record.set_mark(Mark::Status, Value::Text(word.into()));
        }
    }

    /// Books that the write under way was not written, as a look at the record showed: what is blocked there all the same was blocked by
    /// someone else, unless the block is a mark of our own.
    pub fn not_written(&mut self, blocked: bool, own_mark: bool) {
        let before = self.sent.take().is_some_and(|s| s.ours_before);
        self.block_ours &= blocked && (before || own_mark);
    }

    /// Books a refusal of the write under way.
    pub fn rejected(&mut self, why: String, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        let protective = sent.block == Some(true) || sent.permit == Some(None);
        if sent.block == Some(true) {
            self.block_ours = false;
        }
        let mixed = protective && (!sent.fields.is_empty() || sent.status.is_some());
        let attempts = self.failure.as_ref().map_or(0, |f| f.attempts).saturating_add(1);
        // A mixed write is split at once; else the wait doubles from 30 s to 64 min.
        let wait = if mixed { Span::ZERO } else { Span::seconds(15 << attempts.min(8)) };
        let dead = !protective && attempts >= ATTEMPTS_MAX;
        self.failure =
            Some(Failure { attempts, retry_at: now.plus(wait), why, dead, alone: mixed || self.failure.as_ref().is_some_and(|f| f.alone) });
    }

    /// The write surely did not go out.
    pub fn not_sent(&mut self, had_block: bool, why: String, now: Time) {
        self.sent = None;
        self.block_ours = had_block;
        let attempts = self.failure.as_ref().map_or(0, |f| f.attempts);
        let alone = self.failure.as_ref().is_some_and(|f| f.alone);
        self.failure = Some(Failure { attempts, retry_at: now.plus(Span::seconds(5)), why, dead: false, alone });
    }

    /// Leaves a field alone until another value is wanted.
    pub fn park(&mut self, field: &Name, value: Value) {
        match self.agreed.iter_mut().find(|a| a.field == *field) {
            Some(agreed) => (agreed.ours, agreed.parked) = (value, true),
            None => self.agreed.push(Agreed {
                field: field.clone(),
                theirs: value.clone(),
                ours: value,
                unseen: false,
                rewrites: 0,
                parked: true,
            }),
        }
    }

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
            } else if agreed.rewrites >= REWRITES_MAX && !agreed.parked {
                agreed.parked = true;
                noticed.push(Noticed::Parked { field: agreed.field.clone() });
            }
        }
        if self.block_ours && self.sent.is_none() && record.blocked_in_other_words() {
            // Somebody put their own word in the place of ours: it is their block from now on.
            self.block_ours = false;
        }
        if self.block_ours && self.sent.is_none() && !record.is_blocked() {
            self.block_lost = self.block_lost.saturating_add(1);
            self.block_ours = false;
            noticed.push(Noticed::BlockLost);
        }
        noticed
    }
}

/// What an observation of a target told about our writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// The field does not stick; it is left alone until the wanted value changes.
    Parked { field: Name },
    /// Someone took our block away, or it did not stick: it is written again.
    BlockLost,
}

/// Whether `shown` is the target's own form of what we wrote: other case, trimmed, cut, or other punctuation.
pub fn is_form_of(ours: &Value, shown: &Value) -> bool {
    let (Some(ours), Some(shown)) = (plain(ours), plain(shown)) else { return false };
    ours == shown || (shown.len() >= 8 && ours.starts_with(&shown))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(t) => Some(t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()),
        Value::Int(i) => Some(i.to_string()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
