//! One of the users' own examples, decided by an engine of its own: its records are read as if their systems had shown them, every stream is
//! proved, and everything may be written. So what comes out is what `sync` would do.

use crate::config::{Aspect, ExampleRecord, Expectation, Rules, WrittenExample};
use crate::connector::{Observed, PageRead, Pass, PassEnd, Shown};
use crate::engine::answers::explain::Explanation;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::gate::answer::{Answer, Gate};
use crate::engine::open;
use crate::engine::rules::approval::Approval;
use crate::engine::system::Opened;
use crate::model::{Entity, Mail, MailKind, Mark, Name, Record, RecordId, Span, Time, Value};
use crate::store::State;
use serde::Serialize;
use serde_json::Value as Json;
use std::sync::Arc;

/// What records showed before was read so long before all that the example tells.
const BEFORE: Span = Span::days(1);

/// What came of one example.
pub struct Trial {
    pub differences: Vec<Difference>,
    /// Why the person is treated so.
    pub explanation: Option<Explanation>,
}

/// Something that is not as it was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    #[serde(skip)]
    pub aspect: Aspect,
    pub what: String,
    pub line: usize,
    pub expected: Json,
    pub got: Json,
    /// The reasons of the gate's answer, where that is not as it was expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// Decides an example. `systems` are those of the rules; `now` counts where the example tells no time of its own.
pub fn try_example(rules: &Arc<Rules>, systems: Vec<Opened>, example: &WrittenExample, now: Time) -> Result<Trial, Error> {
    let now = example.now.unwrap_or(now);
    let first = earliest(example, now).minus(BEFORE);
    let mut engine = open::open_on(rules.clone(), systems, first, "r_example".into(), State::in_memory(open::info(rules)))?.engine;
    engine.systems.values_mut().for_each(|system| system.approved = Some(Approval::All));
    if example.records.iter().any(|r| r.before.is_some()) {
        engine.read_all(example.records.iter().filter_map(|r| Some((&r.stream, r.before.as_ref()?))), first)?;
    }
    engine.read_all(example.records.iter().map(|r| (&r.stream, &r.record)), now)?;
    let gate = Gate::new(&engine);
    let explanation = engine.explain(&example.who.to_string(), &gate, now).into_iter().next();
    let came = CameOut { engine: &engine, gate: &gate, example, explanation: explanation.as_ref(), now };
    let differences = example.expectations.iter().filter_map(|expected| came.difference(expected)).collect();
    Ok(Trial { differences, explanation })
}

/// The earliest moment that an example speaks of.
fn earliest(example: &WrittenExample, now: Time) -> Time {
    let told = |r: &ExampleRecord| {
        let dated = r.record.fields.iter().filter(|f| f.is_dated()).map(|f| f.at);
        dated.chain(r.record.changed_at).chain(r.record.memory.ended_at).min()
    };
    example.records.iter().filter_map(told).min().map_or(now, |earliest| earliest.min(now))
}

impl Engine {
    /// Reads every stream to its end, with these records in it, and decides.
    fn read_all<'r>(&mut self, records: impl Iterator<Item = (&'r Name, &'r Record)>, now: Time) -> Result<(), Error> {
        let records: Vec<_> = records.collect();
        let streams =
            self.systems.iter().flat_map(|(system, s)| s.streams.infos().map(move |i| (system.clone(), i.name.clone(), i.entity)));
        let mut streams: Vec<(Name, Name, Entity)> = streams.collect();
        // Deals and tickets find the people whom they name.
        streams.sort_by_key(|(_, _, entity)| *entity);
        for (system, stream, entity) in &streams {
            let rows = records.iter().filter(|(of, record)| **of == *stream && record.id.system == *system).map(|(_, record)| *record);
            if *entity != Entity::DealPerson {
                self.read_one(system, stream, rows, now)?;
            }
        }
        // Whatever a system needs for that in truth: asking for the people of single deals, a filter that was tested.
        for (system, stream, _) in &streams {
            if let Some(state) = self.stream_mut(system, stream) {
                state.proves(now, now);
            }
        }
        self.reconcile(now);
        Ok(())
    }

    fn read_one<'r>(&mut self, system: &Name, stream: &Name, rows: impl Iterator<Item = &'r Record>, now: Time) -> Result<(), Error> {
        let observed = |record: &Record| Observed::Record { record: Box::new(record.clone()), people_told: true, accounts_told: true };
        let observed: Vec<Observed> = rows.map(observed).collect();
        // Each field that something rests on was in some row.
        let shown = Shown { fields: u64::MAX, rows: observed.len() as u64 };
        let mut run = self.begin(system, stream, Pass::Sweep, now);
        self.take_in(&mut run, PageRead { observed, shown, clock_skew_ms: Some(0), ..PageRead::default() }, now);
        self.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, now)?;
        Ok(())
    }
}

/// What came out.
struct CameOut<'e> {
    engine: &'e Engine,
    gate: &'e Gate,
    example: &'e WrittenExample,
    explanation: Option<&'e Explanation>,
    now: Time,
}

impl CameOut<'_> {
    fn of(&self, aspect: &Aspect) -> Json {
        let field = |name: &Name| self.explanation.and_then(|e| e.fields.get(name));
        match aspect {
            Aspect::OnePerson => sorted(self.explanation.into_iter().flat_map(|e| &e.records).map(|r| r.record.clone())),
            Aspect::Field(name) => field(name).map_or(Json::Null, |f| f.value.clone()),
            Aspect::From(name) => field(name).and_then(|f| f.from.as_deref()).into(),
            Aspect::Status => self.explanation.and_then(|e| e.status.value.as_deref()).into(),
            Aspect::Relationship => self.explanation.and_then(|e| e.relationship.as_ref()?.value.as_deref()).into(),
            Aspect::Account(name) => self.explanation.and_then(|e| e.account.get(name)).map_or(Json::Null, |f| f.value.clone()),
            Aspect::Gate(kind) => self.answer(*kind).map(|answer| answer.decision).into(),
            Aspect::Reasons => {
                let reasons = asked(&self.example.expectations).into_iter().filter_map(|kind| self.answer(kind));
                sorted(reasons.flat_map(|answer| answer.reasons))
            }
            Aspect::After(record, name) => self.after(record, name),
        }
    }

    fn difference(&self, expected: &Expectation) -> Option<Difference> {
        let because = |aspect: &Aspect| match aspect {
            Aspect::Gate(kind) => self.answer(*kind).map(|answer| answer.reasons).unwrap_or_default(),
            _ => Vec::new(),
        };
        difference(expected, self.of(&expected.aspect)).map(|told| Difference { because: because(&told.aspect), ..told })
    }

    fn answer(&self, kind: MailKind) -> Option<Answer> {
        self.gate.decide(&[self.example.who.to_string()], &Mail::of(kind), self.now).pop()
    }

    /// What a record shows once all that is due for it was written.
    fn after(&self, id: &RecordId, name: &Name) -> Json {
        let Some(idx) = self.engine.world.find(id) else { return Json::Null };
        let record = self.engine.world.record(idx);
        let system = self.engine.systems.get(&id.system);
        let is_due = system.is_some_and(|s| s.outbox.contains_key(&idx));
        let writes = if is_due { self.engine.planned(idx, &record, self.now) } else { Vec::new() };
        let written = writes.into_iter().find_map(|mut write| write.fields.remove(&**name)).map(|change| change.new);
        match &**name {
            "block" => written.unwrap_or_else(|| record.is_blocked().into()),
            "permit" => match written {
                Some(until) => (!until.is_null()).into(),
                None => record.mark(Mark::Permit).is_some_and(|mark| !matches!(mark, Value::Empty | Value::Bool(false))).into(),
            },
            "status" => written.unwrap_or_else(|| {
                let shown = record.mark(Mark::Status).and_then(Value::as_text);
                let statuses = self.engine.rules().rules().policy.statuses.iter().map(|s| &s.name);
                let own = system.and_then(|s| statuses.into_iter().find(|name| Some(s.connected.words().of(name)) == shown));
                own.map(|name| &**name).or(shown).into()
            }),
            _ => written.unwrap_or_else(|| record.field_of(name).map_or(Json::Null, |field| field.value.to_json())),
        }
    }
}

/// The kinds of mail that an example asks the gate for.
fn asked(expectations: &[Expectation]) -> Vec<MailKind> {
    let kind = |expected: &Expectation| match expected.aspect {
        Aspect::Gate(kind) => Some(kind),
        _ => None,
    };
    let kinds: Vec<MailKind> = expectations.iter().filter_map(kind).collect();
    if kinds.is_empty() { vec![MailKind::Campaign] } else { kinds }
}

fn sorted(texts: impl Iterator<Item = String>) -> Json {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts.into()
}

/// `None`: it is as it was expected.
fn difference(expected: &Expectation, got: Json) -> Option<Difference> {
    let Expectation { aspect, value, line } = expected;
    let (aspect, line, expected) = (aspect.clone(), *line, value.clone());
    (!is_same(&expected, &got)).then(|| Difference { what: aspect.to_string(), aspect, line, expected, got, because: Vec::new() })
}

/// 2 and 2.0 are the same number.
fn is_same(expected: &Json, got: &Json) -> bool {
    match (expected.as_f64(), got.as_f64()) {
        (Some(expected), Some(got)) => expected == got,
        _ => expected == got,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_the_same_in_each_form_and_texts_only_as_they_stand() {
        for (expected, got, same) in [
            (json!(2), json!(2.0), true),
            (json!(2), json!(3), false),
            (json!("２"), json!("2"), false),
            (json!(null), json!(null), true),
            (json!(null), json!("2"), false),
            (json!(["a", "b"]), json!(["a", "b"]), true),
            (json!(["a"]), json!(["a", "b"]), false),
        ] {
            let wanted = Expectation { aspect: Aspect::Status, value: expected.clone(), line: 7 };
            let told = difference(&wanted, got.clone());
            assert_eq!(told.is_none(), same, "{expected} {got}");
            assert!(told.is_none_or(|d| (d.line, &*d.what, &d.expected, &d.got) == (7, "status", &expected, &got)));
        }
    }

    #[test]
    fn reasons_are_those_of_all_kinds_that_are_asked_for_else_of_a_campaign() {
        let of = |aspect| Expectation { aspect, value: Json::Null, line: 1 };
        assert_eq!(asked(&[of(Aspect::Status)]), [MailKind::Campaign]);
        let gates = [of(Aspect::Gate(MailKind::Newsletter)), of(Aspect::Reasons), of(Aspect::Gate(MailKind::Service))];
        assert_eq!(asked(&gates), [MailKind::Newsletter, MailKind::Service]);
        assert_eq!(sorted(["b", "a", "b"].map(String::from).into_iter()), json!(["a", "b"]));
    }

    #[test]
    fn what_was_read_before_is_older_than_all_that_is_told() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"phone".into(), Value::text("1"), Time(i64::MAX));
        let example = |record: &Record| WrittenExample {
            file: "tests/a.toml".into(),
            line: 1,
            name: "a".into(),
            now: None,
            who: record.id.clone(),
            records: vec![ExampleRecord { stream: "people".into(), before: None, record: record.clone() }],
            expectations: Vec::new(),
        };
        assert_eq!(earliest(&example(&record), Time(900)), Time(900));
        record.changed_at = Some(Time(500));
        assert_eq!(earliest(&example(&record), Time(900)), Time(500));
        record.fields[0].tell(Time(100), None);
        assert_eq!(earliest(&example(&record), Time(900)), Time(100));
        record.memory.ended_at = Some(Time(50));
        assert_eq!(earliest(&example(&record), Time(20)), Time(20));
    }
}
