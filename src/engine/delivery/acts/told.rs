//! What delivery has to tell: what does not get through, and what does not stay.

use crate::connector::Lane;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::system::SystemState;
use crate::engine::target::{Failure, FailureCause, Op, Target};
use crate::model::{Name, Record, RefusalScope, Time, counted};
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
        refuses_all(&self.world.record(idx))
    }

    /// What an operator should know of the writes to a system.
    pub fn delivery_alarms(&self, name: &Name, system: &SystemState, now: Time) -> Vec<String> {
        let told = Told {
            trouble: system.channel.trouble(),
            quiet_until: system.channel.quiet_until(now),
            unlooked: system.channel.first_looks().failing(),
            stuck: self.stuck_holds(system),
            blocks_lost: system.channel.blocks_lost(),
            blocks_taken_over: system.channel.blocks_taken_over(),
            losing: self.targets_of(name).filter(|t| loses_block_now(t, now)).count(),
        };
        told.alarms(name)
    }

    fn targets_of(&self, system: &Name) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|(idx, _)| self.world.slot(*idx).id.system == *system).map(|(_, target)| target)
    }

    /// Holds that were tried in vain, and why the last one was.
    fn stuck_holds(&self, system: &SystemState) -> Option<(usize, &str)> {
        let open = system.outbox.in_lane(Lane::Protective).filter(|(idx, _)| !self.is_enforced_anyway(**idx));
        let failed = open.filter_map(|(idx, _)| self.targets.failure(*idx, Op::Hold));
        tried_in_vain(failed)
    }
}

/// What there is to tell of the writes to one system.
#[derive(Debug, Clone, Copy, Default)]
struct Told<'a> {
    /// Why writes come to nothing, and when the next is tried.
    trouble: Option<(&'a str, Option<Time>)>,
    quiet_until: Option<Time>,
    /// When records could not be looked at before fields were written, and why.
    unlooked: Option<(Time, &'a str)>,
    /// Holds that were tried in vain, and why the last one was.
    stuck: Option<(usize, &'a str)>,
    blocks_lost: u64,
    blocks_taken_over: u64,
    /// Records that lose their block each time.
    losing: usize,
}

impl Told<'_> {
    fn alarms(&self, name: &Name) -> Vec<String> {
        let mut alarms = Vec::new();
        if let Some((why, next)) = self.trouble {
            let next = next.map_or_else(String::new, |at| format!(", the next at {}", at.rfc3339()));
            alarms.push(format!("{name}: writes come to nothing ({why}); only single ones are tried until one gets through{next}"));
        }
        if let Some(until) = self.quiet_until {
            alarms.push(format!("{name}: the system asked to wait; the next write goes at {}", until.rfc3339()));
        }
        if let Some((at, why)) = self.unlooked {
            alarms.push(format!(
                "{name}: records could not be read once more before fields were written to them, the last time at {}: {why}; fields go without that, over what somebody typed since the last listing",
                at.rfc3339()
            ));
        }
        if let Some((count, why)) = self.stuck {
            alarms.push(format!(
                "{name}: {} could not be written, the last because: {why}; each is tried again at least every 5 minutes",
                counted(count, "hold", "holds")
            ));
        }
        if self.blocks_lost > 0 {
            let lost = counted(self.blocks_lost, "block that we set was", "blocks that we set were");
            alarms.push(format!("{name}: {lost} found taken away"));
        }
        if self.blocks_taken_over > 0 {
            let taken = counted(self.blocks_taken_over, "block that we set was", "blocks that we set were");
            alarms.push(format!(
                "{name}: {taken} given somebody's own words, there or as its reason: that counts as theirs, and stays until they lift it"
            ));
        }
        if self.losing > 0 {
            alarms.push(format!(
                "{name}: {} the block that we set again and again: something else takes it away (a workflow, another tool), or its mark cannot be read there; it is set again ever more slowly. Look at one with `nayose connector try {name}`",
                counted(self.losing, "record loses", "records lose")
            ));
        }
        alarms
    }
}

fn refuses_all(record: &Record) -> bool {
    record.refusals.contains(&RefusalScope::All)
}

/// Whether something took a block of ours away again and again, the last time lately.
fn loses_block_now(target: &Target, now: Time) -> bool {
    target.held_again.is_in_vain() && target.held_again.is_once_more(now)
}

/// How many of these were tried and did not get through, and why the last one did not. What got through and did not stay is told elsewhere.
fn tried_in_vain<'f>(failures: impl Iterator<Item = &'f Failure>) -> Option<(usize, &'f str)> {
    let failed: Vec<&Failure> = failures.filter(|f| f.attempts > 0 && f.cause != FailureCause::Undone).collect();
    let last = failed.iter().max_by_key(|f| f.retry_at)?;
    Some((failed.len(), &*last.why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::model::Span;

    #[test]
    fn each_trouble_is_told_by_itself_and_none_where_there_is_none() {
        let none = Told::default();
        let at = Time(1_795_000_000_000);
        for (told, alarm) in [
            (
                Told { trouble: Some(("503", None)), ..none },
                "ma: writes come to nothing (503); only single ones are tried until one gets through",
            ),
            (
                Told { trouble: Some(("503", Some(at))), ..none },
                "ma: writes come to nothing (503); only single ones are tried until one gets through, the next at 2026-11-18T11:06:40Z",
            ),
            (Told { quiet_until: Some(at), ..none }, "ma: the system asked to wait; the next write goes at 2026-11-18T11:06:40Z"),
            (
                Told { unlooked: Some((at, "403")), ..none },
                "ma: records could not be read once more before fields were written to them, the last time at 2026-11-18T11:06:40Z: 403; ",
            ),
            (Told { stuck: Some((1, "no such lead")), ..none }, "ma: 1 hold could not be written, the last because: no such lead; "),
            (Told { stuck: Some((2, "no such lead")), ..none }, "ma: 2 holds could not be written, the last because: no such lead; "),
            (Told { blocks_lost: 1, ..none }, "ma: 1 block that we set was found taken away"),
            (Told { blocks_lost: 2, ..none }, "ma: 2 blocks that we set were found taken away"),
            (Told { blocks_taken_over: 1, ..none }, "ma: 1 block that we set was given somebody's own words"),
            (Told { losing: 1, ..none }, "ma: 1 record loses the block that we set again and again: "),
            (Told { losing: 2, ..none }, "ma: 2 records lose the block that we set again and again: "),
        ] {
            let alarms = told.alarms(&"ma".into());
            assert!(alarms.len() == 1 && alarms[0].starts_with(alarm), "{alarm}\n{alarms:?}");
        }
        assert!(none.alarms(&"ma".into()).is_empty());
        let all = Told {
            trouble: Some(("503", None)),
            quiet_until: Some(at),
            unlooked: Some((at, "403")),
            stuck: Some((1, "no")),
            blocks_lost: 1,
            blocks_taken_over: 1,
            losing: 1,
        };
        assert_eq!(all.alarms(&"ma".into()).len(), 7);
    }

    #[test]
    fn of_holds_in_vain_the_last_tells_why_and_those_that_got_through_do_not_count() {
        let failure = |cause, attempts, retry_at, why: &str| {
            let mut failure = Failure::new(cause, why);
            (failure.attempts, failure.retry_at) = (attempts, Time(retry_at));
            failure
        };
        let refused = |at, why| failure(FailureCause::Refused, 1, at, why);
        for (failures, told) in [
            (vec![refused(5, "first"), refused(9, "last"), refused(7, "between")], Some((3, "last"))),
            (vec![failure(FailureCause::NotSent, 2, 5, "off"), failure(FailureCause::Undone, 4, 9, "gone")], Some((1, "off"))),
            // Its parts are being tried.
            (vec![failure(FailureCause::Refused, 0, 5, "no")], None),
            (vec![], None),
        ] {
            assert_eq!(tried_in_vain(failures.iter()), told, "{failures:?}");
        }
    }

    #[test]
    fn a_block_is_told_as_lost_while_it_was_set_again_within_a_day() {
        let mut target = Target::default();
        let mut record = Record::new("ma:person:1".parse().unwrap());
        for (times, loses) in [(1, false), (2, false), (3, false), (4, true)] {
            target.send(&Change { block: Some(true), ..Change::default() }, Time(5));
            target.applied(&mut record, None, true, Time(5));
            assert_eq!(loses_block_now(&target, Time(6)), loses, "{times}");
        }
        assert!(!loses_block_now(&target, Time(5).plus(Span::days(1))));
    }

    #[test]
    fn a_record_that_refuses_only_some_mail_still_needs_its_hold() {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        assert!(!refuses_all(&record));
        record.refusals.push(RefusalScope::Topic("weekly".into()));
        assert!(!refuses_all(&record));
        record.refusals.push(RefusalScope::All);
        assert!(refuses_all(&record));
    }
}
