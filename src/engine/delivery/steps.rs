//! Writes of which a part goes back only once it is cleared: which step goes now, and that each is looked at after its answer, which says nothing.

use crate::connector::{BackByClearing, Change, Lane};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::rules::connected::Connected;
use crate::engine::target::Target;
use crate::model::{Name, Record};

/// Why such a write is read back.
pub(super) const ANSWERS_ALIKE: &str = "the system answers the same to a word that it does not take";

impl Engine {
    /// What goes now of a change where not all of it does: its first step.
    pub(super) fn step(&self, idx: Idx, record: &Record, change: &Change) -> Option<Change> {
        first_step(&self.systems.get(&record.id.system)?.connected, self.targets.of(idx), record, change)
    }

    /// Whether a change holds something that the system may ignore without a word: it is looked at before and after.
    pub(super) fn may_be_ignored(&self, system: &Name, change: &Change) -> bool {
        self.back_by_clearing(system).is_some_and(|back| back.touches(change))
    }

    /// Whether it goes along with no write of another lane: what protects or releases waits for no look.
    pub(super) fn goes_alone(&self, system: &Name, lane: Lane, change: &Change) -> bool {
        lane != Lane::Fields && self.may_be_ignored(system, change)
    }

    /// Whether the values of a field go round if nothing stops them: by the rules, or as what was cleared is no sign of what stood there.
    pub(super) fn goes_round(&self, system: &Name, field: &Name) -> bool {
        self.back_by_clearing(system).is_some_and(|back| back.fields.contains_key(field)) || self.rules.may_go_round(field)
    }

    fn back_by_clearing(&self, system: &Name) -> Option<&BackByClearing> {
        self.systems.get(system).map(|state| &state.connected.abilities().back_by_clearing)
    }
}

fn first_step(connected: &Connected, target: Option<&Target>, record: &Record, change: &Change) -> Option<Change> {
    let cleared = connected.cleared_first(target, record, change);
    (!cleared.is_empty()).then(|| BackByClearing::first_step(change, &cleared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Abilities, StatusChange, WordOrder};
    use crate::engine::rules::connected::WordsByStatus;
    use crate::engine::rules::connection::tests::system;
    use crate::engine::target::{FailureCause, Op};
    use crate::model::{Mark, Time, Value};
    use std::sync::Arc;

    /// By the system's own words, and by what became of the tries before: only one that was looked for and not there counts.
    #[test]
    fn what_is_shown_and_what_was_ignored_say_whether_it_is_cleared_first() {
        let order = WordOrder::new(&["L".to_string(), "C".to_string()]);
        let able = Abilities { back_by_clearing: BackByClearing { status: Some(order), ..Default::default() }, ..Abilities::default() };
        let words = WordsByStatus::from([("lead".into(), "L".into()), ("customer".into(), "C".into())]);
        let connected = Connected::new(Arc::new(system("t")), able, words);
        for (shown, to, failed, clears) in [
            ("C", "lead", None, true),
            ("L", "customer", None, false),
            ("", "lead", None, false),
            ("other", "lead", None, false),
            ("other", "lead", Some(FailureCause::NotCarriedOut), true),
            ("other", "lead", Some(FailureCause::Refused), false),
            ("other", "lead", Some(FailureCause::NotSent), false),
        ] {
            let mut record = Record::new("crm:person:1".parse().unwrap());
            record.set_mark(Mark::Status, Value::text(shown));
            let mut target = Target::default();
            if let Some(cause) = failed {
                target.failures.get_or_insert_default().failed(Op::Update, cause, 0, "why", Time(1));
            }
            let change = Change { status: Some(StatusChange { to: to.into(), from: None }), ..Change::default() };
            let step = first_step(&connected, Some(&target), &record, &change);
            assert_eq!(step.is_some(), clears, "{shown} {to} {failed:?}");
            assert!(step.is_none_or(|step| step.status.is_some_and(|status| status.is_clearing())));
        }
    }
}
