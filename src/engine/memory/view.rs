//! A look at the world that decodes each record once.

use super::place::Idx;
use super::places::InOrder;
use super::world::World;
use crate::link;
use crate::model::{Address, Record};
use elsa::FrozenMap;
use std::cell::OnceCell;
use std::hash::BuildHasherDefault;

/// Decoded records, for as long as one decision takes.
pub struct View<'a> {
    world: &'a World,
    decoded: FrozenMap<Idx, Box<Seen>, BuildHasherDefault<InOrder>>,
}

struct Seen {
    record: Record,
    address: OnceCell<Option<Address>>,
}

impl<'a> View<'a> {
    pub fn new(world: &'a World) -> View<'a> {
        View { world, decoded: FrozenMap::default() }
    }

    /// The same with a record that was decoded before, and its address.
    pub fn with(world: &'a World, idx: Idx, record: Record, address: Option<Address>) -> View<'a> {
        let view = View::new(world);
        view.decoded.insert(idx, Box::new(Seen { record, address: OnceCell::from(address) }));
        view
    }

    pub fn get(&self, idx: Idx) -> &Record {
        &self.seen(idx).record
    }

    fn seen(&self, idx: Idx) -> &Seen {
        match self.decoded.get(&idx) {
            Some(seen) => seen,
            None => self.decoded.insert(idx, Box::new(Seen { record: self.world.record(idx), address: OnceCell::new() })),
        }
    }

    fn address(&self, idx: Idx) -> Option<&Address> {
        let seen = self.seen(idx);
        seen.address.get_or_init(|| seen.record.address()).as_ref()
    }

    /// Hands decoded records over, in the order asked for.
    pub fn take(self, places: &[Idx]) -> Vec<Record> {
        let world = self.world;
        let mut decoded = self.decoded.into_map();
        places.iter().map(|i| decoded.remove(i).map_or_else(|| world.record(*i), |seen| seen.record)).collect()
    }

    /// The same, and all addresses that they bear or bore.
    pub fn take_with_addresses(self, places: &[Idx]) -> (Vec<Record>, Vec<Address>) {
        let world = self.world;
        let mut decoded = self.decoded.into_map();
        let (mut records, mut addresses) = (Vec::with_capacity(places.len()), Vec::new());
        for idx in places {
            let (record, address) = match decoded.remove(idx) {
                Some(seen) => (seen.record, seen.address.into_inner()),
                None => (world.record(*idx), None),
            };
            let address = address.unwrap_or_else(|| record.address());
            addresses.extend(link::spread_keys_with(&record, address));
            records.push(record);
        }
        addresses.sort();
        addresses.dedup();
        (records, addresses)
    }

    /// All records that are proved to be the same person's.
    pub fn component(&self, start: Idx, rules: &link::LinkRules) -> link::Component<Idx> {
        let keys = |i| link::keys_with(self.get(i), self.address(i).cloned());
        link::component(start, |i| self.get(i), keys, |of, key| self.holders(of, key), rules)
    }

    /// All records that bear a key of the record `of`.
    fn holders(&self, of: Idx, key: &link::Key) -> Vec<Idx> {
        match key {
            link::Key::Address(address) => match self.world.bearers(address) {
                [one] => vec![*one],
                // Past addresses spread holds but prove nothing.
                several => several.iter().copied().filter(|i| self.address(*i) == Some(address)).collect(),
            },
            link::Key::Remote(id) => {
                let mut all: Vec<Idx> = self.world.namers(id).iter().copied().filter(|i| self.get(*i).same_as.contains(id)).collect();
                all.extend(if self.world.slot(of).id == *id { Some(of) } else { self.world.find(id) });
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, Time, Value};

    fn person(id: &str, email: &str) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        record.set(&"email".into(), Value::text(email), Time(1));
        record
    }

    fn addresses(texts: &[&str]) -> Vec<Address> {
        texts.iter().filter_map(|text| Address::parse(text)).collect()
    }

    #[test]
    fn what_was_decoded_before_is_not_read_again() {
        let mut world = World::default();
        let (old, new) = (person("crm:person:1", "old@sato.example"), person("crm:person:1", "new@sato.example"));
        let other = person("crm:person:2", "jiro@sato.example");
        let (first, second) = (world.put("people".into(), &old), world.put("people".into(), &other));
        let view = View::with(&world, first, new.clone(), new.address());
        assert_eq!((view.get(first), view.get(second)), (&new, &other));
        assert_eq!(view.take(&[second, first]), [other.clone(), new.clone()], "in the order asked for");
        let view = View::with(&world, first, new.clone(), new.address());
        let (records, borne) = view.take_with_addresses(&[second, first]);
        assert_eq!((records, borne), (vec![other, new], addresses(&["jiro@sato.example", "new@sato.example"])));
    }

    #[test]
    fn addresses_are_told_once_with_those_of_before() {
        let mut world = World::default();
        let mut moved = person("crm:person:1", "taro@suzuki.example");
        moved.memory.past_addresses = addresses(&["taro@sato.example"]);
        let places = [moved, person("ma:person:7", "taro@suzuki.example")].map(|r| world.put("people".into(), &r));
        let (_, borne) = View::new(&world).take_with_addresses(&places);
        assert_eq!(borne, addresses(&["taro@sato.example", "taro@suzuki.example"]));
    }

    #[test]
    fn a_person_is_whoever_bears_the_address_now_or_is_named() {
        let mut world = World::default();
        let taro = person("crm:person:1", "taro@sato.example");
        let same = person("ma:person:7", "Taro@sato.example");
        let mut before = person("crm:person:2", "jiro@sato.example");
        before.memory.past_addresses = addresses(&["taro@sato.example"]);
        let mut naming = person("support:person:4", "work@suzuki.example");
        let named: RecordId = "crm:person:1".parse().unwrap();
        naming.same_as = [named].into_iter().collect();
        let [taro, same, before, naming] = [taro, same, before, naming].map(|r| world.put("people".into(), &r));
        let rules = link::LinkRules::default();
        let members = |start| {
            let mut members = View::new(&world).component(start, &rules).members;
            members.sort_unstable();
            members
        };
        for start in [taro, same, naming] {
            assert_eq!(members(start), [taro, same, naming], "the same from whichever it starts");
        }
        assert_eq!(members(before), [before], "an address of before proves nothing");
    }
}
