//! What systems.toml says of the lists of a system.

use super::profiles::ListProfile;
use crate::model::{Date, DealState};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The lists of one system, and how they are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ListsAsked {
    /// Each kind once. The last part of a path may hold `*` and `?`: all files that fit are one list.
    pub lists: Vec<(ListProfile, PathBuf)>,
    /// A list only adds: who is not in it stays as they were known.
    pub only_adds: bool,
    /// Since when values are as they are that no column dates.
    pub as_of: Option<Date>,
    /// The sheet of a workbook; the first that has the columns, if it is not given.
    pub sheet: Option<String>,
    /// By the list's own name of a column, what it is.
    pub columns: BTreeMap<String, String>,
    /// By the list's own word, where a deal stands.
    pub stages: BTreeMap<String, DealState>,
}

impl ListsAsked {
    /// One list, read as it is.
    pub fn one(profile: ListProfile, path: PathBuf) -> ListsAsked {
        ListsAsked {
            lists: vec![(profile, path)],
            only_adds: false,
            as_of: None,
            sheet: None,
            columns: BTreeMap::new(),
            stages: BTreeMap::new(),
        }
    }
}
