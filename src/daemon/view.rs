//! A look at the world that decodes each record once.

use super::world::{Idx, World};
use crate::link;
use crate::model::Record;
use elsa::FrozenMap;

/// Decoded records, for as long as one decision takes.
pub struct View<'a> {
    world: &'a World,
    decoded: FrozenMap<Idx, Box<Record>>,
}

impl<'a> View<'a> {
    pub fn new(world: &'a World) -> View<'a> {
        View { world, decoded: FrozenMap::new() }
    }

    pub fn get(&self, idx: Idx) -> &Record {
        match self.decoded.get(&idx) {
            Some(record) => record,
            None => self.decoded.insert(idx, Box::new(self.world.record(idx))),
        }
    }

    /// Hands decoded records over, in the order asked for.
    pub fn take(self, places: &[Idx]) -> Vec<Record> {
        let world = self.world;
        let mut decoded = self.decoded.into_map();
        places.iter().map(|i| decoded.remove(i).map_or_else(|| world.record(*i), |r| *r)).collect()
    }

    /// All records that are proved to be the same person's.
    pub fn component(&self, start: Idx, rules: &link::LinkRules) -> link::Component<Idx> {
        link::component(start, |i| self.get(i), |key| self.holders(key), rules)
    }

    fn holders(&self, key: &link::Key) -> Vec<Idx> {
        match key {
            link::Key::Address(address) => match self.world.bearers(address) {
                [one] => vec![*one],
                // Past addresses spread holds but prove nothing.
                several => several.iter().copied().filter(|i| self.get(*i).address().as_ref() == Some(address)).collect(),
            },
            link::Key::Remote(id) => {
                let mut all: Vec<Idx> = self.world.namers(id).iter().copied().filter(|i| self.get(*i).same_as.contains(id)).collect();
                all.extend(self.world.find(id));
                all
            }
        }
    }
}
