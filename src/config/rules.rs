//! What counts, of all that the folder says: the part that decides and is decided by, without doors, secrets of our own or places on disk.

use crate::connector::{Manifest, SystemSettings};
use crate::decide::rules::{ConsentRules, Policy};
use crate::merge::rules::Precedence;
use crate::model::expression::Declared;
use crate::model::{Name, OwnPermit, RulesFile, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rules of the four files.
#[derive(Debug, Clone)]
pub struct Rules {
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
    /// Whose files they are.
    pub files: Vec<RulesFile>,
}

impl Rules {
    pub fn system(&self, name: &str) -> Option<&System> {
        self.systems.iter().find(|s| &*s.settings.name == name)
    }
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
    /// Whether a hold sets the connector's block. Only where `writes` has "hold".
    pub block: bool,
    /// The target's field or label that says "may be mailed", where a hold works by its absence.
    pub permit: Option<String>,
    /// Those for one kind or topic of mail.
    pub permits: BTreeMap<OwnPermit, String>,
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

    /// What is written there that may have words of the system's: as its connector calls it.
    pub fn written_parts(&self) -> Vec<Name> {
        let marks = [("status", self.writes.status), ("block", self.writes.hold && self.block)];
        let marks = marks.into_iter().filter(|(_, is_written)| *is_written).map(|(part, _)| part.into());
        marks.chain(self.writes.fields.iter().cloned()).collect()
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
