//! Protection and health, for `status`, `/readyz` and the metrics.

use super::accept::UnreadableRows;
use super::budget::Budget;
use super::imports::ImportAwaited;
use super::parked::ParkedField;
use super::unprotected::Unprotected;
use super::unread_refusals::UnreadWords;
use crate::connector::Usage;
use crate::decide::freshness::{self, Needed, Proved};
use crate::engine::engine::Engine;
use crate::engine::guard::waiting::Waiting;
use crate::engine::intake::refused_at_once::RefusedAtOnce;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::connection;
use crate::engine::target::Op;
use crate::engine::target::lanes::Lanes;
use crate::model::{Name, Span, Time, counted};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The answer of `nayose status`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    pub protection: Protection,
    /// Why it is not `protecting`; and what an operator should know.
    pub because: Vec<String>,
    pub systems: BTreeMap<Name, SystemStatus>,
    /// People on holds whose record in some MA does not show the block; `None`: not known, as something was not read.
    pub not_enforced: Option<usize>,
    pub people: usize,
    pub held: usize,
    pub waiting: Vec<Waiting>,
    /// What could not be read, with the record and what to do: the last ones.
    pub quarantine: Vec<String>,
    /// Rows that are no records, by stream and reason, with what follows from it: also after a restart.
    #[serde(default)]
    pub unreadable: Vec<UnreadableRows>,
    /// Masses of refusals that came in one pass, lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_at_once: Vec<RefusedAtOnce>,
    /// Fields that are left alone in some records, as they do not stay or were written too often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parked: Vec<ParkedField>,
    pub config: ConfigStatus,
}

/// Which config is in force, and what of the folder is not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfigStatus {
    pub version: String,
    /// The folder has these mistakes; the rules from before them are in force.
    pub mistakes: Vec<String>,
    /// Edits that count from the next start.
    pub restart: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// All that is needed is fresh, and every hold is written where it must be.
    Protecting,
    /// Nothing is written: first contact is not approved, or no system is told of holds.
    Watching,
    /// Something is stale, unwritten or unproved, or no hold stops anything.
    NotProtecting,
}

impl Protection {
    pub fn name(self) -> &'static str {
        match self {
            Protection::Protecting => "protecting",
            Protection::Watching => "watching",
            Protection::NotProtecting => "not_protecting",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SystemStatus {
    pub approved: Option<String>,
    pub streams: BTreeMap<Name, StreamStatus>,
    pub queue: Queue,
    pub dead_letters: usize,
    /// Where a person carries over what is written: lists that nobody was seen to import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_import: Option<ImportAwaited>,
    pub budget: Budget,
    pub breaker: String,
    /// Streams that cannot be read because the credential is not accepted.
    pub credential_refused: Vec<Name>,
    /// When the token ends, where it says so itself.
    pub token_ends: Option<String>,
    /// When the vendor ends the API version that the manifest was written for.
    pub api_ends: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamStatus {
    pub proved_at: Option<String>,
    pub age_s: Option<i64>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Queue {
    pub hold: usize,
    pub release: usize,
    pub update: usize,
}

impl Status {
    /// A request to a system failed and is being tried again: what is not told yet, as no pass has failed of it so far.
    pub fn is_trying_again(&mut self, system: &Name, why: &str) {
        let Some(state) = self.systems.get(system) else { return };
        if !state.streams.values().filter_map(|s| s.error.as_deref()).any(|told| told.contains(why)) {
            self.because.push(format!("{system}: a request failed and is being tried again: {why}"));
        }
    }
}

impl Engine {
    /// How things stand now. `usage` is what each connector has used today.
    pub fn status(&self, usage: &BTreeMap<Name, Usage>, now: Time) -> Status {
        let (unprotected, not_read, unwritten) = (self.unprotected(), self.not_read(now), self.unwritten_holds());
        let on_hold: usize = unprotected.values().map(|u| u.on_hold()).sum();
        let is_approved = |system: &Name| self.systems[system].approved.is_some();
        let rules = self.rules.rules();
        let nothing_held = crate::config::nothing_is_held(&rules.systems, &rules.policy);
        let (stale, of_streams) = self.stream_alarms(now);
        let (refused_at_once, unreadable, waiting) = (self.refused_at_once(now), self.unreadable(), self.waiting());
        let parked = self.parked_fields(now);
        let mut because = self.of_our_own();
        because.extend(write_alarms(&unprotected, &not_read, &unwritten, is_approved));
        because.extend(self.lists_told());
        because.extend(nothing_held.iter().map(ToString::to_string));
        for (name, system) in self.systems.iter() {
            because.extend(system.identity.unknown_because(name));
            because.extend(system.identity.another_because(name, system.approved));
        }
        because.extend(of_streams);
        because.extend(parked.iter().map(ParkedField::told));
        because.extend(refused_at_once.iter().map(RefusedAtOnce::told));
        because.extend(self.unread_words().iter().map(UnreadWords::told));
        because.extend(self.unread_addresses().into_iter().chain(self.values_without_code()));
        because.extend(self.codes_told());
        because.extend(self.fields_not_seen());
        because.extend(self.clock_alarms());
        because.extend(self.hold_alarms());
        because.extend(unreadable.iter().map(UnreadableRows::line));
        because.extend(self.rule_alarms(&waiting));
        let grounds = Grounds {
            targets: unprotected.len(),
            watched: unprotected.keys().filter(|system| !is_approved(system)).count(),
            // Ages are told by a clock that is wrong.
            stale: stale || !self.clocks_agree(),
            unwritten: on_hold > 0 || !unwritten.is_empty(),
            nothing_held: !nothing_held.is_empty(),
        };
        let living = self.people.iter().filter(|p| !p.members.is_empty());
        Status {
            protection: grounds.protection(),
            because,
            systems: self.systems.keys().map(|n| (n.clone(), self.system_status(n, usage, now))).collect(),
            not_enforced: (on_hold > 0 || not_read.is_empty()).then_some(on_hold),
            people: living.clone().count(),
            held: living.filter(|p| !p.holds.is_empty()).count(),
            waiting,
            quarantine: self.quarantine.clone(),
            unreadable,
            refused_at_once,
            parked,
            config: ConfigStatus {
                version: self.rules.files().version.clone(),
                mistakes: self.unfollowed.mistakes.clone(),
                restart: self.unfollowed.restart.clone(),
            },
        }
    }

    /// Whether something that is needed is too old, and what is wrong with streams and with writing, system by system.
    fn stream_alarms(&self, now: Time) -> (bool, Vec<String>) {
        // Then nothing counts as proved, whatever was read; the lines of our own say why.
        let mut stale = self.rebuilding.is_some() || self.ledger.halted().is_some();
        let mut lines = Vec::new();
        // With what is wrong with them.
        let mut told = BTreeSet::new();
        // What a permit of its own shows is protected by it, too.
        let asked = if stale { Vec::new() } else { self.kinds_shown() };
        for needed in asked.iter().flat_map(|kind| freshness::needed(&self.rules.rules().policy, *kind)) {
            let (system, stream) = (&needed.proof.system, &needed.proof.stream);
            let proved = self.proved_as_decided(system, stream);
            let Some(line) = stale_line(&needed, proved, self.is_an_export(system), || self.stream_error(system, stream), now) else {
                continue;
            };
            stale = true;
            told.insert((system, stream));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        for (name, system) in self.systems.iter() {
            for (stream, state) in system.streams.known().filter(|(stream, _)| !told.contains(&(name, *stream))) {
                // Rows that are looked at one by one are told by themselves.
                let beyond = self.doubt_of(name, stream).filter(|_| state.unread_beyond > 0);
                lines.extend(state.error().into_iter().chain(beyond).map(|why| format!("{name}.{stream}: {why}")));
            }
            lines.extend(self.delivery_alarms(name, system, now));
        }
        (stale, lines)
    }

    /// Whether what is read of a system are files that a person exports from it.
    fn is_an_export(&self, system: &Name) -> bool {
        self.systems.get(system).is_some_and(|s| s.connected.abilities().by_hand.is_some())
    }

    /// What of the rules is not followed, waits for a word, or reaches nobody.
    fn rule_alarms(&self, waiting: &[Waiting]) -> Vec<String> {
        let mistake = |m: &String| format!("the config was edited and has a mistake, the rules from before it are in force: {m}");
        let mut lines: Vec<String> = self.unfollowed.mistakes.iter().map(mistake).collect();
        lines.extend(self.unfollowed.restart.iter().cloned());
        lines.extend(waiting.iter().map(|w| format!("{} ({}) waits for `nayose approve {}`: {}", w.kind, w.counted(), w.plan, w.why)));
        lines.extend(self.reach_alarms());
        lines
    }

    /// What is wrong with our own state: told before all else.
    fn of_our_own(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.ledger.halted().iter().map(|why| format!("nothing is read or written and the gate holds: {why}")).collect();
        if let Some(rebuilding) = &self.rebuilding {
            let left = self.left_to_read();
            let fields = if self.agreements_lost { ", and no field is written" } else { "" };
            lines.push(format!(
                "{} (since {}); until everything was read anew the gate holds and nothing is released{fields}. Left to read: {}",
                rebuilding.why,
                rebuilding.since,
                left.join(", ")
            ));
        }
        lines.extend(self.journal_damage.iter().cloned());
        lines
    }

    fn system_status(&self, name: &Name, usage: &BTreeMap<Name, Usage>, now: Time) -> SystemStatus {
        let system = &self.systems[name];
        let none = Default::default();
        let streams = system.streams.each().map(|(info, state)| {
            let (stream, state) = (&info.name, state.unwrap_or(&none));
            let status = StreamStatus {
                proved_at: state.proved_at.map(Time::rfc3339),
                age_s: state.proved_at.map(|at| now.since(at).as_seconds()),
                error: self.stream_error(name, stream),
            };
            (stream.clone(), status)
        });
        let mut queue = Queue::default();
        let mut dead_letters = 0;
        for (idx, lanes) in system.outbox.iter() {
            let dead = |op| self.targets.failure(*idx, op).is_some_and(|f| f.dead);
            dead_letters += queue.add(*lanes, dead);
        }
        SystemStatus {
            approved: system.approved.map(|a| if a == Approval::All { "all".into() } else { "holds".into() }),
            streams: streams.collect(),
            queue,
            dead_letters,
            waits_for_import: self.import_awaited(name),
            budget: Budget::of(usage.get(name).copied().unwrap_or_default(), now),
            breaker: if system.channel.is_open() { "open".into() } else { "closed".into() },
            credential_refused: system.streams.credential_refused().cloned().collect(),
            token_ends: connection::token_ends(system.connected.config()).map(Time::rfc3339),
            api_ends: connection::api_ends(system.connected.config()).map(Time::rfc3339),
        }
    }
}

/// What protection rests on.
struct Grounds {
    /// Systems that take blocks or permits, and those of them that were not approved.
    targets: usize,
    watched: usize,
    stale: bool,
    unwritten: bool,
    nothing_held: bool,
}

impl Grounds {
    fn protection(&self) -> Protection {
        if self.watched == self.targets {
            Protection::Watching
        } else if self.stale || self.unwritten || self.nothing_held || self.watched > 0 {
            Protection::NotProtecting
        } else {
            Protection::Protecting
        }
    }
}

/// Who is not protected yet, system by system: what waits for a first approval, and what was approved and is not written.
fn write_alarms(
    unprotected: &BTreeMap<Name, Unprotected>,
    not_read: &[String],
    unwritten: &BTreeMap<Name, usize>,
    is_approved: impl Fn(&Name) -> bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (system, count) in unprotected {
        let waits = unwritten.get(system).copied().unwrap_or(0);
        if !is_approved(system) {
            let lets_go = format!("`nayose approve {system} --holds` lets holds go");
            let told = count.told(system, not_read).into_iter();
            let told = told.skip(usize::from(count.open_deals == 0 && not_read.is_empty()));
            lines.extend(told.map(|line| format!("{line}: {lets_go}")));
        } else if count.on_hold() > 0 {
            lines.push(format!("{} not written to {system} yet", counted(count.on_hold(), "hold is", "holds are")));
        } else if waits > 0 {
            // Those of people who said no elsewhere.
            let writes = counted(waits, "protective write has", "protective writes have");
            lines.push(format!("{writes} not reached {system} yet"));
        }
    }
    lines
}

/// A time that somebody waits for a person, in the largest unit that says it.
fn in_words(span: Span) -> String {
    let seconds = span.as_seconds();
    let units = [(86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes")];
    let fits = units.into_iter().find(|(unit, ..)| seconds >= *unit);
    fits.map_or_else(|| format!("{seconds} s"), |(unit, one, many)| counted((seconds / unit) as usize, one, many))
}

/// What is to be told of a stream that is older than its limit; `error` is what went wrong with it.
fn stale_line(
    needed: &Needed<'_>,
    proved: Proved,
    is_an_export: bool,
    error: impl FnOnce() -> Option<String>,
    now: Time,
) -> Option<String> {
    if needed.is_fresh(proved, now) {
        return None;
    }
    let proof = needed.proof;
    let said = error().map(|e| format!(" ({e})")).unwrap_or_default();
    let stream = format!("{}.{}", proof.system, proof.stream);
    Some(match needed.at(proved) {
        Some(at) if needed.answers(proved, now) => format!(
            "{stream} was proved {} s ago, its limit is {}: nothing is released; the gate goes by what was known last, up to {}{said}",
            now.since(at).as_seconds(),
            proof.limit,
            needed.goes_by()
        ),
        Some(at) if is_an_export => format!(
            "the list {stream} was saved {} ago, its limit is {}: the gate holds, nothing is released; export it anew{said}",
            in_words(now.since(at)),
            needed.goes_by()
        ),
        Some(at) => format!(
            "{stream} was proved {} s ago, its limit is {}: the gate holds, nothing is released{said}",
            now.since(at).as_seconds(),
            needed.goes_by()
        ),
        None => format!("{stream} was never read to its end: the gate holds, nothing is released{said}"),
    })
}

impl Queue {
    /// Counts one record's lanes, each write as one. Returns how many of its writes were given up: these are no part of the queue.
    fn add(&mut self, lanes: Lanes, dead: impl Fn(Op) -> bool) -> usize {
        let (release, update) = (dead(Op::Release), dead(Op::Update));
        self.hold += usize::from(lanes.protective);
        self.release += usize::from(lanes.release && !release);
        self.update += usize::from(lanes.update && !update && !lanes.protective && !lanes.release);
        usize::from(release) + usize::from(update)
    }
}

#[cfg(test)]
mod tests;
