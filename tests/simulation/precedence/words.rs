//! The judge of the words' fields: what is written comes of what the person's records, or their company, ever showed, as the rule says; where all
//! of it was surely read it is just that, and at rest it stands there. A pinned value goes before.

use super::judge::has_somebody_undone_a_form;
use super::kin::Kin;
use super::rest::is_left_alone;
use crate::checks::{Violation, fail};
use crate::setup::words::{FIELDS, WordRules, is_written};
use crate::sim::Sim;
use crate::truth::account::shown;
use crate::truth::{Item, Table};
use crate::wire::{Switch, in_own_form};
use nayose::model::{RecordId, Value};

/// A write of such a field, as it leaves.
pub fn word(
    sim: &Sim<'_>,
    (table, number, item): (Table, u32, &Item),
    id: &RecordId,
    (field, value): (&'static str, &Value),
) -> Result<(), Violation> {
    let Some(kin) = Kin::of(sim, (table, number), item).filter(|_| !value.is_empty()) else { return Ok(()) };
    if let Some(pinned) = sim.pins.surely(&kin, field) {
        let is_it = pinned == value;
        return if is_it { Ok(()) } else { fail(9, format!("{id}: {field} becomes {value}, and {pinned} is pinned")) };
    }
    let (of_them, of_anybody) = sim.pins.is_pinned(&kin, field, value);
    let is_typed = !sim.truth.account.typed(field, &value.to_string()).is_empty();
    if of_them {
        return Ok(());
    }
    // Who lost their state takes what they wrote for what was typed, and so does whoever cannot tell a person's hand from a form.
    let is_unsure = sim.truth.account.is_forgotten() || has_somebody_undone_a_form(sim);
    if of_anybody && !is_typed && !is_unsure {
        return fail(9, format!("{id}: {field} becomes {value}, which was pinned for somebody else"));
    }
    let orders = sim.orders.in_force();
    let Some(sets) = orders.iter().map(|order| order.words()).collect::<Option<Vec<WordRules>>>() else { return Ok(()) };
    let breaks = sets.iter().map(|rules| how_it_breaks(&kin, rules, field, value, is_unsure)).collect::<Option<Vec<String>>>();
    match breaks.as_deref() {
        Some([why, ..]) => fail(9, format!("{id}: {field} becomes {value}, {why}; the rules are {orders:?}")),
        _ => Ok(()),
    }
}

fn how_it_breaks(kin: &Kin<'_>, rules: &WordRules, field: &'static str, value: &Value, is_unsure: bool) -> Option<String> {
    if field == "note" && value.as_text().is_some_and(|note| rules.takes_for_nothing(note)) {
        return Some("which counts for nothing".into());
    }
    // What the account has, and what is written nowhere, does not hang on what was forgotten.
    if is_unsure && !matches!(field, "branch" | "secret") {
        return None;
    }
    if !kin.may_come_to(rules, field, value) {
        // A row dated ahead that a search shows late says that our write was undone; once it is there again it seems typed.
        let seems_typed = kin.sim().switches.was_on(Switch::DatedAhead) && kin.was_written(field, value);
        return (!seems_typed).then(|| "which nothing that counts ever was".into());
    }
    let comes_to = kin.comes_to(rules, field).filter(|_| !is_unsure)?;
    (!comes_to.contains(value)).then(|| format!("and it comes to {comes_to:?}"))
}

/// At rest: what a field surely comes to stands in every lead.
pub fn words_came_through(sim: &Sim<'_>) -> Result<(), Violation> {
    let order = sim.orders.counts;
    let is_unsure = sim.orders.is_unsure || sim.truth.account.is_forgotten() || has_somebody_undone_a_form(sim);
    let Some(rules) = order.words().filter(|_| !is_unsure && sim.approved.get("ma").copied().unwrap_or(false)) else { return Ok(()) };
    for (number, lead) in sim.truth.table(Table::MaPeople).iter().filter(|(_, lead)| !lead.deleted()) {
        let Some(kin) = Kin::of(sim, (Table::MaPeople, *number), lead) else { continue };
        for field in FIELDS.iter().filter(|field| is_written(field, "ma")).map(|field| field.name) {
            let pinned = sim.pins.surely(&kin, field).map(|pinned| vec![pinned.clone()]);
            let Some(comes_to) = pinned.or_else(|| kin.comes_to(&rules, field)) else { continue };
            let Some(value) = comes_to.first().filter(|first| comes_to.iter().all(|other| other == *first)) else { continue };
            let (there, form) = (shown(lead.record(), field), sim.truth.own_form.map(|form| in_own_form(form, field, value)));
            // What it made of a former value may count as typed.
            let is_it = there == value || form.as_ref() == Some(there) || kin.shows_a_form(field) == Some(true);
            if !is_it && !is_left_alone(sim, order, *number, field) {
                let id = Table::MaPeople.id(*number);
                return fail(9, format!("{id}: {field} = {there} is there still, and it comes to {value}; the rules are {order:?}"));
            }
        }
    }
    Ok(())
}
