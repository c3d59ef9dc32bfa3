//! `person.relationship`: rules of the users' own, under one name. What asks for it asks for them.

use super::Expression;
use super::datum::Datum;
use super::error::EvaluationError;
use super::facts::Facts;
use crate::model::Name;
use std::borrow::Cow;
use std::sync::Arc;

/// The name by which expressions ask.
pub const RELATIONSHIP: &str = "relationship";

/// Names with their rules, in order: the first that is true is the person's. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Relationships(Arc<[(Name, Expression)]>);

impl Relationships {
    pub fn new(rules: impl IntoIterator<Item = (Name, Expression)>) -> Relationships {
        Relationships(rules.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Expression> {
        self.0.iter().map(|(_, rule)| rule)
    }

    /// The first whose rule is true; `None`: none is. One that cannot be told hides those behind it: it might be the one.
    pub fn of(&self, facts: &Facts) -> Result<Option<&Name>, EvaluationError> {
        for (name, rule) in self.0.iter() {
            if rule.test(facts)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    pub(super) fn datum<'a>(&'a self, facts: &Facts) -> Result<Datum<'a>, EvaluationError> {
        Ok(self.of(facts)?.map_or(Datum::Null, |name| Datum::Text(Cow::Borrowed(name))))
    }
}

/// By what they say.
impl PartialEq for Relationships {
    fn eq(&self, other: &Relationships) -> bool {
        let said = |of: &Relationships| of.0.iter().map(|(name, rule)| (name.clone(), rule.source().to_string())).collect::<Vec<_>>();
        said(self) == said(other)
    }
}

impl Eq for Relationships {}
