//! The names that the texts of a request may have in them.

use super::Request;
use crate::connector::raw::templates::Template;

/// Names that stand for what the permit and the reason are called in the target.
pub(in crate::connector) const HOLD: [&str; 2] = ["hold.permit", "hold.why"];

/// The names of the fields that systems.toml adds: the last part of a list of names, so that a list without any is whole too.
pub(in crate::connector) const OWN: &str = "own.fields";

/// The ways to name several ids, and one.
pub(in crate::connector) const IDS: [&str; 4] = ["ids", "ids_quoted", "id_rows", "id"];

impl Request {
    /// Whether any of its templates names this.
    pub(in crate::connector) fn uses(&self, name: &str) -> bool {
        in_text(&self.path, name) || self.query.values().any(|t| in_text(t, name)) || self.body.as_ref().is_some_and(|b| in_body(b, name))
    }

    /// Whether it says for which ids it is, and may say several.
    pub(in crate::connector) fn names_many_ids(&self) -> bool {
        IDS[..3].iter().any(|name| self.uses(name))
    }

    /// Whether it says for which ids it is.
    pub(in crate::connector) fn names_ids(&self) -> bool {
        IDS.iter().any(|name| self.uses(name))
    }
}

fn in_body(body: &toml::Value, name: &str) -> bool {
    match body {
        toml::Value::String(text) => in_text(text, name),
        toml::Value::Array(items) => items.iter().any(|v| in_body(v, name)),
        toml::Value::Table(table) => table.values().any(|v| in_body(v, name)),
        _ => false,
    }
}

fn in_text(text: &str, name: &str) -> bool {
    Template::parse(text).is_ok_and(|t| t.names().any(|n| n == name))
}
