//! Rules that were in force until a moment ago. A folder that is again, byte for byte, what it was then counts as never edited: a deploy
//! writes files in place, an editor saves half, someone takes an edit back at once.

use super::rule_sets::{RuleSet, StoredRules};
use crate::engine::ledger::kind::Single;
use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};

/// How the state keeps them.
pub const LEFT: Single<StoredLeft> = Single::new("rules_left");

/// So long after it was left a folder counts as never edited.
const NEVER_EDITED_WITHIN: Span = Span::minutes(10);

/// Who edits to and fro leaves no longer list than this.
const LEFT_MAX: usize = 16;

/// When rules are edited or read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditTime {
    /// By our clock.
    pub now: Time,
    /// The latest that the systems' clocks say: what is left now was left then at the latest, also if our clock is ahead.
    pub sure: Time,
    /// By how much our clock was set back since a former process, at least.
    pub set_back: Span,
}

/// What counted under one version of the folder.
#[derive(Debug, Clone)]
struct Left {
    version: String,
    at: Time,
    /// Oldest first; the last are the folder's own.
    rules: Vec<RuleSet>,
}

/// The form on disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StoredLeft {
    in_force: String,
    left: Vec<(String, Time, Vec<StoredRules>)>,
}

/// What was left lately, oldest first.
#[derive(Debug, Clone, Default)]
pub struct LeftRules {
    left: Vec<Left>,
}

impl Left {
    /// By a clock that was set back since nobody can tell how long ago it was, and then it was not a moment ago.
    fn is_of_a_moment_ago(&self, now: Time) -> bool {
        self.at <= now && now.since(self.at) <= NEVER_EDITED_WITHIN
    }
}

impl LeftRules {
    /// Notes what counted until now.
    pub fn leave(&mut self, version: &str, rules: Vec<RuleSet>, time: EditTime) {
        self.left.retain(|l| l.version != version && l.is_of_a_moment_ago(time.now));
        if self.left.len() == LEFT_MAX {
            self.left.remove(0);
        }
        // After a start our clock counts alone until the systems tell theirs: if it is behind, by theirs this would be left later than it was.
        self.left.push(Left { version: version.to_string(), at: time.sure.min(time.now), rules });
    }

    /// The folder is of this version again: what counted under it, if that is not long ago.
    pub fn come_back(&mut self, version: &str, now: Time) -> Option<Vec<RuleSet>> {
        let at = self.left.iter().position(|l| l.version == version)?;
        let left = self.left.remove(at);
        left.is_of_a_moment_ago(now).then_some(left.rules)
    }

    /// As it is kept, with the version that is in force.
    pub fn stored(&self, in_force: &str) -> StoredLeft {
        let left = self.left.iter().map(|l| (l.version.clone(), l.at, l.rules.iter().map(RuleSet::stored).collect()));
        StoredLeft { in_force: in_force.to_string(), left: left.collect() }
    }

    /// Out of the state, and the version that was in force. By as much as our clock is known to have been set back it is longer ago.
    pub(in crate::engine) fn restored(stored: StoredLeft, time: EditTime) -> (LeftRules, String) {
        let restored = |(version, at, rules): (String, Time, Vec<StoredRules>)| {
            let rules = rules.into_iter().map(RuleSet::restored).collect();
            Left { version, at: at.minus(time.set_back), rules }
        };
        let lately = |l: &Left| l.is_of_a_moment_ago(time.now);
        (LeftRules { left: stored.left.into_iter().map(restored).filter(lately).collect() }, stored.in_force)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_left_a_moment_ago_counts_as_never_edited() {
        let mut left = LeftRules::default();
        let minutes = |m| Time(0).plus(Span::minutes(m));
        left.leave("a", Vec::new(), EditTime::at(minutes(0)));
        left.leave("b", Vec::new(), EditTime::at(minutes(5)));
        for (version, at, counts) in [("a", 10, true), ("a", 11, false), ("b", 11, true), ("c", 1, false)] {
            assert_eq!(left.clone().come_back(version, minutes(at)).is_some(), counts, "{version} after {at} minutes");
        }
        left.leave("a", Vec::new(), EditTime::at(minutes(11)));
        let (mut again, in_force) = LeftRules::restored(left.stored("c"), EditTime::at(minutes(16)));
        assert!(again.come_back("a", minutes(20)).is_some() && again.come_back("b", minutes(16)).is_none(), "also after a restart");
        assert!(again.come_back("a", minutes(20)).is_none(), "it is in force, and no former one any more");
        assert_eq!(in_force, "c");
    }

    #[test]
    fn by_a_clock_that_was_set_back_nothing_was_left_a_moment_ago() {
        let minutes = |m| Time(0).plus(Span::minutes(m));
        let mut left = LeftRules::default();
        left.leave("a", Vec::new(), EditTime::at(minutes(40)));
        assert!(left.clone().come_back("a", minutes(39)).is_none(), "it would have been left in a minute");
        for (set_back, now, counts) in [(0, 45, true), (0, 30, false), (10, 30, true), (30, 15, true), (30, 21, false)] {
            let time = EditTime { set_back: Span::minutes(set_back), ..EditTime::at(minutes(now)) };
            let (mut again, _) = LeftRules::restored(left.stored("b"), time);
            assert_eq!(again.come_back("a", minutes(now)).is_some(), counts, "{now}, set back by {set_back}");
        }
    }

    #[test]
    fn by_a_clock_that_is_ahead_rules_are_left_when_the_systems_say() {
        let minutes = |m| Time(0).plus(Span::minutes(m));
        let mut left = LeftRules::default();
        left.leave("a", Vec::new(), EditTime { sure: minutes(10), ..EditTime::at(minutes(40)) });
        assert!(left.clone().come_back("a", minutes(20)).is_some() && left.come_back("a", minutes(43)).is_none());
    }

    /// It was a minute and a half behind, and after a restart nobody had told so: 10 minutes and 27 s seemed not to be 10.
    #[test]
    fn by_a_clock_that_is_behind_rules_are_left_when_it_says() {
        let seconds = |s| Time(0).plus(Span::seconds(s));
        let mut left = LeftRules::default();
        left.leave("a", Vec::new(), EditTime { sure: seconds(90), ..EditTime::at(seconds(0)) });
        assert!(left.clone().come_back("a", seconds(600)).is_some() && left.come_back("a", seconds(627)).is_none());
    }

    impl EditTime {
        /// By a clock that all others agree with.
        pub(in crate::engine) fn at(now: Time) -> EditTime {
            EditTime { now, sure: now, set_back: Span::ZERO }
        }
    }
}
