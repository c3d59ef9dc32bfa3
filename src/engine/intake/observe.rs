//! Pages in: what was read is laid over what was known, and who is touched by it is marked for a new decision.

use super::doubts::LET_GO;
use super::our_writes::was_written_since;
use super::unknown_codes::{CodesOfPage, UNKNOWN_CODES};
use crate::connector::{Observed, PageRead, Pass};
use crate::decide::freshness;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::overlay::{ListsCarried, Merged, Sight, overlay};
use crate::engine::memory::place::Idx;
use crate::engine::memory::refusals::On;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::Target;
use crate::link;
use crate::model::{Entity, Presence, Record, RecordId, Refusal, ShortText, Span, Time};

/// Pages that come faster are decided on together: one person's records lie on several, and several people are decided on side by side.
const DECIDE_PAGES_EVERY: Span = Span(50);

/// What was done after a page, and what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    pub decided: bool,
    pub commit_is_due: bool,
}

impl Engine {
    /// Takes one page in, and does what is due after it. Returns whether it was decided on.
    pub fn observe(&mut self, run: &mut PassRun, page: PageRead, now: Time) -> Result<bool, Error> {
        self.take_in(run, page, now);
        let followed = self.follow_page(now);
        if followed.commit_is_due {
            self.commit()?;
        }
        Ok(followed.decided)
    }

    /// Takes one page in. Its cursor and what it changed go with one commit.
    pub fn take_in(&mut self, run: &mut PassRun, page: PageRead, now: Time) {
        if run.instance != self.instance_number(&run.system) {
            // Read from another instance than the one that is behind the name now.
            return;
        }
        run.shown.add(page.shown);
        run.shown_at = page.shown_at;
        for note in page.quarantined {
            self.note_quarantined(note.told(&run.system, &run.stream));
        }
        if let Some(skew) = page.clock_skew_ms {
            self.hear_clock(&run.system, skew, now);
            if run.read + run.read_before == 0 {
                // The first answer tells the clock for this pass.
                run.began_there = self.clocks.there(&run.system, run.began);
                let known = self.stream_mut(&run.system, &run.stream).and_then(|s| s.sweep.as_mut());
                if let Some(sweep) = known.filter(|_| run.pass.is_sweep()) {
                    sweep.began_there = run.began_there;
                }
            }
        }
        for row in page.unread {
            self.take_unread(run, row, now);
        }
        let codes = CodesOfPage::of(page.unknown_codes);
        self.world.warm_ids(page.observed.iter().map(Observed::id));
        for observed in page.observed {
            run.read += 1;
            match observed {
                Observed::Record { record, people_told, accounts_told } => {
                    let id = record.id.clone();
                    self.see_imported(run, &record, now);
                    self.observe_record(run, record, ListsCarried { people: people_told, accounts: accounts_told }, now);
                    self.note_codes(&id, &codes);
                }
                Observed::Deleted(id) => self.observe_deleted(run, &id, now),
                Observed::DealPeople { deal, people } => self.observe_deal_people(run, &deal, people),
                Observed::NotFound(id) => self.observe_not_found(run, &id, now),
                Observed::Merged { from, into } => {
                    self.is_not_there(run, &from, now);
                    self.observe_merged(&from, into);
                }
            }
        }
        self.hold_lacking(run);
        let read_until = self.latest_now(&run.system, now);
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            stream.read_until = Some(read_until);
        }
        match page.cursor {
            Some(place) if run.pass.is_sweep() => {
                let read = run.read + run.read_before;
                if let Some(sweep) = self.stream_mut(&run.system, &run.stream).and_then(|s| s.sweep.as_mut()) {
                    (sweep.place, sweep.read, sweep.newest, sweep.shown) = (Some(place), read, run.newest, run.shown);
                }
            }
            // The next turn begins it anew, by a clock that is known by then.
            Some(_) if run.begins_ahead() => {}
            Some(cursor) => {
                if let Some(stream) = self.stream_mut(&run.system, &run.stream)
                    && stream.cursor.as_ref() != Some(&cursor)
                {
                    stream.cursor = Some(cursor);
                    self.keep_stream(&run.system, &run.stream);
                }
            }
            None => {}
        }
    }

    /// Whether something is due after a page.
    pub fn is_page_to_follow(&self, now: Time) -> bool {
        self.decides_pages(now) || self.ledger.holds_much()
    }

    /// Once everything was read and decided on before, a page is decided on with it or with one that comes soon: evidence does not wait for
    /// the end of a long pass.
    pub fn follow_page(&mut self, now: Time) -> Followed {
        let decided = self.decides_pages(now);
        if decided {
            self.reconcile(now);
        }
        Followed { decided, commit_is_due: self.ledger.holds_much() }
    }

    /// Before the first decision the gate knows nobody, so that nothing is won by many small ones.
    fn decides_pages(&self, now: Time) -> bool {
        let waited = now.since(self.decided_at) >= DECIDE_PAGES_EVERY;
        waited && !self.dirty.is_empty() && !self.people.is_empty() && self.everything_was_proved()
    }

    /// Whether each stream that a decision needs was proved at some time: before that the gate allows nobody.
    fn everything_was_proved(&self) -> bool {
        let kinds = self.kinds_shown();
        let mut needed = kinds.iter().flat_map(|k| freshness::needed(&self.rules.rules().policy, *k));
        needed.all(|n| n.at(self.proved(&n.proof.system, &n.proof.stream)).is_some())
    }

    /// Turns a record that was read into our time and the ids that count now.
    fn as_ours(&self, run: &mut PassRun, new: &mut Record, now: Time) {
        // By the system's own clock, as its filter is asked.
        run.newest = run.newest.max(new.changed_at);
        new.shift_times(self.clocks.shift(&run.system));
        // By our clock only now: a system that is ahead is taken with its difference.
        new.first_read(now);
        if new.id.entity != Entity::Person {
            self.look_ups.follow_merges(&run.system, &mut new.people);
        }
    }

    fn observe_record(&mut self, run: &mut PassRun, mut new: Box<Record>, told: ListsCarried, now: Time) {
        self.as_ours(run, &mut new, now);
        let found = self.world.find(&new.id);
        let seen_in_this_pass = found.is_some_and(|idx| run.epoch > 0 && self.world.slot(idx).epoch == run.epoch);
        if let Some(idx) = found {
            if self.clashes(run, idx) {
                return;
            }
            self.see(idx, run);
        }
        if !self.doubts.is_empty() {
            self.end_doubt(&new.id);
        }
        self.weigh_lacking(run, found, &mut new);
        run.newly_refused += usize::from(self.note_refusals(&new, run.began) && found.is_some());
        let lacks_people = new.id.entity == Entity::Deal && !told.people;
        let counts_touches = self.rules.needs().days.asks_quiet(new.id.entity);
        if let Some(idx) = found {
            if let Some(sent) = self.targets.sent(idx) {
                sent.leave_out(&self.world.record(idx), &mut new);
            }
            let is_told = new.fields.iter().any(|field| field.last_edit.as_ref().is_some_and(|edit| edit.may_be_news()));
            let may_stand = !lacks_people && !is_told && !counts_touches;
            if may_stand && self.world.shows(idx, &new) && !ends_later(|| self.world.record(idx).memory.ended_at, &new) {
                self.note_stood(idx, new.changed_at);
                return self.see_stand(idx, &new, run.began);
            }
            if self.targets.of(idx).is_some_and(|target| was_written_since(target, run.began)) {
                self.pass_over(run, idx, &new);
                // Refusals above count whenever they were read.
                return self.mark_person(idx);
            }
            if self.targets.of(idx).is_some_and(|target| self.trails(run, idx, target, &new)) {
                self.pass_over(run, idx, &new);
                return self.mark_person(idx);
            }
        }
        let known = found.map(|idx| (idx, self.world.record(idx)));
        if let Some((idx, _)) = known.as_ref().filter(|(_, old)| self.shows_older(run, old, &new, now)) {
            return self.mark_person(*idx);
        }
        if let Some((idx, old)) = &known {
            self.keep_left_out(&run.stream, old, &mut new);
            self.date_after_our_writes(*idx, old, &mut new);
        }
        let old = known.as_ref().map(|(_, old)| old);
        let id = new.id.id.clone();
        let sight = sight(self.latest_now(&run.system, run.began), run.seen_until, seen_in_this_pass);
        let stood = found.and_then(|idx| self.targets.of(idx)?.stood_at);
        let has_seen_lists = found.and_then(|idx| self.targets.of(idx)).is_some_and(Target::has_seen_lists);
        let sight = match found.filter(|_| old.is_some()) {
            Some(idx) => Sight { stood, has_seen_lists, counts_touches, ..self.since_when(idx, sight, run, now) },
            None => sight,
        };
        let changed_at = new.changed_at;
        let merged = overlay(old, new, told, sight);
        if lacks_people && needs_people(old, &merged, run.carries_people) {
            run.deals_without_people.push(id);
        }
        match (merged, known) {
            (Merged::Same, Some((idx, old))) => {
                self.note_stood(idx, changed_at);
                self.see_stand(idx, &old, run.began);
            }
            (Merged::Same, None) => {}
            (Merged::Changed(record), known) => self.take_over(run, known, &record),
        }
    }

    /// Until when a record that is known was seen as it was known before. One whose row was passed over was not: it showed something else.
    fn since_when(&self, idx: Idx, sight: Sight, run: &PassRun, now: Time) -> Sight {
        let system = self.systems.get(&run.system);
        if system.is_some_and(|system| system.channel.passed_over().contains(idx)) {
            return Sight { read: self.latest_now(&run.system, now), ..sight };
        }
        Sight {
            looked: self.proved(&run.system, &run.stream).last().map(|at| at.min(now)),
            swept: self.swept_until(run, now),
            read: self.latest_now(&run.system, now),
            ..sight
        }
    }

    /// Until when a whole listing before this pass showed a stream's records as they were.
    fn swept_until(&self, run: &PassRun, now: Time) -> Option<Time> {
        let lag = self.stream_info(&run.system, &run.stream).map_or(Span::ZERO, |info| info.lag);
        let swept_at = self.stream(&run.system, &run.stream)?.swept_at?;
        Some(swept_at.minus(lag).min(now))
    }

    /// Notes the record's own time where nothing else of it had changed: by our write to it, and no other, it may have moved.
    fn note_stood(&mut self, idx: Idx, changed_at: Option<Time>) {
        if let Some(target) = self.targets.of_mut(idx) {
            target.stood_at = target.stood_at.max(changed_at);
        }
    }

    /// Takes in a record that was read again by its id, asked for at the time that is told. Returns whether it showed anything new.
    pub(in crate::engine) fn take_read_again(&mut self, idx: Idx, mut shown: Record, began: Time, now: Time) -> bool {
        let stream = self.world.slot(idx).stream.clone();
        let mut run = PassRun::new(&shown.id.system, &stream, Pass::ById(Vec::new()), began);
        self.leave_out_lacking(idx, &mut shown);
        self.observe_record(&mut run, Box::new(shown), ListsCarried::READ_BACK, now);
        run.changed > 0 || run.newly_refused > 0
    }

    /// Puts a record that is new, or not as it was known, in its place, and does all that follows from it.
    fn take_over(&mut self, run: &mut PassRun, known: Option<(Idx, Record)>, record: &Record) {
        run.changed += 1;
        let was_gone = known.as_ref().is_some_and(|(_, old)| old.presence != Presence::Listed);
        if was_gone && self.let_go.remove(&record.id) {
            self.ledger.delete(LET_GO, record.id.key());
        }
        if let Some((idx, old)) = &known {
            self.mark(*idx, old);
        }
        let place = known.as_ref().map(|(idx, old)| (*idx, self.world.keys(old)));
        let idx = self.keep_record_at(place, run.stream.clone(), record);
        self.see(idx, run);
        self.note_unseen(idx);
        match record.id.entity {
            Entity::Person if known.is_none() => self.note_known(&record.id),
            Entity::Deal | Entity::Ticket => self.look_for_people(idx, record, run.began),
            _ => {}
        }
        if known.is_none() {
            self.recover(idx, record, run.began);
        }
        self.look_at_target(idx, record, run.began);
        self.see_stand(idx, record, run.began);
        self.mark(idx, record);
    }

    /// Notes that a sweep saw the record.
    pub(in crate::engine) fn see(&mut self, idx: Idx, run: &PassRun) {
        if run.epoch > 0 {
            self.world.slot_mut(idx).epoch = run.epoch;
        }
    }

    /// Keeps what a record shows of its person's no, however it came to be read. Returns whether that is news.
    pub fn note_refusals(&mut self, shown: &Record, seen_at: Time) -> bool {
        let mut news = false;
        for scope in &shown.refusals {
            if self.refusals.knows(On::Record(&shown.id), scope) {
                continue;
            }
            news = true;
            let refusal = Refusal { scope: scope.clone(), from: shown.id.clone(), seen_at, address: shown.address() };
            self.keep_refusal(On::Record(&shown.id), &refusal);
            for address in link::spread_keys(shown) {
                self.keep_refusal(On::Address(&address), &Refusal { address: Some(address.clone()), ..refusal.clone() });
            }
        }
        news
    }

    /// A record of a page was taken in: what it shows now of codes that no map knows, or shows no more.
    fn note_codes(&mut self, record: &RecordId, page: &CodesOfPage) {
        if page.is_empty() && self.unknown_codes.is_empty() {
            return;
        }
        let Some(idx) = self.world.find(record) else { return };
        let codes = page.of_record(record);
        if self.unknown_codes.note(idx, codes) {
            match codes {
                [] => self.ledger.delete(UNKNOWN_CODES, record.key()),
                codes => self.ledger.put(UNKNOWN_CODES, record.key(), &codes.into()),
            }
        }
    }

    /// Who is not there is nobody; the deal that names them holds its account for that.
    fn observe_not_found(&mut self, run: &mut PassRun, id: &RecordId, now: Time) {
        run.read -= 1;
        self.is_not_there(run, id, now);
    }

    fn observe_deleted(&mut self, run: &mut PassRun, id: &RecordId, now: Time) {
        let found = self.world.find(id);
        if found.is_some_and(|idx| self.clashes(run, idx)) {
            return;
        }
        if !self.doubts.is_empty() {
            self.end_doubt(id);
        }
        let Some(idx) = found else { return };
        let mut record = self.world.record(idx);
        if !record.is_gone() {
            record.presence = Presence::Gone(now);
            run.changed += 1;
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }

    fn observe_deal_people(&mut self, run: &mut PassRun, deal: &RecordId, mut people: Vec<ShortText>) {
        people.sort();
        people.dedup();
        self.look_ups.follow_merges(&deal.system, &mut people);
        if !self.doubts.is_empty() {
            self.take_people_of_doubt(deal, &people);
        }
        run.naming += usize::from(!people.is_empty());
        let Some(idx) = self.world.find(deal) else { return };
        let old = self.world.record(idx);
        run.emptied += usize::from(is_emptied(&old, &people));
        if old.people == people {
            return;
        }
        let mut new = old.clone();
        new.people = people;
        if let Merged::Changed(record) = overlay(Some(&old), Box::new(new), ListsCarried::ALL, Sight::at(run.began)) {
            run.changed += 1;
            self.mark(idx, &old);
            let stream = self.world.slot(idx).stream.clone();
            let idx = self.keep_record(stream, &record);
            self.mark(idx, &record);
            self.look_for_people(idx, &record, run.began);
        }
    }
}

/// When a record was looked at: in a pass that began then at the latest, and the last time before.
fn sight(at: Time, seen_until: Option<Time>, seen_in_this_pass: bool) -> Sight {
    Sight { before: if seen_in_this_pass { Some(at) } else { seen_until.map(|before| before.min(at)) }, ..Sight::at(at) }
}

/// Whether an observation tells a later end of a deal or ticket than is known: reopened and ended again between two looks.
fn ends_later(known: impl FnOnce() -> Option<Time>, new: &Record) -> bool {
    new.memory.ended_at.is_some_and(|end| known().is_none_or(|known| known < end))
}

/// Whether the people of a deal that was shown without all of them are asked for. Those of deals that are as they were are asked for in their
/// own rhythm, but a pass that proves the people of its deals must have all of them.
fn needs_people(old: Option<&Record>, merged: &Merged, carries_people: bool) -> bool {
    old.is_none_or(|o| o.people.is_empty()) || *merged != Merged::Same || carries_people
}

/// Whether a deal names nobody any more. That it had somebody is remembered: all deals may have been emptied by an answer before.
fn is_emptied(old: &Record, people: &[ShortText]) -> bool {
    people.is_empty() && !(old.people.is_empty() && old.memory.past_people.is_empty())
}

#[cfg(test)]
mod tests;
