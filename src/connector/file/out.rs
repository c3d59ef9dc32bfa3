//! Lists out: what a tool without an API is to be told, as files that a person imports there.
//!
//! - `form`: how a tool takes lists; `outlet`: what systems.toml says of it; `sample`: the columns and encoding of its own files
//! - `sheets`: which list has what; `page`: what a person does with them; `files`: the one file that writes
//!
//! The lists always hold all that is still to be carried out, so that the newest alone is enough. That it was, the tool's own export shows.

mod files;
pub mod form;
mod outlet;
mod page;
mod sample;
mod sheets;

use crate::connector::port::{Abilities, Clock, ListedOutcome, ListedWrite, SystemSettings};
use crate::model::Name;
use form::is_consent;
use outlet::Outlet;
use sample::Sample;
use std::fmt;
use std::path::Path;

/// The page's name.
pub const PAGE: &str = "how-to-import.html";

/// Puts a system's lists out.
#[derive(Clone)]
pub struct ListsOut {
    outlet: Outlet,
    clock: Clock,
}

impl ListsOut {
    /// `None`: nothing goes out.
    pub fn new(given: &SystemSettings, fields: Vec<Name>, clock: Clock) -> Option<ListsOut> {
        Some(ListsOut { outlet: Outlet::new(given, fields)?, clock })
    }

    pub fn abilities(&self) -> Abilities {
        let Outlet { asked, fields, lists, .. } = &self.outlet;
        Abilities {
            block: asked.block.is_some(),
            status: asked.status.is_some(),
            fields: fields.clone(),
            stream: lists.lists.first().map(|(profile, _)| profile.name().into()),
            batch: 1,
            by_hand: Some(asked.folder.display().to_string().into()),
            ..Abilities::default()
        }
    }

    pub fn status_word(&self, status: &str) -> Box<str> {
        self.outlet.status_word(status).into()
    }

    fn sample(&self) -> Result<Sample, String> {
        let Outlet { asked, lists, .. } = &self.outlet;
        let export = lists.lists.first().map(|(_, path)| path.as_path());
        let path: &Path = asked.sample.as_deref().or(export).unwrap_or(Path::new(""));
        Sample::read(path, lists)
    }

    /// Puts these into the folder, in the place of all lists before.
    pub fn hand_over(&self, all: &[ListedWrite]) -> Result<Vec<ListedOutcome>, String> {
        let folder = &self.outlet.asked.folder;
        let sample = self.sample().map_err(|why| format!("the form of the lists is not known: {why}"))?;
        let ending = if sample.separator == b'\t' { "tsv" } else { "csv" };
        files::ready(folder)?;
        let (sheets, outcomes) = self.outlet.sheets(&sample, all);
        let (mut any, mut names) = (false, Vec::new());
        for sheet in sheets.values() {
            let name = format!("{}.{ending}", sheet.name);
            any |= files::put(folder, &name, &sheet.bytes(&sample)?)?;
            names.push((name, sheet));
        }
        let kept: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
        any |= files::remove_others(folder, is_ours, &kept)?;
        if any || !folder.join(PAGE).exists() {
            files::put(folder, PAGE, page::page(&self.outlet, &names, ending, (self.clock)()).as_bytes())?;
        }
        Ok(outcomes)
    }

    /// What whoever keeps the lists should know: columns that are missing, or that must not be written.
    pub fn notes(&self) -> Vec<String> {
        match self.sample() {
            Ok(sample) => self.outlet.column_mistakes(&sample).into_iter().map(|why| format!("no list goes out for this: {why}")).collect(),
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
        f.debug_struct("ListsOut").field("outlet", &self.outlet).finish_non_exhaustive()
    }
}
