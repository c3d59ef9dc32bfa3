//! A checked expression is tried once on made-up facts, full and empty ones, so that a field that may be null is told at load
//! and not by the first record that lacks it.

use super::compiled::Compiled;
use super::declared::{Declared, FieldType};
use super::error::{EvaluationError, ExpressionError};
use super::facts::Facts;
use super::scope::Scope;
use crate::model::{DealState, Entity, Name, Record, RecordId, TicketState, Time, Value};
use std::collections::BTreeMap;

/// Only null is told: other failures hang on the values, which are made up.
pub(super) fn try_out(expression: &Compiled, declared: &Declared) -> Result<(), Vec<ExpressionError>> {
    let deals = records(Entity::Deal, &declared.deal);
    let tickets = records(Entity::Ticket, &declared.ticket);
    match expression.scope {
        Scope::Deal => deals.iter().try_for_each(|d| told(expression, &Facts::deal(d))),
        Scope::Ticket => tickets.iter().try_for_each(|t| told(expression, &Facts::ticket(t))),
        Scope::Candidate => {
            let kind = declared.person.get("value").copied().unwrap_or(FieldType::Text);
            told(expression, &Facts::candidate(&value(kind), "sample"))
        }
        Scope::Person => {
            let deal_lists = lists(&deals, expression.needs.deals);
            let ticket_lists = lists(&tickets, expression.needs.tickets);
            for full in [true, false] {
                let person = |name: &Name| Ok(declared.person.get(name).filter(|_| full).map(|kind| value(*kind)));
                let account = |name: &Name| Ok(declared.account.get(name).filter(|_| full).map(|kind| value(*kind)));
                for deals in &deal_lists {
                    for tickets in &ticket_lists {
                        let facts = Facts::person(declared, &person, deals, tickets, Time(0));
                        told(expression, &facts.with_account(declared, &account))?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn lists(records: &[Record], needed: bool) -> Vec<Vec<&Record>> {
    let one = records.iter().filter(|_| needed).map(|r| vec![r]);
    one.chain([Vec::new()]).collect()
}

fn told(expression: &Compiled, facts: &Facts) -> Result<(), Vec<ExpressionError>> {
    let Err(EvaluationError::Null(part)) = expression.test(facts) else { return Ok(()) };
    let source = &expression.source;
    let start = source.find(&*part).unwrap_or(0);
    let message = format!("`{part}` may be null; ask first: `{part} != null && ...`, or for a bool `{part} == true`");
    Err(vec![ExpressionError { message, at: start..start + part.len() }])
}

/// A record in each state, once with every declared field and once with none.
fn records(entity: Entity, declared: &BTreeMap<Name, FieldType>) -> Vec<Record> {
    let deal_states = [DealState::Open, DealState::Won, DealState::Lost, DealState::Unknown];
    let ticket_states = [TicketState::Open, TicketState::Closed, TicketState::Unknown];
    let states = if entity == Entity::Deal { deal_states.len() } else { ticket_states.len() };
    let mut records = Vec::new();
    for (state, full) in (0..states).flat_map(|s| [(s, true), (s, false)]) {
        let mut record = Record::new(RecordId::new("sample", entity, "1"));
        match entity {
            Entity::Deal => record.deal = deal_states.get(state).copied(),
            _ => record.ticket = ticket_states.get(state).copied(),
        }
        if full {
            (record.memory.ended_at, record.changed_at) = (Some(Time(0)), Some(Time(0)));
        }
        for (name, kind) in declared.iter().filter(|_| full) {
            record.set(name, value(*kind), Time(0));
        }
        records.push(record);
    }
    records
}

fn value(kind: FieldType) -> Value {
    match kind {
        FieldType::Text => Value::text("text"),
        FieldType::Int => Value::Int(1),
        FieldType::Number => Value::Number(1.5),
        FieldType::Bool => Value::Bool(true),
        FieldType::Time => Value::Time(Time(0)),
        FieldType::List => Value::list(["text"]),
    }
}
