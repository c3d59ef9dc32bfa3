//! What goes now of all that is due for a record. Pure.

use crate::connector::{Change, Lane};
use crate::engine::target::lanes::Lanes;
use crate::engine::target::{Due, Failures, Op};
use crate::model::Time;

/// What goes now in a lane of what is due for a record.
#[derive(Debug, PartialEq)]
pub enum LaneCut {
    /// Nothing may, or nothing is due there.
    Nothing,
    /// The record is read once more before.
    LookFirst,
    /// This; and whether something else stays due.
    Goes(Change, bool),
}

/// What goes now in a lane of what is due for a record. `look_first`: whether the record is to be looked at before that is written; what
/// protects or releases does not wait for it, and takes neither fields nor a status along then: a part of what a person let go, or a plan
/// showed, would leave another behind.
pub fn cut_to_lane(
    mut due: Due,
    lane: Lane,
    may: Lanes,
    in_one_request: bool,
    failures: Option<&Failures>,
    look_first: impl Fn(&Change) -> bool,
    now: Time,
) -> LaneCut {
    let lanes = Lanes::of(&due);
    let failure = |op| failures.and_then(|f| f.of(op));
    // After a failure each lane goes by itself, and what was refused in parts.
    let together = in_one_request && may.update && failures.is_none();
    let part = |op, whole: Change| match failure(op) {
        Some(failure) => failure.part_of(whole),
        None => whole,
    };
    // A record whose block is due gets it first, as the outcome of one write is awaited before the next; unless the block waits.
    let block_goes = lanes.protective && !failure(Op::Hold).is_some_and(|f| f.waits(now));
    let company = due.update.take().filter(|update| lane == Lane::Fields || (together && !look_first(update)));
    let update_stays = lanes.update && company.is_none();
    let more = match lane {
        Lane::Protective => lanes.release || update_stays || failure(Op::Hold).is_some(),
        Lane::Release => lanes.protective || update_stays || failure(Op::Release).is_some(),
        _ => lanes.protective || lanes.release || failure(Op::Update).is_some(),
    };
    let change = match lane {
        Lane::Protective if together => due.protective.map(|c| with_update(c, company)),
        Lane::Protective => due.protective.map(|c| part(Op::Hold, c)),
        Lane::Release if may.release && together => due.release.map(|c| with_update(c, company)),
        Lane::Release if may.release => due.release.map(|c| part(Op::Release, c)),
        Lane::Fields if !block_goes && may.update => company.map(|c| part(Op::Update, c)),
        _ => None,
    };
    match change {
        None => LaneCut::Nothing,
        Some(change) if lane == Lane::Fields && look_first(&change) => LaneCut::LookFirst,
        Some(change) => LaneCut::Goes(change, more),
    }
}

/// Lets fields, a status and reason codes go along with what goes anyway.
fn with_update(mut change: Change, update: Option<Change>) -> Change {
    if let Some(update) = update {
        change.fields = update.fields;
        change.status = update.status;
        change.why = change.why.or(update.why);
    }
    change
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{PermitChange, StatusChange};
    use crate::engine::target::FailureCause;
    use crate::model::{Span, Value};

    const NOW: Time = Time(100_000_000);
    const ALL: Lanes = Lanes { protective: true, release: true, update: true, rewrites: 0, fills: 0 };

    fn field(value: &str) -> Change {
        Change { fields: vec![("phone".into(), Value::text(value))], ..Change::default() }
    }

    fn block(on: bool) -> Change {
        Change { block: Some(on), ..Change::default() }
    }

    /// Where nothing has to be looked at.
    fn cut(due: Due, lane: Lane, may: Lanes, in_one_request: bool, failures: Option<&Failures>, now: Time) -> LaneCut {
        cut_to_lane(due, lane, may, in_one_request, failures, |_| false, now)
    }

    #[test]
    fn a_write_of_one_lane_takes_fields_along_only_where_nothing_failed_and_all_may_go() {
        let due = Due { protective: Some(block(true)), update: Some(field("2")), ..Due::default() };
        let both = Change { block: Some(true), ..field("2") };
        let asked = Lanes { update: false, ..ALL };
        for (may, in_one_request, goes, more) in
            [(ALL, true, &both, false), (ALL, false, &block(true), true), (asked, true, &block(true), true)]
        {
            let found = cut(due.clone(), Lane::Protective, may, in_one_request, None, NOW);
            assert_eq!(found, LaneCut::Goes(goes.clone(), more), "{may:?} {in_one_request}");
        }
        let mut failures = Failures::default();
        failures.failed(Op::Update, FailureCause::Refused, 0, "no", NOW);
        let found = cut(due, Lane::Protective, ALL, true, Some(&failures), NOW);
        assert_eq!(found, LaneCut::Goes(block(true), true), "after a failure each by itself");
    }

    #[test]
    fn a_release_or_field_waits_for_a_persons_word_and_fields_for_the_block() {
        let permit = Change { permits: PermitChange::Until(Time(9)).into(), ..Change::default() };
        let release = || Due { release: Some(permit.clone()), ..Due::default() };
        let update = || Due { update: Some(field("2")), ..Due::default() };
        let held = || Due { protective: Some(block(true)), ..update() };
        let no_release = Lanes { release: false, ..ALL };
        let no_update = Lanes { update: false, ..ALL };
        for (what, due, lane, may, goes) in [
            ("let go", release(), Lane::Release, ALL, Some(&permit)),
            ("asked about", release(), Lane::Release, no_release, None),
            ("fields let go", update(), Lane::Fields, ALL, Some(&field("2"))),
            ("fields asked about", update(), Lane::Fields, no_update, None),
            ("the block goes first", held(), Lane::Fields, ALL, None),
            ("what protects asks nobody", held(), Lane::Protective, Lanes::default(), Some(&block(true))),
            ("nothing of that lane", update(), Lane::Protective, ALL, None),
        ] {
            let found = match cut(due, lane, may, false, None, NOW) {
                LaneCut::Goes(change, _) => Some(change),
                LaneCut::Nothing | LaneCut::LookFirst => None,
            };
            assert_eq!(found.as_ref(), goes, "{what}");
        }
        let mut failures = Failures::default();
        failures.failed(Op::Hold, FailureCause::Refused, 0, "no", NOW);
        for (now, goes) in [(NOW, LaneCut::Goes(field("2"), true)), (NOW.plus(Span::minutes(5)), LaneCut::Nothing)] {
            assert_eq!(cut(held(), Lane::Fields, ALL, false, Some(&failures), now), goes, "a block that waits delays no field");
        }
    }

    #[test]
    fn of_what_was_refused_a_part_goes_and_more_is_left() {
        let whole = Change { why: Some("vip".into()), ..block(true) };
        let mut failures = Failures::default();
        failures.refused(Op::Hold, &whole, 1, "no", NOW);
        let due = Due { protective: Some(whole), ..Due::default() };
        assert_eq!(cut(due, Lane::Protective, ALL, true, Some(&failures), NOW), LaneCut::Goes(block(true), true));
    }

    #[test]
    fn fields_beside_a_block_leave_its_reasons_as_they_are() {
        let update = |why: &str| Some(Change { why: Some(why.into()), ..field("2") });
        let with_why = Change { why: Some("vip".into()), ..block(true) };
        assert_eq!(with_update(with_why.clone(), update("old")), Change { why: Some("vip".into()), block: Some(true), ..field("2") });
        assert_eq!(with_update(block(false), update("old")), Change { why: Some("old".into()), block: Some(false), ..field("2") });
        assert_eq!(with_update(with_why.clone(), None), with_why);
    }

    #[test]
    fn fields_wait_for_a_look_and_nothing_else_does() {
        let status = StatusChange { to: "lead".into(), from: None };
        let update = Change { status: Some(status), ..field("2") };
        let only_status = Change { fields: Vec::new(), ..update.clone() };
        let permit = Change { permits: PermitChange::Until(Time(9)).into(), ..Change::default() };
        let held = || Due { protective: Some(block(true)), update: Some(update.clone()), ..Due::default() };
        let released = || Due { release: Some(permit.clone()), update: Some(update.clone()), ..Due::default() };
        let status_held = || Due { protective: Some(block(true)), update: Some(only_status.clone()), ..Due::default() };
        let of = |update: &Change| Due { update: Some(update.clone()), ..Due::default() };
        let with = |change: &Change, update: &Change| with_update(change.clone(), Some(update.clone()));
        let goes = |change: &Change, more| LaneCut::Goes(change.clone(), more);
        let with_status = || goes(&with(&block(true), &only_status), false);
        for (what, due, lane, unseen, seen) in [
            ("fields", of(&update), Lane::Fields, LaneCut::LookFirst, goes(&update, false)),
            ("a status alone", of(&only_status), Lane::Fields, goes(&only_status, false), goes(&only_status, false)),
            ("a hold", held(), Lane::Protective, goes(&block(true), true), goes(&with(&block(true), &update), false)),
            ("a permit", released(), Lane::Release, goes(&permit, true), goes(&with(&permit, &update), false)),
            ("a hold with a status alone", status_held(), Lane::Protective, with_status(), with_status()),
            ("fields behind a block", held(), Lane::Fields, LaneCut::Nothing, LaneCut::Nothing),
        ] {
            let cut = |must: bool| {
                let due =
                    Due { protective: due.protective.clone(), release: due.release.clone(), update: due.update.clone(), ..Due::default() };
                cut_to_lane(due, lane, ALL, true, None, |change| must && !change.fields.is_empty(), NOW)
            };
            assert_eq!((cut(true), cut(false)), (unseen, seen), "{what}");
        }
    }
}
