//! What is next for a system.

use super::{Act, ReadBack};
use crate::engine::delivery::deliver::Gathered;
use crate::engine::engine::Engine;
use crate::engine::intake::our_writes::was_written_since;
use crate::model::{Name, Span, Time};

impl Engine {
    /// The next act for a system; `None`: nothing may go now. Protective writes come first, each record has one write under way.
    pub fn next_act(&mut self, system: &Name, now: Time) -> Option<Act> {
        if self.why_not_known(system).is_some() {
            return None;
        }
        if self.systems.get(system)?.connected.abilities().by_hand.is_some() {
            self.ask_where_needed(system, now);
            return self.next_list(system, now).map(Act::HandOver);
        }
        // Looks have places of their own, and what they tell may be that a stop mark does not stand.
        let look = self.next_read_back(system, now).or_else(|| self.next_passed_over(system, now));
        look.map(Act::ReadBack).or_else(|| {
            self.gather(system, now).map(|gathered| match gathered {
                Gathered::Batch(batch) => Act::Write(batch),
                Gathered::Look(look) => Act::ReadBack(look),
            })
        })
    }

    /// The next records of which a row was passed over, as one request: once what it shows is surely younger than our last write to them.
    fn next_passed_over(&mut self, system: &Name, now: Time) -> Option<ReadBack> {
        let state = self.systems.get(system)?;
        let (channel, looks) = (&state.channel, state.channel.first_looks());
        let may_be_read = |idx| {
            let slot = self.world.slot(idx);
            let lag = state.streams.info(&slot.stream).map_or(Span::ZERO, |info| info.lag);
            let is_settled = self.targets.of(idx).is_none_or(|target| !was_written_since(target, now.minus(lag)));
            is_settled && slot.id.system == *system && !channel.is_busy(idx) && !looks.is_under_way(idx)
        };
        let at_once = state.connected.abilities().batch;
        let places = if looks.are_answered(now) { channel.passed_over().next(at_once, may_be_read) } else { Vec::new() };
        self.look_first(system, places, now)
    }

    /// Nothing is under way to a system, whoever sent it.
    pub fn is_delivery_at_rest(&self, system: &Name) -> bool {
        self.systems.get(system).is_none_or(|s| s.channel.is_at_rest() && s.by_hand.is_at_rest())
    }
}
