//! What became of a write to one record.

use super::{Agreed, FailureCause, Op, Sent, Target};
use crate::connector::{Change, PermitChange};
use crate::model::{Mark, Record, Time, Value};

impl Sent {
    /// The lanes that it carried something of.
    pub fn lanes(&self) -> impl Iterator<Item = Op> {
        let block = self.block;
        let hold = block == Some(true) || self.permit == Some(None);
        let release = block == Some(false) || matches!(self.permit, Some(Some(_)));
        let update = !self.fields.is_empty() || self.status.is_some() || (self.why.is_some() && !hold && !release);
        Op::ALL.into_iter().zip([hold, release, update]).filter_map(|(op, carried)| carried.then_some(op))
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
        sent.lanes().for_each(|op| self.landed(op));
        self.acknowledged_at = Some(now);
        self.count_again(&sent, super::permit_stands(record, now), now);
        for (name, value) in sent.fields {
            record.set(&name, value.clone(), now);
            match self.agreed.iter_mut().find(|a| a.field == name) {
                Some(agreed) => {
                    agreed.rewrites = if agreed.ours == value { agreed.rewrites.saturating_add(1) } else { 0 };
                    (agreed.parked, agreed.spent) = (false, false);
                    (agreed.ours, agreed.theirs, agreed.unseen) = (value.clone(), value, true);
                }
                None => self.agreed.push(Agreed { unseen: true, ..Agreed::new(name, value) }),
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
            self.why.wrote(&why);
            record.set_mark(Mark::Why, Value::text(&why));
        }
        if let Some(word) = word {
            self.status.wrote(&word);
            record.set_mark(Mark::Status, Value::Text(word.into()));
        }
    }

    /// Counts how often the same is written. A permit that is renewed while it stands is not the same again.
    fn count_again(&mut self, sent: &Sent, permit_stood: bool, now: Time) {
        if sent.block == Some(true) || sent.permit == Some(None) {
            self.held_again.wrote(now);
            self.released_again = Default::default();
        } else if sent.block == Some(false) || (matches!(sent.permit, Some(Some(_))) && !permit_stood) {
            self.released_again.wrote(now);
            self.held_again = Default::default();
        }
    }

    fn landed(&mut self, op: Op) {
        if let Some(failures) = &mut self.failures {
            failures.clear(op);
            self.failures.take_if(|f| f.is_empty());
        }
    }

    /// Books that the write under way was not written, or only some of it, as a look at the record showed: what is blocked there all the same
    /// was blocked by someone else, unless the block is a mark of our own. Each lane that did not land waits before it is tried again.
    pub fn not_written(&mut self, blocked: bool, own_mark: bool, landed: impl Fn(Op) -> bool, why: &str, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        self.block_ours &= blocked && (sent.ours_before || own_mark);
        for op in sent.lanes() {
            match landed(op) {
                true => self.landed(op),
                false => self.failures.get_or_insert_default().failed(op, FailureCause::NotCarriedOut, 0, why, now),
            }
        }
    }

    /// Books a refusal of the write under way. `cause_of`: a digest of why its record is to be held.
    pub fn rejected(&mut self, change: &Change, cause_of: u64, why: &str, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        if sent.block == Some(true) {
            self.block_ours = false;
        }
        let lanes: Vec<Op> = sent.lanes().collect();
        let failures = self.failures.get_or_insert_default();
        match lanes[..] {
            // What protects or releases goes by itself at once: what came with it is the first to be doubted.
            [_, .., last] => failures.refused_beside(last, why, now),
            [op] => failures.refused(op, change, if op == Op::Hold { cause_of } else { 0 }, why, now),
            [] => {}
        }
    }

    /// The system asked to wait before it looked at the write.
    pub fn put_off(&mut self, had_block: bool) {
        self.sent = None;
        self.block_ours = had_block;
    }

    /// The write surely did not go out.
    pub fn not_sent(&mut self, had_block: bool, cause_of: u64, why: &str, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        self.block_ours = had_block;
        let failures = self.failures.get_or_insert_default();
        for op in sent.lanes() {
            failures.failed(op, FailureCause::NotSent, if op == Op::Hold { cause_of } else { 0 }, why, now);
        }
    }
}
