//! What waits for a person's word, and whom it is about.

use super::plan::KeptGroup;
use crate::engine::engine::Engine;
use crate::engine::guard::about::About;
use crate::engine::guard::waiting::{PEOPLE_NAMED, SAMPLES, Waiting};
use crate::engine::memory::place::{Idx, PersonIdx};
use crate::engine::rules::merging_edits::ForeseenEdit;
use crate::model::RecordId;
use std::collections::BTreeSet;

impl Engine {
    /// What waits for `approve`.
    pub fn waiting(&self) -> Vec<Waiting> {
        let mut waiting: Vec<Waiting> = Vec::new();
        if self.rebuilding.is_some() {
            // What is out of sight may only not have been read yet.
            return waiting;
        }
        waiting.extend(self.kept_groups().iter().filter_map(|group| kept(group, |people| self.named(people))));
        waiting.extend(self.guards_waiting());
        if let Some(plan) = self.rules.plan() {
            let widens = self.rules.former().iter().flat_map(|f| &f.widens).map(String::as_str);
            let people = self.kept_by_former();
            waiting.push(Waiting {
                plan,
                kind: "release".into(),
                count: people.count(),
                limit: 0,
                why: edited(widens),
                about: About::Rules,
                samples: self.kept_by_former().take(SAMPLES).filter_map(|p| self.sample(p)).collect(),
                people: self.named(self.kept_by_former()),
            });
        }
        waiting.extend(self.rules.waiting_edit().map(edit));
        waiting
    }

    /// The first few of these people, as a reader knows them.
    pub(in crate::engine) fn named(&self, people: impl IntoIterator<Item = PersonIdx>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let first = people.into_iter().filter(|p| seen.insert(*p)).take(PEOPLE_NAMED);
        first
            .filter_map(|p| self.people.get(p as usize)?.members.iter().min_by_key(|i| &self.world.slot(**i).id))
            .map(|i| self.name_of(*i))
            .collect()
    }

    fn name_of(&self, idx: Idx) -> String {
        let record = self.world.record(idx);
        let (name, address) = self.known_as(self.world.slot(idx).person, &record);
        match known_by(name.as_deref(), address.as_deref()) {
            Some(known) => known,
            None => record.id.to_string(),
        }
    }

    /// One of a person's records, to name the person by.
    fn sample(&self, person: u32) -> Option<String> {
        let members = self.people[person as usize].members.iter();
        members.map(|i| &self.world.slot(*i).id).min().map(ToString::to_string)
    }
}

/// A plan to let holds go whose causes went out of sight. A person is counted once, whatever the number of its deals.
fn kept(group: &KeptGroup, named: impl FnOnce(BTreeSet<PersonIdx>) -> Vec<String>) -> Option<Waiting> {
    let people: BTreeSet<PersonIdx> = group.holds.iter().map(|h| h.person).collect();
    let causes: BTreeSet<&RecordId> = group.holds.iter().map(|h| &h.hold.cause).collect();
    let first = group.holds.first()?;
    let about = About::KeptHolds { system: first.hold.cause.system.clone(), hold: first.hold.hold.clone(), reason: group.kept };
    Some(Waiting {
        plan: group.plan.clone(),
        kind: "absence".into(),
        count: people.len(),
        limit: 0,
        why: about.cause(),
        about,
        samples: causes.iter().take(SAMPLES).map(ToString::to_string).collect(),
        people: named(people),
    })
}

/// An edit of precedence or statuses, with the numbers that it had when it was weighed.
fn edit(edit: &ForeseenEdit) -> Waiting {
    let about = About::Merging;
    Waiting {
        plan: edit.plan.clone(),
        kind: "edit".into(),
        count: edit.count,
        limit: edit.limit,
        why: format!("{}: {}; until then the former rules count", about.cause(), edit.why),
        about,
        samples: edit.samples.clone(),
        people: Vec::new(),
    }
}

/// What edits of the rules widen, each thing once: several edits may wait.
fn edited<'w>(widens: impl Iterator<Item = &'w str>) -> String {
    let mut said = BTreeSet::new();
    let widens: Vec<&str> = widens.filter(|w| said.insert(*w)).collect();
    format!("{}: {}", About::Rules.cause(), widens.join("; "))
}

/// A name and an address on one line: a name is what somebody typed.
pub fn known_by(name: Option<&str>, address: Option<&str>) -> Option<String> {
    let name = name.map(|n| n.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>());
    match (name, address) {
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
        (name, address) => name.or(address.map(|a| format!("<{a}>"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::KeptHold;
    use super::*;
    use crate::decide::ratchet::{Kept, Reach};
    use crate::decide::standing::{By, HoldNow, Kinds};
    use crate::model::{Reason, Time};

    fn group(holds: impl IntoIterator<Item = (PersonIdx, u8)>) -> KeptGroup {
        let hold = |deal: u8| HoldNow {
            hold: "open_deal".into(),
            cause: format!("crm:deal:{deal}").parse().unwrap(),
            reach: Reach::Person,
            reason: Reason::OpenDealPerson,
            stops: Kinds(1),
            since: Time(0),
            until: None,
            kept: Some(Kept::CauseGone),
            by: By::Files,
        };
        let holds = holds.into_iter().map(|(person, deal)| KeptHold { person, hold: hold(deal) }).collect();
        KeptGroup { plan: "p_1".into(), kept: Kept::CauseGone, holds }
    }

    #[test]
    fn a_plan_counts_people_once_and_names_the_first_of_its_deals() {
        let group = group([(7, 9), (7, 8), (3, 8), (4, 1), (4, 2), (4, 3), (4, 4)]);
        let plan = kept(&group, |people| people.iter().map(ToString::to_string).collect()).unwrap();
        assert_eq!((plan.plan.as_str(), plan.count, plan.counted().as_str()), ("p_1", 3, "3 people"));
        assert_eq!(plan.people, ["3", "4", "7"]);
        assert_eq!(plan.samples, ["crm:deal:1", "crm:deal:2", "crm:deal:3", "crm:deal:4", "crm:deal:8"]);
        assert_eq!(plan.about.key(), "kept_holds:crm:open_deal:cause_gone");
    }

    #[test]
    fn a_group_without_holds_waits_for_nothing() {
        assert_eq!(kept(&group([]), |_| Vec::new()), None);
    }

    #[test]
    fn what_two_edits_widen_alike_is_told_once() {
        let told = edited(["b: fewer deals", "a: a hold was taken out", "b: fewer deals"].into_iter());
        assert_eq!(told, "the rules were edited: b: fewer deals; a: a hold was taken out");
    }

    #[test]
    fn an_edit_that_rewrites_much_names_rule_and_numbers() {
        let why = "precedence.toml:3: title in ma: 600 overwritten".to_string();
        let samples = vec!["ma:person:1 title: \"crm 1\" -> \"card 1\"".to_string()];
        let waiting = edit(&ForeseenEdit { of: "a".into(), plan: "e_1".into(), count: 600, limit: 50, why, samples });
        assert_eq!((waiting.counted().as_str(), waiting.about.key().as_str()), ("600 values", "merging"));
        assert_eq!(
            waiting.why,
            "precedence or [status] was edited: precedence.toml:3: title in ma: 600 overwritten; until then the former rules count"
        );
        assert_eq!(waiting.who(), "ma:person:1 title: \"crm 1\" -> \"card 1\"");
    }

    #[test]
    fn a_person_is_known_by_name_and_address_on_one_line() {
        for (name, address, known) in [
            (Some("Taro Sato"), Some("taro@sato.example"), Some("Taro Sato <taro@sato.example>")),
            (Some("Taro\nSato\u{1b}[2J"), None, Some("Taro Sato [2J")),
            (None, Some("taro@sato.example"), Some("<taro@sato.example>")),
            (None, None, None),
        ] {
            assert_eq!(known_by(name, address).as_deref(), known);
        }
    }
}
