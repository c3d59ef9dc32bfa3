//! What an example expects.

use super::values::{known_record, value, word, zone_of};
use crate::config::document::example_keys::{
    EXPECT, EXPECTED_ACCOUNT, EXPECTED_AFTER, EXPECTED_FIELDS, EXPECTED_FROM, EXPECTED_GATE, EXPECTED_RECORD,
};
use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::config::rules::Rules;
use crate::connector::manifest::FieldKind;
use crate::decide::ratchet::Reach;
use crate::decide::rules::StatusRule;
use crate::decide::standing;
use crate::model::{Entity, MailKind, Name, Reason, RecordId, Value, Verdict};
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::fmt;

/// What is asked of what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aspect {
    /// All records of the person.
    OnePerson,
    /// The value that counts.
    Field(Name),
    /// The record that it is from.
    From(Name),
    Status,
    /// What the person is to us, by `[relationship]`.
    Relationship,
    /// What the person's company has, by `[account]`.
    Account(Name),
    Gate(MailKind),
    /// The gate's reasons for all kinds that are asked for, else for a campaign.
    Reasons,
    /// What a record shows of a field, or of `status`, `block` or `permit`, once all that is due was written.
    After(RecordId, Name),
}

/// As it is written in the file.
impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aspect::OnePerson => f.write_str("one_person"),
            Aspect::Field(name) => write!(f, "fields.{name}"),
            Aspect::From(name) => write!(f, "from.{name}"),
            Aspect::Status => f.write_str("status"),
            Aspect::Relationship => f.write_str("relationship"),
            Aspect::Account(name) => write!(f, "account.{name}"),
            Aspect::Gate(kind) => write!(f, "gate.{}", kind.name()),
            Aspect::Reasons => f.write_str("reasons"),
            Aspect::After(record, name) => write!(f, "after.\"{record}\".{name}"),
        }
    }
}

/// One thing that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    pub aspect: Aspect,
    /// Null where nothing is; lists are sorted.
    pub value: Json,
    /// From 1.
    pub line: usize,
}

/// Reads `[example.expect]`; `known` are the records of the example. With it the record whose person it is about.
pub fn read(entry: &TomlEntry, rules: &Rules, known: &[RecordId]) -> Option<(RecordId, Vec<Expectation>)> {
    let mut section = entry.table("[example.expect]", &EXPECT)?;
    let (reader, mistakes) = (ExpectReader { rules, known }, entry.sheet.said());
    let who = match section.get("who") {
        Some(entry) => entry.text().and_then(|text| known_record(&entry, text, rules, known)).filter(|id| is_person(&entry, id)),
        None => known.iter().find(|id| id.entity == Entity::Person).cloned(),
    };
    let mut all = Vec::new();
    reader.whole(&mut section, &mut all);
    reader.fields(&mut section, &mut all);
    reader.account(&mut section, &mut all);
    reader.gate(&mut section, &mut all);
    reader.after(&mut section, &mut all);
    let is_right = entry.sheet.said() == mistakes;
    if all.is_empty() && is_right {
        section.report(
            "[example.expect] expects nothing",
            "expected fields, from, status, relationship, account, gate, reasons, one_person or after",
        );
    } else if who.is_none() && is_right {
        section
            .report("no record of the example is a person", "expected at least one [[example.record]] of a person: all is decided for one");
    }
    section.finish();
    // As they stand in the file.
    all.sort_by_key(|expected: &Expectation| expected.line);
    Some((who?, all))
}

fn is_person(entry: &TomlEntry, id: &RecordId) -> bool {
    let is = id.entity == Entity::Person;
    if !is {
        entry.report(format!("{id} is no person"), "expected a person's record: all is decided for one");
    }
    is
}

struct ExpectReader<'r> {
    rules: &'r Rules,
    known: &'r [RecordId],
}

impl ExpectReader<'_> {
    /// What the person is as a whole.
    fn whole(&self, section: &mut Section, all: &mut Vec<Expectation>) {
        if let Some(entry) = section.get("one_person") {
            let ids = entry.texts().into_iter().filter_map(|(e, text)| known_record(&e, text, self.rules, self.known));
            let mut ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            ids.sort();
            all.push(expected(&entry, Aspect::OnePerson, ids.into()));
        }
        if let Some(entry) = section.get("status")
            && let Some(text) = entry.text()
            && (text.is_empty() || is_one_of(&entry, text, "status", &self.rules.policy.statuses))
        {
            all.push(expected(&entry, Aspect::Status, text_or_null(text)));
        }
        if let Some(entry) = section.get("relationship")
            && let Some(text) = entry.text()
            && (text.is_empty() || is_one_of(&entry, text, "relationship", &self.rules.policy.relationships))
        {
            all.push(expected(&entry, Aspect::Relationship, text_or_null(text)));
        }
    }

    /// What the person's company has: of fields with a rule there.
    fn account(&self, section: &mut Section, all: &mut Vec<Expectation>) {
        for entry in entries(section.table("account", "account of [example.expect]", &EXPECTED_ACCOUNT)) {
            let accounts = &self.rules.precedence.accounts;
            if accounts.get(&entry.key.into()).is_none() {
                let known = choices(entry.key, accounts.keys().map(|name| &**name)).within(" under [account] of precedence.toml");
                entry.sheet.report(entry.key_at.clone(), format!("{:?} has no rule under [account]", entry.key), known);
            } else if let Some(value) = self.kinds(&entry, Entity::Account).and_then(|kinds| value(&entry, &kinds, &TimeZone::UTC)) {
                all.push(expected(&entry, Aspect::Account(entry.key.into()), value.to_json()));
            }
        }
    }

    fn fields(&self, section: &mut Section, all: &mut Vec<Expectation>) {
        for entry in entries(section.table("fields", "fields of [example.expect]", &EXPECTED_FIELDS)) {
            let kinds = self.kinds(&entry, Entity::Person);
            if let Some(value) = kinds.and_then(|kinds| value(&entry, &kinds, &TimeZone::UTC)) {
                all.push(expected(&entry, Aspect::Field(entry.key.into()), value.to_json()));
            }
        }
        for entry in entries(section.table("from", "from of [example.expect]", &EXPECTED_FROM)) {
            let Some(text) = entry.text().filter(|_| self.kinds(&entry, Entity::Person).is_some()) else { continue };
            if text.is_empty() || known_record(&entry, text, self.rules, self.known).is_some() {
                all.push(expected(&entry, Aspect::From(entry.key.into()), text_or_null(text)));
            }
        }
    }

    fn gate(&self, section: &mut Section, all: &mut Vec<Expectation>) {
        for entry in entries(section.table("gate", "gate of [example.expect]", &EXPECTED_GATE)) {
            let Some(kind) = MailKind::parse(entry.key) else {
                let known = choices(entry.key, MailKind::ALL.map(MailKind::name));
                entry.sheet.report(entry.key_at.clone(), format!("unknown kind of mail {:?}", entry.key), known);
                continue;
            };
            if let Some(answer) = word(&entry, &[Verdict::Allow.name(), Verdict::Hold.name(), Verdict::Deny.name()]) {
                all.push(expected(&entry, Aspect::Gate(kind), answer.into()));
            }
        }
        let Some(entry) = section.get("reasons") else { return };
        let holds = self.rules.policy.holds.iter().map(|hold| hold.name.clone()).chain([standing::UNREAD.into()]);
        let own = holds.map(|hold| standing::reason(&hold, Reach::Person, false)).filter(|reason| matches!(reason, Reason::Hold(_)));
        let known: Vec<String> = Reason::CODED.into_iter().chain(own).map(|reason| reason.to_string()).collect();
        let mut reasons: Vec<&str> = Vec::new();
        for (entry, text) in entry.texts() {
            match known.iter().any(|known| known == text) {
                true => reasons.push(text),
                false => entry.report(format!("unknown reason {text:?}"), choices(text, known.iter().map(String::as_str))),
            }
        }
        reasons.sort_unstable();
        all.push(expected(&entry, Aspect::Reasons, reasons.into()));
    }

    fn after(&self, section: &mut Section, all: &mut Vec<Expectation>) {
        for entry in entries(section.table("after", "after of [example.expect]", &EXPECTED_AFTER)) {
            let at_key = TomlEntry { at: entry.key_at.clone(), ..entry.clone() };
            let id = known_record(&at_key, entry.key, self.rules, self.known).filter(|id| is_person(&at_key, id));
            let section = entry.table(&format!("after {}", entry.key), &EXPECTED_RECORD);
            let (Some(id), Some(section)) = (id, section) else { continue };
            self.after_record(&id, section, all);
        }
    }

    fn after_record(&self, id: &RecordId, mut section: Section, all: &mut Vec<Expectation>) {
        let Some(system) = self.rules.system(&id.system) else { return };
        let mut add = |entry: &TomlEntry, value: Json| all.push(expected(entry, Aspect::After(id.clone(), entry.key.into()), value));
        let status = section.get("status").filter(|e| written(e, system.writes.status, "\"status\" in `writes`", &id.system));
        if let Some((entry, text)) = status.and_then(|e| e.text().map(|text| (e.clone(), text))) {
            add(&entry, text_or_null(text));
        }
        for (key, is, word) in [("block", system.block, "block = true"), ("permit", system.permit.is_some(), "permit = \"..\"")] {
            let wanted = format!("\"hold\" in `writes`, with {word} in its `hold`,");
            let mark = section.get(key).filter(|e| written(e, system.writes.hold && is, &wanted, &id.system));
            if let Some((entry, is)) = mark.and_then(|e| e.bool().map(|is| (e.clone(), is))) {
                add(&entry, is.into());
            }
        }
        let zone = zone_of(system.settings.time_zone.as_ref());
        for entry in section.entries().into_iter().filter(|e| EXPECTED_RECORD.find(e.key).is_none()) {
            let Some(kinds) = self.kinds(&entry, Entity::Person) else { continue };
            let is_written = system.writes.fields.iter().any(|field| **field == *entry.key);
            if written(&entry, is_written, &format!("{:?} in `writes`", entry.key), &id.system)
                && let Some(value) = value(&entry, &kinds, &zone)
            {
                add(&entry, value.to_json());
            }
        }
        section.finish();
    }

    /// What the systems read a field of a person or company as; a field that none reads is reported.
    fn kinds(&self, entry: &TomlEntry, of: Entity) -> Option<Vec<FieldKind>> {
        let fields: Vec<_> = self.rules.systems.iter().map(|s| s.manifest.fields_of(of)).collect();
        let kinds: Vec<FieldKind> = fields.iter().filter_map(|fields| fields.get(entry.key).copied()).collect();
        if !kinds.is_empty() {
            return Some(kinds);
        }
        let mut names: Vec<&str> = fields.iter().flat_map(|fields| fields.keys()).map(|name| &**name).collect();
        names.sort_unstable();
        names.dedup();
        let known = choices(entry.key, names);
        let whose = if of == Entity::Account { "an account" } else { "a person" };
        entry.sheet.report(entry.key_at.clone(), format!("no system reads {:?} of {whose}", entry.key), known);
        None
    }
}

/// Whether a word is the name of one of these rules; else it is reported. `what`: what they are.
fn is_one_of(entry: &TomlEntry, text: &str, what: &str, rules: &[StatusRule]) -> bool {
    let is = rules.iter().any(|rule| *rule.name == *text);
    if !is {
        entry.report(format!("unknown {what} {text:?}"), choices(text, rules.iter().map(|rule| &*rule.name)).within(" in policy.toml"));
    }
    is
}

/// Whether nayose may write this into the system; else nothing of it ever changes, which is reported. `wanted`: what would allow it.
fn written(entry: &TomlEntry, is: bool, wanted: &str, system: &Name) -> bool {
    if !is {
        let said = format!("nothing is written to {:?} in {system}: what it shows stays as it is", entry.key);
        entry.sheet.report(entry.key_at.clone(), said, format!("expected {wanted} of {system} in systems.toml, or take this out"));
    }
    is
}

fn entries(section: Option<Section<'_>>) -> Vec<TomlEntry<'_>> {
    section.map(|mut s| s.entries()).unwrap_or_default()
}

fn expected(entry: &TomlEntry, aspect: Aspect, value: Json) -> Expectation {
    Expectation { aspect, value, line: entry.sheet.line(&entry.key_at) }
}

fn text_or_null(text: &str) -> Json {
    Value::text(text).to_json()
}
