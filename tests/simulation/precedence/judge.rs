//! The judge of typed values: what a person typed is overwritten only if a rule says so, what they cleared or took out does not come back,
//! and nothing is written that nobody typed. It goes by who typed what when, and by the order of the rule; where it cannot be sure it is silent.

use super::hands::is_unknown_code;
use crate::checks::{Violation, fail};
use crate::judges::was_read_since;
use crate::setup::orders::Order;
use crate::sim::Sim;
use crate::truth::account::{CODED, ENTRIES, Hand, OWN_VALUES, Typed, entries, shown};
use crate::truth::{Item, Table};
use crate::wire::{Switch, in_own_form};
use nayose::connector::Change;
use nayose::model::{RecordId, Time, Value};

/// Ages are told apart to so much: searches trail, and clocks agree to it.
const SURE_MS: i64 = 180_000;

/// A write of fields, as it leaves.
pub fn typed_values(sim: &Sim<'_>, table: Table, id: &RecordId, change: &Change) -> Result<(), Violation> {
    let Some(number) = table.number(&id.id) else { return Ok(()) };
    let Some(item) = sim.truth.item(table, number).filter(|_| !change.fields.is_empty()) else { return Ok(()) };
    let at = At { sim, table, number, item };
    for (name, value) in &change.fields {
        if &**name == CODED {
            at.keeps_unknown_codes(id)?;
        } else if &**name == ENTRIES {
            at.entries_stay_out(id, value)?;
        } else if let Some(field) = OWN_VALUES.into_iter().find(|field| *field == &**name) {
            at.somebody_typed_it(id, field, value)?;
            at.stands_by_the_rule(id, field, value)?;
        }
    }
    Ok(())
}

/// A record that is written to.
struct At<'s> {
    sim: &'s Sim<'s>,
    table: Table,
    number: u32,
    item: &'s Item,
}

impl At<'_> {
    /// Who put there what the field shows, if it was a person and we have seen it.
    fn seen_hand(&self, field: &'static str) -> Option<&Hand> {
        let hand = self.sim.truth.account.hand(self.table, self.number, field)?;
        self.is_seen(hand).then_some(hand)
    }

    fn is_seen(&self, hand: &Hand) -> bool {
        !hand.ours && !hand.silently && was_read_since(self.sim, self.table, self.number, hand.at)
    }

    /// What nobody can read is nobody's to write over.
    fn keeps_unknown_codes(&self, id: &RecordId) -> Result<(), Violation> {
        let there = shown(self.item.record(), CODED);
        match self.seen_hand(CODED) {
            Some(_) if is_unknown_code(there) => fail(9, format!("{id}: {CODED} is written over a code that no map knows ({there})")),
            _ => Ok(()),
        }
    }

    /// An entry that somebody took out here comes back only after somebody put it in somewhere.
    fn entries_stay_out(&self, id: &RecordId, value: &Value) -> Result<(), Violation> {
        let account = &self.sim.truth.account;
        for entry in entries(value) {
            let typed = account.typed(ENTRIES, entry);
            if typed.is_empty() {
                return fail(9, format!("{id}: the entry {entry} is written, which nobody put in"));
            }
            let Some(out) = account.removed(self.table, self.number, entry).filter(|hand| hand.was_seen && self.is_seen(hand)) else {
                continue;
            };
            if typed.iter().all(|typed| typed.at < out.at) {
                let who = self.told(typed);
                return fail(9, format!("{id}: the entry {entry} of {who} was taken out {} s ago, and is put in again", self.ago(out.at)));
            }
        }
        Ok(())
    }

    fn somebody_typed_it(&self, id: &RecordId, field: &'static str, value: &Value) -> Result<(), Violation> {
        // What the systems made of our writes is theirs to whoever lost what was written.
        let unsure = [Switch::OddCharacters, Switch::TitlesGrow].iter().any(|s| self.sim.switches.was_on(*s))
            || self.sim.truth.account.is_forgotten();
        if value.is_empty() || unsure || !self.sim.truth.account.typed(field, &value.to_string()).is_empty() {
            return Ok(());
        }
        fail(9, format!("{id}: {field} becomes {value}, which nobody typed anywhere"))
    }

    fn stands_by_the_rule(&self, id: &RecordId, field: &'static str, value: &Value) -> Result<(), Violation> {
        let Some(hand) = self.seen_hand(field) else { return Ok(()) };
        let (there, typed) = (shown(self.item.record(), field), self.sim.truth.account.typed(field, &value.to_string()));
        if there == value || typed.is_empty() || self.sim.switches.was_on(Switch::OddCharacters) {
            return Ok(());
        }
        if there.is_empty() {
            let form = if self.table == Table::MaPeople && self.sim.truth.own_form { in_own_form(field, value) } else { value.clone() };
            let again = hand.was_seen && (*value == hand.before || form == hand.before) && typed.iter().all(|typed| typed.at <= hand.at);
            return if again { fail(9, format!("{id}: {field} = {value} was cleared, and is written back")) } else { Ok(()) };
        }
        let orders = self.sim.orders.in_force();
        // Who lost their state cannot tell what they wrote from what was typed.
        let copied = self.copies(field, value);
        let all = || typed.iter().chain(&copied);
        if orders.iter().any(|order| all().any(|typed| self.goes_before(*order, field, typed, hand))) {
            return Ok(());
        }
        fail(
            9,
            format!(
                "{id}: {field} = {there}, typed {} s ago, is overwritten by {value} of {}; the rules are {orders:?}",
                self.ago(hand.at),
                self.told(typed)
            ),
        )
    }

    fn told(&self, typed: &[Typed]) -> String {
        typed.iter().map(|t| format!("{} {} s ago", t.table.id(t.number), self.ago(t.at))).collect::<Vec<_>>().join(", ")
    }

    fn ago(&self, at: Time) -> i64 {
        (self.sim.truth.now.0 - at.0) / 1000
    }

    /// Our own writes that count as typed, once the state was lost.
    fn copies(&self, field: &str, value: &Value) -> Vec<Typed> {
        if !self.sim.truth.account.is_forgotten() {
            return Vec::new();
        }
        let shows = |item: &Item| shown(item.record(), field) == value;
        let of = |table: Table| self.sim.truth.table(table).iter().filter(|(_, item)| shows(item)).map(move |(number, _)| (table, *number));
        Table::PEOPLE.into_iter().flat_map(of).map(|(table, number)| Typed { table, number, at: self.sim.truth.now }).collect()
    }

    /// Whether the rule may put a value that was typed elsewhere before the one that was typed here.
    fn goes_before(&self, order: Order, field: &str, typed: &Typed, here: &Hand) -> bool {
        let Some(theirs) = order.rank(field, typed.table.system()) else { return false };
        let Some(ours) = order.rank(field, self.table.system()) else { return true };
        let age = self.sim.truth.now.0 - here.at.0;
        let is_old = ours.max_age_ms.is_some_and(|limit| age + SURE_MS > limit);
        // Whoever's clock is wrong dates what is read by it.
        let dated = !self.sim.clock_was_off && ![Switch::DatedAhead, Switch::ClockAhead].iter().any(|s| self.sim.switches.was_on(*s));
        let is_late = || typed.at > here.at || !dated || self.is_superseded(order, field, ours.band, here);
        theirs.band < ours.band || is_old || (theirs.band == ours.band && is_late())
    }

    /// Whether somebody typed another value later in a record of the same person that counts as much: then this one is out of date, whichever
    /// of the others wins.
    fn is_superseded(&self, order: Order, field: &str, band: usize, here: &Hand) -> bool {
        let tables = Table::PEOPLE.into_iter().filter(|t| order.rank(field, t.system()).is_some_and(|rank| rank.band == band));
        let mut others = tables.flat_map(|t| self.sim.truth.table(t).iter().map(move |(number, item)| (t, *number, item)));
        others.any(|(table, number, item)| {
            let hand = OWN_VALUES.into_iter().find(|own| *own == field).and_then(|own| self.sim.truth.account.hand(table, number, own));
            item.human == self.item.human && hand.is_some_and(|hand| !hand.ours && hand.at > here.at)
        })
    }
}
