//! One record of an example, as its connector would read it. What the system does not tell cannot stand in it.

use super::values::{known_record, record_id, time, value, word, zone_of};
use crate::config::document::example_keys::{
    ACCOUNT_RECORD, BEFORE, BEFORE_DEAL, BEFORE_TICKET, CHANGED, DEAL_RECORD, PERSON_RECORD, TICKET_RECORD,
};
use crate::config::document::keys::TableKeys;
use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::config::rules::{Rules, System};
use crate::connector::manifest::{RecordMap, RefusalRule};
use crate::model::{
    Address, DealState, Editor, Entity, LastEdit, Mark, Name, Record, RecordId, RefusalScope, ShortText, TicketState, Time, Value,
};
use jiff::tz::TimeZone;
use toml::de::DeValue;

/// Later than any moment at which it could be read: what it is by then, it is when it is read.
const WHEN_READ: Time = Time(i64::MAX);

/// What an example says of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleRecord {
    /// That it is read from.
    pub stream: Name,
    /// As it was read the time before, where the example tells it.
    pub before: Option<Record>,
    pub record: Record,
}

/// The records that an example names, without a word of what is wrong with them.
pub fn ids_of(records: &[TomlEntry], rules: &Rules) -> Vec<RecordId> {
    let id = |entry: &TomlEntry| match entry.value {
        DeValue::Table(table) => table.get("record")?.get_ref().as_str()?.parse::<RecordId>().ok(),
        _ => None,
    };
    records.iter().filter_map(id).filter(|id| rules.system(&id.system).is_some()).collect()
}

/// Reads one record; `known` are all of the example.
pub fn read(entry: &TomlEntry, rules: &Rules, known: &[RecordId]) -> Option<ExampleRecord> {
    let named = entry.item("[[example.record]]", &PERSON_RECORD)?.need("record", "expected record = \"SYSTEM:ENTITY:ID\"")?;
    let id = record_id(&named, named.text()?, rules)?;
    let keys = match id.entity {
        Entity::Person => &PERSON_RECORD,
        Entity::Deal => &DEAL_RECORD,
        Entity::Ticket => &TICKET_RECORD,
        Entity::Account => &ACCOUNT_RECORD,
        other => {
            named.report(
                format!("{id} is of the kind {}", other.name()),
                "expected a person, deal, ticket or account: these are decided on",
            );
            return None;
        }
    };
    if known.iter().filter(|other| **other == id).count() > 1 {
        named.report(format!("{id} stands twice in one example"), "what it showed before stands under before = { FIELD = VALUE }");
    }
    let system = rules.system(&id.system)?;
    let Some((stream, map)) = stream_of(system, &id) else {
        let said = format!("{} has no {}s", id.system, id.entity.name());
        named.report(said, "`nayose connector list` tells what each connector reads");
        return None;
    };
    let of = RecordOf { rules, system, map, zone: zone_of(system.settings.time_zone.as_ref()), known, id };
    of.read(entry, keys).map(|(before, record)| ExampleRecord { stream: stream.into(), before, record })
}

/// The stream that reads a record: one whose prefix its id bears, else that which is written to, else the first without a prefix.
fn stream_of<'s>(system: &'s System, id: &RecordId) -> Option<(&'s str, &'s RecordMap)> {
    let written = system.manifest.writes.as_ref().map(|w| w.stream.as_str());
    let streams = system.manifest.streams.iter().filter(|(_, stream)| stream.entity == id.entity);
    let rank = |(name, map): &(&str, &RecordMap)| match &map.id_prefix {
        Some(prefix) if id.id.starts_with(prefix.as_str()) => 0,
        None if written == Some(name) => 1,
        None => 2,
        Some(_) => 3,
    };
    streams.filter_map(|(name, stream)| Some((name.as_str(), stream.record.as_ref()?))).min_by_key(rank)
}

struct RecordOf<'r> {
    rules: &'r Rules,
    system: &'r System,
    map: &'r RecordMap,
    zone: TimeZone,
    known: &'r [RecordId],
    id: RecordId,
}

impl RecordOf<'_> {
    fn read(&self, entry: &TomlEntry, keys: &'static TableKeys) -> Option<(Option<Record>, Record)> {
        let mut section = entry.item(&format!("the record {}", self.id), keys)?;
        let mut record = Record::new(self.id.clone());
        section.need("record", "");
        record.changed_at = section.get("changed_at").and_then(|e| time(&e, &self.zone));
        self.fields(&mut section, keys, record.changed_at.unwrap_or(WHEN_READ), &mut record);
        let before = match self.id.entity {
            Entity::Person => {
                self.person(&mut section, &mut record);
                section.get("before").and_then(|e| self.before(&e, &record, &BEFORE))
            }
            Entity::Deal => {
                self.case(&mut section, &mut record);
                self.account(&mut section, &mut record);
                section.get("before").and_then(|e| self.before(&e, &record, &BEFORE_DEAL))
            }
            Entity::Account => None,
            _ => {
                self.case(&mut section, &mut record);
                self.addresses(&mut section, &mut record);
                section.get("before").and_then(|e| self.before(&e, &record, &BEFORE_TICKET))
            }
        };
        section.finish();
        Some((before, record))
    }

    /// All keys that are no words of ours, as fields.
    fn fields(&self, section: &mut Section, keys: &TableKeys, at: Time, record: &mut Record) {
        for entry in section.entries().into_iter().filter(|e| keys.find(e.key).is_none()) {
            match self.map.fields.get(entry.key) {
                Some(field) => {
                    if let Some(value) = value(&entry, &[field.kind()], &self.zone) {
                        record.set(&entry.key.into(), value, at);
                    }
                }
                None => {
                    let names = self.map.fields.keys().map(|name| &**name);
                    let known: Vec<&str> = keys.names().map(|name| name as &str).chain(names).collect();
                    let a = if self.id.entity == Entity::Account { "an" } else { "a" };
                    let said = format!("{} reads no {:?} of {a} {}", self.id.system, entry.key, self.id.entity.name());
                    entry.sheet.report(entry.key_at.clone(), said, choices(entry.key, known));
                }
            }
        }
    }

    fn person(&self, section: &mut Section, record: &mut Record) {
        self.account(section, record);
        self.addresses(section, record);
        if let Some(entry) = section.get("refused").filter(|e| self.tells(e, !self.map.refusals.is_empty(), "who refused")) {
            record.refusals = self.refusals(&entry);
        }
        if let Some(entry) = section.get("same_as").filter(|e| self.tells(e, !self.map.same_as.is_empty(), "ids of other systems")) {
            record.same_as = entry.texts().into_iter().filter_map(|(e, text)| record_id(&e, text, self.rules)).collect();
        }
        let shows_status = self.map.marks.contains_key(&Mark::Status);
        if let Some(entry) = section.get("status").filter(|e| self.tells(e, shows_status, "a lead status that nayose writes"))
            && let Some(text) = entry.text()
        {
            record.set_mark(Mark::Status, Value::text(text));
        }
        let changed = section.table("changed", &format!("changed of {}", self.id), &CHANGED).map(|mut s| s.entries()).unwrap_or_default();
        for entry in changed {
            let (is_there, at) = (self.has(&entry, entry.key, record), time(&entry, &self.zone));
            if let (true, Some(at), Some(field)) = (is_there, at, record.fields.iter_mut().find(|f| *f.name == *entry.key)) {
                field.tell(at, None);
            }
        }
        let tells_people = self.system.manifest.tells_typists();
        if let Some(entry) = section.get("typed").filter(|e| self.tells(e, tells_people, "which people edit its records")) {
            self.edited(&entry, &Editor::Person, record);
        }
        if let Some(entry) = section.get("copied") {
            match self.system.settings.edits.relays.first() {
                Some(relay) => self.edited(&entry, &Editor::Relay(relay.trim().into()), record),
                None => entry.sheet.report(
                    entry.key_at.clone(),
                    format!("systems.toml names no relays of {}", self.id.system),
                    "only what a relay brings is a copy: add relays = [..] there, or take this out",
                ),
            }
        }
    }

    /// `true`, or the topics of which the person wants no mail.
    fn refusals(&self, entry: &TomlEntry) -> Vec<RefusalScope> {
        let told: Vec<RefusalScope> = self.map.refusals.iter().map(RefusalRule::scope).collect();
        let topics = told.iter().filter_map(|scope| match scope {
            RefusalScope::Topic(topic) => Some(&**topic),
            RefusalScope::All => None,
        });
        let topics: Vec<&str> = topics.collect();
        let mut refused: Vec<RefusalScope> = match entry.value {
            DeValue::Array(_) => {
                let (known, unknown): (Vec<_>, Vec<_>) = entry.texts().into_iter().partition(|(_, text)| topics.contains(text));
                for (entry, text) in unknown {
                    entry.report(format!("{} tells no refusal of {text:?}", self.id.system), choices(text, topics.iter().copied()));
                }
                known.into_iter().map(|(_, text)| RefusalScope::Topic(text.into())).collect()
            }
            _ if entry.bool() == Some(true) && self.tells(entry, told.contains(&RefusalScope::All), "who refused everything") => {
                vec![RefusalScope::All]
            }
            _ => Vec::new(),
        };
        refused.sort();
        refused
    }

    fn edited(&self, entry: &TomlEntry, by: &Editor, record: &mut Record) {
        for (entry, name) in entry.texts() {
            if self.has(&entry, name, record)
                && let Some(field) = record.fields.iter_mut().find(|f| *f.name == *name)
            {
                field.last_edit = Some(Box::new(LastEdit { dated: field.is_dated(), by: Some(by.clone()) }));
            }
        }
    }

    /// What a deal and a ticket have in common.
    fn case(&self, section: &mut Section, record: &mut Record) {
        if let Some(entry) = section.need("state", "expected state = \"open\", or how it ended") {
            set_state(&entry, record);
        }
        if let Some(entry) = section.get("people").filter(|e| self.tells(e, self.map.people.is_some(), "people by their ids")) {
            let people = entry.texts().into_iter().filter_map(|(e, text)| self.person_there(&e, text));
            record.people = people.collect();
            record.people.sort();
        }
        if let Some(entry) = section.get("closed_at").filter(|e| self.tells(e, self.map.ended_at.is_some(), "when one ended")) {
            let at = time(&entry, &self.zone);
            let is_over = record.deal.is_some_and(|d| !d.is_open()) || record.ticket.is_some_and(|t| !t.is_open());
            if is_over {
                record.memory.ended_at = at;
            }
        }
    }

    fn person_there(&self, entry: &TomlEntry, text: &str) -> Option<ShortText> {
        let id = known_record(entry, text, self.rules, self.known)?;
        if id.entity != Entity::Person || id.system != self.id.system {
            entry.report(format!("{text} is no person of {}", self.id.system), "expected a person of the same system");
            return None;
        }
        Some(id.id)
    }

    fn account(&self, section: &mut Section, record: &mut Record) {
        let Some(entry) = section.get("account").filter(|e| self.tells(e, self.map.account.is_some(), "a company")) else { return };
        let accounts: Vec<ShortText> = match entry.value {
            DeValue::Array(_) => entry.texts().into_iter().map(|(_, text)| text.into()).collect(),
            _ => entry.filled_text().into_iter().map(ShortText::from).collect(),
        };
        record.account = accounts.first().cloned();
        record.set_more_accounts(accounts);
    }

    fn addresses(&self, section: &mut Section, record: &mut Record) {
        let Some(entry) = section.get("addresses").filter(|e| self.tells(e, self.map.addresses.is_some(), "addresses apart")) else {
            return;
        };
        for (entry, text) in entry.texts() {
            match Address::parse(text) {
                Some(address) => record.addresses.push(address),
                None => entry.report(format!("{text:?} is no e-mail address"), "expected one address an entry"),
            }
        }
        record.addresses.sort();
        record.addresses.dedup();
    }

    /// As it was read before: what is told of it, and the rest as it is.
    fn before(&self, entry: &TomlEntry, record: &Record, keys: &'static TableKeys) -> Option<Record> {
        let mut section = entry.table(&format!("before of {}", self.id), keys)?;
        let mut before = record.clone();
        (before.changed_at, before.memory.ended_at) = (None, None);
        for field in &mut before.fields {
            (field.at, field.after, field.last_edit) = (WHEN_READ, None, None);
        }
        if keys.find("state").is_some()
            && let Some(entry) = section.get("state")
        {
            set_state(&entry, &mut before);
        }
        for entry in section.entries().into_iter().filter(|e| keys.find(e.key).is_none()) {
            if record.field(entry.key).is_none() && self.map.fields.contains_key(entry.key) {
                let said = format!("the record does not say what {:?} is now", entry.key);
                entry.sheet.report(entry.key_at.clone(), said, format!("expected {} = .. beside it; \"\" if it was emptied", entry.key));
            }
        }
        self.fields(&mut section, keys, WHEN_READ, &mut before);
        section.finish();
        Some(before)
    }

    /// Whether the record of the example has a field; else that is reported.
    fn has(&self, entry: &TomlEntry, name: &str, record: &Record) -> bool {
        let has = record.field(name).is_some();
        if !has {
            let at = if entry.key == name { entry.key_at.clone() } else { entry.at.clone() };
            let known = choices(name, record.fields.iter().map(|f| &*f.name));
            entry.sheet.report(at, format!("{name:?} is no field that {} has here", self.id), known);
        }
        has
    }

    /// Whether the system tells such a thing at all; else that is reported.
    fn tells(&self, entry: &TomlEntry, tells: bool, what: &str) -> bool {
        if !tells {
            let said = format!("{} does not tell {what}", self.id.system);
            entry.sheet.report(entry.key_at.clone(), said, "take it out: no record is ever read so");
        }
        tells
    }
}

fn set_state(entry: &TomlEntry, record: &mut Record) {
    if record.id.entity == Entity::Deal {
        record.deal = word(entry, &["open", "won", "lost"]).and_then(DealState::parse);
    } else {
        record.ticket = word(entry, &["open", "closed"]).and_then(TicketState::parse);
    }
}
