//! Reads a stream's listings page by page: the next page is asked for as soon as its cursor is known, while the last one is made into
//! records and kept.

use super::failure::Kind;
use super::http::{Answer, Http};
use super::json::Json;
use super::map::Mapper;
use super::paging::{Circle, Pager, Rows, Step, fingerprint};
use super::port::{Error, Lane, PageRead, PageSink, PassEnd};
use super::request::{Call, Fill};
use super::scalars::time_text;
use super::streams::ChangesPlan;
use crate::model::Time;
use futures::future::{OptionFuture, join};
use jiff::tz::TimeZone;

/// Rows of one page at most. Shipped pages have a thousand; what is meant are servers that give everything at once.
const ROWS_MAX: usize = 250_000;

/// What every pass needs.
pub struct Reader<'r> {
    pub http: &'r Http,
    pub zone: &'r TimeZone,
    pub lane: Lane,
}

/// How a listing is to be read.
#[derive(Default)]
pub struct Listing {
    /// The filled-in template `since`.
    pub since: Option<String>,
    /// Where to go on from.
    pub cursor: Option<String>,
    /// The cursor outlives the pass, and goes with each page.
    pub resumes: bool,
    pub one_page: bool,
}

impl Reader<'_> {
    /// Reads a listing from its beginning (or cursor) to its end.
    pub async fn listing(&self, call: &Call, mapper: &Mapper, how: Listing, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut end = PassEnd::default();
        self.window(call, mapper, &how, None, sink, &mut end).await?;
        Ok(end)
    }

    /// Reads what changed since a time. Where the server gives only so many rows a query, asks again from the last row's time.
    pub async fn changes(&self, plan: &ChangesPlan, mapper: &Mapper, since: Time, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut end = PassEnd::default();
        let mut since = time_text(Time(since.0.max(0)), plan.since, self.zone);
        loop {
            let how = Listing { since: Some(since.clone()), ..Listing::default() };
            let Some(last) = self.window(&plan.call, mapper, &how, plan.rows_max, sink, &mut end).await? else { return Ok(end) };
            let next = last.map(|t| time_text(t, plan.since, self.zone));
            match next {
                Some(next) if next != since => since = next,
                _ => {
                    let why = format!("a whole window of {} rows has one and the same time", plan.rows_max.unwrap_or_default());
                    return Err(self.circle(&plan.call, Circle(why)));
                }
            }
        }
    }

    /// Reads one query's pages. `Ok(Some(time))`: the server gives no more rows of this query; the newest change seen.
    async fn window(
        &self,
        call: &Call,
        mapper: &Mapper,
        how: &Listing,
        rows_max: Option<usize>,
        sink: &mut PageSink<'_>,
        end: &mut PassEnd,
    ) -> Result<Option<Option<Time>>, Error> {
        let fill = Fill { since: how.since.as_deref(), ..Fill::default() };
        let mut pager = Pager::new(call, how.cursor.clone());
        let mut newest: Option<Time> = None;
        let mut page_rows = 0;
        let mut answer = self.http.read(&call.prepare(&fill, &pager.ask()), self.lane).await?;
        loop {
            end.requests += answer.requests;
            end.bytes += answer.bytes;
            let lists = self.lists(call, &answer)?;
            let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
            let rows: Vec<&Json<'_>> = lists.into_iter().flatten().collect();
            let ids: Vec<u64> = rows.iter().filter_map(|r| mapper.id(r)).map(|id| fingerprint(&*id)).collect();
            let step = pager.turn(answer.json.root(), &Rows { longest, all: rows.len(), ids: &ids }).map_err(|c| self.circle(call, c))?;
            page_rows = page_rows.max(rows.len());
            let mut full = false;
            if let Some(max) = rows_max {
                newest = newest.max(rows.iter().filter_map(|r| mapper.changed_at(r)).max());
                // The page after this one would go beyond what the server gives; or it has just ended exactly there.
                full = if step == Step::More { pager.rows() + page_rows > max } else { pager.rows() >= max };
            }
            let rows = rows.len();
            let coming = (step == Step::More && !full && !how.one_page).then(|| {
                let request = call.prepare(&fill, &pager.ask());
                async move { self.http.read(&request, self.lane).await }
            });
            let cursor = how.resumes.then(|| pager.cursor().map(Box::from)).flatten();
            let sink = &mut *sink;
            let kept = async move {
                let mut page = PageRead { cursor, clock_skew_ms: answer.clock_skew_ms, ..PageRead::default() };
                page.observed.reserve_exact(rows);
                let at = (self.http.clock)();
                for row in call.records.iter().filter_map(|path| path.records(answer.json.root())).flatten() {
                    mapper.map(row, at, call.carries_people, &mut page);
                }
                // Not kept while the next one is read.
                drop(answer);
                sink(page).await
            };
            let (coming, kept) = join(OptionFuture::from(coming), kept).await;
            kept.map_err(|why| self.not_kept(call, why))?;
            match coming {
                Some(next) => answer = next?,
                None => {
                    if full && !how.one_page {
                        return Ok(Some(newest));
                    }
                    end.complete = step == Step::End && !how.one_page && end.incomplete_because.is_none();
                    if let Step::Short(why) = step {
                        end.incomplete_because = Some(why);
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// The lists of records in an answer. A list that is not there is an error, unless the system says of each answer that it is a
    /// success and leaves out empty lists, or there is no content at all.
    pub fn lists<'v>(&self, call: &Call, answer: &'v Answer) -> Result<Vec<Vec<&'v Json<'v>>>, Error> {
        let root = answer.json.root();
        if root.is_null() {
            return Ok(Vec::new());
        }
        let mut lists = Vec::with_capacity(call.records.len());
        for path in &call.records {
            match path.records(root) {
                Some(list) => lists.push(list),
                None if self.http.rules.tell_success() => {}
                None => {
                    let why = format!("there is no list at {path}");
                    let begins = self.http.begins(root);
                    let prepared = call.prepare(&Fill::default(), &Default::default());
                    return Err(self.http.not_understood(&prepared, Kind::NotUnderstood, why, begins).error);
                }
            }
        }
        if lists.iter().map(Vec::len).sum::<usize>() > ROWS_MAX {
            let prepared = call.prepare(&Fill::default(), &Default::default());
            return Err(self.http.too_many(&prepared, ROWS_MAX, "rows").error);
        }
        Ok(lists)
    }

    pub fn circle(&self, call: &Call, circle: Circle) -> Error {
        Error::Loop { system: self.http.system.clone(), what: call.what.clone(), why: circle.0 }
    }

    pub fn not_kept(&self, call: &Call, why: String) -> Error {
        Error::Refused { system: self.http.system.clone(), what: call.what.clone(), said: format!("a page could not be kept: {why}") }
    }
}
