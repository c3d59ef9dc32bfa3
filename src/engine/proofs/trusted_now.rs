//! The time by the systems' clocks.

use super::clocks::SKEW_MAX;
use crate::engine::engine::Engine;
use crate::model::{Entity, Name, Span, Time};

impl Engine {
    /// Takes a system's `Date`. While nobody could say whose clock is wrong, an end may have been dated by one that is far ahead. Once it is
    /// known how late it is, such an end counts as now: it was no later, and it is not waited for.
    pub fn hear_clock(&mut self, system: &Name, skew_ms: i64, now: Time) {
        if !self.clocks.tell(system, skew_ms, now) {
            return;
        }
        for idx in self.world.indexes() {
            if !matches!(self.world.slot(idx).id.entity, Entity::Deal | Entity::Ticket) {
                continue;
            }
            let mut record = self.world.record(idx);
            if record.memory.ended_at.is_some_and(|end| end > now.plus(SKEW_MAX)) {
                record.memory.ended_at = Some(now);
                self.keep_written_record(idx, &record);
                self.mark(idx, &record);
            }
        }
    }

    /// Whether our clock agrees with the systems'.
    pub fn clocks_agree(&self) -> bool {
        self.clocks.belief().agrees()
    }

    /// The time by which cool-downs end: see `Belief::trusted`.
    pub fn trusted_now(&self, now: Time) -> Time {
        self.clocks.belief().trusted(now)
    }

    /// The latest that it may be now where a system tells what began: it is not dated before. While our clock may be behind, that system's
    /// own is the most that counts, and not another's that may be far ahead of both.
    pub fn latest_now(&self, system: &Name, now: Time) -> Time {
        self.clocks.latest(system, now)
    }

    /// What `status` says of clocks.
    pub fn clock_alarms(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let belief = self.clocks.belief();
        if !belief.agrees() {
            let (by, way) = if belief.ahead > Span::ZERO { (belief.ahead, "ahead of") } else { (belief.behind, "behind") };
            lines.push(format!(
                "this machine's clock is {} s {way} the systems' clocks: the gate holds, nothing is released and no cool-down ends until they agree; set this machine's clock",
                by.as_seconds()
            ));
        }
        for name in self.systems.keys() {
            let Some(skew_ms) = self.clocks.skew_ms(name).filter(|s| s.abs() > SKEW_MAX.0) else { continue };
            if self.clocks.shift(name) == Span::ZERO {
                lines.push(format!("{name}: its clock and ours differ by {} s", skew_ms / 1000));
            } else {
                lines.push(format!(
                    "{name}: its clock differs by {} s from ours and from the other systems'; its times are taken with that difference, and nothing waits for it",
                    skew_ms / 1000
                ));
            }
        }
        lines
    }
}
