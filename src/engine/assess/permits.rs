//! Permits by the clock: renewed in rounds, withdrawn when their lease ends without new proof.

use crate::connector::Usage;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::system::USAGE;
use crate::model::{Name, Span, Time};

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
            let failures = self.world.slot(*idx).target.as_ref().and_then(|t| t.failures.as_ref());
            failures.is_some_and(|f| f.all().any(|(_, failure)| !failure.waits(now)))
        };
        let retry = self.systems.values().filter(|s| s.channel.lets_something_go(now)).any(|s| s.outbox.keys().any(waits_no_longer));
        let may_repeat = now.since(self.decided_at) >= DECIDE_EVERY && (!self.dirty.is_empty() || self.more_is_read(now));
        woken || retry || may_repeat || self.permits_due(trusted)
    }

    fn permits_due(&self, now: Time) -> bool {
        let lease = self.systems.values().filter(|s| s.allowed.permit).map(|s| s.allowed.lease).min();
        let Some(lease) = lease else { return false };
        let round = Span((lease.0 / ROUNDS_PER_LEASE).max(1));
        now.since(self.permits_walked_at) >= round || self.systems.iter().any(|(n, s)| s.allowed.permit && self.permit_turned(n, now))
    }

    /// A permit that is a label has no end of its own: when the lease is over, or proof is back, everyone is looked at.
    fn permit_turned(&self, system: &Name, now: Time) -> bool {
        let Some(state) = self.systems.get(system) else { return false };
        let stands = |end: Option<Time>| end.is_some_and(|e| e > now);
        let end = self.permit_end(&state.allowed.lease);
        let before = self.permit_ends.get(system).copied().flatten();
        !state.abilities.permit_ends && (stands(end) != before.is_some())
    }

    /// Marks everyone in systems whose permits are due for a look.
    pub fn walk_permits(&mut self, now: Time) {
        let now = self.trusted_now(now);
        if !self.permits_due(now) {
            return;
        }
        self.permits_walked_at = now;
        let systems: Vec<(Name, Span)> =
            self.systems.iter().filter(|(_, s)| s.allowed.permit).map(|(n, s)| (n.clone(), s.allowed.lease)).collect();
        for (system, lease) in systems {
            let end = self.permit_end(&lease).filter(|e| *e > now);
            self.permit_ends.insert(system.clone(), end);
            let of_system: Vec<_> = self.world.indexes().filter(|i| self.world.slot(*i).id.system == system).collect();
            self.dirty.extend(of_system);
        }
    }

    /// Keeps what a connector has used of today's budget, if that is news: who looks for something to deliver and finds nothing is not to
    /// write to the disk for it.
    pub fn keep_usage(&mut self, system: &Name, usage: Usage) {
        let Some(state) = self.systems.get_mut(system) else { return };
        if state.usage_kept.replace(usage) == Some(usage) {
            return;
        }
        self.ledger.put(USAGE, system.as_bytes().to_vec(), &(usage.day, usage.used));
    }
}
