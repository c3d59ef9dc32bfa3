//! What precedence.toml says, as types.

use super::ignored::Ignored;
pub use super::strategy::{Band, RankedSystem, Strategy};
use super::valid::Valid;
use crate::model::{ByName, Expression, Name, Span, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a candidate counts for nothing: the rule says so of this value.
pub const IGNORED: &str = "the rule ignores this value";
/// The same: it does not look like a value of the field.
pub const INVALID: &str = "not valid";

/// Whose value counts, field by field.
#[derive(Debug, Clone, Default)]
pub struct Precedence {
    /// For fields without a rule of their own.
    pub default: Option<Arc<FieldRule>>,
    pub fields: ByName<Arc<FieldRule>>,
    /// Of accounts: whose value counts. A field without a rule here is none of theirs.
    pub accounts: ByName<Arc<FieldRule>>,
}

impl Precedence {
    /// The rule for a field, if any counts for it.
    pub fn rule(&self, field: &Name) -> Option<&Arc<FieldRule>> {
        self.fields.get(field).or(self.default.as_ref())
    }

    /// Whether a field may take its value from a system, whatever its conditions say.
    pub fn may_ask(&self, field: &Name, system: &Name) -> bool {
        let asks = |rule: &FieldRule| rule.strategies().flat_map(Strategy::systems).any(|asked| asked == system);
        self.rule(field)
            .is_some_and(|rule| asks(rule) || rule.leading_fields().filter_map(|leading| self.rule(leading)).any(|rule| asks(rule)))
    }

    /// Whether the first value of some field stays.
    pub fn keeps_firsts(&self) -> bool {
        self.fields.values().chain(&self.default).any(|rule| rule.strategies().any(Strategy::keeps_first))
    }

    /// The one field that stands for all of a field's group; without a group the field itself.
    fn standing_for<'n>(&'n self, field: &'n Name) -> &'n Name {
        self.rule(field).map_or(field, |rule| rule.standing_for(field))
    }

    /// The fields that a field's rule asks for, in conditions or to follow their winner, by those that stand for them.
    fn asked(&self, field: &Name) -> Vec<Name> {
        let asked = |rule: &Arc<FieldRule>| rule.asked_fields().map(|asked| self.standing_for(asked).clone()).collect();
        self.rule(field).map(asked).unwrap_or_default()
    }

    /// Fields, two or more, of which each has a rule that asks for the next, and the last for the first: none can be told before the
    /// others.
    pub fn circle(&self) -> Option<Vec<Name>> {
        let mut done: BTreeSet<Name> = BTreeSet::new();
        let rules = self.fields.values().chain(&self.default);
        let starts = rules.flat_map(|rule| rule.asked_fields());
        for start in self.fields.iter().map(|(name, _)| name).chain(starts).map(|name| self.standing_for(name)) {
            // The way from the start to a field, each step with the fields that are still to be looked at.
            let mut way: Vec<(Name, Vec<Name>)> = vec![(start.clone(), self.asked(start))];
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
                let more = self.asked(&next);
                way.push((next, more));
            }
        }
        None
    }
}

/// How one field's value is found.
#[derive(Debug, Clone)]
pub struct FieldRule {
    /// Asked in turn: the first whose condition holds says how. Where one before it cannot be told, the field is left alone.
    pub cases: Vec<Case>,
    /// How, where no case holds.
    pub strategy: Strategy,
    pub blank: Blank,
    /// A value older than this does not count, but for sources with an age of their own.
    pub max_age: Option<Span>,
    /// Where a value that counts was typed by a person in one of these systems, copies do not count.
    pub typed: Vec<Name>,
    /// Values that count for nothing.
    pub ignored: Ignored,
    /// What a value must look like to count.
    pub valid: Option<Valid>,
    /// The fields that come from one record with it.
    pub group: Option<Arc<FieldGroup>>,
    /// `precedence.toml:LINE`
    pub rule: Name,
}

/// Fields whose values all come from one record, as the parts of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldGroup {
    /// What precedence.toml calls them together.
    pub name: Name,
    /// In order, two or more. Each has the group's rule.
    pub fields: Vec<Name>,
}

/// A part of a rule that counts under a condition.
#[derive(Debug, Clone)]
pub struct Case {
    pub when: Expression,
    pub strategy: Strategy,
}

/// Which part of a rule counts for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulePart {
    /// By its place.
    Case(usize),
    /// No case holds, or there is none.
    Otherwise,
    /// It could not be told: the field is left alone.
    Unknown,
}

impl FieldRule {
    /// One that says no more than this.
    pub fn of(strategy: Strategy, rule: Name) -> FieldRule {
        let (cases, max_age, typed, ignored, valid, group) = Default::default();
        FieldRule { cases, strategy, blank: Blank::Skipped, max_age, typed, ignored, valid, group, rule }
    }

    /// The one field that stands for all of the rule's group; without a group the rule's own field.
    pub fn standing_for<'n>(&'n self, field: &'n Name) -> &'n Name {
        self.group.as_ref().and_then(|group| group.fields.first()).unwrap_or(field)
    }

    /// Why a value counts for nothing, wherever its system ranks.
    pub fn takes_for_nothing(&self, value: &Value, system: &str) -> Option<&'static str> {
        match &self.valid {
            _ if self.ignored.covers(value) => Some(IGNORED),
            Some(valid) if valid.keeps_out(value, system) => Some(INVALID),
            _ => None,
        }
    }

    /// The part that stands first: what a condition sees of its own field.
    pub fn first_part(&self) -> RulePart {
        if self.cases.is_empty() { RulePart::Otherwise } else { RulePart::Case(0) }
    }

    /// How the value is found by a part.
    pub fn strategy_of(&self, part: RulePart) -> Option<&Strategy> {
        match part {
            RulePart::Case(place) => self.cases.get(place).map(|case| &case.strategy),
            RulePart::Otherwise => Some(&self.strategy),
            RulePart::Unknown => None,
        }
    }

    /// Whether a value's weight hangs on what other records show, so that a write over one of these may change what wins, or who keeps their
    /// own: most of them, or whether somebody typed one.
    pub fn weighs_others(&self) -> bool {
        !self.typed.is_empty() || self.strategies().any(|strategy| matches!(strategy, Strategy::Most(_)))
    }

    /// The strategies of all its parts.
    pub fn strategies(&self) -> impl Iterator<Item = &Strategy> {
        self.cases.iter().map(|case| &case.strategy).chain([&self.strategy])
    }

    /// The fields of the person's account that it is, or asks for in a condition.
    pub fn account_fields(&self) -> impl Iterator<Item = &Name> {
        let asked = self.conditions().flat_map(Expression::account_fields);
        self.strategies().filter_map(Strategy::account_field).chain(asked)
    }

    /// The conditions of its cases.
    pub fn conditions(&self) -> impl Iterator<Item = &Expression> {
        self.cases.iter().map(|case| &case.when)
    }

    /// The fields whose winners it follows.
    pub fn leading_fields(&self) -> impl Iterator<Item = &Name> {
        self.strategies().filter_map(Strategy::leading_field)
    }

    /// The fields that its conditions ask for, and those whose winners it follows.
    pub fn asked_fields(&self) -> impl Iterator<Item = &Name> {
        self.conditions().flat_map(Expression::person_fields).chain(self.leading_fields())
    }

    /// The systems of its orders, whichever of them counts.
    fn ranked(&self) -> impl Iterator<Item = &RankedSystem> {
        self.strategies().flat_map(Strategy::bands).flat_map(|band| &band.0)
    }

    /// Whether values of some system can grow too old.
    pub fn has_ages(&self) -> bool {
        self.max_age.is_some() || self.ranked().any(|ranked| ranked.max_age.is_some())
    }

    /// Whether it matters how old a system's values are, or which of several is newer.
    pub fn goes_by_age_of(&self, system: &Name) -> bool {
        let grows_old = self.may_ask(system) && self.ages_of(system).next().is_some();
        grows_old || self.strategies().any(|strategy| strategy.goes_by_age_of(system))
    }

    /// At which ages a system's value may come to count no more; with cases it may be several.
    pub(super) fn ages_of(&self, system: &Name) -> impl Iterator<Item = Span> {
        self.ranked().filter(move |ranked| ranked.system == *system).filter_map(|ranked| ranked.max_age).chain(self.max_age)
    }

    /// Whether a system's values are asked for, whichever of its parts counts. Another field that is followed may lead to any.
    pub fn may_ask(&self, system: &Name) -> bool {
        self.strategies().any(|strategy| strategy.leading_field().is_some() || strategy.systems().any(|asked| asked == system))
    }
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
            let cases = when.map(|when| Case { when, strategy: Strategy::Only("crm".into()) }).into_iter().collect();
            Arc::new(FieldRule { cases, ..FieldRule::of(Strategy::Only("crm".into()), "p:1".into()) })
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
                let rule = precedence.rule(pair.0).unwrap();
                assert!(rule.asked_fields().any(|asked| asked == pair.1) && found.as_ref().unwrap().len() > 1, "{rules:?} {found:?}");
            }
        }
    }

    #[test]
    fn fields_of_one_group_are_one_in_a_circle() {
        for (rules, circle) in [
            (&[("a", &["b"][..]), ("b", &["b"]), ("c", &[])][..], false),
            (&[("a", &["c"]), ("b", &["c"]), ("c", &[])], false),
            (&[("a", &["c"]), ("b", &["c"]), ("c", &["b"])], true),
        ] {
            let mut precedence = asking(rules);
            let group = Arc::new(FieldGroup { name: "g".into(), fields: vec!["a".into(), "b".into()] });
            for name in ["a", "b"] {
                let rule = FieldRule::clone(precedence.rule(&name.into()).unwrap());
                precedence.fields.insert(name.into(), FieldRule { group: Some(group.clone()), ..rule }.into());
            }
            assert_eq!(precedence.circle().is_some(), circle, "{rules:?}");
        }
    }

    #[test]
    fn a_field_that_follows_another_asks_for_it_and_for_its_systems() {
        let mut precedence = asking(&[("a", &[]), ("b", &["c"]), ("c", &[])]);
        let follows = |field: &str| Arc::new(FieldRule::of(Strategy::Other(field.into()), "p:1".into()));
        precedence.fields.insert("c".into(), follows("a"));
        assert!(precedence.circle().is_none());
        assert!(precedence.may_ask(&"c".into(), &"crm".into()) && !precedence.may_ask(&"c".into(), &"ma".into()));
        precedence.fields.insert("a".into(), follows("b"));
        assert_eq!(precedence.circle().map(|circle| circle.len()), Some(3));
    }
}
