//! What we know of one record that we write to: what was agreed, what is under way, and what is wanted next. Pure.
//!
//! - what is due: `lanes` (in which directions), `permits`, `planned` (as it is shown before), `digest`
//! - what goes back in two steps: `steps`
//! - what became of it: `outcome`, `failure`, `parked`, `staying`, `again`, `settle` (what the target made of it)
//! - what a target makes of values: `made`, `forms`, `value_forms`, `text_forms`, `unknown_forms`, `habits` (learnt)
//! - `targets`: of all records; `listed`: what lists for a person to carry over said; `handover`: from one process to the next;
//!   `former`: the forms of older states

use crate::config::System;
use crate::connector::{Abilities, Change, StatusChange};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Mark, Name, PermitFor, Record, Span, Time, Value};
use habits::TakenFor;
use permits::PermitTerms;
use serde::{Deserialize, Serialize};

/// What is known of each target record.
pub(in crate::engine) const TARGET: Kind<Target> = Kind::new(Tag::Target);

mod again;
mod digest;
mod failure;
pub mod former;
mod forms;
pub mod habits;
mod handover;
pub mod lanes;
mod listed;
mod made;
mod outcome;
mod parked;
mod permits;
pub mod planned;
mod settle;
mod staying;
pub mod steps;
pub mod targets;
mod text_forms;
mod unknown_forms;
mod value_forms;

pub use again::{Again, Settled};
pub use digest::digest;
pub use failure::{ATTEMPTS_MAX, Failure, FailureCause, Failures, Op, PROTECTIVE_WAIT_MAX, WAIT_MAX};
pub use forms::{is_form_of_why, shows_why};
pub(in crate::engine) use listed::LISTED;
pub use listed::Listed;
pub use parked::ParkedPart;
pub use permits::{PermitWish, permit_stands};
pub use settle::Noticed;
pub use staying::{Parked, Staying};
pub use unknown_forms::may_be_form_of;
pub use value_forms::is_form_of;

/// A target record's side of the outbox.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Target {
    /// By field: what we last wrote and what the target made of it.
    pub agreed: Vec<Agreed>,
    /// The block that the record shows was set by us.
    pub block_ours: bool,
    /// Sent, outcome not recorded yet.
    pub sent: Option<Sent>,
    /// What did not land, by lane.
    pub failures: Option<Box<Failures>>,
    /// When the last write to this record was acknowledged: what was read before says nothing of it.
    pub acknowledged_at: Option<Time>,
    /// The same of the process before this one.
    #[serde(skip)]
    pub acknowledged_before: Option<Time>,
    /// The record's own time as it was shown last with nothing else that had changed. Not kept: after a start it is read again first.
    #[serde(skip)]
    pub stood_at: Option<Time>,
    /// What we wrote of the status and of the reason codes, and whether it stays.
    pub status: Settled,
    pub why: Settled,
    /// How often the same had to be written that lowers mailability, and that raises it.
    pub held_again: Again,
    pub released_again: Again,
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
    /// Another value was seen there since: a return to this one is news.
    pub spent: bool,
    pub staying: Staying,
}

impl Agreed {
    pub fn new(field: Name, value: Value) -> Agreed {
        Agreed { field, ours: value.clone(), theirs: value, unseen: false, spent: false, staying: Staying::default() }
    }

    /// Whether a value that is shown is what an undo put back, and nobody has changed it since.
    pub fn was_set_back(&self, shown: &Value) -> bool {
        self.spent && self.staying.is_given_up() && self.theirs.says_the_same(shown)
    }

    /// Whether what is shown at the first look after our write is taken for the target's form of it. What seemed to be typed, and comes again
    /// after our value was written again, is the target's doing; or somebody insists, and then it is not ours to write over a third time.
    fn is_form(&self, shown: TakenFor) -> bool {
        match shown {
            TakenFor::Form | TakenFor::Doubtful => true,
            TakenFor::Typed => self.staying.is_rewritten(),
            TakenFor::Other => false,
        }
    }

    /// Whether a wanted value is not to be written: it stands there in the target's own form, or the field is parked.
    fn leaves_alone(&self, wanted: &Value, shown: Option<&Value>, now: Time) -> bool {
        let same = self.ours.says_the_same(wanted);
        (same && shown.is_some_and(|shown| self.theirs.says_the_same(shown))) || self.staying.parked_for(same, now).is_some()
    }
}

/// A write whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    pub at: Time,
    pub fields: Vec<(Name, Value)>,
    pub block: Option<bool>,
    /// `None`: withdrawn.
    pub permits: Vec<(PermitFor, Option<Time>)>,
    pub why: Option<String>,
    pub status: Option<Name>,
    /// Whether the block was ours before this write.
    pub ours_before: bool,
    /// The answer was lost: read back before anything else goes to this record.
    pub unknown: bool,
}

/// What reconcile wants of a record, whatever it shows now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    pub block: bool,
    /// The reason codes behind the block, joined by commas.
    pub why: String,
    /// Of those permits that the system has.
    pub permits: Vec<(PermitFor, PermitWish)>,
    /// The record's address cannot be read: nothing is released.
    pub unread: bool,
    /// Our status, and the target's own word for it.
    pub status: Option<(Name, Box<str>)>,
    /// Winners of the merge for fields that the config lets us write here.
    pub fields: Vec<(Name, Value)>,
}

/// What the config lets us write into this system.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    pub block: bool,
    /// Sorted.
    pub permits: Vec<PermitFor>,
    pub why: bool,
    pub status: bool,
    pub lease: Span,
}

impl Allowed {
    pub fn by(system: &System, able: &Abilities) -> Allowed {
        let hold = system.writes.hold;
        Allowed {
            block: hold && system.block && able.block,
            permits: if hold { able.permits.clone() } else { Vec::new() },
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
    /// A digest of why the record is to be held.
    pub cause: u64,
    /// So many of the update's fields show another value now, and so many none.
    pub rewrites: u8,
    pub fills: u8,
    /// Values that are wanted and that the system has no code for: they are not written.
    pub without_code: Vec<(Name, Value)>,
}

impl Due {
    /// A digest of what is wanted in a lane; `None`: nothing. When a permit ends is no part of it.
    pub fn digest(&self, op: Op) -> Option<u64> {
        match op {
            Op::Hold => self.protective.as_ref().map(|_| self.cause),
            Op::Release => self.release.as_ref().map(permits::release_digest),
            Op::Update => self.update.as_ref().map(|c| {
                let fields: Vec<String> = c.fields.iter().map(|(name, value)| format!("{name}={}", words(value))).collect();
                digest(&(fields, c.status.as_ref().map(|s| &s.to), &c.why))
            }),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.protective.is_none() && self.release.is_none() && self.update.is_none()
    }
}

/// A value in the words that digests in the state are made of.
fn words(value: &Value) -> String {
    match value {
        Value::Empty => "Empty".into(),
        Value::Text(text) => format!("Text({:?})", text.as_str()),
        Value::Int(int) => format!("Int({int})"),
        Value::Number(number) => format!("Number({number:?})"),
        Value::Bool(bool) => format!("Bool({bool})"),
        Value::Time(time) => format!("Time(Time({}))", time.0),
        Value::List(texts) => format!("List({:?})", texts.iter().map(|t| t.as_str()).collect::<Vec<_>>()),
        Value::Unreadable => "Unreadable".into(),
        Value::Date(date) => format!("Date({date})"),
    }
}

/// Compares what is wanted with what the record shows.
pub fn due(target: Option<&Target>, record: &Record, wanted: &Wanted, allowed: &Allowed, abilities: &Abilities, now: Time) -> Due {
    let mut due = Due::default();
    if allowed.block {
        let shown = record.is_blocked();
        let ours = target.is_some_and(|t| t.block_ours) && !record.blocked_in_other_words();
        let why_stands = || !allowed.why || shows_why(target.map(|t| &t.why), record, &wanted.why);
        if wanted.block && !shown {
            let change = due.protective.get_or_insert_default();
            change.block = Some(true);
            if !why_stands() {
                change.why = Some(wanted.why.clone());
            }
        } else if wanted.block && ours && !why_stands() && !target.is_some_and(|t| t.why.leaves_alone(&wanted.why, now)) {
            due.update.get_or_insert_default().why = Some(wanted.why.clone());
        } else if !wanted.block && !wanted.unread && shown && ours && !permits::withdraws(record, &wanted.permits, now) {
            // What a marketer suspended stays suspended: only our own block is lifted.
            let change = due.release.get_or_insert_default();
            change.block = Some(false);
            if allowed.why && !shows_why(target.map(|t| &t.why), record, "") {
                change.why = Some(String::new());
            }
        }
    }
    let terms = PermitTerms { allowed: &allowed.permits, lease: allowed.lease, end: abilities.permit_ends };
    let [withdrawn, given] = permits::changes(record, &wanted.permits, &terms, now);
    if !withdrawn.is_empty() {
        due.protective.get_or_insert_default().permits = withdrawn;
    }
    if !given.is_empty() {
        due.release.get_or_insert_default().permits = given;
    }
    if due.protective.is_some() {
        due.cause = digest(&wanted.why);
    }
    if allowed.status
        && let Some((status, word)) = &wanted.status
    {
        let shown = record.mark(Mark::Status).and_then(Value::as_text);
        if shown != Some(word) && !target.is_some_and(|t| t.status.leaves_alone(word, now)) {
            due.update.get_or_insert_default().status = Some(StatusChange { to: status.clone(), from: shown.map(Into::into) });
        }
    }
    for (name, value) in &wanted.fields {
        let shown = record.field_of(name).map(|f| &f.value);
        if shown.map_or(value.is_empty(), |shown| value.says_the_same(shown)) {
            continue;
        }
        // Something stands there that nobody here can read, a code of theirs perhaps: it is not ours to write over.
        if shown.is_some_and(Value::is_unreadable) {
            continue;
        }
        if !abilities.has_code_for(name, value) {
            due.without_code.push((name.clone(), value.clone()));
            continue;
        }
        let agreed = target.and_then(|t| t.agreed.iter().find(|a| a.field == *name));
        if agreed.is_some_and(|agreed| agreed.leaves_alone(value, shown, now)) {
            continue;
        }
        let count = if shown.is_none_or(Value::is_empty) { &mut due.fills } else { &mut due.rewrites };
        *count = count.saturating_add(1);
        due.update.get_or_insert_default().fields.push((name.clone(), value.clone()));
    }
    due
}

impl Target {
    pub fn failure(&self, op: Op) -> Option<&Failure> {
        self.failures.as_ref().and_then(|f| f.of(op))
    }

    /// Compares what failed with what is due now. Returns whether anything changed.
    pub fn review(&mut self, due: &Due, now: Time) -> bool {
        let mut changed = false;
        for (op, again) in [(Op::Hold, self.held_again), (Op::Release, self.released_again)] {
            if again.is_in_vain()
                && self.sent.is_none()
                && self.failure(op).is_none()
                && let Some(of) = due.digest(op)
            {
                self.failures.get_or_insert_default().undone(op, again, of);
                changed = true;
            }
        }
        if let Some(failures) = &mut self.failures {
            for op in Op::ALL {
                changed |= failures.review(op, due.digest(op), now);
            }
            self.failures.take_if(|f| f.is_empty());
        }
        changed
    }

    /// What the field shows counts as somebody's own value from now on, though we wrote it.
    pub fn disown(&mut self, field: &Name) {
        if let Some(agreed) = self.agreed.iter_mut().find(|a| a.field == *field) {
            agreed.spent = true;
        }
    }

    /// Leaves a field alone until another value is wanted.
    pub fn park(&mut self, field: &Name, value: Value) {
        let at = self.agreed.iter().position(|a| a.field == *field).unwrap_or_else(|| {
            self.agreed.push(Agreed::new(field.clone(), value.clone()));
            self.agreed.len() - 1
        });
        self.agreed[at].ours = value;
        self.agreed[at].staying.park();
    }
}

#[cfg(test)]
mod tests;
