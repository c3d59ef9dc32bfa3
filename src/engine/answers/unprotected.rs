//! Who must get no mail from a system and is not blocked there; and what that number rests on and could not be read.

use crate::connector::{Lane, StreamInfo};
use crate::decide::freshness;
use crate::decide::standing::HoldNow;
use crate::engine::assess::person::Person;
use crate::engine::engine::Engine;
use crate::engine::memory::place::{NOBODY, PersonIdx};
use crate::model::{Entity, MailKind, Name, Time, counted};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// People who must get no mail from one system, and whose record there shows neither a block nor the absence of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unprotected {
    /// Held by a deal that is open.
    pub open_deals: usize,
    /// On hold for other reasons.
    pub other_holds: usize,
    /// On no hold, and to be protected all the same: the next three together.
    pub others: usize,
    /// Who said no elsewhere.
    #[serde(default)]
    pub said_no: usize,
    /// Who did not say no, and whom no legal ground allows to mail.
    #[serde(default)]
    pub no_basis: usize,
    /// Neither: the record, or its address, cannot be read for sure.
    #[serde(default)]
    pub not_readable: usize,
}

impl Unprotected {
    pub fn on_hold(self) -> usize {
        self.open_deals + self.other_holds
    }

    /// The number of those on hold; `None`: there may be some, in what could not be read.
    pub fn known(self, not_read: &[String]) -> Option<usize> {
        (self.on_hold() > 0 || not_read.is_empty()).then(|| self.on_hold())
    }

    /// In words, a line a reason; people on open deals first.
    pub fn told(self, system: &Name, not_read: &[String]) -> Vec<String> {
        let Unprotected { open_deals, other_holds, said_no, no_basis, not_readable, .. } = self;
        let as_far = if not_read.is_empty() {
            String::new()
        } else {
            format!(", as far as is known; not read to the end in time: {}", not_read.join(", "))
        };
        let deals = match open_deals {
            0 if !not_read.is_empty() => format!(
                "it is not known how many people on open deals are not protected in {system}; not read to the end in time: {}",
                not_read.join(", ")
            ),
            _ => {
                format!("{} not protected in {system}{as_far}", counted(open_deals, "person on open deals is", "people on open deals are"))
            }
        };
        let mut lines = vec![deals];
        if other_holds > 0 {
            let who = counted(other_holds, "person on hold for another reason is", "people on hold for other reasons are");
            lines.push(format!("{who} not protected in {system}"));
        }
        let others = [
            (said_no, "who said no elsewhere"),
            (no_basis, "whom there is no legal ground to mail"),
            (not_readable, "whose record cannot be read for sure"),
        ];
        let counted_by = |who: &str, count| counted(count, &format!("person {who} is"), &format!("people {who} are"));
        let told = others.into_iter().filter(|(count, _)| *count > 0);
        lines.extend(told.map(|(count, who)| format!("{} not protected in {system}", counted_by(who, count))));
        lines
    }
}

/// Whether a stream shows people, or who is held.
fn shows_whom(info: &StreamInfo) -> bool {
    matches!(info.entity, Entity::Person | Entity::Deal | Entity::DealPerson | Entity::Ticket)
}

fn is_on_hold(person: &Person) -> bool {
    person.holds.iter().any(|h| h.stops.needs_block())
}

impl Engine {
    /// For each system that takes blocks: who must get no mail and whose record there does not say so.
    pub fn unprotected(&self) -> BTreeMap<Name, Unprotected> {
        let takes = self.systems.iter().filter(|(_, s)| s.connected.takes_holds());
        let mut counts: BTreeMap<Name, Unprotected> = takes.map(|(name, _)| (name.clone(), Unprotected::default())).collect();
        let marketing: Vec<MailKind> = MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma()).collect();
        for (person, idx) in self.people.iter().zip(0..).filter(|(person, _)| is_on_hold(person)) {
            let mut open: BTreeSet<&Name> = BTreeSet::new();
            for place in &person.members {
                let slot = self.world.slot(*place);
                let Some(system) = self.systems.get(&slot.id.system) else { continue };
                // A label that only a permit gives is protected by its absence.
                let lanes = system.outbox.get(place).copied().unwrap_or_default();
                let stands = !lanes.protective && !self.targets.of(*place).is_some_and(|t| t.loses_its_block());
                if system.connected.takes_holds() && !stands && !self.is_enforced_anyway(*place) {
                    open.insert(&slot.id.system);
                }
            }
            for system in open {
                let count = counts.entry(system.clone()).or_default();
                if self.is_on_open_deal(idx, &marketing) {
                    count.open_deals += 1;
                } else {
                    count.other_holds += 1;
                }
            }
        }
        let shown = self.kinds_shown();
        for (system, count) in &mut counts {
            let due = self.systems[system].outbox.in_lane(Lane::Protective).filter(|(idx, _)| !self.is_enforced_anyway(**idx));
            let people = due.map(|(idx, _)| self.world.slot(*idx).person).filter(|person| *person != NOBODY);
            let others: BTreeSet<PersonIdx> = people.filter(|person| !is_on_hold(&self.people[*person as usize])).collect();
            for person in others {
                *self.cause_but_block(person, &shown, count) += 1;
            }
            count.others = count.said_no + count.no_basis + count.not_readable;
        }
        counts
    }

    /// Where a person is counted who is on no hold of marketing mail and must get no mail, or none of some of the kinds that are shown.
    fn cause_but_block<'c>(&self, person: PersonIdx, shown: &[MailKind], count: &'c mut Unprotected) -> &'c mut usize {
        let standing = self.table.of(person);
        if standing.refused_all || standing.refused_topics.is_some() {
            &mut count.said_no
        } else if standing.lacks_basis() {
            &mut count.no_basis
        } else if self.people[person as usize].holds.iter().any(|hold| hold.stops.contains_any(shown)) {
            // A permit of one kind is to be withdrawn.
            if self.is_on_open_deal(person, shown) { &mut count.open_deals } else { &mut count.other_holds }
        } else {
            &mut count.not_readable
        }
    }

    /// Whether an open deal stops mail of some of these kinds to them.
    fn is_on_open_deal(&self, person: PersonIdx, kinds: &[MailKind]) -> bool {
        let open = |hold: &HoldNow| {
            let deal = self.world.find(&hold.cause).filter(|_| hold.cause.entity == Entity::Deal && hold.stops.contains_any(kinds));
            deal.is_some_and(|idx| self.world.record(idx).deal.is_some_and(|d| d.is_open()))
        };
        self.people[person as usize].holds.iter().any(open)
    }

    /// Whether who must get no mail is seen by this stream.
    pub fn shows_whom(&self, system: &Name, stream: &Name) -> bool {
        self.stream_info(system, stream).is_some_and(shows_whom)
    }

    /// The streams that show who must get no mail and that were never read to their end, or not within the limit that policy.toml sets.
    pub fn not_read(&self, now: Time) -> Vec<String> {
        let streams = self.systems.iter().flat_map(|(name, s)| s.streams.infos().map(move |info| (name, info)));
        let kinds = self.kinds_shown();
        let is_old = |system: &Name, info: &StreamInfo| {
            let proved = self.proved(system, &info.name);
            let needed = kinds.iter().flat_map(|kind| freshness::needed(&self.rules.rules().policy, *kind));
            let mut of_it = needed.filter(|n| n.proof.system == *system && n.proof.stream == info.name);
            of_it.any(|n| !n.is_fresh(proved, now))
        };
        let unread = streams.filter(|(system, info)| shows_whom(info) && (!self.was_read(system, info) || is_old(system, info)));
        unread.map(|(system, info)| format!("{system}.{}", info.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: Unprotected, not_read: &[&str]) -> (Option<usize>, Vec<String>) {
        let not_read: Vec<String> = not_read.iter().map(ToString::to_string).collect();
        (count.known(&not_read), count.told(&"ma".into(), &not_read))
    }

    #[test]
    fn none_is_said_only_where_all_was_read() {
        let none = Unprotected::default();
        assert_eq!(told(none, &[]), (Some(0), vec!["0 people on open deals are not protected in ma".to_string()]));
        let line =
            "it is not known how many people on open deals are not protected in ma; not read to the end in time: crm.deals, crm.people";
        assert_eq!(told(none, &["crm.deals", "crm.people"]), (None, vec![line.to_string()]));
    }

    #[test]
    fn each_is_counted_under_the_reason_that_they_have() {
        let count = Unprotected { open_deals: 1, other_holds: 1, others: 104, said_no: 1, no_basis: 101, not_readable: 2 };
        let lines = [
            "1 person on open deals is not protected in ma",
            "1 person on hold for another reason is not protected in ma",
            "1 person who said no elsewhere is not protected in ma",
            "101 people whom there is no legal ground to mail are not protected in ma",
            "2 people whose record cannot be read for sure are not protected in ma",
        ];
        assert_eq!(told(count, &[]), (Some(2), lines.map(String::from).to_vec()));
        let (known, lines) = told(count, &["crm.deals"]);
        assert_eq!(
            (known, &*lines[0]),
            (Some(2), "1 person on open deals is not protected in ma, as far as is known; not read to the end in time: crm.deals")
        );
    }
}
