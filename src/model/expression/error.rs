//! What can be wrong with an expression: at load, and when it is asked.

use crate::model::Name;
use std::ops::Range;

/// The most deals, tickets or list entries that an expression is asked of. Beyond it a rule is not evaluated but held.
pub const LIST_MAX: usize = 1_000;

/// A mistake in an expression, found at load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    pub message: String,
    /// Bytes of the source.
    pub at: Range<usize>,
}

/// Why an expression could not be answered for some facts: it is unknown. Makes a hold hold and leaves a status as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    #[error("`{0}` is null where a value is needed")]
    Null(Box<str>),
    #[error("field `{0}` holds something that cannot be read")]
    Unreadable(Name),
    #[error("field `{0}` may have another value: not all that counts for it was read")]
    NotRead(Name),
    #[error("there may be more {0} than were read")]
    MayBeMore(&'static str),
    #[error("field `{field}` holds {found} where {wanted} was declared")]
    WrongType { field: Name, wanted: &'static str, found: &'static str },
    #[error("{count} {what}, more than the {LIST_MAX} an expression is asked of")]
    TooMany { what: &'static str, count: usize },
    #[error("{0}")]
    Arithmetic(&'static str),
    #[error("the expression is about another kind of record than was given")]
    OtherScope,
}

impl EvaluationError {
    /// Whether reading more may answer it, the records at hand being as they are.
    pub fn is_for_want_of_reading(&self) -> bool {
        matches!(self, EvaluationError::NotRead(_) | EvaluationError::MayBeMore(_))
    }
}
