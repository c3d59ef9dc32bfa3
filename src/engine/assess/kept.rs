//! Who has a hold that is kept though its cause does not reach them any more, and which causes those are: when one of them ends, nothing
//! else leads from it to these people.

use crate::engine::memory::place::PersonIdx;
use crate::model::RecordId;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// People by the deals and tickets whose holds they keep.
#[derive(Debug, Default)]
pub struct KeptPeople {
    causes: BTreeMap<PersonIdx, Vec<RecordId>>,
    by_cause: HashMap<RecordId, BTreeSet<PersonIdx>>,
}

impl KeptPeople {
    /// Notes that a person keeps holds of just these causes.
    pub fn set(&mut self, person: PersonIdx, causes: Vec<RecordId>) {
        self.forget(person);
        if causes.is_empty() {
            return;
        }
        for cause in &causes {
            self.by_cause.entry(cause.clone()).or_default().insert(person);
        }
        self.causes.insert(person, causes);
    }

    pub fn forget(&mut self, person: PersonIdx) {
        for cause in self.causes.remove(&person).into_iter().flatten() {
            if let Some(people) = self.by_cause.get_mut(&cause) {
                people.remove(&person);
                if people.is_empty() {
                    self.by_cause.remove(&cause);
                }
            }
        }
    }

    pub fn contains(&self, person: PersonIdx) -> bool {
        self.causes.contains_key(&person)
    }

    /// In order.
    pub fn people(&self) -> impl Iterator<Item = PersonIdx> + '_ {
        self.causes.keys().copied()
    }

    /// Who keeps a hold of this deal or ticket.
    pub fn of(&self, cause: &RecordId) -> impl Iterator<Item = PersonIdx> + '_ {
        self.by_cause.get(cause).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_leads_to_those_who_keep_its_hold_now() {
        let cause = |n: u8| -> RecordId { format!("crm:deal:{n}").parse().unwrap() };
        let mut kept = KeptPeople::default();
        kept.set(1, vec![cause(1), cause(2), cause(2)]);
        kept.set(2, vec![cause(2)]);
        assert_eq!(kept.of(&cause(2)).collect::<Vec<_>>(), [1, 2]);
        kept.set(1, vec![cause(3)]);
        assert_eq!(kept.of(&cause(1)).count() + kept.of(&cause(4)).count(), 0);
        assert_eq!(kept.of(&cause(2)).collect::<Vec<_>>(), [2]);
        kept.forget(2);
        kept.forget(7);
        kept.set(1, Vec::new());
        assert!(!kept.contains(1) && kept.people().next().is_none() && kept.by_cause.is_empty());
    }
}
