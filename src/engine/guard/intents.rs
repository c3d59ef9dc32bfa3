//! What a write is about, as the guards compare it.

use crate::connector::{Change, PermitChange};
use crate::engine::ledger::items::encode;
use crate::engine::target::Op;
use crate::engine::target::{Sent, permit_stands};
use crate::model::{Mark, Name, PermitFor, Record, RecordId, Time, Value, is_blank};
use serde::{Deserialize, Serialize};

/// A field whose value would give way to this one, or be emptied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Replaced {
    pub field: Name,
    /// A hash of the new value; `None`: the field would be emptied.
    pub by: Option<u64>,
}

/// A write that is due, as far as a guard needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The record and what would be written to it: what is granted is this and nothing else.
    pub what: Box<[u8]>,
    pub replaces: Box<[Replaced]>,
    /// It writes fields, not only marks and a status: these rest on what was agreed with the target before.
    pub of_fields: bool,
}

impl Intent {
    /// By this it is known also after a restart. Most writes go without anyone's word, and nobody asks for theirs.
    pub fn digest(&self) -> u64 {
        short_hash(&self.what)
    }
}

/// Stable over restarts.
pub fn short_hash(of: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(of).as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// A release that raises anything: a permit that is renewed while it stands does not.
pub(in crate::engine) fn release(record: &Record, change: &Change, now: Time) -> Option<Intent> {
    let lifted = change.block == Some(false);
    let given = change.permits.iter().filter(|(_, change)| matches!(change, PermitChange::Until(_))).map(|(what_for, _)| what_for);
    let mut given = given.filter(|what_for| !permit_stands(record, what_for, now)).peekable();
    (lifted || given.peek().is_some()).then(|| release_intent(&record.id, lifted, given))
}

/// The intent of a release that lifts a block, or not, and gives these permits. Where there is none but that for all marketing mail, it is
/// as it was before there were others: what waits for a word lies in the state by its digest.
fn release_intent<'p>(record: &RecordId, lifted: bool, given: impl Iterator<Item = &'p PermitFor>) -> Intent {
    let (marketing, own): (Vec<_>, Vec<_>) = given.partition(|what_for| **what_for == PermitFor::Marketing);
    let own: Vec<String> = own.into_iter().map(PermitFor::label).collect();
    match own.is_empty() {
        true => intent(record, Op::Release, &(lifted, !marketing.is_empty())),
        false => intent(record, Op::Release, &(lifted, !marketing.is_empty(), own)),
    }
}

/// What a write was about that went in a direction. `record` is as it was before.
pub(in crate::engine) fn of_sent(op: Op, sent: &Sent, record: &Record, now: Time) -> Intent {
    match op {
        Op::Hold => intent(&record.id, op, &()),
        Op::Release => release_intent(&record.id, sent.block == Some(false), sent.given_anew(record, now)),
        Op::Update => intent(&record.id, op, &(&sent.fields, &sent.status)),
    }
}

/// Fields and status; the reason codes of a block alone are neither.
pub(in crate::engine) fn update(record: &Record, change: &Change) -> Option<Intent> {
    let status = change.status.as_ref().map(|s| &s.to);
    if change.fields.is_empty() && status.is_none() {
        return None;
    }
    let replaces = change.fields.iter().filter(|(name, value)| {
        let shown = record.field_of(name).map_or(&Value::Empty, |f| &f.value);
        !shown.is_empty() && shown != value
    });
    let by = |value: &Value| (!value.is_empty()).then(|| short_hash(&encode(value)));
    let fields = replaces.map(|(name, value)| Replaced { field: name.clone(), by: by(value) });
    // A status that takes the place of another is as much as a field that does.
    let status_replaced = change.status.iter().filter(|s| s.from.as_ref().is_some_and(|from| !is_blank(from)));
    let status_replaced = status_replaced.map(|s| Replaced { field: Mark::Status.name().into(), by: Some(short_hash(s.to.as_bytes())) });
    let replaces = fields.chain(status_replaced).collect();
    Some(Intent { replaces, of_fields: !change.fields.is_empty(), ..intent(&record.id, Op::Update, &(&change.fields, status)) })
}

pub(in crate::engine) fn intent(record: &RecordId, op: Op, what: &impl Serialize) -> Intent {
    Intent { what: encode(&(record, op.name(), what)).into(), replaces: Box::default(), of_fields: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::StatusChange;
    use crate::model::{Field, MailKind};

    fn record(fields: &[(&str, &str)], permit: Option<Value>) -> Record {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        let field = |(name, value): &(&str, &str)| Field::new((*name).into(), text(value), Time(0));
        record.fields = fields.iter().map(field).collect();
        record.marks = permit.map(|p| (Mark::Permit, p)).into_iter().collect();
        record
    }

    fn text(value: &str) -> Value {
        if value.is_empty() { Value::Empty } else { Value::Text(value.into()) }
    }

    #[test]
    fn what_was_sent_is_known_by_what_was_due() {
        let now = Time(5);
        let record = record(&[("phone", "03-1")], None);
        let nothing = Sent {
            at: Time(4),
            fields: Vec::new(),
            block: None,
            permits: Vec::new(),
            why: None,
            status: None,
            ours_before: false,
            unknown: true,
        };
        let fields = vec![("phone".into(), text("03-2"))];
        let status = Some(StatusChange { to: "lead".into(), from: None });
        for (block, permit) in [(Some(false), None), (None, Some(Time(9))), (Some(false), Some(Time(9)))] {
            let change = Change {
                block,
                permits: permit.map(|until| (PermitFor::Marketing, PermitChange::Until(until))).into_iter().collect(),
                ..Change::default()
            };
            let sent =
                Sent { block, permits: permit.map(|until| (PermitFor::Marketing, Some(until))).into_iter().collect(), ..nothing.clone() };
            let due = release(&record, &change, now).unwrap();
            assert_eq!(of_sent(Op::Release, &sent, &record, now).digest(), due.digest(), "{change:?}");
        }
        for status in [None, status] {
            let change = Change { fields: fields.clone(), status: status.clone(), ..Change::default() };
            let sent = Sent { fields: fields.clone(), status: status.map(|s| s.to), ..nothing.clone() };
            assert_eq!(of_sent(Op::Update, &sent, &record, now).digest(), update(&record, &change).unwrap().digest());
        }
        let hold = of_sent(Op::Hold, &Sent { block: Some(true), ..nothing.clone() }, &record, now);
        assert_eq!(hold, intent(&record.id, Op::Hold, &()));
    }

    #[test]
    fn a_release_is_what_lifts_a_block_or_gives_a_permit_that_does_not_stand() {
        let until = |t| Some(PermitChange::Until(Time(t)));
        for (shown, block, permit, counts) in [
            (None, Some(false), None, true),
            (None, None, until(90), true),
            (Some(Value::Time(Time(9))), None, until(90), true),
            (Some(Value::Time(Time(50))), None, until(90), false),
            (Some(Value::Time(Time(50))), Some(false), until(90), true),
            (Some(Value::Unreadable), None, until(90), false),
            (None, None, Some(PermitChange::Withdrawn), false),
            (None, Some(true), None, false),
        ] {
            let change =
                Change { block, permits: permit.map(|permit| (PermitFor::Marketing, permit)).into_iter().collect(), ..Change::default() };
            let intent = release(&record(&[], shown.clone()), &change, Time(10));
            assert_eq!(intent.is_some(), counts, "{shown:?} {change:?}");
        }
        // A permit that is dated anew is the same write, and no new question.
        let given = |t| {
            release(
                &record(&[], None),
                &Change { permits: until(t).map(|permit| (PermitFor::Marketing, permit)).into_iter().collect(), ..Change::default() },
                Time(10),
            )
        };
        assert_eq!(given(90), given(95));
        let lifted = release(&record(&[], None), &Change { block: Some(false), ..Change::default() }, Time(10));
        assert_ne!(given(90), lifted);
    }

    /// What was let go for newsletters is nobody's word for campaigns.
    #[test]
    fn a_release_is_of_the_permits_that_it_gives() {
        let own = |kind| PermitFor::Own(crate::model::OwnPermit::Kind(kind));
        let gives = |what_for: PermitFor| {
            let permits = [(what_for, PermitChange::Until(Time(90)))].into_iter().collect();
            release(&record(&[], None), &Change { permits, ..Change::default() }, Time(10)).unwrap()
        };
        let [newsletter, campaign] = [MailKind::Newsletter, MailKind::Campaign].map(|kind| gives(own(kind)));
        assert!(newsletter != campaign && newsletter != gives(PermitFor::Marketing));
        assert_eq!(newsletter, gives(own(MailKind::Newsletter)));
    }

    #[test]
    fn an_update_tells_which_values_give_way_and_to_what() {
        let shown = record(&[("city", "Kyoto"), ("phone", "03"), ("plan", "")], None);
        let status = |from: Option<&str>| Some(StatusChange { to: "customer".into(), from: from.map(Into::into) });
        let by = |value: &str| Some(short_hash(&encode(&text(value))));
        let word = Some(short_hash(b"customer"));
        type Fields = &'static [(&'static str, &'static str)];
        type GiveWay<'t> = &'t [(&'static str, Option<u64>)];
        let cases: [(Fields, Option<StatusChange>, GiveWay<'_>); 8] = [
            (&[("city", "Osaka")], None, &[("city", by("Osaka"))]),
            (&[("city", "")], None, &[("city", None)]),
            (&[("city", "Kyoto")], None, &[]),
            (&[("plan", "gold"), ("new", "x")], None, &[]),
            (&[("city", "Osaka"), ("phone", "")], None, &[("city", by("Osaka")), ("phone", None)]),
            (&[], status(None), &[]),
            (&[], status(Some(" ")), &[]),
            (&[], status(Some("lead")), &[(Mark::Status.name(), word)]),
        ];
        for (fields, status, expected) in cases {
            let fields = fields.iter().map(|(name, value)| ((*name).into(), text(value))).collect();
            let change = Change { fields, status, ..Change::default() };
            let expected: Vec<Replaced> = expected.iter().map(|(field, by)| Replaced { field: (*field).into(), by: *by }).collect();
            assert_eq!(*update(&shown, &change).unwrap().replaces, *expected, "{change:?}");
        }
        assert!(update(&shown, &Change { why: Some("open_deal".into()), ..Change::default() }).is_none(), "reason codes are no update");
    }

    #[test]
    fn what_is_granted_is_this_write_to_this_record_in_this_direction() {
        let ids: [RecordId; 2] = ["ma:person:1".parse().unwrap(), "ma:person:2".parse().unwrap()];
        let mut digests = Vec::new();
        for id in &ids {
            digests.extend([Op::Hold, Op::Release].map(|op| intent(id, op, &()).digest()));
            digests.push(intent(id, Op::Hold, &1).digest());
        }
        assert_eq!(intent(&ids[0], Op::Hold, &()).digest(), digests[0]);
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 6);
    }
}
