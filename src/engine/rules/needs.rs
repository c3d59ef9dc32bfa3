//! What the expressions of the rules speak of.

use crate::config::Rules;
use crate::model::expression::{Declared, Expression};

/// What the expressions of the rules speak of, so that nothing else is made ready for them.
#[derive(Debug, Clone)]
pub struct Needs {
    pub deals: bool,
    pub tickets: bool,
    /// The person fields that some expression reads.
    pub declared: Declared,
}

impl Needs {
    pub fn of(rules: &Rules) -> Needs {
        let fields = rules.precedence.fields.values().chain(&rules.precedence.default);
        let conditions = fields.filter_map(|r| r.when.as_ref().map(|w| &w.when));
        let all: Vec<&Expression> = rules.policy.statuses.iter().map(|s| &s.when).chain(conditions).collect();
        Needs {
            deals: all.iter().any(|e| e.needs_deals()),
            tickets: all.iter().any(|e| e.needs_tickets()),
            declared: rules.declared.narrowed(all.iter().copied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::StatusRule;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::{Blank, Condition, FieldRule, Strategy};
    use crate::model::expression::{FieldType, Scope};

    fn expression(when: &str, declared: &Declared) -> Expression {
        Expression::compile(when, Scope::Person, declared).unwrap()
    }

    /// Each expression as a status, as the condition of one field, and as that of the default.
    #[test]
    fn what_some_expression_speaks_of_is_needed_wherever_it_stands() {
        let declared =
            Declared { person: [("score".into(), FieldType::Number), ("plan".into(), FieldType::Text)].into(), ..Declared::default() };
        for (when, deals, tickets, field) in [
            ("true", false, false, None),
            ("deals.exists(d, d.open)", true, false, None),
            ("tickets.exists(t, t.open)", false, true, None),
            ("person.score != null", false, false, Some("score")),
        ] {
            let condition = Condition { when: expression(when, &declared), otherwise: Vec::new() };
            let (strategy, rule) = (Strategy::Newest(Vec::new()), "precedence.toml:2".into());
            let field_rule = FieldRule { strategy, blank: Blank::Skipped, max_age: None, when: Some(condition), rule };
            for place in 0..3 {
                let mut rules = Rules::clone(&rules("a", &[]));
                rules.declared = declared.clone();
                match place {
                    0 => {
                        let status = StatusRule { name: "lead".into(), when: expression(when, &declared), rule: "policy.toml:2".into() };
                        rules.policy.statuses.push(status);
                    }
                    1 => rules.precedence.fields = [("phone".into(), field_rule.clone().into())].into_iter().collect(),
                    _ => rules.precedence.default = Some(field_rule.clone().into()),
                }
                let needs = Needs::of(&rules);
                let read: Vec<&str> = needs.declared.person.keys().map(|name| &**name).collect();
                assert_eq!((needs.deals, needs.tickets, read), (deals, tickets, field.into_iter().collect()), "{when} in place {place}");
            }
        }
    }
}
