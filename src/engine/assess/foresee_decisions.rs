//! Who may get marketing mail, if other holds and other words on consent counted. Nothing is changed.

use super::assessing::on_two_threads;
use super::holds::add;
use super::reconcile::{basis_of, standing_of};
use super::records::addresses;
use crate::decide::ratchet::Reach;
use crate::decide::rules::{ConsentRules, HoldRule};
use crate::decide::standing::{By, HoldNow, Standing};
use crate::engine::engine::Engine;
use crate::engine::memory::place::{NOBODY, PersonIdx};
use crate::engine::memory::refusals::On;
use crate::engine::memory::view::View;
use crate::model::{Address, Decision, Mail, MailKind, Reason, Record, Time, Verdict};
use std::iter;

/// What decides on mail, but for the refusals.
#[derive(Clone, Copy)]
pub struct OtherHolds<'c> {
    pub holds: &'c [HoldRule],
    pub consent: &'c ConsentRules,
}

/// Somebody for whom some marketing mail is decided on otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionChange {
    pub person: PersonIdx,
    /// It may go then, and may not now.
    pub is_released: bool,
    /// What speaks against it, now and then.
    pub before: Vec<Reason>,
    pub after: Vec<Reason>,
}

impl Engine {
    /// Of these people, those for whom it is decided otherwise, once the other rules are approved: holds that only the rules of now know are
    /// over then, and those that are kept because their cause went out of sight stay.
    pub fn foresee_decisions(&self, people: &[PersonIdx], by: OtherHolds<'_>, now: Time) -> Vec<DecisionChange> {
        on_two_threads(people, |some| some.iter().filter_map(|person| self.foresee_decision(*person, by, now)).collect())
    }

    fn foresee_decision(&self, person: PersonIdx, by: OtherHolds<'_>, now: Time) -> Option<DecisionChange> {
        let known = &self.people[person as usize];
        let members = known.members.as_slice();
        if members.is_empty() {
            return None;
        }
        let (records, around) = (members.iter().map(|idx| self.world.record(*idx)).collect::<Vec<Record>>(), View::new(&self.world));
        let addresses = addresses(&records);
        let mut holds = self.direct_holds_by(by.holds, &records, &addresses, now, &around);
        for hold in self.holds_of_neighbours(person, by, &addresses, now) {
            add(&mut holds, hold);
        }
        known.holds.iter().filter(|h| h.kept.is_some() && h.by != By::Former).for_each(|hold| add(&mut holds, hold.clone()));
        let (basis, _) = basis_of(&records, by.consent, iter::empty());
        let on = records.iter().map(|r| On::Record(&r.id)).chain(addresses.iter().map(On::Address));
        let after = standing_of(basis, on.flat_map(|on| self.refusals.of(on)), &holds);
        changed(person, &self.table.of(person), &after, now)
    }

    /// The holds of others who bear one of these addresses.
    fn holds_of_neighbours(&self, person: PersonIdx, by: OtherHolds<'_>, addresses: &[Address], now: Time) -> Vec<HoldNow> {
        let bearers = addresses.iter().flat_map(|address| self.world.bearers(address));
        let mut others: Vec<PersonIdx> = bearers.map(|idx| self.world.slot(*idx).person).filter(|p| *p != person && *p != NOBODY).collect();
        others.sort_unstable();
        others.dedup();
        let mut holds = Vec::new();
        for other in others {
            let records: Vec<Record> = self.people[other as usize].members.iter().map(|idx| self.world.record(*idx)).collect();
            let own = super::records::addresses(&records);
            let found = self.direct_holds_by(by.holds, &records, &own, now, &View::new(&self.world));
            holds.extend(found.into_iter().map(|hold| HoldNow { reach: Reach::Address, ..hold }));
        }
        holds
    }
}

/// The first kind of marketing mail that may go by one standing and not by the other. One that is let go counts before one that is stopped.
fn changed(person: PersonIdx, before: &Standing, after: &Standing, now: Time) -> Option<DecisionChange> {
    let decide = |standing: &Standing, kind| standing.decide(&Mail::of(kind), &[], now);
    let kinds = MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma());
    let all: Vec<_> = kinds.map(|kind| (decide(before, kind), decide(after, kind))).collect();
    let of = |is_released: bool| {
        let found = all.iter().find(|(before, after)| {
            let [before, after] = [before, after].map(|decision| decision.verdict == Verdict::Allow);
            before != after && after == is_released
        });
        let change = |(before, after): &(Decision, Decision)| DecisionChange {
            person,
            is_released,
            before: before.reasons.clone(),
            after: after.reasons.clone(),
        };
        found.map(change)
    };
    of(true).or_else(|| of(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::standing::{Brief, Kinds};
    use crate::model::Basis;

    #[test]
    fn who_is_let_go_of_some_mail_counts_before_who_is_stopped_from_other() {
        let standing = |stops: &[MailKind]| {
            let brief = Brief { reason: Reason::OpenDealPerson, stops: Kinds::of(stops), until: None };
            let holds = (!stops.is_empty()).then(|| [brief].into());
            Standing { basis: Some(Basis::ExplicitConsent), holds, ..Standing::default() }
        };
        let (campaign, newsletter) = (standing(&[MailKind::Campaign]), standing(&[MailKind::Newsletter]));
        let (free, rep) = (standing(&[]), standing(&[MailKind::OneToOne]));
        for (before, after, released) in [
            (&free, &campaign, Some(false)),
            (&campaign, &free, Some(true)),
            (&campaign, &newsletter, Some(true)),
            (&campaign, &campaign, None),
            (&free, &rep, None),
        ] {
            let change = changed(7, before, after, Time(1));
            assert_eq!(change.as_ref().map(|c| c.is_released), released, "{before:?} {after:?}");
            let against = change.map(|c| if c.is_released { c.before } else { c.after });
            assert_eq!(against, released.map(|_| vec![Reason::OpenDealPerson]));
        }
    }
}
