//! Where one hold rule stands on one deal or ticket.

use super::rules::HoldRule;
use crate::model::expression::Facts;
use crate::model::{DealState, Entity, Record, TicketState, Time};

/// What a rule says of a cause now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Holds, with no end in sight. `unsure`: the rule could not be evaluated, which holds too.
    InForce { unsure: bool },
    /// The cause was seen to end; the hold goes on until then.
    CoolingDown { until: Time },
    /// The cause was seen to end, and its time is over.
    Ended,
    /// The rule does not speak of this record, though it has not ended.
    NotMet,
}

impl Phase {
    pub fn holds(self) -> bool {
        matches!(self, Phase::InForce { .. } | Phase::CoolingDown { .. })
    }

    /// Whether its cause was seen to end, however long the hold goes on.
    pub fn was_seen_to_end(self) -> bool {
        matches!(self, Phase::CoolingDown { .. } | Phase::Ended)
    }

    /// Orders phases by how long they hold: no end in sight, then the latest end.
    pub fn strictness(self) -> (u8, Time) {
        match self {
            Phase::InForce { .. } => (2, Time(0)),
            Phase::CoolingDown { until } => (1, until),
            Phase::NotMet | Phase::Ended => (0, Time(0)),
        }
    }
}

/// Asks `rule` of a deal or ticket. A record that is gone keeps what it last was: absence is no end.
pub fn phase(rule: &HoldRule, record: &Record, now: Time) -> Phase {
    if record.id.entity != rule.on {
        return Phase::NotMet;
    }
    let after = match (record.deal, record.ticket) {
        (Some(DealState::Won), _) => Some(rule.after.won),
        (Some(DealState::Lost), _) => Some(rule.after.lost),
        (_, Some(TicketState::Closed)) => Some(rule.after.closed),
        _ => None,
    };
    match after {
        None => match rule.when.test(&facts(record)) {
            Ok(true) => Phase::InForce { unsure: false },
            Ok(false) => Phase::NotMet,
            Err(_) => Phase::InForce { unsure: true },
        },
        Some(after) => {
            // A rule such as `deal.state == "lost"` may hold on the end itself.
            match rule.when.test(&facts(record)) {
                Ok(true) => return Phase::InForce { unsure: false },
                Err(_) => return Phase::InForce { unsure: true },
                Ok(false) => {}
            }
            // No time of the end: it ended no earlier than we can tell, so the cool-down begins now.
            let until = record.memory.ended_at.unwrap_or(now).plus(after);
            if until <= now || !held_while_open(rule, record) { Phase::Ended } else { Phase::CoolingDown { until } }
        }
    }
}

/// Whether the rule would have held the record before it ended, so that a cool-down has something to cool down from.
fn held_while_open(rule: &HoldRule, record: &Record) -> bool {
    let mut open = record.clone();
    open.deal = open.deal.map(|_| DealState::Open);
    open.ticket = open.ticket.map(|_| TicketState::Open);
    rule.when.test(&facts(&open)).unwrap_or(true)
}

fn facts(record: &Record) -> Facts<'_> {
    match record.id.entity {
        Entity::Ticket => Facts::ticket(record),
        _ => Facts::deal(record),
    }
}
