//! What a waiting plan is about: the same while the plan grows, shrinks, or is told in other words.

use crate::decide::ratchet::Kept;
use crate::model::Name;
use serde::{Deserialize, Serialize};

/// The subject of a waiting plan. Two plans of one subject are one and the same event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum About {
    /// Holds by one rule over one system's deals or tickets, which went out of sight in one way.
    KeptHolds { system: Name, hold: Name, reason: Kept },
    /// More releases in one system than may go by themselves.
    Releases { system: Name },
    /// More field writes in one system than may go by themselves.
    Updates { system: Name },
    /// Field writes in one system since the state was made anew, however few.
    Anew { system: Name },
    /// The rules, however often they are edited while they wait.
    Rules,
    /// Precedence and statuses, however often they are edited while an edit of them waits.
    Merging,
}

impl About {
    /// Words that name the subject and hold no number. They are kept in the state, so they stay what they are.
    pub fn key(&self) -> String {
        match self {
            About::KeptHolds { system, hold, reason } => format!("kept_holds:{system}:{hold}:{}", reason.word()),
            About::Releases { system } => format!("releases:{system}"),
            About::Updates { system } => format!("updates:{system}"),
            About::Anew { system } => format!("anew:{system}"),
            About::Rules => "rules".into(),
            About::Merging => "merging".into(),
        }
    }

    /// For people: why it waits, without any number.
    pub fn cause(&self) -> String {
        let many = |system: &Name, writes: &str, limits: &str| {
            format!("{system}: more {writes} at once than {limits} ask_above lets go by themselves")
        };
        match self {
            About::KeptHolds { system, hold, reason } => format!("{system}: hold {hold}: {}", reason.why()),
            About::Releases { system } => many(system, "releases and first permits", "[widening]"),
            About::Updates { system } => many(system, "updates", "[changes]"),
            About::Anew { system } => format!(
                "{system}: the state was made anew, so it is not known which values were typed there since they were last written; what would be written now waits"
            ),
            About::Rules => "the rules were edited".into(),
            About::Merging => "precedence or [status] was edited".into(),
        }
    }

    /// What such a plan counts: one of them, and many.
    pub fn counts(&self) -> (&'static str, &'static str) {
        match self {
            About::Updates { .. } | About::Anew { .. } => ("record", "records"),
            About::Merging => ("value", "values"),
            About::KeptHolds { .. } | About::Releases { .. } | About::Rules => ("person", "people"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_words_in_the_state_stay_what_they_are() {
        let kept = |reason| About::KeptHolds { system: "crm".into(), hold: "open_deal".into(), reason }.key();
        let words = [
            kept(Kept::CauseGone),
            kept(Kept::LinkLost),
            kept(Kept::RuleNotMet),
            kept(Kept::RuleRemoved),
            kept(Kept::CauseUnknown),
            About::Releases { system: "ma".into() }.key(),
            About::Updates { system: "ma".into() }.key(),
            About::Anew { system: "ma".into() }.key(),
            About::Rules.key(),
            About::Merging.key(),
        ];
        assert_eq!(
            words,
            [
                "kept_holds:crm:open_deal:cause_gone",
                "kept_holds:crm:open_deal:link_lost",
                "kept_holds:crm:open_deal:rule_not_met",
                "kept_holds:crm:open_deal:rule_removed",
                "kept_holds:crm:open_deal:cause_unknown",
                "releases:ma",
                "updates:ma",
                "anew:ma",
                "rules",
                "merging",
            ]
        );
    }
}
