//! The judge of copies: what a relay put there moves nothing that stands.

use super::judge::is_surely_the_same;
use crate::checks::{Violation, fail};
use crate::setup::orders::Order;
use crate::sim::Sim;
use crate::truth::account::{Doer, Hand, OWN_VALUES, shown};
use crate::truth::{Item, Table};
use crate::wire::in_own_form;
use nayose::model::{RecordId, Value};

/// So long a search may still show what stood there before a copy.
const TRAILS_MS: i64 = 65_000;

/// A write of a field over what we wrote there ourselves: not where nothing but copies is all that anybody has put anywhere else.
pub fn move_nothing(sim: &Sim<'_>, (table, number): (Table, u32), id: &RecordId, (field, value): (&str, &Value)) -> Result<(), Violation> {
    let Some(field) = OWN_VALUES.into_iter().find(|own| *own == field).filter(|_| sim.shape.relays) else { return Ok(()) };
    let Some(item) = sim.truth.item(table, number) else { return Ok(()) };
    let there = shown(item.record(), field);
    let form = sim.truth.own_form.filter(|_| table == Table::MaPeople).map(|form| in_own_form(form, field, value));
    if there.is_empty() || there == value || form.as_ref() == Some(there) || sim.truth.account.is_forgotten() || sim.clock_was_off {
        return Ok(());
    }
    let is_agreed = sim.truth.account.hand(table, number, field).is_some_and(Hand::is_ours);
    if is_agreed && sim.orders.in_force().into_iter().all(|order| has_only_copies(sim, order, (table, item), field)) {
        return fail(9, format!("{id}: {field} = {there}, which we wrote, is overwritten by {value}, and all others are copies"));
    }
    Ok(())
}

/// Whether all that counts for a person is known to be a copy, or our own write, and one is a copy.
fn has_only_copies(sim: &Sim<'_>, order: Order, (table, item): (Table, &Item), field: &'static str) -> bool {
    if order.rank(field, table.system()).is_none() {
        return false;
    }
    let account = &sim.truth.account;
    let tables = Table::PEOPLE.into_iter().filter(|table| order.rank(field, table.system()).is_some());
    let all = tables.flat_map(|table| sim.truth.table(table).iter().map(move |(number, other)| (table, *number, other)));
    // What is somebody else's by now may still be known as theirs (seed 91001383).
    let mine = sim.truth.addresses(item.record());
    let bore_mine = |other: &Item| other.versions.iter().any(|v| sim.truth.addresses(&v.record).iter().any(|a| mine.contains(a)));
    let (theirs, others): (Vec<_>, Vec<_>) = all.partition(|(_, _, other)| other.human == item.human);
    if others.into_iter().any(|(_, _, other)| bore_mine(other)) {
        return false;
    }
    let mut copies = 0;
    for (table, number, other) in theirs {
        let Some(hand) = account.hand(table, number, field) else { continue };
        let is_known = match hand.by {
            Doer::Us => account.is_answered(table, number, hand.at),
            Doer::Person => shown(other.record(), field).is_empty() && account.first_seen(table, number, field).is_some(),
            // A search may still show what stood there before.
            Doer::Job if sim.truth.now.0 - hand.at.0 < TRAILS_MS => false,
            // What a person typed is no copy where the job puts the same there again.
            Doer::Job if sim.truth.past.is_typed(number, field) => false,
            Doer::Job => table == Table::CrmPeople && sim.truth.past.is_told(number, field),
        };
        copies += usize::from(hand.by == Doer::Job);
        if !is_known || !is_surely_the_same(sim, item, other) {
            return false;
        }
    }
    copies > 0
}
