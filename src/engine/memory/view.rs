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
