//! Delivery to one system as a machine that is asked what is next and told what became of it. It does nothing itself: the shell and the
//! simulation carry out its acts, as many side by side as it gives, and answer each when it has ended, in any order.

mod channel;
mod read_back;
mod told;

pub use channel::{Answered, Channel, Pick};
pub use read_back::ReadBack;

use super::deliver::Batch;
use crate::engine::engine::Engine;
use crate::model::{Name, Time};

/// Something to be done for one system.
#[derive(Debug)]
pub enum Act {
    /// Read these records: nobody knows what became of the last write to them. Answered by [`Engine::book_read_back`].
    ReadBack(ReadBack),
    /// Write these, once all that is pending now is durable. Answered by [`Engine::book`].
    Write(Batch),
}

impl Engine {
    /// The next act for a system; `None`: nothing may go now. Protective writes come first, each record has one write under way.
    pub fn next_act(&mut self, system: &Name, now: Time) -> Option<Act> {
        if self.why_not_known(system).is_some() {
            return None;
        }
        // Looks have places of their own, and what they tell may be that a stop mark does not stand.
        let look = self.next_read_back(system, now).map(Act::ReadBack);
        look.or_else(|| self.gather(system, now).map(Act::Write))
    }

    /// Nothing is under way to a system, whoever sent it.
    pub fn is_delivery_at_rest(&self, system: &Name) -> bool {
        self.systems.get(system).is_none_or(|s| s.channel.is_at_rest())
    }
}
