//! Whole days since a deal or ticket ended, and since it changed last: which of them an expression asks for, and when one turns.

use super::declared::{FieldSource, Of};
use crate::model::{Entity, Record, Span, Time};

/// A day has 24 hours, as in durations.
const DAY: i64 = Span::days(1).0;

/// Which numbers of days expressions ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DaysAsked {
    of_deals: Days,
    of_tickets: Days,
}

/// The same of one kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Days {
    closed: bool,
    quiet: bool,
}

impl Days {
    fn and(self, other: Days) -> Days {
        Days { closed: self.closed || other.closed, quiet: self.quiet || other.quiet }
    }
}

impl DaysAsked {
    pub(super) fn note(&mut self, of: Of, field: &FieldSource) {
        let days = if of == Of::Ticket { &mut self.of_tickets } else { &mut self.of_deals };
        days.closed |= *field == FieldSource::ClosedDays;
        days.quiet |= *field == FieldSource::QuietDays;
    }

    /// What either asks for.
    pub fn and(self, other: DaysAsked) -> DaysAsked {
        DaysAsked { of_deals: self.of_deals.and(other.of_deals), of_tickets: self.of_tickets.and(other.of_tickets) }
    }

    pub fn is_none(self) -> bool {
        self == DaysAsked::default()
    }

    /// Whether it is asked of this kind of record for how long nothing changed.
    pub fn asks_quiet(self, of: Entity) -> bool {
        self.of(of).quiet
    }

    fn of(self, of: Entity) -> Days {
        match of {
            Entity::Deal => self.of_deals,
            Entity::Ticket => self.of_tickets,
            _ => Days::default(),
        }
    }

    /// When the first of the numbers that are asked for is another one.
    pub fn turn_at<'r>(self, records: impl IntoIterator<Item = &'r Record>, now: Time) -> Option<Time> {
        let of_one = |record: &Record| {
            let days = self.of(record.id.entity);
            let since = [closed_since(record).filter(|_| days.closed), record.changed_at.filter(|_| days.quiet)];
            since.into_iter().flatten().map(|since| turns_at(since, now)).min()
        };
        records.into_iter().filter_map(of_one).min()
    }
}

/// Whole days since a deal or ticket ended; `None` while it is open, or where that is not known. From the moment from which its
/// cool-down counts.
pub(super) fn closed(record: &Record, now: Time) -> Option<i64> {
    closed_since(record).map(|since| whole_days(since, now))
}

/// Whole days since a record changed last; `None` where its system does not tell when that was.
pub(super) fn quiet(record: &Record, now: Time) -> Option<i64> {
    record.changed_at.map(|since| whole_days(since, now))
}

fn closed_since(record: &Record) -> Option<Time> {
    let is_over = record.deal.is_some_and(|d| !d.is_open()) || record.ticket.is_some_and(|t| !t.is_open());
    record.memory.ended_at.filter(|_| is_over)
}

/// None yet, where a system's clock is ahead.
fn whole_days(since: Time, now: Time) -> i64 {
    now.since(since).0 / DAY
}

fn turns_at(since: Time, now: Time) -> Time {
    since.plus(Span(DAY.saturating_mul(whole_days(since, now).saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DealState, TicketState};
    use proptest::prelude::*;

    fn deal(state: DealState, ended: Option<i64>, changed: Option<i64>) -> Record {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        (deal.deal, deal.memory.ended_at, deal.changed_at) = (Some(state), ended.map(Time), changed.map(Time));
        deal
    }

    fn asked(of: Of, fields: &[FieldSource]) -> DaysAsked {
        let mut asked = DaysAsked::default();
        fields.iter().for_each(|field| asked.note(of, field));
        asked
    }

    #[test]
    fn days_are_counted_whole_from_the_end_and_from_the_last_change() {
        for (state, ended, changed, now, days) in [
            (DealState::Lost, Some(5), Some(3), 5, (Some(0), Some(0))),
            (DealState::Lost, Some(5), None, 5 + DAY - 1, (Some(0), None)),
            (DealState::Won, Some(5), Some(DAY), 5 + DAY, (Some(1), Some(0))),
            (DealState::Won, None, Some(0), 40 * DAY, (None, Some(40))),
            // Ahead of our clock.
            (DealState::Lost, Some(9 * DAY), Some(9 * DAY), DAY, (Some(0), Some(0))),
            // Reopened: an end from before is none.
            (DealState::Open, Some(5), Some(5), 9 * DAY, (None, Some(8))),
            (DealState::Unknown, Some(5), None, 9 * DAY, (None, None)),
        ] {
            let deal = deal(state, ended, changed);
            assert_eq!((closed(&deal, Time(now)), quiet(&deal, Time(now))), days, "{state:?} {ended:?} {changed:?} at {now}");
        }
        let mut ticket = Record::new("desk:ticket:1".parse().unwrap());
        (ticket.ticket, ticket.memory.ended_at) = (Some(TicketState::Closed), Some(Time(0)));
        assert_eq!(closed(&ticket, Time(3 * DAY)), Some(3));
        ticket.ticket = Some(TicketState::Open);
        assert_eq!(closed(&ticket, Time(3 * DAY)), None);
    }

    #[test]
    fn only_what_is_asked_for_turns() {
        use FieldSource::{ClosedDays, Open, QuietDays};
        let lost = deal(DealState::Lost, Some(1_000), Some(7_000));
        for (asked, turns) in [
            (asked(Of::Deal, &[ClosedDays]), Some(1_000 + DAY)),
            (asked(Of::Deal, &[QuietDays]), Some(7_000 + DAY)),
            (asked(Of::Deal, &[QuietDays]).and(asked(Of::Deal, &[ClosedDays])), Some(1_000 + DAY)),
            (asked(Of::Deal, &[Open]), None),
            (asked(Of::Ticket, &[ClosedDays, QuietDays]), None),
        ] {
            assert_eq!(asked.turn_at([&lost], Time(9_000)), turns.map(Time), "{asked:?}");
            assert_eq!(asked.turn_at([], Time(9_000)), None);
        }
        assert!(asked(Of::Ticket, &[QuietDays]).asks_quiet(Entity::Ticket) && !asked(Of::Ticket, &[QuietDays]).asks_quiet(Entity::Deal));
    }

    proptest! {
        /// Up to the turn the number is the same, from then on it is one more.
        #[test]
        fn a_number_turns_when_it_is_said_to(since in 0..40 * DAY, now in 0..80 * DAY) {
            let lost = deal(DealState::Lost, Some(since), None);
            let turn = asked(Of::Deal, &[FieldSource::ClosedDays]).turn_at([&lost], Time(now)).unwrap();
            let days = closed(&lost, Time(now)).unwrap();
            prop_assert!(turn > Time(now));
            prop_assert_eq!(closed(&lost, Time(turn.0 - 1)), Some(days));
            prop_assert_eq!(closed(&lost, turn), Some(days + 1));
        }
    }
}
