//! Consent: a type with its own algebra, not a field with a precedence (domain.md B4).

use super::{Address, RecordId, Time};
use serde::{Deserialize, Serialize};

/// What a refusal covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefusalScope {
    /// All marketing mail.
    All,
    /// One topic only.
    Topic(Box<str>),
}

/// The person's own no. Once known it is kept in the journal and never ended by us; a record that stops showing it does not end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub scope: RefusalScope,
    /// The record that showed it first.
    pub from: RecordId,
    pub seen_at: Time,
    /// The address it was seen on, if the record had one.
    pub address: Option<Address>,
}

/// The ground in law on which mail may be sent to a person, weakest first: of several, the strongest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The organisation publishes its address.
    PublishedAddress,
    /// The address was told by form, mail or ticket, without consent to advertising.
    NotifiedAny,
    /// Own similar products, got in a sale (EU, UK).
    SoftOptIn,
    /// Business card or other paper.
    WrittenNotice,
    /// A contract is in force.
    BusinessRelationship,
    /// The person asked for it.
    ExplicitConsent,
}

impl Basis {
    pub const ALL: [Basis; 6] = [
        Basis::PublishedAddress,
        Basis::NotifiedAny,
        Basis::SoftOptIn,
        Basis::WrittenNotice,
        Basis::BusinessRelationship,
        Basis::ExplicitConsent,
    ];

    /// The name used in consent.toml and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Basis::PublishedAddress => "published_address",
            Basis::NotifiedAny => "notified_any",
            Basis::SoftOptIn => "soft_opt_in",
            Basis::WrittenNotice => "written_notice",
            Basis::BusinessRelationship => "business_relationship",
            Basis::ExplicitConsent => "explicit_consent",
        }
    }
}
