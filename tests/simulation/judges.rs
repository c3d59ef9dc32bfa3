//! The judges that ask nobody inside: what stands in the systems themselves decides, whatever the engine believes.
//!
//! - Does mail reach someone who was truly on an open deal for longer than all limits, or one whose no was shown anywhere?
//! - Does `status` say *protecting* while either could happen?
//! - Are requests repeated without end, or marks piled up?

use super::checks::{SLACK_MS, Violation, fail, needed};
use super::kinds;
use super::setup::orders::Order;
use super::setup::{CRM_LIMIT_MS, LEASE_MS, PEOPLE_LIMIT_MS, REFUSAL_LIMIT_MS, TICKET_LIMIT_MS};
use super::sim::Sim;
use super::truth::account::OWN_VALUES;
use super::truth::against::{Borne, Cause};
use super::truth::labels::STATUS;
use super::truth::{Item, Table};
use super::wire::Switch;
use nayose::connector::Change;
use nayose::engine::answers::status::Protection;
use nayose::model::{Address, Mail, MailKind, Mark, RecordId, Time, Value};
use std::collections::BTreeMap;

/// How long an address that came by a silent change may go unseen: until the next sweep, of which one may fail.
pub const SILENT_LIMIT_MS: i64 = 52 * 3_600_000;
/// Clocks that differ by no more than this agree: by so much a former process's proof may look too young.
const AGREES_MS: i64 = 120_000;
/// Our clock may have been so far ahead when a permit was given.
pub const CLOCK_MS: i64 = 1_800_000;
/// Copies of one label that a member may wear, as one may land whose answer was lost.
const COPIES_MAX: usize = 2;

/// A wave of mail: every record of a mailer that it may send to, and the gate's answer for each.
pub fn mail(sim: &mut Sim<'_>) -> Result<(), Violation> {
    let now = sim.truth.now;
    let Some(daemon) = &mut sim.daemon else { return Ok(()) };
    let ours = daemon.now(&sim.truth);
    daemon.gate.publish(&daemon.engine);
    let status = daemon.engine.status(&BTreeMap::new(), ours);
    let mut asked = Vec::new();
    for table in Table::MAILERS {
        for (number, item) in sim.truth.table(table).iter().filter(|(_, i)| !i.deleted()) {
            asked.extend(sim.truth.addresses(item.record()).into_iter().map(|address| (table, *number, address)));
        }
    }
    sim.counts.mails_judged += asked.len() as u64;
    let campaign = Mail::of(MailKind::Campaign);
    let end_of = |(stream, limit)| Some((sim.daemon.as_ref()?.proofs.get(stream)?.at.0 + limit + SLACK_MS, stream));
    let ends = needed(sim).into_iter().filter_map(end_of).min();
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    let subjects: Vec<String> = asked.iter().map(|(_, _, a)| a.to_string()).collect();
    let answers = daemon.gate.decide(&subjects, &campaign, ours);
    // Nothing more is read: when the first limit is over, nobody is let through any more.
    let own = needed(sim).iter().all(|(stream, _)| daemon.proofs.contains_key(*stream));
    if let Some((end, stream)) = ends.filter(|(end, _)| own && *end >= now.0) {
        let later = daemon.gate.decide(&subjects, &campaign, Time(ours.0 + end - now.0 + 1));
        if let Some(((_, _, address), _)) = asked.iter().zip(&later).find(|(_, answer)| answer.decision == "allow") {
            let left = (end - now.0) / 1000;
            return fail(2, format!("the gate would allow {address} in {left} s, when the first limit is over, that of {stream}"));
        }
    }
    for ((table, number, address), answer) in asked.iter().zip(&answers) {
        if answer.decision == "allow" {
            gate_allows(sim, address, now)?;
        }
        if sim.timed_permits() && *table == Table::MaPeople {
            permit_stands(sim, *number, address, now)?;
            own_permits_stand(sim, *number, address, now)?;
        }
        if status.protection == Protection::Protecting {
            protected_as_told(sim, *table, *number, address, now)?;
        }
    }
    match sim.truth.copies_of_labels() {
        copies if copies > COPIES_MAX => fail(8, format!("a member wears {copies} copies of a label")),
        _ => Ok(()),
    }
}

/// How long a cause may stand unseen, and how long it does.
fn overdue(sim: &Sim<'_>, cause: Cause, since: Time, now: Time, slack: i64) -> Option<String> {
    let (limit, address, people, what) = match cause {
        Cause::Deal { number, address } => (CRM_LIMIT_MS, address, "crm.people", format!("deal {number} is open")),
        Cause::Ticket { number, address } => (TICKET_LIMIT_MS, address, "support.people", format!("ticket {number} is urgent")),
    };
    let streams: &[&str] = if matches!(cause, Cause::Deal { .. }) { &["crm.deals", "crm.deal_people"] } else { &["support.tickets"] };
    let slack = |streams: &[&str]| {
        let own = streams.iter().all(|s| sim.daemon.as_ref().is_some_and(|d| d.proofs.contains_key(*s)));
        slack + SLACK_MS + if own || !sim.clock_was_off { 0 } else { AGREES_MS }
    };
    if matches!(cause, Cause::Ticket { number, .. } if is_left_out(sim, number)) {
        return None;
    }
    let long = now.0 - since.0 > limit + slack(streams) && now.0 - address.since.0 > address_limit(address) + slack(&[people]);
    long.then(|| format!("{what} since {} s", (now.0 - since.0) / 1000))
}

/// Whether the desk's exports left out a ticket, or one whom it names: they show nothing of what changed within the minute before they are
/// asked, also if it is as it was for days (README, "The limits"). The next look shows it, and is due within the limit.
fn is_left_out(sim: &Sim<'_>, number: u32) -> bool {
    let left_out = |table: Table, number: u32| {
        let stream = if table == Table::SupportTickets { "support.tickets" } else { "support.people" };
        // A process that was just started goes by what the one before it proved.
        let proved = sim.daemon.as_ref().and_then(|d| d.proofs.get(stream)).or(sim.proved_kept.get(stream)).map(|p| p.at);
        let changed = sim.truth.item(table, number).map(|i| i.now().stamped);
        changed.zip(proved).is_some_and(|(at, proved)| at >= proved && sim.truth.now.0 - at.0 <= TICKET_LIMIT_MS + SLACK_MS)
    };
    let people = sim.truth.item(Table::SupportTickets, number).into_iter().flat_map(|t| t.people_since.keys());
    let mut people = people.filter_map(|p| p.parse().ok());
    left_out(Table::SupportTickets, number) || people.any(|person| left_out(Table::SupportPeople, person))
}

fn address_limit(address: Borne) -> i64 {
    if address.silent { SILENT_LIMIT_MS } else { PEOPLE_LIMIT_MS }
}

/// The gate says yes: then nothing that stood for longer than the limits may speak against it, and no proof may be too old.
fn gate_allows(sim: &Sim<'_>, address: &Address, now: Time) -> Result<(), Violation> {
    let Some(daemon) = &sim.daemon else { return Ok(()) };
    if sim.known.refuses(address) {
        return fail(3, format!("the gate allows {address}, whose person was seen to say no"));
    }
    let rules: Vec<_> = sim.agreed.iter().copied().collect();
    if let Some(deal) = sim.known.cools(address, &rules, now) {
        return fail(2, format!("the gate allows {address}, and {deal} was lost a short while ago"));
    }
    for (cause, since) in sim.truth.against(address, sim.reach()) {
        if let Some(what) = overdue(sim, cause, since, now, 0) {
            return fail(2, format!("the gate allows {address}, and {what}"));
        }
    }
    let own = ["ma.people", "news.people"].iter().all(|s| daemon.proofs.contains_key(*s));
    let limit = REFUSAL_LIMIT_MS + SLACK_MS + if own || !sim.clock_was_off { 0 } else { AGREES_MS };
    if let Some(since) = sim.truth.refusing(address).filter(|s| now.0 - s.0 > limit) {
        return fail(3, format!("the gate allows {address}, and a record there refuses since {} s", (now.0 - since.0) / 1000));
    }
    for (stream, limit) in needed(sim) {
        // A proof of a former run, kept in the state, is as good: it is judged by what stands in the systems, above.
        let Some(proof) = daemon.proofs.get(stream) else { continue };
        if now.0 - proof.at.0 > limit + SLACK_MS {
            return fail(2, format!("the gate allows {address}, and {stream} was proved {} s ago", (now.0 - proof.at.0) / 1000));
        }
    }
    Ok(())
}

/// The marketing system sends to whoever has a permit that has not ended: whatever became of us meanwhile.
fn permit_stands(sim: &Sim<'_>, number: u32, address: &Address, now: Time) -> Result<(), Violation> {
    let Some(item) = sim.truth.item(Table::MaPeople, number) else { return Ok(()) };
    // One in words was written by hand: whether it was seen, and may be withdrawn, is asked where `status` says protecting.
    let by_hand = matches!(item.record().mark(Mark::Permit), Some(Value::Text(_)));
    if by_hand || !may_send(item, true, now) {
        return Ok(());
    }
    outlasts(sim, item, address, now, |_| true).map_or(Ok(()), |what| fail(2, format!("ma sends to {address} by a permit, and {what}")))
}

/// The same by permits for one kind of mail, which no block speaks against.
fn own_permits_stand(sim: &Sim<'_>, number: u32, address: &Address, now: Time) -> Result<(), Violation> {
    let Some(item) = sim.truth.item(Table::MaPeople, number) else { return Ok(()) };
    for kind in kinds::let_go(item, now) {
        let counts = |cause: &Cause| kind != MailKind::RepSender || matches!(cause, Cause::Deal { .. });
        if let Some(what) = outlasts(sim, item, address, now, counts) {
            return fail(2, format!("ma may send {} to {address} by its permit, and {what}", kind.name()));
        }
    }
    Ok(())
}

/// What speaks against mail for longer than a permit may outlast it.
fn outlasts(sim: &Sim<'_>, item: &Item, address: &Address, now: Time, counts: impl Fn(&Cause) -> bool) -> Option<String> {
    for (cause, since) in sim.truth.against(address, sim.reach()).into_iter().filter(|(cause, _)| counts(cause)) {
        // What was given by the rules before an edit, and cannot be withdrawn as the system does not answer, stands until its end.
        let since = since.max(item.address_since).max(sim.rules_edited);
        if let Some(what) = overdue(sim, cause, since, now, LEASE_MS + CLOCK_MS) {
            return Some(what);
        }
    }
    None
}

/// What a mailer itself knows of a record lets it send.
fn may_send(item: &Item, by_permit: bool, now: Time) -> bool {
    let permitted = match item.record().mark(Mark::Permit) {
        Some(Value::Time(until)) => *until > now,
        Some(Value::Bool(on)) => *on,
        // In words: who reads it as a permit is not known.
        Some(Value::Text(_)) => true,
        _ => false,
    };
    (permitted || !by_permit) && !item.record().is_blocked() && !item.refused()
}

/// The gate knows of an edit at once; what stands in a system has to be written.
pub fn was_just_edited(sim: &Sim<'_>) -> bool {
    sim.truth.now.0 - sim.rules_edited.0 <= EDIT_LIMIT_MS
}

/// `status` says protecting: then nobody may get mail from a mailer who was on an open deal, or refused, for longer than the limits.
fn protected_as_told(sim: &Sim<'_>, table: Table, number: u32, address: &Address, now: Time) -> Result<(), Violation> {
    let Some(item) = sim.truth.item(table, number) else { return Ok(()) };
    let by_permit = if table == Table::NewsPeople { !sim.shape.inverted } else { sim.timed_permits() };
    // Who took an address of late is not yet known by it.
    let known = now.0 - item.address_since.0 > if item.address_silent { SILENT_LIMIT_MS } else { REFUSAL_LIMIT_MS };
    let by_hand = now.0 - item.touched.0 <= if item.touched_silently { SILENT_LIMIT_MS } else { REFUSAL_LIMIT_MS };
    // While a write to it is under way, what is read of it says nothing, however long that takes (a machine that slept for hours).
    let by_hand = by_hand || !was_read_since(sim, table, number, item.touched);
    if !may_send(item, by_permit, now) || !known || by_hand {
        return Ok(());
    }
    let causes = if was_just_edited(sim) { Vec::new() } else { sim.truth.against(address, sim.reach()) };
    for (cause, since) in causes {
        if let Some(what) = overdue(sim, cause, since, now, 60_000) {
            return fail(16, format!("status says protecting, {} may send to {address} ({number}), and {what}", table.system()));
        }
    }
    match sim.truth.refusing(address).filter(|s| now.0 - s.0 > REFUSAL_LIMIT_MS + 60_000) {
        Some(_) => fail(16, format!("status says protecting, {} may send to {address} ({number}), whose person said no", table.system())),
        None => Ok(()),
    }
}

/// Whether a whole pass over a system's people is younger than a change of one, and than our last acknowledged write to it.
pub fn was_read_since(sim: &Sim<'_>, table: Table, number: u32, changed: Time) -> bool {
    let proof = sim.daemon.as_ref().and_then(|d| d.proofs.get(&format!("{}.people", table.system())));
    proof.is_some_and(|p| p.at > changed && sim.known.is_newer(&table.id(number), p.at))
}

/// At rest, with everything well: it is protecting, and says so.
pub fn tells_what_is(sim: &mut Sim<'_>) -> Result<(), Violation> {
    kinds::mirror_the_gate(sim)?;
    let Some(daemon) = &mut sim.daemon else { return Ok(()) };
    let now = daemon.now(&sim.truth);
    let status = daemon.engine.status(&BTreeMap::new(), now);
    let letters: usize = status.systems.values().map(|s| s.dead_letters).sum();
    if letters > 0 && !sim.switches.refused {
        return fail(17, format!("{letters} writes were given up, and no system refused any"));
    }
    // A dead record that is listed, or an address that nobody can read, is told for as long as it is there.
    let told = [Switch::BatchNotFound, Switch::BlockTakenAway, Switch::AddressUnreadable, Switch::PermitWritten];
    if status.protection == Protection::Protecting || told.iter().any(|s| sim.switches.was_on(*s)) {
        return Ok(());
    }
    fail(16, format!("all is well, and status says {}: {}", status.protection.name(), status.because.join("; ")))
}

/// How long after an edit of the rules a write may still be on its way.
const EDIT_LIMIT_MS: i64 = 60_000;

/// A value of a lower-ranked system waits until the highest was read once: what is written before is a value of that one.
pub fn field_rests_on_what_was_read(sim: &Sim<'_>, id: &RecordId, change: &Change) -> Result<(), Violation> {
    let first = |field: &str| if let [order] = sim.orders.in_force()[..] { order.first(field) } else { None };
    for field in OWN_VALUES {
        let Some(table) = Table::PEOPLE.into_iter().find(|t| Some(t.system()) == first(field)) else { continue };
        let Some((_, value)) = change.fields.iter().find(|(name, _)| **name == *field) else { continue };
        let stream = format!("{}.people", table.system());
        let shown = |item: &Item| item.versions.iter().any(|v| v.record.field(field).is_some_and(|f| f.value == *value));
        if !sim.read_once.contains(&stream) && !sim.truth.table(table).values().any(shown) {
            return fail(15, format!("{id} gets {field} = {value:?}, which nobody has in {stream}, and that was never read"));
        }
    }
    Ok(())
}

/// While only rules with `forward_only` may count, no status takes the place of a higher one but the exceptions, nor of a stranger's word.
pub fn status_falls_only_to_exceptions(sim: &Sim<'_>, id: &RecordId, change: &Change) -> Result<(), Violation> {
    const ORDER: [&str; 5] = ["opportunity", "customer", "lost", "recycled", "lead"];
    let place = |word: &str| ORDER.iter().position(|name| *name == word.strip_prefix(STATUS).unwrap_or(word));
    let Some((to, from)) = change.status.as_ref().and_then(|status| Some((&status.to, status.from.as_deref()?))) else { return Ok(()) };
    if from.trim().is_empty() || !sim.orders.in_force().into_iter().all(Order::turns_statuses) {
        return Ok(());
    }
    let highest = from.lines().filter_map(place).min();
    let stays = highest.is_none_or(|highest| Some(highest) < place(to) && !matches!(&**to, "lost" | "recycled"));
    if stays { fail(11, format!("{id} shows the status {from:?} and is told {to:?} under forward_only")) } else { Ok(()) }
}

/// A status that is lower than what could be read waits until it was read once.
pub fn status_rests_on_what_was_read(sim: &Sim<'_>, id: &RecordId, change: &Change) -> Result<(), Violation> {
    let Some(status) = &change.status else { return Ok(()) };
    let low = matches!(&*status.to, "lead" | "lost" | "recycled");
    let unread = ["crm.deals", "crm.deal_people", "crm.people"].into_iter().find(|s| !sim.read_once.contains(*s));
    match unread {
        Some(stream) if low => fail(15, format!("{id} gets the status {:?}, and {stream} was never read", &*status.to)),
        _ => Ok(()),
    }
}
