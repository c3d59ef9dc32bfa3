//! Which mail a permit in a marketing system is for.

use super::{Mail, MailKind, Name};
use serde::{Deserialize, Serialize};
use std::fmt;

const PERMIT: &str = "permit";

/// A permit that is not for all of a system's marketing mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OwnPermit {
    /// For mail of one kind.
    Kind(MailKind),
    /// For newsletters and campaigns about one topic.
    Topic(Name),
}

/// Which mail a permit is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PermitFor {
    /// All marketing mail.
    Marketing,
    Own(OwnPermit),
}

impl OwnPermit {
    /// The kinds that may have a permit of their own in a target.
    pub const KINDS: [MailKind; 4] = [MailKind::Newsletter, MailKind::Campaign, MailKind::RepSender, MailKind::OnboardingNotice];

    /// The mail that it lets go: all of it must be allowed.
    pub fn mails(&self) -> Vec<Mail> {
        match self {
            OwnPermit::Kind(kind) => vec![Mail::of(*kind)],
            OwnPermit::Topic(topic) => {
                let sent = MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma());
                sent.map(|kind| Mail { topic: Some(topic.to_string()), ..Mail::of(kind) }).collect()
            }
        }
    }
}

impl PermitFor {
    /// The kinds of mail that it lets go.
    pub fn kinds(&self) -> impl Iterator<Item = MailKind> {
        MailKind::ALL.into_iter().filter(|kind| self.lets_go(*kind))
    }

    fn lets_go(&self, kind: MailKind) -> bool {
        match self {
            PermitFor::Own(OwnPermit::Kind(own)) => *own == kind,
            PermitFor::Marketing | PermitFor::Own(OwnPermit::Topic(_)) => kind.sent_by_ma(),
        }
    }

    /// What it is called in plans and in the journal: `permit`, `permit:newsletter`, `permit:topic:seminars`.
    pub fn label(&self) -> String {
        match self {
            PermitFor::Marketing => PERMIT.to_string(),
            PermitFor::Own(own) => format!("{PERMIT}:{own}"),
        }
    }
}

impl fmt::Display for OwnPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnPermit::Kind(kind) => f.write_str(kind.name()),
            OwnPermit::Topic(topic) => write!(f, "topic:{topic}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_told_by_what_it_is_for() {
        let own = [OwnPermit::Kind(MailKind::RepSender), OwnPermit::Topic("seminars".into())].map(PermitFor::Own);
        let labels: Vec<String> = [PermitFor::Marketing].iter().chain(&own).map(PermitFor::label).collect();
        assert_eq!(labels, ["permit", "permit:rep_sender", "permit:topic:seminars"]);
    }

    #[test]
    fn a_topics_permit_lets_newsletters_and_campaigns_about_it_go() {
        let mails = OwnPermit::Topic("seminars".into()).mails();
        let told: Vec<_> = mails.iter().map(|mail| (mail.kind, mail.topic.as_deref())).collect();
        assert_eq!(told, [(MailKind::Newsletter, Some("seminars")), (MailKind::Campaign, Some("seminars"))]);
    }
}
