//! Permits for one kind of mail: how the marketing system keeps and shows them, and what they may let go.

use crate::checks::{Violation, fail};
use crate::sim::Sim;
use crate::truth::{Item, Table};
use nayose::connector::{Change, PermitChange};
use nayose::model::{Mail, MailKind, Mark, OwnPermit, PermitFor, Record, Time, Value};
use serde_json::{Value as Json, json};

/// The fields that carry them (see `setup`).
pub const FIELDS: [(&str, MailKind); 3] =
    [("ok_news", MailKind::Newsletter), ("ok_camp", MailKind::Campaign), ("ok_rep", MailKind::RepSender)];

fn mark(kind: MailKind) -> Mark {
    Mark::OwnPermit(OwnPermit::Kind(kind))
}

/// Puts them into a row, null where there is none.
pub fn show(record: &Record, row: &mut Json) {
    for (field, kind) in FIELDS {
        row[field] = match record.mark(mark(kind)) {
            Some(Value::Time(until)) => json!(until.rfc3339()),
            _ => Json::Null,
        };
    }
}

/// Takes a field of a write. Whether it is one of theirs.
pub fn take(record: &mut Record, field: &str, until: Option<Time>) -> bool {
    let Some((_, kind)) = FIELDS.iter().find(|(name, _)| *name == field) else { return false };
    record.set_mark(mark(*kind), until.map_or(Value::Empty, Value::Time));
    true
}

/// The kinds of mail that the system may send to a record by their own permits.
pub fn let_go(item: &Item, now: Time) -> impl Iterator<Item = MailKind> + '_ {
    let stands = move |kind: &MailKind| matches!(item.record().mark(mark(*kind)), Some(Value::Time(until)) if *until > now);
    FIELDS.into_iter().map(|(_, kind)| kind).filter(move |kind| stands(kind) && !item.refused())
}

/// Whether a change lets nothing go but mail in the name of the sales rep, which tickets and cool-downs do not stop.
pub fn gives_the_rep_alone(change: &Change) -> bool {
    let rep = PermitFor::Own(OwnPermit::Kind(MailKind::RepSender));
    let mut given = change.permits.iter().filter(|(_, change)| matches!(change, PermitChange::Until(_)));
    change.block != Some(false) && given.all(|(what_for, _)| *what_for == rep)
}

/// At rest, with everything well: no permit stands for mail that the gate stops for a reason other than staleness.
pub fn mirror_the_gate(sim: &mut Sim<'_>) -> Result<(), Violation> {
    let told_apart = sim.shape.told_apart;
    let Some(daemon) = sim.daemon.as_mut().filter(|_| told_apart) else { return Ok(()) };
    let now = daemon.now(&sim.truth);
    for (number, item) in sim.truth.table(Table::MaPeople).iter().filter(|(_, item)| !item.deleted()) {
        let id = Table::MaPeople.id(*number).to_string();
        for kind in let_go(item, now) {
            let answer = daemon.gate.decide(std::slice::from_ref(&id), &Mail::of(kind), now).pop();
            let stops = |reason: &&String| !reason.starts_with("stale") && !reason.starts_with("unknown") && *reason != "refused_topic";
            let Some(answer) = answer.filter(|answer| answer.decision != "allow") else { continue };
            if let Some(reason) = answer.reasons.iter().find(stops) {
                return fail(1, format!("{id} has a permit for {}, and the gate says {} ({reason})", kind.name(), answer.decision));
            }
        }
    }
    Ok(())
}
