//! What is wanted of one target record: block, permit, status and the winners of the merge.

use super::asked::AskedPerson;
use super::assessment::{FieldWinner, StatusError, StatusNow};
use super::field_asked::pinned;
use super::members::{Members, Whole};
use super::protection::{stops, widens_nothing};
use crate::decide::forward_only::{KeptStatus, highest_shown};
use crate::decide::freshness::{self, Proved};
use crate::decide::rules::{Policy, Proof};
use crate::decide::status::{LeadStatus, first_true};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::coverage::Extent;
use crate::engine::rules::connected::SystemWords;
use crate::engine::system::SystemState;
use crate::engine::target::Wanted;
use crate::merge::rules::{FieldRule, Strategy};
use crate::merge::{Candidate, Circumstances, Leader, Unknown};
use crate::model::{Entity, LastEdit, MailKind, Mark, Name, PermitFor, Record, Span, Time, Value};

impl Engine {
    /// What is wanted of a target record now.
    pub fn wanted(&self, record: &Record, whole: &Whole<'_>, now: Time) -> Wanted {
        let Some(system) = self.systems.get(&record.id.system) else { return Wanted::default() };
        let connected = &system.connected;
        let mut wanted = if connected.takes_holds() {
            let allowed = connected.allowed();
            let end = |what_for: &PermitFor| self.permit_end(what_for, &allowed.lease);
            stops(whole.standing, record, &allowed.permits, end, self.trusted_now(now))
        } else {
            Wanted::default()
        };
        if connected.allowed().status
            && let Some(StatusNow { name: Some(status), raises_only, .. }) = &whole.merge.status
            && !(*raises_only && self.would_lower(system, record, status))
            && whole.merge.status.as_ref().and_then(|s| keeps(s, connected.words(), record)).is_none()
        {
            wanted.status = Some((status.clone(), connected.words().of(status).into()));
        }
        if self.doubts.doubts_record(&record.id) {
            widens_nothing(&mut wanted, record);
        }
        let agreed = if record.memory.cleared.is_empty() { None } else { self.world.find(&record.id) };
        let agreed = agreed.map_or(&[][..], |idx| self.targets.agreed(idx));
        for name in &connected.config().writes.fields {
            let winner = whole.merge.fields.iter().find(|(known, _)| known == name).and_then(|(_, winner)| winner.as_ref());
            let winner = winner.filter(|winner| winner.is_wanted_in(record, name, agreed, self.targets.habits()));
            wanted.fields.extend(winner.map(|winner| (name.clone(), winner.value.clone())));
        }
        if !self.set_back.is_empty() {
            self.want_back(record, whole.merge, &mut wanted);
        }
        wanted
    }

    /// When permits end that are given on what is proved now: the first limit to run out, and the lease. `None`: not all was ever proved.
    pub fn permit_end(&self, what_for: &PermitFor, lease: &Span) -> Option<Time> {
        let proved = |proof: &Proof| self.proved(&proof.system, &proof.stream);
        proofs_run_out(&self.rules.rules().policy, what_for.kinds(), proved).map(|end| end.plus(*lease))
    }

    /// Whether a status would take the place of a higher one, or of one that is none of ours.
    fn would_lower(&self, system: &SystemState, record: &Record, status: &Name) -> bool {
        let Some(shown) = record.mark(Mark::Status).and_then(Value::as_text) else { return false };
        let statuses = self.rules.rules().policy.statuses.iter().map(|rule| &rule.name);
        lowers(statuses, system.connected.words(), shown, status)
    }

    /// Why a record keeps the status that it shows though its person has another one; `None`: it does not, or is told none.
    pub fn keeps_status(&self, record: &Record, status: &StatusNow) -> Option<KeptStatus> {
        let words = self.systems.get(&record.id.system)?.connected.words();
        keeps(status, words, record).filter(|_| self.world.find(&record.id).is_some_and(|idx| self.is_told_status(idx, record)))
    }

    /// Whether a record is told its person's status.
    pub(super) fn is_told_status(&self, idx: Idx, record: &Record) -> bool {
        let connected = self.systems.get(&record.id.system).filter(|_| !record.is_gone()).map(|system| &system.connected);
        connected.is_some_and(|connected| connected.allowed().status && connected.writes_to(&self.world.slot(idx).stream))
    }

    /// The person's lead status; an error leaves it unknown.
    pub fn status_now(&self, of: Members<'_>, now: Time) -> StatusNow {
        let sure = self.status_by(of, now);
        if !sure.waits || !of.gaps.has_stale() {
            return sure;
        }
        // By what was known last it may rise, not fall.
        may_rise(sure, self.status_by(Members { gaps: &of.gaps.without_stale(), ..of }, now))
    }

    fn status_by(&self, of: Members<'_>, now: Time) -> StatusNow {
        let (rules, needs) = (&of.by.rules, &of.by.needs);
        let said = self.asked(of, now, |person| {
            let facts = person.facts(&needs.of_statuses);
            said_of(first_true(&rules.policy.statuses, |rule| match &rule.by {
                None => rule.when.test(&facts),
                Some(by) => person.is_true_by(by, &rule.when, &needs.of_statuses),
            }))
        });
        StatusNow { forward_only: rules.policy.forward_only.clone(), ..said }
    }

    /// What a person is by the rules of `[relationship]`; `None`: there are none.
    pub fn relationship_now<'a>(&'a self, of: Members<'a>, now: Time) -> Option<LeadStatus<'a>> {
        let rules = &of.by.rules.policy.relationships;
        let said = || {
            self.asked(of, now, |person| {
                let facts = person.facts(&of.by.needs.declared);
                first_true(rules, |rule| rule.when.test(&facts))
            })
        };
        (!rules.is_empty()).then(said)
    }

    /// Asks something of a person as expressions see it.
    pub(super) fn asked<'a, T>(&'a self, of: Members<'a>, now: Time, ask: impl FnOnce(&AskedPerson<'_, 'a>) -> T) -> T {
        let needs = &of.by.needs;
        let deals = if needs.deals { self.deals_of(of) } else { Vec::new() };
        let tickets = if needs.tickets { self.tickets_of(of) } else { Vec::new() };
        let more = |extent: Extent| extent != Extent::Whole;
        let judge = |rule: &FieldRule, name: &Name, part, leader, only: Option<&Name>| {
            if let Some(pin) = self.pin_of(name, of) {
                return pinned(pin).known();
            }
            let unread = only.map_or(of.gaps.unread(), |only| of.gaps.unread().only(only));
            let group = self.group_offered(rule, of).map(|mut offers| {
                offers.retain(|from| only.is_none_or(|only| from.system == *only));
                offers
            });
            let leader = group.map_or(leader, Leader::Group);
            let by = Circumstances { part, unread, leader, now };
            let mut offered = self.offered(name, of, rule, part);
            offered.retain(|candidate| only.is_none_or(|only| candidate.from.system == *only));
            crate::merge::judge(rule, &by, &offered).known()
        };
        let (deals, tickets) = ((&*deals, more(of.gaps.deals)), (&*tickets, more(of.gaps.tickets)));
        // The clock alone ends no more here than it does for cool-downs.
        ask(&AskedPerson::new(&of.by.rules.precedence, needs, deals, tickets, self.trusted_now(now), &judge, &|name| {
            self.account_fact(name, of, now)
        }))
    }

    /// A person's own deals, those it is on now.
    fn deals_of<'a>(&self, of: Members<'a>) -> Vec<&'a Record> {
        let mut found: Vec<Idx> = of.records.iter().flat_map(|r| self.world.deals_of_person(&r.id).iter().copied()).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|i| of.around.get(i)).filter(|deal| names_one_of(deal, of.records)).collect()
    }

    /// A person's own tickets.
    fn tickets_of<'a>(&self, of: Members<'a>) -> Vec<&'a Record> {
        let mut found: Vec<Idx> = of.records.iter().flat_map(|r| self.world.tickets_of_person(&r.id).iter().copied()).collect();
        for address in super::records::addresses(of.records) {
            found.extend(self.world.tickets_of_address(&address));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|i| of.around.get(i)).collect()
    }

    /// What a field should be in a target; `None`: nothing counts for it. Either way, and where it is unknown, it is left alone.
    pub fn winner(&self, name: &Name, of: Members<'_>, now: Time) -> Result<Option<FieldWinner>, Unknown> {
        let Some(asked) = self.field_asked(name, of, now) else { return Ok(None) };
        if let Some(pin) = asked.pin {
            return Ok(Some(FieldWinner::pinned(pin)));
        }
        let winner = asked.judge().known()?;
        let is_asked = of.records.iter().any(|record| !record.memory.cleared.is_empty());
        // Whose value it is says since when it is there.
        let of_account = asked.rule.strategy_of(asked.by.part).and_then(|strategy| self.account_asked(strategy.account_field()?, of, now));
        let candidates = of_account.as_ref().map_or(&asked.candidates, |account| &account.candidates);
        let from = winner.as_ref().and_then(|winner| winner.from);
        let winner = winner.map(|winner| FieldWinner::of(winner, candidates, (asked.rule, asked.by.part), is_asked));
        Ok(match (winner, from, &asked.by.leader) {
            (Some(winner), Some(from), Leader::Group(offers)) => {
                let fills = matches!(asked.rule.strategy_of(asked.by.part), Some(Strategy::Fill(_)));
                Some(winner.within_group(offers, from, candidates, fills))
            }
            (winner, ..) => winner,
        })
    }

    /// When the first value that counts for a field, or for one that it follows, grows too old.
    pub fn ages_at(&self, name: &Name, of: Members<'_>, now: Time) -> Option<Time> {
        let rule = of.by.rules.precedence.rule(name)?;
        let too_old = || match self.group_offered(rule, of) {
            Some(offers) => crate::merge::next_too_old(rule, offers.wholes(), now),
            None => crate::merge::next_too_old(rule, &self.candidates(name, of), now),
        };
        let own = if rule.has_ages() { too_old() } else { None };
        // What is followed follows nothing itself.
        let followed = rule.leading_fields().filter(|leading| *leading != name).filter_map(|leading| self.ages_at(leading, of, now));
        let of_account = rule.account_fields().filter_map(|field| self.account_ages_at(field, of, now));
        followed.chain(of_account).chain(own).min()
    }

    /// When the first number of days turns that some expression asks for, of a person's own deals and tickets.
    pub fn days_turn_at(&self, of: Members<'_>, now: Time) -> Option<Time> {
        let asked = of.by.needs.days;
        if asked.is_none() {
            return None;
        }
        asked.turn_at(self.deals_of(of).into_iter().chain(self.tickets_of(of)), self.trusted_now(now))
    }

    /// What a person's records offer for a field, each with what was agreed with it.
    pub fn candidates<'a>(&'a self, name: &Name, of: Members<'a>) -> Vec<Candidate<'a>> {
        let listed = of.places.iter().zip(of.records).filter(|(_, r)| !r.is_gone());
        listed.filter_map(|(idx, record)| self.candidate(*idx, record, name)).collect()
    }

    /// Whether who made a change is a relay still: systems.toml may have named them when it was read, and no more.
    pub(super) fn is_relay(&self, system: &Name, edit: Option<&LastEdit>) -> bool {
        let relays = self.systems.get(system).map(|system| &system.connected.config().settings.edits.relays);
        edit.and_then(LastEdit::relay).is_some_and(|relay| relays.is_some_and(|relays| relays.iter().any(|r| r.trim() == &**relay)))
    }
}

/// When the first of the proofs that these kinds of mail need runs out. `None`: one of them was never made.
fn proofs_run_out(policy: &Policy, kinds: impl Iterator<Item = MailKind>, proved: impl Fn(&Proof) -> Proved) -> Option<Time> {
    let mut end: Option<Time> = None;
    for needed in kinds.flat_map(|kind| freshness::needed(policy, kind)) {
        let at = needed.at(proved(needed.proof))?.plus(needed.goes_by());
        end = Some(end.map_or(at, |e| e.min(at)));
    }
    end
}

/// Whether a status would take the place of a higher one of `statuses`, which are in order, or of one that is none of ours.
fn lowers<'w>(mut statuses: impl Iterator<Item = &'w Name> + Clone, words: &'w SystemWords, shown: &str, status: &Name) -> bool {
    let highest = highest_shown(statuses.clone(), shown, |name| words.of(name));
    let new = statuses.position(|name| name == status);
    highest.is_none() || highest < new
}

/// Why a record keeps the status that it shows, by the rule that goes with its person's.
fn keeps(status: &StatusNow, words: &SystemWords, record: &Record) -> Option<KeptStatus> {
    let (name, rule) = (status.name.as_ref()?, status.forward_only.as_ref()?);
    rule.keeps(record.mark(Mark::Status)?.as_text()?, name, |status| words.of(status))
}

fn said_of(status: LeadStatus<'_>) -> StatusNow {
    match status {
        LeadStatus::Is(rule) => StatusNow { name: Some(rule.name.clone()), ..StatusNow::default() },
        LeadStatus::None => StatusNow::default(),
        LeadStatus::Unknown { rule, error } => {
            let waits = error.is_for_want_of_reading();
            StatusNow { error: Some(StatusError { rule: rule.rule.clone(), why: error }), waits, ..StatusNow::default() }
        }
    }
}

/// A status that is not sure, by what was known last: it may rise to that one, and waits all the same.
fn may_rise(sure: StatusNow, known_last: StatusNow) -> StatusNow {
    if known_last.name.is_some() { StatusNow { raises_only: true, waits: true, ..known_last } } else { sure }
}

/// Whether a deal names one of these records now.
fn names_one_of(deal: &Record, records: &[Record]) -> bool {
    records.iter().any(|r| r.id.system == deal.id.system && r.id.entity == Entity::Person && deal.people.contains(&r.id.id))
}

#[cfg(test)]
mod tests;
