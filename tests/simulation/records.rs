//! Records as an answer shows them and as a write leaves them, where no wire lies between: for weeks of `run`.

use super::truth::Table;
use nayose::connector::{Change, Observed, PermitChange};
use nayose::model::{Entity, Mark, Name, Presence, Record, Time, Value};
use std::collections::BTreeMap;

/// `bare`: searches of deals tell no people.
pub fn observed(record: &Record, bare: bool) -> Observed {
    let mut record = record.clone();
    record.presence = Presence::Listed;
    let people_told = !(bare && record.id.entity == Entity::Deal);
    if !people_told {
        record.people.clear();
    }
    Observed::Record { record: Box::new(record), people_told, accounts_told: true }
}

/// A status in a system's own words.
pub fn word(words: Option<&BTreeMap<Name, Box<str>>>, status: &Name) -> Box<str> {
    words.and_then(|w| w.get(status)).cloned().unwrap_or((**status).into())
}

/// A record as it is after a write.
pub fn put_in(r: &mut Record, table: Table, change: &Change, word: Option<Box<str>>, now: Time) {
    for (name, value) in &change.fields {
        r.set(name, value.clone(), now);
    }
    if let Some(on) = change.block {
        r.set_mark(Mark::Block, Value::Bool(on));
    }
    for (what_for, permit) in change.permits.iter() {
        let shown = match (permit, table) {
            (PermitChange::Until(_), Table::NewsPeople) => Value::Bool(true),
            (PermitChange::Withdrawn, Table::NewsPeople) => Value::Bool(false),
            (PermitChange::Until(until), _) => Value::Time(until),
            (PermitChange::Withdrawn, _) => Value::Empty,
        };
        r.set_mark(what_for.mark(), shown);
    }
    if let Some(why) = &change.why {
        r.set_mark(Mark::Why, Value::text(why));
    }
    if let Some(word) = word {
        r.set_mark(Mark::Status, Value::Text(word.into()));
    }
}
