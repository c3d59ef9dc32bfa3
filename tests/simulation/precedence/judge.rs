//! The judge of typed values: what a person typed is overwritten only if a rule says so, what they cleared or took out does not come back,
//! and nothing is written that nobody typed. It goes by who typed what when, and by the order of the rule; where it cannot be sure it is silent.

use super::hands::is_unknown_code;
use super::{copies, words};
use crate::checks::{Violation, fail};
use crate::setup::orders::Order;
use crate::setup::words::field_of;
use crate::sim::Sim;
use crate::truth::OwnForm;
use crate::truth::account::{CODED, ENTRIES, Hand, OWN_VALUES, Typed, entries, shown};
use crate::truth::{Item, Table};
use crate::wire::{Switch, in_own_form};
use crate::world::SHARED;
use nayose::connector::Change;
use nayose::model::{Address, RecordId, Time, Value};

/// Ages are told apart to so much: searches trail, and clocks agree to it.
const SURE_MS: i64 = 180_000;

/// A write of fields, as it leaves.
pub fn typed_values(sim: &Sim<'_>, table: Table, id: &RecordId, change: &Change) -> Result<(), Violation> {
    let Some(number) = table.number(&id.id) else { return Ok(()) };
    let Some(item) = sim.truth.item(table, number).filter(|item| !change.fields.is_empty() && !item.deleted()) else { return Ok(()) };
    let at = At { sim, table, number, item };
    for (name, value) in &change.fields {
        if &**name == CODED {
            at.keeps_unknown_codes(id)?;
        } else if &**name == ENTRIES {
            at.entries_stay_out(id, value)?;
        } else if let Some(field) = field_of(name) {
            words::word(sim, (table, number, item), id, (field.name, value))?;
        } else if let Some(field) = OWN_VALUES.into_iter().find(|field| *field == &**name) {
            at.only_fills(id, field, value)?;
            at.somebody_typed_it(id, field, value)?;
            at.stands_by_the_rule(id, field, value)?;
            copies::move_nothing(sim, (table, number), id, (field, value))?;
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
        // Rows without an id are nobody's, however often they are read (seed 89003916).
        if self.sim.switches.has_no_id(self.table, self.number) {
            return false;
        }
        let read = self.sim.daemon.as_ref().and_then(|d| d.whole.get(&format!("{}.people", self.table.system())));
        let is_newer = |at: &Time| *at > hand.at && self.sim.known.is_newer(&self.table.id(self.number), *at);
        hand.is_typed() && !hand.silently && read.is_some_and(is_newer)
    }

    /// Who typed what the field shows, if we have seen it. Whoever is about to write what stood there before has seen that it does so no more.
    fn seen_beside(&self, field: &'static str, value: &Value) -> Option<&Hand> {
        let hand = self.sim.truth.account.hand(self.table, self.number, field)?;
        (self.is_seen(hand) || self.puts_back(hand, field, value)).then_some(hand)
    }

    /// Whether a write puts back what a person replaced, and we knew that it stood there.
    fn puts_back(&self, hand: &Hand, field: &str, value: &Value) -> bool {
        let own_form = self.sim.truth.own_form.filter(|_| self.table == Table::MaPeople);
        let is_it = *value == hand.before || own_form.is_some_and(|form| in_own_form(form, field, value) == hand.before);
        hand.is_typed() && hand.was_seen && is_it
    }

    /// What nobody can read is nobody's to write over.
    fn keeps_unknown_codes(&self, id: &RecordId) -> Result<(), Violation> {
        let there = shown(self.item.record(), CODED);
        // By a clock that is behind, an older look seems to show what came later.
        match self.seen_hand(CODED).filter(|_| self.are_dated_right()) {
            Some(_) if is_unknown_code(there) => fail(9, format!("{id}: {CODED} is written over a code that no map knows ({there})")),
            _ => Ok(()),
        }
    }

    /// Where a rule only fills, what was seen to be there stays, be it what we once wrote.
    fn only_fills(&self, id: &RecordId, field: &'static str, value: &Value) -> Result<(), Violation> {
        let (account, there) = (&self.sim.truth.account, shown(self.item.record(), field));
        let fills = self.sim.orders.in_force().iter().all(|order| order.fills(field));
        let Some(hand) = account.hand(self.table, self.number, field).filter(|_| fills && !there.is_empty() && there != value) else {
            return Ok(());
        };
        let is_ours = hand.is_ours() && account.is_answered(self.table, self.number, hand.at);
        match is_ours || self.is_seen(hand) {
            true => fail(9, format!("{id}: {field} = {there} is there, and {value} is written over it by a rule that fills")),
            false => Ok(()),
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
            // Who lost their state takes what they wrote for what was put in, and where only one system counts what others took out does not.
            let unite = self.sim.orders.in_force().iter().all(|order| order.unites(ENTRIES));
            if !self.are_dated_right() || account.is_forgotten() || !unite {
                continue;
            }
            let Some(out) = account.removed(self.table, self.number, entry).filter(|hand| hand.was_seen) else { continue };
            if !self.is_seen(out) && !self.puts_back(out, ENTRIES, value) {
                continue;
            }
            // Which of two that were seen to change between the same looks came first nobody can say.
            if typed.iter().all(|typed| typed.at.0 + SURE_MS < out.at.0) {
                let who = self.told(typed);
                return fail(9, format!("{id}: the entry {entry} of {who} was taken out {} s ago, and is put in again", self.ago(out.at)));
            }
        }
        Ok(())
    }

    fn somebody_typed_it(&self, id: &RecordId, field: &'static str, value: &Value) -> Result<(), Violation> {
        // What the systems made of our writes is theirs to whoever lost what was written.
        let unsure = [Switch::OddCharacters, Switch::TitlesGrow].iter().any(|s| self.sim.switches.was_on(*s))
            || self.sim.truth.account.is_forgotten()
            || has_somebody_undone_a_form(self.sim);
        if value.is_empty() || unsure || !self.sim.truth.account.typed(field, &value.to_string()).is_empty() {
            return Ok(());
        }
        fail(9, format!("{id}: {field} becomes {value}, which nobody typed anywhere"))
    }

    fn stands_by_the_rule(&self, id: &RecordId, field: &'static str, value: &Value) -> Result<(), Violation> {
        let Some(hand) = self.seen_beside(field, value) else { return Ok(()) };
        let (there, typed) = (shown(self.item.record(), field), self.sim.truth.account.typed(field, &value.to_string()));
        let unsure = self.sim.switches.was_on(Switch::OddCharacters) || has_somebody_undone_a_form(self.sim);
        if there == value || typed.is_empty() || unsure {
            return Ok(());
        }
        if there.is_empty() {
            // Who lost their state knows no forms of theirs, and by a wrong clock what was typed before looks typed anew.
            let is_sure = self.are_dated_right() && !self.sim.truth.account.is_forgotten();
            let is_before = |typed: &Typed| typed.at <= hand.at || self.is_known_copy(field, typed);
            let again = is_sure && self.puts_back(hand, field, value) && typed.iter().all(is_before);
            return if again { fail(9, format!("{id}: {field} = {value} was cleared, and is written back")) } else { Ok(()) };
        }
        let orders = self.sim.orders.in_force();
        // By a clock that is a month ahead what was typed today is too old.
        let ages =
            orders.iter().any(|order| THREE.iter().any(|system| order.rank(field, system).is_some_and(|rank| rank.max_age_ms.is_some())));
        if self.sim.clock_was_far && ages {
            return Ok(());
        }
        // Who lost their state cannot tell what they wrote from what was typed.
        let copied = [self.copies(field, value), self.copies_in_escapes(field, value)].concat();
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

    /// Our own writes that count as typed, once the state was lost: as they were written, or in the marketing system's form of them
    /// (seed 89004278).
    fn copies(&self, field: &str, value: &Value) -> Vec<Typed> {
        if !self.sim.truth.account.is_forgotten() {
            return Vec::new();
        }
        let form = self.sim.truth.own_form;
        let shows = |table: Table, item: &Item| {
            let there = shown(item.record(), field);
            there == value || form.is_some_and(|form| table == Table::MaPeople && in_own_form(form, field, value) == *there)
        };
        let of = |table: Table| {
            self.sim.truth.table(table).iter().filter(move |(_, item)| shows(table, item)).map(move |(number, _)| (table, *number))
        };
        Table::PEOPLE
            .into_iter()
            .flat_map(of)
            .map(|(table, number)| Typed { table, number, at: self.sim.truth.now, is_copied: false, silently: false })
            .collect()
    }

    /// What the job put into the marketing system, which keeps it with escapes: whoever has learnt that reads it as it was.
    fn copies_in_escapes(&self, field: &'static str, value: &Value) -> Vec<Typed> {
        let Some(form) = self.sim.truth.own_form.filter(|form| *form == OwnForm::Html && field == "title") else { return Vec::new() };
        let kept = self.sim.truth.account.typed(field, &in_own_form(form, field, value).to_string());
        kept.iter().filter(|typed| typed.is_copied && typed.table == Table::MaPeople).copied().collect()
    }

    /// Whether the rule may put a value that was typed elsewhere before the one that was typed here.
    fn goes_before(&self, order: Order, field: &str, typed: &Typed, here: &Hand) -> bool {
        let Some(theirs) = order.rank(field, typed.table.system()) else { return false };
        let Some(ours) = order.rank(field, self.table.system()) else { return true };
        let age = self.sim.truth.now.0 - here.at.0;
        let is_old = ours.max_age_ms.is_some_and(|limit| age + SURE_MS > limit);
        let dated = self.are_dated_right();
        // What moved no time seems to have changed with the next change that does, unless the history of the field tells otherwise.
        let moved = || self.sim.truth.item(typed.table, typed.number).is_some_and(|item| item.now().stamped > here.at);
        // And where nobody had read what it took the place of, it seems to be as old as the record's last change.
        let is_dated_before = here.silently && !here.was_seen;
        let is_late = || {
            typed.at > here.at
                || !dated
                || typed.silently && moved()
                || is_dated_before
                || self.is_superseded(order, field, ours.band, here)
        };
        if self.is_known_copy(field, typed) {
            // A copy is no news: it has its system's rank, and goes behind all that is none.
            let counts = self.stands(field, typed) && !(order.passes_copies() && self.is_typed_in_the_crm(field));
            return counts && (theirs.band < ours.band || is_old);
        }
        theirs.band < ours.band || is_old || (theirs.band == ours.band && is_late())
    }

    /// Whether the job put a value there, and the CRM's history of the field told so, or that there is another by now: it is one of the
    /// CRM's relays.
    fn is_known_copy(&self, field: &str, typed: &Typed) -> bool {
        let is_copied = typed.is_copied && typed.table == Table::CrmPeople && self.sim.shape.relays;
        is_copied && OWN_VALUES.into_iter().any(|own| own == field && self.sim.truth.past.is_told(typed.number, own))
    }

    /// Whether what was put there is there still.
    fn stands(&self, field: &str, typed: &Typed) -> bool {
        let own = OWN_VALUES.into_iter().find(|own| *own == field);
        let hand = own.and_then(|own| self.sim.truth.account.hand(typed.table, typed.number, own));
        hand.is_some_and(|hand| hand.at == typed.at)
    }

    /// Whether a person typed the field in a contact of the same person, and the history of it told us so.
    fn is_typed_in_the_crm(&self, field: &str) -> bool {
        let (sim, own) = (self.sim, OWN_VALUES.into_iter().find(|own| *own == field));
        let is_told = |number: u32, own| {
            let is_typed = sim.truth.account.hand(Table::CrmPeople, number, own).is_some_and(|hand| hand.is_typed() && !hand.silently);
            is_typed && sim.truth.past.is_told(number, own) && !sim.switches.was_on(Switch::HistoryByProgram)
        };
        let mut contacts = sim.truth.table(Table::CrmPeople).iter();
        contacts.any(|(number, item)| {
            let is_set = !shown(item.record(), field).is_empty();
            is_set && own.is_some_and(|own| is_told(*number, own)) && is_surely_the_same(sim, self.item, item)
        })
    }

    /// Whoever's clock is wrong dates what is read by it.
    fn are_dated_right(&self) -> bool {
        !self.sim.clock_was_off && ![Switch::DatedAhead, Switch::ClockAhead].iter().any(|s| self.sim.switches.was_on(*s))
    }

    /// Whether somebody typed another value later in a record of the same person that counts as much: then this one is out of date, whichever
    /// of the others wins.
    fn is_superseded(&self, order: Order, field: &str, band: usize, here: &Hand) -> bool {
        let tables = Table::PEOPLE.into_iter().filter(|t| order.rank(field, t.system()).is_some_and(|rank| rank.band == band));
        let mut others = tables.flat_map(|t| self.sim.truth.table(t).iter().map(move |(number, item)| (t, *number, item)));
        others.any(|(table, number, item)| {
            let hand = OWN_VALUES.into_iter().find(|own| *own == field).and_then(|own| self.sim.truth.account.hand(table, number, own));
            let is_news = |hand: &Hand| {
                !self.is_known_copy(field, &Typed { table, number, at: hand.at, is_copied: !hand.is_typed(), silently: hand.silently })
            };
            item.human == self.item.human && hand.is_some_and(|hand| !hand.is_ours() && hand.at > here.at && is_news(hand))
        })
    }
}

/// Whether two records are one person's beyond doubt: nobody else bears their one address.
pub(super) fn is_surely_the_same(sim: &Sim<'_>, one: &Item, other: &Item) -> bool {
    let address = |item: &Item| sim.truth.addresses(item.record());
    let mine = address(one);
    // Their own one: what a record bears besides joins nobody.
    let bears_it = |item: &Item| item.record().text("email").and_then(Address::parse).is_some_and(|own| mine.contains(&own));
    let bear = |item: &&Item| address(item).iter().any(|address| mine.contains(address));
    let all = Table::PEOPLE.into_iter().flat_map(|table| sim.truth.table(table).values());
    let first = |item: &Item| item.versions.iter().all(|version| version.record.text("email") == item.record().text("email"));
    !other.deleted()
        && one.human == other.human
        && mine.len() == 1
        && !mine.iter().any(|address| SHARED.contains(&address.as_str()))
        && address(other) == mine
        && bears_it(one)
        && bears_it(other)
        && first(one)
        && first(other)
        && all.filter(bear).all(|item| item.human == one.human)
}

const THREE: [&str; 3] = ["crm", "support", "ma"];

/// Whether a person typed just what the marketing system had made its own form of: whoever wrote it cannot tell that person's hand from
/// the system's any more.
pub(super) fn has_somebody_undone_a_form(sim: &Sim<'_>) -> bool {
    let truth = &sim.truth;
    let Some(form) = truth.own_form else { return false };
    truth.account.hands(Table::MaPeople).filter(|(_, _, hand)| hand.is_typed()).any(|(number, field, hand)| {
        let value = truth.item(Table::MaPeople, number).map(|item| shown(item.record(), field));
        value.is_some_and(|value| *value != hand.before && in_own_form(form, field, value) == hand.before)
    })
}
