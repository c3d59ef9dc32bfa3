//! Everything the sandbox holds, and what tests may look at: records, the log of writes, counts of requests, mails sent.

use crate::connector::Clock;
use crate::model::{Address, Span, Time};
use crate::sandbox::crm::records::{CrmKind, CrmRecords};
use crate::sandbox::faults::Faults;
use crate::sandbox::ma::records::MaRecords;
use crate::sandbox::support::records::SupportRecords;
use crate::sandbox::systems::SandboxSystem;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The credentials that the systems accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxKeys {
    pub crm_token: String,
    pub support_email: String,
    pub support_token: String,
    pub ma_client_id: String,
    pub ma_client_secret: String,
}

impl Default for SandboxKeys {
    fn default() -> SandboxKeys {
        SandboxKeys {
            crm_token: "sandbox-crm-token".into(),
            support_email: "sync@sandbox.example".into(),
            support_token: "sandbox-support-token".into(),
            ma_client_id: "sandbox-ma-client".into(),
            ma_client_secret: "sandbox-ma-secret".into(),
        }
    }
}

/// One row of a write that a system received, whether or not it changed anything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Write {
    pub system: SandboxSystem,
    /// The vendor's word for the kind: contact, company, deal, person.
    pub entity: String,
    /// The record's id, or for a record that was looked for by address and not found, the address.
    pub record: String,
    pub fields: Map<String, Value>,
    /// Milliseconds since 1970.
    pub at: Time,
    /// False where it was refused, silently or not.
    pub committed: bool,
}

/// The account that the CRM says it is, unless a test makes it another.
const PORTAL: u64 = 62_515_380;

/// A mail that the marketing system sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SentMail {
    pub lead: u64,
    pub email: String,
    pub at: Time,
}

/// The three systems and all that is noted about them.
pub struct SandboxWorld {
    clock: Clock,
    pub crm: CrmRecords,
    pub support: SupportRecords,
    pub ma: MaRecords,
    pub faults: Faults,
    pub keys: SandboxKeys,
    /// The CRM's account.
    pub portal: u64,
    pub crm_url: String,
    pub support_url: String,
    /// The static list in the marketing system that holds every lead.
    pub ma_list: String,
    pub search_lag_ms: i64,
    pub export_lag_ms: i64,
    ma_token_life: Span,
    ma_tokens: Vec<String>,
    ma_token_ends: Time,
    pub writes: Vec<Write>,
    pub requests: BTreeMap<String, u64>,
    pub sent: Vec<SentMail>,
    /// Who each record really is: `SYSTEM:person:ID` to a number of `people`.
    pub truth: BTreeMap<String, usize>,
}

/// The world as handlers and handles share it.
pub type Shared = Arc<Mutex<SandboxWorld>>;

/// The world; a panic elsewhere does not make it unusable.
pub fn lock(shared: &Shared) -> MutexGuard<'_, SandboxWorld> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SandboxWorld {
    pub fn new(clock: Clock, seed: u64, keys: SandboxKeys, ma_list: String, ma_token_life: Span) -> SandboxWorld {
        SandboxWorld {
            clock,
            crm: CrmRecords::default(),
            support: SupportRecords::default(),
            ma: MaRecords::default(),
            faults: Faults::new(seed),
            keys,
            portal: PORTAL,
            crm_url: String::new(),
            support_url: String::new(),
            ma_list,
            search_lag_ms: 0,
            export_lag_ms: 0,
            ma_token_life,
            ma_tokens: Vec::new(),
            ma_token_ends: Time(i64::MIN),
            writes: Vec::new(),
            requests: BTreeMap::new(),
            sent: Vec::new(),
            truth: BTreeMap::new(),
        }
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Counts a request under `SYSTEM METHOD PATH`, numbers in the path as `{id}`.
    pub fn count(&mut self, system: SandboxSystem, method: &str, path: &str) {
        let shape = |part: &str| {
            let bare = part.strip_suffix(".json").unwrap_or(part);
            let number = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
            if number { part.replace(bare, "{id}") } else { part.to_string() }
        };
        let path: Vec<String> = path.split('/').map(shape).collect();
        *self.requests.entry(format!("{} {method} {}", system.name(), path.join("/"))).or_default() += 1;
    }

    pub fn log_write(
        &mut self,
        system: SandboxSystem,
        entity: &str,
        record: &str,
        fields: impl IntoIterator<Item = (String, Value)>,
        committed: bool,
    ) {
        let (entity, record, at) = (entity.to_string(), record.to_string(), self.now());
        self.writes.push(Write { system, entity, record, fields: fields.into_iter().collect(), at, committed });
    }

    /// The marketing system's access token and the seconds it still has. Like the vendor, it gives the same one until it has run out.
    pub fn ma_token(&mut self) -> (String, i64) {
        let now = self.now();
        if self.ma_tokens.is_empty() || now >= self.ma_token_ends {
            self.ma_tokens.push(format!("sandbox-ma-token-{}:lon", self.ma_tokens.len() + 1));
            self.ma_token_ends = now.plus(self.ma_token_life);
        }
        (self.ma_tokens.last().cloned().unwrap_or_default(), self.ma_token_ends.since(now).as_seconds())
    }

    pub fn knows_ma_token(&self, token: &str) -> bool {
        self.ma_tokens.iter().any(|t| t == token)
    }

    pub fn ma_token_expired(&self, token: &str) -> bool {
        self.now() >= self.ma_token_ends || self.ma_tokens.last().is_none_or(|t| t != token)
    }

    /// Ends the present access token at once.
    pub fn expire_ma_token(&mut self) {
        self.ma_token_ends = Time(i64::MIN);
    }

    /// All cursors given out so far are unknown from now on.
    pub fn forget_cursors(&mut self, system: SandboxSystem) {
        match system {
            SandboxSystem::Crm => self.crm.epoch += 1,
            SandboxSystem::Support => self.support.epoch += 1,
            SandboxSystem::Ma => self.ma.epoch += 1,
        }
    }

    /// What the marketing system would do now: mail every lead that may be mailed as it knows it.
    /// With `permit`, only those whose permit (`nayose_ok_until`) has not run out.
    pub fn send_newsletter(&mut self, permit: bool) -> Vec<SentMail> {
        let at = self.now();
        let mailed = self.ma.all().filter(|l| l.would_be_mailed(permit, at));
        let sent: Vec<SentMail> = mailed.filter_map(|l| Some(SentMail { lead: l.id, email: l.text("email")?.to_string(), at })).collect();
        self.sent.extend(sent.iter().cloned());
        sent
    }

    /// The leads that must not be mailed because of a deal: those with the address of a contact who is on an open deal, and with
    /// `account` also those with the address of a contact of an open deal's company. By equal address only; a floor for tests.
    pub fn leads_on_open_deals(&self, account: bool) -> BTreeSet<u64> {
        let mut contacts = BTreeSet::new();
        for deal in self.crm.all(CrmKind::Deal).filter(|d| self.crm.is_open(d.id)) {
            contacts.extend(self.crm.linked(CrmKind::Deal, deal.id, CrmKind::Contact));
            if account {
                for company in self.crm.linked(CrmKind::Deal, deal.id, CrmKind::Company) {
                    contacts.extend(self.crm.linked(CrmKind::Company, company, CrmKind::Contact));
                }
            }
        }
        let emails = contacts.iter().filter_map(|c| self.crm.get(CrmKind::Contact, *c)?.properties.get("email"));
        let addresses: BTreeSet<Address> = emails.filter_map(|e| Address::parse(e)).collect();
        let held =
            |l: &&crate::sandbox::ma::records::Lead| l.text("email").and_then(Address::parse).is_some_and(|a| addresses.contains(&a));
        self.ma.all().filter(held).map(|l| l.id).collect()
    }

    /// All records and associations, without the times of their changes: two worlds in the same state have equal dumps.
    pub fn dump(&self) -> Value {
        let kind = |kind: CrmKind| -> Map<String, Value> {
            let one = |o: &crate::sandbox::crm::records::CrmObject| {
                let links: Map<String, Value> =
                    CrmKind::ALL.iter().map(|to| (to.plural().to_string(), json!(self.crm.linked(kind, o.id, *to)))).collect();
                (o.id.to_string(), json!({"properties": o.properties, "associations": links}))
            };
            self.crm.all(kind).map(one).collect()
        };
        let users = self.support.users();
        let users: Map<_, _> = users.map(|u| (u.id.to_string(), json!({"name": u.name, "email": u.email, "phone": u.phone}))).collect();
        let tickets = self.support.tickets();
        let tickets: Map<_, _> =
            tickets.map(|t| (t.id.to_string(), json!({"requester": t.requester, "status": t.status, "priority": t.priority}))).collect();
        let leads: Map<_, _> = self.ma.all().map(|l| (l.id.to_string(), json!(l.fields))).collect();
        json!({
            "crm": {"contacts": kind(CrmKind::Contact), "companies": kind(CrmKind::Company), "deals": kind(CrmKind::Deal)},
            "support": {"users": users, "tickets": tickets},
            "ma": {"leads": leads},
        })
    }

    /// A hash over the dump, leaving out fields of these names (as one that holds a time).
    pub fn state_hash(&self, without: &[&str]) -> String {
        fn strip(value: &mut Value, without: &[&str]) {
            if let Value::Object(map) = value {
                map.retain(|name, _| !without.contains(&name.as_str()));
                map.values_mut().for_each(|v| strip(v, without));
            }
        }
        let mut dump = self.dump();
        strip(&mut dump, without);
        blake3::hash(dump.to_string().as_bytes()).to_hex().to_string()
    }
}
