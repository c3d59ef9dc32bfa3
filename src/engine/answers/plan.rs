//! The plan: what would be written, for whom and why; and what waits for a person's word.

use super::by_order::DecidedByOrder;
use super::forward_only::StatusesKept;
use super::unprotected::Unprotected;
use crate::connector::{Change, PermitChange};
use crate::decide::ratchet::Kept;
use crate::decide::standing::{By, HoldNow, REFUSAL_UNREAD};
use crate::engine::engine::Engine;
use crate::engine::guard::waiting::Waiting;
use crate::engine::memory::place::{Idx, NOBODY, PersonIdx};
use crate::engine::rules::plan_id::plan_id;
use crate::engine::target::Op;
use crate::engine::target::lanes::Lanes;
use crate::engine::target::planned::{FieldChange, PlannedWrite};
use crate::model::{Name, Record, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The answer of `nayose plan`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Plan {
    pub writes: Vec<PlannedWrite>,
    pub totals: Totals,
    /// People on holds whose record in that system does not show a block; `None`: not known, as something was not read.
    pub unprotected: BTreeMap<Name, Option<usize>>,
    /// The same by what holds them, and those who must get no mail without being on hold.
    #[serde(default)]
    pub unprotected_by: BTreeMap<Name, Unprotected>,
    /// Streams that these numbers rest on and that were not read to their end in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<String>,
    pub waiting: Vec<Waiting>,
    /// Statuses and fields that are left as they are until more is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<LeftUndecided>,
    /// Values that differ, and nobody knows which is newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_order: Option<DecidedByOrder>,
    /// Records whose status is not written, as `forward_only` of `[status]` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_only: Option<StatusesKept>,
    /// Streams that could not be read for this plan: what they would change is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Plan {
    /// The numbers of whom nothing protects rest on these streams too, which could not be read.
    pub fn rests_on_unread(&mut self, streams: impl IntoIterator<Item = String>) {
        self.not_read.extend(streams);
        self.not_read.sort();
        self.not_read.dedup();
        self.unprotected = self.unprotected_by.iter().map(|(name, count)| (name.clone(), count.known(&self.not_read))).collect();
    }
}

/// What waits until more is read: it rests on not having seen what may be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftUndecided {
    /// People whose status waits, and people one of whose fields does.
    pub statuses: usize,
    pub fields: usize,
    pub why: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Totals {
    pub hold: usize,
    pub release: usize,
    /// Of the releases, those that lift no block: a permit for a record that has none, or one that is renewed.
    #[serde(default)]
    pub permit: usize,
    pub update: usize,
    pub create: usize,
    /// Values of fields that would be overwritten or emptied, whatever else their write holds; and those that fill what is empty.
    #[serde(default)]
    pub overwrite: usize,
    #[serde(default)]
    pub fill: usize,
}

/// What the id of a plan says of why its holds are kept. Other words would make other plans of those that wait.
fn word_in_id(kept: Kept) -> &'static str {
    match kept {
        Kept::CauseGone => "CauseGone",
        Kept::LinkLost => "LinkLost",
        Kept::RuleNotMet => "RuleNotMet",
        Kept::RuleRemoved => "RuleRemoved",
        Kept::CauseUnknown => "CauseUnknown",
    }
}

/// A hold that is kept though its cause does not reach the person any more, and whom it concerns.
pub struct KeptHold {
    pub person: u32,
    pub hold: HoldNow,
}

/// Kept holds of one system, one name and one reason.
pub struct KeptGroup {
    pub plan: String,
    pub kept: Kept,
    pub holds: Vec<KeptHold>,
}

impl Engine {
    /// What would be written now, if all were approved and proved. With a limit only so many writes are told one by one; the totals count all.
    pub fn plan(&mut self, limit: Option<usize>, now: Time) -> Plan {
        let systems: Vec<Name> = self.systems.keys().cloned().collect();
        for system in &systems {
            self.ask_where_needed(system, now);
            self.keep_guards(system);
        }
        let undecided = self.left_undecided(now);
        let mut plan = Plan {
            unprotected_by: self.unprotected(),
            waiting: self.waiting(),
            undecided,
            by_order: self.decided_by_order(now),
            forward_only: self.statuses_kept(now),
            ..Plan::default()
        };
        plan.rests_on_unread(self.not_read(now));
        self.guards_waiting_in_full(&mut plan.waiting, now);
        for lanes in self.systems.values().flat_map(|system| system.outbox.values()) {
            plan.totals.overwrite += usize::from(lanes.rewrites);
            plan.totals.fill += usize::from(lanes.fills);
        }
        for (op, is_first, idx) in self.in_order() {
            match op {
                Op::Hold => plan.totals.hold += 1,
                Op::Release => {
                    plan.totals.release += 1;
                    plan.totals.permit += usize::from(!self.lifts_a_block(idx, now));
                }
                Op::Update => plan.totals.update += 1,
            }
            // All of a record's at its first: what is due by now may be another thing than what was lined up.
            if is_first && limit.is_none_or(|l| plan.writes.len() < l) {
                let record = self.world.record(idx);
                plan.writes.extend(self.planned(idx, &record, now));
            }
        }
        plan
    }

    /// All that is lined up: what protects first, then what releases, then the rest; each by system, and a person's records together. With each
    /// whether it is the first of its record's.
    fn in_order(&self) -> Vec<(Op, bool, Idx)> {
        let mut all: Vec<(Op, &Name, PersonIdx, Idx, bool)> = Vec::new();
        for (name, system) in self.systems.iter() {
            let writes = |(idx, lanes): (&Idx, &Lanes)| {
                lanes.writes().enumerate().map(|(place, op)| (op, name, self.world.slot(*idx).person, *idx, place == 0)).collect::<Vec<_>>()
            };
            all.extend(system.outbox.iter().flat_map(writes));
        }
        all.sort_unstable();
        all.into_iter().map(|(op, _, _, idx, is_first)| (op, is_first, idx)).collect()
    }

    /// Whether a release takes a block of ours away; else it gives or renews a permit.
    fn lifts_a_block(&self, idx: Idx, now: Time) -> bool {
        let ours = self.targets.of(idx).is_some_and(|t| t.block_ours);
        let lifts = |record: &Record| self.due(idx, record, now).release.is_some_and(|change| change.block == Some(false));
        // Beside a block that stays, a permit for some other mail may be given.
        let record = self.world.record(idx);
        ours && record.is_blocked() && lifts(&record)
    }

    fn left_undecided(&self, now: Time) -> Option<LeftUndecided> {
        let (statuses, fields) = self.undecided();
        let why = self.read_coverage(now).told().filter(|_| statuses + fields > 0)?;
        Some(LeftUndecided { statuses, fields, why })
    }

    /// A record's planned writes, with everything that is due: one, or two where it loses one permit and is given another.
    pub fn planned(&self, idx: Idx, record: &Record, now: Time) -> Vec<PlannedWrite> {
        let due = self.due(idx, record, now);
        let write = |(place, op): (usize, Op)| {
            let own = match op {
                Op::Hold => &due.protective,
                Op::Release => &due.release,
                Op::Update => &None,
            };
            let rest = due.update.as_ref().filter(|_| place == 0);
            self.planned_write(idx, record, op, own.iter().chain(rest))
        };
        Lanes::of(&due).writes().enumerate().map(write).collect()
    }

    fn planned_write<'c>(&self, idx: Idx, record: &Record, op: Op, changes: impl Iterator<Item = &'c Change>) -> PlannedWrite {
        let person = self.world.slot(idx).person;
        let block_rule = self.hold_rules(person);
        let mut fields = BTreeMap::new();
        let mut cleared_first: Vec<String> = Vec::new();
        let connected = self.systems.get(&record.id.system).map(|s| &s.connected);
        for change in changes {
            let cleared = connected.map(|c| c.cleared_first(self.targets.of(idx), record, change)).unwrap_or_default();
            cleared_first.extend(cleared.into_iter().map(String::from));
            if let Some(on) = change.block {
                fields.insert(
                    "block".into(),
                    FieldChange { old: Json::from(record.is_blocked()), new: Json::from(on), rule: block_rule.clone() },
                );
            }
            for (what_for, permit) in change.permits.iter() {
                let new = match permit {
                    PermitChange::Until(t) => Json::from(t.rfc3339()),
                    PermitChange::Withdrawn => Json::Null,
                };
                let old = record.mark(what_for.mark()).map_or(Json::Null, Value::to_json);
                fields.insert(what_for.label(), FieldChange { old, new, rule: block_rule.clone() });
            }
            if let Some(why) = &change.why {
                let old = record.mark(crate::model::Mark::Why).map_or(Json::Null, Value::to_json);
                fields.insert("why".into(), FieldChange { old, new: Json::from(why.as_str()), rule: block_rule.clone() });
            }
            if let Some(status) = &change.status {
                let rule = self.rules.rules().policy.statuses.iter().find(|s| s.name == status.to).map_or("", |s| &s.rule).to_string();
                let old = status.from.as_deref().map_or(Json::Null, Json::from);
                fields.insert("status".into(), FieldChange { old, new: Json::from(&*status.to), rule });
            }
            for (name, value) in &change.fields {
                let old = record.field(name).map_or(Json::Null, |f| f.value.to_json());
                let rule = self.rule_of_write(&record.id, name).to_string();
                fields.insert(name.to_string(), FieldChange { old, new: value.to_json(), rule });
            }
        }
        // What stands against a person is no reason for anything but a hold.
        let reasons = if person == NOBODY || op != Op::Hold { Vec::new() } else { self.reasons(person, record) };
        let (name, address) = self.known_as(person, record);
        PlannedWrite {
            system: record.id.system.clone(),
            entity: record.id.entity.name().into(),
            id: record.id.id.to_string(),
            op: op.name().into(),
            person: self.person_id(person),
            name,
            address,
            reasons,
            fields,
            cleared_first,
        }
    }

    /// A name and an address to know a person by: the record's own, else those of another record of the person.
    pub(in crate::engine) fn known_as(&self, person: PersonIdx, record: &Record) -> (Option<String>, Option<String>) {
        let (mut name, mut address) = (record.name(), record.address());
        let others = self.people.get(person as usize).map(|p| p.members.as_slice()).unwrap_or_default();
        for idx in others {
            if name.is_some() && address.is_some() {
                break;
            }
            let other = self.world.record(*idx);
            name = name.or_else(|| other.name());
            address = address.or_else(|| other.address());
        }
        (name, address.map(|a| a.to_string()))
    }

    /// The reason codes that stand against a person now.
    pub fn reasons(&self, person: u32, record: &Record) -> Vec<String> {
        let found = self.table.find(&crate::engine::gate::decision_table::Subject::Record(record.id.clone()));
        let mut reasons: Vec<String> = self.people[person as usize].holds.iter().map(|h| h.reason.to_string()).collect();
        for standing in &found.standings {
            if standing.refused_all {
                reasons.push("refused_all".into());
            }
            if standing.basis.is_none() {
                reasons.push("no_basis".into());
            }
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    fn hold_rules(&self, person: u32) -> String {
        let Some(person) = self.people.get(person as usize) else { return String::new() };
        let of_file = |name: &Name| self.rules.rules().policy.holds.iter().find(|r| r.name == *name).map(|r| &*r.rule);
        let built_in = |name: &Name| (**name == *REFUSAL_UNREAD).then_some(REFUSAL_UNREAD);
        let named: BTreeSet<&str> = person.holds.iter().filter_map(|h| of_file(&h.hold).or(built_in(&h.hold))).collect();
        named.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// A person's id: derived from its records.
    pub fn person_id(&self, person: u32) -> String {
        let Some(person) = self.people.get(person as usize) else { return String::new() };
        let records: Vec<Record> = person.members.iter().map(|i| self.world.record(*i)).collect();
        crate::link::person_id(&records.iter().collect::<Vec<_>>())
    }

    /// All holds that are kept and wait for someone's word.
    pub fn kept_holds(&self) -> Vec<KeptHold> {
        let is_kept = |hold: &&HoldNow| hold.kept.is_some();
        debug_assert!(self.people.iter().zip(0..).all(|(p, i)| self.kept.contains(i) == p.holds.iter().any(|h| is_kept(&h))));
        // What only former rules hold waits with them; what was seen to end ends by itself.
        let asks = |h: &&HoldNow| is_kept(h) && h.until.is_none() && h.by != By::Former;
        let of = |person: u32| self.people[person as usize].holds.iter().filter(asks);
        self.kept.people().flat_map(|person| of(person).map(move |hold| KeptHold { person, hold: hold.clone() })).collect()
    }

    /// Kept holds in groups, each a waiting plan. The id says what was seen: whatever joins a group later makes it another plan.
    pub fn kept_groups(&self) -> Vec<KeptGroup> {
        let mut groups: BTreeMap<(Name, Name, Kept), KeptGroup> = BTreeMap::new();
        for entry in self.kept_holds() {
            let Some(kept) = entry.hold.kept else { continue };
            let key = (entry.hold.cause.system.clone(), entry.hold.hold.clone(), kept);
            let group = groups.entry(key).or_insert_with(|| KeptGroup { plan: String::new(), kept, holds: Vec::new() });
            group.holds.push(entry);
        }
        let mut groups: Vec<KeptGroup> = groups.into_values().collect();
        for group in &mut groups {
            let mut seen: Vec<String> =
                group.holds.iter().map(|h| format!("{}\u{1f}{}\u{1f}{}", h.hold.hold, h.hold.cause, self.person_id(h.person))).collect();
            seen.sort();
            group.plan = plan_id(&format!("kept\u{1f}{}\u{1f}{}", word_in_id(group.kept), seen.join("\u{1e}")));
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_plan_stays_what_it_was() {
        let all = [Kept::CauseGone, Kept::LinkLost, Kept::RuleNotMet, Kept::RuleRemoved, Kept::CauseUnknown];
        assert_eq!(all.map(word_in_id), ["CauseGone", "LinkLost", "RuleNotMet", "RuleRemoved", "CauseUnknown"]);
    }
}
