//! Reads the config folder, finds every mistake in it, and puts the rooms' rules together.
//!
//! Four files, one for each kind of reader. It reads files and the environment that it is handed, and nothing else: no network, no clock.
//!
//! - [`load`](load()): the folder in, a [`Config`] or all its [`Mistakes`] out
//! - `document`: TOML with the place of everything in it. In it: `keys`, `schema`, which keys each table has, for reading and as JSON Schema;
//!   `example_keys`, those of examples; `mistake`, `redact`, `shown`, how mistakes are shown, and what must not be shown with them; `nearest`, `width`, `quoted`, "did you mean"
//! - `systems`: systems.toml, with `settings`, `http`, `milter`, `network`, `plain_http`, `own_fields`, `writes`, `status_words`, `notify`, `time_zone`; `connectors`, manifests out of the
//!   connector room; `offers`, what the configured systems can read, which the other files are checked against
//! - `precedence`, `policy` (with `statuses`), `consent`: one file each; `proof`: what they share; `consequences`: what follows from files that are right;
//!   `status_circle`: statuses that never settle
//! - [`examples`](examples()): the users' own examples, in the folder `tests`
//! - [`footers`](footers()): what footers need, and the footers in the folder `footers`
//! - `edits`: what systems are asked for about edits; `rules`: what of it decides
//! - `files`: what the four are called; `file_text`: reading one; `written`: whose they are; `example`: the folder that `nayose init` writes

mod consent;
mod consequences;
mod document;
mod edits;
mod example;
mod examples;
mod file_text;
mod files;
mod footers;
mod load;
mod policy;
mod precedence;
mod proof;
mod rules;
mod status_circle;
mod statuses;
mod systems;
pub mod written;

pub use consequences::nothing_is_held;
pub use document::mistake::{Mistake, Mistakes};
pub use document::nearest::{choices, nearest};
pub use document::schema::{SCHEMAS, schema};
pub use example::{ExampleOf, Language, example, folders as example_folders};
pub use examples::{Aspect, EXAMPLES_FOLDER, ExampleRecord, Expectation, WrittenExample, examples};
pub use files::FILES;
pub use footers::{FOOTERS_FOLDER, FootersRead, STOP_FILE, footers};
pub use load::{load, load_with, state_of};
pub use rules::{Rules, System, WritesAllowed};
pub use systems::connectors::Connectors;
pub use systems::milter::{MilterListen, MilterSettings};
pub use systems::notify::{MailNotices, Notify, Security, Webhook, WebhookKind};
pub use systems::settings::{NOT_LOOKED_UP, SecretsWanted};

use crate::connector::Manifest;
use crate::connector::network::Network;
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
    /// Where a mail server asks about mails under way, if it does.
    pub milter: Option<MilterSettings>,
    pub network: Network,
    pub notify: Option<Notify>,
    pub rules: Arc<Rules>,
    /// What is no mistake and still worth a look: `systems.toml:4: ...`.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub listen: SocketAddr,
    /// Never `None` when `listen` can be reached from other machines.
    pub token: Option<SecretString>,
    /// Names, in lower case, under which requests without a token are served on loopback, beside this machine's own.
    pub hosts: Vec<String>,
}
