//! What was written before and does not stay.

use super::staying::{REWRITES_MAX, Staying};
use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};

/// Written again within this time, a protective write counts as the same again.
pub(in crate::engine) const AGAIN_WITHIN: Span = Span::days(1);

/// What was last written of a status or of reason codes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// A digest of what we wrote, 0 if nothing.
    ours: u64,
    staying: Staying,
}

impl Settled {
    /// As an older state tells it.
    pub(super) fn before(ours: u64, rewrites: u8, parked: bool) -> Settled {
        Settled { ours, staying: Staying::before(rewrites, parked) }
    }

    /// It was written.
    pub fn wrote(&mut self, ours: &str) {
        let ours = super::digest(&ours);
        self.staying.wrote(self.ours == ours);
        self.ours = ours;
    }

    /// Whether this is not to be written now.
    pub fn leaves_alone(&self, wanted: &str, now: Time) -> bool {
        self.staying.parked_for(self.wrote_last(wanted), now).is_some()
    }

    /// Whether this was written last.
    pub fn wrote_last(&self, wanted: &str) -> bool {
        self.ours == super::digest(&wanted)
    }

    /// Gives it up until something else is wanted.
    pub fn park(&mut self, wanted: &str) {
        self.ours = super::digest(&wanted);
        self.staying.park();
    }

    pub fn staying(&self) -> &Staying {
        &self.staying
    }

    pub(super) fn staying_mut(&mut self) -> &mut Staying {
        &mut self.staying
    }

    /// Looks at what the target shows. True: it does not stay, and is left alone from now on.
    pub(in crate::engine) fn observe(&mut self, shown: &str, now: Time) -> bool {
        !self.wrote_last(shown) && self.staying.is_set_back(now)
    }
}

/// How often a block had to be set again, or a permit to be given or withdrawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Again {
    pub times: u8,
    pub last_at: Time,
    /// It was seen to stand since.
    pub seen: bool,
}

impl Again {
    /// It was written.
    pub fn wrote(&mut self, now: Time) {
        self.times = if self.is_once_more(now) { self.times.saturating_add(1) } else { 0 };
        (self.last_at, self.seen) = (now, false);
    }

    /// Whether the same was written lately: if it is wanted once more, it did not stay, and whatever took it away may come again.
    pub fn is_once_more(&self, now: Time) -> bool {
        self.last_at != Time(0) && now.since(self.last_at) < AGAIN_WITHIN
    }

    /// Something takes it away, or it cannot be read there.
    pub fn is_in_vain(&self) -> bool {
        self.times >= REWRITES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_so_often_and_is_not_shown_is_given_up_once() {
        for (writes, shown, gives_up) in
            [(1, "other", false), (REWRITES_MAX, "other", false), (REWRITES_MAX + 1, "ours", false), (REWRITES_MAX + 1, "other", true)]
        {
            let mut settled = Settled::default();
            (0..writes).for_each(|_| settled.wrote("ours"));
            assert_eq!(settled.observe(shown, Time(2)), gives_up, "{writes} {shown}");
            assert!(!settled.observe(shown, Time(2)), "told once: {writes} {shown}");
            let parked = settled.staying().parked(Time(3)).is_some();
            assert_eq!((parked, settled.leaves_alone("ours", Time(3))), (gives_up, gives_up), "{writes} {shown}");
            assert!(!settled.leaves_alone("another", Time(3)), "something else is wanted");
        }
    }

    #[test]
    fn another_value_begins_to_count_anew() {
        let mut settled = Settled::default();
        assert!(!settled.wrote_last(""), "nothing was written");
        (0..=REWRITES_MAX).for_each(|_| settled.wrote("ours"));
        settled.wrote("another");
        assert!(settled.wrote_last("another") && !settled.wrote_last("ours"));
        assert!(!settled.observe("other", Time(2)));
        settled.park("another");
        assert!(settled.leaves_alone("another", Time(i64::MAX)), "somebody gave it up");
        settled.wrote("another");
        assert!(!settled.leaves_alone("another", Time(3)), "somebody let it be written again");
    }

    #[test]
    fn the_same_counts_again_for_a_day() {
        let mut again = Again::default();
        assert!(!again.is_once_more(Time(1)), "never written");
        for (after, times, in_vain) in [
            (Span(0), 0, false),
            (Span(1), 1, false),
            (Span(AGAIN_WITHIN.0 - 1), 2, false),
            (Span(1), 3, true),
            (Span(1), 4, true),
            (AGAIN_WITHIN, 0, false),
        ] {
            let now = again.last_at.plus(Span(after.0 + i64::from(again.last_at == Time(0))));
            again.seen = true;
            again.wrote(now);
            assert_eq!((again.times, again.is_in_vain(), again.seen), (times, in_vain, false), "{after:?}");
        }
    }
}
