//! The lead status: the first rule that is true.

use super::rules::StatusRule;
use crate::model::expression::EvaluationError;

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

/// Asks rules in order. One that errs leaves it unknown: what comes after it would be a guess.
pub fn first_true<'a>(rules: &'a [StatusRule], test: impl Fn(&StatusRule) -> Result<bool, EvaluationError>) -> LeadStatus<'a> {
    for rule in rules {
        match test(rule) {
            Ok(true) => return LeadStatus::Is(rule),
            Ok(false) => {}
            Err(error) => return LeadStatus::Unknown { rule, error },
        }
    }
    LeadStatus::None
}
