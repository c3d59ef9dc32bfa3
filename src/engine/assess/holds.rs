//! Which holds reach a person: through deals, accounts, tickets and shared addresses; and the ratchet over what is remembered.

use super::assessment::Phases;
use super::cause::LeadingCause;
use super::records::addresses;
use super::unread_hold;
use crate::decide::phase::{Phase, phase};
use crate::decide::ratchet::{CauseNow, Fate, Held, Kept, Reach, judge};
use crate::decide::rules::{HoldRule, HoldScope};
use crate::decide::standing::{By, HoldNow, Kinds, REFUSAL_UNREAD, UNREAD, reason};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::model::{Address, Entity, Record, RecordId, Time};
use std::borrow::Cow;

/// A look at what may hold one person.
struct Look<'l> {
    /// Rules to look by in place of those in force.
    by: Option<&'l [HoldRule]>,
    around: &'l View<'l>,
    now: Time,
    fresh: &'l mut Phases,
    /// How many people the domain has by which a company is theirs; 0 where it is theirs by their own word.
    at_domain: usize,
    holds: Vec<HoldNow>,
}

impl Engine {
    /// The holds that reach a person's own records: through deals, accounts and tickets, which are looked at in `around`. Phases that had to
    /// be found out go to `fresh`.
    pub fn direct_holds(
        &self,
        records: &[Record],
        addresses: &[Address],
        now: Time,
        around: &View<'_>,
        fresh: &mut Phases,
    ) -> Vec<HoldNow> {
        self.looked_at(records, addresses, Look { by: None, around, now, fresh, at_domain: 0, holds: Vec::new() })
    }

    /// The same by other rules, whose phases are not kept.
    pub(super) fn direct_holds_by(
        &self,
        by: &[HoldRule],
        records: &[Record],
        addresses: &[Address],
        now: Time,
        around: &View<'_>,
    ) -> Vec<HoldNow> {
        let mut fresh = Phases::new();
        self.looked_at(records, addresses, Look { by: Some(by), around, now, fresh: &mut fresh, at_domain: 0, holds: Vec::new() })
    }

    fn looked_at(&self, records: &[Record], addresses: &[Address], mut look: Look<'_>) -> Vec<HoldNow> {
        let now = look.now;
        for address in addresses {
            let tickets = self.world.tickets_of_address(address);
            self.holds_of(tickets, Reach::Person, None, &mut look);
        }
        for record in records {
            if let Some(hold) = unread_hold::hold(record, now).filter(|_| !self.let_go.contains(&record.id)) {
                // Nothing more is read of a system that was taken out, or of an account that another came in the place of.
                let kept = (!self.systems.contains_key(&record.id.system)).then_some(Kept::CauseUnknown);
                add(&mut look.holds, HoldNow { kept: hold.kept.or(kept), ..hold });
            }
            let deals = self.world.deals_of_person(&record.id);
            self.holds_of(deals, Reach::Person, Some(&record.id.id), &mut look);
            let tickets = self.world.tickets_of_person(&record.id);
            self.holds_of(tickets, Reach::Person, None, &mut look);
            for account in record.accounts() {
                let id = RecordId::new(record.id.system.clone(), Entity::Account, account.clone());
                let deals = self.world.deals_of_account(&id);
                self.holds_of(deals, Reach::Account, Some(account), &mut look);
            }
            for company in self.world.companies_sought(record) {
                let deals = self.world.deals_of_company(&company);
                self.holds_of(deals, Reach::Account, Some(&company), &mut look);
            }
        }
        for (company, people) in self.world.companies_by_domain(records) {
            look.at_domain = people;
            self.holds_of(self.world.deals_of_company(&company), Reach::Account, Some(&company), &mut look);
        }
        for hold in self.doubtful_holds(records, addresses, now) {
            add(&mut look.holds, hold);
        }
        look.holds
    }

    /// The holds of everyone who bears an address.
    pub fn holds_at(&mut self, address: &Address, now: Time) -> Vec<HoldNow> {
        let (mut holds, mut fresh) = (Vec::new(), Phases::new());
        for idx in self.world.bearers(address) {
            let view = View::new(&self.world);
            let members = view.component(*idx, self.rules.link_rules()).members;
            let records = view.take(&members);
            for hold in self.direct_holds(&records, &addresses(&records), now, &View::new(&self.world), &mut fresh) {
                add(&mut holds, hold);
            }
        }
        self.keep_phases(fresh);
        holds
    }

    /// `through`: the person's or account's id that a deal must still name; one that it only named once keeps the hold, and we ask.
    fn holds_of(&self, causes: &[Idx], reach: Reach, through: Option<&str>, look: &mut Look<'_>) {
        let (in_force, files) = (&self.rules.rules().policy.holds, self.rules.files().policy.holds.len());
        let (rules, files) = look.by.map_or((in_force.as_slice(), files), |rules| (rules, rules.len()));
        for cause in causes {
            let phases = match look.by {
                Some(rules) => Cow::Owned(phases_under(rules, look.around.get(*cause), self.trusted_now(look.now))),
                None => self.phases_of(*cause, look.around, look.now),
            };
            if let (Cow::Owned(found), None) = (&phases, look.by) {
                look.fresh.push((*cause, found.as_slice().into()));
            }
            // Whoever it names may be anyone of its account.
            let own_people = |(rule, phase): (&HoldRule, &Phase)| phase.holds() && rule.scope == HoldScope::Person;
            let wide =
                reach == Reach::Account && rules.iter().zip(phases.iter()).any(own_people) && self.names_unknown(look.around.get(*cause));
            let reaches = |scope: &HoldScope| reach != Reach::Account || wide || matches!(scope, HoldScope::Account { .. });
            let holds_someone = rules.iter().zip(phases.iter()).any(|(rule, phase)| phase.holds() && reaches(&rule.scope));
            if !holds_someone || self.let_go.contains(&self.world.slot(*cause).id) {
                continue;
            }
            let record = look.around.get(*cause);
            let is_read = self.systems.contains_key(&record.id.system);
            let people_of = |account: &RecordId| match record.names_companies {
                true => self.world.size_of_company(&account.id).max(look.at_domain),
                false => self.world.people_of_account(account).len(),
            };
            let cause = LeadingCause { record, reach, through, wide, is_read };
            for (place, (rule, phase)) in rules.iter().zip(phases.iter()).enumerate() {
                // The files' rules come first.
                let by = if place < files { By::Files } else { By::Former };
                if let Some(hold) = cause.hold(rule, *phase, by, people_of, look.now) {
                    add(&mut look.holds, hold);
                }
            }
        }
    }

    /// A cause's phase under each hold rule, from memory where it is known.
    pub(in crate::engine) fn phases_of(&self, cause: Idx, around: &View<'_>, now: Time) -> Cow<'_, [Phase]> {
        if let Some(known) = self.phases.get(&cause) {
            return Cow::Borrowed(known);
        }
        Cow::Owned(phases_under(&self.rules.rules().policy.holds, around.get(cause), self.trusted_now(now)))
    }

    /// Keeps phases in memory, until their cause changes or a cool-down ends.
    pub fn keep_phases(&mut self, fresh: Phases) {
        for (cause, phases) in fresh {
            for phase in &phases {
                if let Phase::CoolingDown { until } = phase {
                    self.wakeups.entry(*until).or_default().insert(cause);
                }
            }
            self.phases.insert(cause, phases);
        }
    }

    /// The ratchet: lays what is remembered beside what reaches the person now, and remembers the outcome.
    pub fn remember(&mut self, members: &[Idx], holds: &mut Vec<HoldNow>, now: Time) {
        let remembered = together(members.iter().flat_map(|idx| self.held.of(*idx)));
        for held in remembered {
            if let Some(direct) = holds.iter_mut().find(|h| h.hold == held.hold && h.cause == held.cause) {
                direct.since = held.since;
            } else if !self.knows_whom_it_held_for(&held) {
                holds.extend(self.still_held(held, members, now));
            }
        }
        holds.sort_by(|a, b| (&a.hold, &a.cause).cmp(&(&b.hold, &b.cause)));
        let held: Vec<Held> = holds
            .iter()
            .map(|h| Held { hold: h.hold.clone(), cause: h.cause.clone(), reach: h.reach, since: h.since, stops: h.stops.0 })
            .collect();
        for idx in members {
            if self.held.of(*idx) != held {
                self.keep_held(*idx, held.clone());
            }
            self.journal_holds(*idx, holds, now);
        }
    }

    /// What becomes of a remembered hold that nothing leads to any more; `None`: it ended, or somebody let it go.
    fn still_held(&mut self, held: Held, members: &[Idx], now: Time) -> Option<HoldNow> {
        if *held.hold == *UNREAD {
            let keeps = self.doubt_keeps(&held.cause, &View::new(&self.world));
            let kept = keeps.filter(|_| !self.let_go.contains(&held.cause))?;
            return Some(goes_on(held, None, kept));
        }
        let cause = self.cause_now(&held, now);
        if self.let_go.contains(&held.cause) {
            return None;
        }
        let Fate::Kept(kept) = judge(cause) else { return None };
        let until = match cause.and_then(|c| c.phase) {
            Some(Phase::CoolingDown { until }) => Some(until),
            _ => None,
        };
        if let Some(until) = until {
            // The cause does not lead to them any more: its own wakening would pass them by.
            self.wakeups.entry(until).or_default().extend(members);
        }
        Some(goes_on(held, until, kept))
    }

    /// Where the cause of a remembered hold stands; `None`: nothing is known of it.
    fn cause_now(&mut self, held: &Held, now: Time) -> Option<CauseNow> {
        let idx = self.world.find(&held.cause)?;
        let is_read = self.systems.contains_key(&held.cause.system);
        if *held.hold == *REFUSAL_UNREAD {
            return is_read.then(|| unread_hold::cause_now(&self.world.record(idx)));
        }
        let around = View::new(&self.world);
        let phases: Box<[Phase]> = self.phases_of(idx, &around, now).into();
        let listed = !around.get(idx).is_gone();
        drop(around);
        self.keep_phases(vec![(idx, phases.clone())]);
        let phase = phase_under(held, &self.rules.rules().policy.holds, &phases);
        // Where nothing more is read, only an end that was seen before is known.
        let known = is_read || phase.is_some_and(Phase::was_seen_to_end);
        known.then_some(CauseNow { phase, listed })
    }
}

fn phases_under(rules: &[HoldRule], record: &Record, now: Time) -> Vec<Phase> {
    rules.iter().map(|rule| phase(rule, record, now)).collect()
}

/// What several records of one person remember, each hold once: from the first, and as near as it ever was.
fn together<'h>(of: impl Iterator<Item = &'h Held>) -> Vec<Held> {
    let mut remembered: Vec<Held> = Vec::new();
    for held in of {
        match remembered.iter_mut().find(|r| r.hold == held.hold && r.cause == held.cause) {
            Some(known) => {
                known.since = known.since.min(held.since);
                known.reach = known.reach.min(held.reach);
            }
            None => remembered.push(held.clone()),
        }
    }
    remembered
}

/// The phase of a remembered hold's cause under the rules of its name. Where former rules count too, the strictest does.
fn phase_under(held: &Held, rules: &[HoldRule], phases: &[Phase]) -> Option<Phase> {
    let of_name = rules.iter().zip(phases).filter(|(r, _)| r.name == held.hold && r.on == held.cause.entity);
    of_name.map(|(_, phase)| *phase).max_by_key(|p| p.strictness())
}

/// A remembered hold that is kept.
fn goes_on(held: Held, until: Option<Time>, kept: Kept) -> HoldNow {
    HoldNow {
        reason: reason(&held.hold, held.reach, until.is_some()),
        stops: Kinds(held.stops),
        hold: held.hold,
        cause: held.cause,
        reach: held.reach,
        since: held.since,
        until,
        kept: Some(kept),
        by: By::Files,
    }
}

/// Whose word two holds of one name and cause are together.
fn both(a: &HoldNow, b: &HoldNow) -> By {
    let (files, former) = match (a.by, b.by) {
        (By::Files, By::Former) => (a, b),
        (By::Former, By::Files) => (b, a),
        (By::Files, By::Files) => return By::Files,
        (By::Former, By::Former) => return By::Former,
        (By::Both, _) | (_, By::Both) => return By::Both,
    };
    let more_kinds = files.stops.union(former.stops) != files.stops;
    let longer = files.until.is_some_and(|end| former.until.is_none_or(|other| other > end));
    if more_kinds || longer { By::Both } else { By::Files }
}

/// Adds a hold, or widens the one with the same name and cause: the nearest reach, the latest end.
pub fn add(holds: &mut Vec<HoldNow>, new: HoldNow) {
    match holds.iter_mut().find(|h| h.hold == new.hold && h.cause == new.cause) {
        Some(known) => {
            known.by = both(known, &new);
            known.stops = known.stops.union(new.stops);
            if new.reach < known.reach {
                known.reach = new.reach;
                known.reason = new.reason;
            }
            // Whoever is still named is held as a matter of course.
            known.kept = known.kept.and(new.kept);
            known.until = if known.until.is_none() || new.until.is_none() { None } else { known.until.max(new.until) };
        }
        None => holds.push(new),
    }
}

#[cfg(test)]
mod tests;
