//! What becomes of records in a system: whom they are about, what a person says, what a deal or ticket comes to, what an operator sets.

use super::pattern::filled;
use super::place::{all, put};
use super::rows::{Molds, Row, text, time_json};
use nayose::connector::manifest::{FieldMap, MarkWrite, RefusalRule, Test, Writes};
use nayose::connector::raw::conditions::RowTest;
use nayose::connector::raw::json;
use nayose::model::{Mark, Time};
use serde_json::Value as Json;
#[cfg(test)]
use {super::Fake, nayose::connector::manifest::load, nayose::model::Entity};

/// The word for a ticket that stops mail, as rules know it; and one that does not.
const URGENT: &str = "urgent";
const NORMAL: &str = "normal";

impl Molds {
    /// A person at this address who refuses nothing and whom nobody stops.
    pub fn person(&self, writes: Option<&Writes>, seq: usize, at: Time, address: &str) -> Row {
        let plain = self.rows.iter().find(|row| !self.refuses(row)).unwrap_or(&self.rows[0]);
        let mut row = self.cast(plain, seq, at);
        self.set_address(&mut row, address);
        self.record.addresses.iter().flat_map(|paths| paths.as_slice()).for_each(|path| put(&mut row.raw, path, Json::Null));
        self.refuse(&mut row, false);
        if let Some(writes) = writes {
            self.set_block(writes, &mut row, false);
        }
        row
    }

    /// A deal or ticket that is open, of nobody yet. `None`: the examples have none.
    pub fn case(&self, seq: usize, at: Time, urgent: bool) -> Option<Row> {
        let mut row = self.open_row(seq, at)?;
        if let Some(priority) = self.record.fields.get("priority") {
            let word = if urgent { URGENT } else { NORMAL };
            put(&mut row.raw, priority.path(), Json::from(in_own_word(priority, word)));
        }
        Some(row)
    }

    /// Whether mail is to stop for its people: an open deal, or an open ticket that is urgent.
    pub fn stops(&self, raw: &Json) -> bool {
        let is_urgent = |priority: &FieldMap| {
            let word = in_own_word(priority, URGENT);
            all(raw, priority.path()).iter().any(|value| text(value) == word)
        };
        !self.is_deleted(raw) && self.state(raw).as_deref() == Some("open") && self.record.fields.get("priority").is_none_or(is_urgent)
    }

    /// Names these people, who have these addresses there, and nobody else.
    pub fn concern(&self, row: &mut Row, people: &[(&str, &str)]) {
        let Some(path) = self.record.people.clone() else { return };
        let ids: Vec<&str> = people.iter().map(|(id, _)| *id).collect();
        self.link(row, &path, &ids);
        for path in self.record.addresses.iter().flat_map(|paths| paths.as_slice()) {
            put(&mut row.raw, path, people.iter().map(|(_, address)| Json::from(*address)).collect());
        }
    }

    /// Ids of the people whom it names.
    pub fn people(&self, raw: &Json) -> Vec<String> {
        let ids = self.record.people.iter().flat_map(|path| all(raw, path));
        ids.filter(|id| !id.is_null()).map(|id| text(&id)).collect()
    }

    /// It comes to this state, as an example shows it. False: none does.
    pub fn become_state(&self, row: &mut Row, state: &str, at: Time) -> bool {
        let Some(like) = self.rows.iter().find(|mold| self.state(mold).as_deref() == Some(state)) else { return false };
        for rule in &self.record.state {
            let value = all(like, &rule.when.path).first().cloned().unwrap_or_default();
            put(&mut row.raw, &rule.when.path, value);
        }
        if let Some((path, format)) = self.record.ended_at.as_ref().map(|t| t.parts()) {
            put(&mut row.raw, path, if state == "open" { Json::Null } else { time_json(at, format) });
        }
        self.touch(row, at);
        true
    }

    pub fn address(&self, raw: &Json) -> Option<String> {
        let email = self.record.fields.get("email")?;
        all(raw, &filled(email.path(), &self.known)).first().and_then(Json::as_str).map(str::to_string)
    }

    pub fn set_address(&self, row: &mut Row, address: &str) {
        if let Some(email) = self.record.fields.get("email") {
            put(&mut row.raw, &filled(email.path(), &self.known), Json::from(address));
        }
    }

    /// Whether the person says no there to all mail.
    pub fn refuses(&self, raw: &Json) -> bool {
        let holds = |rule: &RefusalRule| RowTest::new(&self.bound(&rule.when)).unwrap().holds(&json::Json::from(raw)) == Ok(true);
        self.record.refusals.iter().any(holds)
    }

    /// The person says no, or nothing. False: nothing can be said there.
    pub fn refuse(&self, row: &mut Row, no: bool) -> bool {
        let mut said = false;
        for rule in &self.record.refusals {
            let Some(value) = &rule.when.equals else { continue };
            let value = match (no && !said, value.as_bool()) {
                (true, _) => serde_json::to_value(value).unwrap(),
                (false, Some(flag)) => Json::from(!flag),
                (false, None) => Json::Null,
            };
            said |= no;
            put(&mut row.raw, &filled(&rule.when.path, &self.known), value);
        }
        said
    }

    /// Whether the mark that stops mail stands there.
    pub fn is_blocked(&self, writes: &Writes, raw: &Json) -> bool {
        let (Some(write), Some(path)) = (&writes.block, self.block_path()) else { return false };
        let on = on_and_off(write).0;
        all(raw, &path).iter().any(|value| text(value) == text(&on))
    }

    /// Somebody sets that mark, or takes it away.
    pub fn set_block(&self, writes: &Writes, row: &mut Row, blocked: bool) {
        let (Some(write), Some(path)) = (&writes.block, self.block_path()) else { return };
        let (on, off) = on_and_off(write);
        let value = match write {
            MarkWrite::Field { .. } => {
                if blocked {
                    on
                } else {
                    off
                }
            }
            MarkWrite::Label { .. } => {
                let others = all(&row.raw, &path).into_iter().filter(|label| *label != on);
                let labels: Vec<Json> = others.chain(blocked.then(|| on.clone())).collect();
                Json::Array(labels)
            }
        };
        put(&mut row.raw, &path, value);
    }

    fn block_path(&self) -> Option<String> {
        Some(filled(&self.record.marks.get(&Mark::Block)?.path, &self.known))
    }

    fn bound(&self, test: &Test) -> Test {
        Test { path: filled(&test.path, &self.known), ..test.clone() }
    }
}

/// What a system calls a word of ours.
fn in_own_word(field: &FieldMap, word: &str) -> String {
    let map = field.spec().map(|spec| &spec.map);
    let theirs = map.and_then(|map| map.iter().find(|(_, ours)| *ours == word));
    theirs.map_or_else(|| word.to_string(), |(theirs, _)| theirs.clone())
}

/// What stands where mail is stopped, and where it is not.
fn on_and_off(write: &MarkWrite) -> (Json, Json) {
    match write {
        MarkWrite::Field { on, off, .. } => {
            let value = |given: &Option<toml::Value>, flag| given.as_ref().map_or(Json::from(flag), |v| serde_json::to_value(v).unwrap());
            (value(on, true), value(off, false))
        }
        MarkWrite::Label { label } => (Json::from(label.clone()), Json::Null),
    }
}

/// A folder whose examples show no open deal, or no person who can be reached, could not be played in histories.
#[test]
fn people_and_cases_of_each_shipped_connector_live() {
    for name in load::names(None) {
        let fake = Fake::new(&load::load(&name, None).unwrap());
        let writes = |stream: &str| fake.manifest.writes.as_ref().filter(|writes| writes.stream == stream);
        let streams = &fake.manifest.streams;
        let of = |entity: Entity| fake.molds.iter().filter(move |(stream, _)| streams[*stream].entity == entity);
        let mut person = None;
        for (stream, molds) in of(Entity::Person) {
            let mut row = molds.person(writes(stream), 1, Time(0), "a@b.example");
            assert_eq!(molds.address(&row.raw).as_deref(), Some("a@b.example"), "{name} {stream}");
            assert!(!molds.refuses(&row.raw) && !molds.is_deleted(&row.raw), "{name} {stream}");
            assert_eq!(molds.refuse(&mut row, true), molds.refuses(&row.raw), "{name} {stream}");
            if let Some(writes) = writes(stream).filter(|writes| writes.block.is_some()) {
                for blocked in [true, false] {
                    molds.set_block(writes, &mut row, blocked);
                    assert_eq!(molds.is_blocked(writes, &row.raw), blocked, "{name} {stream}");
                }
            }
            person = Some(row.id);
        }
        let person = person.unwrap_or_else(|| panic!("{name} shows no person"));
        for (stream, molds) in of(Entity::Deal).chain(of(Entity::Ticket)) {
            let mut row = molds.case(2, Time(0), true).unwrap_or_else(|| panic!("{name} {stream} shows none that is open"));
            molds.concern(&mut row, &[(&person, "a@b.example")]);
            assert!(molds.stops(&row.raw), "{name} {stream}");
            assert_eq!(molds.people(&row.raw), [person.as_str()], "{name} {stream}");
            assert!(["won", "closed"].iter().any(|state| molds.become_state(&mut row, state, Time(1))), "{name} {stream}");
            assert!(!molds.stops(&row.raw), "{name} {stream}");
        }
    }
}
