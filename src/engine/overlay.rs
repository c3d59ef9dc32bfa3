//! A new observation laid over what was known of the record.

use crate::model::{Entity, Presence, Record, Time};

/// What an observation brings to a record that is known already.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// Nothing that matters.
    Same,
    Changed(Box<Record>),
}

/// Lays a new observation over the old record: unchanged fields keep their time, lost addresses and people are remembered,
/// an end that was seen gets its time. `read_at` is when the pass began.
pub fn overlay(old: Option<&Record>, mut new: Box<Record>, people_told: bool, read_at: Time) -> Merged {
    let told_end = new.memory.ended_at;
    let Some(old) = old else {
        new.memory.ended_at = ended_at(None, &new, told_end, read_at);
        return Merged::Changed(new);
    };
    for field in &mut new.fields {
        if let Some(before) = old.field_of(&field.name)
            && before.value == field.value
        {
            field.at = before.at;
        }
    }
    if !people_told {
        // A part of the list may be shown: those count at once.
        new.people.extend(old.people.iter().cloned());
        new.people.sort();
        new.people.dedup();
    }
    new.memory = old.memory.clone();
    new.presence = Presence::Listed;
    let (before, now) = (old.address(), new.address());
    if let Some(address) = before.filter(|a| now.as_ref() != Some(a)) {
        remember(&mut new.memory.past_addresses, address);
    }
    new.memory.past_addresses.retain(|a| now.as_ref() != Some(a));
    if new.id.entity == Entity::Deal {
        for person in old.people.iter().filter(|p| !new.people.contains(p)) {
            remember(&mut new.memory.past_people, person.clone());
        }
        new.memory.past_people.retain(|p| !new.people.contains(p));
        if let Some(account) = &old.account
            && new.account.as_ref() != Some(account)
        {
            remember(&mut new.memory.past_accounts, account.clone());
        }
        new.memory.past_accounts.retain(|a| new.account.as_ref() != Some(a));
    }
    new.memory.ended_at = ended_at(Some(old), &new, told_end, read_at);
    let changed_at = std::mem::replace(&mut new.changed_at, old.changed_at);
    if *new == *old {
        return Merged::Same;
    }
    new.changed_at = changed_at;
    Merged::Changed(new)
}

fn remember<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// When the present end of a deal or ticket came about: what the system says, else when it was seen to be over.
fn ended_at(old: Option<&Record>, new: &Record, told: Option<Time>, read_at: Time) -> Option<Time> {
    let over = |r: &Record| r.deal.is_some_and(|d| !d.is_open()) || r.ticket.is_some_and(|t| !t.is_open());
    if !over(new) {
        return None;
    }
    // Our clock may be behind the system's: what is no later than its own last change is no expected end but a real one.
    let told = told.filter(|t| *t <= read_at || new.changed_at.is_some_and(|changed| *t <= changed));
    match old {
        // It may have been opened and ended again between two looks: the later end counts.
        Some(old) if over(old) && old.deal == new.deal => old.memory.ended_at.max(told),
        // Seen to end between two looks: no earlier than the system's own last change, no later than now.
        Some(_) => Some(told.unwrap_or(read_at)),
        None => told.or(new.changed_at).or(Some(read_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DealState;

    /// A lost deal was closed once more, and our clock is behind the system's.
    #[test]
    fn a_told_end_counts_up_to_the_records_own_last_change() {
        let read_at = Time(1_000);
        let lost = |ended: i64, changed: i64| {
            let mut deal = Record::new("crm:deal:1".parse().unwrap());
            deal.deal = Some(DealState::Lost);
            deal.memory.ended_at = Some(Time(ended));
            deal.changed_at = Some(Time(changed));
            deal
        };
        let end = |told: i64, changed: i64| match overlay(Some(&lost(500, 500)), Box::new(lost(told, changed)), true, read_at) {
            Merged::Changed(record) => record.memory.ended_at,
            Merged::Same => Some(Time(500)),
        };
        assert_eq!(end(900, 900), Some(Time(900)));
        assert_eq!(end(1_090, 1_090), Some(Time(1_090)), "later than our clock says it is");
        assert_eq!(end(9_000, 900), Some(Time(500)), "an expected end is none");
    }
}
