//! Which pass of a stream is next.

use super::reading::Haste;
use super::schedule::every;
use super::schedule::passes;
use crate::connector::{Pass, READ_EVERY};
use crate::engine::engine::Engine;
use crate::engine::memory::world::World;
use crate::engine::rules::approval::Approval;
use crate::model::{DealState, Entity, Name, RecordId, ShortText, Span, Time};

impl Engine {
    /// The passes that a stream needs now and that wait for nothing.
    pub fn passes_due(&self, system: &Name, stream: &Name, haste: Haste, now: Time) -> Vec<Pass> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(info) = state.streams.info(stream).filter(|_| state.identity.is_settled()) else { return Vec::new() };
        let mut known = state.streams.of(stream).cloned().unwrap_or_default();
        let mut passes = match &info.for_each {
            Some(deals) => {
                vec![Pass::ForEach(open_deals(&self.world, system, deals, self.doubts.named_of(system, deals)))]
            }
            None => {
                if self.release_needs(system, stream, now) {
                    known.swept_at = None;
                }
                passes(info, &known, state.connected.config().sweep, now, self.clocks.there(system, now))
            }
        };
        passes.extend(self.look_up_due(system, stream, now));
        passes.retain(|p| !known.waits(p.kind(), haste, now));
        passes
    }

    /// How often a stream is read.
    pub fn read_every(&self, system: &Name, stream: &Name) -> Span {
        let state = self.systems.get(system);
        let info = state.and_then(|s| s.streams.info(stream));
        info.map_or(READ_EVERY, |info| every(state.and_then(|s| s.connected.config().every), info))
    }

    /// When a stream of which a pass failed is to be looked at again.
    pub fn next_retry(&self, system: &Name, stream: &Name, now: Time) -> Option<Time> {
        self.stream(system, stream)?.next_retry(now)
    }

    /// Why a stream cannot be read as it should.
    pub fn stream_error(&self, system: &Name, stream: &Name) -> Option<String> {
        let state = self.stream(system, stream)?;
        let all: Vec<String> = state.error().into_iter().chain(self.doubt_of(system, stream)).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Why a stream proves nothing though it was read, where rows of it may be anybody's.
    pub fn doubt_of(&self, system: &Name, stream: &Name) -> Option<String> {
        let state = self.stream(system, stream)?;
        self.unproved_rows(system, stream, state.unread_beyond)
    }

    /// Whether a release waits for this stream to be proved in this run. A feed or an unsound filter proves nothing, so that else it would
    /// wait for the next sweep.
    pub fn release_needs(&self, system: &Name, stream: &Name, now: Time) -> bool {
        let waits = self.systems.values().any(|s| s.approved == Some(Approval::All) && s.outbox.releases() > 0);
        let state = self.stream(system, stream);
        let swept = state.is_some_and(|s| s.swept_here && s.swept_at.is_some());
        waits && !swept && self.unproved(now).contains(&(system, stream))
    }
}

/// The ids of a stream's deals that are open as far as is known. One whose row could not be read may be, if it was never read before.
fn open_deals<'d>(world: &World, system: &Name, stream: &Name, in_doubt: impl Iterator<Item = &'d ShortText>) -> Vec<ShortText> {
    let deals = world.indexes().filter(|i| {
        let slot = world.slot(*i);
        slot.id.entity == Entity::Deal && slot.id.system == *system && slot.stream == *stream
    });
    let open = deals.filter(|i| {
        let record = world.record(*i);
        !record.is_gone() && record.deal.is_some_and(DealState::is_open)
    });
    let known = open.map(|i| world.slot(i).id.id.clone());
    let never_read = in_doubt.filter(|id| world.find(&RecordId::new(system.clone(), Entity::Deal, (*id).clone())).is_none());
    known.chain(never_read.cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Presence, Record};

    #[test]
    fn the_people_are_asked_for_of_deals_that_are_open_or_may_be() {
        let mut world = World::default();
        for (id, stream, state, presence) in [
            ("crm:deal:1", "deals", Some(DealState::Open), Presence::Listed),
            ("crm:deal:2", "deals", Some(DealState::Unknown), Presence::MissedOnce),
            ("crm:deal:3", "deals", Some(DealState::Won), Presence::Listed),
            ("crm:deal:4", "deals", Some(DealState::Open), Presence::Gone(Time(1))),
            ("crm:deal:5", "leads", Some(DealState::Open), Presence::Listed),
            ("desk:deal:6", "deals", Some(DealState::Open), Presence::Listed),
            ("crm:person:7", "deals", Some(DealState::Open), Presence::Listed),
            ("crm:deal:8", "deals", None, Presence::Listed),
        ] {
            let mut deal = Record::new(id.parse().unwrap());
            (deal.deal, deal.presence) = (state, presence);
            world.put(stream.into(), &deal);
        }
        // Of what was read before, what was read counts; that a person has the same number says nothing.
        let in_doubt = ["1", "3", "7", "9"].map(ShortText::from);
        let asked = open_deals(&world, &"crm".into(), &"deals".into(), in_doubt.iter());
        assert_eq!(asked, ["1", "2", "7", "9"].map(ShortText::from));
    }
}
