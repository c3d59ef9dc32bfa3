//! Which pass of a stream is next.

use super::reading::Haste;
use super::schedule::every;
use super::schedule::passes;
use crate::connector::{Pass, READ_EVERY};
use crate::engine::engine::Engine;
use crate::engine::rules::approval::Approval;
use crate::model::{DealState, Entity, Name, RecordId, ShortText, Span, Time};

impl Engine {
    /// The passes that a stream needs now and that wait for nothing.
    pub fn passes_due(&self, system: &Name, stream: &Name, haste: Haste, now: Time) -> Vec<Pass> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(info) = state.infos.get(stream).filter(|_| state.identity.is_settled()) else { return Vec::new() };
        let mut known = state.streams.get(stream).cloned().unwrap_or_default();
        let mut passes = match &info.for_each {
            Some(deals) => vec![Pass::ForEach(self.open_deals(system, deals))],
            None => {
                if self.release_needs(system, stream, now) {
                    known.swept_at = None;
                }
                passes(info, &known, state.config.sweep, now, self.clocks.there(system, now))
            }
        };
        passes.extend(self.look_up_due(system, stream, now));
        passes.retain(|p| !known.waits(p.kind(), haste, now));
        passes
    }

    /// How often a stream is read.
    pub fn read_every(&self, system: &Name, stream: &Name) -> Span {
        let state = self.systems.get(system);
        let info = state.and_then(|s| s.infos.get(stream));
        info.map_or(READ_EVERY, |info| every(state.and_then(|s| s.config.every), info))
    }

    /// When a stream of which a pass failed is to be looked at again.
    pub fn next_retry(&self, system: &Name, stream: &Name, now: Time) -> Option<Time> {
        self.systems.get(system)?.streams.get(stream)?.next_retry(now)
    }

    /// Why a stream cannot be read as it should.
    pub fn stream_error(&self, system: &Name, stream: &Name) -> Option<String> {
        let state = self.systems.get(system)?.streams.get(stream)?;
        let all: Vec<String> = state.error().into_iter().chain(self.doubt_of(system, stream)).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Why a stream proves nothing though it was read, where rows of it may be anybody's.
    pub fn doubt_of(&self, system: &Name, stream: &Name) -> Option<String> {
        let state = self.systems.get(system)?.streams.get(stream)?;
        self.unproved_rows(system, stream, state.unread_beyond)
    }

    /// Whether a release waits for this stream to be proved in this run. A feed or an unsound filter proves nothing, so that else it would
    /// wait for the next sweep.
    pub fn release_needs(&self, system: &Name, stream: &Name, now: Time) -> bool {
        let waits = self.systems.values().any(|s| s.approved == Some(Approval::All) && s.outbox.values().any(|l| l.release));
        let state = self.systems.get(system).and_then(|s| s.streams.get(stream));
        let swept = state.is_some_and(|s| s.swept_here && s.swept_at.is_some());
        waits && !swept && self.unproved(now).contains(&(system, stream))
    }

    /// The ids of a stream's deals that are open as far as is known.
    fn open_deals(&self, system: &Name, stream: &Name) -> Vec<ShortText> {
        let deals = self.world.indexes().filter(|i| {
            let slot = self.world.slot(*i);
            slot.id.entity == Entity::Deal && slot.id.system == *system && slot.stream == *stream
        });
        let open = deals.filter(|i| {
            let record = self.world.record(*i);
            !record.is_gone() && record.deal.is_some_and(DealState::is_open)
        });
        let known = open.map(|i| self.world.slot(i).id.id.clone());
        known
            .chain(
                self.doubts
                    .named_of(system, stream)
                    .filter(|id| self.world.find(&RecordId::new(system.clone(), Entity::Deal, (*id).clone())).is_none())
                    .cloned(),
            )
            .collect()
    }
}
