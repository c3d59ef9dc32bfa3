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

/// Asks the rules in order. A rule that errs leaves the status unknown: what comes after it would be a guess.
pub fn status<'a>(policy: &'a Policy, facts: &Facts) -> LeadStatus<'a> {
    for rule in &policy.statuses {
        match rule.when.test(facts) {
            Ok(true) => return LeadStatus::Is(rule),
            Ok(false) => {}
            Err(error) => return LeadStatus::Unknown { rule, error },
        }
    }
    LeadStatus::None
}
