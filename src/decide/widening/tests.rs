use super::*;
use crate::decide::rules::After;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Basis, Entity, Span};

fn hold(name: &str, when: &str) -> HoldRule {
    HoldRule {
        name: name.into(),
        on: Entity::Deal,
        when: Expression::compile(when, Scope::Deal, &Declared::default()).unwrap(),
        scope: HoldScope::Account { cap: 500 },
        stops: vec![MailKind::Campaign, MailKind::Newsletter],
        after: After { won: Span::ZERO, lost: Span::days(30), closed: Span::ZERO },
        proofs: vec![proof("crm", "deals", 15), proof("crm", "deal_people", 15)],
        stale: Stale::Hold,
        rule: "policy.toml:4".into(),
    }
}

fn proof(system: &str, stream: &str, minutes: i64) -> Proof {
    Proof { system: system.into(), stream: stream.into(), limit: Span::minutes(minutes) }
}

fn policy() -> Policy {
    Policy { holds: vec![hold("open_deal", "deal.open")], refusal_proofs: vec![proof("ma", "people", 60)], ..Policy::default() }
}

type Edit = fn(&mut Policy);

/// Each edit, and what it is said to let through. The same edit backwards is asked too: what one way widens, the other way does not.
const EDITS: [(Edit, &[&str]); 15] = [
    (|_| {}, &[]),
    (|p| p.holds[0].rule = "policy.toml:9".into(), &[]),
    (|p| p.holds.clear(), &["policy.toml:4: the hold open_deal was taken out"]),
    (|p| p.holds[0].on = Entity::Ticket, &["policy.toml:4: the hold open_deal was taken out"]),
    (|p| p.holds[0] = hold("open_deal", "deal.open && deal.won"), &["policy.toml:4: the hold open_deal is true of fewer deals"]),
    (|p| p.holds[0].scope = HoldScope::Person, &["policy.toml:4: the hold open_deal reaches no accounts any more"]),
    (|p| p.holds[0].scope = HoldScope::Account { cap: 20 }, &["policy.toml:4: the hold open_deal: account_cap 500 -> 20"]),
    (|p| p.holds[0].stops = vec![MailKind::Campaign], &["policy.toml:4: the hold open_deal does not stop newsletter any more"]),
    (|p| p.holds[0].after.lost = Span::days(3), &["policy.toml:4: the hold open_deal: after lost 30d -> 3d"]),
    (|p| p.holds[0].proofs[0].limit = Span::minutes(30), &["policy.toml:4: the hold open_deal: proof of crm.deals 15m -> 30m"]),
    (|p| p.holds[0].proofs.truncate(1), &["policy.toml:4: the hold open_deal needs no proof of crm.deal_people any more"]),
    (|p| p.holds[0].stale = Stale::LastKnown(Span::days(1)), &["policy.toml:4: the hold open_deal goes by what was known last for 1d"]),
    (|p| p.refusal_proofs.clear(), &["policy.toml: [refusals] needs no proof of ma.people any more"]),
    (|p| p.widening.people = 900, &["policy.toml: [widening] lets more go without asking"]),
    (|p| p.widening.share = 0.5, &["policy.toml: [widening] lets more go without asking"]),
];

#[test]
fn an_edit_widens_by_what_it_no_longer_stops() {
    // As if each known deal were open and not won.
    let fewer = |old: &HoldRule, new: &HoldRule| old.when.source() == "deal.open" && new.when.source() != "deal.open";
    for (i, (edit, said)) in EDITS.iter().enumerate() {
        let mut new = policy();
        edit(&mut new);
        assert_eq!(widens(&policy(), &new, &fewer), *said, "edit {i}");
        let back = widens(&new, &policy(), &fewer);
        let is_a_swap = new.holds.first().is_some_and(|h| h.on == Entity::Ticket);
        assert_eq!(back.is_empty(), !is_a_swap, "edit {i} taken back: {back:?}");
    }
}

#[test]
fn the_strictest_of_two_widens_neither() {
    for (i, (edit, _)) in EDITS.iter().enumerate() {
        let (old, mut new) = (policy(), policy());
        edit(&mut new);
        let both = strictest(&new, [&old].into_iter());
        for one in [&old, &new] {
            for kind in MailKind::ALL {
                for proof in crate::decide::freshness::needed(one, kind) {
                    assert!(crate::decide::freshness::needed(&both, kind).any(|p| p == proof), "edit {i}: {kind:?} {proof:?}");
                }
            }
            assert!(one.holds.iter().all(|h| both.holds.iter().any(|b| same(b, h))), "edit {i}: a hold is missing");
            assert!(both.widening.people <= one.widening.people && both.widening.share <= one.widening.share, "edit {i}");
        }
        assert_eq!(both.holds.len(), both.holds.iter().filter(|h| !new.holds.iter().any(|n| same(n, h))).count() + new.holds.len());
    }
}

#[test]
fn a_basis_that_rises_or_comes_widens() {
    let rules = |list: &[(&str, Basis)]| ConsentRules { sources: list.iter().map(|(s, b)| ((*s).into(), *b)).collect() };
    let (notified, explicit) = (Basis::NotifiedAny, Basis::ExplicitConsent);
    for (old, new, said) in [
        (vec![("ma", notified)], vec![("ma", notified)], vec![]),
        (vec![("ma", explicit)], vec![("ma", notified)], vec![]),
        (vec![("ma", explicit)], vec![], vec![]),
        (vec![("ma", notified)], vec![("ma", explicit)], vec!["consent.toml: ma proves notified_any -> explicit_consent"]),
        (vec![], vec![("crm", notified)], vec!["consent.toml: crm proves notified_any"]),
    ] {
        assert_eq!(consent_widens(&rules(&old), &rules(&new)), said, "{old:?} -> {new:?}");
    }
}
