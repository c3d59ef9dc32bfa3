//! What is next for a system.

use super::Act;
use crate::engine::delivery::deliver::Gathered;
use crate::engine::engine::Engine;
use crate::model::{Name, Time};

impl Engine {
    /// The next act for a system; `None`: nothing may go now. Protective writes come first, each record has one write under way.
    pub fn next_act(&mut self, system: &Name, now: Time) -> Option<Act> {
        if self.why_not_known(system).is_some() {
            return None;
        }
        // Looks have places of their own, and what they tell may be that a stop mark does not stand.
        let look = self.next_read_back(system, now).map(Act::ReadBack);
        look.or_else(|| {
            self.gather(system, now).map(|gathered| match gathered {
                Gathered::Batch(batch) => Act::Write(batch),
                Gathered::Look(look) => Act::ReadBack(look),
            })
        })
    }

    /// Nothing is under way to a system, whoever sent it.
    pub fn is_delivery_at_rest(&self, system: &Name) -> bool {
        self.systems.get(system).is_none_or(|s| s.channel.is_at_rest())
    }
}
