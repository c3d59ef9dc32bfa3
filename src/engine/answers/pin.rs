//! Pins: a named person's word on the value of a field, taken, taken back and told.

use crate::config::choices;
use crate::engine::assess::records;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::gate::answer::subject;
use crate::engine::gate::decision_table::Subject;
use crate::engine::memory::pins::{PIN, Pin, StoredPin};
use crate::engine::memory::place::{Idx, NOBODY, PersonIdx};
use crate::engine::memory::refusals::StoredOn;
use crate::engine::recovery::lines::{pin_line, unpin_line};
use crate::merge::rules::FieldRule;
use crate::merge::valid::Valid;
use crate::model::expression::FieldType;
use crate::model::{Date, Name, Record, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Why nothing was pinned, or taken back.
#[derive(Debug, thiserror::Error)]
pub enum PinRefused {
    #[error("nobody is known by {0:?}; expected an e-mail address or SYSTEM:ENTITY:ID of a person")]
    Nobody(String),
    #[error("several people bear {0}: name one of their records, as {1}")]
    Several(String, String),
    #[error("precedence.toml has no rule for {0:?}, so its value is written nowhere; a pin takes the place of a rule's value; {1}")]
    NoRule(String, String),
    #[error("{value:?} is no {wanted}, which {field:?} holds")]
    WrongType { field: String, value: String, wanted: &'static str },
    #[error("{0} holds a line break or another character that is not printed; leave it out")]
    NotPrinted(&'static str),
    #[error("an empty value cannot be pinned; `never = true` in the rule keeps a field from being written")]
    Empty,
    #[error("{0:?} has no pin of {1:?}; `nayose pins` shows those there are")]
    NotPinned(String, String),
    #[error(transparent)]
    State(#[from] Error),
}

/// A pin, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PinTold {
    /// The record or address that it hangs on.
    pub on: String,
    pub field: String,
    pub value: Json,
    pub by: String,
    pub because: String,
    pub at: String,
    /// The records of whom it is now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
}

/// What came of a pin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PinDone {
    pub pinned: PinTold,
    /// What was pinned of the same field for the same person until then, the newest first. One on the same record or address is gone.
    #[serde(default)]
    pub replaced: Vec<PinTold>,
    #[serde(default)]
    pub doubts: Vec<PinDoubt>,
}

/// What speaks against a pin that was taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinDoubt {
    /// The rule ignores this value.
    Ignored,
    /// It is not as `valid` wants it.
    NotValid,
    /// No system's `writes` names the field.
    WrittenNowhere,
}

impl Engine {
    /// The value counts for whom `who` (an address or a record) stands for, whatever the rules say, until it is taken back.
    pub fn pin(&mut self, who: &str, field: &str, value: &str, by: &str, because: &str, now: Time) -> Result<PinDone, PinRefused> {
        // They stand in one line of `pins`, of the journal and of `explain`.
        for (what, text) in [("--by", by), ("--because", because), ("the value", value)] {
            if text.contains(char::is_control) {
                return Err(PinRefused::NotPrinted(what));
            }
        }
        let (on, places) = self.one_person(who)?;
        let field = self.ruled_field(field)?;
        let kind = self.rules.rules().declared.person.get(&field).copied().unwrap_or(FieldType::Text);
        let value = read(&field, kind, value)?;
        let replaced = self.pins_of(who, &field, &places).iter().map(|stored| self.pin_told(stored)).collect();
        let doubts = self.doubts_of(&field, &value, &places);
        let pin = Pin { value, by: by.into(), because: because.into(), at: now };
        self.ledger.journal(now, pin_line(on.on(), &field, &pin));
        let stored = StoredPin { on, field, pin };
        let key = self.pins.put(stored.clone());
        self.ledger.put(PIN, key, &stored);
        self.dirty.extend(places);
        self.reconcile(now);
        self.commit()?;
        Ok(PinDone { pinned: self.pin_told(&stored), replaced, doubts })
    }

    /// The rules decide again. Gives the pins that were taken back, the newest first.
    pub fn unpin(&mut self, who: &str, field: &str, by: &str, now: Time) -> Result<Vec<PinTold>, PinRefused> {
        // Who is gone may be unpinned by the record that the pin hangs on.
        let places = self.one_person(who).map(|(_, places)| places).unwrap_or_default();
        let known = self.pins_of(who, &Name::from(field), &places);
        if known.is_empty() {
            return Err(PinRefused::NotPinned(who.to_string(), field.to_string()));
        }
        let told = known.iter().map(|stored| self.pin_told(stored)).collect();
        for stored in &known {
            if let Some(key) = self.pins.remove(stored.on.on(), &stored.field) {
                self.ledger.journal(now, unpin_line(stored.on.on(), &stored.field, by));
                self.ledger.delete(PIN, key);
            }
        }
        self.dirty.extend(places);
        self.reconcile(now);
        self.commit()?;
        Ok(told)
    }

    /// All pins, each with whom it is of now.
    pub fn pins_told(&self) -> Vec<PinTold> {
        self.pins.all().map(|stored| self.pin_told(stored)).collect()
    }

    /// The pins of a field that hang on `who` or on a record or address of these places, the newest first.
    fn pins_of(&self, who: &str, field: &Name, places: &[Idx]) -> Vec<StoredPin> {
        let mut on: Vec<StoredOn> = subject(who).into_iter().map(hangs_on).collect();
        let records: Vec<Record> = places.iter().map(|place| self.world.record(*place)).collect();
        let addresses = records::addresses(&records).into_iter().filter(|address| self.is_theirs(&records, address));
        on.extend(addresses.map(StoredOn::Address));
        on.extend(records.iter().map(|record| StoredOn::Record(record.id.clone())));
        let mut known: Vec<StoredPin> =
            self.pins.all().filter(|s| s.field == *field && on.iter().any(|on| on.on() == s.on.on())).cloned().collect();
        known.sort_by_key(|stored| std::cmp::Reverse(stored.pin.at));
        known
    }

    /// What speaks against a value of a field at these places.
    fn doubts_of(&self, field: &Name, value: &Value, places: &[Idx]) -> Vec<PinDoubt> {
        let rules = self.rules.rules();
        let systems: Vec<&Name> = places.iter().map(|place| &self.world.slot(*place).id.system).collect();
        let is_written = rules.systems.iter().any(|system| system.writes.fields.contains(field));
        let rule = rules.precedence.rule(field);
        rule.map(|rule| doubts(rule, value, &systems, is_written)).unwrap_or_default()
    }

    fn pin_told(&self, stored: &StoredPin) -> PinTold {
        let places = match &stored.on {
            StoredOn::Record(record) => self.world.find(record).into_iter().collect(),
            StoredOn::Address(address) => self.of_address(address).0,
        };
        let mut records: Vec<String> = places.iter().flat_map(|place| self.records_of(*place)).collect();
        records.sort_unstable();
        records.dedup();
        told(stored, records)
    }

    fn records_of(&self, place: Idx) -> Vec<String> {
        match self.world.slot(place).person {
            NOBODY => vec![self.world.slot(place).id.to_string()],
            person => self.people[person as usize].members.iter().map(|place| self.world.slot(*place).id.to_string()).collect(),
        }
    }

    /// Whom an address or a record stands for, if it is one person: what a pin of theirs hangs on, and their records.
    fn one_person(&self, who: &str) -> Result<(StoredOn, Vec<Idx>), PinRefused> {
        let on = subject(who).map(hangs_on).ok_or_else(|| PinRefused::Nobody(who.to_string()))?;
        let places: Vec<Idx> = match &on {
            StoredOn::Record(record) => self.world.find(record).into_iter().collect(),
            StoredOn::Address(address) => self.of_address(address).0,
        };
        let mut people: Vec<PersonIdx> = places.iter().map(|place| self.world.slot(*place).person).filter(|p| *p != NOBODY).collect();
        people.sort_unstable();
        people.dedup();
        match people[..] {
            [] => Err(PinRefused::Nobody(who.to_string())),
            [person] => Ok((on, self.people[person as usize].members.clone())),
            _ => {
                let records: Vec<String> = places.iter().map(|place| self.world.slot(*place).id.to_string()).collect();
                Err(PinRefused::Several(who.to_string(), records.join(" or ")))
            }
        }
    }

    fn ruled_field(&self, field: &str) -> Result<Name, PinRefused> {
        let (rules, name) = (self.rules.rules(), Name::from(field));
        let is_known = rules.declared.person.contains_key(&name) || rules.systems.iter().any(|s| s.writes.fields.contains(&name));
        match rules.precedence.rule(&name).is_some() && is_known {
            true => Ok(name),
            false => {
                let ruled = rules.declared.person.keys().filter(|name| rules.precedence.rule(name).is_some());
                Err(PinRefused::NoRule(field.to_string(), choices(field, ruled.map(|name| &**name)).into()))
            }
        }
    }
}

/// `systems`: those of the person's records. What would be valid in one of them is no matter of doubt.
fn doubts(rule: &FieldRule, value: &Value, systems: &[&Name], is_written: bool) -> Vec<PinDoubt> {
    let is_valid = |valid: &Valid| systems.iter().any(|system| !valid.keeps_out(value, system));
    let found = [
        (rule.ignored.covers(value), PinDoubt::Ignored),
        (rule.valid.as_ref().is_some_and(|valid| !is_valid(valid)), PinDoubt::NotValid),
        (!is_written, PinDoubt::WrittenNowhere),
    ];
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, doubt)| doubt).collect()
}

fn hangs_on(subject: Subject) -> StoredOn {
    match subject {
        Subject::Record(record) => StoredOn::Record(record),
        Subject::Address(address) => StoredOn::Address(address),
    }
}

fn told(stored: &StoredPin, records: Vec<String>) -> PinTold {
    let Pin { value, by, because, at } = &stored.pin;
    PinTold {
        on: match &stored.on {
            StoredOn::Record(record) => record.to_string(),
            StoredOn::Address(address) => address.to_string(),
        },
        field: stored.field.to_string(),
        value: value.to_json(),
        by: by.to_string(),
        because: because.to_string(),
        at: at.rfc3339(),
        records,
    }
}

/// A value as it is typed on a command line; entries of a list stand with commas between them.
fn read(field: &Name, kind: FieldType, text: &str) -> Result<Value, PinRefused> {
    let wanted = match kind {
        FieldType::Text | FieldType::List => "text",
        FieldType::Int => "whole number",
        FieldType::Number => "number",
        FieldType::Bool => "`true` or `false`",
        FieldType::Time => "day (2026-01-31) or time (2026-01-31T09:00:00+09:00)",
    };
    let wrong = || PinRefused::WrongType { field: field.to_string(), value: text.to_string(), wanted };
    let value = match kind {
        FieldType::Text => Value::text(text.trim()),
        FieldType::Int => Value::Int(text.trim().parse().map_err(|_| wrong())?),
        FieldType::Number => text.trim().parse().map(Value::Int).or_else(|_| number(text).ok_or_else(wrong))?,
        FieldType::Bool => Value::Bool(text.trim().parse().map_err(|_| wrong())?),
        FieldType::Time => time(text.trim()).ok_or_else(wrong)?,
        FieldType::List => Value::list(text.split([',', '、']).map(str::trim).filter(|entry| !entry.is_empty())),
    };
    if value.is_empty() { Err(PinRefused::Empty) } else { Ok(value) }
}

fn number(text: &str) -> Option<Value> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Number)
}

fn time(text: &str) -> Option<Value> {
    let at = || Some(Time(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()));
    Date::parse(text).map(Value::Date).or_else(|| at().map(Value::Time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::ignored::Ignored;
    use crate::merge::rules::Strategy;

    #[test]
    fn what_speaks_against_a_pinned_value_is_told() {
        let valid = || Some(Valid::compile("system == \"crm\" || value.size() > 1", FieldType::Text).unwrap());
        let rule = FieldRule::of(Strategy::Only("crm".into()), "precedence.toml:3".into());
        let rule = FieldRule { ignored: Ignored::of(vec!["不明".into()]), valid: valid(), ..rule };
        let (crm, ma): (Name, Name) = ("crm".into(), "ma".into());
        for (value, systems, is_written, want) in [
            ("部長", &[&ma][..], true, &[][..]),
            ("不明", &[&ma], true, &[PinDoubt::Ignored]),
            ("長", &[&ma], true, &[PinDoubt::NotValid]),
            ("長", &[&ma, &crm], true, &[]),
            ("長", &[&ma], false, &[PinDoubt::NotValid, PinDoubt::WrittenNowhere]),
        ] {
            assert_eq!(doubts(&rule, &Value::text(value), systems, is_written), want, "{value} {systems:?} {is_written}");
        }
    }

    #[test]
    fn a_value_is_read_as_its_field_holds_it() {
        for (kind, text, value) in [
            (FieldType::Text, " 部長 ", Ok(Value::text("部長"))),
            (FieldType::Int, "12", Ok(Value::Int(12))),
            (FieldType::Int, "12a", Err("\"12a\" is no whole number, which \"field\" holds")),
            (FieldType::Number, "12", Ok(Value::Int(12))),
            (FieldType::Number, "0.5", Ok(Value::Number(0.5))),
            (FieldType::Number, "nan", Err("\"nan\" is no number, which \"field\" holds")),
            (FieldType::Bool, "true", Ok(Value::Bool(true))),
            (FieldType::Bool, "yes", Err("\"yes\" is no `true` or `false`, which \"field\" holds")),
            (FieldType::Time, "1980-04-01", Ok(Value::Date(Date::parse("1980-04-01").unwrap()))),
            (FieldType::Time, "1970-01-01T00:00:01Z", Ok(Value::Time(Time(1000)))),
            (
                FieldType::Time,
                "yesterday",
                Err("\"yesterday\" is no day (2026-01-31) or time (2026-01-31T09:00:00+09:00), which \"field\" holds"),
            ),
            (FieldType::List, "a, b、c", Ok(Value::list(["a", "b", "c"]))),
            (FieldType::Text, "  ", Err("an empty value cannot be pinned; `never = true` in the rule keeps a field from being written")),
        ] {
            let found = read(&"field".into(), kind, text).map_err(|refused| refused.to_string());
            assert_eq!(found, value.map_err(String::from), "{kind:?} {text:?}");
        }
    }
}
