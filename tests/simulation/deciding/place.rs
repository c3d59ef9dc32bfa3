//! An engine with three systems, and records put into it as if they had been read.

use crate::config_files::{CRM, ConfigFiles, LEAD, OPEN_DEAL, SUPPORT, ma, policy};
use crate::stage::Stage;
use nayose::connector::{Observed, PageRead, Pass};
use nayose::engine::Engine;
use nayose::engine::answers::explain::Explanation;
use nayose::engine::answers::plan::Plan;
use nayose::engine::gate::answer::Gate;
use nayose::engine::open;
use nayose::model::{DealState, Mark, Name, Record, Span, Time, Value};
use nayose::store::{PendingChanges, State};

pub const NOW: Time = Time(1_795_000_000_000);

fn files() -> ConfigFiles {
    let writes = r#"writes = ["hold", "status", "phone", "title", "company"]"#;
    let systems = [CRM, SUPPORT, &ma(&format!("{writes}\nhold = {{ block = true, permit = \"ok_until\", lease = \"7d\" }}"))].concat();
    let statuses = [("opportunity", "deals.exists(d, d.open)"), ("mql", "person.score >= 100"), LEAD];
    let precedence = r#"[person]
phone = ["support", "crm", "ma"]
title = { from = ["crm"], when = 'deals.exists(d, d.open)', otherwise = ["support", "ma"] }
score = { only = "ma" }
company = [["crm", "ma"]]
"#;
    let limits = "[changes]\nask_above = { records = 1000, share = \"10%\", within = \"1h\" }\n";
    ConfigFiles {
        precedence: precedence.into(),
        ..ConfigFiles::new(systems, policy(&statuses, &[OPEN_DEAL], r#""ma.people" = "1h""#, limits))
    }
}

pub struct Place {
    pub engine: Engine,
    _stage: Stage,
}

impl Place {
    pub fn new() -> Place {
        Place::where_crm("")
    }

    /// With a line more for the CRM in systems.toml.
    pub fn where_crm(line: &str) -> Place {
        let stage = Stage::new(&files());
        stage.edit("systems.toml", "[systems.support]", &format!("{line}\n[systems.support]"));
        Place { engine: stage.open(NOW), _stage: stage }
    }

    /// With something else in one of its files.
    pub fn edited(file: &str, from: &str, to: &str) -> Place {
        Place::edited_each(&[(file, from, to)])
    }

    /// With something else in several places: file, what stands there, what is to.
    pub fn edited_each(edits: &[(&str, &str, &str)]) -> Place {
        let stage = Stage::new(&files());
        edits.iter().for_each(|(file, from, to)| stage.edit(file, from, to));
        Place { engine: stage.open(NOW), _stage: stage }
    }

    /// Opens the state anew, after something was put into it from outside.
    pub fn opened_anew(mut self, put: Vec<(u8, Vec<u8>, Vec<u8>)>) -> Place {
        self.engine.commit().unwrap();
        let Place { engine, _stage } = self;
        drop(engine);
        let config = _stage.config();
        let (state, _) = State::open(&config.state, open::info(&config.rules)).unwrap();
        state.commit(PendingChanges { put, delete: Vec::new() }).unwrap();
        drop(state);
        Place { engine: _stage.open(NOW), _stage }
    }

    /// All streams of these systems were read to their end this long ago.
    pub fn read(&mut self, systems: &[&str], ago: Span) {
        for name in systems {
            let state = self.engine.arrange().systems.get_mut(&Name::from(*name)).unwrap();
            let streams: Vec<Name> = state.streams.infos().map(|i| i.name.clone()).collect();
            assert!(!streams.is_empty(), "{name} has streams");
            for stream in streams {
                let stream = state.streams.of_mut(&stream);
                stream.proved_at = Some(NOW.minus(ago));
                stream.proved_here = true;
            }
        }
    }

    pub fn put(&mut self, stream: &str, record: &Record) {
        if let Some(idx) = self.engine.probe().world.find(&record.id) {
            let before = self.engine.probe().world.record(idx);
            self.engine.mark(idx, &before);
        }
        let idx = self.engine.keep_record(stream.into(), record);
        self.engine.mark(idx, record);
    }

    /// A page with these records was read, as the system tells when they changed.
    pub fn see(&mut self, system: &str, stream: &str, records: impl IntoIterator<Item = Record>, now: Time) {
        let mut run = self.engine.begin(&system.into(), &stream.into(), Pass::Changes(Time(0)), now);
        let observed =
            records.into_iter().map(|r| Observed::Record { record: Box::new(r), people_told: true, accounts_told: true }).collect();
        self.engine.observe(&mut run, PageRead { observed, ..PageRead::default() }, now).unwrap();
        self.engine.reconcile(now);
    }

    pub fn plan(&mut self) -> Plan {
        self.engine.reconcile(NOW);
        self.engine.commit().unwrap();
        self.engine.plan(None, NOW)
    }

    /// What would be written into one field of a lead.
    pub fn planned(&mut self, lead: &str, field: &str) -> Option<String> {
        let plan = self.plan();
        let write = plan.writes.iter().find(|w| *w.system == *"ma" && w.id == lead)?;
        Some(write.fields.get(field)?.new.as_str().unwrap_or("null").to_string())
    }

    pub fn explain(&mut self, who: &str) -> Explanation {
        let gate = Gate::new(&self.engine);
        self.engine.explain(who, &gate, NOW).remove(0)
    }
}

pub fn person(id: &str, email: &str, fields: &[(&str, Value)]) -> Record {
    let mut record = Record::new(id.parse().unwrap());
    record.set(&Name::from("email"), Value::text(email), NOW.minus(Span::days(9)));
    fields.iter().for_each(|(name, value)| record.set(&Name::from(*name), value.clone(), NOW.minus(Span::days(9))));
    record
}

pub fn lead(id: &str, email: &str, status: &str, fields: &[(&str, Value)]) -> Record {
    let mut record = person(&format!("ma:person:{id}"), email, fields);
    record.set_mark(Mark::Status, Value::text(status));
    record
}

pub fn deal(id: &str, state: DealState, person: &str) -> Record {
    let mut record = Record::new(format!("crm:deal:{id}").parse().unwrap());
    record.deal = Some(state);
    record.people = vec![person.into()];
    record
}
