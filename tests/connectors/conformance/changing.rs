//! C4 and C5: what changes, goes and is linked arrives, also where a pass broke off.

use super::must;
use super::played::Played;
use super::reading::{LONG_AGO, changes, ids, streams, told};
use crate::fake::Trouble;
use crate::server::{NOW, Read, read};
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{Connector, Observed, Pass, Reads, StreamInfo};
use nayose::model::{Entity, Record, Span, Time};
use serde_json::json;
use std::collections::BTreeSet;

const ROWS: usize = 13;

/// Later than all rows, and earlier than what is edited; no overlap reaches from here to a row.
fn since() -> Time {
    NOW.minus(Span::minutes(60))
}

/// C4.
pub async fn goes_on(loaded: &LoadedManifest) -> Result<(), String> {
    let streams = streams(&Played::start(loaded).await.connector());
    for info in &streams {
        let (played, made) = with_rows(loaded, info).await;
        let connector = played.connector();
        broken_off(&played, info, &made).await?;
        let Some(first) = changes(info, since()) else { continue };
        let cursor = read(&connector, &info.name, changes(info, LONG_AGO).unwrap()).await.pages.last().and_then(|p| p.cursor.clone());
        let edited: BTreeSet<String> = [&made[2], &made[7], &made[11]].into_iter().cloned().collect();
        for (i, id) in edited.iter().enumerate() {
            touch(&played, info, id, NOW.minus(Span::minutes(10 - i as i64)));
        }
        let pass = match info.reads {
            Reads::Cursor => Pass::Resume { cursor, since: LONG_AGO },
            _ => first.clone(),
        };
        for pass in [first, pass] {
            let read = read(&connector, &info.name, pass.clone()).await;
            must(read.complete() && ids(&read) == edited, || told(&played, info, &pass, &read, &edited))?;
        }
        if info.reads == Reads::ModifiedSince {
            let future = Pass::FilterTest(NOW.plus(Span::days(365)));
            let read = read(&connector, &info.name, future.clone()).await;
            must(read.end.is_ok() && ids(&read).is_empty(), || told(&played, info, &future, &read, &BTreeSet::new()))?;
        }
    }
    Ok(())
}

async fn with_rows(loaded: &LoadedManifest, info: &StreamInfo) -> (Played, Vec<String>) {
    let played = Played::start(loaded).await;
    let made = played.make(&info.name, ROWS);
    (played, made)
}

fn touch(played: &Played, info: &StreamInfo, id: &str, at: Time) {
    let molds = played.fake.molds[&*info.name].clone();
    molds.touch(played.state().row_mut(&info.name, id).unwrap(), at);
}

/// The system asks to wait in the middle of a pass; what was read and what comes next are together everything.
async fn broken_off(played: &Played, info: &StreamInfo, made: &[String]) -> Result<(), String> {
    let want: BTreeSet<String> = made.iter().cloned().collect();
    for pass in [Some(Pass::Sweep), changes(info, LONG_AGO)].into_iter().flatten() {
        let connector = played.connector();
        let wait = vec![("retry-after", "600".to_string())];
        played.trouble(Some(Trouble { from: 1, times: 1, status: 429, headers: wait, body: json!({}) }));
        let first = read(&connector, &info.name, pass.clone()).await;
        must(first.end.is_err(), || format!("the trouble was not met: {}", told(played, info, &pass, &first, &want)))?;
        played.trouble(None);
        let place = first.pages.iter().rev().find_map(|p| p.cursor.clone());
        let next = match (&pass, place) {
            (Pass::Sweep, Some(place)) => Pass::SweepFrom(place),
            (Pass::Resume { since, .. }, Some(cursor)) => Pass::Resume { cursor: Some(cursor), since: *since },
            // Nothing was told to go on from: it begins anew.
            _ => pass.clone(),
        };
        // The wait that was asked for is over for whoever begins anew.
        let second = read(&played.connector(), &info.name, next.clone()).await;
        let both: BTreeSet<String> = ids(&first).union(&ids(&second)).cloned().collect();
        must(second.complete() && both == want, || format!("{}, behind {:?}", told(played, info, &next, &second, &want), ids(&first)))?;
    }
    Ok(())
}

/// C5.
pub async fn what_becomes_of_rows(loaded: &LoadedManifest) -> Result<(), String> {
    let streams = streams(&Played::start(loaded).await.connector());
    for info in &streams {
        vanished(loaded, info).await?;
        deleted(loaded, info).await?;
        merged(loaded, info).await?;
        linked(loaded, info, &streams).await?;
    }
    Ok(())
}

/// Who is in no listing any more is missing from a complete one.
async fn vanished(loaded: &LoadedManifest, info: &StreamInfo) -> Result<(), String> {
    let (played, made) = with_rows(loaded, info).await;
    let gone = made[4].clone();
    let want: BTreeSet<String> = made.into_iter().filter(|id| *id != gone).collect();
    played.state().rows.retain(|r| r.id != gone);
    let read = read(&played.connector(), &info.name, Pass::Sweep).await;
    must(read.complete() && ids(&read) == want && info.tells_missing, || told(&played, info, &Pass::Sweep, &read, &want))
}

/// What the system itself says of a deleted row.
async fn deleted(loaded: &LoadedManifest, info: &StreamInfo) -> Result<(), String> {
    let (played, made) = with_rows(loaded, info).await;
    let molds = played.fake.molds[&*info.name].clone();
    let has_feed = played.fake.manifest.streams[&*info.name].feed.as_ref().is_some_and(|f| f.deleted.is_some());
    let shows = {
        let mut state = played.state();
        let row = state.row_mut(&info.name, &made[4]).unwrap();
        molds.touch(row, NOW.minus(Span::minutes(10)));
        let shows = molds.delete(row);
        if has_feed {
            state.rows.retain(|r| r.id != made[4]);
            state.deleted.push((info.name.to_string(), made[4].clone(), NOW.minus(Span::minutes(10))));
        }
        shows
    };
    if !shows && !has_feed {
        return Ok(());
    }
    let passes = [Some(Pass::Sweep).filter(|_| shows), changes(info, since())];
    for pass in passes.into_iter().flatten() {
        let read = read(&played.connector(), &info.name, pass.clone()).await;
        let told_so = observed(&read).any(|o| matches!(o, Observed::Deleted(id) if *id.id == *made[4]));
        must(told_so && read.end.is_ok(), || format!("{} {pass:?}: the deleted row {} is not told: {:?}", info.name, made[4], read.end))?;
    }
    Ok(())
}

fn observed(read: &Read) -> impl Iterator<Item = &Observed> {
    read.pages.iter().flat_map(|p| &p.observed)
}

/// Who was merged into another is shown as the other, or is not there.
async fn merged(loaded: &LoadedManifest, info: &StreamInfo) -> Result<(), String> {
    if info.by_id == 0 {
        return Ok(());
    }
    let (played, made) = with_rows(loaded, info).await;
    {
        let mut state = played.state();
        state.rows.retain(|r| r.id != made[1] && r.id != made[2]);
        state.merged.insert(made[1].clone(), made[5].clone());
    }
    let asked = [&made[1], &made[2], &made[3]].map(|id| id.as_str().into()).to_vec();
    let read = read(&played.connector(), &info.name, Pass::ById(asked)).await;
    let is_merged = observed(&read).any(|o| matches!(o, Observed::Merged { from, into } if *from.id == *made[1] && **into == *made[5]));
    let is_gone = observed(&read).any(|o| matches!(o, Observed::NotFound(id) if *id.id == *made[2]));
    must(read.complete() && is_merged && is_gone && ids(&read).contains(&made[3]), || {
        format!("{}: of one merged, one gone and one there came {:?}, {:?}", info.name, observed(&read).collect::<Vec<_>>(), read.end)
    })
}

/// A new link is seen by each pass that carries such links.
async fn linked(loaded: &LoadedManifest, info: &StreamInfo, streams: &[StreamInfo]) -> Result<(), String> {
    let (played, _) = with_rows(loaded, info).await;
    let molds = played.fake.molds[&*info.name].clone();
    let record = molds.record().clone();
    let at = NOW.minus(Span::minutes(10));
    let row = played.make_open(&info.name, at).unwrap_or_else(|| played.make_at(&info.name, at));
    let other = |entity| streams.iter().find(|s| s.entity == entity).map(|s| played.make_at(&s.name, NOW.minus(Span::days(3))));
    if let (Some(path), Some(person)) = (&record.people, other(Entity::Person)) {
        molds.link(played.state().row_mut(&info.name, &row).unwrap(), path, &[&person]);
        let has = |record: &Record| record.people.iter().any(|p| **p == *person);
        let carries = [(Pass::Sweep, info.entity != Entity::Deal || info.sweep_carries_people), (Pass::Open, info.open_carries_people)];
        for (pass, _) in carries.into_iter().filter(|(pass, carries)| *carries && (info.open || *pass != Pass::Open)) {
            shows(&played, info, pass, &row, "person", has).await?;
        }
        let connector = played.connector();
        for each in connector.streams().iter().filter(|s| s.for_each.as_ref() == Some(&info.name)) {
            let read = read(&connector, &each.name, Pass::ForEach(vec![row.as_str().into()])).await;
            let told = observed(&read).any(|o| matches!(o, Observed::DealPeople { people, .. } if people.iter().any(|p| **p == *person)));
            must(told && read.complete(), || format!("{}: the person of {row} is not told: {:?}", each.name, read.end))?;
        }
    }
    let accounts = record.account.iter().flat_map(|paths| paths.as_slice()).collect::<Vec<_>>();
    if let (Some(path), Some(last)) = (accounts.first(), accounts.last()) {
        let (one, two) = (played.make_id(info, streams, 1), played.make_id(info, streams, 2));
        {
            let mut state = played.state();
            let row = state.row_mut(&info.name, &row).unwrap();
            molds.link(row, path, &[&one]);
            if accounts.len() > 1 {
                molds.link(row, last, &[&one, &two]);
            }
        }
        shows(&played, info, Pass::Sweep, &row, "account", |r| r.account.as_deref() == Some(&*one)).await?;
        let more = |r: &Record| accounts.len() == 1 || r.more_accounts.iter().any(|a| **a == *two);
        shows(&played, info, Pass::Sweep, &row, "further account", more).await?;
    }
    Ok(())
}

async fn shows(played: &Played, info: &StreamInfo, pass: Pass, id: &str, what: &str, has: impl Fn(&Record) -> bool) -> Result<(), String> {
    let read = read(&played.connector(), &info.name, pass.clone()).await;
    let fits = |o: &Observed| matches!(o, Observed::Record { record, .. } if *record.id.id == *id && has(record));
    must(observed(&read).any(fits) && read.complete(), || {
        format!("{} {pass:?}: the new {what} of {id} is not there: {:?}", info.name, read.end)
    })
}

impl Played {
    /// The id of some account: a row's, where accounts are read too.
    fn make_id(&self, info: &StreamInfo, streams: &[StreamInfo], number: usize) -> String {
        let accounts = streams.iter().find(|s| s.entity == Entity::Account && s.name != info.name);
        accounts.map_or_else(|| (9_000 + number).to_string(), |s| self.make_at(&s.name, NOW.minus(Span::days(3))))
    }
}
