//! The values that an expression reckons with.

use super::error::{EvaluationError, LIST_MAX};
use crate::model::value::compare_int;
use crate::model::{Record, ShortText};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value while an expression is answered.
#[derive(Debug, Clone)]
pub(super) enum Datum<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(Cow<'a, str>),
    /// Milliseconds.
    Time(i64),
    Texts(&'a [ShortText]),
    Records(&'a [&'a Record]),
    List(Vec<Datum<'a>>),
    Record(&'a Record),
    /// What is at hand of a list that may hold more; of what there may be more.
    Part(Box<Datum<'a>>, &'static str),
}

/// The checker has seen to the types, so this is only met when facts of another scope are handed in.
pub(super) const OTHER_SCOPE: EvaluationError = EvaluationError::OtherScope;

impl<'a> Datum<'a> {
    /// Visits a list's entries; null is the empty list.
    pub(super) fn each(&self, mut visit: impl FnMut(&Datum<'a>) -> Result<(), EvaluationError>) -> Result<(), EvaluationError> {
        match self {
            Datum::Null => Ok(()),
            Datum::Texts(l) => l.iter().try_for_each(|t| visit(&Datum::Text(Cow::Borrowed(t)))),
            Datum::Records(l) => l.iter().try_for_each(|r| visit(&Datum::Record(r))),
            Datum::List(l) if l.len() > LIST_MAX => Err(EvaluationError::TooMany { what: "list entries", count: l.len() }),
            Datum::List(l) => l.iter().try_for_each(visit),
            Datum::Part(at_hand, _) => at_hand.each(visit),
            _ => Err(OTHER_SCOPE),
        }
    }

    pub(super) fn or_part(self, more: Option<&'static str>) -> Datum<'a> {
        match more {
            Some(what) => Datum::Part(Box::new(self), what),
            None => self,
        }
    }

    /// Of what there may be more than this list shows.
    pub(super) fn more(&self) -> Option<&'static str> {
        if let Datum::Part(_, what) = self { Some(what) } else { None }
    }

    pub(super) fn may_be_more(&self) -> Option<EvaluationError> {
        self.more().map(EvaluationError::MayBeMore)
    }

    /// The datum, unless it is or holds a list that may hold more: then nothing can be said of it as a whole.
    pub(super) fn whole(self) -> Result<Datum<'a>, EvaluationError> {
        match self {
            Datum::Part(_, what) => Err(EvaluationError::MayBeMore(what)),
            Datum::List(items) => Ok(Datum::List(items.into_iter().map(Datum::whole).collect::<Result<_, _>>()?)),
            other => Ok(other),
        }
    }

    /// Whether the test holds for an entry; an error counts only if it holds for none, as what may be there beside them does.
    pub(super) fn any(&self, mut test: impl FnMut(&Datum<'a>) -> Result<bool, EvaluationError>) -> Result<bool, EvaluationError> {
        let (mut failed, mut found) = (None, false);
        self.each(|entry| {
            if !found {
                match test(entry) {
                    Ok(holds) => found = holds,
                    Err(e) => failed = Some(e),
                }
            }
            Ok(())
        })?;
        match failed.or(self.may_be_more()) {
            Some(e) if !found => Err(e),
            _ => Ok(found),
        }
    }
}

/// Null equals null only; an int equals the number of the same value.
pub(super) fn equal(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Record(a), Datum::Record(b)) => a.id == b.id,
        (Datum::Texts(a), Datum::Texts(b)) => a == b,
        (Datum::Texts(texts), Datum::List(list)) | (Datum::List(list), Datum::Texts(texts)) => {
            texts.len() == list.len() && texts.iter().zip(list).all(|(t, d)| matches!(d, Datum::Text(d) if **d == **t))
        }
        // An empty list is held as nothing.
        (Datum::Null, Datum::List(list)) | (Datum::List(list), Datum::Null) => list.is_empty(),
        (Datum::List(a), Datum::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => compare(a, b) == Some(Ordering::Equal),
    }
}

/// `None` where there is no order: null, NaN, or other types.
pub(super) fn compare(a: &Datum, b: &Datum) -> Option<Ordering> {
    match (a, b) {
        (Datum::Int(a), Datum::Int(b)) => Some(a.cmp(b)),
        (Datum::Number(a), Datum::Number(b)) => a.partial_cmp(b),
        (Datum::Int(a), Datum::Number(b)) => compare_int(*a, *b),
        (Datum::Number(a), Datum::Int(b)) => compare_int(*b, *a).map(Ordering::reverse),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        (Datum::Time(a), Datum::Time(b)) => Some(a.cmp(b)),
        (Datum::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
