//! consent.toml: on what ground in law the records of a system let mail be sent.

use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::footers;
use crate::config::systems::offers::Offers;
use crate::decide::rules::ConsentRules;
use crate::model::{Basis, Name};
use toml::de::DeTable;

/// Reads consent.toml.
pub fn read<'a>(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>, offers: &Offers) -> ConsentRules {
    let mut top = Section::top(sheet, table, &keys::CONSENT);
    let sources = top.table("sources", "[sources]", &keys::SOURCES).map(|mut s| s.entries()).unwrap_or_default();
    let sources = sources.iter().filter_map(|e| source(e, offers)).collect();
    footers::allowed(sheet, &mut top);
    top.finish();
    ConsentRules { sources }
}

fn source(entry: &TomlEntry, offers: &Offers) -> Option<(Name, Basis)> {
    let system = offers.named(&TomlEntry { at: entry.key_at.clone(), ..entry.clone() }, entry.key);
    let mut section = entry.table(&format!("[sources.{}]", entry.key), &keys::SOURCE)?;
    let names = Basis::ALL.map(Basis::name);
    let basis = section.need("basis", &format!("expected basis = \"..\", one of {}", names.join(", ")));
    section.finish();
    let basis = basis?;
    let name = basis.text()?;
    let known = Basis::ALL.into_iter().find(|b| b.name() == name);
    if known.is_none() {
        basis.report(format!("unknown basis {name:?}"), choices(name, names));
    }
    Some((system?.name.clone(), known?))
}
