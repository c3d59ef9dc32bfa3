//! The lead status: the first rule that is true.

use super::rules::{Policy, StatusRule};
use crate::model::expression::{EvaluationError, Facts};

/// What the rules say of a person's status.
#[derive(Debug, Clone)]
pub enum LeadStatus<'a> {
    Is(&'a StatusRule),
    /// No rule is true.
    None,
    /// A rule could not be evaluated: the status is left as it is, and reported.
    Unknown {
        rule: &'a StatusRule,
        error: EvaluationError,
    },
}

/// Asks the rules of statuses in order.
pub fn status<'a>(policy: &'a Policy, facts: &Facts) -> LeadStatus<'a> {
    first_true(&policy.statuses, facts)
}

/// Asks rules in order. One that errs leaves it unknown: what comes after it would be a guess.
pub fn first_true<'a>(rules: &'a [StatusRule], facts: &Facts) -> LeadStatus<'a> {
    for rule in rules {
        match rule.when.test(facts) {
            Ok(true) => return LeadStatus::Is(rule),
            Ok(false) => {}
            Err(error) => return LeadStatus::Unknown { rule, error },
        }
    }
    LeadStatus::None
}
