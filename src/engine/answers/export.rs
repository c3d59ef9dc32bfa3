//! Tables out: people, links, decisions and the journal.

use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::gate::answer::Gate;
use crate::engine::memory::view::View;
use crate::model::{Mail, MailKind, Record, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
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
        let mut sheet = Sheet::of(&["system", "entity", "id", "person"]);
        for (person, members) in self.members() {
            for idx in members {
                let id = &self.world.slot(*idx).id;
                sheet.rows.push(vec![
                    Json::from(&*id.system),
                    Json::from(id.entity.name()),
                    Json::from(&*id.id),
                    Json::from(person.as_str()),
                ]);
            }
        }
        sheet.rows.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
        sheet
    }

    fn people_table(&self, now: Time) -> Sheet {
        let mut sheet = Sheet::of(&["person", "addresses", "records", "status", "holds"]);
        let coverage = self.read_coverage(now);
        for i in 0..self.people.len() {
            let members = self.people[i].members.clone();
            if members.is_empty() {
                continue;
            }
            let records: Vec<Record> = members.iter().map(|m| self.world.record(*m)).collect();
            let gaps = coverage.gaps(&records);
            let of = Members { places: &members, records: &records, around: &View::new(&self.world), gaps: &gaps };
            let status = self.status_now(of, now).name;
            let borne = records.iter().flat_map(|r| r.address().into_iter().chain(r.addresses.iter().cloned()));
            let mut addresses: Vec<String> = borne.map(|a| a.to_string()).collect();
            addresses.sort();
            addresses.dedup();
            let ids: Vec<String> = records.iter().map(|r| r.id.to_string()).collect();
            let holds: Vec<String> = self.people[i].holds.iter().map(|h| format!("{} {}", h.reason, h.cause)).collect();
            sheet.rows.push(vec![
                Json::from(self.person_id(i as u32)),
                Json::from(addresses.join(" ")),
                Json::from(ids.join(" ")),
                status.map_or(Json::Null, |s| Json::from(&*s)),
                Json::from(holds.join("; ")),
            ]);
        }
        sheet.rows.sort_by_key(|row| row[0].to_string());
        sheet
    }

    fn decisions(&self, gate: &Gate, now: Time) -> Sheet {
        let mut sheet = Sheet::of(&["person", "record", "kind", "decision", "reasons", "basis", "until"]);
        for (person, members) in self.members() {
            let subjects: Vec<String> = members.iter().take(1).map(|i| self.world.slot(*i).id.to_string()).collect();
            for kind in [MailKind::Campaign, MailKind::Newsletter, MailKind::RepSender, MailKind::ServiceFooter] {
                for answer in gate.decide(&subjects, &Mail::of(kind), now) {
                    sheet.rows.push(vec![
                        Json::from(person.as_str()),
                        Json::from(answer.subject),
                        Json::from(kind.name()),
                        Json::from(answer.decision),
                        Json::from(answer.reasons.join(" ")),
                        answer.basis.map_or(Json::Null, Json::from),
                        answer.until.map_or(Json::Null, Json::from),
                    ]);
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
        for entry in entries {
            let mut what = serde_json::to_value(&entry.what).unwrap_or(Json::Null);
            let name = what.as_object_mut().and_then(|o| o.remove("what")).unwrap_or(Json::Null);
            sheet.rows.push(vec![Json::from(entry.at.rfc3339()), name, Json::from(what.to_string())]);
        }
        Ok(sheet)
    }
}
