//! What people were told.

use crate::engine::ledger::kind::Single;
use crate::model::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was told.
pub(in crate::engine) const TOLD: Single<ToldNotices> = Single::new("told by event");

/// What was told, by event; and what has not reached anyone yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ToldNotices {
    pub(in crate::engine) events: BTreeMap<String, Event>,
    pub unsent: Vec<Unsent>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Event {
    /// What to say when it is over.
    pub(in crate::engine) over: String,
    pub(in crate::engine) since: Time,
    /// When it was told; `None`: it has not lasted long enough yet.
    pub(in crate::engine) told_at: Option<Time>,
    /// The number that was told.
    pub(in crate::engine) count: usize,
    pub(in crate::engine) gone_since: Option<Time>,
}

/// A notice on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    pub by: NoticeWay,
    pub notice: Notice,
    pub tries: u32,
    pub next_at: Time,
}

/// The two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeWay {
    Webhook,
    Mail,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which event: the same words when it begins, when it grows and when it is over. Empty in what a former version left unsent.
    pub event: String,
    /// When it began.
    pub since: Option<Time>,
    pub over: bool,
    pub text: String,
}
