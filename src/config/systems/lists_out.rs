//! `[systems.NAME.out]`: what is written to a tool without an API goes out by lists.

use super::list_path::place;
use super::settings::Outside;
use crate::config::System;
use crate::config::document::TomlEntry;
use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::connector::file::column::{BLOCK, CONSENT as CONSENT_MARK, STATUS};
use crate::connector::file::out::{form, is_forbidden};
use crate::connector::{ListProfile, ListsAsked, OutAsked, known_word, same_name};
use crate::model::Name;
use std::collections::BTreeMap;
use std::path::Path;

/// What `lacks` calls the column in which people say yes or no to mail.
pub const CONSENT: &str = "consent";

/// Reads it, and gives the columns of marks their meaning.
pub fn read(entry: &TomlEntry, profiles: &[ListProfile], outside: &Outside, asked: &mut ListsAsked) {
    let Some(mut section) = entry.table("out", &keys::LISTS_OUT) else { return };
    let folder = section.need("folder", "expected the folder for the lists, as \"outbox/ma\"");
    let form = section.need("form", "expected form = \"plain\", or the tool's name");
    let sample = section.get("sample");
    let (block, on, off) = (section.get("block"), section.get("on"), section.get("off"));
    let (key, consent, status) = (section.get("key"), section.get("consent"), section.get("status"));
    section.finish();
    if profiles != [ListProfile::Contacts] {
        entry.report("lists go out to one list of contacts, the tool's own export", "expected profile = \"contacts\" beside it");
        return;
    }
    let form = form.and_then(|e| {
        let name = e.filled_text()?;
        let found = form::of(name);
        if found.is_none() {
            e.report(format!("there is no form {name:?}"), choices(name, form::names()));
        }
        found
    });
    let folder = folder.and_then(|e| e.filled_text().map(|text| outside.folder.join(text)));
    let (Some(form), Some(folder)) = (form, folder) else { return };
    if asked.lists.iter().any(|(_, path)| path.parent() == Some(&*folder)) {
        entry.report("the lists would lie among the files that are read", "give them a folder of their own, as \"outbox/ma\"");
    }
    let text = |entry: &Option<TomlEntry>| entry.as_ref().and_then(|e| e.text()).map(str::to_string);
    let own = |entry: &Option<TomlEntry>| entry.as_ref().and_then(own_column);
    let out = OutAsked {
        folder,
        sample: sample.and_then(|e| place(&e, outside)),
        block: own(&block),
        on: text(&on).unwrap_or_else(|| form.on.clone()),
        off: text(&off).unwrap_or_else(|| form.off.clone()),
        key: text(&key),
        status: own(&status),
        wanted: Vec::new(),
        form,
    };
    words(entry, on.as_ref().or(off.as_ref()), &out);
    let consents = text(&consent).map_or_else(|| out.form.consent.clone(), |name| vec![name]);
    let marks = [(out.block.iter().cloned().collect(), BLOCK), (out.status.iter().cloned().collect(), STATUS), (consents, CONSENT_MARK)];
    for (names, mark) in marks {
        for name in names {
            if let Some(known) = asked.columns.insert(name.clone(), mark.to_string()) {
                entry.report(format!("{name:?} is a column for {known:?} already"), "name it once");
            }
        }
    }
    asked.out = Some(out);
}

/// Systems whose lists would take each other's place.
pub fn in_one_folder(systems: &[System]) -> Vec<(Name, Name)> {
    let mut folders: BTreeMap<&Path, &Name> = BTreeMap::new();
    let mut found = Vec::new();
    for system in systems {
        let Some(out) = system.settings.lists.as_ref().and_then(|lists| lists.out.as_ref()) else { continue };
        if let Some(other) = folders.insert(&out.folder, system.name()) {
            found.push((other.clone(), system.name().clone()));
        }
    }
    found
}

/// A column that may be written.
fn own_column(entry: &TomlEntry) -> Option<String> {
    let name = entry.filled_text()?;
    if is_forbidden(name) {
        entry.report(
            format!("{name:?} is the person's own word, which is never written"),
            "make a field of your own in the tool, as \"配信停止\", and let every mailing leave out who has it",
        );
        return None;
    }
    Some(name.to_string())
}

/// What stands for a block must be told from what stands for none.
fn words(out: &TomlEntry, entry: Option<&TomlEntry>, asked: &OutAsked) {
    let said = |text: &str| known_word(text);
    let alike = same_name(&asked.on, &asked.off) || (said(&asked.on).is_some() && said(&asked.on) == said(&asked.off));
    if alike || asked.on.trim().is_empty() {
        entry.unwrap_or(out).report(
            format!("on = {:?} and off = {:?} cannot be told apart", asked.on, asked.off),
            "expected two words, as on = \"停止\" and off = \"可\"",
        );
    }
}
