//! A config folder with its state, and an engine that is given pages.

use crate::config_files::{CRM, ConfigFiles, Hold, LEAD, OPEN_DEAL, SUPPORT, TICKET, ma, policy};
use crate::small_manifests::{DEAL_PEOPLE, head};
use crate::stage::Stage;
use nayose::connector::{Observed, Outcome, PageRead, Pass, PassEnd, Unread, WriteOp};
use nayose::engine::Engine;
use nayose::engine::delivery::acts::Act;
use nayose::engine::gate::answer::Gate;
use nayose::engine::target::Due;
use nayose::model::{Address, DealState, Entity, Mail, MailKind, Name, Record, RecordId, ShortText, Span, Time, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

pub const NOW: Time = Time(1_795_000_000_000);

const OPEN_DEALS: Hold<'_> = Hold { scope: "scope = \"account\"", after: "lost = \"30d\"", ..OPEN_DEAL };

pub struct Place {
    stage: Rc<Stage>,
}

impl Place {
    pub fn new() -> Place {
        Place::with(|policy| policy)
    }

    /// With another policy.toml.
    pub fn with(edit: impl FnOnce(String) -> String) -> Place {
        let ma = ma("every = \"1m\"\nsweep = \"5m\"\nwrites = [\"hold\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }");
        let policy = policy(&[LEAD], &[OPEN_DEALS, TICKET], r#""ma.people" = "2h""#, "");
        Place { stage: Rc::new(Stage::new(&ConfigFiles::new([CRM, SUPPORT, &ma].concat(), edit(policy)))) }
    }

    /// With something else in the place of what stands once in systems.toml.
    pub fn of_systems(self, old: &str, new: &str) -> Place {
        self.edit("systems.toml", old, new);
        self
    }

    /// Changes what stands once in a file.
    pub fn edit(&self, file: &str, old: &str, new: &str) {
        self.stage.edit(file, old, new);
    }

    /// With a connector of one's own as the CRM, of these streams; its further keys in systems.toml.
    pub fn with_crm(self, streams: &[&str], keys: &str) -> Place {
        let manifest = [&head("own", "crm", "https://crm.example"), streams.concat().as_str(), DEAL_PEOPLE].concat();
        self.stage.write("mine/own/manifest.toml", &manifest);
        let own = format!("connectors = \"mine\"\n[systems.crm]\nconnector = \"own\"\n{keys}");
        self.of_systems(CRM, &own)
    }

    /// With the shipped marketing connector under another name, and these tables at its end.
    pub fn with_ma(self, tables: &str) -> Place {
        let shipped = include_str!("../../../connectors/marketo/manifest.toml");
        let own = shipped.replacen("name = \"marketo\"", "name = \"own-ma\"", 1) + tables;
        self.stage.write("mine/own-ma/manifest.toml", &own);
        let place = self.of_systems("connector = \"marketo\"", "connector = \"own-ma\"");
        place.of_systems("[systems.crm]", "connectors = \"mine\"\n[systems.crm]")
    }

    /// The store is lost, its journal is there.
    pub fn lose_store(&self) {
        std::fs::remove_dir_all(self.stage.path("data/sled")).unwrap();
        assert!(self.stage.path("data/journal.log").exists());
    }

    /// A process that begins at a time.
    pub fn start(&self, now: Time) -> Running {
        let mut engine = self.stage.open(now);
        for system in ["crm", "support", "ma"] {
            if engine.identity_due(&system.into(), now) {
                engine.book_identity(&system.into(), &Ok(Some("7".into())), now).unwrap();
            }
        }
        let gate = Gate::new(&engine);
        let mut running = Running { engine, gate, now, skew_ms: Some(0), skew_of: BTreeMap::new(), _stage: self.stage.clone() };
        running.decide();
        running
    }
}

/// An engine with its gate and clock.
pub struct Running {
    pub engine: Engine,
    pub gate: Gate,
    pub now: Time,
    /// The systems' clocks less ours; `None`: they do not tell.
    pub skew_ms: Option<i64>,
    /// Of those that differ from the others.
    pub skew_of: BTreeMap<&'static str, i64>,
    /// The folder lives as long as the engine on it.
    _stage: Rc<Stage>,
}

impl Running {
    /// A whole pass of one page.
    pub fn pass(&mut self, stream: &str, pass: Pass, mut page: PageRead) {
        let (system, stream) = stream.split_once('.').unwrap();
        page.clock_skew_ms = self.skew_of.get(system).copied().or(self.skew_ms);
        let mut run = self.engine.begin(&system.into(), &stream.into(), pass, self.now);
        self.engine.observe(&mut run, page, self.now).unwrap();
        self.engine.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, self.now).unwrap();
    }

    pub fn sweep(&mut self, stream: &str, records: Vec<Record>, unread: Vec<Unread>) {
        self.pass(stream, Pass::Sweep, page(records, unread));
        self.decide();
    }

    pub fn decide(&mut self) {
        self.engine.reconcile(self.now);
        self.engine.commit().unwrap();
        self.gate.publish(&self.engine);
    }

    /// One contact and lead each, at these accounts; and every other stream read to its end, with nothing in it.
    pub fn read_all(&mut self, people: &[(&str, Option<&str>)]) {
        let of = |system: &str| -> Vec<Record> {
            people
                .iter()
                .map(|(n, account)| person(&format!("{system}:person:{n}"), &address(n), account.filter(|_| system == "crm")))
                .collect()
        };
        self.pass("crm.people", Pass::Sweep, page(of("crm"), Vec::new()));
        self.pass("ma.people", Pass::Sweep, page(of("ma"), Vec::new()));
        for stream in ["support.people", "support.tickets", "crm.deals"] {
            self.pass(stream, Pass::Sweep, PageRead::default());
        }
        self.pass("crm.deal_people", Pass::ForEach(Vec::new()), PageRead::default());
        self.decide();
    }

    /// What the gate says of someone by number, and why.
    pub fn gate(&self, who: &str) -> String {
        self.gate_for(who, MailKind::Campaign)
    }

    pub fn gate_for(&self, who: &str, kind: MailKind) -> String {
        let answer = self.gate.decide(&[address(who)], &Mail::of(kind), self.now).remove(0);
        [vec![answer.decision], answer.reasons].concat().join(" ")
    }

    pub fn later(&mut self, by: Span) {
        self.now = self.now.plus(by);
    }

    /// What is told beside the protection.
    pub fn because(&self) -> String {
        self.engine.status(&Default::default(), self.now).because.join("\n")
    }

    /// What would be written to a record now.
    pub fn due(&mut self, record: &str) -> Due {
        let idx = self.engine.probe().world.find(&record.parse().unwrap()).unwrap();
        let record = self.engine.probe().world.record(idx);
        self.engine.due(idx, &record, self.now)
    }

    /// Whether a lead's stop mark is due.
    pub fn blocks(&mut self, lead: &str) -> bool {
        self.due(&format!("ma:person:{lead}")).protective.is_some_and(|c| c.block == Some(true))
    }

    /// Carries out what may go to the marketing system now, which answers as it is told. Gives what was sent.
    pub fn deliver(&mut self, answer: impl Fn(&WriteOp) -> Outcome) -> Vec<WriteOp> {
        let mut sent = Vec::new();
        while let Some(act) = self.engine.next_act(&"ma".into(), self.now) {
            let Act::Write(mut batch) = act else { panic!("an answer was lost: {act:?}") };
            self.engine.commit().unwrap();
            let outcomes: Vec<Outcome> = batch.ops.iter().map(&answer).collect();
            sent.extend(batch.ops.iter().cloned());
            self.engine.book(&mut batch, &outcomes, self.now).unwrap();
            self.decide();
        }
        sent
    }

    /// Answers the next looks at records of the marketing system by their ids. Gives the ids.
    pub fn look_back(&mut self, answer: impl Fn(&[ShortText]) -> Vec<Record>) -> Vec<String> {
        let mut ids = Vec::new();
        while let Some(act) = self.engine.next_act(&"ma".into(), self.now) {
            match act {
                Act::HandOver(list) => panic!("no list goes out: {list:?}"),
                Act::ReadBack(asked) => {
                    ids.extend(asked.ids().iter().map(ToString::to_string));
                    self.engine.book_read_back(&asked, Ok(answer(asked.ids())), self.now).unwrap();
                }
                Act::Write(mut batch) => {
                    self.engine.commit().unwrap();
                    let applied = vec![Outcome::Applied; batch.ops.len()];
                    self.engine.book(&mut batch, &applied, self.now).unwrap();
                }
            }
            self.decide();
        }
        ids
    }

    pub fn proved(&self, stream: &str) -> Option<Time> {
        let (system, stream) = stream.split_once('.').unwrap();
        self.engine.stream(&system.into(), &stream.into()).unwrap().proved_at
    }
}

pub fn page(records: Vec<Record>, unread: Vec<Unread>) -> PageRead {
    let observed = records.into_iter().map(|r| Observed::Record { record: Box::new(r), people_told: true, accounts_told: true }).collect();
    PageRead { observed, unread, ..PageRead::default() }
}

pub fn address(who: &str) -> String {
    format!("p{who}@acme.example")
}

pub fn person(id: &str, email: &str, account: Option<&str>) -> Record {
    let mut record = Record::new(id.parse().unwrap());
    record.set(&Name::from("email"), Value::text(email), NOW);
    record.account = account.map(Into::into);
    record
}

pub fn deal(id: &str, state: DealState, people: &[&str], account: Option<&str>) -> Record {
    let mut record = Record::new(RecordId::new("crm", Entity::Deal, id));
    record.deal = Some(state);
    record.people = people.iter().map(|p| (*p).into()).collect();
    record.account = account.map(Into::into);
    record
}

/// A row without an id.
pub fn row(entity: Entity, hash: &str) -> Unread {
    Unread {
        row: format!("q_{hash}").into(),
        entity,
        id: None,
        people: Vec::new(),
        accounts: Vec::new(),
        names_companies: false,
        addresses: Vec::new(),
        names_all: true,
        why: "there is no id".into(),
    }
}

pub fn at(who: &str) -> Address {
    Address::parse(&address(who)).unwrap()
}
