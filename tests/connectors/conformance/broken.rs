//! The clauses can fail: each manifest and each system here breaks what one of them holds.

use super::{Finding, finding};
use crate::fake::{Sabotage, sabotaged};
use nayose::connector::manifest::load::{self, LoadedManifest};
use nayose::connector::manifest::{FieldMap, Manifest, Method};
use nayose::model::Mark;
use std::path::{Path, PathBuf};

type Edit = fn(&mut Manifest);

/// Connector, clause, and what of its manifest is made wrong.
const EDITS: [(&str, &str, Edit); 14] = [
    ("ghost", "C1", |m| {
        drop(m.streams.get_mut("people").unwrap().record.as_mut().unwrap().fields.insert("name".into(), FieldMap::Path("note".into())))
    }),
    ("hubspot", "C1", |m| m.streams.get_mut("deal_people").unwrap().for_each.as_mut().unwrap().people = "to[].id".into()),
    ("zendesk", "C1", |m| {
        for request in m.streams.values_mut().flat_map(|s| s.requests_mut()) {
            if let nayose::connector::manifest::Page::Cursor { next, .. } = &mut request.page {
                *next = "next_cursor".into();
            }
        }
    }),
    ("marketo", "C2", |m| drop(m.streams.get_mut("people").unwrap().sweep.as_mut().unwrap().query.insert("size".into(), "300".into()))),
    ("hubspot", "C2", |m| m.streams.get_mut("people").unwrap().sweep.as_mut().unwrap().path = "/crm/v3/objects/people".into()),
    ("ghost", "C2", |m| drop(m.writes.as_mut().unwrap().labels.as_mut().unwrap().find.query.insert("sort".into(), "id".into()))),
    ("zendesk", "C2", |m| {
        m.streams.get_mut("people").unwrap().sweep.as_mut().unwrap().query.insert("include".into(), "roles".into());
    }),
    ("rt", "C2", |m| m.writes.as_mut().unwrap().update.as_mut().unwrap().request.method = Method::Patch),
    ("hubspot", "C3", |m| m.streams.get_mut("people").unwrap().changes.as_mut().unwrap().same_time = None),
    ("ghost", "C7", |m| m.writes.as_mut().unwrap().update.as_mut().unwrap().results = None),
    ("bottlecrm", "C9", |m| m.sunset_source = None),
    ("ghost", "C9", |m| m.writes.as_mut().unwrap().obeyed_by = None),
    ("rt", "C9", |m| m.proof = None),
    ("hubspot", "C8", |m| {
        let people = m.streams.get_mut("people").unwrap().record.as_mut().unwrap();
        people.marks.get_mut(&Mark::Block).unwrap().path = "properties.hs_email_optout_7".into();
        m.writes.as_mut().unwrap().block = toml::from_str("kind = 'field'\nfield = 'hs_email_optout_7'\non = 'true'\noff = 'false'").ok();
    }),
];

/// Connector, clause, and what the system does wrong.
const SABOTAGES: [(&str, &str, Sabotage); 9] = [
    ("rt", "C3", Sabotage::SkipsRow),
    ("hubspot", "C3", Sabotage::SkipsRow),
    ("ghost", "C4", Sabotage::IgnoresFilter),
    ("zendesk", "C4", Sabotage::IgnoresFilter),
    ("hubspot", "C5", Sabotage::ForgetsMerges),
    ("marketo", "C6", Sabotage::AllOrNothing),
    ("bottlecrm", "C7", Sabotage::SaysYes),
    ("marketo", "C8", Sabotage::DropsWrites),
    ("ghost", "C8", Sabotage::DropsWrites),
];

fn shipped(name: &str) -> (LoadedManifest, PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(name);
    (load::load_folder(name, &folder).unwrap(), folder)
}

async fn sees(loaded: &LoadedManifest, folder: &Path, clause: &str) -> bool {
    match finding(clause, loaded, folder).await {
        Finding::Not(why) => println!("{clause} {}: {why}", loaded.manifest.name),
        Finding::Skipped(why) => println!("skipped: {why}"),
        Finding::Held => return false,
    }
    true
}

#[tokio::test]
async fn each_clause_sees_what_breaks_it() {
    let mut unseen = Vec::new();
    for (at, (name, clause, edit)) in EDITS.into_iter().enumerate() {
        let (mut loaded, folder) = shipped(name);
        edit(&mut loaded.manifest);
        if !sees(&loaded, &folder, clause).await {
            unseen.push(format!("{clause} does not see edit {at} of {name}"));
        }
    }
    for (name, clause, sabotage) in SABOTAGES {
        let (loaded, folder) = shipped(name);
        sabotaged(Some(sabotage));
        let seen = sees(&loaded, &folder, clause).await;
        sabotaged(None);
        if !seen {
            unseen.push(format!("{clause} does not see {sabotage:?} of {name}"));
        }
    }
    assert!(unseen.is_empty(), "\n{}", unseen.join("\n"));
}
