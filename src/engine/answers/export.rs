//! Tables out: people, links, decisions and the journal.

use crate::decide::standing::HoldNow;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::gate::answer::{Answer, Gate};
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::model::{Mail, MailKind, Name, Record, RecordId, Time};
use crate::store::Entry;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportTable {
    People,
    Links,
    Decisions,
    Journal,
}

/// A table: columns in order, and rows of JSON values.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Json>>,
}

impl Sheet {
    fn of(columns: &[&str]) -> Sheet {
        Sheet { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// The rows as JSON objects.
    pub fn objects(&self) -> Json {
        let object = |row: &Vec<Json>| Json::Object(self.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>());
        Json::Array(self.rows.iter().map(object).collect())
    }
}

impl Engine {
    /// Makes one of the tables.
    pub fn export(&self, what: ExportTable, gate: &Gate, now: Time) -> Result<Sheet, crate::engine::Error> {
        Ok(match what {
            ExportTable::Links => self.links(),
            ExportTable::People => self.people_table(now),
            ExportTable::Decisions => self.decisions(gate, now),
            ExportTable::Journal => self.journal_table()?,
        })
    }

    fn links(&self) -> Sheet {
        let of =
            |(person, members): (String, &[Idx])| members.iter().map(|idx| link(&person, &self.world.slot(*idx).id)).collect::<Vec<_>>();
        let mut sheet = Sheet { rows: self.members().flat_map(of).collect(), ..Sheet::of(&["system", "entity", "id", "person"]) };
        sheet.rows.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
        sheet
    }

    fn people_table(&self, now: Time) -> Sheet {
        let mut sheet = Sheet::of(&["person", "addresses", "records", "status", "holds"]);
        // What some system is told, or has a rule of its own.
        let written = self.systems.values().flat_map(|s| &s.connected.config().writes.fields);
        let names: BTreeSet<&Name> = written.chain(self.rules.rules().precedence.fields.keys()).collect();
        sheet.columns.extend(names.iter().flat_map(|name| [name.to_string(), format!("{name}_from")]));
        let coverage = self.read_coverage(now);
        for i in 0..self.people.len() {
            let members = self.people[i].members.clone();
            if members.is_empty() {
                continue;
            }
            let records: Vec<Record> = members.iter().map(|m| self.world.record(*m)).collect();
            let gaps = coverage.gaps(&records);
            let of =
                Members { places: &members, records: &records, around: &View::new(&self.world), gaps: &gaps, by: self.rules.merging() };
            let status = self.status_now(of, now).name;
            let mut row = person(self.person_id(i as u32), &records, status.as_deref(), &self.people[i].holds);
            row.extend(names.iter().flat_map(|name| self.merged(name, of, now)));
            sheet.rows.push(row);
        }
        sheet.rows.sort_by_key(|row| row[0].to_string());
        sheet
    }

    /// What a field comes to, and the record that it is from; of what is put together of several none.
    fn merged(&self, name: &Name, of: Members<'_>, now: Time) -> [Json; 2] {
        match self.field_asked(name, of, now).and_then(|asked| asked.judge().winner()) {
            Some(winner) => [winner.value.to_json(), winner.from.map_or(Json::Null, |from| Json::from(from.to_string()))],
            None => [Json::Null, Json::Null],
        }
    }

    fn decisions(&self, gate: &Gate, now: Time) -> Sheet {
        let mut sheet = Sheet::of(&["person", "record", "kind", "decision", "reasons", "basis", "until"]);
        for (person, members) in self.members() {
            let subjects: Vec<String> = members.iter().take(1).map(|i| self.world.slot(*i).id.to_string()).collect();
            for kind in [MailKind::Campaign, MailKind::Newsletter, MailKind::RepSender, MailKind::ServiceFooter] {
                for answer in gate.decide(&subjects, &Mail::of(kind), now) {
                    sheet.rows.push(decision(&person, kind, answer));
                }
            }
        }
        sheet.rows.sort_by_key(|row| (row[0].to_string(), row[2].to_string()));
        sheet
    }

    fn journal_table(&self) -> Result<Sheet, crate::engine::Error> {
        let mut sheet = Sheet::of(&["at", "what", "detail"]);
        let mut entries = Vec::new();
        self.ledger.with_journal(|journal| journal.for_each(|entry| entries.push(entry)))?;
        sheet.rows.extend(entries.iter().map(line));
        Ok(sheet)
    }
}

/// A row of `links`.
fn link(person: &str, id: &RecordId) -> Vec<Json> {
    vec![Json::from(&*id.system), Json::from(id.entity.name()), Json::from(&*id.id), Json::from(person)]
}

/// A row of `people`: each address once, in order.
fn person(person: String, records: &[Record], status: Option<&str>, holds: &[HoldNow]) -> Vec<Json> {
    let borne = records.iter().flat_map(|r| r.address().into_iter().chain(r.addresses.iter().cloned()));
    let mut addresses: Vec<String> = borne.map(|a| a.to_string()).collect();
    addresses.sort();
    addresses.dedup();
    let ids: Vec<String> = records.iter().map(|r| r.id.to_string()).collect();
    let holds: Vec<String> = holds.iter().map(|h| format!("{} {}", h.reason, h.cause)).collect();
    vec![
        Json::from(person),
        Json::from(addresses.join(" ")),
        Json::from(ids.join(" ")),
        status.map_or(Json::Null, Json::from),
        Json::from(holds.join("; ")),
    ]
}

/// A row of `decisions`.
fn decision(person: &str, kind: MailKind, answer: Answer) -> Vec<Json> {
    vec![
        Json::from(person),
        Json::from(answer.subject),
        Json::from(kind.name()),
        Json::from(answer.decision),
        Json::from(answer.reasons.join(" ")),
        answer.basis.map_or(Json::Null, Json::from),
        answer.until.map_or(Json::Null, Json::from),
    ]
}

/// A row of `journal`: what it says beside its name is one cell.
fn line(entry: &Entry) -> Vec<Json> {
    let mut what = serde_json::to_value(&entry.what).unwrap_or(Json::Null);
    let name = what.as_object_mut().and_then(|o| o.remove("what")).unwrap_or(Json::Null);
    vec![Json::from(entry.at.rfc3339()), name, Json::from(what.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ratchet::Reach;
    use crate::decide::standing::{By, Kinds};
    use crate::model::{Address, Reason, Value};
    use crate::store::{ApprovalScope, What};
    use serde_json::json;

    #[test]
    fn a_row_becomes_an_object_by_its_columns() {
        let sheet = Sheet { rows: vec![link("p_1", &"crm:person:7".parse().unwrap())], ..Sheet::of(&["system", "entity", "id", "person"]) };
        assert_eq!(sheet.objects(), json!([{ "system": "crm", "entity": "person", "id": "7", "person": "p_1" }]));
    }

    #[test]
    fn a_person_has_each_address_once_and_all_its_holds() {
        let mut records = ["crm:person:1", "ma:person:2"].map(|id| Record::new(id.parse().unwrap()));
        records.iter_mut().for_each(|r| r.set(&"email".into(), Value::text("taro@sato.example"), Time(0)));
        records[1].addresses = vec![Address::parse("a@sato.example").unwrap()];
        let hold = |deal: u8| HoldNow {
            hold: "open_deal".into(),
            cause: format!("crm:deal:{deal}").parse().unwrap(),
            reach: Reach::Person,
            reason: Reason::OpenDealPerson,
            stops: Kinds(1),
            since: Time(0),
            until: None,
            kept: None,
            by: By::Files,
        };
        let row = |status, holds: &[HoldNow]| Json::Array(person("p_1".into(), &records, status, holds));
        let (addresses, ids) = ("a@sato.example taro@sato.example", "crm:person:1 ma:person:2");
        let holds = "open_deal_person crm:deal:1; open_deal_person crm:deal:2";
        assert_eq!(row(Some("customer"), &[hold(1), hold(2)]), json!(["p_1", addresses, ids, "customer", holds]));
        assert_eq!(row(None, &[]), json!(["p_1", addresses, ids, null, ""]));
    }

    #[test]
    fn a_decision_without_basis_or_end_has_empty_cells() {
        let answer = |basis: Option<&str>, until: Option<&str>| Answer {
            subject: "crm:person:1".into(),
            decision: "hold".into(),
            reasons: vec!["stale_crm".into(), "cooldown".into()],
            basis: basis.map(String::from),
            until: until.map(String::from),
            data_age_s: Default::default(),
            policy_version: "0".into(),
            decision_id: "d_1".into(),
        };
        let row = |basis, until| Json::Array(decision("p_1", MailKind::Campaign, answer(basis, until)));
        let cells = |basis: Json, until: Json| json!(["p_1", "crm:person:1", "campaign", "hold", "stale_crm cooldown", basis, until]);
        assert_eq!(row(None, None), cells(Json::Null, Json::Null));
        assert_eq!(row(Some("explicit_consent"), Some("T")), cells("explicit_consent".into(), "T".into()));
    }

    #[test]
    fn what_a_line_of_the_journal_says_stands_beside_its_name() {
        let what = What::FirstContact { system: "ma".into(), scope: ApprovalScope::All, by: "approve".into() };
        let row = line(&Entry { at: Time(1000), what });
        assert_eq!(row[..2], [json!("1970-01-01T00:00:01Z"), json!("first_contact")]);
        let detail: Json = serde_json::from_str(row[2].as_str().unwrap()).unwrap();
        assert_eq!(detail, json!({ "system": "ma", "scope": "all", "by": "approve" }));
    }
}
