//! Protection and health, for `status`, `/readyz` and the metrics.

use super::accept::UnreadableRows;
use super::unread_refusals::UnreadWords;
use crate::connector::Usage;
use crate::decide::freshness::Needed;
use crate::decide::rules::HoldScope;
use crate::engine::engine::Engine;
use crate::engine::guard::waiting::Waiting;
use crate::engine::intake::refused_at_once::RefusedAtOnce;
use crate::engine::rules::approval::Approval;
use crate::engine::target::Op;
use crate::model::{Entity, Name, RecordId, Time, counted};
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

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Budget {
    pub used: u64,
    pub limit: Option<u64>,
    pub resets_at: String,
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

const DAY_MS: i64 = 86_400_000;

impl Engine {
    /// How things stand now. `usage` is what each connector has used today.
    pub fn status(&self, usage: &BTreeMap<Name, Usage>, now: Time) -> Status {
        let (unprotected, not_read) = (self.unprotected(), self.not_read(now));
        let on_hold: usize = unprotected.values().map(|u| u.on_hold()).sum();
        let unwritten = self.unwritten_holds();
        let mut because = Vec::new();
        let mut watching = Vec::new();
        for (system, count) in &unprotected {
            let waits = unwritten.get(system).copied().unwrap_or(0);
            if self.systems[system].approved.is_none() {
                let lets_go = format!("`nayose approve {system} --holds` lets holds go");
                let told = count.told(system, &not_read).into_iter();
                let told = told.skip(usize::from(count.open_deals == 0 && not_read.is_empty()));
                because.extend(told.map(|line| format!("{line}: {lets_go}")));
                watching.push(system.clone());
            } else if count.on_hold() > 0 {
                because.push(format!("{} not written to {system} yet", counted(count.on_hold(), "hold is", "holds are")));
            } else if waits > 0 {
                // Those of people who said no elsewhere.
                let writes = counted(waits, "protective write has", "protective writes have");
                because.push(format!("{writes} not reached {system} yet"));
            }
        }
        let nothing_held = crate::config::nothing_is_held(&self.rules.rules().systems, &self.rules.rules().policy);
        because.extend(nothing_held.iter().map(ToString::to_string));
        for (name, system) in self.systems.iter() {
            because.extend(system.identity.unknown_because(name));
            because.extend(system.identity.another_because(name, system.approved));
        }
        // Then nothing counts as proved, whatever was read; the lines below say why.
        let mut stale = self.rebuilding.is_some() || self.ledger.halted().is_some();
        // With what is wrong with them.
        let mut told = BTreeSet::new();
        let asked = if stale { &[][..] } else { &[crate::model::MailKind::Campaign, crate::model::MailKind::Newsletter] };
        for kind in asked.iter().copied() {
            for needed in crate::decide::freshness::needed(&self.rules.rules().policy, kind) {
                let Some(line) = self.stale_line(&needed, now) else { continue };
                stale = true;
                told.insert((&needed.proof.system, &needed.proof.stream));
                if !because.contains(&line) {
                    because.push(line);
                }
            }
        }
        for (name, system) in self.systems.iter() {
            for (stream, state) in &system.streams {
                if told.contains(&(name, stream)) {
                    continue;
                }
                // Rows that are looked at one by one are told by themselves.
                let beyond = self.doubt_of(name, stream).filter(|_| state.unread_beyond > 0);
                because.extend(state.error().into_iter().chain(beyond).map(|why| format!("{name}.{stream}: {why}")));
            }
            because.extend(self.delivery_alarms(name, system, now));
        }
        let refused_at_once = self.refused_at_once(now);
        because.extend(refused_at_once.iter().map(RefusedAtOnce::told));
        because.extend(self.unread_words().iter().map(UnreadWords::told));
        because.extend(self.unread_addresses());
        because.extend(self.fields_not_seen());
        because.extend(self.clock_alarms());
        because.extend(self.hold_alarms());
        let unreadable = self.unreadable();
        because.extend(unreadable.iter().map(UnreadableRows::line));
        because.splice(0..0, self.of_our_own());
        for mistake in &self.unfollowed.mistakes {
            because.push(format!("the config was edited and has a mistake, the rules from before it are in force: {mistake}"));
        }
        because.extend(self.unfollowed.restart.iter().cloned());
        let waiting = self.waiting();
        for plan in &waiting {
            because.push(format!("{} ({}) waits for `nayose approve {}`: {}", plan.kind, plan.counted(), plan.plan, plan.why));
        }
        for (account, people, cap) in self.crowded_accounts() {
            because.push(format!(
                "{account} has {people} people, more than account_cap = {cap}: its open deals hold only the people named on them; raise the cap to hold all"
            ));
        }
        let no_people = self.open_and_naming_nobody(Entity::Deal);
        if no_people > 0 {
            let deals = counted(no_people, "open deal names", "open deals name");
            because.push(format!("{deals} nobody: that holds only the account, if one is named"));
        }
        let no_requester = self.open_and_naming_nobody(Entity::Ticket);
        if no_requester > 0 {
            let tickets = counted(no_requester, "open ticket names", "open tickets name");
            because.push(format!("{tickets} nobody: that holds nobody; give each its requester"));
        }
        let targets = unprotected.len();
        // Ages are told by a clock that is wrong.
        let stale = stale || !self.clocks_agree();
        let protection = if targets == 0 || watching.len() == targets {
            Protection::Watching
        } else if stale || on_hold > 0 || !unwritten.is_empty() || !watching.is_empty() || !nothing_held.is_empty() {
            Protection::NotProtecting
        } else {
            Protection::Protecting
        };
        let living = self.people.iter().filter(|p| !p.members.is_empty());
        Status {
            protection,
            because,
            systems: self.systems.keys().map(|n| (n.clone(), self.system_status(n, usage, now))).collect(),
            not_enforced: (on_hold > 0 || not_read.is_empty()).then_some(on_hold),
            people: living.clone().count(),
            held: living.filter(|p| !p.holds.is_empty()).count(),
            waiting,
            quarantine: self.quarantine.clone(),
            unreadable,
            refused_at_once,
            config: ConfigStatus {
                version: self.rules.files().version.clone(),
                mistakes: self.unfollowed.mistakes.clone(),
                restart: self.unfollowed.restart.clone(),
            },
        }
    }

    /// What is to be told of a stream that is older than its limit.
    fn stale_line(&self, needed: &Needed<'_>, now: Time) -> Option<String> {
        let proof = needed.proof;
        let proved = self.proved_as_decided(&proof.system, &proof.stream);
        if needed.is_fresh(proved, now) {
            return None;
        }
        let said = self.stream_error(&proof.system, &proof.stream);
        let said = said.map(|e| format!(" ({e})")).unwrap_or_default();
        let stream = format!("{}.{}", proof.system, proof.stream);
        Some(match needed.at(proved) {
            Some(at) if needed.answers(proved, now) => format!(
                "{stream} was proved {} s ago, its limit is {}: nothing is released; the gate goes by what was known last, up to {}{said}",
                now.since(at).as_seconds(),
                proof.limit,
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

    /// What is wrong with our own state: told before all else.
    fn of_our_own(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.ledger.halted().iter().map(|why| format!("nothing is read or written and the gate holds: {why}")).collect();
        if let Some(rebuilding) = &self.rebuilding {
            let left = self.left_to_read();
            lines.push(format!(
                "{} (since {}); until everything was read anew the gate holds and nothing is released. Left to read: {}",
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
        let streams = system.infos.keys().map(|stream| {
            let state = system.streams.get(stream).unwrap_or(&none);
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
            let dead = |op| self.world.slot(*idx).target.as_deref().and_then(|t| t.failure(op)).is_some_and(|f| f.dead);
            let (release, update) = (dead(Op::Release), dead(Op::Update));
            dead_letters += usize::from(release) + usize::from(update);
            queue.hold += usize::from(lanes.protective);
            queue.release += usize::from(lanes.release && !release);
            queue.update += usize::from(lanes.update && !update && !lanes.protective && !lanes.release);
        }
        let usage = usage.get(name).copied().unwrap_or_default();
        let today = now.0.div_euclid(DAY_MS);
        SystemStatus {
            approved: system.approved.map(|a| if a == Approval::All { "all".into() } else { "holds".into() }),
            streams: streams.collect(),
            queue,
            dead_letters,
            budget: Budget {
                used: if usage.day == today { usage.used } else { 0 },
                limit: usage.limit,
                resets_at: Time((today + 1) * DAY_MS).rfc3339(),
            },
            breaker: if system.channel.is_open() { "open".into() } else { "closed".into() },
            credential_refused: system.credential_refused().cloned().collect(),
            token_ends: crate::engine::rules::connection::token_ends(&system.config).map(Time::rfc3339),
            api_ends: crate::engine::rules::connection::api_ends(&system.config).map(Time::rfc3339),
        }
    }

    /// Accounts with an open deal that have more people than a hold on accounts may reach, and that cap.
    fn crowded_accounts(&self) -> Vec<(RecordId, usize, usize)> {
        let caps = self.rules.rules().policy.holds.iter().filter_map(|rule| match rule.scope {
            HoldScope::Account { cap } => Some(cap),
            HoldScope::Person => None,
        });
        let Some(cap) = caps.min() else { return Vec::new() };
        let open = |account: &RecordId| {
            self.world.deals_of_account(account).iter().any(|d| self.world.record(*d).deal.is_some_and(|s| s.is_open()))
        };
        let crowded = self.world.crowded_accounts(cap).into_iter();
        let mut found: Vec<_> = crowded.filter(|(id, _)| open(id)).map(|(id, people)| (id, people, cap)).collect();
        found.sort();
        found
    }

    /// Deals or tickets that are open and name neither a person nor an address.
    fn open_and_naming_nobody(&self, entity: Entity) -> usize {
        let causes = self.world.indexes().filter(|i| self.world.slot(*i).id.entity == entity);
        let lonely = causes.filter(|i| {
            let record = self.world.record(*i);
            let open = record.deal.is_some_and(|d| d.is_open()) || record.ticket.is_some_and(|t| t.is_open());
            let names = [record.people.len(), record.addresses.len(), record.memory.past_people.len()];
            open && names == [0, 0, 0] && !record.is_gone()
        });
        lonely.count()
    }
}
