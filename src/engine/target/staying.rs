//! How what we write stays: what does not, and what was written too often, is left alone for a while. Pure.

use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};

/// After this many rewrites of one value that did not stay, it is parked; a block that did not stay waits before it is set again.
pub(in crate::engine) const REWRITES_MAX: u8 = 3;

/// So many writes of one field of one record within [`PARKED_FOR`] are many: the next one would be of values that go round.
pub const WRITES_MAX: usize = 6;

/// What does not stay is tried again after this time: its cause may be mended by then.
pub const PARKED_FOR: Span = Span::days(1);

/// Why a field or mark of a record is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parked {
    /// It was undone, or its write was dropped. Until another value is wanted.
    GivenUp,
    /// One value was written again and again, and never stayed. For a while, or until another value is wanted.
    DoesNotStay { since: Time },
    /// It was written too often, whatever the values. For a while.
    FlipFlops { since: Time },
}

impl Parked {
    /// When it is free again by itself.
    pub fn until(self) -> Option<Time> {
        match self {
            Parked::GivenUp => None,
            Parked::DoesNotStay { since } | Parked::FlipFlops { since } => Some(since.plus(PARKED_FOR)),
        }
    }

    fn is_over(self, now: Time) -> bool {
        self.until().is_some_and(|until| until <= now)
    }

    /// For people: what follows "it is not written:".
    pub fn why(self) -> &'static str {
        match self {
            Parked::GivenUp => "it was undone, or its write was dropped; it is written when another value is wanted",
            Parked::DoesNotStay { .. } => {
                "it does not stay as written: something else sets it back (a workflow, another tool), or the system does not keep it"
            }
            Parked::FlipFlops { .. } => {
                "it was written 6 times within a day and is to be another value still: two systems overwrite each other, or one changes what it is given"
            }
        }
    }
}

/// How what we write of one field or mark stays there. Small, as there are some for each record that is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Staying {
    /// When it was written, if that was once within a day: in seconds, and one more. 0: never.
    once: u32,
    /// How often in a row the same value had to be written again, and was never seen to stand.
    rewrites: u8,
    more: Option<Box<WrittenOften>>,
}

/// What few fields have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct WrittenOften {
    /// When it was written within a day: all writes where its values may go round, else those of one value again and again.
    lately: Vec<Time>,
    parked: Option<Parked>,
}

impl Staying {
    /// As an older state tells it, without the time.
    pub(super) fn before(rewrites: u8, parked: bool) -> Staying {
        let why = if rewrites >= REWRITES_MAX { Parked::DoesNotStay { since: Time(0) } } else { Parked::GivenUp };
        let mut staying = Staying { rewrites, ..Staying::default() };
        staying.set_parked(parked.then_some(why));
        staying
    }

    /// It was written; `again`: the same value as the last time.
    pub fn wrote(&mut self, again: bool) {
        self.rewrites = if again { self.rewrites.saturating_add(1) } else { 0 };
        self.set_parked(None);
    }

    /// Counts the write that was just made, by whether its values may go round.
    pub fn count(&mut self, may_go_round: bool, now: Time) {
        let counts = may_go_round || self.rewrites > 0;
        let mut lately: Vec<Time> = self.lately().filter(|at| counts && now.since(*at) < PARKED_FOR).collect();
        if counts {
            lately.push(now);
        }
        self.set_lately(lately);
    }

    fn lately(&self) -> impl Iterator<Item = Time> {
        let once = self.once.checked_sub(1).map(|seconds| Time(0).plus(Span::seconds(seconds.into())));
        once.into_iter().chain(self.more.iter().flat_map(|more| more.lately.iter().copied()))
    }

    fn set_lately(&mut self, mut lately: Vec<Time>) {
        self.once = 0;
        if let ([once], None) = (&lately[..], self.parked_at_all()) {
            self.once = u32::try_from(once.0.div_euclid(1000)).unwrap_or(0).saturating_add(1);
            lately.clear();
        }
        self.set_more(WrittenOften { lately, parked: self.parked_at_all() });
    }

    fn parked_at_all(&self) -> Option<Parked> {
        self.more.as_ref()?.parked
    }

    fn set_parked(&mut self, parked: Option<Parked>) {
        if parked != self.parked_at_all() {
            let lately = self.more.take().map_or_else(Vec::new, |more| more.lately);
            self.set_more(WrittenOften { lately, parked });
        }
    }

    fn set_more(&mut self, more: WrittenOften) {
        self.more = (more != WrittenOften::default()).then(|| more.into());
    }

    /// The same value had to be written again, and was not seen to stand since.
    pub(super) fn is_rewritten(&self) -> bool {
        self.rewrites > 0
    }

    /// Another value is shown than was written. True: it does not stay, and is left alone from now on.
    pub fn is_set_back(&mut self, now: Time) -> bool {
        let gives_up = self.rewrites >= REWRITES_MAX && self.parked_at_all().is_none();
        if gives_up {
            self.set_parked(Some(Parked::DoesNotStay { since: now }));
        }
        gives_up
    }

    /// What was written is shown by a later answer: who changes it after that does so anew. Returns whether that is news.
    pub fn stands(&mut self) -> bool {
        std::mem::take(&mut self.rewrites) > 0
    }

    /// Another write is due; `same`: of the value that was written last. Why it is left alone from now on, if it was written too often.
    pub fn goes_round(&mut self, same: bool, now: Time) -> Option<Parked> {
        let lately = self.lately().filter(|at| now.since(*at) < PARKED_FOR).count();
        if lately < WRITES_MAX || self.parked_for(same, now).is_some() {
            return None;
        }
        let parked = if same { Parked::DoesNotStay { since: now } } else { Parked::FlipFlops { since: now } };
        self.set_parked(Some(parked));
        Some(parked)
    }

    pub fn park(&mut self) {
        self.set_parked(Some(Parked::GivenUp));
    }

    pub fn is_given_up(&self) -> bool {
        self.parked_at_all() == Some(Parked::GivenUp)
    }

    /// Why a value is not written now; `same`: it is the one that was written last.
    pub fn parked_for(&self, same: bool, now: Time) -> Option<Parked> {
        self.parked(now).filter(|parked| same || matches!(parked, Parked::FlipFlops { .. }))
    }

    pub fn parked(&self, now: Time) -> Option<Parked> {
        self.parked_at_all().filter(|parked| !parked.is_over(now))
    }

    pub(super) fn free_at(&self) -> Option<Time> {
        self.parked_at_all()?.until()
    }

    /// Lets it be written again; what somebody gave up only if told so. Returns whether it was parked.
    pub(super) fn free(&mut self, given_up_too: bool) -> bool {
        let frees = self.parked_at_all().is_some_and(|parked| given_up_too || parked != Parked::GivenUp);
        if frees {
            *self = Staying::default();
        }
        frees
    }

    /// Forgets that it was parked, once that is over.
    pub(super) fn end_if_over(&mut self, now: Time) -> bool {
        let is_over = self.parked_at_all().is_some_and(|parked| parked.is_over(now));
        if is_over {
            self.set_parked(None);
        }
        is_over
    }

    /// A former process' clock may have been ahead of ours.
    pub(super) fn take_over(&mut self, now: Time) {
        self.set_lately(self.lately().map(|at| at.min(now)).collect());
        if let Some(Parked::DoesNotStay { since } | Parked::FlipFlops { since }) = self.more.as_mut().and_then(|more| more.parked.as_mut())
        {
            *since = (*since).min(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(times: usize, again: bool, may_go_round: bool) -> Staying {
        let mut staying = Staying::default();
        for at in 0..times {
            staying.wrote(again && at > 0);
            staying.count(may_go_round, Time(at as i64));
        }
        staying
    }

    #[test]
    fn what_is_set_back_each_time_is_parked_for_a_day_and_what_stood_once_is_not() {
        for (stood, parked) in [(false, true), (true, false)] {
            let mut staying = written(usize::from(REWRITES_MAX) + 1, true, false);
            assert_eq!(staying.rewrites, REWRITES_MAX);
            assert!(!stood || (staying.stands() && !staying.stands()), "news once");
            assert_eq!((staying.is_set_back(Time(10)), staying.is_set_back(Time(11))), (parked, false), "told once");
            let since = Parked::DoesNotStay { since: Time(10) };
            let now = [Time(11), Time(10).plus(PARKED_FOR)];
            assert_eq!(now.map(|now| staying.parked_for(true, now)), [parked.then_some(since), None], "{stood}");
            assert_eq!(staying.parked_for(false, Time(11)), None, "another value is wanted");
            assert_eq!((staying.end_if_over(now[0]), staying.end_if_over(now[1])), (false, parked));
        }
    }

    #[test]
    fn six_writes_a_day_are_enough_of_what_may_go_round_and_of_one_value() {
        // How often written, whether the same, whether it may go round; and what becomes of another value, and of the same.
        let (flips, stays) = (Some(Parked::FlipFlops { since: Time(9) }), Some(Parked::DoesNotStay { since: Time(9) }));
        for (times, again, may_go_round, other, same) in [
            (5, false, true, None, None),
            (6, false, true, flips, stays),
            (6, true, true, flips, stays),
            (9, false, false, None, None),
            (6, true, false, None, None),
            // The first was no return.
            (7, true, false, flips, stays),
        ] {
            let staying = written(times, again, may_go_round);
            let told = |same: bool| staying.clone().goes_round(same, Time(9));
            assert_eq!((told(false), told(true)), (other, same), "{times} {again} {may_go_round}");
            assert_eq!(staying.clone().goes_round(false, Time(9).plus(PARKED_FOR)), None, "a day later");
        }
        let mut staying = written(6, false, true);
        assert_eq!((staying.goes_round(true, Time(9)), staying.goes_round(true, Time(9))), (stays, None), "told once");
        assert_eq!(
            (staying.goes_round(false, Time(9)), staying.goes_round(false, Time(9))),
            (flips, None),
            "and once more of other values"
        );
        assert_eq!(staying.parked_for(false, Time(9)), flips);
        staying.wrote(false);
        staying.count(true, Time(9).plus(PARKED_FOR));
        assert_eq!(staying.lately().count(), 1, "what is older than a day is forgotten");
        let mut staying = written(7, true, false);
        staying.wrote(false);
        staying.count(false, Time(9));
        assert_eq!(staying, Staying::default(), "another value begins anew where nothing goes round");
    }

    #[test]
    fn what_somebody_gave_up_has_no_end_and_is_freed_only_if_told_so() {
        let mut staying = Staying::default();
        assert!(!staying.free(true) && staying.free_at().is_none(), "nothing is parked");
        staying.park();
        assert_eq!((staying.parked(Time(i64::MAX)), staying.free_at()), (Some(Parked::GivenUp), None));
        assert!(!staying.free(false) && staying.free(true) && staying == Staying::default());
        let mut staying = written(6, false, true);
        staying.goes_round(false, Time(9));
        assert_eq!(staying.free_at(), Some(Time(9).plus(PARKED_FOR)));
        assert!(staying.free(false) && staying.goes_round(false, Time(9)).is_none(), "and its writes count anew");
    }

    #[test]
    fn of_an_older_state_what_did_not_stay_is_tried_again_and_what_was_given_up_is_not() {
        for (rewrites, was, parked) in
            [(REWRITES_MAX, true, None), (0, true, Some(Parked::GivenUp)), (REWRITES_MAX, false, None), (0, false, None)]
        {
            assert_eq!(Staying::before(rewrites, was).parked(Time(1_795_000_000_000)), parked, "{rewrites} {was}");
        }
    }

    #[test]
    fn nothing_was_written_or_parked_in_the_future() {
        let mut staying = written(6, false, true);
        staying.goes_round(false, Time(900));
        staying.take_over(Time(3));
        assert_eq!((staying.parked_at_all(), staying.lately().last()), (Some(Parked::FlipFlops { since: Time(3) }), Some(Time(3))));
        let mut staying = written(1, false, true);
        staying.count(true, Time(90_000));
        staying.take_over(Time(60_000));
        assert_eq!(staying.lately().collect::<Vec<_>>(), [Time(0), Time(60_000)]);
    }

    #[test]
    fn most_fields_were_written_once_and_take_little_room() {
        let staying = written(1, false, true);
        assert!(staying.more.is_none() && staying.lately().eq([Time(0)]));
        assert!(written(1, false, false) == Staying::default() && size_of::<Staying>() == 16);
        let mut given_up = staying;
        given_up.park();
        assert_eq!((given_up.lately().count(), given_up.parked(Time(9))), (1, Some(Parked::GivenUp)));
        given_up.wrote(false);
        given_up.count(true, Time(2_000));
        assert_eq!(given_up.lately().collect::<Vec<_>>(), [Time(0), Time(2_000)]);
    }
}
