//! Edits of the rules: taken over, approved, and what of the systems follows them.

use crate::config::Rules;
use crate::connector::{self, PickList};
use crate::decide::phase::phase;
use crate::decide::ratchet::Held;
use crate::decide::rules::HoldRule;
use crate::decide::standing::By;
use crate::engine::assess::edit_tally::{EditTally, sample};
use crate::engine::assess::foresee::{ComparedRules, FORESEEN_AT_ONCE};
use crate::engine::delivery::outbox::Outbox;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::guard::waiting::SAMPLES;
use crate::engine::memory::place::{Idx, NOBODY, PersonIdx};
use crate::engine::memory::world::World;
use crate::engine::recovery::instance::INSTANCE;
use crate::engine::rules::connected::WordsByStatus;
use crate::engine::rules::left_rules::EditTime;
use crate::engine::rules::merging::Merging;
use crate::engine::rules::merging_edits::EditVerdict;
use crate::engine::rules::rule_sets::RuleSet;
use crate::engine::system::{Opened, SystemState};
use crate::engine::target::Op;
use crate::model::{Name, RecordId, RulesFile, Time};
use crate::store::What;
use std::sync::Arc;

/// Whether some deal or ticket that is known is held by the former expression and not by the new one.
fn true_of_fewer(world: &World, former: &HoldRule, new: &HoldRule, now: Time) -> bool {
    let new = HoldRule { after: former.after, ..new.clone() };
    world.indexes().filter(|i| world.slot(*i).id.entity == former.on).any(|i| {
        let record = world.record(i);
        phase(former, &record, now).strictness() > phase(&new, &record, now).strictness()
    })
}

impl Engine {
    /// Takes an edited config. What of it protects counts from now on; what widens waits for `approve`, with the former rules in force.
    /// Precedence and statuses from before it count until the next decision has weighed how much they rewrite.
    ///
    /// Everyone is marked for a new decision. `systems` are opened from
    /// [`systems_in_force`](crate::engine::rules::rule_sets::systems_in_force). No I/O: the next commit keeps it.
    pub fn take_rules(&mut self, files: Arc<Rules>, systems: Vec<Opened>, now: Time) {
        let (world, time) = (&self.world, self.edit_time(now));
        let fewer = |former: &HoldRule, new: &HoldRule| true_of_fewer(world, former, new, now);
        let before = self.rules.files().clone();
        self.rules.edit(files, (!world.is_empty()).then_some(&fewer), time);
        if self.rules.files().version != before.version {
            self.journal_edit(&before.files, now);
        }
        self.journal_counted(now);
        self.rules_changed();
        self.take_systems(systems);
    }

    /// At open: the rules that counted when the last process ended, against those of the files now.
    /// `told`: those, as the journal has them.
    pub(in crate::engine) fn weigh_stored_rules(&mut self, told: Vec<RuleSet>, now: Time) -> Result<(), Error> {
        let (world, time) = (&self.world, self.edit_time(now));
        let fewer = |former: &HoldRule, new: &HoldRule| true_of_fewer(world, former, new, now);
        if self.rules.weigh_stored(&self.ledger, told, (!world.is_empty()).then_some(&fewer), time)? {
            self.journal_edit(&[], now);
        }
        self.journal_counted(now);
        self.rules_changed();
        Ok(())
    }

    fn edit_time(&self, now: Time) -> EditTime {
        EditTime { now, sure: self.trusted_now(now), set_back: self.clocks.set_back(now) }
    }

    /// Who edited: of the files those that are not as they were.
    fn journal_edit(&mut self, before: &[RulesFile], now: Time) {
        let files = self.rules.files();
        let edited = files.files.iter().filter(|file| !before.contains(file)).cloned();
        let what = What::RulesEdited { version: files.version.clone(), files: edited.collect() };
        self.ledger.journal(now, what);
    }

    /// Which rules count from now on: what waits for `approve` waits also where the store is lost.
    fn journal_counted(&mut self, now: Time) {
        if let Some(what) = self.rules.take_news() {
            self.ledger.journal(now, what);
        }
    }

    /// Whatever was derived from rules is made anew.
    fn rules_changed(&mut self) {
        let rules = self.rules.rules().clone();
        for system in &rules.systems {
            if let Some(state) = self.systems.get_mut(system.name()) {
                state.connected.follow(Arc::new(system.clone()));
            }
        }
        self.phases.clear();
        self.wakeups.clear();
        self.dirty.extend(self.world.indexes());
        self.rules.keep(&mut self.ledger);
    }

    /// What a system is to be asked now for its own lists of words: the parts that are written, and the statuses. `None`: nothing.
    pub fn pick_lists_due(&self, system: &Name, now: Time) -> Option<(Vec<Name>, Vec<Name>)> {
        let connected = &self.systems.get(system).filter(|state| state.connected.taken().is_to_ask(now))?.connected;
        let parts = connected.config().written_parts();
        let statuses = self.rules.rules().policy.statuses.iter().map(|status| status.name.clone()).collect();
        (!parts.is_empty()).then_some((parts, statuses))
    }

    /// Takes in what it told. Returns whether what may be written there is decided on anew.
    pub fn book_pick_lists(&mut self, system: &Name, told: Vec<Result<PickList, connector::Error>>, now: Time) -> bool {
        let changed = self.systems.get_mut(system).is_some_and(|state| state.connected.taken_mut().book(told, now));
        if changed {
            self.dirty.extend(self.world.indexes());
        }
        changed
    }

    /// Weighs an edit of precedence or statuses of which nobody knows yet how much it rewrites. `None`: there is none, or it waits. Else everyone
    /// is marked for a new decision; what is to be written to the records returned is agreed to with the edit.
    pub(in crate::engine) fn edit_goes(&mut self, now: Time) -> Option<Vec<Idx>> {
        // While all is being read anew too few are known to tell.
        let after = self.rules.unweighed().filter(|_| self.rebuilding.is_none())?;
        let (tally, samples) = self.tally_of(&after, now);
        let passed = tally.too_many(|system| self.people_listed(system), after.rules.policy.fills);
        let verdict = self.rules.weigh_edit(passed.map_or(tally.rewritten(), |p| p.count), passed.is_some(), now);
        if let (EditVerdict::Waits, Some(passed)) = (verdict, passed) {
            let before = &self.rules.merging().rules;
            let why = tally.told(|field| field.place(&after, before));
            self.rules.let_edit_wait(passed.count, passed.limit, why, samples);
            self.rules.keep(&mut self.ledger);
            return None;
        }
        self.rules.let_edit_go(self.edit_time(now));
        self.rules_changed();
        Some(if verdict == EditVerdict::WasAgreedTo { tally.places } else { Vec::new() })
    }

    /// What an edit to these rules would write, and a few of its changes.
    fn tally_of(&self, after: &Merging, now: Time) -> (EditTally, Vec<String>) {
        let affected = self.affected_by(after);
        let rules = ComparedRules { before: self.rules.merging(), after, affected: &affected };
        let (mut tally, mut rewritten, mut filled) = (EditTally::default(), Vec::new(), Vec::new());
        if affected.is_none() {
            return (tally, rewritten);
        }
        let people: Vec<PersonIdx> = (0..self.people.len() as PersonIdx).collect();
        for some in people.chunks(FORESEEN_AT_ONCE) {
            let changes = self.foresee(some, rules, now);
            tally.take(&changes, |place| self.world.slot(place).id.system.clone());
            for change in &changes {
                let samples = if change.kind.rewrites() { &mut rewritten } else { &mut filled };
                if samples.len() < SAMPLES {
                    samples.push(sample(&self.world.slot(change.place).id.to_string(), change));
                }
            }
        }
        // What is filled in is told where nothing is rewritten.
        rewritten.extend(filled);
        rewritten.truncate(SAMPLES);
        (tally, rewritten)
    }

    /// A system's records of people, as far as they are written to.
    pub(in crate::engine) fn people_listed(&self, system: &Name) -> usize {
        let stream = self.systems.get(system).and_then(|state| state.connected.abilities().stream.as_ref());
        stream.map_or(0, |stream| self.world.listed(system, stream))
    }

    /// Takes a person's word for an edit of precedence or statuses: how many values, and how far it goes. One that waits goes now, and what it
    /// rewrites with it; one that was only shown goes when it is saved.
    pub(in crate::engine) fn approve_edit(&mut self, plan: &str, now: Time) -> Option<(usize, &'static str)> {
        let waiting = self.rules.waiting_edit().filter(|edit| edit.plan == plan).map(|edit| edit.count);
        let Some(count) = waiting else {
            let count = self.rules.edits_mut().approve_shown(plan)?;
            self.rules.keep(&mut self.ledger);
            return Some((count, "edit"));
        };
        let places = self.tally_of(&Merging::of(self.rules.files().clone()), now).0.places;
        self.rules.let_edit_go(self.edit_time(now));
        self.rules_changed();
        self.reconcile(now);
        self.grant(Op::Update, places);
        Some((count, "plan"))
    }

    /// Lets an edit go that waits: from now on only the files' rules count. Holds that only former rules knew are forgotten.
    pub(crate) fn accept_rules(&mut self, now: Time) {
        let held: Vec<(u32, Vec<(Name, RecordId)>)> = self
            .people
            .iter()
            .enumerate()
            .map(|(i, p)| (i as u32, p.holds.iter().filter(|h| h.by == By::Former).map(|h| (h.hold.clone(), h.cause.clone())).collect()))
            .filter(|(_, holds): &(u32, Vec<_>)| !holds.is_empty())
            .collect();
        for (person, holds) in held {
            for idx in self.people[person as usize].members.clone() {
                let is_former = |h: &Held| holds.iter().any(|(hold, cause)| *hold == h.hold && *cause == h.cause);
                if let Some(rest) = self.held.without(idx, is_former) {
                    self.keep_held(idx, rest);
                }
            }
        }
        self.rules.accept();
        self.journal_counted(now);
        self.rules_changed();
    }

    /// People who are stopped by former rules from something that the files' rules would let through.
    pub fn kept_by_former(&self) -> impl Iterator<Item = u32> + '_ {
        self.people.iter().enumerate().filter(|(_, p)| p.by_former && !p.members.is_empty()).map(|(i, _)| i as u32).filter(|i| *i != NOBODY)
    }

    /// What systems call statuses of rules that count beside the files', or are only tried.
    pub fn learn_words(&mut self, words: Vec<(Name, WordsByStatus)>) {
        for (system, words) in words {
            if let Some(state) = self.systems.get_mut(&system) {
                state.connected.learn_words(words);
            }
        }
    }

    /// A system that is new to this process. It may have been here before, and then it is known which instance it was.
    fn system_met_before(&self, opened: Opened) -> SystemState {
        let mut state = SystemState::new(opened);
        let kept = self.ledger.get(INSTANCE, state.connected.config().name().as_bytes());
        if let Ok(Some(known)) = kept {
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
            if let Some(in_force) = self.rules.rules().system(opened.config.name()) {
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
            state.outbox = Outbox::default();
            // Whatever becomes of a write under way, it is read back if the system comes back.
            state.channel.loses_its_answers();
        }
        self.retired = known;
        self.clocks.keep_only(|name| self.systems.contains_key(name));
        self.hold_again_what_is_read_again();
        let names: Vec<Name> = self.systems.keys().cloned().collect();
        for name in names {
            let streams: Vec<Name> = self.systems[&name].streams.known().map(|(stream, _)| stream.clone()).collect();
            for stream in streams {
                self.keep_stream(&name, &stream);
            }
        }
    }
}
