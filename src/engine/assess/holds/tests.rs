use super::*;
use crate::decide::rules::{After, Stale};
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{MailKind, Reason};
use proptest::prelude::*;

fn held(hold: &str, cause: &str, reach: Reach, since: i64) -> Held {
    Held { hold: hold.into(), cause: cause.parse().unwrap(), reach, since: Time(since), stops: Kinds::of(&[MailKind::Campaign]).0 }
}

fn now(stops: &[MailKind], until: Option<i64>, by: By) -> HoldNow {
    let reason = Reason::OpenDealPerson;
    let (hold, cause) = ("open_deal".into(), "crm:deal:1".parse().unwrap());
    HoldNow { hold, cause, reach: Reach::Person, reason, stops: Kinds::of(stops), since: Time(1), until: until.map(Time), kept: None, by }
}

#[test]
fn of_what_several_records_remember_the_first_time_and_the_nearest_reach_count() {
    let of = [
        held("open_deal", "crm:deal:1", Reach::Address, 5),
        held("open_deal", "crm:deal:2", Reach::Address, 2),
        held("vip", "crm:deal:1", Reach::Account, 1),
        held("open_deal", "crm:deal:1", Reach::Person, 9),
        held("open_deal", "crm:deal:1", Reach::Account, 4),
    ];
    let expected = [held("open_deal", "crm:deal:1", Reach::Person, 4), held("open_deal", "crm:deal:2", Reach::Address, 2), of[2].clone()];
    assert_eq!(together(of.iter()), expected);
}

/// Of two rules of one name, one of them from before an edit, whichever holds longer.
#[test]
fn a_remembered_hold_goes_by_the_strictest_rule_of_its_name_on_its_kind_of_cause() {
    let rule = |name: &str, on| HoldRule {
        name: name.into(),
        on,
        when: Expression::compile("true", if on == Entity::Deal { Scope::Deal } else { Scope::Ticket }, &Declared::default()).unwrap(),
        scope: HoldScope::Person,
        stops: Vec::new(),
        after: After::default(),
        proofs: Vec::new(),
        stale: Stale::Hold,
        rule: "policy.toml:4".into(),
    };
    let rules = [rule("open", Entity::Deal), rule("open", Entity::Ticket), rule("vip", Entity::Deal), rule("open", Entity::Deal)];
    let (force, cooling) = (Phase::InForce { unsure: false }, Phase::CoolingDown { until: Time(9) });
    for (phases, expected) in [
        ([Phase::Ended, force, force, cooling], Some(cooling)),
        ([cooling, force, force, Phase::Ended], Some(cooling)),
        ([force, Phase::Ended, Phase::Ended, cooling], Some(force)),
        ([Phase::Ended, force, force, Phase::Ended], Some(Phase::Ended)),
    ] {
        assert_eq!(phase_under(&held("open", "crm:deal:1", Reach::Person, 1), &rules, &phases), expected, "{phases:?}");
    }
    let phases = [force, cooling, Phase::NotMet, force];
    assert_eq!(phase_under(&held("open", "desk:ticket:1", Reach::Person, 1), &rules, &phases), Some(cooling));
    assert_eq!(phase_under(&held("taken_out", "crm:deal:1", Reach::Person, 1), &rules, &phases), None);
}

#[test]
fn a_hold_that_goes_on_stops_what_it_stopped_and_says_that_it_cools_down() {
    let hold = goes_on(held("open_deal", "crm:deal:1", Reach::Account, 3), None, Kept::LinkLost);
    assert_eq!((hold.reason, hold.stops, hold.since), (Reason::OpenDealAccount, Kinds::of(&[MailKind::Campaign]), Time(3)));
    let cooling = goes_on(held("open_deal", "crm:deal:1", Reach::Account, 3), Some(Time(8)), Kept::LinkLost);
    assert_eq!((cooling.reason, cooling.until, cooling.kept), (Reason::Cooldown, Some(Time(8)), Some(Kept::LinkLost)));
}

#[test]
fn a_hold_is_by_former_rules_too_where_the_files_stop_less_or_not_as_long() {
    use MailKind::{Campaign, Newsletter};
    for (files, files_end, former, former_end, by) in [
        (&[Campaign][..], None, &[Campaign][..], None, By::Files),
        (&[Campaign, Newsletter], None, &[Campaign], None, By::Files),
        (&[Campaign], None, &[Campaign, Newsletter], None, By::Both),
        (&[Campaign], Some(5), &[Campaign], Some(5), By::Files),
        (&[Campaign], Some(5), &[Campaign], Some(6), By::Both),
        (&[Campaign], Some(5), &[Campaign], None, By::Both),
        (&[Campaign], None, &[Campaign], Some(6), By::Files),
    ] {
        let (files, former) = (now(files, files_end, By::Files), now(former, former_end, By::Former));
        assert_eq!((both(&files, &former), both(&former, &files)), (by, by), "{files:?} {former:?}");
        assert_eq!((both(&files, &files), both(&former, &former)), (By::Files, By::Former));
        assert_eq!(both(&HoldNow { by: By::Both, ..files.clone() }, &former), By::Both);
    }
}

fn any_hold() -> impl Strategy<Value = HoldNow> {
    let reach = prop::sample::select(vec![Reach::Person, Reach::Account, Reach::Address]);
    let kept = prop::option::of(prop::sample::select(vec![Kept::CauseGone, Kept::LinkLost]));
    (prop::sample::subsequence(MailKind::ALL.to_vec(), 0..4), prop::option::of(1i64..9), reach, kept).prop_map(
        |(stops, until, reach, kept)| HoldNow {
            reach,
            kept,
            reason: reason(&"open_deal".into(), reach, false),
            ..now(&stops, until, By::Files)
        },
    )
}

proptest! {
    /// Down at once: whatever comes, a hold never stops less, ends sooner, or is only kept where somebody is still named.
    #[test]
    fn holds_of_one_cause_are_together_as_wide_as_each(holds in prop::collection::vec(any_hold(), 1..5)) {
        let mut all = Vec::new();
        holds.iter().for_each(|h| add(&mut all, h.clone()));
        prop_assert_eq!(all.len(), 1);
        let all = &all[0];
        for hold in &holds {
            prop_assert_eq!(all.stops.union(hold.stops), all.stops);
            prop_assert!(all.reach <= hold.reach);
            prop_assert!(all.until.is_none() || hold.until.is_some_and(|end| all.until >= Some(end)));
            prop_assert!(all.kept.is_none() || hold.kept.is_some());
        }
        prop_assert!(holds.iter().any(|h| h.reach == all.reach && h.reason == all.reason), "its reason is that of its reach");
        prop_assert_eq!(all.until.is_none(), holds.iter().any(|h| h.until.is_none()));
        prop_assert_eq!(all.kept.is_none(), holds.iter().any(|h| h.kept.is_none()));
    }
}

#[test]
fn another_cause_or_another_rule_is_another_hold() {
    let mut all = Vec::new();
    let one = now(&[], None, By::Files);
    for hold in
        [one.clone(), HoldNow { cause: "crm:deal:2".parse().unwrap(), ..one.clone() }, HoldNow { hold: "vip".into(), ..one.clone() }, one]
    {
        add(&mut all, hold);
    }
    assert_eq!(all.len(), 3);
}
