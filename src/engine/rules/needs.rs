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
