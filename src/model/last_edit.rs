//! What a system itself tells of the last change of one field.

use super::Name;
use serde::{Deserialize, Serialize};

/// Who made a change, as far as that matters. Who the person was is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Editor {
    /// A person who works in that system.
    Person,
    /// One of the system's `relays`, by the name that it is listed under: what it brings is a copy of another system's value.
    Relay(Name),
    /// Nobody is told: the value stood in this file of a list when it came up. Since format 8.
    InFile(Name),
}

/// What a system tells of a field's last change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEdit {
    /// The field's age is by its own history: the time of that change.
    pub dated: bool,
    /// `None`: not told, or a program that is no relay.
    pub by: Option<Editor>,
}

impl LastEdit {
    /// The relay that brought the value.
    pub fn relay(&self) -> Option<&Name> {
        match &self.by {
            Some(Editor::Relay(name)) => Some(name),
            Some(Editor::Person | Editor::InFile(_)) | None => None,
        }
    }

    /// The file of a list that the value came out of.
    pub fn file(&self) -> Option<&Name> {
        match &self.by {
            Some(Editor::InFile(file)) => Some(file),
            Some(Editor::Person | Editor::Relay(_)) | None => None,
        }
    }

    /// Whether it may be another one though the value is the same: a list tells of no edits.
    pub fn may_be_news(&self) -> bool {
        self.dated || self.file().is_none()
    }

    /// Whether a person typed the value there.
    pub fn is_typed(&self) -> bool {
        self.by == Some(Editor::Person)
    }
}
