//! Permits by the clock: renewed in rounds, withdrawn when their lease ends without new proof.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::rules::connected::Connected;
use crate::model::{MailKind, Name, PermitFor, Span, Time};

/// Permits are looked at this many times within a lease.
const ROUNDS_PER_LEASE: i64 = 8;

/// Who is marked while a long pass is still under way is decided on before its end, at once if nothing was decided for so long. (More often
/// would be to decide on the same people again and again, as their records come.)
const DECIDE_EVERY: Span = Span::seconds(5);

impl Engine {
    /// Whether the clock alone asks for a new decision: a cool-down over, a permit's round, a retry.
    pub fn time_is_due(&self, now: Time) -> bool {
        let trusted = self.trusted_now(now);
        let woken = self.wakeups.first_key_value().is_some_and(|(at, _)| *at <= trusted);
        let waits_no_longer = |idx: &Idx| {
            let failures = self.targets.of(*idx).and_then(|t| t.failures.as_ref());
            failures.is_some_and(|f| f.all().any(|(_, failure)| !failure.waits(now)))
        };
        let retry = self.systems.values().filter(|s| s.channel.lets_something_go(now)).any(|s| s.outbox.keys().any(waits_no_longer));
        let may_repeat = is_long_ago(self.decided_at, now) && (!self.dirty.is_empty() || self.more_is_read(now));
        woken || retry || may_repeat || self.permits_due(trusted)
    }

    /// The kinds of mail that targets show: all that they send of themselves, and those that have a permit of their own in some.
    pub fn kinds_shown(&self) -> Vec<MailKind> {
        let permits = self.systems.values().flat_map(|system| &system.connected.allowed().permits);
        let own: Vec<MailKind> = permits.flat_map(PermitFor::kinds).collect();
        MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma() || own.contains(kind)).collect()
    }

    fn permits_due(&self, now: Time) -> bool {
        let lease = self.systems.values().filter_map(|s| s.connected.permit_lease()).min();
        let Some(lease) = lease else { return false };
        is_round_over(self.permits_walked_at, lease, now)
            || self.systems.iter().any(|(n, s)| s.connected.permit_lease().is_some() && self.permit_turned(n, now))
    }

    /// A permit that is a label has no end of its own: when the lease is over, or proof is back, everyone is looked at.
    fn permit_turned(&self, system: &Name, now: Time) -> bool {
        let Some(state) = self.systems.get(system) else { return false };
        let stand = |ends: &[Option<Time>]| ends.iter().map(Option::is_some).collect::<Vec<_>>();
        let before = self.permit_ends.get(system).map(|ends| stand(ends)).unwrap_or_default();
        !state.connected.abilities().permit_ends && stand(&self.standing_ends(&state.connected, now)) != before
    }

    /// When each of a system's permits ends that is given now, if that is yet to come.
    fn standing_ends(&self, connected: &Connected, now: Time) -> Vec<Option<Time>> {
        let allowed = connected.allowed();
        allowed.permits.iter().map(|what_for| standing_end(self.permit_end(what_for, &allowed.lease), now)).collect()
    }

    /// Marks everyone in systems whose permits are due for a look.
    pub fn walk_permits(&mut self, now: Time) {
        let now = self.trusted_now(now);
        if !self.permits_due(now) {
            return;
        }
        self.permits_walked_at = now;
        let with_permits = self.systems.iter().filter(|(_, s)| s.connected.permit_lease().is_some());
        let ends: Vec<(Name, Vec<Option<Time>>)> = with_permits.map(|(n, s)| (n.clone(), self.standing_ends(&s.connected, now))).collect();
        for (system, ends) in ends {
            self.permit_ends.insert(system.clone(), ends);
            let of_system: Vec<_> = self.world.indexes().filter(|i| self.world.slot(*i).id.system == system).collect();
            self.dirty.extend(of_system);
        }
    }
}

/// Whether it is time to decide again on those who were marked since.
fn is_long_ago(decided_at: Time, now: Time) -> bool {
    now.since(decided_at) >= DECIDE_EVERY
}

/// Whether all permits are due for a look, at the lease of the shortest.
fn is_round_over(walked_at: Time, lease: Span, now: Time) -> bool {
    now.since(walked_at) >= Span((lease.0 / ROUNDS_PER_LEASE).max(1))
}

/// When permits that are given now end, if that is yet to come.
fn standing_end(end: Option<Time>, now: Time) -> Option<Time> {
    end.filter(|e| *e > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_looked_at_eight_times_within_a_lease_and_not_at_every_moment() {
        let day = Span::days(1);
        for (lease, after, over) in [
            (day, Span::minutes(179), false),
            (day, Span::minutes(180), true),
            (Span::minutes(8), Span::seconds(59), false),
            (Span::minutes(8), Span::minutes(1), true),
            // A lease shorter than its rounds must not make every moment one.
            (Span(3), Span::ZERO, false),
            (Span(3), Span(1), true),
            (Span::ZERO, Span::ZERO, false),
        ] {
            assert_eq!(is_round_over(Time(0), lease, Time(0).plus(after)), over, "{lease} {after}");
        }
    }

    #[test]
    fn a_permit_stands_until_its_end_and_not_at_it() {
        for (end, now, stands) in [(Some(9), 8, true), (Some(9), 9, false), (Some(9), 10, false), (None, 0, false)] {
            assert_eq!(standing_end(end.map(Time), Time(now)), end.map(Time).filter(|_| stands), "{end:?} at {now}");
        }
    }

    #[test]
    fn people_who_come_in_a_long_pass_are_not_decided_on_at_every_page() {
        assert!(!is_long_ago(Time(0), Time(4_999)) && is_long_ago(Time(0), Time(5_000)));
    }
}
