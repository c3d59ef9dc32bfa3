//! What must always be true (design.md 3), asked at each write, each mail, each delivery and at rest.

use super::driver::UnderWay;
use super::judges::{self, CLOCK_MS};
use super::kinds;
use super::precedence;
use super::setup::orders::Order;
use super::setup::words::PLACE;
use super::setup::{CRM_LIMIT_MS, REFUSAL_LIMIT_MS, TICKET_LIMIT_MS, WIDENING_PEOPLE, WIDENING_WITHIN_MS};
use super::sim::Sim;
use super::truth::account::ENTRIES;
use super::truth::{BlockBy, Item, OwnForm, Table};
use super::wire::Switch;
use nayose::connector::Outcome;
use nayose::engine::delivery::deliver::Batch;
use nayose::engine::gate::decision_table::Subject;
use nayose::engine::target::{Op, Target};
use nayose::model::{Mark, Name, Record, RecordId, Time, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in design.md 3.
    pub invariant: u8,
    pub what: String,
}

impl Violation {
    pub fn new(invariant: u8, what: impl Into<String>) -> Violation {
        Violation { invariant, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of invariant {}: {}", self.invariant, self.what)
    }
}

/// Passes begin a little before the decision on them.
pub const SLACK_MS: i64 = 5_000;
/// A protective write is tried again after a failure at the latest then.
const TRIED_AGAIN_MS: i64 = 6 * 60_000;

pub fn fail(invariant: u8, what: impl Into<String>) -> Result<(), Violation> {
    Err(Violation::new(invariant, what))
}

/// Each write, as it leaves.
pub fn writes(sim: &mut Sim<'_>, table: Table, batch: &Batch, planned: Option<&BTreeSet<(String, String)>>) -> Result<(), Violation> {
    sim.orders_in_force();
    let system = table.system();
    let Some(all) = sim.approved.get(system).copied() else { return fail(10, format!("{system} is written to before `approve`")) };
    let rules: Vec<_> = sim.agreed.iter().copied().collect();
    let now = sim.daemon.as_mut().map(|d| d.now(&sim.truth)).unwrap_or(sim.truth.now);
    let mut seen = BTreeSet::new();
    for op in &batch.ops {
        let id = &op.record;
        let kind = Op::of(&op.change);
        if !seen.insert(id) || sim.under_way.contains(id) {
            return fail(6, format!("{id} has two writes under way"));
        }
        if sim.unknown.contains(id) {
            return fail(6, format!("{id} is written to, and the outcome of its last write was never read back"));
        }
        if !all && (kind != Op::Hold || !op.change.fields.is_empty() || op.change.status.is_some()) {
            return fail(10, format!("{id}: {kind:?} with {:?} goes out, and only holds were approved", op.change));
        }
        if let Some(planned) = planned
            && !planned.iter().any(|(i, o)| **i == *id.id && (o == kind.name() || kind == Op::Update))
        {
            return fail(14, format!("{id}: {} is sent and was not in the plan made just before", kind.name()));
        }
        widens(sim, table, batch, id, &op.change, &rules, now)?;
        judges::status_rests_on_what_was_read(sim, id, &op.change)?;
        judges::status_falls_only_to_exceptions(sim, id, &op.change)?;
        precedence::places::customer_by(sim, table, id, &op.change)?;
        judges::field_rests_on_what_was_read(sim, id, &op.change)?;
        precedence::judge::typed_values(sim, table, id, &op.change)?;
        if op.change.fields.iter().any(|(_, v)| *v == Value::Empty) && table == Table::MaPeople {
            absent_erases_nothing(sim, id, &op.change.fields)?;
        }
    }
    many_releases(sim, table, batch)
}

fn widens(
    sim: &Sim<'_>,
    table: Table,
    batch: &Batch,
    id: &RecordId,
    change: &nayose::connector::Change,
    rules: &[super::setup::Rules],
    now: Time,
) -> Result<(), Violation> {
    let lifts = change.block == Some(false);
    let permits = change.permits.gives();
    if !lifts && !permits {
        return Ok(());
    }
    let what = if lifts { "its block is lifted" } else { "it is given a permit" };
    let counted = if kinds::gives_the_rep_alone(change) { &[] } else { rules };
    if let Some(cause) = sim.known.must_hold(id, counted, now) {
        return fail(1, format!("{id}: {what}, and {cause} was not seen to end"));
    }
    let keeps_itself = lifts && sim.known.bearer(id).is_some_and(|b| b.shows_refusal);
    if sim.known.is_refused(id) && !keeps_itself {
        return fail(3, format!("{id}: {what}, and its person said no"));
    }
    let long_since = |item: &Item| sim.truth.now.0 - item.address_since.0 > REFUSAL_LIMIT_MS;
    let nobody = |item: &Item| {
        let there = item.record();
        !item.deleted() && there.text("email").is_some() && sim.truth.addresses(there).is_empty() && long_since(item)
    };
    if sim.truth.find(id).is_some_and(nobody) {
        return fail(15, format!("{id}: {what}, and its address cannot be read"));
    }
    let block_by = sim.truth.find(id).map(|i| i.block_by);
    if lifts && block_by == Some(BlockBy::Marketer) {
        return fail(3, format!("{id}: the block that a marketer set is lifted"));
    }
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    for (stream, limit) in needed(sim) {
        let proof = daemon.proofs.get(stream);
        if proof.is_none_or(|p| sim.truth.now.0 - p.at.0 > limit + SLACK_MS) {
            return fail(2, format!("{id}: {what} ({:?}), and {stream} was not proved in this run within its limit", batch.lane));
        }
    }
    if daemon.skew_ms.abs() > 120_000 + 1_000 && daemon.requests > 0 && table != Table::CrmPeople && lifts && skew_was_told(sim) {
        return fail(2, format!("{id}: {what} while the clocks differ by {} s", daemon.skew_ms / 1000));
    }
    Ok(())
}

fn skew_was_told(sim: &Sim<'_>) -> bool {
    let told = |d: &crate::driver::Daemon| {
        d.engine.systems().keys().all(|s| d.engine.probe().clocks.skew_ms(s).is_some_and(|ms| ms.abs() > 120_000))
    };
    sim.daemon.as_ref().is_some_and(told)
}

pub fn needed(sim: &Sim<'_>) -> Vec<(&'static str, i64)> {
    let mut all = vec![
        ("crm.deals", CRM_LIMIT_MS),
        ("crm.deal_people", CRM_LIMIT_MS),
        ("ma.people", REFUSAL_LIMIT_MS),
        ("news.people", REFUSAL_LIMIT_MS),
    ];
    if sim.with_tickets() {
        all.push(("support.tickets", TICKET_LIMIT_MS));
    }
    all
}

/// An answer was booked: for each record as it was told, whatever became of the others.
pub fn booked(sim: &Sim<'_>, done: &UnderWay) -> Result<(), Violation> {
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    for (op, outcome) in done.batch.ops.iter().zip(&done.outcomes) {
        let idx = daemon.engine.probe().world.find(&op.record);
        let Some(target) = idx.and_then(|idx| daemon.engine.probe().targets.of(idx)) else { continue };
        let fits = match outcome {
            Outcome::Applied => target.sent.is_none(),
            // What failed is not asked about: something else may be wanted by now, which begins anew.
            Outcome::Rejected(_) | Outcome::NotSent(_) | Outcome::Later { .. } => target.sent.is_none(),
            Outcome::Unknown(_) => target.sent.as_ref().is_some_and(|s| s.unknown),
        };
        if !fits {
            return fail(7, format!("{}: {outcome:?} was told, and {:?}, {:?} is booked", op.record, target.sent, target.failures));
        }
    }
    Ok(())
}

/// The rules were edited and read: if they let anything through that was stopped, somebody is asked.
pub fn edited(sim: &Sim<'_>) -> Result<(), Violation> {
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    // Before anything was read the rules have stopped nothing.
    if daemon.engine.probe().world.is_empty() || daemon.engine.rules().plan().is_some() {
        return Ok(());
    }
    match sim.agreed.iter().find(|agreed| agreed.are_stricter_than(sim.rules)) {
        Some(agreed) => fail(11, format!("policy.toml was edited from {agreed:?} to {:?}, and nobody was asked", sim.rules)),
        None => Ok(()),
    }
}

/// A value is erased only where the record that wins is empty itself: nothing in these rules lets an absent value win.
fn absent_erases_nothing(sim: &Sim<'_>, id: &RecordId, fields: &[(Name, Value)]) -> Result<(), Violation> {
    let Some(item) = sim.truth.find(id) else { return Ok(()) };
    let clears = |order: &Order| order.words().is_some_and(|words| words.clears_place);
    let is_place_cleared = sim.orders.in_force().iter().any(clears);
    // What the record whose place wins does not hold, by a rule that says so.
    let may_clear = |name: &Name| is_place_cleared && PLACE.contains(&&**name);
    for (name, value) in fields.iter().filter(|(name, _)| !may_clear(name)) {
        // A list is empty once the last entry was taken out.
        if *value == Value::Empty && &**name != ENTRIES && item.record().field(name).is_some_and(|f| !f.value.is_empty()) {
            return fail(9, format!("{id}: {name} is erased, and no rule says that an empty value wins"));
        }
    }
    Ok(())
}

/// Lifted blocks of a day, beyond the limit, need somebody's word.
fn many_releases(sim: &mut Sim<'_>, table: Table, batch: &Batch) -> Result<(), Violation> {
    let now = sim.truth.now;
    for op in &batch.ops {
        match op.change.block {
            // What was granted may be sent again when its answer is lost; a block set anew needs a new word.
            Some(true) => drop(sim.granted.remove(&op.record)),
            Some(false) if !sim.granted.contains(&op.record) => drop(sim.lifted.insert(op.record.clone(), now)),
            _ => {}
        }
    }
    // By a clock that was behind it may seem so much longer ago.
    let within = WIDENING_WITHIN_MS - if sim.clock_was_off { CLOCK_MS } else { 0 };
    sim.lifted.retain(|_, at| now.0 - at.0 < within);
    let lifted: Vec<_> = sim.lifted.iter().filter(|(r, _)| *r.system == *table.system()).collect();
    if lifted.len() > WIDENING_PEOPLE {
        let each: Vec<String> = lifted.iter().map(|(record, at)| format!("{record} {} s ago", (now.0 - at.0) / 1000)).collect();
        return fail(
            11,
            format!("{} blocks were lifted within {} min, and nobody was asked: {}", lifted.len(), within / 60_000, each.join(", ")),
        );
    }
    Ok(())
}

/// Everything was read, decided and sent: whoever must be protected is, as far as we can know.
pub fn after_delivery(sim: &mut Sim<'_>) -> Result<(), Violation> {
    let rules: Vec<_> = sim.agreed.iter().copied().collect();
    let Some(now) = sim.daemon.as_mut().map(|daemon| daemon.now(&sim.truth)) else { return Ok(()) };
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    let engine = &daemon.engine;
    for table in Table::MAILERS {
        let system = table.system();
        let disturbed = sim.switches.disturbed(system).is_some_and(|at| sim.truth.now.0 - at.0 < TRIED_AGAIN_MS);
        if !sim.sure.contains(system) || sim.troubles[system].down || disturbed {
            continue;
        }
        for number in sim.truth.living(table) {
            let id = table.id(number);
            let Some(idx) = engine.probe().world.find(&id) else { continue };
            let seen = engine.probe().world.record(idx);
            let waits = engine.probe().targets.sent(idx).is_some();
            // Who shows a refusal gets no mail from there anyway.
            // A write that nobody told the outcome of was a failure, after which the next one waits.
            let unsure = sim.unsure.get(&id).is_some_and(|at| sim.truth.now.0 - at.0 < TRIED_AGAIN_MS);
            // What something else takes away again and again is set ever more slowly.
            let taken = table == Table::MaPeople && sim.switches.is_on(Switch::BlockTakenAway);
            if seen.is_gone() || waits || unsure || taken || !seen.refusals.is_empty() {
                continue;
            }
            let reason = match sim.known.must_hold(&id, &rules, now) {
                Some(cause) => format!("{cause} holds its person"),
                None if sim.known.is_refused(&id) => "its person said no elsewhere".to_string(),
                None => continue,
            };
            let Some(item) = sim.truth.item(table, number) else { continue };
            // Who said no there in words that we do not read gets no mail from there either.
            if item.refused() {
                continue;
            }
            // A dead record takes no write at all.
            if sim.switches.concerns(Switch::BatchNotFound, Table::MaPeople, number, 6) && table == Table::MaPeople {
                continue;
            }
            // As it is there, whatever we take it for; but what was changed by hand of late is not read yet.
            let read_since = judges::was_read_since(sim, table, number, item.touched);
            let unseen_for = if item.touched_silently { judges::SILENT_LIMIT_MS } else { 600_000 };
            let shown = if read_since && sim.truth.now.0 - item.touched.0 > unseen_for { item.record() } else { &seen };
            let open = match table {
                Table::NewsPeople if !sim.shape.inverted => shown.mark(Mark::Permit) == Some(&Value::Bool(true)),
                _ => !shown.is_blocked(),
            };
            if open {
                return fail(1, format!("{id} is not protected after a delivery, and {reason}"));
            }
        }
    }
    Ok(())
}

/// What the target made of our title is not taken for a title that does not stay.
fn knows_its_form(id: &RecordId, there: &Record, (form, target): (OwnForm, &Target), now: Time) -> Result<(), Violation> {
    let shown = there.text("title").unwrap_or_default();
    let is_form = |ours: Option<&Value>| ours.and_then(Value::as_text).is_some_and(|ours| ours != shown && form.title(ours) == shown);
    match target.parked(now).find(|part| part.what == "title" && is_form(part.ours)) {
        Some(part) => fail(8, format!("{id}: {shown:?} is the form of {:?}, and that is given up ({:?})", part.ours, part.parked)),
        None => Ok(()),
    }
}

/// At rest: no work is left, nobody is held without a cause, every record shows what was decided, and nobody is two people.
pub fn at_rest(sim: &mut Sim<'_>) -> Result<(), Violation> {
    let Some(daemon) = &mut sim.daemon else { return Ok(()) };
    let now = daemon.now(&sim.truth);
    let cool_down = super::setup::COOL_DOWN_MS;
    for table in [Table::MaPeople, Table::NewsPeople, Table::CrmPeople] {
        if daemon.engine.systems().named(table.system()).is_some_and(|s| s.channel.has_unknown()) {
            return fail(6, format!("{}: some write was never read back", table.system()));
        }
        for number in sim.truth.living(table) {
            let id = table.id(number);
            let Some(idx) = daemon.engine.probe().world.find(&id) else { return fail(5, format!("{id} was never taken in")) };
            let seen = daemon.engine.probe().world.record(idx);
            let Some(item) = sim.truth.item(table, number) else { continue };
            shows_what_is_there(sim.switches.is_on(Switch::OddCharacters), &id, item, &seen)?;
            let due = daemon.engine.due(idx, &seen, now);
            let renewal = due.release.as_ref().is_some_and(|c| c.block.is_none());
            let gave_up = daemon.engine.probe().targets.of(idx).is_some_and(|t| t.failures.is_some());
            if !(due.is_empty() || renewal || gave_up) {
                let why = daemon.engine.status(&BTreeMap::new(), now).because.join("; ");
                return fail(8, format!("{id} still has {due:?} to be written ({why})"));
            }
            if let (Some(target), Some(form)) = (daemon.engine.probe().targets.of(idx), sim.truth.own_form) {
                knows_its_form(&id, item.record(), (form, target), now)?;
            }
            // Nobody is released whose address cannot be read.
            let ours = item.block_by == BlockBy::Us && seen.is_blocked() && !sim.truth.addresses(item.record()).is_empty();
            let person = daemon.engine.probe().world.slot(idx).person as usize;
            let asks = daemon.engine.probe().people.get(person).is_some_and(|p| p.holds.iter().any(|h| h.kept.is_some()));
            // A refusal may be in the journal though the look that showed it was forgotten with a kill.
            let refused = daemon.engine.probe().table.find(&Subject::Record(id.clone())).standings.iter().any(|s| s.refused_all);
            // What was seen open under a clock that is a month ahead cools down from then: on the safe side, and it ends.
            if ours && !asks && !refused && !sim.clock_was_far && !sim.known.could_hold(&id, now, cool_down) {
                let people = daemon.engine.probe().people.get(person);
                let holds = people.map(|p| p.holds.clone());
                let records: Vec<_> = people.iter().flat_map(|p| &p.members).map(|idx| daemon.engine.probe().world.record(*idx)).collect();
                return fail(
                    8,
                    format!("{id} is blocked by us for good, and nothing holds its person but {holds:?}; its records are {records:#?}"),
                );
            }
        }
    }
    two_people(sim)
}

fn shows_what_is_there(odd: bool, id: &RecordId, item: &Item, seen: &nayose::model::Record) -> Result<(), Violation> {
    let there = item.record();
    for field in &there.fields {
        // Written in forms that are read as one and the same, or not at all.
        if &*field.name == "email" || odd && matches!(&*field.name, "title" | "phone") || &*field.name == "amount" {
            continue;
        }
        if precedence::hands::is_unknown_code(&field.value) {
            continue;
        }
        let known = seen.field(&field.name).map_or(&Value::Empty, |f| &f.value);
        if *known != field.value {
            return fail(5, format!("{id}: {} is {:?} there, and {:?} is what we know", field.name, field.value, known));
        }
    }
    let status = |r: &nayose::model::Record| r.mark(Mark::Status).and_then(Value::as_text).filter(|t| !t.is_empty()).map(str::to_string);
    if there.is_blocked() != seen.is_blocked() || status(there) != status(seen) {
        return fail(5, format!("{id} shows {:?}, and {:?} is what we know", there.marks, seen.marks));
    }
    if seen.is_gone() {
        return fail(5, format!("{id} is there, and we take it for gone"));
    }
    Ok(())
}

/// No two people with names of their own are one person to us.
fn two_people(sim: &Sim<'_>) -> Result<(), Violation> {
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    for person in daemon.engine.probe().people.iter() {
        let mut humans: BTreeMap<u32, RecordId> = BTreeMap::new();
        for idx in &person.members {
            let id = daemon.engine.probe().world.slot(*idx).id.clone();
            if daemon.engine.probe().world.record(*idx).is_gone() {
                continue;
            }
            if let Some(item) = sim.truth.find(&id).filter(|i| !i.deleted()) {
                humans.insert(item.human, id);
            }
        }
        if humans.len() > 1 {
            let ids: Vec<String> = humans.values().map(ToString::to_string).collect();
            return fail(13, format!("{} are different people, and are merged", ids.join(" and ")));
        }
    }
    Ok(())
}
