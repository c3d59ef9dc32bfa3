//! What of an answer is no record, or no value of one.

use crate::model::{Address, Entity, Name, RecordId, ShortText};

/// A raw record that could not be read as one, or a field of one that was left out: counted, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id where that much could be read.
    pub record: Option<RecordId>,
    pub field: String,
    pub why: String,
}

/// A code that the map of its field does not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownCode {
    pub record: RecordId,
    pub field: Name,
    pub code: ShortText,
}

/// The field of whoever cannot be told from a record that was deleted: then nothing of it is read.
pub const DELETED: &str = "deleted";

/// Of a stream: when its records' fields changed could not be read.
pub const FIELD_HISTORY: &str = "field_history";

/// Of a stream: entries of its feed do not tell when they changed fields.
pub const FEED_TIMES: &str = "feed_times";

impl Quarantined {
    /// For people: what was left out, and of what.
    pub fn told(&self, system: &Name, stream: &str) -> String {
        let Quarantined { record, field, why } = self;
        match record {
            Some(record) if field == DELETED => format!("{record} was not read: whether it was deleted: {why}"),
            Some(record) => format!("{record} was read without its {field}: {why}"),
            None if field == FIELD_HISTORY => {
                format!("{system}.{stream}: the history of fields did not come, and values are as old as their records tell: {why}")
            }
            None if field == FEED_TIMES => format!("{system}.{stream}: {why}; what they changed is as old as its records tell"),
            None => format!("{system}.{stream}: a row was not read: its {field}: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_read_without_a_field_is_not_told_as_unread() {
        let told = |record: Option<&str>, field: &str, why: &str| {
            let record = record.map(|r| r.parse().unwrap());
            Quarantined { record, field: field.into(), why: why.into() }.told(&"crm".into(), "people")
        };
        let email = told(Some("crm:person:98"), "email", "is no e-mail address");
        assert_eq!(email, "crm:person:98 was read without its email: is no e-mail address");
        assert_eq!(told(None, "id", "there is no id"), "crm.people: a row was not read: its id: there is no id");
        let history = told(None, FIELD_HISTORY, "400");
        assert_eq!(history, "crm.people: the history of fields did not come, and values are as old as their records tell: 400");
        let timeless = told(None, FEED_TIMES, "2 entries of the feed have no time");
        assert_eq!(timeless, "crm.people: 2 entries of the feed have no time; what they changed is as old as its records tell");
        let deleted = told(Some("crm:person:98"), DELETED, "is a list");
        assert_eq!(deleted, "crm:person:98 was not read: whether it was deleted: is a list");
    }
}

/// A row that was kept out whole, and what of it can be read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// A hash of the row, `q_..`: the same whenever the row is.
    pub row: Box<str>,
    pub entity: Entity,
    /// Its record, where that much can be read.
    pub id: Option<RecordId>,
    pub people: Vec<ShortText>,
    pub accounts: Vec<ShortText>,
    /// These are companies by their names or domains, which are the same in every system.
    pub names_companies: bool,
    pub addresses: Vec<Address>,
    /// These are all whom it names: no list of it goes on elsewhere, or was left out where it was read.
    pub names_all: bool,
    /// Without anybody's data.
    pub why: String,
}
