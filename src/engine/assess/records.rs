//! What the records of a person have in common.

use crate::link;
use crate::model::{Address, Record};

/// All addresses that a person's records bear or bore.
pub fn addresses(records: &[Record]) -> Vec<Address> {
    let mut all: Vec<Address> = records.iter().flat_map(link::spread_keys).collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::field;
    use crate::model::{Field, Time, Value};

    #[test]
    fn each_address_that_any_record_bears_or_bore_is_there_once() {
        let address = |text: &str| Address::parse(text).unwrap();
        let record = |id: &str, now: &str, past: &[&str]| {
            let mut record = Record::new(id.parse().unwrap());
            record.fields = vec![Field::new(field::EMAIL.into(), Value::Text(now.into()), Time(0))];
            record.memory.past_addresses = past.iter().map(|p| address(p)).collect();
            record
        };
        let records =
            [record("crm:person:1", "z@acme.example", &["old@acme.example"]), record("ma:person:7", "a@acme.example", &["z@acme.example"])];
        assert_eq!(addresses(&records), ["a@acme.example", "old@acme.example", "z@acme.example"].map(address));
        assert!(addresses(&[]).is_empty());
    }
}
