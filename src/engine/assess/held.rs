//! The holds that were in force for a record when last decided.

use crate::decide::ratchet::Held;
use crate::engine::ledger::changes::Ledger;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::column::Column;
use crate::engine::memory::place::Idx;
use crate::model::RecordId;
use std::hint::black_box;

/// Of each record that has some.
pub(in crate::engine) const HELD: Kind<Vec<Held>> = Kind::new(Tag::Held);

/// What the ratchet remembers, by record. Who has no holds has no entry.
#[derive(Debug, Default)]
pub struct RememberedHolds(Column<Vec<Held>>);

impl RememberedHolds {
    pub fn of(&self, idx: Idx) -> &[Held] {
        self.0.get(idx).map_or(&[], Vec::as_slice)
    }

    /// All records that have some, by place.
    pub fn iter(&self) -> impl Iterator<Item = (Idx, &[Held])> {
        self.0.iter().map(|(idx, held)| (idx, held.as_slice()))
    }

    /// A record's holds but for some; `None`: it has none at all.
    pub fn without(&self, idx: Idx, is_let_go: impl Fn(&Held) -> bool) -> Option<Vec<Held>> {
        Some(self.0.get(idx)?.iter().filter(|held| !is_let_go(held)).cloned().collect())
    }

    /// Sets a record's holds.
    pub fn set(&mut self, idx: Idx, held: Vec<Held>) {
        match held.is_empty() {
            true => self.0.remove(idx),
            false => self.0.set(idx, held),
        }
    }

    /// Writes a record's holds with the next commit.
    pub fn keep(&self, idx: Idx, record: &RecordId, ledger: &mut Ledger) {
        match self.0.get(idx) {
            Some(held) => ledger.put(HELD, record.key(), held),
            None => ledger.delete(HELD, record.key()),
        }
    }

    /// Looks at many of them before they are needed one by one, so that memory brings them at once.
    pub fn warm(&self, places: impl Iterator<Item = Idx>) {
        black_box(places.filter(|idx| self.of(*idx).is_empty()).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ratchet::Reach;
    use crate::engine::ledger::changes::tests::ledger;
    use crate::model::Time;

    fn held(hold: &str) -> Held {
        Held { hold: hold.into(), cause: "crm:deal:1".parse().unwrap(), reach: Reach::Person, since: Time(1), stops: 1 }
    }

    #[test]
    fn what_is_let_go_goes_and_the_rest_stays() {
        let mut holds = RememberedHolds::default();
        holds.set(3, vec![held("open_deal"), held("ticket")]);
        assert_eq!(holds.without(3, |h| *h.hold == *"ticket"), Some(vec![held("open_deal")]));
        assert_eq!((holds.without(3, |_| true), holds.without(2, |_| true)), (Some(vec![]), None));
        assert_eq!((holds.of(3).len(), holds.of(2).len()), (2, 0), "nothing is changed");
    }

    #[test]
    fn a_record_without_holds_has_no_entry_here_and_no_item_in_the_store() {
        let mut ledger = ledger();
        let record: RecordId = "crm:person:5".parse().unwrap();
        let mut holds = RememberedHolds::default();
        for (now, kept) in [(vec![held("open_deal")], Some(vec![held("open_deal")])), (vec![], None)] {
            holds.set(3, now.clone());
            holds.keep(3, &record, &mut ledger);
            ledger.commit().unwrap();
            assert_eq!((holds.of(3), holds.iter().count()), (&*now, now.len()));
            assert_eq!(ledger.get(HELD, &record.key()).unwrap(), kept);
        }
    }
}
