//! Reads the people of given deals, each list to its own end.

use crate::connector::feed::CHUNKS_AT_ONCE;
use crate::connector::http::Answer;
use crate::connector::json::Json;
use crate::connector::paging::{Circle, Pager, Rows, Step};
use crate::connector::passes::Reader;
use crate::connector::port::{Error, Observed, PageRead, PageSink, PassEnd};
use crate::connector::request::{Ask, Fill};
use crate::connector::scalars::{id_of, text_of};
use crate::connector::streams::EachPlan;
use crate::model::{Entity, RecordId, ShortText};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde_json::json;
use std::borrow::Cow;

/// Parts of one deal's list at most: a hundred people each, ten thousand make no sense.
const PARTS_MAX: usize = 1_000;

/// What is known of one deal's list.
struct Told {
    people: Vec<ShortText>,
    /// Its list goes on behind this.
    more: Option<String>,
    /// A part of it cannot be read, or the manifest has no way to ask for the rest.
    broken: bool,
}

/// The lists of some deals, and what reading them took.
struct Chunk<'d> {
    deals: &'d [ShortText],
    told: Vec<Told>,
    requests: u64,
    bytes: u64,
    clock_skew_ms: Option<i64>,
}

impl Reader<'_> {
    /// Reads the people of these deals. A deal that is missing from the answer has none; one whose list cannot be read to its end is not
    /// told.
    pub async fn for_each(&self, plan: &EachPlan, deals: &[ShortText], sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut end = PassEnd { complete: true, ..PassEnd::default() };
        let mut chunks: Vec<BoxFuture<'_, Result<Chunk<'_>, Error>>> = Vec::new();
        for deals in deals.chunks(plan.chunk.max(1)) {
            chunks.push(self.chunk(plan, deals).boxed());
        }
        let mut chunks = futures::stream::iter(chunks).buffered(CHUNKS_AT_ONCE);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            end.requests += chunk.requests;
            end.bytes += chunk.bytes;
            let mut page = PageRead { clock_skew_ms: chunk.clock_skew_ms, ..PageRead::default() };
            for (deal, Told { mut people, broken, .. }) in chunk.deals.iter().zip(chunk.told) {
                if broken {
                    end.complete = false;
                    end.incomplete_because = Some(format!("the people of deal {deal} are not told whole"));
                    continue;
                }
                people.sort();
                people.dedup();
                let deal = RecordId::new(self.http.system.clone(), Entity::Deal, deal.clone());
                page.observed.push(Observed::DealPeople { deal, people });
            }
            sink(page).await.map_err(|why| self.not_kept(&plan.call, why))?;
        }
        Ok(end)
    }

    async fn chunk<'d>(&self, plan: &EachPlan, deals: &'d [ShortText]) -> Result<Chunk<'d>, Error> {
        let told = deals.iter().map(|_| Told { people: Vec::new(), more: None, broken: false }).collect();
        let mut chunk = Chunk { deals, told, requests: 0, bytes: 0, clock_skew_ms: None };
        let mut pager = Pager::new(&plan.call, None);
        loop {
            let answer = self.http.read(&plan.call.prepare(&Fill::ids(deals), &pager.ask()), self.lane).await?;
            let rows = self.take_people(plan, deals, &answer, &mut chunk)?;
            match pager
                .turn(answer.json.root(), Rows { longest: rows, all: rows, ids: Vec::new() })
                .map_err(|c| self.circle(&plan.call, c))?
            {
                Step::More => {}
                Step::End => break,
                Step::Short(_) => {
                    chunk.told.iter_mut().for_each(|told| told.broken = true);
                    return Ok(chunk);
                }
            }
        }
        self.rest_of_lists(plan, &mut chunk).await?;
        Ok(chunk)
    }

    /// Asks on for the lists that go on, until none does.
    async fn rest_of_lists(&self, plan: &EachPlan, chunk: &mut Chunk<'_>) -> Result<(), Error> {
        let at_once = if plan.call.names_id_rows() { plan.chunk.max(1) } else { 1 };
        for _ in 0..PARTS_MAX {
            let going_on = chunk.told.iter_mut().zip(chunk.deals).filter(|(told, _)| !told.broken);
            let (deals, after): (Vec<ShortText>, Vec<String>) =
                going_on.filter_map(|(told, deal)| Some((deal.clone(), told.more.take()?))).take(at_once).unzip();
            let Some(param) = plan.more_param.as_ref().filter(|_| !deals.is_empty()) else { return Ok(()) };
            let fill = Fill { ids: &deals, after: Some((param, &after)), ..Fill::default() };
            let ask = if plan.call.names_id_rows() {
                Ask::default()
            } else {
                let params = after.iter().map(|after| (param.clone(), json!(after))).collect();
                Ask { params, in_body: plan.call.has_body(), ..Ask::default() }
            };
            let answer = self.http.read(&plan.call.prepare(&fill, &ask), self.lane).await?;
            let before = after.clone();
            self.take_people(plan, &deals, &answer, chunk)?;
            let same = deals.iter().zip(&before).find(|(deal, before)| {
                let at = chunk.deals.iter().position(|d| d == *deal);
                at.is_some_and(|at| chunk.told[at].more.as_ref() == Some(before))
            });
            if let Some((deal, _)) = same {
                return Err(self.circle(&plan.call, Circle(format!("the list of deal {deal} does not go on behind its cursor"))));
            }
        }
        Err(self.circle(&plan.call, Circle(format!("{PARTS_MAX} parts of lists and no end"))))
    }

    /// Takes an answer's rows; says how many there were. A list whose rest cannot be asked for is broken.
    fn take_people(&self, plan: &EachPlan, asked: &[ShortText], answer: &Answer, chunk: &mut Chunk<'_>) -> Result<usize, Error> {
        chunk.requests += answer.requests;
        chunk.bytes += answer.bytes;
        chunk.clock_skew_ms = answer.clock_skew_ms.or(chunk.clock_skew_ms);
        let mut rows = 0;
        for row in self.lists(&plan.call, answer)?.iter().flatten() {
            rows += 1;
            let deal = match &plan.deal {
                None => asked.first().map(|id| Cow::Borrowed(&**id)),
                Some(path) => path.first(row).and_then(id_of),
            };
            let Some(at) = deal.and_then(|deal| chunk.deals.iter().position(|id| **id == *deal)) else { continue };
            let told = &mut chunk.told[at];
            plan.people.entries(row, &mut |v| match id_of(v) {
                Some(id) => told.people.push(id.into()),
                None => told.broken |= !v.is_null(),
            });
            let more = plan.more.as_ref().and_then(|p| p.first(row)).filter(|v| !ends(v));
            if let Some(more) = more {
                told.more = text_of(more).map(Cow::into_owned);
                told.broken |= told.more.is_none() || plan.more_param.is_none();
            }
        }
        Ok(rows)
    }
}

/// Whether what stands where a list would go on says that it does not.
pub fn ends(more: &Json<'_>) -> bool {
    matches!(more, Json::Null | Json::Bool(false)) || more.as_str().is_some_and(str::is_empty)
}
