//! The daemon under simulation: the real engine, driven as `daemon/shell.rs` drives it, one request at a time, so that a history can put
//! anything between two of them.

use super::dice::Dice;
use super::known::Known;
use super::setup::Setup;
use super::store::{Disk, Handle};
use super::truth::{Table, Truth};
use super::wire::{Letter, Line, Site, Switch, Switches, Troubles};
use futures::future::BoxFuture;
use nayose::connector::{Error as SystemError, Lane, Outcome, PageRead, PageSink, Pass, PassEnd, StreamInfo};
use nayose::engine::delivery::acts::{Act, ReadBack};
use nayose::engine::delivery::deliver::Batch;
use nayose::engine::engine::Engine;
use nayose::engine::gate::answer::Gate;
use nayose::engine::open;
use nayose::engine::proofs::pass_run::PassRun;
use nayose::engine::proofs::reading::{Haste, Patience, Step, Turn};
use nayose::model::{Entity, Name, Record, RecordId, ShortText, Time};
use nayose::store::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

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

/// A batch on its way.
pub struct UnderWay {
    pub batch: Batch,
    going: BoxFuture<'static, Vec<Outcome>>,
    letters: Vec<Letter>,
    pub outcomes: Vec<Outcome>,
}

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
    streams: Vec<(&'static str, StreamInfo)>,
    line: Line,
    /// The daemon's clock minus the true one.
    pub skew_ms: i64,
    /// When it last asked for the time, by its own clock and in truth.
    last: (Time, Time),
    pub requests: u64,
    /// Records that were read back, whether it could be booked or not.
    pub read_back: Vec<RecordId>,
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
        let opened = State::open_on(Box::new(Handle(disk.clone())), setup.info).map_err(|e| e.to_string())?;
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
            streams,
            line: Line::new(setup, true_now),
            skew_ms,
            last: (now, true_now),
            requests: 0,
            read_back: Vec::new(),
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
        turn.ended(&mut self.engine, *current.run, ended, usage, now).map_err(|_| Died)?;
        if complete && current.honest && !follows {
            self.prove(&(key.0, stream), &pass, began);
        }
        Ok(())
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
        if proves {
            let proof = Proof { at };
            let known = self.proofs.entry(format!("{}.{}", key.0, key.1)).or_insert(proof);
            // A long pass may end after a later one began and ended.
            known.at = known.at.max(proof.at);
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

    /// Carries out the next act of a delivery, if there is one: a look ends at once, a batch is answered later.
    pub fn send(&mut self, table: Table, world: &mut World<'_>, dice: &mut Dice) -> Result<Sent, Died> {
        let (system, now) = (Name::from(table.system()), self.now(world.truth));
        match self.engine.next_act(&system, now) {
            None => Ok(Sent::Nothing),
            Some(Act::ReadBack(asked)) => {
                let (connector, ids) = (self.line.connector(table.system()), asked.ids().to_vec());
                let going = Box::pin(async move { connector.read_back(&ids, Lane::Protective).await });
                let mut look = Look { asked, going, letters: Vec::new() };
                let done = self.line.leave(table.system(), &mut look.going, &mut look.letters, world, dice, &mut self.requests);
                match done {
                    Some(found) => self.looked(table, &look.asked, found, world).map(Sent::Looked),
                    None => {
                        self.looks.entry(table.system()).or_default().push(look);
                        Ok(Sent::Look)
                    }
                }
            }
            Some(Act::Write(batch)) => {
                self.engine.commit().map_err(|_| Died)?;
                Ok(Sent::Batch(batch))
            }
        }
    }

    /// A look back was answered.
    fn looked(
        &mut self,
        table: Table,
        asked: &ReadBack,
        answer: Result<Vec<Record>, SystemError>,
        world: &mut World<'_>,
    ) -> Result<Looked, Died> {
        let (now, system) = (self.now(world.truth), Name::from(table.system()));
        let commits = self.disk.commits();
        let booked = self.engine.book_read_back(asked, answer.clone(), now);
        // The commit that kills may have reached the disk.
        if answer.is_ok() && (booked.is_ok() || self.disk.commits() > commits) {
            self.read_back.extend(asked.ids().iter().map(|id| RecordId::new(system.clone(), Entity::Person, id.clone())));
        }
        booked.map_err(|_| Died)?;
        Ok(Looked { ids: asked.ids().to_vec(), answer })
    }

    /// The batch leaves. Its first request reaches the system at once or with the next answer; its answers come later.
    pub fn leave(&mut self, table: Table, batch: Batch, world: &mut World<'_>, dice: &mut Dice) {
        let (connector, ops, lane) = (self.line.connector(table.system()), batch.ops.clone(), batch.lane);
        let going = Box::pin(async move { connector.write(&ops, lane).await });
        let mut leaving = UnderWay { batch, going, letters: Vec::new(), outcomes: Vec::new() };
        let done = self.line.leave(table.system(), &mut leaving.going, &mut leaving.letters, world, dice, &mut self.requests);
        leaving.outcomes = done.unwrap_or_default();
        self.under_way.entry(table.system()).or_default().push(leaving);
    }

    /// An answer arrives (or its absence is noticed). `None`: nothing is under way; a batch without outcomes: more is asked for.
    pub fn answer(&mut self, table: Table, at: usize, world: &mut World<'_>, dice: &mut Dice) -> Result<Option<Answered>, Died> {
        let hangs = world.switches.is_on(Switch::LooksHang) && !at.is_multiple_of(8);
        if let Some(looks) = self.looks.get_mut(table.system()).filter(|l| !l.is_empty() && at.is_multiple_of(2) && !hangs) {
            if world.switches.is_on(Switch::LooksHang) {
                world.switches.meet(Switch::LooksHang);
            }
            let mut look = looks.remove(0);
            let done = self.line.go_on(table.system(), &mut look.going, &mut look.letters, world, dice, &mut self.requests);
            return Ok(Some(match done {
                Some(found) => Answered::Looked(self.looked(table, &look.asked, found, world)?),
                None => {
                    looks.push(look);
                    Answered::InPart
                }
            }));
        }
        let Some(waiting) = self.under_way.get_mut(table.system()).filter(|w| !w.is_empty()) else {
            let looks = self.looks.get(table.system()).is_some_and(|l| !l.is_empty());
            return Ok(looks.then_some(Answered::InPart));
        };
        // Each has its turn, also while a look back is on its way.
        let at = (at / 2) % waiting.len();
        let one = &mut waiting[at];
        if one.outcomes.is_empty() {
            let done = self.line.go_on(table.system(), &mut one.going, &mut one.letters, world, dice, &mut self.requests);
            match done {
                None => return Ok(Some(Answered::InPart)),
                Some(outcomes) => one.outcomes = outcomes,
            }
        }
        let mut done = waiting.remove(at);
        let now = self.now(world.truth);
        self.engine.book(&mut done.batch, &done.outcomes, now).map_err(|_| Died)?;
        self.engine.reconcile(now);
        Ok(Some(Answered::Done(done)))
    }

    /// The end of a delivery.
    pub fn settle(&mut self, table: Table) -> Result<(), Died> {
        self.engine.keep_guards(&Name::from(table.system()));
        self.engine.commit().map_err(|_| Died)
    }
}

/// A look back on its way.
struct Look {
    asked: ReadBack,
    going: BoxFuture<'static, Result<Vec<Record>, SystemError>>,
    letters: Vec<Letter>,
}

/// What a look back came to.
pub struct Looked {
    pub ids: Vec<ShortText>,
    pub answer: Result<Vec<Record>, SystemError>,
}

/// What an answer to a batch came to.
pub enum Answered {
    InPart,
    Looked(Looked),
    Done(UnderWay),
}

/// What sending came to.
pub enum Sent {
    Nothing,
    Batch(Batch),
    /// A look back is on its way, or was answered at once.
    Look,
    Looked(Looked),
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
