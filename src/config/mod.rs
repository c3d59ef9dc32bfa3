//! Reads the config folder, finds every mistake in it, and puts the rooms' rules together.
//!
//! Four files, one for each kind of reader. It reads files and the environment that it is handed, and nothing else: no network, no clock.
//!
//! - [`load`](load()): the folder in, a [`Config`] or all its [`Mistakes`] out
//! - `document`: TOML with the place of everything in it. In it: `keys`, `schema`, which keys each table has, for reading and as JSON Schema;
//!   `mistake`, `redact`, `shown`, how mistakes are shown, and what must not be shown with them; `nearest`, `width`, `quoted`, "did you mean"
//! - `systems`: systems.toml, with `settings`, `http`, `network`, `plain_http`, `writes`, `notify`, `time_zone`; `connectors`, manifests out of the
//!   connector room; `offers`, what the configured systems can read, which the other files are checked against
//! - `precedence`, `policy`, `consent`: one file each; `proof`: what they share; `consequences`: what follows from files that are right
//! - `files`: what the four are called; `example`: the folder that `nayose init` writes

mod consent;
mod consequences;
mod document;
mod example;
mod files;
mod load;
mod policy;
mod precedence;
mod proof;
mod systems;

pub use consequences::nothing_is_held;
pub use document::mistake::{Mistake, Mistakes};
pub use document::schema::{SCHEMAS, schema};
pub use example::{Language, example};
pub use files::FILES;
pub use load::{load, load_with, state_of};
pub use systems::connectors::Connectors;
pub use systems::notify::{MailNotices, Notify, Security, Webhook, WebhookKind};
pub use systems::settings::{NOT_LOOKED_UP, SecretsWanted};

use crate::connector::network::Network;
use crate::connector::{Manifest, SystemSettings};
use crate::decide::rules::{ConsentRules, Policy};
use crate::merge::rules::Precedence;
use crate::model::expression::Declared;
use crate::model::{Name, Span};
use crate::store::StateUrl;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where manifests come from: those shipped, and those in a folder of the user's own, which win.
pub trait ManifestSource {
    /// All connectors' names, sorted. `own` is the folder that systems.toml names by `connectors = ".."`.
    fn names(&self, own: Option<&Path>) -> Vec<String>;
    /// The manifest of a connector, `None` if there is none of that name.
    /// The error is for the person who wrote the manifest.
    fn manifest(&self, own: Option<&Path>, name: &str) -> Result<Option<Arc<Manifest>>, String>;
}

/// A config folder without a mistake, ready for the rooms.
#[derive(Debug, Clone)]
pub struct Config {
    pub folder: PathBuf,
    pub state: StateUrl,
    pub http: HttpSettings,
    pub network: Network,
    pub notify: Option<Notify>,
    /// In the file's order.
    pub systems: Vec<System>,
    /// Patterns (`info@*`, `*@lists.example`) of addresses that several people read, of `[link] shared_mailboxes`.
    pub shared_mailboxes: Vec<String>,
    pub precedence: Precedence,
    pub policy: Policy,
    pub consent: ConsentRules,
    /// The fields that expressions may read, of all systems together.
    pub declared: Declared,
    /// Changes whenever one of the four files does: 12 hex digits.
    pub version: String,
    /// What is no mistake and still worth a look: `systems.toml:4: ...`.
    pub notes: Vec<String>,
}

impl Config {
    pub fn system(&self, name: &str) -> Option<&System> {
        self.systems.iter().find(|s| &*s.settings.name == name)
    }
}

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub listen: SocketAddr,
    /// Never `None` when `listen` can be reached from other machines.
    pub token: Option<SecretString>,
    /// Names, in lower case, under which requests without a token are served on loopback, beside this machine's own.
    pub hosts: Vec<String>,
}

/// One system: what is read, and what may be written.
#[derive(Debug, Clone)]
pub struct System {
    pub settings: SystemSettings,
    pub manifest: Arc<Manifest>,
    /// How often its streams are read; the manifest's own numbers if `None`.
    pub every: Option<Span>,
    /// How often the sweep runs behind a filter; the manifest's own numbers if `None`.
    pub sweep: Option<Span>,
    pub writes: WritesAllowed,
    /// Users of that system whose edits are copies of other systems' values. Not used in this version, which `check` and `run` say.
    pub relays: Vec<String>,
    /// Whether a hold sets the connector's block. Only where `writes` has "hold".
    pub block: bool,
    /// The target's field or label that says "may be mailed", where a hold works by its absence.
    pub permit: Option<String>,
    /// The target's field that says why.
    pub why: Option<String>,
    /// How long a permit lasts unless it is renewed.
    pub lease: Span,
    /// Of its table in systems.toml.
    pub line: usize,
}

impl System {
    pub fn name(&self) -> &Name {
        &self.settings.name
    }
}

/// What may be written into a system; nothing else, ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WritesAllowed {
    /// Blocks and permits.
    pub hold: bool,
    /// The lead status.
    pub status: bool,
    pub fields: Vec<Name>,
}
