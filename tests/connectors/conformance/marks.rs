//! C8: a block and a permit are set, seen and lifted, and no body holds a field of consent.

use super::must;
use super::played::Played;
use crate::fake::pattern::filled;
use crate::server::NOW;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{Change, Connector, Lane, Outcome, PermitChange, RestConnector};
use nayose::model::{Mark, Record, Span, Value};
use serde_json::Value as Json;
use std::collections::BTreeSet;

pub async fn set_seen_lifted(loaded: &LoadedManifest) -> Result<(), String> {
    let played = Played::start(loaded).await;
    let connector = played.connector();
    let abilities = connector.abilities().clone();
    let stream =
        abilities.stream.clone().filter(|_| abilities.block || !abilities.permits.is_empty()).ok_or("it writes no block and no permit")?;
    let id = played.make(&stream, 3)[1].clone();
    let until = NOW.plus(Span::days(7));
    let why = |text: &str| abilities.why.then(|| text.to_string());
    let hold = Change {
        block: abilities.block.then_some(true),
        permits: abilities.permits.iter().map(|what_for| (what_for.clone(), PermitChange::Withdrawn)).collect(),
        why: why("open_deal_person"),
        ..Change::default()
    };
    let release = Change {
        block: abilities.block.then_some(false),
        permits: abilities.permits.iter().map(|what_for| (what_for.clone(), PermitChange::Until(until))).collect(),
        why: why(""),
        ..Change::default()
    };
    // Lifted first, so that what is set was not so before.
    for (name, change, is_held) in [("lifted", &release, false), ("set", &hold, true), ("lifted again", &release, false)] {
        let outcomes = connector.write(&[super::failing::op(&connector, &id, change.clone())], Lane::Protective).await;
        must(outcomes == [Outcome::Applied], || format!("{name}: {outcomes:?}; {}", played.state().problems.join("; ")))?;
        let record = back(&connector, &id).await?;
        let block = record.mark(Mark::Block).cloned().unwrap_or(Value::Empty);
        let is_set = matches!(block, Value::Bool(true)) || matches!(&block, Value::Text(t) if &**t == "true");
        must(!abilities.block || is_set == is_held, || format!("{name}: the block shows {block:?}"))?;
        let permit = record.mark(Mark::Permit).cloned().unwrap_or(Value::Empty);
        let permitted = !matches!(permit, Value::Empty | Value::Bool(false)) && !matches!(&permit, Value::Text(t) if t.is_empty());
        must(abilities.permits.is_empty() || permitted != is_held, || format!("{name}: the permit shows {permit:?}"))?;
    }
    no_consent(&played)
}

async fn back(connector: &RestConnector, id: &str) -> Result<Record, String> {
    let shown = connector.read_back(&[id.into()], Lane::Protective).await.map_err(|e| e.to_string())?;
    shown.into_iter().next().ok_or_else(|| format!("{id} is not shown when it is read back"))
}

/// The names of what shows a person's yes or no, and all that were written.
fn no_consent(played: &Played) -> Result<(), String> {
    let fake = &played.fake;
    let writes = fake.manifest.writes.as_ref().ok_or("it writes nothing")?;
    let record = fake.molds[&writes.stream].record();
    let own = record.own_at.as_deref().unwrap_or_default();
    let paths = record.refusals.iter().map(|r| &r.when.path).chain(&record.consent);
    let names: BTreeSet<String> = paths
        .flat_map(|path| {
            let path = filled(path, &fake.known);
            let path = path.strip_prefix(own).unwrap_or(&path).trim_start_matches('.').to_string();
            let name = |part: Option<&str>| part.unwrap_or_default().trim_end_matches("[]").to_string();
            [name(path.split('.').next()), name(path.rsplit('.').next())]
        })
        .collect();
    must(!names.is_empty(), || "it names nothing that shows a person's yes or no".to_string())?;
    let state = played.state();
    for (request, asked) in state.met.iter().filter(|(name, _)| name.starts_with("writes.update") || name.starts_with("labels.")) {
        for key in keys(&asked.body) {
            let consent = names.iter().find(|name| match name.strip_suffix('*') {
                Some(begin) => key.starts_with(begin),
                None => key == **name,
            });
            must(consent.is_none(), || format!("{request} writes {key}, which shows a person's yes or no"))?;
        }
    }
    must(state.problems.is_empty(), || state.problems.join("; "))
}

fn keys(body: &Json) -> Vec<String> {
    match body {
        Json::Object(map) => map.iter().flat_map(|(key, value)| std::iter::once(key.clone()).chain(keys(value))).collect(),
        Json::Array(items) => items.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}
