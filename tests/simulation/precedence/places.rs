//! What a group of fields comes to, all from one record, and a person's first value; and who is a customer by what one system holds.

use super::kin::Kin;
use crate::checks::{Violation, fail};
use crate::setup::orders::Order;
use crate::setup::words::{CUSTOMERS_POINTS, PLACE, WordRules};
use crate::sim::Sim;
use crate::truth::Table;
use crate::truth::account::{Hand, shown};
use crate::truth::labels::STATUS;
use nayose::connector::Change;
use nayose::model::{RecordId, Value};
use std::collections::BTreeSet;

/// While points of one system alone make a customer, nobody is told to be one whose records there never had so many together.
pub fn customer_by(sim: &Sim<'_>, table: Table, id: &RecordId, change: &Change) -> Result<(), Violation> {
    let Some(to) = change.status.as_ref().map(|status| &status.to) else { return Ok(()) };
    let by = |order: Order| order.words().and_then(|words| words.customer_by);
    let by: Option<Vec<&str>> = sim.orders.in_force().into_iter().map(by).collect();
    let Some(by) = by.filter(|_| to.strip_prefix(STATUS).unwrap_or(to) == "customer") else { return Ok(()) };
    let Some((number, item)) = sim.truth.table(table).iter().find(|(number, _)| table.id(**number) == *id) else { return Ok(()) };
    let Some(kin) = Kin::of(sim, (table, *number), item).filter(|kin| !sim.pins.touch(kin, "points")) else { return Ok(()) };
    let most = |(table, number, _): &(Table, u32, _)| {
        let ever = sim.truth.said.theirs(*table, *number, "points").iter();
        ever.filter_map(|points| if let Value::Int(points) = points { Some(*points) } else { None }).max().unwrap_or_default()
    };
    let is_one = |by: &&str| kin.all.iter().filter(|(table, ..)| table.system() == *by).map(most).sum::<i64>() > CUSTOMERS_POINTS;
    match by.iter().any(is_one) {
        true => Ok(()),
        false => fail(9, format!("{id} is told to be a customer, and has not so many points in any of {by:?}")),
    }
}

impl<'s> Kin<'s> {
    /// What a field of the place surely comes to; nothing: none of it counts, or it is blank in the record whose place does. `None`: nobody can
    /// be sure of it.
    pub(super) fn of_place(&self, rules: &WordRules, field: &'static str) -> Option<Vec<Value>> {
        let mut own = Vec::new();
        for field in PLACE {
            own.extend(self.offers(field)?.into_iter().map(|offer| (field, offer)));
        }
        // Nobody can be sure whether a form of what we wrote counts.
        if self.shows_a_form("lane")? {
            return None;
        }
        let counts = |table: Table| rules.place.contains(&table.system());
        let leads: BTreeSet<(Table, u32)> =
            own.iter().filter(|(_, offer)| counts(offer.table)).map(|(_, offer)| (offer.table, offer.number)).collect();
        if rules.clears_place && self.joined()?.iter().any(|(table, number, _)| counts(*table) && self.was_emptied(*table, *number)) {
            return None;
        }
        let of = |system: &&str| leads.iter().copied().filter(|(table, _)| table.system() == *system).collect::<Vec<_>>();
        let leads: Vec<(Table, u32)> = match rules.newest_place {
            true => leads.iter().copied().collect(),
            false => rules.place.iter().map(of).find(|leads| !leads.is_empty()).unwrap_or_default(),
        };
        let (table, number) = match leads[..] {
            [] => return Some(Vec::new()),
            [lead] => lead,
            // Which of several leads nobody can be sure of.
            _ => return None,
        };
        if let Some((_, offer)) = own.iter().find(|(of, offer)| *of == field && (offer.table, offer.number) == (table, number)) {
            return Some(vec![offer.value.clone()]);
        }
        let there = shown(self.sim().truth.item(table, number)?.record(), field);
        let is_ours = self.sim().truth.account.hand(table, number, field).is_some_and(Hand::is_ours);
        match (there.is_empty(), is_ours) {
            (true, _) => Some(Vec::new()),
            // It goes along with what is the record's own.
            (false, true) => Some(vec![there.clone()]),
            (false, false) => None,
        }
    }

    /// Whether somebody emptied a part of a record's place, which may count.
    fn was_emptied(&self, table: Table, number: u32) -> bool {
        let truth = &self.sim().truth;
        let is_empty = |field: &str| truth.item(table, number).is_none_or(|item| shown(item.record(), field).is_empty());
        PLACE.iter().any(|field| is_empty(field) && truth.account.hand(table, number, field).is_some())
    }

    /// All that a field of the place ever was in records whose place counts: of itself, or as we wrote it beside what was their own.
    pub(super) fn ever_of_place(&self, rules: &WordRules, field: &'static str) -> Vec<&'s Value> {
        let said = &self.sim().truth.said;
        let counts = self.all.iter().filter(|(table, ..)| rules.place.contains(&table.system()));
        counts.flat_map(|(table, number, _)| said.theirs(*table, *number, field).iter().chain(said.ours(*table, *number, field))).collect()
    }

    /// The origin, if records whose origin counts never showed another one, and one shows it still.
    pub(super) fn the_one_origin(&self, rules: &WordRules) -> Option<Vec<Value>> {
        let counts = |table: Table| rules.origin.contains(&table.system());
        let said = &self.sim().truth.said;
        let ever =
            self.all.iter().filter(|(table, ..)| counts(*table)).flat_map(|(table, number, _)| said.theirs(*table, *number, "origin"));
        let ever: BTreeSet<String> = ever.map(ToString::to_string).collect();
        let offers = self.offers("origin")?;
        let shows_it = offers.into_iter().find(|offer| counts(offer.table)).filter(|_| ever.len() == 1)?;
        Some(vec![shows_it.value.clone()])
    }
}
