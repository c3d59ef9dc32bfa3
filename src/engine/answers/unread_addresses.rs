//! Records whose address is there and cannot be read for sure: they get no permit and are not released, and are told for as long.

use crate::engine::engine::Engine;
use crate::model::{Name, counted};
use std::collections::BTreeMap;

/// Records that are named.
const NAMED_MAX: usize = 3;

impl Engine {
    /// One line a stream: how many there are, which, and what to do.
    pub fn unread_addresses(&self) -> Vec<String> {
        let mut of: BTreeMap<(Name, Name), (usize, Vec<String>)> = BTreeMap::new();
        for idx in self.world.unread_addresses() {
            if self.world.record(*idx).is_gone() {
                continue;
            }
            let slot = self.world.slot(*idx);
            let (count, named) = of.entry((slot.id.system.clone(), slot.stream.clone())).or_default();
            *count += 1;
            if named.len() < NAMED_MAX {
                named.push(slot.id.to_string());
            }
        }
        let line = |((system, stream), (count, named)): ((Name, Name), (usize, Vec<String>))| {
            let more = if count > named.len() { ", .." } else { "" };
            format!(
                "{system}.{stream}: the address of {} cannot be read ({}{more}): no permit is given and nothing released there until it is mended",
                counted(count, "record", "records"),
                named.join(", ")
            )
        };
        of.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::memory::world::World;
    use crate::model::Record;

    /// Also after a restart, when nothing is read yet.
    #[test]
    fn a_record_whose_address_cannot_be_read_is_known_for_as_long() {
        let mut world = World::default();
        let mut record = Record::new("ma:person:5".parse().unwrap());
        record.has_unread_address = true;
        let idx = world.put("people".into(), &record);
        assert_eq!(world.unread_addresses().iter().copied().collect::<Vec<_>>(), [idx]);
        let mut again = World::default();
        again.load_names(world.names_to_keep().unwrap().to_vec());
        let loaded = again.load(record.id.clone(), world.bytes(idx)).unwrap();
        assert!(again.unread_addresses().contains(&loaded));
        record.has_unread_address = false;
        world.put("people".into(), &record);
        assert!(world.unread_addresses().is_empty());
    }
}
