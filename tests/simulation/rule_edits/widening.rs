//! Edits that let somebody go: each waits until it is approved.

use super::place::{NOW, POLICY, Place, decision, fill, wanted_block};
use super::{Case, case};
use nayose::model::MailKind::{Campaign, Newsletter};
use nayose::model::Span;

const WIDENING: [Case; 15] = [
    case(
        "a hold is taken out",
        &[(POLICY, "[holds.ticket]\nwhen = 'ticket.open'\nstops = [\"campaign\"]\nproof = { \"support.tickets\" = \"1h\" }\n", "")],
        "ma:person:5",
        Campaign,
    ),
    case("an expression is narrowed", &[(POLICY, "'deal.open'", "'deal.open && deal.won'")], "ma:person:1", Campaign),
    case(
        "accounts are not reached any more",
        &[(POLICY, "scope = \"account\"\naccount_cap = 500", "scope = \"person\"")],
        "ma:person:2",
        Campaign,
    ),
    case("the cap of accounts is lowered", &[(POLICY, "account_cap = 500", "account_cap = 1")], "ma:person:2", Campaign),
    case(
        "a kind of mail is not stopped any more",
        &[(POLICY, "[\"campaign\", \"newsletter\"]", "[\"campaign\"]")],
        "ma:person:1",
        Newsletter,
    ),
    case("a cool-down is shortened", &[(POLICY, "lost = \"30d\"", "lost = \"3d\"")], "ma:person:4", Campaign),
    Case {
        proof_age: 20,
        ..case(
            "the limit of a hold's proof is raised",
            &[(
                POLICY,
                "{ \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }",
                "{ \"crm.deals\" = \"1h\", \"crm.deal_people\" = \"1h\" }",
            )],
            "ma:person:3",
            Campaign,
        )
    },
    Case {
        proof_age: 70,
        ..case(
            "the limits of all proofs are raised",
            &[
                (
                    POLICY,
                    "{ \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }",
                    "{ \"crm.deals\" = \"3h\", \"crm.deal_people\" = \"3h\", \"crm.people\" = \"3h\", \"ma.people\" = \"3h\" }",
                ),
                (
                    POLICY,
                    "\"support.tickets\" = \"1h\"",
                    "\"support.tickets\" = \"3h\", \"support.people\" = \"3h\", \"ma.people\" = \"3h\"",
                ),
                (POLICY, "\"ma.people\" = \"1h\"", "\"ma.people\" = \"3h\""),
            ],
            "ma:person:3",
            Campaign,
        )
    },
    Case {
        before: "deny",
        ..case("a basis is raised", &[("consent.toml", "published_address", "explicit_consent")], "crm:person:6", Campaign)
    },
    Case {
        before: "deny",
        ..case("a mailbox is not shared any more", &[("systems.toml", "shared_mailboxes = [\"team@*\"]", "")], "crm:person:8", Campaign)
    },
    Case { before: "allow", ..case("more may go without asking", &[(POLICY, "people = 200", "people = 900")], "ma:person:3", Campaign) },
    Case {
        before: "allow",
        ..case(
            "holds are not written any more",
            &[("systems.toml", "[\"hold\", \"status\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }", "[\"status\"]")],
            "ma:person:3",
            Campaign,
        )
    },
    Case {
        before: "allow",
        ..case("blocks are not written any more", &[("systems.toml", "block = true", "block = false")], "ma:person:3", Campaign)
    },
    Case {
        before: "allow",
        ..case("permits go elsewhere", &[("systems.toml", "permit = \"ok_until\"", "permit = \"other\"")], "ma:person:3", Campaign)
    },
    Case {
        before: "allow",
        ..case("a lease is longer", &[("systems.toml", "lease = \"7d\"", "lease = \"30d\"")], "ma:person:3", Campaign)
    },
];

#[test]
fn what_widens_waits_for_approval_at_the_gate_too() {
    for case in &WIDENING {
        let place = Place::new(Span::minutes(case.proof_age));
        let mut engine = place.open();
        fill(&mut engine);
        let name = case.name;
        assert_eq!(decision(&engine, case.who, case.kind), case.before, "{name}: before");
        place.take(&mut engine, case.edits);
        assert_eq!(decision(&engine, case.who, case.kind), case.before, "{name}: it went by itself");
        let waiting = engine.waiting();
        assert_eq!(waiting.len(), 1, "{name}: {waiting:?}");
        assert!(
            engine.rules().rules().systems.iter().any(|s| s.writes.hold && s.block && s.permit.as_deref() == Some("ok_until")),
            "{name}"
        );

        drop(engine);
        let mut engine = place.open();
        assert_eq!(decision(&engine, case.who, case.kind), case.before, "{name}: a restart let it go");
        let again = engine.waiting();
        assert_eq!((&again[0].plan, &again[0].why, again[0].count), (&waiting[0].plan, &waiting[0].why, waiting[0].count), "{name}");
        if case.before == "hold" && case.proof_age == 1 && case.kind == Campaign {
            assert!(wanted_block(&mut engine, case.who), "{name}: no block is wanted any more");
            assert_eq!(waiting[0].count, if name.contains("expression") { 3 } else { 1 }, "{name}: {waiting:?}");
        }
        engine.approve(&waiting[0].plan, false, "tests", NOW).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(decision(&engine, case.who, case.kind), case.after, "{name}: it was approved");
        assert_eq!(engine.waiting(), [], "{name}: it asks twice");
        drop(engine);
        let engine = place.open();
        assert_eq!(decision(&engine, case.who, case.kind), case.after, "{name}: a restart forgot the approval");
        assert_eq!(engine.waiting(), [], "{name}");
    }
}
