//! What precedence.toml says, as types.

use super::ignored::Ignored;
use crate::model::{ByName, Expression, Name, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

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

    /// Fields, two or more, of which each has a condition that asks for the next, and the last for the first: none can be told before the
    /// others.
    pub fn circle(&self) -> Option<Vec<Name>> {
        let asked = |name: &Name| self.rule(name).and_then(|rule| rule.when.as_ref()).map_or(&[][..], |c| c.when.person_fields());
        let mut done: BTreeSet<Name> = BTreeSet::new();
        let rules = self.fields.values().chain(&self.default);
        let starts = rules.filter_map(|rule| rule.when.as_ref()).flat_map(|condition| condition.when.person_fields());
        for start in self.fields.iter().map(|(name, _)| name).chain(starts) {
            // The way from the start to a field, each step with the fields that are still to be looked at.
            let mut way: Vec<(Name, Vec<Name>)> = vec![(start.clone(), asked(start).to_vec())];
            while let Some((name, left)) = way.last_mut() {
                let Some(next) = left.pop() else {
                    done.insert(name.clone());
                    way.pop();
                    continue;
                };
                if next == *name || done.contains(&next) {
                    continue;
                }
                if let Some(at) = way.iter().position(|(name, _)| *name == next) {
                    return Some(way[at..].iter().map(|(name, _)| name.clone()).collect());
                }
                let more = asked(&next).to_vec();
                way.push((next, more));
            }
        }
        None
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
    /// Where a value that counts was typed by a person in one of these systems, copies do not count.
    pub typed: Vec<Name>,
    /// Values that count for nothing.
    pub ignored: Ignored,
    /// It is written only into records that hold nothing of their own.
    pub fills_only: bool,
    /// `precedence.toml:LINE`
    pub rule: Name,
}

impl FieldRule {
    /// One that says no more than this.
    pub fn of(strategy: Strategy, rule: Name) -> FieldRule {
        let (max_age, when, typed, ignored) = Default::default();
        FieldRule { strategy, blank: Blank::Skipped, max_age, when, typed, ignored, fills_only: false, rule }
    }

    /// The systems of its orders, whichever of them counts.
    fn ranked(&self) -> impl Iterator<Item = &RankedSystem> {
        let order = match &self.strategy {
            Strategy::Order(bands) => bands.as_slice(),
            _ => &[],
        };
        let otherwise = self.when.iter().flat_map(|condition| &condition.otherwise);
        order.iter().chain(otherwise).flat_map(|band| &band.0)
    }

    /// Whether values of some system can grow too old.
    pub fn has_ages(&self) -> bool {
        self.max_age.is_some() || self.ranked().any(|ranked| ranked.max_age.is_some())
    }

    /// Whether it matters how old a system's values are, or which of several is newer.
    pub fn goes_by_age_of(&self, system: &Name) -> bool {
        let among_equals = |band: &Band| band.0.len() > 1 && band.0.iter().any(|ranked| ranked.system == *system);
        let order = match &self.strategy {
            Strategy::Newest(all) | Strategy::Oldest(all) if all.contains(system) => return true,
            Strategy::Order(bands) => bands.as_slice(),
            _ => &[],
        };
        let otherwise = self.when.iter().flat_map(|condition| &condition.otherwise);
        self.may_ask(system) && self.ages_of(system).next().is_some() || order.iter().chain(otherwise).any(among_equals)
    }

    /// At which ages a system's value may come to count no more; with a condition it may be several.
    pub(super) fn ages_of(&self, system: &Name) -> impl Iterator<Item = Span> {
        self.ranked().filter(move |ranked| ranked.system == *system).filter_map(|ranked| ranked.max_age).chain(self.max_age)
    }

    /// Whether a system's values are asked for, whichever of its parts counts.
    pub fn may_ask(&self, system: &Name) -> bool {
        self.asks(system) || self.ranked().any(|ranked| ranked.system == *system)
    }

    /// Whether a system's values are asked for, where its first part counts.
    pub fn asks(&self, system: &Name) -> bool {
        match &self.strategy {
            Strategy::Order(bands) => bands.iter().flat_map(|band| &band.0).any(|ranked| ranked.system == *system),
            Strategy::Only(only) => only == system,
            Strategy::Newest(all) | Strategy::Oldest(all) | Strategy::Max(all) | Strategy::Min(all) | Strategy::Union(all) => {
                all.contains(system)
            }
        }
    }
}

#[derive(Debug, Clone)]
pub struct Condition {
    pub when: Expression,
    pub otherwise: Vec<Band>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// The first band that holds a value; within it the newest, as far as that is known.
    Order(Vec<Band>),
    /// That system's value, or none at all.
    Only(Name),
    Newest(Vec<Name>),
    Oldest(Vec<Name>),
    Max(Vec<Name>),
    Min(Vec<Name>),
    /// All entries of all systems' lists, less those that somebody took out since they were put in.
    Union(Vec<Name>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blank {
    /// An empty value is passed over.
    Skipped,
    /// A value that somebody emptied counts as a value; one that was never seen set is passed over.
    Wins,
    /// Any empty value counts as a value.
    Clears,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::expression::{Declared, FieldType, Scope};

    /// Rules whose conditions ask for these fields; "" is the rule of all others.
    fn asking(rules: &[(&str, &[&str])]) -> Precedence {
        let names = ["a", "b", "c", "d"];
        let declared = Declared { person: names.map(|name| (name.into(), FieldType::Text)).into(), ..Declared::default() };
        let rule = |asked: &[&str]| {
            let all: Vec<String> = asked.iter().map(|name| format!("person.{name} == 'x'")).collect();
            let when = (!all.is_empty()).then(|| Expression::compile(&all.join(" || "), Scope::Person, &declared).unwrap());
            let when = when.map(|when| Condition { when, otherwise: Vec::new() });
            Arc::new(FieldRule { when, ..FieldRule::of(Strategy::Only("crm".into()), "p:1".into()) })
        };
        let mut precedence = Precedence::default();
        for (name, asked) in rules {
            match *name {
                "" => precedence.default = Some(rule(asked)),
                name => drop(precedence.fields.insert(name.into(), rule(asked))),
            }
        }
        precedence
    }

    #[test]
    fn conditions_that_ask_for_each_other_are_a_circle_and_one_that_asks_for_its_own_field_is_none() {
        for (rules, circle) in [
            (&[("a", &["a"][..])][..], false),
            (&[("a", &["b"]), ("b", &[])], false),
            (&[("a", &["b"]), ("b", &["a"])], true),
            (&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &["d"])], false),
            (&[("a", &["b"]), ("b", &["c"]), ("c", &["d", "b"])], true),
            (&[("a", &["b"]), ("b", &["b", "c"]), ("c", &["a"])], true),
            // By the rule of all others.
            (&[("", &["a"])], false),
            (&[("", &["a", "b"])], true),
            (&[("", &["a"]), ("a", &["b"])], true),
            (&[("", &["a", "b"]), ("a", &[]), ("b", &[])], false),
        ] {
            let precedence = asking(rules);
            let found = precedence.circle();
            assert_eq!(found.is_some(), circle, "{rules:?} {found:?}");
            for pair in found.iter().flat_map(|found| found.iter().zip(found.iter().cycle().skip(1))) {
                let when = precedence.rule(pair.0).and_then(|rule| rule.when.as_ref()).unwrap();
                assert!(when.when.person_fields().contains(pair.1) && found.as_ref().unwrap().len() > 1, "{rules:?} {found:?}");
            }
        }
    }
}
