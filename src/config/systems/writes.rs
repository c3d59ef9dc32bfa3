//! `writes` and `hold` of a system: what may be written there, checked against what its connector can write.

use super::offers::writes_consent;
use super::own_fields::WithOwnFields;
use super::permits;
use crate::config::WritesAllowed;
use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::connector::Manifest;
use crate::connector::manifest;
use crate::model::{Name, OwnPermit, Span};
use std::collections::BTreeMap;

/// How long a permit lasts unless the config says otherwise.
const LEASE: Span = Span::days(7);

/// How often streams are read when neither config nor manifest says.
const EVERY: Span = Span::seconds(60);

/// What a system's `writes` and `hold` say, as far as it is right.
pub struct SystemWrites {
    pub writes: WritesAllowed,
    pub block: bool,
    pub permit: Option<String>,
    pub permits: BTreeMap<OwnPermit, String>,
    pub why: Option<String>,
    pub lease: Span,
}

pub fn read(
    section: &Section,
    wanted: Option<&TomlEntry>,
    hold: Option<&TomlEntry>,
    with_own: &WithOwnFields,
    every: Option<Span>,
) -> SystemWrites {
    let manifest = &*with_own.manifest;
    let can = manifest.writes.as_ref();
    let (can_block, can_permit) = (can.is_some_and(|w| w.block.is_some()), can.is_some_and(|w| w.permit.is_some()));
    let mut out =
        SystemWrites { writes: WritesAllowed::default(), block: false, permit: None, permits: BTreeMap::new(), why: None, lease: LEASE };
    let mut hold_wanted = None;
    for (entry, name) in wanted.map(|e| e.texts()).unwrap_or_default() {
        if name == "hold" {
            hold_wanted = Some(entry);
        } else {
            word(&entry, name, with_own, &mut out.writes);
        }
    }
    if let (Some(entry), false, false) = (&hold_wanted, can_block, can_permit) {
        entry.report(format!("{} can neither block nor permit mail", manifest.title), abilities(manifest));
        hold_wanted = None;
    }
    out.writes.hold = hold_wanted.is_some();
    let Some(hold) = hold else {
        out.block = hold_wanted.is_some() && can_block;
        if let (Some(entry), false) = (&hold_wanted, can_block) {
            let said = format!("{} holds mail by the absence of a permit, which needs a name", manifest.title);
            entry.report(said, format!("add hold = {{ permit = \"NAME\" }} to {}", section.title));
        }
        return out;
    };
    if !wanted.is_some_and(|w| names_hold(w)) {
        hold.sheet.report(
            hold.key_at.clone(),
            "hold is set, but \"hold\" is not in writes: nothing would be written",
            "add \"hold\" to writes, or remove hold",
        );
    }
    how(hold, manifest, (can_block, can_permit), every, &mut out);
    out
}

fn names_hold(wanted: &TomlEntry) -> bool {
    match wanted.value {
        toml::de::DeValue::Array(items) => items.iter().any(|i| i.get_ref().as_str() == Some("hold")),
        _ => false,
    }
}

/// One word of `writes` other than "hold".
fn word(entry: &TomlEntry, name: &str, with_own: &WithOwnFields, writes: &mut WritesAllowed) {
    let manifest = &*with_own.manifest;
    let Some(can) = &manifest.writes else {
        return entry.report(format!("{} is only read: {name:?} cannot be written", manifest.title), "take writes out");
    };
    if name == "status" {
        if can.status.is_none() {
            return entry.report(format!("{} has no place for the lead status", manifest.title), abilities(manifest));
        }
        writes.status = true;
        return;
    }
    match can.fields.get(name) {
        None if let Some(why) = with_own.unwritable.get(name) => {
            let hint =
                "take it out of writes; of the stream that is written, write = \"NAME\" in the field's table says what the system calls it";
            entry.report(format!("{name:?} is a field of your own that cannot be written: {why}"), hint);
        }
        None => {
            let words = writable(manifest);
            let said = format!("{} cannot write {name:?}", manifest.title);
            entry.report(said, choices(name, words.iter().map(String::as_str)));
        }
        Some(written) if writes_consent(manifest, name, written.field()) => {
            entry.report(
                format!("{name:?} is the person's own consent in {}: it is never written", manifest.title),
                "take it out of writes",
            );
        }
        Some(_) => writes.fields.push(Name::from(name)),
    }
}

/// The table `hold = { block, permit, permits, why, lease }`.
fn how(hold: &TomlEntry, manifest: &Manifest, (can_block, can_permit): (bool, bool), every: Option<Span>, out: &mut SystemWrites) {
    let Some(mut section) = hold.table(&format!("{:?}", hold.key), &crate::config::document::keys::HOLD_WRITTEN) else { return };
    let (block, permit, why, lease) = (section.get("block"), section.get("permit"), section.get("why"), section.get("lease"));
    let own = section.get("permits");
    section.finish();
    let named = |entry: &Option<TomlEntry>| entry.as_ref().and_then(|e| e.filled_text()).map(str::to_string);
    out.block = block.as_ref().map_or(Some(can_block), |e| e.bool()).unwrap_or(false);
    (out.permit, out.why) = (named(&permit), named(&why));
    if let (Some(entry), true, false) = (&block, out.block, can_block) {
        entry.report(format!("{} cannot block mail to a person", manifest.title), abilities(manifest));
    }
    if let (Some(entry), false) = (&permit, can_permit) {
        entry.report(format!("{} cannot carry a permit", manifest.title), abilities(manifest));
    }
    if let (Some(entry), false) = (&why, manifest.writes.as_ref().is_some_and(|w| w.why.is_some())) {
        entry.report(format!("{} has no place for the reason", manifest.title), abilities(manifest));
    }
    if let Some(entry) = &own {
        out.permits = permits::read(entry, manifest, &[("permit", out.permit.as_deref()), ("reason", out.why.as_deref())]);
        if !out.block && permit.is_none() && block.is_none() {
            let said = "a hold that stops all marketing mail is shown by the block, or by the permit for all of it";
            entry.report(said, "add block = true, or permit = \"NAME\"");
        }
    }
    if let (Some(entry), false, None) = (&block, out.block, &permit) {
        entry.report("a hold without block and without permit holds nothing", "expected block = true, or permit = \"NAME\"");
    }
    let Some(entry) = lease else { return };
    if permit.is_none() && own.is_none() {
        entry.report("a lease is how long a permit lasts, and there is no permit", "add permit = \"NAME\", or remove lease");
    }
    let Some(span) = entry.duration() else { return };
    let interval = every.or_else(|| slowest(manifest)).unwrap_or(EVERY);
    if span <= interval {
        let hint = format!("expected much longer than {interval}, as \"{LEASE}\"");
        entry.report(format!("a permit of {span} would end before it can be renewed: the system is read every {interval}"), hint);
    }
    out.lease = span;
}

/// The longest of the manifest's own intervals.
fn slowest(manifest: &Manifest) -> Option<Span> {
    manifest.streams.values().filter_map(|s| s.every).max()
}

/// What the connector can write, in words.
fn abilities(manifest: &manifest::Manifest) -> String {
    let words = writable(manifest);
    if words.is_empty() {
        return "it is only read".to_string();
    }
    let mut hint = format!("it can write {}", words.join(", "));
    if let Some(writes) = &manifest.writes {
        let marks = [("block", &writes.block), ("permit", &writes.permit), ("why", &writes.why)];
        let marks: Vec<&str> = marks.into_iter().filter(|(_, w)| w.is_some()).map(|(n, _)| n).collect();
        if !marks.is_empty() {
            hint += &format!("; a hold there may have {}", marks.join(", "));
        }
    }
    hint
}

/// The words that may stand in `writes`.
fn writable(manifest: &Manifest) -> Vec<String> {
    let Some(writes) = &manifest.writes else { return Vec::new() };
    let mut words = Vec::new();
    if writes.block.is_some() || writes.permit.is_some() {
        words.push("hold".to_string());
    }
    if writes.status.is_some() {
        words.push("status".to_string());
    }
    words.extend(writes.fields.keys().map(|k| k.to_string()));
    words
}
