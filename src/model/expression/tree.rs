//! The checked expression and how it is answered.

use super::declared::{FieldType, Slot};
use super::facts::{Facts, of_record};
use super::{EvaluationError, LIST_MAX};
use crate::model::{Name, Record, ShortText};
use regex::Regex;
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

#[derive(Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(Box<str>),
    Time(i64),
    List(Vec<Node>),
    PersonField(Name, FieldType),
    /// Of the one deal or ticket that the scope is about.
    RecordField(Slot),
    /// Of the record that the macro around it is at.
    ItemField(Slot),
    /// What the macro around it is at.
    Item,
    Deals,
    Tickets,
    /// Fails where the inner one is null; the text is the source of it.
    NotNull(Box<Node>, Box<str>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Equal(Box<Node>, Box<Node>),
    Ordered(Order, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Arithmetic(Sum, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Size(Box<Node>),
    TextTest(TextTest, Box<Node>, Box<Node>),
    Matches(Box<Node>, Regex),
    Exists(Box<Node>, Box<Node>),
    All(Box<Node>, Box<Node>),
    ExistsOne(Box<Node>, Box<Node>),
    Filter(Box<Node>, Box<Node>),
    Map {
        over: Box<Node>,
        only: Option<Box<Node>>,
        to: Box<Node>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

type Answer<'a> = Result<Datum<'a>, EvaluationError>;
type Item<'i, 'a> = Option<&'i Datum<'a>>;

/// The checker has seen to the types, so this is only met when facts of another scope are handed in.
const OTHER: EvaluationError = EvaluationError::OtherScope;

impl Node {
    /// The answer of a node that the checker found to be a bool.
    pub(super) fn truth<'a>(&'a self, facts: &'a Facts<'a>, item: Item<'_, 'a>) -> Result<bool, EvaluationError> {
        match self {
            Node::And(a, b) => settle(a.truth(facts, item), || b.truth(facts, item), false),
            Node::Or(a, b) => settle(a.truth(facts, item), || b.truth(facts, item), true),
            Node::Not(a) => a.truth(facts, item).map(|t| !t),
            Node::Equal(a, b) => Ok(equal(&a.eval(facts, item)?.whole()?, &b.eval(facts, item)?.whole()?)),
            Node::Ordered(order, a, b) => Ok(order.holds(compare(&a.eval(facts, item)?, &b.eval(facts, item)?))),
            Node::In(a, b) => {
                let wanted = a.eval(facts, item)?.whole()?;
                b.eval(facts, item)?.any(|entry| Ok(equal(&wanted, entry)))
            }
            Node::TextTest(test, a, b) => match (a.eval(facts, item)?, b.eval(facts, item)?) {
                (Datum::Text(a), Datum::Text(b)) => Ok(match test {
                    TextTest::Contains => a.contains(&*b),
                    TextTest::StartsWith => a.starts_with(&*b),
                    TextTest::EndsWith => a.ends_with(&*b),
                }),
                _ => Err(OTHER),
            },
            Node::Matches(a, pattern) => match a.eval(facts, item)? {
                Datum::Text(a) => Ok(pattern.is_match(&a)),
                _ => Err(OTHER),
            },
            Node::Exists(over, body) => over.eval(facts, item)?.any(|i| body.truth(facts, Some(i))),
            Node::All(over, body) => over.eval(facts, item)?.any(|i| body.truth(facts, Some(i)).map(|t| !t)).map(|any| !any),
            Node::ExistsOne(over, body) => {
                let (mut count, mut unknown) = (0, None);
                let list = over.eval(facts, item)?;
                list.each(|i| {
                    match body.truth(facts, Some(i)) {
                        Ok(holds) => count += usize::from(holds),
                        Err(e) => unknown = Some(e),
                    }
                    Ok(())
                })?;
                // Two are two, whatever the others are.
                match unknown.or(list.may_be_more()) {
                    Some(e) if count < 2 => Err(e),
                    _ => Ok(count == 1),
                }
            }
            other => match other.eval(facts, item)? {
                Datum::Bool(b) => Ok(b),
                _ => Err(OTHER),
            },
        }
    }

    fn eval<'a>(&'a self, facts: &'a Facts<'a>, item: Item<'_, 'a>) -> Answer<'a> {
        Ok(match self {
            Node::Null => Datum::Null,
            Node::Bool(b) => Datum::Bool(*b),
            Node::Int(i) => Datum::Int(*i),
            Node::Number(n) => Datum::Number(*n),
            Node::Text(t) => Datum::Text(Cow::Borrowed(t)),
            Node::Time(t) => Datum::Time(*t),
            Node::List(nodes) => Datum::List(nodes.iter().map(|n| n.eval(facts, item)).collect::<Result<_, _>>()?),
            Node::PersonField(name, kind) => facts.of_person(name, *kind)?,
            Node::RecordField(slot) => of_record(facts.record.ok_or(OTHER)?, slot)?,
            Node::ItemField(slot) => match item {
                Some(Datum::Record(record)) => of_record(record, slot)?,
                _ => return Err(OTHER),
            },
            Node::Item => item.cloned().ok_or(OTHER)?,
            Node::Deals => Datum::Records(facts.deals).or_part(facts.more_deals.then_some("deals")),
            Node::Tickets => Datum::Records(facts.tickets).or_part(facts.more_tickets.then_some("tickets")),
            Node::NotNull(inner, source) => match inner.eval(facts, item)? {
                Datum::Null => return Err(EvaluationError::Null(source.clone())),
                datum => datum,
            },
            Node::If(test, yes, no) => return if test.truth(facts, item)? { yes } else { no }.eval(facts, item),
            Node::Arithmetic(sum, a, b) => return sum.of(a.eval(facts, item)?, b.eval(facts, item)?),
            Node::Negate(a) => match a.eval(facts, item)? {
                Datum::Int(i) => Datum::Int(i.checked_neg().ok_or(OVERFLOW)?),
                Datum::Number(n) => Datum::Number(-n),
                _ => return Err(OTHER),
            },
            Node::Size(a) => Datum::Int(match a.eval(facts, item)?.whole()? {
                Datum::Text(t) => t.chars().count() as i64,
                Datum::Null => 0,
                Datum::Texts(l) => l.len() as i64,
                Datum::Records(l) => l.len() as i64,
                Datum::List(l) => l.len() as i64,
                _ => return Err(OTHER),
            }),
            Node::Filter(over, body) => {
                let mut kept = Vec::new();
                let list = over.eval(facts, item)?;
                list.each(|i| {
                    if body.truth(facts, Some(i))? {
                        kept.push(i.clone());
                    }
                    Ok(())
                })?;
                Datum::List(kept).or_part(list.more())
            }
            Node::Map { over, only, to } => {
                let mut made = Vec::new();
                let list = over.eval(facts, item)?;
                list.each(|i| {
                    if only.as_ref().map_or(Ok(true), |only| only.truth(facts, Some(i)))? {
                        made.push(to.eval(facts, Some(i))?);
                    }
                    Ok(())
                })?;
                Datum::List(made).or_part(list.more())
            }
            truth => Datum::Bool(truth.truth(facts, item)?),
        })
    }
}

/// CEL's `&&` and `||`: `decides` on either side is the answer, even beside an error.
fn settle(
    left: Result<bool, EvaluationError>,
    right: impl FnOnce() -> Result<bool, EvaluationError>,
    decides: bool,
) -> Result<bool, EvaluationError> {
    match left {
        Ok(l) if l == decides => Ok(decides),
        Ok(_) => right(),
        Err(e) => match right() {
            Ok(r) if r == decides => Ok(decides),
            _ => Err(e),
        },
    }
}

impl<'a> Datum<'a> {
    /// Visits a list's entries; null is the empty list.
    fn each(&self, mut visit: impl FnMut(&Datum<'a>) -> Result<(), EvaluationError>) -> Result<(), EvaluationError> {
        match self {
            Datum::Null => Ok(()),
            Datum::Texts(l) => l.iter().try_for_each(|t| visit(&Datum::Text(Cow::Borrowed(t)))),
            Datum::Records(l) => l.iter().try_for_each(|r| visit(&Datum::Record(r))),
            Datum::List(l) if l.len() > LIST_MAX => Err(EvaluationError::TooMany { what: "list entries", count: l.len() }),
            Datum::List(l) => l.iter().try_for_each(visit),
            Datum::Part(at_hand, _) => at_hand.each(visit),
            _ => Err(OTHER),
        }
    }

    fn or_part(self, more: Option<&'static str>) -> Datum<'a> {
        match more {
            Some(what) => Datum::Part(Box::new(self), what),
            None => self,
        }
    }

    /// Of what there may be more than this list shows.
    fn more(&self) -> Option<&'static str> {
        if let Datum::Part(_, what) = self { Some(what) } else { None }
    }

    fn may_be_more(&self) -> Option<EvaluationError> {
        self.more().map(EvaluationError::MayBeMore)
    }

    /// The datum, unless it is or holds a list that may hold more: then nothing can be said of it as a whole.
    fn whole(self) -> Answer<'a> {
        match self {
            Datum::Part(_, what) => Err(EvaluationError::MayBeMore(what)),
            Datum::List(items) => Ok(Datum::List(items.into_iter().map(Datum::whole).collect::<Result<_, _>>()?)),
            other => Ok(other),
        }
    }

    /// Whether the test holds for an entry; an error counts only if it holds for none, as what may be there beside them does.
    fn any(&self, mut test: impl FnMut(&Datum<'a>) -> Result<bool, EvaluationError>) -> Result<bool, EvaluationError> {
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
fn equal(a: &Datum, b: &Datum) -> bool {
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
fn compare(a: &Datum, b: &Datum) -> Option<Ordering> {
    match (a, b) {
        (Datum::Int(a), Datum::Int(b)) => Some(a.cmp(b)),
        (Datum::Number(a), Datum::Number(b)) => a.partial_cmp(b),
        (Datum::Int(a), Datum::Number(b)) => crate::model::value::compare_int(*a, *b),
        (Datum::Number(a), Datum::Int(b)) => crate::model::value::compare_int(*b, *a).map(Ordering::reverse),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        (Datum::Time(a), Datum::Time(b)) => Some(a.cmp(b)),
        (Datum::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

impl Order {
    fn holds(self, found: Option<Ordering>) -> bool {
        match self {
            Order::Less => found == Some(Ordering::Less),
            Order::LessEqual => matches!(found, Some(Ordering::Less | Ordering::Equal)),
            Order::Greater => found == Some(Ordering::Greater),
            Order::GreaterEqual => matches!(found, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

const OVERFLOW: EvaluationError = EvaluationError::Arithmetic("a whole number grew beyond 64 bits");
const BY_ZERO: EvaluationError = EvaluationError::Arithmetic("divided by zero");

impl Sum {
    fn of<'a>(self, a: Datum<'a>, b: Datum<'a>) -> Answer<'a> {
        let (x, y) = match (a, b) {
            (Datum::Int(a), Datum::Int(b)) => {
                return match self {
                    Sum::Divide | Sum::Modulo if b == 0 => Err(BY_ZERO),
                    Sum::Add => a.checked_add(b).ok_or(OVERFLOW),
                    Sum::Subtract => a.checked_sub(b).ok_or(OVERFLOW),
                    Sum::Multiply => a.checked_mul(b).ok_or(OVERFLOW),
                    Sum::Divide => a.checked_div(b).ok_or(OVERFLOW),
                    Sum::Modulo => a.checked_rem(b).ok_or(OVERFLOW),
                }
                .map(Datum::Int);
            }
            (Datum::Text(a), Datum::Text(b)) => return Ok(Datum::Text(Cow::Owned(format!("{a}{b}")))),
            (Datum::Int(a), Datum::Number(b)) => (a as f64, b),
            (Datum::Number(a), Datum::Int(b)) => (a, b as f64),
            (Datum::Number(a), Datum::Number(b)) => (a, b),
            _ => return Err(OTHER),
        };
        Ok(Datum::Number(match self {
            Sum::Add => x + y,
            Sum::Subtract => x - y,
            Sum::Multiply => x * y,
            Sum::Divide => x / y,
            Sum::Modulo => x % y,
        }))
    }
}
