//! What the expressions of the rules speak of.

use crate::config::Rules;
use crate::merge::rules::FieldRule;
use crate::model::expression::{DaysAsked, Declared, Expression};
use crate::model::{ByName, Name};
use std::collections::BTreeSet;

/// What the expressions of the rules speak of, so that nothing else is made ready for them.
#[derive(Debug, Clone)]
pub struct Needs {
    pub deals: bool,
    pub tickets: bool,
    /// The fields of a person's account that some rule or expression asks for.
    pub account_fields: BTreeSet<Name>,
    /// The numbers of days that some expression asks for: then people are looked at again as these turn.
    pub days: DaysAsked,
    /// Some field's first value stays.
    pub keeps_firsts: bool,
    /// The person fields that some expression reads.
    pub declared: Declared,
    /// Those that statuses read.
    pub of_statuses: Declared,
    /// Those that the conditions of a field read, for fields with a rule of their own; and those of the rule of all others.
    of_fields: ByName<Declared>,
    of_default: Declared,
}

impl Needs {
    pub fn of(rules: &Rules) -> Needs {
        let fields = rules.precedence.fields.values().chain(&rules.precedence.default);
        let conditions = fields.flat_map(|rule| rule.conditions());
        let of_rules = rules.precedence.fields.values().chain(&rules.precedence.default).flat_map(|rule| rule.account_fields());
        let by_rules = rules.policy.statuses.iter().chain(&rules.policy.relationships).map(|rule| &rule.when);
        let of_statuses = by_rules.clone().flat_map(Expression::account_fields);
        let all: Vec<&Expression> = by_rules.chain(conditions).collect();
        Needs {
            deals: all.iter().any(|e| e.needs_deals()),
            tickets: all.iter().any(|e| e.needs_tickets()),
            account_fields: of_statuses.chain(of_rules).cloned().collect(),
            keeps_firsts: rules.precedence.keeps_firsts(),
            days: all.iter().map(|e| e.days_asked()).fold(DaysAsked::default(), DaysAsked::and),
            declared: rules.declared.narrowed(all.iter().copied()),
            of_statuses: rules.declared.narrowed(rules.policy.statuses.iter().map(|s| &s.when)),
            of_fields: rules.precedence.fields.iter().map(|(name, rule)| (name.clone(), of_rule(rule, &rules.declared))).collect(),
            of_default: rules.precedence.default.as_ref().map(|rule| of_rule(rule, &rules.declared)).unwrap_or_default(),
        }
    }

    /// The person fields that the conditions of a field read.
    pub fn of_condition(&self, name: &Name) -> &Declared {
        self.of_fields.get(name).unwrap_or(&self.of_default)
    }
}

fn of_rule(rule: &FieldRule, declared: &Declared) -> Declared {
    declared.narrowed(rule.conditions())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::StatusRule;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::{Case, FieldRule, Strategy};
    use crate::model::expression::{FieldType, Scope};

    fn expression(when: &str, declared: &Declared) -> Expression {
        Expression::compile(when, Scope::Person, declared).unwrap()
    }

    #[test]
    fn the_accounts_fields_are_asked_for_by_statuses_conditions_and_rules() {
        let declared =
            Declared { account: [("size".into(), FieldType::Int), ("industry".into(), FieldType::Text)].into(), ..Declared::default() };
        let mut all = Rules::clone(&rules("a", &[]));
        all.declared = declared.clone();
        assert!(Needs::of(&all).account_fields.is_empty());
        let status =
            StatusRule { name: "large".into(), when: expression("account.size > 9", &declared), by: None, rule: "policy.toml:2".into() };
        all.policy.statuses.push(status);
        let own = FieldRule::of(Strategy::Account("industry".into()), "precedence.toml:2".into());
        all.precedence.fields = [("industry".into(), own.into())].into_iter().collect();
        let case = Case {
            when: expression("account.city == 'x'", &Declared { account: [("city".into(), FieldType::Text)].into(), ..declared }),
            strategy: Strategy::Never,
        };
        all.precedence.default = Some(FieldRule { cases: vec![case], ..FieldRule::of(Strategy::Never, "precedence.toml:3".into()) }.into());
        let needs = Needs::of(&all);
        assert_eq!(needs.account_fields.iter().map(|name| &**name).collect::<Vec<_>>(), ["city", "industry", "size"]);
        assert_eq!(needs.of_statuses.account.keys().map(|name| &**name).collect::<Vec<_>>(), ["size"]);
    }

    /// Each expression as a status, as the condition of one field, and as that of the default.
    #[test]
    fn what_some_expression_speaks_of_is_needed_wherever_it_stands() {
        let declared =
            Declared { person: [("score".into(), FieldType::Number), ("plan".into(), FieldType::Text)].into(), ..Declared::default() };
        for (when, deals, tickets, days, field) in [
            ("true", false, false, false, None),
            ("deals.exists(d, d.open)", true, false, false, None),
            ("tickets.exists(t, t.open)", false, true, false, None),
            ("deals.exists(d, d.closed_days < 30)", true, false, true, None),
            ("person.score != null", false, false, false, Some("score")),
        ] {
            let case = Case { when: expression(when, &declared), strategy: Strategy::Newest(Vec::new()) };
            let field_rule = FieldRule { cases: vec![case], ..FieldRule::of(Strategy::Never, "precedence.toml:2".into()) };
            for place in 0..3 {
                let mut rules = Rules::clone(&rules("a", &[]));
                rules.declared = declared.clone();
                match place {
                    0 => {
                        let status =
                            StatusRule { name: "lead".into(), when: expression(when, &declared), by: None, rule: "policy.toml:2".into() };
                        rules.policy.statuses.push(status);
                    }
                    1 => rules.precedence.fields = [("phone".into(), field_rule.clone().into())].into_iter().collect(),
                    _ => rules.precedence.default = Some(field_rule.clone().into()),
                }
                let needs = Needs::of(&rules);
                let read: Vec<&str> = needs.declared.person.keys().map(|name| &**name).collect();
                assert_eq!((needs.deals, needs.tickets, read), (deals, tickets, field.into_iter().collect()), "{when} in place {place}");
                assert_eq!(needs.days.is_none(), !days, "{when} in place {place}");
            }
        }
    }
}
