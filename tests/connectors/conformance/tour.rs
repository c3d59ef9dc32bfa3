//! Makes a connector ask everything that its manifest can ask.

use super::failing;
use super::played::Played;
use super::reading::{LONG_AGO, changes, streams};
use crate::fake::place::put;
use crate::fake::{PAGE_MAX, ROWS_MAX};
use crate::server::{Asked, NOW, read};
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{Change, Connector, EditsAsked, Lane, Pass, PermitChange};
use nayose::model::{Span, Value};
use std::collections::BTreeSet;

/// All that was asked, by the name of the request; `Err`: what was asked that the manifest does not say, or never asked.
pub async fn all_that_is_asked(loaded: &LoadedManifest) -> Result<Vec<(String, Asked)>, String> {
    let played = Played::start(loaded).await;
    let history = loaded.manifest.fields_with_history().chain(loaded.manifest.fields_told_by_feed()).cloned().collect();
    let connector = played.connector_that_asks(EditsAsked { editors: true, history, relays: Vec::new() });
    let _ = connector.instance().await;
    connector.pick_lists(&["status".into()], &["lead".into()]).await;
    for info in streams(&connector) {
        let made = played.make(&info.name, PAGE_MAX + 1);
        let same = NOW.minus(Span::days(2));
        (0..ROWS_MAX + PAGE_MAX).for_each(|_| drop(played.make_at(&info.name, same)));
        if let Some(path) = played.fake.molds[&*info.name].record().accounts_more.clone() {
            put(&mut played.state().row_mut(&info.name, &made[0]).unwrap().raw, &path, "more".into());
        }
        let ids: Vec<_> = made.iter().map(|id| id.as_str().into()).collect();
        let passes = [
            Some(Pass::Sweep),
            changes(&info, LONG_AGO),
            info.open.then_some(Pass::Open),
            (info.by_id > 0).then_some(Pass::ById(ids.clone())),
        ];
        for pass in passes.into_iter().flatten() {
            read(&connector, &info.name, pass).await;
        }
        for each in connector.streams().iter().filter(|s| s.for_each.as_ref() == Some(&info.name)) {
            read(&connector, &each.name, Pass::ForEach(ids.clone())).await;
        }
    }
    if let Some(stream) = connector.abilities().stream.clone() {
        let id = played.make_at(&stream, NOW);
        let abilities = connector.abilities().clone();
        let fields = abilities.fields.iter().map(|name| (name.clone(), if &**name == "score" { Value::Int(7) } else { Value::text("T") }));
        let all = Change { fields: fields.collect(), ..Change::default() };
        let permit = Change {
            permits: abilities.permits.iter().map(|what_for| (what_for.clone(), PermitChange::Until(NOW))).collect(),
            block: abilities.block.then_some(false),
            ..Change::default()
        };
        for change in failing::changes(&connector).into_iter().chain([all, permit]) {
            connector.write(&[failing::op(&connector, &id, change)], Lane::Fields).await;
        }
        let _ = connector.read_back(&[id.as_str().into()], Lane::Read).await;
    }
    let state = played.state();
    let met: BTreeSet<&String> = state.met.iter().map(|(name, _)| name).collect();
    let never: Vec<&String> = played.fake.requests.iter().map(|r| &r.name).filter(|name| !met.contains(name)).collect();
    if !never.is_empty() || !state.problems.is_empty() {
        return Err(format!("never asked: {never:?}; {}", state.problems.join("; ")));
    }
    Ok(state.met.clone())
}
