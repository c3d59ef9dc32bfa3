//! C3: listings are read to their end, whatever happens meanwhile.

use super::must;
use super::played::Played;
use crate::fake::rows::Row;
use crate::fake::{PAGE_MAX, ROWS_MAX, State};
use crate::server::{NOW, Read, read};
use nayose::connector::Connector;
use nayose::connector::manifest::Page;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{Pass, Reads, RestConnector, StreamInfo};
use nayose::model::{Entity, Span, Time};
use std::collections::BTreeSet;

/// Three pages and a row.
const ROWS: usize = 3 * PAGE_MAX + 1;

/// Before all rows.
pub const LONG_AGO: Time = Time(1_600_000_000_000);

/// The streams that have records of their own.
pub fn streams(connector: &RestConnector) -> Vec<StreamInfo> {
    connector.streams().iter().filter(|s| s.entity != Entity::DealPerson).cloned().collect()
}

pub fn ids(read: &Read) -> BTreeSet<String> {
    read.ids().into_iter().collect()
}

/// The pass that reads what changed since a time, where there is one.
pub fn changes(info: &StreamInfo, since: Time) -> Option<Pass> {
    match info.reads {
        Reads::ModifiedSince => Some(Pass::Changes(since)),
        Reads::Cursor => Some(Pass::Resume { cursor: None, since }),
        Reads::SweepOnly | Reads::Associations => None,
    }
}

pub async fn to_the_end(loaded: &LoadedManifest) -> Result<(), String> {
    let streams = streams(&Played::start(loaded).await.connector());
    for info in &streams {
        whole(loaded, info).await?;
        capped(loaded, info).await?;
        for event in [Event::Gone, Event::Come, Event::Changed] {
            for at in 1..4 {
                drifting(loaded, info, event, at, false).await?;
                drifting(loaded, info, event, at, true).await?;
            }
        }
    }
    Ok(())
}

async fn whole(loaded: &LoadedManifest, info: &StreamInfo) -> Result<(), String> {
    let played = Played::start(loaded).await;
    let connector = played.connector();
    let made: BTreeSet<String> = played.make(&info.name, ROWS).into_iter().collect();
    let passes = [Some(Pass::Sweep), changes(info, LONG_AGO)];
    for pass in passes.into_iter().flatten() {
        let read = read(&connector, &info.name, pass.clone()).await;
        must(read.complete() && ids(&read) == made, || told(&played, info, &pass, &read, &made))?;
    }
    if info.open {
        let open = open_rows(&played, info, ROWS)?;
        let all_open = open_of(&played, info);
        let read = read(&connector, &info.name, Pass::Open).await;
        must(read.complete() && ids(&read) == all_open && all_open.is_superset(&open), || {
            told(&played, info, &Pass::Open, &read, &all_open)
        })?;
    }
    Ok(())
}

fn open_rows(played: &Played, info: &StreamInfo, count: usize) -> Result<BTreeSet<String>, String> {
    let at = |i: usize| NOW.minus(Span::days(2)).plus(Span::minutes(i as i64));
    let rows: Option<BTreeSet<String>> = (0..count).map(|i| played.make_open(&info.name, at(i))).collect();
    rows.ok_or_else(|| format!("{}: the sweep's example has no open row to make others of", info.name))
}

fn open_of(played: &Played, info: &StreamInfo) -> BTreeSet<String> {
    let (state, molds) = (played.state(), &played.fake.molds[&*info.name]);
    let open = state.rows.iter().filter(|r| r.stream == *info.name && molds.state(&r.raw).as_deref() == Some("open"));
    open.map(|r| r.id.clone()).collect()
}

/// More rows of one time than a query gives.
async fn capped(loaded: &LoadedManifest, info: &StreamInfo) -> Result<(), String> {
    let played = Played::start(loaded).await;
    let has_cap = |page: &Page| matches!(page, Page::Offset { rows_max: Some(_), .. } | Page::Cursor { rows_max: Some(_), .. });
    if !played.fake.manifest.streams[&*info.name].changes.as_ref().is_some_and(|c| has_cap(&c.request.page)) {
        return Ok(());
    }
    let mut made: BTreeSet<String> = played.make(&info.name, 3).into_iter().collect();
    let same = NOW.minus(Span::minutes(90));
    made.extend((0..ROWS_MAX + PAGE_MAX).map(|_| played.make_at(&info.name, same)));
    made.extend((0..3).map(|i| played.make_at(&info.name, NOW.minus(Span::minutes(80 - i)))));
    let read = read(&played.connector(), &info.name, Pass::Changes(LONG_AGO)).await;
    must(read.complete() && ids(&read) == made, || told(&played, info, &Pass::Changes(LONG_AGO), &read, &made))
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// A row of an earlier page is not there any more.
    Gone,
    /// A row comes in front of all.
    Come,
    /// A row of an earlier page goes to the end.
    Changed,
}

/// Whoever stands there all the time is read, or the pass says that it is not complete; and one without such events is.
async fn drifting(loaded: &LoadedManifest, info: &StreamInfo, event: Event, at: usize, by_changes: bool) -> Result<(), String> {
    let pass = if by_changes { changes(info, LONG_AGO) } else { Some(Pass::Sweep) };
    let Some(pass) = pass else { return Ok(()) };
    let played = Played::start(loaded).await;
    let made = played.make(&info.name, ROWS);
    let (moved, stream) = (made[1].clone(), info.name.to_string());
    let molds = played.fake.molds[&*info.name].clone();
    let happens = moved.clone();
    played.drift(move |n, state: &mut State| {
        if n != at {
            return;
        }
        let place = state.rows.iter().position(|r| r.id == happens).unwrap();
        match event {
            Event::Gone => drop(state.rows.remove(place)),
            Event::Come => {
                let early = molds.row(5_000, LONG_AGO.plus(Span::days(1)));
                state.rows.insert(0, Row { seq: 0, ..early });
            }
            Event::Changed => molds.touch(&mut state.rows[place], NOW.minus(Span::minutes(5))),
        }
        let _ = &stream;
    });
    let connector = played.connector();
    let first = read(&connector, &info.name, pass.clone()).await;
    let standing: BTreeSet<String> = made.iter().filter(|id| **id != moved).cloned().collect();
    let case = |read: &Read| format!("{event:?} before request {at}: {}", told(&played, info, &pass, read, &standing));
    must(!first.complete() || ids(&first).is_superset(&standing), || case(&first))?;
    let again = read(&connector, &info.name, pass.clone()).await;
    must(again.complete() && ids(&again).is_superset(&standing), || format!("afterwards: {}", case(&again)))
}

/// What came of a pass, and what should have.
pub fn told(played: &Played, info: &StreamInfo, pass: &Pass, read: &Read, want: &BTreeSet<String>) -> String {
    let got = ids(read);
    let missing: Vec<&String> = want.difference(&got).collect();
    let more: Vec<&String> = got.difference(want).collect();
    let state = played.state();
    format!("{} {pass:?}: missing {missing:?}, more {more:?}, ended {:?}; {}", info.name, read.end, state.problems.join("; "))
}
