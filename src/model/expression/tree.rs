//! The checked expression and how it is answered.

use super::datum::{Datum, OTHER_SCOPE, compare, equal};
use super::declared::{FieldSource, FieldType};
use super::error::EvaluationError;
use super::facts::{Facts, of_record};
use crate::model::Name;
use regex::Regex;
use std::borrow::Cow;
use std::cmp::Ordering;

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
    AccountField(Name, FieldType),
    /// The text of the first that is true, or null. One that cannot be told hides those behind it: it might be the one.
    FirstTrue(Vec<(Node, Box<str>)>),
    /// Of the one deal or ticket that the scope is about.
    RecordField(FieldSource),
    /// Of the record that the macro around it is at.
    ItemField(FieldSource),
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

type Evaluated<'a> = Result<Datum<'a>, EvaluationError>;
type Item<'i, 'a> = Option<&'i Datum<'a>>;

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
                _ => Err(OTHER_SCOPE),
            },
            Node::Matches(a, pattern) => match a.eval(facts, item)? {
                Datum::Text(a) => Ok(pattern.is_match(&a)),
                _ => Err(OTHER_SCOPE),
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
                _ => Err(OTHER_SCOPE),
            },
        }
    }

    fn eval<'a>(&'a self, facts: &'a Facts<'a>, item: Item<'_, 'a>) -> Evaluated<'a> {
        Ok(match self {
            Node::Null => Datum::Null,
            Node::Bool(b) => Datum::Bool(*b),
            Node::Int(i) => Datum::Int(*i),
            Node::Number(n) => Datum::Number(*n),
            Node::Text(t) => Datum::Text(Cow::Borrowed(t)),
            Node::Time(t) => Datum::Time(*t),
            Node::List(nodes) => Datum::List(nodes.iter().map(|n| n.eval(facts, item)).collect::<Result<_, _>>()?),
            Node::PersonField(name, kind) => facts.of_person(name, *kind)?,
            Node::AccountField(name, kind) => facts.of_account(name, *kind)?,
            Node::FirstTrue(rules) => {
                for (when, name) in rules {
                    if when.truth(facts, item)? {
                        return Ok(Datum::Text(Cow::Borrowed(name)));
                    }
                }
                Datum::Null
            }
            Node::RecordField(slot) => of_record(facts.record.ok_or(OTHER_SCOPE)?, slot, facts.now)?,
            Node::ItemField(slot) => match item {
                Some(Datum::Record(record)) => of_record(record, slot, facts.now)?,
                _ => return Err(OTHER_SCOPE),
            },
            Node::Item => item.cloned().ok_or(OTHER_SCOPE)?,
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
                _ => return Err(OTHER_SCOPE),
            },
            Node::Size(a) => Datum::Int(match a.eval(facts, item)?.whole()? {
                Datum::Text(t) => t.chars().count() as i64,
                Datum::Null => 0,
                Datum::Texts(l) => l.len() as i64,
                Datum::Records(l) => l.len() as i64,
                Datum::List(l) => l.len() as i64,
                _ => return Err(OTHER_SCOPE),
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
    fn of<'a>(self, a: Datum<'a>, b: Datum<'a>) -> Evaluated<'a> {
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
            _ => return Err(OTHER_SCOPE),
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
