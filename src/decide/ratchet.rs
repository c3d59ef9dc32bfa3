//! The ratchet: a hold that was in force ends only when its cause was *seen* to end, or when a person lets it go.

use super::phase::Phase;
use crate::model::{Name, RecordId, Time};
use serde::{Deserialize, Serialize};

/// A hold that was in force on a person's record when we last decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The hold's name in policy.toml.
    pub hold: Name,
    /// The deal or ticket.
    pub cause: RecordId,
    pub reach: Reach,
    pub since: Time,
    /// Kinds of mail it stopped, as a [`super::standing::Kinds`] mask: needed when the rule is gone.
    pub stops: u8,
}

/// How a cause came to speak of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// On the deal, or the ticket's requester.
    Person,
    /// At the deal's account.
    Account,
    /// Through an address that both bear.
    Address,
}

/// Why a hold is kept although nothing now reaches the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// The system does not list the deal or ticket any more.
    CauseGone,
    /// The person is not named on it any more, or the records are not linked any more.
    LinkLost,
    /// The rule does not speak of it any more though it has not ended.
    RuleNotMet,
    /// policy.toml has no such hold any more.
    RuleRemoved,
    /// Nothing is known of the cause: its system left the config, or the state was rebuilt.
    CauseUnknown,
}

impl Kept {
    /// Its name in JSON and in the state's keys.
    pub fn word(self) -> &'static str {
        match self {
            Kept::CauseGone => "cause_gone",
            Kept::LinkLost => "link_lost",
            Kept::RuleNotMet => "rule_not_met",
            Kept::RuleRemoved => "rule_removed",
            Kept::CauseUnknown => "cause_unknown",
        }
    }

    /// For people: why we ask.
    pub fn why(self) -> &'static str {
        match self {
            Kept::CauseGone => "the system does not list the deal or ticket any more; it was not seen to end",
            Kept::LinkLost => "the person is not linked to the deal or ticket any more; it was not seen to end",
            Kept::RuleNotMet => "the rule does not speak of the deal or ticket any more, which is still open",
            Kept::RuleRemoved => "the hold was removed from policy.toml",
            Kept::CauseUnknown => "its system is not in systems.toml any more, or not read yet; it was not seen to end",
        }
    }
}

/// What is known of a remembered hold's cause now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CauseNow {
    /// The rule is still in policy.toml, and its phase on the cause; `None`: no such rule.
    pub phase: Option<Phase>,
    /// The system still lists the cause.
    pub listed: bool,
}

/// What becomes of a remembered hold that nothing reaches any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its cause was seen to end.
    Ended,
    Kept(Kept),
}

/// Judges one remembered hold that is not among those that reach the person now. `cause` is `None` if nothing is known of it.
pub fn judge(cause: Option<CauseNow>) -> Fate {
    let Some(now) = cause else { return Fate::Kept(Kept::CauseUnknown) };
    match now.phase {
        None => Fate::Kept(Kept::RuleRemoved),
        Some(Phase::Ended) => Fate::Ended,
        Some(Phase::NotMet) if !now.listed => Fate::Kept(Kept::CauseGone),
        Some(Phase::NotMet) => Fate::Kept(Kept::RuleNotMet),
        Some(Phase::InForce { .. } | Phase::CoolingDown { .. }) => Fate::Kept(Kept::LinkLost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_was_seen_ends_a_hold() {
        let on = |phase, listed| Some(CauseNow { phase, listed });
        let force = Phase::InForce { unsure: false };
        for (cause, fate) in [
            (None, Fate::Kept(Kept::CauseUnknown)),
            (on(None, true), Fate::Kept(Kept::RuleRemoved)),
            (on(Some(Phase::Ended), true), Fate::Ended),
            (on(Some(Phase::Ended), false), Fate::Ended),
            (on(Some(Phase::NotMet), true), Fate::Kept(Kept::RuleNotMet)),
            (on(Some(Phase::NotMet), false), Fate::Kept(Kept::CauseGone)),
            (on(Some(force), true), Fate::Kept(Kept::LinkLost)),
            (on(Some(Phase::CoolingDown { until: Time(9) }), true), Fate::Kept(Kept::LinkLost)),
        ] {
            assert_eq!(judge(cause), fate, "{cause:?}");
        }
    }
}
