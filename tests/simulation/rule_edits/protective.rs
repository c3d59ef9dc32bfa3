//! Edits that let nobody go: none waits, and the protective part of one that does both does not either.

use super::place::{NOW, POLICY, Place, decision, fill};
use super::{Case, case};
use nayose::model::MailKind::{Campaign, Newsletter};
use nayose::model::Span;

const PROTECTIVE: [Case; 9] = [
    Case {
        after: "hold",
        ..case(
            "a hold is added",
            &[(
                POLICY,
                "[refusals]",
                "[holds.won]\nwhen = 'deal.lost'\nstops = [\"newsletter\"]\nproof = { \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }\n[refusals]",
            )],
            "ma:person:4",
            Newsletter,
        )
    },
    Case {
        after: "hold",
        ..case(
            "more kinds are stopped",
            &[(POLICY, "stops = [\"campaign\"]\n", "stops = [\"campaign\", \"newsletter\"]\n")],
            "ma:person:5",
            Newsletter,
        )
    },
    Case {
        after: "hold",
        proof_age: 9,
        ..case("the limit of a proof is lowered", &[(POLICY, "\"ma.people\" = \"1h\"", "\"ma.people\" = \"7m\"")], "ma:person:3", Campaign)
    },
    Case { after: "deny", ..case("a basis is lowered", &[("consent.toml", "explicit_consent", "notified_any")], "ma:person:3", Campaign) },
    Case {
        after: "deny",
        ..case("a source is taken out", &[("consent.toml", "[sources.ma]\nbasis = \"explicit_consent\"\n", "")], "ma:person:3", Campaign)
    },
    Case { after: "allow", ..case("less may go without asking", &[(POLICY, "people = 200", "people = 20")], "ma:person:3", Campaign) },
    Case {
        after: "allow",
        ..case("another order of systems", &[("precedence.toml", "\"crm\", \"support\"", "\"support\", \"crm\"")], "ma:person:3", Campaign)
    },
    Case { after: "allow", ..case("a shorter lease", &[("systems.toml", "lease = \"7d\"", "lease = \"3d\"")], "ma:person:3", Campaign) },
    Case {
        after: "allow",
        ..case("a mailbox is shared", &[("systems.toml", "[\"team@*\"]", "[\"team@*\", \"hello@*\"]")], "ma:person:3", Campaign)
    },
];

#[test]
fn what_protects_counts_at_once() {
    for case in &PROTECTIVE {
        let place = Place::new(Span::minutes(case.proof_age));
        let mut engine = place.open();
        fill(&mut engine);
        let held_before = case.name == "a hold is added";
        if !held_before {
            assert_eq!(decision(&engine, case.who, case.kind), "allow", "{}: before", case.name);
        }
        place.take(&mut engine, case.edits);
        assert_eq!(decision(&engine, case.who, case.kind), case.after, "{}", case.name);
        assert_eq!(engine.waiting(), [], "{}", case.name);
    }
}

#[test]
fn of_an_edit_that_does_both_the_protective_part_counts_at_once() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(
        &mut engine,
        &[
            (POLICY, "'deal.open'", "'deal.open && deal.won'"),
            (POLICY, "stops = [\"campaign\"]\n", "stops = [\"campaign\", \"newsletter\"]\n"),
        ],
    );
    assert_eq!(decision(&engine, "ma:person:5", Newsletter), "hold", "the protective part waits");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold", "the widening part went");
    let plan = engine.waiting()[0].plan.clone();
    engine.approve(&plan, false, "tests", NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:5", Newsletter), "hold");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "allow");
}
