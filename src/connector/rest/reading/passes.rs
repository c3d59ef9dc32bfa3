//! Reads a stream's listings page by page: the next page is asked for as soon as its cursor is known, while the last one is made into
//! records and kept.

use super::associations::CutAccounts;
use super::page_reader::PageReader;
use super::paging::{Circle, ListingExtent, PageStep, Pager, Rows, fingerprint};
use super::streams::ChangesPlan;
use crate::connector::map::Mapper;
use crate::connector::port::{Error, PageRead, PageSink, PassEnd};
use crate::connector::raw::json::Json;
use crate::connector::raw::scalars::time_text;
use crate::connector::rest::http::answer::HttpAnswer;
use crate::connector::rest::http::request::{Call, Fill, ReadyRequest};
use crate::model::{Span, Time};
use futures::future::{OptionFuture, join};
use std::collections::HashSet;

/// How a listing is to be read.
#[derive(Default)]
pub struct Listing {
    /// The filled-in template `since`.
    pub since: Option<String>,
    /// Where to go on from.
    pub cursor: Option<String>,
    /// The cursor outlives the pass, and goes with each page.
    pub resumes: bool,
    /// Where to go on from, as an earlier page of the same listing told it.
    pub place: Option<String>,
    /// Each page tells where the listing can be gone on with.
    pub tells_place: bool,
    pub one_page: bool,
}

/// What one query is asked for.
#[derive(Clone, Copy, Default)]
struct Query<'q> {
    since: Option<&'q str>,
    after_id: Option<&'q str>,
}

/// What the windows of one pass came to.
#[derive(Default)]
struct WindowsRead {
    end: PassEnd,
    extent: ListingExtent,
}

/// How a query's pages ended.
enum QueryEnd {
    /// At the listing's end, or with what `PassEnd` says is missing.
    Ended,
    /// The server gives no more rows of this query; the newest change and the last id that it gave.
    Full { newest: Option<Time>, last_id: Option<String> },
}

impl PageReader<'_> {
    /// Reads a listing from its beginning (or cursor, or place) to its end.
    pub async fn listing(&self, call: &Call, mapper: &Mapper, how: Listing, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut read = WindowsRead::default();
        if call.by_id() {
            self.by_id(call, mapper, how.since.as_deref(), sink, &mut read).await?;
        } else {
            let query = Query { since: how.since.as_deref(), ..Query::default() };
            self.window(call, mapper, &how, query, sink, &mut read).await?;
        }
        Ok(read.end)
    }

    /// Reads what changed since a time. Where the server gives only so many rows a query, asks again from the last row's time.
    pub async fn changes(&self, plan: &ChangesPlan, mapper: &Mapper, since: Time, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut read = WindowsRead::default();
        let text = |at: Time| time_text(at, plan.since, self.zone);
        let (mut at, mut since) = (since, text(Time(since.0.max(0))));
        loop {
            let query = Query { since: Some(&since), ..Query::default() };
            let QueryEnd::Full { newest, .. } = self.window(&plan.call, mapper, &Listing::default(), query, sink, &mut read).await? else {
                return Ok(read.end);
            };
            at = match (newest, &plan.same_time) {
                (Some(newest), _) if newest > at && text(newest) != since => newest,
                // A filter may know whole days only: what is older and reads alike is meant by it.
                (Some(newest), _) if newest < at && text(newest) != since => {
                    let why = "the query for what is newer gives only what is older; does the system know the filter, and the order?";
                    return Err(self.circle(&plan.call, Circle(why.to_string())));
                }
                // More rows than the server gives bear one time: by their ids, and on from the next time.
                (Some(newest), Some(same_time)) => {
                    self.by_id(same_time, mapper, Some(&since), sink, &mut read).await?;
                    let steps = [Span(1), Span::seconds(1), Span::minutes(1), Span::days(1)];
                    let mut later = steps.into_iter().map(|s| newest.max(at).plus(s));
                    let Some(next) = later.find(|t| text(*t) != since) else { return Ok(read.end) };
                    next
                }
                _ => {
                    let why = format!(
                        "a whole window of {} rows has one and the same time; the manifest has no changes.same_time to split it by id",
                        plan.call.rows_max().unwrap_or_default()
                    );
                    return Err(self.circle(&plan.call, Circle(why)));
                }
            };
            since = text(at);
        }
    }

    /// Reads a query in windows: each begins behind the last id of the one before.
    async fn by_id(
        &self,
        call: &Call,
        mapper: &Mapper,
        since: Option<&str>,
        sink: &mut PageSink<'_>,
        read: &mut WindowsRead,
    ) -> Result<(), Error> {
        let mut after = "0".to_string();
        let mut begun = HashSet::from([after.clone()]);
        loop {
            let query = Query { since, after_id: Some(&after) };
            match self.window(call, mapper, &Listing::default(), query, sink, read).await? {
                QueryEnd::Ended => return Ok(()),
                QueryEnd::Full { last_id: Some(last), .. } if begun.insert(last.clone()) => after = last,
                QueryEnd::Full { .. } => {
                    return Err(
                        self.circle(call, Circle(format!("the query for ids above {after} ends with an id that was asked for before")))
                    );
                }
            }
        }
    }

    /// Reads one query's pages.
    async fn window(
        &self,
        call: &Call,
        mapper: &Mapper,
        how: &Listing,
        query: Query<'_>,
        sink: &mut PageSink<'_>,
        read: &mut WindowsRead,
    ) -> Result<QueryEnd, Error> {
        let fill = Fill { since: query.since, after_id: query.after_id, ..Fill::default() };
        let rows_max = call.rows_max();
        let mut pager = self.pager(call, how)?;
        if how.place.is_none() {
            pager = pager.behind(read.extent);
        }
        let end = &mut read.end;
        let (mut newest, mut last_id) = (None::<Time>, None::<String>);
        let mut page_rows = 0;
        let mut answer = self.first(call, &call.prepare(&fill, &pager.ask()), how).await?;
        loop {
            end.requests += answer.requests;
            end.bytes += answer.bytes;
            let lists = self.lists(call, &answer)?;
            let page = rows_of(&lists, mapper);
            let rows = page.all;
            let step = pager.turn(answer.json.root(), page).map_err(|c| self.circle(call, c))?;
            read.extent = pager.extent();
            page_rows = page_rows.max(rows);
            let mut full = false;
            if let Some(max) = rows_max {
                newest = newest.max(lists.iter().flatten().filter_map(|r| mapper.changed_at(r)).max());
                last_id = lists.iter().flatten().next_back().and_then(|r| mapper.id(r)).map(|id| id.into_owned()).or(last_id);
                full = pager.is_full(&step, page_rows, max);
            }
            let coming = (step == PageStep::More && !full && !how.one_page).then(|| {
                let request = call.prepare(&fill, &pager.ask());
                async move { self.http.read(&request, self.lane).await }
            });
            // After a page whose lists are not told whole the pass is gone on with from before it: what is left out there is asked for again.
            let cursor = match how {
                _ if end.incomplete_because.is_some() => None,
                Listing { resumes: true, .. } => pager.cursor().map(Box::from),
                Listing { tells_place: true, .. } if step == PageStep::More => pager.place().map(Box::from),
                _ => None,
            };
            drop(lists);
            let page = PageRead { cursor, clock_skew_ms: answer.clock_skew_ms, announced: pager.announced(), ..PageRead::default() };
            let kept = self.keep(call, mapper, answer, rows, page, sink);
            let (coming, kept) = join(OptionFuture::from(coming), kept).await;
            let (cut_short, took) = kept?;
            end.requests += took.requests;
            end.bytes += took.bytes;
            if let Some(cut_short) = cut_short {
                end.incomplete_because.get_or_insert(cut_short);
            }
            match coming {
                Some(next) => answer = next?,
                None if full && !how.one_page => return Ok(QueryEnd::Full { newest, last_id }),
                None => {
                    if let PageStep::Short(why) = &step {
                        end.incomplete_because.get_or_insert(why.clone());
                    }
                    end.complete = step == PageStep::End && !how.one_page && end.incomplete_because.is_none();
                    return Ok(QueryEnd::Ended);
                }
            }
        }
    }

    /// Makes records of an answer, puts them into the page begun and hands it over. Returns what cuts its lists short, and what following
    /// those took.
    async fn keep(
        &self,
        call: &Call,
        mapper: &Mapper,
        answer: HttpAnswer,
        rows: usize,
        mut page: PageRead,
        sink: &mut PageSink<'_>,
    ) -> Result<(Option<String>, PassEnd), Error> {
        page.observed.reserve_exact(rows);
        let at = (self.http.clock)();
        let mut cut = CutAccounts::default();
        for row in call.records.iter().filter_map(|path| path.records(answer.json.root())).flatten() {
            let before = page.observed.len();
            mapper.map(row, at, call.carries, &mut page);
            cut.note(mapper, row, before, &page);
            if self.tells_unmapped {
                mapper.note_unmapped(row, &mut page);
            }
        }
        // Not kept while the next one is read.
        drop(answer);
        let mut took = PassEnd::default();
        let followed = self.follow_accounts(cut, &mut page, &mut took).await;
        self.follow_history(&mut page, &mut took).await;
        if followed.is_err() || page.cut_short.is_some() {
            page.cursor = None;
        }
        let cut_short = page.cut_short.clone();
        // What the page shows counts, whatever became of its lists.
        sink(page).await.map_err(|why| self.not_kept(call, why))?;
        followed.map(|()| (cut_short, took))
    }

    fn pager(&self, call: &Call, how: &Listing) -> Result<Pager, Error> {
        match &how.place {
            None => Ok(Pager::new(call, how.cursor.clone())),
            Some(place) => Pager::going_on(call, place).ok_or_else(|| self.cursor_lost(call)),
        }
    }

    /// The first answer. What a kept cursor is answered with that is a plain no says that the server does not know it any more.
    async fn first(&self, call: &Call, request: &ReadyRequest, how: &Listing) -> Result<HttpAnswer, Error> {
        let kept = how.cursor.is_some() || how.place.is_some();
        self.http.read(request, self.lane).await.map_err(|error| if kept { self.lost_if_refused(call, error) } else { error })
    }
}

/// An answer's rows, as the pager looks at them.
fn rows_of(lists: &[Vec<&Json<'_>>], mapper: &Mapper) -> Rows {
    Rows {
        longest: lists.iter().map(Vec::len).max().unwrap_or(0),
        all: lists.iter().map(Vec::len).sum(),
        ids: lists.iter().map(|rows| rows.iter().filter_map(|r| mapper.id(r)).map(|id| fingerprint(&*id)).collect()).collect(),
    }
}
