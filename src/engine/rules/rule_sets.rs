//! The rules in force: those of the files, and beside them, until someone approves an edit that widens, the former ones.
//!
//! What either stops is stopped, at the gate and in every marketing system, so that the protective part of an edit counts at once and
//! nothing of the rest before it is approved. The former rules lie in the state: a restart does not widen either.

use super::left_rules::LEFT_KEY;
use crate::config::{Config, System};
use crate::decide::phase::phase;
use crate::decide::rules::{After, ConsentRules, HoldRule, HoldScope, Policy, Proof, Stale, Widening};
use crate::decide::standing::By;
use crate::decide::widening;
use crate::engine::engine::{Engine, Needs};
use crate::engine::error::Error;
use crate::engine::ledger::items::{decode, encode};
use crate::engine::ledger::kind;
use crate::engine::memory::world::NOBODY;
use crate::engine::rules::shared_mailboxes::link_rules;
use crate::engine::system::Opened;
use crate::engine::system::SystemState;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Entity, MailKind, Name, Span, Time};
use crate::store::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

mod before;

/// The key of the `META` item that keeps the rules in force.
pub const RULES_KEY: &str = "rules with stale";

/// All of a config that decides who may be mailed.
#[derive(Debug, Clone)]
pub struct RuleSet {
    pub policy: Policy,
    pub consent: ConsentRules,
    shared_mailboxes: Vec<String>,
    targets: BTreeMap<Name, Target>,
    /// Of what the state keeps; rules that say the same have the same, wherever they stand in their file.
    id: String,
    stored: Stored,
}

/// How a system is told of holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Target {
    hold: bool,
    block: bool,
    permit: Option<String>,
    lease: Span,
    line: usize,
}

/// A rule set as the state keeps it: expressions by their text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    declared: Declared,
    holds: Vec<StoredHold>,
    refusal_proofs: Vec<Proof>,
    widening: Widening,
    consent: ConsentRules,
    shared_mailboxes: Vec<String>,
    targets: BTreeMap<Name, Target>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredHold {
    name: Name,
    on: Entity,
    when: String,
    scope: HoldScope,
    stops: Vec<MailKind>,
    after: After,
    proofs: Vec<Proof>,
    rule: Name,
    stale: Stale,
}

/// Rules that counted before an edit that widens, and what of it does.
#[derive(Debug, Clone)]
pub struct Former {
    pub rules: RuleSet,
    pub widens: Vec<String>,
}

impl RuleSet {
    pub fn of(config: &Config) -> RuleSet {
        let hold = |h: &HoldRule| StoredHold {
            name: h.name.clone(),
            on: h.on,
            when: h.when.source().to_string(),
            scope: h.scope,
            stops: h.stops.clone(),
            after: h.after,
            proofs: h.proofs.clone(),
            rule: h.rule.clone(),
            stale: h.stale,
        };
        let target = |s: &System| {
            let writes = Target { hold: s.writes.hold, block: s.block, permit: s.permit.clone(), lease: s.lease, line: s.line };
            (s.name().clone(), writes)
        };
        let stored = Stored {
            declared: Declared { person: BTreeMap::new(), ..config.declared.clone() },
            holds: config.policy.holds.iter().map(hold).collect(),
            refusal_proofs: config.policy.refusal_proofs.clone(),
            widening: config.policy.widening,
            consent: config.consent.clone(),
            shared_mailboxes: config.shared_mailboxes.clone(),
            targets: config.systems.iter().filter(|s| s.writes.hold).map(target).collect(),
        };
        RuleSet::with(stored, config.policy.clone())
    }

    fn with(stored: Stored, policy: Policy) -> RuleSet {
        let mut plain = stored.clone();
        plain.holds.iter_mut().for_each(|h| h.rule = "".into());
        plain.targets.values_mut().for_each(|t| t.line = 0);
        let id = blake3::hash(&encode(&plain)).to_hex()[..16].to_string();
        let (consent, shared_mailboxes, targets) = (stored.consent.clone(), stored.shared_mailboxes.clone(), stored.targets.clone());
        RuleSet { policy, consent, shared_mailboxes, targets, id, stored }
    }

    /// As the state keeps it.
    pub(in crate::engine) fn stored(&self) -> Stored {
        self.stored.clone()
    }

    /// Out of the state. A hold whose expression this version cannot read any more is left out: whom it holds is remembered, and asked for.
    pub(in crate::engine) fn restored(stored: Stored) -> RuleSet {
        let hold = |h: &StoredHold| {
            let scope = if h.on == Entity::Ticket { Scope::Ticket } else { Scope::Deal };
            let when = match Expression::compile(&h.when, scope, &stored.declared) {
                Ok(when) => when,
                Err(_) => {
                    tracing::warn!(hold = %h.name, rule = %h.rule, "a hold from before the last edit cannot be read any more");
                    return None;
                }
            };
            let (name, stops, proofs, rule) = (h.name.clone(), h.stops.clone(), h.proofs.clone(), h.rule.clone());
            Some(HoldRule { name, on: h.on, when, scope: h.scope, stops, after: h.after, proofs, stale: h.stale, rule })
        };
        let holds = stored.holds.iter().filter_map(hold).collect();
        let policy = Policy {
            statuses: Vec::new(),
            holds,
            refusal_proofs: stored.refusal_proofs.clone(),
            widening: stored.widening,
            ..Policy::default()
        };
        RuleSet::with(stored, policy)
    }
}

/// The rules that the state says were in force last, oldest first.
pub fn stored(state: &State) -> Result<Vec<RuleSet>, Error> {
    let sets: Vec<Stored> = if let Some(bytes) = state.get(kind::META, RULES_KEY.as_bytes())? {
        decode(RULES_KEY, &bytes)?
    } else if let Some(bytes) = state.get(kind::META, before::KEY.as_bytes())? {
        before::read(&bytes)?
    } else {
        Vec::new()
    };
    Ok(sets.into_iter().map(RuleSet::restored).collect())
}

/// The systems of a config, told of holds as rules that still count would have it: connectors are made from these.
pub fn systems_in_force(config: &Config, former: &[RuleSet]) -> Vec<System> {
    let mut systems = config.systems.clone();
    for system in &mut systems {
        // The oldest is what was agreed to.
        let name = system.name().clone();
        former.iter().rev().filter_map(|f| f.targets.get(&name)).for_each(|before| keep_target(system, before));
    }
    systems
}

/// Lays a former way of telling a system of holds over its new one. A longer lease waits too.
fn keep_target(system: &mut System, before: &Target) {
    if system.permit != before.permit && before.permit.is_some() {
        system.permit = before.permit.clone();
        system.settings.permit = before.permit.clone();
    }
    if before.permit.is_some() && system.permit.is_some() {
        system.lease = if system.writes.hold { system.lease.min(before.lease) } else { before.lease };
    }
    system.block |= before.block;
    system.writes.hold |= before.hold;
}

/// What of a system's new way of being told of holds widens, in words.
fn targets_widen(former: &RuleSet, new: &RuleSet, config: &Config) -> Vec<String> {
    let mut said = Vec::new();
    for (name, before) in &former.targets {
        // A system that was taken out is told of nothing any more, whatever anyone approves.
        let Some(system) = config.system(name) else { continue };
        let place = format!("systems.toml:{}: {name}", system.line);
        match new.targets.get(name) {
            None => said.push(format!("{place} is not told of holds any more")),
            Some(now) => {
                if before.block && !now.block {
                    said.push(format!("{place} gets no blocks any more"));
                }
                if before.permit.is_some() && before.permit != now.permit {
                    said.push(format!("{place} gets its permits in another field, or none"));
                } else if before.permit.is_some() && now.lease > before.lease {
                    said.push(format!("{place}: lease of permits {} -> {}", before.lease, now.lease));
                }
            }
        }
    }
    said
}

impl Engine {
    /// The rules that count, oldest first; the last are the files'.
    pub fn rule_sets(&self) -> Vec<RuleSet> {
        self.former.iter().map(|f| f.rules.clone()).chain([RuleSet::of(&self.files)]).collect()
    }

    /// Takes an edited config. What of it protects counts from now on; what widens waits for `approve`, with the former rules in force.
    ///
    /// Everyone is marked for a new decision. `systems` are opened from [`systems_in_force`]. No I/O: the next commit keeps it.
    pub fn take_rules(&mut self, config: Arc<Config>, systems: Vec<Opened>, now: Time) {
        self.edited(config, now);
        self.take_systems(systems);
    }

    /// Puts the files' rules in the place of those there are.
    fn edited(&mut self, config: Arc<Config>, now: Time) {
        let counted = self.rule_sets();
        let left = std::mem::replace(&mut self.files, config).version.clone();
        self.weigh_against(left, counted, now);
    }

    /// Weighs the files' rules against those that counted under the version that was left; or, if the files are what they were a moment
    /// ago, against what counted then.
    fn weigh_against(&mut self, left: String, counted: Vec<RuleSet>, now: Time) {
        let version = self.files.version.clone();
        let before = if left == version {
            counted
        } else {
            let again = self.left_rules.come_back(&version, now);
            self.left_rules.leave(&left, counted.clone(), now);
            again.unwrap_or(counted)
        };
        self.weigh(before, now);
    }

    /// At open: the rules that counted when the last process ended, against those of the files now.
    pub(in crate::engine) fn weigh_stored(&mut self, now: Time) -> Result<(), Error> {
        let counted = stored(&self.disk.state)?;
        let in_force = self.restore_left_rules(now)?;
        self.weigh_against(in_force, counted, now);
        Ok(())
    }

    /// Which of the rules before the edit still count, and from that the rules in force.
    pub(crate) fn weigh(&mut self, before: Vec<RuleSet>, now: Time) {
        let new = RuleSet::of(&self.files);
        self.former.clear();
        for rules in before {
            // Before anything was read the rules have stopped nothing.
            if self.world.is_empty() || rules.id == new.id || self.former.iter().any(|f| f.rules.id == rules.id) {
                continue;
            }
            let widens = self.what_widens(&rules, &new, now);
            if !widens.is_empty() {
                self.former.push(Former { rules, widens });
            }
        }
        self.follow_rules();
    }

    fn what_widens(&self, former: &RuleSet, new: &RuleSet, now: Time) -> Vec<String> {
        let mut said = widening::widens(&former.policy, &new.policy, &|old, new| self.true_of_fewer(old, new, now));
        said.extend(widening::consent_widens(&former.consent, &new.consent));
        for pattern in former.shared_mailboxes.iter().filter(|p| !new.shared_mailboxes.contains(p)) {
            said.push(format!("systems.toml: [link] {pattern} is no shared mailbox any more: people under it may be joined"));
        }
        said.extend(targets_widen(former, new, &self.files));
        said
    }

    /// Whether some deal or ticket that is known is held by the old expression and not by the new one.
    fn true_of_fewer(&self, old: &HoldRule, new: &HoldRule, now: Time) -> bool {
        let new = HoldRule { after: old.after, ..new.clone() };
        self.world.indexes().filter(|i| self.world.slot(*i).id.entity == old.on).any(|i| {
            let record = self.world.record(i);
            phase(old, &record, now).strictness() > phase(&new, &record, now).strictness()
        })
    }

    /// Makes the rules in force from the files and the former rules; whatever was derived from rules is made anew.
    fn follow_rules(&mut self) {
        let former: Vec<RuleSet> = self.former.iter().map(|f| f.rules.clone()).collect();
        let mut config = (*self.files).clone();
        config.policy = widening::strictest(&config.policy, former.iter().map(|f| &f.policy));
        config.systems = systems_in_force(&config, &former);
        for pattern in former.iter().flat_map(|f| &f.shared_mailboxes) {
            if !config.shared_mailboxes.contains(pattern) {
                config.shared_mailboxes.push(pattern.clone());
            }
        }
        self.needs = Needs::of(&config);
        self.link_rules = link_rules(&config);
        for system in &config.systems {
            if let Some(state) = self.systems.get_mut(system.name()) {
                state.follow(Arc::new(system.clone()));
            }
        }
        self.config = Arc::new(config);
        self.phases.clear();
        self.wakeups.clear();
        self.dirty.extend(self.world.indexes());
        let mut sets: Vec<&Stored> = self.former.iter().map(|f| &f.rules.stored).collect();
        let new = RuleSet::of(&self.files);
        sets.push(&new.stored);
        self.pending.put(kind::META, RULES_KEY.as_bytes().to_vec(), encode(&sets));
        let left = self.left_rules.stored(&self.files.version);
        self.pending.put(kind::META, LEFT_KEY.as_bytes().to_vec(), encode(&left));
    }

    /// Lets an edit go that waits: from now on only the files' rules count. Holds that only former rules knew are forgotten.
    pub(crate) fn accept_rules(&mut self) {
        let held: Vec<(u32, Vec<(Name, crate::model::RecordId)>)> = self
            .people
            .iter()
            .enumerate()
            .map(|(i, p)| (i as u32, p.holds.iter().filter(|h| h.by == By::Former).map(|h| (h.hold.clone(), h.cause.clone())).collect()))
            .filter(|(_, holds): &(u32, Vec<_>)| !holds.is_empty())
            .collect();
        for (person, holds) in held {
            for idx in self.people[person as usize].members.clone() {
                let Some(known) = self.world.slot(idx).held.as_deref() else { continue };
                let rest = known.iter().filter(|h| !holds.iter().any(|(hold, cause)| *hold == h.hold && *cause == h.cause));
                let rest = rest.cloned().collect();
                self.keep_held(idx, rest);
            }
        }
        self.former.clear();
        self.follow_rules();
    }

    /// The id of the plan under which an edit waits: another edit makes it another plan.
    pub fn rules_plan(&self) -> Option<String> {
        let new = RuleSet::of(&self.files);
        let ids: Vec<&str> = self.former.iter().map(|f| f.rules.id.as_str()).collect();
        (!ids.is_empty()).then(|| crate::engine::answers::plan::plan_id(&format!("rules\u{1f}{}\u{1f}{}", ids.join("\u{1f}"), new.id)))
    }

    /// People who are stopped by former rules from something that the files' rules would let through.
    pub fn kept_by_former(&self) -> impl Iterator<Item = u32> + '_ {
        self.people.iter().enumerate().filter(|(_, p)| p.by_former && !p.members.is_empty()).map(|(i, _)| i as u32).filter(|i| *i != NOBODY)
    }

    /// A system that is new to this process. It may have been here before, and then it is known which instance it was.
    fn system_met_before(&self, opened: Opened) -> SystemState {
        let mut state = SystemState::new(opened);
        let name = state.config.name();
        let kept = self.disk.state.get(kind::INSTANCE, name.as_bytes());
        if let Some(known) = kept.ok().flatten().and_then(|bytes| decode(name, &bytes).ok()) {
            state.identity.restore(known);
        }
        state
    }

    /// Replaces the configured systems. What is known of a system that stays is kept; one that is taken out keeps what was agreed for
    /// the day it comes back, and what it held stays held.
    pub(crate) fn take_systems(&mut self, systems: Vec<Opened>) {
        let mut known = std::mem::take(&mut self.systems);
        known.extend(std::mem::take(&mut self.retired));
        for mut opened in systems {
            if let Some(in_force) = self.config.system(opened.config.name()) {
                opened.config = Arc::new(in_force.clone());
            }
            let name = opened.config.settings.name.clone();
            let state = match known.remove(&name) {
                Some(state) => state.reopened(opened),
                None => self.system_met_before(opened),
            };
            self.systems.insert(name, state);
        }
        for state in known.values_mut() {
            (state.outbox, state.lined_up) = Default::default();
            // Whatever becomes of a write under way, it is read back if the system comes back.
            state.channel.loses_its_answers();
        }
        self.retired = known;
        self.clocks.keep_only(|name| self.systems.contains_key(name));
        self.hold_again_what_is_read_again();
        let names: Vec<Name> = self.systems.keys().cloned().collect();
        for name in names {
            let streams: Vec<Name> = self.systems[&name].streams.keys().cloned().collect();
            for stream in streams {
                self.keep_stream(&name, &stream);
            }
        }
    }
}
