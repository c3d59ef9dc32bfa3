//! Lists out: what a tool without an API is to be told, as files that a person imports there.
//!
//! - `form`: how a tool takes lists; `sample`: the columns and encoding of its own files
//! - `sheets`: which list has what; `page`: what a person does with them; `files`: the one file that writes
//!
//! The lists always hold all that is still to be carried out, so that the newest alone is enough. That it was, the tool's own export shows.

mod files;
pub mod form;
mod page;
mod sample;
mod sheets;

use super::asked::{ListsAsked, OutAsked};
use crate::connector::port::{Abilities, Clock, ListedOutcome, ListedWrite, SystemSettings};
use crate::model::Name;
use form::is_consent;
use sample::Sample;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The page's name.
pub const PAGE: &str = "how-to-import.html";

/// Where a system's lists go, and how.
#[derive(Clone)]
pub struct ListsOut {
    system: Name,
    asked: OutAsked,
    /// How its own export is read.
    lists: ListsAsked,
    /// Where that lies, for people.
    export: String,
    /// The fields that may be written.
    fields: Vec<Name>,
    status_words: BTreeMap<String, String>,
    clock: Clock,
}

impl ListsOut {
    /// `None`: nothing goes out.
    pub fn new(given: &SystemSettings, fields: Vec<Name>, clock: Clock) -> Option<ListsOut> {
        let lists = given.lists.clone()?;
        let asked = lists.out.clone()?;
        let export = lists.lists.first().map(|(_, path)| path.display().to_string()).unwrap_or_default();
        Some(ListsOut { system: given.name.clone(), asked, lists, export, fields, status_words: given.status_words.clone(), clock })
    }

    pub fn abilities(&self) -> Abilities {
        Abilities {
            block: self.asked.block.is_some(),
            status: self.asked.status.is_some(),
            fields: self.fields.clone(),
            stream: self.lists.lists.first().map(|(profile, _)| profile.name().into()),
            batch: 1,
            by_hand: Some(self.asked.folder.display().to_string().into()),
            ..Abilities::default()
        }
    }

    pub fn status_word(&self, status: &str) -> Box<str> {
        self.status_words.get(status).map_or(status, String::as_str).into()
    }

    fn sample(&self) -> Result<Sample, String> {
        let export = self.lists.lists.first().map(|(_, path)| path.as_path());
        let path: &Path = self.asked.sample.as_deref().or(export).unwrap_or(Path::new(""));
        Sample::read(path, &self.lists)
    }

    /// Puts these into the folder, in the place of all lists before.
    pub fn hand_over(&self, all: &[ListedWrite]) -> Result<Vec<ListedOutcome>, String> {
        let folder = &self.asked.folder;
        let sample = self.sample().map_err(|why| format!("the form of the lists is not known: {why}"))?;
        let ending = if sample.separator == b'\t' { "tsv" } else { "csv" };
        files::ready(folder)?;
        let (sheets, outcomes) = self.sheets(&sample, all);
        let (mut any, mut names) = (false, Vec::new());
        for sheet in sheets.values() {
            let name = format!("{}.{ending}", sheet.name);
            any |= files::put(folder, &name, &sheet.bytes(&sample)?)?;
            names.push((name, sheet));
        }
        let kept: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
        any |= files::remove_others(folder, is_ours, &kept)?;
        if any || !folder.join(PAGE).exists() {
            files::put(folder, PAGE, page::page(self, &names, ending, (self.clock)()).as_bytes())?;
        }
        Ok(outcomes)
    }

    /// What whoever keeps the lists should know: columns that are missing, or that must not be written.
    pub fn notes(&self) -> Vec<String> {
        match self.sample() {
            Ok(sample) => self.column_mistakes(&sample).into_iter().map(|why| format!("no list goes out for this: {why}")).collect(),
            Err(why) => vec![format!("no list goes out: {why}")],
        }
    }
}

/// Whether a file in the folder is a list of ours.
fn is_ours(name: &str) -> bool {
    let Some((name, ending)) = name.rsplit_once('.') else { return false };
    matches!(ending, "csv" | "tsv") && (name == "block" || name.starts_with("change-"))
}

/// Why a column is not one of our own, which may be written.
pub fn is_forbidden(header: &str) -> bool {
    is_consent(header)
}

impl fmt::Debug for ListsOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListsOut").field("system", &self.system).field("asked", &self.asked).finish_non_exhaustive()
    }
}
