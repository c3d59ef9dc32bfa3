//! The form in which records lie in memory and on disk: names as numbers, what is shown first, what is remembered behind it.
//!
//! A record's bytes begin with all that an observation shows of it, so that "nothing new" is one comparison of bytes, without decoding.
//! Its id is not among them: it is known wherever the bytes are.

use crate::model::{
    Address, Date, DealState, Entity, Field, Name, Presence, Record, RecordId, RefusalScope, TicketState, Time, Value, record::Memory,
};
use hashbrown::HashMap;

/// Names by number. They come from manifests and config, so they are few; none is ever forgotten.
#[derive(Debug, Default)]
pub struct Names {
    all: Vec<Name>,
    /// By where the name lies: there is one of each.
    numbers: HashMap<usize, u64>,
    /// So many of them are kept.
    kept: usize,
}

impl Names {
    pub fn new(all: Vec<Name>) -> Names {
        let numbers = all.iter().zip(0..).map(|(name, number)| (place(name), number)).collect();
        Names { kept: all.len(), all, numbers }
    }

    /// All names, if there are some that are not kept yet; from now on they are.
    pub fn to_keep(&mut self) -> Option<&[Name]> {
        let new = self.all.len() > std::mem::replace(&mut self.kept, self.all.len());
        new.then_some(&self.all)
    }

    fn number(&mut self, name: &Name) -> u64 {
        match self.numbers.get(&place(name)) {
            Some(number) => *number,
            None => {
                let number = self.all.len() as u64;
                self.all.push(name.clone());
                self.numbers.insert(place(name), number);
                number
            }
        }
    }
}

fn place(name: &Name) -> usize {
    name.as_ptr().addr()
}

const ENTITIES: [Entity; 7] = Entity::ALL;
const DEALS: [Option<DealState>; 5] = [None, Some(DealState::Open), Some(DealState::Won), Some(DealState::Lost), Some(DealState::Unknown)];
const TICKETS: [Option<TicketState>; 4] = [None, Some(TicketState::Open), Some(TicketState::Closed), Some(TicketState::Unknown)];

const EMPTY: u8 = 0;
const TEXT: u8 = 1;
const INT: u8 = 2;
const NUMBER: u8 = 3;
const FALSE: u8 = 4;
const TRUE: u8 = 5;
const TIME: u8 = 6;
const LIST: u8 = 7;
/// Since format 4.
const UNREADABLE: u8 = 8;
/// Since format 6: days since 1970-01-01.
const DATE: u8 = 9;

const REFUSED_ALL: u8 = 0;
const REFUSED_TOPIC: u8 = 1;
/// A value of an opt-out field that nobody knows to read. Not in format 3.
const UNREAD_REFUSAL: u8 = 2;

/// Parts that few records have, told by one byte. The first was alone at its place up to format 3.
const HAS_ACCOUNT: u8 = 1;
const HAS_MORE_ACCOUNTS: u8 = 2;
const HAS_UNREAD_ADDRESS: u8 = 4;
const NAMES_COMPANIES: u8 = 8;

const LISTED: u8 = 0;
const MISSED_ONCE: u8 = 1;
const GONE: u8 = 2;

/// Writes records; keeps its room from one to the next.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// What an observation shows of a record: the beginning of its bytes.
    pub fn shown(&mut self, record: &Record, names: &mut Names) -> &[u8] {
        self.bytes.clear();
        self.put_shown(record, names);
        &self.bytes
    }

    /// The whole record, with the stream that it came from.
    pub fn whole(&mut self, stream: &Name, record: &Record, names: &mut Names) -> &[u8] {
        self.bytes.clear();
        self.put_shown(record, names);
        match record.presence {
            Presence::Listed => self.bytes.push(LISTED),
            Presence::MissedOnce => self.bytes.push(MISSED_ONCE),
            Presence::Gone(at) => {
                self.bytes.push(GONE);
                self.time(at);
            }
        }
        self.number(names.number(stream));
        self.maybe(record.changed_at.as_ref(), |w, at| w.time(*at));
        // Most fields of a record changed at one and the same time.
        let mut before = Time(0);
        for field in &record.fields {
            self.signed(field.at.0.wrapping_sub(before.0));
            before = field.at;
        }
        self.list(&record.memory.past_addresses, |w, a| w.text(a.as_str()));
        self.list(&record.memory.past_people, |w, p| w.text(p));
        self.list(&record.memory.past_accounts, |w, a| w.text(a));
        self.maybe(record.memory.ended_at.as_ref(), |w, at| w.time(*at));
        self.seen_to_change(record, names);
        &self.bytes
    }

    fn put_shown(&mut self, record: &Record, names: &mut Names) {
        self.list(&record.fields, |w, field| {
            w.number(names.number(&field.name));
            w.value(&field.value);
        });
        self.marks(&record.marks, names);
        self.number((record.refusals.len() + record.unread_refusals.len()) as u64);
        for scope in &record.refusals {
            match scope {
                RefusalScope::All => self.bytes.push(REFUSED_ALL),
                RefusalScope::Topic(topic) => {
                    self.bytes.push(REFUSED_TOPIC);
                    self.text(topic);
                }
            }
        }
        for value in &record.unread_refusals {
            self.bytes.push(UNREAD_REFUSAL);
            self.text(value);
        }
        self.list(&record.same_as, |w, id| {
            w.number(names.number(&id.system));
            w.one_of(&ENTITIES, &id.entity);
            w.text(&id.id);
        });
        self.bytes.push(beside(record));
        record.account.iter().for_each(|account| self.text(account));
        if !record.more_accounts.is_empty() {
            self.list(&record.more_accounts, |w, account| w.text(account));
        }
        self.list(&record.people, |w, person| w.text(person));
        self.list(&record.addresses, |w, address| w.text(address.as_str()));
        self.one_of(&DEALS, &record.deal);
        self.one_of(&TICKETS, &record.ticket);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Empty => self.bytes.push(EMPTY),
            Value::Text(text) => {
                self.bytes.push(TEXT);
                self.text(text);
            }
            Value::Int(int) => {
                self.bytes.push(INT);
                self.signed(*int);
            }
            Value::Number(number) => {
                self.bytes.push(NUMBER);
                self.bytes.extend(number.to_le_bytes());
            }
            Value::Bool(on) => self.bytes.push(if *on { TRUE } else { FALSE }),
            Value::Time(at) => {
                self.bytes.push(TIME);
                self.time(*at);
            }
            Value::List(items) => {
                self.bytes.push(LIST);
                self.list(items, |w, item| w.text(item));
            }
            Value::Unreadable => self.bytes.push(UNREADABLE),
            Value::Date(date) => {
                self.bytes.push(DATE);
                self.signed(i64::from(date.0));
            }
        }
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Writer, &T)) {
        self.number(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }

    fn maybe<T>(&mut self, item: Option<&T>, put: impl FnOnce(&mut Writer, &T)) {
        self.bytes.push(u8::from(item.is_some()));
        if let Some(item) = item {
            put(self, item);
        }
    }

    /// The place among all that there are; all are listed above.
    fn one_of<T: PartialEq>(&mut self, all: &[T], one: &T) {
        self.bytes.push(all.iter().position(|o| o == one).unwrap_or_default() as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn time(&mut self, at: Time) {
        self.signed(at.0);
    }

    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

mod marks;
mod seen_to_change;

fn beside(record: &Record) -> u8 {
    let part = |has: bool, part: u8| if has { part } else { 0 };
    part(record.account.is_some(), HAS_ACCOUNT)
        | part(!record.more_accounts.is_empty(), HAS_MORE_ACCOUNTS)
        | part(record.has_unread_address, HAS_UNREAD_ADDRESS)
        | part(record.names_companies, NAMES_COMPANIES)
}

/// Whether a record's bytes show just this, and show it now.
pub fn shows(bytes: &[u8], shown: &[u8]) -> bool {
    bytes.strip_prefix(shown).is_some_and(|rest| rest.first() == Some(&LISTED))
}

/// Reads a record and its stream. `None`: these are no record's bytes.
pub fn read(id: RecordId, bytes: &[u8], names: &Names) -> Option<(Name, Record)> {
    let mut from = Reader { rest: bytes, names };
    let mut record = Record::new(id);
    record.fields = from.list(|r| Some(Field::new(r.name()?, r.value()?, Time(0))))?;
    record.marks = from.marks()?;
    for _ in 0..from.number()? {
        match from.byte()? {
            REFUSED_ALL => record.refusals.push(RefusalScope::All),
            REFUSED_TOPIC => record.refusals.push(RefusalScope::Topic(from.owned()?)),
            UNREAD_REFUSAL => record.unread_refusals.push(from.owned()?),
            _ => return None,
        }
    }
    record.same_as = from.list(|r| Some(RecordId { system: r.name()?, entity: *r.one_of(&ENTITIES)?, id: r.owned()? }))?;
    let parts = from.byte()?;
    record.account = if parts & HAS_ACCOUNT > 0 { Some(from.owned()?) } else { None };
    record.more_accounts = if parts & HAS_MORE_ACCOUNTS > 0 { from.list(Reader::owned)? } else { Vec::new() };
    record.has_unread_address = parts & HAS_UNREAD_ADDRESS > 0;
    record.names_companies = parts & NAMES_COMPANIES > 0;
    record.people = from.list(Reader::owned)?;
    record.addresses = from.list(Reader::address)?;
    record.deal = *from.one_of(&DEALS)?;
    record.ticket = *from.one_of(&TICKETS)?;
    record.presence = match from.byte()? {
        LISTED => Presence::Listed,
        MISSED_ONCE => Presence::MissedOnce,
        _ => Presence::Gone(from.time()?),
    };
    let stream = from.name()?;
    record.changed_at = from.maybe(Reader::time)?;
    let mut before = Time(0);
    for field in &mut record.fields {
        field.at = Time(before.0.wrapping_add(from.signed()?));
        before = field.at;
    }
    record.memory = Memory {
        past_addresses: from.list(Reader::address)?,
        past_people: from.list(Reader::owned)?,
        past_accounts: from.list(Reader::owned)?,
        ended_at: from.maybe(Reader::time)?,
        ..Memory::default()
    };
    if !from.rest.is_empty() {
        from.seen_to_change(&mut record)?;
    }
    from.rest.is_empty().then_some((stream, record))
}

struct Reader<'b> {
    rest: &'b [u8],
    names: &'b Names,
}

impl<'b> Reader<'b> {
    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            EMPTY => Value::Empty,
            TEXT => Value::Text(self.owned()?),
            INT => Value::Int(self.signed()?),
            NUMBER => Value::Number(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            TIME => Value::Time(self.time()?),
            LIST => Value::List(self.list(Reader::owned)?),
            UNREADABLE => Value::Unreadable,
            DATE => Value::Date(Date(i32::try_from(self.signed()?).ok()?)),
            _ => return None,
        })
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()? as usize;
        // Each item takes a byte at least: a length that is damaged asks for no more memory than that.
        let mut items = Vec::with_capacity(count.min(self.rest.len()));
        for _ in 0..count {
            items.push(each(self)?);
        }
        Some(items)
    }

    fn maybe<T>(&mut self, each: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            _ => each(self).map(Some),
        }
    }

    fn one_of<T>(&mut self, all: &'static [T]) -> Option<&'static T> {
        all.get(usize::from(self.byte()?))
    }

    fn name(&mut self) -> Option<Name> {
        let number = self.number()?;
        self.names.all.get(number as usize).cloned()
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.number()? as usize;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn owned<T: From<&'b str>>(&mut self) -> Option<T> {
        self.text().map(T::from)
    }

    fn address(&mut self) -> Option<Address> {
        self.text().map(Address::known)
    }

    fn time(&mut self) -> Option<Time> {
        self.signed().map(Time)
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, bytes: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests;
