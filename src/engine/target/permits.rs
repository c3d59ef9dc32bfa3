//! Permits of a target record: what is wanted of them, which are due, and which stand.

use super::digest;
use crate::connector::{Change, PermitChange, PermitChanges};
use crate::model::{PermitFor, Record, Span, Time, Value};

/// What is wanted of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PermitWish {
    /// Nothing can be said yet: not every stream was ever proved.
    #[default]
    Leave,
    /// May be mailed until then.
    Until(Time),
    Withdraw,
}

/// Whether a record shows a permit that counts now.
pub fn permit_stands(record: &Record, what_for: &PermitFor, now: Time) -> bool {
    match record.mark(what_for.mark()) {
        Some(Value::Bool(on)) => *on,
        // The system may well read what we cannot.
        Some(Value::Unreadable) => true,
        Some(Value::Time(until)) => *until > now,
        _ => false,
    }
}

/// How permits are given in a system.
pub(super) struct PermitTerms<'t> {
    /// Those that may be written.
    pub allowed: &'t [PermitFor],
    pub lease: Span,
    /// They are times that end by themselves; else labels.
    pub end: bool,
}

/// What has to become of a record's permits now: those to be withdrawn, and those to be given or renewed.
pub(super) fn changes(record: &Record, wanted: &[(PermitFor, PermitWish)], terms: &PermitTerms<'_>, now: Time) -> [PermitChanges; 2] {
    let [mut withdrawn, mut given] = [PermitChanges::default(), PermitChanges::default()];
    for (what_for, wish) in wanted.iter().filter(|(what_for, _)| terms.allowed.contains(what_for)) {
        let stands = permit_stands(record, what_for, now);
        match until(*wish, now) {
            None => {}
            Some(None) if stands => withdrawn.set(what_for.clone(), PermitChange::Withdrawn),
            Some(None) => {}
            Some(Some(until)) => {
                // Renewed when half of the lease is gone, so that renewals spread and a stop of ours lets permits run out.
                let renew = match record.mark(what_for.mark()) {
                    Some(Value::Time(shown)) if terms.end => shown.0 - now.0 < terms.lease.0 / 2 && until > *shown,
                    Some(Value::Unreadable) => true,
                    _ => !stands,
                };
                if renew {
                    given.set(what_for.clone(), PermitChange::Until(until));
                }
            }
        }
    }
    [withdrawn, given]
}

/// Until when a permit is to stand: `Some(None)`: not at all. `None`: it is left.
fn until(wish: PermitWish, now: Time) -> Option<Option<Time>> {
    match wish {
        PermitWish::Leave => None,
        PermitWish::Until(until) => Some(Some(until).filter(|until| *until > now)),
        PermitWish::Withdraw => Some(None),
    }
}

/// Whether a permit stands that is to be withdrawn: until it is seen to be gone, no block is lifted beside it.
pub(super) fn withdraws(record: &Record, wanted: &[(PermitFor, PermitWish)], now: Time) -> bool {
    let stops = |(what_for, wish): &(PermitFor, PermitWish)| until(*wish, now) == Some(None) && permit_stands(record, what_for, now);
    wanted.iter().any(stops)
}

/// A digest of what a release gives. When a permit ends is no part of it; that of the permit for all marketing mail is as it was before there
/// were others.
pub(super) fn release_digest(release: &Change) -> u64 {
    let given: Vec<String> =
        release.permits.iter().filter(|(what_for, _)| **what_for != PermitFor::Marketing).map(|(w, _)| w.label()).collect();
    let marketing = release.permits.iter().any(|(what_for, _)| *what_for == PermitFor::Marketing);
    match given.is_empty() {
        true => digest(&(release.block, marketing)),
        false => digest(&(release.block, marketing, given)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MailKind, Name, OwnPermit};

    fn own(kind: MailKind) -> PermitFor {
        PermitFor::Own(OwnPermit::Kind(kind))
    }

    fn shows(marks: &[(PermitFor, i64)]) -> Record {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        marks.iter().for_each(|(what_for, until)| record.set_mark(what_for.mark(), Value::Time(Time(*until))));
        record
    }

    #[test]
    fn each_permit_goes_by_its_own_wish_and_one_that_is_not_allowed_is_left() {
        let seminars = PermitFor::Own(OwnPermit::Topic(Name::from("seminars")));
        let record = shows(&[(own(MailKind::Newsletter), 900), (seminars.clone(), 90)]);
        let allowed = [PermitFor::Marketing, own(MailKind::Newsletter), seminars.clone()];
        let wanted = [
            (PermitFor::Marketing, PermitWish::Until(Time(1000))),
            (own(MailKind::Newsletter), PermitWish::Withdraw),
            (seminars, PermitWish::Withdraw),
            (own(MailKind::Campaign), PermitWish::Until(Time(1000))),
        ];
        let terms = PermitTerms { allowed: &allowed, lease: Span(1000), end: true };
        let [withdrawn, given] = changes(&record, &wanted, &terms, Time(100));
        // That of the topic has ended by itself.
        assert_eq!(withdrawn, [(own(MailKind::Newsletter), PermitChange::Withdrawn)].into_iter().collect());
        assert_eq!(given, PermitChange::Until(Time(1000)).into());
    }

    #[test]
    fn what_is_to_be_withdrawn_stands_until_it_is_gone_or_ended() {
        let wanted = [(own(MailKind::Newsletter), PermitWish::Withdraw), (PermitFor::Marketing, PermitWish::Leave)];
        for (marks, stands) in [
            (vec![(own(MailKind::Newsletter), 900)], true),
            (vec![(own(MailKind::Newsletter), 100)], false),
            (vec![(PermitFor::Marketing, 900)], false),
            (vec![], false),
        ] {
            assert_eq!(withdraws(&shows(&marks), &wanted, Time(100)), stands, "{marks:?}");
        }
    }

    /// It lies in the state.
    #[test]
    fn what_a_release_gives_is_told_apart_and_as_before_where_there_is_one_permit() {
        let gives = |permits: &[PermitFor]| {
            let permits = permits.iter().map(|what_for| (what_for.clone(), PermitChange::Until(Time(9)))).collect();
            release_digest(&Change { permits, ..Change::default() })
        };
        let none: Option<bool> = None;
        assert_eq!(gives(&[PermitFor::Marketing]), digest(&(none, true)));
        let mut all = [gives(&[]), gives(&[PermitFor::Marketing]), gives(&[own(MailKind::Newsletter)]), gives(&[own(MailKind::Campaign)])];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
