//! One configured system as the engine knows it: its streams, its outbox, and how far it may be written to.

use crate::config::System;
use crate::connector::{Abilities, StreamInfo, Usage};
use crate::engine::delivery::acts::Channel;
use crate::engine::delivery::outbox::Outbox;
use crate::engine::guard::guards::Guards;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::place::Idx;
use crate::engine::proofs::reading::Streams;
use crate::engine::recovery::instance::Identity;
use crate::engine::rules::approval::Approval;
use crate::engine::target::lanes::Lanes;
use crate::engine::target::{Allowed, Due};
use crate::model::{Name, Record, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was used of today's budget, by system: the day and the requests.
pub(in crate::engine) const USAGE: Kind<(i64, u64)> = Kind::new(Tag::Usage);

/// What a system calls each lead status.
pub type WordsByStatus = BTreeMap<Name, Box<str>>;

/// One configured system.
#[derive(Debug)]
pub struct SystemState {
    pub config: Arc<System>,
    /// The table that its connector was made of: the one above may follow an edit before the connector does.
    connected: Arc<System>,
    pub abilities: Abilities,
    pub allowed: Allowed,
    pub streams: Streams,
    pub approved: Option<Approval>,
    /// Our statuses in the system's own words.
    pub words: WordsByStatus,
    /// Target records with something to write, and what kind.
    pub outbox: Outbox,
    /// What is under way there, and what its trouble lets through.
    pub channel: Channel,
    pub guards: Guards,
    /// Requests of today as last written.
    pub usage_kept: Option<Usage>,
    /// Which instance of the system all this is of.
    pub identity: Identity,
}

impl SystemState {
    /// Takes note of what is due for a record that was decided on anew.
    pub fn line_up(&mut self, idx: Idx, record: &Record, due: &Due, now: Time) {
        self.channel.touch(idx);
        self.guards.line_up(idx, record, due, now);
        self.outbox.line_up(idx, Lanes::of(due));
    }
}

impl SystemState {
    /// A system of which nothing is known yet.
    pub fn new(opened: Opened) -> SystemState {
        let config = opened.config;
        SystemState {
            allowed: Allowed::by(&config, &opened.abilities),
            abilities: opened.abilities,
            streams: Streams::new(opened.streams),
            words: opened.words,
            approved: None,
            outbox: Default::default(),
            channel: Default::default(),
            guards: Default::default(),
            usage_kept: None,
            identity: Identity::new(opened.address, opened.tells_instance),
            connected: config.clone(),
            config,
        }
    }

    /// Takes the system's table in systems.toml, as it is in force.
    pub fn follow(&mut self, config: Arc<System>) {
        self.allowed = Allowed::by(&config, &self.abilities);
        self.config = config;
    }

    /// The same system with another table or connector. What reads other things, or reads them otherwise, makes everything be read again.
    pub fn reopened(mut self, opened: Opened) -> SystemState {
        if !crate::engine::rules::connection::reads_the_same(&self.connected, &opened.config) {
            self.streams.read_anew();
        }
        if !crate::engine::rules::connection::same_connection(&self.connected, &opened.config) {
            self.identity.reconnected(opened.address, opened.tells_instance);
        }
        self.abilities = opened.abilities;
        self.streams.follow(opened.streams);
        self.words = opened.words;
        self.connected = opened.config.clone();
        self.follow(opened.config);
        self
    }
}

/// A system as the engine needs it at open.
#[derive(Clone)]
pub struct Opened {
    pub config: Arc<System>,
    pub abilities: Abilities,
    pub streams: Vec<StreamInfo>,
    /// Our statuses in its own words.
    pub words: WordsByStatus,
    /// Where it is reached, and whether it can say which instance it is.
    pub address: Box<str>,
    pub tells_instance: bool,
}
