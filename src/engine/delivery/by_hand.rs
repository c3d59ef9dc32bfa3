//! Systems to which a person carries over what is written, by lists. A list is all that is still to be carried out there, so that the newest
//! one is always enough. It waits for days and nothing fails meanwhile: what is due stays due until the system itself shows it (`imported`, in
//! the room that takes readings in).

use super::handed::ListGrounds;
use crate::connector::{Change, Lane, ListedOutcome, ListedWrite};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::target::lanes::Lanes;
use crate::engine::target::{Due, FailureCause, Listed, Op, digest};
use crate::model::record::field;
use crate::model::{Name, Time};
use crate::store::WriteOutcome;
use crate::telemetry::InternalEvent;
use crate::telemetry::writing::{ListsNotWritten, WriteRefused};
use std::collections::{BTreeMap, BTreeSet};

/// All that is still to be carried out in a system.
#[derive(Debug)]
pub struct ListOfWrites {
    pub system: Name,
    pub all: Vec<ListedWrite>,
    places: Vec<Idx>,
    causes: Vec<u64>,
    /// What lists said before of those of whom this one says something new.
    before: Vec<(Idx, Option<Listed>)>,
    digest: u64,
}

/// A write that no list can hold.
struct RefusedOfList<'l> {
    write: &'l ListedWrite,
    /// A digest of why the record is to be held.
    cause: u64,
    why: &'l str,
}

impl Engine {
    /// The list for a system, if it is another than the one that was handed over last. It is marked as handed over, not yet committed.
    pub(super) fn next_list(&mut self, system: &Name, now: Time) -> Option<ListOfWrites> {
        let state = self.systems.get(system)?;
        let waiting = state.guards.of(Op::Release).waiting() + state.guards.of(Op::Update).waiting();
        let on = ListGrounds { changes: self.changes, may_release: self.may_release(now), approved: state.approved, waiting };
        // Before all is decided that was read, a list may lack somebody who is in it already.
        let may_be = state.approved.is_some() && state.identity.is_settled() && self.dirty.is_empty();
        if !may_be || !state.by_hand.is_to_be_made(on, now) {
            return None;
        }
        let list = self.list_of(system, now);
        let leaves = self.systems.get_mut(system)?.by_hand.leaves(list.digest, on, now);
        leaves.then(|| self.marked(list, now))
    }

    /// Puts together what is due and may go.
    fn list_of(&mut self, system: &Name, now: Time) -> ListOfWrites {
        let due: Vec<Idx> = self.systems.get(system).map(|s| s.outbox.keys().copied().collect()).unwrap_or_default();
        let mut list =
            ListOfWrites { system: system.clone(), all: Vec::new(), places: Vec::new(), causes: Vec::new(), before: Vec::new(), digest: 0 };
        let open = [Lane::Protective, Lane::Release, Lane::Fields].map(|lane| self.lane_open(system, lane, now));
        for (idx, (record, merge)) in due.iter().zip(self.looks(&due, now)) {
            let due = self.due_by(*idx, &record, &merge, now);
            let may = self.may_go(*idx, &record, &due, now);
            let cause = due.cause;
            if due.is_empty() {
                self.set_lanes(system, *idx, Lanes::default());
            }
            // What a list has already was let go and proved then, and stays until something speaks against it.
            let is_listed = self.targets.listed(*idx).is_some_and(|l| l.block_waits_since(false).is_some());
            let [protective, release, update] = open;
            let may = Lanes { protective, release: is_listed || (release && may.release), update: update && may.update, ..may };
            for change in parts(due, may) {
                let address = record.text(field::EMAIL).map(str::to_string);
                list.all.push(ListedWrite { record: record.id.clone(), address, change });
                list.places.push(*idx);
                list.causes.push(cause);
            }
        }
        list.digest = digest(&format!("{:?}", list.all));
        list
    }

    /// Notes whom the list has: before it leaves, so that what is imported is known for ours whatever happens.
    fn marked(&mut self, mut list: ListOfWrites, now: Time) -> ListOfWrites {
        let mut parts: BTreeMap<Idx, Vec<&Change>> = BTreeMap::new();
        for (idx, write) in list.places.iter().zip(&list.all) {
            parts.entry(*idx).or_default().push(&write.change);
        }
        let is_of_it = |idx: &Idx| self.world.slot(*idx).id.system == list.system;
        let known: BTreeSet<Idx> = self.targets.all_listed().map(|(idx, _)| idx).filter(is_of_it).collect();
        for idx in known.into_iter().chain(parts.keys().copied()).collect::<BTreeSet<Idx>>() {
            let parts = parts.get(&idx).map_or(&[][..], |parts| parts);
            if let Some(before) = self.targets.hand_over(idx, parts, now) {
                list.before.push((idx, before));
                self.targets.keep_listed(idx, &self.world.slot(idx).id, &mut self.ledger);
            }
        }
        list
    }

    /// Accounts for a list: nothing of it is carried out yet.
    pub fn book_list(&mut self, list: ListOfWrites, handed: Result<Vec<ListedOutcome>, String>, now: Time) {
        let ListOfWrites { system, all, places, causes, before, digest } = list;
        let Some(state) = self.systems.get_mut(&system) else { return };
        let outcomes = match handed {
            Ok(outcomes) => outcomes,
            Err(why) => {
                ListsNotWritten { system: &system, why: &why }.emit();
                state.by_hand.failed(&why, now);
                for (idx, before) in before {
                    self.targets.take_back(idx, before);
                    self.targets.keep_listed(idx, &self.world.slot(idx).id, &mut self.ledger);
                }
                return;
            }
        };
        let no_list = outcomes.iter().find_map(|outcome| match outcome {
            ListedOutcome::NoList(why) => Some(why.as_str()),
            _ => None,
        });
        state.by_hand.arrived(digest, no_list, now);
        self.journal_listed(&places, &all, &outcomes, &before, now);
        for (idx, parts) in partly_listed(&places, &all, &outcomes) {
            self.targets.hand_over(idx, &parts, now);
            self.targets.keep_listed(idx, &self.world.slot(idx).id, &mut self.ledger);
        }
        let mut refused: BTreeMap<(Idx, Op), Option<RefusedOfList<'_>>> = BTreeMap::new();
        for (((idx, write), cause), outcome) in places.iter().zip(&all).zip(causes).zip(&outcomes) {
            let of_lane = refused.entry((*idx, Op::of(&write.change))).or_default();
            if let ListedOutcome::Refused(why) = outcome {
                *of_lane = Some(RefusedOfList { write, cause, why });
            }
        }
        for ((idx, op), refused) in refused {
            self.book_refused(idx, op, refused, now);
        }
    }

    /// A block that came into a list may be carried out from now on, and would be ours: also after the state was lost.
    fn journal_listed(
        &mut self,
        places: &[Idx],
        all: &[ListedWrite],
        outcomes: &[ListedOutcome],
        before: &[(Idx, Option<Listed>)],
        now: Time,
    ) {
        let before: BTreeMap<Idx, Option<&Listed>> = before.iter().map(|(idx, listed)| (*idx, listed.as_ref())).collect();
        for ((idx, write), outcome) in places.iter().zip(all).zip(outcomes) {
            let (Some(on), ListedOutcome::Listed, Some(before)) = (write.change.block, outcome, before.get(idx)) else { continue };
            if before.is_none_or(|listed| listed.block_waits_since(on).is_none()) {
                self.journal_outcome(*idx, &write.change, WriteOutcome::Unknown, Some("it stands in a list".into()), now);
            }
        }
    }

    /// What no list can hold is told as a refused write, until all of its lane is in a list.
    fn book_refused(&mut self, idx: Idx, op: Op, refused: Option<RefusedOfList<'_>>, now: Time) {
        let known = self.targets.failure(idx, op);
        match refused {
            Some(RefusedOfList { why, .. }) if known.is_some_and(|f| *f.why == *why) => {}
            Some(RefusedOfList { write, cause, why }) => {
                let values = write.change.fields.iter().filter_map(|(_, value)| value.as_text()).collect();
                WriteRefused { record: &write.record, op: op.name(), why, values }.emit();
                let cause = if op == Op::Hold { cause } else { 0 };
                self.targets.begin(idx).failures.get_or_insert_default().given_up(op, FailureCause::Refused, cause, why, now);
                self.keep_target(idx);
            }
            None if known.is_some_and(|f| f.cause == FailureCause::Refused) => self.on_target(idx, |target| target.is_listed(op)),
            None => {}
        }
    }

    /// Decided holds that do not stand yet and are on no way there, by system: those in a list wait for a person, which is no failure of ours.
    pub fn holds_under_no_way(&self) -> BTreeMap<Name, usize> {
        let is_listed = |idx: &Idx| self.targets.listed(*idx).is_some_and(|l| l.block_waits_since(true).is_some());
        let listed = |system: &Name| match self.systems.get(system) {
            Some(state) if state.connected.abilities().by_hand.is_some() => {
                let due = state.outbox.in_lane(Lane::Protective).filter(|(idx, _)| !self.is_enforced_anyway(**idx));
                due.filter(|(idx, _)| is_listed(idx)).count()
            }
            _ => 0,
        };
        let open = self.unwritten_holds().into_iter().map(|(system, count)| {
            let left = count.saturating_sub(listed(&system));
            (system, left)
        });
        open.filter(|(_, count)| *count > 0).collect()
    }

    /// Since when lists of a system wait for a person, and how many records they have. What is due and may not go is in none.
    pub fn waits_for_import(&self, system: &Name) -> Option<(Time, usize)> {
        let state = self.systems.get(system).filter(|s| s.connected.abilities().by_hand.is_some())?;
        let since = state.outbox.keys().filter_map(|idx| self.targets.listed(*idx)?.waits_since());
        since.fold(None, |found: Option<(Time, usize)>, at| Some(found.map_or((at, 1), |(first, count)| (first.min(at), count + 1))))
    }
}

/// Those of whom a list does not have all, with what it has of them: the rest waits for nobody.
fn partly_listed<'l>(places: &[Idx], all: &'l [ListedWrite], outcomes: &[ListedOutcome]) -> BTreeMap<Idx, Vec<&'l Change>> {
    let mut of_each: BTreeMap<Idx, (Vec<&Change>, bool)> = BTreeMap::new();
    for (at, (idx, write)) in places.iter().zip(all).enumerate() {
        let (parts, is_partly) = of_each.entry(*idx).or_default();
        match outcomes.get(at) {
            Some(ListedOutcome::Listed) => parts.push(&write.change),
            _ => *is_partly = true,
        }
    }
    of_each.into_iter().filter(|(_, (_, is_partly))| *is_partly).map(|(idx, (parts, _))| (idx, parts)).collect()
}

/// What goes of what is due, each thing by itself: a block, a status, a field.
fn parts(due: Due, may: Lanes) -> Vec<Change> {
    let mut parts = Vec::new();
    let block = due.protective.filter(|_| may.protective).or(due.release.filter(|_| may.release)).and_then(|change| change.block);
    parts.extend(block.map(|on| Change { block: Some(on), ..Change::default() }));
    if let Some(update) = due.update.filter(|_| may.update) {
        parts.extend(update.status.map(|status| Change { status: Some(status), ..Change::default() }));
        parts.extend(update.fields.into_iter().map(|field| Change { fields: vec![field], ..Change::default() }));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn of_whom_a_list_has_not_all_the_rest_waits_for_nobody() {
        let write = |on| ListedWrite {
            record: "ma:person:1".parse().unwrap(),
            address: None,
            change: Change { block: Some(on), ..Change::default() },
        };
        let all = [write(true), write(false), write(true), write(true)];
        let refused = || ListedOutcome::Refused("no".into());
        let outcomes = [ListedOutcome::Listed, refused(), ListedOutcome::Listed];
        let found = partly_listed(&[1, 1, 2, 3], &all, &outcomes);
        let told: Vec<(Idx, usize)> = found.iter().map(|(idx, parts)| (*idx, parts.len())).collect();
        assert_eq!(told, [(1, 1), (3, 0)], "what no outcome was told of is in no list");
    }

    #[test]
    fn each_thing_goes_by_itself_and_only_what_may() {
        let block = |on| Some(Change { block: Some(on), ..Change::default() });
        let update = Change { fields: vec![("phone".into(), Value::text("1")), ("title".into(), Value::text("2"))], ..Change::default() };
        let all = Lanes { protective: true, release: true, update: true, ..Lanes::default() };
        let due = |protective, release| Due { protective, release, update: Some(update.clone()), ..Due::default() };
        let told = |due, may| parts(due, may).iter().map(|c| (c.block, c.fields.len())).collect::<Vec<_>>();
        assert_eq!(told(due(block(true), None), all), [(Some(true), 0), (None, 1), (None, 1)]);
        assert_eq!(told(due(None, block(false)), all), [(Some(false), 0), (None, 1), (None, 1)]);
        assert_eq!(told(due(None, block(false)), Lanes { protective: true, ..Lanes::default() }), []);
        assert_eq!(told(due(block(true), None), Lanes { protective: true, ..Lanes::default() }), [(Some(true), 0)]);
    }
}
