//! Edits of the rules while records are known: what protects counts at once, what widens waits for `approve`, at the gate and in the
//! marketing system, over restarts too.

use crate::stage::Stage;
use nayose::engine::Engine;
use nayose::engine::gate::answer::Gate;
use nayose::model::{Address, DealState, Mail, MailKind, Name, Record, RecordId, Span, TicketState, Time, Value};

const NOW: Time = Time(1_795_000_000_000);

const FILES: [(&str, &str); 4] = [
    (
        "systems.toml",
        r#"[systems.crm]
connector = "hubspot"
token = { file = "token" }
[systems.support]
connector = "zendesk"
subdomain = "acme"
token = { file = "token" }
[systems.ma]
connector = "marketo"
base_url = "https://123-ABC-456.mktorest.example"
client_id = { file = "token" }
client_secret = { file = "token" }
list_id = "1001"
every = "1m"
sweep = "5m"
writes = ["hold", "status"]
hold = { block = true, permit = "ok_until", lease = "7d" }
[link]
shared_mailboxes = ["team@*"]
"#,
    ),
    ("precedence.toml", "default = [\"crm\", \"support\", \"ma\"]\n"),
    (
        "policy.toml",
        r#"[status]
lead = 'true'
[holds.open_deal]
when = 'deal.open'
scope = "account"
account_cap = 500
stops = ["campaign", "newsletter"]
after = { lost = "30d" }
proof = { "crm.deals" = "15m", "crm.deal_people" = "15m" }
[holds.ticket]
when = 'ticket.open'
stops = ["campaign"]
proof = { "support.tickets" = "1h" }
[refusals]
proof = { "ma.people" = "1h" }
[widening]
ask_above = { people = 200, share = "1%" }
"#,
    ),
    ("consent.toml", "[sources.ma]\nbasis = \"explicit_consent\"\n[sources.crm]\nbasis = \"published_address\"\n"),
];

/// A config folder with its state, and how old all proofs are.
struct Place {
    stage: Stage,
    proof_age: Span,
}

impl Place {
    fn new(proof_age: Span) -> Place {
        Place { stage: Stage::new(FILES), proof_age }
    }

    /// Opens the state as a command does.
    fn open(&self) -> Engine {
        let mut engine = self.stage.open(NOW);
        self.prove(&mut engine);
        engine.reconcile(NOW);
        engine.commit().unwrap();
        engine
    }

    /// Takes an edit as the running daemon does.
    fn take(&self, engine: &mut Engine, edits: &[(&str, &str, &str)]) {
        edits.iter().for_each(|(file, old, new)| self.stage.edit(file, old, new));
        self.stage.take(engine, NOW);
        self.prove(engine);
        engine.reconcile(NOW);
        engine.commit().unwrap();
    }

    fn prove(&self, engine: &mut Engine) {
        engine.clocks.hear(NOW);
        for state in engine.systems.values_mut() {
            for stream in state.infos.keys() {
                state.streams.entry(stream.clone()).or_default().proved_at = Some(NOW.minus(self.proof_age));
            }
        }
    }
}

fn record(id: &str) -> Record {
    Record::new(id.parse().unwrap())
}

fn person(id: &str, email: &str, account: Option<&str>) -> Record {
    let mut record = record(id);
    record.set(&Name::from("email"), Value::text(email), NOW);
    record.account = account.map(Into::into);
    record
}

fn deal(id: &str, state: DealState, person: &str, account: Option<&str>) -> Record {
    let mut record = record(id);
    record.deal = Some(state);
    record.people = vec![person.into()];
    record.account = account.map(Into::into);
    record.memory.ended_at = (state == DealState::Lost).then(|| NOW.minus(Span::days(10)));
    record
}

/// 1 is on an open deal and 2 at its account, 3 is free, 4 was on a deal that was lost ten days ago, 5 has a ticket, 6 is only in the CRM.
fn fill(engine: &mut Engine) {
    let mut ticket = record("support:ticket:1");
    ticket.ticket = Some(TicketState::Open);
    ticket.addresses = vec![Address::parse("p5@acme.example").unwrap()];
    let mut records = vec![
        (("crm", "deals"), deal("crm:deal:1", DealState::Open, "1", Some("7"))),
        (("crm", "deals"), deal("crm:deal:4", DealState::Lost, "4", None)),
        (("support", "tickets"), ticket),
        (("crm", "people"), person("crm:person:6", "p6@acme.example", None)),
        (("crm", "people"), person("crm:person:8", "team@acme.example", None)),
        (("ma", "people"), person("ma:person:8", "team@acme.example", None)),
    ];
    for n in ["1", "2", "3", "4", "5"] {
        let account = (n == "1" || n == "2").then_some("7");
        records.push((("crm", "people"), person(&format!("crm:person:{n}"), &format!("p{n}@acme.example"), account)));
        records.push((("ma", "people"), person(&format!("ma:person:{n}"), &format!("p{n}@acme.example"), None)));
    }
    for ((_, stream), record) in records {
        let idx = engine.keep_record(stream.into(), &record);
        engine.mark(idx, &record);
    }
    engine.reconcile(NOW);
    engine.commit().unwrap();
}

fn decision(engine: &Engine, who: &str, kind: MailKind) -> String {
    let answer = Gate::new(engine).decide(&[who.to_string()], &Mail::of(kind), NOW);
    answer[0].decision.clone()
}

/// What would be written for a record: its block, and whether that raises mailability.
fn wanted_block(engine: &mut Engine, id: &str) -> bool {
    let id: RecordId = id.parse().unwrap();
    let idx = engine.world.find(&id).unwrap();
    let record = engine.world.record(idx);
    let due = engine.due(idx, &record, NOW);
    due.protective.is_some_and(|c| c.block == Some(true))
}

/// An edit, and for whom which kind of mail becomes free by it. The last: minutes since all streams were proved.
struct Case {
    name: &'static str,
    edits: &'static [(&'static str, &'static str, &'static str)],
    who: &'static str,
    kind: MailKind,
    before: &'static str,
    after: &'static str,
    proof_age: i64,
}

const fn case(name: &'static str, edits: &'static [(&'static str, &'static str, &'static str)], who: &'static str, kind: MailKind) -> Case {
    Case { name, edits, who, kind, before: "hold", after: "allow", proof_age: 1 }
}

use MailKind::{Campaign, Newsletter};
const POLICY: &str = "policy.toml";

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
        assert!(engine.config.systems.iter().any(|s| s.writes.hold && s.block && s.permit.as_deref() == Some("ok_until")), "{name}");

        drop(engine);
        let mut engine = place.open();
        assert_eq!(decision(&engine, case.who, case.kind), case.before, "{name}: a restart let it go");
        let again = engine.waiting();
        assert_eq!((&again[0].plan, &again[0].why, again[0].count), (&waiting[0].plan, &waiting[0].why, waiting[0].count), "{name}");
        if case.before == "hold" && case.proof_age == 1 && case.kind == Campaign {
            assert!(wanted_block(&mut engine, case.who), "{name}: no block is wanted any more");
            assert_eq!(waiting[0].count, if name.contains("expression") { 3 } else { 1 }, "{name}: {waiting:?}");
        }
        engine.approve(&waiting[0].plan, false, NOW).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(decision(&engine, case.who, case.kind), case.after, "{name}: it was approved");
        assert_eq!(engine.waiting(), [], "{name}: it asks twice");
        drop(engine);
        let engine = place.open();
        assert_eq!(decision(&engine, case.who, case.kind), case.after, "{name}: a restart forgot the approval");
        assert_eq!(engine.waiting(), [], "{name}");
    }
}

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
    engine.approve(&plan, false, NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:5", Newsletter), "hold");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "allow");
}

#[test]
fn an_edit_that_is_taken_back_asks_nothing() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    assert_eq!(engine.waiting().len(), 1);
    place.take(&mut engine, &[(POLICY, "'deal.open && deal.won'", "'deal.open'")]);
    assert_eq!(engine.waiting(), []);
    assert_eq!(engine.former.len(), 0);
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
}

/// Folders count as never edited for 10 minutes: by a clock that was set back they would for as long as it takes to come to that moment again.
#[test]
fn an_edit_that_is_taken_back_after_the_clock_was_set_back_waits() {
    for (restarted_ms, waits) in [(60_000, 0), (11 * 60_000, 1), (-1_200_000, 1)] {
        let place = Place::new(Span::minutes(1));
        let mut engine = place.open();
        fill(&mut engine);
        place.take(&mut engine, &[(POLICY, "lost = \"30d\"", "lost = \"60d\"")]);
        assert_eq!(engine.waiting(), [], "it holds for longer");
        drop(engine);
        place.stage.edit(POLICY, "lost = \"60d\"", "lost = \"30d\"");
        let engine = place.stage.open(Time(NOW.0 + restarted_ms));
        assert_eq!(engine.former.len(), waits, "{restarted_ms} ms later by our clock");
    }
}

#[test]
fn a_second_edit_before_the_approval_makes_another_plan_and_the_first_cannot_be_approved() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    let first = engine.waiting()[0].plan.clone();
    place.take(&mut engine, &[(POLICY, "lost = \"30d\"", "lost = \"3d\"")]);
    let second = engine.waiting();
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(second[0].plan, first);
    assert!(second[0].why.contains("true of fewer deals") && second[0].why.contains("30d -> 3d"), "{second:?}");
    assert!(engine.approve(&first, false, NOW).is_err(), "a plan was approved that nobody could have meant");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
    assert_eq!(decision(&engine, "ma:person:4", Campaign), "hold");
    engine.approve(&second[0].plan, false, NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "allow");
    assert_eq!(decision(&engine, "ma:person:4", Campaign), "allow");
}

#[test]
fn what_a_waiting_edit_added_is_not_lost_when_the_rest_is_taken_back() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    let both = [(POLICY, "'deal.open'", "'deal.open && deal.won'"), ("consent.toml", "explicit_consent", "notified_any")];
    place.take(&mut engine, &both);
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "deny");
    // Not byte for byte: else it would count as never edited.
    place.take(
        &mut engine,
        &[(POLICY, "'deal.open && deal.won'", "'deal.open' # as it was"), ("consent.toml", "notified_any", "explicit_consent")],
    );
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "deny", "the basis was raised again without a word");
    let waiting = engine.waiting();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    engine.approve(&waiting[0].plan, false, NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "allow");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
}

#[test]
fn a_deal_that_opens_while_an_edit_waits_is_held_by_the_former_rules_too() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    let new = deal("crm:deal:9", DealState::Open, "3", None);
    let idx = engine.keep_record("deals".into(), &new);
    engine.mark(idx, &new);
    engine.reconcile(NOW);
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "hold");
    assert_eq!(engine.waiting()[0].count, 4, "{:?}", engine.waiting());
}

#[test]
fn systems_come_and_go_and_what_they_held_stays_held() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    engine.approve("ma", false, NOW).unwrap();
    let support = "[systems.support]\nconnector = \"zendesk\"\nsubdomain = \"acme\"\ntoken = { file = \"token\" }\n";
    let hold = "[holds.ticket]\nwhen = 'ticket.open'\nstops = [\"campaign\"]\nproof = { \"support.tickets\" = \"1h\" }\n";
    let out = [("systems.toml", support, ""), ("precedence.toml", "\"support\", ", ""), (POLICY, hold, "")];
    place.take(&mut engine, &out);
    assert!(engine.systems.named("support").is_none());
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "hold");
    let waiting = engine.waiting();
    let plan = waiting.iter().find(|w| w.why.contains("taken out")).expect("nothing asks");
    engine.approve(&plan.plan, false, NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "allow");
    let back =
        [("systems.toml", "[systems.ma]", &*format!("{support}[systems.ma]")), (POLICY, "[refusals]", &*format!("{hold}[refusals]"))];
    place.take(&mut engine, &back);
    assert!(engine.systems.named("support").is_some());
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "hold", "the ticket is still open");
    assert_eq!(engine.waiting(), []);
    assert_eq!(
        engine.systems.named("ma").unwrap().approved,
        Some(nayose::engine::rules::approval::Approval::All),
        "first contact was forgotten"
    );
}
