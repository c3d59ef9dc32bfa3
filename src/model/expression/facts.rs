//! What an expression is asked about: borrowed from records, nothing is converted before it is read.

use super::datum::Datum;
use super::days;
use super::declared::{Declared, FieldSource, FieldType};
use super::error::{EvaluationError, LIST_MAX};
use super::scope::{NeededFacts, Scope};
use crate::model::{DealState, Entity, Name, Record, TicketState, Time, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Fields that hold something, or of which that is not known, sorted by name.
type HeldFields<'a> = Vec<(&'a str, Result<Value, EvaluationError>)>;

/// A person with an account, deals and tickets, or one deal, or one ticket.
#[derive(Debug)]
pub struct Facts<'a> {
    scope: Scope,
    /// Merged fields.
    person: HeldFields<'a>,
    /// The same of the person's account.
    account: HeldFields<'a>,
    /// There may be more deals, or tickets, than those at hand.
    pub(super) more_deals: bool,
    pub(super) more_tickets: bool,
    pub(super) deals: &'a [&'a Record],
    pub(super) tickets: &'a [&'a Record],
    pub(super) record: Option<&'a Record>,
    /// Days are counted up to then.
    pub(super) now: Time,
}

impl<'a> Facts<'a> {
    /// A person. `person` gives the merged value of a field and is asked once for each declared person field
    /// ([`Declared::narrowed`] makes them few); `None` and `Empty` are null. Its error is the answer of whatever asks of that field.
    pub fn person(
        declared: &'a Declared,
        person: &dyn Fn(&Name) -> Result<Option<Value>, EvaluationError>,
        deals: &'a [&'a Record],
        tickets: &'a [&'a Record],
        now: Time,
    ) -> Facts<'a> {
        Facts { person: held(&declared.person, person), deals, tickets, now, ..Facts::none() }
    }

    /// Adds what is known of the person's account, which is asked for as `person` is.
    pub fn with_account(mut self, declared: &'a Declared, account: &dyn Fn(&Name) -> Result<Option<Value>, EvaluationError>) -> Facts<'a> {
        self.account = held(&declared.account, account);
        self
    }

    /// Says that the deals, or the tickets, at hand may not be all: what would come out by the absence of others is unknown.
    pub fn with_more(mut self, deals: bool, tickets: bool) -> Facts<'a> {
        (self.more_deals, self.more_tickets) = (deals, tickets);
        self
    }

    pub fn deal(record: &'a Record) -> Facts<'a> {
        Facts { scope: Scope::Deal, record: Some(record), ..Facts::none() }
    }

    pub fn ticket(record: &'a Record) -> Facts<'a> {
        Facts { scope: Scope::Ticket, record: Some(record), ..Facts::none() }
    }

    /// What a record of a system holds in a field.
    pub fn candidate(value: &Value, system: &str) -> Facts<'static> {
        let person = vec![("system", Ok(Value::text(system))), ("value", Ok(value.clone()))];
        Facts { scope: Scope::Candidate, person, ..Facts::none() }
    }

    /// A person of whom nothing is known, without deals or tickets.
    pub fn none() -> Facts<'a> {
        Facts {
            scope: Scope::Person,
            person: Vec::new(),
            account: Vec::new(),
            more_deals: false,
            more_tickets: false,
            deals: &[],
            tickets: &[],
            record: None,
            now: Time(0),
        }
    }

    /// Whether the expression can be asked of these facts at all.
    pub(super) fn check(&self, scope: Scope, needs: &NeededFacts) -> Result<(), EvaluationError> {
        if scope != self.scope {
            return Err(EvaluationError::OtherScope);
        }
        for (needed, what, list) in [(needs.deals, "deals", self.deals), (needs.tickets, "tickets", self.tickets)] {
            if needed && list.len() > LIST_MAX {
                return Err(EvaluationError::TooMany { what, count: list.len() });
            }
        }
        Ok(())
    }

    pub(super) fn of_person(&self, name: &Name, declared: FieldType) -> Result<Datum<'_>, EvaluationError> {
        of_held(&self.person, name, declared)
    }

    pub(super) fn of_account(&self, name: &Name, declared: FieldType) -> Result<Datum<'_>, EvaluationError> {
        of_held(&self.account, name, declared)
    }
}

/// What each of these fields holds.
fn held<'a>(declared: &'a BTreeMap<Name, FieldType>, value: &dyn Fn(&Name) -> Result<Option<Value>, EvaluationError>) -> HeldFields<'a> {
    let held = |name: &'a Name| Some((&**name, value(name).transpose()?)).filter(|(_, v)| !matches!(v, Ok(Value::Empty)));
    declared.keys().filter_map(held).collect()
}

fn of_held<'f>(held: &'f HeldFields<'_>, name: &Name, declared: FieldType) -> Result<Datum<'f>, EvaluationError> {
    match held.binary_search_by(|(n, _)| (*n).cmp(name)) {
        Ok(i) => datum(name, declared, Some(held[i].1.as_ref().map_err(Clone::clone)?)),
        Err(_) => Ok(Datum::Null),
    }
}

/// A field of a deal or ticket.
pub(super) fn of_record<'a>(record: &'a Record, slot: &FieldSource, now: Time) -> Result<Datum<'a>, EvaluationError> {
    let ticket = record.id.entity == Entity::Ticket;
    let deal = record.deal.unwrap_or(DealState::Unknown);
    let state = record.ticket.unwrap_or(TicketState::Unknown);
    Ok(match slot {
        FieldSource::Open => Datum::Bool(if ticket { state.is_open() } else { deal.is_open() }),
        FieldSource::Won => Datum::Bool(deal == DealState::Won),
        FieldSource::Lost => Datum::Bool(deal == DealState::Lost),
        FieldSource::Closed => Datum::Bool(state == TicketState::Closed),
        FieldSource::State => Datum::Text(Cow::Borrowed(if ticket { state.name() } else { deal.name() })),
        FieldSource::Gone => Datum::Bool(record.is_gone()),
        FieldSource::ClosedDays => days::closed(record, now).map_or(Datum::Null, Datum::Int),
        FieldSource::QuietDays => days::quiet(record, now).map_or(Datum::Null, Datum::Int),
        // Of a person alone.
        FieldSource::Relationship => Datum::Null,
        FieldSource::Declared(name, declared) => return datum(name, *declared, record.field(name).map(|f| &f.value)),
    })
}

/// A value as declared; an int serves as a number and the other way round.
fn datum<'a>(field: &Name, declared: FieldType, value: Option<&'a Value>) -> Result<Datum<'a>, EvaluationError> {
    Ok(match (declared, value) {
        (_, None | Some(Value::Empty)) => Datum::Null,
        (_, Some(Value::Unreadable)) => return Err(EvaluationError::Unreadable(field.clone())),
        (FieldType::Text, Some(Value::Text(t))) => Datum::Text(Cow::Borrowed(t)),
        (FieldType::Int | FieldType::Number, Some(Value::Int(i))) => Datum::Int(*i),
        (FieldType::Int | FieldType::Number, Some(Value::Number(n))) => Datum::Number(*n),
        (FieldType::Bool, Some(Value::Bool(b))) => Datum::Bool(*b),
        (FieldType::Time, Some(Value::Time(t))) => Datum::Time(t.0),
        // An expression knows no days: it reckons with the midnight UTC of it.
        (FieldType::Time, Some(Value::Date(day))) => Datum::Time(day.midnight().0),
        (FieldType::List, Some(Value::List(items))) if items.len() > LIST_MAX => {
            return Err(EvaluationError::TooMany { what: "list entries", count: items.len() });
        }
        (FieldType::List, Some(Value::List(items))) => Datum::Texts(items),
        (_, Some(other)) => {
            let found = match other {
                Value::Empty => "nothing",
                Value::Text(_) => "text",
                Value::Int(_) => "an int",
                Value::Number(_) => "a number",
                Value::Bool(_) => "a bool",
                Value::Time(_) => "a time",
                Value::Date(_) => "a date",
                Value::List(_) => "a list",
                Value::Unreadable => "something that cannot be read",
            };
            return Err(EvaluationError::WrongType { field: field.clone(), wanted: declared.name(), found });
        }
    })
}
