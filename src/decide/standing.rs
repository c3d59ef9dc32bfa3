//! A person's standing: refusals, basis and holds; and the decision for one mail.

use super::consent;
use super::ratchet::{Kept, Reach};
use crate::model::{Basis, Decision, Mail, MailKind, Name, Reason, RecordId, Time};

/// The name of the hold by what could not be read; none of policy.toml may have it.
pub const UNREAD: &str = "unread";

/// A set of mail kinds in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(pub u8);

impl Kinds {
    pub fn of(kinds: &[MailKind]) -> Kinds {
        Kinds(kinds.iter().fold(0, |set, k| set | 1 << *k as u8))
    }

    pub fn contains(self, kind: MailKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    pub fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub fn contains_any(self, kinds: &[MailKind]) -> bool {
        kinds.iter().any(|kind| self.contains(*kind))
    }

    /// Whether a hold on these kinds is of marketing mail: an MA shows it as a block, unless it can tell these kinds apart.
    pub fn needs_block(self) -> bool {
        MailKind::ALL.into_iter().any(|k| k.sent_by_ma() && self.contains(k))
    }
}

/// A hold on a person, in force or cooling down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldNow {
    pub hold: Name,
    pub cause: RecordId,
    pub reach: Reach,
    pub reason: Reason,
    pub stops: Kinds,
    pub since: Time,
    /// `None`: no end in sight.
    pub until: Option<Time>,
    /// Kept though nothing reaches the person any more: we ask.
    pub kept: Option<Kept>,
    pub by: By,
}

/// Whose word a hold is: that of the rules in the files, or of former ones that count until the edit is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    #[default]
    Files,
    /// The files' rules hold too, but for fewer kinds of mail or not as long.
    Both,
    Former,
}

/// The hold of whoever shows in an opt-out field what nobody knows to read. No rule of policy.toml may bear the name.
pub const REFUSAL_UNREAD: &str = "refusal_unread";

/// The reason code of a hold: the built-in names have their own.
pub fn reason(hold: &Name, reach: Reach, cooling: bool) -> Reason {
    match &**hold {
        _ if cooling => Reason::Cooldown,
        REFUSAL_UNREAD => Reason::RefusalUnread,
        "open_deal" if reach == Reach::Account => Reason::OpenDealAccount,
        "open_deal" => Reason::OpenDealPerson,
        "critical_ticket" => Reason::CriticalTicket,
        _ => Reason::Hold(hold.clone()),
    }
}

/// What is known for or against mail to one person. Compact: a million of these are kept in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub basis: Option<Basis>,
    pub refused_all: bool,
    pub refused_topics: Option<Box<[Box<str>]>>,
    pub holds: Option<Box<[Brief]>>,
}

/// A hold as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub reason: Reason,
    pub stops: Kinds,
    pub until: Option<Time>,
}

impl Standing {
    /// Whether the legal ground does not carry some kind of mail that a marketing system sends.
    pub fn lacks_basis(&self) -> bool {
        MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()).any(|kind| !consent::carries(self.basis, kind))
    }

    /// Decides one mail. `stale` is what the mail's kind needs and is not proved fresh.
    pub fn decide(&self, mail: &Mail, stale: &[Reason], now: Time) -> Decision {
        let kind = mail.kind;
        let mut reasons = Vec::new();
        if kind != MailKind::Service {
            if self.refused_all {
                reasons.push(Reason::RefusedAll);
            }
            if let Some(topics) = &self.refused_topics {
                // Without a topic the mail may be about anything, also about what was refused.
                if mail.topic.as_deref().is_none_or(|t| topics.iter().any(|r| **r == *t)) {
                    reasons.push(Reason::RefusedTopic);
                }
            }
        }
        if !consent::carries(self.basis, kind) {
            reasons.push(Reason::NoBasis);
        }
        let holds = self.holds.iter().flat_map(|h| h.iter());
        reasons.extend(holds.filter(|h| h.stops.contains(kind) && h.until.is_none_or(|u| u > now)).map(|h| h.reason.clone()));
        reasons.extend(stale.iter().cloned());
        Decision::of(reasons)
    }

    /// When the last of the holds on this kind ends, if all of them have an end.
    pub fn until(&self, kind: MailKind) -> Option<Time> {
        let mut last = None;
        for hold in self.holds.iter().flat_map(|h| h.iter()).filter(|h| h.stops.contains(kind)) {
            last = last.max(Some(hold.until?));
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;

    fn held(reason: Reason, stops: &[MailKind], until: Option<Time>) -> Standing {
        let brief = Brief { reason, stops: Kinds::of(stops), until };
        Standing { basis: Some(Basis::ExplicitConsent), holds: Some([brief].into()), ..Standing::default() }
    }

    #[test]
    fn holds_stop_only_their_kinds_and_only_until_their_end() {
        let standing = held(Reason::Cooldown, &[MailKind::Campaign], Some(Time(10)));
        let campaign = Mail::of(MailKind::Campaign);
        assert_eq!(standing.decide(&campaign, &[], Time(9)).reasons, [Reason::Cooldown]);
        assert_eq!(standing.decide(&campaign, &[], Time(10)), Decision::allow());
        assert_eq!(standing.decide(&Mail::of(MailKind::Newsletter), &[], Time(9)), Decision::allow());
    }

    #[test]
    fn the_strictest_wins_and_all_reasons_are_told() {
        let mut standing = held(Reason::OpenDealPerson, &[MailKind::Campaign], None);
        standing.refused_all = true;
        let decision = standing.decide(&Mail::of(MailKind::Campaign), &[Reason::StaleCrm], Time(0));
        assert_eq!(decision.verdict, Verdict::Deny);
        assert_eq!(decision.reasons, [Reason::RefusedAll, Reason::OpenDealPerson, Reason::StaleCrm]);
        assert_eq!(
            standing.decide(&Mail::of(MailKind::Service), &[], Time(0)),
            Decision::allow(),
            "service mail goes to who refused marketing"
        );
    }

    #[test]
    fn a_refused_topic_stops_that_topic_and_mail_without_one() {
        let standing =
            Standing { basis: Some(Basis::ExplicitConsent), refused_topics: Some(["events".into()].into()), ..Standing::default() };
        let mut mail = Mail::of(MailKind::Newsletter);
        assert_eq!(standing.decide(&mail, &[], Time(0)).verdict, Verdict::Deny);
        mail.topic = Some("events".into());
        assert_eq!(standing.decide(&mail, &[], Time(0)).verdict, Verdict::Deny);
        mail.topic = Some("products".into());
        assert_eq!(standing.decide(&mail, &[], Time(0)).verdict, Verdict::Allow);
    }

    #[test]
    fn no_basis_is_deny() {
        assert_eq!(Standing::default().decide(&Mail::of(MailKind::Campaign), &[], Time(0)).reasons, [Reason::NoBasis]);
    }
}
