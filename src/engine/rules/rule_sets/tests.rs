use super::*;
use crate::engine::rules::connection::tests::system;
use crate::engine::rules::in_force::tests::rules;
use std::sync::Arc;

/// How the system `crm` is told of holds; `None`: it is not told.
fn told(writes: Option<(bool, Option<&str>, i64)>) -> Arc<Rules> {
    let mut rules = Rules::clone(&rules("a", &["open_deal"]));
    let mut crm = system("only for the test");
    let (block, permit, days) = writes.unwrap_or((false, None, 1));
    crm.writes.hold = writes.is_some();
    (crm.block, crm.permit, crm.lease) = (block, permit.map(String::from), Span::days(days));
    crm.settings.permit = crm.permit.clone();
    rules.systems = vec![crm];
    Arc::new(rules)
}

#[test]
fn rules_have_one_id_wherever_they_stand_and_another_when_they_say_something_else() {
    let id = |change: fn(&mut Rules)| {
        let mut rules = Rules::clone(&told(Some((true, Some("may_mail"), 2))));
        change(&mut rules);
        RuleSet::of(&rules).id
    };
    let as_it_is = id(|_| {});
    let moved: [fn(&mut Rules); 3] =
        [|r| r.policy.holds[0].rule = "policy.toml:90".into(), |r| r.systems[0].line += 9, |r| r.version = "another".into()];
    for change in moved {
        assert_eq!(id(change), as_it_is);
    }
    let changed: [fn(&mut Rules); 5] = [
        |r| r.policy.holds[0].stops.push(MailKind::RepSender),
        |r| r.policy.holds[0].stale = Stale::LastKnown(Span::days(1)),
        |r| r.shared_mailboxes.push("front@*".into()),
        |r| r.systems[0].block = false,
        |r| r.systems[0].lease = Span::days(3),
    ];
    for (i, change) in changed.into_iter().enumerate() {
        assert_ne!(id(change), as_it_is, "change {i}");
    }
}

#[test]
fn what_comes_out_of_the_state_says_the_same_and_a_hold_that_cannot_be_read_is_left_out() {
    let set = RuleSet::of(&told(Some((true, None, 2))));
    let again = RuleSet::restored(set.stored());
    assert_eq!((&again.id, again.policy.holds.len()), (&set.id, 1));
    assert_eq!(again.policy.holds[0].when.source(), set.policy.holds[0].when.source());
    let mut stored = set.stored();
    stored.holds.push(StoredHold { name: "odd".into(), when: "deal.what_nobody_declared > 1".into(), ..stored.holds[0].clone() });
    let names: Vec<Name> = RuleSet::restored(stored.clone()).policy.holds.iter().map(|h| h.name.clone()).collect();
    assert_eq!(names, ["open_deal".into()]);
    stored.holds[1].on = Entity::Ticket;
    stored.holds[1].when = "ticket.open".into();
    assert_eq!(RuleSet::restored(stored).policy.holds.len(), 2, "a ticket's hold is read as one");
}

/// Each edit of how a system is told: what of it widens, and how the system is told while it waits.
#[test]
fn while_an_edit_waits_a_system_is_told_of_holds_in_both_ways() {
    type Told = Option<(bool, Option<&'static str>, i64)>;
    let cases: [(Told, Told, &str, Told); 9] = [
        (Some((true, None, 2)), Some((true, None, 2)), "", Some((true, None, 2))),
        (Some((true, None, 2)), Some((false, None, 2)), "gets no blocks any more", Some((true, None, 2))),
        (Some((true, None, 2)), None, "is not told of holds any more", Some((true, None, 1))),
        (Some((false, Some("may"), 2)), Some((false, Some("ok"), 2)), "in another field, or none", Some((false, Some("may"), 2))),
        (Some((false, Some("may"), 2)), Some((true, None, 2)), "in another field, or none", Some((true, Some("may"), 2))),
        (Some((false, Some("may"), 2)), Some((false, Some("may"), 5)), "lease of permits 2d -> 5d", Some((false, Some("may"), 2))),
        (Some((false, Some("may"), 2)), Some((false, Some("may"), 1)), "", Some((false, Some("may"), 1))),
        (Some((false, None, 2)), Some((true, Some("may"), 9)), "", Some((true, Some("may"), 9))),
        (None, Some((true, Some("may"), 9)), "", Some((true, Some("may"), 9))),
    ];
    for (before, now, widens, in_force) in cases {
        let (former, files) = (RuleSet::of(&told(before)), told(now));
        let said = targets_widen(&former, &RuleSet::of(&files), &files);
        assert_eq!((said.len(), said.iter().all(|s| s.ends_with(widens))), (usize::from(!widens.is_empty()), true), "{said:?}");
        let system = &systems_in_force(&files, &[former])[0];
        let shown = (system.block, system.permit.as_deref(), system.lease);
        assert_eq!(shown, in_force.map(|(block, permit, days)| (block, permit, Span::days(days))).unwrap(), "{before:?} -> {now:?}");
        assert!(system.writes.hold && system.settings.permit == system.permit, "{before:?} -> {now:?}");
    }
}

/// What one kind of mail is told by: more of it takes blocks away, less of it leaves what stands there.
#[test]
fn permits_for_newsletters_or_campaigns_take_blocks_away_and_wait() {
    let with = |permits: &[(MailKind, &str)]| {
        let mut rules = Rules::clone(&told(Some((true, Some("may"), 2))));
        let crm = &mut rules.systems[0];
        crm.permits = permits.iter().map(|(kind, name)| (OwnPermit::Kind(*kind), name.to_string())).collect();
        crm.settings.permits = crm.permits.clone();
        Arc::new(rules)
    };
    use MailKind::{Newsletter, RepSender};
    let (fewer, elsewhere) = ("sets no block any more", "in another field, or none");
    for (before, now, widens) in [
        (&[][..], &[(Newsletter, "n")][..], Some(fewer)),
        (&[], &[(RepSender, "r")], None),
        (&[(Newsletter, "n")], &[(Newsletter, "n"), (RepSender, "r")], Some(fewer)),
        (&[(Newsletter, "n")], &[(Newsletter, "m")], Some(elsewhere)),
        (&[(RepSender, "r")], &[], Some(elsewhere)),
        (&[(RepSender, "r")], &[(RepSender, "r")], None),
    ] {
        let (former, files) = (RuleSet::of(&with(before)), with(now));
        let said = targets_widen(&former, &RuleSet::of(&files), &files);
        assert!(said.iter().all(|s| widens.is_some_and(|w| s.ends_with(w))) && said.len() == usize::from(widens.is_some()), "{said:?}");
        let system = &systems_in_force(&files, &[former])[0];
        let names: Vec<&str> = before.iter().map(|(_, name)| *name).collect();
        assert_eq!(system.permits.values().collect::<Vec<_>>(), names, "as before, while it waits");
        assert_eq!(system.permits, system.settings.permits);
    }
}

#[test]
fn of_several_former_ways_the_oldest_is_what_was_agreed_to_and_a_system_taken_out_is_told_of_nothing() {
    let sets = [told(Some((false, Some("oldest"), 3))), told(Some((false, Some("newer"), 4)))].map(|r| RuleSet::of(&r));
    let files = told(Some((false, Some("files"), 9)));
    assert_eq!(systems_in_force(&files, &sets)[0].permit.as_deref(), Some("oldest"));
    assert_eq!(systems_in_force(&files, &sets)[0].lease, Span::days(3));
    let empty = rules("b", &["open_deal"]);
    assert!(targets_widen(&sets[0], &RuleSet::of(&empty), &empty).is_empty() && systems_in_force(&empty, &sets).is_empty());
}
