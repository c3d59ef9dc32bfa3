//! A new observation laid over what was known of the record.

use super::{lists, past_names};
use crate::model::{Address, Entity, LastEdit, Presence, Record, ShortText, Time};

/// What an observation brings to a record that is known already.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// Nothing that matters.
    Same,
    Changed(Box<Record>),
}

/// Which lists of a record the answer carried.
#[derive(Debug, Clone, Copy)]
pub struct ListsCarried {
    /// A deal's people.
    pub people: bool,
    /// The accounts beside the first.
    pub accounts: bool,
}

impl ListsCarried {
    pub const ALL: ListsCarried = ListsCarried { people: true, accounts: true };
    /// Records read by id come without what they are associated with.
    pub const READ_BACK: ListsCarried = ListsCarried { people: true, accounts: false };
}

/// When an observation was made, by the latest that it may have been.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// The start of the pass that shows the record now.
    pub at: Time,
    /// The last moment before that at which the record may have been looked at; `None`: not known.
    pub before: Option<Time>,
    /// The last moment at which the record surely was as it was known before; `None`: not known.
    pub looked: Option<Time>,
    /// The same where the record's own time need not have moved with a change: a filter by that, or a feed, may leave it out.
    pub swept: Option<Time>,
    /// The latest moment at which the answer may have been made.
    pub read: Time,
    /// The last change that the record told when nothing else of it had changed; `None`: not known.
    pub stood: Option<Time>,
    /// Rules ask for how long a record was quiet: a later change of it counts though nothing that is read of it is another.
    pub counts_touches: bool,
    /// What we last wrote of its lists was looked at since: this look is not the first.
    pub has_seen_lists: bool,
}

impl Sight {
    /// Of an answer that was made then at the latest, and of which no more is known.
    pub fn at(at: Time) -> Sight {
        Sight { at, before: None, looked: None, swept: None, read: at, stood: None, counts_touches: false, has_seen_lists: false }
    }
}

/// Lays a new observation over the old record: unchanged fields keep their time, lost addresses and people are remembered,
/// an end that was seen gets its time.
pub fn overlay(old: Option<&Record>, mut new: Box<Record>, told: ListsCarried, sight: Sight) -> Merged {
    let told_end = new.memory.ended_at;
    let Some(old) = old else {
        new.memory.ended_at = ended_at(None, &new, told_end, sight);
        new.edited_by = None;
        return Merged::Changed(new);
    };
    date_fields(old, &mut new, sight);
    if !told.people {
        // A part of the list may be shown: those count at once.
        new.people.extend(old.people.iter().cloned());
        new.people.sort();
        new.people.dedup();
    }
    if !told.accounts {
        // The first may have become one of the others, and a part of the list may be shown: those count at once.
        let all = old.accounts().chain(&new.more_accounts).cloned().collect();
        new.set_more_accounts(all);
    }
    new.memory = old.memory.clone();
    new.presence = Presence::Listed;
    if has_merged_fields(&new) {
        remember_cleared(old, &mut new);
    }
    if new.id.entity == Entity::Person {
        remember_addresses(old, &mut new);
        past_names::remember(old, &mut new);
        // What it showed at its own last change was looked at, too; a time that is still to come tells nothing.
        let shown = old.changed_at.filter(|at| *at <= sight.at);
        let looked = if sight.has_seen_lists { Some(Time(i64::MAX)) } else { sight.looked.max(shown) };
        lists::remember(old, &mut new, looked);
    }
    if new.id.entity == Entity::Deal {
        for person in old.people.iter().filter(|p| !new.people.contains(p)) {
            remember(&mut new.memory.past_people, person.clone());
        }
        new.memory.past_people.retain(|p| !new.people.contains(p));
        let Record { account, more_accounts, memory, .. } = &mut *new;
        let named = |a: &ShortText| account.as_ref() == Some(a) || more_accounts.contains(a);
        for account in old.accounts().filter(|a| !named(a)) {
            remember(&mut memory.past_accounts, account.clone());
        }
        memory.past_accounts.retain(|a| !named(a));
    }
    new.memory.ended_at = ended_at(Some(old), &new, told_end, sight);
    // It lies with the fields now.
    new.edited_by = None;
    let changed_at = std::mem::replace(&mut new.changed_at, old.changed_at);
    let is_touched = sight.counts_touches && changed_at > old.changed_at;
    if *new == *old && !is_touched {
        return Merged::Same;
    }
    new.changed_at = changed_at;
    Merged::Changed(new)
}

/// Whether rules choose among what several records of one thing hold.
fn has_merged_fields(record: &Record) -> bool {
    matches!(record.id.entity, Entity::Person | Entity::Account)
}

/// When each field was set, and by whom: what the field's own history tells; else an unchanged one when it was before, a changed one since it
/// was seen to be another, by who changed the record last.
fn date_fields(old: &Record, new: &mut Record, sight: Sight) {
    let (untold, has_merged_fields) = (new.changed_at <= old.changed_at.max(sight.stood), has_merged_fields(new));
    for field in &mut new.fields {
        if field.is_dated() {
            continue;
        }
        let Some(before) = old.field_of(&field.name) else { continue };
        if before.value.says_the_same(&field.value) || field.value.is_day_begun_at(&before.value) {
            (field.at, field.after, field.last_edit) = (before.at, before.after, before.last_edit.clone());
            continue;
        }
        // What the field's own history tells goes before who changed anything of the record last, also where its date is still to come.
        let by_record = || new.edited_by.clone().map(|by| Box::new(LastEdit { dated: false, by: Some(by) }));
        field.last_edit = field.last_edit.take().or_else(by_record);
        // The change did not move the record's time.
        let is_silent = untold && new.changed_at.is_some();
        if is_silent {
            field.at = field.at.max(sight.read);
        }
        if has_merged_fields && !before.value.is_unreadable() {
            let looked = if is_silent { sight.swept } else { sight.looked };
            let known = looked.max(old.changed_at).max(Some(before.at));
            field.after = known.map(|known| known.min(field.at));
        }
    }
}

/// Fields that held something and hold nothing any more. What an answer leaves out says nothing.
fn remember_cleared(old: &Record, new: &mut Record) {
    let Record { fields, memory, .. } = new;
    for field in fields.iter() {
        let known = memory.cleared.binary_search_by(|(name, _)| name.cmp(&field.name));
        if !field.value.is_empty() {
            if let Some(at) = known.ok().filter(|_| !field.value.is_unreadable()) {
                memory.cleared.remove(at);
            }
            continue;
        }
        let before = old.field_of(&field.name).map(|f| &f.value).filter(|value| !value.is_empty() && !value.is_unreadable());
        match (known, before) {
            (Ok(at), Some(before)) => memory.cleared[at].1 = before.clone(),
            (Err(at), Some(before)) => memory.cleared.insert(at, (field.name.clone(), before.clone())),
            (_, None) => {}
        }
    }
}

/// Addresses that a person bore and bears no more.
fn remember_addresses(old: &Record, new: &mut Record) {
    let (before, now) = (old.address(), new.address());
    let Record { addresses, memory, .. } = new;
    let borne = |a: &Address| now.as_ref() == Some(a) || addresses.contains(a);
    for address in before.iter().chain(&old.addresses).filter(|a| !borne(a)) {
        remember(&mut memory.past_addresses, address.clone());
    }
    memory.past_addresses.retain(|a| !borne(a));
}

fn remember<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// When the present end of a deal or ticket came about: what the system says, but no earlier than it was last seen open.
///
/// The end that a system tells can be edited, and often is an expected one that nobody moved. A cool-down is for who was in a deal until
/// lately, so that it begins no earlier than the deal was known to be open.
fn ended_at(old: Option<&Record>, new: &Record, told: Option<Time>, sight: Sight) -> Option<Time> {
    let over = |r: &Record| r.deal.is_some_and(|d| !d.is_open()) || r.ticket.is_some_and(|t| !t.is_open());
    if !over(new) {
        return None;
    }
    // Our clock may be behind the system's: what is no later than its own last change is no expected end but a real one.
    let is_past = |t: &Time| *t <= sight.at || new.changed_at.is_some_and(|changed| *t <= changed);
    let told_or_now = told.map(|t| if is_past(&t) { t } else { sight.at });
    match old {
        // It may have been opened and ended again between two looks: the later end counts. One in the future is no news: it began to count
        // when the end was seen.
        Some(old) if over(old) && old.deal == new.deal => old.memory.ended_at.max(told.filter(is_past)),
        // Seen to end between two looks: after the last of them, no later than now.
        Some(_) => Some(told_or_now.unwrap_or(sight.at).max(sight.before.unwrap_or(sight.at))),
        // Its last change is no end that is still to come.
        None => told_or_now.or(new.changed_at.map(|changed| changed.min(sight.at))).or(Some(sight.at)),
    }
}

#[cfg(test)]
mod tests;
