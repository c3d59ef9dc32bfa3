//! How one field's value is found among its candidates.

use crate::model::{Name, Span};
use serde::{Deserialize, Serialize};

/// Systems that rank equal: the newest of them wins, and where nobody knows which that is, the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band(pub Vec<RankedSystem>);

/// A system in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedSystem {
    pub system: Name,
    /// Its values older than this do not count. `None`: as the rule says.
    pub max_age: Option<Span>,
}

impl From<Name> for RankedSystem {
    fn from(system: Name) -> RankedSystem {
        RankedSystem { system, max_age: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// The first band that holds a value; within it the newest, as far as that is known.
    Order(Vec<Band>),
    /// The same, written only into records that hold nothing of their own.
    Fill(Vec<Band>),
    /// That system's value, or none at all.
    Only(Name),
    Newest(Vec<Name>),
    Oldest(Vec<Name>),
    /// The person's first value: it stays, whatever records show later.
    First(Vec<Name>),
    Max(Vec<Name>),
    Min(Vec<Name>),
    /// Of yes and no: yes if one of them says yes.
    Any(Vec<Name>),
    /// Yes if none of them says no.
    All(Vec<Name>),
    /// The value that most records hold.
    Most(Vec<Name>),
    /// The numbers of all records, added.
    Sum(Vec<Name>),
    /// All entries of all systems' lists, less those that somebody took out since they were put in.
    Union(Vec<Name>),
    /// What the record holds that the value of this other field is from.
    Other(Name),
    /// No value counts: the field is left alone.
    Never,
    /// What the person's account has in this field, by the rule under `[account]`.
    Account(Name),
}

impl Strategy {
    /// Its systems in order, where they have one.
    pub fn bands(&self) -> &[Band] {
        match self {
            Strategy::Order(bands) | Strategy::Fill(bands) => bands,
            _ => &[],
        }
    }

    /// The systems of a strategy that knows no ranks.
    fn listed(&self) -> &[Name] {
        match self {
            Strategy::Only(name) => std::slice::from_ref(name),
            Strategy::Newest(all) | Strategy::Oldest(all) | Strategy::First(all) | Strategy::Max(all) | Strategy::Min(all) => all,
            Strategy::Any(all) | Strategy::All(all) | Strategy::Most(all) | Strategy::Sum(all) | Strategy::Union(all) => all,
            Strategy::Order(_) | Strategy::Fill(_) | Strategy::Other(_) | Strategy::Never | Strategy::Account(_) => &[],
        }
    }

    /// The systems whose values it asks for by name, ranked or not.
    pub fn systems(&self) -> impl Iterator<Item = &Name> {
        self.bands().iter().flat_map(|band| &band.0).map(|ranked| &ranked.system).chain(self.listed())
    }

    /// Whether what was the first value once stays.
    pub fn keeps_first(&self) -> bool {
        matches!(self, Strategy::First(_))
    }

    /// The field whose winner it follows.
    pub fn leading_field(&self) -> Option<&Name> {
        if let Strategy::Other(field) = self { Some(field) } else { None }
    }

    /// The field of the person's account that it is.
    pub fn account_field(&self) -> Option<&Name> {
        if let Strategy::Account(field) = self { Some(field) } else { None }
    }

    /// Whether it matters how old a system's values are, or which of several is newer.
    pub(super) fn goes_by_age_of(&self, system: &Name) -> bool {
        let among_equals = |band: &Band| band.0.len() > 1 && band.0.iter().any(|ranked| ranked.system == *system);
        match self {
            Strategy::Newest(all) | Strategy::Oldest(all) | Strategy::First(all) | Strategy::Most(all) => all.contains(system),
            _ => self.bands().iter().any(among_equals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_names_its_systems_and_those_whose_age_matters() {
        let names = |all: &[&str]| all.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        let band = |all: &[&str]| Band(names(all).into_iter().map(RankedSystem::from).collect());
        let order = || vec![band(&["a"]), band(&["b", "c"])];
        for (strategy, systems, by_age) in [
            (Strategy::Order(order()), &["a", "b", "c"][..], &["b", "c"][..]),
            (Strategy::Fill(order()), &["a", "b", "c"], &["b", "c"]),
            (Strategy::Only("a".into()), &["a"], &[]),
            (Strategy::Newest(names(&["a", "b"])), &["a", "b"], &["a", "b"]),
            (Strategy::Most(names(&["a", "b"])), &["a", "b"], &["a", "b"]),
            (Strategy::First(names(&["a", "b"])), &["a", "b"], &["a", "b"]),
            (Strategy::Sum(names(&["a", "b"])), &["a", "b"], &[]),
            (Strategy::Other("street".into()), &[], &[]),
            (Strategy::Never, &[], &[]),
            (Strategy::Account("industry".into()), &[], &[]),
        ] {
            assert_eq!(strategy.systems().cloned().collect::<Vec<_>>(), names(systems), "{strategy:?}");
            let aged: Vec<Name> = names(&["a", "b", "c"]).into_iter().filter(|system| strategy.goes_by_age_of(system)).collect();
            assert_eq!(aged, names(by_age), "{strategy:?}");
        }
    }
}
