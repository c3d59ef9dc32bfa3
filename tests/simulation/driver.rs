//! The daemon under simulation: the real engine, driven as `daemon/shell.rs` drives it, one request at a time, so that a history can put
//! anything between two of them.

use super::answers::{Answer, Fate, Line, Pager, write};
use super::dice::Dice;
use super::known::Known;
use super::setup::Setup;
use super::store::{Disk, Handle};
use super::truth::{Table, Truth};
use nayose::connector::{Error as SystemError, Outcome, Pass, PassEnd, StreamInfo};
use nayose::engine::deliver::Batch;
use nayose::engine::delivery::Act;
use nayose::engine::engine::Engine;
use nayose::engine::gate::Gate;
use nayose::engine::observe::PassRun;
use nayose::engine::persist;
use nayose::engine::reading::Haste;
use nayose::model::{Entity, Name, RecordId, ShortText, Time};
use nayose::store::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The process died: at a commit, or because its state failed.
#[derive(Debug)]
pub struct Died;

pub type Key = (&'static str, Name);

/// A stream that is being read.
struct Reading {
    todo: VecDeque<Pass>,
    swept: bool,
    /// The second look at a deal that left the list of open ones was taken.
    looked_again: bool,
    now: Option<Current>,
    changed: bool,
}

/// A pass under way.
struct Current {
    run: PassRun,
    pass: Pass,
    pager: Pager,
    table: Table,
    /// Associations of some deals only: proves nothing.
    partial: bool,
    honest: bool,
}

/// A batch on its way, and what becomes of it.
pub struct UnderWay {
    pub batch: Batch,
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
    pub proofs: BTreeMap<String, Proof>,
    streams: Vec<(&'static str, StreamInfo)>,
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
    pub fn start(setup: &Setup, disk: Arc<Disk>, true_now: Time, skew_ms: i64, run: usize) -> Result<Daemon, String> {
        let now = Time(true_now.0 + skew_ms);
        let opened = State::open_on(Box::new(Handle(disk.clone())), setup.info).map_err(|e| e.to_string())?;
        let (state, loaded) = opened;
        let state = state.with_journal(disk.journal.clone());
        let opened = persist::open_on(setup.config.clone(), setup.opened(), now, format!("r_{run}").into(), (state, loaded));
        let mut engine = opened.map_err(|e| e.to_string())?.engine;
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
            proofs: BTreeMap::new(),
            streams,
            skew_ms,
            last: (now, true_now),
            requests: 0,
            read_back: Vec::new(),
        })
    }

    /// policy.toml was edited while we run.
    pub fn take_rules(&mut self, setup: &Setup, world: &World<'_>) -> Result<(), Died> {
        let now = self.now(world.truth);
        self.engine.take_rules(setup.config.clone(), setup.opened(), now);
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
        now
    }

    fn line<'a>(&self, truth: &'a Truth, trouble: &'a super::answers::Trouble, faults: usize) -> Line<'a> {
        Line { truth, trouble, faults, skew_ms: self.last.1.0 - self.last.0.0 }
    }

    pub fn is_reading(&self, key: &Key) -> bool {
        self.reading.contains_key(key)
    }

    /// One request of a stream's reading; begins it if it is at rest.
    pub fn read(&mut self, key: &Key, world: &World<'_>, known: &mut Known, dice: &mut Dice) -> Result<Read, Died> {
        let now = self.now(world.truth);
        let system = Name::from(key.0);
        if !self.reading.contains_key(key) {
            let todo: VecDeque<Pass> = self.engine.passes_due(&system, &key.1, Haste::AsDue, now).into();
            let swept = todo.contains(&Pass::Sweep);
            self.reading.insert(key.clone(), Reading { todo, swept, looked_again: false, now: None, changed: false });
        }
        let Some(mut reading) = self.reading.remove(key) else { return Ok(Read::Over(String::new())) };
        let mut said = String::new();
        if reading.now.is_none() && !self.begin_next(key, &mut reading, world) {
            self.finish(&reading, world)?;
            return Ok(Read::Over("nothing more".into()));
        }
        let Some(mut current) = reading.now.take() else { return Ok(Read::Over(String::new())) };
        let trouble = &world.troubles[key.0];
        let answer = self.line(world.truth, trouble, world.faults).page(current.table, &current.pass, &mut current.pager, dice);
        self.requests += 1;
        // Of open deals and their people nothing is the truth where there are none.
        let is_true = matches!(current.pass, Pass::Open | Pass::ForEach(_)) && !world.truth.some_deal_is_open();
        current.honest &= !trouble.empty.contains(&current.table) || is_true;
        let label = format!("{}.{} {}", key.0, key.1, name_of(&current.pass));
        match answer {
            Answer::Failed(error) => {
                said.push_str(&format!("{label}: {error}"));
                reading.changed |= current.run.changed > 0;
                self.engine.fail(&current.run, &error, now).map_err(|_| Died)?;
                self.finish(&reading, world)?;
                known.settle(&self.disk);
                return Ok(Read::Over(said));
            }
            Answer::More(page) => {
                said.push_str(&format!("{label}: {} rows", page.observed.len()));
                known.observe(&page.observed, current.run.began);
                self.engine.observe(&mut current.run, page, now).map_err(|_| Died)?;
                reading.now = Some(current);
            }
            Answer::Last(page, end) => {
                said.push_str(&format!("{label}: last {} rows{}", page.observed.len(), if end.complete { "" } else { ", incomplete" }));
                known.observe(&page.observed, current.run.began);
                self.engine.observe(&mut current.run, page, now).map_err(|_| Died)?;
                self.end(key, &mut reading, current, &end, world)?;
                if reading.now.is_none() && reading.todo.is_empty() && !self.begin_next(key, &mut reading, world) {
                    self.finish(&reading, world)?;
                    known.settle(&self.disk);
                    return Ok(Read::Over(said));
                }
            }
        }
        known.settle(&self.disk);
        self.reading.insert(key.clone(), reading);
        Ok(Read::Page(said))
    }

    /// The next pass of a stream's turn. False: there is none.
    fn begin_next(&mut self, key: &Key, reading: &mut Reading, world: &World<'_>) -> bool {
        let now = self.now(world.truth);
        let system = Name::from(key.0);
        let mut next = reading.todo.pop_front();
        if next.is_none() && !reading.swept && !reading.looked_again {
            reading.looked_again = true;
            let again = self.engine.passes_due(&system, &key.1, Haste::AsDue, now).contains(&Pass::Sweep);
            next = again.then_some(Pass::Sweep);
        }
        let Some(pass) = next else { return false };
        let run = self.engine.begin(&system, &key.1, pass.clone(), now);
        let table = Table::of(key.0, &key.1).unwrap_or(Table::CrmDeals);
        reading.now = Some(Current { run, pager: Pager::new(&pass), pass, table, partial: false, honest: true });
        true
    }

    fn end(&mut self, key: &Key, reading: &mut Reading, current: Current, end: &PassEnd, world: &World<'_>) -> Result<(), Died> {
        let now = self.now(world.truth);
        let mut run = current.run;
        reading.changed |= run.changed > 0;
        if current.partial {
            return self.engine.commit().map_err(|_| Died);
        }
        let complete = self.engine.end(&run, end, now).map_err(|_| Died)?;
        if complete && current.honest {
            self.prove(key, &current.pass, run.began);
        }
        let failed = self
            .engine
            .systems
            .named(key.0)
            .and_then(|s| s.streams.get(&key.1))
            .is_some_and(|s| s.failures.contains_key(&current.pass.kind()));
        if failed {
            // The shell breaks off a turn whose pass left an error behind.
            reading.todo.clear();
            reading.looked_again = true;
            return Ok(());
        }
        let deals = std::mem::take(&mut run.deals_without_people);
        let associations =
            self.streams.iter().find(|(s, i)| *s == key.0 && i.for_each.as_ref() == Some(&key.1)).map(|(_, i)| i.name.clone());
        if let Some(associations) = associations.filter(|_| !deals.is_empty() && !reading.looked_again) {
            let pass = Pass::ForEach(deals);
            let run = self.engine.begin(&Name::from(key.0), &associations, pass.clone(), now);
            reading.now = Some(Current { run, pager: Pager::new(&pass), pass, table: Table::CrmDeals, partial: true, honest: true });
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
            Pass::FilterTest(_) => false,
        };
        if proves {
            let proof = Proof { at };
            let known = self.proofs.entry(format!("{}.{}", key.0, key.1)).or_insert(proof);
            // A long pass may end after a later one began and ended.
            known.at = known.at.max(proof.at);
            if *pass == Pass::Sweep && key.0 == "crm" && &*key.1 == "deals" {
                let people = self.proofs.entry("crm.deal_people".into()).or_insert(proof);
                people.at = people.at.max(proof.at);
            }
        }
    }

    /// After a stream's turn: decide anew, and let the gate know.
    fn finish(&mut self, reading: &Reading, world: &World<'_>) -> Result<(), Died> {
        self.engine.commit().map_err(|_| Died)?;
        if reading.changed {
            self.reconcile(world)?;
        }
        self.gate.publish(&self.engine);
        Ok(())
    }

    pub fn reconcile(&mut self, world: &World<'_>) -> Result<(), Died> {
        let now = self.now(world.truth);
        self.engine.reconcile(now);
        self.engine.commit().map_err(|_| Died)
    }

    /// Carries out the next act of a delivery, if there is one: a look ends at once, a batch is answered later.
    pub fn send(&mut self, table: Table, world: &World<'_>, dice: &mut Dice) -> Result<Sent, Died> {
        let (system, now) = (Name::from(table.system()), self.now(world.truth));
        let Some(act) = self.engine.next_act(&system, now) else { return Ok(Sent::Nothing) };
        self.requests += 1;
        match act {
            Act::ReadBack(asked) => {
                let trouble = &world.troubles[table.system()];
                let answer = self.line(world.truth, trouble, world.faults).read_back(table, asked.ids(), dice);
                self.engine.book_read_back(&asked, answer.clone(), now).map_err(|_| Died)?;
                let ids = asked.ids().to_vec();
                Ok(match answer {
                    Ok(found) => {
                        self.read_back.extend(ids.iter().map(|id| RecordId::new(system.clone(), Entity::Person, id.clone())));
                        Sent::ReadBack { ids, found }
                    }
                    Err(error) => Sent::NotReadBack(error),
                })
            }
            Act::Write(batch) => {
                self.engine.commit().map_err(|_| Died)?;
                Ok(Sent::Batch(batch))
            }
        }
    }

    /// The batch meets the system; its answer comes later.
    pub fn meet(&mut self, table: Table, batch: Batch, fate: Fate, truth: &mut Truth, dice: &mut Dice) {
        let outcomes = write(truth, table, &batch.ops, fate, dice);
        self.under_way.entry(table.system()).or_default().push(UnderWay { batch, outcomes });
    }

    /// An answer arrives (or its absence is noticed).
    pub fn answer(&mut self, table: Table, at: usize, world: &World<'_>) -> Result<Option<UnderWay>, Died> {
        let now = self.now(world.truth);
        let Some(waiting) = self.under_way.get_mut(table.system()).filter(|w| !w.is_empty()) else { return Ok(None) };
        let mut done = waiting.remove(at % waiting.len());
        self.engine.book(&mut done.batch, &done.outcomes, now).map_err(|_| Died)?;
        self.engine.reconcile(now);
        Ok(Some(done))
    }

    /// The end of a delivery.
    pub fn settle(&mut self, table: Table) -> Result<(), Died> {
        self.engine.keep_guards(&Name::from(table.system()));
        self.engine.commit().map_err(|_| Died)
    }
}

/// What sending came to.
pub enum Sent {
    Nothing,
    Batch(Batch),
    ReadBack { ids: Vec<ShortText>, found: Vec<nayose::model::Record> },
    NotReadBack(SystemError),
}

/// The outer world as the daemon meets it in one step.
pub struct World<'a> {
    pub truth: &'a Truth,
    pub troubles: &'a super::answers::Troubles,
    pub faults: usize,
}

fn name_of(pass: &Pass) -> &'static str {
    match pass {
        Pass::Sweep | Pass::SweepFrom(_) => "sweep",
        Pass::Changes(_) => "changes",
        Pass::Resume { .. } => "feed",
        Pass::Open => "open deals",
        Pass::ForEach(_) => "associations",
        Pass::FilterTest(_) => "test of the filter",
    }
}
