//! Decisions and their reason codes. The codes are a stable interface (domain.md G).

use super::Name;
use serde::{Serialize, Serializer};
use std::fmt;

/// Whether a mail may go, strictest last, so that the maximum of several wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allow,
    /// Not now: ours, with a cause and an end.
    Hold,
    /// Not at all: the person's no, or no basis in law.
    Deny,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Hold => "hold",
            Verdict::Deny => "deny",
        }
    }
}

/// Why a decision is not `allow`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    RefusedAll,
    RefusedTopic,
    NoBasis,
    OpenDealPerson,
    OpenDealAccount,
    Cooldown,
    CriticalTicket,
    StaleCrm,
    StaleMa,
    StaleTicket,
    UnknownStage,
    UnknownPerson,
    /// An opt-out field shows what is neither known as a no nor as none.
    RefusalUnread,
    /// A user's own hold, by its name in policy.toml.
    Hold(Name),
}

impl Reason {
    /// All codes but those of users' own holds.
    pub const CODES: [&'static str; 13] = [
        "refused_all",
        "refused_topic",
        "no_basis",
        "open_deal_person",
        "open_deal_account",
        "cooldown",
        "critical_ticket",
        "stale_crm",
        "stale_ma",
        "stale_ticket",
        "unknown_stage",
        "unknown_person",
        "refusal_unread",
    ];

    fn code(&self) -> Option<&'static str> {
        let place = match self {
            Reason::RefusedAll => 0,
            Reason::RefusedTopic => 1,
            Reason::NoBasis => 2,
            Reason::OpenDealPerson => 3,
            Reason::OpenDealAccount => 4,
            Reason::Cooldown => 5,
            Reason::CriticalTicket => 6,
            Reason::StaleCrm => 7,
            Reason::StaleMa => 8,
            Reason::StaleTicket => 9,
            Reason::UnknownStage => 10,
            Reason::UnknownPerson => 11,
            Reason::RefusalUnread => 12,
            Reason::Hold(_) => return None,
        };
        Reason::CODES.get(place).copied()
    }

    /// What a mail with this reason meets.
    pub fn verdict(&self) -> Verdict {
        match self {
            Reason::RefusedAll | Reason::RefusedTopic | Reason::NoBasis => Verdict::Deny,
            _ => Verdict::Hold,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Hold(name) => write!(f, "hold:{name}"),
            coded => f.write_str(coded.code().unwrap_or_default()),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// The answer for one mail to one person: the strictest verdict and all that speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// Sorted, without duplicates; empty when the verdict is `Allow`.
    pub reasons: Vec<Reason>,
}

impl Decision {
    pub fn allow() -> Decision {
        Decision { verdict: Verdict::Allow, reasons: Vec::new() }
    }

    /// The decision that a set of reasons makes.
    pub fn of(mut reasons: Vec<Reason>) -> Decision {
        reasons.sort();
        reasons.dedup();
        let verdict = reasons.iter().map(Reason::verdict).max().unwrap_or(Verdict::Allow);
        Decision { verdict, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_the_code_that_it_always_had() {
        use Reason::*;
        let coded = [
            (RefusedAll, "refused_all"),
            (RefusedTopic, "refused_topic"),
            (NoBasis, "no_basis"),
            (OpenDealPerson, "open_deal_person"),
            (OpenDealAccount, "open_deal_account"),
            (Cooldown, "cooldown"),
            (CriticalTicket, "critical_ticket"),
            (StaleCrm, "stale_crm"),
            (StaleMa, "stale_ma"),
            (StaleTicket, "stale_ticket"),
            (UnknownStage, "unknown_stage"),
            (UnknownPerson, "unknown_person"),
            (RefusalUnread, "refusal_unread"),
        ];
        assert_eq!(coded.len(), Reason::CODES.len());
        coded.iter().for_each(|(reason, code)| assert_eq!(reason.to_string(), *code));
        assert_eq!(Hold("vip".into()).to_string(), "hold:vip");
    }
}
