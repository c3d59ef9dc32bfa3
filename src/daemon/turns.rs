//! In what order a command reads all streams.

use crate::connector::StreamInfo;
use crate::model::Entity;

/// When a stream is read, where all are: those of one turn side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadingTurn {
    Freely,
    /// It names people whom nobody can look up by their ids: who is new in both would be nobody before theirs is read.
    AfterPeople,
    /// It is asked for each of what others showed.
    AfterAll,
}

impl ReadingTurn {
    /// `None`: it comes with another. `all`: its system's.
    pub fn of(all: &[StreamInfo], stream: &StreamInfo) -> Option<ReadingTurn> {
        if stream.for_each.is_some() {
            return Some(ReadingTurn::AfterAll);
        }
        let finds_people = all.iter().any(|other| other.entity == Entity::Person && other.by_id > 0);
        let names_people = matches!(stream.entity, Entity::Deal | Entity::Ticket);
        let turn = if names_people && !finds_people { ReadingTurn::AfterPeople } else { ReadingTurn::Freely };
        stream.carried_by.is_none().then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Reads;
    use crate::model::Span;

    fn stream(name: &str, entity: Entity, by_id: usize) -> StreamInfo {
        StreamInfo {
            name: name.into(),
            entity,
            every: None,
            sweep_every: None,
            lag: Span::ZERO,
            reads: Reads::SweepOnly,
            sweeps: true,
            tells_missing: true,
            overlaps: false,
            sound: false,
            open: false,
            carried_by: None,
            for_each: None,
            sweep_carries_people: true,
            changes_carry_people: true,
            open_carries_people: true,
            chunk: 1,
            fields: Vec::new(),
            watched: Vec::new(),
            by_id,
        }
    }

    #[test]
    fn deals_come_after_people_whom_nobody_can_look_up_and_what_is_asked_for_each_comes_last() {
        for (by_id, deals) in [(0, ReadingTurn::AfterPeople), (100, ReadingTurn::Freely)] {
            let asked = StreamInfo { for_each: Some("deals".into()), ..stream("deal_people", Entity::DealPerson, 0) };
            let carried = StreamInfo { carried_by: Some("deals".into()), ..stream("carried", Entity::DealPerson, 0) };
            let all = [
                stream("people", Entity::Person, by_id),
                stream("deals", Entity::Deal, 0),
                stream("companies", Entity::Account, 0),
                asked,
                carried,
            ];
            let turns: Vec<Option<ReadingTurn>> = all.iter().map(|one| ReadingTurn::of(&all, one)).collect();
            assert_eq!(
                turns,
                [Some(ReadingTurn::Freely), Some(deals), Some(ReadingTurn::Freely), Some(ReadingTurn::AfterAll), None],
                "{by_id}"
            );
        }
        assert!(ReadingTurn::Freely < ReadingTurn::AfterPeople && ReadingTurn::AfterPeople < ReadingTurn::AfterAll);
    }
}
