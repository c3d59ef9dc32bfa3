//! The hold of whoever shows in an opt-out field what may be a no.

use crate::decide::phase::Phase;
use crate::decide::ratchet::{CauseNow, Kept, Reach};
use crate::decide::standing::{By, HoldNow, Kinds, REFUSAL_UNREAD};
use crate::model::{MailKind, Reason, Record, Time};

/// The hold of whoever a record is of, if it shows what may be a no.
pub fn hold(record: &Record, now: Time) -> Option<HoldNow> {
    if record.unread_refusals.is_empty() {
        return None;
    }
    let stopped: Vec<MailKind> = MailKind::ALL.into_iter().filter(|kind| *kind != MailKind::Service).collect();
    Some(HoldNow {
        hold: REFUSAL_UNREAD.into(),
        cause: record.id.clone(),
        reach: Reach::Person,
        reason: Reason::RefusalUnread,
        stops: Kinds::of(&stopped),
        since: now,
        until: None,
        kept: record.is_gone().then_some(Kept::CauseGone),
        by: By::Files,
    })
}

/// Where such a hold stands that does not reach a person any more: it ended where the record shows no unread value by now.
pub fn cause_now(record: &Record) -> CauseNow {
    let phase = if record.unread_refusals.is_empty() { Phase::Ended } else { Phase::InForce { unsure: true } };
    CauseNow { phase: Some(phase), listed: !record.is_gone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hold_ends_when_the_value_is_known_and_not_when_the_record_goes() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        assert!(hold(&record, Time(1)).is_none());
        record.unread_refusals = vec!["?".into()];
        let held = hold(&record, Time(1)).unwrap();
        assert!(held.stops.needs_block() && !held.stops.contains(MailKind::Service) && held.until.is_none());
        assert!(matches!(cause_now(&record).phase, Some(Phase::InForce { .. })));
        record.presence = crate::model::Presence::Gone(Time(2));
        assert_eq!(hold(&record, Time(3)).unwrap().kept, Some(Kept::CauseGone));
        record.unread_refusals.clear();
        assert_eq!(cause_now(&record).phase, Some(Phase::Ended));
    }
}
