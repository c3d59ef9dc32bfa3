//! `hold.permits` of a system: what the permits for one kind or topic of mail are called there.

use crate::config::document::TomlEntry;
use crate::config::document::keys;
use crate::connector::Manifest;
use crate::connector::raw::plain::same_name;
use crate::model::{MailKind, OwnPermit};
use std::collections::BTreeMap;

/// What stands in the file for each kind.
pub(in crate::config) const KIND_KEYS: [(&str, MailKind); 4] = [
    ("newsletter", MailKind::Newsletter),
    ("campaign", MailKind::Campaign),
    ("rep_sender", MailKind::RepSender),
    ("notice", MailKind::OnboardingNotice),
];

/// Reads `permits = { newsletter = "..", topics = { TOPIC = ".." } }`. `others`: what other marks are called in the target, with their keys.
pub(super) fn read(entry: &TomlEntry, manifest: &Manifest, others: &[(&str, Option<&str>)]) -> BTreeMap<OwnPermit, String> {
    let mut permits = BTreeMap::new();
    let Some(mut section) = entry.table(&format!("{:?}", entry.key), &keys::HOLD_PERMITS) else { return permits };
    let of_kinds = KIND_KEYS.map(|(key, kind)| (OwnPermit::Kind(kind), section.get(key)));
    let topics = section.get("topics").and_then(|e| e.table("topics", &keys::TOPIC_PERMITS));
    section.finish();
    let of_topics = topics.map(|mut topics| topics.entries()).unwrap_or_default();
    let of_topics = of_topics.into_iter().map(|e| (OwnPermit::Topic(e.key.into()), Some(e)));
    let marks = others.iter().filter_map(|(key, name)| Some((format!("the {key}"), (*name)?.to_string())));
    let fields =
        manifest.writes.iter().flat_map(|w| &w.fields).map(|(name, write)| (format!("the field {name}"), write.field().to_string()));
    let mut taken: Vec<(String, String)> = marks.chain(fields).collect();
    for (own, named) in of_kinds.into_iter().chain(of_topics) {
        let Some(named) = named else { continue };
        let Some(name) = named.filled_text() else { continue };
        if let Some((other, _)) = taken.iter().find(|(_, known)| same_name(known, name)) {
            named.report(
                format!("{name:?} is {other} already: one mark cannot say two things"),
                "expected a field or label of its own for each",
            );
            continue;
        }
        taken.push((format!("the permit {own}"), name.to_string()));
        permits.insert(own, name.to_string());
    }
    if !permits.is_empty() && !manifest.tells_permits_apart() {
        entry.report(
            format!("{} cannot tell kinds of mail apart: there is one mark for all of it", manifest.title),
            "take permits out; a hold on any marketing mail is written there as the block of all",
        );
        return BTreeMap::new();
    }
    permits
}
