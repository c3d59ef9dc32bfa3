//! Before fields are written to records they are read once more, where the system reads many by their ids in one request: what somebody typed
//! since the listing that was decided on is not written over unseen. Nothing that protects or releases waits for it.

use super::retrying::{LOOK_WAIT, LOOK_WAIT_MAX, Retrying};
use crate::connector::Change;
use crate::engine::memory::place::Idx;
use crate::engine::memory::places::{ByPlace, Places};
use crate::model::{Span, Time};

/// Looks under way at the same time: one is asked while what another showed is written.
const AT_ONCE: usize = 2;
/// A look counts for so long after its answer: what it showed is written at once, as single requests or after a commit at the latest. No
/// listing counts as one: it is read to its end and decided on before anything is written, and that is the time in which somebody types.
const COUNTS_FOR: Span = Span::seconds(5);

/// What was looked at before fields are written.
#[derive(Debug, Default)]
pub struct FirstLooks {
    under_way: Places,
    looks: usize,
    /// When the answer came.
    seen: ByPlace<Time>,
    failed: Retrying,
    /// When the last one failed, and why.
    why: Option<(Time, Box<str>)>,
}

impl FirstLooks {
    /// Whether a record is to be looked at before fields are written to it. While looks fail fields go without: whether the system takes writes
    /// shows with them, and a request that only makes sure must not keep them back for ever.
    pub fn must_look(&self, idx: Idx, change: &Change, now: Time) -> bool {
        !change.fields.is_empty() && self.must_look_at(idx, now)
    }

    /// The same before whatever is written.
    pub fn must_look_at(&self, idx: Idx, now: Time) -> bool {
        self.failed.is_over(now) && !self.counts(idx, now)
    }

    /// Whether a record was looked at, and what it showed still counts.
    pub fn counts(&self, idx: Idx, now: Time) -> bool {
        self.seen.get(&idx).is_some_and(|at| *at <= now && now.since(*at) <= COUNTS_FOR)
    }

    /// It is being read: fields wait for the answer, and nothing else does.
    pub fn is_under_way(&self, idx: Idx) -> bool {
        self.under_way.contains(&idx)
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.looks == 0
    }

    pub(super) fn has_room(&self) -> bool {
        self.looks < AT_ONCE
    }

    /// Whether looks are answered, as far as is known.
    pub(super) fn are_answered(&self, now: Time) -> bool {
        self.failed.is_over(now)
    }

    pub(super) fn begin(&mut self, places: &[Idx]) {
        self.looks += 1;
        self.under_way.extend(places);
    }

    /// A look ended; with a reason if it failed.
    pub(super) fn ended(&mut self, places: &[Idx], failed: Option<String>, now: Time) {
        self.looks = self.looks.saturating_sub(1);
        for idx in places {
            self.under_way.remove(idx);
        }
        match failed {
            Some(why) => {
                self.failed.failed(LOOK_WAIT, LOOK_WAIT_MAX, now);
                self.why = Some((now, why.into()));
            }
            None => {
                (self.failed, self.why) = Default::default();
                self.was_read(places, now);
            }
        }
    }

    /// Records were read by their ids, to see what became of the write before.
    pub(super) fn was_read(&mut self, places: &[Idx], now: Time) {
        // What was not written soon is looked at anew.
        self.seen.retain(|_, at| now.since(*at) <= COUNTS_FOR);
        self.seen.extend(places.iter().map(|idx| (*idx, now)));
    }

    /// A look is for one write.
    pub(super) fn written(&mut self, places: &[Idx]) {
        if !self.seen.is_empty() {
            for idx in places {
                self.seen.remove(idx);
            }
        }
    }

    /// When the last look failed, and why, if none was answered since.
    pub(super) fn failing(&self) -> Option<(Time, &str)> {
        self.why.as_ref().map(|(at, why)| (*at, &**why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::StatusChange;
    use crate::model::Value;

    fn field() -> Change {
        Change { fields: vec![("phone".into(), Value::text("2"))], ..Change::default() }
    }

    #[test]
    fn a_record_is_looked_at_before_its_fields_are_written_and_once() {
        let mut looks = FirstLooks::default();
        looks.begin(&[1, 2]);
        looks.ended(&[1, 2], None, Time(10_000));
        for (what, idx, change, now, must) in [
            ("never looked at", 3, field(), 10_000, true),
            ("just looked at", 1, field(), 10_000, false),
            ("at the end of its time", 1, field(), 15_000, false),
            ("too long ago", 1, field(), 15_001, true),
            ("the clock was set back", 1, field(), 9_999, true),
            ("nothing that anybody types", 3, Change { block: Some(true), ..Change::default() }, 10_000, false),
            (
                "a status is ours",
                3,
                Change { status: Some(StatusChange { to: "lead".into(), from: None }), ..Change::default() },
                10_000,
                false,
            ),
        ] {
            assert_eq!(looks.must_look(idx, &change, Time(now)), must, "{what}");
        }
        looks.written(&[1]);
        assert!(looks.must_look(1, &field(), Time(10_000)) && !looks.must_look(2, &field(), Time(10_000)), "a look is for one write");
        looks.ended(&[3], None, Time(16_000));
        assert_eq!(looks.seen.len(), 1, "what counts no more is forgotten");
    }

    #[test]
    fn while_looks_fail_fields_go_without_and_one_look_after_each_wait() {
        let mut looks = FirstLooks::default();
        let (mut now, mut looked_at) = (0, Vec::new());
        while now < 200_000 {
            if looks.must_look(1, &field(), Time(now)) {
                looked_at.push(now / 1_000);
                looks.begin(&[1]);
                looks.ended(&[1], Some("500".into()), Time(now));
            }
            now += 1_000;
        }
        assert_eq!(looked_at, [0, 2, 6, 14, 30, 62, 122, 182]);
        assert_eq!(looks.failing(), Some((Time(182_000), "500")));
        looks.begin(&[1]);
        looks.ended(&[1], None, Time(now));
        assert!(looks.failing().is_none() && looks.must_look(2, &field(), Time(now)), "as before once one is answered");
    }

    #[test]
    fn few_looks_are_under_way_at_once() {
        let mut looks = FirstLooks::default();
        for idx in [1, 2] {
            assert!(looks.has_room());
            looks.begin(&[idx]);
            assert!(looks.is_under_way(idx) && !looks.is_at_rest());
        }
        assert!(!looks.has_room());
        looks.ended(&[1], Some("timed out".into()), Time(0));
        assert!(looks.has_room() && !looks.is_under_way(1) && looks.is_under_way(2));
        looks.ended(&[2], None, Time(0));
        assert!(looks.is_at_rest());
    }
}
