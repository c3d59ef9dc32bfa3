//! The process and its state: started, run, killed, and what it then finds.

use super::{Sim, TARGETS};
use crate::checks::Violation;
use crate::dice::Dice;
use crate::driver::{Daemon, Died, World};
use crate::known::Known;
use crate::truth::Table;
use crate::wire::Switch;
use crate::world;
use nayose::model::{RecordId, Time};
use std::collections::BTreeSet;

/// So many requests no history makes whose passes come to their ends.
const REQUESTS_MAX: u64 = 40_000;

impl Sim<'_> {
    /// Starts the daemon on what is on disk.
    pub(super) fn start(&mut self) -> Result<(), Violation> {
        self.runs += 1;
        let started = Daemon::start(self.setup(), self.instance, self.disk.clone(), self.truth.now, self.skew_ms, self.runs);
        let daemon = started.map_err(|why| Violation::new(5, format!("the state does not open after a kill: {why}")))?;
        // What was under way when it died has no known outcome.
        self.unknown.append(&mut self.under_way);
        self.daemon = Some(daemon);
        self.truth.past.forget();
        if self.clock_was_off {
            // What was to be tried again by a clock that was ahead waits at most from now on.
            TARGETS.into_iter().for_each(|table| self.switches.disturb(table.system(), self.truth.now));
        }
        self.known.settle(&self.disk);
        // What was seen and not committed is forgotten: that ours was taken away, before someone else's came.
        self.blocks_nobody_can_tell_apart(Time(0));
        self.note(|| "the daemon starts".into());
        self.orders_in_force();
        Ok(())
    }

    /// Runs something with the daemon; if it died of it, the next one is started.
    pub fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Daemon, &mut World<'_>, &mut Known) -> Result<T, Died>,
    ) -> Result<Option<T>, Violation> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(None) };
        let before = daemon.requests;
        if self.counts.requests > REQUESTS_MAX {
            return Err(Violation::new(17, format!("{} requests in one history, and no end of it", self.counts.requests)));
        }
        if let Some(what) = self.switches.repeated.take() {
            return Err(Violation::new(17, what));
        }
        let journal = self.disk.journal_bytes();
        if self.switches.is_on(Switch::IdsOverlap) {
            // Of a lost store the journal names some who were not read since.
            let read = self.read_once.contains("news.people");
            let members = self.truth.living(Table::NewsPeople).into_iter().filter(|_| read);
            self.switches.members_known = members.filter(|m| self.known.knows(&Table::NewsPeople.id(*m))).collect();
        }
        let mut world = World { truth: &mut self.truth, troubles: &self.troubles, switches: &mut self.switches, faults: self.faults };
        let done = work(&mut daemon, &mut world, &mut self.known);
        self.counts.requests += daemon.requests - before;
        self.read_once.extend(daemon.proofs.keys().cloned());
        for id in daemon.read_back.drain(..) {
            self.unknown.remove(&id);
            self.unsure.insert(id, self.truth.now);
            self.read_back = true;
        }
        self.read_back |= std::mem::take(&mut daemon.looked_first);
        match done {
            Ok(done) => {
                if self.disk.commits() != self.commits {
                    self.commits = self.disk.commits();
                    self.proved_kept.extend(daemon.proofs.clone());
                    // What was read and not kept is forgotten with the process.
                    for table in [Table::CrmPeople, Table::CrmCompanies, Table::SupportPeople, Table::MaPeople] {
                        if let Some(at) = daemon.whole.get(&format!("{}.{}", table.system(), table.stream())) {
                            self.truth.account.looked(table, *at);
                        }
                    }
                }
                self.daemon = Some(daemon);
                self.known.settle(&self.disk);
                Ok(Some(done))
            }
            Err(Died) => {
                self.daemon = Some(daemon);
                let mut dice = Dice::new(self.truth.now.0 as u64);
                let written = self.disk.journal_bytes();
                if written > journal && dice.once_in(3) {
                    // The journal's last line was being written when the power went.
                    self.disk.tear_journal(journal + dice.below(written - journal));
                }
                self.kill("died at a commit", &mut dice)?;
                Ok(None)
            }
        }
    }

    /// The process is gone; what it had sent may land or not. Another one starts.
    pub fn kill(&mut self, how: &str, dice: &mut Dice) -> Result<(), Violation> {
        self.counts.kills += 1;
        self.disk.live();
        self.daemon = None;
        self.switches.forget_writes(false, self.truth.now);
        self.known.forget(&self.disk, self.truth.now);
        let down = dice.range(0, 120_000);
        self.note(|| format!("{how}; down for {} s", down / 1000));
        self.truth.now = Time(self.truth.now.0 + down);
        self.start()
    }

    /// The process is stopped, and the next one finds the journal without the store.
    pub(super) fn lose_store(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        // Of a write whose outcome is not told yet the journal does not know.
        let awaited = self.daemon.as_ref().is_some_and(|d| d.engine.systems().values().any(|s| s.channel.has_unknown()));
        if awaited || !self.under_way.is_empty() || !self.unknown.is_empty() {
            return self.kill("kill -9", dice);
        }
        let runs = self.runs;
        self.with(|daemon, world, _| daemon.reconcile(world))?;
        if runs != self.runs {
            return Ok(());
        }
        // Where nothing is known any more, an empty list can be the truth.
        self.troubles.values_mut().for_each(|trouble| trouble.empty.clear());
        self.disk.lose_store();
        self.known.lose();
        self.truth.account.forget();
        self.switches.forget_writes(true, self.truth.now);
        self.read_once.clear();
        self.proved_kept.clear();
        self.agreed = BTreeSet::from([self.rules]);
        self.left.clear();
        self.orders.lose();
        self.lifted.clear();
        self.kill("stopped, and its store is lost", dice)
    }

    /// The marketing system's address is edited, while the process is stopped, to another account: strangers under the same ids, some of
    /// whom its marketers hold.
    pub(super) fn other_instance(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        self.kill("stopped for an edit", dice)?;
        self.switches.meet(Switch::AnotherInstance);
        self.switches.forget_leads();
        self.instance += 1;
        self.job.forget();
        self.pins.set_aside(Table::MaPeople);
        // Whatever ailed the other account stays with it.
        if let Some(trouble) = self.troubles.get_mut("ma") {
            trouble.empty.clear();
        }
        self.truth.replace_leads(&world::HUMANS, world::named, dice);
        let theirs = |id: &RecordId| *id.system == *"ma";
        for ids in [&mut self.under_way, &mut self.unknown, &mut self.granted] {
            ids.retain(|id| !theirs(id));
        }
        self.unsure.retain(|id, _| !theirs(id));
        self.lifted.retain(|id, _| !theirs(id));
        self.approved.remove("ma");
        self.sure.remove("ma");
        self.known.set_system_aside("ma", &format!("ma before {}", self.instance));
        self.kill("another account of ma is named", dice)
    }
}
