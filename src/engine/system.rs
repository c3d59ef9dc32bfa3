//! One configured system as the engine knows it: its streams, its outbox, and how far it may be written to.

use crate::config::System;
use crate::connector::{Abilities, StreamInfo};
use crate::engine::delivery::acts::Channel;
use crate::engine::delivery::handed::HandedList;
use crate::engine::delivery::outbox::Outbox;
use crate::engine::delivery::usage::KeptUsage;
use crate::engine::delivery::without_code::WithoutCode;
use crate::engine::guard::guards::Guards;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::reading::Streams;
use crate::engine::recovery::instance::Identity;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::connected::{Connected, WordsByStatus};
use crate::engine::target::Due;
use crate::engine::target::lanes::Lanes;
use crate::model::{Record, Time};
use std::sync::Arc;

/// One configured system. Each part has private fields, in the room that writes it.
#[derive(Debug)]
pub struct SystemState {
    /// Its table, and what its connector is able to do.
    pub connected: Connected,
    /// What was read of it.
    pub streams: Streams,
    /// Which instance of the system all this is of.
    pub identity: Identity,
    /// How far it may be written to.
    pub approved: Option<Approval>,
    /// Target records with something to write, and what kind.
    pub outbox: Outbox,
    /// What is wanted there and has no code.
    pub without_code: WithoutCode,
    /// What is under way there, and what its trouble lets through.
    pub channel: Channel,
    /// The list that a person carries over, where that is the way.
    pub by_hand: HandedList,
    /// What is too much at once.
    pub guards: Guards,
    pub usage: KeptUsage,
}

impl SystemState {
    /// A system of which nothing is known yet.
    pub fn new(opened: Opened) -> SystemState {
        SystemState {
            connected: Connected::new(opened.config, opened.abilities, opened.words),
            streams: Streams::new(opened.streams),
            identity: Identity::new(opened.address, opened.tells_instance),
            approved: None,
            outbox: Default::default(),
            without_code: Default::default(),
            channel: Default::default(),
            by_hand: Default::default(),
            guards: Default::default(),
            usage: Default::default(),
        }
    }

    /// The same system with another table or connector. What reads other things, or reads them otherwise, makes everything be read again.
    pub fn reopened(mut self, opened: Opened) -> SystemState {
        let changed = self.connected.reconnect(opened.config, opened.abilities, opened.words);
        self.by_hand = HandedList::default();
        if changed.reads_otherwise {
            self.streams.read_anew();
        }
        if changed.goes_elsewhere {
            self.identity.reconnected(opened.address, opened.tells_instance);
        }
        self.streams.follow(opened.streams);
        self
    }

    /// Takes note of what is due for a record that was decided on anew.
    pub fn line_up(&mut self, idx: Idx, record: &Record, due: &Due, now: Time) {
        self.channel.touch(idx);
        self.by_hand.touch();
        self.guards.line_up(idx, record, due, now);
        self.outbox.line_up(idx, Lanes::of(due));
        self.without_code.note(idx, &due.without_code);
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
