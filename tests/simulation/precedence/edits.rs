//! Edits of precedence.toml and of the statuses: which of them counts, which waits, and that what `plan --rules` says of one is what is
//! then written.

use super::{rest, words};
use crate::checks::{self, Violation, fail};
use crate::dice::Dice;
use crate::driver::{Daemon, Died};
use crate::setup::orders::Order;
use crate::sim::Sim;
use crate::truth::Table;
use crate::wire::Switch;
use nayose::connector::WriteOp;
use nayose::engine::answers::approve::ApprovalRefused;
use nayose::engine::answers::preview::Preview;
use nayose::model::{Name, RecordId, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An edit that went may be taken back for so long without a question; less what two looks at a clock may differ by.
const TAKEN_BACK_WITHIN_MS: i64 = 55 * 60_000;
const MINUTE_MS: i64 = 61_000;
/// Rounds in which an edit is written, and seen to stand.
const ROUNDS_MAX: usize = 5;

/// How often each field was written, by the records that it was written to.
pub type Written = BTreeMap<(Name, String), BTreeMap<RecordId, usize>>;

/// Which precedence is in the file, and which counts.
#[derive(Debug)]
pub struct Orders {
    pub file: Order,
    /// Until an edit that rewrites much is approved it is the one from before.
    pub counts: Order,
    /// Nobody knows yet which of the two it is.
    pub is_unsure: bool,
    /// When the file was saved last.
    saved_at: Time,
    /// The first edit since the last moment at which it was known what counts.
    unsure_since: Time,
    /// Further ones that may count: they were edited again before anybody could know.
    perhaps: BTreeSet<Order>,
    /// Those that counted until lately, and until when.
    left: BTreeMap<Order, Time>,
    /// Edits whose numbers were compared with what was written.
    pub compared: u64,
}

impl Orders {
    pub fn new(order: Order) -> Orders {
        Orders {
            file: order,
            counts: order,
            is_unsure: false,
            saved_at: Time(0),
            unsure_since: Time(0),
            perhaps: BTreeSet::new(),
            left: BTreeMap::new(),
            compared: 0,
        }
    }

    /// Those that may count now.
    pub fn in_force(&self) -> Vec<Order> {
        let file = self.is_unsure.then_some(self.file);
        [self.counts].into_iter().chain(file).chain(self.perhaps.iter().copied()).collect()
    }

    /// The store is lost: only the file's are known.
    pub fn lose(&mut self) {
        *self = Orders { compared: self.compared, ..Orders::new(self.file) };
    }
}

/// Notes what was written.
pub fn note(written: &mut Written, table: Table, op: &WriteOp) {
    let fields = op.change.fields.iter().map(|(name, _)| name.to_string());
    for field in fields.chain(op.change.status.iter().map(|_| "status".to_string())) {
        *written.entry((table.system().into(), field)).or_default().entry(op.record.clone()).or_default() += 1;
    }
}

impl Sim<'_> {
    /// precedence.toml is edited, and with it the order of the statuses.
    pub fn edit_order(&mut self, order: Order, dice: &mut Dice) -> Result<(), Violation> {
        let (before, now) = (self.orders.counts, self.truth.now);
        if self.orders.is_unsure {
            let file = self.orders.file;
            self.orders.perhaps.insert(file);
        } else {
            self.orders.unsure_since = now;
        }
        let is_sure = self.orders.perhaps.is_empty();
        let back = self.orders.left.get(&order).is_some_and(|at| now.0 - at.0 <= TAKEN_BACK_WITHIN_MS) && !self.clock_was_off;
        // How long ago it was left is told from the last answer before on (seed 91004669).
        (self.orders.file, self.orders.is_unsure, self.orders.saved_at) = (order, true, now.min(self.truth.heard_at));
        self.counts.other += 1;
        if order == Order::Narrow || before == Order::Narrow {
            // What one system alone is asked for cannot go round, and its writes are not counted.
            self.switches.forget_writes(true, now);
        }
        self.note(|| format!("precedence.toml is now {order:?}"));
        if dice.once_in(3) {
            self.kill("restart for the new precedence", dice)?;
        } else {
            let (setup, instance) = (self.setup(), self.instance);
            self.with(|daemon, world, _| daemon.take_rules(setup, instance, world))?;
        }
        self.orders_in_force();
        if is_sure && (order == before || back) && self.waiting_edit().is_some() {
            return fail(11, format!("an edit is taken back to {order:?}, and waits"));
        }
        Ok(())
    }

    /// The plan of an edit of precedence or statuses, as `status` names it.
    pub fn waiting_edit(&self) -> Option<String> {
        let waiting = self.daemon.as_ref()?.engine.waiting();
        waiting.into_iter().map(|waiting| waiting.plan).find(|plan| plan.starts_with("e_"))
    }

    /// Asks what counts, as far as that can be told from outside.
    pub fn orders_in_force(&mut self) {
        // While all is read anew nothing is weighed, nor before everyone was decided on.
        let is_weighed = |d: &Daemon| d.engine.left_to_read().is_empty() && d.engine.probe().dirty.is_empty();
        if !self.orders.is_unsure || !self.daemon.as_ref().is_some_and(is_weighed) {
            return;
        }
        match self.waiting_edit() {
            Some(_) => self.orders.is_unsure = false,
            // It counts since it was saved.
            None => self.order_went(self.orders.saved_at),
        }
    }

    fn order_went(&mut self, at: Time) {
        let orders = &mut self.orders;
        if orders.counts != orders.file {
            // One of those between may have taken its place before (seed 89002032).
            let left = if orders.perhaps.is_empty() { at } else { at.min(orders.unsure_since) };
            orders.left.insert(orders.counts, left);
        }
        orders.perhaps.clear();
        (orders.counts, orders.is_unsure) = (orders.file, false);
    }

    /// A person approved a plan: what waited goes. An edit that was approved does not ask again.
    pub fn edit_was_approved(&mut self, plan: &str) -> Result<(), Violation> {
        if !plan.starts_with("e_") {
            return Ok(());
        }
        self.order_went(self.truth.heard_at);
        match self.waiting_edit() {
            Some(again) => fail(11, format!("the edit {plan} was approved, and {again} waits")),
            None => Ok(()),
        }
    }

    /// Whether some system keeps not all that it is given, or shows it in another form than it is kept.
    fn keeps_not_all(&self) -> bool {
        let disturbs = [
            Switch::FieldRefused,
            Switch::StatusRefused,
            Switch::BatchNotFound,
            Switch::RefusingLocked,
            Switch::StatusKept,
            Switch::OddCharacters,
            Switch::TitlesGrow,
        ];
        disturbs.iter().any(|s| self.switches.was_on(*s))
    }

    /// Nobody typed anything for days, and all was read and written again and again: each field is written in two rounds at most, once more where
    /// an export told late what was typed before, and once more where values grow too old.
    pub fn writing_stopped(&mut self) -> Result<(), Violation> {
        let written = self.written.take().unwrap_or_default();
        let most = if self.orders.counts == Order::Aged || self.orders.is_unsure { 4 } else { 3 };
        let fields = written
            .iter()
            .filter(|((_, field), _)| field != "status")
            .flat_map(|((_, field), records)| records.iter().map(move |r| (field, r)));
        if !self.keeps_not_all() {
            rest::old_gave_way(self)?;
            rest::newest_came_through(self)?;
            words::words_came_through(self)?;
        }
        match fields.into_iter().find(|(_, (_, times))| **times > most).filter(|_| !self.keeps_not_all()) {
            Some((field, (record, times))) => fail(8, format!("{record}: {field} is written {times} times while nobody types anything")),
            None => Ok(()),
        }
    }

    /// At rest: another precedence is looked at by `plan --rules`, saved, and let go where it waits. What is then written is what was said.
    pub fn compare_an_edit(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        // Where values are kept in other forms, one that is learnt on the way lets go what was in doubt.
        let disturbed = self.keeps_not_all() || self.truth.own_form.is_some();
        let (order, former) = (Order::any(self.shape.spoken, dice), self.orders.counts);
        if disturbed || self.orders.is_unsure || self.orders.counts != self.orders.file || order == self.orders.file {
            return Ok(());
        }
        let other = self.setups.of(self.shape, self.rules, order).config.rules.clone();
        let Some(Some(preview)) = self.with(|daemon, world, _| {
            let now = daemon.now(world.truth);
            let mut run = daemon.engine.begin_preview(other, false);
            while daemon.engine.preview_some(&mut run, now) {}
            Ok(daemon.engine.end_preview(run, now))
        })?
        else {
            return Ok(());
        };
        self.note(|| format!("plan --rules of {order:?}: {:?}, waits: {}", preview.totals, preview.waits));
        let before = dice.once_in(2);
        if let Some(plan) = preview.plan.as_ref().filter(|_| before) {
            self.approve_edit(plan)?;
        }
        self.written = Some(Written::new());
        self.edit_order(order, dice)?;
        let waiting = self.waiting_edit();
        let expected = preview.plan.as_ref().filter(|_| preview.waits && !before);
        if waiting.as_ref() != expected {
            return fail(11, format!("plan --rules of {order:?} says that {expected:?} would wait, and {waiting:?} waits"));
        }
        if let Some(plan) = &waiting {
            self.a_minute_later(dice)?;
            self.nothing_was_written(plan, &preview)?;
            self.edit_order(self.orders.counts, dice)?;
            self.edit_order(order, dice)?;
            if self.waiting_edit() != waiting {
                return fail(11, format!("{plan} was taken back and made again, and {:?} waits", self.waiting_edit()));
            }
            self.approve_edit(plan)?;
            self.edit_was_approved(plan)?;
        }
        if waiting.is_some() || dice.once_in(2) {
            // Within the hour there and back again.
            self.edit_order(former, dice)?;
            self.edit_order(order, dice)?;
        }
        for round in 0..ROUNDS_MAX {
            let before = self.counts.writes;
            self.admin(dice, true)?;
            self.a_minute_later(dice)?;
            if round > 0 && self.counts.writes == before {
                break;
            }
        }
        self.orders.compared += 1;
        self.says_what_was_written(former, order, &preview)
    }

    fn a_minute_later(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        self.truth.now = Time(self.truth.now.0 + MINUTE_MS);
        self.round(dice)
    }

    fn approve_edit(&mut self, plan: &str) -> Result<(), Violation> {
        let approved = self.with(|daemon, world, _| {
            let now = daemon.now(world.truth);
            match daemon.engine.approve(plan, false, "tests", now) {
                Err(ApprovalRefused::State(_)) => Err(Died),
                other => Ok(other.map_err(|refused| refused.to_string())),
            }
        })?;
        match approved {
            Some(Err(refused)) => fail(11, format!("{plan} cannot be approved: {refused}")),
            _ => Ok(()),
        }
    }

    /// Nothing of what the edit would write. What a history dates meanwhile may go by the rules that still count.
    fn nothing_was_written(&self, plan: &str, preview: &Preview) -> Result<(), Violation> {
        // By either: those that wait may be why it is asked for.
        let may_be_dated =
            |field: &str| [self.orders.counts, self.orders.file].iter().any(|order| order.asks_history(field, self.shape.relays));
        let is_of_it = |(system, field): &(Name, String)| {
            !may_be_dated(field) && preview.totals.iter().any(|t| *t.system == **system && *t.field == **field)
        };
        match self.written.iter().flatten().find(|(place, _)| is_of_it(place)) {
            Some(((system, field), records)) => {
                let records: Vec<String> = records.keys().map(ToString::to_string).collect();
                fail(11, format!("{}: {plan} waits, and {field} is written to {} of {system}", records[0], records.join(", ")))
            }
            None => Ok(()),
        }
    }

    fn says_what_was_written(&mut self, former: Order, order: Order, preview: &Preview) -> Result<(), Violation> {
        let written = self.written.take().unwrap_or_default();

        let written: BTreeMap<_, usize> = written.into_iter().map(|(field, records)| (field, records.len())).collect();
        let said: BTreeMap<_, usize> = preview
            .totals
            .iter()
            .map(|total| ((total.system.clone(), total.field.clone()), total.counts.rewritten() + total.counts.filled))
            .collect();
        // Of a history that nobody asked for before the edit `plan --rules` cannot know what it will say.
        let asks = |order: Order, field: &str| order.asks_history(field, self.shape.relays);
        let is_foreseen = |field: &str| asks(former, field) || !asks(order, field);
        let foreseen = |all: &BTreeMap<(Name, String), usize>| -> Vec<_> {
            all.iter().filter(|((_, field), _)| is_foreseen(field)).map(|(field, count)| (field.clone(), *count)).collect()
        };
        if foreseen(&written) != foreseen(&said) {
            return fail(14, format!("plan --rules of {order:?} says {said:?}, and then is written {written:?}"));
        }
        checks::at_rest(self)
    }
}
