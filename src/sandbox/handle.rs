//! The hands of a script or test in the sandbox: what salespeople, supporters, marketers and fate do.

use crate::sandbox::crm::history::{CrmEditor, SALESPERSON};
use crate::sandbox::crm::records::{CrmKind, CrmObject};
use crate::sandbox::faults::Fault;
use crate::sandbox::ma::records::{Lead, LeadEditor, Trace};
use crate::sandbox::ma::stored_fields;
use crate::sandbox::support::records::{Ticket, User};
use crate::sandbox::systems::SandboxSystem;
use crate::sandbox::world::{SandboxWorld, SentMail, Shared, Write, lock};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A cloneable way into the sandbox; every call is done when it returns.
#[derive(Clone)]
pub struct Handle {
    pub(super) shared: Shared,
}

/// What was named is not there, or cannot be so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

type HandleResult<T = ()> = Result<T, Error>;

fn there(found: bool, what: &str, id: u64) -> HandleResult {
    if found { Ok(()) } else { Err(Error(format!("there is no {what} {id}"))) }
}

fn pairs(properties: &[(&str, &str)]) -> Vec<(String, String)> {
    properties.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
}

impl Handle {
    /// Looks at or changes the whole world at once.
    pub fn with<T>(&self, act: impl FnOnce(&mut SandboxWorld) -> T) -> T {
        act(&mut lock(&self.shared))
    }

    // Salespeople.

    /// A new deal in an open stage.
    pub fn open_deal(&self, contacts: &[u64], company: Option<u64>) -> HandleResult<u64> {
        self.with(|w| {
            for contact in contacts {
                there(w.crm.get(CrmKind::Contact, *contact).is_some(), "contact", *contact)?;
            }
            if let Some(company) = company {
                there(w.crm.get(CrmKind::Company, company).is_some(), "company", company)?;
            }
            let now = w.now();
            let stage = [("dealname", "新しい案件"), ("dealstage", "qualifiedtobuy"), ("pipeline", "default"), ("amount", "1200000")];
            let deal = w.crm.create(CrmKind::Deal, pairs(&stage), now);
            contacts.iter().for_each(|c| w.crm.link((CrmKind::Deal, deal), (CrmKind::Contact, *c)));
            company.into_iter().for_each(|c| w.crm.link((CrmKind::Deal, deal), (CrmKind::Company, c)));
            Ok(deal)
        })
    }

    /// `won`, `lost`, `open`, `unknown` (a stage that no pipeline knows), or the vendor's name of a stage.
    pub fn set_deal_stage(&self, deal: u64, stage: &str) -> HandleResult {
        let stage = match stage {
            "won" => "closedwon",
            "lost" => "closedlost",
            "open" => "qualifiedtobuy",
            "unknown" => "kakunin_chu_2",
            other => other,
        };
        self.edit(CrmKind::Deal, deal, &[("dealstage", stage)])
    }

    pub fn delete_deal(&self, deal: u64) -> HandleResult {
        self.archive(CrmKind::Deal, deal)
    }

    /// Puts a person on a deal; moves no timestamp.
    pub fn attach(&self, deal: u64, contact: u64) -> HandleResult {
        self.with(|w| {
            there(w.crm.get(CrmKind::Deal, deal).is_some(), "deal", deal)?;
            there(w.crm.get(CrmKind::Contact, contact).is_some(), "contact", contact)?;
            w.crm.link((CrmKind::Deal, deal), (CrmKind::Contact, contact));
            Ok(())
        })
    }

    /// Takes a person off a deal; moves no timestamp.
    pub fn detach(&self, deal: u64, contact: u64) -> HandleResult {
        self.with(|w| {
            there(w.crm.get(CrmKind::Deal, deal).is_some(), "deal", deal)?;
            w.crm.unlink((CrmKind::Deal, deal), (CrmKind::Contact, contact));
            Ok(())
        })
    }

    pub fn create_contact(&self, properties: &[(&str, &str)], company: Option<u64>) -> u64 {
        self.with(|w| {
            let now = w.now();
            let id = w.crm.create(CrmKind::Contact, pairs(properties), now);
            company.into_iter().for_each(|c| w.crm.link((CrmKind::Contact, id), (CrmKind::Company, c)));
            id
        })
    }

    pub fn create_company(&self, name: &str, domain: &str) -> u64 {
        self.with(|w| {
            let now = w.now();
            w.crm.create(CrmKind::Company, pairs(&[("name", name), ("domain", domain)]), now)
        })
    }

    pub fn edit_company(&self, company: u64, properties: &[(&str, &str)]) -> HandleResult {
        self.edit(CrmKind::Company, company, properties)
    }

    pub fn edit_contact(&self, contact: u64, properties: &[(&str, &str)]) -> HandleResult {
        self.edit_contact_as(SALESPERSON, contact, properties)
    }

    /// The same by somebody else: another user, or a program that copies between systems.
    pub fn edit_contact_as(&self, by: CrmEditor, contact: u64, properties: &[(&str, &str)]) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.crm.edit(CrmKind::Contact, contact, pairs(properties), now, by), "contact", contact)
        })
    }

    pub fn archive_contact(&self, contact: u64) -> HandleResult {
        self.archive(CrmKind::Contact, contact)
    }

    fn edit(&self, kind: CrmKind, id: u64, properties: &[(&str, &str)]) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.crm.edit(kind, id, pairs(properties), now, SALESPERSON), kind.singular(), id)
        })
    }

    fn archive(&self, kind: CrmKind, id: u64) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.crm.archive(kind, id, now), kind.singular(), id)
        })
    }

    // Supporters.

    pub fn create_user(&self, name: &str, email: Option<&str>) -> u64 {
        self.with(|w| {
            let now = w.now();
            w.support.create_user(name, email, None, now)
        })
    }

    pub fn edit_user(&self, user: u64, change: impl FnOnce(&mut User)) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.support.edit_user(user, now, change), "user", user)
        })
    }

    pub fn create_ticket(&self, requester: u64, status: &str, priority: Option<&str>) -> HandleResult<u64> {
        self.with(|w| {
            there(w.support.users().any(|u| u.id == requester), "user", requester)?;
            let now = w.now();
            Ok(w.support.create_ticket(requester, "画面が固まります", status, priority, now))
        })
    }

    pub fn set_ticket_status(&self, ticket: u64, status: &str) -> HandleResult {
        self.edit_ticket(ticket, |t| t.status = status.to_string())
    }

    pub fn set_ticket_priority(&self, ticket: u64, priority: Option<&str>) -> HandleResult {
        self.edit_ticket(ticket, |t| t.priority = priority.map(String::from))
    }

    fn edit_ticket(&self, ticket: u64, change: impl FnOnce(&mut Ticket)) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.support.edit_ticket(ticket, now, change), "ticket", ticket)
        })
    }

    // Marketers, and the people they write to.

    pub fn add_lead(&self, fields: &Map<String, Value>) -> HandleResult<u64> {
        let fields = stored_fields(fields).map_err(Error)?;
        self.with(|w| {
            let now = w.now();
            Ok(w.ma.create(fields, now))
        })
    }

    pub fn edit_lead(&self, lead: u64, fields: &Map<String, Value>) -> HandleResult {
        self.edit_lead_as(LeadEditor::Hand, lead, fields)
    }

    pub fn edit_lead_as(&self, by: LeadEditor, lead: u64, fields: &Map<String, Value>) -> HandleResult {
        let fields = stored_fields(fields).map_err(Error)?;
        self.edit_lead_stored(lead, fields, Trace::Usual(by))
    }

    fn edit_lead_stored(&self, lead: u64, fields: BTreeMap<String, Value>, trace: Trace) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.ma.edit(lead, fields, trace, now), "lead", lead)
        })
    }

    pub fn delete_lead(&self, lead: u64) -> HandleResult {
        self.with(|w| {
            let now = w.now();
            there(w.ma.delete(lead, now), "lead", lead)
        })
    }

    /// A second lead with the same address.
    pub fn twin_lead(&self, lead: u64) -> HandleResult<u64> {
        self.with(|w| {
            let now = w.now();
            w.ma.twin(lead, now).ok_or_else(|| Error(format!("there is no lead {lead}")))
        })
    }

    /// The person said no, by the link in a mail.
    pub fn unsubscribe(&self, lead: u64) -> HandleResult {
        self.edit_lead_stored(lead, [("unsubscribed".to_string(), Value::Bool(true))].into(), Trace::Usual(LeadEditor::Hand))
    }

    /// Many said no, entered from a list: moves no timestamp and leaves no activity.
    pub fn unsubscribe_bulk(&self, leads: &[u64]) -> HandleResult {
        leads.iter().try_for_each(|l| self.edit_lead_stored(*l, [("unsubscribed".to_string(), Value::Bool(true))].into(), Trace::None))
    }

    /// The person came back: the only one who may lift the no.
    pub fn resubscribe(&self, lead: u64) -> HandleResult {
        self.edit_lead_stored(lead, [("unsubscribed".to_string(), Value::Bool(false))].into(), Trace::Usual(LeadEditor::Hand))
    }

    /// A marketer sets or lifts the suspension by hand.
    pub fn marketer_suspends(&self, lead: u64, on: bool) -> HandleResult {
        self.edit_lead_stored(lead, [("marketingSuspended".to_string(), Value::Bool(on))].into(), Trace::Usual(LeadEditor::Hand))
    }

    /// See [`SandboxWorld::send_newsletter`].
    pub fn send_newsletter(&self, permit: bool) -> Vec<SentMail> {
        self.with(|w| w.send_newsletter(permit))
    }

    // Fate.

    pub fn fault(&self, system: SandboxSystem, fault: Fault) {
        self.with(|w| w.faults.add(system, fault));
    }

    pub fn clear_faults(&self, system: SandboxSystem) {
        self.with(|w| w.faults.clear(system));
    }

    pub fn forget_cursors(&self, system: SandboxSystem) {
        self.with(|w| w.forget_cursors(system));
    }

    pub fn expire_ma_token(&self) {
        self.with(SandboxWorld::expire_ma_token);
    }

    // What is seen.

    pub fn contacts(&self) -> Vec<CrmObject> {
        self.with(|w| w.crm.all(CrmKind::Contact).cloned().collect())
    }

    pub fn companies(&self) -> Vec<CrmObject> {
        self.with(|w| w.crm.all(CrmKind::Company).cloned().collect())
    }

    pub fn deals(&self) -> Vec<CrmObject> {
        self.with(|w| w.crm.all(CrmKind::Deal).cloned().collect())
    }

    /// The contacts on a deal.
    pub fn deal_people(&self, deal: u64) -> Vec<u64> {
        self.with(|w| w.crm.linked(CrmKind::Deal, deal, CrmKind::Contact))
    }

    pub fn users(&self) -> Vec<User> {
        self.with(|w| w.support.users().cloned().collect())
    }

    pub fn tickets(&self) -> Vec<Ticket> {
        self.with(|w| w.support.tickets().cloned().collect())
    }

    pub fn leads(&self) -> Vec<Lead> {
        self.with(|w| w.ma.all().cloned().collect())
    }

    pub fn lead(&self, id: u64) -> Option<Lead> {
        self.with(|w| w.ma.get(id).cloned())
    }

    /// Leads with this address, in order of id.
    pub fn leads_with(&self, email: &str) -> Vec<u64> {
        self.with(|w| w.ma.with_email(email).to_vec())
    }

    /// See [`SandboxWorld::leads_on_open_deals`].
    pub fn leads_on_open_deals(&self, account: bool) -> BTreeSet<u64> {
        self.with(|w| w.leads_on_open_deals(account))
    }

    /// Every row of every write received, oldest first.
    pub fn writes(&self) -> Vec<Write> {
        self.with(|w| w.writes.clone())
    }

    /// Requests received, by `SYSTEM METHOD PATH`.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.with(|w| w.requests.clone())
    }

    /// Empties the log of writes, the counts and the mails sent.
    pub fn reset_log(&self) {
        self.with(|w| {
            w.writes.clear();
            w.requests.clear();
            w.sent.clear();
        });
    }

    pub fn dump(&self) -> Value {
        self.with(|w| w.dump())
    }

    pub fn state_hash(&self, without: &[&str]) -> String {
        self.with(|w| w.state_hash(without))
    }
}
