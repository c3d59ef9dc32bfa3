//! Three small SaaS systems in memory, on loopback: a CRM that speaks HubSpot's words, a support system that speaks Zendesk's and a
//! marketing system that speaks Marketo's. `nayose demo` and the black-box tests run the shipped manifests against them.
//!
//! It is not a copy of those products: only what the manifests read and write is here, but with the vendors' traps (caps, 200 that
//! means no, feeds that leave out entries, values stored otherwise than sent), and with faults that can be switched on while it runs.
//!
//! # Layout
//! - [`world`]: everything there is, and what is noted about it; [`handle`]: the hands in it; [`control`]: the same over HTTP, listed by [`actions`]
//! - [`crm`], [`support`], [`ma`]: what each holds, and its HTTP
//! - [`systems`]: which of them; [`faults`]: what may happen to a request, at a door that all pass; `host`: who may use the control port
//! - [`people`], `beginning`: whom the systems know at the start
//! - `wire`, `rng`: small tools

pub mod actions;
mod beginning;
pub mod control;
pub mod crm;
pub mod faults;
pub mod handle;
mod host;
pub mod ma;
pub mod people;
mod rng;
pub mod support;
pub mod systems;
mod wire;
pub mod world;

pub use crm::history::CrmEditor;
pub use crm::records::{CrmKind, CrmObject};
pub use faults::{AnswerLost, Fault, FaultKind};
pub use handle::Handle;
pub use ma::records::{Lead, LeadEditor};
pub use rng::Rng;
pub use support::records::{Ticket, User};
pub use systems::SandboxSystem;
pub use world::{SandboxKeys, SandboxWorld, SentMail, Write};

use crate::connector::Clock;
use crate::model::Span;
use axum::Router;
use faults::door::{self, Door};
use faults::line::{CuttableListener, WireCutter};
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use world::Shared;

/// How a sandbox is set up.
#[derive(Clone)]
pub struct Options {
    pub clock: Clock,
    pub seed: u64,
    /// People that the systems know at the start; 0 for empty systems.
    pub people: usize,
    /// Ports on 127.0.0.1 of CRM, support, marketing system and control; 0 for any that is free.
    pub ports: [u16; 4],
    pub keys: SandboxKeys,
    /// The id of the static list in the marketing system that holds every lead.
    pub ma_list: String,
    /// How long the marketing system's access tokens are good.
    pub ma_token_life: Span,
    /// How far the CRM's search trails its records.
    pub search_lag: Span,
    /// How far the support system's export trails its records (the vendor's: one minute). A start later than that is then refused.
    pub export_lag: Span,
}

impl Options {
    /// 200 people from seed 1, on free ports, without lags.
    pub fn new(clock: Clock) -> Options {
        Options {
            clock,
            seed: 1,
            people: 200,
            ports: [0; 4],
            keys: SandboxKeys::default(),
            ma_list: "1001".into(),
            ma_token_life: Span::seconds(3600),
            search_lag: Span::ZERO,
            export_lag: Span::ZERO,
        }
    }

    pub fn people(self, people: usize) -> Options {
        Options { people, ..self }
    }
}

/// A running sandbox. Its servers end when it is dropped.
pub struct Sandbox {
    pub crm_url: String,
    pub support_url: String,
    pub ma_url: String,
    pub control_url: String,
    pub keys: SandboxKeys,
    pub ma_list: String,
    pub handle: Handle,
    servers: Vec<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Binds the four ports, fills the systems and serves them from tasks of this runtime. Fails only if a port cannot be had.
    pub async fn start(options: Options) -> io::Result<Sandbox> {
        let mut world =
            SandboxWorld::new(options.clock, options.seed, options.keys.clone(), options.ma_list.clone(), options.ma_token_life);
        (world.search_lag_ms, world.export_lag_ms) = (options.search_lag.0, options.export_lag.0);
        beginning::fill(&mut world, options.seed, options.people);
        let mut listeners = Vec::new();
        let mut urls = Vec::new();
        for port in options.ports {
            let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
            urls.push(format!("http://{}", listener.local_addr()?));
            listeners.push(listener);
        }
        let mut urls = urls.into_iter();
        let mut url = || urls.next().unwrap_or_default();
        let (crm_url, support_url, ma_url, control_url) = (url(), url(), url(), url());
        (world.crm_url, world.support_url) = (crm_url.clone(), support_url.clone());
        let shared: Shared = Arc::new(Mutex::new(world));
        let handle = Handle { shared: shared.clone() };
        let mut sandbox = Sandbox {
            crm_url,
            support_url,
            ma_url,
            control_url,
            keys: options.keys,
            ma_list: options.ma_list,
            handle: handle.clone(),
            servers: Vec::new(),
        };
        let control = control::routes(control::Control { handle, systems: sandbox.systems() });
        let routers = [(SandboxSystem::Crm, crm::routes()), (SandboxSystem::Support, support::routes()), (SandboxSystem::Ma, ma::routes())];
        let mut listeners = listeners.into_iter();
        for ((system, routes), listener) in routers.into_iter().zip(listeners.by_ref()) {
            let app = behind_door(system, routes, &shared);
            let listener = CuttableListener(listener);
            sandbox
                .servers
                .push(tokio::spawn(async move { axum::serve(listener, app.into_make_service_with_connect_info::<WireCutter>()).await }));
        }
        for listener in listeners {
            let control = control.clone();
            sandbox.servers.push(tokio::spawn(async move { axum::serve(listener, control).await }));
        }
        Ok(sandbox)
    }

    /// Where the systems are and how to sign in, as `GET /_sandbox/systems` shows it.
    pub fn systems(&self) -> Value {
        json!({
            "crm": {"url": self.crm_url, "token": self.keys.crm_token},
            "support": {"url": self.support_url, "email": self.keys.support_email, "token": self.keys.support_token},
            "ma": {"url": self.ma_url, "client_id": self.keys.ma_client_id, "client_secret": self.keys.ma_client_secret, "list": self.ma_list},
            "control": {"url": self.control_url},
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

fn behind_door(system: SandboxSystem, routes: Router<Shared>, shared: &Shared) -> Router {
    let door = Door { system, shared: shared.clone() };
    routes.with_state(shared.clone()).layer(axum::middleware::from_fn_with_state(door, door::pass))
}

/// Runs a sandbox as a process of its own: hands what [`Sandbox::systems`] says to `ready`, then serves until a server fails.
pub async fn serve(options: Options, ready: impl FnOnce(&Value)) -> io::Result<()> {
    let mut sandbox = Sandbox::start(options).await?;
    ready(&sandbox.systems());
    // The first that ends ends all: the rest are aborted with the sandbox, also if this future is dropped.
    let (ended, ..) = futures::future::select_all(sandbox.servers.iter_mut()).await;
    ended.map_err(io::Error::other)?
}
