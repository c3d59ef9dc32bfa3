//! Pages in: what was read is laid over what was known, and who is touched by it is marked for a new decision.

use super::engine::{Engine, Error};
use super::refusals::On;
use super::target::Noticed;
use super::world::{Idx, Merged, overlay};
use crate::connector::{Observed, PageRead, Pass, PassEnd};
use crate::decide::freshness;
use crate::model::{Entity, MailKind, Name, Presence, Record, RecordId, Refusal, Span, Time};

/// A commit is made when this many items wait for it, and at the end of each pass. Each costs some milliseconds of disk, whatever it holds;
/// so many items are about a megabyte of memory, and of reading that a crash repeats.
const COMMIT_ITEMS: usize = 4_000;
/// A stream that listed at least so many records and now lists none is not believed: a lost scope looks like that.
const EMPTY_SUSPICIOUS_FROM: usize = 5;
/// Filtered passes in a row that may miss the newest known record before the filter is called broken.
const SILENT_PASSES_MAX: u8 = 2;
/// How long a test of a filter counts.
pub const FILTER_TEST_EVERY: Span = Span::days(1);

/// What a pass is told at its begin and brings along.
#[derive(Debug, Clone)]
pub struct PassRun {
    pub system: Name,
    pub stream: Name,
    pub pass: Pass,
    pub began: Time,
    pub epoch: u32,
    pub read: u64,
    pub changed: u64,
    /// The newest change that this pass saw.
    pub newest: Option<Time>,
    /// Deals that this pass showed changed, without their people.
    pub deals_without_people: Vec<Box<str>>,
}

impl Engine {
    /// Begins a pass over a stream.
    pub fn begin(&mut self, system: &Name, stream: &Name, pass: Pass, now: Time) -> PassRun {
        let epoch = match (&pass, self.systems.get_mut(system)) {
            (Pass::Sweep | Pass::Open, Some(state)) => {
                let epoch = state.epochs.entry(stream.clone()).or_default();
                *epoch += 1;
                *epoch
            }
            _ => 0,
        };
        PassRun {
            system: system.clone(),
            stream: stream.clone(),
            pass,
            began: now,
            epoch,
            read: 0,
            changed: 0,
            newest: None,
            deals_without_people: Vec::new(),
        }
    }

    /// Takes one page in. Its cursor and what it changed are one commit. Once everything was read before, it is decided on at once: evidence
    /// does not wait for the end of a long pass. Returns whether it was.
    pub fn observe(&mut self, run: &mut PassRun, page: PageRead, now: Time) -> Result<bool, Error> {
        for note in page.quarantined {
            let who = note.record.map_or_else(|| format!("{}:{}", run.system, run.stream), |r| r.to_string());
            self.note_quarantined(format!("{who}: {}: {}", note.field, note.why));
        }
        if let (Some(skew), Some(state)) = (page.clock_skew_ms, self.systems.get_mut(&run.system)) {
            state.clock_skew_ms = skew;
        }
        for observed in page.observed {
            run.read += 1;
            match observed {
                Observed::Record { record, people_told } => self.observe_record(run, *record, people_told),
                Observed::Deleted(id) => self.observe_deleted(run, &id, now),
                Observed::DealPeople { deal, people } => self.observe_deal_people(run, &deal, people),
            }
        }
        if let Some(cursor) = page.cursor
            && let Some(stream) = self.stream_mut(&run.system, &run.stream)
            && stream.cursor.as_ref() != Some(&cursor)
        {
            stream.cursor = Some(cursor);
            self.keep_stream(&run.system, &run.stream);
        }
        let decides = !self.dirty.is_empty() && self.everything_was_proved();
        if decides {
            self.reconcile(now);
        }
        if self.uncommitted() >= COMMIT_ITEMS {
            self.commit()?;
        }
        Ok(decides)
    }

    /// Whether each stream that a decision needs was proved at some time: before that the gate allows nobody.
    fn everything_was_proved(&self) -> bool {
        let kinds = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma());
        let mut needed = kinds.flat_map(|k| freshness::needed(&self.config.policy, k));
        needed.all(|p| self.proved(&p.system, &p.stream).at.is_some())
    }

    fn observe_record(&mut self, run: &mut PassRun, new: Record, people_told: bool) {
        run.newest = run.newest.max(new.changed_at);
        let found = self.world.find(&new.id);
        if let Some(idx) = found {
            self.see(idx, run);
        }
        for scope in &new.refusals {
            let refusal = Refusal { scope: scope.clone(), from: new.id.clone(), seen_at: run.began, address: new.address() };
            let known = self.refusals.knows(&On::Record(new.id.clone()), scope);
            if !known {
                self.keep_refusal(On::Record(new.id.clone()), refusal.clone());
                if let Some(address) = new.address() {
                    self.keep_refusal(On::Address(address), refusal);
                }
            }
        }
        // What was read before our last write to this record was acknowledged says nothing of what it holds now.
        // Refusals above count whenever they were read.
        let stale =
            found.and_then(|i| self.world.slot(i).target.as_ref()).and_then(|t| t.acknowledged_at).is_some_and(|at| at >= run.began);
        if let Some(idx) = found
            && stale
        {
            return self.mark_person(idx);
        }
        if new.id.entity == Entity::Deal && !people_told {
            run.deals_without_people.push(new.id.id.clone());
        } else if found.is_some_and(|idx| self.world.shows(idx, &new) && !self.ends_later(idx, &new)) {
            return;
        }
        let old = found.map(|i| self.world.record(i));
        let was_gone = old.as_ref().is_some_and(|o| o.presence != Presence::Listed);
        match overlay(old.as_ref(), new, people_told, run.began) {
            Merged::Same => {}
            Merged::Changed(record) => {
                run.changed += 1;
                if was_gone && self.let_go.remove(&record.id) {
                    self.pending.delete(super::persist::kind::LET_GO, record.id.to_string().into_bytes());
                }
                if let Some(old) = &old
                    && let Some(idx) = found
                {
                    self.mark(idx, old);
                }
                let before = old.as_ref().map(|old| self.world.keys(old));
                let idx = self.keep_record_over(before, run.stream.clone(), &record);
                self.see(idx, run);
                if old.is_none() {
                    self.recover(idx, &record, run.began);
                }
                self.look_at_target(idx, &record, run.began);
                self.mark(idx, &record);
            }
        }
    }

    /// Notes that a sweep saw the record.
    fn see(&mut self, idx: Idx, run: &PassRun) {
        if run.epoch > 0 {
            self.world.slot_mut(idx).epoch = run.epoch;
        }
    }

    /// Whether an observation tells a later end of a deal or ticket than is known: reopened and ended again between two looks.
    fn ends_later(&self, idx: Idx, new: &Record) -> bool {
        new.memory.ended_at.is_some_and(|end| self.world.record(idx).memory.ended_at.is_none_or(|known| known < end))
    }

    /// What an observation says of our own writes to the record.
    fn look_at_target(&mut self, idx: Idx, record: &Record, now: Time) {
        let Some(target) = self.world.slot_mut(idx).target.as_mut() else { return };
        let before = target.clone();
        let noticed = target.observe(record);
        let changed = **target != *before;
        for notice in noticed {
            match notice {
                Noticed::Parked { field } => {
                    tracing::warn!(record = %record.id, %field, "the field does not stay as written; it is parked until another value is wanted");
                }
                Noticed::BlockLost => {
                    tracing::warn!(record = %record.id, "the block that we set is gone; if its hold is still in force it is set again");
                    if let Some(system) = self.systems.get_mut(&record.id.system) {
                        system.blocks_lost += 1;
                    }
                    self.journal_block_lost(&record.id, now);
                }
            }
        }
        if changed {
            self.keep_target(idx);
        }
    }

    fn observe_deleted(&mut self, run: &mut PassRun, id: &RecordId, now: Time) {
        let Some(idx) = self.world.find(id) else { return };
        let mut record = self.world.record(idx);
        if !record.is_gone() {
            record.presence = Presence::Gone(now);
            run.changed += 1;
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }

    fn observe_deal_people(&mut self, run: &mut PassRun, deal: &RecordId, mut people: Vec<Box<str>>) {
        people.sort();
        people.dedup();
        let Some(idx) = self.world.find(deal) else { return };
        let old = self.world.record(idx);
        if old.people == people {
            return;
        }
        let mut new = old.clone();
        new.people = people;
        if let Merged::Changed(record) = overlay(Some(&old), new, true, run.began) {
            run.changed += 1;
            self.mark(idx, &old);
            let stream = self.world.slot(idx).stream.clone();
            let idx = self.keep_record(stream, &record);
            self.mark(idx, &record);
        }
    }

    /// Ends a pass: what it proves, what a sweep did not see, and one commit. Returns false if more is needed before it counts (see `status`).
    pub fn end(&mut self, run: &PassRun, end: &PassEnd, now: Time) -> Result<bool, Error> {
        let info = self.systems.get(&run.system).and_then(|s| s.infos.get(&run.stream)).cloned();
        let lag = info.as_ref().map_or(Span::ZERO, |i| i.lag);
        let sound = info.as_ref().is_some_and(|i| i.sound);
        let overlaps = info.as_ref().is_some_and(|i| i.overlaps);
        let proves_at = run.began.minus(lag);
        let mut error = end.incomplete_because.clone().map(|why| format!("the listing is not complete: {why}"));
        let mut complete = end.complete && error.is_none();
        if matches!(run.pass, Pass::FilterTest(_)) {
            // One page tells it, whether more would follow or not.
            (complete, error) = (true, None);
        }
        if complete && run.pass == Pass::Sweep {
            let known = self.world.listed(&run.system, &run.stream);
            if run.read == 0 && known >= EMPTY_SUSPICIOUS_FROM {
                complete = false;
                error = Some(format!(
                    "the system lists none of the {known} records that are known; has the token lost a scope? Nothing is taken as ended by this"
                ));
            } else {
                self.miss(run, now);
            }
        }
        let left_the_list = complete && run.pass == Pass::Open && self.open_deal_left(run);
        let carried = if left_the_list { Vec::new() } else { self.carried_by(&run.system, &run.stream, &run.pass) };
        // As it is kept: while everything is read anew nothing counts as proved, and this is part of what ends that.
        let streams = self.systems.get(&run.system).map(|s| &s.streams);
        let deals = info.as_ref().and_then(|i| i.for_each.as_ref()).and_then(|deals| streams?.get(deals));
        let deals_proved = deals.and_then(|d| d.proved_at);
        if let Some(state) = self.systems.get_mut(&run.system) {
            state.credential_refused.remove(&run.stream);
        }
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return Ok(complete) };
        stream.error_since = if error.is_some() { stream.error_since.or(Some(now)) } else { None };
        stream.error = error;
        if complete {
            match &run.pass {
                Pass::Sweep => {
                    stream.newest = stream.newest.max(run.newest);
                    stream.swept_at = Some(run.began);
                    stream.proved_at = stream.proved_at.max(Some(proves_at));
                }
                Pass::Changes(since) => {
                    if !overlaps || run.newest.is_some_and(|n| n >= *since) {
                        stream.silent_passes = 0;
                    } else {
                        stream.silent_passes = stream.silent_passes.saturating_add(1);
                    }
                    if stream.silent_passes > SILENT_PASSES_MAX {
                        // The newest known record should come back each time, for the overlap. A sweep finds out what is missing.
                        stream.swept_at = None;
                        stream.silent_passes = 0;
                    }
                    stream.newest = stream.newest.max(run.newest);
                    if sound && !stream.filter_broken && stream.filter_tested_at.is_some() {
                        stream.proved_at = stream.proved_at.max(Some(proves_at));
                    }
                }
                Pass::Resume { .. } => {
                    stream.newest = stream.newest.max(run.newest);
                    if sound {
                        stream.proved_at = stream.proved_at.max(Some(proves_at));
                    }
                }
                // Won, lost, deleted, or the token sees no deals any more: the whole listing tells which, and is what proves.
                Pass::Open if left_the_list => stream.swept_at = None,
                Pass::Open => stream.proved_at = stream.proved_at.max(Some(proves_at)),
                // Only of the deals that are known: their own stream's proof is the most that this one can have.
                Pass::ForEach(_) => stream.proved_at = stream.proved_at.max(deals_proved.map(|at| at.min(proves_at))),
                Pass::FilterTest(_) => {
                    stream.filter_tested_at = Some(now);
                    stream.filter_broken = run.read > 0;
                    if stream.filter_broken {
                        stream.error = Some(
                            "the system ignores the filter for changes (a time in the future gave records); every pass is a sweep".into(),
                        );
                    }
                }
            }
        }
        self.keep_stream(&run.system, &run.stream);
        if complete {
            for name in carried {
                if let Some(stream) = self.stream_mut(&run.system, &name) {
                    stream.proved_at = stream.proved_at.max(Some(proves_at));
                    stream.error = None;
                    self.keep_stream(&run.system, &name);
                }
            }
            self.note_caught_up()?;
        }
        self.commit()?;
        Ok(complete)
    }

    /// Whether a deal that was listed as open is not on the list of open deals any more.
    fn open_deal_left(&self, run: &PassRun) -> bool {
        self.world.unseen(&run.system, &run.stream, run.epoch).into_iter().any(|idx| {
            let record = self.world.record(idx);
            !record.is_gone() && record.deal.is_some_and(|d| d.is_open())
        })
    }

    /// The association streams that this pass proves along with its own.
    fn carried_by(&self, system: &Name, stream: &Name, pass: &Pass) -> Vec<Name> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(own) = state.infos.get(stream) else { return Vec::new() };
        let filter_works = state.streams.get(stream).is_some_and(|s| !s.filter_broken && s.filter_tested_at.is_some());
        let proves = match pass {
            Pass::Sweep => own.sweep_carries_people,
            Pass::Open => own.open_carries_people,
            Pass::Changes(_) => own.changes_carry_people && own.sound && filter_works,
            Pass::Resume { .. } => own.changes_carry_people && own.sound,
            Pass::ForEach(_) | Pass::FilterTest(_) => false,
        };
        if !proves {
            return Vec::new();
        }
        state.infos.values().filter(|i| i.carried_by.as_ref() == Some(stream)).map(|i| i.name.clone()).collect()
    }

    /// Books that a pass failed.
    pub fn fail(&mut self, run: &PassRun, error: &crate::connector::Error, now: Time) -> Result<(), Error> {
        let lost = matches!(error, crate::connector::Error::CursorLost { .. });
        if let (crate::connector::Error::Credential { .. }, Some(state)) = (error, self.systems.get_mut(&run.system)) {
            state.credential_refused.insert(run.stream.clone());
        }
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            if matches!(run.pass, Pass::FilterTest(_)) && matches!(error, crate::connector::Error::Refused { .. }) {
                // The system says no to the filter itself.
                (stream.filter_broken, stream.filter_tested_at) = (true, Some(now));
            }
            stream.error = Some(error.to_string());
            stream.error_since = stream.error_since.or(Some(now));
            if lost {
                (stream.cursor, stream.swept_at) = (None, None);
            }
            self.keep_stream(&run.system, &run.stream);
        }
        self.commit()
    }

    /// Records that a complete sweep did not see: the first time they are missed, the second time they are gone.
    fn miss(&mut self, run: &PassRun, now: Time) {
        for idx in self.world.unseen(&run.system, &run.stream, run.epoch) {
            let mut record = self.world.record(idx);
            let presence = match record.presence {
                Presence::Listed => Presence::MissedOnce,
                Presence::MissedOnce => Presence::Gone(now),
                Presence::Gone(_) => continue,
            };
            record.presence = presence;
            if record.is_gone() {
                tracing::info!(record = %record.id, "the system does not list this record any more");
            }
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }

    /// Marks everyone whom a record speaks of for a new decision.
    pub fn mark(&mut self, idx: Idx, record: &Record) {
        match record.id.entity {
            Entity::Person => self.mark_person(idx),
            Entity::Deal | Entity::Ticket => {
                self.phases.remove(&idx);
                self.mark_cause(record);
            }
            Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
        }
    }

    fn mark_person(&mut self, idx: Idx) {
        self.dirty.insert(idx);
    }

    /// Marks the people of a deal or ticket.
    pub fn mark_cause(&mut self, record: &Record) {
        let system = &record.id.system;
        for person in record.people.iter().chain(&record.memory.past_people) {
            let id = RecordId::new(system.clone(), Entity::Person, person.clone());
            self.dirty.extend(self.world.find(&id));
        }
        for account in record.account.iter().chain(&record.memory.past_accounts) {
            let id = RecordId::new(system.clone(), Entity::Account, account.clone());
            self.dirty.extend(self.world.people_of_account(&id));
        }
        for address in &record.addresses {
            self.dirty.extend(self.world.bearers(address));
        }
    }
}
