//! What waits for a person's word, and whom it is about.

use crate::engine::engine::Engine;
use crate::engine::guard::about::About;
use crate::engine::guard::waiting::{PEOPLE_NAMED, SAMPLES, Waiting};
use crate::engine::memory::place::{Idx, PersonIdx};
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
        for group in self.kept_groups() {
            let people: BTreeSet<u32> = group.holds.iter().map(|h| h.person).collect();
            let causes: BTreeSet<&RecordId> = group.holds.iter().map(|h| &h.hold.cause).collect();
            let Some(first) = group.holds.first() else { continue };
            let about = About::KeptHolds { system: first.hold.cause.system.clone(), hold: first.hold.hold.clone(), reason: group.kept };
            waiting.push(Waiting {
                plan: group.plan.clone(),
                kind: "absence".into(),
                count: people.len(),
                limit: 0,
                why: about.cause(),
                about,
                samples: causes.iter().take(SAMPLES).map(ToString::to_string).collect(),
                people: self.named(people),
            });
        }
        waiting.extend(self.guards_waiting());
        if let Some(plan) = self.rules.plan() {
            let mut widens: Vec<&str> = self.rules.former().iter().flat_map(|f| &f.widens).map(String::as_str).collect();
            let mut said = BTreeSet::new();
            widens.retain(|w| said.insert(*w));
            let people = self.kept_by_former();
            waiting.push(Waiting {
                plan,
                kind: "release".into(),
                count: people.count(),
                limit: 0,
                why: format!("{}: {}", About::Rules.cause(), widens.join("; ")),
                about: About::Rules,
                samples: self.kept_by_former().take(SAMPLES).filter_map(|p| self.sample(p)).collect(),
                people: self.named(self.kept_by_former()),
            });
        }
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

/// A name and an address on one line: a name is what somebody typed.
pub fn known_by(name: Option<&str>, address: Option<&str>) -> Option<String> {
    let name = name.map(|n| n.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>());
    match (name, address) {
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
        (name, address) => name.or(address.map(|a| format!("<{a}>"))),
    }
}
