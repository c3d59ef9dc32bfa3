//! Values that a named person pinned: they count whatever the rules say, until that person or another takes them back. They hang on records and
//! addresses, as who is one person may change.

use super::refusals::{On, StoredOn};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, RecordId, Time, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pins, by what they hang on and their field.
pub(in crate::engine) const PIN: Kind<StoredPin> = Kind::new(Tag::Pin);

/// What was pinned, by whom and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    pub value: Value,
    pub by: Box<str>,
    pub because: Box<str>,
    pub at: Time,
}

/// A pin with what it hangs on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredPin {
    pub on: StoredOn,
    pub field: Name,
    pub pin: Pin,
}

/// All pins, by their field: of most fields there are none, and each is asked for with each person.
#[derive(Debug, Default)]
pub struct Pins {
    by: BTreeMap<Name, BTreeMap<Vec<u8>, StoredPin>>,
}

impl Pins {
    /// Takes a pin; one of the same field on the same record or address gives way. Under the key it lies in the store, too.
    pub fn put(&mut self, stored: StoredPin) -> Vec<u8> {
        let key = pin_key(stored.on.on(), &stored.field);
        self.by.entry(stored.field.clone()).or_default().insert(key.clone(), stored);
        key
    }

    /// Takes a pin out; its key, if there was one.
    pub fn remove(&mut self, on: On<'_>, field: &Name) -> Option<Vec<u8>> {
        let key = pin_key(on, field);
        self.take(field, &key).map(|_| key)
    }

    fn take(&mut self, field: &Name, key: &[u8]) -> Option<StoredPin> {
        let of_field = self.by.get_mut(field)?;
        let taken = of_field.remove(key);
        if of_field.is_empty() {
            self.by.remove(field);
        }
        taken
    }

    /// The pin of a field among these records and addresses; of several the last.
    pub fn of<'p, 'o>(&'p self, field: &Name, on: impl Iterator<Item = On<'o>>) -> Option<&'p Pin> {
        let of_field = self.by.get(field)?;
        let found = on.filter_map(|on| of_field.get_key_value(&pin_key(on, field)));
        found.max_by_key(|(key, stored)| (stored.pin.at, *key)).map(|(_, stored)| &stored.pin)
    }

    /// Whether anybody's value of a field is pinned.
    pub fn has_field(&self, field: &Name) -> bool {
        self.by.contains_key(field)
    }

    /// All of them, in an order that stays.
    pub fn all(&self) -> impl Iterator<Item = &StoredPin> {
        self.by.values().flat_map(BTreeMap::values)
    }

    /// The records of a system have another system's name from now on. Gives the pins that it touches: the key that each lay under, and
    /// what lies in its place.
    pub fn rename(&mut self, from: &Name, to: &Name) -> Vec<(Vec<u8>, StoredPin)> {
        let is_touched = |stored: &StoredPin| matches!(&stored.on, StoredOn::Record(record) if record.system == *from);
        let all = self.by.iter().flat_map(|(field, pins)| pins.iter().map(move |(key, stored)| (field, key, stored)));
        let touched = all.filter(|(_, _, stored)| is_touched(stored)).map(|(field, key, _)| (field.clone(), key.clone()));
        let mut moved = Vec::new();
        for (field, key) in touched.collect::<Vec<_>>() {
            let Some(mut stored) = self.take(&field, &key) else { continue };
            if let StoredOn::Record(record) = &mut stored.on {
                *record = RecordId { system: to.clone(), ..record.clone() };
            }
            moved.push((key, stored.clone()));
            self.put(stored);
        }
        moved
    }
}

/// Under it a pin lies in the store.
pub fn pin_key(on: On<'_>, field: &Name) -> Vec<u8> {
    match on {
        On::Record(record) => format!("record\u{1f}{record}\u{1f}{field}"),
        On::Address(address) => format!("address\u{1f}{address}\u{1f}{field}"),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    fn pin(value: &str, at: i64) -> Pin {
        Pin { value: Value::text(value), by: "taro".into(), because: "本人の希望".into(), at: Time(at) }
    }

    #[test]
    fn of_several_pins_of_one_person_the_last_counts_and_a_renamed_system_takes_its_own_along() {
        let (ma, crm): (RecordId, RecordId) = ("ma:person:1".parse().unwrap(), "crm:person:4".parse().unwrap());
        let address = Address::parse("taro@acme.example").unwrap();
        let title: Name = "title".into();
        let mut pins = Pins::default();
        let put =
            |pins: &mut Pins, on: On<'_>, value: &str, at| pins.put(StoredPin { on: on.into(), field: title.clone(), pin: pin(value, at) });
        put(&mut pins, On::Record(&ma), "部長", 5);
        put(&mut pins, On::Address(&address), "顧問", 7);
        let all = || [On::Record(&ma), On::Record(&crm), On::Address(&address)].into_iter();
        let value = |pins: &Pins| pins.of(&title, all()).map(|pin| pin.value.to_string());
        assert_eq!(value(&pins).as_deref(), Some("顧問"));
        assert_eq!(pins.of(&"phone".into(), all()), None);
        assert_eq!([&title, &"phone".into()].map(|field| pins.has_field(field)), [true, false]);
        assert!(pins.remove(On::Address(&address), &title).is_some() && pins.remove(On::Address(&address), &title).is_none());
        assert_eq!(value(&pins).as_deref(), Some("部長"));
        put(&mut pins, On::Record(&ma), "課長", 6);
        assert_eq!((value(&pins).as_deref(), pins.all().count()), (Some("課長"), 1));

        let moved = pins.rename(&"ma".into(), &"ma@1".into());
        assert_eq!((moved.len(), &moved[0].0), (1, &pin_key(On::Record(&ma), &title)));
        assert_eq!(value(&pins), None, "who bears the name now is a stranger");
        let there: RecordId = RecordId { system: "ma@1".into(), ..ma.clone() };
        assert!(pins.of(&title, [On::Record(&there)].into_iter()).is_some());
    }
}
