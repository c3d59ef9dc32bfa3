//! Plays one history: the systems, the daemon, and at every step what must always be true.

mod administrator;
mod broken;
mod life;
mod traffic;
mod troubles;

use super::afflict;
use super::checks::{self, Violation};
use super::dice::Dice;
use super::driver::{Daemon, Proof};
use super::history::{History, Kind, Step};
use super::judges;
use super::known::Known;
use super::precedence::edits::{Orders, Written};
use super::precedence::job::Job;
use super::precedence::pins::Pins;
use super::precedence::spoken;
use super::setup::orders::Order;
use super::setup::{LARGE, Rules, Setup, Setups, Shape};
use super::store::Disk;
use super::truth::against::Reach;
use super::truth::{BlockBy, Table, Truth};
use super::wire::{Switch, Switches, Trouble, Troubles};
use super::world;
use nayose::engine::probe::Probe;
use nayose::model::{RecordId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Histories begin here (2026-01-01) and go on for simulated hours or days.
const BEGIN: Time = Time(1_767_225_600_000);
const TARGETS: [Table; 3] = [Table::MaPeople, Table::NewsPeople, Table::CrmPeople];
/// At most so long lies between two of the changes that were made before the daemon came.
const BEFORE_MS: i64 = 1_800_000;
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
    pub setups: &'s Setups,
    pub shape: Shape,
    /// The rules in the file, and those that an administrator agreed to.
    pub rules: Rules,
    pub agreed: BTreeSet<Rules>,
    pub orders: Orders,
    /// What is written of fields, while somebody counts it.
    pub written: Option<Written>,
    /// When the file was edited last.
    pub rules_edited: Time,
    /// Those that counted alone when they were left last, and when that was.
    left: BTreeMap<Rules, Time>,
    /// What counted beside rules when they were left, and when that was.
    counted: BTreeMap<Rules, (Time, BTreeSet<Rules>)>,
    pub truth: Truth,
    pub pins: Pins,
    job: Job,
    pub troubles: Troubles,
    pub switches: Switches,
    /// Streams that were read whole at least once in this state.
    pub read_once: BTreeSet<String>,
    /// What was proved by whichever process, as far as it was committed; and commits so far.
    pub proved_kept: BTreeMap<String, Proof>,
    commits: u64,
    faults: usize,
    disk: Arc<Disk>,
    pub daemon: Option<Daemon>,
    pub known: Known,
    skew_ms: i64,
    pub runs: usize,
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
    pub instance: u32,
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
        sim.note(|| line.clone());
        for record in line.split_whitespace().map(|word| word.trim_matches([':', ','])).filter(|word| word.contains(":person:")) {
            let told = if sim.trace.is_some() { sim.explained(record) } else { String::new() };
            sim.note(|| told);
        }
        for line in if sim.trace.is_some() { sim.known_and_true() } else { Vec::new() } {
            sim.note(|| line);
        }
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
            orders: Orders::new(history.order),
            written: None,
            rules_edited: Time(0),
            left: BTreeMap::new(),
            counted: BTreeMap::new(),
            truth: Truth::new(BEGIN, history.own_form),
            pins: Pins::default(),
            job: Job::of(history.seed),
            troubles: Table::ALL.into_iter().map(|t| (t.system(), Trouble::default())).collect(),
            switches: Switches::new(&history.switches),
            read_once: BTreeSet::new(),
            proved_kept: BTreeMap::new(),
            commits: 0,
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
        self.setups.of(self.shape, self.rules, self.orders.file)
    }

    pub fn timed_permits(&self) -> bool {
        self.shape.timed_permits
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = (self.truth.now.0 - BEGIN.0) as f64 / 1000.0;
            trace.push(format!("{at:>10.1} s  {}", line()));
        }
    }

    /// The first records, and the first start.
    fn begin(&mut self, mut dice: Dice) -> Result<(), Violation> {
        let on = self.switches.named();
        let (shape, order) = (self.shape, self.orders.file);
        self.note(|| format!("switches on: {on}; {order:?}, {shape:?}"));
        self.truth.spoken = self.shape.spoken;
        if self.shape.spoken {
            spoken::found(&mut self.truth, &mut dice);
        }
        for _ in 0..40 {
            self.truth.now = Time(self.truth.now.0 + dice.range(0, BEFORE_MS));
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
        if self.switches.is_on(Switch::JobCopies) && dice.once_in(2) {
            self.job_runs(dice);
        }
        if self.shape.spoken && dice.once_in(2) {
            let told = spoken::happen(&mut self.truth, dice);
            self.note(|| told.unwrap_or_default());
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
        let Probe { world, targets, recovery, .. } = daemon.engine.probe();
        let ours = |id: &RecordId| match world.find(id) {
            Some(i) => targets.of(i).is_some_and(|t| t.block_ours) && world.record(i).is_blocked(),
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

    fn step(&mut self, step: &Step) -> Result<(), Violation> {
        let mut dice = Dice::new(step.dice);
        self.truth.now = Time(self.truth.now.0 + dice.range(20, 1500));
        match step.kind {
            Kind::World => self.happen(&mut dice),
            Kind::Wait => {
                let again = [Switch::BlockTakenAway, Switch::LabelRenamed, Switch::LabelDeleted, Switch::TitlesGrow, Switch::JobCopies];
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
            Kind::Order => {
                let order = Order::any(self.shape.spoken, &mut dice);
                self.edit_order(order, &mut dice)?;
            }
            Kind::Rules => {
                let rules = *dice.pick(&Rules::ALL).unwrap_or(&Rules::Base);
                self.edit_rules(rules, &mut dice)?;
            }
        }
        Ok(())
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
        self.written = Some(Written::new());
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
        self.writing_stopped()?;
        checks::at_rest(self)?;
        judges::tells_what_is(self)?;
        let mut dice = Dice::new(self.truth.now.0 as u64);
        self.compare_an_edit(&mut dice)
    }
}
