//! What precedence.toml says, as types.

use crate::model::{ByName, Expression, Name, Span};
use std::sync::Arc;

/// Systems that rank equal: the newest of them wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band(pub Vec<RankedSystem>);

/// A system in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Whose value counts, field by field.
#[derive(Debug, Clone, Default)]
pub struct Precedence {
    /// For fields without a rule of their own.
    pub default: Option<Arc<FieldRule>>,
    pub fields: ByName<Arc<FieldRule>>,
}

impl Precedence {
    /// The rule for a field, if any counts for it.
    pub fn rule(&self, field: &Name) -> Option<&Arc<FieldRule>> {
        self.fields.get(field).or(self.default.as_ref())
    }
}

/// How one field's value is found.
#[derive(Debug, Clone)]
pub struct FieldRule {
    pub strategy: Strategy,
    pub blank: Blank,
    /// A value older than this does not count, but for sources with an age of their own.
    pub max_age: Option<Span>,
    /// Where `when` is false, `otherwise` takes the place of the strategy. Where it cannot be told, neither counts and the field is left alone.
    pub when: Option<Condition>,
    /// `precedence.toml:LINE`
    pub rule: Name,
}

impl FieldRule {
    /// Whether values of some system can grow too old.
    pub fn has_ages(&self) -> bool {
        let order = match &self.strategy {
            Strategy::Order(bands) => bands.as_slice(),
            _ => &[],
        };
        let otherwise = self.when.iter().flat_map(|condition| &condition.otherwise);
        self.max_age.is_some() || order.iter().chain(otherwise).flat_map(|band| &band.0).any(|system| system.max_age.is_some())
    }
}

#[derive(Debug, Clone)]
pub struct Condition {
    pub when: Expression,
    pub otherwise: Vec<Band>,
}

#[derive(Debug, Clone)]
pub enum Strategy {
    /// The first band that holds a value; within it the newest.
    Order(Vec<Band>),
    /// That system's value, or none at all.
    Only(Name),
    Newest(Vec<Name>),
    Oldest(Vec<Name>),
    Max(Vec<Name>),
    Min(Vec<Name>),
    /// All entries of all systems' lists; an entry that a system had at the last agreement and has no more was removed there.
    Union(Vec<Name>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// An empty value is passed over.
    Skipped,
    /// A value that somebody emptied counts as a value; one that was never seen set is passed over.
    Wins,
    /// Any empty value counts as a value.
    Clears,
}
