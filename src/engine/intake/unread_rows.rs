//! Rows that are no records: whom they can concern is held, and nobody else. Of a row of which nothing at all can be known, its stream is
//! not proved until a named person accepts it.

use super::doubts::DOUBT;
use super::doubts::LET_GO;
use super::doubts::{Concerns, Doubt, DoubtKey, Doubts, keys};
use crate::connector::manifest::Role;
use crate::connector::{Pass, Unread};
use crate::decide::ratchet::{Kept, Reach};
use crate::decide::standing::{By, HoldNow, Kinds, UNREAD};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Address, Entity, MailKind, Name, Reason, Record, RecordId, ShortText, Time};
use crate::telemetry::InternalEvent;
use crate::telemetry::reading::RowsNotRead;
use std::collections::BTreeMap;

/// An account may have more people than one row should silence; beyond this only those whom it names are held.
const ACCOUNT_CAP: usize = 500;

/// More rows of one stream than this are not looked at one by one: the stream is not proved while they are there.
pub(in crate::engine) const ROWS_MAX: usize = 1_000;

impl Engine {
    /// Takes a row that was kept out. What was known of its record stays.
    pub(in crate::engine) fn take_unread(&mut self, run: &mut PassRun, row: Unread, now: Time) {
        if self.doubts.is_accepted(&row.row) {
            return;
        }
        run.unread += 1;
        let cause = row.id.clone().unwrap_or_else(|| RecordId::new(run.system.clone(), row.entity, &*row.row));
        let before = self.doubts.get(&cause).cloned();
        if before.is_none() && self.doubts.of_stream(&run.system, &run.stream).count() >= ROWS_MAX {
            return run.unread_beyond += 1;
        }
        let known = self.world.find(&cause);
        if let Some(idx) = known.filter(|idx| self.world.slot(*idx).stream == run.stream) {
            // It is listed, whatever it says.
            self.see(idx, run);
        }
        let (entity, names_all, names_companies) = (row.entity, row.names_all, row.names_companies);
        let mut doubt = Doubt::of_row(row, run, before.as_ref(), known.map(|idx| self.world.record(idx)), now);
        doubt.concerns = doubt.concerned(cause.entity, names_all, || self.is_target(&cause.system, &run.stream));
        if names_companies {
            doubt.concerns = doubt.of_list();
            self.world.find_by_companies();
        }
        if self.let_go.remove(&cause) {
            self.ledger.delete(LET_GO, cause.key());
        }
        if before.as_ref().is_some_and(|before| before.says_the_same(&doubt)) {
            self.doubts.put(cause, doubt);
            return;
        }
        if before.is_none() {
            run.unread_new += 1;
        }
        if doubt.named && entity != Entity::Person {
            self.look_for_row(&cause);
        }
        self.keep_doubt(cause, doubt);
    }

    /// Whether mail is sent from a stream's system, or we write there.
    fn is_target(&self, system: &Name, stream: &Name) -> bool {
        let system = self.systems.get(system).filter(|s| s.connected.writes_to(stream));
        system.is_some_and(|s| {
            let config = s.connected.config();
            let writes = &config.writes;
            writes.hold || writes.status || !writes.fields.is_empty() || config.manifest.role == Role::Ma
        })
    }

    pub(in crate::engine) fn keep_doubt(&mut self, cause: RecordId, doubt: Doubt) {
        self.mark_doubt(&cause);
        self.ledger.put(DOUBT, cause.key(), &doubt);
        self.doubts.put(cause.clone(), doubt);
        self.changes += 1;
        self.mark_doubt(&cause);
    }

    /// A record was read as it should, or its doubt was answered.
    pub(in crate::engine) fn end_doubt(&mut self, cause: &RecordId) {
        if self.doubts.get(cause).is_none() {
            return;
        }
        self.mark_doubt(cause);
        self.ledger.delete(DOUBT, cause.key());
        self.doubts.take(cause);
        self.changes += 1;
    }

    /// The people of a deal whose own row could not be read.
    pub(in crate::engine) fn take_people_of_doubt(&mut self, deal: &RecordId, people: &[ShortText]) {
        let Some(before) = self.doubts.get(deal) else { return };
        let mut doubt = before.clone();
        doubt.people.extend(people.iter().cloned());
        doubt.people.sort();
        doubt.people.dedup();
        if doubt != *before {
            self.keep_doubt(deal.clone(), doubt);
        }
    }

    fn mark_doubt(&mut self, cause: &RecordId) {
        let Some(doubt) = self.doubts.get(cause) else { return };
        let mut places: Vec<Idx> = self.world.find(cause).into_iter().collect();
        for key in keys(cause, doubt) {
            match &key {
                DoubtKey::Person(id) => places.extend(self.world.find(id)),
                DoubtKey::Account(id) => places.extend(self.world.people_of_account(id)),
                DoubtKey::Company(company) => places.extend(self.world.people_of_company(company)),
                DoubtKey::Address(address) => places.extend(self.world.bearers(address)),
            }
        }
        self.dirty.extend(places);
    }

    /// At the end of a pass: whether rows that may be anybody's keep its stream from being proved. Tells of rows that are new.
    pub(in crate::engine) fn doubt_pass(&mut self, run: &PassRun, complete: bool) -> bool {
        let sweep = run.pass.is_sweep();
        if complete && sweep && !self.doubts.is_empty() {
            self.forget_unlisted(run);
        }
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return false };
        if complete && run.pass == Pass::Sweep {
            stream.unread_beyond = run.unread_beyond;
        } else {
            stream.unread_beyond = stream.unread_beyond.max(run.unread_beyond);
        }
        let beyond = stream.unread_beyond;
        let why = self.unproved_rows(&run.system, &run.stream, beyond);
        let doubted = why.is_some();
        if run.unread_new > 0 {
            let (system, stream, rows) = (&run.system, &run.stream, run.unread_new);
            RowsNotRead { system, stream, rows, why: why.as_deref() }.emit();
        }
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            stream.doubted = doubted;
        }
        doubted
    }

    /// A whole pass over a stream came to its end: what it did not show any more. Who is held by such a row stays held, and we ask.
    fn forget_unlisted(&mut self, run: &PassRun) {
        for (cause, left) in unlisted(&self.doubts, run) {
            match left {
                Some(doubt) => self.keep_doubt(cause, doubt),
                None => self.end_doubt(&cause),
            }
        }
    }

    /// After a start: where as many rows are in doubt as are looked at, there were others, perhaps. A whole pass tells, which is due at once.
    pub(in crate::engine) fn expect_more_unread(&mut self) {
        for (system, stream) in full(&self.doubts, ROWS_MAX) {
            if let Some(state) = self.stream_mut(&system, &stream) {
                (state.unread_beyond, state.swept_at) = (1, None);
            }
        }
    }

    /// Why a stream proves nothing, if rows of it may be anybody's. `beyond`: rows of this pass that were too many to be looked at.
    pub fn unproved_rows(&self, system: &Name, stream: &Name, beyond: usize) -> Option<String> {
        why_unproved(self.doubts.of_stream(system, stream).map(|(_, doubt)| doubt), beyond)
    }

    /// The holds by rows that could not be read.
    pub(in crate::engine) fn doubtful_holds(&self, records: &[Record], addresses: &[Address], now: Time) -> Vec<HoldNow> {
        let mut holds = Vec::new();
        if self.doubts.is_empty() {
            return holds;
        }
        let mut reached = reached_by(records, addresses, |account| self.world.people_of_account(account).len());
        let companies = records.iter().flat_map(|record| self.world.companies_sought(record));
        let small = companies.filter(|company| self.world.size_of_company(company) <= ACCOUNT_CAP);
        reached.extend(small.map(|company| (DoubtKey::Company(company.into()), Reach::Account)));
        for (key, reach) in reached {
            for (cause, doubt) in self.doubts.at(&key).filter(|(cause, _)| !self.let_go.contains(*cause)) {
                let hold = HoldNow {
                    hold: UNREAD.into(),
                    cause: cause.clone(),
                    reach,
                    reason: Reason::Hold(UNREAD.into()),
                    stops: self.doubtful_kinds(),
                    since: doubt.since.min(now),
                    until: None,
                    kept: doubt.unlisted.then_some(Kept::CauseGone),
                    by: By::Files,
                };
                crate::engine::assess::holds::add(&mut holds, hold);
            }
        }
        holds
    }

    /// What a row that cannot be read might stop: all that some hold stops, and what marketing systems send.
    fn doubtful_kinds(&self) -> Kinds {
        let of_holds = self.rules.rules().policy.holds.iter().map(|h| Kinds::of(&h.stops));
        let sent: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()).collect();
        of_holds.fold(Kinds::of(&sent), Kinds::union)
    }

    /// What becomes of a remembered hold by a row, once nothing reaches the person by it any more: it ends when the row was read or answered.
    pub(in crate::engine) fn doubt_keeps(&self, cause: &RecordId, around: &View<'_>) -> Option<Kept> {
        let was_read = || self.world.find(cause).is_some_and(|idx| !around.get(idx).is_gone());
        kept_by(self.doubts.get(cause), || was_read() || self.doubts.is_answered(cause))
    }
}

impl Doubt {
    /// A row that was kept out: with whom it names, and with whom it was known to concern. Who was on it may still be.
    fn of_row(row: Unread, run: &PassRun, before: Option<&Doubt>, known: Option<Record>, now: Time) -> Doubt {
        let mut doubt = Doubt {
            stream: run.stream.clone(),
            row: row.row,
            why: row.why,
            since: before.map_or(now, |b| b.since),
            people: row.people,
            accounts: row.accounts,
            addresses: row.addresses,
            unlisted: false,
            named: row.id.is_some(),
            concerns: Concerns::Anybody,
            epoch: run.epoch,
        };
        if let Some(known) = known {
            doubt.accounts.extend(known.accounts().cloned());
            doubt.people.extend(known.people);
            doubt.addresses.extend(known.addresses);
        }
        doubt.people.extend(before.iter().flat_map(|b| b.people.iter().cloned()));
        for ids in [&mut doubt.people, &mut doubt.accounts] {
            ids.sort();
            ids.dedup();
        }
        doubt.addresses.sort();
        doubt.addresses.dedup();
        doubt
    }

    /// Whom it can concern, as a row of such an entity. `names_all`: it shows all whom it names; of a deal without an id nobody can ask for
    /// the rest. `is_target` tells whether mail is sent from its stream, or we write there.
    fn concerned(&self, entity: Entity, names_all: bool, is_target: impl FnOnce() -> bool) -> Concerns {
        let names_someone = names_all && !(self.people.is_empty() && self.accounts.is_empty() && self.addresses.is_empty());
        match entity {
            Entity::Person if self.named => Concerns::Record,
            // Whose people are read for each deal may still be found out.
            Entity::Deal | Entity::Ticket if self.named => Concerns::Named,
            _ if names_someone => Concerns::Named,
            // Nothing can be sent to a person of whom neither id nor address is known, but where mail is sent from, or where we write.
            Entity::Person if !is_target() => Concerns::Nobody,
            _ => Concerns::Anybody,
        }
    }

    /// The same of a row of a list: it names companies, and nobody can ask for whom else it names.
    fn of_list(&self) -> Concerns {
        match self.concerns {
            Concerns::Named if self.people.is_empty() && self.accounts.is_empty() && self.addresses.is_empty() => Concerns::Anybody,
            Concerns::Named => Concerns::Companies,
            other => other,
        }
    }

    /// Whether another says nothing else, whichever pass showed it.
    fn says_the_same(&self, other: &Doubt) -> bool {
        Doubt { epoch: other.epoch, ..self.clone() } == *other
    }

    /// What is left of it once a whole pass did not show its row any more. `None`: nothing, as its record is missed as any other.
    fn left_unlisted(&self) -> Option<Doubt> {
        match self.concerns {
            Concerns::Named | Concerns::Companies => Some(Doubt { unlisted: true, ..self.clone() }),
            Concerns::Record | Concerns::Nobody | Concerns::Anybody => None,
        }
    }
}

/// The rows that a whole pass did not show any more, and what is left of each.
fn unlisted(doubts: &Doubts, run: &PassRun) -> Vec<(RecordId, Option<Doubt>)> {
    let gone = doubts.of_stream(&run.system, &run.stream).filter(|(_, d)| d.epoch < run.epoch && !d.unlisted);
    gone.map(|(cause, d)| (cause.clone(), d.left_unlisted())).collect()
}

/// The streams of which at least so many rows are in doubt.
fn full(doubts: &Doubts, rows: usize) -> Vec<(Name, Name)> {
    let mut counts: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    for (cause, doubt) in doubts.iter() {
        *counts.entry((cause.system.clone(), doubt.stream.clone())).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count >= rows).map(|(stream, _)| stream).collect()
}

/// Why a stream with these rows proves nothing, if it does.
fn why_unproved<'d>(doubts: impl Iterator<Item = &'d Doubt>, beyond: usize) -> Option<String> {
    if beyond > 0 {
        return Some(format!("more than {ROWS_MAX} rows cannot be read; the stream is not proved while they are there"));
    }
    let anybody: Vec<&Doubt> = doubts.filter(|d| d.concerns == Concerns::Anybody).collect();
    let first = anybody.first()?;
    Some(format!(
        "{} cannot be read and may be anybody's ({}; since {}), so that the stream is not proved: `nayose accept {} --because TEXT` if it concerns nobody",
        if anybody.len() == 1 { "a row".to_string() } else { format!("{} rows", anybody.len()) },
        first.why,
        first.since,
        first.row
    ))
}

/// By what a row reaches the person with these records and addresses. `people_of` counts those of an account.
fn reached_by(records: &[Record], addresses: &[Address], people_of: impl Fn(&RecordId) -> usize) -> Vec<(DoubtKey, Reach)> {
    let mut reached: Vec<(DoubtKey, Reach)> = addresses.iter().map(|a| (DoubtKey::Address(a.clone()), Reach::Person)).collect();
    for record in records {
        reached.push((DoubtKey::Person(record.id.clone()), Reach::Person));
        let accounts = record.accounts().map(|a| RecordId::new(record.id.system.clone(), Entity::Account, a.clone()));
        let small = accounts.filter(|account| people_of(account) <= ACCOUNT_CAP);
        reached.extend(small.map(|account| (DoubtKey::Account(account), Reach::Account)));
    }
    reached
}

/// Why a hold by a row is kept though nothing reaches the person by it. `is_over`: the row was read, or answered.
fn kept_by(doubt: Option<&Doubt>, is_over: impl FnOnce() -> bool) -> Option<Kept> {
    match doubt {
        Some(doubt) => Some(if doubt.unlisted { Kept::CauseGone } else { Kept::LinkLost }),
        None => (!is_over()).then_some(Kept::CauseUnknown),
    }
}

#[cfg(test)]
mod tests;
