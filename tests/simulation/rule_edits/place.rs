//! A config folder whose rules are edited, and people whom they hold or let go.

use crate::config_files::{CONSENT, CRM, ConfigFiles, Hold, LEAD, OPEN_DEAL, SUPPORT, TICKET, ma, policy};
use crate::stage::Stage;
use nayose::engine::Engine;
use nayose::engine::gate::answer::Gate;
use nayose::model::{Address, DealState, Mail, MailKind, Name, Record, RecordId, Span, TicketState, Time, Value};

pub const NOW: Time = Time(1_795_000_000_000);

/// The file that most edits are of.
pub const POLICY: &str = "policy.toml";

fn files() -> ConfigFiles {
    let keys = r#"every = "1m"
sweep = "5m"
writes = ["hold", "status"]
hold = { block = true, permit = "ok_until", lease = "7d" }
[link]
shared_mailboxes = ["team@*"]"#;
    let deals = Hold { scope: "scope = \"account\"\naccount_cap = 500", after: "lost = \"30d\"", ..OPEN_DEAL };
    let widening = "[widening]\nask_above = { people = 200, share = \"1%\" }\n";
    let policy = policy(&[LEAD], &[deals, TICKET], r#""ma.people" = "1h""#, widening);
    let consent = format!("{CONSENT}[sources.crm]\nbasis = \"published_address\"\n");
    ConfigFiles { consent, ..ConfigFiles::new([CRM, SUPPORT, &ma(keys)].concat(), policy) }
}

/// A config folder with its state, and how old all proofs are.
pub struct Place {
    pub stage: Stage,
    proof_age: Span,
}

impl Place {
    pub fn new(proof_age: Span) -> Place {
        Place { stage: Stage::new(&files()), proof_age }
    }

    /// Opens the state as a command does.
    pub fn open(&self) -> Engine {
        let mut engine = self.stage.open(NOW);
        self.prove(&mut engine);
        engine.reconcile(NOW);
        engine.commit().unwrap();
        engine
    }

    /// Takes an edit as the running daemon does.
    pub fn take(&self, engine: &mut Engine, edits: &[(&str, &str, &str)]) {
        edits.iter().for_each(|(file, old, new)| self.stage.edit(file, old, new));
        self.stage.take(engine, NOW);
        self.prove(engine);
        engine.reconcile(NOW);
        engine.commit().unwrap();
    }

    fn prove(&self, engine: &mut Engine) {
        engine.arrange().clocks.hear(NOW);
        for state in engine.arrange().systems.values_mut() {
            let streams: Vec<_> = state.streams.infos().map(|i| i.name.clone()).collect();
            for stream in streams {
                state.streams.of_mut(&stream).proved_at = Some(NOW.minus(self.proof_age));
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

pub fn deal(id: &str, state: DealState, person: &str, account: Option<&str>) -> Record {
    let mut record = record(id);
    record.deal = Some(state);
    record.people = vec![person.into()];
    record.account = account.map(Into::into);
    record.memory.ended_at = (state == DealState::Lost).then(|| NOW.minus(Span::days(10)));
    record
}

/// 1 is on an open deal and 2 at its account, 3 is free, 4 was on a deal that was lost ten days ago, 5 has a ticket, 6 is only in the CRM.
pub fn fill(engine: &mut Engine) {
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

pub fn decision(engine: &Engine, who: &str, kind: MailKind) -> String {
    let answer = Gate::new(engine).decide(&[who.to_string()], &Mail::of(kind), NOW);
    answer[0].decision.clone()
}

/// What would be written for a record: its block, and whether that raises mailability.
pub fn wanted_block(engine: &mut Engine, id: &str) -> bool {
    let id: RecordId = id.parse().unwrap();
    let idx = engine.probe().world.find(&id).unwrap();
    let record = engine.probe().world.record(idx);
    let due = engine.due(idx, &record, NOW);
    due.protective.is_some_and(|c| c.block == Some(true))
}
