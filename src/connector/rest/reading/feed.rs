//! Reads a feed of ids, then the records themselves.

use super::associations::CutAccounts;
use super::page_reader::{CHUNKS_AT_ONCE, PageReader};
use super::paging::{PageStep, Pager, Rows};
use super::streams::FeedPlan;
use crate::connector::map::Mapper;
use crate::connector::map::feed_changes::LastChanges;
use crate::connector::port::kept_out::FEED_TIMES;
use crate::connector::port::{Error, Observed, PageRead, PageSink, PassEnd, Quarantined};
use crate::connector::raw::json::Json;
use crate::connector::raw::scalars::{id_of, text_of, time_text};
use crate::connector::rest::http::answer::HttpAnswer;
use crate::connector::rest::http::request::{Call, Fill};
use crate::model::{Entity, RecordId, ShortText, Time, counted};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where both feeds stand; kept as text between passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FeedPlace {
    changes: String,
    deleted: String,
}

impl PageReader<'_> {
    /// Reads on from where the last pass ended, or from a time.
    pub async fn feed(
        &self,
        plan: &FeedPlan,
        mapper: &Mapper,
        entity: Entity,
        cursor: Option<&str>,
        since: Time,
        sink: &mut PageSink<'_>,
    ) -> Result<PassEnd, Error> {
        let mut end = PassEnd::default();
        let mut place = match cursor.map(serde_json::from_str::<FeedPlace>) {
            Some(Ok(place)) => place,
            // Kept by another version of us: it is as good as lost.
            Some(Err(_)) => return Err(self.cursor_lost(&plan.call)),
            None => {
                let token = self.token(plan, since, &mut end).await?;
                FeedPlace { changes: token.clone(), deleted: token }
            }
        };
        let mut short = self.feed_changes(plan, mapper, &mut place, cursor.is_some(), sink, &mut end).await?;
        if let Some(call) = &plan.deleted {
            short = self.feed_deleted(call, plan, &mut place, entity, sink, &mut end).await?.or(short);
        }
        end.incomplete_because = end.incomplete_because.take().or(short);
        end.complete = end.incomplete_because.is_none();
        Ok(end)
    }

    /// Reads on what was changed, from its place to the feed's end. `kept`: that place is of an earlier pass. Returns why it is not all.
    async fn feed_changes(
        &self,
        plan: &FeedPlan,
        mapper: &Mapper,
        place: &mut FeedPlace,
        mut kept: bool,
        sink: &mut PageSink<'_>,
        end: &mut PassEnd,
    ) -> Result<Option<String>, Error> {
        let mut pager = Pager::new(&plan.call, Some(place.changes.clone()));
        loop {
            let mut ids = BTreeSet::<ShortText>::new();
            // Of those records alone whose turn is now: each is read anew with what later entries tell of it.
            let mut told = LastChanges::default();
            let (step, skew) = loop {
                let mut note = |id: &str, entry: &Json<'_>| {
                    ids.insert(id.into());
                    if let Some(reader) = &plan.tells {
                        reader.note(id, entry, &mut told);
                    }
                };
                let page = self.entries(&plan.call, plan, &place.changes, &mut pager, &mut note, end).await;
                let (step, skew) = page.map_err(|e| if kept { self.lost_if_refused(&plan.call, e) } else { e })?;
                kept = false;
                if step != PageStep::More || ids.len() >= plan.chunk {
                    break (step, skew);
                }
            };
            place.changes = pager.cursor().unwrap_or(&place.changes).to_string();
            let ids: Vec<ShortText> = ids.into_iter().collect();
            let mut page = self.by_ids(&plan.read, mapper, &ids, plan.chunk, end).await?;
            lay_over(&told, &mut page);
            page.clock_skew_ms = skew.or(page.clock_skew_ms);
            end.incomplete_because = end.incomplete_because.take().or(page.cut_short.take());
            page.cursor = Some(self.cursor_text(place));
            sink(page).await.map_err(|why| self.not_kept(&plan.call, why))?;
            match step {
                PageStep::More => {}
                PageStep::End => return Ok(None),
                PageStep::Short(why) => return Ok(Some(why)),
            }
        }
    }

    /// Reads on what was deleted, from its place to the feed's end. Returns why it is not all.
    async fn feed_deleted(
        &self,
        call: &Call,
        plan: &FeedPlan,
        place: &mut FeedPlace,
        entity: Entity,
        sink: &mut PageSink<'_>,
        end: &mut PassEnd,
    ) -> Result<Option<String>, Error> {
        let mut pager = Pager::new(call, Some(place.deleted.clone()));
        loop {
            let mut ids = BTreeSet::<ShortText>::new();
            let mut note = |id: &str, _: &Json<'_>| {
                ids.insert(id.into());
            };
            let (step, skew) = self.entries(call, plan, &place.deleted, &mut pager, &mut note, end).await?;
            place.deleted = pager.cursor().unwrap_or(&place.deleted).to_string();
            let deleted = |id| Observed::Deleted(RecordId::new(self.http.system.clone(), entity, id));
            let page = PageRead {
                observed: ids.into_iter().map(deleted).collect(),
                cursor: Some(self.cursor_text(place)),
                clock_skew_ms: skew,
                ..PageRead::default()
            };
            sink(page).await.map_err(|why| self.not_kept(call, why))?;
            match step {
                PageStep::More => {}
                PageStep::End => return Ok(None),
                PageStep::Short(why) => return Ok(Some(why)),
            }
        }
    }

    fn cursor_text(&self, place: &FeedPlace) -> Box<str> {
        serde_json::json!({"changes": place.changes, "deleted": place.deleted}).to_string().into()
    }

    async fn token(&self, plan: &FeedPlan, since: Time, end: &mut PassEnd) -> Result<String, Error> {
        let since = time_text(Time(since.0.max(0)), plan.since, self.zone);
        let request = plan.start.prepare(&Fill { since: Some(&since), ..Fill::default() }, &Default::default());
        let answer = self.http.read(&request, self.lane).await?;
        end.requests += answer.requests;
        end.bytes += answer.bytes;
        match plan.token.first(answer.json.root()).and_then(text_of) {
            Some(token) => Ok(token.into_owned()),
            None => {
                let (why, begins) = (format!("there is no token at {}", plan.token), self.http.begins(answer.json.root()));
                Err(Error::NotUnderstood { system: self.http.system.clone(), what: self.http.what(&plan.start.what), why, begins })
            }
        }
    }

    /// One page of a feed. An entry whose id cannot be read makes the pass incomplete.
    async fn entries(
        &self,
        call: &Call,
        plan: &FeedPlan,
        token: &str,
        pager: &mut Pager,
        note: &mut (dyn FnMut(&str, &Json<'_>) + Send),
        end: &mut PassEnd,
    ) -> Result<(PageStep, Option<i64>), Error> {
        let request = call.prepare(&Fill { token: Some(token), ..Fill::default() }, &pager.ask());
        let answer = self.http.read(&request, self.lane).await?;
        end.requests += answer.requests;
        end.bytes += answer.bytes;
        let rows: Vec<_> = self.lists(call, &answer)?.into_iter().flatten().collect();
        for row in &rows {
            match plan.id.first(row).and_then(id_of) {
                Some(id) => note(&id, row),
                None => {
                    let (why, begins) = (format!("an entry has no id at {}", plan.id), self.http.begins(row));
                    return Err(Error::NotUnderstood { system: self.http.system.clone(), what: self.http.what(&call.what), why, begins });
                }
            }
        }
        let rows = Rows { longest: rows.len(), all: rows.len(), ids: Vec::new() };
        let step = pager.turn(answer.json.root(), rows).map_err(|c| self.circle(call, c))?;
        Ok((step, answer.clock_skew_ms))
    }

    /// Reads records by id, in chunks. Those not found are missing.
    pub async fn by_ids(
        &self,
        call: &Call,
        mapper: &Mapper,
        ids: &[ShortText],
        chunk: usize,
        end: &mut PassEnd,
    ) -> Result<PageRead, Error> {
        let mut page = PageRead::default();
        let mut cut = CutAccounts::default();
        type Chunk<'c> = (&'c [ShortText], Result<HttpAnswer, Error>);
        let mut requests: Vec<BoxFuture<'_, Chunk<'_>>> = Vec::new();
        for ids in ids.chunks(chunk.max(1)) {
            let request = call.prepare(&Fill::ids(ids), &Default::default());
            requests.push(async move { (ids, self.http.read(&request, self.lane).await) }.boxed());
        }
        let mut answers = futures::stream::iter(requests).buffered(CHUNKS_AT_ONCE);
        while let Some((asked, answer)) = answers.next().await {
            let answer = match answer {
                Ok(answer) => answer,
                // A system that reads one record a request says "not found" by status.
                Err(Error::NotFound { .. }) if chunk == 1 => continue,
                Err(error) => return Err(error),
            };
            end.requests += answer.requests;
            end.bytes += answer.bytes;
            page.clock_skew_ms = answer.clock_skew_ms;
            let at = (self.http.clock)();
            let rows: Vec<_> = self.lists(call, &answer)?.into_iter().flatten().collect();
            match (asked, rows.as_slice()) {
                // One record was asked for and one came: it is the one, though many systems do not repeat its id. Who answers for many tells them
                // apart: a row without an id is broken there, and may be that of whoever the one was merged into.
                ([id], [row]) if chunk == 1 && mapper.id(row).is_none() => mapper.map_as(id, row, at, call.carries, &mut page),
                (_, rows) => {
                    for row in rows {
                        let before = page.observed.len();
                        mapper.map(row, at, call.carries, &mut page);
                        cut.note(mapper, row, before, &page);
                    }
                }
            }
        }
        self.follow_history(&mut page, end).await;
        match self.follow_accounts(cut, &mut page, end).await {
            // "Not found" would be taken for the records.
            Err(Error::NotFound { system, what }) => Err(Error::Refused { system, what, said: "not found (404)".to_string() }),
            followed => followed.map(|()| page),
        }
    }
}

/// Lays what entries tell of fields over the records that were read after them.
fn lay_over(told: &LastChanges, page: &mut PageRead) {
    for observed in &mut page.observed {
        if let Observed::Record { record, .. } = observed {
            told.tell(record);
        }
    }
    if told.timeless() > 0 {
        let why = format!("{} no time that can be read", counted(told.timeless(), "entry of the feed has", "entries of the feed have"));
        page.quarantined.push(Quarantined { record: None, field: FEED_TIMES.to_string(), why });
    }
}
