//! The kinds of list, and the columns that each knows.

use super::column::{CONSENT_GIVEN, KnownColumn, OPT_OUT, ROW_ID};
use super::columns::{ACCOUNTS, CARDS, CONTACTS, CONTRACTS, DEALS, PERSON};
use super::columns_of_events::{CONSENTS, REFUSALS, SEMINARS};

/// What the rows of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListProfile {
    Contacts,
    Cards,
    Contracts,
    Consents,
    Seminars,
    Accounts,
    Deals,
}

impl ListProfile {
    pub const ALL: [ListProfile; 7] = [
        ListProfile::Contacts,
        ListProfile::Cards,
        ListProfile::Contracts,
        ListProfile::Consents,
        ListProfile::Seminars,
        ListProfile::Accounts,
        ListProfile::Deals,
    ];

    /// Its name in systems.toml, and of the stream that its rows become.
    pub fn name(self) -> &'static str {
        match self {
            ListProfile::Contacts => "contacts",
            ListProfile::Cards => "cards",
            ListProfile::Contracts => "contracts",
            ListProfile::Consents => "consents",
            ListProfile::Seminars => "seminars",
            ListProfile::Accounts => "accounts",
            ListProfile::Deals => "deals",
        }
    }

    pub fn parse(name: &str) -> Option<ListProfile> {
        ListProfile::ALL.into_iter().find(|p| p.name() == name)
    }

    /// All columns that it knows. What belongs to it alone comes first: of two that a header could mean, that one is meant.
    pub fn columns(self) -> impl Iterator<Item = &'static KnownColumn> {
        let (own, shared): (&'static [KnownColumn], &'static [KnownColumn]) = match self {
            ListProfile::Contacts => (&CONTACTS, &PERSON),
            ListProfile::Cards => (&CARDS, &PERSON),
            ListProfile::Contracts => (&CONTRACTS, &PERSON),
            ListProfile::Consents => (&CONSENTS, &PERSON),
            ListProfile::Seminars => (&SEMINARS, &PERSON),
            ListProfile::Accounts => (&ACCOUNTS, &[]),
            ListProfile::Deals => (&DEALS, &[]),
        };
        let refusals: &'static [KnownColumn] = if self.may_refuse() { &REFUSALS } else { &[] };
        own.iter().chain(shared).chain(refusals)
    }

    /// Whether its rows speak of people, whose no may stand beside them though it is kept for something else.
    pub fn may_refuse(self) -> bool {
        !matches!(self, ListProfile::Consents | ListProfile::Accounts)
    }

    /// Of these groups of columns one each must be there, or nobody can be told from another.
    pub fn needs(self) -> &'static [&'static [&'static str]] {
        match self {
            ListProfile::Contacts | ListProfile::Cards | ListProfile::Contracts => &[&["email", "name", "last_name"]],
            ListProfile::Consents => &[&["email", "name", "last_name"], &[CONSENT_GIVEN, OPT_OUT]],
            ListProfile::Seminars => &[&["email", "name", "last_name"], &["event_name", "event_on"]],
            ListProfile::Accounts => &[&["name"]],
            ListProfile::Deals => &[&["deal_name", ROW_ID], &["company", "email"]],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::file::headers::plain;
    use std::collections::BTreeSet;

    #[test]
    fn each_name_stands_as_it_is_looked_up_and_means_one_column_of_a_profile() {
        for profile in ListProfile::ALL {
            assert_eq!(ListProfile::parse(profile.name()), Some(profile));
            let mut keys = BTreeSet::new();
            for column in profile.columns() {
                assert!(keys.insert(column.key), "{} twice in {profile:?}", column.key);
                for header in column.headers {
                    assert_eq!(plain(header), *header, "{profile:?}");
                }
            }
            let shared = |key: &str| profile.columns().any(|c| c.key == key);
            assert!(profile.needs().iter().flat_map(|group| group.iter()).all(|key| shared(key)));
        }
    }
}
