//! The control port: what [`Handle`] can do, over HTTP, for tests that run the binary as a process of its own.
//!
//! `POST /_sandbox/ACTION` with the action's arguments as a JSON object answers `{"ok": RESULT}` or, with status 400, `{"error": WHY}`.
//! `GET /_sandbox/{state,requests,writes,sent,faults,systems,truth}` show what is there. `GET /` lists it all (`actions`).

use crate::sandbox::actions;
use crate::sandbox::crm::history::{CrmEditor, SALESPERSON};
use crate::sandbox::faults::Fault;
use crate::sandbox::handle::{Error, Handle};
use crate::sandbox::host;
use crate::sandbox::systems::SandboxSystem;
use crate::sandbox::wire::{Params, answer, body_json};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What can be asked for; the names are the last part of the path.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ControlAction {
    OpenDeal {
        #[serde(default)]
        contacts: Vec<u64>,
        company: Option<u64>,
    },
    SetDealStage {
        deal: u64,
        stage: String,
    },
    DeleteDeal {
        deal: u64,
    },
    Attach {
        deal: u64,
        contact: u64,
    },
    Detach {
        deal: u64,
        contact: u64,
    },
    CreateContact {
        properties: BTreeMap<String, String>,
        company: Option<u64>,
    },
    CreateCompany {
        name: String,
        domain: String,
    },
    EditCompany {
        company: u64,
        properties: BTreeMap<String, String>,
    },
    EditContact {
        contact: u64,
        properties: BTreeMap<String, String>,
        by: Option<CrmEditor>,
    },
    ArchiveContact {
        contact: u64,
    },
    CreateUser {
        name: String,
        email: Option<String>,
    },
    EditUser {
        user: u64,
        name: Option<String>,
        email: Option<String>,
    },
    CreateTicket {
        requester: u64,
        status: String,
        priority: Option<String>,
    },
    SetTicketStatus {
        ticket: u64,
        status: String,
    },
    SetTicketPriority {
        ticket: u64,
        priority: Option<String>,
    },
    AddLead {
        fields: Map<String, Value>,
    },
    EditLead {
        lead: u64,
        fields: Map<String, Value>,
    },
    DeleteLead {
        lead: u64,
    },
    TwinLead {
        lead: u64,
    },
    Unsubscribe {
        lead: u64,
    },
    UnsubscribeBulk {
        leads: Vec<u64>,
    },
    Resubscribe {
        lead: u64,
    },
    MarketerSuspends {
        lead: u64,
        on: bool,
    },
    SendNewsletter {
        #[serde(default)]
        permit: bool,
    },
    Fault {
        system: SandboxSystem,
        #[serde(flatten)]
        fault: Fault,
    },
    /// Of one system, or of all.
    ClearFaults {
        system: Option<SandboxSystem>,
    },
    ForgetCursors {
        system: SandboxSystem,
    },
    ExpireMaToken {},
    ResetLog {},
}

fn pairs(properties: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    properties.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

/// Does an action through the handle; what it gives as JSON.
pub fn act(handle: &Handle, action: ControlAction) -> Result<Value, Error> {
    let nothing = |()| Value::Null;
    match action {
        ControlAction::OpenDeal { contacts, company } => handle.open_deal(&contacts, company).map(Value::from),
        ControlAction::SetDealStage { deal, stage } => handle.set_deal_stage(deal, &stage).map(nothing),
        ControlAction::DeleteDeal { deal } => handle.delete_deal(deal).map(nothing),
        ControlAction::Attach { deal, contact } => handle.attach(deal, contact).map(nothing),
        ControlAction::Detach { deal, contact } => handle.detach(deal, contact).map(nothing),
        ControlAction::CreateContact { properties, company } => Ok(handle.create_contact(&pairs(&properties), company).into()),
        ControlAction::EditCompany { company, properties } => handle.edit_company(company, &pairs(&properties)).map(nothing),
        ControlAction::CreateCompany { name, domain } => Ok(handle.create_company(&name, &domain).into()),
        ControlAction::EditContact { contact, properties, by } => {
            handle.edit_contact_as(by.unwrap_or(SALESPERSON), contact, &pairs(&properties)).map(nothing)
        }
        ControlAction::ArchiveContact { contact } => handle.archive_contact(contact).map(nothing),
        ControlAction::CreateUser { name, email } => Ok(handle.create_user(&name, email.as_deref()).into()),
        ControlAction::EditUser { user, name, email } => {
            let change = |u: &mut crate::sandbox::support::records::User| {
                u.name = name.unwrap_or_else(|| u.name.clone());
                u.email = email.or_else(|| u.email.clone());
            };
            handle.edit_user(user, change).map(nothing)
        }
        ControlAction::CreateTicket { requester, status, priority } => {
            handle.create_ticket(requester, &status, priority.as_deref()).map(Value::from)
        }
        ControlAction::SetTicketStatus { ticket, status } => handle.set_ticket_status(ticket, &status).map(nothing),
        ControlAction::SetTicketPriority { ticket, priority } => handle.set_ticket_priority(ticket, priority.as_deref()).map(nothing),
        ControlAction::AddLead { fields } => handle.add_lead(&fields).map(Value::from),
        ControlAction::EditLead { lead, fields } => handle.edit_lead(lead, &fields).map(nothing),
        ControlAction::DeleteLead { lead } => handle.delete_lead(lead).map(nothing),
        ControlAction::TwinLead { lead } => handle.twin_lead(lead).map(Value::from),
        ControlAction::Unsubscribe { lead } => handle.unsubscribe(lead).map(nothing),
        ControlAction::UnsubscribeBulk { leads } => handle.unsubscribe_bulk(&leads).map(nothing),
        ControlAction::Resubscribe { lead } => handle.resubscribe(lead).map(nothing),
        ControlAction::MarketerSuspends { lead, on } => handle.marketer_suspends(lead, on).map(nothing),
        ControlAction::SendNewsletter { permit } => Ok(json!(handle.send_newsletter(permit))),
        ControlAction::Fault { system, fault } => {
            handle.fault(system, fault);
            Ok(Value::Null)
        }
        ControlAction::ClearFaults { system } => {
            let systems = system.map_or(SandboxSystem::ALL.to_vec(), |s| vec![s]);
            systems.into_iter().for_each(|s| handle.clear_faults(s));
            Ok(Value::Null)
        }
        ControlAction::ForgetCursors { system } => {
            handle.forget_cursors(system);
            Ok(Value::Null)
        }
        ControlAction::ExpireMaToken {} => {
            handle.expire_ma_token();
            Ok(Value::Null)
        }
        ControlAction::ResetLog {} => {
            handle.reset_log();
            Ok(Value::Null)
        }
    }
}

/// What the control port knows besides the handle: where the systems are and how to sign in, as `systems` shows it.
#[derive(Clone)]
pub(super) struct Control {
    pub handle: Handle,
    pub systems: Value,
}

pub(super) fn routes(control: Control) -> Router {
    Router::new().route("/_sandbox/{action}", post(take).get(show)).route("/", get(list)).with_state(control).layer(from_fn(host::ours))
}

/// What can be asked for, with the address in each line so that it can be copied.
async fn list(State(control): State<Control>) -> String {
    let at = control.systems["control"]["url"].as_str().unwrap_or_default();
    format!("sandbox control\n\n{}\n", actions::listed(at))
}

async fn take(State(control): State<Control>, Path(name): Path<String>, body: Bytes) -> Response {
    let done = body_json(&body).map_err(Error).and_then(|mut arguments| {
        match arguments.as_object_mut() {
            Some(map) => map.insert("action".into(), Value::from(name)),
            None => return Err(Error("the body must be a JSON object".into())),
        };
        let action: ControlAction = serde_json::from_value(arguments).map_err(|e| Error(e.to_string()))?;
        act(&control.handle, action)
    });
    match done {
        Ok(result) => answer(200, json!({ "ok": result })),
        Err(why) => answer(400, json!({ "error": why.to_string() })),
    }
}

async fn show(State(control): State<Control>, Path(name): Path<String>, params: Params) -> Response {
    let without = params.list("without");
    let without: Vec<&str> = without.iter().map(String::as_str).collect();
    let shown = control.handle.with(|w| match name.as_str() {
        "state" => json!({"hash": w.state_hash(&without), "state": w.dump()}),
        "requests" => json!(w.requests),
        "writes" => json!(w.writes),
        "sent" => json!(w.sent),
        "faults" => json!(w.faults.active()),
        "truth" => json!(w.truth),
        "open_deal_leads" => json!(w.leads_on_open_deals(params.get("account") == Some("true"))),
        "systems" => control.systems.clone(),
        _ => Value::Null,
    });
    if shown.is_null() { answer(404, json!({"error": format!("there is nothing called {name:?}")})) } else { answer(200, shown) }
}
