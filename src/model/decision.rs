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
    /// All but users' own holds.
    pub const CODED: [Reason; 13] = [
        Reason::RefusedAll,
        Reason::RefusedTopic,
        Reason::NoBasis,
        Reason::OpenDealPerson,
        Reason::OpenDealAccount,
        Reason::Cooldown,
        Reason::CriticalTicket,
        Reason::StaleCrm,
        Reason::StaleMa,
        Reason::StaleTicket,
        Reason::UnknownStage,
        Reason::UnknownPerson,
        Reason::RefusalUnread,
    ];

    /// Its code; of a user's own hold the part before the name.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::RefusedAll => "refused_all",
            Reason::RefusedTopic => "refused_topic",
            Reason::NoBasis => "no_basis",
            Reason::OpenDealPerson => "open_deal_person",
            Reason::OpenDealAccount => "open_deal_account",
            Reason::Cooldown => "cooldown",
            Reason::CriticalTicket => "critical_ticket",
            Reason::StaleCrm => "stale_crm",
            Reason::StaleMa => "stale_ma",
            Reason::StaleTicket => "stale_ticket",
            Reason::UnknownStage => "unknown_stage",
            Reason::UnknownPerson => "unknown_person",
            Reason::RefusalUnread => "refusal_unread",
            Reason::Hold(_) => "hold",
        }
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
            Reason::Hold(name) => write!(f, "{}:{name}", self.code()),
            coded => f.write_str(coded.code()),
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
        assert_eq!(coded.clone().map(|(reason, _)| reason), Reason::CODED);
        coded.iter().for_each(|(reason, code)| assert_eq!(reason.to_string(), *code));
        assert_eq!(Hold("vip".into()).to_string(), "hold:vip");
    }
}
