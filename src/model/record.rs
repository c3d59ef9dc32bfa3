//! Source records: one row of an outer system as it was last observed.

use super::{
    Address, Editor, Entries, Field, FirstValue, LastEdit, Mark, Name, PastStatus, RecordId, RefusalScope, ShortText, Span, Time, Value,
};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;

/// Where a deal stands. What no map of stages knows is `Unknown`, which counts as open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DealState {
    Open,
    Won,
    Lost,
    Unknown,
}

impl DealState {
    pub fn name(self) -> &'static str {
        match self {
            DealState::Open => "open",
            DealState::Won => "won",
            DealState::Lost => "lost",
            DealState::Unknown => "unknown",
        }
    }

    pub fn parse(name: &str) -> Option<DealState> {
        [DealState::Open, DealState::Won, DealState::Lost].into_iter().find(|s| s.name() == name)
    }

    pub fn is_open(self) -> bool {
        matches!(self, DealState::Open | DealState::Unknown)
    }
}

/// Whether a ticket still needs work. What no map of states knows is `Unknown`, which counts as open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    Open,
    Closed,
    Unknown,
}

impl TicketState {
    pub fn name(self) -> &'static str {
        match self {
            TicketState::Open => "open",
            TicketState::Closed => "closed",
            TicketState::Unknown => "unknown",
        }
    }

    pub fn parse(name: &str) -> Option<TicketState> {
        [TicketState::Open, TicketState::Closed].into_iter().find(|s| s.name() == name)
    }

    pub fn is_open(self) -> bool {
        !matches!(self, TicketState::Closed)
    }
}

/// Whether the system still lists a record. Absence is knowledge about the listing, not about the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Presence {
    Listed,
    /// Missing from one complete pass; a page that moved can do that.
    MissedOnce,
    /// Missing from two complete passes, or reported deleted.
    Gone(Time),
}

/// A record as last observed, and what is remembered of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    /// By the product's field names, sorted by name; a field not here is absent.
    pub fields: Vec<Field>,
    /// What the record shows of our own writes, sorted by mark.
    pub marks: Vec<(Mark, Value)>,
    /// The refusals the record shows now, sorted.
    pub refusals: Vec<RefusalScope>,
    /// What opt-out fields show now that is neither known as a no nor as none, sorted.
    pub unread_refusals: Vec<ShortText>,
    /// Ids in other systems that this record carries: a proof of identity.
    pub same_as: Vec<RecordId>,
    /// Persons and deals: the account, by the system's own company id. Of several the first.
    pub account: Option<ShortText>,
    /// Persons and deals: the other accounts. Sorted, without the first.
    pub more_accounts: Vec<ShortText>,
    /// Deals: its accounts are companies by their names or domains, which are the same in every system.
    pub names_companies: bool,
    /// Deals and deal_persons: ids of persons of the same system. Tickets: requesters' ids. Sorted.
    pub people: Vec<ShortText>,
    /// Tickets: requesters known by address only. Persons: further addresses beside the present one. Sorted.
    pub addresses: Vec<Address>,
    /// Persons: an address is there that cannot be read, or not for sure.
    pub has_unread_address: bool,
    /// Deals: `Open`, `Won`, `Lost` or `Unknown`.
    pub deal: Option<DealState>,
    /// Tickets: `Open`, `Closed` or `Unknown`.
    pub ticket: Option<TicketState>,
    /// The system's own time of the last change, where it tells one.
    pub changed_at: Option<Time>,
    /// Who made that change, where the system tells it of the record alone. Of an observation: what is kept lies with the fields that changed.
    pub edited_by: Option<Editor>,
    pub presence: Presence,
    pub memory: Memory,
}

/// What a record was, and no longer shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Addresses the record bore before, sorted. Holds and refusals still spread over them.
    pub past_addresses: Vec<Address>,
    /// Persons: what the name was before slips in it were mended, the latest last, as long as the address stays.
    pub past_names: Vec<ShortText>,
    /// Deals: people who were on it and are not named any more, sorted.
    pub past_people: Vec<ShortText>,
    /// Deals: accounts it had before, sorted.
    pub past_accounts: Vec<ShortText>,
    /// Deals and tickets: when the present end (won, lost, closed) came about. `None` while open.
    pub ended_at: Option<Time>,
    /// Fields that were seen to be emptied, with what they held before; sorted by name. One that was never seen set is none.
    pub cleared: Vec<(Name, Value)>,
    /// Of lists whose entries were seen to come or go; sorted by field.
    pub lists: Vec<(Name, Entries)>,
    /// Of fields whose first value stays: what the record held first, once that was decided on; sorted by field.
    pub firsts: Vec<(Name, FirstValue)>,
    /// Of records that are told their person's status: how it changed, in order.
    pub statuses: Vec<PastStatus>,
}

impl Record {
    /// An observation with nothing in it.
    pub fn new(id: RecordId) -> Record {
        Record {
            id,
            fields: Vec::new(),
            marks: Vec::new(),
            refusals: Vec::new(),
            unread_refusals: Vec::new(),
            same_as: Vec::new(),
            account: None,
            more_accounts: Vec::new(),
            names_companies: false,
            people: Vec::new(),
            addresses: Vec::new(),
            has_unread_address: false,
            deal: None,
            ticket: None,
            changed_at: None,
            edited_by: None,
            presence: Presence::Listed,
            memory: Memory::default(),
        }
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        // They are few, and mostly their lengths tell them apart.
        self.fields.iter().find(|f| *f.name == *name)
    }

    /// The same by a name, which is known by where it lies.
    pub fn field_of(&self, name: &Name) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == *name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(|f| f.value.as_text())
    }

    /// What a field held before it was emptied, if it was seen to be and is empty still.
    pub fn cleared(&self, field: &Name) -> Option<&Value> {
        let (_, before) = self.memory.cleared.iter().find(|(name, _)| name == field)?;
        self.field_of(field).is_some_and(|f| f.value.is_empty()).then_some(before)
    }

    /// What it held first of a field whose first value stays.
    pub fn first_value(&self, field: &Name) -> Option<&FirstValue> {
        self.memory.firsts.iter().find(|(name, _)| name == field).map(|(_, first)| first)
    }

    /// Remembers what it held first of a field.
    pub fn set_first_value(&mut self, field: &Name, first: FirstValue) {
        let firsts = &mut self.memory.firsts;
        match firsts.binary_search_by(|(name, _)| name.cmp(field)) {
            Ok(at) => firsts[at].1 = first,
            Err(at) => firsts.insert(at, (field.clone(), first)),
        }
    }

    /// What is remembered of a list's entries.
    pub fn entries(&self, field: &Name) -> Option<&Entries> {
        self.memory.lists.iter().find(|(name, _)| name == field).map(|(_, entries)| entries)
    }

    /// The same, to be changed.
    pub fn entries_mut(&mut self, field: &Name) -> &mut Entries {
        let lists = &mut self.memory.lists;
        let at = match lists.binary_search_by(|(name, _)| name.cmp(field)) {
            Ok(at) => at,
            Err(at) => {
                lists.insert(at, (field.clone(), Entries::default()));
                at
            }
        };
        &mut lists[at].1
    }

    pub fn mark(&self, mark: impl Borrow<Mark>) -> Option<&Value> {
        self.marks.iter().find(|(m, _)| m == mark.borrow()).map(|(_, v)| v)
    }

    /// Whether the target shows its operator's block: ours, or in whatever words.
    pub fn is_blocked(&self) -> bool {
        self.blocked_in_our_word() || self.blocked_in_other_words()
    }

    /// Whether what we write for a block stands there; who wrote it, it does not tell.
    pub fn blocked_in_our_word(&self) -> bool {
        self.mark(Mark::Block) == Some(&Value::Bool(true))
    }

    /// Whether what stands in the block's place is neither what we write for it nor for its absence: somebody else's, and not ours to lift.
    pub fn blocked_in_other_words(&self) -> bool {
        self.mark(Mark::Block).is_some_and(|shown| !matches!(shown, Value::Bool(_) | Value::Empty | Value::Unreadable))
    }

    /// The person's present address: the first in the field `email`, if all of that was understood.
    pub fn address(&self) -> Option<Address> {
        self.text(field::EMAIL).and_then(Address::first)
    }

    /// All accounts of a person or deal.
    pub fn accounts(&self) -> impl Iterator<Item = &ShortText> {
        self.account.iter().chain(&self.more_accounts)
    }

    /// Keeps these as the accounts beside the first.
    pub fn set_more_accounts(&mut self, mut accounts: Vec<ShortText>) {
        accounts.retain(|a| self.account.as_ref() != Some(a));
        accounts.sort();
        accounts.dedup();
        self.more_accounts = accounts;
    }

    /// The person's name as one text: `name`, or first and last name.
    pub fn name(&self) -> Option<String> {
        if let Some(name) = self.text(field::NAME) {
            return Some(name.to_string());
        }
        match (self.text(field::LAST_NAME), self.text(field::FIRST_NAME)) {
            (Some(last), Some(first)) => Some([last, " ", first].concat()),
            (Some(one), None) | (None, Some(one)) => Some(one.to_string()),
            (None, None) => None,
        }
    }

    /// Takes off the system's own times by how much its clock is ahead.
    pub fn shift_times(&mut self, ahead: Span) {
        let Some(told) = self.changed_at.filter(|_| ahead != Span::ZERO) else { return };
        self.changed_at = Some(told.minus(ahead));
        self.memory.ended_at = self.memory.ended_at.map(|at| at.minus(ahead));
        for field in self.fields.iter_mut().filter(|f| f.at == told || f.is_dated()) {
            (field.at, field.after) = (told.minus(ahead), field.after.map(|after| after.minus(ahead)));
        }
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.presence, Presence::Gone(_))
    }

    /// Puts a field at its place in the sorted list, replacing one of the same name.
    pub fn set(&mut self, name: &Name, value: Value, at: Time) {
        let new = Field::new(name.clone(), value, at);
        match self.fields.binary_search_by(|f| f.name.cmp(name)) {
            Ok(i) => self.fields[i] = new,
            Err(i) => self.fields.insert(i, new),
        }
    }

    /// A time of change that is still to come counts as the time at which the value was first read: else it would win over everything newer.
    /// A field's own date that is still to come dates nothing: it is told again and again, each time as if it had just come about. Who set it
    /// is told all the same.
    pub fn first_read(&mut self, now: Time) {
        for field in &mut self.fields {
            // A time that is told to the second may end after now, and has begun.
            if field.is_dated() && field.after.is_some_and(|after| after > now) {
                let by = field.last_edit.take().and_then(|edit| edit.by);
                (field.last_edit, field.after) = (by.map(|by| LastEdit { dated: false, by: Some(by) }.into()), None);
            }
            (field.at, field.after) = (field.at.min(now), field.after.map(|after| after.min(now)));
        }
    }

    /// Puts a mark at its place in the sorted list, replacing one of the same kind.
    pub fn set_mark(&mut self, mark: Mark, value: Value) {
        match self.marks.binary_search_by(|(m, _)| m.cmp(&mark)) {
            Ok(i) => self.marks[i].1 = value,
            Err(i) => self.marks.insert(i, (mark, value)),
        }
    }
}

/// Field names with a meaning of their own. Other names are the user's.
pub mod field {
    pub const EMAIL: &str = "email";
    pub const COMPANY: &str = "company";
    pub const NAME: &str = "name";
    pub const FIRST_NAME: &str = "first_name";
    pub const LAST_NAME: &str = "last_name";
    pub const PRIORITY: &str = "priority";
    pub const STAGE: &str = "stage";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Age;

    #[test]
    fn a_field_changed_in_the_future_counts_as_of_when_it_was_read() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"phone".into(), Value::text("1"), Time(9_000));
        record.set(&"title".into(), Value::text("2"), Time(500));
        record.first_read(Time(1_000));
        let at = |name: &str| record.field(name).map(|f| f.at);
        assert_eq!((at("phone"), at("title")), (Some(Time(1_000)), Some(Time(500))));
    }

    /// The history of a field had an entry that is dated a year ahead: with each change of the record the old value won as news.
    #[test]
    fn a_field_that_is_dated_in_the_future_is_not_dated() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"phone".into(), Value::text("1"), Time(300));
        record.set(&"title".into(), Value::text("2"), Time(300));
        record.fields[0].tell(Time(9_000), None);
        record.fields[1].tell(Time(500), None);
        record.first_read(Time(1_000));
        let dated = record.fields.iter().map(|field| (field.is_dated(), field.age())).collect::<Vec<_>>();
        assert_eq!(dated, [(false, Age::until(Time(1_000))), (true, Age { after: Some(Time(499)), by: Time(500) })]);
        record.fields[0].tell(Time(1_700), None);
        record.fields[0].after = Some(Time(700));
        record.first_read(Time(1_000));
        assert_eq!((record.fields[0].is_dated(), record.fields[0].at), (true, Time(1_000)), "some moment within a second");
    }

    /// By a clock that was half an hour behind, what a relay had copied counted as typed, and was written over what a person had typed.
    #[test]
    fn who_set_a_field_that_is_dated_in_the_future_is_known() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"phone".into(), Value::text("1"), Time(300));
        record.fields[0].tell(Time(9_000), Some(Editor::Relay("sync".into())));
        record.first_read(Time(1_000));
        let field = &record.fields[0];
        assert_eq!((field.is_dated(), field.age()), (false, Age::until(Time(1_000))));
        assert_eq!(field.last_edit.as_ref().and_then(|edit| edit.relay()).map(|name| &**name), Some("sync"));
    }

    #[test]
    fn fields_stay_sorted() {
        let mut r = Record::new("crm:person:1".parse().unwrap());
        for name in ["title", "email", "phone", "email"] {
            r.set(&name.into(), Value::text(name), Time(1));
        }
        assert_eq!(r.fields.iter().map(|f| &*f.name).collect::<Vec<_>>(), ["email", "phone", "title"]);
        assert_eq!(r.text("phone"), Some("phone"));
    }
}
