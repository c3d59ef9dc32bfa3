//! `undo`: the fields that a run wrote, or that were written out of a file, are set back, as far as they still show what was written. Blocks,
//! permits, reasons and consent are never touched, and a status comes from its rules: only what `writes` of systems.toml names as a field is
//! here.

use super::done::{AllDone, Done};
use super::file_named::{FileNotNamed, file_named};
use super::narrowed::UndoOnly;
use super::set_back::SET_BACK;
use super::set_back::UNDO;
use super::set_back::{LeftOut, SetBack, Undo, UndoPlan};
use super::still_wanted::{STILL_WANTED, Undoable};
use crate::connector::Change;
use crate::engine::assess::assessment::Merge;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::gate::answer::subject;
use crate::engine::gate::decision_table::Subject;
use crate::engine::ledger::items::encode;
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::memory::view::View;
use crate::engine::rules::plan_id::plan_id;
use crate::engine::target::Op;
use crate::engine::target::planned::{FieldChange, PlannedWrite};
use crate::engine::target::{Agreed, Sent, Wanted};
use crate::model::{Name, Record, RecordId, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Undo plans that can be approved at a time; a new one takes the place of the oldest.
const PLANS_MAX: usize = 20;

/// Why there is nothing to undo.
#[derive(Debug, thiserror::Error)]
pub enum UndoRefused {
    #[error("no field writes of run {0:?} are kept; `nayose undo` lists the runs that have some")]
    Unknown(String),
    #[error("run {run} wrote nothing of `{only}`; `nayose undo {run}` shows all that it wrote into fields")]
    NothingOfIt { run: String, only: String },
    #[error("nothing that was written is of `{only}`")]
    NothingOfFile { only: String },
    #[error(transparent)]
    File(#[from] FileNotNamed),
    #[error("what {plan} would set back is not what it was when it was shown; look at it again with `nayose undo {undo}`")]
    Changed { plan: String, undo: String },
    #[error(transparent)]
    State(#[from] Error),
}

struct Worked {
    id: String,
    back: BTreeMap<Idx, Vec<SetBack>>,
    left_out: Vec<LeftOut>,
    still_wanted: usize,
    /// Fields that were written at all.
    written: usize,
}

impl Engine {
    /// Shows what undoing a run, or what came out of a file, would set back, and remembers that it was shown.
    pub fn undo(&mut self, run: Option<&str>, since: Option<Time>, mut only: UndoOnly, now: Time) -> Result<Undo, UndoRefused> {
        let complete = self.keeps_whole(run, &only)?;
        if let Some(said) = only.import.take() {
            only.import = Some(self.file_meant(&said, run, since)?);
        }
        let worked = self.work_out(run, since, &only, now)?;
        if worked.written == 0 && !only.is_all() {
            let only = only.to_string().trim().into();
            return Err(match run {
                Some(run) => UndoRefused::NothingOfIt { run: run.into(), only },
                None => UndoRefused::NothingOfFile { only },
            });
        }
        let rule = format!("undo {}", undone(run, &only));
        let mut writes = Vec::new();
        for (idx, fields) in &worked.back {
            let id = self.world.slot(*idx).id.clone();
            let person = self.world.slot(*idx).person;
            let (name, address) = self.known_as(person, &self.world.record(*idx));
            let change = |f: &SetBack| FieldChange { old: f.shown.to_json(), new: f.to.to_json(), rule: rule.clone() };
            let back = Change { fields: fields.iter().map(|f| (f.field.clone(), f.to.clone())).collect(), ..Change::default() };
            let connected = self.systems.get(&id.system).map(|s| &s.connected);
            let cleared = connected.map(|c| c.cleared_first(self.targets.of(*idx), &self.world.record(*idx), &back)).unwrap_or_default();
            writes.push(PlannedWrite {
                system: id.system.clone(),
                entity: id.entity.name().into(),
                id: id.id.to_string(),
                op: Op::Update.name().into(),
                person: self.person_id(person),
                name,
                address,
                reasons: Vec::new(),
                fields: fields.iter().map(|f| (f.field.to_string(), change(f))).collect(),
                cleared_first: cleared.into_iter().map(String::from).collect(),
            });
        }
        let plan = (!worked.back.is_empty()).then_some(worked.id);
        if let Some(plan) = &plan {
            self.show(plan, UndoPlan { run: run.map(Into::into), since, at: now, only: only.clone() });
        }
        self.commit()?;
        let (run, import) = (run.map(Into::into), only.import.map(|file| file.to_string()));
        Ok(Undo { run, import, plan, writes, left_out: worked.left_out, still_wanted: worked.still_wanted, complete })
    }

    /// Whether the beginning of what is asked for is still kept.
    fn keeps_whole(&self, run: Option<&str>, only: &UndoOnly) -> Result<bool, UndoRefused> {
        let mut runs = self.written.runs().into_iter();
        match run {
            Some(run) => runs.find(|r| r.run == run).map(|r| r.complete).ok_or_else(|| UndoRefused::Unknown(run.into())),
            None if only.import.is_some() => Ok(runs.all(|r| r.complete)),
            None => Err(UndoRefused::Unknown(String::new())),
        }
    }

    /// The file that somebody's words stand for.
    fn file_meant(&mut self, said: &str, run: Option<&str>, since: Option<Time>) -> Result<Name, UndoRefused> {
        let mut known = BTreeSet::new();
        self.each_written(run, since, |written| known.extend(written.fields.into_iter().flat_map(|field| field.files)))?;
        Ok(file_named(said, known)?)
    }

    fn show(&mut self, plan: &str, shown: UndoPlan) {
        self.ledger.put(UNDO, plan.as_bytes().to_vec(), &shown);
        self.undos.insert(plan.into(), shown);
        while let Some(oldest) = one_too_many(&self.undos) {
            self.drop_undo(&oldest);
        }
    }

    fn drop_undo(&mut self, plan: &str) {
        self.undos.remove(plan);
        self.ledger.delete(UNDO, plan.as_bytes().to_vec());
    }

    /// Lets the set-backs of a plan go; how many records. `None`: there is no such plan.
    pub fn approve_undo(&mut self, plan: &str, now: Time) -> Result<Option<usize>, UndoRefused> {
        let Some(shown) = self.undos.get(plan).cloned() else { return Ok(None) };
        let worked = self.work_out(shown.run.as_deref(), shown.since, &shown.only, now)?;
        if worked.id != plan {
            let undo = format!("{}{}", shown.run.unwrap_or_default(), shown.only);
            return Err(UndoRefused::Changed { plan: plan.into(), undo: undo.trim().into() });
        }
        self.drop_undo(plan);
        let places: Vec<Idx> = worked.back.keys().copied().collect();
        for (idx, fields) in worked.back {
            // Somebody asks for it: that its writes went round is no reason to wait.
            self.on_target(idx, |target| {
                for back in &fields {
                    target.unpark(Some(&back.field), false);
                }
            });
            self.set_back.entry(idx).or_default().extend(fields);
            self.keep_set_back(idx);
            self.dirty.insert(idx);
        }
        self.reconcile(now);
        self.grant(Op::Update, places.iter().copied());
        Ok(Some(places.len()))
    }

    /// The records of the person whom somebody's words stand for; `None`: no person was named.
    fn records_named(&self, only: &UndoOnly) -> Option<BTreeSet<RecordId>> {
        let who = only.person.as_deref()?;
        let bearers = match subject(who) {
            Some(Subject::Address(address)) => self.world.bearers(&address).to_vec(),
            Some(Subject::Record(record)) => self.world.find(&record).into_iter().collect(),
            None => Vec::new(),
        };
        let people: BTreeSet<_> = bearers.iter().map(|idx| self.world.slot(*idx).person).filter(|person| *person != NOBODY).collect();
        let members = people.iter().flat_map(|person| &self.people[*person as usize].members);
        Some(members.map(|idx| self.world.slot(*idx).id.clone()).collect())
    }

    /// What would be set back now, and what not.
    fn work_out(&mut self, run: Option<&str>, since: Option<Time>, only: &UndoOnly, now: Time) -> Result<Worked, Error> {
        let records = self.records_named(only);
        let mut done = if only.import.is_some() { AllDone::last_series() } else { AllDone::whole() };
        self.each_written(run, since, |written| done.take(written, |record, field| only.has(record, field, records.as_ref())))?;
        let done = done.fields();
        let mut worked = Worked { id: String::new(), back: BTreeMap::new(), left_out: Vec::new(), still_wanted: 0, written: done.len() };
        let mut back = Vec::new();
        let left_out =
            |id: &RecordId, field: &Name, why: &str| LeftOut { record: id.to_string(), field: field.to_string(), why: why.into() };
        for ((id, field), done) in done {
            match self.set_back_of(&id, &field, &done, now) {
                Ok(None) => {}
                Ok(Some((idx, to))) => back.push(Undoable { record: id, idx, back: to, wrote: done.new }),
                Err(why) => worked.left_out.push(left_out(&id, &field, why)),
            }
        }
        // Who names a field, rule, system or person means all of it.
        let wanted = if only.is_all() { self.still_wanted(&back, now) } else { BTreeSet::new() };
        let mut shown = Vec::new();
        for Undoable { record, idx, back, .. } in back {
            if wanted.contains(&(idx, back.field.clone())) {
                worked.left_out.push(left_out(&record, &back.field, STILL_WANTED));
                worked.still_wanted += 1;
            } else {
                worked.back.entry(idx).or_default().push(back.clone());
                shown.push((record, back));
            }
        }
        worked.id = id_of(&undone(run, only), &shown);
        Ok(worked)
    }

    /// `None`: it shows the old value already. The error says why it is left alone.
    fn set_back_of(&self, id: &RecordId, field: &Name, done: &Done, now: Time) -> Result<Option<(Idx, SetBack)>, &'static str> {
        let idx = self.world.find(id).ok_or("the record is not known any more")?;
        let record = self.world.record(idx);
        let person = self.world.slot(idx).person;
        if record.is_gone() || person == NOBODY {
            return Err("the system does not list the record any more");
        }
        let shown = record.field(field).map_or(Value::Empty, |f| f.value.clone());
        let agreed = self.targets.agreed(idx).iter().find(|a| a.field == *field);
        let may_be_written = self.systems.get(&id.system).is_some_and(|s| s.connected.may_write(field));
        let under_way = self.set_back.get(&idx).is_some_and(|s| s.iter().any(|s| s.field == *field));
        if !is_still_ours(&shown, done, agreed, may_be_written, under_way)? {
            return Ok(None);
        }
        let due = self.due(idx, &record, now);
        if due.update.is_some_and(|u| u.fields.iter().any(|(name, _)| name == field)) {
            return Err("another value is wanted now and waits to be written");
        }
        let places = &self.people[person as usize].members;
        let records: Vec<Record> = places.iter().map(|i| self.world.record(*i)).collect();
        let gaps = self.read_coverage(now).gaps(&records);
        let of = Members { places, records: &records, around: &View::new(&self.world), gaps: &gaps, by: self.rules.merging() };
        let instead_of = self.winner(field, of, now).ok().flatten().map(|winner| winner.value);
        Ok(Some((idx, SetBack { field: field.clone(), shown, to: done.old.clone(), instead_of })))
    }

    /// Wants the older value where a field is on its way back.
    pub fn want_back(&self, record: &Record, merge: &Merge, wanted: &mut Wanted) {
        let Some(backs) = self.world.find(&record.id).and_then(|idx| self.set_back.get(&idx)) else { return };
        let counts = backs.iter().filter(|back| !self.is_overtaken(back, record, merge));
        want_instead(&mut wanted.fields, counts);
    }

    /// What came in between ends a set-back for good, also if it is as before later on.
    pub fn end_overtaken(&mut self, idx: Idx, record: &Record, merge: &Merge) {
        let Some(backs) = self.set_back.get(&idx) else { return };
        let left: Vec<SetBack> = backs.iter().filter(|back| !self.is_overtaken(back, record, merge)).cloned().collect();
        if left.len() == backs.len() {
            return;
        }
        if left.is_empty() {
            self.set_back.remove(&idx);
        } else {
            self.set_back.insert(idx, left);
        }
        self.keep_set_back(idx);
    }

    /// Whether the field shows something else by now, or something else is wanted of it.
    fn is_overtaken(&self, back: &SetBack, record: &Record, merge: &Merge) -> bool {
        let written = self.systems.get(&record.id.system).is_some_and(|s| s.connected.may_write(&back.field));
        let winner = merge.fields.iter().find(|(name, _)| written && *name == back.field).and_then(|(_, winner)| winner.as_ref());
        let under_way = self.world.find(&record.id).and_then(|idx| self.targets.sent(idx));
        back.is_overtaken(record, winner.map(|winner| &winner.value), under_way)
    }

    /// A write was applied: fields that are back are left alone until another value is wanted. What stands there is the person's value again,
    /// and no write of ours.
    pub fn book_set_back(&mut self, idx: Idx, sent: &Sent) {
        let Some(mut backs) = self.set_back.remove(&idx) else { return };
        if let Some(target) = self.targets.of_mut(idx) {
            for back in backs.iter().filter(|b| b.landed(sent)) {
                target.park(&back.field, back.instead_of.as_ref().unwrap_or(&back.shown).clone());
                target.disown(&back.field);
            }
        }
        backs.retain(|b| !b.landed(sent));
        if !backs.is_empty() {
            self.set_back.insert(idx, backs);
        }
        self.keep_set_back(idx);
    }

    /// Whether a field of a record is on its way back.
    pub fn is_set_back(&self, record: &RecordId, field: &Name) -> bool {
        !self.set_back.is_empty()
            && self.world.find(record).and_then(|i| self.set_back.get(&i)).is_some_and(|s| s.iter().any(|s| s.field == *field))
    }

    pub(in crate::engine) fn keep_set_back(&mut self, idx: Idx) {
        let key = self.world.slot(idx).id.key();
        match self.set_back.get(&idx) {
            Some(backs) => self.ledger.put(SET_BACK, key, backs),
            None => self.ledger.delete(SET_BACK, key),
        }
    }
}

/// What is undone, as it stands on the command line: a run, a file, or what a run wrote out of a file.
fn undone(run: Option<&str>, only: &UndoOnly) -> String {
    let import = UndoOnly { import: only.import.clone(), ..UndoOnly::default() };
    format!("{}{import}", run.unwrap_or_default()).trim_start().into()
}

/// The id of a plan that would set this back: another as soon as anything of it is another.
fn id_of(undone: &str, back: &[(RecordId, SetBack)]) -> String {
    let mut seen = format!("undo\u{1f}{undone}");
    for (id, back) in back {
        let what = blake3::hash(&encode(back)).to_hex();
        seen.push_str(&format!("\u{1e}{id}\u{1f}{what}"));
    }
    plan_id(&seen)
}

/// The oldest of the plans that were shown, if they are more than are kept.
fn one_too_many(undos: &BTreeMap<String, UndoPlan>) -> Option<String> {
    let oldest = undos.iter().min_by_key(|(_, shown)| shown.at).filter(|_| undos.len() > PLANS_MAX);
    oldest.map(|(plan, _)| plan.clone())
}

/// Whether a field shows what the run wrote; false: it shows the old value already. The error says why it is left alone.
fn is_still_ours(shown: &Value, done: &Done, agreed: Option<&Agreed>, may_be_written: bool, under_way: bool) -> Result<bool, &'static str> {
    if shown.says_the_same(&done.old) {
        return Ok(false);
    }
    if done.old.is_unreadable() {
        return Err("what was there before could not be read");
    }
    if !may_be_written {
        return Err("systems.toml does not let this field be written any more");
    }
    // What the target made of our value is ours too; a write that it refused was never agreed.
    if !agreed.is_some_and(|a| !a.spent && a.ours == done.new && (*shown == a.theirs || *shown == a.ours)) {
        return Err("it was changed since, by somebody else or by a later write");
    }
    if under_way {
        return Err("it is being set back already");
    }
    Ok(true)
}

/// Puts the older values in the place of those that the merge wants.
fn want_instead<'b>(wanted: &mut Vec<(Name, Value)>, backs: impl Iterator<Item = &'b SetBack>) {
    for back in backs {
        match wanted.iter_mut().find(|(name, _)| *name == back.field) {
            Some((_, value)) => *value = back.to.clone(),
            None => wanted.push((back.field.clone(), back.to.clone())),
        }
    }
}

impl SetBack {
    /// Whether the field shows something else by now, or the merge wants something else of it. A write that is under way may be seen before
    /// its answer, and lands whatever came in between: it ends no set-back that it carries.
    fn is_overtaken(&self, record: &Record, winner: Option<&Value>, under_way: Option<&Sent>) -> bool {
        if under_way.is_some_and(|sent| self.landed(sent)) {
            return false;
        }
        let shown = record.field(&self.field).map_or(&Value::Empty, |f| &f.value);
        *shown != self.shown || winner != self.instead_of.as_ref()
    }

    /// Whether a write carried just this.
    fn landed(&self, sent: &Sent) -> bool {
        sent.fields.iter().any(|(name, value)| *name == self.field && *value == self.to)
    }
}

#[cfg(test)]
mod tests;
