//! A request as a system sees it, and its answer.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A request as the server saw it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub authorization: String,
    pub body: Json,
}

impl Asked {
    pub fn number(&self, name: &str) -> usize {
        self.query.get(name).map_or(0, |v| v.parse().unwrap())
    }
}

/// Status, headers, body.
pub struct Reply(pub u16, pub Vec<(&'static str, String)>, pub String);

pub fn json(body: Json) -> Reply {
    Reply(200, Vec::new(), body.to_string())
}

pub fn status(status: u16, body: &str) -> Reply {
    Reply(status, Vec::new(), body.to_string())
}
