//! A person as expressions see it: fields as the merge makes them, each by its own condition.

use crate::engine::rules::needs::Needs;
use crate::merge::rules::{FieldRule, Precedence};
use crate::merge::{ConditionState, Unknown};
use crate::model::expression::{Declared, EvaluationError, Facts};
use crate::model::{Name, Record, Time, Value};
use std::cell::RefCell;

/// What the merge makes of a field once it is known how its condition comes out.
pub type JudgeField<'a> = dyn Fn(&FieldRule, &Name, ConditionState) -> Result<Option<Value>, Unknown> + 'a;

/// Each condition is asked once, and only where something asks for its field: conditions ask for fields with conditions.
pub struct AskedPerson<'a> {
    precedence: &'a Precedence,
    needs: &'a Needs,
    /// The person's own, and whether there may be more.
    deals: (&'a [&'a Record], bool),
    tickets: (&'a [&'a Record], bool),
    /// Days are counted up to then.
    now: Time,
    judge: &'a JudgeField<'a>,
    conditions: RefCell<Vec<(Name, Asked)>>,
}

/// A condition that is being asked, or was.
#[derive(Clone)]
enum Asked {
    Asking,
    Said(Result<ConditionState, EvaluationError>),
}

impl<'a> AskedPerson<'a> {
    pub fn new(
        precedence: &'a Precedence,
        needs: &'a Needs,
        deals: (&'a [&'a Record], bool),
        tickets: (&'a [&'a Record], bool),
        now: Time,
        judge: &'a JudgeField<'a>,
    ) -> AskedPerson<'a> {
        AskedPerson { precedence, needs, deals, tickets, now, judge, conditions: RefCell::default() }
    }

    /// The facts for expressions that ask for no more person fields than these.
    pub fn facts<'f>(&'f self, declared: &'f Declared) -> Facts<'f> {
        let facts = Facts::person(declared, &|name| self.field(name), self.deals.0, self.tickets.0, self.now);
        facts.with_more(self.deals.1, self.tickets.1)
    }

    /// How the condition of a field's rule comes out.
    pub fn condition(&self, rule: &FieldRule, name: &Name) -> Result<ConditionState, EvaluationError> {
        let Some(condition) = &rule.when else { return Ok(ConditionState::None) };
        let known = self.conditions.borrow().iter().position(|(known, _)| known == name);
        if let Some(at) = known {
            return match &self.conditions.borrow()[at].1 {
                // It asks for its own field: that is the value by the rule's first part.
                Asked::Asking => Ok(ConditionState::None),
                Asked::Said(said) => said.clone(),
            };
        }
        let at = self.conditions.borrow().len();
        self.conditions.borrow_mut().push((name.clone(), Asked::Asking));
        let holds = condition.when.test(&self.facts(self.needs.of_condition(name)));
        let said = holds.map(|holds| if holds { ConditionState::True } else { ConditionState::False });
        self.conditions.borrow_mut()[at].1 = Asked::Said(said.clone());
        said
    }

    fn field(&self, name: &Name) -> Result<Option<Value>, EvaluationError> {
        let Some(rule) = self.precedence.rule(name) else { return Ok(None) };
        let condition = self.condition(rule, name)?;
        (self.judge)(rule, name, condition).map_err(|unknown| match unknown {
            Unknown::Unreadable => EvaluationError::Unreadable(name.clone()),
            Unknown::NotRead | Unknown::Condition => EvaluationError::NotRead(name.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rules;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::{Condition, Strategy};
    use crate::model::expression::{Expression, FieldType, Scope};
    use std::cell::Cell;
    use std::collections::BTreeMap;

    /// Rules for text fields, each with a condition or none.
    fn rules_of(fields: &[(&str, Option<&str>)]) -> Rules {
        let mut all = Rules::clone(&rules("a", &[]));
        all.declared =
            Declared { person: fields.iter().map(|(name, _)| ((*name).into(), FieldType::Text)).collect(), ..Declared::default() };
        let declared = all.declared.clone();
        let rule = |when: &Option<&str>| FieldRule {
            when: when.map(|when| Condition { when: Expression::compile(when, Scope::Person, &declared).unwrap(), otherwise: Vec::new() }),
            ..FieldRule::of(Strategy::Only("crm".into()), "precedence.toml:2".into())
        };
        all.precedence.fields = fields.iter().map(|(name, when)| ((*name).into(), rule(when).into())).collect();
        all
    }

    /// How each field's condition comes out. `yes`: fields that are "yes" where their condition holds or they have none; all others, and
    /// where it does not hold, are "no".
    fn asked(rules: &Rules, yes: &[&str], names: &[&str]) -> (Vec<Option<ConditionState>>, usize) {
        let (needs, judged) = (Needs::of(rules), Cell::new(0));
        let judge = |_: &FieldRule, name: &Name, condition: ConditionState| {
            judged.set(judged.get() + 1);
            if &**name == "torn" {
                return Err(Unknown::Unreadable);
            }
            let holds = condition != ConditionState::False && yes.contains(&&**name);
            Ok(Some(Value::text(if holds { "yes" } else { "no" })))
        };
        let person = AskedPerson::new(&rules.precedence, &needs, (&[], false), (&[], false), Time(0), &judge);
        let told = names.iter().map(|name| person.condition(rules.precedence.rule(&(*name).into()).unwrap(), &(*name).into()).ok());
        (told.collect(), judged.get())
    }

    #[test]
    fn a_condition_sees_what_other_conditions_lead_to_however_deep() {
        use ConditionState::{False, None as Without, True};
        let fields = [
            ("plain", None),
            ("one", Some("person.plain == 'yes'")),
            ("two", Some("person.one == 'yes'")),
            ("three", Some("person.two == 'yes' && person.one == 'yes'")),
            ("own", Some("person.own == 'yes'")),
            ("torn", None),
            ("lost", Some("person.torn == 'yes'")),
        ];
        let rules = rules_of(&fields);
        let names = ["plain", "one", "two", "three", "own", "lost"];
        let all = ["plain", "one", "two", "three", "own"];
        assert_eq!(asked(&rules, &all, &names).0, [Some(Without), Some(True), Some(True), Some(True), Some(True), None]);
        // The first is no: then none of those that hang on it.
        assert_eq!(asked(&rules, &all[1..], &names).0, [Some(Without), Some(False), Some(False), Some(False), Some(True), None]);
        let backwards: Vec<&str> = names.into_iter().rev().collect();
        assert_eq!(asked(&rules, &all[1..], &backwards).0, [None, Some(True), Some(False), Some(False), Some(False), Some(Without)]);
    }

    /// Twelve fields of which each asks for all before it: asked one by one by each other they would be asked thousands of times.
    #[test]
    fn each_condition_is_asked_once() {
        let names: Vec<String> = (0..12).map(|n| format!("f{n:02}")).collect();
        let whens: BTreeMap<&str, String> = names
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, name)| {
                (name.as_str(), names[..n].iter().map(|other| format!("person.{other} == 'yes'")).collect::<Vec<_>>().join(" || "))
            })
            .collect();
        let fields: Vec<(&str, Option<&str>)> =
            names.iter().map(|name| (name.as_str(), whens.get(name.as_str()).map(String::as_str))).collect();
        let (told, judged) = asked(&rules_of(&fields), &["f00"], &["f11"]);
        assert_eq!(told, [Some(ConditionState::True)]);
        assert_eq!(judged, (1..12).sum::<usize>(), "each pair once");
    }

    /// Such rules are refused at load; those that an older version took end all the same.
    #[test]
    fn conditions_that_ask_for_each_other_end() {
        let rules = rules_of(&[("a", Some("person.b == 'yes'")), ("b", Some("person.a == 'yes'"))]);
        assert_eq!(asked(&rules, &["a", "b"], &["a"]).0, [Some(ConditionState::True)]);
    }
}
