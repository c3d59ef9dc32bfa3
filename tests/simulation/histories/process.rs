//! The daemon under play: the real engine over the real connectors, one request at a time, as `daemon/shell.rs` drives them.

use super::outer::{Outer, Place};
use super::setup::Cast;
use super::site::{self, Answer, Delivered};
use super::traffic::Traffic;
use crate::dice::Dice;
use crate::store::{Disk, Handle};
use crate::wire::{Letter, Post};
use futures::future::BoxFuture;
use nayose::connector::network::Network;
use nayose::connector::{Clock, Connector, Error as SystemError, Lane, Outcome, PageRead, PageSink, PassEnd, RestConnector, StreamInfo};
use nayose::engine::delivery::acts::Act;
use nayose::engine::delivery::deliver::Batch;
use nayose::engine::engine::Engine;
use nayose::engine::gate::answer::Gate;
use nayose::engine::open;
use nayose::engine::proofs::pass_run::PassRun;
use nayose::engine::proofs::reading::{Haste, Patience, Step, Turn};
use nayose::model::{Name, Time};
use nayose::store::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// So often nothing is asked for, while a few writes keep all places of a system.
const IN_VAIN_MAX: usize = 1_000;
/// Acts of one delivery that come to an end.
const ACTS_MAX: usize = 80;
/// The process dies between an answer and its booking once in so many batches.
const DIES_UNBOOKED: usize = 60;

/// The process died.
#[derive(Debug)]
pub struct Died;

/// A stream that is read by itself.
pub type Key = (&'static str, Name);

/// What surrounds the process while something is done.
pub struct Around<'a> {
    pub outer: &'a mut Outer,
    pub traffic: &'a mut Traffic,
    pub dice: &'a mut Dice,
}

struct Line {
    post: Arc<Post>,
    connector: Arc<RestConnector>,
}

/// A batch that was carried out, and is answered later.
struct Late {
    system: &'static str,
    batch: Batch,
    going: BoxFuture<'static, Vec<Outcome>>,
    answers: Vec<(u64, Answer)>,
    written: Vec<Place>,
    number: u64,
}

/// How far something went.
enum Driven<T> {
    Done(T),
    Late(Vec<(u64, Answer)>, Vec<Place>),
}

pub struct Process {
    pub engine: Engine,
    pub gate: Gate,
    streams: Vec<(&'static str, StreamInfo)>,
    lines: BTreeMap<&'static str, Line>,
    /// True time, which pauses move.
    now: Arc<AtomicI64>,
    late: Vec<Late>,
}

impl Process {
    /// Starts on what is on disk.
    pub fn start(cast: &Cast, outer: &Outer, disk: &Arc<Disk>, run: usize) -> Result<Process, String> {
        let opened = State::open_packed(Box::new(Handle(disk.clone())), cast.info).map_err(|e| e.to_string())?;
        let (state, loaded) = opened;
        let state = state.with_journal(disk.journal.clone());
        let opened = open::open_on(cast.rules.clone(), cast.opened(), outer.now, format!("r_{run}").into(), (state, loaded));
        let mut engine = opened.map_err(|e| e.to_string())?.engine;
        engine.judge_addresses(outer.now).map_err(|e| e.to_string())?;
        engine.reconcile(outer.now);
        engine.commit().map_err(|e| e.to_string())?;
        let gate = Gate::new(&engine);
        let streams = cast.parts.iter().flat_map(|part| part.opened.streams.iter().map(|info| (part.name, info.clone())));
        let streams = streams.filter(|(_, info)| info.carried_by.is_none() || info.for_each.is_some()).collect();
        let now = Arc::new(AtomicI64::new(outer.now.0));
        let lines = outer.fakes.iter().map(|(name, fake)| {
            let post = Arc::new(Post::new(now.clone()));
            let clock: Clock = {
                let now = now.clone();
                Arc::new(move || Time(now.load(Ordering::Relaxed)))
            };
            let connector = RestConnector::over(post.wire(), &Network::default(), &fake.manifest, &fake.settings, clock);
            let connector = Arc::new(connector.unwrap_or_else(|why| panic!("{name}: {why:?}")));
            (*name, Line { post, connector })
        });
        Ok(Process { engine, gate, streams, lines: lines.collect(), now, late: Vec::new() })
    }

    pub fn keys(&self) -> Vec<Key> {
        self.streams.iter().map(|(system, info)| (*system, info.name.clone())).collect()
    }

    /// Polls, and lets each request meet its system, until it is done or an answer is late.
    fn drive<T>(&self, system: &'static str, going: &mut BoxFuture<'static, T>, around: &mut Around<'_>) -> Driven<T> {
        let post = self.lines[system].post.clone();
        loop {
            let mut letters: Vec<Letter> = Vec::new();
            self.now.fetch_max(around.outer.now.0, Ordering::Relaxed);
            let done = post.poll(going, &mut letters);
            around.outer.now = around.outer.now.max(Time(self.now.load(Ordering::Relaxed)));
            if let Some(done) = done {
                return Driven::Done(done);
            }
            if letters.is_empty() {
                // Writes that are not answered keep all places.
                return Driven::Late(Vec::new(), Vec::new());
            }
            let (mut late, mut places) = (Vec::new(), Vec::new());
            around.traffic.in_company = letters.len() > 1;
            for letter in letters {
                match site::answer(around.outer, around.traffic, system, &letter.request, around.dice) {
                    Delivered::Now(answer) => post.answer(letter.ticket, answer),
                    Delivered::Late(answer, written) => {
                        late.push((letter.ticket, answer));
                        places.extend(written);
                    }
                }
            }
            if !late.is_empty() {
                return Driven::Late(late, places);
            }
        }
    }

    /// One turn of a stream, to its end.
    pub fn read(&mut self, key: &Key, around: &mut Around<'_>) -> Result<(), Died> {
        let now = around.outer.now;
        let mut turn = Turn::new(&self.engine, &Name::from(key.0), &key.1, Haste::AsDue, Patience::Leaves, now);
        while let Step::Read(run) = turn.next(&mut self.engine, around.outer.now) {
            around.traffic.heard.begins(&around.outer.fakes[key.0], &run.stream, &run.pass);
            let (run, ended) = self.pass(key.0, run, around)?;
            if let (true, Ok(end)) = (key.0 == around.outer.played, &ended) {
                let judged = around.traffic.heard.ended(&around.outer.fakes[key.0], &run.stream, &run.pass, end);
                around.traffic.judged(judged);
            }
            let told = match &ended {
                Ok(end) if end.complete => "all".to_string(),
                Ok(end) => format!("incomplete: {}", end.incomplete_because.as_deref().unwrap_or_default()),
                Err(error) => error.to_string(),
            };
            around.traffic.told.push(format!("{}.{} {:?} began {}: {told}", key.0, run.stream, run.pass.kind(), run.began.0));
            let usage = self.lines[key.0].connector.usage();
            turn.ended(&mut self.engine, *run, ended, usage, around.outer.now).map_err(|_| Died)?;
        }
        self.engine.commit().map_err(|_| Died)?;
        if turn.report().changed > 0 {
            self.reconcile(around.outer.now)?;
        }
        self.gate.publish(&self.engine);
        Ok(())
    }

    /// Reads one pass, page by page.
    fn pass(
        &mut self,
        system: &'static str,
        mut run: Box<PassRun>,
        around: &mut Around<'_>,
    ) -> Result<(Box<PassRun>, Result<PassEnd, SystemError>), Died> {
        let pages: Arc<Mutex<VecDeque<PageRead>>> = Arc::default();
        let (connector, stream, asked, kept) = (self.lines[system].connector.clone(), run.stream.clone(), run.pass.clone(), pages.clone());
        let mut going: BoxFuture<'static, Result<PassEnd, SystemError>> = Box::pin(async move {
            let sink: PageSink<'_> = Box::new(move |page| {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_back(page);
                Box::pin(futures::future::ready(Ok(())))
            });
            connector.pass(&stream, asked, sink).await
        });
        let post = self.lines[system].post.clone();
        loop {
            let mut letters: Vec<Letter> = Vec::new();
            self.now.fetch_max(around.outer.now.0, Ordering::Relaxed);
            let done = post.poll(&mut going, &mut letters);
            around.outer.now = around.outer.now.max(Time(self.now.load(Ordering::Relaxed)));
            for page in std::mem::take(&mut *pages.lock().unwrap_or_else(PoisonError::into_inner)) {
                around.traffic.heard.page(&page);
                self.engine.observe(&mut run, page, around.outer.now).map_err(|_| Died)?;
            }
            if let Some(ended) = done {
                return Ok((run, ended));
            }
            if letters.is_empty() {
                self.make_room(system, around)?;
                continue;
            }
            around.traffic.in_company = letters.len() > 1;
            for letter in letters {
                match site::answer(around.outer, around.traffic, system, &letter.request, around.dice) {
                    Delivered::Now(answer) | Delivered::Late(answer, _) => post.answer(letter.ticket, answer),
                }
            }
        }
    }

    pub fn reconcile(&mut self, now: Time) -> Result<(), Died> {
        self.engine.reconcile(now);
        self.engine.commit().map_err(|_| Died)?;
        self.gate.publish(&self.engine);
        Ok(())
    }

    /// Sends to one system until nothing is due.
    pub fn deliver(&mut self, system: &'static str, around: &mut Around<'_>) -> Result<(), Died> {
        let name = Name::from(system);
        for _ in 0..ACTS_MAX {
            match self.engine.next_act(&name, around.outer.now) {
                None => break,
                Some(Act::ReadBack(asked)) => {
                    let (connector, ids, lane) = (self.lines[system].connector.clone(), asked.ids().to_vec(), asked.lane());
                    let mut going: BoxFuture<'static, _> = Box::pin(async move { connector.read_back(&ids, lane).await });
                    let answer = loop {
                        match self.drive(system, &mut going, around) {
                            Driven::Done(answer) => break answer,
                            Driven::Late(..) => self.make_room(system, around)?,
                        }
                    };
                    self.engine.book_read_back(&asked, answer, around.outer.now).map_err(|_| Died)?;
                }
                Some(Act::Write(batch)) => {
                    let marking = batch.ops.iter().filter(|op| op.change.block == Some(true));
                    for place in marking.map(|op| (system, op.record.id.to_string())) {
                        around.outer.by_hand.remove(&place);
                        around.outer.ours.insert(place);
                    }
                    self.engine.commit().map_err(|_| Died)?;
                    let told = batch.ops.iter().map(|op| format!("{} {:?}", op.record, op.change)).collect::<Vec<_>>();
                    around.traffic.told.push(format!("{:?}: {}", batch.lane, told.join("; ")));
                    let (connector, ops, lane) = (self.lines[system].connector.clone(), batch.ops.clone(), batch.lane);
                    let going: BoxFuture<'static, _> = Box::pin(async move { connector.write(&ops, lane).await });
                    around.traffic.batches += 1;
                    batch.ops.iter().for_each(|op| *around.traffic.acts.entry(op.record.to_string()).or_default() += 1);
                    self.carry_out(system, batch, going, around.traffic.batches, around)?;
                }
                Some(Act::HandOver(list)) => panic!("{} is written to over HTTP", list.system),
            }
        }
        self.engine.keep_guards(&name);
        self.engine.commit().map_err(|_| Died)
    }

    /// A batch goes out, or goes on; its outcomes are booked, unless an answer is late.
    fn carry_out(
        &mut self,
        system: &'static str,
        mut batch: Batch,
        mut going: BoxFuture<'static, Vec<Outcome>>,
        number: u64,
        around: &mut Around<'_>,
    ) -> Result<(), Died> {
        around.traffic.batch = number;
        around.traffic.protects = batch.lane == Lane::Protective;
        let driven = self.drive(system, &mut going, around);
        around.traffic.protects = false;
        match driven {
            Driven::Late(answers, written) => {
                self.late.push(Late { system, batch, going, answers, written, number });
                Ok(())
            }
            Driven::Done(outcomes) => {
                around.traffic.told.push(format!("{system} wrote: {outcomes:?}"));
                for (op, outcome) in batch.ops.iter().zip(&outcomes) {
                    let judged = around.traffic.heard.booked(number, &op.record.id, outcome);
                    around.traffic.judged(judged);
                }
                if around.outer.faults.awake && around.dice.once_in(DIES_UNBOOKED) {
                    // Answered, and nobody is there to hear it.
                    let unbooked = batch.ops.iter().map(|op| ((system, op.record.id.to_string()), (number, String::new())));
                    around.outer.unsure.extend(unbooked);
                    return Err(Died);
                }
                self.engine.book(&mut batch, &outcomes, around.outer.now).map_err(|_| Died)?;
                self.reconcile(around.outer.now)
            }
        }
    }

    /// Some late answer arrives. False: none is awaited.
    pub fn hear(&mut self, around: &mut Around<'_>) -> Result<bool, Died> {
        if self.late.is_empty() {
            return Ok(false);
        }
        let at = around.dice.below(self.late.len());
        self.hear_one(at, around)?;
        Ok(true)
    }

    /// A write that is not answered keeps one of its system's few places: what is asked next waits until one is.
    fn make_room(&mut self, system: &'static str, around: &mut Around<'_>) -> Result<(), Died> {
        around.traffic.in_vain += 1;
        match self.late.iter().position(|late| late.system == system).filter(|_| around.traffic.in_vain < IN_VAIN_MAX) {
            Some(at) => self.hear_one(at, around),
            None => {
                around.traffic.breaks(17, format!("endless: {system} is waited for, and nothing was asked of it"));
                Err(Died)
            }
        }
    }

    fn hear_one(&mut self, at: usize, around: &mut Around<'_>) -> Result<(), Died> {
        let late = self.late.remove(at);
        for place in &late.written {
            around.outer.unsure.remove(place);
        }
        for (ticket, answer) in late.answers {
            self.lines[late.system].post.answer(ticket, answer);
        }
        self.carry_out(late.system, late.batch, late.going, late.number, around)
    }
}
