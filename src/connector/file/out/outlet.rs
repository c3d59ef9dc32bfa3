//! Where a system's lists go, and how.

use crate::connector::file::asked::{ListsAsked, OutAsked};
use crate::connector::port::SystemSettings;
use crate::model::Name;
use std::collections::BTreeMap;

/// What is known of a system that takes lists.
#[derive(Debug, Clone)]
pub struct Outlet {
    pub system: Name,
    pub asked: OutAsked,
    /// How its own export is read.
    pub lists: ListsAsked,
    /// Where that lies, for people.
    pub export: String,
    /// The fields that may be written.
    pub fields: Vec<Name>,
    status_words: BTreeMap<String, String>,
}

impl Outlet {
    /// `None`: nothing goes out.
    pub fn new(given: &SystemSettings, fields: Vec<Name>) -> Option<Outlet> {
        let lists = given.lists.clone()?;
        let asked = lists.out.clone()?;
        let export = lists.lists.first().map(|(_, path)| path.display().to_string()).unwrap_or_default();
        Some(Outlet { system: given.name.clone(), asked, lists, export, fields, status_words: given.status_words.clone() })
    }

    /// The tool's word for one of our statuses.
    pub fn status_word<'w>(&'w self, status: &'w str) -> &'w str {
        self.status_words.get(status).map_or(status, String::as_str)
    }
}
