//! Which pass a stream needs next. Pure: the stream's state, what it offers, and the clock.

use super::engine::Engine;
use super::observe::FILTER_TEST_EVERY;
use super::system::{Approval, StreamState};
use crate::connector::{Pass, READ_EVERY, Reads, SWEEP_EVERY, StreamInfo};
use crate::model::{DealState, Entity, Name, ShortText, Span, Time};

/// How far in the future the time lies that a filter is tested with.
const FILTER_TEST_AHEAD: Span = Span::days(365);

/// How often a stream is read.
pub fn every(configured: Option<Span>, info: &StreamInfo) -> Span {
    configured.or(info.every).unwrap_or(READ_EVERY)
}

/// The passes that a stream needs now, in order.
pub fn passes(info: &StreamInfo, state: &StreamState, sweep_every: Option<Span>, now: Time) -> Vec<Pass> {
    let sweep_every = sweep_every.or(info.sweep_every).unwrap_or(SWEEP_EVERY);
    let sweep_due = state.swept_at.is_none_or(|at| now.since(at) >= sweep_every);
    let test_due = state.filter_tested_at.is_none_or(|at| now.since(at) >= FILTER_TEST_EVERY);
    let test = || Pass::FilterTest(now.plus(FILTER_TEST_AHEAD));
    match info.reads {
        Reads::Associations => Vec::new(),
        Reads::SweepOnly if info.open && !sweep_due => vec![Pass::Open],
        Reads::SweepOnly => vec![Pass::Sweep],
        Reads::ModifiedSince => {
            let mut passes = Vec::new();
            if sweep_due || state.filter_broken {
                passes.push(Pass::Sweep);
                if test_due {
                    passes.push(test());
                }
                return passes;
            }
            if test_due {
                passes.push(test());
            }
            // Nothing told a time yet: begin where the sweep began.
            passes.extend(state.newest.or(state.swept_at).map(Pass::Changes));
            if info.open {
                passes.push(Pass::Open);
            }
            passes
        }
        Reads::Cursor => {
            let mut passes = Vec::new();
            let mut since = state.swept_at.unwrap_or(Time(0));
            if sweep_due && info.sweeps {
                passes.push(Pass::Sweep);
                since = now;
            }
            passes.push(Pass::Resume { cursor: state.cursor.clone(), since });
            passes
        }
    }
}

impl Engine {
    /// The passes that a stream needs now.
    pub fn passes_due(&self, system: &Name, stream: &Name, now: Time) -> Vec<Pass> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(info) = state.infos.get(stream) else { return Vec::new() };
        if let Some(deals) = &info.for_each {
            return vec![Pass::ForEach(self.open_deals(system, deals))];
        }
        let mut known = state.streams.get(stream).cloned().unwrap_or_default();
        if self.release_needs(system, stream, now) {
            known.swept_at = None;
        }
        passes(info, &known, state.config.sweep, now)
    }

    /// Whether a release waits for this stream to be proved in this run. A feed or an unsound filter proves nothing, so that else it would
    /// wait for the next sweep.
    pub fn release_needs(&self, system: &Name, stream: &Name, now: Time) -> bool {
        let waits = self.systems.values().any(|s| s.approved == Some(Approval::All) && s.outbox.values().any(|l| l.release));
        let state = self.systems.get(system).and_then(|s| s.streams.get(stream));
        let swept = state.is_some_and(|s| s.swept_here && s.swept_at.is_some());
        waits && !swept && self.unproved(now).contains(&format!("{system}.{stream}"))
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
        open.map(|i| self.world.slot(i).id.id.clone()).collect()
    }
}
