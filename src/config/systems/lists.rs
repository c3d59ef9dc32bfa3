//! `connector = "file"`: where a system's lists are, of what kind, and what their words mean.

use super::list_path::place;
use super::lists_out;
use super::settings::Outside;
use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::connector::file::column::KnownColumn;
use crate::connector::{ListProfile, ListsAsked, Manifest, file};
use crate::model::{Date, DealState};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A system whose connector is known, and the lists that it is.
pub struct ListsRead {
    pub manifest: Arc<Manifest>,
    pub asked: ListsAsked,
}

/// The tables that only lists have, taken out of a system's section.
pub struct ListTables<'a> {
    lists: Option<TomlEntry<'a>>,
    columns: Option<TomlEntry<'a>>,
    stages: Option<TomlEntry<'a>>,
    out: Option<TomlEntry<'a>>,
}

impl<'a> ListTables<'a> {
    pub fn take(section: &mut Section<'a>) -> ListTables<'a> {
        ListTables { lists: section.get("lists"), columns: section.get("columns"), stages: section.get("stages"), out: section.get("out") }
    }

    /// Reports them in a system that is no list.
    pub fn refuse(&self) {
        for entry in [&self.lists, &self.columns, &self.stages, &self.out].into_iter().flatten() {
            let said = format!("{:?} is of lists alone", entry.key);
            entry.sheet.report(entry.key_at.clone(), said, "take it out, or say connector = \"file\"");
        }
    }
}

/// Reports fields of one's own in a system of lists.
pub fn refuse_fields(entry: &TomlEntry) {
    entry.sheet.report(
        entry.key_at.clone(),
        "lists have columns".to_string(),
        "take it out, and name the column in columns = { \"..\" = \"..\" }",
    );
}

/// Whether a system is lists.
pub fn is_asked_for(connector: &TomlEntry) -> bool {
    connector.text() == Some(file::CONNECTOR)
}

/// Reads what a system of lists says of them. `None`: it is not known which lists it has.
pub fn read(section: &mut Section, tables: &ListTables, outside: &Outside) -> Option<ListsRead> {
    let (path, profile) = (section.get("path"), section.get("profile"));
    let (kind, as_of, sheet) = (section.get("list"), section.get("as_of"), section.get("sheet"));
    let lists = match (&tables.lists, path, profile) {
        (Some(lists), None, None) => several(lists, outside)?,
        (None, Some(path), Some(profile)) => {
            let (path, profile) = (place(&path, outside), self::profile(&profile));
            vec![(profile?, path?)]
        }
        (Some(lists), ..) => {
            lists.report("path and profile say one list, lists says several", "keep one of the two");
            return None;
        }
        (None, path, profile) => {
            let lacks = if path.is_none() { "path" } else { "profile" };
            let _ = profile;
            section.report(
                format!("{} lacks {lacks:?}", section.title),
                "expected path = \"inbox/cards/*.xlsx\" and profile = \"cards\" (or contacts, contracts, consents, seminars, accounts, deals), or several by lists = { contacts = \"..\", deals = \"..\" }",
            );
            return None;
        }
    };
    let profiles: Vec<ListProfile> = lists.iter().map(|(profile, _)| *profile).collect();
    let mut asked = ListsAsked {
        folder: outside.folder.to_path_buf(),
        lists,
        only_adds: kind.is_some_and(|e| only_adds(&e)),
        as_of: as_of.and_then(|e| day(&e)),
        sheet: sheet.and_then(|e| e.filled_text().map(str::to_string)),
        columns: tables.columns.as_ref().map(|e| columns(e, &profiles)).unwrap_or_default(),
        stages: tables.stages.as_ref().map(|e| stages(e, &profiles)).unwrap_or_default(),
        words: BTreeMap::new(),
        out: None,
    };
    if let Some(out) = &tables.out {
        lists_out::read(out, &profiles, outside, &mut asked);
    }
    Some(ListsRead { manifest: Arc::new(file::manifest(&profiles, asked.out.as_ref())), asked })
}

/// The columns that a list is said not to have, by our names for them.
pub fn lacks(entry: &TomlEntry, asked: &ListsAsked) -> Vec<String> {
    let mut known = names(asked.lists.iter().map(|(profile, _)| *profile));
    known.extend(asked.out.iter().map(|_| lists_out::CONSENT));
    let texts = entry.texts().into_iter().filter(|(at, name)| is_known(at, name, &known));
    texts.map(|(_, name)| name.to_string()).collect()
}

fn several(entry: &TomlEntry, outside: &Outside) -> Option<Vec<(ListProfile, PathBuf)>> {
    let mut section = entry.table("lists", &keys::LISTS)?;
    let given: Vec<(ListProfile, TomlEntry)> =
        ListProfile::ALL.into_iter().filter_map(|profile| Some((profile, section.get(profile.name())?))).collect();
    section.finish();
    if given.is_empty() {
        entry.report("lists names no list", "expected lists = { contacts = \"inbox/contacts.csv\", deals = \"inbox/deals.xlsx\" }");
        return None;
    }
    if let Some((_, consents)) = given.iter().find(|(profile, _)| *profile == ListProfile::Consents && given.len() > 1) {
        consents.report(
            "a list of consents is a system of its own",
            "expected connector = \"file\", path and profile = \"consents\" in a section of its own: consent.toml says of a system as a whole what its records prove",
        );
    }
    given.into_iter().map(|(profile, path)| Some((profile, place(&path, outside)?))).collect()
}

fn profile(entry: &TomlEntry) -> Option<ListProfile> {
    let name = entry.filled_text()?;
    let found = ListProfile::parse(name);
    if found.is_none() {
        entry.report(format!("there is no profile {name:?}"), choices(name, ListProfile::ALL.map(ListProfile::name)));
    }
    found
}

fn only_adds(entry: &TomlEntry) -> bool {
    match entry.filled_text() {
        Some("supplement") => true,
        Some("snapshot") | None => false,
        Some(other) => {
            entry.report(
                format!("a list is no {other:?}"),
                "expected \"snapshot\" (who is not in it any more is gone) or \"supplement\" (it only adds)",
            );
            false
        }
    }
}

fn day(entry: &TomlEntry) -> Option<Date> {
    let text = entry.filled_text()?;
    let day = Date::parse(text);
    if day.is_none() {
        entry.report(format!("{text:?} is no day"), "expected the day on which the list was right, as \"2026-10-01\"");
    }
    day
}

fn columns(entry: &TomlEntry, profiles: &[ListProfile]) -> BTreeMap<String, String> {
    let Some(mut section) = entry.table("columns", &keys::COLUMNS) else { return BTreeMap::new() };
    let known = names(profiles.iter().copied());
    let mut columns = BTreeMap::new();
    for column in section.entries() {
        if let Some(key) = column.filled_text().filter(|key| is_known(&column, key, &known)) {
            columns.insert(column.key.to_string(), key.to_string());
        }
    }
    section.finish();
    columns
}

fn stages(entry: &TomlEntry, profiles: &[ListProfile]) -> BTreeMap<String, DealState> {
    let Some(mut section) = entry.table("stages", &keys::STAGES) else { return BTreeMap::new() };
    let mut stages = BTreeMap::new();
    for stage in section.entries() {
        match stage.text().map(|word| (word, DealState::parse(word))) {
            Some((_, Some(state))) => {
                stages.insert(stage.key.to_string(), state);
            }
            Some((word, None)) => stage.report(format!("{word:?} is no state of a deal"), "expected \"open\", \"won\" or \"lost\""),
            None => {}
        }
    }
    section.finish();
    if !profiles.contains(&ListProfile::Deals) {
        entry.sheet.report(entry.key_at.clone(), "no list of deals is read here", "take stages out, or add a list of the profile deals");
    }
    stages
}

fn names(profiles: impl Iterator<Item = ListProfile>) -> Vec<&'static str> {
    let mut names: Vec<&str> = profiles.flat_map(ListProfile::columns).map(|KnownColumn { key, .. }| *key).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_known(entry: &TomlEntry, name: &str, known: &[&str]) -> bool {
    let is_known = known.contains(&name);
    if !is_known {
        entry.report(format!("these lists know no column {name:?}"), choices(name, known.iter().copied()));
    }
    is_known
}
