//! Plays one history: the systems, the daemon, and at every step what must always be true.

use super::afflict;
use super::checks::{self, Violation};
use super::dice::Dice;
use super::driver::{Answered, Daemon, Died, Key, Looked, Read, Sent, World};
use super::history::{History, Kind, Step};
use super::judges;
use super::known::Known;
use super::setup::{LARGE, Rules, Setup, Setups, Shape};
use super::store::Disk;
use super::truth::against::Reach;
use super::truth::{BlockBy, Table, Truth};
use super::wire::{Switch, Switches, Trouble, Troubles};
use super::world;
use nayose::connector::{Lane, Observed, Outcome};
use nayose::decide::ratchet::Kept;
use nayose::model::{RecordId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Histories begin here (2026-01-01) and go on for simulated hours or days.
const BEGIN: Time = Time(1_767_225_600_000);
const TARGETS: [Table; 3] = [Table::MaPeople, Table::NewsPeople, Table::CrmPeople];
/// So many requests no history makes whose passes come to their ends.
const REQUESTS_MAX: u64 = 40_000;
/// So often nothing is asked for where something is read, while a few writes keep all places of a system.
const IN_VAIN_MAX: usize = 1_000;
/// After so many batches in a row that came to nothing a system's others wait, too.
const FAILING_FROM: usize = 2;
/// Rounds that a quiet end may take until nothing more is written.
const QUIET_ROUNDS_MAX: usize = 14;

/// What was played, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub changes: u64,
    pub requests: u64,
    pub writes: u64,
    pub mails_judged: u64,
    pub kills: u64,
    pub other: u64,
}

impl Counts {
    /// Events: changes in the systems, requests and answers, writes to a record, mails judged, kills and administrators' acts.
    pub fn events(&self) -> u64 {
        self.changes + self.requests + self.writes + self.mails_judged + self.kills + self.other
    }

    pub fn add(&mut self, other: &Counts) {
        self.changes += other.changes;
        self.requests += other.requests;
        self.writes += other.writes;
        self.mails_judged += other.mails_judged;
        self.kills += other.kills;
        self.other += other.other;
    }
}

/// A history that broke something.
#[derive(Debug, Clone)]
pub struct Failure {
    pub violation: Violation,
    pub step: usize,
}

pub struct Played {
    pub counts: Counts,
    pub failure: Option<Failure>,
    /// How often each switch of the world was met.
    pub met: BTreeMap<Switch, u64>,
    /// One line a thing that happened; empty unless asked for.
    pub trace: Vec<String>,
}

pub struct Sim<'s> {
    setups: &'s Setups,
    pub shape: Shape,
    /// The rules in the file, and those that an administrator agreed to.
    pub rules: Rules,
    pub agreed: BTreeSet<Rules>,
    /// When the file was edited last.
    pub rules_edited: Time,
    /// Those that counted alone when they were left last, and when that was.
    left: BTreeMap<Rules, Time>,
    pub truth: Truth,
    pub troubles: Troubles,
    pub switches: Switches,
    /// Streams that were read whole at least once in this state.
    pub read_once: BTreeSet<String>,
    faults: usize,
    disk: Arc<Disk>,
    pub daemon: Option<Daemon>,
    pub known: Known,
    skew_ms: i64,
    runs: usize,
    pub counts: Counts,
    trace: Option<Vec<String>>,
    /// Records with a write under way, and those whose last write nobody told the outcome of.
    pub under_way: BTreeSet<RecordId>,
    pub unknown: BTreeSet<RecordId>,
    /// When a record's write failed, or one of unknown outcome was looked after.
    pub unsure: BTreeMap<RecordId, Time>,
    /// Batches in a row that came to nothing, by system.
    failing: BTreeMap<&'static str, usize>,
    /// Systems that an administrator approved, or was about to when the process died; true: all writes.
    pub approved: BTreeMap<&'static str, bool>,
    /// Approvals that were answered.
    pub sure: BTreeSet<&'static str>,
    /// Blocks lifted of late without anybody's word, and the releases that an administrator gave theirs for.
    pub lifted: BTreeMap<RecordId, Time>,
    pub granted: BTreeSet<RecordId>,
    /// Something was read back, and the other systems' deliveries have not looked yet.
    read_back: bool,
    /// Our clock was set wrong at some time of this history.
    pub clock_was_off: bool,
    /// By a month.
    pub clock_was_far: bool,
    /// Counts the accounts of the marketing system that stood behind its name.
    instance: u32,
}

/// Plays a history. With `trace` it also tells it.
pub fn play(setups: &Setups, history: &History, trace: bool) -> Played {
    let mut sim = Sim::new(setups, history, trace);
    let mut failure = None;
    let begin = Dice::new(history.seed ^ 0x5eed);
    for (number, step) in std::iter::once(None).chain(history.steps.iter().map(Some)).enumerate() {
        let played = match step {
            None => sim.begin(begin.clone()),
            Some(step) => sim.step(step),
        };
        if let Err(violation) = played {
            failure = Some(Failure { violation, step: number });
            break;
        }
    }
    if failure.is_none() {
        failure = sim.quiet_end().err().map(|violation| Failure { violation, step: history.steps.len() + 1 });
    }
    if let Some(failure) = &failure {
        let line = format!("VIOLATION {}", failure.violation);
        sim.note(|| line);
    }
    Played { counts: sim.counts, failure, met: sim.switches.met, trace: sim.trace.unwrap_or_default() }
}

impl<'s> Sim<'s> {
    fn new(setups: &'s Setups, history: &History, trace: bool) -> Sim<'s> {
        Sim {
            setups,
            shape: history.shape(),
            rules: Rules::Base,
            agreed: BTreeSet::from([Rules::Base]),
            rules_edited: Time(0),
            left: BTreeMap::new(),
            truth: Truth::new(BEGIN, history.own_form),
            troubles: Table::ALL.into_iter().map(|t| (t.system(), Trouble::default())).collect(),
            switches: Switches::new(&history.switches),
            read_once: BTreeSet::new(),
            faults: history.faults,
            disk: Disk::new(),
            daemon: None,
            known: Known::new(history.shape().large.then_some(LARGE)),
            skew_ms: 0,
            runs: 0,
            counts: Counts::default(),
            trace: trace.then(Vec::new),
            under_way: BTreeSet::new(),
            unknown: BTreeSet::new(),
            unsure: BTreeMap::new(),
            failing: BTreeMap::new(),
            approved: BTreeMap::new(),
            sure: BTreeSet::new(),
            lifted: BTreeMap::new(),
            granted: BTreeSet::new(),
            read_back: false,
            clock_was_off: false,
            clock_was_far: false,
            instance: 0,
        }
    }

    pub fn setup(&self) -> &'s Setup {
        self.setups.of(self.shape, self.rules)
    }

    pub fn timed_permits(&self) -> bool {
        self.shape.timed_permits
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = (self.truth.now.0 - BEGIN.0) as f64 / 1000.0;
            trace.push(format!("{at:>10.1} s  {}", line()));
        }
    }

    /// The first records, and the first start.
    fn begin(&mut self, mut dice: Dice) -> Result<(), Violation> {
        let on = self.switches.named();
        self.note(|| format!("switches on: {on}"));
        for _ in 0..40 {
            self.happen(&mut dice);
        }
        self.truth.now = Time(self.truth.now.0 + 2 * 3_600_000);
        self.start()
    }

    fn happen(&mut self, dice: &mut Dice) {
        let afflicted = afflict::happen(&mut self.truth, &mut self.switches, dice);
        if let Some(what) = afflicted {
            self.note(|| what);
        }
        let what = world::happen(&mut self.truth, dice);
        self.blocks_nobody_can_tell_apart(self.truth.now);
        self.counts.changes += 1;
        self.note(|| what);
    }

    /// Whose a block is that appears while our own write of one has no known outcome, or in the place of one of ours between two looks
    /// (or one that only the journal knows, since the store was lost), nobody can tell.
    fn blocks_nobody_can_tell_apart(&mut self, since: Time) {
        let Some(daemon) = &self.daemon else { return };
        let (world, recovery) = (&daemon.engine.world, &daemon.engine.recovery);
        let ours = |id: &RecordId| match world.find(id) {
            Some(i) => world.slot(i).target.as_ref().is_some_and(|t| t.block_ours) && world.record(i).is_blocked(),
            None => recovery.get(id).is_some_and(|block| block.is_ours()),
        };
        for number in self.truth.living(Table::MaPeople) {
            let id = Table::MaPeople.id(number);
            let unclear = self.under_way.contains(&id) || self.unknown.contains(&id) || ours(&id);
            if let Some(item) = self.truth.item_mut(Table::MaPeople, number)
                && item.block_by == BlockBy::Marketer
                && unclear
                && item.touched >= since
            {
                item.block_by = BlockBy::Unclear;
            }
        }
    }

    /// Starts the daemon on what is on disk.
    fn start(&mut self) -> Result<(), Violation> {
        self.runs += 1;
        let started = Daemon::start(self.setup(), self.instance, self.disk.clone(), self.truth.now, self.skew_ms, self.runs);
        let daemon = started.map_err(|why| Violation::new(5, format!("the state does not open after a kill: {why}")))?;
        // What was under way when it died has no known outcome.
        self.unknown.append(&mut self.under_way);
        self.daemon = Some(daemon);
        if self.clock_was_off {
            // What was to be tried again by a clock that was ahead waits at most from now on.
            TARGETS.into_iter().for_each(|table| self.switches.disturb(table.system(), self.truth.now));
        }
        self.known.settle(&self.disk);
        // What was seen and not committed is forgotten: that ours was taken away, before someone else's came.
        self.blocks_nobody_can_tell_apart(Time(0));
        self.note(|| "the daemon starts".into());
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Violation> {
        let mut dice = Dice::new(step.dice);
        self.truth.now = Time(self.truth.now.0 + dice.range(20, 1500));
        match step.kind {
            Kind::World => self.happen(&mut dice),
            Kind::Wait => {
                let again = [Switch::BlockTakenAway, Switch::LabelRenamed, Switch::LabelDeleted];
                if again.iter().any(|s| self.switches.is_on(*s)) && dice.once_in(2) {
                    return self.minute_by_minute(dice.clone());
                }
                let ms = *dice.pick(&[5_000, 60_000, 60_000, 600_000, 1_200_000, 5_400_000]).unwrap_or(&5_000);
                if judges::was_just_edited(self) {
                    // Nothing is sent meanwhile.
                    self.rules_edited = Time(self.rules_edited.0 + ms);
                }
                self.truth.now = Time(self.truth.now.0 + ms);
                self.note(|| format!("{} s pass", ms / 1000));
                self.decide_by_the_clock()?;
            }
            Kind::Read => self.read_some(&mut dice)?,
            Kind::Send => {
                let table = *dice.pick(&TARGETS).unwrap_or(&Table::MaPeople);
                self.send(table, &mut dice)?;
                self.with(|daemon, _, _| daemon.settle(table))?;
            }
            Kind::Answer => {
                let table = *dice.pick(&TARGETS).unwrap_or(&Table::MaPeople);
                self.answer(table, &mut dice)?;
            }
            Kind::Mail => judges::mail(self)?,
            Kind::Round => self.round(&mut dice)?,
            Kind::Admin => self.admin(&mut dice, false)?,
            Kind::Kill if self.switches.is_on(Switch::AnotherInstance) && dice.once_in(2) => self.other_instance(&mut dice)?,
            Kind::Kill if dice.once_in(4) => self.lose_store(&mut dice)?,
            Kind::Kill => self.kill("kill -9", &mut dice)?,
            Kind::KillAtCommit => {
                self.disk.die_after(dice.below(4) as u32, dice.once_in(2));
                self.note(|| "a kill at one of the next commits".into());
            }
            Kind::Trouble => self.trouble(&mut dice),
            Kind::Mend => self.mend(),
            Kind::Clock => {
                let jumps = [0, 0, 90_000, -90_000, 1_800_000, -1_800_000, 31 * 86_400_000];
                // A permit that is given at the moment of such a jump would last as long: nobody can know that before the next answer.
                let far = usize::from(!self.shape.timed_permits);
                self.skew_ms = *dice.pick(&jumps[..6 + far]).unwrap_or(&0);
                let skew = self.skew_ms;
                self.clock_was_off |= skew != 0;
                self.clock_was_far |= skew > 1_800_000;
                if let Some(daemon) = &mut self.daemon {
                    daemon.skew_ms = skew;
                }
                self.counts.other += 1;
                self.note(|| format!("our clock jumps to {} s off", skew / 1000));
            }
            Kind::Rules => {
                let rules = *dice.pick(&Rules::ALL).unwrap_or(&Rules::Base);
                self.edit_rules(rules, &mut dice)?;
            }
        }
        Ok(())
    }

    /// Runs something with the daemon; if it died of it, the next one is started.
    fn with<T>(&mut self, work: impl FnOnce(&mut Daemon, &mut World<'_>, &mut Known) -> Result<T, Died>) -> Result<Option<T>, Violation> {
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
        match done {
            Ok(done) => {
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
    fn kill(&mut self, how: &str, dice: &mut Dice) -> Result<(), Violation> {
        self.counts.kills += 1;
        self.disk.live();
        self.daemon = None;
        self.known.forget(&self.disk);
        let down = dice.range(0, 120_000);
        self.note(|| format!("{how}; down for {} s", down / 1000));
        self.truth.now = Time(self.truth.now.0 + down);
        self.start()
    }

    /// The process is stopped, and the next one finds the journal without the store.
    fn lose_store(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        // Of a write whose outcome is not told yet the journal does not know.
        let awaited = self.daemon.as_ref().is_some_and(|d| d.engine.systems.values().any(|s| s.channel.has_unknown()));
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
        self.read_once.clear();
        self.agreed = BTreeSet::from([self.rules]);
        self.left.clear();
        self.lifted.clear();
        self.kill("stopped, and its store is lost", dice)
    }

    /// The marketing system's address is edited, while the process is stopped, to another account: strangers under the same ids, some of
    /// whom its marketers hold.
    fn other_instance(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        self.kill("stopped for an edit", dice)?;
        self.switches.meet(Switch::AnotherInstance);
        self.instance += 1;
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

    fn read_some(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        let Some(keys) = self.daemon.as_ref().map(Daemon::keys) else { return Ok(()) };
        // Streams that were begun go on sooner than new ones begin.
        let begun: Vec<&Key> = keys.iter().filter(|k| self.daemon.as_ref().is_some_and(|d| d.is_reading(k))).collect();
        let key = if !begun.is_empty() && !dice.once_in(3) { dice.pick(&begun).copied() } else { dice.pick(&keys) };
        let Some(key) = key.cloned() else { return Ok(()) };
        self.read(&key, dice).map(|_| ())
    }

    /// One request of a stream. True: its turn is over (or the daemon died of it).
    fn read(&mut self, key: &Key, dice: &mut Dice) -> Result<bool, Violation> {
        let read = self.with(|daemon, world, known| daemon.read(key, world, known, dice))?;
        Ok(match read {
            Some(Read::Page(said)) => {
                self.note(|| said);
                false
            }
            Some(Read::Over(said)) => {
                self.note(|| said);
                true
            }
            None => true,
        })
    }

    /// One batch goes out, and meets its fate on the way. False: nothing did.
    fn send(&mut self, table: Table, dice: &mut Dice) -> Result<bool, Violation> {
        let planned = self.plan_ids(table, dice);
        let sent = self.with(|daemon, world, _| daemon.send(table, world, dice))?;
        match sent {
            None | Some(Sent::Nothing) => Ok(false),
            Some(Sent::Look) => Ok(true),
            Some(Sent::Looked(looked)) => {
                self.looked(table, looked);
                Ok(true)
            }
            Some(Sent::Batch(batch)) => {
                self.counts.writes += batch.ops.len() as u64;
                let told = |b: &nayose::engine::delivery::deliver::Batch| {
                    b.ops.iter().map(|o| format!("{} {:?}", o.record, o.change)).collect::<Vec<_>>().join("; ")
                };
                let line = format!("{} {:?}: {}", table.system(), batch.lane, told(&batch));
                self.note(|| line);
                checks::writes(self, table, &batch, planned.as_ref())?;
                for op in &batch.ops {
                    self.under_way.insert(op.record.clone());
                }
                self.with(|daemon, world, _| {
                    daemon.leave(table, batch, world, dice);
                    Ok(())
                })?;
                Ok(true)
            }
        }
    }

    /// A look back came to something. It is as good as any other look.
    fn looked(&mut self, table: Table, looked: Looked) {
        let system = table.system();
        match looked.answer {
            Err(error) => self.note(|| format!("{system}: read back: {error}")),
            Ok(found) => {
                let observed = |r| Observed::Record { record: Box::new(r), people_told: false, accounts_told: false };
                let rows: Vec<Observed> = found.into_iter().map(observed).collect();
                let now = self.truth.now;
                self.known.observe(&rows, Time(now.0 + self.skew_ms + 1));
                self.known.settle(&self.disk);
                self.note(|| format!("{system}: read back {}", looked.ids.join(", ")));
            }
        }
    }

    /// What the plan says of a system just before something is sent to it.
    fn plan_ids(&mut self, table: Table, dice: &mut Dice) -> Option<BTreeSet<(String, String)>> {
        if !dice.once_in(6) {
            return None;
        }
        let (daemon, truth) = (self.daemon.as_mut()?, &self.truth);
        let now = daemon.now(truth);
        let plan = daemon.engine.plan(None, now);
        Some(plan.writes.into_iter().filter(|w| *w.system == *table.system()).map(|w| (w.id, w.op)).collect())
    }

    fn answer(&mut self, table: Table, dice: &mut Dice) -> Result<bool, Violation> {
        let at = dice.below(5_040);
        let answered = self.with(|daemon, world, _| daemon.answer(table, at, world, dice))?.flatten();
        let done = match answered {
            None => return Ok(false),
            Some(Answered::InPart) => return Ok(true),
            Some(Answered::Looked(looked)) => {
                self.looked(table, looked);
                return Ok(true);
            }
            Some(Answered::Done(done)) => done,
        };
        checks::booked(self, &done)?;
        let now = self.daemon.as_mut().map(|d| d.now(&self.truth)).unwrap_or(self.truth.now);
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::NotSent(_) | Outcome::Unknown(_));
        let in_a_row = self.failing.entry(table.system()).or_default();
        *in_a_row = if done.outcomes.iter().any(failed) { *in_a_row + 1 } else { 0 };
        let asks_to_wait = |outcome: &Outcome| matches!(outcome, Outcome::Later { .. });
        if *in_a_row >= FAILING_FROM || done.outcomes.iter().any(asks_to_wait) {
            // Everything to that system waits.
            self.switches.disturb(table.system(), self.truth.now);
        }
        for (op, _) in done.batch.ops.iter().zip(&done.outcomes).filter(|(_, o)| failed(o)) {
            // It waits from when that is learnt.
            self.unsure.insert(op.record.clone(), self.truth.now);
        }
        for (op, outcome) in done.batch.ops.iter().zip(&done.outcomes) {
            self.under_way.remove(&op.record);
            match outcome {
                Outcome::Applied => self.known.acknowledged(&op.record, now),
                Outcome::Unknown(_) => {
                    self.unknown.insert(op.record.clone());
                }
                _ => {}
            }
        }
        let line = done.outcomes.iter().map(|o| format!("{o:?}")).collect::<Vec<_>>().join(", ");
        self.note(|| format!("{} answers: {line}", table.system()));
        if matches!(done.batch.lane, Lane::Release) && done.batch.ops.iter().any(|o| o.change.block == Some(false)) {
            self.note(|| "a release went out".into());
        }
        Ok(true)
    }

    fn decide_by_the_clock(&mut self) -> Result<(), Violation> {
        self.with(|daemon, world, _| {
            let now = daemon.now(world.truth);
            if daemon.engine.time_is_due(now) { daemon.reconcile(world) } else { Ok(()) }
        })?;
        Ok(())
    }

    /// A quarter of an hour in which everything is read and sent each minute, as a daemon does.
    fn minute_by_minute(&mut self, mut dice: Dice) -> Result<(), Violation> {
        for _ in 0..15 {
            self.truth.now = Time(self.truth.now.0 + 60_000);
            self.decide_by_the_clock()?;
            self.round(&mut dice)?;
        }
        Ok(())
    }

    /// Reads all streams to their ends, in any order, and sends until nothing is due.
    fn round(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        let Some(mut keys) = self.daemon.as_ref().map(Daemon::keys) else { return Ok(()) };
        let (mut requests, mut in_vain) = (self.counts.requests, 0);
        while !keys.is_empty() {
            let at = dice.below(keys.len());
            in_vain = if requests == self.counts.requests { in_vain + 1 } else { 0 };
            requests = self.counts.requests;
            if in_vain > IN_VAIN_MAX {
                return Err(Violation::new(17, format!("{}.{} is read, and nothing is asked for any more", keys[at].0, keys[at].1)));
            }
            self.truth.now = Time(self.truth.now.0 + dice.range(5, 200));
            if self.read(&keys[at], dice)? {
                keys.remove(at);
                continue;
            }
            // A write that is not answered keeps one of the system's few places.
            let table = TARGETS.into_iter().find(|t| t.system() == keys[at].0);
            if let Some(table) = table.filter(|_| dice.once_in(3)) {
                self.answer(table, dice)?;
            }
        }
        self.with(|daemon, world, _| daemon.reconcile(world))?;
        let runs = self.runs;
        // What a read-back of one system shows may concern another: it wakes all deliveries.
        self.read_back = true;
        while std::mem::take(&mut self.read_back) {
            for table in TARGETS {
                self.deliver(table, dice)?;
            }
        }
        if runs == self.runs {
            checks::after_delivery(self)?;
        }
        Ok(())
    }

    /// Sends to one system until nothing is due; the answers come in any order.
    fn deliver(&mut self, table: Table, dice: &mut Dice) -> Result<(), Violation> {
        for _ in 0..60 {
            self.truth.now = Time(self.truth.now.0 + dice.range(5, 100));
            let sent = self.send(table, dice)?;
            let more = if !sent || dice.once_in(2) { self.answer(table, dice)? } else { true };
            if !sent && !more {
                break;
            }
        }
        self.with(|daemon, _, _| daemon.settle(table))?;
        Ok(())
    }

    /// An administrator looks: first contact, and plans that wait. They let a hold go only after a look into the CRM.
    pub fn admin(&mut self, dice: &mut Dice, everything: bool) -> Result<(), Violation> {
        self.counts.other += 1;
        for table in TARGETS {
            if !everything && !dice.once_in(3) {
                continue;
            }
            let holds = !everything && dice.once_in(2);
            let system = table.system();
            // Who dies while an approval is noted may have noted it.
            *self.approved.entry(system).or_default() |= !holds;
            let due = self.releases_due();
            let done = self.with(|daemon, world, _| {
                let now = daemon.now(world.truth);
                match daemon.engine.approve(system, holds, now) {
                    Err(nayose::engine::answers::approve::ApprovalRefused::State(_)) => Err(Died),
                    other => Ok(other.is_ok()),
                }
            })?;
            if done == Some(true) {
                self.sure.insert(system);
                self.note(|| format!("approve {system}{}", if holds { " --holds" } else { "" }));
            }
            self.grant(done, due);
        }
        self.approve_plans(dice, everything)
    }

    fn approve_plans(&mut self, dice: &mut Dice, everything: bool) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else { return Ok(()) };
        // With the people whose holds end by it.
        let mut plans: Vec<(String, Vec<RecordId>)> = Vec::new();
        let mut let_go: Vec<(RecordId, Kept, Vec<RecordId>)> = Vec::new();
        for group in daemon.engine.kept_groups() {
            let members = |person: u32| {
                daemon.engine.people[person as usize].members.iter().map(|i| daemon.engine.world.slot(*i).id.clone()).collect::<Vec<_>>()
            };
            let fine = group.holds.iter().all(|h| self.is_over(&h.hold.cause, group.kept, &members(h.person)));
            if fine && (everything || dice.once_in(2)) {
                plans.push((group.plan.clone(), group.holds.iter().flat_map(|h| members(h.person)).collect()));
                let_go.extend(group.holds.iter().map(|h| (h.hold.cause.clone(), group.kept, members(h.person))));
            }
        }
        for waiting in daemon.engine.waiting() {
            if waiting.kind != "absence" && (everything || dice.once_in(3)) {
                plans.push((waiting.plan, Vec::new()));
            }
        }
        for (plan, mut concerned) in plans {
            concerned.extend(self.releases_due());
            let of_rules = self.daemon.as_ref().and_then(|d| d.engine.rules.plan()).is_some_and(|id| id == plan);
            if of_rules {
                // Whom the edit lets go is known only once it counts.
                concerned.extend(TARGETS.into_iter().flat_map(|t| self.truth.living(t).into_iter().map(move |n| t.id(n))));
            }
            let done = self.with(|daemon, world, _| {
                let now = daemon.now(world.truth);
                match daemon.engine.approve(&plan, false, now) {
                    Err(nayose::engine::answers::approve::ApprovalRefused::State(_)) => Err(Died),
                    other => Ok(other.is_ok()),
                }
            })?;
            if done == Some(true) {
                self.note(|| format!("approve {plan}"));
                self.rules_in_force();
            } else if done.is_none() && of_rules {
                // Whoever dies while they agree to an edit may have agreed.
                self.rules_in_force();
            }
            self.grant(done, concerned);
        }
        for (cause, kept, people) in let_go {
            match kept {
                Kept::CauseGone => self.known.let_go(&cause),
                Kept::LinkLost => self.known.unlink(&cause, &people),
                _ => {}
            }
        }
        Ok(())
    }

    /// What is due when an administrator has approved need not be few; who dies meanwhile may have approved what was `before`.
    fn grant(&mut self, done: Option<bool>, before: Vec<RecordId>) {
        match done {
            Some(true) => self.granted.extend(self.releases_due()),
            Some(false) => {}
            None => self.granted.extend(before),
        }
    }

    fn releases_due(&self) -> Vec<RecordId> {
        let Some(daemon) = &self.daemon else { return Vec::new() };
        let due = daemon.engine.systems.values().flat_map(|s| s.outbox.iter()).filter(|(_, l)| l.release);
        due.map(|(idx, _)| daemon.engine.world.slot(*idx).id.clone()).collect()
    }

    /// Whether a look into the systems says that a kept hold has nothing behind it any more.
    fn is_over(&self, cause: &RecordId, kept: Kept, people: &[RecordId]) -> bool {
        let Some(item) = self.truth.find(cause).filter(|i| !i.deleted()) else { return kept == Kept::CauseGone };
        let record = item.record();
        let over = record.deal.is_some_and(|d| !d.is_open()) || record.ticket.is_some_and(|t| !t.is_open());
        match kept {
            Kept::LinkLost => {
                let named = people.iter().any(|p| p.system == cause.system && record.people.contains(&p.id));
                over || !named
            }
            Kept::RuleRemoved | Kept::RuleNotMet => true,
            _ => false,
        }
    }

    fn trouble(&mut self, dice: &mut Dice) {
        self.counts.other += 1;
        let table = *dice.pick(&Table::ALL).unwrap_or(&Table::CrmDeals);
        let known = self.daemon.as_ref().map_or(0, |d| d.engine.world.listed(&table.system().into(), &table.stream().into()));
        let reading = self.daemon.as_ref().is_some_and(|d| d.keys().iter().any(|k| k.0 == table.system() && d.is_reading(k)));
        let Some(trouble) = self.troubles.get_mut(table.system()) else { return };
        let what = match dice.below(4) {
            0 => {
                trouble.down = true;
                "is down"
            }
            1 => {
                trouble.no_scope.insert(table);
                "lost a scope"
            }
            // Of a few records an empty list can be the truth; and a list that ends in its middle looks like a whole one.
            // So does an export of changes that has nothing new.
            2 if known >= 5 && !reading && table.system() != "support" => {
                trouble.empty.insert(table);
                "lists nothing any more"
            }
            _ => {
                trouble.no_filter = true;
                "ignores the filter for changes"
            }
        };
        self.note(|| format!("{}.{} {what}", table.system(), table.stream()));
    }

    fn mend(&mut self) {
        for (system, trouble) in &mut self.troubles {
            // What came to nothing waits a little longer.
            if trouble.down || !trouble.no_scope.is_empty() {
                self.switches.disturb(system, self.truth.now);
            }
            *trouble = Trouble::default();
        }
        self.note(|| "all systems are well again".into());
    }

    /// policy.toml is edited; the daemon reads it.
    fn edit_rules(&mut self, rules: Rules, dice: &mut Dice) -> Result<(), Violation> {
        let before = self.left.get(&rules).copied();
        if self.rules != rules {
            self.rules_edited = self.truth.now;
            // Where others counted beside them, they come back with them, and somebody is asked.
            self.left.remove(&self.rules);
            if self.agreed.len() == 1 {
                self.left.insert(self.rules, self.truth.now);
            }
        }
        self.rules = rules;
        self.agreed.insert(rules);
        self.note(|| format!("policy.toml is now {rules:?}"));
        self.counts.other += 1;
        if dice.once_in(2) {
            self.kill("restart for the new rules", dice)?;
        } else {
            let setup = self.setup();
            let instance = self.instance;
            self.with(|daemon, world, _| daemon.take_rules(setup, instance, world))?;
        }
        if !self.are_as_before(before) {
            checks::edited(self)?;
        }
        self.rules_in_force();
        Ok(())
    }

    /// Rules that are as they were ten minutes ago were never edited, however many others counted in between.
    fn are_as_before(&self, left: Option<Time>) -> bool {
        left.is_some_and(|at| self.truth.now.0 - at.0 < 11 * 60_000)
    }

    /// Former rules count until an edit that widens is approved; one that does not widen counts alone at once.
    fn rules_in_force(&mut self) {
        if self.daemon.as_ref().is_some_and(|d| d.engine.rules.plan().is_none()) {
            self.agreed = BTreeSet::from([self.rules]);
        }
    }

    /// Whom deals and tickets reach under the rules that count.
    pub fn reach(&self) -> Reach {
        let amount = self.shape.large.then_some(LARGE);
        Reach { accounts: self.agreed.iter().any(|r| r.accounts()), tickets: self.with_tickets(), amount }
    }

    pub fn with_tickets(&self) -> bool {
        self.agreed.iter().any(|r| r.tickets())
    }

    /// Nothing happens any more, all systems are well, an administrator approves: it must come to rest, and rest in the right state.
    fn quiet_end(&mut self) -> Result<(), Violation> {
        self.mend();
        self.switches.awake = false;
        self.faults = 0;
        self.skew_ms = 0;
        self.disk.live();
        let mut dice = Dice::new(7);
        // A clock that was ahead stays ahead until the process starts anew.
        self.kill("restart with the right clock", &mut dice)?;
        let mut quiet = 0;
        for round in 0..QUIET_ROUNDS_MAX {
            let before = self.counts.writes;
            // Beyond every cool-down, sweep and retry.
            self.truth.now = Time(self.truth.now.0 + if round < 8 { 26 * 3_600_000 } else { 1_200_000 });
            self.decide_by_the_clock()?;
            self.round(&mut dice)?;
            self.admin(&mut dice, true)?;
            self.truth.now = Time(self.truth.now.0 + 61_000);
            self.round(&mut dice)?;
            judges::mail(self)?;
            quiet = if self.counts.writes == before { quiet + 1 } else { 0 };
            if quiet == 2 && round >= 4 {
                break;
            }
        }
        // Permits are renewed for ever; nothing else may be.
        checks::at_rest(self)?;
        judges::tells_what_is(self)
    }
}
