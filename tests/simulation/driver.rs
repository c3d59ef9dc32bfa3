//! The daemon under simulation: the real engine, driven as `daemon/shell.rs` drives it, one request at a time, so that a history can put
//! anything between two of them.

mod deliveries;

pub use deliveries::{Answered, Looked, Sent, UnderWay};

use super::dice::Dice;
use super::known::Known;
use super::setup::Setup;
use super::store::{Disk, Handle};
use super::truth::{Table, Truth};
use super::wire::{Letter, Line, Site, Switches, Troubles};
use deliveries::Look;
use futures::future::BoxFuture;
use nayose::connector::{Error as SystemError, PageRead, PageSink, Pass, PassEnd, StreamInfo};
use nayose::engine::engine::Engine;
use nayose::engine::gate::answer::Gate;
use nayose::engine::open;
use nayose::engine::proofs::pass_run::PassRun;
use nayose::engine::proofs::reading::{Haste, Patience, Step, Turn};
use nayose::model::{Name, RecordId, Time};
use nayose::store::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// So few records may be gone altogether: nobody takes it for a lie.
pub const FEW: usize = 5;

/// The process died: at a commit, or because its state failed.
#[derive(Debug)]
pub struct Died;

pub type Key = (&'static str, Name);

/// A stream that is being read.
struct Reading {
    turn: Turn,
    now: Option<Current>,
}

/// A pass under way.
struct Current {
    run: Box<PassRun>,
    going: BoxFuture<'static, Result<PassEnd, SystemError>>,
    /// What it asked for and was not answered yet, and the pages that it gave.
    letters: Vec<Letter>,
    pages: Pages,
    honest: bool,
}

/// Where a pass puts its pages.
type Pages = Arc<Mutex<VecDeque<PageRead>>>;

/// A proof of this process as the simulation knows it, whatever the engine says.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// True time of the pass's begin, less the system's lag.
    pub at: Time,
}

pub struct Daemon {
    pub engine: Engine,
    pub gate: Gate,
    pub disk: Arc<Disk>,
    reading: BTreeMap<Key, Reading>,
    pub under_way: BTreeMap<&'static str, Vec<UnderWay>>,
    looks: BTreeMap<&'static str, Vec<Look>>,
    pub proofs: BTreeMap<String, Proof>,
    /// The same of passes that were read from their begin by this process.
    pub whole: BTreeMap<String, Time>,
    streams: Vec<(&'static str, StreamInfo)>,
    line: Line,
    /// The daemon's clock minus the true one.
    pub skew_ms: i64,
    /// When it last asked for the time, by its own clock and in truth.
    last: (Time, Time),
    pub requests: u64,
    /// Records that were read back, whether it could be booked or not.
    pub read_back: Vec<RecordId>,
    /// A look before a write was answered: what it showed may concern other systems.
    pub looked_first: bool,
}

/// What a step of reading came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Page(String),
    /// The stream's turn is over.
    Over(String),
}

impl Daemon {
    /// Starts a process on what is on disk.
    pub fn start(setup: &Setup, instance: u32, disk: Arc<Disk>, true_now: Time, skew_ms: i64, run: usize) -> Result<Daemon, String> {
        let now = Time(true_now.0 + skew_ms);
        let opened = State::open_packed(Box::new(Handle(disk.clone())), setup.info).map_err(|e| e.to_string())?;
        let (state, loaded) = opened;
        let state = state.with_journal(disk.journal.clone());
        let opened = open::open_on(setup.config.rules.clone(), setup.opened(instance), now, format!("r_{run}").into(), (state, loaded));
        let mut engine = opened.map_err(|e| e.to_string())?.engine;
        engine.judge_addresses(now).map_err(|e| e.to_string())?;
        engine.reconcile(now);
        engine.commit().map_err(|e| e.to_string())?;
        let gate = Gate::new(&engine);
        let streams = setup.systems.iter().flat_map(|s| {
            let system = Table::ALL.into_iter().map(Table::system).find(|n| **n == **s.config.name()).unwrap_or("");
            s.streams.iter().map(move |i| (system, i.clone()))
        });
        let streams = streams.filter(|(_, i)| i.carried_by.is_none() || i.for_each.is_some()).collect();
        Ok(Daemon {
            engine,
            gate,
            disk,
            reading: BTreeMap::new(),
            under_way: BTreeMap::new(),
            looks: BTreeMap::new(),
            proofs: BTreeMap::new(),
            whole: BTreeMap::new(),
            streams,
            line: Line::new(setup, true_now),
            skew_ms,
            last: (now, true_now),
            requests: 0,
            read_back: Vec::new(),
            looked_first: false,
        })
    }

    /// policy.toml was edited while we run.
    pub fn take_rules(&mut self, setup: &Setup, instance: u32, world: &mut World<'_>) -> Result<(), Died> {
        let now = self.now(world.truth);
        self.engine.take_rules(setup.config.rules.clone(), setup.opened(instance), now);
        self.engine.judge_addresses(now).map_err(|_| Died)?;
        self.gate.publish(&self.engine);
        self.reconcile(world)?;
        self.gate.publish(&self.engine);
        Ok(())
    }

    /// The streams that have passes of their own.
    pub fn keys(&self) -> Vec<Key> {
        self.streams.iter().map(|(s, i)| (*s, i.name.clone())).collect()
    }

    /// The daemon's time, as `cli/open.rs` makes it: it never goes back nor stands still while the process lives.
    pub fn now(&mut self, truth: &Truth) -> Time {
        let (last, at) = self.last;
        let now = Time((last.0 + truth.now.0 - at.0).max(truth.now.0 + self.skew_ms));
        self.last = (now, truth.now);
        self.line.set_time(truth.now, now);
        now
    }

    pub fn is_reading(&self, key: &Key) -> bool {
        self.reading.contains_key(key)
    }

    /// One request of a stream's reading; begins it if it is at rest.
    pub fn read(&mut self, key: &Key, world: &mut World<'_>, known: &mut Known, dice: &mut Dice) -> Result<Read, Died> {
        let now = self.now(world.truth);
        let mut reading = self.reading.remove(key).unwrap_or_else(|| {
            let turn = Turn::new(&self.engine, &Name::from(key.0), &key.1, Haste::AsDue, Patience::Leaves, now);
            Reading { turn, now: None }
        });
        if reading.now.is_none() {
            match reading.turn.next(&mut self.engine, now) {
                Step::Read(run) => reading.now = Some(self.current(key, run)),
                Step::Wait(_) | Step::Over => {
                    self.finish(reading, world)?;
                    known.settle(&self.disk);
                    return Ok(Read::Over(format!("{}.{}: nothing more", key.0, key.1)));
                }
            }
        }
        let Some(mut current) = reading.now.take() else { return Ok(Read::Over(String::new())) };
        let mut said = format!("{}.{} {}:", key.0, current.run.stream, name_of(&current.run.pass));
        world.switches.lied = false;
        let ended = self.line.go_on(key.0, &mut current.going, &mut current.letters, world, dice, &mut self.requests);
        let now = self.now(world.truth);
        // Of open deals and their people nothing is the truth where there are none.
        let is_true = matches!(current.run.pass, Pass::Open | Pass::ForEach(_)) && !world.truth.some_deal_is_open();
        // And of a few records it can be.
        let is_true = is_true || self.engine.probe().world.listed(&current.run.system, &current.run.stream) < FEW;
        current.honest &= !std::mem::take(&mut world.switches.lied) || is_true;
        let pages = std::mem::take(&mut *current.pages.lock().unwrap_or_else(PoisonError::into_inner));
        for page in pages {
            said.push_str(&format!(" {} rows", page.observed.len()));
            if !page.quarantined.is_empty() {
                said.push_str(&format!(", {} kept out", page.quarantined.len()));
            }
            // A stranger's record under a member's id is nobody that is known.
            if &*current.run.stream != "staff" {
                known.observe(&page.observed, current.run.began);
            }
            self.engine.observe(&mut current.run, page, now).map_err(|_| Died)?;
        }
        match ended {
            None => reading.now = Some(current),
            Some(ended) => {
                match &ended {
                    Ok(end) => said.push_str(if end.complete { ", all" } else { ", incomplete" }),
                    Err(error) => said.push_str(&format!(" {error}")),
                }
                self.end(key, &mut reading.turn, current, ended, now)?;
            }
        }
        known.settle(&self.disk);
        self.reading.insert(key.clone(), reading);
        Ok(Read::Page(said))
    }

    /// A pass under way over a stream; nothing is asked for yet.
    fn current(&self, key: &Key, run: Box<PassRun>) -> Current {
        let pages = Pages::default();
        let (connector, stream, asked, kept) = (self.line.connector(key.0), run.stream.clone(), run.pass.clone(), pages.clone());
        let going = Box::pin(async move {
            let sink: PageSink<'_> = Box::new(move |page| {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_back(page);
                Box::pin(futures::future::ready(Ok(())))
            });
            connector.pass(&stream, asked, sink).await
        });
        Current { run, going, letters: Vec::new(), pages, honest: true }
    }

    fn end(&mut self, key: &Key, turn: &mut Turn, current: Current, ended: Result<PassEnd, SystemError>, now: Time) -> Result<(), Died> {
        let (pass, stream, began, follows) =
            (current.run.pass.clone(), current.run.stream.clone(), current.run.began, current.run.follows.is_some());
        let complete = ended.as_ref().is_ok_and(|end| end.complete);
        let usage = self.line.connector(key.0).usage();
        let commits = self.disk.commits();
        let booked = turn.ended(&mut self.engine, *current.run, ended, usage, now).map_err(|_| Died);
        // The commit that kills may have reached the disk.
        if complete && current.honest && !follows && (booked.is_ok() || self.disk.commits() > commits) {
            self.prove(&(key.0, stream), &pass, began);
        }
        booked.map(drop)
    }

    /// Books what a complete and honest pass proves: the simulation's own account, beside the engine's.
    fn prove(&mut self, key: &Key, pass: &Pass, began: Time) {
        let Some((_, info)) = self.streams.iter().find(|(s, i)| *s == key.0 && i.name == key.1) else { return };
        let ahead = self.last.0.0 - self.last.1.0;
        let at = Time(began.0 - info.lag.0 - ahead);
        let proves = match pass {
            Pass::Sweep | Pass::SweepFrom(_) | Pass::Open | Pass::ForEach(_) => true,
            Pass::Changes(_) | Pass::Resume { .. } => info.sound,
            Pass::FilterTest(_) | Pass::ById(_) => false,
        };
        // People are asked for of the deals that are known: that proves no more than the deals' own proof of this process.
        let at = match &info.for_each {
            Some(deals) if proves => self.proofs.get(&format!("{}.{deals}", key.0)).map(|known| known.at.min(at)),
            _ => proves.then_some(at),
        };
        if let Some(at) = at {
            let proof = Proof { at };
            let known = self.proofs.entry(format!("{}.{}", key.0, key.1)).or_insert(proof);
            // A long pass may end after a later one began and ended.
            known.at = known.at.max(proof.at);
            // What a former process read of a sweep is older; and a feed shows what came since it was begun, which may be after a state was lost.
            let stream = format!("{}.{}", key.0, key.1);
            let goes_on = matches!(pass, Pass::Changes(_) | Pass::Resume { .. });
            if !matches!(pass, Pass::SweepFrom(_)) && (!goes_on || self.whole.contains_key(&stream)) {
                let whole = self.whole.entry(stream).or_insert(at);
                *whole = (*whole).max(at);
            }
            if pass.is_sweep() && key.0 == "crm" && &*key.1 == "deals" {
                let people = self.proofs.entry("crm.deal_people".into()).or_insert(proof);
                people.at = people.at.max(proof.at);
            }
        }
    }

    /// After a stream's turn: decide anew, and let the gate know.
    fn finish(&mut self, reading: Reading, world: &mut World<'_>) -> Result<(), Died> {
        self.engine.commit().map_err(|_| Died)?;
        if reading.turn.report().changed > 0 {
            self.reconcile(world)?;
        }
        self.gate.publish(&self.engine);
        Ok(())
    }

    pub fn reconcile(&mut self, world: &mut World<'_>) -> Result<(), Died> {
        let now = self.now(world.truth);
        self.engine.reconcile(now);
        self.engine.commit().map_err(|_| Died)
    }
}

/// The outer world as the daemon meets it in one step.
pub struct World<'a> {
    pub truth: &'a mut Truth,
    pub troubles: &'a Troubles,
    pub switches: &'a mut Switches,
    pub faults: usize,
}

impl World<'_> {
    pub fn site<'s>(&'s mut self, system: &'static str, dice: &'s mut Dice) -> Site<'s> {
        Site { system, truth: &mut *self.truth, trouble: &self.troubles[system], switches: &mut *self.switches, dice, faults: self.faults }
    }
}

fn name_of(pass: &Pass) -> &'static str {
    match pass {
        Pass::Sweep | Pass::SweepFrom(_) => "sweep",
        Pass::Changes(_) => "changes",
        Pass::Resume { .. } => "feed",
        Pass::Open => "open deals",
        Pass::ById(_) => "by id",
        Pass::ForEach(_) => "associations",
        Pass::FilterTest(_) => "test of the filter",
    }
}
