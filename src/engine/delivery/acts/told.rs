//! What delivery has to tell: what does not get through, and what does not stay.

use crate::connector::Lane;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::system::SystemState;
use crate::engine::target::FailureCause;
use crate::model::{Name, RefusalScope, Time, counted};
use std::collections::BTreeMap;

impl Engine {
    /// Decided holds that do not stand yet in the systems that may be written to, by system.
    pub fn unwritten_holds(&self) -> BTreeMap<Name, usize> {
        let approved = self.systems.iter().filter(|(_, s)| s.approved.is_some());
        let open = |s: &SystemState| s.outbox.in_lane(Lane::Protective).filter(|(idx, _)| !self.is_enforced_anyway(**idx)).count();
        approved.map(|(name, s)| (name.clone(), open(s))).filter(|(_, count)| *count > 0).collect()
    }

    /// Whether a record gets no mail by its own doing: it shows a refusal of everything, which the system itself keeps. Many do not let such a
    /// record be edited.
    pub fn is_enforced_anyway(&self, idx: Idx) -> bool {
        self.world.record(idx).refusals.contains(&RefusalScope::All)
    }

    /// What an operator should know of the writes to a system.
    pub fn delivery_alarms(&self, name: &Name, system: &SystemState, now: Time) -> Vec<String> {
        let mut alarms = Vec::new();
        if let Some((why, next)) = system.channel.trouble() {
            let next = next.map_or_else(String::new, |at| format!(", the next at {}", at.rfc3339()));
            alarms.push(format!("{name}: writes come to nothing ({why}); only single ones are tried until one gets through{next}"));
        }
        if let Some(until) = system.channel.quiet_until(now) {
            alarms.push(format!("{name}: the system asked to wait; the next write goes at {}", until.rfc3339()));
        }
        if let Some((count, why)) = self.stuck_holds(system) {
            alarms.push(format!(
                "{name}: {} could not be written, the last because: {why}; each is tried again at least every 5 minutes (`nayose deadletters list`)",
                counted(count, "hold", "holds")
            ));
        }
        if system.blocks_lost > 0 {
            let lost = counted(system.blocks_lost, "block that we set was", "blocks that we set were");
            alarms.push(format!("{name}: {lost} found taken away"));
        }
        let targets = || self.targets_of(name);
        let lost = targets().filter(|t| t.held_again.is_in_vain() && t.held_again.is_once_more(now)).count();
        if lost > 0 {
            alarms.push(format!(
                "{name}: {} the block that we set again and again: something else takes it away (a workflow, another tool), or its mark cannot be read there; it is set again ever more slowly. Look at one with `nayose connector try {name}`",
                counted(lost, "record loses", "records lose")
            ));
        }
        let parked = targets().filter(|t| t.status.is_parked()).count();
        if parked > 0 {
            alarms.push(format!(
                "{name}: {} as written: something else sets it back, or the system keeps it in another form; it is left alone until another status is wanted",
                counted(parked, "status does not stay", "statuses do not stay")
            ));
        }
        alarms
    }

    fn targets_of(&self, system: &Name) -> impl Iterator<Item = &crate::engine::target::Target> {
        let slots = self.world.indexes().map(|idx| self.world.slot(idx)).filter(move |slot| slot.id.system == *system);
        slots.filter_map(|slot| slot.target.as_deref())
    }

    /// Holds that were tried in vain, and why the last one was.
    fn stuck_holds(&self, system: &SystemState) -> Option<(usize, String)> {
        let open = system.outbox.in_lane(Lane::Protective).filter(|(idx, _)| !self.is_enforced_anyway(**idx));
        let failed = open.filter_map(|(idx, _)| self.world.slot(*idx).target.as_deref()?.failure(crate::engine::target::Op::Hold));
        let failed: Vec<_> = failed.filter(|f| f.attempts > 0 && f.cause != FailureCause::Undone).collect();
        let last = failed.iter().max_by_key(|f| f.retry_at)?;
        Some((failed.len(), last.why.to_string()))
    }
}
