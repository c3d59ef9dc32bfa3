//! At rest: what must have come about by then.

use super::judge::is_surely_the_same;
use crate::checks::{Violation, fail};
use crate::setup::orders::Order;
use crate::sim::Sim;
use crate::truth::account::{Hand, OWN_VALUES, Typed, shown};
use crate::truth::{Item, Table};
use crate::wire::{Switch, in_own_form};
use nayose::model::Value;

/// Ages are told apart to so much: searches trail, and clocks agree to it.
const SURE_MS: i64 = 180_000;

/// A value that counts only for a while has given way to the next in the order, where there is one.
pub fn old_gave_way(sim: &Sim<'_>) -> Result<(), Violation> {
    let (truth, field) = (&sim.truth, "phone");
    let Some(limit) = sim.orders.counts.rank(field, "support").and_then(|rank| rank.max_age_ms).filter(|_| !sim.orders.is_unsure) else {
        return Ok(());
    };
    for (number, item) in truth.table(Table::MaPeople).iter().filter(|(_, item)| !item.deleted()) {
        let Some(hand) = truth.account.hand(Table::MaPeople, *number, field).filter(|hand| hand.is_ours()) else { continue };
        let there = shown(item.record(), field);
        let is_from = |typed: &&Typed| typed.table == Table::SupportPeople && truth.now.0 - typed.at.0 > limit + SURE_MS;
        let is_old = |value: &Value| {
            let typed = truth.account.typed(field, &value.to_string());
            !typed.is_empty() && typed.iter().filter(is_from).count() == typed.len()
        };
        // What we wrote there is no value of the CRM's own.
        let is_own = |other: &u32| truth.account.hand(Table::CrmPeople, *other, field).is_some_and(Hand::is_typed);
        let others = truth.table(Table::CrmPeople).iter().filter(|(number, _)| is_own(number)).map(|(_, other)| other);
        let others = others.filter(|other| is_surely_the_same(sim, item, other));
        if is_old(there) && others.into_iter().any(|other| !shown(other.record(), field).is_empty()) {
            let id = Table::MaPeople.id(*number);
            return fail(
                9,
                format!("{id}: {field} = {there} is there since {} s, and is too old to count", (truth.now.0 - hand.at.0) / 1000),
            );
        }
    }
    Ok(())
}

/// A value that was typed after all others of its person had been read, where the newest counts, and of which the CRM's history told when: it
/// stands in every lead of that person.
pub fn newest_came_through(sim: &Sim<'_>) -> Result<(), Violation> {
    let order = sim.orders.counts;
    let misdated = sim.clock_was_off || [Switch::DatedAhead, Switch::ClockAhead].iter().any(|s| sim.switches.was_on(*s));
    if sim.orders.is_unsure || misdated || sim.truth.account.is_forgotten() || !sim.approved.get("ma").copied().unwrap_or(false) {
        return Ok(());
    }
    for field in OWN_VALUES {
        let Some(systems) = order.newest_of(field).filter(|systems| systems.contains(&"ma")) else { continue };
        for (number, lead) in sim.truth.table(Table::MaPeople).iter().filter(|(_, item)| !item.deleted()) {
            let Some((contact, newest)) = surely_newest(sim, field, systems, lead) else { continue };
            let form = sim.truth.own_form.map_or(newest.clone(), |form| in_own_form(form, field, newest));
            let there = shown(lead.record(), field);
            // What it made of a former value of ours may count as typed.
            let is_ours = sim.truth.account.hand(Table::MaPeople, *number, field).is_some_and(Hand::is_ours);
            if sim.truth.own_form.is_some() && is_ours && sim.truth.account.typed(field, &there.to_string()).is_empty() {
                continue;
            }
            if *there != form && there != newest && !is_left_alone(sim, order, *number, field) {
                let (id, of) = (Table::MaPeople.id(*number), Table::CrmPeople.id(contact));
                return fail(9, format!("{id}: {field} = {there} is there still, and {of} has {newest}, which was typed after it"));
            }
        }
    }
    Ok(())
}

/// The contact and the value that is surely known to be newer than all others of a lead's person.
fn surely_newest<'s>(sim: &'s Sim<'_>, field: &'static str, systems: &[&str], lead: &Item) -> Option<(u32, &'s Value)> {
    let tables = || Table::PEOPLE.into_iter().filter(|table| systems.contains(&table.system()));
    let all = || tables().flat_map(|table| sim.truth.table(table).iter().map(move |(number, item)| (table, *number, item)));
    let others = || all().filter(|(_, _, item)| item.human == lead.human);
    let hand = |table: Table, number: u32| sim.truth.account.hand(table, number, field);
    let own = |table: Table, number: u32| hand(table, number).filter(|hand| !hand.is_ours()).map(|hand| hand.at);
    let (table, number, newest) = others().max_by_key(|(table, number, _)| own(*table, *number))?;
    let typed = hand(table, number).filter(|hand| hand.is_typed() && !hand.silently)?;
    let is_told = table == Table::CrmPeople && sim.truth.past.is_told(number, field);
    let was_read = |table: Table, other: u32| {
        let seen =
            |hand: &Hand| sim.truth.account.first_seen(table, other, field).is_some_and(|at| !hand.silently && at.0 + SURE_MS < typed.at.0);
        (table, other) == (Table::CrmPeople, number) || hand(table, other).is_none_or(|hand| hand.is_ours() || seen(hand))
    };
    let is_sure = is_told && others().all(|(table, other, item)| was_read(table, other) && is_surely_the_same(sim, lead, item));
    let value = shown(newest.record(), field);
    (is_sure && !value.is_empty()).then_some((number, value))
}

/// Why a lead need not show the newest value: writes of the field are given up, or somebody cleared it there.
pub(super) fn is_left_alone(sim: &Sim<'_>, order: Order, number: u32, field: &'static str) -> bool {
    let cleared = sim.truth.account.hand(Table::MaPeople, number, field).is_some_and(|hand| !hand.is_ours() && hand.before != Value::Empty);
    let Some(daemon) = &sim.daemon else { return true };
    let idx = daemon.engine.probe().world.find(&Table::MaPeople.id(number));
    let target = idx.and_then(|idx| daemon.engine.probe().targets.of(idx));
    let is_parked = target.is_some_and(|target| target.parked(sim.truth.now).next().is_some() || target.failures.is_some());
    is_parked || cleared && shown_is_empty(sim, number, field) || order.passes_copies()
}

fn shown_is_empty(sim: &Sim<'_>, number: u32, field: &str) -> bool {
    sim.truth.item(Table::MaPeople, number).is_none_or(|item| shown(item.record(), field).is_empty())
}
