//! What a write is about, as the guards compare it.

use super::limits::{Intent, Replaced, short_hash};
use crate::connector::{Change, PermitChange};
use crate::engine::ledger::items::encode;
use crate::engine::target::Op;
use crate::engine::target::permit_stands;
use crate::model::{Mark, Record, RecordId, Time, Value, is_blank};
use serde::Serialize;

/// A release that raises anything: a permit that is renewed while it stands does not.
pub(in crate::engine) fn release(record: &Record, change: &Change, now: Time) -> Option<Intent> {
    let lifted = change.block == Some(false);
    let given = matches!(change.permit, Some(PermitChange::Until(_))) && !permit_stands(record, now);
    (lifted || given).then(|| intent(&record.id, Op::Release, &(lifted, given)))
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
    Some(Intent { replaces, ..intent(&record.id, Op::Update, &(&change.fields, status)) })
}

pub(in crate::engine) fn intent(record: &RecordId, op: Op, what: &impl Serialize) -> Intent {
    Intent { what: encode(&(record, op.name(), what)).into(), replaces: Box::default() }
}
