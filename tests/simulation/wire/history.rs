//! The history of a contact's properties, as HubSpot tells it: every value with its time and where it came from, the last one first.

use super::hubspot::contact;
use super::site::{Ask, Reply, Site};
use super::switches::Switch;
use crate::truth::account::{Doer, shown};
use crate::truth::past::{Edit, JOB};
use crate::truth::{Table, past};
use nayose::model::{Record, Value};
use serde_json::{Map, Value as Json, json};

/// Entries of a field while `HistoryCut` is on.
const ENTRIES_MAX: usize = 2;
/// The person who edits.
const PERSON: &str = "7";

/// What the CRM calls the fields of which it keeps a history.
const NAMES: [(&str, &str); 5] =
    [("phone", "phone"), ("title", "jobtitle"), ("birth", "birthdate"), ("income", "income"), ("sector", "sector")];

/// The history of the properties that are asked for, of each record that there is.
pub fn answer(site: &mut Site<'_>, ask: &Ask, ids: &[u32]) -> Reply {
    if let Some(refused) = site.history_closed() {
        return refused;
    }
    let asked = ask.body["propertiesWithHistory"].as_array().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for id in ids {
        if site.hits(Switch::HistoryMisses, Table::CrmPeople, *id, 3) {
            continue;
        }
        let mut properties = Map::new();
        for (field, name) in past::fields().filter_map(|field| NAMES.iter().find(|(ours, _)| *ours == field)) {
            if asked.iter().any(|property| property == name) {
                properties.insert(name.to_string(), Json::Array(entries(site, *id, field, name)));
            }
        }
        rows.push(json!({"id": id.to_string(), "archived": false, "propertiesWithHistory": properties}));
    }
    Reply::json(&json!({"status": "COMPLETE", "results": rows}))
}

fn entries(site: &mut Site<'_>, id: u32, field: &'static str, name: &str) -> Vec<Json> {
    let mut entries: Vec<Edit> = site.truth.past.of(id, field).cloned().collect();
    if site.switches.is_on(Switch::HistoryCut) && entries.len() > ENTRIES_MAX {
        site.switches.meet(Switch::HistoryCut);
        entries.truncate(ENTRIES_MAX);
    }
    let set = site.truth.account.hand(Table::CrmPeople, id, field).map(|hand| hand.at);
    let value = site.truth.item(Table::CrmPeople, id).map(|item| shown(item.record(), field).clone());
    // Where all that is told is the one value put there again and again, it may have been typed before what is kept.
    let begins = |value: &Value| entries.len() < 2 || entries.iter().any(|entry| entry.value != *value);
    if let Some(value) = value.filter(|value| entries.iter().any(|entry| Some(entry.at) == set) && begins(value)) {
        site.truth.past.tell(id, field, &value);
    }
    entries.into_iter().map(|entry| told(site, id, field, name, &entry)).collect()
}

fn told(site: &mut Site<'_>, id: u32, field: &'static str, name: &str, entry: &Edit) -> Json {
    let mut record = Record::new(Table::CrmPeople.id(id));
    record.set(&field.into(), entry.value.clone(), entry.at);
    let value = contact(&record, "").remove(name).filter(|value| !value.is_null());
    let by_program = entry.by == Doer::Person && site.switches.is_on(Switch::HistoryByProgram) && entry.at.0 % 3 == 0;
    let (kind, source, user) = match entry.by {
        Doer::Person if by_program => ("IMPORT", "imports".to_string(), Json::Null),
        Doer::Person => ("CRM_UI", format!("userId:{PERSON}"), json!(PERSON)),
        Doer::Us => ("INTEGRATION", "nayose".to_string(), Json::Null),
        // By one name or the other.
        Doer::Job if id.is_multiple_of(2) => ("INTEGRATION", JOB.to_string(), Json::Null),
        Doer::Job => ("API", "sync".to_string(), json!(JOB)),
    };
    if by_program {
        site.switches.meet(Switch::HistoryByProgram);
    }
    let value = value.unwrap_or_else(|| json!(""));
    json!({"value": value, "timestamp": entry.at.rfc3339(), "sourceType": kind, "sourceId": source, "updatedByUserId": user})
}

impl Site<'_> {
    /// For hours at a time it cannot be asked for: the right to it is lost, or it breaks.
    fn history_closed(&mut self) -> Option<Reply> {
        let hour = self.truth.now.0.div_euclid(2 * 3_600_000);
        if !self.switches.is_on(Switch::HistoryFails) || hour % 2 == 0 {
            return None;
        }
        self.switches.meet(Switch::HistoryFails);
        let (status, category) = if hour % 4 == 1 { (403, "MISSING_SCOPES") } else { (500, "INTERNAL_ERROR") };
        Some(Reply::of(status, &json!({"status": "error", "category": category, "message": "the history cannot be read"})))
    }
}
