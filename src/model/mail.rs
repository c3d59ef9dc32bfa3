//! Kinds of mail.

use serde::{Deserialize, Serialize};

/// What a mail is for; holds say which kinds they stop (domain.md F).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Service,
    ServiceFooter,
    ConsentRequest,
    OnboardingNotice,
    Newsletter,
    Campaign,
    RepSender,
    OneToOne,
}

impl MailKind {
    pub const ALL: [MailKind; 8] = [
        MailKind::Service,
        MailKind::ServiceFooter,
        MailKind::ConsentRequest,
        MailKind::OnboardingNotice,
        MailKind::Newsletter,
        MailKind::Campaign,
        MailKind::RepSender,
        MailKind::OneToOne,
    ];

    pub fn name(self) -> &'static str {
        match self {
            MailKind::Service => "service",
            MailKind::ServiceFooter => "service_footer",
            MailKind::ConsentRequest => "consent_request",
            MailKind::OnboardingNotice => "onboarding_notice",
            MailKind::Newsletter => "newsletter",
            MailKind::Campaign => "campaign",
            MailKind::RepSender => "rep_sender",
            MailKind::OneToOne => "one_to_one",
        }
    }

    pub fn parse(name: &str) -> Option<MailKind> {
        MailKind::ALL.into_iter().find(|k| k.name() == name)
    }

    /// The kinds that an MA sends of itself, which a block must stop.
    pub fn sent_by_ma(self) -> bool {
        matches!(self, MailKind::Newsletter | MailKind::Campaign)
    }
}

/// The mail that someone asks about. Without a topic it may be about anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "an object with kind")]
pub struct Mail {
    pub kind: MailKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl Mail {
    pub fn of(kind: MailKind) -> Mail {
        Mail { kind, campaign: None, topic: None, sender: None }
    }
}
