//! An expression as it is kept.

use super::error::{EvaluationError, ExpressionError};
use super::facts::Facts;
use super::scope::{NeededFacts, Scope};
use super::tree::Node;

/// A checked expression with what was found out about it at load.
pub(super) struct Compiled {
    pub source: Box<str>,
    pub scope: Scope,
    pub node: Node,
    /// The answer, where it hangs on no fact.
    pub constant: Option<bool>,
    pub needs: NeededFacts,
    /// What is right and hardly meant.
    pub doubts: Vec<ExpressionError>,
}

impl Compiled {
    /// The answer for these facts, which must be of the expression's scope.
    pub(super) fn test(&self, facts: &Facts) -> Result<bool, EvaluationError> {
        if let Some(answer) = self.constant {
            return Ok(answer);
        }
        facts.check(self.scope, &self.needs)?;
        self.node.truth(facts, None)
    }
}
