//! What became of a write to one record.

use super::{Agreed, FailureCause, Op, Sent, Target, may_be_form_of, permit_stands};
use crate::connector::{Change, PermitChange};
use crate::engine::memory::lists::note_written;
use crate::engine::memory::past_names::set_written;
use crate::model::{Mark, Name, PermitFor, Record, Time, Value};

impl Sent {
    /// The lanes that it carried something of.
    pub fn lanes(&self) -> impl Iterator<Item = Op> {
        let block = self.block;
        let hold = block == Some(true) || self.withdraws();
        let release = block == Some(false) || self.gives();
        let update = !self.fields.is_empty() || self.status.is_some() || (self.why.is_some() && !hold && !release);
        Op::ALL.into_iter().zip([hold, release, update]).filter_map(|(op, carried)| carried.then_some(op))
    }

    /// Whether it withdrew a permit.
    pub fn withdraws(&self) -> bool {
        self.permits.iter().any(|(_, until)| until.is_none())
    }

    /// Whether it gave or renewed a permit.
    pub fn gives(&self) -> bool {
        self.permits.iter().any(|(_, until)| until.is_some())
    }

    /// Whether it gave a permit that did not stand. `record` is as it was before.
    pub fn gives_anew(&self, record: &Record, now: Time) -> bool {
        self.given_anew(record, now).next().is_some()
    }

    /// The permits that it gave and that did not stand. `record` is as it was before.
    pub fn given_anew<'s>(&'s self, record: &'s Record, now: Time) -> impl Iterator<Item = &'s PermitFor> {
        let given = self.permits.iter().filter(|(_, until)| until.is_some()).map(|(what_for, _)| what_for);
        given.filter(move |what_for| !permit_stands(record, what_for, now))
    }
}

impl Sent {
    /// A look before the answer may show the write already, in the target's own form perhaps: nobody's word, and no reason to think so. Until
    /// the answer is there, such a field counts as it was known before.
    pub fn leave_out(&self, known: &Record, seen: &mut Record) {
        for (name, value) in &self.fields {
            let Some(shown) = seen.fields.iter().position(|f| f.name == *name) else { continue };
            if seen.fields[shown].value != *value && !may_be_form_of(value, &seen.fields[shown].value) {
                continue;
            }
            match known.field_of(name) {
                Some(field) => seen.fields[shown] = field.clone(),
                None => drop(seen.fields.remove(shown)),
            }
        }
    }
}

impl Target {
    /// Marks a change as sent.
    pub fn send(&mut self, change: &Change, at: Time) {
        let sent = Sent {
            at,
            fields: change.fields.clone(),
            block: change.block,
            permits: change.permits.iter().map(|(what_for, change)| (what_for.clone(), sent_until(change))).collect(),
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
        self.sent = Some(sent);
    }

    /// Books an applied write, and lays what was sent over the record as we know it. `word` is the status in the target's words.
    pub fn applied(&mut self, record: &mut Record, word: Option<Box<str>>, permit_ends: bool, now: Time) {
        let Some(sent) = self.sent.take() else { return };
        sent.lanes().for_each(|op| self.landed(op));
        self.acknowledged_at = Some(now);
        self.count_again(&sent, sent.gives_anew(record, now), now);
        for (name, value) in sent.fields {
            self.field_applied(record, name, value, now);
        }
        if let Some(on) = sent.block {
            record.set_mark(Mark::Block, Value::Bool(on));
            self.block_ours = on;
        }
        for (what_for, until) in sent.permits {
            record.set_mark(what_for.mark(), shown_permit(until, permit_ends));
        }
        if let Some(why) = sent.why {
            self.why.wrote(&why);
            record.set_mark(Mark::Why, Value::text(&why));
        }
        if let Some(word) = word {
            self.status_applied(record, &word);
        }
    }

    /// Books that a field was written, whatever became of the rest of its write.
    pub fn field_applied(&mut self, record: &mut Record, name: Name, value: Value, now: Time) {
        self.acknowledged_at = Some(now);
        note_written(record, &name, &value, now);
        set_written(record, &name, value.clone(), now);
        match self.agreed.iter_mut().find(|a| a.field == name) {
            Some(agreed) => {
                agreed.staying.wrote(agreed.ours.says_the_same(&value));
                (agreed.ours, agreed.theirs, agreed.unseen, agreed.spent) = (value.clone(), value, true, false);
            }
            None => self.agreed.push(Agreed { unseen: true, ..Agreed::new(name, value) }),
        }
    }

    /// Counts how often the same is written. A permit that is renewed while it stands is not the same again.
    fn count_again(&mut self, sent: &Sent, gives_anew: bool, now: Time) {
        if sent.block == Some(true) || sent.withdraws() {
            self.held_again.wrote(now);
            self.released_again = Default::default();
        } else if sent.block == Some(false) || gives_anew {
            self.released_again.wrote(now);
            self.held_again = Default::default();
        }
    }

    pub(super) fn landed(&mut self, op: Op) {
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

/// When a permit that is sent ends; `None`: it is withdrawn.
fn sent_until(change: PermitChange) -> Option<Time> {
    match change {
        PermitChange::Until(until) => Some(until),
        PermitChange::Withdrawn => None,
    }
}

/// What a record shows of a permit once it was written.
fn shown_permit(until: Option<Time>, permit_ends: bool) -> Value {
    match until {
        Some(until) if permit_ends => Value::Time(until),
        Some(_) => Value::Bool(true),
        None if permit_ends => Value::Empty,
        None => Value::Bool(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::StatusChange;

    fn block(on: bool) -> Change {
        Change { block: Some(on), ..Change::default() }
    }

    fn permit(change: PermitChange) -> Change {
        Change { permits: change.into(), ..Change::default() }
    }

    fn phone() -> Change {
        Change { fields: vec![("phone".into(), Value::text("2"))], ..Change::default() }
    }

    fn record() -> Record {
        Record::new("ma:person:1".parse().unwrap())
    }

    fn sent(change: &Change) -> Target {
        let mut target = Target::default();
        target.send(change, Time(5));
        target
    }

    /// In place of "head of sales" the target made "Head Of Sales", which a pass showed before the answer: it went back over the source.
    #[test]
    fn what_a_look_shows_of_a_write_before_its_answer_counts_as_it_was_known() {
        let title = |value: Option<Value>| {
            let mut seen = record();
            seen.set(&"city".into(), Value::text("Ueno"), Time(9));
            value.into_iter().for_each(|value| seen.set(&"title".into(), value, Time(9)));
            seen
        };
        let text = |text: &str| Some(Value::text(text));
        for (known, sent_value, seen, counts) in [
            (text("clerk"), Value::text("head of sales"), text("head of sales"), text("clerk")),
            (text("clerk"), Value::text("head of sales"), text("Head Of Sales"), text("clerk")),
            (text("clerk"), Value::Empty, Some(Value::Empty), text("clerk")),
            (None, Value::text("head of sales"), text("head of sales"), None),
            // Before it landed, and what somebody else typed meanwhile.
            (text("clerk"), Value::text("head of sales"), text("clerk"), text("clerk")),
            (text("clerk"), Value::text("head of sales"), text("chief"), text("chief")),
            (text("clerk"), Value::text("head of sales"), Some(Value::Empty), Some(Value::Empty)),
            (text("clerk"), Value::text("head of sales"), None, None),
        ] {
            let change = Change { fields: vec![("title".into(), sent_value)], ..Change::default() };
            let mut shown = title(seen.clone());
            sent(&change).sent.unwrap().leave_out(&title(known.clone()), &mut shown);
            assert_eq!(shown.field("title").map(|f| &f.value), counts.as_ref(), "{known:?} {change:?} {seen:?}");
            assert_eq!(shown.text("city"), Some("Ueno"));
        }
    }

    #[test]
    fn what_was_sent_tells_the_lanes_that_it_was_of() {
        let why = |change: Change| Change { why: Some("vip".into()), ..change };
        let status = Change { status: Some(StatusChange { to: "lead".into(), from: None }), ..Change::default() };
        for (change, lanes) in [
            (block(true), vec![Op::Hold]),
            (permit(PermitChange::Withdrawn), vec![Op::Hold]),
            (block(false), vec![Op::Release]),
            (permit(PermitChange::Until(Time(9))), vec![Op::Release]),
            (phone(), vec![Op::Update]),
            (status, vec![Op::Update]),
            (why(Change::default()), vec![Op::Update]),
            (why(block(true)), vec![Op::Hold]),
            (why(block(false)), vec![Op::Release]),
            (Change { block: Some(true), ..phone() }, vec![Op::Hold, Op::Update]),
            (Change { permits: PermitChange::Until(Time(9)).into(), ..block(true) }, vec![Op::Hold, Op::Release]),
            (Change::default(), vec![]),
        ] {
            assert_eq!(sent(&change).sent.unwrap().lanes().collect::<Vec<_>>(), lanes, "{change:?}");
        }
    }

    #[test]
    fn what_is_sent_is_ours_before_anyone_answers() {
        for (change, ours) in [
            (block(true), true),
            (block(false), false),
            (permit(PermitChange::Until(Time(9))), false),
            (permit(PermitChange::Withdrawn), false),
        ] {
            let target = sent(&change);
            assert_eq!(target.block_ours, ours, "{change:?}");
            assert_eq!(target.sent.map(|s| (s.ours_before, s.unknown)), Some((false, false)));
        }
    }

    #[test]
    fn an_applied_permit_is_laid_over_the_record_in_the_systems_form() {
        for (change, ends, shown) in [
            (PermitChange::Until(Time(9)), true, Value::Time(Time(9))),
            (PermitChange::Until(Time(9)), false, Value::Bool(true)),
            (PermitChange::Withdrawn, true, Value::Empty),
            (PermitChange::Withdrawn, false, Value::Bool(false)),
        ] {
            let (mut target, mut record) = (sent(&permit(change)), record());
            target.applied(&mut record, None, ends, Time(6));
            assert_eq!(record.mark(Mark::Permit), Some(&shown), "{change:?} {ends}");
            assert_eq!((target.sent, target.acknowledged_at), (None, Some(Time(6))));
        }
    }

    #[test]
    fn applied_fields_and_marks_are_agreed_on() {
        let change = Change { why: Some("vip".into()), block: Some(true), ..phone() };
        let (mut target, mut record) = (Target::default(), record());
        let name: Name = "phone".into();
        target.park(&name, Value::text("1"));
        for _ in 0..3 {
            target.send(&change, Time(5));
            target.applied(&mut record, Some("Lead".into()), true, Time(6));
            let [agreed] = &target.agreed[..] else { panic!("one field") };
            assert_eq!((agreed.staying.parked(Time(7)), agreed.unseen), (None, true));
            assert_eq!((&agreed.ours, &agreed.theirs), (&Value::text("2"), &Value::text("2")));
        }
        assert_eq!(record.field_of(&name).map(|f| &f.value), Some(&Value::text("2")));
        let mark = |mark| record.mark(mark).and_then(Value::as_text);
        assert_eq!((mark(Mark::Why), mark(Mark::Status), record.is_blocked()), (Some("vip"), Some("Lead"), true));
        assert!(target.why.wrote_last("vip") && target.status.wrote_last("Lead"));
    }

    #[test]
    fn a_permit_that_is_renewed_while_it_stands_is_not_the_same_again() {
        let give = permit(PermitChange::Until(Time(900_000)));
        for (stood, times) in [(true, 0), (false, 2)] {
            let mut target = Target::default();
            for _ in 0..3 {
                let mut record = record();
                record.set_mark(Mark::Permit, Value::Bool(stood));
                target.send(&give, Time(5));
                target.applied(&mut record, None, true, Time(6));
            }
            assert_eq!(target.released_again.times, times, "{stood}");
        }
        let mut target = Target::default();
        for (change, held, released) in
            [(block(true), true, false), (block(false), false, true), (permit(PermitChange::Withdrawn), true, false)]
        {
            target.send(&change, Time(5));
            target.applied(&mut record(), None, true, Time(6));
            let lately = (target.held_again.is_once_more(Time(7)), target.released_again.is_once_more(Time(7)));
            assert_eq!(lately, (held, released), "{change:?}");
        }
    }

    #[test]
    fn a_block_that_stands_without_our_write_is_ours_only_if_it_was_or_is_our_own_mark() {
        for (blocked, own_mark, before, ours) in
            [(true, false, false, false), (true, true, false, true), (true, false, true, true), (false, true, true, false)]
        {
            let mut target = Target { block_ours: before, ..Target::default() };
            target.send(&Change { block: Some(true), ..phone() }, Time(5));
            target.not_written(blocked, own_mark, |op| op == Op::Update, "gone", Time(6));
            assert_eq!(target.block_ours, ours, "{blocked} {own_mark} {before}");
            let failed: Vec<Op> = target.failures.as_ref().unwrap().all().map(|(op, _)| op).collect();
            assert_eq!((failed, target.sent), (vec![Op::Hold], None), "what landed does not wait");
        }
    }

    #[test]
    fn of_a_refused_write_of_several_lanes_the_last_is_doubted() {
        let with = |change: Change| Change { block: Some(true), ..change };
        for (change, doubted, waits) in [
            (with(phone()), Op::Update, true),
            (with(permit(PermitChange::Until(Time(9)))), Op::Release, true),
            (block(true), Op::Hold, true),
            (phone(), Op::Update, true),
        ] {
            let mut target = sent(&change);
            target.rejected(&change, 3, "no", Time(6));
            let failed: Vec<_> = target.failures.as_ref().unwrap().all().map(|(op, f)| (op, f.waits(Time(6)))).collect();
            assert_eq!((failed, target.block_ours), (vec![(doubted, waits)], false), "{change:?}");
        }
    }

    #[test]
    fn what_never_went_out_leaves_the_block_as_it_was() {
        for had_block in [true, false] {
            let mut target = sent(&block(true));
            target.put_off(had_block);
            assert_eq!(
                (target.block_ours, target.sent.is_none(), target.failures.is_none()),
                (had_block, true, true),
                "put off is no failure"
            );
            target.send(&Change { block: Some(true), ..phone() }, Time(5));
            target.not_sent(had_block, 3, "off", Time(6));
            let failed: Vec<_> = target.failures.as_ref().unwrap().all().map(|(op, f)| (op, f.cause)).collect();
            assert_eq!(failed, [(Op::Hold, FailureCause::NotSent), (Op::Update, FailureCause::NotSent)]);
            assert_eq!((target.block_ours, target.sent), (had_block, None));
        }
    }
}
