//! A look at the world that decodes each record once.

use super::world::{Idx, World};
use crate::link;
use crate::model::{Address, Record};
use elsa::FrozenMap;
use hashbrown::DefaultHashBuilder;
use std::cell::OnceCell;

/// Decoded records, for as long as one decision takes.
pub struct View<'a> {
    world: &'a World,
    decoded: FrozenMap<Idx, Box<Seen>, DefaultHashBuilder>,
}

struct Seen {
    record: Record,
    address: OnceCell<Option<Address>>,
}

impl<'a> View<'a> {
    pub fn new(world: &'a World) -> View<'a> {
        View { world, decoded: FrozenMap::default() }
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

    /// All records that are proved to be the same person's.
    pub fn component(&self, start: Idx, rules: &link::LinkRules) -> link::Component<Idx> {
        link::component(start, |i| self.get(i), |of, key| self.holders(of, key), rules)
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
