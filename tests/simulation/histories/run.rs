//! Plays one history: what happens, what the daemon does, and what must always be true of it, asked of nobody inside.

use super::events;
use super::outer::{Outer, Since};
use super::process::{Around, Died, Process};
use super::setup::Cast;
use super::switches::{Faults, Switch};
use super::traffic::Traffic;
use crate::checks::Violation;
use crate::dice::Dice;
use crate::store::Disk;
use nayose::engine::target::Op;
use nayose::model::{Entity, Mail, MailKind, Mark, RecordId, Time, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Histories begin here (2026-01-01).
const BEGIN: Time = Time(1_767_225_600_000);
const STEPS: usize = 150;
/// Rounds that a quiet end may take until nothing more is written.
const QUIET_ROUNDS_MAX: usize = 14;
/// More late answers than that no history has at its end.
const LATE_MAX: usize = 60;
/// So many requests no history makes whose passes come to their ends.
const REQUESTS_MAX: u64 = 20_000;
/// How far the clock of a system is off, where it is.
const AHEAD_MS: [i64; 4] = [90_000, -90_000, 900_000, -900_000];

#[derive(Debug, Clone, Copy)]
enum Step {
    Happens,
    Reads,
    Sends,
    Hears,
    Waits,
    Asks,
    Rounds,
    Approves,
    Dies,
    DiesAtCommit,
}

const WEIGHTS: [(Step, usize); 10] = [
    (Step::Happens, 30),
    (Step::Reads, 40),
    (Step::Sends, 14),
    (Step::Hears, 8),
    (Step::Waits, 22),
    (Step::Asks, 14),
    (Step::Rounds, 10),
    (Step::Approves, 3),
    (Step::Dies, 2),
    (Step::DiesAtCommit, 3),
];

/// What came of a history.
pub struct Told {
    pub failure: Option<(usize, Violation)>,
    pub met: BTreeMap<Switch, u64>,
    pub requests: u64,
    pub writes: u64,
    /// Answers of the gate: for whom mail is stopped, and for others.
    pub stopped: u64,
    pub allowed: u64,
    pub deaths: u64,
    /// One line a thing that happened; empty unless asked for.
    pub trace: Vec<String>,
}

pub struct Play<'c> {
    cast: &'c Cast,
    outer: Outer,
    traffic: Traffic,
    dice: Dice,
    disk: Arc<Disk>,
    process: Option<Process>,
    runs: usize,
    stopped: u64,
    allowed: u64,
    trace: Option<Vec<String>>,
}

/// Plays a history of a connector, with these switches on. With `trace` it also tells it.
pub fn play(cast: &Cast, seed: u64, on: &BTreeSet<Switch>, trace: bool) -> Told {
    let mut dice = Dice::new(seed ^ 0x0b5e_55ed);
    let ahead_ms = dice.pick(&AHEAD_MS).copied().unwrap_or_default();
    let faults = Faults { on: on.clone(), awake: false, met: BTreeMap::new(), ahead_ms, hidden: BTreeMap::new() };
    let outer = Outer::new(cast, faults, BEGIN);
    let (disk, trace) = (Disk::new(), trace.then(Vec::new));
    let mut play = Play { cast, outer, traffic: Traffic::default(), dice, disk, process: None, runs: 0, stopped: 0, allowed: 0, trace };
    let mut step = 0;
    let failure = play.through(&mut step).err();
    if let Some(violation) = &failure {
        let line = format!("VIOLATION {violation}");
        play.note(line);
        play.tell_people(violation);
    }
    Told {
        failure: failure.map(|violation| (step, violation)),
        met: play.outer.faults.met,
        requests: play.traffic.requests,
        writes: play.traffic.writes,
        stopped: play.stopped,
        allowed: play.allowed,
        deaths: play.runs.saturating_sub(1) as u64,
        trace: play.trace.unwrap_or_default(),
    }
}

impl Play<'_> {
    fn through(&mut self, step: &mut usize) -> Result<(), Violation> {
        let on: Vec<String> = self.outer.faults.on.iter().map(|s| format!("{s:?}")).collect();
        self.note(format!("{} is played as {}; on: {}", self.cast.connector, self.cast.played, on.join(", ")));
        events::begin(&mut self.outer, &mut self.dice);
        for cause in self.outer.causes.keys().map(ToString::to_string).collect::<Vec<_>>() {
            self.note(cause);
        }
        self.outer.now = Time(self.outer.now.0 + 2 * 3_600_000);
        self.start()?;
        self.round()?;
        self.approve()?;
        self.outer.faults.awake = true;
        for number in 1..=STEPS {
            *step = number;
            self.outer.now = Time(self.outer.now.0 + self.dice.range(20, 1_500));
            let kind = self.dice.weighed(&WEIGHTS);
            self.step(kind)?;
        }
        *step = STEPS + 1;
        self.quiet_end()
    }

    pub fn note(&mut self, line: String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>10.1} s  {line}", (self.outer.now.0 - BEGIN.0) as f64 / 1000.0));
        }
    }

    fn step(&mut self, kind: Step) -> Result<(), Violation> {
        match kind {
            Step::Happens => {
                let told = events::happen(&mut self.outer, &mut self.dice);
                self.note(told);
                Ok(())
            }
            Step::Reads => {
                let keys = self.process.as_ref().map(Process::keys).unwrap_or_default();
                let Some(key) = self.dice.pick(&keys).cloned() else { return Ok(()) };
                self.with(|process, around| process.read(&key, around)).map(drop)
            }
            Step::Sends => {
                let systems = self.outer.systems();
                let Some(system) = self.dice.pick(&systems).copied() else { return Ok(()) };
                self.with(|process, around| process.deliver(system, around)).map(drop)
            }
            Step::Hears => self.with(|process, around| process.hear(around)).map(drop),
            Step::Waits => {
                let ms = self.dice.pick(&[5_000, 60_000, 60_000, 600_000, 1_200_000, 3_000_000]).copied().unwrap_or_default();
                self.wait(ms)
            }
            Step::Asks => self.ask(Since::LongAgo),
            Step::Rounds => self.round(),
            Step::Approves => self.approve(),
            Step::Dies => self.die("kill -9"),
            Step::DiesAtCommit => {
                self.disk.die_after(self.dice.below(4) as u32, self.dice.once_in(2));
                self.note("a kill at one of the next commits".into());
                Ok(())
            }
        }
    }

    fn wait(&mut self, ms: i64) -> Result<(), Violation> {
        self.outer.now = Time(self.outer.now.0 + ms);
        self.note(format!("{} s pass", ms / 1000));
        self.with(|process, around| {
            let now = around.outer.now;
            if process.engine.time_is_due(now) { process.reconcile(now) } else { Ok(()) }
        })
        .map(drop)
    }

    fn start(&mut self) -> Result<(), Violation> {
        self.runs += 1;
        self.traffic.forget();
        let process = Process::start(self.cast, &self.outer, &self.disk, self.runs);
        self.process = Some(process.map_err(|why| Violation::new(5, format!("the state does not open: {why}")))?);
        self.note("the daemon starts".into());
        Ok(())
    }

    fn die(&mut self, how: &str) -> Result<(), Violation> {
        self.disk.live();
        self.process = None;
        let down = self.dice.range(0, 120_000);
        self.note(format!("{how}; down for {} s", down / 1000));
        self.outer.now = Time(self.outer.now.0 + down);
        self.start()
    }

    /// Does something with the daemon; if it died of it, the next one is started. `None`: it did.
    fn with<T>(&mut self, work: impl FnOnce(&mut Process, &mut Around<'_>) -> Result<T, Died>) -> Result<Option<T>, Violation> {
        let Some(mut process) = self.process.take() else { return Ok(None) };
        let mut around = Around { outer: &mut self.outer, traffic: &mut self.traffic, dice: &mut self.dice };
        let done = work(&mut process, &mut around);
        for line in std::mem::take(&mut self.traffic.told) {
            self.note(line);
        }
        self.process = Some(process);
        if let Some(broken) = self.traffic.broken.take() {
            return Err(broken);
        }
        if self.traffic.requests > REQUESTS_MAX {
            return Err(Violation::new(17, format!("endless: {} requests in one history", self.traffic.requests)));
        }
        match done {
            Ok(done) => Ok(Some(done)),
            Err(Died) => self.die("died at a commit, or of an answer").map(|()| None),
        }
    }

    /// Everything is read, in any order, and sent until nothing is due.
    fn round(&mut self) -> Result<(), Violation> {
        let mut keys = self.process.as_ref().map(Process::keys).unwrap_or_default();
        while !keys.is_empty() {
            let key = keys.remove(self.dice.below(keys.len()));
            self.outer.now = Time(self.outer.now.0 + self.dice.range(5, 200));
            self.with(|process, around| process.read(&key, around))?;
        }
        self.with(|process, around| process.reconcile(around.outer.now))?;
        for system in self.outer.systems() {
            self.with(|process, around| process.deliver(system, around))?;
        }
        Ok(())
    }

    /// An administrator agrees to all that may be written and waits, but to no hold that ends without an end that was seen.
    fn approve(&mut self) -> Result<(), Violation> {
        let written: Vec<&'static str> =
            self.outer.systems().into_iter().filter(|s| self.outer.fakes[s].manifest.writes.is_some()).collect();
        let plans = self.process.as_ref().map(|p| p.engine.waiting()).unwrap_or_default();
        let plans = plans.into_iter().filter(|waiting| waiting.kind != "absence").map(|waiting| waiting.plan);
        for what in written.into_iter().map(str::to_string).chain(plans) {
            self.with(|process, around| {
                let now = around.outer.now;
                match process.engine.approve(&what, false, "tests", now) {
                    Err(nayose::engine::answers::approve::ApprovalRefused::State(_)) => Err(Died),
                    _ => Ok(()),
                }
            })?;
        }
        Ok(())
    }

    /// The gate is asked of everybody: whoever is stopped for so long may not be mailed.
    fn ask(&mut self, since: Since) -> Result<(), Violation> {
        let now = self.outer.now;
        for address in self.outer.addresses() {
            let cause = self.outer.stopped(&address, since).cloned();
            let Some(process) = &self.process else { return Ok(()) };
            let answer = process.gate.decide(std::slice::from_ref(&address), &Mail::of(MailKind::Campaign), now).remove(0);
            let goes = answer.decision == "allow";
            self.stopped += u64::from(!goes && cause.is_some());
            self.allowed += u64::from(goes);
            if let Some(cause) = cause.filter(|_| goes) {
                let what = format!("missed: {address} may be mailed, and {cause} since {since:?}");
                return Err(Violation::new(if cause.refusal { 3 } else { 1 }, what));
            }
        }
        Ok(())
    }

    /// Nothing happens any more and all is well: writing comes to an end, and everybody is protected.
    fn quiet_end(&mut self) -> Result<(), Violation> {
        self.outer.faults.awake = false;
        self.traffic.mend();
        self.disk.live();
        self.note("all is well from now on".into());
        // What still waits then for a place is asked in vain, and is forgotten with the process.
        for _ in 0..LATE_MAX {
            self.with(|process, around| process.hear(around))?;
        }
        self.die("restart")?;
        let mut quiet = 0;
        for round in 0..QUIET_ROUNDS_MAX {
            let before = self.traffic.writes;
            // Beyond every sweep and retry.
            self.wait(if round < 6 { 26 * 3_600_000 } else { 1_200_000 })?;
            self.round()?;
            self.approve()?;
            self.wait(61_000)?;
            self.round()?;
            self.ask(Since::LongAgo)?;
            quiet = if self.traffic.writes == before { quiet + 1 } else { 0 };
            if quiet >= 2 && round >= 3 {
                self.ask(Since::Now)?;
                self.outcomes_are_single()?;
                self.marks_stand()?;
                return self.statuses_stand();
            }
        }
        Err(Violation::new(8, format!("endless: something is still written after {QUIET_ROUNDS_MAX} quiet rounds")))
    }

    /// Where a system can be told, it shows that nobody may be mailed who may not.
    fn marks_stand(&self) -> Result<(), Violation> {
        for part in self.cast.parts.iter().filter(|part| part.opened.config.writes.hold) {
            let main = self.outer.main_stream(part.name);
            for someone in self.outer.people_of(part.name).into_iter().filter(|someone| main.as_ref() == Some(&someone.stream)) {
                let Some(cause) = self.outer.marked_for(part.name, &someone, Since::Now) else { continue };
                if self.outer.is_blocked(part.name, &someone.id) == Some(false) {
                    let what = format!("missed: {}:{} shows no mark at rest, and {cause}", part.name, someone.id);
                    return Err(Violation::new(if cause.refusal { 3 } else { 1 }, what));
                }
            }
        }
        Ok(())
    }

    /// Where a status goes back only by clearing, each record shows its person's, and none is left alone; but for those that are told as refused.
    fn statuses_stand(&mut self) -> Result<(), Violation> {
        let now = self.outer.now;
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        for part in self.cast.parts.iter().filter(|part| part.opened.abilities.back_by_clearing.status.is_some()) {
            let main = self.outer.main_stream(part.name);
            for someone in self.outer.people_of(part.name).into_iter().filter(|someone| main.as_ref() == Some(&someone.stream)) {
                let id = RecordId::new(part.name, Entity::Person, &*someone.id);
                let Some(idx) = process.engine.probe().world.find(&id) else { continue };
                let record = process.engine.probe().world.record(idx);
                let known = record.mark(Mark::Status).and_then(Value::as_text).unwrap_or_default();
                let (there, due) = (self.outer.status_of(part.name, &someone.id), process.engine.due(idx, &record, now));
                let target = process.engine.probe().targets.of(idx).cloned().unwrap_or_default();
                let is_refused = target.failure(Op::Update).is_some_and(|failure| failure.dead);
                let (is_due, is_parked) = (due.update.is_some_and(|change| change.status.is_some()), target.parked(now).next().is_some());
                if !is_refused && (there != known || is_due || is_parked) {
                    let what = format!("status: {id} shows {there:?} at rest, known as {known:?}; due {is_due}, left alone {is_parked}");
                    return Err(Violation::new(8, what));
                }
            }
        }
        Ok(())
    }

    /// No act has two outcomes that say it was carried out. Whoever dies between the journal's line and the commit writes it once more.
    fn outcomes_are_single(&self) -> Result<(), Violation> {
        let mut booked = BTreeMap::<String, usize>::new();
        let journal = self.disk.journal.lock();
        for line in String::from_utf8_lossy(&journal).lines().filter(|line| line.contains("\"outcome\":\"applied\"")) {
            let record = line.split_once("\"record\":\"").and_then(|(_, rest)| rest.split_once('"'));
            *booked.entry(record.map_or(String::new(), |(id, _)| id.to_string())).or_default() += 1;
        }
        for (record, times) in booked {
            let sent = self.traffic.acts.get(&record).copied().unwrap_or_default();
            if times > sent + self.runs {
                return Err(Violation::new(6, format!("double: {record} was written to {sent} times, and {times} are booked")));
            }
        }
        Ok(())
    }

    /// What the daemon makes of whoever a violation names, for whoever reads it.
    fn tell_people(&mut self, violation: &Violation) {
        let now = self.outer.now;
        let addresses: Vec<String> =
            self.outer.addresses().into_iter().filter(|address| violation.what.contains(address.as_str())).collect();
        for address in addresses {
            let Some(process) = self.process.as_mut().filter(|_| self.trace.is_some()) else { return };
            let told = process.engine.explain(&address, &process.gate, now);
            let told = serde_json::to_string(&told).unwrap_or_default();
            self.note(told);
        }
    }
}
