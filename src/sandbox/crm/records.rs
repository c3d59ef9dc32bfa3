//! The CRM's data: contacts, companies, deals and what hangs together, with the vendor's rules for them.

use super::history::{CrmEditor, PropertyHistory};
use crate::model::Time;
use crate::sandbox::wire::{iso_millis, parse_time};
use std::collections::{BTreeMap, BTreeSet};

/// A kind of CRM object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrmKind {
    Contact,
    Company,
    Deal,
}

impl CrmKind {
    pub const ALL: [CrmKind; 3] = [CrmKind::Contact, CrmKind::Company, CrmKind::Deal];

    /// Reads the vendor's names: plural, singular, or object type id.
    pub fn parse(text: &str) -> Option<CrmKind> {
        match text {
            "contacts" | "contact" | "0-1" => Some(CrmKind::Contact),
            "companies" | "company" | "0-2" => Some(CrmKind::Company),
            "deals" | "deal" | "0-3" => Some(CrmKind::Deal),
            _ => None,
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            CrmKind::Contact => "contacts",
            CrmKind::Company => "companies",
            CrmKind::Deal => "deals",
        }
    }

    pub fn singular(self) -> &'static str {
        match self {
            CrmKind::Contact => "contact",
            CrmKind::Company => "company",
            CrmKind::Deal => "deal",
        }
    }

    /// The property that holds the time of the last change: contacts have a name of their own for it.
    pub fn modified_property(self) -> &'static str {
        match self {
            CrmKind::Contact => "lastmodifieddate",
            _ => "hs_lastmodifieddate",
        }
    }

    /// What an answer shows when no property is asked for.
    pub fn default_properties(self) -> &'static [&'static str] {
        match self {
            CrmKind::Contact => &["email", "firstname", "lastname"],
            CrmKind::Company => &["domain", "name"],
            CrmKind::Deal => &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        }
    }

    /// What can be written. Others are refused, as the vendor does.
    pub fn writable(self) -> &'static [&'static str] {
        match self {
            CrmKind::Contact => &[
                "email",
                "firstname",
                "lastname",
                "company",
                "jobtitle",
                "phone",
                "mobilephone",
                "country",
                "lifecyclestage",
                "hs_lead_status",
                "hubspot_owner_id",
                "nayose_status",
                "nayose_score",
                "nayose_ok_until",
                "nayose_why",
                "nayose_block",
                // As somebody made it in this portal.
                "industry_c",
            ],
            CrmKind::Company => &["name", "domain", "country", "industry", "numberofemployees", "phone", "lifecyclestage"],
            CrmKind::Deal => &["dealname", "dealstage", "amount", "pipeline", "closedate", "hubspot_owner_id"],
        }
    }

    /// What can be read besides: the vendor's own.
    pub fn computed(self) -> &'static [&'static str] {
        match self {
            CrmKind::Contact => &[
                "createdate",
                "hs_object_id",
                "lastmodifieddate",
                "hs_lastmodifieddate",
                "num_associated_deals",
                "associatedcompanyid",
                "hs_email_optout",
            ],
            CrmKind::Company => &["createdate", "hs_object_id", "hs_lastmodifieddate"],
            CrmKind::Deal => &[
                "createdate",
                "hs_object_id",
                "hs_lastmodifieddate",
                "hs_is_closed",
                "hs_is_closed_won",
                "hs_is_closed_lost",
                "hs_primary_associated_company",
            ],
        }
    }
}

/// One contact, company or deal.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmObject {
    pub id: u64,
    /// All values are text; one that is not here is null.
    pub properties: BTreeMap<String, String>,
    pub created: Time,
    pub modified: Time,
    pub archived: bool,
    pub history: PropertyHistory,
}

/// Everything in the CRM.
#[derive(Debug, Default)]
pub struct CrmRecords {
    objects: BTreeMap<(CrmKind, u64), CrmObject>,
    /// Both directions stand here. Adding or taking away one moves no timestamp, as with the vendor.
    links: BTreeSet<(CrmKind, u64, CrmKind, u64)>,
    last_id: u64,
    /// Grows whenever the cursors given out are forgotten.
    pub epoch: u64,
}

impl CrmRecords {
    /// Adds an object; ids grow over all kinds, from 101.
    pub fn create(&mut self, kind: CrmKind, properties: impl IntoIterator<Item = (String, String)>, now: Time) -> u64 {
        self.last_id = self.last_id.max(100) + 1;
        let id = self.last_id;
        let mut object =
            CrmObject { id, properties: BTreeMap::new(), created: now, modified: now, archived: false, history: Default::default() };
        for (name, value) in properties {
            put(&mut object.properties, name, value);
        }
        compute(kind, &mut object.properties, now);
        self.objects.insert((kind, id), object);
        id
    }

    /// Changes properties ("" clears); the timestamp moves only if something became different. False if there is no such object.
    pub fn edit(
        &mut self,
        kind: CrmKind,
        id: u64,
        properties: impl IntoIterator<Item = (String, String)>,
        now: Time,
        by: CrmEditor,
    ) -> bool {
        let Some(object) = self.objects.get_mut(&(kind, id)).filter(|o| !o.archived) else { return false };
        let before = object.properties.clone();
        for (name, value) in properties {
            put(&mut object.properties, name, value);
        }
        compute(kind, &mut object.properties, now);
        if object.properties != before {
            object.modified = now;
            if kind == CrmKind::Contact {
                object.history.note(&before, &object.properties, object.created, now, by);
            }
        }
        true
    }

    /// Archived objects vanish from lists; what hangs on them is kept.
    pub fn archive(&mut self, kind: CrmKind, id: u64, now: Time) -> bool {
        let Some(object) = self.objects.get_mut(&(kind, id)).filter(|o| !o.archived) else { return false };
        object.archived = true;
        object.modified = now;
        true
    }

    /// One that is not archived.
    pub fn get(&self, kind: CrmKind, id: u64) -> Option<&CrmObject> {
        self.objects.get(&(kind, id)).filter(|o| !o.archived)
    }

    /// Those with an id above `after`, in order of id, archived or not.
    pub fn after(&self, kind: CrmKind, after: u64, archived: bool) -> impl Iterator<Item = &CrmObject> {
        let range = self.objects.range((kind, after.saturating_add(1))..=(kind, u64::MAX));
        range.map(|(_, o)| o).filter(move |o| o.archived == archived)
    }

    pub fn all(&self, kind: CrmKind) -> impl Iterator<Item = &CrmObject> {
        self.after(kind, 0, false)
    }

    /// Joins two objects.
    pub fn link(&mut self, a: (CrmKind, u64), b: (CrmKind, u64)) {
        self.links.insert((a.0, a.1, b.0, b.1));
        self.links.insert((b.0, b.1, a.0, a.1));
    }

    pub fn unlink(&mut self, a: (CrmKind, u64), b: (CrmKind, u64)) {
        self.links.remove(&(a.0, a.1, b.0, b.1));
        self.links.remove(&(b.0, b.1, a.0, a.1));
    }

    /// The objects of a kind that hang on this one; archived ones are not shown.
    pub fn linked(&self, from: CrmKind, id: u64, to: CrmKind) -> Vec<u64> {
        let range = self.links.range((from, id, to, 0)..=(from, id, to, u64::MAX));
        range.map(|l| l.3).filter(|other| self.get(to, *other).is_some()).collect()
    }

    /// A property as the vendor shows it, the computed ones included.
    pub fn property(&self, kind: CrmKind, object: &CrmObject, name: &str) -> Option<String> {
        match name {
            "hs_object_id" => Some(object.id.to_string()),
            "createdate" => Some(iso_millis(object.created)),
            "lastmodifieddate" | "hs_lastmodifieddate" => Some(iso_millis(object.modified)),
            // The first company is the primary one.
            "associatedcompanyid" | "hs_primary_associated_company" => {
                self.linked(kind, object.id, CrmKind::Company).first().map(u64::to_string)
            }
            "num_associated_deals" => Some(self.linked(kind, object.id, CrmKind::Deal).len().to_string()),
            _ => object.properties.get(name).cloned(),
        }
    }

    /// True if a deal is neither won nor lost.
    pub fn is_open(&self, deal: u64) -> bool {
        self.get(CrmKind::Deal, deal).is_some_and(|d| d.properties.get("hs_is_closed").is_none_or(|v| v != "true"))
    }
}

/// Times are stored in one form, whatever form they came in.
fn put(properties: &mut BTreeMap<String, String>, name: String, value: String) {
    let value = match name.as_str() {
        "closedate" | "nayose_ok_until" => parse_time(&value).map_or(value, iso_millis),
        _ => value,
    };
    if value.is_empty() {
        properties.remove(&name);
    } else {
        properties.insert(name, value);
    }
}

/// The vendor computes whether a deal is closed from its stage, and notes the day it came to be so. A stage that the pipeline does not
/// know is not closed.
fn compute(kind: CrmKind, properties: &mut BTreeMap<String, String>, now: Time) {
    if kind != CrmKind::Deal {
        return;
    }
    let stage = properties.get("dealstage").map_or("", String::as_str);
    let (won, lost) = (stage == "closedwon", stage == "closedlost");
    if (won || lost) && properties.get("hs_is_closed").is_none_or(|before| before != "true") {
        properties.insert("closedate".to_string(), iso_millis(now));
    }
    for (name, value) in [("hs_is_closed", won || lost), ("hs_is_closed_won", won), ("hs_is_closed_lost", lost)] {
        properties.insert(name.to_string(), value.to_string());
    }
}
