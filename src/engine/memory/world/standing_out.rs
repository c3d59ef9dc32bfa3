//! Records that stand out, noted when they are put in their place: few, so that they are told without a look at all.

use crate::engine::memory::place::Idx;
use crate::engine::memory::places::UnreadByPlace;
use crate::model::Record;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(super) struct StandingOut {
    /// What they show in opt-out fields that nobody knows to read.
    pub(super) unread: UnreadByPlace,
    /// Whose address cannot be read for sure.
    pub(super) unread_addresses: BTreeSet<Idx>,
    /// Open deals and tickets that name neither a person nor an address.
    pub(super) naming_nobody: BTreeSet<Idx>,
    /// Somebody emptied a field of theirs, and it is remembered what stood there.
    pub(super) emptied: BTreeSet<Idx>,
    /// They are not listed any more; what is known of them is kept.
    pub(super) gone: BTreeSet<Idx>,
}

impl StandingOut {
    pub(super) fn note(&mut self, idx: Idx, record: &Record) {
        keep_if(record.has_unread_address, idx, &mut self.unread_addresses);
        keep_if(record.is_gone(), idx, &mut self.gone);
        keep_if(!record.memory.cleared.is_empty(), idx, &mut self.emptied);
        keep_if(is_open_and_names_nobody(record), idx, &mut self.naming_nobody);
        if !record.unread_refusals.is_empty() {
            self.unread.insert(idx, record.unread_refusals.clone().into());
        } else if !self.unread.is_empty() {
            self.unread.remove(&idx);
        }
    }
}

fn keep_if(is_one: bool, idx: Idx, those: &mut BTreeSet<Idx>) {
    if is_one {
        those.insert(idx);
    } else if !those.is_empty() {
        those.remove(&idx);
    }
}

fn is_open_and_names_nobody(record: &Record) -> bool {
    let open = record.deal.is_some_and(|d| d.is_open()) || record.ticket.is_some_and(|t| t.is_open());
    let names = || [record.people.len(), record.addresses.len(), record.memory.past_people.len()];
    open && !record.is_gone() && names() == [0, 0, 0]
}

#[cfg(test)]
mod tests {
    use crate::engine::memory::world::World;
    use crate::model::{Address, DealState, Entity, Presence, Record, RecordId, TicketState, Time};

    #[test]
    fn who_is_gone_is_not_counted_among_the_listed_until_back() {
        let mut world = World::default();
        let mut counted = Vec::new();
        for presence in [Presence::Listed, Presence::Gone(Time(1)), Presence::MissedOnce, Presence::Gone(Time(2)), Presence::Listed] {
            for id in ["1", "2"] {
                let mut record = Record::new(RecordId::new("ma", Entity::Person, id));
                record.presence = if id == "1" { presence } else { Presence::Listed };
                world.put("people".into(), &record);
            }
            counted.push((world.listed(&"ma".into(), &"people".into()), world.size()));
        }
        assert_eq!(counted, [(2, (2, 0)), (1, (2, 1)), (2, (2, 0)), (1, (2, 1)), (2, (2, 0))]);
    }

    #[test]
    fn what_is_open_and_names_nobody_is_counted_until_it_is_gone_or_names_somebody() {
        let count = |entity, change: fn(&mut Record)| {
            let mut record = Record::new(RecordId::new("crm", entity, "1"));
            match entity {
                Entity::Ticket => record.ticket = Some(TicketState::Open),
                _ => record.deal = Some(DealState::Open),
            }
            let mut world = World::default();
            world.put("stream".into(), &record);
            change(&mut record);
            world.put("stream".into(), &record);
            [Entity::Deal, Entity::Ticket].map(|entity| world.naming_nobody().filter(|slot| slot.id.entity == entity).count())
        };
        assert_eq!((count(Entity::Deal, |_| ()), count(Entity::Ticket, |_| ())), ([1, 0], [0, 1]));
        assert_eq!(count(Entity::Deal, |r| r.deal = Some(DealState::Unknown)), [1, 0]);
        let ended: [fn(&mut Record); 5] = [
            |r| r.deal = Some(DealState::Lost),
            |r| r.people = vec!["5".into()],
            |r| r.addresses = vec![Address::parse("taro@sato.example").unwrap()],
            |r| r.memory.past_people = vec!["5".into()],
            |r| r.presence = Presence::Gone(Time(1)),
        ];
        for (i, change) in ended.into_iter().enumerate() {
            assert_eq!(count(Entity::Deal, change), [0, 0], "{i}");
        }
    }
}
