//! Writes that go in two steps count as one, and what let the first go lets the second.

use super::{DueStanding, Guard};
use crate::engine::guard::intents::{Intent, Replaced};
use crate::engine::memory::place::Idx;
use crate::model::Time;

impl Guard {
    /// The first of two steps went of what is due: it stays due, with the same word for it, and counts from now on. Returns what is to be kept.
    pub fn stepped(&mut self, idx: Idx, now: Time) -> Option<&[Replaced]> {
        let due = self.records.get(&idx).and_then(|e| e.due.as_ref()).filter(|(_, standing)| *standing == DueStanding::Counted);
        let replaces = due.map(|(intent, _)| intent.replaces.clone())?;
        self.restore_went(idx, now, replaces);
        self.records.get(&idx).and_then(|e| e.went.as_ref()).map(|(_, r)| &**r)
    }

    /// Whether what is due for a record is something else than this.
    pub fn is_due_otherwise(&self, idx: Idx, intent: &Intent) -> bool {
        self.records.get(&idx).and_then(|e| e.due.as_ref()).is_some_and(|(due, _)| due.what != intent.what)
    }

    pub(super) fn replaced_lately(&self, idx: Idx) -> Box<[Replaced]> {
        self.records.get(&idx).and_then(|e| e.went.as_ref()).map_or_else(Box::default, |(_, replaces)| replaces.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::intent;
    use super::*;

    /// Each step counted: twice as many, and the one that lost a value was forgotten by the second, which takes none.
    #[test]
    fn a_write_in_two_steps_counts_once_and_goes_by_one_word() {
        let whole = |taken: &[(&str, Option<u64>)]| intent(7, taken);
        let replaces = [("status", Some(1))];
        for granted in [false, true] {
            let mut guard = Guard::default();
            guard.due(1, whole(&replaces));
            if granted {
                guard.grant(1);
            }
            assert!(guard.is_due_otherwise(1, &intent(8, &[]).unwrap()) && !guard.is_due_otherwise(1, &whole(&[]).unwrap()));
            assert!(!guard.is_due_otherwise(2, &intent(8, &[]).unwrap()), "nothing is due there");
            assert_eq!(guard.stepped(1, Time(5)).map(<[Replaced]>::len), (!granted).then_some(1));
            // The record shows nothing now.
            guard.due(1, whole(&[]));
            assert_eq!(guard.counted(), usize::from(!granted), "as before");
            let kept = guard.went(1, Time(6)).map(<[Replaced]>::to_vec);
            let lost = vec![Replaced { field: "status".into(), by: Some(1) }];
            assert_eq!(kept, (!granted).then_some(lost), "what the first step took is kept");
            assert_eq!((guard.counted(), guard.recent()), (usize::from(!granted), usize::from(!granted)));
            assert!(guard.to_keep().iter().all(Vec::is_empty), "the word is used up");
        }
    }
}
