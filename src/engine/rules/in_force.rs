//! The rules in force: an edit is weighed against those before it, and waits if it widens.

use super::before;
use crate::config::Config;
use crate::decide::phase::phase;
use crate::decide::rules::HoldRule;
use crate::decide::standing::By;
use crate::decide::widening;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::ledger::items::{decode, encode};
use crate::engine::ledger::kind;
use crate::engine::memory::place::NOBODY;
use crate::engine::rules::left_rules::LEFT_KEY;
use crate::engine::rules::needs::Needs;
use crate::engine::rules::rule_sets::Former;
use crate::engine::rules::rule_sets::RuleSet;
use crate::engine::rules::rule_sets::Stored;
use crate::engine::rules::rule_sets::systems_in_force;
use crate::engine::rules::rule_sets::targets_widen;
use crate::engine::rules::shared_mailboxes::link_rules;
use crate::engine::system::Opened;
use crate::engine::system::SystemState;
use crate::model::{Name, Time};
use crate::store::State;
use std::sync::Arc;

/// The key of the `META` item that keeps the rules in force.
pub const RULES_KEY: &str = "rules with stale";

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
        (!ids.is_empty()).then(|| crate::engine::delivery::planned::plan_id(&format!("rules\u{1f}{}\u{1f}{}", ids.join("\u{1f}"), new.id)))
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
