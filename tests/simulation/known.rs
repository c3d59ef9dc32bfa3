//! What nayose was told and has kept: the simulation's own account of it, far simpler than the engine's, against which writes and answers
//! are judged. Nothing here asks the engine.

use super::setup::Rules;
use super::store::Disk;
use nayose::connector::Observed;
use nayose::model::{Address, DealState, Entity, RecordId, ShortText, TicketState, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Clocks agree to so much.
const COOLING_SLACK_MS: i64 = 130_000;

/// So long a search may still show what a record was before. Longer, and it is the system's clock that was set back.
const TRAILS_MS: i64 = 120_000;

/// A person's record as it was told, over all time.
#[derive(Debug, Clone, Default)]
pub struct Bearer {
    pub addresses: BTreeSet<Address>,
    pub accounts: BTreeSet<ShortText>,
    /// Those that it may have.
    perhaps: BTreeSet<ShortText>,
    pub refused: bool,
    /// It shows the refusal itself, so that its system keeps it.
    pub shows_refusal: bool,
    /// The latest change that was told, and when.
    changed_at: Option<Time>,
    told_at: Time,
}

/// A deal or ticket as it was told.
#[derive(Debug, Clone, Default)]
pub struct Thing {
    pub deal: Option<DealState>,
    pub ticket: Option<TicketState>,
    pub urgent: bool,
    pub ended_at: Option<Time>,
    /// The change that was told last, and when.
    changed_at: Option<Time>,
    told_at: Time,
    /// When it was last seen open, and first seen to have ended since.
    last_open: Option<Time>,
    seen_ended: Option<Time>,
    amount: Option<f64>,
    pub people: BTreeSet<ShortText>,
    /// Everyone it ever named and nobody let go.
    pub ever: BTreeSet<ShortText>,
    pub account: Option<ShortText>,
    /// An administrator let its holds go after it vanished.
    pub let_go: bool,
}

#[derive(Debug, Clone, Default)]
struct Facts {
    bearers: BTreeMap<RecordId, Bearer>,
    things: BTreeMap<RecordId, Thing>,
    refused: BTreeSet<Address>,
}

/// Facts on disk, and those that a kill would forget.
#[derive(Debug, Default)]
pub struct Known {
    kept: Facts,
    pending: Vec<(Observed, Time)>,
    commits: u64,
    /// When our last write to a record was acknowledged: what was read before says nothing of it.
    acknowledged: BTreeMap<RecordId, Time>,
    /// Only deals of at least this amount hold.
    least: Option<f64>,
}

impl Known {
    pub fn new(least: Option<f64>) -> Known {
        Known { least, ..Known::default() }
    }

    /// A page came; a pass that began at `began` asked for it.
    pub fn observe(&mut self, rows: &[Observed], began: Time) {
        self.pending.extend(rows.iter().map(|r| (r.clone(), began)));
    }

    pub fn acknowledged(&mut self, record: &RecordId, at: Time) {
        self.acknowledged.insert(record.clone(), at);
    }

    /// Whether what was read at a time says something of a record: our last write to it was acknowledged before.
    pub fn is_newer(&self, record: &RecordId, read: Time) -> bool {
        self.acknowledged.get(record).is_none_or(|at| *at < read)
    }

    /// What was committed is kept from now on.
    pub fn settle(&mut self, disk: &Disk) {
        if disk.commits() != self.commits {
            self.commits = disk.commits();
            for (row, began) in std::mem::take(&mut self.pending) {
                self.keep(row, began);
            }
        }
    }

    /// The process died: what was not committed is not known any more.
    pub fn forget(&mut self, disk: &Disk, now: Time) {
        self.settle(disk);
        self.pending.clear();
        // By that process's clock, which may have been a month ahead. What the next one reads is read after.
        self.acknowledged.clear();
        // And what it saw was seen by now: whoever knows how late it is waits for no end that is still to come.
        for thing in self.kept.things.values_mut() {
            (thing.last_open, thing.seen_ended) = (thing.last_open.map(|at| at.min(now)), thing.seen_ended.map(|at| at.min(now)));
        }
    }

    /// The store is lost. What the journal keeps is still known: who said no, and under which addresses.
    pub fn lose(&mut self) {
        let refused = std::mem::take(&mut self.kept.refused);
        let bearers = std::mem::take(&mut self.kept.bearers).into_iter().filter(|(_, b)| b.refused);
        let bearers = bearers.map(|(id, _)| (id, Bearer { refused: true, ..Bearer::default() })).collect();
        self.kept = Facts { bearers, refused, ..Facts::default() };
        self.acknowledged.clear();
    }

    fn keep(&mut self, row: Observed, began: Time) {
        let facts = &mut self.kept;
        match row {
            Observed::Deleted(_) | Observed::NotFound(_) | Observed::Merged { .. } => {}
            Observed::DealPeople { deal, people } => {
                if let Some(thing) = facts.things.get_mut(&deal) {
                    thing.people = people.iter().cloned().collect();
                    thing.ever.extend(people);
                }
            }
            Observed::Record { record, people_told, accounts_told } => match record.id.entity {
                Entity::Person => {
                    let stale = self.acknowledged.get(&record.id).is_some_and(|at| *at >= began);
                    let new = !facts.bearers.contains_key(&record.id);
                    let bearer = facts.bearers.entry(record.id.clone()).or_default();
                    // A search that trails may show what the record was before anybody here knew it.
                    let stale = stale || record.changed_at < bearer.changed_at && (0..TRAILS_MS).contains(&(began.0 - bearer.told_at.0));
                    // Or before our own write.
                    let written = self.acknowledged.get(&record.id).is_some_and(|at| (0..TRAILS_MS).contains(&(began.0 - at.0)));
                    let doubtful = written && record.changed_at <= bearer.changed_at;
                    if record.changed_at >= bearer.changed_at || !stale {
                        (bearer.changed_at, bearer.told_at) = (record.changed_at, began);
                    }
                    bearer.refused |= !record.refusals.is_empty();
                    bearer.shows_refusal = !record.refusals.is_empty();
                    if !stale || new {
                        bearer.addresses.extend(record.address());
                        bearer.addresses.extend(record.addresses.iter().cloned());
                        let told: BTreeSet<ShortText> = record.accounts().cloned().collect();
                        match (doubtful, accounts_told) {
                            (true, _) if !new => {
                                bearer.perhaps.extend(told.iter().chain(&bearer.accounts).cloned());
                                bearer.accounts.retain(|known| told.contains(known));
                            }
                            (_, true) => (bearer.accounts, bearer.perhaps) = (told, BTreeSet::new()),
                            // Further ones that an answer does not carry may still be there.
                            (_, false) => bearer.accounts.extend(told),
                        }
                    }
                    if bearer.refused {
                        facts.refused.extend(bearer.addresses.iter().cloned());
                    }
                }
                Entity::Deal | Entity::Ticket => {
                    let thing = facts.things.entry(record.id.clone()).or_default();
                    let is_open = |deal: Option<DealState>, ticket: Option<TicketState>| {
                        deal.is_some_and(DealState::is_open) || ticket.is_some_and(TicketState::is_open)
                    };
                    let ends = is_open(thing.deal, thing.ticket) && !is_open(record.deal, record.ticket);
                    if !ends && record.changed_at < thing.changed_at && (0..TRAILS_MS).contains(&(began.0 - thing.told_at.0)) {
                        // As it was before what is known of it: nayose may know that too.
                        return;
                    }
                    (thing.changed_at, thing.told_at) = (record.changed_at, began);
                    (thing.deal, thing.ticket) = (record.deal, record.ticket);
                    thing.urgent = record.text("priority") == Some("urgent");
                    thing.ended_at = record.memory.ended_at;
                    thing.amount = record.field("amount").and_then(|f| if let Value::Number(n) = f.value { Some(n) } else { None });
                    if record.deal.is_some_and(DealState::is_open) {
                        (thing.last_open, thing.seen_ended) = (Some(began), None);
                    } else {
                        thing.seen_ended.get_or_insert(began);
                        // By a clock that was ahead then.
                        thing.last_open = thing.last_open.map(|at| at.min(began));
                    }
                    thing.account = record.account.clone();
                    if people_told {
                        thing.people = record.people.iter().cloned().collect();
                        thing.ever.extend(record.people.iter().cloned());
                    }
                }
                _ => {}
            },
        }
    }

    pub fn bearer(&self, id: &RecordId) -> Option<&Bearer> {
        self.kept.bearers.get(id)
    }

    /// Whether a person's record was told and kept.
    pub fn knows(&self, record: &RecordId) -> bool {
        self.bearer(record).is_some()
    }

    /// Another instance of a system stands behind its name. Its records are kept under another: they may still tell who is whom.
    pub fn set_system_aside(&mut self, system: &str, aside: &str) {
        let was = |id: RecordId| if *id.system == *system { RecordId { system: aside.into(), ..id } } else { id };
        self.kept.bearers = std::mem::take(&mut self.kept.bearers).into_iter().map(|(id, bearer)| (was(id), bearer)).collect();
        self.pending.retain(|(row, _)| *row.id().system != *system);
    }

    pub fn refuses(&self, address: &Address) -> bool {
        self.kept.refused.contains(address)
    }

    /// Whether one of a record's addresses belongs to someone who said no.
    pub fn is_refused(&self, record: &RecordId) -> bool {
        self.bearer(record).is_some_and(|b| b.refused || b.addresses.iter().any(|a| self.refuses(a)))
    }

    /// An administrator let go of what vanished.
    pub fn let_go(&mut self, cause: &RecordId) {
        if let Some(thing) = self.kept.things.get_mut(cause) {
            thing.let_go = true;
        }
    }

    /// An administrator let go of people that a deal does not name any more.
    pub fn unlink(&mut self, cause: &RecordId, people: &[RecordId]) {
        if let Some(thing) = self.kept.things.get_mut(cause) {
            let named = thing.people.clone();
            thing.ever.retain(|p| named.contains(p) || !people.iter().any(|r| r.system == cause.system && r.id == *p));
        }
    }

    /// Why a record of a mailer must not be mailed: the first deal or ticket that was told and not seen to end.
    ///
    /// The least that must hold: records in one step by an address that both ever bore.
    pub fn must_hold(&self, record: &RecordId, rules: &[Rules], now: Time) -> Option<String> {
        let bearer = self.bearer(record)?;
        self.kept.things.iter().find(|(id, thing)| self.holds(id, thing, bearer, rules, now)).map(|(id, _)| id.to_string())
    }

    /// A deal whose loss was told, and whose people must not be mailed for a while yet, by the true time: the first that names a bearer of
    /// this address.
    pub fn cools(&self, address: &Address, rules: &[Rules], true_now: Time) -> Option<&RecordId> {
        let names = |id: &RecordId, thing: &Thing| {
            thing.people.iter().any(|p| {
                let person = RecordId::new(id.system.clone(), Entity::Person, p.clone());
                self.bearer(&person).is_some_and(|b| b.addresses.contains(address))
            })
        };
        let cool_down = rules.iter().map(|r| r.cool_down_ms()).min().unwrap_or(0);
        let fits = |(id, thing): &(&RecordId, &Thing)| {
            let cooling = thing.ended_at.is_some_and(|at| at <= true_now && true_now.0 - at.0 < cool_down - COOLING_SLACK_MS);
            // A search may still show the deal as it was before: read, and not kept yet.
            let read_anew = self.pending.iter().any(|(row, _)| row.id() == *id);
            !read_anew && thing.deal == Some(DealState::Lost) && !thing.let_go && self.least.is_none() && cooling && names(id, thing)
        };
        self.kept.things.iter().find(fits).map(|(id, _)| id)
    }

    fn holds(&self, id: &RecordId, thing: &Thing, whom: &Bearer, rules: &[Rules], now: Time) -> bool {
        if thing.let_go {
            return false;
        }
        let system = &id.system;
        let same = |person: &str| {
            let id = RecordId::new(system.clone(), Entity::Person, person);
            self.bearer(&id).is_some_and(|b| !b.addresses.is_disjoint(&whom.addresses))
        };
        match (thing.deal, thing.ticket) {
            (Some(state), _) => {
                let open = state.is_open();
                // From the later of the told end, which cannot lie ahead of when it was seen, and the last moment at which it was seen open.
                let told = thing.ended_at.or(thing.seen_ended).min(thing.seen_ended.or(thing.ended_at));
                let from = told.max(thing.last_open.filter(|_| told.is_some()));
                let cooling =
                    state == DealState::Lost && rules.iter().any(|r| from.is_some_and(|at| at <= now && now.0 - at.0 < r.cool_down_ms()));
                if self.least.is_some_and(|least| thing.amount.is_none_or(|a| a < least)) {
                    return false;
                }
                if open {
                    return thing.ever.iter().any(|p| same(p))
                        || (rules.iter().any(|r| r.accounts()) && self.at_account(system, thing, whom));
                }
                cooling && thing.people.iter().any(|p| same(p))
            }
            (_, Some(state)) => {
                rules.iter().any(|r| r.tickets()) && state.is_open() && thing.urgent && thing.people.iter().any(|p| same(p))
            }
            _ => false,
        }
    }

    fn at_account(&self, system: &str, thing: &Thing, whom: &Bearer) -> bool {
        let Some(account) = &thing.account else { return false };
        self.kept
            .bearers
            .iter()
            .any(|(id, b)| *id.system == *system && b.accounts.contains(account) && !b.addresses.is_disjoint(&whom.addresses))
    }

    /// All records that hang together by any address that they ever bore, from one record on, with the deals and tickets that ever spoke of
    /// one of them or of their accounts: the most that could keep a hold.
    pub fn could_hold(&self, record: &RecordId, now: Time, cool_down_ms: i64) -> bool {
        let mut open: Vec<&RecordId> = vec![record];
        let mut seen: BTreeSet<&RecordId> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            let Some(bearer) = self.bearer(id) else { continue };
            if bearer.refused || bearer.addresses.iter().any(|a| self.refuses(a)) {
                return true;
            }
            for (other, b) in &self.kept.bearers {
                if !seen.contains(other) && !b.addresses.is_disjoint(&bearer.addresses) {
                    seen.insert(other);
                    open.push(other);
                }
            }
        }
        self.kept.things.iter().any(|(id, thing)| {
            let named = seen.iter().any(|r| r.system == id.system && thing.ever.contains(&r.id));
            let account = seen.iter().any(|r| {
                let has = |a: &ShortText| self.bearer(r).is_some_and(|b| b.accounts.contains(a) || b.perhaps.contains(a));
                r.system == id.system && thing.account.as_ref().is_some_and(has)
            });
            let ended = match (thing.deal, thing.ticket) {
                (Some(DealState::Lost), _) => thing.ended_at.is_some_and(|at| now.0 - at.0 > 2 * cool_down_ms),
                (Some(state), _) => !state.is_open(),
                (_, Some(state)) => !state.is_open() || !thing.urgent,
                _ => true,
            };
            (named || account) && !ended
        })
    }
}

#[cfg(test)]
mod tests;
